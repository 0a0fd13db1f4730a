"""Guards: places of Python's state and what they hold, which a recorded program takes for granted.

A trace follows one run, in which `self.rate` was a number and `parameters[0]` an array. Of each place that the function
can reach (`reaching.py`) it is noted what is there: of numbers and the like the value, of everything else which object.
A program is used as long as every place holds what it held.
"""

from __future__ import annotations

import dis
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

import numpy as np

from ..arrays.array import Array
from .program import fingerprint
from .writes import only_written

SCALARS = (bool, int, float, complex, str, bytes, type(None), type(...), slice, range, np.generic, np.dtype)


class Place:
    """One place and what it holds: `get(holder, key)`."""

    __slots__ = ("get", "held", "holder", "key", "weak")

    def __init__(self, get: Callable[[Any, Any], Any], holder: Any, key: Any, held: Any) -> None:
        self.get = get
        self.holder = holder
        self.key = key
        self.weak = isinstance(held, Array)
        self.held = ref(held) if self.weak else held

    def __str__(self) -> str:
        return repr(self.key) if self.get in (item, cell, getattr) else f"a {type(self.holder).__name__}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self._where() == other._where()

    def __hash__(self) -> int:
        return hash(self._where())

    def _where(self) -> tuple[Any, ...]:
        return self.get, id(self.holder), self.key if isinstance(self.key, (str, int)) else id(self.key)

    @property
    def writable(self) -> bool:
        """Whether `put` can give it something else to hold."""
        return self.get in (item, cell, getattr) and not isinstance(self.holder, (types.MappingProxyType, tuple))

    def put(self, value: Any) -> None:
        """Give it something else to hold."""
        if self.get is item:
            self.holder[self.key] = value
        elif self.get is cell:
            self.holder.cell_contents = value
        else:
            setattr(self.holder, self.key, value)

    def now(self) -> Any:
        """What the place holds now; `MISSING` where there is none any more."""
        try:
            return self.get(self.holder, self.key)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return MISSING

    def assignment(self, name: Callable[[Any], str], value: str) -> str:
        """The statement that gives it something else to hold, or a list more of it; for `name` see `text`."""
        if self.get is getattr:
            return f"{name(self.holder)}.{self.key} = {value}"
        return f"{name(self.holder)}.extend({value})" if self.get is length else f"{self.text(name)} = {value}"

    def text(self, name: Callable[[Any], str]) -> str:
        """The expression for what the place holds; `name` gives a global name to an object."""
        holder = name(self.holder)
        if self.get is cell:
            return f"{holder}.cell_contents"
        if self.get is item:
            return f"{holder}[{self.key!r}]" if isinstance(self.key, (str, int)) else f"{holder}[{name(self.key)}]"
        if self.get is length:
            return f"len({holder})"
        return f"{name(self.get)}({holder}, {name(self.key)})"

    def holds(self) -> bool:
        """Whether it still holds the same."""
        now = self.now()
        held = self.held
        if self.weak:
            return now is held()
        return now is held or same(now, held)


MISSING = object()

_FICKLE = """
    choice date datetime default_rng environ getenv input integers load loadtxt monotonic next normal now open
    perf_counter permutation process_time rand randint randn random read readline recv sample shuffle
    standard_normal time time_ns today uniform urandom uuid4
"""
FICKLE = frozenset(_FICKLE.split())
"""Names in code after which the same call may give something else the next time."""


def same(x: Any, y: Any) -> bool:
    """Whether two of Python's values are of one class and equal, the sign of zero included."""
    if x.__class__ is not y.__class__ or not isinstance(x, SCALARS):
        return False
    return bool(x == y) and (x.__class__ not in (float, complex) or repr(x) == repr(y))


def item(holder: Any, key: Any) -> Any:
    return holder[key]


def cell(holder: Any, key: Any) -> Any:
    return holder.cell_contents


def length(holder: Any, key: Any) -> int:
    return len(holder)


class Reaches:
    """A class of objects that say themselves what they reach."""

    def reaches(self) -> list[Any]:
        """The objects to walk on from."""
        raise NotImplementedError


@dataclass
class Reach:
    """What a function reaches: places with what they hold, the arrays among it, and host arrays."""

    places: list[Place] = field(default_factory=list)
    arrays: dict[int, Any] = field(default_factory=dict)
    hosts: list[tuple[np.ndarray[Any, Any], bytes]] = field(default_factory=list)
    codes: list[types.CodeType] = field(default_factory=list)
    functions: list[types.FunctionType] = field(default_factory=list)
    dicts: set[int] = field(default_factory=set)
    """Dictionaries of the program's own, by their ids: no namespaces."""
    beyond: str = ""
    """What cannot be watched, so that no program can take it for granted."""
    streams: list[Any] = field(default_factory=list)
    appended: set[int] = field(default_factory=set)
    """Lists, by their ids, to which each call of the program appends."""

    def changed(self) -> list[Place]:
        """The places that hold something else now."""
        return [place for place in self.places if not place.holds()]

    def restore(self) -> None:
        """Undo what a run has done that is done again: what places hold, and what lists have gained."""
        for place in self.changed():
            held: Any = place.held() if place.weak else place.held
            if place.get is length and isinstance(place.holder, list):
                del place.holder[held:]
            elif place.writable and not (place.weak and held is None):
                place.put(held)

    def only_written(self, place: Place) -> bool:
        """Whether it is the length of a list that the function only appends to."""
        now = place.now()
        if place.get is length and isinstance(place.holder, (list, deque)):
            before: Any = place.held
            return now >= before and all(
                only_written(name, keys, self.codes) for name, keys in self._names_of(place.holder)
            )
        return False

    def line(self, holder: Any, names: Iterable[Any]) -> str:
        """A line that has one of these names, or one by which an object is found, as "file:line"; "" where none has."""
        names = {*names, *[name for name, _ in self._names_of(holder) if holder is not None]}
        for code in self.codes:
            for step in dis.get_instructions(code):
                if step.argval in names and isinstance(step.argval, str) and step.positions:
                    return f"{code.co_filename}:{step.positions.lineno}"
        return ""

    def _names_of(self, holder: Any) -> list[tuple[str, tuple[Any, ...]]]:
        """The names under which the function finds a list, or a dictionary and the key of it; "" is no name."""
        names = list[tuple[str, tuple[Any, ...]]]()
        for place in self.places:
            if place.held is holder and id(place.holder) in self.dicts:
                names += [("" if keys else name, (place.key,)) for name, keys in self._names_of(place.holder)]
            elif place.held is holder:
                names.append((place.key if isinstance(place.key, str) else "", ()))
        return names

    @property
    def changed_host(self) -> np.ndarray[Any, Any] | None:
        """A host array that has other numbers now; None where all are as they were."""
        return next((array for array, numbers in self.hosts if array.tobytes() != numbers), None)

    @property
    def fickle(self) -> bool:
        """Whether the code names something that is apt to differ from one call to the next."""
        return any(not FICKLE.isdisjoint(code.co_names) for code in self.codes)

    def drawn_from(self) -> list[Any]:
        """Where the streams of random numbers stand that are not ours: the global ones, and those reached."""
        states: list[Any] = []
        if "random" in sys.modules:
            states.append(sys.modules["random"].getstate())
        if "numpy.random" in sys.modules:
            states.append(fingerprint(np.random.get_state(legacy=False)))
        return states + [_state(stream) for stream in self.streams]


def _state(stream: Any) -> Any:
    """Where a stream stands."""
    if hasattr(stream, "getstate"):
        return stream.getstate()
    return fingerprint(stream.get_state(legacy=False) if hasattr(stream, "get_state") else stream.bit_generator.state)
