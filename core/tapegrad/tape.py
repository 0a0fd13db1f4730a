"""The tape: what recording leaves behind, and the two sweeps over it.

A node holds the nodes it came from and the raw values that its formulas name; handles hold nodes, and no node ever
holds a handle, so memory falls by reference counting alone. Nodes are numbered as they are made; a sweep goes through
them in that order, and keeps cotangents and tangents in tables of its own, so that two sweeps never meet.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar, Token
from heapq import heappop, heappush
from operator import attrgetter
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary, ref

from .errors import GradientEscapeError, GraphFreedError
from .kernels import RECORDED

__all__ = [
    "LIVE",
    "MODE",
    "RECORDING",
    "TRAINING",
    "Entry",
    "Leaf",
    "Node",
    "Output",
    "Scope",
    "check_thread",
    "check_variables",
    "forward_sweep",
    "is_fresh",
    "is_recording",
    "is_training",
    "next_seq",
    "pause",
    "predict_mode",
    "record",
    "reverse_sweep",
    "set_recording",
    "set_training",
    "train_mode",
]

RECORDING, TRAINING, JOURNALING, ANOMALY, LEVEL = 1, 2, 4, 8, 16
"""Bits of the mode word; the depth of enclosing vmaps is counted from `LEVEL` up."""

MODE: ContextVar[int] = ContextVar("tapegrad_mode", default=0)
next_seq = itertools.count(1).__next__


class Scope:
    """A stretch of a program in which bits of the mode word are set and others cleared; it may be entered again."""

    __slots__ = ("clear", "previous", "set")

    def __init__(self, set: int = 0, clear: int = 0) -> None:
        self.set = set
        self.clear = clear
        self.previous: list[Token[int]] = []

    def __enter__(self) -> None:
        self.previous.append(MODE.set(MODE.get() & ~self.clear | self.set))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        restore_mode(self.previous.pop())


def restore_mode(token: Token[int]) -> None:
    """Put the mode word back to what it was, which may be that nobody had set it; in another context, to its value."""
    try:
        MODE.reset(token)
    except ValueError:
        MODE.set(0 if token.old_value is Token.MISSING else token.old_value)


def record(train_mode: bool = True) -> Scope:
    """Record ops within a `with` block, for `backward`. `train_mode` says whether `is_training()` holds in it.

    Blocks nest, and each thread and task has its own state. Recording keeps what the backward pass needs; where no
    gradient is wanted leave it out, or `pause()`.

    >>> from tapegrad import nd
    >>> x = nd.array([1, 2])
    >>> x.attach_grad()
    >>> with record():
    ...     y = x * x
    >>> y.backward()
    >>> x.grad.asnumpy().tolist()
    [2.0, 4.0]
    >>> with record(train_mode=False):
    ...     is_recording(), is_training()
    (True, False)
    """
    return Scope(RECORDING | TRAINING) if train_mode else Scope(RECORDING, TRAINING)


def pause(train_mode: bool = False) -> Scope:
    """Stop recording within a `with` block: what is computed there is a constant.

    `train_mode` says whether `is_training()` holds in it. For bookkeeping, updates of parameters and metrics inside a
    recorded block.

    >>> with record(), pause():
    ...     is_recording()
    False
    """
    return Scope(TRAINING, RECORDING) if train_mode else Scope(0, RECORDING | TRAINING)


def train_mode() -> Scope:
    """Ops behave as in training (dropout drops) within a `with` block; recording stays as it is.

    >>> with train_mode():
    ...     is_recording(), is_training()
    (False, True)
    """
    return Scope(TRAINING)


def predict_mode() -> Scope:
    """Ops behave as in prediction (dropout passes) within a `with` block; recording stays as it is.

    >>> with record():
    ...     with predict_mode():
    ...         is_recording(), is_training()
    (True, False)
    """
    return Scope(0, TRAINING)


def is_recording() -> bool:
    """Whether ops are being recorded, in this thread or task.

    >>> is_recording()
    False
    >>> with record():
    ...     is_recording()
    True
    """
    return bool(MODE.get() & RECORDING)


def is_training() -> bool:
    """Whether ops behave as in training, in this thread or task.

    Dropout drops and batch normalization uses the batch's statistics where it holds. `record()` switches it on too.

    >>> with train_mode():
    ...     is_training()
    True
    """
    return bool(MODE.get() & TRAINING)


def _switch(bit: int, on: bool) -> bool:
    mode = MODE.get()
    MODE.set(mode | bit if on else mode & ~bit)
    return bool(mode & bit)


def set_recording(is_recording: bool) -> bool:
    """Switch recording on or off and return what it was.

    Prefer `record()` and `pause()`, which end by themselves.

    >>> set_recording(True), set_recording(False), is_recording()
    (False, True, False)
    """
    return _switch(RECORDING, is_recording)


def set_training(train_mode: bool) -> bool:
    """Switch training behaviour on or off and return what it was.

    Prefer `train_mode()` and `predict_mode()`, which end by themselves.

    >>> set_training(True), set_training(False), is_training()
    (False, True, False)
    """
    return _switch(TRAINING, train_mode)


LIVE: dict[int, Sequence[Sequence[Node]]] = {}
"""The variables of the transforms whose functions are running, in any thread, by the number that came before them."""


def is_fresh() -> bool:
    """Whether this thread or task has never been told to record or to pause, as a thread just started."""
    return MODE.get(None) is None


def check_thread(nodes: Iterable[Node | None], how: str) -> None:
    """Refuse what a thread does unrecorded to values that a transform in another thread is differentiating.

    A new thread starts in an empty context, in which nothing is recorded; `pause()` says so on purpose, and passes.
    """
    if LIVE and is_fresh():
        check_variables(nodes, how)


def check_variables(nodes: Iterable[Node | None], how: str) -> None:
    """`check_thread` in a fresh context while some transform is running."""
    first = min(list(LIVE), default=None)
    if first is None:
        return
    variables = {node for rows in list(LIVE.values()) for row in rows for node in row}
    met: set[Node] = set()
    ahead = [node for node in nodes if node is not None]
    while ahead:
        node = ahead.pop()
        if node in variables:
            raise GradientEscapeError(
                f"{how} in a thread of its own, of an array that is being differentiated, would lose its gradient: a "
                "new thread starts without recording. Make a contextvars.copy_context() for each thread and call its "
                "run there, or use x.detach() if you mean it"
            )
        if node in met or node.seq < first:
            continue
        met.add(node)
        try:
            ahead.extend(node.parents())
        except GraphFreedError:
            continue


class Journal:
    """The handles that a function under a transform rebinds, so that the transform can see to those that outlive it.

    Bits of the mode word named in `set` are set meanwhile.
    """

    __slots__ = ("entries", "mode", "outer", "set")

    def __init__(self, set: int = 0) -> None:
        self.set = set
        self.entries: dict[int, tuple[Any, tuple[Any, ...]]] = {}

    def __enter__(self) -> Journal:
        self.outer = JOURNAL.get()
        JOURNAL.set(self)
        self.mode = MODE.set(MODE.get() | self.set | JOURNALING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        JOURNAL.set(self.outer)
        restore_mode(self.mode)

    def note(self, x: Any) -> None:
        """Enter a handle that is about to be rebound, with what it holds now."""
        if id(x) not in self.entries:
            self.entries[id(x)] = (ref(x), x._held())
        if self.outer is not None:
            self.outer.note(x)

    def survivors(self, results: Iterable[Any]) -> list[tuple[Any, tuple[Any, ...]]]:
        """The handles that still live, apart from the results, each with what it held before."""
        returned = {id(x) for x in results}
        alive = [(reference(), held) for reference, held in self.entries.values()]
        return [(x, held) for x, held in alive if x is not None and id(x) not in returned]


JOURNAL: ContextVar[Journal | None] = ContextVar("tapegrad_journal", default=None)


class Node:
    """What one recorded op left: its parents, its kernels, and what its formulas named.

    `plan.py` writes a subclass per op and set of recorded inputs, with these methods; each takes the sweep's table and
    adds what it computes to it. `pull` works on raw values, `pull_batched` on batched ones, `pull_recorded` on arrays.
    """

    __slots__ = ("__weakref__", "seq", "xp")
    seq: int
    xp: Any
    """The kernels of the node's engine; of a node that a sweep has freed, that sweep."""
    label = ""

    def pull(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        """Add the cotangents of the parents to `table`, and let go of parents and values if `free`.

        Of the parents that the table did not know, one may be returned; the others go to `fresh`.
        """
        raise NotImplementedError

    def pull_last(self, g: Any, table: dict[Node, Any], fresh: Sweep) -> tuple[Node | None, Any]:
        """`pull` for the last time: frees the node. A parent may be returned with its cotangent, not yet in `table`."""
        following = self.pull(g, table, fresh, True)
        self.xp = fresh
        return (None, None) if following is None else (following, table.pop(following))

    def pull_batched(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        """`pull` where some values are batched."""
        return self.pull(g, table, fresh, free)

    def pull_recorded(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        """`pull` on arrays and with recording ops, so that the sweep is itself on the tape."""
        raise NotImplementedError

    def push(self, xp: Any, wrap: Callable[[Any, Node | None, Any], Any] | None, table: dict[Node, Any]) -> Any:
        """The tangent of the output from those of the parents in `table`; None where none is there.

        `xp` is None for the node's own kernels; `wrap` makes arrays of saved values where the sweep is recorded.
        """
        raise NotImplementedError

    def parents(self) -> tuple[Node, ...]:
        """The nodes of the recorded inputs. Raises `GraphFreedError` if they are gone."""
        return ()


def freed(node: Node) -> GraphFreedError:
    """The error for a sweep that comes to a node an earlier one has freed."""
    error = GraphFreedError(
        f"this graph was already freed, by an earlier backward or grad through {node.label or 'one of its ops'}; "
        "pass retain_graph=True to the earlier call, or record again"
    )
    error.node = node
    return error


class Leaf(Node):
    """Where a graph begins: a variable. It knows the cell of its gradient, weakly, and how to write to it.

    `fresh`: a backward has written to the cell since somebody last cleared this. Its number is 0, before all others.
    """

    __slots__ = ("cell", "fresh", "req")
    label = "variable"

    def __init__(self, cell: Any = None, req: str = "write") -> None:
        self.seq = 0
        self.xp = None
        self.cell = None if cell is None else ref(cell)
        self.req = req
        self.fresh = False


class Entry(Node):
    """Where a transform begins: the variable of its own sweep, and for the sweeps of outer transforms a way through."""

    __slots__ = ("parent",)
    label = "argument"

    def __init__(self, parent: Node) -> None:
        self.seq = next_seq()
        self.xp = None
        self.parent: Node | None = parent

    def pull(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        parent = self.parent
        if parent is None:
            raise freed(self)
        if free:
            self.parent = None
        known = table.get(parent)
        if known is None:
            table[parent] = g
            return parent
        table[parent] = known + g
        return None

    pull_recorded = pull

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        if self.parent is None:
            raise freed(self)
        return table.get(self.parent)

    def parents(self) -> tuple[Node, ...]:
        if self.parent is None:
            raise freed(self)
        return (self.parent,)


class Output(Node):
    """One output of a node that has several: passes its cotangent on to a list that the node pulls as a whole."""

    __slots__ = ("index", "source")
    label = "output"

    def __init__(self, source: Node, index: int) -> None:
        self.seq = next_seq()
        self.xp = None
        self.source: Node | None = source
        self.index = index

    def pull(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        source = self.source
        if source is None:
            raise freed(self)
        if free:
            self.source = None
        cotangents = table.get(source)
        if cotangents is None:
            table[source] = {self.index: g}
            return source
        known = cotangents.get(self.index)
        cotangents[self.index] = g if known is None else known + g
        return None

    pull_recorded = pull

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        source = self.source
        if source is None:
            raise freed(self)
        tangents = table.get(source)
        return None if tangents is None else tangents[self.index]

    def parents(self) -> tuple[Node, ...]:
        if self.source is None:
            raise freed(self)
        return (self.source,)


WATCHERS: WeakKeyDictionary[Node, list[Callable[[Any, bool], Any]]] = WeakKeyDictionary()
"""Hooks by the node of the value they were registered on; a sweep looks here only while there are any."""


def _watch(node: Node, g: Any, recorded: bool) -> Any:
    for watcher in WATCHERS.get(node, ()):
        replaced = watcher(g, recorded)
        if replaced is not None:
            g = replaced
    return g


class Sweep(list[Node]):
    """The nodes that a reverse sweep has met and not yet put in order. What the sweep frees refers to it for good.

    `began`: the number that nodes made from then on are above. `failed`: it freed some nodes and then came to a halt.
    """

    __slots__ = ("began", "failed")

    def __init__(self) -> None:
        self.began = next_seq()
        self.failed = False


def reverse_sweep(
    seeds: Iterable[tuple[Node, Any]],
    *,
    recorded: bool = False,
    free: bool = True,
    since: int = 1,
    truncate: bool = False,
) -> dict[Node, Any]:
    """Carry the cotangents of `seeds` back to the leaves, newest node first, and return the leaves' cotangents.

    With `recorded` cotangents are arrays and the sweep goes on the tape. With `free` each node is freed once it has
    been pulled. Nodes numbered below `since` are not pulled: leaves, the variables of the transform that sweeps, and
    what belongs to an outer one; their cotangents are what is returned. Iterative, so that the length of a chain does
    not matter. Raises `GraphFreedError` at a node that an earlier sweep has freed; with `truncate` not if it is only
    reached from what was computed after that sweep, which has it for a constant.
    """
    table: dict[Node, Any] = {}
    fresh = Sweep()
    for node, g in seeds:
        known = table.get(node)
        if known is None:
            table[node] = g
            fresh.append(node)
        else:
            table[node] = known + g
    mode = MODE.get()
    batched = not recorded and mode >= LEVEL
    watching = len(WATCHERS) > 0
    try:
        if free and not (recorded or batched or watching or mode & ANOMALY):
            return _plain_sweep(table, fresh, since, truncate)
        return _any_sweep(table, fresh, since, truncate, recorded, batched, free, watching)
    except BaseException:
        fresh.clear()
        fresh.failed = free
        raise


def _any_sweep(
    table: dict[Node, Any],
    fresh: Sweep,
    since: int,
    truncate: bool,
    recorded: bool,
    batched: bool,
    free: bool,
    watching: bool,
) -> dict[Node, Any]:
    """`reverse_sweep` of any kind. `source` is the node pulled before, where the next was reached from it alone."""
    pending: list[tuple[int, Node]] = []
    node: Node | None = None
    following: Node | None = None
    while True:
        if following is not None and not fresh and not pending:
            source, node = node, following
            if node.seq < since:
                break
        else:
            if following is not None:
                fresh.append(following)
            while fresh:
                met = fresh.pop()
                if met.seq < since:
                    continue
                if truncate and node is not None and _is_past(met, node):
                    del table[met]
                else:
                    heappush(pending, (-met.seq, met))
            if not pending:
                break
            source, node = None, heappop(pending)[1]
        g = table.pop(node)
        if watching:
            g = _watch(node, g, recorded)
        try:
            if recorded:
                following = node.pull_recorded(g, table, fresh, free)
            elif batched:
                following = node.pull_batched(g, table, fresh, free)
            else:
                following = node.pull(g, table, fresh, free)
        except GraphFreedError as error:
            if not (truncate and error.node is node and source is not None and _is_past(node, source)):
                raise
            break
        if free:
            node.xp = fresh
    if watching:
        table = {node: _watch(node, g, recorded) for node, g in table.items()}
    if MODE.get() & ANOMALY:
        from .inspection import check_gradients

        check_gradients(table)
    return table


def _is_past(node: Node, source: Node) -> bool:
    """Whether a node was freed before the one was made that a sweep has come from: a constant for it."""
    sweep = node.xp
    return sweep.__class__ is Sweep and not sweep.failed and source.seq > sweep.began


def _plain_sweep(table: dict[Node, Any], fresh: Sweep, since: int, truncate: bool) -> dict[Node, Any]:
    """The commonest `reverse_sweep`: over raw values, without hooks, freeing each node.

    Along a chain a cotangent goes from one pull to the next in hand, without passing through the table.
    """
    pending: list[tuple[int, Node]] = []
    source: Node | None = None
    node: Node | None
    while True:
        if len(fresh) == 1 and not pending:
            node = fresh.pop()
            if node.seq < since:
                return table
            if truncate and source is not None and _is_past(node, source):
                del table[node]
                return table
        else:
            while fresh:
                node = fresh.pop()
                if node.seq < since:
                    continue
                if truncate and source is not None and _is_past(node, source):
                    del table[node]
                else:
                    heappush(pending, (-node.seq, node))
            if not pending:
                return table
            node = heappop(pending)[1]
        source, (node, g) = node, node.pull_last(table.pop(node), table, fresh)
        if not pending:
            try:
                while node is not None and not fresh and node.seq >= since:
                    following, g = node.pull_last(g, table, fresh)
                    source, node = node, following
            except GraphFreedError as error:
                assert node is not None
                assert source is not None
                if not (truncate and error.node is node and _is_past(node, source)):
                    raise
                return table
        if node is not None:
            known = table.get(node)
            if known is None:
                table[node] = g
                fresh.append(node)
            else:
                table[node] = known + g


def reachable(heads: Iterable[Node], since: int = 0) -> list[Node]:
    """All nodes from which the heads were computed and that are numbered `since` or above, oldest first."""
    seen: set[Node] = set()
    ahead = list(heads)
    while ahead:
        node = ahead.pop()
        if node not in seen and node.seq >= since:
            seen.add(node)
            ahead.extend(node.parents())
    return sorted(seen, key=_seq_of)


_seq_of = attrgetter("seq")


def forward_sweep(
    heads: Sequence[Node | None],
    tangents: dict[Node, Any],
    *,
    wrap: Callable[[Any, Node | None, Any], Any] | None,
    batched_xp: Any = None,
    since: int = 1,
) -> list[Any]:
    """Carry the leaves' tangents in `tangents` forward to the heads, oldest node first, and return theirs (None: zero).

    With `wrap` the tangents are arrays and the sweep goes on the tape; without, they are raw.
    """
    table = dict(tangents)
    looking = MODE.get() & ANOMALY
    xp = RECORDED if wrap else batched_xp
    for node in reachable([head for head in heads if head is not None], since):
        if node not in table:
            tangent = node.push(xp, wrap, table)
            if tangent is not None:
                table[node] = tangent
                if looking:
                    from .inspection import check_tangent

                    check_tangent(node, tangent)
    return [None if head is None else table.get(head) for head in heads]
