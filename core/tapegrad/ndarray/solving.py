"""Linear algebra under MXNet's long names, `nd.linalg_gemm2`; `nd.linalg` has the functions by their short ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..kernels import RECORDED as ops
from .checks import kept, need
from .ndarray import NDArray, give, make

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

    >>> from tapegrad import nd
    >>> nd.linalg_gemm2(nd.ones((2, 3)), nd.ones((3, 4)), alpha=2.0).asnumpy()[0].tolist()
    [6.0, 6.0, 6.0, 6.0]
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

    >>> from tapegrad import nd
    >>> print(nd.linalg_gemm(nd.ones((1, 3)), nd.ones((3, 1)), nd.ones((1, 1)), beta=10.0).asscalar())
    13.0
    """
    C = _matrices(C, "linalg_gemm", "C")
    return give(out, linalg_gemm2(A, B, transpose_a, transpose_b, alpha, axis) + (C if beta == 1 else C * beta))


def linalg_potrf(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The lower triangular L with L Lᵀ = A, of symmetric positive definite matrices; else an error.

    >>> from tapegrad import nd
    >>> nd.linalg_potrf(nd.array([[4, 0], [0, 9]])).asnumpy().tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    return give(out, ops.cholesky(_matrices(A, "linalg_potrf", square=True)))


def linalg_potri(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The inverse of A Aᵀ, for lower triangular A, such as `linalg_potrf` gives.

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

    >>> from tapegrad import nd
    >>> nd.linalg_trmm(nd.ones((2, 2)), nd.ones((2, 1))).asnumpy().tolist()
    [[1.0], [2.0]]
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

    >>> from tapegrad import nd
    >>> print(nd.linalg_sumlogdiag(nd.eye(3)).asscalar())
    0.0
    """
    logs = ops.log(ops.diagonal(_matrices(A, "linalg_sumlogdiag", square=True), axis1=-2, axis2=-1))
    return give(out, kept(ops.sum(logs, axis=-1)))


def linalg_syrk(A: Any, transpose: bool = False, alpha: float = 1.0, out: Any = None, name: Any = None) -> NDArray:
    """alpha · A Aᵀ, or alpha · Aᵀ A with `transpose`.

    >>> from tapegrad import nd
    >>> nd.linalg_syrk(nd.ones((2, 3))).asnumpy().tolist()
    [[3.0, 3.0], [3.0, 3.0]]
    """
    A = _matrices(A, "linalg_syrk")
    found = ops.matmul(_turned(A, transpose), _turned(A, not transpose))
    return give(out, found if alpha == 1 else found * alpha)


def linalg_gelqf(A: Any, out: Any = None, name: Any = None) -> list[NDArray]:
    """Q with orthonormal rows and lower triangular L with A = L Q, for matrices no taller than wide.

    >>> from tapegrad import nd
    >>> q, l = nd.linalg_gelqf(nd.ones((1, 4)))
    >>> nd.dot(l, q).asnumpy().round(4).tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """
    q, r = ops.qr(ops.matrix_transpose(_matrices(A, "linalg_gelqf")))
    return [ops.matrix_transpose(q), ops.matrix_transpose(r)]


def linalg_syevd(A: Any, out: Any = None, name: Any = None) -> list[NDArray]:
    """The eigenvectors of symmetric matrices, as the rows of U, and the eigenvalues, ascending: Uᵀ diag(L) U = A.

    >>> from tapegrad import nd
    >>> nd.linalg_syevd(nd.array([[1, 0], [0, 2]]))[1].asnumpy().tolist()
    [1.0, 2.0]
    """
    values, vectors = ops.eigh(_matrices(A, "linalg_syevd", square=True))
    return [ops.matrix_transpose(vectors), values]


def linalg_inverse(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The inverse of square matrices.

    >>> from tapegrad import nd
    >>> nd.linalg_inverse(nd.array([[2, 0], [0, 4]])).asnumpy().tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return give(out, ops.inv(_matrices(A, "linalg_inverse", square=True)))


def linalg_det(A: Any, out: Any = None, name: Any = None) -> NDArray:
    """The determinant of square matrices.

    >>> from tapegrad import nd
    >>> print(nd.linalg_det(nd.array([[2, 0], [0, 4]])).asscalar())
    8.0
    """
    return give(out, kept(ops.det(_matrices(A, "linalg_det", square=True))))


def linalg_slogdet(A: Any, out: Any = None, name: Any = None) -> list[NDArray]:
    """The sign of the determinant, and the logarithm of its absolute value.

    >>> from tapegrad import nd
    >>> [float(x) for x in nd.linalg_slogdet(nd.eye(2))]
    [1.0, 0.0]
    """
    sign, logarithm = ops.slogdet(_matrices(A, "linalg_slogdet", square=True))
    return [kept(sign), kept(logarithm)]


def linalg_extractdiag(A: Any, offset: int = 0, out: Any = None, name: Any = None) -> NDArray:
    """A diagonal of square matrices: the main one, or `offset` above it.

    >>> from tapegrad import nd
    >>> nd.linalg_extractdiag(nd.arange(4).reshape((2, 2)), offset=1).asnumpy().tolist()
    [1.0]
    """
    A = _matrices(A, "linalg_extractdiag", square=True)
    return give(out, ops.diagonal(A, offset=offset, axis1=-2, axis2=-1))


def _placed(A: Any, size: int, rows: np.ndarray[Any, Any], columns: np.ndarray[Any, Any]) -> Any:
    """Zeros with the elements of the last axis put at rows and columns of a matrix."""
    lead = A.shape[:-1]
    flat = ops.index_add(
        ops.filled(A, shape=(*lead, size * size), value=0), make(rows * size + columns, A.context), A, axis=A.ndim - 1
    )
    return ops.reshape(flat, shape=(*lead, size, size))


def linalg_makediag(A: Any, offset: int = 0, out: Any = None, name: Any = None) -> NDArray:
    """Square matrices that are zero but for a diagonal: the main one, or `offset` above it.

    >>> from tapegrad import nd
    >>> nd.linalg_makediag(nd.array([1, 2])).asnumpy().tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    A = need(A, "linalg_makediag", "A")
    places = np.arange(A.shape[-1])
    size = A.shape[-1] + abs(offset)
    return give(out, _placed(A, size, places + max(-offset, 0), places + max(offset, 0)))


def linalg_extracttrian(A: Any, offset: int = 0, lower: bool = True, out: Any = None, name: Any = None) -> NDArray:
    """The elements of a triangle of square matrices, row by row: below the diagonal at `offset` and on it, or above.

    An offset other than 0 decides by its sign which triangle, whatever `lower` says.

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
    below = offset < 0 or (offset == 0 and lower)
    return np.tril_indices(size, offset) if below else np.triu_indices(size, offset)


def linalg_maketrian(A: Any, offset: int = 0, lower: bool = True, out: Any = None, name: Any = None) -> NDArray:
    """Square matrices that are zero but for a triangle, filled row by row: what `linalg_extracttrian` takes apart.

    >>> from tapegrad import nd
    >>> nd.linalg_maketrian(nd.array([1, 2, 3])).asnumpy().tolist()
    [[1.0, 0.0], [2.0, 3.0]]
    """
    A = need(A, "linalg_maketrian", "A")
    count = A.shape[-1]
    side = int((np.sqrt(8 * count + 1) - 1) / 2)
    if side * (side + 1) // 2 != count:
        raise ShapeError(f"linalg_maketrian(): {count} elements do not fill a triangle")
    size = side + abs(offset)
    return give(out, _placed(A, size, *_triangular(size, offset, lower)))
