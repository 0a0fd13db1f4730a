"""Dead code: steps whose results nobody asks for, on any way through the tree."""

from __future__ import annotations

from ..program import Ref, Segment


def dead(root: Segment) -> Segment:
    """The tree without them. Random draws stay, since they move the stream along, and so do looks at values."""

    def rewrite(segment: Segment) -> tuple[Segment, set[Ref]]:
        made = Segment(exit=segment.exit)
        needed = set(segment.exit_refs())
        for outcome, child in segment.children.items():
            made.children[outcome], wanted = rewrite(child)
            needed |= wanted
        for step in reversed(segment.steps):
            if not step.pure or step.looks or not needed.isdisjoint(step.results):
                made.steps.append(step)
                needed.difference_update(step.results)
                needed.update(step.operands())
        made.steps.reverse()
        return made, needed

    return rewrite(root)[0]
