"""Outputs of networks in the manner of MXNet's symbolic programs: the gradient is a loss's, whatever cotangent arrives.

Each is a function with a rule of its own, because it is not the derivative of what the function returns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from ..transforms.custom import custom
from .checks import dtype_of, ops
from .function import nd_function
from .ndarray import NDArray
from .shape import indices_of, reshape


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


@nd_function
def make_loss(data: NDArray) -> NDArray:
    """The same values; the gradient is ones, whatever cotangent arrives.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([1, 3])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     loss = nd.make_loss(x * x)
    >>> loss.backward(nd.array([100, 100]))
    >>> x.grad.asnumpy().tolist()
    [2.0, 6.0]
    """
    return _loss(data, 1.0)  # type: ignore[no-any-return]


@nd_function
def MakeLoss(data: NDArray, grad_scale: float = 1.0, valid_thresh: float = 0.0, normalization: str = "null") -> NDArray:
    """The same values; the gradient is `grad_scale`, whatever cotangent arrives.

    `normalization`: "null", "batch" (divided by the number of samples), or "valid" (by how many elements exceed
    `valid_thresh`).

    Raises: `ValueError` for an unknown `normalization`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[1], [3]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     loss = nd.MakeLoss(x * x, normalization="batch")
    >>> loss.backward()
    >>> x.grad.asnumpy().ravel().tolist()
    [1.0, 3.0]
    """
    if normalization == "batch":
        grad_scale /= data.shape[0]
    elif normalization == "valid":
        grad_scale /= max(int((data.asnumpy() > valid_thresh).sum()), 1)
    elif normalization != "null":
        raise ArgumentError(f"MakeLoss(): normalization is {normalization!r}; choose 'null', 'batch' or 'valid'")
    return _loss(data, grad_scale)  # type: ignore[no-any-return]


_regression = nd_function(
    words="Shapes: (n, …); `label` has as many elements. The gradient is divided by the elements of a sample.\n"
    "Dtypes: floats; `label` is converted to that of `data`.\nRaises: `ShapeError` for a label of a different size."
)


def _regressed(head: Callable[..., NDArray], data: NDArray, label: NDArray, grad_scale: float, where: str) -> NDArray:
    if label.size != data.size:
        raise ShapeError(f"{where}(): data has shape {data.shape}, label {label.shape}")
    outputs = max(data.size // max(data.shape[0], 1), 1)
    label = ops.astype(ops.reshape(label, shape=data.shape), dtype=dtype_of(data))
    return head(data, label._detached(), grad_scale / outputs)


@_regression
def LinearRegressionOutput(data: NDArray, label: NDArray, grad_scale: float = 1.0) -> NDArray:
    """The same values; the gradient is (data − label) · grad_scale / outputs per sample, whatever cotangent arrives.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[5], [7]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.LinearRegressionOutput(x, nd.array([[2], [9]]))
    >>> y.backward()
    >>> y.asnumpy().ravel().tolist(), x.grad.asnumpy().ravel().tolist()
    ([5.0, 7.0], [3.0, -2.0])
    """
    return _regressed(_linear, data, label, grad_scale, "LinearRegressionOutput")


@_regression
def MAERegressionOutput(data: NDArray, label: NDArray, grad_scale: float = 1.0) -> NDArray:
    """The same values; the gradient is the sign of data − label, scaled, whatever cotangent arrives.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[5], [7]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.MAERegressionOutput(x, nd.array([[2], [9]]))
    >>> y.backward()
    >>> x.grad.asnumpy().ravel().tolist()
    [1.0, -1.0]
    """
    return _regressed(_absolute, data, label, grad_scale, "MAERegressionOutput")


@_regression
def LogisticRegressionOutput(data: NDArray, label: NDArray, grad_scale: float = 1.0) -> NDArray:
    """The sigmoid; the gradient is that of its cross entropy with the label, whatever cotangent arrives.

    Dtypes: floats; integers give the default float. `label` is converted to that of `data`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[0], [0]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.LogisticRegressionOutput(x, nd.array([[0], [1]]))
    >>> y.backward()
    >>> y.asnumpy().ravel().tolist(), x.grad.asnumpy().ravel().tolist()
    ([0.5, 0.5], [0.5, -0.5])
    """
    return _regressed(_logistic, data, label, grad_scale, "LogisticRegressionOutput")


@nd_function
def SVMOutput(
    data: NDArray,
    label: NDArray,
    margin: float = 1.0,
    regularization_coefficient: float = 1.0,
    use_linear: bool = False,
) -> NDArray:
    """The same scores (n, classes); the gradient is that of the hinge loss of each class, squared or linear.

    Shapes: (n, classes) and (n,) labels; the result has that of `data`.
    Dtypes: floats; floating labels are cut to integers.
    Raises: `ShapeError` for shapes that do not fit.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[0, 3]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.SVMOutput(x, nd.array([0]), use_linear=True)
    >>> y.backward()
    >>> x.grad.asnumpy().tolist()
    [[-1.0, 1.0]]
    """
    if data.ndim != 2 or label.shape != data.shape[:1]:
        raise ShapeError(
            f"SVMOutput() takes data (n, classes) and label (n,), not shapes {data.shape} and {label.shape}"
        )
    hot = ops.one_hot(indices_of(label), depth=data.shape[1], on=1.0, off=-1.0, dtype=dtype_of(data))
    return _margin(data, hot, margin, regularization_coefficient, bool(use_linear))  # type: ignore[no-any-return]


@nd_function
def SoftmaxOutput(
    data: NDArray,
    label: NDArray,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: str = "null",
    out_grad: bool = False,
    smooth_alpha: float = 0.0,
) -> NDArray:
    """`softmax`; the gradient is that of its cross entropy with the label, whatever cotangent arrives.

    data is (n, classes), or (n, classes, *space) with `multi_output`; label holds a class for each row or pixel, or
    probabilities in the shape of data. `use_ignore` leaves out those with `ignore_label`. `normalization`: "null",
    "batch" (divided by n, with `preserve_shape` by the number of rows), "valid" (by how many count). `out_grad`
    multiplies by the cotangent that arrives after all.

    `smooth_alpha` takes as much from the label's class and spreads it over the others.

    Shapes: the result has that of `data`. Of more than two axes without `multi_output` and `preserve_shape` each sample
    is one row.
    Dtypes: floats; integers give the default float. Floating labels are cut to integers.
    Raises: `ShapeError` for the wrong number of labels, `ValueError` for an unknown `normalization`.

    >>> from tapegrad import autograd, nd
    >>> x = nd.zeros((1, 2))
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.SoftmaxOutput(x, nd.array([1]))
    >>> y.backward()
    >>> y.asnumpy().tolist(), x.grad.asnumpy().tolist()
    ([[0.5, 0.5]], [[0.5, -0.5]])
    """
    if normalization not in ("null", "batch", "valid"):
        raise ArgumentError(f"SoftmaxOutput(): normalization is {normalization!r}; choose 'null', 'batch' or 'valid'")
    axis = 1 if multi_output else data.ndim - 1
    shape = data.shape
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
    result = _softmax(data, target._detached(), counts._detached(), axis, grad_scale, bool(out_grad))
    return ops.reshape(result, shape=shape)


Softmax = SoftmaxOutput
