"""An engine for the tests of the registry: NumPy, with an array type of its own."""

import array_api_compat.numpy as base
import numpy

__version__ = "7.0"


class Array(numpy.ndarray):
    """What this engine computes on."""


def asarray(obj, *args, **kwargs):
    return base.asarray(obj, *args, **kwargs).view(Array)


def zeros(*args, **kwargs):
    return base.zeros(*args, **kwargs).view(Array)


def __getattr__(name):
    return getattr(base, name)
