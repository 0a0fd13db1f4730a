"""Shapes, slices, joins and indices, in MXNet's words."""

from __future__ import annotations

import builtins
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays.views import share_reshaped
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from .checks import at_least_1d, axis_tuple, dtype_of, int_tuple, ints_of, need, one_axis, one_int, ops, refuse_unread
from .function import nd_function
from .ndarray import INT, NDArray, give_all, make, mask_of, slices

if TYPE_CHECKING:
    from ..typing import ArrayLike, Axes, DTypeLike, ShapeLike

INT64 = np.dtype("int64")


CODES: Mapping[int, str] = {0: "keep", -1: "open", -2: "all", -3: "join", -4: "split"}
"""What numbers mean in a shape of `nd.reshape`, other than lengths."""

NPX_CODES: Mapping[int, str] = {-1: "open", -2: "keep", -3: "drop", -4: "all", -5: "join", -6: "split"}
"""What they mean in one of `npx.reshape`."""


def new_shape(
    shape: tuple[int, ...], codes: Sequence[int], reverse: bool = False, meanings: Mapping[int, str] = CODES
) -> tuple[int, ...]:
    """The shape that MXNet's codes make of a shape. Raises `ShapeError` where they cannot.

    They keep an axis, leave a length open, keep all remaining axes, drop an axis of length 1, join two axes, or split
    one into the next two numbers.

    >>> new_shape((2, 3, 4), (0, -1)), new_shape((2, 3, 4), (-3, 0)), new_shape((2, 3, 4), (-4, 1, -1, -2))
    ((2, 12), (6, 4), (1, 2, 3, 4))
    """
    asked = ints_of(codes, "reshape", "shape")
    if reverse:
        return new_shape(shape[::-1], asked[::-1], meanings=meanings)[::-1]
    size = prod(shape)
    lengths: list[int] = []
    unread = list(shape)
    code = list(asked)

    def problem(why: str) -> ShapeError:
        return ShapeError(f"cannot reshape an array of shape {shape} (size {size}) to {asked}: {why}")

    def following(count: int) -> list[int]:
        if len(unread) < count:
            raise problem("there are not enough axes for its codes")
        taken, unread[:count] = unread[:count], []
        return taken

    while code:
        c = code.pop(0)
        meaning = meanings.get(c)
        if meaning == "open" or (meaning is None and c >= 0):
            lengths.append(c)
            unread[:1] = []
        elif meaning == "keep":
            lengths += following(1) if unread or size else [0]
        elif meaning == "all":
            lengths += following(len(unread))
        elif meaning == "drop":
            (length,) = following(1)
            if length != 1:
                raise problem(f"{c} drops an axis of length 1, not {length}")
        elif meaning == "join":
            first, second = following(2)
            lengths.append(first * second)
        elif meaning == "split":
            if len(code) < 2:
                raise problem(f"{c} is followed by two lengths")
            (length,) = following(1)
            first, second = code.pop(0), code.pop(0)
            if first == -1 and second > 0:
                first = length // second
            elif second == -1 and first > 0:
                second = length // first
            if first * second != length:
                raise problem(f"{c} cannot split {length} into {first} and {second}")
            lengths += [first, second]
        else:
            *others, last = map(str, meanings)
            raise problem(f"{c} is not one of the codes {', '.join(others)} and {last}")
    if lengths.count(-1) > 1:
        raise problem("only one length can be left open")
    if -1 in lengths:
        rest = -prod(lengths)
        if rest == 0 or size % rest:
            raise problem("what is left is not a whole length")
        lengths[lengths.index(-1)] = size // rest
    if prod(lengths) != size:
        raise problem(f"that is {tuple(lengths)}, of size {prod(lengths)}")
    return tuple(lengths)


@nd_function
def reshape(
    data: NDArray,
    shape: ShapeLike | None = None,
    reverse: bool = False,
    target_shape: ShapeLike | None = None,
    keep_highest: bool = False,
) -> NDArray:
    """The same elements in a new shape, which may hold MXNet's codes.

    0 keeps an axis, -1 is what is left, -2 all remaining axes, -3 joins two axes, -4 splits one into the next two
    numbers; with `reverse` they are read from the right.

    Shapes: any; the result has `shape`, of as many elements.
    Raises: `TypeError` for anything that is not a shape, `ShapeError` where the sizes do not agree or the codes do not
    fit.

    >>> x = nd.ones((2, 3, 4))
    >>> nd.reshape(x, (-3, 0)).shape, nd.reshape(x, (0, -1)).shape, nd.reshape(x, (-4, 1, -1, -2)).shape
    ((6, 4), (2, 12), (1, 2, 3, 4))
    """
    if shape is None:
        if target_shape is None:
            raise ArgumentTypeError("reshape() needs a shape, an int or a tuple of them")
        shape = target_shape
    codes = ints_of(shape, "reshape", "shape")
    if not all(c > 0 for c in codes) or prod(codes) != data.size:
        codes = new_shape(data.shape, codes, reverse)
    return ops.reshape(data, shape=codes)


def _reshape_method(self: NDArray, *shape: Any, **kwargs: Any) -> NDArray:
    """The same elements in another shape: `x.reshape((2, -1))`, `x.reshape(2, -1)` or `x.reshape(shape=(2, -1))`.

    0 keeps an axis, -1 is what is left, -2 all remaining axes, -3 joins two axes, -4 splits one into the next two
    numbers; with `reverse=True` they are read from the right.

    Raises: `ShapeError` where the sizes do not agree.

    >>> from tapegrad import nd
    >>> nd.ones((2, 3, 4)).reshape((0, -1)).shape
    (2, 12)
    """
    if "shape" in kwargs:
        if shape:
            raise ArgumentTypeError("reshape() got the shape twice, by position and by name")
        shape = kwargs.pop("shape")
    elif len(shape) == 1 and not isinstance(shape[0], INT):
        (shape,) = shape
    made = reshape(self, shape=shape, **kwargs)
    share_reshaped(made, self)
    return made


_reshape_method.__name__ = "reshape"
setattr(NDArray, "reshape", _reshape_method)  # noqa: B010  (the class declares it, and mypy forbids to assign it)


@nd_function
def reshape_like(
    lhs: NDArray,
    rhs: NDArray,
    lhs_begin: int | None = None,
    lhs_end: int | None = None,
    rhs_begin: int | None = None,
    rhs_end: int | None = None,
) -> NDArray:
    """`lhs` in the shape of `rhs`; with the bounds, some axes of the one as some axes of the other.

    Shapes: the axes `lhs_begin` up to `lhs_end` become those of `rhs` from `rhs_begin` up to `rhs_end`; as many
    elements.
    Raises: `ShapeError` where the sizes do not agree.

    >>> nd.reshape_like(nd.ones((6, 5)), nd.ones((2, 3)), lhs_end=1).shape
    (2, 3, 5)
    """
    begin, end, _ = builtins.slice(lhs_begin, lhs_end).indices(lhs.ndim)
    return reshape(lhs, lhs.shape[:begin] + rhs.shape[rhs_begin:rhs_end] + lhs.shape[end:])


@nd_function(ahead_of="inplace")
def flatten(data: NDArray, inplace: bool = False) -> NDArray:
    """All axes but the first as one: (n, a, b) becomes (n, a·b), (n,) becomes (n, 1).

    Shapes: any; the result has two axes.

    >>> nd.flatten(nd.ones((2, 3, 4))).shape
    (2, 12)
    """
    rows = data.shape[0] if data.ndim else 1
    return ops.reshape(data, shape=(rows, int(np.prod(data.shape[1:], dtype=np.int64))))


@nd_function(ahead_of="inplace")
def expand_dims(data: NDArray, axis: int, inplace: bool = False) -> NDArray:
    """The array with an axis of length 1 inserted at `axis`; `inplace` has no meaning here.

    Shapes: any; `axis` counts the axes of the result.
    Raises: `AxisError` for an axis that the result does not have.

    >>> nd.expand_dims(nd.ones((2, 3)), axis=1).shape
    (2, 1, 3)
    """
    place = one_axis(axis, data.ndim + 1, "expand_dims")
    return ops.reshape(data, shape=(*data.shape[:place], 1, *data.shape[place:]))


@nd_function(ahead_of="inplace")
def squeeze(data: NDArray, axis: Axes | None = None, inplace: bool = False) -> NDArray:
    """The array without its axes of length 1, all or those in `axis`; one axis at least is left.

    `inplace` has no meaning here.

    Shapes: any; where nothing would be left, (1,).
    Raises: `AxisError` for an axis that does not exist, `ShapeError` for one that is not of length 1.

    >>> x = nd.ones((1, 2, 1))
    >>> nd.squeeze(x).shape, nd.squeeze(x, axis=0).shape, nd.squeeze(nd.ones((1, 1))).shape
    ((2,), (2, 1), (1,))
    """
    shape = data.shape
    axes = tuple(i for i, n in enumerate(shape) if n == 1) if axis is None else axis_tuple(axis, data.ndim, "squeeze")
    for i in axes:
        if shape[i] != 1:
            raise ShapeError(f"squeeze(): axis {i} of shape {shape} has length {shape[i]}, not 1")
    return ops.reshape(data, shape=tuple(n for i, n in enumerate(shape) if i not in axes) or (1,))


@nd_function
def transpose(data: NDArray, axes: Axes | None = None, *more: int) -> NDArray:
    """The array with its axes in the order of `axes`, reversed by default.

    Shapes: any; the result has the lengths in the new order.
    Raises: `AxisError` for an axis that does not exist, `ShapeError` unless each is named once.

    >>> nd.transpose(nd.ones((2, 3, 4)), axes=(1, 0, 2)).shape
    (3, 2, 4)
    """
    if isinstance(axes, INT):
        axes = (axes, *more)
    if axes is None or not len(axes):
        axes = range(data.ndim)[::-1]
    order = tuple(one_axis(a, data.ndim, "transpose") for a in axes)
    if sorted(order) != list(range(data.ndim)):
        raise ShapeError(f"transpose() of {data.ndim} axes needs each of them once, not {tuple(axes)}")
    return ops.permute_dims(data, axes=order)


@nd_function
def swapaxes(data: NDArray, dim1: int = 0, dim2: int = 0) -> NDArray:
    """The array with two axes exchanged.

    Shapes: any; `dim1` and `dim2` change places.
    Raises: `AxisError` for an axis that does not exist.

    >>> nd.swapaxes(nd.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    first, second = one_axis(dim1, data.ndim, "swapaxes"), one_axis(dim2, data.ndim, "swapaxes")
    return ops.swapaxes(data, axis1=first, axis2=second)


@nd_function(out=False)
def moveaxis(tensor: NDArray, source: Any, destination: Any) -> NDArray:
    """The array with the axes in `source` moved to `destination`, the others in their order.

    Both are an int or as many ints.

    Shapes: any; the result has the lengths in the new order.
    Raises: `AxisError` for an axis that does not exist, `ValueError` for an axis or place named twice, or for other
    numbers of them.

    >>> nd.moveaxis(nd.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    listed = [[a] if isinstance(a, INT) else list(a) for a in (source, destination)]
    sources, places = [[one_axis(a, tensor.ndim, "moveaxis") for a in axes] for axes in listed]
    if not len(sources) == len(set(sources)) == len(places) == len(set(places)):
        raise ArgumentError(f"moveaxis(): axes {sources} cannot go to {places}; give as many of both, each once")
    order = [a for a in range(tensor.ndim) if a not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return ops.permute_dims(tensor, axes=tuple(order))


@nd_function
def flip(data: NDArray, axis: Axes) -> NDArray:
    """The array with the order of its elements reversed along `axis`, an int or a tuple.

    Raises: `AxisError` for an axis that does not exist.

    >>> nd.flip(nd.array([[1, 2], [3, 4]]), axis=1).asnumpy().tolist()
    [[2.0, 1.0], [4.0, 3.0]]
    """
    return ops.flip(data, axis=axis_tuple(axis, data.ndim, "flip"))


@nd_function
def tile(data: NDArray, reps: Any) -> NDArray:
    """The array repeated as a whole, as often along each axis as `reps` says.

    Shapes: lengths are multiplied by `reps`, an int or a tuple, that of the last axis by the last number.
    Raises: `TypeError` for anything but numbers, `ShapeError` for negative ones.

    >>> nd.tile(nd.array([1, 2]), (2, 2)).asnumpy().tolist()
    [[1.0, 2.0, 1.0, 2.0], [1.0, 2.0, 1.0, 2.0]]
    """
    return ops.tile(data, repetitions=ints_of(reps, "tile", "reps"))


@nd_function
def repeat(data: NDArray, repeats: int, axis: int | None = None) -> NDArray:
    """Each element repeated along `axis`, or in the flat array.

    Shapes: the length of `axis` is multiplied by `repeats`; without one the result has one axis.
    Raises: `TypeError` for a number that is not an integer, `AxisError` for an axis that does not exist, `ShapeError`
    for a negative number.

    >>> nd.repeat(nd.array([1, 2]), 2).asnumpy().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    if axis is None:
        data, axis = ops.reshape(data, shape=(data.size,)), 0
    repeats = one_int(repeats, "repeat", "repeats")
    return ops.repeat(data, repeats=repeats, axis=one_axis(axis, data.ndim, "repeat"))


@nd_function
def pad(
    data: NDArray, mode: str = "constant", pad_width: ShapeLike | None = None, constant_value: float = 0
) -> NDArray:
    """The array with elements added before and after along each axis.

    `pad_width` is (before, after) for each axis in turn, flat. `mode`: "constant", "edge" (the outermost element
    again) or "reflect" (mirrored about it).

    Shapes: any; each axis becomes longer by its two numbers.
    Raises: `TypeError` for anything but numbers, `ValueError` for an unknown `mode` or the wrong number of widths,
    `ShapeError` for negative ones.

    >>> x = nd.array([[1, 2, 3]])
    >>> nd.pad(x, mode="constant", pad_width=(0, 0, 1, 2), constant_value=9).asnumpy().tolist()
    [[9.0, 1.0, 2.0, 3.0, 9.0, 9.0]]
    >>> nd.pad(x, mode="reflect", pad_width=(0, 0, 1, 2)).asnumpy().tolist()
    [[2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]
    """
    if mode not in ("constant", "edge", "reflect"):
        raise ArgumentError(f"pad(): mode is {mode!r}; choose 'constant', 'edge' or 'reflect'")
    flat = ints_of(pad_width, "pad", "pad_width") if pad_width is not None else ()
    if len(flat) != 2 * data.ndim:
        raise ArgumentError(f"pad(): pad_width has {len(flat)} numbers; {data.ndim} axes need {2 * data.ndim}")
    widths = tuple(zip(flat[::2], flat[1::2], strict=True))
    return ops.pad(data, widths=widths, mode=mode, value=constant_value)


@nd_function
def concat(*data: NDArray, dim: int = 1, num_args: int | None = None) -> NDArray:
    """The arrays joined along axis `dim`.

    `dim` is 1 unless given, as in MXNet; `num_args` has no meaning here.

    Shapes: all of one shape but for axis `dim`, whose lengths add up.
    Dtypes: those of all together.
    Raises: `AxisError` for an axis that they do not have, `ShapeError` where the other axes differ.

    >>> nd.concat(nd.ones((2, 3)), nd.zeros((2, 1))).shape
    (2, 4)
    """
    return ops.concat(*data, axis=one_axis(dim, data[0].ndim, "concat"))


@nd_function(out=False)
def concatenate(arrays: Iterable[Any], axis: int = 0, always_copy: bool = True) -> NDArray:
    """A list of arrays joined along `axis`.

    `always_copy` has no meaning here: the result is always a value of its own.

    Shapes: all of one shape but for `axis`, whose lengths add up.
    Dtypes: those of all together.
    Raises: as `concat`.

    >>> nd.concatenate([nd.ones(2), nd.zeros(1)]).asnumpy().tolist()
    [1.0, 1.0, 0.0]
    """
    return concat(*arrays, dim=axis)


@nd_function
def stack(*data: NDArray, axis: int = 0, num_args: int | None = None) -> NDArray:
    """The arrays, of one shape, joined along a new axis.

    `num_args` has no meaning here.

    Shapes: all of one shape; the result has one axis more, as long as there are arrays.
    Dtypes: those of all together.
    Raises: `AxisError` for an axis that the result does not have, `ShapeError` for shapes that differ.

    >>> nd.stack(nd.array([1, 2]), nd.array([3, 4]), axis=1).asnumpy().tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return ops.stack(*data, axis=one_axis(axis, data[0].ndim + 1, "stack"))


@nd_function
def split(
    data: NDArray,
    num_outputs: int,
    axis: int = 1,
    squeeze_axis: bool = False,
    out: NDArray | None = None,
) -> Any:
    """The array cut into equal parts along `axis`: a list of them, or, of one part, the part itself.

    Shapes: the length of `axis` is divided by `num_outputs`; `squeeze_axis` leaves out an axis of length 1.
    Dtypes: any; the parts have that of `data`.
    Raises: `TypeError` for a number that is not an integer, `AxisError` for an axis that does not exist, `ShapeError`
    for a length that cannot be divided so, `ValueError` for an `out` of the wrong number of arrays.

    >>> [part.shape for part in nd.split(nd.ones((4, 6)), 3)]
    [(4, 2), (4, 2), (4, 2)]
    """
    along = one_axis(axis, data.ndim, "split")
    length, num_outputs = data.shape[along], one_int(num_outputs, "split", "num_outputs")
    if num_outputs < 1 or length % num_outputs:
        raise ShapeError(f"split(): axis {along} of length {length} cannot be cut into {num_outputs} equal parts")
    parts = list(ops.split(data, sizes=(length // num_outputs,) * num_outputs, axis=along))
    if squeeze_axis:
        parts = [squeeze(part, axis=along) for part in parts]
    results = give_all(out, parts, "split")
    return results[0] if num_outputs == 1 else results


@nd_function(out=False)
def split_v2(ary: NDArray, indices_or_sections: Any, axis: int = 0, squeeze_axis: bool = False) -> Any:
    """The array cut along `axis` into that many equal parts, or at those places.

    Shapes: any; `axis` is cut; `squeeze_axis` leaves it out, where all parts have length 1.
    Dtypes: any; the parts have that of `ary`.
    Raises: `AxisError` for an axis that does not exist, `ShapeError` for places outside the axis or out of order.

    >>> [part.shape for part in nd.split_v2(nd.arange(5), (2, 3))]
    [(2,), (1,), (2,)]
    """
    if isinstance(indices_or_sections, INT):
        return split(ary, operator.index(indices_or_sections), axis, squeeze_axis)
    along = one_axis(axis, ary.ndim, "split_v2")
    ends = [0, *ints_of(indices_or_sections, "split_v2", "indices_or_sections"), ary.shape[along]]
    if ends != sorted(ends):
        raise ShapeError(f"split_v2(): axis {along} of length {ends[-1]} cannot be cut at {ends[1:-1]}, in that order")
    parts = ops.split(ary, sizes=tuple(b - a for a, b in itertools.pairwise(ends)), axis=along)
    return [squeeze(part, axis=along) for part in parts] if squeeze_axis else list(parts)


@nd_function
def broadcast_to(data: NDArray, shape: ShapeLike) -> NDArray:
    """The elements repeated to `shape`; 0 there keeps the length of an axis.

    Shapes: axes of length 1 take the length in `shape`; further axes come in front.
    Raises: `TypeError` for anything that is not a shape, `ShapeError` for axes of other lengths.

    >>> nd.broadcast_to(nd.ones((1, 3)), (2, 0)).shape
    (2, 3)
    """
    lengths = ints_of(shape, "broadcast_to", "shape")
    if len(lengths) == data.ndim:
        lengths = tuple(old if new == 0 else new for old, new in zip(data.shape, lengths, strict=True))
    return ops.broadcast_to(data, shape=lengths)


@nd_function
def broadcast_axis(data: NDArray, axis: Axes = (), size: ShapeLike = ()) -> NDArray:
    """The elements repeated along axes of length 1, as often as `size` says.

    `axis` and `size` are an int each, or as many ints of both.

    Shapes: axes of length 1 take those of `size`.
    Raises: `AxisError` for an axis that does not exist, `ShapeError` for one that is not of length 1, `ValueError` for
    other numbers of sizes.

    >>> nd.broadcast_axis(nd.ones((1, 3)), axis=0, size=4).shape
    (4, 3)
    """
    axes = ints_of(axis, "broadcast_axis", "axis")
    lengths = list(data.shape)
    for a, length in zip(axes, int_tuple(size, len(axes), "broadcast_axis", "size"), strict=True):
        place = one_axis(a, data.ndim, "broadcast_axis")
        if lengths[place] != 1:
            raise ShapeError(f"broadcast_axis(): axis {place} of shape {data.shape} has length {lengths[place]}, not 1")
        lengths[place] = length
    return ops.broadcast_to(data, shape=tuple(lengths))


@nd_function
def broadcast_like(lhs: NDArray, rhs: NDArray, lhs_axes: Axes | None = None, rhs_axes: Axes | None = None) -> NDArray:
    """`lhs` repeated to the shape of `rhs`, or some of its axes to the lengths of some of the other's.

    `lhs_axes` and `rhs_axes` say which axes go together, both or neither.

    Shapes: axes of `lhs` of length 1 take the lengths of `rhs`.
    Raises: `ShapeError` for axes of other lengths, `AxisError` for axes that there are not, `ValueError` for other
    numbers of them.

    >>> nd.broadcast_like(nd.ones((1, 3)), nd.ones((5, 3))).shape
    (5, 3)
    >>> nd.broadcast_like(nd.ones((1, 3)), nd.ones((4, 7)), lhs_axes=(0,), rhs_axes=(1,)).shape
    (7, 3)
    """
    where = "broadcast_like"
    if lhs_axes is None and rhs_axes is None:
        return ops.broadcast_to(lhs, shape=rhs.shape)
    if lhs_axes is None or rhs_axes is None:
        raise ArgumentError(f"{where}(): lhs_axes is {lhs_axes} and rhs_axes {rhs_axes}; give both or neither")
    mine, theirs = ints_of(lhs_axes, where, "lhs_axes"), ints_of(rhs_axes, where, "rhs_axes")
    if len(mine) != len(theirs):
        raise ArgumentError(f"{where}(): lhs_axes {mine} and rhs_axes {theirs} differ in number")
    if not mine:
        raise ShapeError(f"{where}(): lhs_axes and rhs_axes are empty; leave both out to take the whole shape")
    lengths = list(lhs.shape)
    for a, b in zip(mine, theirs, strict=True):
        lengths[one_axis(a, lhs.ndim, where)] = rhs.shape[one_axis(b, rhs.ndim, where)]
    return ops.broadcast_to(lhs, shape=tuple(lengths))


@nd_function
def slice(data: NDArray, begin: Any, end: Any, step: Any = None) -> NDArray:
    """The elements from `begin` up to `end` in steps, one number for each of the leading axes; None means no bound.

    Negative numbers count from the end. A step may be negative.

    Shapes: any; bounds beyond the ends are cut off.
    Raises: `ValueError` for other numbers of bounds, more than axes, or a step of 0.

    >>> nd.slice(nd.arange(6).reshape((2, 3)), begin=(0, 1), end=(None, 3)).asnumpy().tolist()
    [[1.0, 2.0], [4.0, 5.0]]
    """
    return ops.getitem(data, key=slices(data, begin, end, step, "slice"))


@nd_function
def slice_axis(data: NDArray, axis: int, begin: int, end: int | None) -> NDArray:
    """The elements from `begin` up to `end` (None: the last) along one axis.

    Shapes: `axis` has end − begin elements, as far as they are there; negative numbers count from its end.
    Raises: `AxisError` for an axis that does not exist.

    >>> nd.slice_axis(nd.arange(4), axis=0, begin=1, end=3).asnumpy().tolist()
    [1.0, 2.0]
    """
    along = one_axis(axis, data.ndim, "slice_axis")
    return ops.getitem(data, key=(builtins.slice(None),) * along + (builtins.slice(begin, end),))


@nd_function
def slice_like(data: NDArray, shape_like: NDArray, axes: Axes | None = None) -> NDArray:
    """The first elements of the array, as many as the other array has, along all axes or those in `axes`.

    Shapes: the axes in question have the lengths of `shape_like`, or their own where that is shorter.
    Raises: `AxisError` or `ShapeError` for an axis that `data` or `shape_like` does not have.

    >>> nd.slice_like(nd.ones((3, 4)), nd.ones((2, 2)), axes=(0,)).shape
    (2, 4)
    """
    other = shape_like
    listed = () if axes is None else ints_of(axes, "slice_like", "axes")
    chosen = sorted({one_axis(a, data.ndim, "slice_like") for a in listed or range(data.ndim)})
    if chosen and chosen[-1] >= other.ndim:
        raise ShapeError(f"slice_like(): shape_like has shape {other.shape}, without axis {chosen[-1]}; name axes")
    key = tuple(builtins.slice(0, other.shape[i]) if i in chosen else builtins.slice(None) for i in range(data.ndim))
    return ops.getitem(data, key=key)


@nd_function
def Crop(
    *data: NDArray,
    offset: Any = (0, 0),
    h_w: tuple[int, int] = (0, 0),
    center_crop: bool = False,
    num_args: int | None = None,
) -> NDArray:
    """The part of images (n, channels, height, width) of size `h_w`, or of a second array's, at `offset` or the centre.

    `num_args` has no meaning here.

    Shapes: (n, channels, height, width) becomes (n, channels, *h_w).
    Dtypes: any; the result has that of the first array.
    Raises: `ShapeError` for the wrong number of axes and for a part that goes beyond the image.

    >>> image = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.Crop(image, h_w=(2, 2), center_crop=True).asnumpy().tolist()
    [[[[5.0, 6.0], [9.0, 10.0]]]]
    """
    image, *like = data
    if len(like) > 1:
        raise ArgumentTypeError(f"Crop() takes an image, and one of the size that it is cut to, not {len(data)} arrays")
    for x in (image, *like):
        if x.ndim != 4:
            raise ShapeError(f"Crop() takes images (n, channels, height, width), not shape {x.shape}")
    height, width = like[0].shape[2:] if like else int_tuple(h_w, 2, "Crop", "h_w")
    top, left = int_tuple(offset, 2, "Crop", "offset")
    if center_crop:
        top, left = (image.shape[2] - height) // 2, (image.shape[3] - width) // 2
    if top + height > image.shape[2] or left + width > image.shape[3]:
        raise ShapeError(f"Crop(): {height} by {width} at ({top}, {left}) does not fit into shape {image.shape}")
    key = (builtins.slice(None),) * 2 + (builtins.slice(top, top + height), builtins.slice(left, left + width))
    return ops.getitem(image, key=key)


@nd_function
def depth_to_space(data: NDArray, block_size: int) -> NDArray:
    """Channels moved into blocks of space: (n, b·b·c, h, w) becomes (n, c, h·b, w·b).

    Shapes: b is `block_size`; four axes.
    Raises: `ShapeError` for the wrong number of axes and channels that b² does not divide.

    >>> nd.depth_to_space(nd.ones((1, 8, 2, 3)), 2).shape
    (1, 2, 4, 6)
    """
    return ops.depth_to_space(data, block_size=block_size)


@nd_function
def space_to_depth(data: NDArray, block_size: int) -> NDArray:
    """Blocks of space moved into channels: (n, c, h·b, w·b) becomes (n, b·b·c, h, w).

    Shapes: b is `block_size`; four axes.
    Raises: `ShapeError` for the wrong number of axes and sides that b does not divide.

    >>> nd.space_to_depth(nd.ones((1, 2, 4, 6)), 2).shape
    (1, 8, 2, 3)
    """
    return ops.space_to_depth(data, block_size=block_size)


@nd_function
def diag(data: NDArray, k: int = 0, axis1: int = 0, axis2: int = 1) -> NDArray:
    """The `k`-th diagonal of an array over two axes, as its last axis; of a vector, the matrix that has it as diagonal.

    Shapes: (n,) becomes (n + |k|, n + |k|); of more axes `axis1` and `axis2` are left out, and the diagonal comes last.
    Raises: `ShapeError` for an array without axes, or axes that are one or not there.

    >>> nd.diag(nd.arange(4).reshape((2, 2))).asnumpy().tolist(), nd.diag(nd.ones(2)).shape
    ([0.0, 3.0], (2, 2))
    """
    return ops.diag(data, k=k) if data.ndim == 1 else ops.diagonal(data, offset=k, axis1=axis1, axis2=axis2)


# Indices.


def indices_of(x: Any) -> Any:
    """An array of indices, whatever its dtype, as integers."""
    return x if dtype_of(x) in dtypes.INTEGER else ops.astype(x, dtype=INT64)


@nd_function
def take(a: NDArray, indices: Any, axis: int = 0, mode: str = "clip") -> NDArray:
    """The elements of `a` at `indices` along `axis`, in the shape of the indices there.

    `mode`: what an index outside means: "clip" the nearest, "wrap" counted around, "raise" an `IndexError`.

    Shapes: `axis` is replaced by the axes of `indices`.
    Dtypes: any `a`, whose dtype the result has; floating indices are cut to integers.
    Raises: `AxisError` for an axis that `a` does not have, `ValueError` for an unknown `mode`.

    >>> x = nd.array([10, 20, 30])
    >>> nd.take(x, nd.array([0, 5, -1])).asnumpy().tolist(), nd.take(x, [0, 5, -1], mode="wrap").asnumpy().tolist()
    ([10.0, 30.0, 10.0], [10.0, 30.0, 30.0])
    """
    if isinstance(indices, (int, list, np.ndarray)):
        indices = make(np.asarray(indices, dtype=np.int64), a.context)
    along = one_axis(axis, a.ndim, "take")
    indices = need(indices, "take", "indices")
    places = _within(indices_of(indices), a.shape[along], mode, "take")
    return ops.take(a, places, axis=along)


def _within(places: Any, length: int, mode: str, where: str) -> Any:
    if mode == "clip":
        return ops.clip(places, 0, builtins.max(length - 1, 0))
    if mode == "wrap":
        return ops.remainder(places, builtins.max(length, 1))
    if mode == "raise":
        return places
    raise ArgumentError(f"{where}(): mode is {mode!r}; choose 'clip', 'wrap' or 'raise'")


@nd_function
def batch_take(a: NDArray, indices: NDArray) -> NDArray:
    """From each row of a matrix the element at the row's index.

    An index outside means the nearest.

    Shapes: (n, m) and (n,) give (n,).
    Dtypes: any `a`, whose dtype the result has.
    Raises: `ShapeError` for shapes that do not fit.

    >>> nd.batch_take(nd.array([[1, 2], [3, 4]]), nd.array([0, 1])).asnumpy().tolist()
    [1.0, 4.0]
    """
    return pick(a, indices, axis=1)


@nd_function
def pick(data: NDArray, index: NDArray, axis: int | None = -1, keepdims: bool = False, mode: str = "clip") -> NDArray:
    """Along `axis` the one element at each index.

    `mode`: what an index outside means: "clip" the nearest, "wrap" counted around.

    With it a cross entropy reads the probability of each row's label.

    Shapes: `index` has the axes of `data` without `axis`, or with length 1 there; so has the result, by `keepdims`. Not
    ().
    Dtypes: any `data`, whose dtype the result has; floating indices are cut to integers.
    Raises: `AxisError` for an axis that does not exist, `ShapeError` for other numbers of indices, `ValueError` for
    another `mode`.

    >>> nd.pick(nd.array([[1, 2], [3, 4]]), nd.array([1, 0])).asnumpy().tolist()
    [2.0, 3.0]
    """
    if axis is None:
        data, axis = ops.reshape(data, shape=(data.size,)), 0
    along = one_axis(axis, data.ndim, "pick")
    shape = (*data.shape[:along], *data.shape[along + 1 :])
    if index.ndim == data.ndim and index.shape[along] == 1:
        index = ops.reshape(index, shape=shape)
    try:
        picked = ops.pick(data, indices_of(index), axis=along, keepdims=bool(keepdims), mode=mode)
    except ShapeError as error:
        raise ShapeError(
            f"pick() along axis {axis} of shape {data.shape} takes indices of shape {shape}, not {index.shape}"
        ) from error
    return at_least_1d(picked)


@nd_function
def fill_element_0index(lhs: NDArray, mhs: NDArray, rhs: NDArray) -> NDArray:
    """The matrix `lhs` with one element of each row replaced: in the row's column `rhs`, by the row's value `mhs`.

    Shapes: (n, m), (n,) and (n,) give (n, m).
    Raises: `ShapeError` for shapes that do not fit, `IndexError` for a column that is not there.

    >>> nd.fill_element_0index(nd.zeros((2, 2)), nd.array([5, 6]), nd.array([0, 1])).asnumpy().tolist()
    [[5.0, 0.0], [0.0, 6.0]]
    """
    rows = lhs.shape[0] if lhs.ndim == 2 else None
    if not mhs.shape == rhs.shape == (rows,):
        raise ShapeError(
            f"fill_element_0index() takes a matrix and for each row a value and a column, not shapes {lhs.shape}, "
            f"{mhs.shape} and {rhs.shape}"
        )
    places = ops.reshape(indices_of(rhs), shape=(rows, 1))
    return ops.put_along_axis(lhs, places, ops.reshape(mhs, shape=(rows, 1)), axis=1)


@nd_function
def one_hot(
    indices: NDArray, depth: int, on_value: float = 1.0, off_value: float = 0.0, dtype: DTypeLike = "float32"
) -> NDArray:
    """Rows of `depth` elements, `on_value` at the index and `off_value` elsewhere, everywhere for an index outside.

    Shapes: any; the result has one axis more, of length `depth`.
    Dtypes: `dtype`, float32 unless given; floating indices are cut to integers.
    Raises: `TypeError` for a number that is not an integer, `DtypeError` for anything that is not a dtype.

    >>> nd.one_hot(nd.array([0, 2, 7]), 3).asnumpy().tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    depth = one_int(depth, "one_hot", "depth")
    options = {"depth": depth, "on": on_value, "off": off_value, "dtype": dtypes.to_dtype(dtype)}
    return ops.one_hot(indices_of(indices), **options)


@nd_function(out=False)
def onehot_encode(indices: NDArray, out: NDArray) -> NDArray:
    """One-hot rows written into `out`, whose width they have.

    Shapes: (n,) indices and an `out` of (n, classes).
    Dtypes: that of `out`.
    Raises: `ShapeError` for an `out` that is not a matrix.

    >>> nd.onehot_encode(nd.array([1]), nd.zeros((1, 2))).asnumpy().tolist()
    [[0.0, 1.0]]
    """
    if out.ndim != 2:
        raise ShapeError(f"onehot_encode(): out has shape {out.shape}; give (indices, classes)")
    return one_hot(indices, out.shape[1], dtype=out.dtype)


@nd_function
def gather_nd(data: NDArray, indices: NDArray) -> NDArray:
    """The elements at index vectors: the first axis of `indices` goes over the axes of `data`.

    Shapes: (k, …) indices of data with k axes or more: the axes behind the first of `indices`, then those of `data`
    behind k.
    Dtypes: any `data`, whose dtype the result has; floating indices are cut to integers.
    Raises: `IndexError` for a place outside or for more rows than axes.

    >>> nd.gather_nd(nd.arange(4).reshape((2, 2)), nd.array([[0, 1], [1, 0]])).asnumpy().tolist()
    [1.0, 2.0]
    """
    return ops.gather_nd(data, indices_of(indices))


@nd_function
def scatter_nd(data: NDArray, indices: NDArray, shape: ShapeLike) -> NDArray:
    """Zeros of `shape` with elements put at index vectors; several for one place add up.

    The transpose of `gather_nd`. MXNet keeps any one of several for one place; here they add up, on every engine.

    Shapes: (k, …) indices of k axes of the result, which has `shape`; `data` has the axes behind the first of
    `indices`, then those behind k.
    Dtypes: any `data`, whose dtype the result has; floating indices are cut to integers.
    Raises: `ShapeError` for shapes that do not go together, `IndexError` for a place outside.

    >>> nd.scatter_nd(nd.array([5, 6]), nd.array([[0, 2]]), shape=(4,)).asnumpy().tolist()
    [5.0, 0.0, 6.0, 0.0]
    """
    return ops.scatter_nd(data, indices_of(indices), shape=ints_of(shape, "scatter_nd", "shape"))


@nd_function
def ravel_multi_index(data: NDArray, shape: ShapeLike) -> NDArray:
    """Indices into the flat array from index vectors, which are the columns of `data`.

    `unravel_index` is the inverse. Indices are not checked against `shape`. There is no gradient.

    Shapes: (axes, …) becomes (…), or (1,) instead of ().
    Raises: `TypeError` for anything that is not a shape, `ShapeError` for the wrong number of rows.

    >>> nd.ravel_multi_index(nd.array([[1, 2], [2, 3]]), shape=(3, 4)).asnumpy().tolist()
    [6.0, 11.0]
    """
    shape = ints_of(shape, "ravel_multi_index", "shape")
    if data.shape[0] != len(shape):
        raise ShapeError(f"ravel_multi_index(): {data.shape[0]} rows of indices for a shape of {len(shape)} axes")
    rows = [ops.getitem(data._detached(), key=(i,)) for i in range(len(shape))]
    places = rows[0]
    for row, length in zip(rows[1:], shape[1:], strict=True):
        places = places * length + row
    return at_least_1d(places)


@nd_function
def unravel_index(data: NDArray, shape: ShapeLike) -> NDArray:
    """Index vectors, as columns, from indices into the flat array.

    `ravel_multi_index` is the inverse. Indices are not checked against `shape`. There is no gradient.

    Shapes: (…) becomes (axes, …).
    Raises: `TypeError` for anything that is not a shape.

    >>> nd.unravel_index(nd.array([6, 11]), shape=(3, 4)).asnumpy().tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    rest: Any = data._detached()
    rows: list[Any] = []
    for length in reversed(ints_of(shape, "unravel_index", "shape")[1:]):
        rows.insert(0, ops.remainder(rest, length))
        rest = ops.floor_divide(rest, length)
    return ops.stack(rest, *rows, axis=0)


@nd_function
def Embedding(
    data: ArrayLike,
    weight: NDArray,
    input_dim: int | None = None,
    output_dim: int | None = None,
    dtype: DTypeLike | None = None,
    sparse_grad: bool = False,
) -> NDArray:
    """The rows of `weight` at the indices in `data`; an index outside means the nearest.

    `input_dim` and `output_dim`, where given, are checked; `dtype` and `sparse_grad` have no meaning here.

    Shapes: any `data`, and (input_dim, output_dim), give the shape of `data` and one axis more, of length output_dim.
    Dtypes: the result has that of `weight`; floating indices are cut to integers.
    Raises: `ShapeError` for weights whose shape is not as stated.

    >>> nd.Embedding(nd.array([0, 2]), nd.arange(6).reshape((3, 2))).asnumpy().tolist()
    [[0.0, 1.0], [4.0, 5.0]]
    """
    if weight.ndim != 2:
        raise ShapeError(f"Embedding(): weight has shape {weight.shape}; give (input_dim, output_dim)")
    for name, told, actual in zip(("input_dim", "output_dim"), (input_dim, output_dim), weight.shape, strict=True):
        if told is not None and told != actual:
            raise ShapeError(f"Embedding(): {name} is {told}, and weight has shape {weight.shape}")
    return take(weight, data)


@nd_function
def where(condition: NDArray, x: NDArray, y: NDArray) -> NDArray:
    """`x` where the condition is not zero, else `y`; a condition of one axis chooses among rows.

    Shapes: all broadcast; but a `condition` of (n,) decides about whole rows, as in MXNet, and `x` is then (n, …).
    Dtypes: any condition; the result has that of `x` and `y` together.
    Raises: `ShapeError` for shapes that do not broadcast, and a condition for the wrong number of rows.

    >>> x = nd.array([-1, 4])
    >>> nd.where(x > 0, x, nd.zeros(2)).asnumpy().tolist()
    [0.0, 4.0]
    >>> nd.where(nd.array([1, 0]), nd.ones((2, 3)), nd.zeros((2, 3))).asnumpy().tolist()
    [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    booleans = truth(condition)
    if condition.ndim == 1 and x.ndim > 1 and condition.shape != (1,):
        if condition.shape[0] != x.shape[0]:
            raise ShapeError(
                f"where(): a condition of shape {condition.shape} chooses among rows, and x has shape {x.shape}; to "
                f"choose among its columns, give the condition as many axes"
            )
        booleans = ops.reshape(booleans, shape=(x.shape[0],) + (1,) * (x.ndim - 1))
    return ops.where(booleans, x, y)


def truth(x: NDArray) -> Any:
    """Booleans: where an array is not zero."""
    known = mask_of(x)
    if known is not None:
        return known
    return x if dtype_of(x) == np.dtype("bool") else ops.not_equal(x, 0)


@nd_function
def clip(data: NDArray, a_min: float | None = None, a_max: float | None = None) -> NDArray:
    """The elements brought into [a_min, a_max].

    None means no bound. The gradient goes to the elements within, the bounds included.

    Dtypes: that of `data`; a fractional bound makes integers default floats.
    Raises: `TypeError` for a bound that is not a number.

    >>> nd.clip(nd.array([-1, 0.5, 2]), 0, 1).asnumpy().tolist()
    [0.0, 0.5, 1.0]
    """
    return ops.clip(data, a_min, a_max)


@nd_function
def cast(data: NDArray, dtype: DTypeLike) -> NDArray:
    """The elements converted to another dtype.

    Dtypes: from any to any; floats are cut to integers. Gradients come back in the dtype of `data`.
    Raises: `DtypeError` for anything that is not a dtype.

    >>> nd.cast(nd.array([1.9]), "int32").asnumpy().tolist()
    [1]
    """
    return ops.astype(data, dtype=dtypes.to_dtype(dtype))


@nd_function
def cast_storage(data: NDArray, stype: str = "default") -> NDArray:
    """A copy of the array: all arrays are dense here, and `stype` can be nothing but "default".

    Raises: `ValueError` for any other `stype`.

    >>> nd.cast_storage(nd.ones(2), "default").stype
    'default'
    """
    return data.tostype(stype).copy()


@nd_function
def amp_multicast(*data: NDArray, num_outputs: int | None = None, cast_narrow: bool = False) -> list[NDArray]:
    """The arrays in one dtype, the widest among theirs, or with `cast_narrow` the narrowest.

    `num_outputs` has no meaning here.

    Shapes: any; they stay as they are.
    Dtypes: floating ones.
    Raises: `DtypeError` for other dtypes, `ValueError` for an `out` of the wrong number of arrays.

    >>> [x.dtype.__name__ for x in nd.amp_multicast(nd.ones(1, dtype="float16"), nd.ones(1))]
    ['float32', 'float32']
    """
    choose = builtins.min if cast_narrow else builtins.max
    present = [dtype_of(x) for x in data]
    stray = [d.name for d in present if d not in dtypes.FLOATING]
    if stray:
        raise DtypeError(f"amp_multicast() takes floating arrays, not {', '.join(stray)}; use cast")
    dtype = choose(present, key=lambda d: d.itemsize)
    return [ops.astype(x, dtype=dtype) for x in data]


@nd_function
def identity(data: NDArray) -> NDArray:
    """The same values.

    >>> print(nd.identity(nd.ones(1)).asscalar())
    1.0
    """
    return data.copy()


@nd_function
def stop_gradient(data: NDArray) -> NDArray:
    """The same values as constants: no gradient goes through.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([3])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = x * nd.stop_gradient(x)
    >>> y.backward()
    >>> print(x.grad.asscalar())
    3.0
    """
    return data._detached()


@nd_function
def shape_array(data: NDArray) -> NDArray:
    """The shape as an array of int64.

    Shapes: any; of k axes the result is (k,).
    Dtypes: any; the result is int64.

    >>> nd.shape_array(nd.ones((2, 3))).asnumpy().tolist()
    [2, 3]
    """
    return make(np.array(data.shape, np.int64), data.context)


@nd_function
def size_array(data: NDArray) -> NDArray:
    """The number of elements as an array of int64 and shape (1,).

    Shapes: any; the result is (1,).
    Dtypes: any; the result is int64.

    >>> nd.size_array(nd.ones((2, 3))).asnumpy().tolist()
    [6]
    """
    return make(np.array([data.size], np.int64), data.context)


# Sequences: (steps, batch, …), or (batch, steps, …) with axis=1.


_sequence = nd_function(
    words="Dtypes: any `data`, whose dtype the result has; floating lengths are cut to integers.\n"
    "Raises: `ValueError` for any other `axis`, `ShapeError` for data of one axis and the wrong number of lengths."
)


def _check_sequences(data: NDArray, axis: int, where: str) -> None:
    if axis not in (0, 1):
        raise ArgumentError(f"{where}(): axis is {axis}; steps go along 0 or 1")
    if data.ndim < 2:
        raise ShapeError(f"{where}() takes sequences (steps, batch, …), not shape {data.shape}")


def _step_grid(data: NDArray, axis: int) -> Any:
    """The number of each step, shaped to broadcast with (steps, batch) or (batch, steps)."""
    numbers = make(np.arange(data.shape[axis]), data.context)
    return ops.reshape(numbers, shape=(data.shape[0], 1) if axis == 0 else (1, data.shape[1]))


def _lengths(sequence_length: Any, batch: int, where: str) -> Any:
    """The length of each sequence, of shape (batch,)."""
    lengths = indices_of(need(sequence_length, where, "sequence_length"))
    if lengths.shape != (batch,):
        raise ShapeError(f"{where}(): sequence_length has shape {lengths.shape}, and there are {batch} sequences")
    return lengths


def _beside_steps(lengths: Any, axis: int) -> Any:
    return ops.reshape(lengths, shape=(1, lengths.size) if axis == 0 else (lengths.size, 1))


@_sequence
def SequenceMask(
    data: NDArray,
    sequence_length: NDArray | None = None,
    use_sequence_length: bool = False,
    value: float = 0.0,
    axis: int = 0,
) -> NDArray:
    """Sequences with every step behind its sequence's length set to `value`; steps go along `axis`, 0 or 1.

    Without `use_sequence_length` nothing is changed.

    Shapes: (steps, batch, …), with `axis=1` (batch, steps, …), and (batch,) lengths; the result has that of `data`.

    >>> nd.SequenceMask(nd.ones((2, 2)), nd.array([1, 2]), use_sequence_length=True).asnumpy().tolist()
    [[1.0, 1.0], [0.0, 1.0]]
    """
    _check_sequences(data, axis, "SequenceMask")
    if not use_sequence_length:
        refuse_unread(sequence_length, "SequenceMask", "sequence_length", "say use_sequence_length=True")
        return data.copy()
    lengths = _lengths(sequence_length, data.shape[1 - axis], "SequenceMask")
    inside = ops.less(_step_grid(data, axis), _beside_steps(lengths, axis))
    inside = ops.reshape(inside, shape=(*data.shape[:2], *(1,) * (data.ndim - 2)))
    return ops.where(inside, data, ops.filled(data, shape=(1,), value=value))


@_sequence
def SequenceLast(
    data: NDArray, sequence_length: NDArray | None = None, use_sequence_length: bool = False, axis: int = 0
) -> NDArray:
    """Of each sequence the last step within its length; steps go along `axis`, 0 or 1.

    Without `use_sequence_length` the last step of all.

    Shapes: (steps, batch, …), with `axis=1` (batch, steps, …), and (batch,) lengths give (batch, …). A length beyond
    the steps means the last, 0 the first.

    >>> nd.SequenceLast(nd.arange(4).reshape((2, 2)), nd.array([1, 2]), use_sequence_length=True).asnumpy().tolist()
    [0.0, 3.0]
    """
    _check_sequences(data, axis, "SequenceLast")
    steps = data.shape[axis]
    if not use_sequence_length:
        refuse_unread(sequence_length, "SequenceLast", "sequence_length", "say use_sequence_length=True")
        return ops.getitem(data, key=(builtins.slice(None),) * axis + (steps - 1,))
    last = ops.clip(_lengths(sequence_length, data.shape[1 - axis], "SequenceLast") - 1, 0, steps - 1)
    batch = make(np.arange(data.shape[1 - axis]), data.context)
    places = ops.stack(*((last, batch) if axis == 0 else (batch, last)), axis=0)
    return ops.gather_nd(data, places)


@_sequence
def SequenceReverse(
    data: NDArray, sequence_length: NDArray | None = None, use_sequence_length: bool = False, axis: int = 0
) -> NDArray:
    """Sequences of shape (steps, batch, …) with the steps within their lengths in reverse order.

    Without `use_sequence_length` all steps.

    Shapes: (steps, batch, …) and (batch,) lengths; the result has that of `data`.
    Raises: `ValueError` for any other `axis`, `ShapeError` for data of one axis and the wrong number of lengths,
    `IndexError` for a length beyond the steps.

    >>> nd.SequenceReverse(nd.arange(4).reshape((2, 2)), nd.array([1, 2]), use_sequence_length=True).asnumpy().tolist()
    [[0.0, 3.0], [2.0, 1.0]]
    """
    _check_sequences(data, 0, "SequenceReverse")
    if axis != 0:
        raise ArgumentError(f"SequenceReverse(): axis is {axis}; steps go along 0")
    if not use_sequence_length:
        refuse_unread(sequence_length, "SequenceReverse", "sequence_length", "say use_sequence_length=True")
        return flip(data, axis=0)
    steps, batch = data.shape[:2]
    numbers = _step_grid(data, 0)
    lengths = _beside_steps(_lengths(sequence_length, batch, "SequenceReverse"), 0)
    source = ops.where(
        ops.less(numbers, lengths), lengths - 1 - numbers, ops.broadcast_to(numbers, shape=(steps, batch))
    )
    columns = ops.broadcast_to(make(np.arange(batch).reshape(1, batch), data.context), shape=(steps, batch))
    return ops.gather_nd(data, ops.stack(source, columns, axis=0))


# Further names that MXNet has for them.

amp_cast = cast
BlockGrad = stop_gradient
broadcast_axes = broadcast_axis
Cast = cast
choose_element_0index = pick
Concat = concat
crop = slice
Flatten = flatten
Pad = pad
Reshape = reshape
reverse = flip
SliceChannel = split
SwapAxis = swapaxes
