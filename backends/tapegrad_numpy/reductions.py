"""NumPy's spellings of reductions: `ufunc.reduce` without the wrappers in front of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import inf, prod, sqrt
from typing import Any

import numpy as np

import tapegrad
from tapegrad.op import registered

from .elementwise import number, vdot

__all__ = ["KERNELS"]

_axis_of = tapegrad.ops.cumulative.axis_of

FEW = 8
"""So few numbers are added up from the left either way."""

MANY = 1024
"""From so many numbers on a look at the axes pays."""

_ONES = {
    np.dtype(name): (
        [np.ones(n, name) for n in range(FEW + 1)],
        [np.ones((n, 1), name) for n in range(FEW + 1)],
        [np.array(n, name) for n in range(FEW + 1)],
    )
    for name in ("float32", "float64")
}
"""By dtype, for n up to `FEW`: ones to multiply n numbers by, for a sum that drops their axis or keeps it, and n."""

_HALF = np.dtype("float16").char
_FIRST = tuple(range(64))

# Bound once, and past overloads that leave out `keepdims` as a variable.
_ADD: Any = np.add.reduce
_MULTIPLY: Any = np.multiply.reduce
_MAXIMUM: Any = np.maximum.reduce
_MINIMUM: Any = np.minimum.reduce
_AND: Any = np.logical_and.reduce
_OR: Any = np.logical_or.reduce


def _checked(x: Any, axis: Any) -> Any:
    """x; where it has no axis, none may be named, though NumPy lets 0 and -1 pass."""
    if axis is not None and not x.shape and axis != ():
        raise ValueError(f"axis {axis} is out of range for an array of 0 axes")
    return x


def _sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum. A product with ones takes half the time or less, for a few numbers and over leading axes."""
    size = x.size
    if axis is None:
        if size <= FEW and x.ndim == 1 and (few := _ONES.get(x.dtype)):
            return x.dot(few[keepdims][size])
    elif size >= MANY and x.dtype in _ONES and 0 < (leading := _leading(axis)) < x.ndim and x.flags.c_contiguous:
        rows, shape = prod(x.shape[:leading]), x.shape[leading:]
        row = np.empty(rows, x.dtype)
        row.fill(1)
        sums = row.dot(x.reshape(rows, size // rows))
        return sums.reshape((1,) * leading + shape if keepdims else shape)
    return _ADD(_checked(x, axis), axis, None, None, keepdims)


def _leading(axis: Any) -> int:
    """How many axes `axis` means, if they are the first ones in order; else 0."""
    if axis.__class__ is tuple:
        return len(axis) if axis == _FIRST[: len(axis)] else 0
    return 1 if axis == 0 else 0


def _mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and x.ndim == 1 and (size := x.size) <= FEW and (few := _ONES.get(x.dtype)):
        return x.dot(few[1][size]) / few[2][size] if keepdims else x.dot(few[0][size]) / size
    if x.dtype.char == _HALF:
        return x.mean(axis=axis, keepdims=keepdims)
    total = _sum(x, axis=axis, keepdims=keepdims)
    if axis is None:
        count = x.size
    elif axis.__class__ is int:
        count = x.shape[axis]
    else:
        count = prod([x.shape[a] for a in axis])
    return total / number(count, total.dtype) if total.shape else total / count


def _unbroadcast(x: Any, *, shape: Any) -> Any:
    if x.shape == shape:
        return x
    axes = _stretched(x.shape, shape)
    sums = _ADD(x, axes, None, None, x.ndim == len(shape)) if x.size < MANY else _sum(x, axis=axes)
    return sums if sums.shape == shape else sums.reshape(shape)


@lru_cache(4096)
def _stretched(wide: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes along which an array of `shape` was repeated to make a wide one."""
    front = len(wide) - len(shape)
    if front < 0 or any(n not in (1, w) for n, w in zip(shape, wide[front:], strict=True)):
        raise tapegrad.errors.ShapeError(f"a gradient of shape {wide} does not belong to an input of shape {shape}")
    return tuple(i for i, n in enumerate(wide) if i < front or shape[i - front] != n)


def _vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    if ord == 2 and axis is None and x.ndim == 1 and x.size <= FEW and (enough := _ENOUGH.get(x.dtype)):
        squares = vdot(x, x)
        if enough < squares < inf:
            root = sqrt(squares)
            if not keepdims:
                return x.dtype.type(root)
            out = np.empty(1, x.dtype)
            out[0] = root
            return out
    kernels = tapegrad.get_backend("numpy").kernels
    return registered()["vector_norm"].body(kernels, x, axis=axis, keepdims=keepdims, ord=ord)


def _prod(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _MULTIPLY(_checked(x, axis), axis=axis, keepdims=keepdims)


def _max(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _MAXIMUM(_checked(x, axis), axis=axis, keepdims=keepdims)


def _min(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _MINIMUM(_checked(x, axis), axis=axis, keepdims=keepdims)


def _all(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _AND(_checked(x, axis), axis=axis, keepdims=keepdims)


def _any(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _OR(_checked(x, axis), axis=axis, keepdims=keepdims)


def _count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    return _ADD(_checked(x, axis) != 0, axis=axis, keepdims=keepdims, dtype=np.int64)


_ENOUGH = {dtype: float(np.finfo(dtype).tiny / np.finfo(dtype).eps) for dtype in _ONES}
"""Sums of squares above which what is lost to subnormal squares is less than rounding, by dtype."""


_BLOCK = 4096
"""How many squares a dot product adds up, hardly by halves; the sums of blocks are added by halves."""


def _sum_of_squares(x: Any, axis: Any, keepdims: bool) -> Any:
    if x.size < _BLOCK or not x.flags.c_contiguous or (axis is not None and _leading(axis) != x.ndim):
        return _ADD(x * x, axis=axis, keepdims=keepdims)
    # Without an array of the squares, which takes longer to come by than to fill.
    flat = x.reshape(-1)
    end = x.size - x.size % _BLOCK
    blocks, rest = flat[:end].reshape(-1, _BLOCK), flat[end:]
    total = _ADD(np.vecdot(blocks, blocks)) + vdot(rest, rest)
    return total.reshape((1,) * x.ndim) if keepdims else total


def _root_of_squares(x: Any, divisor: Any = None, *, axis: Any = None, keepdims: bool = False) -> Any:
    if x.size and x.dtype in _ENOUGH:
        kept = keepdims or divisor.__class__ is np.ndarray
        with np.errstate(over="ignore"):
            squares = _sum_of_squares(x, axis, kept)
        if squares.min() > _ENOUGH[x.dtype] and squares.max() < inf:
            root = np.sqrt(squares if divisor is None else squares / divisor)
            return root if kept is keepdims else np.squeeze(root, axis=axis)
    kernels = tapegrad.get_backend("numpy").kernels
    return registered()["root_of_squares"].body(kernels, x, divisor, axis=axis, keepdims=keepdims)


def _recurrence(factor: Any, term: Any, *, axis: int, reverse: bool = False) -> Any:
    axis %= term.ndim
    length = term.shape[axis]
    # Along the first axis and forwards; the views see to the rest.
    out = np.array(term)
    y, a = np.moveaxis(out, axis, 0), np.moveaxis(factor, axis, 0)
    if reverse:
        y, a = y[::-1], a[::-1]
    if length * length < 16 * out.size or length < 32:
        for k in range(1, length):
            y[k] += a[k] * y[k - 1]
        return out
    # Long and narrow: as many rounds as the length has binary digits, each over the whole.
    a, reach = np.array(a), 1
    while reach < length:
        y[reach:] += a[reach:] * y[:-reach]
        a[reach:] *= a[:-reach].copy()
        reach *= 2
    return out


def _cumulative_sum(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    return _with_initial(np.cumsum(x, axis=_axis_of(axis, x.ndim)), 0, axis, include_initial)


def _cumulative_prod(x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    return _with_initial(np.cumprod(x, axis=_axis_of(axis, x.ndim)), 1, axis, include_initial)


def _with_initial(out: Any, initial: int, axis: int | None, wanted: bool) -> Any:
    if not wanted:
        return out
    axis = _axis_of(axis, out.ndim)
    edge = np.full((*out.shape[:axis], 1, *out.shape[axis + 1 :]), initial, out.dtype)
    return np.concatenate((edge, out), axis=axis)


def _cummax(x: Any, *, axis: Any = None) -> Any:
    return np.maximum.accumulate(x, axis=0 if axis is None and x.ndim == 1 else axis)


def _cummin(x: Any, *, axis: Any = None) -> Any:
    return np.minimum.accumulate(x, axis=0 if axis is None and x.ndim == 1 else axis)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "all": _all,
    "any": _any,
    "count_nonzero": _count_nonzero,
    "cummax": _cummax,
    "cummin": _cummin,
    "cumulative_prod": _cumulative_prod,
    "cumulative_sum": _cumulative_sum,
    "max": _max,
    "mean": _mean,
    "min": _min,
    "prod": _prod,
    "root_of_squares": _root_of_squares,
    "recurrence": _recurrence,
    "sum": _sum,
    "unbroadcast": _unbroadcast,
    "vector_norm": _vector_norm,
}
