"""What a type checker must know of MXNet's face. Read by pyright in its strict mode; never run."""

from __future__ import annotations

from typing import Any, assert_type

import tapegrad as mx
import tapegrad.autograd as ag
import tapegrad.ndarray as nd
from tapegrad import autograd
from tapegrad.context import Context

x = nd.array([[1, 2], [3, 4]])
assert_type(x, nd.NDArray)
x.attach_grad()
with ag.record(train_mode=False):
    y = x * 2 + 1 / x
    z = nd.dot(y, x.T) - nd.sum(y, axis=1, keepdims=True)
    z += nd.relu(x) ** 2
assert_type(y, nd.NDArray)
assert_type(z, nd.NDArray)
assert_type(z > 0, nd.NDArray)
assert_type(z[0, 1:], nd.NDArray)
assert_type(x.reshape((0, -1)).exp().sum(axis=0), nd.NDArray)
assert_type(-x, nd.NDArray)
assert_type(x.shape, tuple[int, ...])
assert_type(x.context, Context)
assert_type(mx.cpu(1), Context)
assert_type(nd.concat(x, y, dim=0), nd.NDArray)
assert_type(nd.linalg.gemm2(x, y, transpose_b=True), nd.NDArray)
assert_type(nd.random.normal(0, 1, shape=(2, 3), ctx=mx.cpu()), nd.NDArray)
assert_type(nd.broadcast_add(x, y), nd.NDArray)
assert_type(nd.load("weights"), list[nd.NDArray] | dict[str, nd.NDArray])
assert_type(autograd.backward([y, z]), None)
assert_type(autograd.grad(z, [x], create_graph=True), list[Any])
assert_type(autograd.is_training(), bool)
assert_type(mx.gluon.nn.Dense(2)(x), nd.NDArray)
assert_type(mx.gluon.loss.L2Loss()(x, y), nd.NDArray)

with mx.Context("cpu", 1) as context:
    assert_type(context, Context)

for row in x:
    assert_type(row, nd.NDArray)


class Twice(autograd.Function):
    """A function of one's own."""

    def forward(self, x: nd.NDArray) -> nd.NDArray:
        return x * 2

    def backward(self, dy: nd.NDArray) -> nd.NDArray:
        return dy * 2


Twice()(x)
nd.exp(x, foo=1)  # pyright: ignore[reportCallIssue]
x.sum(axes=1)  # pyright: ignore[reportCallIssue]
nd.no_such_function(x)  # pyright: ignore
