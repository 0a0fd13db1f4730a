"""Activations of neural networks: functions of each element by itself, with a kink or a bend near 0."""

from __future__ import annotations

import math
from typing import Any

from ..op import elementwise
from ..testing.samples import alone, normal, together, uniform

__all__ = [
    "elu",
    "gelu",
    "hard_sigmoid",
    "leaky_relu",
    "log_sigmoid",
    "prelu",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1",
    "softplus",
    "softsign",
]

_NUMBER = normal()


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
"""The constants that keep mean 0 and variance 1 (Klambauer and others, Self-Normalizing Networks, 2017)."""


@elementwise(x=lambda xp, g, out: xp.where(out > 0, g, 0), samples=alone(_NUMBER), real=True)
def relu(xp: Any, x: Any) -> Any:
    """x where it is positive, else 0; its derivative at 0 is 0."""
    return xp.maximum(x, 0)


@elementwise(
    x=lambda xp, x: 0.25 * xp.sech_square(0.5 * x), floats=True, accuracy="I1", samples=alone(_NUMBER), real=True
)
def sigmoid(xp: Any, x: Any) -> Any:
    """The logistic function 1 / (1 + exp(-x)), accurate in both tails."""
    decay = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1, decay) / (1 + decay)


@elementwise(x=lambda xp, x: xp.sigmoid(-x), floats=True, accuracy="I1", samples=alone(_NUMBER), real=True)
def log_sigmoid(xp: Any, x: Any) -> Any:
    """The logarithm of the logistic function, accurate in both tails."""
    return xp.minimum(x, 0) - xp.log1p(xp.exp(-xp.abs(x)))


@elementwise(x=lambda xp, x: xp.sigmoid(x), floats=True, accuracy="I1", samples=alone(_NUMBER), real=True)
def softplus(xp: Any, x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


@elementwise(x=lambda xp, x: 1 / xp.square(1 + xp.abs(x)), floats=True, samples=alone(_NUMBER), real=True)
def softsign(xp: Any, x: Any) -> Any:
    """x / (1 + |x|)."""
    return x / (1 + xp.abs(x))


@elementwise(
    x=lambda xp, x: xp.sigmoid(x) * (1 + x * xp.sigmoid(-x)),
    floats=True,
    accuracy="I1",
    samples=alone(_NUMBER),
    real=True,
)
def silu(xp: Any, x: Any) -> Any:
    """x times its logistic function; also called swish."""
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
    """x times the normal distribution function of x; `approximate="tanh"` takes a formula with tanh for that."""
    if approximate == "tanh":
        return x * xp.sigmoid(_GELU * x * (1 + 0.044715 * x * x))
    if approximate != "none":
        raise ValueError(f"approximate is {approximate!r}; choose 'none' or 'tanh'")
    return 0.5 * x * xp.erfc(-math.sqrt(0.5) * x)


@elementwise(
    x=lambda xp, g, x, alpha: xp.where(x > 0, g, g * (alpha * xp.exp(xp.where(x > 0, 0, x)))),
    floats=True,
    accuracy="I1",
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"alpha": 0.3})],
    real=True,
)
def elu(xp: Any, x: Any, *, alpha: float = 1.0) -> Any:
    """x where it is positive, else alpha (exp(x) - 1)."""
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


@elementwise(
    x=lambda xp, g, x: xp.where(x > 0, SELU_SCALE * g, g * ((SELU_SCALE * SELU_ALPHA) * xp.exp(xp.where(x > 0, 0, x)))),
    floats=True,
    accuracy="I1",
    samples=alone(_NUMBER),
    real=True,
)
def selu(xp: Any, x: Any) -> Any:
    """`elu`, scaled so that activations keep mean 0 and variance 1."""
    return SELU_SCALE * xp.where(x > 0, x, SELU_ALPHA * xp.expm1(xp.minimum(x, 0)))


@elementwise(
    x=lambda xp, g, x, slope: xp.where(x > 0, g, slope * g),
    floats=True,
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"slope": 0.25})],
    real=True,
)
def leaky_relu(xp: Any, x: Any, *, slope: float = 0.01) -> Any:
    """x where it is positive, else slope · x."""
    return xp.where(x > 0, x, slope * x)


@elementwise(
    x=lambda xp, g, x, slope: xp.where(x > 0, g, slope * g),
    slope=lambda xp, g, x: xp.where(x > 0, 0, g * x),
    samples=together(_NUMBER, uniform(low=0.1, high=0.5)),
    real=True,
)
def prelu(xp: Any, x: Any, slope: Any) -> Any:
    """x where it is positive, else slope · x, where the slope is learned."""
    return xp.where(x > 0, x, slope * x)


@elementwise(
    x=lambda xp, g, out, alpha: xp.where((out > 0) & (out < 1), alpha * g, 0),
    floats=True,
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"alpha": 1 / 6})],
    real=True,
)
def hard_sigmoid(xp: Any, x: Any, *, alpha: float = 0.2, beta: float = 0.5) -> Any:
    """alpha · x + beta, but at least 0 and at most 1."""
    return xp.minimum(xp.maximum(alpha * x + beta, 0), 1)


@elementwise(
    x=lambda xp, g, x, sigma: g * xp.where(xp.abs(x) < 1 / sigma**2, sigma**2 * x, xp.sign(x)),
    floats=True,
    samples=[*alone(_NUMBER), ((normal(3, 4),), {"sigma": 0.5})],
    real=True,
)
def smooth_l1(xp: Any, x: Any, *, sigma: float = 1.0) -> Any:
    """(sigma · x)² / 2 where |x| < 1 / sigma², else |x| - 1 / (2 sigma²): the absolute value with a round corner."""
    size = xp.abs(x)
    return xp.where(size < 1 / sigma**2, 0.5 * sigma**2 * (x * x), size - 0.5 / sigma**2)
