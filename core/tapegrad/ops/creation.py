"""Arrays made like another one: of its engine, device and dtype. None of them has a gradient."""

from __future__ import annotations

from typing import Any

from ..op import locally_constant
from ..op.batching import in_front
from ..op.samples import alone, normal
from .indexing import of_shape

_SHAPES = ((2, 3), (), (1,), (0,), (3, 0), (2, 3, 4), (5,), (1, 4))


@locally_constant(
    samples=[((normal(3, 4),), {"shape": shape, "value": value}) for shape in _SHAPES for value in (0, 1.5)],
    batch=of_shape,
    standard=True,
)
def filled(xp: Any, x: Any, *, shape: Any, value: Any) -> Any:
    """An array of `shape` full of `value`, of the dtype and on the device of `x`.

    Shapes: that asked for.

    Dtypes: any.

    Raises: only `TypeError`, for anything that is not an array.

    >>> filled(tnp.asarray([1.0, 2.0]), shape=(3,), value=7)
    Array([7., 7., 7.], dtype=float32)
    """
    return xp.full(shape, value, dtype=x.dtype, **xp.beside(x))


@locally_constant(primitive=True, samples=alone(normal()), batch=in_front)
def zeros_like(xp: Any, x: Any) -> Any:
    """Zeros, as many as there are elements, in their shape and dtype.

    Shapes: any.

    Dtypes: any.

    Raises: only `TypeError`, for anything that is not an array.

    >>> zeros_like(tnp.asarray([1.0, 2.0]))
    Array([0., 0.], dtype=float32)
    """
    return xp.zeros_like(x)


@locally_constant(primitive=True, samples=alone(normal()), batch=in_front)
def ones_like(xp: Any, x: Any) -> Any:
    """Ones, as many as there are elements, in their shape and dtype.

    Shapes: any.

    Dtypes: any.

    Raises: only `TypeError`, for anything that is not an array.

    >>> ones_like(tnp.asarray([1, 2]))
    Array([1, 1], dtype=int64)
    """
    return xp.ones_like(x)
