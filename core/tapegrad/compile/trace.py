"""Tracing: the program runs on concrete values, and every kernel call in it is noted.

While a function is traced, the slots of arrays are behind doors (`Door`). What the function reads of an array from
outside is the array's value as a `Traced` one, under a kernel table that notes what it is asked for; what it writes
stays with the trace until `commit`. So no op, no rule and no face knows that it is being traced, other threads see
nothing of it, and a trace that fails has changed no array.

A value comes into the program by one of three ways, each of which is a step: `load`, from a handle or argument;
`draw`, from a stream of random numbers; and `constant`, which is all else that was made on the host.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MappingProxyType
from typing import Any, Self
from weakref import ref

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import Batched
from ..arrays.views import is_apart
from ..engines.backend import Backend
from ..engines.tables import EngineKernels
from ..tape.nodes import Leaf, Sweep, next_seq
from ..tape.tracebacks import users_frame
from .calls import REWRITTEN
from .doors import ACTIVE, DOORS, Door, contents, slots_of, untraced
from .draws import GivenDraws, TracingDraws
from .program import Branch, Ref, Spec, Step, fingerprint, unchanged
from .tracing import TracingKernels, tracing_backend
from .values import NUMBERS, Host, Number, Traced, Untraceable, Value, closed, opened
from .visits import Visits

_VALUE = frozenset(("_value", "_kernels", "_signature"))
_UNMET = object()


class Trace:
    """One run of a function. `path` is what it did: steps, and the branch points with what was seen there."""

    def __init__(
        self, draws: Sequence[Any] = (), recorded: bool = False, functions: Sequence[FunctionType] = ()
    ) -> None:
        self.functions = functions
        """Those that it may come to whose calls of `float` and the like are noted."""
        self.since = next_seq() if recorded else 0
        """Under `record()`: what has a place on the tape from before that is an input, to which gradients go."""
        self.concrete: list[Any] = []
        """Under `record()`: all values, by their numbers."""
        self.path: list[Step | tuple[Branch, Any]] = []
        self.specs: list[Spec] = []
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
        self.later: list[Callable[[], None]] = []
        """What is to be done once the run is settled, beside what it has done to arrays."""

    def __enter__(self) -> Self:
        DOORS.open()
        REWRITTEN.open(self.functions)
        self.token = ACTIVE.set(self)
        self.draws.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.draws.__exit__(*error)
        ACTIVE.reset(self.token)
        REWRITTEN.close()
        DOORS.close()

    # ---- notes

    def fresh(self, raw: Any) -> Ref:
        """A new number for a value."""
        shape = getattr(raw, "shape", None)
        if self.since:
            self.concrete.append(raw)
        self.specs.append(Spec(type(raw), getattr(raw, "dtype", None), None if shape is None else tuple(shape)))
        return Ref(len(self.specs) - 1)

    def note(self, step: Step) -> None:
        """Append a step, with the line of the program that it comes from."""
        if len(self.path) > 200_000:
            raise Untraceable("the program is longer than 200,000 steps")
        step.line = self.line()
        self.path.append(step)

    def refuse(self, why: str, value: Value) -> None:
        """Note that what was recorded cannot stand for the function, because of a value; the run itself is right."""
        if not self.refusal:
            steps = [item for item in self.path if isinstance(item, Step) and value.ref in item.results]
            self.refusal = f"{why} (made at {steps[0].line})" if steps and steps[0].line else why

    def line(self) -> str:
        """Where in the user's program this is, as "file:line"."""
        frame = users_frame()
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
        given = opened(args, met)
        named = {k: opened(v, met) for k, v in keywords.items()} if keywords else keywords
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
                tuple([closed(a) for a in args]),
                {k: closed(v) for k, v in keywords.items()},
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
        out = function(*opened(args, met), **{k: opened(v, met) for k, v in keywords.items()})
        if not self.is_here():
            return out
        if type(out) is not np.ndarray and not isinstance(out, NUMBERS):
            for value in met:
                value.frozen()
            return out
        result = self.fresh(out)
        named = {k: closed(v) for k, v in keywords.items()}
        self.note(Step(name, function, tuple([closed(a) for a in args]), named, (result,), owned=owned))
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
            frame = users_frame()
            if frame is not None and at == "value":
                self.visits.read(frame)
            elif frame is not None and at == "truth":
                with untraced():
                    self.visits.visit(frame, len(self.path) - 1, self)

    def constant(self, raw: Any, table: TracingKernels) -> Traced:
        """A constant of the program."""
        result = self.fresh(raw)
        self.note(Step("constant", unchanged, (raw,), {}, (result,)))
        return table.backend.traced(self, raw, result)

    def host_constant(self, value: Any) -> Any:
        """A number that was made on the host, as a traced one."""
        result = self.fresh(value)
        self.note(Step("constant", unchanged, (value,), {}, (result,)))
        return self.on_host(value, result)

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
        held = contents(x)
        place = id(x)
        if "_value" not in held:
            self.begin(x)
            return None
        value, node = held["_value"], held.get("_node")
        if isinstance(value, Batched) or held["_kernels"].backend is None:
            raise Untraceable("an array from outside is inside a vmap")
        if node is not None and node.__class__ is not Leaf and (node.seq >= self.since or node.xp.__class__ is Sweep):
            raise Untraceable("an array from outside was recorded, and a gradient may be asked for through it")
        if isinstance(value, Traced):
            raise Untraceable("an array belongs to the trace of another thread")
        # Links stay outside: views that the trace makes are its own, and what others see is not written to.
        linked = held.get("_shares") is not None
        if linked:
            with untraced():
                linked = not is_apart(x)
        if "_shares" in held:
            held["_shares"] = None
        number = len(self.handles)
        self.handles.append(x)
        self.numbers[place] = number
        if linked:
            self.linked.add(place)
        result = self.fresh(value)
        table = self.table(held["_kernels"])
        traced = table.backend.traced(self, value, result)
        self.note(Step("load", unchanged, (("handle", number),), {}, (result,)))
        state = {n: tuple([traced if p is value else p for p in v]) if type(v) is tuple else v for n, v in held.items()}
        state["_value"], state["_kernels"] = traced, table
        state["_signature"] = table.signatures[type(x), value.dtype, value.shape]
        self.states[place] = state
        self.before.append(dict(state))
        return state

    def begin(self, x: Array) -> None:
        """Know an array for one that is only now being made."""
        place = id(x)
        self.states[place] = None
        forget = (self.states, self.own, self.unadopted, place)
        self.own[place] = ref(x, lambda _: _forget(*forget))

    def argument(self, place: int, raw: Any, real: Backend) -> Traced:
        """A raw array among the arguments, as a traced one."""
        result = self.fresh(raw)
        self.note(Step("load", unchanged, (("argument", place),), {}, (result,)))
        return tracing_backend(real).traced(self, raw, result)

    def number(self, place: int, value: Any) -> Number:
        """A number among the leaves of the call, as a traced one."""
        result = self.fresh(value)
        self.note(Step("load", unchanged, (("argument", place),), {}, (result,)))
        made: Number = self.on_host(value, result)
        return made

    def hold(self, x: Array, raw: Any, number: Ref) -> None:
        """Have an array made by this trace hold a traced value."""
        slots = slots_of(type(x))
        table = self.table(slots["_kernels"].__get__(x).engine)
        held = {
            "_value": table.backend.traced(self, raw, number),
            "_kernels": table,
            "_signature": table.signatures[type(x), raw.dtype, raw.shape],
        }
        for name, value in held.items():
            slots[name].__set__(x, value)
        self.unadopted.discard(id(x))

    def _adopt(self, x: Array) -> None:
        """Take what the program made on the host, or with an engine's own functions, for a constant."""
        raw = slots_of(type(x))["_value"].__get__(x)
        result = self.fresh(raw)
        self.note(Step("constant", unchanged, (raw,), {}, (result,)))
        self.hold(x, raw, result)


class Rehearsal(Trace):
    """One run of a function without notes: what it does to arrays from outside is done once the run is settled."""

    def __init__(self, draws: Sequence[Any], keys: Sequence[Any] = ()) -> None:
        super().__init__()
        self.draws = GivenDraws(draws, keys)  # type: ignore[assignment]

    def meet(self, x: Array) -> dict[str, Any] | None:
        held = contents(x)
        if "_value" not in held:
            self.begin(x)
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

    def stand_in(self, x: Any, slots: dict[str, Any]) -> None:
        """Have an array from outside hold something else, as long as the run goes on."""
        if x is not None:
            self.states[id(x)] = contents(x) | slots
            self.handles.append(x)
            self.before.append(contents(x))


def _forget(states: dict[int, Any], own: dict[int, Any], unadopted: set[int], place: int) -> None:
    states.pop(place, None)
    own.pop(place, None)
    unadopted.discard(place)
