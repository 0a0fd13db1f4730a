"""Writes in place inside transforms: differentiated, batched, and unseen by whoever gave the argument."""

from __future__ import annotations

from types import MethodType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import GraphError

V = np.asarray([1.0, 2.0, 3.0])
A = np.arange(1.0, 7.0).reshape(2, 3)


@pytest.fixture(autouse=True)
def _float64() -> Any:
    with tapegrad.use_default_dtype("float64"):
        yield


def products(x: Any) -> Any:
    """x₀, x₀x₁, x₀x₁x₂ written into a buffer one by one."""
    buffer, product = tnp.zeros(3), 1.0
    for i in range(3):
        product = product * x[i]
        buffer[i] = product
    return buffer


def overwritten(x: Any) -> Any:
    """(x₁x₂ + x₀, 4x₁, 4x₂): an element, all, and a slice are written."""
    y = x * 1.0
    y[0] = y[1] * y[2]
    y += x
    y[1:] *= 2
    return y


def on_the_argument(x: Any) -> Any:
    """(2x₁, x₁, x₂), in the argument itself."""
    x[0] = x[1] * 2
    return x


def products_by_hand(x: np.ndarray) -> Any:
    """The Jacobian of `products`."""
    a, b, c = x
    return np.asarray([[1, 0, 0], [b, a, 0], [b * c, a * c, a * b]])


def overwritten_by_hand(x: np.ndarray) -> Any:
    """The Jacobian of `overwritten`."""
    return np.asarray([[1, x[2], x[1]], [0, 4, 0], [0, 0, 4]])


def on_the_argument_by_hand(x: np.ndarray) -> Any:
    """The Jacobian of `on_the_argument`."""
    return np.asarray([[0, 2, 0], [0, 1, 0], [0, 0, 1.0]])


FUNCTIONS = [
    (products, products_by_hand),
    (overwritten, overwritten_by_hand),
    (on_the_argument, on_the_argument_by_hand),
]


@pytest.mark.parametrize(("f", "by_hand"), FUNCTIONS)
@pytest.mark.parametrize("way", ["jacrev", "jacfwd", "jvp", "checkpoint"])
def test_derivatives(f: Any, by_hand: Any, way: str) -> None:
    ways = {
        "jacrev": lambda x: tapegrad.jacrev(f)(x),
        "jacfwd": lambda x: tapegrad.jacfwd(f)(x),
        "jvp": lambda x: np.stack([tapegrad.jvp(f, (x,), (e,))[1] for e in np.eye(3)], axis=1),
        "checkpoint": lambda x: tapegrad.jacrev(tapegrad.checkpoint(lambda y: f(y * 1)))(x),
    }
    np.testing.assert_allclose(ways[way](V), by_hand(V))
    np.testing.assert_array_equal(V, [1, 2, 3])
    if way != "checkpoint":
        np.testing.assert_allclose(tapegrad.vmap(tapegrad.jacrev(f))(A), np.stack([by_hand(row) for row in A]))


@pytest.mark.parametrize(("f", "by_hand"), FUNCTIONS)
def test_batches(f: Any, by_hand: Any) -> None:
    rows = np.stack([f(tnp.asarray(row)).asnumpy() for row in A])
    np.testing.assert_array_equal(tapegrad.vmap(f)(A), rows)
    summed = tapegrad.grad(lambda a: tnp.sum(tapegrad.vmap(f)(a)))(A)
    np.testing.assert_allclose(summed, np.stack([by_hand(row).sum(0) for row in A]))
    assert A[0, 0] == 1


def test_second_derivatives() -> None:
    found = tapegrad.hessian(lambda x: tnp.sum(products(x)))(V)
    np.testing.assert_allclose(found, [[0, 4, 2], [4, 0, 1], [2, 1, 0]])


@pytest.mark.parametrize("given", [V, tnp.asarray(V)], ids=["raw", "array"])
def test_the_callers_array_is_left_alone(given: Any) -> None:
    def writes(x: Any) -> Any:
        x[0] = 7.0
        x *= 2
        return tnp.sum(x * x)

    for transformed in (
        tapegrad.grad(writes),
        tapegrad.jacfwd(writes),
        tapegrad.vmap(lambda x: writes(x * tnp.ones(3))),
    ):
        transformed(given)
        assert given.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(np.asarray(tapegrad.grad(writes)(given)), [0, 16, 24])


def test_batched_writes_into_what_is_not_batched_say_so() -> None:
    """Into an array from outside; one made inside makes room."""
    outside = tnp.zeros(3)
    with pytest.raises(TypeError, match=r"from outside.*return them instead"):
        tapegrad.vmap(lambda row: outside.__setitem__(0, row[0]) or row)(A)
    assert outside.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(tapegrad.vmap(products)(A)[:, 2], A.prod(axis=1))


@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("way", ["closure", "object", "method"])
def test_a_checkpoint_reads_what_was_there(way: str, tracked: bool) -> None:
    def f(x: Any) -> Any:
        thing = SimpleNamespace(factor=x * 2 if tracked else tnp.asarray(np.array([2.0, 4.0, 6.0])))
        factor = thing.factor
        part = factor[1:]

        ways = {
            "closure": lambda y: tnp.sum(factor[:1] * y[:1]) + tnp.sum(part * y[1:]),
            "object": lambda y: tnp.sum(thing.factor * y),
            "method": MethodType(lambda self, y: tnp.sum(self.factor * y), thing),
        }
        out = tapegrad.checkpoint(ways[way])(x)
        part[...] = 100.0
        factor *= 3
        return out + 0 * tnp.sum(factor)

    np.testing.assert_allclose(tapegrad.grad(f)(V), 4 * V if tracked else 2 * V)
    np.testing.assert_allclose(tapegrad.vmap(tapegrad.grad(f))(V[None]), [4 * V if tracked else 2 * V])


def test_a_checkpoint_of_a_host_array_that_is_overwritten_is_refused() -> None:
    for given in (True, False):
        host = np.ones(3)

        def f(x: Any, host: Any = host, given: bool = given) -> Any:
            ways = (lambda y, h: tnp.sum(y * h)), lambda y, _: tnp.sum(y * host)
            out = tapegrad.checkpoint(ways[not given])(x, host if given else None)
            host[:] = 5.0
            return out

        with pytest.raises(GraphError, match="was written to before the backward pass"):
            tapegrad.grad(f)(V)
