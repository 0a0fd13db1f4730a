"""Attention of several heads whose queries, keys and values stand beside each other in one array."""

from __future__ import annotations

import math

from ..errors import ShapeError
from .checks import one_int, ops
from .function import nd_function
from .ndarray import NDArray

_attention = nd_function(
    words="Dtypes: floats; the result has that of the arrays together.\n"
    "Raises: `ShapeError` for shapes that do not go together, or a width that the heads do not share evenly."
)


def _parts(x: NDArray, heads: int, count: int, where: str, name: str) -> list[NDArray]:
    """The `count` arrays (n · heads, length, depth) that stand side by side in (length, n, heads · count · depth)."""
    heads = one_int(heads, where, "heads")
    if x.ndim != 3 or heads < 1 or x.shape[2] % (heads * count):
        raise ShapeError(
            f"{where}(): {name} has shape {x.shape}; give (length, n, width), with a multiple of {heads} · {count} "
            "for the width"
        )
    length, batch, width = x.shape
    depth = width // (heads * count)
    apart = ops.reshape(x, shape=(length, batch * heads, count, depth))
    return [ops.permute_dims(part, axes=(1, 0, 2)) for part in ops.unstack(apart, axis=2)]


def _scores(queries: NDArray, keys: NDArray, where: str) -> NDArray:
    if queries.shape[0] != keys.shape[0] or queries.shape[2] != keys.shape[2]:
        raise ShapeError(f"{where}(): queries {queries.shape} and keys {keys.shape} of the heads do not go together")
    return ops.matmul(queries * (1 / math.sqrt(queries.shape[2])), ops.matrix_transpose(keys))


def _mixed(attention: NDArray, values: NDArray, heads: int, where: str) -> NDArray:
    if attention.ndim != 3 or (attention.shape[0], attention.shape[2]) != values.shape[:2]:
        raise ShapeError(
            f"{where}(): attention has shape {attention.shape}; give {(values.shape[0], -1, values.shape[1])}"
        )
    length, depth = attention.shape[1], values.shape[2]
    mixed = ops.permute_dims(ops.matmul(attention, values), axes=(1, 0, 2))
    return ops.reshape(mixed, shape=(length, values.shape[0] // heads, heads * depth))


@_attention
def interleaved_matmul_selfatt_qk(queries_keys_values: NDArray, heads: int) -> NDArray:
    """The scores of self-attention: queries times keys, over the root of their depth, before softmax.

    Shapes: (length, n, heads · 3 · depth), where each head has its query, key and value side by side; the result is (n
    · heads, length, length).

    >>> nd.contrib.interleaved_matmul_selfatt_qk(nd.ones((5, 2, 12)), heads=2).shape
    (4, 5, 5)
    """
    queries, keys, _ = _parts(queries_keys_values, heads, 3, "interleaved_matmul_selfatt_qk", "queries_keys_values")
    return _scores(queries, keys, "interleaved_matmul_selfatt_qk")


@_attention
def interleaved_matmul_selfatt_valatt(queries_keys_values: NDArray, attention: NDArray, heads: int) -> NDArray:
    """What self-attention reads: the values, mixed as `attention` says, the heads side by side.

    Shapes: (length, n, heads · 3 · depth) and (n · heads, length, length) give (length, n, heads · depth).

    >>> nd.contrib.interleaved_matmul_selfatt_valatt(nd.ones((5, 2, 12)), nd.ones((4, 5, 5)), heads=2).shape
    (5, 2, 4)
    """
    values = _parts(queries_keys_values, heads, 3, "interleaved_matmul_selfatt_valatt", "queries_keys_values")[2]
    return _mixed(attention, values, heads, "interleaved_matmul_selfatt_valatt")


@_attention
def interleaved_matmul_encdec_qk(queries: NDArray, keys_values: NDArray, heads: int) -> NDArray:
    """The scores of attention to another sequence: queries times keys, over the root of their depth, before softmax.

    Shapes: (length, n, heads · depth) and (other, n, heads · 2 · depth) give (n · heads, length, other).

    >>> nd.contrib.interleaved_matmul_encdec_qk(nd.ones((5, 2, 4)), nd.ones((7, 2, 8)), heads=2).shape
    (4, 5, 7)
    """
    (mine,) = _parts(queries, heads, 1, "interleaved_matmul_encdec_qk", "queries")
    keys, _ = _parts(keys_values, heads, 2, "interleaved_matmul_encdec_qk", "keys_values")
    return _scores(mine, keys, "interleaved_matmul_encdec_qk")


@_attention
def interleaved_matmul_encdec_valatt(keys_values: NDArray, attention: NDArray, heads: int) -> NDArray:
    """What attention to another sequence reads: its values, mixed as `attention` says, the heads side by side.

    Shapes: (other, n, heads · 2 · depth) and (n · heads, length, other) give (length, n, heads · depth).

    >>> nd.contrib.interleaved_matmul_encdec_valatt(nd.ones((7, 2, 8)), nd.ones((4, 5, 7)), heads=2).shape
    (5, 2, 4)
    """
    values = _parts(keys_values, heads, 2, "interleaved_matmul_encdec_valatt", "keys_values")[1]
    return _mixed(attention, values, heads, "interleaved_matmul_encdec_valatt")
