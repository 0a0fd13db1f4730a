"""The array API standard (2024.12), differentiable on every engine, and the NumPy names that people expect beyond it.

Arrays made here live on the default backend; functions of arrays stay on their engine. `x.__array_namespace__()` is
this module, or, where x is of another engine than the default, the same functions making new arrays on that engine.
Elementwise functions are the ops themselves; the rest has the standard's and NumPy's calling conventions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    beyond,
    creation,
    grids,
    info,
    manipulation,
    pointwise,
    polynomials,
    products,
    reductions,
    searching,
)
from . import fft as fft
from . import linalg as linalg
from . import random as random
from . import special as special
from .array import ndarray as ndarray  # before `creation`, whose function `array` is the name in this package
from .methods import bind
from .names import publish

if TYPE_CHECKING:
    from ._public import *  # noqa: F403

NAMES = ("fft", "linalg", "ndarray", "random", "special")

_PARTS = beyond, creation, grids, info, manipulation, pointwise, polynomials, products, reductions, searching
for _space in (fft, linalg, random, special):
    publish(_space.__name__)
publish(__name__, *_PARTS)
bind(globals())


def __dir__() -> list[str]:
    return list(globals()["__all__"])
