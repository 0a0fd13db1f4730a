"""Common subexpressions: of two steps that compute the same, on one way through the tree, the first serves for both."""

from __future__ import annotations

from math import prod
from typing import Any

from ..program import Ref, Segment, Step, fingerprint, substituted


def common(root: Segment) -> Segment:
    """The tree without steps that repeat an earlier one."""

    def rewrite(segment: Segment, seen: dict[Any, Step], renamed: dict[Ref, Ref]) -> Segment:
        made = Segment()
        for step in segment.steps:
            step = step.over(lambda r: renamed.get(r, r))
            key = None
            if step.pure and not step.owned:
                key = (step.name, _seen_as(step.args), _seen_as(step.keywords), len(step.results))
                earlier = seen.get(key)
                if earlier is not None:
                    renamed.update(zip(step.results, earlier.results, strict=True))
                    continue
                seen[key] = step
            made.steps.append(step)
        exit_ = segment.exit
        made.exit = exit_ and substituted(exit_, lambda r: renamed.get(r, r))
        for outcome, child in segment.children.items():
            made.children[outcome] = rewrite(child, dict(seen), dict(renamed))
        return made

    return rewrite(root, {}, {})


def _seen_as(part: Any) -> Any:
    """What is equal for equal operands; large constants are told apart by who they are."""
    if part.__class__ in (tuple, list):
        return (part.__class__, *map(_seen_as, part))
    if part.__class__ is dict:
        return tuple([(name, _seen_as(value)) for name, value in part.items()])
    if not isinstance(part, type) and prod(getattr(part, "shape", (0,))) > 100:
        return ("constant", id(part))
    return fingerprint(part)
