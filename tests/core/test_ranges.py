"""Derivatives where numbers inside a rule leave the range, or are 0 · ∞, though the derivative itself is a number."""

import math

import numpy as np
import pytest
from engines import NAMES, of, on

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.numpy import linalg, special


def pytest_generate_tests(metafunc):
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", NAMES, indirect=True)


def gradient(f, *xs):
    with np.errstate(all="ignore"):
        found = tapegrad.grad(f, argnums=tuple(range(len(xs))))(*xs)
    return [g.asnumpy() for g in found]


# Squares out of range.


SIZES = {
    "norm": (linalg.norm, [1 / 3, 2 / 3, 2 / 3]),
    "norm, order 3": (lambda x: linalg.vector_norm(x, ord=3), (np.asarray([1, 4, 4]) / 17 ** (2 / 3)).tolist()),
    "norm along an axis": (lambda x: linalg.norm(x[None], axis=1)[0], [1 / 3, 2 / 3, 2 / 3]),
    "std": (tnp.std, [-math.sqrt(2) / 3, math.sqrt(2) / 6, math.sqrt(2) / 6]),
    "std of some": (
        lambda x: tnp.std(tnp.concat([x, x]), where=[True] * 3 + [False] * 3),
        [-math.sqrt(2) / 3, math.sqrt(2) / 6, math.sqrt(2) / 6],
    ),
    "nanstd": (tnp.nanstd, [-math.sqrt(2) / 3, math.sqrt(2) / 6, math.sqrt(2) / 6]),
    "hypot": (lambda x: tnp.hypot(tnp.hypot(x[0], x[1]), x[2]), [1 / 3, 2 / 3, 2 / 3]),
}
SCALES = [
    ("float16", 300.0),
    ("float16", 1e-3),
    ("float32", 1e25),
    ("float32", 1e-25),
    ("float64", 1e-170),
    ("float64", 1e200),
]


@pytest.mark.parametrize(("dtype", "scale"), SCALES)
@pytest.mark.parametrize("name", SIZES)
def test_a_size_and_its_slope_do_not_depend_on_the_scale(backend, name, dtype, scale):
    if dtype == "float16" and backend.name == "strict":
        pytest.skip("the standard has no float16")
    f, expected = SIZES[name]
    x = on(backend, np.asarray([1.0, 2.0, 2.0]) * scale, dtype)
    value, slope = tapegrad.value_and_grad(f)(x)
    _, pushed = tapegrad.jvp(f, (x,), (on(backend, [1.0, -1.0, 0.5], dtype),))
    tolerance = 8 * float(np.finfo(dtype).eps)
    size = float(f(of([1.0, 2.0, 2.0], "float64")).item()) * scale
    assert math.isclose(float(value.item()), size, rel_tol=tolerance)
    assert np.allclose(slope.asnumpy().astype(float), expected, rtol=tolerance, atol=tolerance)
    assert math.isclose(float(pushed.item()), expected[0] - expected[1] + expected[2] / 2, abs_tol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_size_of_many_numbers_is_as_exact_as_that_of_few(backend, dtype):
    x = np.random.default_rng(0).standard_normal((103, 101)).astype(dtype)
    exact = x.astype(np.longdouble)
    near = 4 * float(np.finfo(dtype).eps)
    assert np.allclose(linalg.norm(on(backend, x, dtype)).asnumpy(), np.sqrt(np.sum(exact**2)), rtol=near)
    for keepdims in (False, True):
        found = tnp.std(on(backend, x, dtype), keepdims=keepdims).asnumpy()
        assert found.shape == ((1, 1) if keepdims else ())
        assert np.allclose(found, np.std(exact), rtol=near, atol=0)


@pytest.mark.parametrize(
    ("dtype", "scale"), [("float16", 3e-3), ("float32", 1e-20), ("float32", 1e25), ("float64", 1e200)]
)
def test_a_correlation_does_not_depend_on_the_scale(backend, dtype, scale):
    if dtype == "float16" and backend.name == "strict":
        pytest.skip("the standard has no float16")
    rows = np.asarray([[1.0, 2.0, 4.0], [3.0, 1.0, 2.0]])
    (expected,) = gradient(lambda x: tnp.corrcoef(x)[0, 1], of(rows, "float64"))
    (found,) = gradient(lambda x: tnp.corrcoef(x)[0, 1] * scale, on(backend, rows * scale, dtype))
    near = 16 * float(np.finfo(dtype).eps)
    assert np.allclose(found.astype(float), expected, rtol=near, atol=near)


@pytest.mark.parametrize("scale", [1e-30, 1e25])
@pytest.mark.parametrize("f", [lambda x: x / linalg.norm(x), lambda x: x / linalg.norm(x, keepdims=True)])
def test_a_direction_does_not_depend_on_the_scale(backend, f, scale):
    found = tapegrad.jacobian(f)(on(backend, np.asarray([3.0, 4.0]) * scale, "float32"))
    assert np.allclose(found.asnumpy() * np.float64(scale), np.asarray([[16, -12], [-12, 9]]) / 125, rtol=1e-5)


@pytest.mark.parametrize("p", [None, -2, 1, np.inf, "fro", "nuc"])
def test_a_condition_number_does_not_depend_on_the_scale(p):
    x = np.asarray([[2.0, 1.0, 0.5], [0.5, 3.0, -1.0], [1.0, 0.0, 1.5]])
    (expected,) = gradient(lambda x: linalg.cond(x, p), of(x, "float64"))
    (found,) = gradient(lambda x: linalg.cond(x, p) * 1e-20, of(x * 1e-20, "float32"))
    assert np.allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("scales", [(1e-15, 1, 1), (1, 1e-30, 1e-20), (1, 1e-20, 1e-30), (1e10, 1e-20, 1e-20)])
def test_a_weighted_line_does_not_depend_on_the_scales(scales):
    points = [np.arange(5.0) + 1, np.asarray([3.0, -1.0, 2.0, 0.5, 1.0]), np.asarray([1.0, 2.0, 1.0, 3.0, 0.5])]
    slope = lambda x, y, w: tnp.polyfit(x, y, 1, w=w)[0]
    expected = gradient(slope, *(of(x, "float64") for x in points))
    far = [of(x * scale, "float32") for x, scale in zip(points, scales, strict=True)]
    factor = scales[0] / scales[1]
    for g, wanted, scale in zip(gradient(slope, *far), expected, scales, strict=True):
        assert np.allclose(g * np.float64(scale) * factor, wanted, rtol=1e-3, atol=1e-4)


def test_a_line_through_far_points():
    x = of(np.asarray([1.0, 2.0, 4.0, 5.0]) * 1e25, "float32")
    found = tnp.polyfit(x, of([1.0, 2.0, 4.0, 5.0], "float32"), 1).asnumpy()
    assert np.isclose(found[0], 1e-25, rtol=1e-5) and abs(found[1]) < 1e-5


@pytest.mark.parametrize("x", [1000.0, -1000.0])
def test_the_slope_of_an_infinite_bessel_function(x):
    assert gradient(special.i1, of(x, "float64"))[0] == math.inf


def test_the_slope_of_the_logarithm_of_a_tiny_deviation(backend):
    (slope,) = gradient(lambda x: tnp.log(tnp.std(x)), on(backend, [-1e-170, 1e-170], "float64"))
    assert np.allclose(slope, [-5e169, 5e169], rtol=1e-14)


@pytest.mark.parametrize("x", [1024.0, 1024.25])
def test_the_slope_of_a_power_of_two_that_is_infinite_itself(backend, x):
    expected = 2.0 ** (x - 1) * (2 * math.log(2))
    with np.errstate(over="ignore"):
        (by_exp2,) = gradient(tnp.exp2, on(backend, x, "float64"))
        (by_power,) = gradient(lambda x: 2.0**x, on(backend, x, "float64"))
    assert math.isclose(by_exp2, expected, rel_tol=1e-13)
    assert math.isclose(by_power, expected, rel_tol=1e-13)


FAR = {
    "tanh": (tnp.tanh, [400 + 1j, -800 + 1j, 616.47 + 53.8j]),
    "tan": (tnp.tan, [1 + 400j, 1 - 800j, 1.0 + 30j]),
    "arctan": (tnp.arctan, [1e200 + 1e200j, -1e300j + 1]),
    "arctanh": (tnp.arctanh, [1e200 + 1e200j, 1e300 + 1j]),
    "arcsinh": (tnp.arcsinh, [1e200 + 1e200j, -1e300 + 1j]),
}


@pytest.mark.parametrize("name", FAR)
def test_complex_functions_far_from_0_have_a_slope(backend, name):
    f, points = FAR[name]
    (found,) = gradient(lambda z: tnp.sum(tnp.real(f(z))), on(backend, points, "complex128"))
    assert np.all(np.abs(found) < 1e-20) and np.all(np.isfinite(found))


# A slope of zero wins over an infinite cotangent, and a zero cotangent over a slope that is not a number.


def entropy_by_xlogy(p):
    return -tnp.sum(special.xlogy(p, p))


ENTROPIES = {"entr": lambda p: tnp.sum(special.entr(p)), "xlogy": entropy_by_xlogy}


@pytest.mark.parametrize("entropy", ENTROPIES)
@pytest.mark.parametrize("logit", [-800.0, -math.inf])
def test_the_entropy_of_a_softmax_with_a_part_of_0(backend, logit, entropy):
    def f(z):
        return ENTROPIES[entropy](special.softmax(z))

    x = on(backend, [0.0, logit, 1.0], "float64")
    (found,) = gradient(f, x)
    assert np.allclose(found, [0.19661193324148185, 0, -0.19661193324148185], atol=1e-15)
    others = tapegrad.hessian(lambda z: f(tnp.stack([z[0], on(backend, logit, "float64"), z[1]])))
    with np.errstate(all="ignore"):
        assert np.all(np.isfinite(others(on(backend, [0.0, 1.0], "float64")).asnumpy()))


SATURATED = {
    "expit": lambda x: special.entr(special.expit(x)),
    "erfc": lambda x: special.entr(special.erfc(x)),
    "ndtr": lambda x: special.entr(special.ndtr(x)),
    "root of a softmax": lambda x: tnp.sqrt(special.softmax(tnp.stack([x, 0 * x]))[0]),
    "weighted exp": lambda x: special.xlogy(tnp.exp(x), tnp.exp(x)),
}


@pytest.mark.parametrize("name", SATURATED)
def test_what_is_saturated_is_flat(backend, name):
    x = 800.0 if name == "erfc" else -800.0
    assert gradient(SATURATED[name], on(backend, x, "float64"))[0] == 0


def test_the_second_derivative_in_a_negative_base(backend):
    with np.errstate(all="ignore"):
        found = tapegrad.hessian(lambda v: v[0] ** v[1])(on(backend, [-2.0, 3.0], "float64")).asnumpy()
        (slope,) = gradient(lambda v: v[0] ** v[1], on(backend, [-2.0, 3.0], "float64"))
    assert found[0, 0] == -12 and slope[0] == 12
    assert np.isnan(slope[1])


def test_logsumexp_of_one_infinite_number_is_as_logaddexp(backend):
    x = on(backend, [math.inf, 1.0, -math.inf], "float64")
    with np.errstate(invalid="ignore"):
        assert gradient(special.logsumexp, x)[0].tolist() == [1, 0, 0]
        assert gradient(lambda x: tnp.logaddexp(x[0], x[1]), x)[0].tolist() == [1, 0, 0]


def test_a_singular_matrix_spoils_no_other_of_its_stack(backend):
    stack = np.asarray([np.diag([2.0, 4.0]), np.zeros((2, 2)), [[1.0, 2.0], [2.0, 4.0]]])
    with np.errstate(divide="ignore"):
        (found,) = gradient(lambda a: tnp.sum(linalg.slogdet(a)[1][:1]), on(backend, stack, "float64"))
        (whole,) = gradient(lambda a: tnp.sum(linalg.slogdet(a)[1]), on(backend, stack, "float64"))
    assert np.allclose(found[0], np.diag([0.5, 0.25])) and not found[1:].any()
    assert np.allclose(whole[0], np.diag([0.5, 0.25])) and np.isnan(whole[1:]).all()


def test_the_extreme_of_what_holds_a_nan_passes_it_on(backend):
    x = on(backend, [[1.0, math.nan, 3.0], [1.0, 2.0, 2.0]], "float64")
    for f in (tnp.max, tnp.min, tnp.ptp):
        (found,) = gradient(lambda x, f=f: tnp.sum(f(x, axis=1)), x)
        assert np.isnan(found[0]).all() and np.isfinite(found[1]).all()
        _, pushed = tapegrad.jvp(lambda x, f=f: f(x, axis=1), (x,), (tnp.ones_like(x),))
        assert np.isnan(pushed.asnumpy()[0]) and np.isfinite(pushed.asnumpy()[1])
        masked = gradient(lambda x, f=f: f(x, axis=1)[1], x)[0]
        assert np.isfinite(masked).all()


def test_copysign_is_flat_at_0_as_abs_is(backend):
    found, _ = gradient(
        lambda x, y: tnp.sum(tnp.copysign(x, tapegrad.stop_gradient(y))),
        *[on(backend, v, "float64") for v in ([0.0, 2.0], [1.0, -1.0])],
    )
    assert found.tolist() == [0, -1]


def test_what_is_not_beyond_an_infinite_bound_is_squared():
    for delta, r, expected in (
        (math.inf, 2.0, (0.0, 2.0)),
        (math.inf, 0.0, (0.0, 0.0)),
        (1.0, -math.inf, (math.inf, -1)),
    ):
        assert tapegrad.grad(special.huber, argnums=(0, 1))(delta, r) == expected
