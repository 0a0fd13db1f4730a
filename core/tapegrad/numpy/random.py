"""Random numbers in NumPy's words, from one stream on the host: a seed gives the same numbers on every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as host

from .. import dtypes
from ..array import Array
from ..draws import drawn
from ..random import philox
from .creation import asarray, make
from .searching import take

__all__ = [
    "choice",
    "exponential",
    "normal",
    "permutation",
    "rand",
    "randint",
    "randn",
    "seed",
    "standard_normal",
    "uniform",
]


def seed(seed: int) -> None:
    """Start the stream again at a seed."""
    philox.seed(seed)


def _drawn(draw: Callable[..., Any], **parameters: Any) -> Array:
    return drawn(draw, make, **parameters)


def _size(size: Any) -> Any:
    return () if size is None else size


def normal(loc: float = 0.0, scale: float = 1.0, size: Any = None) -> Array:
    """Normal numbers of that mean and standard deviation, of the default dtype."""
    return _drawn(lambda: philox.normal(loc, scale, shape=_size(size), dtype=dtypes.get_default_dtype()))


def standard_normal(size: Any = None) -> Array:
    """Standard normal numbers."""
    return normal(size=size)


def randn(*shape: int) -> Array:
    """Standard normal numbers of a shape."""
    return normal(size=shape)


def uniform(low: float = 0.0, high: float = 1.0, size: Any = None) -> Array:
    """Numbers evenly spread from `low` up to `high`."""
    return _drawn(lambda: philox.uniform(low, high, shape=_size(size), dtype=dtypes.get_default_dtype()))


def rand(*shape: int) -> Array:
    """Numbers evenly spread from 0 up to 1, of a shape."""
    return uniform(size=shape)


def exponential(scale: float = 1.0, size: Any = None) -> Array:
    """Exponential numbers of that mean."""
    return _drawn(lambda: philox.exponential(rate=1.0 / scale, shape=_size(size), dtype=dtypes.get_default_dtype()))


def randint(low: int, high: int | None = None, size: Any = None) -> Array:
    """Integers from `low` up to `high`, without it; with one number, from zero."""
    return _drawn(lambda: philox.randint(low, high, shape=_size(size)))


def permutation(x: Any) -> Array:
    """The numbers below `x`, or the elements of `x` along its first axis, in random order."""
    if isinstance(x, (int, host.integer)):
        return _drawn(lambda: philox.permutation(int(x)))
    x = asarray(x)
    return take(x, _drawn(lambda: philox.permutation(x.shape[0])), axis=0)


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Array:
    """Elements of `a`, or numbers below it, chosen with the probabilities `p`."""
    count = int(a) if isinstance(a, (int, host.integer)) else asarray(a).shape[0]
    chosen = _drawn(lambda p: philox.choice(count, shape=_size(size), replace=replace, probs=p), p=p)
    return chosen if isinstance(a, (int, host.integer)) else take(asarray(a), chosen, axis=0)
