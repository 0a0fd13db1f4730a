"""`x.at[key]`: JAX's functional updates, beside NumPy's `ufunc.at`, which takes repeated places in turn."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.testing import check_grads

X = np.array([[1.5, -2.0, 3.0], [0.5, 4.0, -1.0]])
KEYS = {
    "int": 1,
    "slice": (slice(None), slice(None, None, -2)),
    "repeated": [0, 0, 1, 0],
    "mask": X > 0,
    "new": (None, 0),
}
UFUNCS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}


@pytest.fixture(params=["numpy", "strict"])
def backend(request):
    try:
        return tapegrad.get_backend(request.param).name
    except tapegrad.errors.BackendError as error:
        pytest.skip(f"{request.param} cannot be had here: {error}")


@pytest.mark.parametrize("name", UFUNCS)
@pytest.mark.parametrize("key", KEYS)
def test_an_update_is_the_ufuncs_at(name, key, backend):
    x = tapegrad.numpy.asarray(X).to(backend)
    values = np.arange(1.0, X[KEYS[key]].size + 1).reshape(X[KEYS[key]].shape)
    expected = X.copy()
    UFUNCS[name].at(expected, KEYS[key], values)
    np.testing.assert_allclose(getattr(x.at[KEYS[key]], name)(tnp.asarray(values).to(backend)).asnumpy(), expected)
    np.testing.assert_array_equal(x.asnumpy(), X)


def test_set_get_power_and_apply():
    x = tnp.asarray(X)
    expected = X.copy()
    expected[:, 1] = 7.0
    np.testing.assert_array_equal(x.at[:, 1].set(7).asnumpy(), expected)
    np.testing.assert_array_equal(x.at[[0, 0]].apply(lambda v: v * 2).asnumpy(), X * [[4], [1]])
    np.testing.assert_array_equal(x.at[[0, 0]].power(2).asnumpy(), np.where([[True], [False]], X**4, X))
    taken, changed = x.at[0].get(), x.at[...].set(x)
    taken[0] = changed[0] = 9.0
    np.testing.assert_array_equal(x.asnumpy(), X)
    with pytest.raises(IndexError):
        x.at[2].add(1.0)
    with pytest.raises(tapegrad.errors.DtypeError):
        x.at[0].set(1j)


@pytest.mark.parametrize("key", KEYS)
def test_updates_are_differentiable(key):
    shape = X[KEYS[key]].shape

    def f(x, v):
        return x.at[KEYS[key]].add(v * v).at[0].set(v.reshape(-1)[0]) * x.at[KEYS[key]].multiply(v)

    check_grads(f, [X, np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape)], orders=1)


def test_under_vmap():
    rows = tapegrad.vmap(lambda r: r.at[0].add(r[1]).at[1:].set(0))(tnp.asarray(X))
    assert rows.tolist() == [[-0.5, 0, 0], [4.5, 0, 0]]
    turned = tapegrad.vmap(lambda r, i: r.at[i].multiply(2.0).at[i].add(r[0]))(tnp.asarray(X), tnp.asarray([2, 1]))
    assert turned.tolist() == [[1.5, -2.0, 7.5], [0.5, 8.5, -1.0]]
