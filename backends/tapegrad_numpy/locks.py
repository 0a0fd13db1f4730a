"""Arrays of the host that a running transform reads without a copy: nobody may write to them meanwhile.

A graph keeps what it read, so an array that is overwritten before the sweep would give a wrong gradient. Small arrays
are copied. Large ones are made read-only until the transform is over, so that a write raises NumPy's error.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import numpy as np

__all__ = ["LARGE", "lock"]

LARGE = 1 << 18
"""From how many bytes on an array is locked; a copy of less costs next to nothing."""

_GUARD = Lock()
_LOCKED: dict[int, list[Any]] = {}
"""The arrays that own locked memory, by their id, with how many have locked them."""


def lock(raw: np.ndarray[Any, Any]) -> Callable[[], None] | None:
    """Make an array read-only, with the array whose memory it shows; what is returned undoes that.

    Other views of that memory, made before, can still be written through. None where the array could not be unlocked.
    """
    owner = raw
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    chain = [raw] if owner is raw else [raw, owner]
    with _GUARD:
        held = [x for x in chain if id(x) in _LOCKED]
        if not held and not owner.flags.writeable and owner.base is None:
            return _nothing  # read-only for good
        if any(x.base is not None and not isinstance(x.base, np.ndarray) for x in chain):
            return None  # memory of somebody else's, who may write to it
        for x in chain:
            if id(x) in _LOCKED:
                _LOCKED[id(x)][1] += 1
            elif x.flags.writeable:
                x.flags.writeable = False
                _LOCKED[id(x)] = [x, 1]

    def release() -> None:
        with _GUARD:
            # The owner first: a view can be made writeable only after what it shows.
            for x in reversed(chain):
                known = _LOCKED.get(id(x))
                if known is not None:
                    known[1] -= 1
                    if not known[1]:
                        del _LOCKED[id(x)]
                        x.flags.writeable = True

    return release


def _nothing() -> None:
    pass
