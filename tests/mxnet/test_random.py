"""Random arrays have the numbers of MXNet's streams, and the stream is one."""

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd, nd
from tapegrad.errors import RandomnessError

FIRST_NORMALS = [2.2122064, 0.7740038, 1.0434403, 1.1839255, 1.8917114]


def test_the_numbers_of_the_books():
    assert nd.random_normal(shape=5).asnumpy().tolist() == np.array(FIRST_NORMALS, np.float32).tolist()
    mx.random.seed(1)
    uniform = nd.random.uniform(shape=5).asnumpy()
    assert uniform.tolist() == np.array([0.52383333, 0.05501367, 0.03996297, 0.59453225, 0.18596531], "f4").tolist()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: nd.random.normal(0, 1, shape=3),
        lambda: nd.random_normal(0, 1, 3),
        lambda: nd.normal(shape=3),
        lambda: nd.random.randn(3),
        lambda: nd.random.normal_like(nd.zeros(3)),
        lambda: nd.random.normal(out=nd.zeros(3)),
        lambda: nd.sample_normal(nd.zeros(1), nd.ones(1), shape=3).reshape((3,)),
    ],
)
def test_all_ways_to_a_normal_number_are_one(draw):
    assert draw().asnumpy().tolist() == np.array(FIRST_NORMALS[:3], np.float32).tolist()


@pytest.mark.parametrize(
    "draw",
    [
        nd.random.uniform,
        lambda ctx: mx.np.random.uniform(size=2, ctx=ctx),
        lambda ctx: nd.contrib.rand_zipfian(nd.ones(1), 4, 5, ctx)[0],
    ],
)
def test_nothing_is_drawn_for_a_device_that_is_not_there(draw):
    mx.random.seed(7)
    first = draw(ctx=mx.cpu()).asnumpy().tolist()
    mx.random.seed(7)
    with pytest.raises(mx.MXNetError):
        draw(ctx=mx.gpu(97))
    assert draw(ctx=mx.cpu()).asnumpy().tolist() == first


def test_a_seed_is_followed_by_the_same_numbers_and_a_call_by_others():
    mx.random.seed(7)
    first, second = nd.random.uniform(shape=3).asnumpy(), nd.random.uniform(shape=3).asnumpy()
    mx.random.seed(7)
    assert (nd.random.uniform(shape=3).asnumpy() == first).all()
    assert (first != second).all()


def test_numpys_own_generator_is_left_alone():
    state = np.random.get_state()[1].copy()
    nd.random.normal(shape=100)
    assert (np.random.get_state()[1] == state).all()


def test_a_number_for_each_parameter():
    low, high = nd.array([0, 10]), nd.array([1, 20])
    assert nd.random.uniform(low, high, shape=3).shape == (2, 3)
    assert nd.random.uniform(low, high).shape == (2,)
    assert nd.random.poisson(nd.array([[1, 2]]), shape=(3, 4)).shape == (1, 2, 3, 4)


def test_dropout_draws_in_training_only_and_differentiates_its_mask():
    x = nd.ones(1000)
    x.attach_grad()
    assert nd.Dropout(x, p=0.5).asnumpy().tolist() == [1] * 1000
    with autograd.record():
        y = nd.Dropout(x, p=0.5)
    y.backward()
    assert sorted(set(y.asnumpy().tolist())) == [0, 2]
    assert (x.grad == y).asnumpy().all()
    with autograd.record(train_mode=False):
        assert nd.Dropout(x, p=0.5).asnumpy().tolist() == [1] * 1000
    assert set(nd.Dropout(nd.ones((4, 50)), p=0.5, mode="always", axes=(1,)).sum(axis=1).asnumpy()) <= {0, 100}


def test_the_probability_of_what_was_drawn_is_differentiable():
    p = nd.array([[0.25, 0.75], [0.5, 0.5]])
    p.attach_grad()
    with autograd.record():
        places, logarithms = nd.sample_multinomial(p, shape=3, get_prob=True)
        total = logarithms.sum()
    total.backward()
    assert places.shape == logarithms.shape == (2, 3)
    counts = np.stack([(places.asnumpy() == k).sum(axis=1) for k in (0, 1)], axis=1)
    np.testing.assert_allclose(p.grad.asnumpy(), counts / p.asnumpy(), rtol=1e-6)


def test_shuffling_keeps_rows_together():
    x = nd.arange(10).reshape((5, 2))
    rows = nd.random.shuffle(x).asnumpy().tolist()
    assert sorted(rows) == x.asnumpy().tolist()


def test_what_is_computed_again_draws_the_same_numbers_in_the_same_mode():
    x = nd.random.uniform(shape=200)
    x.attach_grad()

    def layers(x):
        once = nd.Dropout(x * x, p=0.5)
        return mx.checkpoint(lambda y: nd.Dropout(y, p=0.5) * nd.random.normal(shape=200))(once)

    gradients = []
    for function in (layers, mx.checkpoint(layers)):
        mx.random.seed(5)
        with autograd.record():
            y = function(x)
        after = nd.random.uniform(shape=1).asscalar()
        y.backward()
        gradients.append((y.asnumpy(), x.grad.asnumpy(), after))
    (plain, plain_grad, plain_after), (again, again_grad, again_after) = gradients
    assert (plain == again).all()
    assert plain_after == again_after
    np.testing.assert_allclose(plain_grad, again_grad, rtol=1e-6)
    np.testing.assert_allclose(plain_grad * x.asnumpy(), 2 * plain, rtol=1e-5)


def test_a_draw_under_vmap_is_refused():
    with pytest.raises(RandomnessError, match="under vmap"):
        mx.vmap(lambda row: row * nd.random.uniform(shape=2))(nd.ones((3, 2)))
