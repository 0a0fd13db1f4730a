"""The tape as a picture: nodes by depth, with names, shapes, dtypes and constants; repeated bodies drawn once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import engine_kernels
from ..engines.tables import OPS
from ..errors import ArgumentError
from ..tape.nodes import Leaf, Node, Output, deposit
from ..tape.tracebacks import door, users_frame
from .inspection import tracked_nodes

__all__ = ["Picture", "draw"]


class Picture(str):
    """An SVG picture, which a notebook shows."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return f"<picture of {self.count('<rect')} nodes; draw(y, 'tape.svg') writes it to a file>"


def _cotangents(nodes: Sequence[Node], y: Array) -> Mapping[Node, Any]:
    """A cotangent for each node, which has the shape and dtype of what the node stands for. No hook is called."""
    table: dict[Node, Any] = {nodes[-1]: OPS["zeros_like"].call(y._detached())._value}
    cotangents: dict[Node, Any] = {}
    for node in reversed(nodes):
        if node in table:
            cotangents[node] = g = table.pop(node)
            if node.seq:
                parent, g = node.pull(g, table, [], None, None, None)
                if parent is not None:
                    deposit(table, [], parent, g)
    return cotangents


def _constants(node: Node) -> str:
    """What a node keeps that is neither tracked nor of no account: `y=2.0, axis=0`."""
    slots = {name: getattr(node, name, None) for name in getattr(type(node), "__slots__", ())}
    said = []
    for slot, value in slots.items():
        name = slot[2:]
        if slot[:2] != "s_" or f"p_{name}" in slots or name.startswith(("spec_", "shape_")) or name in ("out", "x_out"):
            continue
        if getattr(value, "ndim", None) == 0:
            said.append(f"{name}={engine_kernels(value).to_numpy(value).item():.4g}")
        elif hasattr(value, "shape"):
            said.append(f"{name} {_shape(value)}")
        elif isinstance(value, tuple) and any(isinstance(part, slice) for part in value):
            said.append(f"[{', '.join(map(_key, value))}]")
        elif value is not False and value != () and isinstance(value, (int, float, str, tuple)):
            said.append(f"{name}={value}")
    return ", ".join(said)


def _key(part: Any) -> str:
    """A part of a key as a program writes it."""
    if not isinstance(part, slice):
        return "..." if part is Ellipsis else str(part)
    ends = [part.start, part.stop] if part.step is None else [part.start, part.stop, part.step]
    return ":".join("" if end is None else str(end) for end in ends)


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return ""
    dtype = str(value.dtype).rpartition(".")[2]
    return f"{dtype}[{', '.join(map(str, value.shape))}]"


def _named(nodes: Sequence[Node], names: Mapping[str, Any] | None) -> dict[Node, str]:
    """The names of tracked arrays: those that are given, else the variables of the program that calls `draw`."""
    if names is None:
        frame = users_frame()
        names = {} if frame is None else {**frame.f_globals, **frame.f_locals}
    here = set(nodes)
    named: dict[Node, str] = {}
    for name, x in names.items():
        if isinstance(x, Array) and x._node in here and name[0] != "_":
            named.setdefault(x._node, name)
    return named


def _folded(nodes: Sequence[Node], signs: Sequence[Any]) -> tuple[dict[Node, Node], dict[Node, int]]:
    """For each node the one that is drawn for it, and how often: a body repeated three times or more is drawn once."""
    drawn = {node: node for node in nodes}
    times: dict[Node, int] = {}
    start = 0
    while start < len(nodes):
        for period in range(1, min(200, (len(nodes) - start) // 3) + 1):
            end = start + period
            while end < len(nodes) and signs[end] == signs[end - period] and signs[end] is not None:
                end += 1
            count = (end - start) // period
            if count >= 3 and (period > 1 or count > 4):
                for i in range(start, start + count * period):
                    drawn[nodes[i]] = nodes[start + (i - start) % period]
                times.update(dict.fromkeys(nodes[start : start + period], count))
                start += count * period - 1
                break
        start += 1
    return drawn, times


def _layers(parents: Mapping[Node, Sequence[Node]]) -> tuple[list[list[Any]], list[list[Any]]]:
    """The nodes by depth, and the edges as paths, a place of their own in each layer that they pass through."""
    depth: dict[Node, int] = {}
    for node, above in parents.items():
        depth[node] = max((depth[p] + 1 for p in above), default=0)
    layers: list[list[Any]] = [[] for _ in range(max(depth.values()) + 1)]
    for node in parents:
        layers[depth[node]].append(node)
    paths = []
    for node, above in parents.items():
        for parent in above:
            path: list[Any] = [parent]
            for level in range(depth[parent] + 1, depth[node]):
                path.append(object())
                layers[level].append(path[-1])
            paths.append([*path, node])
    return layers, paths


@door
def draw(y: Array, path: str | None = None, *, limit: int = 200, names: Mapping[str, Any] | None = None) -> Picture:
    """The tape behind `y` as an SVG picture, variables on top; written to `path` if one is given.

    Each node has its op, the shape and dtype of its result, constants that it keeps, and the name of the array that
    it belongs to: from `names`, else of a variable of the program that calls. What is repeated, as the body of a loop,
    is drawn once, with the number of times. A notebook shows the picture.

    Shapes: any.

    Dtypes: any.

    Raises: `ValueError` for a tape of more than `limit` nodes after folding, or a path that does not end in .svg,
    `NotRecordedError` for a constant, `TypeError` for anything that is not an array, `OSError` where the file cannot be
    written.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x = tnp.asarray([1.0, 2.0])
    >>> x.attach_grad()
    >>> with tapegrad.record():
    ...     y = x
    ...     for _ in range(30):
    ...         y = tnp.sin(y * 2)
    >>> picture = tapegrad.draw(y)
    >>> picture[:4], "multiply × 30" in picture, ">x<" in picture, "float32[2]" in picture
    ('<svg', True, True, True)
    """
    from html import escape  # here, because `import tapegrad` has no need of it

    if path is not None and not str(path).endswith(".svg"):
        raise ArgumentError(
            f"draw() writes SVG, which {str(path)!r} does not say; name the file .svg. Browsers show it, and "
            "converters such as rsvg-convert or Inkscape make other formats of it"
        )
    nodes = tracked_nodes(y, "draw")
    shapes = {node: _shape(g) for node, g in _cotangents(nodes, y).items()}
    called = _named(nodes, names)
    said = {node: _constants(node) for node in nodes}
    signs = [None if node.seq == 0 else (node.label, shapes.get(node), said[node]) for node in nodes]
    drawn, times = _folded(nodes, signs)
    parents: dict[Node, list[Node]] = {node: [] for node in nodes if drawn[node] is node}
    order = {node: i for i, node in enumerate(nodes)}
    for node in nodes:
        for parent in node.parents():
            above, below = drawn[parent], drawn[node]
            if order[above] < order[below] and (above not in parents[below] or node is below):
                parents[below].append(above)
    if len(parents) > limit:
        raise ArgumentError(
            f"the tape behind this array has {len(parents)} nodes, more than limit={limit}; raise the limit"
        )
    layers, paths = _layers(parents)
    cell, gap, row = 170, 30, 96
    above_of: dict[Any, list[Any]] = {}
    for steps in paths:
        for start, end in pairwise(steps):
            above_of.setdefault(end, []).append(start)
    widths = [[cell if isinstance(thing, Node) else gap for thing in layer] for layer in layers]
    width = max(sum(each) for each in widths) + 20
    height = len(layers) * row + 10
    place: dict[Any, tuple[float, float]] = {}
    for level, layer in enumerate(layers):
        if level:
            layer.sort(key=lambda thing: np.mean([place[p][0] for p in above_of.get(thing, ())] or [0.0]))
        left = (width - sum(widths[level])) / 2
        for thing in layer:
            own = cell if isinstance(thing, Node) else gap
            place[thing] = (left + own / 2, 10 + level * row)
            left += own
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#667"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for steps in paths:
        x1, y1 = place[steps[0]]
        line = [f"M{x1:.0f} {y1 + 54:.0f}"]
        for thing in steps[1:]:
            x2, y2 = place[thing]
            line.append(f"C{x1:.0f} {y1 + 76:.0f} {x2:.0f} {y2 - 20:.0f} {x2:.0f} {y2 - 2:.0f}")
            if thing is not steps[-1]:
                line.append(f"V{y2 + 54:.0f}")
            x1, y1 = x2, y2
        parts.append(f'<path d="{"".join(line)}" fill="none" stroke="#667" marker-end="url(#tip)"/>')
    head = drawn[nodes[-1]]
    for node in parents:
        x, top = place[node]
        leaf = node.__class__ is Leaf
        fill, stroke = (
            ("#e3f0dc", "#5a8f47") if leaf else ("#fdeccb", "#b9822b") if node is head else ("#e8ecf7", "#5b6ca8")
        )
        label = f"output {node.index}" if isinstance(node, Output) else node.label
        lines = [called.get(node, label) if leaf else label, shapes.get(node, ""), said[node]]
        if node in times:
            lines[0] += f" × {times[node]}"
        elif not leaf and node in called:
            lines[0] = f"{called[node]} = {label}"
        parts.append(
            f'<rect x="{x - 78:.0f}" y="{top:.0f}" width="156" height="54" rx="{24 if leaf else 6}" fill="{fill}" '
            f'stroke="{stroke}"/>'
        )
        lines = [words if len(words) < 25 else words[:23] + "…" for words in lines if words]
        for i, words in enumerate(lines):
            size = ' font-size="11" fill="#445"' if i else ' fill="#111"'
            baseline = top + 32 - 8 * (len(lines) - 1) + 16 * i
            parts.append(f'<text x="{x:.0f}" y="{baseline:.0f}" text-anchor="middle"{size}>{escape(words)}</text>')
    parts.append("</svg>")
    picture = Picture("\n".join(parts))
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(picture)
    return picture
