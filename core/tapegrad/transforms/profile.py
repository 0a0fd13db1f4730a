"""Where the time goes: per op and per line of the user's program, forward and backward.

While a profile is on, Python tells it of each function that is called (`sys.setprofile`); ops, pulls and compiled
programs are known by their code. So nothing in the way of a call asks whether it is being measured.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass, field
from json import dumps
from math import prod
from pathlib import Path
from time import perf_counter_ns
from types import CodeType, FrameType, TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from ..arrays.array import Array
from ..engines.registry import backend_of
from ..engines.tables import OPS
from ..errors import ArgumentError
from ..tape.nodes import Node
from ..tape.tracebacks import FOLDER, is_ours

__all__ = ["Entry", "profile"]

MOST_EVENTS = 1_000_000
"""So many calls are kept for the trace file; tables count all."""


@dataclass
class Entry:
    """What an op, or a line of the program, has cost: calls, nanoseconds, and bytes of what came out."""

    calls: int = 0
    forward: int = 0
    backward: int = 0
    bytes: int = 0

    def add(self, spent: int, back: bool, size: int) -> None:
        """Count a call."""
        self.calls += not back
        self.bytes += size
        if back:
            self.backward += spent
        else:
            self.forward += spent


@dataclass
class _Call:
    """A call that is under way."""

    frame: FrameType
    kind: str
    start: int = 0
    within: int = 0
    """Nanoseconds of the calls in it that are counted by themselves."""


@dataclass
class _Thread:
    """What one thread is in the middle of."""

    calls: list[_Call] = field(default_factory=list)
    pulls: int = 0


class profile:
    """Measure what a block does: `with tapegrad.profile() as p: ...`, then `print(p)` or `p.save("trace.json")`.

    Time is that of an op itself, not of ops that it calls, with what Python adds to a call; measuring adds a few
    microseconds to each. `forward` is what runs when an op is called, `backward` what a sweep does for it, at the line
    where the op was called. Bytes are those of the results. A compiled function is one entry, since its program is no
    calls of ops. With `wait`, engines that answer before they have finished are waited for after each call.

    Shapes: any.

    Dtypes: any.

    Raises: `ValueError` for a profile that is entered within itself.

    >>> import tapegrad
    >>> import tapegrad.numpy as tnp
    >>> with tapegrad.profile() as p:
    ...     slope = tapegrad.grad(lambda x: tnp.sum(tnp.sin(x) * x))(tnp.ones(3))
    >>> p.ops["sin"].calls, p.ops["sin"].forward > 0, p.ops["sin"].backward > 0
    (1, True, True)
    """

    def __init__(self, *, wait: bool = True) -> None:
        self.wait = wait
        self.ops: dict[str, Entry] = {}
        self.lines: dict[str, Entry] = {}
        self.events: list[dict[str, Any]] = []
        self.began = 0
        self.is_on = False
        self._kinds: dict[CodeType, str] = {}
        self._origins: WeakKeyDictionary[Node, tuple[str, str]] = WeakKeyDictionary()
        self._threads: dict[int, _Thread] = {}

    def __enter__(self) -> profile:
        if self.is_on:
            raise ArgumentError("this profile is on already; make another by tapegrad.profile()")
        self.is_on = True
        self.began = self.began or perf_counter_ns()
        self._before = sys.getprofile()
        threading.setprofile(self._told)
        sys.setprofile(self._told)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        sys.setprofile(self._before)
        threading.setprofile(self._before)
        self._threads.clear()
        self.is_on = False

    # ---- what Python tells

    def _told(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            code = frame.f_code
            kind = self._kinds.get(code)
            if kind is None:
                kind = self._kinds[code] = _kind_of(code)
            if kind:
                thread = self._threads.setdefault(threading.get_ident(), _Thread())
                thread.pulls += kind == "pull"
                call = _Call(frame, kind)
                thread.calls.append(call)
                call.start = perf_counter_ns()
        elif event == "return" and frame.f_code in self._kinds and self._kinds[frame.f_code]:
            now = perf_counter_ns()
            thread = self._threads.setdefault(threading.get_ident(), _Thread())
            if thread.calls and thread.calls[-1].frame is frame:
                self._ended(thread, now, arg)

    def _ended(self, thread: _Thread, now: int, result: Any) -> None:
        call = thread.calls.pop()
        outer = thread.calls[-1] if thread.calls else None
        if self.wait and _wait(result):
            now = perf_counter_ns()
        back = thread.pulls > 0
        thread.pulls -= call.kind == "pull"
        if outer is not None and outer.kind == call.kind != "pull":
            return  # an op that calls itself again, with operands that are alike, is one call
        spent = now - call.start
        if outer is not None:
            outer.within += spent
        name, line = call.kind, ""
        if call.kind == "pull":
            node = call.frame.f_locals.get(call.frame.f_code.co_varnames[0])
            name, line = self._origins.get(node, ("other", "")) if isinstance(node, Node) else ("other", "")
        elif call.kind == "program":
            name = _program_of(call.frame)
        line = line or _line_of(call.frame)
        size = _remembered(self._origins, result, name, line)
        self.ops.setdefault(name, Entry()).add(spent - call.within, back, size)
        self.lines.setdefault(line, Entry()).add(spent - call.within, back, size)
        if len(self.events) < MOST_EVENTS:
            self.events.append(
                {
                    "name": name,
                    "cat": "backward" if back else "forward",
                    "ph": "X",
                    "ts": (call.start - self.began) / 1e3,
                    "dur": spent / 1e3,
                    "pid": os.getpid(),
                    "tid": threading.get_ident(),
                    "args": {"line": line, "bytes": size},
                }
            )

    # ---- what was found

    def clear(self) -> None:
        """Forget what was measured."""
        self.ops.clear()
        self.lines.clear()
        self.events.clear()

    def __repr__(self) -> str:
        return "\n\n".join((_table("op", self.ops), _table("line", self.lines)))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all calls as a trace that chrome://tracing, Perfetto and speedscope show."""
        Path(path).write_text(dumps({"traceEvents": self.events, "displayTimeUnit": "ms"}), encoding="utf-8")


def _kind_of(code: CodeType) -> str:
    """Which op a code is the function of, "pull" for one of a node, "program" for a compiled one, else nothing."""
    file = code.co_filename
    if file.startswith("<tapegrad program"):
        return "program" if code.co_name == "course0" else ""
    if code.co_name == "pull" and file.startswith((FOLDER, "<tapegrad ")):
        return "pull"
    return code.co_name if file.startswith("<tapegrad ") and code.co_name in OPS else ""


def _program_of(frame: FrameType) -> str:
    """The compiled function whose program this is, which is among the callers."""
    caller = frame.f_back
    while caller is not None and caller.f_code.co_filename.startswith(FOLDER):
        name = getattr(caller.f_locals.get("self"), "__qualname__", None)
        if name is not None:
            return f"compiled {name}"
        caller = caller.f_back
    return "compiled program"


def _line_of(frame: FrameType | None) -> str:
    """The line of the user's program that a call comes from."""
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _parts(result: Any) -> list[Any]:
    return [x for x in result if x is not None] if isinstance(result, (tuple, list)) else [result]


def _wait(result: Any) -> bool:
    """Wait for what was computed; whether there was anything to wait for."""
    array = next((x for x in _parts(result) if isinstance(x, Array)), None)
    if array is not None and array._kernels.backend is not None:
        array._kernels.backend.synchronize()
        return True
    if array is None:
        raw = next((x for x in _parts(result) if hasattr(x, "__dlpack__")), None)
        if raw is not None:
            backend_of(raw).synchronize()
            return True
    return False


def _remembered(origins: WeakKeyDictionary[Node, tuple[str, str]], result: Any, name: str, line: str) -> int:
    """Keep where the nodes of results were made; the bytes of the results."""
    size = 0
    for x in _parts(result):
        if isinstance(x, Array):
            if isinstance(x._node, Node):
                origins.setdefault(x._node, (name, line))
            x = x._value
        shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
        if shape is not None and all(isinstance(n, int) for n in shape):
            size += prod(shape) * int(getattr(dtype, "itemsize", 0))
    return size


def _table(what: str, entries: dict[str, Entry]) -> str:
    """The entries that took longest first, in 80 columns."""
    whole = sum(entry.forward + entry.backward for entry in entries.values()) or 1
    lines = [f"{what:<32}{'calls':>8}{'forward ms':>12}{'backward ms':>12}{'MB':>9}{'%':>6}"]
    for name, entry in sorted(entries.items(), key=lambda item: -item[1].forward - item[1].backward):
        name = name.rpartition(os.sep)[2] or "elsewhere"
        shown = name if len(name) <= 31 else f"…{name[-30:]}"
        share = 100 * (entry.forward + entry.backward) / whole
        times = f"{entry.forward / 1e6:>12.3f}{entry.backward / 1e6:>12.3f}"
        lines.append(f"{shown:<32}{entry.calls:>8}{times}{entry.bytes / 1e6:>9.2f}{share:>6.1f}")
    return "\n".join(lines)
