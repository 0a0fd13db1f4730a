"""Random arrays, with the numbers that MXNet draws: equal seeds and calls give the numbers printed in its books."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..context import Context, current_context
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from . import distributions as _of
from .checks import at_least_1d, dtype_of, ops
from .distributions import drawn, sample
from .function import nd_function
from .ndarray import NDArray, give, shape_of

if TYPE_CHECKING:
    from ..typing import ArrayLike, DTypeLike, ShapeLike

__all__ = [
    "current_context",
    "exponential",
    "exponential_like",
    "gamma",
    "gamma_like",
    "generalized_negative_binomial",
    "generalized_negative_binomial_like",
    "multinomial",
    "negative_binomial",
    "negative_binomial_like",
    "normal",
    "normal_like",
    "poisson",
    "poisson_like",
    "randint",
    "randn",
    "shuffle",
    "uniform",
    "uniform_like",
]


uniform = _of.UNIFORM.drawing(
    __name__,
    """>>> import tapegrad as mx
        >>> mx.random.seed(1)
        >>> nd.random.uniform(shape=2)
        <BLANKLINE>
        [0.52383333 0.05501367]
        <NDArray 2 @cpu(0)>
        >>> nd.random.uniform(nd.array([0, 10]), nd.array([1, 20]), shape=3).shape
        (2, 3)""",
)
normal = _of.NORMAL.drawing(
    __name__,
    """>>> import tapegrad as mx
        >>> mx.random.seed(0)
        >>> print(nd.random.normal(shape=2).asnumpy())
        [2.2122064 0.7740038]""",
)
gamma, poisson, negative_binomial, generalized_negative_binomial = (
    distribution.drawing(__name__, f">>> nd.random.{distribution.method}({values}, shape=3).shape\n        (3,)")
    for distribution, values in (
        (_of.GAMMA, "2, 3"),
        (_of.POISSON, "4"),
        (_of.NEGATIVE_BINOMIAL, "3, 0.5"),
        (_of.GENERALIZED_NEGATIVE_BINOMIAL, "2, 0.5"),
    )
)
uniform_like, normal_like, exponential_like, gamma_like = (
    distribution.drawing_like(__name__) for distribution in (_of.UNIFORM, _of.NORMAL, _of.EXPONENTIAL, _of.GAMMA)
)
poisson_like, negative_binomial_like, generalized_negative_binomial_like = (
    distribution.drawing_like(__name__)
    for distribution in (_of.POISSON, _of.NEGATIVE_BINOMIAL, _of.GENERALIZED_NEGATIVE_BINOMIAL)
)


@nd_function
def exponential(
    scale: ArrayLike = 1,
    shape: ShapeLike | None = None,
    dtype: DTypeLike | None = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Waiting times of mean `scale`, of `shape`; where that is an array, that many for each element.

    Shapes: a `scale` that is a number: `shape`, (1,) unless given; an array: its own, then `shape`.
    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.
    Raises: `ValueError` for a `scale` that is not positive, `DtypeError` for any other dtype.

    >>> import tapegrad as mx
    >>> mx.random.seed(0)
    >>> print(nd.random.exponential(2, shape=1000).mean().asscalar().round(1))
    2.0
    """
    if not isinstance(scale, Array):
        if not isinstance(scale, (int, float, np.number)):
            raise ArgumentTypeError(f"exponential(): the mean is a number or an NDArray, not {scale!r}")
        if scale <= 0:
            raise ArgumentError(f"exponential(): the mean must be more than 0, got {scale}")
    return sample("exponential", {"rate": 1.0 / scale}, shape, dtype, ctx, out)


@nd_function(out=False)
def randn(
    *shape: int,
    loc: ArrayLike = 0,
    scale: ArrayLike = 1,
    dtype: DTypeLike | None = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Normal numbers; the lengths of the axes are passed one by one.

    Shapes: the lengths, (1,) without any.
    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.
    Raises: `TypeError` for a length that is not an integer, `ValueError` for a negative `scale`, `DtypeError` for any
    other dtype.

    >>> nd.random.randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape or (1,), dtype, ctx, out)


@nd_function
def randint(
    low: int,
    high: int,
    shape: ShapeLike | None = None,
    dtype: DTypeLike | None = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Integers spread evenly over low, …, high − 1; int32 unless `dtype` is int64.

    Shapes: `shape`, (1,) unless given.
    Dtypes: int32 (unless `dtype` says otherwise) or int64.
    Raises: `ValueError` where there is no integer between, `TypeError` for bounds that are not integers, `DtypeError`
    for any other dtype.

    >>> nd.random.randint(0, 3, shape=2).dtype
    <class 'numpy.int32'>
    """
    if out is not None and shape is None:
        shape, dtype = out.shape, dtype or dtype_of(out)
    size = (1,) if shape is None else shape_of(shape)
    return give(out, drawn("randint", low, high, shape=size, dtype=dtype, ctx=ctx))


@nd_function
def multinomial(
    data: NDArray,
    shape: ShapeLike | None = None,
    get_prob: bool = False,
    out: NDArray | None = None,
    dtype: DTypeLike = "int32",
) -> Any:
    """Places along the last axis of `data`, each drawn with the probability that stands there, `shape` for each row.

    `get_prob` adds the logarithm of the probability of what was drawn, through which gradients flow to `data`.

    Shapes: (…, k) gives (…) and then `shape`, or (1,) instead of ().
    Dtypes: places are int32 unless `dtype` says otherwise; logarithms have that of `data`.
    Raises: `ValueError` for probabilities that are negative or do not sum to 1, `ShapeError` for none.

    >>> nd.random.multinomial(nd.array([0, 0, 1]), shape=2).asnumpy().tolist()
    [2, 2]
    """
    size = () if shape is None else shape_of(shape)
    places = at_least_1d(drawn("categorical", ctx=data.context, shape=size, dtype=dtype, probs=data))
    if not get_prob:
        return give(out, places)
    each = int(np.prod(size, dtype=np.int64))
    index = ops.reshape(ops.astype(places, dtype=np.dtype("int64")), shape=(*data.shape[:-1], each))
    logarithms = ops.log(ops.take_along_axis(data, index, axis=-1))
    return [give(out, places), ops.reshape(logarithms, shape=places.shape)]


@nd_function
def shuffle(data: NDArray) -> NDArray:
    """The array with its rows (its elements, if it has one axis) in random order.

    Gradients go back to the rows.

    Shapes: any with an axis; the result has that of `data`.
    Raises: `ShapeError` for an array without axes.

    >>> sorted(nd.random.shuffle(nd.arange(3)).asnumpy().tolist())
    [0.0, 1.0, 2.0]
    """
    if not data.ndim:
        raise ShapeError("shuffle() takes an array with rows, not shape ()")
    order = drawn("permutation", data.shape[0], ctx=data.context, rows=data.ndim > 1)
    return ops.take(data, order, axis=0)
