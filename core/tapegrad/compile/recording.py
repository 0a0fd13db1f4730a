"""A recording: the tree of programs that a function has for arguments of one sort, and what it takes for granted."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import ref

from ..arrays.array import Array
from ..tape.nodes import Leaf
from .guards import Reach
from .leaving import Leaving
from .program import Branch, End, Ref, Segment, Spec, Step, fingerprint, substituted
from .trace import Trace
from .values import Untraceable


class Source(NamedTuple):
    """Where an array from outside is found at each call, and what must hold of it.

    `kind`: "argument" (`key`: which leaf), "fixed" (`key`: a weak reference), "grad" (`key`: the number of the array
    whose gradient it is) or "part" (`key`: number, slot and place in a tuple).
    """

    kind: str
    key: Any
    signature: Any
    req: str | None
    has_grad: bool
    mask: bool | None
    fresh: bool | None


class Mismatch(Exception):
    """A trace and a program that should be the same are not; at which line."""


class Recording:
    """A tree of programs for one sort of arguments."""

    def __init__(self, trace: Trace, reach: Reach, leaves: Sequence[Any]) -> None:
        self.reach = reach
        self.sources: list[Source] = []
        self.root = Segment()
        self.specs: dict[int, Spec] = {}
        self.runner: Any = None
        self.plan: Segment | None = None
        self.plain: Any = None
        """The tree as it is run while another thread is running the one that writes into buffers."""
        self.lock = threading.Lock()
        self.alone = True
        self.doubtful = False
        """Whether the next call is to be traced as well: does what this one could not tell of change the program?"""
        self.kept = [leaf for leaf in leaves if not isinstance(leaf, Array)]

    def sources_of(self, trace: Trace, leaves: Sequence[Any]) -> list[Source]:
        """Where the arrays that a trace has met are found. Raises `Untraceable` for one of unknown origin."""
        arguments = {id(leaf): i for i, leaf in reversed(list(enumerate(leaves)))}
        found: list[Source] = []
        grads: dict[int, int] = {}
        parts: dict[int, tuple[int, str, int]] = {}
        for number, x in enumerate(trace.handles):
            before = trace.before[number]
            grad = before.get("_grad")
            if grad is not None:
                grads.setdefault(id(grad), number)
            for slot, held in before.items():
                if type(held) is tuple:
                    for i, part in enumerate(held):
                        if isinstance(part, Array):
                            parts.setdefault(id(part), (number, slot, i))
            kind: str
            key: Any
            if id(x) in arguments:
                kind, key = "argument", arguments[id(x)]
            elif id(x) in self.reach.arrays:
                kind, key = "fixed", self.reach.arrays[id(x)]
            elif id(x) in grads:
                kind, key = "grad", grads[id(x)]
            elif id(x) in parts:
                kind, key = "part", parts[id(x)]
            else:
                raise Untraceable(f"an array of shape {x.shape} comes from a place that cannot be looked at again")
            node = before.get("_node")
            if node is not None and node.cell is not None and node.cell() is not grad:
                raise Untraceable("the gradient of a variable is not kept in its `.grad`")
            fresh = None if node is None else trace.leaves.get(id(node), (None, None))[1]
            mask = before.get("_mask")
            real = trace.table(x._xp.backend)._real
            signature = real.signatures[type(x), before["_value"].dtype, before["_value"].shape]
            found.append(
                Source(
                    kind,
                    key,
                    signature,
                    None if node is None else node.req,
                    grad is not None,
                    None if mask is None else mask[0] is before["_value"],
                    fresh,
                )
            )
        return found

    def handles(self, leaves: Sequence[Any]) -> list[Array] | None:
        """The arrays from outside, in order; None where one is not what the program is for."""
        found: list[Any] = []
        for kind, key, signature, req, has_grad, mask, fresh in self.sources:
            if kind == "argument":
                x = leaves[key]
            elif kind == "fixed":
                x = key()
            elif kind == "grad":
                x = found[key]._grad
            else:
                x = getattr(found[key[0]], key[1])[key[2]]
            if x is None or x._signature is not signature:
                return None
            node = x._node
            if node is None:
                if req is not None:
                    return None
            elif node.__class__ is not Leaf or node.req != req or (fresh is not None and node.fresh is not fresh):
                return None
            if (getattr(x, "_grad", None) is not None) is not has_grad:
                return None
            if mask is not None:
                held = getattr(x, "_mask", None)
                if held is None or (held[0] is x._value) is not mask:
                    return None
            elif getattr(x, "_mask", None) is not None:
                return None
            found.append(x)
        if not self.alone and len({id(x) for x in found}) < len(found):
            return None
        return found

    def planned(self) -> Any:
        """The tree after all passes, as it is run."""
        if self.runner is None:
            from .passes.common import common
            from .passes.constants import constants
            from .passes.dead import dead
            from .passes.engines import engines
            from .passes.host import host
            from .source import write

            short = dead(common(host(constants(self.root, self.specs), self.specs)))
            self.plan = engines(short, self.specs)
            self.runner, self.plain = write(self.plan, self.specs), write(short, self.specs)
        return self.runner

    def add(self, trace: Trace, end: End, leaves: Sequence[Any]) -> None:
        """Make a trace one way through the tree. Raises `Mismatch` where it differs without a reason."""
        sources = self.sources_of(trace, leaves)
        known = len(self.sources)
        if any(_differ(x, y) for x, y in zip(sources, self.sources, strict=False)):
            raise Mismatch("the arrays that are read")
        if len(sources) > known:
            self.sources += sources[known:]
        self.alone = all(source.kind == "fixed" for source in self.sources)
        segment, place = self.root, 0
        names: dict[Ref, Ref] = {}
        """The tree's numbers of the trace's values: those of two courses that part must not be mistaken."""
        for item in trace.path:
            if isinstance(item, Step):
                step = item.over(names.__getitem__)
                if segment.exit is None:
                    step.results = tuple([self._number(r, trace) for r in item.results])
                    segment.steps.append(step)
                elif place == len(segment.steps) or _differ_steps(segment.steps[place], step):
                    there = f", where there was {segment.steps[place]}" if place < len(segment.steps) else ""
                    raise Mismatch(f"{step} (at {step.line}){there}")
                names.update(zip(item.results, segment.steps[place].results, strict=True))
                place += 1
                continue
            branch, outcome = item[0]._replace(value=names[item[0].value]), item[1]
            if segment.exit is None:
                segment.exit = branch
            elif not isinstance(segment.exit, Branch) or segment.exit[:2] != branch[:2] or place < len(segment.steps):
                raise Mismatch(f"a look at {branch.value!r} (at {branch.line})")
            segment, place = segment.children.setdefault(outcome, Segment()), 0
        end = substituted(end, names.__getitem__)
        if segment.exit is None:
            segment.exit = end
        elif place < len(segment.steps) or not isinstance(segment.exit, End):
            raise Mismatch("the end")
        elif segment.exit.results != end.results or segment.exit.structure != end.structure:
            raise Mismatch("what is returned")
        self.runner = None

    def _number(self, value: Ref, trace: Trace) -> Ref:
        """A number of the tree for a value of a trace."""
        made = Ref(len(self.specs))
        self.specs[made.number] = trace.specs[value.number]
        return made


def _differ(x: Source, y: Source) -> bool:
    return x != y


def _differ_steps(x: Step, y: Step) -> bool:
    return (
        x.name != y.name
        or len(x.results) != len(y.results)
        or fingerprint(x.args) != fingerprint(y.args)
        or fingerprint(x.keywords) != fingerprint(y.keywords)
    )
