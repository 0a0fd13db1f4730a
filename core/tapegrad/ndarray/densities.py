"""Densities of random numbers, differentiable in the numbers and in the parameters."""

from __future__ import annotations

from typing import Any

from .checks import ops
from .function import nd_function
from .ndarray import NDArray

ROOT_OF_TWO_PI_LOG = 0.9189385332046727


_density = nd_function(
    words="Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.\n"
    "Dtypes: floats; integers give the default float.\nRaises: `ShapeError` for shapes that do not go together."
)


def _beside(sample: NDArray, *parameters: NDArray) -> list[NDArray]:
    """Parameters, one for each row of samples, shaped to go with them."""
    return [ops.reshape(p, shape=(*p.shape, *(1,) * (sample.ndim - p.ndim))) for p in parameters]


def _or_log(logarithm: NDArray, is_log: bool) -> NDArray:
    return logarithm if is_log else ops.exp(logarithm)


@_density
def random_pdf_uniform(sample: NDArray, low: NDArray, high: NDArray, is_log: bool = False) -> NDArray:
    """The density of numbers spread evenly over [low, high], or its logarithm; a pair of parameters for each row.

    It is 1 / (high − low). Numbers outside have 0.

    >>> nd.random_pdf_uniform(nd.array([[1, 3]]), nd.array([0]), nd.array([2])).asnumpy().tolist()
    [[0.5, 0.0]]
    """
    low, high = _beside(sample, low, high)
    inside = ops.logical_and(ops.greater_equal(sample, low), ops.less_equal(sample, high))
    height = ops.broadcast_to(1 / (high - low), shape=sample.shape)
    density = ops.where(inside, height, ops.zeros_like(height))
    return ops.log(density) if is_log else density


@_density
def random_pdf_normal(sample: NDArray, mu: NDArray, sigma: NDArray, is_log: bool = False) -> NDArray:
    """The density of normal numbers, or its logarithm; a pair of parameters for each row.

    It is exp(−((x − mu) / sigma)² / 2) / (sigma √2π). The domain is not checked.

    >>> print(nd.random_pdf_normal(nd.array([[0]]), nd.array([0]), nd.array([1])).asscalar().round(4))
    0.3989
    """
    mu, sigma = _beside(sample, mu, sigma)
    return _or_log(ops.square((sample - mu) / sigma) * -0.5 - ops.log(sigma) - ROOT_OF_TWO_PI_LOG, is_log)


@_density
def random_pdf_gamma(sample: NDArray, alpha: NDArray, beta: NDArray, is_log: bool = False) -> NDArray:
    """The density of gamma variates of rate `beta`, or its logarithm; a pair of parameters for each row.

    It is betaᵅ xᵅ⁻¹ exp(−beta x) / Γ(alpha), with α = alpha. The domain is not checked.

    >>> print(nd.random_pdf_gamma(nd.array([[1]]), nd.array([1]), nd.array([1])).asscalar().round(4))
    0.3679
    """
    alpha, beta = _beside(sample, alpha, beta)
    shape = alpha * ops.log(beta) - ops.gammaln(alpha)
    return _or_log(shape + (alpha - 1) * ops.log(sample) - beta * sample, is_log)


@_density
def random_pdf_exponential(sample: NDArray, lam: NDArray, is_log: bool = False) -> NDArray:
    """The density of waiting times of rate `lam`, or its logarithm; a parameter for each row.

    It is lam exp(−lam x). The domain is not checked.

    >>> print(nd.random_pdf_exponential(nd.array([[0]]), nd.array([2])).asscalar().round(4))
    2.0
    """
    (lam,) = _beside(sample, lam)
    return _or_log(ops.log(lam) - lam * sample, is_log)


@_density
def random_pdf_poisson(sample: NDArray, lam: NDArray, is_log: bool = False) -> NDArray:
    """The probability of counts of which `lam` are expected, or its logarithm; a parameter for each row.

    It is lamˣ exp(−lam) / x!. The domain is not checked.

    >>> print(nd.random_pdf_poisson(nd.array([[0]]), nd.array([1])).asscalar().round(4))
    0.3679
    """
    (lam,) = _beside(sample, lam)
    return _or_log(sample * ops.log(lam) - ops.gammaln(sample + 1) - lam, is_log)


@_density
def random_pdf_negative_binomial(sample: NDArray, k: NDArray, p: NDArray, is_log: bool = False) -> NDArray:
    """The probability of counts of failures before `k` successes of probability `p`, or its logarithm.

    It is Γ(x + k) / (x! Γ(k)) · pᵏ (1 − p)ˣ. The domain is not checked.

    >>> print(nd.random_pdf_negative_binomial(nd.array([[1]]), nd.array([1]), nd.array([0.5])).asscalar())
    0.25
    """
    k, p = _beside(sample, k, p)
    return _or_log(_choices(sample, k) + k * ops.log(p) + sample * ops.log(1 - p), is_log)


def _choices(sample: Any, k: Any) -> Any:
    return ops.gammaln(sample + k) - ops.gammaln(sample + 1) - ops.gammaln(k)


@_density
def random_pdf_generalized_negative_binomial(
    sample: NDArray, mu: NDArray, alpha: NDArray, is_log: bool = False
) -> NDArray:
    """The probability of counts of mean `mu` and dispersion `alpha`, or its logarithm; a pair of them for each row.

    That of the negative binomial of k = 1 / alpha and p = 1 / (alpha · mu + 1). The domain is not checked.

    >>> density = nd.random_pdf_generalized_negative_binomial(nd.array([[1]]), nd.array([1]), nd.array([1]))
    >>> print(density.asscalar().round(4))
    0.25
    """
    mu, alpha = _beside(sample, mu, alpha)
    k, p = 1 / alpha, 1 / (alpha * mu + 1)
    return _or_log(_choices(sample, k) + k * ops.log(p) + sample * ops.log(1 - p), is_log)


@_density
def random_pdf_dirichlet(sample: NDArray, alpha: NDArray, is_log: bool = False) -> NDArray:
    """The density of points of a simplex, along the last axis, or its logarithm; parameters for each row of points.

    It is Γ(Σ alpha) / Π Γ(alpha) · Π xᵃ⁻¹, with a = alpha. The domain is not checked.

    Shapes: (…, n, k) samples and (…, k) parameters give (…, n).

    >>> nd.random_pdf_dirichlet(nd.array([[0.5, 0.5]]), nd.array([1, 1])).asnumpy().tolist()
    [1.0]
    """
    rows = (*alpha.shape[:-1], *(1,) * (sample.ndim - alpha.ndim), alpha.shape[-1])
    alpha = ops.reshape(alpha, shape=rows)
    shape = ops.gammaln(ops.sum(alpha, axis=-1)) - ops.sum(ops.gammaln(alpha), axis=-1)
    return _or_log(ops.sum((alpha - 1) * ops.log(sample), axis=-1) + shape, is_log)
