"""The two sweeps over the tape.

A sweep goes through the nodes by number and keeps cotangents and tangents in tables of its own, so that two sweeps of
one graph never meet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from operator import attrgetter
from typing import Any
from weakref import WeakKeyDictionary

from ..errors import GraphFreedError
from .mode import ANOMALY, LEVEL, MODE
from .nodes import Node, Sweep
from .observers import tell_pushed, tell_swept

WATCHERS: WeakKeyDictionary[Node, list[Callable[[Any, bool], Any]]] = WeakKeyDictionary()
"""Hooks by the node of the value they were registered on; a sweep looks here only while there are any."""


def _watch(node: Node, g: Any, recorded: bool) -> Any:
    for watcher in WATCHERS.get(node, ()):
        replaced = watcher(g, recorded)
        if replaced is not None:
            g = replaced
    return g


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
        tell_swept(table)
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
    xp: Any = None,
    since: int = 1,
) -> list[Any]:
    """Carry the leaves' tangents in `tangents` forward to the heads, oldest node first, and return theirs (None: zero).

    `xp`: the kernels that the rules run on, None for each node's own. With `wrap` the tangents are arrays and the sweep
    goes on the tape, with the recorded ops for `xp`; without, they are raw.
    """
    table = dict(tangents)
    looking = MODE.get() & ANOMALY
    for node in reachable([head for head in heads if head is not None], since):
        if node not in table:
            tangent = node.push(xp, wrap, table)
            if tangent is not None:
                table[node] = tangent
                if looking:
                    tell_pushed(node, tangent)
    return [None if head is None else table.get(head) for head in heads]
