"""Networks for images: the features of each are a list of layers, and the names of parameters are MXNet's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from ... import initializer
from ...errors import ArgumentError, ArgumentTypeError
from .. import nn
from ..block import HybridBlock
from ..contrib.nn import HybridConcurrent, Identity
from .model_store import get_model_file

_relu = partial(nn.Activation, "relu")


def _sequence(*blocks: HybridBlock, prefix: str = "") -> nn.HybridSequential:
    """Blocks one after the other, which have their names from the network."""
    sequence = nn.HybridSequential(prefix=prefix)
    sequence.add(*blocks)
    return sequence


def _beside(*blocks: HybridBlock, prefix: str = "") -> HybridConcurrent:
    """Blocks beside each other, whose channels are put together."""
    together = HybridConcurrent(axis=1, prefix=prefix)
    together.add(*blocks)
    return together


def _conv(channels: int, kernel: Any, stride: int = 1, pad: Any = 0, in_channels: int = 0, groups: int = 1) -> Any:
    """A convolution without bias."""
    return nn.Conv2D(channels, kernel, stride, pad, groups=groups, use_bias=False, in_channels=in_channels)


def _normalized(*convs: HybridBlock, act: Callable[[], HybridBlock] = _relu, epsilon: float = 1e-5) -> list[Any]:
    """Convolutions, each of them normalized and activated."""
    return [block for conv in convs for block in (conv, nn.BatchNorm(epsilon=epsilon), act())]


class _Classifier(HybridBlock):
    """What the networks share: `features` of images, and the `output`, a score for each class."""

    features: nn.HybridSequential
    output: HybridBlock

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.output(self.features(x))


class AlexNet(_Classifier):
    """A. Krizhevsky et al. (2012)."""

    def __init__(self, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = (64, 11, 4, 2), (192, 5, 1, 2), (384, 3, 1, 1), (256, 3, 1, 1), (256, 3, 1, 1)
        with self.name_scope():
            self.features = _sequence()
            for i, size in enumerate(sizes):
                self.features.add(
                    nn.Conv2D(*size, activation="relu"), *([nn.MaxPool2D(3, 2)] if i in (0, 1, 4) else [])
                )
            self.features.add(nn.Flatten())
            for _ in range(2):
                self.features.add(nn.Dense(4096, activation="relu"), nn.Dropout(0.5))
            self.output = nn.Dense(classes)


class VGG(_Classifier):
    """K. Simonyan and A. Zisserman (2014): for each stage the number of convolutions, and their channels."""

    def __init__(
        self, layers: Sequence[int], filters: Sequence[int], classes: int = 1000, batch_norm: bool = False, **kw: Any
    ) -> None:
        super().__init__(**kw)
        init = initializer.Xavier(rnd_type="gaussian", factor_type="out", magnitude=2)
        with self.name_scope():
            self.features = _sequence()
            for count, channels in zip(layers, filters, strict=True):
                for _ in range(count):
                    self.features.add(nn.Conv2D(channels, 3, padding=1, weight_initializer=init))
                    self.features.add(*([nn.BatchNorm()] if batch_norm else []), _relu())
                self.features.add(nn.MaxPool2D(strides=2))
            for _ in range(2):
                self.features.add(nn.Dense(4096, activation="relu", weight_initializer="normal"), nn.Dropout(0.5))
            self.output = nn.Dense(classes, weight_initializer="normal")


class BasicBlockV1(HybridBlock):
    """Convolutions, normalized, and the data added to them, or a projection of those. K. He et al. (2015)."""

    def __init__(self, channels: int, stride: int, downsample: bool = False, in_channels: int = 0, **kw: Any) -> None:
        super().__init__(**kw)
        self._enter(*self._convs(channels, stride, in_channels))
        self.downsample = self._projection(_conv(channels, 1, stride, 0, in_channels)) if downsample else None

    def _convs(self, channels: int, stride: int, in_channels: int) -> list[Any]:
        return [_conv(channels, 3, stride, 1, in_channels), _conv(channels, 3, 1, 1, channels)]

    def _enter(self, *convs: Any) -> None:
        self.body = _sequence(*_normalized(*convs)[:-1])

    def _projection(self, conv: Any) -> HybridBlock:
        return _sequence(conv, nn.BatchNorm())

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.relu((x if self.downsample is None else self.downsample(x)) + self.body(x))


class BottleneckV1(BasicBlockV1):
    """`BasicBlockV1` of three convolutions, of which the middle one has a quarter of the channels."""

    def _convs(self, channels: int, stride: int, in_channels: int) -> list[Any]:
        fewer = channels // 4
        return [nn.Conv2D(fewer, 1, stride), _conv(fewer, 3, 1, 1, fewer), nn.Conv2D(channels, 1)]


class BasicBlockV2(BasicBlockV1):
    """`BasicBlockV1`, normalized before each convolution. K. He et al. (2016)."""

    def _enter(self, *convs: Any) -> None:
        self._count = len(convs)
        for i, conv in enumerate(convs, 1):
            setattr(self, f"bn{i}", nn.BatchNorm())
            setattr(self, f"conv{i}", conv)

    def _projection(self, conv: Any) -> HybridBlock:
        return conv  # type: ignore[no-any-return]

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        residual = x
        for i in range(1, self._count + 1):
            x = F.relu(getattr(self, f"bn{i}")(x))
            if i == 1 and self.downsample is not None:
                residual = self.downsample(x)
            x = getattr(self, f"conv{i}")(x)
        return x + residual


class BottleneckV2(BasicBlockV2):
    """`BasicBlockV2` of three convolutions, of which the middle one has a quarter of the channels."""

    def _convs(self, channels: int, stride: int, in_channels: int) -> list[Any]:
        fewer = channels // 4
        return [_conv(fewer, 1), _conv(fewer, 3, stride, 1, fewer), _conv(channels, 1)]


class ResNetV1(_Classifier):
    """K. He et al. (2015): a kind of block, how many for each stage, and the channels; small images are `thumbnail`."""

    def __init__(
        self,
        block: type[BasicBlockV1],
        layers: Sequence[int],
        channels: Sequence[int],
        classes: int = 1000,
        thumbnail: bool = False,
        **kw: Any,
    ) -> None:
        super().__init__(**kw)
        if len(layers) != len(channels) - 1:
            raise ArgumentError(f"there are {len(layers)} stages and {len(channels)} channels; give one more of these")
        with self.name_scope():
            self.features = _sequence(*self._before())
            if thumbnail:
                self.features.add(_conv(channels[0], 3, 1, 1))
            else:
                self.features.add(*_normalized(_conv(channels[0], 7, 2, 3)), nn.MaxPool2D(3, 2, 1))
            for i, count in enumerate(layers):
                stage = _sequence(prefix=f"stage{i + 1}_")
                with stage.name_scope():
                    for j in range(count):
                        old, new = channels[i if j == 0 else i + 1], channels[i + 1]
                        stage.add(block(new, 2 if i and not j else 1, old != new, in_channels=old, prefix=""))
                self.features.add(stage)
            self.features.add(*self._behind())
            self.output = nn.Dense(classes, in_units=channels[-1])

    def _before(self) -> list[HybridBlock]:
        return []

    def _behind(self) -> list[HybridBlock]:
        return [nn.GlobalAvgPool2D()]


class ResNetV2(ResNetV1):
    """`ResNetV1` whose images are normalized as well. K. He et al. (2016)."""

    def _before(self) -> list[HybridBlock]:
        return [nn.BatchNorm(scale=False, center=False)]

    def _behind(self) -> list[HybridBlock]:
        return [nn.BatchNorm(), _relu(), nn.GlobalAvgPool2D(), nn.Flatten()]


class SqueezeNet(_Classifier):
    """F. N. Iandola et al. (2016), version "1.0" or "1.1"."""

    def __init__(self, version: str, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        versions = {
            "1.0": ((96, 7), ((16, 16, 32), (32, 48, 48, 64), (64,))),
            "1.1": ((64, 3), ((16, 16), (32, 32), (48, 48, 64, 64))),
        }
        if version not in versions:
            raise ArgumentError(f"SqueezeNet(): version is {version!r}; choose '1.0' or '1.1'")
        (channels, kernel), stages = versions[version]

        def activated(channels: int, kernel: int, stride: int = 1, pad: int = 0) -> HybridBlock:
            return _sequence(nn.Conv2D(channels, kernel, stride, pad), _relu())

        with self.name_scope():
            self.features = _sequence(nn.Conv2D(channels, kernel, 2), _relu())
            for stage in stages:
                self.features.add(nn.MaxPool2D(3, 2, ceil_mode=True))
                for n in stage:
                    squeezed = activated(n, 1)
                    self.features.add(_sequence(squeezed, _beside(activated(4 * n, 1), activated(4 * n, 3, 1, 1))))
            self.features.add(nn.Dropout(0.5))
            self.output = _sequence(nn.Conv2D(classes, 1), _relu(), nn.AvgPool2D(13), nn.Flatten())


class DenseNet(_Classifier):
    """G. Huang et al. (2016): channels to begin with, how many each layer adds, how many layers each stage has."""

    def __init__(
        self,
        num_init_features: int,
        growth_rate: int,
        block_config: Sequence[int],
        bn_size: int = 4,
        dropout: float = 0,
        classes: int = 1000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)

        def layer() -> HybridBlock:
            new = _sequence(nn.BatchNorm(), _relu(), *_normalized(_conv(bn_size * growth_rate, 1)))
            new.add(_conv(growth_rate, 3, 1, 1), *([nn.Dropout(dropout)] if dropout else []))
            return _beside(Identity(), new)

        channels = num_init_features
        with self.name_scope():
            self.features = _sequence(*_normalized(_conv(channels, 7, 2, 3)), nn.MaxPool2D(3, 2, 1))
            for i, count in enumerate(block_config, 1):
                stage = _sequence(prefix=f"stage{i}_")
                with stage.name_scope():
                    stage.add(*(layer() for _ in range(count)))
                self.features.add(stage)
                channels += count * growth_rate
                if i < len(block_config):
                    channels //= 2
                    self.features.add(_sequence(nn.BatchNorm(), _relu(), _conv(channels, 1), nn.AvgPool2D(2, 2)))
            self.features.add(nn.BatchNorm(), _relu(), nn.AvgPool2D(7), nn.Flatten())
            self.output = nn.Dense(classes)


def _inception(spec: Any) -> HybridBlock:
    """What stands for it in a table: sizes of a convolution, a pool, a list of such, or a tuple of lists, side by side.

    The sizes are channels, kernel, stride and padding, which is such that the size of images stays, unless it is given.
    """
    if isinstance(spec, str):
        return nn.AvgPool2D(3, 1, 1) if spec == "mean" else nn.MaxPool2D(3, 2)
    if isinstance(spec, list):
        return _sequence(*map(_inception, spec))
    if isinstance(spec[0], list):
        return _beside(*map(_inception, spec))
    channels, kernel, stride, *pad = (*spec, 1) if len(spec) == 2 else spec
    same = tuple(n // 2 for n in kernel) if isinstance(kernel, tuple) else kernel // 2
    conv = _conv(channels, kernel, stride, pad[0] if pad else same if stride == 1 else 0)
    return _sequence(*_normalized(conv, epsilon=1e-3))


def _stages() -> list[tuple[str, Any]]:
    """The stages of Inception, by the names of their parameters: what they have side by side."""
    small: list[Any] = [(64, 1), (96, 3), (96, 3)]
    a = [([(64, 1)], [(48, 1), (64, 5)], small, ["mean", (n, 1)]) for n in (32, 64, 64)]
    b = ([(384, 3, 2)], [*small[:2], (96, 3, 2)], ["max"])
    wide, high, end = (1, 7), (7, 1), 192
    last = ["mean", (end, 1)]
    c = [
        (
            [(end, 1)],
            [(n, 1), (n, wide), (end, high)],
            [(n, 1), *[(n, high), (n, wide)] * 2][:-1] + [(end, wide)],
            last,
        )
        for n in (128, 160, 160, 192)
    ]
    d = ([(end, 1), (320, 3, 2)], [(end, 1), (end, wide), (end, high), (end, 3, 2)], ["max"])
    both = ([(384, (1, 3))], [(384, (3, 1))])
    e = ([(320, 1)], [[(384, 1)], both], [[(448, 1), (384, 3)], both], last)
    names = ["A1_", "A2_", "A3_", "B_", "C1_", "C2_", "C3_", "C4_", "D_", "E1_", "E2_"]
    return list(zip(names, [*a, b, *c, d, e, e], strict=True))


class Inception3(_Classifier):
    """C. Szegedy et al. (2015), for images of 299 pixels."""

    def __init__(self, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        stem = [(32, 3, 2), (32, 3, 1, 0), (64, 3), "max", (80, 1), (192, 3, 1, 0), "max"]
        with self.name_scope():
            self.features = _sequence(*map(_inception, stem))
            for prefix, branches in _stages():
                stage = _beside(prefix=prefix)
                with stage.name_scope():
                    stage.add(*map(_inception, branches))
                self.features.add(stage)
            self.features.add(nn.AvgPool2D(8), nn.Dropout(0.5))
            self.output = nn.Dense(classes)


class MobileNet(_Classifier):
    """A. G. Howard et al. (2017), with all channels times `multiplier`."""

    def __init__(self, multiplier: float = 1.0, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        channels = [int(n * multiplier) for n in (32, 64, *(128,) * 2, *(256,) * 2, *(512,) * 6, *(1024,) * 2)]
        with self.name_scope():
            self.features = _sequence(*_normalized(_conv(channels[0], 3, 2, 1)))
            for i, (old, new) in enumerate(pairwise(channels)):
                stride = 2 if i in (1, 3, 5, 11) else 1
                self.features.add(*_normalized(_conv(old, 3, stride, 1, 0, old), _conv(new, 1)))
            self.features.add(nn.GlobalAvgPool2D(), nn.Flatten())
            self.output = nn.Dense(classes)


class RELU6(HybridBlock):
    """Numbers from 0 to 6, which those beyond become."""

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.clip(x, 0, 6)


class LinearBottleneck(HybridBlock):
    """What `MobileNetV2` is made of: channels times `t`, each convolved by itself, then fewer, added to the data."""

    def __init__(self, in_channels: int, channels: int, t: int, stride: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_shortcut = stride == 1 and in_channels == channels
        inner = in_channels * t
        with self.name_scope():
            convs = _conv(inner, 1), _conv(inner, 3, stride, 1, 0, inner), _conv(channels, 1)
            self.out = _sequence(*_normalized(*convs, act=RELU6)[:-1])

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.out(x) + x if self.use_shortcut else self.out(x)


class MobileNetV2(_Classifier):
    """M. Sandler et al. (2018), with all channels times `multiplier`."""

    def __init__(self, multiplier: float = 1.0, classes: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        groups = (16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)
        channels, last = int(32 * multiplier), int(1280 * max(multiplier, 1))
        with self.name_scope():
            self.features, self.output = _sequence(prefix="features_"), _sequence(prefix="output_")
            with self.features.name_scope():
                self.features.add(*_normalized(_conv(channels, 3, 2, 1), act=RELU6))
                for i, (size, count, stride) in enumerate(groups):
                    for j in range(count):
                        old, channels = channels, int(size * multiplier)
                        self.features.add(LinearBottleneck(old, channels, 6 if i else 1, 1 if j else stride))
                self.features.add(*_normalized(_conv(last, 1), act=RELU6), nn.GlobalAvgPool2D())
            with self.output.name_scope():
                self.output.add(nn.Conv2D(classes, 1, use_bias=False, prefix="pred_"), nn.Flatten())


_RESNETS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
_SHALLOW, _DEEP = (64, 64, 128, 256, 512), (64, 256, 512, 1024, 2048)
_VGGS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_DENSENETS = {121: (6, 12, 24, 16), 161: (6, 12, 36, 24), 169: (6, 12, 32, 32), 201: (6, 12, 48, 32)}
_MODELS: dict[str, Callable[..., HybridBlock]] = {
    "alexnet": AlexNet,
    "inceptionv3": Inception3,
    **{f"squeezenet{version}": partial(SqueezeNet, version) for version in ("1.0", "1.1")},
    **{f"mobilenet{share}": partial(MobileNet, share) for share in (1.0, 0.75, 0.5, 0.25)},
    **{f"mobilenetv2_{share}": partial(MobileNetV2, share) for share in (1.0, 0.75, 0.5, 0.25)},
    **{
        f"densenet{n}": partial(DenseNet, *((96, 48) if n == 161 else (64, 32)), each) for n, each in _DENSENETS.items()
    },
    **{
        f"vgg{n}{end}": partial(VGG, each, (64, 128, 256, 512, 512), batch_norm=bool(end))
        for n, each in _VGGS.items()
        for end in ("", "_bn")
    },
    **{
        f"resnet{n}_v{version}": partial(kind, *((deep, each, _DEEP) if n > 34 else (basic, each, _SHALLOW)))
        for n, each in _RESNETS.items()
        for version, kind, basic, deep in (
            (1, ResNetV1, BasicBlockV1, BottleneckV1),
            (2, ResNetV2, BasicBlockV2, BottleneckV2),
        )
    },
}
"""By the names that `get_model` knows."""

_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "get_mobilenet": ("mobilenet{}", "multiplier"),
    "get_mobilenet_v2": ("mobilenetv2_{}", "multiplier"),
    "get_resnet": ("resnet{1}_v{0}", "version", "num_layers"),
    "get_vgg": ("vgg{}", "num_layers"),
    **{
        name.replace("inceptionv3", "inception_v3").replace("mobilenetv2", "mobilenet_v2").replace(".", "_"): (name,)
        for name in _MODELS
    },
}
"""Functions for one of them, or one of a family by what distinguishes it."""

__all__ = ["AlexNet", "BasicBlockV1", "BasicBlockV2", "BottleneckV1", "BottleneckV2", "DenseNet", "Inception3"]
__all__ += ["VGG", "MobileNet", "MobileNetV2", "ResNetV1", "ResNetV2", "SqueezeNet", "get_model"]
__all__.extend(_FUNCTIONS)
__dir__ = __all__.copy


def get_model(
    name: str, pretrained: bool = False, ctx: Any = None, root: str | None = None, **kwargs: Any
) -> HybridBlock:
    """A network by its name, such as "resnet18_v1"; each has a function of its name, too.

    With `pretrained` its values are read from `name.params` in the folder `root`, `~/.mxnet/models` by default.
    `kwargs` go to the class, such as `classes`.

    Shapes: images are (n, 3, height, width), of 224 pixels, for Inception of 299; scores are (n, classes).

    Dtypes: float32, unless the network is cast.

    Raises: `ValueError` for an unknown name and for a file that is not there, `FileFormatError` for a damaged one.

    >>> get_model("resnet18_v1", classes=10).output
    Dense(512 -> 10, linear)
    """
    name = name.lower()
    if name not in _MODELS:
        raise ArgumentError(f"Model {name} is not supported. Available options are\n\t" + "\n\t".join(sorted(_MODELS)))
    net = _MODELS[name](**kwargs)
    if pretrained:
        net.load_parameters(get_model_file(name, root), ctx)
    return net


def __getattr__(name: str) -> Any:
    if name not in _FUNCTIONS:
        raise AttributeError(f"tapegrad.gluon.model_zoo.vision has no {name!r}; it has {', '.join(__all__)}")
    model, *choices = _FUNCTIONS[name]

    def function(*args: Any, **kwargs: Any) -> HybridBlock:
        named = dict(zip([*choices, "pretrained", "ctx", "root"], args, strict=False)) | kwargs
        if not set(choices) <= set(named):
            raise ArgumentTypeError(f"{name}() takes {' and '.join(choices)}")
        end = "_bn" if name == "get_vgg" and named.pop("batch_norm", False) else ""
        return get_model(model.format(*(named.pop(choice) for choice in choices)) + end, **named)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f'`get_model("{model}", ...)`.'
    globals()[name] = function
    return function
