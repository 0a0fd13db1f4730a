"""The types that signatures name: what functions take for an array, a dtype, a shape, an axis, a device, a pytree.

>>> from tapegrad.typing import ArrayLike
>>> import tapegrad.numpy as tnp
>>> def half(x: ArrayLike) -> tnp.ndarray:
...     return tnp.asarray(x) / 2
>>> half([1.0, 3.0])
Array([0.5, 1.5], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

if TYPE_CHECKING:
    from .ndarray import NDArray

__all__ = [
    "ArrayLike",
    "ArrayOfAnyEngine",
    "Axes",
    "DTypeLike",
    "Device",
    "Function",
    "Functions",
    "ShapeLike",
    "SupportsArray",
    "Tree",
]


class ArrayOfAnyEngine(Protocol):
    """An array: ours, or one of NumPy, JAX, PyTorch or another engine, as it is."""

    @property
    def shape(self) -> Any:
        """How long its axes are."""

    @property
    def dtype(self) -> Any:
        """What its elements are."""


class SupportsArray(Protocol):
    """Whatever NumPy makes an array of, such as a table of pandas."""

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        """The numbers as an array of NumPy."""
        ...


class Functions(Protocol):
    """Functions of arrays by their names: `F` in a block's `hybrid_forward`."""

    def __getattr__(self, name: str, /) -> Callable[..., NDArray]: ...


ArrayLike: TypeAlias = "ArrayOfAnyEngine | SupportsArray | complex | Sequence[ArrayLike]"
"""What becomes an array: an array of any engine, a number, nested lists and tuples of them."""

ShapeLike: TypeAlias = SupportsIndex | Sequence[SupportsIndex]
"""A shape: the lengths of the axes, or of the only one."""

Axes: TypeAlias = int | Sequence[int]
"""One axis or several; negative ones count from the end."""

Device: TypeAlias = Any
"""A device as its engine names it: `x.device` of an array, or a word such as "cpu". No type has them all."""

Tree: TypeAlias = Any
"""A pytree: arrays and numbers in dicts, lists, tuples and registered containers, nested. No type can say it."""

Function: TypeAlias = Callable[..., Tree]
"""A function of pytrees."""


def __dir__() -> list[str]:
    return list(__all__)
