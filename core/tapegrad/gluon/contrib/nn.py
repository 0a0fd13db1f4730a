"""Blocks beside each other, none at all, channels as pixels, and batch normalization across contexts by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import ndarray as nd
from ...context import num_gpus
from ..nn import BatchNorm, Block, HybridBlock, HybridSequential, Sequential
from ..nn import HybridLambda as _HybridLambda
from ..nn.conv_layers import OfSpace

__all__ = [
    "Concurrent",
    "HybridConcurrent",
    "Identity",
    "PixelShuffle1D",
    "PixelShuffle2D",
    "PixelShuffle3D",
    "SyncBatchNorm",
]
__dir__ = __all__.copy


class _Beside(Block):
    """What both kinds of blocks beside each other share."""

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def _run(self, x: Any) -> Any:
        return nd.concat(*[block(x) for block in self._children.values()], dim=self.axis)


class Concurrent(_Beside, Sequential):
    """Blocks beside each other: what each makes of the same data, put together along an axis.

    Shapes: those of the outputs agree but for the axis.

    Raises: `ShapeError` where they do not.

    >>> from tapegrad import nd
    >>> both = Concurrent(axis=1)
    >>> both.add(Identity(), Identity())
    >>> both(nd.ones((2, 3))).shape
    (2, 6)
    """


class HybridConcurrent(_Beside, HybridSequential):
    """`Concurrent` of hybrid blocks.

    >>> HybridConcurrent(axis=1).axis
    1
    """


class Identity(_HybridLambda):
    """The data as they are.

    >>> from tapegrad import nd
    >>> Identity()(nd.ones(2)).shape
    (2,)
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(lambda F, x: x, prefix)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\n\n)"


class _PixelShuffle(OfSpace, HybridBlock):
    """Channels laid out as pixels: each pixel becomes a block of as many as the factors say."""

    _doc = """Channels laid out as pixels of {axes}, `factor` of them for each, or a factor of its own for each axis.

    Shapes: (n, c · the product of the factors, {space}) gives (n, c, …), each of them times its factor.

    Raises: `ShapeError` for channels that are no multiple of the factors, `ValueError` for another number of factors.

    >>> from tapegrad import nd
    >>> x = nd.ones((1, 8, *{shape}[1:]))
    >>> {name}(2)(x).shape[2:] == tuple(2 * n for n in x.shape[2:])
    True
    """

    def __init__(self, factor: int | Sequence[int]) -> None:
        super().__init__()
        self._factors = self._each("factor", factor)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        batch, _, *space = x.shape
        count = len(self._factors)
        axes = [axis for i in range(count) for axis in (2 + count + i, 2 + i)]
        blocks = F.transpose(F.reshape(x, (batch, -1, *self._factors, *space)), axes=(0, 1, *axes))
        return F.reshape(blocks, (batch, -1, *[n * factor for n, factor in zip(space, self._factors, strict=True)]))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._factors[0] if self._axes == 1 else self._factors})"


class PixelShuffle1D(_PixelShuffle, axes=1): ...


class PixelShuffle2D(_PixelShuffle, axes=2): ...


class PixelShuffle3D(_PixelShuffle, axes=3): ...


class SyncBatchNorm(BatchNorm):
    """`nn.BatchNorm`; the contexts of a program each have the statistics of their own part of the batch.

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
        self._devices = num_devices or max(num_gpus(), 1)

    def _shown(self) -> dict[str, Any]:
        _, *options, channels = super()._shown().items()
        return dict([*options, ("ndev", self._devices), ("key", self.prefix), channels])
