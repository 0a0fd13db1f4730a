"""Doors: while some thread is tracing, reads and writes of the slots of arrays pass through its trace.

Python's own functions of numbers (`math`) have stand-ins meanwhile, which note what they are asked. Threads that trace
nothing pass the doors as if there were none.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any

from ..arrays.array import Array
from ..tape.nodes import Leaf
from .values import Host, Number

if TYPE_CHECKING:
    from .trace import Trace

ACTIVE: ContextVar[Trace | None] = ContextVar("tapegrad_trace", default=None)
"""The trace that is under way in this thread or task."""


@contextmanager
def untraced() -> Iterator[None]:
    """Within it arrays are what they are outside of the trace."""
    token = ACTIVE.set(None)
    try:
        yield
    finally:
        ACTIVE.reset(token)


class Door:
    """Stands for a slot of a class while some thread is tracing: passes what is no trace's business."""

    __slots__ = ("cls", "name", "slot")

    def __init__(self, cls: type, name: str) -> None:
        self.cls = cls
        self.name = name
        self.slot = cls.__dict__[name]

    def __get__(self, x: Any, owner: Any = None) -> Any:
        if x is None:
            return self
        trace = ACTIVE.get()
        return self.slot.__get__(x) if trace is None else trace.read(x, self)

    def __set__(self, x: Any, value: Any) -> None:
        trace = ACTIVE.get()
        if trace is None:
            self.slot.__set__(x, value)
        else:
            trace.write(x, self, value)

    def __delete__(self, x: Any) -> None:
        self.slot.__delete__(x)


def number_of(x: Any, function: str) -> Any:
    """What Python makes a number of, as the number of the program that it is; anything else as it is."""
    if isinstance(x, Array):
        x = x._scalar(f"{function}()")
    return x.item() if type(x) is Host else x


def _noted_math(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **keywords: Any) -> Any:
        trace = ACTIVE.get()
        if trace is not None:
            args = tuple([number_of(x, "float") for x in args])
        if trace is None or not any(type(x) is Number for x in args):
            return function(*args, **keywords)
        return trace.host_step(name, function, args, keywords)

    return functools.wraps(function)(noted)


MATH = {
    name: (function, _noted_math(name, function))
    for name, function in vars(math).items()
    if isinstance(function, BuiltinFunctionType) and not name.startswith("_")
}
"""Python's functions of numbers, and what stands for each while some thread is tracing: it notes what it is asked."""


class _Doors:
    """All doors, which are there while at least one trace is under way in any thread."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.count = 0
        self.doors: list[Door] = []

    def open(self) -> None:
        """Set up the doors for one more trace."""
        with self.lock:
            self.count += 1
            if self.count > 1:
                return
            self.doors = [Door(Leaf, "fresh")]
            ahead: list[type] = [Array]
            while ahead:
                cls = ahead.pop()
                self.doors += [Door(cls, name) for name in _own_slots(cls)]
                ahead.extend(cls.__subclasses__())
            for door in self.doors:
                setattr(door.cls, door.name, door)
            for name, (_, noted) in MATH.items():
                setattr(math, name, noted)

    def close(self) -> None:
        """Take the doors away with the last trace."""
        with self.lock:
            self.count -= 1
            if self.count == 0:
                for door in self.doors:
                    setattr(door.cls, door.name, door.slot)
                for name, (function, _) in MATH.items():
                    setattr(math, name, function)


DOORS = _Doors()


def _own_slots(cls: type) -> list[str]:
    return [name for name in cls.__dict__.get("__slots__", ()) if name != "__weakref__"]


_SLOTS: dict[type, dict[str, Any]] = {}


def slots_of(cls: type) -> dict[str, Any]:
    """The slots of an array class by name, as they are without doors."""
    found = _SLOTS.get(cls)
    if found is None:
        slots = [(name, c.__dict__[name]) for c in cls.__mro__ for name in _own_slots(c)]
        found = _SLOTS[cls] = {name: getattr(slot, "slot", slot) for name, slot in slots}
    return found


def contents(x: Array) -> dict[str, Any]:
    """What the slots of an array hold outside of any trace; a stale view has no value, which it takes later."""
    held = {}
    for name, slot in slots_of(type(x)).items():
        try:
            held[name] = slot.__get__(x)
        except AttributeError:
            continue
    return held
