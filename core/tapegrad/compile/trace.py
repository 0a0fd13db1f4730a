"""Tracing: the program runs on concrete values, and every kernel call in it is noted.

While a function is traced, the slots of arrays are behind doors (`Door`). What the function reads of an array from
outside is the array's value as a `Traced` one, under a kernel table that notes what it is asked for; what it writes
stays with the trace until `commit`. So no op, no rule and no face knows that it is being traced, other threads see
nothing of it, and a trace that fails has changed no array.

A value comes into the program by one of three ways, each of which is a step: `load`, from a handle or argument;
`draw`, from a stream of random numbers; and `constant`, which is all else that was made on the host.
"""

from __future__ import annotations

import functools
import gc
import math
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from types import BuiltinFunctionType, CellType, FrameType, MappingProxyType
from typing import Any, ClassVar
from weakref import ref

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import Batched
from ..arrays.views import is_apart
from ..engines.backend import Backend
from ..engines.registry import adopt_type
from ..engines.tables import OPS, EngineKernels, Kernels, Signature, Signatures, Spec
from ..tape.nodes import Leaf, Sweep
from ..transforms.draws import BATCHES, Draws, draw_in
from .program import Branch, Ref, Step, fingerprint
from .program import Spec as ValueSpec
from .values import NUMBERS, Host, Number, Traced, Untraceable, Value
from .visits import Visits

ACTIVE: ContextVar[Trace | None] = ContextVar("tapegrad_trace", default=None)
"""The trace that is under way in this thread or task."""

_CORE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_VALUE = frozenset(("_value", "_xp", "_signature"))
_UNMET = object()


# The doors


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


def _noted_math(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **keywords: Any) -> Any:
        trace = ACTIVE.get()
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
        self.slots: dict[type, list[Door]] = {}

    def open(self) -> None:
        """Set up the doors for one more trace."""
        with self.lock:
            self.count += 1
            if self.count > 1:
                return
            self.slots = {}
            self.doors = [Door(Leaf, "fresh")]
            ahead: list[type] = [Array]
            while ahead:
                cls = ahead.pop()
                names = cls.__dict__.get("__slots__", ())
                self.doors += [Door(cls, name) for name in names if name != "__weakref__"]
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

    def of(self, cls: type) -> list[Door]:
        """The doors of the arrays of a class."""
        found = self.slots.get(cls)
        if found is None:
            found = self.slots[cls] = [door for door in self.doors if door.cls in cls.__mro__]
        return found


DOORS = _Doors()


# The engine that notes what it is asked for


class TracedSignature(Signature):
    """A signature that keeps no constants, so that a traced number may stand for one."""

    __slots__ = ()

    class _None:
        def get(self, number: Any) -> None:
            return None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.scalars = self._None()  # type: ignore[assignment]

    def scalar(self, number: Any, value: Any) -> Any:
        return self.xp.weak(number, value)


class TracedSignatures(Signatures):
    """The signatures of a tracing table."""

    __slots__ = ()
    kind: ClassVar[type[Signature]] = TracedSignature


class TracingBackend(Backend):
    """Stands for an engine's backend while it is traced. There is one for each engine, for all traces."""

    original: Backend
    traced: type[Traced]

    def __init__(self, real: Backend) -> None:
        self.original = real
        self.traced = type(f"Traced_{real.name}", (Traced,), {"__slots__": (), "engine": real})
        self.name = real.name  # type: ignore[misc]
        self.engine = real.engine  # type: ignore[misc]
        self.shares_constants = real.shares_constants  # type: ignore[misc]
        self.layouts = real.layouts  # type: ignore[misc]
        adopt_type(self.traced, self)

    @property
    def module(self) -> Any:
        return self.original.module

    @property
    def namespace(self) -> Any:
        return self.original.namespace

    @property
    def kernels(self) -> Kernels:
        trace = ACTIVE.get()
        return self.original.kernels if trace is None else trace.table(self.original.kernels)

    @property
    def dtypes(self) -> Mapping[Any, np.dtype[Any]]:
        return self.original.dtypes

    def array_types(self) -> tuple[type, ...]:
        return self.original.array_types()

    def version(self) -> str:
        return self.original.version()

    def devices(self) -> Sequence[str]:
        return self.original.devices()

    def device_of(self, raw: Any) -> str:
        return self.original.device_of(bare(raw))

    def to_device(self, raw: Any, device: str) -> Any:
        return noted(self.original, "to_device", raw, device)

    def synchronize(self) -> None:
        self.original.synchronize()

    def dtype_of(self, raw: Any) -> np.dtype[Any]:
        return self.original.dtype_of(bare(raw))

    def native_dtype(self, dtype: Any) -> Any:
        return self.original.native_dtype(dtype)

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        return noted(self.original, "adopt", raw, owned=copy, copy=copy)

    def exclusive(self, raw: Any) -> Any:
        return noted(self.original, "exclusive", raw, owned=True)

    def may_write(self, raw: Any) -> bool:
        return False

    def like(self, raw: Any, spec: Spec) -> Any:
        return noted(self.original, "like", raw, spec)

    def spec(self, raw: Any) -> Spec:
        spec: Spec = self.original.kernels.spec(bare(raw))
        return spec

    def constant(self, scalar: Any, like: Any) -> Any:
        return self.original.constant(scalar, bare(like))

    def to_numpy(self, raw: Any) -> Any:
        if isinstance(raw, Traced):
            return raw.trace.host_step("to_numpy", self.original.to_numpy, (raw,), owned=True)
        return self.original.to_numpy(raw)

    def from_numpy(self, array: Any, *, device: str | None = None) -> Any:
        return noted(self.original, "from_numpy", array, device=device)

    def errors(self) -> Mapping[type[BaseException], type[Exception]]:
        return self.original.errors()

    def borrow(self, foreign: Any) -> Any:
        return None if isinstance(foreign, Traced) else self.original.borrow(foreign)

    def all_dtypes(self) -> AbstractContextManager[Any]:
        return self.original.all_dtypes()


def bare(value: Any) -> Any:
    """The concrete value."""
    return value.value if isinstance(value, Value) else value


def noted(real: Backend, name: str, raw: Any, *args: Any, owned: bool = False, **keywords: Any) -> Any:
    """What a method of a backend gives, as a step of the program where it is of a traced array."""
    method = getattr(real, name)
    if type(raw) is Host or isinstance(raw, Traced):
        return raw.trace.step(name, method, (raw, *args), keywords, owned=owned, fresh=owned, real=real)
    return method(raw, *args, **keywords)


_BACKENDS: dict[Backend, TracingBackend] = {}


def tracing_backend(real: Backend) -> TracingBackend:
    """The one that stands for a backend."""
    found = _BACKENDS.get(real)
    return _BACKENDS.setdefault(real, TracingBackend(real)) if found is None else found


class TracingKernels(EngineKernels):
    """The kernels of an engine for one trace, which notes each call."""

    backend: TracingBackend

    def __init__(self, trace: Trace, kernels: EngineKernels) -> None:
        self._trace = trace
        self._real = kernels
        self.backend = tracing_backend(kernels.backend)
        self.place = kernels.place
        self.engine = self
        self.signatures = TracedSignatures(self)
        self.shares_constants = kernels.shares_constants
        self.levels = {}
        self.complexes = kernels.complexes
        self.inexact = kernels.inexact
        self.layouts = kernels.layouts
        self.spec = self.backend.spec
        self.dtype_of = self.backend.dtype_of
        self.to_numpy = self.backend.to_numpy

    def like(self, g: Any, x: Any) -> Any:
        return self.backend.like(g, self.spec(x)) if self.layouts else g

    def weak(self, scalar: Any, like: Any) -> Any:
        if type(scalar) is not Number:
            return self._real.weak(scalar, bare(like))
        if self._real.weak(scalar.value, bare(like)) is None:
            return None
        return self._trace.step("weak", self._real.weak, (scalar, like), {})

    def number(self, scalar: Any, dtype: np.dtype[Any], device: str | None = None) -> Any:
        if type(scalar) is not Number:
            return self._real.number(scalar, dtype, device)
        given = (scalar, dtype, device)
        return self._trace.step("number", self._real.number, given, {}, fresh=True, real=self._real.backend)

    def find(self, name: str) -> Any:
        kernel = getattr(self._real, name)
        op = OPS.get(name)
        step = self._trace.step
        known = op is not None
        pointwise = known and op.kind.aligns and not op.keywords  # type: ignore[union-attr]
        fresh = known and op.kind.copies  # type: ignore[union-attr]
        checked = not known or op.dynamic  # type: ignore[union-attr]

        def call(*args: Any, **keywords: Any) -> Any:
            return step(name, kernel, args, keywords, fresh=fresh, pointwise=pointwise, checked=checked)

        call.__name__ = name
        if name in _OF_SHAPE:

            def make(*args: Any, **keywords: Any) -> Any:
                met: list[Value] = []
                out = kernel(*_opened(args, met), **{k: _opened(v, met) for k, v in keywords.items()})
                if out.size > 10_000 or any(not isinstance(x, Traced) for x in met):
                    return call(*args, **keywords)
                return self._trace.constant(out, self)

            return make

        return call


_OF_SHAPE = ("ones_like", "zeros_like", "filled")
"""Kernels whose results depend on the shape and dtype of an array alone, and so are constants where they are small."""


# The trace


class GivenDraws(Draws):
    """Random draws that begin with the numbers that an attempt before this one has drawn already."""

    __slots__ = ("given", "keys")

    def __init__(self, given: Sequence[Any], keys: Sequence[Any] = ()) -> None:
        super().__init__()
        self.given = list(given)
        self.keys = list(keys)
        """Of what was drawn, as far as that is known, what drew it: another course may draw something else."""

    def take(self, draw: Callable[..., Any], parameters: dict[str, Any]) -> Any:
        place, key = len(self.taken), _key_of(draw)
        if place < len(self.keys) and self.keys[place] != key:
            del self.given[place:]
        self.keys[place:] = [key, *self.keys[place + 1 :]]
        if place < len(self.given):
            drawn = self.given[place]
        elif self.outer is not None:
            drawn = self.outer.take(draw, parameters)
        else:
            drawn = draw_in(BATCHES.get(), draw, parameters)
        self.taken.append(drawn)
        return drawn

    def enter(self, numbers: Any, made: Array, make: Callable[..., Array]) -> None:
        pass


def _key_of(draw: Callable[..., Any]) -> Any:
    """What tells one draw from another: its code, and what that refers to."""
    cells = getattr(draw, "__closure__", None) or ()
    return getattr(draw, "__code__", draw), [repr(cell.cell_contents)[:200] for cell in cells]


class TracingDraws(GivenDraws):
    """Random draws while a function is traced: each is a step, which draws again in each call of the program."""

    __slots__ = ("numbers", "trace")

    def __init__(self, trace: Trace, given: Sequence[Any]) -> None:
        super().__init__(given)
        self.trace = trace
        self.numbers: dict[int, tuple[Any, Ref]] = {}

    def take(self, draw: Callable[..., Any], parameters: dict[str, Any]) -> Any:
        trace, batches = self.trace, BATCHES.get()
        hosts = {}
        for name, p in parameters.items():
            if isinstance(p, Number):
                hosts[name] = p
            elif isinstance(p, Array):
                if batches or isinstance(p._value, Batched):
                    raise Untraceable("a random draw under vmap whose parameters are arrays")
                hosts[name] = p._xp.to_numpy(p._value)
        fixed = {name: p for name, p in parameters.items() if name not in hosts}

        def again(**hosts: Any) -> Any:
            return draw_in(batches, draw, {**fixed, **hosts})

        drawn = super().take(draw, {**fixed, **{name: bare(p) for name, p in hosts.items()}})
        result = trace.fresh(drawn[0])
        trace.note(Step("draw", again, (), {n: h.ref for n, h in hosts.items()}, (result,), pure=False, fresh=True))
        self.numbers[id(drawn[0])] = drawn[0], result
        return drawn

    def enter(self, numbers: Any, made: Array, make: Callable[..., Array]) -> None:
        _, drawn = self.numbers[id(numbers)]
        trace = self.trace
        raw = trace.held(made, "_value")

        def value_of(numbers: Any) -> Any:
            return make(numbers)._value

        result = trace.fresh(raw)
        trace.note(Step("make", value_of, (drawn,), {}, (result,), fresh=True))
        trace.hold(made, raw, result)


class Trace:
    """One run of a function. `path` is what it did: steps, and the branch points with what was seen there."""

    def __init__(self, draws: Sequence[Any] = ()) -> None:
        self.path: list[Step | tuple[Branch, Any]] = []
        self.specs: list[ValueSpec] = []
        self.handles: list[Array] = []
        self.before: list[dict[str, Any]] = []
        self.states: dict[int, dict[str, Any] | None] = {}
        self.numbers: dict[int, int] = {}
        self.own: dict[int, Any] = {}
        self.unadopted: set[int] = set()
        self.leaves: dict[int, list[Any]] = {}
        """Of variables whose flag `fresh` was touched: the variable, the flag as it was read, and as it was written."""
        self.tables: dict[EngineKernels, TracingKernels] = {}
        self.linked: set[int] = set()
        """Arrays from outside that others from outside are views of, or that are views themselves."""
        self.seen: set[tuple[Ref, str]] = set()
        self.values: list[Any] = []
        self.visits = Visits()
        self.draws = TracingDraws(self, draws)
        self.thread = threading.get_ident()
        self.refusal = ""

    def __enter__(self) -> Trace:
        DOORS.open()
        self.token = ACTIVE.set(self)
        self.draws.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.draws.__exit__(*error)
        ACTIVE.reset(self.token)
        DOORS.close()

    # ---- notes

    def fresh(self, raw: Any) -> Ref:
        """A new number for a value."""
        shape = getattr(raw, "shape", None)
        self.specs.append(ValueSpec(type(raw), getattr(raw, "dtype", None), None if shape is None else tuple(shape)))
        return Ref(len(self.specs) - 1)

    def note(self, step: Step) -> None:
        """Append a step, with the line of the program that it comes from."""
        if len(self.path) > 200_000:
            raise Untraceable("the program is longer than 200,000 steps")
        step.line = self.line()
        self.path.append(step)

    def refuse(self, why: str) -> None:
        """Note that what was recorded cannot stand for the function; the run itself is as good as an eager one."""
        if not self.refusal:
            self.refusal = f"{why} (at {self.line() or 'the end of the function'})"

    def frame(self) -> FrameType | None:
        """Where the user's program is."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith((_CORE, "<tapegrad")):
            frame = frame.f_back
        return frame

    def line(self) -> str:
        """Where in the user's program this is, as "file:line"."""
        frame = self.frame()
        return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"

    def step(
        self,
        name: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        *,
        fresh: bool = False,
        pointwise: bool = False,
        checked: bool = False,
        owned: bool = False,
        real: Backend | None = None,
    ) -> Any:
        """Run a kernel on concrete values and note it; its results are traced. Of constants alone it is a constant."""
        met: list[Value] = []
        given = _opened(args, met)
        named = {k: _opened(v, met) for k, v in keywords.items()} if keywords else keywords
        out = function(*given, **named)
        if not met:
            return out
        engine = next((x.engine for x in met if isinstance(x, Traced)), real)
        assert engine is not None
        traced = tracing_backend(engine).traced
        several = isinstance(out, (tuple, list))
        parts = list(out) if several else [out]
        if any(getattr(part, "dtype", None) is None for part in parts):
            raise Untraceable(f"{name}() gives something other than arrays")
        refs = tuple([self.fresh(part) for part in parts])
        self.note(
            Step(
                name,
                function,
                tuple([_closed(a) for a in args]),
                {k: _closed(v) for k, v in keywords.items()},
                refs,
                several=several,
                fresh=fresh,
                pointwise=pointwise,
                owned=owned,
                engine=None if checked else engine,
            )
        )
        if checked or any(not isinstance(x, Traced) for x in met):
            for part, r in zip(parts, refs, strict=True):
                self.look(r, "shape", tuple(part.shape))
        made = [traced(self, part, r) for part, r in zip(parts, refs, strict=True)]
        return made if several else made[0]

    def host_step(
        self,
        name: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: Mapping[str, Any] = MappingProxyType({}),
        *,
        owned: bool = False,
        dynamic: bool = False,
    ) -> Any:
        """Run a function of host values and note it: its result is a traced number, or a traced array of the host.

        What is neither is given as it is, and the program holds for these values only.
        """
        met: list[Value] = []
        out = function(*_opened(args, met), **{k: _opened(v, met) for k, v in keywords.items()})
        if not self.is_here():
            return out
        if type(out) is not np.ndarray and not isinstance(out, NUMBERS):
            for value in met:
                value.frozen()
            return out
        result = self.fresh(out)
        named = {k: _closed(v) for k, v in keywords.items()}
        self.note(Step(name, function, tuple([_closed(a) for a in args]), named, (result,), owned=owned))
        if dynamic and type(out) is np.ndarray:
            self.look(result, "shape", out.shape)
        return self.on_host(out, result)

    def on_host(self, value: Any, result: Ref) -> Any:
        """A value on the host as the program sees it."""
        made = Host(self, value, result) if type(value) is np.ndarray else Number(self, value, result)
        self.values.append(ref(made))
        return made

    def is_here(self) -> bool:
        """Whether the trace is under way, and in this thread; else its values are no more than what they are."""
        return ACTIVE.get() is self

    def look(self, value: Ref, at: str, outcome: Any) -> None:
        """Note that the host has looked at a value, and what it saw."""
        if (value, at) not in self.seen and self.is_here():
            self.seen.add((value, at))
            self.path.append((Branch(value, at, self.line()), fingerprint(outcome) if at == "value" else outcome))
            frame = self.frame()
            if at == "truth" and frame is not None:
                token = ACTIVE.set(None)
                try:
                    self.visits.visit(frame, len(self.path) - 1)
                finally:
                    ACTIVE.reset(token)

    def constant(self, raw: Any, table: TracingKernels) -> Traced:
        """A constant of the program."""
        result = self.fresh(raw)
        self.note(Step("constant", _same, (raw,), {}, (result,)))
        return table.backend.traced(self, raw, result)

    def table(self, kernels: Any) -> TracingKernels:
        """The tracing table for an engine's own, which may be one of a context."""
        if isinstance(kernels, TracingKernels):
            return kernels
        found = self.tables.get(kernels)
        if found is None:
            found = self.tables[kernels] = TracingKernels(self, kernels)
        return found

    # ---- handles

    def read(self, x: Any, door: Door) -> Any:
        """What a slot holds, as the trace has it."""
        if door.cls is Leaf:
            entry = self.leaves.setdefault(id(x), [x, None, None])
            if entry[2] is None and entry[1] is None:
                entry[1] = door.slot.__get__(x)
            return entry[1] if entry[2] is None else entry[2]
        state = self._state_of(x)
        if state is None:
            if door.name in _VALUE and id(x) in self.unadopted:
                self._adopt(x)
            return door.slot.__get__(x)
        try:
            return state[door.name]
        except KeyError:
            raise AttributeError(door.name) from None

    def write(self, x: Any, door: Door, value: Any) -> None:
        """Give a slot something else to hold: for good in an array made by this trace, else with the trace only."""
        if door.cls is Leaf:
            self.leaves.setdefault(id(x), [x, None, None])[2] = value
            return
        state = self._state_of(x)
        if door.name == "_value":
            self.check_write(x, value, state)
        if state is None:
            door.slot.__set__(x, value)
        else:
            state[door.name] = value

    def check_write(self, x: Any, value: Any, state: Any) -> None:
        """Refuse a value that the trace cannot give to an array, and note which of its own have raw ones."""
        raw = not isinstance(value, (Traced, Batched)) and hasattr(value, "dtype")  # a stale view holds neither
        if state is None:
            (self.unadopted.add if raw else self.unadopted.discard)(id(x))
        elif id(x) in self.linked:
            raise Untraceable("a write to an array reaches another, which is a view of it or which it is a view of")
        elif raw:
            raise Untraceable("an array from outside was given a value that is not known to the trace")

    def _state_of(self, x: Any) -> Any:
        """What the trace holds for an array from outside, met now if it was not; None for one that it made."""
        state = self.states.get(id(x), _UNMET)
        return self.meet(x) if state is _UNMET else state

    def meet(self, x: Array) -> dict[str, Any] | None:
        """The state of an array that the trace has not seen before; None of one that is only now being made."""
        held: dict[str, Any] = {}
        for door in DOORS.of(type(x)):
            try:
                held[door.name] = door.slot.__get__(x)
            except AttributeError:
                continue
        place = id(x)
        if "_value" not in held:
            self._begin(x)
            return None
        value, node = held["_value"], held.get("_node")
        if isinstance(value, Batched) or held["_xp"].backend is None:
            raise Untraceable("an array from outside is inside a vmap")
        if node is not None and node.__class__ is not Leaf:
            raise Untraceable("an array from outside was recorded, and a gradient may be asked for through it")
        if isinstance(value, Traced):
            raise Untraceable("an array belongs to the trace of another thread")
        # Links stay outside: views that the trace makes are its own, and what others see is not written to.
        linked = held.get("_shares") is not None and not is_apart_as(x)
        if "_shares" in held:
            held["_shares"] = None
        number = len(self.handles)
        self.handles.append(x)
        self.numbers[place] = number
        if linked:
            self.linked.add(place)
        result = self.fresh(value)
        table = self.table(held["_xp"])
        traced = table.backend.traced(self, value, result)
        self.note(Step("load", _same, (("handle", number),), {}, (result,)))
        state = {n: tuple([traced if p is value else p for p in v]) if type(v) is tuple else v for n, v in held.items()}
        state["_value"], state["_xp"] = traced, table
        state["_signature"] = table.signatures[type(x), value.dtype, value.shape]
        self.states[place] = state
        self.before.append(dict(state))
        return state

    def _begin(self, x: Array) -> None:
        """Know an array for one that is only now being made."""
        place = id(x)
        self.states[place] = None
        forget = (self.states, self.own, self.unadopted, place)
        self.own[place] = ref(x, lambda _: _forget(*forget))

    def argument(self, place: int, raw: Any, real: Backend) -> Traced:
        """A raw array among the arguments, as a traced one."""
        result = self.fresh(raw)
        self.note(Step("load", _same, (("argument", place),), {}, (result,)))
        return tracing_backend(real).traced(self, raw, result)

    def number(self, place: int, value: Any) -> Number:
        """A number among the leaves of the call, as a traced one."""
        result = self.fresh(value)
        self.note(Step("load", _same, (("argument", place),), {}, (result,)))
        made: Number = self.on_host(value, result)
        return made

    def held(self, x: Array, name: str) -> Any:
        """What a slot of an array of this trace really holds."""
        return next(door for door in DOORS.of(type(x)) if door.name == name).slot.__get__(x)

    def hold(self, x: Array, raw: Any, number: Ref) -> None:
        """Have an array made by this trace hold a traced value."""
        table = self.table(self.held(x, "_xp").engine)
        held = {
            "_value": table.backend.traced(self, raw, number),
            "_xp": table,
            "_signature": table.signatures[type(x), raw.dtype, raw.shape],
        }
        for door in DOORS.of(type(x)):
            if door.name in held:
                door.slot.__set__(x, held[door.name])
        self.unadopted.discard(id(x))

    def _adopt(self, x: Array) -> None:
        """Take what the program made on the host, or with an engine's own functions, for a constant."""
        raw = self.held(x, "_value")
        result = self.fresh(raw)
        self.note(Step("constant", _same, (raw,), {}, (result,)))
        self.hold(x, raw, result)

    # ---- the end

    def commit(self) -> None:
        """Let what the run has done be done: arrays hold plain values from now on. Called when the trace is over."""
        for x, state, before in zip(self.handles, [self.states[id(x)] for x in self.handles], self.before, strict=True):
            assert state is not None
            for name, value in state.items():
                if name in before and value is before[name]:
                    continue
                if name == "_node" and value is not None and value.xp.__class__ is Sweep:
                    value = None
                _set(x, name, self.plain(value, x, state))
        for leaf, _, now in self.leaves.values():
            if now is not None:
                leaf.fresh = now
        self.let_go()

    def let_go(self) -> None:
        """Give what was made while tracing, and is kept somewhere, its plain values, if the trace has failed too."""
        for reference in list(self.own.values()):
            x = reference()
            if x is not None:
                self.release(x)
        for reference in self.values:
            value = reference()
            if value is not None:
                replaced_in_holders(value, value.value)

    def plain(self, value: Any, x: Array, state: Mapping[str, Any]) -> Any:
        """What a slot is to hold once nothing is traced any more."""
        if isinstance(value, Traced):
            return value.value
        if isinstance(value, TracingKernels):
            return value._real
        if isinstance(value, TracedSignature):
            raw = bare(state["_value"])
            return state["_xp"]._real.signatures[type(x), raw.dtype, raw.shape]
        if type(value) is tuple:
            return tuple([self.plain(part, x, state) for part in value])
        return value

    def release(self, x: Array) -> None:
        """Give an array that was made while tracing its plain value; a stale view takes it from its base later."""
        slots = {
            n: c.__dict__[n] for c in type(x).__mro__ for n in c.__dict__.get("__slots__", ()) if n != "__weakref__"
        }
        state = {}
        for name, slot in slots.items():
            try:
                state[name] = slot.__get__(x)
            except AttributeError:
                continue
        if not isinstance(state.get("_value"), Traced):
            return
        if state.get("_node") is not None and not isinstance(state["_node"], Leaf):
            slots["_node"].__set__(x, None)
        for name, value in state.items():
            plain = self.plain(value, x, state)
            if plain is not value:
                slots[name].__set__(x, plain)

    def survivors(self, expected: set[int]) -> tuple[list[Array], list[Any]]:
        """What was made while tracing and is still held by somebody, apart from the arrays and values `expected`."""

        def alive() -> tuple[list[Array], list[Any]]:
            arrays = [x for r in list(self.own.values()) if (x := r()) is not None and id(x) not in expected]
            values = [v for r in self.values if (v := r()) is not None and id(v) not in expected]
            return arrays, values

        found = alive()
        if found[0] or found[1]:
            del found
            gc.collect()
            found = alive()
        return found


class Rehearsal(Trace):
    """One run of a function without notes: what it does to arrays from outside is done by `commit`, or not at all."""

    def __init__(self, draws: Sequence[Any], keys: Sequence[Any] = ()) -> None:
        super().__init__()
        self.draws = GivenDraws(draws, keys)  # type: ignore[assignment]

    def meet(self, x: Array) -> dict[str, Any] | None:
        held: dict[str, Any] = {}
        for door in DOORS.of(type(x)):
            try:
                held[door.name] = door.slot.__get__(x)
            except AttributeError:
                continue
        if "_value" not in held:
            self._begin(x)
            return None
        if held.get("_shares") is not None:
            self.states[id(x)] = None  # what is written through views is written
            return None
        self.handles.append(x)
        self.states[id(x)] = held
        self.before.append(dict(held))
        return held

    def check_write(self, x: Any, value: Any, state: Any) -> None:
        pass

    def plain(self, value: Any, x: Array, state: Mapping[str, Any]) -> Any:
        return value

    def release(self, x: Array) -> None:
        pass


def is_apart_as(x: Array) -> bool:
    """`is_apart`, as it is outside the trace."""
    token = ACTIVE.set(None)
    try:
        return is_apart(x)
    finally:
        ACTIVE.reset(token)


def _same(value: Any) -> Any:
    return value


def slots_of(cls: type) -> list[str]:
    """The names of the slots of an array class."""
    return [name for c in cls.__mro__ for name in c.__dict__.get("__slots__", ()) if name != "__weakref__"]


def _set(x: Any, name: str, value: Any) -> None:
    setattr(x, name, value)


def _forget(states: dict[int, Any], own: dict[int, Any], unadopted: set[int], place: int) -> None:
    states.pop(place, None)
    own.pop(place, None)
    unadopted.discard(place)


def _opened(parts: Any, met: list[Value]) -> Any:
    """Nested parts with concrete values in the place of traced ones, which go to `met`."""
    if isinstance(parts, Value):
        met.append(parts)
        return parts.value
    if type(parts) is tuple or type(parts) is list:
        return type(parts)([_opened(part, met) for part in parts])
    if type(parts) is slice and any(isinstance(p, Value) for p in (parts.start, parts.stop, parts.step)):
        raise Untraceable("a slice whose ends are traced numbers")
    return parts


def _closed(parts: Any) -> Any:
    """Nested parts with numbers of the program in the place of traced values."""
    if isinstance(parts, Value):
        return parts.ref
    if type(parts) is tuple or type(parts) is list:
        return type(parts)([_closed(part) for part in parts])
    return parts


def _with_part(parts: tuple[Any, ...], old: Any, new: Any) -> tuple[Any, ...]:
    """A tuple with one object in place of another; apart, since closures would hold both."""
    return tuple([new if part is old else part for part in parts])


def replaced_in_holders(value: Any, concrete: Any) -> bool:
    """Put a concrete value wherever containers, objects and cells hold a traced one; whether nobody else holds it."""
    for holder in gc.get_referrers(value):
        if isinstance(holder, (list, dict, deque)):
            for key, part in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
                if part is value:
                    holder[key] = concrete
        elif isinstance(holder, CellType):
            holder.cell_contents = concrete
        elif holder.__class__ is tuple:
            if not replaced_in_holders(holder, _with_part(holder, value, concrete)):
                return False
        elif not isinstance(holder, FrameType):
            found = False
            for name, part in list(getattr(holder, "__dict__", {}).items()):
                if part is value:
                    found = True
                    setattr(holder, name, concrete)
            if not found:
                return False
    return True
