"""Each pass alone, on programs put together by hand; and that the law of compiled programs finds a wrong one."""

import operator
import sys

import numpy as np
import pytest

import tapegrad
from tapegrad.compile.leaving import Raw
from tapegrad.compile.passes.common import common
from tapegrad.compile.passes.constants import constants
from tapegrad.compile.passes.dead import dead
from tapegrad.compile.passes.host import host
from tapegrad.compile.program import Branch, End, Ref, Segment, Spec, Step, fingerprint
from tapegrad.compile.source import Missed, write
from tapegrad.testing.judging import judge_sample, judged_ops, quick_dtypes, quick_samples

VECTOR = Spec(np.ndarray, np.dtype("float64"), (3,))
X, *V = map(Ref, range(10))


def program(*steps, results=(), children=None, look=None):
    """A segment: `steps` are (name, function, args, result); it ends in a look at a value, or returns `results`."""
    made = [Step("load", None, (("argument", 0),), {}, (X,))] if X not in (r for s in steps for r in s[3:]) else []
    made += [Step(name, function, tuple(args), {}, (result,)) for name, function, args, result in steps]
    segment = Segment(made, Branch(look, "truth", "") if look else End((), tuple(results), None))
    segment.children = children or {}
    return segment


def names(segment):
    return [step.name for step in segment.steps if step.name != "load"]


SPECS = dict.fromkeys(range(10), VECTOR)


def test_constants_are_folded_and_one_is_neutral():
    two = np.full(3, 2.0)
    root = program(
        ("constant", None, [two], V[0]),
        ("square", np.square, [V[0]], V[1]),
        ("multiply", np.multiply, [np.ones(3), X], V[2]),
        ("add", np.add, [V[2], V[1]], V[3]),
        results=[V[3]],
    )
    made = constants(root, SPECS)
    assert names(made) == ["add"] and made.steps[-1].args[0] == X and made.steps[-1].args[1].tolist() == [4, 4, 4]
    assert names(root) == ["constant", "square", "multiply", "add"]


def test_of_what_is_computed_twice_the_second_goes():
    inner = program(("sin", np.sin, [X], V[3]), ("add", np.add, [V[3], V[1]], V[4]), results=[V[4]])
    inner.steps = inner.steps[1:]
    root = program(("sin", np.sin, [X], V[0]), ("sin", np.sin, [X], V[1]), look=V[1], children={True: inner})
    made = common(root)
    assert names(made) == ["sin"] and made.exit.value == V[0]
    assert [step.args for step in made.children[True].steps] == [(V[0], V[0])]


def test_what_nobody_asks_for_goes_but_draws_stay():
    root = program(("sin", np.sin, [X], V[0]), ("cos", np.cos, [V[0]], V[1]), ("draw", None, [], V[2]), results=[V[0]])
    root.steps[-1].pure = False
    assert names(dead(root)) == ["sin", "draw"]


def test_a_number_is_read_without_a_copy():
    specs = {**SPECS, 2: Spec(np.float64, np.dtype("float64"), ())}
    root = program(
        ("to_numpy", np.array, [X], V[0]),
        ("item", operator.getitem, [V[0], 0], V[1]),
        results=[V[1]],
    )
    assert names(host(root, specs)) == ["item"]
    assert names(host(program(("to_numpy", np.array, [X], V[0]), results=[V[0]]), specs)) == ["to_numpy"]


def test_a_program_says_when_it_sees_something_new():
    double = program(("multiply", operator.mul, [X, 2.0], V[2]), results=[Raw(V[2])])
    double.steps = double.steps[1:]
    root = program(("any", np.any, [X], V[0]), look=V[0], children={True: double})
    runner = write(root, SPECS)
    assert runner.run([], [np.ones(3)], []).tolist() == [2, 2, 2]
    with pytest.raises(Missed):
        runner.run([], [np.zeros(3)], [])


OPS = ("add", "divide", "tanh", "where", "sum", "matmul", "getitem", "setitem", "sort", "unstack", "inv", "convolution")


@pytest.mark.parametrize("name", OPS)
def test_the_law_holds(backend, name):
    op = judged_ops()[name]
    checks = [
        check
        for sample in quick_samples(op)[:1]
        for check in judge_sample(backend, op, sample, quick_dtypes(backend), laws=["compiled"])
    ]
    assert checks and not [check.message for check in checks if check.failed]


def test_the_law_would_find_a_wrong_program(monkeypatch):
    monkeypatch.setattr(sys.modules["tapegrad.compile.passes.dead"], "dead", _negated)
    op, backend = judged_ops()["sin"], tapegrad.get_backend("numpy")
    (check,) = judge_sample(backend, op, quick_samples(op)[0], ["float64"], laws=["compiled"])
    assert check.failed and "eagerly" in check.message


def _negated(root):
    for step in root.steps:
        if step.name == "sin":
            step.function = lambda x: -np.sin(x)
    return root


def test_a_type_among_the_constants_is_itself():
    assert fingerprint(np.float64) == fingerprint(np.float64) != fingerprint(np.float32)
