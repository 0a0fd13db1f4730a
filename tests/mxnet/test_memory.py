"""Memory falls by reference counting alone, whatever a program of the books does with its graph."""

import gc

import pytest

import tapegrad as mx
from tapegrad import autograd, nd


class Doubled(autograd.Function):
    """2x, keeping input and output."""

    def forward(self, x):
        y = x * 2
        self.save_for_backward(x, y)
        return y

    def backward(self, dy):
        x, _ = self.saved_tensors
        return dy * 2 + x * 0


def swept(total):
    """Backward."""
    total.backward()


def left_alone(total):
    """No backward at all."""


def failing(total):
    """A backward that is refused."""
    with pytest.raises(ValueError, match="head gradient"):
        total.backward(nd.ones(7))


def differentiated_twice(total):
    """A gradient that is itself on the tape."""
    with autograd.record():
        autograd.grad(total, [X], create_graph=True)[0].sum().backward()


X, W = nd.random.normal(shape=(4, 5)), nd.random.normal(shape=(5, 3))
LABELS = nd.array([0, 1, 2, 0])


def program(finish):
    """A program with most of what the books use, and an update of its variables."""
    for p in (X, W):
        p.attach_grad()
    with autograd.record():
        h = Doubled()(nd.dot(X, W))
        h = nd.Dropout(h, 0.3)
        loss = nd.mean(-nd.pick(nd.log_softmax(h), LABELS)) + nd.sum(h[h > 0]) + h[1, 2]
        loss[:] = loss * 2
        loss += nd.norm(h.as_in_context(mx.cpu(1))).as_in_context(mx.cpu())
        parts = nd.split(h, 3, axis=1)
        total = loss + nd.concat(*parts, dim=1).sort().sum(axis=0).max()
    finish(total)
    X[:] = X - 0.01 * X.grad


@pytest.mark.parametrize("finish", [swept, left_alone, failing, differentiated_twice])
def test_nothing_is_left_for_the_cyclic_collector(finish):
    program(finish)  # code that is written when it is first needed
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            program(finish)
        assert gc.collect() == 0
    finally:
        gc.enable()
