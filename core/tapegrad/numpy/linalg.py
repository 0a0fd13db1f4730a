"""Linear algebra: the standard's `linalg` extension, and NumPy's names beyond it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from ..arrays.array import Array
from ..engines.tables import OPS
from ..errors import ArgumentError, ShapeError
from ..ops import linalg as ops
from ..ops.indexing import axes_of
from . import manipulation, products
from .arguments import asarray, op
from .names import publish

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..typing import ArrayLike, Axes, DTypeLike
    from .arrays import ndarray


def _call(name: str, *arrays: Any, **keywords: Any) -> Any:
    return OPS[name].call(*[asarray(a) for a in arrays], **keywords)


def _one(name: str, *arrays: Any, **keywords: Any) -> ndarray:
    found: ndarray = _call(name, *arrays, **keywords)
    return found


def _threshold(rtol: Any) -> Any:
    """A threshold, or one for each matrix, as the engine takes it: it has no derivative."""
    if not isinstance(rtol, Array):
        return rtol
    rtol._check_escape("the threshold rtol")
    return rtol._value


class EighResult(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors as columns."""

    eigenvalues: ndarray
    eigenvectors: ndarray


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: ndarray
    eigenvectors: ndarray


class QRResult(NamedTuple):
    """An orthonormal and an upper triangular factor."""

    Q: ndarray
    R: ndarray


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its magnitude."""

    sign: ndarray
    logabsdet: ndarray


class SVDResult(NamedTuple):
    """Left singular vectors, singular values in descending order, right singular vectors as rows."""

    U: ndarray
    S: ndarray
    Vh: ndarray


def cholesky(a: ArrayLike, /, *, upper: bool = False) -> ndarray:
    """The triangular factor of a positive definite matrix, lower unless `upper`.

    It is a function of the Hermitian part; the derivative is that of Murray (2016), made Hermitian.

    Shapes: (..., n, n), and so is the result.
    Dtypes: that of `a`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `ValueError` for a matrix that is not positive definite.

    >>> a = tnp.asarray([[4.0, 2.0], [2.0, 5.0]])
    >>> tnp.linalg.cholesky(a)
    Array([[2., 0.],
           [1., 2.]], dtype=float32)
    >>> tapegrad.grad(lambda a: tnp.linalg.cholesky(a)[1, 1])(a)
    Array([[ 0.0625, -0.125 ],
           [-0.125 ,  0.25  ]], dtype=float32)
    """
    return _one("cholesky", a, upper=upper)


def solve_triangular(
    a: ArrayLike, b: ArrayLike, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
) -> ndarray:
    """The x with a @ x = b, reading the upper (or lower) triangle of `a` alone, in SciPy's words.

    `trans` 1 or "T" solves with the transpose, 2 or "C" with its conjugate.

    Shapes: `a` (..., n, n), `b` (n,) or (..., n, k), and so is the result.
    Dtypes: both are promoted to one; integers become the default float first.
    Raises: `ShapeError` where they do not go together, `ValueError` for a singular triangle or another `trans`.

    >>> tnp.linalg.solve_triangular([[2.0, 1.0], [0.0, 4.0]], [4.0, 8.0])
    Array([1., 2.], dtype=float32)
    """
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ArgumentError(f"solve_triangular: trans is {trans!r}; choose 0 or 'N', 1 or 'T', 2 or 'C'")
    a = asarray(a)
    if trans not in (0, "N"):
        a, lower = op.matrix_transpose(op.conj(a) if trans in (2, "C") else a), not lower
    return op.solve_triangular(a, asarray(b), upper=not lower, unit=unit_diagonal)


class Factor(NamedTuple):
    """A triangular factor, and whether it is the lower one."""

    c: ndarray
    lower: bool


def cho_factor(a: ArrayLike, lower: bool = False) -> Factor:
    """The factor of a positive definite matrix that `cho_solve` takes, in SciPy's words; the other triangle is zero.

    Shapes: (..., n, n), and so is the factor.
    Dtypes: that of `a`; integers become the default float first.
    Raises: as `cholesky`.

    >>> tnp.linalg.cho_factor([[4.0, 2.0], [2.0, 5.0]], lower=True).c
    Array([[2., 0.],
           [1., 2.]], dtype=float32)
    """
    return Factor(cholesky(a, upper=not lower), lower)


def cho_solve(c_and_lower: tuple[ArrayLike, bool], b: ArrayLike) -> ndarray:
    """The x with a @ x = b, by the factor of `a` that `cho_factor` gives, in SciPy's words.

    Shapes: the factor (..., n, n), `b` (n,) or (..., n, k), and so is the result.
    Dtypes: both are promoted to one; integers become the default float first.
    Raises: `ShapeError` where they do not go together.

    >>> tnp.linalg.cho_solve(tnp.linalg.cho_factor([[4.0, 2.0], [2.0, 5.0]]), [8.0, 12.0])
    Array([1., 2.], dtype=float32)
    """
    c, lower = c_and_lower
    first, then = (0, 2) if lower else (2, 0)
    return solve_triangular(c, solve_triangular(c, b, first, lower), then, lower)


def cross(x: ArrayLike, y: ArrayLike, /, *, axis: int = -1) -> ndarray:
    """The cross product of 3-vectors along an axis.

    Shapes: that which both broadcast to, with 3 along `axis`.
    Raises: `ShapeError` for an axis of another length.

    >>> tnp.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Array([0., 0., 1.], dtype=float32)
    """
    return _one("cross", x, y, axis=axis)


def det(a: ArrayLike) -> ndarray:
    """The determinant; its gradient, the matrix of cofactors, is right at singular matrices too.

    Shapes: (..., n, n) gives (...).
    Dtypes: that of `a`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square.

    >>> tapegrad.grad(tnp.linalg.det)(tnp.asarray([[1.0, 2.0], [2.0, 4.0]]))
    Array([[ 4., -2.],
           [-2.,  1.]], dtype=float32)
    """
    return _one("det", a)


def diagonal(x: ArrayLike, /, *, offset: int = 0) -> ndarray:
    """A diagonal of the matrices in the last two axes.

    Shapes: (..., m, n) gives (..., d).
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.linalg.diagonal([[1, 2], [3, 4]])
    Array([1, 4], dtype=int64)
    """
    return manipulation.diagonal(x, offset, -2, -1)


def _triangle(a: Any, UPLO: str | None) -> ndarray:
    """The Hermitian matrix of which one triangle is meant; without `UPLO` the matrix as it is."""
    found: ndarray = asarray(a)
    if UPLO is None:
        return found
    if UPLO.upper() not in ("L", "U"):
        raise ArgumentError(f"UPLO is {UPLO!r}; choose 'L', the lower triangle, or 'U', the upper one")
    half, name = (-1, "tril") if UPLO.upper() == "L" else (1, "triu")
    other = op.conj(op.matrix_transpose(OPS[name].call(found, k=half)))
    return OPS[name].call(found, k=0) + other  # type: ignore[no-any-return]


def eigh(a: ArrayLike, UPLO: str | None = None) -> EighResult:
    """Eigenvalues and eigenvectors of a Hermitian matrix: of the triangle `UPLO`, else of the Hermitian part.

    The derivative is that of Giles (2008), NaN for vectors of equal eigenvalues.

    Shapes: (..., n, n) gives (..., n) and (..., n, n), the vectors as columns.
    Dtypes: real values, vectors of the dtype of `a`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `ValueError` for another `UPLO`.

    >>> values, vectors = tnp.linalg.eigh([[2.0, 0.0], [0.0, 3.0]])
    >>> values
    Array([2., 3.], dtype=float32)
    >>> tapegrad.grad(lambda a: tnp.linalg.eigh(a).eigenvalues[1])(tnp.asarray([[2.0, 0.0], [0.0, 3.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    return EighResult(*_call("eigh", _triangle(a, UPLO)))


def eigvalsh(a: ArrayLike, UPLO: str | None = None) -> ndarray:
    """Eigenvalues of a Hermitian matrix: of the triangle `UPLO`, else of the Hermitian part.

    The derivative is that of Giles (2008).

    Shapes: (..., n, n) gives (..., n).
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square.

    >>> tnp.linalg.eigvalsh([[0.0, 2.0], [2.0, 0.0]])
    Array([-2.,  2.], dtype=float32)
    """
    return _one("eigvalsh", _triangle(a, UPLO))


def eig(a: ArrayLike) -> EigResult:
    """Eigenvalues and eigenvectors of a square matrix, complex; the derivative is that of Boeddeker et al. (2017).

    Shapes: (..., n, n) gives (..., n) and (..., n, n), the vectors as columns.
    Dtypes: complex, of the precision of `a`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `BackendError` on an engine that has no such function.

    >>> tnp.linalg.eig([[2.0, 0.0], [0.0, 3.0]]).eigenvalues
    Array([2.+0.j, 3.+0.j], dtype=complex64)
    """
    return EigResult(*_call("eig", a))


def eigvals(a: ArrayLike) -> ndarray:
    """Eigenvalues of a square matrix, complex.

    Shapes: (..., n, n) gives (..., n).
    Dtypes: complex, of the precision of `a`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `BackendError` on an engine that has no such function.

    >>> tnp.linalg.eigvals([[0.0, -1.0], [1.0, 0.0]])
    Array([0.+1.j, 0.-1.j], dtype=complex64)
    """
    return _one("eigvals", a)


def inv(a: ArrayLike) -> ndarray:
    """The inverse of a matrix.

    Shapes: (..., n, n), and so is the result.
    Dtypes: that of `a`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `ValueError` for a singular matrix.

    >>> tnp.linalg.inv([[2.0, 0.0], [0.0, 4.0]])
    Array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    """
    return _one("inv", a)


def pinv(a: ArrayLike, rcond: ArrayLike | None = None, *, rtol: ArrayLike | None = None) -> ndarray:
    """The Moore-Penrose inverse; singular values below `rtol` (NumPy: `rcond`) times the largest count as zero.

    The derivative is that of Golub and Pereyra (1973), for matrices that keep their rank.

    Shapes: (..., m, n) gives (..., n, m).
    Dtypes: that of `a`; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.linalg.pinv([[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]])
    Array([[0.5 , 0.  , 0.  ],
           [0.  , 0.  , 0.25]], dtype=float32)
    """
    return _one("pinv", a, rtol=_threshold(rcond if rtol is None else rtol))


def solve(a: ArrayLike, b: ArrayLike) -> ndarray:
    """The solution x of a @ x = b.

    Shapes: `a` (..., n, n), `b` (n,) or (..., n, k), and so is the result.
    Dtypes: both are promoted to one; integers become the default float first.
    Raises: `ShapeError` where they do not go together, `ValueError` for a singular matrix.

    >>> tnp.linalg.solve([[2.0, 0.0], [1.0, 1.0]], [2.0, 4.0])
    Array([1., 3.], dtype=float32)
    """
    return _one("solve", a, b)


def lstsq(a: ArrayLike, b: ArrayLike, rcond: float | None = None) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """The least-squares solution x of a @ x = b, the squared residuals, the rank, the singular values.

    All have their derivative where the matrix keeps its rank, by that of `pinv`: Golub and Pereyra (1973).

    Shapes: `a` (m, n), `b` (m,) or (m, k) give (n,) or (n, k), (k,), () and (min(m, n),).
    Dtypes: both are promoted to one; the rank is an integer.
    Raises: `ShapeError` where they do not go together.

    >>> x, squares, rank, s = tnp.linalg.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])
    >>> tnp.round(x, 4), rank
    (Array([1., 2.], dtype=float32), Array(2, dtype=int64))
    """
    found: tuple[ndarray, ndarray, ndarray, ndarray] = ops.lstsq(asarray(a), asarray(b), rcond)
    return found


def matmul(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """The matrix product.

    Shapes: (..., m, k) and (..., k, n) give (..., m, n); a vector is a row on the left, a column on the right.
    Raises: `ShapeError` where they do not go together.

    >>> tnp.linalg.matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0])
    Array([-1., -1.], dtype=float32)
    """
    return _one("matmul", x, y)


def matrix_transpose(x: ArrayLike, /) -> ndarray:
    """The last two axes exchanged.

    Shapes: (..., m, n) becomes (..., n, m).
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.linalg.matrix_transpose([[1, 2], [3, 4]])
    Array([[1, 3],
           [2, 4]], dtype=int64)
    """
    return _one("matrix_transpose", x)


def matrix_power(a: ArrayLike, n: int) -> ndarray:
    """A matrix to an integer power.

    Shapes: (..., n, n), and so is the result.
    Dtypes: that of `a`; for a negative power integers become the default float.
    Raises: `ShapeError` for a matrix that is not square, `TypeError` for a power that is not an integer, `ValueError`
    for a negative power of a singular matrix.

    >>> tnp.linalg.matrix_power([[1, 1], [1, 0]], 10)
    Array([[89, 55],
           [55, 34]], dtype=int64)
    """
    found: ndarray = ops.matrix_power(asarray(a), n)
    return found


def matrix_rank(A: ArrayLike, *, rtol: ArrayLike | None = None) -> ndarray:
    """The number of singular values above `rtol` times the largest.

    Shapes: (..., m, n) gives (...).
    Dtypes: the result is an integer.
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]])
    Array(1, dtype=int64)
    """
    return _one("matrix_rank", A, rtol=_threshold(rtol))


def matrix_norm(x: ArrayLike, /, *, keepdims: bool = False, ord: float | str = "fro") -> ndarray:
    """The norm of matrices: "fro", "nuc", 1, -1, 2, -2, inf, -inf.

    Shapes: (..., m, n) gives (...), or (..., 1, 1) with `keepdims`.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes, `ValueError` for another `ord`.

    >>> tnp.linalg.matrix_norm([[3.0, 0.0], [0.0, 4.0]], ord="nuc")
    Array(7., dtype=float32)
    """
    found: ndarray = ops.matrix_norm(asarray(x), keepdims=keepdims, ord=ord)
    return found


def vector_norm(x: ArrayLike, /, *, axis: Axes | None = None, keepdims: bool = False, ord: float = 2) -> ndarray:
    """The norm of vectors along `axis`, of order `ord`; at 0 its gradient is 0.

    Dtypes: real; integers become the default float first.
    Raises: `ValueError` for an `ord` of matrices.

    >>> tnp.linalg.vector_norm([3.0, 4.0])
    Array(5., dtype=float32)
    >>> tapegrad.grad(tnp.linalg.vector_norm)(tnp.asarray([0.0, 0.0]))
    Array([0., 0.], dtype=float32)
    """
    return _one("vector_norm", x, axis=axis, keepdims=keepdims, ord=ord)


def norm(x: ArrayLike, ord: float | str | None = None, axis: Axes | None = None, keepdims: bool = False) -> ndarray:
    """The norm of vectors or matrices, as `numpy.linalg.norm` tells them apart.

    Shapes: the axes that are measured go, or keep length 1 with `keepdims`.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for axes that do not fit, `AxisError` for one that is not there, `ValueError` for another
    `ord`.

    >>> tnp.linalg.norm([[3.0, 4.0], [0.0, 0.0]], axis=1)
    Array([5., 0.], dtype=float32)
    """
    found: ndarray = ops.norm(asarray(x), ord=ord, axis=axis, keepdims=keepdims)
    return found


def outer(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """All products of an element of one vector with one of the other.

    Shapes: (m,) and (n,) give (m, n).

    >>> tnp.linalg.outer([1.0, 2.0], [3.0, 4.0])
    Array([[3., 4.],
           [6., 8.]], dtype=float32)
    """
    return _one("outer", x, y)


def qr(a: ArrayLike, mode: str = "reduced") -> QRResult:
    """The QR decomposition, "reduced" or "complete"; the derivative is that of Roberts and Roberts (2020).

    Shapes: (..., m, n) gives (..., m, k) and (..., k, n) with k = min(m, n), or k = m where complete.
    Dtypes: that of `a`; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes, `ValueError` for another mode, `NoGradientError` where complete and m
    > n.

    >>> q, r = tnp.linalg.qr([[3.0, 0.0], [4.0, 5.0]])
    >>> tnp.round(q @ r, 4)
    Array([[3., 0.],
           [4., 5.]], dtype=float32)
    """
    return QRResult(*_call("qr", a, mode=mode))


def slogdet(a: ArrayLike) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its magnitude.

    Shapes: (..., n, n) gives (...) twice.
    Dtypes: the sign has that of `a`, the logarithm is real; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square.

    >>> tnp.linalg.slogdet([[-1.0, 2.0], [0.0, 1.0]]).sign
    Array(-1., dtype=float32)
    """
    return SlogdetResult(*_call("slogdet", a))


@overload
def svd(a: ArrayLike, full_matrices: bool = True, compute_uv: Literal[True] = True) -> SVDResult: ...
@overload
def svd(a: ArrayLike, full_matrices: bool = True, compute_uv: bool = True) -> Any: ...
def svd(a: ArrayLike, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition; without `compute_uv`, the singular values alone.

    The derivative is that of Townsend (2016), NaN for vectors of equal singular values.

    Shapes: (..., m, n) gives (..., m, k), (..., k) and (..., k, n) with k = min(m, n); square ones if `full_matrices`.
    Dtypes: real values, vectors of the dtype of `a`; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes, `ValueError` where it does not converge.

    >>> tnp.linalg.svd([[3.0, 0.0], [0.0, 4.0]]).S
    Array([4., 3.], dtype=float32)
    """
    return SVDResult(*_call("svd", a, full_matrices=full_matrices)) if compute_uv else svdvals(a)


def svdvals(x: ArrayLike, /) -> ndarray:
    """The singular values in descending order.

    Shapes: (..., m, n) gives (..., min(m, n)).
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes.

    >>> tapegrad.grad(lambda x: tnp.linalg.svdvals(x)[0])(tnp.asarray([[3.0, 0.0], [0.0, 4.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    return _one("svdvals", x)


def tensordot(x: ArrayLike, y: ArrayLike, /, *, axes: int | Sequence[int | Sequence[int]] = 2) -> ndarray:
    """The product summed over several axes.

    Shapes: the axes of `x` that are left, then those of `y`.
    Raises: `ShapeError` for axes that are not there, named twice, not as many, or differ in length.

    >>> tnp.linalg.tensordot(tnp.ones((2, 3)), tnp.ones((3, 4)), axes=1).shape
    (2, 4)
    """
    return _one("tensordot", x, y, axes=axes)


def trace(x: ArrayLike, /, *, offset: int = 0, dtype: DTypeLike | None = None) -> ndarray:
    """The sum along a diagonal of the matrices in the last two axes.

    Shapes: (..., m, n) gives (...).
    Dtypes: any; `dtype` is taken on first, if one is given.
    Raises: `ShapeError` for fewer than two axes.

    >>> tnp.linalg.trace([[1, 2], [3, 4]])
    Array(5, dtype=int64)
    """
    return _one("trace", x if dtype is None else asarray(x, dtype), offset=offset, axis1=-2, axis2=-1)


def vecdot(x: ArrayLike, y: ArrayLike, /, *, axis: int = -1) -> ndarray:
    """The dot product of vectors along an axis, the first conjugated.

    Shapes: that which both broadcast to, without `axis`.
    Raises: `ShapeError` where lengths differ, `AxisError` for an axis that is not in both.

    >>> tnp.linalg.vecdot([1j, 2.0], [1.0, 1.0])
    Array(2.-1.j, dtype=complex64)
    """
    return products.vecdot(x, y, axis=axis)


def multi_dot(arrays: Iterable[ArrayLike]) -> ndarray:
    """The product of several matrices, in the order that costs least.

    Shapes: (m, k), (k, l), ..., (p, n) give (m, n); the first and the last may be vectors.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where they do not go together, `ValueError` for fewer than two.

    >>> tnp.linalg.multi_dot([tnp.ones(2), tnp.ones((2, 3)), tnp.ones((3, 2))])
    Array([6., 6.], dtype=float32)
    """
    found: ndarray = ops.multi_dot([asarray(a) for a in arrays])
    return found


def expm(x: ArrayLike, /) -> ndarray:
    """The exponential of a matrix: Higham (2005); the derivative is that of Mathias (1996).

    Shapes: (..., n, n), and so is the result.
    Dtypes: that of `x`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square.

    >>> tnp.linalg.expm([[0.0, 1.0], [0.0, 0.0]])
    Array([[1., 1.],
           [0., 1.]], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.linalg.expm(x)[0, 1])(tnp.zeros((2, 2)))
    Array([[0., 1.],
           [0., 0.]], dtype=float32)
    """
    return _one("expm", x)


def cond(x: ArrayLike, p: ArrayLike | None = None) -> ndarray:
    """The condition number: the ratio of the extreme singular values, or by another norm.

    Shapes: (..., m, n) gives (...); square but for p of None, 2 and -2.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for another shape, `ValueError` for another `p`, or a singular matrix where it is inverted.

    >>> tnp.linalg.cond([[2.0, 0.0], [0.0, 8.0]])
    Array(4., dtype=float32)
    """
    found: ndarray = ops.cond(asarray(x), p)
    return found


def tensorsolve(a: ArrayLike, b: ArrayLike, axes: Axes | None = None) -> ndarray:
    """The x for which tensordot(a, x, x.ndim) is b; `axes` of `a` are moved to its end first.

    Shapes: `a` (*shape of b, *shape of x), `b` any of that size.
    Dtypes: both are promoted to one; integers become the default float first.
    Raises: `ShapeError` for a system that is not square, `ValueError` for a singular one.

    >>> tnp.linalg.tensorsolve(2 * tnp.eye(4).reshape(2, 2, 2, 2), tnp.ones((2, 2)))
    Array([[0.5, 0.5],
           [0.5, 0.5]], dtype=float32)
    """
    a, b = asarray(a), asarray(b)
    if axes is not None:
        last = axes_of(axes, a.ndim)
        a = op.permute_dims(a, axes=(*(i for i in range(a.ndim) if i not in last), *last))
    shape = a.shape[b.ndim :]
    size = math.prod(shape)
    if a.size != size * size or b.size != size:
        raise ShapeError(f"tensorsolve: shapes {a.shape} and {b.shape} make no square system")
    return solve(a.reshape(size, size), b.reshape(-1)).reshape(shape)


def tensorinv(a: ArrayLike, ind: int = 2) -> ndarray:
    """The inverse of tensordot with `a` over its last axes, the first `ind` of which are those of the result.

    Shapes: (*first, *last), of which the two have one size, becomes (*last, *first).
    Dtypes: that of `a`; integers become the default float first.
    Raises: `ShapeError` for sizes that differ, `ValueError` for an `ind` below 1 or a singular matrix.

    >>> tnp.linalg.tensorinv(tnp.ones((1, 1, 1)) * 4.0, ind=1)
    Array([[[0.25]]], dtype=float32)
    """
    a = asarray(a)
    if ind <= 0:
        raise ArgumentError(f"tensorinv: ind is {ind}; it counts axes, from 1")
    first, last = a.shape[:ind], a.shape[ind:]
    if math.prod(first) != math.prod(last):
        raise ShapeError(f"tensorinv: the first {ind} axes of shape {a.shape} do not have the size of the others")
    return inv(a.reshape(math.prod(first), -1)).reshape(*last, *first)


publish(__name__)
