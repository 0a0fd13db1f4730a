"""Readings: a single number is read off an array of the host without a copy of the array."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..program import Ref, Segment, Spec, Step, mapped

_READINGS = ("item", "getitem", "reshape")


def host(root: Segment, specs: Mapping[int, Spec]) -> Segment:
    """The tree without copies of which only single numbers are read."""
    uses: dict[Ref, list[Step]] = {}
    leaving: set[Ref] = set()
    for segment in root.walk():
        leaving.update(segment.exit_refs())
        for step in segment.steps:
            for r in step.operands():
                uses.setdefault(r, []).append(step)

    def only_read(r: Ref) -> bool:
        return r not in leaving and all(
            step.name in _READINGS
            and step.engine is None
            and (specs[step.results[0].number].cls is not np.ndarray or only_read(step.results[0]))
            for step in uses.get(r, ())
        )

    def is_host(part: Any) -> bool:
        return (specs[part.number].cls if part.__class__ is Ref else part.__class__) is np.ndarray

    def shape_of(part: Any) -> Any:
        return specs[part.number].shape if part.__class__ is Ref else np.shape(part)

    same: dict[Ref, Any] = {}

    def rewrite(segment: Segment) -> Segment:
        made = Segment(exit=segment.exit)
        for step in segment.steps:
            step = step.over(lambda r: same.get(r, r))
            if step.name == "to_numpy" and is_host(step.args[0]) and only_read(step.results[0]):
                same[step.results[0]] = step.args[0]
                continue
            if step.name == "item" and step.args[1:] == (0,) and shape_of(step.args[0]) == (1,):
                step = replace(step, function=operator.getitem)
            made.steps.append(step)
        return made

    return mapped(root, rewrite)
