"""Sums and similar functions: they that take several elements into one, over one or several axes.

`axis` is an int, a tuple of them, or None for all axes; `keepdims` keeps the reduced axes with length one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..op import linear, locally_constant, op
from ..op.samples import Draw, booleans, distinct, exactly, integers, normal, positive
from .elementwise import conjugated, is_complex
from .indexing import axes_of, over_axes


def reduced_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape that is left when the axes are reduced and kept with length one."""
    reduced = axes_of(axis, len(shape))
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def count_of(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements go into each element of the result."""
    return math.prod(shape if axis is None else [shape[a] for a in axes_of(axis, len(shape))])


def kept(xp: Any, x: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """A reduced array with the reduced axes back, at length one, so that it broadcasts with what it came from."""
    return x if keepdims else xp.reshape(x, shape=reduced_shape(shape, axis))


def dropped(xp: Any, x: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """The opposite: a reduced array that has kept its axes, without them unless they are wanted."""
    axes = axes_of(axis, len(shape))
    return x if keepdims else xp.reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


def spread(xp: Any, g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A cotangent of a sum over x, for each of its terms, which lie as those of x do."""
    g = kept(xp, g, x.shape, axis, keepdims) if g.shape else g
    return xp.like(xp.broadcast_to(g, shape=x.shape), x)


def gathered(xp: Any, x: Any, axis: Any) -> tuple[Any, Any]:
    """x with the given axes as one, the last, and the function that puts an array of that shape back into x's."""
    axes = axes_of(axis, x.ndim)
    order = tuple(i for i in range(x.ndim) if i not in axes) + axes
    shape = tuple(x.shape)
    moved = tuple(shape[i] for i in order)
    plain = order == tuple(range(x.ndim))
    split = x.ndim - len(axes)
    flat = xp.reshape(x if plain else xp.permute_dims(x, axes=order), shape=(*moved[:split], math.prod(moved[split:])))

    def back(y: Any) -> Any:
        y = xp.reshape(y, shape=moved)
        return y if plain else xp.permute_dims(y, axes=tuple(order.index(i) for i in range(len(order))))

    return flat, back


def _over(draw: Draw, *, empty: bool = True) -> list[Any]:
    """Samples of a reduction: every sort of axis, of shapes down to 0-d."""
    samples: list[Any] = [
        (draw.of_shape(3, 4),),
        ((draw.of_shape(3, 4),), {"axis": 0}),
        ((draw.of_shape(3, 4),), {"axis": -1, "keepdims": True}),
        ((draw.of_shape(3, 4),), {"keepdims": True}),
        ((draw.of_shape(2, 3, 4),), {"axis": (0, 2)}),
        ((draw.of_shape(2, 3, 4),), {"axis": (-1, 0), "keepdims": True}),
        ((draw.of_shape(2, 3, 4),), {"axis": 1}),
        (draw.of_shape(),),
        (draw.of_shape(1),),
        (draw.of_shape(5),),
        ((draw.of_shape(3, 1),), {"axis": 1}),
        ((draw.of_shape(3, 0),), {"axis": 0}),
    ]
    return [*samples, (draw.of_shape(0),), ((draw.of_shape(3, 0),), {"axis": 1})] if empty else samples


_ERRORS = [((normal(3, 4),), {"axis": 2}), ((normal(),), {"axis": 0}), ((normal(3, 4),), {"axis": (0, -3)})]


def _own(x: Any, axis: Any) -> Any:
    """The axis; of an array that has none, none may be named, though some engines let 0 and -1 pass."""
    if not x.shape and axis is not None:
        axes_of(axis, 0)
    return axis


# Sums


@linear(
    x=lambda xp, g, x, axis, keepdims: spread(xp, g, x, axis, keepdims),
    batch=over_axes,
    accuracy="I3",
    primitive=True,
    samples=[*_over(normal()), ((normal(3, 4),), {"axis": ()})],
    errors=_ERRORS,
)
def sum(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of the elements over `axis`.

    >>> sum(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Array([4., 6.], dtype=float32)
    """
    return xp.sum(x, axis=_own(x, axis), keepdims=keepdims)


@linear(
    x=lambda xp, g, x, axis, keepdims: spread(xp, g / count_of(x.shape, axis), x, axis, keepdims),
    floats=True,
    batch=over_axes,
    accuracy="I3",
    primitive=True,
    samples=_over(normal(), empty=False),
    errors=_ERRORS,
)
def mean(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of the elements over `axis`; integers become default floats.

    >>> mean(tnp.asarray([[1, 2], [3, 4]]), axis=1, keepdims=True)
    Array([[1.5],
           [3.5]], dtype=float32)
    """
    return xp.mean(x, axis=_own(x, axis), keepdims=keepdims)


def _centred(xp: Any, x: Any, axis: Any) -> Any:
    return x - xp.mean(x, axis=axis, keepdims=True)


def _freedom(shape: tuple[int, ...], axis: Any, correction: float) -> float:
    count = count_of(shape, axis) - correction
    return count if count > 0 else math.nan


def _var_pull(xp: Any, g: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    scale = 2 / _freedom(x.shape, axis, correction)
    return kept(xp, g, x.shape, axis, keepdims) * (_centred(xp, x, axis) * scale)


def _var_push(xp: Any, d_x: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    scale = 2 / _freedom(x.shape, axis, correction)
    product = d_x * conjugated(xp, _centred(xp, x, axis))
    return xp.sum(xp.real(product), axis=axis, keepdims=keepdims) * scale


_CORRECTED = [((normal(3, 4),), {"axis": 1, "correction": 1}), ((normal(5),), {"correction": 0.5, "keepdims": True})]


@op(
    x=_var_pull,
    jvp=_var_push,
    floats=True,
    batch=over_axes,
    accuracy="I3",
    samples=[*_over(normal(), empty=False), *_CORRECTED],
    errors=_ERRORS,
)
def var(xp: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The variance over `axis`: the mean square distance from the mean, with n - `correction` for n.

    Dtypes: of complex numbers the result is real; integers become the default float first.

    >>> var(tnp.asarray([1.0, 3.0])), var(tnp.asarray([1.0, 3.0]), correction=1)
    (Array(1., dtype=float32), Array(2., dtype=float32))
    """
    away = _centred(xp, x, axis)
    square = xp.real(away * xp.conj(away)) if is_complex(xp, x) else away * away
    return xp.sum(square, axis=axis, keepdims=keepdims) / _freedom(x.shape, axis, correction)


HUGE = normal(3, 4).then(lambda x: x * math.sqrt(float(np.finfo(x.dtype).max)))
TINY = normal(3, 4).then(lambda x: x * math.sqrt(float(np.finfo(x.dtype).smallest_normal)))
"""Numbers whose squares leave the range of their dtype, and whose norms and deviations do not."""


@op(
    accuracy="I3",
    samples=[
        *_over(normal(), empty=False),
        *[((draw,), {"axis": axis}) for draw in (HUGE, TINY) for axis in (None, 1)],
        ((normal(3, 4), positive(3, 1)), {"axis": 1, "keepdims": True}),
        ((exactly([[0.0, 0.0], [3.0, 4.0]]),), {"axis": 1}),
    ],
)
def root_of_squares(xp: Any, x: Any, divisor: Any = None, *, axis: Any = None, keepdims: bool = False) -> Any:
    """√(Σ |x|² / divisor) over `axis`, also where squares would leave the range; for bodies, and without a derivative.

    Shapes: the divisor has that of the result with `keepdims`.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.reductions import root_of_squares
    >>> root_of_squares(tnp.asarray([3e20, 4e20]))
    Array(5.e+20, dtype=float32)
    """
    shape, dtype = tuple(x.shape), x.dtype
    turned = is_complex(xp, x)
    info = xp.finfo(dtype)
    if info.bits == 16:
        x = xp.astype(x, dtype="float32")
    elif count_of(shape, axis):
        top = xp.maximum(xp.abs(xp.real(x)), xp.abs(xp.imag(x))) if turned else xp.abs(x)
        top = xp.max(top, axis=axis, keepdims=True)
        # By powers of two, so that nothing is rounded, and only where squares or their sum would leave the range.
        far, scale = 2.0 ** (0.4 * info.maxexp // 1), 2.0 ** (0.625 * info.maxexp)
        one = xp.ones_like(top)
        by = xp.where(top > far, 1 / scale, xp.where(top < 1 / far, scale, one))
        x = x * (xp.astype(by, dtype=dtype) if turned else by)
    squares = xp.sum(xp.real(x * xp.conj(x)) if turned else x * x, axis=axis, keepdims=True)
    # By name: some engines' arrays refuse an operand that is batched where they are not.
    root = xp.sqrt(squares if divisor is None else xp.divide(squares, divisor))
    if info.bits == 16:
        root = xp.astype(root, dtype=dtype)
    elif count_of(shape, axis):
        root = root / by
    return dropped(xp, root, shape, axis, keepdims)


def _direction_of_std(xp: Any, away: Any, out: Any) -> Any:
    # Where all elements are equal the distances are 0, and 0 they stay, however x changes.
    return xp.divide_or_flat(away, xp.astype(out, dtype=away.dtype) if is_complex(xp, away) else out)


def _std_pull(xp: Any, g: Any, x: Any, out: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    own = kept(xp, out, x.shape, axis, keepdims)
    away, freedom = _centred(xp, x, axis), _freedom(x.shape, axis, correction)
    pulled = kept(xp, g, x.shape, axis, keepdims) / freedom * _direction_of_std(xp, away, own)
    return xp.past_kink(pulled, g, out, away, factor=1 / freedom, kept=tuple(own.shape))


def _std_push(xp: Any, d_x: Any, x: Any, out: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    out = kept(xp, out, x.shape, axis, keepdims)
    direction = _direction_of_std(xp, _centred(xp, x, axis), out)
    total = xp.sum(xp.real(d_x * conjugated(xp, direction)), axis=axis, keepdims=keepdims)
    return total / _freedom(x.shape, axis, correction)


@op(
    x=_std_pull,
    jvp=_std_push,
    floats=True,
    batch=over_axes,
    accuracy="I3",
    samples=[
        *_over(normal(), empty=False)[:7],
        (normal(5),),
        *_CORRECTED,
        (exactly([2.0, 2.0, 2.0]),),
        ((exactly([[2.0] * 5, [0.5] * 5, [1.0] * 5]),), {"axis": 1}),
        *[((draw,), {"axis": 1}) for draw in (HUGE, TINY)],
    ],
    errors=_ERRORS,
)
def std(xp: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The standard deviation over `axis`, the root of `var`; its derivative is 0 where all elements are equal.

    Dtypes: of complex numbers the result is real; integers become the default float first.

    >>> std(tnp.asarray([1.0, 3.0]))
    Array(1., dtype=float32)
    >>> tapegrad.grad(std)(tnp.asarray([2.0, 2.0]))
    Array([0., 0.], dtype=float32)
    """
    away, freedom = _centred(xp, x, axis), _freedom(x.shape, axis, correction)
    return xp.root_of_squares(away, freedom, axis=axis, keepdims=keepdims)


# Products


def _others(xp: Any, x: Any, axis: Any) -> Any:
    """For each element the product of the others over the axes; at a zero that is not the product divided by it."""
    flat, back = gathered(xp, x, axis)
    if flat.shape[-1] == 0:
        return x
    less, turned = (Ellipsis, slice(None, -1)), (Ellipsis, slice(None, None, -1))
    before = xp.cumulative_prod(xp.getitem(flat, key=less), axis=-1, include_initial=True)
    after = xp.getitem(flat, key=turned)
    after = xp.cumulative_prod(xp.getitem(after, key=less), axis=-1, include_initial=True)
    return back(before * xp.getitem(after, key=turned))


def _prod_pull(xp: Any, g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return kept(xp, g, x.shape, axis, keepdims) * conjugated(xp, _others(xp, x, axis))


@op(
    x=_prod_pull,
    jvp=lambda xp, d_x, x, axis, keepdims: xp.sum(d_x * _others(xp, x, axis), axis=axis, keepdims=keepdims),
    batch=over_axes,
    accuracy="I3",
    primitive=True,
    samples=[
        *_over(normal()),
        (exactly([2.0, 0.0, 3.0]),),
        (exactly([2.0, 0.0, 3.0, 0.0]),),
        ((exactly([[4.0, 0.0], [0.0, 0.0]]),), {"axis": 1}),
    ],
    errors=_ERRORS,
)
def prod(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The product of the elements over `axis`; right at zeros, in every order.

    >>> prod(tnp.asarray([2.0, 0.0, 3.0]))
    Array(0., dtype=float32)
    >>> tapegrad.grad(prod)(tnp.asarray([2.0, 0.0, 3.0]))
    Array([0., 6., 0.], dtype=float32)
    """
    return xp.prod(x, axis=_own(x, axis), keepdims=keepdims)


# Extremes


def _shares(xp: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    """Where the extreme is attained, and how often."""
    mask = x == kept(xp, out, x.shape, axis, keepdims)
    one = xp.astype(mask, dtype=x.dtype)
    # A NaN is attained nowhere; it has no share, and the count must not be 0.
    return mask, xp.maximum(xp.sum(one, axis=axis, keepdims=True), 1)


def _extreme_pull(xp: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    mask, count = _shares(xp, x, out, axis, keepdims)
    g, out = kept(xp, g, x.shape, axis, keepdims), kept(xp, out, x.shape, axis, keepdims)
    # The extreme of what holds a NaN is NaN, whichever element changes.
    return xp.where(mask, g / count, xp.where(xp.logical_or(out == out, g == 0), xp.zeros_like(g), out))


def _extreme_push(xp: Any, d_x: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    mask, count = _shares(xp, x, out, axis, keepdims)
    moved = xp.sum(xp.where(mask, d_x / count, 0), axis=axis, keepdims=keepdims)
    return xp.where(out == out, moved, out)


def _present_pull(xp: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    mask, count = _shares(xp, x, out, axis, keepdims)
    return xp.where(mask, kept(xp, g, x.shape, axis, keepdims) / count, 0)


def _present_push(xp: Any, d_x: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    mask, count = _shares(xp, x, out, axis, keepdims)
    return xp.sum(xp.where(mask, d_x / count, 0), axis=axis, keepdims=keepdims)


_TIES = [
    (exactly([2.0, 2.0, 2.0, 2.0]),),
    ((exactly([[1.0, 1.0, 0.0], [2.0, 3.0, 3.0]]),), {"axis": 1}),
    (exactly([1.0, math.inf, -math.inf]),),
]


_extreme = op(
    x=_extreme_pull,
    jvp=_extreme_push,
    batch=over_axes,
    accuracy="I0 unsigned",
    primitive=True,
    samples=[*_over(distinct(), empty=False), *_TIES],
    errors=[*_ERRORS, (normal(0),)],
    real=True,
)


@_extreme
def max(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element over `axis`. Where several are, the derivative is shared evenly among them.

    Raises: `ShapeError` for an axis that is not there, or of no elements.

    >>> max(tnp.asarray([[1.0, 2.0], [4.0, 3.0]]), axis=1)
    Array([2., 4.], dtype=float32)
    >>> tapegrad.grad(max)(tnp.asarray([1.0, 5.0, 5.0]))
    Array([0. , 0.5, 0.5], dtype=float32)
    """
    return xp.max(x, axis=_own(x, axis), keepdims=keepdims)


@_extreme
def min(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element over `axis`. Where several are, the derivative is shared evenly among them.

    Raises: `ShapeError` for an axis that is not there, or of no elements.

    >>> min(tnp.asarray([[1.0, 2.0], [4.0, 3.0]]), axis=1)
    Array([1., 3.], dtype=float32)
    >>> tapegrad.grad(min)(tnp.asarray([1.0, 1.0, 5.0]))
    Array([0.5, 0.5, 0. ], dtype=float32)
    """
    return xp.min(x, axis=_own(x, axis), keepdims=keepdims)


def _ptp_pull(xp: Any, g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    largest = _extreme_pull(xp, g, x, xp.max(x, axis=axis, keepdims=keepdims), axis, keepdims)
    return largest - _extreme_pull(xp, g, x, xp.min(x, axis=axis, keepdims=keepdims), axis, keepdims)


def _ptp_push(xp: Any, d_x: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    largest = _extreme_push(xp, d_x, x, xp.max(x, axis=axis, keepdims=keepdims), axis, keepdims)
    return largest - _extreme_push(xp, d_x, x, xp.min(x, axis=axis, keepdims=keepdims), axis, keepdims)


@op(
    x=_ptp_pull,
    jvp=_ptp_push,
    batch=over_axes,
    accuracy="I0 unsigned",
    samples=[*_over(distinct(), empty=False), *_TIES[:2]],
    errors=[*_ERRORS, (normal(0),)],
    real=True,
)
def ptp(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest minus the smallest element over `axis`.

    Raises: `ShapeError` for an axis that is not there, or of no elements.

    >>> ptp(tnp.asarray([1.0, 5.0, 3.0]))
    Array(4., dtype=float32)
    """
    return xp.max(x, axis=axis, keepdims=keepdims) - xp.min(x, axis=axis, keepdims=keepdims)


# Logic and counting


_TRUTHS = _over(booleans())


@locally_constant(batch=over_axes, primitive=True, samples=_TRUTHS, errors=_ERRORS)
def all(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements over `axis` are true, or not 0.

    Dtypes: any; the result holds truth values.

    >>> all(tnp.asarray([[True, False], [True, True]]), axis=1)
    Array([False,  True], dtype=bool)
    """
    return xp.all(x, axis=_own(x, axis), keepdims=keepdims)


@locally_constant(batch=over_axes, primitive=True, samples=_TRUTHS, errors=_ERRORS)
def any(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether any element over `axis` is true, or not 0.

    Dtypes: any; the result holds truth values.

    >>> any(tnp.asarray([[True, False], [False, False]]), axis=1)
    Array([ True, False], dtype=bool)
    """
    return xp.any(x, axis=_own(x, axis), keepdims=keepdims)


@locally_constant(batch=over_axes, primitive=True, samples=[*_TRUTHS, *_over(integers(low=-1, high=2))], errors=_ERRORS)
def count_nonzero(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """How many elements over `axis` are not 0.

    Dtypes: any; the result holds integers.

    >>> count_nonzero(tnp.asarray([[1, 0], [2, 3]]), axis=1)
    Array([1, 2], dtype=int64)
    """
    return xp.count_nonzero(x, axis=_own(x, axis), keepdims=keepdims)


# Weighted and logarithmic sums


def _aligned_weights(xp: Any, x: Any, weights: Any, axis: Any) -> Any:
    """Weights in a shape that broadcasts with x: of one axis where they have one."""
    if tuple(weights.shape) == tuple(x.shape):
        return weights
    axes = axes_of(axis, x.ndim)
    if axis is None or tuple(weights.shape) != tuple(x.shape[a] for a in axes):
        raise ShapeError(
            f"weights of shape {tuple(weights.shape)} do not belong to axis {axis} of shape {tuple(x.shape)}"
        )
    order = sorted(range(len(axes)), key=lambda i: axes[i])
    if order != list(range(len(axes))):
        weights = xp.permute_dims(weights, axes=tuple(order))
    return xp.reshape(weights, shape=tuple(x.shape[i] if i in axes else 1 for i in range(x.ndim)))


def _average_over_x(xp: Any, g: Any, x: Any, weights: Any, axis: Any, keepdims: bool) -> Any:
    g = kept(xp, g, x.shape, axis, keepdims)
    if weights is None:
        return xp.broadcast_to(g / count_of(x.shape, axis), shape=tuple(x.shape))
    weights = xp.broadcast_to(_aligned_weights(xp, x, weights, axis), shape=tuple(x.shape))
    return g * conjugated(xp, weights / xp.sum(weights, axis=axis, keepdims=True))


def _average_over_weights(xp: Any, g: Any, x: Any, out: Any, weights: Any, axis: Any, keepdims: bool) -> Any:
    aligned = _aligned_weights(xp, x, weights, axis)
    total = xp.sum(xp.broadcast_to(aligned, shape=tuple(x.shape)), axis=axis, keepdims=True)
    slope = (x - kept(xp, out, x.shape, axis, keepdims)) / total
    pulled = xp.unbroadcast(kept(xp, g, x.shape, axis, keepdims) * conjugated(xp, slope), shape=tuple(aligned.shape))
    if tuple(weights.shape) == tuple(x.shape):
        return pulled
    axes = axes_of(axis, x.ndim)
    pulled = xp.reshape(pulled, shape=tuple(x.shape[a] for a in sorted(axes)))
    return xp.permute_dims(pulled, axes=tuple(sorted(axes).index(a) for a in axes)) if len(axes) > 1 else pulled


def _average_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    from ..engines.tables import RECORDED

    x, weights = (*args, None)[:2]
    ndim = x.ndim - batched[0]
    axis = tuple(a + 1 for a in axes_of(keywords["axis"], ndim))
    keywords = {**keywords, "axis": axis}
    if not batched[0]:
        x = RECORDED.broadcast_to(x, shape=(size, *x.shape))
    if weights is not None:
        lead = (size,) if batched[1] else ()
        own = weights.shape[len(lead) :]
        if tuple(own) != tuple(x.shape[1:]):
            axes = tuple(a - 1 for a in axis)
            order = sorted(range(len(axes)), key=lambda i: axes[i])
            if order != list(range(len(axes))):
                moved = tuple(i + len(lead) for i in order)
                weights = RECORDED.permute_dims(weights, axes=(0, *moved) if lead else moved)
            shape = tuple(x.shape[i + 1] if i in axes else 1 for i in range(ndim))
            weights = RECORDED.reshape(weights, shape=(*(lead or (1,)), *shape))
        weights = RECORDED.broadcast_to(weights, shape=tuple(x.shape))
    return op.call(x, weights, **keywords)


@op(
    x=_average_over_x,
    weights=_average_over_weights,
    floats=True,
    batch=_average_behind,
    accuracy="I3",
    samples=[
        (normal(3, 4), None),
        ((normal(3, 4), None), {"axis": 1}),
        (normal(3, 4), positive(3, 4)),
        ((normal(3, 4), positive(3)), {"axis": 0}),
        ((normal(3, 4), positive(4)), {"axis": -1, "keepdims": True}),
        ((normal(2, 3, 4), positive(2, 4)), {"axis": (0, 2)}),
        ((normal(2, 3, 4), positive(4, 2)), {"axis": (2, 0)}),
        (normal(), positive()),
        (normal(5), positive(5)),
        ((normal(3, 1), positive(3, 1)), {"axis": 0}),
    ],
    errors=[((normal(3, 4), positive(3)), {"axis": 1}), (normal(3, 4), positive(3))],
)
def average(xp: Any, x: Any, weights: Any = None, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over `axis` with weights, of x's shape or of the shape of the reduced axes.

    Shapes: `weights` have that of `x`, or of the reduced axes in the order of `axis`, which go, or keep length 1 with
    `keepdims`.

    Raises: `ShapeError` for an axis that is not there and for weights of another shape.

    >>> average(tnp.asarray([1.0, 5.0]), tnp.asarray([3.0, 1.0]))
    Array(2., dtype=float32)
    >>> tapegrad.grad(average, argnums=1)(tnp.asarray([1.0, 5.0]), tnp.asarray([3.0, 1.0]))
    Array([-0.25,  0.75], dtype=float32)
    """
    if weights is None:
        return xp.mean(x, axis=axis, keepdims=keepdims)
    weights = xp.broadcast_to(_aligned_weights(xp, x, weights, axis), shape=tuple(x.shape))
    total = xp.sum(weights, axis=axis, keepdims=keepdims)
    return xp.sum(x * weights, axis=axis, keepdims=keepdims) / total


def _exponentials(xp: Any, x: Any, axis: Any) -> tuple[Any, Any, Any]:
    """exp(x - top) with the largest x as top, their sum, and top; it is 0 where all are infinite."""
    highest = xp.max(xp.real(x), axis=axis, keepdims=True)
    top = xp.astype(xp.where(xp.isfinite(highest), highest, 0), dtype=x.dtype)
    each = xp.exp(x - top)
    return each, xp.sum(each, axis=axis, keepdims=True), top


def _shares_of_exponentials(xp: Any, x: Any, axis: Any) -> Any:
    # Not exp(x - out): the rounding of a large out would be in every share. Of nothing every share is nothing.
    each, total, _ = _exponentials(xp, x, axis)
    # What is infinite has all of it, if it is alone; as with two numbers, several have no shares.
    whole = each == math.inf
    alone = xp.sum(xp.astype(whole, dtype=x.dtype), axis=axis, keepdims=True) == 1
    return xp.where(whole & alone, 1, xp.divide_or_zero(each, total))


@op(
    x=lambda xp, g, x, axis, keepdims: xp.multiply_or_zero(
        kept(xp, g, x.shape, axis, keepdims), conjugated(xp, _shares_of_exponentials(xp, x, axis))
    ),
    jvp=lambda xp, d_x, x, axis, keepdims: xp.sum(
        d_x * _shares_of_exponentials(xp, x, axis), axis=axis, keepdims=keepdims
    ),
    floats=True,
    batch=over_axes,
    accuracy="I3 absolute",
    samples=[*_over(normal(), empty=False), (exactly([3.0, 3.5, 2.0]),), (exactly([-math.inf, 1.0, -2.0]),)],
    errors=_ERRORS,
)
def logsumexp(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The logarithm of the sum of the exponentials over `axis`, without overflow.

    >>> logsumexp(tnp.asarray([800.0, 0.0]))
    Array(800., dtype=float32)
    >>> tapegrad.grad(logsumexp)(tnp.asarray([800.0, 800.0]))
    Array([0.5, 0.5], dtype=float32)
    """
    _, total, top = _exponentials(xp, x, axis)
    out = xp.log(total) + top
    return dropped(xp, out, tuple(x.shape), axis, keepdims)


# Reductions that leave out NaN


def _holed(draw: Draw) -> Draw:
    """The same numbers with some NaN among them, never all of a row or column."""

    def punch(x: Any) -> Any:
        flat = x.reshape(-1)
        flat[1::3] = math.nan
        return flat.reshape(x.shape)

    return draw.then(punch)


_HOLES: list[Any] = [
    (_holed(distinct(3, 4)),),
    ((_holed(distinct(3, 4)),), {"axis": 0}),
    ((_holed(distinct(3, 4)),), {"axis": -1, "keepdims": True}),
    ((_holed(distinct(2, 3, 4)),), {"axis": (0, 2)}),
    ((_holed(distinct(2, 3, 4)),), {"keepdims": True}),
    (_holed(distinct(5)),),
    (distinct(),),
    ((distinct(3, 1),), {"axis": 0}),
    (distinct(3, 4),),
    ((_holed(distinct(3, 2, 3)),), {"axis": 1}),
]


def _present(xp: Any, x: Any, axis: Any) -> tuple[Any, Any]:
    """Where there are numbers, and how many over the axes."""
    mask = x == x
    return mask, xp.sum(xp.astype(mask, dtype=x.dtype), axis=axis, keepdims=True)


@op(
    x=lambda xp, g, x, axis, keepdims: xp.where(x == x, kept(xp, g, x.shape, axis, keepdims), 0),
    jvp=lambda xp, d_x, x, axis, keepdims: xp.sum(xp.where(x == x, d_x, 0), axis=axis, keepdims=keepdims),
    batch=over_axes,
    accuracy="I3",
    samples=_HOLES,
    errors=_ERRORS,
)
def nansum(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over `axis` with NaN taken as 0.

    >>> import math
    >>> nansum(tnp.asarray([1.0, math.nan]))
    Array(1., dtype=float32)
    >>> tapegrad.grad(nansum)(tnp.asarray([1.0, math.nan]))
    Array([1., 0.], dtype=float32)
    """
    return xp.sum(xp.where(x == x, x, 0), axis=axis, keepdims=keepdims)


@op(
    x=lambda xp, g, x, axis, keepdims: xp.where(x == x, _prod_pull(xp, g, xp.where(x == x, x, 1), axis, keepdims), 0),
    batch=over_axes,
    accuracy="I3",
    samples=[*_HOLES, (exactly([2.0, 0.0, math.nan]),)],
    errors=_ERRORS,
)
def nanprod(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The product over `axis` with NaN taken as 1.

    >>> import math
    >>> nanprod(tnp.asarray([3.0, math.nan]))
    Array(3., dtype=float32)
    """
    return xp.prod(xp.where(x == x, x, 1), axis=axis, keepdims=keepdims)


def _nanmean_pull(xp: Any, g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    mask, count = _present(xp, x, axis)
    return xp.where(mask, kept(xp, g, x.shape, axis, keepdims) / count, 0)


@op(x=_nanmean_pull, floats=True, batch=over_axes, accuracy="I3", samples=_HOLES, errors=_ERRORS)
def nanmean(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over `axis` of the elements that are not NaN.

    >>> import math
    >>> nanmean(tnp.asarray([1.0, math.nan, 3.0]))
    Array(2., dtype=float32)
    """
    mask, count = _present(xp, x, axis)
    total = xp.sum(xp.where(mask, x, 0), axis=axis, keepdims=True)
    return dropped(xp, total / count, tuple(x.shape), axis, keepdims)


def _nan_centred(xp: Any, x: Any, axis: Any, correction: float) -> tuple[Any, Any]:
    """The distances from the mean, 0 where there is no number, and the degrees of freedom."""
    mask, count = _present(xp, x, axis)
    mean = xp.sum(xp.where(mask, x, 0), axis=axis, keepdims=True) / count
    left = count - correction
    return xp.where(mask, x - mean, 0), xp.where(left > 0, left, math.nan)


def _nanvar_pull(xp: Any, g: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    away, freedom = _nan_centred(xp, x, axis, correction)
    return kept(xp, g, x.shape, axis, keepdims) * xp.divide_or_zero(2 * away, freedom)


@op(
    x=_nanvar_pull,
    floats=True,
    batch=over_axes,
    accuracy="I3",
    samples=[*_HOLES, ((_holed(distinct(3, 4)),), {"axis": 1, "correction": 1})],
    errors=_ERRORS,
    real=True,
)
def nanvar(xp: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The variance over `axis` of the elements that are not NaN, with n - `correction` for n.

    >>> import math
    >>> nanvar(tnp.asarray([1.0, math.nan, 3.0]))
    Array(1., dtype=float32)
    """
    away, freedom = _nan_centred(xp, x, axis, correction)
    total = xp.sum(away * away, axis=axis, keepdims=True)
    return dropped(xp, total / freedom, tuple(x.shape), axis, keepdims)


def _nanstd_pull(xp: Any, g: Any, x: Any, out: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    away, freedom = _nan_centred(xp, x, axis, correction)
    own = kept(xp, out, x.shape, axis, keepdims)
    shares = xp.divide_or_zero(away, freedom)
    pulled = kept(xp, g, x.shape, axis, keepdims) * (shares / xp.where(own == 0, math.inf, own))
    return xp.past_kink(pulled, g, out, shares, kept=tuple(own.shape))


@op(
    x=_nanstd_pull,
    floats=True,
    batch=over_axes,
    accuracy="I3",
    samples=[
        *_HOLES[:6],
        _HOLES[8],
        ((_holed(distinct(3, 4)),), {"axis": 1, "correction": 1}),
        *[((_holed(draw),), {"axis": 1}) for draw in (HUGE, TINY)],
    ],
    errors=_ERRORS,
    real=True,
)
def nanstd(xp: Any, x: Any, *, axis: Any = None, correction: float = 0.0, keepdims: bool = False) -> Any:
    """The standard deviation over `axis` of the elements that are not NaN.

    >>> import math
    >>> nanstd(tnp.asarray([1.0, math.nan, 3.0]), correction=1.5)
    Array(2., dtype=float32)
    """
    away, freedom = _nan_centred(xp, x, axis, correction)
    return xp.root_of_squares(away, freedom, axis=axis, keepdims=keepdims)


_extreme_of_present = op(
    x=_present_pull,
    jvp=_present_push,
    batch=over_axes,
    accuracy="I0 unsigned",
    samples=_HOLES,
    errors=_ERRORS,
    real=True,
)


@_extreme_of_present
def nanmax(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element over `axis` that is not NaN; NaN where there is none.

    >>> import math
    >>> nanmax(tnp.asarray([1.0, math.nan, 3.0]))
    Array(3., dtype=float32)
    """
    mask, count = _present(xp, x, axis)
    top = xp.max(xp.where(mask, x, -math.inf), axis=axis, keepdims=True)
    return dropped(xp, xp.where(count > 0, top, math.nan), tuple(x.shape), axis, keepdims)


@_extreme_of_present
def nanmin(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element over `axis` that is not NaN; NaN where there is none.

    >>> import math
    >>> nanmin(tnp.asarray([1.0, math.nan, 3.0]))
    Array(1., dtype=float32)
    """
    mask, count = _present(xp, x, axis)
    bottom = xp.min(xp.where(mask, x, math.inf), axis=axis, keepdims=True)
    return dropped(xp, xp.where(count > 0, bottom, math.nan), tuple(x.shape), axis, keepdims)
