"""Images: read, resized, cropped and changed at random, as arrays (height, width, channels)."""

from __future__ import annotations

import io
import json
import math
import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .. import ndarray as nd
from ..engines.extras import missing_extra
from ..errors import ArgumentError, DtypeError, FileFormatError, ShapeError
from ..ndarray.ndarray import NDArray

Host = np.ndarray[Any, Any]
GRAY = np.array([0.299, 0.587, 0.114], np.float32)
"""What red, green and blue weigh in a gray."""


def pillow() -> Any:
    """Pillow's module of images. Raises `MissingExtraError` without it."""
    try:
        from PIL import Image
    except ImportError as cause:
        raise missing_extra("reading and writing images", "PIL", "image") from cause
    return Image


def decoded(encoded: bytes, flag: int = 1) -> Host:
    """The bytes of an image file as an array: of three colours, or with flag 0 of one gray."""
    module = pillow()
    try:
        with module.open(io.BytesIO(encoded)) as image:
            return np.asarray(image.convert("RGB" if flag else "L"), np.uint8).reshape(
                *image.size[::-1], 3 if flag else 1
            )
    except (OSError, SyntaxError, ValueError, module.DecompressionBombError) as error:
        raise FileFormatError(f"this is no image that can be read: {error}") from error


def imdecode(buf: Any, flag: int = 1, to_rgb: bool = True, out: Any = None) -> NDArray:
    """The bytes of an image file as an array of uint8.

    Shapes: (height, width, 3), or with `flag=0` (height, width, 1), a gray. `to_rgb=False` is blue, green, red.

    Dtypes: uint8.

    Raises: `FileFormatError` for what is no image, `MissingExtraError` without Pillow.

    >>> imdecode(b"no image")
    Traceback (most recent call last):
    tapegrad.errors.FileFormatError: this is no image that can be read: ...
    """
    encoded = buf.asnumpy().tobytes() if isinstance(buf, NDArray) else bytes(buf)
    array = decoded(encoded, flag)
    return nd.array(array if to_rgb else array[..., ::-1], dtype="uint8")


def imread(filename: str, flag: int = 1, to_rgb: bool = True) -> NDArray:
    """An image file as an array; see `imdecode`.

    Shapes: as `imdecode`.

    Dtypes: uint8.

    Raises: as `imdecode`; `OSError` for a file that cannot be read.

    >>> imread("nobody's.png")
    Traceback (most recent call last):
    FileNotFoundError: ...
    """
    with open(filename, "rb") as file:
        return imdecode(file.read(), flag, to_rgb)


ENLARGED = 5
"""The interpolation by area of an image that is made larger."""


def _linear(x: Host) -> Host:
    return np.maximum(1 - abs(x), 0)  # type: ignore[no-any-return]


def _cubic(x: Host) -> Host:
    a, x = -0.75, abs(x)
    inner, outer = ((a + 2) * x - (a + 3)) * x * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0))


def _lanczos(x: Host) -> Host:
    return np.where(abs(x) < 4, np.sinc(x) * np.sinc(x / 4), 0)


@lru_cache(maxsize=32)
def _weights(old: int, new: int, interp: int) -> Host:
    """The matrix that makes `new` pixels of `old` along an axis."""
    if interp == 0:
        chosen = np.minimum(np.floor(np.arange(new) * (old / new)), old - 1)
        return (chosen[:, None] == np.arange(old)).astype(np.float32)  # type: ignore[no-any-return]
    if interp == 3:
        edges = np.arange(new + 1) * (old / new)
        pixels = np.arange(old)
        shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
        return (np.maximum(shares, 0) / (old / new)).astype(np.float32)  # type: ignore[no-any-return]
    places, weights = _taps(old, new, interp)
    matrix = np.zeros((new, old), np.float32)
    np.add.at(matrix, (np.arange(new)[:, None], places), weights)
    return matrix


@lru_cache(maxsize=32)
def _taps(old: int, new: int, interp: int) -> tuple[Host, Host]:
    """For each of `new` pixels the `old` ones that it is made of, and their weights."""
    kernel, reach = {2: (_cubic, 2), 4: (_lanczos, 4)}.get(interp, (_linear, 1))
    centres = ((np.arange(new) + 0.5) * (old / new) - 0.5).astype(np.float32)
    first = np.floor(centres)
    if interp == ENLARGED:  # pixels keep their areas, and blend where a new one lies across an edge
        first = np.floor(np.arange(new) * (old / new))
        across = np.arange(1, new + 1) - (first + 1) * (new / old)
        centres = first + np.where(across <= 0, 0, across % 1)
    steps = np.arange(1 - reach, reach + 1)
    weights = kernel((centres - first)[:, None] - steps)
    weights = weights / weights.sum(1, keepdims=True)
    return np.clip(first[:, None].astype(int) + steps, 0, old - 1), weights.astype(np.float32)


def resized(image: Host, width: int, height: int, interp: int = 1) -> Host:
    """An image of another size; bytes are made of whole numbers, by weights in 2048ths, as OpenCV has them."""
    if interp not in (0, 1, 2, 3, 4):
        raise ArgumentError(f"interp is {interp}; choose 0 nearest, 1 linear, 2 cubic, 3 area, 4 Lanczos, 9 or 10")
    old_height, old_width = image.shape[:2]
    halved = (old_height, old_width) == (2 * height, 2 * width) and interp in (1, 3)
    interp = 3 if halved else ENLARGED if interp == 3 and (height > old_height or width > old_width) else interp
    if image.dtype != np.uint8 or interp in (0, 3):
        rows, columns = _weights(old_height, height, interp), _weights(old_width, width, interp)
        result = np.einsum("yh,hwc,xw->yxc", rows, image.astype(np.float32), columns, optimize=True)
        return as_dtype(image.dtype, np.floor(result + 0.5) if halved and image.dtype == np.uint8 else result)
    (ys, down), (xs, across) = _taps(old_height, height, interp), _taps(old_width, width, interp)
    down, across = (np.rint(weights * 2048).astype(int)[..., None] for weights in (down, across))
    lines = (image.astype(int)[:, xs] * across).sum(2)[ys]
    if interp in (1, ENLARGED):
        sums = ((down[..., None] * (lines >> 4)) >> 16).sum(1) + 2 >> 2
    else:
        sums = (down[..., None] * lines).sum(1) + (1 << 21) >> 22
    bounded: Host = np.clip(sums, 0, 255).astype(np.uint8)
    return bounded


def as_dtype(dtype: Any, image: Host) -> Host:
    """An image in a dtype; bytes are rounded and bounded."""
    return np.clip(np.rint(image), 0, 255).astype(dtype) if dtype == np.uint8 else image.astype(dtype)


def _method(interp: int, sizes: Sequence[int] = ()) -> int:
    """The interpolation that is meant: 9 is by what happens to the size, 10 is any."""
    if interp == 10:
        return random.randint(0, 4)
    if interp != 9:
        return interp
    old_height, old_width, height, width = sizes or (1, 1, 1, 1)
    if height > old_height and width > old_width:
        return 2
    return 3 if height < old_height and width < old_width else 1


def _size(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)


def imresize(src: NDArray, w: int, h: int, interp: int = 1) -> NDArray:
    """An image of width `w` and height `h`: by the nearest pixel (0), linear (1), cubic (2), by area (3), Lanczos (4).

    Shapes: (height, width, channels) gives (h, w, channels).

    Dtypes: that of the image; bytes are rounded.

    Raises: `ValueError` for an unknown `interp`.

    >>> from tapegrad import nd
    >>> imresize(nd.zeros((4, 6, 3)), 3, 2).shape
    (2, 3, 3)
    """
    image = src.asnumpy()
    return nd.array(resized(image, w, h, _method(interp, (*image.shape[:2], h, w))), dtype=src.dtype, ctx=src.context)


def scale_down(src_size: Sequence[int], size: Sequence[int]) -> tuple[int, int]:
    """A size that fits into that of an image, with the same ratio.

    Shapes: none.

    Dtypes: none.

    Raises: nothing itself.

    >>> scale_down((640, 480), (720, 120))
    (640, 106)
    """
    (width, height), (w, h) = src_size, (float(x) for x in size)
    if height < h:
        w, h = w * height / h, float(height)
    if width < w:
        w, h = float(width), h * width / w
    return int(w), int(h)


def resize_short(src: NDArray, size: int, interp: int = 2) -> NDArray:
    """An image whose shorter edge is `size`, with the same ratio.

    Shapes: as `imresize`.

    Dtypes: as `imresize`.

    Raises: as `imresize`.

    >>> from tapegrad import nd
    >>> resize_short(nd.zeros((4, 6, 3)), 2).shape
    (2, 3, 3)
    """
    height, width = src.shape[:2]
    h, w = (size * height // width, size) if height > width else (size, size * width // height)
    return imresize(src, w, h, interp)


def fixed_crop(src: NDArray, x0: int, y0: int, w: int, h: int, size: Any = None, interp: int = 2) -> NDArray:
    """The part of an image of width `w` and height `h` from (x0, y0), resized to `size` if it is given.

    Shapes: (height, width, channels) gives (h, w, channels), or that of `size`, (width, height).

    Dtypes: that of the image.

    Raises: as `imresize`.

    >>> from tapegrad import nd
    >>> fixed_crop(nd.zeros((4, 6, 3)), 1, 1, 2, 3).shape
    (3, 2, 3)
    """
    part = src[y0 : y0 + h, x0 : x0 + w]
    return part if size is None or (w, h) == tuple(size) else imresize(part, size[0], size[1], interp)


def random_crop(src: NDArray, size: Any, interp: int = 2) -> tuple[NDArray, tuple[int, int, int, int]]:
    """A part of that size, (width, height), or less where the image is smaller, and its place, (x, y, width, height).

    Shapes: as `fixed_crop`.

    Dtypes: that of the image.

    Raises: as `imresize`.

    >>> from tapegrad import nd
    >>> random_crop(nd.zeros((4, 6, 3)), (2, 2))[0].shape
    (2, 2, 3)
    """
    height, width = src.shape[:2]
    w, h = scale_down((width, height), size)
    x0, y0 = random.randint(0, width - w), random.randint(0, height - h)
    return fixed_crop(src, x0, y0, w, h, size, interp), (x0, y0, w, h)


def center_crop(src: NDArray, size: Any, interp: int = 2) -> tuple[NDArray, tuple[int, int, int, int]]:
    """The middle of an image, of that size, and its place, as `random_crop`.

    Shapes: as `fixed_crop`.

    Dtypes: that of the image.

    Raises: as `imresize`.

    >>> from tapegrad import nd
    >>> center_crop(nd.zeros((4, 6, 3)), (2, 2))[1]
    (2, 1, 2, 2)
    """
    height, width = src.shape[:2]
    w, h = scale_down((width, height), size)
    x0, y0 = (width - w) // 2, (height - h) // 2
    return fixed_crop(src, x0, y0, w, h, size, interp), (x0, y0, w, h)


def random_size_crop(src: NDArray, size: Any, area: Any, ratio: Any, interp: int = 2) -> tuple[NDArray, Any]:
    """A part with a share of the area and a ratio drawn from their bounds, resized, and its place.

    Shapes: as `fixed_crop`.

    Dtypes: that of the image.

    Raises: as `imresize`.

    >>> from tapegrad import nd
    >>> random_size_crop(nd.zeros((4, 6, 3)), (2, 2), 0.5, (0.9, 1.1))[0].shape
    (2, 2, 3)
    """
    height, width = src.shape[:2]
    low, high = (area, 1.0) if isinstance(area, (int, float)) else area
    for _ in range(10):
        share = random.uniform(low, high) * height * width
        stretch = math.exp(random.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(share * stretch)), round(math.sqrt(share / stretch))
        if 0 < w <= width and 0 < h <= height:
            x0, y0 = random.randint(0, width - w), random.randint(0, height - h)
            return fixed_crop(src, x0, y0, w, h, size, interp), (x0, y0, w, h)
    return center_crop(src, size, interp)


def color_normalize(src: NDArray, mean: Any, std: Any = None) -> NDArray:
    """An image less the mean, divided by the deviation.

    Shapes: that of the image; mean and deviation broadcast.

    Dtypes: that of the image.

    Raises: what operators raise.

    >>> from tapegrad import nd
    >>> color_normalize(nd.ones((1, 1, 1)), 1, 2).asscalar()
    np.float32(0.0)
    """
    centred = src if mean is None else src - mean
    return centred if std is None else centred / std


def copyMakeBorder(
    src: NDArray, top: int, bot: int, left: int, right: int, type: int = 0, value: float = 0, values: Any = ()
) -> NDArray:
    """An image with a border of one value, or of one for each channel, or with type 1 of what is at its edge.

    Shapes: (height, width, channels) gives (top + height + bot, left + width + right, channels).

    Dtypes: that of the image.

    Raises: `ValueError` for another type.

    >>> from tapegrad import nd
    >>> copyMakeBorder(nd.zeros((2, 2, 1)), 1, 0, 0, 1).shape
    (3, 3, 1)
    """
    if type not in (0, 1, 16):
        raise ArgumentError(f"copyMakeBorder(): type is {type}; choose 0 for one value, 1 for the edge")
    padded = np.pad(src.asnumpy(), ((top, bot), (left, right), (0, 0)), "edge")
    if type != 1:
        inside = np.zeros(padded.shape[:2], bool)
        inside[top : top + src.shape[0], left : left + src.shape[1]] = True
        padded[~inside] = np.broadcast_to(np.asarray(values if np.size(values) else value), padded.shape[2:])
    return nd.array(padded, dtype=src.dtype)


def imrotate(src: NDArray, rotation_degrees: Any, zoom_in: bool = False, zoom_out: bool = False) -> NDArray:
    """Images turned about their middle, with zeros where nothing was; zoomed so that none are seen, or nothing is lost.

    Shapes: (channels, height, width), or (n, channels, height, width) with one angle or one for each.

    Dtypes: float32.

    Raises: `ValueError` for both zooms, `ShapeError` for another number of axes or angles, `DtypeError` for integers.

    >>> from tapegrad import nd
    >>> imrotate(nd.array([[[1, 2], [3, 4]]]), 180).asnumpy().round(3).tolist()
    [[[4.0, 3.0], [2.0, 1.0]]]
    """
    if zoom_in and zoom_out:
        raise ArgumentError("imrotate(): zoom_in and zoom_out exclude each other")
    if src.dtype is not np.float32:
        raise DtypeError(f"imrotate() takes float32 images, not {np.dtype(src.dtype).name}; convert them with astype")
    if src.ndim not in (3, 4):
        raise ShapeError(f"imrotate() takes (channels, height, width), or n of those, not shape {src.shape}")
    images = src.expand_dims(axis=0) if src.ndim == 3 else src
    count, _, height, width = images.shape
    degrees = rotation_degrees.asnumpy() if isinstance(rotation_degrees, NDArray) else np.asarray(rotation_degrees)
    if degrees.size not in (1, count):
        raise ShapeError(f"imrotate(): there are {degrees.size} angles for {count} images")
    angles = np.broadcast_to(np.radians(degrees.reshape(-1, 1, 1)), (count, 1, 1))
    y, x = (np.arange(n)[:, None] - (n - 1) / 2 for n in (height, width))
    x, cos, sin = x.T, np.cos(angles), np.sin(angles)
    grid = np.stack([(x * cos - y * sin) / ((width - 1) / 2), (x * sin + y * cos) / ((height - 1) / 2)], axis=1)
    if zoom_in or zoom_out:
        corner, size = math.atan2(height, width), math.hypot(height, width)
        ways = [corner + abs(angles), corner - abs(angles)]
        wide, high = (np.maximum(*(abs(size * f(way)) for way in ways)) for f in (np.cos, np.sin))
        scale = np.maximum(wide / width, high / height) if zoom_out else np.minimum(width / wide, height / high)
        grid *= scale[..., None]
    turned = nd.BilinearSampler(images, nd.array(grid, ctx=src.context))
    return turned[0] if src.ndim == 3 else turned


def random_rotate(src: NDArray, angle_limits: Any, zoom_in: bool = False, zoom_out: bool = False) -> NDArray:
    """`imrotate` by angles drawn between two limits, in degrees.

    Shapes: as `imrotate`.

    Dtypes: float32.

    Raises: as `imrotate`.

    >>> from tapegrad import nd
    >>> random_rotate(nd.ones((1, 3, 3)), (-10, 10)).shape
    (1, 3, 3)
    """
    size = None if src.ndim == 3 else src.shape[0]
    low, high = angle_limits
    return imrotate(src, np.random.uniform(low, high, size), zoom_in, zoom_out)


class Augmenter:
    """What makes another image of one: subclass it and write `__call__(self, src)`.

    >>> CastAug().dumps()
    '["castaug", {"type": "float32"}]'
    """

    def __init__(self, **kwargs: Any) -> None:
        lists = {key: value.asnumpy() if isinstance(value, NDArray) else value for key, value in kwargs.items()}
        self._kwargs = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in lists.items()}
        vars(self).update(kwargs)

    def dumps(self) -> Any:
        """The augmenter as text."""
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __call__(self, src: NDArray) -> NDArray:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(src)")


class SequentialAug(Augmenter):
    """Augmenters one after the other.

    >>> SequentialAug([CastAug()]).dumps()
    ['sequentialaug', ['["castaug", {"type": "float32"}]']]
    """

    ts: list[Augmenter]

    def __init__(self, ts: Sequence[Augmenter]) -> None:
        super().__init__()
        self.ts = list(ts)

    def dumps(self) -> Any:
        """The augmenters as lists of text."""
        return [type(self).__name__.lower(), [aug.dumps() for aug in self.ts]]

    def __call__(self, src: NDArray) -> NDArray:
        for aug in self.ts:
            src = aug(src)
        return src


class RandomOrderAug(SequentialAug):
    """Augmenters in an order that is drawn.

    >>> RandomOrderAug([]).ts
    []
    """

    def __call__(self, src: NDArray) -> NDArray:
        random.shuffle(self.ts)
        return super().__call__(src)


def _augmenter(name: str, doc: str, function: Callable[..., NDArray], *required: str, **defaults: Any) -> Any:
    """A class of augmenters that calls a function with the image and its own parameters."""
    names = (*required, *defaults)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        named = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if set(named) != set(names):
            raise ArgumentError(f"{name}() takes {', '.join(names)}")
        Augmenter.__init__(self, **{own: named[own] for own in names})

    def __call__(self: Any, src: NDArray) -> NDArray:
        return function(src, *(getattr(self, own) for own in names))

    body = {"__init__": __init__, "__call__": __call__, "__doc__": doc, "__module__": __name__}
    return type(name, (Augmenter,), body)


def _jitter(src: NDArray, amount: float, other: Callable[[NDArray], Any]) -> Any:
    alpha = 1 + random.uniform(-amount, amount)
    return src * alpha + other(src) * (1 - alpha)


def _gray(src: NDArray) -> NDArray:
    return (src * nd.array(GRAY)).sum(axis=2, keepdims=True)


def _hue(src: NDArray, hue: float) -> NDArray:
    angle = random.uniform(-hue, hue) * math.pi
    turn = np.array([[1, 0, 0], [0, math.cos(angle), -math.sin(angle)], [0, math.sin(angle), math.cos(angle)]])
    yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
    back = np.array([[1.0, 0.956, 0.621], [1.0, -0.272, -0.647], [1.0, -1.107, 1.705]])
    return nd.dot(src, nd.array((back @ turn @ yiq).T))


def _lighting(src: NDArray, alphastd: float, eigval: Any, eigvec: Any) -> NDArray:
    alpha = np.random.normal(0, alphastd, size=3)
    return src + nd.array((np.asarray(eigvec) * alpha) @ np.asarray(eigval))


def _grayed(src: NDArray, p: float) -> NDArray:
    luminance = nd.array([[0.21] * 3, [0.72] * 3, [0.07] * 3])
    return nd.dot(src, luminance) if random.random() < p else src


def _normalized(src: NDArray, mean: Any, std: Any) -> NDArray:
    arrays = [x if x is None or isinstance(x, NDArray) else nd.array(x) for x in (mean, std)]
    return color_normalize(src, *arrays)


def _forced(src: NDArray, size: Any, interp: int) -> NDArray:
    return imresize(src, size[0], size[1], interp)


def _mirrored(src: NDArray, p: float) -> NDArray:
    return nd.flip(src, axis=1) if random.random() < p else src


def _first(crop: Callable[..., tuple[NDArray, Any]]) -> Callable[..., NDArray]:
    return lambda *args: crop(*args)[0]


def _brightness(src: NDArray, amount: float) -> Any:
    return _jitter(src, amount, lambda x: 0)


def _contrast(src: NDArray, amount: float) -> Any:
    return _jitter(src, amount, lambda x: _gray(x).mean())


def _saturation(src: NDArray, amount: float) -> Any:
    return _jitter(src, amount, _gray)


ResizeAug = _augmenter("ResizeAug", "`resize_short`.", resize_short, "size", interp=2)
ForceResizeAug = _augmenter("ForceResizeAug", "`imresize` to (width, height).", _forced, "size", interp=2)
RandomCropAug = _augmenter("RandomCropAug", "`random_crop`.", _first(random_crop), "size", interp=2)
CenterCropAug = _augmenter("CenterCropAug", "`center_crop`.", _first(center_crop), "size", interp=2)
RandomSizedCropAug = _augmenter(
    "RandomSizedCropAug", "`random_size_crop`.", _first(random_size_crop), "size", "area", "ratio", interp=2
)
BrightnessJitterAug = _augmenter("BrightnessJitterAug", "Brighter or darker, by a part.", _brightness, "brightness")
ContrastJitterAug = _augmenter("ContrastJitterAug", "More or less contrast, by a part.", _contrast, "contrast")
SaturationJitterAug = _augmenter("SaturationJitterAug", "More or less colour, by a part.", _saturation, "saturation")
HueJitterAug = _augmenter("HueJitterAug", "Colours turned by a part of half the circle.", _hue, "hue")
LightingAug = _augmenter("LightingAug", "Noise along axes of colours.", _lighting, "alphastd", "eigval", "eigvec")
ColorNormalizeAug = _augmenter("ColorNormalizeAug", "`color_normalize`.", _normalized, "mean", "std")
RandomGrayAug = _augmenter("RandomGrayAug", "Gray with probability `p`.", _grayed, "p")
HorizontalFlipAug = _augmenter("HorizontalFlipAug", "Mirrored with probability `p`.", _mirrored, "p")


class CastAug(Augmenter):
    """Converted to a dtype."""

    def __init__(self, typ: Any = "float32") -> None:
        super().__init__(type=typ)
        self.typ = typ

    def __call__(self, src: NDArray) -> NDArray:
        return src.astype(self.typ)


class ColorJitterAug(RandomOrderAug):
    """Brightness, contrast and saturation changed, in an order that is drawn.

    >>> len(ColorJitterAug(0.1, 0.1, 0).ts)
    2
    """

    def __init__(self, brightness: float, contrast: float, saturation: float) -> None:
        kinds = (BrightnessJitterAug, brightness), (ContrastJitterAug, contrast), (SaturationJitterAug, saturation)
        super().__init__([kind(amount) for kind, amount in kinds if amount > 0])


EIGVAL = np.array([55.46, 4.794, 1.148])
EIGVEC = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])


def CreateAugmenter(
    data_shape: Sequence[int],
    resize: int = 0,
    rand_crop: bool = False,
    rand_resize: bool = False,
    rand_mirror: bool = False,
    mean: Any = None,
    std: Any = None,
    brightness: float = 0,
    contrast: float = 0,
    saturation: float = 0,
    hue: float = 0,
    pca_noise: float = 0,
    rand_gray: float = 0,
    inter_method: int = 2,
) -> list[Augmenter]:
    """The augmenters that make images of a shape (channels, height, width), as the options say, in their usual order.

    Shapes: none.

    Dtypes: none.

    Raises: `ValueError` for `rand_resize` without `rand_crop`.

    >>> [type(aug).__name__ for aug in CreateAugmenter((3, 8, 8), rand_mirror=True)]
    ['CenterCropAug', 'HorizontalFlipAug', 'CastAug']
    """
    if rand_resize and not rand_crop:
        raise ArgumentError("CreateAugmenter(): rand_resize is for rand_crop; say rand_crop=True")
    if len(data_shape) != 3:
        raise ShapeError(f"CreateAugmenter(): data_shape is {data_shape}; give (channels, height, width)")
    size = (data_shape[2], data_shape[1])
    augs: list[Any] = [ResizeAug(resize, inter_method)] if resize > 0 else []
    if rand_resize:
        augs.append(RandomSizedCropAug(size, 0.08, (3 / 4, 4 / 3), inter_method))
    else:
        augs.append((RandomCropAug if rand_crop else CenterCropAug)(size, inter_method))
    augs += [HorizontalFlipAug(0.5)] if rand_mirror else []
    return augs + colored(brightness, contrast, saturation, hue, pca_noise, rand_gray, mean, std)


def colored(
    brightness: float, contrast: float, saturation: float, hue: float, noise: float, gray: float, mean: Any, std: Any
) -> list[Augmenter]:
    """The augmenters of colours, behind one that makes floats."""
    augs: list[Any] = [CastAug()]
    augs += [ColorJitterAug(brightness, contrast, saturation)] if brightness or contrast or saturation else []
    augs += [HueJitterAug(hue)] if hue else []
    augs += [LightingAug(noise, EIGVAL, EIGVEC)] if noise > 0 else []
    augs += [RandomGrayAug(gray)] if gray > 0 else []
    mean = np.array([123.68, 116.28, 103.53]) if mean is True else mean
    std = np.array([58.395, 57.12, 57.375]) if std is True else std
    augs += [ColorNormalizeAug(mean, std)] if mean is not None or std is not None else []
    return augs
