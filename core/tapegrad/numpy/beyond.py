"""NumPy names beyond the standard that are made of the others: covariances, insertions, index tables, sets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..errors import ArgumentError, ShapeError
from ..ops.indexing import axis_of
from . import manipulation, reductions, searching
from .arguments import as_shape, asarray, fractions, make, op, plain_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..typing import ArrayLike, Axes, DTypeLike, ShapeLike
    from .arrays import ndarray


def _rows(m: Any, y: Any, rowvar: bool, dtype: Any) -> ndarray:
    """The variables of `cov` as rows of floating-point observations, those of `y` behind those of `m`."""

    def rows(z: Any) -> ndarray:
        z = manipulation.atleast_2d(asarray(z, dtype))
        if z.ndim > 2:
            raise ShapeError(f"cov takes one or two axes, not shape {z.shape}")
        return z if rowvar or z.shape[0] == 1 else manipulation.matrix_transpose(z)

    found = rows(m)
    if y is not None:
        found = manipulation.concat([found, rows(y)], axis=0)
    return found if found.dtype in dtypes.INEXACT else found.astype(dtypes.get_default_dtype())


def cov(
    m: ArrayLike,
    y: ArrayLike | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: ArrayLike | None = None,
    aweights: ArrayLike | None = None,
    *,
    dtype: DTypeLike | None = None,
) -> ndarray:
    """The covariances of the rows of `m`, or of its columns without `rowvar`; those of `y` come behind them.

    `fweights`: how often each observation occurs. `aweights`: how much each weighs, which is differentiated too.

    Shapes: n rows of as many observations give (n, n), one row ().
    Dtypes: that of `m`; integers become the default float.
    Raises: `ShapeError` for more than two axes, or a `y` of other observations.

    >>> tnp.cov([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    Array([[ 1., -1.],
           [-1.,  1.]], dtype=float32)
    """

    found = _rows(m, y, rowvar, dtype)
    less = (0 if bias else 1) if ddof is None else plain_number("ddof", ddof)
    weights = None
    for given in (fweights, aweights):
        if given is not None:
            weights = asarray(given) if weights is None else weights * asarray(given)
    if weights is None:
        found = found - reductions.mean(found, axis=1, keepdims=True)
        scaled = found
        count: Any = found.shape[1] - less
    else:
        total = reductions.sum(weights)
        found = found - reductions.sum(found * weights, axis=1, keepdims=True) / total
        scaled = found * weights
        count = total - less
        if aweights is not None and less:
            count = total - less * reductions.sum(weights * asarray(aweights)) / total
    product = op.matmul(scaled, op.conj(manipulation.matrix_transpose(found))) / count
    return manipulation.squeeze(product)


def corrcoef(
    x: ArrayLike, y: ArrayLike | None = None, rowvar: bool = True, *, dtype: DTypeLike | None = None
) -> ndarray:
    """The correlations of the rows of `x`, or of its columns without `rowvar`.

    Shapes: n rows of as many observations give (n, n), one row ().
    Dtypes: that of `x`; integers become the default float.
    Raises: as `cov`.

    >>> tnp.round(tnp.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]]), 4)
    Array([[ 1., -1.],
           [-1.,  1.]], dtype=float32)
    """
    found = _rows(x, y, rowvar, dtype)
    found = found - reductions.mean(found, axis=1, keepdims=True)
    found = found / op.vector_norm(found, axis=1, keepdims=True)
    return manipulation.squeeze(op.matmul(found, op.conj(manipulation.matrix_transpose(found))))


def _places(x: ndarray, obj: Any, axis: int) -> host.ndarray[Any, Any]:
    """Indices along an axis, as host numbers: they decide shapes, so that they must be known."""
    if isinstance(obj, slice):
        return host.arange(x.shape[axis])[obj]
    found = host.asarray(obj.asnumpy() if isinstance(obj, Array) else obj)
    return found if found.size else found.astype(int)


def insert(arr: ArrayLike, obj: ArrayLike | slice, values: ArrayLike, axis: int | None = None) -> ndarray:
    """The array with `values` put in before the indices `obj` along an axis; without it, of the flattened array.

    Shapes: that of `arr` with as many more along `axis`; `values` broadcast.
    Raises: `IndexError` for an index out of bounds, `ShapeError` for values that do not fit.

    >>> tnp.insert([1, 2, 3], 1, [8, 9])
    Array([1, 8, 9, 2, 3], dtype=int64)
    """
    arr = asarray(arr)
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    axis = axis_of(axis, arr.ndim)
    places = _places(arr, obj, axis)
    values = asarray(values, arr.dtype)
    values = values.reshape((1,) * (arr.ndim - values.ndim) + values.shape)
    if places.ndim == 0:
        values = manipulation.moveaxis(values, 0, axis)
    count = values.shape[axis] if places.size == 1 else places.size
    # Where each element goes is NumPy's own word: it inserts the numbers -1, -2, … into 0, 1, 2, …
    order = host.insert(
        host.arange(arr.shape[axis]), places.reshape(-1) if count > 1 else places, -1 - host.arange(count)
    )
    wide = manipulation.broadcast_to(values, (*arr.shape[:axis], count, *arr.shape[axis + 1 :]))
    both = manipulation.concat([arr, wide], axis=axis)
    return searching.take(both, host.where(order < 0, arr.shape[axis] - 1 - order, order), axis=axis)


def delete(arr: ArrayLike, obj: ArrayLike | slice, axis: int | None = None) -> ndarray:
    """The array without the indices `obj` along an axis; without it, of the flattened array.

    Shapes: that of `arr` with fewer along `axis`.
    Raises: `IndexError` for an index out of bounds.

    >>> tnp.delete([1, 2, 3], 1)
    Array([1, 3], dtype=int64)
    """
    arr = asarray(arr)
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    axis = axis_of(axis, arr.ndim)
    kept = host.delete(host.arange(arr.shape[axis]), _places(arr, obj, axis))
    return searching.take(arr, kept, axis=axis)


def ediff1d(ary: ArrayLike, to_end: ArrayLike | None = None, to_begin: ArrayLike | None = None) -> ndarray:
    """The differences of neighbours in the flattened array, with values before and behind them if given.

    Shapes: (n - 1,) for n elements, and what is put before and behind.

    >>> tnp.ediff1d([1, 2, 4], to_end=9)
    Array([1, 2, 9], dtype=int64)
    """
    ary = asarray(ary).reshape(-1)
    parts = [part for part in (to_begin, ary[1:] - ary[:-1], to_end) if part is not None]
    return manipulation.concat([asarray(part, ary.dtype).reshape(-1) for part in parts])


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: ArrayLike, *args: Any, **keywords: Any) -> ndarray:
    """`func1d` of each vector along an axis, what it returns standing in the place of the vector.

    Shapes: that of `arr` with what `func1d` returns in the place of `axis`.
    Dtypes: what `func1d` returns.

    >>> tnp.apply_along_axis(tnp.sum, 1, [[1, 2], [3, 4]])
    Array([3, 7], dtype=int64)
    """
    x = manipulation.moveaxis(arr, axis, -1)
    lead = x.shape[:-1]
    rows = x.reshape(-1, x.shape[-1])
    found = manipulation.stack([asarray(func1d(rows[i], *args, **keywords)) for i in range(rows.shape[0])])
    found = found.reshape(*lead, *found.shape[1:])
    axis = range(len(lead) + 1)[axis]
    several = found.ndim - len(lead)
    source, destination = tuple(range(len(lead), found.ndim)), tuple(range(axis, axis + several))
    return manipulation.moveaxis(found, source, destination) if several else found


def block(arrays: ArrayLike) -> ndarray:
    """One array out of nested lists of blocks: the innermost lists side by side, the next ones below each other.

    Shapes: blocks of a row have the same height, rows the same width.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where they do not go together, `ValueError` for an empty list.

    >>> tnp.block([[tnp.eye(2), tnp.zeros((2, 1))], [tnp.ones((1, 3))]])
    Array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 1.]], dtype=float32)
    """

    def depth(part: Any) -> int:
        if isinstance(part, list) and not part:
            raise ArgumentError("block: one of the lists is empty; each needs a block at least")
        return 1 + max(map(depth, part)) if isinstance(part, list) else 0

    def least(part: Any) -> int:
        return max(map(least, part)) if isinstance(part, list) else asarray(part).ndim

    levels = depth(arrays)
    rank = max(levels, least(arrays))

    def joined(part: Any, level: int) -> ndarray:
        if isinstance(part, list):
            return manipulation.concat([joined(inner, level - 1) for inner in part], axis=-level)
        part = asarray(part)
        return op.reshape(part, shape=(1,) * (rank - part.ndim) + part.shape)

    return joined(arrays, levels)


def resize(a: ArrayLike, new_shape: ShapeLike) -> ndarray:
    """The elements, again and again as long as it takes, in a shape of any size.

    Shapes: `new_shape`.
    Raises: `ShapeError` for negative lengths, or no elements to take.

    >>> tnp.resize([1, 2, 3], (2, 2))
    Array([[1, 2],
           [3, 1]], dtype=int64)
    """
    a = asarray(a).reshape(-1)
    new_shape = as_shape(new_shape)
    count = int(host.prod(new_shape))
    if min(new_shape, default=0) < 0 or (count and not a.size):
        raise ShapeError(f"resize: {a.size} elements do not make an array of shape {new_shape}")
    places = host.arange(count) % max(a.size, 1)
    return searching.take(a, places, axis=0).reshape(new_shape)


def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> ndarray:
    """Ones at and below the k-th diagonal, zeros above.

    Shapes: (N, M), square if M is not given.
    Raises: `TypeError` for anything that is not an integer.

    >>> tnp.tri(2)
    Array([[1., 0.],
           [1., 1.]], dtype=float32)
    """
    return make(host.tri(N, M, k), dtype or dtypes.get_default_dtype())


def indices(dimensions: Sequence[int], dtype: DTypeLike = "int64") -> ndarray:
    """The indices of a grid: for each axis, its index at every place.

    Shapes: (n, *dimensions) for n dimensions.
    Dtypes: `dtype`.
    Raises: `ValueError` for negative lengths.

    >>> tnp.indices((2, 2))[1]
    Array([[0, 1],
           [0, 1]], dtype=int64)
    """
    return make(host.indices(tuple(dimensions)), dtype)


def diag_indices(n: int, ndim: int = 2) -> tuple[ndarray, ...]:
    """The indices of the main diagonal.

    Shapes: `ndim` arrays (n,).
    Dtypes: int64.
    Raises: `TypeError` for anything that is not an integer.

    >>> tnp.zeros((2, 2))[tnp.diag_indices(2)]
    Array([0., 0.], dtype=float32)
    """
    return (make(host.arange(n)),) * ndim


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[ndarray, ...]:
    """The indices of the elements at and below the k-th diagonal.

    Shapes: two arrays, as long as there are such elements of an (n, m), m = n if not given.
    Dtypes: int64.
    Raises: `TypeError` for anything that is not an integer.

    >>> tnp.asarray([[1, 2], [3, 4]])[tnp.tril_indices(2)]
    Array([1, 3, 4], dtype=int64)
    """
    return tuple(map(make, host.tril_indices(n, k, m)))


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[ndarray, ...]:
    """The indices of the elements at and above the k-th diagonal.

    Shapes: two arrays, as long as there are such elements of an (n, m), m = n if not given.
    Dtypes: int64.
    Raises: `TypeError` for anything that is not an integer.

    >>> tnp.asarray([[1, 2], [3, 4]])[tnp.triu_indices(2)]
    Array([1, 2, 4], dtype=int64)
    """
    return tuple(map(make, host.triu_indices(n, k, m)))


def nanmedian(a: ArrayLike, axis: Axes | None = None, *, keepdims: bool = False) -> ndarray:
    """The median over `axis` of the elements that are not NaN.

    Dtypes: that of `a`; integers become the default float.
    Raises: `DtypeError` for complex numbers.

    >>> tnp.nanmedian([1.0, tnp.nan, 3.0])
    Array(2., dtype=float32)
    >>> tapegrad.grad(tnp.nanmedian)(tnp.asarray([1.0, tnp.nan, 3.0]))
    Array([0.5, 0. , 0.5], dtype=float32)
    """
    return op.nanmedian(asarray(a), axis=axis, keepdims=keepdims)


def nanquantile(
    a: ArrayLike, q: ArrayLike, axis: Axes | None = None, *, method: str = "linear", keepdims: bool = False
) -> ndarray:
    """The value below which the part `q` of the elements over `axis` lies, of those that are not NaN.

    `method`: as of `quantile`.

    Shapes: that of `q`, then that of `a` without `axis`, which keeps length 1 with `keepdims`.
    Dtypes: that of `a`; integers become the default float.
    Raises: `ValueError` for a `q` outside of [0, 1] or an unknown `method`, `DtypeError` for complex numbers.

    >>> tnp.nanquantile([1.0, tnp.nan, 3.0], 0.25)
    Array(1.5, dtype=float32)
    """
    a = asarray(a)
    each, shape = fractions(q)
    found = [
        op.nanquantile(a, q=part, axis=axis, keepdims=keepdims, method=method)
        for part in (each if isinstance(each, tuple) else (each,))
    ]
    return manipulation.stack(found).reshape(*shape, *found[0].shape) if shape else found[0]


def nanpercentile(
    a: ArrayLike, q: ArrayLike, axis: Axes | None = None, *, method: str = "linear", keepdims: bool = False
) -> ndarray:
    """The value below which `q` percent of the elements over `axis` lie, of those that are not NaN.

    Shapes: that of `q`, then that of `a` without `axis`, which keeps length 1 with `keepdims`.
    Dtypes: that of `a`; integers become the default float.
    Raises: as `nanquantile`, for a `q` outside of [0, 100].

    >>> tnp.nanpercentile([1.0, tnp.nan, 3.0], [0, 50])
    Array([1., 2.], dtype=float32)
    """
    each, shape = fractions(q, 100.0)
    return nanquantile(asarray(a), host.reshape(each, shape), axis, method=method, keepdims=keepdims)


def _filled(x: Any, value: float) -> ndarray:
    x = asarray(x)
    return op.where(op.isnan(x), value, x)


def nancumsum(a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None) -> ndarray:
    """The running sums along `axis` with NaNs as zeros.

    Shapes: that of `a`; without `axis` (n,) for n elements.
    Dtypes: as `cumsum`.

    >>> tnp.nancumsum([1.0, tnp.nan, 3.0])
    Array([1., 1., 4.], dtype=float32)
    """
    return reductions.cumsum(_filled(a, 0.0), axis, dtype)


def nancumprod(a: ArrayLike, axis: int | None = None, dtype: DTypeLike | None = None) -> ndarray:
    """The running products along `axis` with NaNs as ones.

    Shapes: that of `a`; without `axis` (n,) for n elements.
    Dtypes: as `cumprod`.

    >>> tnp.nancumprod([2.0, tnp.nan, 3.0])
    Array([2., 2., 6.], dtype=float32)
    """
    return reductions.cumprod(_filled(a, 1.0), axis, dtype)


def partition(a: ArrayLike, kth: int | Sequence[int], axis: int | None = -1) -> ndarray:
    """The elements so ordered that the k-th stands where sorting puts it; here all of them stand so.

    Shapes: that of `a`; without `axis` (n,) for n elements.
    Raises: `IndexError` for a `kth` out of bounds.

    >>> tnp.partition([3, 1, 2], 1)
    Array([1, 2, 3], dtype=int64)
    """
    return searching.sort(a, axis)


def argpartition(a: ArrayLike, kth: int | Sequence[int], axis: int | None = -1) -> ndarray:
    """The indices that order the elements as `partition` does.

    Shapes: that of `a`; without `axis` (n,) for n elements.
    Dtypes: any; the result is of int64.
    Raises: `IndexError` for a `kth` out of bounds.

    >>> tnp.argpartition([3, 1, 2], 1)
    Array([1, 2, 0], dtype=int64)
    """
    return searching.argsort(a, axis)


def union1d(ar1: ArrayLike, ar2: ArrayLike) -> ndarray:
    """The different values that are in either array, in order.

    Shapes: (n,), for n values; the arrays are flattened.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.union1d([1, 2], [2, 3])
    Array([1, 2, 3], dtype=int64)
    """
    return searching.unique_values(manipulation.concat([manipulation.ravel(ar1), manipulation.ravel(ar2)]))


def intersect1d(ar1: ArrayLike, ar2: ArrayLike) -> ndarray:
    """The different values that are in both arrays, in order.

    Shapes: (n,), for n values; the arrays are flattened.
    Dtypes: that of the two together.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.intersect1d([1, 2], [2, 3])
    Array([2], dtype=int64)
    """
    first, second = manipulation.ravel(ar1), manipulation.ravel(ar2)
    common = dtypes.promote(first.dtype, second.dtype)
    found = searching.unique_values(first.astype(common))
    return found[searching.isin(found._detached(), second)]


def setdiff1d(ar1: ArrayLike, ar2: ArrayLike) -> ndarray:
    """The different values of the first array that are not in the second, in order.

    Shapes: (n,), for n values; the arrays are flattened.
    Dtypes: that of `ar1`.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.setdiff1d([1, 2], [2, 3])
    Array([1], dtype=int64)
    """
    found = searching.unique_values(ar1)
    return found[searching.isin(found._detached(), ar2, invert=True)]


def setxor1d(ar1: ArrayLike, ar2: ArrayLike) -> ndarray:
    """The different values that are in one of the arrays and not in both, in order.

    Shapes: (n,), for n values; the arrays are flattened.
    Raises: `DynamicShapeError` under `vmap`.

    >>> tnp.setxor1d([1, 2], [2, 3])
    Array([1, 3], dtype=int64)
    """
    first, second = searching.unique_values(ar1), searching.unique_values(ar2)
    parts = [
        a[searching.isin(a._detached(), b._detached(), invert=True)] for a, b in ((first, second), (second, first))
    ]
    return searching.sort(manipulation.concat(parts))


def einsum_path(subscripts: str, *operands: ArrayLike, optimize: bool | str = "greedy") -> Any:
    """The order in which `einsum` may form its products, and a report, as `numpy.einsum_path` finds it.

    Shapes: as the labels say.
    Dtypes: any.
    Raises: `ValueError` where subscripts and shapes do not agree.

    >>> tnp.einsum_path("ij,jk", tnp.ones((2, 2)), tnp.ones((2, 2)))[0]
    ['einsum_path', (0, 1)]
    """
    arguments = [host.empty(asarray(x).shape) for x in operands]
    return host.einsum_path(subscripts, *arguments, optimize=optimize)


def vectorize(pyfunc: Callable[..., Any], *, excluded: Any = ()) -> Callable[..., Any]:
    """A function of numbers as one of arrays: it is called for the elements one by one, and differentiated through.

    `excluded`: places or names of arguments that are handed on whole.

    Shapes: the arguments broadcast; the result has the shape that they have in common.
    Dtypes: what `pyfunc` returns.
    Raises: `ValueError` for arrays without elements.

    >>> f = tnp.vectorize(lambda x: x * x if x > 0 else 0 * x)
    >>> f([1.0, -2.0, 3.0])
    Array([ 1., -0.,  9.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(f(x)))(tnp.asarray([1.0, -2.0, 3.0]))
    Array([2., 0., 6.], dtype=float32)
    """

    @functools.wraps(pyfunc)
    def vectorized(*args: Any, **keywords: Any) -> Any:
        names: list[Any] = [i for i in range(len(args)) if i not in excluded]
        names += [name for name in keywords if name not in excluded]
        arrays = [asarray(args[name] if isinstance(name, int) else keywords[name]) for name in names]
        wide = manipulation.broadcast_arrays(*arrays)
        shape = wide[0].shape
        results = []
        for place in host.ndindex(*shape):
            here = dict(zip(names, (x[place] for x in wide), strict=True))
            results.append(
                pyfunc(
                    *[here.get(i, x) for i, x in enumerate(args)], **{n: here.get(n, x) for n, x in keywords.items()}
                )
            )
        if not results:
            raise ArgumentError("vectorize: arrays without elements do not tell what the function returns")
        if isinstance(results[0], tuple):
            return tuple(manipulation.stack(list(column)).reshape(shape) for column in zip(*results, strict=True))
        return manipulation.stack(results).reshape(shape)

    return vectorized
