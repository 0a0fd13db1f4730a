"""New arrays in the likeness of another, without the Python around NumPy's own functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["KERNELS"]


def _filled(x: Any, *, shape: Any, value: Any) -> Any:
    out = np.empty(shape, dtype=x.dtype)
    out.fill(value)
    return out


def _zeros_like(x: Any) -> Any:
    return np.zeros(x.shape, dtype=x.dtype)


def _ones_like(x: Any) -> Any:
    out = np.empty(x.shape, dtype=x.dtype)
    out.fill(1)
    return out


KERNELS: Mapping[str, Callable[..., Any]] = {"filled": _filled, "ones_like": _ones_like, "zeros_like": _zeros_like}
