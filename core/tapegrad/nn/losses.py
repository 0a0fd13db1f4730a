"""Losses, and the labels they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import dtypes
from ..errors import ArgumentError, DtypeError, ShapeError
from ..numpy.arguments import asarray, op
from ..numpy.arrays import ndarray
from ..numpy.names import publish

if TYPE_CHECKING:
    from ..typing import ArrayLike, DTypeLike

_REDUCTIONS: dict[str, Callable[[ndarray], ndarray]] = {"mean": op.mean, "sum": op.sum, "none": lambda x: x}


def _reduced(losses: ndarray, reduction: str) -> ndarray:
    if reduction not in _REDUCTIONS:
        raise ArgumentError(f"reduction is {reduction!r}; choose one of {', '.join(map(repr, _REDUCTIONS))}")
    return _REDUCTIONS[reduction](losses)


def _like(name: str, x: ndarray, other: ndarray) -> None:
    if x.shape != other.shape:
        raise ShapeError(f"{name}: shapes {x.shape} and {other.shape} differ; reshape one, as they are not broadcast")


def one_hot(x: ArrayLike, /, num_classes: int, *, dtype: DTypeLike | None = None, axis: int = -1) -> ndarray:
    """1 at the class that x says, along a new axis of `num_classes`, and 0 elsewhere; all 0 for a class outside.

    Shapes: that of `x` with one axis more, at `axis` of the result.
    Dtypes: `x` of integers; the result has `dtype`, or the default float.

    >>> tapegrad.nn.one_hot([0, 2], 3)
    Array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    hot = op.one_hot(asarray(x), depth=num_classes, dtype=dtype)
    return hot if axis in (-1, hot.ndim - 1) else op.moveaxis(hot, source=-1, destination=axis)


def cross_entropy(
    logits: ArrayLike,
    labels: ArrayLike,
    *,
    axis: int = -1,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> ndarray:
    """-Σ p · log softmax(logits) over `axis`, of classes given as integers or of probabilities p, and their mean.

    `label_smoothing` takes this part from the labels and spreads it evenly over all classes. `reduction`: "mean",
    "sum", or "none" for one number a sample. It is differentiable in the logits, and in labels that are probabilities.

    Shapes: integer labels have the shape of the logits without `axis`, probabilities have theirs.
    Dtypes: floats, promoted to one, which the result has; labels may be integers.
    Raises: `ShapeError` for labels of any other shape, `DtypeError` for classes that are floats, `IndexError` for a
    class that is not there, `ValueError` for a smoothing outside of 0 to 1 and an unknown `reduction`, `AxisError` for
    an axis that is not there.

    >>> logits = tnp.asarray([[2.0, 0.0], [0.0, 0.0]])
    >>> tapegrad.nn.cross_entropy(logits, [0, 1], reduction="none")
    Array([0.1269..., 0.6931...], dtype=float32)
    >>> tapegrad.grad(tapegrad.nn.cross_entropy)(logits, [0, 1])
    Array([[-0.0596...,  0.0596...],
           [ 0.25  ..., -0.25  ...]], dtype=float32)
    """
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"label_smoothing is {label_smoothing!r}; choose a number from 0 to 1")
    logs, labels = op.log_softmax(asarray(logits), axis=axis), asarray(labels)
    place = axis if axis >= 0 else axis + logs.ndim
    of_classes = (*logs.shape[:place], *logs.shape[place + 1 :])
    if labels.dtype in dtypes.INTEGER:
        if labels.shape != of_classes:
            raise ShapeError(
                f"cross_entropy: classes of shape {labels.shape} for logits of shape {logs.shape} with the classes "
                f"along axis {axis}; give one class a sample, or probabilities as floats"
            )
        places = op.expand_dims(labels, axis=axis)
        losses = -op.squeeze(op.take_along_axis(logs, places, axis=axis), axis=axis)
    elif labels.shape == of_classes != logs.shape:
        raise DtypeError(
            f"cross_entropy: labels of shape {labels.shape} and {labels.dtype}: classes are integers, "
            f"labels.astype('int64'); probabilities have the shape of the logits, {logs.shape}"
        )
    else:
        _like("cross_entropy", logs, labels)
        losses = -op.sum(op.multiply_or_zero(labels, logs), axis=axis)
    if label_smoothing:
        losses = (1 - label_smoothing) * losses - label_smoothing * op.mean(logs, axis=axis)
    return _reduced(losses, reduction)


def binary_cross_entropy(logits: ArrayLike, labels: ArrayLike, *, reduction: str = "mean") -> ndarray:
    """-p · log sigmoid(logits) - (1 - p) · log sigmoid(-logits) of probabilities p, and their mean.

    `reduction` is as in `cross_entropy`.

    Shapes: both have one shape.
    Dtypes: floats, promoted to one, which the result has; labels may be integers or booleans.
    Raises: `ShapeError` for shapes that differ, `ValueError` for an unknown `reduction`.

    >>> tapegrad.nn.binary_cross_entropy([0.0, 800.0], [1.0, 1.0], reduction="none")
    Array([0.6931..., 0.       ], dtype=float32)
    """
    logits, labels = asarray(logits), asarray(labels)
    _like("binary_cross_entropy", logits, labels)
    if labels.dtype not in dtypes.FLOATING:
        labels = op.astype(labels, dtype=logits.dtype if logits.dtype in dtypes.FLOATING else None)
    return _reduced(-labels * op.log_sigmoid(logits) - (1 - labels) * op.log_sigmoid(-logits), reduction)


def mse(predictions: ArrayLike, targets: ArrayLike, *, reduction: str = "mean") -> ndarray:
    """The squares of the differences, and their mean. `reduction` is as in `cross_entropy`.

    Shapes: both have one shape; they are not broadcast, so that (n, 1) and (n,) are not n² differences.
    Dtypes: promoted to one, which the result has.
    Raises: `ShapeError` for shapes that differ, `ValueError` for an unknown `reduction`.

    >>> tapegrad.nn.mse([1.0, 3.0], [0.0, 0.0])
    Array(5., dtype=float32)
    """
    predictions, targets = asarray(predictions), asarray(targets)
    _like("mse", predictions, targets)
    return _reduced(op.square(predictions - targets), reduction)


publish(__name__)
