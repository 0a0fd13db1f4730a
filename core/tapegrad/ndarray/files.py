"""Arrays in files: MXNet's own, `.npz` and safetensors, read without running anything that a file says."""

from __future__ import annotations

import ast
import errno
import io
import math
import os
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from .. import dtypes
from ..errors import ArgumentTypeError, DtypeError, FileFormatError
from .checks import need
from .ndarray import NDArray, make

__all__ = ["load", "load_frombuffer", "save"]

Arrays = list[NDArray] | dict[str, NDArray]

# An .npz made from a list has these names, which nobody is likely to use in a dictionary.
LISTED = "arr_{}"

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
}
"""The dtypes of safetensors that are also ours."""

LONGEST_HEADER = 100_000_000

PARAMS = 0x112
"""What MXNet's files begin with."""

DENSE, WITH_SCALARS, WITHOUT_STORAGE = 0xF993FAC9, 0xF993FACA, 0xF993FAC8
"""What arrays begin with in them: those of MXNet 1, those that may have no axes, and older ones."""

CODES = (
    *("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"),
    *("int16", "uint16", "uint32", "uint64"),
)
"""The dtypes of MXNet's files, by the number that stands for them there."""


def save(fname: str | os.PathLike[str], data: Any) -> None:
    """Write arrays to a file: one, a list of them, or a dictionary with names.

    A name ending in `.params` is written in MXNet's own format, one in `.safetensors` in that, any other as NumPy's
    `.npz`, under exactly that name. `load` returns what was saved: a list (of one, for one array; empty for nothing at
    all) or a dictionary.

    Shapes: any; they stay as they are.

    Dtypes: any; they stay as they are; safetensors and MXNet's files have no complex ones.

    Raises: `TypeError` for anything but NDArrays, and names that are not strings, `DtypeError` for dtypes that the
    format lacks, `OSError` if the file cannot be written; what was there before is then left.

    >>> import tempfile
    >>> from tapegrad import nd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nd.save(folder + "/weights", {"w": nd.ones(2)})
    ...     nd.load(folder + "/weights")["w"].asnumpy().tolist()
    [1.0, 1.0]
    """
    listed: Mapping[str, Any]
    if isinstance(data, Mapping):
        listed = data
        for name in listed:
            if not isinstance(name, str):
                raise ArgumentTypeError(f"save(): the name of an array is a string, not {name!r}")
    else:
        sequence = data if isinstance(data, Sequence) else [data]
        listed = {LISTED.format(i): x for i, x in enumerate(sequence)}
    host = {name: need(x, "save", name).asnumpy() for name, x in listed.items()}
    path = Path(_name(fname, "save"))
    listed_only = not isinstance(data, Mapping)
    if path.suffix == ".params":
        content = _params(host, listed_only)
    else:
        content = _safetensors(host) if path.suffix == ".safetensors" else _npz(host)
    # Beside the file and then in its place, so that a full disk leaves what was there before.
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _npz(host: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    import zipfile  # in the functions, as it takes longer to import than the whole of this module

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in host.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


def _safetensors(host: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    import json

    names = {dtype: name for name, dtype in TYPES.items()}
    header: dict[str, Any] = {}
    parts: list[bytes] = []
    end = 0
    for name, array in host.items():
        if array.dtype.name not in names:
            raise DtypeError(f"save(): safetensors has no {array.dtype.name}; save {name!r} in a file of another name")
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": names[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [end, end + len(raw)],
        }
        end += len(raw)
        parts.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def _params(host: Mapping[str, np.ndarray[Any, Any]], listed: bool) -> bytes:
    """The bytes of a file as MXNet writes it."""
    parts = [struct.pack("<QQQ", PARAMS, 0, len(host))]
    for name, array in host.items():
        if array.dtype.name not in CODES:
            raise DtypeError(
                f"save(): MXNet's files have no {array.dtype.name}; save {name!r} in a file of another name"
            )
        # Of an array without axes or elements MXNet tells the shape from an unknown one by the newer beginning.
        magic = DENSE if array.size and array.ndim else WITH_SCALARS
        parts.append(struct.pack(f"<Iii{array.ndim}q", magic, 0, array.ndim, *array.shape))
        parts.append(struct.pack("<iii", 1, 0, CODES.index(array.dtype.name)))  # on the host
        parts.append(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    names = [] if listed else [name.encode() for name in host]
    parts.append(struct.pack("<Q", len(names)))
    parts += [struct.pack("<Q", len(name)) + name for name in names]
    return b"".join(parts)


def load(fname: str | os.PathLike[str]) -> Arrays:
    """Read what `save` or MXNet wrote, or any `.npz` or safetensors file: a list, or a dictionary of arrays by name.

    Dtypes are those in the file. Nothing in the file is run.

    Shapes: as in the file.

    Dtypes: as in the file.

    Raises: `FileFormatError` for a file that is damaged or of another format, or holds sparse arrays, before memory is
    taken for what it pretends to hold; `FileNotFoundError` and the like for files that cannot be opened.

    >>> import tempfile
    >>> from tapegrad import nd
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nd.save(folder + "/layers.safetensors", [nd.ones(2), nd.zeros((1, 2))])
    ...     [x.shape for x in nd.load(folder + "/layers.safetensors")]
    [(2,), (1, 2)]
    """
    name = _name(fname, "load")
    with open(name, "rb") as file:
        return _read(file, os.fstat(file.fileno()).st_size, repr(name))


def _name(fname: Any, where: str) -> str:
    """The name of a file: a number would open whatever the process has under it."""
    if not isinstance(fname, (str, os.PathLike)):
        raise ArgumentTypeError(f"{where}() takes the name of a file, not {type(fname).__name__}")
    return os.fspath(fname)


def load_frombuffer(buf: bytes) -> Arrays:
    """`load`, from the bytes of a file.

    Shapes: as in the file.

    Dtypes: as in the file.

    Raises: `FileFormatError` for bytes that are damaged or of another format, `TypeError` for anything but bytes.

    >>> load_frombuffer(b"nonsense")
    Traceback (most recent call last):
    tapegrad.errors.FileFormatError: the buffer is none of MXNet's files, no .npz and no safetensors file
    """
    if not isinstance(buf, (bytes, bytearray, memoryview)):
        raise ArgumentTypeError(f"load_frombuffer() takes bytes, not {type(buf).__name__}")
    return _read(io.BytesIO(buf), len(buf), "the buffer")


def _read(file: IO[bytes], size: int, where: str) -> Arrays:
    start = file.read(9)
    file.seek(0)
    try:
        if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            host = _read_npz(file, size)
        elif len(start) == 9 and start[8:] == b"{":
            host = _read_safetensors(file, size)
        elif start[:8] == struct.pack("<Q", PARAMS):
            host = _read_params(file, size)
        else:
            raise FileFormatError(f"{where} is none of MXNet's files, no .npz and no safetensors file")
    except FileFormatError as error:
        raise error if where in str(error) else FileFormatError(f"{where} is damaged: {error}") from error
    except Exception as error:
        # What a damaged file makes of its readers cannot be listed; a disk that fails is no damaged file.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise FileFormatError(f"{where} is damaged: {error}") from error
    if list(host) == [LISTED.format(i) for i in range(len(host))]:
        return [make(array) for array in host.values()]
    return {name: make(array) for name, array in host.items()}


def _checked(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A dtype of numbers in this machine's byte order; others, above all objects, are refused."""
    if dtype.hasobject or dtype.newbyteorder("=") not in dtypes.ALL:
        raise FileFormatError(f"it holds {dtype}, which is not a dtype of arrays here")
    return dtype


def _read_npz(file: IO[bytes], size: int) -> dict[str, np.ndarray[Any, Any]]:
    import zipfile

    host: dict[str, np.ndarray[Any, Any]] = {}
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(".npy"):
                raise FileFormatError(f"it holds {member.filename!r}, which is not an array")
            # A compressed member says how long it will be; no deflated one can be more than 1032 times its own length.
            if member.compress_size > size or member.file_size > max(member.compress_size, 1) * 1032 + 1024:
                raise FileFormatError(f"{member.filename!r} says that it has {member.file_size} bytes")
            with archive.open(member) as stream:
                name = member.filename[: -len(".npy")]
                if name in host:
                    raise FileFormatError(f"it holds {name!r} twice")
                host[name] = _read_npy(stream, member.file_size)
    return host


def _read_npy(stream: IO[bytes], size: int) -> np.ndarray[Any, Any]:
    """One array in NumPy's format: a header that is a Python literal, then the numbers."""
    magic = stream.read(8)
    if len(magic) != 8 or magic[:6] != b"\x93NUMPY" or magic[6] not in (1, 2, 3):
        raise FileFormatError("an array in it does not begin as one")
    width = 2 if magic[6] == 1 else 4
    length = int.from_bytes(_exactly(stream, width), "little")
    if length > min(size, 65536):
        raise FileFormatError(f"the header of an array in it would have {length} bytes")
    text = _exactly(stream, length).decode("latin1" if magic[6] < 3 else "utf-8").strip()
    with warnings.catch_warnings():
        # A header that Python warns of is not NumPy's, and is judged below.
        warnings.simplefilter("ignore")
        header = ast.literal_eval(text)
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        raise FileFormatError("the header of an array in it is none")
    if not isinstance(header["descr"], str) or not isinstance(header["fortran_order"], bool):
        raise FileFormatError("the header of an array in it is none")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dtype = _checked(np.dtype(header["descr"]))
    shape = _shape(header["shape"])
    count = math.prod(shape)
    if count * dtype.itemsize != size - 8 - width - length:
        raise FileFormatError(f"an array of shape {shape} and dtype {dtype} does not have {size} bytes")
    flat = np.frombuffer(_exactly(stream, count * dtype.itemsize), dtype)
    return flat.reshape(shape, order="F" if header["fortran_order"] else "C").astype(dtype.newbyteorder("="))


def _read_params(file: IO[bytes], size: int) -> dict[str, np.ndarray[Any, Any]]:
    """MXNet's own format: counts, arrays one by one, then as many names or none."""

    def take(form: str) -> Any:
        values = struct.unpack("<" + form, _exactly(file, struct.calcsize("<" + form)))
        return values[0] if len(values) == 1 else values

    def room() -> int:
        return size - file.tell()

    take("QQ")
    count = take("Q")
    if count * 8 > room():
        raise FileFormatError(f"it says that it holds {count} arrays, and has {size} bytes")
    arrays = []
    for i in range(count):
        magic = take("I")
        if magic in (DENSE, WITH_SCALARS) and take("i") != 0:
            raise FileFormatError(f"array {i} in it is sparse; save it from MXNet as a dense one")
        old = magic not in (DENSE, WITH_SCALARS, WITHOUT_STORAGE)
        ndim = magic if old else take("i")
        if not 0 <= ndim <= 32 or (not ndim and magic != WITH_SCALARS):
            raise FileFormatError(f"array {i} in it would have {ndim} axes")
        shape = _shape([take("I" if old else "q") for _ in range(ndim)])
        take("ii")
        code = take("i")
        if not 0 <= code < len(CODES):
            raise FileFormatError(
                f"array {i} in it has the dtype number {code}; those that are read are below {len(CODES)}"
            )
        dtype = np.dtype(CODES[code]).newbyteorder("<")
        length = math.prod(shape) * dtype.itemsize
        if length > room():
            raise FileFormatError(f"array {i} of shape {shape} and dtype {dtype} does not fit into {size} bytes")
        flat = np.frombuffer(_exactly(file, length), dtype)
        arrays.append(flat.reshape(shape).astype(dtype.newbyteorder("=")))
    total = take("Q")
    if total not in (0, count):
        raise FileFormatError(f"it has {total} names for {count} arrays")
    names = [LISTED.format(i) for i in range(count)] if not total else []
    for _ in range(total):
        length = take("Q")
        if length > room():
            raise FileFormatError(f"a name in it would have {length} bytes")
        names.append(_exactly(file, length).decode("utf-8"))
    if room() or len(set(names)) != count:
        raise FileFormatError(f"it has {room()} bytes behind its end" if room() else "it has a name twice")
    return dict(zip(names, arrays, strict=True))


def _shape(lengths: Any) -> tuple[int, ...]:
    if type(lengths) not in (tuple, list) or not all(type(n) is int and n >= 0 for n in lengths) or len(lengths) > 32:
        raise FileFormatError(f"{lengths!r} is not a shape")
    return tuple(lengths)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise FileFormatError("it ends too early")
    return data


def _read_safetensors(file: IO[bytes], size: int) -> dict[str, np.ndarray[Any, Any]]:
    import json

    (length,) = struct.unpack("<Q", _exactly(file, 8))
    if length > min(size - 8, LONGEST_HEADER):
        raise FileFormatError(f"its header would have {length} bytes, of {size} altogether")
    header = json.loads(_exactly(file, length).decode("utf-8"), object_pairs_hook=_no_doubles)
    if not isinstance(header, dict):
        raise FileFormatError("its header is not a dictionary")
    header.pop("__metadata__", None)
    start, room = 8 + length, size - 8 - length
    host: dict[str, np.ndarray[Any, Any]] = {}
    reached = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        if entry["dtype"] not in TYPES:
            raise FileFormatError(f"{name!r} has dtype {entry['dtype']!r}; those that are read are {', '.join(TYPES)}")
        dtype = np.dtype(TYPES[entry["dtype"]]).newbyteorder("<")
        shape = _shape(entry["shape"])
        begin, end = entry["data_offsets"]
        if type(begin) is not int or type(end) is not int or begin != reached or not begin <= end <= room:
            raise FileFormatError(f"the numbers of {name!r} would be at {begin!r} to {end!r}, of {room} bytes")
        if end - begin != math.prod(shape) * dtype.itemsize:
            raise FileFormatError(f"{name!r} of shape {shape} and dtype {dtype} does not have {end - begin} bytes")
        file.seek(start + begin)
        host[name] = np.frombuffer(_exactly(file, end - begin), dtype).reshape(shape).astype(dtype.newbyteorder("="))
        reached = end
    if reached != room:
        raise FileFormatError(f"{room - reached} bytes at its end belong to nothing")
    return {name: host[name] for name in header}


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise FileFormatError("its header has a name twice")
    return members
