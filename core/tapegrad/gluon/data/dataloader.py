"""The loader: batches of a data set, made ahead by threads."""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from queue import SimpleQueue
from threading import Thread
from typing import Any

from ... import autograd
from ...errors import ArgumentError, BackendError
from .batchify import default_batchify_fn
from .sampler import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader"]


_Job = tuple[Future[Any], Callable[[], Any]]


def _work(jobs: SimpleQueue[_Job | None]) -> None:
    """What a worker does: one job after the other, until there is none."""
    while (job := jobs.get()) is not None:
        future, make = job
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(make())
            except BaseException as error:  # which is the program's to see
                future.set_exception(error)
            del make
        del job, future


class DataLoader:
    """Batches of a data set, in order or shuffled by NumPy's generator.

    `num_workers` threads make batches ahead, `prefetch` of them, in their order; an error in one reaches the program
    with its batch, and no batch is waited for longer than `timeout` seconds. They are threads whatever `thread_pool`
    says: NumPy and Pillow compute beside each other in them, and nothing has to be pickled. `last_batch` is "keep",
    "discard" or "rollover". `pin_memory` has no meaning here.

    Shapes: those that `batchify_fn` makes of samples; without one they are stacked.

    Raises: `ValueError` for options that exclude each other, `BackendError` for a batch that comes too late.

    >>> from tapegrad import nd
    >>> from tapegrad.gluon.data import ArrayDataset
    >>> data = ArrayDataset(nd.arange(5).reshape((5, 1)), nd.arange(5))
    >>> for x, y in DataLoader(data, batch_size=2, last_batch="discard", num_workers=2):
    ...     print(x.shape, y.asnumpy())
    (2, 1) [0. 1.]
    (2, 1) [2. 3.]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = None,
        shuffle: bool = False,
        sampler: Any = None,
        last_batch: str | None = None,
        batch_sampler: Any = None,
        batchify_fn: Callable[[Any], Any] | None = None,
        num_workers: int = 0,
        pin_memory: bool = False,
        pin_device_id: int = 0,
        prefetch: int | None = None,
        thread_pool: bool = False,
        timeout: float = 120,
        auto_reload: bool = False,
    ) -> None:
        if batch_sampler is None:
            if batch_size is None:
                raise ArgumentError("DataLoader() takes a batch_size, unless it has a batch_sampler")
            if sampler is not None and shuffle:
                raise ArgumentError("DataLoader(): shuffle is for data without a sampler; leave one of both out")
            if sampler is None:
                sampler = (RandomSampler if shuffle else SequentialSampler)(len(dataset))
            batch_sampler = BatchSampler(sampler, batch_size, last_batch or "keep")
        elif batch_size is not None or shuffle or sampler is not None or last_batch is not None:
            raise ArgumentError("DataLoader(): a batch_sampler says what batches are; leave the other options out")
        if num_workers < 0 or timeout <= 0:
            raise ArgumentError(
                f"DataLoader(): num_workers is {num_workers} and timeout {timeout}; give 0 or more, and time"
            )
        self._dataset = dataset
        self._batch_sampler = batch_sampler
        self._batchify_fn = batchify_fn or default_batchify_fn
        self._num_workers = num_workers
        self._prefetch = max(1, 2 * num_workers if prefetch is None else prefetch)
        self._timeout = timeout

    def __len__(self) -> int:
        return len(self._batch_sampler)

    def _make(self, numbers: Any) -> Any:
        # In a thread the word of recording is not set, and nobody would know of a gradient that is lost.
        with autograd.pause():
            return self._batchify_fn([self._dataset[i] for i in numbers])

    def __iter__(self) -> Iterator[Any]:
        if not self._num_workers:
            for numbers in self._batch_sampler:
                yield self._batchify_fn([self._dataset[i] for i in numbers])
            return
        jobs: SimpleQueue[_Job | None] = SimpleQueue()
        for _ in range(self._num_workers):
            # Those of a pool would be waited for at the program's end, even one that a data set never lets go of.
            Thread(target=_work, args=(jobs,), name="tapegrad-data", daemon=True).start()
        ahead: deque[Future[Any]] = deque()
        batches = iter(self._batch_sampler)

        def begin() -> None:
            numbers = next(batches, None)
            if numbers is not None:
                # The chosen engine and the dtype of new arrays are the program's, as it is now.
                context, future = contextvars.copy_context(), Future[Any]()
                jobs.put((future, lambda: context.run(self._make, numbers)))
                ahead.append(future)

        try:
            for _ in range(self._prefetch):
                begin()
            while ahead:
                try:
                    batch = ahead.popleft().result(self._timeout)
                except LateError:
                    raise BackendError(
                        f"a batch took longer than {self._timeout} s; give the DataLoader a longer timeout, or look at "
                        "what the data set does"
                    ) from None
                begin()
                yield batch
        finally:
            for future in ahead:
                future.cancel()
            for _ in range(self._num_workers):
                jobs.put(None)

    def refresh(self) -> None:
        """Nothing: every round begins anew."""

    def clean(self) -> None:
        """Nothing: threads end with their round."""
