"""Special functions whose rules would be what is left of nearly equal numbers, and arguments that are overwritten."""

import math

import numpy as np
import pytest
from engines import of

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.numpy import special


def nth(f, order):
    for _ in range(order):
        f = tapegrad.grad(f)
    return f


@pytest.mark.parametrize(
    ("name", "order", "x", "expected"),
    [
        ("i1", 1, 5e-324, 0.5),
        ("i1", 2, 1e-20, 3.75e-21),
        ("i1", 2, 1e-8, 3.75e-9),
        ("i1", 3, 0.0, 0.375),
        ("i0", 4, 0.0, 0.375),
        ("i0", 2, 0.0, 0.5),
        ("i1e", 2, 1e-20, -1.0),
    ],
)
def test_derivatives_of_bessel_functions_near_0(name, order, x, expected):
    found = nth(getattr(special, name), order)(of(x, "float64"))
    assert math.isclose(float(found.item()), expected, rel_tol=1e-14)


@pytest.mark.parametrize("a", [0.5, 20.0, 1e6, 1e8, 1e12, 1e15])
def test_the_slope_of_betaln_beside_a_small_number(a):
    found = tapegrad.grad(lambda a: special.betaln(a, 1.0))(of(a, "float64"))
    assert math.isclose(float(found.item()), -1 / a, rel_tol=2e-15)


def test_the_logarithm_of_the_normal_distribution_in_its_tail():
    for x, value, slope in (
        (-37.0, -689.0305855768908, 37.026987686127),
        (-40.0, -804.6084420137538, 40.02496884720726),
    ):
        found = tapegrad.value_and_grad(special.log_ndtr)(of(x, "float64"))
        for z, exact in zip(found, (value, slope), strict=True):
            assert math.isclose(float(z.item()), exact, rel_tol=1e-13)
    near = of([-3.0, 0.0, 3.0], "float64")
    plain = tapegrad.grad(lambda x: tnp.sum(tnp.log(special.ndtr(x))))(near)
    assert np.allclose(
        tapegrad.grad(lambda x: tnp.sum(special.log_ndtr(x)))(near).asnumpy(), plain.asnumpy(), rtol=1e-13
    )
    there_and_back = tapegrad.grad(lambda p: tnp.sum(special.ndtr(special.ndtri(p))))(of([0.1, 0.5, 0.99], "float64"))
    assert np.allclose(there_and_back.asnumpy(), 1, rtol=1e-13)


def test_weights_and_masks_of_logsumexp():
    x, b = of(np.zeros(3), "float64"), of([2.0, 0.0, 5.0], "float64")
    assert np.allclose(tapegrad.grad(lambda b: special.logsumexp(x, b=b))(b).asnumpy(), 1 / 7)
    assert np.allclose(tapegrad.grad(lambda x: special.logsumexp(x, b=b))(x).asnumpy(), [2 / 7, 0, 5 / 7])
    mask = np.asarray([True, True, False])
    assert np.allclose(tapegrad.grad(lambda x: special.logsumexp(x, where=mask))(x).asnumpy(), [0.5, 0.5, 0])
