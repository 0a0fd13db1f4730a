"""Activations: the ops of that name, and those whose keywords are spelt otherwise elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from ..numpy.arguments import asarray, op
from ..numpy.arrays import ndarray
from ..numpy.names import publish

if TYPE_CHECKING:
    from ..typing import ArrayLike

_Activation: TypeAlias = Callable[..., ndarray]

elu: _Activation = op.elu
log_sigmoid: _Activation = op.log_sigmoid
prelu: _Activation = op.prelu
relu: _Activation = op.relu
selu: _Activation = op.selu
sigmoid: _Activation = op.sigmoid
silu: _Activation = op.silu
softplus: _Activation = op.softplus
softsign: _Activation = op.softsign


def gelu(x: ArrayLike, /, *, approximate: bool | str = False) -> ndarray:
    """x times the normal distribution function of x; with `approximate` (True or "tanh") by the formula with tanh.

    Dtypes: real numbers; integers become the default float.
    Raises: `ValueError` for any other `approximate`.

    >>> tapegrad.nn.gelu([0.0, 1.0])
    Array([0.       , 0.8413...], dtype=float32)
    >>> tapegrad.nn.gelu([0.0, 1.0], approximate=True)
    Array([0.      , 0.8411...], dtype=float32)
    """
    if isinstance(approximate, bool):
        approximate = "tanh" if approximate else "none"
    return op.gelu(asarray(x), approximate=approximate)


def leaky_relu(x: ArrayLike, /, negative_slope: float = 0.01) -> ndarray:
    """x where it is positive, else `negative_slope` times x. `prelu` takes a slope that is learned.

    Dtypes: real numbers; the result has that of `x`.

    >>> tapegrad.nn.leaky_relu([2.0, -2.0], negative_slope=0.25)
    Array([ 2. , -0.5], dtype=float32)
    """
    return op.leaky_relu(asarray(x), slope=negative_slope)


def softmax(x: ArrayLike, /, axis: int | tuple[int, ...] = -1) -> ndarray:
    """The exponentials over `axis` as parts of their sum, computed so that they cannot overflow.

    Dtypes: real numbers; integers become the default float.

    >>> tapegrad.nn.softmax([[0.0, 0.0], [800.0, 0.0]])
    Array([[0.5, 0.5],
           [1. , 0. ]], dtype=float32)
    """
    return op.softmax(asarray(x), axis=axis)


def log_softmax(x: ArrayLike, /, axis: int | tuple[int, ...] = -1) -> ndarray:
    """The logarithm of `softmax`, exact where softmax itself would be too small for a number.

    Dtypes: real numbers; integers become the default float.

    >>> tapegrad.nn.log_softmax([0.0, -1000.0])
    Array([    0., -1000.], dtype=float32)
    """
    return op.log_softmax(asarray(x), axis=axis)


publish(__name__)
