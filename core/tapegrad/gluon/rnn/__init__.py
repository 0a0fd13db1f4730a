"""Recurrent layers, and the cells that are called step by step."""

from . import rnn_cell, rnn_layer
from .rnn_cell import *  # noqa: F403  (the names stand in the modules)
from .rnn_layer import *  # noqa: F403

__all__ = rnn_cell.__all__ + rnn_layer.__all__
__dir__ = __all__.copy
