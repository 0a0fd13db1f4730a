"""Data sets: samples by their numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ... import recordio
from ...errors import ArgumentError, ShapeError
from ...ndarray.ndarray import NDArray
from .sampler import FilterSampler

__all__ = ["ArrayDataset", "Dataset", "RecordFileDataset", "SimpleDataset"]


class Dataset:
    """Samples by their numbers: subclass it and write `__getitem__` and `__len__`.

    Raises: `ValueError` for shards and counts that are not there.

    >>> data = SimpleDataset([1, 2, 3, 4]).filter(lambda x: x % 2 == 0).transform(lambda x: x * 10)
    >>> list(data)
    [20, 40]
    """

    def __getitem__(self, idx: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__")

    def filter(self, fn: Callable[[Any], bool]) -> Dataset:
        """The samples for which a function is true."""
        return self.sample(FilterSampler(fn, self))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """One of as many shards, of which the first are longer by one where they are not even."""
        if not 0 <= index < num_shards:
            raise ArgumentError(f"shard(): index is {index}; choose from 0 to {num_shards - 1}")
        step, longer = divmod(len(self), num_shards)
        start = step * index + min(index, longer)
        return _Chosen(self, range(start, start + step + (index < longer)))

    def take(self, count: int | None) -> Dataset:
        """The first samples, all for None."""
        if count is not None and count < 0:
            raise ArgumentError(f"take(): count is {count}; give a number from 0 up, or None")
        return _Chosen(self, range(len(self) if count is None else min(count, len(self))))

    def sample(self, sampler: Any) -> Dataset:
        """The samples whose numbers a sampler gives."""
        return _Chosen(self, list(sampler))

    def transform(self, fn: Callable[..., Any], lazy: bool = True) -> Dataset:
        """What a function makes of each sample, whose parts are its arguments; at once if not `lazy`."""
        changed = _Transformed(self, fn)
        return changed if lazy else SimpleDataset([changed[i] for i in range(len(changed))])

    def transform_first(self, fn: Callable[[Any], Any], lazy: bool = True) -> Dataset:
        """Samples whose first part a function has changed: images, and not labels."""
        return self.transform(_First(fn), lazy)


class _First:
    """A function of the first part of a sample; a class, so that it can be pickled where the function can."""

    def __init__(self, fn: Callable[[Any], Any]) -> None:
        self._fn = fn

    def __call__(self, x: Any, *rest: Any) -> Any:
        return (self._fn(x), *rest) if rest else self._fn(x)


class _Transformed(Dataset):
    def __init__(self, data: Any, fn: Callable[..., Any]) -> None:
        self._data = data
        self._fn = fn

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, idx: int) -> Any:
        item = self._data[idx]
        return self._fn(*item) if isinstance(item, tuple) else self._fn(item)


class _Chosen(Dataset):
    def __init__(self, data: Any, numbers: Any) -> None:
        self._data = data
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, idx: int) -> Any:
        return self._data[self._numbers[idx]]


class SimpleDataset(Dataset):
    """A list, or what else has numbers and a length, as a data set.

    >>> SimpleDataset([1, 2])[1]
    2
    """

    def __init__(self, data: Any) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, idx: int) -> Any:
        return self._data[idx]


class ArrayDataset(Dataset):
    """Arrays, or data sets, of as many samples each: a sample has a part of each.

    Shapes: (samples, …).

    Raises: `ShapeError` for different numbers of samples, `ValueError` for nothing at all.

    >>> from tapegrad import nd
    >>> x, y = ArrayDataset(nd.ones((3, 2)), [4, 5, 6])[1]
    >>> x.shape, y
    ((2,), 5)
    """

    def __init__(self, *args: Any) -> None:
        if not args:
            raise ArgumentError("ArrayDataset() takes one array at least")
        if len({len(data) for data in args}) > 1:
            raise ShapeError(f"ArrayDataset(): arrays have {[len(x) for x in args]} samples; give as many of all")
        self._length = len(args[0])
        self._data = [np.asarray(x) if isinstance(x, NDArray) and x.ndim == 1 else x for x in args]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, idx: int) -> Any:
        parts = tuple(data[idx] for data in self._data)
        return parts[0] if len(parts) == 1 else parts


class RecordFileDataset(Dataset):
    """The records of a file, `.rec`, with the one that lists them, `.idx`, beside it.

    Dtypes: none; records are bytes.

    Raises: as `recordio.MXIndexedRecordIO`.

    >>> RecordFileDataset("nobody's.rec")
    Traceback (most recent call last):
    FileNotFoundError: ...
    """

    def __init__(self, filename: str) -> None:
        self.filename = filename
        self._record = recordio.MXIndexedRecordIO(str(Path(filename).with_suffix(".idx")), filename, "r")

    def __getitem__(self, idx: int) -> Any:
        return self._record.read_idx(self._record.keys[idx])

    def __len__(self) -> int:
        return len(self._record.keys)
