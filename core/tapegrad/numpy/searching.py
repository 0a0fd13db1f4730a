"""Sorting, searching, sets, and picking by index."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as host

from .. import dtypes
from ..array import Array
from ..errors import DtypeError, NoGradientError, ShapeError
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
    "histogram2d",
    "histogram_bin_edges",
    "histogramdd",
    "isin",
    "lexsort",
    "nanargmax",
    "nanargmin",
    "nonzero",
    "piecewise",
    "put_along_axis",
    "searchsorted",
    "select",
    "sort",
    "sort_complex",
    "take",
    "take_along_axis",
    "trim_zeros",
    "unique",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "where",
]


def sort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, descending: bool = False, stable: bool | None = True
) -> Array:
    """The elements in order along an axis; None flattens first. It is stable, of whatever `kind`."""
    a = asarray(a)
    if axis is None:
        a, axis = a.reshape(-1), -1
    found: Array = OPS["sort"].call(a, axis=axis, descending=descending, stable=stable is not False)
    return found


def argsort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, descending: bool = False, stable: bool | None = True
) -> Array:
    """The indices that put the elements in order along an axis; None flattens first. See `sort`."""
    a = asarray(a)
    if axis is None:
        a, axis = a.reshape(-1), -1
    found: Array = OPS["argsort"].call(a, axis=axis, descending=descending, stable=stable is not False)
    return found


def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Array:
    """Where in the ordered `a` the values `v` would go in."""
    a = asarray(a)
    if sorter is not None:
        a = take(a, sorter)
    v = asarray(v)
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side is {side!r}; choose 'left' or 'right'")
    if a.ndim != 1:
        raise ShapeError(f"searchsorted: values are looked up in an array of one axis, not of shape {a.shape}")
    common = dtypes.promote(a.dtype, v.dtype)
    found: Array = OPS["searchsorted"].call(a.astype(common), v.astype(common), side=side)
    return found


def digitize(x: Any, bins: Any, right: bool = False) -> Array:
    """Which of the bins, whose edges go up, each element is in."""
    return searchsorted(bins, x, side="left" if right else "right")


def nonzero(a: Any) -> tuple[Array, ...]:
    """The indices of the elements that are not zero, an array for each axis."""
    a = asarray(a)
    if a.ndim == 0:
        raise ShapeError("nonzero of a 0-d array has no axis to tell a place on; reshape it to one of shape (1,)")
    places = OPS["true_places"].call(a != 0)
    return tuple(places) if isinstance(places, (list, tuple)) else tuple(places[:, i] for i in range(a.ndim))


def flatnonzero(a: Any) -> Array:
    """The indices of the elements of the flattened array that are not zero."""
    return nonzero(asarray(a).reshape(-1))[0]


def argwhere(a: Any) -> Array:
    """The indices of the elements that are not zero, a row for each."""
    found: Array = OPS["stack"].call(*nonzero(a), axis=1)
    return found


def take(a: Any, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Array:
    """The slices at the indices along an axis; without it, elements of the flattened array.

    `mode`: what becomes of indices beyond the ends. They raise, "wrap" around, or "clip" to the ends.

    >>> take(asarray([1, 2, 3]), asarray([-4, 5]), mode="clip").tolist()
    [1, 3]
    """
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"take: mode is {mode!r}; choose 'raise', 'wrap' or 'clip'")
    a, indices = asarray(a), asarray(indices)
    if mode != "raise":
        length = a.size if axis is None else a.shape[axis]
        indices = indices % length if mode == "wrap" else OPS["clip"].call(indices, 0, length - 1)
    if axis is None:
        if a.ndim > 1:
            a = a.reshape(-1)
        axis = 0
    found: Array = OPS["take"].call(a, indices, axis=axis)
    return found


def take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Array:
    """The elements at indices that are given for each slice along an axis."""
    found: Array = OPS["take_along_axis"].call(asarray(arr), asarray(indices), axis=axis)
    return found


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int = -1) -> Array:
    """A new array with `values` at indices that are given for each slice along an axis."""
    arr = asarray(arr)
    found: Array = OPS["put_along_axis"].call(arr, asarray(indices), asarray(values, arr.dtype), axis=axis)
    return found


def compress(condition: Any, a: Any, axis: int | None = None) -> Array:
    """The slices along an axis for which the condition holds."""
    return take(a, flatnonzero(condition), axis=axis)


def extract(condition: Any, arr: Any) -> Array:
    """The elements for which the condition holds."""
    return take(asarray(arr).reshape(-1), flatnonzero(condition))


def choose(a: Any, choices: Any) -> Array:
    """Element by element, from the choice whose number `a` is."""
    from .manipulation import broadcast_arrays, stack

    a, *parts = broadcast_arrays(a, *choices)
    found: Array = take_along_axis(stack(parts), a[None], axis=0)[0]
    return found


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Array:
    """Element by element, from the first choice whose condition holds, else the default."""
    if len(condlist) != len(choicelist):
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices; give one for each")
    found: Any = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        found = OPS["where"].call(asarray(condition), choice, found)
    return asarray(found)


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Array:
    """Element by element, the function whose condition holds (the last that does); one more is for where none does.

    `args` and `kw` are handed on to the functions.
    """
    x = asarray(x)
    condlist = condlist if isinstance(condlist, (list, tuple)) else [condlist]
    pieces = [f(x, *args, **kw) if callable(f) else f for f in funclist]
    if len(pieces) not in (len(condlist), len(condlist) + 1):
        raise ValueError(f"piecewise: {len(pieces)} functions for {len(condlist)} conditions")
    found = pieces[len(condlist)] if len(pieces) > len(condlist) else OPS["zeros_like"].call(x.detach())
    for condition, piece in zip(condlist, pieces, strict=False):
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


def unique_all(x: Any) -> UniqueAll:
    """The different values in order, where each is first, which of them each element is, and how often each occurs."""
    values, indices, inverse, counts = OPS["unique_all"].call(asarray(x))
    return UniqueAll(values, indices, inverse, counts)


def unique_counts(x: Any) -> UniqueCounts:
    """The different values in order, and how often each occurs."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: Any) -> UniqueInverse:
    """The different values in order, and which of them each element is."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: Any) -> Array:
    """The different values in order."""
    return unique_all(x).values


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any:
    """The different values in order, or slices along an axis, with what `numpy.unique` adds when asked."""
    if axis is not None:
        ar = asarray(ar)
        _, indices, inverse, counts = host.unique(ar.asnumpy(), True, True, True, axis=axis)
        chosen = [indices] * return_index + [inverse] * return_inverse + [counts] * return_counts
        values = take(ar, indices, axis=axis)
        return (values, *map(asarray, chosen)) if chosen else values
    found = unique_all(ar)
    more = [found.indices] * return_index + [found.inverse_indices] * return_inverse + [found.counts] * return_counts
    return (found.values, *more) if more else found.values


def isin(element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False) -> Array:
    """Whether each element is among `test_elements`; that they differ need not be said, by `assume_unique`."""
    element = asarray(element)
    found: Array = OPS["any"].call(element.reshape(*element.shape, 1) == asarray(test_elements).reshape(-1), axis=-1)
    return ~found if invert else found


def _refuse_tracked(name: str, reason: str, *arrays: Any) -> None:
    if MODE.get() & RECORDING and any(isinstance(a, Array) and a._node is not None for a in arrays):
        raise NoGradientError(f"{name}() has no gradient: {reason}; pass x.detach()")


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Array:
    """How often each of the numbers 0, 1, … occurs, or the sum of its weights, which are differentiated."""
    from ..ops.indexing import AT
    from .creation import ones

    x = asarray(x)
    if x.dtype == dtypes.BOOL or not x.size:
        x = x.astype("int64")
    if x.dtype not in dtypes.INTEGER:
        raise DtypeError(f"bincount() counts whole numbers, not {x.dtype.name}; convert with astype()")
    numbers = x.asnumpy()
    if x.size and numbers.min() < 0:
        raise ValueError(f"bincount: {numbers.min()} is below 0; the numbers counted are 0, 1, 2, …")
    length = max(int(minlength), int(numbers.max()) + 1 if x.size else 0)
    amounts = asarray(weights) if weights is not None else ones(x.shape, "int64")
    if amounts.shape != x.shape:
        raise ShapeError(
            f"bincount: weights of shape {amounts.shape} for numbers of shape {x.shape}; give one for each"
        )
    found: Array = OPS["scatter_add"].call(amounts, x, key=(AT,), shape=(length,))
    return found


def _counted(name: str, x: Array, weights: Any, count: Any, edges: Any) -> None:
    """Refuse what has no derivative: counts jump, and so does the share of a weight."""
    several = edges if isinstance(edges, (list, tuple)) else [edges]
    _refuse_tracked(name, "counts are constant between jumps", x, *several)
    if isinstance(weights, Array):
        _refuse_tracked(name, f"{count} of weights are not differentiated here", weights)


def _numbers(value: Any) -> Any:
    """Arrays of ours in nested lists as NumPy's."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_numbers, value))
    return value.asnumpy() if isinstance(value, Array) else value


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    """The edges of the bins that `histogram` would take. A tracked `a` raises `NoGradientError`."""
    _refuse_tracked("histogram_bin_edges", "edges are constant between jumps", asarray(a))
    return asarray(host.histogram_bin_edges(asarray(a).asnumpy(), _numbers(bins), _numbers(range), _numbers(weights)))


def histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = False, weights: Any = None
) -> tuple[Array, Array]:
    """How many elements fall into each bin, or the sum of their weights, and the edges.

    Counts jump: a tracked `a` raises `NoGradientError`. In the weights it is differentiated.

    >>> counts, edges = histogram(asarray([0.1, 0.2, 0.9]), bins=2, range=(0.0, 1.0))
    >>> counts.tolist()
    [2, 1]
    """
    a = asarray(a)
    _counted("histogram", a, None, "", bins)
    values, edges = a.asnumpy().reshape(-1), host.asarray(histogram_bin_edges(a, bins, range).asnumpy())
    if weights is None:
        counts, _ = host.histogram(values, edges, density=bool(density))
        return asarray(counts), asarray(edges)
    # The last bin is closed at both ends.
    place = host.searchsorted(edges, values, side="right") - 1
    place = host.where(values == edges[-1], len(edges) - 2, place)
    inside = host.flatnonzero((values >= edges[0]) & (values <= edges[-1]))
    heavy = take(asarray(weights).reshape(-1), asarray(inside), axis=0)
    found = bincount(place[inside], heavy, len(edges) - 1)
    if density:
        found = found / host.diff(edges) / OPS["sum"].call(found)
    return found, asarray(edges)


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Array, Array, Array]:
    """How many points fall into each cell of a grid, and the edges along both axes. See `histogramdd`."""
    sample = OPS["stack"].call(asarray(x).reshape(-1), asarray(y).reshape(-1), axis=1)
    several = isinstance(bins, (list, tuple)) and len(bins) == 2
    counts, edges = histogramdd(sample, bins if several else (bins, bins), range, density, weights)
    return counts, edges[0], edges[1]


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Array, list[Array]]:
    """How many points, a row each, fall into each cell of a grid, and the edges along its axes.

    Counts jump: tracked arguments raise `NoGradientError`.
    """
    sample = asarray(sample)
    _counted("histogramdd", sample, weights, "sums", bins)
    counts, edges = host.histogramdd(
        sample.asnumpy(), _numbers(bins), _numbers(range), density=bool(density), weights=_numbers(weights)
    )
    return asarray(counts), list(map(asarray, edges))


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Element by element, `x` where the condition holds and `y` where not; of a condition alone, `nonzero`.

    What is not chosen has no share in the derivative, also where it is NaN or infinite.

    >>> where(asarray([True, False]), asarray([1.0, 2.0]), 0.0)
    Array([1., 0.], dtype=float32)
    """
    if x is None and y is None:
        return nonzero(condition)
    return OPS["where"].call(condition, x, y)


def _nan_place(name: str, a: Any, axis: int | None, keepdims: bool, filling: float) -> Array:
    a = asarray(a)
    missing = OPS["isnan"].call(a.detach())
    if bool(OPS["any"].call(OPS["all"].call(missing, axis=axis))):
        raise ValueError(f"nan{name}: all of a slice is NaN, so it has no place")
    found: Array = OPS[name].call(OPS["where"].call(missing, filling, a.detach()), axis=axis, keepdims=keepdims)
    return found


def nanargmax(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the (first) largest element over `axis` is that is not NaN."""
    return _nan_place("argmax", a, axis, keepdims, -host.inf)


def nanargmin(a: Any, axis: int | None = None, *, keepdims: bool = False) -> Array:
    """Where the (first) smallest element over `axis` is that is not NaN."""
    return _nan_place("argmin", a, axis, keepdims, host.inf)


def lexsort(keys: Any, axis: int = -1) -> Array:
    """The indices that put several keys in order, the last key first.

    >>> lexsort([[2, 1, 1], [0, 1, 0]]).tolist()
    [2, 0, 1]
    """
    parts = [asarray(key).detach() for key in keys]
    if not parts:
        raise ValueError("lexsort needs at least one key")
    order = argsort(parts[0], axis=axis)
    for key in parts[1:]:
        order = take_along_axis(order, argsort(take_along_axis(key, order, axis), axis=axis), axis)
    return order


def sort_complex(a: Any) -> Array:
    """The elements in order of their real parts, and of the imaginary ones where those are the same."""
    a = asarray(a)
    if a.dtype not in dtypes.COMPLEX:
        return sort(a).astype("complex128" if a.dtype.itemsize > 4 or a.dtype.kind != "f" else "complex64")
    order = lexsort((OPS["imag"].call(a), OPS["real"].call(a)))
    return take_along_axis(a, order)


def trim_zeros(filt: Any, trim: str = "fb") -> Array:
    """A sequence without the zeros in front ("f") and behind ("b")."""
    filt = asarray(filt)
    held = host.flatnonzero(filt.asnumpy())
    start = stop = 0
    if held.size:
        start = int(held[0]) if "f" in trim.lower() else 0
        stop = int(held[-1]) + 1 if "b" in trim.lower() else filt.shape[0]
    found: Array = filt[start:stop]
    return found
