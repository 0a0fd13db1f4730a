"""Recurrent layers, and the cells that are called step by step."""

from . import cells, layers
from .cells import *  # noqa: F403  (the names stand in the modules)
from .layers import *  # noqa: F403

__all__ = cells.__all__ + layers.__all__
__dir__ = __all__.copy
