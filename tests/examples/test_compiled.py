"""Four programs, compiled: their losses are those of eager runs over two hundred steps, on NumPy and JAX."""

from itertools import islice

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the examples show a progress bar: see the extra `examples`")

import char_rnn
import lenet
from engines import engine

import tapegrad
from tapegrad import autograd, nd

STEPS = 200


def tutorial():
    """A weight before the tutorial's loop, whose turns depend on the numbers."""
    draw = np.random.default_rng(0)
    w = nd.array(draw.normal(size=5))
    w.attach_grad()

    def step(a, wanted):
        with autograd.record():
            b = nd.tanh(a * w) * 2
            while nd.norm(b).asscalar() < 1000:
                b = b * 2
            c = b if nd.sum(b).asscalar() > 0 else b * 0.5
            loss = ((c / 1000 - wanted) ** 2).sum()
        loss.backward()
        w[:] = w - 0.05 * w.grad
        return loss

    return step, [(nd.array(draw.normal(size=5)), nd.array(draw.random(5))) for _ in range(STEPS)]


def character_rnn():
    """The example's RNN, which keeps its state from passage to passage."""
    parameters, passages = char_rnn.first_parameters(0), char_rnn.passages(0)
    state = nd.zeros((char_rnn.ROWS, char_rnn.HIDDEN))
    for parameter in parameters:
        parameter.attach_grad()

    def step(here, after, restarts):
        nonlocal state
        state = nd.zeros_like(state) if restarts else state.detach()
        letters = [nd.one_hot(column, len(char_rnn.ALPHABET)) for column in here]
        with autograd.record():
            scores, state = char_rnn.read(parameters, letters, state)
            loss = char_rnn.surprise(scores, after)
        loss.backward()
        char_rnn.clip([parameter.grad for parameter in parameters], char_rnn.CLIP)
        for parameter in parameters:
            parameter[:] = parameter - 0.5 * parameter.grad
        return loss

    return step, [(nd.array(here), nd.array(after), restarts) for here, after, restarts in islice(passages, STEPS)]


def digits():
    """The example's LeNet, with momentum and weight decay."""
    parameters, draw = lenet.first_parameters(0), np.random.default_rng(0)
    for parameter in parameters:
        parameter.attach_grad()
    velocities = [nd.zeros_like(parameter) for parameter in parameters]

    def step(images, labels):
        with autograd.record():
            loss = lenet.cross_entropy(lenet.scores(parameters, images), labels)
        loss.backward()
        for parameter, velocity in zip(parameters, velocities, strict=True):
            velocity[:] = lenet.MOMENTUM * velocity + parameter.grad + lenet.WEIGHT_DECAY * parameter
            parameter[:] = parameter - 0.1 * velocity
        return loss

    data = lenet.digits()
    rows = [draw.choice(len(data.train_labels), lenet.BATCH) for _ in range(STEPS)]
    return step, [(nd.array(data.train_images[r]), nd.array(data.train_labels[r])) for r in rows]


def dropout():
    """Two layers with dropout between them, and momentum."""
    draw = np.random.default_rng(0)
    parameters = [nd.array(draw.normal(scale=0.3, size=shape)) for shape in ((8, 32), (32, 3))]
    for parameter in parameters:
        parameter.attach_grad()
    velocities = [nd.zeros_like(parameter) for parameter in parameters]

    def step(x, labels):
        with autograd.record():
            hidden = nd.Dropout(nd.relu(nd.dot(x, parameters[0])), p=0.3)
            loss = -nd.mean(nd.pick(nd.log_softmax(nd.dot(hidden, parameters[1])), labels))
        loss.backward()
        for parameter, velocity in zip(parameters, velocities, strict=True):
            velocity[:] = 0.9 * velocity - 0.05 * parameter.grad
            parameter[:] = parameter + velocity
        return loss

    return step, [(nd.array(draw.normal(size=(16, 8))), nd.array(draw.integers(0, 3, 16))) for _ in range(STEPS)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["numpy", "jax"])
@pytest.mark.parametrize("program", [tutorial, character_rnn, digits, dropout])
def test_losses_of_a_training_are_those_of_an_eager_one(program, name):
    def losses(compiled):
        tapegrad.random.seed(7)
        step, calls = program()
        run = tapegrad.compile(step, max_programs=100) if compiled else step
        return [run(*args).asscalar() for args in calls], run

    with tapegrad.use_backend(engine(name)):
        (eager, _), (compiled, run) = losses(False), losses(True)
    np.testing.assert_allclose(compiled, eager, rtol=1e-5)
    assert run.stats()["eager"] == 0 and run.stats()["replays"] > STEPS / 2
