"""Ops whose values or derivatives follow another library's convention, beside the ops that follow ours."""

from __future__ import annotations

from typing import Any

from ..op import locally_constant, op
from ..testing.samples import distinct, exactly
from .reductions import over_axes, reduced_shape

__all__ = ["max_each", "min_each", "quotient"]


@locally_constant(
    samples=[
        (exactly([7, -7, 7, -7, 6]), exactly([2, 2, -2, -2, 3])),
        (exactly([[1, -1], [5, 0]]), exactly([0, 3])),
        (exactly(9), exactly(-4)),
    ]
)
def quotient(xp: Any, x: Any, y: Any) -> Any:
    """The whole part of x / y, of integers, as C has it: towards zero. By zero it is 0."""
    zero = y == 0
    divisor = xp.where(zero, xp.ones_like(y), y)
    floor = xp.floor_divide(x, divisor)
    up = (floor * divisor != x) & ((x < 0) != (divisor < 0))
    return xp.where(zero, xp.zeros_like(floor), xp.where(up, floor + 1, floor))


def _to_each(xp: Any, g: Any, x: Any, out: Any, axis: Any) -> Any:
    shape = reduced_shape(tuple(x.shape), axis)
    g, out = xp.reshape(g, shape=shape), xp.reshape(out, shape=shape)
    return xp.where(x == out, g, xp.zeros_like(g))


@op(
    x=lambda xp, g, x, out, axis: _to_each(xp, g, x, out, axis),
    batch=over_axes,
    accuracy="I0",
    samples=[
        (distinct(3, 4),),
        ((distinct(3, 4),), {"axis": 0}),
        ((distinct(3, 4),), {"axis": (0, 1), "keepdims": True}),
        ((distinct(2, 3, 2),), {"axis": -1}),
        (distinct(),),
    ],
)
def max_each(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The largest element over `axis`; each of several that tie has the whole gradient, where `max` shares it out."""
    return xp.max(x, axis=axis, keepdims=keepdims)


@op(
    x=lambda xp, g, x, out, axis: _to_each(xp, g, x, out, axis),
    batch=over_axes,
    accuracy="I0",
    samples=[
        (distinct(3, 4),),
        ((distinct(3, 4),), {"axis": 0}),
        ((distinct(3, 4),), {"axis": (0, 1), "keepdims": True}),
        ((distinct(2, 3, 2),), {"axis": -1}),
        (distinct(),),
    ],
)
def min_each(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The smallest element over `axis`; each of several that tie has the whole gradient, where `min` shares it out."""
    return xp.min(x, axis=axis, keepdims=keepdims)
