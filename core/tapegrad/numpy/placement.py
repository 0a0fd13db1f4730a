"""On which engine the arguments of a function meet: that of the arrays among them, wherever they stand.

The functions of this face make arrays of their arguments one by one, and a NumPy array or a list takes the default
engine. So a function that is given an array of another engine runs with that one as the default, and one that is given
Python's floats beside arrays wider than the default dtype runs with that width as the default.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as host

from ..arrays.array import Array
from ..arrays.batched import engine_of
from ..arrays.entering import enter_beside, floats_beside, holds_floats
from ..arrays.face import standard_face
from ..engines.backend import Backend
from ..engines.registry import backend_of, get_backend, several_live, use_backend
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
        backend = _engine_among((*args, *keywords.values())) if several_live() else None
        if backend is not None and backend is not get_backend():
            with use_backend(backend):
                moved = [_moved(x, backend) for x in args]
                named = {name: _moved(x, backend) for name, x in keywords.items()}
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


def _engine_among(values: Iterable[Any]) -> Backend | None:
    """The engine of the first array of ours at any depth of lists, else of the first raw one that is not the host's."""
    raw: Backend | None = None
    for value in _leaves(values):
        if isinstance(value, Array):
            return engine_of(value).backend
        if raw is None and hasattr(value, "shape") and hasattr(value, "dtype"):
            try:
                raw = backend_of(value)
            except TapegradError:
                continue
    return raw


def _moved(value: Any, backend: Backend) -> Any:
    """A value with host arrays of real or complex numbers on that engine, rounded where it has none as wide."""
    if value.__class__ is host.ndarray and value.dtype.kind in "fc":
        return enter_beside(value, backend.kernels, standard_face(), copy=False, what="a function")  # type: ignore[arg-type]
    if value.__class__ is list or value.__class__ is tuple:
        return value.__class__(_moved(part, backend) for part in value)
    return value


def _leaves(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if value.__class__ is list or value.__class__ is tuple:
            yield from _leaves(value)
        elif value.__class__ not in _NONE and not isinstance(value, host.generic):
            yield value
