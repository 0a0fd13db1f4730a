"""Special functions in longdouble, of which NumPy has none: by series and continued fractions that need no tables.

They are for the arguments of samples: real ones of moderate size. `tests/core/test_checks.py` holds them to mpmath's
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

import numpy as np

from ..ops import implicit

__all__ = ["FUNCTIONS", "SPECIAL_EPS"]

SPECIAL_EPS = 2e-17
"""How exact these are, relative to numbers of size 1."""

L = np.longdouble
PI = L("3.14159265358979323846264338327950288")
LOG_2PI = L("1.83787706640934548356065947281123527")
BERNOULLI = tuple(
    L(a) / L(b)
    for a, b in (
        (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798),
        (-174611, 330), (854513, 138), (-236364091, 2730),
    )
)  # fmt: skip
"""B₂, B₄, …"""


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of longdoubles as one of arrays, which broadcast."""

    @wraps(function)
    def of_arrays(*arrays: Any, **keywords: Any) -> Any:
        if any(np.iscomplexobj(x) for x in arrays):
            raise TypeError(f"{function.__name__} is for real numbers")
        spread = np.broadcast_arrays(*(np.asarray(x, L) for x in arrays))
        out = np.empty(spread[0].shape, L)
        with np.errstate(all="ignore"):
            for at in np.ndindex(out.shape):
                out[at] = function(*(x[at] for x in spread), **keywords)
        return out

    return of_arrays


def _shift(x: Any, least: int = 14) -> int:
    return max(0, int(np.ceil(L(least) - x)))


def _gammaln(x: Any) -> Any:
    if np.isnan(x) or x == np.inf:
        return x
    if x <= 0:
        if x == np.floor(x):
            return L(np.inf)
        return np.log(PI / np.abs(np.sin(PI * (x - np.floor(x))))) - _gammaln(1 - x)
    steps = _shift(x)
    product = L(1)
    for k in range(steps):
        product *= x + k
    z = x + steps
    series = sum(b / (2 * k * (2 * k - 1) * z ** (2 * k - 1)) for k, b in enumerate(BERNOULLI, 1))
    return (z - L(0.5)) * np.log(z) - z + LOG_2PI / 2 + series - np.log(product)


def _gamma(x: Any) -> Any:
    sign = 1 if x > 0 or int(np.floor(x)) % 2 == 0 else -1
    return sign * np.exp(_gammaln(x))


def _digamma(x: Any) -> Any:
    if x <= 0:
        return _digamma(1 - x) - PI / np.tan(PI * (x - np.floor(x)))
    steps = _shift(x)
    z = x + steps
    series = sum(b / (2 * k * z ** (2 * k)) for k, b in enumerate(BERNOULLI, 1))
    return np.log(z) - 1 / (2 * z) - series - sum((1 / (x + k) for k in range(steps)), L(0))


def _polygamma_rise(x: Any, y: Any, *, n: int = 0) -> Any:
    """ψ⁽ⁿ⁾(x + y) - ψ⁽ⁿ⁾(x) for positive numbers, by the sum over 1 / (x + k)ⁿ⁺¹ and Euler and Maclaurin."""

    def fall(x: Any, power: int) -> Any:
        return -np.expm1(-power * np.log1p(y / x)) / x**power

    factorial = L(math.factorial(n))
    steps = _shift(x, 20)
    total = factorial * sum((fall(x + k, n + 1) for k in range(steps)), L(0))
    z = x + steps
    total += factorial * (fall(z, n) / n if n else np.log1p(y / z)) + factorial * fall(z, n + 1) / 2
    for k, b in enumerate(BERNOULLI, 1):
        total += b * (math.factorial(2 * k + n - 1) / L(math.factorial(2 * k))) * fall(z, 2 * k + n)
    return (-1) ** n * total


def _zeta(s: Any, a: Any) -> Any:
    """Hurwitz's, by Euler and Maclaurin."""
    steps = _shift(a, 20)
    total = sum(((a + k) ** -s for k in range(steps)), L(0))
    z = a + steps
    total += z ** (1 - s) / (s - 1) + z**-s / 2
    term = s * z ** (-s - 1)
    factorial = L(2)
    for k, b in enumerate(BERNOULLI, 1):
        total += b * term / factorial
        term *= (s + 2 * k - 1) * (s + 2 * k) / (z * z)
        factorial *= (2 * k + 1) * (2 * k + 2)
    return total


def _polygamma(x: Any, *, n: int) -> Any:
    if n == 0:
        return _digamma(x)
    factorial = L(1)
    for k in range(2, n + 1):
        factorial *= k
    return (-1) ** (n + 1) * factorial * _zeta(L(n + 1), x)


def _erf(x: Any) -> Any:
    if np.abs(x) > 3:
        return np.sign(x) * (1 - _erfc(np.abs(x)))
    total = term = x
    k = 0
    while np.abs(term) > L(1e-22) * np.abs(total):
        k += 1
        term = term * 2 * x * x / (2 * k + 1)
        total += term
    return 2 / np.sqrt(PI) * np.exp(-x * x) * total


def _erfc(x: Any) -> Any:
    if x < 3:
        return 1 - _erf(x)
    fraction = L(0)
    for k in range(120, 0, -1):
        fraction = k / L(2) / (x + fraction)
    return np.exp(-x * x) / np.sqrt(PI) / (x + fraction)


def _erfinv(y: Any) -> Any:
    if np.abs(y) >= 1:
        return np.sign(y) * L(np.inf) if np.abs(y) == 1 else L(np.nan)
    w = np.log(1 - y * y)
    middle = 2 / (PI * L(0.147)) + w / 2
    x = np.sign(y) * np.sqrt(np.sqrt(middle * middle - w / L(0.147)) - middle)
    for _ in range(6):
        error = (_erf(x) - y) * np.sqrt(PI) / 2 * np.exp(x * x)
        x = x - error / (1 + x * error)
    return x


def _bessel(x: Any, order: int) -> Any:
    """Iₙ(x), by its power series."""
    total = term = (x / 2) ** order
    k = 0
    while np.abs(term) > L(1e-22) * np.abs(total) and k < 5000:
        k += 1
        term = term * (x / 2) * (x / 2) / (k * (k + order))
        total += term
    return total


def _betaln(a: Any, b: Any) -> Any:
    """log Γ(a) - (log Γ(a + b) - log Γ(b)) where b is the larger: Stirling's series for the second, term by term."""
    if not (a > 0 and b > 0):
        return _gammaln(a) + _gammaln(b) - _gammaln(a + b)
    a, b = min(a, b), max(a, b)
    steps = _shift(b)
    z = b + steps
    rise = (z - L(0.5)) * np.log1p(a / z) + a * (np.log(z + a) - 1)
    rise += sum(
        b_2k / (2 * k * (2 * k - 1)) * ((z + a) ** (1 - 2 * k) - z ** (1 - 2 * k))
        for k, b_2k in enumerate(BERNOULLI, 1)
    )
    return _gammaln(a) - rise + sum((np.log1p(a / (b + k)) for k in range(steps)), L(0))


def _betainc(a: Any, b: Any, x: Any) -> Any:
    if x <= 0 or x >= 1:
        return L(0) if x <= 0 else L(1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _betainc(b, a, 1 - x)
    fraction = L(0)
    for m in range(200, 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        fraction = even / (1 + odd / (1 + fraction))
    first = -(a + b) * x / (a + 1)
    front = np.exp(a * np.log(x) + b * np.log(1 - x) - _betaln(a, b)) / a
    return front / (1 + first / (1 + fraction))


def _gammaincc(a: Any, x: Any) -> Any:
    if x < a + 2:
        return 1 - _gammainc(a, x)
    fraction = L(0)
    for k in range(300, 0, -1):
        fraction = k * (a - k) / (x - a + 2 * k + 1 + fraction)
    return np.exp(a * np.log(x) - x - _gammaln(a)) / (x - a + 1 + fraction)


def _gammainc(a: Any, x: Any) -> Any:
    if x <= 0:
        return L(0)
    total = term = 1 / a
    k = 0
    while np.abs(term) > L(1e-23) * np.abs(total):
        k += 1
        term = term * x / (a + k)
        total += term
    return np.exp(a * np.log(x) - x - _gammaln(a)) * total


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "polygamma_rise": _elementwise(_polygamma_rise),
    "beta_slope": partial(implicit.beta_slope, digamma=_elementwise(_digamma)),
    "betainc": _elementwise(_betainc),
    "betaln": _elementwise(_betaln),
    "digamma": _elementwise(_digamma),
    "erf": _elementwise(_erf),
    "erfc": _elementwise(_erfc),
    "erfinv": _elementwise(_erfinv),
    "gamma": _elementwise(_gamma),
    "gamma_slope": partial(implicit.gamma_slope, digamma=_elementwise(_digamma)),
    "gammainc": _elementwise(_gammainc),
    "gammaincc": _elementwise(_gammaincc),
    "gammaln": _elementwise(_gammaln),
    "i0": _elementwise(lambda x: _bessel(x, 0)),
    "i0e": _elementwise(lambda x: _bessel(x, 0) * np.exp(-np.abs(x))),
    "i1": _elementwise(lambda x: _bessel(x, 1)),
    "i1e": _elementwise(lambda x: _bessel(x, 1) * np.exp(-np.abs(x))),
    "ndtri": _elementwise(lambda p: np.sqrt(L(2)) * _erfinv(2 * p - 1)),
    "polygamma": _elementwise(_polygamma),
    "zeta": _elementwise(_zeta),
}
"""By op name, in the ops' calling conventions."""
