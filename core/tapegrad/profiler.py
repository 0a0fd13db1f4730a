"""MXNet's profiler by its own names, over `tapegrad.profile`.

>>> from tapegrad import nd, profiler
>>> profiler.set_config(profile_all=True, filename="profile.json")
>>> profiler.set_state("run")
>>> _ = nd.ones(2) * 3
>>> profiler.set_state("stop")
>>> "multiply" in profiler.dumps(reset=True)
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .arrays.foreign import missing
from .errors import ArgumentError
from .transforms.profile import profile

__all__ = ["dump", "dumps", "pause", "resume", "set_config", "set_state"]
__dir__ = __all__.copy

_file = "profile.json"
_profile = profile()


def set_config(filename: str = "profile.json", **kwargs: Any) -> None:
    """Say which file `dump` writes; what MXNet has to be told besides is measured always.

    >>> set_config(filename="profile.json", profile_symbolic=True)
    """
    global _file
    _file = filename


def set_state(state: str = "stop", profile_process: str = "worker") -> None:
    """Begin ("run") or end ("stop") to measure, in this thread and those that it starts.

    Raises: `ValueError` for another word.

    >>> set_state("stop")
    """
    if state not in ("run", "stop"):
        raise ArgumentError(f"profiler.set_state({state!r}); say 'run' or 'stop'")
    if (state == "run") != _profile.is_on:
        _profile.__enter__() if state == "run" else _profile.__exit__(None, None, None)


def pause(profile_process: str = "worker") -> None:
    """Measure no more until `resume`.

    >>> pause()
    """
    set_state("stop")


def resume(profile_process: str = "worker") -> None:
    """Measure again.

    >>> resume()
    >>> pause()
    """
    set_state("run")


def dump(finished: bool = True, profile_process: str = "worker") -> None:
    """Write what was measured to the file of `set_config`, as a Chrome trace.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     set_config(filename=os.path.join(folder, "trace.json"))
    ...     dump()
    ...     os.listdir(folder)
    ['trace.json']
    """
    if finished:
        set_state("stop")
    _profile.save(_file)


def dumps(reset: bool = False, format: str = "table", sort_by: str = "total", ascending: bool = False) -> str:
    """What was measured, as tables of ops and of lines; `reset` forgets it.

    >>> dumps().startswith("op")
    True
    """
    text = str(_profile)
    if reset:
        _profile.clear()
    return text


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
