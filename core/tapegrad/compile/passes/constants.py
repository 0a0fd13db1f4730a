"""Constants: what was made on the host stands where it is used, and what follows from constants alone is one too."""

from __future__ import annotations

from typing import Any

from ..program import Ref, Segment, mapped


def constants(root: Segment) -> Segment:
    """The tree without steps whose results are known. A constant that leaves the program keeps its step."""
    leaving = {r for segment in root.walk() for r in segment.exit_refs()}
    known: dict[Ref, Any] = {}

    def rewrite(segment: Segment) -> Segment:
        made = Segment(exit=segment.exit)
        for step in segment.steps:
            step = step.over(lambda r: known.get(r, r))
            if step.name == "constant":
                known[step.results[0]] = step.args[0]
            elif step.pure and not step.owned and not step.several and step.name != "load" and not any(
                True for _ in step.operands()
            ):
                known[step.results[0]] = step.function(*step.args, **step.keywords)
            if leaving.isdisjoint(step.results) and step.results[0] in known:
                continue
            made.steps.append(step)
        return made

    return mapped(root, rewrite)
