"""Values that repeat: what is smooth of them is so there too, and vectors that are not asked for do no harm."""

import numpy as np
import pytest
from engines import of

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.engines.tables import OPS
from tapegrad.numpy import linalg

TURN = np.linalg.qr(np.asarray([[1.0, 2.0, 3.0], [0.5, -1.0, 2.0], [2.0, 0.3, -1.0]]))[0]


def symmetric(a):
    return (a + a.T) / 2


MATRICES = {
    "unit": np.eye(3),
    "diagonal": np.diag([3.0, 1.0, 1.0]),
    "turned": TURN @ np.diag([2.0, 2.0, 5.0]) @ TURN.T,
    "turned far from size 1": TURN @ np.diag([2e-9, 2e-9, 5e-9]) @ TURN.T,
}
EIGEN = {
    "squares": (lambda a: tnp.sum(linalg.eigvalsh(symmetric(a)) ** 2), lambda a: tnp.sum(symmetric(a) ** 2)),
    "values of eigh": (
        lambda a: tnp.sum(linalg.eigh(symmetric(a))[0] ** 3),
        lambda a: tnp.trace(linalg.matrix_power(symmetric(a), 3)),
    ),
    "not a sum": (
        lambda a: tnp.sum(linalg.eigvalsh(symmetric(a)) ** 2) * tnp.sum(linalg.eigvalsh(symmetric(a))),
        lambda a: tnp.sum(symmetric(a) ** 2) * tnp.trace(a),
    ),
    "logarithms": (
        lambda a: tnp.sum(tnp.log(linalg.eigvalsh(symmetric(a)))),
        lambda a: linalg.slogdet(symmetric(a))[1],
    ),
    "singular values": (lambda a: tnp.sum(linalg.svdvals(a) ** 2), lambda a: tnp.sum(a * a)),
    "singular values of svd": (lambda a: tnp.sum(linalg.svd(a)[1] ** 2), lambda a: tnp.sum(a * a)),
}


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("name", EIGEN)
def test_the_hessian_of_a_symmetric_function(name, matrix):
    f, plain = EIGEN[name]
    a = of(MATRICES[matrix], "float64")
    found, expected = tapegrad.hessian(f)(a).asnumpy(), tapegrad.hessian(plain)(a).asnumpy()
    assert np.allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_singular_values_of_zero_have_a_kink_past_which_there_is_a_hessian():
    for a in (np.zeros((2, 3)), np.asarray([[1.0, 2.0, 0.0], [2.0, 4.0, 0.0]])):
        found = tapegrad.hessian(lambda a: tnp.sum(linalg.svdvals(a) ** 2))(of(a, "float64")).asnumpy()
        assert np.allclose(found.reshape(6, 6), 2 * np.eye(6), atol=1e-7)


def test_vectors_that_are_not_asked_for_may_repeat():
    def best(a):
        u, s, vh = linalg.svd(a, full_matrices=False)
        return tnp.sum(u[:, :1] * s[:1] * vh[:1])

    def top(a):
        return linalg.eigh(a)[1][0, 2] ** 2

    assert np.allclose(tapegrad.grad(best)(of(np.diag([3.0, 1.0, 1.0]), "float64")).asnumpy()[0, 0], 1)
    found = tapegrad.grad(top)(of(np.diag([1.0, 1.0, 3.0]), "float64")).asnumpy()
    assert np.isfinite(found).all()
    whole = tapegrad.grad(lambda a: tnp.sum(linalg.eigh(a)[1] @ linalg.eigh(a)[1].T))
    assert np.isfinite(whole(of(np.diag([1.0, 2.0, 3.0]), "float64")).asnumpy()).all()


@pytest.mark.parametrize(
    ("dtype", "scale"), [("float32", 1e-20), ("float32", 1e20), ("float64", 1e-160), ("float64", 1e160)]
)
def test_derivatives_of_svd_do_not_depend_on_the_scale(dtype, scale):
    a = np.asarray([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
    tolerance = 1e3 * float(np.finfo(dtype).eps)
    for f, power in ((lambda x: tnp.sum(linalg.svdvals(x)), 1), (lambda x: tnp.sum(linalg.svd(x)[0] ** 3), 2)):
        expected = tapegrad.hessian(f)(of(a, "float64")).asnumpy()
        if power == 2:
            expected = tapegrad.grad(f)(of(a, "float64")).asnumpy()
            found = tapegrad.grad(f)(of(a * scale, dtype)).asnumpy().astype(np.longdouble) * scale
        else:
            found = tapegrad.hessian(f)(of(a * scale, dtype)).asnumpy().astype(np.longdouble) * scale
        assert np.allclose(found.astype(float), expected, atol=tolerance)


def test_the_pseudo_inverse_does_not_depend_on_the_scale():
    a, b = np.asarray([[4.0, 1.0], [1.0, 3.0], [0.0, 1.0]]), of(np.ones(3), "float32")
    for f in (lambda x: tnp.sum(linalg.pinv(x)), lambda x: tnp.sum(linalg.lstsq(x, b)[0])):
        expected = tapegrad.grad(f)(of(a, "float32")).asnumpy()
        found = tapegrad.grad(f)(of(a * 1e-15, "float32")).asnumpy().astype(float) * 1e-30
        assert np.allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_the_nuclear_norm_has_the_subgradient_of_least_norm():
    def nuclear(a):
        return linalg.norm(a, "nuc")

    assert not tapegrad.grad(nuclear)(of(np.zeros((2, 2)), "float64")).asnumpy().any()
    assert not tapegrad.grad(lambda a: linalg.norm(a, 2))(of(np.zeros((2, 2)), "float64")).asnumpy().any()
    for a in (np.asarray([[1.0, 2.0], [2.0, 4.0]]), np.asarray([[1.0, 2.0, 0.0], [-2.0, -4.0, 0.0]])):
        assert np.allclose(tapegrad.grad(nuclear)(of(a, "float64")).asnumpy(), a / 5, atol=1e-14)
        batched = tapegrad.grad(lambda q: tnp.sum(tapegrad.vmap(nuclear)(q)))
        assert np.allclose(batched(of([a, a], "float64")).asnumpy(), a / 5, atol=1e-14)


@pytest.mark.parametrize("name", ["spectral", "singular_spectral"])
def test_weights_of_values_are_real(name):
    with pytest.raises(tapegrad.errors.DtypeError, match=rf"{name}\(\) takes real weights"):
        OPS[name].call(tnp.eye(2), tnp.asarray([1j, 2.0]))
