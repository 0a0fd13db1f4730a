"""Random arrays under the long names: `random_normal` takes its context before its dtype, `sample_normal` arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..context import Context
from . import distributions as _of
from . import random as _random
from .function import Field, nd_function
from .ndarray import NDArray

if TYPE_CHECKING:
    from ..typing import DTypeLike, ShapeLike


def _long(distribution: _of.Distribution) -> Callable[..., NDArray]:
    doc = f"""{{numbers}}, of `shape`.

    `nd.random.{{method}}` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.
    {_of.FLOATING}
    Raises: `ValueError` for {{refused}}, `DtypeError` for any other dtype.

    >>> nd.random_{{method}}(shape=3).shape
    (3,)
    """
    name = f"random_{distribution.method}"
    return distribution.function(
        name, distribution.parameters, (_of.SHAPE, _of.CONTEXT, _of.DTYPE, _of.OUT), doc, __name__
    )


def _sample(distribution: _of.Distribution, *names: str) -> Callable[..., NDArray]:
    doc = f"""{{numbers}}: `shape` of them for each element of {{names}}.

    Shapes: that of the parameters, then `shape`.
    {_of.FLOATING}
    Raises: `ValueError` for {{refused}}, `DtypeError` for any other dtype, `ShapeError` for parameters that do not
    broadcast.

    >>> nd.sample_{{method}}({", ".join(["nd.ones(2)"] * len(distribution.parameters))}, shape=3).shape
    (2, 3)
    """
    parameters = [Field(name, "NDArray") for name in names or [p.name for p in distribution.parameters]]
    return distribution.function(
        f"sample_{distribution.method}", parameters, (_of.SHAPE, _of.DTYPE, _of.OUT), doc, __name__
    )


random_uniform, sample_uniform = _long(_of.UNIFORM), _sample(_of.UNIFORM)
random_normal, sample_normal = _long(_of.NORMAL), _sample(_of.NORMAL, "mu", "sigma")
random_exponential, sample_exponential = _long(_of.EXPONENTIAL), _sample(_of.EXPONENTIAL)
random_gamma, sample_gamma = _long(_of.GAMMA), _sample(_of.GAMMA)
random_poisson, sample_poisson = _long(_of.POISSON), _sample(_of.POISSON)
random_negative_binomial = _long(_of.NEGATIVE_BINOMIAL)
sample_negative_binomial = _sample(_of.NEGATIVE_BINOMIAL)
random_generalized_negative_binomial = _long(_of.GENERALIZED_NEGATIVE_BINOMIAL)
sample_generalized_negative_binomial = _sample(_of.GENERALIZED_NEGATIVE_BINOMIAL)
uniform, normal, shuffle = random_uniform, random_normal, _random.shuffle


@nd_function
def random_randint(
    low: int,
    high: int,
    shape: ShapeLike | None = None,
    ctx: Context | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Integers spread evenly over low, …, high − 1.

    `nd.random.randint` with its context before its dtype.

    Shapes: `shape`, (1,) unless given; that of `out`.
    Dtypes: int32 (unless `dtype` says otherwise) or int64.
    Raises: `ValueError` where there is no integer between, `TypeError` for bounds that are not integers, `DtypeError`
    for any other dtype.

    >>> nd.random_randint(0, 3, shape=2).shape
    (2,)
    """
    return _random.randint(low, high, shape, dtype, ctx, out)


@nd_function
def sample_multinomial(
    data: NDArray,
    shape: ShapeLike | None = None,
    get_prob: bool = False,
    dtype: DTypeLike = "int32",
    out: NDArray | None = None,
) -> Any:
    """Places along the last axis of `data`, each drawn with the probability that stands there, `shape` for each row.

    `get_prob` adds the logarithm of the probability of what was drawn, through which gradients flow to `data`.

    Shapes: (…, k) gives (…) and then `shape`, or (1,) instead of ().
    Dtypes: places are int32 unless `dtype` says otherwise; logarithms have that of `data`.
    Raises: `ValueError` for probabilities that are negative or do not sum to 1, `ShapeError` for none.

    >>> nd.sample_multinomial(nd.array([[0, 1], [1, 0]])).asnumpy().tolist()
    [1, 0]
    """
    return _random.multinomial(data, shape, get_prob, out, dtype)
