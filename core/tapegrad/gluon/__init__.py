"""MXNet's Gluon: networks of layers, their parameters, losses, data and training, all over `nd`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..arrays.foreign import missing
from . import nn
from .block import Block, HybridBlock, SymbolBlock
from .parameter import Constant, DeferredInitializationError, Parameter, ParameterDict

if TYPE_CHECKING:
    from . import contrib as contrib
    from . import data as data
    from . import loss as loss
    from . import model_zoo as model_zoo
    from . import rnn as rnn
    from . import utils as utils
    from .trainer import Trainer

__all__ = [
    "Block",
    "Constant",
    "DeferredInitializationError",
    "HybridBlock",
    "Parameter",
    "ParameterDict",
    "SymbolBlock",
    "Trainer",
    "data",
    "loss",
    "model_zoo",
    "nn",
    "rnn",
    "utils",
]
__dir__ = __all__.copy


def __getattr__(name: str) -> Any:
    if name in ("contrib", "data", "loss", "model_zoo", "rnn", "utils", "trainer"):
        return import_module(f".{name}", __name__)
    if name == "Trainer":
        return import_module(".trainer", __name__).Trainer
    missing(__name__)(name)
