"""Arrays in files: there and back, and what damaged files do."""

import base64
import io
import json
import pickle
import struct
import tempfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from tapegrad import nd
from tapegrad.errors import DtypeError, FileFormatError

SUFFIXES = ["", ".params", ".npz", ".safetensors"]
DTYPES = ["float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_list_and_a_dictionary_come_back_as_they_were(tmp_path, suffix):
    path = str(tmp_path / f"weights{suffix}")
    arrays = [nd.array([[1, 2]]), nd.ones(3, dtype="int32"), nd.array(2.5), nd.zeros((0, 2))]
    nd.save(path, arrays)
    back = nd.load(path)
    assert type(back) is list
    for one, other in zip(back, arrays, strict=True):
        assert one.dtype is other.dtype
        assert one.shape == other.shape
        assert one.asnumpy().tolist() == other.asnumpy().tolist()
    nd.save(path, {"w/1": arrays[0], "b": arrays[1]})
    back = nd.load(path)
    assert list(back) == ["w/1", "b"]
    assert back["w/1"].asnumpy().tolist() == [[1, 2]]
    nd.save(path, arrays[0])
    assert nd.load(path)[0].asnumpy().tolist() == [[1, 2]]
    nd.save(path, [])
    assert nd.load(path) == []


@pytest.mark.parametrize("suffix", ["", ".safetensors"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back(tmp_path, suffix, dtype):
    path = tmp_path / f"x{suffix}"
    nd.save(path, [nd.array([0, 1, 3], dtype=dtype)])
    (back,) = nd.load(path)
    assert back.dtype is np.dtype(dtype).type
    assert back.asnumpy().tolist() == np.array([0, 1, 3]).astype(dtype).tolist()


def test_numpy_reads_and_writes_the_same_files(tmp_path):
    nd.save(tmp_path / "ours", {"w": nd.array([1, 2])})
    with np.load(tmp_path / "ours", allow_pickle=False) as found:
        assert found["w"].tolist() == [1, 2]
    np.savez_compressed(tmp_path / "theirs.npz", a=np.asfortranarray(np.arange(6.0).reshape(2, 3)), b=np.zeros(1000))
    found = nd.load(tmp_path / "theirs.npz")
    assert found["a"].asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["a"].dtype is np.float64
    assert found["b"].shape == (1000,)


def test_safetensors_reads_and_writes_the_same_files(tmp_path):
    theirs = pytest.importorskip("safetensors.numpy", reason="the library is an extra")
    nd.save(tmp_path / "ours.safetensors", {"w": nd.array([[1, 2]])})
    assert theirs.load_file(tmp_path / "ours.safetensors")["w"].tolist() == [[1, 2]]
    theirs.save_file({"x": np.arange(3), "y": np.ones((2, 2), np.float32)}, tmp_path / "theirs.safetensors")
    found = nd.load(tmp_path / "theirs.safetensors")
    assert found["x"].asnumpy().tolist() == [0, 1, 2]
    assert found["y"].shape == (2, 2)


def test_what_cannot_be_saved_leaves_what_was_there(tmp_path):
    path = tmp_path / "w.safetensors"
    nd.save(path, [nd.ones(1)])
    before = path.read_bytes()
    with pytest.raises(TypeError, match="NDArray"):
        nd.save(path, {"w": [1, 2]})
    with pytest.raises(TypeError, match="name of an array"):
        nd.save(path, {1: nd.ones(1)})
    with pytest.raises(DtypeError, match="complex128"):
        nd.save(path, [nd.ones(1, dtype="complex128")])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_buffer_is_read_as_a_file_is(tmp_path):
    nd.save(tmp_path / "w", [nd.ones(2)])
    assert nd.load_frombuffer((tmp_path / "w").read_bytes())[0].asnumpy().tolist() == [1, 1]
    with pytest.raises(TypeError, match="bytes"):
        nd.load_frombuffer("w")


def npz(**members: bytes) -> bytes:
    """An archive of raw members."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name + ".npy", raw)
    return made.getvalue()


def npy(header: str, raw: bytes = b"") -> bytes:
    """An array in NumPy's format with a header of one's own."""
    text = header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + raw


def safetensors(header: object, raw: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + raw


class Evil:
    """Would be run by a pickle that is opened."""

    def __reduce__(self):
        return (pytest.fail, ("a file was run",))


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    """What a safetensors header says of one array."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def objects() -> bytes:
    """An array of objects as NumPy pickles it."""
    made = io.BytesIO()
    np.save(made, np.array([Evil()], dtype=object), allow_pickle=True)
    return made.getvalue()


def bomb() -> bytes:
    """An archive whose directory says that a small member is enormous."""
    raw = bytearray(npz(a=npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"\0" * 4)))
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 24 : place + 28] = struct.pack("<I", 2**31)
    return bytes(raw)


DAMAGED = {
    "nothing": b"",
    "text": b"hello, world",
    "pickle": pickle.dumps(Evil()),
    "mxnet's own": struct.pack("<QQQ", 0x112, 0, 1) + b"\0" * 64,
    "zip cut short": npz(a=npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"\0" * 4))[:-30],
    "zip of no arrays": npz(a=b"hello"),
    "objects": npz(a=objects()),
    "a shape too large": npz(a=npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", b"\0" * 8)),
    "a negative shape": npz(a=npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"\0" * 8)),
    "a shape of floats": npz(a=npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1.0,)}", b"\0" * 8)),
    "too few numbers": npz(a=npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", b"\0" * 8)),
    "too many numbers": npz(a=npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", b"\0" * 16)),
    "a header that calls": npz(a=npy("__import__('os').abort()")),
    "a header that is no dictionary": npz(a=npy("[1, 2]")),
    "a header without a shape": npz(a=npy("{'descr': '<f8', 'fortran_order': False}")),
    "a structured dtype": npz(a=npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", b"\0" * 4)),
    "dates": npz(a=npy("{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,)}", b"\0" * 8)),
    "a header too deep": npz(a=npy("(" * 5000)),
    "a zip bomb's directory": bomb(),
    "a header longer than the file": struct.pack("<Q", 2**60) + b'{"a": 1}',
    "no json": safetensors(b"{nonsense"),
    "bad utf-8": safetensors(b'{"\xff": 1}'),
    "deep json": safetensors(b'{"a":' + b"[" * 100_000),
    "a list": safetensors(b"{" + b"}" * 2),
    "an unknown dtype": safetensors({"a": entry(dtype="F8_E4M3")}, b"\0" * 4),
    "bytes that are missing": safetensors({"a": entry(offsets=(0, 4))}, b"\0" * 2),
    "bytes that belong to nothing": safetensors({"a": entry()}, b"\0" * 8),
    "bytes that do not fit the shape": safetensors({"a": entry(shape=(2,))}, b"\0" * 4),
    "bytes that overlap": safetensors({"a": entry(), "b": entry()}, b"\0" * 4),
    "an entry that is a number": safetensors({"a": 3}),
    "an entry that lacks its shape": safetensors({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, b"\0" * 4),
    "a huge shape": safetensors({"a": entry(shape=(2**40, 2**40))}, b"\0" * 4),
    "a true length": safetensors({"a": entry(shape=(True,))}, b"\0" * 4),
    "the same name twice": safetensors(b'{"a": %s, "a": %s}' % ((json.dumps(entry()).encode(),) * 2), b"\0" * 4),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_one_kind_of_error(tmp_path, name):
    path = tmp_path / "damaged"
    path.write_bytes(DAMAGED[name])
    with pytest.raises(FileFormatError, match="damaged"):
        nd.load(str(path))
    with pytest.raises(FileFormatError, match="the buffer"):
        nd.load_frombuffer(DAMAGED[name])


@pytest.mark.parametrize("suffix", ["", ".safetensors"])
def test_a_file_cut_or_changed_anywhere_is_read_rightly_or_refused(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    nd.save(path, {"w": nd.arange(7), "b": nd.ones((2, 2), dtype="int8")})
    raw = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(raw[: rng.integers(len(raw))] if rng.random() < 0.3 else raw)
        for _ in range(rng.integers(1, 4)):
            if broken:
                broken[rng.integers(len(broken))] = rng.integers(256)
        try:
            found = nd.load_frombuffer(bytes(broken))
        except FileFormatError:
            continue
        assert all(x.size <= 1000 for x in (found.values() if isinstance(found, dict) else found))


def written():
    """Files of both formats, and of every way in which an archive compresses, as bytes."""
    arrays = {"w": nd.arange(7), "b": nd.ones((2, 2), dtype="int8")}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", ".safetensors"):
            nd.save(f"{folder}/w{suffix}", arrays)
            yield Path(f"{folder}/w{suffix}").read_bytes()
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", method) as archive:
            archive.writestr("w.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (9,)}", bytes(36)))
        yield made.getvalue()


@pytest.mark.parametrize("raw", list(written()), ids=["stored", "safetensors", "deflated", "bzip2", "lzma"])
def test_thousands_of_mutations_are_read_or_refused_by_one_type(tmp_path, raw):
    """Bytes set, added, removed and swapped, and the words of headers set to extremes; from files and from buffers."""
    rng = np.random.default_rng(1)
    path = tmp_path / "mutated"
    refused = 0
    for i in range(1500):
        broken = bytearray(raw)
        for _ in range(rng.integers(1, 4)):
            place = int(rng.integers(len(broken)))
            kind = rng.integers(5)
            if kind == 0:
                broken[place] = rng.integers(256)
            elif kind == 1:
                broken[place] ^= 1 << int(rng.integers(8))
            elif kind == 2:
                word = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)[rng.integers(5)]
                broken[place : place + 4] = struct.pack("<I", word)
            elif kind == 3:
                broken[place:place] = bytes(rng.integers(256, size=3, dtype=np.uint8))
            else:
                del broken[place : place + 2]
        try:
            if i % 3:
                nd.load_frombuffer(bytes(broken))
            else:
                path.write_bytes(broken)
                nd.load(path)
        except FileFormatError:
            refused += 1
    assert 300 < refused <= 1500


def test_an_array_at_a_negative_place_is_a_damaged_file(tmp_path):
    """The directory of an archive whose size is said to be less than it is puts its members before the file."""
    raw = bytearray(npz(a=npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"\0" * 4)))
    end = raw.rindex(b"PK\x05\x06")
    raw[end + 16 : end + 20] = struct.pack("<I", 0x7FFFFFFF)
    path = tmp_path / "negative"
    path.write_bytes(raw)
    with pytest.raises(FileFormatError, match="damaged"):
        nd.load(path)


def test_a_missing_file_is_the_system_s_own_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        nd.load(tmp_path / "nowhere")


def test_a_member_of_many_zeros_is_no_bomb(tmp_path):
    raw = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000,)}", b"\0" * 4_000_000)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=zlib.Z_BEST_COMPRESSION) as archive:
        archive.writestr("a.npy", raw)
    assert nd.load_frombuffer(made.getvalue())["a"].shape == (1_000_000,)


MXNETS = {
    "list": "eNoTYmRAAUxQ+uSvyT9hfJgYM5RG0wIEDfZAwgGIgLgBiBc4EKOfFcxhYmZhhZkDAAQMCfc=",
    "dictionary": (
        "eNoTYmRAAexQ+uSvyT9BNBMUgwAzlEbTAgQN9kDCAYiAuAGIFzgQox/TnA/2UIYDhOKA0gJQWoQoc6HiNkBTnBhcGFyJ0QPmMzIx"
        "s7ASo5oFic8ElQeJsRIZcqwk2caGFEJofoSrZUE2GSkeYXRaTn5iibERCtfMBIVraAbTXJqZV2IB4wDZxkYsCA6yhJkJAKz+LRU="
    ),
}
"""Files that MXNet 1.9.1 wrote: 0 to 5 as (2, 3), of float32 and int8, and of seven dtypes by their names; packed."""


def of_mxnet(name):
    """The bytes of such a file."""
    return zlib.decompress(base64.b64decode(MXNETS[name]))


def test_files_of_mxnet_are_read_and_written_byte_by_byte(tmp_path):
    for name in MXNETS:
        content = of_mxnet(name)
        loaded = nd.load_frombuffer(content)
        arrays = loaded if name == "list" else list(loaded.values())
        assert all(x.asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]] for x in arrays)
        nd.save(tmp_path / "again.params", loaded)
        assert (tmp_path / "again.params").read_bytes() == content
    assert [np.dtype(x.dtype).name for x in loaded.values()] == list(loaded) and len(loaded) == 7


def test_older_arrays_of_mxnet_are_read():
    numbers = np.arange(6, dtype="<f4").tobytes()
    head, tail = struct.pack("<QQQ", 0x112, 0, 1), struct.pack("<iii", 1, 0, 0) + numbers + struct.pack("<Q", 0)
    for shape in (struct.pack("<III", 2, 2, 3), struct.pack("<IIqq", 0xF993FAC8, 2, 2, 3)):
        (x,) = nd.load_frombuffer(head + shape + tail)
        assert x.asnumpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_damaged_files_of_mxnet_are_one_kind_of_error_and_take_no_memory():
    rng = np.random.default_rng(0)
    content = of_mxnet("dictionary")
    refused = 0
    tracemalloc.start()
    for _ in range(300):
        damaged = bytearray(content)
        for place in rng.integers(len(content), size=rng.integers(1, 4)):
            damaged[place] = rng.integers(256)
        try:
            nd.load_frombuffer(bytes(damaged[: rng.integers(len(content))] if rng.random() < 0.3 else damaged))
        except FileFormatError:
            refused += 1
    assert refused > 100
    assert tracemalloc.get_traced_memory()[1] < 2e6
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (struct.pack("<QQQ", 0x112, 0, 2**40), "holds 1099511627776 arrays"),
        (struct.pack("<QQQIiiqq", 0x112, 0, 1, 0xF993FAC9, 0, 2, 2**31, 2**31) + struct.pack("<iii", 1, 0, 0), "fit"),
        (struct.pack("<QQQIi", 0x112, 0, 1, 0xF993FAC9, 1) + bytes(40), "array 0 in it is sparse"),
        (struct.pack("<QQQIii", 0x112, 0, 1, 0xF993FAC9, 0, 99) + bytes(40), "99 axes"),
        (struct.pack("<QQQIiiq", 0x112, 0, 1, 0xF993FAC9, 0, 1, 1) + struct.pack("<iii", 1, 0, 50), "number 50"),
        (struct.pack("<QQQQQ", 0x112, 0, 0, 0, 7), "8 bytes behind its end"),
        (struct.pack("<QQQQ", 0x112, 0, 0, 3), "3 names for 0 arrays"),
    ],
)
def test_what_is_wrong_with_a_file_of_mxnet_is_said(content, why):
    with pytest.raises(FileFormatError, match=why):
        nd.load_frombuffer(content)
