"""The array API standard (2024.12), differentiable on every engine, and the NumPy names that people expect beyond it.

Arrays made here live on the default backend; functions of arrays stay on their engine. `x.__array_namespace__()` is
this module, or, where x is of another engine than the default, the same functions making new arrays on that engine.
Elementwise functions are the ops themselves; the rest has the standard's and NumPy's calling conventions.
"""

from __future__ import annotations

from . import (
    beyond,
    creation,
    grids,
    info,
    manipulation,
    mechanical,
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
from .array import ndarray  # before `creation`, whose function `array` is the name in this package
from .beyond import *  # noqa: F403
from .creation import *  # noqa: F403
from .grids import *  # noqa: F403
from .info import *  # noqa: F403
from .info import __array_api_version__ as __array_api_version__
from .info import __array_namespace_info__ as __array_namespace_info__
from .manipulation import *  # noqa: F403
from .mechanical import *  # noqa: F403
from .methods import bind
from .pointwise import *  # noqa: F403
from .polynomials import *  # noqa: F403
from .products import *  # noqa: F403
from .reductions import *  # noqa: F403
from .searching import *  # noqa: F403

__all__ = [  # noqa: PLE0604  (all of them are strings)
    *beyond.__all__,
    *creation.__all__,
    *grids.__all__,
    *info.__all__,
    *manipulation.__all__,
    *mechanical.__all__,
    *pointwise.__all__,
    *polynomials.__all__,
    *products.__all__,
    *reductions.__all__,
    *searching.__all__,
    "fft",
    "linalg",
    "ndarray",
    "random",
    "special",
]

bind(globals())
