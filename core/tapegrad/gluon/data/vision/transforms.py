"""What is done with images before they are learned from, as blocks."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from .... import ndarray as nd
from ....errors import ArgumentError
from ....image import images as image
from ....ndarray.ndarray import NDArray
from ...block import Block, HybridBlock
from ...nn import HybridSequential, Sequential

__all__ = [
    "Cast",
    "CenterCrop",
    "Compose",
    "CropResize",
    "HybridCompose",
    "HybridRandomApply",
    "Normalize",
    "RandomApply",
    "RandomBrightness",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomFlipLeftRight",
    "RandomFlipTopBottom",
    "RandomGray",
    "RandomHue",
    "RandomLighting",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSaturation",
    "Resize",
    "Rotate",
    "ToTensor",
]
__dir__ = __all__.copy


class Compose(Sequential):
    """Transforms one after the other.

    >>> from tapegrad import nd
    >>> Compose([Cast("float32"), ToTensor()])(nd.zeros((2, 3, 3), dtype="uint8")).shape
    (3, 2, 3)
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        super().__init__()
        with self.name_scope():
            for hybrid, group in groupby(transforms, lambda block: isinstance(block, HybridBlock)):
                blocks = list(group)
                if hybrid and len(blocks) > 1:  # MXNet compiles such a group
                    self.add(HybridSequential())
                    self[-1].add(*blocks)
                else:
                    self.add(*blocks)


class HybridCompose(HybridSequential):
    """`Compose` of hybrid blocks.

    >>> len(HybridCompose([Cast()]))
    1
    """

    def __init__(self, transforms: Sequence[Any]) -> None:
        super().__init__()
        self.add(*transforms)


class RandomApply(Sequential):
    """A transform that is left out with probability 1 − p.

    >>> RandomApply(Cast(), p=0)(1)
    1
    """

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms = transforms
        self.p = p

    def forward(self, x: Any) -> Any:
        return self.transforms(x) if random.random() < self.p else x


HybridRandomApply = RandomApply


class Cast(HybridBlock):
    """The image in a dtype.

    >>> from tapegrad import nd
    >>> Cast("float16")(nd.ones(1)).dtype
    <class 'numpy.float16'>
    """

    def __init__(self, dtype: Any = "float32") -> None:
        super().__init__()
        self._dtype = dtype

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.cast(x, self._dtype)


class ToTensor(HybridBlock):
    """Images (height, width, channels) of bytes as (channels, height, width), from 0 to 1; also of a batch.

    >>> from tapegrad import nd
    >>> ToTensor()(nd.full((1, 1, 1), 255, dtype="uint8")).asscalar()
    np.float32(1.0)
    """

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        axes = (2, 0, 1) if x.ndim == 3 else (0, 3, 1, 2)
        if x.dtype is np.uint8:  # bytes have no gradient, and of one image at a time the host is done soonest
            return nd.array(x.asnumpy().transpose(axes).astype("float32") / np.float32(255), ctx=x.context)
        return F.transpose(x.astype("float32") / 255, axes=axes)


class Normalize(HybridBlock):
    """Images (channels, height, width) less a mean, divided by a deviation, of all or of each channel.

    >>> from tapegrad import nd
    >>> Normalize(1.0, 2.0)(nd.zeros((3, 1, 1))).asnumpy().ravel().tolist()
    [-0.5, -0.5, -0.5]
    """

    def __init__(self, mean: Any = 0.0, std: Any = 1.0) -> None:
        super().__init__()
        self._mean, self._std = (np.asarray(x, np.float32).reshape(-1, 1, 1) for x in (mean, std))

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        mean, std = (nd.array(array, ctx=x.context, dtype=x.dtype) for array in (self._mean, self._std))
        return (x - mean) / std


class _OfImages(Block):
    """What changes an image (height, width, channels) by a function, and a batch of them one by one."""

    def __init__(self, change: Callable[[NDArray], NDArray]) -> None:
        super().__init__()
        self._change = change

    def forward(self, x: Any) -> Any:
        return nd.stack(*map(self._change, x), axis=0) if x.ndim == 4 else self._change(x)


class _HybridOfImages(_OfImages, HybridBlock):
    """The same as a HybridBlock, which is what MXNet has of some."""


def _pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


class Resize(_HybridOfImages):
    """Images of a size, (width, height) or one number for both; with `keep_ratio` for the shorter edge.

    >>> from tapegrad import nd
    >>> Resize(2)(nd.zeros((4, 6, 3), dtype="uint8")).shape
    (2, 2, 3)
    """

    def __init__(self, size: Any, keep_ratio: bool = False, interpolation: int = 1) -> None:
        if keep_ratio and isinstance(size, int):
            super().__init__(lambda x: image.resize_short(x, size, interpolation))
        else:
            super().__init__(lambda x: image.imresize(x, *_pair(size), interpolation))


class CenterCrop(_OfImages):
    """The middle of images, (width, height) or one number for both.

    >>> from tapegrad import nd
    >>> CenterCrop(2)(nd.zeros((4, 6, 3))).shape
    (2, 2, 3)
    """

    def __init__(self, size: Any, interpolation: int = 1) -> None:
        super().__init__(lambda x: image.center_crop(x, _pair(size), interpolation)[0])


class CropResize(_HybridOfImages):
    """The part of images at a place, resized if a size is given.

    >>> from tapegrad import nd
    >>> CropResize(0, 1, 2, 3)(nd.zeros((4, 6, 3))).shape
    (3, 2, 3)
    """

    def __init__(
        self, x: int, y: int, width: int, height: int, size: Any = None, interpolation: int | None = None
    ) -> None:
        place = x, y, width, height, None if size is None else _pair(size), interpolation or 1
        super().__init__(lambda x: image.fixed_crop(x, *place))


class RandomCrop(_HybridOfImages):
    """A part of images at a place that is drawn, of images with `pad` zeros around.

    >>> from tapegrad import nd
    >>> RandomCrop(4, pad=2)(nd.zeros((4, 4, 3))).shape
    (4, 4, 3)
    """

    def __init__(self, size: Any, pad: Any = None, pad_value: float = 0, interpolation: int = 1) -> None:
        around: tuple[int, int, int, int] = (pad,) * 4 if isinstance(pad, int) else pad or (0, 0, 0, 0)

        def change(x: NDArray) -> NDArray:
            return image.random_crop(image.copyMakeBorder(x, *around, 0, pad_value), _pair(size), interpolation)[0]

        super().__init__(change)


class RandomResizedCrop(_OfImages):
    """A part of images with a share of the area and a ratio that are drawn, resized.

    >>> from tapegrad import nd
    >>> RandomResizedCrop(2)(nd.zeros((4, 6, 3))).shape
    (2, 2, 3)
    """

    def __init__(
        self, size: Any, scale: Any = (0.08, 1.0), ratio: Any = (3 / 4, 4 / 3), interpolation: int = 1
    ) -> None:
        super().__init__(lambda x: image.random_size_crop(x, _pair(size), scale, ratio, interpolation)[0])


class RandomFlipLeftRight(_HybridOfImages):
    """Images mirrored, left and right, with probability p.

    >>> from tapegrad import nd
    >>> RandomFlipLeftRight(p=1)(nd.arange(2).reshape((1, 2, 1))).asnumpy().ravel().tolist()
    [1.0, 0.0]
    """

    _axis = 1

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(lambda x: nd.flip(x, axis=self._axis) if random.random() < p else x)


class RandomFlipTopBottom(RandomFlipLeftRight):
    """Images mirrored, top and bottom, with probability p.

    >>> from tapegrad import nd
    >>> RandomFlipTopBottom(p=1)(nd.arange(2).reshape((2, 1, 1))).asnumpy().ravel().tolist()
    [1.0, 0.0]
    """

    _axis = 0


class _Augment(_HybridOfImages):
    """What augmenters of `image` do, in the dtype of the image; bytes are rounded and bounded."""

    def __init__(self, *augs: Any) -> None:
        def change(x: NDArray) -> NDArray:
            result = x.astype("float32")
            for aug in augs:
                result = aug(result)
            return nd.array(image.as_dtype(x.dtype, result.asnumpy()), dtype=x.dtype)

        super().__init__(change)


def _amount(value: float, name: str) -> float:
    if value < 0:
        raise ArgumentError(f"{name} is {value}; give a number from 0 up")
    return value


class RandomBrightness(_Augment):
    """Images brighter or darker by a part up to `brightness`.

    >>> from tapegrad import nd
    >>> RandomBrightness(0.0)(nd.ones((1, 1, 3), dtype="uint8")).dtype
    <class 'numpy.uint8'>
    """

    def __init__(self, brightness: float) -> None:
        super().__init__(image.BrightnessJitterAug(_amount(brightness, "brightness")))


class RandomContrast(_Augment):
    """Images with more or less contrast, by a part up to `contrast`.

    >>> from tapegrad import nd
    >>> RandomContrast(0.1)(nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, contrast: float) -> None:
        super().__init__(image.ContrastJitterAug(_amount(contrast, "contrast")))


class RandomSaturation(_Augment):
    """Images with more or less colour, by a part up to `saturation`.

    >>> from tapegrad import nd
    >>> RandomSaturation(0.1)(nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, saturation: float) -> None:
        super().__init__(image.SaturationJitterAug(_amount(saturation, "saturation")))


class RandomHue(_Augment):
    """Images with colours turned, by a part up to `hue`.

    >>> from tapegrad import nd
    >>> RandomHue(0.1)(nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, hue: float) -> None:
        super().__init__(image.HueJitterAug(_amount(hue, "hue")))


class RandomColorJitter(_Augment):
    """All four of these, in an order that is drawn.

    >>> from tapegrad import nd
    >>> RandomColorJitter(0.1, 0.1, 0.1, 0.1)(nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, brightness: float = 0, contrast: float = 0, saturation: float = 0, hue: float = 0) -> None:
        amounts = (brightness, "brightness"), (contrast, "contrast"), (saturation, "saturation"), (hue, "hue")
        kinds = image.BrightnessJitterAug, image.ContrastJitterAug, image.SaturationJitterAug, image.HueJitterAug
        augs = [kind(_amount(*amount)) for kind, amount in zip(kinds, amounts, strict=True) if amount[0]]
        super().__init__(image.RandomOrderAug(augs))


class RandomLighting(_Augment):
    """Images with noise along the axes of colours, of deviation `alpha`.

    >>> from tapegrad import nd
    >>> RandomLighting(0.1)(nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, alpha: float) -> None:
        super().__init__(image.LightingAug(alpha, image.EIGVAL, image.EIGVEC))


class RandomGray(_Augment):
    """Images gray with probability p.

    >>> from tapegrad import nd
    >>> RandomGray(1.0)(nd.ones((1, 1, 3))).shape
    (1, 1, 3)
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(image.RandomGrayAug(p))


class Rotate(Block):
    """Images (channels, height, width) of float32 turned by an angle, in degrees: `image.imrotate`.

    >>> from tapegrad import nd
    >>> Rotate(90)(nd.ones((1, 3, 3))).shape
    (1, 3, 3)
    """

    def __init__(self, rotation_degrees: float, zoom_in: bool = False, zoom_out: bool = False) -> None:
        super().__init__()
        self._args = rotation_degrees, zoom_in, zoom_out

    def forward(self, x: Any) -> Any:
        return image.imrotate(x, *self._args)


class RandomRotation(Block):
    """`Rotate` by an angle drawn between two limits, with a probability.

    >>> from tapegrad import nd
    >>> RandomRotation((-10, 10))(nd.ones((1, 3, 3))).shape
    (1, 3, 3)
    """

    def __init__(
        self, angle_limits: Any, zoom_in: bool = False, zoom_out: bool = False, rotate_with_proba: float = 1.0
    ) -> None:
        super().__init__()
        low, high = angle_limits
        if low >= high or not 0 <= rotate_with_proba <= 1:
            raise ArgumentError(
                f"RandomRotation(): limits are {angle_limits} and the probability {rotate_with_proba}; give a lower "
                "and an upper one, and a number from 0 to 1"
            )
        self._args = angle_limits, zoom_in, zoom_out
        self._chance = rotate_with_proba

    def forward(self, x: Any) -> Any:
        return image.random_rotate(x, *self._args) if random.random() < self._chance else x
