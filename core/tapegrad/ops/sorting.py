"""Sorting, searching, and what is read off a sorted array: medians, quantiles, the largest few, the distinct values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..op import locally_constant, op
from ..op.batching import loop
from ..op.samples import Draw, booleans, distinct, exactly, integers, normal
from .cumulative import along_behind, axis_of, cut
from .indexing import axes_of, over_axes
from .reductions import gathered


def _along(draw: Draw, **keywords: Any) -> list[Any]:
    return [
        ((draw.of_shape(3, 4),), {"axis": 0, **keywords}),
        ((draw.of_shape(3, 4),), {"axis": -1, **keywords}),
        ((draw.of_shape(2, 3, 4),), {"axis": 1, **keywords}),
        ((draw.of_shape(5),), {**keywords}),
        ((draw.of_shape(1),), {"axis": 0, **keywords}),
        ((draw.of_shape(3, 1),), {"axis": 1, **keywords}),
    ]


_EMPTY = [((normal(0),), {"axis": 0}), ((normal(3, 0),), {"axis": 0}), ((normal(3, 0),), {"axis": 1})]
_TIES = [(exactly([2.0, 1.0, 2.0]),), ((exactly([[1.0, 1.0, 0.0], [3.0, 3.0, 3.0]]),), {"axis": 1})]
_ERRORS = [((normal(3, 4),), {"axis": 2}), ((normal(3, 4),), {"axis": -3})]


# Where the extremes are


def _place_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    from ..engines.tables import RECORDED

    (x,) = args
    ndim, axis = x.ndim - 1, keywords["axis"]
    if axis is not None:
        return op.call(x, **{**keywords, "axis": axes_of(axis, ndim)[0] + 1})
    found = op.call(RECORDED.reshape(x, shape=(size, x.size // size)), axis=1, keepdims=False)
    return RECORDED.reshape(found, shape=(size, *(1,) * ndim)) if keywords["keepdims"] else found


_PLACES = [*_along(distinct()), *_TIES, (distinct(),), (distinct(3, 4),), ((distinct(3, 4),), {"keepdims": True})]


@locally_constant(batch=_place_behind, primitive=True, samples=_PLACES, errors=[*_ERRORS, (normal(0),)], real=True)
def argmax(xp: Any, x: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the largest element along an axis, or of all; the first where several are.

    Shapes: the axis goes, or keeps length 1 with `keepdims`; None takes all.

    Dtypes: real numbers; the result holds integers.

    Raises: `AxisError` for an axis that is not there, `ShapeError` or `ValueError` for no elements.

    >>> argmax(tnp.asarray([[1.0, 5.0], [7.0, 7.0]]), axis=1)
    Array([1, 0], dtype=int64)
    """
    return xp.argmax(x, axis=axis, keepdims=keepdims)


@locally_constant(batch=_place_behind, primitive=True, samples=_PLACES, errors=[*_ERRORS, (normal(0),)], real=True)
def argmin(xp: Any, x: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the smallest element along an axis, or of all; the first where several are.

    Shapes: the axis goes, or keeps length 1 with `keepdims`; None takes all.

    Dtypes: real numbers; the result holds integers.

    Raises: `AxisError` for an axis that is not there, `ShapeError` or `ValueError` for no elements.

    >>> argmin(tnp.asarray([[1.0, 5.0], [7.0, 7.0]]), axis=1)
    Array([0, 0], dtype=int64)
    """
    return xp.argmin(x, axis=axis, keepdims=keepdims)


@locally_constant(
    outs=True,
    dynamic=True,
    primitive=True,
    samples=[
        (exactly([0.0, 2.0, -0.0]),),
        (booleans(3, 4),),
        (booleans(5),),
        (integers(2, 3, 4, low=-1, high=2),),
        (normal(0),),
        (normal(3, 0),),
        (normal(3, 4),),
        (exactly([[False, False]]),),
    ],
)
def nonzero(xp: Any, x: Any) -> Any:
    """The places of the elements that are not 0: an index array for each axis.

    Shapes: one axis or more; each result has one axis, as long as there are such elements.

    Dtypes: any; the results hold integers.

    Raises: only `DynamicShapeError` under `vmap`, and `TypeError` for anything that is not an array.

    >>> nonzero(tnp.asarray([[0, 1], [2, 0]]))
    [Array([0, 1], dtype=int64), Array([1, 0], dtype=int64)]
    """
    return xp.nonzero(x)


# Sorting


def _put_back(xp: Any, g: Any, indices: Any, axis: int) -> Any:
    """What a gather at a permutation's indices sends back: each element to where it came from."""
    return xp.put_along_axis(xp.zeros_like(g), indices, g, axis=axis)


@op(
    x=lambda xp, g, x, axis, descending: _put_back(
        xp, g, xp.argsort(x, axis=axis, descending=descending, stable=True), axis
    ),
    jvp=lambda xp, d_x, x, axis, descending: xp.take_along_axis(
        d_x, xp.argsort(x, axis=axis, descending=descending, stable=True), axis=axis
    ),
    batch=along_behind,
    accuracy="I0",
    primitive=True,
    samples=[*_along(distinct()), *_along(distinct(), descending=True), *_EMPTY, _TIES[0]],
    errors=_ERRORS,
    real=True,
)
def sort(xp: Any, x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The elements along an axis in order. Equal ones keep their order, and so do their derivatives.

    Shapes: one axis or more; the result has that of `x`.

    Raises: `AxisError` for an axis that is not there.

    >>> sort(tnp.asarray([3.0, 1.0, 2.0]), descending=True)
    Array([3., 2., 1.], dtype=float32)
    >>> tapegrad.grad(lambda x: sort(x)[0])(tnp.asarray([3.0, 1.0, 2.0]))
    Array([0., 1., 0.], dtype=float32)
    """
    return xp.sort(x, axis=axis, descending=descending, stable=stable)


@locally_constant(
    batch=along_behind,
    primitive=True,
    samples=[*_along(distinct()), *_along(distinct(), descending=True), *_EMPTY, *_TIES],
    errors=_ERRORS,
    real=True,
)
def argsort(xp: Any, x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    """The indices that put the elements along an axis in order; `stable` keeps equal ones in theirs.

    Shapes: one axis or more; the result has that of `x`.

    Dtypes: real numbers; the result holds integers.

    Raises: `AxisError` for an axis that is not there.

    >>> argsort(tnp.asarray([3.0, 1.0, 2.0]))
    Array([1, 2, 0], dtype=int64)
    """
    return xp.argsort(x, axis=axis, descending=descending, stable=stable)


def _topk_pull(xp: Any, g_values: Any, indices: Any, spec_x: Any, axis: int) -> Any:
    nothing = xp.filled(g_values, shape=spec_x.shape, value=0)
    return xp.put_along_axis(nothing, indices, g_values, axis=axis)


@op(
    x=_topk_pull,
    outs=("values", "indices"),
    batch=along_behind,
    accuracy="I0",
    samples=[
        *_along(distinct(), k=1),
        ((distinct(3, 4),), {"k": 2, "axis": 0, "largest": False}),
        ((distinct(3, 4),), {"k": 4}),
        ((distinct(3, 4),), {"k": 0}),
        ((exactly([2.0, 1.0, 2.0]),), {"k": 1}),
    ],
    errors=[((normal(3, 4),), {"k": 5}), ((normal(3, 4),), {"k": 1, "axis": 2})],
    real=True,
)
def topk(xp: Any, x: Any, *, k: int, axis: int = -1, largest: bool = True) -> Any:
    """The k largest (or smallest) elements along an axis, in order, and their indices.

    Shapes: that of `x`, with length k along the axis.

    Dtypes: real numbers; the values have that of `x`, the indices are integers, which are constants.

    Raises: `AxisError` for an axis that is not there, `ShapeError` for a `k` that is negative or longer than the axis.

    >>> topk(tnp.asarray([3.0, 1.0, 2.0]), k=2)
    [Array([3., 2.], dtype=float32), Array([0, 2], dtype=int64)]
    """
    axis = axis_of(axis, x.ndim)
    if not 0 <= k <= x.shape[axis]:
        raise ShapeError(f"k is {k}, but axis {axis} of shape {tuple(x.shape)} has {x.shape[axis]} elements")
    indices = cut(xp, xp.argsort(x, axis=axis, descending=largest, stable=True), axis, None, k)
    return xp.take_along_axis(x, indices, axis=axis), indices


@locally_constant(
    promotes=("x", "values"),
    standard=True,
    batch=loop,
    samples=[
        (exactly([1.0, 2.0, 3.0]), normal(3, 4)),
        ((exactly([1.0, 2.0, 3.0]), exactly([1.0, 3.0, 9.0])), {"side": "right"}),
        (exactly([3.0, 1.0, 2.0]), normal(5), exactly([1, 2, 0])),
        (exactly([0.0]), normal()),
        (exactly([1.0, 2.0, 2.0, 3.0]), exactly(2.0)),
        ((exactly([1.0, 2.0, 2.0, 3.0]), exactly([[2.0, 0.0]])), {"side": "right"}),
        (exactly([1.0, 2.0]), normal(0)),
        (distinct(5).then(np.sort), normal(2, 3, 4)),
    ],
    real=True,
)
def searchsorted(xp: Any, x: Any, values: Any, sorter: Any = None, *, side: str = "left") -> Any:
    """Where values go into a sorted array of one axis to keep it sorted: before equal ones, or ("right") behind.

    Shapes: `x` has one axis, and so has `sorter`; the result has that of `values`.

    Dtypes: real numbers; `x` and `values` are promoted to one, `sorter` holds integers, and so does the result.

    Raises: `ValueError` for another `side`.

    >>> searchsorted(tnp.asarray([1.0, 2.0, 2.0]), tnp.asarray([2.0, 9.0]), side="right")
    Array([3, 3], dtype=int64)
    """
    return xp.searchsorted(x, values, side=side, sorter=sorter)


# Distinct values


def _unique_pull(xp: Any, g: Any, inverse: Any, counts: Any) -> Any:
    return xp.take(g / xp.astype(counts, dtype=g.dtype), inverse, axis=0)


def _unique_again(xp: Any, g: Any, x: Any) -> Any:
    _, _, inverse, counts = xp.unique_all(x)
    return _unique_pull(xp, g, inverse, counts)


_REPEATED = [
    (distinct(3, 4),),
    (distinct(2, 3, 4),),
    (distinct(1),),
    (distinct(3, 1),),
    (exactly([3.0, -1.0, 2.0, 0.5]),),
    (distinct(5),),
    (distinct(),),
    (normal(0),),
]


@op(
    x=lambda xp, g_values, inverse_indices, counts: _unique_pull(xp, g_values, inverse_indices, counts),
    outs=("values", "indices", "inverse_indices", "counts"),
    dynamic=True,
    accuracy="I0",
    primitive=True,
    samples=_REPEATED,
)
def unique_all(xp: Any, x: Any) -> Any:
    """The distinct values in order, where each first is, which of them each element is, and how often each occurs.

    Shapes: any, taken flat; the inverse has that of `x`, the others one axis, whose length depends on the data.

    Dtypes: any; the values have that of `x`, the others are integers, which are constants.

    Derivative: in `x`, by the values, shared evenly among the elements that are one of them.

    >>> values, indices, inverse, counts = unique_all(tnp.asarray([3.0, 1.0, 3.0]))
    >>> values, inverse
    (Array([1., 3.], dtype=float32), Array([1, 0, 1], dtype=int64))
    """
    return xp.unique_all(x)


@op(
    x=lambda xp, g_values, x: _unique_again(xp, g_values, x),
    outs=("values", "counts"),
    dynamic=True,
    accuracy="I0",
    primitive=True,
    samples=_REPEATED,
)
def unique_counts(xp: Any, x: Any) -> Any:
    """The distinct values in order, and how often each occurs.

    Shapes: any, taken flat; the results have one axis, whose length depends on the data.

    Dtypes: any; the values have that of `x`, the counts are integers, which are constants.

    Derivative: in `x`, by the values, shared evenly among the elements that are one of them.

    >>> unique_counts(tnp.asarray([3.0, 1.0, 3.0]))
    [Array([1., 3.], dtype=float32), Array([1, 2], dtype=int64)]
    """
    return xp.unique_counts(x)


@op(
    x=lambda xp, g_values, x: _unique_again(xp, g_values, x),
    outs=("values", "inverse_indices"),
    dynamic=True,
    accuracy="I0",
    primitive=True,
    samples=_REPEATED,
)
def unique_inverse(xp: Any, x: Any) -> Any:
    """The distinct values in order, and which of them each element is.

    Shapes: any, taken flat; the inverse has that of `x`, the values one axis, whose length depends on the data.

    Dtypes: any; the values have that of `x`, the inverse holds integers, which are constants.

    Derivative: in `x`, by the values, shared evenly among the elements that are one of them.

    >>> unique_inverse(tnp.asarray([3.0, 1.0, 3.0]))
    [Array([1., 3.], dtype=float32), Array([1, 0, 1], dtype=int64)]
    """
    return xp.unique_inverse(x)


@op(x=_unique_again, dynamic=True, accuracy="I0", primitive=True, samples=_REPEATED)
def unique_values(xp: Any, x: Any) -> Any:
    """The distinct values in order. The derivative is shared evenly among the elements that are one of them.

    Shapes: any, taken flat; the result has one axis, whose length depends on the data.

    >>> unique_values(tnp.asarray([3.0, 1.0, 3.0]))
    Array([1., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(unique_values(x)))(tnp.asarray([3.0, 1.0, 3.0]))
    Array([0.5, 1. , 0.5], dtype=float32)
    """
    return xp.unique_values(x)


# Medians and quantiles: weights of two neighbours in the sorted array, which are known beforehand

_CONTINUOUS = {
    "linear": (1.0, 1.0),
    "interpolated_inverted_cdf": (0.0, 1.0),
    "hazen": (0.5, 0.5),
    "weibull": (0.0, 0.0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
}
"""The parameters (alpha, beta) of the interpolating definitions (Hyndman and Fan, Sample Quantiles, 1996)."""

_METHODS = (*_CONTINUOUS, "lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf")


def _place(xp: Any, q: float, n: Any, method: str) -> tuple[Any, Any]:
    """Behind which place in a sorted array of n elements the quantile lies, and how far from it towards the next."""
    if not 0 <= q <= 1:
        raise ArgumentError(f"q is {q}; a quantile lies between 0 and 1")
    if method not in _METHODS:
        raise ArgumentError(f"method is {method!r}; choose one of {', '.join(map(repr, _METHODS))}")
    last = xp.maximum(n - 1, 0 * n)
    # q in two parts, of which the first times a count is exact, so that the share keeps its accuracy behind the point.
    rough = round(q * 1024) / 1024
    by_count = method.endswith("cdf") or (method in _CONTINUOUS and method != "linear")
    count, more = (n, -1.0) if by_count else (last, 0.0)
    if by_count and method in _CONTINUOUS:
        alpha, beta = _CONTINUOUS[method]
        more = alpha + q * (1 - alpha - beta) - 1
    whole, rest = count * rough, count * (q - rough)
    place = (whole + rest) + more
    low = xp.floor(place)
    share = (whole - low) + (rest + more)
    if method not in _CONTINUOUS:
        # By the rounded place, as NumPy has it: 10 · 0.3 is 3 there, and in exact arithmetic it is below.
        share = place - low
        middle, above = 0 * share + 0.5, xp.ceil(share)
        share = {
            "lower": 0 * share,
            "higher": above,
            "nearest": xp.where(share == middle, xp.remainder(low, 2 + 0 * low), xp.round(share, decimals=0)),
            "midpoint": above * 0.5,
            "inverted_cdf": above,
            "averaged_inverted_cdf": xp.where(share == 0, middle, above),
        }[method]
    outside = (low < 0) | (low >= last)
    return xp.where(outside, xp.where(low < 0, 0 * last, last), low), xp.where(outside, 0 * share, share)


def _neighbours(q: float, n: int, method: str) -> tuple[int, int, float]:
    """The two places in a sorted array of n elements between which the quantile lies, and how far from the first."""
    low, share = _place(np, q, np.float64(n), method)
    return int(low), min(int(low) + 1, n - 1), float(share)


def _between(xp: Any, low: Any, high: Any, share: float) -> Any:
    """From the nearer end, so that neither end is missed."""
    if share == 0:
        return low
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)


def _one(xp: Any, x: Any, place: int) -> Any:
    return xp.getitem(x, key=(Ellipsis, slice(place, place + 1)))


def _quantiles_of_sorted(xp: Any, ordered: Any, qs: tuple[float, ...], method: str) -> Any:
    n = ordered.shape[-1]
    if n == 0:
        raise ArgumentError("a quantile of nothing: the axis is empty")
    found = []
    for q in qs:
        low, high, share = _neighbours(q, n, method)
        found.append(_between(xp, _one(xp, ordered, low), _one(xp, ordered, high), share))
    columns = found[0] if len(found) == 1 else xp.concat(*found, axis=-1)
    # NaN is sorted last: where there is one, it is the answer.
    last = _one(xp, ordered, n - 1)
    return xp.where(last == last, columns, last)


def _weights(xp: Any, g: Any, n: int, qs: tuple[float, ...], method: str) -> Any:
    """The transpose: what the quantiles, as the last axis of g, send to each place of the sorted array."""
    lead = tuple(g.shape[:-1])
    total = xp.filled(g, shape=(*lead, n), value=0)
    for i, q in enumerate(qs):
        low, high, share = _neighbours(q, n, method)
        column = _one(xp, g, i)
        for place, weight in ((low, 1 - share), (high, share)):
            if weight:
                key = (Ellipsis, slice(place, place + 1))
                total = total + xp.scatter_add(column * weight, key=key, shape=(*lead, n))
    return total


def _shape_of_quantiles(x: Any, q: Any, axis: Any, keepdims: bool) -> tuple[int, ...]:
    axes = axes_of(axis, x.ndim)
    left = tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes)
    return (len(q), *left) if isinstance(q, tuple) else left


def _each(q: Any) -> tuple[float, ...]:
    return q if isinstance(q, tuple) else (q,)


def _q_last(xp: Any, out: Any, x: Any, q: Any, axis: Any) -> Any:
    """Quantiles as the op gives them, of any `keepdims`, with the axis of q last and the others flat in front."""
    kept_count = math.prod(n for i, n in enumerate(x.shape) if i not in axes_of(axis, x.ndim))
    flat = xp.reshape(out, shape=(len(_each(q)), kept_count))
    return xp.permute_dims(flat, axes=(1, 0))


def _quantile_pull(xp: Any, g: Any, x: Any, q: Any, axis: Any, method: str) -> Any:
    flat, back = gathered(xp, x, axis)
    shape = tuple(flat.shape)
    rows = _weights(xp, _q_last(xp, g, x, q, axis), shape[-1], _each(q), method)
    return back(
        _put_back(xp, xp.reshape(rows, shape=shape), xp.argsort(flat, axis=-1, descending=False, stable=True), -1)
    )


def _quantile_push(xp: Any, d_x: Any, x: Any, q: Any, axis: Any, keepdims: bool, method: str) -> Any:
    flat, _ = gathered(xp, x, axis)
    moved, _ = gathered(xp, d_x, axis)
    order = xp.argsort(flat, axis=-1, descending=False, stable=True)
    ordered = xp.take_along_axis(moved, order, axis=-1)
    return _arranged(xp, _quantiles_of_sorted(xp, ordered, _each(q), method), x, q, axis, keepdims)


def _arranged(xp: Any, columns: Any, x: Any, q: Any, axis: Any, keepdims: bool) -> Any:
    """Quantiles with the axis of q last, in the op's shape: that axis first if q is several."""
    if len(_each(q)) > 1:
        columns = xp.permute_dims(columns, axes=(columns.ndim - 1, *range(columns.ndim - 1)))
    return xp.reshape(columns, shape=_shape_of_quantiles(x, q, axis, keepdims))


def _quantile_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    from ..engines.tables import RECORDED

    out = over_axes(op, size, args, batched, keywords)
    if not isinstance(keywords.get("q"), tuple):
        return out
    return RECORDED.permute_dims(out, axes=(1, 0, *range(2, out.ndim)))


_OVER: list[Any] = [
    ((distinct(3, 4),), {}),
    ((distinct(3, 4),), {"axis": 0}),
    ((distinct(3, 4),), {"axis": -1, "keepdims": True}),
    ((distinct(2, 3, 4),), {"axis": (0, 2)}),
    ((distinct(2, 3, 4),), {"axis": (2, 0), "keepdims": True}),
    ((distinct(5),), {}),
    ((distinct(),), {}),
    ((distinct(3, 1),), {"axis": 1}),
    ((distinct(3, 2, 3),), {"axis": 1}),
]


@op(
    x=_quantile_pull,
    jvp=_quantile_push,
    floats=True,
    batch=_quantile_behind,
    accuracy="I3",
    samples=[
        *[(x, {"q": 0.3, **keywords}) for x, keywords in _OVER],
        *[(x, {"q": (0.25, 0.5, 1.0), **keywords}) for x, keywords in _OVER],
        *[((distinct(5),), {"q": (0.1, 0.4, 0.75), "method": method}) for method in _METHODS],
        ((distinct(3, 4),), {"q": (0.2, 0.9), "axis": 0}),
        ((distinct(3, 0),), {"q": 0.5, "axis": 0}),
    ],
    errors=[((normal(5),), {"q": 1.5}), ((normal(5),), {"q": 0.5, "method": "best"}), ((normal(0),), {"q": 0.5})],
    real=True,
)
def quantile(xp: Any, x: Any, *, q: Any, axis: Any = None, keepdims: bool = False, method: str = "linear") -> Any:
    """The q-quantile over `axis`, q between 0 and 1; of a tuple of them, along a new first axis. NaN where one is.

     `method` is one of the definitions of Hyndman and Fan (Sample Quantiles, 1996) under NumPy's names.

    Raises: `ShapeError` for an axis that is not there, named twice, or of no elements, `ValueError` for a q or method
    that there is not.

    >>> quantile(tnp.asarray([4.0, 1.0, 2.0]), q=(0.0, 0.75))
    Array([1., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: quantile(x, q=0.75))(tnp.asarray([4.0, 1.0, 2.0]))
    Array([0.5, 0. , 0.5], dtype=float32)
    """
    flat, _ = gathered(xp, x, axis)
    ordered = xp.sort(flat, axis=-1, descending=False, stable=True)
    return _arranged(xp, _quantiles_of_sorted(xp, ordered, _each(q), method), x, q, axis, keepdims)


@op(
    x=lambda xp, g, x, axis: _quantile_pull(xp, g, x, 0.5, axis, "linear"),
    jvp=lambda xp, d_x, x, axis, keepdims: _quantile_push(xp, d_x, x, 0.5, axis, keepdims, "linear"),
    floats=True,
    batch=over_axes,
    accuracy="I3",
    samples=[*_OVER, (exactly([3.0, 1.0, 2.0, 10.0]),), (exactly([1.0, 1.0, 2.0]),)],
    errors=[*_ERRORS, (normal(0),)],
    real=True,
)
def median(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element over `axis`, or the mean of the two. NaN where one is.

    >>> median(tnp.asarray([4.0, 1.0, 2.0, 3.0]))
    Array(2.5, dtype=float32)
    >>> tapegrad.grad(median)(tnp.asarray([4.0, 1.0, 2.0, 3.0]))
    Array([0. , 0. , 0.5, 0.5], dtype=float32)
    """
    return xp.quantile(x, q=0.5, axis=axis, keepdims=keepdims, method="linear")


_HOLES = exactly([[1.0, math.nan, 3.0, 7.0], [4.0, 2.0, math.nan, math.nan]])


def _nan_places(xp: Any, flat: Any, q: float, method: str) -> tuple[Any, Any, Any]:
    """For each row the two places between which the quantile of its numbers lies, and how far from the first."""
    count = xp.sum(xp.astype(flat == flat, dtype=flat.dtype), axis=-1, keepdims=True)
    low, share = _place(xp, q, count, method)
    return _whole(xp, low), _whole(xp, xp.minimum(low + 1, xp.maximum(count - 1, 0))), share


def _whole(xp: Any, x: Any) -> Any:
    return xp.astype(x, dtype=np.dtype("int64"))


def _nanquantile_pull(xp: Any, g: Any, x: Any, q: float, axis: Any, method: str = "linear") -> Any:
    flat, back = gathered(xp, x, axis)
    low, high, share = _nan_places(xp, flat, q, method)
    g = xp.reshape(g, shape=tuple(low.shape))
    order = xp.argsort(flat, axis=-1, descending=False, stable=True)
    nothing = xp.zeros_like(flat)
    first = xp.put_along_axis(nothing, xp.take_along_axis(order, low, axis=-1), g * (1 - share), axis=-1)
    second = xp.put_along_axis(nothing, xp.take_along_axis(order, high, axis=-1), g * share, axis=-1)
    return back(first + second)


@op(
    x=_nanquantile_pull,
    floats=True,
    batch=over_axes,
    accuracy="I3 absolute",
    samples=[
        *[(x, {"q": 0.3, **keywords}) for x, keywords in _OVER],
        ((_HOLES,), {"q": 0.6, "axis": 1}),
        ((exactly([math.nan, 2.0]),), {"q": 0.25}),
        ((distinct(4),), {"q": 0.3334}),
        *[((_HOLES,), {"q": 0.4, "axis": 1, "method": method}) for method in _METHODS],
    ],
    errors=[((normal(5),), {"q": 1.5}), ((normal(5),), {"q": 0.5, "method": "best"})],
    real=True,
)
def nanquantile(xp: Any, x: Any, *, q: float, axis: Any = None, keepdims: bool = False, method: str = "linear") -> Any:
    """The q-quantile over `axis` of the elements that are not NaN; q between 0 and 1, `method` as for `quantile`.

    Raises: `ShapeError` for an axis that is not there or named twice, `ValueError` for a q or method that there is not.

    >>> import math
    >>> nanquantile(tnp.asarray([4.0, math.nan, 2.0]), q=0.25)
    Array(2.5, dtype=float32)
    """
    flat, _ = gathered(xp, x, axis)
    low, high, share = _nan_places(xp, flat, q, method)
    ordered = xp.sort(flat, axis=-1, descending=False, stable=True)
    first = xp.take_along_axis(ordered, low, axis=-1)
    second = xp.take_along_axis(ordered, high, axis=-1)
    # Between equal neighbours nothing is interpolated: the distance of infinities is not a number.
    apart = xp.where(first == second, 0.0, second) - xp.where(first == second, 0.0, first)
    return xp.reshape(first + apart * share, shape=_shape_of_quantiles(x, q, axis, keepdims))


@op(
    x=lambda xp, g, x, axis: _nanquantile_pull(xp, g, x, 0.5, axis),
    floats=True,
    batch=over_axes,
    accuracy="I3 absolute",
    samples=[*_OVER, ((_HOLES,), {"axis": 1})],
    errors=_ERRORS,
    real=True,
)
def nanmedian(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element over `axis` of the elements that are not NaN, or the mean of the two.

    >>> import math
    >>> nanmedian(tnp.asarray([4.0, math.nan, 2.0]))
    Array(3., dtype=float32)
    """
    return xp.nanquantile(x, q=0.5, axis=axis, keepdims=keepdims)
