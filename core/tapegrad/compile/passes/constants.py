"""Constants: what was made on the host stands where it is used, what follows from constants is one, and x · 1 is x,
as is x in the shape that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..program import Ref, Segment, Spec, mapped, substituted, unchanged

SMALL = 10_000
"""Up to so many elements a result is kept as a constant; a larger one is computed anew in each call."""


def constants(root: Segment, specs: Mapping[int, Spec]) -> Segment:
    """The tree without steps whose results are known. A constant that leaves the program keeps a step."""
    leaving = {r for segment in root.walk() for r in segment.exit_refs()}
    known: dict[Ref, Any] = {}
    ones: set[Ref] = set()
    same: dict[Ref, Ref] = {}

    def current(r: Ref) -> Any:
        r = same.get(r, r)
        return known.get(r, r)

    def is_one(part: Any) -> bool:
        return (
            part in ones
            if part.__class__ is Ref
            else isinstance(part, (np.ndarray, np.generic)) and bool(np.all(part == 1))
        )

    def is_shaped(part: Any, like: Ref) -> bool:
        return part.__class__ is Ref and specs[part.number] == specs[like.number]

    def rewrite(segment: Segment) -> Segment:
        made = Segment()
        for step in segment.steps:
            step = step.over(current)
            result = step.results[0]
            plain = step.pure and not (step.owned or step.several or step.name == "load")
            if step.name == "constant":
                known[result] = step.args[0]
            elif plain and specs[result.number].size <= SMALL and not step.operands():
                known[result] = step.function(*step.args, **step.keywords)
            elif step.name == "broadcast_to" and is_one(step.args[0]):
                ones.add(result)
            elif step.name == "multiply" and len(step.args) == 2:
                x, y = step.args
                other = y if is_one(x) else x if is_one(y) else None
                if other.__class__ is Ref and is_shaped(other, result):
                    same[result] = other
                    continue
            elif step.name == "reshape" and step.engine is not None and is_shaped(step.args[0], result):
                same[result] = step.args[0]
                continue
            if result in known:
                if result in leaving:
                    made.steps.append(
                        replace(step, name="constant", function=unchanged, args=(known[result],), keywords={})
                    )
                continue
            made.steps.append(step)
        made.exit = segment.exit and substituted(segment.exit, lambda r: same.get(r, r))
        return made

    return mapped(root, rewrite)
