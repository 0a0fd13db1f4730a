"""`tnp.random.default_rng`: NumPy's numbers to the bit, and derivatives of draws by differences and by their means."""

import copy
import pickle

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import ArgumentError, ArgumentTypeError, NoGradientError, RandomnessError, ShapeError

MEAN, COV = [1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]]
LOCATED = {
    "normal": (1.0, 2.0),
    "uniform": (-1.0, 2.0),
    "exponential": (2.0,),
    "laplace": (1.0, 2.0),
    "logistic": (1.0, 2.0),
    "gumbel": (1.0, 2.0),
    "lognormal": (0.1, 0.2),
    "rayleigh": (2.0,),
    "weibull": (1.5,),
    "pareto": (3.0,),
    "power": (2.0,),
    "multivariate_normal": (MEAN, COV),
}
IMPLICIT = {
    "standard_gamma": (0.7,),
    "gamma": (2.5, 2.0),
    "chisquare": (3.0,),
    "beta": (0.5, 2.0),
    "dirichlet": ([0.5, 1.0, 2.0],),
}
CONSTANT = {
    "standard_t": (3.0,),
    "f": (3.0, 4.0),
    "noncentral_chisquare": (3.0, 4.0),
    "noncentral_f": (3.0, 4.0, 1.0),
    "triangular": (0.0, 1.0, 2.0),
    "vonmises": (0.0, 1.0),
    "wald": (1.0, 2.0),
    "poisson": (3.0,),
    "binomial": (10, 0.3),
    "negative_binomial": (3, 0.3),
    "geometric": (0.3,),
    "hypergeometric": (5, 6, 4),
    "logseries": (0.4,),
    "zipf": (2.5,),
    "multinomial": (10, [0.2, 0.3, 0.5]),
}
PLAIN = {"random": (), "standard_normal": (), "standard_exponential": (), "standard_cauchy": (), "integers": (3, 9)}
ROWS = np.arange(12).reshape(3, 4)


def draw(space, name, parameters, size=(2, 3)):
    method = {"method": "cholesky"} if name == "multivariate_normal" else {}
    return getattr(space.random.default_rng(3), name)(*parameters, size=size, **method)


def rounded(x):
    return x.astype(np.float32) if x.dtype == np.float64 else x


@pytest.mark.parametrize("name", {**PLAIN, **LOCATED, **IMPLICIT, **CONSTANT})
def test_numbers_are_numpys_rounded(name):
    parameters = {**PLAIN, **LOCATED, **IMPLICIT, **CONSTANT}[name]
    for size in (None, 4, (2, 3)):
        expected = rounded(np.asarray(draw(np, name, parameters, size)))
        found = draw(tnp, name, parameters, size)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.asnumpy(), expected)


@pytest.mark.parametrize("name", {**LOCATED, **IMPLICIT})
def test_arrays_for_parameters_give_the_same_numbers(name):
    parameters = {**LOCATED, **IMPLICIT}[name]
    arrays = [tnp.asarray(p, dtype="float64") for p in parameters]
    found = draw(tnp, name, arrays)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found.asnumpy(), draw(np, name, parameters), rtol=1e-12)


@pytest.mark.parametrize("backend", ["strict", "jax"], indirect=True)
def test_a_seed_gives_the_same_numbers_on_every_engine(backend):
    with tapegrad.use_backend(backend):
        rng, host = tnp.random.default_rng([1, 2]), np.random.default_rng([1, 2])
        np.testing.assert_array_equal(rng.normal(size=9).asnumpy(), host.normal(size=9).astype(np.float32))
        np.testing.assert_array_equal(rng.permutation(ROWS).asnumpy(), host.permutation(ROWS))


@pytest.mark.parametrize("name", LOCATED)
def test_derivatives_of_what_has_a_location_and_a_scale(name):
    arrays = [tnp.asarray(p, dtype="float64") for p in LOCATED[name]]

    def total(*parameters):
        return (draw(tnp, name, parameters, 3) ** 2).sum()

    gradients = tapegrad.grad(total, argnums=tuple(range(len(arrays))))(*arrays)
    directions = [np.eye(2) + 1 if p.ndim == 2 else np.ones(p.shape) for p in arrays]
    ahead, behind = (total(*(p + h * d for p, d in zip(arrays, directions, strict=True))).item() for h in (1e-6, -1e-6))
    along = sum((g.asnumpy() * d).sum() for g, d in zip(gradients, directions, strict=True))
    assert along == pytest.approx((ahead - behind) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "parameters", "slopes"),
    [("gamma", (1.7, 2.0), (2.0, 1.7)), ("chisquare", (3.0,), (1.0,)), ("beta", (1.3, 0.8), (0.8 / 4.41, -1.3 / 4.41))],
)
def test_derivatives_of_implicit_draws_have_the_slopes_of_the_mean(name, parameters, slopes):
    arrays = [tnp.asarray(p, dtype="float64") for p in parameters]
    mean = tapegrad.grad(lambda *p: draw(tnp, name, p, 1000).mean(), argnums=tuple(range(len(arrays))))
    np.testing.assert_allclose([g.item() for g in mean(*arrays)], slopes, rtol=0.1)


def test_a_gamma_variate_moves_so_that_its_rank_stays():
    from scipy import special

    a, step = np.array([0.3, 2.0, 40.0]), 1e-5
    x = draw(tnp, "standard_gamma", (tnp.asarray(a),), None).asnumpy()
    slope = tapegrad.elementwise_grad(lambda a: draw(tnp, "standard_gamma", (a,), None))(tnp.asarray(a)).asnumpy()
    rank = special.gammainc(a, x)
    expected = (special.gammaincinv(a + step, rank) - special.gammaincinv(a - step, rank)) / (2 * step)
    np.testing.assert_allclose(slope, expected, rtol=1e-7)


@pytest.mark.parametrize("name", CONSTANT)
def test_draws_without_a_derivative_refuse_a_tracked_parameter(name):
    x = tnp.asarray(CONSTANT[name][-1], dtype="float64")
    with pytest.raises(NoGradientError, match=rf"{name}: .*pass x\.detach\(\)"):
        tapegrad.grad(lambda x: draw(tnp, name, (*CONSTANT[name][:-1], x)).sum() * 1.0)(x)


def test_a_second_derivative_of_an_implicit_draw_is_refused():
    with pytest.raises(NoGradientError, match="gamma_slope"):
        tapegrad.grad(tapegrad.grad(lambda a: tnp.random.default_rng(0).gamma(a)))(tnp.asarray(2.0))


@pytest.mark.parametrize(
    "act",
    [
        lambda rng: rng.permutation(7),
        lambda rng: rng.permutation(ROWS, axis=1),
        lambda rng: rng.permuted(ROWS, axis=1),
        lambda rng: rng.permuted(ROWS, axis=0),
        lambda rng: rng.permuted(ROWS),
        lambda rng: rng.choice(ROWS, 2, axis=1, replace=False),
        lambda rng: rng.choice(3, 5, p=[0.5, 0.0, 0.5]),
        lambda rng: rng.spawn(2)[1].integers(9, size=4, dtype="int32"),
        lambda rng: rng.random(3, dtype="float32"),
        lambda rng: copy.deepcopy(rng).integers(99, endpoint=True),
        lambda rng: pickle.loads(pickle.dumps(rng)).integers(99),
    ],
)
def test_orders_and_choices_are_numpys(act):
    found, expected = (np.asarray(act(space.random.default_rng(5))) for space in (tnp, np))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_shuffle_writes_as_numpys_does():
    x, host = tnp.asarray(ROWS), ROWS.copy()
    tnp.random.default_rng(5).shuffle(x)
    np.random.default_rng(5).shuffle(host)
    np.testing.assert_array_equal(x.asnumpy(), host)


def test_draws_under_vmap_say_what_they_mean():
    draws = lambda a: tnp.random.default_rng(0).gamma(a)
    a = tnp.asarray([2.0, 2.0])
    with pytest.raises(RandomnessError):
        tapegrad.vmap(lambda a: rng.normal(a))(a) if (rng := tnp.random.default_rng(0)) else None
    first, second = tapegrad.vmap(tapegrad.grad(draws), randomness="different")(a).tolist()
    assert first != second


def test_a_compiled_function_draws_anew_at_each_call():
    rng, beside = tnp.random.default_rng(1), tnp.random.default_rng(1)
    noisy = tapegrad.compile(lambda x: x + rng.normal(size=2))
    for _ in range(4):
        assert (noisy(tnp.zeros(2)) == beside.normal(size=2)).all()
    assert noisy.stats()["replays"] and not noisy.stats()["eager"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda rng: tnp.random.default_rng(-1), ArgumentError),
        (lambda rng: tnp.random.default_rng("x"), ArgumentTypeError),
        (lambda rng: rng.normal(0.0, -1.0), ArgumentError),
        (lambda rng: rng.normal(size=-1), ArgumentError),
        (lambda rng: rng.choice(3, 5, replace=False), ArgumentError),
        (lambda rng: rng.permutation(tnp.asarray(1.0)), ShapeError),
        (lambda rng: rng.shuffle([1, 2]), ArgumentTypeError),
        (lambda rng: rng.integers(3, dtype="float32"), ArgumentTypeError),
    ],
)
def test_what_is_wrong_is_one_of_our_errors(wrong, error):
    with pytest.raises(error):
        wrong(tnp.random.default_rng(0))
