"""Initializers: `glorot_uniform(rng, shape)` draws the numbers that a parameter starts from.

`rng` is a generator of `tapegrad.numpy.random.default_rng`, or a seed. Fans are those of a matrix (inputs, outputs),
which `linear` takes; for the weight of a convolution (outputs, inputs, *kernel) say `in_axis=1, out_axis=0`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..arrays.foreign import missing
from ..errors import ArgumentError, ShapeError
from ..numpy.arguments import op
from ..numpy.arrays import ndarray
from ..numpy.generator import Generator, default_rng
from ..numpy.names import publish

if TYPE_CHECKING:
    from ..typing import DTypeLike

_INSIDE = 0.87962566103423978
"""The standard deviation of a standard normal number between -2 and 2."""

_FANS = {"fan_in": (1.0, 0.0), "fan_out": (0.0, 1.0), "fan_avg": (0.5, 0.5)}


def _distributed(rng: Any, shape: Any, distribution: str, deviation: float, dtype: Any) -> ndarray:
    rng = default_rng(rng)
    if distribution == "uniform":
        x = rng.uniform(-math.sqrt(3), math.sqrt(3), shape)
    elif distribution == "normal":
        x = rng.standard_normal(shape)
    elif distribution == "truncated_normal":
        tail = math.erfc(math.sqrt(2)) / 2
        x = op.ndtri(rng.uniform(tail, 1 - tail, shape)) / _INSIDE
    else:
        raise ArgumentError(f"distribution is {distribution!r}; choose 'normal', 'truncated_normal' or 'uniform'")
    return (x if dtype is None else op.astype(x, dtype=dtype)) * deviation


def variance_scaling(
    rng: Generator | int,
    shape: tuple[int, ...],
    dtype: DTypeLike | None = None,
    *,
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "normal",
    in_axis: int = 0,
    out_axis: int = 1,
) -> ndarray:
    """Numbers of variance scale / fan, where the fan is how many inputs or outputs a unit has, or their mean.

    `mode`: "fan_in", "fan_out" or "fan_avg"; `distribution`: "normal", "truncated_normal" (within two deviations) or
    "uniform". Axes other than `in_axis` and `out_axis` are the window of a convolution, which multiplies both fans.

    Raises: `ShapeError` for fewer than two axes, `ValueError` for another `mode` or `distribution`.

    >>> weight = tapegrad.nn.initializers.variance_scaling(0, (400, 100), scale=4.0)
    >>> bool(abs(weight.std() - 0.1) < 0.001)
    True
    """
    if len(shape) < 2:
        raise ShapeError(f"a parameter of shape {shape} has no fans; give two axes, or use normal or uniform")
    if mode not in _FANS:
        raise ArgumentError(f"mode is {mode!r}; choose one of {', '.join(map(repr, _FANS))}")
    inputs, outputs = shape[in_axis], shape[out_axis]
    window = math.prod(shape) / max(inputs * outputs, 1)
    fan = sum(part * n * window for part, n in zip(_FANS[mode], (inputs, outputs), strict=True))
    return _distributed(rng, shape, distribution, math.sqrt(scale / max(fan, 1)), dtype)


def glorot_uniform(
    rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, **axes: Any
) -> ndarray:
    """Even numbers of variance 2 / (inputs + outputs) (Glorot and Bengio, 2010); axes as in `variance_scaling`.

    Raises: `ShapeError` for fewer than two axes.

    >>> tapegrad.nn.initializers.glorot_uniform(0, (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, dtype, mode="fan_avg", distribution="uniform", **axes)


def glorot_normal(rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, **axes: Any) -> ndarray:
    """Normal numbers of variance 2 / (inputs + outputs) (Glorot and Bengio, 2010); axes as in `variance_scaling`.

    Raises: `ShapeError` for fewer than two axes.

    >>> tapegrad.nn.initializers.glorot_normal(0, (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, dtype, mode="fan_avg", **axes)


def he_uniform(rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, **axes: Any) -> ndarray:
    """Even numbers of variance 2 / inputs, for `relu` (He and others, 2015); axes as in `variance_scaling`.

    Raises: `ShapeError` for fewer than two axes.

    >>> tapegrad.nn.initializers.he_uniform(0, (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, dtype, scale=2.0, distribution="uniform", **axes)


def he_normal(rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, **axes: Any) -> ndarray:
    """Normal numbers of variance 2 / inputs, for `relu` (He and others, 2015); axes as in `variance_scaling`.

    Raises: `ShapeError` for fewer than two axes.

    >>> tapegrad.nn.initializers.he_normal(0, (8, 4, 3, 3), in_axis=1, out_axis=0).shape
    (8, 4, 3, 3)
    """
    return variance_scaling(rng, shape, dtype, scale=2.0, **axes)


def lecun_normal(rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, **axes: Any) -> ndarray:
    """Normal numbers of variance 1 / inputs (LeCun and others, 1998); axes as in `variance_scaling`.

    Raises: `ShapeError` for fewer than two axes.

    >>> tapegrad.nn.initializers.lecun_normal(0, (3, 4)).shape
    (3, 4)
    """
    return variance_scaling(rng, shape, dtype, **axes)


def normal(
    rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, *, deviation: float = 0.02
) -> ndarray:
    """Normal numbers of that standard deviation.

    >>> tapegrad.nn.initializers.normal(0, (2,), deviation=10.0)
    Array([ 1.257..., -1.321...], dtype=float32)
    """
    return _distributed(rng, shape, "normal", deviation, dtype)


def truncated_normal(
    rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, *, deviation: float = 0.02
) -> ndarray:
    """Normal numbers within two deviations of 0, scaled so that their own standard deviation is `deviation`.

    >>> x = tapegrad.nn.initializers.truncated_normal(0, (100,), deviation=0.5)
    >>> bool(abs(x).max() < 1.14)
    True
    """
    return _distributed(rng, shape, "truncated_normal", deviation, dtype)


def orthogonal(
    rng: Generator | int, shape: tuple[int, ...], dtype: DTypeLike | None = None, *, scale: float = 1.0
) -> ndarray:
    """A random matrix whose rows or columns, whichever are fewer, are orthogonal and of length `scale`.

    Further axes are laid out as columns (Saxe and others, 2013).

    Raises: `ShapeError` for fewer than two axes.

    >>> q = tapegrad.nn.initializers.orthogonal(0, (3, 3))
    >>> bool(abs(q @ q.T - tnp.eye(3)).max() < 1e-6)
    True
    """
    if len(shape) < 2:
        raise ShapeError(f"a parameter of shape {shape} cannot be orthogonal; give two axes, or use normal")
    rows, columns = shape[0], math.prod(shape[1:])
    q, r = op.qr(_distributed(rng, (max(rows, columns), min(rows, columns)), "normal", 1.0, dtype))
    q = q * op.sign(op.diagonal(r))
    return op.reshape(q if rows >= columns else op.matrix_transpose(q), shape=shape) * scale


publish(__name__)

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
