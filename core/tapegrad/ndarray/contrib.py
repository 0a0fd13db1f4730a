"""What MXNet keeps in `nd.contrib`: loops and branches as functions, masks, and a few helpers."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..context import Context, current_context
from ..dtypes import default_float
from ..engines.tables import OPS
from ..engines.tables import RECORDED as ops
from ..errors import ArgumentError, ArgumentTypeError, BoundsError, ShapeError
from ..randomness.defaults import mxnet as stream
from ..transforms.custom import custom
from ..transforms.draws import drawn
from .attention import (
    interleaved_matmul_encdec_qk,
    interleaved_matmul_encdec_valatt,
    interleaved_matmul_selfatt_qk,
    interleaved_matmul_selfatt_valatt,
)
from .checks import dtype_of, int_tuple, need, one_axis, refuse_unread
from .detection import (
    MultiBoxDetection,
    MultiBoxPrior,
    MultiBoxTarget,
    ROIAlign,
    best_apart,
    bipartite_matching,
    box_decode,
    box_encode,
    shared_areas,
    shares,
)
from .ndarray import NDArray, _as_numbers, give, make
from .nn import BatchNorm, batch_normalized
from .random import uniform
from .reducing import round as nearest
from .sequences import CTCLoss, ctc_loss
from .shaping import Embedding, concat, indices_of, squeeze, stack
from .updating import adamw_update, mp_adamw_update

__all__ = [
    "AdaptiveAvgPooling2D",
    "BatchNormWithReLU",
    "BilinearResize2D",
    "CTCLoss",
    "MultiBoxDetection",
    "MultiBoxPrior",
    "MultiBoxTarget",
    "ROIAlign",
    "SparseEmbedding",
    "SyncBatchNorm",
    "adamw_update",
    "allclose",
    "arange_like",
    "bipartite_matching",
    "boolean_mask",
    "box_decode",
    "box_encode",
    "box_iou",
    "box_nms",
    "box_non_maximum_suppression",
    "cond",
    "ctc_loss",
    "current_context",
    "div_sqrt_dim",
    "fft",
    "foreach",
    "gradientmultiplier",
    "ifft",
    "index_array",
    "index_copy",
    "interleaved_matmul_encdec_qk",
    "interleaved_matmul_encdec_valatt",
    "interleaved_matmul_selfatt_qk",
    "interleaved_matmul_selfatt_valatt",
    "isfinite",
    "isinf",
    "isnan",
    "mp_adamw_update",
    "quadratic",
    "rand_zipfian",
    "round_ste",
    "sign_ste",
    "uniform",
    "while_loop",
]


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _pair(found: Any, where: str) -> Any:
    """What a step returned, if it is two things: an array of two rows would be taken apart for them."""
    if not isinstance(found, (list, tuple)) or len(found) != 2:
        raise ArgumentTypeError(f"{where}(): a step returns its outputs and its states, two things, not {found!r:.60}")
    return found


def foreach(body: Callable[..., Any], data: Any, init_states: Any) -> tuple[Any, Any]:
    """Run `body(slice, states) -> (outputs, states)` over the first axis of data: outputs stacked, and the last states.

    `data`, the outputs and the states are arrays or lists of them. Recorded like any loop.

    Shapes: data (steps, …); outputs get the axis of steps in front.

    Dtypes: any; those of what `body` returns.

    Raises: `TypeError` for data that are no NDArrays and a `body` that returns no pair, `ShapeError` for data of
    several numbers of steps and for outputs whose shapes change from step to step.

    >>> from tapegrad import nd
    >>> sums, total = nd.contrib.foreach(lambda x, s: (x + s, x + s), nd.array([1, 2, 3]), nd.zeros(1))
    >>> print(sums.asnumpy().ravel().tolist(), total.asscalar())
    [1.0, 3.0, 6.0] 6.0
    """
    alone = isinstance(data, Array)
    arrays = [need(x, "foreach") for x in _listed(data)]
    states = init_states
    collected: list[list[Any]] = []
    single = True
    lengths = {x.shape[:1] for x in arrays}
    if len(lengths) != 1 or lengths == {()}:
        shapes = ", ".join(str(x.shape) for x in arrays)
        raise ShapeError(
            f"foreach() goes along a first axis that all data have alike, not shapes {shapes or 'of none'}"
        )
    for i in range(arrays[0].shape[0]):
        outputs, states = _pair(body(arrays[0][i] if alone else [x[i] for x in arrays], states), "foreach")
        single = isinstance(outputs, Array)
        collected.append(_listed(outputs))
    stacked = [stack(*column) for column in zip(*collected, strict=True)]
    return (stacked[0] if single and stacked else stacked), states


def while_loop(
    cond: Callable[..., Any], func: Callable[..., Any], loop_vars: Any, max_iterations: int | None = None
) -> tuple[list[NDArray], Any]:
    """Run `func(*loop_vars) -> (outputs, loop_vars)` while `cond(*loop_vars)`, at most `max_iterations` times.

    The outputs of the steps are stacked, with zeros for steps that were not taken.

    Shapes: outputs get an axis of `max_iterations` in front; loop variables have that of the last step.

    Dtypes: any; those of what `func` returns.

    Raises: `ValueError` without `max_iterations`, `TypeError` for a `func` that returns no pair, `ShapeError` for
    outputs whose shapes change from step to step.

    >>> from tapegrad import nd
    >>> def double(x):
    ...     return x, [x * 2]
    >>> powers, (last,) = nd.contrib.while_loop(lambda x: x < 5, double, [nd.ones(1)], max_iterations=4)
    >>> powers[0].asnumpy().ravel().tolist(), last.asscalar().item()
    ([1.0, 2.0, 4.0, 0.0], 8.0)
    """
    if max_iterations is None:
        raise ArgumentError("while_loop() needs max_iterations, which is the length of its outputs")
    alone = isinstance(loop_vars, Array)
    variables = _listed(loop_vars)
    collected: list[list[Any]] = []
    while len(collected) < max_iterations and bool(cond(*variables)):
        outputs, new = _pair(func(*variables), "while_loop")
        collected.append([] if outputs is None else _listed(outputs))
        variables = _listed(new) if new is not None else variables
    stacked = []
    for column in zip(*collected, strict=True):
        found = stack(*column)
        missing = max_iterations - len(column)
        if missing:
            found = concat(found, ops.filled(found, shape=(missing, *found.shape[1:]), value=0), dim=0)
        stacked.append(found)
    return stacked, (variables[0] if alone else variables)


def cond(pred: Any, then_func: Callable[[], Any], else_func: Callable[[], Any]) -> Any:
    """What `then_func()` returns if `pred`, an array of one element, is not zero, else what `else_func()` does.

    Shapes: `pred` has one element.

    Dtypes: any; the result is what the function returns.

    Raises: `TypeError` for a `pred` that is no NDArray, `ValueError` for one of several elements.

    >>> from tapegrad import nd
    >>> print(nd.contrib.cond(nd.ones(1) > 2, lambda: nd.ones(1), lambda: nd.zeros(1)).asscalar())
    0.0
    """
    return then_func() if bool(need(pred, "cond", "pred")) else else_func()


def boolean_mask(data: Any, index: Any, axis: int = 0, out: Any = None, name: Any = None) -> NDArray:
    """The slices of `data` along `axis` for which the mask, an array of one axis, is not zero.

    Shapes: `index` is as long as `axis`, which becomes as long as there are true elements.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have, `IndexError` for a mask
    of another length.

    >>> from tapegrad import nd
    >>> nd.contrib.boolean_mask(nd.array([1, 2, 3]), nd.array([1, 0, 1])).asnumpy().tolist()
    [1.0, 3.0]
    """
    data, index = need(data, "boolean_mask"), need(index, "boolean_mask", "index")
    along = one_axis(axis, data.ndim, "boolean_mask")
    if index.shape != (data.shape[along],):
        raise BoundsError(f"boolean_mask(): a mask of shape {index.shape} for an axis of length {data.shape[along]}")
    places = np.flatnonzero(index.asnumpy())
    return give(out, ops.take(data, make(places, data.context), axis=along))


def index_copy(old_tensor: Any, index_vector: Any, new_tensor: Any, out: Any = None, name: Any = None) -> NDArray:
    """`old_tensor` with its rows at the indices replaced by the rows of `new_tensor`.

    Shapes: (n, …), (k,) and (k, …) give (n, …).

    Dtypes: any; the result has that of `old_tensor`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other rows, `IndexError` for an index that is not
    there.

    >>> from tapegrad import nd
    >>> nd.contrib.index_copy(nd.zeros((3, 1)), nd.array([2]), nd.ones((1, 1))).asnumpy().ravel().tolist()
    [0.0, 0.0, 1.0]
    """
    old = need(old_tensor, "index_copy", "old_tensor")
    rows = indices_of(need(index_vector, "index_copy", "index_vector"))
    new = need(new_tensor, "index_copy", "new_tensor")
    return give(out, ops.setitem(old, new, rows, key=(_at(),)))


def _at() -> Any:
    from ..ops.indexing import AT

    return AT


def index_array(data: Any, axes: Any = None, out: Any = None, name: Any = None) -> NDArray:
    """For each element its place, as int64, along all axes or those in `axes`, as one more axis at the end.

    Shapes: any; of k axes (or `axes`) the result has one axis more, of length k.

    Dtypes: any; the result is int64.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> nd.contrib.index_array(nd.ones((1, 2))).asnumpy().tolist()
    [[[0, 0], [0, 1]]]
    """
    data = need(data, "index_array")
    grid = np.moveaxis(np.indices(data.shape, dtype=np.int64), 0, -1)
    chosen = grid if axes is None else grid[..., [one_axis(a, data.ndim, "index_array") for a in axes]]
    return give(out, make(chosen, data.context))


def arange_like(
    data: Any,
    start: float = 0.0,
    step: float = 1.0,
    repeat: int = 1,
    ctx: Context | None = None,
    axis: int | None = None,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Numbers from `start` in steps, as many as an array has elements and in its shape, or as long as one of its axes.

    Shapes: that of `data`, or with `axis` its length.

    Dtypes: that of `data`.

    Raises: `TypeError` for what is no NDArray, `AxisError` for an axis that it does not have.

    >>> from tapegrad import nd
    >>> nd.contrib.arange_like(nd.zeros((2, 3)), axis=1).asnumpy().tolist()
    [0.0, 1.0, 2.0]
    """
    data = need(data, "arange_like")
    shape = data.shape if axis is None else (data.shape[one_axis(axis, data.ndim, "arange_like")],)
    count = math.prod(shape)
    numbers = np.repeat(start + step * np.arange(-(-count // repeat)), repeat)[:count].reshape(shape)
    return give(out, make(numbers.astype(dtype_of(data)), ctx or data.context))


def div_sqrt_dim(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """The array divided by the square root of the length of its last axis.

    What attention divides its scores by.

    Shapes: any with an axis; the result has that of `data`.

    Dtypes: floats; integers are divided as default floats.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.contrib.div_sqrt_dim(nd.ones((1, 4))).asnumpy().tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """
    data = need(data, "div_sqrt_dim")
    if not data.ndim:
        raise ShapeError("div_sqrt_dim() takes an array with axes, not shape ()")
    return give(out, data / math.sqrt(data.shape[-1]))


def quadratic(data: Any, a: float = 0.0, b: float = 0.0, c: float = 0.0, out: Any = None, name: Any = None) -> NDArray:
    """a · x² + b · x + c.

    Shapes: any; the result has that of `data`.

    Dtypes: that of `data`; fractional coefficients make integers default floats.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> print(nd.contrib.quadratic(nd.array([2]), a=1, b=2, c=3).asscalar())
    11.0
    """
    data = need(data, "quadratic")
    return give(out, ops.square(data) * a + data * b + c)


def _tested(name: str, data: Any) -> NDArray:
    data = need(data, name)
    return _as_numbers(OPS[name].call(data), dtype_of(data), data)


def isnan(data: Any) -> NDArray:
    """One where an element is NaN, else zero.

    Shapes: any; the result has that of `data`.

    Dtypes: any; the result is numbers, not booleans, of that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.contrib.isnan(nd.array([float("nan"), 1])).asnumpy().tolist()
    [1.0, 0.0]
    """
    return _tested("isnan", data)


def isinf(data: Any) -> NDArray:
    """One where an element is infinite, else zero.

    Shapes: any; the result has that of `data`.

    Dtypes: any; the result is numbers, not booleans, of that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.contrib.isinf(nd.array([float("inf"), 1])).asnumpy().tolist()
    [1.0, 0.0]
    """
    return _tested("isinf", data)


def isfinite(data: Any) -> NDArray:
    """One where an element is neither infinite nor NaN, else zero.

    Shapes: any; the result has that of `data`.

    Dtypes: any; the result is numbers, not booleans, of that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.contrib.isfinite(nd.array([float("inf"), 1])).asnumpy().tolist()
    [0.0, 1.0]
    """
    return _tested("isfinite", data)


def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = True, out: Any = None, name: Any = None
) -> NDArray:
    """One if all elements agree to |a − b| ≤ atol + rtol · |b|, else zero; of shape (1,).

    Shapes: any two that broadcast; the result is (1,).

    Dtypes: any; the result is float32.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not broadcast.

    >>> from tapegrad import nd
    >>> a, b = nd.array([1, 2]), nd.array([1, 2.1])
    >>> print(nd.contrib.allclose(a, b).asscalar(), nd.contrib.allclose(a, b, atol=0.2).asscalar())
    0.0 1.0
    """
    a, b = need(a, "allclose", "a"), need(b, "allclose", "b")
    try:
        close = np.allclose(a.asnumpy(), b.asnumpy(), rtol, atol, equal_nan)
    except ValueError:
        raise ShapeError(f"allclose(): shapes {a.shape} and {b.shape} do not broadcast") from None
    return give(out, make(np.full(1, close, np.float32), a.context))


def rand_zipfian(
    true_classes: Any, num_sampled: int, range_max: int, ctx: Context | None = None
) -> tuple[NDArray, NDArray, NDArray]:
    """Classes drawn with probability log((c + 2) / (c + 1)) / log(range_max + 1), which falls as words' frequencies do.

    Returns the drawn classes (int64), how often each of `true_classes` is expected among them, and how often each
    drawn one is.

    Shapes: (num_sampled,) classes; expectations have the shapes of `true_classes` and of the classes.

    Dtypes: classes are int64, expectations float32.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> classes, expected, _ = nd.contrib.rand_zipfian(nd.array([3]), 4, 5)
    >>> classes.shape, round(expected.asscalar().item(), 4)
    ((4,), 0.4982)
    """
    true = need(true_classes, "rand_zipfian", "true_classes")
    span = math.log(range_max + 1)

    def draw() -> np.ndarray[Any, Any]:
        levels = stream.uniform(0.0, span, shape=(num_sampled,), dtype="float64")
        return (np.exp(levels).astype(np.int64) - 1) % range_max

    def expected(classes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        wide = classes.astype(np.float64)
        return np.asarray(np.log((wide + 2.0) / (wide + 1.0)) / span * num_sampled, dtype=np.float32)

    classes = drawn(draw, partial(make, ctx=ctx))
    rates = (make(expected(which.asnumpy()), ctx) for which in (true, classes))
    return classes, *rates  # type: ignore[return-value]


def AdaptiveAvgPooling2D(data: Any, output_size: Any = None, out: Any = None, name: Any = None) -> NDArray:
    """Images (n, c, h, w) averaged down to `output_size`, (1, 1) unless given, by windows as equal as they can be.

    Shapes: (n, channels, height, width) gives (n, channels, *output_size).

    Dtypes: floats; integers are averaged as default floats.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other numbers of axes, `ValueError` of lengths.

    >>> from tapegrad import nd
    >>> x = nd.array([[[[1, 2, 3]]]])
    >>> nd.contrib.AdaptiveAvgPooling2D(x, output_size=(1, 2)).asnumpy().ravel().tolist()
    [1.5, 2.5]
    """
    data = need(data, "AdaptiveAvgPooling2D")
    rows, columns = (1, 1) if output_size is None else int_tuple(output_size, 2, "AdaptiveAvgPooling2D", "output_size")
    if data.ndim != 4:
        raise ShapeError(f"AdaptiveAvgPooling2D() takes images (n, channels, height, width), not shape {data.shape}")
    height, width = data.shape[2:]

    def averaging(count: int, length: int) -> NDArray:
        weights = np.zeros((length, count), default_float(dtype_of(data)))
        for i in range(count):
            low, high = i * length // count, -(-(i + 1) * length // count)
            weights[low:high, i] = 1 / (high - low)
        return make(weights, data.context)

    tall = ops.matmul(data, averaging(columns, width))
    wide = ops.matmul(ops.matrix_transpose(tall), averaging(rows, height))
    return give(out, ops.matrix_transpose(wide))


_TO_PARITY = {"to_even_down": (0, -1), "to_even_up": (0, 1), "to_odd_down": (1, -1), "to_odd_up": (1, 1)}
"""What is left of a length divided by 2 after each of these modes, and the step to there."""


def BilinearResize2D(
    data: Any,
    like: Any = None,
    height: int | None = None,
    width: int | None = None,
    scale_height: float | None = None,
    scale_width: float | None = None,
    mode: str = "size",
    align_corners: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Images of another size, by bilinear interpolation between pixels.

    `mode` says which size. "size": `height` and `width`, or the old one times `scale_height` and `scale_width`, rounded
    down. "odd_scale": the old one times these, where an odd length keeps its last pixel, (length − 1) · scale + 1.
    "like": that of the images `like`. "to_even_down", "to_even_up", "to_odd_down", "to_odd_up": the next length that is
    even, or odd, and not more than a pixel away. `align_corners` puts the first and last pixels upon each other, else
    pixels are areas whose edges are. The gradient goes to `data`.

    Shapes: (n, channels, h, w) gives (n, channels, height, width).

    Dtypes: floats; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other numbers of axes, `ValueError` for another `mode`
    and for no size.

    >>> from tapegrad import nd
    >>> nd.contrib.BilinearResize2D(nd.array([[[[0, 2]]]]), height=1, width=3).asnumpy().ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    where = "BilinearResize2D"
    data = need(data, where)
    if data.ndim != 4:
        raise ShapeError(f"{where}() takes images (n, channels, height, width), not shape {data.shape}")
    given: tuple[Any, ...] = (height, width)
    if mode == "like":
        given = need(like, where, "like").shape[2:]
    else:
        refuse_unread(like, where, "like", "say mode='like'")
    if mode not in ("size", "like", "odd_scale", *_TO_PARITY):
        raise ArgumentError(
            f"{where}(): mode is {mode!r}; choose 'size', 'like', 'odd_scale' or one of {sorted(_TO_PARITY)}"
        )
    sizes = []
    for length, wanted, scale in zip(data.shape[2:], given, (scale_height, scale_width), strict=True):
        if mode in _TO_PARITY:
            parity, step = _TO_PARITY[mode]
            sizes.append(length if length % 2 == parity else length + step)
            continue
        if mode == "like":
            scale = None
        if scale is not None and mode == "odd_scale":
            sizes.append(int((length - length % 2) * scale) + length % 2)
            continue
        if scale is None and not (wanted and mode != "odd_scale"):
            raise ArgumentError(f"{where}() needs height and width, or scale_height and scale_width")
        sizes.append(int(wanted) if scale is None else int(length * scale))

    def reading(count: int, length: int) -> NDArray:
        places = np.arange(count)
        if align_corners:
            at = places * ((length - 1) / (count - 1) if count > 1 else 0.0)
        else:
            at = np.maximum((places + 0.5) * (length / count) - 0.5, 0)
        low = np.minimum(at.astype(np.int64), length - 1)
        weights = np.zeros((count, length))
        np.add.at(weights, (places, low), 1 - (at - low))
        np.add.at(weights, (places, np.minimum(low + 1, length - 1)), at - low)
        return make(weights.astype(dtype_of(data)), data.context)

    tall = ops.matmul(reading(sizes[0], data.shape[2]), data)
    return give(out, ops.matmul(tall, ops.matrix_transpose(reading(sizes[1], data.shape[3]))))


def fft(data: Any, compute_size: int = 128, out: Any = None, name: Any = None) -> NDArray:
    """The Fourier transform along the last axis, real and imaginary parts in turn. `compute_size` has no effect.

    Shapes: (…, n) gives (…, 2n).

    Dtypes: float32 and float64; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import nd
    >>> nd.contrib.fft(nd.array([1, 2])).asnumpy().tolist()
    [3.0, 0.0, -1.0, 0.0]
    """
    data = need(data, "fft")
    found = ops.fft(data)
    parts = ops.stack(ops.real(found), ops.imag(found), axis=data.ndim)
    return give(out, ops.reshape(parts, shape=(*data.shape[:-1], 2 * data.shape[-1])))


def ifft(data: Any, compute_size: int = 128, out: Any = None, name: Any = None) -> NDArray:
    """The real part of the inverse Fourier transform of what `fft` gives, times n, as MXNet has it.

    Shapes: (…, 2n), real and imaginary parts in turn, gives (…, n).

    Dtypes: float32 and float64; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for an odd number of parts.

    >>> from tapegrad import nd
    >>> (nd.contrib.ifft(nd.contrib.fft(nd.array([1, 2]))) / 2).asnumpy().tolist()
    [1.0, 2.0]
    """
    data = need(data, "ifft")
    if not data.ndim or data.shape[-1] % 2:
        raise ShapeError(f"ifft() takes real and imaginary parts in turn along the last axis, not shape {data.shape}")
    count = data.shape[-1] // 2
    real, imaginary = ops.unstack(ops.reshape(data, shape=(*data.shape[:-1], count, 2)), axis=data.ndim)
    # Of conjugates the forward transform is the conjugate of the inverse one, times n.
    both = ops.fft(real), ops.fft(-imaginary)
    return give(out, ops.real(both[0]) - ops.imag(both[1]))


@custom
def _multiplied(data: Any, scalar: float) -> Any:
    return data.copy()


@custom
def _rounded(data: Any) -> Any:
    return nearest(data)


@custom
def _signed(data: Any) -> Any:
    return ops.sign(data)


_multiplied.defvjp(data=lambda g, scalar: g * scalar)
_rounded.defvjp(data=lambda g: g)
_signed.defvjp(data=lambda g: g)


def gradientmultiplier(
    data: Any, scalar: float = 1.0, is_int: bool = True, out: Any = None, name: Any = None
) -> NDArray:
    """The same values; the gradient is multiplied by `scalar`, by −1 for a gradient reversal.

    `is_int` has no meaning here.

    Shapes: any; the result has that of `data`.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import autograd, nd
    >>> x = nd.ones(1)
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.contrib.gradientmultiplier(x * 2, scalar=-1)
    >>> y.backward()
    >>> print(y.asscalar(), x.grad.asscalar())
    2.0 -2.0
    """
    return give(out, _multiplied(need(data, "gradientmultiplier"), scalar))


def round_ste(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """`nd.round`, through which gradients pass as if it were not there.

    Shapes: any; the result has that of `data`.

    Dtypes: floats; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([1.7])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.contrib.round_ste(x)
    >>> y.backward()
    >>> print(y.asscalar(), x.grad.asscalar())
    2.0 1.0
    """
    return give(out, _rounded(need(data, "round_ste")))


def sign_ste(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """`nd.sign`, through which gradients pass as if it were not there.

    Shapes: any; the result has that of `data`.

    Dtypes: floats; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([-1.7])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.contrib.sign_ste(x)
    >>> y.backward()
    >>> print(y.asscalar(), x.grad.asscalar())
    -1.0 1.0
    """
    return give(out, _signed(need(data, "sign_ste")))


def box_nms(
    data: Any,
    overlap_thresh: float = 0.5,
    valid_thresh: float = 0.0,
    topk: int = -1,
    coord_start: int = 2,
    score_index: int = 1,
    id_index: int = -1,
    background_id: int = -1,
    force_suppress: bool = False,
    in_format: str = "corner",
    out_format: str = "corner",
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Boxes by falling score, without those that overlap a better one of their class by more than `overlap_thresh`.

    `data` is (…, boxes, numbers): the score at `score_index`, the class at `id_index` if any, four coordinates from
    `coord_start` on. What is left out is filled with −1, at the end. Boxes of scores up to `valid_thresh` and of the
    class `background_id` are left out at once, and all but the `topk` best. The gradient goes to the boxes that stay.

    Shapes: (…, boxes, numbers); the result has that of `data`.

    Dtypes: floats; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another format.

    >>> from tapegrad import nd
    >>> boxes = nd.array([[0, 0.5, 0, 0, 2, 2], [0, 0.9, 0, 0, 2, 2.1]])
    >>> nd.contrib.box_nms(boxes).asnumpy()[:, 1].tolist()
    [0.8999999761581421, -1.0]
    """
    for which, chosen in (("in_format", in_format), ("out_format", out_format)):
        if chosen not in ("corner", "center"):
            raise ArgumentError(f"box_nms(): {which} is {chosen!r}; choose 'corner' or 'center'")
    data = need(data, "box_nms")
    if data.ndim < 2:
        raise ShapeError(f"box_nms() takes boxes (…, boxes, numbers), not shape {data.shape}")
    host = data.asnumpy()
    rows = host.reshape(math.prod(host.shape[:-2]), *host.shape[-2:])
    places, kept = np.zeros(rows.shape[:2], np.int64), np.zeros(rows.shape[:2], bool)
    box = slice(coord_start, coord_start + 4)
    for row, order, stays in zip(rows, places, kept, strict=True):
        best = np.argsort(-row[:, score_index], kind="stable")
        counts = row[best, score_index] > valid_thresh
        if id_index >= 0:
            counts &= row[best, id_index] != background_id
        best = best[counts][: topk if topk > 0 else None]
        classes = None if force_suppress or id_index < 0 else row[best, id_index]
        drops = _overlapping(_corner_form(row[best, box], in_format), overlap_thresh)
        best = best[best_apart(classes, drops, len(best))]
        order[: len(best)] = best
        stays[: len(best)] = True
    index, staying = (make(x[..., None].repeat(host.shape[-1], axis=-1), data.context) for x in (places, kept))
    found = ops.take_along_axis(ops.reshape(data, shape=rows.shape), index, axis=1)
    if in_format != out_format:
        sizes = (coord_start, 4, host.shape[-1] - coord_start - 4)
        before, boxes, behind = ops.split(found, sizes=sizes, axis=2)
        found = ops.concat(before, _in_form(boxes, out_format), behind, axis=2)
    found = ops.where(staying, found, ops.filled(found, shape=found.shape, value=-1))
    return give(out, ops.reshape(found, shape=host.shape))


box_non_maximum_suppression = box_nms


def _corner_form(boxes: np.ndarray[Any, Any], form: str) -> np.ndarray[Any, Any]:
    if form == "corner":
        return boxes
    half = boxes[:, 2:] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _in_form(boxes: Any, form: str) -> Any:
    """Boxes along the last axis from the other form into this one."""
    first, second = ops.split(boxes, sizes=(2, 2), axis=boxes.ndim - 1)
    if form == "corner":
        pair = first - second / 2, first + second / 2
    else:
        pair = (first + second) / 2, second - first
    return ops.concat(*pair, axis=boxes.ndim - 1)


def _overlapping(corners: np.ndarray[Any, Any], threshold: float) -> Callable[[Any, Any], Any]:
    """Which pairs of boxes share more than `threshold` of what they cover; a box turned inside out covers nothing."""
    areas = np.maximum(corners[:, 2:] - corners[:, :2], 0).prod(axis=-1).astype(np.float64)

    def drops(i: np.ndarray[Any, Any], j: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        shared = shared_areas(corners[i], corners[j]).astype(np.float64)
        covered = areas[i, None] + areas[j] - shared
        return np.asarray(shares(shared, covered) > threshold)

    return drops


SparseEmbedding = Embedding


def SyncBatchNorm(
    data: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_var: Any,
    ndev: int = 1,
    key: str = "",
    output_mean_var: bool = False,
    out: Any = None,
    name: Any = None,
    **options: Any,
) -> Any:
    """`nd.BatchNorm`; one array holds the whole batch here, so there is nothing to bring together across devices.

    `ndev` and `key` have no meaning here; further options are those of `nd.BatchNorm`. `output_mean_var` adds the mean
    and, other than there, the variance itself.

    Shapes: as `nd.BatchNorm`.

    Dtypes: as `nd.BatchNorm`.

    Raises: as `nd.BatchNorm`.

    >>> from tapegrad import nd
    >>> nd.contrib.SyncBatchNorm(nd.ones((2, 3)), nd.ones(3), nd.zeros(3), nd.ones(3), nd.ones(3)).shape
    (2, 3)
    """
    found, mean, var = batch_normalized(data, gamma, beta, moving_mean, moving_var, **options)
    found = give(out, found)
    return [found, mean, var] if output_mean_var else found


def BatchNormWithReLU(
    data: Any,
    gamma: Any,
    beta: Any,
    moving_mean: Any,
    moving_var: Any,
    out: Any = None,
    name: Any = None,
    **options: Any,
) -> Any:
    """`nd.BatchNorm`, then relu.

    Further options are those of `nd.BatchNorm`.

    Shapes: as `nd.BatchNorm`.

    Dtypes: as `nd.BatchNorm`.

    Raises: as `nd.BatchNorm`.

    >>> from tapegrad import nd
    >>> x = nd.array([[-1, 2]])
    >>> y = nd.contrib.BatchNormWithReLU(x, nd.ones(2), nd.zeros(2), nd.zeros(2), nd.ones(2), eps=0)
    >>> y.asnumpy().tolist()
    [[0.0, 2.0]]
    """
    found = BatchNorm(data, gamma, beta, moving_mean, moving_var, **options)
    if isinstance(found, list):
        return [give(out, ops.relu(found[0])), *found[1:]]
    return give(out, ops.relu(found))


def box_iou(lhs: Any, rhs: Any, format: str = "corner", out: Any = None, name: Any = None) -> NDArray:
    """For each pair of boxes the area they share, divided by the area they cover: (…, 4) and (…, 4) give (…, …).

    `format`: "corner" (left, top, right, bottom) or "center" (x, y, width, height).

    Shapes: (…, 4) and (…, 4) give the first leading axes, then the second.

    Dtypes: floats; that of both together.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `format`, `ShapeError` for boxes without four
    numbers.

    >>> from tapegrad import nd
    >>> nd.contrib.box_iou(nd.array([[0, 0, 2, 2]]), nd.array([[0, 0, 4, 2]])).asnumpy().tolist()
    [[0.5]]
    """
    if format not in ("corner", "center"):
        raise ArgumentError(f"box_iou(): format is {format!r}; choose 'corner' or 'center'")
    lhs, rhs = need(lhs, "box_iou", "lhs"), need(rhs, "box_iou", "rhs")
    left, right = _corners(lhs, format), _corners(rhs, format)
    left = [ops.reshape(x, shape=(x.size, 1)) for x in left]
    right = [ops.reshape(x, shape=(1, x.size)) for x in right]
    wide = ops.clip(ops.minimum(left[2], right[2]) - ops.maximum(left[0], right[0]), 0, None)
    high = ops.clip(ops.minimum(left[3], right[3]) - ops.maximum(left[1], right[1]), 0, None)
    shared = wide * high
    areas = [ops.clip(x[2] - x[0], 0, None) * ops.clip(x[3] - x[1], 0, None) for x in (left, right)]
    covered = areas[0] + areas[1] - shared
    safe = ops.where(ops.greater(covered, 0), covered, ops.ones_like(covered))
    return give(out, ops.reshape(shared / safe, shape=(*lhs.shape[:-1], *rhs.shape[:-1])))


def _corners(boxes: Any, format: str) -> list[Any]:
    a, b, c, d = (squeeze(x, axis=-1) for x in ops.split(boxes, sizes=(1, 1, 1, 1), axis=boxes.ndim - 1))
    return [a, b, c, d] if format == "corner" else [a - c / 2, b - d / 2, a + c / 2, b + d / 2]


_OTHERS = {
    **dict.fromkeys(
        (
            "DeformableConvolution",
            "ModulatedDeformableConvolution",
            "DeformablePSROIPooling",
            "PSROIPooling",
            "RROIAlign",
        ),
        "of the layers over regions and offsets, ROIAlign and nd.ROIPooling are here",
    ),
    **dict.fromkeys(
        ("Proposal", "MultiProposal"), "compose it of MultiBoxPrior, box_decode and box_nms, which are here"
    ),
    **dict.fromkeys(
        ("group_adagrad_update", "multi_adamw_update", "multi_lamb_update", "multi_mp_adamw_update"),
        "of the updates, adamw_update and those of nd are here",
    ),
    **dict.fromkeys(("edge_id", "getnnz"), "arrays are dense here"),
    **dict.fromkeys(("count_sketch", "hawkesll"), "compose it of the functions of nd, or write an autograd.Function"),
}
"""What MXNet has in `nd.contrib` besides, and what to use instead."""


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        why = _OTHERS.get(name)
        if why is None and (
            name.startswith(("quantize", "requantize", "dequantize", "calibrate_")) and "__" not in name
        ):
            why = "arrays are not quantized here; convert them with astype"
        if why is None and name.startswith("dgl_"):
            why = "graphs are not stored here, and arrays are dense"
        raise AttributeError(f"nd.contrib has no {name!r}" + (f": {why}" if why else ""))
