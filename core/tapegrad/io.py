"""Iterators over batches of data and labels."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import ndarray as nd
from .arrays.foreign import missing
from .errors import ArgumentError, ArgumentTypeError, ShapeError, a_kind
from .ndarray.ndarray import NDArray

__all__ = ["CSVIter", "DataBatch", "DataDesc", "DataIter", "MXDataIter", "NDArrayIter", "PrefetchingIter", "ResizeIter"]
__dir__ = __all__.copy


class DataDesc(namedtuple("DataDesc", ["name", "shape"])):
    """The name and the shape of data or labels, with a dtype and a layout.

    Shapes: `shape`.

    Dtypes: `dtype`.

    Raises: nothing.

    >>> DataDesc("data", (2, 3))
    DataDesc[data,(2, 3),<class 'numpy.float32'>,NCHW]
    """

    dtype: Any
    layout: str

    def __new__(cls, name: str, shape: Sequence[int], dtype: Any = np.float32, layout: str = "NCHW") -> DataDesc:
        desc = super().__new__(cls, name, shape)
        desc.dtype = dtype
        desc.layout = layout
        return desc

    def __repr__(self) -> str:
        return f"DataDesc[{self.name},{self.shape},{self.dtype},{self.layout}]"

    @staticmethod
    def get_batch_axis(layout: str | None) -> int:
        """The axis of the batch in a layout."""
        return 0 if layout is None else layout.find("N")


class DataBatch:
    """Arrays of data and of labels, and how many at the end only fill them up.

    Shapes: any.

    Dtypes: any.

    Raises: `TypeError` for data that are no list.

    >>> from tapegrad import nd
    >>> print(DataBatch([nd.ones((2, 3))], [nd.ones(2)]))
    DataBatch: data shapes: [(2, 3)] label shapes: [(2,)]
    """

    def __init__(
        self,
        data: Any,
        label: Any = None,
        pad: int | None = None,
        index: Any = None,
        bucket_key: Any = None,
        provide_data: Any = None,
        provide_label: Any = None,
    ) -> None:
        for name, arrays in (("data", data), ("label", label)):
            if arrays is not None and not isinstance(arrays, (list, tuple)):
                raise ArgumentTypeError(f"DataBatch(): {name} is a list of arrays, not {a_kind(arrays)}")
        self.data = data
        self.label = label
        self.pad = pad
        self.index = index
        self.bucket_key = bucket_key
        self.provide_data = provide_data
        self.provide_label = provide_label

    def __str__(self) -> str:
        labels = None if self.label is None else [x.shape for x in self.label]
        return f"DataBatch: data shapes: {[x.shape for x in self.data]} label shapes: {labels}"


class DataIter:
    """What gives batches, from `reset()` until it has no more: subclass it and write `next`.

    Shapes: those of the batches.

    Dtypes: those of the batches.

    Raises: `StopIteration` behind the last batch.

    >>> from tapegrad import nd
    >>> [batch.data[0].shape for batch in NDArrayIter(nd.ones((5, 2)), batch_size=3)]
    [(3, 2), (3, 2)]
    """

    def __init__(self, batch_size: int = 0) -> None:
        self.batch_size = batch_size

    def __iter__(self) -> DataIter:
        return self

    def reset(self) -> None:
        """Begin anew."""

    def next(self) -> DataBatch:
        """The next batch."""
        if not self.iter_next():
            raise StopIteration
        return DataBatch(self.getdata(), self.getlabel(), self.getpad(), self.getindex())

    def __next__(self) -> DataBatch:
        return self.next()

    def iter_next(self) -> bool:
        """Go on to the next batch: whether there is one."""
        raise NotImplementedError(f"{type(self).__name__} has neither next nor iter_next")

    def getdata(self) -> Any:
        """The data of the batch."""

    def getlabel(self) -> Any:
        """The labels of the batch."""

    def getindex(self) -> Any:
        """The numbers of the samples of the batch, if they are known."""

    def getpad(self) -> Any:
        """How many samples at the end of the batch only fill it up."""


def _named(data: Any, name: str, empty: bool) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """Arrays by name, from one, a list or a dictionary of them."""
    if data is None or (isinstance(data, (list, tuple)) and not data):
        if not empty:
            raise ArgumentError("NDArrayIter(): there are no data")
        return []
    if isinstance(data, (NDArray, np.ndarray)) or not isinstance(data, (list, tuple, Mapping)):
        data = [data]
    if not isinstance(data, Mapping):
        data = {name: data[0]} if len(data) == 1 else {f"_{i}_{name}": x for i, x in enumerate(data)}
    # As nd.array has it: what is not an NDArray becomes one of float32.
    hosts = {key: np.asarray(x, None if isinstance(x, NDArray) else np.float32) for key, x in data.items()}
    return list(hosts.items())


class NDArrayIter(DataIter):
    """Batches of arrays, or of lists or dictionaries of them, in order or shuffled by NumPy's generator.

    `last_batch_handle` says what is done with a last batch that is not full: it is filled up from the beginning
    ("pad"), left out ("discard"), or begins the next round ("roll_over").

    Shapes: each array is (samples, …).

    Dtypes: those of NDArrays; all others become float32.

    Raises: `ShapeError` for arrays of different numbers of samples, `ValueError` for an unknown `last_batch_handle`.

    >>> batches = NDArrayIter(np.arange(6).reshape(3, 2), np.arange(3), batch_size=2)
    >>> [(batch.label[0].asnumpy().tolist(), batch.pad) for batch in batches]
    [([0.0, 1.0], 0), ([2.0, 0.0], 1)]
    """

    def __init__(
        self,
        data: Any,
        label: Any = None,
        batch_size: int = 1,
        shuffle: bool = False,
        last_batch_handle: str = "pad",
        data_name: str = "data",
        label_name: str = "softmax_label",
        layout: str = "NCHW",
    ) -> None:
        super().__init__(batch_size)
        if last_batch_handle not in ("pad", "discard", "roll_over"):
            raise ArgumentError(f"last_batch_handle is {last_batch_handle!r}; choose 'pad', 'discard' or 'roll_over'")
        self.data = _named(data, data_name, empty=False)
        self.label = _named(label, label_name, empty=True)
        self.num_data = len(self.data[0][1])
        if any(len(x) != self.num_data for _, x in [*self.data, *self.label]):
            raise ShapeError(
                f"arrays have {[len(x) for _, x in [*self.data, *self.label]]} samples; give as many of all"
            )
        if batch_size > self.num_data:
            raise ArgumentError(f"batch_size is {batch_size}, and there are {self.num_data} samples")
        self.shuffle = shuffle
        self.last_batch_handle = last_batch_handle
        self.layout = layout
        self.idx = np.arange(self.num_data)
        self._data_order = np.arange(self.num_data)
        self._left = np.arange(0)
        self.hard_reset()

    def _provide(self, arrays: Sequence[tuple[str, Any]]) -> list[DataDesc]:
        return [DataDesc(k, (self.batch_size, *x.shape[1:]), x.dtype.type, self.layout) for k, x in arrays]

    @property
    def provide_data(self) -> list[DataDesc]:
        """Names and shapes of the data."""
        return self._provide(self.data)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Names and shapes of the labels."""
        return self._provide(self.label)

    def hard_reset(self) -> None:
        """Begin anew, without what rolled over."""
        self._left = self._left[:0]
        self._pad = 0
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        if self.shuffle:
            # As MXNet does: the order is shuffled on and on, and so are the data that were in the order before.
            np.random.shuffle(self.idx)
            self._data_order = self._data_order[self.idx]
        self._order = np.concatenate([self._left, self._data_order])
        self._left = self._left[:0]
        # Where lines of a file go round, those that have filled up the last batch are done with.
        self._at = self._pad if self.last_batch_handle == "round" else 0
        self._batch = self._order[:0]
        self._pad = 0

    def iter_next(self) -> bool:
        """Go on to the next batch: whether there is one."""
        rest = self._order[self._at : self._at + self.batch_size]
        self._at += len(rest)
        missing = self.batch_size - len(rest)
        if not len(rest) or (missing and self.last_batch_handle == "discard"):
            return False
        if missing and self.last_batch_handle == "roll_over":
            self._left = rest
            return False
        self._pad = missing
        self._batch = np.concatenate([rest, self._order[:missing]])
        return True

    def getdata(self) -> list[NDArray]:
        """The data of the batch."""
        return [nd.array(x[self._batch], dtype=x.dtype) for _, x in self.data]

    def getlabel(self) -> list[NDArray]:
        """The labels of the batch."""
        return [nd.array(x[self._batch], dtype=x.dtype) for _, x in self.label]

    def getpad(self) -> int:
        """How many samples at the end of the batch only fill it up."""
        return self._pad


class ResizeIter(DataIter):
    """As many batches of another iterator as are wanted, which begins anew where it ends.

    Shapes: those of the other.

    Dtypes: those of the other.

    Raises: nothing itself.

    >>> len(list(ResizeIter(NDArrayIter(np.ones((4, 2)), batch_size=2), 5)))
    5
    """

    def __init__(self, data_iter: DataIter, size: int, reset_internal: bool = True) -> None:
        super().__init__(data_iter.batch_size)
        self.data_iter = data_iter
        self.size = size
        self.reset_internal = reset_internal
        self.cur = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["data_iter"], name)

    def reset(self) -> None:
        """Begin anew."""
        self.cur = 0
        if self.reset_internal:
            self.data_iter.reset()

    def next(self) -> DataBatch:
        """The next batch."""
        if self.cur == self.size:
            raise StopIteration
        self.cur += 1
        try:
            return self.data_iter.next()
        except StopIteration:
            self.data_iter.reset()
            return self.data_iter.next()


class PrefetchingIter(DataIter):
    """Batches of other iterators, with their data and labels together.

    Shapes: those of the others.

    Dtypes: those of the others.

    Raises: nothing itself.

    >>> len(list(PrefetchingIter(NDArrayIter(np.ones((4, 2)), batch_size=2))))
    2
    """

    def __init__(self, iters: Any, rename_data: Any = None, rename_label: Any = None) -> None:
        self.iters = list(iters) if isinstance(iters, (list, tuple)) else [iters]
        self.rename_data = rename_data
        self.rename_label = rename_label
        super().__init__(self.iters[0].batch_size)

    def _provide(self, kind: str, renamed: Any) -> list[DataDesc]:
        descs = []
        for i, one in enumerate(self.iters):
            names = renamed[i] if renamed else {}
            descs += [DataDesc(names.get(d.name, d.name), d.shape, d.dtype, d.layout) for d in getattr(one, kind)]
        return descs

    @property
    def provide_data(self) -> list[DataDesc]:
        """Names and shapes of the data."""
        return self._provide("provide_data", self.rename_data)

    @property
    def provide_label(self) -> list[DataDesc]:
        """Names and shapes of the labels."""
        return self._provide("provide_label", self.rename_label)

    def reset(self) -> None:
        """Begin anew."""
        for one in self.iters:
            one.reset()

    def next(self) -> DataBatch:
        """The next batch."""
        batches = [one.next() for one in self.iters]
        data = [x for batch in batches for x in batch.data]
        return DataBatch(data, [x for batch in batches for x in batch.label or []], batches[0].pad, batches[0].index)


def CSVIter(
    data_csv: str,
    data_shape: Sequence[int],
    label_csv: str | None = None,
    label_shape: Sequence[int] = (1,),
    batch_size: int = 1,
    round_batch: bool = True,
    dtype: Any = "float32",
    data_name: str = "data",
    label_name: str = "softmax_label",
) -> NDArrayIter:
    """Batches of the lines of a file of numbers with commas between; without labels they are 0.

    A last batch that is not full is filled up from the beginning, and its `pad` says by how much. With `round_batch`
    the next round begins behind the lines that have filled it up.

    Shapes: `data_shape` and `label_shape` for each line.

    Dtypes: `dtype`.

    Raises: `ValueError` for lines that are no numbers, `ShapeError` for those that do not fit the shape.

    >>> CSVIter("nobody's.csv", (2,))
    Traceback (most recent call last):
    FileNotFoundError: ...
    """

    def read(path: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
        try:
            table = np.loadtxt(path, dtype=dtype, delimiter=",", ndmin=2)
        except ValueError as error:
            raise ArgumentError(f"CSVIter(): {path!r} is no table of numbers: {error}") from None
        if table.shape[1] != np.prod(shape):
            raise ShapeError(f"CSVIter(): lines of {path!r} have {table.shape[1]} numbers, which do not make {shape}")
        return table.reshape(len(table), *shape)

    data = read(data_csv, data_shape)
    label = np.zeros((len(data), *label_shape), dtype) if label_csv is None else read(label_csv, label_shape)
    label = label.reshape(len(label), *label.shape[2 if label.shape[1:] == (1,) else 1 :])
    lines = NDArrayIter(data, label, batch_size, data_name=data_name, label_name=label_name)
    lines.last_batch_handle = "round" if round_batch else "pad"
    return lines


class MXDataIter(DataIter):
    """The name of what MXNet's own iterators are; those that are here are `NDArrayIter`s.

    Shapes: none.

    Dtypes: none.

    Raises: `ValueError`, always.

    >>> MXDataIter(None)
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: MXDataIter: ...
    """

    def __init__(self, handle: Any, *options: Any, **further: Any) -> None:
        raise ArgumentError("MXDataIter: there are none of MXNet's own iterators; use NDArrayIter, or gluon.data")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
