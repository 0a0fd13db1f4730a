"""The incomplete gamma functions of host arrays, in float64.

SciPy's lose up to 100 units in the last place where numbers are small and thousands where they are large: its prefactor
is the exponential of terms that cancel, and its continued fraction is summed up from the front.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from scipy import special

__all__ = ["gammainc", "gammaincc"]

STIRLING_FROM = 10.0
"""From this a on, the prefactor is one of small exponents; below, powers and the gamma function are exact enough."""

LARGE = 20.0
"""From this a on SciPy has an expansion where x is near a."""


def gammainc(a: Any, x: Any) -> Any:
    """The regularized lower incomplete gamma function."""
    return _by_regions(special.gammainc, a, x, upper=False)


def gammaincc(a: Any, x: Any) -> Any:
    """The regularized upper incomplete gamma function."""
    return _by_regions(special.gammaincc, a, x, upper=True)


def _by_regions(scipys: Any, a: Any, x: Any, *, upper: bool) -> Any:
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    out = np.empty(a.shape)
    with np.errstate(all="ignore"):
        ours = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
        # There the expansion is exact, and the series are long.
        ours &= (a <= LARGE) | (np.abs(x - a) > 0.29 * a)
        far = ours & (x >= np.maximum(a, 1))
        near = ours & ~far
        small = near & (a < 1) if upper else np.zeros_like(near)
        near &= ~small
        out[~ours] = scipys(a[~ours], x[~ours])
        out[far] = _from_above(a[far], x[far]) if upper else 1 - _from_above(a[far], x[far])
        out[near] = 1 - _from_below(a[near], x[near]) if upper else _from_below(a[near], x[near])
        out[small] = _of_small(a[small], x[small])
    return out


def _density(a: Any, x: Any) -> Any:
    """x^a exp(-x) / Γ(a + 1)."""
    large = a >= STIRLING_FROM
    out = np.empty_like(a)
    b, y = a[~large], x[~large]
    out[~large] = np.power(y, b) * np.exp(-y) / special.gamma(b + 1)
    b, y = a[large], x[large]
    if b.size:
        s = 1 / (b * b)
        tail = (
            1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s / 156)))))
        ) / b
        out[large] = np.exp(-b * _excess((y - b) / b, y / b) - tail) / np.sqrt(2 * math.pi * b)
    return out


def _excess(d: Any, ratio: Any) -> Any:
    """d - log(1 + d), where 1 + d is `ratio`."""
    y = d / (2 + d)
    square = y * y
    series = np.zeros_like(y)
    for k in range(24, 0, -1):
        series = series * square + 1 / (2 * k + 1)
    return np.where(np.abs(d) < 0.5, y * (d - 2 * square * series), d - np.log(ratio))


def _from_below(a: Any, x: Any) -> Any:
    """The lower function by its power series, all terms of which are positive."""
    total = np.ones_like(a)
    term = np.ones_like(a)
    k = 0
    while np.any(term > 1e-17 * total):
        k += 1
        term = term * x / (a + k)
        total = total + term
    return _density(a, x) * total


def _from_above(a: Any, x: Any) -> Any:
    """The upper function by Legendre's continued fraction, from its end; the nearer x is to 0, the longer it is."""
    fraction = np.zeros_like(a)
    for k in range(30 + int(100 / np.min(x, initial=100.0)), 0, -1):
        fraction = k * (a - k) / (x - a + (2 * k + 1) + fraction)
    return _density(a, x) * (a / (x - a + 1 + fraction))


def _of_small(a: Any, x: Any) -> Any:
    """The upper function where both are below 1: what 1 - x^a / Γ(a + 1) leaves, and the rest of the power series.

    For an a near 0 it is near 0 itself, and 1 less the lower function would have no digit of it.
    """
    factorial = np.zeros_like(a)
    for c in _zetas():
        factorial = factorial * -a + c
    factorial = factorial * a * a + a * (1 - np.euler_gamma) - np.log1p(a)
    power = a * np.log(x) - factorial
    series = np.zeros_like(a)
    for k in range(20, 0, -1):
        series = (1 / (a + k) + series) * (-x / k)
    return -np.expm1(power) - np.exp(power) * a * series


@cache
def _zetas() -> tuple[float, ...]:
    """(ζ(k) - 1) / k, of k = 60, 59, …, 2: the Taylor coefficients of log Γ(1 + a) + log(1 + a), but for signs."""
    return tuple(float(special.zetac(k)) / k for k in range(60, 1, -1))
