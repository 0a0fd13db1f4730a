"""The engines that are here, for tests that hold on all of them."""

from contextlib import contextmanager

import numpy as np
import pytest

import tapegrad
from tapegrad.arrays.array import handle

NAMES = ("numpy", "strict", "jax")


@contextmanager
def in_double():
    """JAX with its 64-bit dtypes switched on, where there is a JAX, and as it was afterwards."""
    try:
        import jax
    except ImportError:
        yield
        return
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", before)


def engine(name):
    """A backend by name; where its engine or plug-in is not installed the test is skipped, and says so."""
    try:
        return tapegrad.get_backend(name)
    except tapegrad.errors.BackendError as error:
        pytest.skip(f"backend {name!r} cannot be had here: {error}")


def on(backend, values, dtype=None):
    """Host values as an array of that backend."""
    return handle(tapegrad.numpy.ndarray, backend.from_numpy(np.asarray(values, dtype=dtype)), None, backend.kernels)


def of(values, dtype=None):
    """Host values as an array of the NumPy engine."""
    return on(tapegrad.get_backend("numpy"), values, dtype)


def total(x):
    """The sum of all elements, recorded."""
    return tapegrad.ops.reductions.sum(x)
