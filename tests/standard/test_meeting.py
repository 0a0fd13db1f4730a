"""NumPy arrays and lists beside arrays of another engine: they come over, in operators and in every function alike."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import MixedBackendsError
from tapegrad.numpy import linalg, special

C, M, KNOTS = (
    np.asarray([1.0, 3.0, 2.0]),
    np.asarray([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 4.0]]),
    np.arange(3.0),
)
PROGRAMS = {
    "matmul on the left": lambda x, c, m, knots, i: tnp.matmul(m, x),
    "dot": lambda x, c, m, knots, i: tnp.dot(x, m),
    "outer": lambda x, c, m, knots, i: tnp.outer(c, x),
    "einsum": lambda x, c, m, knots, i: tnp.einsum("ij,j->i", m, x),
    "take": lambda x, c, m, knots, i: tnp.take(x, i),
    "brackets": lambda x, c, m, knots, i: x[i],
    "concatenate": lambda x, c, m, knots, i: tnp.concatenate([c, x]),
    "NumPy's concatenate": lambda x, c, m, knots, i: np.concatenate([x, np.asarray(c)]),
    "stack": lambda x, c, m, knots, i: tnp.stack([c, x, c]),
    "interp": lambda x, c, m, knots, i: tnp.interp(x, knots, c),
    "interp, values": lambda x, c, m, knots, i: tnp.interp([0.5, 1.5], knots, x),
    "solve": lambda x, c, m, knots, i: linalg.solve(m, x),
    "convolve": lambda x, c, m, knots, i: tnp.convolve(c, x),
    "where": lambda x, c, m, knots, i: tnp.where(np.asarray(c) > 1.5, c, x),
    "polyval": lambda x, c, m, knots, i: tnp.polyval(c, x),
    "average": lambda x, c, m, knots, i: tnp.average(x, weights=c),
    "linspace": lambda x, c, m, knots, i: tnp.linspace(x, c, 4),
    "xlogy": lambda x, c, m, knots, i: special.xlogy(c, x),
    "a method": lambda x, c, m, knots, i: x.dot(m),
}


@pytest.fixture(params=["numpy", "strict", "jax"])
def backend(request):
    """An engine that is here."""
    try:
        return tapegrad.get_backend(request.param)
    except tapegrad.errors.BackendError as error:
        pytest.skip(f"{request.param} cannot be had here: {error}")


COMPILED = {"matmul on the left", "take", "concatenate", "interp", "NumPy's concatenate"}
"""Enough for an engine that compiles each."""


@pytest.mark.parametrize("of_lists", [False, True])
@pytest.mark.parametrize(
    ("backend", "name"),
    [("strict", name) for name in PROGRAMS] + [("jax", name) for name in PROGRAMS if name in COMPILED],
    indirect=["backend"],
)
def test_constants_come_to_the_engine_of_the_argument(backend, name, of_lists):
    constants = [C, M, KNOTS, np.asarray([0, 2, 2])]
    x = np.asarray([0.5, 1.0, 1.5], dtype="float32")
    expected = tapegrad.grad(lambda x: tnp.sum(PROGRAMS[name](x, *constants) ** 2))(x)
    given = [c.tolist() for c in constants] if of_lists else constants
    raw = backend.from_numpy(x)
    found = tapegrad.grad(lambda x: tnp.sum(PROGRAMS[name](x, *given) ** 2).astype("float32"))(raw)
    assert type(found) is type(raw)
    np.testing.assert_allclose(backend.to_numpy(found), expected, rtol=1e-4)


def test_raw_arrays_of_an_engine_beside_the_hosts(backend):
    x = backend.from_numpy(C.astype("float32"))
    for found in (tnp.multiply(C, x), tnp.matmul(M, x), tnp.multiply(x, C.tolist())):
        assert found.backend is backend


def test_arrays_of_ours_move_by_order_alone():
    try:
        other = tnp.asarray(C).to("strict")
    except tapegrad.errors.BackendError as error:
        pytest.skip(f"strict cannot be had here: {error}")
    for function in (tnp.multiply, tnp.matmul, lambda x, y: tnp.concatenate([x, y])):
        with pytest.raises(MixedBackendsError):
            function(tnp.asarray(C), other)


TENTHS = [0.1, 0.2, 0.3]
BESIDE_NUMBERS = {
    "an operator": lambda xp, x: x + TENTHS,
    "an operator on the right": lambda xp, x: TENTHS * x,
    "a comparison": lambda xp, x: x[:1] == [0.1],
    "matmul": lambda xp, x: x @ TENTHS,
    "NumPy's dot": lambda xp, x: np.dot(TENTHS, x),
    "concatenate": lambda xp, x: xp.concatenate([x, [0.1]]),
    "stack": lambda xp, x: xp.stack([0.1, x[0]]),
    "where": lambda xp, x: xp.where(x > 0.15, x, TENTHS),
    "interp": lambda xp, x: xp.interp(0.12, x, x),
    "polyval": lambda xp, x: xp.polyval(x, 0.1),
    "searchsorted": lambda xp, x: xp.searchsorted(x, 0.3),
    "isin": lambda xp, x: xp.isin(x, TENTHS),
    "solve": lambda xp, x: xp.linalg.solve(xp.diag(x), TENTHS),
    "brackets": lambda xp, x: xp.r_[x, 0.1, 0.1:0.5:3j],
    "a complex number": lambda xp, x: xp.outer(x, 0.1j),
}


@pytest.mark.parametrize("name", BESIDE_NUMBERS)
@pytest.mark.parametrize("backend", ["numpy", "strict"], indirect=True)
def test_numbers_of_python_are_as_wide_as_the_arrays_beside_them(backend, name):
    x, program = np.asarray(TENTHS), BESIDE_NUMBERS[name]
    found, expected = program(tnp, tnp.asarray(x).to(backend.name)), program(np, x)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-14)
    narrow = program(tnp, tnp.asarray(x, dtype="float32").to(backend.name))
    assert narrow.dtype.itemsize < found.dtype.itemsize or found.dtype.kind in "bi"


def test_numbers_beside_the_hosts_wide_arrays_are_rounded_where_an_engine_has_none_as_wide(backend):
    x = backend.from_numpy(np.ones(3, dtype="float32"))
    assert tnp.concatenate([x, np.asarray(TENTHS), [0.1]]).shape == (7,)
    assert tnp.where(tnp.asarray(x) > 0, np.asarray(TENTHS), TENTHS).shape == (3,)
