"""The methods that a NumPy array has too: `x.sum(axis=0)` is `tapegrad.numpy.sum(x, axis=0)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as host

from ..arrays.array import Array

__all__ = ["Methods", "bind", "methods_among"]

_WRITING = frozenset(("partition", "put", "resize", "sort"))
"""NumPy's methods that write to the array: not the functions of these names, which give a new one."""

_OTHERWISE = frozenset(("astype", "compress", "imag", "real", "transpose"))
"""NumPy's methods that are called differently from the functions."""


def methods_among(functions: Mapping[str, Any]) -> list[str]:
    """The functions that are methods as they are, the array in first place: those that NumPy's arrays have too."""
    theirs = {*dir(host.ndarray), "ptp"}.difference(dir(Array), _WRITING, _OTHERWISE)  # NumPy 1 had the method `ptp`
    return sorted(theirs.intersection(functions))


def flatten(x: Any, order: str = "C") -> Any:
    """The elements in one row, a copy. `order="F"` counts them column by column."""
    return x.reshape(-1, order=order).copy()


class Methods:
    """What `ndarray` has by way of `tapegrad.numpy`. The signatures are in `methods.pyi`."""

    __slots__ = ()


def fill(x: Any, value: Any) -> None:
    """Write a value to all elements."""
    x[...] = value


def _in_place(function: Callable[..., Any]) -> Callable[..., None]:
    """What the method of a NumPy array does that writes what the function would return."""

    def method(x: Any, *args: Any, **keywords: Any) -> None:
        x[...] = function(x, *args, **keywords)

    return method


def _writer(part: Callable[..., Any]) -> Callable[[Any, Any], None]:
    """What `z.imag = values` does: a write to what `z.imag` is a view of."""

    def write(x: Any, values: Any) -> None:
        part(x)[...] = values

    return write


def bind(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Make methods of the functions; called once they exist."""
    for name in methods_among(functions):
        setattr(Methods, name, functions[name])
    for name, part in (("real", "real"), ("imag", "imaginary")):
        setattr(Methods, name, property(functions[name], _writer(functions[name]), doc=f"The {part} parts."))
    permute, pick = functions["transpose"], functions["compress"]

    def transpose(x: Any, *axes: Any) -> Any:
        """The axes in another order, reversed unless given."""
        return permute(x, axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None)

    def compress(x: Any, condition: Any, axis: int | None = None) -> Any:
        """The slices along an axis for which the condition holds."""
        return pick(condition, x, axis)

    Methods.transpose = transpose  # type: ignore[attr-defined]
    Methods.compress = compress  # type: ignore[attr-defined]
    Methods.flatten = flatten  # type: ignore[attr-defined]
    Methods.fill = fill  # type: ignore[attr-defined]
    Methods.put = functions["put"]  # type: ignore[attr-defined]
    for name in ("partition", "sort"):
        method = _in_place(functions[name])
        method.__name__, method.__doc__ = name, f"What `tapegrad.numpy.{name}` gives, written to the array."
        setattr(Methods, name, method)
