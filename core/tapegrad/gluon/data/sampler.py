"""In which order samples are taken, and how they are put into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from typing import Any

import numpy as np

from ...errors import ArgumentError

__all__ = ["BatchSampler", "FilterSampler", "RandomSampler", "Sampler", "SequentialSampler"]


class Sampler:
    """An order of samples: subclass it and write `__iter__` and `__len__`.

    >>> list(SequentialSampler(3, start=1))
    [1, 2, 3]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__")


class SequentialSampler(Sampler):
    """Numbers in order.

    >>> len(SequentialSampler(3))
    3
    """

    def __init__(self, length: int, start: int = 0) -> None:
        self._length = length
        self._start = start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._start, self._start + self._length))

    def __len__(self) -> int:
        return self._length


class RandomSampler(Sampler):
    """Numbers shuffled by NumPy's generator, as in MXNet: `numpy.random.seed` says how.

    >>> sorted(RandomSampler(3))
    [0, 1, 2]
    """

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[int]:
        order = np.arange(self._length)
        np.random.shuffle(order)
        return iter(order.tolist())

    def __len__(self) -> int:
        return self._length


class FilterSampler(Sampler):
    """The numbers of the samples for which a function is true.

    >>> list(FilterSampler(lambda x: x > 1, [1, 2, 3]))
    [1, 2]
    """

    def __init__(self, fn: Callable[[Any], bool], dataset: Any) -> None:
        self._indices = [i for i in range(len(dataset)) if fn(dataset[i])]

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class BatchSampler(Sampler):
    """What a sampler gives, in batches; a last one that is not full is kept, left out or put before the next round.

    Raises: `ValueError` for a `last_batch` other than "keep", "discard" or "rollover".

    >>> list(BatchSampler(SequentialSampler(3), 2))
    [[0, 1], [2]]
    """

    def __init__(self, sampler: Any, batch_size: int, last_batch: str = "keep") -> None:
        if last_batch not in ("keep", "discard", "rollover"):
            raise ArgumentError(f"last_batch is {last_batch!r}; choose 'keep', 'discard' or 'rollover'")
        self._sampler = sampler
        self._batch_size = batch_size
        self._last_batch = last_batch
        self._before: list[Any] = []

    def __iter__(self) -> Iterator[list[Any]]:
        batch, self._before = self._before, []
        for i in self._sampler:
            batch.append(i)
            if len(batch) == self._batch_size:
                yield batch
                batch = []
        if batch and self._last_batch == "keep":
            yield batch
        elif self._last_batch == "rollover":
            self._before = batch

    def __len__(self) -> int:
        sampler: Sized = self._sampler
        count = len(sampler) + len(self._before)
        return -(-count // self._batch_size) if self._last_batch == "keep" else count // self._batch_size
