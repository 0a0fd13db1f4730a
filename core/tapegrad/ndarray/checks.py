"""What every function of `nd` does with its arguments and its result."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from ..arrays.array import Array
from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, AxisError, a_kind
from .ndarray import INT, NDArray


class Ops(Protocol):
    """The recorded ops as this face calls them: of NDArrays they make NDArrays."""

    def __getattr__(self, name: str) -> Callable[..., NDArray]: ...


ops: Ops = RECORDED


def need(x: Any, where: str, name: str = "data") -> NDArray:
    """`x` if it is an NDArray. Raises `TypeError` naming the function and the argument."""
    if isinstance(x, NDArray):
        return x
    if isinstance(x, Array):
        raise ArgumentTypeError(f"{where}() takes an NDArray for {name!r}; make one of this array with as_nd_ndarray()")
    raise ArgumentTypeError(f"{where}() takes an NDArray for {name!r}, not {a_kind(x)}; make one with nd.array()")


def refuse_unread(x: Any, where: str, name: str, remedy: str) -> None:
    """Raises `TypeError` for an input that the other arguments leave unread, with what would have it read."""
    if x is not None:
        raise ArgumentTypeError(f"{where}() got {name!r}, which it would not read; {remedy}, or leave it out")


def need_all(arrays: Iterable[Any], where: str) -> list[NDArray]:
    """The arrays of a variadic function. A single list of them is an error as in MXNet, which says how to spread it."""
    listed = list(arrays)
    if len(listed) == 1 and isinstance(listed[0], (list, tuple)):
        raise ArgumentTypeError(
            f"{where}() takes arrays one by one; spread the {type(listed[0]).__name__}: {where}(*arrays)"
        )
    if not listed:
        raise ArgumentTypeError(f"{where}() needs at least one array")
    return [need(x, where, f"argument {i}") for i, x in enumerate(listed)]


def one_int(value: Any, where: str, name: str) -> int:
    """An argument that is an integer. Raises `TypeError` naming it."""
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{where}(): {name} is an integer, not {value!r}") from None


def ints_of(value: Any, where: str, name: str) -> tuple[int, ...]:
    """An int or a sequence of them, such as a shape, as a tuple. Raises `TypeError` naming it."""
    if isinstance(value, INT):
        return (operator.index(value),)
    try:
        return tuple(operator.index(v) for v in value)
    except TypeError:
        raise ArgumentTypeError(f"{where}(): {name} is an int or a tuple of them, not {value!r}") from None


def int_tuple(value: Any, count: int, where: str, name: str) -> tuple[int, ...]:
    """An int, repeated, or a sequence of ints of the right length, as a tuple."""
    if isinstance(value, INT):
        return (operator.index(value),) * count
    numbers = ints_of(value, where, name)
    if len(numbers) != count:
        raise ArgumentError(f"{where}(): {name} is {numbers}; give {count} numbers")
    return numbers


def axis_tuple(axis: Any, ndim: int, where: str, exclude: bool = False) -> tuple[int, ...]:
    """The axes meant by MXNet's `axis` (None or (): all) and `exclude` (all others), in order and not negative."""
    if axis.__class__ is int and not exclude:
        return (axis,) if 0 <= axis < ndim else (one_axis(axis, ndim, where),)
    listed = () if axis is None else tuple(axis) if hasattr(axis, "__len__") else (axis,)
    if not listed:
        return () if exclude and axis is not None and ndim == 0 else tuple(range(ndim))
    axes = tuple(sorted({one_axis(a, ndim, where) for a in listed}))
    if len(axes) != len(listed):
        raise ArgumentError(f"{where}(): axis {axis} names an axis twice")
    return tuple(a for a in range(ndim) if a not in axes) if exclude else axes


def one_axis(axis: Any, ndim: int, where: str) -> int:
    """An axis counted from the front. `AxisError` if there is no such axis, `TypeError` if it is not an integer."""
    try:
        number = operator.index(axis)
    except TypeError:
        raise ArgumentTypeError(f"{where}(): an axis is an integer, not {axis!r}") from None
    length = max(ndim, 1)
    if not -length <= number < length:
        raise AxisError(f"{where}(): axis {number} of an array with {ndim} axes; choose from {-length} to {length - 1}")
    return number % length


def at_least_1d(x: NDArray) -> NDArray:
    """A result as MXNet shapes it: (1,) instead of ()."""
    return x if x._value.shape else ops.reshape(x, shape=(1,))


def dtype_of(x: Array) -> Any:
    """The dtype of an array as an object of NumPy."""
    return x._kernels.dtype_of(x._value)
