"""Ops have the values that NumPy's and SciPy's functions of the same meaning have, at every sample, on every engine."""

import inspect
import sys
import warnings

import numpy as np
import pytest
from engines import NAMES, engine, on

import tapegrad.numpy as tnp
from tapegrad import autograd, grad
from tapegrad.engines.tables import OPS
from tapegrad.errors import DtypeError, MissingExtraError, NoGradientError
from tapegrad.op.samples import Draw
from tapegrad.ops.special import host_function

SAME = set(
    """
    add subtract multiply divide negative positive square reciprocal remainder fmod floor_divide sqrt cbrt hypot exp
    exp2 expm1 log log1p log2 log10 logaddexp sin cos tan sinh cosh tanh degrees radians abs sign angle conj real imag
    copysign signbit floor ceil trunc round nextafter where maximum minimum fmax fmin heaviside nan_to_num equal
    not_equal less less_equal greater greater_equal isfinite isinf isnan logical_and logical_or logical_xor logical_not
    bitwise_and bitwise_or bitwise_xor sinc sum mean prod max min ptp all any nansum nanprod nanmean nanmax nanmin
    nanmedian median argmax argmin count_nonzero diff trapezoid power quantile nanquantile nonzero
    """.split()  # noqa: SIM905
)


def in_range(function, x, **keywords):
    """A deviation by NumPy's function, whose squares leave the range, of x scaled by a power of two."""
    scale = 2.0 ** np.round(np.log2(np.nanmax(np.abs(x), initial=0) or 1))
    return function(x / scale, **keywords) * scale


def running(function, initial):
    def called(x, axis=0, include_initial=False, **keywords):
        result = function(x, axis, **keywords)
        if not include_initial:
            return result
        return np.insert(result, 0, initial, axis=axis)

    return called


OTHERWISE = {
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "bitwise_invert": np.invert,
    "bitwise_left_shift": np.left_shift,
    "bitwise_right_shift": np.right_shift,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "rcbrt": lambda x: 1 / np.cbrt(x),
    "var": lambda x, correction=0, **k: np.var(x, ddof=correction, **k),
    "std": lambda x, correction=0, **k: in_range(np.std, x, ddof=correction, **k),
    "nanvar": lambda x, correction=0, **k: np.nanvar(x, ddof=correction, **k),
    "nanstd": lambda x, correction=0, **k: in_range(np.nanstd, x, ddof=correction, **k),
    "average": lambda x, weights=None, **k: np.average(x, weights=weights, **k),
    "cumulative_sum": running(np.cumsum, 0),
    "cumulative_prod": running(np.cumprod, 1),
    "clip": lambda x, low=None, high=None: x if low is None and high is None else np.clip(x, low, high),
    "softplus": lambda x: np.logaddexp(0, x),
    "cummax": lambda x, axis=0: np.maximum.accumulate(x, axis=axis),
    "cummin": lambda x, axis=0: np.minimum.accumulate(x, axis=axis),
    "sort": lambda x, axis=-1, descending=False: -np.sort(-x, axis=axis) if descending else np.sort(x, axis=axis),
    "searchsorted": lambda x, values, sorter=None, **k: np.searchsorted(x, values, sorter=sorter, **k),
}

SCIPY = {
    name: name
    for name in (
        *("erf", "erfc", "erfinv", "gammaln", "gamma", "digamma", "betaln", "betainc", "gammainc", "gammaincc", "i0"),
        *("i0e", "i1", "i1e", "xlogy", "xlog1py", "logit", "zeta", "logsumexp"),
    )
} | {"log_sigmoid": "log_expit", "sigmoid": "expit"}


def reference(name):
    if name in OTHERWISE:
        return OTHERWISE[name]
    if name in SAME:
        return getattr(np, name)
    return getattr(pytest.importorskip("scipy.special"), SCIPY[name])


def samples(op):
    for sample in op.samples:
        with_keywords = len(sample) == 2 and isinstance(sample[0], tuple) and isinstance(sample[1], dict)
        draws, keywords = sample if with_keywords else (sample, {})
        rng = np.random.default_rng(3)
        yield [np.asarray(d.draw(rng)) if isinstance(d, Draw) else d for d in draws], keywords


@pytest.mark.parametrize("backend", NAMES, indirect=True)
@pytest.mark.parametrize("name", sorted({*SAME, *OTHERWISE, *SCIPY}))
def test_values(backend, name):
    op = OPS[name]
    for number, (raw, keywords) in enumerate(samples(op)):
        if backend.name == "jax" and number % 4:
            continue  # each new shape costs an eager JAX some 40 ms
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            expected = reference(name)(*raw, **keywords)
            got = op.call(*[None if x is None else on(backend, x) for x in raw], **keywords)
        several = expected if isinstance(expected, tuple) else [expected]
        for one, wanted in zip(got if op.outs else [got], map(np.asarray, several), strict=True):
            assert one.shape == wanted.shape, (number, raw, keywords)
            assert one.dtype.kind == wanted.dtype.kind, (number, one.dtype, wanted.dtype)
            # JAX's gammaln is off by up to 26 ulps, and betaln is a difference of three of them.
            near = 1e-12 if backend.name == "jax" else 3e-14
            np.testing.assert_allclose(one.asnumpy(), wanted, rtol=near, atol=1e-15, err_msg=f"{raw} {keywords}")


@pytest.mark.parametrize("backend", NAMES, indirect=True)
def test_gamma_functions_have_their_derivatives_below_zero(backend):
    special = pytest.importorskip("scipy.special")
    x = np.array([-0.3, -4.5, -7.4, -9.5, -30.2])
    for order in (1, 2, 3):
        slope = tnp.special.gammaln
        for _ in range(order):
            slope = grad(lambda v, f=slope: tnp.sum(f(v)))
        np.testing.assert_allclose(slope(on(backend, x)).asnumpy(), special.polygamma(order - 1, x), rtol=1e-10)
    poles = tnp.special.zeta(2.0, on(backend, np.array([0.0, -3.0])))
    assert np.isposinf(poles.asnumpy()).all()


def test_unique_values_and_their_places():
    x = on(engine("numpy"), [[3.0, 1.0], [1.0, 3.0]])
    values, indices, inverse, counts = OPS["unique_all"].call(x)
    assert (values.tolist(), indices.tolist(), counts.tolist()) == ([1.0, 3.0], [1, 0], [2, 2])
    assert inverse.tolist() == [[1, 0], [0, 1]]


def test_the_largest_few_come_in_order_with_their_places():
    x = on(engine("numpy"), [[3.0, 1.0, 2.0], [5.0, 5.0, 4.0]])
    values, indices = OPS["topk"].call(x, k=2)
    assert (values.tolist(), indices.tolist()) == ([[3.0, 2.0], [5.0, 5.0]], [[0, 2], [0, 1]])
    values, indices = OPS["topk"].call(x, k=1, largest=False)
    assert (values.tolist(), indices.tolist()) == ([[1.0], [4.0]], [[1], [2]])


def test_functions_that_need_scipy_say_so(monkeypatch):
    host_function.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy", None)
    try:
        with pytest.raises(MissingExtraError, match=r"erf\(\) needs 'scipy': pip install 'scipy>=[\d.]+'"):
            OPS["erf"].call(on(engine("numpy"), [0.5]))
    finally:
        host_function.cache_clear()


REFUSED = {
    "an axis that is not there": (lambda x: OPS["sum"].call(x, axis=2), r"sum.*axis 2"),
    "an axis twice": (lambda x: OPS["median"].call(x, axis=(0, -2)), r"median.*twice"),
    "k too large": (lambda x: OPS["topk"].call(x, k=5), r"topk.*k is 5"),
    "a quantile beyond 1": (lambda x: OPS["quantile"].call(x, q=1.5), r"q is 1.5; a quantile lies between 0 and 1"),
    "an unknown method": (lambda x: OPS["quantile"].call(x, q=0.5, method="best"), r"'best'; choose one of 'linear'"),
    "a running sum over two axes": (lambda x: OPS["cumulative_sum"].call(x), r"2 axes.*choose one"),
    "weights of another shape": (lambda x: OPS["average"].call(x, x[0, :2], axis=1), r"weights of shape \(2,\)"),
    "an unknown approximation": (lambda x: OPS["gelu"].call(x, approximate="fast"), r"choose 'none' or 'tanh'"),
}


@pytest.mark.parametrize("backend", NAMES[:2], indirect=True)
@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(backend, case):
    f, words = REFUSED[case]
    with pytest.raises((ValueError, TypeError), match=words):
        f(on(backend, np.ones((3, 4))))


def test_a_number_has_no_axis_to_reduce():
    """NumPy itself lets `numpy.max(3.0, axis=0)` pass."""
    for name in ("sum", "max", "mean", "prod", "all", "count_nonzero", "logsumexp"):
        with pytest.raises(ValueError, match=f"{name}.*axis 0"):
            OPS[name].call(on(engine("numpy"), 3.0), axis=0)


@pytest.mark.parametrize("name", sorted(name for name, op in OPS.items() if op.real))
@pytest.mark.parametrize("backend", NAMES)
def test_functions_of_real_numbers_refuse_complex_ones(name, backend):
    op = OPS[name]
    z = on(engine(backend), [1 + 2j], "complex64")
    given = {key: 1 for key, default in op.keywords.items() if default is inspect.Parameter.empty}
    with pytest.raises(DtypeError, match=rf"^{name}\(\) is a function of real numbers"):
        op.call(*[z] * (len(op.inputs) - len(op.optional)), **given)


def test_order_is_of_real_numbers_only():
    needy = {
        "less",
        "maximum",
        "clip",
        "max",
        "nanmin",
        "sort",
        "argmax",
        "topk",
        "quantile",
        "floor",
        "relu",
        "cummax",
    }
    assert needy <= {name for name, op in OPS.items() if op.real}


@pytest.mark.parametrize("backend", NAMES)
def test_a_dtype_that_an_op_does_not_take_is_named(backend):
    x = on(engine(backend), [1.0], "float32")
    with pytest.raises(DtypeError, match=r"bitwise_and\(\) does not take float32(: .*)?; convert with astype\(\)"):
        OPS["bitwise_and"].call(x, x)


def test_inputs_without_a_rule_are_refused_when_they_are_tracked():
    backend = engine("numpy")
    a, x = on(backend, [1.5]), on(backend, [0.5])
    a.attach_grad()
    with autograd.record(), pytest.raises(NoGradientError, match=r"gammainc\(\) has no derivative in 'a'"):
        OPS["gammainc"].call(a, x)
    with autograd.record(), pytest.raises(NoGradientError, match="nextafter"):
        OPS["nextafter"].call(a, x)
