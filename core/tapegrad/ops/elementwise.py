"""Functions of each element by itself."""

from __future__ import annotations

from typing import Any

from ..op import elementwise, linear
from ..testing.samples import normal, positive

__all__ = ["add", "conj", "cos", "divide", "multiply", "negative", "sin", "subtract", "where"]


@elementwise(x=1, y=1, samples=[(normal(3, 4), normal(3, 4)), (normal(3, 1), normal(4))])
def add(xp: Any, x: Any, y: Any) -> Any:
    """The sum x + y."""
    return xp.add(x, y)


@elementwise(x=1, y=-1, samples=[(normal(3, 4), normal(3, 4)), (normal(3, 1), normal(4))])
def subtract(xp: Any, x: Any, y: Any) -> Any:
    """The difference x - y."""
    return xp.subtract(x, y)


@elementwise(x=lambda y: y, y=lambda x: x, samples=[(normal(3, 4), normal(3, 4)), (normal(3, 1), normal(4))])
def multiply(xp: Any, x: Any, y: Any) -> Any:
    """The product x * y."""
    return xp.multiply(x, y)


@elementwise(
    x=lambda g, y: g / y,
    y=lambda g, out, y: -g * out / y,
    floats=True,
    samples=[(normal(3, 4), positive(3, 4)), (normal(3, 1), positive(4))],
)
def divide(xp: Any, x: Any, y: Any) -> Any:
    """The quotient x / y; integers are divided as default floats."""
    return xp.divide(x, y)


@elementwise(x=-1, samples=[(normal(3, 4),)])
def negative(xp: Any, x: Any) -> Any:
    """The negative -x."""
    return xp.negative(x)


@elementwise(x=lambda xp, x: xp.cos(x), floats=True, accuracy="I1", samples=[(normal(3, 4),), (normal(),)])
def sin(xp: Any, x: Any) -> Any:
    """The sine of x, in radians."""
    return xp.sin(x)


@elementwise(x=lambda xp, x: -xp.sin(x), floats=True, accuracy="I1", samples=[(normal(3, 4),), (normal(),)])
def cos(xp: Any, x: Any) -> Any:
    """The cosine of x, in radians."""
    return xp.cos(x)


@elementwise(
    x=lambda xp, g, condition: xp.where(condition, g, xp.zeros_like(g)),
    y=lambda xp, g, condition: xp.where(condition, xp.zeros_like(g), g),
    constant=("condition",),
    samples=[(normal(3, 4) > 0, normal(3, 4), normal(3, 4)), (normal(4) > 0, normal(3, 1), normal(3, 4))],
)
def where(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y."""
    return xp.where(condition, x, y)


@linear(x=lambda xp, g: xp.conj(g), samples=[(normal(3, 4),)], batch=None)
def conj(xp: Any, x: Any) -> Any:
    """The complex conjugate."""
    return xp.conj(x)
