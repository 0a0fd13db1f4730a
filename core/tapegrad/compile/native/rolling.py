"""Loops that a program has unrolled: lines of C that repeat, but for which values they read, become a loop again.

A chain of a thousand operations, or a network over a hundred steps of time, is compiled in a fraction of the time so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["elements", "rolled"]

FEWEST, LONGEST = 4, 64
"""So often lines repeat that become a loop, and so many they are at most."""

_LINE = re.compile(r"const (\w+) x(\d+) = ")
_NAME = re.compile(r"\bx(\d+)\b")


class _Run(NamedTuple):
    """Lines from `begin` on, in `turns` turns of `length` lines."""

    begin: int
    length: int
    turns: int


class _Lines:
    """Lines that each make a variable, or store one, in terms of where those that they read are made."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        heads = [_LINE.match(line) for line in lines]
        self.made = {head[2]: i for i, head in enumerate(heads) if head}
        self.reads = [
            [self.made[name] for name in _NAME.findall(line) if self.made.get(name, i) < i]
            for i, line in enumerate(lines)
        ]
        signs: dict[str, int] = {}
        texts = [_NAME.sub(lambda name: "x" if name[1] in self.made else name[0], line) for line in lines]
        self.signs = [signs.setdefault(text, len(signs)) for text in texts]
        self.types = {i: (head[1], head[2]) for i, head in enumerate(heads) if head}

    def turns(self, begin: int, length: int) -> int:
        """How often the lines from there on repeat, reading from turn to turn what is as far apart."""
        step: dict[tuple[int, int], int] = {}
        turns = 1
        while begin + (turns + 1) * length <= len(self.lines):
            at = begin + turns * length
            for j in range(length):
                if self.signs[at + j] != self.signs[at + j - length]:
                    return turns
                for i, (x, y) in enumerate(zip(self.reads[at + j], self.reads[at + j - length], strict=True)):
                    if step.setdefault((j, i), x - y) != x - y or (x >= at) != (y >= at - length):
                        return turns
            turns += 1
        return turns

    def runs(self) -> list[_Run]:
        """The lines in runs, of one turn where nothing repeats."""
        runs: list[_Run] = []
        plain = at = 0
        while at < len(self.lines):
            best = _Run(at, 1, 1)
            for length in range(1, LONGEST):
                if length * FEWEST > len(self.lines) - at:
                    break
                if self.signs[at] == self.signs[at + length]:
                    found = _Run(at, length, self.turns(at, length))
                    if found.turns >= FEWEST and found.turns * length > 2 * best.turns * best.length:
                        best = found
            if best.turns > 1:
                runs += [_Run(plain, at - plain, 1)] * (at > plain) + [best]
                plain = at + best.turns * best.length
            at += best.turns * best.length
        return [*runs, *[_Run(plain, at - plain, 1)] * (at > plain)]


def elements(lines: Sequence[str], axis: str, lanes: int) -> list[str]:
    """Lines for each of so many elements, from `b` on."""
    inside = [f"    {line}" for line in lines]
    return ["#pragma omp simd", f"for (long {axis} = b; {axis} < b + {lanes}; {axis}++) {{", *inside, "}"]


def rolled(lines: Sequence[str], axis: str, lanes: int, most: int) -> list[str] | None:
    """The same in loops; None where too little repeats, or it would take memory for more than so many elements."""
    code = _Lines(lines)
    kinds = {kind for kind, _ in code.types.values()}
    if len(kinds) * len(lines) * lanes > most:
        return None
    runs = code.runs()
    if 2 * sum(run.length for run in runs) > len(lines):
        return None
    where = {run.begin + i: (n, i // run.length) for n, run in enumerate(runs) for i in range(run.length * run.turns)}
    kept = {x for i, reads in enumerate(code.reads) for x in reads if where[x] != where[i]}
    done = [f"{kind} kept_{kind}[{len(lines)}][{lanes}];" for kind in sorted(kinds)]

    def place(i: int, step: int) -> str:
        return (
            f"kept_{code.types[i][0]}[{i}{f' + {step} * k' * (step > 0)}{f' - {-step} * k' * (step < 0)}][{axis} - b]"
        )

    for n, (begin, length, turns) in enumerate(runs):
        body: list[str] = []
        for i in range(begin, begin + length):
            text = lines[i]
            for x, then in zip(code.reads[i], code.reads[i + length * (turns > 1)], strict=True):
                if where[x] != (n, 0):
                    text = re.sub(rf"\bx{code.types[x][1]}\b", place(x, then - x), text, count=1)
            body.append(text)
            if any(i + turn * length in kept for turn in range(turns)):
                body.append(f"{place(i, length * (turns > 1))} = x{code.types[i][1]};")
        inside = elements(body, axis, lanes)
        done += (
            [f"for (long k = 0; k < {turns}; k++) {{", *[f"    {line}" for line in inside], "}"]
            if turns > 1
            else inside
        )
    return done
