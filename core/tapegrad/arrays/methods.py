"""The methods that a NumPy array has too: `x.sum(axis=0)` is `tapegrad.numpy.sum(x, axis=0)`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

METHODS = (
    *("all", "any", "argmax", "argmin", "argsort", "choose", "clip", "conj", "conjugate", "cumprod"),
    *("cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ptp", "ravel", "repeat", "round"),
    *("searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var"),
)
"""The functions that are methods as they are, the array in first place. None of them writes to the array."""


class _Method:
    """A function of `tapegrad.numpy` as a method of the standard face; other faces have their own, or none."""

    def __init__(self, name: str, function: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.function = function

    def __get__(self, x: Any, cls: type) -> Any:
        from .array import Array

        if not (cls is Array or (issubclass(cls, Array) and cls.__module__.partition(".")[0] != "tapegrad")):
            raise AttributeError(f"{cls.__name__!r} object has no attribute {self.name!r}")
        if self.function is None:
            self.function = getattr(import_module("tapegrad.numpy"), self.name)
        return self.function if x is None else self.function.__get__(x)


def flatten(x: Any) -> Any:
    """The elements in one row."""
    return x.reshape(-1)


def transpose(x: Any, *axes: Any) -> Any:
    """The axes in another order, reversed unless given."""
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
    return import_module("tapegrad.numpy").transpose(x, order)


class Methods:
    """What `Array` has by way of `tapegrad.numpy`. The signatures are in `methods.pyi`."""

    __slots__ = ()


for _name in METHODS:
    setattr(Methods, _name, _Method(_name))
for _function in (flatten, transpose):
    setattr(Methods, _function.__name__, _Method(_function.__name__, _function))


def _part(name: str) -> property:
    def part(x: Any) -> Any:
        return getattr(import_module("tapegrad.numpy"), name)(x)

    part.__doc__ = f"The {'real' if name == 'real' else 'imaginary'} parts."
    return property(part)


Methods.real = _part("real")  # type: ignore[attr-defined]
Methods.imag = _part("imag")  # type: ignore[attr-defined]
