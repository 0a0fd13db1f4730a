"""The functions that NumPy has too: NumPy's values, and derivatives of both orders by difference quotients."""

import inspect

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads
from tapegrad.testing.functions import FUNCTIONS, calls_of, resolve

DRAW = np.random.default_rng(7).standard_normal
V, M, S, T = DRAW(5), DRAW((3, 4)), DRAW((3, 3)), DRAW((2, 3, 4))
P = np.abs(V) + 0.5
SPD = S @ S.T + 2 * np.eye(3)
C = V + 1j * DRAW(5)
HOLES = np.where(np.arange(5) == 2, np.nan, V)

CALLS = {
    "angle deg": (C, lambda xp, x: xp.angle(x, deg=True)),
    "append": (V, lambda xp, x: xp.append(x, x * x)),
    "append axis": (M, lambda xp, x: xp.append(x, x, axis=1)),
    "apply_along_axis": (M, lambda xp, x: xp.apply_along_axis(lambda row: row[:2] * row[1], 1, x)),
    "around": (V, lambda xp, x: x * xp.around(x, 1)),
    "array_split": (V, lambda xp, x: xp.array_split(x * x, 3)[0]),
    "array ndmin": (V, lambda xp, x: xp.array(x[0] * x, ndmin=3) if xp is tnp else np.array(x[0] * x, ndmin=3)),
    "atleast_3d": (M, lambda xp, x: xp.atleast_3d(x * x)),
    "average": (V, lambda xp, x: xp.average(x * x, weights=np.arange(1.0, 6.0))),
    "average by itself": (P, lambda xp, x: xp.average(x, weights=x)),
    "bincount": (V, lambda xp, x: xp.bincount(np.array([0, 1, 1, 3, 0]), weights=x * x)),
    "block": (M, lambda xp, x: xp.block([[x, x * x], [x * x, x]])),
    "broadcast_to": (V, lambda xp, x: xp.broadcast_to(x * x, (2, 5))),
    "cholesky": (SPD, lambda xp, x: xp.linalg.cholesky(x @ x.T)),
    "choose": (V, lambda xp, x: xp.choose(np.array([0, 1, 0, 1, 1]), [x, x * x])),
    "clip old names": (V, lambda xp, x: xp.clip(x, a_min=-0.5, a_max=0.7) ** 2),
    "column_stack": (V, lambda xp, x: xp.column_stack([x, x * x])),
    "compress": (M, lambda xp, x: xp.compress(np.array([True, False, True]), x * x, axis=0)),
    "cond": (SPD, lambda xp, x: xp.linalg.cond(x)),
    "convolve": (V, lambda xp, x: xp.convolve(x, x[:3])),
    "convolve same": (V, lambda xp, x: xp.convolve(x, x[:2], "same")),
    "correlate": (V, lambda xp, x: xp.correlate(x, x[:3], "full")),
    "corrcoef": (M, lambda xp, x: xp.corrcoef(x)),
    "cov": (M, lambda xp, x: xp.cov(x, ddof=0)),
    "cov columns": (M, lambda xp, x: xp.cov(x, rowvar=False)),
    "cross": (S, lambda xp, x: xp.cross(x, x[::-1])),
    "cumprod": (V, lambda xp, x: xp.cumprod(x)),
    "cumsum": (M, lambda xp, x: xp.cumsum(x * x)),
    "delete": (V, lambda xp, x: xp.delete(x * x, [1, -1])),
    "det": (S, lambda xp, x: xp.linalg.det(x)),
    "diag": (V, lambda xp, x: xp.diag(x * x, 1)),
    "diagflat": (S, lambda xp, x: xp.diagflat(x * x)),
    "diagonal": (M, lambda xp, x: xp.diagonal(x * x, 1)),
    "diff": (V, lambda xp, x: xp.diff(x * x, 2)),
    "diff with ends": (V, lambda xp, x: xp.diff(x * x, prepend=0.0, append=1.0)),
    "dot": (M, lambda xp, x: xp.dot(x, x.T)),
    "dot of many": (T, lambda xp, x: xp.dot(x, x[0].T)),
    "dsplit": (T, lambda xp, x: xp.dsplit(x * x, 2)[1]),
    "dstack": (M, lambda xp, x: xp.dstack([x, x * x])),
    "ediff1d": (M, lambda xp, x: xp.ediff1d(x * x)),
    "eigh values": (SPD, lambda xp, x: xp.linalg.eigh(x + x.T)[0]),
    "einsum": (M, lambda xp, x: xp.einsum("ij,kj->ik", x, x)),
    "einsum by labels": (M, lambda xp, x: xp.einsum(x, [0, 1], x, [2, 1], [0, 2])),
    "extract": (V, lambda xp, x: xp.extract(V > 0, x * x)),
    "fft": (V, lambda xp, x: xp.fft.fft(x * x, 7)),
    "fft2": (M, lambda xp, x: xp.fft.fft2(x)),
    "fftshift": (V, lambda xp, x: xp.fft.fftshift(x * x)),
    "flip": (M, lambda xp, x: xp.flip(x * x)),
    "fliplr": (M, lambda xp, x: xp.fliplr(x * x)),
    "float_power": (P, lambda xp, x: xp.float_power(x, 2.5)),
    "full_like": (V, lambda xp, x: xp.full_like(x, 2.0) * x),
    "gradient": (M, lambda xp, x: xp.gradient(x * x, 0.5, axis=1)),
    "hsplit": (M, lambda xp, x: xp.hsplit(x * x, 2)[1]),
    "hstack": (M, lambda xp, x: xp.hstack([x, x * x])),
    "inner": (M, lambda xp, x: xp.inner(x, x)),
    "insert": (M, lambda xp, x: xp.insert(x * x, 1, x[:, 0], axis=1)),
    "interp": (V, lambda xp, x: xp.interp(np.linspace(-1.0, 4.5, 9), np.arange(5.0), x * x)),
    "inv": (SPD, lambda xp, x: xp.linalg.inv(x)),
    "irfft2": (M, lambda xp, x: xp.fft.irfft2(xp.fft.rfft2(x * x))),
    "kron": (M, lambda xp, x: xp.kron(x, x[0])),
    "linspace": (V, lambda xp, x: xp.linspace(x[0], x[1] ** 2, 4)),
    "logaddexp2": (V, lambda xp, x: xp.logaddexp2(x, x * x)),
    "lstsq": (M, lambda xp, x: xp.linalg.lstsq(x.T, np.arange(4.0), rcond=None)[0]),
    "matrix_power": (S, lambda xp, x: xp.linalg.matrix_power(x, 3)),
    "max": (M, lambda xp, x: xp.max(x * x, axis=1)),
    "mean": (M, lambda xp, x: xp.mean(x * x, axis=(0, 1), keepdims=True)),
    "median": (V, lambda xp, x: xp.median(x * x)),
    "meshgrid": (V, lambda xp, x: xp.meshgrid(x, x * x)[1]),
    "modf": (V, lambda xp, x: xp.modf(3 * x)[0] ** 2),
    "moveaxis": (T, lambda xp, x: xp.moveaxis(x * x, 0, -1)),
    "multi_dot": (M, lambda xp, x: xp.linalg.multi_dot([x, x.T, x])),
    "nan_to_num": (HOLES, lambda xp, x: xp.nan_to_num(x) ** 2),
    "nancumprod": (HOLES, lambda xp, x: xp.nancumprod(x)),
    "nancumsum": (HOLES, lambda xp, x: xp.nancumsum(x * x)),
    "nanmax": (HOLES, lambda xp, x: xp.nanmax(x) ** 2),
    "nanmean": (HOLES, lambda xp, x: xp.nanmean(x * x)),
    "nanmedian": (HOLES, lambda xp, x: xp.nanmedian(x) ** 2),
    "nanprod": (HOLES, lambda xp, x: xp.nanprod(x)),
    "nanquantile": (HOLES, lambda xp, x: xp.nanquantile(x, 0.3) ** 2),
    "nanstd": (HOLES, lambda xp, x: xp.nanstd(x, ddof=1)),
    "nansum": (HOLES, lambda xp, x: xp.nansum(x * x)),
    "nanvar": (HOLES, lambda xp, x: xp.nanvar(x)),
    "norm of a vector": (V, lambda xp, x: xp.linalg.norm(x, 3)),
    "norm of a matrix": (S, lambda xp, x: xp.linalg.norm(x, "nuc")),
    "norm by axis": (T, lambda xp, x: xp.linalg.norm(x, axis=(0, 2))),
    "outer": (V, lambda xp, x: xp.outer(x, x * x)),
    "pad": (M, lambda xp, x: xp.pad(x * x, ((1, 0), (2, 1)), constant_values=3.0)),
    "pad edge": (V, lambda xp, x: xp.pad(x * x, 2, mode="edge")),
    "pad reflect": (V, lambda xp, x: xp.pad(x * x, 2, mode="reflect")),
    "percentile": (V, lambda xp, x: xp.percentile(x * x, 40)),
    "piecewise": (V, lambda xp, x: xp.piecewise(x, [V < 0, V >= 0], [lambda z: z**2, lambda z: z**3])),
    "pinv": (M, lambda xp, x: xp.linalg.pinv(x)),
    "polyval": (V, lambda xp, x: xp.polyval(x[:3], x)),
    "prod": (V, lambda xp, x: xp.prod(x)),
    "ptp": (V, lambda xp, x: xp.ptp(x * x)),
    "qr": (M, lambda xp, x: xp.linalg.qr(x.T)[1] ** 2),
    "quantile": (M, lambda xp, x: xp.quantile(x * x, 0.6, axis=1)),
    "quantiles": (M, lambda xp, x: xp.quantile(x * x, [[0.1, 0.6], [0.2, 1.0]], axis=1)),
    "nanquantiles": (HOLES, lambda xp, x: xp.nanquantile(x, [0.3, 0.9]) ** 2),
    "ravel": (M, lambda xp, x: xp.ravel(x * x)),
    "repeat": (M, lambda xp, x: xp.repeat(x * x, [1, 2, 0], axis=0)),
    "reshape": (M, lambda xp, x: xp.reshape(x * x, (2, -1))),
    "resize": (V, lambda xp, x: xp.resize(x * x, (2, 4))),
    "roll": (M, lambda xp, x: xp.roll(x * x, (1, -1), (0, 1))),
    "rollaxis": (T, lambda xp, x: xp.rollaxis(x * x, 2)),
    "rot90": (M, lambda xp, x: xp.rot90(x * x)),
    "select": (V, lambda xp, x: xp.select([V < -0.5, V < 0.5], [x**2, x**3], default=1.0)),
    "slogdet": (SPD, lambda xp, x: xp.linalg.slogdet(x)[1]),
    "solve": (SPD, lambda xp, x: xp.linalg.solve(x, x[0])),
    "sort": (V, lambda xp, x: xp.sort(x * x)),
    "split": (V, lambda xp, x: xp.split(x * x, [2, 3])[2]),
    "squeeze": (V, lambda xp, x: xp.squeeze(x[None, :, None] ** 2)),
    "stack": (V, lambda xp, x: xp.stack([x, x * x], axis=1)),
    "std": (M, lambda xp, x: xp.std(x, axis=0, ddof=1)),
    "svd": (M, lambda xp, x: xp.linalg.svd(x, full_matrices=False)[1]),
    "swapaxes": (T, lambda xp, x: xp.swapaxes(x * x, 0, 2)),
    "take": (M, lambda xp, x: xp.take(x * x, [0, 0, 2], axis=0)),
    "take_along_axis": (M, lambda xp, x: xp.take_along_axis(x * x, np.array([[0], [3], [1]]), axis=1)),
    "tensordot": (T, lambda xp, x: xp.tensordot(x, x, axes=([0, 2], [0, 2]))),
    "tile": (M, lambda xp, x: xp.tile(x * x, (2, 1, 2))),
    "trace": (M, lambda xp, x: xp.trace(x * x, 1)),
    "trapezoid": (V, lambda xp, x: xp.trapezoid(x, x * x)),
    "tril": (M, lambda xp, x: xp.tril(x * x, 1)),
    "triu": (M, lambda xp, x: xp.triu(x * x, -1)),
    "unique": (V, lambda xp, x: xp.unique(x * x)),
    "vander": (V, lambda xp, x: xp.vander(x, 4)),
    "var": (M, lambda xp, x: xp.var(x, axis=1)),
    "vdot": (M, lambda xp, x: xp.vdot(x, x * x)),
    "vecdot": (M, lambda xp, x: xp.vecdot(x, x * x)),
    "vsplit": (M, lambda xp, x: xp.vsplit(x * x, 3)[1]),
    "vstack": (V, lambda xp, x: xp.vstack([x, x * x])),
    "methods": (M, lambda xp, x: (x * x).sum(axis=0).cumsum().reshape(2, 2).T.dot(x.ravel()[:2]) + x.std()),
    "methods by columns": (
        M,
        lambda xp, x: x.reshape(x.shape[::-1], order="F") + (x * x).flatten("F").reshape(x.shape[::-1]),
    ),
    "methods with options": (
        M,
        lambda xp, x: x.compress([True], axis=0).copy("C") * x.astype(dtype="float64", order="C", casting="safe")[:1],
    ),
    "methods of shape": (M, lambda xp, x: x.transpose(1, 0).swapaxes(0, 1).flatten().take([0, 5]).clip(-1, 1) ** 2),
}


@pytest.fixture(autouse=True)
def doubles():
    with tapegrad.use_default_dtype("float64"):
        yield


def height(xp, found):
    """One number of a result, by uneven weights, so that its slope is the gradient of all its elements."""
    weights = np.cos(np.arange(float(np.prod(found.shape)))).reshape(found.shape)
    total = xp.sum(xp.real(found) * weights)
    return total + xp.sum(xp.imag(found) * weights[::-1]) if np.dtype(found.dtype).kind == "c" else total


def test_a_reshape_may_be_asked_for_a_copy():
    x = tnp.zeros((2, 3))
    for y in (x.reshape(6, copy=True), tnp.reshape(x, 6, copy=True), tnp.reshape(x, 6)):
        assert x.item(0) == 0
        y += 1
    assert x.item(0, 0) == 1
    with pytest.raises(TypeError, match="float64 to int32 is no 'safe' cast"):
        x.astype("int32", casting="safe")


@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys(name):
    x, call = CALLS[name]
    expected, found = np.asarray(call(np, x)), call(tnp, tnp.asarray(x))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found.asnumpy(), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", CALLS)
def test_derivatives_of_first_and_second_order(name):
    x, call = CALLS[name]

    def along(way):
        return lambda z: tnp.sum(tapegrad.grad(lambda y: height(tnp, call(tnp, y)))(z) * np.conj(way))

    gradient = tapegrad.grad(lambda z: height(tnp, call(tnp, z)))(x)
    draw, step = np.random.default_rng(1), 1e-6
    ways = [draw.standard_normal(x.shape) * (1 if x.dtype.kind == "f" else 1 + 0.3j) for _ in range(2)]
    for way in ways:
        quotient = (
            height(np, np.asarray(call(np, x + step * way))) - height(np, np.asarray(call(np, x - step * way)))
        ) / (2 * step)
        assert np.nansum(gradient * np.conj(way)).real == pytest.approx(quotient, rel=2e-6, abs=2e-7)
    if x.dtype.kind == "c" or np.isnan(x).any():
        return
    way, other = ways
    second = tapegrad.grad(along(way))(x)
    up, down = (float(along(way)(tnp.asarray(x + sign * step * other))) for sign in (1, -1))
    assert np.vdot(second, other) == pytest.approx((up - down) / (2 * step), rel=5e-5, abs=5e-6)


def test_what_has_no_gradient_says_so():
    with pytest.raises(tapegrad.errors.NoGradientError, match="jump"):
        tapegrad.grad(lambda x: tnp.sum(tnp.histogram(x)[0] * 1.0))(V)


@pytest.mark.parametrize(
    ("name", "keywords"),
    [("sin", {"out": None}), ("sin", {"where": True}), ("sum", {"weights": None}), ("take", {"keepdims": True})],
)
def test_a_keyword_that_is_not_there_is_refused_by_name(name, keywords):
    arguments = (tnp.asarray(V), [0]) if name == "take" else (tnp.asarray(V),)
    with pytest.raises(TypeError, match=next(iter(keywords))):
        getattr(tnp, name)(*arguments, **keywords)


MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, True, True]])
REDUCED = [
    ("sum", {"where": MASK}),
    ("sum", {"where": MASK, "axis": 1, "keepdims": True, "initial": 2.5}),
    ("sum", {"axis": 0, "initial": 1.0, "dtype": np.float64}),
    ("prod", {"where": MASK, "axis": (0, 1), "initial": -2.0}),
    ("mean", {"where": MASK, "axis": -1}),
    ("mean", {"where": MASK[:, :1], "axis": 0, "keepdims": True}),
    ("var", {"where": MASK, "axis": 1, "ddof": 1}),
    ("var", {"axis": 0, "mean": np.zeros((1, 4))}),
    ("std", {"where": MASK, "keepdims": True}),
    ("max", {"where": MASK, "initial": -9.0, "axis": 1}),
    ("min", {"where": MASK, "initial": 0.1}),
    ("nansum", {"where": MASK, "axis": 0}),
    ("nanprod", {"where": MASK, "initial": 3.0}),
    ("nanmean", {"where": MASK, "axis": 1}),
    ("nanvar", {"where": MASK, "axis": 1, "ddof": 1}),
    ("nanmax", {"where": MASK, "initial": -9.0, "axis": 0}),
    ("nanmin", {"initial": -0.2, "axis": 0}),
]


@pytest.mark.parametrize(("name", "keywords"), REDUCED)
def test_reductions_of_what_is_where(name, keywords):
    x = np.random.default_rng(3).standard_normal((3, 4))
    ours = getattr(tnp, name)
    assert np.allclose(ours(tnp.asarray(x), **keywords).asnumpy(), getattr(np, name)(x, **keywords), rtol=1e-12)
    check_grads(lambda z: ours(z, **keywords), [x], orders=1)


def test_where_and_initial_are_refused_or_differentiated_as_arrays():
    x = np.array([1.0, 5.0, 2.0])
    with pytest.raises(ValueError, match="initial"):
        tnp.max(tnp.asarray(x), where=tnp.asarray([True, False, True]))
    check_grads(lambda z, i: tnp.sum(z, initial=i) + tnp.max(z, initial=i), [x, np.array(6.0)], orders=1)
    assert not tnp.all(tnp.asarray([1, 0]), where=tnp.asarray([True, True]))
    assert tnp.all(tnp.asarray([1, 0]), where=tnp.asarray([True, False]))
    assert tnp.max(tnp.asarray([]), initial=3.0).item() == 3.0
    with pytest.raises(tapegrad.errors.NoGradientError, match="ddof"):
        tapegrad.grad(lambda d: tnp.var(tnp.asarray(x), ddof=d))(1.0)


def _functions_of_numpy(name):
    theirs = getattr(np, name, None)
    # The ops `real` and `imag` call their operand x.
    return callable(theirs) and not isinstance(theirs, (type, np.ufunc)) and name not in ("real", "imag")


@pytest.mark.parametrize("name", sorted({n for n in tnp.__all__ if _functions_of_numpy(n)}))
def test_arguments_have_the_names_of_numpy(name):
    """What a program says by name, it may say here: every array argument of a function bears NumPy's name."""
    try:
        theirs = list(inspect.signature(getattr(np, name)).parameters.values())
    except ValueError:
        pytest.skip("NumPy's function does not tell its parameters")
    ours = inspect.signature(getattr(tnp, name)).parameters
    needed = [p.name for p in theirs if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
    assert [n for n in needed if n not in ours or ours[n].kind is inspect.Parameter.POSITIONAL_ONLY] == []


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_convolutions_of_long_sequences_lay_out_no_windows(dtype, mode):
    import tracemalloc

    rng = np.random.default_rng(0)
    turn = 1 + 1j if dtype == "complex128" else 1.0
    x, k = (rng.normal(size=n) * turn for n in (2000, 1500))
    weights = rng.normal(size=np.convolve(x, k, mode).size)

    def total(x, k):
        return tnp.real(tnp.sum(tnp.convolve(x, k, mode) * weights))

    tracemalloc.start()
    gradients = tapegrad.grad(total, argnums=(0, 1))(x, k)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2000 * 1500 * 8 / 3  # all windows laid out take 24 MB, of complex numbers 48
    for i, gradient in enumerate(gradients):
        # It is linear in each, so that the slope in a direction is the value there.
        direction = rng.normal(size=gradient.size)
        along = [direction if j == i else part for j, part in enumerate((x, k))]
        assert np.sum(gradient.real * direction) == pytest.approx(float(total(*map(tnp.asarray, along))), rel=1e-9)


@pytest.mark.parametrize("face", ["numpy.", "nd."])
def test_no_dtype_depends_on_the_default_where_arrays_have_one(face):
    for name in filter(lambda name: name.startswith(face), FUNCTIONS):
        for call in calls_of(name):
            found = []
            for default in ("float32", "float64"):
                with tapegrad.use_default_dtype(default):
                    arrays = [resolve(face + "array")(x, dtype=x.dtype) for x in call.arrays("float32")]
                    parts = tapegrad.tree.leaves(call.call(*arrays, **call.keywords))
                found.append([str(getattr(part, "dtype", None)) for part in parts])
            assert found[0] == found[1], call
