"""Programs as in the books, with `import mxnet` changed to `import tapegrad`, and what they come to."""

import math

import numpy as np

import tapegrad as mx
from tapegrad import autograd, nd


def test_linear_regression_from_scratch():
    num_inputs, num_examples = 2, 1000
    true_w, true_b = [2, -3.4], 4.2
    features = nd.random_normal(scale=1, shape=(num_examples, num_inputs))
    labels = true_w[0] * features[:, 0] + true_w[1] * features[:, 1] + true_b
    labels += 0.01 * nd.random_normal(scale=1, shape=labels.shape)

    def data_iter(batch_size):
        idx = np.random.RandomState(0).permutation(num_examples)
        for i in range(0, num_examples, batch_size):
            j = nd.array(idx[i : i + batch_size])
            yield nd.take(features, j), nd.take(labels, j)

    w = nd.random_normal(shape=(num_inputs, 1))
    b = nd.zeros((1,))
    params = [w, b]
    for param in params:
        param.attach_grad()

    for _ in range(3):
        for data, label in data_iter(10):
            with autograd.record():
                output = nd.dot(data, w) + b
                loss = (output - label.reshape(output.shape)) ** 2
            loss.backward()
            for param in params:
                param[:] = param - 0.03 / 10 * param.grad
    np.testing.assert_allclose(w.asnumpy().ravel(), true_w, atol=0.01)
    np.testing.assert_allclose(b.asscalar(), true_b, atol=0.01)


def test_softmax_regression_from_scratch():
    centres = nd.array([[3, 0], [-2, 2], [-2, -3]])
    y = nd.array(np.arange(90) % 3)
    x = centres.take(y) + nd.random_normal(scale=0.5, shape=(90, 2))
    w, b = nd.random_normal(scale=0.01, shape=(2, 3)), nd.zeros(3)
    for param in (w, b):
        param.attach_grad()

    def net(x):
        e = nd.exp(nd.dot(x, w) + b)
        return e / e.sum(axis=1, keepdims=True)

    def cross_entropy(yhat, y):
        return -nd.pick(nd.log(yhat), y)

    losses = []
    for _ in range(100):
        with autograd.record():
            loss = cross_entropy(net(x), y)
        loss.backward()
        for param in (w, b):
            param -= 0.5 / 90 * param.grad
        losses.append(nd.mean(loss).asscalar())
    assert abs(losses[0] - math.log(3)) < 0.1
    assert losses[-1] < 0.05
    assert nd.mean(net(x).argmax(axis=1) == y).asscalar() == 1


def test_a_multilayer_perceptron_with_dropout():
    def relu(x):
        return nd.maximum(x, 0)

    def dropout(x, drop_probability):
        keep = 1 - drop_probability
        mask = nd.random_uniform(0, 1.0, x.shape, ctx=x.context) < keep
        return mask * x * (1 / keep)

    x = nd.random_normal(shape=(64, 4))
    y = x[:, 0] * x[:, 1] > 0
    params = [
        nd.random_normal(scale=0.5, shape=(4, 64)),
        nd.zeros(64),
        nd.random_normal(scale=0.1, shape=(64, 2)),
        nd.zeros(2),
    ]
    velocities = [nd.zeros_like(p) for p in params]
    for p in params:
        p.attach_grad()

    def net(x, drop):
        w1, b1, w2, b2 = params
        hidden = dropout(relu(nd.dot(x, w1) + b1), drop)
        return nd.dot(hidden, w2) + b2

    def softmax_cross_entropy(yhat_linear, y):
        return -nd.nansum(nd.one_hot(y, 2) * nd.log_softmax(yhat_linear), axis=0, exclude=True)

    for _ in range(300):
        with autograd.record():
            loss = softmax_cross_entropy(net(x, 0.2), y)
        loss.backward()
        for p, v in zip(params, velocities, strict=True):
            v[:] = 0.9 * v + p.grad / 64
            p[:] = p - 0.1 * v
    assert nd.mean(nd.argmax(net(x, 0), axis=1) == y).asscalar() > 0.95


def test_a_convolutional_network_by_blocks():
    ctx = mx.cpu()
    w1 = nd.random_normal(shape=(20, 1, 3, 3), scale=0.1, ctx=ctx)
    b1 = nd.random_normal(shape=20, scale=0.1, ctx=ctx)
    w2 = nd.random_normal(shape=(20 * 3 * 3, 10), scale=0.1, ctx=ctx)
    b2 = nd.random_normal(shape=10, scale=0.1, ctx=ctx)
    params = [w1, b1, w2, b2]
    for param in params:
        param.attach_grad()
    data = nd.random_uniform(shape=(8, 1, 8, 8))
    label = nd.array([0, 1, 2, 3, 4, 5, 6, 7])
    with autograd.record():
        h = nd.Convolution(data=data, weight=w1, bias=b1, kernel=(3, 3), num_filter=20)
        h = nd.relu(nd.Pooling(data=h, pool_type="max", kernel=(2, 2), stride=(2, 2)))
        out = nd.dot(nd.flatten(h), w2) + b2
        loss = -nd.sum(nd.pick(nd.log_softmax(out), label)) / 8
    loss.backward()
    assert out.shape == (8, 10)
    assert all(param.grad.shape == param.shape for param in params)
    np.testing.assert_allclose(b2.grad.sum().asscalar(), 0, atol=1e-6)


def test_a_recurrent_network_cut_off_in_time():
    def one_hots(letters):
        return [nd.one_hot(nd.array([c]), 5) for c in letters]

    wx, wh = nd.random_normal(scale=0.1, shape=(5, 8)), nd.random_normal(scale=0.1, shape=(8, 8))
    wy = nd.random_normal(scale=0.1, shape=(8, 5))
    params = [wx, wh, wy]
    for param in params:
        param.attach_grad()
    text = [0, 1, 2, 3, 4] * 20
    losses = []
    for _ in range(60):
        state = nd.zeros((1, 8))
        for start in range(0, 40, 10):
            state = state.detach()
            with autograd.record():
                total = 0
                for x, y in zip(one_hots(text[start : start + 10]), text[start + 1 : start + 11], strict=True):
                    state = nd.tanh(nd.dot(x, wx) + nd.dot(state, wh))
                    total = total - nd.log_softmax(nd.dot(state, wy))[0, y]
            total.backward()
            norm = nd.sqrt(nd.add_n(*[nd.sum(p.grad**2) for p in params])).asscalar()
            for param in params:
                param[:] = param - 0.1 * min(1, 5 / norm) * param.grad
            losses.append(total.asscalar() / 10)
    assert losses[-1] < 0.05 < math.log(5) - 0.2 < losses[0]


def test_a_variational_gaussian_by_the_reparameterization_trick():
    mu, log_sigma = nd.zeros(2), nd.zeros(2)
    for param in (mu, log_sigma):
        param.attach_grad()
    target = nd.array([1.5, -0.5])
    for _ in range(400):
        noise = nd.random.normal(shape=(32, 2))
        with autograd.record():
            z = mu + nd.exp(log_sigma) * noise
            energy = nd.sum((z - target) ** 2) / (2 * 0.25 * 32)
            loss = energy - nd.sum(log_sigma)
        loss.backward()
        for param in (mu, log_sigma):
            param[:] = param - 0.02 * param.grad
    np.testing.assert_allclose(mu.asnumpy(), target.asnumpy(), atol=0.1)
    np.testing.assert_allclose(nd.exp(log_sigma).asnumpy(), 0.5, atol=0.1)


def test_gaussian_processes_by_cholesky():
    x = nd.array(np.linspace(0, 3, 8), dtype="float64")
    y = nd.sin(x)
    length = nd.array([0.5], dtype="float64")
    length.attach_grad()

    def likelihood(length):
        distance = nd.square(x.expand_dims(1) - x.expand_dims(0))
        k = nd.exp(-distance / (2 * length**2)) + 0.01 * nd.eye(8, dtype="float64")
        root = nd.linalg_potrf(k)
        z = nd.linalg_trsm(root, y.expand_dims(1))
        return 0.5 * nd.sum(z * z) + nd.linalg_sumlogdiag(root)

    with autograd.record():
        loss = likelihood(length)
    loss.backward()
    step = 1e-6
    up, down = (likelihood(nd.array([0.5 + s], dtype="float64")).asscalar() for s in (step, -step))
    np.testing.assert_allclose(length.grad.asscalar(), (up - down) / (2 * step), rtol=1e-6)


def test_training_on_several_devices():
    contexts = [mx.cpu(0), mx.cpu(1)]
    w = nd.ones((3, 1))
    copies = [w.copyto(ctx) for ctx in contexts]
    for copy in copies:
        copy.attach_grad()
    data = nd.arange(12).reshape((4, 3))
    parts = [data[i * 2 : (i + 1) * 2].as_in_context(ctx) for i, ctx in enumerate(contexts)]
    with autograd.record():
        losses = [nd.sum(nd.dot(part, copy) ** 2) for part, copy in zip(parts, copies, strict=True)]
    for loss in losses:
        loss.backward()
    for copy in copies[1:]:
        copies[0].grad[:] += copy.grad.copyto(contexts[0])
    for copy in copies[1:]:
        copies[0].grad.copyto(copy.grad)
    nd.waitall()
    whole = data.asnumpy()
    expected = 2 * whole.T @ (whole @ np.ones((3, 1), np.float32))
    for copy, ctx in zip(copies, contexts, strict=True):
        assert copy.grad.context == ctx
        np.testing.assert_allclose(copy.grad.asnumpy(), expected, rtol=1e-6)
