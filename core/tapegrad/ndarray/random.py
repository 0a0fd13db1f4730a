"""Random arrays, with the numbers that MXNet draws: equal seeds and calls give the numbers printed in its books."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..context import Context, current_context
from ..engines.tables import RECORDED as ops
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..randomness.defaults import mxnet as stream
from ..transforms import draws as _draws
from .checks import dtype_of, need
from .ndarray import NDArray, flat, give, make, shape_of

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


def drawn(method: str, *parameters: Any, ctx: Context | None = None, **named: Any) -> NDArray:
    """What the stream of MXNet draws by that method, as an array in a context."""
    draw = partial(getattr(stream, method), *parameters)
    return _draws.drawn(draw, partial(make, ctx=ctx), **named)


def _sample(
    method: str, parameters: dict[str, Any], shape: Any, dtype: Any, ctx: Context | None, out: Any, default: Any = (1,)
) -> NDArray:
    """Numbers for parameters that are numbers (of `shape`) or arrays (`shape` numbers for each element)."""
    arrays = [p for p in parameters.values() if isinstance(p, Array)]
    if out is not None and shape is None and not arrays:
        shape, dtype = out.shape, dtype or dtype_of(out)
    if arrays:
        ctx = need(arrays[0], method).context
        size = () if shape is None else shape_of(shape)
    else:
        size = shape_of(default if shape is None else shape)
    return give(out, flat(drawn(method, ctx=ctx, shape=size, dtype=dtype, **parameters), *arrays))


def uniform(
    low: Any = 0,
    high: Any = 1,
    shape: Any = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Numbers spread evenly over [low, high), of `shape`; where a parameter is an array, that many for each element.

    Shapes: parameters that are numbers: `shape`, (1,) unless given; arrays: their own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for `high` below `low`, `DtypeError` for another dtype, `ShapeError` for arrays that do not
    broadcast.

    >>> from tapegrad import nd
    >>> import tapegrad as mx
    >>> mx.random.seed(1)
    >>> nd.random.uniform(shape=2)
    <BLANKLINE>
    [0.52383333 0.05501367]
    <NDArray 2 @cpu(0)>
    >>> nd.random.uniform(nd.array([0, 10]), nd.array([1, 20]), shape=3).shape
    (2, 3)
    """
    return _sample("uniform", {"low": low, "high": high}, shape, dtype, ctx, out)


def normal(
    loc: Any = 0,
    scale: Any = 1,
    shape: Any = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Normal numbers of mean `loc` and standard deviation `scale`, of `shape`; of arrays, that many for each element.

    Shapes: parameters that are numbers: `shape`, (1,) unless given; arrays: their own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a negative `scale`, `DtypeError` for another dtype, `ShapeError` for arrays that do not
    broadcast.

    >>> from tapegrad import nd
    >>> import tapegrad as mx
    >>> mx.random.seed(0)
    >>> print(nd.random.normal(shape=2).asnumpy())
    [2.2122064 0.7740038]
    """
    return _sample("normal", {"loc": loc, "scale": scale}, shape, dtype, ctx, out)


def randn(
    *shape: int, loc: Any = 0, scale: Any = 1, dtype: Any = None, ctx: Context | None = None, out: Any = None
) -> NDArray:
    """Normal numbers; the lengths of the axes are given one by one.

    Shapes: the lengths given, (1,) without any.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `TypeError` for a length that is no integer, `ValueError` for a negative `scale`, `DtypeError` for another
    dtype.

    >>> from tapegrad import nd
    >>> nd.random.randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape or (1,), dtype, ctx, out)


def exponential(
    scale: Any = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None, out: Any = None, name: Any = None
) -> NDArray:
    """Waiting times of mean `scale`.

    Shapes: a `scale` that is a number: `shape`, (1,) unless given; an array: its own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for a `scale` that is not positive, `DtypeError` for another dtype.

    >>> import tapegrad as mx
    >>> from tapegrad import nd
    >>> mx.random.seed(0)
    >>> print(nd.random.exponential(2, shape=1000).mean().asscalar().round(1))
    2.0
    """
    if not isinstance(scale, Array):
        if not isinstance(scale, (int, float, np.number)):
            raise ArgumentTypeError(f"exponential(): the mean is a number or an NDArray, not {scale!r}")
        if scale <= 0:
            raise ArgumentError(f"exponential(): the mean must be more than 0, got {scale}")
    return _sample("exponential", {"rate": 1.0 / scale}, shape, dtype, ctx, out)


def mean_of(rate: Any) -> Any:
    """The mean of waiting times of a rate. Raises `ValueError` for a rate of 0 or less."""
    if not isinstance(rate, Array) and rate <= 0:
        raise ArgumentError(f"the rate lam must be more than 0, got {rate}")
    return 1.0 / rate


def gamma(
    alpha: Any = 1,
    beta: Any = 1,
    shape: Any = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Gamma variates of mean alpha · beta and variance alpha · beta².

    Shapes: parameters that are numbers: `shape`, (1,) unless given; arrays: their own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64.

    Raises: `ValueError` for parameters that are not positive, `DtypeError` for another dtype, `ShapeError` for arrays
    that do not broadcast.

    >>> from tapegrad import nd
    >>> nd.random.gamma(2, 3, shape=3).shape
    (3,)
    """
    return _sample("gamma", {"alpha": alpha, "scale": beta}, shape, dtype, ctx, out)


def poisson(
    lam: Any = 1, shape: Any = None, dtype: Any = None, ctx: Context | None = None, out: Any = None, name: Any = None
) -> NDArray:
    """Counts of independent events of which `lam` are expected, as floats.

    Shapes: a `lam` that is a number: `shape`, (1,) unless given; an array: its own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64, though the counts are whole.

    Raises: `ValueError` for a negative `lam`, `DtypeError` for another dtype.

    >>> from tapegrad import nd
    >>> nd.random.poisson(4, shape=3).shape
    (3,)
    """
    return _sample("poisson", {"lam": lam}, shape, dtype, ctx, out)


def negative_binomial(
    k: Any = 1,
    p: Any = 1,
    shape: Any = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """How many trials fail before `k` of probability `p` each have succeeded, as floats.

    Shapes: parameters that are numbers: `shape`, (1,) unless given; arrays: their own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64, though the counts are whole.

    Raises: `ValueError` for a `p` outside (0, 1], `DtypeError` for another dtype, `ShapeError` for arrays that do not
    broadcast.

    >>> from tapegrad import nd
    >>> nd.random.negative_binomial(3, 0.5, shape=3).shape
    (3,)
    """
    return _sample("negative_binomial", {"k": k, "p": p}, shape, dtype, ctx, out)


def generalized_negative_binomial(
    mu: Any = 1,
    alpha: Any = 1,
    shape: Any = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Counts of mean `mu` and variance mu + alpha · mu², as floats.

    Shapes: parameters that are numbers: `shape`, (1,) unless given; arrays: their own, then `shape`.

    Dtypes: float16, float32 (unless `dtype` says otherwise) or float64, though the counts are whole.

    Raises: `ValueError` for a negative parameter, `DtypeError` for another dtype, `ShapeError` for arrays that do not
    broadcast.

    >>> from tapegrad import nd
    >>> nd.random.generalized_negative_binomial(2, 0.5, shape=3).shape
    (3,)
    """
    return _sample("generalized_negative_binomial", {"mu": mu, "alpha": alpha}, shape, dtype, ctx, out)


def randint(
    low: int,
    high: int,
    shape: Any = None,
    dtype: Any = None,
    ctx: Context | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Integers spread evenly over low, …, high − 1; int32 unless `dtype` is int64.

    Shapes: `shape`, (1,) unless given.

    Dtypes: int32 (unless `dtype` says otherwise) or int64.

    Raises: `ValueError` where there is no integer between, `TypeError` for bounds that are no integers, `DtypeError`
    for another dtype.

    >>> from tapegrad import nd
    >>> nd.random.randint(0, 3, shape=2).dtype
    <class 'numpy.int32'>
    """
    if out is not None and shape is None:
        shape, dtype = out.shape, dtype or dtype_of(out)
    size = (1,) if shape is None else shape_of(shape)
    return give(out, drawn("randint", low, high, shape=size, dtype=dtype, ctx=ctx))


def multinomial(
    data: Any, shape: Any = None, get_prob: bool = False, out: Any = None, dtype: Any = "int32", name: Any = None
) -> Any:
    """Places along the last axis of `data`, each drawn with the probability that stands there, `shape` for each row.

    `get_prob` adds the logarithm of the probability of what was drawn, through which gradients flow to `data`.

    Shapes: (…, k) gives (…) and then `shape`, or (1,) instead of ().

    Dtypes: places are int32 unless `dtype` says otherwise; logarithms have that of `data`.

    Raises: `TypeError` for what is no NDArray, `ValueError` for probabilities that are negative or do not sum to 1,
    `ShapeError` for none.

    >>> from tapegrad import nd
    >>> nd.random.multinomial(nd.array([0, 0, 1]), shape=2).asnumpy().tolist()
    [2, 2]
    """
    data = need(data, "multinomial")
    size = () if shape is None else shape_of(shape)
    found = drawn("categorical", ctx=data.context, shape=size, dtype=dtype, probs=data)
    found = found if found.ndim else ops.reshape(found, shape=(1,))
    if not get_prob:
        return give(out, found)
    each = int(np.prod(size, dtype=np.int64))
    rows = data.shape[:-1]
    index = ops.reshape(ops.astype(found, dtype=np.dtype("int64")), shape=(*rows, each))
    chosen = ops.log(ops.take_along_axis(data, index, axis=-1))
    return [give(out, found), ops.reshape(chosen, shape=found.shape)]


def shuffle(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """The array with its rows (its elements, if it has one axis) in random order.

    Gradients go back to the rows.

    Shapes: any with an axis; the result has that of `data`.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for one without axes.

    >>> from tapegrad import nd
    >>> sorted(nd.random.shuffle(nd.arange(3)).asnumpy().tolist())
    [0.0, 1.0, 2.0]
    """
    data = need(data, "shuffle")
    if not data.ndim:
        raise ShapeError("shuffle() takes an array with rows, not shape ()")
    order = drawn("permutation", data.shape[0], ctx=data.context, rows=data.ndim > 1)
    return give(out, ops.take(data, order, axis=0))


def _like(data: Any, where: str) -> dict[str, Any]:
    data = need(data, where)
    return {"shape": data.shape, "dtype": dtype_of(data), "ctx": data.context}


def uniform_like(data: Any, low: float = 0, high: float = 1, out: Any = None, name: Any = None) -> NDArray:
    """`uniform` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.uniform_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return uniform(low, high, out=out, **_like(data, "uniform_like"))


def normal_like(data: Any, loc: float = 0, scale: float = 1, out: Any = None, name: Any = None) -> NDArray:
    """`normal` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.normal_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return normal(loc, scale, out=out, **_like(data, "normal_like"))


def exponential_like(data: Any, lam: float = 1, out: Any = None, name: Any = None) -> NDArray:
    """Waiting times of rate `lam` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.exponential_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return exponential(mean_of(lam), out=out, **_like(data, "exponential_like"))


def gamma_like(data: Any, alpha: float = 1, beta: float = 1, out: Any = None, name: Any = None) -> NDArray:
    """`gamma` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.gamma_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return gamma(alpha, beta, out=out, **_like(data, "gamma_like"))


def poisson_like(data: Any, lam: float = 1, out: Any = None, name: Any = None) -> NDArray:
    """`poisson` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.poisson_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return poisson(lam, out=out, **_like(data, "poisson_like"))


def negative_binomial_like(data: Any, k: int = 1, p: float = 1, out: Any = None, name: Any = None) -> NDArray:
    """`negative_binomial` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.negative_binomial_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return negative_binomial(k, p, out=out, **_like(data, "negative_binomial_like"))


def generalized_negative_binomial_like(
    data: Any, mu: float = 1, alpha: float = 1, out: Any = None, name: Any = None
) -> NDArray:
    """`generalized_negative_binomial` in the shape, dtype and context of an array.

    Shapes: that of `data`.

    Dtypes: that of `data`, a floating one.

    Raises: `TypeError` for what is no NDArray, `DtypeError` for integers, `ValueError` for parameters outside their
    range.

    >>> from tapegrad import nd
    >>> nd.random.generalized_negative_binomial_like(nd.ones((2, 3))).shape
    (2, 3)
    """
    return generalized_negative_binomial(mu, alpha, out=out, **_like(data, "generalized_negative_binomial_like"))
