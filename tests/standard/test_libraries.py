"""Libraries that people use beside an array: they take ours, differentiate through it, or raise."""

import os
import subprocess
import sys

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import GradientEscapeError

X = np.array([[0.3, 1.2, -0.7], [2.0, 0.1, 0.4]])


@pytest.fixture(autouse=True)
def doubles():
    with tapegrad.use_default_dtype("float64"):
        yield


def check(call, x=X):
    """The gradient of the sum of squares of what a call returns, against difference quotients."""

    def height(z):
        found = tnp.asarray(call(z))
        return tnp.sum(found * found)

    gradient = tapegrad.grad(height)(x)
    for direction in np.random.default_rng(0).standard_normal((3, *x.shape)):
        step = 1e-6
        up, down = (float(height(tnp.asarray(x + way * step * direction))) for way in (1, -1))
        assert np.vdot(gradient, direction) == pytest.approx((up - down) / (2 * step), rel=1e-6, abs=1e-7)


class TestSciPy:
    @pytest.mark.parametrize("method", ["BFGS", "L-BFGS-B", "CG"])
    def test_minimize_takes_value_and_grad(self, method):
        optimize = pytest.importorskip("scipy.optimize", reason="SciPy is what is tested")

        def rosenbrock(x):
            return tnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

        found = optimize.minimize(tapegrad.value_and_grad(rosenbrock), np.zeros(4), jac=True, method=method)
        np.testing.assert_allclose(found.x, 1.0, atol=1e-3)


class TestEinops:
    @pytest.fixture(autouse=True)
    def einops(self):
        found = pytest.importorskip("einops", reason="einops is what is tested")
        import tapegrad.einops  # noqa: F401  (makes our arrays known to einops)

        return found

    @pytest.mark.parametrize("how", ["sum", "mean", "max", "min", "prod"])
    def test_reduce(self, einops, how):
        check(lambda x: einops.reduce(x, "a b -> b", how))

    def test_rearrange(self, einops):
        check(lambda x: einops.rearrange(x, "a (b c) -> c (a b)", c=3) * np.arange(6.0).reshape(3, 2))

    def test_repeat(self, einops):
        check(lambda x: einops.repeat(x, "a b -> a c b", c=2))

    def test_einsum(self, einops):
        check(lambda x: einops.einsum(x, x, "a b, c b -> a c"))

    def test_pack_and_unpack(self, einops):
        def packed(x):
            both, shapes = einops.pack([x, x * x], "a *")
            return einops.unpack(both, shapes, "a *")[1]

        check(packed)


class TestXarray:
    @pytest.fixture
    def xr(self):
        return pytest.importorskip("xarray", reason="xarray is what is tested")

    def test_reductions_by_name(self, xr):
        check(lambda x: (xr.DataArray(x, dims=("a", "b")) ** 2).mean("a").data)

    def test_selection_and_arithmetic_by_name(self, xr):
        weights = xr.DataArray(np.arange(3.0), dims="b")
        check(lambda x: (xr.DataArray(x, dims=("a", "b")).isel(a=1) * weights).data)

    def test_what_it_holds_is_our_array(self, xr):
        assert type(xr.DataArray(tnp.asarray(X)).data) is tnp.ndarray


SKLEARN = """
import numpy as np
import sklearn
from sklearn.metrics.pairwise import (
    cosine_similarity, euclidean_distances, linear_kernel, polynomial_kernel, rbf_kernel
)
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler
import tapegrad
import tapegrad.numpy as tnp
tapegrad.set_default_dtype("float64")
X = np.array([[0.3, 1.2], [2.0, 0.1], [1.1, 0.4]])
calls = [lambda x, f=f: f(x, x * x + 1) for f in
         (cosine_similarity, euclidean_distances, linear_kernel, polynomial_kernel, rbf_kernel)]
calls += [lambda x, s=s: s().fit_transform(x) for s in (MaxAbsScaler, MinMaxScaler, StandardScaler)]
weights = np.random.default_rng(0).standard_normal(9)
with sklearn.config_context(array_api_dispatch=True):
    for call in calls:
        def height(z):
            found = call(z)
            return tnp.sum(tnp.reshape(found, (-1,)) ** 2 * weights[: found.size])
        gradient = tapegrad.grad(height)(X)
        for direction in np.random.default_rng(1).standard_normal((3, 3, 2)):
            up, down = (float(height(tnp.asarray(X + way * 1e-6 * direction))) for way in (1, -1))
            slope = np.vdot(gradient, direction)
            assert abs(slope - (up - down) / 2e-6) < 1e-6 * (1 + abs(slope)), (call, slope, (up - down) / 2e-6)
    from sklearn.metrics import mean_squared_error
    try:
        tapegrad.grad(lambda z: tnp.asarray(mean_squared_error(z, tnp.asarray(X))))(X + 1)
    except tapegrad.errors.GradientEscapeError:
        pass
    else:
        raise AssertionError("a float() within scikit-learn went unnoticed")
"""


def test_scikit_learn_with_array_api_dispatch():
    """In a process of its own: scikit-learn asks that SciPy is told of array libraries before it is imported."""
    pytest.importorskip("sklearn", reason="scikit-learn is what is tested")
    environment = os.environ | {"SCIPY_ARRAY_API": "1", "TAPEGRAD_BACKEND": "numpy"}
    done = subprocess.run([sys.executable, "-c", SKLEARN], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class TestArrayApiExtra:
    @pytest.fixture
    def xpx(self):
        return pytest.importorskip("array_api_extra", reason="array-api-extra is what is tested")

    @pytest.mark.parametrize(
        "name", ["at", "at add", "cov", "kron", "pad", "sinc", "apply_where", "create_diagonal", "atleast_nd"]
    )
    def test_a_function_is_differentiated(self, xpx, name):
        calls = {
            "at": lambda x: xpx.at(x)[0].set(x[1] ** 2),
            "at add": lambda x: xpx.at(x)[1, :2].add(x[0, :2]),
            "cov": xpx.cov,
            "kron": lambda x: xpx.kron(x, x),
            "pad": lambda x: xpx.pad(x, 1, constant_values=2.0),
            "sinc": xpx.sinc,
            "apply_where": lambda x: xpx.apply_where(x > 0, x, lambda v: v**2, lambda v: v**3),
            "create_diagonal": lambda x: xpx.create_diagonal(x[0]),
            "atleast_nd": lambda x: xpx.atleast_nd(x, ndim=4),
        }
        check(calls[name])


def test_matplotlib_draws_what_is_no_longer_tracked():
    matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is what is tested")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    x, square = tnp.asarray(X[0]), tnp.asarray(X)
    figure, axes = plt.subplots()
    (line,) = axes.plot(x, x * 2)
    np.testing.assert_array_equal(line.get_ydata(), 2 * X[0])
    axes.scatter(x, x)
    axes.bar(x, x)
    axes.errorbar(x, x, yerr=tnp.abs(x))
    axes.fill_between(x, x, x * 2)
    axes.axhline(x[0])
    counts, _, _ = axes.hist(x)
    assert counts.shape == (10,)
    axes.imshow(square)
    axes.contour(square)
    plt.close(figure)
    x.attach_grad()
    with tapegrad.record(), pytest.raises(GradientEscapeError):
        axes.plot(x * 2)


def test_pandas_is_made_of_our_arrays():
    pandas = pytest.importorskip("pandas", reason="pandas is what is tested")
    x = tnp.asarray(X[0])
    np.testing.assert_array_equal(pandas.Series(x), X[0])
    np.testing.assert_array_equal(pandas.DataFrame({"a": x, "b": x * 2}), np.stack([X[0], 2 * X[0]], axis=1))
    np.testing.assert_array_equal(pandas.DataFrame(tnp.asarray(X)), X)


def test_hypothesis_makes_arrays_of_the_namespace():
    array_api = pytest.importorskip("hypothesis.extra.array_api", reason="Hypothesis is what is tested")
    from hypothesis import HealthCheck, given, settings

    strategies = array_api.make_strategies_namespace(tnp)
    seen = []

    # How long it takes on a busy machine is not what is tested.
    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(strategies.arrays("float64", (2, 3)))
    def collect(x):
        seen.append((type(x), x.shape))

    collect()
    assert set(seen) == {(tnp.ndarray, (2, 3))}
