"""Polynomials as sequences of coefficients, the highest power first, in NumPy's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as host

from .. import dtypes
from ..errors import ArgumentError, DynamicShapeError, ShapeError
from . import linalg, manipulation, products
from .arguments import asarray, is_batched, op

if TYPE_CHECKING:
    from ..typing import ArrayLike
    from .arrays import ndarray


def _coefficients(name: str, p: Any) -> ndarray:
    p = manipulation.atleast_1d(asarray(p))
    if p.ndim != 1:
        raise ShapeError(f"{name} takes a sequence of coefficients, not an array of shape {p.shape}")
    found: ndarray = p
    return found


def _times(name: str, m: Any) -> int:
    if int(m) < 0:
        raise ArgumentError(f"{name}: m is {m}, and says how many times, 0 or more")
    return int(m)


def polyval(p: ArrayLike, x: ArrayLike) -> ndarray:
    """A polynomial with coefficients `p`, the highest power first, at `x`.

    Shapes: `p` of one axis; the result has the shape of `x`.
    Raises: `ShapeError` where `p` is not a sequence.

    >>> tnp.polyval([1.0, 0.0, -1.0], 3.0)
    Array(8., dtype=float32)
    >>> tapegrad.grad(lambda p: tnp.polyval(p, 3.0))(tnp.asarray([1.0, 0.0, -1.0]))
    Array([9., 3., 1.], dtype=float32)
    """
    p, x = _coefficients("polyval", p), asarray(x)
    total: ndarray = op.zeros_like(x._detached())
    if p.shape[0]:
        total = p[0] + total
    for i in range(1, p.shape[0]):
        total = total * x + p[i]
    return total


def vander(x: ArrayLike, N: int | None = None, increasing: bool = False) -> ndarray:
    """The powers of each element in a row, `N` of them or as many as there are elements, the highest first.

    Shapes: `x` (n,) gives (n, N).
    Dtypes: integers become int64; others stay.
    Raises: `ShapeError` where `x` is not a sequence, `ValueError` for a negative `N`.

    >>> tnp.vander([2.0, 3.0], 3)
    Array([[4., 2., 1.],
           [9., 3., 1.]], dtype=float32)
    """
    x = asarray(x)
    if x.ndim != 1:
        raise ShapeError(f"vander takes a sequence of points, not an array of shape {x.shape}")
    if x.dtype in dtypes.INTEGER or x.dtype == dtypes.BOOL:
        x = x.astype("int64")
    n = x.shape[0] if N is None else N
    if n < 0:
        raise ArgumentError(f"vander: N is {n}, and says how many powers, 0 or more")
    if n == 0:
        found: ndarray = x[:, None][:, :0]
        return found
    powers = [x**k if k else op.ones_like(x._detached()) for k in range(n)]
    return op.stack(*(powers if increasing else reversed(powers)), axis=-1)


def _floating(x: Any) -> ndarray:
    x = asarray(x)
    found: ndarray = x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype())
    return found


def _both(name: str, a1: Any, a2: Any) -> tuple[ndarray, ndarray]:
    """Two polynomials of the same number of coefficients."""
    first, second = _coefficients(name, a1), _coefficients(name, a2)
    n = max(first.shape[0], second.shape[0])
    wide = [manipulation.pad(a, (n - a.shape[0], 0)) if a.shape[0] < n else a for a in (first, second)]
    return wide[0], wide[1]


def polyadd(a1: ArrayLike, a2: ArrayLike) -> ndarray:
    """The sum of two polynomials.

    Shapes: sequences; the result is as long as the longer one.
    Raises: `ShapeError` where either is not a sequence.

    >>> tnp.polyadd([1, 2], [9, 5, 4])
    Array([9, 6, 6], dtype=int64)
    """
    first, second = _both("polyadd", a1, a2)
    return first + second


def polysub(a1: ArrayLike, a2: ArrayLike) -> ndarray:
    """The difference of two polynomials.

    Shapes: sequences; the result is as long as the longer one.
    Raises: `ShapeError` where either is not a sequence.

    >>> tnp.polysub([1, 2], [9, 5, 4])
    Array([-9, -4, -2], dtype=int64)
    """
    first, second = _both("polysub", a1, a2)
    return first - second


def polymul(a1: ArrayLike, a2: ArrayLike) -> ndarray:
    """The product of two polynomials.

    Shapes: sequences of m and n coefficients give one of m + n - 1.
    Raises: `ShapeError` where either is empty or not a sequence.

    >>> tnp.polymul([1, 2], [1, -2])
    Array([ 1,  0, -4], dtype=int64)
    """
    return products.convolve(_coefficients("polymul", a1), _coefficients("polymul", a2))


def polydiv(u: ArrayLike, v: ArrayLike) -> tuple[ndarray, ndarray]:
    """The quotient and the remainder of two polynomials.

    Shapes: sequences of m and n coefficients give a quotient of m - n + 1 and a remainder of less than n, without its
    leading zeros; of one, a zero, where there is nothing. It depends on the values, and so has no place in a `vmap`.
    Dtypes: `u` and `v` are promoted to one, integers to the default float first.
    Raises: `ShapeError` where either is empty or not a sequence.

    >>> tnp.polydiv([1.0, 0.0, -1.0], [1.0, 2.0])
    (Array([ 1., -2.], dtype=float32), Array([3.], dtype=float32))
    """
    rest, v = _floating(_coefficients("polydiv", u)), _floating(_coefficients("polydiv", v))
    n = v.shape[0]
    if not (n and rest.shape[0]):
        raise ShapeError(f"polydiv takes polynomials of one coefficient or more, not of {rest.shape[0]} and {n}")
    found = []
    for i in range(rest.shape[0] - n + 1):
        factor = rest[i] / v[0]
        found.append(factor)
        after = rest.shape[0] - i - n
        rest = rest - factor * manipulation.pad(v, (i, after))
    quotient = manipulation.stack(found) if found else op.zeros_like(rest[:1]._detached())
    rest = rest[len(found) :] if found else rest
    if is_batched(rest):
        raise DynamicShapeError("polydiv() under vmap: how long the remainder is may differ within the batch")
    held = host.flatnonzero(~host.isclose(rest._detached().asnumpy(), 0.0, rtol=1e-14))
    start = int(held[0]) if held.size else rest.shape[0] - 1
    return quotient, rest[start:] if rest.shape[0] else op.zeros_like(quotient[:1]._detached())


def polyder(p: ArrayLike, m: int = 1) -> ndarray:
    """The m-th derivative of a polynomial.

    Shapes: a sequence of n coefficients gives one of n - m, empty where there is nothing left.
    Raises: `ShapeError` where `p` is not a sequence, `ValueError` for a negative `m`.

    >>> tnp.polyder([1.0, 0.0, -4.0])
    Array([2., 0.], dtype=float32)
    """
    p = _coefficients("polyder", p)
    for _ in range(_times("polyder", m)):
        p = p[:-1] * host.arange(p.shape[0] - 1, 0, -1)
    found: ndarray = p
    return found


def polyint(p: ArrayLike, m: int = 1, k: ArrayLike | None = None) -> ndarray:
    """The m-th antiderivative of a polynomial, with the constants `k`, zeros unless given.

    Shapes: a sequence of n coefficients gives one of n + m; `k` is a number, or m of them in the order of integration.
    Dtypes: that of `p`; integers become the default float first.
    Raises: `ShapeError` where `p` is not a sequence or `k` is of another length, `ValueError` for a negative `m`.

    >>> tnp.polyint([2.0, 0.0], k=5.0)
    Array([1., 0., 5.], dtype=float32)
    """
    p, m = _floating(_coefficients("polyint", p)), _times("polyint", m)
    given = manipulation.atleast_1d(asarray(0.0 if k is None else k, p.dtype))
    if given.shape not in ((1,), (m,)):
        raise ShapeError(f"polyint: k is of shape {given.shape}; give one constant, or one for each of {m}")
    constants = [given[i if given.shape[0] > 1 else 0] for i in range(m)]
    for constant in constants:
        powers = host.arange(p.shape[0], 0, -1).astype(host.dtype(p.dtype).type(0).real.dtype)
        p = manipulation.concat([p / powers, constant.reshape(1)])
    found: ndarray = p
    return found


def poly(seq_of_zeros: ArrayLike) -> ndarray:
    """The coefficients of the polynomial that has these zeros, or of the characteristic one of a square matrix.

    Shapes: (n,) or (n, n) gives (n + 1,).
    Dtypes: that of the zeros; integers become the default float first.
    Raises: `ShapeError` for another shape.

    >>> tnp.poly([1.0, 2.0])
    Array([ 1., -3.,  2.], dtype=float32)
    """
    zeros = _floating(manipulation.atleast_1d(seq_of_zeros))
    if zeros.ndim > 2:
        raise ShapeError(f"poly takes a sequence of zeros or a square matrix, not an array of shape {zeros.shape}")
    if zeros.ndim == 2:
        real = zeros.dtype in dtypes.FLOATING
        found = poly(linalg.eigvals(zeros))
        return op.real(found) if real else found
    one = op.ones_like(zeros[:1]._detached()) if zeros.shape[0] else asarray([1.0], zeros.dtype)
    found = one
    for i in range(zeros.shape[0]):
        found = manipulation.concat([found, 0.0 * one]) - zeros[i] * manipulation.concat([0.0 * one, found])
    return found


def roots(p: ArrayLike) -> ndarray:
    """The zeros of a polynomial, complex numbers, as the eigenvalues of its companion matrix.

    Shapes: a sequence of n + 1 coefficients, the first not zero, gives (n,). How many are zero depends on the values,
    and so has no place in a `vmap`.
    Dtypes: complex; integers become the default float first.
    Raises: `ShapeError` where `p` is not a sequence.

    >>> tnp.roots([1.0, 0.0, 4.0]).imag
    Array([ 2., -2.], dtype=float32)
    """
    p = _floating(_coefficients("roots", p))
    if is_batched(p):
        raise DynamicShapeError("roots() under vmap: zeros in front, which are left out, may differ within the batch")
    held = host.flatnonzero(p._detached().asnumpy())
    found: ndarray = p[:0]
    if not held.size:
        return found
    behind = p.shape[0] - 1 - int(held[-1])
    p = p[int(held[0]) : int(held[-1]) + 1]
    n = p.shape[0] - 1
    found = p[:0]
    if n:
        top = (-p[1:] / p[0]).reshape(1, n)
        below = asarray(host.eye(n - 1, n), p.dtype).to(p.backend.name)
        found = linalg.eigvals(manipulation.concat([top, below], axis=0))
    if behind:
        found = manipulation.concat([found, asarray(host.zeros(behind), found.dtype).to(p.backend.name)])
    return found


@overload
def polyfit(
    x: ArrayLike,
    y: ArrayLike,
    deg: int,
    rcond: float | None = None,
    full: Literal[False] = False,
    w: ArrayLike | None = None,
    cov: Literal[False] = False,
) -> ndarray: ...
@overload
def polyfit(
    x: ArrayLike,
    y: ArrayLike,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: ArrayLike | None = None,
    cov: bool | str = False,
) -> Any: ...
def polyfit(
    x: ArrayLike,
    y: ArrayLike,
    deg: int,
    rcond: float | None = None,
    full: bool = False,
    w: ArrayLike | None = None,
    cov: bool | str = False,
) -> Any:
    """The coefficients of the polynomial of degree `deg` that is nearest to points, in the sense of least squares.

    `w`: weights of the distances. The columns of powers are scaled to one length first, as NumPy does. `full`: also the
    squared distance, the rank and the singular values of the scaled columns, and `rcond`. `cov`: also the coefficients'
    covariance, of distances of the variance that is found, or with "unscaled" of 1 / `w`².

    Shapes: `x` (n,), `y` (n,) or (n, k) and `w` (n,) give (deg + 1,) or (deg + 1, k); the covariance is
    (deg + 1, deg + 1), or (deg + 1, deg + 1, k) with k = 1 if unscaled.
    Dtypes: all are promoted to one, integers to the default float first.
    Raises: `ShapeError` where the numbers of points differ or there is none, `ValueError` for a negative `deg`, or a
    covariance of no more points than coefficients.

    >>> tnp.round(tnp.polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1), 4)
    Array([2., 1.], dtype=float32)
    """
    x, y = _floating(x), _floating(y)
    if x.ndim != 1 or not x.shape[0]:
        raise ShapeError(f"polyfit takes a sequence of points, one or more, for x, not an array of shape {x.shape}")
    if y.ndim not in (1, 2) or y.shape[0] != x.shape[0]:
        raise ShapeError(f"polyfit: y is of shape {y.shape}, and x has {x.shape[0]} points")
    if int(deg) < 0:
        raise ArgumentError(f"polyfit: deg is {deg}, and has to be 0 or more")
    # Scales of columns and weights are of no account for the result, and so for its derivative.
    largest: Any = 1.0
    table = vander(x, int(deg) + 1)
    scale = linalg.vector_norm(table._detached(), axis=0)
    table = table / scale
    if w is not None:
        weights: ndarray = asarray(w)
        if weights.shape != x.shape:
            raise ShapeError(f"polyfit: w is of shape {weights.shape}, and x of shape {x.shape}")
        largest = op.max(op.abs(weights._detached()))
        weights = weights / largest
        table = table * weights[:, None]
        y = op.multiply(y, weights[:, None] if y.ndim == 2 else weights)
        weighted = linalg.vector_norm(table._detached(), axis=0)
        table, scale = table / weighted, scale * weighted
    limit = x.shape[0] * float(host.finfo(x.dtype).eps) if rcond is None else rcond
    found, squares, rank, s = linalg.lstsq(table, y, limit)
    found = found / (scale[:, None] if y.ndim == 2 else scale)
    if full:
        return found, squares * largest**2, rank, s, limit
    if not cov:
        return found
    # In the scaled columns, so that no square of a scale leaves the range.
    spread = linalg.inv(op.matmul(manipulation.matrix_transpose(table), table)) / scale / scale[:, None]
    spread = spread[:, :, None] if y.ndim == 2 else spread
    if cov == "unscaled":
        return found, spread / largest / largest
    if x.shape[0] <= int(deg) + 1:
        raise ArgumentError(
            f"polyfit: the covariance of {int(deg) + 1} coefficients needs more than {x.shape[0]} points"
        )
    variance = squares / (x.shape[0] - int(deg) - 1)
    return found, spread * variance
