"""Statistics of what the blocks of a network give, every few batches."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

from .ndarray.ndarray import NDArray

__all__ = ["Monitor"]
__dir__ = __all__.copy


class Monitor:
    """What `stat_func` (the root mean square) says of outputs and parameters, every `interval` batches.

    Those whose names match the pattern are looked at. Say `install(net)`, then `tic()` ahead of a batch and `toc()`
    after it, which gives (batch, name, statistic).

    >>> from tapegrad import gluon, nd
    >>> net = gluon.nn.Dense(1, in_units=1, prefix="d_")
    >>> net.initialize("ones")
    >>> monitor = Monitor(1, pattern=".*output")
    >>> monitor.install(net)
    >>> monitor.tic()
    >>> _ = net(nd.ones((1, 1)))
    >>> monitor.toc()
    [(1, 'd_output', '1.0')]
    """

    def __init__(
        self,
        interval: int,
        stat_func: Callable[[NDArray], Any] | None = None,
        pattern: str = ".*",
        sort: bool = False,
        monitor_all: bool = False,
    ) -> None:
        self.interval = interval
        self.stat_func = stat_func or (lambda x: x.norm() / x.size**0.5)
        self.matches = re.compile(pattern).match
        self.sort = sort
        self.step = 0
        self.activated = False
        self.queue: list[tuple[int, str, Any]] = []
        self._blocks: list[Any] = []

    def install(self, exe: Any) -> None:
        """Listen to a block and all within."""
        self._blocks.append(exe)
        exe.apply(lambda block: block.register_forward_hook(self._listen))

    def _listen(self, block: Any, inputs: Any, outputs: Any) -> None:
        if self.activated and isinstance(outputs, NDArray):
            self._note(f"{block.name}_output", outputs)

    def _note(self, name: str, x: NDArray) -> None:
        if self.matches(name):
            self.queue.append((self.step, name, self.stat_func(x.detach())))

    def tic(self) -> None:
        """Begin a batch: listen if it is its turn."""
        if self.step % self.interval == 0:
            self.queue = []
            self.activated = True
        self.step += 1

    def toc(self) -> list[tuple[int, str, str]]:
        """End a batch: the statistics of it, if it was listened to."""
        if not self.activated:
            return []
        self.activated = False
        for block in self._blocks:
            for name, parameter in block.collect_params().items():
                self._note(name, parameter.data())
        notes = sorted(self.queue, key=lambda row: row[1]) if self.sort else self.queue
        rows = [(step, name, x if isinstance(x, (list, tuple)) else [x]) for step, name, x in notes]
        self.queue = []
        return [(step, name, "\t".join(map(_shown, arrays))) for step, name, arrays in rows]

    def toc_print(self) -> None:
        """`toc`, logged."""
        for step, name, text in self.toc():
            logging.info("Batch: %7d %30s %s", step, name, text)


def _shown(x: Any) -> str:
    if isinstance(x, NDArray):
        return str(x.asscalar() if x.size == 1 else x.asnumpy())
    return str(x)
