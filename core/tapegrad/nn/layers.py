"""Layers as pure functions: what comes in, parameters included, is an argument, and what goes out a result."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, ShapeError
from ..numpy.arguments import asarray, op
from ..numpy.arrays import ndarray
from ..numpy.beyond import tri
from ..numpy.generator import Generator, bernoulli_mask
from ..numpy.names import publish
from ..numpy.searching import take

if TYPE_CHECKING:
    from ..typing import ArrayLike

Padding = int | str | Sequence[int | tuple[int, int]]


def _each(name: str, value: int | Sequence[int], ndim: int) -> tuple[int, ...]:
    """One number for each axis of space, of one number for all or of as many."""
    numbers = tuple(value) if isinstance(value, Sequence) else (operator.index(value),) * ndim
    if len(numbers) != ndim:
        raise ShapeError(f"{name} has {len(numbers)} numbers for {ndim} axes of space")
    return numbers


def _pads(
    padding: Padding,
    space: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:
    """Padding before and after each axis; "SAME" is as much as gives one window for each stride."""
    if isinstance(padding, str):
        if padding.upper() == "VALID":
            return ((0, 0),) * len(space)
        if padding.upper() != "SAME":
            raise ArgumentError(f"padding is {padding!r}; choose 'SAME', 'VALID', a number, or one or two an axis")
        windows = zip(space, kernel, stride, dilation, strict=True)
        needed = [max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0) for n, k, s, d in windows]
        return tuple((total // 2, total - total // 2) for total in needed)
    if isinstance(padding, int):
        return ((padding, padding),) * len(space)
    if len(padding) != len(space):
        raise ShapeError(f"padding has {len(padding)} entries for {len(space)} axes of space")
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in padding)


def linear(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None, /) -> ndarray:
    """The last axis of x through a matrix (inputs, outputs), plus a bias (outputs,).

    Shapes: (..., inputs) becomes (..., outputs).
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` where shapes do not go together.

    >>> tapegrad.nn.linear(tnp.ones((1, 2)), [[1.0], [2.0]], [0.5])
    Array([[3.5]], dtype=float32)
    """
    weight = asarray(weight)
    if weight.ndim != 2:
        raise ShapeError(f"linear: a weight of shape {weight.shape}; give (inputs, outputs)")
    return op.fully_connected(asarray(x), op.matrix_transpose(weight), None if bias is None else asarray(bias))


def conv(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    /,
    *,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> ndarray:
    """The cross-correlation with a weight, with one, two or three axes of space.

    `padding`: a number, one or a pair (before, after) for each axis of space, "VALID" for none, or "SAME" for as much
    as gives one window for each stride, half of it in front, as in JAX.

    Shapes: x (n, channels, *space), weight (outputs, channels / groups, *kernel) and bias (outputs,) give (n, outputs,
    *windows).
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` where shapes, channels and groups do not go together, or not one window fits, `ValueError` for
    an unknown `padding`.

    >>> x, weight = tnp.asarray([[[1.0, 2.0, 4.0]]]), tnp.asarray([[[1.0, -1.0]]])
    >>> tapegrad.nn.conv(x, weight)
    Array([[[-1., -2.]]], dtype=float32)
    >>> tapegrad.nn.conv(x, weight, padding="SAME")
    Array([[[-1., -2.,  4.]]], dtype=float32)
    """
    x, weight = asarray(x), asarray(weight)
    kernel, space = weight.shape[2:], x.shape[2:]
    if x.ndim != weight.ndim:
        raise ShapeError(f"conv: x of shape {x.shape} and a weight of shape {weight.shape}; give as many axes")
    strides, dilations = (_each(n, v, len(space)) for n, v in (("stride", stride), ("dilation", dilation)))
    pad = _pads(padding, space, kernel, strides, dilations)
    bias = None if bias is None else asarray(bias)
    return op.convolution(x, weight, bias, stride=strides, dilate=dilations, pad=pad, groups=groups)


def _pool(x: ndarray, window: Any, stride: Any, padding: Padding) -> dict[str, Any]:
    space = x.shape[2:]
    kernel = _each("window", window, len(space))
    strides = kernel if stride is None else _each("stride", stride, len(space))
    return {"kernel": kernel, "stride": strides, "pad": _pads(padding, space, kernel, strides, (1,) * len(space))}


def max_pool(
    x: ArrayLike, /, window: int | Sequence[int], *, stride: int | Sequence[int] | None = None, padding: Padding = 0
) -> ndarray:
    """The largest elements of windows; `stride` None is the window, `padding` is as in `conv`.

    Elements that tie share the gradient evenly.

    Shapes: (n, channels, *space) becomes (n, channels, *windows).
    Dtypes: real numbers; integers become the default float.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits, `ValueError` for an unknown `padding`.

    >>> tapegrad.nn.max_pool([[[1.0, 3.0, 2.0, 2.0]]], 2)
    Array([[[3., 2.]]], dtype=float32)
    """
    x = asarray(x)
    return op.max_pool(x, **_pool(x, window, stride, padding))


def avg_pool(
    x: ArrayLike,
    /,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
    count_include_pad: bool = True,
) -> ndarray:
    """The means over windows; `stride` None is the window, `padding` is as in `conv`.

    With `count_include_pad` the padding counts as elements.

    Shapes: (n, channels, *space) becomes (n, channels, *windows).
    Dtypes: integers become the default float.
    Raises: `ShapeError` for other numbers of axes, or where not one window fits, `ValueError` for an unknown `padding`.

    >>> tapegrad.nn.avg_pool([[[1.0, 3.0, 2.0, 2.0]]], 2)
    Array([[[2., 2.]]], dtype=float32)
    """
    x = asarray(x)
    return op.avg_pool(x, **_pool(x, window, stride, padding), count_include_pad=count_include_pad)


def _axes(x: ndarray, axis: int | Sequence[int]) -> tuple[int, ...]:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    return tuple(sorted(a + x.ndim if a < 0 else a for a in axes))


def _beside(name: str, parameter: Any, x: ndarray, axes: tuple[int, ...], missing: float) -> Any:
    """A parameter of the shape that x has along the axes, brought into the place of them; a number where it is None."""
    if parameter is None:
        return missing
    parameter = asarray(parameter)
    shape = tuple(x.shape[a] for a in axes)
    if parameter.shape != shape:
        raise ShapeError(f"{name} has shape {parameter.shape}; it must be {shape}, that of the normalized axes")
    return op.reshape(parameter, shape=tuple(n if a in axes else 1 for a, n in enumerate(x.shape)))


def layer_norm(
    x: ArrayLike,
    scale: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    /,
    *,
    axis: int | Sequence[int] = -1,
    eps: float = 1e-5,
) -> ndarray:
    """x with mean 0 and variance 1 over `axis`, times `scale` plus `bias`; `eps` is added to the variance.

    Shapes: `scale` and `bias` have the lengths of `axis`; the result has the shape of `x`.
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` for a scale or bias of any other shape, `AxisError` for an axis that is not there.

    >>> tapegrad.nn.layer_norm([[1.0, 3.0]], eps=0.0)
    Array([[-1.,  1.]], dtype=float32)
    """
    x = asarray(x)
    axes = _axes(x, axis)
    gamma, beta = _beside("scale", scale, x, axes, 1.0), _beside("bias", bias, x, axes, 0.0)
    out: ndarray = op.normalize(x, gamma, beta, axis=axes, eps=eps)[0]
    return out


def rms_norm(
    x: ArrayLike, scale: ArrayLike | None = None, /, *, axis: int | Sequence[int] = -1, eps: float = 1e-6
) -> ndarray:
    """x over the root of its mean square over `axis`, times `scale`; `eps` is added to the mean.

    Shapes: `scale` has the lengths of `axis`; the result has the shape of `x`.
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` for a scale of any other shape, `AxisError` for an axis that is not there.

    >>> tapegrad.nn.rms_norm([[1.0, -7.0]], eps=0.0)
    Array([[ 0.2, -1.4]], dtype=float32)
    """
    x = asarray(x)
    axes = _axes(x, axis)
    out = op.multiply(x, op.rsqrt(op.mean(op.square(x), axis=axes, keepdims=True) + eps))
    return out if scale is None else op.multiply(out, _beside("scale", scale, x, axes, 1.0))


def batch_norm(
    x: ArrayLike,
    scale: ArrayLike,
    bias: ArrayLike,
    running_mean: ArrayLike,
    running_var: ArrayLike,
    /,
    *,
    training: bool = True,
    momentum: float = 0.9,
    eps: float = 1e-5,
    axis: int = 1,
) -> tuple[ndarray, ndarray, ndarray]:
    """Each channel, along `axis`, with mean 0 and variance 1, times `scale` plus `bias`; and new running statistics.

    In training the statistics are those of the batch, and the running ones are returned as momentum · old + (1 -
    momentum) · new, of the variance that divides by n; else the running ones are used and returned as they are. No
    derivative passes through the running ones.

    Shapes: all parameters and statistics are (channels,), or None for `scale` and `bias`; `x` has the channels along
    `axis`, and the result its shape.
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` for parameters of any other shape, `AxisError` for an axis that is not there.

    >>> x, ones, zeros = tnp.asarray([[1.0], [3.0]]), tnp.ones(1), tnp.zeros(1)
    >>> tapegrad.nn.batch_norm(x, ones, zeros, zeros, ones, momentum=0.5, eps=0.0)
    (Array([[-1.],
           [ 1.]], dtype=float32), Array([1.], dtype=float32), Array([1.], dtype=float32))
    """
    x = asarray(x)
    (along,) = axes = _axes(x, axis)
    gamma, beta = _beside("scale", scale, x, axes, 1.0), _beside("bias", bias, x, axes, 0.0)
    old = [asarray(s).detach() for s in (running_mean, running_var)]
    mean, var = (_beside(f"running_{n}", s, x, axes, 0.0) for n, s in zip(("mean", "var"), old, strict=True))
    if not training:
        return (x - mean) * op.rsqrt(var + eps) * gamma + beta, *old
    out, *batch = op.normalize(x, gamma, beta, axis=tuple(a for a in range(x.ndim) if a != along), eps=eps)
    seen = [op.reshape(s.detach(), shape=(x.shape[along],)) for s in batch]
    mean, var = (momentum * before + (1 - momentum) * now for before, now in zip(old, seen, strict=True))
    return out, mean, var


def dropout(x: ArrayLike, /, rate: float, rng: Generator | int | None = None, *, training: bool = True) -> ndarray:
    """x with a part `rate` of its elements set to 0 at random, and the others divided by 1 - rate.

    `rng`: a generator of `tapegrad.numpy.random.default_rng`, or a seed; None is the stream of `tapegrad.numpy.random`.
    Not in training, x itself.

    Dtypes: that of `x`.
    Raises: `ValueError` for a rate that is not at least 0 and below 1, `RandomnessError` under a `vmap` that does not
    say what a draw means.

    >>> sorted(set(tapegrad.nn.dropout(tnp.ones(100), 0.75, rng=0).tolist()))
    [0.0, 4.0]
    """
    x = asarray(x)
    return op.dropout(x, bernoulli_mask(1 - rate, x.shape, rng), rate=rate) if training else x


def embedding(ids: ArrayLike, table: ArrayLike, /) -> ndarray:
    """The rows of a table (rows, width) at the indices.

    Shapes: that of `ids`, and the width behind it.
    Dtypes: `ids` of integers; the result has that of the table.
    Raises: `IndexError` for an index beyond the end, `ShapeError` for a table without axes.

    >>> tapegrad.nn.embedding([1, 0], [[1.0, 2.0], [3.0, 4.0]])
    Array([[3., 4.],
           [1., 2.]], dtype=float32)
    """
    return take(table, ids, axis=0)


def attention(
    query: ArrayLike,
    key: ArrayLike,
    value: ArrayLike,
    /,
    mask: ArrayLike | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> ndarray:
    """softmax(query · keyᵀ · scale) · value: what each query reads of the values.

    `scale` None is 1 / √depth. `mask`: booleans, True where a query may look, or floats that are added to the scores.
    `causal`: no query sees a key behind its own place. A query that may look nowhere reads zeros.

    Shapes: query (..., length, depth), key (..., others, depth) and value (..., others, width) give (..., length,
    width); heads and batches are axes in front, which broadcast; the mask broadcasts against (..., length, others).
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` where shapes do not go together.

    >>> x = tnp.asarray([[1.0, 0.0], [0.0, 1.0]])
    >>> tapegrad.nn.attention(x, x, x, causal=True)
    Array([[1.       , 0.       ],
           [0.3302..., 0.6697...]], dtype=float32)
    """
    query, key, value = asarray(query), asarray(key), asarray(value)
    if (
        min(query.ndim, key.ndim, value.ndim) < 2
        or query.shape[-1] != key.shape[-1]
        or key.shape[-2] != value.shape[-2]
    ):
        raise ShapeError(
            f"attention: query {query.shape}, key {key.shape} and value {value.shape} do not go together; give (..., "
            "length, depth), (..., others, depth) and (..., others, width)"
        )
    scores = op.matmul(query * (1 / math.sqrt(query.shape[-1]) if scale is None else scale), op.matrix_transpose(key))
    seen = tri(scores.shape[-2], scores.shape[-1], dtype=bool) if causal else None
    if mask is not None:
        mask = asarray(mask)
        if mask.dtype == bool:
            seen = mask if seen is None else op.logical_and(seen, mask)
        else:
            scores = scores + mask
    if seen is None:
        return op.matmul(op.softmax(scores, axis=-1), value)
    # Far below any score, and finite: a row that sees nothing has no NaN, and is 0 by the second choice.
    weights = op.softmax(op.where(seen, scores, _LEAST.get(scores.dtype.name, -1e30)), axis=-1)
    return op.matmul(op.where(seen, weights, 0.0), value)


_LEAST = {"float16": -3e4}
"""Scores that count as -∞, for dtypes that are narrow; the root of the largest number of the others is larger."""

publish(__name__)
