"""What neural networks are made of: convolution, pooling, normalization, softmax and dropout.

Images have their channels in front of their space: (batch, channels, *space), with one, two or three axes of space.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..engines.tables import RECORDED
from ..errors import ArgumentError, ShapeError
from ..op import linear, multilinear, op
from ..op.batching import align, all_batched, in_front
from ..op.samples import Draw, booleans, distinct, exactly, normal, positive, uniform
from .elementwise import conjugated
from .indexing import over_axes

__all__ = ["window_counts"]

Pad = tuple[tuple[int, int], ...]


def pairs(pad: Any, ndim: int) -> Pad:
    """Padding as (before, after) for each axis, from that, from one number an axis, or from None."""
    if pad is None:
        return ((0, 0),) * ndim
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in pad)


def steps(stride: Any, ndim: int) -> tuple[int, ...]:
    """Strides or dilations, one an axis; None stands for ones."""
    return (1,) * ndim if stride is None else tuple(stride)


def window_counts(
    name: str, space: tuple[int, ...], kernel: tuple[int, ...], stride: Any, dilate: Any, pad: Any
) -> tuple[int, ...]:
    """How many windows fit along each axis; `name` is who says so where none does, or where numbers of axes differ."""
    ndim = len(kernel)
    stride, dilate, pad = steps(stride, ndim), steps(dilate, ndim), pairs(pad, ndim)
    if not len(space) == ndim == len(stride) == len(dilate) == len(pad):
        raise ShapeError(
            f"{name}: space {space}, kernel {kernel}, stride {stride}, dilate {dilate} and pad {pad} "
            "do not have the same number of axes"
        )
    if any(before < 0 or after < 0 for before, after in pad):
        raise ShapeError(f"{name}: pad {pad} is negative; cut off with a slice")
    counts = []
    for n, k, s, d, (before, after) in zip(space, kernel, stride, dilate, pad, strict=True):
        room = n + before + after - d * (k - 1) - 1
        if room < 0 or k < 1 or s < 1 or d < 1:
            raise ShapeError(
                f"{name}: a window of {k}, stride {s}, dilate {d} does not fit "
                f"an axis of {n} padded by {before}, {after}"
            )
        counts.append(room // s + 1)
    return tuple(counts)


def _offsets(
    kernel: tuple[int, ...], counts: tuple[int, ...], stride: tuple[int, ...], dilate: tuple[int, ...]
) -> Iterator[tuple[Any, ...]]:
    """For each place in the window, the key of the elements that lie there, over the last axes."""
    for place in itertools.product(*map(range, kernel)):
        yield (
            Ellipsis,
            *(
                slice(i * d, i * d + (n - 1) * s + 1, s)
                for i, d, n, s in zip(place, dilate, counts, stride, strict=True)
            ),
        )


def _padded(xp: Any, x: Any, pad: Pad, value: float) -> Any:
    """x with `value` added before and after, along its last axes."""
    for axis, (before, after) in enumerate(pad, x.ndim - len(pad)):
        shape = tuple(x.shape)
        pieces = [
            part if part is x else xp.filled(x, shape=(*shape[:axis], part, *shape[axis + 1 :]), value=value)
            for part in (before, x, after)
            if part is x or part
        ]
        if len(pieces) > 1:
            x = xp.concat(*pieces, axis=axis)
    return x


@linear(
    x=lambda xp, g, x, kernel, stride, dilate, pad: xp.overlap_add(
        g, shape=tuple(x.shape[x.ndim - len(kernel) :]), stride=stride, dilate=dilate, pad=pad
    ),
    batch=in_front,
    samples=[
        ((normal(2, 3, 5),), {"kernel": (2,)}),
        ((normal(2, 4, 5),), {"kernel": (2, 3)}),
        ((normal(1, 2, 5, 4),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0)}),
        ((normal(7),), {"kernel": (2,), "dilate": (3,), "stride": (2,)}),
        ((normal(4, 4),), {"kernel": (2, 2), "pad": ((0, 1), (2, 0)), "stride": (2, 3)}),
        ((normal(0, 4),), {"kernel": (3,)}),
        ((normal(2, 3, 3, 2),), {"kernel": (2, 2, 2), "dilate": (1, 2, 1)}),
    ],
    errors=[((normal(3),), {"kernel": (4,)}), ((normal(3, 3),), {"kernel": (2, 2), "stride": (1,)})],
)
def patches(
    xp: Any, x: Any, *, kernel: tuple[int, ...], stride: Any = None, dilate: Any = None, pad: Any = None
) -> Any:
    """All windows over the last axes, zeros around the edge: (..., *space) becomes (..., *kernel, *counts).

    Shapes: one number an axis of space for `kernel`, `stride` and `dilate`; for `pad` one, or a pair.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits.

    >>> patches(tnp.asarray([1.0, 2.0, 3.0, 4.0]), kernel=(2,))
    Array([[1., 2., 3.],
           [2., 3., 4.]], dtype=float32)
    """
    ndim = len(kernel)
    front = tuple(x.shape[: x.ndim - ndim])
    counts = window_counts("patches", tuple(x.shape[x.ndim - ndim :]), kernel, stride, dilate, pad)
    x = _padded(xp, x, pairs(pad, ndim), 0)
    pieces = [xp.getitem(x, key=key) for key in _offsets(kernel, counts, steps(stride, ndim), steps(dilate, ndim))]
    return xp.reshape(xp.stack(*pieces, axis=len(front)), shape=(*front, *kernel, *counts))


@linear(
    x=lambda xp, g, x, shape, stride, dilate, pad: xp.patches(
        g,
        kernel=tuple(x.shape[x.ndim - 2 * len(shape) : x.ndim - len(shape)]),
        stride=stride,
        dilate=dilate,
        pad=pad,
    ),
    batch=in_front,
    accuracy="I3",
    samples=[
        ((normal(2, 3, 2, 4),), {"shape": (5,)}),
        ((normal(2, 3, 3, 3),), {"shape": (4, 5)}),
        ((normal(1, 3, 2, 3, 3),), {"shape": (5, 4), "stride": (2, 1), "pad": (1, 0)}),
        ((normal(2, 2),), {"shape": (7,), "dilate": (3,), "stride": (2,)}),
        ((normal(2, 2, 2, 2),), {"shape": (4, 4), "pad": ((0, 1), (2, 0)), "stride": (2, 3)}),
        ((normal(0, 3, 2),), {"shape": (4,)}),
    ],
    errors=[((normal(2, 3),), {"shape": (5,)})],
)
def overlap_add(
    xp: Any, x: Any, *, shape: tuple[int, ...], stride: Any = None, dilate: Any = None, pad: Any = None
) -> Any:
    """Windows added up where they lay: (..., *kernel, *counts) becomes (..., *shape). The transpose of `patches`.

    Shapes: `counts` are the numbers of windows that fit an axis of `shape`.
    Raises: `ShapeError` where the windows do not cover `shape`.

    >>> overlap_add(tnp.ones((2, 3)), shape=(4,))
    Array([1., 2., 2., 1.], dtype=float32)
    """
    ndim = len(shape)
    start = x.ndim - 2 * ndim
    if start < 0:
        raise ShapeError(f"overlap_add: windows of shape {tuple(x.shape)} do not have two axes for each of {shape}")
    front, kernel, counts = (
        tuple(x.shape[:start]),
        tuple(x.shape[start : start + ndim]),
        tuple(x.shape[start + ndim :]),
    )
    fit = window_counts("overlap_add", shape, kernel, stride, dilate, pad)
    if counts != fit:
        raise ShapeError(f"overlap_add: {counts} windows of {kernel} do not cover {shape}, which {fit} do")
    around = pairs(pad, ndim)
    wide = tuple(n + before + after for n, (before, after) in zip(shape, around, strict=True))
    x = xp.reshape(x, shape=(*front, math.prod(kernel), *counts))
    out = None
    for i, key in enumerate(_offsets(kernel, counts, steps(stride, ndim), steps(dilate, ndim))):
        piece = xp.getitem(x, key=(*(slice(None),) * len(front), i))
        placed = xp.scatter_add(piece, key=key, shape=(*front, *wide))
        out = placed if out is None else out + placed
    inside = tuple(slice(before, before + n) for n, (before, _) in zip(shape, around, strict=True))
    return out if wide == tuple(shape) else xp.getitem(out, key=(Ellipsis, *inside))


def _check_channels(name: str, x: Any, weight: Any, channels: int, groups: int) -> None:
    if x.ndim != weight.ndim or x.ndim < 3 or groups < 1 or x.shape[1] != channels or weight.shape[0] % groups:
        raise ShapeError(
            f"{name}: an array of shape {tuple(x.shape)} and a weight of shape {tuple(weight.shape)} in {groups} "
            f"groups do not go together; the array must have as many axes, and {channels} channels"
        )


def _merged(x: Any) -> Any:
    """The batch axis as part of the axis of samples."""
    return RECORDED.reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:]))


def _apart(x: Any, size: int, axis: int) -> Any:
    """The batch taken out of an axis of which it is the slower part, and put in front."""
    shape = (*x.shape[:axis], size, x.shape[axis] // size, *x.shape[axis + 1 :])
    x = RECORDED.reshape(x, shape=shape)
    return RECORDED.permute_dims(x, axes=(axis, *(a for a in range(len(shape)) if a != axis)))


def _beside(x: Any) -> Any:
    """The batch axis as the slower part of the axis of channels: (size, n, c, ...) becomes (n, size * c, ...)."""
    x = RECORDED.permute_dims(x, axes=(1, 0, *range(2, x.ndim)))
    return RECORDED.reshape(x, shape=(x.shape[0], x.shape[1] * x.shape[2], *x.shape[3:]))


def _in_groups(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of the convolutions: as more samples where the weight is shared, else as more groups."""
    x, weight, *bias = args
    weighs = op.name != "convolution_weight"
    if weighs and not batched[1] and not any(batched[2:]):
        return _apart(op.call(_merged(x), weight, *bias, **keywords), size, 0)
    if not size:  # Of no groups there is no convolution: what comes out has the shape of one element's.
        one = [RECORDED.filled(a, shape=a.shape[1:], value=0) if on else a for a, on in zip(args, batched, strict=True)]
        out = op.call(*one, **keywords)
        return RECORDED.filled(out, shape=(0, *out.shape), value=0)
    x, weight = all_batched(size, (x, weight), batched[:2])
    groups = keywords["groups"] * size
    out = op.call(_beside(x), _merged(weight) if weighs else _beside(weight), **{**keywords, "groups": groups})
    out = _apart(out, size, 1 if weighs else 0)
    if bias and bias[0] is not None:
        b = bias[0] if batched[2] else RECORDED.expand_dims(bias[0], axis=0)
        out = out + RECORDED.reshape(b, shape=(b.shape[0], 1, b.shape[1], *(1,) * (out.ndim - 3)))
    return out


def _check_bias(name: str, weight: Any, bias: Any) -> None:
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise ShapeError(
            f"{name}: a bias of shape {tuple(bias.shape)} for a weight of shape {tuple(weight.shape)}; "
            f"it must be ({weight.shape[0]},)"
        )


def _rows_and_bias(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of fully_connected: a shared weight takes the batch as more rows, else it is a product."""
    x, weight, bias = (*args, None) if len(args) == 2 else args
    if not any(batched[1:]) and x.ndim > 1:
        return op.call(x, weight, bias)
    xp = RECORDED
    x, weight = all_batched(size, (x, weight), batched[:2])
    rows = xp.reshape(x, shape=(size, math.prod(x.shape[1:-1]), x.shape[-1]))
    out = xp.reshape(xp.matmul(rows, xp.matrix_transpose(weight)), shape=(*x.shape[:-1], weight.shape[1]))
    if bias is None:
        return out
    inner = (1,) * (out.ndim - 2)
    return out + (xp.reshape(bias, shape=(size, *inner, bias.shape[1])) if batched[2] else bias)


def _flat_rows(xp: Any, x: Any) -> Any:
    return xp.reshape(x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


@op(
    x=lambda xp, g, weight: xp.matmul(g, conjugated(xp, weight)),
    weight=lambda xp, g, x: xp.matmul(xp.matrix_transpose(_flat_rows(xp, g)), _flat_rows(xp, conjugated(xp, x))),
    bias=lambda xp, g: xp.sum(g, axis=tuple(range(g.ndim - 1)), keepdims=False),
    batch=_rows_and_bias,
    accuracy="I3",
    samples=[
        (normal(3, 4), normal(2, 4), normal(2)),
        (normal(3, 4), normal(2, 4)),
        (normal(4), normal(2, 4), normal(2)),
        (normal(2, 3, 4), normal(5, 4), normal(5)),
        (normal(0, 4), normal(2, 4), normal(2)),
        (normal(1, 1), normal(1, 1), normal(1)),
        (normal(2, 0), normal(3, 0), normal(3)),
    ],
    errors=[(normal(3, 4), normal(4, 2)), (normal(3, 4), normal(2, 4), normal(4)), (normal(3, 4), normal(4))],
)
def fully_connected(xp: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    """The last axis of x through a weight (outputs, inputs), plus a bias (outputs,).

    Shapes: (..., inputs) becomes (..., outputs).
    Raises: `ShapeError` where shapes do not go together.

    >>> fully_connected(tnp.ones((2, 3)), tnp.asarray([[1.0, 2.0, 3.0]]), tnp.asarray([0.5]))
    Array([[6.5],
           [6.5]], dtype=float32)
    """
    if weight.ndim != 2 or x.ndim == 0 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(f"fully_connected: shape {tuple(x.shape)} and a weight of shape {tuple(weight.shape)}")
    _check_bias("fully_connected", weight, bias)
    out = xp.matmul(x, xp.matrix_transpose(weight))
    return out if bias is None else out + bias


def _bias_gradient(xp: Any, g: Any) -> Any:
    """The sum over all but the channels, as a product with ones: for short rows much faster than a reduction."""
    rows = _only(xp, _output_rows(xp, g, 1))
    return xp.matmul(xp.filled(g, shape=(rows.shape[0],), value=1), rows)


@op(
    x=lambda xp, g, weight, spec_x, stride, dilate, pad, groups: xp.deconvolution(
        g, conjugated(xp, weight), shape=tuple(spec_x.shape[2:]), stride=stride, dilate=dilate, pad=pad, groups=groups
    ),
    weight=lambda xp, g, x, spec_weight, stride, dilate, pad, groups: xp.convolution_weight(
        conjugated(xp, x), g, kernel=tuple(spec_weight.shape[2:]), stride=stride, dilate=dilate, pad=pad, groups=groups
    ),
    bias=lambda xp, g: _bias_gradient(xp, g),
    batch=_in_groups,
    accuracy="I3",
    samples=[
        (normal(1, 2, 4, 3), normal(3, 2, 2, 2)),
        (normal(2, 2, 3, 3), normal(2, 2, 1, 2), normal(2)),
        ((normal(2, 2, 6), normal(3, 2, 3), normal(3)), {"stride": (2,), "pad": (1,)}),
        ((normal(1, 1, 5, 5), normal(1, 1, 2, 2)), {"dilate": (2, 2)}),
        ((normal(1, 4, 3, 2), normal(2, 2, 2, 2), normal(2)), {"groups": 2, "pad": (1, 1)}),
        ((normal(1, 3, 3, 2), normal(3, 1, 2, 2)), {"groups": 3, "pad": ((1, 0), (0, 2)), "stride": (1, 2)}),
        (normal(1, 1, 3, 2, 2), normal(2, 1, 2, 1, 2), normal(2)),
        (normal(0, 2, 4), normal(3, 2, 2)),
    ],
    errors=[
        (normal(2, 3, 5, 5), normal(4, 2, 2, 2)),
        (normal(2, 3, 5), normal(4, 3, 6)),
        (normal(2, 3, 5, 5), normal(4, 3, 2, 2), normal(3)),
        ((normal(2, 4, 5), normal(3, 2, 2)), {"groups": 2}),
    ],
)
def convolution(
    xp: Any,
    x: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = None,
    dilate: Any = None,
    pad: Any = None,
    groups: int = 1,
) -> Any:
    """The cross-correlation of (n, c, *space) with a weight (o, c / groups, *kernel), plus a bias (o,).

    The gradients are the two transposes, `deconvolution` and `convolution_weight`: Dumoulin and Visin (2016), "A guide
    to convolution arithmetic for deep learning".

    Shapes: (n, o, *counts), the numbers of windows; `stride`, `dilate` and `pad` have one number an axis of space.
    Raises: `ShapeError` where shapes, channels and groups do not go together, or not one window fits.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x, weight = tnp.asarray([[[1.0, 2.0, 4.0]]]), tnp.asarray([[[1.0, -1.0]]])
    >>> convolution(x, weight)
    Array([[[-1., -2.]]], dtype=float32)
    >>> tapegrad.grad(lambda weight: tnp.sum(convolution(x, weight)))(weight)
    Array([[[3., 6.]]], dtype=float32)
    """
    kernel = tuple(weight.shape[2:])
    _check_channels("convolution", x, weight, weight.shape[1] * groups, groups)
    _check_bias("convolution", weight, bias)
    counts = window_counts("convolution", tuple(x.shape[2:]), kernel, stride, dilate, pad)
    n, o = x.shape[0], weight.shape[0]
    rows = _rows(xp, x, kernel, counts, stride, dilate, pad, groups)
    weights = _weight_rows(xp, weight, groups)
    if groups == 1:
        out = xp.fully_connected(_only(xp, rows), _only(xp, weights), bias)
    else:
        out = xp.permute_dims(xp.matmul(rows, xp.matrix_transpose(weights)), axes=(1, 0, 2))
        out = xp.reshape(out, shape=(n * math.prod(counts), o))
        out = out if bias is None else out + bias
    return _channels_first(xp, xp.reshape(out, shape=(n, *counts, o)))


def _only(xp: Any, x: Any) -> Any:
    """The one matrix of a stack of one."""
    return xp.reshape(x, shape=tuple(x.shape[1:]))


def _channels_first(xp: Any, x: Any) -> Any:
    return xp.permute_dims(x, axes=(0, x.ndim - 1, *range(1, x.ndim - 1)))


def _in_planes(x: Any, kernel: tuple[int, ...], counts: tuple[int, ...]) -> bool:
    """Whether windows are copied in longer runs along the windows than along a row of one window's channels."""
    return bool(kernel[-1] * x.shape[1] < counts[-1])


def _rows(
    xp: Any, x: Any, kernel: tuple[int, ...], counts: tuple[int, ...], stride: Any, dilate: Any, pad: Any, groups: int
) -> Any:
    """The windows of an image as the rows of a matrix a group: (groups, n * counts, kernel * c / groups).

    Channels come last in a row, and last in memory in what is computed here, so that windows are copied in long runs;
    only where there are few of them is it the transposed matrix that is laid out, whose rows run along the windows.
    """
    n, c, ndim = x.shape[0], x.shape[1], len(kernel)
    found = xp.patches(x, kernel=kernel, stride=steps(stride, ndim), dilate=steps(dilate, ndim), pad=pairs(pad, ndim))
    places, windows = tuple(range(2, 2 + ndim)), tuple(range(2 + ndim, 2 + 2 * ndim))
    inner, outer = math.prod(kernel) * (c // groups), n * math.prod(counts)
    planes = _in_planes(x, kernel, counts)
    if groups == 1:
        axes = (*places, 1, 0, *windows) if planes else (0, *windows, *places, 1)
    else:
        found = xp.reshape(found, shape=(n, groups, c // groups, *kernel, *counts))
        places, windows = tuple(a + 1 for a in places), tuple(a + 1 for a in windows)
        axes = (1, *places, 2, 0, *windows) if planes else (1, 0, *windows, *places, 2)
    found = xp.permute_dims(found, axes=axes)
    if planes:
        return xp.matrix_transpose(xp.reshape(found, shape=(groups, inner, outer)))
    return xp.reshape(found, shape=(groups, outer, inner))


def _weight_rows(xp: Any, weight: Any, groups: int) -> Any:
    """A weight (o, c / groups, *kernel) as (groups, o / groups, kernel * c / groups)."""
    o = weight.shape[0]
    last = xp.permute_dims(weight, axes=(0, *range(2, weight.ndim), 1))
    return xp.reshape(last, shape=(groups, o // groups, math.prod(weight.shape[1:])))


def _output_rows(xp: Any, y: Any, groups: int) -> Any:
    """A convolution's output (n, o, *counts) as (groups, n * counts, o / groups)."""
    n, o, windows = y.shape[0], y.shape[1], math.prod(y.shape[2:])
    rows = xp.reshape(xp.permute_dims(y, axes=(0, *range(2, y.ndim), 1)), shape=(n * windows, groups, o // groups))
    return xp.permute_dims(rows, axes=(1, 0, 2))


@multilinear(
    x=lambda xp, g, weight, stride, dilate, pad, groups: xp.convolution(
        g, weight, None, stride=stride, dilate=dilate, pad=pad, groups=groups
    ),
    weight=lambda xp, g, x, spec_weight, stride, dilate, pad, groups: xp.convolution_weight(
        g, x, kernel=tuple(spec_weight.shape[2:]), stride=stride, dilate=dilate, pad=pad, groups=groups
    ),
    batch=_in_groups,
    samples=[
        ((normal(1, 3, 3, 2), normal(3, 2, 2, 2)), {"shape": (4, 3)}),
        ((normal(2, 3, 3), normal(3, 2, 3)), {"shape": (6,), "stride": (2,), "pad": (1,)}),
        ((normal(1, 1, 3, 3), normal(1, 1, 2, 2)), {"shape": (5, 5), "dilate": (2, 2)}),
        ((normal(1, 2, 4, 3), normal(2, 2, 2, 2)), {"shape": (3, 2), "groups": 2, "pad": (1, 1)}),
        ((normal(1, 2, 2, 2, 1), normal(2, 1, 2, 1, 2)), {"shape": (3, 2, 2)}),
        ((normal(0, 3, 3), normal(3, 2, 2)), {"shape": (4,)}),
    ],
    errors=[
        ((normal(2, 3, 3), normal(4, 2, 2)), {"shape": (4,)}),
        ((normal(2, 3, 3), normal(3, 2, 2)), {"shape": (6,)}),
    ],
)
def deconvolution(
    xp: Any,
    x: Any,
    weight: Any,
    *,
    shape: tuple[int, ...],
    stride: Any = None,
    dilate: Any = None,
    pad: Any = None,
    groups: int = 1,
) -> Any:
    """The transpose of `convolution` in its input, whose space is `shape`: a transposed convolution.

    Dumoulin and Visin (2016), "A guide to convolution arithmetic for deep learning", chapter 4.

    Shapes: (n, o, *counts) with a weight (o, c / groups, *kernel) becomes (n, c, *shape).
    Raises: `ShapeError` where shapes do not go together, or `counts` is not the number of windows that `shape` has.

    >>> deconvolution(tnp.asarray([[[1.0, 10.0]]]), tnp.asarray([[[1.0, 2.0]]]), shape=(3,))
    Array([[[ 1., 12., 20.]]], dtype=float32)
    """
    kernel = tuple(weight.shape[2:])
    ndim = len(kernel)
    _check_channels("deconvolution", x, weight, weight.shape[0], groups)
    counts = window_counts("deconvolution", tuple(shape), kernel, stride, dilate, pad)
    _check_windows("deconvolution", x, counts, shape)
    n, o, each = x.shape[0], weight.shape[0], weight.shape[1]
    # One product for each place in the window: they are added up one after the other, each then a plane of its own.
    turned = xp.permute_dims(
        xp.reshape(weight, shape=(groups, o // groups, each, *kernel)), axes=(0, *range(3, 3 + ndim), 1, 2)
    )
    turned = xp.reshape(turned, shape=(groups, math.prod(kernel), o // groups, each))
    planes = xp.matmul(xp.expand_dims(_output_rows(xp, x, groups), axis=1), turned)
    planes = xp.reshape(planes, shape=(groups, *kernel, n, *counts, each))
    axes = (1 + ndim, 0, 2 + 2 * ndim, *range(1, 1 + ndim), *range(2 + ndim, 2 + 2 * ndim))
    columns = xp.reshape(xp.permute_dims(planes, axes=axes), shape=(n, groups * each, *kernel, *counts))
    return xp.overlap_add(
        columns,
        shape=tuple(shape),
        stride=steps(stride, ndim),
        dilate=steps(dilate, ndim),
        pad=pairs(pad, ndim),
    )


def _check_windows(name: str, x: Any, counts: tuple[int, ...], shape: Any) -> None:
    """Raises `ShapeError` where the space of x is not the number of windows."""
    if tuple(x.shape[2:]) != counts:
        raise ShapeError(
            f"{name}: an array of shape {tuple(x.shape)} cannot come of a space of {tuple(shape)}, "
            f"which has {counts} windows"
        )


@multilinear(
    x=lambda xp, g, y, spec_x, stride, dilate, pad, groups: xp.deconvolution(
        y, g, shape=tuple(spec_x.shape[2:]), stride=stride, dilate=dilate, pad=pad, groups=groups
    ),
    y=lambda xp, g, x, stride, dilate, pad, groups: xp.convolution(
        x, g, None, stride=stride, dilate=dilate, pad=pad, groups=groups
    ),
    batch=_in_groups,
    samples=[
        ((normal(1, 2, 4, 3), normal(1, 3, 3, 2)), {"kernel": (2, 2)}),
        ((normal(2, 2, 6), normal(2, 3, 3)), {"kernel": (3,), "stride": (2,), "pad": (1,)}),
        ((normal(1, 1, 5, 5), normal(1, 1, 3, 3)), {"kernel": (2, 2), "dilate": (2, 2)}),
        ((normal(1, 4, 3, 2), normal(1, 2, 4, 3)), {"kernel": (2, 2), "groups": 2, "pad": (1, 1)}),
        ((normal(1, 1, 3, 2, 2), normal(1, 2, 2, 2, 1)), {"kernel": (2, 1, 2)}),
        ((normal(0, 2, 4), normal(0, 3, 3)), {"kernel": (2,)}),
    ],
    errors=[
        ((normal(2, 3, 5), normal(2, 4, 5)), {"kernel": (2,)}),
        ((normal(2, 3, 5), normal(3, 4, 4)), {"kernel": (2,)}),
    ],
)
def convolution_weight(
    xp: Any,
    x: Any,
    y: Any,
    *,
    kernel: tuple[int, ...],
    stride: Any = None,
    dilate: Any = None,
    pad: Any = None,
    groups: int = 1,
) -> Any:
    """The transpose of `convolution` in its weight, of windows `kernel`: x its input, y of the shape of its output.

    Shapes: (n, c, *space) and (n, o, *counts) give (o, c / groups, *kernel).
    Raises: `ShapeError` where shapes, channels and groups do not go together.

    >>> convolution_weight(tnp.asarray([[[1.0, 2.0, 4.0]]]), tnp.ones((1, 1, 2)), kernel=(2,))
    Array([[[3., 6.]]], dtype=float32)
    """
    counts = window_counts("convolution_weight", tuple(x.shape[2:]), kernel, stride, dilate, pad)
    _check_windows("convolution_weight", y, counts, x.shape[2:])
    if x.shape[0] != y.shape[0]:
        raise ShapeError(
            f"convolution_weight: shapes {tuple(x.shape)} and {tuple(y.shape)} differ in the number of samples"
        )
    o, c = y.shape[1], x.shape[1]
    if groups < 1 or o % groups or c % groups:
        raise ShapeError(f"convolution_weight: {c} and {o} channels do not fall into {groups} groups")
    kernel = tuple(kernel)
    rows, g = _rows(xp, x, kernel, counts, stride, dilate, pad, groups), _output_rows(xp, y, groups)
    # The matrix that is contiguous as it is comes first or last, never the transposed one of both.
    if _in_planes(x, kernel, counts):
        out = xp.matrix_transpose(xp.matmul(xp.matrix_transpose(rows), g))
    else:
        out = xp.matmul(xp.matrix_transpose(g), rows)
    return _channels_first(xp, xp.reshape(out, shape=(o, *kernel, c // groups)))


def pool_pad(space: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], pad: Pad, ceil: bool) -> Pad:
    """The padding of a pool; with `ceil` so much more behind that a last window that only partly fits counts."""
    if not ceil:
        return pad
    more = []
    for n, k, s, (before, after) in zip(space, kernel, stride, pad, strict=True):
        room = n + before + after - k
        more.append((before, after + (-room % s if room >= 0 else 0)))
    return tuple(more)


def _pool(x: Any, kernel: tuple[int, ...], stride: Any, pad: Any, ceil: bool) -> tuple[tuple[int, ...], Pad]:
    ndim = len(kernel)
    stride = tuple(kernel) if stride is None else tuple(stride)
    return stride, pool_pad(tuple(x.shape[x.ndim - ndim :]), kernel, stride, pairs(pad, ndim), ceil)


def _windows(x: Any, kernel: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape in which `x` stands beside patches, and the axes of the windows there."""
    ndim = len(kernel)
    front = tuple(x.shape[: x.ndim - ndim])
    axes = tuple(range(len(front), len(front) + ndim))
    return (*front, *(1,) * ndim, *x.shape[x.ndim - ndim :]), axes


@linear(
    x=lambda xp, g, x, kernel, stride, pad, ceil: _spread_pool(xp, g, x, kernel, stride, pad, ceil),
    floats=True,
    batch=in_front,
    accuracy="I3",
    samples=[
        ((normal(2, 6),), {"kernel": (2,)}),
        ((normal(1, 2, 4, 4),), {"kernel": (2, 2)}),
        ((normal(2, 4, 5),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0)}),
        ((normal(5, 5),), {"kernel": (2, 2), "ceil": True}),
        ((normal(1, 3, 2, 3),), {"kernel": (2, 2, 3), "stride": (1, 2, 1)}),
        ((normal(0, 4),), {"kernel": (2,)}),
    ],
    errors=[((normal(2, 3),), {"kernel": (4,)})],
)
def sum_pool(
    xp: Any, x: Any, *, kernel: tuple[int, ...], stride: Any = None, pad: Any = None, ceil: bool = False
) -> Any:
    """The sums over windows of the last axes; `stride` None is the kernel; with `ceil` the last may hang over.

    Shapes: (..., *space) becomes (..., *counts), the numbers of windows.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits.

    >>> sum_pool(tnp.asarray([1.0, 2.0, 3.0, 4.0, 5.0]), kernel=(2,), ceil=True)
    Array([3., 7., 5.], dtype=float32)
    """
    stride, around = _pool(x, kernel, stride, pad, ceil)
    found = xp.patches(x, kernel=kernel, stride=stride, dilate=None, pad=around)
    ndim = len(kernel)
    return xp.sum(found, axis=tuple(range(found.ndim - 2 * ndim, found.ndim - ndim)), keepdims=False)


def _spread_pool(xp: Any, g: Any, x: Any, kernel: tuple[int, ...], stride: Any, pad: Any, ceil: bool) -> Any:
    """The transpose of sum_pool: each cotangent goes to all places of its window."""
    stride, around = _pool(x, kernel, stride, pad, ceil)
    shape, axes = _windows(g, kernel)
    g = xp.broadcast_to(xp.reshape(g, shape=shape), shape=(*shape[: axes[0]], *kernel, *shape[axes[-1] + 1 :]))
    return xp.overlap_add(g, shape=tuple(x.shape[x.ndim - len(kernel) :]), stride=stride, dilate=None, pad=around)


def _pool_weights(
    xp: Any, x: Any, kernel: tuple[int, ...], stride: Any, pad: Any, ceil: bool, count_include_pad: bool, like: Any
) -> Any:
    """One over the number of elements that each window's average is of."""
    ndim = len(kernel)
    stride, around = _pool(x, kernel, stride, pad, ceil)
    given = pairs(pad, ndim)
    if around == given and (count_include_pad or not any(map(any, given))):
        return 1 / math.prod(kernel)
    space = tuple(x.shape[x.ndim - ndim :])
    if count_include_pad:
        space = tuple(n + before + after for n, (before, after) in zip(space, given, strict=True))
        around = tuple((0, wide[1] - pad[1]) for wide, pad in zip(around, given, strict=True))
    ones = xp.filled(like, shape=space, value=1)
    counts = xp.sum_pool(ones, kernel=kernel, stride=stride, pad=around, ceil=False)
    return 1 / _at_least_one(xp, counts)  # a window may lie in the padding alone


@linear(
    x=lambda xp, g, x, kernel, stride, pad, ceil, count_include_pad: _spread_pool(
        xp, g * _pool_weights(xp, x, kernel, stride, pad, ceil, count_include_pad, g), x, kernel, stride, pad, ceil
    ),
    floats=True,
    batch=in_front,
    accuracy="I3",
    samples=[
        ((normal(2, 6),), {"kernel": (2,)}),
        ((normal(1, 2, 4, 4),), {"kernel": (2, 2)}),
        ((normal(2, 4, 5),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0)}),
        ((normal(2, 4, 5),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0), "count_include_pad": False}),
        ((normal(5, 5),), {"kernel": (2, 2), "ceil": True}),
        ((normal(5, 4),), {"kernel": (3, 3), "stride": (2, 2), "pad": (1, 1), "ceil": True}),
        ((normal(4, 4),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 1), "ceil": True}),
        ((normal(0, 4),), {"kernel": (2,)}),
    ],
    errors=[((normal(2, 3),), {"kernel": (4,)})],
)
def avg_pool(
    xp: Any,
    x: Any,
    *,
    kernel: tuple[int, ...],
    stride: Any = None,
    pad: Any = None,
    ceil: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The means over windows of the last axes; whether the given padding counts as elements is to be said.

    The mean of a window without elements is 0.

    Shapes: (..., *space) becomes (..., *counts), the numbers of windows.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits.

    >>> avg_pool(tnp.asarray([2.0, 4.0]), kernel=(2,), pad=(1,), count_include_pad=False)
    Array([2., 4.], dtype=float32)
    """
    weights = _pool_weights(xp, x, kernel, stride, pad, ceil, count_include_pad, x)
    return xp.sum_pool(x, kernel=kernel, stride=stride, pad=pad, ceil=ceil) * weights


def _at_least_one(xp: Any, counts: Any) -> Any:
    """Counts, in any dtype, with 1 for 0."""
    return xp.where(xp.equal(counts, xp.zeros_like(counts)), xp.ones_like(counts), counts)


def _shares(xp: Any, like: Any, x: Any, largest: Any, kernel: tuple[int, ...], stride: Any, around: Pad) -> Any:
    """For each place of each window, the part of the gradient that it takes: even among those that are the largest."""
    shape, axes = _windows(largest, kernel)
    found = xp.patches(_padded(xp, x, around, -math.inf), kernel=kernel, stride=stride, dilate=None, pad=None)
    if tuple(1 if i in axes else n for i, n in enumerate(found.shape)) != shape:
        raise ShapeError(f"the largest of windows of {tuple(x.shape)} do not have the shape {tuple(largest.shape)}")
    hits = xp.astype(xp.equal(found, xp.reshape(largest, shape=shape)), dtype=like.dtype)
    total = xp.sum(hits, axis=axes, keepdims=True)
    return hits / _at_least_one(xp, total)


@op(
    x=lambda xp, g, x, out, kernel, stride, pad, ceil: xp.max_pool_spread(
        g, x, out, kernel=kernel, stride=stride, pad=pad, ceil=ceil
    ),
    jvp=lambda xp, d_x, x, out, kernel, stride, pad, ceil: xp.max_pool_gather(
        d_x, x, out, kernel=kernel, stride=stride, pad=pad, ceil=ceil
    ),
    floats=True,
    real=True,
    batch=in_front,
    accuracy="I3",
    samples=[
        ((distinct(2, 6),), {"kernel": (2,)}),
        ((distinct(1, 2, 4, 4),), {"kernel": (2, 2)}),
        ((distinct(2, 4, 5),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0)}),
        ((distinct(5, 5),), {"kernel": (2, 2), "ceil": True}),
        ((distinct(1, 3, 2, 3),), {"kernel": (2, 2, 3), "stride": (1, 2, 1)}),
        ((distinct(0, 4),), {"kernel": (2,)}),
        ((distinct(1, 1),), {"kernel": (1, 1)}),
    ],
    errors=[((normal(2, 3),), {"kernel": (4,)})],
)
def max_pool(
    xp: Any, x: Any, *, kernel: tuple[int, ...], stride: Any = None, pad: Any = None, ceil: bool = False
) -> Any:
    """The largest elements of windows of the last axes; elements that tie share the gradient evenly.

    Shapes: (..., *space) becomes (..., *counts), the numbers of windows.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x = tnp.asarray([1.0, 3.0, 2.0, 2.0])
    >>> max_pool(x, kernel=(2,))
    Array([3., 2.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(max_pool(x, kernel=(2,))))(x)
    Array([0. , 1. , 0.5, 0.5], dtype=float32)
    """
    stride, around = _pool(x, kernel, stride, pad, ceil)
    found = xp.patches(_padded(xp, x, around, -math.inf), kernel=kernel, stride=stride, dilate=None, pad=None)
    ndim = len(kernel)
    return xp.max(found, axis=tuple(range(found.ndim - 2 * ndim, found.ndim - ndim)), keepdims=False)


def _rounded(*shape: int) -> Draw:
    """Small integers, of which many agree."""
    return normal(*shape).then(lambda x: x.real.round())


_POOLS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 6), (2, 3, 3), {"kernel": (2,)}),
    ((2, 4, 6), (2, 2, 3), {"kernel": (2, 2)}),
    ((2, 5, 5), (2, 3, 4), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0)}),
    ((5, 5), (3, 3), {"kernel": (2, 2), "ceil": True}),
    ((1, 4, 3), (1, 3, 2), {"kernel": (2, 2), "stride": (1, 1)}),
    ((0, 4), (0, 2), {"kernel": (2,)}),
]
"""Shapes of what is pooled and of the windows' results, and how."""


@linear(
    values=lambda xp, g, values, x, largest, kernel, stride, pad, ceil: xp.max_pool_gather(
        g, x, largest, kernel=kernel, stride=stride, pad=pad, ceil=ceil
    ),
    constant=("x", "largest"),
    promotes=(),
    alike=("values", "largest"),
    batch=in_front,
    accuracy="I3",
    samples=[((normal(*counts), _rounded(*space), _rounded(*counts)), keywords) for space, counts, keywords in _POOLS],
)
def max_pool_spread(
    xp: Any,
    values: Any,
    x: Any,
    largest: Any,
    *,
    kernel: tuple[int, ...],
    stride: Any = None,
    pad: Any = None,
    ceil: bool = False,
) -> Any:
    """One value a window, shared among the places of x that equal the largest: the way back through max_pool.

    Shapes: `values` and `largest` (..., *counts), `x` (..., *space), and so is the result.
    Raises: `ShapeError` where not one window fits.

    >>> x = tnp.asarray([1.0, 3.0, 2.0, 2.0])
    >>> max_pool_spread(tnp.asarray([1.0, 1.0]), x, tnp.asarray([3.0, 2.0]), kernel=(2,))
    Array([0. , 1. , 0.5, 0.5], dtype=float32)
    """
    stride, around = _pool(x, kernel, stride, pad, ceil)
    shape, _ = _windows(largest, kernel)
    parts = xp.multiply(xp.reshape(values, shape=shape), _shares(xp, values, x, largest, kernel, stride, around))
    return xp.overlap_add(parts, shape=tuple(x.shape[x.ndim - len(kernel) :]), stride=stride, dilate=None, pad=around)


@linear(
    values=lambda xp, g, values, x, largest, kernel, stride, pad, ceil: xp.max_pool_spread(
        g, x, largest, kernel=kernel, stride=stride, pad=pad, ceil=ceil
    ),
    constant=("x", "largest"),
    promotes=(),
    alike=("values", "x"),
    batch=in_front,
    accuracy="I3",
    samples=[((normal(*space), _rounded(*space), _rounded(*counts)), keywords) for space, counts, keywords in _POOLS],
)
def max_pool_gather(
    xp: Any,
    values: Any,
    x: Any,
    largest: Any,
    *,
    kernel: tuple[int, ...],
    stride: Any = None,
    pad: Any = None,
    ceil: bool = False,
) -> Any:
    """For each window the mean of the values that lie where x equals the window's largest: the tangent of max_pool.

    Shapes: `values` and `x` (..., *space), `largest` (..., *counts), and so is the result.
    Raises: `ShapeError` where not one window fits.

    >>> x = tnp.asarray([1.0, 3.0, 2.0, 2.0])
    >>> max_pool_gather(tnp.asarray([5.0, 6.0, 7.0, 8.0]), x, tnp.asarray([3.0, 2.0]), kernel=(2,))
    Array([6. , 7.5], dtype=float32)
    """
    stride, around = _pool(x, kernel, stride, pad, ceil)
    _, axes = _windows(largest, kernel)
    found = xp.patches(values, kernel=kernel, stride=stride, dilate=None, pad=around)
    shares = _shares(xp, values, x, largest, kernel, stride, around)
    return xp.sum(xp.multiply(found, shares), axis=axes, keepdims=False)


def _lp_pull(xp: Any, g: Any, x: Any, out: Any, p: float, **window: Any) -> Any:
    """x / out to the power p - 1; a window of zeros, where the norm has no gradient, takes 0."""
    flat = xp.equal(out, xp.zeros_like(out))
    ratio = xp.where(flat, xp.zeros_like(g), g / xp.where(flat, xp.ones_like(out), out) ** (p - 1))
    spread = _spread_pool(xp, ratio, x, **window)
    return spread * x if p == 2 else spread * xp.sign(x) * xp.abs(x) ** (p - 1)


@op(
    x=lambda xp, g, x, out, p, kernel, stride, pad, ceil: _lp_pull(
        xp, g, x, out, p, kernel=kernel, stride=stride, pad=pad, ceil=ceil
    ),
    floats=True,
    batch=in_front,
    accuracy="I3",
    samples=[
        ((positive(2, 6),), {"kernel": (2,)}),
        ((normal(1, 2, 4, 4),), {"kernel": (2, 2)}),
        ((uniform(4, 4, low=0.5, high=2),), {"kernel": (3, 2), "stride": (2, 1), "pad": (1, 0), "p": 3}),
        ((normal(5, 5),), {"kernel": (2, 2), "ceil": True}),
        ((normal(4, 4),), {"kernel": (2, 2), "p": 1}),
        ((normal(0, 4),), {"kernel": (2,)}),
    ],
    errors=[((normal(2, 3),), {"kernel": (4,)})],
)
def lp_pool(
    xp: Any,
    x: Any,
    *,
    kernel: tuple[int, ...],
    stride: Any = None,
    pad: Any = None,
    ceil: bool = False,
    p: float = 2,
) -> Any:
    """The p-norms of windows of the last axes; the gradient at a window of zeros is 0.

    Shapes: (..., *space) becomes (..., *counts), the numbers of windows.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits; `ValueError` for a p that is not above
    0.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> lp_pool(tnp.asarray([3.0, 4.0, 0.0, 0.0]), kernel=(2,))
    Array([5., 0.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(lp_pool(x, kernel=(2,))))(tnp.asarray([3.0, 4.0, 0.0, 0.0]))
    Array([0.6, 0.8, 0. , 0. ], dtype=float32)
    """
    if p <= 0:
        raise ArgumentError(f"p is {p!r}, and a norm needs one above 0")
    powers = xp.sum_pool(xp.abs(x) ** p, kernel=kernel, stride=stride, pad=pad, ceil=ceil)
    return powers ** (1 / p)


def _normalize_pull(
    xp: Any, g_out: Any, g_mean: Any, g_var: Any, x: Any, gamma: Any, mean: Any, var: Any, axis: Any, eps: float
) -> Any:
    """Through the normalized values, which do not change along the directions 1 and x, and through the statistics."""
    centred = x - mean
    count = math.prod(x.shape) // max(math.prod(mean.shape), 1)
    total = None
    if g_out is not None:
        inverse = 1 / xp.sqrt(var + eps)
        h = g_out * gamma
        along = xp.mean(h * centred, axis=axis, keepdims=True) * (inverse * inverse)
        total = (h - xp.mean(h, axis=axis, keepdims=True) - centred * along) * inverse
    if g_mean is not None:
        part = xp.broadcast_to(g_mean / count, shape=tuple(x.shape))
        total = part if total is None else total + part
    if g_var is not None:
        part = centred * (g_var * (2 / count))
        total = part if total is None else total + part
    return total


def _scale_pull(xp: Any, g_out: Any, x: Any, gamma: Any, mean: Any, var: Any, eps: float) -> Any:
    if g_out is None:
        return xp.zeros_like(gamma)
    return xp.unbroadcast(g_out * ((x - mean) / xp.sqrt(var + eps)), shape=tuple(gamma.shape))


def _shift_pull(xp: Any, g_out: Any, like: Any, shape: tuple[int, ...]) -> Any:
    return xp.filled(like, shape=shape, value=0) if g_out is None else xp.unbroadcast(g_out, shape=shape)


def _ranks_in_front(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of normalize: scale and shift get as many axes as x, and the axes are counted from the back."""
    rank = args[0].ndim - batched[0]
    aligned = []
    for x in all_batched(size, args, batched):
        inner = tuple(x.shape[1:])
        aligned.append(RECORDED.reshape(x, shape=(size, *(1,) * (rank - len(inner)), *inner)))
    axis = tuple(a - rank if a >= 0 else a for a in keywords["axis"])
    return op.call(*aligned, **{**keywords, "axis": axis})


@op(
    outs=("out", "mean", "var"),
    x=lambda xp, x, gamma, mean, var, axis, eps, g_out=None, g_mean=None, g_var=None: _normalize_pull(
        xp,
        g_out,
        g_mean,
        g_var,
        conjugated(xp, x),
        conjugated(xp, gamma),
        conjugated(xp, mean),
        conjugated(xp, var),
        axis,
        eps,
    ),
    gamma=lambda xp, x, gamma, mean, var, eps, g_out=None: _scale_pull(
        xp, g_out, conjugated(xp, x), conjugated(xp, gamma), conjugated(xp, mean), conjugated(xp, var), eps
    ),
    beta=lambda xp, spec_beta, mean, g_out=None: _shift_pull(xp, g_out, mean, tuple(spec_beta.shape)),
    floats=True,
    batch=_ranks_in_front,
    accuracy="I3",
    samples=[
        ((normal(4, 3), normal(3), normal(3)), {"axis": (-1,), "eps": 1e-2}),
        ((normal(4, 3, 2), normal(3, 1), normal(3, 1)), {"axis": (0, 2)}),
        ((normal(2, 3, 4, 2), normal(3, 1, 1), normal(3, 1, 1)), {"axis": (2, 3), "eps": 1e-3}),
        ((normal(2, 3), normal(2, 3), normal(1, 3)), {"axis": (1,), "eps": 0.1}),
        ((normal(2, 2, 3), normal(), normal()), {"axis": (0, 1, 2)}),
        ((normal(5), normal(5), normal(5)), {"axis": (0,)}),
    ],
    errors=[((normal(4, 1), normal(3), normal(3)), {"axis": (0,)})],
)
def normalize(xp: Any, x: Any, gamma: Any, beta: Any, *, axis: tuple[int, ...], eps: float = 1e-5) -> Any:
    """x with mean 0 and variance 1 over `axis`, times gamma plus beta; and that mean and variance, axes kept.

    `eps` is added to the variance; gamma and beta broadcast against x. The derivative is that of Ioffe and Szegedy
    (2015), "Batch normalization", for all three outputs.

    Shapes: that of `x`; the mean and the variance have length 1 along `axis`.
    Raises: `ShapeError` for a gamma or beta that does not broadcast, `AxisError` for an axis that is not there.

    >>> out, mean, var = normalize(tnp.asarray([1.0, 3.0]), tnp.asarray(1.0), tnp.asarray(0.0), axis=(0,), eps=0.0)
    >>> out, mean, var
    (Array([-1.,  1.], dtype=float32), Array([2.], dtype=float32), Array([1.], dtype=float32))
    """
    shape = tuple(x.shape)
    if np.broadcast_shapes(shape, tuple(gamma.shape), tuple(beta.shape)) != shape:
        raise ShapeError(f"gamma {tuple(gamma.shape)} and beta {tuple(beta.shape)} do not broadcast to {shape}")
    mean = xp.mean(x, axis=axis, keepdims=True)
    centred = x - mean
    var = xp.mean(centred * centred, axis=axis, keepdims=True)
    return centred / xp.sqrt(var + eps) * gamma + beta, mean, var


def _softmax_pull(xp: Any, g: Any, out: Any, axis: Any) -> Any:
    # A part that is 0 is flat, whatever slope the logarithm or the root of it has.
    return xp.multiply_or_zero(g - xp.sum(xp.multiply_or_zero(g, out), axis=axis, keepdims=True), out)


# Where one element takes nearly all, gradients are what is left of nearly equal numbers, on every engine; so samples
# stay within a range where none does, or go far beyond it.
_WEIGHED: list[Any] = [
    (uniform(3, 4, low=-3, high=3),),
    ((uniform(3, 4, low=-3, high=3),), {"axis": 0}),
    ((uniform(2, 3, 4, low=-3, high=3),), {"axis": 1}),
    (normal(1),),
    ((uniform(2, 3, 2, low=-3, high=3),), {"axis": (0, 2)}),
    (exactly([1000.0, 0.0, -1000.0]),),
    (exactly([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]),),
    (normal(0, 3),),
]


@op(
    x=lambda xp, g, out, axis: _softmax_pull(xp, g, out, axis),
    floats=True,
    real=True,
    batch=over_axes,
    accuracy="I3",
    samples=_WEIGHED,
)
def softmax(xp: Any, x: Any, *, axis: Any = -1) -> Any:
    """exp(x) divided by its sum over `axis`, computed so that it cannot overflow.

    Shapes: that of `x`.
    Raises: `AxisError` for an axis that is not there.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> softmax(tnp.asarray([1000.0, 1000.0]))
    Array([0.5, 0.5], dtype=float32)
    >>> tapegrad.grad(lambda x: softmax(x)[0])(tnp.asarray([0.0, 0.0]))
    Array([ 0.25, -0.25], dtype=float32)
    """
    e = xp.exp(x - xp.max(x, axis=axis, keepdims=True))
    return e / xp.sum(e, axis=axis, keepdims=True)


@op(
    x=lambda xp, g, out, axis: g - xp.multiply_or_zero(xp.sum(g, axis=axis, keepdims=True), xp.exp(out)),
    floats=True,
    real=True,
    batch=over_axes,
    accuracy="I3",
    samples=_WEIGHED,
)
def log_softmax(xp: Any, x: Any, *, axis: Any = -1) -> Any:
    """The logarithm of softmax, exact where softmax itself would be too small for a number.

    Shapes: that of `x`.
    Raises: `AxisError` for an axis that is not there.

    >>> log_softmax(tnp.asarray([0.0, -1000.0]))
    Array([    0., -1000.], dtype=float32)
    """
    shifted = x - xp.max(x, axis=axis, keepdims=True)
    zero = xp.zeros_like(shifted)
    largest = xp.equal(shifted, zero)
    # The largest terms are exactly 1 and are counted, so that the rest is not lost beside them.
    rest = xp.sum(xp.where(largest, zero, xp.exp(shifted)), axis=axis, keepdims=True)
    ties = xp.sum(xp.astype(largest, dtype=x.dtype), axis=axis, keepdims=True)
    return shifted - xp.log1p(rest + (ties - 1))


@linear(
    x=lambda xp, g, x, mask, rate: xp.unbroadcast(xp.dropout(g, mask, rate=rate), shape=tuple(x.shape)),
    constant=("mask",),
    promotes=("x",),
    batch=align,
    samples=[
        ((normal(3, 4), booleans(3, 4)), {"rate": 0.5}),
        ((normal(3, 4), booleans(3, 1)), {"rate": 0.25}),
        ((normal(4), booleans(4)), {"rate": 0.0}),
        ((normal(), booleans()), {"rate": 0.1}),
        ((normal(0, 2), booleans(0, 2)), {"rate": 0.1}),
        ((normal(2, 1, 3), booleans(1, 3)), {"rate": 0.9}),
        ((normal(3), booleans(2, 3)), {"rate": 0.5}),
    ],
    errors=[((normal(3), booleans(2)), {"rate": 0.5}), ((normal(3), booleans(3)), {"rate": 1.0})],
)
def dropout(xp: Any, x: Any, mask: Any, *, rate: float) -> Any:
    """x where the mask holds, made larger by 1 / (1 - rate), and zero elsewhere: Srivastava et al. (2014).

    Shapes: `x` and `mask` broadcast.
    Dtypes: that of `x`; the mask of booleans.
    Raises: `ShapeError` where they do not broadcast, `ValueError` for a rate that is not at least 0 and below 1.

    >>> dropout(tnp.asarray([1.0, 2.0]), tnp.asarray([True, False]), rate=0.5)
    Array([2., 0.], dtype=float32)
    """
    if not 0 <= rate < 1:
        raise ArgumentError(f"rate is {rate!r}; choose one from 0 up to 1, without it")
    return x * (xp.astype(mask, dtype=x.dtype) * (1 / (1 - rate)))
