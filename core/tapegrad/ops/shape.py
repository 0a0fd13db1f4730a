"""Functions that move elements about: they change shapes and dtypes, never numbers."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

from ..errors import ShapeError
from ..op import linear
from ..testing.samples import normal

__all__ = ["astype", "broadcast_to", "reshape", "split", "stack", "unbroadcast"]


def resolved(shape: Any, old: Sequence[int]) -> tuple[int, ...]:
    """The shape that `shape` asks for, with its -1 filled in, for an array of shape `old`. Raises `ShapeError`.

    >>> resolved((-1, 2), (3, 4))
    (6, 2)
    """
    wanted = tuple(operator.index(n) for n in (shape if isinstance(shape, Iterable) else (shape,)))
    size, known = prod(old), prod(n for n in wanted if n != -1)
    unknown = wanted.count(-1)
    if unknown == 1 and known and size % known == 0 and min(wanted) >= -1:
        return tuple(size // known if n == -1 else n for n in wanted)
    if unknown or known != size or any(n < 0 for n in wanted):
        raise ShapeError(f"an array of shape {tuple(old)} has {size} elements; they do not fit the shape {wanted}")
    return wanted


def _same_axes(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    return op.call(*args, **keywords)


def _shape_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    return op.call(*args, shape=(size, *keywords["shape"]))


@linear(
    x=lambda xp, g, x: (
        xp.astype(xp.real(g), dtype=x.dtype)
        if xp.isdtype(g.dtype, "complex floating") and not xp.isdtype(x.dtype, "complex floating")
        else xp.astype(g, dtype=x.dtype)
    ),
    casts=True,
    batch=_same_axes,
    promotes=(),
    samples=[((normal(3, 4),), {"dtype": "float32"})],
)
def astype(xp: Any, x: Any, *, dtype: Any) -> Any:
    """The elements in another dtype."""
    return xp.astype(x, dtype)


@linear(
    x=lambda xp, g, x: xp.reshape(g, shape=x.shape), batch=_shape_behind, samples=[((normal(3, 4),), {"shape": (2, 6)})]
)
def reshape(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The same elements in order, in another shape; no -1 here."""
    return xp.reshape(x, shape)


def _broadcast_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    (x,) = args
    shape = keywords["shape"]
    inner = (1,) * (len(shape) - x.ndim + 1) + tuple(x.shape[1:])
    from ..kernels import RECORDED

    return op.call(RECORDED.reshape(x, shape=(size, *inner)), shape=(size, *shape))


@linear(
    x=lambda xp, g, x: xp.unbroadcast(g, shape=x.shape),
    batch=_broadcast_behind,
    samples=[((normal(3, 1),), {"shape": (2, 3, 4)}), ((normal(),), {"shape": (3,)})],
)
def broadcast_to(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The elements repeated to `shape`, by the rules of broadcasting."""
    return xp.broadcast_to(x, shape)


@linear(
    x=lambda xp, g, x: xp.broadcast_to(g, shape=x.shape),
    accuracy="I3",
    samples=[((normal(2, 3, 4),), {"shape": (3, 1)}), ((normal(3),), {"shape": ()})],
)
def unbroadcast(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The sums that shrink the elements back to `shape`: the transpose of broadcasting."""
    if x.shape == shape:
        return x
    extra = x.ndim - len(shape)
    stretched = [i for i, n in enumerate(x.shape) if i < extra or (shape[i - extra] == 1 and n != 1)]
    if not stretched:
        if tuple(x.shape[extra:]) != tuple(shape):
            raise ShapeError(
                f"a gradient of shape {tuple(x.shape)} does not belong to an input of shape {tuple(shape)}"
            )
        return xp.broadcast_to(x, shape=shape)
    return xp.reshape(xp.sum(x, axis=tuple(stretched), keepdims=False), shape=shape)


def _along(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    from ..kernels import RECORDED

    axis = keywords["axis"]
    spread = [
        x if on else RECORDED.broadcast_to(x, shape=(size, *x.shape)) for x, on in zip(args, batched, strict=True)
    ]
    return op.call(*spread, **{**keywords, "axis": axis + 1 if axis >= 0 else axis})


@linear(
    arrays=lambda xp, g, arrays, axis: [
        xp.getitem(g, key=(slice(None),) * (axis % g.ndim) + (i,)) for i in range(len(arrays))
    ],
    batch=_along,
    samples=[((normal(3), normal(3)), {"axis": 0}), ((normal(3, 2), normal(3, 2)), {"axis": -1})],
)
def stack(xp: Any, *arrays: Any, axis: int = 0) -> Any:
    """The arrays joined along a new axis."""
    return xp.stack(arrays, axis=axis)


@linear(
    arrays=lambda xp, g, arrays, axis: xp.split(g, sizes=tuple(a.shape[axis] for a in arrays), axis=axis),
    batch=_along,
    samples=[((normal(3), normal(3)), {"axis": 0}), ((normal(3, 2), normal(3, 1)), {"axis": -1})],
)
def concat(xp: Any, *arrays: Any, axis: int = 0) -> Any:
    """The arrays joined along an axis they have."""
    return xp.concat(arrays, axis=axis)


@linear(
    x=lambda xp, g, axis: xp.concat(*g, axis=axis),
    outs=True,
    batch=_along,
    samples=[((normal(6, 2),), {"sizes": (2, 1, 3), "axis": 0}), ((normal(3, 4),), {"sizes": (2, 2), "axis": -1})],
)
def split(xp: Any, x: Any, *, sizes: tuple[int, ...], axis: int = 0) -> Any:
    """Consecutive pieces of the given sizes along an axis."""
    axis %= x.ndim
    ends, start = [], 0
    for size in sizes:
        ends.append((start, start + size))
        start += size
    return [xp.getitem(x, key=(slice(None),) * axis + (slice(a, b),)) for a, b in ends]
