"""Ops whose values follow another library's convention, beside the ops that follow ours."""

from __future__ import annotations

from typing import Any

from ..op import locally_constant
from ..op.batching import align
from ..op.samples import exactly

__all__ = ["quotient"]


@locally_constant(
    batch=align,
    samples=[
        (exactly([7, -7, 7, -7, 6]), exactly([2, 2, -2, -2, 3])),
        (exactly([[1, -1], [5, 0]]), exactly([0, 3])),
        (exactly(9), exactly(-4)),
    ],
)
def quotient(xp: Any, x: Any, y: Any) -> Any:
    """The whole part of x / y, of integers, as C has it: towards zero. By zero it is 0.

    Dtypes: integers, promoted to one; the result has it.

    >>> quotient(tnp.asarray([7, -7, 7]), tnp.asarray([2, 2, 0]))
    Array([ 3, -3,  0], dtype=int64)
    """
    zero = y == 0
    divisor = xp.where(zero, xp.ones_like(y), y)
    floor = xp.floor_divide(x, divisor)
    up = xp.logical_and(xp.not_equal(floor * divisor, x), xp.not_equal(x < 0, divisor < 0))
    return xp.where(zero, xp.zeros_like(floor), xp.where(up, floor + 1, floor))
