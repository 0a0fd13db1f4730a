"""Nodes: what one recorded op leaves on the tape.

A node holds the nodes it came from and the raw values that its formulas name. Handles hold nodes, and no node ever
holds a handle, so memory falls by reference counting alone. Nodes are numbered as they are made.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from ..errors import GraphFreedError

next_seq = itertools.count(1).__next__

Wrap = Callable[[Any, "Node | None", Any], Any]
"""What makes an array of a saved value, the node that it belongs to, and the node's kernels."""


class Node:
    """What one recorded op left: its parents, its kernels, and what its formulas named.

    `op/nodes.py` writes a subclass for each op and set of recorded inputs. Arguments tell a node what sort of sweep it
    is in: over raw values or, with `wrap`, over arrays; with which kernels; and whether it frees what it has pulled.
    """

    __slots__ = ("__weakref__", "seq", "xp")
    seq: float
    """The number, in the order in which nodes are made. Its fraction says how many vmaps enclose the variables that the
    node depends on: see `level_of`."""
    xp: Any
    """The kernels of the node's engine; of a node that a sweep has freed, that sweep."""
    label = ""

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        """Pull back a cotangent: return one parent with its cotangent, and deposit those of the others.

        The returned pair is in hand and not yet in `table`; parents that `table` did not know go to `met`. `free` is
        the sweep that frees the node, `xp` its kernels (None: the node's own); `wrap` makes arrays of saved values
        where the sweep is itself recorded.
        """
        raise NotImplementedError

    def push(self, xp: Any, wrap: Wrap | None, table: dict[Node, Any]) -> Any:
        """The tangent of the output from those of the parents in `table`; None where none is there.

        `xp` is None for the node's own kernels; `wrap` makes arrays of saved values where the sweep is recorded.
        """
        raise NotImplementedError

    def parents(self) -> tuple[Node, ...]:
        """The nodes of the recorded inputs. Raises `GraphFreedError` if they are gone."""
        return ()

    def explained(self, value: Any, error: Exception) -> Exception | None:
        """An error of `pull` or `push`, for that cotangent or tangent, in the node's own words; None to let it pass."""
        return None


_DEEPEST = 1024


def level_of(node: Node) -> int:
    """How many vmaps enclose the variables that a node depends on."""
    return int(node.seq % 1 * _DEEPEST)


def set_level(node: Node, level: int) -> None:
    """Note how many vmaps enclose the variables that a node depends on; needless for none."""
    node.seq = int(node.seq) + level / _DEEPEST


def note_level(node: Node) -> None:
    """Note the level of a node that was recorded under vmap: the highest of its parents'."""
    node.seq = node.seq // 1 + max([parent.seq % 1 for parent in node.parents()], default=0)


def deposit(table: dict[Node, Any], met: list[Node], parent: Node, g: Any) -> None:
    """Add a cotangent to what a sweep's table has for a node."""
    known = table.get(parent)
    if known is None:
        table[parent] = g
        met.append(parent)
    else:
        table[parent] = known + g


def freed(node: Node) -> GraphFreedError:
    """The error for a sweep that comes to a node an earlier one has freed."""
    error = GraphFreedError(
        f"this graph was already freed, by an earlier backward or grad through {node.label or 'one of its ops'}; "
        "pass retain_graph=True to the earlier call, or record again"
    )
    error.node = node
    return error


class Sweep(list[Node]):
    """The nodes that a reverse sweep has met and not yet put in order. What the sweep frees refers to it for good.

    `began`: nodes made since have higher numbers; infinite if the sweep failed. `buffers`: cotangents to which the
    sweep alone may write, weakly, by the id of their node: those put together of parts.
    """

    __slots__ = ("began", "buffers")
    began: float
    buffers: dict[int, Callable[[], Any]] | None


def _no_cell() -> None:
    """The cell of a leaf that has no gradient of its own."""


class Leaf(Node):
    """Where a graph begins: a variable. It knows the cell of its gradient, weakly, and how to write to it.

    `fresh`: a backward has written to the cell since this flag was last cleared. `plain`: the cotangent that a backward
    brings is the gradient as it stands. Leaves are numbered 0, or a fraction, so that they come before all other nodes.
    """

    __slots__ = ("cell", "fresh", "plain", "req")
    label = "variable"

    def __init__(self, cell: Any = None, req: str = "write") -> None:
        self.seq = 0
        self.xp = None
        self.cell: Callable[[], Any] = _no_cell if cell is None else ref(cell)
        self.req = req
        self.fresh = False
        self.plain = cell is None or (req == "write" and not cell._kernels.layouts)

    def explained(self, value: Any, error: Exception) -> Exception | None:
        return next(filter(None, (tell(value, error) for tell in TELLERS)), None)


TELLERS: list[Callable[[Any, Exception], Exception | None]] = []
"""Who knows what an error means that adding up cotangents has raised; layers above add themselves."""


class Entry(Node):
    """A variable of a transform whose value an outer one tracks: its own sweep ends here, outer ones go on."""

    __slots__ = ("parent",)
    label = "argument"

    def __init__(self, parent: Node) -> None:
        self.seq = next_seq() + parent.seq % 1
        self.xp = None
        self.parent: Node | None = parent

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        parent = self.parent
        if parent is None:
            raise freed(self)
        if free is not None:
            self.parent = None
            self.xp = free
        return parent, g

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        if self.parent is None:
            raise freed(self)
        return table.get(self.parent)

    explained = Leaf.explained

    def parents(self) -> tuple[Node, ...]:
        if self.parent is None:
            raise freed(self)
        return (self.parent,)


class Flat(Node):
    """A result that does not change where its sources do, kept on the tape: its pull gives each of them zeros.

    `sources` are nodes, and `specs` the shapes and dtypes of their values.
    """

    __slots__ = ("sources", "specs")
    label = "zero gradient"

    def __init__(self, sources: Sequence[Node], specs: Sequence[tuple[tuple[int, ...], Any]], xp: Any) -> None:
        self.seq = next_seq()
        self.xp = xp
        self.sources: tuple[Node, ...] | None = tuple(sources)
        self.specs = specs

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        sources, kernels = self.parents(), self.xp if xp is None else xp
        if free is not None:
            self.sources = None
            self.xp = free
        for source, (shape, dtype) in zip(sources, self.specs, strict=True):
            deposit(table, met, source, kernels.astype(kernels.filled(g, shape=shape, value=0), dtype=dtype))
        return None, None

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        self.parents()

    def parents(self) -> tuple[Node, ...]:
        if self.sources is None:
            raise freed(self)
        return self.sources


class Output(Node):
    """One output of a node that has several: passes its cotangent on to a list that the node pulls as a whole."""

    __slots__ = ("index", "source")
    label = "output"

    def __init__(self, source: Node, index: int) -> None:
        self.seq = next_seq() + source.seq % 1
        self.xp = None
        self.source: Node | None = source
        self.index = index

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        source = self.source
        if source is None:
            raise freed(self)
        if free is not None:
            self.source = None
            self.xp = free
        cotangents = table.get(source)
        if cotangents is None:
            return source, {self.index: g}
        known = cotangents.get(self.index)
        cotangents[self.index] = g if known is None else known + g
        return None, None

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
