"""Densities of random numbers, differentiable in the numbers and in the parameters."""

from __future__ import annotations

from typing import Any

from ..engines.tables import RECORDED as ops
from .checks import need
from .ndarray import NDArray, give

__all__ = [
    "random_pdf_dirichlet",
    "random_pdf_exponential",
    "random_pdf_gamma",
    "random_pdf_generalized_negative_binomial",
    "random_pdf_negative_binomial",
    "random_pdf_normal",
    "random_pdf_poisson",
    "random_pdf_uniform",
]

ROOT_OF_TWO_PI_LOG = 0.9189385332046727


def _beside(sample: NDArray, *parameters: Any) -> list[Any]:
    """Parameters, one for each row of samples, shaped to go with them."""
    return [ops.reshape(p, shape=(*p.shape, *(1,) * (sample.ndim - p.ndim))) for p in parameters]


def _given(where: str, sample: Any, **parameters: Any) -> list[Any]:
    sample = need(sample, where, "sample")
    return [sample, *_beside(sample, *[need(p, where, name) for name, p in parameters.items()])]


def _density(logarithm: Any, is_log: bool, out: Any) -> NDArray:
    return give(out, logarithm if is_log else ops.exp(logarithm))


def random_pdf_uniform(
    sample: Any, low: Any, high: Any, is_log: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The density of numbers spread evenly over [low, high], or its logarithm; a pair of parameters for each row.

    It is 1 / (high − low). Numbers outside have 0.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> nd.random_pdf_uniform(nd.array([[1, 3]]), nd.array([0]), nd.array([2])).asnumpy().tolist()
    [[0.5, 0.0]]
    """
    sample, low, high = _given("random_pdf_uniform", sample, low=low, high=high)
    inside = ops.logical_and(ops.greater_equal(sample, low), ops.less_equal(sample, high))
    height = ops.broadcast_to(1 / (high - low), shape=sample.shape)
    found = ops.where(inside, height, ops.zeros_like(height))
    return give(out, ops.log(found) if is_log else found)


def random_pdf_normal(
    sample: Any, mu: Any, sigma: Any, is_log: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The density of normal numbers, or its logarithm; a pair of parameters for each row.

    It is exp(−((x − mu) / sigma)² / 2) / (sigma √2π). The domain is not checked.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.random_pdf_normal(nd.array([[0]]), nd.array([0]), nd.array([1])).asscalar().round(4))
    0.3989
    """
    sample, mu, sigma = _given("random_pdf_normal", sample, mu=mu, sigma=sigma)
    return _density(ops.square((sample - mu) / sigma) * -0.5 - ops.log(sigma) - ROOT_OF_TWO_PI_LOG, is_log, out)


def random_pdf_gamma(
    sample: Any, alpha: Any, beta: Any, is_log: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The density of gamma variates of rate `beta`, or its logarithm; a pair of parameters for each row.

    It is betaᵅ xᵅ⁻¹ exp(−beta x) / Γ(alpha), with α = alpha. The domain is not checked.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.random_pdf_gamma(nd.array([[1]]), nd.array([1]), nd.array([1])).asscalar().round(4))
    0.3679
    """
    sample, alpha, beta = _given("random_pdf_gamma", sample, alpha=alpha, beta=beta)
    shape = alpha * ops.log(beta) - ops.gammaln(alpha)
    return _density(shape + (alpha - 1) * ops.log(sample) - beta * sample, is_log, out)


def random_pdf_exponential(sample: Any, lam: Any, is_log: bool = False, out: Any = None, name: Any = None) -> NDArray:
    """The density of waiting times of rate `lam`, or its logarithm; a parameter for each row.

    It is lam exp(−lam x). The domain is not checked.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.random_pdf_exponential(nd.array([[0]]), nd.array([2])).asscalar().round(4))
    2.0
    """
    sample, lam = _given("random_pdf_exponential", sample, lam=lam)
    return _density(ops.log(lam) - lam * sample, is_log, out)


def random_pdf_poisson(sample: Any, lam: Any, is_log: bool = False, out: Any = None, name: Any = None) -> NDArray:
    """The probability of counts of which `lam` are expected, or its logarithm; a parameter for each row.

    It is lamˣ exp(−lam) / x!. The domain is not checked.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.random_pdf_poisson(nd.array([[0]]), nd.array([1])).asscalar().round(4))
    0.3679
    """
    sample, lam = _given("random_pdf_poisson", sample, lam=lam)
    return _density(sample * ops.log(lam) - ops.gammaln(sample + 1) - lam, is_log, out)


def random_pdf_negative_binomial(
    sample: Any, k: Any, p: Any, is_log: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The probability of counts of failures before `k` successes of probability `p`, or its logarithm.

    It is Γ(x + k) / (x! Γ(k)) · pᵏ (1 − p)ˣ. The domain is not checked.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.random_pdf_negative_binomial(nd.array([[1]]), nd.array([1]), nd.array([0.5])).asscalar())
    0.25
    """
    sample, k, p = _given("random_pdf_negative_binomial", sample, k=k, p=p)
    return _density(_choices(sample, k) + k * ops.log(p) + sample * ops.log(1 - p), is_log, out)


def _choices(sample: Any, k: Any) -> Any:
    return ops.gammaln(sample + k) - ops.gammaln(sample + 1) - ops.gammaln(k)


def random_pdf_generalized_negative_binomial(
    sample: Any, mu: Any, alpha: Any, is_log: bool = False, out: Any = None, name: Any = None
) -> NDArray:
    """The probability of counts of mean `mu` and dispersion `alpha`, or its logarithm; a pair of them for each row.

    That of the negative binomial of k = 1 / alpha and p = 1 / (alpha · mu + 1). The domain is not checked.

    Shapes: (…, n) samples and (…) parameters give (…, n); parameters with further axes broadcast.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, numbers included, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> density = nd.random_pdf_generalized_negative_binomial(nd.array([[1]]), nd.array([1]), nd.array([1]))
    >>> print(density.asscalar().round(4))
    0.25
    """
    sample, mu, alpha = _given("random_pdf_generalized_negative_binomial", sample, mu=mu, alpha=alpha)
    k, p = 1 / alpha, 1 / (alpha * mu + 1)
    return _density(_choices(sample, k) + k * ops.log(p) + sample * ops.log(1 - p), is_log, out)


def random_pdf_dirichlet(sample: Any, alpha: Any, is_log: bool = False, out: Any = None, name: Any = None) -> NDArray:
    """The density of points of a simplex, along the last axis, or its logarithm; parameters for each row of points.

    It is Γ(Σ alpha) / Π Γ(alpha) · Π xᵃ⁻¹, with a = alpha. The domain is not checked.

    Shapes: (…, n, k) samples and (…, k) parameters give (…, n).

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> nd.random_pdf_dirichlet(nd.array([[0.5, 0.5]]), nd.array([1, 1])).asnumpy().tolist()
    [1.0]
    """
    sample, alpha = need(sample, "random_pdf_dirichlet", "sample"), need(alpha, "random_pdf_dirichlet", "alpha")
    rows = (*alpha.shape[:-1], *(1,) * (sample.ndim - alpha.ndim), alpha.shape[-1])
    alpha = ops.reshape(alpha, shape=rows)
    shape = ops.gammaln(ops.sum(alpha, axis=-1)) - ops.sum(ops.gammaln(alpha), axis=-1)
    return _density(ops.sum((alpha - 1) * ops.log(sample), axis=-1) + shape, is_log, out)
