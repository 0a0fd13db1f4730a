"""What `tapegrad.numpy` holds: to import this module is to give the package its names, and its arrays their methods."""

from __future__ import annotations

from types import FunctionType

from ..arrays.foreign import advise
from . import arrays, fft, linalg, random, special  # noqa: F401  (the spaces within, which become the package's)
from .methods import bind
from .names import publish
from .package import package

__all__: list[str] = []

_SPACE = package()

vars(_SPACE)["ndarray"] = arrays.ndarray
publish(_SPACE.__name__, *(getattr(_SPACE, name) for name in _SPACE.PARTS))
bind(vars(_SPACE))
_functions = [name for name in vars(_SPACE)["__all__"] if isinstance(getattr(_SPACE, name), FunctionType)]
advise(arrays.ndarray, functions={name: f"{_SPACE.__name__}.{name}" for name in _functions})
