"""Records in files, as MXNet packs data sets: `.rec`, and `.idx` with the places of records by their keys."""

from __future__ import annotations

import io
import os
import struct
import threading
from collections import namedtuple
from pathlib import Path
from typing import IO, Any

import numpy as np

from .errors import ArgumentError, FileFormatError
from .image.images import decoded, pillow

__all__ = ["IRHeader", "MXIndexedRecordIO", "MXRecordIO", "pack", "pack_img", "unpack", "unpack_img"]
__dir__ = __all__.copy

MAGIC = 0xCED7230A
"""What a record begins with, and what is cut out of its content, which is then written in parts."""

HEADER = struct.Struct("<IfQQ")

IRHeader = namedtuple("HEADER", ["flag", "label", "id", "id2"])  # type: ignore[name-match]
"""What stands before an image in a record: how many labels, the label or an array of them, and two numbers."""


class MXRecordIO:
    """A file of records, opened to write ("w") or read ("r") one after the other.

    Raises: `ValueError` for another flag, `FileFormatError` for what is no record.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "x.rec")
    ...     record = MXRecordIO(path, "w")
    ...     record.write(b"one")
    ...     record.close()
    ...     MXRecordIO(path, "r").read()
    b'one'
    """

    file: IO[bytes]

    def __init__(self, uri: str, flag: str) -> None:
        if flag not in ("r", "w"):
            raise ArgumentError(f"flag is {flag!r}; choose 'r' or 'w'")
        self.uri = uri
        self.flag = flag
        self.writable = flag == "w"
        self._lock = threading.Lock()
        self.is_open = False
        self.open()

    def open(self) -> None:
        """Open the file, at its beginning."""
        self.file = open(self.uri, self.flag + "b")  # noqa: SIM115
        self.is_open = True

    def close(self) -> None:
        """Close the file."""
        if self.is_open:
            self.file.close()
            self.is_open = False

    def reset(self) -> None:
        """Begin anew."""
        self.close()
        self.open()

    def __del__(self) -> None:
        if getattr(self, "is_open", False):
            self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in ("file", "_lock", "is_open")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock(), is_open=False)
        self.open()

    def write(self, buf: bytes) -> None:
        """Write a record."""
        if not self.writable:
            raise ArgumentError(f"{self.uri!r} is open to read; open it with 'w'")
        mark = struct.pack("<I", MAGIC)
        parts, at = [], 0
        for place in range(0, len(buf) - 3, 4):
            if buf[place : place + 4] == mark:
                parts.append(buf[at:place])
                at = place + 4
        parts.append(buf[at:])
        for i, part in enumerate(parts):
            kind = 0 if len(parts) == 1 else 1 if i == 0 else 3 if i == len(parts) - 1 else 2
            self.file.write(struct.pack("<II", MAGIC, kind << 29 | len(part)) + part + bytes(-len(part) % 4))

    def read(self) -> bytes | None:
        """The next record; None behind the last."""
        if self.writable:
            raise ArgumentError(f"{self.uri!r} is open to write; open it with 'r'")
        parts: list[bytes] = []
        while True:
            head = self.file.read(8)
            if not head and not parts:
                return None
            magic, word = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
            kind, length = word >> 29, word & (1 << 29) - 1
            left = os.fstat(self.file.fileno()).st_size - self.file.tell()
            if magic != MAGIC or length > left or kind > 3 or (kind in (0, 1)) != (not parts):
                raise FileFormatError(
                    f"{self.uri!r} is damaged, or holds no records: at {self.file.tell() - len(head)}"
                )
            parts.append(self.file.read(length))
            self.file.read(-length % 4)
            if kind in (0, 3):
                return struct.pack("<I", MAGIC).join(parts)


class MXIndexedRecordIO(MXRecordIO):
    """A file of records that are found by their keys, which another file lists.

    Raises: as `MXRecordIO`; `ValueError` for a key that is not there.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     names = os.path.join(folder, "x.idx"), os.path.join(folder, "x.rec")
    ...     record = MXIndexedRecordIO(*names, "w")
    ...     record.write_idx(7, b"seven")
    ...     record.close()
    ...     MXIndexedRecordIO(*names, "r").read_idx(7)
    b'seven'
    """

    def __init__(self, idx_path: str, uri: str, flag: str, key_type: type = int) -> None:
        self.idx_path = idx_path
        self.key_type = key_type
        self.idx: dict[Any, int] = {}
        self.keys: list[Any] = []
        super().__init__(uri, flag)

    def open(self) -> None:
        """Open the file, and read the places of its records."""
        super().open()
        self.idx, self.keys = {}, []
        if not self.writable:
            size = os.fstat(self.file.fileno()).st_size
            for line in Path(self.idx_path).read_bytes().splitlines():
                key, place = None, -1
                try:
                    name, number = line.decode().split("\t")
                    key, place = self.key_type(name), int(number)
                except ValueError:
                    pass  # and the place is none
                if not 0 <= place < size:
                    self.close()
                    raise FileFormatError(f"{self.idx_path!r} is damaged, or not of {self.uri!r}: {line!r}")
                self._enter(key, place)

    def _enter(self, key: Any, place: int) -> None:
        self.idx[key] = place
        self.keys.append(key)

    def close(self) -> None:
        """Close the file, and write the places of its records."""
        if self.is_open and self.writable:
            lines = [f"{key}\t{self.idx[key]}\n" for key in self.keys]
            Path(self.idx_path).write_text("".join(lines), encoding="utf-8")
        super().close()

    def seek(self, idx: Any) -> None:
        """Go to the record of a key."""
        if idx not in self.idx:
            raise ArgumentError(f"there is no record {idx!r} in {self.uri!r}")
        self.file.seek(self.idx[idx])

    def tell(self) -> int:
        """The place that is written to next."""
        return self.file.tell()

    def read_idx(self, idx: Any) -> bytes:
        """The record of a key; threads may call it at once."""
        with self._lock:
            self.seek(idx)
            return self.read() or b""

    def write_idx(self, idx: Any, buf: bytes) -> None:
        """Write a record under a key."""
        self._enter(self.key_type(idx), self.tell())
        self.write(buf)


def pack(header: Any, s: bytes) -> bytes:
    """A record of a header and bytes; several labels are written behind the header.

    >>> unpack(pack(IRHeader(0, 4.0, 2574, 0), b"image"))
    (HEADER(flag=0, label=4.0, id=2574, id2=0), b'image')
    """
    flag, label, number, other = header
    labels = b""
    if not isinstance(label, (int, float, np.number)):
        array = np.asarray(label, dtype="<f4")
        flag, label, labels = array.size, 0.0, array.tobytes()
    return HEADER.pack(flag, float(label), number, other) + labels + s


def unpack(s: bytes) -> tuple[Any, bytes]:
    """The header and the bytes of a record.

    Raises: `FileFormatError` for less than a header.

    >>> unpack(pack(IRHeader(0, [1.0, 2.0], 3, 0), b""))[0].label.tolist()
    [1.0, 2.0]
    """
    if len(s) < HEADER.size:
        raise FileFormatError(f"a record of {len(s)} bytes has no header")
    header = IRHeader(*HEADER.unpack_from(s))
    end = HEADER.size + 4 * header.flag
    if end > len(s):
        raise FileFormatError(f"a record of {len(s)} bytes does not hold {header.flag} labels")
    if header.flag:
        header = header._replace(label=np.frombuffer(s[HEADER.size : end], "<f4").astype("float32"))
    return header, s[end:]


def pack_img(header: Any, img: Any, quality: int = 95, img_fmt: str = ".jpg") -> bytes:
    """A record of a header and an image, an array (height, width, 3) in the order blue, green, red as OpenCV has it.

    >>> header, image = unpack_img(pack_img(IRHeader(0, 1.0, 0, 0), np.zeros((2, 2, 3), np.uint8), img_fmt=".png"))
    >>> image.shape
    (2, 2, 3)
    """
    array = np.asarray(img)
    buffer = io.BytesIO()
    options = {"quality": quality} if img_fmt in (".jpg", ".jpeg") else {}
    image = pillow().fromarray(np.ascontiguousarray(array[..., ::-1] if array.ndim == 3 else array))
    image.save(buffer, "JPEG" if options else img_fmt.lstrip(".").upper(), **options)
    return pack(header, buffer.getvalue())


def unpack_img(s: bytes, iscolor: int = -1) -> tuple[Any, Any]:
    """The header and the image of a record, as a NumPy array in the order blue, green, red.

    >>> unpack_img(b"")
    Traceback (most recent call last):
    tapegrad.errors.FileFormatError: a record of 0 bytes has no header
    """
    header, encoded = unpack(s)
    array = decoded(encoded, 0 if iscolor == 0 else 1)
    return header, array[..., ::-1] if array.shape[-1] == 3 else array[..., 0]
