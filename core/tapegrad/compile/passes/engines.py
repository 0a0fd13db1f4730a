"""Engines: each is given the stretches of the program that are its own, to run them in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from ..program import Block, Branch, End, Segment, Spec, Step, live_values


def engines(root: Segment, specs: Mapping[int, Spec], often: bool = False) -> Segment:
    """The tree with the steps of each stretch replaced by what `Backend.compile` makes of them."""
    live = live_values(root)
    truths = [s.exit.value for s in root.walk() if isinstance(s.exit, Branch) and s.exit.at == "truth"]
    looked = frozenset(r for r in truths if specs[r.number].dtype == bool)  # of others Python asks whether they are 0
    looked -= {r for segment in root.walk() for step in segment.steps for r in step.operands()}
    looked -= {r for segment in root.walk() if isinstance(segment.exit, End) for r in segment.exit_refs()}
    made: dict[Segment, Segment] = {}
    for segment in reversed(list(root.walk())):
        passed = {r for child in segment.children.values() for r in live[child]}
        needed = passed | set(segment.exit_refs())
        leaving = set(segment.exit_refs()) if isinstance(segment.exit, End) else set()
        loads = [step for step in segment.steps if step.name == "load"]
        rest = [step for step in segment.steps if step.name != "load"]
        stretches = [(engine, list(steps)) for engine, steps in groupby(rest, lambda step: step.engine)]
        done: list[Step] = []
        for engine, steps in reversed(stretches):
            block = Block(tuple(steps), frozenset(needed), frozenset(passed | leaving), specs, often, looked)
            for step in steps:
                needed.update(step.operands())
            done[:0] = engine.compile(block) if engine is not None else steps
        made[segment] = Segment([*loads, *done], segment.exit)
        made[segment].children = {outcome: made[child] for outcome, child in segment.children.items()}
    return made[root]
