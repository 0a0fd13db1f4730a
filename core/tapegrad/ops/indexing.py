"""Indexing: reading at a key, writing at a key, and adding up at a key, each the derivative of another.

A key is a tuple of ints, slices, None and Ellipsis; where an index array belongs it holds `AT`, and the arrays follow the
operands in order. Boolean masks are turned into index arrays before they come here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..op import linear
from ..testing.samples import normal

if TYPE_CHECKING:
    from ..array import Array

__all__ = ["AT", "getitem", "put_key", "scatter_add", "setitem", "take_key"]


class _At:
    """The place of an index array in a key."""

    def __repr__(self) -> str:
        return "AT"


AT: Final = _At()


def _fill(key: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Any, ...]:
    if not indices:
        return key
    given = iter(indices)
    return tuple(next(given) if part is AT else part for part in key)


def _key_behind(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    from ..batching import loop

    if any(batched[1:]) or not batched[0]:
        return loop(op, size, args, batched, keywords)
    key = keywords["key"]
    extra = {"shape": (size, *keywords["shape"])} if "shape" in keywords else {}
    return op.call(*args, **{**keywords, **extra, "key": (slice(None), *key)})


@linear(
    x=lambda xp, g, x, indices, key: xp.scatter_add(g, *indices, key=key, shape=x.shape),
    constant=("indices",),
    promotes=(),
    standard=True,
    batch=_key_behind,
    samples=[((normal(3, 4),), {"key": (1,)}), ((normal(3, 4),), {"key": (slice(None), slice(0, None, 2))})],
)
def getitem(xp: Any, x: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    """The elements of x at a key."""
    return x[_fill(key, indices)]


@linear(
    values=lambda xp, g, indices, key: xp.getitem(g, *indices, key=key),
    constant=("indices",),
    promotes=(),
    standard=True,
    batch=_key_behind,
    samples=[((normal(4),), {"key": (1,), "shape": (3, 4)})],
)
def scatter_add(xp: Any, values: Any, *indices: Any, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with the values added at a key; values for the same place add up."""
    out = xp.filled(values, shape=shape, value=0)
    out[_fill(key, indices)] = values
    return out


@linear(
    x=lambda xp, g, values, indices, key: xp.setitem(g, xp.filled(g, shape=values.shape, value=0), *indices, key=key),
    values=lambda xp, g, values, indices, key: xp.unbroadcast(xp.getitem(g, *indices, key=key), shape=values.shape),
    constant=("indices",),
    promotes=(),
    standard=True,
    samples=[((normal(3, 4), normal(4)), {"key": (1,)})],
)
def setitem(xp: Any, x: Any, values: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    """x with the elements at a key replaced by values, which broadcast to their shape."""
    out = xp.asarray(x, copy=True)
    out[_fill(key, indices)] = values
    return out


def _split_key(x: Array, key: Any) -> tuple[tuple[Any, ...], list[Array]]:
    """A key as Python has it, as the parts that are plain and the index arrays."""
    parts = key if isinstance(key, tuple) else (key,)
    if all(part.__class__ in (int, slice) or part is None or part is Ellipsis for part in parts):
        return parts, []
    from ..array import Array
    from ..dispatch import engine_of, handle
    from ..registry import backend_of

    plain: list[Any] = []
    arrays: list[Array] = []
    engine = engine_of(x)
    for part in parts:
        if isinstance(part, (list, np.ndarray)):
            part = handle(type(x), engine.backend.from_numpy(np.asarray(part)), None, engine)
        elif not isinstance(part, Array) and hasattr(part, "shape"):
            part = handle(type(x), part, None, backend_of(part).kernels)
        if isinstance(part, Array):
            plain.append(AT)
            arrays.append(part)
        else:
            plain.append(part)
    return tuple(plain), arrays


def take_key(x: Array, key: Any) -> Array:
    """What `x[key]` means."""
    plain, arrays = _split_key(x, key)
    found: Array = getitem(x, *arrays, key=plain)
    return found


def put_key(x: Array, key: Any, value: Any) -> Array:
    """The value that `x[key] = value` gives to the handle `x`."""
    from ..array import Array

    plain, arrays = _split_key(x, key)
    if not isinstance(value, Array):
        from ..dispatch import engine_of, handle

        engine = engine_of(x)
        value = handle(type(x), engine.backend.from_numpy(np.asarray(value, dtype=x.dtype)), None, engine)
    elif value.dtype != x.dtype:
        from ..dispatch import cast

        value = cast(value, x.dtype)
    found: Array = setitem(x, value, *arrays, key=plain)
    return found
