"""Losses: one number for each sample, its mean over all axes but that of the batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..arrays.foreign import missing
from ..errors import ArgumentError
from .block import Layer

if TYPE_CHECKING:
    from ..ndarray.ndarray import NDArray
    from ..typing import Functions

__all__ = [
    "CTCLoss",
    "CosineEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "L2Loss",
    "LogisticLoss",
    "Loss",
    "PoissonNLLLoss",
    "SDMLLoss",
    "SigmoidBCELoss",
    "SigmoidBinaryCrossEntropyLoss",
    "SoftmaxCELoss",
    "SoftmaxCrossEntropyLoss",
    "SquaredHingeLoss",
    "TripletLoss",
]
__dir__ = __all__.copy

# Programs with losses of their own import these two of MXNet's, whose names say that they are private.


def _apply_weighting(
    F: Functions, loss: NDArray, weight: float | None = None, sample_weight: NDArray | None = None
) -> NDArray:
    loss = loss if sample_weight is None else F.broadcast_mul(loss, sample_weight)
    return loss if weight is None else loss * weight


def _reshape_like(F: Any, x: Any, y: Any) -> Any:
    return F.reshape_like(x, y)


class Loss(Layer):
    """What all losses share: a weight for all, `sample_weight` for each element, and the axis of the batch.

    Shapes: predictions and labels of one size give one number for each sample; `sample_weight` broadcasts.

    Dtypes: those of all together.

    >>> from tapegrad import nd
    >>> L2Loss()(nd.array([[1.0], [3.0]]), nd.zeros(2)).asnumpy().tolist()
    [0.5, 4.5]
    """

    def __init__(self, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._weight = weight
        self._batch_axis = batch_axis

    def __repr__(self) -> str:
        return f"{type(self).__name__}(batch_axis={self._batch_axis}, w={self._weight})"

    def _weighted(self, F: Functions, loss: NDArray, sample_weight: NDArray | None = None) -> NDArray:
        return _apply_weighting(F, loss, self._weight, sample_weight)

    def _mean(self, F: Functions, loss: NDArray, sample_weight: NDArray | None = None) -> NDArray:
        return F.mean(self._weighted(F, loss, sample_weight), axis=self._batch_axis, exclude=True)


class L2Loss(Loss):
    """Half the squared difference.

    >>> from tapegrad import nd
    >>> L2Loss()(nd.array([2.0]), nd.array([0.0])).asscalar()
    np.float32(2.0)
    """

    def __init__(self, weight: float = 1.0, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        return self._mean(F, F.square(F.reshape_like(label, pred) - pred) / 2, sample_weight)


class L1Loss(Loss):
    """The difference without its sign.

    >>> from tapegrad import nd
    >>> L1Loss()(nd.array([2.0]), nd.array([0.0])).asscalar()
    np.float32(2.0)
    """

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        return self._mean(F, F.abs(F.reshape_like(label, pred) - pred), sample_weight)


def _softplus(F: Functions, x: Any) -> Any:
    return F.Activation(x, act_type="softrelu")


class SigmoidBinaryCrossEntropyLoss(Loss):
    """The cross entropy of labels 0 and 1 with the sigmoid of scores; with `from_sigmoid` of probabilities.

    `pos_weight` multiplies the part of the labels that are 1.

    >>> from tapegrad import nd
    >>> print(SigmoidBinaryCrossEntropyLoss()(nd.zeros(1), nd.ones(1)).asscalar().round(4))
    0.6931
    """

    def __init__(self, from_sigmoid: bool = False, weight: float | None = None, batch_axis: int = 0, **kw: Any) -> None:
        super().__init__(weight, batch_axis, **kw)
        self._from_sigmoid = from_sigmoid

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None, pos_weight: Any = None) -> Any:
        label = F.reshape_like(label, pred)
        if self._from_sigmoid:
            least = 1e-12
            ones = F.log(pred + least) * label
            ones = ones if pos_weight is None else F.broadcast_mul(ones, pos_weight)
            loss = -(ones + F.log(1 - pred + least) * (1 - label))
        elif pos_weight is None:
            loss = F.relu(pred) - pred * label + _softplus(F, -F.abs(pred))
        else:
            factor = 1 + F.broadcast_mul(pos_weight - 1, label)
            loss = pred - pred * label + factor * (_softplus(F, -F.abs(pred)) + F.relu(-pred))
        return self._mean(F, loss, sample_weight)


SigmoidBCELoss = SigmoidBinaryCrossEntropyLoss


class SoftmaxCrossEntropyLoss(Loss):
    """The cross entropy of labels with the softmax of scores; with `from_logits` of logarithms of probabilities.

    Labels are numbers of classes, or with `sparse_label=False` probabilities of all.

    >>> from tapegrad import nd
    >>> print(SoftmaxCrossEntropyLoss()(nd.zeros((1, 2)), nd.array([1])).asscalar().round(4))
    0.6931
    """

    def __init__(
        self,
        axis: int = -1,
        sparse_label: bool = True,
        from_logits: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._axis = axis
        self._sparse_label = sparse_label
        self._from_logits = from_logits

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        logarithms = pred if self._from_logits else F.log_softmax(pred, axis=self._axis)
        if self._sparse_label:
            loss = -F.pick(logarithms, label, axis=self._axis, keepdims=True)
        else:
            loss = -F.sum(logarithms * F.reshape_like(label, pred), axis=self._axis, keepdims=True)
        return self._mean(F, loss, sample_weight)


SoftmaxCELoss = SoftmaxCrossEntropyLoss


class KLDivLoss(Loss):
    """The divergence of Kullback and Leibler of probabilities from others, given as logarithms.

    With `from_logits=False` they are given as scores, whose softmax they are.

    >>> from tapegrad import nd
    >>> print(KLDivLoss(from_logits=False)(nd.zeros((1, 2)), nd.array([[1, 0]])).asscalar().round(4))
    0.6931
    """

    def __init__(
        self, from_logits: bool = True, axis: int = -1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._axis = axis

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        logarithms = pred if self._from_logits else F.log_softmax(pred, axis=self._axis)
        loss = self._weighted(F, label * (F.log(label + 1e-12) - logarithms), sample_weight)
        return F.sum(loss, axis=self._batch_axis, exclude=True)


class CTCLoss(Loss):
    """`nd.ctc_loss` of labels that end in −1, or have lengths, with the blank as last class. A. Graves et al. (2006).

    Shapes: scores (n, steps, classes) with labels (n, length) give (n,); `layout` and `label_layout` name other orders.

    Dtypes: those of the scores.

    Raises: `ValueError` for an unknown layout.

    >>> from tapegrad import nd
    >>> CTCLoss()(nd.zeros((2, 4, 3)), nd.array([[0, 1], [1, -1]])).shape
    (2,)
    """

    def __init__(self, layout: str = "NTC", label_layout: str = "NT", weight: float | None = None, **kw: Any) -> None:
        if layout not in ("NTC", "TNC") or label_layout not in ("NT", "TN"):
            raise ArgumentError(f"CTCLoss: layouts are {layout!r}, {label_layout!r}; choose NTC or TNC, and NT or TN")
        super().__init__(weight, label_layout.find("N"), **kw)
        self._layout = layout

    def hybrid_forward(
        self,
        F: Any,
        pred: Any,
        label: Any,
        pred_lengths: Any = None,
        label_lengths: Any = None,
        sample_weight: Any = None,
    ) -> Any:
        loss = F.ctc_loss(
            F.swapaxes(pred, 0, 1) if self._layout == "NTC" else pred,
            F.swapaxes(label, 0, 1) if self._batch_axis == 1 else label,
            pred_lengths,
            label_lengths,
            use_data_lengths=pred_lengths is not None,
            use_label_lengths=label_lengths is not None,
            blank_label="last",
        )
        return self._weighted(F, loss, sample_weight)


class HuberLoss(Loss):
    """Squared below `rho`, and the difference without its sign above.

    >>> from tapegrad import nd
    >>> HuberLoss()(nd.array([2.0]), nd.array([0.0])).asscalar()
    np.float32(1.5)
    """

    def __init__(self, rho: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._rho = rho

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        size = F.abs(F.reshape_like(label, pred) - pred)
        loss = F.where(size > self._rho, size - 0.5 * self._rho, 0.5 / self._rho * F.square(size))
        return self._mean(F, loss, sample_weight)


class HingeLoss(Loss):
    """What the product of score and label, ±1, lacks to the margin.

    >>> from tapegrad import nd
    >>> HingeLoss()(nd.array([0.5]), nd.array([1.0])).asscalar()
    np.float32(0.5)
    """

    def __init__(self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def _lack(self, F: Functions, pred: Any, label: Any) -> Any:
        return F.relu(self._margin - pred * F.reshape_like(label, pred))

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        return self._mean(F, self._lack(F, pred, label), sample_weight)


class SquaredHingeLoss(HingeLoss):
    """The square of `HingeLoss`.

    >>> from tapegrad import nd
    >>> SquaredHingeLoss()(nd.array([0.5]), nd.array([1.0])).asscalar()
    np.float32(0.25)
    """

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        return self._mean(F, F.square(self._lack(F, pred, label)), sample_weight)


class LogisticLoss(Loss):
    """log(1 + exp(−score · label)) of labels ±1, or with `label_format="binary"` 0 and 1.

    >>> from tapegrad import nd
    >>> print(LogisticLoss()(nd.zeros(1), nd.ones(1)).asscalar().round(4))
    0.6931
    """

    def __init__(
        self, weight: float | None = None, batch_axis: int = 0, label_format: str = "signed", **kwargs: Any
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        if label_format not in ("signed", "binary"):
            raise ArgumentError(f"label_format is {label_format!r}; choose 'signed' or 'binary'")
        self._label_format = label_format

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        label = F.reshape_like(label, pred)
        label = (label + 1) / 2 if self._label_format == "signed" else label
        return self._mean(F, F.relu(pred) - pred * label + _softplus(F, -F.abs(pred)), sample_weight)


class TripletLoss(Loss):
    """By how much a sample is not nearer to a positive one than to a negative one, by the margin.

    >>> from tapegrad import nd
    >>> TripletLoss()(nd.zeros((1, 1)), nd.zeros((1, 1)), nd.array([[0.5]])).asscalar()
    np.float32(0.75)
    """

    def __init__(self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F: Any, pred: Any, positive: Any, negative: Any, sample_weight: Any = None) -> Any:
        nearer = F.square(F.reshape_like(positive, pred) - pred) - F.square(F.reshape_like(negative, pred) - pred)
        loss = F.relu(F.sum(nearer, axis=self._batch_axis, exclude=True) + self._margin)
        return self._weighted(F, loss, sample_weight)


class PoissonNLLLoss(Loss):
    """Less the logarithm of the probability of counts, whose means or, with `from_logits`, their logarithms are given.

    One number for all samples. `compute_full` adds Stirling's term of the counts.

    >>> from tapegrad import nd
    >>> PoissonNLLLoss()(nd.zeros(1), nd.ones(1)).asscalar()
    np.float32(1.0)
    """

    def __init__(
        self,
        weight: float | None = None,
        from_logits: bool = True,
        batch_axis: int = 0,
        compute_full: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._compute_full = compute_full

    def hybrid_forward(self, F: Any, pred: Any, target: Any, sample_weight: Any = None, epsilon: float = 1e-8) -> Any:
        target = F.reshape_like(target, pred)
        loss = F.exp(pred) - target * pred if self._from_logits else pred - target * F.log(pred + epsilon)
        if self._compute_full:
            counts = F.maximum(target, 1)
            stirling = counts * F.log(counts) - counts + 0.5 * F.log(2 * counts * math.pi)
            loss = loss + stirling * (target > 1)
        return F.mean(self._weighted(F, loss, sample_weight))


class CosineEmbeddingLoss(Loss):
    """1 − the cosine between two vectors that belong together, label 1; else, label −1, what it exceeds the margin by.

    Shapes: (n, size) and (n, size), with labels (n,), give (n, 1).

    >>> from tapegrad import nd
    >>> CosineEmbeddingLoss()(nd.ones((1, 2)), nd.ones((1, 2)), nd.array([-1])).shape
    (1, 1)
    """

    def __init__(self, weight: float | None = None, batch_axis: int = 0, margin: float = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F: Any, input1: Any, input2: Any, label: Any, sample_weight: Any = None) -> Any:
        input1 = F.reshape_like(input1, input2)
        sizes = F.norm(input1, axis=-1) * F.norm(input2, axis=-1)
        cosine = F.sum(input1 * input2, axis=-1).reshape((-1, 1)) / F.maximum(sizes, 1e-12).reshape((-1, 1))
        loss = F.where(label.reshape((-1, 1)) == 1, 1 - cosine, F.relu(cosine - self._margin))
        return self._weighted(F, loss, sample_weight)


class SDMLLoss(Loss):
    """How far the distances within a batch of pairs are from a smoothed identity, of E. Bonadiman et al. (2019).

    >>> from tapegrad import nd
    >>> SDMLLoss()(nd.ones((2, 3)), nd.ones((2, 3))).shape
    (2,)
    """

    def __init__(
        self, smoothing_parameter: float = 0.3, weight: float = 1.0, batch_axis: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self.smoothing_parameter = smoothing_parameter

    def hybrid_forward(self, F: Any, x1: Any, x2: Any) -> Any:
        count = x1.shape[0]
        distances = F.sum(F.square(F.expand_dims(x1, 1) - F.expand_dims(x2, 0)), axis=2)
        same = F.one_hot(F.arange(count, ctx=x1.context), count)
        labels = same * (1 - self.smoothing_parameter) + (1 - same) * (self.smoothing_parameter / (count - 1))
        logarithms = F.log_softmax(-distances, axis=1)
        return F.sum(labels * (F.log(labels + 1e-12) - logarithms), axis=1)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
