"""A size has a kink at 0 and a convention for its slope; what is smooth of it has its own second derivatives there."""

import math

import numpy as np
import pytest
from engines import NAMES, of, on

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.numpy import linalg


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", NAMES, indirect=True)


def tanh_times_itself(x):
    size = linalg.norm(x)
    return size * tnp.tanh(size)


CENTRED = np.eye(2) - 0.5
SMOOTH = {
    "norm squared": (lambda x: linalg.norm(x) ** 2, 2 * np.eye(2)),
    "norm times itself": (lambda x: (lambda size: size * size)(linalg.norm(x)), 2 * np.eye(2)),
    "norm to the fourth": (lambda x: linalg.norm(x) ** 4, np.zeros((2, 2))),
    "norms of rows": (
        lambda x: tnp.sum(linalg.norm(tnp.stack([x, 2 * x, x + 1]), axis=1) ** 2),
        12 * np.eye(2),
    ),
    "root of squares": (lambda x: tnp.sqrt(tnp.sum(x * x)) ** 2, 2 * np.eye(2)),
    "hypot squared": (lambda x: tnp.hypot(x[0], x[1]) ** 2, 2 * np.eye(2)),
    "abs squared": (lambda x: tnp.sum(tnp.abs(x) ** 2), 2 * np.eye(2)),
    "abs of a complex number": (lambda x: tnp.abs(x[0] + 1j * x[1]) ** 2, 2 * np.eye(2)),
    "std squared": (lambda x: tnp.std(x) ** 2, CENTRED),
    "nanstd squared": (lambda x: tnp.nanstd(x) ** 2, CENTRED),
    "cosine of a norm": (lambda x: tnp.cos(3 * linalg.norm(x)), -9 * np.eye(2)),
    "cosh of a part of norms": (lambda x: tnp.cosh(linalg.norm(tnp.stack([x, x]), axis=1)[1]), np.eye(2)),
    "gaussian": (lambda x: tnp.exp(-(linalg.norm(x) ** 2)), -2 * np.eye(2)),
    "root of 1 and a square": (lambda x: tnp.sqrt(1 + linalg.norm(x) ** 2), np.eye(2)),
    "norm times its tanh": (tanh_times_itself, 2 * np.eye(2)),
}
HESSIANS = {
    "reverse over reverse": tapegrad.hessian,
    "forward over reverse": lambda f: tapegrad.jacfwd(tapegrad.grad(f)),
    "under vmap": lambda f: lambda x: tapegrad.vmap(tapegrad.hessian(f))(x[None])[0],
    "products with a vector": lambda f: (
        lambda x: tapegrad.vmap(lambda v: tapegrad.hvp(f)(x, v))(x[None] + on(x.backend, np.eye(2)))
    ),
}


ON_EVERY_ENGINE = ["norm squared", "norms of rows", "abs of a complex number", "std squared", "gaussian"]


@pytest.mark.parametrize("name", ON_EVERY_ENGINE)
def test_the_hessian_of_a_smooth_function_of_a_size_at_0(backend, name):
    f, expected = SMOOTH[name]
    assert np.allclose(tapegrad.hessian(f)(on(backend, [0.0, 0.0], "float64")).asnumpy(), expected, atol=1e-13)


@pytest.mark.parametrize("way", HESSIANS)
@pytest.mark.parametrize("name", SMOOTH)
def test_other_ways_to_the_hessian(name, way):
    f, expected = SMOOTH[name]
    assert np.allclose(HESSIANS[way](f)(of([0.0, 0.0], "float64")).asnumpy(), expected, atol=1e-13)


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_is_the_same_whether_it_is_recorded_or_not(name):
    f, _ = SMOOTH[name]
    x = of([0.0, 0.0], "float64")
    recorded, _ = tapegrad.vjp(tapegrad.grad(f), x)
    assert np.array_equal(recorded.asnumpy(), tapegrad.grad(f)(x).asnumpy())


@pytest.mark.parametrize("f", [linalg.norm, lambda x: tnp.hypot(x[0], x[1]), lambda x: tnp.sum(tnp.abs(x)), tnp.std])
def test_a_kink_itself_is_flat_in_every_order(backend, f):
    assert np.array_equal(tapegrad.hessian(f)(on(backend, [0.0, 0.0], "float64")).asnumpy(), np.zeros((2, 2)))


def test_a_third_derivative_past_a_kink():
    def f(x):
        return linalg.norm(x[:2]) ** 2 * x[2]

    third = tapegrad.jacrev(tapegrad.hessian(f))(of([0.0, 0.0, 5.0], "float64")).asnumpy()
    expected = np.zeros((3, 3, 3))
    for i in (0, 1):
        expected[i, i, 2] = expected[i, 2, i] = expected[2, i, i] = 2
    assert np.allclose(third, expected, atol=1e-13)


def test_one_zero_among_sizes_that_depend_on_each_other():
    def f(x):
        sizes = tnp.abs(x)
        return tnp.sum(sizes**2) * tnp.prod(1 + sizes**2)

    def plain(x):
        return tnp.sum(x * x) * tnp.prod(1 + x * x)

    x = of([0.0, -1.5, 0.0, 2.0], "float64")
    assert np.allclose(tapegrad.hessian(f)(x).asnumpy(), tapegrad.hessian(plain)(x).asnumpy(), rtol=1e-13)


def test_in_a_trace_where_no_zero_can_be_seen():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        hessian = jax.jit(tapegrad.hessian(lambda x: tnp.cos(linalg.norm(x))))
        assert np.allclose(hessian(np.zeros(2)), -np.eye(2))
        assert math.isclose(hessian(np.asarray([3.0, 4.0]))[0, 0], -0.36 * math.cos(5) - 0.64 * math.sin(5) / 5)


LENGTHS = {
    "einsum": lambda x: tnp.einsum("i,i->", x, x),
    "tensordot": lambda x: tnp.tensordot(x, x, 1),
    "inner": lambda x: tnp.inner(x, x),
    "matmul": lambda x: x @ x,
    "a row times a column": lambda x: (x[None] @ x[:, None])[0, 0],
    "all elements of a matrix": lambda x: tnp.einsum("ij,ij->", x.reshape(1, -1), x.reshape(1, -1)),
    "vecdot": lambda x: tnp.vecdot(x, x),
    "vdot": lambda x: tnp.vdot(x, x),
}


# The slope of the root at 0 is infinite, and engines say so.
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("name", LENGTHS)
def test_the_root_of_the_product_of_a_vector_with_itself_is_flat_at_0(backend, name):
    square = LENGTHS[name]

    def length(x):
        return tnp.sqrt(square(x))

    zeros = on(backend, np.zeros((2, 3)))
    assert tapegrad.grad(length)(zeros[0]).tolist() == [0, 0, 0]
    assert tapegrad.vmap(tapegrad.grad(length))(zeros).tolist() == zeros.tolist()
    assert tapegrad.grad(lambda q: tnp.sum(tnp.sqrt(tapegrad.vmap(square)(q))))(zeros).tolist() == zeros.tolist()
