"""Freed arrays left to the next ones, where the C library would give their memory back to the system each time."""

from __future__ import annotations

import ctypes
import os

__all__ = ["keep_freed_memory"]

# The numbers of glibc's <malloc.h>.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3

KEPT = 1 << 27
"""How many bytes may lie idle at the end of the heap before they are given back."""

LARGEST = 1 << 25
"""Arrays up to so many bytes come from the heap: the most that glibc allows."""


def keep_freed_memory() -> bool:
    """Have glibc keep up to `KEPT` bytes of what freed arrays leave, for those to come; whether it was told so.

    By itself it returns anything above some hundred kilobytes at once, and the system clears every page of the next
    array anew, which takes longer than the arithmetic. A user who has set one of glibc's own variables is left alone.
    """
    if any(name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            return False
    except (AttributeError, ValueError):  # other systems have no such name
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST) and mallopt(_TRIM_THRESHOLD, KEPT))
