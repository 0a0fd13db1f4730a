"""Keywords and names of NumPy's beyond the common ones: NumPy's values, and derivatives by difference quotients."""

import inspect
import pickle

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.op import registered
from tapegrad.testing import check_grads

DRAW = np.random.default_rng(0).standard_normal
V, W, M, T, SQUARE = DRAW(5), DRAW(5), DRAW((3, 4)), DRAW((2, 3, 4)), DRAW((3, 3))
FOUR = np.array([0.1, 0.2, 0.3, 0.4])
PLACES = np.array([0.0, 1.0, 3.0, 4.0, 7.0])
NUMBERS = np.array([3, 1, 2, 0, 4])


def windows(xp):
    return np.lib.stride_tricks.sliding_window_view if xp is np else tnp.sliding_window_view


CASES = {
    "r_": (V, lambda xp, x: xp.r_[x, 0, 1:3, W, -1:1:3j]),
    "r_ axis": (M, lambda xp, x: xp.r_["-1", x, x]),
    "r_ ndmin": (V, lambda xp, x: xp.r_["0,2", x, W]),
    "r_ start": (V, lambda xp, x: xp.r_["0,2,0", x, W]),
    "c_": (V, lambda xp, x: xp.c_[x, W]),
    "c_ of matrices": (M, lambda xp, x: xp.c_[x, x, np.ones(3)]),
    "mgrid": (V, lambda xp, x: xp.mgrid[0:3, 1:2:3j] * x[0]),
    "ogrid": (V, lambda xp, x: xp.ogrid[0:3, 0:2][1] * x[0]),
    "ix_": (M, lambda xp, x: x[xp.ix_([0, 2], [True, False, True, True])]),
    "s_": (M, lambda xp, x: x[xp.s_[1:, ::2]]),
    "unravel_index": (M, lambda xp, x: x[xp.unravel_index(5, (3, 4))]),
    "ravel_multi_index": (M, lambda xp, x: xp.ravel(x)[xp.ravel_multi_index(([1, 2], [0, 3]), (3, 4))]),
    "tril_indices_from": (M, lambda xp, x: x[xp.tril_indices_from(x, -1)]),
    "triu_indices_from": (M, lambda xp, x: x[xp.triu_indices_from(x, 1)]),
    "diag_indices_from": (SQUARE, lambda xp, x: x[xp.diag_indices_from(x)]),
    "mask_indices": (SQUARE, lambda xp, x: x[xp.mask_indices(3, xp.triu, 1)]),
    "fromfunction": (V, lambda xp, x: xp.fromfunction(lambda i, j: i + j, (2, 5)) * x),
    "gradient of order 2": (V, lambda xp, x: xp.gradient(x, 2.0, edge_order=2)),
    "gradient at places": (V, lambda xp, x: xp.gradient(x, PLACES)),
    "gradient at places of order 2": (V, lambda xp, x: xp.gradient(x, PLACES, edge_order=2)),
    "gradient in places": (V, lambda xp, x: xp.gradient(W, xp.cumsum(x * x + 1.0))),
    "gradient along axes": (M, lambda xp, x: xp.gradient(x, 1.0, PLACES[:4], axis=(0, 1))[1]),
    "pad with constants": (M, lambda xp, x: xp.pad(x, ((1, 2), (0, 1)), constant_values=((1, 2), (3, 4)))),
    "pad of axes by name": (M, lambda xp, x: xp.pad(x, {0: 1, -1: (2, 0)}, mode="edge")),
    "pad ramp to 0": (V, lambda xp, x: xp.pad(x, (2, 1), mode="linear_ramp")),
    "pad ramp": (V, lambda xp, x: xp.pad(x, (2, 1), mode="linear_ramp", end_values=(1.0, 2.0))),
    "pad mean": (M, lambda xp, x: xp.pad(x, 2, mode="mean", stat_length=2)),
    "pad maximum": (M, lambda xp, x: xp.pad(x, 2, mode="maximum")),
    "pad minimum": (M, lambda xp, x: xp.pad(x, 1, mode="minimum")),
    "pad median": (M, lambda xp, x: xp.pad(x, 1, mode="median")),
    "pad reflect odd": (V, lambda xp, x: xp.pad(x, 2, mode="reflect", reflect_type="odd")),
    "pad symmetric odd": (V, lambda xp, x: xp.pad(x, 2, mode="symmetric", reflect_type="odd")),
    "interp period": (V, lambda xp, x: xp.interp(x, np.arange(3.0), np.array([1.0, 5.0, 2.0]), period=3.0)),
    "cross of axes": (SQUARE, lambda xp, x: xp.cross(x, SQUARE, axisa=0, axisb=1, axisc=0)),
    "matvec": (DRAW(4), lambda xp, x: xp.matvec(T, x)),
    "vecmat": (DRAW((2, 3)), lambda xp, x: xp.vecmat(x, T)),
    "cov weights": (M, lambda xp, x: xp.cov(x, fweights=[1, 2, 1, 3], aweights=FOUR)),
    "cov in weights": (FOUR, lambda xp, x: xp.cov(M, aweights=x, ddof=0)),
    "cov columns": (M, lambda xp, x: xp.cov(x, rowvar=False, bias=True)),
    "polyfit": (W, lambda xp, x: xp.polyfit(V, x, 2)),
    "polyfit in places": (V, lambda xp, x: xp.polyfit(x, W, 2)),
    "polyfit in weights": (np.abs(V) + 0.1, lambda xp, x: xp.polyfit(V, W, 1, w=x)),
    "polyfit several": (DRAW((5, 2)), lambda xp, x: xp.polyfit(V, x, 2)),
    "polyfit covariance": (W, lambda xp, x: xp.polyfit(V, x, 1, cov=True)[1]),
    "polyfit covariance of weights": (np.abs(V) + 0.1, lambda xp, x: xp.polyfit(V, W, 1, w=x, cov="unscaled")[1]),
    "polyfit covariance of several": (DRAW((5, 2)), lambda xp, x: xp.polyfit(V, x, 1, w=np.abs(V), cov=True)[1]),
    "polyfit in full": (W, lambda xp, x: xp.polyfit(V, x, 2, w=3 * np.abs(V), full=True)[1]),
    "polyadd": (V, lambda xp, x: xp.polyadd(x, [1.0, 2.0])),
    "polysub": (V, lambda xp, x: xp.polysub([1.0, 2.0], x)),
    "polymul": (V, lambda xp, x: xp.polymul(x, W)),
    "polydiv": (V, lambda xp, x: xp.polydiv(x, [1.0, 2.0])[0]),
    "polydiv rest": (V, lambda xp, x: xp.polydiv(x, [1.0, 2.0, 1.0])[1]),
    "polyder": (V, lambda xp, x: xp.polyder(x, 2)),
    "polyint": (V, lambda xp, x: xp.polyint(x, 2, [1.0, 2.0])),
    "poly": (V, lambda xp, x: xp.poly(x)),
    "roots": (np.array([1.0, -3.0, 2.0, 0.5]), lambda xp, x: xp.sum(xp.real(xp.roots(x)) ** 2)),
    "roots at 0": (np.array([1.0, -3.0, 2.0]), lambda xp, x: xp.sum(xp.abs(xp.roots(xp.r_[0.0, x, 0.0])))),
    "tensorsolve": (DRAW((3, 2, 6)), lambda xp, x: xp.linalg.tensorsolve(x, np.ones((3, 2)))),
    "tensorinv": (DRAW((6, 2, 3)), lambda xp, x: xp.linalg.tensorinv(x, 1)),
    "eigh U": (SQUARE, lambda xp, x: xp.linalg.eigh(x, UPLO="U")[0]),
    "eigvalsh L": (SQUARE, lambda xp, x: xp.linalg.eigvalsh(x, "L")),
    "unwrap": (V, lambda xp, x: xp.unwrap(x * 5)),
    "unwrap period": (M, lambda xp, x: xp.unwrap(x * 50, axis=0, period=3.0)),
    "ldexp": (V, lambda xp, x: xp.ldexp(x, NUMBERS)),
    "frexp": (V, lambda xp, x: xp.frexp(x)[0]),
    "linspace of arrays": (V, lambda xp, x: xp.linspace(x, W, 4, axis=-1)),
    "linspace without end": (V, lambda xp, x: xp.linspace(x, 2.0, 4, endpoint=False)),
    "geomspace": (np.abs(V) + 0.1, lambda xp, x: xp.geomspace(x, 3.0, 4)),
    "logspace": (V, lambda xp, x: xp.logspace(x, 1.0, 4, base=2.0)),
    "full": (V, lambda xp, x: xp.full((2, 5), x)),
    "full_like": (V, lambda xp, x: xp.full_like(np.ones((2, 5)), x)),
    "take clip": (V, lambda xp, x: xp.take(x, [-9, 2, 9], mode="clip")),
    "take wrap": (M, lambda xp, x: xp.take(x, [-9, 2, 9], axis=1, mode="wrap")),
    "unique axis": (np.round(M, 1), lambda xp, x: xp.unique(x, axis=0)),
    "histogram weights": (W, lambda xp, x: xp.histogram(V, bins=3, weights=x)[0]),
    "histogram density": (np.abs(W), lambda xp, x: xp.histogram(V, bins=3, weights=x, density=True)[0]),
    "histogram2d weights": (W, lambda xp, x: xp.histogram2d(V, V * V, bins=[2, 3], weights=x)[0]),
    "histogram2d density": (
        np.abs(W),
        lambda xp, x: xp.histogram2d(V, W, bins=[np.array([-0.5, 0.1, 1.0]), 2], density=True, weights=x)[0],
    ),
    "histogramdd weights": (W, lambda xp, x: xp.histogramdd(T.reshape(3, -1)[:, :5].T, bins=2, weights=x)[0]),
    "sliding windows": (M, lambda xp, x: windows(xp)(x, (2, 3))),
    "sliding windows of an axis": (T, lambda xp, x: windows(xp)(x, 2, axis=1)),
    "setxor1d": (V, lambda xp, x: xp.setxor1d(x, [1.0, 2.0])),
    "trim_zeros": (V, lambda xp, x: xp.trim_zeros(xp.r_[0.0, x, 0.0])),
    "sort of complex numbers": (M, lambda xp, x: xp.real(xp.sort(xp.round(x, 0) + 1j * x, axis=0) * (2 - 1j))),
    "sort_complex": (V, lambda xp, x: xp.real(xp.sort_complex(x * (1 + 1j)))),
    "sinc of complex numbers": (V, lambda xp, x: xp.imag(xp.sinc(x * (1 + 0.5j)))),
    **{
        f"nanpercentile {method}": (
            np.where(M > 1, np.nan, M),
            lambda xp, x, method=method: xp.nanpercentile(x, [30, 75], axis=1, method=method),
        )
        for method in ("lower", "midpoint", "averaged_inverted_cdf", "weibull", "median_unbiased")
    },
    "nanargmax": (V, lambda xp, x: x[xp.nanargmax(x)]),
    "max of complex numbers": (M, lambda xp, x: xp.max(xp.round(x, 0) + 1j * x, axis=1)),
    "min of complex numbers": (M, lambda xp, x: xp.nanmin(xp.where(x > 1.5, np.nan, 1.0 + 1j * x), axis=0)),
    "lexsort": (V, lambda xp, x: x[xp.lexsort((x, np.array([1, 0, 1, 0, 1])))]),
    "vectorize": (V, lambda xp, x: xp.vectorize(lambda a, b: a * b)(x, W)),
    "piecewise arguments": (V, lambda xp, x: xp.piecewise(x, [x < 0], [lambda z, k: z * k, lambda z, k: z], 3.0)),
    "apply_over_axes": (T, lambda xp, x: xp.apply_over_axes(xp.sum, x, (0, 2))),
    "concatenate dtype": (V, lambda xp, x: xp.concatenate([x, [1, 2]], dtype="float64")),
    "where of one": (V, lambda xp, x: x[xp.where(x > 0)]),
    "meshgrid sparse": (V, lambda xp, x: xp.meshgrid(x, W, sparse=True)[0]),
    "windows": (V, lambda xp, x: xp.hanning(5) * x + xp.kaiser(5, 2.0) * x + xp.bartlett(5) + xp.hamming(5)),
    "gcd": (V, lambda xp, x: xp.gcd(NUMBERS, 6) * x + xp.lcm(NUMBERS, 4) + xp.bitwise_count(NUMBERS)),
    "lists": (V, lambda xp, x: xp.multiply([1.0, 2.0, 3.0, 4.0, 5.0], x) + [0.0, 1.0, 2.0, 3.0, 4.0]),
}


@pytest.fixture(autouse=True)
def double():
    with tapegrad.use_default_dtype("float64"):
        yield


@pytest.mark.parametrize("name", CASES)
def test_values_are_numpys_and_derivatives_right(name):
    x, call = CASES[name]
    expected, found = np.asarray(call(np, x)), call(tnp, tnp.asarray(x))
    assert isinstance(found, tapegrad.Array)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-9, atol=1e-12)
    check_grads(lambda z: call(tnp, z), [x], orders=1)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("fill_diagonal", lambda xp, x, v: xp.fill_diagonal(x, v)),
        ("put", lambda xp, x, v: xp.put(x, [0, -1, 5], v)),
        ("place", lambda xp, x, v: xp.place(x, M > 0, v)),
        ("putmask", lambda xp, x, v: xp.putmask(x, M > 0, v)),
    ],
)
def test_functions_that_write_in_place(name, write):
    expected = M.copy()
    write(np, expected, V[:3])
    found = tnp.asarray(M)
    write(tnp, found, tnp.asarray(V[:3]))
    np.testing.assert_array_equal(found.asnumpy(), expected)

    def written(x, v):
        y = x * 1.0
        write(tnp, y, v)
        return y

    check_grads(written, [M, V[:3]], orders=1)
    with pytest.raises(tapegrad.errors.ValueSemanticsError, match=name):
        write(tnp, M.copy(), V[:3])


def test_dtypes_make_arrays_and_are_numpys():
    made = tnp.float32(3)
    assert isinstance(made, tapegrad.Array)
    assert made.dtype == tnp.float32
    assert tnp.float32 == np.dtype("float32")
    assert np.dtype("float32") == tnp.float32
    assert np.dtype(tnp.int8) == np.zeros(1, tnp.int8).dtype == "int8"
    assert {tnp.float64: 1}[np.dtype("float64")] == 1
    assert np.dtype("float64") in {tnp.float64}
    assert isinstance(np.float64(1), tnp.float64)
    assert tnp.issubdtype(tnp.float32, tnp.floating)
    assert tnp.isdtype(tnp.complex64, "complex floating")
    assert pickle.loads(pickle.dumps(tnp.float32)) is tnp.float32
    assert tapegrad.grad(lambda x: tnp.sum(tnp.float64(x) ** 2))(V).tolist() == (2 * V).tolist()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: tnp.pad(V, 1, mode="edge", constant_values=1), TypeError, "constant_values"),
        (lambda: tnp.pad(V, 1, mode=lambda *a: None), ValueError, "mode"),
        (lambda: tnp.gradient(V, edge_order=3), ValueError, "edge_order"),
        (lambda: tnp.take(V, [0], mode="mirror"), ValueError, "mode"),
        (lambda: tnp.linalg.eigh(SQUARE, UPLO="X"), ValueError, "UPLO"),
        (lambda: tnp.gcd(V, 2), tapegrad.errors.DtypeError, "gcd"),
        (lambda: tnp.r_["r", V], ValueError, "r_"),
        (lambda: tnp.asarray_chkfinite([1.0, np.nan]), ValueError, "NaN"),
        (lambda: tnp.sliding_window_view(V, 9), ValueError, "window"),
        (lambda: tnp.zeros(3, 4), TypeError, r"4 is no dtype; lengths .* a tuple such as \(3, 4\)"),
        (lambda: tnp.concatenate(M, V), TypeError, "one argument: put them into a list"),
        (lambda: tnp.stack(1), TypeError, "one argument: put them into a list"),
        (lambda: tnp.linspace(0, 1, num=2.5), TypeError, "num is 2.5"),
        (lambda: tnp.sort(V, kind="bubble"), ValueError, "kind is 'bubble'; choose one of 'quicksort'"),
        (lambda: tnp.asarray(V).sort(kind="bubble"), ValueError, "kind is 'bubble'"),
        (lambda: tnp.where(V > 0, 1.0), TypeError, "both x and y"),
        (lambda: tnp.fft.fft("1"), TypeError, r"Make a number of it: float\(a\)"),
        (lambda: tnp.asarray(None), TypeError, "`return` missing"),
        (lambda: ~tnp.asarray(V), TypeError, r"^bitwise_invert\(\) does not take float64; convert with astype\(\)$"),
        (lambda: -tnp.asarray([True]), TypeError, r"function instead; convert"),
        (lambda: tnp.asarray(V) @ 2, ValueError, r"one axis or more; a number multiplies by \*"),
        (lambda: tnp.asarray(V)[[9]], IndexError, "key=.<indices>"),
        (lambda: tnp.random.default_rng(0).normal(shape=3), TypeError, "^normal.*here it is size="),
        (lambda: tapegrad.scan(max, 0.0, V, unroll=2), TypeError, "unroll.*leave it out"),
        (lambda: tapegrad.use_backend("numpy", dtype="float64"), TypeError, "it takes name="),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def _numeric():
    """The ops that take a number by keyword."""
    return [
        (name, keyword)
        for name, op in registered().items()
        for keyword in op.keywords
        if "float" in str(op.body.__annotations__.get(keyword))
    ]


@pytest.mark.parametrize(("name", "keyword"), _numeric())
def test_a_tracked_number_by_keyword_is_refused(name, keyword):
    op = registered()[name]
    arrays = [tnp.asarray(np.ones((1, 1, 4, 4)))] * max(1, len(op.inputs))

    needed = {other: None for other, default in op.keywords.items() if default is inspect.Parameter.empty}

    def height(number):
        return op.call(*arrays, **{**needed, keyword: number})

    with pytest.raises(tapegrad.errors.NoGradientError, match=rf"{name}\(\) has no derivative in '{keyword}'"):
        tapegrad.grad(height)(0.5)


@pytest.mark.parametrize(
    ("draw", "start"),
    [
        (lambda p: tnp.random.normal(p[0], p[1], (3, 2)), (0.3, 1.5)),
        (lambda p: tnp.random.normal(p[0], 2.0), (0.3, 1.5)),
        (lambda p: tnp.random.uniform(p[0], p[1], 4), (0.3, 1.5)),
        (lambda p: tnp.random.exponential(p[0]), (0.3, 1.5)),
    ],
)
def test_draws_are_differentiable_in_their_parameters(draw, start):
    def seeded(p):
        tnp.random.seed(3)
        return draw(p)

    check_grads(seeded, [np.array(start)], orders=1)
    plain = seeded([np.float64(n).item() for n in start])
    assert np.allclose(seeded(tnp.asarray(start)).asnumpy(), plain.asnumpy(), rtol=1e-12)


INF, NAN = np.inf, np.nan
QUANTILES = ["linear", "lower", "higher", "nearest", "midpoint", "hazen", "weibull", "inverted_cdf"]
QUANTILES += ["averaged_inverted_cdf", "interpolated_inverted_cdf", "median_unbiased", "normal_unbiased"]


@pytest.mark.parametrize(
    "call",
    [
        lambda xp: xp.isclose([1.5, INF, 1.0], [-INF, INF, NAN]),
        lambda xp: xp.allclose(np.array([True]), np.array([True])),
        lambda xp: xp.digitize([0.5, 1.5, 2.5], np.array([2.0, 1.0, 0.0])),
        lambda xp: xp.digitize([0.0, 1.0, 2.5], np.array([2.0, 1.0, 0.0]), right=True),
        lambda xp: xp.interp(0.5, np.array([0.0, 1.0]), np.array([200, 100], np.uint8)),
        lambda xp: xp.vander(np.array([100, -100], np.int8), 3),
        lambda xp: xp.nanmedian(np.array([INF, NAN, INF, 0.0])),
        lambda xp: xp.nanmedian(np.array([-INF, NAN, -INF])),
        lambda xp: xp.fabs(np.array([-3, 2])),
        lambda xp: xp.intersect1d([1, 2, 3], [2.0, 3.5]),
        lambda xp: xp.convolve(2.0, [1.0, 3.0]),
        lambda xp: xp.histogramdd([[0.1, 0.9, 0.4], [0.2, 0.3, 0.8]], bins=2)[0],
    ],
)
def test_values_at_the_edges_are_numpys(call):
    expected, found = np.asarray(call(np)), np.asarray(call(tnp))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("method", QUANTILES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quantiles_of_few_numbers_are_numpys(method, dtype):
    """Where the place is a whole number but for rounding, too."""
    for n in range(1, 13):
        x = np.random.default_rng(n).permutation(n).astype(dtype)
        for q in (0, 0.1, 0.25, 0.3, 1 / 3, 0.4, 0.5, 0.6, 2 / 3, 0.7, 0.8, 0.9, 1):
            for name, values in (("quantile", x), ("nanquantile", np.append(x, np.nan))):
                expected = getattr(np, name)(values, q, method=method)
                assert getattr(tnp, name)(values, q, method=method) == pytest.approx(expected, abs=1e-5), (n, q)


def test_complex_numbers_are_sorted_as_numpy_has_it():
    parts = [1.0, 0.0, np.nan, -1.0]
    z = np.array([complex(a, b) for a in parts for b in parts + [0.5]])
    np.testing.assert_array_equal(tnp.sort(z).asnumpy().view(float), np.sort(z).view(float))
    np.testing.assert_array_equal(tnp.argsort(z), np.argsort(z, stable=True))


@pytest.mark.parametrize("keywords", [{"axis": 1}, {"axis": 0, "keepdims": True}, {"b": -FOUR}])
def test_logsumexp_gives_the_sign_apart(keywords):
    special = pytest.importorskip("scipy.special")
    for x in (M, M + 1j * M[::-1]):
        found = tnp.special.logsumexp(x, return_sign=True, **keywords)
        for part, expected in zip(found, special.logsumexp(x, return_sign=True, **keywords), strict=True):
            np.testing.assert_allclose(part.asnumpy(), expected, rtol=1e-12)
    check_grads(lambda z: tnp.special.logsumexp(z, b=-FOUR, axis=1, return_sign=True)[0], [M])


def test_edges_of_bins_are_in_order():
    with pytest.raises(ValueError, match="digitize"):
        tnp.digitize([0.5], np.array([0.0, 2.0, 1.0]))
