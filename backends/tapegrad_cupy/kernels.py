"""CuPy's own spelling of ops: index arrays, sums at repeated places, windows as views, and CUDA's special functions.

None of them waits for the device or copies to the host. So an index beyond the end is not noticed: CuPy wraps it
around. Of several values written to one place, any may stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import cupy
import cupyx
import numpy as np
from cupyx.scipy import special

from tapegrad.ops.indexing import AT
from tapegrad.ops.nn import window_counts
from tapegrad.ops.special import FROM_SCIPY

__all__ = ["KERNELS"]


# Reading and writing at a key


def _filled(key: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Any, ...]:
    given = iter(indices)
    return tuple(next(given) if part is AT else part for part in key)


def getitem(x: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    return x[_filled(key, indices)]


def scatter_add(values: Any, *indices: Any, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    out = cupy.zeros(shape, dtype=values.dtype)
    if indices:
        cupyx.scatter_add(out, _filled(key, indices), values)
    else:
        out[key] = values
    return out


def setitem(x: Any, values: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    out = cupy.array(x, copy=True)
    out[_filled(key, indices)] = values
    return out


def take(x: Any, indices: Any, *, axis: int) -> Any:
    return cupy.take(x, indices, axis=axis)


def positions(x: Any, *, shape: tuple[int, ...]) -> Any:
    return cupy.arange(math.prod(shape), dtype=np.int64).reshape(shape)


def index_table(x: Any, *, values: tuple[int, ...]) -> Any:
    return cupy.array(values, dtype=np.int64)


def true_places(mask: Any) -> Any:
    return cupy.nonzero(mask) if mask.ndim else ()


# Windows over the last axes


def patches(x: Any, *, kernel: tuple[int, ...], stride: Any, dilate: Any, pad: Any) -> Any:
    ndim = len(kernel)
    front = x.ndim - ndim
    counts = window_counts("patches", tuple(x.shape[front:]), kernel, stride, dilate, pad)
    if pad is not None:
        around = [(p, p) if isinstance(p, int) else tuple(p) for p in pad]
        x = cupy.pad(x, [(0, 0)] * front + around, mode="constant")
    steps = (1,) * ndim if stride is None else stride
    spread = (1,) * ndim if dilate is None else dilate
    along = x.strides[front:]
    windows = cupy.lib.stride_tricks.as_strided(
        x,
        shape=(*x.shape[:front], *kernel, *counts),
        strides=(
            *x.strides[:front],
            *(a * d for a, d in zip(along, spread, strict=True)),
            *(a * s for a, s in zip(along, steps, strict=True)),
        ),
    )
    return cupy.ascontiguousarray(windows)


# Special functions


def polygamma(x: Any, *, n: int) -> Any:
    if n < 0:
        raise ValueError(f"n is {n}; polygamma has the orders 0, 1, 2, …")
    return special.digamma(x) if n == 0 else special.polygamma(n, x).astype(x.dtype)


def _special(name: str) -> Callable[..., Any]:
    function = getattr(special, name)

    def kernel(*arrays: Any) -> Any:
        found = function(*arrays)
        return found if found.dtype == arrays[0].dtype else found.astype(arrays[0].dtype)

    kernel.__name__ = name
    return kernel


KERNELS: Mapping[str, Callable[..., Any]] = {
    "getitem": getitem,
    "index_table": index_table,
    "patches": patches,
    "polygamma": polygamma,
    "positions": positions,
    "scatter_add": scatter_add,
    "setitem": setitem,
    "take": take,
    "true_places": true_places,
    **{name: _special(name) for name in FROM_SCIPY},
}
