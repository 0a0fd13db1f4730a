"""Recurrent layers in one call, the connectionist loss, and sampling of images at moved places."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentError, ShapeError
from .checks import dtype_of, int_tuple, ints_of, need, ops, refuse_unread
from .function import nd_function
from .ndarray import NDArray, give, make
from .nn import Dropout
from .shape import indices_of

if TYPE_CHECKING:
    from ..typing import ShapeLike

GATES = {"rnn_relu": 1, "rnn_tanh": 1, "lstm": 4, "gru": 3}


def _pieces(parameters: Any, sizes: list[tuple[int, ...]]) -> list[Any]:
    lengths = tuple(math.prod(size) for size in sizes)
    if parameters.shape != (sum(lengths),):
        raise ShapeError(f"RNN() needs {sum(lengths)} parameters in one axis, not shape {parameters.shape}")
    parts = ops.split(parameters, sizes=lengths, axis=0)
    return [ops.reshape(part, shape=size) for part, size in zip(parts, sizes, strict=True)]


def _step(
    mode: str, inputs: Any, state: Any, cell: Any, weight: Any, bias: Any, bound: Callable[[Any], Any]
) -> tuple[Any, Any]:
    """The next state, and cell, from what the inputs contribute, the state, and the weights from state to state."""
    own = ops.matmul(state, ops.matrix_transpose(weight)) + bias
    if mode == "rnn_relu":
        return ops.relu(inputs + own), cell
    if mode == "rnn_tanh":
        return ops.tanh(inputs + own), cell
    size = cell.shape[1]
    if mode == "lstm":
        enter, keep, new, show = ops.split(inputs + own, sizes=(size,) * 4, axis=1)
        cell = bound(ops.sigmoid(keep) * cell + ops.sigmoid(enter) * ops.tanh(new))
        return ops.sigmoid(show) * ops.tanh(cell), cell
    reset_in, update_in, new_in = ops.split(inputs, sizes=(size,) * 3, axis=1)
    reset_own, update_own, new_own = ops.split(own, sizes=(size,) * 3, axis=1)
    update = ops.sigmoid(update_in + update_own)
    new = ops.tanh(new_in + ops.sigmoid(reset_in + reset_own) * new_own)
    return (1 - update) * new + update * state, cell


def _cell_bound(mode: str, low: float | None, high: float | None, nan: bool) -> Callable[[Any], Any]:
    """What brings the cells of an lstm between two bounds, NaN too if asked."""
    if low is None and high is None:
        return lambda cell: cell
    if mode != "lstm" or low is None or high is None or low > high:
        raise ArgumentError(
            f"RNN(): lstm_state_clip_min is {low} and lstm_state_clip_max {high} for mode {mode!r}; give both, the "
            "lesser first, with mode 'lstm'"
        )

    def bound(cell: Any) -> Any:
        if nan:
            cell = ops.where(ops.isnan(cell), ops.filled(cell, shape=(1,), value=low), cell)
        return ops.clip(cell, low, high)

    return bound


@nd_function
def RNN(
    data: NDArray,
    parameters: NDArray,
    state: NDArray,
    state_cell: NDArray | None = None,
    sequence_length: NDArray | None = None,
    state_size: int | None = None,
    num_layers: int = 1,
    bidirectional: bool = False,
    mode: str = "lstm",
    p: float = 0.0,
    state_outputs: bool = False,
    projection_size: int | None = None,
    lstm_state_clip_min: float | None = None,
    lstm_state_clip_max: float | None = None,
    lstm_state_clip_nan: bool = False,
    use_sequence_length: bool = False,
    out: NDArray | None = None,
) -> Any:
    """Layers of recurrent units over data (steps, n, inputs): the last layer's states, (steps, n, directions · size).

    `mode`: "rnn_relu", "rnn_tanh", "lstm" or "gru". `state`, and for lstm `state_cell`, are (layers · directions, n,
    size). `parameters` is one axis: for each layer and direction the weights of inputs and of states, then in the
    same order the biases of both; gates as input, forget, new, output (lstm) or reset, update, new (gru). `p` drops
    out between layers in training. `state_outputs` adds the last states, and cells.

    An lstm with a `projection_size` has states of that size, which weights behind those of states make of the cells;
    `lstm_state_clip_min` and `lstm_state_clip_max` bound its cells, at the lower bound also NaN with
    `lstm_state_clip_nan`. With `use_sequence_length` a sequence ends at its `sequence_length`: the last states are
    those there, the direction backwards begins there, and what is behind is 0.

    The formulas are those of cuDNN, as MXNet has them; the reset gate of gru multiplies after the matrix.

    Shapes: (steps, n, inputs), and states (layers · directions, n, size), give (steps, n, directions · size). Lengths
    are (n,). With a projection states and results have its size, cells that of `state_size`.
    Dtypes: those of all together; floating lengths are cut to integers.
    Raises: `ShapeError` for shapes that do not go together, `ValueError` for an unknown `mode`, lengths that are not
    from 0 to the steps, and for projections and bounds with another mode than "lstm".

    >>> nd.RNN(nd.ones((5, 2, 3)), nd.zeros(36), nd.zeros((1, 2, 4)), state_size=4, mode="rnn_tanh").shape
    (5, 2, 4)
    """
    if mode not in GATES:
        raise ArgumentError(f"RNN(): mode is {mode!r}; choose one of {', '.join(map(repr, GATES))}")
    if projection_size is not None and (mode != "lstm" or state_size is None):
        raise ArgumentError(f"RNN(): projection_size is for mode 'lstm' with a state_size, not for mode {mode!r} alone")
    bound = _cell_bound(mode, lstm_state_clip_min, lstm_state_clip_max, lstm_state_clip_nan)
    size = state.shape[-1] if state_size is None else state_size
    shown = size if projection_size is None else projection_size
    directions = 2 if bidirectional else 1
    if data.ndim != 3 or not data.shape[0]:
        raise ShapeError(f"RNN() takes data (steps, n, inputs) with a step at least, not shape {data.shape}")
    steps, batch, inputs = data.shape
    if state.shape != (num_layers * directions, batch, shown):
        raise ShapeError(f"RNN(): state has shape {state.shape}, not {(num_layers * directions, batch, shown)}")
    rows = GATES[mode] * size
    widths = [inputs] + [shown * directions] * (num_layers - 1)
    projection = [] if projection_size is None else [(shown, size)]
    shapes = [
        shape for width in widths for _ in range(directions) for shape in ((rows, width), (rows, shown), *projection)
    ]
    ways_in_all = num_layers * directions
    parts = _pieces(parameters, [*shapes, *[(rows,)] * (2 * ways_in_all)])
    matrices, biases = parts[: len(shapes)], parts[len(shapes) :]
    kinds = len(shapes) // ways_in_all
    if mode != "lstm":
        refuse_unread(state_cell, "RNN", "state_cell", "say mode='lstm'")
    cells = need(state_cell, "RNN", "state_cell") if mode == "lstm" else state
    if cells.shape != (*state.shape[:2], size):
        raise ShapeError(f"RNN(): state_cell has shape {cells.shape}; beside a state {state.shape} give one of {size}")
    inside = _inside(sequence_length, use_sequence_length, steps, batch)
    last_states, last_cells = [], []
    layer = data
    for depth in range(num_layers):
        if depth:
            layer = Dropout(layer, p=p)
        ways = []
        for way in range(directions):
            k = depth * directions + way
            into, onwards, *down = matrices[kinds * k : kinds * (k + 1)]
            contributions = ops.matmul(layer, ops.matrix_transpose(into)) + biases[2 * k]
            now, cell = ops.getitem(state, key=(k,)), ops.getitem(cells, key=(k,))
            seen: list[Any] = [None] * steps
            for i in reversed(range(steps)) if way else range(steps):
                entering = ops.getitem(contributions, key=(i,))
                new, new_cell = _step(mode, entering, now, cell, onwards, biases[2 * k + 1], bound)
                if down:
                    new = ops.matmul(new, ops.matrix_transpose(down[0]))
                if inside is None:
                    seen[i], now, cell = new, new, new_cell
                else:
                    seen[i] = ops.where(inside[i], new, ops.zeros_like(new))
                    now, cell = ops.where(inside[i], new, now), ops.where(inside[i], new_cell, cell)
            ways.append(ops.stack(*seen, axis=0))
            last_states.append(now)
            last_cells.append(cell)
        layer = ways[0] if directions == 1 else ops.concat(*ways, axis=2)
    layer = give(out, layer)
    if not state_outputs:
        return layer
    states = last_states, last_cells
    return [layer, *(ops.stack(*x, axis=0) for x in states[: 1 + (mode == "lstm")])]


def _inside(sequence_length: Any, used: bool, steps: int, batch: int) -> list[Any] | None:
    """For each step which of the sequences have it, (n, 1); None if all have all."""
    if not used:
        refuse_unread(sequence_length, "RNN", "sequence_length", "say use_sequence_length=True")
        return None
    lengths = need(sequence_length, "RNN", "sequence_length")
    if lengths.shape != (batch,):
        raise ShapeError(f"RNN(): sequence_length has shape {lengths.shape}, and there are {batch} sequences")
    host = lengths.asnumpy().astype(np.int64)
    if ((host < 0) | (host > steps)).any():
        raise ArgumentError(f"RNN(): sequence_length is {host.tolist()}; give lengths from 0 to the {steps} steps")
    return [make((host > i)[:, None], lengths.context) for i in range(steps)]


IMPOSSIBLE = -1e30
"""The logarithm of a probability of zero; infinities would meet in a difference."""


@nd_function
def ctc_loss(
    data: NDArray,
    label: NDArray,
    data_lengths: NDArray | None = None,
    label_lengths: NDArray | None = None,
    use_data_lengths: bool = False,
    use_label_lengths: bool = False,
    blank_label: str = "first",
) -> NDArray:
    """−log of the probability of a label, over all ways to stretch it with blanks: A. Graves et al. (2006).

    data (steps, n, alphabet) before softmax, label (n, length). The blank is letter 0 (`blank_label="first"`; labels
    are padded with 0) or the last letter ("last"; padded with −1). Lengths may be passed instead. The result is (n,).

    A label that cannot be stretched to the steps has a loss of 10³⁰.

    Shapes: (steps, n, alphabet) and (n, length) give (n,); lengths are (n,).
    Dtypes: data of floats, whose dtype the result has; labels and lengths are cut to integers.
    Raises: `TypeError` for missing lengths, `ShapeError` for shapes that do not fit, `ValueError` for an unknown
    `blank_label`, `IndexError` for a letter that is not of the alphabet.

    >>> print(nd.ctc_loss(nd.zeros((1, 1, 2)), nd.array([[1]])).asscalar().round(4))
    0.6931
    """
    if blank_label not in ("first", "last"):
        raise ArgumentError(f"ctc_loss(): blank_label is {blank_label!r}; choose 'first' or 'last'")
    if data.ndim != 3 or label.ndim != 2:
        raise ShapeError(
            f"ctc_loss() takes data (steps, n, alphabet) and label (n, length), not shapes {data.shape} and "
            f"{label.shape}"
        )
    for name, lengths_of, read in (
        ("data_lengths", data_lengths, use_data_lengths),
        ("label_lengths", label_lengths, use_label_lengths),
    ):
        if not read:
            refuse_unread(lengths_of, "ctc_loss", name, f"say use_{name}=True")
    steps, batch, alphabet = data.shape
    letters = label.asnumpy().astype(np.int64)
    if letters.shape[0] != batch:
        raise ShapeError(f"ctc_loss(): data of shape {data.shape} is for {batch} labels, label has shape {label.shape}")
    padding, blank = (0, 0) if blank_label == "first" else (-1, alphabet - 1)
    if use_label_lengths:
        lengths = need(label_lengths, "ctc_loss", "label_lengths").asnumpy().astype(np.int64)
    else:
        lengths = (np.cumprod(letters != padding, axis=1)).sum(axis=1)
    ends = np.full(batch, steps)
    if use_data_lengths:
        ends = need(data_lengths, "ctc_loss", "data_lengths").asnumpy().astype(np.int64)
    # Between the letters, before and after: blanks.
    places = 2 * letters.shape[1] + 1
    path = np.full((batch, places), blank)
    path[:, 1::2] = np.where(np.arange(letters.shape[1]) < lengths[:, None], letters, blank)
    may_skip = np.zeros((batch, places), bool)
    may_skip[:, 2:] = (path[:, 2:] != blank) & (path[:, 2:] != path[:, :-2])

    def constant(values: Any) -> Any:
        return make(np.asarray(values), data.context)

    if use_data_lengths:
        # Steps beyond the end may hold anything, NaN too.
        within = np.arange(steps)[:, None, None] < ends[:, None]
        data = ops.where(constant(within), data, ops.zeros_like(data))
    logs = ops.log_softmax(data, axis=2)
    scores = ops.take_along_axis(logs, constant(np.broadcast_to(path, (steps, batch, places)).astype(np.int64)), axis=2)
    never = ops.filled(scores, shape=(batch, places), value=IMPOSSIBLE)
    skips = constant(may_skip)
    begin = constant(np.broadcast_to(np.arange(places) < 2, (batch, places)).copy())
    alpha = ops.where(begin, ops.getitem(scores, key=(0,)), never)
    for t in range(1, steps):
        one = ops.concat(
            ops.getitem(never, key=(slice(None), slice(0, 1))),
            ops.getitem(alpha, key=(slice(None), slice(0, -1))),
            axis=1,
        )
        two = (
            ops.concat(
                ops.getitem(never, key=(slice(None), slice(0, 2))),
                ops.getitem(alpha, key=(slice(None), slice(0, -2))),
                axis=1,
            )
            if places > 1
            else never
        )
        two = ops.where(skips, two, never)
        moved = ops.logaddexp(ops.logaddexp(alpha, one), two) + ops.getitem(scores, key=(t,))
        running = constant((t < ends)[:, None])
        alpha = ops.where(running, moved, alpha)
    last = constant(2 * lengths)
    before = constant(np.maximum(2 * lengths - 1, 0))
    total = ops.logaddexp(
        ops.pick(alpha, last, axis=1),
        ops.where(constant(lengths > 0), ops.pick(alpha, before, axis=1), ops.getitem(never, key=(slice(None), 0))),
    )
    return ops.negative(total)


CTCLoss = ctc_loss


@nd_function
def col2im(
    data: NDArray,
    output_size: ShapeLike,
    kernel: ShapeLike,
    stride: ShapeLike | None = None,
    dilate: ShapeLike | None = None,
    pad: ShapeLike | None = None,
) -> NDArray:
    """Columns of windows, (n, c · window, windows), added up where they overlap: (n, c, *output_size).

    `im2col` is the transpose. `stride`, `dilate` and `pad` are as in `Convolution`.

    Shapes: (n, channels · window, windows) gives (n, channels, *output_size), where window is the product of `kernel`.
    Raises: `ShapeError` for the wrong number of rows or columns, `TypeError` and `ValueError` for settings that are not
    a number for each axis of space.

    >>> nd.col2im(nd.ones((1, 4, 4)), output_size=(3, 3), kernel=(2, 2)).asnumpy()[0, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    window = ints_of(kernel, "col2im", "kernel")
    ndim = len(window)
    space = int_tuple(output_size, ndim, "col2im", "output_size")
    options = {
        which: (default,) * ndim if value is None or value == () else int_tuple(value, ndim, "col2im", which)
        for which, value, default in (("stride", stride, 1), ("dilate", dilate, 1), ("pad", pad, 0))
    }
    counts = tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, d, p in zip(space, window, options["stride"], options["dilate"], options["pad"], strict=True)
    )
    if data.ndim != 3 or data.shape[1] % math.prod(window) or data.shape[2] != math.prod(counts):
        raise ShapeError(
            f"col2im(): data has shape {data.shape}; for a kernel {window} and images {space} give (n, channels · "
            f"{math.prod(window)}, {math.prod(counts)})"
        )
    channels = data.shape[1] // math.prod(window)
    apart = ops.reshape(data, shape=(data.shape[0], channels, *window, *counts))
    return ops.overlap_add(apart, shape=space, **options)


@nd_function
def GridGenerator(data: NDArray, transform_type: str, target_shape: ShapeLike = (0, 0)) -> NDArray:
    """Where each pixel of a result is to be read, as (n, 2, height, width): x and y from −1 at one edge to 1.

    `transform_type`: "affine", of matrices (n, 6), for a result of `target_shape`; or "warp", of shifts in pixels,
    (n, 2, height, width).

    M. Jaderberg et al. (2015), "Spatial transformer networks".

    Shapes: (n, 6) gives (n, 2, *target_shape), (n, 2, height, width) the same.
    Dtypes: floats; integers give the default float.
    Raises: `ShapeError` for shapes that do not fit, `ValueError` for an unknown `transform_type`.

    >>> nd.GridGenerator(nd.array([[1, 0, 0, 0, 1, 0]]), "affine", target_shape=(2, 3)).asnumpy()[0, 0].tolist()
    [[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]]
    """
    if transform_type not in ("affine", "warp"):
        raise ArgumentError(f"GridGenerator(): transform_type is {transform_type!r}; choose 'affine' or 'warp'")
    if transform_type == "affine" and (data.ndim != 2 or data.shape[1] != 6):
        raise ShapeError(f"GridGenerator() takes affine matrices as rows (n, 6), not shape {data.shape}")
    if transform_type == "warp" and (data.ndim != 4 or data.shape[1] != 2):
        raise ShapeError(f"GridGenerator() takes shifts (n, 2, height, width) to warp by, not shape {data.shape}")
    if dtype_of(data) not in dtypes.INEXACT:
        data = ops.astype(data, dtype=dtypes.default_float(dtype_of(data)))
    height, width = (
        data.shape[2:] if transform_type == "warp" else int_tuple(target_shape, 2, "GridGenerator", "target_shape")
    )
    rows, columns = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    if transform_type == "warp":
        grid = make(np.stack([columns, rows])[None].astype(dtype_of(data)), data.context)
        scale = np.array([max(width - 1, 1) / 2, max(height - 1, 1) / 2]).reshape(1, 2, 1, 1)
        return data / make(scale.astype(dtype_of(data)), data.context) + grid
    places = np.stack([columns.ravel(), rows.ravel(), np.ones(height * width)]).astype(dtype_of(data))
    moved = ops.matmul(ops.reshape(data, shape=(data.shape[0], 2, 3)), make(places, data.context))
    return ops.reshape(moved, shape=(data.shape[0], 2, height, width))


@nd_function
def BilinearSampler(data: NDArray, grid: NDArray, cudnn_off: bool | None = None) -> NDArray:
    """Images (n, c, h, w) read at places (n, 2, rows, columns) from −1 to 1, between pixels by weight; zero outside.

    Differentiable in both. The gradient in a place is the difference of the two pixels that it lies between; at a whole
    pixel, that of the next one and the pixel itself, which behind the last is its negative.

    Shapes: (n, channels, height, width) and (n, 2, rows, columns), x before y, give (n, channels, rows, columns).
    Dtypes: that of both together.
    Raises: `ShapeError` for shapes that do not fit.

    >>> nd.BilinearSampler(nd.arange(4).reshape((1, 1, 2, 2)), nd.zeros((1, 2, 1, 1))).asnumpy().tolist()
    [[[[1.5]]]]
    """
    if data.ndim != 4:
        raise ShapeError(f"BilinearSampler() takes images (n, channels, height, width), not shape {data.shape}")
    n, _, height, width = data.shape
    if grid.ndim != 4 or grid.shape[:2] != (n, 2):
        raise ShapeError(
            f"BilinearSampler(): grid has shape {grid.shape}, and data {data.shape}; give ({n}, 2, rows, columns)"
        )
    x = (ops.getitem(grid, key=(slice(None), 0)) + 1) * ((width - 1) / 2)
    y = (ops.getitem(grid, key=(slice(None), 1)) + 1) * ((height - 1) / 2)
    left, top = ops.floor(x), ops.floor(y)
    # Both weights of a pair come from one difference, so that their derivatives sum to 0 at a whole pixel too, where
    # that of 1 − |x − pixel| has none: there the gradient is the step to the right, and down.
    beside, below = x - left, y - top
    images = make(np.arange(n).reshape(n, 1, 1), data.context)
    by_pixel = ops.permute_dims(data, axes=(0, 2, 3, 1))
    total = None
    for down, vertical in enumerate((1 - below, below)):
        for right, horizontal in enumerate((1 - beside, beside)):
            row, column = top + down, left + right
            weight = vertical * horizontal
            inside = ops.logical_and(
                ops.logical_and(ops.greater_equal(row, 0), ops.less_equal(row, height - 1)),
                ops.logical_and(ops.greater_equal(column, 0), ops.less_equal(column, width - 1)),
            )
            places = [
                ops.broadcast_to(images, shape=row.shape),
                indices_of(ops.clip(row, 0, height - 1)),
                indices_of(ops.clip(column, 0, width - 1)),
            ]
            pixels = ops.gather_nd(by_pixel, ops.stack(*places, axis=0))
            weight = ops.where(inside, weight, ops.zeros_like(weight))
            part = pixels * ops.reshape(weight, shape=(*weight.shape, 1))
            total = part if total is None else total + part
    return ops.permute_dims(total, axes=(0, 3, 1, 2))


@nd_function
def SpatialTransformer(
    data: NDArray,
    loc: NDArray,
    target_shape: ShapeLike = (0, 0),
    transform_type: str = "affine",
    sampler_type: str = "bilinear",
    cudnn_off: bool | None = None,
) -> NDArray:
    """Images moved by affine matrices (n, 6): `GridGenerator`, then `BilinearSampler`.

    Shapes: (n, channels, height, width) and (n, 6) give (n, channels, *target_shape).
    Dtypes: that of both together.
    Raises: `ShapeError` for shapes that do not fit, `ValueError` for an unknown `transform_type` or `sampler_type`.

    >>> image, mirror = nd.array([[[[1, 2, 3], [4, 5, 6]]]]), nd.array([[-1, 0, 0, 0, 1, 0]])
    >>> nd.SpatialTransformer(image, mirror, target_shape=(2, 3)).asnumpy()[0, 0].tolist()
    [[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]]
    """
    if (transform_type, sampler_type) != ("affine", "bilinear"):
        raise ArgumentError("SpatialTransformer() knows transform_type 'affine' and sampler_type 'bilinear'")
    return BilinearSampler(data, GridGenerator(loc, "affine", target_shape))
