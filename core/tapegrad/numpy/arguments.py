"""What arguments mean that several functions take: a shape, a plain number, the fractions of a quantile."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from reprlib import repr as shortened
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as host

from ..arrays.array import Array
from ..arrays.batched import Batched
from ..arrays.entering import enter
from ..arrays.entering import make as make_in_face
from ..engines.backend import Backend
from ..engines.registry import get_backend
from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, NoGradientError, ValueSemanticsError
from ..ops.transfer import check_device
from ..tape.mode import MODE, RECORDING

if TYPE_CHECKING:
    from .arrays import ndarray

__all__ = [
    "as_shape",
    "asarray",
    "check_kind",
    "fractions",
    "is_batched",
    "make",
    "numbers_of_all",
    "op",
    "plain_number",
    "writable",
]


class _Ops(Protocol):
    """The ops by name, as functions of arrays."""

    def __getattr__(self, name: str) -> Callable[..., ndarray]: ...


op = cast("_Ops", RECORDED)
"""`op.where(x, y, z)` is the op of that name, recorded."""


def make(values: Any, dtype: Any = None, device: Any = None, backend: Backend | None = None) -> ndarray:
    """Host numbers as an array of the chosen or default backend, on the device."""
    check_device(backend or get_backend(), device)
    return make_in_face(values, dtype, device, backend)  # type: ignore[return-value]


def asarray(a: Any, dtype: Any = None) -> ndarray:
    """An argument as an array: as the public `asarray`, but a running transform may read host arrays in place."""
    if isinstance(a, Array) and dtype is None:
        return a  # type: ignore[return-value]
    return enter(a, dtype, borrow=True)  # type: ignore[return-value]


def writable(a: Any, name: str) -> ndarray:
    """The argument that a function writes to. Raises `ValueSemanticsError` for any other than an array of ours."""
    if not isinstance(a, Array):
        raise ValueSemanticsError(f"{name}() writes to its argument, which must be an array of tapegrad")
    return a  # type: ignore[return-value]


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape from an int or several. Raises `TypeError` for anything else."""
    try:
        return tuple(map(operator.index, shape if isinstance(shape, Iterable) else (shape,)))
    except TypeError:
        raise ArgumentTypeError(f"a shape is made of integers; {shortened(shape)} is not") from None


KINDS = ("quicksort", "mergesort", "heapsort", "stable")


def check_kind(name: str, kind: Any) -> None:
    """Refuse a way of sorting that NumPy has not got; of those that it has all are the stable one."""
    if kind is not None and kind not in KINDS:
        raise ArgumentError(f"{name}: kind is {kind!r}; choose one of {', '.join(map(repr, KINDS))}, or leave it out")


def is_batched(x: Any) -> bool:
    """Whether an array has another value for each element of a vmap, so that nobody can look at its numbers."""
    return isinstance(x, Array) and isinstance(x._value, Batched)


def numbers_of_all(x: Array) -> host.ndarray[Any, Any]:
    """The numbers of an array, and in a vmap those of all elements together, whose axes are in front."""
    value, xp = x._value, x._kernels
    while isinstance(value, Batched):
        value, xp = value.value, value.xp
    return cast("host.ndarray[Any, Any]", xp.to_numpy(value))


def plain_number(name: str, value: Any) -> Any:
    """A number that shapes a computation and has no derivative of its own, out of a number or an array of one."""
    if isinstance(value, Array):
        if value._node is not None and MODE.get() & RECORDING:
            raise NoGradientError(f"there is no derivative in {name} here; pass {name}.detach()")
        return value.item()
    return value


def fractions(q: Any, scale: float = 1.0) -> tuple[Any, tuple[int, ...]]:
    """The parts of a quantile, and their shape: numbers between 0 and 1, in which it is not differentiated."""
    if isinstance(q, Array):
        if q._node is not None and MODE.get() & RECORDING:
            raise NoGradientError("a quantile has no derivative in q here; pass q.detach()")
        q = q.asnumpy()
    found = host.asarray(q, dtype=host.float64) / scale
    return (float(found) if found.ndim == 0 else tuple(found.ravel().tolist())), found.shape
