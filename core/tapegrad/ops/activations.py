"""Activations of neural networks: functions of each element by itself, with a kink or a bend near 0."""

from __future__ import annotations

import math
from typing import Any

from ..errors import ArgumentError
from ..op import elementwise
from ..op.samples import alone, exactly, normal, together, uniform

_NUMBER = normal()


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
"""The constants that keep mean 0 and variance 1 (Klambauer and others, Self-Normalizing Networks, 2017)."""


@elementwise(x=lambda xp, g, out: xp.where(out > 0, g, 0), accuracy="I0 unsigned", samples=alone(_NUMBER), real=True)
def relu(xp: Any, x: Any) -> Any:
    """x where it is positive, else 0; its derivative at 0 is 0.

    >>> relu(tnp.asarray([-1.0, 2.0]))
    Array([0., 2.], dtype=float32)
    >>> tapegrad.grad(relu)(0.0)
    0.0
    """
    return xp.maximum(x, 0)


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, 0.25 * xp.sech_square(0.5 * x)),
    floats=True,
    accuracy="I1",
    numpy="special.expit",
    samples=alone(_NUMBER),
    real=True,
)
def sigmoid(xp: Any, x: Any) -> Any:
    """The logistic function 1 / (1 + exp(-x)), accurate in both tails.

    >>> sigmoid(tnp.asarray([0.0, 800.0]))
    Array([0.5, 1. ], dtype=float32)
    """
    decay = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1, decay) / (1 + decay)


@elementwise(
    x=lambda xp, x: xp.sigmoid(-x),
    floats=True,
    accuracy="I1",
    samples=alone(_NUMBER),
    real=True,
    numpy="special.log_expit",
)
def log_sigmoid(xp: Any, x: Any) -> Any:
    """The logarithm of the logistic function, accurate in both tails.

    >>> log_sigmoid(tnp.asarray([0.0, -800.0]))
    Array([-6.9314...e-01, -8.0000...e+02], dtype=float32)
    """
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x)))


@elementwise(x="xp.sigmoid(x)", floats=True, accuracy="I1", samples=alone(_NUMBER), real=True)
def softplus(xp: Any, x: Any) -> Any:
    """log(1 + exp(x)), without overflow.

    >>> softplus(tnp.asarray([0.0, 800.0]))
    Array([6.9314...e-01, 8.0000...e+02], dtype=float32)
    """
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


@elementwise(x=lambda xp, x: 1 / xp.square(1 + xp.abs(x)), floats=True, samples=alone(_NUMBER), real=True)
def softsign(xp: Any, x: Any) -> Any:
    """x / (1 + |x|).

    >>> softsign(tnp.asarray([1.0, -3.0]))
    Array([ 0.5 , -0.75], dtype=float32)
    """
    return x / (1 + xp.abs(x))


@elementwise(
    x=lambda xp, x: xp.sigmoid(x) * (1 + x * xp.sigmoid(-x)),
    floats=True,
    accuracy="I1",
    samples=alone(_NUMBER),
    real=True,
)
def silu(xp: Any, x: Any) -> Any:
    """x times its logistic function; also called swish.

    >>> silu(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.7310...], dtype=float32)
    """
    return x * xp.sigmoid(x)


def _gelu_slope(xp: Any, x: Any, approximate: str) -> Any:
    if approximate == "tanh":
        x2 = x * x
        twice = _GELU * x * (1 + 0.044715 * x2)
        return xp.sigmoid(twice) + 0.25 * x * xp.sech_square(0.5 * twice) * (_GELU * (1 + 0.134145 * x2))
    density = math.sqrt(0.5 / math.pi) * xp.exp(-0.5 * x * x)
    return 0.5 * xp.erfc(-math.sqrt(0.5) * x) + x * density


_GELU = 2 * math.sqrt(2 / math.pi)


@elementwise(
    x=_gelu_slope,
    floats=True,
    accuracy="I1",
    samples=[*alone(_NUMBER), *[(sample, {"approximate": "tanh"}) for sample in alone(_NUMBER)]],
    real=True,
)
def gelu(xp: Any, x: Any, *, approximate: str = "none") -> Any:
    """x times the normal distribution function of x (Hendrycks and Gimpel, 2016).

    `approximate="tanh"` takes their formula with tanh for that function; the default, "none", the function itself.

    Raises: `ValueError` for another `approximate`.

    >>> gelu(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.8413...], dtype=float32)
    >>> gelu(tnp.asarray([0.0, 1.0]), approximate="tanh")
    Array([0.      , 0.8411...], dtype=float32)
    """
    if approximate == "tanh":
        return x * xp.sigmoid(_GELU * x * (1 + 0.044715 * x * x))
    if approximate != "none":
        raise ArgumentError(f"approximate is {approximate!r}; choose 'none' or 'tanh'")
    return 0.5 * x * xp.erfc(-math.sqrt(0.5) * x)


@elementwise(
    x=lambda xp, g, x, alpha: xp.where(x > 0, g, alpha * g) * xp.exp(xp.minimum(x, 0)),
    floats=True,
    accuracy="I1",
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"alpha": 0.3})],
    real=True,
)
def elu(xp: Any, x: Any, *, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha (exp(x) - 1) (Clevert and others, 2015).

    >>> elu(tnp.asarray([2.0, -1.0]), alpha=0.5)
    Array([ 2.        , -0.3160...], dtype=float32)
    """
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


@elementwise(
    x=lambda xp, g, x: xp.where(x > 0, SELU_SCALE * g, (SELU_SCALE * SELU_ALPHA) * g) * xp.exp(xp.minimum(x, 0)),
    floats=True,
    accuracy="I1",
    samples=alone(_NUMBER),
    real=True,
)
def selu(xp: Any, x: Any) -> Any:
    """`elu`, scaled so that activations keep mean 0 and variance 1 (Klambauer and others, 2017).

    >>> selu(tnp.asarray([1.0, 0.0]))
    Array([1.0507..., 0.      ], dtype=float32)
    """
    return SELU_SCALE * xp.where(x > 0, x, SELU_ALPHA * xp.expm1(xp.minimum(x, 0)))


@elementwise(
    x=lambda xp, g, x, slope: xp.where(x > 0, g, slope * g),
    floats=True,
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"slope": 0.25})],
    real=True,
)
def leaky_relu(xp: Any, x: Any, *, slope: float = 0.01) -> Any:
    """x where it is positive, else slope · x.

    >>> leaky_relu(tnp.asarray([2.0, -2.0]), slope=0.25)
    Array([ 2. , -0.5], dtype=float32)
    """
    return xp.where(x > 0, x, slope * x)


@elementwise(
    x=lambda xp, g, x, slope: xp.where(x > 0, g, slope * g),
    slope=lambda xp, g, x: xp.where(x > 0, 0, g * x),
    samples=together(_NUMBER, uniform(low=0.1, high=0.5)),
    real=True,
)
def prelu(xp: Any, x: Any, slope: Any) -> Any:
    """x where it is positive, else slope · x, where the slope is learned (He and others, 2015).

    >>> prelu(tnp.asarray([2.0, -2.0]), 0.25)
    Array([ 2. , -0.5], dtype=float32)
    >>> tapegrad.grad(prelu, argnums=(0, 1))(-2.0, 0.25)
    (0.25, -2.0)
    """
    return xp.where(x > 0, x, slope * x)


@elementwise(
    x=lambda xp, g, out, alpha: xp.where((out > 0) & (out < 1), alpha * g, 0),
    floats=True,
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"alpha": 1 / 6})],
    real=True,
)
def hard_sigmoid(xp: Any, x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    """alpha · x + beta, but at least 0 and at most 1.

    >>> hard_sigmoid(tnp.asarray([-5.0, 0.0, 5.0]))
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    return xp.minimum(xp.maximum(alpha * x + beta, 0), 1)


@elementwise(
    x=lambda xp, g, x, sigma: g * xp.where(xp.abs(x) < 1 / sigma**2, sigma**2 * x, xp.sign(x)),
    floats=True,
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"sigma": 0.5}), ((exactly([5.0, -6.0, 3.0]),), {"sigma": 0.5})],
    real=True,
)
def smooth_l1(xp: Any, x: Any, *, sigma: float = 1.0) -> Any:
    """(sigma · x)² / 2 where |x| < 1 / sigma², else |x| - 1 / (2 sigma²): the absolute value with a round corner.

    >>> smooth_l1(tnp.asarray([0.5, -3.0]))
    Array([0.125, 2.5  ], dtype=float32)
    """
    size = xp.abs(x)
    return xp.where(size < 1 / sigma**2, 0.5 * sigma**2 * (x * x), size - 0.5 / sigma**2)
