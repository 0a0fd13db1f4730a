"""Calls of `float`, `int` and `range` by their names, in the code of functions that are being traced.

Python makes plain numbers of what `__float__` and `__int__` give, and the numbers of a `range` are plain, so a trace
would lose sight of them. While one is under way, code that calls these names calls stand-ins, which note what they are
asked; what is no call of theirs (`isinstance(x, float)`) is left alone. Where nothing is traced they are what they
stand for.
"""

from __future__ import annotations

import builtins
import dis
import functools
import sys
import threading
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType
from typing import Any

from .doors import ACTIVE, number_of
from .values import Number


def _noted(function: type) -> Callable[..., Any]:
    """What stands for a class of numbers."""

    def noted(*args: Any, **keywords: Any) -> Any:
        trace = ACTIVE.get()
        if trace is None or len(args) != 1 or keywords:
            return function(*args, **keywords)
        x = number_of(args[0], function.__name__)
        if type(x) is Number and hasattr(x.value, "item"):
            x = x.item()
        if type(x) is not Number or type(x.value) is function:
            return x if type(x) is Number else function(x)
        return trace.host_step(function.__name__, function, (x,))

    return functools.wraps(function, updated=())(noted)


def _range(*args: Any) -> Any:
    """What stands for `range`: in a `for` that is a loop of the program, its numbers are values of the program."""
    trace = ACTIVE.get()
    if trace is not None and args:
        frame = sys._getframe(1)
        key = trace.visits.turns_at(frame, any(type(x) is Number for x in args))
        if key is not None:
            start, stop, step = (0, *args, 1) if len(args) == 1 else (*args, 1)[:3]
            made = trace.visits.counting[key] = Counting(trace, start, stop, step)
            return made
    return range(*args)


class Counting:
    """The numbers of a `range`, each of which follows from the one before."""

    def __init__(self, trace: Any, start: Any, stop: Any, step: Any) -> None:
        self.next = start if type(start) is Number else trace.host_constant(start)
        self.stop = stop
        self.step = step

    def __iter__(self) -> Counting:
        return self

    def __next__(self) -> Any:
        now = self.next
        if not (now < self.stop if self.step > 0 else now > self.stop):
            raise StopIteration
        self.next = now + self.step
        return now


_STAND_INS: dict[str, Any] = {"float": _noted(float), "int": _noted(int), "range": _range}

for _name, _stand_in in _STAND_INS.items():
    # Where any code finds it, under a name that no program can say.
    vars(builtins)[f"<tapegrad {_name}>"] = _stand_in

_LOAD_GLOBAL = dis.opmap["LOAD_GLOBAL"]


@functools.lru_cache(maxsize=4096)
def rewritten(code: CodeType) -> CodeType:
    """Code that calls the stand-ins, step for step the same."""
    names = list(code.co_names)
    steps = bytearray(code.co_code)
    for place in range(0, len(steps), 2):
        low = steps[place + 1]
        wide = place >= 2 and steps[place - 2] == dis.EXTENDED_ARG
        if steps[place] != _LOAD_GLOBAL or wide or not low & 1:  # the lowest bit says that it is for a call
            continue
        name = f"<tapegrad {names[low >> 1]}>"
        if names[low >> 1] in _STAND_INS and (name in names or len(names) < 128):
            if name not in names:
                names.append(name)
            steps[place + 1] = names.index(name) << 1 | 1
    inner = tuple([rewritten(c) if isinstance(c, CodeType) else c for c in code.co_consts])
    if len(names) == len(code.co_names) and all(x is y for x, y in zip(inner, code.co_consts, strict=True)):
        return code
    return code.replace(co_code=bytes(steps), co_names=tuple(names), co_consts=inner)


def _means_builtins(function: Any) -> bool:
    """Whether `float`, `int` and `range` are Python's own in a function."""
    return function.__builtins__ is vars(builtins) and _STAND_INS.keys().isdisjoint(function.__globals__)


class _Rewritten:
    """The functions whose code calls the stand-ins, which are there while at least one trace is under way."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.originals: dict[FunctionType, CodeType] = {}

    def open(self, functions: Sequence[FunctionType]) -> None:
        """Have functions call the stand-ins for one more trace."""
        with self.lock:
            self.count += 1
            for function in functions:
                if function not in self.originals and _means_builtins(function):
                    code = rewritten(function.__code__)
                    if code is not function.__code__:
                        self.originals[function] = function.__code__
                        function.__code__ = code

    def close(self) -> None:
        """Give functions their own code back with the last trace."""
        with self.lock:
            self.count -= 1
            if self.count == 0:
                for function, code in self.originals.items():
                    function.__code__ = code
                self.originals.clear()


REWRITTEN = _Rewritten()
