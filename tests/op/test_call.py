"""What every call of an op holds to: one array used twice, keywords, what is noted of constants, foreign values."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import nd
from tapegrad.engines.tables import OPS
from tapegrad.errors import ShapeError
from tapegrad.op import elementwise
from tapegrad.op import op as general
from tapegrad.op.kinds import ELEMENTWISE, MULTILINEAR
from tests.core.engines import NAMES, engine, on

# One array used twice.

TWICE = sorted(
    name
    for name, op in OPS.items()
    if op.kind in (ELEMENTWISE, MULTILINEAR)
    and len(op.inputs) == 2
    and set(op.formulas) == set(op.inputs)
    and not (op.constant or op.keywords)
    and name not in ("subtract", "multiply_or_zero", "divide_or_zero", "twice_product")
)
MATRICES = {"matmul", "cross", "kron"}


def together(name):
    """f(x) = op(x, x), and the same written with two variables that happen to be equal."""
    call = OPS[name].call
    return (lambda x: call(x, x)), call


@pytest.mark.parametrize("name", TWICE)
def test_one_array_twice_has_the_sum_of_both_derivatives(name):
    once, twice = together(name)
    shape = (3, 3) if name in MATRICES else (3,)
    x = np.random.default_rng(1).uniform(0.5, 1.5, shape)
    try:
        value = once(tnp.asarray(x))
    except tapegrad.errors.TapegradError:
        pytest.skip(f"{name} does not take these operands")
    loss = lambda *args: tnp.sum(twice(*args) * np.arange(1.0, 1.0 + value.size).reshape(value.shape))
    g = tapegrad.grad(lambda x: loss(x, x))(x)
    a, b = tapegrad.grad(loss, (0, 1))(x, x.copy())
    np.testing.assert_allclose(g, a + b, rtol=1e-12, atol=1e-12)
    batched = tapegrad.vmap(tapegrad.grad(lambda x: loss(x, x)))(np.stack([x, x + 0.25]))
    np.testing.assert_allclose(batched[0], g, rtol=1e-12, atol=1e-12)
    outside = tapegrad.grad(lambda xs: tnp.sum(tapegrad.vmap(lambda x: loss(x, x))(xs)))(np.stack([x, x + 0.25]))
    np.testing.assert_allclose(outside, batched, rtol=1e-12, atol=1e-12)


ROOT_OF_SQUARE = lambda x: tnp.sqrt(x * x)

TRANSFORMED = {
    "grad": lambda f: tapegrad.grad(lambda x: tnp.sum(f(x)))(np.zeros(3)),
    "vmap of grad": lambda f: tapegrad.vmap(tapegrad.grad(f))(np.zeros(3)),
    "grad of vmap": lambda f: tapegrad.grad(lambda x: tnp.sum(tapegrad.vmap(f)(x)))(np.zeros(3)),
    "vmap of vmap of grad": lambda f: tapegrad.vmap(tapegrad.vmap(tapegrad.grad(f)))(np.zeros((1, 3)))[0],
    "jvp": lambda f: tapegrad.jvp(f, (np.zeros(3),), (np.ones(3),))[1],
    "vjp": lambda f: tapegrad.vjp(f, np.zeros(3))[1](np.ones(3))[0],
    "jacrev": lambda f: np.diag(tapegrad.jacrev(f)(np.zeros(3))),
    "jacfwd": lambda f: np.diag(tapegrad.jacfwd(f)(np.zeros(3))),
    "checkpoint": lambda f: tapegrad.grad(lambda x: tnp.sum(tapegrad.checkpoint(f)(x)))(np.zeros(3)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("how", TRANSFORMED)
def test_the_root_of_x_times_x_is_flat_at_zero(how):
    assert TRANSFORMED[how](ROOT_OF_SQUARE).tolist() == [0, 0, 0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_the_root_of_x_times_x_is_flat_at_zero_on_every_engine(name):
    x = on(engine(name), [0.0, 2.0], "float32")
    x.attach_grad()
    with tapegrad.record():
        y = tnp.sum(ROOT_OF_SQUARE(x))
    y.backward()
    assert x.grad.tolist() == [0, 1]


# Keywords.

WITH_KEYWORDS = [name for name, op in OPS.items() if op.keywords and op.inputs]


@pytest.fixture
def scaled():
    @elementwise(x=lambda factor: factor, samples=[])
    def scaled_in_tests(xp, x, *, factor=2, parts=()):
        """Scaled."""
        return x * factor

    yield scaled_in_tests
    del OPS["scaled_in_tests"]


def test_no_keyword_swallows_a_tracked_array(scaled):
    with pytest.raises(tapegrad.errors.NoGradientError, match=r"no derivative in 'factor'.*factor.detach"):
        tapegrad.grad(lambda p: scaled(tnp.asarray(3.0), factor=p))(2.0)
    with pytest.raises(tapegrad.errors.NoGradientError, match="'parts'"):
        tapegrad.grad(lambda p: scaled(tnp.asarray(3.0), parts=(1, [p])))(2.0)
    assert tapegrad.grad(lambda p: scaled(p, factor=tnp.asarray(3.0)))(2.0) == 3


@pytest.fixture
def ours():
    """The ops that were there; those that a test defines go with it."""
    before = set(OPS)
    yield
    for name in set(OPS) - before:
        del OPS[name]


def test_a_formula_of_a_third_party_gives_the_shape_of_its_input_or_none(ours):
    @general(x=lambda xp, g, x: xp.sum(g * x), samples=[])
    def all_at_once(xp, x):
        """A formula that has forgotten its axes."""
        return x / 2

    @general(x=lambda: None, samples=[])
    def gone(xp, x):
        """No derivative to speak of."""
        return x / 2

    x = np.arange(3.0)
    for f in (all_at_once, lambda x: all_at_once(2 * x) * x):
        with pytest.raises(ShapeError, match=r"all_at_once\(\) for 'x' gave shape \(\), and x has shape \(3,\)"):
            tapegrad.grad(lambda x, f=f: tnp.sum(f(x)))(x)
    assert tapegrad.grad(lambda x: tnp.sum(gone(x) + x))(x).tolist() == [1, 1, 1]
    assert tapegrad.grad(lambda x: tnp.sum(gone(x)))(x).tolist() == [0, 0, 0]


def test_an_op_that_is_a_function_of_its_own_where_recorded_has_no_formulas():
    with pytest.raises(TypeError, match=r"'twofold'.*leave out x"):

        @general(x=lambda g: g, recorded=lambda x: x + x, samples=[])
        def twofold(xp, x):
            """Twice x."""
            return x + x

    assert "twofold" not in OPS


@pytest.mark.parametrize("name", sorted(WITH_KEYWORDS))
def test_no_keyword_of_an_op_swallows_a_tracked_array(name):
    op = OPS[name]
    x = tnp.asarray(1.0)
    x.attach_grad()
    operands = [tnp.ones((2, 2)) for _ in op.inputs]
    for keyword in op.keywords:
        with tapegrad.record(), pytest.raises(tapegrad.errors.NoGradientError, match=f"'{keyword}'"):
            op.call(*operands, **{**dict.fromkeys(op.keywords), keyword: x})


# What is noted of arrays that are constants.


def test_every_op_says_the_same_of_what_nothing_tracked_went_into():
    a = tnp.asarray([[2.0, 1.0], [1.0, 3.0]])
    with tapegrad.record():
        results = {
            "one output": a * a,
            "keywords": tnp.sum(a),
            "several outputs": tnp.linalg.qr(a).Q,
            "of a number of outputs": tnp.unstack(a)[0],
            "variadic": tnp.concat([a, a]),
            "transfer": a.to("numpy"),
            "promoted": a + tnp.asarray([1, 2]),
        }
    for how, y in results.items():
        with pytest.raises(tapegrad.errors.NotRecordedError, match="no gradient leads from it to a variable"):
            y.backward(tnp.ones(y.shape))
            raise AssertionError(how)


# Foreign values.


@pytest.mark.parametrize("name", NAMES[1:])
def test_host_arrays_move_over_wherever_they_come_in(name):
    backend = engine(name)
    x, host = on(backend, [1.0, 2.0], "float32"), np.asarray([3.0, 4.0], dtype="float32")
    kept = backend.array_types()

    def is_there(*arrays):
        for y in arrays:
            assert isinstance(y, tapegrad.Array) and isinstance(y._value, kept), (y, type(y._value))

    is_there(x + host, host * x, OPS["multiply"].call(host, x), OPS["concat"].call(x, host, axis=0))
    is_there(*tapegrad.vjp(lambda x: x * x, x)[1](host))
    is_there(*tapegrad.jvp(lambda x: x * x, (x,), (host,)))
    rule = tapegrad.custom(lambda x: x * 1).defvjp(lambda x: (x * 1, ()), lambda kept, g: (host,))
    is_there(tapegrad.grad(lambda x: tnp.sum(rule(x)))(x))
    y = on(backend, [1.0, 2.0], "float32")
    y.attach_grad()
    with tapegrad.record():
        z = y * y
    z.backward(host)
    is_there(y.grad)
    assert y.grad.tolist() == [6, 16]
    z = x * 1
    z[0] = np.float32(5)
    z[1:] = host[1:]
    is_there(z)
    is_there(z[np.asarray([1, 0])])


@pytest.mark.parametrize("name", NAMES[1:])
def test_arrays_of_two_engines_are_refused_wherever_they_meet(name):
    backend = engine(name)
    x, other = on(backend, [1.0, 2.0], "float32"), on(tapegrad.get_backend("numpy"), [1.0, 2.0], "float32")
    refused = pytest.raises(tapegrad.errors.MixedBackendsError, match="two backends")
    with refused:
        x + other
    with refused:
        tapegrad.vjp(lambda x: x * x, x)[1](other)
    with refused:
        tapegrad.jvp(lambda x: x * x, (x,), (other,))
    x.attach_grad()
    with tapegrad.record():
        y = x * x
    with refused:
        y.backward(other)


def test_shapes_that_do_not_broadcast_and_dtypes_that_do_not_mix_are_errors_and_no_recursion():
    with pytest.raises(tapegrad.errors.ShapeError, match=r"add\(\(2,\), \(3,\)\)"):
        tnp.ones(2) + tnp.ones(3)
    with pytest.raises(TypeError, match="takes an array for 'y', not a str"):
        tnp.multiply(tnp.ones(2), "x")
    with pytest.raises(TypeError, match="two faces"):
        nd.ones(2) + tnp.ones(2)


def test_a_complex_number_is_not_the_real_one_that_it_equals():
    x = tnp.asarray([1.0, 2.0])
    for real, number in ((3.0, 3 + 0j), (5, 5 + 0j)):
        assert [(x * real).dtype.name, (x * number).dtype.name, (x * real).dtype.name] == [
            "float32",
            "complex64",
            "float32",
        ]
        assert (number - x).dtype.name == "complex64"
    z = np.asarray([complex(2, -0.0)])
    for sign in (0.0, -0.0):
        number = complex(1, sign)
        assert np.signbit((tnp.asarray(z) * number).imag.asnumpy()) == np.signbit((z * number).imag)
