"""Sums, extremes, norms, sorting and products of matrices, in MXNet's words."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from .. import dtypes
from ..arrays.array import Array
from ..engines.tables import RECORDED as ops
from ..errors import ArgumentError, ShapeError
from .checks import axis_tuple, dtype_of, kept, need, need_all, one_axis, one_int
from .ndarray import NDArray, flat, give, give_all, make

__all__ = [
    "ElementWiseSum",
    "L2Normalization",
    "add_n",
    "all_finite",
    "argmax",
    "argmax_channel",
    "argmin",
    "argsort",
    "batch_dot",
    "cumsum",
    "dot",
    "elemwise_add",
    "elemwise_div",
    "elemwise_mul",
    "elemwise_sub",
    "histogram",
    "khatri_rao",
    "max",
    "max_axis",
    "mean",
    "min",
    "min_axis",
    "moments",
    "multi_all_finite",
    "multi_sum_sq",
    "nanprod",
    "nansum",
    "norm",
    "prod",
    "rint",
    "round",
    "sort",
    "sum",
    "sum_axis",
    "topk",
]

FLOAT32 = np.dtype("float32")


def _reduced(name: str, op_name: str, data: Any, axis: Any, keepdims: bool, exclude: bool, out: Any) -> Any:
    if data.__class__ is not NDArray:
        need(data, name)
    axes = None
    if axis is not None:
        axes = axis_tuple(axis, data.ndim, name, exclude)
        if axes == () and data.ndim:
            return give(out, data.copy())
    # A vector is reduced to shape (1,), which is what keeping its axis gives.
    found = getattr(ops, op_name)(data, axis=axes, keepdims=bool(keepdims) or len(data._value.shape) == 1)
    if not found._value.shape:
        found = kept(found)
    if op_name in ("sum", "prod") and found._dtype != data._dtype:
        found = ops.astype(found, dtype=data._dtype)  # integers stay what they are
    return found if out is None else give(out, found)


def sum(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The sum over `axis` (an int, a tuple, None for all), with `exclude` over all others. Shape (1,) instead of ().

    Shapes: any; the axes summed over are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: any; the sum has that of `data`, also where the standard's widens small integers.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> x = nd.array([[1, 2], [3, 4], [5, 6]])
    >>> x.sum().shape, nd.sum(x, axis=0, exclude=True).asnumpy().tolist()
    ((1,), [3.0, 7.0, 11.0])
    """
    return _reduced("sum", "sum", data, axis, keepdims, exclude, out)  # type: ignore[no-any-return]


def mean(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The mean over `axis` (an int, a tuple, None for all), with `exclude` over all others. Shape (1,) instead of ().

    Shapes: any; the axes averaged over are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: floats; integers and booleans give the default float.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> nd.mean(nd.array([[1, 2], [3, 6]]), axis=1).asnumpy().tolist()
    [1.5, 4.5]
    """
    return _reduced("mean", "mean", data, axis, keepdims, exclude, out)  # type: ignore[no-any-return]


def prod(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The product over `axis` (an int, a tuple, None for all), with `exclude` over all others; of shape (1,) at least.

    Shapes: any; the axes multiplied over are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: any; the product has that of `data`, also where the standard's widens small integers.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> nd.prod(nd.array([[1, 2], [3, 4]]), axis=0).asnumpy().tolist()
    [3.0, 8.0]
    """
    return _reduced("prod", "prod", data, axis, keepdims, exclude, out)  # type: ignore[no-any-return]


def nansum(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The sum over `axis` of what is not NaN.

    Shapes: as those of `nd.sum`; (1,) instead of ().

    Dtypes: any; the sum has that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> print(nd.nansum(nd.array([1, float("nan"), 2])).asscalar())
    3.0
    """
    return sum(_without_nan(need(data, "nansum"), 0), axis, keepdims, exclude, out)


def nanprod(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The product over `axis` of what is not NaN.

    Shapes: as those of `nd.prod`; (1,) instead of ().

    Dtypes: any; the product has that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> print(nd.nanprod(nd.array([3, float("nan"), 2])).asscalar())
    6.0
    """
    return prod(_without_nan(need(data, "nanprod"), 1), axis, keepdims, exclude, out)


def _without_nan(x: NDArray, value: float) -> NDArray:
    return ops.where(ops.isnan(x), ops.filled(x, shape=x.shape, value=value), x)  # type: ignore[no-any-return]


def max(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The largest element over `axis`. Several that are equally large share the gradient.

    `axis` is an int, a tuple or None for all; `exclude` takes all others.

    Shapes: any; the axes in question are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ShapeError` where there
    is no element.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[1, 5], [7, 7]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.max(x, axis=1)
    >>> y.backward()
    >>> y.asnumpy().tolist(), x.grad.asnumpy().tolist()
    ([5.0, 7.0], [[0.0, 1.0], [0.5, 0.5]])
    """
    return _reduced("max", "max", data, axis, keepdims, exclude, out)  # type: ignore[no-any-return]


def min(
    data: Any, axis: Any = None, keepdims: bool = False, exclude: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The smallest element over `axis`. Several that are equally small share the gradient.

    `axis` is an int, a tuple or None for all; `exclude` takes all others.

    Shapes: any; the axes in question are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ShapeError` where there
    is no element.

    >>> from tapegrad import nd
    >>> nd.min(nd.array([[1, 5], [7, 3]]), axis=1).asnumpy().tolist()
    [1.0, 3.0]
    """
    return _reduced("min", "min", data, axis, keepdims, exclude, out)  # type: ignore[no-any-return]


sum_axis, max_axis, min_axis = sum, max, min


def norm(
    data: Any,
    ord: int = 2,
    axis: Any = None,
    out_dtype: Any = None,
    keepdims: bool = False,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The 1-norm or 2-norm over `axis` (an int or several, None for all).

    Over several axes `ord=1` is the sum of all absolute values and `ord=2` the root of all squares together, as in
    MXNet: no norm of matrices, for which there is `tapegrad.numpy.linalg.norm`.

    Shapes: any; the axes in question are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: that of `data` unless `out_dtype` says otherwise; the 2-norm of integers is the default float.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `ord`, `AxisError` for an axis that it does not
    have.

    >>> from tapegrad import nd
    >>> x = nd.array([[3, 4], [0, 5]])
    >>> nd.norm(x, axis=1).asnumpy().tolist(), nd.norm(x, ord=1, axis=(0, 1)).asnumpy().tolist()
    ([5.0, 5.0], [12.0])
    """
    data = need(data, "norm")
    if ord not in (1, 2):
        raise ArgumentError(f"norm(): ord is {ord!r}; choose 1 or 2")
    axes = None if axis is None else axis_tuple(axis, data.ndim, "norm")
    keepdims = bool(keepdims) or data.ndim == 1
    if ord == 2:
        found = ops.vector_norm(data, axis=axes, keepdims=keepdims)
    else:
        found = ops.astype(ops.sum(ops.abs(data), axis=axes, keepdims=keepdims), dtype=dtype_of(data))
    found = kept(found)
    if out_dtype is not None:
        found = ops.astype(found, dtype=dtypes.to_dtype(out_dtype))
    return give(out, found)


def L2Normalization(
    data: Any, eps: float = 1e-10, mode: str = "instance", out: Any = None, name: Any = None
) -> NDArray:
    """Each sample divided by its 2-norm: over all of it ("instance"), its channels ("channel"), or space ("spatial").

    Shapes: (n, channels, *space); the result has that of `data`. "instance" goes over all axes but the first.

    Dtypes: floats; integers and booleans give the default float. `eps` is added under the root.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `mode`, `AxisError` where there is no axis of
    channels.

    >>> from tapegrad import nd
    >>> print(nd.L2Normalization(nd.array([[3, 4]])).asnumpy().round(3))
    [[0.6 0.8]]
    """
    data = need(data, "L2Normalization")
    choices = {"instance": range(1, data.ndim), "channel": (1,), "spatial": range(2, data.ndim)}
    if mode not in choices:
        raise ArgumentError(f"L2Normalization(): mode is {mode!r}; choose one of {', '.join(map(repr, choices))}")
    total = ops.sum(ops.square(data), axis=tuple(choices[mode]), keepdims=True)
    return give(out, data / ops.sqrt(total + eps))


def moments(data: Any, axes: Any = None, keepdims: bool = False, out: Any = None, name: Any = None) -> list[NDArray]:
    """The mean and the variance over `axes`.

    Shapes: any; the axes in question are left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: floats; integers and booleans give the default float.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> mean, variance = nd.moments(nd.array([[1, 2], [3, 6]]), axes=(0,))
    >>> mean.asnumpy().tolist(), variance.asnumpy().tolist()
    ([2.0, 4.0], [1.0, 4.0])
    """
    data = need(data, "moments")
    over = axis_tuple(axes, data.ndim, "moments")
    middle = ops.mean(data, axis=over, keepdims=True)
    spread = ops.mean(ops.square(data - middle), axis=over, keepdims=bool(keepdims))
    return give_all(out, [kept(ops.mean(data, axis=over, keepdims=bool(keepdims))), kept(spread)], "moments")


def round(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """The nearest integer, halves away from zero. There is no gradient.

    Shapes: any; the result has that of `data`.

    Dtypes: floats and integers, kept.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.round(nd.array([-1.5, 0.5, 2.4])).asnumpy().tolist()
    [-2.0, 1.0, 2.0]
    """
    data = need(data, "round")
    whole = ops.trunc(data)
    return give(out, whole + ops.trunc((data - whole) * 2))


def rint(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """The nearest integer, halves downwards. There is no gradient.

    Shapes: any; the result has that of `data`.

    Dtypes: floats and integers, kept.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.rint(nd.array([-1.5, 0.5, 2.6])).asnumpy().tolist()
    [-2.0, 0.0, 3.0]
    """
    data = need(data, "rint")
    below = ops.floor(data)
    return give(out, ops.where(ops.greater(data - below, 0.5), below + 1, below))


# Places and orders.


def _places(found: Any, data: NDArray) -> Any:
    """Places as MXNet gives them, in the dtype of what was searched; those of booleans and complex numbers float32."""
    dtype = dtype_of(data)
    return ops.astype(found, dtype=dtype if dtypes.is_dtype(dtype, ("integral", "real floating")) else FLOAT32)


def _extreme(name: str, data: Any, axis: int | None, keepdims: bool, out: Any) -> Any:
    data = need(data, name)
    if axis is not None:
        axis = one_axis(axis, data.ndim, name)
    found = getattr(ops, name)(data, axis=axis, keepdims=bool(keepdims))
    return give(out, flat(_places(kept(found), data), data))


def argmax(data: Any, axis: int | None = None, keepdims: bool = False, out: Any = None, name: Any = None) -> NDArray:
    """Where the largest element is, along `axis` or in the flat array, the first of several. There is no gradient.

    Shapes: any; `axis` is left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: places have that of `data`, as in MXNet: float32 is exact up to 2²⁴, float16 up to 2¹¹, int8 up to 127.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ValueError` without
    elements.

    >>> from tapegrad import nd
    >>> x = nd.array([[1, 3, 2], [9, 0, 0]])
    >>> nd.argmax(x, axis=1).asnumpy().tolist(), nd.argmax(x).asnumpy().tolist()
    ([1.0, 0.0], [3.0])
    """
    return _extreme("argmax", data, axis, keepdims, out)  # type: ignore[no-any-return]


def argmin(data: Any, axis: int | None = None, keepdims: bool = False, out: Any = None, name: Any = None) -> NDArray:
    """Where the smallest element is, along `axis` or in the flat array, the first of several. There is no gradient.

    Shapes: any; `axis` is left out, or kept with length 1 by `keepdims`. Without one left, (1,).

    Dtypes: places have that of `data`, as in MXNet: float32 is exact up to 2²⁴, float16 up to 2¹¹, int8 up to 127.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ValueError` without
    elements.

    >>> from tapegrad import nd
    >>> nd.argmin(nd.array([[1, 3, 2], [9, 0, 0]]), axis=1).asnumpy().tolist()
    [0.0, 1.0]
    """
    return _extreme("argmin", data, axis, keepdims, out)  # type: ignore[no-any-return]


def argmax_channel(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """`argmax` along the last axis.

    Shapes: any with an axis; the last is left out.

    Dtypes: places have that of `data`, as those of `argmax`.

    Raises: as `argmax`.

    >>> from tapegrad import nd
    >>> nd.argmax_channel(nd.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]])).asnumpy().tolist()
    [1.0, 0.0]
    """
    return argmax(data, axis=-1, out=out)


def _along(data: NDArray, axis: int | None, where: str) -> tuple[NDArray, int]:
    if axis is None:
        return ops.reshape(data, shape=(data.size,)), 0
    return data, one_axis(axis, data.ndim, where)


def sort(data: Any, axis: int | None = -1, is_ascend: bool = True, out: Any = None, name: Any = None) -> NDArray:
    """The elements in order along `axis`, of the flat array if it is None.

    Gradients go back to where the elements came from. NaNs come last.

    Shapes: any; the result has that of `data`, or with `axis=None` one axis.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> nd.sort(nd.array([3, 1, 2]), is_ascend=False).asnumpy().tolist()
    [3.0, 2.0, 1.0]
    """
    data, along = _along(need(data, "sort"), axis, "sort")
    return give(out, ops.sort(data, axis=along, descending=not is_ascend))


def argsort(
    data: Any,
    axis: int | None = -1,
    is_ascend: bool = True,
    dtype: Any = "float32",
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The places of the elements in order along `axis`, in the flat array if it is None. There is no gradient.

    Shapes: any; the result has that of `data`, or with `axis=None` one axis.

    Dtypes: float32 unless `dtype` says otherwise, whatever that of `data`; float32 is exact up to 2²⁴.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `DtypeError` for no
    dtype.

    >>> from tapegrad import nd
    >>> nd.argsort(nd.array([3, 1, 2]), is_ascend=False, dtype="int32").asnumpy().tolist()
    [0, 2, 1]
    """
    data, along = _along(need(data, "argsort"), axis, "argsort")
    found = ops.argsort(data, axis=along, descending=not is_ascend)
    return give(out, flat(ops.astype(found, dtype=dtypes.to_dtype(dtype)), data))


def topk(
    data: Any,
    axis: int | None = -1,
    k: int = 1,
    ret_typ: str = "indices",
    is_ascend: bool = False,
    dtype: Any = "float32",
    out: Any = None,
    name: Any = None,
) -> Any:
    """The `k` largest elements along `axis` (smallest with `is_ascend`; all if k < 1): where they are, or what.

    `ret_typ`: "indices", "value", "both" (values, then indices), or "mask": ones where they are.

    Shapes: `axis` gets length `k`, or stays for "mask"; with `axis=None` of the flat array.

    Dtypes: places are float32 unless `dtype` says otherwise; values and the mask have that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ValueError` for another
    `ret_typ` or a `k` that exceeds the length of the axis.

    >>> from tapegrad import nd
    >>> values, places = nd.topk(nd.array([[3, 1, 2], [0, 5, 4]]), k=2, ret_typ="both")
    >>> values.asnumpy().tolist(), places.asnumpy().tolist()
    ([[3.0, 2.0], [5.0, 4.0]], [[0.0, 2.0], [1.0, 2.0]])
    """
    if ret_typ not in ("indices", "value", "both", "mask"):
        raise ArgumentError(f"topk(): ret_typ is {ret_typ!r}; choose 'indices', 'value', 'both' or 'mask'")
    given = need(data, "topk")
    data, along = _along(given, axis, "topk")
    length, k = data.shape[along], one_int(k, "topk", "k")
    if k > length:
        raise ArgumentError(f"topk(): k is {k}, and axis {along} has {length} elements")
    order = ops.argsort(data, axis=along, descending=not is_ascend)
    first = ops.getitem(order, key=(slice(None),) * along + (slice(0, k if k > 0 else length),))
    if ret_typ == "mask":
        ones = ops.filled(data, shape=first.shape, value=1)
        found = ops.put_along_axis(ops.filled(data, shape=data.shape, value=0), first, ones, axis=along)
        return give(out, flat(ops.reshape(found, shape=given.shape), given))
    places = flat(ops.astype(first, dtype=dtypes.to_dtype(dtype)), data)
    if ret_typ == "indices":
        return give(out, places)
    values = ops.take_along_axis(data, first, axis=along)
    return give(out, values) if ret_typ == "value" else give_all(out, [values, places], "topk")


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None, name: Any = None) -> NDArray:
    """The sums of the first elements along `axis`, of the flat array if it is None.

    Shapes: any; the result has that of `a`, or with `axis=None` one axis.

    Dtypes: `dtype`, else that of `a`, also where the standard's widens small integers; booleans become int64.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> nd.cumsum(nd.array([[1, 2], [3, 4]]), axis=1).asnumpy().tolist()
    [[1.0, 3.0], [3.0, 7.0]]
    """
    data, along = _along(need(a, "cumsum", "a"), axis, "cumsum")
    if dtype is not None:
        data = data.astype(dtype)
    found = ops.cumulative_sum(data, axis=along)
    if dtypes.is_dtype(dtype_of(data), "integral"):
        found = ops.astype(found, dtype=dtype_of(data))
    return give(out, found)


def histogram(a: Any, bins: Any = 10, range: Any = None) -> tuple[NDArray, NDArray]:
    """How many elements lie in each bin, and the edges of the bins. There is no gradient.

    `bins` is how many, evenly over `range` (the extent of the values if None), or the edges themselves, as numbers or
    an array. A bin includes its left edge; the last one includes both.

    Shapes: any `a`; (bins,) counts and (bins + 1,) edges.

    Dtypes: counts are int64, edges of the dtype of `a`, of integers the default float.

    Raises: `TypeError` for what is no NDArray, `ValueError` for no bins, edges that fall, or a range without an extent.

    >>> from tapegrad import nd
    >>> counts, edges = nd.histogram(nd.array([0, 1, 1, 2]), bins=2)
    >>> counts.asnumpy().tolist(), edges.asnumpy().tolist()
    ([1, 3], [0.0, 1.0, 2.0])
    """
    a = need(a, "histogram", "a")
    edges = bins.asnumpy() if isinstance(bins, Array) else bins
    try:
        counts, found = np.histogram(a.asnumpy(), edges, range)
    except ValueError as error:
        raise ArgumentError(f"histogram(): {error}") from None
    dtype = dtypes.default_float(dtype_of(a))
    return make(counts.astype(np.int64), a.context), make(found.astype(dtype), a.context)


# Sums of arrays and products of matrices.


def add_n(*args: Any, out: Any = None, name: Any = None) -> NDArray:
    """The sum of arrays of one shape.

    Shapes: all of one shape, which the sum has.

    Dtypes: those of all together.

    Raises: `TypeError` for what is no NDArray, for a list (spread it) and for no arrays, `ShapeError` for shapes that
    differ.

    >>> from tapegrad import nd
    >>> losses = [nd.array([1, 2]), nd.array([10, 20]), nd.array([100, 200])]
    >>> nd.add_n(*losses).asnumpy().tolist()
    [111.0, 222.0]
    """
    total, *rest = need_all(args, "add_n")
    for x in rest:
        _alike("add_n", total, x)
        total = total + x
    return give(out, total.copy() if not rest else total)


ElementWiseSum = add_n


def _alike(where: str, lhs: Any, rhs: Any) -> None:
    lhs, rhs = need(lhs, where, "lhs"), need(rhs, where, "rhs")
    if lhs.shape != rhs.shape:
        raise ShapeError(f"{where}() takes arrays of one shape, not {lhs.shape} and {rhs.shape}")


def elemwise_add(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
    """The sum of two arrays of one shape.

    Shapes: both of one shape, which the sum has; `nd.broadcast_add` takes others.

    Dtypes: that of both together.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that differ.

    >>> from tapegrad import nd
    >>> nd.elemwise_add(nd.ones(2), nd.ones(2)).asnumpy().tolist()
    [2.0, 2.0]
    """
    _alike("elemwise_add", lhs, rhs)
    return give(out, lhs + rhs)


def elemwise_sub(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
    """The difference of two arrays of one shape.

    Shapes: both of one shape, which the difference has; `nd.broadcast_sub` takes others.

    Dtypes: that of both together.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that differ.

    >>> from tapegrad import nd
    >>> nd.elemwise_sub(nd.array([5, 7]), nd.ones(2)).asnumpy().tolist()
    [4.0, 6.0]
    """
    _alike("elemwise_sub", lhs, rhs)
    return give(out, lhs - rhs)


def elemwise_mul(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
    """The product, element by element, of two arrays of one shape.

    Shapes: both of one shape, which the product has; `nd.broadcast_mul` takes others.

    Dtypes: that of both together.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that differ.

    >>> from tapegrad import nd
    >>> nd.elemwise_mul(nd.array([5, 7]), nd.array([2, 3])).asnumpy().tolist()
    [10.0, 21.0]
    """
    _alike("elemwise_mul", lhs, rhs)
    return give(out, lhs * rhs)


def elemwise_div(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
    """The quotient, element by element, of two arrays of one shape.

    Shapes: both of one shape, which the quotient has; `nd.broadcast_div` takes others.

    Dtypes: that of both together; integers are divided towards zero, as in C.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that differ.

    >>> from tapegrad import nd
    >>> nd.elemwise_div(nd.array([5, 7]), nd.array([2, 4])).asnumpy().tolist()
    [2.5, 1.75]
    """
    _alike("elemwise_div", lhs, rhs)
    return give(out, lhs / rhs)


def dot(
    lhs: Any,
    rhs: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The sum of products over the last axis of `lhs` and the first of `rhs`; of two vectors of shape (1,).

    `transpose_a` sums over the first axis of `lhs` instead, `transpose_b` over the last of `rhs`.

    Shapes: (…, k) and (k, …) give what stands before the one k and behind the other; of two vectors (1,).

    Dtypes: that of both together; of integers they are summed in it, and may overflow.

    Raises: `TypeError` for what is no NDArray, `ShapeError` where the two axes differ in length or there are none.

    >>> from tapegrad import nd
    >>> a, b = nd.array([[1, 2], [3, 4]]), nd.array([[1, 0], [1, 1]])
    >>> nd.dot(a, b).asnumpy().tolist(), nd.dot(a, b, transpose_b=True).asnumpy().tolist()
    ([[3.0, 2.0], [7.0, 4.0]], [[1.0, 3.0], [3.0, 7.0]])
    """
    lhs, rhs = need(lhs, "dot", "lhs"), need(rhs, "dot", "rhs")
    shape, other = lhs._value.shape, rhs._value.shape
    if not shape or not other:
        raise ShapeError(f"dot() needs an axis to sum over in both arrays, of shapes {lhs.shape} and {rhs.shape}")
    left, right = 0 if transpose_a else len(shape) - 1, len(other) - 1 if transpose_b else 0
    if shape[left] != other[right]:
        raise ShapeError(
            f"dot() of shapes {lhs.shape} and {rhs.shape}: axis {left} of the one has length {shape[left]}, "
            f"axis {right} of the other {other[right]}"
        )
    if len(other) == 2 and (len(shape) == 2 or (len(shape) > 2 and not transpose_a)):
        if transpose_a:
            lhs = ops.matrix_transpose(lhs)
        if transpose_b:
            rhs = ops.matrix_transpose(rhs)
        found = ops.matmul(lhs, rhs)
    else:
        found = kept(ops.tensordot(lhs, rhs, axes=((left,), (right,))))
    return found if out is None else give(out, found)


def batch_dot(
    lhs: Any,
    rhs: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    forward_stype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The product of matrices, the last two axes, for each of the leading axes, which agree.

    Shapes: (…, n, k) and (…, k, m), of three axes at least, give (…, n, m); `transpose_a` takes (…, k, n),
    `transpose_b` (…, m, k).

    Dtypes: that of both together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for leading axes that differ, for matrices without them
    (see `nd.dot`), or where n × k does not meet k × m.

    >>> from tapegrad import nd
    >>> nd.batch_dot(nd.ones((5, 2, 3)), nd.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    lhs, rhs = need(lhs, "batch_dot", "lhs"), need(rhs, "batch_dot", "rhs")
    if lhs.ndim < 3 or lhs.ndim != rhs.ndim or lhs.shape[:-2] != rhs.shape[:-2]:
        raise ShapeError(
            f"batch_dot() takes matrices over leading axes that agree, not shapes {lhs.shape} and {rhs.shape}"
        )
    if transpose_a:
        lhs = ops.matrix_transpose(lhs)
    if transpose_b:
        rhs = ops.matrix_transpose(rhs)
    return give(out, ops.matmul(lhs, rhs))


def khatri_rao(*args: Any, out: Any = None, name: Any = None) -> NDArray:
    """The Khatri-Rao product of matrices with one number of columns: column by column the Kronecker product.

    Shapes: (n, k) and (m, k), and more, give (n · m · …, k).

    Dtypes: those of all together.

    Raises: `TypeError` for what is no NDArray, a list (spread it) or nothing, `ShapeError` for what is no matrix or of
    another width.

    >>> from tapegrad import nd
    >>> nd.khatri_rao(nd.array([[1, 2], [3, 4]]), nd.array([[1, 10]])).asnumpy().tolist()
    [[1.0, 20.0], [3.0, 40.0]]
    """
    found, *rest = need_all(args, "khatri_rao")
    for x in rest:
        if x.ndim != 2 or found.ndim != 2 or x.shape[1] != found.shape[1]:
            raise ShapeError(f"khatri_rao() takes matrices of one width, not {found.shape} and {x.shape}")
        (n, width), (m, _) = found.shape, x.shape
        product = ops.reshape(found, shape=(n, 1, width)) * ops.reshape(x, shape=(1, m, width))
        found = ops.reshape(product, shape=(n * m, width))
    return give(out, found)


def all_finite(data: Any, init_output: bool = True, out: Any = None, name: Any = None) -> NDArray:
    """One if no element is infinite or NaN, else zero; of shape (1,).

    `init_output=False` keeps a zero that `out` held. There is no gradient.

    Shapes: any; the result is (1,).

    Dtypes: any; the result is float32.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> print(nd.all_finite(nd.array([1, float("nan")])).asscalar())
    0.0
    """
    return multi_all_finite(data, init_output=init_output, out=out)


def multi_all_finite(
    *data: Any, num_arrays: int | None = None, init_output: bool = True, out: Any = None, name: Any = None
) -> NDArray:
    """One if no element of any array is infinite or NaN, else zero; of shape (1,).

    `init_output=False` keeps a zero that `out` held. There is no gradient; `num_arrays` has no meaning here.

    Shapes: any, not of one shape; the result is (1,).

    Dtypes: any; the result is float32.

    Raises: `TypeError` for what is no NDArray, for a list (spread it) and for no arrays.

    >>> from tapegrad import nd
    >>> print(nd.multi_all_finite(nd.ones(1), nd.array([float("inf")])).asscalar())
    0.0
    """
    arrays = need_all(data, "multi_all_finite")
    finite = builtins.all(bool(np.isfinite(x.asnumpy()).all()) for x in arrays)
    if out is not None and not init_output:
        finite = finite and bool(out)
    return give(out, make(np.full(1, finite, np.float32), arrays[0].context))


def multi_sum_sq(*data: Any, num_arrays: int | None = None, out: Any = None, name: Any = None) -> NDArray:
    """For each array the sum of its squares.

    With it the norm of a model's gradients is found in one call; `num_arrays` has no meaning here.

    Shapes: any, not of one shape; of k arrays the result is (k,).

    Dtypes: float32, in which float16 is summed, as in MXNet; float64 where an array is of float64.

    Raises: `TypeError` for what is no NDArray, for a list (spread it) and for no arrays.

    >>> from tapegrad import nd
    >>> nd.multi_sum_sq(nd.array([3, 4]), nd.ones((2, 3))).asnumpy().tolist()
    [25.0, 6.0]
    """
    arrays = need_all(data, "multi_sum_sq")
    wide = any(dtype_of(x) == np.dtype("float64") for x in arrays)
    arrays = [ops.astype(x, dtype=np.dtype("float64") if wide else FLOAT32) for x in arrays]
    sums = [ops.reshape(ops.sum(ops.square(x), axis=None), shape=(1,)) for x in arrays]
    return give(out, ops.concat(*sums, axis=0))
