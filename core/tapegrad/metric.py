"""Measures of predictions against labels, gathered over batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy

from .errors import ArgumentError, ShapeError
from .ndarray.ndarray import NDArray

__all__ = [
    "F1",
    "MAE",
    "MCC",
    "MSE",
    "PCC",
    "RMSE",
    "Accuracy",
    "CompositeEvalMetric",
    "CrossEntropy",
    "CustomMetric",
    "EvalMetric",
    "Loss",
    "NegativeLogLikelihood",
    "PearsonCorrelation",
    "Perplexity",
    "TopKAccuracy",
    "check_label_shapes",
    "create",
    "np",
    "register",
]
__dir__ = __all__.copy

C = TypeVar("C", bound=type)
Host = numpy.ndarray[Any, Any]

_REGISTERED: dict[str, Any] = {}


def register(klass: C, name: str | None = None) -> C:
    """Enter a class under a name, or its own in lower case, for `create`. A decorator.

    >>> create("accuracy").name
    'accuracy'
    """
    _REGISTERED[(name or klass.__name__).lower()] = klass
    return klass


def alias(*aliases: str) -> Callable[[C], C]:
    """Enter a class under further names. A decorator."""

    def enter(klass: C) -> C:
        _REGISTERED.update(dict.fromkeys(aliases, klass))
        return register(klass)

    return enter


def create(metric: Any, *args: Any, **kwargs: Any) -> Any:
    """The metric of a name, of a function of labels and predictions, or of a list of those.

    Raises: `ValueError` for a name that nobody registered.

    >>> create(["acc", "mse"]).get()
    (['accuracy', 'mse'], [nan, nan])
    """
    if isinstance(metric, EvalMetric):
        return metric
    if isinstance(metric, list):
        return CompositeEvalMetric([create(one, *args, **kwargs) for one in metric])
    if callable(metric):
        return CustomMetric(metric, *args, **kwargs)
    if str(metric).lower() not in _REGISTERED:
        raise ArgumentError(f"there is no metric {metric!r}; choose one of {', '.join(sorted(_REGISTERED))}")
    return _REGISTERED[str(metric).lower()](*args, **kwargs)


def _listed(arrays: Any) -> list[Any]:
    return list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]


def check_label_shapes(labels: Any, preds: Any, wrap: bool = False, shape: bool = False) -> tuple[Any, Any]:
    """Labels and predictions, as many as each other or with `shape` of one shape; `wrap` makes lists of them.

    Raises: `ShapeError` where they are not.

    >>> check_label_shapes([1], [2])
    ([1], [2])
    """
    sizes = (labels.shape, preds.shape) if shape else (len(labels), len(preds))
    if sizes[0] != sizes[1]:
        raise ShapeError(f"Shape of labels {sizes[0]} does not match shape of predictions {sizes[1]}")
    return (_listed(labels), _listed(preds)) if wrap else (labels, preds)


class EvalMetric:
    """A mean that grows with every `update(labels, preds)`: subclass it and write that, or `measure`.

    `get()` gives the name and the value since `reset_local()`, `get_global()` the one since `reset()`.

    Shapes: labels and predictions are arrays, or lists of as many.

    Dtypes: any; they are compared on the host.

    Raises: `ShapeError` where labels and predictions do not match.

    >>> from tapegrad import nd
    >>> metric = Accuracy()
    >>> metric.update(nd.array([0, 1]), nd.array([[0.9, 0.1], [0.6, 0.4]]))
    >>> metric.get()
    ('accuracy', 0.5)
    """

    def __init__(self, name: str, output_names: Any = None, label_names: Any = None, **kwargs: Any) -> None:
        self.name = str(name)
        self.output_names = output_names
        self.label_names = label_names
        kwargs.pop("has_global_stats", None)
        self._kwargs = kwargs
        self.reset()

    def __str__(self) -> str:
        return f"EvalMetric: {dict(self.get_name_value())}"

    def get_config(self) -> dict[str, Any]:
        """The metric as a dictionary."""
        names = {"name": self.name, "output_names": self.output_names, "label_names": self.label_names}
        return {**self._kwargs, "metric": type(self).__name__, **names}

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The sum and the count that one array of labels and of predictions adds. To be written by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no update, or measure")

    def update(self, labels: Any, preds: Any) -> None:
        """Take in a batch."""
        labels, preds = check_label_shapes(_listed(labels), _listed(preds))
        for label, pred in zip(labels, preds, strict=True):
            self._add(*self.measure(_host(label), _host(pred)))

    def update_dict(self, label: Mapping[str, Any], pred: Mapping[str, Any]) -> None:
        """Take in a batch by names: those of `label_names` and `output_names`, or all."""
        labels = [label[name] for name in self.label_names or label]
        self.update(labels, [pred[name] for name in self.output_names or pred])

    def _add(self, total: Any, count: Any) -> None:
        total = total.item() if hasattr(total, "item") else total  # float() would keep a compiled program to the value
        self.sum_metric += total
        self.global_sum_metric += total
        self.num_inst += count
        self.global_num_inst += count

    def reset(self) -> None:
        """Begin anew."""
        self.global_num_inst: Any = 0
        self.global_sum_metric: Any = 0.0
        self.reset_local()

    def reset_local(self) -> None:
        """Begin anew what `get` gives."""
        self.num_inst: Any = 0
        self.sum_metric: Any = 0.0

    def _value(self, total: Any, count: Any) -> Any:
        return total / count if count else math.nan

    def get(self) -> tuple[Any, Any]:
        """The name and the value; NaN for no batch."""
        return self.name, self._value(self.sum_metric, self.num_inst)

    def get_global(self) -> tuple[Any, Any]:
        """The name and the value of all batches."""
        return self.name, self._value(self.global_sum_metric, self.global_num_inst)

    def get_name_value(self) -> list[tuple[str, Any]]:
        """`get`, as a list of pairs."""
        return _pairs(*self.get())

    def get_global_name_value(self) -> list[tuple[str, Any]]:
        """`get_global`, as a list of pairs."""
        return _pairs(*self.get_global())


def _pairs(names: Any, values: Any) -> list[tuple[str, Any]]:
    return list(zip(_listed(names), _listed(values), strict=True))


def _host(x: Any) -> Host:
    return x.asnumpy() if isinstance(x, NDArray) else numpy.asarray(x)


class CompositeEvalMetric(EvalMetric):
    """Several metrics at once.

    >>> metric = CompositeEvalMetric([Accuracy(), F1()])
    >>> metric.get()[0]
    ['accuracy', 'f1']
    """

    def __init__(
        self, metrics: Any = None, name: str = "composite", output_names: Any = None, label_names: Any = None
    ) -> None:
        self.metrics = [create(metric) for metric in metrics or []]
        super().__init__(name, output_names, label_names)

    def add(self, metric: Any) -> None:
        """Put a metric at the end."""
        self.metrics.append(create(metric))

    def get_metric(self, index: int) -> Any:
        """One of the metrics."""
        return self.metrics[index]

    def update(self, labels: Any, preds: Any) -> None:
        """Take in a batch."""
        for metric in self.metrics:
            metric.update(labels, preds)

    def update_dict(self, label: Mapping[str, Any], pred: Mapping[str, Any]) -> None:
        """Take in a batch by names."""
        for metric in self.metrics:
            metric.update_dict(label, pred)

    def reset(self) -> None:
        """Begin anew."""
        for metric in self.metrics:
            metric.reset()

    def reset_local(self) -> None:
        """Begin anew what `get` gives."""
        for metric in self.metrics:
            metric.reset_local()

    def _all(self, pairs: Callable[[Any], list[tuple[str, Any]]]) -> tuple[list[str], list[Any]]:
        measured = [pair for metric in self.metrics for pair in pairs(metric)]
        return [name for name, _ in measured], [value for _, value in measured]

    def get(self) -> tuple[Any, Any]:
        """The names and the values."""
        return self._all(lambda metric: metric.get_name_value())

    def get_global(self) -> tuple[Any, Any]:
        """The names and the values of all batches."""
        return self._all(lambda metric: metric.get_global_name_value())


@alias("acc")
class Accuracy(EvalMetric):
    """The part of the labels that is predicted, by classes or by scores of all along `axis`.

    >>> Accuracy().get()
    ('accuracy', nan)
    """

    def __init__(
        self, axis: int = 1, name: str = "accuracy", output_names: Any = None, label_names: Any = None
    ) -> None:
        super().__init__(name, output_names, label_names, axis=axis)
        self.axis = axis

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The number of those that are right, and of all."""
        if pred.shape != label.shape:
            pred = pred.argmax(self.axis)
        label, pred = label.astype("int32").ravel(), pred.astype("int32").ravel()
        check_label_shapes(label, pred)
        return (label == pred).sum(), len(pred)


@alias("top_k_accuracy", "top_k_acc")
class TopKAccuracy(EvalMetric):
    """The part of the labels that is among the `top_k` highest scores.

    >>> TopKAccuracy(2).name
    'top_k_accuracy_2'
    """

    def __init__(
        self, top_k: int = 1, name: str = "top_k_accuracy", output_names: Any = None, label_names: Any = None
    ) -> None:
        if top_k < 2:
            raise ArgumentError(f"top_k is {top_k}; give 2 or more, or use Accuracy")
        super().__init__(f"{name}_{top_k}", output_names, label_names, top_k=top_k)
        self.top_k = top_k

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The number of those that are right, and of all."""
        check_label_shapes(label, pred)
        order = numpy.argsort(pred.astype("float32"), kind="stable", axis=-1)
        highest = order[..., -self.top_k :] if pred.ndim > 1 else order[:, None]
        return (highest == label.astype("int32").reshape(-1, 1)).sum(), len(pred)


class _Binary(EvalMetric):
    """What is measured of the four counts of right and wrong, for each batch and then the mean, or of all at once."""

    def __init__(self, name: str, output_names: Any, label_names: Any, average: str) -> None:
        if average not in ("macro", "micro"):
            raise ArgumentError(f"average is {average!r}; choose 'macro' or 'micro'")
        self.average = average
        super().__init__(name, output_names, label_names)

    def reset(self) -> None:
        """Begin anew."""
        self._all = numpy.zeros(4)
        super().reset()

    def reset_local(self) -> None:
        """Begin anew what `get` gives."""
        self._counts = numpy.zeros(4)
        super().reset_local()

    @staticmethod
    def score(right: float, wrong: float, missed: float, rest: float) -> float:
        """The measure, of predicted positives that are right or wrong, and of negatives that are missed or right."""
        raise NotImplementedError

    def update(self, labels: Any, preds: Any) -> None:
        """Take in a batch."""
        labels, preds = check_label_shapes(_listed(labels), _listed(preds))
        batch = numpy.zeros(4)
        for label, pred in zip(labels, preds, strict=True):
            host, positive = _host(label).astype("int32").ravel(), _host(pred).argmax(1) == 1
            if len(numpy.unique(host)) > 2:
                raise ArgumentError(f"{type(self).__name__} takes two classes, and labels are {numpy.unique(host)}")
            check_label_shapes(host, positive)
            true = host == 1
            batch += [(a & b).sum() for a in (positive, ~positive) for b in (true, ~true)]
        if self.average == "macro":
            self._add(self.score(*batch.tolist()), 1)
            return
        self._counts, self._all = self._counts + batch, self._all + batch
        self.num_inst, self.global_num_inst = float(self._counts.sum()), float(self._all.sum())
        self.sum_metric = self.score(*self._counts.tolist()) * self.num_inst
        self.global_sum_metric = self.score(*self._all.tolist()) * self.global_num_inst


@register
class F1(_Binary):
    """The harmonic mean of precision and recall, of two classes.

    >>> F1().name
    'f1'
    """

    def __init__(
        self, name: str = "f1", output_names: Any = None, label_names: Any = None, average: str = "macro"
    ) -> None:
        super().__init__(name, output_names, label_names, average)

    @staticmethod
    def score(right: float, wrong: float, missed: float, rest: float) -> float:
        """2 · right / (2 · right + missed + wrong)."""
        return 2 * right / (2 * right + missed + wrong) if right else 0.0


@register
class MCC(_Binary):
    """The correlation of Matthews, of two classes.

    >>> MCC().name
    'mcc'
    """

    def __init__(
        self, name: str = "mcc", output_names: Any = None, label_names: Any = None, average: str = "macro"
    ) -> None:
        super().__init__(name, output_names, label_names, average)

    @staticmethod
    def score(right: float, wrong: float, missed: float, rest: float) -> float:
        """The correlation; sums that are 0 count as 1."""
        sums = right + wrong, right + missed, rest + wrong, rest + missed
        return (right * rest - wrong * missed) / math.sqrt(math.prod(s or 1 for s in sums))


@register
class Perplexity(EvalMetric):
    """exp of the mean of −log of the probabilities of labels, without those that are `ignore_label`.

    >>> from tapegrad import nd
    >>> metric = Perplexity(None)
    >>> metric.update([nd.array([0, 1])], [nd.array([[0.5, 0.5], [0.5, 0.5]])])
    >>> round(metric.get()[1], 4)
    2.0
    """

    def __init__(
        self,
        ignore_label: int | None,
        axis: int = -1,
        name: str = "perplexity",
        output_names: Any = None,
        label_names: Any = None,
    ) -> None:
        super().__init__(name, output_names, label_names, ignore_label=ignore_label)
        self.ignore_label = ignore_label
        self.axis = axis

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The sum of −log, and the number of labels that count."""
        classes = pred.shape[self.axis]
        rows = numpy.moveaxis(pred, self.axis, -1).reshape(-1, classes)
        label = label.astype("int32").ravel()
        check_label_shapes(label, rows)
        chosen = rows[numpy.arange(len(label)), numpy.clip(label, 0, classes - 1)]
        counts = numpy.ones(len(label), bool) if self.ignore_label is None else label != self.ignore_label
        logs = numpy.log(numpy.maximum(numpy.where(counts, chosen, 1), 1e-10))
        return -logs.sum(), counts.sum().item()

    def _value(self, total: Any, count: Any) -> Any:
        return math.exp(total / count) if count else math.nan


class _Regression(EvalMetric):
    """What is measured of differences, for each batch and then the mean."""

    _name = ""

    def __init__(self, name: str | None = None, output_names: Any = None, label_names: Any = None) -> None:
        super().__init__(name or self._name, output_names, label_names)

    @staticmethod
    def of(difference: Host) -> Any:
        """The measure of a batch."""
        raise NotImplementedError

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The measure of the batch, once."""
        label, pred = (x.reshape(-1, 1) if x.ndim == 1 else x for x in (label, pred))
        return self.of(label - pred), 1


@register
class MAE(_Regression):
    """The mean difference without its sign.

    >>> MAE().name
    'mae'
    """

    _name = "mae"

    @staticmethod
    def of(difference: Host) -> Any:
        """The measure of a batch."""
        return numpy.abs(difference).mean()


@register
class MSE(_Regression):
    """The mean squared difference.

    >>> MSE().name
    'mse'
    """

    _name = "mse"

    @staticmethod
    def of(difference: Host) -> Any:
        """The measure of a batch."""
        return numpy.square(difference).mean()


@register
class RMSE(_Regression):
    """The root of the mean squared difference.

    >>> RMSE().name
    'rmse'
    """

    _name = "rmse"

    @staticmethod
    def of(difference: Host) -> Any:
        """The measure of a batch."""
        return numpy.sqrt(numpy.square(difference).mean())


@alias("ce")
class CrossEntropy(EvalMetric):
    """The mean of −log of the probabilities of labels.

    >>> CrossEntropy().name
    'cross-entropy'
    """

    def __init__(
        self, eps: float = 1e-12, name: str = "cross-entropy", output_names: Any = None, label_names: Any = None
    ) -> None:
        super().__init__(name, output_names, label_names, eps=eps)
        self.eps = eps

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The sum of −log, and the number of labels."""
        label = label.astype("int64").ravel()
        check_label_shapes(label, pred)
        return (-numpy.log(pred[numpy.arange(len(label)), label] + self.eps)).sum(), len(label)


@alias("nll_loss")
class NegativeLogLikelihood(CrossEntropy):
    """`CrossEntropy`, by another name.

    >>> NegativeLogLikelihood().name
    'nll-loss'
    """

    def __init__(
        self, eps: float = 1e-12, name: str = "nll-loss", output_names: Any = None, label_names: Any = None
    ) -> None:
        super().__init__(eps, name, output_names, label_names)


@alias("pearsonr")
class PearsonCorrelation(EvalMetric):
    """The correlation of labels and predictions, of each batch and then the mean, or of all at once ("micro").

    >>> PearsonCorrelation().name
    'pearsonr'
    """

    def __init__(
        self, name: str = "pearsonr", output_names: Any = None, label_names: Any = None, average: str = "macro"
    ) -> None:
        self.average = average
        super().__init__(name, output_names, label_names)

    def reset_local(self) -> None:
        """Begin anew."""
        self._sums = numpy.zeros(6)
        super().reset_local()

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """The correlation of the batch, once."""
        check_label_shapes(label, pred, shape=True)
        x, y = label.ravel().astype("float64"), pred.ravel().astype("float64")
        if self.average == "macro":
            return numpy.corrcoef(x, y)[0, 1], 1
        self._sums += [len(x), x.sum(), y.sum(), x @ x, y @ y, x @ y]
        return 0, 1

    def _value(self, total: Any, count: Any) -> Any:
        if self.average == "macro" or not count:
            return super()._value(total, count)
        n, x, y, xx, yy, xy = self._sums
        return float((n * xy - x * y) / numpy.sqrt((n * xx - x * x) * (n * yy - y * y)))


@register
class PCC(EvalMetric):
    """The correlation of classes and predicted ones, which for two is `MCC` of all at once.

    >>> PCC().name
    'pcc'
    """

    def __init__(self, name: str = "pcc", output_names: Any = None, label_names: Any = None, **kwargs: Any) -> None:
        super().__init__(name, output_names, label_names, **kwargs)

    def reset(self) -> None:
        """Begin anew."""
        self._all: dict[tuple[int, int], int] = {}
        super().reset()

    def reset_local(self) -> None:
        """Begin anew what `get` gives."""
        self._counts: dict[tuple[int, int], int] = {}
        super().reset_local()

    def update(self, labels: Any, preds: Any) -> None:
        """Take in a batch."""
        labels, preds = check_label_shapes(_listed(labels), _listed(preds))
        for label, pred in zip(labels, preds, strict=True):
            true, host = _host(label).astype("int32"), _host(pred)
            guess = host.argmax(1) if host.shape != true.shape else host.astype("int32")
            for pair in zip(guess.ravel().tolist(), true.ravel().tolist(), strict=True):
                self._counts[pair] = self._counts.get(pair, 0) + 1
                self._all[pair] = self._all.get(pair, 0) + 1
        self.num_inst += 1
        self.global_num_inst += 1

    def get(self) -> tuple[Any, Any]:
        """The name and the value."""
        return self.name, _correlation(self._counts)

    def get_global(self) -> tuple[Any, Any]:
        """The name and the value of all batches."""
        return self.name, _correlation(self._all)


def _correlation(counts: Mapping[tuple[int, int], int]) -> float:
    """The correlation of the rows and the columns of a table of counts."""
    size = 1 + max((max(pair) for pair in counts), default=0)
    table = numpy.zeros((size, size))
    for pair, count in counts.items():
        table[pair] = count
    n, rows, columns = table.sum(), table.sum(1), table.sum(0)
    spread = (rows * (n - rows)).sum() * (columns * (n - columns)).sum()
    return float((table.diagonal() * n - rows * columns).sum() / numpy.sqrt(spread)) if spread else math.nan


@register
class Loss(EvalMetric):
    """The mean of what a loss gives; labels do not count.

    >>> from tapegrad import nd
    >>> metric = Loss()
    >>> metric.update(None, nd.array([1, 3]))
    >>> metric.get()
    ('loss', 2.0)
    """

    def __init__(self, name: str = "loss", output_names: Any = None, label_names: Any = None) -> None:
        super().__init__(name, output_names, label_names)

    def update(self, _: Any, preds: Any) -> None:
        """Take in a batch."""
        for pred in _listed(preds):
            self._add(_host(pred).sum(), pred.size)


class CustomMetric(EvalMetric):
    """A function of labels and predictions, as NumPy arrays, that gives a value, or a sum and a count.

    >>> from tapegrad import nd
    >>> metric = CustomMetric(lambda label, pred: abs(label - pred).max(), name="worst")
    >>> metric.update([nd.zeros(2)], [nd.array([1, 2])])
    >>> metric.get()
    ('worst', 2.0)
    """

    def __init__(
        self,
        feval: Callable[[Any, Any], Any],
        name: str | None = None,
        allow_extra_outputs: bool = False,
        output_names: Any = None,
        label_names: Any = None,
    ) -> None:
        own = getattr(feval, "__name__", "custom")
        super().__init__(name or (f"custom({own})" if "<" in own else own), output_names, label_names)
        self._feval = feval
        self._allow_extra_outputs = allow_extra_outputs

    def update(self, labels: Any, preds: Any) -> None:
        """Take in a batch."""
        labels, preds = _listed(labels), _listed(preds)
        super().update(labels, preds[: len(labels)] if self._allow_extra_outputs else preds)

    def measure(self, label: Host, pred: Host) -> tuple[Any, Any]:
        """What the function gives."""
        value = self._feval(label, pred)
        return value if isinstance(value, tuple) else (value, 1)


def np(numpy_feval: Callable[[Any, Any], Any], name: str | None = None, allow_extra_outputs: bool = False) -> Any:
    """A function of NumPy arrays as a metric.

    >>> np(lambda label, pred: 0, name="nothing").name
    'nothing'
    """
    return CustomMetric(numpy_feval, name, allow_extra_outputs)
