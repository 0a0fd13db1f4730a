"""The door by which foreign values come in: raw arrays of any engine, numbers, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..engines.registry import backend_of, get_backend
from ..engines.tables import EngineKernels
from ..errors import ArgumentTypeError, DtypeError, MixedBackendsError
from .array import Array, handle
from .batched import engine_of, wrap
from .trees import flatten

ARRAY, RAW, SCALAR = "array", "raw", "scalar"


def kind_of(leaf: Any) -> str:
    if isinstance(leaf, Array):
        return ARRAY
    return SCALAR if isinstance(leaf, (bool, int, float, complex)) and not isinstance(leaf, np.generic) else RAW


def as_array(leaf: Any, *, copy: bool = False, beside: Sequence[Any] = ()) -> Array:
    """An input of any kind as an array; a Python scalar gets the engine and the face of what it stands beside."""
    kind = kind_of(leaf)
    if kind is ARRAY:
        found: Array = leaf
        return found
    if kind is SCALAR:
        dtype = dtypes.dtype_of_scalar(leaf, dtypes.BOOL)
        face, engine = company_of(beside)
        return handle(face, engine.backend.from_numpy(np.asarray(leaf, dtype=dtype)), None, engine)
    if isinstance(leaf, np.generic):
        leaf = np.asarray(leaf)
    backend = backend_of(leaf)
    return wrap(backend.adopt(leaf, copy=copy), None, backend.kernels)


def enter(
    value: Any, engine: EngineKernels | None, face: type[Array], *, copy: bool, what: str, name: str = ""
) -> Array:
    """The one door for foreign values: an array of `face` on `engine`, that of the arrays which it stands beside.

    An array of ours passes if its engine is the same. A raw array of that engine is adopted, as a copy if `copy`. A
    host array moves over; where the engine lacks its dtype it is rounded to the next narrower one of its kind. With no
    engine given the value's own is taken. `what` takes the value, as its argument `name`, in the words of errors.
    """
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if value is None or isinstance(value, (str, bytes, dict, set, list, tuple)):
        raise ArgumentTypeError(f"{what} takes an array{f' for {name!r}' if name else ''}, not {type(value).__name__}")
    if isinstance(value, Array):
        if engine is None or engine_of(value) is engine:
            return value
        backend = engine_of(value).backend
    else:
        backend = backend_of(value)
        if engine is None or backend is engine.backend:
            return handle(face, backend.adopt(value, copy=copy), None, backend.kernels)
        if isinstance(value, np.ndarray):
            return handle(face, from_host(engine, value), None, engine)
    raise MixedBackendsError(
        f"{what} got arrays of two backends, {engine.backend.name!r} and {backend.name!r}; "
        f'move one over with x.to("{engine.backend.name}")'
    )


def from_host(engine: EngineKernels, values: np.ndarray[Any, Any]) -> Any:
    """A host array as a raw one of an engine, rounded where the engine has no numbers as wide."""
    narrower = {"float64": "float32", "complex128": "complex64"}.get(values.dtype.name)
    try:
        return engine.backend.from_numpy(values)
    except DtypeError:
        if narrower is None:
            raise
        return engine.backend.from_numpy(values.astype(narrower))


def company_of(beside: Sequence[Any]) -> tuple[type[Array], EngineKernels]:
    """The face and the engine that scalars take among these: an array's, else a raw one's, else the defaults."""
    leaves = [leaf for arg in beside for leaf in flatten(arg)[0]]
    for leaf in leaves:
        if isinstance(leaf, Array):
            return type(leaf), engine_of(leaf)
    for leaf in leaves:
        if kind_of(leaf) is RAW and hasattr(leaf, "dtype") and not isinstance(leaf, (np.ndarray, np.generic)):
            return Array, backend_of(leaf).kernels  # type: ignore[return-value]
    return Array, get_backend().kernels  # type: ignore[return-value]
