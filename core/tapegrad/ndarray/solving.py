"""Linear algebra under MXNet's long names, `nd.linalg_gemm2`; `nd.linalg` has the functions by their short ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engines.tables import RECORDED as ops
from ..errors import ShapeError
from .checks import kept, need
from .ndarray import NDArray, give, give_all, make

__all__ = [
    "linalg_det",
    "linalg_extractdiag",
    "linalg_extracttrian",
    "linalg_gelqf",
    "linalg_gemm",
    "linalg_gemm2",
    "linalg_inverse",
    "linalg_makediag",
    "linalg_maketrian",
    "linalg_potrf",
    "linalg_potri",
    "linalg_slogdet",
    "linalg_sumlogdiag",
    "linalg_syevd",
    "linalg_syrk",
    "linalg_trmm",
    "linalg_trsm",
]


def _matrices(x: Any, where: str, name: str = "A", square: bool = False) -> NDArray:
    x = need(x, where, name)
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        raise ShapeError(f"{where}() takes {'square ' if square else ''}matrices for {name!r}, not shape {x.shape}")
    return x  # type: ignore[no-any-return]


def _turned(x: Any, on: bool) -> Any:
    return ops.matrix_transpose(x) if on else x


def _rows_at(x: Any, axis: int) -> Any:
    """The matrices whose rows go along `axis`, with that axis brought to the last but one."""
    if axis in (-2, x.ndim - 2):
        return x
    order = [a for a in range(x.ndim) if a != axis % x.ndim]
    order.insert(x.ndim - 2, axis % x.ndim)
    return ops.permute_dims(x, axes=tuple(order))


def _rows_back(x: Any, axis: int) -> Any:
    if axis in (-2, x.ndim - 2):
        return x
    order = list(range(x.ndim))
    order.insert(axis % x.ndim, order.pop(x.ndim - 2))
    return ops.permute_dims(x, axes=tuple(order))


def linalg_gemm2(
    A: Any,
    B: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    axis: int = -2,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """alpha · A B, of matrices in the last two axes, either transposed first; their rows go along `axis`.

    Shapes: (…, n, k) and (…, k, m) give (…, n, m); leading axes broadcast.

    Dtypes: that of both together; a fractional `alpha` makes integers default floats.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no matrix or does not fit.

    >>> from tapegrad import nd
    >>> A = nd.array([[1, 2], [3, 4]])
    >>> nd.linalg.gemm2(A, A, transpose_b=True, alpha=2.0).asnumpy().tolist()
    [[10.0, 22.0], [22.0, 50.0]]
    """
    A, B = _matrices(A, "linalg_gemm2"), _matrices(B, "linalg_gemm2", "B")
    left, right = _turned(_rows_at(A, axis), transpose_a), _turned(_rows_at(B, axis), transpose_b)
    found = ops.matmul(left, right)
    return give(out, _rows_back(found if alpha == 1 else found * alpha, axis))


def linalg_gemm(
    A: Any,
    B: Any,
    C: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """alpha · A B + beta · C, of matrices in the last two axes, A and B transposed first if asked.

    Shapes: (…, n, k), (…, k, m) and (…, n, m) give (…, n, m).

    Dtypes: those of all together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no matrix or does not fit.

    >>> from tapegrad import nd
    >>> print(nd.linalg_gemm(nd.ones((1, 3)), nd.ones((3, 1)), nd.ones((1, 1)), beta=10.0).asscalar())
    13.0
    """
    C = _matrices(C, "linalg_gemm", "C")
    return give(out, linalg_gemm2(A, B, transpose_a, transpose_b, alpha, axis) + (C if beta == 1 else C * beta))


def linalg_potrf(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The lower triangular L with L Lᵀ = A, of symmetric positive definite matrices: the Cholesky factor.

    `linalg_sumlogdiag` of it is half the logarithm of the determinant.

    Shapes: (…, n, n); the result has that of `A`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix, `ValueError` for one that is
    not positive definite, where the engine tells.

    >>> from tapegrad import nd
    >>> nd.linalg.potrf(nd.array([[4, 2], [2, 10]])).asnumpy().tolist()
    [[2.0, 0.0], [1.0, 3.0]]
    """
    return give(out, ops.cholesky(_matrices(A, "linalg_potrf", square=True)))


def linalg_potri(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The inverse of A Aᵀ, for lower triangular A, such as `linalg_potrf` gives.

    Shapes: (…, n, n); the result has that of `A`, of which the lower triangle is read.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix, `ValueError` for a singular
    one, where the engine tells.

    >>> from tapegrad import nd
    >>> nd.linalg_potri(nd.array([[2, 0], [0, 1]])).asnumpy().tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    lower = ops.tril(_matrices(A, "linalg_potri", square=True))
    return give(out, ops.inv(ops.matmul(lower, ops.matrix_transpose(lower))))


def _triangle(A: Any, where: str, lower: bool) -> Any:
    A = _matrices(A, where, square=True)
    return ops.tril(A) if lower else ops.triu(A)


def linalg_trmm(
    A: Any,
    B: Any,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """alpha · A B for triangular A, transposed if asked, or alpha · B A with `rightside`.

    Shapes: (…, n, n) and (…, n, m), or (…, m, n) with `rightside`; the result has that of `B`. With `lower=False` the
    upper triangle of A is read.

    Dtypes: that of both together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no matrix or does not fit.

    >>> from tapegrad import nd
    >>> nd.linalg.trmm(nd.array([[1, 9], [2, 3]]), nd.array([[1], [1]])).asnumpy().tolist()
    [[1.0], [5.0]]
    """
    factor = _turned(_triangle(A, "linalg_trmm", lower), transpose)
    B = _matrices(B, "linalg_trmm", "B")
    found = ops.matmul(B, factor) if rightside else ops.matmul(factor, B)
    return give(out, found if alpha == 1 else found * alpha)


def linalg_trsm(
    A: Any,
    B: Any,
    transpose: bool = False,
    rightside: bool = False,
    lower: bool = True,
    alpha: float = 1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The X with A X = alpha · B for triangular A, transposed if asked, or X A = alpha · B with `rightside`.

    Shapes: (…, n, n) and (…, n, m), or (…, m, n) with `rightside`; the result has that of `B`. With `lower=False` the
    upper triangle of A is read.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no matrix or does not fit, `ValueError` for a
    singular A, where the engine tells.

    >>> from tapegrad import nd
    >>> nd.linalg_trsm(nd.array([[2, 0], [0, 4]]), nd.ones((2, 1))).asnumpy().tolist()
    [[0.5], [0.25]]
    """
    A, B = _matrices(A, "linalg_trsm", square=True), _matrices(B, "linalg_trsm", "B")
    B = B if alpha == 1 else B * alpha
    if rightside:
        found = ops.matrix_transpose(_solved(A, ops.matrix_transpose(B), not transpose, lower))
    else:
        found = _solved(A, B, transpose, lower)
    return give(out, found)


def _solved(A: Any, B: Any, transpose: bool, lower: bool) -> Any:
    if transpose:
        A, lower = ops.matrix_transpose(A), not lower
    return ops.solve_triangular(A, B, upper=not lower)


def linalg_sumlogdiag(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The sum of the logarithms of the diagonal.

    Shapes: (…, n, n) gives (…), or (1,) instead of ().

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix.

    >>> from tapegrad import nd
    >>> L = nd.linalg.potrf(nd.array([[4, 2], [2, 10]]))
    >>> print((2 * nd.linalg.sumlogdiag(L)).exp().asscalar().round(3))
    36.0
    """
    logs = ops.log(ops.diagonal(_matrices(A, "linalg_sumlogdiag", square=True), axis1=-2, axis2=-1))
    return give(out, kept(ops.sum(logs, axis=-1)))


def linalg_syrk(A: Any, transpose: bool = False, alpha: float = 1.0, out: Any = None, name: Any = None) -> NDArray:
    """alpha · A Aᵀ, or alpha · Aᵀ A with `transpose`.

    Shapes: (…, n, k) gives (…, n, n), or (…, k, k) with `transpose`.

    Dtypes: that of `A`; a fractional `alpha` makes integers default floats.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no matrix.

    >>> from tapegrad import nd
    >>> nd.linalg.syrk(nd.array([[1, 2], [3, 4]])).asnumpy().tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    A = _matrices(A, "linalg_syrk")
    found = ops.matmul(_turned(A, transpose), _turned(A, not transpose))
    return give(out, found if alpha == 1 else found * alpha)


def linalg_gelqf(A: Any, out: Any = None, name: Any = None) -> list[NDArray]:
    """Q with orthonormal rows and lower triangular L with A = L Q, for matrices no taller than wide.

    Shapes: (…, n, m), n ≤ m, gives Q (…, n, m) and L (…, n, n).

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no matrix or taller than wide, `ValueError` for
    an `out` of another number of arrays.

    >>> from tapegrad import nd
    >>> q, l = nd.linalg_gelqf(nd.ones((1, 4)))
    >>> nd.dot(l, q).asnumpy().round(4).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    A = _matrices(A, "linalg_gelqf")
    if A.shape[-2] > A.shape[-1]:
        raise ShapeError(f"linalg_gelqf() takes matrices no taller than wide, not shape {A.shape}")
    q, r = ops.qr(ops.matrix_transpose(A))
    return give_all(out, [ops.matrix_transpose(q), ops.matrix_transpose(r)], "linalg_gelqf")


def linalg_syevd(A: Any, out: Any = None, name: Any = None) -> list[NDArray]:
    """The eigenvectors of symmetric matrices, as the rows of U, and the eigenvalues, ascending: Uᵀ diag(L) U = A.

    Of the two signs an eigenvector has the one that makes its largest element (the first of several) positive.

    Shapes: (…, n, n) gives U (…, n, n) and L (…, n).

    Dtypes: floats; integers give the default float. A is taken to be symmetric, unchecked.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix, `ValueError` for an `out` of
    another number of arrays.

    >>> from tapegrad import nd
    >>> U, L = nd.linalg.syevd(nd.array([[2, 1], [1, 2]]))
    >>> print(L.asnumpy().round(3), nd.dot(U.T * L, U).asnumpy().round(3).tolist())
    [1. 3.] [[2.0, 1.0], [1.0, 2.0]]
    """
    values, vectors = ops.eigh(_matrices(A, "linalg_syevd", square=True))
    rows = ops.matrix_transpose(vectors)
    if rows.shape[-1]:
        fixed = rows.detach()
        largest = ops.take_along_axis(fixed, ops.argmax(ops.abs(fixed), axis=-1, keepdims=True), axis=-1)
        rows = rows * ops.sign(largest)
    return give_all(out, [rows, values], "linalg_syevd")


def linalg_inverse(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The inverse of square matrices.

    Shapes: (…, n, n); the result has that of `A`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix, `ValueError` for a singular
    one, where the engine tells.

    >>> from tapegrad import nd
    >>> nd.linalg_inverse(nd.array([[2, 0], [0, 4]])).asnumpy().tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return give(out, ops.inv(_matrices(A, "linalg_inverse", square=True)))


def linalg_det(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The determinant of square matrices.

    The gradient is right for singular matrices too.

    Shapes: (…, n, n) gives (…), or (1,) instead of ().

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix.

    >>> from tapegrad import nd
    >>> print(nd.linalg.det(nd.array([[2, 1], [1, 4]])).asscalar().round(3))
    7.0
    """
    return give(out, kept(ops.det(_matrices(A, "linalg_det", square=True))))


def linalg_slogdet(A: Any, out: Any = None, name: Any = None) -> list[NDArray]:
    """The sign of the determinant, and the logarithm of its absolute value.

    It does not overflow where `linalg_det` would. A singular matrix has sign 0 and −∞.

    Shapes: (…, n, n) gives (…) twice, or (1,) instead of ().

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix, `ValueError` for an `out` of
    another number of arrays.

    >>> from tapegrad import nd
    >>> sign, logarithm = nd.linalg.slogdet(nd.array([[0, 1], [1, 0]]))
    >>> print(sign.asscalar(), logarithm.asscalar())
    -1.0 0.0
    """
    sign, logarithm = ops.slogdet(_matrices(A, "linalg_slogdet", square=True))
    return give_all(out, [kept(sign), kept(logarithm)], "linalg_slogdet")


def linalg_extractdiag(A: Any, offset: int = 0, out: Any = None, name: Any = None) -> NDArray:
    """A diagonal of square matrices: the main one, or `offset` above it.

    Shapes: (…, n, n) gives (…, n − |offset|).

    Dtypes: any; the result has that of `A`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix.

    >>> from tapegrad import nd
    >>> nd.linalg_extractdiag(nd.arange(4).reshape((2, 2)), offset=1).asnumpy().tolist()
    [1.0]
    """
    A = _matrices(A, "linalg_extractdiag", square=True)
    return give(out, ops.diagonal(A, offset=offset, axis1=-2, axis2=-1))


def _rows(x: Any, where: str) -> NDArray:
    x = need(x, where, "A")
    if not x.ndim:
        raise ShapeError(f"{where}() takes elements along the last axis of 'A', which has shape ()")
    return x  # type: ignore[no-any-return]


def _placed(A: Any, size: int, rows: np.ndarray[Any, Any], columns: np.ndarray[Any, Any]) -> Any:
    """Zeros with the elements of the last axis put at rows and columns of a matrix."""
    lead = A.shape[:-1]
    flat = ops.index_add(
        ops.filled(A, shape=(*lead, size * size), value=0), make(rows * size + columns, A.context), A, axis=A.ndim - 1
    )
    return ops.reshape(flat, shape=(*lead, size, size))


def linalg_makediag(A: Any, offset: int = 0, out: Any = None, name: Any = None) -> NDArray:
    """Square matrices that are zero but for a diagonal: the main one, or `offset` above it.

    Shapes: (…, k) gives (…, n, n) with n = k + |offset|.

    Dtypes: any; the result has that of `A`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for an array without axes.

    >>> from tapegrad import nd
    >>> nd.linalg_makediag(nd.array([1, 2])).asnumpy().tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    A = _rows(A, "linalg_makediag")
    places = np.arange(A.shape[-1])
    size = A.shape[-1] + abs(offset)
    return give(out, _placed(A, size, places + max(-offset, 0), places + max(offset, 0)))


def linalg_extracttrian(A: Any, offset: int = 0, lower: bool = True, out: Any = None, name: Any = None) -> NDArray:
    """The elements of a triangle of square matrices: on the diagonal at `offset` and below it, row by row, or above it,
    column by column.

    An offset other than 0 decides by its sign which triangle, whatever `lower` says.

    Shapes: (…, n, n) gives (…, k), k = m (m + 1) / 2 with m = n − |offset|.

    Dtypes: any; the result has that of `A`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for what is no square matrix.

    >>> from tapegrad import nd
    >>> nd.linalg_extracttrian(nd.arange(4).reshape((2, 2))).asnumpy().tolist()
    [0.0, 2.0, 3.0]
    """
    A = _matrices(A, "linalg_extracttrian", square=True)
    size = A.shape[-1]
    rows, columns = _triangular(size, offset, lower)
    flat = ops.reshape(A, shape=(*A.shape[:-2], size * size))
    return give(out, ops.take(flat, make(rows * size + columns, A.context), axis=flat.ndim - 1))


def _triangular(size: int, offset: int, lower: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows and columns of a triangle in MXNet's order: a lower one row by row, an upper one column by column."""
    first, second = np.tril_indices(size, -abs(offset))
    return (first, second) if offset < 0 or (offset == 0 and lower) else (second, first)


def linalg_maketrian(A: Any, offset: int = 0, lower: bool = True, out: Any = None, name: Any = None) -> NDArray:
    """Square matrices that are zero but for a triangle, filled in the order in which `linalg_extracttrian` reads it.

    Shapes: (…, m (m + 1) / 2) gives (…, n, n) with n = m + |offset|.

    Dtypes: any; the result has that of `A`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for an array without axes, or elements that do not fill a
    triangle.

    >>> from tapegrad import nd
    >>> nd.linalg_maketrian(nd.array([1, 2, 3])).asnumpy().tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    """
    A = _rows(A, "linalg_maketrian")
    count = A.shape[-1]
    side = int((np.sqrt(8 * count + 1) - 1) / 2)
    if side * (side + 1) // 2 != count:
        raise ShapeError(f"linalg_maketrian(): {count} elements do not fill a triangle")
    size = side + abs(offset)
    return give(out, _placed(A, size, *_triangular(size, offset, lower)))
