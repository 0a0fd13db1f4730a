"""What shares memory in MXNet is a view: whatever writes to it writes to its array."""

from contextlib import nullcontext

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd

WRITES = {
    "[:]=": (lambda v: v.__setitem__(slice(None), nd.full(v.shape, 7)), 7),
    "[:]= number": (lambda v: v.__setitem__(slice(None), 7), 7),
    "[0]=": (lambda v: v.__setitem__(0, 7), [7, 1]),
    "+=": (lambda v: v.__iadd__(6), 7),
    "slice of the view": (lambda v: v[0:1].__imul__(7), [7, 1]),
    "copyto": (lambda v: nd.full(v.shape, 7).copyto(v), 7),
    "out=": (lambda v: nd.broadcast_add(v, nd.full((1,) * v.ndim, 6), out=v), 7),
    "sampler": (lambda v: nd.random.uniform(7, 7, shape=v.shape, out=v), 7),
    "update": (lambda v: nd.sgd_update(v, nd.full(v.shape, 6), lr=-1, out=v), 7),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_write_to_what_shares_memory_reaches_the_array(name):
    write, expected = WRITES[name]
    row = np.broadcast_to(expected, 2)
    x = nd.ones((3, 2))
    write(x[1])
    assert x.asnumpy().tolist() == [[1, 1], row.tolist(), [1, 1]]
    x = nd.ones(2)
    write(x.reshape((-1, 1)))
    assert x.asnumpy().tolist() == row.tolist()
    x = nd.ones((1, 2))
    write(x.detach()[0].reshape(2))
    assert x.asnumpy().tolist() == [row.tolist()]


def test_only_what_lies_side_by_side_is_a_view():
    for key, shares in [
        (1, True),
        (slice(1, 3), True),
        ((0, slice(1, 3)), True),
        ((slice(1, 2), slice(0, 2)), True),
        ((Ellipsis, None), True),
        ((slice(None), slice(None)), True),
        (slice(None, None, 2), False),
        ((slice(None), 1), False),
        ((slice(0, 2), slice(0, 2)), False),
        (slice(None, None, -1), False),
        ([1], False),
        (nd.array([1]), False),
    ]:
        x = nd.zeros((3, 4))
        x[key][:] = 5
        assert bool((x.asnumpy() == 5).any()) is shares, key
    x = nd.zeros((2, 3))
    for copied in (
        x.T,
        nd.reshape(x, (3, 2)),
        x.expand_dims(0),
        x.flatten(),
        x.copy(),
        nd.stop_gradient(x),
        x.astype("float32"),
    ):
        copied[:] = 5
    assert not x.asnumpy().any()


def test_an_element_of_a_vector_is_a_view_of_one():
    x = nd.array([1, 2, 3])
    first = x[0]
    first += x[1]
    for piece in x:
        piece *= 2
    assert x.asnumpy().tolist() == [6, 4, 6]


def test_running_statistics_may_be_slices():
    statistics = nd.zeros((2, 3))
    data = nd.random.normal(shape=(8, 3))
    with autograd.record():
        nd.BatchNorm(data, nd.ones(3), nd.zeros(3), statistics[0], statistics[1], fix_gamma=False, momentum=0.5)
    mean, variance = data.asnumpy().mean(axis=0), data.asnumpy().var(axis=0)
    assert np.allclose(statistics.asnumpy(), [mean / 2, variance / 2], rtol=1e-4)


def test_what_is_written_beside_the_tape_changes_numbers_alone():
    x = nd.array([1, 2])
    x.attach_grad()
    with autograd.record():
        y = x * 1
        z = (y * y).sum()
        y.detach()[0] = 10
        x.detach()[:] = 5
        z = z + (y * x).sum()
    z.backward()
    assert x.asnumpy().tolist() == [5, 5]
    assert z.asscalar() == 1 + 4 + 50 + 10
    assert x.grad.asnumpy().tolist() == [2 + 5 + 10, 4 + 5 + 2]


def test_the_books_batch_normalization_moves_its_statistics():
    """Gluon books write running means through a reshape."""

    def batch_norm(X, gamma, beta, moving_mean, moving_var, is_training):
        mean = X.mean(axis=(0, 2, 3), keepdims=True)
        var = ((X - mean) ** 2).mean(axis=(0, 2, 3), keepdims=True)
        moving_mean, moving_var = moving_mean.reshape(mean.shape), moving_var.reshape(mean.shape)
        if is_training:
            X_hat = (X - mean) / nd.sqrt(var + 1e-5)
            moving_mean[:] = 0.9 * moving_mean + 0.1 * mean
            moving_var[:] = 0.9 * moving_var + 0.1 * var
        else:
            X_hat = (X - moving_mean) / nd.sqrt(moving_var + 1e-5)
        return gamma.reshape(mean.shape) * X_hat + beta.reshape(mean.shape)

    mx.random.seed(0)
    X, gamma, beta = nd.random.normal(3, 2, shape=(16, 2, 3, 3)), nd.ones(2), nd.zeros(2)
    means, variances = nd.zeros(2), nd.zeros(2)
    gamma.attach_grad()
    for _ in range(60):
        with autograd.record():
            trained = batch_norm(X, gamma, beta, means, variances, True)
        trained.backward()
    assert np.allclose(means.asnumpy(), X.asnumpy().mean(axis=(0, 2, 3)), rtol=0.01)
    used = batch_norm(X, gamma, beta, means, variances, False)
    assert np.allclose(used.asnumpy(), trained.asnumpy(), atol=0.02)


def test_a_reshape_in_a_loop_keeps_nothing_alive():
    x = nd.zeros((2, 3))
    for _ in range(100):
        x = x.reshape((3, 2)).reshape((2, 3)).detach()
    x[0] = 1
    assert x.asnumpy().sum() == 3
    link, depth = x._shares, 0
    while link.__class__ is tuple and link[2] is not None:
        link, depth = link[2], depth + 1
    assert depth < 4


@pytest.mark.parametrize("recorded", [False, True])
def test_elements_that_are_iterated_over_are_vectors_of_one(recorded):
    w = nd.array([1.0, 2.0, 3.0])
    w.attach_grad()
    with autograd.record() if recorded else nullcontext():
        first, *others = w * w
        total = sum(w * 2) + first * others[0]
    assert first.shape == total.shape == (1,) and total.asscalar() == 16.0
    if recorded:
        total.backward()
        assert w.grad.asnumpy().tolist() == [10.0, 6.0, 2.0]
    for element in w:
        element[:] = element + 1
    assert w.asnumpy().tolist() == [2.0, 3.0, 4.0]
    assert [element.shape for element in mx.np.ones(2) * 2] == [(), ()]
