"""The door by which foreign values come in: raw arrays of any engine, numbers, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..engines.registry import backend_of, get_backend
from ..engines.tables import EngineKernels
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
