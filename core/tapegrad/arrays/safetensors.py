"""The safetensors format, of host arrays: a header in JSON, then the numbers. Nothing in a file is run."""

from __future__ import annotations

import errno
import math
import os
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import ArgumentTypeError, DtypeError, FileFormatError, a_kind

__all__ = ["TYPES", "damaged", "exactly", "file_name", "pack", "shape_of", "unpack", "write", "write_together"]

TYPES = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}
"""The dtypes of the format that are also ours."""

BFLOAT = "BF16", "bfloat16"
"""The one that engines have and NumPy has not: the upper half of a float32, as which it is read."""

LONGEST_HEADER = 100_000_000


def file_name(name: Any, where: str) -> str:
    """The name of a file: a number would open whatever the process has under it."""
    if not isinstance(name, (str, os.PathLike)):
        raise ArgumentTypeError(f"{where}() takes the name of a file, not {a_kind(name)}")
    return os.fspath(name)


def write(path: Path, content: bytes) -> None:
    """Write beside the file and then put it in its place, so that a full disk leaves what was there before."""
    beside = path.with_name(path.name + ".part")
    try:
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no folder {str(path.parent)!r} to write to", str(path))
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def damaged(error: Exception, where: str) -> Exception:
    """What to raise for an error of a reader: what a damaged file makes of one cannot be listed.

    A disk that fails is no damaged file.
    """
    if isinstance(error, FileFormatError) and where in str(error):
        return error
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        return error
    return FileFormatError(f"{where} is damaged: {error}")


def head(
    likes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]], metadata: Mapping[str, str] | None = None
) -> tuple[bytes, dict[str, int], int]:
    """The bytes before the numbers of arrays of those dtypes and shapes, where those of each begin, and how long it is.

    Raises `DtypeError` for a dtype that the format lacks.
    """
    import json

    names = {dtype: name for name, dtype in (*TYPES.items(), BFLOAT)}
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": dict(metadata)}
    places: dict[str, int] = {}
    end = 0
    for name, (dtype, shape) in likes.items():
        if dtype.name not in names:
            raise DtypeError(f"save(): safetensors has no {dtype.name}; save {name!r} in a file of another name")
        places[name], end = end, end + math.prod(shape) * dtype.itemsize
        header[name] = {"dtype": names[dtype.name], "shape": list(shape), "data_offsets": [places[name], end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    start = 8 + len(text)
    return struct.pack("<Q", len(text)) + text, {name: start + place for name, place in places.items()}, start + end


def pack(host: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a file of these arrays. Raises `DtypeError` for a dtype that the format lacks."""
    begin, _, _ = head({name: (array.dtype, array.shape) for name, array in host.items()}, metadata)
    arrays = [np.ascontiguousarray(x).astype(x.dtype.newbyteorder("<")).tobytes() for x in host.values()]
    return begin + b"".join(arrays)


def write_together(
    path: Path,
    likes: Mapping[str, tuple[np.dtype[Any], tuple[int, ...]]],
    metadata: Mapping[str, str],
    parts: Mapping[str, Sequence[tuple[Any, np.ndarray[Any, Any]]]],
    host: Mapping[str, np.ndarray[Any, Any]],
    meet: Callable[[str], int],
) -> None:
    """Write one file from several processes, each its parts of the arrays, on a disk that all of them see.

    `meet` waits for the others and says the number of the process. The first one makes the file, writes what is on the
    host, which all of them have, and puts the file in its place.
    """
    begin, places, size = head(likes, metadata)
    beside = path.with_name(path.name + ".part")
    first = meet(f"save({path.name!r}), its beginning") == 0
    try:
        if first:
            parts = {**parts, **{name: [(..., array)] for name, array in host.items()}}
            with open(beside, "wb") as file:
                file.write(begin)
                file.truncate(size)
        meet(f"save({path.name!r}), its parts")
        for name, pieces in parts.items():
            dtype, shape = likes[name]
            for key, piece in pieces:
                if piece.size:
                    whole = np.memmap(beside, dtype.newbyteorder("<"), "r+", places[name], shape)
                    whole[key] = piece
                    whole.flush()
        meet(f"save({path.name!r}), its end")
        if first:
            beside.replace(path)
        meet(f"save({path.name!r}), in its place")
    finally:
        if first:
            beside.unlink(missing_ok=True)


def unpack(file: IO[bytes], size: int) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """The arrays in a file of so many bytes, and its metadata.

    Raises all sorts of errors for a damaged one, before memory is taken for what it pretends to hold.
    """
    import json

    (length,) = struct.unpack("<Q", exactly(file, 8))
    if length > min(size - 8, LONGEST_HEADER):
        raise FileFormatError(f"its header would have {length} bytes, of {size} altogether; is it a safetensors file?")
    header = json.loads(exactly(file, length).decode("utf-8"), object_pairs_hook=_no_doubles)
    if not isinstance(header, dict):
        raise FileFormatError("its header is not a dictionary")
    metadata = header.pop("__metadata__", None) or {}
    start, room = 8 + length, size - 8 - length
    host: dict[str, np.ndarray[Any, Any]] = {}
    reached = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        kind = entry["dtype"]
        if kind not in TYPES and kind != BFLOAT[0]:
            raise FileFormatError(
                f"{name!r} has dtype {kind!r}; those that are read are {', '.join(TYPES)}, {BFLOAT[0]}"
            )
        dtype = np.dtype(TYPES.get(kind, "uint16")).newbyteorder("<")
        shape = shape_of(entry["shape"])
        begin, end = entry["data_offsets"]
        if type(begin) is not int or type(end) is not int or begin != reached or not begin <= end <= room:
            raise FileFormatError(f"the numbers of {name!r} would be at {begin!r} to {end!r}, of {room} bytes")
        if end - begin != math.prod(shape) * dtype.itemsize:
            raise FileFormatError(f"{name!r} of shape {shape} and dtype {kind} does not have {end - begin} bytes")
        file.seek(start + begin)
        array = np.frombuffer(exactly(file, end - begin), dtype).reshape(shape).astype(dtype.newbyteorder("="))
        host[name] = (array.astype("uint32") << 16).view("float32") if kind == BFLOAT[0] else array
        reached = end
    if reached != room:
        raise FileFormatError(f"{room - reached} bytes at its end belong to nothing")
    return {name: host[name] for name in header}, metadata


def shape_of(lengths: Any) -> tuple[int, ...]:
    """A shape that a file says, checked."""
    if type(lengths) not in (tuple, list) or not all(type(n) is int and n >= 0 for n in lengths) or len(lengths) > 32:
        raise FileFormatError(f"{lengths!r} is not a shape")
    return tuple(lengths)


def exactly(stream: IO[bytes], count: int) -> bytes:
    """So many bytes, or an error."""
    data = stream.read(count)
    if len(data) != count:
        raise FileFormatError("it ends too early")
    return data


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FileFormatError("its header has a name twice")
    return members
