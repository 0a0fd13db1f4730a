"""What functions only write to: a list that is appended to, and nobody looks.

That is harmless as long as the function does not read what it has written, and its bytecode says so: each time the name
is loaded, it is for one of these.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable
from types import CodeType
from typing import Any

_WRITES = ("STORE", "COPY_FREE", "MAKE_CELL", "DELETE")
_APPENDS = ("append", "extend", "add")
_CONSTANTS = ("LOAD_CONST", "LOAD_SMALL_INT")
_SHUFFLES = ("CACHE", "COPY", "SWAP", "NOP", "PUSH_NULL", "PRECALL")


def only_written(name: str, keys: tuple[Any, ...], codes: Iterable[CodeType]) -> bool:
    """Whether functions only append to what has that name, or to what the dictionary of that name holds at a key."""
    return bool(name) and all(_harmless(name, keys, code) for code in codes)


def _harmless(name: str, keys: tuple[Any, ...], code: CodeType) -> bool:
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SHUFFLES]
    for i, step in enumerate(steps):
        if step.argval != name or step.opname.startswith("LOAD_FAST") or step.opname.startswith(_WRITES):
            continue
        after = steps[i + 1 :]
        if keys:
            key, at = after[0], after[1]
            if key.opname not in _CONSTANTS or not (at.opname.endswith("_SUBSCR") or at.argrepr == "[]"):
                return False
            if after[0].argval not in keys:
                continue
            after = after[2:]
        appended = after and after[0].opname in ("LOAD_ATTR", "LOAD_METHOD") and after[0].argval in _APPENDS
        if not step.opname.startswith("LOAD") or step.opname in _CONSTANTS or not appended:
            return False
    return True
