"""The NumPy engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import tapegrad

from . import elementwise, products

__all__ = ["NumpyBackend"]


class NumpyBackend(tapegrad.Backend):
    """NumPy: host memory, eager."""

    name = "numpy"
    engine = "numpy"
    shares_constants = True

    def array_types(self) -> tuple[type, ...]:
        return (np.ndarray, np.generic)

    def constant(self, scalar: Any, like: Any) -> Any:
        return like.dtype.type(scalar) if like.ndim == 0 else np.asarray(scalar, dtype=like.dtype)

    def exclusive(self, raw: Any) -> Any:
        return raw if isinstance(raw, np.generic) or raw.base is None else raw.copy()

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        return np.array(raw)

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        return np.array(array)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        return KERNELS


def _sum(x: Any, *, axis: Any, keepdims: bool) -> Any:
    return np.add.reduce(x, axis=axis, keepdims=keepdims)


def _scatter_add(values: Any, *indices: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape, dtype=values.dtype)
    if not indices:
        out[key] = values
        return out
    from tapegrad.ops.indexing import AT

    given = iter(indices)
    np.add.at(out, tuple(next(given) if part is AT else part for part in key), values)
    return out


KERNELS: Mapping[str, Callable[..., Any]] = {
    **elementwise.KERNELS,
    **products.KERNELS,
    "sum": _sum,
    "scatter_add": _scatter_add,
}


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    register(NumpyBackend)
