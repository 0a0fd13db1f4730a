"""Index tables, grids, and what NumPy makes with brackets: `r_[1:4, x]`, `mgrid[0:3, 0:4]`, `s_[::2]`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..errors import ArgumentError, DtypeError, ShapeError
from . import manipulation
from .arguments import as_shape, asarray, make
from .beyond import tril_indices, triu_indices
from .creation import arange, linspace
from .placement import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..typing import ArrayLike, DTypeLike, ShapeLike
    from .arrays import ndarray


def _run(key: slice) -> ndarray:
    """The numbers of a slice: so far apart, or, with an imaginary step, so many with both ends."""
    start, step = 0 if key.start is None else key.start, 1 if key.step is None else key.step
    if isinstance(step, complex):
        found: ndarray = linspace(start, key.stop, int(abs(step)))
        return found
    return arange(start, key.stop, step)


@placed
def _entered(parts: Sequence[Any]) -> list[ndarray]:
    """What stands in brackets as arrays, with the numbers of slices."""
    return [_run(part) if isinstance(part, slice) else asarray(part) for part in parts]


class _Joiner:
    """Joins what is in its brackets along an axis: arrays, numbers, and slices, which stand for their numbers."""

    def __init__(self, name: str, axis: int, ndmin: int, trans: int) -> None:
        self.name, self.axis, self.ndmin, self.trans = name, axis, ndmin, trans

    def __repr__(self) -> str:
        return f"<tapegrad.numpy.{self.name}>"

    def __getitem__(self, key: Any) -> ndarray:
        axis, ndmin, trans = self.axis, self.ndmin, self.trans
        parts = list(key) if isinstance(key, tuple) else [key]
        if parts and isinstance(parts[0], str):
            try:
                given = [int(word) for word in parts.pop(0).split(",")]
                axis, ndmin, trans = (*given, *(axis, ndmin, trans)[len(given) :])
            except ValueError:
                raise ArgumentError(
                    f"{self.name}: the directive is up to three whole numbers, 'axis,ndmin,start', and not 'r' or 'c'"
                ) from None
        made = []
        for x in _entered(parts):
            missing = max(0, ndmin - x.ndim)
            if missing:
                before = missing if trans < 0 else min(trans, missing)
                after = missing - before
                # As NumPy has it: a negative start counts the old axes from the front of the new ones.
                x = x.reshape((1,) * before + x.shape + (1,) * after)
            made.append(x if x.ndim else x.reshape(1))
        return manipulation.concat(made, axis=axis)


class _Columns(_Joiner):
    """`r_` with its parts as columns."""

    def __getitem__(self, key: Any) -> ndarray:
        parts = key if isinstance(key, tuple) else (key,)
        return manipulation.concat([x.reshape(-1, 1) if x.ndim < 2 else x for x in _entered(parts)], axis=-1)


class _Grid:
    """Coordinates of the grid that is in its brackets, whole (`mgrid`) or open (`ogrid`)."""

    def __init__(self, name: str, whole: bool) -> None:
        self.name, self.whole = name, whole

    def __repr__(self) -> str:
        return f"<tapegrad.numpy.{self.name}>"

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _run(key)
        runs = [_run(part) for part in key]
        if self.whole:
            kinds = [x.dtype for x in runs]
            common = kinds[0]
            for kind in kinds[1:]:
                common = dtypes.promote(common, kind)
            return manipulation.stack([x.astype(common) for x in manipulation.meshgrid(*runs, indexing="ij")])
        return manipulation.meshgrid(*runs, indexing="ij", sparse=True)


class _Key:
    """Gives back the key that is in its brackets, to be used later."""

    def __init__(self, name: str, always: bool) -> None:
        self.name, self.always = name, always

    def __repr__(self) -> str:
        return f"<tapegrad.numpy.{self.name}>"

    def __getitem__(self, key: Any) -> Any:
        return (key,) if self.always and not isinstance(key, tuple) else key


r_ = _Joiner("r_", 0, 1, -1)
c_ = _Columns("c_", -1, 2, 0)
mgrid, ogrid = _Grid("mgrid", True), _Grid("ogrid", False)
s_, index_exp = _Key("s_", False), _Key("index_exp", True)


def ix_(*args: ArrayLike) -> tuple[ndarray, ...]:
    """Sequences as an open grid of indices: `x[ix_(rows, columns)]`; masks stand for the places where they hold.

    Shapes: a sequence of n indices for axis i gives n at axis i and 1 at the others.
    Dtypes: integers and booleans.
    Raises: `ShapeError` for anything that is not a sequence.

    >>> x = tnp.reshape(tnp.arange(6), (2, 3))
    >>> x[tnp.ix_([1, 0], [True, False, True])]
    Array([[3, 5],
           [0, 2]], dtype=int64)
    """
    found = []
    for i, part in enumerate(args):
        x = asarray(part)
        if x.ndim != 1:
            raise ShapeError(f"ix_ takes sequences, not an array of shape {x.shape}")
        if x.dtype == dtypes.BOOL:
            x = asarray(host.flatnonzero(x.asnumpy()))
        elif not x.size:
            x = x.astype("int64")
        found.append(x.reshape(tuple(-1 if j == i else 1 for j in range(len(args)))))
    return tuple(found)


def fromfunction(
    function: Callable[..., Any], shape: ShapeLike, *, dtype: DTypeLike | None = None, **kwargs: Any
) -> Any:
    """What `function` makes of the coordinates of a grid, an array for each axis.

    Shapes: the arrays are of shape `shape`; the result is what `function` returns.
    Dtypes: of the arrays `dtype`, or the default float.
    Raises: `TypeError` where `shape` is not a sequence of lengths.

    >>> tnp.fromfunction(lambda i, j: i + j, (2, 2), dtype="int64")
    Array([[0, 1],
           [1, 2]], dtype=int64)
    """
    kind = dtypes.get_default_dtype() if dtype is None else dtypes.to_dtype(dtype)
    return function(*[make(part, kind) for part in host.indices(as_shape(shape))], **kwargs)


def _indices(x: Any, name: str) -> ndarray:
    found: ndarray = asarray(x)
    if found.dtype not in dtypes.INTEGER:
        raise DtypeError(f"{name} takes indices, which are integers, not {found.dtype.name}")
    return found


def unravel_index(indices: ArrayLike, shape: ShapeLike) -> tuple[ndarray, ...]:
    """Indices into a flattened array as indices for each axis of `shape`.

    Shapes: for each axis an array of the shape of `indices`.
    Dtypes: integers.
    Raises: `DtypeError` for others. Nothing looks at the numbers: those beyond the end count from the beginning again.

    >>> tnp.unravel_index(5, (2, 3))
    (Array(1, dtype=int64), Array(2, dtype=int64))
    """
    rest = _indices(indices, "unravel_index")
    found = []
    for length in reversed(as_shape(shape)):
        found.append(rest % length)
        rest = rest // length
    return tuple(reversed(found))


def ravel_multi_index(multi_index: Sequence[ArrayLike], dims: ShapeLike) -> ndarray:
    """Indices for each axis of the shape `dims` as indices into the flattened array.

    Shapes: the indices, one array for each axis, broadcast.
    Dtypes: integers.
    Raises: `DtypeError` for others, `ShapeError` where there are not as many arrays as axes. Nothing looks at the
    numbers.

    >>> tnp.ravel_multi_index(([1, 0], [2, 1]), (2, 3))
    Array([5, 1], dtype=int64)
    """
    parts, lengths = [_indices(part, "ravel_multi_index") for part in multi_index], as_shape(dims)
    if len(parts) != len(lengths) or not parts:
        raise ShapeError(f"ravel_multi_index: {len(parts)} array(s) of indices for the shape {lengths}")
    total = parts[0]
    for part, length in zip(parts[1:], lengths[1:], strict=True):
        total = total * length + part
    return total


def _square(arr: Any, name: str) -> tuple[int, int]:
    shape = asarray(arr).shape
    if len(shape) != 2:
        raise ShapeError(f"{name} takes a matrix, not an array of shape {shape}")
    return shape[0], shape[1]


def tril_indices_from(arr: ArrayLike, k: int = 0) -> tuple[ndarray, ...]:
    """The indices of the elements of a matrix at and below its k-th diagonal.

    Shapes: `arr` (n, m); the rows and the columns are sequences of one length.
    Dtypes: any; the indices are int64.
    Raises: `ShapeError` for anything that is not a matrix.

    >>> tnp.tril_indices_from(tnp.ones((2, 2)))
    (Array([0, 1, 1], dtype=int64), Array([0, 0, 1], dtype=int64))
    """
    n, m = _square(arr, "tril_indices_from")
    return tril_indices(n, k, m)


def triu_indices_from(arr: ArrayLike, k: int = 0) -> tuple[ndarray, ...]:
    """The indices of the elements of a matrix at and above its k-th diagonal.

    Shapes: `arr` (n, m); the rows and the columns are sequences of one length.
    Dtypes: any; the indices are int64.
    Raises: `ShapeError` for anything that is not a matrix.

    >>> tnp.triu_indices_from(tnp.ones((2, 2)))
    (Array([0, 0, 1], dtype=int64), Array([0, 1, 1], dtype=int64))
    """
    n, m = _square(arr, "triu_indices_from")
    return triu_indices(n, k, m)


def diag_indices_from(arr: ArrayLike) -> tuple[ndarray, ...]:
    """The indices of the main diagonal of an array whose axes are of one length.

    Shapes: `arr` (n, n, …); a sequence of n for each axis.
    Dtypes: any; the indices are int64.
    Raises: `ShapeError` for an array of less than two axes, or of several lengths.

    >>> tnp.diag_indices_from(tnp.ones((2, 2)))
    (Array([0, 1], dtype=int64), Array([0, 1], dtype=int64))
    """
    shape = asarray(arr).shape
    if len(shape) < 2 or len(set(shape)) > 1:
        raise ShapeError(f"diag_indices_from takes an array whose axes are of one length, not of shape {shape}")
    return (asarray(host.arange(shape[0])),) * len(shape)


def mask_indices(n: int, mask_func: Callable[..., Any], k: Any = 0) -> tuple[ndarray, ...]:
    """The indices at which `mask_func`, `triu` say, leaves the elements of an n by n matrix of ones.

    Shapes: the rows and the columns are sequences of one length.
    Dtypes: the indices are int64.
    Raises: what `mask_func` does.

    >>> tnp.mask_indices(3, tnp.triu, 1)
    (Array([0, 0, 1], dtype=int64), Array([1, 2, 2], dtype=int64))
    """
    held = mask_func(make(host.ones((n, n), int)), k)
    return tuple(asarray(part) for part in host.nonzero(held.asnumpy() if isinstance(held, Array) else held))
