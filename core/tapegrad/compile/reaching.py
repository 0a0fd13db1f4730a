"""What a function can reach of Python's state: a walk over all that it and what it holds refers to.

It begins with the function's closure and the globals that its code names. What a library holds is its own affair.
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
from typing import Any
from weakref import ref

import numpy as np

from ..arrays.array import Array
from ..engines.backend import Backend
from ..engines.tables import Kernels, Signature
from ..errors import a_kind
from ..op.record import Op
from ..tape.nodes import Node
from ..tape.tracebacks import FOLDER
from ..transforms.draws import HostGenerator
from .guards import MISSING, SCALARS, Place, Reach, Reaches, cell, item, length
from .values import Value

MOST = 50_000
"""How many places are looked at; a function that reaches more is not compiled."""

MOST_BYTES = 1 << 28
"""How many bytes of host arrays are compared at each call; a function that reaches more is not compiled."""

_HOLDERS = frozenset(("argparse", "collections", "types", "threading"))
"""Modules of Python's whose objects hold what programs put there, as attributes."""


def reachable(roots: Iterable[Any]) -> Reach:
    """What can be reached from some objects."""
    walk = _Walk(roots)
    walk.go()
    return walk.reach


class _Walk:
    """A walk from objects to what they hold, each object once."""

    def __init__(self, roots: Iterable[Any]) -> None:
        self.reach = Reach()
        self.ahead = list(roots)
        self.met: dict[int, Any] = {}
        """The objects by their ids, which stay theirs as long as the walk goes on."""
        self.modules: list[types.ModuleType] = []
        self.spaces: set[int] = set()
        """The dictionaries of attributes, by their ids."""
        self.named: set[tuple[int, str]] = set()
        self.bytes = 0

    def put(self, get: Callable[[Any, Any], Any], holder: Any, key: Any, value: Any) -> None:
        """Note a place and what it holds, and go there later."""
        self.reach.places.append(Place(get, holder, key, value))
        self.ahead.append(value)

    def watch(self, get: Callable[[Any, Any], Any], holder: Any, key: Any, value: Any) -> None:
        """Note what must stay as it is, and leads nowhere."""
        self.reach.places.append(Place(get, holder, key, value))

    def go(self) -> None:
        """Walk until there is nothing new."""
        while (self.ahead or self.name()) and not self.reach.beyond:
            x = self.ahead.pop()
            if isinstance(x, SCALARS) or id(x) in self.met:
                continue
            if len(self.reach.places) > MOST:
                self.reach.beyond = f"it reaches more than {MOST} places of Python's state"
            self.met[id(x)] = x
            self.meet(x)

    def name(self) -> bool:
        """Go on to what code names of modules; whether there is any. What code is met says which names count."""
        names = dict.fromkeys([name for code in self.reach.codes for name in code.co_names])
        for module in self.modules:
            space = vars(module)
            for name in names:
                if name in space and (id(module), name) not in self.named:
                    self.named.add((id(module), name))
                    self.put(item, space, name, space[name])
        return bool(self.ahead)

    def meet(self, x: Any) -> None:
        """Note what an object holds, by what it is."""
        if isinstance(x, Array):
            self.reach.arrays[id(x)] = ref(x)
        elif isinstance(x, Reaches):
            self.ahead += x.reaches()
        elif isinstance(x, np.ndarray):
            self.host(x)
        elif isinstance(x, types.FunctionType):
            self.function(x)
        elif isinstance(x, (types.BuiltinMethodType, types.MethodWrapperType)):
            self.ahead.append(x.__self__)
        elif isinstance(x, types.MethodType):
            self.ahead += [x.__self__, x.__func__]
        elif isinstance(x, functools.partial):
            self.ahead += [x.func, x.args, x.keywords]
        elif isinstance(x, (list, tuple, deque, dict, types.MappingProxyType, set, frozenset)):
            self.container(x)
            self.attributes(x)
        elif isinstance(x, (bytearray, memoryview, packed)):
            self.watch(_bytes, x, None, bytes(x))
        elif isinstance(x, ContextVar):
            self.put(_in_context, x, MISSING, x.get(MISSING))
        elif isinstance(x, ref):
            self.ahead.append(x())
        elif isinstance(x, types.ModuleType):
            if not _is_library(x.__name__):
                self.modules.append(x)
        elif isinstance(x, (Op, Kernels, Backend, Signature, Node, HostGenerator, Value)):
            return  # what these hold is their own affair
        elif isinstance(x, Iterator):
            if operator.length_hint(x, -1) < 0:
                self.reach.beyond = f"it reaches {a_kind(x)}, and nobody can tell how far that one is"
            self.watch(_ahead, x, None, operator.length_hint(x, -1))
        elif _is_stream(x):
            self.reach.streams.append(x)
        elif isinstance(x, type):
            if not _is_library(x.__module__):
                self.ahead += x.__bases__
                self.watch(length, vars(x), None, len(vars(x)))
                for name, value in list(vars(x).items()):
                    if not name.startswith("__") or isinstance(value, types.FunctionType):
                        plain = not hasattr(value, "__get__")
                        self.put(getattr if plain else item, x if plain else vars(x), name, value)
        elif isinstance(x, (staticmethod, classmethod)):
            self.ahead.append(x.__func__)
        elif isinstance(x, property):
            self.ahead += [x.fget, x.fset]
        elif isinstance(x, threading.local):
            # Each thread has attributes of its own.
            for name, value in list(vars(x).items()):
                self.put(getattr, x, name, value)
        else:
            self.attributes(x)

    def host(self, x: np.ndarray[Any, Any]) -> None:
        """An array of the host, whose numbers count."""
        self.bytes += x.nbytes
        if self.bytes > MOST_BYTES:
            self.reach.beyond = f"it reaches more than {MOST_BYTES >> 20} MiB of NumPy arrays; pass them as arguments"
            return
        self.reach.hosts.append((x, x.tobytes()))
        if x.dtype.hasobject:
            self.ahead += x.ravel().tolist()

    def function(self, x: types.FunctionType) -> None:
        """A function: its closure and defaults, and of one that is no library's the globals that it names."""
        for name, holder in zip(x.__code__.co_freevars, x.__closure__ or (), strict=True):
            try:
                self.put(cell, holder, name, holder.cell_contents)
            except ValueError:
                continue
        for name in ("__defaults__", "__kwdefaults__"):
            if getattr(x, name):
                self.put(getattr, x, name, getattr(x, name))
        if _is_library_file(x.__code__.co_filename):
            return
        if vars(x):
            self.ahead.append(vars(x))
        self.reach.functions.append(x)
        self.reach.codes += _codes(x.__code__)
        space = x.__globals__
        for name in dict.fromkeys([name for code in _codes(x.__code__) for name in code.co_names]):
            if name in space:
                self.put(item, space, name, space[name])
        for name in dict.fromkeys(_globals_in(x.__code__)):
            if name not in space and not hasattr(builtins, name):
                self.watch(_is_there, space, name, False)

    def container(self, x: Any) -> None:
        """One of Python's containers: how long it is, and what it holds."""
        if isinstance(x, (set, frozenset)):
            self.watch(_members, x, frozenset(x), True)
            self.ahead.extend(x)
            return
        if not isinstance(x, tuple):
            self.watch(length, x, None, len(x))
        mapping = isinstance(x, (dict, types.MappingProxyType))
        if mapping and id(x) not in self.spaces:
            self.reach.dicts.add(id(x))
        if mapping and len(x) > 1:
            self.watch(_ordered, x, tuple(x), True)
        for key, value in list(x.items() if mapping else enumerate(x)):
            self.put(item, x, key, value)

    def attributes(self, x: Any) -> None:
        """The attributes of an object, and its class."""
        cls = type(x)
        root = cls.__module__.partition(".")[0]
        if root in sys.stdlib_module_names and root not in ("__main__", *_HOLDERS):
            return
        self.ahead += cls.__mro__
        if hasattr(x, "__dict__"):
            self.spaces.add(id(vars(x)))
            self.ahead.append(vars(x))
        for base in cls.__mro__:
            names = base.__dict__.get("__slots__", ())
            for name in (names,) if isinstance(names, str) else names:
                if name not in ("__weakref__", "__dict__") and hasattr(x, name):
                    self.put(getattr, x, name, getattr(x, name))


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


_PYTHON = os.path.dirname(os.path.abspath(os.__file__)) + os.sep


@functools.cache
def _is_library_file(name: str) -> bool:
    """Whether code of that file, or of that name where there is no file, belongs to a library."""
    return (
        name.startswith((FOLDER, _PYTHON, "<tapegrad", "<frozen")) or "site-packages" in name or "dist-packages" in name
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
