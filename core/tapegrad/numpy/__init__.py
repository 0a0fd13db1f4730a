"""The array API standard (2024.12), differentiable on every engine, and the NumPy names that people expect beyond it.

Arrays made here live on the default backend; functions of arrays stay on their engine. `x.__array_namespace__()` is this
module, or, where x is of another engine than the default one, the same functions making new arrays on the engine of x.
Elementwise functions are the ops themselves; the rest has the standard's and NumPy's calling conventions.
"""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..array import Array
from ..array import Array as ndarray
from ..kernels import OPS
from . import creation, fft, info, linalg, manipulation, products, random, reductions, searching, special
from .creation import *  # noqa: F403
from .creation import asarray as _asarray
from .info import *  # noqa: F403
from .info import __array_api_version__, __array_namespace_info__
from .manipulation import *  # noqa: F403
from .products import *  # noqa: F403
from .reductions import *  # noqa: F403
from .searching import *  # noqa: F403

_ELEMENTWISE = """abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_invert bitwise_left_shift bitwise_or
bitwise_right_shift bitwise_xor cbrt ceil conj copysign cos cosh degrees divide equal exp exp2 expm1 floor floor_divide
fmax fmin fmod greater greater_equal heaviside hypot i0 imag isfinite isinf isnan less less_equal log log10 log1p log2
logaddexp logical_and logical_not logical_or logical_xor maximum minimum multiply nan_to_num negative nextafter not_equal
positive power radians real reciprocal remainder sign signbit sin sinc sinh sqrt square subtract tan tanh trunc where
""".split()
"""The ops whose own calling convention is the standard's."""

_ALIASES = {
    "absolute": "abs",
    "angle": "angle",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "bitwise_not": "bitwise_invert",
    "conjugate": "conj",
    "deg2rad": "radians",
    "fabs": "abs",
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "mod": "remainder",
    "pow": "power",
    "rad2deg": "degrees",
    "right_shift": "bitwise_right_shift",
    "true_divide": "divide",
}
"""The standard's and NumPy's other names of ops."""

for _name in _ELEMENTWISE:
    globals()[_name] = OPS[_name].call
for _name, _op in _ALIASES.items():
    globals()[_name] = OPS[_op].call


def clip(x: Any, /, min: Any = None, max: Any = None) -> Array:
    """The elements kept between `min` and `max`, either of which may be missing."""
    found: Array = OPS["clip"].call(_asarray(x), min, max)
    return found


def round(x: Any, /, decimals: int = 0) -> Array:
    """The elements rounded to so many decimals, halves to even."""
    found: Array = OPS["round"].call(_asarray(x), decimals=decimals)
    return found


around = round


def rint(x: Any, /) -> Array:
    """The elements rounded to integers, halves to even."""
    return round(x)


def divmod(x: Any, y: Any, /) -> tuple[Array, Array]:
    """The quotient rounded down, and the remainder."""
    return OPS["floor_divide"].call(x, y), OPS["remainder"].call(x, y)


def float_power(x: Any, y: Any, /) -> Array:
    """Powers in floating point, also of whole numbers."""
    x = _asarray(x)
    found: Array = OPS["power"].call(x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype()), y)
    return found


def logaddexp2(x: Any, y: Any, /) -> Array:
    """The logarithm to base 2 of the sum of two powers of 2."""
    scale = math.log(2.0)
    found: Array = OPS["logaddexp"].call(_asarray(x) * scale, _asarray(y) * scale) / scale
    return found


def isclose(x: Any, y: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """Whether elements differ by at most atol + rtol·|y|."""
    x, y = _asarray(x), _asarray(y)
    near = OPS["abs"].call(x - y) <= atol + rtol * OPS["abs"].call(y)
    found: Array = near | (x == y)
    return found | (OPS["isnan"].call(x) & OPS["isnan"].call(y)) if equal_nan else found


def allclose(x: Any, y: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are close; see `isclose`."""
    return reductions.all(isclose(x, y, rtol, atol, equal_nan)).item()


def array_equal(x: Any, y: Any) -> Any:
    """Whether shapes and all elements are the same."""
    x, y = _asarray(x), _asarray(y)
    return x.shape == y.shape and reductions.all(x == y).item()


def isscalar(x: Any) -> Any:
    """Whether `x` is a Python or NumPy number, not an array."""
    return isinstance(x, (int, float, complex)) or (hasattr(x, "dtype") and not hasattr(x, "__array_namespace__"))


def iscomplex(x: Any) -> Array:
    """Whether each element has an imaginary part."""
    x = _asarray(x)
    found: Array = OPS["imag"].call(x) != 0 if iscomplexobj(x) else OPS["isnan"].call(x) & OPS["isfinite"].call(x)  # noqa: F405
    return found


def isreal(x: Any) -> Array:
    """Whether each element has no imaginary part."""
    return ~iscomplex(x)


__all__ = sorted(
    {
        *creation.__all__,
        *info.__all__,
        *manipulation.__all__,
        *products.__all__,
        *reductions.__all__,
        *searching.__all__,
        *_ELEMENTWISE,
        *_ALIASES,
        "allclose",
        "around",
        "array_equal",
        "clip",
        "divmod",
        "fft",
        "float_power",
        "iscomplex",
        "isclose",
        "isreal",
        "isscalar",
        "linalg",
        "logaddexp2",
        "ndarray",
        "random",
        "rint",
        "round",
        "special",
    }
)
