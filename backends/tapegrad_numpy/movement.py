"""NumPy's quickest spellings for moving elements about: array methods, without the Python around NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np

import tapegrad

__all__ = ["KERNELS"]

SMALL = 4096
"""Up to this many elements a copy is quicker than the making of a view by `np.broadcast_to`."""


def _astype(x: Any, *, dtype: Any) -> Any:
    if x.dtype.kind == "c" and np.dtype(dtype).kind in "iuf":
        x = x.real
    return x.astype(dtype, copy=False)


def _reshape(x: Any, *, shape: Any) -> Any:
    if shape and min(shape) < 0:
        raise tapegrad.errors.ShapeError(f"the shape {tuple(shape)} has negative lengths")
    return x.reshape(shape)


def _broadcast_to(x: Any, *, shape: Any) -> Any:
    if prod(shape) > SMALL or x.ndim > len(shape):
        return np.broadcast_to(x, shape)
    out = np.empty(shape, dtype=x.dtype)
    out[...] = x
    return out


def _permute_dims(x: Any, *, axes: Any) -> Any:
    return x.transpose(axes)


def _matrix_transpose(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def _concat(*arrays: Any, axis: int) -> Any:
    return np.concatenate(arrays, axis=axis)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "astype": _astype,
    "broadcast_to": _broadcast_to,
    "concat": _concat,
    "matrix_transpose": _matrix_transpose,
    "permute_dims": _permute_dims,
    "reshape": _reshape,
}
