"""The layers of neural networks, in MXNet's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..engines.tables import RECORDED as ops
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..tape.mode import is_training
from .checks import dtype_of, int_tuple, kept, need, one_axis, one_int, refuse_unread
from .ndarray import INT, NDArray, give, make
from .shaping import indices_of, reshape

__all__ = [
    "LRN",
    "Activation",
    "BatchNorm",
    "BatchNorm_v1",
    "Convolution",
    "Convolution_v1",
    "Deconvolution",
    "Dropout",
    "FullyConnected",
    "GroupNorm",
    "InstanceNorm",
    "LayerNorm",
    "LeakyReLU",
    "Pooling",
    "Pooling_v1",
    "ROIPooling",
    "SoftmaxActivation",
    "UpSampling",
    "hard_sigmoid",
    "im2col",
    "log_softmax",
    "smooth_l1",
    "softmax",
    "softmax_cross_entropy",
    "softmin",
]


def _space(where: str, data: NDArray, layout: str | None) -> int:
    """How many axes of space images have. Raises `ValueError` for a layout with the channels elsewhere."""
    ndim = data.ndim - 2
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


def _per_axis(value: Any, ndim: int, default: int, where: str, name: str) -> tuple[int, ...]:
    if value is None or (not isinstance(value, INT) and not len(value)):
        return (default,) * ndim
    return int_tuple(value, ndim, where, name)


def FullyConnected(
    data: Any,
    weight: Any,
    bias: Any = None,
    num_hidden: int | None = None,
    no_bias: bool = False,
    flatten: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """data · weightᵀ + bias: a dense layer.

    `num_hidden`, where given, is checked against weight. `no_bias=True` leaves out the bias.

    Shapes: (n, …), flattened to (n, inputs), (num_hidden, inputs) and (num_hidden,) give (n, num_hidden). With
    `flatten=False` (…, inputs) gives (…, num_hidden).

    Dtypes: those of all together.

    Raises: `TypeError` for what is no NDArray and for a missing bias, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> weight, bias = nd.array([[1, 0, 0], [1, 1, 1]]), nd.array([0, 10])
    >>> nd.FullyConnected(nd.array([[1, 2, 3]]), weight, bias, num_hidden=2).asnumpy().tolist()
    [[1.0, 16.0]]
    """
    data, weight = need(data, "FullyConnected"), need(weight, "FullyConnected", "weight")
    if num_hidden is not None and weight.shape[0] != num_hidden:
        raise ShapeError(f"FullyConnected(): num_hidden is {num_hidden}, and weight has shape {weight.shape}")
    if flatten and data.ndim != 2:
        data = reshape(data, (0, -1))
    found = ops.fully_connected(data, weight, _bias(bias, "FullyConnected", no_bias))
    return give(out, found)


def Convolution(
    data: Any,
    weight: Any,
    bias: Any = None,
    kernel: Any = None,
    stride: Any = None,
    dilate: Any = None,
    pad: Any = None,
    num_filter: int | None = None,
    num_group: int = 1,
    workspace: int | None = None,
    no_bias: bool = False,
    cudnn_tune: Any = None,
    cudnn_off: Any = None,
    layout: str | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Filters slid over images, or over sequences or volumes: a cross-correlation, as in all of deep learning.

    One, two or three axes of space; `stride`, `dilate` and `pad` are a number for each. `workspace` and the `cudnn_…`
    settings have no meaning here.

    `kernel` and `num_filter`, where given, are checked against weight.

    Shapes: (n, channels, *space), (num_filter, channels / num_group, *kernel) and (num_filter,) give (n, num_filter,
    *found), where found = ⌊(space + 2 pad − dilate · (kernel − 1) − 1) / stride⌋ + 1.

    Dtypes: those of all together.

    Raises: `TypeError` for what is no NDArray and for a missing bias, `ShapeError` for shapes that do not go together,
    `ValueError` for a `layout` with channels elsewhere, or another number of numbers than axes of space.

    >>> from tapegrad import nd
    >>> image = nd.array([[0, 0, 0, 0], [0, 0, 9, 9], [0, 0, 9, 9]]).reshape((1, 1, 3, 4))
    >>> edge = nd.array([[-1, 1]]).reshape((1, 1, 1, 2))
    >>> nd.Convolution(image, edge, kernel=(1, 2), num_filter=1, no_bias=True).asnumpy()[0, 0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 9.0, 0.0]]
    """
    where = "Convolution"
    data, weight = need(data, where), need(weight, where, "weight")
    ndim = _space(where, data, layout)
    if kernel is not None and tuple(weight.shape[2:]) != _per_axis(kernel, ndim, 1, where, "kernel"):
        raise ShapeError(f"Convolution(): kernel is {kernel}, and weight has shape {weight.shape}")
    if num_filter is not None and weight.shape[0] != num_filter:
        raise ShapeError(f"Convolution(): num_filter is {num_filter}, and weight has shape {weight.shape}")
    found = ops.convolution(
        data,
        weight,
        _bias(bias, where, no_bias),
        stride=_per_axis(stride, ndim, 1, where, "stride"),
        dilate=_per_axis(dilate, ndim, 1, where, "dilate"),
        pad=_per_axis(pad, ndim, 0, where, "pad"),
        groups=num_group,
    )
    return give(out, found)


Convolution_v1 = Convolution


def Deconvolution(
    data: Any,
    weight: Any,
    bias: Any = None,
    kernel: Any = None,
    stride: Any = None,
    dilate: Any = None,
    pad: Any = None,
    adj: Any = None,
    target_shape: Any = None,
    num_filter: int | None = None,
    num_group: int = 1,
    workspace: int | None = None,
    no_bias: bool = True,
    cudnn_tune: Any = None,
    cudnn_off: Any = None,
    layout: str | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The transpose of a convolution: data (n, c, *space), weight (c, num_filter / num_group, *kernel).

    The result is `adj` longer than it would have to be, or as long as `target_shape`.

    Shapes: (n, channels, *space) and (channels, num_filter / num_group, *kernel) give (n, num_filter, *found), where
    found = stride · (space − 1) + dilate · (kernel − 1) + 1 − 2 pad + adj.

    Dtypes: those of all together.

    Raises: `TypeError` for what is no NDArray and for a missing bias, `ShapeError` for shapes that do not go together,
    `ValueError` for a `layout` with channels elsewhere, or another number of numbers than axes of space.

    >>> from tapegrad import nd
    >>> small, weight = nd.array([[[[1, 2], [3, 4]]]]), nd.ones((1, 1, 2, 2))
    >>> nd.Deconvolution(small, weight, kernel=(2, 2), num_filter=1, stride=(2, 2)).asnumpy()[0, 0, :2].tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    where = "Deconvolution"
    data, weight = need(data, where), need(weight, where, "weight")
    ndim = _space(where, data, layout)
    if weight.ndim != data.ndim:
        raise ShapeError(f"Deconvolution(): weight has shape {weight.shape}; give (channels, filters, *kernel)")
    if kernel is not None and tuple(weight.shape[2:]) != _per_axis(kernel, ndim, 1, where, "kernel"):
        raise ShapeError(f"Deconvolution(): kernel is {kernel}, and weight has shape {weight.shape}")
    filters = weight.shape[1] * num_group
    if num_filter is not None and filters != num_filter:
        raise ShapeError(f"Deconvolution(): num_filter is {num_filter}, and weight has shape {weight.shape}")
    steps = _per_axis(stride, ndim, 1, where, "stride")
    spread = _per_axis(dilate, ndim, 1, where, "dilate")
    edge = _per_axis(pad, ndim, 0, where, "pad")
    extent = tuple(d * (k - 1) + 1 for d, k in zip(spread, weight.shape[2:], strict=True))
    full = tuple(s * (n - 1) + e for s, n, e in zip(steps, data.shape[2:], extent, strict=True))
    if target_shape is not None and any(int_tuple(target_shape, ndim, where, "target_shape")):
        wanted = int_tuple(target_shape, ndim, where, "target_shape")
        total = [f - w for f, w in zip(full, wanted, strict=True)]
        around: Any = tuple((t - t // 2 if t > 0 else 0, t // 2 if t > 0 else t) for t in total)
    else:
        extra = _per_axis(adj, ndim, 0, where, "adj")
        wanted = tuple(f - 2 * p + a for f, p, a in zip(full, edge, extra, strict=True))
        around = edge
    found = ops.deconvolution(data, weight, shape=wanted, stride=steps, dilate=spread, pad=around, groups=num_group)
    bias = _bias(bias, where, no_bias)
    if bias is not None:
        if bias.shape != (filters,):
            raise ShapeError(f"Deconvolution(): bias has shape {bias.shape}; give ({filters},)")
        found = found + ops.reshape(bias, shape=(1, filters, *(1,) * ndim))
    return give(out, found)


def Pooling(
    data: Any,
    kernel: Any = (),
    pool_type: str = "max",
    global_pool: bool = False,
    cudnn_off: Any = None,
    pooling_convention: str = "valid",
    stride: Any = None,
    pad: Any = None,
    p_value: int | None = None,
    count_include_pad: bool = True,
    layout: str | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The largest element, mean, sum or p-norm of windows over images (n, c, *space).

    `pool_type`: "max", "avg", "sum" or "lp" with `p_value`. `pooling_convention`: "valid" leaves out windows that do
    not fit, "full" keeps them; "same", for "max" over one axis, has one window at every stride. `global_pool` takes all
    of space as one window. `layout` "NWC", "NHWC" or "NDHWC" says that the channels come last.

    Shapes: (n, channels, *space) becomes (n, channels, *found), or the channels last in both, where found = (space +
    2 pad − kernel) / stride + 1, rounded down or, for "full", up; 1 each with `global_pool`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other numbers of axes and where no window fits,
    `ValueError` for another `pool_type`, `pooling_convention` or `layout`, a missing `p_value`, and other numbers of
    numbers.

    >>> from tapegrad import nd
    >>> x = nd.arange(16).reshape((1, 1, 4, 4))
    >>> nd.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="avg").asnumpy()[0, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    where = "Pooling"
    data = need(data, where)
    last = layout in ("NWC", "NHWC", "NDHWC") and data.ndim == len(layout)
    if last:
        data, layout = ops.permute_dims(data, axes=(0, data.ndim - 1, *range(1, data.ndim - 1))), None
    ndim = _space(where, data, layout)
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
        found = ops.max_pool(data, **window)
    elif pool_type == "avg":
        found = ops.avg_pool(data, **window, count_include_pad=bool(count_include_pad))
    elif pool_type == "sum":
        found = ops.sum_pool(data, **window)
    elif p_value is None:
        raise ArgumentError("Pooling(): pool_type 'lp' needs p_value")
    else:
        found = ops.lp_pool(data, **window, p=p_value)
    if last:
        found = ops.permute_dims(found, axes=(0, *range(2, found.ndim), 1))
    return give(out, found)


Pooling_v1 = Pooling


def ROIPooling(
    data: Any, rois: Any, pooled_size: Any, spatial_scale: float, out: Any = None, name: Any = None
) -> NDArray:
    """The largest elements of a grid over each region: data (n, c, h, w), rois (r, 5), result (r, c, *pooled_size).

    A region is (image, left, top, right, bottom), in pixels of an image that `spatial_scale` shrinks to `data`; its
    edges belong to it. A cell that holds no pixel is 0.

    Of R. Girshick (2015), "Fast R-CNN". The gradient goes to `data`; regions are constants.

    Shapes: (n, channels, height, width) and (r, 5) give (r, channels, *pooled_size).

    Dtypes: floats; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other shapes, `IndexError` for an image that there is
    not.

    >>> from tapegrad import nd
    >>> image, region = nd.arange(16).reshape((1, 1, 4, 4)), nd.array([[0, 0, 0, 3, 3]])
    >>> nd.ROIPooling(image, region, pooled_size=(2, 2), spatial_scale=1.0).asnumpy()[0, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    data, rois = need(data, "ROIPooling"), need(rois, "ROIPooling", "rois")
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
        return give(out, ops.filled(data, shape=(0, channels, rows, columns), value=0))
    grid = ops.reshape(ops.stack(*cells, axis=0), shape=(rois.shape[0], rows, columns, channels))
    return give(out, ops.permute_dims(grid, axes=(0, 3, 1, 2)))


def _half_up(x: float) -> int:
    return int(np.floor(abs(x) + 0.5)) * (1 if x >= 0 else -1)


def _cell(i: int, size: float, begin: int, length: int) -> tuple[int, int]:
    low, up = int(np.floor(np.float32(i * size))), int(np.ceil(np.float32((i + 1) * size)))
    return min(max(low + begin, 0), length), min(max(up + begin, 0), length)


def UpSampling(
    *data: Any,
    scale: int = 1,
    num_filter: int = 0,
    sample_type: str = "nearest",
    multi_input_mode: str = "concat",
    num_args: int | None = None,
    workspace: int | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Images made `scale` times larger by repeating each pixel (`sample_type="nearest"`).

    Several images are brought to the size of the first one's result and joined by their channels ("concat") or added
    ("sum"). "bilinear" is a `Deconvolution` with weights of its own: data and weight.

    `num_filter`, `num_args` and `workspace` have no meaning here.

    Shapes: (n, channels, height, width) becomes (n, channels, scale · height, scale · width); weights are (channels, 1,
    k, k) with k = 2 · scale − scale mod 2.

    Dtypes: any; the result has that of the arrays together.

    Raises: `TypeError` for what is no NDArray, a list (spread it) and another number of arrays, `ShapeError` for other
    shapes, `ValueError` for another `sample_type` or `multi_input_mode`.

    >>> from tapegrad import nd
    >>> nd.UpSampling(nd.array([[[[1, 2]]]]), scale=2, sample_type="nearest").asnumpy()[0, 0].tolist()
    [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """
    from .checks import need_all
    from .shaping import concat, repeat

    arrays = need_all(data, "UpSampling")
    for x in arrays:
        if x.ndim != 4:
            raise ShapeError(f"UpSampling() takes images (n, channels, height, width), not shape {x.shape}")
    scale = one_int(scale, "UpSampling", "scale")
    if sample_type == "bilinear":
        if len(arrays) != 2:
            raise ArgumentTypeError(
                f"UpSampling(): sample_type 'bilinear' takes data and weight, not {len(arrays)} arrays"
            )
        image, weight = arrays
        size, edge = 2 * scale - scale % 2, -(-(scale - 1) // 2)
        return Deconvolution(
            image,
            weight,
            kernel=(size, size),
            stride=(scale, scale),
            pad=(edge, edge),
            num_group=image.shape[1],
            out=out,
        )
    if sample_type != "nearest":
        raise ArgumentError(f"UpSampling(): sample_type is {sample_type!r}; choose 'nearest' or 'bilinear'")
    if multi_input_mode not in ("concat", "sum"):
        raise ArgumentError(f"UpSampling(): multi_input_mode is {multi_input_mode!r}; choose 'concat' or 'sum'")
    height = arrays[0].shape[2] * scale
    grown = [repeat(repeat(x, height // x.shape[2], axis=2), height // x.shape[2], axis=3) for x in arrays]
    if multi_input_mode == "sum":
        from .reducing import add_n

        return add_n(*grown, out=out)
    return concat(*grown, dim=1, out=out)


def im2col(
    data: Any,
    kernel: Any,
    stride: Any = None,
    dilate: Any = None,
    pad: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The windows of images as columns: (n, c, *space) becomes (n, c · window, windows).

    `col2im` is the transpose. `stride`, `dilate` and `pad` are as in `Convolution`.

    Shapes: (n, channels, *space); window is the product of `kernel`, windows as many as `Convolution` gives pixels.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other numbers of axes and where no window fits,
    `ValueError` for another number of numbers than axes of space.

    >>> from tapegrad import nd
    >>> nd.im2col(nd.arange(6).reshape((1, 1, 2, 3)), kernel=(2, 2)).asnumpy()[0].tolist()
    [[0.0, 1.0], [1.0, 2.0], [3.0, 4.0], [4.0, 5.0]]
    """
    data = need(data, "im2col")
    ndim = _space("im2col", data, None)
    found = ops.patches(
        data,
        kernel=int_tuple(kernel, ndim, "im2col", "kernel"),
        stride=_per_axis(stride, ndim, 1, "im2col", "stride"),
        dilate=_per_axis(dilate, ndim, 1, "im2col", "dilate"),
        pad=_per_axis(pad, ndim, 0, "im2col", "pad"),
    )
    size = data.shape[1] * int(np.prod(found.shape[2 : 2 + ndim]))
    return reshape(found, (data.shape[0], size, -1), out=out)


ACTIVATIONS = {
    "relu": "relu",
    "sigmoid": "sigmoid",
    "log_sigmoid": "log_sigmoid",
    "softrelu": "softplus",
    "softsign": "softsign",
    "tanh": "tanh",
}


def Activation(data: Any, act_type: str, out: Any = None, name: Any = None) -> NDArray:
    """relu, sigmoid, log_sigmoid, softrelu (log(1 + eˣ)), softsign, tanh or mish (x · tanh softrelu x) of each element.

    Shapes: any; the result has that of `data`.

    Dtypes: floats; integers give the default float, and for relu stay what they are.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `act_type`, with the choices.

    >>> from tapegrad import nd
    >>> nd.Activation(nd.array([-1, 2]), act_type="relu").asnumpy().tolist()
    [0.0, 2.0]
    """
    data = need(data, "Activation")
    if act_type == "mish":
        return give(out, data * ops.tanh(ops.softplus(data)))
    if act_type not in ACTIVATIONS:
        choices = ", ".join(map(repr, (*ACTIVATIONS, "mish")))
        raise ArgumentError(f"Activation(): act_type is {act_type!r}; choose one of {choices}")
    return give(out, getattr(ops, ACTIVATIONS[act_type])(data))


def LeakyReLU(
    data: Any,
    gamma: Any = None,
    act_type: str = "leaky",
    slope: float = 0.25,
    lower_bound: float = 0.125,
    upper_bound: float = 0.334,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """x where it is positive, and otherwise something small.

    `act_type`: "leaky" (slope · x), "prelu" (gamma · x, a slope for each channel), "elu" (slope · (eˣ − 1)), "selu",
    "gelu", or "rrelu": in training each slope is drawn from [lower_bound, upper_bound], else it is their mean.

    Shapes: any; the result has that of `data`. `gamma` is (channels,), for the second axis, (batch, channels), or
    broadcasts.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray and for "prelu" without `gamma`, `ShapeError` for another number of
    slopes, `ValueError` for another `act_type`.

    >>> from tapegrad import nd
    >>> nd.LeakyReLU(nd.array([-4, 2])).asnumpy().tolist()
    [-1.0, 2.0]
    """
    data = need(data, "LeakyReLU")
    if act_type != "prelu":
        refuse_unread(gamma, "LeakyReLU", "gamma", "say act_type='prelu'")
    if act_type == "leaky":
        found = ops.leaky_relu(data, slope=slope)
    elif act_type == "prelu":
        slopes = need(gamma, "LeakyReLU", "gamma")
        if slopes.ndim in (1, 2) and slopes.ndim < data.ndim:
            slopes = ops.reshape(slopes, shape=(*slopes.shape, *(1,) * (data.ndim - 2)))
        found = ops.prelu(data, slopes)
    elif act_type == "elu":
        found = ops.elu(data, alpha=slope)
    elif act_type == "selu":
        found = ops.selu(data)
    elif act_type == "gelu":
        found = ops.gelu(data)
    elif act_type == "rrelu" and is_training():
        from .random import drawn

        found = ops.prelu(data, drawn("uniform", lower_bound, upper_bound, shape=data.shape, ctx=data.context))
    elif act_type == "rrelu":
        found = ops.leaky_relu(data, slope=(lower_bound + upper_bound) / 2)
    else:
        raise ArgumentError(
            f"LeakyReLU(): act_type is {act_type!r}; choose 'leaky', 'prelu', 'elu', 'selu', 'gelu' or 'rrelu'"
        )
    return give(out, found)


def hard_sigmoid(data: Any, alpha: float = 0.2, beta: float = 0.5, out: Any = None, name: Any = None) -> NDArray:
    """alpha · x + beta, brought into [0, 1].

    Shapes: any; the result has that of `data`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> print(nd.hard_sigmoid(nd.array([-9, 0, 1, 9])).asnumpy().round(3))
    [0.  0.5 0.7 1. ]
    """
    return give(out, ops.hard_sigmoid(need(data, "hard_sigmoid"), alpha=alpha, beta=beta))


def smooth_l1(data: Any, scalar: float = 1.0, out: Any = None, name: Any = None) -> NDArray:
    """(scalar · x)² / 2 near zero, |x| − 1 / (2 scalar²) from |x| = 1 / scalar² on.

    A loss that is squared near zero and absolute far away, so that outliers count less (R. Girshick, 2015).

    Shapes: any; the result has that of `data`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ValueError` for a `scalar` of 0.

    >>> from tapegrad import nd
    >>> nd.smooth_l1(nd.array([0.5, 2])).asnumpy().tolist()
    [0.125, 1.5]
    """
    if not scalar:
        raise ArgumentError("smooth_l1(): scalar is 0; give another number")
    return give(out, ops.smooth_l1(need(data, "smooth_l1"), sigma=scalar))


def _scaled(
    op_name: str,
    data: Any,
    axis: int,
    temperature: float | None,
    dtype: Any,
    length: Any,
    use_length: bool,
    out: Any,
    where: str = "",
) -> Any:
    data = need(data, op_name)
    if dtype is not None:
        data = data.astype(dtype)
    if temperature is not None and temperature != 1:
        data = data / temperature
    along = one_axis(axis, data.ndim, op_name)
    if not use_length:
        refuse_unread(length, where or op_name, "length", "say use_length=True")
        found = getattr(ops, op_name)(data, axis=along)
        return found if out is None else give(out, found)
    lengths = indices_of(need(length, op_name, "length"))
    rest = (*data.shape[:along], *data.shape[along + 1 :])
    if lengths.shape != rest:
        raise ShapeError(f"{op_name}(): length has shape {lengths.shape}, and data without axis {along} has {rest}")
    lengths = ops.reshape(lengths, shape=(*data.shape[:along], 1, *data.shape[along + 1 :]))
    steps = make(np.arange(data.shape[along]), data.context)
    inside = ops.less(ops.reshape(steps, shape=(data.shape[along], *(1,) * (data.ndim - along - 1))), lengths)
    lowest = float(np.finfo(dtype_of(data)).min)
    found = getattr(ops, op_name)(ops.where(inside, data, ops.filled(data, shape=(1,), value=lowest)), axis=along)
    return give(out, ops.where(inside, found, ops.filled(found, shape=(1,), value=0)))


def softmax(
    data: Any,
    length: Any = None,
    axis: int = -1,
    temperature: float | None = None,
    dtype: Any = None,
    use_length: bool = False,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """exp(x / temperature) divided by its sum along `axis`, of the first `length` elements there with `use_length`.

    With equal `temperature` the result is the same for data that differ by a constant; nothing overflows.

    Shapes: any; the result has that of `data`. `length` is that without `axis`; elements behind it are 0.

    Dtypes: floats; integers give the default float, and `dtype` converts first.

    Raises: `TypeError` for what is no NDArray and for a missing `length`, `AxisError` for an axis that it does not
    have, `ShapeError` for other lengths.

    >>> from tapegrad import nd
    >>> x = nd.array([[0, 0, 9], [1000, 1000, 9]])
    >>> nd.softmax(x, nd.array([2, 1]), use_length=True).asnumpy().tolist()
    [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]
    """
    return _scaled("softmax", data, axis, temperature, dtype, length, use_length, out)  # type: ignore[no-any-return]


def log_softmax(
    data: Any,
    axis: int = -1,
    temperature: float | None = None,
    dtype: Any = None,
    use_length: bool = False,
    length: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The logarithm of `softmax`, computed without it.

    It stays finite where `softmax` would round to 0.

    Shapes: any; the result has that of `data`. `length` is that without `axis`; elements behind it are 0.

    Dtypes: floats; integers give the default float, and `dtype` converts first.

    Raises: `TypeError` for what is no NDArray and for a missing `length`, `AxisError` for an axis that it does not
    have, `ShapeError` for other lengths.

    >>> from tapegrad import nd
    >>> nd.log_softmax(nd.array([0, 1000])).asnumpy().tolist()
    [-1000.0, 0.0]
    """
    return _scaled("log_softmax", data, axis, temperature, dtype, length, use_length, out)  # type: ignore[no-any-return]


def softmin(
    data: Any,
    axis: int = -1,
    temperature: float | None = None,
    dtype: Any = None,
    use_length: bool = False,
    length: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """`softmax` of the negative.

    Shapes: any; the result has that of `data`. `length` is that without `axis`; elements behind it are 0.

    Dtypes: floats; integers give the default float.

    Raises: as `softmax`.

    >>> from tapegrad import nd
    >>> print(nd.softmin(nd.array([0, 1, 2])).asnumpy().round(3))
    [0.665 0.245 0.09 ]
    """
    return _scaled("softmax", -need(data, "softmin"), axis, temperature, dtype, length, use_length, out, "softmin")  # type: ignore[no-any-return]


def SoftmaxActivation(data: Any, mode: str = "instance", out: Any = None, name: Any = None) -> NDArray:
    """`softmax` of each sample's elements together ("instance"), or across the channels of each pixel ("channel").

    Shapes: (n, …), or (n, channels, *space) for "channel"; the result has that of `data`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `mode`, `AxisError` for "channel" without such
    an axis.

    >>> from tapegrad import nd
    >>> nd.SoftmaxActivation(nd.zeros((1, 4))).asnumpy().tolist()
    [[0.25, 0.25, 0.25, 0.25]]
    """
    data = need(data, "SoftmaxActivation")
    if mode == "channel":
        return softmax(data, axis=1, out=out)
    if mode != "instance":
        raise ArgumentError(f"SoftmaxActivation(): mode is {mode!r}; choose 'instance' or 'channel'")
    return give(out, reshape(softmax(reshape(data, (0, -1))), data.shape))


def softmax_cross_entropy(data: Any, label: Any, out: Any = None, name: Any = None) -> NDArray:
    """The sum over all rows of −log softmax at the row's label; of shape (1,).

    A label outside means the nearest class.

    Shapes: (n, classes) and (n,) give (1,).

    Dtypes: data of floats, whose dtype the result has; floating labels are cut to integers.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other shapes.

    >>> from tapegrad import autograd, nd
    >>> scores = nd.array([[0, 0], [0, 0]])
    >>> scores.attach_grad()
    >>> with autograd.record():
    ...     loss = nd.softmax_cross_entropy(scores, nd.array([1, 0]))
    >>> loss.backward()
    >>> print(loss.asscalar().round(4), scores.grad.asnumpy().tolist())
    1.3863 [[0.5, -0.5], [-0.5, 0.5]]
    """
    logits, labels = need(data, "softmax_cross_entropy"), need(label, "softmax_cross_entropy", "label")
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            f"softmax_cross_entropy() takes data (n, classes) and label (n,), not shapes {logits.shape} and "
            f"{labels.shape}"
        )
    picked = ops.pick(ops.log_softmax(logits, axis=1), indices_of(labels), axis=1)
    return give(out, kept(ops.negative(ops.sum(picked))))


def Dropout(
    data: Any,
    p: float = 0.5,
    mode: str = "training",
    axes: Any = (),
    cudnn_off: Any = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Elements set to zero with probability `p`, the others divided by 1 − p: in training, or with `mode="always"`.

    All elements along `axes` share their fate. The numbers drawn are MXNet's.

    Shapes: any; the result has that of `data`.

    Dtypes: floats; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `mode` or a `p` outside [0, 1), `AxisError` for
    an axis that it does not have, `DtypeError` for integers.

    >>> import tapegrad
    >>> from tapegrad import autograd, nd
    >>> tapegrad.random.seed(1)
    >>> with autograd.train_mode():
    ...     nd.Dropout(nd.ones(6), p=0.5).asnumpy().tolist()
    [0.0, 2.0, 2.0, 0.0, 2.0, 0.0]
    >>> nd.Dropout(nd.ones(2), p=0.5).asnumpy().tolist()
    [1.0, 1.0]
    """
    data = need(data, "Dropout")
    if mode not in ("training", "always"):
        raise ArgumentError(f"Dropout(): mode is {mode!r}; choose 'training' or 'always'")
    if not 0 <= p < 1:
        raise ArgumentError(f"Dropout(): p is {p}; give a probability from 0 up to but not with 1")
    if not p or (mode == "training" and not is_training()):
        return give(out, data.copy())
    from .random import drawn

    shared = {one_axis(a, data.ndim, "Dropout") for a in ((axes,) if isinstance(axes, INT) else axes)}
    shape = tuple(1 if i in shared else n for i, n in enumerate(data.shape))
    mask = drawn("dropout", p, shape=shape, dtype=dtype_of(data), ctx=data.context)
    return give(out, data * mask)


def BatchNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_var: Any,
    eps: float = 1e-3,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    axis: int = 1,
    cudnn_off: Any = None,
    min_calib_range: Any = None,
    max_calib_range: Any = None,
    out: Any = None,
    name: Any = None,
) -> Any:
    """Each channel, along `axis`, brought to mean 0 and variance 1, then times gamma plus beta.

    In training with the statistics of the batch, which also move `moving_mean` and `moving_var` by 1 − momentum; else,
    or with `use_global_stats`, with those two. `fix_gamma` takes gamma as ones.

    `output_mean_var` adds the mean and 1 / √(variance + eps) to the result. S. Ioffe and C. Szegedy (2015).

    Shapes: any data with that axis; gamma, beta, moving_mean and moving_var are (channels,).

    Dtypes: floats; the result has that of `data`, computed in that of all together: float16 data go with parameters and
    statistics of float32. Integers give the default float.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ShapeError` for another
    number of channels.

    >>> from tapegrad import autograd, nd
    >>> x, mean, variance = nd.array([[1, 10], [3, 30]]), nd.zeros(2), nd.ones(2)
    >>> with autograd.train_mode():
    ...     y = nd.BatchNorm(x, nd.ones(2), nd.zeros(2), mean, variance, eps=0)
    >>> y.asnumpy().tolist(), mean.asnumpy().round(3).tolist()
    ([[-1.0, -1.0], [1.0, 1.0]], [0.20000000298023224, 2.0])
    """
    found, mean, var = batch_normalized(
        data, gamma, beta, moving_mean, moving_var, eps, momentum, fix_gamma, use_global_stats, axis
    )
    found = give(out, found)
    return [found, mean, ops.rsqrt(var + eps)] if output_mean_var else found


def batch_normalized(
    data: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_var: Any,
    eps: float = 1e-3,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    axis: int = 1,
) -> tuple[NDArray, NDArray, NDArray]:
    """What `BatchNorm` gives, with the mean and the variance that it was made with, (channels,)."""
    where = "BatchNorm"
    data = need(data, where)
    gamma, beta, moving_mean, moving_var = (
        need(x, where, n)
        for x, n in ((gamma, "gamma"), (beta, "beta"), (moving_mean, "moving_mean"), (moving_var, "moving_var"))
    )
    along = one_axis(axis, data.ndim, where)
    channels = data.shape[along]
    shape = tuple(channels if i == along else 1 for i in range(data.ndim))
    rest = tuple(i for i in range(data.ndim) if i != along)
    for x, n in ((gamma, "gamma"), (beta, "beta"), (moving_mean, "moving_mean"), (moving_var, "moving_var")):
        if x.shape != (channels,):
            raise ShapeError(f"BatchNorm(): {n} has shape {x.shape}, and axis {along} of data has {channels} channels")
    scale = ops.ones_like(gamma) if fix_gamma else gamma
    scale, shift = ops.reshape(scale, shape=shape), ops.reshape(beta, shape=shape)
    if is_training() and not use_global_stats:
        found, mean, var = ops.normalize(data, scale, shift, axis=rest, eps=eps)
        for moving, batch in ((moving_mean, mean), (moving_var, var)):
            now = ops.reshape(batch, shape=(channels,)).detach()
            _assign(moving, moving.detach() * momentum + now * (1 - momentum))
        mean, var = ops.reshape(mean, shape=(channels,)), ops.reshape(var, shape=(channels,))
    else:
        mean, var = moving_mean, moving_var
        inverse = ops.rsqrt(ops.reshape(var.detach(), shape=shape) + eps)
        found = (data - ops.reshape(mean.detach(), shape=shape)) * inverse * scale + shift
    dtype = dtype_of(data)
    if dtype in dtypes.INEXACT and dtype_of(found) != dtype:
        # Halves are normalized by statistics in float32, and stay halves.
        found = ops.astype(found, dtype=dtype)
    return found, mean, var


BatchNorm_v1 = BatchNorm


def _assign(target: NDArray, value: NDArray) -> None:
    """Write to state that is no part of the computation, whether or not it is being recorded."""
    from ..tape.mode import pause

    with pause(train_mode=is_training()):
        target._rebind(value)


def LayerNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    axis: int = -1,
    eps: float = 1e-5,
    output_mean_var: bool = False,
    out: Any = None,
    name: Any = None,
) -> Any:
    """The elements along `axis` brought to mean 0 and variance 1, then times gamma plus beta, of its length.

    `output_mean_var` adds the mean and the standard deviation to the result, which keep the axis with length 1.

    J. L. Ba et al. (2016).

    Shapes: any data with that axis; gamma and beta are as long as it.

    Dtypes: floats; the result has that of all together.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `ShapeError` for gamma
    and beta of another length.

    >>> from tapegrad import nd
    >>> print(nd.LayerNorm(nd.array([[1, 3]]), nd.ones(2), nd.zeros(2)).asnumpy().round(3))
    [[-1.  1.]]
    """
    data, gamma, beta = (need(x, "LayerNorm", n) for x, n in ((data, "data"), (gamma, "gamma"), (beta, "beta")))
    along = one_axis(axis, data.ndim, "LayerNorm")
    shape = tuple(n if i == along else 1 for i, n in enumerate(data.shape))
    for x, n in ((gamma, "gamma"), (beta, "beta")):
        if x.shape != (data.shape[along],):
            raise ShapeError(
                f"LayerNorm(): {n} has shape {x.shape}, and axis {along} of data {data.shape[along]} elements"
            )
    found, mean, var = ops.normalize(
        data, ops.reshape(gamma, shape=shape), ops.reshape(beta, shape=shape), axis=(along,), eps=eps
    )
    found = give(out, found)
    if not output_mean_var:
        return found
    return [found, mean, ops.sqrt(var + eps)]


def InstanceNorm(data: Any, gamma: Any, beta: Any, eps: float = 1e-3, out: Any = None, name: Any = None) -> NDArray:
    """Each channel of each image (n, c, *space) brought to mean 0 and variance 1, then times gamma plus beta.

    D. Ulyanov et al. (2016).

    Shapes: (n, channels, *space); gamma and beta are (channels,).

    Dtypes: floats; the result has that of all together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for data of one axis and another number of channels.

    >>> from tapegrad import nd
    >>> x = nd.array([[[1, 3], [10, 30]]])
    >>> print(nd.InstanceNorm(x, nd.ones(2), nd.zeros(2), eps=0).asnumpy().tolist())
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    data, gamma, beta = (need(x, "InstanceNorm", n) for x, n in ((data, "data"), (gamma, "gamma"), (beta, "beta")))
    shape = (_channels("InstanceNorm", data, gamma=gamma, beta=beta), *(1,) * (data.ndim - 2))
    found, _, _ = ops.normalize(
        data,
        ops.reshape(gamma, shape=shape),
        ops.reshape(beta, shape=shape),
        axis=tuple(range(2, data.ndim)),
        eps=eps,
    )
    return give(out, found)


def GroupNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    num_groups: int = 1,
    eps: float = 1e-5,
    output_mean_var: bool = False,
    out: Any = None,
    name: Any = None,
) -> Any:
    """Groups of channels of each image (n, c, *space) brought to mean 0 and variance 1, then times gamma plus beta.

    `output_mean_var` adds the means and standard deviations, (n, groups), to the result. Y. Wu and K. He (2018).

    Shapes: (n, channels, *space); gamma and beta are (num_groups,), as in MXNet 1, or (channels,), as in the paper;
    `num_groups` divides the channels.

    Dtypes: floats; the result has that of all together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for data of one axis, for groups that do not divide the
    channels, and for another number of gammas or betas.

    >>> from tapegrad import nd
    >>> x = nd.array([[[1], [3], [10], [30]]])
    >>> nd.GroupNorm(x, nd.ones(4), nd.zeros(4), num_groups=2, eps=0).asnumpy().ravel().tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """
    data, gamma, beta = (need(x, "GroupNorm", n) for x, n in ((data, "data"), (gamma, "gamma"), (beta, "beta")))
    channels = _channels("GroupNorm", data)
    if num_groups < 1 or channels % num_groups:
        raise ShapeError(f"GroupNorm(): {channels} channels cannot be put into {num_groups} groups")
    for x, n in ((gamma, "gamma"), (beta, "beta")):
        if x.shape not in ((num_groups,), (channels,)):
            raise ShapeError(f"GroupNorm(): {n} has shape {x.shape}; give ({num_groups},), or ({channels},)")
    space = (1,) * (data.ndim - 2)
    grouped = ops.reshape(data, shape=(data.shape[0], num_groups, channels // num_groups, *data.shape[2:]))
    found, mean, var = ops.normalize(
        grouped,
        ops.reshape(gamma, shape=(num_groups, gamma.shape[0] // num_groups, *space)),
        ops.reshape(beta, shape=(num_groups, beta.shape[0] // num_groups, *space)),
        axis=tuple(range(2, grouped.ndim)),
        eps=eps,
    )
    found = give(out, ops.reshape(found, shape=data.shape))
    if not output_mean_var:
        return found
    reduced = (data.shape[0], num_groups)
    return [found, ops.reshape(mean, shape=reduced), ops.reshape(ops.sqrt(var + eps), shape=reduced)]


def LRN(
    data: Any,
    alpha: float = 1e-4,
    beta: float = 0.75,
    knorm: float = 2.0,
    nsize: int | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Each pixel divided by (knorm + alpha/nsize · Σ x²)^beta; the sum is over the `nsize` channels around its own.

    Local response normalization, of A. Krizhevsky et al. (2012).

    Shapes: (n, channels, *space); the result has that of `data`.

    Dtypes: floats; integers give the default float.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for data of one axis.

    >>> from tapegrad import nd
    >>> x = nd.array([[[1], [2], [0]]])
    >>> print(nd.LRN(x, nsize=3, alpha=3, beta=1, knorm=1).asnumpy().ravel().round(3))
    [0.167 0.333 0.   ]
    """
    data, nsize = need(data, "LRN"), one_int(nsize, "LRN", "nsize")
    _channels("LRN", data)
    half = nsize // 2
    squares = ops.reshape(
        ops.square(data), shape=(data.shape[0], 1, data.shape[1], data.size // (data.shape[0] * data.shape[1]))
    )
    total = ops.sum_pool(squares, kernel=(nsize, 1), stride=(1, 1), pad=((half, nsize - 1 - half), (0, 0)))
    total = ops.reshape(total, shape=data.shape)
    return give(out, data * ops.power(total * (alpha / nsize) + knorm, -beta))
