"""Data sets of images, from files on this machine."""

from __future__ import annotations

import gzip
import struct
import tarfile
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .... import image, recordio
from .... import ndarray as nd
from ....errors import ArgumentError, FileFormatError
from ...utils import kept
from ..dataset import Dataset, RecordFileDataset

__all__ = ["CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "ImageFolderDataset", "ImageRecordDataset"]
__dir__ = __all__.copy

Transform = Callable[..., Any] | None
LARGEST = 1 << 31
"""More bytes than any of the files has once it is unpacked."""


class _Images(Dataset):
    """Images with labels, all in memory."""

    def __init__(self, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], transform: Transform) -> None:
        self._data = nd.array(images, dtype="uint8")
        self._label = labels.astype("int32")
        self._transform = transform

    def __len__(self) -> int:
        return len(self._label)

    def __getitem__(self, idx: Any) -> Any:
        pair = self._data[idx], self._label[idx]
        return pair if self._transform is None else self._transform(*pair)


_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, tarfile.TarError)
"""What the libraries that unpack files raise of damaged ones."""


def _unpacked(root: Path, name: str, where: str) -> bytes:
    """The content of a file, or of its `.gz`."""
    for path in (root / name, root / (name + ".gz")):
        if path.exists():
            try:
                with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
                    content: bytes = file.read(LARGEST)
                    return content
            except _DAMAGED as error:
                raise FileFormatError(f"{str(path)!r} is damaged: {error}") from error
    raise ArgumentError(
        f"{where}() downloads nothing, and {str(root / name)!r}(.gz) is not there; save it there, or say root="
    )


def idx_file(content: bytes, where: str) -> np.ndarray[Any, Any]:
    """The array of bytes in a file of the format of MNIST."""
    axes = content[3] if len(content) > 3 else 0
    if len(content) < 4 + 4 * axes or content[:3] != b"\0\0\x08":
        raise FileFormatError(f"{where} is not in the format of MNIST")
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    array = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if array.size != np.prod(shape, dtype=np.int64):
        raise FileFormatError(f"{where} would be of shape {shape}, and has {array.size} bytes")
    return array.reshape(shape)


class MNIST(_Images):
    """Handwritten digits, from the files `train-images-idx3-ubyte(.gz)` and so on in `root`.

    Shapes: images are (28, 28, 1).

    Dtypes: images are uint8, labels int32.

    Raises: `ValueError` where files are not there, `FileFormatError` for damaged ones.

    >>> MNIST(root="nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: MNIST() downloads nothing, and ...
    """

    _folder = "mnist"

    def __init__(self, root: str | None = None, train: bool = True, transform: Transform = None) -> None:
        folder, kind, where = kept(root, "datasets", self._folder), "train" if train else "t10k", type(self).__name__
        names = f"{kind}-images-idx3-ubyte", f"{kind}-labels-idx1-ubyte"
        images, labels = (idx_file(_unpacked(folder, name, where), repr(str(folder / name))) for name in names)
        if len(images) != len(labels):
            raise FileFormatError(
                f"{where}: there are {len(images)} images and {len(labels)} labels in {str(folder)!r}"
            )
        super().__init__(images[..., None], labels, transform)


class FashionMNIST(MNIST):
    """Pieces of clothing, in the files of `MNIST`.

    >>> FashionMNIST(root="nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: FashionMNIST() downloads nothing, and ...
    """

    _folder = "fashion-mnist"


class CIFAR10(_Images):
    """Small photographs of ten classes, from `data_batch_1.bin` to 5 and `test_batch.bin` in `root`, or their archive.

    Shapes: images are (32, 32, 3).

    Dtypes: images are uint8, labels int32.

    >>> CIFAR10(root="nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: CIFAR10() downloads nothing, and ...
    """

    _archive = "cifar-10-binary.tar.gz"
    _labels = 1
    _which = 0

    def __init__(self, root: str | None = None, train: bool = True, transform: Transform = None) -> None:
        folder = kept(root, "datasets", type(self).__name__.lower())
        contents = [self._read(folder, name) for name in self._names(train)]
        size = self._labels + 3072
        if any(len(content) % size for content in contents):
            raise FileFormatError(f"files in {str(folder)!r} are not in the format of {type(self).__name__}")
        rows = np.concatenate([np.frombuffer(content, np.uint8).reshape(-1, size) for content in contents])
        images = rows[:, self._labels :].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        super().__init__(images, rows[:, self._which], transform)

    def _names(self, train: bool) -> list[str]:
        return [f"data_batch_{i}.bin" for i in range(1, 6)] if train else ["test_batch.bin"]

    def _read(self, folder: Path, name: str) -> bytes:
        archive = folder / self._archive
        if (folder / name).exists() or not archive.exists():
            return _unpacked(folder, name, type(self).__name__)
        try:
            with tarfile.open(archive) as packed:
                for member in packed:
                    if Path(member.name).name == name and member.isfile():
                        content = packed.extractfile(member)
                        return content.read(LARGEST) if content is not None else b""
        except _DAMAGED as error:
            raise FileFormatError(f"{str(archive)!r} is damaged: {error}") from error
        raise FileFormatError(f"there is no {name} in {str(archive)!r}")


class CIFAR100(CIFAR10):
    """Small photographs of a hundred classes, or with `fine_label=False` of twenty, from `train.bin` and `test.bin`.

    >>> CIFAR100(root="nowhere")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: CIFAR100() downloads nothing, and ...
    """

    _archive = "cifar-100-binary.tar.gz"
    _labels = 2

    def __init__(
        self, root: str | None = None, fine_label: bool = False, train: bool = True, transform: Transform = None
    ) -> None:
        self._which = int(fine_label)
        super().__init__(root, train, transform)

    def _names(self, train: bool) -> list[str]:
        return ["train.bin" if train else "test.bin"]


class ImageFolderDataset(Dataset):
    """Images in folders whose names are the classes, in order: `synsets`. `items` are pairs of a name and a class.

    Shapes: images are (height, width, 3), or with `flag=0` (height, width, 1).

    Dtypes: images are uint8.

    Raises: `OSError` for a folder that is not there; what `image.imread` raises.

    >>> ImageFolderDataset("nowhere")
    Traceback (most recent call last):
    FileNotFoundError: ...
    """

    def __init__(self, root: str, flag: int = 1, transform: Transform = None) -> None:
        self._flag = flag
        self._transform = transform
        folders = sorted(path for path in Path(root).expanduser().iterdir() if path.is_dir())
        self.synsets = [folder.name for folder in folders]
        self.items: list[tuple[str, int]] = []
        for number, folder in enumerate(folders):
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                    self.items.append((str(path), number))
                else:
                    warnings.warn(f"Ignoring {path}: it ends in none of .jpg, .jpeg, .png", stacklevel=2)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, idx: int) -> Any:
        name, label = self.items[idx]
        picture = image.imread(name, self._flag)
        return (picture, label) if self._transform is None else self._transform(picture, label)


class ImageRecordDataset(RecordFileDataset):
    """Images with labels in a file of records, as `recordio.pack_img` writes them.

    Shapes: images are (height, width, 3), or with `flag=0` (height, width, 1).

    Dtypes: images are uint8.

    Raises: as `recordio.MXIndexedRecordIO`, and `image.imdecode`.

    >>> ImageRecordDataset("nobody's.rec")
    Traceback (most recent call last):
    FileNotFoundError: ...
    """

    def __init__(self, filename: str, flag: int = 1, transform: Transform = None) -> None:
        super().__init__(filename)
        self._flag = flag
        self._transform = transform

    def __getitem__(self, idx: int) -> Any:
        header, encoded = recordio.unpack(super().__getitem__(idx))
        picture = image.imdecode(encoded, self._flag)
        return (picture, header.label) if self._transform is None else self._transform(picture, header.label)
