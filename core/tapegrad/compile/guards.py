"""Guards: what a function can reach of Python's state, which a recorded program takes for granted.

A trace follows one run, in which `self.rate` was a number and `parameters[0]` an array. `reachable` walks what the
function can reach, before it is run: its closure, the globals that it names, the objects these hold, and so on. Of each
place it notes what is there: of numbers and the like the value, of everything else which object. A program is used as
long as every place holds what it held.
"""

from __future__ import annotations

import builtins
import dis
import functools
import operator
import os
import sys
import threading
import types
from array import array as packed
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

import numpy as np

from ..arrays.array import Array
from ..arrays.trees import flatten
from ..engines.backend import Backend
from ..engines.tables import Kernels, Signature
from ..op.record import Op
from ..tape.nodes import Node
from ..transforms.draws import HostGenerator
from .program import fingerprint
from .values import Value
from .writes import only_written

MOST = 50_000
"""How many places are looked at; a function that reaches more is not compiled."""

MOST_BYTES = 1 << 28
"""How many bytes of host arrays are compared at each call; a function that reaches more is not compiled."""

_HOLDERS = frozenset(("argparse", "collections", "types", "threading"))
"""Modules of Python's whose objects hold what programs put there, as attributes."""

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
        return f"a {type(self.holder).__name__}" if self.get is length else repr(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Place) and self._where() == other._where()

    def __hash__(self) -> int:
        return hash(self._where())

    def _where(self) -> tuple[Any, ...]:
        return self.get, id(self.holder), self.key if isinstance(self.key, (str, int)) else id(self.key)

    @property
    def writable(self) -> bool:
        """Whether `put` can give it something else to hold."""
        return self.get in (_item, _cell, getattr) and not isinstance(self.holder, (types.MappingProxyType, tuple))

    def put(self, value: Any) -> None:
        """Give it something else to hold."""
        if self.get is _item:
            self.holder[self.key] = value
        elif self.get is _cell:
            self.holder.cell_contents = value
        else:
            setattr(self.holder, self.key, value)

    def now(self) -> Any:
        """What the place holds now; `MISSING` where there is none any more."""
        try:
            return self.get(self.holder, self.key)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return MISSING

    def text(self, name: Callable[[Any], str]) -> str:
        """The expression for what the place holds; `name` gives a global name to an object."""
        holder = name(self.holder)
        if self.get is _cell:
            return f"{holder}.cell_contents"
        if self.get is _item:
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


def _item(holder: Any, key: Any) -> Any:
    return holder[key]


def _cell(holder: Any, key: Any) -> Any:
    return holder.cell_contents


def length(holder: Any, key: Any) -> int:
    return len(holder)


def _ahead(holder: Any, key: Any) -> int:
    return operator.length_hint(holder, -1)


def _members(holder: Any, key: Any) -> Any:
    return holder == key


def _ordered(holder: Any, key: tuple[Any, ...]) -> bool:
    return tuple(holder) == key


def _is_there(holder: dict[str, Any], key: str) -> bool:
    return key in holder


def _in_context(holder: Any, key: Any) -> Any:
    return holder.get(key)


def _bytes(holder: Any, key: Any) -> bytes:
    return bytes(holder)


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
    beyond: str = ""
    """What cannot be watched, so that no program can take it for granted."""
    streams: list[Any] = field(default_factory=list)

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
        """Whether what has changed is a list that the function only appends to."""
        now = place.now()
        if place.get is length and isinstance(place.holder, (list, deque)):
            before: Any = place.held
            if now < before or any(isinstance(x, Array) for x in flatten(list(place.holder)[before:])[0]):
                return False
            return all(only_written(name, self.codes) for name in self._names_of(place.holder))
        return False

    def _names_of(self, holder: Any) -> list[str]:
        """The names under which the function finds a list or dictionary; one without a name has an impossible one."""
        keys = [place.key for place in self.places if place.held is holder]
        return [key if isinstance(key, str) else "" for key in keys]

    def holds(self) -> bool:
        """Whether all is as it was."""
        for place in self.places:
            if not place.holds():
                return False
        return self.changed_host is None

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


@functools.cache
def _is_library(name: str) -> bool:
    """Whether a module belongs to Python or to an installed distribution, whose state is its own affair."""
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names and root != "__main__":
        return True
    if root == __name__.partition(".")[0]:
        return True
    path = getattr(sys.modules.get(root), "__file__", None) or ""
    return "site-packages" in path or "dist-packages" in path


_CORE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_PYTHON = os.path.dirname(os.path.abspath(os.__file__)) + os.sep


@functools.cache
def _is_library_file(name: str) -> bool:
    """Whether code of that file, or of that name where there is no file, belongs to a library."""
    return (
        name.startswith((_CORE, _PYTHON, "<tapegrad", "<frozen")) or "site-packages" in name or "dist-packages" in name
    )


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """A function's code, and that of the functions within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _globals_in(code: types.CodeType) -> Iterator[str]:
    """The names that code looks up among globals; `dis`, which knows lines as well, takes long."""
    for part in _codes(code):
        high = 0
        for step, low in zip(part.co_code[::2], part.co_code[1::2], strict=True):
            if step == _LOAD_GLOBAL:
                yield part.co_names[(high + low) >> 1]
            high = (high + low) << 8 if step == dis.EXTENDED_ARG else 0


_LOAD_GLOBAL = dis.opmap["LOAD_GLOBAL"]


def _is_stream(x: Any) -> bool:
    """Whether it is a stream of random numbers of NumPy's or Python's own."""
    known = [getattr(sys.modules.get(where), name, None) for where, name in _STREAMS]
    return hasattr(type(x), "bit_generator") or any(cls is not None and isinstance(x, cls) for cls in known)


_STREAMS = (("random", "Random"), ("numpy.random", "RandomState"))


def _state(stream: Any) -> Any:
    """Where a stream stands."""
    if hasattr(stream, "getstate"):
        return stream.getstate()
    return fingerprint(stream.get_state(legacy=False) if hasattr(stream, "get_state") else stream.bit_generator.state)


def reachable(roots: Iterable[Any]) -> Reach:
    """What can be reached from some objects."""
    reach = Reach()
    seen: set[int] = set()
    alive: list[Any] = []
    ahead: list[Any] = list(roots)
    modules: list[types.ModuleType] = []
    named: set[tuple[int, str]] = set()
    size = 0

    def put(get: Callable[[Any, Any], Any], holder: Any, key: Any, value: Any) -> None:
        reach.places.append(Place(get, holder, key, value))
        ahead.append(value)

    while ahead or modules:
        if not ahead:
            # The code that has been met says which names of a module count, so this comes last, and again.
            names = dict.fromkeys([name for code in reach.codes for name in code.co_names])
            for module in modules:
                space = vars(module)
                for name in names:
                    if name in space and (id(module), name) not in named:
                        named.add((id(module), name))
                        put(_item, space, name, space[name])
            if not ahead:
                break
        x = ahead.pop()
        if isinstance(x, SCALARS) or id(x) in seen:
            continue
        if len(reach.places) > MOST:
            reach.beyond = f"it reaches more than {MOST} places of Python's state"
            break
        seen.add(id(x))
        alive.append(x)
        if isinstance(x, Array):
            reach.arrays[id(x)] = ref(x)
        elif isinstance(x, Reaches):
            ahead += x.reaches()
        elif isinstance(x, np.ndarray):
            size += x.nbytes
            if size > MOST_BYTES:
                reach.beyond = f"it reaches more than {MOST_BYTES >> 20} MiB of NumPy arrays; pass them as arguments"
                break
            reach.hosts.append((x, x.tobytes()))
            if x.dtype.hasobject:
                ahead += x.ravel().tolist()
        elif isinstance(x, types.FunctionType):
            for name, cell in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
                try:
                    put(_cell, cell, name, cell.cell_contents)
                except ValueError:
                    continue
            for name in ("__defaults__", "__kwdefaults__"):
                if getattr(x, name):
                    put(getattr, x, name, getattr(x, name))
            if not _is_library_file(x.__code__.co_filename):
                if vars(x):
                    ahead.append(vars(x))
                reach.codes += _codes(x.__code__)
                names = dict.fromkeys([name for code in _codes(x.__code__) for name in code.co_names])
                space = x.__globals__
                for name in names:
                    if name in space:
                        put(_item, space, name, space[name])
                for name in _globals_in(x.__code__):
                    if name not in space and not hasattr(builtins, name):
                        reach.places.append(Place(_is_there, space, name, False))
        elif isinstance(x, (types.BuiltinMethodType, types.MethodWrapperType)):
            ahead.append(x.__self__)
        elif isinstance(x, types.MethodType):
            ahead += [x.__self__, x.__func__]
        elif isinstance(x, functools.partial):
            ahead += [x.func, x.args, x.keywords]
        elif isinstance(x, (list, tuple, deque)):
            if not isinstance(x, tuple):
                reach.places.append(Place(length, x, None, len(x)))
            for i, value in enumerate(x):
                put(_item, x, i, value)
            _walk_attributes(x, put, ahead)
        elif isinstance(x, (dict, types.MappingProxyType)):
            reach.places.append(Place(length, x, None, len(x)))
            if len(x) > 1:
                reach.places.append(Place(_ordered, x, tuple(x), True))
            for key, value in list(x.items()):
                put(_item, x, key, value)
            _walk_attributes(x, put, ahead)
        elif isinstance(x, (set, frozenset)):
            reach.places.append(Place(_members, x, frozenset(x), True))
            ahead.extend(x)
            _walk_attributes(x, put, ahead)
        elif isinstance(x, (bytearray, memoryview, packed)):
            reach.places.append(Place(_bytes, x, None, bytes(x)))
        elif isinstance(x, ContextVar):
            put(_in_context, x, MISSING, x.get(MISSING))
        elif isinstance(x, ref):
            ahead.append(x())
        elif isinstance(x, types.ModuleType):
            if not _is_library(x.__name__):
                modules.append(x)
        elif isinstance(x, (Op, Kernels, Backend, Signature, Node, HostGenerator, Value)):
            continue  # what these hold is their own affair
        elif isinstance(x, Iterator):
            if operator.length_hint(x, -1) < 0:
                reach.beyond = f"it reaches a {type(x).__name__}, and nobody can tell how far that one is"
            reach.places.append(Place(_ahead, x, None, operator.length_hint(x, -1)))
        elif _is_stream(x):
            reach.streams.append(x)
        elif isinstance(x, type):
            if not _is_library(x.__module__):
                ahead += x.__bases__
                reach.places.append(Place(length, vars(x), None, len(vars(x))))
                for name, value in list(vars(x).items()):
                    if not name.startswith("__") or isinstance(value, types.FunctionType):
                        put(_item, vars(x), name, value)
        elif isinstance(x, (staticmethod, classmethod)):
            ahead.append(x.__func__)
        elif isinstance(x, property):
            ahead += [x.fget, x.fset]
        elif isinstance(x, threading.local):
            # Each thread has attributes of its own.
            for name, value in list(vars(x).items()):
                put(getattr, x, name, value)
        else:
            _walk_attributes(x, put, ahead)
    return reach


def _walk_attributes(x: Any, put: Callable[[Any, Any, Any, Any], None], ahead: list[Any]) -> None:
    """Walk on to the attributes of an object, and to its class."""
    cls = type(x)
    root = cls.__module__.partition(".")[0]
    if root in sys.stdlib_module_names and root not in ("__main__", *_HOLDERS):
        return
    ahead += cls.__mro__
    if hasattr(x, "__dict__"):
        ahead.append(vars(x))
    for base in cls.__mro__:
        names = base.__dict__.get("__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            if name not in ("__weakref__", "__dict__") and hasattr(x, name):
                put(getattr, x, name, getattr(x, name))
