"""Linear algebra under MXNet's long names, `nd.linalg_gemm2`; `nd.linalg` has the functions by their short ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from .checks import at_least_1d, ops
from .function import nd_function
from .ndarray import NDArray, make


def _matrix(x: NDArray, where: str, name: str) -> None:
    if x.ndim < 2:
        raise ShapeError(f"{where}() takes matrices for {name!r}, not shape {x.shape}")


def _square(x: NDArray, where: str, name: str) -> None:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{where}() takes square matrices for {name!r}, not shape {x.shape}")


def _rows(x: NDArray, where: str, name: str) -> None:
    if not x.ndim:
        raise ShapeError(f"{where}() takes elements along the last axis of {name!r}, which has shape ()")


FLOATS = "Dtypes: floats; integers give the default float."

of_matrices = nd_function(check=_matrix, words="Raises: `ShapeError` for matrices that do not fit, or anything else.")
of_square = nd_function(
    check=_square,
    words=f"Shapes: (…, n, n); the result has that of `A`.\n{FLOATS}\n"
    "Raises: `ShapeError` for anything but square matrices.",
)
of_rows = nd_function(check=_rows, words="Raises: `ShapeError` for an array without axes.")


def _turned(x: NDArray, on: bool) -> NDArray:
    return ops.matrix_transpose(x) if on else x


def _rows_at(x: NDArray, axis: int) -> NDArray:
    """The matrices whose rows go along `axis`, with that axis brought to the last but one."""
    if axis in (-2, x.ndim - 2):
        return x
    order = [a for a in range(x.ndim) if a != axis % x.ndim]
    order.insert(x.ndim - 2, axis % x.ndim)
    return ops.permute_dims(x, axes=tuple(order))


def _rows_back(x: NDArray, axis: int) -> NDArray:
    if axis in (-2, x.ndim - 2):
        return x
    order = list(range(x.ndim))
    order.insert(axis % x.ndim, order.pop(x.ndim - 2))
    return ops.permute_dims(x, axes=tuple(order))


@of_matrices
def linalg_gemm2(
    A: NDArray, B: NDArray, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0, axis: int = -2
) -> NDArray:
    """alpha · A B, of matrices in the last two axes, either transposed first; their rows go along `axis`.

    Shapes: (…, n, k) and (…, k, m) give (…, n, m); leading axes broadcast.
    Dtypes: that of both together; a fractional `alpha` makes integers default floats.

    >>> A = nd.array([[1, 2], [3, 4]])
    >>> nd.linalg.gemm2(A, A, transpose_b=True, alpha=2.0).asnumpy().tolist()
    [[10.0, 22.0], [22.0, 50.0]]
    """
    left, right = _turned(_rows_at(A, axis), transpose_a), _turned(_rows_at(B, axis), transpose_b)
    product = ops.matmul(left, right)
    return _rows_back(product if alpha == 1 else product * alpha, axis)


@of_matrices
def linalg_gemm(
    A: NDArray,
    B: NDArray,
    C: NDArray,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
) -> NDArray:
    """alpha · A B + beta · C, of matrices in the last two axes, A and B transposed first if asked.

    Shapes: (…, n, k), (…, k, m) and (…, n, m) give (…, n, m).
    Dtypes: those of all together.

    >>> print(nd.linalg_gemm(nd.ones((1, 3)), nd.ones((3, 1)), nd.ones((1, 1)), beta=10.0).asscalar())
    13.0
    """
    return linalg_gemm2(A, B, transpose_a, transpose_b, alpha, axis) + (C if beta == 1 else C * beta)


@of_square
def linalg_potrf(A: NDArray) -> NDArray:
    """The lower triangular L with L Lᵀ = A, of symmetric positive definite matrices: the Cholesky factor.

    `linalg_sumlogdiag` of it is half the logarithm of the determinant.

    Raises: `ShapeError` for anything but square matrices, `ValueError` for one that is not positive definite, if the
    engine tells.

    >>> nd.linalg.potrf(nd.array([[4, 2], [2, 10]])).asnumpy().tolist()
    [[2.0, 0.0], [1.0, 3.0]]
    """
    return ops.cholesky(A)


@of_square
def linalg_potri(A: NDArray) -> NDArray:
    """The inverse of A Aᵀ, for lower triangular A, such as `linalg_potrf` gives.

    Shapes: (…, n, n); the result has that of `A`, of which the lower triangle is read.
    Raises: `ShapeError` for anything but square matrices, `ValueError` for a singular one, if the engine tells.

    >>> nd.linalg_potri(nd.array([[2, 0], [0, 1]])).asnumpy().tolist()
    [[0.25, 0.0], [0.0, 1.0]]
    """
    lower = ops.tril(A)
    return ops.inv(ops.matmul(lower, ops.matrix_transpose(lower)))


@of_matrices
def linalg_trmm(
    A: NDArray, B: NDArray, transpose: bool = False, rightside: bool = False, lower: bool = True, alpha: float = 1.0
) -> NDArray:
    """alpha · A B for triangular A, transposed if asked, or alpha · B A with `rightside`.

    Shapes: (…, n, n) and (…, n, m), or (…, m, n) with `rightside`; the result has that of `B`. With `lower=False` the
    upper triangle of A is read.
    Dtypes: that of both together.

    >>> nd.linalg.trmm(nd.array([[1, 9], [2, 3]]), nd.array([[1], [1]])).asnumpy().tolist()
    [[1.0], [5.0]]
    """
    _square(A, "linalg_trmm", "A")
    factor = _turned(ops.tril(A) if lower else ops.triu(A), transpose)
    product = ops.matmul(B, factor) if rightside else ops.matmul(factor, B)
    return product if alpha == 1 else product * alpha


@of_matrices
def linalg_trsm(
    A: NDArray, B: NDArray, transpose: bool = False, rightside: bool = False, lower: bool = True, alpha: float = 1.0
) -> NDArray:
    """The X with A X = alpha · B for triangular A, transposed if asked, or X A = alpha · B with `rightside`.

    Shapes: (…, n, n) and (…, n, m), or (…, m, n) with `rightside`; the result has that of `B`. With `lower=False` the
    upper triangle of A is read.
    Dtypes: floats; integers give the default float.
    Raises: `ShapeError` for matrices that do not fit, `ValueError` for a singular A, if the engine tells.

    >>> nd.linalg_trsm(nd.array([[2, 0], [0, 4]]), nd.ones((2, 1))).asnumpy().tolist()
    [[0.5], [0.25]]
    """
    _square(A, "linalg_trsm", "A")
    B = _turned(B if alpha == 1 else B * alpha, rightside)
    if transpose != rightside:
        A, lower = ops.matrix_transpose(A), not lower
    return _turned(ops.solve_triangular(A, B, upper=not lower), rightside)


@of_square
def linalg_sumlogdiag(A: NDArray) -> NDArray:
    """The sum of the logarithms of the diagonal.

    Shapes: (…, n, n) gives (…), or (1,) instead of ().

    >>> L = nd.linalg.potrf(nd.array([[4, 2], [2, 10]]))
    >>> print((2 * nd.linalg.sumlogdiag(L)).exp().asscalar().round(3))
    36.0
    """
    logs = ops.log(ops.diagonal(A, axis1=-2, axis2=-1))
    return at_least_1d(ops.sum(logs, axis=-1))


@of_matrices
def linalg_syrk(A: NDArray, transpose: bool = False, alpha: float = 1.0) -> NDArray:
    """alpha · A Aᵀ, or alpha · Aᵀ A with `transpose`.

    Shapes: (…, n, k) gives (…, n, n), or (…, k, k) with `transpose`.
    Dtypes: that of `A`; a fractional `alpha` makes integers default floats.

    >>> nd.linalg.syrk(nd.array([[1, 2], [3, 4]])).asnumpy().tolist()
    [[5.0, 11.0], [11.0, 25.0]]
    """
    product = ops.matmul(_turned(A, transpose), _turned(A, not transpose))
    return product if alpha == 1 else product * alpha


@of_matrices
def linalg_gelqf(A: NDArray) -> list[NDArray]:
    """Q with orthonormal rows and lower triangular L with A = L Q, for matrices no taller than wide.

    Shapes: (…, n, m), n ≤ m, gives Q (…, n, m) and L (…, n, n).
    Dtypes: floats; integers give the default float.
    Raises: `ShapeError` for matrices that are taller than wide.

    >>> q, l = nd.linalg_gelqf(nd.ones((1, 4)))
    >>> nd.dot(l, q).asnumpy().round(4).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    if A.shape[-2] > A.shape[-1]:
        raise ShapeError(f"linalg_gelqf() takes matrices no taller than wide, not shape {A.shape}")
    q, r = ops.qr(ops.matrix_transpose(A))
    return [ops.matrix_transpose(q), ops.matrix_transpose(r)]


@of_square
def linalg_syevd(A: NDArray) -> list[NDArray]:
    """The eigenvectors of symmetric matrices, as the rows of U, and the eigenvalues, ascending: Uᵀ diag(L) U = A.

    Of the two signs an eigenvector has the one that makes its largest element (the first of several) positive.

    Shapes: (…, n, n) gives U (…, n, n) and L (…, n).
    Dtypes: floats; integers give the default float. A is taken to be symmetric, unchecked.

    >>> U, L = nd.linalg.syevd(nd.array([[2, 1], [1, 2]]))
    >>> print(L.asnumpy().round(3), nd.dot(U.T * L, U).asnumpy().round(3).tolist())
    [1. 3.] [[2.0, 1.0], [1.0, 2.0]]
    """
    values, vectors = ops.eigh(A)
    rows = ops.matrix_transpose(vectors)
    if rows.shape[-1]:
        fixed = rows._detached()
        largest = ops.take_along_axis(fixed, ops.argmax(ops.abs(fixed), axis=-1, keepdims=True), axis=-1)
        rows = rows * ops.sign(largest)
    return [rows, values]


@of_square
def linalg_inverse(A: NDArray) -> NDArray:
    """The inverse of square matrices.

    Raises: `ShapeError` for anything but square matrices, `ValueError` for a singular one, if the engine tells.

    >>> nd.linalg_inverse(nd.array([[2, 0], [0, 4]])).asnumpy().tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return ops.inv(A)


@of_square
def linalg_det(A: NDArray) -> NDArray:
    """The determinant of square matrices.

    The gradient is right for singular matrices too.

    Shapes: (…, n, n) gives (…), or (1,) instead of ().

    >>> print(nd.linalg.det(nd.array([[2, 1], [1, 4]])).asscalar().round(3))
    7.0
    """
    return at_least_1d(ops.det(A))


@of_square
def linalg_slogdet(A: NDArray) -> list[NDArray]:
    """The sign of the determinant, and the logarithm of its absolute value.

    It does not overflow where `linalg_det` would. A singular matrix has sign 0 and −∞.

    Shapes: (…, n, n) gives (…) twice, or (1,) instead of ().

    >>> sign, logarithm = nd.linalg.slogdet(nd.array([[0, 1], [1, 0]]))
    >>> print(sign.asscalar(), logarithm.asscalar())
    -1.0 0.0
    """
    sign, logarithm = ops.slogdet(A)
    return [at_least_1d(sign), at_least_1d(logarithm)]


@of_square
def linalg_extractdiag(A: NDArray, offset: int = 0) -> NDArray:
    """A diagonal of square matrices: the main one, or `offset` above it.

    Shapes: (…, n, n) gives (…, n − |offset|).
    Dtypes: any; the result has that of `A`.

    >>> nd.linalg_extractdiag(nd.arange(4).reshape((2, 2)), offset=1).asnumpy().tolist()
    [1.0]
    """
    return ops.diagonal(A, offset=offset, axis1=-2, axis2=-1)


def _placed(A: NDArray, size: int, rows: np.ndarray[Any, Any], columns: np.ndarray[Any, Any]) -> NDArray:
    """Zeros with the elements of the last axis put at rows and columns of a matrix."""
    lead = A.shape[:-1]
    flat = ops.index_add(
        ops.filled(A, shape=(*lead, size * size), value=0), make(rows * size + columns, A.context), A, axis=A.ndim - 1
    )
    return ops.reshape(flat, shape=(*lead, size, size))


@of_rows
def linalg_makediag(A: NDArray, offset: int = 0) -> NDArray:
    """Square matrices that are zero but for a diagonal: the main one, or `offset` above it.

    Shapes: (…, k) gives (…, n, n) with n = k + |offset|.

    >>> nd.linalg_makediag(nd.array([1, 2])).asnumpy().tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    places = np.arange(A.shape[-1])
    size = A.shape[-1] + abs(offset)
    return _placed(A, size, places + max(-offset, 0), places + max(offset, 0))


@of_square
def linalg_extracttrian(A: NDArray, offset: int = 0, lower: bool = True) -> NDArray:
    """The elements of a triangle of square matrices: on the diagonal at `offset` and below it, or above it.

    A lower triangle is read row by row, an upper one column by column.

    An offset other than 0 decides by its sign which triangle, whatever `lower` says.

    Shapes: (…, n, n) gives (…, k), k = m (m + 1) / 2 with m = n − |offset|.
    Dtypes: any; the result has that of `A`.

    >>> nd.linalg_extracttrian(nd.arange(4).reshape((2, 2))).asnumpy().tolist()
    [0.0, 2.0, 3.0]
    """
    size = A.shape[-1]
    rows, columns = _triangular(size, offset, lower)
    flat = ops.reshape(A, shape=(*A.shape[:-2], size * size))
    return ops.take(flat, make(rows * size + columns, A.context), axis=flat.ndim - 1)


def _triangular(size: int, offset: int, lower: bool) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Rows and columns of a triangle in MXNet's order: a lower one row by row, an upper one column by column."""
    first, second = np.tril_indices(size, -abs(offset))
    return (first, second) if offset < 0 or (offset == 0 and lower) else (second, first)


@of_rows
def linalg_maketrian(A: NDArray, offset: int = 0, lower: bool = True) -> NDArray:
    """Square matrices that are zero but for a triangle, filled in the order in which `linalg_extracttrian` reads it.

    Shapes: (…, m (m + 1) / 2) gives (…, n, n) with n = m + |offset|.
    Raises: `ShapeError` for an array without axes, or elements that do not fill a triangle.

    >>> nd.linalg_maketrian(nd.array([1, 2, 3])).asnumpy().tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    """
    count = A.shape[-1]
    side = int((np.sqrt(8 * count + 1) - 1) / 2)
    if side * (side + 1) // 2 != count:
        raise ShapeError(f"linalg_maketrian(): {count} elements do not fill a triangle")
    size = side + abs(offset)
    return _placed(A, size, *_triangular(size, offset, lower))
