"""What MXNet kept in `mxnet.gluon.contrib`: layers, cells, a sampler, and training by handlers of events."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...arrays.foreign import missing

if TYPE_CHECKING:
    from . import data as data
    from . import estimator as estimator
    from . import nn as nn
    from . import rnn as rnn

__all__ = ["data", "estimator", "nn", "rnn"]
__dir__ = __all__.copy


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f".{name}", __name__)
    missing(__name__)(name)
