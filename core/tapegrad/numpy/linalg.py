"""Linear algebra: the standard's `linalg` extension, and NumPy's names beyond it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ..array import Array
from ..errors import ShapeError
from ..kernels import OPS
from ..ops import linalg as ops
from . import products
from .creation import asarray

__all__ = [
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "expm",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]


def _call(name: str, *arrays: Any, **keywords: Any) -> Any:
    return OPS[name].call(*[asarray(a) for a in arrays], **keywords)


def _one(name: str, *arrays: Any, **keywords: Any) -> Array:
    found: Array = _call(name, *arrays, **keywords)
    return found


def _threshold(rtol: Any) -> Any:
    """A threshold, or one for each matrix, as the engine takes it: it has no derivative."""
    if not isinstance(rtol, Array):
        return rtol
    rtol._check_escape("the threshold rtol")
    return rtol._value


class EighResult(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors as columns."""

    eigenvalues: Array
    eigenvectors: Array


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Array
    eigenvectors: Array


class QRResult(NamedTuple):
    """An orthonormal and an upper triangular factor."""

    Q: Array
    R: Array


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its magnitude."""

    sign: Array
    logabsdet: Array


class SVDResult(NamedTuple):
    """Left singular vectors, singular values in descending order, right singular vectors as rows."""

    U: Array
    S: Array
    Vh: Array


def cholesky(a: Any, /, *, upper: bool = False) -> Array:
    """The triangular factor of a positive definite matrix, lower unless `upper`."""
    return _one("cholesky", a, upper=upper)


def cross(x: Any, y: Any, /, *, axis: int = -1) -> Array:
    """The cross product of 3-vectors along an axis."""
    return _one("cross", x, y, axis=axis)


def det(a: Any) -> Array:
    """The determinant."""
    return _one("det", a)


def diagonal(x: Any, /, *, offset: int = 0) -> Array:
    """A diagonal of the matrices in the last two axes."""
    return _one("diagonal", x, offset=offset, axis1=-2, axis2=-1)


def _triangle(a: Any, UPLO: str | None) -> Array:
    """The Hermitian matrix of which one triangle is meant; without `UPLO` the matrix as it is."""
    found: Array = asarray(a)
    if UPLO is None:
        return found
    if UPLO.upper() not in ("L", "U"):
        raise ValueError(f"UPLO is {UPLO!r}; choose 'L', the lower triangle, or 'U', the upper one")
    half, name = (-1, "tril") if UPLO.upper() == "L" else (1, "triu")
    other = OPS["conj"].call(OPS["matrix_transpose"].call(OPS[name].call(found, k=half)))
    whole: Array = OPS[name].call(found, k=0) + other
    return whole


def eigh(a: Any, UPLO: str | None = None) -> EighResult:
    """Eigenvalues and eigenvectors of a Hermitian matrix: of the triangle `UPLO`, else of the Hermitian part."""
    return EighResult(*_call("eigh", _triangle(a, UPLO)))


def eigvalsh(a: Any, UPLO: str | None = None) -> Array:
    """Eigenvalues of a Hermitian matrix: of the triangle `UPLO`, else of the Hermitian part."""
    return _one("eigvalsh", _triangle(a, UPLO))


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of a square matrix, complex."""
    return EigResult(*_call("eig", a))


def eigvals(a: Any) -> Array:
    """Eigenvalues of a square matrix, complex."""
    return _one("eigvals", a)


def inv(a: Any) -> Array:
    """The inverse of a matrix."""
    return _one("inv", a)


def pinv(a: Any, rcond: Any = None, *, rtol: Any = None) -> Array:
    """The Moore-Penrose inverse; singular values below `rtol` (NumPy: `rcond`) times the largest count as zero."""
    return _one("pinv", a, rtol=_threshold(rcond if rtol is None else rtol))


def solve(a: Any, b: Any) -> Array:
    """The solution of a @ z = b."""
    return _one("solve", a, b)


def lstsq(a: Any, b: Any, rcond: Any = None) -> tuple[Array, Array, Array, Array]:
    """The least-squares solution of a @ z = b, the squared residuals, the rank, the singular values."""
    found: tuple[Array, Array, Array, Array] = ops.lstsq(asarray(a), asarray(b), rcond)
    return found


def matmul(x: Any, y: Any, /) -> Array:
    """The matrix product."""
    return _one("matmul", x, y)


def matrix_transpose(x: Any, /) -> Array:
    """The last two axes exchanged."""
    return _one("matrix_transpose", x)


def matrix_power(a: Any, n: int) -> Array:
    """A matrix to an integer power."""
    found: Array = ops.matrix_power(asarray(a), n)
    return found


def matrix_rank(A: Any, *, rtol: Any = None) -> Array:
    """The number of singular values above `rtol` times the largest."""
    return _one("matrix_rank", A, rtol=_threshold(rtol))


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The norm of matrices: "fro", "nuc", 1, -1, 2, -2, inf, -inf."""
    found: Array = ops.matrix_norm(asarray(x), keepdims=keepdims, ord=ord)
    return found


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Array:
    """The norm of vectors along `axis`, of order `ord`."""
    return _one("vector_norm", x, axis=axis, keepdims=keepdims, ord=ord)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """The norm of vectors or matrices, as `numpy.linalg.norm` tells them apart."""
    found: Array = ops.norm(asarray(x), ord=ord, axis=axis, keepdims=keepdims)
    return found


def outer(x: Any, y: Any, /) -> Array:
    """All products of an element of one vector with one of the other."""
    return _one("outer", x, y)


def qr(a: Any, mode: str = "reduced") -> QRResult:
    """The QR decomposition, "reduced" or "complete"."""
    return QRResult(*_call("qr", a, mode=mode))


def slogdet(a: Any) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its magnitude."""
    return SlogdetResult(*_call("slogdet", a))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition; without `compute_uv`, the singular values alone."""
    return SVDResult(*_call("svd", a, full_matrices=full_matrices)) if compute_uv else svdvals(a)


def svdvals(x: Any, /) -> Array:
    """The singular values in descending order."""
    return _one("svdvals", x)


def tensordot(x: Any, y: Any, /, *, axes: Any = 2) -> Array:
    """The product summed over several axes."""
    return _one("tensordot", x, y, axes=axes)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Array:
    """The sum along a diagonal of the matrices in the last two axes."""
    return _one("trace", x if dtype is None else asarray(x, dtype), offset=offset, axis1=-2, axis2=-1)


def vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Array:
    """The dot product of vectors along an axis, the first conjugated."""
    return products.vecdot(x, y, axis=axis)


def multi_dot(arrays: Any) -> Array:
    """The product of several matrices, in the order that costs least."""
    found: Array = ops.multi_dot([asarray(a) for a in arrays])
    return found


def expm(x: Any, /) -> Array:
    """The exponential of a matrix."""
    return _one("expm", x)


def cond(x: Any, p: Any = None) -> Array:
    """The condition number: the ratio of the extreme singular values, or by another norm."""
    found: Array = ops.cond(asarray(x), p)
    return found


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Array:
    """The x for which tensordot(a, x, x.ndim) is b; `axes` of `a` are moved to its end first."""
    a, b = asarray(a), asarray(b)
    if axes is not None:
        kept = [i for i in range(a.ndim) if i not in {range(a.ndim)[j] for j in axes}]
        a = OPS["permute_dims"].call(a, axes=(*kept, *(range(a.ndim)[j] for j in axes)))
    shape = a.shape[b.ndim :]
    size = math.prod(shape)
    if a.size != size * size or b.size != size:
        raise ShapeError(f"tensorsolve: shapes {a.shape} and {b.shape} make no square system")
    return solve(a.reshape(size, size), b.reshape(-1)).reshape(shape)


def tensorinv(a: Any, ind: int = 2) -> Array:
    """The inverse of tensordot with `a` over its last axes, the first `ind` of which are those of the result."""
    a = asarray(a)
    if ind <= 0:
        raise ValueError(f"tensorinv: ind is {ind}; it counts axes, from 1")
    first, last = a.shape[:ind], a.shape[ind:]
    if math.prod(first) != math.prod(last):
        raise ShapeError(f"tensorinv: the first {ind} axes of shape {a.shape} have not the size of the others")
    return inv(a.reshape(math.prod(first), -1)).reshape(*last, *first)
