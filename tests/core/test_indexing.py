"""`x[key]` and `x[key] = v` mean what they mean in NumPy, on every engine, and so do their gradients."""

import warnings

import numpy as np
import pytest
from engines import NAMES, of, on, total

import tapegrad
from tapegrad.errors import DtypeError, DynamicShapeError, ShapeError

SHAPE = (4, 3, 5)


def ints(*values):
    return np.array(values)


MASK = np.arange(12).reshape(4, 3) % 3 == 1
KEYS = {
    "int": 1,
    "negative int": -4,
    "numpy int": np.int64(2),
    "ints": (1, -1, 0),
    "slice": slice(1, 3),
    "slice beyond": slice(-100, 100),
    "step": slice(None, None, 2),
    "back": slice(None, None, -1),
    "back by two": slice(3, 0, -2),
    "back beyond": slice(100, -100, -3),
    "empty slice": slice(3, 1),
    "numpy bounds": slice(np.int64(1), np.int32(3)),
    "slices": (slice(1, None), slice(None, None, -1), slice(0, 5, 3)),
    "ellipsis": ...,
    "nothing": (),
    "ellipsis last": (..., -1),
    "ellipsis between": (0, ..., slice(None, None, -2)),
    "ellipsis for none": (0, 1, ..., 2),
    "new axis": None,
    "new axes": (None, 1, None, slice(2), None),
    "ellipsis and new axis": (..., None, 0),
    "list": [0, 2, 2],
    "empty list": [],
    "tuple of lists": ([0, 3, 0], [2, 2, 1]),
    "nested list": [[0, 1], [3, -1]],
    "range": range(3),
    "array": ints(3, -4, 3),
    "array of no axes": np.array(2),
    "array of none": np.zeros((0, 2), int),
    "uint8": np.array([3, 3, 1], np.uint8),
    "int32": np.array([-1, 3], np.int32),
    "second axis": (slice(None), ints(2, 0, 2)),
    "last axis": (..., ints(4, -5)),
    "two arrays": (ints(0, 3, 0), ints(2, 2, 2)),
    "broadcast arrays": (np.array([[0], [3]]), ints(1, 2, -1)),
    "three arrays": (ints(1, 1), ints(0, 0), ints(4, 4)),
    "array, slice, array": (ints(0, 1), slice(None), ints(4, 4)),
    "array, slice": (ints(0, 1, 0), slice(None, None, -1)),
    "slice, array, slice": (slice(1, 3), ints(2, 2, 0), slice(0, 4, 3)),
    "int, slice, array": (1, slice(0, 2), ints(4, 0, 4)),
    "array, int": (slice(None), ints(2, 0), 3),
    "int, array": (0, ints(2, 0)),
    "array, new axis, array": (ints(0, 1), None, ints(2, 2)),
    "new axis, array": (None, ints(0, 1)),
    "ellipsis, array, new axis": (..., ints(1, 1), None),
    "array, ellipsis, array": (ints(1, 2), ..., ints(0, 0)),
    "array of no axes, slice, array": (np.array(1), slice(None), ints(0, 4)),
    "mask": MASK,
    "mask of all axes": np.arange(60).reshape(SHAPE) % 7 == 2,
    "mask of one axis": ints(1, 0, 0, 1).astype(bool),
    "mask of nothing": np.zeros(4, bool),
    "list of bools": [True, False, True, True],
    "mask, slice": (MASK, slice(1, 4)),
    "mask, int": (MASK, 2),
    "slice, mask": (slice(None), ints(1, 0, 1).astype(bool)),
    "int, mask": (2, ints(1, 0, 1).astype(bool), slice(None, None, -1)),
    "mask, array": (ints(1, 0, 0, 1).astype(bool), ints(2, 1)),
    "ellipsis, mask": (..., ints(0, 1, 0, 0, 1).astype(bool)),
    "True": True,
    "False": False,
    "numpy bool": np.True_,
    "True between": (slice(None), True),
    "True and array": (True, ints(0, 0)),
}


def pytest_generate_tests(metafunc):
    names = metafunc.fixturenames
    if "backend" not in names:
        return
    # An engine that compiles each new shape is given each key once.
    for name, choices in {"ours": (True, False), "kind": ("full", "row", "number")}.items():
        if name in names:
            cases = [(engine, choice) for engine in NAMES for choice in choices[: 1 if engine == "jax" else None]]
            metafunc.parametrize(("backend", name), cases, indirect=["backend"])
            return
    metafunc.parametrize("backend", NAMES, indirect=True)


def engine_key(backend, key):
    """The key with its NumPy arrays as arrays of the engine."""
    if isinstance(key, tuple):
        return tuple(engine_key(backend, part) for part in key)
    return on(backend, key) if isinstance(key, np.ndarray) else key


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_reading(backend, key, ours):
    values = np.arange(60.0).reshape(SHAPE)
    x = on(backend, values)
    x.attach_grad()
    with tapegrad.record():
        y = x[engine_key(backend, key) if ours else key]
    expected = values[key]
    assert y.shape == expected.shape
    assert np.array_equal(y.asnumpy(), expected)
    head = np.random.default_rng(0).integers(1, 9, expected.shape).astype(float)
    y.backward(on(backend, head))
    gradient = np.zeros(SHAPE)
    np.add.at(gradient, key, head)
    assert np.array_equal(x.grad.asnumpy(), gradient)


def sources(shape, key, values_shape):
    """Where each element comes from after `x[key] = values`: its number in x, or beyond those in values."""
    size = int(np.prod(shape))
    found = np.arange(size).reshape(shape)
    found[key] = size + np.arange(int(np.prod(values_shape))).reshape(values_shape)
    return found


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_writing(backend, key, kind):
    before = np.arange(60.0).reshape(SHAPE)
    shape = before[key].shape
    written = {"full": shape, "row": shape[-1:], "number": ()}[kind]
    values = 100 + np.arange(float(np.prod(written))).reshape(written)
    x, v = on(backend, before), on(backend, values)
    x.attach_grad()
    v.attach_grad()
    with tapegrad.record():
        y = x * 1
        y[engine_key(backend, key)] = v
    expected = before.copy()
    expected[key] = values
    assert np.array_equal(y.asnumpy(), expected)
    head = np.random.default_rng(0).integers(1, 9, SHAPE).astype(float)
    y.backward(on(backend, head))
    gradient = np.zeros(60 + values.size)
    np.add.at(gradient, sources(SHAPE, key, written), head)
    assert np.array_equal(x.grad.asnumpy(), gradient[:60].reshape(SHAPE))
    assert np.array_equal(v.grad.asnumpy(), gradient[60:].reshape(written))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_writing_outside_record(backend, key):
    before = np.arange(60.0).reshape(SHAPE)
    expected = before.copy()
    expected[key] = -7.5
    for value in (-7.5, np.float64(-7.5), on(backend, -7.5), np.full(before[key].shape, -7.5)):
        x = on(backend, before)
        x[key] = value
        assert np.array_equal(x.asnumpy(), expected)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (4, "4 is out of bounds for axis 0.* 4"),
        (-5, "-5 is out of bounds for axis 0.* 4"),
        ((0, 3), "3 is out of bounds for axis 1.* 3"),
        ((..., 5), "5 is out of bounds for axis 2.* 5"),
        ((0, 0, 0, 0), "too many indices"),
        ((..., 0, ...), "Ellipsis|ellipsis"),
        (ints(0, 4), "4 is out of bounds"),
        ((slice(None), ints(-4, 0)), "-4 is out of bounds"),
        (np.ones(3, bool), r"mask of shape \(3,\).*size 4"),
        (np.ones((4, 2), bool), r"axis 1 has size 3, the mask 2"),
        (1.0, "float is not an index"),
        ("a", "'a' is not an index"),
        (ints(0, 1) * 1.0, "float64 is not an index"),
        ([0.5], "float64 is not an index"),
    ],
)
def test_a_wrong_index_is_an_index_error_that_names_it(backend, key, words):
    x = on(backend, np.zeros(SHAPE))
    with pytest.raises(IndexError, match=words):
        x[key]
    with pytest.raises(IndexError, match=words):
        x[key] = 0.0
    with pytest.raises(IndexError, match=words):
        x[engine_key(backend, key)]
    assert np.array_equal(x.asnumpy(), np.zeros(SHAPE))


def test_indices_that_do_not_go_together(backend):
    with pytest.raises((IndexError, ShapeError)):
        on(backend, np.zeros(SHAPE))[ints(0, 1), ints(0, 1, 2)]


def test_values_that_do_not_fit_leave_the_array_as_it_was(backend):
    x = on(backend, np.zeros((2, 3)))
    for key, value in [
        (0, np.ones(2)),
        (slice(None), np.ones((3, 3))),
        (ints(0, 1), np.ones((3, 3))),
        (..., np.ones(4)),
    ]:
        with pytest.raises(ShapeError, match=r"\(.*\)"):
            x[key] = value
    with pytest.raises(DtypeError, match="complex128 does not go into an array of float64"):
        x[0] = 1j
    with pytest.raises(TypeError):
        x[0] = "a"
    with pytest.raises(TypeError, match="cannot hold None"):
        x[0] = None
    with pytest.raises(TypeError, match="ends of a slice"):
        x["a":]
    assert np.array_equal(x.asnumpy(), np.zeros((2, 3)))


def test_values_take_the_dtype_of_the_array(backend):
    x = on(backend, [1, 2, 3], "int32")
    x[0] = 7.9
    x[1:] = on(backend, [8.9], "float32")
    assert x.dtype == np.int32
    assert x.asnumpy().tolist() == [7, 8, 8]
    y = on(backend, [1, 2, 3], "float32")
    v = on(backend, [5.0, 6.0], "float64")
    v.attach_grad()
    with tapegrad.record():
        z = y * 1
        z[:2] = v
        s = total(z * z)
    s.backward()
    assert v.grad.dtype == np.float64
    assert v.grad.asnumpy().tolist() == [10.0, 12.0]


def test_a_number_by_a_mask_needs_no_counting(backend):
    x = on(backend, np.arange(12.0).reshape(4, 3))
    x.attach_grad()
    v = on(backend, 5.0)
    v.attach_grad()
    with tapegrad.record():
        y = x * 1
        y[y > 6.5] = v
        y[on(backend, [True, False, False, False])] = 0.0
    y.backward()
    assert np.array_equal(y.asnumpy(), [[0, 0, 0], [3, 4, 5], [6, 5, 5], [5, 5, 5]])
    assert v.grad.item() == 5
    assert np.array_equal(x.grad.asnumpy(), [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 0]])


def test_under_vmap_a_mask_writes_and_cannot_read(backend):
    def clipped(row):
        row = row * 1
        row[row > 1.5] = 0.0
        return row

    x = on(backend, [[1.0, 2.0], [3.0, 0.0]])
    assert np.array_equal(tapegrad.vmap(clipped)(x).asnumpy(), [[1, 0], [0, 0]])
    with pytest.raises(DynamicShapeError, match="under vmap"):
        tapegrad.vmap(lambda row: row[row > 1.5])(x)


BATCHED_KEYS = [
    "int",
    "back",
    "ellipsis and new axis",
    "list",
    "broadcast arrays",
    "array, slice, array",
    "slice, array, slice",
]


@pytest.mark.parametrize("name", BATCHED_KEYS)
def test_under_vmap_keys_mean_the_same(backend, name):
    key = KEYS[name]
    values = np.arange(120.0).reshape(2, *SHAPE)
    x = on(backend, values)
    found = tapegrad.vmap(lambda one: one[key])(x)
    assert np.array_equal(found.asnumpy(), np.stack([one[key] for one in values]))

    def doubled(one):
        new = one * 1
        new[key] = 2.0 * one[key]
        return new

    expected = values.copy()
    for one in expected:
        one[key] = 2 * one[key]
    assert np.array_equal(tapegrad.vmap(doubled)(x).asnumpy(), expected)


def test_under_vmap_the_index_may_vary(backend):
    x = on(backend, np.arange(12.0).reshape(4, 3))
    i = on(backend, [2, 0, 0, 1])
    assert tapegrad.vmap(lambda row, k: row[k])(x, i).asnumpy().tolist() == [2, 3, 6, 10]
    assert tapegrad.vmap(lambda k: x[k, 1])(i).asnumpy().tolist() == [7, 1, 1, 4]

    def put(row, k):
        row = row * 1
        row[k] = -1.0
        return row

    expected = np.arange(12.0).reshape(4, 3)
    expected[np.arange(4), [2, 0, 0, 1]] = -1
    assert np.array_equal(tapegrad.vmap(put)(x, i).asnumpy(), expected)


def test_gradients_of_gradients_through_reads_and_writes(backend):
    def f(x):
        y = x * x
        y[1] = y[0] * x[2]
        y[ints(0, 0)] = x[ints(1, 2)] ** 3
        return total(y[::-1] * y)

    x = np.array([0.5, -1.5, 2.0])
    found = tapegrad.hessian(f)(on(backend, x)).asnumpy()
    step = 1e-5
    slopes = [
        (tapegrad.grad(f)(of(x + step * e)).asnumpy() - tapegrad.grad(f)(of(x - step * e)).asnumpy()) / (2 * step)
        for e in np.eye(3)
    ]
    assert np.allclose(found, slopes, rtol=1e-6, atol=1e-6)


def test_many_rows_at_repeated_places_add_up():
    rng = np.random.default_rng(0)
    for length, count, width in [(3, 50, 4), (500, 20, 7), (2, 1, 3), (5, 40, 0), (7, 100, 1)]:
        places = rng.integers(-length, length, count)
        rows = rng.standard_normal((count, width))
        for dtype in (np.float32, np.float64, np.complex128, np.int64):
            values = (rows * 4).astype(dtype)
            expected = np.zeros((length, width), dtype)
            np.add.at(expected, places, values)
            found = tapegrad.ops.indexing.scatter_add(
                of(values), of(places), key=(tapegrad.ops.indexing.AT,), shape=(length, width)
            )
            assert found.dtype == dtype
            assert np.allclose(found.asnumpy(), expected, rtol=1e-5)
    with pytest.raises(IndexError, match="9 is out of bounds"):
        tapegrad.ops.indexing.scatter_add(
            of(np.ones((2, 2))), of([0, 9]), key=(tapegrad.ops.indexing.AT,), shape=(3, 2)
        )


def test_a_key_keeps_no_array_alive(backend):
    x = on(backend, np.arange(5.0))
    x.attach_grad()
    start = on(backend, 1)
    with tapegrad.record():
        y = x[start:4]
    assert all(not isinstance(end, tapegrad.Array) for end in (y._node.s_key[0].start, y._node.s_key[0].stop))
    assert y.asnumpy().tolist() == [1, 2, 3]


def test_iterating_and_unpacking_are_differentiable(backend):
    x = on(backend, [2.0, 3.0])
    x.attach_grad()
    with tapegrad.record():
        a, b = x
        y = a * a * b
    y.backward()
    assert x.grad.asnumpy().tolist() == [12.0, 4.0]
    rows = on(backend, np.arange(6.0).reshape(3, 2))
    rows.attach_grad()
    with tapegrad.record():
        state = on(backend, [1.0, 1.0])
        for row in rows:
            state = state * row
    state.backward()
    assert rows.grad.asnumpy().tolist() == [[8, 15], [0, 5], [0, 3]]
    with tapegrad.record():
        assert list(on(backend, np.zeros((0, 2))) * 1) == []
    with pytest.raises(TypeError, match="0-d"):
        iter(on(backend, 1.0)).__next__()


def test_reading_never_warns(backend):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        on(backend, np.arange(5.0))[1:][0] + on(backend, np.arange(5.0))[ints(0, 1)]
