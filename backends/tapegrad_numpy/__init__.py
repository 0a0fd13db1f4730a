"""The NumPy engine."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from sys import getrefcount
from types import SimpleNamespace
from typing import Any

import numpy as np

import tapegrad
from tapegrad.dtypes import ALL

from . import creation, elementwise, indexing, movement, nn, products, reductions, sequences, sorting
from .locks import LARGE, lock
from .memory import keep_freed_memory

__all__ = ["NumpyBackend"]


_OWN = frozenset(
    f"""
    {" ".join(dtype.name for dtype in ALL)} argmax argmin asarray conj empty expand_dims fft from_dlpack
    imag multiply real searchsorted stack tril triu zeros zeros_like
    """.split()
)


class _Space:
    """The functions of the standard over NumPy's arrays: NumPy's own where those are the standard's already.

    The others are array-api-compat's, whose import brings nearly all there is under NumPy and takes longer than
    everything else before the first array: it waits until linear algebra is asked for.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(np if name in _OWN else importlib.import_module("array_api_compat.numpy"), name)
        setattr(self, name, found)
        return found


_SPACE = _Space()

_MEANING = ("__array_function__", "__array_ufunc__", "__add__", "__matmul__", "__mul__", "__pow__", "__truediv__")
"""What a subclass of NumPy's array has of its own where its arrays mean more, or something else, than their numbers."""


class NumpyBackend(tapegrad.Backend):
    """NumPy: host memory, eager."""

    name = "numpy"
    engine = "numpy"
    shares_constants = True
    adds_in_place = True
    machine_code = True

    def __init__(self) -> None:
        keep_freed_memory()

    @property
    def namespace(self) -> Any:
        return _SPACE

    def array_types(self) -> tuple[type, ...]:
        return (np.ndarray, np.generic)

    def refusal(self, array_type: type) -> str | None:
        if not issubclass(array_type, np.ndarray) or all(
            getattr(array_type, name) is getattr(np.ndarray, name) for name in _MEANING
        ):
            return None
        name = f"{array_type.__module__}.{array_type.__qualname__}"
        if issubclass(array_type, np.ma.MaskedArray):
            return (
                f"arrays of type {name} have a mask, which no engine knows: fill it, x.filled(0.0), and give "
                "~numpy.ma.getmaskarray(x) to where=, or to tapegrad.numpy.where"
            )
        if issubclass(array_type, np.matrix):
            return (
                f"arrays of type {name} have operators of their own: take numpy.asarray(x), "
                "and write @ for the product of matrices"
            )
        return (
            f"arrays of type {name} have operators of their own, and numbers alone come in: "
            "take numpy.asarray(x), if these are what is meant"
        )

    def constant(self, scalar: Any, like: Any) -> Any:
        return like.dtype.type(scalar) if like.ndim == 0 else np.asarray(scalar, dtype=like.dtype)

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        # A view, where no copy is wanted: what has a base is never written to.
        return np.array(raw) if copy else np.asarray(raw).view(np.ndarray)

    def add_into(self, buffer: Any, key: tuple[Any, ...], part: Any) -> bool:
        if buffer.__class__ is not np.ndarray or buffer.dtype != part.dtype or not buffer.flags.writeable:
            return False
        buffer[key] += part
        return True

    def lock(self, raw: Any) -> Callable[[], None] | None:
        return lock(raw) if raw.nbytes >= LARGE else None

    def may_write(self, raw: Any) -> bool:
        if raw.__class__ is not np.ndarray or raw.base is not None or _ALONE is None:
            return False
        return getrefcount(raw) == _ALONE and raw.flags.owndata and raw.flags.writeable

    def is_within(self, part: Any, raw: Any) -> bool:
        return part is raw or part.base is raw

    def exclusive(self, raw: Any) -> Any:
        return raw if isinstance(raw, np.generic) or raw.base is None else raw.copy()

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        return np.array(raw)

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        return np.array(array)

    def borrow(self, foreign: Any) -> Any:
        try:
            return np.from_dlpack(foreign)  # which has a base, so it is never written to
        except (AttributeError, BufferError, RuntimeError, TypeError, ValueError):
            return None

    def compile(self, block: Any) -> Sequence[Any]:
        from .compiled import compile_block

        return compile_block(block)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        return KERNELS


class _Scale:
    """Sees the reference count that `may_write` sees."""

    count = 0

    def may_write(self, raw: Any) -> bool:
        self.count = getrefcount(raw)
        return False


def _weigh() -> int | None:
    """The reference count of a value that one handle holds and nobody else; None where counts do not tell."""
    scale = _Scale()
    handle = tapegrad.Array()
    handle._value = np.empty(2)
    handle._kernels = SimpleNamespace(backend=scale)  # type: ignore[assignment]
    handle._owns_value()
    alone = scale.count
    shared = handle._value
    handle._owns_value()
    counts = shared is handle._value and scale.count == alone + 1
    return alone if counts and getattr(sys, "_is_gil_enabled", lambda: True)() else None


_ALONE = _weigh()

KERNELS: Mapping[str, Callable[..., Any]] = {
    **creation.KERNELS,
    **elementwise.KERNELS,
    **indexing.KERNELS,
    **movement.KERNELS,
    **nn.KERNELS,
    **products.KERNELS,
    **reductions.KERNELS,
    **sequences.KERNELS,
    **sorting.KERNELS,
}


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    register(NumpyBackend)
