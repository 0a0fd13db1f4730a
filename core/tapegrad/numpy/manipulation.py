"""Functions that move elements about, in the standard's and NumPy's calling conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as host

from .. import dtypes
from ..array import Array, seen_from
from ..kernels import OPS
from ..ops.indexing import axis_of
from .creation import asarray

__all__ = [
    "append",
    "array_split",
    "astype",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "column_stack",
    "concat",
    "concatenate",
    "diag",
    "diagflat",
    "diagonal",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "matrix_transpose",
    "meshgrid",
    "moveaxis",
    "ndim",
    "pad",
    "permute_dims",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rollaxis",
    "rot90",
    "row_stack",
    "shape",
    "size",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "trace",
    "transpose",
    "tril",
    "triu",
    "unstack",
    "vsplit",
    "vstack",
]


def _call(name: str, x: Any, **keywords: Any) -> Any:
    return OPS[name].call(asarray(x), **keywords)


def _seen(x: Array, name: str, **keywords: Any) -> Array:
    """What would be a view in NumPy: it remembers what it was taken from, so that a lost write is noticed."""
    found: Array = OPS[name].call(x, **keywords)
    if found is not x:
        found._origin = seen_from(x), None
    return found


def _shape(value: Any) -> tuple[int, ...]:
    return (int(value),) if isinstance(value, (int, host.integer)) else tuple(int(n) for n in value)


def _alike(arrays: Any) -> list[Array]:
    if isinstance(arrays, Array):
        return list(arrays)
    found = [asarray(a) for a in arrays]
    if not found:
        raise ValueError("need at least one array to join")
    return found


def shape(a: Any) -> tuple[int, ...]:
    """The shape of an array or of what becomes one."""
    return tuple(a.shape) if hasattr(a, "shape") else host.shape(a)


def ndim(a: Any) -> int:
    """The number of axes."""
    return len(shape(a))


def size(a: Any, axis: int | None = None) -> int:
    """The number of elements, or the length of one axis."""
    lengths = shape(a)
    if axis is not None:
        return lengths[axis]
    total = 1
    for n in lengths:
        total *= n
    return total


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    """The elements in another dtype; complex to real raises `DtypeError`, use `real`."""
    x = asarray(x)
    wanted = dtypes.to_dtype(dtype)
    if x.dtype in dtypes.COMPLEX and wanted not in dtypes.COMPLEX and wanted != dtypes.BOOL:
        from ..errors import DtypeError

        raise DtypeError(f"astype: {x.dtype.name} does not go into {wanted.name}; take real(x) or imag(x) first")
    found: Array = x if wanted == x.dtype and not copy else _call("astype", x, dtype=wanted)
    return found if device is None else found.to_device(device)


def _in_rows(order: str, name: str) -> bool:
    """Whether elements are counted row by row ("C", "A") or column by column ("F")."""
    if order not in ("C", "A", "F"):
        raise ValueError(f"{name}: order is {order!r}; choose 'C' (row by row) or 'F' (column by column)")
    return order != "F"


def reshape(x: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Array:
    """The same elements in another shape; one length may be -1. `order="F"` counts column by column."""
    x = asarray(x)
    if _in_rows(order, "reshape"):
        return x.reshape(_shape(shape))  # type: ignore[no-any-return]
    return transpose(transpose(x).reshape(tuple(reversed(_shape(shape)))))


def ravel(a: Any, order: str = "C") -> Array:
    """The elements in one row, counted row by row, or column by column with `order="F"`."""
    return reshape(a, -1, order)


def transpose(a: Any, axes: Any = None) -> Array:
    """The axes in another order, reversed unless given."""
    a = asarray(a)
    return permute_dims(a, tuple(reversed(range(a.ndim))) if axes is None else axes)


def permute_dims(a: Any, axes: Any) -> Array:
    """The axes in the order given."""
    return _seen(asarray(a), "permute_dims", axes=_shape(axes))


def matrix_transpose(x: Any, /) -> Array:
    """The last two axes exchanged."""
    return _seen(asarray(x), "matrix_transpose")


def swapaxes(a: Any, axis1: int, axis2: int) -> Array:
    """Two axes exchanged."""
    a = asarray(a)
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return permute_dims(a, order)


def moveaxis(a: Any, source: Any, destination: Any) -> Array:
    """Axes moved to other places, the rest kept in order."""
    return _seen(asarray(a), "moveaxis", source=source, destination=destination)


def rollaxis(a: Any, axis: int, start: int = 0) -> Array:
    """An axis moved back until it lies before place `start`."""
    a = asarray(a)
    axis = axis_of(axis, a.ndim)
    return moveaxis(a, axis, start - 1 if axis < start else start)


def expand_dims(a: Any, axis: Any = 0) -> Array:
    """A new axis of length one, or several."""
    return _seen(asarray(a), "expand_dims", axis=axis)


def squeeze(a: Any, axis: Any = None) -> Array:
    """The axes of length one taken away: those named, or all."""
    a = asarray(a)
    if axis is None:
        axis = tuple(i for i, n in enumerate(a.shape) if n == 1)
    return _seen(a, "squeeze", axis=axis)


def broadcast_to(array: Any, shape: Any) -> Array:
    """The elements repeated to `shape`."""
    found: Array = _call("broadcast_to", array, shape=_shape(shape))
    return found


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that these broadcast to. Raises `ShapeError` where they do not."""
    try:
        return host.broadcast_shapes(*shapes)
    except ValueError as error:
        from ..errors import ShapeError

        raise ShapeError(f"shapes {', '.join(map(str, shapes))} do not broadcast together") from error


def broadcast_arrays(*arrays: Any) -> list[Array]:
    """The arrays, each repeated to their common shape."""
    found = [asarray(a) for a in arrays]
    common = broadcast_shapes(*(a.shape for a in found))
    return [a if a.shape == common else broadcast_to(a, common) for a in found]


def concat(arrays: Any, /, *, axis: int | None = 0) -> Array:
    """The arrays joined along an axis they have; with None, all elements in one row."""
    parts = _alike(arrays)
    if axis is None:
        parts, axis = [ravel(p) for p in parts], 0
    found: Array = OPS["concat"].call(*parts, axis=axis)
    return found


def concatenate(arrays: Any, /, axis: int | None = 0) -> Array:
    """The arrays joined along an axis they have. NumPy's name of `concat`."""
    return concat(arrays, axis=axis)


def stack(arrays: Any, axis: int = 0) -> Array:
    """The arrays joined along a new axis."""
    found: Array = OPS["stack"].call(*_alike(arrays), axis=axis)
    return found


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices along an axis."""
    return tuple(OPS["unstack"].call(asarray(x), axis=axis))


def append(arr: Any, values: Any, axis: int | None = None) -> Array:
    """`values` joined on behind `arr`, flattened both unless an axis is given."""
    return concat((arr, values), axis=axis)


def vstack(tup: Any) -> Array:
    """The arrays one below the other."""
    return concat([atleast_2d(a) for a in _alike(tup)], axis=0)


row_stack = vstack


def hstack(tup: Any) -> Array:
    """The arrays side by side."""
    parts = [atleast_1d(a) for a in _alike(tup)]
    return concat(parts, axis=0 if parts[0].ndim == 1 else 1)


def dstack(tup: Any) -> Array:
    """The arrays one behind the other, along a third axis."""
    return concat([atleast_3d(a) for a in _alike(tup)], axis=2)


def column_stack(tup: Any) -> Array:
    """Columns side by side as a matrix."""
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


def atleast_1d(*arrays: Any) -> Any:
    """The arrays with one axis at least."""
    return _atleast(1, arrays)


def atleast_2d(*arrays: Any) -> Any:
    """The arrays with two axes at least."""
    return _atleast(2, arrays)


def atleast_3d(*arrays: Any) -> Any:
    """The arrays with three axes at least."""
    return _atleast(3, arrays)


def _sizes(length: int, sections: Any, even: bool) -> tuple[int, ...]:
    if isinstance(sections, (int, host.integer)):
        n = int(sections)
        if n <= 0 or (even and length % n):
            raise ValueError(f"split: an axis of length {length} does not fall into {n} equal parts; use array_split")
        return tuple(length // n + (i < length % n) for i in range(n))
    ends = [min(length, max(0, int(e) if e >= 0 else length + int(e))) for e in sections] + [length]
    return tuple(max(0, b - a) for a, b in zip([0, *ends], ends, strict=False))


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Pieces along an axis: so many of equal length, or cut at the places given."""
    ary = asarray(ary)
    return list(OPS["split"].call(ary, sizes=_sizes(ary.shape[axis], indices_or_sections, True), axis=axis))


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Pieces along an axis, as equal in length as may be."""
    ary = asarray(ary)
    return list(OPS["split"].call(ary, sizes=_sizes(ary.shape[axis], indices_or_sections, False), axis=axis))


def vsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    """Pieces along the first axis."""
    return split(ary, indices_or_sections, 0)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    """Pieces along the second axis, or the only one."""
    ary = asarray(ary)
    return split(ary, indices_or_sections, 0 if ary.ndim == 1 else 1)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Array]:
    """Pieces along the third axis."""
    return split(ary, indices_or_sections, 2)


def flip(m: Any, axis: Any = None) -> Array:
    """The elements in reverse order along an axis, several, or all."""
    found: Array = _call("flip", m, axis=axis)
    return found


def flipud(m: Any) -> Array:
    """The rows in reverse order."""
    return flip(m, 0)


def fliplr(m: Any) -> Array:
    """The columns in reverse order."""
    return flip(m, 1)


def roll(a: Any, shift: Any, axis: Any = None) -> Array:
    """The elements moved along an axis, those that fall off coming in at the other end."""
    found: Array = _call("roll", a, shift=shift, axis=axis)
    return found


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """The plane of two axes turned by quarters."""
    found: Array = _call("rot90", m, k=k, axes=axes)
    return found


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Array:
    """Each element so many times, along an axis or of the flattened array."""
    a = asarray(a)
    if axis is None:
        a, axis = a.reshape(-1), 0
    if isinstance(repeats, Array):
        repeats = repeats.asnumpy()
    if not isinstance(repeats, (int, host.integer)):
        repeats = tuple(int(r) for r in host.ravel(repeats))
        if len(repeats) == 1:
            repeats = repeats[0]
    found: Array = _call("repeat", a, repeats=repeats, axis=axis)
    return found


def tile(A: Any, reps: Any) -> Array:
    """The whole array repeated along each axis."""
    found: Array = _call("tile", A, repetitions=_shape(reps))
    return found


def pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Array:
    """The array with a border: of a constant, or by `mode` "edge", "reflect", "symmetric", "wrap"."""
    array = asarray(array)
    widths = host.broadcast_to(host.asarray(pad_width, dtype=int), (array.ndim, 2))
    found: Array = _call(
        "pad", array, widths=tuple((int(a), int(b)) for a, b in widths), mode=mode, value=constant_values
    )
    return found


def diag(v: Any, k: int = 0) -> Array:
    """The k-th diagonal of a matrix, or the matrix that has it."""
    found: Array = _call("diag", v, k=k)
    return found


def diagflat(v: Any, k: int = 0) -> Array:
    """The matrix whose k-th diagonal are the elements of `v`."""
    return diag(ravel(v), k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """A diagonal of the planes of two axes, as the last axis."""
    found: Array = _call("diagonal", a, offset=offset, axis1=axis1, axis2=axis2)
    return found


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The sum along a diagonal of the planes of two axes."""
    found: Array = _call("trace", a, offset=offset, axis1=axis1, axis2=axis2)
    return found


def tril(m: Any, k: int = 0) -> Array:
    """The matrix with zeros above its k-th diagonal."""
    found: Array = _call("tril", m, k=k)
    return found


def triu(m: Any, k: int = 0) -> Array:
    """The matrix with zeros below its k-th diagonal."""
    found: Array = _call("triu", m, k=k)
    return found


def meshgrid(*arrays: Any, indexing: str = "xy") -> list[Array]:
    """The coordinates of a grid, an array for each axis."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is {indexing!r}; choose 'xy' or 'ij'")
    parts = [asarray(a).reshape(-1) for a in arrays]
    n = len(parts)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    lengths = [0] * n
    for part, place in zip(parts, order, strict=True):
        lengths[place] = part.shape[0]
    return [
        broadcast_to(part.reshape(tuple(-1 if i == place else 1 for i in range(n))), tuple(lengths))
        for part, place in zip(parts, order, strict=True)
    ]
