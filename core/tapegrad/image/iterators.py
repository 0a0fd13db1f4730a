"""Iterators over batches of images, from a file of records or from files that a list names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import ndarray as nd
from .. import recordio
from ..errors import ArgumentError, ShapeError
from ..io import DataBatch, DataIter
from ..ndarray.ndarray import NDArray
from .detection import CreateDetAugmenter
from .images import CreateAugmenter, Host, imdecode

__all__ = ["ImageDetIter", "ImageIter"]


class ImageIter(DataIter):
    """Batches of images (channels, height, width) with labels, changed by augmenters: those of `CreateAugmenter`.

    Images are in `path_imgrec`, with its list of records `path_imgidx` where it is to be shuffled or divided; or they
    are files within `path_root`, named by `imglist`, rows of labels and a name, or by `path_imglist`, a file of rows
    of a number, labels and a name between tabs. `last_batch_handle` is "pad", "discard" or "roll_over".

    Shapes: data are (batch_size, *data_shape), labels (batch_size,), or (batch_size, label_width).

    Dtypes: float32.

    Raises: `ValueError` where no images are named, `OSError` and `FileFormatError` as `imread`.

    >>> ImageIter(2, (3, 8, 8))
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: ImageIter() takes images; give path_imgrec, path_imglist or imglist
    """

    def __init__(
        self,
        batch_size: int,
        data_shape: Sequence[int],
        label_width: int = 1,
        path_imgrec: str | None = None,
        path_imglist: str | None = None,
        path_root: str | None = None,
        path_imgidx: str | None = None,
        shuffle: bool = False,
        part_index: int = 0,
        num_parts: int = 1,
        aug_list: Any = None,
        imglist: Any = None,
        data_name: str = "data",
        label_name: str = "softmax_label",
        dtype: Any = "float32",
        last_batch_handle: str = "pad",
        **kwargs: Any,
    ) -> None:
        super().__init__(batch_size)
        if not (path_imgrec or path_imglist or isinstance(imglist, list)):
            raise ArgumentError(f"{type(self).__name__}() takes images; give path_imgrec, path_imglist or imglist")
        if len(data_shape) != 3 or data_shape[0] != 3:
            raise ShapeError(f"data_shape is {tuple(data_shape)}; give (3, height, width)")
        self.imgrec: Any = None
        self.imglist: dict[Any, tuple[Host, str]] | None = None
        self.seq: list[Any] | None = None
        if path_imglist:
            rows = [line.split("\t") for line in Path(path_imglist).read_text("utf-8").splitlines() if line.strip()]
            self.imglist = {int(row[0]): (np.array(row[1:-1], dtype), row[-1].strip()) for row in rows}
        elif isinstance(imglist, list):
            named = [(row[:-1] if len(row) > 2 else np.ravel(row[0]), row[-1]) for row in imglist]
            self.imglist = {str(i): (np.array(label, dtype), name) for i, (label, name) in enumerate(named, 1)}
        if path_imgrec and path_imgidx:
            self.imgrec = recordio.MXIndexedRecordIO(path_imgidx, path_imgrec, "r")
            self.seq = list(self.imgrec.keys)
        elif path_imgrec:
            if shuffle or num_parts > 1:
                raise ArgumentError("records are shuffled or divided by their list; give path_imgidx")
            self.imgrec = recordio.MXRecordIO(path_imgrec, "r")
        else:
            self.seq = list(self.imglist or ())
        if self.seq is not None and num_parts > 1:
            size = len(self.seq) // num_parts
            self.seq = self.seq[part_index * size : (part_index + 1) * size]
        self.path_root = path_root
        self.data_shape = tuple(data_shape)
        self.provide_data = [(data_name, (batch_size, *data_shape))]
        labels = (batch_size, label_width) if label_width > 1 else (batch_size,)
        self.provide_label: list[tuple[str, tuple[int, ...]]] = [(label_name, labels)]
        self.shuffle = shuffle
        self.last_batch_handle = last_batch_handle
        self.auglist: list[Any] = CreateAugmenter(data_shape, **kwargs) if aug_list is None else aug_list
        self.hard_reset()

    def reset(self) -> None:
        """Begin anew; a batch that was rolled over is kept."""
        self._begin(self._rolled)

    def hard_reset(self) -> None:
        """Begin anew, without what was rolled over."""
        self._begin(None)

    def _begin(self, rolled: Any) -> None:
        self._rolled: tuple[list[Any], list[Any]] | None = rolled
        if self.seq is not None and self.shuffle:
            random.shuffle(self.seq)
        if rolled is None:
            self._rewind()
            self._ended = False

    def _rewind(self) -> None:
        self.cur = 0
        if self.imgrec is not None:
            self.imgrec.reset()

    def next_sample(self) -> tuple[Any, bytes]:
        """The label and the file's content of the next image. Raises `StopIteration` behind the last."""
        if not self._ended:
            if self.seq is None:
                record = self.imgrec.read()
            elif self.cur < len(self.seq):
                key = self.seq[self.cur]
                self.cur += 1
                if self.imgrec is None:
                    label, name = self.imglist[key]  # type: ignore[index]
                    return label, self.read_image(name)
                record = self.imgrec.read_idx(key)
            else:
                record = None
            if record is not None:
                header, content = recordio.unpack(record)
                return (header.label if self.imglist is None else self.imglist[header.id][0]), content
            if self.last_batch_handle != "discard":
                self._rewind()
        raise StopIteration

    def read_image(self, fname: str) -> bytes:
        """The content of a file."""
        return (Path(self.path_root or "") / fname).read_bytes()

    def imdecode(self, s: bytes) -> NDArray:
        """The image in a file's content."""
        return imdecode(s)

    def augmentation_transform(self, data: NDArray) -> NDArray:
        """The image, changed by all augmenters."""
        for aug in self.auglist:
            data = aug(data)
        return data

    def postprocess_data(self, datum: NDArray) -> NDArray:
        """The image as it is in a batch."""
        return nd.transpose(datum, axes=(2, 0, 1))

    def _sample(self) -> tuple[NDArray, Any]:
        """The next image, changed, with its label as it is in a batch."""
        label, content = self.next_sample()
        return self.augmentation_transform(self.imdecode(content)), label

    def _fill(self, data: list[Any], labels: list[Any]) -> None:
        """Take samples until the batch is full, or there are no more."""
        while len(data) < self.batch_size:
            try:
                image, label = self._sample()
            except StopIteration:
                return
            data.append(self.postprocess_data(image).asnumpy())
            labels.append(np.reshape(label, self.provide_label[0][1][1:]))

    def next(self) -> DataBatch:
        """The next batch, with the number of samples at its end that only fill it up."""
        data, labels = self._rolled or ([], [])
        if self._rolled is None:
            self._fill(data, labels)
        pad = self.batch_size - len(data)
        if not data or (pad and self.last_batch_handle == "discard"):
            raise StopIteration
        if pad:
            if self.last_batch_handle == "roll_over" and self._rolled is None:
                self._rolled = data, labels
                raise StopIteration
            self._fill(data, labels)
            self._ended = self.last_batch_handle == "pad"
            self._rolled = None
        more = self.batch_size - len(data)
        for rows, empty in ((data, 0), (labels, -1)):
            rows += [np.full_like(rows[0], empty)] * more
        return DataBatch([nd.array(np.stack(data))], [nd.array(np.stack(labels))], pad=pad)


class ImageDetIter(ImageIter):
    """Batches of images with boxes, changed by augmenters: those of `CreateDetAugmenter`, to which `kwargs` go.

    A label is the length of its head, the length of a box, what else is in the head, and the boxes, each a class and
    left, top, right and bottom in parts of the size.

    Shapes: data are (batch_size, *data_shape), labels (batch_size, boxes, length), filled up with −1.

    Dtypes: float32.

    Raises: as `ImageIter`; `ShapeError` for labels of another form.

    >>> ImageDetIter(2, (3, 8, 8))
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: ImageDetIter() takes images; give path_imgrec, path_imglist or imglist
    """

    def __init__(
        self,
        batch_size: int,
        data_shape: Sequence[int],
        path_imgrec: str | None = None,
        path_imglist: str | None = None,
        path_root: str | None = None,
        path_imgidx: str | None = None,
        shuffle: bool = False,
        part_index: int = 0,
        num_parts: int = 1,
        aug_list: Any = None,
        imglist: Any = None,
        data_name: str = "data",
        label_name: str = "label",
        last_batch_handle: str = "pad",
        **kwargs: Any,
    ) -> None:
        source: Any = path_imgrec, path_imglist, path_root, path_imgidx, shuffle, part_index, num_parts, [], imglist
        names: Any = data_name, label_name, "float32", last_batch_handle
        super().__init__(batch_size, data_shape, 1, *(*source, *names))
        self.auglist = CreateDetAugmenter(data_shape, **kwargs) if aug_list is None else aug_list
        self.reset()
        shapes: list[tuple[int, ...]] = []
        try:
            while True:
                shapes.append(self._boxes(self.next_sample()[0]).shape)
        except StopIteration:
            pass
        self.reset()
        self.label_shape: tuple[int, ...] = (max((shape[0] for shape in shapes), default=0), shapes[-1][1])
        self.provide_label = [(label_name, (batch_size, *self.label_shape))]

    @staticmethod
    def _boxes(label: Any) -> Host:
        """The boxes of a label. Raises `ShapeError` where there are none that enclose something."""
        raw = np.ravel(label)
        head, length = (int(raw[0]), int(raw[1])) if raw.size >= 7 else (0, 0)
        if length < 5 or (raw.size - head) % length:
            raise ShapeError(f"a label of {raw.size} numbers is not a head and boxes of 5 or more numbers each")
        boxes = raw[head:].reshape(-1, length)
        boxes = boxes[(boxes[:, 3] > boxes[:, 1]) & (boxes[:, 4] > boxes[:, 2])]
        if not len(boxes):
            raise ShapeError("a label has no box that encloses something")
        return boxes

    def _sample(self) -> tuple[NDArray, Any]:
        while True:
            label, content = self.next_sample()
            data = self.imdecode(content)
            try:
                boxes = self._boxes(label)
            except ShapeError:
                continue  # a sample without boxes teaches nothing
            for aug in self.auglist:
                data, boxes = aug(data, boxes)
            if ((boxes[:, 0] >= 0) & (boxes[:, 3] > boxes[:, 1]) & (boxes[:, 4] > boxes[:, 2])).any():
                rows = np.full(self.label_shape, -1, np.float32)
                rows[: len(boxes)] = boxes
                return data, rows

    def reshape(self, data_shape: Sequence[int] | None = None, label_shape: Sequence[int] | None = None) -> None:
        """Give images, or labels, another shape; labels no fewer boxes."""
        if data_shape is not None:
            self.data_shape = tuple(data_shape)
            self.provide_data = [(self.provide_data[0][0], (self.batch_size, *data_shape))]
        if label_shape is not None:
            if label_shape[0] < self.label_shape[0] or label_shape[1] != self.label_shape[1]:
                raise ShapeError(f"labels of shape {self.label_shape} cannot become {tuple(label_shape)}")
            self.label_shape = tuple(label_shape)
            self.provide_label = [(self.provide_label[0][0], (self.batch_size, *label_shape))]

    def sync_label_shape(self, it: ImageDetIter, verbose: bool = False) -> ImageDetIter:
        """Give this iterator and another the larger number of boxes of both. The other is returned."""
        shape = max(self.label_shape[0], it.label_shape[0]), self.label_shape[1]
        for each in (self, it):
            each.reshape(None, shape)
        return it
