"""Programs as users write them, which mypy accepts as they stand, strict or not, and so does pyright. Never run."""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import autograd, gluon, init, nd
from tapegrad.gluon import nn
from tapegrad.numpy import *  # noqa: F403
from tapegrad.numpy.linalg import cholesky, solve
from tapegrad.numpy.special import logsumexp
from tapegrad.op import elementwise
from tapegrad.testing import check_grads

Floats = npt.NDArray[np.float64]


# --- A star import brings the names of a face ---
squares = matmul(ones((2, 3)), ones((3, 2)))  # noqa: F405
scores = nd.FullyConnected(nd.ones((2, 3)), nd.ones((4, 3)), num_hidden=4, no_bias=True)


# --- Regression, in the manner of PyTorch and MXNet ---
def fit_polynomial(steps: int, rate: float) -> tnp.ndarray:
    """Fit a cubic to a sine."""
    x = tnp.linspace(-3.0, 3.0, 50)
    target = tnp.sin(x)
    w = tnp.zeros(4)
    w.attach_grad()
    for step in range(steps):
        with tapegrad.record():
            y = w[0] + w[1] * x + w[2] * x**2 + w[3] * x**3
            loss = ((y - target) ** 2).mean()
        loss.backward()
        w -= rate * w.grad
        if step % 100 == 0:
            print(step, float(loss), f"{loss:.3f}", w.shape, w.dtype)
    return w


def fit_plane(data: Floats, labels: Floats) -> tuple[nd.NDArray, nd.NDArray]:
    """Linear regression with `nd`."""
    w, b = nd.random.normal(scale=0.01, shape=(2, 1)), nd.zeros(1)
    for parameter in (w, b):
        parameter.attach_grad()
    features, targets = nd.array(data), nd.array(labels)
    for _ in range(10):
        with autograd.record():
            loss = nd.mean((nd.dot(features, w) + b - targets.reshape((-1, 1))) ** 2)
        loss.backward()
        for parameter in (w, b):
            parameter[:] = parameter - 0.1 * parameter.grad
        print(loss.asscalar(), nd.norm(w).asnumpy())
    return w, b


# --- Functions and transforms, in the manner of JAX and HIPS ---
@dataclass
class Settings:
    """What is not trained."""

    rate: float = 0.1
    steps: int = 10


Layers = list[dict[str, Floats]]


def network(layers: Layers, x: Floats) -> tnp.ndarray:
    """A perceptron over a list of dicts."""
    h = tnp.asarray(x)
    for layer in layers[:-1]:
        h = tnp.tanh(h @ layer["w"] + layer["b"])
    return h @ layers[-1]["w"] + layers[-1]["b"]


def cross_entropy(layers: Layers, x: Floats, labels: npt.NDArray[np.int64]) -> tnp.ndarray:
    """The mean of the negative logarithms of the probabilities of the labels."""
    logits = network(layers, x)
    return (logsumexp(logits, axis=1) - logits[tnp.arange(len(labels)), labels]).mean()


def train(layers: Layers, batches: Iterator[tuple[Floats, npt.NDArray[np.int64]]], settings: Settings) -> Layers:
    """Descend."""
    fall = tapegrad.value_and_grad(cross_entropy)
    for _, (x, labels) in zip(range(settings.steps), batches, strict=False):
        loss, gradients = fall(layers, x, labels)
        layers = [
            {name: value - settings.rate * gradient[name] for name, value in layer.items()}
            for layer, gradient in zip(layers, gradients, strict=True)
        ]
        print(float(loss))
    return layers


def heat(u: Floats, steps: int) -> tnp.ndarray:
    """Writes in place."""
    field = tnp.asarray(u).copy()
    for _ in range(steps):
        field[1:-1] += 0.2 * (field[2:] - 2 * field[1:-1] + field[:-2])
    field[0] = 0.0
    return tnp.sum(field**2)


def evidence(logs: Floats, x: Floats, y: Floats) -> tnp.ndarray:
    """The marginal likelihood of a Gaussian process."""
    length, noise = tnp.exp(logs[0]), tnp.exp(logs[1])
    distances = (x[:, None] - x[None, :]) ** 2
    k = tnp.exp(-distances / (2 * length**2)) + noise * tnp.eye(len(x), dtype=tnp.float64)
    factor = cholesky(k)
    alpha = solve(k, y)
    return 0.5 * (alpha @ y) + tnp.sum(tnp.log(tnp.diagonal(factor)))


def newton(f: Callable[[Floats], tnp.ndarray], x: Floats) -> Floats:
    """A step with the Hessian."""
    step: Floats = np.linalg.solve(tapegrad.hessian(f)(x), tapegrad.grad(f)(x))
    return x - step


per_example = tapegrad.vmap(tapegrad.grad(lambda w, x: tnp.sum(w * x)), in_axes=(None, 0))
value, tangent = tapegrad.jvp(tnp.sin, (np.ones(2),), (np.ones(2),))
out, pull = tapegrad.vjp(tnp.cos, np.ones(2))
matrix = tapegrad.jacobian(lambda x: tnp.stack([x[0] * x[1], tnp.sin(x[0])]))(np.ones(2))
product = tapegrad.hvp(lambda x: tnp.sum(x**3))(np.ones(2), np.ones(2))
again = tapegrad.checkpoint(heat)(np.ones(5), 3)


@tapegrad.compile
def step(w: tnp.ndarray, x: tnp.ndarray) -> tnp.ndarray:
    """A compiled function."""
    return tnp.sum(tnp.maximum(w * x, 0.0))


@tapegrad.custom
def clipped(x: tnp.ndarray) -> tnp.ndarray:
    """A function with a derivative of its own."""
    return tnp.clip(x, -1.0, 1.0)


# --- Gluon ---
class Residual(gluon.Block):
    """A block of one's own."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.dense = nn.Dense(units, activation="relu", flatten=False)

    def forward(self, x: nd.NDArray) -> nd.NDArray:
        """x + f(x)."""
        out: nd.NDArray = self.dense(x)
        return x + out


def train_gluon(data: Floats, labels: Floats) -> float:
    """A training loop of the books."""
    net = nn.Sequential()
    net.add(nn.Dense(16, activation="relu"), Residual(16), nn.Dense(2))
    net.initialize(init.Xavier())
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.01})
    loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
    total = 0.0
    for x, y in gluon.data.DataLoader(gluon.data.ArrayDataset(nd.array(data), nd.array(labels)), batch_size=8):
        with autograd.record():
            loss = loss_of(net(x), y)
        loss.backward()
        trainer.step(x.shape[0])
        total += loss.mean().asscalar()
    net.save_parameters("net.params")
    return total


# --- An op of one's own, checks, engines ---
@elementwise(x="2 * x")
def doubled(xp: tapegrad.Array, x: tapegrad.Array) -> tapegrad.Array:
    """x²."""
    return x * x


check_grads(lambda x: tnp.sum(tnp.tanh(x)), [np.ones(3)])
tapegrad.set_default_dtype("float64")
with tapegrad.use_backend("numpy"), tapegrad.use_default_dtype("float32"), tapegrad.detect_anomaly():
    moved = tnp.ones(3).to("cpu(0)").astype("float64")
names = [info.name for info in tapegrad.list_backends() if info.usable]
rng = np.random.default_rng(0)
mask = tnp.asarray(rng.normal(size=3)) > 0
chosen = tnp.where(mask, moved, 0.0)[mask].tolist()
total = float(moved[0]) + moved.sum().item() + len(chosen)
print(
    f"{moved.mean():.3f}", moved.T, moved[None, ..., ::-1], moved.reshape(3, 1), abs(moved), names, total, repr(moved)
)
tapegrad.draw(moved, "tape.svg")
