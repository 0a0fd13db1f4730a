"""`scan`, `cond`, `while_loop` and `fori_loop`: Python's loops and branches, and under vmap those of each element."""

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import cond, fori_loop, scan, while_loop
from tapegrad.errors import ArgumentError, ArgumentTypeError, ShapeError
from tapegrad.testing import check_grads

XS = np.random.default_rng(0).standard_normal((4, 3))


def cell(h, x):
    h = tnp.tanh(h + x)
    return h, {"out": h * x, "none": None}


def test_scan_is_a_loop_in_the_kind_of_its_xs():
    h, outs = np.zeros(3), []
    for x in XS:
        h = np.tanh(h + x)
        outs.append(h * x)
    carry, ys = scan(cell, np.zeros(3), XS)
    np.testing.assert_allclose(ys["out"].asnumpy(), outs, rtol=1e-12)
    assert ys["none"] is None and (carry == h).all()
    sums = scan(lambda c, x: (c + x, c), np.zeros(3), XS)[1]
    assert isinstance(sums, np.ndarray) and (sums[1:] == XS.cumsum(0)[:-1]).all()


def test_scan_backwards_keeps_places_and_without_xs_counts():
    carry, ys = scan(lambda c, x: (c + x, c), 0.0, tnp.asarray([1.0, 2.0, 3.0]), reverse=True)
    assert carry == 6 and ys.tolist() == [5, 3, 0]
    assert scan(lambda c, x: (2 * c, x), 1, length=5) == (32, None)
    carry, ys = scan(cell, tnp.ones(3), tnp.zeros((0, 3)))
    assert (carry == 1).all() and ys["out"].shape == (0, 3)


def test_derivatives_of_scan():
    check_grads(lambda h, xs: scan(cell, h, xs)[1]["out"], (XS[0], XS[1:3]))
    batch = tapegrad.vmap(tapegrad.grad(lambda xs: scan(cell, np.zeros(3), xs)[0].sum()))(np.stack([XS, -XS]))
    for one, xs in zip(batch, (XS, -XS), strict=True):
        np.testing.assert_allclose(one, tapegrad.grad(lambda xs: scan(cell, np.zeros(3), xs)[0].sum())(xs), rtol=1e-12)


def collatz(n):
    halve_or_grow = lambda n: cond(n % 2 == 0, lambda n: n // 2, lambda n: 3 * n + 1, n)
    return while_loop(lambda c: c[0] != 1, lambda c: (halve_or_grow(c[0]), c[1] + 1), (n, 0 * n))[1]


def test_conditions_differ_from_element_to_element():
    numbers = tnp.asarray([1, 6, 7, 27])
    assert tapegrad.vmap(collatz)(numbers).tolist() == [collatz(n).item() for n in numbers] == [0, 8, 16, 111]
    nested = tapegrad.vmap(tapegrad.vmap(collatz))(numbers.reshape(2, 2))
    assert nested.tolist() == [[0, 8], [16, 111]]


def test_a_branch_that_is_not_taken_has_no_derivative():
    root = lambda x: cond(x > 0, tnp.sqrt, lambda x: 3 * x, x)
    with np.errstate(invalid="ignore"):
        assert tapegrad.vmap(tapegrad.grad(root))(np.array([4.0, -4.0, 0.0])).tolist() == [0.25, 3, 3]
    assert tapegrad.grad(root)(4.0) == 0.25 and cond(False, None, lambda: 7) == 7


def test_loops_are_differentiated_as_far_as_each_element_goes():
    doubled = lambda x: while_loop(lambda x: abs(x) < 10, lambda x: 2 * x, x)
    assert tapegrad.vmap(tapegrad.grad(doubled))(np.array([7.0, 2.0, 30.0])).tolist() == [2, 8, 1]
    power = lambda n, x: fori_loop(0, n, lambda i, y: y * x, 1.0)
    assert tapegrad.grad(power, argnums=1)(3, 2.0) == 12
    slopes = tapegrad.vmap(tapegrad.grad(power, argnums=1))(np.array([0, 1, 3]), np.array([2.0, 2.0, 2.0]))
    assert slopes.tolist() == [0, 1, 12]


def test_they_compile():
    program = tapegrad.compile(lambda xs: scan(cell, tnp.zeros(3), xs)[1]["out"])
    xs = tnp.asarray(XS, dtype="float32")
    for _ in range(3):
        np.testing.assert_allclose(program(xs).asnumpy(), scan(cell, tnp.zeros(3), xs)[1]["out"].asnumpy(), rtol=1e-6)
    assert program.stats()["replays"] == 2
    until = tapegrad.compile(lambda x: while_loop(lambda x: x < 100, lambda x: x * 2, x))
    assert [until(tnp.asarray(x)).item() for x in (7.0, 60.0, 7.0, 60.0)] == [112, 120, 112, 120]
    assert until.stats()["replays"] >= 2


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: scan(lambda c, x: c, 0.0, XS), ArgumentTypeError, "returns a pair"),
        (lambda: scan(lambda c, x: (c, x), 0.0), ArgumentError, "say the length"),
        (lambda: scan(lambda c, x: (c, x), 0.0, (XS, XS[:2])), ShapeError, "alike"),
        (lambda: scan(lambda c, x: (c, x), 0.0, XS, length=3), ShapeError, "alike"),
        (lambda: scan(lambda c, x: ((c, c), x), 0.0, XS), ArgumentError, "the carry has the structure"),
        (lambda: while_loop(lambda x: True, lambda x: [x], 0.0), ArgumentError, "the value has the structure"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()
