"""Functions that reduce axes, with NumPy's positional `axis`, and the axis a name, as the standard has it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..engines.tables import OPS
from ..errors import ArgumentError, NoGradientError, ShapeError
from ..ops.indexing import axes_of
from ..tape.mode import MODE, RECORDING
from .arguments import asarray, fractions, is_batched, op, plain_number

if TYPE_CHECKING:
    from ..typing import ArrayLike, Axes, DTypeLike
    from .arrays import ndarray


def _kept(x: ndarray, where: Any, neutral: Any) -> ndarray:
    """`x` with a neutral element wherever `where` does not hold, so that what is there has no part in a reduction."""
    if where is None or where is True:
        return x
    return op.where(asarray(where), x, neutral)


def _summed(name: str, x: Any, axis: Any, dtype: Any, keepdims: bool, initial: Any, where: Any) -> ndarray:
    x = asarray(x)
    if x._signature.inexact and dtype is None and initial is None and where is None:
        return OPS[name].call(x, axis=axis, keepdims=keepdims)  # type: ignore[no-any-return]
    if dtype is not None:
        x = op.astype(x, dtype=dtypes.to_dtype(dtype))
    elif not x._signature.inexact:
        if x.dtype in (dtypes.BOOL, *dtypes.SIGNED):
            x = op.astype(x, dtype=dtypes.to_dtype("int64")) if x.dtype.name != "int64" else x
        elif x.dtype in dtypes.UNSIGNED and x.dtype.name != "uint64":
            x = op.astype(x, dtype=dtypes.to_dtype("uint64"))
    adds = name.endswith("sum")
    found: ndarray = OPS[name].call(_kept(x, where, 0 if adds else 1), axis=axis, keepdims=keepdims)
    if initial is not None:
        found = found + initial if adds else found * initial
    # Engines sum small integers in 64 bits, also where the caller asked for fewer.
    return found if dtype is None else found.astype(dtype, copy=False)


def sum(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The sum over `axis` (an int, a tuple, None for all) of the elements where `where` holds.

    `initial` is added to it.

    Dtypes: integers and truth values add up in 64 bits, others keep their dtype; `dtype` is what they become first.

    >>> tnp.sum([[1, 2], [3, 4]], axis=0)
    Array([4, 6], dtype=int64)
    >>> tnp.sum([1, 2, 3], where=[True, False, True], initial=10)
    Array(14, dtype=int64)
    """
    return _summed("sum", a, axis, dtype, keepdims, initial, where)


def prod(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The product over `axis` of the elements where `where` holds, times `initial`; small integers multiply in 64 bits.

    Dtypes: integers and truth values multiply in 64 bits, others keep their dtype; `dtype` is what they become first.

    >>> tnp.prod([2.0, 0.0, 3.0])
    Array(0., dtype=float32)
    >>> tapegrad.grad(tnp.prod)(tnp.asarray([2.0, 0.0, 3.0]))
    Array([0., 6., 0.], dtype=float32)
    """
    return _summed("prod", a, axis, dtype, keepdims, initial, where)


def nansum(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The sum over `axis` with NaNs as zeros. See `sum`.

    Dtypes: integers and truth values add up in 64 bits, others keep their dtype; `dtype` is what they become first.

    >>> tnp.nansum([1.0, tnp.nan, 2.0])
    Array(3., dtype=float32)
    """
    return _summed("nansum", a, axis, dtype, keepdims, initial, where)


def nanprod(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The product over `axis` with NaNs as ones. See `prod`.

    Dtypes: integers and truth values multiply in 64 bits, others keep their dtype; `dtype` is what they become first.

    >>> tnp.nanprod([2.0, tnp.nan, 3.0])
    Array(6., dtype=float32)
    """
    return _summed("nanprod", a, axis, dtype, keepdims, initial, where)


def _reduced(name: str, x: Any, axis: Any, keepdims: bool, **more: Any) -> ndarray:
    found: ndarray = OPS[name].call(asarray(x), axis=axis, keepdims=keepdims, **more)
    return found


def _nan_where(x: Any, dtype: Any, where: Any) -> ndarray:
    """`x` in floating point with NaN wherever `where` does not hold, for the reductions that leave NaN out."""
    if where is None or where is True:
        return asarray(x, dtype)
    return _kept(_floating(x, dtype), where, host.nan)


def _count(x: ndarray, axis: Any, where: Any) -> ndarray:
    """How many elements over `axis` are `where`, with the axes kept, as numbers of the dtype of `x`."""
    held: ndarray = op.broadcast_to(asarray(where).astype("bool"), shape=x.shape)
    found: ndarray = op.count_nonzero(held, axis=axis, keepdims=True)
    return found.astype(op.real(x._detached()).dtype)


def _floating(x: Any, dtype: Any) -> ndarray:
    x = asarray(x, dtype)
    found: ndarray = x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype())
    return found


def _squeezed(x: ndarray, axis: Any, keepdims: bool) -> ndarray:
    found: ndarray = x
    if not keepdims:
        gone = tuple(range(x.ndim)) if axis is None else axis
        found = op.squeeze(x, axis=gone)
    return found


def mean(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    keepdims: bool = False,
    where: ArrayLike | None = None,
) -> ndarray:
    """The mean over `axis` of the elements where `where` holds.

    Dtypes: integers become the default float; `dtype` is what the elements become first.

    >>> tnp.mean([[1, 2], [3, 4]], axis=1)
    Array([1.5, 3.5], dtype=float32)
    >>> tnp.mean([1.0, 2.0, 30.0], where=[True, True, False])
    Array(1.5, dtype=float32)
    """
    if where is None or where is True:
        return OPS["mean"].call(asarray(a, dtype), axis=axis, keepdims=keepdims)  # type: ignore[no-any-return]
    x = _floating(a, dtype)
    found = op.sum(_kept(x, where, 0), axis=axis, keepdims=True) / _count(x, axis, where)
    return _squeezed(found, axis, keepdims)


def var(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    ddof: float = 0.0,
    correction: float | None = None,
    keepdims: bool = False,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> ndarray:
    """The variance over `axis` of the elements where `where` holds: the sum of squares divided by n - ddof.

    `correction` is the standard's word for `ddof`. `mean`: the mean, with its axes kept, if it is known already.

    Shapes: `axis` (an int, a tuple, None for all) goes, or keeps length 1 with `keepdims`; `where` broadcasts with `a`,
    `mean` too.
    Dtypes: integers become the default float; `dtype` is what the elements become first; of complex numbers the result
    is real.
    Raises: `NoGradientError` for a tracked `ddof`.

    >>> tnp.var([1.0, 3.0]), tnp.var([1.0, 3.0], ddof=1)
    (Array(1., dtype=float32), Array(2., dtype=float32))
    """
    less = plain_number("ddof", ddof if correction is None else correction)
    if (where is None or where is True) and mean is None:
        return _reduced("var", asarray(a, dtype), axis, keepdims, correction=less)
    apart, freedom = _apart(a, axis, dtype, less, where, mean)
    found = op.sum(op.real(apart * op.conj(apart)), axis=axis, keepdims=True) / freedom
    return _squeezed(found, axis, keepdims)


def _apart(a: Any, axis: Any, dtype: Any, less: float, where: Any, mean: Any) -> tuple[ndarray, ndarray]:
    """How far the elements that count lie from their mean, 0 for the others, and by what their squares are divided."""
    x = _floating(a, dtype)
    where = True if where is None else where
    count = _count(x, axis, where)
    if mean is None:
        mean = op.sum(_kept(x, where, 0), axis=axis, keepdims=True) / count
    return _kept(x - mean, where, 0), op.maximum(count - less, 0)


def std(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    ddof: float = 0.0,
    correction: float | None = None,
    keepdims: bool = False,
    where: ArrayLike | None = None,
    mean: ArrayLike | None = None,
) -> ndarray:
    """The standard deviation over `axis`. See `var`.

    Shapes: `axis` (an int, a tuple, None for all) goes, or keeps length 1 with `keepdims`; `where` broadcasts with `a`,
    `mean` too.
    Dtypes: integers become the default float; `dtype` is what the elements become first; of complex numbers the result
    is real.
    Raises: `NoGradientError` for a tracked `ddof`.

    >>> tnp.std([1.0, 3.0])
    Array(1., dtype=float32)
    >>> tapegrad.grad(tnp.std)(tnp.asarray([2.0, 2.0]))
    Array([0., 0.], dtype=float32)
    """
    less = plain_number("ddof", ddof if correction is None else correction)
    if (where is None or where is True) and mean is None:
        return _reduced("std", asarray(a, dtype), axis, keepdims, correction=less)
    apart, freedom = _apart(a, axis, dtype, less, where, mean)
    return _squeezed(op.vector_norm(apart, axis=axis, keepdims=True) / op.sqrt(freedom), axis, keepdims)


def nanmean(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    keepdims: bool = False,
    where: ArrayLike | None = None,
) -> ndarray:
    """The mean over `axis` of the elements that are not NaN.

    Dtypes: integers become the default float; `dtype` is what the elements become first.

    >>> tnp.nanmean([1.0, tnp.nan, 3.0])
    Array(2., dtype=float32)
    """
    return _reduced("nanmean", _nan_where(a, dtype, where), axis, keepdims)


def nanvar(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    ddof: float = 0.0,
    correction: float | None = None,
    keepdims: bool = False,
    where: ArrayLike | None = None,
) -> ndarray:
    """The variance over `axis` of the elements that are not NaN. See `var`.

    Dtypes: integers become the default float; `dtype` is what the elements become first.
    Raises: `DtypeError` for a `dtype` that is not one, and for complex numbers, `NoGradientError` for a tracked `ddof`.

    >>> tnp.nanvar([1.0, tnp.nan, 3.0])
    Array(1., dtype=float32)
    """
    less = plain_number("ddof", ddof if correction is None else correction)
    return _reduced("nanvar", _nan_where(a, dtype, where), axis, keepdims, correction=less)


def nanstd(
    a: ArrayLike,
    axis: Axes | None = None,
    dtype: DTypeLike | None = None,
    *,
    ddof: float = 0.0,
    correction: float | None = None,
    keepdims: bool = False,
    where: ArrayLike | None = None,
) -> ndarray:
    """The standard deviation over `axis` of the elements that are not NaN. See `var`.

    Dtypes: integers become the default float; `dtype` is what the elements become first.
    Raises: `DtypeError` for a `dtype` that is not one, and for complex numbers, `NoGradientError` for a tracked `ddof`.

    >>> tnp.nanstd([1.0, tnp.nan, 3.0])
    Array(1., dtype=float32)
    """
    less = plain_number("ddof", ddof if correction is None else correction)
    return _reduced("nanstd", _nan_where(a, dtype, where), axis, keepdims, correction=less)


def _extreme(name: str, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> ndarray:
    x = asarray(a)
    plain = name.removeprefix("nan")
    if where is not None and where is not True:
        if initial is None:
            raise ArgumentError(f"{name}(where=…) needs an initial value, for where nothing holds; give initial")
        x = _kept(x, where, initial)
    if initial is None:
        if x.dtype in dtypes.COMPLEX and _length(x, axis):
            return _complex_extreme(name, x, axis, keepdims)
        return _reduced(name, x, axis, keepdims)
    if not _length(x, axis):
        shape = op.sum(x._detached(), axis=axis, keepdims=keepdims).shape
        return op.broadcast_to(asarray(initial, x.dtype), shape=shape)
    pairs = {"max": ("maximum", "fmax"), "min": ("minimum", "fmin")}[plain]
    found: ndarray = OPS[pairs[name != plain]].call(_reduced(name, x, axis, keepdims), initial)
    return found


def _complex_extreme(name: str, x: ndarray, axis: Any, keepdims: bool) -> ndarray:
    """The first or last of complex numbers in NumPy's order: by the real part, then by the imaginary one.

    What is NaN in either part is left to the functions of real numbers, which pass it on or over by their names.
    """
    values = x._detached()
    unknown = op.isnan(values)
    real, imaginary = (op.where(unknown, math.nan, part) for part in (op.real(values), op.imag(values)))
    chosen = real == OPS[name].call(real, axis=axis, keepdims=True)
    far = -math.inf if name.endswith("max") else math.inf
    among = op.where(chosen, imaginary, far)
    chosen = chosen & (among == OPS[name].call(among, axis=axis, keepdims=True))
    count = op.count_nonzero(chosen, axis=axis, keepdims=keepdims)
    picked = op.sum(op.where(chosen, x, 0.0), axis=axis, keepdims=keepdims) / op.where(count == 0, 1, count)
    return op.where(count == 0, op.sum(op.where(unknown, x, 0.0), axis=axis, keepdims=keepdims), picked)


def _length(x: ndarray, axis: Any) -> int:
    """How many elements are reduced to one."""
    return math.prod(x.shape[i] for i in axes_of(axis, x.ndim))


def max(
    a: ArrayLike,
    axis: Axes | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The largest element over `axis` of the elements where `where` holds; a gradient is shared evenly among ties.

    `initial`: the least that it can be; needed with `where`, and for arrays without elements.

    Dtypes: any; the result has that of `a`. Complex numbers go by the real part, then by the imaginary one.
    Raises: `ShapeError` for no elements without `initial`, `ValueError` for `where` without `initial`.

    >>> tnp.max([[1.0, 4.0], [3.0, 2.0]], axis=1)
    Array([4., 3.], dtype=float32)
    >>> tapegrad.grad(tnp.max)(tnp.asarray([2.0, 5.0, 5.0]))
    Array([0. , 0.5, 0.5], dtype=float32)
    """
    return _extreme("max", a, axis, keepdims, initial, where)


def min(
    a: ArrayLike,
    axis: Axes | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The smallest element over `axis` of the elements where `where` holds; a gradient is shared evenly among ties.

    `initial`: the most that it can be; needed with `where`, and for arrays without elements.

    Dtypes: any; the result has that of `a`. Complex numbers go by the real part, then by the imaginary one.
    Raises: `ShapeError` for no elements without `initial`, `ValueError` for `where` without `initial`.

    >>> tnp.min([[1.0, 4.0], [3.0, 2.0]], axis=1)
    Array([1., 2.], dtype=float32)
    >>> tapegrad.grad(tnp.min)(tnp.asarray([2.0, 2.0, 5.0]))
    Array([0.5, 0.5, 0. ], dtype=float32)
    """
    return _extreme("min", a, axis, keepdims, initial, where)


amax, amin = max, min


def nanmax(
    a: ArrayLike,
    axis: Axes | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The largest element over `axis` that is not NaN. See `max`.

    Dtypes: any; the result has that of `a`. Complex numbers go by the real part, then by the imaginary one.
    Raises: `ShapeError` for no elements without `initial`, `ValueError` for `where` without `initial`.

    >>> tnp.nanmax([1.0, tnp.nan, 3.0])
    Array(3., dtype=float32)
    """
    return _extreme("nanmax", a, axis, keepdims, initial, where)


def nanmin(
    a: ArrayLike,
    axis: Axes | None = None,
    *,
    keepdims: bool = False,
    initial: ArrayLike | None = None,
    where: ArrayLike | None = None,
) -> ndarray:
    """The smallest element over `axis` that is not NaN. See `min`.

    Dtypes: any; the result has that of `a`. Complex numbers go by the real part, then by the imaginary one.
    Raises: `ShapeError` for no elements without `initial`, `ValueError` for `where` without `initial`.

    >>> tnp.nanmin([1.0, tnp.nan, 3.0])
    Array(1., dtype=float32)
    """
    return _extreme("nanmin", a, axis, keepdims, initial, where)


def ptp(a: ArrayLike, axis: Axes | None = None, *, keepdims: bool = False) -> ndarray:
    """The distance from the smallest to the largest element over `axis`.

    Dtypes: real numbers; the result has that of `a`.
    Raises: `ShapeError` for no elements.

    >>> tnp.ptp([[1.0, 4.0], [3.0, 2.0]], axis=1)
    Array([3., 1.], dtype=float32)
    """
    return _reduced("ptp", a, axis, keepdims)


def all(a: ArrayLike, axis: Axes | None = None, *, keepdims: bool = False, where: ArrayLike | None = None) -> ndarray:
    """Whether all elements over `axis` hold, of those that are `where`.

    Dtypes: any; the result holds truth values, which are constants.

    >>> tnp.all([[True, False], [True, True]], axis=1)
    Array([False,  True], dtype=bool)
    """
    return _reduced("all", _kept(asarray(a), where, True), axis, keepdims)


def any(a: ArrayLike, axis: Axes | None = None, *, keepdims: bool = False, where: ArrayLike | None = None) -> ndarray:
    """Whether any element over `axis` holds, of those that are `where`.

    Dtypes: any; the result holds truth values, which are constants.

    >>> tnp.any([[True, False], [False, False]], axis=1)
    Array([ True, False], dtype=bool)
    """
    return _reduced("any", _kept(asarray(a), where, False), axis, keepdims)


def argmax(a: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> ndarray:
    """Where the (first) largest element over `axis` is; without `axis`, in the flattened array.

    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ShapeError` or `ValueError` for no elements.

    >>> tnp.argmax([[1.0, 4.0], [3.0, 3.0]], axis=1), tnp.argmax([[1.0, 4.0], [3.0, 3.0]])
    (Array([1, 0], dtype=int64), Array(1, dtype=int64))
    """
    return _reduced("argmax", a, axis, keepdims)


def argmin(a: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> ndarray:
    """Where the (first) smallest element over `axis` is; without `axis`, in the flattened array.

    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ShapeError` or `ValueError` for no elements.

    >>> tnp.argmin([[1.0, 4.0], [3.0, 3.0]], axis=1), tnp.argmin([[1.0, 4.0], [3.0, 3.0]])
    (Array([0, 0], dtype=int64), Array(0, dtype=int64))
    """
    return _reduced("argmin", a, axis, keepdims)


def count_nonzero(a: ArrayLike, axis: Axes | None = None, *, keepdims: bool = False) -> ndarray:
    """How many elements over `axis` are not zero.

    Dtypes: any; the result holds integers, which are constants.

    >>> tnp.count_nonzero([[1, 0], [2, 3]], axis=1)
    Array([1, 2], dtype=int64)
    """
    return _reduced("count_nonzero", a, axis, keepdims)


def logsumexp(x: ArrayLike, /, axis: Axes | None = None, *, keepdims: bool = False) -> ndarray:
    """The logarithm of the sum of exponentials over `axis`, without overflow.

    Dtypes: integers become the default float.

    >>> tnp.logsumexp([800.0, 0.0])
    Array(800., dtype=float32)
    >>> tapegrad.grad(tnp.logsumexp)(tnp.asarray([800.0, 800.0]))
    Array([0.5, 0.5], dtype=float32)
    """
    return _reduced("logsumexp", x, axis, keepdims)


@overload
def average(
    a: ArrayLike,
    axis: Axes | None = None,
    weights: ArrayLike | None = None,
    returned: Literal[False] = False,
    *,
    keepdims: bool = False,
) -> ndarray: ...
@overload
def average(
    a: ArrayLike,
    axis: Axes | None = None,
    weights: ArrayLike | None = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any: ...
def average(
    a: ArrayLike,
    axis: Axes | None = None,
    weights: ArrayLike | None = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """The mean over `axis`, weighted if `weights` are given, of the shape of `a` or of the length of its axis.

    `returned`: the sum of the weights comes with it.

    Shapes: `weights` have that of `a`, or of the axes that `axis` names, which go, or keep length 1 with `keepdims`.
    Dtypes: `a` and `weights` are promoted to one, integers to a float.
    Raises: `ShapeError` for weights of another shape.

    >>> tnp.average([[1.0, 2.0], [5.0, 6.0]], axis=0, weights=[3.0, 1.0])
    Array([2., 3.], dtype=float32)
    >>> tapegrad.grad(lambda w: tnp.average([1.0, 5.0], weights=w))(tnp.asarray([3.0, 1.0]))
    Array([-0.25,  0.75], dtype=float32)
    """
    a = asarray(a)
    if weights is None:
        found = mean(a, axis, keepdims=keepdims)
        return (found, op.ones_like(found._detached()) * (a.size / found.size)) if returned else found
    w = asarray(weights)
    found = op.average(a, w, axis=axis, keepdims=keepdims)
    if not returned:
        return found
    total = sum(w, axis, keepdims=keepdims) if w.shape == a.shape else sum(w)
    return found, op.broadcast_to(total.astype(found.dtype, copy=False), shape=found.shape)


def cumulative_sum(
    x: ArrayLike, /, *, axis: int | None = None, dtype: DTypeLike | None = None, include_initial: bool = False
) -> ndarray:
    """The running sums along `axis`, starting with 0 if `include_initial`.

    Shapes: that of `x`, one longer along it with `include_initial`; without `axis`, an array of one axis at most.
    Dtypes: integers and truth values add up in 64 bits, others keep their dtype; `dtype` is what they become first.
    Raises: `ShapeError` for several axes without `axis`.

    >>> tnp.cumulative_sum([1, 2, 3], include_initial=True)
    Array([0, 1, 3, 6], dtype=int64)
    """
    return _cumulated("cumulative_sum", x, axis, dtype, include_initial)


def cumulative_prod(
    x: ArrayLike, /, *, axis: int | None = None, dtype: DTypeLike | None = None, include_initial: bool = False
) -> ndarray:
    """The running products along `axis`, starting with 1 if `include_initial`.

    Shapes: that of `x`, one longer along it with `include_initial`; without `axis`, an array of one axis at most.
    Dtypes: integers and truth values multiply in 64 bits, others keep their dtype; `dtype` is what they become first.
    Raises: `ShapeError` for several axes without `axis`.

    >>> tnp.cumulative_prod([1, 2, 3], include_initial=True)
    Array([1, 1, 2, 6], dtype=int64)
    """
    return _cumulated("cumulative_prod", x, axis, dtype, include_initial)


def _cumulated(name: str, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> ndarray:
    x = asarray(x)
    if axis is None:
        if x.ndim > 1:
            raise ShapeError(f"{name} of an array of {x.ndim} axes needs an axis; choose one")
        axis = 0
        x = x.reshape(-1)
    if dtype is not None:
        x = op.astype(x, dtype=dtypes.to_dtype(dtype))
    elif x.dtype in (dtypes.BOOL, *dtypes.SIGNED):
        x = x.astype("int64")
    elif x.dtype in dtypes.UNSIGNED:
        x = x.astype("uint64")
    found: ndarray = OPS[name].call(x, axis=axis)
    if include_initial:
        edge = list(x.shape)
        edge[axis] = 1
        first = op.filled(found._detached(), shape=tuple(edge), value=0 if name == "cumulative_sum" else 1)
        found = op.concat(first, found, axis=axis)
    return found


def cumsum(a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None) -> ndarray:
    """The running sums along `axis`; without it, of the flattened array.

    Shapes: that of `a`, or flat.
    Dtypes: integers and truth values add up in 64 bits, others keep their dtype; `dtype` is what they become first.

    >>> tnp.cumsum([[1, 2], [3, 4]], axis=1)
    Array([[1, 3],
           [3, 7]], dtype=int64)
    >>> tnp.cumsum([[1, 2], [3, 4]])
    Array([ 1,  3,  6, 10], dtype=int64)
    """
    a = asarray(a)
    return _cumulated("cumulative_sum", a.reshape(-1) if axis is None else a, axis or 0, dtype, False)


def cumprod(a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None) -> ndarray:
    """The running products along `axis`; without it, of the flattened array.

    Shapes: that of `a`, or flat.
    Dtypes: integers and truth values multiply in 64 bits, others keep their dtype; `dtype` is what they become first.

    >>> tnp.cumprod([[1, 2], [3, 4]], axis=1)
    Array([[ 1,  2],
           [ 3, 12]], dtype=int64)
    >>> tnp.cumprod([[1, 2], [3, 4]])
    Array([ 1,  2,  6, 24], dtype=int64)
    """
    a = asarray(a)
    return _cumulated("cumulative_prod", a.reshape(-1) if axis is None else a, axis or 0, dtype, False)


def diff(
    a: ArrayLike, n: int = 1, axis: int = -1, *, prepend: ArrayLike | None = None, append: ArrayLike | None = None
) -> ndarray:
    """The n-th differences of neighbours along `axis`, with values before or after if given.

    Shapes: that of `a`, `n` shorter along the axis; `prepend` and `append` are numbers, or fit in all other axes.
    Raises: `ShapeError` for edges that do not fit, `ValueError` for a negative `n`.

    >>> tnp.diff([1.0, 4.0, 9.0])
    Array([3., 5.], dtype=float32)
    >>> tnp.diff([1.0, 4.0, 9.0], n=2, prepend=0.0)
    Array([2., 2.], dtype=float32)
    """
    a = asarray(a)
    parts = [p if p is a else _edge(p, a, axis) for p in (prepend, a, append) if p is not None]
    if len(parts) > 1:
        a = op.concat(*parts, axis=axis)
    return op.diff(a, n=n, axis=axis)


def _edge(value: Any, x: ndarray, axis: int) -> ndarray:
    edge = asarray(value, x.dtype)
    if edge.ndim:
        return edge
    shape = list(x.shape)
    shape[axis] = 1
    return op.broadcast_to(edge, shape=tuple(shape))


def median(a: ArrayLike, axis: Axes | None = None, *, keepdims: bool = False) -> ndarray:
    """The middle value over `axis`, or the mean of the two in the middle.

    Dtypes: real numbers; integers become the default float.
    Raises: `ShapeError` for no elements.

    >>> tnp.median([4.0, 1.0, 2.0, 3.0])
    Array(2.5, dtype=float32)
    >>> tapegrad.grad(tnp.median)(tnp.asarray([4.0, 1.0, 2.0, 3.0]))
    Array([0. , 0. , 0.5, 0.5], dtype=float32)
    """
    return _reduced("median", a, axis, keepdims)


def quantile(
    a: ArrayLike, q: ArrayLike, axis: Axes | None = None, *, method: str = "linear", keepdims: bool = False
) -> ndarray:
    """The value below which the part `q`, between 0 and 1, of the elements over `axis` lies.

    Several parts give as many values, along new first axes. `method`: one of Hyndman and Fan's definitions (Sample
    Quantiles, 1996), under NumPy's names.

    Shapes: `axis` (an int, a tuple, None for all) goes, or keeps length 1 with `keepdims`; the axes of `q` are in
    front.
    Dtypes: real numbers; integers become the default float.
    Raises: `ShapeError` for no elements, `ValueError` for a `q` out of range or an unknown `method`,
    `NoGradientError` for a tracked `q`.

    >>> tnp.quantile([4.0, 1.0, 2.0], [0.0, 0.75])
    Array([1., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.quantile(x, 0.75))(tnp.asarray([4.0, 1.0, 2.0]))
    Array([0.5, 0. , 0.5], dtype=float32)
    """
    if is_batched(q):
        return _quantile_at_batched(asarray(a), q, axis, method, keepdims)
    each, shape = fractions(q)
    found: ndarray = op.quantile(asarray(a), q=each, axis=axis, method=method, keepdims=keepdims)
    return found if len(shape) < 2 else found.reshape(*shape, *found.shape[1:])


def _quantile_at_batched(a: ndarray, q: Any, axis: Any, method: str, keepdims: bool) -> ndarray:
    """`quantile` where each element of a vmap has other fractions: straight lines between the elements in order."""
    if method != "linear" or isinstance(axis, tuple):
        raise ArgumentError("quantile() of a batched q under vmap is by method 'linear', over one axis or all")
    if q._node is not None and MODE.get() & RECORDING:
        raise NoGradientError("a quantile has no derivative in q here; pass q.detach()")
    if a.dtype not in dtypes.INEXACT:
        a = a.astype(dtypes.get_default_dtype())
    ordered = op.sort(a.reshape(-1) if axis is None else op.moveaxis(a, source=axis, destination=0), axis=0)
    n = ordered.shape[0]
    place = op.clip(q, 0.0, 1.0) * (n - 1)
    below = op.clip(op.astype(op.floor(place), dtype=host.dtype("int64")), 0, n - 2 if n > 1 else 0)
    part = op.reshape(op.astype(place - below, dtype=a.dtype), shape=(*q.shape, *(1,) * (ordered.ndim - 1)))
    low, high = (op.take(ordered, i, axis=0) for i in (below, op.clip(below + 1, 0, n - 1)))
    found = low + (high - low) * part
    if keepdims:
        kept = (1,) * a.ndim if axis is None else tuple(1 if i == axis % a.ndim else m for i, m in enumerate(a.shape))
        found = op.reshape(found, shape=(*q.shape, *kept))
    return found


def percentile(
    a: ArrayLike, q: ArrayLike, axis: Axes | None = None, *, method: str = "linear", keepdims: bool = False
) -> ndarray:
    """The value below which `q` percent of the elements over `axis` lie.

    Shapes: `axis` (an int, a tuple, None for all) goes, or keeps length 1 with `keepdims`; the axes of `q` are in
    front.
    Dtypes: real numbers; integers become the default float.
    Raises: `ShapeError` for no elements, `ValueError` for a `q` out of range or an unknown `method`,
    `NoGradientError` for a tracked `q`.

    >>> tnp.percentile([4.0, 1.0, 2.0], 75)
    Array(3., dtype=float32)
    """
    if is_batched(q):
        return quantile(asarray(a), asarray(q) / 100.0, axis, method=method, keepdims=keepdims)
    each, shape = fractions(q, 100.0)
    return quantile(asarray(a), host.reshape(each, shape), axis, method=method, keepdims=keepdims)


def trapezoid(y: ArrayLike, x: ArrayLike | None = None, dx: ArrayLike = 1.0, axis: int = -1) -> ndarray:
    """The integral of samples along `axis` by the trapezoid rule, at places `x` or `dx` apart.

    Shapes: the axis goes; `x` has one axis, as long as that of `y`, or broadcasts with `y`; `dx` is a number, or the
    widths.
    Dtypes: all are promoted to one, integers to a float.
    Raises: `ShapeError` where `x` and `y` differ in their number of points.

    >>> tnp.trapezoid([1.0, 2.0, 4.0], dx=0.5)
    Array(2.25, dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.trapezoid([1.0, 2.0, 4.0], x))(tnp.asarray([0.0, 1.0, 3.0]))
    Array([-1.5, -1.5,  3. ], dtype=float32)
    """
    y, scale = asarray(y), None
    if x is not None:
        x = asarray(x)
    elif isinstance(dx, Array) or host.asarray(dx).ndim:
        widths = asarray(dx)
        if widths.ndim:
            x = cumulative_sum(widths, axis=axis if widths.ndim > 1 else 0, include_initial=True)
        else:
            scale = widths
        dx = 1.0
    found: ndarray = op.trapezoid(y, x, dx=dx, axis=axis)
    return found if scale is None else found * scale
