"""What `Estimator.fit` calls where training, epochs and batches begin and end."""

from __future__ import annotations

import math
import re
import time
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....errors import ArgumentError, ArgumentTypeError
from ....metric import CompositeEvalMetric, EvalMetric
from ....metric import Loss as LossMetric

if TYPE_CHECKING:
    from .estimator import Estimator

__all__ = [
    "BatchBegin",
    "BatchEnd",
    "CheckpointHandler",
    "EarlyStoppingHandler",
    "EpochBegin",
    "EpochEnd",
    "GradientUpdateHandler",
    "LoggingHandler",
    "MetricHandler",
    "StoppingHandler",
    "TrainBegin",
    "TrainEnd",
    "ValidationHandler",
]
__dir__ = __all__.copy


class EventHandler:
    """What all handlers are. They are called in the order of their `priority`, which is 0 unless they say so."""

    priority: float = 0


class TrainBegin(EventHandler):
    """A handler with `train_begin(estimator)`."""

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        """Called once, ahead of all."""


class TrainEnd(EventHandler):
    """A handler with `train_end(estimator)`."""

    def train_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        """Called once, after all."""


class EpochBegin(EventHandler):
    """A handler with `epoch_begin(estimator)`."""

    def epoch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        """Called ahead of each epoch, and of a validation."""


class EpochEnd(EventHandler):
    """A handler with `epoch_end(estimator)`."""

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        """Called after each epoch; what is true ends training."""


class BatchBegin(EventHandler):
    """A handler with `batch_begin(estimator, batch)`."""

    def batch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        """Called ahead of each batch."""


class BatchEnd(EventHandler):
    """A handler with `batch_end(estimator, batch, pred, label, loss)`."""

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        """Called after the backward of each batch; what is true ends the epoch."""


EVENTS: dict[str, type[EventHandler]] = {
    "train_begin": TrainBegin,
    "epoch_begin": EpochBegin,
    "batch_begin": BatchBegin,
    "batch_end": BatchEnd,
    "epoch_end": EpochEnd,
    "train_end": TrainEnd,
}


def metrics_of(metrics: Any) -> list[Any]:
    """Metrics as a list, those of a composite one each."""
    if isinstance(metrics, CompositeEvalMetric):
        return [one for metric in metrics.metrics for one in metrics_of(metric)]
    listed = [metrics] if isinstance(metrics, EvalMetric) else list(metrics or ())
    if not all(isinstance(metric, EvalMetric) for metric in listed):
        raise ArgumentTypeError(f"metrics are {metrics!r}; give a metric of tapegrad.metric, or a list of them")
    return listed


def _values(metrics: Iterable[Any]) -> str:
    return ", ".join("{}: {:.4f}".format(*metric.get()) for metric in metrics)


class _Counting(TrainBegin, BatchEnd, EpochEnd):
    """What counts batches and epochs from the beginning of training."""

    current_batch = current_epoch = 0

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        self.current_batch = self.current_epoch = 0

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        self.current_batch += 1

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> Any:
        self.current_epoch += 1


class StoppingHandler(_Counting):
    """Ends training after as many epochs or batches as `fit` was told."""

    def __init__(self, max_epoch: int | None = None, max_batch: int | None = None) -> None:
        self.max_epoch, self.max_batch = max_epoch, max_batch
        self.stop_training = False

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        super().train_begin(estimator)
        self.max_epoch, self.max_batch = estimator.max_epoch, estimator.max_batch

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool:
        super().batch_end(estimator)
        self.stop_training = self.stop_training or self.current_batch == self.max_batch
        return self.stop_training

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool:
        super().epoch_end(estimator)
        self.stop_training = self.stop_training or self.current_epoch == self.max_epoch
        return self.stop_training


class MetricHandler(EpochBegin, BatchEnd):
    """Brings metrics up to date with each batch, those that are `metric.Loss` with the losses."""

    def __init__(self, metrics: Any, priority: float = -1000) -> None:
        self.metrics, self.priority = metrics_of(metrics), priority

    def epoch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        for metric in self.metrics:
            metric.reset()

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        for metric in self.metrics:
            if isinstance(metric, LossMetric):
                metric.update(0, kwargs["loss"])
            else:
                metric.update(kwargs["label"], kwargs["pred"])


class ValidationHandler(_Counting):
    """Calls `eval_fn(val_data=, batch_axis=, event_handlers=)` after every so many epochs or batches."""

    def __init__(
        self,
        val_data: Any,
        eval_fn: Any,
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        priority: float = -1000,
        event_handlers: Any = None,
    ) -> None:
        self.val_data, self.eval_fn, self.priority = val_data, eval_fn, priority
        self.epoch_period, self.batch_period, self.event_handlers = epoch_period, batch_period, event_handlers

    def _evaluate(self, estimator: Estimator, count: int, period: int | None) -> None:
        if period and count % period == 0:
            batch_axis, handlers = estimator.batch_axis, self.event_handlers
            self.eval_fn(val_data=self.val_data, batch_axis=batch_axis, event_handlers=handlers)

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        super().batch_end(estimator)
        self._evaluate(estimator, self.current_batch, self.batch_period)

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        super().epoch_end(estimator)
        self._evaluate(estimator, self.current_epoch, self.epoch_period)


class GradientUpdateHandler(BatchEnd):
    """Lets the trainer step after each batch, ahead of most other handlers."""

    def __init__(self, priority: float = -2000) -> None:
        self.priority = priority

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        losses = kwargs["loss"]
        estimator.trainer.step(sum(len(x) for x in (losses if isinstance(losses, list) else [losses])))


class LoggingHandler(TrainBegin, TrainEnd, EpochBegin, EpochEnd, BatchBegin, BatchEnd):
    """Logs metrics and times after each epoch, or after every so many batches too."""

    def __init__(self, log_interval: int | str = "epoch", metrics: Any = None, priority: float = math.inf) -> None:
        if not isinstance(log_interval, int) and log_interval != "epoch":
            raise ArgumentError(f"log_interval is {log_interval!r}; give a number of batches, or 'epoch'")
        self.metrics, self.priority, self.log_interval = metrics_of(metrics), priority, log_interval
        self.current_epoch = self.batch_index = self.processed_samples = 0
        self.train_start = self.epoch_start = self._since = time.time()

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        self.__init__(self.log_interval, self.metrics, self.priority)  # type: ignore[misc]
        name, rate = type(estimator.trainer.optimizer).__name__, estimator.trainer.learning_rate
        estimator.logger.info("Training begin: using optimizer %s with current learning rate %.4f ", name, rate)
        length, unit = (estimator.max_epoch, "epochs") if estimator.max_epoch else (estimator.max_batch, "batches")
        estimator.logger.info("Train for %d %s.", length, unit)

    def train_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        words = f"Train finished using total {time.time() - self.train_start:.0f}s with {self.current_epoch} epochs. "
        estimator.logger.info(words + _values(self.metrics))

    def batch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Nothing: times are those between what is logged."""

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        if isinstance(self.log_interval, int):
            self.processed_samples += len(kwargs["batch"][0])
            if self.batch_index % self.log_interval == 0:
                place = f"[Epoch {self.current_epoch}][Batch {self.batch_index}][Samples {self.processed_samples}]"
                estimator.logger.info(
                    f"{place} time/interval: {time.time() - self._since:.3f}s {_values(self.metrics)}"
                )
                self._since = time.time()
        self.batch_index += 1

    def epoch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        self.epoch_start = self._since = time.time()
        rate = estimator.trainer.learning_rate
        trains = any("training" in metric.name for metric in self.metrics)
        begin = f"[Epoch {self.current_epoch}] Begin, current learning rate: {rate:.4f}"
        estimator.logger.info(begin if trains else "Validation Begin")

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        words = f"[Epoch {self.current_epoch}] Finished in {time.time() - self.epoch_start:.3f}s, "
        estimator.logger.info(words + _values(self.metrics))
        self.current_epoch, self.batch_index = self.current_epoch + 1, 0


class _Best:
    """The best value of a metric so far: the least or the largest, by its name where the mode is "auto"."""

    def __init__(self, monitor: Any, mode: str, start: float | None = None) -> None:
        if not isinstance(monitor, EvalMetric) or isinstance(monitor, CompositeEvalMetric):
            raise ArgumentTypeError(f"monitor is {monitor!r}; give one of the estimator's train_metrics or val_metrics")
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"mode is {mode!r}; choose 'auto', 'min' or 'max'")
        largest = mode == "max" or (mode == "auto" and bool(re.search("acc|f1", monitor.get()[0].lower())))
        self._monitor, self._sign = monitor, 1 if largest else -1
        self.value: float = -self._sign * math.inf if start is None else start

    def improved(self, least: float = 0) -> bool | None:
        """Whether the metric is better now, by more than that; None where it has no value."""
        name, value = self._monitor.get()
        if math.isnan(value):
            warnings.warn(f"{name} has no value; give one of the estimator's metrics as monitor", stacklevel=3)
            return None
        better = self._sign * (value - self.value) > least
        self.value = value if better else self.value
        return bool(better)


class EarlyStoppingHandler(_Counting, TrainEnd):
    """Ends training where a metric has not improved, by more than `min_delta`, for `patience` epochs."""

    def __init__(
        self, monitor: Any, min_delta: float = 0, patience: int = 0, mode: str = "auto", baseline: float | None = None
    ) -> None:
        self.monitor, self.min_delta, self.patience, self.baseline = monitor, min_delta, patience, baseline
        self._mode = mode
        self._begin()

    def _begin(self) -> None:
        self._best = _Best(self.monitor, self._mode, self.baseline)
        self.wait = self.stopped_epoch = 0
        self.stop_training = False

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        super().train_begin(estimator)
        self._begin()

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool:
        improved = self._best.improved(self.min_delta)
        if improved is not None:
            self.wait = 0 if improved else self.wait + 1
            if not improved and self.wait >= self.patience:
                self.stopped_epoch, self.stop_training = self.current_epoch, True
        super().epoch_end(estimator)
        return self.stop_training

    def train_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        if self.stopped_epoch > 0:
            words = f"early stopping due to {self.monitor.get()[0]} not improving"
            estimator.logger.info(f"[Epoch {self.stopped_epoch}] EarlyStoppingHandler: {words}")


class CheckpointHandler(_Counting):
    """Writes parameters and the trainer's states to `model_dir` after every so many epochs or batches.

    Of these files the last `max_checkpoints` are kept; with `save_best` that of the best value of `monitor` too. With
    `resume_from_checkpoint` training goes on from the last of them, for what is left of its epochs or batches.
    """

    def __init__(
        self,
        model_dir: str,
        model_prefix: str = "model",
        monitor: Any = None,
        verbose: int = 0,
        save_best: bool = False,
        mode: str = "auto",
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        max_checkpoints: int = 5,
        resume_from_checkpoint: bool = False,
    ) -> None:
        self.model_dir, self.model_prefix, self.monitor, self.verbose = model_dir, model_prefix, monitor, verbose
        self.epoch_period, self.batch_period, self.max_checkpoints = epoch_period, batch_period, max_checkpoints
        self.resume_from_checkpoint = resume_from_checkpoint
        self._best = _Best(monitor, mode) if save_best else None
        self.saved_checkpoints: list[str] = []
        self.trained_epoch = self.trained_batch = -1
        Path(model_dir).mkdir(parents=True, exist_ok=True)

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        super().train_begin(estimator)
        if self.resume_from_checkpoint:
            self._resume(estimator)

    def _resume(self, estimator: Estimator) -> None:
        name = re.compile(re.escape(self.model_prefix) + r"-epoch(\d+)batch(\d+)\.params")
        there = [(int(m[1]), int(m[2])) for path in Path(self.model_dir).iterdir() if (m := name.fullmatch(path.name))]
        if not there:
            return
        self.trained_epoch, self.trained_batch = max(there)
        stem = f"{self.model_dir}/{self.model_prefix}-epoch{self.trained_epoch}batch{self.trained_batch}"
        for limit, trained in (("max_epoch", self.trained_epoch), ("max_batch", self.trained_batch)):
            wanted = getattr(estimator, limit)
            if wanted and wanted <= trained + 1:
                raise ArgumentError(f"{stem}.params: {wanted} are trained already; raise that, or do not resume")
            setattr(estimator, limit, wanted and wanted - trained - 1)
        estimator.net.load_parameters(stem + ".params", ctx=estimator.context)
        estimator.trainer.load_states(stem + ".states")

    def _save(self, estimator: Estimator, epoch: int, batch: int) -> None:
        stem = f"{self.model_prefix}-epoch{epoch}batch{batch}"
        self.saved_checkpoints.append(stem)
        self._write(estimator, stem)
        if len(self.saved_checkpoints) > self.max_checkpoints:
            oldest = self.saved_checkpoints.pop(0)
            for suffix in (".params", ".states"):
                (Path(self.model_dir) / (oldest + suffix)).unlink(missing_ok=True)
        if self._best is not None and self._best.improved():
            self._write(estimator, self.model_prefix + "-best")

    def _write(self, estimator: Estimator, stem: str) -> None:
        estimator.net.save_parameters(f"{self.model_dir}/{stem}.params")
        estimator.trainer.save_states(f"{self.model_dir}/{stem}.states")
        if self.verbose > 0:
            estimator.logger.info(f"[Epoch {self.current_epoch}] CheckpointHandler: saved {self.model_dir}/{stem}")

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        if self.batch_period and (self.current_batch + 1) % self.batch_period == 0:
            trained = self.current_epoch + self.trained_epoch + 1
            self._save(estimator, trained, self.current_batch + self.trained_batch + 1)
        super().batch_end(estimator)

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        if self.epoch_period and (self.current_epoch + 1) % self.epoch_period == 0:
            batches = self.current_batch + max(self.trained_batch, 0)
            self._save(estimator, self.current_epoch + self.trained_epoch + 1, batches)
        super().epoch_end(estimator)
