"""Random arrays under the long names: `random_normal` takes its context before its dtype, `sample_normal` arrays."""

from __future__ import annotations

from typing import Any

from ..context import Context
from . import random as _random
from .checks import need
from .ndarray import NDArray
from .random import shuffle

__all__ = [
    "normal",
    "random_exponential",
    "random_gamma",
    "random_generalized_negative_binomial",
    "random_negative_binomial",
    "random_normal",
    "random_poisson",
    "random_randint",
    "random_uniform",
    "sample_exponential",
    "sample_gamma",
    "sample_generalized_negative_binomial",
    "sample_multinomial",
    "sample_negative_binomial",
    "sample_normal",
    "sample_poisson",
    "sample_uniform",
    "shuffle",
    "uniform",
]


def random_uniform(
    low: float = 0,
    high: float = 1,
    shape: Any = None,
    ctx: Context | None = None,
    dtype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Numbers spread evenly over [low, high), of `shape`.

    `nd.random.uniform` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for `high` below `low`, `DtypeError` for another dtype, `TypeError` for an `out` that is no
    NDArray.

    >>> from tapegrad import nd
    >>> nd.random_uniform(shape=3).shape
    (3,)
    """
    return _random.uniform(low, high, shape, dtype, ctx, out)


def random_normal(
    loc: float = 0,
    scale: float = 1,
    shape: Any = None,
    ctx: Context | None = None,
    dtype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Normal numbers of mean `loc` and standard deviation `scale`, of `shape`.

    `nd.random.normal` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a negative `scale`, `DtypeError` for another dtype, `TypeError` for an `out` that is no
    NDArray.

    >>> from tapegrad import nd
    >>> nd.random_normal(shape=3).shape
    (3,)
    """
    return _random.normal(loc, scale, shape, dtype, ctx, out)


uniform, normal = random_uniform, random_normal


def random_exponential(
    lam: float = 1, shape: Any = None, ctx: Context | None = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """Waiting times of rate `lam`, of mean 1 / lam.

    `nd.random.exponential` with its context before its dtype, and the rate for the mean.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a `lam` that is not positive, `DtypeError` for another dtype, `TypeError` for an `out` that
    is no NDArray.

    >>> from tapegrad import nd
    >>> nd.random_exponential(4, shape=3).shape
    (3,)
    """
    return _random.exponential(_random.mean_of(lam), shape, dtype, ctx, out)


def random_gamma(
    alpha: float = 1,
    beta: float = 1,
    shape: Any = None,
    ctx: Context | None = None,
    dtype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Gamma variates of mean alpha · beta.

    `nd.random.gamma` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for parameters that are not positive, `DtypeError` for another dtype, `TypeError` for an `out`
    that is no NDArray.

    >>> from tapegrad import nd
    >>> nd.random_gamma(2, 3, shape=3).shape
    (3,)
    """
    return _random.gamma(alpha, beta, shape, dtype, ctx, out)


def random_poisson(
    lam: float = 1, shape: Any = None, ctx: Context | None = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """Counts of independent events of which `lam` are expected.

    `nd.random.poisson` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a negative `lam`, `DtypeError` for another dtype, `TypeError` for an `out` that is no
    NDArray.

    >>> from tapegrad import nd
    >>> nd.random_poisson(4, shape=3).shape
    (3,)
    """
    return _random.poisson(lam, shape, dtype, ctx, out)


def random_negative_binomial(
    k: int = 1,
    p: float = 1,
    shape: Any = None,
    ctx: Context | None = None,
    dtype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """How many trials fail before `k` of probability `p` each have succeeded.

    `nd.random.negative_binomial` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a `p` outside (0, 1], `DtypeError` for another dtype, `TypeError` for an `out` that is no
    NDArray.

    >>> from tapegrad import nd
    >>> nd.random_negative_binomial(3, 0.5, shape=3).shape
    (3,)
    """
    return _random.negative_binomial(k, p, shape, dtype, ctx, out)


def random_generalized_negative_binomial(
    mu: float = 1,
    alpha: float = 1,
    shape: Any = None,
    ctx: Context | None = None,
    dtype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Counts of mean `mu` and variance mu + alpha · mu².

    `nd.random.generalized_negative_binomial` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a negative parameter, `DtypeError` for another dtype, `TypeError` for an `out` that is no
    NDArray.

    >>> from tapegrad import nd
    >>> nd.random_generalized_negative_binomial(2, 0.5, shape=3).shape
    (3,)
    """
    return _random.generalized_negative_binomial(mu, alpha, shape, dtype, ctx, out)


def random_randint(
    low: int,
    high: int,
    shape: Any = None,
    ctx: Context | None = None,
    dtype: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Integers spread evenly over low, …, high − 1.

    `nd.random.randint` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.

    Dtypes: int32 (unless `dtype` says otherwise) or int64.

    Raises: `ValueError` where there is no integer between, `TypeError` for bounds that are no integers, `DtypeError`
    for another dtype.

    >>> from tapegrad import nd
    >>> nd.random_randint(0, 3, shape=2).shape
    (2,)
    """
    return _random.randint(low, high, shape, dtype, ctx, out)


def _both(where: str, **parameters: Any) -> tuple[NDArray, NDArray]:
    first, second = (need(p, where, name) for name, p in parameters.items())
    return first, second


def sample_uniform(
    low: Any, high: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """For each pair of elements of `low` and `high`, `shape` numbers spread evenly between them.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for `high` below `low`, `DtypeError` for another dtype,
    `ShapeError` for parameters that do not broadcast.

    >>> from tapegrad import nd
    >>> nd.sample_uniform(nd.zeros(2), nd.ones(2), shape=3).shape
    (2, 3)
    """
    first, second = _both("sample_uniform", low=low, high=high)
    return _random.uniform(first, second, shape, dtype, out=out)


def sample_normal(
    mu: Any, sigma: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """For each pair of elements of `mu` and `sigma`, `shape` normal numbers.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for a negative `sigma`, `DtypeError` for another dtype,
    `ShapeError` for parameters that do not broadcast.

    >>> from tapegrad import nd
    >>> nd.sample_normal(nd.zeros(2), nd.ones(2), shape=3).shape
    (2, 3)
    """
    first, second = _both("sample_normal", mu=mu, sigma=sigma)
    return _random.normal(first, second, shape, dtype, out=out)


def sample_exponential(lam: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None) -> NDArray:
    """For each element of `lam`, `shape` waiting times of that rate.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for a `lam` that is not positive, `DtypeError` for another
    dtype.

    >>> from tapegrad import nd
    >>> nd.sample_exponential(nd.ones(2), shape=3).shape
    (2, 3)
    """
    return _random.exponential(1.0 / need(lam, "sample_exponential", "lam"), shape, dtype, out=out)


def sample_gamma(
    alpha: Any, beta: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """For each pair of elements of `alpha` and `beta`, `shape` gamma variates.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for parameters that are not positive, `DtypeError` for
    another dtype, `ShapeError` for parameters that do not broadcast.

    >>> from tapegrad import nd
    >>> nd.sample_gamma(nd.ones(2), nd.ones(2), shape=3).shape
    (2, 3)
    """
    first, second = _both("sample_gamma", alpha=alpha, beta=beta)
    return _random.gamma(first, second, shape, dtype, out=out)


def sample_poisson(lam: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None) -> NDArray:
    """For each element of `lam`, `shape` counts of which that many are expected.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for a negative `lam`, `DtypeError` for another dtype.

    >>> from tapegrad import nd
    >>> nd.sample_poisson(nd.ones(2), shape=3).shape
    (2, 3)
    """
    return _random.poisson(need(lam, "sample_poisson", "lam"), shape, dtype, out=out)


def sample_negative_binomial(
    k: Any, p: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """For each pair of elements of `k` and `p`, `shape` counts of failures before k successes.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for a `p` outside (0, 1], `DtypeError` for another dtype,
    `ShapeError` for parameters that do not broadcast.

    >>> from tapegrad import nd
    >>> nd.sample_negative_binomial(nd.ones(2), nd.ones(2), shape=3).shape
    (2, 3)
    """
    first, second = _both("sample_negative_binomial", k=k, p=p)
    return _random.negative_binomial(first, second, shape, dtype, out=out)


def sample_generalized_negative_binomial(
    mu: Any, alpha: Any, shape: Any = None, dtype: Any = None, out: Any = None, name: Any = None
) -> NDArray:
    """For each pair of elements of `mu` and `alpha`, `shape` counts of that mean and dispersion.

    Shapes: that of the parameters, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for what is no NDArray, `ValueError` for a negative parameter, `DtypeError` for another dtype,
    `ShapeError` for parameters that do not broadcast.

    >>> from tapegrad import nd
    >>> nd.sample_generalized_negative_binomial(nd.ones(2), nd.ones(2), shape=3).shape
    (2, 3)
    """
    where = "sample_generalized_negative_binomial"
    first, second = _both(where, mu=mu, alpha=alpha)
    return _random.generalized_negative_binomial(first, second, shape, dtype, out=out)


def sample_multinomial(
    data: Any, shape: Any = None, get_prob: bool = False, dtype: Any = "int32", out: Any = None, name: Any = None
) -> Any:
    """Places along the last axis of `data`, each drawn with the probability that stands there, `shape` for each row.

    `get_prob` adds the logarithm of the probability of what was drawn, through which gradients flow to `data`.

    Shapes: (…, k) gives (…) and then `shape`, or (1,) instead of ().

    Dtypes: places are int32 unless `dtype` says otherwise; logarithms have that of `data`.

    Raises: as `nd.random.multinomial`.

    >>> from tapegrad import nd
    >>> nd.sample_multinomial(nd.array([[0, 1], [1, 0]])).asnumpy().tolist()
    [1, 0]
    """
    return _random.multinomial(data, shape, get_prob, out, dtype)
