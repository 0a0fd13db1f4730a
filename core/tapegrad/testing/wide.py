"""A wider engine than any under test: NumPy in longdouble, through the same ops and bodies.

It gives difference quotients to more than twelve digits, and the correctly rounded value of what an engine computes.
Of the numpy engine's fused kernels it takes only those that no body replaces, so a fused kernel is judged by the body
it stands for. NumPy's linear algebra has no longdouble: `wide_linalg` has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from .. import dtypes
from ..engines.backend import Backend
from ..engines.registry import get_backend
from ..engines.tables import OPS, EngineKernels
from . import wide_linalg, wide_special
from .longdouble import WIDE_EPS, has_longdouble, widen

__all__ = ["WIDE_EPS", "WideBackend", "has_longdouble", "wide_kernels", "widen"]


class _Namespace:
    """NumPy's functions, but linear algebra that knows longdouble; its floating dtypes are all the wide one.

    A body that casts to `xp.complex128` would round to double otherwise, and the differences of its values with it.
    """

    float32 = float64 = np.longdouble
    complex64 = complex128 = np.clongdouble

    def __init__(self, space: Any, linalg: Any) -> None:
        self._space = space
        self.linalg = linalg

    def __getattr__(self, name: str) -> Any:
        return getattr(self._space, name)


class WideKernels(EngineKernels):
    """The kernels of the wide engine. A longdouble passes for the dtype it stands for, in its kind and its limits."""

    stands_for: np.dtype[Any]

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        return super().isdtype(_told(dtype), kind)

    def finfo(self, dtype: Any) -> Any:
        dtype = np.dtype(dtype)
        return np.finfo(self.stands_for if dtype.kind in "fc" and dtype.itemsize > 8 else dtype)


def _told(dtype: Any) -> Any:
    kind = np.dtype(dtype) if not isinstance(dtype, str) else None
    if kind is not None and kind in (np.dtype(np.longdouble), np.dtype(np.clongdouble)):
        return dtypes.FLOATING[2] if kind.kind == "f" else dtypes.COMPLEX[1]
    return dtype


class WideBackend(Backend):
    """NumPy's longdouble as an engine, for truth and nothing else; it is registered nowhere."""

    name = "wide"
    engine = "numpy"

    def __init__(self, stands_for: Any = np.float64) -> None:
        self.stands_for = np.dtype(stands_for)

    @cached_property
    def namespace(self) -> Any:
        numpy = get_backend("numpy").namespace
        return _Namespace(numpy, SimpleNamespace(**{**vars(numpy.linalg), **wide_linalg.FUNCTIONS}))

    @cached_property
    def dtypes(self) -> Mapping[Any, np.dtype[Any]]:
        found = dict(get_backend("numpy").dtypes)
        for wide in (np.dtype(np.longdouble), np.dtype(np.clongdouble)):
            found[wide] = found[wide.type] = wide
        return found

    @cached_property
    def kernels(self) -> EngineKernels:
        made = WideKernels(self)
        made.stands_for = self.stands_for
        made.inexact = made.inexact | {np.dtype(np.longdouble), np.dtype(np.clongdouble)}
        made.complexes = made.complexes | {np.dtype(np.clongdouble)}
        return made

    def array_types(self) -> tuple[type, ...]:
        return (np.ndarray, np.generic)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        taken = {
            name: kernel
            for name, kernel in get_backend("numpy").fused().items()
            if name in OPS and OPS[name].primitive and OPS[name].path[:1] not in (("linalg",), ("fft",))
        }
        return {**taken, **wide_special.FUNCTIONS, "astype": self._astype}

    def _astype(self, x: Any, *, dtype: Any) -> Any:
        """A cast to another kind; to a double or less it stays wide, for rounding is not part of the mathematics."""
        x, dtype = np.asarray(x), self.native_dtype(dtype)
        return (x.real if x.dtype.kind == "c" and dtype.kind in "iuf" else x).astype(dtype)

    def native_dtype(self, dtype: Any) -> Any:
        """The dtype itself, or for floating and complex ones the wide one."""
        dtype = dtypes.to_dtype(dtype)
        if dtype.kind == "f":
            return np.dtype(np.longdouble)
        return np.dtype(np.clongdouble) if dtype.kind == "c" else dtype

    def constant(self, scalar: Any, like: Any) -> Any:
        return np.asarray(scalar, dtype=like.dtype)

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        return np.array(raw)

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        return np.array(widen(array))


@cache
def wide_kernels(stands_for: str = "float64") -> EngineKernels:
    """The kernel table of the wide engine, standing for a dtype in its limits (`xp.finfo`)."""
    return WideBackend(stands_for).kernels
