"""`tapegrad.save` and `load`: trees come back as they were, and damaged files are one type of error."""

import json
import struct
import tracemalloc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import ArgumentError, ArgumentTypeError, DtypeError, FileFormatError, ShapeError

DTYPES = (*("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),)
DTYPES += ("float16", "float32", "float64", "complex64")
Pair = namedtuple("Pair", "x y")
TREE = {
    "layers": [{"w": tnp.ones((2, 3)), "b": tnp.zeros(3)}, {"w": tnp.asarray(2.5)}],
    "a.b": (tnp.zeros((0, 2)), None, True, 3, 0.1, float("inf"), "words"),
    "a": {"b": {0: tnp.asarray([1, 2])}, 7: []},
}


def same(x, y):
    if isinstance(x, tapegrad.Array):
        return x.dtype == y.dtype and x.shape == y.shape and bool((x == y).all())
    if isinstance(x, dict):
        return list(x) == list(y) and all(same(x[key], y[key]) for key in x)
    if isinstance(x, (list, tuple)):
        return type(x) is type(y) and len(x) == len(y) and all(map(same, x, y))
    return type(x) is type(y) and x == y


def test_a_tree_comes_back_as_it_was(tmp_path):
    for tree in (TREE, tnp.ones(2), [], {}, None, ()):
        tapegrad.save(tmp_path / "x", tree)
        assert same(tree, tapegrad.load(tmp_path / "x"))
        assert same(tree, tapegrad.load(tmp_path / "x", like=tree))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_stay(tmp_path, dtype):
    tapegrad.save(tmp_path / "x", [tnp.asarray([0, 1], dtype=dtype), np.asarray([1, 0], dtype=dtype)])
    first, second = tapegrad.load(tmp_path / "x")
    assert first.dtype == second.dtype == dtype and first.tolist() == [0, 1] and second.tolist() == [1, 0]


def test_containers_of_ones_own_come_back_with_a_tree_like_them(tmp_path):
    tree = Pair(tnp.ones(2), OrderedDict(b=tnp.zeros(1), a=5))
    tapegrad.save(tmp_path / "x", tree)
    with pytest.raises(ArgumentError, match="holds a Pair; give load"):
        tapegrad.load(tmp_path / "x")
    back = tapegrad.load(tmp_path / "x", like=Pair(0, OrderedDict(b=0, a=0)))
    assert type(back) is Pair and type(back.y) is OrderedDict and back.y["a"] == 5 and same(tree.x, back.x)
    with pytest.raises(ArgumentError, match=r"they differ in y\.a|they differ in 1\.a"):
        tapegrad.load(tmp_path / "x", like=Pair(0, {"b": 0}))


@pytest.mark.parametrize("backend", ["strict", "jax"], indirect=True)
def test_arrays_go_to_the_engine_that_is_asked_for(tmp_path, backend):
    tapegrad.save(tmp_path / "x", {"raw": backend.from_numpy(np.ones(2)), "ours": tnp.zeros(2)})
    back = tapegrad.load(tmp_path / "x", backend=backend)
    assert back["raw"].backend is back["ours"].backend is backend and back["raw"].tolist() == [1, 1]


def test_the_format_is_everybodys(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy", reason="the format's own library: see the extra `io`")
    tapegrad.save(tmp_path / "x", {"layers": [{"w": tnp.ones(2)}], "steps": 3})
    assert safetensors.load_file(tmp_path / "x")["layers.0.w"].tolist() == [1, 1]
    safetensors.save_file({"b": np.ones(2), "a": np.arange(3)}, tmp_path / "y")
    back = tapegrad.load(tmp_path / "y")
    assert set(back) == {"a", "b"} and back["a"].tolist() == [0, 1, 2]


def test_bfloat16_is_read_exactly_as_float32(tmp_path):
    bits = np.array([1.0, -2.5, 3.140625], np.float32).view(np.uint32) >> 16
    header = json.dumps({"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    (tmp_path / "x").write_bytes(struct.pack("<Q", len(header)) + header + bits.astype("<u2").tobytes())
    x = tapegrad.load(tmp_path / "x")["x"]
    assert x.dtype == np.float32 and x.tolist() == [1.0, -2.5, 3.140625]


def test_bfloat16_of_an_engine_is_saved_as_it_is(tmp_path):
    jnp = pytest.importorskip("jax.numpy", reason="an engine that has bfloat16")
    tapegrad.save(tmp_path / "x", {"x": jnp.asarray([1.0, 3.140625], jnp.bfloat16)})
    assert b'"BF16"' in (tmp_path / "x").read_bytes() and tapegrad.load(tmp_path / "x")["x"].tolist() == [1.0, 3.140625]


@pytest.mark.parametrize(
    ("tree", "error"),
    [
        ({"x": object()}, ArgumentTypeError),
        ({(1, 2): tnp.ones(1)}, ArgumentTypeError),
        ([tnp.ones(1, dtype="complex128")], DtypeError),
    ],
)
def test_what_cannot_be_saved_leaves_the_file_as_it_was(tmp_path, tree, error):
    tapegrad.save(tmp_path / "x", 1)
    with pytest.raises(error):
        tapegrad.save(tmp_path / "x", tree)
    assert tapegrad.load(tmp_path / "x") == 1 and [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_name_that_says_another_format_and_a_tree_of_other_shapes_are_refused(tmp_path):
    for ending, words in ((".npz", "numpy.savez"), (".params", "nd.save"), (".pt", "pickle.dump")):
        with pytest.raises(ArgumentError, match=rf"name the file \.safetensors\..*{words}"):
            tapegrad.save(tmp_path / f"x{ending}", TREE)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*missing.* to write to: .*x'$"):
        tapegrad.save(tmp_path / "missing" / "x", TREE)
    with pytest.raises(TypeError, match=r"load.*'map_location': .* x.to"):
        tapegrad.load(tmp_path / "x", map_location="cpu")
    (tmp_path / "text").write_text("no numbers, but words")
    with pytest.raises(FileFormatError, match="is it a safetensors file"):
        tapegrad.load(tmp_path / "text")
    tapegrad.save(tmp_path / "x", {"w": tnp.ones(2), "step": 3})
    with pytest.raises(ShapeError, match=r"'w' of shape \(2,\), and `like` has it of shape \(3,\)"):
        tapegrad.load(tmp_path / "x", like={"w": tnp.ones(3), "step": 0})
    assert tapegrad.load(tmp_path / "x", like={"w": np.ones(2), "step": 0})["step"] == 3


def test_damaged_files_are_one_type_of_error_and_take_no_memory(tmp_path):
    tapegrad.save(tmp_path / "x", TREE)
    whole = (tmp_path / "x").read_bytes()
    rng = np.random.default_rng(0)
    damaged = [whole[:n] for n in range(0, len(whole), 7)]
    for _ in range(200):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        damaged.append(bytes(changed))
    deep = b'{"__metadata__":{"tapegrad":"' + b"[" * 50000 + b'"}}'
    damaged += [struct.pack("<Q", len(deep)) + deep, struct.pack("<Q", 2**60) + b"{}", b""]
    for i, content in enumerate(damaged):
        path = tmp_path / f"damaged{i}"
        path.write_bytes(content)
        tracemalloc.start()
        try:
            tapegrad.load(path)
        except FileFormatError as error:
            assert path.name in str(error)
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 2_000_000 + 64 * len(content), i  # a bracket of JSON is a list of 56 bytes
