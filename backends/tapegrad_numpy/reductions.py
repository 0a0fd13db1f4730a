"""NumPy's spellings of reductions: `ufunc.reduce` without the wrappers in front of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

import tapegrad
from tapegrad.op import registered

__all__ = ["KERNELS"]

_axis_of = tapegrad.ops.cumulative.axis_of

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
    return _ADD(x if axis is None else _checked(x, axis), axis=axis, keepdims=keepdims)


def _mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if x.dtype.char == "e":
        return x.mean(axis=axis, keepdims=keepdims)
    total = _ADD(x if axis is None else _checked(x, axis), axis=axis, keepdims=keepdims)
    if axis is None:
        count = x.size
    elif axis.__class__ is int:
        count = x.shape[axis]
    else:
        count = math.prod([x.shape[a] for a in axis])
    return total / _count(count, total.dtype)


@lru_cache(maxsize=1000)
def _count(count: int, dtype: Any) -> Any:
    """How many elements there are, as an array without axes, by which NumPy divides faster than by a number."""
    return np.asarray(count, dtype)


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


_ENOUGH = {np.dtype(dtype).itemsize: np.finfo(dtype).tiny / np.finfo(dtype).eps for dtype in ("float32", "float64")}
"""Sums of squares above which what is lost to subnormal squares is less than rounding, by the size of the dtype."""


def _root_of_squares(x: Any, divisor: Any = None, *, axis: Any = None, keepdims: bool = False) -> Any:
    if x.size and x.dtype.itemsize in _ENOUGH and x.dtype.kind == "f":
        kept = keepdims or divisor.__class__ is np.ndarray
        with np.errstate(over="ignore"):
            squares = _ADD(x * x, axis=axis, keepdims=kept)
        if squares.min() > _ENOUGH[x.dtype.itemsize] and squares.max() < math.inf:
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
}
