"""Dask's own spelling of ops, and those that need all of an array, as one task that runs NumPy's kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from itertools import chain
from math import prod
from operator import getitem
from typing import Any

import dask.array as da
import numpy as np
from dask.base import tokenize
from dask.highlevelgraph import HighLevelGraph

import tapegrad
from tapegrad.errors import DynamicShapeError
from tapegrad.op import registered
from tapegrad.op.batching import aligns
from tapegrad.ops.indexing import AT

__all__ = ["KERNELS"]


NUMBERS = (bool, int, float, complex)


def _on_numpy(name: str, keywords: Mapping[str, Any], *arrays: Any) -> Any:
    """NumPy's kernel of that op, on what the task was given."""
    with np.errstate(all="ignore"):
        given = [x if x is None or x.__class__ in NUMBERS else np.asarray(x) for x in arrays]
        found = getattr(tapegrad.get_backend("numpy").kernels, name)(*given, **keywords)
    return tuple(found) if isinstance(found, (tuple, list)) else np.asarray(found)


Likeness = tuple[tuple[int, ...], Any]
"""The shape and dtype of an array."""


def _tasks(name: str, likenesses: Sequence[Likeness], arrays: Sequence[Any], keywords: Mapping[str, Any]) -> list[Any]:
    """NumPy's kernel of that op in one task over whole arrays; its results are of those shapes and dtypes.

    Not by `dask.delayed`, which would optimize all that the arrays are computed from, once for each task.
    """
    wholes = [x.rechunk(-1) if isinstance(x, da.Array) else x for x in arrays]
    inside = [x for x in wholes if isinstance(x, da.Array)]
    label = f"{name}-{tokenize(keywords, *(x.name if isinstance(x, da.Array) else x for x in wholes))}"
    given = ((x.name, *(0,) * x.ndim) if isinstance(x, da.Array) else x for x in wholes)
    task = (partial(_on_numpy, name, keywords), *given)
    if not registered()[name].outs:
        whole = _only_chunk(label, task, likenesses[0])
        return [_of(HighLevelGraph.from_collections(label, whole, dependencies=inside), label, likenesses[0])]
    shared = HighLevelGraph.from_collections(label, {label: task}, dependencies=inside)
    results = []
    for i, likeness in enumerate(likenesses):
        part = f"{label}-{i}"
        layers = {**shared.layers, part: _only_chunk(part, (getitem, label, i), likeness)}
        results.append(_of(HighLevelGraph(layers, {**shared.dependencies, part: {label}}), part, likeness))
    return results


def _only_chunk(name: str, task: Any, likeness: Likeness) -> dict[Any, Any]:
    return {(name, *(0,) * len(likeness[0])): task}


def _of(graph: HighLevelGraph, name: str, likeness: Likeness) -> Any:
    """The array of one chunk that the layer of that name computes."""
    shape, dtype = likeness
    return da.Array(graph, name, tuple((n,) for n in shape), dtype, _meta(len(shape), dtype))


def _in_one_task(name: str, likeness: Likeness, arrays: Sequence[Any], **keywords: Any) -> Any:
    return _tasks(name, [likeness], arrays, keywords)[0]


def _likened(name: str, arrays: Sequence[Any], keywords: Mapping[str, Any]) -> list[Likeness]:
    """The shapes and dtypes that NumPy's kernel makes of arrays of these, found on small ones wherever that will do."""
    operands = [(tuple(x.shape), x.dtype) if hasattr(x, "shape") else x for x in arrays]
    if name not in _OF_LENGTHS or keywords.get("include_initial"):
        return _found_likenesses(name, operands, keywords)
    # The lengths of the results are some of those of the operands, of which 2, 3, … take the place, in order.
    lengths = sorted({n for x in operands if x.__class__ is tuple for n in x[0] if n > 1})
    small = {n: i for i, n in enumerate(lengths, 2)}
    stand_ins = [(tuple(small.get(n, n) for n in x[0]), x[1]) if x.__class__ is tuple else x for x in operands]
    try:
        found = _found_likenesses(name, stand_ins, keywords)
    except Exception:
        return _found_likenesses(name, operands, keywords)  # which fails too, in words of the right lengths
    return [(tuple(lengths[n - 2] if n > 1 else n for n in shape), dtype) for shape, dtype in found]


def _found_likenesses(name: str, operands: Sequence[Any], keywords: Mapping[str, Any]) -> list[Likeness]:
    try:
        return _likenesses(name, tuple(operands), tuple(keywords.items()))
    except TypeError:  # a keyword has no hash, or the kernel refuses it
        return _likenesses.__wrapped__(name, operands, keywords.items())


@cache
def _likenesses(name: str, operands: Sequence[Any], keywords: Iterable[tuple[str, Any]]) -> list[Likeness]:
    examples = [_example(name, *x) if x.__class__ is tuple else x for x in operands]
    found = _on_numpy(name, dict(keywords), *examples)
    return [(x.shape, x.dtype) for x in (found if isinstance(found, tuple) else (found,))]


def _example(name: str, shape: Sequence[int], dtype: Any) -> Any:
    if name in _OF_MATRICES and len(shape) >= 2:
        return np.broadcast_to(np.eye(*shape[-2:], dtype=dtype), shape)
    one = np.zeros((), dtype) if dtype.kind in "iu" else np.ones((), dtype)  # integers may be places
    return np.broadcast_to(one, shape)


def _whole(name: str) -> Callable[..., Any]:
    """The op as one task over whole arrays."""

    def kernel(*arrays: Any, **keywords: Any) -> Any:
        arrays = tuple(x if x is None or isinstance(x, da.Array) else da.asarray(x) for x in arrays)
        found = _tasks(name, _likened(name, arrays, keywords), arrays, keywords)
        return tuple(found) if registered()[name].outs else found[0]

    kernel.__name__ = name
    return kernel


FEW = 1000
"""So few numbers that a task takes longer to start than to run."""


def _of_few(name: str) -> Callable[..., Any]:
    """An op of many steps: one task where its arrays are small and in one chunk each; else its body, task by task."""
    whole = _whole(name)

    def kernel(*arrays: Any, **keywords: Any) -> Any:
        if all(x is None or (x.size <= FEW and getattr(x, "npartitions", 1) == 1) for x in arrays):
            return whole(*arrays, **keywords)
        return registered()[name].body(tapegrad.get_backend("dask").kernels, *arrays, **keywords)

    kernel.__name__ = name
    return kernel


_OF_MATRICES = (
    *("cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "matrix_rank", "pinv", "qr", "slogdet", "solve"),
    *("solve_triangular", "svd", "svdvals", "expm", "cofactor", "cofactor_push"),
)

_OF_ALL = ("argsort", "cumulative_prod", "fft", "ifft", "irfft", "rfft", "sort")
_OF_LENGTHS = frozenset((*_OF_MATRICES, "argsort", "cumulative_prod", "sort"))
"""Ops whose results have no length that no operand has."""


def _of_elements(name: str) -> Callable[..., Any]:
    """An op of each element by itself: NumPy's kernel in a task for each chunk, however many steps the body has."""

    def kernel(*arrays: Any, **keywords: Any) -> Any:
        if not any(isinstance(x, da.Array) for x in arrays):
            arrays = tuple(x if x is None else da.asarray(x) for x in arrays)
        ndim = len(np.broadcast_shapes(*(getattr(x, "shape", ()) for x in arrays)))
        dtype = _dtype_of(name, tuple(getattr(x, "dtype", x) for x in arrays), tuple(keywords.items()))
        axes = tuple(range(ndim))[::-1]
        indexed = [(x, axes[ndim - x.ndim :] if isinstance(x, da.Array) else None) for x in arrays]
        # Its name says what it is, at less cost than Dask's own, which pickles what there is to call.
        label = f"{name}-{tokenize(keywords, *(x.name if isinstance(x, da.Array) else x for x in arrays))}"
        task = partial(_on_numpy, name, keywords)
        return da.blockwise(task, axes, *chain(*indexed), dtype=dtype, meta=_meta(ndim, dtype), name=label)

    kernel.__name__ = name
    return kernel


@cache
def _dtype_of(name: str, operands: tuple[Any, ...], keywords: tuple[Any, ...] = ()) -> Any:
    """The dtype that NumPy's kernel makes of those, which are dtypes or numbers."""
    ones = [np.ones((1,), x) if isinstance(x, np.dtype) else x for x in operands]
    return _on_numpy(name, dict(keywords), *ones).dtype


@cache
def _meta(ndim: int, dtype: Any) -> Any:
    return np.empty((0,) * ndim, dtype)


def _product(x: Sequence[Any], y: Sequence[Any]) -> Any:
    """The product of chunks, of which there is one along the axis that is summed over; to concatenate would copy it."""
    return np.matmul(x[0], y[0])


def _matmul(x: Any, y: Any) -> Any:
    if not (0 < x.ndim < 3 and 0 < y.ndim < 3 and x.shape[-1] == y.shape[0]):
        return da.matmul(x, y)  # which says what does not fit
    if len(x.chunks[-1]) > 1 or len(y.chunks[0]) > 1:
        return da.tensordot(x, y, axes=((x.ndim - 1,), (0,)))  # in fewer tasks
    rows, columns = "i"[: x.ndim - 1], "j"[: y.ndim - 1]
    dtype = _dtype_of("matmul", (x.dtype, y.dtype))
    meta = _meta(len(rows + columns), dtype)
    return da.blockwise(_product, rows + columns, x, rows + "k", y, "k" + columns, dtype=dtype, meta=meta)


def _broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    out = da.broadcast_to(x, shape)
    out.source = x  # of which `like` makes the chunks that are wanted, where others would have to be cut and joined
    return out


# Reading and writing at a key


def _getitem(x: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    if not indices:
        return x[key] if key else x
    plain = [part for part in key if part is not None and part is not Ellipsis and part.__class__ is not int]
    if len(plain) == len(key) and len(indices) == 1 and indices[0].ndim == 1 and 0 not in indices[0].shape:
        place, index = key.index(AT), indices[0]  # by chunks, which Dask does for one index array of one axis
        index = index.map_blocks(_from_the_front, x.shape[place], dtype=np.int64)
        return x[(*key[:place], index, *key[place + 1 :])]
    return _in_one_task("getitem", (_shape_at(key, tuple(x.shape), indices), x.dtype), [x, *indices], key=key)


def _from_the_front(index: Any, length: int) -> Any:
    """Indices from 0 up, of a chunk of them. Dask itself would read nothing beyond the end, and say nothing."""
    if index.size and not -length <= index.min() <= index.max() < length:
        raise IndexError(
            f"an index is out of bounds for an axis of {length}: they go from {index.min()} to {index.max()}"
        )
    return np.where(index < 0, index + length, index).astype(np.int64)


def _shape_at(key: tuple[Any, ...], shape: tuple[int, ...], indices: Sequence[Any]) -> tuple[int, ...]:
    """The shape that is read at a key with index arrays of those shapes."""
    given = iter(indices)
    filled = tuple(np.zeros(next(given).shape, np.int64) if part is AT else part for part in key)
    found: tuple[int, ...] = np.broadcast_to(np.zeros((), bool), shape)[filled].shape
    return found


def _scatter_add(values: Any, *indices: Any, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    if not indices:
        kernels = tapegrad.get_backend("dask").kernels
        return registered()["scatter_add"].body(kernels.standard, values, key=key, shape=shape)
    _shape_at(key, shape, indices)
    return _in_one_task("scatter_add", (shape, values.dtype), [values, *indices], key=key, shape=shape)


def _setitem(x: Any, values: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    if not indices:
        kernels = tapegrad.get_backend("dask").kernels
        return registered()["setitem"].body(kernels.standard, x, values, key=key)
    _shape_at(key, tuple(x.shape), indices)
    return _in_one_task("setitem", (x.shape, x.dtype), [x, values, *indices], key=key)


def _positions(x: Any, *, shape: tuple[int, ...]) -> Any:
    return da.arange(prod(shape), dtype=np.int64, chunks=-1).reshape(shape)


def _index_table(x: Any, *, values: tuple[int, ...]) -> Any:
    return da.from_array(np.asarray(values, np.int64), name=False)


def _searchsorted(x: Any, values: Any, sorter: Any = None, *, side: str) -> Any:
    arrays = [x, values] if sorter is None else [x, values, sorter]
    return _in_one_task("searchsorted", (values.shape, np.dtype(np.int64)), arrays, side=side)


def _extreme(name: str) -> Callable[..., Any]:
    """The largest or the least along axes, also of no rows, for which Dask's raises though each row has numbers."""

    def kernel(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        if 0 not in x.shape:
            return getattr(da, name)(x, axis=axis, keepdims=keepdims)
        return da.from_array(getattr(np, name)(np.empty(x.shape, x.dtype), axis=axis, keepdims=keepdims), name=False)

    kernel.__name__ = name
    return kernel


# Shapes that depend on numbers


def _refused(name: str) -> Callable[..., Any]:
    def kernel(*arrays: Any, **keywords: Any) -> Any:
        raise DynamicShapeError(
            f"{name}() has a result whose length is known only once it is computed; "
            "compute the array first, or use where"
        )

    kernel.__name__ = name
    return kernel


def _has_steps(op: Any) -> bool:
    """Whether the body of an op is more than another shape for the same numbers."""
    return not (op.primitive or op.recorded or op.dynamic or op.module == "tapegrad.ops.shape")


KERNELS: Mapping[str, Callable[..., Any]] = {
    **{
        name: _of_few(name)
        for name, op in registered().items()
        if _has_steps(op) and name not in ("take", "unbroadcast")
    },
    **{name: _whole(name) for name in (*_OF_MATRICES, *_OF_ALL)},
    **{name: _of_elements(name) for name, op in registered().items() if aligns(op)},
    **{name: _refused(name) for name in ("nonzero", "true_places")},
    **{name: _refused(name) for name in ("unique_all", "unique_counts", "unique_inverse", "unique_values")},
    **{name: _extreme(name) for name in ("max", "min")},
    "broadcast_to": _broadcast_to,
    "getitem": _getitem,
    "matmul": _matmul,
    "index_table": _index_table,
    "positions": _positions,
    "scatter_add": _scatter_add,
    "searchsorted": _searchsorted,
    "setitem": _setitem,
}
