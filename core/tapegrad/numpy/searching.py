"""Sorting, searching, sets, and picking by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..engines.tables import OPS
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    BoundsError,
    DtypeError,
    DynamicShapeError,
    NoGradientError,
    ShapeError,
)
from ..ops.indexing import axis_of
from ..tape.mode import MODE, RECORDING
from .arguments import asarray, check_kind, is_batched, numbers_of_all, op, writable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..typing import ArrayLike, Function
    from .arrays import ndarray


def sort(
    a: ArrayLike,
    axis: int | None = -1,
    kind: str | None = None,
    *,
    descending: bool = False,
    stable: bool | None = True,
) -> ndarray:
    """The elements in order along an axis; None flattens first. It is stable, of whatever `kind`.

    Complex numbers are ordered by their real parts, equal ones by their imaginary parts, and NaN comes last.

    Shapes: that of `a`, or flat.
    Dtypes: any; the result has that of `a`.

    >>> tnp.sort([3.0, 1.0, 2.0], descending=True)
    Array([3., 2., 1.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sort(x)[0])(tnp.asarray([3.0, 1.0, 2.0]))
    Array([0., 1., 0.], dtype=float32)
    """
    a = asarray(a)
    check_kind("sort", kind)
    if axis is None:
        a, axis = a.reshape(-1), -1
    if a.dtype in dtypes.COMPLEX:
        return op.take_along_axis(a, argsort(a, axis, descending=descending), axis=axis)
    return op.sort(a, axis=axis, descending=descending, stable=stable is not False)


def argsort(
    a: ArrayLike,
    axis: int | None = -1,
    kind: str | None = None,
    *,
    descending: bool = False,
    stable: bool | None = True,
) -> ndarray:
    """The indices that put the elements in order along an axis; None flattens first. See `sort`.

    Shapes: that of `a`, or flat.
    Dtypes: any; the result holds integers, which are constants.

    >>> tnp.argsort([3.0, 1.0, 2.0])
    Array([1, 2, 0], dtype=int64)
    """
    a = asarray(a)
    check_kind("argsort", kind)
    if axis is None:
        a, axis = a.reshape(-1), -1
    if a.dtype in dtypes.COMPLEX:
        return _order_of_complex(a._detached(), axis, descending)
    return op.argsort(a, axis=axis, descending=descending, stable=stable is not False)


def _order_of_complex(a: ndarray, axis: int, descending: bool) -> ndarray:
    """By stable sorts, that by what counts least first."""
    real, imaginary = op.real(a), op.imag(a)
    gone, half_gone = (op.astype(op.isnan(part), dtype=host.dtype("int8")) for part in (real, imaginary))
    order: ndarray = op.argsort(imaginary, axis=axis, descending=descending, stable=True)
    for key in (real, 2 * gone + half_gone):
        along = op.take_along_axis(key, order, axis=axis)
        turn = op.argsort(along, axis=axis, descending=descending, stable=True)
        order = op.take_along_axis(order, turn, axis=axis)
    return order


def searchsorted(a: ArrayLike, v: ArrayLike, side: str = "left", sorter: ArrayLike | None = None) -> ndarray:
    """Where in the ordered `a` the values `v` would go in.

    `side`: before equal values ("left") or behind them ("right"). `sorter`: the indices that put `a` in order.

    Shapes: `a` has one axis; the result has that of `v`.
    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ShapeError` where `a` does not have exactly one axis, `ValueError` for another `side`.

    >>> tnp.searchsorted([1.0, 2.0, 2.0], [2.0, 9.0], side="right")
    Array([3, 3], dtype=int64)
    """
    a = asarray(a)
    if sorter is not None:
        a = take(a, sorter)
    v = asarray(v)
    if side not in ("left", "right"):
        raise ArgumentError(f"searchsorted: side is {side!r}; choose 'left' or 'right'")
    if a.ndim != 1:
        raise ShapeError(f"searchsorted: values are looked up in an array of one axis, not of shape {a.shape}")
    common = dtypes.promote(a.dtype, v.dtype)
    return op.searchsorted(a.astype(common), v.astype(common), side=side)


def digitize(x: ArrayLike, bins: ArrayLike | str, right: bool = False) -> ndarray:
    """Which of the bins, whose edges go up or down, each element is in.

    Shapes: `bins` has one axis; the result has that of `x`.
    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ShapeError` where `bins` does not have exactly one axis.

    >>> tnp.digitize([0.5, 1.0, 1.5], [1.0])
    Array([0, 1, 1], dtype=int64)
    """
    bins = asarray(bins)
    if bins.ndim != 1:
        raise ShapeError(f"digitize: bins are a sequence of edges, not an array of shape {bins.shape}")
    edges = bins._detached().asnumpy()
    if not (rising := bool((edges[1:] >= edges[:-1]).all())) and not (edges[1:] <= edges[:-1]).all():
        raise ArgumentError("digitize: the edges of bins go up, or they go down")
    if rising:
        return searchsorted(bins, x, side="left" if right else "right")
    # Counted from the other end of edges that go down.
    return bins.shape[0] - searchsorted(bins[::-1], x, side="left" if right else "right")


def nonzero(a: ArrayLike) -> tuple[ndarray, ...]:
    """The indices of the elements that are not zero, an array for each axis.

    Shapes: one axis or more; the results have one.
    Dtypes: any; the results hold integers, which are constants.
    Raises: `ShapeError` for an array of no axes, `DynamicShapeError` under `vmap`.

    >>> tnp.nonzero([[0, 1], [2, 0]])
    (Array([0, 1], dtype=int64), Array([1, 0], dtype=int64))
    """
    a = asarray(a)
    if a.ndim == 0:
        raise ShapeError("nonzero of a 0-d array has no axis to tell a place on; reshape it to one of shape (1,)")
    places = op.true_places(a != 0)
    return tuple(places) if isinstance(places, (list, tuple)) else tuple(places[:, i] for i in range(a.ndim))


def flatnonzero(a: ArrayLike) -> ndarray:
    """The indices of the elements of the flattened array that are not zero.

    Shapes: any; the result has one axis.
    Dtypes: any; the result holds integers, which are constants.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.flatnonzero([[0, 1], [2, 0]])
    Array([1, 2], dtype=int64)
    """
    return nonzero(asarray(a).reshape(-1))[0]


def argwhere(a: ArrayLike) -> ndarray:
    """The indices of the elements that are not zero, a row for each.

    Shapes: one axis or more; the result has two, of which the second is as long as `a` has axes.
    Dtypes: any; the result holds integers, which are constants.
    Raises: `ShapeError` for an array of no axes, `DynamicShapeError` under `vmap`.

    >>> tnp.argwhere([[0, 1], [2, 0]])
    Array([[0, 1],
           [1, 0]], dtype=int64)
    """
    return op.stack(*nonzero(a), axis=1)


def _check_indices(name: str, indices: ndarray, error: type[Exception]) -> None:
    if indices.dtype.kind in "fc":
        raise error(f"{name}: indices are integers, not {indices.dtype}; convert with astype()")


def take(a: ArrayLike, indices: ArrayLike, axis: int | None = None, *, mode: str = "raise") -> ndarray:
    """The slices at the indices along an axis; without it, elements of the flattened array.

    `mode`: what becomes of indices beyond the ends. They raise, "wrap" around, or "clip" to the ends.

    Shapes: that of `indices` takes the place of the axis.
    Dtypes: any; `indices` are integers; the result has that of `a`.
    Raises: `IndexError` for an index beyond the ends, `DtypeError` for indices that are not integers, `ValueError` for
    another `mode`.

    >>> tnp.take([[1, 2, 3], [4, 5, 6]], [0, -1], axis=1)
    Array([[1, 3],
           [4, 6]], dtype=int64)
    >>> tnp.take([1, 2, 3], [-4, 5], mode="clip").tolist()
    [1, 3]
    """
    if mode not in ("raise", "wrap", "clip"):
        raise ArgumentError(f"take: mode is {mode!r}; choose 'raise', 'wrap' or 'clip'")
    a, indices = asarray(a), asarray(indices)
    _check_indices("take", indices, DtypeError)
    if mode != "raise":
        length = a.size if axis is None else a.shape[axis]
        indices = indices % length if mode == "wrap" else op.clip(indices, 0, length - 1)
    if axis is None:
        if a.ndim > 1:
            a = a.reshape(-1)
        axis = 0
    return op.take(a, indices, axis=axis)


def take_along_axis(arr: ArrayLike, indices: ArrayLike, axis: int = -1) -> ndarray:
    """The elements at indices that are given for each slice along an axis.

    Shapes: `indices` has as many axes as `arr`, and broadcasts with it except along the axis; the result has its shape.
    Dtypes: any; `indices` are integers; the result has that of `arr`.
    Raises: `ShapeError` or `IndexError` for indices that do not fit.

    >>> tnp.take_along_axis([[3.0, 1.0], [2.0, 4.0]], [[1], [0]], axis=1)
    Array([[1.],
           [2.]], dtype=float32)
    """
    indices = asarray(indices)
    _check_indices("take_along_axis", indices, BoundsError)
    return op.take_along_axis(asarray(arr), indices, axis=axis)


def put_along_axis(arr: ndarray, indices: ArrayLike, values: ArrayLike, axis: int = -1) -> None:
    """Write `values` at indices that are given for each slice along an axis, in place.

    Shapes: `indices` has as many axes as `arr`, `values` broadcasts with it.
    Dtypes: any; `indices` are integers.
    Raises: `ShapeError` or `IndexError` for indices that do not fit, `ValueSemanticsError` for anything that is not an
    array of tapegrad.

    >>> a = tnp.asarray([[3.0, 1.0], [2.0, 4.0]])
    >>> tnp.put_along_axis(a, [[1], [0]], 9.0, axis=1)
    >>> a
    Array([[3., 9.],
           [9., 4.]], dtype=float32)
    """
    arr, indices = writable(arr, "put_along_axis"), asarray(indices)
    _check_indices("put_along_axis", indices, BoundsError)
    arr[...] = op.put_along_axis(arr, indices, asarray(values, arr.dtype), axis=axis)


def compress(condition: ArrayLike, a: ArrayLike, axis: int | None = None) -> ndarray:
    """The slices along an axis for which the condition holds.

    Shapes: `condition` is taken flat; without `axis` so is `a`.
    Raises: `IndexError` where it holds beyond the end, `DynamicShapeError` for a condition under `vmap`.

    >>> tnp.compress([False, True], [[1, 2], [3, 4]], axis=0)
    Array([[3, 4]], dtype=int64)
    """
    return take(a, flatnonzero(condition), axis=axis)


def extract(condition: ArrayLike, arr: ArrayLike) -> ndarray:
    """The elements for which the condition holds.

    Shapes: both are taken flat; the result has one axis.
    Raises: `IndexError` where the condition holds beyond the end, `DynamicShapeError` for one under `vmap`.

    >>> tnp.extract([False, True, True], [1.0, 2.0, 3.0])
    Array([2., 3.], dtype=float32)
    """
    return take(asarray(arr).reshape(-1), flatnonzero(condition))


def choose(a: ArrayLike, choices: Iterable[ArrayLike]) -> ndarray:
    """Element by element, from the choice whose number `a` is.

    Shapes: `a` and the choices broadcast.
    Dtypes: `a` holds integers; the choices are promoted to one.
    Raises: `ShapeError` for shapes that do not broadcast, `IndexError` for a number that no choice has.

    >>> tnp.choose([0, 1], [[1, 2], [3, 4]])
    Array([1, 4], dtype=int64)
    """
    from .manipulation import broadcast_arrays, stack

    a, *parts = broadcast_arrays(a, *choices)
    return take_along_axis(stack(parts), a[None], axis=0)[0]


def select(condlist: Sequence[ArrayLike], choicelist: Sequence[ArrayLike], default: ArrayLike = 0) -> ndarray:
    """Element by element, from the first choice whose condition holds, else the default.

    Shapes: all broadcast.
    Dtypes: the choices and the default are promoted to one.
    Raises: `ValueError` unless there is one condition for each choice, `ShapeError` for shapes that do not broadcast,
    `TypeError` for anything that is not an array.

    >>> x = tnp.asarray([-2.0, 0.5, 3.0])
    >>> tnp.select([x < 0, x > 1], [-x, x * 10], 0.0)
    Array([ 2.,  0., 30.], dtype=float32)
    """
    if len(condlist) != len(choicelist):
        raise ArgumentError(f"select: {len(condlist)} conditions for {len(choicelist)} choices; give one for each")
    found: Any = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        found = op.where(asarray(condition), choice, found)
    return asarray(found)


def piecewise(
    x: ArrayLike, condlist: ArrayLike, funclist: Iterable[Function | complex], *args: Any, **kw: Any
) -> ndarray:
    """Element by element, the function whose condition holds (the last that does); one more is for where none does.

    `args` and `kw` are handed on to the functions.

    Shapes: conditions and pieces broadcast with `x`.
    Dtypes: the pieces are promoted to one.
    Raises: `ValueError` for another number of functions, `ShapeError` for shapes that do not broadcast.

    >>> x = tnp.asarray([-2.0, 3.0])
    >>> tnp.piecewise(x, [x < 0], [lambda x: -x, 10.0])
    Array([ 2., 10.], dtype=float32)
    """
    x = asarray(x)
    condlist = condlist if isinstance(condlist, (list, tuple)) else [condlist]
    pieces = [f(x, *args, **kw) if callable(f) else f for f in funclist]
    if len(pieces) not in (len(condlist), len(condlist) + 1):
        raise ArgumentError(f"piecewise: {len(pieces)} functions for {len(condlist)} conditions")
    found = pieces[len(condlist)] if len(pieces) > len(condlist) else op.zeros_like(x._detached())
    for condition, piece in zip(condlist, pieces, strict=False):
        found = op.where(asarray(condition), piece, found)
    return asarray(found)


class UniqueAll(NamedTuple):
    """What `unique_all` returns."""

    values: ndarray
    indices: ndarray
    inverse_indices: ndarray
    counts: ndarray


class UniqueCounts(NamedTuple):
    """What `unique_counts` returns."""

    values: ndarray
    counts: ndarray


class UniqueInverse(NamedTuple):
    """What `unique_inverse` returns."""

    values: ndarray
    inverse_indices: ndarray


def unique_all(x: ArrayLike) -> UniqueAll:
    """The different values in order, where each is first, which of them each element is, and how often each occurs.

    Shapes: any, taken flat; the values have one axis, and so have the rest but the inverse, which has that of `x`.
    Dtypes: any; the values have that of `x`, the rest holds integers, which are constants.
    Raises: `DynamicShapeError` under `vmap`.

    >>> found = tnp.unique_all([3.0, 1.0, 3.0])
    >>> found.values, found.inverse_indices
    (Array([1., 3.], dtype=float32), Array([1, 0, 1], dtype=int64))
    """
    values, indices, inverse, counts = op.unique_all(asarray(x))
    return UniqueAll(values, indices, inverse, counts)


def unique_counts(x: ArrayLike) -> UniqueCounts:
    """The different values in order, and how often each occurs.

    Shapes: any, taken flat; the values have one axis, and so have the counts.
    Dtypes: any; the values have that of `x`, the rest holds integers, which are constants.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.unique_counts([3, 1, 3]).counts
    Array([1, 2], dtype=int64)
    """
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


def unique_inverse(x: ArrayLike) -> UniqueInverse:
    """The different values in order, and which of them each element is.

    Shapes: any, taken flat; the values have one axis, the inverse that of `x`.
    Dtypes: any; the values have that of `x`, the rest holds integers, which are constants.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.unique_inverse([3, 1, 3]).inverse_indices
    Array([1, 0, 1], dtype=int64)
    """
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


def unique_values(x: ArrayLike) -> ndarray:
    """The different values in order.

    Shapes: any, taken flat; the values have one axis.
    Dtypes: any; the values have that of `x`.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.unique_values([3.0, 1.0, 3.0])
    Array([1., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.unique_values(x)))(tnp.asarray([3.0, 1.0, 3.0]))
    Array([0.5, 1. , 0.5], dtype=float32)
    """
    return unique_all(x).values


@overload
def unique(
    ar: ArrayLike,
    return_index: Literal[False] = False,
    return_inverse: Literal[False] = False,
    return_counts: Literal[False] = False,
    axis: int | None = None,
) -> ndarray: ...
@overload
def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any: ...
def unique(
    ar: ArrayLike,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any:
    """The different values in order, or slices along an axis, with what `numpy.unique` adds when asked.

    Shapes: without `axis` any, taken flat; the values have one axis.
    Dtypes: any; the values have that of `ar`, the rest holds integers, which are constants.
    Raises: `DynamicShapeError` or `TypeError` under `vmap`, `TypeError` for anything that is not an array.

    >>> tnp.unique([3, 1, 3], return_counts=True)
    (Array([1, 3], dtype=int64), Array([1, 2], dtype=int64))
    >>> tnp.unique([[1, 2], [1, 2]], axis=0)
    Array([[1, 2]], dtype=int64)
    """
    if axis is not None:
        ar = asarray(ar)
        axis = axis_of(axis, ar.ndim)
        _, indices, inverse, counts = host.unique(ar.asnumpy(), True, True, True, axis=axis)
        chosen = [indices] * return_index + [inverse] * return_inverse + [counts] * return_counts
        values = take(ar, indices, axis=axis)
        return (values, *map(asarray, chosen)) if chosen else values
    found = unique_all(ar)
    more = [found.indices] * return_index + [found.inverse_indices] * return_inverse + [found.counts] * return_counts
    return (found.values, *more) if more else found.values


def isin(element: ArrayLike, test_elements: ArrayLike, assume_unique: bool = False, invert: bool = False) -> ndarray:
    """Whether each element is among `test_elements`; that they differ need not be said, by `assume_unique`.

    Dtypes: both are promoted to one; the result holds truth values, which are constants.
    Raises: `DtypeError` for dtypes that have none in common.

    >>> tnp.isin([1, 2, 3], [2, 5])
    Array([False,  True, False], dtype=bool)
    """
    element = asarray(element)
    found: ndarray = op.any(element.reshape(*element.shape, 1) == asarray(test_elements).reshape(-1), axis=-1)
    return ~found if invert else found


def _refuse_tracked(name: str, reason: str, *arrays: Any) -> None:
    if MODE.get() & RECORDING and any(isinstance(a, Array) and a._node is not None for a in arrays):
        raise NoGradientError(f"{name}() has no gradient: {reason}; pass x.detach()")


def bincount(x: ArrayLike, weights: ArrayLike | None = None, minlength: int = 0) -> ndarray:
    """How often each of the numbers 0, 1, … occurs, or the sum of its weights, which are differentiated.

    Shapes: `weights` have that of `x`; the result has one axis.
    Dtypes: integers; the result is of integers, or of the dtype of the weights.
    Raises: `DtypeError` for anything that is not a whole number, `ValueError` for one below 0, `ShapeError` for weights
    of another shape.

    >>> tnp.bincount([0, 2, 2])
    Array([1, 0, 2], dtype=int64)
    >>> tapegrad.grad(lambda w: tnp.bincount([0, 2, 2], w)[2])(tnp.asarray([0.5, 1.0, 2.0]))
    Array([0., 1., 1.], dtype=float32)
    """
    from ..ops.indexing import AT
    from .creation import ones

    x = asarray(x)
    if x.dtype == dtypes.BOOL or not x.size:
        x = x.astype("int64")
    if x.dtype not in dtypes.INTEGER:
        raise DtypeError(f"bincount() counts whole numbers, not {x.dtype.name}; convert with astype()")
    numbers = numbers_of_all(x)
    if x.size and numbers.min() < 0:
        raise ArgumentError(f"bincount: {numbers.min()} is below 0; the numbers counted are 0, 1, 2, …")
    length = max(int(minlength), int(numbers.max()) + 1 if x.size else 0)
    if is_batched(x) and length > minlength:
        raise DynamicShapeError(
            f"bincount() under vmap: lengths of results would differ within the batch; give minlength={length} or more"
        )
    amounts = asarray(weights) if weights is not None else ones(x.shape, "int64")
    if amounts.shape != x.shape:
        raise ShapeError(
            f"bincount: weights of shape {amounts.shape} for numbers of shape {x.shape}; give one for each"
        )
    return op.scatter_add(amounts, x, key=(AT,), shape=(length,))


def _counted(name: str, x: ndarray, edges: Any) -> None:
    """Refuse what has no derivative: counts jump."""
    several = edges if isinstance(edges, (list, tuple)) else [edges]
    _refuse_tracked(name, "counts are constant between jumps", x, *several)


def _numbers(value: Any) -> Any:
    """Arrays of tapegrad in nested lists as NumPy's."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_numbers, value))
    if isinstance(value, Array):
        value._check_escape("a range, edges or weights of a histogram")
        return value.asnumpy()
    return value


def histogram_bin_edges(
    a: ArrayLike,
    bins: ArrayLike | str = 10,
    range: tuple[ArrayLike, ArrayLike] | None = None,
    weights: ArrayLike | None = None,
) -> ndarray:
    """The edges of the bins that `histogram` would take. A tracked `a` raises `NoGradientError`.

    Shapes: any; the result has one axis, one longer than there are bins.
    Dtypes: real numbers; the result is floating.
    Raises: `NoGradientError` for a tracked `a`, `ValueError` for impossible bins.

    >>> tnp.histogram_bin_edges([0.0, 1.0], bins=2)
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    _refuse_tracked("histogram_bin_edges", "edges are constant between jumps", asarray(a))
    return asarray(host.histogram_bin_edges(asarray(a).asnumpy(), _numbers(bins), _numbers(range), _numbers(weights)))


def histogram(
    a: ArrayLike,
    bins: ArrayLike | str = 10,
    range: tuple[ArrayLike, ArrayLike] | None = None,
    density: bool | None = False,
    weights: ArrayLike | None = None,
) -> tuple[ndarray, ndarray]:
    """How many elements fall into each bin, or the sum of their weights, and the edges.

    Counts jump: in `a` there is no derivative; in the weights there is.

    Shapes: any, taken flat; `weights` have that of `a`; the results have one axis.
    Dtypes: real numbers; counts are integers, or of the dtype of the weights, edges are floating.
    Raises: `NoGradientError` for a tracked `a`, `ValueError` for impossible bins.

    >>> counts, edges = tnp.histogram([0.1, 0.2, 0.9], bins=2, range=(0.0, 1.0))
    >>> counts, edges
    (Array([2, 1], dtype=int64), Array([0. , 0.5, 1. ], dtype=float32))
    """
    a = asarray(a)
    _counted("histogram", a, bins)
    if is_batched(a):
        return _histogram_of_a_batch(a.reshape(-1), bins, range, density, weights)
    values, edges = a.asnumpy().reshape(-1), host.asarray(histogram_bin_edges(a, bins, range).asnumpy())
    if weights is None:
        counts, _ = host.histogram(values, edges, density=True) if density else host.histogram(values, edges)
        return asarray(counts), asarray(edges)
    place = _bin_of(values, edges)
    inside = host.flatnonzero(place >= 0)
    heavy = take(asarray(weights).reshape(-1), asarray(inside), axis=0)
    found = bincount(place[inside], heavy, len(edges) - 1)
    if density:
        found = found / host.diff(edges) / op.sum(found)
    return found, asarray(edges)


def _histogram_of_a_batch(a: ndarray, bins: Any, range: Any, density: Any, weights: Any) -> tuple[ndarray, ndarray]:
    """`histogram` where each element of a vmap has its own numbers, and edges unless they or a `range` are given."""
    if isinstance(bins, str):
        raise DynamicShapeError(
            f"histogram() under vmap: bins={bins!r} depends on the numbers; give how many, or edges"
        )
    if range is not None or not isinstance(bins, (int, host.integer)):
        edges = asarray(host.histogram_bin_edges(host.zeros(1), _numbers(bins), _numbers(range)))
    else:
        low, high = op.min(a), op.max(a)
        wide = op.where(low == high, 0.5, 0.0)
        low, high = low - wide, high + wide
        steps = asarray(host.linspace(0.0, 1.0, int(bins) + 1))
        edges = op.where(steps == 1, high, low + (high - low) * steps)
    points = op.expand_dims(a, axis=-1)
    below = points < edges[1:]
    # The last bin is closed at both ends.
    last = asarray(host.arange(edges.shape[0] - 1) == edges.shape[0] - 2)
    inside = (points >= edges[:-1]) & (below | (last & (points == edges[-1])))
    if weights is None:
        counts = op.sum(op.astype(inside, dtype=host.dtype("int64")), axis=0)
    else:
        counts = op.sum(op.where(inside, op.expand_dims(asarray(weights).reshape(-1), axis=-1), 0), axis=0)
    if density:
        counts = counts / (edges[1:] - edges[:-1]) / op.sum(counts)
    return counts, edges


def histogram2d(
    x: ArrayLike,
    y: ArrayLike,
    bins: ArrayLike | str = 10,
    range: tuple[ArrayLike, ArrayLike] | None = None,
    density: bool | None = None,
    weights: ArrayLike | None = None,
) -> tuple[ndarray, ndarray, ndarray]:
    """How many points fall into each cell of a grid, and the edges along both axes. See `histogramdd`.

    Shapes: `x` and `y` have one axis, of one length; the result has two.
    Dtypes: real numbers; counts are of float64, edges are floating.
    Raises: `NoGradientError` for tracked points, `ShapeError` for lengths that differ, `ValueError` for impossible
    bins.

    >>> counts, _, _ = tnp.histogram2d([0.1, 0.9], [0.1, 0.8], bins=2)
    >>> counts
    Array([[1., 0.],
           [0., 1.]], dtype=float64)
    """
    sample = op.stack(asarray(x).reshape(-1), asarray(y).reshape(-1), axis=1)
    several = isinstance(bins, (list, tuple)) and len(bins) == 2
    counts, edges = histogramdd(sample, bins if several else (bins, bins), range, density, weights)
    return counts, edges[0], edges[1]


def histogramdd(
    sample: ArrayLike,
    bins: ArrayLike | str = 10,
    range: tuple[ArrayLike, ArrayLike] | None = None,
    density: bool | None = None,
    weights: ArrayLike | None = None,
) -> tuple[ndarray, list[ndarray]]:
    """How many points, rows or a list of coordinates, fall into each cell of a grid, and the edges along its axes.

    Counts jump: in the points there is no derivative; in the weights there is.

    Shapes: `sample` has two axes, points by coordinates, or is a list with an array for each coordinate; the result has
    one axis for each coordinate.
    Dtypes: real numbers; counts are of float64, edges are floating.
    Raises: `NoGradientError` for tracked points, `ValueError` for impossible bins.

    >>> counts, edges = tnp.histogramdd([[0.1, 0.9], [0.1, 0.8]], bins=2)
    >>> counts
    Array([[1., 0.],
           [0., 1.]], dtype=float64)
    """
    if isinstance(sample, (list, tuple)):
        sample = op.stack(*map(asarray, sample), axis=-1)
    sample = asarray(sample)
    _counted("histogramdd", sample, bins)
    points = sample.asnumpy()
    counts, edges = host.histogramdd(points, _numbers(bins), _numbers(range), density=bool(density))
    if weights is not None:
        places = [_bin_of(column, side) for column, side in zip(points.T, edges, strict=True)]
        inside = host.flatnonzero(host.all([place >= 0 for place in places], axis=0))
        cells = host.ravel_multi_index([place[inside] for place in places], counts.shape)
        heavy = take(asarray(weights).astype(asarray(counts).dtype), asarray(inside), axis=0)
        found = bincount(cells, heavy, counts.size).reshape(counts.shape)
        if density:
            for axis, side in enumerate(edges):
                found = found / host.expand_dims(host.diff(side), tuple(host.arange(counts.ndim - axis - 1) + 1))
            found = found / op.sum(heavy)
        return found, list(map(asarray, edges))
    return asarray(counts), list(map(asarray, edges))


def _bin_of(values: host.ndarray[Any, Any], edges: host.ndarray[Any, Any]) -> host.ndarray[Any, Any]:
    """The bin of each value, -1 outside of all; the last one is closed at both ends."""
    place = host.searchsorted(edges, values, side="right") - 1
    place = host.where(values == edges[-1], len(edges) - 2, place)
    return host.where((values >= edges[0]) & (values <= edges[-1]), place, -1)


@overload
def where(condition: ArrayLike, x: ArrayLike, y: ArrayLike) -> ndarray: ...
@overload
def where(condition: ArrayLike) -> tuple[ndarray, ...]: ...
def where(condition: ArrayLike, x: ArrayLike | None = None, y: ArrayLike | None = None) -> Any:
    """Element by element, `x` where the condition holds and `y` where not; of a condition alone, `nonzero`.

    What is not chosen has no share in the derivative, also where it is NaN or infinite.

    Shapes: all broadcast; the result has the shape they have in common.
    Dtypes: `x` and `y` are promoted to one; the result has it.
    Raises: `ShapeError` for shapes that do not broadcast, `TypeError` for anything that is not an array.

    >>> tnp.where([True, False], [1.0, 2.0], 0.0)
    Array([1., 0.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.where(x > 0, tnp.sqrt(x), 0.0)))(tnp.asarray([0.0, 4.0]))
    Array([0.  , 0.25], dtype=float32)
    """
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ArgumentTypeError("where: give both x and y, or the condition alone")
    if isinstance(condition, (Array, host.ndarray)) and condition.dtype != dtypes.BOOL:
        condition = condition != 0
    return op.where(condition, x, y)


def _nan_place(name: str, a: Any, axis: int | None, keepdims: bool, filling: float) -> ndarray:
    a = asarray(a)
    missing = op.isnan(a._detached())
    if bool(op.any(op.all(missing, axis=axis))):
        raise ArgumentError(f"nan{name}: all of a slice is NaN, so it has no place")
    found: ndarray = OPS[name].call(op.where(missing, filling, a._detached()), axis=axis, keepdims=keepdims)
    return found


def nanargmax(a: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> ndarray:
    """Where the (first) largest element over `axis` is that is not NaN.

    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ValueError` where all of a slice is NaN.

    >>> tnp.nanargmax([tnp.nan, 4.0, 3.0])
    Array(1, dtype=int64)
    """
    return _nan_place("argmax", a, axis, keepdims, -host.inf)


def nanargmin(a: ArrayLike, axis: int | None = None, *, keepdims: bool = False) -> ndarray:
    """Where the (first) smallest element over `axis` is that is not NaN.

    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ValueError` where all of a slice is NaN.

    >>> tnp.nanargmin([tnp.nan, 4.0, 3.0])
    Array(2, dtype=int64)
    """
    return _nan_place("argmin", a, axis, keepdims, host.inf)


def lexsort(keys: Iterable[ArrayLike], axis: int = -1) -> ndarray:
    """The indices that put several keys in order, the last key first.

    Shapes: the keys have one shape; the result has it.
    Dtypes: real numbers; the result holds integers, which are constants.
    Raises: `ValueError` for no key, `ShapeError` for keys of several shapes.

    >>> tnp.lexsort([[2, 1, 1], [0, 1, 0]])
    Array([2, 0, 1], dtype=int64)
    """
    parts = [asarray(key)._detached() for key in keys]
    if not parts:
        raise ArgumentError("lexsort needs at least one key")
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        raise ShapeError(
            f"lexsort: the keys have the shapes {', '.join(map(str, sorted(shapes)))}; give keys of one shape"
        )
    order = argsort(parts[0], axis=axis)
    for key in parts[1:]:
        order = take_along_axis(order, argsort(take_along_axis(key, order, axis), axis=axis), axis)
    return order


def sort_complex(a: ArrayLike) -> ndarray:
    """The elements in order of their real parts, and of the imaginary ones where those are the same.

    Shapes: that of `a`; the last axis is put in order.
    Dtypes: any; the result is complex.
    Raises: `AxisError` for an array of no axes.

    >>> tnp.sort_complex([2.0, 1 + 1j, 1.0])
    Array([1.+0.j, 1.+1.j, 2.+0.j], dtype=complex64)
    """
    a = asarray(a)
    if a.dtype not in dtypes.COMPLEX:
        return sort(a).astype("complex128" if a.dtype.itemsize > 4 or a.dtype.kind != "f" else "complex64")
    order = lexsort((op.imag(a), op.real(a)))
    return take_along_axis(a, order)


def trim_zeros(filt: ArrayLike, trim: str = "fb") -> ndarray:
    """A sequence without the zeros in front ("f") and behind ("b").

    Shapes: one axis; so has the result.

    >>> tnp.trim_zeros([0, 0, 1, 0, 2, 0])
    Array([1, 0, 2], dtype=int64)
    """
    filt = asarray(filt)
    held = host.flatnonzero(filt.asnumpy())
    start = stop = 0
    if held.size:
        start = int(held[0]) if "f" in trim.lower() else 0
        stop = int(held[-1]) + 1 if "b" in trim.lower() else filt.shape[0]
    found: ndarray = filt[start:stop]
    return found
