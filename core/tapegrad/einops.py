"""Make our arrays known to einops: after `import tapegrad.einops` its functions take them, and gradients flow through.

>>> import einops
>>> import tapegrad.einops
>>> import tapegrad.numpy as tnp
>>> einops.rearrange(tnp.zeros((2, 3)), "rows columns -> columns rows").shape
(3, 2)
"""

from __future__ import annotations

from typing import Any

from einops._backends import AbstractBackend

from . import numpy as tnp
from .dtypes import INEXACT

__all__ = ["TapegradBackend"]
__dir__ = __all__.copy


class TapegradBackend(AbstractBackend):
    """What einops asks of a library of arrays. einops finds it among the subclasses of its own class."""

    framework_name = "tapegrad"

    def is_appropriate_type(self, tensor: Any) -> bool:
        """Whether this is an array of ours, of the standard's face."""
        return isinstance(tensor, tnp.ndarray)

    def from_numpy(self, x: Any) -> tnp.ndarray:
        """A NumPy array as ours."""
        return tnp.asarray(x)

    def to_numpy(self, x: tnp.ndarray) -> Any:
        """Our array as NumPy's."""
        return x.asnumpy()

    def arange(self, start: int, stop: int) -> tnp.ndarray:
        """Whole numbers."""
        return tnp.arange(start, stop)

    def reduce(self, x: tnp.ndarray, operation: str, axes: Any) -> tnp.ndarray:
        """A reduction by its name: min, max, sum, mean, prod, any or all."""
        found: tnp.ndarray = getattr(tnp, operation)(x, axis=tuple(axes))
        return found

    def transpose(self, x: tnp.ndarray, axes: Any) -> tnp.ndarray:
        """The axes in another order."""
        return tnp.permute_dims(x, axes)

    def stack_on_zeroth_dimension(self, tensors: list[tnp.ndarray]) -> tnp.ndarray:
        """The arrays along a new first axis."""
        return tnp.stack(tensors)

    def tile(self, x: tnp.ndarray, repeats: Any) -> tnp.ndarray:
        """The array repeated along each axis."""
        return tnp.tile(x, repeats)

    def concat(self, tensors: list[tnp.ndarray], axis: int) -> tnp.ndarray:
        """The arrays along an axis."""
        return tnp.concat(tensors, axis=axis)

    def add_axis(self, x: tnp.ndarray, new_position: int) -> tnp.ndarray:
        """A new axis of length one."""
        return tnp.expand_dims(x, new_position)

    def is_float_type(self, x: tnp.ndarray) -> bool:
        """Whether a mean can be taken."""
        return x.dtype in INEXACT

    def einsum(self, pattern: str, *x: tnp.ndarray) -> tnp.ndarray:
        """Einstein's sum."""
        return tnp.einsum(pattern, *x)
