"""A compiled function in words: its programs as text."""

from __future__ import annotations

import linecache
from textwrap import indent
from typing import TYPE_CHECKING, Any

from .leaving import Argument, Fixed, Given, Made, Raw
from .program import Branch, End, Segment, Spec
from .recorded import Pull
from .recording import TRACKED
from .running import Program

if TYPE_CHECKING:
    from .compiled import Compiled


def explanation(compiled: Compiled, code: bool) -> str:
    """What `explain()` says."""
    lines = []
    for sort in compiled._sorts.values():
        if sort.refusal:
            lines.append(f"runs eagerly: {sort.refusal}")
        for number, recording in enumerate(sort.recordings):
            lines.append(f"program {number}: {recording.ends} course(s), {len(recording.sources)} array(s)")
            for i, source in enumerate(recording.sources):
                signature = source.signature
                shape = ", ".join(map(str, signature.shape))
                variable = "" if source.req is None else f", a variable (grad_req={source.req!r})"
                variable = ", on the tape" if source.req == TRACKED else variable
                lines.append(f"  array {i}: {_origin(source)}, {signature.dtype}[{shape}]{variable}")
            if recording.deep:
                lines.append("  is not run: its many branch points have yet to be seen as a loop")
                continue
            program = recording.program
            lines += _segment(program.root, program.specs, 1)
            lines += _as_run(program, code)
            for pull in _pulls(program.root):
                lines += ["  the sweep back, of what the call has kept and the cotangents:"]
                lines += [*_segment(pull.program.root, pull.program.specs, 2), *_as_run(pull.program, code)]
    lines += [f"traced: {reason}" for reason in compiled._reasons]
    return "\n".join(lines) if lines else "not called yet"


def _as_run(program: Program, code: bool) -> list[str]:
    if program.runner is None or program.plan is None:
        return []
    lines = ["  as it is run:", indent(program.runner.source.rstrip(), "    ")]
    sources = [getattr(s.function, "code", "") for part in program.plan.walk() for s in part.steps if code]
    return lines + [indent(source.rstrip(), "    ") for source in sources if source]


def _pulls(root: Segment) -> list[Pull]:
    """The sweeps back from the ends of a program that is recorded."""
    results = [recipe for part in root.walk() if isinstance(part.exit, End) for recipe in part.exit.results]
    return [recipe.value for recipe in results if isinstance(recipe, Fixed) and isinstance(recipe.value, Pull)]


def _origin(source: Any) -> str:
    if source.kind == "argument":
        return f"argument {source.key}"
    if source.kind in ("grad", "cell"):
        return f"the gradient of array {source.key}"
    return "from the closure" if source.kind == "fixed" else f"part of array {source.key[0]}"


def _segment(segment: Segment, specs: dict[int, Spec], depth: int) -> list[str]:
    lines = []
    inside = "  " * depth
    for step in segment.steps:
        result = ", ".join(f"{r!r}: {specs[r.number]}" for r in step.results)
        call = str(step).partition(" = ")[2]
        lines.append(f"{inside}{result} = {call}{f'  # {_short(step.line)}' if step.line else ''}")
        if step.name == "loop":
            lines += [f"{inside}  {line.rstrip()}" for line in linecache.getlines(step.function.__code__.co_filename)]
    if isinstance(segment.exit, Branch):
        lines.append(f"{inside}look at the {segment.exit.at} of {segment.exit.value!r}  # {_short(segment.exit.line)}")
        for outcome, child in segment.children.items():
            lines.append(f"{inside}where it is {_outcome(outcome)}:")
            lines += _segment(child, specs, depth + 1)
    elif isinstance(segment.exit, End):
        for effect in segment.exit.effects:
            if effect.value is not None:
                lines.append(f"{inside}array {effect.handle} := {effect.value!r}")
            for slot, recipe in effect.changes:
                lines.append(f"{inside}array {effect.handle}.{slot.strip('_')} := {_recipe(recipe)}")
        lines.append(f"{inside}return {', '.join(map(_recipe, segment.exit.results))}")
    return lines


def _outcome(outcome: Any) -> str:
    if isinstance(outcome, tuple) and outcome and isinstance(outcome[0], type):
        return f"what it was ({outcome[0].__name__})"
    return str(outcome)


def _recipe(recipe: Any) -> str:
    if isinstance(recipe, Given):
        return f"array {recipe.number}"
    if isinstance(recipe, (Made, Raw)):
        return f"{recipe.value!r}"
    if isinstance(recipe, Argument):
        return f"argument {recipe.place}"
    if isinstance(recipe, Fixed):
        return "the sweep back" if isinstance(recipe.value, Pull) else repr(recipe.value)
    return f"({', '.join(map(_recipe, recipe))})" if type(recipe) is tuple else repr(recipe)


def _short(line: str) -> str:
    return line.rpartition("/")[2]
