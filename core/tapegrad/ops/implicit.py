"""How variates move with the parameters of their distribution while their rank stays: by quadrature, of host arrays.

With F the distribution function and p its density, the slope is -(∂F/∂a) / p. Both are integrals of one density, whose
quotient does not overflow: ∂F/∂a is that of p times its logarithmic derivative in a, over the tail that is the smaller.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["beta_slope", "gamma_slope"]

NODES = 240
"""How many points the double exponential rule has; twice as many change nothing but the last digits."""


BLOCK = 1024


def _digamma(x: Any) -> Any:
    from scipy import special

    return special.digamma(x)


def gamma_slope(a: Any, x: Any, digamma: Callable[[Any], Any] = _digamma) -> Any:
    """The derivative of a gamma variate x of scale 1 in its shape a."""
    return _in_blocks(_gamma_slope, (a, x), digamma)


def _gamma_slope(a: Any, x: Any, digamma: Callable[[Any], Any]) -> Any:
    with np.errstate(all="ignore"):
        log, shift = np.log(x)[..., None], digamma(a)[..., None]
        rise, here, below = a[..., None], x[..., None], (x <= a)[..., None]

        def integrand(log_w: Any, w: Any, c: Any) -> Any:
            # The tail below is that of t = x · w, the one above of t = x / w.
            sign = np.where(below, 1, -1)
            weight = np.exp(sign * rise * log_w + np.where(below, here * c, -here * c / w))
            return -sign * (log + sign * log_w - shift) * weight * here

        return np.where(x > 0, _quadrature(integrand, a, x), x)


def beta_slope(a: Any, b: Any, x: Any, digamma: Callable[[Any], Any] = _digamma) -> Any:
    """The derivative of a beta variate x in a."""
    return _in_blocks(_beta_slope, (a, b, x), digamma)


def _beta_slope(a: Any, b: Any, x: Any, digamma: Callable[[Any], Any]) -> Any:
    with np.errstate(all="ignore"):
        log, shift = np.log(x)[..., None], (digamma(a) - digamma(a + b))[..., None]
        rise, fall, here, below = a[..., None], b[..., None], x[..., None], (x * (a + b) <= a)[..., None]

        def integrand(log_w: Any, w: Any, c: Any) -> Any:
            # The tail below is that of t = x · w, the one above of 1 - t = (1 - x) · w.
            growth = np.log1p(np.where(below, here / (1 - here), (1 - here) / here) * c)
            weight = np.exp(np.where(below, rise, fall) * log_w + (np.where(below, fall, rise) - 1) * growth)
            where = log + np.where(below, log_w, growth) - shift
            return np.where(below, -here, 1 - here) * where * weight

        return np.where((x > 0) & (x < 1), _quadrature(integrand, np.minimum(a, b), x), np.zeros_like(x))


def _in_blocks(slope: Callable[..., Any], arrays: tuple[Any, ...], digamma: Callable[[Any], Any]) -> Any:
    """The slope of all elements, of so many at a time that their nodes fit into a cache."""
    dtype = np.result_type(np.float64, *arrays)
    spread = np.broadcast_arrays(*(np.asarray(x, dtype) for x in arrays))
    flat = [x.ravel() for x in spread]
    parts = [slope(*(x[i : i + BLOCK] for x in flat), digamma) for i in range(0, spread[0].size, BLOCK)]
    return np.concatenate([np.empty(0, dtype), *parts]).reshape(spread[0].shape)


def _quadrature(integrand: Callable[[Any, Any, Any], Any], power: Any, x: Any) -> Any:
    """The integral over w from 0 to 1 of `integrand(log w, w, 1 - w)` / w, whose weight falls like w to that power."""
    reach = np.arcsinh(60 / math.pi / np.minimum(power, 1))
    start = np.full_like(reach, -3.3)
    step = (reach - start) / (NODES - 1)
    place = start[..., None] + step[..., None] * np.arange(NODES)
    u = math.pi * np.sinh(place)
    log_w, log_c = -np.logaddexp(0, u), -np.logaddexp(0, -u)
    w, c = np.exp(log_w), np.exp(log_c)
    # The derivative of w in the place is that of the logistic function, w · c · u'.
    terms = integrand(log_w, w, c) * c * math.pi * np.cosh(place)
    return np.sum(np.where(np.isfinite(terms), terms, 0), axis=-1) * step
