"""What functions only write to: a counter that is counted up, a list that is appended to, and nobody looks.

Python's side effects happen while a function is traced, and not again. That is harmless as long as the function does
not read what it has written, and its bytecode says so: each time the name is loaded, it is for one of these.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable, Iterator
from types import CodeType

_LOADS = ("LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_APPENDS = ("append", "extend", "add")
_COUNTS = ("+=", "-=")
_SHUFFLES = ("CACHE", "COPY", "SWAP", "NOP", "PUSH_NULL", "PRECALL")


def only_written(name: str, codes: Iterable[CodeType], *, inside: bool) -> bool:
    """Whether functions only count up what has that name, or append to it; `inside`: count up an element of it."""
    return bool(name) and all(_harmless(name, list(_plain(code)), inside) for code in codes)


def _plain(code: CodeType) -> Iterator[dis.Instruction]:
    return (step for step in dis.get_instructions(code) if step.opname not in _SHUFFLES)


def _harmless(name: str, steps: list[dis.Instruction], inside: bool) -> bool:
    for i, step in enumerate(steps):
        if step.argval != name or step.opname in ("LOAD_FAST", "LOAD_CONST"):
            continue
        if step.opname.startswith(("STORE", "COPY_FREE", "MAKE_CELL", "DELETE")):
            continue
        if step.opname == "LOAD_CLOSURE" or step.opname not in _LOADS:
            return False
        after = steps[i + 1 : i + 6]
        if after and after[0].opname in ("LOAD_ATTR", "LOAD_METHOD") and after[0].argval in _APPENDS:
            continue
        if inside:
            if len(after) < 4 or after[0].opname != "LOAD_CONST" or after[1].opname != "BINARY_SUBSCR":
                return False
            after, ends = after[2:], "STORE_SUBSCR"
        else:
            ends = step.opname.replace("LOAD", "STORE")
        if len(after) < 3 or after[0].opname != "LOAD_CONST" or after[1].argrepr not in _COUNTS:
            return False
        if after[2].opname != ends or (not inside and after[2].argval != name):
            return False
    return True
