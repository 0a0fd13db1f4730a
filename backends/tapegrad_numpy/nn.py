"""Windows, pools, normalization and softmax, on NumPy.

Memory order is chosen for what comes next, whatever the order of axes says: channels last, so that windows are gathered
and added up in long runs and reach BLAS without a transposition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tapegrad.ops.nn import window_counts

__all__ = ["KERNELS"]

Array = np.ndarray[Any, Any]
Key = tuple[Any, ...]


class _Window:
    """Where windows lie over some axes: their number along each, and the keys of each place in the window."""

    def __init__(self, space: Sequence[int], kernel: Any, stride: Any, dilate: Any, pad: Any) -> None:
        ones = (1,) * len(kernel)
        self.space = tuple(space)
        self.kernel = tuple(kernel)
        self.stride = ones if stride is None else tuple(stride)
        self.dilate = ones if dilate is None else tuple(dilate)
        self.pad = tuple((p, p) if isinstance(p, int) else tuple(p) for p in pad or (0,) * len(kernel))
        self.padded = any(map(any, self.pad))
        self.counts = window_counts("windows", self.space, self.kernel, self.stride, self.dilate, self.pad)

    @property
    def wide(self) -> tuple[int, ...]:
        """The lengths of the axes with their padding."""
        return tuple(n + sum(p) for n, p in zip(self.space, self.pad, strict=True))

    @property
    def inside(self) -> Key:
        """The key of the array within its padding."""
        return (..., *(slice(a, a + n) for n, (a, _) in zip(self.space, self.pad, strict=True)))

    def places(self) -> list[tuple[tuple[int, ...], Key, Key]]:
        """For each place in the window: the place, the elements that lie there, and in which windows they do so."""
        found = []
        for place in itertools.product(*map(range, self.kernel)):
            elements: list[Any] = [...]
            windows: list[Any] = [...]
            for i, n, s, d, (before, _), count in zip(
                place, self.space, self.stride, self.dilate, self.pad, self.counts, strict=True
            ):
                start = i * d - before
                first = max(0, -(start // s))
                last = min(count - 1, (n - 1 - start) // s)
                start += first * s
                elements.append(slice(start, max(start, start + (last - first) * s + 1), s))
                windows.append(slice(first, max(first, last + 1)))
            found.append((place, tuple(elements), tuple(windows)))
        return found


def _pool_window(x: Array, kernel: Any, stride: Any, pad: Any, ceil: bool) -> _Window:
    space = x.shape[x.ndim - len(kernel) :]
    window = _Window(space, kernel, kernel if stride is None else stride, None, pad)
    if ceil:
        more = [
            (a, b + -(n + a + b - k) % s)
            for n, k, s, (a, b) in zip(space, window.kernel, window.stride, window.pad, strict=True)
        ]
        window = _Window(space, kernel, window.stride, None, more)
    return window


def _in_order_of(x: Array, shape: Sequence[int], fill: float | None, dtype: Any = None) -> Array:
    """A new array of `shape`, in memory in the order of axes that x has; not filled if `fill` is None."""
    order = sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))
    inner = tuple(shape[i] for i in order)
    made = np.empty(inner, dtype or x.dtype) if fill is None else np.full(inner, fill, dtype or x.dtype)
    return made.transpose(tuple(order.index(i) for i in range(x.ndim)))


def _patches(x: Array, *, kernel: Any, stride: Any, dilate: Any, pad: Any) -> Array:
    ndim = len(kernel)
    window = _Window(x.shape[x.ndim - ndim :], kernel, stride, dilate, pad)
    front = x.shape[: x.ndim - ndim]
    channels = x.ndim - ndim - 1
    # The channels last in memory, where there are enough of them that who reads the windows reads along them.
    last = channels >= 0 and x.shape[channels] * window.kernel[-1] >= window.counts[-1]
    if window.padded or (last and x.shape[channels] > 1 and x.strides[channels] != x.itemsize):
        shape = (*front[:-1], *window.wide, front[-1]) if last else (*front, *window.wide)
        wide = np.zeros(shape, x.dtype) if window.padded else np.empty(shape, x.dtype)
        if last:
            wide = np.moveaxis(wide, -1, channels)
        wide[window.inside] = x
        x = wide
    along = x.strides[x.ndim - ndim :]
    return np.lib.stride_tricks.as_strided(
        x,
        (*front, *window.kernel, *window.counts),
        (
            *x.strides[: x.ndim - ndim],
            *(a * d for a, d in zip(along, window.dilate, strict=True)),
            *(a * s for a, s in zip(along, window.stride, strict=True)),
        ),
        writeable=False,
    )


def _overlap_add(x: Array, *, shape: Any, stride: Any, dilate: Any, pad: Any) -> Array:
    ndim = len(shape)
    start = x.ndim - 2 * ndim
    if start < 0:
        raise ValueError(f"windows of shape {x.shape} have not two axes for each of {tuple(shape)}")
    window = _Window(shape, x.shape[start : start + ndim], stride, dilate, pad)
    if x.shape[start + ndim :] != window.counts:
        raise ValueError(f"windows of shape {x.shape[start:]} do not cover a shape of {tuple(shape)}")
    corner: Key = (..., *(0,) * ndim, *(slice(None),) * ndim)
    first = x[corner]
    out = _in_order_of(first, (*x.shape[:start], *shape), 0)
    every = (slice(None),) * start
    for place, elements, windows in window.places():
        out[elements] += x[(*every, *place, *windows[1:])]
    return out


def _fully_connected(x: Array, weight: Array, bias: Array | None = None) -> Array:
    if x.ndim == 0 or weight.ndim != 2 or x.shape[-1] != weight.shape[1]:
        raise ValueError(f"the last axis of shape {x.shape} is not the last of the weight's shape {weight.shape}")
    if x.ndim > 2:
        out = (x.reshape(math.prod(x.shape[:-1]), x.shape[-1]) @ weight.T).reshape(*x.shape[:-1], weight.shape[0])
    else:
        out = x @ weight.T
    if bias is not None:
        if bias.shape != weight.shape[:1]:
            raise ValueError(f"a bias of shape {bias.shape} for a weight of shape {weight.shape}")
        out += bias
    return out


def _max_pool(x: Array, *, kernel: Any, stride: Any, pad: Any, ceil: bool) -> Array:
    window = _pool_window(x, kernel, stride, pad, ceil)
    places = window.places()
    if not window.padded and len(places) > 1:
        out: Array = np.maximum(x[places[0][1]], x[places[1][1]])
        for _, elements, _ in places[2:]:
            np.maximum(out, x[elements], out=out)
        return out
    out = _in_order_of(x, (*x.shape[: x.ndim - len(kernel)], *window.counts), -np.inf)
    for _, elements, windows in places:
        part = out[windows]
        np.maximum(part, x[elements], out=part)
    return out


def _hits(x: Array, largest: Array, window: _Window) -> tuple[list[Array], Array | None]:
    """For each place in the window where x is the largest; and how often it is, None if never more than once."""
    if largest.shape != (*x.shape[: x.ndim - len(window.counts)], *window.counts):
        raise ValueError(f"the largest of windows of {x.shape} do not have the shape {largest.shape}")
    hits = [x[elements] == largest[windows] for _, elements, windows in window.places()]
    if not window.padded:
        count = hits[0].view(np.uint8) if len(hits) < 256 else hits[0].astype(np.int64)
        for hit in hits[1:]:
            count = count + hit
    else:
        count = np.zeros(largest.shape, np.int64)
        for hit, (_, _, windows) in zip(hits, window.places(), strict=True):
            count[windows] += hit
    return hits, count if count.size and count.max() > 1 else None


def _max_pool_spread(
    values: Array, x: Array, largest: Array, *, kernel: Any, stride: Any, pad: Any, ceil: bool
) -> Array:
    window = _pool_window(x, kernel, stride, pad, ceil)
    hits, count = _hits(x, largest, window)
    shares = values if count is None else values / np.maximum(count, 1, dtype=values.dtype)
    covers = not window.padded and window.stride == window.kernel
    exact = covers and window.space == tuple(s * n for s, n in zip(window.stride, window.counts, strict=True))
    out = _in_order_of(x, x.shape, None if exact else 0, values.dtype)
    for hit, (_, elements, windows) in zip(hits, window.places(), strict=True):
        if covers:
            np.multiply(shares, hit, out=out[elements])
        else:
            out[elements] += shares[windows] * hit
    return out


def _max_pool_gather(
    values: Array, x: Array, largest: Array, *, kernel: Any, stride: Any, pad: Any, ceil: bool
) -> Array:
    window = _pool_window(x, kernel, stride, pad, ceil)
    hits, count = _hits(x, largest, window)
    out = _in_order_of(x, largest.shape, 0, values.dtype)
    for hit, (_, elements, windows) in zip(hits, window.places(), strict=True):
        out[windows] += values[elements] * hit
    if count is not None:
        out /= np.maximum(count, 1, dtype=values.dtype)
    return out


def _sum_pool(x: Array, *, kernel: Any, stride: Any, pad: Any, ceil: bool) -> Array:
    window = _pool_window(x, kernel, stride, pad, ceil)
    out = _in_order_of(x, (*x.shape[: x.ndim - len(kernel)], *window.counts), 0)
    for _, elements, windows in window.places():
        out[windows] += x[elements]
    return out


def _normalize(x: Array, gamma: Array, beta: Array, *, axis: Any, eps: float) -> tuple[Array, Array, Array]:
    if np.broadcast_shapes(x.shape, gamma.shape, beta.shape) != x.shape:
        raise ValueError(f"gamma {gamma.shape} and beta {beta.shape} do not broadcast to {x.shape}")
    mean = np.add.reduce(x, axis=axis, keepdims=True)
    count = x.size // max(mean.size, 1)
    mean /= x.dtype.type(count)
    out = x - mean
    var = np.add.reduce(out * out, axis=axis, keepdims=True)
    var /= x.dtype.type(count)
    out /= np.sqrt(var + x.dtype.type(eps))
    out *= gamma
    out += beta
    return out, mean, var


def _shifted(x: Array, axis: Any) -> Array:
    if not x.ndim:
        # Where there is no axis, NumPy reduces over the first and the last all the same.
        np.lib.array_utils.normalize_axis_tuple(axis, 0)
        return x - x
    return x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=None if x.size else -np.inf)


def _softmax(x: Array, *, axis: Any) -> Array:
    out = _shifted(x, axis)
    np.exp(out, out=out)
    out /= np.add.reduce(out, axis=axis, keepdims=True)
    return out


def _log_softmax(x: Array, *, axis: Any) -> Array:
    # The largest terms are exactly 1. One of each row is left out of the sum, so that the rest is not lost beside it;
    # along other axes they are all left out, and counted.
    if x.size and axis.__class__ is int and axis in (-1, x.ndim - 1):
        # In rows, whatever order x lies in: below, a flat view is written to.
        rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
        places = rows.argmax(axis=1)
        places += np.arange(0, x.size, x.shape[-1])
        out: Array = rows - rows.reshape(-1).take(places)[:, None]
        terms = np.exp(out)
        terms.reshape(-1)[places] = 0
        rest = np.add.reduce(terms, axis=1, keepdims=True)
    else:
        out = _shifted(x, axis)
        terms = np.exp(out)
        largest = out == 0
        np.copyto(terms, 0, where=largest)
        rest = np.add.reduce(terms, axis=axis, keepdims=True)
        rest += np.add.reduce(largest, axis=axis, keepdims=True, dtype=x.dtype) - x.dtype.type(1)
    out -= np.log1p(rest, out=rest)
    return out.reshape(x.shape)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "fully_connected": _fully_connected,
    "log_softmax": _log_softmax,
    "max_pool": _max_pool,
    "max_pool_gather": _max_pool_gather,
    "max_pool_spread": _max_pool_spread,
    "normalize": _normalize,
    "overlap_add": _overlap_add,
    "patches": _patches,
    "softmax": _softmax,
    "sum_pool": _sum_pool,
}
