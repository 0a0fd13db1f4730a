"""Running sums, products and extremes along an axis, differences, and the recurrence behind their derivatives."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError
from ..op import linear, op
from ..op.batching import InFront
from ..op.samples import Draw, distinct, exactly, normal, positive
from .elementwise import conjugated
from .indexing import axes_of


def axis_of(axis: int | None, ndim: int) -> int:
    """The one axis that `axis` means, counted from the front; None is the axis of an array that has only one."""
    if axis is None:
        if ndim != 1:
            raise ShapeError(f"axis is None, which an array of {ndim} axes leaves open; choose one")
        return 0
    return axes_of(axis, ndim)[0]


@InFront
def along_behind(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    """The batching rule of what runs along one axis: it is counted behind the batch axis."""
    return {**keywords, "axis": axis_of(keywords["axis"], rank) + 1}


def part(axis: int, start: int | None, stop: int | None, step: int | None = None) -> tuple[Any, ...]:
    """The key of a slice of one axis."""
    return (*(slice(None),) * axis, slice(start, stop, step))


def cut(xp: Any, x: Any, axis: int, start: int | None, stop: int | None, step: int | None = None) -> Any:
    """A slice of x along one axis."""
    return xp.getitem(x, key=part(axis, start, stop, step))


def edge(xp: Any, x: Any, axis: int, value: float) -> Any:
    """A slice of length one along an axis, full of a value."""
    shape = tuple(x.shape)
    return xp.filled(x, shape=(*shape[:axis], 1, *shape[axis + 1 :]), value=value)


def _later(xp: Any, x: Any, axis: int) -> Any:
    """x moved one place on along an axis; 0 comes in."""
    return xp.concat(edge(xp, x, axis, 0), cut(xp, x, axis, None, -1), axis=axis) if x.shape[axis] else x


def _earlier(xp: Any, x: Any, axis: int) -> Any:
    """x moved one place back along an axis; 0 comes in."""
    return xp.concat(cut(xp, x, axis, 1, None), edge(xp, x, axis, 0), axis=axis) if x.shape[axis] else x


def _along(draw: Draw, **keywords: Any) -> list[Any]:
    return [
        ((draw.of_shape(3, 4),), {"axis": 0, **keywords}),
        ((draw.of_shape(3, 4),), {"axis": -1, **keywords}),
        ((draw.of_shape(2, 3, 4),), {"axis": 1, **keywords}),
        ((draw.of_shape(5),), {"axis": 0, **keywords}),
        ((draw.of_shape(1),), {"axis": 0, **keywords}),
        ((draw.of_shape(3, 1),), {"axis": 1, **keywords}),
        ((draw.of_shape(0),), {"axis": 0, **keywords}),
        ((draw.of_shape(3, 0),), {"axis": 0, **keywords}),
    ]


_ERRORS = [((normal(3, 4),), {"axis": 2}), ((normal(3, 4),), {"axis": None})]


def _recurrence_pull(xp: Any, g: Any, factor: Any, axis: int, reverse: bool) -> Any:
    """The recurrence run the other way: its transpose in the terms."""
    factor = xp.roll(factor, shift=1 if reverse else -1, axis=axis)  # the factor it starts with is of no account
    return xp.recurrence(conjugated(xp, factor), g, axis=axis, reverse=not reverse)


def _previous(xp: Any, out: Any, axis: int, reverse: bool) -> Any:
    return _earlier(xp, out, axis) if reverse else _later(xp, out, axis)


def _recurrence_push(xp: Any, d_factor: Any, d_term: Any, factor: Any, out: Any, axis: int, reverse: bool) -> Any:
    axis = axis_of(axis, len(out.shape))
    if d_factor is not None:
        bent = d_factor * _previous(xp, out, axis, reverse)
        d_term = bent if d_term is None else d_term + bent
    return xp.recurrence(factor, d_term, axis=axis, reverse=reverse)


@op(
    factor=lambda xp, g, factor, out, axis, reverse: (
        _recurrence_pull(xp, g, factor, axis_of(axis, g.ndim), reverse)
        * conjugated(xp, _previous(xp, out, axis_of(axis, g.ndim), reverse))
    ),
    term=lambda xp, g, factor, axis, reverse: _recurrence_pull(xp, g, factor, axis_of(axis, g.ndim), reverse),
    jvp=_recurrence_push,
    alike=("factor", "term"),
    batch=along_behind,
    accuracy="I3",
    samples=[
        ((normal(*shape), normal(*shape)), {"axis": axis, "reverse": reverse})
        for shape, axis in (((5,), 0), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1), ((1,), 0), ((0,), 0), ((3, 0), 0))
        for reverse in (False, True)
    ],
)
def recurrence(xp: Any, factor: Any, term: Any, *, axis: int, reverse: bool = False) -> Any:
    """y[k] = factor[k] · y[k-1] + term[k] along an axis, from y[-1] = 0; `reverse` runs from the other end.

    Shapes: `factor` and `term` have the same; the result too.

    Raises: `AxisError` for an axis that is not there, `ShapeError` for None where there are several.

    >>> recurrence(tnp.asarray([0.5, 0.5, 0.5]), tnp.asarray([1.0, 1.0, 1.0]), axis=0)
    Array([1.  , 1.5 , 1.75], dtype=float32)
    """
    axis = axis_of(axis, len(term.shape))
    length, reach = term.shape[axis], 1
    # After each round an element knows of twice as many before it, so log2(n) rounds do.
    while reach < length:
        near, far = ((None, -reach), (reach, None)) if reverse else ((reach, None), (None, -reach))
        moving = cut(xp, factor, axis, *near)
        whole = cut(xp, term, axis, *near) + moving * cut(xp, term, axis, *far)
        product = moving * cut(xp, factor, axis, *far)
        kept = (length - reach, None) if reverse else (None, reach)
        done, same = cut(xp, term, axis, *kept), cut(xp, factor, axis, *kept)
        term = xp.concat(whole, done, axis=axis) if reverse else xp.concat(done, whole, axis=axis)
        factor = xp.concat(product, same, axis=axis) if reverse else xp.concat(same, product, axis=axis)
        reach *= 2
    return xp.positive(term)


# Running sums and products


def _sum_from_behind(xp: Any, g: Any, axis: int | None, include_initial: bool) -> Any:
    axis = axis_of(axis, g.ndim)
    if include_initial:
        g = cut(xp, g, axis, 1, None)
    turned = xp.cumulative_sum(cut(xp, g, axis, None, None, -1), axis=axis, include_initial=False)
    return cut(xp, turned, axis, None, None, -1)


@linear(
    x=lambda xp, g, axis, include_initial: _sum_from_behind(xp, g, axis, include_initial),
    batch=along_behind,
    accuracy="I3",
    primitive=True,
    samples=[*_along(normal()), *_along(normal(), include_initial=True), (normal(5),)],
    errors=_ERRORS,
)
def cumulative_sum(xp: Any, x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """The sums of the elements so far along an axis; `include_initial` puts the empty sum first.

    Shapes: that of `x`, one longer along the axis with `include_initial`.

    Raises: `AxisError` for an axis that is not there, `ShapeError` for None where there are several.

    >>> cumulative_sum(tnp.asarray([1.0, 2.0, 3.0]), include_initial=True)
    Array([0., 1., 3., 6.], dtype=float32)
    """
    return xp.cumulative_sum(x, axis=axis_of(axis, x.ndim), include_initial=include_initial)


def _products_before(xp: Any, out: Any, axis: int, include_initial: bool) -> Any:
    before = cut(xp, out, axis, None, -1)
    return before if include_initial or not out.shape[axis] else xp.concat(edge(xp, out, axis, 1), before, axis=axis)


def _cumulative_prod_pull(xp: Any, g: Any, x: Any, out: Any, axis: int | None, include_initial: bool) -> Any:
    axis = axis_of(axis, g.ndim)
    if include_initial:
        g = cut(xp, g, axis, 1, None)
    behind = xp.recurrence(conjugated(xp, xp.roll(x, shift=-1, axis=axis)), g, axis=axis, reverse=True)
    return behind * conjugated(xp, _products_before(xp, out, axis, include_initial))


def _cumulative_prod_push(xp: Any, d_x: Any, x: Any, out: Any, axis: int | None, include_initial: bool) -> Any:
    axis = axis_of(axis, len(out.shape))
    pushed = xp.recurrence(x, d_x * _products_before(xp, out, axis, include_initial), axis=axis)
    return xp.concat(edge(xp, pushed, axis, 0), pushed, axis=axis) if include_initial else pushed


@op(
    x=_cumulative_prod_pull,
    jvp=_cumulative_prod_push,
    batch=along_behind,
    accuracy="I3",
    primitive=True,
    samples=[
        *_along(normal()),
        *_along(normal(), include_initial=True),
        (exactly([2.0, 3.0, 0.0]),),
        (exactly([2.0, 0.0, 3.0, 0.0, 4.0]),),
    ],
    errors=_ERRORS,
)
def cumulative_prod(xp: Any, x: Any, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """The products of the elements so far along an axis; `include_initial` puts the empty product first.

    Shapes: that of `x`, one longer along the axis with `include_initial`.

    Raises: `AxisError` for an axis that is not there, `ShapeError` for None where there are several.

    >>> cumulative_prod(tnp.asarray([2.0, 0.0, 3.0]))
    Array([2., 0., 0.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(cumulative_prod(x)))(tnp.asarray([2.0, 0.0, 3.0]))
    Array([1., 8., 0.], dtype=float32)
    """
    return xp.cumulative_prod(x, axis=axis_of(axis, x.ndim), include_initial=include_initial)


# Running extremes


def _runs(xp: Any, x: Any, out: Any, axis: int) -> tuple[Any, Any, Any]:
    """Which elements attain the extreme, how many have since it began, and whether it lasts from the one before."""
    attains = x == out
    one = xp.astype(attains, dtype=x.dtype)
    lasts = xp.astype(out == _later(xp, out, axis), dtype=x.dtype)
    return attains, xp.maximum(xp.recurrence(lasts, one, axis=axis), 1), lasts


def _running_pull(xp: Any, g: Any, x: Any, out: Any, axis: int | None) -> Any:
    axis = axis_of(axis, g.ndim)
    if not x.shape[axis]:
        return g
    attains, count, lasts = _runs(xp, x, out, axis)
    onward = xp.roll(lasts, shift=-1, axis=axis)
    return xp.where(attains, xp.recurrence(onward, g / count, axis=axis, reverse=True), 0)


def _running_push(xp: Any, d_x: Any, x: Any, out: Any, axis: int | None) -> Any:
    axis = axis_of(axis, len(out.shape))
    if not x.shape[axis]:
        return d_x
    attains, count, lasts = _runs(xp, x, out, axis)
    return xp.recurrence(lasts, xp.where(attains, d_x, 0), axis=axis) / count


def _running(xp: Any, x: Any, axis: int | None, larger: Any) -> Any:
    axis = axis_of(axis, x.ndim)
    reach = 1
    while reach < x.shape[axis]:
        on = larger(cut(xp, x, axis, reach, None), cut(xp, x, axis, None, -reach))
        x = xp.concat(cut(xp, x, axis, None, reach), on, axis=axis)
        reach *= 2
    return xp.positive(x)


_RUNNING = [
    *_along(distinct()),
    (exactly([2.0, 2.0, 1.0, 3.0, 3.0, 3.0, 0.0]),),
    (exactly([-1.0, -1.0, -2.0, -2.0]),),
    ((exactly([[2.0, 2.0, 1.0], [3.0, 3.0, 3.0]]),), {"axis": 1}),
]


_running_extreme = op(
    x=_running_pull,
    jvp=_running_push,
    batch=along_behind,
    accuracy="I0 unsigned",
    samples=_RUNNING,
    errors=_ERRORS,
    real=True,
)


@_running_extreme
def cummax(xp: Any, x: Any, *, axis: int | None = None) -> Any:
    """The largest element so far along an axis. Where several are, the derivative is shared evenly among them.

    Shapes: that of `x`.

    Raises: `AxisError` for an axis that is not there, `ShapeError` for None where there are several.

    >>> cummax(tnp.asarray([1.0, 3.0, 2.0]))
    Array([1., 3., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(cummax(x)))(tnp.asarray([1.0, 3.0, 2.0]))
    Array([1., 2., 0.], dtype=float32)
    """
    return _running(xp, x, axis, xp.maximum)


@_running_extreme
def cummin(xp: Any, x: Any, *, axis: int | None = None) -> Any:
    """The smallest element so far along an axis. Where several are, the derivative is shared evenly among them.

    Shapes: that of `x`.

    Raises: `AxisError` for an axis that is not there, `ShapeError` for None where there are several.

    >>> cummin(tnp.asarray([2.0, 3.0, 1.0]))
    Array([2., 2., 1.], dtype=float32)
    """
    return _running(xp, x, axis, xp.minimum)


# Differences and integrals


def _diff_pull(xp: Any, g: Any, spec: Any, axis: int, n: int) -> Any:
    axis = axis_of(axis, g.ndim)
    if n >= spec.shape[axis]:
        return xp.filled(g, shape=spec.shape, value=0)
    for _ in range(n):
        nothing = edge(xp, g, axis, 0)
        padded = xp.concat(nothing, g, nothing, axis=axis)
        g = cut(xp, padded, axis, None, -1) - cut(xp, padded, axis, 1, None)
    return g


@linear(
    x=lambda xp, g, x, axis, n: _diff_pull(xp, g, x, axis, n),
    batch=along_behind,
    accuracy="I3",
    samples=[
        *_along(normal())[:6],
        ((normal(3, 4),), {"n": 2}),
        ((normal(3, 4),), {"n": 0}),
        ((normal(3, 4),), {"axis": 0, "n": 3}),
        ((normal(5),), {"n": 7}),
    ],
    errors=[((normal(3, 4),), {"axis": 2})],
)
def diff(xp: Any, x: Any, *, axis: int = -1, n: int = 1) -> Any:
    """The differences of neighbours along an axis, taken n times.

    Shapes: that of `x`, `n` shorter along the axis, but not below 0.

    Raises: `AxisError` for an axis that is not there, `ValueError` for a negative `n`.

    >>> diff(tnp.asarray([1.0, 4.0, 9.0])), diff(tnp.asarray([1.0, 4.0, 9.0]), n=2)
    (Array([3., 5.], dtype=float32), Array([2.], dtype=float32))
    """
    if n < 0:
        raise ArgumentError(f"n is {n}; a difference can be taken 0 times or more")
    axis = axis_of(axis, x.ndim)
    for _ in range(n):
        x = cut(xp, x, axis, 1, None) - cut(xp, x, axis, None, -1) if x.shape[axis] else x
    return xp.positive(x)


def _widths(xp: Any, y: Any, x: Any, axis: int, dx: float) -> Any:
    """The widths of the strips, in a shape that broadcasts with the strips of y."""
    if x is None:
        return dx
    along = 0 if len(x.shape) == 1 else axis - len(y.shape) + len(x.shape)
    if len(x.shape) > len(y.shape) or along < 0 or x.shape[along] != y.shape[axis]:
        raise ShapeError(
            f"trapezoid: points of shape {tuple(x.shape)} do not belong to axis {axis} of shape {tuple(y.shape)}"
        )
    if len(x.shape) == 1 and len(y.shape) > 1:
        x = xp.reshape(x, shape=tuple(x.shape[0] if i == axis else 1 for i in range(len(y.shape))))
        return cut(xp, x, axis, 1, None) - cut(xp, x, axis, None, -1)
    return cut(xp, x, along, 1, None) - cut(xp, x, along, None, -1)


def _trapezoid_over_y(xp: Any, g: Any, spec_y: Any, x: Any, axis: int, dx: float) -> Any:
    axis = axis_of(axis, len(spec_y.shape))
    if spec_y.shape[axis] < 2:
        return xp.filled(g, shape=spec_y.shape, value=0)
    width = _widths(xp, spec_y, x, axis, dx)
    strips = tuple(n - (i == axis) for i, n in enumerate(spec_y.shape))
    half = xp.expand_dims(g, axis=axis)
    if x is None:
        half = xp.broadcast_to(half * (0.5 * width), shape=strips)
    else:
        half = xp.unbroadcast(half * conjugated(xp, 0.5 * width), shape=strips)
    nothing = edge(xp, half, axis, 0)
    return xp.concat(half, nothing, axis=axis) + xp.concat(nothing, half, axis=axis)


def _trapezoid_over_x(xp: Any, g: Any, y: Any, x: Any, axis: int) -> Any:
    axis = axis_of(axis, y.ndim)
    if y.shape[axis] < 2:
        return xp.zeros_like(x)
    heights = 0.5 * (cut(xp, y, axis, 1, None) + cut(xp, y, axis, None, -1))
    each = xp.expand_dims(g, axis=axis) * conjugated(xp, heights)
    nothing = edge(xp, each, axis, 0)
    whole = xp.concat(nothing, each, axis=axis) - xp.concat(each, nothing, axis=axis)
    if len(x.shape) == 1 and y.ndim > 1:
        others = tuple(i for i in range(y.ndim) if i != axis)
        return xp.sum(whole, axis=others, keepdims=False)
    return xp.unbroadcast(whole, shape=tuple(x.shape))


def _trapezoid_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    from ..engines.tables import RECORDED

    y, x = (*args, None)[:2]
    if not batched[0]:
        y = RECORDED.broadcast_to(y, shape=(size, *y.shape))
    ndim = y.ndim - 1
    axis = axis_of(keywords["axis"], ndim)
    if x is not None:
        lead = (size,) if batched[1] else (1,)
        own = tuple(x.shape[1:] if batched[1] else x.shape)
        if len(own) == 1 and ndim > 1:
            own = tuple(own[0] if i == axis else 1 for i in range(ndim))
        own = (1,) * (ndim - len(own)) + own
        x = RECORDED.broadcast_to(RECORDED.reshape(x, shape=(*lead, *own)), shape=(size, *own))
    return op.call(y, x, **{**keywords, "axis": axis + 1})


@op(
    y=_trapezoid_over_y,
    x=_trapezoid_over_x,
    floats=True,
    batch=_trapezoid_behind,
    accuracy="I3",
    samples=[
        (normal(5), None),
        ((normal(3, 4), None), {"axis": 0, "dx": 0.5}),
        (normal(5), positive(5)),
        ((normal(3, 4), normal(3)), {"axis": 0}),
        (normal(3, 4), normal(3, 4)),
        (normal(3, 4), normal(1, 4)),
        (normal(1, 4), normal(3, 4)),
        ((normal(2, 3, 4), normal(3)), {"axis": 1}),
        (normal(1), normal(1)),
        (normal(2), normal(2)),
    ],
    errors=[((normal(3, 4), None), {"axis": 2})],
)
def trapezoid(xp: Any, y: Any, x: Any = None, *, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral of y along an axis by the trapezoidal rule, over points x, or over points `dx` apart.

    Shapes: `x` has one axis, as long as that of `y`, or broadcasts with `y`; the axis goes.

    Raises: `AxisError` for an axis that is not there, `ShapeError` where x and y differ in their number of points.

    >>> trapezoid(tnp.asarray([1.0, 2.0, 4.0]), dx=0.5)
    Array(2.25, dtype=float32)
    >>> tapegrad.grad(trapezoid, argnums=1)(tnp.asarray([1.0, 2.0, 4.0]), tnp.asarray([0.0, 1.0, 3.0]))
    Array([-1.5, -1.5,  3. ], dtype=float32)
    """
    axis = axis_of(axis, y.ndim)
    heights = cut(xp, y, axis, 1, None) + cut(xp, y, axis, None, -1)
    return xp.sum(0.5 * (heights * _widths(xp, y, x, axis, dx)), axis=axis, keepdims=False)
