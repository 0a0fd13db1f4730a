"""Which steps of a stretch become one function: what is small together, large arrays of one shape, or by rows."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..program import Block, Ref, Spec, Step
from ..values import OPERATORS, UNARY
from . import compiler
from .emitter import Function, emit, file
from .lowering import Flat, Lowering, Rows, Unsupported

__all__ = ["Kernel", "kernels", "written"]

SMALL = 1 << 14
"""Up to so many elements arrays are small: whole stretches of steps on them are one function."""

LEAST = 3
"""Fewer operations on small arrays are not worth a call; on large ones two are."""

MOST = 6000
"""So many lines of C at most are worth waiting for; what is beyond stays with the engine."""

ROW = 128
"""So many elements a row has at least, if the shape allows it."""


@dataclass
class Group:
    """Steps that are one function, lowered; `outputs` are wanted outside, `rows` is how many rows there are.

    `make` gives an empty table, for other steps in such a function.
    """

    table: Lowering
    steps: list[Step]
    outputs: list[Ref]
    rows: int
    size: int
    make: Callable[[], Lowering]


class Output(NamedTuple):
    """A result of a kernel. Of a total the kernel gives a number of each row, whose sum is to be divided."""

    ref: Ref
    total: bool
    divisor: int


@dataclass
class Kernel:
    """Steps as a function over arrays: `inputs`, which are values or constants, then one for each output.

    In C it takes the address of a tuple of them, and the first and the last row to be done; it gives 1, and has done
    nothing, where an input is not C-contiguous and aligned.
    """

    call: Any
    source: str
    steps: list[Step]
    inputs: list[Any]
    outputs: list[Output]
    rows: int


def kernels(block: Block) -> Sequence[Step | Kernel]:
    """The steps of a stretch, in an order that gives the same, as far as may be in machine code."""
    return block.steps if compiler.why_not() else written(block, compiler.vectors(), emit, _in_c)


def _in_c(functions: Sequence[Function]) -> Callable[[str], Any] | None:
    """What C functions are called by; None where they cannot be compiled."""
    library = compiler.load(file(functions))

    def call(name: str) -> Any:
        found = getattr(library, name)
        found.argtypes, found.restype = [ctypes.c_void_p, ctypes.c_long, ctypes.c_long], ctypes.c_int
        return found

    return call if library is not None else None


def written(
    block: Block,
    vectors: bool,
    emit: Callable[..., Function],
    load: Callable[[Sequence[Function]], Callable[[str], Any] | None],
) -> Sequence[Step | Kernel]:
    """The steps of a stretch, groups of them in the language of `emit`; `load` gives what each is called by."""
    parts: list[Step | tuple[Group, Function]] = []
    lines = 0
    for part in grouped(block, vectors):
        if isinstance(part, Step):
            parts.append(part)
            continue
        wanted = [part.table.known[r] for r in part.outputs]
        try:
            function = emit(part.table, f"group{len(parts)}", wanted, part.rows, part.size)
        except Unsupported:
            parts += part.steps
            continue
        lines += function.source.count("\n")
        parts += [(part, function)] if lines <= MOST else part.steps
    functions = [part[1] for part in parts if isinstance(part, tuple)]
    call = load(functions) if functions else None
    if call is None:
        return block.steps
    return [part if isinstance(part, Step) else _kernel(*part, call) for part in parts]


def _kernel(group: Group, function: Function, call: Callable[[str], Any]) -> Kernel:
    outputs = [
        Output(r, value.final, value.operands[1] if value.final and len(value.operands) > 1 else 1)
        for r, value in zip(group.outputs, function.outputs, strict=True)
    ]
    return Kernel(call(function.name), function.source, group.steps, function.inputs, outputs, group.rows)


def grouped(block: Block, vectors: bool) -> list[Step | Group]:
    """The steps in an order that gives the same, some of them in groups."""
    done = list[Step | Group]()
    ahead: list[list[Step] | Group] = [list(block.steps)]
    while ahead:
        steps = ahead.pop()
        if isinstance(steps, Group):
            done.append(steps)
            continue
        for start in range(len(steps)):
            found = _group(block, steps[start:], vectors)
            if found is not None:
                # What goes before a group may have groups of its own, as what comes after it.
                before, group, later = found
                ahead += [later, group, before]
                done += steps[:start]
                break
        else:
            done += steps
    _Again(block, done).see()
    return done


class _Again:
    """What groups of large arrays are to compute again, instead of an earlier group's keeping it for them in memory.

    A backward pass reads many values of the forward one that follow from a few. To compute these anew takes no longer
    than to write and to read them, and memory is what a step of training is short of.
    """

    def __init__(self, block: Block, parts: list[Step | Group]) -> None:
        self.block, self.parts = block, parts
        self.maker = {
            r: i
            for i, part in enumerate(parts)
            for step in (part.steps if isinstance(part, Group) else [part])
            for r in step.results
        }
        self.readers: dict[Ref, list[int]] = {}
        for i in range(len(parts)):
            for r in self.reads(i):
                self.readers.setdefault(r, []).append(i)

    def reads(self, i: int) -> set[Ref]:
        """The values that a part takes from outside."""
        part = self.parts[i]
        steps = part.steps if isinstance(part, Group) else [part]
        return {r for step in steps for r in step.operands()} - {r for step in steps for r in step.results}

    def see(self) -> None:
        """Go through the groups, and say of each what it gives others."""
        for i, part in enumerate(self.parts):
            if isinstance(part, Group) and self.large(i):
                self.spare(i, part)
        for i, part in enumerate(self.parts):
            if isinstance(part, Group):
                part.outputs = [r for step in part.steps for r in step.results if self.maker[r] == i and self.read(r)]
        self.parts[:] = [part for part in self.parts if isinstance(part, Step) or part.outputs]

    def read(self, r: Ref) -> bool:
        """Whether anybody wants a value but the group that makes it."""
        return r in self.block.needed or any(i != self.maker[r] for i in self.readers.get(r, ()))

    def large(self, i: int) -> bool:
        """Whether a part is a function of large arrays."""
        part = self.parts[i]
        return isinstance(part, Group) and not part.table.whole

    def spare(self, i: int, group: Group) -> None:
        """Have the readers of a group compute what only they want, if that takes half of the memory at most."""
        made = {
            r: step
            for step in group.steps
            for r in step.results
            if self.maker[r] == i and r not in group.table.reducing
        }
        spared = [
            r
            for r, by in self.readers.items()
            if by and r in made and r not in self.block.needed and all(map(self.large, by))
        ]
        more: dict[int, list[Step]] = {}
        kept: set[Ref] = set()
        for j in sorted({j for r in spared for j in self.readers[r]}):
            ahead = [r for r in spared if j in self.readers[r]]
            again: set[Ref] = set()
            while ahead:
                r = ahead.pop()
                if r in made and (r in spared or not self.there(r, j)):
                    ahead += made[r].operands() if r not in again else ()
                    again.add(r)
                elif not self.there(r, j):
                    kept.add(r)
            more[j] = [step for step in group.steps if not again.isdisjoint(step.results)]
        if not spared or 2 * sum(map(self.bytes, kept)) > sum(map(self.bytes, spared)):
            return
        changed = {j: self.led(j, steps, group) for j, steps in more.items()}
        if all(changed.values()):
            for j, part in changed.items():
                for r in self.reads(j):
                    self.readers[r].remove(j)
                self.parts[j] = part  # type: ignore[assignment]
                for r in self.reads(j):
                    self.readers.setdefault(r, []).append(j)

    def led(self, j: int, more: Sequence[Step], group: Group) -> Group | None:
        """A group with more steps at its beginning, in its own layout or in that of the group they come from."""
        part = self.parts[j]
        assert isinstance(part, Group)
        steps = [*more, *part.steps]
        for like in (part, group):
            table = like.make()
            if all(takes(table, step, self.block.specs, False) for step in steps):
                return Group(table, steps, [], like.rows, like.size, like.make)
        return None

    def there(self, r: Ref, j: int) -> bool:
        """Whether a value is in memory anyway when it is the turn of a part."""
        return r in self.block.needed or r not in self.maker or any(i >= j for i in self.readers.get(r, ()))

    def bytes(self, r: Ref) -> int:
        spec = self.block.specs[r.number]
        return spec.size * int(spec.dtype.itemsize)


def _group(block: Block, steps: list[Step], vectors: bool) -> tuple[list[Step], Group, list[Step]] | None:
    """The largest group that the first of some steps may begin, with the steps that go before it and after it."""
    best: tuple[list[Step], Group, list[Step]] | None = None
    for make, rows, size in _tables(block.specs[steps[0].results[0].number].shape, vectors):
        before, group, later, table = _gathered(block, steps, make, rows == 1)
        computing = sum(s.name not in ("getitem", "reshape", "permute_dims", "matrix_transpose") for s in group)
        if computing >= LEAST - (rows > 1) and (best is None or len(group) > len(best[1].steps)):
            best = before, Group(table, group, [], rows, size, make), later
    return best


def _tables(shape: tuple[int, ...] | None, vectors: bool) -> list[tuple[Callable[[], Lowering], int, int]]:
    """The ways in which a result of that shape may begin a group, with the number of rows, and elements if flat."""
    if shape is None or 0 in shape:
        return []
    size = math.prod(shape)
    if size <= SMALL:
        return [(lambda: Lowering(vectors), 1, 0)]
    front = max([k for k in range(len(shape)) if math.prod(shape[k:]) >= ROW], default=0)
    rows = [(lambda: Rows(vectors, shape, front), math.prod(shape[:front]), 0)] if front else []
    return [(lambda: Flat(vectors, shape), -(-size // Flat.RUN), size), *rows]


def _gathered(
    block: Block, steps: Sequence[Step], make: Callable[[], Lowering], whole: bool
) -> tuple[list[Step], list[Step], list[Step], Lowering]:
    """The steps of a group, those that can go before it, and those that come after."""
    table = make()
    before, group, later = list[Step](), list[Step](), list[Step]()
    mine, theirs = set[Ref](), set[Ref]()
    for step in steps:
        operands = step.operands()
        if theirs.isdisjoint(operands):
            if takes(table, step, block.specs, whole):
                group.append(step)
                mine.update(step.results)
                continue
            if not group and not before and not later:
                return before, group, later, table  # it does not begin one
            if mine.isdisjoint(operands):
                before.append(step)
                continue
        later.append(step)
        theirs.update(step.results)
    return before, group, later, table


_FUNCTIONS = {function: name for name, function in (OPERATORS | UNARY).values()}


def takes(table: Lowering, step: Step, specs: Mapping[int, Spec], whole: bool) -> bool:
    """Whether a step has C, and is taken into a table; into a whole one only if its arrays are small."""
    own = step.name == "item" or _FUNCTIONS.get(step.function) == step.name
    if not own and step.function is not getattr(step.engine.kernels, step.name, None):
        return False  # not what its name says, which is what is written in C
    if len(table.values) > MOST // 2 or (
        whole and any(specs[r.number].size > SMALL for r in (*step.results, *step.operands()))
    ):
        return False
    try:
        table.step(step, specs)
    except Unsupported:
        return False
    return True
