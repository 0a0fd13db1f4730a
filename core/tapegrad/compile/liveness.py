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
    steps = list(dis.get_instructions(code))
    places = {step.offset: i for i, step in enumerate(steps)}
    ahead: list[list[int]] = []
    for i, step in enumerate(steps):
        jumps = step.opcode in dis.hasjrel or step.opcode in dis.hasjabs
        ahead.append([places[step.argval]] if jumps else [])
        if i + 1 < len(steps) and not step.opname.startswith(_NO_WAY_ON):
            ahead[i].append(i + 1)
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


def _uses(step: dis.Instruction) -> list[tuple[str, str]]:
    """Which locals a step reads (LOAD), or gives something else or nothing (STORE, DELETE), in order."""
    if "_FAST" not in step.opname or step.argval is None:
        return []
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    kinds = [word for word in step.opname.split("_") if word in ("LOAD", "STORE", "DELETE")]
    return list(zip(kinds, names, strict=True))
