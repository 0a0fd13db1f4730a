"""Each test of Gluon begins as a fresh program does: seed 0, names counted from 0, in no mode, on NumPy."""

import numpy as np
import pytest

import tapegrad as mx
from tapegrad import autograd
from tapegrad.name import NameManager


@pytest.fixture(autouse=True)
def fresh():
    """Seeds, names, recording and training as they are at the start, and again at the end."""
    mx.random.seed(0)
    np.random.seed(0)
    with NameManager():
        yield
    mx.util.reset_np()
    assert not autograd.is_recording()
    assert not autograd.is_training()


@pytest.fixture(params=["numpy", "jax"])
def backend(request):
    """An engine as the default of the program."""
    if request.param != "numpy":
        pytest.importorskip(request.param)
    with mx.use_backend(request.param):
        yield request.param
