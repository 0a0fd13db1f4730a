"""Blocks beside each other, none at all, and batch normalization across contexts by name."""

from __future__ import annotations

from typing import Any

from ... import ndarray as nd
from ..nn import BatchNorm, HybridSequential, Sequential
from ..nn import HybridLambda as _HybridLambda

__all__ = ["Concurrent", "HybridConcurrent", "Identity", "SyncBatchNorm"]
__dir__ = __all__.copy


class Concurrent(Sequential):
    """Blocks beside each other: what each makes of the same data, put together along an axis.

    Shapes: those of the outputs agree but for the axis.

    Dtypes: those of the outputs.

    Raises: `ShapeError` where they do not.

    >>> from tapegrad import nd
    >>> both = Concurrent(axis=1)
    >>> both.add(Identity(), Identity())
    >>> both(nd.ones((2, 3))).shape
    (2, 6)
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """The outputs together."""
        return nd.concat(*[block(x) for block in self], dim=self.axis)


class HybridConcurrent(HybridSequential):
    """`Concurrent` of hybrid blocks.

    Shapes: as `Concurrent`.

    Dtypes: as `Concurrent`.

    Raises: as `Concurrent`.

    >>> HybridConcurrent(axis=1).axis
    1
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def forward(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """The outputs together."""
        return nd.concat(*[block(x) for block in self], dim=self.axis)


class Identity(_HybridLambda):
    """The data as they are.

    Shapes: any.

    Dtypes: any.

    Raises: nothing itself.

    >>> from tapegrad import nd
    >>> Identity()(nd.ones(2)).shape
    (2,)
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(lambda F, x: x, prefix)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\n\n)"


class SyncBatchNorm(BatchNorm):
    """`nn.BatchNorm`; the contexts of a program each have the statistics of their own part of the batch.

    Shapes: as `nn.BatchNorm`.

    Dtypes: as `nn.BatchNorm`.

    Raises: as `nn.BatchNorm`.

    >>> SyncBatchNorm(in_channels=3).name[:-1]
    'syncbatchnorm'
    """

    def __init__(
        self,
        in_channels: int = 0,
        num_devices: int | None = None,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        **kw: Any,
    ) -> None:
        super().__init__(1, momentum, epsilon, in_channels=in_channels, **kw)
