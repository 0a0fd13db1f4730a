"""Functions that move elements about: they change shapes, order and dtypes, never numbers."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import numpy as np

from .. import dtypes
from ..arrays.array import Array
from ..arrays.views import share_reshaped
from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..op import linear, op
from ..op.batching import InFront, in_front
from ..op.samples import alone, exactly, normal
from .indexing import ALL, AT, axes_of, axis_of, check_matrix, of_shape, over_axes


def resolved(shape: Any, old: Sequence[int]) -> tuple[int, ...]:
    """The shape that `shape` asks for, with its -1 filled in, for an array of shape `old`."""
    try:
        wanted = tuple(map(operator.index, shape if isinstance(shape, Iterable) else (shape,)))
    except TypeError:
        raise ArgumentTypeError(f"a shape is made of integers; {shape!r} is not") from None
    size, known = prod(old), prod(wanted)
    if known == size and (not wanted or min(wanted) >= 0):
        return wanted
    unknown = wanted.count(-1)
    known = prod(n for n in wanted if n != -1)
    if unknown == 1 and known and size % known == 0 and min(wanted) >= -1:
        return tuple(size // known if n == -1 else n for n in wanted)
    raise ShapeError(f"an array of shape {tuple(old)} has {size} elements; they do not fit the shape {wanted}")


# Dtypes.


@linear(
    x=lambda xp, g, x: xp.astype(g, dtype=x.dtype),
    batch=in_front,
    promotes=(),
    standard=True,
    samples=[
        ((normal(3, 4),), {"dtype": "float32"}),
        ((normal(),), {"dtype": "float64"}),
        ((normal(5),), {"dtype": "complex128"}),
        ((normal(5),), {"dtype": "complex64"}),
        ((normal(3, 0),), {"dtype": "float32"}),
        ((normal(5),), {"dtype": "int32"}),
        ((normal(5),), {"dtype": "bool"}),
        ((exactly([1, 0, 3]),), {"dtype": "float64"}),
        ((exactly([True, False]),), {"dtype": "int8"}),
        ((exactly([1, -2]),), {"dtype": "complex128"}),
    ],
)
def astype(xp: Any, x: Any, *, dtype: Any) -> Any:
    """The elements in another dtype; complex numbers become real ones by their real part.

    Shapes: that of `x`.
    Dtypes: any, into any that the engine has; the cotangent goes back into the dtype of `x`.
    Raises: `TypeError` for a `dtype` that is not one.

    >>> astype(tnp.asarray([1.5, -2.5]), dtype="int32")
    Array([ 1, -2], dtype=int32)
    """
    if isinstance(dtype, str):
        dtype = dtypes.to_dtype(dtype)
    if xp.isdtype(x.dtype, "complex floating") and not xp.isdtype(dtype, "complex floating"):
        x = (x != 0) if xp.isdtype(dtype, "bool") else xp.real(x)
    return xp.astype(x, dtype)


# Shapes.


@linear(
    x=lambda xp, g, x: xp.reshape(g, shape=x.shape),
    batch=of_shape,
    primitive=True,
    samples=[
        ((normal(3, 4),), {"shape": (2, 6)}),
        ((normal(3, 4),), {"shape": (12,)}),
        ((normal(),), {"shape": (1, 1)}),
        ((normal(1),), {"shape": ()}),
        ((normal(3, 0),), {"shape": (0, 2)}),
        ((normal(2, 3, 4).then(lambda x: x[::-1, :, ::-2]),), {"shape": (3, 4)}),
    ],
    errors=[((normal(3, 4),), {"shape": (5,)}), ((normal(3, 4),), {"shape": (-5, 2)})],
)
def reshape(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The same elements in order, in another shape; no -1 here.

    Shapes: `shape`, of as many elements as `x`.
    Raises: `ShapeError` for another number of elements, or negative lengths.

    >>> reshape(tnp.arange(6), shape=(2, 3))
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int64)
    """
    if min(shape, default=0) < 0:
        raise ShapeError(f"the shape {tuple(shape)} has negative lengths")
    return xp.reshape(x, shape)


def _broadcast_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    (x,) = args
    shape = keywords["shape"]
    inner = (1,) * (len(shape) - x.ndim + 1) + tuple(x.shape[1:])
    return op.call(RECORDED.reshape(x, shape=(size, *inner)), shape=(size, *shape))


@linear(
    x=lambda xp, g, x: xp.unbroadcast(g, shape=x.shape),
    batch=_broadcast_behind,
    primitive=True,
    samples=[
        ((normal(3, 1),), {"shape": (2, 3, 4)}),
        ((normal(),), {"shape": (3,)}),
        ((normal(),), {"shape": ()}),
        ((normal(1, 4),), {"shape": (3, 4)}),
        ((normal(1),), {"shape": (0,)}),
        ((normal(3, 4),), {"shape": (3, 4)}),
        ((normal(5).then(lambda x: x[::-1]),), {"shape": (2, 5)}),
    ],
    errors=[((normal(3),), {"shape": (4,)}), ((normal(3, 1),), {"shape": (3,)})],
)
def broadcast_to(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The elements repeated to `shape`, by the rules of broadcasting.

    Shapes: `shape`, whose last lengths are those of `x` wherever these are not 1.
    Raises: `ShapeError` where `x` does not broadcast to `shape`.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> broadcast_to(tnp.asarray([[1.0], [2.0]]), shape=(2, 3))
    Array([[1., 1., 1.],
           [2., 2., 2.]], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(broadcast_to(x, shape=(2, 3))))(tnp.asarray([[1.0], [2.0]]))
    Array([[3.],
           [3.]], dtype=float32)
    """
    return xp.broadcast_to(x, shape)


@linear(
    x=lambda xp, g, x: xp.broadcast_to(g, shape=x.shape),
    accuracy="I3",
    samples=[
        ((normal(2, 3, 4),), {"shape": (3, 1)}),
        ((normal(3),), {"shape": ()}),
        ((normal(3, 4),), {"shape": (3, 4)}),
        ((normal(),), {"shape": ()}),
        ((normal(2, 3, 4),), {"shape": (1, 1, 4)}),
        ((normal(3, 0),), {"shape": (3, 1)}),
        ((normal(1, 5),), {"shape": (5,)}),
    ],
    errors=[((normal(3, 4),), {"shape": (2,)})],
)
def unbroadcast(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The sums that shrink the elements back to `shape`: the transpose of broadcasting.

    Shapes: `x` has a shape that `shape` broadcasts to; the result has `shape`.
    Raises: `ShapeError` where `shape` does not broadcast to that of `x`.

    >>> unbroadcast(tnp.ones((4, 2, 3)), shape=(2, 1))
    Array([[12.],
           [12.]], dtype=float32)
    """
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


def _as_it_was(xp: Any, g: Any, x: Any) -> Any:
    return xp.reshape(g, shape=x.shape)


@linear(
    x=lambda xp, g, x: _as_it_was(xp, g, x),
    samples=[
        ((normal(3, 1, 4),), {"axis": 1}),
        ((normal(1, 3, 1),), {"axis": (0, -1)}),
        ((normal(1, 1),), {"axis": (0, 1)}),
        ((normal(3, 4),), {"axis": ()}),
        ((normal(1, 0),), {"axis": 0}),
    ],
    errors=[((normal(3, 4),), {"axis": 0}), ((normal(3, 1),), {"axis": 2})],
)
def squeeze(xp: Any, x: Any, *, axis: Any) -> Any:
    """The array without axes of length one: an int or a tuple of them.

    Shapes: that of `x` without the axes `axis`.
    Raises: `ShapeError` for an axis of another length or named twice, `AxisError` for one that is not there.

    >>> squeeze(tnp.ones((1, 3, 1)), axis=(0, -1)).shape
    (3,)
    """
    shape = tuple(x.shape)
    gone = axes_of(axis, len(shape))
    for a in gone:
        if shape[a] != 1:
            raise ShapeError(
                f"axis {a} of an array of shape {shape} has length {shape[a]}, and only 1 can be squeezed out"
            )
    return xp.reshape(x, shape=tuple(n for i, n in enumerate(shape) if i not in gone))


@linear(
    x=lambda xp, g, x: _as_it_was(xp, g, x),
    samples=[
        ((normal(3, 4),), {"axis": 0}),
        ((normal(3, 4),), {"axis": -1}),
        ((normal(3, 4),), {"axis": (0, 2)}),
        ((normal(),), {"axis": 0}),
        ((normal(0),), {"axis": 1}),
    ],
    errors=[((normal(3, 4),), {"axis": 3}), ((normal(3),), {"axis": (0, 0)})],
)
def expand_dims(xp: Any, x: Any, *, axis: Any = 0) -> Any:
    """The array with new axes of length one, where they are in the result: an int or a tuple of them.

    Shapes: that of `x` with a 1 at each place of `axis`.
    Raises: `AxisError` for a place that the result does not have, `ShapeError` for one named twice.

    >>> expand_dims(tnp.ones((3, 4)), axis=(0, 2)).shape
    (1, 3, 1, 4)
    """
    shape = tuple(x.shape)
    ndim = len(shape) + (len(axis) if isinstance(axis, tuple) else 1)
    new = axes_of(axis, ndim)
    lengths = iter(shape)
    return xp.reshape(x, shape=tuple(1 if i in new else next(lengths) for i in range(ndim)))


@linear(x=lambda xp, g, x: _as_it_was(xp, g, x), samples=alone(normal()))
def flatten(xp: Any, x: Any) -> Any:
    """The elements in order along one axis.

    Shapes: (n,), where `x` has n elements.

    >>> flatten(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]))
    Array([1., 2., 3., 4.], dtype=float32)
    """
    return xp.reshape(x, shape=(prod(x.shape),))


@linear(
    x=lambda xp, g, x: _as_it_was(xp, g, x),
    samples=[((draw,), {"ndim": 2}) for (draw,) in alone(normal())] + [((normal(),), {"ndim": 3})],
)
def atleast_nd(xp: Any, x: Any, *, ndim: int) -> Any:
    """The array with axes of length one in front until it has `ndim` axes.

    Shapes: that of `x` with as many 1 in front as it lacks axes.

    >>> atleast_nd(tnp.asarray([1.0, 2.0]), ndim=2)
    Array([[1., 2.]], dtype=float32)
    """
    return xp.reshape(x, shape=(1,) * (ndim - len(x.shape)) + tuple(x.shape))


def _unbroadcasts(xp: Any, g: Any, arrays: Any) -> list[Any]:
    return [xp.unbroadcast(one, shape=a.shape) for one, a in zip(g, arrays, strict=True)]


@linear(
    arrays=_unbroadcasts,
    outs=True,
    promotes=(),
    samples=[
        (normal(3, 1), normal(4)),
        (normal(3, 4), normal(), normal(1, 4)),
        (normal(5),),
        (normal(0), normal(1)),
    ],
    errors=[(normal(3), normal(4))],
)
def broadcast_arrays(xp: Any, *arrays: Any) -> Any:
    """The arrays, each broadcast to the shape that they have together.

    Shapes: any that broadcast together; a list of arrays of the common shape.
    Dtypes: each keeps its own.
    Raises: `ShapeError` where the shapes do not broadcast.

    >>> [x.shape for x in broadcast_arrays(tnp.ones((3, 1)), tnp.ones((4,)))]
    [(3, 4), (3, 4)]
    """
    shape = np.broadcast_shapes(*(tuple(a.shape) for a in arrays))
    return [xp.broadcast_to(a, shape=shape) for a in arrays]


@linear(
    arrays=lambda g: g,
    outs=True,
    promotes=(),
    samples=[(normal(3, 1), normal(4)), (normal(5),)],
)
def together(xp: Any, *arrays: Any) -> Any:
    """The arrays as they are, but that a gradient of one gives zeros to what the others alone depend on.

    Shapes: any; a list of as many arrays, of the same shapes.
    Dtypes: each keeps its own.

    >>> [x.shape for x in together(tnp.ones((3, 1)), tnp.ones((4,)))]
    [(3, 1), (4,)]
    """
    return list(arrays)


# Axes.


@InFront
def _permuted(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    return {"axes": (0, *[axis_of(a, rank) + 1 for a in keywords["axes"]])}


@linear(
    x=lambda xp, g, axes: xp.permute_dims(g, axes=tuple(np.argsort([a % len(axes) for a in axes]).tolist())),
    batch=_permuted,
    primitive=True,
    samples=[
        ((normal(3, 4),), {"axes": (1, 0)}),
        ((normal(2, 3, 4),), {"axes": (2, 0, 1)}),
        ((normal(2, 3, 4),), {"axes": (-1, 0, 1)}),
        ((normal(2, 3, 4),), {"axes": (0, 1, 2)}),
        ((normal(),), {"axes": ()}),
        ((normal(3, 0),), {"axes": (1, 0)}),
    ],
    errors=[((normal(3, 4),), {"axes": (0,)}), ((normal(3, 4),), {"axes": (0, 0)})],
)
def permute_dims(xp: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    """The array with its axes in another order.

    Shapes: axis i of the result is axis `axes[i]` of `x`.
    Raises: `ShapeError` unless `axes` names each axis once, `AxisError` for one that is not there.

    >>> permute_dims(tnp.ones((2, 3, 4)), axes=(2, 0, 1)).shape
    (4, 2, 3)
    """
    if len(axes) != x.ndim:
        raise ShapeError(f"{len(axes)} axes {tuple(axes)} for an array of {x.ndim}; name each axis once")
    return xp.permute_dims(x, axes_of(axes, x.ndim))


@linear(
    x="xp.matrix_transpose(g)",
    batch=in_front,
    primitive=True,
    samples=[(normal(3, 4),), (normal(2, 3, 4),), (normal(1, 4),), (normal(3, 0),)],
    errors=[(normal(3),), (normal(),)],
)
def matrix_transpose(xp: Any, x: Any) -> Any:
    """The matrices in the last two axes, transposed.

    Shapes: (..., m, n) becomes (..., n, m).
    Raises: `ShapeError` for fewer than two axes.

    >>> matrix_transpose(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]))
    Array([[1., 3.],
           [2., 4.]], dtype=float32)
    """
    return xp.matrix_transpose(x)


@linear(
    x=lambda xp, g, axis1, axis2: xp.swapaxes(g, axis1=axis1, axis2=axis2),
    samples=[
        ((normal(2, 3, 4),), {"axis1": 0, "axis2": 2}),
        ((normal(2, 3, 4),), {"axis1": -1, "axis2": 1}),
        ((normal(3, 4),), {"axis1": 1, "axis2": 1}),
    ],
    errors=[((normal(3, 4),), {"axis1": 0, "axis2": 2})],
)
def swapaxes(xp: Any, x: Any, *, axis1: int, axis2: int) -> Any:
    """The array with two axes exchanged.

    Shapes: that of `x` with two lengths exchanged.
    Raises: `AxisError` for an axis that is not there.

    >>> swapaxes(tnp.ones((2, 3, 4)), axis1=0, axis2=-1).shape
    (4, 3, 2)
    """
    ndim = len(x.shape)
    axes = list(range(ndim))
    a, b = axis_of(axis1, ndim), axis_of(axis2, ndim)
    axes[a], axes[b] = b, a
    return xp.permute_dims(x, axes=tuple(axes))


def _as_tuple(axis: Any) -> tuple[int, ...]:
    return tuple(axis) if isinstance(axis, Iterable) else (axis,)


@linear(
    x=lambda xp, g, source, destination: xp.moveaxis(g, source=destination, destination=source),
    samples=[
        ((normal(2, 3, 4),), {"source": 0, "destination": -1}),
        ((normal(2, 3, 4),), {"source": (0, -1), "destination": (1, 0)}),
        ((normal(3, 4),), {"source": (), "destination": ()}),
    ],
    errors=[
        ((normal(3, 4),), {"source": 2, "destination": 0}),
        ((normal(3, 4),), {"source": (0, 1), "destination": 0}),
    ],
)
def moveaxis(xp: Any, x: Any, *, source: Any, destination: Any) -> Any:
    """The array with axes moved to other places, and the rest left in order.

    Shapes: axis `source[i]` of `x` is axis `destination[i]` of the result.
    Raises: `ShapeError` for unequal numbers of axes or one named twice, `AxisError` for one that is not there.

    >>> moveaxis(tnp.ones((2, 3, 4)), source=0, destination=-1).shape
    (3, 4, 2)
    """
    ndim = len(x.shape)
    come, go = axes_of(_as_tuple(source), ndim), axes_of(_as_tuple(destination), ndim)
    if len(come) != len(go):
        raise ShapeError(f"{len(come)} axes to move, {source}, but {len(go)} places for them, {destination}")
    order = [a for a in range(ndim) if a not in come]
    for place, a in sorted(zip(go, come, strict=True)):
        order.insert(place, a)
    return xp.permute_dims(x, axes=tuple(order))


# Joining and splitting.


@InFront
def _along_new_axis(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    return {"axis": axis_of(keywords["axis"], rank + 1) + 1}


@linear(
    arrays=lambda xp, g, axis: xp.unstack(g, axis=axis),
    batch=_along_new_axis,
    primitive=True,
    samples=[
        ((normal(3), normal(3)), {"axis": 0}),
        ((normal(3, 2), normal(3, 2)), {"axis": -1}),
        ((normal(3, 2), normal(3, 2), normal(3, 2)), {"axis": 1}),
        ((normal(), normal()), {"axis": 0}),
        ((normal(0), normal(0)), {"axis": -2}),
        ((normal(4),), {"axis": 1}),
    ],
    errors=[((normal(3), normal(4)), {"axis": 0}), ((normal(3), normal(3)), {"axis": 2})],
)
def stack(xp: Any, *arrays: Any, axis: int = 0) -> Any:
    """The arrays, of one shape, joined along a new axis.

    Shapes: that of the arrays with their number at place `axis`.
    Raises: `ShapeError` where shapes differ, `AxisError` for a place that the result does not have, `TypeError` for no
    arrays.

    >>> stack(tnp.asarray([1.0, 2.0]), tnp.asarray([3.0, 4.0]), axis=1)
    Array([[1., 3.],
           [2., 4.]], dtype=float32)
    """
    return xp.stack(arrays, axis=axis_of(axis, arrays[0].ndim + 1))


@linear(
    x=lambda xp, g, axis: xp.stack(*g, axis=axis),
    outs=True,
    samples=[
        ((normal(3, 2),), {"axis": 0}),
        ((normal(3, 2),), {"axis": -1}),
        ((normal(2),), {"axis": 0}),
        ((normal(1, 3, 2),), {"axis": 1}),
        ((normal(3, 0),), {"axis": 0}),
    ],
    errors=[((normal(3),), {"axis": 1})],
)
def unstack(xp: Any, x: Any, *, axis: int = 0) -> Any:
    """The pieces of length one along an axis, without that axis.

    Shapes: as many arrays as the axis is long, of the shape of `x` without it.
    Raises: `AxisError` for an axis that is not there.

    >>> unstack(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]))
    [Array([1., 2.], dtype=float32), Array([3., 4.], dtype=float32)]
    """
    axis = axis_of(axis, len(x.shape))
    return [xp.getitem(x, key=(ALL,) * axis + (i,)) for i in range(x.shape[axis])]


@linear(
    arrays=lambda xp, g, arrays, axis: xp.split(g, sizes=tuple(a.shape[axis] for a in arrays), axis=axis),
    batch=over_axes,
    primitive=True,
    samples=[
        ((normal(3), normal(3)), {"axis": 0}),
        ((normal(3, 2), normal(3, 1)), {"axis": -1}),
        ((normal(3, 2), normal(0, 2), normal(1, 2)), {"axis": 0}),
        ((normal(5),), {"axis": 0}),
        ((normal(2, 3, 4), normal(2, 1, 4)), {"axis": 1}),
    ],
    errors=[
        ((normal(3), normal(3)), {"axis": 1}),
        ((normal(3, 2), normal(3, 3)), {"axis": 0}),
        ((normal(3), normal(3, 1)), {"axis": 0}),
    ],
)
def concat(xp: Any, *arrays: Any, axis: int = 0) -> Any:
    """The arrays joined along an axis they have.

    Shapes: alike but for `axis`, whose lengths add up.
    Raises: `ShapeError` where other lengths differ, `AxisError` for an axis that is not there, `TypeError` for no
    arrays.

    >>> concat(tnp.asarray([1.0, 2.0]), tnp.asarray([3.0]))
    Array([1., 2., 3.], dtype=float32)
    """
    return xp.concat(arrays, axis=axis_of(axis, arrays[0].ndim))


@linear(
    x=lambda xp, g, axis: xp.concat(*g, axis=axis),
    outs=True,
    samples=[
        ((normal(6, 2),), {"sizes": (2, 1, 3), "axis": 0}),
        ((normal(3, 4),), {"sizes": (2, 2), "axis": -1}),
        ((normal(5),), {"sizes": (5,), "axis": 0}),
        ((normal(3, 2),), {"sizes": (0, 3), "axis": 0}),
        ((normal(3, 0),), {"sizes": (1, 2), "axis": 0}),
    ],
    errors=[((normal(5),), {"sizes": (2, 2)}), ((normal(5),), {"sizes": (5,), "axis": 1})],
)
def split(xp: Any, x: Any, *, sizes: tuple[int, ...], axis: int = 0) -> Any:
    """Consecutive pieces of the given sizes along an axis, which they use up.

    Shapes: that of `x` with `sizes[i]` along `axis`.
    Raises: `ShapeError` where the sizes are negative or do not add up to the axis, `AxisError` for one that is not
    there.

    >>> split(tnp.arange(5), sizes=(2, 3))
    [Array([0, 1], dtype=int64), Array([2, 3, 4], dtype=int64)]
    """
    axis = axis_of(axis, len(x.shape))
    if sum(sizes) != x.shape[axis] or min(sizes, default=0) < 0:
        raise ShapeError(
            f"pieces of sizes {tuple(sizes)} do not add up to axis {axis} of an array of shape {tuple(x.shape)}"
        )
    pieces, start = [], 0
    for size in sizes:
        pieces.append(xp.getitem(x, key=(ALL,) * axis + (slice(start, start + size),)))
        start += size
    return pieces


# Order.


@linear(
    x=lambda xp, g, axis: xp.flip(g, axis=axis),
    standard=True,
    batch=over_axes,
    samples=[((draw,), {"axis": None}) for (draw,) in alone(normal())]
    + [((normal(2, 3, 4),), {"axis": (0, -1)}), ((normal(3, 4),), {"axis": 1})],
    errors=[((normal(3),), {"axis": 1})],
)
def flip(xp: Any, x: Any, *, axis: Any = None) -> Any:
    """The elements in reverse order along `axis`: an int, a tuple of them, or None for all.

    Shapes: that of `x`.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for one named twice.

    >>> flip(tnp.asarray([[1, 2], [3, 4]]), axis=1)
    Array([[2, 1],
           [4, 3]], dtype=int64)
    """
    turned = axes_of(axis, len(x.shape))
    return xp.flip(x, axis=turned) if turned else x


def _shifts(shift: Any, axis: Any, ndim: int) -> list[tuple[int, int]]:
    axes, shifts = _as_tuple(axis), _as_tuple(shift)
    if len(shifts) == 1:
        shifts *= len(axes)
    elif len(axes) == 1:
        axes *= len(shifts)
    if len(shifts) != len(axes):
        raise ShapeError(f"{len(shifts)} shifts {shift} for {len(axes)} axes {axis}; give one for each")
    return [(axis_of(a, ndim), operator.index(s)) for a, s in zip(axes, shifts, strict=True)]


@linear(
    x=lambda xp, g, shift, axis: xp.roll(g, shift=tuple(-s for s in _as_tuple(shift)), axis=axis),
    samples=[
        ((normal(5),), {"shift": 2, "axis": 0}),
        ((normal(3, 4),), {"shift": -1, "axis": None}),
        ((normal(3, 4),), {"shift": (1, -1), "axis": (0, 1)}),
        ((normal(3, 4),), {"shift": 9, "axis": -1}),
        ((normal(3, 4),), {"shift": (1, 1), "axis": 0}),
        ((normal(3, 0),), {"shift": 1, "axis": 1}),
        ((normal(),), {"shift": 1, "axis": None}),
        ((normal(3, 4),), {"shift": 0, "axis": 0}),
    ],
    errors=[((normal(3),), {"shift": 1, "axis": 1}), ((normal(3, 4),), {"shift": (1, 2, 3), "axis": (0, 1)})],
)
def roll(xp: Any, x: Any, *, shift: Any, axis: Any = None) -> Any:
    """The elements moved on along `axis`, or along all laid flat; those that leave come in at the other end.

    Shapes: that of `x`; of several shifts and axes one for each, or one for all.
    Raises: `ShapeError` where their numbers differ, `AxisError` for an axis that is not there, `TypeError` for a shift
    that is not an integer.

    >>> roll(tnp.arange(5), shift=2)
    Array([3, 4, 0, 1, 2], dtype=int64)
    """
    shape = tuple(x.shape)
    if axis is None:
        x, shift, axis = xp.reshape(x, shape=(prod(shape),)), sum(_as_tuple(shift)), 0
    for a, s in _shifts(shift, axis, len(x.shape)):
        length = x.shape[a]
        start = -s % length if length else 0
        if start:
            front = (ALL,) * a
            pieces = [xp.getitem(x, key=(*front, slice(*ends))) for ends in ((start, None), (0, start))]
            x = xp.concat(*pieces, axis=a)
    return xp.reshape(x, shape=shape)


@linear(
    x=lambda xp, g, k, axes: xp.rot90(g, k=-k, axes=axes),
    samples=[
        (normal(3, 4),),
        ((normal(3, 4),), {"k": 2}),
        ((normal(2, 3, 4),), {"k": 3, "axes": (1, -1)}),
        ((normal(3, 4),), {"k": -5, "axes": (1, 0)}),
        ((normal(3, 0),), {"k": 4}),
    ],
    errors=[(normal(3),), ((normal(3, 4),), {"axes": (0, 0)})],
)
def rot90(xp: Any, x: Any, *, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """The array turned by k quarters, from the first of two axes towards the second.

    Shapes: that of `x`, the lengths of the two axes exchanged where k is odd.
    Raises: `ShapeError` unless `axes` are two different ones, `AxisError` for one that is not there.

    >>> rot90(tnp.asarray([[1, 2], [3, 4]]))
    Array([[2, 4],
           [1, 3]], dtype=int64)
    """
    if len(axes) != 2:
        raise ShapeError(f"axes {axes} do not span a plane; name two axes")
    a, b = axes_of(axes, len(x.shape))
    if k % 4 == 2:
        return xp.flip(x, axis=(a, b))
    if k % 4 == 1:
        return xp.swapaxes(xp.flip(x, axis=b), axis1=a, axis2=b)
    if k % 4 == 3:
        return xp.flip(xp.swapaxes(x, axis1=a, axis2=b), axis=b)
    return xp.reshape(x, shape=tuple(x.shape))


# Repetition.


def _gathers(repeats: Sequence[int]) -> list[int]:
    return [i for i, count in enumerate(repeats) for _ in range(count)]


def _repeated_back(xp: Any, g: Any, x: Any, repeats: Any, axis: int) -> Any:
    axis = axis_of(axis, x.ndim)
    if isinstance(repeats, Sequence):
        places = xp.index_table(g, values=tuple(_gathers(repeats)))
        return xp.scatter_add(g, places, key=(ALL,) * axis + (AT,), shape=x.shape)
    parted = xp.reshape(g, shape=(*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :]))
    return xp.sum(parted, axis=axis + 1, keepdims=False)


@linear(
    x=_repeated_back,
    samples=[
        ((normal(3, 4),), {"repeats": 2, "axis": 0}),
        ((normal(3, 4),), {"repeats": 3, "axis": -1}),
        ((normal(5),), {"repeats": (0, 2, 1, 0, 3), "axis": 0}),
        ((normal(3, 4),), {"repeats": 0, "axis": 1}),
        ((normal(3, 0),), {"repeats": 2, "axis": 0}),
        ((normal(2, 3, 4),), {"repeats": (1, 0, 2), "axis": 1}),
        ((normal(3),), {"repeats": (0, 0, 0), "axis": 0}),
    ],
    errors=[
        ((normal(3),), {"repeats": (1, 2), "axis": 0}),
        ((normal(3),), {"repeats": -1, "axis": 0}),
        ((normal(3),), {"repeats": 2, "axis": 1}),
    ],
)
def repeat(xp: Any, x: Any, *, repeats: int | Sequence[int], axis: int) -> Any:
    """Each element along an axis several times over: as often for all, or a count for each.

    Shapes: that of `x` with the sum of the counts along `axis`.
    Raises: `ShapeError` for negative counts or another number of them than the axis is long, `AxisError` for an axis
    that is not there.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> repeat(tnp.asarray([1.0, 2.0]), repeats=(1, 3), axis=0)
    Array([1., 2., 2., 2.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(repeat(x, repeats=(1, 3), axis=0)))(tnp.asarray([1.0, 2.0]))
    Array([1., 3.], dtype=float32)
    """
    shape = tuple(x.shape)
    axis = axis_of(axis, len(shape))
    counts = repeats if isinstance(repeats, Sequence) else (repeats,)
    if min(counts, default=0) < 0 or (isinstance(repeats, Sequence) and len(repeats) != shape[axis]):
        raise ShapeError(
            f"repeats {repeats} do not fit axis {axis} of an array of shape {shape}; give one count, or one for each"
        )
    if isinstance(repeats, Sequence):
        return xp.getitem(x, xp.index_table(x, values=tuple(_gathers(repeats))), key=(ALL,) * axis + (AT,))
    front, back = shape[: axis + 1], shape[axis + 1 :]
    wide = xp.broadcast_to(xp.reshape(x, shape=(*front, 1, *back)), shape=(*front, repeats, *back))
    return xp.reshape(wide, shape=(*shape[:axis], shape[axis] * repeats, *back))


def _tiled(shape: Sequence[int], repetitions: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    rank = max(len(shape), len(repetitions))
    return (1,) * (rank - len(shape)) + tuple(shape), (1,) * (rank - len(repetitions)) + tuple(repetitions)


def _untile(xp: Any, g: Any, x: Any, repetitions: Any) -> Any:
    shape, counts = _tiled(x.shape, repetitions)
    parted = xp.reshape(g, shape=tuple(n for pair in zip(counts, shape, strict=True) for n in pair))
    return xp.reshape(xp.sum(parted, axis=tuple(range(0, 2 * len(shape), 2)), keepdims=False), shape=x.shape)


@linear(
    x=_untile,
    samples=[
        ((normal(3),), {"repetitions": (2,)}),
        ((normal(3, 4),), {"repetitions": (2, 3)}),
        ((normal(3),), {"repetitions": (2, 2)}),
        ((normal(2, 3, 4),), {"repetitions": (2,)}),
        ((normal(),), {"repetitions": (3,)}),
        ((normal(3, 4),), {"repetitions": ()}),
        ((normal(3, 4),), {"repetitions": (0, 1)}),
        ((normal(3, 0),), {"repetitions": (2, 1)}),
    ],
    errors=[((normal(3),), {"repetitions": (-1,)})],
)
def tile(xp: Any, x: Any, *, repetitions: tuple[int, ...]) -> Any:
    """The array laid side by side with itself, so many times along each axis; the last axes where there are fewer.

    Shapes: each length times its repetition, aligned from the back; what is missing in front counts as 1.
    Raises: `ShapeError` for negative repetitions.

    >>> tile(tnp.asarray([1, 2]), repetitions=(2, 2))
    Array([[1, 2, 1, 2],
           [1, 2, 1, 2]], dtype=int64)
    """
    if min(repetitions, default=0) < 0:
        raise ShapeError(f"repetitions {tuple(repetitions)} cannot be negative")
    shape, counts = _tiled(x.shape, repetitions)
    pairs = list(zip(counts, shape, strict=True))
    parted = xp.reshape(x, shape=tuple(n for pair in pairs for n in (1, pair[1])))
    wide = xp.broadcast_to(parted, shape=tuple(n for pair in pairs for n in pair))
    return xp.reshape(wide, shape=tuple(count * n for count, n in pairs))


def _grids(xp: Any, g: Any, arrays: Any, indexing: str) -> list[Any]:
    found = []
    for i, (one, a) in enumerate(zip(g, arrays, strict=True)):
        axis = _grid_axis(i, indexing, len(arrays))
        total = xp.sum(one, axis=tuple(j for j in range(len(arrays)) if j != axis), keepdims=False)
        found.append(xp.reshape(total, shape=a.shape))
    return found


def _grid_axis(i: int, indexing: str, count: int) -> int:
    return 1 - i if indexing == "xy" and count > 1 and i < 2 else i


@linear(
    arrays=_grids,
    outs=True,
    promotes=(),
    samples=[
        (normal(3), normal(4)),
        ((normal(3), normal(4)), {"indexing": "ij"}),
        (normal(2), normal(3), normal(4)),
        (normal(3),),
        (normal(), normal(3)),
        (normal(0), normal(2)),
    ],
    errors=[((normal(3), normal(4)), {"indexing": "yx"}), (normal(3, 4), normal(3))],
)
def meshgrid(xp: Any, *arrays: Any, indexing: str = "xy") -> Any:
    """The coordinates of a grid: each array spread over the axes of all; "xy" has the first two exchanged.

    Shapes: arrays of one axis or none; as many results, all of shape (n0, n1, n2, ...), or (n1, n0, n2, ...) for "xy".
    Dtypes: each keeps its own.
    Raises: `ShapeError` for an array of several axes, `ValueError` for another `indexing`.

    >>> meshgrid(tnp.asarray([1, 2]), tnp.asarray([3, 4, 5]))
    [Array([[1, 2],
           [1, 2],
           [1, 2]], dtype=int64), Array([[3, 3],
           [4, 4],
           [5, 5]], dtype=int64)]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"indexing is {indexing!r}; choose 'xy' or 'ij'")
    count = len(arrays)
    shape = [1] * count
    for i, a in enumerate(arrays):
        if len(a.shape) > 1:
            raise ShapeError(f"meshgrid() takes arrays of one axis, not of shape {tuple(a.shape)}")
        shape[_grid_axis(i, indexing, count)] = prod(a.shape)
    found = []
    for i, a in enumerate(arrays):
        axis = _grid_axis(i, indexing, count)
        line = xp.reshape(a, shape=(1,) * axis + (shape[axis],) + (1,) * (count - axis - 1))
        found.append(xp.broadcast_to(line, shape=tuple(shape)))
    return found


# Matrices: diagonals and triangles.


@linear(
    x=lambda xp, g, x, k: xp.reshape(xp.diagonal(g, offset=k), shape=x.shape),
    samples=[
        (normal(3),),
        ((normal(3),), {"k": 1}),
        ((normal(3, 4),), {"k": -2}),
        (normal(),),
        (normal(0),),
    ],
)
def diagflat(xp: Any, x: Any, *, k: int = 0) -> Any:
    """A square matrix with all elements of x on its k-th diagonal.

    Shapes: (n + |k|, n + |k|), where `x` has n elements.

    >>> diagflat(tnp.asarray([1, 2]), k=1)
    Array([[0, 1, 0],
           [0, 0, 2],
           [0, 0, 0]], dtype=int64)
    """
    count = prod(x.shape)
    n = count + abs(k)
    return xp.diagonal_scatter(xp.reshape(x, shape=(count,)), shape=(n, n), offset=k)


@linear(
    x=lambda xp, g, x, k: (
        xp.diagonal(g, offset=k) if x.ndim == 1 else xp.diagonal_scatter(g, shape=tuple(x.shape), offset=k)
    ),
    samples=[
        (normal(3),),
        ((normal(3),), {"k": -1}),
        (normal(3, 4),),
        ((normal(3, 4),), {"k": 2}),
        (normal(0),),
        ((normal(4, 1),), {"k": -3}),
    ],
    errors=[(normal(),), (normal(2, 3, 4),)],
)
def diag(xp: Any, x: Any, *, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix that has the given one.

    Shapes: (n,) becomes (n + |k|, n + |k|); a matrix becomes its diagonal, (d,).
    Raises: `ShapeError` for another number of axes.

    >>> diag(tnp.asarray([[1, 2], [3, 4]]))
    Array([1, 4], dtype=int64)
    >>> diag(tnp.asarray([1, 4]))
    Array([[1, 0],
           [0, 4]], dtype=int64)
    """
    if len(x.shape) not in (1, 2):
        raise ShapeError(f"diag() takes an array of one or two axes, not of shape {tuple(x.shape)}")
    return xp.diagflat(x, k=k) if len(x.shape) == 1 else xp.diagonal(x, offset=k)


_TRIANGLES = [
    (normal(3, 4),),
    ((normal(3, 4),), {"k": -1}),
    ((normal(3, 4),), {"k": 2}),
    ((normal(2, 3, 3),), {"k": 1}),
    ((normal(3, 3),), {"k": -7}),
    (normal(1, 1),),
    (normal(3, 0),),
]


@linear(x=lambda xp, g, k: xp.tril(g, k=k), batch=in_front, primitive=True, samples=_TRIANGLES, errors=[(normal(3),)])
def tril(xp: Any, x: Any, *, k: int = 0) -> Any:
    """The matrices in the last two axes with zeros above the k-th diagonal.

    Shapes: (..., m, n), as that of `x`.
    Raises: `ShapeError` for fewer than two axes.

    >>> tril(tnp.asarray([[1, 2], [3, 4]]))
    Array([[1, 0],
           [3, 4]], dtype=int64)
    """
    check_matrix("tril", x)
    return xp.tril(x, k=k)


@linear(x=lambda xp, g, k: xp.triu(g, k=k), batch=in_front, primitive=True, samples=_TRIANGLES, errors=[(normal(3),)])
def triu(xp: Any, x: Any, *, k: int = 0) -> Any:
    """The matrices in the last two axes with zeros below the k-th diagonal.

    Shapes: (..., m, n), as that of `x`.
    Raises: `ShapeError` for fewer than two axes.

    >>> triu(tnp.asarray([[1, 2], [3, 4]]), k=1)
    Array([[0, 2],
           [0, 0]], dtype=int64)
    """
    check_matrix("triu", x)
    return xp.triu(x, k=k)


# Padding.

PADDINGS = ("constant", "edge", "reflect", "symmetric", "wrap")

Widths = Sequence[tuple[int, int]]


def _sources(length: int, before: int, after: int, mode: str) -> list[int]:
    """Which element of an axis stands at each place of the padded one."""
    places = range(-before, length + after)
    if mode == "edge":
        return [min(max(i, 0), length - 1) for i in places]
    if mode == "wrap":
        return [i % length for i in places]
    if mode == "reflect" and length == 1:
        return [0] * len(places)
    period = 2 * length - (2 if mode == "reflect" else 0)
    folded = (i % period for i in places)
    return [i if i < length else period - i - (0 if mode == "reflect" else 1) for i in folded]


def _check_widths(shape: Sequence[int], widths: Widths, mode: str) -> None:
    if mode not in PADDINGS:
        raise ArgumentError(f"mode is {mode!r}; choose one of {', '.join(map(repr, PADDINGS))}")
    if len(widths) != len(shape):
        raise ShapeError(
            f"{len(widths)} widths {tuple(widths)} for an array of {len(shape)} axes; give a pair for each"
        )
    for axis, (before, after) in enumerate(widths):
        if before < 0 or after < 0:
            raise ShapeError(f"widths {(before, after)} of axis {axis} cannot be negative; cut off with a slice")
        if before + after and not shape[axis] and mode != "constant":
            raise ShapeError(f"axis {axis} is empty, so there is nothing to pad with in mode {mode!r}")


def _unpad(xp: Any, g: Any, x: Any, widths: Widths, mode: str) -> Any:
    if mode == "constant":
        return xp.getitem(
            g, key=tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))
        )
    for axis, (before, after) in enumerate(widths):
        if before + after:
            places = xp.index_table(g, values=tuple(_sources(x.shape[axis], before, after, mode)))
            shape = (*g.shape[:axis], x.shape[axis], *g.shape[axis + 1 :])
            g = xp.scatter_add(g, places, key=(ALL,) * axis + (AT,), shape=shape)
    return g


@op(
    x=lambda xp, g, spec_x, widths, mode: _unpad(xp, g, spec_x, widths, mode),
    jvp=lambda xp, d_x, widths, mode: xp.pad(d_x, widths=widths, mode=mode, value=0.0),
    accuracy="I0",
    samples=[
        ((normal(3, 4),), {"widths": ((1, 2), (0, 1))}),
        ((normal(3, 4),), {"widths": ((1, 2), (0, 1)), "value": 2.5}),
        ((normal(5),), {"widths": ((0, 0),)}),
        ((normal(),), {"widths": ()}),
        ((normal(3, 0),), {"widths": ((1, 1), (2, 0))}),
        *(((normal(3, 4),), {"widths": ((2, 1), (1, 3)), "mode": mode}) for mode in PADDINGS[1:]),
        *(((normal(3, 4),), {"widths": ((2, 0), (0, 1)), "mode": mode}) for mode in PADDINGS[1:]),
        *(((normal(3),), {"widths": ((7, 8),), "mode": mode}) for mode in PADDINGS[1:]),
        ((normal(1),), {"widths": ((2, 2),), "mode": "reflect"}),
    ],
    errors=[
        ((normal(3),), {"widths": ((1, 1), (1, 1))}),
        ((normal(3),), {"widths": ((-1, 1),)}),
        ((normal(3),), {"widths": ((1, 1),), "mode": "mirror"}),
        ((normal(0),), {"widths": ((1, 1),), "mode": "edge"}),
    ],
)
def pad(xp: Any, x: Any, *, widths: Widths, mode: str = "constant", value: float = 0.0) -> Any:
    """The array with more elements at both ends of each axis: pairs of widths, one for each axis.

    `mode`: "constant" (`value`), "edge" (the last element), "reflect" and "symmetric" (mirrored, without and with the
    last element itself), "wrap" (from the other end).

    Shapes: each length n becomes before + n + after.
    Dtypes: that of `x`, which `value` is cast to.
    Raises: `ShapeError` for negative widths, another number of pairs than axes, or an empty axis that nothing can be
    taken from; `ValueError` for another mode.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> pad(tnp.asarray([1.0, 2.0, 3.0]), widths=((2, 1),), mode="reflect")
    Array([3., 2., 1., 2., 3., 2.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(pad(x, widths=((2, 1),), mode="reflect")))(tnp.asarray([1.0, 2.0, 3.0]))
    Array([1., 3., 2.], dtype=float32)
    """
    shape = tuple(x.shape)
    _check_widths(shape, widths, mode)
    for axis, (before, after) in enumerate(widths):
        if not before + after:
            continue
        if mode == "constant":
            now = tuple(x.shape)
            ends = [
                xp.filled(x, shape=(*now[:axis], width, *now[axis + 1 :]), value=value) for width in (before, after)
            ]
            x = xp.concat(ends[0], x, ends[1], axis=axis)
        else:
            places = xp.index_table(x, values=tuple(_sources(shape[axis], before, after, mode)))
            x = xp.getitem(x, places, key=(ALL,) * axis + (AT,))
    return x


# Depth and space.


def _blocks(shape: Sequence[int], block_size: int, *, depth: bool) -> tuple[int, int, int, int]:
    if len(shape) != 4:
        raise ShapeError(f"four axes are wanted (batch, depth, height, width), not the shape {tuple(shape)}")
    if block_size < 1:
        raise ShapeError(f"cannot make blocks of {block_size}; block_size is at least 1")
    n, c, h, w = shape
    wrong = c % block_size**2 if depth else h % block_size or w % block_size
    if wrong:
        what = f"depth {c} is not a multiple of {block_size}²" if depth else f"{h} × {w}, not multiples of {block_size}"
        raise ShapeError(f"{what}, for an array of shape {tuple(shape)} and blocks of {block_size}")
    return n, c, h, w


@linear(
    x=lambda xp, g, block_size: xp.space_to_depth(g, block_size=block_size),
    samples=[
        ((normal(1, 4, 2, 3),), {"block_size": 2}),
        ((normal(2, 8, 1, 1),), {"block_size": 2}),
        ((normal(1, 3, 2, 2),), {"block_size": 1}),
        ((normal(0, 4, 2, 2),), {"block_size": 2}),
    ],
    errors=[((normal(1, 3, 2, 2),), {"block_size": 2}), ((normal(4, 2, 2),), {"block_size": 2})],
)
def depth_to_space(xp: Any, x: Any, *, block_size: int) -> Any:
    """Blocks of pixels out of the depth: (n, c·b², h, w) becomes (n, c, h·b, w·b).

    Shapes: four axes, of which the second is a multiple of the square of `block_size`.
    Raises: `ShapeError` for another shape, or a block size below 1.

    >>> depth_to_space(tnp.reshape(tnp.arange(4), (1, 4, 1, 1)), block_size=2)
    Array([[[[0, 1],
             [2, 3]]]], dtype=int64)
    """
    n, c, h, w = _blocks(x.shape, block_size, depth=True)
    b, d = block_size, c // block_size**2
    parted = xp.permute_dims(xp.reshape(x, shape=(n, b, b, d, h, w)), axes=(0, 3, 4, 1, 5, 2))
    return xp.reshape(parted, shape=(n, d, h * b, w * b))


@linear(
    x=lambda xp, g, block_size: xp.depth_to_space(g, block_size=block_size),
    samples=[
        ((normal(1, 1, 4, 6),), {"block_size": 2}),
        ((normal(2, 3, 2, 2),), {"block_size": 2}),
        ((normal(1, 3, 2, 2),), {"block_size": 1}),
        ((normal(0, 1, 2, 2),), {"block_size": 2}),
    ],
    errors=[((normal(1, 1, 3, 2),), {"block_size": 2}), ((normal(2, 2),), {"block_size": 2})],
)
def space_to_depth(xp: Any, x: Any, *, block_size: int) -> Any:
    """Blocks of pixels into the depth: (n, c, h·b, w·b) becomes (n, c·b², h, w).

    Shapes: four axes, of which the last two are multiples of `block_size`.
    Raises: `ShapeError` for another shape, or a block size below 1.

    >>> space_to_depth(tnp.reshape(tnp.arange(4), (1, 1, 2, 2)), block_size=2).shape
    (1, 4, 1, 1)
    """
    n, c, h, w = _blocks(x.shape, block_size, depth=False)
    b = block_size
    parted = xp.permute_dims(xp.reshape(x, shape=(n, c, h // b, b, w // b, b)), axes=(0, 3, 5, 1, 2, 4))
    return xp.reshape(parted, shape=(n, c * b * b, h // b, w // b))


def in_rows(order: str, name: str) -> bool:
    """Whether elements are counted row by row ("C", "A") or column by column ("F")."""
    if order not in ("C", "A", "F"):
        raise ArgumentError(f"{name}: order is {order!r}; choose 'C' (row by row) or 'F' (column by column)")
    return order != "F"


def _reshape_method(self: Any, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """The same elements in another shape, of which one length may be -1. `order="F"` counts them column by column.

    It is a view where NumPy's would be, unless `copy` is True.

    Raises `ShapeError` for a wrong size, `ValueError` for another order than "C", "A" and "F".
    """
    wanted = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
    lengths = resolved(wanted, self._value.shape)
    if order != "C" and not in_rows(order, "reshape"):
        return self.transpose().reshape(lengths[::-1], copy=copy).transpose()
    made = reshape(self, shape=lengths)
    if copy:
        return made.copy()
    share_reshaped(made, self)
    return made


_reshape_method.__name__ = "reshape"
setattr(Array, "reshape", _reshape_method)  # noqa: B010  (the class declares it, and mypy forbids to assign it)
