"""Views write through: what is written to one is written to its base, seen in all others, and differentiated."""

import gc
import random
import weakref

import numpy as np
import pytest
from engines import NAMES, of, on, total
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import GraphError
from tapegrad.ops.indexing import AT, setitem


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        # Under transforms nothing is up to the engine, and JAX would compile for seconds.
        names = [name for name in NAMES if name != "jax" or "transform" not in metafunc.function.__name__]
        metafunc.parametrize("backend", names, indirect=True)


# Trees of views, drawn at random, beside NumPy's own and beside a program that has none.


class Place:
    """A view as a program without views has it: a list of one state, and the places in it."""

    def __init__(self, state, places):
        self.state, self.places = state, places

    def moved(self, places):
        """What the same step makes of the places: the state is shared where NumPy shares the memory of the places."""
        if np.may_share_memory(places, self.places):
            return Place(self.state, places)
        copied = self.read()
        return Place([copied.copy().reshape(-1)], np.arange(places.size).reshape(places.shape))

    def read(self, places=None):
        return self.state[0][self.places if places is None else places]

    def write(self, places, values):
        self.state[0] = setitem(self.state[0], values, tnp.asarray(places).to(self.state[0].backend), key=(AT,))


STEPS = {
    "slice": lambda x, r, shape: x[_key(r, shape)],
    "reshape": lambda x, r, shape: x.reshape(_lengths(r, int(np.prod(shape)))),
    "T": lambda x, r, shape: x.T,
    "expand": lambda x, r, shape: (np if isinstance(x, np.ndarray) else tnp).expand_dims(x, r.randint(0, len(shape))),
    "swap": lambda x, r, shape: (np if isinstance(x, np.ndarray) else tnp).swapaxes(
        x, r.randrange(len(shape)), r.randrange(len(shape))
    ),
}


def _key(r, shape):
    parts = []
    for n in shape[: r.randint(0, len(shape))]:
        ends = [r.choice([None, r.randint(-n - 1, n + 1)]) for _ in range(2)]
        parts += r.choice([[], [None]]) if r.random() < 0.3 else []
        parts.append(r.randint(-n, n - 1) if n and r.random() < 0.3 else slice(*ends, r.choice([None, 1, 2, -1, -2])))
    return tuple(parts) if len(parts) != 1 else parts[0]


def _lengths(r, size):
    found = []
    while size > 1 and r.random() < 0.8:
        found.append(r.choice([d for d in range(1, size + 1) if size % d == 0]))
        size //= found[-1]
    return (*found, size)


def program(seed, weights, mirror):
    """Views made and written to at random: all that is alive at the end, of arrays, or of places of arrays."""
    r = random.Random(seed)
    shape = r.choice([(4,), (2, 3), (2, 1, 3)])
    count = int(np.prod(shape))
    start = weights[:count] * 1
    if mirror:
        alive = [Place([start.copy()], np.arange(count).reshape(shape))]
    elif isinstance(weights, np.ndarray):
        alive = [start.reshape(shape).copy()]
    else:
        alive = [tnp.reshape(start, shape).copy()]
    for _ in range(r.randint(3, 10)):
        x = r.choice(alive)
        shape = (x.places if mirror else x).shape
        kind, draw = r.random(), r.randrange(10**9)
        if kind < 0.45 and shape:
            step = STEPS[r.choice(list(STEPS))]
            made = step(x.places if mirror else x, random.Random(draw), shape)
            if np.ndim(made):
                alive.append(x.moved(made) if mirror else made)
        elif kind < 0.6:
            c = r.randint(-2, 3)
            if mirror:
                x.write(x.places, x.read() * c)
            else:
                x *= c
        elif kind < 0.75:
            key = _key(random.Random(draw), shape)
            if mirror:
                x.write(x.places[key], x.read(x.places[key]) + x.read(x.places[key]))
            else:
                x[key] += x[key]
        elif kind < 0.9:
            key, row = _key(random.Random(draw), shape), r.randrange(5)
            if mirror:
                x.write(x.places[key], weights[row] * 2)
            else:
                x[key] = weights[row] * 2
        elif shape and shape[0]:
            if mirror:
                x.write(x.places[[0, -1]], weights[5])
            else:
                x[[0, -1]] = weights[5]
        if r.random() < 0.2 and len(alive) > 1:
            del alive[r.randrange(len(alive))]
        x = made = None
    return [place.read() for place in alive] if mirror else alive


def loss(seed, weights, mirror):
    parts = [
        tnp.sum(x * tnp.arange(1.0, x.size + 1).to(x.backend).reshape(x.shape)) for x in program(seed, weights, mirror)
    ]
    return sum(parts[1:], parts[0])


@pytest.mark.parametrize(("name", "examples"), [("numpy", 20), ("strict", 5), ("jax", 3)])
def test_trees_of_views_are_numpys_and_have_the_gradients_of_programs_without_views(name, examples):
    backend = pytest.importorskip("engines").engine(name)
    values = np.array([3.0, -1.0, 2.0, 5.0, -4.0, 1.0], np.float32)

    @settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=[*HealthCheck]
    )
    @given(st.integers(0, 10**6))
    def law(seed):
        weights = on(backend, values)
        for mine, theirs in zip(program(seed, weights, False), program(seed, values, False), strict=True):
            assert np.array_equal(mine.asnumpy(), theirs)
        gradient = tapegrad.grad(lambda w: loss(seed, w, False))(weights)
        # For each op, shape and key of a program JAX would compile: the one without views runs on NumPy then.
        plain = tnp.asarray(values) if name == "jax" else weights
        assert np.array_equal(gradient.asnumpy(), tapegrad.grad(lambda w: loss(seed, w, True))(plain).asnumpy())
        if name == "numpy":
            both = tnp.stack([weights, weights + 1])
            rows = tapegrad.vmap(tapegrad.grad(lambda w: loss(seed, w, False)))(both)
            assert np.array_equal(rows[0].asnumpy(), gradient.asnumpy())
            _, pushed = tapegrad.jvp(lambda w: loss(seed, w, False), (weights,), (weights,))
            assert pushed.item() == total(gradient * weights).item()

    law()


# Laws, one by one.


def test_a_write_to_a_view_is_seen_by_its_base_and_by_other_views(backend):
    x = on(backend, np.zeros((3, 4)))
    row, column, flat, turned = x[1], x[:, 2], x.reshape(-1), x.T
    row[:] = 1.0
    column += 2.0
    flat[0] = 5.0
    turned[3] *= 7.0
    x[0][1] = 9.0
    x[2] -= 1.0
    expected = np.array([[5, 9, 2, 0], [1, 1, 3, 7], [-1, -1, 1, -1]])
    for view, values in ((x, expected), (row, expected[1]), (column, expected[:, 2]), (flat, expected.reshape(-1))):
        assert np.array_equal(view.asnumpy(), values)
    assert np.array_equal(turned.asnumpy(), expected.T)


@pytest.mark.parametrize(
    "use",
    [
        lambda v: type(v + 1.0) is tnp.ndarray,
        lambda v: v.__class__ is tnp.ndarray,
        lambda v: isinstance(v, tnp.ndarray) and isinstance(v, tapegrad.Array),
        lambda v: type(v.copy()) is tnp.ndarray,
        lambda v: type(v.detach()) is tnp.ndarray,
        lambda v: type(tapegrad.grad(lambda w: total(w * w))(v)) is tnp.ndarray,
        lambda v: type(tapegrad.vmap(lambda w: w * w)(v)) is tnp.ndarray,
        lambda v: type(tnp.asarray(v, "float64")) is tnp.ndarray,
        lambda v: (2.0 * v).tolist() == [2.0, 18.0],
        lambda v: np.sin(v).shape == (2,) and repr(v).startswith("Array([1., 9.]"),
        lambda v: (v.attach_grad(), v.grad.tolist())[1] == [0.0, 0.0],
    ],
)
def test_a_view_whose_base_was_written_to_is_an_array_like_any_other(use):
    x = of(np.ones(3))
    view = x[1:]
    x[2] = 9.0
    assert use(view)


def test_what_a_node_has_saved_stays(backend):
    x = on(backend, [1.0, 2.0, 3.0])
    x.attach_grad()
    with tapegrad.record():
        y = x * 1.0
        part = y[1:]
        z = total(part * part)
        part *= 10.0
        z = z + total(y)
    z.backward()
    assert z.item() == 13.0 + 51.0
    assert x.grad.tolist() == [1.0, 14.0, 16.0]


def test_a_recorded_write_to_the_base_tracks_views_that_were_constants(backend):
    w = on(backend, [2.0])
    w.attach_grad()
    x = on(backend, np.zeros(3))
    before, after = x[1:], x[:1]
    with tapegrad.record():
        x[1:2] = w
        x[2] = 5.0
        y = total(before * before) + total(after)
    y.backward()
    assert w.grad.tolist() == [4.0]


def test_a_view_of_a_variable_follows_the_law_of_the_variable(backend):
    x = on(backend, [1.0, 2.0])
    x.attach_grad()
    with tapegrad.record():
        part = x[1:]
        y = total(part * part)
        for write in (lambda: part.__setitem__(0, 1.0), lambda: part.__iadd__(1.0), lambda: x[:1].__imul__(2.0)):
            with pytest.raises(GraphError, match="in-place write"):
                write()
    part[0] = 7.0
    y.backward()
    assert x.tolist() == [1.0, 7.0]
    assert x.grad.tolist() == [0.0, 4.0]
    with tapegrad.record():
        z = total(x * x)
    z.backward()
    assert x.grad.tolist() == [2.0, 14.0]


def test_a_view_may_be_a_variable_of_its_own(backend):
    flat = on(backend, np.arange(6.0))
    w = flat[2:].reshape(2, 2)
    w.attach_grad()
    for _ in range(2):
        with tapegrad.record():
            y = total(w[0] * w[1]) + total(flat)
        y.backward()
        w -= w.grad
    assert w.tolist() == [[-4.0, -4.0], [4.0, 4.0]]
    assert flat.tolist() == [0.0, 1.0, -4.0, -4.0, 4.0, 4.0]
    flat[2:] = 1.0
    with tapegrad.record():
        y = total(w[0] * w[1])
    y.backward()
    assert w.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    v = on(backend, [3.0])
    v.attach_grad()
    with tapegrad.record():
        flat[2:3] = v
        with pytest.raises(GraphError, match="stop being the variable"):
            w * 2


def test_gradients_are_written_through_views_and_to_them(backend):
    x, cells = on(backend, [1.0, 2.0]), on(backend, np.zeros(4))
    tapegrad.autograd.mark_variables([x], [cells[1:3]])
    seen = x.grad[1:]
    for scale in (1.0, 2.0):
        with tapegrad.record():
            y = total(x * x) * scale
        y.backward()
        assert cells.tolist() == [0.0, 2.0 * scale, 4.0 * scale, 0.0]
        assert seen.tolist() == [4.0 * scale]
    cells[:] = 0.0
    assert x.grad.tolist() == [0.0, 0.0]


def test_iteration_gives_views(backend):
    x = on(backend, np.arange(6.0).reshape(3, 2))
    w = on(backend, [2.0])
    w.attach_grad()
    with tapegrad.record():
        y = x * w
        for i, row in enumerate(y):
            row *= 2.0
            if i < 2:
                y[i + 1] += row
        z = total(y)
    z.backward()
    assert y.tolist() == [[0.0, 4.0], [8.0, 20.0], [32.0, 60.0]]
    assert w.grad.tolist() == [62.0]
    with tapegrad.record():
        y = w * [1.0, 2.0, 3.0]
        for i, number in enumerate(y):
            if i < 2:
                y[i + 1] *= number
        z = total(y)
    z.backward()
    assert y.tolist() == [2.0, 8.0, 48.0]
    assert w.grad.tolist() == [1.0 + 8.0 + 72.0]
    total_of = x[0, 0]
    for number in x[:, 1]:
        total_of += number
    assert x.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]


def test_under_transforms(backend):
    def f(x):
        y = tnp.zeros((2, 2)).to(x.backend).astype(x.dtype)
        first, second = y
        first[:] = x
        second += first * x
        y.T[0] *= 3.0
        return total(y * y)

    def plain(x):
        return total(tnp.stack([x, x * x]) ** 2 * on(backend, [9.0, 1.0]))

    x = on(backend, [[1.0, 2.0], [3.0, 1.0]])
    for transform in (tapegrad.vmap, lambda f: tapegrad.vmap(tapegrad.grad(f))):
        assert np.allclose(transform(f)(x).asnumpy(), transform(plain)(x).asnumpy())
    assert np.allclose(
        tapegrad.jvp(f, (x[0],), (x[1],))[1].asnumpy(), tapegrad.jvp(plain, (x[0],), (x[1],))[1].asnumpy()
    )


def test_views_of_what_a_transform_restores_are_restored(backend):
    x = on(backend, np.zeros(4))
    part = x[1:]

    def f(t):
        part[0] = t
        return total(part * t)

    assert tapegrad.grad(f)(on(backend, 3.0)).item() == 6.0
    assert (part._node, x._node, part.tolist()) == (None, None, [3.0, 0.0, 0.0])
    with pytest.raises(TypeError, match="wrote batched values"):
        tapegrad.vmap(f)(on(backend, [1.0, 2.0]))
    assert part.tolist() == [3.0, 0.0, 0.0]
    assert x.tolist() == [0.0, 3.0, 0.0, 0.0]
    with tapegrad.record(), pytest.raises(GraphError, match="checkpointed"):
        tapegrad.checkpoint(f)(on(backend, 1.0))
    assert part.tolist() == [3.0, 0.0, 0.0]


def test_a_view_that_is_the_only_one_does_not_keep_its_base(backend):
    x = on(backend, np.zeros(5))
    only = x[1:]
    gone = weakref.ref(x)
    gc.disable()
    try:
        x[2] = 1.0  # which makes it stale
        assert only.tolist() == [0.0, 1.0, 0.0, 0.0]
        del x
        assert gone() is None
        y = on(backend, np.zeros(3))
        first, second, stale = y[1:], y[:2], y[:]
        y[0] = 4.0
        gone = weakref.ref(y)
        del y
        first[0] = 8.0
        assert (second.tolist(), stale.tolist()) == ([4.0, 8.0], [4.0, 8.0, 0.0])
        del first, second, stale
        assert gone() is None
    finally:
        gc.enable()


def test_a_base_does_not_remember_views_that_are_gone():
    x = of(np.zeros(3))
    held = x[1:]
    last = None
    for _ in range(1000):
        last = x[:2]
    assert len(x._shares) < 50
    assert last is not held


def test_a_write_through_a_view_uses_the_buffer_again():
    x = of(np.zeros(1000))
    part = x[10:20]
    where = x._value.__array_interface__["data"][0]
    for _ in range(3):
        part += 1.0
        part[0] = 5.0
        assert part.shape == (10,)
    turned = x.reshape(10, 100).T
    turned[1, 9] = 7.0
    turned[2:4, 9] += 1.0
    assert x._value.__array_interface__["data"][0] == where
    assert x.tolist()[9:12] == [0.0, 5.0, 3.0]
    assert x.tolist()[901:904] == [7.0, 1.0, 1.0]


def test_parts_of_complex_numbers_and_what_is_only_shown(backend):
    z = on(backend, [1 + 2j, 3 + 4j])
    z.real[0] = 5.0
    z.imag *= 2.0
    z.real = z.real
    assert z.tolist() == [5 + 4j, 3 + 8j]
    z.imag = [np.inf, np.nan]
    z.real[:] = [-np.inf, 2.0]
    assert str(z.tolist()) == "[(-inf+infj), (2+nanj)]"
    x = on(backend, np.zeros(2))
    wide, square = tnp.broadcast_to(x, (3, 2)), on(backend, np.ones((2, 2)))
    diagonal = tnp.diagonal(square)
    wider, column, copied = tnp.expand_dims(wide, 0), diagonal.reshape(2, 1), wide.reshape(6)
    x[0], square[1, 1] = 1.0, 4.0
    assert wide.tolist() == [[1.0, 0.0]] * 3 == wider[0].tolist()
    assert diagonal.tolist() == [1.0, 4.0] == column[:, 0].tolist()
    assert copied.tolist() == [0.0] * 6
    for shown in (wide, wide[0], diagonal, tnp.broadcast_to(x + 1, (3, 2)), wider, column):
        with pytest.raises(tapegrad.errors.ReadOnlyError):
            shown[0] = 1.0
        with pytest.raises(tapegrad.errors.ReadOnlyError):
            shown += 1.0


PARTS = [
    np.s_[:],
    np.s_[:, 0],
    np.s_[0, :, 1],
    np.s_[:1, :, 0],
    np.s_[0, 0, ::-1],
    np.s_[..., ::2],
    np.s_[1:2, 1:2, :1],
]


@pytest.mark.parametrize(
    "name", ["ravel", "ascontiguousarray", "asfortranarray", "asarray", "atleast_3d", "squeeze", "transpose"]
)
def test_what_numpy_copies_is_a_copy(backend, name):
    for part in PARTS:
        host = np.arange(24.0).reshape(2, 3, 4)
        shared = np.shares_memory(getattr(np, name)(host[part]), host)
        x = on(backend, host)
        y = getattr(tnp, name)(x[part])
        y[...] = -1.0
        assert (np.asarray(x) == -1.0).any() == shared, part


def test_the_other_face_is_a_view(backend):
    x = on(backend, [1.0, 2.0])
    x.attach_grad()
    other = x.as_nd_ndarray()
    other[1] = 5.0
    x *= 2.0
    assert other.asnumpy().tolist() == x.tolist() == [2.0, 10.0]
    with tapegrad.record():
        y = (x.as_nd_ndarray() ** 2).sum()
    y.backward()
    assert x.grad.tolist() == [4.0, 20.0]


def test_methods_that_write(backend):
    x = on(backend, [3.0, 1.0, 2.0, 0.0])
    x[:3].sort()
    x[3:].fill(9.0)
    x.put([0, 1], [5.0, 4.0])
    x[::-1].partition(0)
    assert x.tolist()[3] == 3.0
    assert sorted(x.tolist()) == [3.0, 4.0, 5.0, 9.0]


SHARED = {
    "split": lambda np, x: np.split(x, 2),
    "hsplit": lambda np, x: np.hsplit(x, [1, 3]),
    "flip": lambda np, x: np.flip(x, 0),
    "rot90": lambda np, x: [np.rot90(x, k) for k in range(4)],
    "moveaxis": lambda np, x: np.moveaxis(x, 0, 1),
    "atleast_3d": lambda np, x: np.atleast_3d(x),
    "squeeze": lambda np, x: np.squeeze(x[:, None]),
    "ravel": lambda np, x: np.ravel(x),
    "ravel F": lambda np, x: np.ravel(x, order="F"),
    "ravel of T": lambda np, x: np.ravel(x.T),
    "flatten": lambda np, x: x.flatten(),
    "real": lambda np, x: np.real(x),
    "copy": lambda np, x: np.copy(x),
    "take": lambda np, x: np.take(x, np.asarray([0, 1]), axis=0),
    "index": lambda np, x: x[[0, 1]],
}


@pytest.mark.parametrize("name", SHARED)
def test_what_is_a_view_in_numpy_is_one_here(name):
    x, theirs = of(np.arange(8.0).reshape(2, 4)), np.arange(8.0).reshape(2, 4)
    both = SHARED[name](tnp, x), SHARED[name](np, theirs)
    mine, expected = (found if isinstance(found, (list, tuple)) else [found] for found in both)
    for number, (part, other) in enumerate(zip(mine, expected, strict=True)):
        part[...] = number + 20.0
        other[...] = number + 20.0
    assert np.array_equal(x.asnumpy(), theirs)
    x[...] = theirs[...] = -1.0
    for part, other in zip(mine, expected, strict=True):
        assert np.array_equal(part.asnumpy(), other)
