"""What functions only write to: a list that is appended to, and nobody looks.

Python's side effects happen while a function is traced, and not again. That is harmless as long as the function does
not read what it has written, and its bytecode says so: each time the name is loaded, it is for one of these.
"""

from __future__ import annotations

import dis
from collections.abc import Iterable
from types import CodeType

_LOADS = ("LOAD_DEREF", "LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF")
_WRITES = ("STORE", "COPY_FREE", "MAKE_CELL", "DELETE")
_APPENDS = ("append", "extend", "add")
_SHUFFLES = ("CACHE", "COPY", "SWAP", "NOP", "PUSH_NULL", "PRECALL")


def only_written(name: str, codes: Iterable[CodeType]) -> bool:
    """Whether functions only append to what has that name."""
    return bool(name) and all(_harmless(name, code) for code in codes)


def _harmless(name: str, code: CodeType) -> bool:
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SHUFFLES]
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if step.argval != name or step.opname in ("LOAD_FAST", "LOAD_CONST") or step.opname.startswith(_WRITES):
            continue
        appended = after is not None and after.opname in ("LOAD_ATTR", "LOAD_METHOD") and after.argval in _APPENDS
        if step.opname not in _LOADS or not appended:
            return False
    return True
