"""Chains of a million ops: nothing recurses, forward, backward, twice, batched, freed or shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tapegrad
from tapegrad.arrays.entering import as_array
from tapegrad.engines.tables import RECORDED

LENGTH = 1_000_000


def chain(x: Any, length: int = LENGTH) -> Any:
    """x, a million times halved and added back to itself: it stays x, and its derivative 1."""
    y = x
    for _ in range(length // 2):
        y = y * 0.5
        y = y + y
    return y


@pytest.mark.slow
def test_backward_and_freeing() -> None:
    """First order, with the graph freed by the sweep, and again by dropping the head."""
    x = as_array(np.ones(1))
    x.attach_grad()
    with tapegrad.record():
        y = chain(x)
    repr(y)
    y.backward()
    assert x.grad.item() == 1.0
    with tapegrad.record():
        y = chain(x)
    del y


@pytest.mark.slow
def test_forward_mode() -> None:
    """A tangent goes all the way."""
    assert tapegrad.jvp(chain, (np.ones(1),), (np.full(1, 3.0),))[1].item() == 3.0


@pytest.mark.slow
def test_second_order() -> None:
    """The gradient of a gradient."""
    second = tapegrad.grad(lambda x: RECORDED.sum(tapegrad.grad(lambda z: RECORDED.sum(chain(z, LENGTH // 4) * z))(x)))
    assert second(np.ones(1)).item() == 2.0


@pytest.mark.slow
def test_batched() -> None:
    """A gradient under vmap."""
    f = tapegrad.grad(lambda x: chain(x, LENGTH // 10))
    np.testing.assert_array_equal(tapegrad.vmap(f)(np.ones(2)), [1.0, 1.0])
