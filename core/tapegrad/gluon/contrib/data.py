"""A sampler that takes every so many elements."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ArgumentError
from ..data.sampler import Sampler

__all__ = ["IntervalSampler"]
__dir__ = __all__.copy


class IntervalSampler(Sampler):
    """Every `interval`-th number below `length`, then with `rollover` again from each that was passed over.

    >>> list(IntervalSampler(5, interval=2))
    [0, 2, 4, 1, 3]
    """

    def __init__(self, length: int, interval: int, rollover: bool = True) -> None:
        if interval > length:
            raise ArgumentError(f"IntervalSampler: interval {interval} is more than length {length}")
        self._length, self._interval, self._rollover = length, interval, rollover

    def __iter__(self) -> Iterator[int]:
        for start in range(self._interval if self._rollover else 1):
            yield from range(start, self._length, self._interval)

    def __len__(self) -> int:
        return self._length
