"""W4: one step of gradient descent on a multilayer perceptron, where matrix products are most of the time.

784-256-256-10 with relu, batch 128, float32, mean softmax cross-entropy, written from scratch as the books do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.case import (
    Case,
    Step,
    as_compiled,
    beside_hand,
    compiled_beside_hand,
    compiled_faster_than,
    descent_by_jax,
    faster_than,
)


@dataclass(frozen=True)
class Classification:
    """A batch, its labels, and the first parameters (weight and bias of each layer in turn), the learning rate."""

    x: np.ndarray
    labels: np.ndarray
    parameters: tuple[np.ndarray, ...]
    rate: float = 0.01


def classification(batch: int, widths: tuple[int, ...]) -> Classification:
    """Random inputs and labels; weights scaled so that activations keep their size from layer to layer."""
    draw = np.random.default_rng(0)
    parameters: list[np.ndarray] = []
    for inputs, outputs in pairwise(widths):
        parameters.append(draw.normal(0, (2 / inputs) ** 0.5, (inputs, outputs)).astype(np.float32))
        parameters.append(draw.normal(0, 0.1, outputs).astype(np.float32))
    return Classification(
        x=draw.standard_normal((batch, widths[0]), dtype=np.float32),
        labels=draw.integers(0, widths[-1], batch),
        parameters=tuple(parameters),
    )


def magnified(problem: Classification) -> Classification:
    """The problem with a learning rate that makes the gradients larger than the parameters."""
    return replace(problem, rate=100.0)


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[np.floating, np.ndarray]:
    """The mean softmax cross-entropy and its gradient in the logits, by hand."""
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    totals = exponentials.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(totals[:, 0]) - shifted[rows, labels])
    g = exponentials
    g /= totals
    g[rows, labels] -= 1
    g /= len(labels)
    return loss, g


def by_hand(problem: Classification) -> Step:
    """NumPy by hand."""
    x, labels, rate = problem.x, problem.labels, problem.rate
    w1, b1, w2, b2, w3, b3 = parameters = [value.copy() for value in problem.parameters]

    def step() -> tuple[np.ndarray, ...]:
        h1 = x @ w1
        h1 += b1
        np.maximum(h1, 0, out=h1)
        h2 = h1 @ w2
        h2 += b2
        np.maximum(h2, 0, out=h2)
        logits = h2 @ w3
        logits += b3
        loss, g = cross_entropy(logits, labels)

        gw3, gb3 = h2.T @ g, g.sum(axis=0)
        g = g @ w3.T
        g *= h2 > 0
        gw2, gb2 = h1.T @ g, g.sum(axis=0)
        g = g @ w2.T
        g *= h1 > 0
        gw1, gb1 = x.T @ g, g.sum(axis=0)
        for parameter, gradient in zip(parameters, (gw1, gb1, gw2, gb2, gw3, gb3), strict=True):
            gradient *= rate
            parameter -= gradient
        return loss, *parameters

    return step


def by_tapegrad(problem: Classification) -> Step:
    """Tapegrad's imperative face."""
    from tapegrad import autograd, nd

    x, labels, rate = nd.array(problem.x), nd.array(problem.labels), problem.rate
    w1, b1, w2, b2, w3, b3 = parameters = [nd.array(value) for value in problem.parameters]
    for parameter in parameters:
        parameter.attach_grad()

    def step() -> tuple[nd.NDArray, ...]:
        with autograd.record():
            h1 = nd.relu(nd.dot(x, w1) + b1)
            h2 = nd.relu(nd.dot(h1, w2) + b2)
            logits = nd.dot(h2, w3) + b3
            loss = -nd.mean(nd.pick(nd.log_softmax(logits), labels))
        loss.backward()
        for parameter in parameters:
            parameter[:] = parameter - rate * parameter.grad
        return loss, *parameters

    return step


def by_tapegrad_numpy(problem: Classification) -> Step:
    """Tapegrad's face of the array API standard, recorded in the same way."""
    from tapegrad import autograd
    from tapegrad import numpy as tnp

    x, labels, rate = tnp.asarray(problem.x), tnp.asarray(problem.labels)[:, None], problem.rate
    w1, b1, w2, b2, w3, b3 = parameters = [tnp.asarray(value, copy=True) for value in problem.parameters]
    for parameter in parameters:
        parameter.attach_grad()

    def step() -> tuple[tnp.Array, ...]:
        with autograd.record():
            h1 = tnp.maximum(x @ w1 + b1, 0)
            h2 = tnp.maximum(h1 @ w2 + b2, 0)
            likelihoods = tnp.special.log_softmax(h2 @ w3 + b3, axis=-1)
            loss = -tnp.mean(tnp.take_along_axis(likelihoods, labels, axis=-1))
        loss.backward()
        for parameter in parameters:
            parameter[:] = parameter - rate * parameter.grad
        return loss, *parameters

    return step


def by_torch(problem: Classification) -> Step:
    """PyTorch eager."""
    import torch

    x, labels, rate = torch.tensor(problem.x), torch.tensor(problem.labels), problem.rate
    w1, b1, w2, b2, w3, b3 = parameters = [torch.tensor(value, requires_grad=True) for value in problem.parameters]
    cross_entropy = torch.nn.functional.cross_entropy

    def step() -> tuple[torch.Tensor, ...]:
        h1 = torch.relu(torch.addmm(b1, x, w1))
        h2 = torch.relu(torch.addmm(b2, h1, w2))
        loss = cross_entropy(torch.addmm(b3, h2, w3), labels)
        loss.backward()
        with torch.no_grad():
            for parameter in parameters:
                parameter.sub_(parameter.grad, alpha=rate)
                parameter.grad = None
        return loss, *parameters

    return step


def objective(problem: Classification, xp: Any, logsumexp: Any) -> Callable[[Any], Any]:
    """The loss as a function of the parameters, in the words of a library like NumPy."""
    x, labels = problem.x, problem.labels
    rows = np.arange(len(labels))

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2, w3, b3 = parameters
        h1 = xp.maximum(xp.dot(x, w1) + b1, 0)
        h2 = xp.maximum(xp.dot(h1, w2) + b2, 0)
        logits = xp.dot(h2, w3) + b3
        return xp.mean(logsumexp(logits, axis=1) - logits[rows, labels])

    return loss


def by_jax(problem: Classification) -> Step:
    """JAX, compiled."""
    import jax

    loss = objective(problem, jax.numpy, jax.nn.logsumexp)
    return descent_by_jax(loss, list(problem.parameters), problem.rate)


def by_hips(problem: Classification) -> Step:
    """HIPS/autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.special import logsumexp

    rate = problem.rate
    parameters = [value.copy() for value in problem.parameters]
    loss_and_gradients = value_and_grad(objective(problem, anp, logsumexp))

    def step() -> tuple[np.ndarray, ...]:
        loss, gradients = loss_and_gradients(parameters)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter -= rate * gradient
        return loss, *parameters

    return step


FORMS = {
    "hand": by_hand,
    "tapegrad": by_tapegrad,
    "compiled": as_compiled(by_tapegrad),
    "torch": by_torch,
    "hips": by_hips,
    "jax": by_jax,
}


ON_NUMPY_FACE = {"hand": by_hand, "tapegrad": by_tapegrad_numpy}


def cases(tiny: bool = False) -> list[Case]:
    """The perceptron of the books, or one of a few units; on tapegrad's imperative face, and on `tapegrad.numpy`."""
    batch, widths = (6, (5, 4, 4, 3)) if tiny else (128, (784, 256, 256, 10))
    goals = (
        *(compiled_beside_hand(0.92), beside_hand(1.2, 1.1), faster_than("torch"), faster_than("hips")),
        *(compiled_faster_than("torch", 1.0), compiled_faster_than("jax")),
    )
    what = f"SGD step of an MLP {'-'.join(map(str, widths))}, batch {batch}"
    return [
        Case("W4", label, said, lambda: classification(batch, widths), forms, bounds, 1, 1e-4, magnified, limit=0.92)
        for label, said, forms, bounds in (
            ("", what, FORMS, goals),
            ("numpy", f"{what}, on tapegrad.numpy", ON_NUMPY_FACE, (beside_hand(),)),
        )
    ]
