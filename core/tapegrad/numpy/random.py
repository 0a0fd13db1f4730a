"""Random numbers in NumPy's words, from one stream on the host: a seed gives the same numbers on every engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..errors import ArgumentError, ShapeError
from ..randomness.defaults import philox
from ..transforms.draws import drawn
from . import manipulation
from .arguments import asarray, make
from .generator import Generator as Generator
from .generator import default_rng as default_rng
from .names import publish
from .searching import take

if TYPE_CHECKING:
    from ..typing import ArrayLike, ShapeLike
    from .arrays import ndarray

NAMES = ("Generator", "default_rng")


def seed(seed: int) -> None:
    """Start the stream again at a seed, an integer.

    Raises: `TypeError` for anything that is not an integer.

    >>> tnp.random.seed(7)
    >>> first = tnp.random.uniform(size=2)
    >>> tnp.random.seed(7)
    >>> bool((tnp.random.uniform(size=2) == first).all())
    True
    """
    philox.seed(seed)


def _drawn(draw: Callable[..., Any], **parameters: Any) -> ndarray:
    return drawn(draw, make, **parameters)


def _size(size: Any) -> Any:
    return () if size is None else size


def _shape(size: Any, *parameters: Any) -> Any:
    """The shape asked for, or that of the parameters together."""
    return manipulation.broadcast_shapes(*map(manipulation.shape, parameters)) if size is None else size


def normal(loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
    """Normal numbers of that mean and standard deviation; differentiable in both where they are arrays.

    Shapes: `size`, an int or several; () if None, or that of the arrays.
    Dtypes: the default float.
    Raises: `ValueError` for a negative `scale`, `ShapeError` for a negative size, `RandomnessError` under a `vmap` that
    does not say what a draw means.

    >>> tnp.random.normal(5.0, 0.0, size=2)
    Array([5., 5.], dtype=float32)
    """
    if isinstance(loc, Array) or isinstance(scale, Array):
        return asarray(loc) + asarray(scale) * normal(size=_shape(size, loc, scale))
    return _drawn(
        lambda: philox.normal(
            host.asarray(loc), host.asarray(scale), shape=_size(size), dtype=dtypes.get_default_dtype()
        )
    )


def standard_normal(size: ShapeLike | None = None) -> ndarray:
    """Standard normal numbers.

    Shapes: `size`, an int or several, () if None.
    Dtypes: the default float.
    Raises: as `normal`.

    >>> tnp.random.standard_normal((2, 3)).shape
    (2, 3)
    """
    return normal(size=size)


def randn(*shape: int) -> ndarray:
    """Standard normal numbers of a shape.

    Shapes: the numbers given.
    Dtypes: the default float.
    Raises: as `normal`.

    >>> tnp.random.randn(2, 3).shape
    (2, 3)
    """
    return normal(size=shape)


def uniform(low: ArrayLike = 0.0, high: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
    """Numbers evenly spread from `low` up to `high`; differentiable in both where they are arrays.

    Shapes: `size`, an int or several; () if None, or that of the arrays.
    Dtypes: the default float.
    Raises: `ValueError` for a `high` below `low`, `ShapeError` for a negative size, `RandomnessError` under a `vmap`
    that does not say what a draw means.

    >>> x = tnp.random.uniform(2.0, 3.0, size=100)
    >>> bool(((2 <= x) & (x < 3)).all())
    True
    """
    if isinstance(low, Array) or isinstance(high, Array):
        return asarray(low) + (asarray(high) - low) * uniform(size=_shape(size, low, high))
    return _drawn(
        lambda: philox.uniform(
            host.asarray(low), host.asarray(high), shape=_size(size), dtype=dtypes.get_default_dtype()
        )
    )


def rand(*shape: int) -> ndarray:
    """Numbers evenly spread from 0 up to 1, of a shape.

    Shapes: the numbers given.
    Dtypes: the default float.
    Raises: as `uniform`.

    >>> tnp.random.rand(2, 3).shape
    (2, 3)
    """
    return uniform(size=shape)


def exponential(scale: float | Array = 1.0, size: ShapeLike | None = None) -> ndarray:
    """Exponential numbers of that mean; differentiable in it where it is an array.

    Shapes: `size`, an int or several; () if None, or that of the array.
    Dtypes: the default float.
    Raises: `ValueError` for a `scale` that is not above 0; else as `normal`.

    >>> bool((tnp.random.exponential(2.0, size=100) >= 0).all())
    True
    """
    if isinstance(scale, Array):
        return exponential(size=_shape(size, scale)) * scale
    if not scale > 0:
        raise ArgumentError(f"exponential: scale must be more than 0, got {scale}")
    return _drawn(lambda: philox.exponential(rate=1.0 / scale, shape=_size(size), dtype=dtypes.get_default_dtype()))


def randint(low: int, high: int | None = None, size: ShapeLike | None = None) -> ndarray:
    """Integers from `low` up to `high`, without it; with one number, from zero.

    Shapes: `size`, an int or several, () if None.
    Dtypes: integers.
    Raises: `ValueError` where there is no integer between; else as `normal`.

    >>> sorted(set(tnp.random.randint(3, size=100).tolist()))
    [0, 1, 2]
    >>> tnp.random.randint(3, size=2).dtype
    dtype('int64')
    """
    return _drawn(lambda: philox.randint(low, high, shape=_size(size)))


def permutation(x: ArrayLike) -> ndarray:
    """The numbers below `x`, or the elements of `x` along its first axis, in random order.

    Shapes: (n,) for a number n, else that of `x`.
    Dtypes: int64 for a number, else that of `x`.
    Raises: `ValueError` for a negative number, `ShapeError` for an array without axes.

    >>> tnp.sort(tnp.random.permutation(4))
    Array([0, 1, 2, 3], dtype=int64)
    """
    if isinstance(x, (int, host.integer)):
        return _drawn(partial(philox.permutation, int(x)))
    x = asarray(x)
    if not x.ndim:
        raise ShapeError(f"permutation takes an integer or an array with axes, not {x}")
    return take(x, _drawn(lambda: philox.permutation(x.shape[0])), axis=0)


def choice(a: ArrayLike, size: ShapeLike | None = None, replace: bool = True, p: ArrayLike | None = None) -> ndarray:
    """Elements of `a`, or numbers below it, chosen with the probabilities `p`.

    Shapes: `size`, an int or several, () if None; of an array with the axes behind its first.
    Dtypes: that of `a`, or int64 for a number.
    Raises: `ValueError` where nothing, or not enough, can be chosen; `ShapeError` for another number of probabilities.

    >>> tnp.random.choice(3, size=2, p=[0.0, 1.0, 0.0])
    Array([1, 1], dtype=int64)
    """
    count = int(a) if isinstance(a, (int, host.integer)) else asarray(a).shape[0]
    chosen = _drawn(lambda p: philox.choice(count, shape=_size(size), replace=replace, probs=p), p=p)
    return chosen if isinstance(a, (int, host.integer)) else take(asarray(a), chosen, axis=0)


publish(__name__)
