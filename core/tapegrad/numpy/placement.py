"""Where the arguments of a function meet: on the engine and the device of the first array among them.

The functions of this face make arrays of their arguments one by one, and a NumPy array or a list takes the default
engine. So a function that is given an array of another place runs with that one as the default, and one that is given
Python's floats beside arrays wider than the default dtype runs with that width as the default.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as host

from ..arrays.array import Array
from ..arrays.batched import engine_of, place_beside
from ..arrays.entering import enter_beside, floats_beside, holds_floats
from ..arrays.face import standard_face
from ..engines.backend import Backend
from ..engines.registry import backend_of, default_device, get_backend, several_places, use_place
from ..errors import TapegradError
from ..tape.tracebacks import fold

__all__ = ["placed"]

_NONE = frozenset((bool, int, float, complex, str, type(None), slice, host.ndarray, host.dtype, type))
"""What says nothing of an engine."""


@functools.cache
def placed(function: FunctionType) -> Callable[..., Any]:
    """The function, run on the engine and in the width of the arrays that it is given."""

    @functools.wraps(function)
    def on_engine_of_arguments(*args: Any, **keywords: Any) -> Any:
        if "out" in keywords and keywords["out"] is None:
            del keywords["out"]  # as NumPy's functions hand it on
        place = _place_among((*args, *keywords.values())) if several_places() else None
        if place is not None and (place[0] is not get_backend() or place[1] != default_device(place[0])):
            with use_place(*place):
                moved = [_moved(x, *place) for x in args]
                named = {name: _moved(x, *place) for name, x in keywords.items()}
                with floats_beside((*moved, *named.values())):
                    return function(*moved, **named)
        try:
            if holds_floats(args) or (keywords and holds_floats(keywords.values())):
                with floats_beside((*args, *keywords.values())):
                    return function(*args, **keywords)
            return function(*args, **keywords)
        except Exception as error:
            fold(error)
            raise

    return on_engine_of_arguments


def _place_among(values: Iterable[Any]) -> tuple[Backend, str | None] | None:
    """Engine and device of the first array of ours at any depth of lists, else of the first raw one not the host's."""
    raw: tuple[Backend, str | None] | None = None
    for value in _leaves(values):
        if isinstance(value, Array):
            return engine_of(value).backend, place_beside(value)
        if raw is None and hasattr(value, "shape") and hasattr(value, "dtype"):
            try:
                backend = backend_of(value)
            except TapegradError:
                continue
            raw = backend, backend.near(value)
    return raw


def _moved(value: Any, backend: Backend, device: str | None) -> Any:
    """A value with host arrays of real or complex numbers at that place, rounded where it has none as wide."""
    if value.__class__ is host.ndarray and value.dtype.kind in "fc":
        kernels: Any = backend.kernels
        return enter_beside(value, kernels, standard_face(), copy=False, what="a function", device=device)
    if value.__class__ is list or value.__class__ is tuple:
        return value.__class__(_moved(part, backend, device) for part in value)
    return value


def _leaves(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if value.__class__ is list or value.__class__ is tuple:
            yield from _leaves(value)
        elif value.__class__ not in _NONE and not isinstance(value, host.generic):
            yield value
