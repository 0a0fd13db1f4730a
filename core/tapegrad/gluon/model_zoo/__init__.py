"""Networks that MXNet has ready: `vision`. Their trained values are read from files of this machine."""

from . import model_store, vision

__all__ = ["model_store", "vision"]
__dir__ = __all__.copy
