"""NumPy's own indexing for keys, and the fastest of its ways to add up at repeated places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import tapegrad

__all__ = ["KERNELS"]

AT = tapegrad.ops.indexing.AT
_fill = tapegrad.ops.indexing.fill


def _getitem(x: Any, *indices: Any, key: Any) -> Any:
    return x[_fill(key, indices) if indices else key]


def _setitem(x: Any, values: Any, *indices: Any, key: Any) -> Any:
    out = np.array(x)
    out[_fill(key, indices) if indices else key] = values
    return out


def _scatter_add(values: Any, *indices: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape, dtype=values.dtype)
    if not indices:
        out[key] = values
    elif len(indices) == 1 and not indices[0].size > 1:
        out[_fill(key, indices)] = values
    else:
        np.add.at(out, _fill(key, indices), values)
    return out


def _true_places(mask: Any) -> Any:
    return mask.nonzero()


def _positions(x: Any, *, shape: Any) -> Any:
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def _take(x: Any, indices: Any, *, axis: int) -> Any:
    return x.take(indices, axis=axis)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "getitem": _getitem,
    "positions": _positions,
    "scatter_add": _scatter_add,
    "setitem": _setitem,
    "take": _take,
    "true_places": _true_places,
}
