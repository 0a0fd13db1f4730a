"""Outputs of networks in the manner of MXNet's symbolic programs: the gradient is a loss's, whatever comes from behind.

Each is a function with a rule of its own, because it is not the derivative of what the function returns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engines.tables import RECORDED as ops
from ..errors import ArgumentError, ShapeError
from ..transforms.custom import custom
from .checks import dtype_of, need
from .ndarray import NDArray, give
from .shaping import indices_of, reshape

__all__ = [
    "LinearRegressionOutput",
    "LogisticRegressionOutput",
    "MAERegressionOutput",
    "MakeLoss",
    "SVMOutput",
    "Softmax",
    "SoftmaxOutput",
    "make_loss",
]


@custom
def _loss(data: Any, scale: float) -> Any:
    return data.copy()


@custom
def _linear(data: Any, label: Any, scale: float) -> Any:
    return data.copy()


@custom
def _absolute(data: Any, label: Any, scale: float) -> Any:
    return data.copy()


@custom
def _logistic(data: Any, label: Any, scale: float) -> Any:
    return ops.sigmoid(data)


@custom
def _softmax(data: Any, target: Any, counts: Any, axis: int, scale: float, behind: bool) -> Any:
    return ops.softmax(data, axis=axis)


@custom
def _margin(data: Any, signs: Any, margin: float, scale: float, linear: bool) -> Any:
    return data.copy()


_loss.defvjp(data=lambda data, scale: ops.filled(data, shape=data.shape, value=scale))
_linear.defvjp(data=lambda data, label, scale: (data - label) * scale)
_absolute.defvjp(data=lambda data, label, scale: ops.sign(data - label) * scale)
_logistic.defvjp(data=lambda out, label, scale: (out - label) * scale)
_softmax.defvjp(
    data=lambda g, out, target, counts, scale, behind: (out - target) * counts * (g * scale if behind else scale)
)


def _margin_pull(data: Any, signs: Any, margin: float, scale: float, linear: bool) -> Any:
    short = margin - signs * data
    inside = ops.where(ops.greater(short, 0), signs, ops.zeros_like(signs))
    return inside * (-scale) if linear else inside * short * (-2 * scale)


_margin.defvjp(data=_margin_pull)


def make_loss(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """The same values; the gradient is ones, whatever comes from behind.

    Shapes: any; the result has that of `data`.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([1, 3])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     loss = nd.make_loss(x * x)
    >>> loss.backward(nd.array([100, 100]))
    >>> x.grad.asnumpy().tolist()
    [2.0, 6.0]
    """
    return give(out, _loss(need(data, "make_loss"), 1.0))


def MakeLoss(
    data: Any,
    grad_scale: float = 1.0,
    valid_thresh: float = 0.0,
    normalization: str = "null",
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The same values; the gradient is `grad_scale`, whatever comes from behind.

    `normalization`: "null", "batch" (divided by the number of samples), or "valid" (by how many elements exceed
    `valid_thresh`).

    Shapes: any; the result has that of `data`.

    Dtypes: any; the result has that of `data`.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another `normalization`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[1], [3]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     loss = nd.MakeLoss(x * x, normalization="batch")
    >>> loss.backward()
    >>> x.grad.asnumpy().ravel().tolist()
    [1.0, 3.0]
    """
    data = need(data, "MakeLoss")
    if normalization == "batch":
        grad_scale /= data.shape[0]
    elif normalization == "valid":
        grad_scale /= max(int((data.asnumpy() > valid_thresh).sum()), 1)
    elif normalization != "null":
        raise ArgumentError(f"MakeLoss(): normalization is {normalization!r}; choose 'null', 'batch' or 'valid'")
    return give(out, _loss(data, grad_scale))


def _regression(where: str, head: Any, data: Any, label: Any, grad_scale: float, out: Any) -> NDArray:
    data, label = need(data, where), need(label, where, "label")
    if label.size != data.size:
        raise ShapeError(f"{where}(): data has shape {data.shape}, label {label.shape}")
    outputs = max(data.size // max(data.shape[0], 1), 1)
    label = ops.astype(ops.reshape(label, shape=data.shape), dtype=dtype_of(data))
    return give(out, head(data, label.detach(), grad_scale / outputs))


def LinearRegressionOutput(
    data: Any, label: Any, grad_scale: float = 1.0, out: Any = None, name: Any = None
) -> NDArray:
    """The same values; the gradient is (data − label) · grad_scale / outputs per sample, whatever comes from behind.

    Shapes: (n, …); `label` has as many elements. The gradient is divided by the elements of a sample.

    Dtypes: floats; `label` is converted to that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for a label of another size.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[5], [7]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.LinearRegressionOutput(x, nd.array([[2], [9]]))
    >>> y.backward()
    >>> y.asnumpy().ravel().tolist(), x.grad.asnumpy().ravel().tolist()
    ([5.0, 7.0], [3.0, -2.0])
    """
    return _regression("LinearRegressionOutput", _linear, data, label, grad_scale, out)


def MAERegressionOutput(data: Any, label: Any, grad_scale: float = 1.0, out: Any = None, name: Any = None) -> NDArray:
    """The same values; the gradient is the sign of data − label, scaled, whatever comes from behind.

    Shapes: (n, …); `label` has as many elements. The gradient is divided by the elements of a sample.

    Dtypes: floats; `label` is converted to that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for a label of another size.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[5], [7]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.MAERegressionOutput(x, nd.array([[2], [9]]))
    >>> y.backward()
    >>> x.grad.asnumpy().ravel().tolist()
    [1.0, -1.0]
    """
    return _regression("MAERegressionOutput", _absolute, data, label, grad_scale, out)


def LogisticRegressionOutput(
    data: Any, label: Any, grad_scale: float = 1.0, out: Any = None, name: Any = None
) -> NDArray:
    """The sigmoid; the gradient is that of its cross entropy with the label, whatever comes from behind.

    Shapes: (n, …); `label` has as many elements. The gradient is divided by the elements of a sample.

    Dtypes: floats; integers give the default float. `label` is converted to that of `data`.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for a label of another size.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[0], [0]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.LogisticRegressionOutput(x, nd.array([[0], [1]]))
    >>> y.backward()
    >>> y.asnumpy().ravel().tolist(), x.grad.asnumpy().ravel().tolist()
    ([0.5, 0.5], [0.5, -0.5])
    """
    return _regression("LogisticRegressionOutput", _logistic, data, label, grad_scale, out)


def SVMOutput(
    data: Any,
    label: Any,
    margin: float = 1.0,
    regularization_coefficient: float = 1.0,
    use_linear: bool = False,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The same scores (n, classes); the gradient is that of the hinge loss of each class, squared or linear.

    Shapes: (n, classes) and (n,) labels; the result has that of `data`.

    Dtypes: floats; floating labels are cut to integers.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for other shapes.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[0, 3]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.SVMOutput(x, nd.array([0]), use_linear=True)
    >>> y.backward()
    >>> x.grad.asnumpy().tolist()
    [[-1.0, 1.0]]
    """
    data, label = need(data, "SVMOutput"), need(label, "SVMOutput", "label")
    if data.ndim != 2 or label.shape != data.shape[:1]:
        raise ShapeError(
            f"SVMOutput() takes data (n, classes) and label (n,), not shapes {data.shape} and {label.shape}"
        )
    hot = ops.one_hot(indices_of(label), depth=data.shape[1], on=1.0, off=-1.0, dtype=dtype_of(data))
    return give(out, _margin(data, hot, margin, regularization_coefficient, bool(use_linear)))


def SoftmaxOutput(
    data: Any,
    label: Any,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: str = "null",
    out_grad: bool = False,
    smooth_alpha: float = 0.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """`softmax`; the gradient is that of its cross entropy with the label, whatever comes from behind.

    data is (n, classes), or (n, classes, *space) with `multi_output`; label holds a class for each row or pixel, or
    probabilities in the shape of data. `use_ignore` leaves out those with `ignore_label`. `normalization`: "null",
    "batch" (divided by n, with `preserve_shape` by the number of rows), "valid" (by how many count). `out_grad`
    multiplies by what comes from behind after all.

    `smooth_alpha` takes as much from the label's class and spreads it over the others.

    Shapes: the result has that of `data`. Of more than two axes without `multi_output` and `preserve_shape` each sample
    is one row.

    Dtypes: floats; integers give the default float. Floating labels are cut to integers.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for another number of labels, `ValueError` for another
    `normalization`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.zeros((1, 2))
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.SoftmaxOutput(x, nd.array([1]))
    >>> y.backward()
    >>> y.asnumpy().tolist(), x.grad.asnumpy().tolist()
    ([[0.5, 0.5]], [[0.5, -0.5]])
    """
    where = "SoftmaxOutput"
    data, label = need(data, where), need(label, where, "label")
    if normalization not in ("null", "batch", "valid"):
        raise ArgumentError(f"SoftmaxOutput(): normalization is {normalization!r}; choose 'null', 'batch' or 'valid'")
    axis = 1 if multi_output else data.ndim - 1
    given = data.shape
    if not multi_output and not preserve_shape and data.ndim > 2:
        data, axis = reshape(data, (0, -1)), 1
    classes = data.shape[axis]
    rows = data.size // max(classes, 1)
    rest = (*data.shape[:axis], *data.shape[axis + 1 :])
    if label.shape == data.shape:
        target, counts, normalization = label, ops.ones_like(label), "null"
    else:
        if label.size != data.size // max(classes, 1):
            raise ShapeError(f"SoftmaxOutput(): label has shape {label.shape}; give {rest}, or {data.shape}")
        places = reshape(label, rest)
        target = ops.one_hot(indices_of(places), depth=classes, dtype=dtype_of(data))
        order = range(target.ndim - 1)
        target = ops.permute_dims(target, axes=(*order[:axis], target.ndim - 1, *order[axis:]))
        if smooth_alpha:
            other = smooth_alpha / (classes - 1)
            target = target * (1 - smooth_alpha - other) + other
        valid = ops.not_equal(places, ignore_label) if use_ignore else ops.equal(places, places)
        if multi_output and normalization != "valid":
            grad_scale /= max(data.size // max(data.shape[0] * classes, 1), 1)
        counts = ops.reshape(ops.astype(valid, dtype=dtype_of(data)), shape=(*rest[:axis], 1, *rest[axis:]))
    if normalization == "batch":
        grad_scale /= data.shape[0] if multi_output else rows
    elif normalization == "valid":
        grad_scale /= max(int(np.sum(label.asnumpy() != ignore_label)), 1)
    found = _softmax(data, target.detach(), counts.detach(), axis, grad_scale, bool(out_grad))
    return give(out, ops.reshape(found, shape=given))


Softmax = SoftmaxOutput
