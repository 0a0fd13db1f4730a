"""Views: arrays that are a part, or another arrangement, of an array that can be written to through them.

A view is an array like any other. Besides its value it has a link: the array that it was taken from, its base, and the
way there. A write to a view is a write to its base, recorded as one; and a write to the base, its own or through a
view, makes its other views stale. A stale view has no value, and takes it from the base again when it is next read: its
class is replaced by one whose slots are properties, so that an array that is not stale is read at no cost.

What a node has saved is never changed: values are not shared, handles are linked.

**Links.** A base lists its views, weakly, and a view knows its base: both in the slot `_shares`, which is a list in the
one and a tuple in the other. A view of a view is linked to the base of that, unless the view between is a variable,
whose place on the tape is its own. The only view of a base knows it weakly: once the base is gone, nobody is left to
see a write. Others hold it, since they see one another's writes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

import numpy as np

from ..engines.tables import OPS, Kernels
from ..errors import GraphError, ReadOnlyError
from ..tape.mode import MODE, RECORDING, RULED, TOLD, Scope
from ..tape.nodes import Leaf, Node

if TYPE_CHECKING:
    from .array import Array

Link = tuple[Any, Any, Any, Any, Any]
"""What a view has in `_shares`: its base, or a weak reference to it; the last step of the way from there; the link of
the view that this step was taken from, if that was not the base; the list of its own views, if it is a base too; and
the signature of what the step was taken from, or the link of that, if it was a view whose base was gone or a variable:
from there it is seen how the elements would lie in memory."""

Views = list[Any]
"""What a base has in `_shares`: how many views may be listed before the dead ones are dropped, and references."""

Layout = tuple[tuple[int, ...], tuple[int, ...]]
"""A shape, and the strides in memory, counted in elements."""

_FEW: Final = 16


class Step:
    """A step from an array to a view, other than a basic key, which is a tuple."""

    __slots__ = ()

    def forward(self, x: Array) -> Array:
        """What the view shows of `x`."""
        raise NotImplementedError

    def back(self, x: Array, value: Array) -> Array:
        """What `x` becomes where the view becomes `value`."""
        raise NotImplementedError

    def within(self, xp: Kernels, raw: Any) -> Any:
        """`forward` on a raw value; of steps that keep the dtype, and by which mutable engines make views."""
        raise NotImplementedError

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        """The shape and strides of the view in memory, as NumPy would have it; None where it would be a copy."""
        raise NotImplementedError


class Reshaped(Step):
    """The same elements, row by row, in another shape."""

    __slots__ = ("shape",)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def forward(self, x: Array) -> Array:
        view: Array = OPS["reshape"].call(x, shape=self.shape)
        return view

    def back(self, x: Array, value: Array) -> Array:
        base: Array = OPS["reshape"].call(value, shape=x.shape)
        return base

    def within(self, xp: Kernels, raw: Any) -> Any:
        return xp.reshape(raw, shape=self.shape)

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        laid = _strides_of_reshaped(shape, strides, self.shape)
        return None if laid is None else (self.shape, laid)


class Permuted(Step):
    """The axes in another order."""

    __slots__ = ("axes",)

    def __init__(self, axes: tuple[int, ...]) -> None:
        self.axes = axes

    def forward(self, x: Array) -> Array:
        view: Array = OPS["permute_dims"].call(x, axes=self.axes)
        return view

    def back(self, x: Array, value: Array) -> Array:
        order = tuple(sorted(range(len(self.axes)), key=self.axes.__getitem__))
        base: Array = OPS["permute_dims"].call(value, axes=order)
        return base

    def within(self, xp: Kernels, raw: Any) -> Any:
        return xp.permute_dims(raw, axes=self.axes)

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        return tuple([shape[axis] for axis in self.axes]), tuple([strides[axis] for axis in self.axes])


class Shown(Step):
    """What an op that is one of NumPy's, too, shows of an array, not to be written to: `broadcast_to`, `diagonal`."""

    __slots__ = ("keywords", "op")

    def __init__(self, op: str, keywords: dict[str, Any]) -> None:
        self.op = op
        self.keywords = keywords

    def forward(self, x: Array) -> Array:
        view: Array = OPS[self.op].call(x, **self.keywords)
        return view

    def back(self, x: Array, value: Array) -> Array:
        raise ReadOnlyError(
            f"what {self.op}() gives shows elements of the array it was taken from, and cannot be written to, as in "
            "NumPy; write to that array, or to a copy, x.copy()"
        )

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        start = np.lib.stride_tricks.as_strided(np.empty(1, np.int8), shape, strides)
        shown = getattr(np, self.op)(start, **self.keywords)
        return shown.shape, shown.strides


class Turned(Step):
    """The plane of two axes, turned by quarters."""

    __slots__ = ("axes", "quarters")

    def __init__(self, quarters: int, axes: tuple[int, int]) -> None:
        self.quarters = quarters
        self.axes = axes

    def forward(self, x: Array) -> Array:
        view: Array = OPS["rot90"].call(x, k=self.quarters, axes=self.axes)
        return view

    def back(self, x: Array, value: Array) -> Array:
        base: Array = OPS["rot90"].call(value, k=-self.quarters, axes=self.axes)
        return base

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        a, b = self.axes
        lengths, steps = list(shape), list(strides)
        for _ in range(self.quarters % 4):
            lengths[a], lengths[b] = lengths[b], lengths[a]
            steps[a], steps[b] = -steps[b], steps[a]
        return tuple(lengths), tuple(steps)


class Part(Step):
    """The real or the imaginary parts of complex numbers."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def forward(self, x: Array) -> Array:
        view: Array = OPS[self.name].call(x)
        return view

    def back(self, x: Array, value: Array) -> Array:
        real, y = [value if name == self.name else OPS[name].call(x) for name in ("real", "imag")]
        where, astype = OPS["where"].call, OPS["astype"].call
        # Beside an infinite number or NaN, 0 times it in a product with 1j would be NaN.
        finite = OPS["isfinite"].call(y)
        turned = astype(where(finite, y, 0), dtype=x._dtype) * 1j
        beyond = where(y > 0, complex(0, math.inf), where(y < 0, complex(0, -math.inf), complex(0, math.nan)))
        base: Array = astype(real, dtype=x._dtype) + where(finite, turned, astype(beyond, dtype=x._dtype))
        return base

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        return tuple(shape), tuple([2 * stride for stride in strides])


class Aside(Step):
    """The same elements, beside the tape: what is written through it changes the numbers of its base and no more."""

    __slots__ = ()

    def forward(self, x: Array) -> Array:
        return x._detached()

    def back(self, x: Array, value: Array) -> Array:
        return value._detached()

    def within(self, xp: Kernels, raw: Any) -> Any:
        return raw

    def layout(self, shape: Sequence[int], strides: Sequence[int]) -> Layout | None:
        return tuple(shape), tuple(strides)


ASIDE: Final = Aside()


reshaped: Final = lru_cache(1000)(Reshaped)
permuted: Final = lru_cache(1000)(Permuted)


@cache
def transposed(rank: int) -> Permuted:
    """The axes of an array of this rank in reverse order."""
    return Permuted(tuple(range(rank))[::-1])


@cache
def transposed_matrices(rank: int) -> Permuted:
    """The last two axes exchanged."""
    return Permuted((*range(rank - 2), rank - 1, rank - 2))


# Making a view.


def share(view: Array, x: Array, step: Any) -> None:
    """Link `view`, just made from `x` by this step, to it."""
    signature: Any = x._signature
    views: Any = getattr(x, "_shares", None)
    if views is None:
        x._shares = [_FEW, ref(view)]
        view._shares = (ref(x), step, None, None, signature)
        return
    if views.__class__ is list and len(views) == 2 and views[1]() is None:
        views[1] = ref(view)
        view._shares = (ref(x), step, None, None, signature)
        return
    base, outer = x, None
    if views.__class__ is tuple:
        above = views[0]
        if above.__class__ is ref:
            above = above()
        if above is not None and not (x._node.__class__ is Leaf and is_variable(x)):
            base, outer = above, views
            if step.__class__ is Reshaped or step is ASIDE:
                step, outer, signature = _shortened(step, outer, signature)
        else:
            signature = views
        views = getattr(base, "_shares", None)
        if views.__class__ is not list:
            views = _views_of(base)
    while len(views) > 1 and views[-1]() is None:
        del views[-1]
    view._shares = (ref(base) if len(views) == 1 else base, step, outer, None, signature)
    views.append(ref(view))
    if len(views) > views[0]:
        _drop_dead(views)


def _shortened(step: Step, outer: Link, signature: Any) -> tuple[Step, Link | None, Any]:
    """A reshape or `ASIDE` after the steps of a link, in as few: one of each is enough, in either order."""
    last, before = outer[1], outer[2]
    if last.__class__ is step.__class__:
        return step, before, outer[4]
    if before is not None and before[1].__class__ is step.__class__:
        if step is ASIDE and last.__class__ is Reshaped:
            return last, before, outer[4]
        if last is ASIDE:
            return step, (outer[0], ASIDE, before[2], None, before[4]), signature
    return step, outer, signature


def share_reshaped(view: Array, x: Array) -> None:
    """Link `view`, a reshape of `x`, where it would share the memory of `x`, and not be a copy."""
    if view is x:
        return
    step = reshaped(view._signature.shape)
    if getattr(x, "_shares", None).__class__ is tuple and not x._face.contiguous_views:
        layout = layout_of(x)
        if layout is None or step.layout(*layout) is None:
            return
    share(view, x, step)


def _views_of(base: Array) -> Views:
    """The list of the views of a base, which may be a view itself."""
    shares = getattr(base, "_shares", None)
    if shares.__class__ is list:
        return shares
    if shares is None:
        base._shares = views = [_FEW]
        return views
    if shares[3] is None:
        base._shares = shares = (*shares[:3], [_FEW], shares[4])
    return shares[3]  # type: ignore[no-any-return]


def base_of(link: Link) -> Array | None:
    """The base of a view; None where it is gone, and the view is an array of its own."""
    base = link[0]
    return base() if base.__class__ is ref else base


def _drop_dead(views: Views) -> None:
    count = len(views)
    alive = [view for view in views[1:count] if view() is not None]
    views[0] = 2 * len(alive) + _FEW
    views[1:count] = alive  # one that was listed meanwhile stands behind


def _steps(link: Link) -> list[Any]:
    """The steps from the base to a view."""
    steps = []
    rest: Link | None = link
    while rest is not None:
        steps.append(rest[1])
        rest = rest[2]
    return steps[::-1]


def forward(x: Array, steps: Sequence[Any]) -> Array:
    """What these steps lead to from `x`."""
    getitem = OPS["getitem"].call
    for step in steps:
        x = getitem(x, key=step) if step.__class__ is tuple else step.forward(x)
    return x


def is_apart(x: Array) -> bool:
    """Whether no other array sees a write to this one."""
    shares: Any = getattr(x, "_shares", None)
    if shares.__class__ is tuple:
        return base_of(shares) is None and (shares[3] is None or all(view() is None for view in shares[3][1:]))
    return shares is None or all(view() is None for view in shares[1:])


def taken_from(x: Array) -> tuple[Array, Any] | None:
    """What an array is a view of, and the step that leads to it; None for an array that is not a view.

    The step is None where it takes more than one.
    """
    shares: Any = getattr(x, "_shares", None)
    base = base_of(shares) if shares.__class__ is tuple else None
    return None if base is None else (base, shares[1] if shares[2] is None else None)


# Views that are stale.


def _awaited(name: str) -> Any:
    def read(x: Any) -> Any:
        renew(x)
        return getattr(x, name)

    def write(x: Any, value: Any) -> None:
        renew(x)
        setattr(x, name, value)

    return property(read, write)


class _Stale:
    """An array whose value has to be taken from its base again, before anything is read or set.

    Code that asks for its class means that of the face, so reading `__class__` renews it too.
    """

    __slots__ = ()
    _value, _node, _kernels, _signature = map(_awaited, ("_value", "_node", "_kernels", "_signature"))
    __class__ = _awaited("__class__")


_set_class: Final = object.__dict__["__class__"].__set__

_STALE: dict[type, type] = {}
_FRESH: dict[type, type] = {}

_TRACKED: Final = Leaf()
"""Stands where a stale view had its node, to say that it had one."""


def _stale_class(cls: type[Array]) -> type[Array]:
    stale = _STALE.get(cls)
    if stale is None:
        names = {
            "__slots__": (),
            "__module__": cls.__module__,
            "__qualname__": cls.__qualname__,
            "__doc__": cls.__doc__,
        }
        stale = _STALE[cls] = type(cls.__name__, (_Stale, cls), names)
        _FRESH[stale] = cls
    return stale


def is_variable(x: Array) -> bool:
    """Whether `attach_grad` has made this array a variable."""
    return x._node.__class__ is Leaf and getattr(x, "_grad", None) is not None


def place_of(x: Array) -> Node | None:
    """The node of an array, or the one that its value has inside a batch."""
    return x._kernels.node_within(x._value) if x._node is None else x._node


def expire_views(base: Array) -> None:
    """Make the views of an array, which is about to be written to, stale: they let go of its memory too."""
    shares = getattr(base, "_shares", None)
    views = shares[3] if shares.__class__ is tuple else shares
    if views is not None:
        expire(base, views)


def expire(base: Array, views: Views) -> None:
    """`expire_views`, of those listed."""
    if len(views) == 1:
        return
    pairs = [(base, view) for reference in views[1:] if (view := reference()) is not None]
    del views[1:]
    for _, view in pairs:  # which grows on the way
        link = view._shares
        if link.__class__ is tuple and link[3] is not None:
            pairs += [(view, further) for reference in link[3][1:] if (further := reference()) is not None]
            del link[3][1:]
    for above, view in reversed(pairs):  # views before what they are views of
        if type(view) not in _FRESH and view._shares.__class__ is tuple:
            _make_stale(view, above)


def _make_stale(view: Array, base: Array) -> None:
    link: Any = view._shares
    if link[0].__class__ is ref:
        view._shares = (base, *link[1:])  # which must not go before the view has its value again
    if not is_variable(view):
        view._node = None if place_of(view) is None else _TRACKED
    # By which it is seen later whether the base has come to another place on the tape.
    at = place_of(base)
    view._value = None if at is None else ref(at)
    _set_class(view, _stale_class(view.__class__))


def renew(view: Any) -> None:
    """Give a stale view its value, and its place on the tape."""
    with _RENEWING:
        cls = _FRESH.get(type(view))
        if cls is not None:  # else another thread was quicker
            _renew(view, cls)


_RENEWING: Final = RLock()


def _renew(view: Any, cls: type[Array]) -> None:
    link = getattr(view, "_shares", None)
    if link.__class__ is not tuple:
        _set_class(view, cls)  # made of the class of a stale view, and still empty
        return
    base = link[0]
    slots = {name: getattr(cls, name) for name in ("_value", "_node", "_kernels", "_signature")}
    node, before = slots["_node"].__get__(view), slots["_value"].__get__(view)
    at = place_of(base)
    moved = at is not None and not is_variable(base) and (before is None or before() is not at)
    steps = _steps(link)
    own = node is not None and node is not _TRACKED
    if own and moved and MODE.get() & RECORDING:
        raise GraphError(
            "a recorded write has reached this variable (attach_grad), which is a view: it would stop being the "
            "variable; write to what it is a view of under autograd.pause(), or make a copy the variable"
        )
    recorded = not own and ASIDE not in steps and (moved or node is _TRACKED)
    if recorded:
        with Scope(RECORDING):
            shown = forward(base, steps)
    else:
        shown = forward(base._detached(), steps)
    slots["_value"].__set__(view, shown._value)
    slots["_node"].__set__(view, node if own else shown._node if recorded else None)
    slots["_kernels"].__set__(view, shown._kernels)
    slots["_signature"].__set__(view, shown._kernels.signatures[cls, shown._value.dtype, shown._value.shape])
    _set_class(view, cls)
    _list_again(view, base)


def _list_again(view: Array, base: Array) -> None:
    views = _views_of(base)
    if len(views) == 1 and view._shares[0] is base:
        view._shares = (ref(base), *view._shares[1:])
    views.append(ref(view))


# Writing.


def is_within(step: Any) -> bool:
    """Whether a step leads to elements of the same memory and dtype, where an engine's reading gives views."""
    return step.__class__ in _WITHIN


_WITHIN: Final = frozenset((tuple, Reshaped, Permuted, Aside))


def link_of(x: Array) -> Link | None:
    """The link of a view that is to be written to, if its base is there; None of every other array.

    Raises `ReadOnlyError` where nothing can be written.
    """
    shares: Any = getattr(x, "_shares", None)
    if shares.__class__ is not tuple:
        return None
    link: Link | None = shares
    while link is not None:
        if link[1].__class__ is Shown:
            link[1].back(x, x)
        link = link[2]
    return None if base_of(shares) is None else shares


def way_of(link: Link) -> tuple[Array, list[Any]]:
    """The base of a view, which is there, and the steps to the view, those by keys in one."""
    base: Any = base_of(link)
    steps = [link[1]] if link[2] is None else _steps(link)
    while len(steps) > 1 and steps[0].__class__ is steps[1].__class__ is tuple:
        key = joined(steps[0], steps[1], base.shape)
        if key is None:
            break
        steps[:2] = [key]
    return base, steps


def write_through(view: Array, link: Link, new: Array) -> None:
    """Give a view a new value, and its base the value that follows from it."""
    value, node, xp = new._value, new._node, new._kernels
    base, steps = way_of(link)
    views = _views_of(base)
    alone = link[3] is None and len(views) == 2 and views[1]() is view
    if alone:
        # The only view need not become stale on the way; it lets go of the memory of its base all the same.
        del views[1]
        view._value = value
    try:
        if ASIDE in steps:
            nodes = _nodes_from(base)
            with Scope(TOLD, RECORDING | RULED):
                _write_back(base, steps, new)
            for x, before in nodes:
                x._node = before
        else:
            _write_back(base, steps, new)
    except BaseException:
        if alone:
            _make_stale(view, base)
        raise
    cls = _FRESH.get(type(view))
    if cls is not None:
        _set_class(view, cls)
    view._take(value, node, xp)
    if alone or cls is not None:
        _list_again(view, base)


def _write_back(base: Array, steps: Sequence[Any], value: Array) -> None:
    first = steps[0]
    if len(steps) > 1:
        if steps[-1].__class__ is tuple and base._put_within(steps[:-1], steps[-1], value):
            return
        value = _before_last(base, steps, value)
    if value.__class__ is not base.__class__:
        value = value._of_class(base.__class__)
    if first.__class__ is tuple:
        base._put(first, value)
    else:
        base._rebind(first.back(base, value))


def _before_last(base: Array, steps: Sequence[Any], value: Array) -> Array:
    """What the first of these steps leads to becomes, where the last leads to this value."""
    between: list[Any] = [base]
    for step in steps[:-1]:
        between.append(forward(between[-1], (step,)))
    for step, x in zip(reversed(steps[1:]), reversed(between[1:]), strict=True):
        value = OPS["setitem"].call(x, value, key=step) if step.__class__ is tuple else step.back(x, value)
    return value


def _nodes_from(base: Array) -> list[tuple[Array, Node | None]]:
    """The places on the tape of a base, and of what that is a view of in turn."""
    nodes = [(base, base._node)]
    while (link := link_of(base)) is not None:
        base, _ = way_of(link)
        nodes.append((base, base._node))
    return nodes


# Keys, and where they lead in memory.


def is_plain(key: Any) -> bool:
    """Whether a key is a tuple of Python's ints and slices of them, None and one Ellipsis."""
    several = False
    for part in key:
        kind = part.__class__
        if kind is int or part is None or (kind is slice and is_of_ints(part)):
            continue
        if part is not Ellipsis or several:
            return False
        several = True
    return True


_PLAIN: Final = frozenset((int, type(None)))


def is_of_ints(part: slice) -> bool:
    """Whether a slice is of Python's own ints."""
    return part.start.__class__ in _PLAIN and part.stop.__class__ in _PLAIN and part.step.__class__ in _PLAIN


def _at(parts: Sequence[Any], key: tuple[Any, ...]) -> list[Any] | None:
    """What a key picks from `parts`: for each axis of an array an int or a range, and None for each new axis.

    None where it is out of bounds, or empties a new axis.
    """
    axes = sum(part.__class__ is not int for part in parts)
    named = sum(part is not None and part is not Ellipsis for part in key)
    if named > axes:
        return None
    steps: list[Any] = []
    for part in key:
        steps += [slice(None)] * (axes - named) if part is Ellipsis else [part]
        if part is Ellipsis:
            named = axes
    steps += [slice(None)] * (axes - named)
    joined: list[Any] = []
    rest = iter(steps)
    for part in parts:
        if part.__class__ is int:
            joined.append(part)
            continue
        for by in rest:
            if by is not None:
                break
            joined.append(None)
        span = range(1) if part is None else part
        if by.__class__ is int:
            if not -len(span) <= by < len(span):
                return None
            if part is not None:
                joined.append(span[by])
        elif part is not None:
            joined.append(span[by])
        elif span[by]:
            joined.append(None)
        else:
            return None
    return joined + [part for part in rest if part is None]


def _as_slice(span: range) -> slice:
    if not span:
        return slice(0, 0)
    stop = span[-1] + span.step
    return slice(span[0], None if stop < 0 else stop, span.step)


def joined(first: tuple[Any, ...], second: tuple[Any, ...], shape: Sequence[int]) -> tuple[Any, ...] | None:
    """The key that leads, in an array of this shape, where the second leads after the first; None if there is none."""
    parts = _at([range(length) for length in shape], first)
    parts = None if parts is None else _at(parts, second)
    return None if parts is None else tuple([_as_slice(p) if p.__class__ is range else p for p in parts])


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, counted in elements, of an array of this shape that lies row by row."""
    strides, stride = [], 1
    for length in reversed(shape):
        strides.append(stride)
        stride *= length
    return tuple(strides[::-1])


def is_laid_out(x: Array, order: str) -> bool:
    """Whether the elements would lie side by side in NumPy's memory: row by row, or column by column in order "F"."""
    layout = layout_of(x)
    if layout is None:
        return False
    shape, strides = (axes if order == "C" else axes[::-1] for axes in layout)
    return all(n == 1 or stride == at for n, stride, at in zip(shape, strides, row_major(shape), strict=True))


def layout_of(x: Array) -> Layout | None:
    """The shape of an array and the strides, in elements, that NumPy would have for it; None for what it would copy."""
    link: Any = getattr(x, "_shares", None)
    return _layout_at(link) if link.__class__ is tuple else (x.shape, row_major(x.shape))


def _layout_at(link: Link) -> Layout | None:
    first = link
    while first[2] is not None:
        first = first[2]
    layout = _layout_at(first[4]) if first[4].__class__ is tuple else (first[4].shape, row_major(first[4].shape))
    for step in _steps(link):
        if layout is None:
            break
        shape, strides = layout
        if step.__class__ is not tuple:
            layout = step.layout(shape, strides)
            continue
        parts = _at([range(length) for length in shape], step)
        if parts is None:
            return None
        own = iter(strides)
        picked: list[tuple[int, int]] = []
        for part in parts:
            stride = 0 if part is None else next(own)
            if part.__class__ is not int:
                picked.append((1, 0) if part is None else (len(part), part.step * stride))
        layout = tuple([length for length, _ in picked]), tuple([stride for _, stride in picked])
    return layout


def _strides_of_reshaped(shape: Sequence[int], strides: Sequence[int], target: Sequence[int]) -> tuple[int, ...] | None:
    """The strides of a reshape that shares the memory; None where there are none, and a reshape is a copy."""
    if 0 in shape:
        return row_major(target)
    # Runs of axes that lie in memory as one axis would: each is (length of all, stride of the last).
    runs: list[tuple[int, int]] = []
    for length, stride in zip(shape, strides, strict=True):
        if length == 1:
            continue
        if runs and runs[-1][1] == length * stride:
            runs[-1] = runs[-1][0] * length, stride
        else:
            runs.append((length, stride))
    result: list[int] = []
    ahead = runs[::-1]
    count, stride = ahead.pop() if ahead else (1, 1)
    for length in target:
        if count == 1 and ahead and length != 1:
            count, stride = ahead.pop()
        if count % length:
            return None
        count //= length
        result.append(count * stride)
    return tuple(result)


def is_scattered(key: Sequence[Any], shape: Sequence[int]) -> bool:
    """Whether a plain key picks elements that do not lie side by side in an array that lies row by row."""
    if None in key:
        key = [part for part in key if part is not None]
    if Ellipsis in key:
        place = key.index(Ellipsis)
        key = [*key[:place], *(_ALL,) * (len(shape) - len(key) + 1), *key[place + 1 :]]
    axis, cut = len(key), False  # whether an axis behind is cut
    for part in reversed(key):
        axis -= 1
        length = shape[axis]
        if part.__class__ is int:
            cut = cut or length > 1
        elif part == _ALL:
            if cut and length > 1:
                return True
        else:
            start, stop, step = part.indices(length)
            count = len(range(start, stop, step))
            if count > 1 and (cut or step != 1):
                return True
            cut = cut or count < length
    return False


_ALL: Final = slice(None)
