"""Functions of neural networks on arrays of any engine: activations, losses, layers as pure functions, initializers.

They are the ops under the standard face, with the calling conventions of JAX and PyTorch. Nothing here holds
parameters: `tapegrad.gluon` has layers that do. Images have their channels in front of their space, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arrays.foreign import missing
from ..numpy.special import logsumexp
from . import initializers
from .activations import (
    elu,
    gelu,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    prelu,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
)
from .layers import attention, avg_pool, batch_norm, conv, dropout, embedding, layer_norm, linear, max_pool, rms_norm
from .losses import binary_cross_entropy, cross_entropy, mse, one_hot

__all__ = [
    "attention",
    "avg_pool",
    "batch_norm",
    "binary_cross_entropy",
    "conv",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "initializers",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "max_pool",
    "mse",
    "one_hot",
    "prelu",
    "relu",
    "rms_norm",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
]
__dir__ = __all__.copy

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
