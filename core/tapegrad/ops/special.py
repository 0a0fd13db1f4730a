"""Special functions: of each element by itself, from the library that the engine has for them.

The body of most of them is SciPy's, on the host, or `incomplete.py`'s, so that any engine on the CPU has them all; an
engine with a library of its own names its functions in `fused()`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..engines.extras import missing_extra
from ..errors import ArgumentError
from ..op import elementwise
from ..op.samples import alone, exactly, normal, positive, together, uniform

__all__ = ["FROM_SCIPY", "host_function"]

FROM_SCIPY = (
    *("betainc", "betaln", "digamma", "erf", "erfc", "erfinv", "gamma", "gammainc", "gammaincc", "gammaln"),
    *("i0", "i0e", "i1", "i1e", "logit", "zeta"),
)
"""The ops that are functions of `scipy.special`, under its names, for engines that have a library of the same names."""

_NUMBER = normal()
_POSITIVE = positive()
_SMALL = uniform(low=-0.9, high=0.9)


@cache
def host_function(name: str) -> Callable[..., Any]:
    """What computes an op of this module on host arrays, in their dtype: SciPy's function, imported now, or our own."""
    try:
        from scipy import special

        from . import incomplete
    except ImportError as error:
        raise missing_extra(f"{name}()", "scipy", "special") from error
    function = getattr(incomplete if name in incomplete.__all__ else special, name)

    def of_arrays(*arrays: Any) -> Any:
        dtype = arrays[0].dtype
        if name in _AS_EXACT_AS_THE_DTYPE and dtype in (np.float16, np.float32):
            arrays = tuple([x.astype(np.float64) for x in arrays])
        found = function(*arrays)
        return found if found.dtype == dtype else found.astype(dtype)

    of_arrays.__name__ = name
    return of_arrays


_AS_EXACT_AS_THE_DTYPE = ("betainc", "betaln", "gammainc", "gammaincc")
"""In single precision SciPy computes these in single, and loses up to 145 units in the last place."""


def _on_host(xp: Any, name: str, *arrays: Any) -> Any:
    """The function of host copies, back on the engine."""
    backend = xp.backend
    found = host_function(name)(*[backend.to_numpy(x) for x in arrays])
    return backend.from_numpy(np.asarray(found), device=backend.device_of(arrays[0]))


# The error function


@elementwise(
    x=lambda xp, x: (2 / math.sqrt(math.pi)) * xp.exp(-(x * x)),
    floats=True,
    accuracy="I1",
    numpy="special.erf",
    samples=alone(_NUMBER),
    real=True,
)
def erf(xp: Any, x: Any) -> Any:
    """The error function.

    >>> tnp.special.erf(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.8427...], dtype=float32)
    """
    return _on_host(xp, "erf", x)


@elementwise(
    x=lambda xp, x: (-2 / math.sqrt(math.pi)) * xp.exp(-(x * x)),
    floats=True,
    accuracy="I1",
    numpy="special.erfc",
    samples=alone(_NUMBER),
    real=True,
)
def erfc(xp: Any, x: Any) -> Any:
    """1 minus the error function, accurate where that is near 1.

    >>> tnp.special.erfc(tnp.asarray([0.0, 9.0]))
    Array([1.0000...e+00, 4.1370...e-37], dtype=float32)
    """
    return _on_host(xp, "erfc", x)


@elementwise(
    x=lambda xp, g, out: xp.multiply_or_zero(g, (math.sqrt(math.pi) / 2) * xp.exp(out * out)),
    floats=True,
    accuracy="I1",
    numpy="special.erfinv",
    samples=alone(uniform(low=-0.95, high=0.95)),
    real=True,
)
def erfinv(xp: Any, x: Any) -> Any:
    """The inverse of the error function, on [-1, 1].

    >>> tnp.special.erfinv(tnp.asarray([0.0, 0.5, 1.0]))
    Array([0.        , 0.4769...,        inf], dtype=float32)
    """
    return _on_host(xp, "erfinv", x)


# Gamma and beta


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.digamma(x)),
    floats=True,
    accuracy="I1",
    numpy="special.gammaln",
    samples=alone(_POSITIVE),
    real=True,
)
def gammaln(xp: Any, x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function.

    >>> tnp.special.gammaln(tnp.asarray([1.0, 3.0]))
    Array([0.       , 0.6931...], dtype=float32)
    """
    return _on_host(xp, "gammaln", x)


@elementwise(
    x=lambda xp, g, x, out: xp.multiply_or_zero(g, out * xp.digamma(x)),
    floats=True,
    accuracy="I1",
    numpy="special.gamma",
    samples=alone(uniform(low=0.5, high=4.0)),
    real=True,
)
def gamma(xp: Any, x: Any) -> Any:
    """The gamma function.

    >>> tnp.special.gamma(tnp.asarray([5.0, 0.5]))
    Array([24.       ,  1.7724...], dtype=float32)
    """
    return _on_host(xp, "gamma", x)


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.polygamma(x, n=1)),
    floats=True,
    accuracy="I1",
    numpy="special.digamma special.psi",
    samples=alone(_POSITIVE),
    real=True,
)
def digamma(xp: Any, x: Any) -> Any:
    """The derivative of `gammaln`.

    >>> tnp.special.digamma(tnp.asarray([1.0]))
    Array([-0.5772...], dtype=float32)
    """
    return _on_host(xp, "digamma", x)


@elementwise(
    x=lambda xp, g, x, n: xp.multiply_or_zero(g, xp.polygamma(x, n=n + 1)),
    floats=True,
    accuracy="I1",
    samples=[(sample, {"n": n}) for sample in alone(_POSITIVE) for n in (1, 2)],
    real=True,
)
def polygamma(xp: Any, x: Any, *, n: int) -> Any:
    """The derivative of order `n` of `digamma`.

    Raises: `ValueError` for a negative `n`.

    >>> polygamma(tnp.asarray([1.0]), n=1)
    Array([1.6449...], dtype=float32)
    """
    if n < 0:
        raise ArgumentError(f"n is {n}; polygamma has the orders 0, 1, 2, …")
    if n == 0:
        return xp.digamma(x)
    return (-1.0) ** (n + 1) * math.gamma(n + 1.0) * xp.zeta(xp.filled(x, shape=(), value=n + 1), x)


@elementwise(
    y=lambda xp, g, x, y: xp.multiply_or_zero(g, -x * xp.zeta(x + 1, y)),
    floats=True,
    accuracy="I1",
    samples=together(uniform(low=2.0, high=5.0), _POSITIVE),
    real=True,
)
def zeta(xp: Any, x: Any, y: Any) -> Any:
    """Hurwitz's zeta function: the sum of (k + y) ** -x over k = 0, 1, 2, … It has a derivative in y only.

    >>> zeta(tnp.asarray([2.0, 4.0]), 1)
    Array([1.6449..., 1.0823...], dtype=float32)
    """
    return _on_host(xp, "zeta", x, y)


@elementwise(
    x=lambda xp, g, x, y: xp.multiply_or_zero(g, xp.digamma(x) - xp.digamma(x + y)),
    y=lambda xp, g, x, y: xp.multiply_or_zero(g, xp.digamma(y) - xp.digamma(x + y)),
    floats=True,
    accuracy="I1:64",
    numpy="special.betaln",
    samples=together(_POSITIVE, _POSITIVE),
    real=True,
)
def betaln(xp: Any, x: Any, y: Any) -> Any:
    """The logarithm of the absolute value of the beta function.

    >>> tnp.special.betaln(tnp.asarray([1.0, 0.5]), 2.0)
    Array([-0.6931...,  0.2876...], dtype=float32)
    """
    return _on_host(xp, "betaln", x, y)


@elementwise(
    x=lambda xp, g, a, b, x: xp.multiply_or_zero(
        g, xp.exp(xp.xlogy(a - 1, x) + xp.xlog1py(b - 1, -x) - xp.betaln(a, b))
    ),
    floats=True,
    accuracy="I1",
    numpy="special.betainc",
    samples=[
        (uniform(*a, low=0.5, high=3.0), uniform(*b, low=0.5, high=3.0), uniform(*c, low=0.05, high=0.95))
        for a, b, c in (
            ((3, 4), (3, 4), (3, 4)),
            ((), (), (5,)),
            ((4,), (3, 1), ()),
            ((), (), ()),
            ((1,), (5,), (1,)),
            ((3, 1), (), (3, 4)),
            ((2, 1, 4), (3, 1), (4,)),
            ((0,), (1,), (0,)),
        )
    ],
    real=True,
)
def betainc(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function. It has a derivative in x only.

    >>> tnp.special.betainc(2.0, 3.0, tnp.asarray([0.0, 0.5, 1.0]))
    Array([0.    , 0.6875, 1.    ], dtype=float32)
    >>> tapegrad.grad(tnp.special.betainc, argnums=2)(2.0, 3.0, 0.5)
    1.5
    """
    return _on_host(xp, "betainc", a, b, x)


def _gamma_density(xp: Any, g: Any, a: Any, x: Any) -> Any:
    return xp.multiply_or_zero(g, xp.exp(xp.xlogy(a - 1, x) - x - xp.gammaln(a)))


@elementwise(
    x=_gamma_density,
    floats=True,
    accuracy="I1",
    numpy="special.gammainc",
    samples=together(uniform(low=0.5, high=3.0), uniform(low=0.1, high=5.0)),
    real=True,
)
def gammainc(xp: Any, a: Any, x: Any) -> Any:
    """The regularized lower incomplete gamma function. It has a derivative in x only.

    >>> tnp.special.gammainc(1.0, tnp.asarray([0.0, 1.0]))
    Array([0.        , 0.6321...], dtype=float32)
    """
    return _on_host(xp, "gammainc", a, x)


@elementwise(
    x=lambda xp, g, a, x: -_gamma_density(xp, g, a, x),
    floats=True,
    accuracy="I1",
    numpy="special.gammaincc",
    samples=together(uniform(low=0.5, high=3.0), uniform(low=0.1, high=5.0)),
    real=True,
)
def gammaincc(xp: Any, a: Any, x: Any) -> Any:
    """The regularized upper incomplete gamma function. It has a derivative in x only.

    >>> tnp.special.gammaincc(1.0, tnp.asarray([0.0, 1.0]))
    Array([1.        , 0.3678...], dtype=float32)
    """
    return _on_host(xp, "gammaincc", a, x)


# Bessel functions


def _i1_slope(xp: Any, g: Any, x: Any, out: Any) -> Any:
    # (I0 + I2) / 2, with I2 by the recurrence; at 0, where the quotient is 0 / 0, it is one half.
    return xp.multiply_or_zero(g, xp.i0(x) - xp.where(x == 0, 0.5, xp.divide_or_zero(out, x)))


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.i1(x)),
    floats=True,
    accuracy="I1",
    numpy="i0 special.i0",
    samples=alone(_NUMBER),
    real=True,
)
def i0(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 0.

    >>> tnp.special.i0(tnp.asarray([0.0, 1.0]))
    Array([1.       , 1.2660...], dtype=float32)
    """
    return _on_host(xp, "i0", x)


@elementwise(x=_i1_slope, floats=True, accuracy="I1", numpy="special.i1", samples=alone(_NUMBER), real=True)
def i1(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 1.

    >>> tnp.special.i1(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.5651...], dtype=float32)
    >>> tapegrad.grad(tnp.special.i1)(0.0)
    0.5
    """
    return _on_host(xp, "i1", x)


# The scaled functions hardly change where x is large: their derivatives are what is left of two numbers that cancel.


@elementwise(
    x=lambda xp, x, out: xp.i1e(x) - xp.sign(x) * out,
    floats=True,
    accuracy="I1:200",
    numpy="special.i0e",
    samples=alone(_SMALL),
    real=True,
)
def i0e(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 0, times exp(-|x|).

    >>> tnp.special.i0e(tnp.asarray([0.0, 1000.0]))
    Array([1.        , 0.0126...], dtype=float32)
    """
    return _on_host(xp, "i0e", x)


@elementwise(
    x=lambda xp, x, out: xp.i0e(x) - xp.where(x == 0, 0.5, xp.divide_or_zero(out, x)) - xp.sign(x) * out,
    floats=True,
    accuracy="I1:200",
    numpy="special.i1e",
    samples=[*alone(_SMALL), (exactly([0.0, 0.5, -0.25]),)],
    real=True,
)
def i1e(xp: Any, x: Any) -> Any:
    """The modified Bessel function of order 1, times exp(-|x|).

    >>> tnp.special.i1e(tnp.asarray([0.0, 1000.0]))
    Array([0.        , 0.0126...], dtype=float32)
    """
    return _on_host(xp, "i1e", x)


# Logarithms


@elementwise(
    x="xp.xlogy(g, y)",
    y=lambda xp, g, x, y: xp.divide_or_zero(xp.multiply(g, x), y),
    floats=True,
    accuracy="I1",
    numpy="special.xlogy",
    samples=[*together(_NUMBER, _POSITIVE), (exactly([0.0, 0.0, 2.0]), exactly([1.5, 3.0, 0.5]))],
)
def xlogy(xp: Any, x: Any, y: Any) -> Any:
    """x log(y), and 0 where x is 0.

    >>> tnp.special.xlogy(tnp.asarray([0.0, 2.0]), tnp.asarray([0.0, 1.0]))
    Array([0., 0.], dtype=float32)
    >>> tapegrad.grad(tnp.special.xlogy, argnums=1)(0.0, 0.0)
    0.0
    """
    return xp.multiply_or_zero(x, xp.log(xp.where(x == 0, 1, y)))


@elementwise(
    x="xp.xlog1py(g, y)",
    y=lambda xp, g, x, y: xp.divide_or_zero(xp.multiply(g, x), 1 + y),
    floats=True,
    accuracy="I1",
    numpy="special.xlog1py",
    samples=[*together(_NUMBER, uniform(low=-0.9, high=3.0)), (exactly([0.0, 0.0, 2.0]), exactly([-0.5, 3.0, 0.5]))],
)
def xlog1py(xp: Any, x: Any, y: Any) -> Any:
    """x log(1 + y), and 0 where x is 0.

    >>> tnp.special.xlog1py(tnp.asarray([0.0, 2.0]), tnp.asarray([-1.0, 0.0]))
    Array([0., 0.], dtype=float32)
    """
    return xp.multiply_or_zero(x, xp.log1p(xp.where(x == 0, 0, y)))


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, x * (1 - x)),
    floats=True,
    accuracy="I1",
    numpy="special.logit",
    samples=alone(uniform(low=0.05, high=0.95)),
    real=True,
)
def logit(xp: Any, x: Any) -> Any:
    """log(x / (1 - x)), the inverse of the logistic function, on [0, 1].

    >>> tnp.special.logit(tnp.asarray([0.5, 0.9]))
    Array([0.       , 2.1972...], dtype=float32)
    """
    middle = (x > 0.25) & (x < 0.75)
    near = 2 * xp.atanh(xp.where(middle, 2 * x - 1, 0))
    far = xp.where(middle, 0.25, x)
    return xp.where(middle, near, xp.log(far) - xp.log1p(-far))


# sin(πx) / (πx)


def _sine_of_half_turns(xp: Any, x: Any, more: int = 0) -> Any:
    # With u = πx, term k is (-1)^k (2k)! / ((2k - order)! (2k + 1)!) u^(2k - order); summed by Horner's scheme.
    whole = xp.round(x, decimals=0)
    rest = math.pi * (x - whole)
    value = xp.cos(rest) if more % 2 else xp.sin(rest)
    odd = xp.remainder(whole, 2 * xp.ones_like(x)) != 0
    return xp.where(odd, -value, value) if more % 4 < 2 else xp.where(odd, value, -value)


@elementwise(
    x=lambda xp, x: xp.sinc_derivative(x, order=1),
    floats=True,
    accuracy="I1",
    numpy="sinc",
    samples=[*alone(_NUMBER), (exactly([0.0, 0.5, -1.0, 1e-9]),)],
    real=True,
)
def sinc(xp: Any, x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0.

    >>> tnp.sinc(tnp.asarray([0.0, 0.5]))
    Array([1.        , 0.6366...], dtype=float32)
    """
    safe = xp.where(x == 0, 1, x)
    return xp.where(x == 0, 1, _sine_of_half_turns(xp, safe) / (math.pi * safe))


@elementwise(
    x=lambda xp, x, order: xp.sinc_derivative(x, order=order + 1),
    floats=True,
    accuracy="I1:64",
    samples=[(sample, {"order": order}) for sample in alone(_NUMBER) for order in (1, 2)],
    real=True,
)
def sinc_derivative(xp: Any, x: Any, *, order: int) -> Any:
    """The derivative of some order of sin(πx) / (πx): by its power series near 0, by recurrence elsewhere.

    >>> sinc_derivative(tnp.asarray([0.0]), order=2)
    Array([-3.2898...], dtype=float32)
    """
    reach = (order + 1.0) / math.pi
    near = xp.abs(x) < reach
    small = math.pi * xp.where(near, x, 0)
    square = small * small
    # With u = πx, term k is (-1)^k (2k)! / ((2k - order)! (2k + 1)!) u^(2k - order); by Horner's scheme, from the last.
    first = (order + 1) // 2
    series = xp.zeros_like(x)
    for k in range(first + 10 + 2 * order, first - 1, -1):
        factor = (-1.0) ** k * math.perm(2 * k, order) / math.factorial(2 * k + 1)
        series = series * square + factor
    if 2 * first > order:
        series = series * small
    large = xp.where(near, reach, x)
    value = _sine_of_half_turns(xp, large) / (math.pi * large)
    for k in range(1, order + 1):
        value = (_sine_of_half_turns(xp, large, k) - k * value) / (math.pi * large)
    return math.pi**order * xp.where(near, series, value)
