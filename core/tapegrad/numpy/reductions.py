"""Functions that reduce axes, with NumPy's positional `axis`, and the axis a name, as the standard has it."""

from __future__ import annotations

from typing import Any

import numpy as host

from .. import dtypes
from ..array import Array
from ..errors import NoGradientError
from ..kernels import OPS
from ..tape import MODE, RECORDING
from .creation import asarray

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "average",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
    "percentile",
    "prod",
    "ptp",
    "quantile",
    "std",
    "sum",
    "trapezoid",
    "var",
]


def _summed(name: str, x: Any, axis: Any, dtype: Any, keepdims: bool) -> Array:
    x = asarray(x)
    if dtype is not None:
        x = OPS["astype"].call(x, dtype=dtypes.to_dtype(dtype))
    elif x.dtype in (dtypes.BOOL, *dtypes.SIGNED):
        x = OPS["astype"].call(x, dtype=dtypes.to_dtype("int64")) if x.dtype.name != "int64" else x
    elif x.dtype in dtypes.UNSIGNED and x.dtype.name != "uint64":
        x = OPS["astype"].call(x, dtype=dtypes.to_dtype("uint64"))
    found: Array = OPS[name].call(x, axis=axis, keepdims=keepdims)
    # Engines sum small integers in 64 bits, also where the caller asked for fewer.
    return found if dtype is None else found.astype(dtype, copy=False)


def sum(x: Any, /, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Array:
    """The sum over `axis` (an int, a tuple, None for all); small integers add up in 64 bits."""
    return _summed("sum", x, axis, dtype, keepdims)


def prod(x: Any, /, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Array:
    """The product over `axis`; small integers multiply in 64 bits."""
    return _summed("prod", x, axis, dtype, keepdims)


def nansum(x: Any, /, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Array:
    """The sum over `axis` with NaNs as zeros."""
    return _summed("nansum", x, axis, dtype, keepdims)


def nanprod(x: Any, /, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Array:
    """The product over `axis` with NaNs as ones."""
    return _summed("nanprod", x, axis, dtype, keepdims)


def _reduced(name: str, x: Any, axis: Any, keepdims: bool, **more: Any) -> Array:
    found: Array = OPS[name].call(asarray(x), axis=axis, keepdims=keepdims, **more)
    return found


def mean(x: Any, /, axis: Any = None, *, dtype: Any = None, keepdims: bool = False) -> Array:
    """The mean over `axis`."""
    return _reduced("mean", asarray(x, dtype), axis, keepdims)


def var(
    x: Any,
    /,
    axis: Any = None,
    dtype: Any = None,
    *,
    correction: float = 0.0,
    ddof: float | None = None,
    keepdims: bool = False,
) -> Array:
    """The variance over `axis`, the sum of squares divided by n - correction (`ddof` is NumPy's word for it)."""
    return _reduced("var", asarray(x, dtype), axis, keepdims, correction=correction if ddof is None else ddof)


def std(
    x: Any,
    /,
    axis: Any = None,
    dtype: Any = None,
    *,
    correction: float = 0.0,
    ddof: float | None = None,
    keepdims: bool = False,
) -> Array:
    """The standard deviation over `axis`. See `var`."""
    return _reduced("std", asarray(x, dtype), axis, keepdims, correction=correction if ddof is None else ddof)


def nanmean(x: Any, /, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Array:
    """The mean over `axis` of what is not NaN."""
    return _reduced("nanmean", asarray(x, dtype), axis, keepdims)


def nanvar(
    x: Any,
    /,
    axis: Any = None,
    dtype: Any = None,
    *,
    correction: float = 0.0,
    ddof: float | None = None,
    keepdims: bool = False,
) -> Array:
    """The variance over `axis` of what is not NaN."""
    return _reduced("nanvar", asarray(x, dtype), axis, keepdims, correction=correction if ddof is None else ddof)


def nanstd(
    x: Any,
    /,
    axis: Any = None,
    dtype: Any = None,
    *,
    correction: float = 0.0,
    ddof: float | None = None,
    keepdims: bool = False,
) -> Array:
    """The standard deviation over `axis` of what is not NaN."""
    return _reduced("nanstd", asarray(x, dtype), axis, keepdims, correction=correction if ddof is None else ddof)


def max(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The largest element over `axis`; a gradient is shared evenly among ties."""
    return _reduced("max", x, axis, keepdims)


def min(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The smallest element over `axis`; a gradient is shared evenly among ties."""
    return _reduced("min", x, axis, keepdims)


amax, amin = max, min


def nanmax(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The largest element over `axis` that is not NaN."""
    return _reduced("nanmax", x, axis, keepdims)


def nanmin(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The smallest element over `axis` that is not NaN."""
    return _reduced("nanmin", x, axis, keepdims)


def ptp(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The distance from the smallest to the largest element over `axis`."""
    return _reduced("ptp", x, axis, keepdims)


def all(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Whether all elements over `axis` hold."""
    return _reduced("all", x, axis, keepdims)


def any(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Whether any element over `axis` holds."""
    return _reduced("any", x, axis, keepdims)


def argmax(x: Any, /, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the (first) largest element over `axis` is; without `axis`, in the flattened array."""
    return _reduced("argmax", x, axis, keepdims)


def argmin(x: Any, /, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the (first) smallest element over `axis` is; without `axis`, in the flattened array."""
    return _reduced("argmin", x, axis, keepdims)


def count_nonzero(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """How many elements over `axis` are not zero."""
    return _reduced("count_nonzero", x, axis, keepdims)


def logsumexp(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The logarithm of the sum of exponentials over `axis`, without overflow."""
    return _reduced("logsumexp", x, axis, keepdims)


def average(x: Any, /, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """The mean over `axis`, weighted if `weights` are given, of the shape of `x` or of the length of its axis.

    `returned`: the sum of the weights comes with it.
    """
    x = asarray(x)
    if weights is None:
        found = mean(x, axis, keepdims=keepdims)
        return (found, OPS["ones_like"].call(found.detach()) * (x.size / found.size)) if returned else found
    w = asarray(weights)
    if w.shape != x.shape:
        if not isinstance(axis, int) or w.ndim != 1:
            raise ValueError(f"average: weights of shape {w.shape} do not fit x of shape {x.shape} along axis {axis}")
        w = w.reshape(tuple(-1 if i == axis % x.ndim else 1 for i in range(x.ndim)))
    total = sum(w * OPS["ones_like"].call(x.detach()), axis, keepdims=keepdims)
    found = sum(x * w, axis, keepdims=keepdims) / total
    return (found, total) if returned else found


def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """The running sums along `axis`, starting with 0 if `include_initial`."""
    return _cumulated("cumulative_sum", x, axis, dtype, include_initial)


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    """The running products along `axis`, starting with 1 if `include_initial`."""
    return _cumulated("cumulative_prod", x, axis, dtype, include_initial)


def _cumulated(name: str, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> Array:
    x = asarray(x)
    if axis is None:
        if x.ndim > 1:
            raise ValueError(f"{name} of an array of {x.ndim} axes needs an axis")
        axis = 0
        x = x.reshape(-1)
    if dtype is not None:
        x = OPS["astype"].call(x, dtype=dtypes.to_dtype(dtype))
    elif x.dtype in (dtypes.BOOL, *dtypes.SIGNED):
        x = x.astype("int64")
    elif x.dtype in dtypes.UNSIGNED:
        x = x.astype("uint64")
    found: Array = OPS[name].call(x, axis=axis)
    if include_initial:
        edge = list(x.shape)
        edge[axis] = 1
        first = OPS["filled"].call(found.detach(), shape=tuple(edge), value=0 if name == "cumulative_sum" else 1)
        found = OPS["concat"].call(first, found, axis=axis)
    return found


def cumsum(x: Any, /, axis: int | None = None, dtype: Any = None) -> Array:
    """The running sums along `axis`; without it, of the flattened array."""
    x = asarray(x)
    return _cumulated("cumulative_sum", x.reshape(-1) if axis is None else x, axis or 0, dtype, False)


def cumprod(x: Any, /, axis: int | None = None, dtype: Any = None) -> Array:
    """The running products along `axis`; without it, of the flattened array."""
    x = asarray(x)
    return _cumulated("cumulative_prod", x.reshape(-1) if axis is None else x, axis or 0, dtype, False)


def diff(x: Any, /, n: int = 1, axis: int = -1, *, prepend: Any = None, append: Any = None) -> Array:
    """The n-th differences of neighbours along `axis`, with values before or after if given."""
    x = asarray(x)
    parts = [p if p is x else _edge(p, x, axis) for p in (prepend, x, append) if p is not None]
    if len(parts) > 1:
        x = OPS["concat"].call(*parts, axis=axis)
    found: Array = OPS["diff"].call(x, n=n, axis=axis)
    return found


def _edge(value: Any, x: Array, axis: int) -> Array:
    value = asarray(value, x.dtype)
    if value.ndim:
        whole: Array = value
        return whole
    shape = list(x.shape)
    shape[axis] = 1
    found: Array = OPS["broadcast_to"].call(value, shape=tuple(shape))
    return found


def median(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The middle value over `axis`, or the mean of the two in the middle."""
    return _reduced("median", x, axis, keepdims)


def parts(q: Any, scale: float = 1.0) -> tuple[Any, tuple[int, ...]]:
    """The parts of a quantile, and their shape: numbers between 0 and 1, in which it is not differentiated."""
    if isinstance(q, Array):
        if q._node is not None and MODE.get() & RECORDING:
            raise NoGradientError("a quantile has no derivative in q here; pass q.detach()")
        q = q.asnumpy()
    found = host.asarray(q, dtype=host.float64) / scale
    return (float(found) if found.ndim == 0 else tuple(found.ravel().tolist())), found.shape


def quantile(x: Any, q: Any, /, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which the part `q`, between 0 and 1, of the elements over `axis` lies.

    Several parts give as many values, along new first axes.
    """
    each, shape = parts(q)
    found: Array = OPS["quantile"].call(asarray(x), q=each, axis=axis, method=method, keepdims=keepdims)
    return found if len(shape) < 2 else found.reshape(*shape, *found.shape[1:])


def percentile(x: Any, q: Any, /, axis: Any = None, *, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which `q` percent of the elements over `axis` lie."""
    each, shape = parts(q, 100.0)
    return quantile(x, host.reshape(each, shape), axis, method=method, keepdims=keepdims)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Array:
    """The integral of samples along `axis` by the trapezoid rule, at places `x` or `dx` apart."""
    y = asarray(y)
    steps: Any = dx
    if x is not None:
        x = asarray(x)
        steps = diff(x, axis=axis if x.ndim > 1 else -1)
        if x.ndim == 1:
            steps = steps.reshape(tuple(-1 if i == axis % y.ndim else 1 for i in range(y.ndim)))
    n = y.shape[axis]
    before = (slice(None),) * (axis % y.ndim)
    halves = (y[(*before, slice(1, n))] + y[(*before, slice(0, n - 1))]) * 0.5
    return sum(halves * steps, axis)
