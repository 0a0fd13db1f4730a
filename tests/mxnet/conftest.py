"""Each test of MXNet's face begins as a fresh program does: with seed 0, in no mode, on NumPy."""

import pytest

import tapegrad as mx
from tapegrad import autograd


@pytest.fixture(autouse=True)
def fresh():
    """Seed, recording and training as they are at the start, and again at the end."""
    mx.random.seed(0)
    yield
    assert not autograd.is_recording()
    assert not autograd.is_training()
