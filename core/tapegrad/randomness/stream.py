"""What all streams of random numbers share: their interface, and the checks of what is asked for."""

from __future__ import annotations

import operator
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Sizes: TypeAlias = int | Sequence[int] | None

REAL = ("float32", "float64")
REAL_OR_HALF = ("float16", *REAL)
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


class Stream(ABC):
    """A source of random numbers that continues where the last call stopped.

    A distribution's parameters are numbers or arrays of them. `shape` is an int or a tuple of ints; left out, one
    number is drawn for each set of parameters. `dtype=None` is float32 for real numbers; each method says what it is
    for others.

    Raises:
        ValueError: a parameter is outside its range, or not a number.
        TypeError: a parameter or a shape is of a type that has no meaning here.
        ShapeError: a size is negative, or parameters and `shape` do not go together (a ValueError).
        DtypeError: the stream does not draw in that dtype (a TypeError); the message lists those that it knows.

    Shapes: parameters broadcast to the result's `shape`, or, in `MXNetStream`, stand before it.

    Dtypes: float32 for real numbers unless `dtype` says otherwise, integers as each method says.

    >>> from tapegrad.random import mxnet, philox
    >>> [type(stream).__name__ for stream in (mxnet, philox)], isinstance(philox, Stream)
    (['MXNetStream', 'PhiloxStream'], True)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seedings = 0

    @abstractmethod
    def seed(self, seed: int) -> None:
        """Start again: equal seeds are followed by equal numbers."""

    @abstractmethod
    def uniform(
        self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Real numbers spread evenly over [low, high)."""

    @abstractmethod
    def normal(
        self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Real numbers of mean `loc` and standard deviation `scale`, normally distributed."""

    @abstractmethod
    def exponential(self, *, rate: ArrayLike = 1.0, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Waiting times of mean 1/rate. By name only, because elsewhere the mean stands in its place."""

    @abstractmethod
    def gamma(
        self, alpha: ArrayLike, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Gamma variates of shape parameter `alpha`: mean alpha·scale, variance alpha·scale²."""

    @abstractmethod
    def poisson(self, lam: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Counts of independent events of which `lam` are expected."""

    @abstractmethod
    def randint(
        self, low: int, high: int | None = None, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Integers:
        """Integers spread evenly over low, …, high − 1; over 0, …, low − 1 where `high` is left out."""

    @abstractmethod
    def bernoulli(self, p: ArrayLike = 0.5, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """One with probability `p`, else zero."""

    @abstractmethod
    def categorical(self, probs: ArrayLike, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Positions along the last axis of `probs`, each drawn with the probability that stands there."""

    @abstractmethod
    def permutation(self, count: int) -> NDArray[np.int64]:
        """The integers 0, …, count − 1 in random order: `x[stream.permutation(len(x))]` shuffles `x`."""

    def dropout(self, rate: float, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """A mask of mean one: 0 with probability `rate`, else 1/(1 − rate).

        >>> from tapegrad.random import PhiloxStream
        >>> sorted(set(PhiloxStream(0).dropout(0.75, shape=100).tolist()))
        [0.0, 4.0]
        """
        dtype = choose_dtype(dtype, REAL, "float32")
        keep = 1.0 - as_rate(rate)
        kept = self.bernoulli(keep, shape=shape, dtype=dtype)
        return np.asarray(kept * dtype.type(1.0 / keep if keep else 0.0))


def choose_dtype(dtype: DTypeLike | None, choices: tuple[str, ...], default: str) -> np.dtype[Any]:
    """The dtype, if it is one of `choices`."""
    if dtype is None:
        return np.dtype(default)
    try:
        chosen = np.dtype(dtype)
    except TypeError as cause:
        raise DtypeError(f"dtype must be one of {', '.join(choices)}, not {dtype!r}") from cause
    if chosen.name not in choices:
        raise DtypeError(f"dtype must be one of {', '.join(choices)}, not {chosen.name}")
    return chosen


def as_integer(name: str, value: Any) -> int:
    """An int, from anything that is one."""
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(f"{name} must be an integer, not {value!r}") from None


def as_count(value: Any) -> int:
    """An int from 0 up."""
    count = as_integer("count", value)
    if count < 0:
        raise ArgumentError(f"count must be at least 0, got {count}")
    return count


def as_sizes(shape: Sizes) -> tuple[int, ...]:
    """A shape as a tuple."""
    if shape is None:
        return ()
    try:
        given = (shape,) if hasattr(shape, "__index__") else shape
        sizes = tuple(operator.index(size) for size in given)
    except TypeError:
        raise ArgumentTypeError(f"shape must be an int or a tuple of ints, not {shape!r}") from None
    if min(sizes, default=0) < 0:
        raise ShapeError(f"shape {sizes} has a negative size")
    return sizes


def as_numbers(name: str, value: ArrayLike) -> Floats:
    """A parameter as an array of real numbers."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{name} must be a real number or an array of real numbers, not {value!r}")
    return array


def require(ok: NDArray[np.bool_] | np.bool_, name: str, value: Floats, rule: str) -> None:
    """Refuse parameters outside their range, NaN included, and show one of them."""
    if not ok.all():
        culprit = np.broadcast_to(value, np.shape(ok))[~np.asarray(ok)].flat[0]
        raise ArgumentError(f"{name} must be {rule}, got {culprit}")


def as_rate(rate: float) -> float:
    """A number from 0 to 1."""
    array = as_numbers("rate", rate)
    require((array >= 0) & (array <= 1), "rate", array, "from 0 to 1")
    if array.ndim:
        raise ShapeError(f"rate must be one number, not an array of shape {array.shape}")
    return float(array)


def as_interval(low: Any, high: Any, kind: np.dtype[Any]) -> tuple[int, int]:
    """The bounds of integers of a dtype: the first, and the one after the last."""
    first, end = (0, as_integer("low", low)) if high is None else (as_integer("low", low), as_integer("high", high))
    if first >= end:
        raise ArgumentError(f"high must be more than low: there is no integer in [{first}, {end})")
    limits = np.iinfo(kind)
    if first < limits.min or end - 1 > limits.max:
        raise ArgumentError(f"[{first}, {end}) does not fit in {kind}, which holds {limits.min} to {limits.max}")
    return first, end


def common_shape(parameters: Sequence[NDArray[Any]]) -> tuple[int, ...]:
    """The shape to which parameters broadcast."""
    try:
        return np.broadcast_shapes(*(p.shape for p in parameters))
    except ValueError:
        shapes = " and ".join(str(p.shape) for p in parameters)
        raise ShapeError(f"parameters of shapes {shapes} do not broadcast") from None


def fit_shape(shape: Sizes, *parameters: NDArray[Any]) -> tuple[int, ...]:
    """The shape of the result: `shape`, if the parameters broadcast into it, or their own."""
    together = common_shape(parameters)
    if shape is None:
        return together
    sizes = as_sizes(shape)
    if together:
        try:
            np.broadcast_to(np.empty(together, bool), sizes)
        except ValueError:
            raise ShapeError(f"parameters of shape {together} do not broadcast to shape {sizes}") from None
    return sizes


def as_probabilities(probs: ArrayLike) -> NDArray[Any]:
    """Distributions along the last axis: not negative, and 1 in sum up to what rounding explains."""
    array = as_numbers("probs", probs)
    if array.dtype.kind != "f":
        array = array.astype(np.float32)
    if not array.ndim or not array.shape[-1]:
        raise ShapeError(f"probs must have at least one axis, and one outcome along the last, not shape {array.shape}")
    require(array >= 0, "probs", array, "at least 0")
    total = array.sum(axis=-1, dtype=np.float64)
    require(abs(total - 1.0) < 1e-2, "the sum of probs", total, "1 (divide by it)")
    return array


def invert_cumulative(table: NDArray[Any], cumulative: NDArray[Any], levels: NDArray[Any]) -> NDArray[np.intp]:
    """For each level of each row, the first position whose cumulative probability reaches it, and that can occur."""
    last = table.shape[-1] - 1
    rows = np.arange(len(table))[:, None]
    low, high = np.zeros(levels.shape, np.intp), np.full(levels.shape, last)
    for _ in range(last.bit_length()):
        middle = (low + high) // 2
        reached = cumulative[rows, middle] >= levels
        low, high = np.where(reached, low, np.minimum(middle + 1, high)), np.where(reached, middle, high)
    occurs = table > 0
    return np.clip(low, occurs.argmax(axis=-1)[:, None], last - occurs[:, ::-1].argmax(axis=-1)[:, None])
