"""What MXNet 1.9.1 was seen to do, done again with tapegrad."""

import ast
import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tapegrad as mx
import tapegrad.autograd as ag
import tapegrad.ndarray as nd
from tapegrad.errors import TapegradError

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "mxnet_behaviour.json").read_text(encoding="utf-8"))

# Where MXNet's own Python raised one of these, ours raises the same; where its C++ or an assertion spoke, ours has a
# type of its own or a built-in one.
SAME_TYPE = {"TypeError": TypeError, "ValueError": ValueError, "IndexError": IndexError}
ANY_TYPE = (TapegradError, TypeError, ValueError, IndexError, KeyError, AttributeError, np.linalg.LinAlgError)


class Outcome(NamedTuple):
    """What a piece of code did: the text it printed, its last expression, and what it raised."""

    stdout: str
    result: str | None
    error: Exception | None


def name(case: dict[str, Any]) -> str:
    """The name of a recorded behaviour in the tests and in the list of those that may differ."""
    return f"{case['cat']}/{case['id']}"


def run(code: str) -> Outcome:
    """Run code as it was recorded, in a namespace with `nd`, `ag`, `mx` and `np`."""
    names: dict[str, Any] = {"nd": nd, "ag": ag, "mx": mx, "np": np}
    block = ast.parse(code.replace("mxnet", "tapegrad"))
    last = block.body[-1]
    printed = io.StringIO()
    result = None
    try:
        # NumPy 2 writes its scalars another way than the NumPy with which MXNet was recorded.
        with redirect_stdout(printed), redirect_stderr(io.StringIO()), np.printoptions(legacy="1.25"):
            if isinstance(last, ast.Expr):
                block.body.pop()
            exec(compile(block, "<recorded>", "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<recorded>", "eval"), names)
                result = None if value is None else repr(value)
    except Exception as error:
        return Outcome(printed.getvalue(), None, error)
    finally:
        ag.set_recording(False)
        ag.set_training(False)
    return Outcome(printed.getvalue(), result, None)


def same(ours: str | None, recorded: str | None) -> bool:
    """Whether two texts say the same: in the same words, with numbers that agree but for the last bits of float32.

    Exponentials and logarithms are those of the C library, and differ there from one to the next.
    """
    if ours is None or recorded is None:
        return ours is recorded
    recorded = recorded.replace("mxnet", "tapegrad")
    if ours == recorded:
        return True
    number = r"-?\d+\.\d*(?:e[-+]\d+)?"
    if re.sub(rf"\s*{number}\s*", "#", ours) != re.sub(rf"\s*{number}\s*", "#", recorded):
        return False
    pairs = zip(re.findall(number, ours), re.findall(number, recorded), strict=True)
    return all(a == b or abs(float(a) - float(b)) <= 2**-22 * abs(float(b)) for a, b in pairs)


def difference(case: dict[str, Any], outcome: Outcome) -> str | None:
    """In which way an outcome is not what was recorded; None if it is."""
    if "error" in case:
        if outcome.error is None:
            return f"no error, but {outcome.result!r}, where MXNet raised {case['error'][:90]}"
        kind = re.match(r"\w+", case["error"]).group()  # type: ignore[union-attr]
        if not isinstance(outcome.error, SAME_TYPE.get(kind, ANY_TYPE)):
            return f"{type(outcome.error).__name__}: {outcome.error}, where MXNet raised {case['error'][:90]}"
    elif outcome.error is not None:
        return f"{type(outcome.error).__name__}: {outcome.error}"
    elif not same(outcome.result, case.get("result")):
        return f"the result is {outcome.result!r}, MXNet's {case.get('result')!r}"
    if outcome.stdout != case.get("stdout", ""):
        return f"it prints {outcome.stdout!r}, MXNet {case.get('stdout', '')!r}"
    return None
