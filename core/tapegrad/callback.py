"""What a training loop calls after batches and epochs: `param` has epoch, nbatch, eval_metric and locals."""

from __future__ import annotations

import logging
import math
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any

__all__ = ["BatchEndParam", "ProgressBar", "Speedometer", "log_train_metric"]
__dir__ = __all__.copy

BatchEndParam = namedtuple("BatchEndParam", ["epoch", "nbatch", "eval_metric", "locals"])
"""What a callback is called with."""


class Speedometer:
    """Logs samples a second and the metric, every `frequent` batches.

    >>> Speedometer(batch_size=32, frequent=10)(BatchEndParam(0, 1, None, None))
    """

    def __init__(self, batch_size: int, frequent: int = 50, auto_reset: bool = True) -> None:
        self.batch_size = batch_size
        self.frequent = frequent
        self.auto_reset = auto_reset
        self.tic: float | None = None
        self.last_count = 0

    def __call__(self, param: Any) -> None:
        if self.tic is None or self.last_count > param.nbatch:
            self.tic = time.time()
        elif param.nbatch % self.frequent == 0:
            speed = self.frequent * self.batch_size / max(time.time() - self.tic, 1e-9)
            words = [f"Iter[{param.epoch}] Batch [{param.nbatch}]", f"Speed: {speed:.2f} samples/sec"]
            if param.eval_metric is not None:
                first = param.nbatch - self.frequent if self.auto_reset else 0
                words[0] = f"Epoch[{param.epoch}] Batch [{first}-{param.nbatch}]"
                words += [f"{name}={value:f}" for name, value in param.eval_metric.get_name_value()]
                if self.auto_reset:
                    param.eval_metric.reset_local()
            logging.info("\t".join(words))
            self.tic = time.time()
        self.last_count = param.nbatch


class ProgressBar:
    """Logs a bar of what is done of `total` batches.

    >>> ProgressBar(total=4, length=8)(BatchEndParam(0, 2, None, None))
    """

    def __init__(self, total: int, length: int = 80) -> None:
        self.total = total
        self.length = length

    def __call__(self, param: Any) -> None:
        done = round(self.length * param.nbatch / self.total)
        bar = "=" * done + "-" * (self.length - done)
        logging.info("[%s] %s%%\r", bar, math.ceil(100 * param.nbatch / self.total))


def log_train_metric(period: int, auto_reset: bool = False) -> Callable[[Any], None]:
    """A callback that logs the metric every `period` batches.

    >>> log_train_metric(10)(BatchEndParam(0, 1, None, None))
    """

    def log(param: Any) -> None:
        if param.nbatch % period == 0 and param.eval_metric is not None:
            for name, value in param.eval_metric.get_name_value():
                logging.info("Iter[%d] Batch[%d] Train-%s=%f", param.epoch, param.nbatch, name, value)
            if auto_reset:
                param.eval_metric.reset_local()

    return log
