"""Sums and their kin, over one or several axes."""

from __future__ import annotations

from typing import Any

from ..op import linear
from ..testing.samples import normal

__all__ = ["sum"]


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(a % ndim if ndim else a for a in axes)


def _with_kept_axes(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    reduced = _axes(axis, len(shape))
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


def _spread(xp: Any, g: Any, spec: Any, axis: Any, keepdims: bool) -> Any:
    if not keepdims:
        g = xp.reshape(g, shape=_with_kept_axes(spec.shape, axis))
    return xp.broadcast_to(g, shape=spec.shape)


def over_axes(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of reductions: the axes, counted behind the batch axis."""
    (x,) = args
    axis = tuple(a + 1 for a in _axes(keywords["axis"], x.ndim - 1))
    return op.call(x, **{**keywords, "axis": axis})


@linear(
    x=lambda xp, g, x, axis, keepdims: _spread(xp, g, x, axis, keepdims),
    batch=over_axes,
    accuracy="I3",
    samples=[
        (normal(3, 4),),
        ((normal(3, 4),), {"axis": 0}),
        ((normal(3, 4),), {"axis": -1, "keepdims": True}),
        (normal(),),
    ],
)
def sum(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of the elements over `axis`: an int, a tuple of them, or None for all."""
    return xp.sum(x, axis=axis, keepdims=keepdims)
