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
from .elementwise import is_complex

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

        from . import implicit, incomplete
    except ImportError as error:
        raise missing_extra(f"{name}()", "scipy", "special") from error
    own = next((module for module in (implicit, incomplete) if name in module.__all__), special)
    function = getattr(own, name)

    def of_arrays(*arrays: Any) -> Any:
        dtype = arrays[0].dtype
        if name in _AS_EXACT_AS_THE_DTYPE and dtype in (np.float16, np.float32):
            arrays = tuple([x.astype(np.float64) for x in arrays])
        found = function(*arrays)
        return found if found.dtype == dtype else found.astype(dtype)

    of_arrays.__name__ = name
    return of_arrays


_AS_EXACT_AS_THE_DTYPE = ("beta_slope", "betainc", "betaln", "gamma_slope", "gammainc", "gammaincc")
"""In single precision SciPy computes these in single, and loses up to 145 units in the last place."""


def _on_host(xp: Any, name: str, *arrays: Any) -> Any:
    """The function of host copies, back on the engine."""
    backend = xp.backend
    found = host_function(name)(*[backend.to_numpy(x) for x in arrays])
    return backend.from_numpy(np.asarray(found), device=backend.device_of(arrays[0]))


# The error function


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, (2 / math.sqrt(math.pi)) * xp.exp(-(x * x))),
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
    x=lambda xp, g, x: xp.multiply_or_zero(g, (-2 / math.sqrt(math.pi)) * xp.exp(-(x * x))),
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


# The normal distribution


def _hazard_slope(xp: Any, x: Any, out: Any) -> Any:
    # -out (x + out), whose sum cancels where x is below 0. With t = -x, e = out - t and Laplace's fraction
    # e = 1 / (t + 2 rest) it is -(1 + e² - 2 e rest), of which every derivative is as exact. Nearer to 0, where the
    # fraction has no end, it is a polynomial, as exact in its derivatives too.
    far = x < -1.5
    t = xp.where(far, -x, 1.5)
    fraction = t
    for k in range(250, 2, -1):
        fraction = t + k / fraction
    rest = 1 / fraction
    excess = 1 / (t + 2 * rest)
    between = (x >= -1.5) & (x < 0.5)
    u = xp.where(between, x, -0.5) + 0.5
    polynomial = xp.zeros_like(x)
    for coefficient in reversed(_HAZARD_SLOPES):
        polynomial = polynomial * u + coefficient
    near = xp.where(between, polynomial, -out * (x + out))
    return xp.where(far, -(1 + excess * (excess - 2 * rest)), near)


_HAZARD_SLOPES = (
    -0.731519592844121,
    0.16260392517612296,
    0.0515059350302571,
    0.0070487987199758274,
    -0.0018007676394119604,
    -0.001333871958515445,
    -0.0003518736024581258,
    -1.5301164159667994e-05,
    2.5542888062988913e-05,
    1.1133071887595477e-05,
    2.020927291490141e-06,
    -1.9069576935978305e-07,
    -2.4397556765256843e-07,
    -7.574072346088162e-08,
    -8.037590713967433e-09,
    3.265471181216628e-09,
    1.886539300079354e-09,
    4.351444256637856e-10,
    1.8184699350477794e-13,
    -3.585383395685604e-11,
    -9.898321308112331e-12,
    -4.980297780169041e-13,
)
"""The slope of the hazard as a polynomial in x + ½ for x from -1.5 to 0.5, from its Chebyshev series, to 2e-17."""


@elementwise(
    x=lambda xp, g, x, out: xp.multiply_or_zero(g, _hazard_slope(xp, x, out)),
    floats=True,
    accuracy="I1:200",
    samples=[*alone(_NUMBER), (exactly([-40.0, -8.0, 3.0]),)],
    real=True,
)
def normal_hazard(xp: Any, x: Any) -> Any:
    """The density of the standard normal distribution over the part that lies below x: the slope of `log_ndtr`.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.special import normal_hazard
    >>> normal_hazard(tnp.asarray([0.0, -100.0]))
    Array([  0.7978..., 100.0099...], dtype=float32)
    """
    far = x < -4
    near = xp.where(far, 0, x)
    quotient = math.sqrt(2 / math.pi) * xp.exp(-0.5 * near * near) / xp.erfc(-math.sqrt(0.5) * near)
    # Laplace's continued fraction, from the last term.
    t = xp.where(far, -x, 4)
    fraction = t
    for k in range(60, 0, -1):
        fraction = t + k / fraction
    return xp.where(far, fraction, quotient)


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.normal_hazard(x)),
    floats=True,
    accuracy="I1:64",
    samples=[*alone(_NUMBER), (exactly([-40.0, -8.0, 3.0, 9.0]),)],
    real=True,
    numpy="special.log_ndtr",
)
def log_ndtr(xp: Any, x: Any) -> Any:
    """The logarithm of the part of a standard normal distribution that lies below x, exact in both tails.

    >>> import tapegrad
    >>> import tapegrad.numpy as tnp
    >>> tnp.special.log_ndtr(tnp.asarray([0.0, -40.0]))
    Array([-6.9314...e-01, -8.0460...e+02], dtype=float32)
    >>> tapegrad.grad(tnp.special.log_ndtr)(-40.0)
    40.0249...
    """
    tail = 0.5 * xp.erfc(math.sqrt(0.5) * xp.abs(x))
    far = x < -4
    beyond = xp.where(far, x, -5)
    below = -0.5 * beyond * beyond - xp.log(math.sqrt(2 * math.pi) * xp.normal_hazard(beyond))
    return xp.where(far, below, xp.where(x > 0, xp.log1p(-tail), xp.log(xp.where(far, 1, tail))))


@elementwise(
    x=lambda xp, g, out: xp.multiply_or_zero(g, math.sqrt(2 * math.pi) * xp.exp(0.5 * out * out)),
    floats=True,
    accuracy="I1:64",
    samples=alone(uniform(low=0.05, high=0.95)),
    real=True,
    numpy="special.ndtri",
)
def ndtri(xp: Any, x: Any) -> Any:
    """The point below which the part x of a standard normal distribution lies, on [0, 1].

    >>> import tapegrad.numpy as tnp
    >>> tnp.special.ndtri(tnp.asarray([0.5, 0.975]))
    Array([0.        , 1.9599...], dtype=float32)
    """
    return _on_host(xp, "ndtri", x)


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


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
"""B₂, B₄, …, of the series that polygamma functions have far from 0."""

_STEPS = 10


@elementwise(
    x=lambda xp, g, x, y, n: xp.multiply_or_zero(g, xp.polygamma_rise(x, y, n=n + 1)),
    y=lambda xp, g, x, y, n: xp.multiply_or_zero(g, xp.polygamma(x + y, n=n + 1)),
    floats=True,
    accuracy="I1:64",
    samples=[(sample, {"n": n}) for sample in together(_POSITIVE, _POSITIVE) for n in (0, 1)],
    real=True,
)
def polygamma_rise(xp: Any, x: Any, y: Any, *, n: int = 0) -> Any:
    """`polygamma` at x + y less that at x, where y may be small beside x: derivatives of `betaln` without a difference.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.special import polygamma_rise
    >>> polygamma_rise(tnp.asarray([3.0, 3e8]), 1.0)
    Array([3.3333...e-01, 3.3333...e-09], dtype=float32)
    """
    inside = (x > 0) & (y > 0)
    a, b = xp.where(inside, x, 1), xp.where(inside, y, 1)

    def fall(a: Any, power: int) -> Any:
        """a⁻ᵖ - (a + b)⁻ᵖ, all digits of it."""
        return -xp.expm1(-power * xp.log1p(b / a)) * (1 / a) ** power

    # ψ⁽ⁿ⁾(x + 1) = ψ⁽ⁿ⁾(x) + (-1)ⁿ n! / xⁿ⁺¹, ten times, and then the asymptotic series: all of it in differences.
    total = sum(fall(a + i, n + 1) for i in range(_STEPS)) * math.factorial(n)
    a = a + _STEPS
    total = (
        total
        + (fall(a, n) * math.factorial(n - 1) if n else xp.log1p(b / a))
        + fall(a, n + 1) * (math.factorial(n) / 2)
    )
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + fall(a, 2 * k + n) * (bernoulli * math.factorial(2 * k + n - 1) / math.factorial(2 * k))
    return xp.where(inside, (-1) ** n * total, xp.polygamma(x + y, n=n) - xp.polygamma(x, n=n))


@elementwise(
    x=lambda xp, g, x, y: -xp.multiply_or_zero(g, xp.polygamma_rise(x, y)),
    y=lambda xp, g, x, y: -xp.multiply_or_zero(g, xp.polygamma_rise(y, x)),
    floats=True,
    accuracy="I1",
    samples=[*together(_POSITIVE, _POSITIVE), (exactly([1e8, 1e10, 0.5, 3.0]), exactly([1.0, 0.5, 1e10, 1e12]))],
    numpy="special.betaln",
    real=True,
)
def betaln(xp: Any, x: Any, y: Any) -> Any:
    """The logarithm of the absolute value of the beta function.

    >>> tnp.special.betaln(tnp.asarray([1.0, 0.5]), 2.0)
    Array([-0.6931...,  0.2876...], dtype=float32)
    """
    return _on_host(xp, "betaln", x, y)


_BETAS: list[Any] = [
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
]


@elementwise(
    x=lambda xp, g, a, b, x: xp.multiply_or_zero(
        g, xp.exp(xp.xlogy(a - 1, x) + xp.xlog1py(b - 1, -x) - xp.betaln(a, b))
    ),
    floats=True,
    accuracy="I1",
    numpy="special.betainc",
    samples=_BETAS,
    real=True,
)
def betainc(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The regularized incomplete beta function. It has a derivative in x only.

    >>> tnp.special.betainc(2.0, 3.0, tnp.asarray([0.0, 0.5, 1.0]))
    Array([0.    , 0.6875, 1.    ], dtype=float32)
    >>> tapegrad.grad(tnp.special.betainc, argnums=2)(2.0, 3.0, 0.5)
    1.5000000000000...
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


@elementwise(
    floats=True,
    accuracy="I3",
    samples=together(uniform(low=0.5, high=3.0), uniform(low=0.1, high=5.0)),
    real=True,
)
def gamma_slope(xp: Any, a: Any, x: Any) -> Any:
    """How fast x moves with a where gammainc(a, x) stays as it is: the derivative of a gamma variate in its shape.

    M. Figurnov and others (2018), "Implicit reparameterization gradients". It has no derivative of its own.

    >>> gamma_slope(1.0, tnp.asarray([0.5, 2.0]))
    Array([0.8069..., 1.6316...], dtype=float32)
    """
    return _on_host(xp, "gamma_slope", a, x)


@elementwise(
    floats=True,
    accuracy="I5",
    samples=_BETAS,
    real=True,
)
def beta_slope(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """How fast x moves with a where betainc(a, b, x) stays as it is: the derivative of a beta variate in a.

    That in b is -beta_slope(b, a, 1 - x). It has no derivative of its own.

    >>> beta_slope(1.0, 1.0, tnp.asarray([0.5]))
    Array([0.3465...], dtype=float32)
    """
    return _on_host(xp, "beta_slope", a, b, x)


# Bessel functions


def _bessel_slope(xp: Any, x: Any, out: Any, n: int, scaled: bool) -> Any:
    # By the two neighbours, whose sum does not cancel.
    low = (xp.i0e if scaled else xp.i0)(x) if n == 1 else xp.bessel_i(x, n=n - 1, scaled=scaled)
    slope = (low + xp.bessel_i(x, n=n + 1, scaled=scaled)) / 2
    return _scaled_slope(xp, x, n, slope - xp.sign(x) * out) if scaled else slope


def _scaled_slope(xp: Any, x: Any, n: int, near: Any) -> Any:
    # Far out the neighbours and the function cancel to about 1 / 2x of them. There it is the slope of Hankel's series,
    # which is off by about exp(-2x) where it stops at 2x terms: by less than the rounding of the dtype.
    reach = {16: 5, 32: 10}.get(xp.finfo(x.dtype).bits, 18)  # more terms than float16 needs would overflow in it
    bound = float(reach)
    size = xp.abs(x)
    far = size > bound
    inverse = 1 / xp.where(far, size, bound)
    terms = [1.0]
    for k in range(1, 2 * reach + 1):
        terms.append(terms[-1] * ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k))
    total = xp.zeros_like(inverse)
    for k in range(2 * reach, -1, -1):
        total = total * inverse + (k + 0.5) * terms[k]
    total = -total * inverse * xp.sqrt(inverse) / math.sqrt(2 * math.pi)
    return xp.where(far, total * xp.sign(x) if n % 2 == 0 else total, near)


@elementwise(
    x=lambda xp, g, x, out, n, scaled: xp.multiply_or_zero(g, _bessel_slope(xp, x, out, n, scaled)),
    floats=True,
    accuracy="I1:200",
    samples=[
        (sample, {"n": n, "scaled": scaled}) for sample in alone(_NUMBER) for n, scaled in ((2, False), (3, True))
    ],
    real=True,
)
def bessel_i(xp: Any, x: Any, *, n: int, scaled: bool = False) -> Any:
    """The modified Bessel function of order `n`; times exp(-|x|) where `scaled`.

    By its power series near 0, by recurrence from the orders 0 and 1 elsewhere.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.special import bessel_i
    >>> bessel_i(tnp.asarray([0.0, 1.0]), n=2)
    Array([0.       , 0.1357...], dtype=float32)
    """
    if n < 2:
        return getattr(xp, ("i0", "i1")[n] + "e" * scaled)(x)
    reach = max(18.0, 4.0 + 2 * n)
    near = xp.abs(x) < reach
    half = xp.where(near, x, 0) / 2
    square = half * half
    series = xp.ones_like(half)
    for k in range(40 + 3 * n, 0, -1):
        series = 1 + series * square / (k * (k + n))
    for k in range(1, n + 1):
        series = series * half / k
    if scaled:
        series = series * xp.exp(-xp.abs(2 * half))
    large = xp.where(near, reach, x)
    before, value = (xp.i0e(large), xp.i1e(large)) if scaled else (xp.i0(large), xp.i1(large))
    for k in range(1, n):
        before, value = value, xp.where(xp.isinf(before), before, before - 2 * k / large * value)
    return xp.where(near, series, value)


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


@elementwise(
    x=lambda xp, g, x, out: xp.multiply_or_zero(g, _bessel_slope(xp, x, out, 1, False)),
    floats=True,
    accuracy="I1",
    numpy="special.i1",
    samples=[*alone(_NUMBER), (exactly([0.0, 1e-20, 1e-8, -1e-3]),)],
    real=True,
)
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
    x=lambda xp, x, out: _bessel_slope(xp, x, out, 1, True),
    floats=True,
    accuracy="I1:200",
    numpy="special.i1e",
    samples=[*alone(_SMALL), (exactly([0.0, 0.5, -0.25]),), (exactly([150.0, -1000.0]),)],
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
    x=lambda xp, g, x: xp.divide_or_zero(g, x) + xp.divide_or_zero(g, 1 - x),  # a slope at the ends has one of its own
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
    whole = xp.round(xp.real(x) if is_complex(xp, x) else x, decimals=0)
    rest = math.pi * (x - whole)
    value = xp.cos(rest) if more % 2 else xp.sin(rest)
    odd = xp.remainder(whole, 2 * xp.ones_like(whole)) != 0
    return xp.where(odd, -value, value) if more % 4 < 2 else xp.where(odd, value, -value)


@elementwise(
    x=lambda xp, x: xp.sinc_derivative(x, order=1),
    floats=True,
    accuracy="I1",
    numpy="sinc special.sinc",
    samples=[*alone(_NUMBER), (exactly([0.0, 0.5, -1.0, 1e-9]),)],
)
def sinc(xp: Any, x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0.

    >>> tnp.sinc(tnp.asarray([0.0, 0.5]))
    Array([1.        , 0.6366...], dtype=float32)
    """
    if is_complex(xp, x):
        return xp.sinc_derivative(x, order=0)  # the quotient would lose the imaginary part near 0
    safe = xp.where(x == 0, 1, x)
    return xp.where(x == 0, 1, _sine_of_half_turns(xp, safe) / (math.pi * safe))


@elementwise(
    x=lambda xp, x, order: xp.sinc_derivative(x, order=order + 1),
    floats=True,
    accuracy="I1:64",
    samples=[(sample, {"order": order}) for sample in alone(_NUMBER) for order in (1, 2)],
)
def sinc_derivative(xp: Any, x: Any, *, order: int) -> Any:
    """The derivative of some order, 0 too, of sin(πx) / (πx): by its power series near 0, by recurrence elsewhere.

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
