"""Linear algebra in longdouble, in the array API standard's words, for the small matrices of samples.

NumPy's own stops at double. Eigenvectors and singular vectors begin as NumPy's and are refined. What the mathematics
leaves open, their signs and phases and the order of eigenvalues that have none, they take from what `follow` was shown,
the vectors of the engine under test, and from one call to the next they keep it, so that they depend smoothly on the
matrix.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .longdouble import widen

__all__ = ["FUNCTIONS", "follow", "forget"]

QR = namedtuple("QR", ["Q", "R"])
SVD = namedtuple("SVD", ["U", "S", "Vh"])
Eigh = namedtuple("Eigh", ["eigenvalues", "eigenvectors"])
Eig = namedtuple("Eig", ["eigenvalues", "eigenvectors"])
SignAndLog = namedtuple("SignAndLog", ["sign", "logabsdet"])

_nearest: dict[tuple[str, tuple[int, ...]], Any] = {}
"""The vectors that the last call of a kind gave, for the next one to follow."""


def forget() -> None:
    """Begin anew: the next vectors follow NumPy's signs."""
    _nearest.clear()


def follow(name: str, outs: Sequence[Any]) -> None:
    """The next vectors of the op of that name follow those that it gave elsewhere in their signs and phases."""
    if name not in ("eig", "eigh", "svd") or any(not np.all(np.isfinite(out)) for out in outs):
        return
    first, second, *rest = map(widen, outs)
    for at in np.ndindex(*first.shape[:-2] if name == "svd" else first.shape[:-1]):
        if name == "svd":
            left, right = first[at], np.conj(rest[0][at].T)
            if left.shape[0] < right.shape[0]:
                left, right, at = right, left, (*at, -1)
            columns = right.shape[1]
            _nearest["svd", (*right.shape, *at)] = right
            if left.shape[1] > columns:
                _nearest["svd, others", (left.shape[0], columns, *at)] = left[:, columns:]
        elif name == "eigh":
            _nearest["eigh", (*second[at].shape, *at)] = second[at]
        else:
            _nearest["eig", (second.shape[-1], *at)] = first[at], second[at]


def _over_batch(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one matrix (and further ones) as a function of stacks of them."""

    @wraps(function)
    def batched(x: Any, *others: Any, **options: Any) -> Any:
        arrays = [np.asarray(a) for a in (x, *others)]
        if all(a.ndim == 2 for a in arrays):
            return function(*arrays, **options)
        lead = np.broadcast_shapes(*(a.shape[:-2] for a in arrays))
        spread = [np.broadcast_to(a, lead + a.shape[-2:]) for a in arrays]
        results = [function(*(a[at] for a in spread), at=at, **options) for at in np.ndindex(*lead)]
        if not results:
            blank = [np.zeros(a.shape[-2:], a.dtype) + np.eye(*a.shape[-2:]) for a in arrays]
            example = function(*blank, **options)
            if isinstance(example, tuple):
                return type(example)(*(np.zeros(lead + np.shape(e), np.asarray(e).dtype) for e in example))
            return np.zeros(lead + np.shape(example), np.asarray(example).dtype)
        if isinstance(results[0], tuple):
            columns = zip(*results, strict=True)
            return type(results[0])(
                *(np.stack([np.asarray(r) for r in c]).reshape(lead + np.shape(c[0])) for c in columns)
            )
        return np.stack([np.asarray(r) for r in results]).reshape(lead + np.shape(results[0]))

    return batched


def _eliminate(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Gauss-Jordan with row pivoting: the solution of a x = b, the pivots and the sign of the permutation."""
    a, b = np.array(a), np.array(b, dtype=np.result_type(a, b))
    n = a.shape[0]
    pivots = np.ones(n, a.dtype)
    sign = 1
    for k in range(n):
        p = k + int(np.argmax(np.abs(a[k:, k])))
        if p != k:
            a[[k, p]], b[[k, p]] = a[[p, k]], b[[p, k]]
            sign = -sign
        pivots[k] = a[k, k]
        if pivots[k] == 0:
            continue
        for i in range(n):
            if i != k:
                factor = a[i, k] / pivots[k]
                a[i] -= factor * a[k]
                b[i] -= factor * b[k]
    with np.errstate(all="ignore"):
        return b / pivots[:, None], pivots, sign


@_over_batch
def inv(x: Any, *, at: Any = ()) -> Any:
    """The inverse. Raises `LinAlgError` for a singular matrix, as NumPy's does."""
    solution, pivots, _ = _eliminate(x, np.eye(x.shape[0], dtype=x.dtype))
    if np.any(pivots == 0):
        raise np.linalg.LinAlgError("Singular matrix")
    return solution


@_over_batch
def _solve(a: Any, b: Any, *, at: Any = ()) -> Any:
    solution, pivots, _ = _eliminate(a, b)
    if np.any(pivots == 0):
        raise np.linalg.LinAlgError("Singular matrix")
    return solution


def solve(a: Any, b: Any) -> Any:
    """The x of a x = b, for a vector b or stacks of matrices."""
    b = np.asarray(b)
    return _solve(a, b[:, None])[..., 0] if b.ndim == 1 else _solve(a, b)


@_over_batch
def det(x: Any, *, at: Any = ()) -> Any:
    """The determinant."""
    _, pivots, sign = _eliminate(x, np.zeros((x.shape[0], 0), x.dtype))
    return np.prod(pivots) * sign


@_over_batch
def slogdet(x: Any, *, at: Any = ()) -> Any:
    """The determinant's sign (or phase) and the logarithm of its size."""
    _, pivots, sign = _eliminate(x, np.zeros((x.shape[0], 0), x.dtype))
    sizes = np.abs(pivots)
    with np.errstate(all="ignore"):
        phase = np.prod(np.where(sizes == 0, 0, pivots / np.where(sizes == 0, 1, sizes))) * sign
        return SignAndLog(phase.astype(x.dtype), np.sum(np.log(sizes)))


@_over_batch
def _cholesky(x: Any, *, at: Any = ()) -> Any:
    lower = np.zeros_like(x)
    for j in range(x.shape[0]):
        rest = np.real(x[j, j]) - np.sum(np.abs(lower[j, :j]) ** 2)
        if not rest > 0:
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        lower[j, j] = np.sqrt(rest)
        lower[j + 1 :, j] = (x[j + 1 :, j] - lower[j + 1 :, :j] @ np.conj(lower[j, :j])) / lower[j, j]
    return lower


def cholesky(x: Any, *, upper: bool = False) -> Any:
    """The triangular root of a positive definite matrix, from its lower triangle (upper: the conjugate transpose)."""
    lower = _cholesky(x)
    return np.conj(np.swapaxes(lower, -1, -2)) if upper else lower


@_over_batch
def qr(x: Any, *, mode: str = "reduced", at: Any = ()) -> Any:
    """Q and R by Householder's reflections, with LAPACK's signs."""
    rows, columns = x.shape
    r, q = np.array(x), np.eye(rows, dtype=x.dtype)
    for k in range(min(rows, columns)):
        v = r[k:, k].copy()
        length = np.sqrt(np.sum(np.abs(v) ** 2))
        alone = k == rows - 1 and np.imag(v[0]) == 0
        if length == 0 or alone or (not np.any(v[1:]) and np.imag(v[0]) == 0):
            continue
        beta = -length if np.real(v[0]) >= 0 else length
        tau = (beta - v[0]) / beta
        v = v / (v[0] - beta)
        v[0] = 1
        # LAPACK's reflector is I - tau v vᴴ; R is had by its conjugate transpose.
        r[k:] -= np.conj(tau) * np.outer(v, np.conj(v) @ r[k:])
        q[:, k:] -= tau * np.outer(q[:, k:] @ v, np.conj(v))
    r = np.triu(r)
    if mode == "complete":
        return QR(q, r)
    return QR(q[:, : min(rows, columns)], r[: min(rows, columns)])


def _orthonormal(v: Any) -> Any:
    """The columns made orthonormal in turn, twice; what they span and their signs stay."""
    v = np.array(v)
    for _ in range(2):
        for k in range(v.shape[1]):
            v[:, k] -= v[:, :k] @ (np.conj(v[:, :k].T) @ v[:, k])
            v[:, k] /= np.sqrt(np.sum(np.abs(v[:, k]) ** 2))
    return v


def _diagonalise(x: Any, v: Any) -> tuple[Any, Any]:
    """The eigenvalues and eigenvectors of a Hermitian matrix, by Jacobi's rotations from approximate eigenvectors."""
    v = _orthonormal(v)
    a = np.conj(v.T) @ x @ v
    n = a.shape[0]
    nothing = np.finfo(a.dtype).eps * np.max(np.abs(a), initial=0)
    for _ in range(6):
        if np.all(np.abs(np.triu(a, 1)) <= nothing):
            break
        for p in range(n):
            for q in range(p + 1, n):
                size = np.abs(a[p, q])
                if size == 0:
                    continue
                phase = a[p, q] / size
                gap = np.real(a[q, q] - a[p, p])
                angle = np.arctan2(2 * size, gap) / 2 if gap >= 0 else -np.arctan2(2 * size, -gap) / 2
                c, s = np.cos(angle), np.sin(angle)
                turn = np.asarray([[c, s * phase], [-s * np.conj(phase), c]])
                pair = [p, q]
                a[:, pair] = a[:, pair] @ turn
                a[pair] = np.conj(turn.T) @ a[pair]
                v[:, pair] = v[:, pair] @ turn
    return np.real(np.diagonal(a)).copy(), v


def _follow(kind: str, at: Any, v: Any) -> Any:
    """Phases for the columns of `v`: those of the last call of the kind where it was nearby, else those they have."""
    key = (kind, (*v.shape, *at))
    last = _nearest.get(key)
    if last is not None and last.dtype == v.dtype:
        overlap = np.sum(np.conj(last) * v, axis=0)
        if np.all(np.abs(overlap) > 0.9):
            return np.conj(overlap) / np.abs(overlap)
    _nearest[key] = v
    return np.ones(v.shape[1], v.dtype)


def _double(x: Any) -> Any:
    return x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)


@_over_batch
def eigh(x: Any, *, at: Any = ()) -> Any:
    """The eigenvalues of a Hermitian matrix, rising, and its eigenvectors; from its lower triangle."""
    lower = np.tril(x, -1)
    x = lower + np.conj(lower.T) + np.diag(np.real(np.diagonal(x)))
    w, v = _diagonalise(x, np.linalg.eigh(_double(x))[1].astype(x.dtype))
    order = np.argsort(w, kind="stable")
    v = v[:, order]
    return Eigh(w[order], v * _follow("eigh", at, v))


def eigvalsh(x: Any) -> Any:
    """The eigenvalues of a Hermitian matrix."""
    return eigh(x).eigenvalues


def _others(left: Any, rest: Any, at: Any) -> Any:
    """What completes the left vectors: what did so in the last call, where it nearly does, so as to turn least."""
    key = ("svd, others", (*left.shape, *at))
    last = _nearest.get(key)
    if last is not None and last.dtype == rest.dtype and np.all(np.abs(np.conj(left.T) @ last) < 0.3):
        return last
    _nearest[key] = rest
    return rest


def _tall_svd(x: Any, u: Any, v: Any, at: Any) -> tuple[Any, Any, Any]:
    """U, the singular values and V of a matrix with no fewer rows than columns, from NumPy's U and V."""
    columns = x.shape[1]
    squares, v = _diagonalise(np.conj(x.T) @ x, v.astype(x.dtype))
    order = np.argsort(-squares, kind="stable")
    v = v[:, order]
    v = v * _follow("svd", at, v)
    image = x @ v
    s = np.sqrt(np.sum(np.abs(image) ** 2, axis=0))
    with np.errstate(all="ignore"):
        left = np.where(s > 1e-17 * np.max(s, initial=0), image / s, u[:, :columns].astype(x.dtype))
    if u.shape[1] > columns:
        rest = _others(left, u[:, columns:].astype(x.dtype), at)
        left = _orthonormal(np.concatenate([left, rest], axis=1))
    return left, s, v


@_over_batch
def _svd(x: Any, *, full_matrices: bool = True, at: Any = ()) -> Any:
    u, _, vh = np.linalg.svd(_double(x), full_matrices=full_matrices)
    if x.shape[0] < x.shape[1]:
        v, s, u = _tall_svd(np.conj(x.T), np.conj(vh.T), u, (*at, -1))
    else:
        u, s, v = _tall_svd(x, u, np.conj(vh.T), at)
    return SVD(u, s, np.conj(v.T))


def svd(x: Any, *, full_matrices: bool = True) -> Any:
    """U, the singular values, falling, and Vᴴ."""
    return _svd(x, full_matrices=full_matrices)


def svdvals(x: Any) -> Any:
    """The singular values, falling."""
    return _svd(x, full_matrices=False).S


@_over_batch
def eig(x: Any, *, at: Any = ()) -> Any:
    """The eigenvalues and eigenvectors of any matrix, in NumPy's order and with its phases, by Newton's method."""
    n = x.shape[0]
    w, v = np.linalg.eig(_double(x))
    w, v = w.astype(np.clongdouble), v.astype(np.clongdouble)
    if not n:
        return Eig(w, v)
    signs = v
    last = _nearest.get(("eig", (n, *at)))
    if last is not None:
        # The order of the last call, where each of its eigenvalues has one nearby.
        order = np.argmin(np.abs(last[0][:, None] - w[None, :]), axis=1)
        if len(set(order.tolist())) == n:
            w, v, signs = w[order], v[:, order], last[1]
    # Newton's method on (A - w) v = 0 with v's part along its start kept, of all pairs at once. Its matrix is inverted
    # in double, which leaves the steps' limit as it is: each takes off all but 1e-16 times the condition of the error.
    a = x.astype(np.clongdouble)
    start = v.copy()
    bordered = np.zeros((n, n + 1, n + 1), np.complex128)
    bordered[:, :n, :n] = a - w[:, None, None] * np.eye(n)
    bordered[:, :n, n] = -v.T
    bordered[:, n, :n] = np.conj(start.T)
    inverse = np.linalg.pinv(bordered).astype(np.clongdouble)
    for _ in range(4):
        rest = np.concatenate([a @ v - v * w, [np.sum(np.conj(start) * (v - start), axis=0)]])
        step = (inverse @ rest.T[:, :, None])[:, :, 0]
        v, w = v - step[:, :n].T, w - step[:, n]
    largest = np.argmax(np.abs(start), axis=0)[None]
    v = v / np.sqrt(np.sum(np.abs(v) ** 2, axis=0))
    lead = np.take_along_axis(v, largest, axis=0)
    v = v * (np.conj(lead) / np.abs(lead))
    v = v * np.where(np.real(np.sum(np.conj(signs) * v, axis=0)) >= 0, 1, -1)
    _nearest[("eig", (n, *at))] = (w, v)
    return Eig(w, v)


def eigvals(x: Any) -> Any:
    """The eigenvalues of any matrix."""
    return eig(x).eigenvalues


def matrix_rank(x: Any, *, rtol: Any = None) -> Any:
    """How many singular values are above `rtol` times the largest; beside it double's rounding counts as 0."""
    s = svdvals(x)
    if rtol is None:
        rtol = max(np.shape(x)[-2:]) * np.finfo(np.float64).eps
    return np.sum(s > rtol * np.max(s, axis=-1, keepdims=True, initial=0), axis=-1)


def pinv(x: Any, *, rtol: Any = None) -> Any:
    """The pseudo-inverse of a matrix of full rank."""
    u, s, vh = _svd(x, full_matrices=False)
    return np.conj(np.swapaxes(vh, -1, -2)) @ (np.conj(np.swapaxes(u, -1, -2)) / s[..., :, None])


def matrix_power(x: Any, n: int) -> Any:
    """The n-th power, of the inverse where n is negative."""
    x = np.asarray(x)
    base = inv(x) if n < 0 else x
    out = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    for _ in range(abs(n)):
        out = out @ base
    return out


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of each matrix: Frobenius, nuclear, spectral, or by rows or columns."""
    x = np.asarray(x)
    if ord in (2, -2, "nuc"):
        s = svdvals(x)
        out = s.sum(axis=-1) if ord == "nuc" else s.max(axis=-1) if ord == 2 else s.min(axis=-1)
        return out[..., None, None] if keepdims else out
    return np.linalg.norm(x, axis=(-2, -1), ord=ord, keepdims=keepdims)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "cholesky": cholesky,
    "det": det,
    "eig": eig,
    "eigh": eigh,
    "eigvals": eigvals,
    "eigvalsh": eigvalsh,
    "inv": inv,
    "matrix_norm": matrix_norm,
    "matrix_power": matrix_power,
    "matrix_rank": matrix_rank,
    "pinv": pinv,
    "qr": qr,
    "slogdet": slogdet,
    "solve": solve,
    "svd": svd,
    "svdvals": svdvals,
}
