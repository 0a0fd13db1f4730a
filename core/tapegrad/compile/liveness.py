"""Which local variables code may still read: what is given something else before it is read is no part of its state."""

from __future__ import annotations

import dis
import functools
from types import CodeType

_LOOKS_AT_ALL = frozenset(("dir", "eval", "exec", "locals", "vars"))
_NO_WAY_ON = ("RETURN", "RAISE", "RERAISE", "JUMP_BACKWARD", "JUMP_FORWARD")


@functools.cache
def live_locals(code: CodeType, place: int) -> frozenset[str]:
    """The variables whose contents may be read once the step at a place in code is done."""
    if not _LOOKS_AT_ALL.isdisjoint(code.co_names):
        return frozenset((*code.co_varnames, *code.co_cellvars, *code.co_freevars))
    steps, ahead = _ways(code)
    places = {step.offset: i for i, step in enumerate(steps)}
    handlers: list[list[int]] = [[] for _ in steps]
    for entry in dis.Bytecode(code).exception_entries:  # type: ignore[attr-defined]
        for i, step in enumerate(steps):
            if entry.start <= step.offset < entry.end:
                handlers[i].append(places[entry.target])
    before: list[frozenset[str]] = [frozenset()] * len(steps)
    done = False
    while not done:
        done = True
        for i in reversed(range(len(steps))):
            live = set().union(*[before[j] for j in ahead[i]])
            for kind, name in reversed(_uses(steps[i])):
                (live.add if kind == "LOAD" else live.discard)(name)
            live = live.union(*[before[j] for j in handlers[i]])
            if live != before[i]:
                before[i], done = frozenset(live), False
    at = max(i for i, step in enumerate(steps) if step.offset <= place)
    after = frozenset().union(*[before[j] for j in (*ahead[at], *handlers[at])])
    return after.union(code.co_cellvars, code.co_freevars)


@functools.cache
def _ways(code: CodeType) -> tuple[list[dis.Instruction], list[list[int]]]:
    """The steps of code, and which may follow each: where it jumps to, before the next."""
    steps = list(dis.get_instructions(code))
    places = {step.offset: i for i, step in enumerate(steps)}
    ahead = [[places[step.argval]] if jumps(step) else [] for step in steps]
    for i, step in enumerate(steps[:-1]):
        if not step.opname.startswith(_NO_WAY_ON):
            ahead[i].append(i + 1)
    return steps, ahead


def jumps(step: dis.Instruction) -> bool:
    """Whether a step may go on somewhere else than at the next."""
    return step.opcode in dis.hasjrel or step.opcode in dis.hasjabs


@functools.cache
def in_loop(code: CodeType, place: int) -> int | None:
    """Where the innermost loop begins that a place in code is in; None in none."""
    ends = [(step.argval, step.offset) for step in _ways(code)[0] if jumps(step)]
    return max((begin for begin, end in ends if begin <= place <= end), default=None)


@functools.cache
def is_at_rest(code: CodeType, place: int) -> bool:
    """Whether a look in a loop decides on a jump, and Python has no more on its stack there than where a turn begins.

    In the middle of an expression it has, and nobody can look at that.
    """
    steps, ahead = _ways(code)
    depths, todo = {0: 0}, [0]
    while todo:
        i = todo.pop()
        for j in ahead[i]:
            change = dis.stack_effect(steps[i].opcode, steps[i].arg, jump=j != i + 1)
            if j not in depths:
                depths[j] = depths[i] + change
                todo.append(j)
    at = max(i for i, step in enumerate(steps) if step.offset <= place)
    first = next(i for i, step in enumerate(steps) if step.offset == in_loop(code, place))
    if steps[at].opname != "FOR_ITER":
        jump = next(i for i, step in enumerate([*steps[at:], None], at) if step is None or step.opname not in _TRUTHS)
        if jump == len(steps) or not steps[jump].opname.startswith("POP_JUMP"):
            return False
        at = jump + 1
    return at in depths and depths[at] == depths.get(first)


_TRUTHS = ("CALL", "CACHE", "COMPARE_OP", "TO_BOOL", "UNARY_NOT")


def _uses(step: dis.Instruction) -> list[tuple[str, str]]:
    """Which locals a step reads (LOAD), or gives something else or nothing (STORE, DELETE), in order."""
    if "_FAST" not in step.opname or step.argval is None:
        return []
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    kinds = [word for word in step.opname.split("_") if word in ("LOAD", "STORE", "DELETE")]
    return list(zip(kinds, names, strict=True))
