"""Indexing: reading at a key, writing at a key, and adding up at a key, each the derivative of another.

A key is a tuple of ints, slices, None and Ellipsis; where an index array belongs it holds `AT`, and the arrays follow
the operands in order. What Python gives (`x[mask]`, `x[[0, 2], ..., None]`) is brought into this form by `read` and
`write`, which are `Array.__getitem__` and `__setitem__`. Index arrays mean what they mean in NumPy, on every engine.

The bodies are for engines that have no more than the standard's functions: they need neither in-place writes nor
index arrays beside slices. The places a key leads to are found by reading the numbers 0, 1, 2, … at it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from weakref import ref

import numpy as np

from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import engine_of, place_beside
from ..arrays.entering import admitted, enter, holds_arrays, host_numbers
from ..arrays.views import (
    ASIDE,
    Link,
    base_of,
    expire_views,
    is_of_ints,
    is_plain,
    is_scattered,
    is_within,
    joined,
    link_of,
    share,
    way_of,
)
from ..engines.tables import OPS, RECORDED
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    AxisError,
    BoundsError,
    DtypeError,
    ShapeError,
    UnknownArrayError,
    a_kind,
)
from ..op import linear, locally_constant
from ..op.batching import InFront
from ..op.call import cast, explain, record
from ..op.linking import PULLS
from ..op.samples import SHAPES, booleans, exactly, integers, normal
from ..tape.guards import check_thread
from ..tape.mode import MODE, RECORDING
from ..tape.nodes import Sweep

__all__ = ["AT"]


class _At:
    """The place of an index array in a key."""

    def __repr__(self) -> str:
        return "<indices>"


AT: Final = _At()
ALL: Final = slice(None)

Key = tuple[Any, ...]


def fill(key: Key, indices: Sequence[Any]) -> Key:
    """The key with the index arrays in their places, as engines with NumPy's indexing take it."""
    if not indices:
        return key
    given = iter(indices)
    return tuple(next(given) if part is AT else part for part in key)


def spell_out(key: Key, shape: Sequence[int]) -> list[Any]:
    """The key with a part for every axis, no Ellipsis, and ints from 0 up. Raises `IndexError`."""
    used = sum(part is not None and part is not Ellipsis for part in key)
    if sum(part is Ellipsis for part in key) > 1:
        raise BoundsError("a key can have one Ellipsis (`...`), not several")
    if used > len(shape):
        raise BoundsError(
            f"too many indices: an array of {len(shape)} axes has shape {tuple(shape)}, the key names {used}"
        )
    rest = [ALL] * (len(shape) - used)
    parts: list[Any] = []
    for part in key:
        if part is Ellipsis:
            parts += rest
            rest = []
        else:
            parts.append(part)
    parts += rest
    axis = 0
    for i, part in enumerate(parts):
        if part is None:
            continue
        if part is not AT and not isinstance(part, slice):
            length = shape[axis]
            if not -length <= part < length:
                raise BoundsError(f"index {part} is out of bounds for axis {axis} with size {length}")
            parts[i] = part + length if part < 0 else part
        axis += 1
    return parts


def _bounded(part: Any, length: int) -> Any:
    """A slice with its bounds within the axis, which is all that the standard defines."""
    if not isinstance(part, slice):
        return part
    start, stop, step = part.indices(length)
    if not len(range(start, stop, step)):
        return slice(0, 0)
    return slice(start, None if stop < 0 else stop, step)


class _Plan:
    """How a key with index arrays is read by taking along one axis.

    First what is not an index, by `basic`; then the indexed axes moved to the front, by `order`; then `leads`, one
    part for each of them; then the `rank` axes that the index arrays have together are moved to `place`.
    """

    __slots__ = ("basic", "leads", "order", "place", "scattered")

    def __init__(self, parts: Sequence[Any]) -> None:
        basic: list[Any] = []
        indexed: list[int] = []
        self.leads: list[Any] = []
        result = 0
        for part in parts:
            if part is AT or isinstance(part, int):
                indexed.append(result)
                self.leads.append(part)
                basic.append(ALL)
            else:
                basic.append(part)
            result += 1
        self.scattered = indexed[-1] - indexed[0] != len(indexed) - 1
        self.place = 0 if self.scattered else indexed[0]
        self.basic = tuple(basic)
        self.order = (*indexed, *(i for i in range(result) if i not in indexed))


def _moved(rank: int, place: int, total: int, *, back: bool = False) -> tuple[int, ...]:
    """The permutation that moves the first `rank` of `total` axes to `place`, or back."""
    first = tuple(range(rank))
    there = (*range(rank, rank + place), *first, *range(rank + place, total))
    return tuple(np.argsort(there).tolist()) if back else there


def _range(xp: Any, like: Any, size: int) -> Any:
    """The integers 0, 1, … on the device of `like`."""
    return xp.arange(size, dtype=xp.int64, **xp.beside(like))


def _places(
    xp: Any, indices: Sequence[Any], leads: Sequence[Any], lengths: Sequence[int]
) -> tuple[Any, tuple[int, ...]]:
    """The index arrays of the leading axes as one, over those axes laid flat; and the shape they have together."""
    shape = np.broadcast_shapes(*(tuple(i.shape) for i in indices))
    given = iter(indices)
    flat: Any = None
    for lead, length in zip(leads, lengths, strict=True):
        if lead is AT:
            index = xp.astype(next(given), xp.int64)
            _check_bounds(xp, index, length)
            index = xp.where(index < 0, index + length, index)
        else:
            index = lead
        flat = index if flat is None else flat * length + index
    spread = flat if tuple(flat.shape) == shape else xp.broadcast_to(flat, shape)
    return xp.reshape(spread, (-1,)), shape


def _check_bounds(xp: Any, index: Any, length: int) -> None:
    if 0 in index.shape or xp.lazy:
        return
    low, high = int(xp.min(index)), int(xp.max(index))
    if low < -length or high >= length:
        raise BoundsError(f"index {low if low < -length else high} is out of bounds for an axis with size {length}")


def _forwards(part: slice) -> slice:
    """The slice that reads what a bounded one of negative step reads, in reverse order."""
    start, stop, step = part.start, part.stop, part.step
    last = start + step * ((start - (-1 if stop is None else stop) - 1) // -step)
    return slice(last, start + 1, -step)


def _backwards(part: Any) -> bool:
    return isinstance(part, slice) and part.step is not None and part.step < 0


def _read_basic(xp: Any, x: Any, parts: Sequence[Any]) -> Any:
    """`x` at bounded parts without index arrays, those of negative step read forwards and turned around."""
    taken = x[tuple([_forwards(part) if _backwards(part) else part for part in parts])]
    left = [part for part in parts if not isinstance(part, int)]
    turned = tuple([axis for axis, part in enumerate(left) if _backwards(part)])
    return xp.flip(taken, axis=turned) if turned else taken


def _read_standard(xp: Any, x: Any, indices: Sequence[Any], key: Key) -> Any:
    """`x[key]` by the standard's functions: slices by themselves, index arrays by taking along one axis."""
    shape = tuple(x.shape)
    parts = spell_out(key, shape)
    axes = iter(shape)
    parts = [part if part is None else _bounded(part, next(axes)) for part in parts]
    if not indices:
        return _read_basic(xp, x, parts) if parts else x
    plan = _Plan(parts)
    x = xp.permute_dims(_read_basic(xp, x, plan.basic), plan.order)
    count = len(plan.leads)
    rest = tuple(x.shape[count:])
    lengths = tuple(x.shape[:count])
    flat, together = _places(xp, indices, plan.leads, lengths)
    size = int(np.prod(lengths))
    if size == 0 or 0 in together:
        taken = xp.filled(x, shape=(*together, *rest), value=0)
    else:
        taken = xp.reshape(xp.take(xp.reshape(x, (size, *rest)), flat, axis=0), (*together, *rest))
    return xp.permute_dims(taken, _moved(len(together), plan.place, taken.ndim)) if plan.place else taken


def _where_key_leads(xp: Any, like: Any, indices: Sequence[Any], key: Key, shape: tuple[int, ...]) -> Any:
    """The places in an array of `shape`, laid flat, that the key names; of the shape that the key reads."""
    return _read_standard(xp, xp.reshape(_range(xp, like, int(np.prod(shape))), shape), indices, key)


@locally_constant(
    promotes=(),
    standard=True,
    batch=lambda op, size, args, batched, keywords: RECORDED.broadcast_to(
        op.call(*args, **keywords), shape=(size, *keywords["shape"])
    ),
    samples=[((normal(2),), {"shape": (2, 3)}), ((normal(),), {"shape": ()}), ((normal(3),), {"shape": (0, 2)})],
)
def positions(xp: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    """The integers 0, 1, 2, … in an array of `shape`, on the engine and device of `x`.

    Shapes: `shape`, whatever that of `x`.
    Dtypes: any; the result is of int64.

    >>> positions(tnp.asarray(1.0), shape=(2, 3))
    Array([[0, 1, 2],
           [3, 4, 5]], dtype=int64)
    """
    return xp.reshape(_range(xp, x, int(np.prod(shape))), shape)


@locally_constant(
    promotes=(),
    standard=True,
    batch=lambda op, size, args, batched, keywords: RECORDED.broadcast_to(
        op.call(*args, **keywords), shape=(size, len(keywords["values"]))
    ),
    samples=[((normal(2),), {"values": (0, 2, -1)}), ((normal(),), {"values": ()})],
)
def index_table(xp: Any, x: Any, *, values: tuple[int, ...]) -> Any:
    """These integers in an array of one axis, on the engine and device of `x`: indices that are known beforehand.

    Shapes: (n,), for n values, whatever that of `x`.
    Dtypes: any; the result is of int64.

    >>> index_table(tnp.asarray(1.0), values=(2, 0))
    Array([2, 0], dtype=int64)
    """
    return xp.asarray(list(values), dtype=xp.int64, **xp.beside(x))


def _flat_places(
    size: int, args: Sequence[Any], on: Sequence[bool], key: Key, shape: tuple[int, ...], *, spread: bool
) -> Any:
    """Where the key leads within each element of a batch, the batch laid flat in front if `spread`: (size, *read)."""
    whole = positions(args[0], shape=shape)
    if not any(on[1:]):
        places = getitem(whole, *args[1:], key=key)
        places = RECORDED.broadcast_to(places, shape=(size, *places.shape))
    else:
        parts = spell_out(key, shape)
        plan = _Plan(parts)
        rank = max(i.ndim - mapped for i, mapped in zip(args[1:], on[1:], strict=True))
        indices = []
        for index, mapped in zip(args[1:], on[1:], strict=True):
            if mapped:
                index = RECORDED.reshape(index, shape=(size, *(1,) * (rank - index.ndim + 1), *index.shape[1:]))
            indices.append(index)
        front = RECORDED.permute_dims(getitem(whole, key=plan.basic), axes=plan.order)
        places = getitem(front, *indices, key=tuple(plan.leads))
        behind = _moved(rank, plan.place, places.ndim - 1)
        places = RECORDED.permute_dims(places, axes=(0, *(axis + 1 for axis in behind)))
    if spread:
        total = int(np.prod(shape))
        starts = positions(places, shape=(size, *(1,) * (places.ndim - 1)))
        places = places + starts * total
    return places


def _simple(args: Sequence[Any], on: Sequence[bool], key: Key, shape: Sequence[int]) -> bool:
    """Whether a batch axis may stand in front of the key: only the first operand has one, index arrays are together."""
    if len(args) == 1:
        return True
    return on[0] and not any(on[1:]) and not _Plan(spell_out(key, shape)).scattered


def _pull_into_buffer(pull: Callable[..., Any]) -> Callable[..., Any]:
    """The pull of a slice, which adds to a cotangent that the sweep alone holds, and begins one where there is none.

    A loop over the rows of an array would else make as many arrays of its size.
    """

    def pull_part(node: Any, g: Any, table: Any, met: Any, free: Any, xp: Any, wrap: Any) -> Any:
        parent, key = node.p_x, node.s_key
        if parent is None or wrap is not None or xp is not None or node.s_indices or met.__class__ is not Sweep:
            return pull(node, g, table, met, free, xp, wrap)
        backend = node.xp.backend
        if backend is None or not backend.adds_in_place:
            return pull(node, g, table, met, free, xp, wrap)
        if met.buffers is None:
            met.buffers = {}
        known, buffer = table.get(parent), met.buffers.get(id(parent))
        if known is not None and buffer is not None and buffer() is known and backend.add_into(known, key, g):
            if free is not None:
                node.p_x = node.s_spec_x = node.s_indices = node.s_key = None
                node.xp = free
            return None, None
        parent, whole = pull(node, g, table, met, free, xp, wrap)
        if whole.size <= g.size or whole.base is not None:
            return parent, whole  # perhaps the cotangent itself, which others may hold
        if known is None:
            met.append(parent)
        elif not backend.add_into(whole, (...,), known):
            return parent, whole
        table[parent] = whole
        met.buffers[id(parent)] = ref(whole)
        return None, None

    return pull_part


PULLS["getitem"] = _pull_into_buffer


def _read_batched(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    key, x = keywords["key"], args[0]
    if batched[0] and _simple(args, batched, key, x.shape[1:]):
        return op.call(*args, key=(ALL, *key))
    shape = tuple(x.shape[1:]) if batched[0] else tuple(x.shape)
    places = _flat_places(size, args, batched, key, shape, spread=batched[0])
    return op.call(RECORDED.reshape(x, shape=(int(np.prod(x.shape)),)), places, key=(AT,))


@linear(
    x=lambda xp, g, x, indices, key: xp.scatter_add(g, *indices, key=key, shape=x.shape),
    constant=("indices",),
    promotes=(),
    standard=True,
    plain=("key",),
    batch=_read_batched,
    samples=[
        ((normal(3, 4),), {"key": (1,)}),
        ((normal(3, 4),), {"key": (-1, 2)}),
        ((normal(3, 4),), {"key": (ALL, slice(0, None, 2))}),
        ((normal(3, 4),), {"key": (slice(None, None, -1), slice(3, 0, -2))}),
        ((normal(5),), {"key": (slice(-2, 100),)}),
        ((normal(5),), {"key": (slice(4, 1),)}),
        ((normal(2, 3, 4),), {"key": (Ellipsis, None, 0)}),
        ((normal(2, 3, 4),), {"key": (1, Ellipsis, slice(1, 3))}),
        ((normal(2, 3, 4),), {"key": ()}),
        ((normal(),), {"key": ()}),
        ((normal(),), {"key": (None, Ellipsis)}),
        ((normal(3, 0),), {"key": (1,)}),
        ((normal(0),), {"key": (slice(None, None, -1),)}),
        ((normal(5), exactly([0, 0, 3, -1])), {"key": (AT,)}),
        ((normal(5), exactly(2)), {"key": (AT,)}),
        ((normal(5), exactly(np.zeros((0,), np.int64))), {"key": (AT,)}),
        ((normal(3, 4), exactly([[0, 2], [2, 0]])), {"key": (AT,)}),
        ((normal(3, 4), integers(2, 2, low=-4, high=4)), {"key": (ALL, AT)}),
        ((normal(3, 4), exactly([0, 2, 0]), exactly([1, 1, 1])), {"key": (AT, AT)}),
        ((normal(3, 4), exactly([[0], [2]]), exactly([1, -1, 1])), {"key": (AT, AT)}),
        ((normal(2, 3, 4), exactly([0, 1]), exactly([3, 3])), {"key": (AT, ALL, AT)}),
        ((normal(2, 3, 4), exactly([2, 0, 0])), {"key": (ALL, AT, 1)}),
        ((normal(2, 3, 4), exactly([2, 0])), {"key": (0, slice(1, 3), AT)}),
        ((normal(2, 3, 4), exactly([1, 1])), {"key": (Ellipsis, AT, None)}),
        ((normal(3, 0), exactly([1, 1])), {"key": (AT,)}),
        ((normal(5), exactly(np.array([1, 1, 4], np.uint8))), {"key": (AT,)}),
    ],
    errors=[
        ((normal(3, 4),), {"key": (3,)}),
        ((normal(3, 4),), {"key": (0, -5)}),
        ((normal(3),), {"key": (0, 0)}),
        ((normal(3), exactly([0, 3])), {"key": (AT,)}),
    ],
)
def getitem(xp: Any, x: Any, *indices: Any, key: Key) -> Any:
    """The elements of x at a key, which follows NumPy's rules.

    The key is a tuple of ints, slices, None and Ellipsis, with `AT` in the place of each index array; these follow `x`.

    Shapes: that of NumPy's `x[key]`.
    Dtypes: that of `x`, index arrays of integers.
    Raises: `IndexError` for an index that is out of bounds or too much, for index arrays that do not broadcast or are
    of another dtype.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> from tapegrad.ops.indexing import AT, getitem
    >>> getitem(tnp.asarray([1.0, 2.0, 3.0]), tnp.asarray([0, 2, 2]), key=(AT,))
    Array([1., 3., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(x[[0, 2, 2]]))(tnp.asarray([1.0, 2.0, 3.0]))
    Array([1., 0., 2.], dtype=float32)
    """
    return _read_standard(xp, x, indices, key)


def _rank_read(args: Sequence[Any], on: Sequence[bool], key: Key, shape: Sequence[int]) -> int:
    """How many axes the key reads from each element of a batch, by the operands of which some are batched."""
    parts = spell_out(key, shape)
    plain = sum(part is None or isinstance(part, slice) for part in parts)
    return plain + max([x.ndim - mapped for x, mapped in zip(args[1:], on[1:], strict=True)], default=0)


def _in_rank(values: Any, rank: int, size: int) -> Any:
    """Values of a batch with as many axes behind the batch's as the key reads: of length 1, put in front or gone."""
    inner = tuple(values.shape[1:])
    while len(inner) > rank and inner[0] == 1:
        inner = inner[1:]
    return RECORDED.reshape(values, shape=(size, *(1,) * (rank - len(inner)), *inner))


def _add_batched(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    key, shape, values = keywords["key"], tuple(keywords["shape"]), args[0]
    if batched[0]:
        values = _in_rank(values, _rank_read(args, batched, key, shape), size)
        if _simple(args, batched, key, shape):
            return op.call(values, *args[1:], key=(ALL, *key), shape=(size, *shape))
    places = _flat_places(size, args, batched, key, shape, spread=True)
    values = RECORDED.broadcast_to(values, shape=tuple(places.shape))
    found = op.call(values, places, key=(AT,), shape=(size * int(np.prod(shape)),))
    return RECORDED.reshape(found, shape=(size, *shape))


def _spread(xp: Any, values: Any, key: Key, shape: tuple[int, ...]) -> Any:
    """The values at a key without index arrays, in zeros of `shape`: axis by axis, between what lies around them."""
    axes: list[tuple[int, int, int]] = []  # for each axis the first place, the step and the count
    read: list[int] = []
    turned: list[int] = []
    lengths = iter(shape)
    for part in spell_out(key, shape):
        if part is None:
            read.append(1)
            continue
        if isinstance(part, slice):
            part = _bounded(part, length := next(lengths))
            if _backwards(part):
                turned.append(len(axes))
                part = _forwards(part)
            places = range(*part.indices(length))
            axes.append((places.start, places.step, len(places)))
            read.append(len(places))
        else:
            next(lengths)
            axes.append((part, 1, 1))
    while values.ndim > len(read) and values.shape[0] == 1:
        values = xp.reshape(values, tuple(values.shape[1:]))
    values = xp.reshape(xp.broadcast_to(values, tuple(read)), tuple([count for _, _, count in axes]))
    values = xp.flip(values, axis=tuple(turned)) if turned else values
    for axis, ((start, step, count), length) in enumerate(zip(axes, shape, strict=True)):
        if count == length:
            continue
        before, behind = tuple(values.shape[:axis]), tuple(values.shape[axis + 1 :])
        end = start + count * step
        if step > 1 and count:
            values = xp.reshape(values, (*before, count, 1, *behind))
            values = xp.concat([values, _zeros(xp, values, (*before, count, step - 1, *behind))], axis=axis + 1)
            values = xp.reshape(values, (*before, count * step, *behind))
            if end > length:  # behind the last one there may be less than a whole step
                values = values[(*(ALL,) * axis, slice(0, length - start), ...)]
        pieces = [values]
        if start:
            pieces.insert(0, _zeros(xp, values, (*before, start, *behind)))
        if end < length:
            pieces.append(_zeros(xp, values, (*before, length - end, *behind)))
        values = xp.concat(pieces, axis=axis) if len(pieces) > 1 else values
    return values


def _zeros(xp: Any, like: Any, shape: tuple[int, ...]) -> Any:
    return xp.zeros(shape, dtype=like.dtype, **xp.beside(like))


@linear(
    values=lambda xp, g, values, indices, key: _to_values(xp, xp.getitem(g, *indices, key=key), tuple(values.shape)),
    constant=("indices",),
    promotes=(),
    standard=True,
    plain=("key",),
    accuracy="I3",
    batch=_add_batched,
    samples=[
        ((normal(4),), {"key": (1,), "shape": (3, 4)}),
        ((normal(),), {"key": (-1, 0), "shape": (3, 4)}),
        ((normal(2, 2),), {"key": (slice(2, None, -2), slice(1, 3)), "shape": (3, 4)}),
        ((normal(3, 1, 4),), {"key": (Ellipsis, None, ALL), "shape": (3, 4)}),
        ((normal(0),), {"key": (slice(2, 2),), "shape": (3,)}),
        ((normal(4), exactly([0, 0, 2, -1])), {"key": (AT,), "shape": (3,)}),
        ((normal(5), exactly([3, 3, 3, 3, 3])), {"key": (AT,), "shape": (4,)}),
        ((normal(2, 2, 4), exactly([[0, 2], [2, 2]])), {"key": (AT,), "shape": (3, 4)}),
        ((normal(3), exactly([0, 1, 0]), exactly([1, 1, 1])), {"key": (AT, AT), "shape": (2, 2)}),
        ((normal(2, 3), exactly([0, 1]), exactly([3, 3])), {"key": (AT, ALL, AT), "shape": (2, 3, 4)}),
        ((normal(3, 3), exactly([1, 1, 0])), {"key": (ALL, AT), "shape": (3, 2)}),
        ((normal(0), exactly(np.zeros((0,), np.int64))), {"key": (AT,), "shape": (3,)}),
        ((normal(), exactly(1)), {"key": (AT,), "shape": (3,)}),
        ((normal(2, 1), exactly([0, 2, 0])), {"key": (ALL, AT), "shape": (2, 3)}),
    ],
    errors=[((normal(), exactly(3)), {"key": (AT,), "shape": (3,)}), ((normal(),), {"key": (3,), "shape": (3,)})],
)
def scatter_add(xp: Any, values: Any, *indices: Any, key: Key, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with the values added at a key; values for the same place add up.

    Shapes: `values` broadcasts to what `getitem` reads at that key from an array of `shape`.
    Dtypes: that of `values`, index arrays of integers.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for values that do not fit.

    >>> from tapegrad.ops.indexing import AT, scatter_add
    >>> scatter_add(tnp.asarray([1.0, 2.0, 3.0]), tnp.asarray([0, 2, 2]), key=(AT,), shape=(4,))
    Array([1., 0., 5., 0.], dtype=float32)
    """
    if not indices:
        return _spread(xp, values, key, tuple(shape))
    total = int(np.prod(shape))
    places = _where_key_leads(xp, values, indices, key, tuple(shape))
    values, places = xp.broadcast_to(values, places.shape), xp.reshape(places, (-1,))
    count = places.shape[0]
    if total == 0 or count == 0:
        return xp.filled(values, shape=tuple(shape), value=0)
    order = xp.argsort(places, stable=True)
    places = xp.take(places, order, axis=0)
    sums = xp.take(xp.reshape(values, (-1,)), order, axis=0)
    zeros = xp.zeros_like(sums)
    # Sums over runs of equal places, each step reaching twice as far back: as exact as adding them in pairs.
    step = 1
    while step < count:
        same = xp.concat([places[:step] < 0, places[step:] == places[:-step]])
        sums = sums + xp.where(same, xp.concat([zeros[:step], sums[:-step]]), zeros)
        step *= 2
    found, hit = _last_at(xp, places, _range(xp, values, total))
    taken = xp.take(sums, found, axis=0)
    return xp.reshape(xp.where(hit, taken, xp.zeros_like(taken)), tuple(shape))


def _last_at(xp: Any, places: Any, wanted: Any) -> tuple[Any, Any]:
    """Of sorted places, the last that is each one wanted, and whether there is any."""
    # Some engines count in unsigned numbers, which have nothing below 0.
    found = xp.astype(xp.searchsorted(places, wanted, side="right"), xp.int64) - 1
    found = xp.where(found < 0, 0, found)
    return found, xp.take(places, found, axis=0) == wanted


def _write_batched(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    key = keywords["key"]
    x, values, *indices = args
    if not batched[0]:
        x = RECORDED.broadcast_to(x, shape=(size, *x.shape))
    shape = tuple(x.shape[1:])
    total = int(np.prod(shape))
    places = _flat_places(size, [x, *indices], [True, *batched[2:]], key, shape, spread=True)
    values = values if batched[1] else RECORDED.expand_dims(values, axis=0)
    values = _in_rank(values, places.ndim - 1, values.shape[0])
    values = RECORDED.broadcast_to(values, shape=tuple(places.shape))
    found = op.call(RECORDED.reshape(x, shape=(size * total,)), values, places, key=(AT,))
    return RECORDED.reshape(found, shape=(size, *shape))


def _written(xp: Any, g: Any, values: Any, indices: Any, key: Key) -> Any:
    """What reaches the values: the cotangent where they were written, nothing where a later one was put over them."""
    read = xp.getitem(g, *indices, key=key)
    if indices:
        order = xp.positions(g, shape=tuple(read.shape))
        last = xp.setitem(xp.positions(g, shape=tuple(g.shape)), order, *indices, key=key)
        read = xp.where(xp.getitem(last, *indices, key=key) == order, read, xp.zeros_like(read))
    return _to_values(xp, read, tuple(values.shape))


def _to_values(xp: Any, read: Any, shape: tuple[int, ...]) -> Any:
    """What was read at a key, in the shape of the values there, which may have axes of length 1 too many."""
    extra = max(len(shape) - len(read.shape), 0)
    read = xp.unbroadcast(read, shape=shape[extra:])
    return xp.reshape(read, shape=shape) if extra else read


@linear(
    x=lambda xp, g, indices, key: xp.setitem(g, xp.filled(g, shape=(), value=0), *indices, key=key),
    values=_written,
    constant=("indices",),
    promotes=(),
    standard=True,
    plain=("key",),
    batch=_write_batched,
    samples=[
        ((normal(3, 4), normal(4)), {"key": (1,)}),
        ((normal(3, 4), normal(3, 1)), {"key": (ALL, slice(None, None, 2))}),
        ((normal(3, 4), normal()), {"key": (slice(None, None, -1), 2)}),
        ((normal(3, 4), normal(1, 4)), {"key": (0,)}),
        ((normal(5), normal(2)), {"key": (slice(3, None, -3),)}),
        ((normal(5), normal(0)), {"key": (slice(3, 3),)}),
        ((normal(), normal()), {"key": ()}),
        ((normal(2, 3, 4), normal(3, 1)), {"key": (Ellipsis, None, 0)}),
        ((normal(5), normal(3)), {"key": (slice(0, 3),)}),
        ((normal(5), normal(4), exactly([0, 0, 3, -1])), {"key": (AT,)}),
        ((normal(5), normal(), exactly([2, 2])), {"key": (AT,)}),
        ((normal(3, 4), normal(3), exactly([0, 2, 0]), exactly([1, 1, 1])), {"key": (AT, AT)}),
        ((normal(3, 4), normal(2, 2, 4), exactly([[0, 2], [2, 0]])), {"key": (AT,)}),
        ((normal(2, 3, 4), normal(3), exactly([0, 1]), exactly([3, 3])), {"key": (AT, ALL, AT)}),
        ((normal(2, 3, 4), normal(2, 1), exactly([2, 2, 0])), {"key": (ALL, AT, 1)}),
        ((normal(5), normal(0), exactly(np.zeros((0,), np.int64))), {"key": (AT,)}),
    ],
    errors=[
        ((normal(3, 4), normal(3)), {"key": (1,)}),
        ((normal(3, 4), normal()), {"key": (3,)}),
        ((normal(3), normal(2), exactly([0, 4])), {"key": (AT,)}),
    ],
)
def setitem(xp: Any, x: Any, values: Any, *indices: Any, key: Key) -> Any:
    """x with the elements at a key replaced by values, which broadcast; of several for a place the last counts.

    Shapes: that of `x`; `values` broadcasts to what `getitem` reads at that key.
    Dtypes: that of `x`, which `values` has too; index arrays of integers.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for values that do not fit.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> from tapegrad.ops.indexing import AT, setitem
    >>> x, values = tnp.zeros(3), tnp.asarray([1.0, 2.0])
    >>> setitem(x, values, tnp.asarray([1, 1]), key=(AT,))
    Array([0., 2., 0.], dtype=float32)
    >>> tapegrad.grad(lambda v: tnp.sum(setitem(x, v, tnp.asarray([1, 1]), key=(AT,))))(values)
    Array([0., 1.], dtype=float32)
    """
    shape = tuple(x.shape)
    if not indices:
        written = _spread(xp, xp.ones((1,) * values.ndim, dtype=xp.bool, **xp.beside(x)), key, shape)
        return xp.where(written, _spread(xp, values, key, shape), x)
    total = int(np.prod(shape))
    places = _where_key_leads(xp, x, indices, key, shape)
    read = tuple(places.shape)
    while values.ndim > len(read) and values.shape[0] == 1:
        values = xp.reshape(values, tuple(values.shape[1:]))
    values = xp.reshape(xp.broadcast_to(values, read), (-1,))
    if total == 0 or 0 in read:
        return x
    places = xp.reshape(places, (-1,))
    order = xp.argsort(places, stable=True)
    found, hit = _last_at(xp, xp.take(places, order, axis=0), _range(xp, x, total))
    taken = xp.take(values, xp.take(order, found, axis=0), axis=0)
    return xp.reshape(xp.where(hit, taken, xp.reshape(x, (-1,))), shape)


@locally_constant(
    outs=True,
    dynamic=True,
    standard=True,
    promotes=(),
    samples=[(booleans(3, 4),), (booleans(5),), (exactly([False, False]),)],
)
def true_places(xp: Any, mask: Any) -> Any:
    """The index arrays, one for each axis, of the places where a mask holds.

    Shapes: as many arrays as the mask has axes, each of one axis, as long as there are true elements.
    Dtypes: bool; integers come out.
    Raises: `DynamicShapeError` under `vmap` and in a compiled program.

    >>> true_places(tnp.asarray([[True, False], [True, True]]))
    [Array([0, 1, 1], dtype=int64), Array([0, 0, 1], dtype=int64)]
    """
    return xp.nonzero(mask) if mask.ndim else ()


# Takes and puts along an axis.


def axis_of(axis: int, ndim: int) -> int:
    """The axis counted from the front. Raises `AxisError` for one that is not there."""
    if not -ndim <= axis < ndim:
        raise AxisError(f"axis {axis} is out of range for an array of {ndim} axes")
    return axis % ndim


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, of an int, several, or None for all. Raises `ShapeError` for one named twice."""
    if axis is None:
        return tuple(range(ndim))
    several = isinstance(axis, (tuple, list, Iterable))
    axes = tuple([axis_of(a, ndim) for a in (axis if several else (axis,))])
    if len(set(axes)) != len(axes):
        raise ShapeError(f"axis {axis} names an axis twice")
    return axes


@InFront
def over_axes(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    """The batching rule of what runs along axes: they are counted behind the batch axis."""
    axis = keywords["axis"]
    if axis is None or isinstance(axis, Iterable):
        return {**keywords, "axis": tuple([a + 1 for a in axes_of(axis, rank)])}
    return {**keywords, "axis": axis_of(axis, rank) + 1}


@InFront
def of_shape(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    """The batching rule of what has the shape that it is told."""
    return {**keywords, "shape": (size, *keywords["shape"])}


def check_matrix(name: str, x: Any) -> None:
    """Raise `ShapeError` for an array of fewer than two axes."""
    if x.ndim < 2:
        raise ShapeError(f"{name}() takes an array of two axes or more, not of shape {tuple(x.shape)}")


def _at_axis(axis: int, ndim: int) -> Key:
    return (*(ALL,) * axis_of(axis, ndim), AT)


@linear(
    x=lambda xp, g, x, indices, axis: xp.scatter_add(g, indices, key=_at_axis(axis, x.ndim), shape=x.shape),
    constant=("indices",),
    promotes=(),
    samples=[
        ((normal(3, 4), exactly([0, 2, 0, -1])), {"axis": 0}),
        ((normal(3, 4), exactly([[1, 1], [3, 0]])), {"axis": -1}),
        ((normal(2, 3, 4), exactly(2)), {"axis": 1}),
        ((normal(5), integers(7, high=5)), {"axis": 0}),
        ((normal(3, 0), exactly([1, 1])), {"axis": 0}),
        ((normal(3, 4), exactly(np.zeros((0,), np.int64))), {"axis": 1}),
    ],
    errors=[((normal(3, 4), exactly([4])), {"axis": 1}), ((normal(3, 4), exactly([0])), {"axis": 2})],
)
def take(xp: Any, x: Any, indices: Any, *, axis: int) -> Any:
    """The elements of x at indices of one axis; indices of any shape, whose axes take the place of that axis.

    Shapes: that of `x` with the shape of the indices in the place of `axis`.
    Dtypes: that of `x`, indices of integers.
    Raises: `IndexError` for an index out of bounds, `AxisError` for an axis that is not there.

    >>> take(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), tnp.asarray([1, 1, 0]), axis=0)
    Array([[3., 4.],
           [3., 4.],
           [1., 2.]], dtype=float32)
    """
    return xp.getitem(x, indices, key=_at_axis(axis, x.ndim))


def _mesh(xp: Any, indices: Any, shape: Sequence[int], axis: int) -> list[Any]:
    """An index array for every axis: the indices for theirs, 0, 1, 2, … that broadcast with them for the others."""
    axis = axis_of(axis, len(shape))
    if len(indices.shape) != len(shape):
        raise ShapeError(
            f"indices of shape {tuple(indices.shape)} need as many axes as the array of shape {tuple(shape)}"
        )
    mesh = []
    for i, length in enumerate(shape):
        flat = (length,) + (1,) * (len(shape) - i - 1)
        mesh.append(indices if i == axis else xp.positions(indices, shape=flat))
    return mesh


_ALONG = [
    ((normal(3, 4), exactly([[0, 2, 0, 1]])), {"axis": 0}),
    ((normal(3, 4), integers(3, 2, low=-4, high=4)), {"axis": -1}),
    ((normal(3, 4), exactly([[1, 1]])), {"axis": 1}),
    ((normal(5), exactly([4, 4, 0])), {"axis": 0}),
    ((normal(2, 3, 4), integers(2, 1, 4, high=3)), {"axis": 1}),
    ((normal(3, 0), exactly(np.zeros((2, 0), np.int64))), {"axis": 0}),
]


@linear(
    x=lambda xp, g, x, indices, axis: xp.scatter_add(
        g, *_mesh(xp, indices, x.shape, axis), key=(AT,) * x.ndim, shape=x.shape
    ),
    constant=("indices",),
    promotes=(),
    samples=_ALONG,
    errors=[((normal(3, 4), exactly([0])), {"axis": 0}), ((normal(3, 4), exactly([[4]])), {"axis": 1})],
)
def take_along_axis(xp: Any, x: Any, indices: Any, *, axis: int = -1) -> Any:
    """The elements of x at indices of one axis, each for its own place on the others, as an argsort gives them.

    Shapes: `indices` has as many axes as `x`, which broadcast but for `axis`; the result has the lengths of `indices`
    there.
    Dtypes: that of `x`, indices of integers.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for another number of axes, `AxisError` for an axis
    that is not there.

    >>> x = tnp.asarray([[3.0, 1.0, 2.0]])
    >>> take_along_axis(x, tnp.argsort(x), axis=1)
    Array([[1., 2., 3.]], dtype=float32)
    """
    return xp.getitem(x, *_mesh(xp, indices, x.shape, axis), key=(AT,) * x.ndim)


@linear(
    x=lambda xp, g, indices, axis: xp.setitem(
        g, xp.filled(g, shape=(), value=0), *_mesh(xp, indices, g.shape, axis), key=(AT,) * g.ndim
    ),
    values=lambda xp, g, values, indices, axis: _written(
        xp, g, values, _mesh(xp, indices, g.shape, axis), (AT,) * g.ndim
    ),
    constant=("indices",),
    promotes=(),
    samples=[
        *(((x, i, normal(*i.shape)), keywords) for (x, i), keywords in _ALONG),
        ((normal(3, 4), exactly([[2], [2], [0]]), normal()), {"axis": 1}),
        ((normal(3, 4), exactly([[2], [2], [0]]), normal(1, 3, 1)), {"axis": 1}),
    ],
    errors=[((normal(3, 4), exactly([[4]]), normal()), {"axis": 1})],
)
def put_along_axis(xp: Any, x: Any, indices: Any, values: Any, *, axis: int = -1) -> Any:
    """x with values put at the indices of one axis, each for its own place on the others.

    Shapes: that of `x`; `indices` as for `take_along_axis`, to whose result `values` broadcasts.
    Dtypes: that of `x`, which `values` has too; indices of integers.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for another number of axes or values that do not fit,
    `AxisError` for an axis that is not there.

    >>> put_along_axis(tnp.zeros((2, 3)), tnp.asarray([[2], [0]]), tnp.asarray(1.0), axis=1)
    Array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    return xp.setitem(x, values, *_mesh(xp, indices, x.shape, axis), key=(AT,) * x.ndim)


def _within(xp: Any, index: Any, length: int, mode: str) -> Any:
    """Indices of any number dtype as integers, brought within the axis: "clip" to its ends, "wrap" around it."""
    if mode not in ("clip", "wrap"):
        raise ArgumentError(f"mode is {mode!r}; choose 'clip' or 'wrap'")
    index = xp.astype(index, dtype=np.dtype("int64"))
    if mode == "wrap":
        return xp.remainder(index, xp.filled(index, shape=(), value=length))
    index = xp.where(index < 0, xp.zeros_like(index), index)
    return xp.where(index < length, index, xp.filled(index, shape=tuple(index.shape), value=length - 1))


def _picks(xp: Any, index: Any, shape: Sequence[int], axis: int, mode: str) -> list[Any]:
    axis = axis_of(axis, len(shape))
    kept = (*shape[:axis], 1, *shape[axis + 1 :])
    index = _within(xp, xp.reshape(index, shape=kept), shape[axis], mode)
    return _mesh(xp, index, shape, axis)


def _reduced(shape: Sequence[int], axis: int, keepdims: bool) -> tuple[int, ...]:
    axis = axis_of(axis, len(shape))
    return (*shape[:axis], *((1,) if keepdims else ()), *shape[axis + 1 :])


@linear(
    x=lambda xp, g, x, index, axis, keepdims, mode: xp.pick_spread(
        g, index, axis=axis, keepdims=keepdims, mode=mode, shape=x.shape
    ),
    constant=("index",),
    promotes=(),
    samples=[
        (normal(3, 4), exactly([0, 3, 3])),
        ((normal(3, 4), exactly([2, -1, 0, 5])), {"axis": 0}),
        ((normal(3, 4), exactly([[1], [9], [-2]])), {"axis": 1, "keepdims": True, "mode": "wrap"}),
        ((normal(2, 3, 4), integers(2, 4, high=3)), {"axis": 1}),
        (normal(5), exactly(1)),
        (normal(0, 4), exactly(np.zeros((0,), np.int64))),
    ],
    errors=[(normal(3, 4), exactly([0, 1])), ((normal(3, 4), exactly([0, 1, 2])), {"axis": 2})],
)
def pick(xp: Any, x: Any, index: Any, *, axis: int = -1, keepdims: bool = False, mode: str = "clip") -> Any:
    """One element along an axis for each place on the others; an index outside is clipped, or wrapped around.

    Shapes: `index` has the shape of `x` without `axis`, or with length 1 there; so has the result, as `keepdims` says.
    Dtypes: that of `x`; `index` of any number dtype, cut to integers.
    Raises: `ShapeError` for an index of another shape, `AxisError` for an axis that is not there, `ValueError` for a
    `mode` other than "clip" and "wrap".

    >>> pick(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), tnp.asarray([0, 5]))
    Array([1., 4.], dtype=float32)
    """
    taken = xp.getitem(x, *_picks(xp, index, x.shape, axis, mode), key=(AT,) * x.ndim)
    return xp.reshape(taken, shape=_reduced(x.shape, axis, keepdims))


@linear(
    values=lambda xp, g, values, index, axis, mode: xp.reshape(
        xp.pick(g, index, axis=axis, keepdims=True, mode=mode), shape=values.shape
    ),
    constant=("index",),
    promotes=(),
    samples=[
        ((normal(3), exactly([0, 3, 3])), {"shape": (3, 4)}),
        ((normal(4), exactly([2, -1, 0, 5])), {"shape": (3, 4), "axis": 0}),
        ((normal(3, 1), exactly([[1], [9], [-2]])), {"shape": (3, 4), "axis": 1, "keepdims": True, "mode": "wrap"}),
        ((normal(), exactly(1)), {"shape": (5,)}),
    ],
    errors=[((normal(3), exactly([0, 1])), {"shape": (3, 4)})],
)
def pick_spread(
    xp: Any,
    values: Any,
    index: Any,
    *,
    shape: tuple[int, ...],
    axis: int = -1,
    keepdims: bool = False,
    mode: str = "clip",
) -> Any:
    """Zeros of `shape` with one value along an axis for each place on the others: the transpose of `pick`.

    Shapes: `values` and `index` are what `pick` gives and takes for an array of `shape`.
    Dtypes: that of `values`; `index` of any number dtype, cut to integers.
    Raises: `ShapeError` for another shape, `AxisError` for an axis that is not there.

    >>> pick_spread(tnp.asarray([1.0, 2.0]), tnp.asarray([0, 1]), shape=(2, 3))
    Array([[1., 0., 0.],
           [0., 2., 0.]], dtype=float32)
    """
    # No place comes twice, so this is a write, which keeps even the sign of a zero.
    return xp.setitem(
        xp.filled(values, shape=tuple(shape), value=0),
        xp.reshape(values, shape=_reduced(shape, axis, True)),
        *_picks(xp, index, shape, axis, mode),
        key=(AT,) * len(shape),
    )


def _rows(xp: Any, indices: Any) -> list[Any]:
    if not indices.ndim:
        raise ShapeError("points are the columns of their indices, which need an axis; these have shape ()")
    return [xp.getitem(indices, key=(i,)) for i in range(indices.shape[0])]


@linear(
    x=lambda xp, g, x, indices: xp.scatter_add(g, *_rows(xp, indices), key=(AT,) * indices.shape[0], shape=x.shape),
    constant=("indices",),
    promotes=(),
    samples=[
        (normal(3, 4), exactly([[0, 2, 0], [1, 1, 1]])),
        (normal(3, 4), exactly([[0, 2, 2]])),
        (normal(2, 3, 4), exactly([[[0, 1], [1, 1]], [[2, 0], [0, 0]]])),
    ],
    errors=[(normal(3, 4), exactly([[3], [0]])), (normal(3), exactly([[0], [0]]))],
)
def gather_nd(xp: Any, x: Any, indices: Any) -> Any:
    """The elements of x at points: the first axis of the indices runs over the axes of x.

    Shapes: `indices` (k, *points); the result is (*points, *rest), the rest being the axes of `x` behind the first k.
    Dtypes: that of `x`, indices of integers.
    Raises: `IndexError` for an index out of bounds or more rows of indices than axes, `ShapeError` for indices of no
    axis.

    >>> gather_nd(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), tnp.asarray([[0, 1], [1, 0]]))
    Array([2., 3.], dtype=float32)
    """
    return xp.getitem(x, *_rows(xp, indices), key=(AT,) * indices.shape[0])


@linear(
    values="xp.unbroadcast(xp.gather_nd(g, indices), shape=values.shape)",
    constant=("indices",),
    promotes=(),
    accuracy="I3",
    samples=[
        ((normal(3), exactly([[0, 2, 0], [1, 1, 1]])), {"shape": (3, 4)}),
        ((normal(2, 4), exactly([[2, 0]])), {"shape": (3, 4)}),
        ((normal(), exactly([[0, 2, 0], [1, 1, 1]])), {"shape": (3, 4)}),
    ],
    errors=[((normal(1), exactly([[3], [0]])), {"shape": (3, 4)})],
)
def scatter_nd(xp: Any, values: Any, indices: Any, *, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with the values added at points: the first axis of the indices runs over its axes.

    Shapes: `indices` (k, *points); `values` broadcasts to (*points, *shape[k:]).
    Dtypes: that of `values`, indices of integers.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for values that do not fit.

    >>> scatter_nd(tnp.asarray([1.0, 2.0]), tnp.asarray([[0, 0], [1, 1]]), shape=(2, 2))
    Array([[0., 3.],
           [0., 0.]], dtype=float32)
    """
    return xp.scatter_add(values, *_rows(xp, indices), key=(AT,) * indices.shape[0], shape=tuple(shape))


@linear(
    x="g",
    values=lambda xp, g, values, indices, axis: xp.unbroadcast(xp.take(g, indices, axis=axis), shape=values.shape),
    constant=("indices",),
    accuracy="I3",
    samples=[
        ((normal(3, 4), exactly([0, 2, 0]), normal(3, 4)), {"axis": 0}),
        ((normal(3, 4), exactly([1, 1]), normal(3, 2)), {"axis": -1}),
        ((normal(5), exactly(4), normal()), {"axis": 0}),
        ((normal(3, 4), exactly([0, 2, 0]), normal(3, 1)), {"axis": 0}),
    ],
    errors=[((normal(3), exactly([3]), normal(1)), {"axis": 0})],
)
def index_add(xp: Any, x: Any, indices: Any, values: Any, *, axis: int) -> Any:
    """x with values added at indices of one axis; values for the same place add up.

    Shapes: that of `x`; `values` broadcasts to what `take` reads at the indices.
    Dtypes: `x` and `values` are promoted to one; indices of integers.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for values that do not fit, `AxisError` for an axis
    that is not there.

    >>> index_add(tnp.zeros(3), tnp.asarray([1, 1]), tnp.asarray([1.0, 2.0]), axis=0)
    Array([0., 3., 0.], dtype=float32)
    """
    return xp.add(x, xp.scatter_add(values, indices, key=_at_axis(axis, len(x.shape)), shape=tuple(x.shape)))


@locally_constant(
    promotes=(),
    samples=[
        *(((integers(*shape, low=-1, high=5),), {"depth": depth}) for shape in SHAPES for depth in (1, 4)),
        ((exactly([0, 2, 1]),), {"depth": 3}),
        ((exactly([[0, 5], [-1, 1]]),), {"depth": 3, "on": 2.0, "off": -1.0}),
        ((exactly(1),), {"depth": 2}),
        ((exactly(np.zeros((0,), np.int64)),), {"depth": 2}),
    ],
)
def one_hot(xp: Any, index: Any, *, depth: int, on: float = 1.0, off: float = 0.0, dtype: Any = None) -> Any:
    """Rows of `depth` elements that are `on` at the index and `off` elsewhere; all `off` for an index outside.

    Shapes: (*shape of the index, depth).
    Dtypes: an index of any number dtype, cut to integers; the result has `dtype`, or the default one.
    Raises: `ShapeError` for a negative depth, `DtypeError` for a `dtype` that is not one.

    >>> one_hot(tnp.asarray([0, 2, 7]), depth=3)
    Array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 0., 0.]], dtype=float32)
    """
    if depth < 0:
        raise ShapeError(f"rows cannot have {depth} elements; depth is at least 0")
    dtype = dtypes.get_default_dtype() if dtype is None else dtypes.to_dtype(dtype)
    shape = tuple(index.shape)
    index = xp.astype(xp.reshape(index, shape=(*shape, 1)), dtype=np.dtype("int64"))
    hit = index == xp.positions(index, shape=(depth,))
    like = xp.astype(hit, dtype=dtype)
    if (on, off) == (1, 0):
        return like
    full = tuple(like.shape)
    return xp.where(hit, xp.filled(like, shape=full, value=on), xp.filled(like, shape=full, value=off))


# What Python's brackets mean.

_INTEGERS = frozenset(dtypes.INTEGER)
_ONE_AT: Key = (AT,)
_ALONE = frozenset((int, type(None), type(Ellipsis)))
"""The types of what may be a key alone, for one axis or none."""


def _slice(part: slice) -> slice:
    """A slice of Python's own ints, so that no array is kept with the key."""
    if is_of_ints(part):
        return part
    try:
        return slice(*(None if end is None else operator.index(end) for end in (part.start, part.stop, part.step)))
    except TypeError:
        raise ArgumentTypeError(f"the ends of a slice are integers or None; {part} has others") from None


class _Parsed:
    """A key as the ops take it: `key` with `AT`, the index arrays, and `before`, which makes axes for masks of none."""

    __slots__ = ("before", "indices", "key")

    def __init__(self, x: Array, key: Any) -> None:
        parts = [_part(x, part) for part in (key if isinstance(key, tuple) else (key,))]
        self.before: Key | None = None
        used = sum(_uses(part) for part in parts)
        if sum(part is Ellipsis for part in parts) > 1:
            raise BoundsError("a key can have one Ellipsis (`...`), not several")
        if used > x.ndim:
            raise BoundsError(
                f"too many indices: an array of {x.ndim} axes has shape {x.shape}, the key uses {used} of them"
            )
        plain: list[Any] = []
        self.indices: list[Array] = []
        if any(isinstance(part, bool) for part in parts):
            before: list[Any] = []
            for part in parts:
                if part is Ellipsis:
                    before.append(part)
                elif isinstance(part, bool):
                    before.append(None)
                else:
                    before += [ALL] * _uses(part)
            self.before = tuple(before)
        axis = 0
        for part in parts:
            if isinstance(part, bool):
                plain.append(AT)
                self.indices.append(_adopted(x, np.zeros(int(part), np.int64)))
            elif isinstance(part, Array):
                plain += [AT] * _uses(part)
                if part._dtype == dtypes.BOOL:
                    _check_mask(part, x.shape, axis)
                    self.indices += true_places(part)
                else:
                    self.indices.append(part)
            else:
                plain.append(part)
            axis += x.ndim - used if part is Ellipsis else _uses(part)
        self.key = tuple(plain)


def _uses(part: Any) -> int:
    """How many axes of the array a part of a key is about."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, Array) and part._dtype == dtypes.BOOL else 1


def _adopted(x: Array, host: np.ndarray[Any, Any]) -> Array:
    """A host array on the engine and device of `x`."""
    engine = engine_of(x)
    return handle(x.__class__, engine.backend.from_numpy(host, device=place_beside(x)), None, engine)


_CHOICES = "use integers, slices, `...`, None, and arrays of integers or booleans"


def _part(x: Array, part: Any) -> Any:
    """One part of a key: an int, a slice, None, Ellipsis, a bool for a mask of no axes, or an index array or mask."""
    if part is None or part is Ellipsis or part.__class__ is int or isinstance(part, bool):
        return part
    if isinstance(part, slice):
        return _slice(part)
    if isinstance(part, np.bool_):
        return bool(part)
    if isinstance(part, (str, bytes)):
        raise BoundsError(f"{part!r} is not an index; {_CHOICES}")
    if isinstance(part, np.integer):
        return int(part)
    if isinstance(part, (list, tuple, range)):
        part = np.asarray(part)
        if part.size == 0 and part.dtype.kind == "f":
            part = part.astype(np.int64)
    if isinstance(part, np.ndarray):
        if part.dtype.kind not in "iub":
            raise BoundsError(f"an array of {part.dtype} is not an index; {_CHOICES}")
        part = _adopted(x, admitted(part)[1])
    elif not isinstance(part, Array):
        try:
            backend, raw = admitted(part)
        except UnknownArrayError:
            if hasattr(part, "__index__"):
                return operator.index(part)
            raise BoundsError(f"{a_kind(part)} is not an index; {_CHOICES}") from None
        part = handle(x.__class__, backend.adopt(raw, copy=True), None, backend.kernels)
    if part._dtype not in _INTEGERS and part._dtype != dtypes.BOOL:
        raise BoundsError(f"an array of {part._dtype.name} is not an index; {_CHOICES}")
    if part.ndim == 0 and part._dtype == dtypes.BOOL:
        return bool(part)
    return part


def _check_mask(mask: Array, shape: tuple[int, ...], axis: int) -> None:
    for i, length in enumerate(mask.shape):
        if shape[axis + i] != length:
            raise BoundsError(
                f"a mask of shape {mask.shape} does not fit an array of shape {shape}: "
                f"axis {axis + i} has size {shape[axis + i]}, the mask {length}"
            )


def read(x: Array, key: Any) -> Array:
    """What `x[key]` means.

    Shapes: those of NumPy's `x[key]`; a mask must have the lengths of the axes it stands for.
    Dtypes: that of `x`; keys are of integers, slices, `...`, None, and arrays of integers or booleans.
    Raises: `IndexError` for an index that is out of bounds, too much, or none; `DynamicShapeError` for a mask under
    `vmap`.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.indexing import read
    >>> x = tnp.asarray([[1.0, 2.0], [3.0, 4.0]])
    >>> x[x > 1.5]
    Array([2., 3., 4.], dtype=float32)
    >>> read(x, (slice(None), -1))
    Array([2., 4.], dtype=float32)
    """
    kind = key.__class__
    scattered = False  # whether perhaps
    if kind in _ALONE:
        key = (key,)
    elif kind is slice and is_of_ints(key):
        scattered = key.step is not None
        key = (key,)
    elif kind is tuple and is_plain(key):
        scattered = True
    else:
        if kind is list or kind is np.ndarray:
            key = _part(x, key)
        if key.__class__ is x.__class__:
            if key._dtype in _INTEGERS:
                return getitem(x, key, key=_ONE_AT)  # type: ignore[no-any-return]
            if key._dtype == dtypes.BOOL and 0 < key.ndim <= x.ndim:
                _check_mask(key, x.shape, 0)
                return getitem(x, *true_places(key), key=_ONE_AT * key.ndim)  # type: ignore[no-any-return]
        return _read_indexed(x, key)
    made: Array = getitem(x, key=key)
    # A single element is a number, as NumPy's scalars are, and no part that could be written to.
    if (made._signature.shape or Ellipsis in key) and not (
        scattered and x._face.contiguous_views and is_scattered(key, x._signature.shape)
    ):
        share(made, x, key)
    return made


def _read_indexed(x: Array, key: Any) -> Array:
    parsed = _Parsed(x, key)
    if parsed.before is not None:
        x = getitem(x, key=parsed.before)
    elif is_plain(parsed.key):
        return read(x, parsed.key)
    found: Array = getitem(x, *parsed.indices, key=parsed.key)
    return found


def write(x: Array, key: Any, value: Any) -> None:
    """What `x[key] = value` means: the handle gets a new value. Recorded where anything is tracked.

    Shapes: `value` broadcasts to `x[key]`.
    Dtypes: that of `x` stays, and `value` is cast to it.
    Raises: `IndexError` as `read`, `ShapeError` for a value that does not fit, `DtypeError` for complex numbers into
    real ones, `ReadOnlyError` for what `broadcast_to` gives.

    >>> import tapegrad.numpy as tnp
    >>> x = tnp.zeros(3)
    >>> x[1:] = 5
    >>> x
    Array([0., 5., 5.], dtype=float32)
    """
    put(x, key, value)


def put(x: Array, key: Any, value: Any) -> None:
    """`write`, by its other name: what `__setitem__` of a face calls with a key in the core's conventions."""
    shares = getattr(x, "_shares", None)
    if shares is not None and len(shares) > 1:  # else it is the list of a base whose views are all gone or stale
        if isinstance(value, Array) and _is_there(x, key, value):
            return
        link = link_of(x)
        if link is not None:
            _put_through(x, link, key, value)
            return
    x._check_rebind()
    kind = key.__class__
    if kind is int:
        plain: Any = (key,)
    elif key is Ellipsis or (kind is slice and key == ALL):
        x._rebind(_whole(x, value))
        return
    elif kind is slice and is_of_ints(key):
        plain = (key,)
    else:
        plain = key if kind is tuple and is_plain(key) else None
    if plain is not None:
        if value.__class__ in _REALS and (x._node is None or not MODE.get() & RECORDING):
            check_thread((x._node,), "a write")
            expire_views(x)
            if x._owns_value():
                try:
                    x._value[plain] = value
                except (IndexError, ValueError) as error:
                    raise explain(OPS["setitem"], (x,), {"key": plain}, error) from error
                x._lose_node()
                return
        _put(x, plain, (), _fitting(x, value))
    elif kind is x.__class__ and key._dtype in _INTEGERS:
        _put(x, _ONE_AT, (key,), _fitting(x, value))
    else:
        value = _fitting(x, value)
        parsed = _Parsed(x, key) if value.ndim or _mask_alone(x, key) is None else None
        if parsed is not None and parsed.before is None:
            _put(x, parsed.key, parsed.indices, value)
        else:
            x._rebind(with_put(x, key, value))


def with_put(x: Array, key: Any, value: Any) -> Array:
    """What `x` is after `x[key] = value`, as an array of its own."""
    if key is Ellipsis or (key.__class__ is slice and key == ALL):
        return _whole(x, value)
    value = _fitting(x, value)
    mask = _mask_alone(x, key) if value.ndim == 0 else None
    if mask is not None:
        return RECORDED.where(mask, value, x)  # type: ignore[no-any-return]
    parsed = _Parsed(x, key)
    if parsed.before is None:
        return setitem(x, value, *parsed.indices, key=parsed.key)  # type: ignore[no-any-return]
    widened = setitem(getitem(x, key=parsed.before), value, *parsed.indices, key=parsed.key)
    return RECORDED.reshape(widened, shape=x.shape)  # type: ignore[no-any-return]


def _fitting(x: Array, value: Any) -> Array:
    """`as_value`, of what is often of the right face and dtype."""
    if value.__class__ is not x.__class__ or value._value.dtype is not x._value.dtype:
        return as_value(x, value)
    found: Array = value
    return found


def _put(x: Array, key: Key, indices: Sequence[Array], value: Array) -> None:
    """Write at a key: into the buffer of `x` where certainly nobody else can see it, else into a new one."""
    raw, node = value._value, value._node  # which may be those of a view of x
    places = tuple([index._value for index in indices])
    expire_views(x)
    if value._kernels is not x._kernels or value.__class__ is not x.__class__ or not x._owns_value():
        x._rebind(setitem(x, value, *indices, key=key))
        return
    try:
        x._value[fill(key, places)] = raw
    except (IndexError, ValueError) as error:
        raise explain(OPS["setitem"], (x, value, *indices), {"key": key}, error) from error
    mode = MODE.get()
    if not mode & RECORDING:
        check_thread((x._node, node), "a write")
        x._lose_node()
    elif x._node is not None or node is not None:
        values, parents = (x._value, raw, *places), (x._node, node, *[None] * len(places))
        x._node = record(OPS["setitem"], x._kernels, x._value, values, parents, {"key": key})


def _put_through(x: Array, link: Link, key: Any, value: Any) -> None:
    """Write at a key of a view."""
    x._check_rebind()
    base, steps = way_of(link)
    if value.__class__ is x.__class__ is not base.__class__:
        value = value._of_class(base.__class__)
    plain = key if key.__class__ is tuple else (key,)
    if is_plain(plain):
        whole_key = joined(steps[0], plain, base.shape) if len(steps) == 1 and steps[0].__class__ is tuple else None
        if whole_key is not None:
            base._put(whole_key, value)
            return
        if not _is_whole(plain) and put_within(base, steps, plain, value):
            return
    x._rebind(with_put(x, key, value))


def put_within(base: Array, steps: Sequence[Any], key: Key, value: Any) -> bool:
    """Write at a key of a view into the buffer of its base, unrecorded; False where that cannot be done."""
    recording = MODE.get() & RECORDING
    if (recording and base._node is not None) or link_of(base) is not None or not all(map(is_within, steps)):
        return False
    raw, node = value, None
    if value.__class__ not in _REALS:
        value = _fitting(base, value)
        raw, node = value._value, value._node
        if (recording and node is not None) or value._kernels is not base._kernels:
            return False
    expire_views(base)
    if not base._owns_value():
        return False
    backend = engine_of(base).backend
    part = base._value
    for step in steps:
        part = base._kernels.getitem(part, key=step) if step.__class__ is tuple else step.within(base._kernels, part)
        if not backend.is_within(part, base._value):
            return False
    try:
        part[key] = raw
    except (IndexError, ValueError) as error:
        raise explain(OPS["setitem"], (base,), {"key": key}, error) from error
    if not recording and ASIDE not in steps:
        check_thread((base._node, node), "a write")
        base._lose_node()
    return True


def _is_whole(key: Key) -> bool:
    return len(key) == 1 and (key[0] is Ellipsis or (key[0].__class__ is slice and key[0] == ALL))


def _is_there(x: Array, key: Any, value: Array) -> bool:
    """Whether a value is the view at this very key, as in `x[0] += 1`, which has written to `x` by then."""
    theirs: Any = getattr(value, "_shares", None)
    if theirs.__class__ is not tuple or (value._node is None and x._node is not None and MODE.get() & RECORDING):
        return False
    mine, outer = x._shares, theirs[2]
    if outer is None:
        if base_of(theirs) is not x:
            return False
    elif mine.__class__ is not tuple or outer[1] is not mine[1] or outer[2] is not mine[2]:
        return False
    plain = key if key.__class__ is tuple else (key,)
    return is_plain(plain) and bool(theirs[1] == plain)


def _whole(x: Array, value: Any) -> Array:
    """A new value for all of `x`: the very value given, where it is of the right shape and dtype."""
    if value.__class__ in _REALS:
        made: Array = RECORDED.filled(x, shape=x.shape, value=value)
        return made
    if value.__class__ is not x.__class__ or value._value.dtype is not x._value.dtype:
        value = as_value(x, value)
    if value.ndim > x.ndim and all(length == 1 for length in value.shape[: value.ndim - x.ndim]):
        value = RECORDED.reshape(value, shape=value.shape[value.ndim - x.ndim :])
    if value.shape != x.shape:
        try:
            np.broadcast_shapes(value.shape, x.shape)
            value = RECORDED.broadcast_to(value, shape=x.shape)
        except ValueError:
            raise ShapeError(f"values of shape {value.shape} do not fit into an array of shape {x.shape}") from None
    found: Array = value
    return found


_SCALARS = frozenset((bool, int, float, complex))
_REALS = frozenset((bool, int, float))


def as_value(x: Array, value: Any) -> Array:
    """What is written into `x`, as an array of its face, engine and dtype. Raises `DtypeError` for complex to real."""
    if not isinstance(value, Array):
        if value.__class__ in _SCALARS:
            raw = x._kernels.weak(value, x._value)
            if raw is not None:
                return handle(x.__class__, raw, None, engine_of(x))
        if isinstance(value, (list, tuple)) and holds_arrays(value):
            return as_value(x, enter(value, what="a write"))
        if isinstance(value, (bool, int, float, complex, np.ndarray, np.generic, list, tuple, range)):
            host = _host(value)
            _check_kind(host.dtype, x)
            return _adopted(x, host.astype(x._dtype, copy=False))
        if value is None or isinstance(value, (str, bytes, dict, set)):
            raise ArgumentTypeError(f"an array of numbers cannot hold {a_kind(value)}")
        backend, raw = admitted(value)
        value = handle(x.__class__, backend.adopt(raw, copy=True), None, backend.kernels)
    if value._dtype != x._dtype:
        _check_kind(value._dtype, x)
        return cast(value, x._dtype)
    found: Array = value
    return found


def _host(value: Any) -> np.ndarray[Any, Any]:
    try:
        return host_numbers(value, "what is written")
    except ValueError as error:
        raise ArgumentError(f"these values make no array: {error}") from None


def _check_kind(dtype: np.dtype[Any], x: Array) -> None:
    if dtype.kind not in "biufc":
        raise ArgumentTypeError(f"an array of numbers cannot hold {dtype}")
    if dtype.kind == "c" and x._dtype.kind != "c":
        raise DtypeError(f"{dtype.name} does not go into an array of {x._dtype.name}; take its real part or abs()")


def _mask_alone(x: Array, key: Any) -> Array | None:
    """The key as a mask that broadcasts with `x`, where it is a mask of leading axes and nothing else."""
    if isinstance(key, (list, np.ndarray)):
        host = np.asarray(key)
        if host.dtype != bool or not host.ndim:
            return None
        key = _adopted(x, host)
    if not isinstance(key, Array) or not 0 < key.ndim <= x.ndim or key._dtype != dtypes.BOOL:
        return None
    _check_mask(key, x.shape, 0)
    if key.ndim == x.ndim:
        return key
    found: Array = RECORDED.reshape(key, shape=(*key.shape, *(1,) * (x.ndim - key.ndim)))
    return found


for _name, _method in {"__getitem__": read, "__setitem__": write, "_put": put, "_put_within": put_within}.items():
    setattr(Array, _name, _method)
