"""What MXNet kept in `mxnet.contrib`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..arrays.foreign import missing
from . import autograd

if TYPE_CHECKING:
    from ..ndarray import contrib as nd
    from ..ndarray import contrib as ndarray
    from . import text as text

__all__ = ["autograd", "nd", "ndarray", "text"]
__dir__ = __all__.copy


def __getattr__(name: str) -> Any:
    if name in ("nd", "ndarray"):
        return import_module("tapegrad.ndarray.contrib")
    if name == "text":
        return import_module(".text", __name__)
    missing(__name__)(name)
