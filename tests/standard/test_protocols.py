"""NumPy's own functions on our arrays: the right gradient, or an error that says what to do; never a silent loss."""

import copy
import io
import operator
import pickle

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import DtypeError, GradientEscapeError, MixedBackendsError, ShapeError, ValueSemanticsError

X = np.array([0.3, 0.5, 0.9])
SQUARE = np.array([[0.3, 0.5, 0.9], [1.2, -0.4, 0.1], [0.2, 0.8, -0.7]])


@pytest.fixture(autouse=True)
def doubles():
    with tapegrad.use_default_dtype("float64"):
        yield


REACH = {
    "polyfit": lambda x: np.polyfit(np.arange(3.0), x, 1)[0],
    "bincount": lambda x: np.sum(np.bincount(np.array([0, 1, 1]), weights=x) ** 2),
    "sliding windows": lambda x: np.sum(np.lib.stride_tricks.sliding_window_view(x, 2) ** 3),
    "outer": lambda x: np.sum(np.multiply.outer(x, np.arange(2.0)) ** 2),
    "unwrap": lambda x: np.sum(np.unwrap(x * 9.0) ** 2),
    "pad with its values": lambda x: np.sum(np.pad(x, 1, mode="mean") ** 2),
    "sin": lambda x: np.sin(x).sum(),
    "sum": lambda x: np.sum(x * x),
    "mean": lambda x: np.mean(x * x, axis=0),
    "concatenate": lambda x: np.sum(np.concatenate([x, x * x]) * np.arange(6.0)),
    "stack": lambda x: np.sum(np.stack([x, np.ones(3), x * x]) ** 2),
    "where": lambda x: np.sum(np.where(x > 0.4, x * x, 0.0)),
    "clip": lambda x: np.sum(np.clip(x, 0.4, 0.8) ** 2),
    "norm": np.linalg.norm,
    "fft": lambda x: np.sum(np.real(np.fft.fft(x)) ** 2),
    "einsum": lambda x: np.einsum("i,i->", x, x * x),
    "dot": lambda x: np.dot(x, np.arange(3.0)) ** 2,
    "reduce": lambda x: np.multiply.reduce(x),
    "accumulate": lambda x: np.sum(np.add.accumulate(x) ** 2),
    "cov": lambda x: np.cov(x),
    "interp": lambda x: np.sum(np.interp(x, np.array([0.0, 0.4, 1.0]), np.array([1.0, 3.0, 2.0]))),
    "left add": lambda x: np.sum((np.ones(3) + x) ** 2),
    "left subtract": lambda x: np.sum((np.ones(3) - x) ** 3),
    "left divide": lambda x: np.sum(np.ones(3) / x),
    "left power": lambda x: np.sum(np.full(3, 2.0) ** x),
    "left matmul": lambda x: np.sum((SQUARE @ x) ** 2),
    "left scalar": lambda x: np.sum(np.float64(2.0) * x * x),
    "left less": lambda x: np.sum(np.where(np.full(3, 0.4) < x, x * x, x)),
    "atleast": lambda x: np.sum(np.atleast_2d(x) ** 2),
    "max": lambda x: np.max(x) ** 2,
    "trapezoid": lambda x: np.trapezoid(x * x, dx=0.5),
}


@pytest.mark.parametrize("name", REACH)
def test_numpys_function_reaches_the_op(name):
    """As NumPy computes it, and differentiated as the difference quotient says."""
    call = REACH[name]
    value, gradient = tapegrad.value_and_grad(call)(X)
    assert value == pytest.approx(float(call(X)), rel=1e-12)
    direction, step = np.array([0.4, -1.0, 0.7]), 1e-6
    quotient = (call(X + step * direction) - call(X - step * direction)) / (2 * step)
    assert gradient @ direction == pytest.approx(float(quotient), rel=1e-6, abs=1e-8)


LOST = {
    "asarray": np.asarray,
    "a list of tracked scalars": lambda x: np.array([x[0], x[1]]),
    "spacing": np.spacing,
    "a keyword that is not here": lambda x: np.median(x, overwrite_input=True),
    "views": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, subok=True),
    "tolist": lambda x: x.tolist(),
    "float": lambda x: float(x[0]),
    "where=": lambda x: np.sin(x, where=np.array([True, False, True])),
    "out=": lambda x: np.add(x, 1.0, out=np.zeros(3)),
    "sum(out=)": lambda x: np.sum(x, out=np.zeros(())),
    "in place": lambda x: operator.iadd(np.zeros(3), x),
    "reduceat": lambda x: np.add.reduceat(x, [0, 1]),
    "vectorize": lambda x: np.vectorize(lambda v: v * v)(x),
    "strides": lambda x: np.lib.stride_tricks.as_strided(x, (2,), (8,)),
    "save": lambda x: np.save(io.BytesIO(), x),
}


@pytest.mark.parametrize("name", LOST)
def test_what_would_lose_the_gradient_raises_and_says_what_to_do(name):
    with pytest.raises(GradientEscapeError, match="detach"):
        tapegrad.grad(lambda x: tnp.sum(tnp.asarray(LOST[name](x))))(X)


def test_of_an_array_of_another_face_it_says_how_to_come_to_this_one():
    x = tapegrad.nd.array(X)
    x.attach_grad()
    with tapegrad.record():
        with pytest.raises(GradientEscapeError, match=r"face of this NDArray, or x\.as_np_ndarray\(\)"):
            np.sin(x)
        np.sin(x.as_np_ndarray()).sum().backward()
    np.testing.assert_allclose(x.grad.asnumpy(), np.cos(X), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(set(LOST) - {"in place", "out=", "where="}))
def test_of_a_constant_it_is_numpys(name):
    x = tnp.asarray(X)
    found, expected = LOST[name](x), LOST[name](X)
    if expected is not None:
        np.testing.assert_array_equal(np.asarray(found), expected)


@pytest.mark.parametrize(
    "write",
    [
        lambda x: np.copyto(x, 1.0),
        lambda x: np.copyto(x[1:], x[:-1], where=np.asarray([True, False, True])),
        lambda x: np.put_along_axis(x, np.zeros((1, 3), int), 1.0, 0),
        lambda x: np.add(x, 1.0, out=x),
        lambda x: np.multiply(x[0], x[1], out=x[2], where=np.asarray([True, False, True])),
        lambda x: np.sum(x, axis=0, out=x[0]),
        lambda x: np.divmod(x[0], 2.0, out=(x[1], x[2, ::-1])),
        lambda x: np.spacing(x, out=x.T),
        lambda x: np.clip(x, 2.0, 5.0, out=x),
    ],
)
def test_a_write_of_numpys_to_our_array_is_numpys(write):
    x, expected = tnp.asarray(SQUARE), SQUARE.copy()
    write(expected)
    write(x)
    np.testing.assert_array_equal(np.asarray(x), expected)


def test_what_numpy_writes_to_our_array_is_differentiated():
    def f(x):
        y = tnp.ones(len(X)).astype(x.dtype)
        assert np.sin(x, out=y) is y
        np.multiply(y[0], 3.0, out=y[1:])
        return tnp.sum(y)

    np.testing.assert_allclose(tapegrad.grad(f)(X), np.cos(X[0]) * np.eye(len(X))[0] * (1 + 3 * (len(X) - 1)))


@pytest.mark.parametrize("write", [lambda x: np.put(x, [9], [1.0], mode="wrap"), lambda x: np.sin.at(x, 0)])
def test_a_write_to_a_copy_of_our_array_is_refused(write):
    with pytest.raises(ValueSemanticsError, match="cannot write"):
        write(tnp.asarray(SQUARE))


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.maximum], ids=lambda u: u.__name__)
def test_a_ufunc_at_places_writes_to_our_array_once_for_each_that_is_named(ufunc):
    places, values, plain = np.asarray([0, 2, 0]), np.asarray([2.0, 3.0, 5.0]), np.asarray([1.5, 2.5, 4.0])
    x = tnp.asarray(plain)
    ufunc.at(x, places, values)
    ufunc.at(plain, places, values)
    np.testing.assert_allclose(x.asnumpy(), plain)


def test_a_sum_at_places_is_differentiated():
    def f(values):
        total = tnp.zeros(3, dtype="float64")
        np.add.at(total, [0, 2, 0], values)
        return (total**2).sum()

    np.testing.assert_allclose(tapegrad.grad(f)(np.asarray([2.0, 3.0, 5.0])), [14.0, 6.0, 14.0])


def test_an_output_takes_no_other_kind_or_shape():
    for write in (lambda x: np.add(x, 1j, out=x), lambda x: np.add(x, np.ones((2, 3, 3)), out=x)):
        with pytest.raises((DtypeError, ShapeError)):
            write(tnp.asarray(SQUARE))


def test_escaping_on_purpose_is_allowed():
    def height(x):
        with tapegrad.allow_escape():
            weights = np.spacing(x)
        return tnp.sum(x * np.asarray(weights))

    np.testing.assert_array_equal(tapegrad.grad(height)(X), np.spacing(X))


def test_results_are_our_arrays_also_of_constants():
    assert type(np.sin(tnp.asarray(X))) is tnp.ndarray
    assert type(np.concatenate([tnp.asarray(X), X])) is tnp.ndarray
    assert np.shape(tnp.asarray(SQUARE)) == (3, 3)


def test_scipys_special_functions_reach_the_ops():
    special = pytest.importorskip("scipy.special", reason="SciPy's ufuncs are what is tested")
    found = tapegrad.grad(lambda x: tnp.sum(special.gammaln(x)))(X)
    np.testing.assert_allclose(found, special.psi(X), rtol=1e-13)
    for name, slope in (
        ("log1p", 1 / (1 + X)),
        ("expm1", np.exp(X)),
        ("sinc", np.cos(np.pi * X) / X),
        ("round", 0 * X),
    ):
        found = tapegrad.grad(lambda x, name=name: tnp.sum(getattr(special, name)(x)))(X)
        shift = np.sinc(X) / X if name == "sinc" else 0
        np.testing.assert_allclose(found, slope - shift, rtol=1e-12)
    with pytest.raises(GradientEscapeError):
        tapegrad.grad(lambda x: tnp.sum(special.j0(x)))(X)


def test_an_array_is_copied_and_pickled_as_its_values():
    x = tnp.asarray(X)
    x.attach_grad()
    with tapegrad.record():
        y = x * 2
    for found in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        np.testing.assert_array_equal(found.asnumpy(), 2 * X)
    assert hash(y) == hash(y)
    assert len({x, y}) == 2
    assert [float(v.detach()) for v in x] == list(X)


# What an array's namespace makes from nothing lies on the engine of the array.


def plain(x):
    """Array-API code that was not written for tapegrad."""
    xp = x.__array_namespace__()
    grid = xp.arange(3, dtype=x.dtype) + xp.asarray([1.0, 0.0, 2.0], dtype=x.dtype)
    away = xp.matmul(xp.eye(3, dtype=x.dtype), x * grid)
    frequencies = xp.fft.fftfreq(3, dtype=x.dtype)
    return xp.sum(away * away * xp.linspace(0.0, 1.0, 3, dtype=x.dtype) + frequencies * x)


@pytest.mark.parametrize("name", ["numpy", "strict", "jax"])
def test_constants_follow_the_engine_of_the_argument(name):
    infos = {info.name: info for info in tapegrad.list_backends()}
    if name not in infos or not infos[name].usable:
        pytest.skip(f"{name} is not installed here")
    backend = tapegrad.get_backend(name)
    with backend.all_dtypes():
        raw = backend.from_numpy(X)
        gradient = tapegrad.grad(plain)(raw)
        assert type(gradient) is type(raw)
        np.testing.assert_allclose(backend.to_numpy(gradient), tapegrad.grad(plain)(X), rtol=1e-12)


def test_a_namespace_is_one_object_for_each_engine():
    x = tnp.asarray(X)
    assert x.__array_namespace__() is tnp
    if "strict" in {info.name for info in tapegrad.list_backends() if info.usable}:
        y, z = x.to("strict"), x.to("strict")
        space = y.__array_namespace__()
        assert space is z.__array_namespace__()
        assert space is not tnp
        assert set(dir(space)) == set(dir(tnp))
        assert space.sin is tnp.sin
        assert space.zeros(2).backend.name == "strict"
        assert space.__array_namespace_info__().default_dtypes()["real floating"] == np.dtype("float64")
        assert pickle.loads(pickle.dumps(space)) is space
        with pytest.raises(MixedBackendsError):
            y + tnp.zeros(3)


def test_an_unknown_version_of_the_standard_is_refused():
    with pytest.raises(ValueError, match=r"2024\.12"):
        tnp.asarray(X).__array_namespace__(api_version="1999.01")
