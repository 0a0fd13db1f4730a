"""JAX's own spelling of ops: functional updates, checked indices, explicit shardings, special functions.

None of them leaves the device: indices are checked where JAX lets the host see them at no cost, which is on the CPU and
outside a trace; elsewhere an index beyond the end reads NaN and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special
import numpy as np
from jax import lax
from jax.sharding import NamedSharding

import tapegrad
from tapegrad.op import registered
from tapegrad.ops.indexing import AT

from . import elementary, gamma, nn
from .layouts import is_about_sharding, partition, sharding

__all__ = ["KERNELS"]


def matmul(x: Any, y: Any) -> Any:
    try:
        return jnp.matmul(x, y, precision=nn.precision())
    except (TypeError, ValueError) as error:
        raise ValueError(f"shapes do not go together: {error}") from error
    except Exception as error:
        if not is_about_sharding(error):
            raise
    # The contracted axes are both spread over the mesh, as in every gradient of a weight on sharded data (JAX issue
    # 31800): the other axes keep their layout, and the sum is had in full on every device.
    mesh, left = partition(x)
    if mesh.empty:
        mesh = partition(y)[0]
    right = partition(y)[1]
    fronts = [spec[:-2] for spec in (left, right)]
    rank = max(len(front) for front in fronts)
    front = [
        next((part for part in column if part is not None), None)
        for column in zip(*((None,) * (rank - len(front)) + front for front in fronts), strict=True)
    ]
    spec = [*front, *left[-2:-1], *(right[-1:] if len(right) > 1 else ())]
    return jnp.matmul(x, y, precision=nn.precision(), out_sharding=sharding(mesh, spec))


def reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    try:
        return jnp.reshape(x, shape)
    except Exception as error:
        if not is_about_sharding(error):
            raise
    # Axes in front and behind that stay as they are keep their layout; what is merged or split is had in full.
    mesh, spec = partition(x)
    wanted = list(shape)
    front = 0
    while front < min(x.ndim, len(wanted)) and x.shape[front] == wanted[front]:
        front += 1
    back = 0
    while back < min(x.ndim, len(wanted)) - front and x.shape[-1 - back] == wanted[-1 - back]:
        back += 1
    middle = (None,) * (len(wanted) - front - back)
    kept = (*spec[:front], *middle, *spec[x.ndim - back :])
    return lax.reshape(x, tuple(wanted), out_sharding=sharding(mesh, kept))


# Reading and writing at a key


def _is_concrete(x: Any) -> bool:
    if isinstance(x, jax.core.Tracer) or not x.is_fully_addressable:
        return False
    return all(device.platform == "cpu" for device in x.devices())


def _check(index: Any, axis: int, length: int) -> None:
    """Raises `IndexError` for an index beyond the end, where it can be seen: JAX would clamp it."""
    if isinstance(index, jax.Array):
        if not _is_concrete(index):
            return
        index = np.asarray(index)
        if index.dtype.kind not in "iu" or not index.size:
            return
    low, high = (index, index) if isinstance(index, int) else (int(index.min()), int(index.max()))
    if low < -length or high >= length:
        raise IndexError(
            f"index {low if low < -length else high} is out of bounds for axis {axis}, which has length {length}"
        )


def _filled_key(key: tuple[Any, ...], indices: tuple[Any, ...], shape: Sequence[int]) -> tuple[Any, ...]:
    """The key with the index arrays in their places, checked against the shape that it goes to."""
    given = iter(indices)
    filled = tuple(next(given) if part is AT else part for part in key)
    counted = sum(part is not None and part is not Ellipsis for part in filled)
    if counted > len(shape):
        raise IndexError(f"too many indices: {counted} for an array of {len(shape)} axes")
    axis = 0
    for part in filled:
        if part is Ellipsis:
            axis += len(shape) - counted
        elif part is not None:
            if not isinstance(part, slice):
                _check(part, axis, shape[axis])
            axis += 1
    return filled


def _expanded(key: tuple[Any, ...], ndim: int) -> list[Any]:
    """A key without an ellipsis, with a part for each of `ndim` axes."""
    counted = sum(part is not None and part is not Ellipsis for part in key)
    rest = [slice(None)] * (ndim - counted)
    if not any(part is Ellipsis for part in key):
        return [*key, *rest]
    at = next(i for i, part in enumerate(key) if part is Ellipsis)
    return [*key[:at], *rest, *key[at + 1 :]]


def _rank_at(x: Any, key: tuple[Any, ...]) -> int:
    """How many axes `x[key]` has; wherever the indices lie, of which JAX would want to know more."""
    bare = tuple(np.broadcast_to(np.zeros((), p.dtype), p.shape) if isinstance(p, jax.Array) else p for p in key)
    return len(jax.eval_shape(lambda a: a[bare], jax.ShapeDtypeStruct(x.shape, x.dtype)).shape)


def _in_full(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of a key, those that are spread over a mesh had in full on every device of it."""

    def full(part: Any) -> Any:
        if not isinstance(part, jax.Array) or partition(part)[0].empty:
            return part
        mesh, spec = partition(part)
        return jax.sharding.reshard(part, sharding(mesh, (None,) * len(spec)))

    return tuple(map(full, parts))


def _kept_partition(x: Any, key: tuple[Any, ...]) -> NamedSharding | None:
    """The layout of `x[key]`: whole axes stay as they are, what a key picks from is had in full on every device."""
    mesh, spec = partition(x)
    if mesh.empty:
        return None
    parts = _expanded(key, x.ndim)
    if any(isinstance(part, jax.Array) for part in parts):
        return sharding(mesh, (None,) * _rank_at(x, key))
    found: list[Any] = []
    axis = 0
    for part in parts:
        if part is None:
            found.append(None)
            continue
        if isinstance(part, slice):
            found.append(spec[axis] if part == slice(None) else None)
        axis += 1
    return sharding(mesh, found)


def getitem(x: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    filled = _filled_key(key, indices, x.shape)
    try:
        return x.at[filled].get(mode="fill") if indices else x[filled]
    except Exception as error:
        if not is_about_sharding(error):
            raise
    return x.at[_in_full(filled)].get(out_sharding=_kept_partition(x, filled))


def take_along_axis(x: Any, indices: Any, *, axis: int = -1) -> Any:
    # JAX's own, of which XLA sees that no row reads from another one, on whichever device that may be.
    if x.ndim == indices.ndim and -x.ndim <= axis < x.ndim:
        _check(indices, axis, x.shape[axis])
        try:
            return jnp.take_along_axis(x, indices, axis, mode="fill")
        except Exception as error:
            if not (is_about_sharding(error) or isinstance(error, (TypeError, ValueError))):
                raise
    xp = tapegrad.get_backend("jax").kernels
    return registered()["take_along_axis"].body(xp, x, indices, axis=axis)  # which says what does not fit


def scatter_add(values: Any, *indices: Any, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    filled = _filled_key(key, indices, shape)
    padded = None if indices else _padded(values, filled, shape)
    if padded is not None:
        return padded
    target = jnp.zeros(shape, dtype=values.dtype).at[filled]
    write = target.add if indices else target.set
    try:
        return write(values)
    except Exception as error:
        if not is_about_sharding(error):
            raise
    mesh = partition(values)[0]
    return write(
        jax.sharding.reshard(values, sharding(mesh, (None,) * values.ndim)),
        out_sharding=sharding(mesh, (None,) * len(shape)),
    )


def _padded(values: Any, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Values at a key of ints and slices as a padding with zeros, which XLA does better than a scatter; else None."""
    kept: list[int] = []
    read: list[int] = []
    pads: list[tuple[int, int, int]] = []
    axis = 0
    for part in _expanded(key, len(shape)):
        if part is None:
            read.append(1)
            continue
        length = shape[axis]
        axis += 1
        if isinstance(part, int):
            start = part % length
            kept.append(1)
            pads.append((start, length - start - 1, 0))
            continue
        start, stop, step = part.indices(length)
        if step < 1:
            return None
        count = len(range(start, stop, step))
        kept.append(count)
        read.append(count)
        pads.append((start, length - start - (count - 1) * step - 1, step - 1) if count else (length, 0, 0))
    plain = jnp.broadcast_to(values, read).reshape(kept) if tuple(values.shape) != tuple(kept) else values
    if all(pad == (0, 0, 0) for pad in pads):
        return plain
    return lax.pad(plain, jnp.zeros((), values.dtype), pads)


def setitem(x: Any, values: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    filled = _filled_key(key, indices, x.shape)
    if values.ndim and values.shape[0] == 1:
        # Of axes in front that are too many NumPy drops those of length one, JAX does not.
        rank = _rank_at(x, filled)
        while values.ndim > rank and values.shape[0] == 1:
            values = jnp.reshape(values, values.shape[1:])
    try:
        return x.at[filled].set(values)
    except Exception as error:
        if not is_about_sharding(error):
            raise
    return x.at[_in_full(filled)].set(*_in_full((values,)), out_sharding=sharding(*partition(x)))


def positions(x: Any, *, shape: tuple[int, ...]) -> Any:
    wide = jnp.int64 if jax.config.jax_enable_x64 else jnp.int32
    return jnp.arange(math.prod(shape), dtype=wide).reshape(shape)


def index_table(x: Any, *, values: tuple[int, ...]) -> Any:
    wide = jnp.int64 if jax.config.jax_enable_x64 else jnp.int32
    return jnp.asarray(values, dtype=wide)


def searchsorted(x: Any, values: Any, sorter: Any = None, *, side: str) -> Any:
    found = jnp.searchsorted(x, values, side=side, sorter=sorter)
    return found.astype(jnp.int64) if jax.config.jax_enable_x64 else found


# Results whose lengths depend on the data: JAX would compile every step of theirs for every length, so that where the
# host sees the numbers at no cost, it looks itself.


def _is_on_host(x: Any) -> bool:
    return _is_concrete(x) and len(x.devices()) == 1


def _put_beside(x: Any, found: np.ndarray[Any, Any]) -> Any:
    """A result of the host's where x is; integers as wide as JAX has them."""
    if found.dtype == np.int64 and x.dtype != np.int64 and not jax.config.jax_enable_x64:
        found = found.astype(np.int32)
    return jax.device_put(found, next(iter(x.devices())) if x.committed else None)


def true_places(mask: Any) -> Any:
    if not mask.ndim:
        return ()
    if not _is_on_host(mask):
        return jnp.nonzero(mask)
    return tuple(_put_beside(mask, places) for places in np.nonzero(np.asarray(mask)))


def _unique(name: str, *parts: int) -> Callable[[Any], Any]:
    """The standard's function of that name, from some of what NumPy's `unique` returns: the values, where each is
    first, which of them each element is, how often there is each.
    """
    own = getattr(jnp, name)
    unique: Any = np.unique

    def kernel(x: Any) -> Any:
        if not _is_on_host(x):
            return own(x)
        wanted = {"return_index": 1 in parts, "return_inverse": 2 in parts, "return_counts": 3 in parts}
        found = unique(np.asarray(x), equal_nan=False, **wanted)
        if not isinstance(found, tuple):
            return _put_beside(x, found)
        shaped = [f.reshape(x.shape) if part == 2 else f for part, f in zip(parts, found, strict=True)]
        return tuple(_put_beside(x, f) for f in shaped)

    kernel.__name__ = name
    return kernel


# Division: of x / y with a broadcast y XLA makes x * (1 / y), which is off by a unit in the last place. So outside
# of traces y is broadcast first, by a kernel of its own.


def divide(x: Any, y: Any) -> Any:
    if y.shape != x.shape or not isinstance(y, jax.Array):
        shape = jnp.broadcast_shapes(x.shape, y.shape)
        if y.shape != shape or not isinstance(y, jax.Array):
            y = jnp.broadcast_to(y, shape)
    return jnp.divide(x, y)


def _or_one(x: Any, y: Any) -> Any:
    """y in the shape of x / y, and 1 where both are 0, or x is 0 and y NaN."""
    safe = jnp.where((x == 0) & ((y == 0) | (y != y)), 1, y)
    return jnp.broadcast_to(safe, jnp.broadcast_shapes(x.shape, y.shape))


_compiled_or_one: Callable[..., Any] = jax.jit(_or_one)


def divide_or_zero(x: Any, y: Any) -> Any:
    return jnp.divide(x, _compiled_or_one(x, y))


def _or_infinite(x: Any, y: Any) -> Any:
    """y in the shape of x / y, and infinite where it is 0."""
    return jnp.broadcast_to(jnp.where(y == 0, jnp.inf, y), jnp.broadcast_shapes(x.shape, y.shape))


_compiled_or_infinite: Callable[..., Any] = jax.jit(_or_infinite)


def divide_or_flat(x: Any, y: Any) -> Any:
    return jnp.divide(x, _compiled_or_infinite(x, y))


def round_to(x: Any, *, decimals: int) -> Any:
    if not decimals or not jnp.issubdtype(x.dtype, jnp.inexact):
        return jnp.round(x, decimals)
    factor = np.asarray(10.0 ** abs(decimals), dtype=x.dtype)
    return divide(jnp.round(x * factor), factor) if decimals > 0 else jnp.round(divide(x, factor)) * factor


# Linear algebra: JAX gives NaN or infinity where there is no answer, which is an error here wherever it can be seen.


def _is_finite(x: Any) -> bool:
    return bool(np.isfinite(np.asarray(x)).all())


def _checked(found: Any, given: Sequence[Any], problem: str) -> Any:
    visible = all(map(_is_concrete, (found, *given)))
    if visible and not _is_finite(found) and all(map(_is_finite, given)):
        raise np.linalg.LinAlgError(problem)
    return found


def inv(x: Any) -> Any:
    return _checked(jnp.linalg.inv(x), (x,), "Singular matrix")


def solve(a: Any, b: Any) -> Any:
    return _checked(jnp.linalg.solve(a, b), (a, b), "Singular matrix")


def cholesky(x: Any, *, upper: bool) -> Any:
    return _checked(jnp.linalg.cholesky(x, upper=upper), (x,), "Matrix is not positive definite")


def matrix_rank(x: Any, *, rtol: float | None) -> Any:
    values = jnp.linalg.svdvals(x)
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(jnp.finfo(x.dtype).eps)
    return jnp.sum(values > jnp.max(values, axis=-1, keepdims=True, initial=0) * rtol, axis=-1)


# Special functions


def zeta(x: Any, y: Any) -> Any:
    """JAX's own sums where y is above 0; else, for a whole x, the sum over all integers less that over those before y.

    Its own loses digits there with each unit, and is off by twelve orders of magnitude at -9.5.
    """
    low = y <= 0
    sign = jnp.where(x % 2 == 0, 1, -1).astype(y.dtype)
    rest = jnp.where(low, y - jnp.round(y), 1)
    before = special.zeta(x, 1 - rest) - special.zeta(x, 1 - jnp.where(low, y, 0))
    below = rest**-x + special.zeta(x, 1 + rest) + sign * before
    below = jnp.where(x == jnp.round(x), jnp.where(rest == 0, jnp.inf, below), jnp.nan)
    return jnp.where(low, below, special.zeta(x, jnp.where(low, 1, y)))


KERNELS: Mapping[str, Callable[..., Any]] = {
    "cholesky": cholesky,
    "getitem": getitem,
    "divide": divide,
    "divide_or_flat": divide_or_flat,
    "divide_or_zero": divide_or_zero,
    "index_table": index_table,
    "inv": inv,
    "matmul": matmul,
    "matrix_rank": matrix_rank,
    "positions": positions,
    "reshape": reshape,
    "round": round_to,
    "scatter_add": scatter_add,
    "searchsorted": searchsorted,
    "setitem": setitem,
    "solve": solve,
    "take_along_axis": take_along_axis,
    "true_places": true_places,
    "unique_all": _unique("unique_all", 0, 1, 2, 3),
    "unique_counts": _unique("unique_counts", 0, 3),
    "unique_inverse": _unique("unique_inverse", 0, 2),
    "unique_values": _unique("unique_values", 0),
    "zeta": zeta,
    **{
        name: getattr(special, name)
        for name in (
            "betainc",
            "erf",
            "erfc",
            "erfinv",
            "gamma",
            "gammainc",
            "gammaincc",
            "i0",
            "i0e",
            "i1",
            "i1e",
        )
    },
    **elementary.KERNELS,
    **gamma.KERNELS,
    **nn.KERNELS,
}
