"""Functions that move elements about, in the standard's and NumPy's calling conventions."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..arrays.views import Shown, Turned, is_laid_out, permuted, share, share_reshaped
from ..engines.tables import OPS
from ..errors import ArgumentError, ArgumentTypeError, DynamicShapeError, ShapeError
from ..ops.indexing import axes_of, axis_of
from ..ops.shape import in_rows
from .arguments import as_shape, asarray, is_batched, op, writable

if TYPE_CHECKING:
    from ..typing import ArrayLike, Axes, Device, DTypeLike, Function, ShapeLike
    from .arrays import ndarray


def _call(name: str, x: Any, **keywords: Any) -> ndarray:
    found: ndarray = OPS[name].call(asarray(x), **keywords)
    return found


def _reshaped(x: ndarray, name: str, **keywords: Any) -> ndarray:
    """What an op makes of an array by giving the same elements, row by row, another shape: a view where it can be."""
    found: ndarray = OPS[name].call(x, **keywords)
    share_reshaped(found, x)
    return found


def _permuted(x: ndarray, name: str, order: Sequence[int], **keywords: Any) -> ndarray:
    """What an op makes of an array by taking its axes in this order: a view."""
    found: ndarray = OPS[name].call(x, **keywords)
    share(found, x, permuted(tuple(order)))
    return found


def _transposed(x: ndarray, axes: Axes | None) -> ndarray:
    """The axes in the order given, or reversed."""
    rank = x.ndim
    axes = tuple(range(rank))[::-1] if axes is None else as_shape(axes)
    return _permuted(x, "permute_dims", [axis % (rank or 1) for axis in axes], axes=axes)


def _shown(name: str, x: Any, **keywords: Any) -> ndarray:
    """What an op shows of an array, for which NumPy gives a view that cannot be written to."""
    x = asarray(x)
    found: ndarray = OPS[name].call(x, **keywords)
    share(found, x, Shown(name, keywords))
    return found


def _sliced(found: ndarray, x: ndarray, axis: int, part: Any) -> ndarray:
    """`found`, which is the part of `x` on that axis, as a view."""
    if found.ndim:
        share(found, x, (*(slice(None),) * axis, part))
    return found


def _alike(arrays: Any, axis: Any = 0) -> list[ndarray]:
    """The arrays to be joined along an axis."""
    if getattr(axis, "ndim", 0) or isinstance(axis, (list, tuple)) or not isinstance(arrays, Iterable):
        raise ArgumentTypeError("the arrays to be joined are one argument: put them into a list, [x, y]")
    if isinstance(arrays, Array):
        return [*arrays]
    found = [asarray(a) for a in arrays]
    if not found:
        raise ArgumentError("need at least one array to join")
    return found


def _cast(arrays: list[ndarray], dtype: Any) -> list[ndarray]:
    return arrays if dtype is None else [asarray(a, dtype) for a in arrays]


def shape(a: ArrayLike) -> tuple[int, ...]:
    """The shape of an array or of what becomes one.

    Shapes: any; the result is a tuple.
    Dtypes: any.
    Raises: only `ValueError`, for nested lists of different lengths.

    >>> tnp.shape([[1, 2, 3]])
    (1, 3)
    """
    return tuple(a.shape) if hasattr(a, "shape") else host.asarray(a).shape


def ndim(a: ArrayLike) -> int:
    """The number of axes.

    Shapes: any; the result is an int.
    Dtypes: any.
    Raises: only `ValueError`, for nested lists of different lengths.

    >>> tnp.ndim([[1, 2, 3]])
    2
    """
    return len(shape(a))


def size(a: ArrayLike, axis: int | None = None) -> int:
    """The number of elements, or the length of one axis.

    Shapes: any; the result is an int.
    Dtypes: any.

    >>> tnp.size(tnp.ones((2, 3))), tnp.size(tnp.ones((2, 3)), 1)
    (6, 3)
    """
    lengths = shape(a)
    if axis is not None:
        return lengths[axis_of(axis, len(lengths))]
    total = 1
    for n in lengths:
        total *= n
    return total


def astype(x: ArrayLike, dtype: DTypeLike, /, *, copy: bool = True, device: Device | None = None) -> ndarray:
    """The elements in another dtype; complex to real raises `DtypeError`, use `real`.

    Dtypes: any, into any that the engine has, except complex into real.
    Raises: `DtypeError` for complex into real, or what names no dtype.

    >>> tnp.astype(tnp.asarray([1.5, -2.5]), tnp.int32)
    Array([ 1, -2], dtype=int32)
    """
    x = asarray(x)
    wanted = dtypes.to_dtype(dtype)
    if x.dtype in dtypes.COMPLEX and wanted not in dtypes.COMPLEX and wanted != dtypes.BOOL:
        from ..errors import DtypeError

        raise DtypeError(f"astype: {x.dtype.name} does not go into {wanted.name}; take real(x) or imag(x) first")
    found: ndarray = x if wanted == x.dtype and not copy else _call("astype", x, dtype=wanted)
    return found if device is None else found.to_device(device)


def reshape(x: ArrayLike, /, shape: ShapeLike, order: str = "C", *, copy: bool | None = None) -> ndarray:
    """The same elements in another shape; one length may be -1. `order="F"` counts column by column.

    Shapes: `shape`, of as many elements as `x`.
    Raises: `ShapeError` for another number of elements, `ValueError` for another order than "C", "A" and "F".

    >>> tnp.reshape(tnp.arange(6), (2, -1))
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int64)
    >>> tnp.reshape(tnp.arange(6), (2, -1), order="F")
    Array([[0, 2, 4],
           [1, 3, 5]], dtype=int64)
    """
    return asarray(x).reshape(as_shape(shape), order=order, copy=copy)


def ravel(a: ArrayLike, order: str = "C") -> ndarray:
    """The elements in one row, counted row by row, or column by column with `order="F"`.

    Shapes: (n,), for n elements.
    Raises: `ValueError` for another order than "C", "A" and "F".

    >>> tnp.ravel([[1, 2], [3, 4]])
    Array([1, 2, 3, 4], dtype=int64)
    """
    x = asarray(a)
    if not in_rows(order, "ravel"):
        x = transpose(x)
    return x.reshape(-1) if is_laid_out(x, "C") else _call("reshape", x, shape=(x.size,))


def transpose(a: ArrayLike, axes: Axes | None = None) -> ndarray:
    """The axes in another order, reversed unless given.

    Shapes: axis i of the result is axis `axes[i]` of `a`.
    Raises: `ShapeError` unless `axes` names each axis once.

    >>> tnp.transpose([[1, 2], [3, 4]])
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """
    return _transposed(asarray(a), axes)


def permute_dims(a: ArrayLike, axes: Axes | None = None) -> ndarray:
    """The axes in the order given, or reversed.

    Shapes: axis i of the result is axis `axes[i]` of `a`.
    Raises: `ShapeError` unless `axes` names each axis once.

    >>> tnp.permute_dims(tnp.ones((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    return _transposed(asarray(a), axes)


def matrix_transpose(x: ArrayLike, /) -> ndarray:
    """The last two axes exchanged.

    Shapes: (..., m, n) becomes (..., n, m).
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.matrix_transpose(tnp.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    x = asarray(x)
    return _permuted(x, "matrix_transpose", (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def swapaxes(a: ArrayLike, axis1: int, axis2: int) -> ndarray:
    """Two axes exchanged.

    Shapes: that of `a` with two lengths exchanged.

    >>> tnp.swapaxes(tnp.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    a = asarray(a)
    order = [*range(a.ndim)]
    first, second = axis_of(axis1, a.ndim), axis_of(axis2, a.ndim)
    order[first], order[second] = second, first
    return _permuted(a, "swapaxes", order, axis1=axis1, axis2=axis2)


def moveaxis(a: ArrayLike, source: Axes, destination: Axes) -> ndarray:
    """Axes moved to other places, the rest kept in order.

    Shapes: axis `source[i]` of `a` is axis `destination[i]` of the result.
    Raises: `ShapeError` for unequal numbers of axes, `AxisError` for one that is not there.

    >>> tnp.moveaxis(tnp.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    a = asarray(a)
    found: ndarray = OPS["moveaxis"].call(a, source=source, destination=destination)
    sources, destinations = axes_of(source, a.ndim), axes_of(destination, a.ndim)
    order = [axis for axis in range(a.ndim) if axis not in sources]
    for place, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, axis)
    share(found, a, permuted(tuple(order)))
    return found


def rollaxis(a: ArrayLike, axis: int, start: int = 0) -> ndarray:
    """An axis moved back until it lies before place `start`.

    Shapes: that of `a` in another order.

    >>> tnp.rollaxis(tnp.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    a = asarray(a)
    axis = axis_of(axis, a.ndim)
    return moveaxis(a, axis, start - 1 if axis < start else start)


def expand_dims(a: ArrayLike, axis: Axes = 0) -> ndarray:
    """A new axis of length one, or several.

    Shapes: that of `a` with 1 at each place of `axis`.
    Raises: `AxisError` for a place that the result does not have.

    >>> tnp.expand_dims([1.0, 2.0], axis=1)
    Array([[1.],
           [2.]], dtype=float32)
    """
    return _reshaped(asarray(a), "expand_dims", axis=axis)


def squeeze(a: ArrayLike, axis: Axes | None = None) -> ndarray:
    """The axes of length one taken away: those named, or all.

    Shapes: that of `a` without those axes.
    Raises: `ShapeError` for an axis of another length than 1, `AxisError` for one that is not there.

    >>> tnp.squeeze(tnp.ones((1, 3, 1))).shape
    (3,)
    """
    a = asarray(a)
    if axis is None:
        axis = tuple(i for i, n in enumerate(a.shape) if n == 1)
    return _reshaped(a, "squeeze", axis=axis)


def broadcast_to(array: ArrayLike, shape: ShapeLike) -> ndarray:
    """The elements repeated to `shape`.

    Shapes: `shape`, whose last lengths are those of the array wherever these are not 1.
    Dtypes: any; the result has the same.
    Raises: `ShapeError` where it does not broadcast.

    >>> tnp.broadcast_to([1.0, 2.0], (2, 2))
    Array([[1., 2.],
           [1., 2.]], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.broadcast_to(x, (2, 2))))(tnp.asarray([1.0, 2.0]))
    Array([2., 2.], dtype=float32)
    """
    return _shown("broadcast_to", array, shape=as_shape(shape))


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that these broadcast to.

    Shapes: tuples, and so is the result.
    Raises: `ShapeError` where they do not.

    >>> tnp.broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    try:
        return host.broadcast_shapes(*shapes)
    except ValueError as error:
        from ..errors import ShapeError

        raise ShapeError(f"shapes {', '.join(map(str, shapes))} do not broadcast together") from error


def broadcast_arrays(*arrays: ArrayLike) -> list[ndarray]:
    """The arrays, each repeated to their common shape.

    Shapes: any that broadcast; a list of arrays of the common shape.
    Dtypes: any; each keeps its own.
    Raises: `ShapeError` where they do not broadcast.

    >>> [x.shape for x in tnp.broadcast_arrays(tnp.ones((3, 1)), tnp.ones(4))]
    [(3, 4), (3, 4)]
    """
    found = [asarray(a) for a in arrays]
    common = broadcast_shapes(*(a.shape for a in found))
    return [a if a.shape == common else broadcast_to(a, common) for a in found]


def concat(arrays: Iterable[ArrayLike], /, axis: int | None = 0, *, dtype: DTypeLike | None = None) -> ndarray:
    """The arrays joined along an axis they have; with None, all elements in one row.

    Shapes: alike but for `axis`, whose lengths add up.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where other lengths differ, `ValueError` for no arrays.

    >>> tnp.concat([[1.0, 2.0], [3.0]])
    Array([1., 2., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.concat([x, 2 * x])))(tnp.asarray([1.0, 2.0]))
    Array([3., 3.], dtype=float32)
    """
    parts = _cast(_alike(arrays, axis), dtype)
    if axis is None:
        parts, axis = [ravel(p) for p in parts], 0
    return op.concat(*parts, axis=axis)


def concatenate(arrays: Iterable[ArrayLike], /, axis: int | None = 0, *, dtype: DTypeLike | None = None) -> ndarray:
    """The arrays joined along an axis they have. NumPy's name of `concat`.

    Shapes: alike but for `axis`, whose lengths add up.
    Dtypes: all are promoted to one.
    Raises: as `concat`.

    >>> tnp.concatenate([[1.0, 2.0], [3.0]])
    Array([1., 2., 3.], dtype=float32)
    """
    return concat(arrays, axis=axis, dtype=dtype)


def stack(arrays: Iterable[ArrayLike], axis: int = 0, *, dtype: DTypeLike | None = None) -> ndarray:
    """The arrays joined along a new axis.

    Shapes: all the same; the result has their number at place `axis`.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where shapes differ, `AxisError` for a place that the result does not have, `ValueError` for no
    arrays.

    >>> tnp.stack([[1, 2], [3, 4]], axis=1)
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """
    return op.stack(*_cast(_alike(arrays, axis), dtype), axis=axis)


def unstack(x: ArrayLike, /, *, axis: int = 0) -> tuple[ndarray, ...]:
    """The slices along an axis.

    Shapes: that of `x` without `axis`, as many as it is long.

    >>> tnp.unstack(tnp.asarray([[1, 2], [3, 4]]))
    (Array([1, 2], dtype=int64), Array([3, 4], dtype=int64))
    """
    x = asarray(x)
    along = axis_of(axis, x.ndim)
    return tuple([_sliced(piece, x, along, i) for i, piece in enumerate(op.unstack(x, axis=axis))])


def append(arr: ArrayLike, values: ArrayLike, axis: int | None = None) -> ndarray:
    """`values` joined on behind `arr`, flattened both unless an axis is given.

    Shapes: as `concat`.
    Dtypes: both are promoted to one.
    Raises: as `concat`.

    >>> tnp.append([1, 2], [[3], [4]])
    Array([1, 2, 3, 4], dtype=int64)
    """
    return concat((arr, values), axis=axis)


def vstack(tup: Iterable[ArrayLike], *, dtype: DTypeLike | None = None) -> ndarray:
    """The arrays one below the other.

    Shapes: alike but for the first axis; vectors are rows.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where they do not go together, `ValueError` for no arrays.

    >>> tnp.vstack([[1, 2], [3, 4]])
    Array([[1, 2],
           [3, 4]], dtype=int64)
    """
    return concat([atleast_2d(a) for a in _alike(tup)], axis=0, dtype=dtype)


row_stack = vstack


def hstack(tup: Iterable[ArrayLike], *, dtype: DTypeLike | None = None) -> ndarray:
    """The arrays side by side.

    Shapes: alike but for the second axis, or the only one.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where they do not go together, `ValueError` for no arrays.

    >>> tnp.hstack([[1, 2], [3]])
    Array([1, 2, 3], dtype=int64)
    """
    parts = [atleast_1d(a) for a in _alike(tup)]
    return concat(parts, axis=0 if not parts or parts[0].ndim == 1 else 1, dtype=dtype)


def dstack(tup: Iterable[ArrayLike]) -> ndarray:
    """The arrays one behind the other, along a third axis.

    Shapes: alike but for the third axis; vectors are (1, n, 1), matrices (m, n, 1).
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where they do not go together, `ValueError` for no arrays.

    >>> tnp.dstack([[1, 2], [3, 4]])
    Array([[[1, 3],
            [2, 4]]], dtype=int64)
    """
    return concat([atleast_3d(a) for a in _alike(tup)], axis=2)


def column_stack(tup: Iterable[ArrayLike]) -> ndarray:
    """Columns side by side as a matrix.

    Shapes: vectors of one length, or matrices of as many rows.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where they do not go together, `ValueError` for no arrays.

    >>> tnp.column_stack([[1, 2], [3, 4]])
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """
    return concat([a.reshape(-1, 1) if a.ndim < 2 else a for a in _alike(tup)], axis=1)


def _atleast(n: int, arrays: Sequence[Any]) -> Any:
    found = []
    for a in arrays:
        a = asarray(a)
        if a.ndim < n:
            if n == 3 and a.ndim == 1:
                a = a.reshape(1, -1, 1)
            elif n == 3 and a.ndim == 2:
                a = a.reshape(*a.shape, 1)
            else:
                a = a.reshape((1,) * (n - a.ndim) + a.shape)
        found.append(a)
    return found[0] if len(found) == 1 else found


@overload
def atleast_1d(x: ArrayLike, /) -> ndarray: ...
@overload
def atleast_1d(*arrays: ArrayLike) -> Any: ...
def atleast_1d(*arrays: ArrayLike) -> Any:
    """The arrays with one axis at least.

    Shapes: () becomes (1,), others stay; of several arrays a list.
    Dtypes: any; the result has the same.
    Raises: `TypeError` for anything that is not an array.

    >>> tnp.atleast_1d(1.0)
    Array([1.], dtype=float32)
    """
    return _atleast(1, arrays)


@overload
def atleast_2d(x: ArrayLike, /) -> ndarray: ...
@overload
def atleast_2d(*arrays: ArrayLike) -> Any: ...
def atleast_2d(*arrays: ArrayLike) -> Any:
    """The arrays with two axes at least.

    Shapes: (n,) becomes (1, n).
    Dtypes: any; the result has the same.
    Raises: `TypeError` for anything that is not an array.

    >>> tnp.atleast_2d([1.0, 2.0])
    Array([[1., 2.]], dtype=float32)
    """
    return _atleast(2, arrays)


@overload
def atleast_3d(x: ArrayLike, /) -> ndarray: ...
@overload
def atleast_3d(*arrays: ArrayLike) -> Any: ...
def atleast_3d(*arrays: ArrayLike) -> Any:
    """The arrays with three axes at least.

    Shapes: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1).
    Dtypes: any; the result has the same.
    Raises: `TypeError` for anything that is not an array.

    >>> tnp.atleast_3d(tnp.ones((2, 3))).shape
    (2, 3, 1)
    """
    return _atleast(3, arrays)


def _split(a: Any, sections: Any, axis: int, *, even: bool) -> list[ndarray]:
    a = asarray(a)
    axis = axis_of(axis, a.ndim)
    length = a.shape[axis]
    if isinstance(sections, (int, host.integer)):
        n = int(sections)
        if n <= 0:
            raise ArgumentError(f"split: cannot split into {n} parts; choose a number from 1")
        if even and length % n:
            raise ArgumentError(
                f"split: an axis of length {length} does not fall into {n} equal parts; use array_split"
            )
        sizes = tuple(length // n + (i < length % n) for i in range(n))
        ends = [*itertools.accumulate(sizes)]
        pieces: Any = op.split(a, sizes=sizes, axis=axis)
    else:
        ends = [*map(operator.index, sections), length]
        front = (slice(None),) * axis
        pieces = [op.getitem(a, key=(*front, slice(*part))) for part in zip([0, *ends], ends, strict=False)]
    parts = [slice(*part) for part in zip([0, *ends], ends, strict=False)]
    return [_sliced(piece, a, axis, part) for piece, part in zip(pieces, parts, strict=True)]


def split(ary: ArrayLike, indices_or_sections: ArrayLike, axis: int = 0) -> list[ndarray]:
    """Pieces along an axis: so many of equal length, or cut at the places given.

    Shapes: that of the array with other lengths along `axis`; pieces between places are what slices would be.
    Raises: `ValueError` for a number that does not divide the axis, `AxisError` for one that is not there.

    >>> tnp.split(tnp.arange(4), 2)
    [Array([0, 1], dtype=int64), Array([2, 3], dtype=int64)]
    >>> tnp.split(tnp.arange(4), [1])
    [Array([0], dtype=int64), Array([1, 2, 3], dtype=int64)]
    """
    return _split(ary, indices_or_sections, axis, even=True)


def array_split(ary: ArrayLike, indices_or_sections: ArrayLike, axis: int = 0) -> list[ndarray]:
    """Pieces along an axis, as equal in length as may be.

    Shapes: that of the array with other lengths along `axis`; the first pieces are longer by one where they must.
    Raises: `ValueError` for a number below 1.

    >>> tnp.array_split(tnp.arange(3), 2)
    [Array([0, 1], dtype=int64), Array([2], dtype=int64)]
    """
    return _split(ary, indices_or_sections, axis, even=False)


def vsplit(ary: ArrayLike, indices_or_sections: ArrayLike) -> list[ndarray]:
    """Pieces along the first axis.

    Shapes: as `split` of axis 0.
    Raises: as `split`.

    >>> tnp.vsplit(tnp.arange(4), 2)
    [Array([0, 1], dtype=int64), Array([2, 3], dtype=int64)]
    """
    return split(ary, indices_or_sections, 0)


def hsplit(ary: ArrayLike, indices_or_sections: ArrayLike) -> list[ndarray]:
    """Pieces along the second axis, or the only one.

    Shapes: as `split` of axis 1, or 0 for a vector.
    Raises: as `split`.

    >>> tnp.hsplit(tnp.asarray([[1, 2], [3, 4]]), 2)[0]
    Array([[1],
           [3]], dtype=int64)
    """
    ary = asarray(ary)
    return split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1)


def dsplit(ary: ArrayLike, indices_or_sections: ArrayLike) -> list[ndarray]:
    """Pieces along the third axis.

    Shapes: as `split` of axis 2.
    Raises: as `split`.

    >>> [x.shape for x in tnp.dsplit(tnp.ones((1, 2, 4)), 2)]
    [(1, 2, 2), (1, 2, 2)]
    """
    return split(ary, indices_or_sections, 2)


def flip(m: ArrayLike, axis: Axes | None = None) -> ndarray:
    """The elements in reverse order along an axis, several, or all.

    >>> tnp.flip([[1, 2], [3, 4]], axis=1)
    Array([[2, 1],
           [4, 3]], dtype=int64)
    """
    m = asarray(m)
    found = _call("flip", m, axis=axis)
    turned = axes_of(axis, m.ndim)
    share(found, m, tuple([slice(None, None, -1) if i in turned else slice(None) for i in range(m.ndim)]))
    return found


def flipud(m: ArrayLike) -> ndarray:
    """The rows in reverse order.

    Shapes: one axis at least; that of `m`.
    Raises: `AxisError` for an array without axes.

    >>> tnp.flipud([1, 2, 3])
    Array([3, 2, 1], dtype=int64)
    """
    return flip(m, 0)


def fliplr(m: ArrayLike) -> ndarray:
    """The columns in reverse order.

    Shapes: two axes at least; that of `m`.
    Raises: `AxisError` for fewer axes.

    >>> tnp.fliplr([[1, 2], [3, 4]])
    Array([[2, 1],
           [4, 3]], dtype=int64)
    """
    return flip(m, 1)


def roll(a: ArrayLike, shift: Axes, axis: Axes | None = None) -> ndarray:
    """The elements moved along an axis, those that fall off coming in at the other end.

    Shapes: that of `a`; without `axis` its elements move as if in one row.
    Raises: `ShapeError` for unequal numbers of shifts and axes.

    >>> tnp.roll([1, 2, 3], 1)
    Array([3, 1, 2], dtype=int64)
    """
    if is_batched(shift):
        return _rolled_by_batched(asarray(a), shift, axis)
    return _call("roll", a, shift=shift, axis=axis)


def _rolled_by_batched(a: ndarray, shift: Any, axis: Any) -> ndarray:
    """`roll` by another number of places for each element of a vmap."""
    if axis is None:
        return _rolled_by_batched(a.reshape(-1), shift, 0).reshape(a.shape)
    if shift.ndim or isinstance(axis, (tuple, list)):
        raise ArgumentTypeError("roll() by a batched shift under vmap is along one axis; roll one axis after another")
    n = a.shape[axis]
    return op.take(a, (asarray(host.arange(n)) - shift) % max(n, 1), axis=axis_of(axis, a.ndim))


def rot90(m: ArrayLike, k: int = 1, axes: tuple[int, int] = (0, 1)) -> ndarray:
    """The plane of two axes turned by quarters.

    Shapes: that of `m`, the two lengths exchanged where k is odd.
    Raises: `ShapeError` unless `axes` are two different ones, `AxisError` for one that is not there.

    >>> tnp.rot90([[1, 2], [3, 4]])
    Array([[2, 4],
           [1, 3]], dtype=int64)
    """
    m = asarray(m)
    found = _call("rot90", m, k=k, axes=axes)
    a, b = axes_of(axes, m.ndim)
    share(found, m, Turned(k, (a, b)))
    return found


def repeat(a: ArrayLike, repeats: ArrayLike, axis: int | None = None) -> ndarray:
    """Each element so many times, along an axis or of the flattened array.

    Shapes: that of `a` with the sum of the counts along `axis`.
    Raises: `ShapeError` for counts that are negative or not one for each, `TypeError` for counts that are not integers.

    >>> tnp.repeat([1, 2], [1, 3])
    Array([1, 2, 2, 2], dtype=int64)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.repeat(x, [1, 3])))(tnp.asarray([1.0, 2.0]))
    Array([1., 3.], dtype=float32)
    """
    a = asarray(a)
    if axis is None:
        a, axis = a.reshape(-1), 0
    if is_batched(repeats):
        raise DynamicShapeError("repeat() under vmap: how long the result is would differ within the batch")
    if isinstance(repeats, Array):
        repeats = repeats.asnumpy()
    if not isinstance(repeats, (int, host.integer)):
        counts = host.asarray(repeats).ravel()
        if counts.size and counts.dtype.kind not in "iub":
            raise ArgumentTypeError(f"repeat: how often is counted in integers; repeats is {repeats!r}")
        repeats = tuple(int(r) for r in counts)
        if len(repeats) == 1:
            repeats = repeats[0]
    return _call("repeat", a, repeats=repeats, axis=axis)


def tile(A: ArrayLike, reps: ShapeLike) -> ndarray:
    """The whole array repeated along each axis.

    Shapes: each length times its repetition, aligned from the back.
    Dtypes: any; the result has the same.
    Raises: `ShapeError` for negative repetitions.

    >>> tnp.tile([1, 2], (2, 2))
    Array([[1, 2, 1, 2],
           [1, 2, 1, 2]], dtype=int64)
    """
    return _call("tile", A, repetitions=as_shape(reps))


def _sides(value: Any, ndim: int, name: str) -> list[tuple[Any, Any]]:
    """What is given for each side of each axis: one for all, a pair for all axes, or a pair for each."""
    if isinstance(value, Array) and value.ndim == 0:
        return [(value, value)] * ndim
    if isinstance(value, (Array, host.ndarray)):
        table = broadcast_to(value, (ndim, 2))
        return [(table[i, 0], table[i, 1]) for i in range(ndim)]
    if not isinstance(value, (list, tuple)):
        return [(value, value)] * ndim
    rows = [row if isinstance(row, (list, tuple)) else None for row in value]
    if all(row is None for row in rows):
        pair = (value[0], value[-1])
        if len(value) in (1, 2):
            return [pair] * ndim
    elif all(row is not None and len(row) in (1, 2) for row in rows) and len(rows) in (1, ndim):
        pairs = [(row[0], row[-1]) for row in rows if row is not None]
        return pairs * ndim if len(pairs) == 1 else pairs
    raise ArgumentError(
        f"pad: {name} is {value!r}; give one for all sides, a pair for all axes, or a pair for each axis"
    )


def pad(
    array: ArrayLike,
    pad_width: int | Sequence[int] | Sequence[Sequence[int]],
    mode: ArrayLike = "constant",
    **kwargs: Any,
) -> ndarray:
    """The array with a border, by `mode`.

    "constant": of `constant_values`; "edge", "reflect", "symmetric", "wrap": of the array itself (`reflect_type="odd"`:
    with the slope kept); "linear_ramp": on the way to `end_values`; "mean", "maximum", "minimum", "median": of so many
    elements at the edge (`stat_length`, all of them unless given); "empty": zeros. Values may be tracked.

    Shapes: each length n becomes before + n + after; `pad_width` is a number, a pair, or a pair for each axis.
    Dtypes: any; the result has that of the array.
    Raises: `ValueError` for another mode, `TypeError` for a keyword of another mode, `ShapeError` for negative widths.

    >>> tnp.pad([1, 2], (1, 2), constant_values=(9, 8))
    Array([9, 1, 2, 8, 8], dtype=int64)
    >>> tnp.pad([1, 2, 3], (2, 1), mode="reflect")
    Array([3, 2, 1, 2, 3, 2], dtype=int64)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.pad(x, (2, 1), mode="reflect")))(tnp.asarray([1.0, 2.0, 3.0]))
    Array([1., 3., 2.], dtype=float32)
    """
    array = asarray(array)
    if isinstance(pad_width, dict):
        axes = {axis_of(axis, array.ndim): width for axis, width in pad_width.items()}
        pad_width = [axes.get(i, (0, 0)) for i in range(array.ndim)]
        pad_width = [(width, width) if isinstance(width, int) else tuple(width) for width in pad_width]
    asked = host.asarray(pad_width)
    if asked.dtype.kind not in "iu" and asked.size:
        raise ArgumentTypeError(f"pad: pad_width is of integers, not {asked.dtype.name}")
    try:
        widths = host.broadcast_to(asked.astype(int), (array.ndim, 2)).tolist()
    except ValueError:
        raise ShapeError(
            f"pad: pad_width is of shape {asked.shape}; give a number, a pair, or a pair for each of {array.ndim} axes"
        ) from None
    if not isinstance(mode, str) or mode not in _PADS:
        raise ArgumentError(f"pad: mode is {mode!r}; choose one of {', '.join(map(repr, _PADS))}")
    wanted = _PADS[mode]
    stray = sorted(set(kwargs) - {wanted})
    if stray:
        raise ArgumentTypeError(f"pad() got an unexpected keyword argument {stray[0]!r} for mode {mode!r}")
    given = None if wanted is None else kwargs.get(wanted, 0 if wanted == "end_values" else None)
    if mode in ("edge", "wrap") or (mode in ("reflect", "symmetric") and given in (None, "even")):
        return _call("pad", array, widths=tuple(map(tuple, widths)), mode=mode, value=0)
    if mode in ("constant", "empty") and (given is None or isinstance(given, (int, float, complex))):
        value = 0 if given is None else given
        return _call("pad", array, widths=tuple(map(tuple, widths)), mode="constant", value=value)
    sides = _sides(given, array.ndim, str(wanted))
    for axis, ((before, after), pair) in enumerate(zip(widths, sides, strict=True)):
        if before < 0 or after < 0:
            raise ArgumentError(f"pad: widths {before, after} of axis {axis} cannot be negative; cut off with a slice")
        parts = [
            _border(array, axis, before, False, mode, pair[0]),
            array,
            _border(array, axis, after, True, mode, pair[1]),
        ]
        array = concat([asarray(part, array.dtype) for part in parts], axis=axis)
    padded: ndarray = array
    return padded


_PADS = {
    "constant": "constant_values",
    "edge": None,
    "empty": None,
    "linear_ramp": "end_values",
    "maximum": "stat_length",
    "mean": "stat_length",
    "median": "stat_length",
    "minimum": "stat_length",
    "reflect": "reflect_type",
    "symmetric": "reflect_type",
    "wrap": None,
}
"""The modes of `pad`, and the keyword that each takes."""


def _border(x: ndarray, axis: int, width: int, behind: bool, mode: str, value: Any) -> ndarray:
    """The border of an axis on one side."""
    lead, n = (slice(None),) * axis, x.shape[axis]
    edge = x[(*lead, slice(n - 1, n) if behind else slice(0, 1))]
    shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
    if mode == "constant":
        return broadcast_to(asarray(value, x.dtype), shape)
    if mode in ("reflect", "symmetric"):
        if value != "odd":
            raise ArgumentError(f"pad: reflect_type is {value!r}; choose 'even' or 'odd'")
        skip = mode == "reflect"
        if width > n - skip:
            raise ArgumentError(f"pad: a border of {width} by an odd reflection needs {width + skip} elements, not {n}")
        near = slice(n - width - skip, n - skip) if behind else slice(int(skip), width + skip)
        return 2 * edge - flip(x[(*lead, near)], axis)
    if mode == "linear_ramp":
        steps = host.arange(1, width + 1) / max(width, 1)
        weights = asarray(steps if behind else steps[::-1], x.dtype if x.dtype in dtypes.INEXACT else None)
        weights = weights.reshape(tuple(-1 if i == axis else 1 for i in range(x.ndim)))
        return edge + (asarray(value) - edge) * weights
    length = n if value is None else min(int(value), n)
    part = x[(*lead, slice(n - length, n) if behind else slice(0, length))]
    name = {"maximum": "max", "minimum": "min"}.get(mode, mode)
    level = OPS[name].call(part, axis=axis, keepdims=True)
    if x.dtype in dtypes.INTEGER:
        level = op.round(level)
    return broadcast_to(level, shape)


def sliding_window_view(x: ArrayLike, window_shape: ShapeLike, axis: Axes | None = None) -> ndarray:
    """All windows of a shape over the axes, their elements in new last axes; a value, where NumPy gives a view.

    Shapes: that of `x` with the numbers of windows along the axes, and `window_shape` behind.
    Raises: `ValueError` for a window that does not fit.

    >>> tnp.sliding_window_view([1, 2, 3], 2)
    Array([[1, 2],
           [2, 3]], dtype=int64)
    """
    x = asarray(x)
    lengths = as_shape(window_shape)
    axes = tuple(range(x.ndim)) if axis is None else tuple(axis_of(a, x.ndim) for a in as_shape(axis))
    if len(lengths) != len(axes):
        raise ArgumentError(f"sliding_window_view: {len(lengths)} lengths {lengths} for {len(axes)} axes")
    for a, length in zip(axes, lengths, strict=True):
        count = x.shape[a] - length + 1
        if length < 0 or count < 1:
            raise ArgumentError(
                f"sliding_window_view: a window of {length} does not fit an axis of length {x.shape[a]}"
            )
        table = host.arange(count)[:, None] + host.arange(length)[None, :]
        found = op.take(x, asarray(table.reshape(-1)), axis=a)
        x = moveaxis(found.reshape(*x.shape[:a], count, length, *x.shape[a + 1 :]), a + 1, -1)
    windows: ndarray = x
    return windows


def fill_diagonal(a: ndarray, val: ArrayLike, wrap: bool = False) -> None:
    """Write `val` to the main diagonal of an array, in place; if `wrap`, again below the square of a tall matrix.

    Shapes: two axes at least.
    Raises: `ValueSemanticsError` for anything that is not an array of tapegrad.

    >>> a = tnp.zeros((2, 2))
    >>> tnp.fill_diagonal(a, 5)
    >>> a
    Array([[5., 0.],
           [0., 5.]], dtype=float32)
    """
    a = writable(a, "fill_diagonal")
    places = host.zeros(a.shape, bool)
    host.fill_diagonal(places, True, wrap)
    where = host.nonzero(places)
    a[where] = _repeated(ravel(val), len(where[0])) if ndim(val) else val


def _repeated(values: ndarray, count: int) -> ndarray:
    """A sequence, repeated or cut to a length."""
    return op.take(values, asarray(host.arange(count) % values.shape[0]), axis=0)


def put(a: ndarray, ind: ArrayLike, v: ArrayLike) -> None:
    """Write `v`, repeated as often as needed, to places of the flattened array, in place.

    Shapes: any.
    Raises: `ValueError` for a place out of bounds, `ValueSemanticsError` for anything that is not
    an array of tapegrad.

    >>> a = tnp.zeros(3)
    >>> tnp.put(a, [0, 2], [5, 6])
    >>> a
    Array([5., 0., 6.], dtype=float32)
    """
    a = writable(a, "put")
    places = host.asarray(ind.asnumpy() if isinstance(ind, Array) else ind).reshape(-1)
    if places.size:
        a[host.unravel_index(places % a.size if (places < 0).any() else places, a.shape)] = _repeated(
            ravel(asarray(v, a.dtype)), places.size
        )


def place(arr: ndarray, mask: ArrayLike, vals: ArrayLike) -> None:
    """Write the values, one after the other and again, where the mask holds, in place.

    Shapes: `mask` has that of `arr`.
    Raises: `ValueError` for a mask of another size, `ValueSemanticsError` for anything that is not
    an array of tapegrad.

    >>> a = tnp.zeros(3)
    >>> tnp.place(a, [True, False, True], [5, 6])
    >>> a
    Array([5., 0., 6.], dtype=float32)
    """
    arr = writable(arr, "place")
    held = host.nonzero(asarray(mask).asnumpy().reshape(arr.shape))
    if len(held[0]):
        arr[held] = _repeated(ravel(asarray(vals, arr.dtype)), len(held[0]))


def putmask(a: ndarray, mask: ArrayLike, values: ArrayLike) -> None:
    """Write to each element for which the mask holds the value at its own place, repeated over the array; in place.

    Shapes: `mask` broadcasts to `a`.
    Raises: `ShapeError` for a mask that does not broadcast, `ValueSemanticsError` for anything that is not
    an array of tapegrad.

    >>> a = tnp.zeros(3)
    >>> tnp.putmask(a, tnp.asarray([True, False, True]), [5, 6, 7])
    >>> a
    Array([5., 0., 7.], dtype=float32)
    """
    a = writable(a, "putmask")
    wide = _repeated(ravel(asarray(values, a.dtype)), a.size).reshape(a.shape)
    a[...] = op.where(asarray(mask), wide, a)


def apply_over_axes(func: Function, a: ArrayLike, axes: Axes) -> ndarray:
    """`func(a, axis)` over one axis after the other, axes that it takes away put back with length one.

    Shapes: that of `a`, with 1 where `func` takes an axis away.
    Dtypes: what `func` returns.
    Raises: `AxisError` for an axis that is not there.

    >>> tnp.apply_over_axes(tnp.sum, tnp.ones((2, 3)), [0, 1])
    Array([[6.]], dtype=float32)
    """
    found = asarray(a)
    rank = found.ndim
    for axis in as_shape(axes):
        made = asarray(func(found, axis))
        found = made if made.ndim == rank else expand_dims(made, axis_of(axis, rank))
    return found


def asarray_chkfinite(a: ArrayLike, dtype: DTypeLike | None = None, order: str | None = None) -> ndarray:
    """`a` as an array of finite numbers. Raises `ValueError` if any is NaN or infinite.

    Shapes: as `asarray`.
    Dtypes: as `asarray`.
    Raises: as `asarray`; `ValueError` for NaN and infinity.

    >>> tnp.asarray_chkfinite([1.0, 2.0])
    Array([1., 2.], dtype=float32)
    """
    a = asarray(a, dtype)
    if not bool(op.all(op.isfinite(a._detached()))):
        raise ArgumentError("asarray_chkfinite: the array holds NaN or infinity")
    found: ndarray = a
    return found


def diag(v: ArrayLike, k: int = 0) -> ndarray:
    """The k-th diagonal of a matrix, or the matrix that has it.

    Shapes: (n,) becomes (n + |k|, n + |k|); a matrix becomes its diagonal, (d,).
    Raises: `ShapeError` for another number of axes.

    >>> tnp.diag([[1, 2], [3, 4]])
    Array([1, 4], dtype=int64)
    >>> tnp.diag([1, 4])
    Array([[1, 0],
           [0, 4]], dtype=int64)
    """
    v = asarray(v)
    return _shown("diag", v, k=k) if v.ndim == 2 else _call("diag", v, k=k)


def diagflat(v: ArrayLike, k: int = 0) -> ndarray:
    """The matrix whose k-th diagonal are the elements of `v`.

    Shapes: (n + |k|, n + |k|), for n elements.

    >>> tnp.diagflat([1, 2], 1)
    Array([[0, 1, 0],
           [0, 0, 2],
           [0, 0, 0]], dtype=int64)
    """
    return diag(ravel(v), k)


def diagonal(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
    """A diagonal of the planes of two axes, as the last axis.

    Shapes: that of `a` without the two axes, and with the length of the diagonal behind.
    Raises: `ShapeError` for fewer than two axes, or one named twice.

    >>> tnp.diagonal(tnp.ones((2, 3, 4))).shape
    (4, 2)
    """
    return _shown("diagonal", a, offset=offset, axis1=axis1, axis2=axis2)


def trace(a: ArrayLike, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DTypeLike | None = None) -> ndarray:
    """The sum along a diagonal of the planes of two axes.

    Shapes: that of `a` without the two axes.
    Raises: `ShapeError` for fewer than two axes, or one named twice.

    >>> tnp.trace([[1.0, 2.0], [3.0, 4.0]])
    Array(5., dtype=float32)
    >>> tapegrad.grad(tnp.trace)(tnp.ones((2, 2)))
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    return _call("trace", asarray(a, dtype), offset=offset, axis1=axis1, axis2=axis2)


def tril(m: ArrayLike, k: int = 0) -> ndarray:
    """The matrix with zeros above its k-th diagonal.

    Shapes: (..., m, n), and so is the result.
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.tril([[1, 2], [3, 4]])
    Array([[1, 0],
           [3, 4]], dtype=int64)
    """
    return _call("tril", m, k=k)


def triu(m: ArrayLike, k: int = 0) -> ndarray:
    """The matrix with zeros below its k-th diagonal.

    Shapes: (..., m, n), and so is the result.
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.triu([[1, 2], [3, 4]])
    Array([[1, 2],
           [0, 4]], dtype=int64)
    """
    return _call("triu", m, k=k)


def meshgrid(*arrays: ArrayLike, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> list[ndarray]:
    """The coordinates of a grid, an array for each axis; if `sparse` of length one along the others.

    `copy=False` is NumPy's permission to return views; arrays are values here.

    Shapes: (n0, n1, ...), the sizes of the arrays, or for "xy" (n1, n0, ...).
    Dtypes: any; each keeps its own.
    Raises: `ValueError` for another `indexing`.

    >>> tnp.meshgrid([1, 2], [3, 4])[0]
    Array([[1, 2],
           [1, 2]], dtype=int64)
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: indexing is {indexing!r}; choose 'xy' or 'ij'")
    parts = [asarray(a).reshape(-1) for a in arrays]
    n = len(parts)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    lengths = [0] * n
    for part, place in zip(parts, order, strict=True):
        lengths[place] = part.shape[0]
    opened = [
        part.reshape(tuple(-1 if i == place else 1 for i in range(n))) for part, place in zip(parts, order, strict=True)
    ]
    return opened if sparse else [op.broadcast_to(part, shape=tuple(lengths)) for part in opened]
