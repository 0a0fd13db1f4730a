"""Diagonals of the matrices on two axes: taken out, put in, and summed."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..op import linear
from ..op.batching import InFront
from ..op.samples import normal
from .indexing import axis_of, check_matrix, of_shape


def _diagonal_places(rows: int, columns: int, offset: int) -> tuple[int, int, int]:
    """Where a diagonal begins, row and column, and how long it is."""
    row, column = max(-offset, 0), max(offset, 0)
    return row, column, max(min(rows - row, columns - column), 0)


@InFront
def _matrix_axes(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    return {**keywords, **{name: axis_of(keywords[name], rank) + 1 for name in ("axis1", "axis2")}}


@linear(
    x=lambda xp, g, x, offset, axis1, axis2: xp.diagonal_scatter(
        g, shape=tuple(x.shape), offset=offset, axis1=axis1, axis2=axis2
    ),
    batch=_matrix_axes,
    samples=[
        (normal(3, 4),),
        ((normal(4, 3),), {"offset": 1}),
        ((normal(3, 3),), {"offset": -1}),
        ((normal(2, 3, 4),), {"axis1": -2, "axis2": -1}),
        ((normal(3, 2, 3),), {"axis1": 2, "axis2": 0, "offset": 1}),
        ((normal(2, 2),), {"offset": 5}),
        (normal(0, 3),),
    ],
    errors=[(normal(3),), ((normal(3, 3),), {"axis1": 1, "axis2": 1})],
)
def diagonal(xp: Any, x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements x[i, i + offset] of the matrices on two axes, as a last axis.

    Shapes: two axes or more; `axis1` and `axis2` go, and the diagonal is the last axis.

    Raises: `ShapeError` for fewer axes, or the same one twice.

    >>> diagonal(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), offset=1)
    Array([2.], dtype=float32)
    """
    check_matrix("diagonal", x)
    a, b = axis_of(axis1, x.ndim), axis_of(axis2, x.ndim)
    if a == b:
        raise ShapeError(f"diagonal needs two different axes, not {axis1} and {axis2} of shape {tuple(x.shape)}")
    others = [i for i in range(x.ndim) if i not in (a, b)]
    x = xp.permute_dims(x, axes=(*others, a, b))
    rows, columns = x.shape[-2:]
    row, column, length = _diagonal_places(rows, columns, offset)
    front = tuple(x.shape[:-2])
    if length == 0:
        return xp.getitem(xp.reshape(x, shape=(*front, rows * columns)), key=(..., slice(0, 0)))
    flat = xp.reshape(x, shape=(*front, rows * columns))
    start = row * columns + column
    return xp.getitem(flat, key=(..., slice(start, start + (length - 1) * (columns + 1) + 1, columns + 1)))


@InFront
def _matrices_of_shape(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    return _matrix_axes.keywords_of(size, rank + 1, of_shape.keywords_of(size, rank, keywords))


@linear(
    x=lambda xp, g, offset, axis1, axis2: xp.diagonal(g, offset=offset, axis1=axis1, axis2=axis2),
    batch=_matrices_of_shape,
    samples=[
        ((normal(3),), {"shape": (3, 4)}),
        ((normal(2),), {"shape": (4, 3), "offset": 1}),
        ((normal(2),), {"shape": (3, 3), "offset": -1}),
        ((normal(2, 3),), {"shape": (2, 3, 4), "axis1": -2, "axis2": -1}),
        ((normal(2, 2),), {"shape": (3, 2, 3), "axis1": 2, "axis2": 0, "offset": 1}),
        ((normal(0),), {"shape": (2, 2), "offset": 5}),
    ],
    errors=[((normal(4),), {"shape": (3, 3)})],
)
def diagonal_scatter(
    xp: Any, x: Any, *, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Any:
    """Zeros of `shape` with the last axis of x on a diagonal: the transpose of `diagonal`.

    Shapes: `x` has the shape that `diagonal` of an array of `shape` has; the result has `shape`.

    Raises: `ShapeError` where the shape of `x` is another.

    >>> diagonal_scatter(tnp.asarray([5.0]), shape=(2, 2), offset=1)
    Array([[0., 5.],
           [0., 0.]], dtype=float32)
    """
    a, b = axis1 % len(shape), axis2 % len(shape)
    others = [i for i in range(len(shape)) if i not in (a, b)]
    front = tuple(shape[i] for i in others)
    rows, columns = shape[a], shape[b]
    row, column, length = _diagonal_places(rows, columns, offset)
    if tuple(x.shape) != (*front, length):
        raise ShapeError(f"a diagonal of shape {tuple(x.shape)} does not fit {shape}, where it is {(*front, length)}")
    if length == 0:
        return xp.filled(x, shape=shape, value=0)
    start = row * columns + column
    key = (..., slice(start, start + (length - 1) * (columns + 1) + 1, columns + 1))
    flat = xp.scatter_add(x, key=key, shape=(*front, rows * columns))
    order = [*others, a, b]
    out = xp.reshape(flat, shape=(*front, rows, columns))
    return xp.permute_dims(out, axes=tuple(order.index(i) for i in range(len(shape))))


@linear(
    x=lambda xp, g, x, offset, axis1, axis2: xp.diagonal_scatter(
        xp.broadcast_to(xp.expand_dims(g, axis=-1), shape=(*g.shape, _trace_length(x.shape, offset, axis1, axis2))),
        shape=tuple(x.shape),
        offset=offset,
        axis1=axis1,
        axis2=axis2,
    ),
    batch=_matrix_axes,
    accuracy="I3",
    samples=[
        (normal(3, 3),),
        (normal(2, 3),),
        ((normal(3, 4),), {"offset": 1}),
        ((normal(4, 3),), {"offset": -2}),
        ((normal(2, 3, 4),), {"axis1": -2, "axis2": -1}),
        ((normal(2, 2),), {"offset": 5}),
        (normal(0, 3),),
    ],
    errors=[(normal(3),)],
)
def trace(xp: Any, x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal of the matrices on two axes.

    Shapes: two axes or more; `axis1` and `axis2` go.

    Raises: `ShapeError` for fewer axes, or the same one twice.

    >>> trace(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]))
    Array(5., dtype=float32)
    """
    return xp.sum(xp.diagonal(x, offset=offset, axis1=axis1, axis2=axis2), axis=(-1,), keepdims=False)


def _trace_length(shape: Any, offset: int, axis1: int, axis2: int) -> int:
    return _diagonal_places(shape[axis1], shape[axis2], offset)[2]
