"""Augmenters of images with boxes: rows of class, left, top, right and bottom, in parts of the size, and what else."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..ndarray.ndarray import NDArray
from .images import Augmenter, ForceResizeAug, Host, ResizeAug, colored, copyMakeBorder, fixed_crop

__all__ = [
    "CreateDetAugmenter",
    "CreateMultiRandCropAugmenter",
    "DetAugmenter",
    "DetBorrowAug",
    "DetHorizontalFlipAug",
    "DetRandomCropAug",
    "DetRandomPadAug",
    "DetRandomSelectAug",
]


class DetAugmenter(Augmenter):
    """What makes another image with boxes of one: subclass it and write `__call__(self, src, label)`."""

    def __call__(self, src: NDArray, label: Host) -> tuple[NDArray, Host]:  # type: ignore[override]
        raise NotImplementedError(f"{type(self).__name__} has no __call__(src, label)")


class DetBorrowAug(DetAugmenter):
    """An augmenter of images as one of images with boxes, which stay.

    >>> from tapegrad import image
    >>> DetBorrowAug(image.CastAug()).dumps()
    ['detborrowaug', '["castaug", {"type": "float32"}]']
    """

    def __init__(self, augmenter: Augmenter) -> None:
        super().__init__()
        self.augmenter = augmenter

    def dumps(self) -> Any:
        """The augmenter as lists of text."""
        return [type(self).__name__.lower(), self.augmenter.dumps()]

    def __call__(self, src: NDArray, label: Host) -> tuple[NDArray, Host]:  # type: ignore[override]
        return self.augmenter(src), label


class DetRandomSelectAug(DetAugmenter):
    """One of some augmenters, which is drawn, or with a probability none.

    >>> DetRandomSelectAug([DetHorizontalFlipAug(0.5)], skip_prob=0.2).dumps()
    ['detrandomselectaug', ['["dethorizontalflipaug", {"p": 0.5}]']]
    """

    def __init__(self, aug_list: Any, skip_prob: float = 0) -> None:
        super().__init__()
        self.aug_list = list(aug_list) if isinstance(aug_list, (list, tuple)) else [aug_list]
        self.skip_prob = skip_prob if self.aug_list else 1

    def dumps(self) -> Any:
        """The augmenters as lists of text."""
        return [type(self).__name__.lower(), [aug.dumps() for aug in self.aug_list]]

    def __call__(self, src: NDArray, label: Host) -> tuple[NDArray, Host]:  # type: ignore[override]
        if random.random() < self.skip_prob:
            return src, label
        random.shuffle(self.aug_list)
        result: tuple[NDArray, Host] = self.aug_list[0](src, label)
        return result


class DetHorizontalFlipAug(DetAugmenter):
    """Images and boxes mirrored, left and right, with probability `p`.

    >>> from tapegrad import nd
    >>> DetHorizontalFlipAug(1)(nd.zeros((1, 2, 3)), np.array([[0, 0.25, 0, 0.5, 1]]))[1].tolist()
    [[0.0, 0.5, 0.0, 0.75, 1.0]]
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p

    def __call__(self, src: NDArray, label: Host) -> tuple[NDArray, Host]:  # type: ignore[override]
        if random.random() < self.p:
            label[:, [1, 3]] = 1 - label[:, [3, 1]]
            return nd.flip(src, axis=1), label
        return src, label


def _areas(boxes: Host) -> Host:
    areas: Host = np.maximum(0, boxes[:, 2:4] - boxes[:, :2]).prod(1)
    return areas


def _range(value: Any) -> tuple[float, float]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


class _Framed(DetAugmenter):
    """What cropping and padding share: a frame of a drawn ratio and area, or none after some attempts."""

    _least_area = 0.0

    def __init__(self, **options: Any) -> None:
        ratios, areas = (_range(options[name]) for name in ("aspect_ratio_range", "area_range"))
        super().__init__(**{**options, "aspect_ratio_range": ratios, "area_range": areas})
        self.enabled = 0 < ratios[0] <= ratios[1] and areas[1] > self._least_area and areas[0] <= areas[1]
        if not self.enabled:
            warnings.warn(f"{type(self).__name__} is skipped: the ranges are {ratios}, {areas}", stacklevel=3)

    def _ratios(self, height: int, width: int) -> Iterator[tuple[float, int, int, float, float]]:
        """For each attempt a ratio, the heights of the least and the largest frame, and their areas."""
        least, most = (share * height * width for share in self.area_range)  # type: ignore[attr-defined]
        for _ in range(self.max_attempts if self.enabled else 0):  # type: ignore[attr-defined]
            ratio = random.uniform(*self.aspect_ratio_range)  # type: ignore[attr-defined]
            yield ratio, round(math.sqrt(least / ratio)), round(math.sqrt(most / ratio)), least, most


class DetRandomCropAug(_Framed):
    """A part of images, of a ratio and a share of the area that are drawn; each box in it is seen by some part.

    Boxes of which no more than `min_eject_coverage` is left are taken out.

    >>> from tapegrad import nd
    >>> DetRandomCropAug()(nd.zeros((8, 8, 3)), np.array([[0, 0, 0, 1, 1.0]]))[1].shape
    (1, 5)
    """

    def __init__(
        self,
        min_object_covered: float = 0.1,
        aspect_ratio_range: Any = (0.75, 1.33),
        area_range: Any = (0.05, 1.0),
        min_eject_coverage: float = 0.3,
        max_attempts: int = 50,
    ) -> None:
        super().__init__(
            min_object_covered=min_object_covered,
            aspect_ratio_range=aspect_ratio_range,
            area_range=area_range,
            min_eject_coverage=min_eject_coverage,
            max_attempts=max_attempts,
        )

    def __call__(self, src: NDArray, label: Host) -> tuple[NDArray, Host]:  # type: ignore[override]
        height, width = src.shape[:2]
        for ratio, low, high, least, most in self._ratios(height, width):
            high = int((width + 0.4999999) / ratio) if round(high * ratio) > width else high
            high = min(high, height)
            h = random.randint(low, high) if low < high else high
            w = round(h * ratio)
            for step, beyond in ((1, w * h < least), (-1, w * h > most)):
                if beyond:
                    h += step
                    w = round(h * ratio)
            if not (least <= w * h <= most and 0 <= w <= width and 0 <= h <= height):
                continue
            y, x = random.randint(0, height - h), random.randint(0, width - w)
            boxes = self._within(label, x / width, y / height, w / width, h / height, height * width)
            if w * h >= 2 and boxes is not None:
                return fixed_crop(src, x, y, w, h, None), boxes
        return src, label

    def _within(self, label: Host, x: float, y: float, w: float, h: float, pixels: int) -> Host | None:
        """The boxes as they are in a part of the image, or None where too little of one is seen."""
        areas = _areas(label[:, 1:])
        boxes = label.copy()
        boxes[:, 1:5] = np.clip((label[:, 1:5] - [x, y, x, y]) / [w, h, w, h], 0, 1)
        coverage = _areas(boxes[:, 1:]) * w * h / areas
        seen = coverage[(areas * pixels > 2) & (coverage > 0)]
        left = (boxes[:, 3] > boxes[:, 1]) & (boxes[:, 4] > boxes[:, 2]) & (coverage > self.min_eject_coverage)  # type: ignore[attr-defined]
        enough = seen.size and seen.min() > self.min_object_covered and left.any()  # type: ignore[attr-defined]
        return boxes[left] if enough else None


class DetRandomPadAug(_Framed):
    """Images in a larger frame, of a ratio and an area that are drawn, filled with `pad_val`.

    >>> from tapegrad import nd
    >>> DetRandomPadAug(area_range=(4, 9))(nd.zeros((8, 8, 3)), np.array([[0, 0, 0, 1, 1.0]]))[0].shape[0] > 8
    True
    """

    _least_area = 1.0

    def __init__(
        self,
        aspect_ratio_range: Any = (0.75, 1.33),
        area_range: Any = (1.0, 3.0),
        max_attempts: int = 50,
        pad_val: Any = (128, 128, 128),
    ) -> None:
        super().__init__(
            aspect_ratio_range=aspect_ratio_range, area_range=area_range, max_attempts=max_attempts, pad_val=pad_val
        )

    def __call__(self, src: NDArray, label: Host) -> tuple[NDArray, Host]:  # type: ignore[override]
        height, width = src.shape[:2]
        for ratio, low, high, _, _ in self._ratios(height, width):
            low = int((width + 0.499999) / ratio) if round(low * ratio) < width else low
            low = max(low, height)
            h = random.randint(low, high) if low < high else high
            w = round(h * ratio)
            if h - height < 2 or w - width < 2:
                continue
            y, x = random.randint(0, h - height), random.randint(0, w - width)
            boxes = label.copy()
            boxes[:, 1:5] = (label[:, 1:5] * [width, height, width, height] + [x, y, x, y]) / [w, h, w, h]
            return copyMakeBorder(src, y, h - y - height, x, w - x - width, values=self.pad_val), boxes  # type: ignore[attr-defined]
        return src, label


def CreateMultiRandCropAugmenter(
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0),
    min_eject_coverage: Any = 0.3,
    max_attempts: Any = 50,
    skip_prob: float = 0,
) -> DetRandomSelectAug:
    """One of several `DetRandomCropAug`, which is drawn; of what is a list each has one.

    >>> len(CreateMultiRandCropAugmenter(min_object_covered=[0.1, 0.5]).aug_list)
    2
    """
    options = min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts
    lists = [option if isinstance(option, list) else [option] for option in options]
    count = max(map(len, lists))
    aligned = [each * count if len(each) == 1 else each for each in lists]
    return DetRandomSelectAug([DetRandomCropAug(*each) for each in zip(*aligned, strict=True)], skip_prob)


def CreateDetAugmenter(
    data_shape: Sequence[int],
    resize: int = 0,
    rand_crop: float = 0,
    rand_pad: float = 0,
    rand_gray: float = 0,
    rand_mirror: bool = False,
    mean: Any = None,
    std: Any = None,
    brightness: float = 0,
    contrast: float = 0,
    saturation: float = 0,
    pca_noise: float = 0,
    hue: float = 0,
    inter_method: int = 2,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 3.0),
    min_eject_coverage: Any = 0.3,
    max_attempts: Any = 50,
    pad_val: Any = (127, 127, 127),
) -> list[DetAugmenter]:
    """The augmenters that make images with boxes of a shape (channels, height, width), in their usual order.

    >>> [type(aug).__name__ for aug in CreateDetAugmenter((3, 8, 8), rand_mirror=True)]
    ['DetHorizontalFlipAug', 'DetBorrowAug', 'DetBorrowAug']
    """
    augs: list[DetAugmenter] = [DetBorrowAug(ResizeAug(resize, inter_method))] if resize > 0 else []
    if rand_crop > 0:
        options = min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts
        augs.append(CreateMultiRandCropAugmenter(*options, skip_prob=1 - rand_crop))
    augs += [DetHorizontalFlipAug(0.5)] if rand_mirror else []
    if rand_pad > 0:
        pad = DetRandomPadAug(aspect_ratio_range, (1.0, area_range[1]), max_attempts, pad_val)
        augs.append(DetRandomSelectAug([pad], 1 - rand_pad))
    last = [ForceResizeAug((data_shape[2], data_shape[1]), inter_method)]
    last += colored(brightness, contrast, saturation, hue, pca_noise, rand_gray, mean, std)
    return augs + [DetBorrowAug(aug) for aug in last]
