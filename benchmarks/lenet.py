"""W5: one step of gradient descent on a LeNet, where convolutions are most of the time.

Images of 28 x 28, batch 64, float32: conv 5x5 x 20, relu, max-pool 2, conv 5x5 x 50, relu, max-pool 2, 500 units,
relu, 10.
"""

from __future__ import annotations

import numpy as np

from benchmarks.case import (
    Case,
    Goal,
    Step,
    as_compiled,
    beside_hand,
    compiled_beside_hand,
    compiled_faster_than,
    faster_than,
)
from benchmarks.mlp import Classification, cross_entropy, magnified


def lenet(batch: int, side: int, channels: tuple[int, int], units: int) -> Classification:
    """Random images and labels; the parameters are two filters (out, in, 5, 5), two dense layers, and their biases."""
    draw = np.random.default_rng(0)
    after_pools = ((side - 4) // 2 - 4) // 2
    shapes = [
        (channels[0], 1, 5, 5),
        (channels[1], channels[0], 5, 5),
        (channels[1] * after_pools**2, units),
        (units, 10),
    ]
    parameters: list[np.ndarray] = []
    for shape in shapes:
        convolution = len(shape) == 4
        inputs = np.prod(shape[1:]) if convolution else shape[0]
        parameters.append(draw.normal(0, (2 / inputs) ** 0.5, shape).astype(np.float32))
        parameters.append(draw.normal(0, 0.1, shape[0] if convolution else shape[1]).astype(np.float32))
    return Classification(
        x=draw.standard_normal((batch, 1, side, side), dtype=np.float32),
        labels=draw.integers(0, 10, batch),
        parameters=tuple(parameters),
    )


def patches(x: np.ndarray) -> np.ndarray:
    """Every 5 x 5 patch of images (batch, row, column, channel) as a row of a matrix: channel, row, column."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (5, 5), axis=(1, 2))
    return windows.reshape(-1, x.shape[3] * 25)


def scatter_patches(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The transpose of `patches`: add every patch back where it came from."""
    batch, height, width, channels = shape
    patches = rows.reshape(batch, height - 4, width - 4, channels, 5, 5)
    x = np.zeros(shape, rows.dtype)
    for i in range(5):
        for j in range(5):
            x[:, i : i + height - 4, j : j + width - 4] += patches[..., i, j]
    return x


def corners(x: np.ndarray) -> tuple[np.ndarray, ...]:
    """The four entries of every 2 x 2 window, as four views."""
    return x[:, ::2, ::2], x[:, ::2, 1::2], x[:, 1::2, ::2], x[:, 1::2, 1::2]


def pool(x: np.ndarray) -> np.ndarray:
    """The largest entry of every 2 x 2 window."""
    a, b, c, d = corners(x)
    return np.maximum(np.maximum(a, b), np.maximum(c, d))


def pool_and_relu_back(g: np.ndarray, x: np.ndarray, out: np.ndarray) -> np.ndarray:
    """The gradient behind ``x = relu(...)``, ``out = pool(x)``.

    Entries that tie for the largest are zeros in practice, which the relu cuts off: `out > 0` settles both.
    """
    gx = np.empty_like(x)
    g = g * (out > 0)
    for target, source in zip(corners(gx), corners(x), strict=True):
        np.multiply(g, source == out, out=target)
    return gx


def by_hand(problem: Classification) -> Step:
    """NumPy by hand: convolutions as products with the matrix of patches, channels last."""
    x, labels = problem.x.transpose(0, 2, 3, 1), problem.labels
    k1, b1, k2, b2, w3, b3, w4, b4 = parameters = [value.copy() for value in problem.parameters]
    batch, side = x.shape[0], x.shape[1]
    f1, f2 = len(k1), len(k2)
    m1, m2 = k1.reshape(f1, -1), k2.reshape(f2, -1)

    def step() -> tuple[np.ndarray, ...]:
        p1 = patches(x)
        c1 = p1 @ m1.T
        c1 += b1
        np.maximum(c1, 0, out=c1)
        c1 = c1.reshape(batch, side - 4, side - 4, f1)
        s1 = pool(c1)

        p2 = patches(s1)
        c2 = p2 @ m2.T
        c2 += b2
        np.maximum(c2, 0, out=c2)
        c2 = c2.reshape(batch, s1.shape[1] - 4, s1.shape[1] - 4, f2)
        s2 = pool(c2)

        flat = s2.transpose(0, 3, 1, 2).reshape(batch, -1)
        h = flat @ w3
        h += b3
        np.maximum(h, 0, out=h)
        logits = h @ w4
        logits += b4
        loss, g = cross_entropy(logits, labels)

        gw4, gb4 = h.T @ g, g.sum(axis=0)
        g = g @ w4.T
        g *= h > 0
        gw3, gb3 = flat.T @ g, g.sum(axis=0)
        g = (g @ w3.T).reshape(batch, f2, s2.shape[1], s2.shape[2]).transpose(0, 2, 3, 1)

        g = pool_and_relu_back(g, c2, s2).reshape(-1, f2)
        gk2, gb2 = g.T @ p2, g.sum(axis=0)
        g = scatter_patches(g @ m2, s1.shape)

        g = pool_and_relu_back(g, c1, s1).reshape(-1, f1)
        gk1, gb1 = g.T @ p1, g.sum(axis=0)

        gradients = (gk1.reshape(k1.shape), gb1, gk2.reshape(k2.shape), gb2, gw3, gb3, gw4, gb4)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            gradient *= problem.rate
            parameter -= gradient
        return loss, *parameters

    return step


def by_tapegrad(problem: Classification) -> Step:
    """Tapegrad's imperative face."""
    from tapegrad import autograd, nd

    x, labels = nd.array(problem.x), nd.array(problem.labels)
    k1, b1, k2, b2, w3, b3, w4, b4 = parameters = [nd.array(value) for value in problem.parameters]
    f1, f2 = len(problem.parameters[0]), len(problem.parameters[2])
    for parameter in parameters:
        parameter.attach_grad()

    def step() -> tuple[nd.NDArray, ...]:
        with autograd.record():
            h = nd.relu(nd.Convolution(x, k1, b1, kernel=(5, 5), num_filter=f1))
            h = nd.Pooling(h, pool_type="max", kernel=(2, 2), stride=(2, 2))
            h = nd.relu(nd.Convolution(h, k2, b2, kernel=(5, 5), num_filter=f2))
            h = nd.Pooling(h, pool_type="max", kernel=(2, 2), stride=(2, 2))
            h = nd.relu(nd.dot(nd.flatten(h), w3) + b3)
            logits = nd.dot(h, w4) + b4
            loss = -nd.mean(nd.pick(nd.log_softmax(logits), labels))
        loss.backward()
        for parameter in parameters:
            parameter[:] = parameter - problem.rate * parameter.grad
        return loss, *parameters

    return step


def by_gluon(problem: Classification, hybridized: bool = False) -> Step:
    """Gluon's layers and its trainer, over the same ops."""
    from tapegrad import autograd, gluon, init, nd
    from tapegrad.gluon import nn

    f1, f2, units = len(problem.parameters[0]), len(problem.parameters[2]), len(problem.parameters[5])
    net = nn.HybridSequential()
    net.add(
        *(nn.Conv2D(f1, 5, activation="relu"), nn.MaxPool2D(2, 2)),
        *(nn.Conv2D(f2, 5, activation="relu"), nn.MaxPool2D(2, 2)),
        *(nn.Dense(units, activation="relu"), nn.Dense(10)),
    )
    net.initialize(init.Zero())
    x, labels, batch = nd.array(problem.x), nd.array(problem.labels), len(problem.labels)
    net(x)
    parameters = list(net.collect_params().values())
    dense = [len(parameters) - 4, len(parameters) - 2]
    for i, (parameter, value) in enumerate(zip(parameters, problem.parameters, strict=True)):
        parameter.set_data(nd.array(value.T if i in dense else value))
    if hybridized:
        net.hybridize()
    objective = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": problem.rate})

    def step() -> tuple[nd.NDArray, ...]:
        with autograd.record():
            loss = objective(net(x), labels)
        loss.backward()
        trainer.step(batch)
        values = [parameter.data() for parameter in parameters]
        return loss.mean(), *[value.T if i in dense else value for i, value in enumerate(values)]

    return step


def by_hybridized_gluon(problem: Classification) -> Step:
    """A hybridized network of Gluon's."""
    return by_gluon(problem, hybridized=True)


def by_torch(problem: Classification) -> Step:
    """PyTorch eager."""
    import torch
    from torch.nn.functional import conv2d, cross_entropy, max_pool2d

    x, labels = torch.tensor(problem.x), torch.tensor(problem.labels)
    parameters = [torch.tensor(value, requires_grad=True) for value in problem.parameters]
    k1, b1, k2, b2, w3, b3, w4, b4 = parameters

    def step() -> tuple[torch.Tensor, ...]:
        h = max_pool2d(torch.relu(conv2d(x, k1, b1)), 2)
        h = max_pool2d(torch.relu(conv2d(h, k2, b2)), 2)
        h = torch.relu(torch.addmm(b3, h.flatten(1), w3))
        loss = cross_entropy(torch.addmm(b4, h, w4), labels)
        loss.backward()
        with torch.no_grad():
            for parameter in parameters:
                parameter.sub_(parameter.grad, alpha=problem.rate)
                parameter.grad = None
        return loss, *parameters

    return step


def by_hips(problem: Classification) -> Step:
    """HIPS/autograd, with its own convolution; that one flips the filter, so it is flipped beforehand."""
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.signal import convolve
    from autograd.scipy.special import logsumexp

    x, labels = problem.x, problem.labels
    rows = np.arange(len(labels))
    parameters = [value.copy() for value in problem.parameters]

    def convolution(x: np.ndarray, k: np.ndarray, b: np.ndarray) -> np.ndarray:
        flipped = k[:, :, ::-1, ::-1]
        out = convolve(x, flipped, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
        return out + anp.reshape(b, (-1, 1, 1))

    def pooled(x: np.ndarray) -> np.ndarray:
        batch, channels, height, width = x.shape
        windows = anp.reshape(x, (batch, channels, height // 2, 2, width // 2, 2))
        return anp.max(anp.max(windows, axis=3), axis=4)

    def objective(parameters: list[np.ndarray]) -> np.ndarray:
        k1, b1, k2, b2, w3, b3, w4, b4 = parameters
        h = pooled(anp.maximum(convolution(x, k1, b1), 0))
        h = pooled(anp.maximum(convolution(h, k2, b2), 0))
        h = anp.maximum(anp.dot(anp.reshape(h, (len(labels), -1)), w3) + b3, 0)
        logits = anp.dot(h, w4) + b4
        return anp.mean(logsumexp(logits, axis=1) - logits[rows, labels])

    loss_and_gradients = value_and_grad(objective)

    def step() -> tuple[np.ndarray, ...]:
        loss, gradients = loss_and_gradients(parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= problem.rate * gradient
        return loss, *parameters

    return step


FORMS = {
    "hand": by_hand,
    "tapegrad": by_tapegrad,
    "compiled": as_compiled(by_tapegrad),
    "gluon": by_gluon,
    "hybridized": by_hybridized_gluon,
    "torch": by_torch,
    "hips": by_hips,
}


def cases(tiny: bool = False) -> list[Case]:
    """The LeNet of the books, or one of a few channels on small images."""
    batch, side, channels, units = (3, 16, (2, 3), 6) if tiny else (64, 28, (20, 50), 500)
    goals = (
        *(compiled_beside_hand(), beside_hand(final=1.0), faster_than("torch"), faster_than("hips", final=20.0)),
        *(compiled_faster_than("torch", 1.05), Goal("gluon", "tapegrad", True, final=1.05)),
        Goal("hybridized", "compiled", True, final=1.02),
    )
    what = f"SGD step of a LeNet, {side}x{side} images, batch {batch}"
    return [
        Case("W5", "", what, lambda: lenet(batch, side, channels, units), FORMS, goals, rtol=1e-4, magnified=magnified)
    ]
