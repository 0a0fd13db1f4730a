"""`strict=True`: each call runs both ways, and whatever differs is an error that names the line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..arrays.trees import flatten
from ..errors import CompileError
from .doors import slots_of
from .guards import Place, length
from .loops import Course
from .program import End, Step
from .recording import Mismatch, Recording
from .state import State
from .trace import Trace
from .tracing import bare
from .values import Untraceable

ULPS = 64
"""How many units in the last place of the largest number a result may be off."""


class Comparison:
    """Lets a program run on arrays from outside, and then the function itself on the same."""

    def __init__(self, handles: Sequence[Array], state: State) -> None:
        self.state = state
        self.contents = state.now()
        self.handles = list(handles)
        self.before = [_state(x) for x in handles]

    def check(
        self,
        recording: Recording,
        result: Any,
        run: Callable[[Trace], Any],
        leaves: Sequence[Any],
        drawn: Sequence[Any],
    ) -> None:
        """Raise `CompileError` where the function does something else than the program has done."""
        after, contents = [_state(x) for x in self.handles], self.state.now()
        got = [_number(x) for x in flatten(result)[0]]
        self._put(self.before)
        self.state.put(self.contents)
        ends = [segment.exit for segment in recording.program.root.walk() if isinstance(segment.exit, End)]
        places = [write.place for end in ends for write in end.writes if isinstance(write.place, Place)]
        lists = [(place.holder, len(place.holder)) for place in places if place.get is length]
        trace = Trace(drawn, functions=recording.reach.functions)
        try:
            with trace:
                wanted, end, _ = run(trace)
                path = list(trace.path)  # before the trace meets arrays that this course has nothing to do with
                numbers = [_number(x) for x in flatten(wanted)[0]]
                written = [_number(x) for x in self.handles]
                left = [_number(x) for x in flatten(self.state.now())[0]]
            if not recording.has_loop:
                recording.add(trace, Course(path, trace.specs, end, trace.visits), leaves)
            self._put(after)
            self.state.put(contents)
            for place, x, y in zip(self.state.places, left, [_number(x) for x in flatten(contents)[0]], strict=False):
                _compare(f"{place} of Python's state", x, y)
            for i, (x, y) in enumerate(zip(numbers, got, strict=True)):
                _compare(f"result {i}", x, y)
            for i, (x, y) in enumerate(zip(written, map(_number, self.handles), strict=True)):
                _compare(f"array {i} of explain()", x, y)
        except Mismatch as where:
            raise CompileError(f"what the function does differs from call to call: {where}") from None
        except Untraceable as why:
            raise CompileError(f"what the function does differs from call to call: {why}") from None
        finally:
            self._put(after)
            self.state.put(contents)
            for gained, before in lists:
                del gained[before:]

    def _put(self, states: Sequence[dict[str, Any]]) -> None:
        for x, state in zip(self.handles, states, strict=True):
            for name in slots_of(type(x)):
                if name in state:
                    setattr(x, name, state[name])
                elif hasattr(x, name):
                    delattr(x, name)


def check_readings(trace: Trace) -> None:
    """Raise `CompileError` where the host reads whole arrays, whose numbers would be frozen but for the guards."""
    for item in trace.path:
        if not isinstance(item, Step) and item[0].at == "value" and trace.specs[item[0].value.number].size > 1:
            raise CompileError(
                f"the numbers of an array are read on the host (at {item[0].line}), and what is computed from them "
                "there would be frozen; compute it with tapegrad's functions"
            )


def _state(x: Array) -> dict[str, Any]:
    return {name: getattr(x, name) for name in slots_of(type(x)) if hasattr(x, name)}


def _number(x: Any) -> Any:
    """The numbers of a result, on the host; anything else as it is."""
    if isinstance(x, Array):
        return np.asarray(x._kernels.to_numpy(bare(x._value)))
    x = bare(x)
    return np.asarray(x) if hasattr(x, "shape") else x


def _compare(what: str, wanted: Any, got: Any) -> None:
    if wanted.__class__ is float is got.__class__:
        with np.errstate(over="ignore"):
            if np.float32(wanted) == wanted and np.float32(got) == got:
                wanted = np.float32(wanted)  # as it has been read off an array
    if isinstance(wanted, np.inexact):
        wanted = np.asarray(wanted)
    if not isinstance(wanted, np.ndarray) or wanted.dtype.kind not in "fc":
        same = np.array_equal(np.asarray(wanted), np.asarray(got)) if hasattr(wanted, "shape") else wanted == got
        if not same and wanted is not got:
            raise CompileError(f"{what} is {got!r} when compiled, and {wanted!r} otherwise")
        return
    sizes = np.abs(wanted[np.isfinite(wanted)]).astype(np.float64)
    limits = np.finfo(wanted.dtype)
    bound = ULPS * float(limits.eps) * float(np.max(sizes, initial=0)) + float(limits.tiny)
    if not np.allclose(got, wanted, rtol=0, atol=bound, equal_nan=True):
        raise CompileError(f"{what} is {got!r} when compiled, and {wanted!r} otherwise")
