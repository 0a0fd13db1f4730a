"""Polynomials as sequences of coefficients, the highest power first, in NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as host

from .. import dtypes
from ..array import Array
from ..kernels import OPS
from . import linalg, manipulation, products
from .creation import asarray

__all__ = [
    "poly",
    "polyadd",
    "polyder",
    "polydiv",
    "polyfit",
    "polyint",
    "polymul",
    "polysub",
    "polyval",
    "roots",
    "vander",
]


def polyval(p: Any, x: Any) -> Array:
    """A polynomial with coefficients `p`, the highest power first, at `x`."""
    p, x = asarray(p), asarray(x)
    total: Array = p[0] + OPS["zeros_like"].call(x.detach())
    for i in range(1, p.shape[0]):
        total = total * x + p[i]
    return total


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Array:
    """The powers of each element in a row."""
    x = asarray(x)
    if x.dtype in dtypes.INTEGER or x.dtype == dtypes.BOOL:
        x = x.astype("int64")
    n = x.shape[0] if N is None else N
    powers = [x**k if k else OPS["ones_like"].call(x.detach()) for k in range(n)]
    found: Array = OPS["stack"].call(*(powers if increasing else reversed(powers)), axis=-1)
    return found


def _floating(x: Any) -> Array:
    x = asarray(x)
    found: Array = x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype())
    return found


def _both(a1: Any, a2: Any) -> tuple[Array, Array]:
    """Two polynomials of the same number of coefficients."""
    first, second = (manipulation.atleast_1d(asarray(a)) for a in (a1, a2))
    n = max(first.shape[0], second.shape[0])
    wide = [manipulation.pad(a, (n - a.shape[0], 0)) if a.shape[0] < n else a for a in (first, second)]
    return wide[0], wide[1]


def polyadd(a1: Any, a2: Any) -> Array:
    """The sum of two polynomials.

    >>> polyadd([1, 2], [9, 5, 4]).tolist()
    [9, 6, 6]
    """
    first, second = _both(a1, a2)
    return first + second


def polysub(a1: Any, a2: Any) -> Array:
    """The difference of two polynomials."""
    first, second = _both(a1, a2)
    return first - second


def polymul(a1: Any, a2: Any) -> Array:
    """The product of two polynomials."""
    first, second = (manipulation.atleast_1d(asarray(a)) for a in (a1, a2))
    return products.convolve(first, second)


def polydiv(u: Any, v: Any) -> tuple[Array, Array]:
    """The quotient and the remainder of two polynomials."""
    rest, v = manipulation.atleast_1d(_floating(u)), manipulation.atleast_1d(_floating(v))
    n = v.shape[0]
    found = []
    for i in range(rest.shape[0] - n + 1):
        factor = rest[i] / v[0]
        found.append(factor)
        after = rest.shape[0] - i - n
        rest = rest - factor * manipulation.pad(v, (i, after))
    quotient = manipulation.stack(found) if found else OPS["zeros_like"].call(rest[:1].detach())
    rest = rest[len(found) :] if found else rest
    held = host.flatnonzero(~host.isclose(rest.detach().asnumpy(), 0.0, rtol=1e-14))
    start = int(held[0]) if held.size else rest.shape[0] - 1
    return quotient, rest[start:] if rest.shape[0] else OPS["zeros_like"].call(quotient[:1].detach())


def polyder(p: Any, m: int = 1) -> Array:
    """The m-th derivative of a polynomial."""
    p = asarray(p)
    for _ in range(int(m)):
        p = p[:-1] * host.arange(p.shape[0] - 1, 0, -1)
    found: Array = p
    return found


def polyint(p: Any, m: int = 1, k: Any = None) -> Array:
    """The m-th antiderivative of a polynomial, with the constants `k`, zeros unless given."""
    p = _floating(p)
    given = manipulation.atleast_1d(asarray(0.0 if k is None else k, p.dtype))
    constants = [given[i if given.shape[0] > 1 else 0] for i in range(int(m))]
    for constant in constants:
        powers = host.arange(p.shape[0], 0, -1).astype(host.dtype(p.dtype).type(0).real.dtype)
        p = manipulation.concat([p / powers, constant.reshape(1)])
    found: Array = p
    return found


def poly(seq_of_zeros: Any) -> Array:
    """The coefficients of the polynomial that has these zeros, or of the characteristic one of a square matrix."""
    zeros = _floating(manipulation.atleast_1d(seq_of_zeros))
    if zeros.ndim == 2:
        real = zeros.dtype in dtypes.FLOATING
        found = poly(linalg.eigvals(zeros))
        return OPS["real"].call(found) if real else found
    one = OPS["ones_like"].call(zeros[:1].detach()) if zeros.shape[0] else asarray([1.0], zeros.dtype)
    found = one
    for i in range(zeros.shape[0]):
        found = manipulation.concat([found, 0.0 * one]) - zeros[i] * manipulation.concat([0.0 * one, found])
    return found


def roots(p: Any) -> Array:
    """The zeros of a polynomial, complex numbers, as the eigenvalues of its companion matrix."""
    p = _floating(p)
    if p.ndim != 1:
        raise ValueError(f"roots takes a sequence of coefficients, not an array of shape {p.shape}")
    held = host.flatnonzero(p.detach().asnumpy())
    found: Array = p[:0]
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


def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, w: Any = None) -> Array:
    """The coefficients of the polynomial of degree `deg` that is nearest to points, in the sense of least squares.

    `w`: weights of the distances. The columns of powers are scaled to one length first, as NumPy does.

    >>> polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(4).tolist()
    [2.0, 1.0]
    """
    x, y = _floating(x), _floating(y)
    table = vander(x, int(deg) + 1)
    if w is not None:
        w = asarray(w)
        table, y = table * w[:, None], y * (w[:, None] if y.ndim == 2 else w)
    scale = OPS["sqrt"].call(OPS["sum"].call(table * table, axis=0))
    limit = x.shape[0] * float(host.finfo(x.dtype).eps) if rcond is None else rcond
    found = linalg.lstsq(table / scale, y, limit)[0]
    return found / (scale[:, None] if y.ndim == 2 else scale)  # type: ignore[no-any-return]
