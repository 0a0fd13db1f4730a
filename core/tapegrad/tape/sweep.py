"""The two sweeps over the tape.

A sweep goes through the nodes by number and keeps cotangents and tangents in tables of its own, so that two sweeps of
one graph never meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from heapq import heappop, heappush
from operator import attrgetter
from threading import get_ident
from typing import Any
from weakref import WeakKeyDictionary

from ..errors import GraphFreedError
from .mode import ANOMALY, MODE
from .nodes import Node, Sweep, Wrap, deposit, next_seq
from .observers import tell_pushed, tell_swept

WATCHERS: WeakKeyDictionary[Node, list[Callable[[Any, bool], Any]]] = WeakKeyDictionary()
"""Hooks by the node of the value they were registered on; a sweep looks here only while there are any."""


def _watch(node: Node, g: Any, recorded: bool) -> Any:
    for watcher in WATCHERS.get(node, ()):
        replaced = watcher(g, recorded)
        if replaced is not None:
            g = replaced
    return g


@contextmanager
def cotangents_at(nodes: Iterable[Node]) -> Iterator[dict[Node, Any]]:
    """The complete cotangents that sweeps of this thread bring to these nodes while the block runs."""
    thread = get_ident()
    cotangents: dict[Node, Any] = {}

    def note(node: Node, g: Any, recorded: bool) -> None:
        if get_ident() == thread:
            cotangents[node] = g

    watchers = {node: partial(note, node) for node in nodes}
    for node, watcher in watchers.items():
        WATCHERS.setdefault(node, []).append(watcher)
    try:
        yield cotangents
    finally:
        for node, watcher in watchers.items():
            unwatch(node, watcher)


def unwatch(node: Node, watcher: Callable[[Any, bool], Any]) -> None:
    """Take a hook off a node; does nothing if it is gone already."""
    left = [w for w in WATCHERS.get(node, ()) if w is not watcher]
    if left:
        WATCHERS[node] = left
    else:
        WATCHERS.pop(node, None)


def reverse_sweep(
    seeds: Iterable[tuple[Node, Any]],
    free: bool = True,
    since: int = 1,
    truncate: bool = False,
    xp: Any = None,
    wrap: Wrap | None = None,
) -> dict[Node, Any]:
    """Carry the cotangents of `seeds` back to the leaves, newest node first, and return the leaves' cotangents.

    With `wrap` cotangents are arrays and the sweep goes on the tape, `xp` being the recorded ops; without, they are raw
    values, and each node's own kernels are taken unless `xp` gives others. With `free` each node is freed once it has
    been pulled. Nodes numbered below `since` are not pulled: leaves, the variables of the transform that sweeps, and
    what belongs to an outer one; their cotangents are what is returned. Iterative, so that the length of a chain does
    not matter. Raises `GraphFreedError` at a node that an earlier sweep has freed; with `truncate` not if it is only
    reached from what was computed after that sweep, which has it for a constant.
    """
    table: dict[Node, Any] = {}
    met = Sweep()
    met.began, met.buffers = next_seq(), None
    watching = bool(WATCHERS.data)  # type: ignore[attr-defined]  # its length is computed in Python
    released = met if free else None
    pending: list[tuple[float, Node]] = []
    source: Node | None = None  # the node pulled before
    node: Node | None = None  # the node in hand, whose cotangent `g` is not in the table
    g = None
    hooked = False
    for head, seed in seeds:
        if node is not None:
            deposit(table, met, node, g)
        node, g = head, seed
    try:
        while True:
            if not (pending or watching):
                # Along a chain a cotangent goes from one pull to the next in hand, and not through the table.
                while node is not None and not met and node.seq >= since:
                    parent, g = node.pull(g, table, met, released, xp, wrap)
                    source, node = node, parent
            if node is not None:
                deposit(table, met, node, g)
            # Nodes that were met wait in a heap, newest first.
            for node in met:
                if node.seq >= since:
                    if truncate and source is not None and _is_past(node, source):
                        del table[node]
                    else:
                        heappush(pending, (-node.seq, node))
            met.clear()
            if not pending:
                break
            source, node = None, heappop(pending)[1]
            g = table.pop(node)
            if watching:
                hooked = True  # what a hook raises is the user's
                g = _watch(node, g, wrap is not None)
                hooked = False
            parent, g = node.pull(g, table, met, released, xp, wrap)
            source, node = node, parent
    except BaseException as error:
        # A node that came in hand is the only one that was left, so if it is a constant the sweep is over.
        in_hand = node is not None and source is not None and isinstance(error, GraphFreedError) and error.node is node
        if not (truncate and in_hand and _is_past(node, source)):  # type: ignore[arg-type]
            met.clear()
            met.began = math.inf  # so that no later sweep takes what it has freed for a constant
            if node is not None and not hooked and isinstance(error, Exception):
                _explain(node, g, error)
            raise
    if watching:
        table = {node: _watch(node, g, wrap is not None) for node, g in table.items()}
    if MODE.get() & ANOMALY:
        tell_swept(table)
    return table


def _explain(node: Node, value: Any, error: Exception) -> None:
    """Raise the error of a node in the node's own words, if it has any."""
    told = node.explained(value, error)
    if told is not None:
        try:
            raise told from error
        finally:
            del told  # whose traceback holds this frame


def _is_past(node: Node, source: Node) -> bool:
    """Whether a node was freed before `source`, which the sweep comes from, was made: then it is a constant here."""
    sweep = node.xp
    return sweep.__class__ is Sweep and source.seq > sweep.began


def reachable(heads: Iterable[Node], since: int = 0) -> list[Node]:
    """All nodes from which the heads were computed and that are numbered `since` or above, oldest first."""
    seen: set[Node] = set()
    ahead = list(heads)
    while ahead:
        node = ahead.pop()
        if node not in seen and node.seq >= since:
            seen.add(node)
            ahead += node.parents()
    return sorted(seen, key=_seq_of)


_seq_of = attrgetter("seq")


def forward_sweep(
    heads: Sequence[Node | None],
    tangents: dict[Node, Any],
    *,
    since: int = 1,
    xp: Any = None,
    wrap: Wrap | None = None,
) -> list[Any]:
    """Carry the leaves' tangents in `tangents` forward to the heads, oldest node first, and return theirs (None: zero).

    `xp` and `wrap` are those of `reverse_sweep`.
    """
    table = dict(tangents)
    looking = MODE.get() & ANOMALY
    for node in reachable([head for head in heads if head is not None], since):
        if node not in table:
            try:
                tangent = node.push(xp, wrap, table)
            except Exception as error:
                _explain(node, next(iter(table.values())), error)
                raise
            if tangent is not None:
                table[node] = tangent
                if looking:
                    tell_pushed(node, tangent)
    return [None if head is None else table.get(head) for head in heads]
