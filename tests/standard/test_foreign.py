"""Containers and linear maps of other libraries beside our arrays, as operands and as constants."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import GradientEscapeError, UnknownArrayError

X, COLUMNS, ROWS = np.asarray([1.0, 2.0]), np.arange(8.0).reshape(2, 4), np.arange(6.0).reshape(2, 3)
DENSE = np.asarray([[1.0, 2.0], [0.0, 3.0], [4.0, 5.0]])
PRODUCTS = {
    "s @ x": (lambda s, x: s @ x, X),
    "s.dot(x)": (lambda s, x: s.dot(x), X),
    "matmul": (tnp.matmul, X),
    "columns": (lambda s, x: s @ x, COLUMNS),
    "x @ s": (lambda s, x: x @ s, DENSE[:, 0]),
    "rows": (lambda s, x: x @ s, ROWS),
    "transposed": (lambda s, x: s.T @ x, DENSE[:, 0]),
}


def squares(product, matrix):
    return lambda x: tnp.sum(product(matrix, x) ** 2)


@pytest.mark.parametrize("layout", ["csr_array", "csc_array", "csr_matrix"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_sparse_matrices_are_constants_of_products(name, layout):
    sparse = pytest.importorskip("scipy.sparse")
    product, x = PRODUCTS[name]
    matrix = getattr(sparse, layout)(DENSE)
    with tapegrad.use_default_dtype("float64"):
        for transform in (tapegrad.grad, tapegrad.hessian):
            found = transform(squares(product, matrix))(x)
            plain = PRODUCTS["s @ x" if name == "s.dot(x)" else name][0]
            np.testing.assert_allclose(found, transform(squares(plain, DENSE))(x), rtol=1e-12)


def test_sparse_matrices_under_vmap_and_on_another_engine():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_array(DENSE)
    batch = np.asarray([[1.0, 2.0], [3.0, -1.0]])
    found = tapegrad.vmap(tapegrad.grad(squares(lambda s, x: s @ x, matrix)))(batch)
    np.testing.assert_allclose(found, [2 * DENSE.T @ DENSE @ x for x in batch])
    outside = tapegrad.grad(lambda q: tnp.sum(tapegrad.vmap(lambda x: matrix @ x)(q) ** 2))(batch)
    np.testing.assert_allclose(outside, found)
    np.testing.assert_allclose(tapegrad.jacfwd(lambda x: matrix @ x)(X), DENSE)
    try:
        strict = tapegrad.get_backend("strict")
    except tapegrad.errors.BackendError as error:
        pytest.skip(f"strict cannot be had here: {error}")
    raw = strict.from_numpy(X)
    np.testing.assert_allclose(
        strict.to_numpy(tapegrad.grad(squares(tnp.matmul, matrix))(raw)), 2 * DENSE.T @ DENSE @ X
    )


def test_linear_operators_are_applied_by_matmul():
    linalg = pytest.importorskip("scipy.sparse.linalg")
    operator = linalg.aslinearoperator(DENSE)
    np.testing.assert_allclose(tapegrad.grad(squares(tnp.matmul, operator))(X), 2 * DENSE.T @ DENSE @ X)
    np.testing.assert_allclose(tapegrad.jacobian(lambda x: x @ operator)(DENSE[:, 0]), DENSE.T)
    with pytest.raises(GradientEscapeError, match=r"tapegrad\.numpy\.matmul\(a, x\)"):
        tapegrad.grad(lambda x: tnp.sum(operator @ x))(X)


def test_a_container_on_the_right_of_an_operator_gets_its_turn():
    class Labelled:
        def __init__(self, values):
            self.values = values

        def __rmul__(self, other):
            return Labelled(other * self.values)

        def __rsub__(self, other):
            return Labelled(other - self.values)

        def __gt__(self, other):
            return "asked"

    labelled = Labelled(X)
    assert tapegrad.grad(lambda x: tnp.sum((x * labelled).values))(X).tolist() == X.tolist()
    assert tapegrad.grad(lambda x: tnp.sum((x - labelled).values))(X).tolist() == [1, 1]
    assert (tnp.asarray(X) < labelled) == "asked"
    for other in (object(), len, Labelled):
        with pytest.raises((UnknownArrayError, TypeError)):
            tnp.asarray(X) + other


def test_frames_of_pandas():
    pandas = pytest.importorskip("pandas")
    series = pandas.Series(X)
    assert (tnp.asarray(X) * series).tolist() == [1, 4]
    with pytest.raises(GradientEscapeError, match=r"to_numpy\(\)"):
        tapegrad.grad(lambda x: tnp.sum(x * series))(X)
    with pytest.raises(UnknownArrayError, match=r"to_numpy\(\)"):
        tnp.asarray(series)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (lambda a: a.rolling(t=2).mean(), [[0.5, 0.5], [0.5, 0.5]]),
        (lambda a: a.quantile(0.25, "t"), [[0.75, 0.75], [0.25, 0.25]]),
        (lambda a: a.polyfit("x", 1).polyfit_coefficients[0], [[-0.1, 0.1], [-0.1, 0.1]]),
        (lambda a: 2.0 * a - a, [[1, 1], [1, 1]]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*:FutureWarning")
def test_xarray_over_our_arrays(program, expected):
    xarray = pytest.importorskip("xarray")

    def total(v):
        array = xarray.DataArray(v, dims=("t", "x"), coords={"t": [0, 1], "x": [10.0, 20.0]})
        return tnp.sum(tnp.where(tnp.isnan(found := tnp.asarray(program(array).data)), 0.0, found))

    np.testing.assert_allclose(tapegrad.grad(total)(np.asarray([[1.0, 2.0], [3.0, 4.0]])), expected, atol=1e-9)
