"""Functions that look at numbers work under vmap where one shape fits all elements, and say so where none does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.errors import ArgumentTypeError, DynamicShapeError
from tapegrad.numpy import linalg

X = np.asarray([[0.3, -1.2, 2.0, 0.7], [1.5, 0.1, -0.4, 0.9], [-2.0, 0.5, 0.6, 1.1]])
TALL = np.asarray([[[1.0, 0.0], [1.0, 1.0], [1.0, 3.0]], [[2.0, 1.0], [0.0, 1.0], [1.0, -1.0]]])
COUNTED = np.asarray([[0, 1], [2, 2], [1, 1]])
FUNCTIONS = {
    "lstsq": (lambda a: linalg.lstsq(a, np.ones(3)), TALL),
    "lstsq of wide matrices": (lambda a: linalg.lstsq(a.T, np.ones(2))[0], TALL),
    "polyfit": (lambda x: tnp.polyfit(x, np.arange(4.0), 2), X),
    "bincount": (lambda i: tnp.bincount(i, minlength=4), COUNTED),
    "bincount of weights": (lambda i, w: tnp.bincount(i, w, minlength=3), COUNTED, X[:, :2]),
    "histogram": (lambda x: tnp.histogram(x, bins=3), X),
    "histogram over a range": (lambda x: tnp.histogram(x, bins=3, range=(-2, 2), density=True), X),
    "histogram of weights": (lambda x, w: tnp.histogram(x, bins=2, weights=w), X, X),
    "quantile": (lambda q: tnp.quantile(np.asarray([1.0, 2.0, 5.0]), q), np.asarray([0.1, 0.5, 1.0])),
    "quantiles": (
        lambda x, q: tnp.quantile(x, q, axis=0, keepdims=True),
        X,
        np.asarray([[0.1, 1.0], [0, 0.5], [1, 1]]),
    ),
    "percentile": (lambda q: tnp.percentile(np.asarray([1.0, 2.0, 5.0]), q), np.asarray([10.0, 50.0, 100.0])),
    "roll": (lambda x, s: tnp.roll(x, s), X, np.asarray([0, 1, -2])),
    "roll along an axis": (lambda a, s: tnp.roll(a, s, axis=0), TALL, np.asarray([1, 2])),
    "allclose": (lambda x: tnp.allclose(x, x * (x > 0)), X),
    "array_equal": (lambda x: tnp.array_equal(x, x), X),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_in_a_loop(name: str) -> None:
    """All outputs of all elements."""
    function, *batch = FUNCTIONS[name]

    def outputs(*args: Any) -> tuple[Any, ...]:
        found = function(*args)
        return found if isinstance(found, tuple) else (found,)

    found = tapegrad.vmap(outputs)(*batch)
    for i in range(len(batch[0])):
        for together, alone in zip(found, outputs(*[tnp.asarray(part[i]) for part in batch]), strict=True):
            np.testing.assert_allclose(np.asarray(together[i]), np.asarray(alone), rtol=1e-6, atol=1e-12)


def test_derivatives_through_them() -> None:
    """Inside the vmap and outside of it."""

    def solved(a: Any) -> Any:
        return tnp.sum(linalg.lstsq(a, np.ones(3))[0])

    inside = tapegrad.vmap(tapegrad.grad(solved))(TALL)
    outside = tapegrad.grad(lambda q: tnp.sum(tapegrad.vmap(solved)(q)))(TALL)
    alone = [tapegrad.grad(solved)(a) for a in TALL]
    np.testing.assert_allclose(inside, alone, rtol=1e-8)
    np.testing.assert_allclose(outside, alone, rtol=1e-8)


@pytest.mark.parametrize(
    ("function", "batch", "words"),
    [
        (lambda i: tnp.bincount(i), COUNTED, "minlength=3"),
        (lambda i: tnp.repeat(X[0, :2], i), COUNTED, "repeat"),
        (tnp.roots, X, "roots"),
        (lambda p: tnp.polydiv(p, np.asarray([1.0, 2.0])), X, "polydiv"),
        (lambda x: tnp.histogram(x, bins="auto"), X, "bins='auto'"),
    ],
)
def test_where_shapes_would_differ(function: Any, batch: Any, words: str) -> None:
    """The error says of what."""
    with pytest.raises(DynamicShapeError, match=words):
        tapegrad.vmap(function)(batch)


def test_a_numpy_table_at_a_batched_index() -> None:
    """It asks the index for a number; the remedy is named, and works."""
    table, index = np.arange(5.0), np.asarray([0, 2])
    with pytest.raises(ArgumentTypeError, match=r"tapegrad\.numpy\.asarray\(table\)\[i\]"):
        tapegrad.vmap(lambda i: table[i])(index)
    assert tapegrad.vmap(lambda i: tnp.asarray(table)[i])(index).tolist() == [0, 2]
