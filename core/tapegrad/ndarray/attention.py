"""Attention of several heads whose queries, keys and values stand beside each other in one array."""

from __future__ import annotations

import math
from typing import Any

from ..engines.tables import RECORDED as ops
from ..errors import ShapeError
from .checks import need, one_int
from .ndarray import NDArray, give

__all__ = [
    "interleaved_matmul_encdec_qk",
    "interleaved_matmul_encdec_valatt",
    "interleaved_matmul_selfatt_qk",
    "interleaved_matmul_selfatt_valatt",
]


def _parts(x: Any, heads: Any, count: int, where: str, name: str) -> list[Any]:
    """The `count` arrays (n · heads, length, depth) that stand side by side in (length, n, heads · count · depth)."""
    x, heads = need(x, where, name), one_int(heads, where, "heads")
    if x.ndim != 3 or heads < 1 or x.shape[2] % (heads * count):
        raise ShapeError(
            f"{where}(): {name} has shape {x.shape}; give (length, n, width), with a multiple of {heads} · {count} "
            "for the width"
        )
    length, batch, width = x.shape
    depth = width // (heads * count)
    apart = ops.reshape(x, shape=(length, batch * heads, count, depth))
    return [ops.permute_dims(part, axes=(1, 0, 2)) for part in ops.unstack(apart, axis=2)]


def _scores(queries: Any, keys: Any, where: str) -> Any:
    if queries.shape[0] != keys.shape[0] or queries.shape[2] != keys.shape[2]:
        raise ShapeError(f"{where}(): queries {queries.shape} and keys {keys.shape} of the heads do not go together")
    return ops.matmul(queries * (1 / math.sqrt(queries.shape[2])), ops.matrix_transpose(keys))


def _mixed(attention: Any, values: Any, heads: int, where: str) -> Any:
    attention = need(attention, where, "attention")
    if attention.ndim != 3 or (attention.shape[0], attention.shape[2]) != values.shape[:2]:
        raise ShapeError(
            f"{where}(): attention has shape {attention.shape}; give {(values.shape[0], -1, values.shape[1])}"
        )
    found = ops.permute_dims(ops.matmul(attention, values), axes=(1, 0, 2))
    return ops.reshape(found, shape=(found.shape[0], found.shape[1] // heads, heads * found.shape[2]))


def interleaved_matmul_selfatt_qk(queries_keys_values: Any, heads: int, out: Any = None, name: Any = None) -> NDArray:
    """The scores of self-attention: queries times keys, over the root of their depth, before softmax.

    Shapes: (length, n, heads · 3 · depth), where each head has its query, key and value side by side; the result is
    (n · heads, length, length).

    Dtypes: floats; the result has that of the input.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for a width that the heads do not share evenly.

    >>> from tapegrad import nd
    >>> nd.contrib.interleaved_matmul_selfatt_qk(nd.ones((5, 2, 12)), heads=2).shape
    (4, 5, 5)
    """
    where = "interleaved_matmul_selfatt_qk"
    queries, keys, _ = _parts(queries_keys_values, heads, 3, where, "queries_keys_values")
    return give(out, _scores(queries, keys, where))


def interleaved_matmul_selfatt_valatt(
    queries_keys_values: Any, attention: Any, heads: int, out: Any = None, name: Any = None
) -> NDArray:
    """What self-attention reads: the values, mixed as `attention` says, the heads side by side.

    Shapes: (length, n, heads · 3 · depth) and (n · heads, length, length) give (length, n, heads · depth).

    Dtypes: floats; the result has that of the inputs together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> nd.contrib.interleaved_matmul_selfatt_valatt(nd.ones((5, 2, 12)), nd.ones((4, 5, 5)), heads=2).shape
    (5, 2, 4)
    """
    where = "interleaved_matmul_selfatt_valatt"
    values = _parts(queries_keys_values, heads, 3, where, "queries_keys_values")[2]
    return give(out, _mixed(attention, values, heads, where))


def interleaved_matmul_encdec_qk(
    queries: Any, keys_values: Any, heads: int, out: Any = None, name: Any = None
) -> NDArray:
    """The scores of attention to another sequence: queries times keys, over the root of their depth, before softmax.

    Shapes: (length, n, heads · depth) and (other, n, heads · 2 · depth) give (n · heads, length, other).

    Dtypes: floats; the result has that of the inputs together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> nd.contrib.interleaved_matmul_encdec_qk(nd.ones((5, 2, 4)), nd.ones((7, 2, 8)), heads=2).shape
    (4, 5, 7)
    """
    where = "interleaved_matmul_encdec_qk"
    (mine,) = _parts(queries, heads, 1, where, "queries")
    keys, _ = _parts(keys_values, heads, 2, where, "keys_values")
    return give(out, _scores(mine, keys, where))


def interleaved_matmul_encdec_valatt(
    keys_values: Any, attention: Any, heads: int, out: Any = None, name: Any = None
) -> NDArray:
    """What attention to another sequence reads: its values, mixed as `attention` says, the heads side by side.

    Shapes: (other, n, heads · 2 · depth) and (n · heads, length, other) give (length, n, heads · depth).

    Dtypes: floats; the result has that of the inputs together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> nd.contrib.interleaved_matmul_encdec_valatt(nd.ones((7, 2, 8)), nd.ones((4, 5, 7)), heads=2).shape
    (5, 2, 4)
    """
    where = "interleaved_matmul_encdec_valatt"
    values = _parts(keys_values, heads, 2, where, "keys_values")[1]
    return give(out, _mixed(attention, values, heads, where))
