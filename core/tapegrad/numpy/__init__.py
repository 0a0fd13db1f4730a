"""The array API standard (2024.12), differentiable on every engine, and the NumPy names that people expect beyond it.

Arrays made here live on the default backend; functions of arrays stay on their engine. `x.__array_namespace__()` is
this module, or, where x is of another engine than the default, the same functions making new arrays on that engine.
Elementwise functions are the ops themselves; the rest has the standard's and NumPy's calling conventions.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import fft as fft
    from . import linalg as linalg
    from . import random as random
    from . import special as special
    from ._public import *  # noqa: F403
    from .arrays import ndarray as ndarray

from ..arrays.foreign import missing

PARTS = (
    *("beyond", "creation", "grids", "info", "manipulation", "pointwise", "polynomials", "products", "reductions"),
    "searching",
)
"""The modules whose functions are this package's."""

SPACES = ("fft", "linalg", "random", "special")
NAMES = (*SPACES, "ndarray")

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # All functions are imported when somebody asks for the first; a module by itself, since modules ask for others.
        if name in PARTS or name in SPACES:
            return import_module(f".{name}", __name__)
        import_module(".contents", __name__)
        if name in globals():
            return globals()[name]
        if name == "lib":
            return import_module(".lib", __name__)
        missing(__name__)(name)


def __dir__() -> list[str]:
    import_module(".contents", __name__)
    return list(globals()["__all__"])
