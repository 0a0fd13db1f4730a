"""Sorting, searching, sets, and picking by index."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as host

from .. import dtypes
from ..array import Array
from ..errors import NoGradientError
from ..kernels import OPS
from ..tape import MODE, RECORDING
from .creation import asarray

__all__ = [
    "argsort",
    "argwhere",
    "bincount",
    "choose",
    "compress",
    "digitize",
    "extract",
    "flatnonzero",
    "histogram",
    "isin",
    "nonzero",
    "piecewise",
    "put_along_axis",
    "searchsorted",
    "select",
    "sort",
    "take",
    "take_along_axis",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
]


def sort(x: Any, /, axis: int | None = -1, *, descending: bool = False, stable: bool = True) -> Array:
    """The elements in order along an axis; None flattens first."""
    x = asarray(x)
    if axis is None:
        x, axis = x.reshape(-1), -1
    found: Array = OPS["sort"].call(x, axis=axis, descending=descending, stable=stable)
    return found


def argsort(x: Any, /, axis: int | None = -1, *, descending: bool = False, stable: bool = True) -> Array:
    """The indices that put the elements in order along an axis; None flattens first."""
    x = asarray(x)
    if axis is None:
        x, axis = x.reshape(-1), -1
    found: Array = OPS["argsort"].call(x, axis=axis, descending=descending, stable=stable)
    return found


def searchsorted(x: Any, v: Any, /, *, side: str = "left", sorter: Any = None) -> Array:
    """Where in the ordered `x` the values `v` would go in."""
    x = asarray(x)
    if sorter is not None:
        x = take(x, sorter)
    v = asarray(v)
    common = dtypes.promote(x.dtype, v.dtype)
    found: Array = OPS["searchsorted"].call(x.astype(common), v.astype(common), side=side)
    return found


def digitize(x: Any, bins: Any, right: bool = False) -> Array:
    """Which of the bins, whose edges go up, each element is in."""
    return searchsorted(bins, x, side="left" if right else "right")


def nonzero(x: Any, /) -> tuple[Array, ...]:
    """The indices of the elements that are not zero, an array for each axis."""
    x = asarray(x)
    if x.ndim == 0:
        raise ValueError("nonzero of a 0-d array has no axis to tell a place on")
    places = OPS["true_places"].call(x != 0)
    return tuple(places) if isinstance(places, (list, tuple)) else tuple(places[:, i] for i in range(x.ndim))


def flatnonzero(x: Any) -> Array:
    """The indices of the elements of the flattened array that are not zero."""
    return nonzero(asarray(x).reshape(-1))[0]


def argwhere(x: Any) -> Array:
    """The indices of the elements that are not zero, a row for each."""
    found: Array = OPS["stack"].call(*nonzero(x), axis=1)
    return found


def take(x: Any, indices: Any, /, axis: int | None = None) -> Array:
    """The slices at the indices along an axis; without it, elements of the flattened array."""
    x = asarray(x)
    if axis is None:
        if x.ndim > 1:
            x = x.reshape(-1)
        axis = 0
    found: Array = OPS["take"].call(x, asarray(indices), axis=axis)
    return found


def take_along_axis(x: Any, indices: Any, /, axis: int = -1) -> Array:
    """The elements at indices that are given for each slice along an axis."""
    found: Array = OPS["take_along_axis"].call(asarray(x), asarray(indices), axis=axis)
    return found


def put_along_axis(x: Any, indices: Any, values: Any, /, axis: int = -1) -> Array:
    """A new array with `values` at indices that are given for each slice along an axis."""
    x = asarray(x)
    found: Array = OPS["put_along_axis"].call(x, asarray(indices), asarray(values, x.dtype), axis=axis)
    return found


def compress(condition: Any, x: Any, axis: int | None = None) -> Array:
    """The slices along an axis for which the condition holds."""
    return take(x, flatnonzero(condition), axis=axis)


def extract(condition: Any, x: Any) -> Array:
    """The elements for which the condition holds."""
    return take(asarray(x).reshape(-1), flatnonzero(condition))


def choose(index: Any, choices: Any) -> Array:
    """Element by element, from the choice whose number the index is."""
    from .manipulation import broadcast_arrays, stack

    index, *parts = broadcast_arrays(index, *choices)
    found: Array = take_along_axis(stack(parts), index[None], axis=0)[0]
    return found


def select(conditions: Any, choices: Any, default: Any = 0) -> Array:
    """Element by element, from the first choice whose condition holds, else the default."""
    if len(conditions) != len(choices):
        raise ValueError(f"select: {len(conditions)} conditions for {len(choices)} choices; give one for each")
    found: Any = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        found = OPS["where"].call(asarray(condition), choice, found)
    return asarray(found)


def piecewise(x: Any, conditions: Any, functions: Any) -> Array:
    """Element by element, the function whose condition holds (the last that does); one more is for where none does."""
    x = asarray(x)
    conditions = conditions if isinstance(conditions, (list, tuple)) else [conditions]
    pieces = [f(x) if callable(f) else f for f in functions]
    if len(pieces) not in (len(conditions), len(conditions) + 1):
        raise ValueError(f"piecewise: {len(pieces)} functions for {len(conditions)} conditions")
    found = pieces[len(conditions)] if len(pieces) > len(conditions) else OPS["zeros_like"].call(x.detach())
    for condition, piece in zip(conditions, pieces, strict=False):
        found = OPS["where"].call(asarray(condition), piece, found)
    return asarray(found)


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: Array
    counts: Array


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: Array
    inverse_indices: Array


def unique_all(x: Any, /) -> UniqueAll:
    """The different values in order, where each is first, which of them each element is, and how often each occurs."""
    values, indices, inverse, counts = OPS["unique_all"].call(asarray(x))
    return UniqueAll(values, indices, inverse, counts)


def unique_counts(x: Any, /) -> UniqueCounts:
    """The different values in order, and how often each occurs."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any, /) -> UniqueInverse:
    """The different values in order, and which of them each element is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any, /) -> Array:
    """The different values in order."""
    return unique_all(x).values


def unique(x: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False) -> Any:
    """The different values in order, with what `numpy.unique` adds when asked."""
    found = unique_all(x)
    more = [found.indices] * return_index + [found.inverse_indices] * return_inverse + [found.counts] * return_counts
    return (found.values, *more) if more else found.values


def isin(x: Any, values: Any, *, invert: bool = False) -> Array:
    """Whether each element is among the values."""
    x = asarray(x)
    found: Array = OPS["any"].call(x.reshape(*x.shape, 1) == asarray(values).reshape(-1), axis=-1)
    return ~found if invert else found


def _refuse_tracked(name: str, reason: str, *arrays: Any) -> None:
    if MODE.get() & RECORDING and any(isinstance(a, Array) and a._node is not None for a in arrays):
        raise NoGradientError(f"{name}() has no gradient: {reason}; pass x.detach()")


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Array:
    """How often each of the numbers 0, 1, … occurs, or the sum of its weights, which are differentiated."""
    x = asarray(x)
    length = max(int(minlength), (int(x.asnumpy().max()) + 1) if x.size else 0)
    from .creation import ones

    amounts = asarray(weights) if weights is not None else ones(x.shape, "int64")
    from ..ops.indexing import AT

    found: Array = OPS["scatter_add"].call(amounts, x, key=(AT,), shape=(length,))
    return found


def histogram(x: Any, bins: Any = 10, range: Any = None, *, density: bool = False) -> tuple[Array, Array]:
    """How many elements fall into each bin, and the edges. Counts jump: a tracked `x` raises `NoGradientError`."""
    _refuse_tracked("histogram", "counts are constant between jumps", x, bins)
    counts, edges = host.histogram(
        asarray(x).asnumpy(), bins.asnumpy() if isinstance(bins, Array) else bins, range, density=density
    )
    return asarray(counts), asarray(edges)
