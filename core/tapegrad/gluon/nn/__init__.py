"""Layers of networks."""

from typing import TYPE_CHECKING

from ...arrays.foreign import missing
from ..block import Block, HybridBlock, SymbolBlock
from . import activations, basic_layers, conv_layers
from .activations import *  # noqa: F403  (the names stand in the modules)
from .basic_layers import *  # noqa: F403
from .conv_layers import *  # noqa: F403

__all__ = ["Block", "HybridBlock", "SymbolBlock"]
__all__ += activations.__all__
__all__ += basic_layers.__all__
__all__ += conv_layers.__all__
__dir__ = __all__.copy

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
