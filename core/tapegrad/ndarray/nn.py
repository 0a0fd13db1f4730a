"""The layers of neural networks, in MXNet's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..tape.mode import is_training, pause
from .checks import at_least_1d, dtype_of, int_tuple, need, one_axis, one_int, ops, refuse_unread
from .distributions import drawn
from .function import nd_function
from .ndarray import INT, NDArray, give, make
from .reductions import add_n
from .shape import concat, indices_of, repeat, reshape

if TYPE_CHECKING:
    from ..typing import Axes, DTypeLike, ShapeLike

_floating = nd_function(words="Dtypes: floats; integers give the default float.")
_normalization = nd_function(words="Dtypes: floats; the result has that of all together.")


def _space(where: str, data: NDArray, layout: str | None, kernel: Any = 1) -> int:
    """How many axes of space images have. Raises `ValueError` for a layout with the channels elsewhere."""
    ndim = data.ndim - 2
    axes = ndim if kernel is None or isinstance(kernel, INT) else len(kernel) or ndim
    if axes != ndim:
        raise ShapeError(
            f"{where}() with a kernel of {axes} numbers takes images (batch, channels, *space) of {axes + 2} axes, not "
            f"shape {data.shape}"
        )
    if ndim not in (1, 2, 3):
        raise ShapeError(f"{where}() takes images (batch, channels, *space), not shape {data.shape}")
    if layout not in (None, ("NCW", "NCHW", "NCDHW")[ndim - 1]):
        raise ArgumentError(
            f"{where}(): layout is {layout!r}; channels come second, as in {('NCW', 'NCHW', 'NCDHW')[ndim - 1]!r}"
        )
    return ndim


def _channels(where: str, data: NDArray, **parameters: NDArray) -> int:
    """How many channels data has, in its second axis; each parameter has a number for each."""
    if data.ndim < 2:
        raise ShapeError(f"{where}() takes data (batch, channels, *space), not shape {data.shape}")
    channels = data.shape[1]
    for name, x in parameters.items():
        if x.shape != (channels,):
            raise ShapeError(f"{where}(): {name} has shape {x.shape}, and data has {channels} channels")
    return channels


def _bias(bias: Any, where: str, left_out: bool = False) -> NDArray | None:
    if left_out:
        refuse_unread(bias, where, "bias", "say no_bias=False")
        return None
    if bias is None:
        raise ArgumentTypeError(f"{where}() needs a bias, or no_bias=True")
    return need(bias, where, "bias")


def _agrees(where: str, name: str, told: Any, actual: Any, weight: NDArray) -> None:
    """Refuse a setting that contradicts the shape of the weight."""
    if told is not None and told != actual:
        raise ShapeError(f"{where}(): {name} is {told}, and weight has shape {weight.shape}")


def _per_axis(value: Any, ndim: int, default: int, where: str, name: str) -> tuple[int, ...]:
    if value is None or (not isinstance(value, INT) and not len(value)):
        return (default,) * ndim
    return int_tuple(value, ndim, where, name)


@nd_function
def FullyConnected(
    data: NDArray,
    weight: NDArray,
    bias: NDArray | None = None,
    num_hidden: int | None = None,
    no_bias: bool = False,
    flatten: bool = True,
) -> NDArray:
    """data · weightᵀ + bias: a dense layer.

    `num_hidden`, if passed, is checked against weight. `no_bias=True` leaves out the bias.

    Shapes: (n, …), flattened to (n, inputs), (num_hidden, inputs) and (num_hidden,) give (n, num_hidden). With
    `flatten=False` (…, inputs) gives (…, num_hidden).
    Dtypes: those of all together.
    Raises: `TypeError` for a missing bias, `ShapeError` for shapes that do not go together.

    >>> weight, bias = nd.array([[1, 0, 0], [1, 1, 1]]), nd.array([0, 10])
    >>> nd.FullyConnected(nd.array([[1, 2, 3]]), weight, bias, num_hidden=2).asnumpy().tolist()
    [[1.0, 16.0]]
    """
    _agrees("FullyConnected", "num_hidden", num_hidden, weight.shape[0], weight)
    if flatten and data.ndim != 2:
        data = reshape(data, (0, -1))
    return ops.fully_connected(data, weight, _bias(bias, "FullyConnected", no_bias))


@nd_function
def Convolution(
    data: NDArray,
    weight: NDArray,
    bias: NDArray | None = None,
    kernel: ShapeLike | None = None,
    stride: ShapeLike | None = None,
    dilate: ShapeLike | None = None,
    pad: ShapeLike | None = None,
    num_filter: int | None = None,
    num_group: int = 1,
    workspace: int | None = None,
    no_bias: bool = False,
    cudnn_tune: str | None = None,
    cudnn_off: bool | None = None,
    layout: str | None = None,
) -> NDArray:
    """Filters slid over images, sequences or volumes: a cross-correlation, as is usual in deep learning.

    One, two or three axes of space; `stride`, `dilate` and `pad` are a number for each. `workspace` and the `cudnn_…`
    settings have no meaning here.

    `kernel` and `num_filter`, if passed, are checked against weight.

    Shapes: (n, channels, *space), (num_filter, channels / num_group, *kernel) and (num_filter,) give (n, num_filter,
    *new), where new = ⌊(space + 2 pad − dilate · (kernel − 1) − 1) / stride⌋ + 1.
    Dtypes: those of all together.
    Raises: `TypeError` for a missing bias, `ShapeError` for shapes that do not go together, `ValueError` for a `layout`
    with channels elsewhere, or settings that are not a number for each axis of space.

    >>> image = nd.array([[0, 0, 0, 0], [0, 0, 9, 9], [0, 0, 9, 9]]).reshape((1, 1, 3, 4))
    >>> edge = nd.array([[-1, 1]]).reshape((1, 1, 1, 2))
    >>> nd.Convolution(image, edge, kernel=(1, 2), num_filter=1, no_bias=True).asnumpy()[0, 0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 9.0, 0.0]]
    """
    where = "Convolution"
    ndim = _space(where, data, layout, kernel)
    if kernel is not None:
        _agrees(where, "kernel", _per_axis(kernel, ndim, 1, where, "kernel"), tuple(weight.shape[2:]), weight)
    _agrees(where, "num_filter", num_filter, weight.shape[0], weight)
    return ops.convolution(
        data,
        weight,
        _bias(bias, where, no_bias),
        stride=_per_axis(stride, ndim, 1, where, "stride"),
        dilate=_per_axis(dilate, ndim, 1, where, "dilate"),
        pad=_per_axis(pad, ndim, 0, where, "pad"),
        groups=num_group,
    )


@nd_function
def Deconvolution(
    data: NDArray,
    weight: NDArray,
    bias: NDArray | None = None,
    kernel: ShapeLike | None = None,
    stride: ShapeLike | None = None,
    dilate: ShapeLike | None = None,
    pad: ShapeLike | None = None,
    adj: ShapeLike | None = None,
    target_shape: ShapeLike | None = None,
    num_filter: int | None = None,
    num_group: int = 1,
    workspace: int | None = None,
    no_bias: bool = True,
    cudnn_tune: str | None = None,
    cudnn_off: bool | None = None,
    layout: str | None = None,
) -> NDArray:
    """The transpose of a convolution: data (n, c, *space), weight (c, num_filter / num_group, *kernel).

    The result is `adj` longer than it would have to be, or as long as `target_shape`.

    Shapes: (n, channels, *space) and (channels, num_filter / num_group, *kernel) give (n, num_filter, *new), where new
    = stride · (space − 1) + dilate · (kernel − 1) + 1 − 2 pad + adj.
    Dtypes: those of all together.
    Raises: `TypeError` for a missing bias, `ShapeError` for shapes that do not go together, `ValueError` for a `layout`
    with channels elsewhere, or settings that are not a number for each axis of space.

    >>> small, weight = nd.array([[[[1, 2], [3, 4]]]]), nd.ones((1, 1, 2, 2))
    >>> nd.Deconvolution(small, weight, kernel=(2, 2), num_filter=1, stride=(2, 2)).asnumpy()[0, 0, :2].tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    where = "Deconvolution"
    ndim = _space(where, data, layout, kernel)
    if weight.ndim != data.ndim:
        raise ShapeError(f"Deconvolution(): weight has shape {weight.shape}; give (channels, filters, *kernel)")
    if kernel is not None:
        _agrees(where, "kernel", _per_axis(kernel, ndim, 1, where, "kernel"), tuple(weight.shape[2:]), weight)
    filters = weight.shape[1] * num_group
    _agrees(where, "num_filter", num_filter, filters, weight)
    steps = _per_axis(stride, ndim, 1, where, "stride")
    gaps = _per_axis(dilate, ndim, 1, where, "dilate")
    edge = _per_axis(pad, ndim, 0, where, "pad")
    extent = tuple(d * (k - 1) + 1 for d, k in zip(gaps, weight.shape[2:], strict=True))
    full = tuple(s * (n - 1) + e for s, n, e in zip(steps, data.shape[2:], extent, strict=True))
    if target_shape is not None and any(int_tuple(target_shape, ndim, where, "target_shape")):
        shape = int_tuple(target_shape, ndim, where, "target_shape")
        total = [f - n for f, n in zip(full, shape, strict=True)]
        around: Any = tuple((t - t // 2 if t > 0 else 0, t // 2 if t > 0 else t) for t in total)
    else:
        extra = _per_axis(adj, ndim, 0, where, "adj")
        shape = tuple(f - 2 * p + a for f, p, a in zip(full, edge, extra, strict=True))
        around = edge
    result = ops.deconvolution(data, weight, shape=shape, stride=steps, dilate=gaps, pad=around, groups=num_group)
    bias = _bias(bias, where, no_bias)
    if bias is None:
        return result
    if bias.shape != (filters,):
        raise ShapeError(f"Deconvolution(): bias has shape {bias.shape}; give ({filters},)")
    return result + ops.reshape(bias, shape=(1, filters, *(1,) * ndim))


@_floating
def Pooling(
    data: NDArray,
    kernel: ShapeLike = (),
    pool_type: str = "max",
    global_pool: bool = False,
    cudnn_off: bool | None = None,
    pooling_convention: str = "valid",
    stride: ShapeLike | None = None,
    pad: ShapeLike | None = None,
    p_value: int | None = None,
    count_include_pad: bool = True,
    layout: str | None = None,
) -> NDArray:
    """The largest element, mean, sum or p-norm of windows over images (n, c, *space).

    `pool_type`: "max", "avg", "sum" or "lp" with `p_value`. `pooling_convention`: "valid" leaves out windows that do
    not fit, "full" keeps them; "same", for "max" over one axis, has one window at every stride. `global_pool` takes all
    of space as one window. `layout` "NWC", "NHWC" or "NDHWC" says that the channels come last.

    Shapes: (n, channels, *space) becomes (n, channels, *new), or the channels last in both, where new = (space + 2 pad
    − kernel) / stride + 1, rounded down or, for "full", up; 1 each with `global_pool`.
    Raises: `ShapeError` for the wrong number of axes and where no window fits, `ValueError` for an unknown `pool_type`,
    `pooling_convention` or `layout`, a missing `p_value`, and other numbers of numbers.

    >>> x = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="avg").asnumpy()[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    where = "Pooling"
    if layout in ("NWC", "NHWC", "NDHWC") and data.ndim == len(layout):
        windows = kernel, pool_type, global_pool, cudnn_off, pooling_convention, stride, pad, p_value, count_include_pad
        result = Pooling(ops.permute_dims(data, axes=(0, data.ndim - 1, *range(1, data.ndim - 1))), *windows)
        return ops.permute_dims(result, axes=(0, *range(2, result.ndim), 1))
    ndim = _space(where, data, layout, kernel)
    if pool_type not in ("max", "avg", "sum", "lp"):
        raise ArgumentError(f"Pooling(): pool_type is {pool_type!r}; choose 'max', 'avg', 'sum' or 'lp'")
    if pooling_convention not in ("valid", "full", "same"):
        raise ArgumentError(
            f"Pooling(): pooling_convention is {pooling_convention!r}; choose 'valid', 'full' or 'same'"
        )
    window: dict[str, Any]
    if global_pool:
        window = {"kernel": data.shape[2:]}
    else:
        window = {
            "kernel": int_tuple(kernel, ndim, where, "kernel"),
            "stride": _per_axis(stride, ndim, 1, where, "stride"),
            "pad": _per_axis(pad, ndim, 0, where, "pad"),
            "ceil": pooling_convention == "full",
        }
        if pooling_convention == "same":
            if pool_type != "max" or ndim != 1 or any(window["pad"]):
                raise ArgumentError(
                    "Pooling(): pooling_convention 'same' is for pool_type 'max' over one axis, without pad"
                )
            (length,), (size,), (step,) = data.shape[2:], window["kernel"], window["stride"]
            window["pad"] = ((0, max((-(-length // step) - 1) * step + size - length, 0)),)
    if pool_type == "max":
        return ops.max_pool(data, **window)
    if pool_type == "avg":
        return ops.avg_pool(data, **window, count_include_pad=bool(count_include_pad))
    if pool_type == "sum":
        return ops.sum_pool(data, **window)
    if p_value is None:
        raise ArgumentError("Pooling(): pool_type 'lp' needs p_value")
    return ops.lp_pool(data, **window, p=p_value)


@nd_function
def ROIPooling(data: NDArray, rois: NDArray, pooled_size: ShapeLike, spatial_scale: float) -> NDArray:
    """The largest elements of a grid over each region: data (n, c, h, w), rois (r, 5), result (r, c, *pooled_size).

    A region is (image, left, top, right, bottom), in pixels of an image that `spatial_scale` shrinks to `data`; its
    edges belong to it. A cell that holds no pixel is 0.

    Of R. Girshick (2015), "Fast R-CNN". The gradient goes to `data`; regions are constants.

    Shapes: (n, channels, height, width) and (r, 5) give (r, channels, *pooled_size).
    Dtypes: floats; the result has that of `data`.
    Raises: `ShapeError` for shapes that do not fit, `IndexError` for an image that there is not.

    >>> image, region = nd.arange(16).reshape((1, 1, 4, 4)), nd.array([[0, 0, 0, 3, 3]])
    >>> nd.ROIPooling(image, region, pooled_size=(2, 2), spatial_scale=1.0).asnumpy()[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    rows, columns = int_tuple(pooled_size, 2, "ROIPooling", "pooled_size")
    if data.ndim != 4 or rois.ndim != 2 or rois.shape[1] != 5:
        raise ShapeError(
            f"ROIPooling() takes images (n, channels, height, width) and regions (r, 5), not shapes {data.shape} and "
            f"{rois.shape}"
        )
    channels, height, width = data.shape[1:]
    cells = []
    for image, left, top, right, bottom in rois.asnumpy().tolist():
        begin_x, begin_y, end_x, end_y = (_half_up(edge * spatial_scale) for edge in (left, top, right, bottom))
        high, wide = max(end_y - begin_y + 1, 1) / rows, max(end_x - begin_x + 1, 1) / columns
        for i in range(rows):
            low_y, up_y = _cell(i, high, begin_y, height)
            for j in range(columns):
                low_x, up_x = _cell(j, wide, begin_x, width)
                if low_y >= up_y or low_x >= up_x:
                    cells.append(ops.filled(data, shape=(channels,), value=0))
                    continue
                part = ops.getitem(data, key=(int(image), slice(None), slice(low_y, up_y), slice(low_x, up_x)))
                part = ops.reshape(part, shape=(1, *part.shape))
                cells.append(ops.reshape(ops.max_pool(part, kernel=part.shape[2:]), shape=(channels,)))
    if not cells:
        return ops.filled(data, shape=(0, channels, rows, columns), value=0)
    grid = ops.reshape(ops.stack(*cells, axis=0), shape=(rois.shape[0], rows, columns, channels))
    return ops.permute_dims(grid, axes=(0, 3, 1, 2))


def _half_up(x: float) -> int:
    return int(np.floor(abs(x) + 0.5)) * (1 if x >= 0 else -1)


def _cell(i: int, size: float, begin: int, length: int) -> tuple[int, int]:
    low, up = int(np.floor(np.float32(i * size))), int(np.ceil(np.float32((i + 1) * size)))
    return min(max(low + begin, 0), length), min(max(up + begin, 0), length)


@nd_function
def UpSampling(
    *data: NDArray,
    scale: int = 1,
    num_filter: int = 0,
    sample_type: str = "nearest",
    multi_input_mode: str = "concat",
    num_args: int | None = None,
    workspace: int | None = None,
) -> NDArray:
    """Images made `scale` times larger by repeating each pixel (`sample_type="nearest"`).

    Several images are brought to the size of the first one's result and joined by their channels ("concat") or added
    ("sum"). "bilinear" is a `Deconvolution` with weights of its own: data and weight.

    `num_filter`, `num_args` and `workspace` have no meaning here.

    Shapes: (n, channels, height, width) becomes (n, channels, scale · height, scale · width); weights are (channels, 1,
    k, k) with k = 2 · scale − scale mod 2.
    Dtypes: any; the result has that of the arrays together.
    Raises: `TypeError` for any other number of arrays, `ShapeError` for shapes that do not fit, `ValueError` for
    another `sample_type` or `multi_input_mode`.

    >>> nd.UpSampling(nd.array([[[[1, 2]]]]), scale=2, sample_type="nearest").asnumpy()[0, 0].tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    for x in data:
        if x.ndim != 4:
            raise ShapeError(f"UpSampling() takes images (n, channels, height, width), not shape {x.shape}")
    scale = one_int(scale, "UpSampling", "scale")
    if sample_type == "bilinear":
        if len(data) != 2:
            raise ArgumentTypeError(
                f"UpSampling(): sample_type 'bilinear' takes data and weight, not {len(data)} arrays"
            )
        image, weight = data
        size, edge = 2 * scale - scale % 2, -(-(scale - 1) // 2)
        return Deconvolution(
            image,
            weight,
            kernel=(size, size),
            stride=(scale, scale),
            pad=(edge, edge),
            num_group=image.shape[1],
        )
    if sample_type != "nearest":
        raise ArgumentError(f"UpSampling(): sample_type is {sample_type!r}; choose 'nearest' or 'bilinear'")
    if multi_input_mode not in ("concat", "sum"):
        raise ArgumentError(f"UpSampling(): multi_input_mode is {multi_input_mode!r}; choose 'concat' or 'sum'")
    height = data[0].shape[2] * scale
    grown = [repeat(repeat(x, height // x.shape[2], axis=2), height // x.shape[2], axis=3) for x in data]
    if multi_input_mode == "sum":
        return add_n(*grown)
    return concat(*grown, dim=1)


@nd_function
def im2col(
    data: NDArray,
    kernel: ShapeLike,
    stride: ShapeLike | None = None,
    dilate: ShapeLike | None = None,
    pad: ShapeLike | None = None,
) -> NDArray:
    """The windows of images as columns: (n, c, *space) becomes (n, c · window, windows).

    `col2im` is the transpose. `stride`, `dilate` and `pad` are as in `Convolution`.

    Shapes: (n, channels, *space); window is the product of `kernel`, windows as many as `Convolution` gives pixels.
    Raises: `ShapeError` for the wrong number of axes and where no window fits, `ValueError` for another number of
    numbers than axes of space.

    >>> nd.im2col(nd.arange(6).reshape((1, 1, 2, 3)), kernel=(2, 2)).asnumpy()[0].tolist()
    [[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]
    """
    ndim = _space("im2col", data, None)
    patches = ops.patches(
        data,
        kernel=int_tuple(kernel, ndim, "im2col", "kernel"),
        stride=_per_axis(stride, ndim, 1, "im2col", "stride"),
        dilate=_per_axis(dilate, ndim, 1, "im2col", "dilate"),
        pad=_per_axis(pad, ndim, 0, "im2col", "pad"),
    )
    size = data.shape[1] * int(np.prod(patches.shape[2 : 2 + ndim]))
    return reshape(patches, (data.shape[0], size, -1))


ACTIVATIONS = {
    "relu": "relu",
    "sigmoid": "sigmoid",
    "log_sigmoid": "log_sigmoid",
    "softrelu": "softplus",
    "softsign": "softsign",
    "tanh": "tanh",
}


@nd_function
def Activation(data: NDArray, act_type: str) -> NDArray:
    """relu, sigmoid, log_sigmoid, softrelu (log(1 + eˣ)), softsign, tanh or mish (x · tanh softrelu x) of each element.

    Dtypes: floats; integers give the default float, and for relu stay what they are.
    Raises: `ValueError` for an unknown `act_type`, with the choices.

    >>> nd.Activation(nd.array([-1, 2]), act_type="relu").asnumpy().tolist()
    [0.0, 2.0]
    """
    if act_type == "mish":
        return data * ops.tanh(ops.softplus(data))
    if act_type not in ACTIVATIONS:
        choices = ", ".join(map(repr, (*ACTIVATIONS, "mish")))
        raise ArgumentError(f"Activation(): act_type is {act_type!r}; choose one of {choices}")
    activation: Callable[..., NDArray] = getattr(ops, ACTIVATIONS[act_type])
    return activation(data)


@_floating
def LeakyReLU(
    data: NDArray,
    gamma: NDArray | None = None,
    act_type: str = "leaky",
    slope: float = 0.25,
    lower_bound: float = 0.125,
    upper_bound: float = 0.334,
) -> NDArray:
    """x where it is positive, and something smaller elsewhere.

    `act_type`: "leaky" (slope · x), "prelu" (gamma · x, a slope for each channel), "elu" (slope · (eˣ − 1)), "selu",
    "gelu", or "rrelu": in training each slope is drawn from [lower_bound, upper_bound], else it is their mean.

    Shapes: any; the result has that of `data`. `gamma` is (channels,), for the second axis, (batch, channels), or
    broadcasts.
    Raises: `TypeError` for "prelu" without `gamma`, `ShapeError` for the wrong number of slopes, `ValueError` for
    another `act_type`.

    >>> nd.LeakyReLU(nd.array([-4, 2])).asnumpy().tolist()
    [-1.0, 2.0]
    """
    if act_type != "prelu":
        refuse_unread(gamma, "LeakyReLU", "gamma", "say act_type='prelu'")
    if act_type == "leaky":
        return ops.leaky_relu(data, slope=slope)
    if act_type == "prelu":
        slopes = need(gamma, "LeakyReLU", "gamma")
        if slopes.ndim in (1, 2) and slopes.ndim < data.ndim:
            slopes = ops.reshape(slopes, shape=(*slopes.shape, *(1,) * (data.ndim - 2)))
        return ops.prelu(data, slopes)
    if act_type == "elu":
        return ops.elu(data, alpha=slope)
    if act_type == "selu":
        return ops.selu(data)
    if act_type == "gelu":
        return ops.gelu(data)
    if act_type != "rrelu":
        raise ArgumentError(
            f"LeakyReLU(): act_type is {act_type!r}; choose 'leaky', 'prelu', 'elu', 'selu', 'gelu' or 'rrelu'"
        )
    if not is_training():
        return ops.leaky_relu(data, slope=(lower_bound + upper_bound) / 2)
    return ops.prelu(data, drawn("uniform", lower_bound, upper_bound, shape=data.shape, ctx=data.context))


@_floating
def hard_sigmoid(data: NDArray, alpha: float = 0.2, beta: float = 0.5) -> NDArray:
    """alpha · x + beta, brought into [0, 1].

    >>> print(nd.hard_sigmoid(nd.array([-9, 0, 1, 9])).asnumpy().round(3))
    [0.  0.5 0.7 1. ]
    """
    return ops.hard_sigmoid(data, alpha=alpha, beta=beta)


@_floating
def smooth_l1(data: NDArray, scalar: float = 1.0) -> NDArray:
    """(scalar · x)² / 2 near zero, |x| − 1 / (2 scalar²) from |x| = 1 / scalar² on.

    A loss that is squared near zero and absolute far away, so that outliers count less (R. Girshick, 2015).

    Raises: `ValueError` for a `scalar` of 0.

    >>> nd.smooth_l1(nd.array([0.5, 2])).asnumpy().tolist()
    [0.125, 1.5]
    """
    if not scalar:
        raise ArgumentError("smooth_l1(): scalar is 0; give another number")
    return ops.smooth_l1(data, sigma=scalar)


_softmax_like = nd_function(
    words="Shapes: any; the result has that of `data`. `length` is that without `axis`; elements behind it are 0.\n"
    "Dtypes: floats; integers give the default float, and `dtype` converts first.\n"
    "Raises: `TypeError` for a missing `length`, `AxisError` for an axis that does not exist, `ShapeError` for other "
    "lengths."
)


def _softmaxed(
    op_name: str,
    data: NDArray,
    axis: int,
    temperature: float | None,
    dtype: Any,
    length: Any,
    use_length: bool,
    where: str = "",
) -> NDArray:
    op: Callable[..., NDArray] = getattr(ops, op_name)
    if dtype is not None:
        data = data.astype(dtype)
    if temperature is not None and temperature != 1:
        data = data / temperature
    along = one_axis(axis, data.ndim, op_name)
    if not use_length:
        refuse_unread(length, where or op_name, "length", "say use_length=True")
        return op(data, axis=along)
    lengths = indices_of(need(length, op_name, "length"))
    rest = (*data.shape[:along], *data.shape[along + 1 :])
    if lengths.shape != rest:
        raise ShapeError(f"{op_name}(): length has shape {lengths.shape}, and data without axis {along} has {rest}")
    lengths = ops.reshape(lengths, shape=(*data.shape[:along], 1, *data.shape[along + 1 :]))
    steps = make(np.arange(data.shape[along]), data.context)
    inside = ops.less(ops.reshape(steps, shape=(data.shape[along], *(1,) * (data.ndim - along - 1))), lengths)
    lowest = float(np.finfo(dtype_of(data)).min)
    result = op(ops.where(inside, data, ops.filled(data, shape=(1,), value=lowest)), axis=along)
    return ops.where(inside, result, ops.filled(result, shape=(1,), value=0))


@_softmax_like
def softmax(
    data: NDArray,
    length: NDArray | None = None,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DTypeLike | None = None,
    use_length: bool = False,
) -> NDArray:
    """exp(x / temperature) divided by its sum along `axis`, of the first `length` elements there with `use_length`.

    With equal `temperature` the result is the same for data that differ by a constant; nothing overflows.

    >>> x = nd.array([[0, 0, 9], [1000, 1000, 9]])
    >>> nd.softmax(x, nd.array([2, 1]), use_length=True).asnumpy().tolist()
    [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    """
    return _softmaxed("softmax", data, axis, temperature, dtype, length, use_length)


@_softmax_like
def log_softmax(
    data: NDArray,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DTypeLike | None = None,
    use_length: bool = False,
    length: NDArray | None = None,
) -> NDArray:
    """The logarithm of `softmax`, computed without it.

    It stays finite where `softmax` would round to 0.

    >>> nd.log_softmax(nd.array([0, 1000])).asnumpy().tolist()
    [-1000.0, 0.0]
    """
    return _softmaxed("log_softmax", data, axis, temperature, dtype, length, use_length)


@_softmax_like
def softmin(
    data: NDArray,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DTypeLike | None = None,
    use_length: bool = False,
    length: NDArray | None = None,
) -> NDArray:
    """`softmax` of the negative.

    >>> print(nd.softmin(nd.array([0, 1, 2])).asnumpy().round(3))
    [0.665 0.245 0.09 ]
    """
    return _softmaxed("softmax", -data, axis, temperature, dtype, length, use_length, "softmin")


@_floating
def SoftmaxActivation(data: NDArray, mode: str = "instance") -> NDArray:
    """`softmax` of each sample's elements together ("instance"), or across the channels of each pixel ("channel").

    Shapes: (n, …), or (n, channels, *space) for "channel"; the result has that of `data`.
    Raises: `ValueError` for an unknown `mode`, `AxisError` for "channel" without such an axis.

    >>> nd.SoftmaxActivation(nd.zeros((1, 4))).asnumpy().tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    if mode == "channel":
        return softmax(data, axis=1)
    if mode != "instance":
        raise ArgumentError(f"SoftmaxActivation(): mode is {mode!r}; choose 'instance' or 'channel'")
    return reshape(softmax(reshape(data, (0, -1))), data.shape)


@nd_function
def softmax_cross_entropy(data: NDArray, label: NDArray) -> NDArray:
    """The sum over all rows of −log softmax at the row's label; of shape (1,).

    A label outside means the nearest class.

    Shapes: (n, classes) and (n,) give (1,).
    Dtypes: data of floats, whose dtype the result has; floating labels are cut to integers.
    Raises: `ShapeError` for shapes that do not fit.

    >>> from tapegrad import autograd, nd
    >>> scores = nd.array([[0, 0], [0, 0]])
    >>> scores.attach_grad()
    >>> with autograd.record():
    ...     loss = nd.softmax_cross_entropy(scores, nd.array([1, 0]))
    >>> loss.backward()
    >>> print(loss.asscalar().round(4), scores.grad.asnumpy().tolist())
    1.3863 [[0.5, -0.5], [-0.5, 0.5]]
    """
    if data.ndim != 2 or label.shape != data.shape[:1]:
        raise ShapeError(
            f"softmax_cross_entropy() takes data (n, classes) and label (n,), not shapes {data.shape} and {label.shape}"
        )
    chosen = ops.pick(ops.log_softmax(data, axis=1), indices_of(label), axis=1)
    return at_least_1d(ops.negative(ops.sum(chosen)))


@nd_function
def Dropout(
    data: NDArray, p: float = 0.5, mode: str = "training", axes: Axes = (), cudnn_off: bool | None = None
) -> NDArray:
    """Elements set to zero with probability `p`, the others divided by 1 − p: in training, or with `mode="always"`.

    Elements that differ only along `axes` are dropped together. The numbers drawn are MXNet's.

    Dtypes: floats; the result has that of `data`.
    Raises: `ValueError` for an unknown `mode` or a `p` outside [0, 1), `AxisError` for an axis that does not exist,
    `DtypeError` for integers.

    >>> import tapegrad
    >>> from tapegrad import autograd, nd
    >>> tapegrad.random.seed(1)
    >>> with autograd.train_mode():
    ...     nd.Dropout(nd.ones(6), p=0.5).asnumpy().tolist()
    [0.0, 2.0, 2.0, 0.0, 2.0, 0.0]
    >>> nd.Dropout(nd.ones(2), p=0.5).asnumpy().tolist()
    [1.0, 1.0]
    """
    if mode not in ("training", "always"):
        raise ArgumentError(f"Dropout(): mode is {mode!r}; choose 'training' or 'always'")
    if not 0 <= p < 1:
        raise ArgumentError(f"Dropout(): p is {p}; give a probability from 0 up to but not with 1")
    if not p or (mode == "training" and not is_training()):
        return data.copy()
    shared = {one_axis(a, data.ndim, "Dropout") for a in ((axes,) if isinstance(axes, INT) else axes)}
    shape = tuple(1 if i in shared else n for i, n in enumerate(data.shape))
    mask = drawn("dropout", p, shape=shape, dtype=dtype_of(data), ctx=data.context)
    return data * mask


@_normalization
def BatchNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    moving_mean: NDArray,
    moving_var: NDArray,
    eps: float = 1e-3,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: bool | None = None,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    out: NDArray | None = None,
) -> Any:
    """Each channel, along `axis`, brought to mean 0 and variance 1, then times gamma plus beta.

    In training with the statistics of the batch, which also move `moving_mean` and `moving_var` by 1 − momentum; else,
    or with `use_global_stats`, with those two. `fix_gamma` takes gamma as ones.

    `output_mean_var` adds the mean and 1 / √(variance + eps) to the result. S. Ioffe and C. Szegedy (2015).

    Shapes: any data with that axis; gamma, beta, moving_mean and moving_var are (channels,).
    Dtypes: floats; the result has that of `data`, computed in that of all together: float16 data go with parameters and
    statistics of float32. Integers give the default float.
    Raises: `AxisError` for an axis that does not exist, `ShapeError` for the wrong number of channels.

    >>> from tapegrad import autograd, nd
    >>> x, mean, variance = nd.array([[1, 10], [3, 30]]), nd.zeros(2), nd.ones(2)
    >>> with autograd.train_mode():
    ...     y = nd.BatchNorm(x, nd.ones(2), nd.zeros(2), mean, variance, eps=0)
    >>> y.asnumpy().tolist(), mean.asnumpy().round(3).tolist()
    ([[-1.0, -1.0], [1.0, 1.0]], [0.20000000298023224, 2.0])
    """
    statistics = eps, momentum, fix_gamma, use_global_stats
    result, mean, var = batch_normalized(data, gamma, beta, moving_mean, moving_var, *statistics, axis)
    result = give(out, result)
    return [result, mean, ops.rsqrt(var + eps)] if output_mean_var else result


def batch_normalized(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    moving_mean: NDArray,
    moving_var: NDArray,
    eps: float = 1e-3,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    axis: int = 1,
) -> tuple[NDArray, NDArray, NDArray]:
    """What `BatchNorm` returns, with the mean and the variance that it used, (channels,)."""
    along = one_axis(axis, data.ndim, "BatchNorm")
    channels = data.shape[along]
    for name, x in (("gamma", gamma), ("beta", beta), ("moving_mean", moving_mean), ("moving_var", moving_var)):
        if x.shape != (channels,):
            raise ShapeError(
                f"BatchNorm(): {name} has shape {x.shape}, and axis {along} of data has {channels} channels"
            )
    shape = tuple(channels if i == along else 1 for i in range(data.ndim))
    scale = ops.reshape(ops.ones_like(gamma) if fix_gamma else gamma, shape=shape)
    shift = ops.reshape(beta, shape=shape)
    if not is_training() or use_global_stats:
        inverse = ops.rsqrt(ops.reshape(moving_var._detached(), shape=shape) + eps)
        result = (data - ops.reshape(moving_mean._detached(), shape=shape)) * inverse * scale + shift
        return _in_dtype_of(data, result), moving_mean, moving_var
    result, *statistics = ops.normalize(data, scale, shift, axis=_all_but(along, data), eps=eps)
    mean, var = [ops.reshape(x, shape=(channels,)) for x in statistics]
    with pause(train_mode=True):  # the moving statistics are state, and no part of the computation
        for moving, batch in ((moving_mean, mean), (moving_var, var)):
            moving._rebind(moving._detached() * momentum + batch._detached() * (1 - momentum))
    return _in_dtype_of(data, result), mean, var


def _in_dtype_of(data: NDArray, result: NDArray) -> NDArray:
    """Halves are normalized by statistics in float32, and stay halves."""
    dtype = dtype_of(data)
    return ops.astype(result, dtype=dtype) if dtype in dtypes.INEXACT and dtype_of(result) != dtype else result


def _all_but(axis: int, data: NDArray) -> tuple[int, ...]:
    return tuple(i for i in range(data.ndim) if i != axis)


@_normalization
def LayerNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    axis: int = -1,
    eps: float = 1e-5,
    output_mean_var: bool = False,
    out: NDArray | None = None,
) -> Any:
    """The elements along `axis` brought to mean 0 and variance 1, then times gamma plus beta, of its length.

    `output_mean_var` adds the mean and the standard deviation to the result, which keep the axis with length 1.

    J. L. Ba et al. (2016).

    Shapes: any data with that axis; gamma and beta are as long as it.
    Raises: `AxisError` for an axis that does not exist, `ShapeError` for gamma and beta of a different length.

    >>> print(nd.LayerNorm(nd.array([[1, 3]]), nd.ones(2), nd.zeros(2)).asnumpy().round(3))
    [[-1.  1.]]
    """
    along = one_axis(axis, data.ndim, "LayerNorm")
    shape = tuple(n if i == along else 1 for i, n in enumerate(data.shape))
    for x, n in ((gamma, "gamma"), (beta, "beta")):
        if x.shape != (data.shape[along],):
            raise ShapeError(
                f"LayerNorm(): {n} has shape {x.shape}, and axis {along} of data {data.shape[along]} elements"
            )
    result, mean, var = ops.normalize(
        data, ops.reshape(gamma, shape=shape), ops.reshape(beta, shape=shape), axis=(along,), eps=eps
    )
    result = give(out, result)
    if not output_mean_var:
        return result
    return [result, mean, ops.sqrt(var + eps)]


@_normalization
def InstanceNorm(data: NDArray, gamma: NDArray, beta: NDArray, eps: float = 1e-3) -> NDArray:
    """Each channel of each image (n, c, *space) brought to mean 0 and variance 1, then times gamma plus beta.

    D. Ulyanov et al. (2016).

    Shapes: (n, channels, *space); gamma and beta are (channels,).
    Raises: `ShapeError` for data of one axis and the wrong number of channels.

    >>> x = nd.array([[[1, 3], [10, 30]]])
    >>> print(nd.InstanceNorm(x, nd.ones(2), nd.zeros(2), eps=0).asnumpy().tolist())
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    shape = (_channels("InstanceNorm", data, gamma=gamma, beta=beta), *(1,) * (data.ndim - 2))
    result, _, _ = ops.normalize(
        data,
        ops.reshape(gamma, shape=shape),
        ops.reshape(beta, shape=shape),
        axis=tuple(range(2, data.ndim)),
        eps=eps,
    )
    return result


@_normalization
def GroupNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    num_groups: int = 1,
    eps: float = 1e-5,
    output_mean_var: bool = False,
    out: NDArray | None = None,
) -> Any:
    """Groups of channels of each image (n, c, *space) brought to mean 0 and variance 1, then times gamma plus beta.

    `output_mean_var` adds the means and standard deviations, (n, groups), to the result. Y. Wu and K. He (2018).

    Shapes: (n, channels, *space); gamma and beta are (num_groups,), as in MXNet 1, or (channels,), as in the paper;
    `num_groups` divides the channels.
    Raises: `ShapeError` for data of one axis, for groups that do not divide the channels, and for another number of
    gammas or betas.

    >>> x = nd.array([[[1], [3], [10], [30]]])
    >>> nd.GroupNorm(x, nd.ones(4), nd.zeros(4), num_groups=2, eps=0).asnumpy().ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    channels = _channels("GroupNorm", data)
    if num_groups < 1 or channels % num_groups:
        raise ShapeError(f"GroupNorm(): {channels} channels cannot be put into {num_groups} groups")
    for x, n in ((gamma, "gamma"), (beta, "beta")):
        if x.shape not in ((num_groups,), (channels,)):
            raise ShapeError(f"GroupNorm(): {n} has shape {x.shape}; give ({num_groups},), or ({channels},)")
    space = (1,) * (data.ndim - 2)
    grouped = ops.reshape(data, shape=(data.shape[0], num_groups, channels // num_groups, *data.shape[2:]))
    result, mean, var = ops.normalize(
        grouped,
        ops.reshape(gamma, shape=(num_groups, gamma.shape[0] // num_groups, *space)),
        ops.reshape(beta, shape=(num_groups, beta.shape[0] // num_groups, *space)),
        axis=tuple(range(2, grouped.ndim)),
        eps=eps,
    )
    result = give(out, ops.reshape(result, shape=data.shape))
    if not output_mean_var:
        return result
    reduced = (data.shape[0], num_groups)
    return [result, ops.reshape(mean, shape=reduced), ops.reshape(ops.sqrt(var + eps), shape=reduced)]


@_floating
def LRN(
    data: NDArray, alpha: float = 1e-4, beta: float = 0.75, knorm: float = 2.0, nsize: int | None = None
) -> NDArray:
    """Each pixel divided by (knorm + alpha/nsize · Σ x²)^beta; the sum is over the `nsize` channels around its own.

    Local response normalization, of A. Krizhevsky et al. (2012).

    Shapes: (n, channels, *space); the result has that of `data`.
    Raises: `ShapeError` for data of one axis.

    >>> x = nd.array([[[1], [2], [0]]])
    >>> print(nd.LRN(x, nsize=3, alpha=3, beta=1, knorm=1).asnumpy().ravel().round(3))
    [0.167 0.333 0.   ]
    """
    nsize = one_int(nsize, "LRN", "nsize")
    _channels("LRN", data)
    half = nsize // 2
    squares = ops.reshape(
        ops.square(data), shape=(data.shape[0], 1, data.shape[1], data.size // (data.shape[0] * data.shape[1]))
    )
    total = ops.sum_pool(squares, kernel=(nsize, 1), stride=(1, 1), pad=((half, nsize - 1 - half), (0, 0)))
    total = ops.reshape(total, shape=data.shape)
    return data * ops.power(total * (alpha / nsize) + knorm, -beta)


# Further names that MXNet has for them.

BatchNorm_v1 = BatchNorm
Convolution_v1 = Convolution
Pooling_v1 = Pooling
