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
    if not indices:
        return x[key]
    return x[indices[0]] if len(key) == 1 else x[_fill(key, indices)]


def _setitem(x: Any, values: Any, *indices: Any, key: Any) -> Any:
    out = np.array(x)
    out[_fill(key, indices) if indices else key] = values
    return out


def _scatter_add(values: Any, *indices: Any, key: Any, shape: Any) -> Any:
    out = np.zeros(shape, dtype=values.dtype)
    if not indices:
        out[key] = values
        return out
    *front, last = key
    index = indices[0]
    if last is AT and len(indices) == 1 and all(part == slice(None) for part in front):
        if index.size < 2:
            out[_fill(key, indices)] = values
        elif len(shape) == 1:
            np.add.at(out, index, values)
        else:
            axis, rest = len(front), index.ndim
            values = np.broadcast_to(values, (*shape[:axis], *index.shape, *shape[axis + 1 :]))
            rows = np.moveaxis(values, range(axis, axis + rest), range(rest)) if axis else values
            _add_rows(np.moveaxis(out, axis, 0), index.reshape(-1), rows.reshape(index.size, *rows.shape[rest:]))
        return out
    np.add.at(out, _fill(key, indices), values)
    return out


def _add_rows(out: Any, index: Any, rows: Any) -> None:
    """Add rows to `out`, which is zeros; rows for the same place add up, in the order in which they come.

    `np.add.at` takes its fast road for arrays of one axis only. A count with weights is the fastest where places are
    about as many as rows; sorted runs are where they are many more, or the dtype is none that a count has.
    """
    length = out.shape[0]
    index = np.where(index < 0, index + length, index)
    if index.min() < 0 or index.max() >= length:
        wrong = index[(index < 0) | (index >= length)][0]
        raise IndexError(f"index {wrong if wrong >= length else wrong - length} is out of bounds for size {length}")
    width = rows[0].size
    if rows.dtype in (np.float32, np.float64) and length * width <= 4 * rows.size:
        places = (index[:, None] * width + np.arange(width)).reshape(-1)
        out[...] = np.bincount(places, rows.reshape(-1), length * width).reshape(out.shape)
        return
    order = np.argsort(index, kind="stable")
    places = index[order]
    starts = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
    if width:
        out[places[starts]] = np.add.reduceat(rows[order], starts, axis=0)


def _picked(index: Any, shape: Any, axis: int, mode: str) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The key of what `pick` picks from an array of that shape, and the shape it has there: the axis of length one."""
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"axis {axis} is out of range for shape {shape}")
    if mode not in ("clip", "wrap"):
        raise ValueError(f"mode is {mode!r}; choose 'clip' or 'wrap'")
    axis %= len(shape)
    kept = (*shape[:axis], 1, *shape[axis + 1 :])
    places = index.astype(np.int64).reshape(kept)
    places = places % shape[axis] if mode == "wrap" else np.minimum(np.maximum(places, 0), shape[axis] - 1)
    mesh = [
        places if i == axis else np.arange(n).reshape((n,) + (1,) * (len(shape) - i - 1)) for i, n in enumerate(shape)
    ]
    return tuple(mesh), kept


def _pick(x: Any, index: Any, *, axis: int, keepdims: bool, mode: str) -> Any:
    key, kept = _picked(np.asarray(index), x.shape, axis, mode)
    picked = x[key]
    return picked if keepdims else picked.reshape(kept[: axis % x.ndim] + kept[axis % x.ndim + 1 :])


def _pick_spread(values: Any, index: Any, *, shape: Any, axis: int, keepdims: bool, mode: str) -> Any:
    key, kept = _picked(np.asarray(index), shape, axis, mode)
    out = np.zeros(shape, dtype=values.dtype)
    out[key] = values.reshape(kept)
    return out


def _true_places(mask: Any) -> Any:
    return mask.nonzero() if mask.ndim else ()


def _positions(x: Any, *, shape: Any) -> Any:
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def _take(x: Any, indices: Any, *, axis: int) -> Any:
    return x.take(indices, axis=axis)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "getitem": _getitem,
    "pick": _pick,
    "pick_spread": _pick_spread,
    "positions": _positions,
    "scatter_add": _scatter_add,
    "setitem": _setitem,
    "take": _take,
    "true_places": _true_places,
}
