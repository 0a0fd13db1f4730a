"""Ahead: what machine code computes in no time is computed for all courses at once, before the host's first look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..native import compiler
from ..native.groups import takes
from ..native.lowering import Lowering
from ..program import Branch, Ref, Segment, Spec, Step, mapped

MOST = 500
"""So many steps at most are worth computing for courses that are not taken."""


def ahead(root: Segment, specs: Mapping[int, Spec]) -> Segment:
    """The tree with small steps moved to its beginning, as far as they depend on nothing that has no machine code."""
    engines = {step.engine for segment in root.walk() for step in segment.steps} - {None}
    if not isinstance(root.exit, Branch) or len(engines) != 1 or compiler.why_not():
        return root
    (engine,) = engines
    if not engine.machine_code:
        return root
    table = Lowering(compiler.vectors())
    moved: list[Step] = []
    stay: set[Ref] = set()

    def rewrite(segment: Segment) -> Segment:
        made = Segment(exit=segment.exit)
        for step in segment.steps:
            own = replace(step, engine=engine)  # of a number that the host read, too
            if step.name == "load":
                moved.append(step)
            elif stay.isdisjoint(step.operands()) and len(moved) < MOST and takes(table, own, specs, True):
                moved.append(own)
            else:
                made.steps.append(step)
                stay.update(step.results)
        return made

    made = mapped(root, rewrite)
    made.steps[:0] = moved
    return made
