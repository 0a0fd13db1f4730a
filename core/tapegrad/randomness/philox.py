"""The stream of NumPy's Philox."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import ArgumentError, ShapeError
from .stream import (
    REAL,
    WHOLE,
    Floats,
    Integers,
    Sizes,
    Stream,
    as_count,
    as_integer,
    as_interval,
    as_numbers,
    as_probabilities,
    as_sizes,
    choose_dtype,
    fit_shape,
    invert_cumulative,
    require,
)


class PhiloxStream(Stream):
    """NumPy's Philox generator, in the dtype that is asked for.

    float32 numbers are drawn in float32 and float64 numbers in float64, so the two are different numbers. `shape` is
    the shape of the whole result, into which the parameters broadcast, as in NumPy. Numbers follow NumPy's own promise:
    equal for equal seeds and equal NumPy versions. Without a seed the operating system supplies one.

    Shapes: parameters broadcast into `shape`, which is that of the result.

    Dtypes: real numbers float32 or float64; integers those of the standard.

    Raises: as `Stream`.

    >>> stream = PhiloxStream(7)
    >>> first = stream.normal(shape=(2, 3))
    >>> stream.seed(7)
    >>> bool((stream.normal(shape=(2, 3)) == first).all())
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__()
        self._restart(seed)

    def _restart(self, seed: int | None) -> None:
        self._generator = np.random.Generator(np.random.Philox(seed))

    def seed(self, seed: int) -> None:
        """Start again from `seed`, an integer of any size from 0 up."""
        seed = as_integer("seed", seed)
        if seed < 0:
            raise ArgumentError(f"seed must be at least 0, got {seed}")
        with self._lock:
            self.seedings += 1
            self._restart(seed)

    def uniform(
        self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Real numbers spread evenly over [low, high), never `high` itself, however they are rounded.

        >>> PhiloxStream(0).uniform(-1, 1, shape=2, dtype="float64").dtype
        dtype('float64')
        """
        real = choose_dtype(dtype, REAL, "float32").type
        low, high = as_numbers("low", low), as_numbers("high", high)
        require(low <= high, "high", high, "no less than low")
        size = fit_shape(shape, low, high)
        with self._lock:
            unit = self._generator.random(size, real)
        low, high = low.astype(real), high.astype(real)
        return np.asarray(np.minimum(low + (high - low) * unit, np.nextafter(high, low)))

    def normal(
        self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Real numbers of mean `loc` and standard deviation `scale`, normally distributed.

        >>> PhiloxStream(0).normal([0.0, 100.0], shape=(4, 2)).shape
        (4, 2)
        """
        real = choose_dtype(dtype, REAL, "float32").type
        loc, scale = as_numbers("loc", loc), as_numbers("scale", scale)
        require(scale >= 0, "scale", scale, "at least 0")
        size = fit_shape(shape, loc, scale)
        with self._lock:
            unit = self._generator.standard_normal(size, real)
        return np.asarray(loc.astype(real) + scale.astype(real) * unit)

    def exponential(self, *, rate: ArrayLike = 1.0, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Waiting times of mean 1/rate.

        >>> bool((PhiloxStream(0).exponential(rate=2.0, shape=9) >= 0).all())
        True
        """
        real = choose_dtype(dtype, REAL, "float32").type
        rate = as_numbers("rate", rate)
        require(rate > 0, "rate", rate, "more than 0")
        size = fit_shape(shape, rate)
        with self._lock:
            unit = self._generator.standard_exponential(size, real)
        return np.asarray(unit / rate.astype(real))

    def gamma(
        self, alpha: ArrayLike, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Gamma variates of shape parameter `alpha`: mean alpha·scale, variance alpha·scale².

        >>> PhiloxStream(0).gamma([0.5, 2.0, 9.0]).shape
        (3,)
        """
        real = choose_dtype(dtype, REAL, "float32").type
        alpha, scale = as_numbers("alpha", alpha), as_numbers("scale", scale)
        require(alpha > 0, "alpha", alpha, "more than 0")
        require(scale > 0, "scale", scale, "more than 0")
        size = fit_shape(shape, alpha, scale)
        with self._lock:
            unit = self._generator.standard_gamma(np.broadcast_to(alpha, size), dtype=real)
        return np.asarray(scale.astype(real) * unit)

    def beta(self, a: ArrayLike, b: ArrayLike, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Beta variates of mean a/(a + b); drawn in float64, which NumPy draws only, and rounded to `dtype`.

        >>> bool((PhiloxStream(0).beta(2, 3, shape=9) < 1).all())
        True
        """
        real = choose_dtype(dtype, REAL, "float32").type
        a, b = as_numbers("a", a), as_numbers("b", b)
        require(a > 0, "a", a, "more than 0")
        require(b > 0, "b", b, "more than 0")
        size = fit_shape(shape, a, b)
        with self._lock:
            return np.asarray(self._generator.beta(a, b, size)).astype(real)

    def poisson(self, lam: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Counts of independent events of which `lam` are expected; int64 unless `dtype` says otherwise.

        >>> PhiloxStream(0).poisson(3.0, shape=5).dtype
        dtype('int64')
        """
        kind = choose_dtype(dtype, (*WHOLE, *REAL), "int64")
        lam = as_numbers("lam", lam)
        require(lam >= 0, "lam", lam, "at least 0")
        size = fit_shape(shape, lam)
        with self._lock:
            return np.asarray(self._generator.poisson(lam, size)).astype(kind)

    def randint(
        self, low: int, high: int | None = None, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Integers:
        """Integers spread evenly over low, …, high − 1; int64 unless `dtype` says otherwise.

        >>> sorted(set(PhiloxStream(0).randint(3, shape=100).tolist()))
        [0, 1, 2]
        """
        kind = choose_dtype(dtype, WHOLE, "int64")
        low, high = as_interval(low, high, kind)
        size = as_sizes(shape)
        with self._lock:
            return np.asarray(self._generator.integers(low, high, size, kind))

    def bernoulli(self, p: ArrayLike = 0.5, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """True with probability `p`, else False; one and zero where `dtype` is a dtype of numbers.

        >>> PhiloxStream(0).bernoulli([0.0, 1.0])
        array([False,  True])
        """
        kind = choose_dtype(dtype, ("bool", *WHOLE, *REAL), "bool")
        p = as_numbers("p", p)
        require((p >= 0) & (p <= 1), "p", p, "from 0 to 1")
        size = fit_shape(shape, p)
        with self._lock:
            unit = self._generator.random(size)
        return np.asarray(unit < p).astype(kind)

    def categorical(self, probs: ArrayLike, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Positions along the last axis of `probs`, each drawn with the probability that stands there.

        The other axes of `probs` are many distributions, which broadcast into `shape`. int64 unless `dtype` says
        otherwise. A probability of zero is never drawn.

        >>> PhiloxStream(0).categorical([[0.0, 1.0], [1.0, 0.0]], shape=(3, 2))
        array([[1, 0],
               [1, 0],
               [1, 0]])
        """
        kind = choose_dtype(dtype, WHOLE, "int64")
        probs = as_probabilities(probs)
        size = fit_shape(shape, probs[..., 0])
        table = np.broadcast_to(probs, (*size, probs.shape[-1])).reshape(-1, probs.shape[-1])
        if probs.ndim == 1:
            table = table[:1]
        with self._lock:
            unit = self._generator.random(size)
        levels = unit.reshape(len(table), -1) if unit.size else np.empty((len(table), 0))
        return invert_cumulative(table, table.cumsum(axis=-1), levels).reshape(size).astype(kind)

    def permutation(self, count: int) -> NDArray[np.int64]:
        """The integers 0, …, count − 1 in random order.

        >>> sorted(PhiloxStream(0).permutation(4).tolist())
        [0, 1, 2, 3]
        """
        count = as_count(count)
        with self._lock:
            return self._generator.permutation(count)

    def choice(
        self, count: int, *, shape: Sizes = None, replace: bool = True, probs: ArrayLike | None = None
    ) -> NDArray[np.int64]:
        """Positions among `count` things, all equally likely or as `probs` says; all different if not `replace`.

        >>> sorted(PhiloxStream(0).choice(3, shape=3, replace=False).tolist())
        [0, 1, 2]
        """
        count = as_count(count)
        size = as_sizes(shape)
        weights: NDArray[Any] | None = None
        if probs is not None:
            weights = as_probabilities(probs).astype(np.float64)
            if weights.shape != (count,):
                raise ShapeError(f"probs must have shape ({count},), one for each thing, not {weights.shape}")
            weights /= weights.sum()
        wanted: int = math.prod(size)
        if wanted and not count:
            raise ArgumentError("nothing can be chosen among 0 things")
        if not replace and wanted > count:
            raise ArgumentError(f"{wanted} different ones cannot be chosen among {count}: allow replace=True")
        with self._lock:
            return np.asarray(self._generator.choice(count, size, replace, weights), np.int64)
