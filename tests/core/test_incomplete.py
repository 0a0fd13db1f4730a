"""The incomplete gamma functions of host arrays: beside mpmath's numbers, and beside SciPy where that is exact."""

import numpy as np
import pytest

special = pytest.importorskip("scipy.special", reason="the functions are made of SciPy's")
incomplete = pytest.importorskip("tapegrad.ops.incomplete", reason="it imports SciPy")

TRUTH = (  # a, x, the lower and the upper function, by mpmath with 40 digits
    (2.65625, 2.5, 0.5434717300886386, 0.4565282699113614),
    (0.5, 0.75, 0.7793286380801532, 0.2206713619198468),
    (0.4375, 1.125, 0.8872840403902065, 0.11271595960979355),
    (0.001953125, 0.75, 0.9993342193748671, 0.0006657806251329316),
    (1e-05, 0.5, 0.9999944022347146, 5.59776528542266e-06),
    (12.75, 1.1875, 9.165173926185187e-10, 0.9999999990834826),
    (15.5, 36.5, 0.9999694348259601, 3.056517403982386e-05),
    (15.9375, 20.75, 0.8817074033950147, 0.11829259660498531),
    (96.25, 21.5, 3.3526058031084193e-32, 1.0),
    (81.5, 116.0, 0.9996886120940603, 0.0003113879059396514),
    (494.0, 1031.75, 1.0, 4.768728766784631e-78),
    (0.25, 1e-30, 3.48882283557002e-08, 0.9999999651117717),
)


@pytest.mark.parametrize("a, x, lower, upper", TRUTH)
def test_each_digit_is_there_that_the_arguments_fix(a, x, lower, upper):
    density = float(np.exp(a * np.log(x) - x - special.gammaln(a)))  # what a relative change of x makes of either
    for function, expected in ((incomplete.gammainc, lower), (incomplete.gammaincc, upper)):
        allowed = 8 * np.spacing(expected) + 2 * np.finfo(float).eps * density
        assert abs(function(a, x) - expected) <= allowed


def test_regions_meet():
    rng = np.random.default_rng(5)
    for a, x in ((10.0, 10.0), (0.999, 0.999), (1.0, 1.0), (20.0, 25.8), (20.0, 14.2), (40.0, 51.6), (40.0, 28.4)):
        a = a * (1 + 1e-13 * rng.uniform(-1, 1, 50))
        x = x * (1 + 1e-13 * rng.uniform(-1, 1, 50))
        assert np.ptp(incomplete.gammaincc(a, x)) < 1e-12
        assert np.max(np.abs(incomplete.gammainc(a, x) + incomplete.gammaincc(a, x) - 1)) < 2e-15


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
def test_it_is_scipys_function_to_its_last_digits(name):
    rng = np.random.default_rng(0)
    a, x = 10 ** rng.uniform(-6, 3, (2, 4000))
    expected = getattr(special, name)(a, x)
    np.testing.assert_allclose(getattr(incomplete, name)(a, x), expected, rtol=1e-11, atol=1e-290)


def test_ends_of_the_range_are_scipys():
    a = np.array([0.0, 0, 1, np.inf, 1, np.nan, -1, 2, 5, 1e5, 1e300, 1e-300])
    x = np.array([0.0, 1, 0, 1, np.inf, 1, 1, -1, 1e10, 5e4, 1e300, 1e-300])
    for name in ("gammainc", "gammaincc"):
        np.testing.assert_allclose(getattr(incomplete, name)(a, x), getattr(special, name)(a, x), rtol=1e-15)


def test_shapes_broadcast_also_without_elements():
    assert incomplete.gammainc(2.0, 1.0).shape == ()
    assert incomplete.gammainc(np.ones((3, 1)), np.ones(4)).shape == (3, 4)
    assert incomplete.gammaincc(np.ones((0, 1)), np.ones(4)).shape == (0, 4)
