"""The array object: operators, attributes, conversions, and its manners with other libraries."""

import copy
import operator
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pytest
from engines import NAMES, engine, in_double, of, on, total

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd
from tapegrad.errors import (
    BackendError,
    DtypeError,
    GradientEscapeError,
    MixedBackendsError,
    ShapeError,
    UnknownArrayError,
    UnknownBackendError,
)


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", NAMES, indirect=True)


A = np.array([1.5, -2.0, 3.25])
B = np.array([0.5, 4.0, -1.5])
N, M = np.array([12, -7, 5]), np.array([3, 2, 1])

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
INTEGERS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "==": operator.eq,
    "<": operator.lt,
}
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


# Operators.


@pytest.mark.parametrize("sign", ARITHMETIC)
def test_operators_of_floats(backend, sign):
    op = ARITHMETIC[sign]
    x, y = on(backend, A), on(backend, B)
    for found, expected in [
        (op(x, y), op(A, B)),
        (op(x, 2), op(A, 2)),
        (op(x, 2.5), op(A, 2.5)),
        (op(2, x), op(2, A)),
        (op(2.5, x), op(2.5, A)),
        (op(x, B), op(A, B)),
        (op(A, y), op(A, B)),
        (op(x, np.float64(0.5)), op(A, 0.5)),
        (op(np.float64(0.5), x), op(0.5, A)),
        (op(x, on(backend, 2.0)), op(A, 2.0)),
        (op(x, on(backend, B.reshape(3, 1))), op(A, B.reshape(3, 1))),
    ]:
        assert isinstance(found, tapegrad.Array)
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype
        assert np.allclose(found.asnumpy(), expected, rtol=1e-15)


@pytest.mark.parametrize("sign", INTEGERS)
def test_operators_of_integers(backend, sign):
    op = INTEGERS[sign]
    first = abs(N) if sign in ("<<", "**") else N
    x, y = on(backend, first), on(backend, M)
    for found, expected in [
        (op(x, y), op(first, M)),
        (op(x, 2), op(first, 2)),
        (op(2, y), op(2, M)),
        (op(first, y), op(first, M)),
    ]:
        assert found.dtype == expected.dtype
        assert np.array_equal(found.asnumpy(), expected)


@pytest.mark.parametrize("sign", ["&", "|", "^", "==", "!="])
def test_operators_of_booleans(backend, sign):
    op = {**ARITHMETIC, **INTEGERS}[sign]
    p, q = np.array([True, True, False]), np.array([True, False, False])
    found = op(on(backend, p), on(backend, q))
    assert found.dtype == np.bool_
    assert np.array_equal(found.asnumpy(), op(p, q))


def test_powers(backend):
    x = on(backend, abs(A))
    assert np.allclose((x**2).asnumpy(), A**2, rtol=1e-15)
    assert np.allclose((2**x).asnumpy(), 2 ** abs(A), rtol=1e-15)
    assert np.allclose((x ** on(backend, B)).asnumpy(), abs(A) ** B, rtol=1e-14)
    assert np.allclose((x**-0.5).asnumpy(), abs(A) ** -0.5, rtol=1e-14)


def test_unary_operators(backend):
    x = on(backend, A)
    assert np.array_equal((-x).asnumpy(), -A)
    assert np.array_equal(abs(x).asnumpy(), abs(A))
    plus = +x
    assert plus is not x
    plus[0] = 9.0
    assert np.array_equal(x.asnumpy(), A)
    assert np.array_equal((~on(backend, N)).asnumpy(), ~N)
    assert (~on(backend, [True, False])).asnumpy().tolist() == [False, True]


def test_matmul(backend):
    m, v = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    x, y = on(backend, m), on(backend, v)
    assert (x @ y).asnumpy().tolist() == (m @ v).tolist()
    assert (m @ y).asnumpy().tolist() == (m @ v).tolist()
    assert (x @ v).asnumpy().tolist() == (m @ v).tolist()
    with pytest.raises(ShapeError, match=r"\(2, 3\).*\(2,\)"):
        _ = x @ on(backend, [1.0, 2.0])


def test_divmod(backend):
    q, r = divmod(on(backend, N), 5)
    assert (q.asnumpy().tolist(), r.asnumpy().tolist()) == tuple(part.tolist() for part in divmod(N, 5))
    q, r = divmod(30, on(backend, M))
    assert (q.asnumpy().tolist(), r.asnumpy().tolist()) == tuple(part.tolist() for part in divmod(30, M))


def test_operators_are_recorded_on_either_side(backend):
    for f, slope in [
        (lambda x: 2.0 * x + 3, 2),
        (lambda x: 1 - x, -1),
        (lambda x: np.array([4.0]) - x, -1),
        (lambda x: np.float64(3) * x, 3),
        (lambda x: 8.0 / x, -2),
        (lambda x: np.array([8.0]) / x, -2),
        (lambda x: 2.0**x, 4 * np.log(2)),
        (lambda x: x**3, 12),
        (lambda x: -x + abs(x) + +x, 1),
        (lambda x: x % 1.5 + x // 1.5, 1),
    ]:
        x = on(backend, [2.0])
        x.attach_grad()
        with tapegrad.record():
            y = f(x)
        y.backward()
        assert np.allclose(x.grad.asnumpy(), slope, rtol=1e-14)


def test_python_numbers_are_weak(backend):
    for dtype in ("float32", "int8", "uint8", "complex64"):
        x = on(backend, [1, 2], dtype)
        assert (x * 2).dtype == (2 - x).dtype == (x + True).dtype == np.dtype(dtype)
    assert (on(backend, [1, 2], "float32") * 2.5).dtype == np.float32
    assert (on(backend, [1, 2], "int32") * 2.5).dtype == np.float32
    assert (on(backend, [1, 2], "float32") * 1j).dtype == np.complex64
    assert (on(backend, [1.0, 2.0]) * 1j).dtype == np.complex128
    with tapegrad.use_default_dtype("float64"):
        assert (on(backend, [1, 2], "int32") / 2).dtype == np.float64


def test_mixed_dtypes_promote(backend):
    x, n = on(backend, [1.0, 2.0], "float32"), on(backend, [3, 4], "int64")
    assert (x + n).dtype == np.float32
    assert (x + on(backend, [1.0, 1.0])).dtype == np.float64
    with pytest.raises(DtypeError, match="int64 and uint64"):
        _ = n + on(backend, [1, 1], "uint64")


def test_what_is_no_number_is_refused(backend):
    x = on(backend, [1.0, 2.0])
    for wrong in ("a", ["a", "b"], [1.0, [2.0]], None, object(), {}):
        with pytest.raises((TypeError, UnknownArrayError, ShapeError)):
            _ = x + wrong
        with pytest.raises((TypeError, UnknownArrayError, ShapeError)):
            _ = wrong - x


def test_lists_are_arrays_in_the_standard_face(backend):
    x = on(backend, [1.0, 2.0])
    found = x + [3, 4.5]
    assert found.dtype == x.dtype
    assert found.backend is x.backend
    assert found.tolist() == [4.0, 6.5]
    assert ((1, 2) - x).tolist() == [0.0, 0.0]
    gradient = tapegrad.grad(lambda z: ([z[0], 2.0] * z)[0])(x)
    assert gradient.tolist() == [2.0, 0.0]
    with pytest.raises(TypeError, match="not a list"):
        _ = tapegrad.nd.array([1.0, 2.0]) + [1.0, 2.0]


def test_equality_with_what_is_no_number_is_pythons(backend):
    x = on(backend, [1.0, 2.0])
    assert operator.eq(x, None) is operator.eq(x, "a") is operator.eq(None, x) is False
    assert operator.ne(x, None) is operator.ne(x, "a") is True
    assert x in [None, x]


def test_shapes_that_do_not_broadcast_are_both_named(backend):
    with pytest.raises(ShapeError, match=r"\(2,\).*\(3,\)"):
        _ = on(backend, [1.0, 2.0]) + on(backend, [1.0, 2.0, 3.0])


def test_arrays_are_hashed_by_who_they_are(backend):
    x, y = on(backend, [1.0]), on(backend, [1.0])
    assert len({x, y, x}) == 2
    assert {x: 1}[x] == 1


# Attributes and methods.


def test_attributes(backend):
    values = np.arange(6.0).reshape(2, 3)
    x = on(backend, values)
    assert (x.shape, x.ndim, x.size, x.dtype) == ((2, 3), 2, 6, np.float64)
    assert x.backend is backend
    assert x.device in backend.devices()
    assert np.array_equal(x.T.asnumpy(), values.T)
    assert np.array_equal(x.mT.asnumpy(), values.T)
    assert on(backend, np.zeros((2, 3, 4))).T.shape == (4, 3, 2)
    assert on(backend, np.zeros((2, 3, 4))).mT.shape == (2, 4, 3)
    with pytest.raises(ShapeError, match="two axes or more"):
        _ = on(backend, [1.0]).mT


def test_reshape(backend):
    x = on(backend, np.arange(6.0))
    for shape in [(2, 3), (-1, 2), (6,), (-1,), (1, 6, 1)]:
        assert x.reshape(shape).shape == x.reshape(*shape).shape == np.zeros(6).reshape(shape).shape
    assert on(backend, np.zeros((0, 3))).reshape(3, 0).shape == (3, 0)
    assert on(backend, 1.0).reshape(()).shape == ()
    for wrong in [(4,), (-1, 4), (-1, -1), (2, -3), (-2, -3)]:
        with pytest.raises(ShapeError, match=r"6 elements.*do not fit"):
            x.reshape(wrong)
    with pytest.raises(TypeError, match="made of integers"):
        x.reshape(3.0, 2)
    with pytest.raises(ShapeError, match="0 elements"):
        on(backend, np.zeros((0, 3))).reshape(-1, 0)


def test_astype(backend):
    x = on(backend, [1.5, -2.5])
    x.attach_grad()
    with tapegrad.record():
        y = x.astype("float32")
        z = total(y * y).astype(np.float64)
    z.backward()
    assert y.dtype == np.float32
    assert x.grad.asnumpy().tolist() == [3, -5]
    assert x.astype("float64", copy=False) is x
    assert x.astype("float64") is not x
    assert x.astype("int64").asnumpy().tolist() == [1, -2]
    assert on(backend, [1 + 2j]).astype("float64").asnumpy().tolist() == [1]
    with pytest.raises(DtypeError, match="float33"):
        x.astype("float33")


def test_copies(backend):
    x = on(backend, [1.0, 2.0])
    x.attach_grad()
    with tapegrad.record():
        flows = total(x.copy() * copy.copy(x))
    flows.backward()
    assert x.grad.asnumpy().tolist() == [2, 4]
    alone = copy.deepcopy(x)
    alone[0] = 9.0
    assert x.asnumpy().tolist() == [1, 2]
    with tapegrad.record():
        y = x * x
    assert copy.deepcopy(y)._node is None
    assert copy.deepcopy([x, x])[0].asnumpy().tolist() == [1, 2]


COPIES = {
    "copy()": lambda x: x.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "+x": lambda x: +x,
    "astype": lambda x: x.astype(x.dtype),
    "tnp.array": tnp.array,
    "asarray(copy=True)": lambda x: tnp.asarray(x, copy=True),
    "einsum": lambda x: tnp.einsum("i->i", x),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_has_a_place_of_its_own_on_the_tape(backend, copied):
    x = on(backend, [1.0, 2.0])
    x.attach_grad()
    with tapegrad.record():
        y = copied(x)
        z = x * y
    assert autograd.grad(z, [y], retain_graph=True)[0].tolist() == [1, 2]
    z.backward()
    assert x.grad.tolist() == [2, 4]
    before = copied(x)
    with tapegrad.record():
        with tapegrad.pause():
            paused = copied(x)
        z = x * before + x * paused
    z.backward()
    assert x.grad.tolist() == [2, 4]


def test_pickles_hold_values_and_never_the_tape(backend):
    x = on(backend, [[1.0, 2.0]], "float32")
    x.attach_grad()
    with tapegrad.record():
        y = x * 3
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        found = pickle.loads(pickle.dumps(y, protocol))
        assert type(found) is tapegrad.numpy.ndarray
        assert found.backend is backend
        assert found.dtype == np.float32
        assert found.asnumpy().tolist() == [[3, 6]]
        assert found._node is None
    assert pickle.loads(pickle.dumps(x)).grad is None


def test_conversions_to_python(backend):
    assert float(on(backend, [2.5])) == 2.5
    assert int(on(backend, 2.9)) == 2
    assert complex(on(backend, 1 + 2j)) == 1 + 2j
    assert bool(on(backend, [True])) is True
    assert [10, 20, 30][on(backend, 1)] == 20
    assert on(backend, [[7]]).item() == 7
    assert on(backend, [[1.5], [2.5]]).tolist() == [[1.5], [2.5]]
    assert len(on(backend, np.zeros((3, 2)))) == 3
    for convert in (float, int, complex, bool):
        with pytest.raises(ValueError, match=r"one element, not shape \(2,\)"):
            convert(on(backend, [1.0, 2.0]))
    with pytest.raises(TypeError, match="index"):
        operator.index(on(backend, 1.0))
    with pytest.raises(TypeError, match="0-d"):
        len(on(backend, 1.0))


def test_formats(backend):
    assert f"{on(backend, 2.5):.3f}" == "2.500"
    assert f"{on(backend, [7]):>4}" == "   7"
    assert f"{on(backend, [1.0, 2.0])}" == str(on(backend, [1.0, 2.0]))
    with pytest.raises(ValueError, match="one element"):
        f"{on(backend, [1.0, 2.0]):.3f}"


def test_repr(backend):
    assert repr(on(backend, [1.0, 2.0], "float32")) == "Array([1., 2.], dtype=float32)"
    assert repr(on(backend, 3)) == "Array(3, dtype=int64)"
    seen = []
    tapegrad.vmap(lambda x: seen.append(repr(x)) or x)(on(backend, [1.0, 2.0]))
    assert "shape=()" in seen[0]


# Nothing leaves the tape in silence.

ESCAPES = {
    "float": float,
    "int": int,
    "complex": complex,
    "item": lambda x: x.item(),
    "tolist": lambda x: x.tolist()[0],
    "pickle": lambda x: pickle.loads(pickle.dumps(x)).asnumpy(),
    "asarray": np.asarray,
    "array": np.array,
    "dlpack": np.from_dlpack,
}


@pytest.mark.parametrize("way", ESCAPES)
def test_a_tracked_array_does_not_leave_in_silence(backend, way):
    x = on(backend, [2.0])
    x.attach_grad()
    with tapegrad.record():
        y = x * x
        for tracked in (x, y):
            with pytest.raises(GradientEscapeError, match=r"x\.detach\(\)"):
                ESCAPES[way](tracked)
        assert ESCAPES[way](y.detach()) == 4
        assert y.asnumpy() == 4
        with tapegrad.allow_escape():
            assert ESCAPES[way](y) == 4
        with pytest.raises(GradientEscapeError):
            ESCAPES[way](y)
        with tapegrad.pause():
            assert ESCAPES[way](y) == 4
    assert ESCAPES[way](y) == 4
    y.backward()
    assert x.grad.item() == 4


def test_a_thread_in_a_transform_records_or_refuses(backend):
    """A thread starts in an empty context, without recording: what it computes would be constants."""
    x = on(backend, [1.0, 3.0])

    def squares(context):
        def total(z):
            with ThreadPoolExecutor(1) as pool:
                jobs = [
                    pool.submit(*([copy_context().run] if context else []), lambda i=i: z[i] * z[i]) for i in (0, 1)
                ]
                return sum(job.result() for job in jobs)

        return total

    assert tapegrad.grad(squares(True))(x).tolist() == [2, 6]
    with pytest.raises(GradientEscapeError, match="copy_context"):
        tapegrad.grad(squares(False))(x)


@pytest.mark.parametrize(
    "lose",
    [
        lambda z, out: z + 1.0,
        lambda z, out: tapegrad.numpy.concat([z, z]),
        lambda z, out: out.__setitem__(0, z[0]),
        lambda z, out: out.__setitem__(slice(None), z),
        lambda z, out: float(z[0]),
        lambda z, out: tapegrad.grad(lambda a: (a * z).sum())(out),
        lambda z, out: tapegrad.vjp(lambda a: a * a, z),
        lambda z, out: z.sum(),
    ],
)
def test_nothing_is_lost_in_a_thread(backend, lose):
    def height(z):
        out = on(backend, [0.0, 0.0])
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lose, z * z, out).result()
        return z.sum()

    with pytest.raises(GradientEscapeError, match="in a thread of its own"):
        tapegrad.grad(height)(on(backend, [1.0, 3.0]))
    assert tapegrad.grad(lambda z: height(z.detach()) + z.sum())(on(backend, [1.0, 3.0])).tolist() == [1, 1]


def test_bool_and_comparisons_decide_without_a_gradient(backend):
    x = on(backend, [2.0])
    x.attach_grad()
    with tapegrad.record():
        y = x * x
        while y < 100:
            y = y * 2
    y.backward()
    assert x.grad.item() == 2 * 2 * 32


def test_what_numpy_gets_is_a_copy(backend):
    x = on(backend, [1.0, 2.0])
    for way in (np.asarray, np.array, lambda a: a.asnumpy()):
        found = way(x)
        found[0] = 9.0
    found = np.from_dlpack(x)
    if found.flags.writeable:
        found[0] = 9.0
    assert x.asnumpy().tolist() == [1, 2]
    assert np.asarray(x, dtype="float32").dtype == np.float32
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(x, copy=False)


def test_dlpack(backend):
    x = on(backend, [1.0, 2.0])
    assert x.__dlpack_device__() == (1, 0)  # the host, in DLPack's numbers
    assert np.from_dlpack(x).tolist() == [1, 2]
    assert np.from_dlpack(on(backend, 3.0)).tolist() == 3
    x[0] = 5.0
    assert np.from_dlpack(x).tolist() == [5, 2]


def test_inside_vmap_there_is_no_single_value(backend):
    for way in (float, np.asarray, lambda a: a.item(), lambda a: a.tolist(), np.from_dlpack, bool):
        with pytest.raises(TypeError, match="vmap"):
            tapegrad.vmap(lambda t, way=way: way(t))(on(backend, [1.0, 2.0]))


def test_a_namespace(backend):
    x = on(backend, [1.0])
    assert x.__array_namespace__().__name__ == "tapegrad.numpy"
    assert x.__array_namespace__(api_version="2024.12") is x.__array_namespace__()
    with pytest.raises(ValueError, match=r"1999\.12.*2024\.12"):
        x.__array_namespace__(api_version="1999.12")


# Between engines.


@pytest.mark.parametrize("other", NAMES)
def test_arrays_move_between_engines(backend, other):
    with in_double():
        target = engine(other)
        for dtype in ("float32", "float64", "int8", "uint16", "int64", "bool", "complex64"):
            x = on(backend, [[0, 1], [2, 3]], dtype)
            moved = x.to(other)
            assert moved.backend is target
            assert moved.dtype == x.dtype
            assert np.array_equal(moved.asnumpy(), x.asnumpy())
        moved = on(backend, [1.0, 2.0]).to(other)
        back = moved.to(backend)
        moved[0] = 9.0
        assert back.asnumpy().tolist() == [1, 2]


@pytest.mark.parametrize("other", NAMES)
def test_a_graph_may_span_engines(backend, other):
    def f(x):
        y = (x * x).to(other)
        y = y * 3.0
        return total((y.to(backend) * x)[::-1])

    with in_double():
        engine(other)
        x = on(backend, [1.0, 2.0, -1.0])
        assert tapegrad.grad(f)(x).asnumpy().tolist() == [9, 36, 9]
        hessian = tapegrad.hessian(f)(x)
        assert hessian.backend is backend
        assert hessian.asnumpy().tolist() == np.diag([18.0, 36.0, -18.0]).tolist()
        value, tangent = tapegrad.jvp(f, (x,), (on(backend, [1.0, 0.0, 1.0]),))
        assert (value.item(), tangent.item()) == (24, 18)
        rows = on(backend, [[1.0, 2.0], [3.0, 4.0]])
        assert tapegrad.vmap(tapegrad.grad(f))(rows).asnumpy().tolist() == [[9, 36], [81, 144]]


def test_devices(backend):
    x = on(backend, [1.0])
    assert x.to_device(x.device).device == x.device
    assert x.to(x.device).backend is backend
    with pytest.raises(BackendError, match=r"no device gpu\(7\); choose one of"):
        x.to("gpu(7)")
    with pytest.raises(UnknownBackendError):
        x.to("abacus")
    with pytest.raises(TypeError, match="to a backend or a device"):
        x.to(3)
    with pytest.raises(NotImplementedError, match="stream"):
        x.to_device(x.device, stream=1)


def test_two_engines_in_one_op_name_both_and_the_remedy(backend):
    if backend.name == "strict":
        return
    strict = engine("strict")
    with pytest.raises(MixedBackendsError, match=rf"({backend.name}|strict).*({backend.name}|strict).*x\.to\("):
        _ = on(backend, [1.0]) * on(strict, [1.0])


def test_double_precision_is_refused_by_an_engine_without_it():
    jax = pytest.importorskip("jax", reason="the engine whose double precision can be switched off")
    if jax.config.jax_enable_x64:
        pytest.skip("double precision was switched on for the whole process")
    with pytest.raises(DtypeError, match="float64"):
        of([1.0]).to("jax")


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_integer_division_by_zero_does_not_kill_the_process(backend):
    x, zero = on(backend, [1, -1, 0]), on(backend, [0, 0, 0])
    for op in (operator.floordiv, operator.mod, operator.truediv):
        try:
            found = op(x, zero)
        except ArithmeticError:
            continue
        assert found.shape == (3,)
