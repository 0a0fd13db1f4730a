"""The end of a trace: what it has made and written holds plain values again, wherever that is kept."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Mapping
from types import CellType, FrameType
from typing import Any

from ..arrays.array import Array
from ..tape.nodes import Leaf, Sweep
from .doors import contents, slots_of
from .trace import Trace
from .tracing import TracedSignature, TracingKernels, bare
from .values import Traced, Value


def commit(trace: Trace) -> None:
    """Let what the run has done be done: arrays hold plain values from now on. Called when the trace is over."""
    for x, before in zip(trace.handles, trace.before, strict=True):
        state = trace.states[id(x)]
        assert state is not None
        for name, value in state.items():
            if name in before and value is before[name]:
                continue
            if name == "_node" and value is not None and value.xp.__class__ is Sweep:
                value = None
            setattr(x, name, _plain(value, x, state))
    for leaf, _, now in trace.leaves.values():
        if now is not None:
            leaf.fresh = now
    for change in trace.later:
        change()
    let_go(trace)


def let_go(trace: Trace) -> None:
    """Give what was made while tracing, and is kept somewhere, its plain values, if the trace has failed too."""
    for x in made_by(trace):
        _release(x)
    for reference in trace.values:
        value = reference()
        if value is not None:
            replaced_in_holders(value, value.value)


def made_by(trace: Trace) -> list[Array]:
    """The arrays that were made while tracing and are still held by somebody."""
    return [x for reference in list(trace.own.values()) if (x := reference()) is not None]


def read_by(trace: Trace) -> list[Value]:
    """The values on the host that were computed while tracing and are still held by somebody."""
    return [value for reference in trace.values if (value := reference()) is not None]


def survivors(alive: Callable[[], list[Any]]) -> list[Any]:
    """Those that are alive not only since they hold each other."""
    if alive():
        gc.collect()
    return alive()


def _plain(value: Any, x: Array, state: Mapping[str, Any]) -> Any:
    """What a slot is to hold once nothing is traced any more."""
    if isinstance(value, Traced):
        return value.value
    if isinstance(value, TracingKernels):
        return value._real
    if isinstance(value, TracedSignature):
        raw = bare(state["_value"])
        return state["_kernels"]._real.signatures[type(x), raw.dtype, raw.shape]
    if type(value) is tuple:
        return tuple([_plain(part, x, state) for part in value])
    return value


def _release(x: Array) -> None:
    """Give an array that was made while tracing its plain value; a stale view takes it from its base later."""
    state, slots = contents(x), slots_of(type(x))
    if not isinstance(state.get("_value"), Traced):
        return
    if state.get("_node") is not None and not isinstance(state["_node"], Leaf):
        slots["_node"].__set__(x, None)
    for name, value in state.items():
        plain = _plain(value, x, state)
        if plain is not value:
            slots[name].__set__(x, plain)


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
