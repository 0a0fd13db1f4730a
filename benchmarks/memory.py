"""Memory of one process as Linux counts it: what it holds now, and the most it has held since a moment."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def _status(field: str) -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"{STATUS} has no field {field}")


class PeakMemory:
    """The bytes by which a process has grown at most since this was made: ``PeakMemory().grown()``.

    Works on Linux only, and in a process of its own: memory that was freed before is found again without growth.
    """

    def __init__(self) -> None:
        self.forget()
        self._before = _status("VmRSS")

    def forget(self) -> None:
        """Forget the peak so far, and have the allocator give back what is free."""
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        CLEAR.write_text("5")  # see proc(5)

    def grown(self) -> int:
        """The highest resident memory since the beginning, less what was resident then."""
        return max(0, _status("VmHWM") - self._before)
