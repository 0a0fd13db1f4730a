"""One graph over two engines has the gradients of the same graph on one."""

import importlib.util

import numpy as np
import pytest

import tapegrad
from tapegrad.errors import MixedBackendsError, UnknownBackendError
from tapegrad.op import registered

OPS = {name: op.call for name, op in registered().items()}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 4)).astype("float32")
W = RNG.standard_normal((4, 3)).astype("float32")
V = RNG.standard_normal((3, 2)).astype("float32")

MODULES = {"jax": "jax", "strict": "array_api_strict", "torch": "torch", "dask": "dask", "cupy": "cupy"}


@pytest.fixture(params=MODULES)
def engine(request):
    if importlib.util.find_spec(MODULES[request.param]) is None:
        pytest.skip(f"{MODULES[request.param]} is not installed")
    rows = {info.name: info for info in tapegrad.list_backends()}
    row = rows.get(request.param)
    if row is None or not row.usable:
        pytest.skip(row.reason if row else f"no plug-in for {request.param} is installed")
    return request.param


def halves(x, w, v, move):
    """The first half, a journey, the second half."""
    h = move(OPS["tanh"](x @ w), "there")
    y = OPS["sum"](OPS["exp"](h @ move(OPS["positive"](v), "there")) * h[:, :1])
    return move(y, "back")


def spanning(engine):
    return lambda x, w, v: halves(x, w, v, lambda a, way: a.to(engine if way == "there" else "numpy"))


def at_home(x, w, v):
    return halves(x, w, v, lambda a, way: a)


def close(found, wanted):
    for a, b in zip(found, wanted, strict=True):
        assert isinstance(a, np.ndarray) or np.isscalar(a) or isinstance(a, np.generic)
        # Class I3, and class I1 of exp and tanh on the way, of the largest element.
        assert np.max(np.abs(a - b)) <= 32 * np.finfo("float32").eps * np.max(np.abs(b))


def test_gradients(engine):
    every = (0, 1, 2)
    close(tapegrad.grad(spanning(engine), argnums=every)(X, W, V), tapegrad.grad(at_home, argnums=every)(X, W, V))


def test_second_order(engine):
    def squared(f):
        return lambda x: OPS["sum"](OPS["square"](tapegrad.grad(f)(x, W, V)))

    close([tapegrad.grad(squared(spanning(engine)))(X)], [tapegrad.grad(squared(at_home))(X)])


def test_tangents(engine):
    t = np.ones_like(X)
    close(
        tapegrad.jvp(lambda x: spanning(engine)(x, W, V), (X,), (t,)),
        tapegrad.jvp(lambda x: at_home(x, W, V), (X,), (t,)),
    )


def test_variables_on_one_engine_and_the_loss_on_another(engine):
    x = OPS["positive"](X)
    x.attach_grad()
    with tapegrad.record():
        y = OPS["sum"](OPS["square"](x.to(engine)))
    assert y.backend.name == engine
    y.backward()
    assert x.grad.backend.name == "numpy"
    np.testing.assert_array_equal(x.grad.asnumpy(), 2 * X)


def test_two_engines_in_one_op_is_an_error_that_names_both_and_the_remedy(engine):
    x = OPS["positive"](X)
    with pytest.raises(MixedBackendsError, match=rf"'{engine}'.*'numpy'|'numpy'.*'{engine}'") as caught:
        x + x.to(engine)
    assert "x.to(" in str(caught.value)


def test_an_unknown_engine():
    with pytest.raises(UnknownBackendError, match="abacus"):
        OPS["positive"](X).to("abacus")
