"""Convolutions, transposed ones and pools, in one to three axes of space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ArgumentError
from ...ndarray.checks import int_tuple
from ..block import Block, Layer
from ..parameter import Parameter
from .activations import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...ndarray.ndarray import NDArray
    from ...typing import Functions


__all__ = [
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "ReflectionPad2D",
]

LAYOUTS = ("", "NCW", "NCHW", "NCDHW")
SPACES = {
    1: ("one axis", "width"),
    2: ("two axes", "height, width"),
    3: ("three axes", "depth, height, width"),
}


class OfSpace(Block):
    """A kind of blocks over one to three axes, of which each has the class's words, for its own name and axes."""

    _axes = 0
    _doc = ""

    def __init_subclass__(cls, axes: int = 0, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if axes:
            cls._axes = axes
            count, space = SPACES[axes]
            shape = (2, *(4,) * axes)
            cls.__doc__ = cls._doc.format(name=cls.__name__, axes=count, space=space, shape=shape)

    def _each(self, name: str, value: Any) -> tuple[int, ...]:
        """A number for each axis of space."""
        return int_tuple(value, self._axes, type(self).__name__, name)

    def _laid_out(self, layout: str | None) -> str:
        """The layout, which has the channels second unless they are last."""
        second = LAYOUTS[self._axes]
        last = f"N{second[2:]}C"
        if layout not in (None, second, last):
            raise ArgumentError(f"{type(self).__name__}(): layout is {layout!r}; choose {second!r} or {last!r}")
        return layout or second


class _Conv(OfSpace, Layer):
    """What all convolutions share; the class of each says over how many axes, and in which direction."""

    _hint = "conv"
    _transposed = False
    _doc = """`nd.Convolution` over {axes}, then an activation.

    Shapes: (n, in_channels, {space}) gives (n, channels, …).

    Dtypes: those of all together.

    >>> {name}(2, 3, in_channels=4).name[:4]
    'conv'
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        layout: str | None = None,
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        output_padding: Any = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        count = self._axes
        self._channels = channels
        self._in_channels = in_channels
        self._layout = self._laid_out(layout)
        self._kwargs: dict[str, Any] = {
            "kernel": self._each("kernel_size", kernel_size),
            "stride": self._each("strides", strides),
            "dilate": self._each("dilation", dilation),
            "pad": self._each("padding", padding),
            "num_filter": channels,
            "num_group": groups,
            "no_bias": not use_bias,
        }
        if self._transposed:
            self._kwargs["adj"] = self._each("output_padding", output_padding)
        if self._layout != LAYOUTS[count]:
            self._kwargs["layout"] = self._layout
        # What the function has by default need not be told it at every call.
        plain = {"stride": (1,) * count, "dilate": (1,) * count, "pad": (0,) * count, "adj": (0,) * count}
        plain |= {"num_group": 1, "no_bias": self._transposed}  # type: ignore[dict-item]
        self._passed = {key: value for key, value in self._kwargs.items() if plain.get(key) != value}
        ends = (in_channels, channels // groups) if self._transposed else (channels, in_channels // groups)
        shape = (*ends, *self._kwargs["kernel"])
        if self._layout.endswith("C"):
            shape = (ends[0], *self._kwargs["kernel"], ends[1])
        with self.name_scope():
            late = {"allow_deferred_init": True}
            self.weight: Parameter = self.params.get("weight", shape=shape, init=weight_initializer, **late)
            self.bias = self.params.get("bias", shape=(channels,), init=bias_initializer, **late) if use_bias else None
            self.act = None if activation is None else Activation(activation, prefix=activation + "_")

    def hybrid_forward(self, F: Functions, x: Any, weight: Any, bias: Any = None) -> Any:
        y = (F.Deconvolution if self._transposed else F.Convolution)(x, weight, bias, **self._passed)
        return y if self.act is None else self.act(y)

    def __repr__(self) -> str:
        options, ones = self._kwargs, (1,) * self._axes
        shape = self.weight.shape or ()
        words = [f"kernel_size={options['kernel']}", f"stride={options['stride']}"]
        words += [f"padding={options['pad']}"] if any(options["pad"]) else []
        words += [f"dilation={options['dilate']}"] if options["dilate"] != ones else []
        words += [f"groups={options['num_group']}"] if options["num_group"] != 1 else []
        words += ["bias=False"] if self.bias is None else []
        words += [repr(self.act)] if self.act is not None else []
        return f"{type(self).__name__}({shape[1] or None} -> {shape[0]}, {', '.join(words)})"


class _Transpose(_Conv):
    """What the transposed convolutions share: a further padding of the output, behind that of the input."""

    _transposed = True
    _doc = _Conv._doc.replace("Convolution` over {axes}", "Deconvolution` over {axes}, a convolution's way back")

    def __init__(
        self,
        channels: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        *further: Any,
        **kwargs: Any,
    ) -> None:
        kwargs["output_padding"] = output_padding
        super().__init__(channels, kernel_size, strides, padding, *further, **kwargs)


class _Pooling(OfSpace, Layer):
    """What all pools share; the class of each says over how many axes, which kind, and whether it is over all."""

    _hint = "pool"
    _kind = ""
    _everywhere = False
    _order: tuple[str, ...] = ("ceil_mode", "layout", "count_include_pad")
    """The options behind the padding, as they may be passed by place."""

    def __init__(self, pool_size: Any = 2, strides: Any = None, padding: Any = 0, *further: Any, **kwargs: Any) -> None:
        options = {name: kwargs.pop(name) for name in self._order if name in kwargs}
        options |= dict(zip(self._order, further, strict=False))
        super().__init__(**kwargs)
        self._kwargs = {
            "kernel": self._each("pool_size", pool_size),
            "stride": self._each("strides", pool_size if strides is None else strides),
            "pad": self._each("padding", padding),
            "global_pool": self._everywhere,
            "pool_type": self._kind,
            "layout": self._laid_out(options.get("layout")),
            "pooling_convention": "full" if options.get("ceil_mode", self._everywhere) else "valid",
        }
        if "count_include_pad" in options:
            self._kwargs["count_include_pad"] = options["count_include_pad"]

    def hybrid_forward(self, F: Functions, x: Any) -> Any:
        return F.Pooling(x, **self._kwargs)

    def __repr__(self) -> str:
        o = self._kwargs
        return (
            f"{type(self).__name__}(size={o['kernel']}, stride={o['stride']}, padding={o['pad']}, "
            f"ceil_mode={o['pooling_convention'] == 'full'}, global_pool={o['global_pool']}, "
            f"pool_type={o['pool_type']}, layout={o['layout']})"
        )


class _MaxPooling(_Pooling):
    _kind = "max"
    _doc = """`nd.Pooling`: the largest of each window over {axes}, or if it is a global pool over all of them.

    Shapes: (n, channels, {space}) gives such; 1 for each of the axes of a global pool.

    Dtypes: that of the data.

    >>> {name}().name[:4]
    'pool'
    """


class _AvgPooling(_Pooling):
    _kind = "avg"
    _doc = _MaxPooling._doc.replace("largest", "mean")


class _GlobalPooling(_Pooling):
    """What the pools over all share."""

    _everywhere = True

    def __init__(self, layout: str | None = None, **kwargs: Any) -> None:
        super().__init__(1, None, 0, layout=layout, **kwargs)


class Conv1D(_Conv, axes=1): ...


class Conv2D(_Conv, axes=2): ...


class Conv3D(_Conv, axes=3): ...


class Conv1DTranspose(_Transpose, axes=1): ...


class Conv2DTranspose(_Transpose, axes=2): ...


class Conv3DTranspose(_Transpose, axes=3): ...


class MaxPool1D(_MaxPooling, axes=1):
    _order = ("layout", "ceil_mode", "count_include_pad")


class MaxPool2D(_MaxPooling, axes=2):
    _order = ("layout", "ceil_mode", "count_include_pad")


class MaxPool3D(_MaxPooling, axes=3): ...


class AvgPool1D(_AvgPooling, axes=1):
    _order = ("layout", "ceil_mode", "count_include_pad")


class AvgPool2D(_AvgPooling, axes=2): ...


class AvgPool3D(_AvgPooling, axes=3): ...


class GlobalMaxPool1D(_GlobalPooling, _MaxPooling, axes=1): ...


class GlobalMaxPool2D(_GlobalPooling, _MaxPooling, axes=2): ...


class GlobalMaxPool3D(_GlobalPooling, _MaxPooling, axes=3): ...


class GlobalAvgPool1D(_GlobalPooling, _AvgPooling, axes=1): ...


class GlobalAvgPool2D(_GlobalPooling, _AvgPooling, axes=2): ...


class GlobalAvgPool3D(_GlobalPooling, _AvgPooling, axes=3): ...


class ReflectionPad2D(Layer):
    """Images made larger by what lies inside their edges, mirrored: `nd.pad`.

    >>> from tapegrad import nd
    >>> ReflectionPad2D(1)(nd.ones((1, 1, 3, 3))).shape
    (1, 1, 5, 5)
    """

    def __init__(self, padding: int | Sequence[int] = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._padding = (0, 0, 0, 0, *(padding,) * 4) if isinstance(padding, int) else tuple(padding)

    def hybrid_forward(self, F: Functions, x: NDArray) -> NDArray:
        return F.pad(x, mode="reflect", pad_width=self._padding)
