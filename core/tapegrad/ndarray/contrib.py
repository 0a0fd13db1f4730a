"""What MXNet keeps in `nd.contrib`: loops and branches as functions, masks, and a few helpers."""

from __future__ import annotations

import math
from collections.abc import Callable
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..arrays.foreign import missing
from ..context import Context
from ..context import current_context as current_context
from ..dtypes import default_float
from ..errors import ArgumentError, ArgumentTypeError, BoundsError, ShapeError
from ..ops.indexing import AT
from ..randomness.defaults import mxnet as stream
from ..transforms.custom import custom
from ..transforms.draws import drawn
from .attention import interleaved_matmul_encdec_qk as interleaved_matmul_encdec_qk
from .attention import interleaved_matmul_encdec_valatt as interleaved_matmul_encdec_valatt
from .attention import interleaved_matmul_selfatt_qk as interleaved_matmul_selfatt_qk
from .attention import interleaved_matmul_selfatt_valatt as interleaved_matmul_selfatt_valatt
from .checks import dtype_of, int_tuple, need, one_axis, ops, refuse_unread
from .detection import MultiBoxDetection as MultiBoxDetection
from .detection import MultiBoxPrior as MultiBoxPrior
from .detection import MultiBoxTarget as MultiBoxTarget
from .detection import ROIAlign as ROIAlign
from .detection import best_apart, shared_areas, shares
from .detection import bipartite_matching as bipartite_matching
from .detection import box_decode as box_decode
from .detection import box_encode as box_encode
from .function import fields_of, nd_function, public
from .ndarray import NDArray, _as_numbers, give, make, maker
from .nn import BatchNorm as _BatchNorm
from .nn import batch_normalized
from .random import uniform as uniform
from .reductions import round as _nearest
from .sequences import CTCLoss as CTCLoss
from .sequences import ctc_loss as ctc_loss
from .shape import Embedding as _Embedding
from .shape import concat as _concat
from .shape import indices_of
from .shape import squeeze as _squeeze
from .shape import stack as _stack
from .updating import adamw_update as adamw_update
from .updating import mp_adamw_update as mp_adamw_update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..typing import ArrayLike, ShapeLike


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, (list, tuple)) else [values]


def _pair(returned: Any, where: str) -> Any:
    """What a step returned, if it is two things: an array of two rows would be taken apart for them."""
    if not isinstance(returned, (list, tuple)) or len(returned) != 2:
        raise ArgumentTypeError(
            f"{where}(): a step returns its outputs and its states, two things, not {returned!r:.60}"
        )
    return returned


@nd_function(out=False)
def foreach(body: Callable[..., Any], data: ArrayLike, init_states: Any) -> tuple[Any, Any]:
    """Run `body(slice, states) -> (outputs, states)` over the first axis of data: outputs stacked, and the last states.

    `data`, the outputs and the states are arrays or lists of them. Recorded like any loop.

    Shapes: data (steps, …); outputs get the axis of steps in front.
    Dtypes: any; those of what `body` returns.
    Raises: `TypeError` for data that are not NDArrays, and a `body` that does not return a pair, `ShapeError` for data
    of several numbers of steps and for outputs whose shapes change from step to step.

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
    stacked = [_stack(*column) for column in zip(*collected, strict=True)]
    return (stacked[0] if single and stacked else stacked), states


@nd_function(out=False)
def while_loop(
    cond: Callable[..., Any], func: Callable[..., Any], loop_vars: Any, max_iterations: int | None = None
) -> tuple[list[NDArray], Any]:
    """Run `func(*loop_vars) -> (outputs, loop_vars)` while `cond(*loop_vars)`, at most `max_iterations` times.

    The outputs of the steps are stacked, with zeros for steps that were not taken.

    Shapes: outputs get an axis of `max_iterations` in front; loop variables have that of the last step.
    Dtypes: any; those of what `func` returns.
    Raises: `ValueError` without `max_iterations`, `TypeError` for a `func` that does not return a pair, `ShapeError`
    for outputs whose shapes change from step to step.

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
        steps = _stack(*column)
        missing = max_iterations - len(column)
        if missing:
            steps = _concat(steps, ops.filled(steps, shape=(missing, *steps.shape[1:]), value=0), dim=0)
        stacked.append(steps)
    return stacked, (variables[0] if alone else variables)


@nd_function(out=False)
def cond(pred: NDArray, then_func: Callable[[], Any], else_func: Callable[[], Any]) -> Any:
    """What `then_func()` returns if `pred`, an array of one element, is not zero, else what `else_func()` does.

    Shapes: `pred` has one element.
    Dtypes: any; the result is what the function returns.
    Raises: `ValueError` for a `pred` of several elements.

    >>> print(nd.contrib.cond(nd.ones(1) > 2, lambda: nd.ones(1), lambda: nd.zeros(1)).asscalar())
    0.0
    """
    return then_func() if bool(pred) else else_func()


@nd_function
def boolean_mask(data: NDArray, index: NDArray, axis: int = 0) -> NDArray:
    """The slices of `data` along `axis` for which the mask, an array of one axis, is not zero.

    Shapes: `index` is as long as `axis`, which becomes as long as there are true elements.
    Raises: `AxisError` for an axis that does not exist, `IndexError` for a mask of a different length.

    >>> nd.contrib.boolean_mask(nd.array([1, 2, 3]), nd.array([1, 0, 1])).asnumpy().tolist()
    [1.0, 3.0]
    """
    along = one_axis(axis, data.ndim, "boolean_mask")
    if index.shape != (data.shape[along],):
        raise BoundsError(f"boolean_mask(): a mask of shape {index.shape} for an axis of length {data.shape[along]}")
    places = np.flatnonzero(index.asnumpy())
    return ops.take(data, make(places, data.context), axis=along)


@nd_function
def index_copy(old_tensor: NDArray, index_vector: NDArray, new_tensor: NDArray) -> NDArray:
    """`old_tensor` with its rows at the indices replaced by the rows of `new_tensor`.

    Shapes: (n, …), (k,) and (k, …) give (n, …).
    Raises: `ShapeError` for rows that do not fit, `IndexError` for an index out of bounds.

    >>> nd.contrib.index_copy(nd.zeros((3, 1)), nd.array([2]), nd.ones((1, 1))).asnumpy().ravel().tolist()
    [0.0, 0.0, 1.0]
    """
    return ops.setitem(old_tensor, new_tensor, indices_of(index_vector), key=(AT,))


@nd_function
def index_array(data: NDArray, axes: Sequence[int] | None = None) -> NDArray:
    """For each element its place, as int64, along all axes or those in `axes`, as one more axis at the end.

    Shapes: any; of k axes (or `axes`) the result has one axis more, of length k.
    Dtypes: any; the result is int64.
    Raises: `AxisError` for an axis that does not exist.

    >>> nd.contrib.index_array(nd.ones((1, 2))).asnumpy().tolist()
    [[[0, 0], [0, 1]]]
    """
    grid = np.moveaxis(np.indices(data.shape, dtype=np.int64), 0, -1)
    chosen = grid if axes is None else grid[..., [one_axis(a, data.ndim, "index_array") for a in axes]]
    return make(chosen, data.context)


@nd_function
def arange_like(
    data: NDArray,
    start: float = 0.0,
    step: float = 1.0,
    repeat: int = 1,
    ctx: Context | None = None,
    axis: int | None = None,
) -> NDArray:
    """Numbers from `start` in steps, as many as an array has elements and in its shape, or as long as one of its axes.

    Shapes: that of `data`, or with `axis` its length.
    Dtypes: that of `data`.
    Raises: `AxisError` for an axis that does not exist.

    >>> nd.contrib.arange_like(nd.zeros((2, 3)), axis=1).asnumpy().tolist()
    [0.0, 1.0, 2.0]
    """
    shape = data.shape if axis is None else (data.shape[one_axis(axis, data.ndim, "arange_like")],)
    count = math.prod(shape)
    numbers = np.repeat(start + step * np.arange(-(-count // repeat)), repeat)[:count].reshape(shape)
    return make(numbers.astype(dtype_of(data)), ctx or data.context)


@nd_function
def div_sqrt_dim(data: NDArray) -> NDArray:
    """The array divided by the square root of the length of its last axis.

    What attention divides its scores by.

    Shapes: any with an axis; the result has that of `data`.
    Dtypes: floats; integers are divided as default floats.

    >>> nd.contrib.div_sqrt_dim(nd.ones((1, 4))).asnumpy().tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """
    if not data.ndim:
        raise ShapeError("div_sqrt_dim() takes an array with axes, not shape ()")
    return data / math.sqrt(data.shape[-1])


@nd_function
def quadratic(data: NDArray, a: float = 0.0, b: float = 0.0, c: float = 0.0) -> NDArray:
    """a · x² + b · x + c.

    Dtypes: that of `data`; fractional coefficients make integers default floats.

    >>> print(nd.contrib.quadratic(nd.array([2]), a=1, b=2, c=3).asscalar())
    11.0
    """
    return ops.square(data) * a + data * b + c


def _test(name: str, what: str, example: str) -> Callable[..., NDArray]:
    """The test of elements that the op of that name is."""
    op: Callable[..., NDArray] = getattr(ops, name)

    def body(data: NDArray) -> NDArray:
        return _as_numbers(op(data), dtype_of(data), data)

    doc = f"""One where an element is {what}, else zero.

    Dtypes: any; the result is numbers, not booleans, of the dtype of `data`.

    >>> nd.contrib.{name}(nd.array([float("nan"), float("inf"), 1])).asnumpy().tolist()
    {example}
    """
    return public(body, name, fields_of(body), cleandoc(doc), __name__, out=False)


isnan = _test("isnan", "NaN", "[1.0, 0.0, 0.0]")
isinf = _test("isinf", "infinite", "[0.0, 1.0, 0.0]")
isfinite = _test("isfinite", "neither infinite nor NaN", "[0.0, 0.0, 1.0]")


@nd_function
def allclose(a: NDArray, b: NDArray, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = True) -> NDArray:
    """One if all elements agree to |a − b| ≤ atol + rtol · |b|, else zero.

    Shapes: any two that broadcast; the result is ().
    Dtypes: any; the result is uint8.
    Raises: `ShapeError` for shapes that do not broadcast.

    >>> a, b = nd.array([1, 2]), nd.array([1, 2.1])
    >>> print(nd.contrib.allclose(a, b).asscalar(), nd.contrib.allclose(a, b, atol=0.2).asscalar())
    0 1
    """
    try:
        close = np.allclose(a.asnumpy(), b.asnumpy(), rtol, atol, equal_nan)
    except ValueError:
        raise ShapeError(f"allclose(): shapes {a.shape} and {b.shape} do not broadcast") from None
    return make(np.asarray(close, np.uint8), a.context)


@nd_function(out=False)
def rand_zipfian(
    true_classes: NDArray, num_sampled: int, range_max: int, ctx: Context | None = None
) -> tuple[NDArray, NDArray, NDArray]:
    """Classes drawn with probability log((c + 2) / (c + 1)) / log(range_max + 1), which falls as words' frequencies do.

    Returns the drawn classes (int64), how often each of `true_classes` is expected among them, and how often each
    drawn one is.

    Shapes: (num_sampled,) classes; expectations have the shapes of `true_classes` and of the classes.
    Dtypes: classes are int64, expectations float64.

    >>> classes, expected, _ = nd.contrib.rand_zipfian(nd.array([3]), 4, 5)
    >>> classes.shape, round(expected.asscalar().item(), 4)
    ((4,), 0.4982)
    """
    span = math.log(range_max + 1)

    def draw() -> np.ndarray[Any, Any]:
        levels = stream.uniform(0.0, span, shape=(num_sampled,), dtype="float64")
        return (np.exp(levels).astype(np.int64) - 1) % range_max

    def expected(classes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        wide = classes.astype(np.float64)
        return np.asarray(np.log((wide + 2.0) / (wide + 1.0)) / span * num_sampled)

    classes = drawn(draw, maker(ctx))
    rates = (make(expected(which.asnumpy()), ctx) for which in (true_classes, classes))
    return classes, *rates  # type: ignore[return-value]


@nd_function
def AdaptiveAvgPooling2D(data: NDArray, output_size: ShapeLike | None = None) -> NDArray:
    """Images (n, c, h, w) averaged down to `output_size`, (1, 1) unless given, by windows as equal as they can be.

    Shapes: (n, channels, height, width) gives (n, channels, *output_size).
    Dtypes: floats; integers are averaged as default floats.
    Raises: `ShapeError` for the wrong number of axes, `ValueError` of lengths.

    >>> x = nd.array([[[[1, 2, 3]]]])
    >>> nd.contrib.AdaptiveAvgPooling2D(x, output_size=(1, 2)).asnumpy().ravel().tolist()
    [1.5, 2.5]
    """
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
    return ops.matrix_transpose(wide)


TO_PARITY = {"to_even_down": (0, -1), "to_even_up": (0, 1), "to_odd_down": (1, -1), "to_odd_up": (1, 1)}
"""What is left of a length divided by 2 after each of these modes, and the step to there."""


@nd_function
def BilinearResize2D(
    data: NDArray,
    like: Any = None,
    height: int | None = None,
    width: int | None = None,
    scale_height: float | None = None,
    scale_width: float | None = None,
    mode: str = "size",
    align_corners: bool = True,
) -> NDArray:
    """Images of another size, by bilinear interpolation between pixels.

    `mode` says which size. "size": `height` and `width`, or the old one times `scale_height` and `scale_width`, rounded
    down. "odd_scale": the old one times these, where an odd length keeps its last pixel, (length − 1) · scale + 1.
    "like": that of the images `like`. "to_even_down", "to_even_up", "to_odd_down", "to_odd_up": the next length that is
    even, or odd, and not more than a pixel away. `align_corners` puts the first and last pixels upon each other, else
    pixels are areas whose edges are. The gradient goes to `data`.

    Shapes: (n, channels, h, w) gives (n, channels, height, width).
    Dtypes: floats; the result has that of `data`.
    Raises: `ShapeError` for other numbers of axes, `ValueError` for another `mode` and for no size.

    >>> nd.contrib.BilinearResize2D(nd.array([[[[0, 2]]]]), height=1, width=3).asnumpy().ravel().tolist()
    [0.0, 1.0, 2.0]
    """
    where = "BilinearResize2D"
    if data.ndim != 4:
        raise ShapeError(f"{where}() takes images (n, channels, height, width), not shape {data.shape}")
    target: tuple[Any, ...] = (height, width)
    if mode == "like":
        target = need(like, where, "like").shape[2:]
    else:
        refuse_unread(like, where, "like", "say mode='like'")
    if mode not in ("size", "like", "odd_scale", *TO_PARITY):
        raise ArgumentError(
            f"{where}(): mode is {mode!r}; choose 'size', 'like', 'odd_scale' or one of {sorted(TO_PARITY)}"
        )
    sizes = []
    for length, wanted, scale in zip(data.shape[2:], target, (scale_height, scale_width), strict=True):
        if mode in TO_PARITY:
            parity, step = TO_PARITY[mode]
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
    return ops.matmul(tall, ops.matrix_transpose(reading(sizes[1], data.shape[3])))


@nd_function
def fft(data: NDArray, compute_size: int = 128) -> NDArray:
    """The Fourier transform along the last axis, real and imaginary parts in turn. `compute_size` has no effect.

    Shapes: (…, n) gives (…, 2n).
    Dtypes: float32 and float64; the result has that of `data`.

    >>> nd.contrib.fft(nd.array([1, 2])).asnumpy().tolist()
    [3.0, 0.0, -1.0, 0.0]
    """
    spectrum = ops.fft(data)
    parts = ops.stack(ops.real(spectrum), ops.imag(spectrum), axis=data.ndim)
    return ops.reshape(parts, shape=(*data.shape[:-1], 2 * data.shape[-1]))


@nd_function
def ifft(data: NDArray, compute_size: int = 128) -> NDArray:
    """The real part of the inverse Fourier transform of what `fft` gives, times n, as MXNet has it.

    Shapes: (…, 2n), real and imaginary parts in turn, gives (…, n).
    Dtypes: float32 and float64; the result has that of `data`.
    Raises: `ShapeError` for an odd number of parts.

    >>> (nd.contrib.ifft(nd.contrib.fft(nd.array([1, 2]))) / 2).asnumpy().tolist()
    [1.0, 2.0]
    """
    if not data.ndim or data.shape[-1] % 2:
        raise ShapeError(f"ifft() takes real and imaginary parts in turn along the last axis, not shape {data.shape}")
    count = data.shape[-1] // 2
    real, imaginary = ops.unstack(ops.reshape(data, shape=(*data.shape[:-1], count, 2)), axis=data.ndim)
    # Of conjugates the forward transform is the conjugate of the inverse one, times n.
    both = ops.fft(real), ops.fft(-imaginary)
    return ops.real(both[0]) - ops.imag(both[1])


@custom
def _multiplied(data: Any, scalar: float) -> Any:
    return data.copy()


@custom
def _rounded(data: Any) -> Any:
    return _nearest(data)


@custom
def _signed(data: Any) -> Any:
    return ops.sign(data)


_multiplied.defvjp(data=lambda g, scalar: g * scalar)
_rounded.defvjp(data=lambda g: g)
_signed.defvjp(data=lambda g: g)


@nd_function
def gradientmultiplier(data: NDArray, scalar: float = 1.0, is_int: bool = True) -> NDArray:
    """The same values; the gradient is multiplied by `scalar`, by −1 for a gradient reversal.

    `is_int` has no meaning here.

    >>> from tapegrad import autograd, nd
    >>> x = nd.ones(1)
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.contrib.gradientmultiplier(x * 2, scalar=-1)
    >>> y.backward()
    >>> print(y.asscalar(), x.grad.asscalar())
    2.0 -2.0
    """
    return _multiplied(data, scalar)  # type: ignore[no-any-return]


@nd_function
def round_ste(data: NDArray) -> NDArray:
    """`nd.round`, through which gradients pass as if it were not there.

    Dtypes: floats; the result has that of `data`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([1.7])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.contrib.round_ste(x)
    >>> y.backward()
    >>> print(y.asscalar(), x.grad.asscalar())
    2.0 1.0
    """
    return _rounded(data)  # type: ignore[no-any-return]


@nd_function
def sign_ste(data: NDArray) -> NDArray:
    """`nd.sign`, through which gradients pass as if it were not there.

    Dtypes: floats; the result has that of `data`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([-1.7])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.contrib.sign_ste(x)
    >>> y.backward()
    >>> print(y.asscalar(), x.grad.asscalar())
    -1.0 1.0
    """
    return _signed(data)  # type: ignore[no-any-return]


@nd_function
def box_nms(
    data: NDArray,
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
) -> NDArray:
    """Boxes by falling score, without those that overlap a better one of their class by more than `overlap_thresh`.

    `data` is (…, boxes, numbers): the score at `score_index`, the class at `id_index` if any, four coordinates from
    `coord_start` on. What is left out is filled with −1, at the end. Boxes of scores up to `valid_thresh` and of the
    class `background_id` are left out at once, and all but the `topk` best. The gradient goes to the boxes that stay.

    Shapes: (…, boxes, numbers); the result has that of `data`.
    Dtypes: floats; the result has that of `data`.
    Raises: `ValueError` for an unknown format.

    >>> boxes = nd.array([[0, 0.5, 0, 0, 2, 2], [0, 0.9, 0, 0, 2, 2.1]])
    >>> nd.contrib.box_nms(boxes).asnumpy()[:, 1].tolist()
    [0.8999999761581421, -1.0]
    """
    for which, chosen in (("in_format", in_format), ("out_format", out_format)):
        if chosen not in ("corner", "center"):
            raise ArgumentError(f"box_nms(): {which} is {chosen!r}; choose 'corner' or 'center'")
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
    ordered = ops.take_along_axis(ops.reshape(data, shape=rows.shape), index, axis=1)
    if in_format != out_format:
        sizes = (coord_start, 4, host.shape[-1] - coord_start - 4)
        before, boxes, behind = ops.split(ordered, sizes=sizes, axis=2)
        ordered = ops.concat(before, _in_form(boxes, out_format), behind, axis=2)
    ordered = ops.where(staying, ordered, ops.filled(ordered, shape=ordered.shape, value=-1))
    return ops.reshape(ordered, shape=host.shape)


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


SparseEmbedding = _Embedding


AS_BATCH_NORM = "Shapes: as `nd.BatchNorm`.\nDtypes: as `nd.BatchNorm`.\nRaises: what `nd.BatchNorm` raises."


@nd_function(words=AS_BATCH_NORM)
def SyncBatchNorm(
    data: NDArray,
    gamma: NDArray,
    beta: NDArray,
    moving_mean: NDArray,
    moving_var: NDArray,
    ndev: int = 1,
    key: str = "",
    output_mean_var: bool = False,
    out: NDArray | None = None,
    **options: Any,
) -> Any:
    """`nd.BatchNorm`; one array holds the whole batch here, so there is nothing to bring together across devices.

    `ndev` and `key` have no meaning here; further options are those of `nd.BatchNorm`. `output_mean_var` adds the mean
    and, other than there, the variance itself.

    >>> nd.contrib.SyncBatchNorm(nd.ones((2, 3)), nd.ones(3), nd.zeros(3), nd.ones(3), nd.ones(3)).shape
    (2, 3)
    """
    result, mean, var = batch_normalized(data, gamma, beta, moving_mean, moving_var, **options)
    result = give(out, result)
    return [result, mean, var] if output_mean_var else result


@nd_function(words=AS_BATCH_NORM)
def BatchNormWithReLU(
    data: ArrayLike,
    gamma: NDArray,
    beta: ArrayLike,
    moving_mean: Any,
    moving_var: Any,
    out: NDArray | None = None,
    **options: Any,
) -> Any:
    """`nd.BatchNorm`, then relu.

    Further options are those of `nd.BatchNorm`.

    >>> x = nd.array([[-1, 2]])
    >>> y = nd.contrib.BatchNormWithReLU(x, nd.ones(2), nd.zeros(2), nd.zeros(2), nd.ones(2), eps=0)
    >>> y.asnumpy().tolist()
    [[0.0, 2.0]]
    """
    results = _BatchNorm(data, gamma, beta, moving_mean, moving_var, **options)
    if isinstance(results, list):
        return [give(out, ops.relu(results[0])), *results[1:]]
    return give(out, ops.relu(results))


@nd_function
def box_iou(lhs: NDArray, rhs: NDArray, format: str = "corner") -> NDArray:
    """For each pair of boxes the area they share, divided by the area they cover: (…, 4) and (…, 4) give (…, …).

    `format`: "corner" (left, top, right, bottom) or "center" (x, y, width, height).

    Shapes: (…, 4) and (…, 4) give the first leading axes, then the second.
    Dtypes: floats; that of both together.
    Raises: `ValueError` for an unknown `format`, `ShapeError` for boxes without four numbers.

    >>> nd.contrib.box_iou(nd.array([[0, 0, 2, 2]]), nd.array([[0, 0, 4, 2]])).asnumpy().tolist()
    [[0.5]]
    """
    if format not in ("corner", "center"):
        raise ArgumentError(f"box_iou(): format is {format!r}; choose 'corner' or 'center'")
    left, right = _corners(lhs, format), _corners(rhs, format)
    left = [ops.reshape(x, shape=(x.size, 1)) for x in left]
    right = [ops.reshape(x, shape=(1, x.size)) for x in right]
    wide = ops.clip(ops.minimum(left[2], right[2]) - ops.maximum(left[0], right[0]), 0, None)
    high = ops.clip(ops.minimum(left[3], right[3]) - ops.maximum(left[1], right[1]), 0, None)
    shared = wide * high
    areas = [ops.clip(x[2] - x[0], 0, None) * ops.clip(x[3] - x[1], 0, None) for x in (left, right)]
    covered = areas[0] + areas[1] - shared
    safe = ops.where(ops.greater(covered, 0), covered, ops.ones_like(covered))
    return ops.reshape(shared / safe, shape=(*lhs.shape[:-1], *rhs.shape[:-1]))


def _corners(boxes: Any, format: str) -> list[Any]:
    a, b, c, d = (_squeeze(x, axis=-1) for x in ops.split(boxes, sizes=(1, 1, 1, 1), axis=boxes.ndim - 1))
    return [a, b, c, d] if format == "corner" else [a - c / 2, b - d / 2, a + c / 2, b + d / 2]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
