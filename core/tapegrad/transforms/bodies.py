"""The body of a function with a rule of its own: run apart from the tape, and again where its rule is differentiated.

The rule speaks of the arguments alone. So the body gets them without their places on the tape, and whatever else it
reads that is being differentiated is refused (`guards.BodyScope`). A value that the body keeps for the rule, and that
is neither an argument nor an output, depends on the arguments all the same: a rule that is itself recorded has the body
computed again, this time on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ..arrays.array import Array, handle
from ..arrays.batched import Batched
from ..errors import GraphError, TapegradError
from ..op.rules import is_tracked
from ..tape.guards import BodyScope, Journal, check_thread, check_variables
from ..tape.mode import MODE, RECORDING, TRAINING, Scope
from ..tape.nodes import Node
from .draws import Draws

LONGEST = 100
"""Containers of more elements are not searched for what a body has kept."""


class Saved:
    """An array without its handle: its face, its value and its place on the tape, for a rule to have again."""

    __slots__ = ("face", "node", "value", "xp")

    def __init__(self, x: Array) -> None:
        self.face, self.value, self.node, self.xp = x.__class__, x._value, x._node, x._kernels

    def array(self) -> Array:
        """The array again, in its place on the tape."""
        return handle(self.face, self.value, self.node, self.xp)


def _opened(value: Any) -> Any:
    return value.array() if isinstance(value, Saved) else value


class Body:
    """One run of the body of a function with a rule: `first` unrecorded, `again` on the tape with the same draws."""

    __slots__ = ("args", "draws", "kwargs", "name", "training")

    def __init__(self, name: str) -> None:
        self.name = name
        self.draws = Draws()
        self.training = MODE.get() & TRAINING

    def first(
        self,
        fun: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        inputs: Sequence[Array],
        *,
        paired: bool = False,
    ) -> Any:
        """What the body returns, which is a pair of its outputs and what it keeps if it is `paired`.

        `inputs` are the arrays among the arguments of which the rule speaks.

        Raises `GradientEscapeError` where it reads what is tracked and is no argument. Arguments that the body has kept
        are in their places on the tape when it is over.
        """
        arrays = [x for x in (*args, *kwargs.values()) if isinstance(x, Array)]
        if not MODE.get() & RECORDING:
            check_thread([x._node for x in arrays], f"{self.name}()")
            return fun(*args, **kwargs)
        self.args = [Saved(x) if isinstance(x, Array) else x for x in args]
        self.kwargs = {name: Saved(x) if isinstance(x, Array) else x for name, x in kwargs.items()}
        bare: list[tuple[Array, Any, Array]] = []

        def stripped(x: Any) -> Any:
            if not isinstance(x, Array) or not is_tracked(x) or all(x is not other for other in inputs):
                return x
            constant = x._detached()
            bare.append((constant, constant._value, x))
            return constant

        with BodyScope(self.name), self.draws:
            result = fun(*map(stripped, args), **{name: stripped(x) for name, x in kwargs.items()})
            outputs = result[0] if paired and isinstance(result, tuple) and result else result
            for y in outputs if isinstance(outputs, (tuple, list)) else (outputs,):
                if isinstance(y, Array) and is_tracked(y):
                    check_variables(_nodes(y), "what it returns")
        for constant, value, x in bare:
            if constant._value is value:
                constant._hold(x._held())
        return result

    def again(self, fun: Callable[..., Any]) -> Any:
        """What the body returns, on the tape: what it keeps is in its place there.

        Raises `GraphError` for a write to an array from outside, which would happen twice.
        """
        args, kwargs = map(_opened, self.args), {name: _opened(x) for name, x in self.kwargs.items()}
        try:
            with Journal() as journal, self.draws, Scope(RECORDING | self.training, TRAINING ^ self.training):
                result = fun(*args, **kwargs)
        except TapegradError as error:
            error.add_note(
                f"{self.name} was computed again, on the tape, since it keeps a value for its rule that is neither an "
                "argument nor an output, and the rule is being differentiated. Return the value as one more output, or "
                "compute it in the rule"
            )
            raise
        for x, held in journal.survivors(()):
            x._hold(held)
            raise GraphError(
                f"{self.name} writes in place to an array from outside, and is computed again for a second derivative; "
                "return what it keeps for its rule as one more output, or compute it in the rule"
            )
        return result


def _nodes(x: Array) -> Iterator[Node | None]:
    """The nodes of an array, that outside of any batch first."""
    yield x._node
    value = x._value
    while isinstance(value, Batched):
        yield value.node
        value = value.value


def unplaced(values: Iterable[Any]) -> bool:
    """Whether there is an array among the values that may depend on arguments and has no place on the tape."""
    return any(isinstance(x, Array) and x._signature.inexact and not is_tracked(x) for x in values)


def arrays_within(value: Any, depth: int = 2, kind: type = Array) -> Iterator[Any]:
    """The arrays in a container or an object's attributes, at a depth of so many."""
    if isinstance(value, kind):
        yield value
        return
    if depth == 0 or isinstance(value, (str, bytes, type, ModuleType, FunctionType)):
        return
    parts: Iterable[Any] = ()
    if isinstance(value, dict):
        parts = value.values()
    elif isinstance(value, (list, tuple, set)):
        parts = value
    elif hasattr(value, "__dict__"):
        parts = vars(value).values()
    if len(parts) <= LONGEST:  # type: ignore[arg-type]
        for part in list(parts):
            yield from arrays_within(part, depth - 1, kind)


def within_reach(functions: Iterable[Any], kind: type = Array) -> list[Any]:
    """The arrays that functions reach from outside of their arguments: by closures, globals and what these hold."""
    arrays: list[Any] = []
    for function in functions:
        if isinstance(function, MethodType):
            arrays += arrays_within(function.__self__, kind=kind)
            function = function.__func__
        if not isinstance(function, FunctionType):
            arrays += arrays_within(function, kind=kind)
            continue
        known = function.__globals__
        outside = [known[name] for name in function.__code__.co_names if name in known]
        for cell in function.__closure__ or ():
            try:
                outside.append(cell.cell_contents)
            except ValueError:  # a name that has no value yet
                continue
        for value in outside:
            arrays += arrays_within(value, kind=kind)
    return arrays


@contextmanager
def as_it_was(outside: Iterable[tuple[Array, tuple[Any, ...]]]) -> Iterator[None]:
    """Arrays hold again what they are paired with, and afterwards what they hold now."""
    changed = [(x, held, x._held()) for x, held in outside if x._value is not held[0] or x._node is not held[1]]
    for x, held, _ in changed:
        x._hold(held)
    try:
        yield
    finally:
        for x, _, held in changed:
            x._hold(held)
