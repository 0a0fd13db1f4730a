"""Of several legitimate derivatives there is one, the same on every engine; and a masked branch stays masked."""

import math

import numpy as np
import pytest
from engines import NAMES, on

from tapegrad import autograd
from tapegrad.engines.tables import OPS
from tapegrad.transforms.variables import gradients

INF, NAN = math.inf, math.nan


def call(name, *args, **keywords):
    return OPS[name].call(*args, **keywords)


def pulled(backend, f, *values, head=None):
    """The gradients of f at these values, in float64, for a head of ones or the one given."""
    xs = [on(backend, x, "float64") for x in values]
    for x in xs:
        x.attach_grad()
    with np.errstate(all="ignore"), autograd.record():
        out = f(*xs)
    with np.errstate(all="ignore"):
        found = gradients([out], xs, None if head is None else [on(backend, head, "float64")])
    return [g.asnumpy().tolist() for g in found]


KINKS = {
    "abs at 0": (lambda x: call("abs", x), [[-2.0, 0.0, 3.0]], [[-1, 0, 1]]),
    "relu at 0": (lambda x: call("relu", x), [[-2.0, 0.0, 3.0]], [[0, 0, 1]]),
    "maximum at a tie": (
        lambda x, y: call("maximum", x, y),
        [[1.0, 2.0, 5.0], [1.0, 3.0, 4.0]],
        [[0.5, 0, 1], [0.5, 1, 0]],
    ),
    "minimum at a tie": (
        lambda x, y: call("minimum", x, y),
        [[1.0, 2.0, 5.0], [1.0, 3.0, 4.0]],
        [[0.5, 1, 0], [0.5, 0, 1]],
    ),
    "maximum of an array with itself": (lambda x: call("maximum", x, x), [[1.0, -2.0]], [[1, 1]]),
    "maximum_first": (
        lambda x, y: call("maximum_first", x, y),
        [[1.0, 2.0, 5.0], [1.0, 3.0, 4.0]],
        [[1, 0, 1], [0, 1, 0]],
    ),
    "minimum_first": (
        lambda x, y: call("minimum_first", x, y),
        [[1.0, 2.0, 5.0], [1.0, 3.0, 4.0]],
        [[1, 1, 0], [0, 0, 1]],
    ),
    "fmax beside NaN": (
        lambda x, y: call("fmax", x, y),
        [[NAN, 2.0, 1.0], [1.0, NAN, 1.0]],
        [[0, 1, 0.5], [1, 0, 0.5]],
    ),
    "fmin of nothing but NaN": (lambda x, y: call("fmin", x, y), [[NAN], [NAN]], [[1], [0]]),
    "clip at its bounds": (lambda x: call("clip", x, 0.0, 1.0), [[-1.0, 0.0, 0.5, 1.0, 2.0]], [[0, 1, 1, 1, 0]]),
    "clip's own bounds": (
        lambda x, a, b: call("clip", x, a, b),
        [[-1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]],
        [[0, 1, 0], [1, 0, 0], [0, 0, 1]],
    ),
    "clip with crossed bounds": (lambda x, a, b: call("clip", x, a, b), [[0.5], [2.0], [1.0]], [[0], [0], [1]]),
    "max over a tie": (
        lambda x: call("max", x, axis=1),
        [[[1.0, 1.0, 0.0], [2.0, 3.0, 3.0]]],
        [[[0.5, 0.5, 0], [0, 0.5, 0.5]]],
    ),
    "min over all equal": (lambda x: call("min", x), [[2.0, 2.0, 2.0, 2.0]], [[0.25] * 4]),
    "cummax over ties": (lambda x: call("cummax", x), [[1.0, 1.0, 0.0]], [[2.0, 1.0, 0]]),
    "sort keeps the order of equals": (
        lambda x: call("sort", x) * on(x.backend, [10.0, 20.0, 30.0]),
        [[2.0, 1.0, 2.0]],
        [[20.0, 10.0, 30.0]],
    ),
    "unique shares": (
        lambda x: call("unique_values", x) * on(x.backend, [6.0, 12.0]),
        [[2.0, 1.0, 2.0]],
        [[6.0, 6.0, 6.0]],
    ),
    "median of two": (lambda x: call("median", x), [[3.0, 1.0, 2.0, 10.0]], [[0.5, 0, 0.5, 0]]),
    "hypot at the origin": (lambda x, y: call("hypot", x, y), [[0.0], [0.0]], [[0], [0]]),
    "atan2 at the origin": (lambda x, y: call("atan2", x, y), [[0.0], [0.0]], [[0], [0]]),
    "sign": (lambda x: call("sign", x), [[-1.0, 0.0, 2.0]], [[0, 0, 0]]),
    "std of equals": (lambda x: call("std", x), [[2.0, 2.0]], [[0, 0]]),
    "prelu at 0": (lambda x, a: call("prelu", x, a), [[0.0, -2.0], [0.25, 0.25]], [[0.25, 0.25], [0, -2]]),
    "hard sigmoid": (lambda x: call("hard_sigmoid", x), [[-3.0, -2.5, 0.0, 3.0]], [[0, 0, 0.2, 0]]),
    "heaviside": (lambda x, y: call("heaviside", x, y), [[-1.0, 0.0, 1.0], [3.0, 3.0, 3.0]], [[0, 0, 0], [0, 1, 0]]),
    "copysign": (lambda x: call("copysign", x, on(x.backend, [-1.0, -1.0])), [[2.0, -2.0]], [[-1, 1]]),
    "nan_to_num": (lambda x: call("nan_to_num", x), [[1.0, NAN, INF]], [[1, 0, 0]]),
}

MISSING = {
    "nansum": (lambda x: call("nansum", x), [[1.0, NAN, 3.0]], [[1, 0, 1]]),
    "nanmean": (lambda x: call("nanmean", x), [[1.0, NAN, 3.0]], [[0.5, 0, 0.5]]),
    "nanprod": (lambda x: call("nanprod", x), [[2.0, NAN, 0.0]], [[0, 0, 2]]),
    "nanvar": (lambda x: call("nanvar", x), [[1.0, NAN, 3.0]], [[-1, 0, 1]]),
    "nanstd": (lambda x: call("nanstd", x), [[1.0, NAN, 3.0]], [[-0.5, 0, 0.5]]),
    "nanmax": (lambda x: call("nanmax", x), [[1.0, NAN, 3.0]], [[0, 0, 1]]),
    "nanmin": (lambda x: call("nanmin", x), [[1.0, NAN, 1.0]], [[0.5, 0, 0.5]]),
    "nanmedian": (lambda x: call("nanmedian", x), [[1.0, NAN, 3.0]], [[0.5, 0, 0.5]]),
    "nanquantile": (lambda x: call("nanquantile", x, q=0.25), [[5.0, NAN, 1.0]], [[0.25, 0, 0.75]]),
    "nothing but NaN": (lambda x: call("nansum", x), [[NAN, NAN]], [[0, 0]]),
}

POWERS = {
    "square": (lambda x: x**2, [[0.0, -3.0]], [[0, -6]]),
    "exponent 0": (lambda x: x**0.0, [[0.0, 2.0]], [[0, 0]]),
    "exponent 1": (lambda x: x**1, [[0.0, 2.0]], [[1, 1]]),
    "cube of a negative": (lambda x: x**3.0, [[-2.0, 0.0]], [[12, 0]]),
    "reciprocal": (lambda x: x**-1, [[0.0, 2.0]], [[-INF, -0.25]]),
    "root": (lambda x: x**0.5, [[0.0, 4.0]], [[INF, 0.25]]),
    "base 0": (lambda x: 0.0**x, [[1.0, 2.0]], [[0, 0]]),
    "exponent of base 0": (lambda x, y: call("power", x, y), [[0.0, 0.0], [3.0, 0.0]], [[0, 0], [0, 0]]),
    "exponent of a negative base": (lambda x, y: call("power", x, y), [[-2.0], [2.0]], [[-4], [NAN]]),
}

MASKED = {
    "sqrt of a negative": (lambda x: call("where", x > 0, call("sqrt", x), 0), [[-1.0, 0.0, 4.0]], [[0, 0, 0.25]]),
    "log at 0": (lambda x: call("where", x > 0, call("log", x), 0), [[-1.0, 0.0, 4.0]], [[0, 0, 0.25]]),
    "reciprocal": (lambda x: call("where", x != 0, 1 / x, 0), [[0.0, 2.0]], [[0, -0.25]]),
    "sin(x) / x": (lambda x: call("where", x == 0, 1, call("sin", x) / x), [[0.0, math.pi]], [[0, -1 / math.pi]]),
    "overflown exp": (lambda x: call("where", x < 10, call("exp", x), 1), [[0.0, 1e10]], [[1, 0]]),
    "power": (lambda x: call("where", x > 0, x**-1.5, 0), [[0.0, 1.0]], [[0, -1.5]]),
    "rsqrt": (lambda x: call("where", x > 0, call("rsqrt", x), 0), [[0.0, 1.0]], [[0, -0.5]]),
    "asin beyond 1": (lambda x: call("where", call("abs", x) < 1, call("asin", x), 0), [[2.0, 1.0, 0.0]], [[0, 0, 1]]),
    "root of a sum of squares": (lambda x: call("sqrt", call("sum", x**2)), [[0.0, 0.0]], [[0, 0]]),
    "root of a sum of products": (lambda x: call("sqrt", call("sum", x * x)), [[0.0, 0.0]], [[0, 0]]),
    "hypotenuse spelt out": (lambda x, y: call("sqrt", x * x + y * y), [[0.0, 3.0], [0.0, 4.0]], [[0, 0.6], [0, 0.8]]),
    "root of a dot product": (lambda x: call("sqrt", x @ x), [[0.0, 0.0]], [[0, 0]]),
    "root of a vecdot": (lambda x: call("sqrt", call("vecdot", x, x)), [[0.0, 0.0]], [[0, 0]]),
    "root of a size": (lambda x: call("sqrt", call("abs", x)), [[0.0, -4.0]], [[0, -0.25]]),
    "a NaN is not masked by a flat place": (lambda x: call("sqrt", call("sum", x**2)), [[0.0, NAN]], [[NAN, NAN]]),
    "naive sigmoid": (lambda x: 1 / (1 + call("exp", -x)), [[-1000.0, 0.0]], [[0, 0.25]]),
    "sum of what is chosen": (lambda x: call("sum", call("where", x == x, x, 0)), [[1.0, NAN]], [[1, 0]]),
}

UNBOUNDED = {
    "sqrt at 0": (lambda x: call("sqrt", x), [[0.0]], [[INF]]),
    "log at 0": (lambda x: call("log", x), [[0.0]], [[INF]]),
    "asin at 1": (lambda x: call("asin", x), [[1.0]], [[INF]]),
    "atanh at 1": (lambda x: call("atanh", x), [[1.0]], [[INF]]),
    "acosh at 1": (lambda x: call("acosh", x), [[1.0]], [[INF]]),
    "logaddexp of nothing": (lambda x, y: call("logaddexp", x, y), [[-INF], [-INF]], [[NAN], [NAN]]),
    "logaddexp beside nothing": (lambda x, y: call("logaddexp", x, y), [[0.0], [-INF]], [[1], [0]]),
    "logaddexp far out": (
        lambda x, y: call("logaddexp", x, y),
        [[1000.0, 0.0], [1000.0, -1000.0]],
        [[0.5, 1], [0.5, 0]],
    ),
    "logsumexp far out": (
        lambda x: call("logsumexp", x),
        [[1000.0, 1000.5, 999.0]],
        [[0.3314989604240915, 0.5465493872661796, 0.12195165230972886]],
    ),
    "logsumexp beside nothing": (lambda x: call("logsumexp", x), [[-INF, 0.0]], [[0, 1]]),
    "logsumexp of nothing": (lambda x: call("logsumexp", x), [[-INF, -INF]], [[0, 0]]),
    "tanh far out": (lambda x: call("tanh", x), [[1000.0, 0.0, -1000.0]], [[0, 1, 0]]),
    "atan at infinity": (lambda x: call("atan", x), [[INF, -INF]], [[0, 0]]),
    "hypot of the huge": (lambda x, y: call("hypot", x, y), [[3e200], [4e200]], [[0.6], [0.8]]),
    "max of an infinity": (lambda x: call("max", x), [[1.0, INF]], [[0, 1]]),
    "sinc at 0": (lambda x: call("sinc", x), [[0.0, 0.5]], [[0, -4 / math.pi]]),
    "xlogy at 0": (lambda x, y: call("xlogy", x, y), [[0.0], [2.0]], [[math.log(2)], [0]]),
    "expm1 of the tiny": (lambda x: call("expm1", x), [[1e-20, 1.0]], [[1, math.e]]),
}

ALL = {**KINKS, **MISSING, **POWERS, **MASKED, **UNBOUNDED}


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("case", ALL)
def test_the_derivative_where_there_is_a_choice(backend, case):
    f, values, expected = ALL[case]
    for got, wanted in zip(pulled(backend, f, *values), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-14, atol=0)


@pytest.mark.parametrize("backend", NAMES, indirect=True)
def test_derivatives_of_a_power_at_0_are_the_limits_in_every_order(backend):
    for order, expected in enumerate([0.0, 0.0, 6.0, 0.0, 0.0], start=1):
        x = on(backend, 0.0, "float64")
        x.attach_grad()
        with np.errstate(all="ignore"), autograd.record():
            y = x**3
            for _ in range(order - 1):
                (y,) = gradients([y], [x], create_graph=True)
            if y._node is None:
                assert expected == 0
                continue
            (g,) = gradients([y], [x])
        assert g.item() == expected, order


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("x", [18.0, 19.5, -25.0, 300.0, -300.0])
def test_tails_of_tanh_and_sigmoid_are_accurate(backend, x):
    decay = math.exp(-2 * abs(x))
    ((got,),) = pulled(backend, lambda x: call("tanh", x), [x])
    assert got == pytest.approx(4 * decay / (1 + decay) ** 2, rel=2e-15)
    decay = math.exp(-abs(x))
    ((got,),) = pulled(backend, lambda x: call("sigmoid", x), [x])
    assert got == pytest.approx(decay / (1 + decay) ** 2, rel=2e-15)


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("op", ["floor", "ceil", "trunc", "round"])
def test_steps_are_recorded_and_have_a_slope_of_zero(backend, op):
    assert pulled(backend, lambda x: call(op, x), [1.5, 2.0, INF, NAN]) == [[0, 0, 0, 0]]
    x = on(backend, [1.5, 2.5], "float64")
    x.attach_grad()
    with autograd.record():
        y = call(op, x)
    y.backward()
    assert x.grad.asnumpy().tolist() == [0, 0]


@pytest.mark.parametrize("backend", NAMES, indirect=True)
def test_floor_division_has_a_slope_of_zero(backend):
    f = lambda x, y: call("floor_divide", x, y)
    assert pulled(backend, f, [5.0, -5.0], [2.0, 0.0]) == [[0, 0], [0, 0]]


SECOND = {
    "asin near 0": ("asin", [1e-20, -1e-300], [1e-20, -1e-300]),
    "acos near 0": ("acos", [1e-20, -1e-300], [-1e-20, 1e-300]),
    "atanh near 0": ("atanh", [1e-20, -1e-300], [2e-20, -2e-300]),
    "asin at its ends": ("asin", [1.0, -1.0], [INF, -INF]),
    "acos at its ends": ("acos", [1.0, -1.0], [-INF, INF]),
    "atanh at its ends": ("atanh", [1.0, -1.0], [INF, -INF]),
    "acosh at its end": ("acosh", [1.0, INF], [-INF, 0]),
    "logit at its ends": ("logit", [0.0, 1.0], [-INF, INF]),
    "cbrt at 0": ("cbrt", [0.0, -0.0, INF], [-INF, INF, 0]),
    "std of one": ("std", [3.0], [0.0]),
    "std of equals": ("std", [2.0, 2.0], [0.0, 0.0]),
}


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("case", SECOND)
def test_second_derivatives_at_ends_and_near_zero(backend, case):
    op, values, expected = SECOND[case]
    x = on(backend, values, "float64")
    x.attach_grad()
    with np.errstate(all="ignore"), autograd.record():
        (g,) = gradients([call(op, x)], [x], create_graph=True)
    with np.errstate(all="ignore"):
        (second,) = gradients([g], [x])
    np.testing.assert_allclose(second.asnumpy(), expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("op", ["asin", "acos", "acosh", "atanh"])
def test_a_masked_inverse_function_stays_masked_in_its_second_derivative(backend, op):
    inside = {"acosh": 2.0}.get(op, 0.5)
    x = on(backend, [inside, 1.0, -1.0, -3.0], "float64")
    x.attach_grad()
    with np.errstate(all="ignore"), autograd.record():
        y = call("where", on(backend, [True, False, False, False]), call(op, x), 0)
        (g,) = gradients([y], [x], create_graph=True)
    with np.errstate(all="ignore"):
        (second,) = gradients([g], [x])
    assert second.asnumpy()[1:].tolist() == [0, 0, 0]
    assert np.isfinite(second.asnumpy()[0])


@pytest.mark.parametrize("backend", NAMES, indirect=True)
def test_second_derivatives_at_smooth_points_where_a_rule_has_a_case(backend):
    smooth = {
        "tanh": 0.0,
        "sinc": -(math.pi**2) / 3,
        "softsign": 0.0,
        "i0": 0.5,
        "i1": 0.0,
        "sigmoid": 0.0,
        "gelu": 2 / math.sqrt(2 * math.pi),
    }
    for name, expected in smooth.items():
        x = on(backend, 0.0, "float64")
        x.attach_grad()
        with autograd.record():
            (g,) = gradients([call(name, x)], [x], create_graph=True)
        (second,) = gradients([g], [x])
        assert second.item() == pytest.approx(expected, rel=1e-14, abs=1e-15), name


@pytest.mark.parametrize("backend", NAMES, indirect=True)
def test_a_zero_cotangent_still_has_its_own_derivative(backend):
    """The mask that protects a rule must not hide how the rule depends on the cotangent."""
    x, y = on(backend, 4.0, "float64"), on(backend, 0.0, "float64")
    x.attach_grad()
    y.attach_grad()
    with autograd.record():
        (g,) = gradients([call("sqrt", x) * y], [x], create_graph=True)
    (mixed,) = gradients([g], [y])
    assert mixed.item() == 0.25
