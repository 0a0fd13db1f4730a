"""The judges judged: check_grads sees what it must see, says where, and the truth it compares with is true."""

import doctest
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.op.samples import normal, positive
from tapegrad.ops import elementwise as e
from tapegrad.testing import GradientError, check_grads, check_jvp, check_vjp, checks, conformance, laws, mutation
from tapegrad.testing.differences import jacobian, slopes
from tapegrad.testing.generate import AT_LEAST, samples_of
from tapegrad.testing.judging import _takes, judged_ops
from tapegrad.testing.runs import as_target
from tapegrad.testing.wide import WIDE_EPS, has_longdouble
from tapegrad.testing.wide_linalg import FUNCTIONS as LINALG
from tapegrad.testing.wide_special import FUNCTIONS as SPECIAL

wide = pytest.mark.skipif(not has_longdouble(), reason="this machine's longdouble is a double")


def damaged(name, way, dtype="float64"):
    """An op with one damaged rule."""
    op = judged_ops()[name]
    found = [m for m in mutation.mutants(op) if m.way == way and m.dtype == dtype]
    assert found, (name, way)
    return mutation._damaged(op, found[0])


@pytest.mark.parametrize("module", [checks, conformance])
def test_examples_run(module):
    assert doctest.testmod(module).failed == 0


def test_a_right_gradient_passes_and_is_counted():
    report = check_grads(e.tanh, [normal(3, 4)])
    assert {"value", "pull", "push", "reverse over reverse", "forward over reverse"} <= set(report.laws)
    assert report.compared > 0 and report.without_derivative == 0


@wide
@pytest.mark.parametrize("scale", mutation.SCALES)
@pytest.mark.parametrize("name", ["tanh", "multiply", "sum", "matmul"])
def test_a_billionth_is_seen_in_double_at_any_scale(name, scale):
    op = damaged(name, "scale")
    with pytest.raises(GradientError):
        check_grads(op, samples_of(op)[0].arrays("float64"), orders=1, scale=scale)


@pytest.mark.parametrize("scale", mutation.SCALES)
@pytest.mark.parametrize("name", ["tanh", "multiply", "sum", "matmul"])
def test_a_hundred_thousandth_is_seen_in_single_at_any_scale(name, scale):
    op = damaged(name, "scale", "float32")
    with pytest.raises(GradientError):
        check_grads(op, samples_of(op)[0].arrays("float32"), orders=1, dtype="float32", scale=scale)


@pytest.mark.parametrize("way", ["sign", "nothing", "wrong axis", "off by one"])
def test_a_wrong_rule_is_seen(way):
    op = damaged("multiply", way)
    with pytest.raises(GradientError):
        check_vjp(op, [normal(3, 4), normal(3, 4)])
    with pytest.raises(GradientError):
        check_jvp(op, [normal(3, 4), normal(3, 4)])


def test_a_missing_conjugate_is_seen():
    with pytest.raises(GradientError):
        check_vjp(damaged("multiply", "conjugate", "complex128"), [normal(3), normal(3)], dtype="complex128")


def test_the_error_says_which_argument_which_element_which_order_both_numbers_and_the_distance():
    op = judged_ops()["multiply"]
    wrong = replace(op.formulas["y"], fn=lambda x: x + (abs(x) > 1e3), names=("x",))
    made = replace(op, formulas={**op.formulas, "y": wrong})
    made.call = mutation.public_function(made)
    x = np.array([[1.0, 2.0], [2000.0, 4.0]])
    with pytest.raises(GradientError) as caught:
        check_vjp(made, [x, x])
    (found,) = (d for d in caught.value.discrepancies if d.law == "pull")
    assert (found.order, found.where, found.index, found.wrong) == (1, "gradient in 'y'", (1, 0), 1)
    assert abs(found.got / found.expected) == pytest.approx(2001 / 2000)
    assert "[1, 0]" in str(caught.value) and "ulps apart" in str(caught.value) and "1 of 4" in str(caught.value)


def test_a_wrong_second_order_is_seen():
    @tapegrad.custom
    def cube(x):
        return x * x * x

    cube.defvjp(lambda x: (x * x * x, tapegrad.stop_gradient(x)), lambda x, g: (g * 3 * x * x,))
    assert check_grads(cube, [normal(3)], orders=1).compared
    with pytest.raises(GradientError, match="order 2"):
        check_grads(cube, [normal(3)])


def test_functions_of_the_standard_face_and_several_outputs():
    def both(x, y):
        return tnp.sum(tnp.sin(x) * y), tnp.exp(x)

    assert check_grads(both, [normal(3, 2), positive(2)]).worst < 1e-10


def test_integers_are_not_differentiated_and_an_order_is_one_or_two():
    assert check_grads(lambda x, i: x * i, [np.array([1.0, 2.0]), np.array([3, 4])]).compared
    with pytest.raises(ValueError, match="choose 1 or 2"):
        check_grads(e.tanh, [normal(3)], orders=3)
    with pytest.raises(ValueError, match="'rev' and 'fwd'"):
        check_grads(e.tanh, [normal(3)], modes=("backward",))


def test_a_kink_is_judged_by_its_two_sides():
    # At a tie any subgradient is right (here: all to one of the two); outside of them none is.
    x = np.array([1.0, 2.0])
    op = judged_ops()["maximum"]

    def of_x(share):
        formulas = {**op.formulas, "x": replace(op.formulas["x"], fn=lambda g: g * share, names=("g",))}
        made = replace(op, formulas=formulas)
        made.call = mutation.public_function(made)
        return made

    for share in (0.0, 0.5, 1.0):
        assert check_vjp(of_x(share), [x, x], argnums=0).compared
    for share in (-0.01, 1.01):
        with pytest.raises(GradientError):
            check_vjp(of_x(share), [x, x], argnums=0)


def seen_by(law, op, args, keywords=None):
    judge = checks.Judge(op.name, "float64")
    law(laws.Case(as_target(op, args, keywords, "float64"), "float64", checks.engine("numpy")), judge)
    return bool(judge.found)


def test_what_tied_inputs_get_is_judged_together():
    # All to both is right for either by itself, and twice the slope where both grow.
    op = judged_ops()["maximum"]
    x = np.array([1.0, 2.0])
    for shares, wrong in (((0.5, 0.5), False), ((1.0, 0.0), False), ((1.0, 1.0), True), ((0.0, 0.0), True)):
        formulas = {
            name: replace(op.formulas[name], fn=lambda g, share=share: g * share, names=("g",))
            for name, share in zip("xy", shares, strict=True)
        }
        made = replace(op, formulas=formulas)
        made.call = mutation.public_function(made)
        assert not seen_by(laws.pull, made, [x, x])
        assert seen_by(laws.shared, made, [x, x]) == wrong


def test_a_rule_that_mistakes_an_output_without_a_cotangent_is_seen():
    op = judged_ops()["normalize"]
    (mutant,) = (m for m in mutation.mutants(op) if m.target == "beta" and m.way == "number off by one")
    sample = samples_of(op)[0]
    for made, wrong in ((op, False), (mutation._damaged(op, mutant), True)):
        assert not seen_by(laws.pull, made, sample.arrays("float64"), sample.keywords)
        assert seen_by(laws.apart, made, sample.arrays("float64"), sample.keywords) == wrong


@wide
@pytest.mark.parametrize(
    "name", sorted(json.loads((Path(__file__).parents[1] / "data" / "special_truth.json").read_text()))
)
def test_the_wide_special_functions_have_mpmaths_numbers(name):
    rows = json.loads((Path(__file__).parents[1] / "data" / "special_truth.json").read_text())[name]
    function, _, order = name.partition("_")
    for at, digits in rows:
        got = SPECIAL[function](*map(np.longdouble, at), **({"n": int(order)} if order else {}))
        truth = np.longdouble(digits)
        assert abs(got - truth) <= 500 * WIDE_EPS * max(abs(truth), 1), at


@wide
@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4), (2, 3, 3), (2, 4, 3)])
def test_the_wide_linear_algebra_is_numpys_with_more_digits(shape, dtype):
    rng = np.random.default_rng(0)
    a = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if dtype is np.clongdouble else 0)
    x = a.astype(dtype)
    rebuilt = {
        "qr": lambda q, r: q @ r,
        "svd": lambda u, s, vh: (u[..., : s.shape[-1]] * s[..., None, :]) @ vh[..., : s.shape[-1], :],
    }
    for name, put_together in rebuilt.items():
        got, double = LINALG[name](x), getattr(np.linalg, name)(a)
        assert np.max(np.abs(put_together(*got) - x)) < 100 * WIDE_EPS
        for ours, theirs in zip(got, double, strict=True):
            if ours.shape == theirs.shape:
                np.testing.assert_allclose(ours.astype(theirs.dtype), theirs, rtol=1e-11, atol=1e-12)
    if shape[-1] == shape[-2]:
        eye = np.eye(shape[-1])
        assert np.max(np.abs(LINALG["inv"](x) @ x - eye)) < 1e4 * WIDE_EPS
        h = x @ np.conj(np.swapaxes(x, -1, -2)) + eye
        lower = LINALG["cholesky"](h)
        assert np.max(np.abs(lower @ np.conj(np.swapaxes(lower, -1, -2)) - h)) < 1e3 * WIDE_EPS
        w, v = LINALG["eigh"](h)
        assert np.max(np.abs(h @ v - v * w[..., None, :])) < 1e4 * WIDE_EPS
        np.testing.assert_allclose(LINALG["det"](x).astype(a.dtype), np.linalg.det(a), rtol=1e-12)


@wide
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_no_op_rounds_its_truth_to_double(dtype):
    rounded = set()
    for name, op in judged_ops().items():
        target = as_target(op, samples_of(op)[0].arrays(dtype), samples_of(op)[0].keywords, dtype)
        if not target.tracked or not _takes(target, dtype):
            continue
        truth = checks.Truth(target, dtype)
        assert truth.is_wide, (name, truth.reason)
        with np.errstate(all="ignore"):
            outs = truth._values([x * (1 + np.longdouble(2) ** -58) for x in truth.inputs])
        parts = [part for out in outs if out.dtype.kind in "fc" for part in (out.real, out.imag)]
        # Of a number that double cannot hold something is left when it is taken away.
        if parts and not any(np.any(part - part.astype(np.float64)) for part in parts):
            rounded.add(name)
    # Nothing below double's digits can be left of whole numbers.
    steps = {"ceil", "floor", "floor_divide", "round", "trunc"}
    assert rounded == ({"heaviside", "imag", "sign", *steps} if dtype == "float64" else {"round"})


@wide
def test_differences_of_what_is_not_smooth_doubt_themselves():
    x = np.array([0.0], np.longdouble)
    found = slopes(lambda v: np.exp(v) + np.abs(v) ** 1.5 * v, x, np.ones(1, np.longdouble), WIDE_EPS)
    assert abs(found.value[0] - 1) <= found.doubt[0] < 1e-3


@wide
@pytest.mark.parametrize("hidden", [0, 1e3, 1e6])
def test_differences_know_their_own_error(hidden):
    # What is added and taken away again leaves its rounding behind, which is in no value's size.
    x = np.concatenate([np.linspace(0.3, 2, 20), np.linspace(-2, -0.3, 20)]).astype(np.longdouble)
    found = jacobian(lambda v: (np.exp(v) / v + hidden) - hidden, x, WIDE_EPS)
    error = np.abs(found.value - np.diag(np.exp(x) / x - np.exp(x) / x**2))
    assert np.all(error <= found.doubt)
    usual = np.sqrt(np.mean(np.diag(error) ** 2))
    assert np.max(found.doubt) < 1e-10 if hidden == 0 else np.median(found.doubt) < 30 * usual  # nor do they doubt all


@wide
def test_noise_that_other_outputs_make_hides_no_wrong_rule():
    # The imaginary parts of these matrices are a ten-thousandth of the real ones, and so is much of the derivative.
    op = judged_ops()["cofactor"]
    args = samples_of(op)[16].arrays("complex128")

    def seen(made, first=None):
        case = laws.Case(as_target(made, args, {}, "complex128"), "complex128", checks.engine("numpy"))
        case.first = case.first if first is None else first
        judge = checks.Judge("cofactor", "complex128")
        laws.push(case, judge)
        laws.pull(case, judge)
        return bool(judge.found), case.first

    wrong, first = seen(op)
    assert not wrong
    for way in ("scale", "sign", "nothing", "wrong axis", "conjugate"):
        assert seen(damaged("cofactor", way, "complex128" if way == "conjugate" else "float64"), first)[0], way


def test_every_op_with_a_derivative_has_twenty_distinct_samples():
    for name, op in judged_ops().items():
        if op.formulas:
            samples = samples_of(op)
            assert len(samples) >= AT_LEAST, name
            texts = {
                (str(s), str([np.asarray(x).tolist() for x in s.arrays("float64") if x is not None])) for s in samples
            }
            assert len(texts) == len(samples), name
