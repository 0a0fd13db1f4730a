"""Training by handlers of events."""

from __future__ import annotations

import copy
import logging
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from .... import autograd
from ....context import Context, current_context
from ....errors import ArgumentError, ArgumentTypeError, a_kind
from ....metric import Accuracy
from ....metric import Loss as LossMetric
from ...data.dataloader import DataLoader
from ...loss import Loss, SoftmaxCrossEntropyLoss
from ...trainer import Trainer
from ...utils import split_and_load
from .event_handler import (
    EVENTS,
    EventHandler,
    GradientUpdateHandler,
    LoggingHandler,
    MetricHandler,
    StoppingHandler,
    ValidationHandler,
    metrics_of,
)

__all__ = ["BatchProcessor", "Estimator"]
__dir__ = __all__.copy


class BatchProcessor:
    """What is done with a batch; subclass it for data that are not a pair, or losses of another kind.

    >>> BatchProcessor().fit_batch.__name__
    'fit_batch'
    """

    def _get_data_and_label(self, batch: Any, ctx: Any, batch_axis: int = 0) -> tuple[Any, Any]:
        data, label = (split_and_load(part, ctx_list=ctx, batch_axis=batch_axis) for part in batch[:2])
        return data, label

    def evaluate_batch(self, estimator: Estimator, val_batch: Any, batch_axis: int = 0) -> tuple[Any, ...]:
        """The data, labels, predictions and losses of a batch, by contexts."""
        data, label = self._get_data_and_label(val_batch, estimator.context, batch_axis)
        pred = [estimator.val_net(x) for x in data]
        return data, label, pred, [estimator.val_loss(*pair) for pair in zip(pred, label, strict=True)]

    def fit_batch(self, estimator: Estimator, train_batch: Any, batch_axis: int = 0) -> tuple[Any, ...]:
        """The data, labels, predictions and losses of a batch, by contexts; gradients are computed."""
        data, label = self._get_data_and_label(train_batch, estimator.context, batch_axis)
        with autograd.record():
            pred = [estimator.net(x) for x in data]
            loss = [estimator.loss(*pair) for pair in zip(pred, label, strict=True)]
        autograd.backward(loss)
        return data, label, pred, loss


class Estimator:
    """Training of a network by a loss: `fit` and `evaluate`, with metrics, and handlers of events.

    Handlers that are not given are added: for the end, the trainer's steps, metrics, validation and the log.

    Raises: `TypeError` for a loss, a trainer, metrics, handlers or data of another kind, `ValueError` unless either
    `epochs` or `batches` is given.

    >>> from tapegrad import gluon, nd
    >>> net = gluon.nn.Dense(2)
    >>> estimator = Estimator(net, gluon.loss.SoftmaxCELoss(), trainer=gluon.Trainer(net.collect_params(), "sgd"))
    >>> estimator.logger.setLevel("ERROR")
    >>> data = gluon.data.ArrayDataset(nd.ones((4, 3)), nd.zeros(4))
    >>> estimator.fit(gluon.data.DataLoader(data, 2), epochs=1)
    >>> [metric.name for metric in estimator.train_metrics]
    ['training accuracy', 'training softmaxcrossentropyloss']
    """

    def __init__(
        self,
        net: Any,
        loss: Any,
        train_metrics: Any = None,
        val_metrics: Any = None,
        initializer: Any = None,
        trainer: Any = None,
        context: Any = None,
        val_net: Any = None,
        val_loss: Any = None,
        batch_processor: Any = None,
    ) -> None:
        for value in (loss, val_loss or loss):
            if not isinstance(value, Loss):
                raise ArgumentTypeError(f"Estimator: loss is {value!r}; give a gluon.loss.Loss")
        self.net, self.loss, self.val_net, self.val_loss = net, loss, val_net or net, val_loss or loss
        self.train_metrics = metrics_of(train_metrics)
        if not self.train_metrics:
            self.train_metrics = [Accuracy()] if isinstance(loss, SoftmaxCrossEntropyLoss) else []
            self.train_metrics.append(LossMetric(loss.name.rstrip("0123456789")))
        self.val_metrics = metrics_of(val_metrics) or copy.deepcopy(self.train_metrics)
        for word, metrics in (("training ", self.train_metrics), ("validation ", self.val_metrics)):
            for metric in metrics:
                metric.name = word + metric.name
        self.logger = logging.Logger("Estimator", logging.INFO)
        self.logger.addHandler(logging.StreamHandler(sys.stdout))
        contexts = [context] if isinstance(context, Context) else list(context or [current_context()])
        self.context: list[Context] = contexts
        parameters = net.collect_params()
        waiting = [p for p in parameters.values() if p._deferred is None and not p._data]
        if waiting:
            net.initialize(initializer or "uniform", ctx=contexts)
        elif initializer:
            warnings.warn("the network is initialized already, and stays as it is", stacklevel=2)
        if trainer is None:
            warnings.warn("no trainer given; it is 'sgd' with a learning rate of 0.001", stacklevel=2)
            trainer = Trainer(parameters, "sgd", {"learning_rate": 0.001})
        if not isinstance(trainer, Trainer):
            raise ArgumentTypeError(f"Estimator: trainer is {trainer!r}; give a gluon.Trainer")
        self.trainer = trainer
        self.batch_processor = batch_processor or BatchProcessor()
        self.max_epoch: int | None = None
        self.max_batch: int | None = None
        self.batch_axis = 0

    @staticmethod
    def _handlers(handlers: Any, defaults: Sequence[EventHandler]) -> list[EventHandler]:
        """The handlers, and of those by default the ones of other kinds, by priority."""
        listed = [handlers] if isinstance(handlers, EventHandler) else list(handlers or ())
        for handler in listed:
            if not isinstance(handler, EventHandler):
                raise ArgumentTypeError(f"event_handlers: {handler!r} is not one; subclass EpochEnd, or its like")
        listed += [own for own in defaults if not any(isinstance(handler, type(own)) for handler in listed)]
        return sorted(listed, key=lambda handler: handler.priority)

    def _tell(self, handlers: Sequence[EventHandler], event: str, **what: Any) -> bool:
        """Call all handlers of an event; whether one of them says that it is the end."""
        ended = False
        for handler in handlers:
            if isinstance(handler, EVENTS[event]) and getattr(handler, event)(self, **what):
                ended = True
        return ended

    def _batch(self, handlers: Sequence[EventHandler], batch: Any, process: Any, batch_axis: int) -> bool:
        self._tell(handlers, "batch_begin", batch=batch)
        _, label, pred, loss = process(self, batch, batch_axis)
        return self._tell(handlers, "batch_end", batch=batch, pred=pred, label=label, loss=loss)

    def evaluate(self, val_data: DataLoader, batch_axis: int = 0, event_handlers: Any = None) -> None:
        """Bring `val_metrics` up to date with all data."""
        _check_loader(val_data)
        defaults = MetricHandler(self.val_metrics), LoggingHandler(metrics=self.val_metrics)
        handlers = self._handlers(event_handlers, defaults)
        self._tell(handlers, "epoch_begin")
        for batch in val_data:
            self._batch(handlers, batch, self.batch_processor.evaluate_batch, batch_axis)
        self._tell(handlers, "epoch_end")

    def fit(
        self,
        train_data: DataLoader,
        val_data: DataLoader | None = None,
        epochs: int | None = None,
        event_handlers: Any = None,
        batches: int | None = None,
        batch_axis: int = 0,
    ) -> None:
        """Train for as many epochs, or batches, or until a handler says that it is the end."""
        _check_loader(train_data)
        if bool(epochs) == bool(batches):
            raise ArgumentError(f"fit(): epochs is {epochs} and batches {batches}; give one of them")
        self.max_epoch, self.max_batch, self.batch_axis = epochs, batches, batch_axis
        defaults = [StoppingHandler(), GradientUpdateHandler(), MetricHandler(self.train_metrics)]
        defaults += [ValidationHandler(val_data, self.evaluate)] if val_data else []
        handlers = self._handlers(event_handlers, [*defaults, LoggingHandler(metrics=self.train_metrics)])
        self._tell(handlers, "train_begin")
        ended = False
        while not ended:
            self._tell(handlers, "epoch_begin")
            for batch in train_data:
                if self._batch(handlers, batch, self.batch_processor.fit_batch, batch_axis):
                    break
            ended = self._tell(handlers, "epoch_end")
        self._tell(handlers, "train_end")


def _check_loader(data: Any) -> None:
    if not isinstance(data, DataLoader):
        raise ArgumentTypeError(f"Estimator takes a gluon.data.DataLoader, not {a_kind(data)}")
