"""Arrays in files: MXNet's own, `.npz` and safetensors, read without running anything that a file says."""

from __future__ import annotations

import ast
import io
import math
import os
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays.safetensors import damaged, exactly, file_name, pack, shape_of, unpack, write
from ..errors import ArgumentTypeError, DtypeError, FileFormatError, a_kind
from .checks import need
from .ndarray import NDArray, make

if TYPE_CHECKING:
    pass

__all__ = ["load", "load_frombuffer", "save"]

Arrays = list[NDArray] | dict[str, NDArray]

# An .npz made from a list has these names, which nobody is likely to use in a dictionary.
LISTED = "arr_{}"

PARAMS = 0x112
"""What MXNet's files begin with."""

DENSE, WITH_SCALARS, WITHOUT_STORAGE = 0xF993FAC9, 0xF993FACA, 0xF993FAC8
"""What arrays begin with in them: those of MXNet 1, those that may have no axes, and older ones."""

CODES = (
    *("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"),
    *("int16", "uint16", "uint32", "uint64"),
)
"""The dtypes of MXNet's files, by the number that stands for them there."""


def save(fname: str | os.PathLike[str], data: NDArray | Sequence[NDArray] | Mapping[str, NDArray]) -> None:
    """Write arrays to a file: one, a list of them, or a dictionary with names.

    A name ending in `.params` is written in MXNet's own format, one in `.safetensors` in that, any other as NumPy's
    `.npz`, under exactly that name. `load` returns what was saved: a list (of one, for one array; empty for nothing at
    all) or a dictionary.

    Shapes: any; they stay as they are.

    Dtypes: any; they stay as they are; MXNet's files have no complex ones and safetensors no complex128; of a file,
    bfloat16 is read as float32.

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
    host = {}
    for name, x in listed.items():
        if getattr(need(x, "save", name), "_grad", None) is None:
            x._check_escape("save()")
        host[name] = x.asnumpy()
    path = Path(file_name(fname, "save"))
    listed_only = not isinstance(data, Mapping)
    if path.suffix == ".params":
        content = _params(host, listed_only)
    else:
        content = pack(host) if path.suffix == ".safetensors" else _npz(host)
    write(path, content)


def _npz(host: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    import zipfile  # in the functions, as it takes longer to import than the whole of this module

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, array in host.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
    return buffer.getvalue()


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
    name = file_name(fname, "load")
    with open(name, "rb") as file:
        return _read(file, os.fstat(file.fileno()).st_size, repr(name))


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
        raise ArgumentTypeError(f"load_frombuffer() takes bytes, not {a_kind(buf)}")
    return _read(io.BytesIO(buf), len(buf), "the buffer")


def _read(file: IO[bytes], size: int, where: str) -> Arrays:
    start = file.read(9)
    file.seek(0)
    try:
        if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
            host = _read_npz(file, size)
        elif len(start) == 9 and start[8:] == b"{":
            host, _ = unpack(file, size)
        elif start[:8] == struct.pack("<Q", PARAMS):
            host = _read_params(file, size)
        else:
            raise FileFormatError(f"{where} is none of MXNet's files, no .npz and no safetensors file")
    except Exception as error:
        raise damaged(error, where) from error
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
    length = int.from_bytes(exactly(stream, width), "little")
    if length > min(size, 65536):
        raise FileFormatError(f"the header of an array in it would have {length} bytes")
    text = exactly(stream, length).decode("latin1" if magic[6] < 3 else "utf-8").strip()
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
    shape = shape_of(header["shape"])
    count = math.prod(shape)
    if count * dtype.itemsize != size - 8 - width - length:
        raise FileFormatError(f"an array of shape {shape} and dtype {dtype} does not have {size} bytes")
    flat = np.frombuffer(exactly(stream, count * dtype.itemsize), dtype)
    return flat.reshape(shape, order="F" if header["fortran_order"] else "C").astype(dtype.newbyteorder("="))


def _read_params(file: IO[bytes], size: int) -> dict[str, np.ndarray[Any, Any]]:
    """MXNet's own format: counts, arrays one by one, then as many names or none."""

    def take(form: str) -> Any:
        values = struct.unpack("<" + form, exactly(file, struct.calcsize("<" + form)))
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
        shape = shape_of([take("I" if old else "q") for _ in range(ndim)])
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
        flat = np.frombuffer(exactly(file, length), dtype)
        arrays.append(flat.reshape(shape).astype(dtype.newbyteorder("=")))
    total = take("Q")
    if total not in (0, count):
        raise FileFormatError(f"it has {total} names for {count} arrays")
    names = [LISTED.format(i) for i in range(count)] if not total else []
    for _ in range(total):
        length = take("Q")
        if length > room():
            raise FileFormatError(f"a name in it would have {length} bytes")
        names.append(exactly(file, length).decode("utf-8"))
    if room() or len(set(names)) != count:
        raise FileFormatError(f"it has {room()} bytes behind its end" if room() else "it has a name twice")
    return dict(zip(names, arrays, strict=True))
