"""Functions of each element that are more than an op: rounding, comparing, telling numbers apart."""

from __future__ import annotations

import math
from typing import Any

import numpy as host

from .. import dtypes
from ..array import Array
from ..kernels import OPS
from . import reductions
from .creation import asarray
from .info import iscomplexobj

__all__ = [
    "allclose",
    "angle",
    "around",
    "array_equal",
    "array_equiv",
    "clip",
    "divmod",
    "fix",
    "float_power",
    "isclose",
    "iscomplex",
    "isneginf",
    "isposinf",
    "isreal",
    "isscalar",
    "logaddexp2",
    "modf",
    "rint",
    "round",
]


def angle(x: Any, /, deg: bool = False) -> Array:
    """The angle of each complex number, from -pi to pi, or in degrees."""
    found: Array = OPS["angle"].call(asarray(x))
    return found * (180 / math.pi) if deg else found


def clip(x: Any, /, min: Any = None, max: Any = None, *, a_min: Any = None, a_max: Any = None) -> Array:
    """The elements kept between `min` and `max`, either of which may be missing; `a_min`, `a_max` are older words."""
    found: Array = OPS["clip"].call(asarray(x), a_min if min is None else min, a_max if max is None else max)
    return found


def round(x: Any, /, decimals: int = 0) -> Array:
    """The elements rounded to so many decimals, halves to even."""
    found: Array = OPS["round"].call(asarray(x), decimals=decimals)
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
    x = asarray(x)
    found: Array = OPS["power"].call(x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype()), y)
    return found


def logaddexp2(x: Any, y: Any, /) -> Array:
    """The logarithm to base 2 of the sum of two powers of 2."""
    scale = math.log(2.0)
    found: Array = OPS["logaddexp"].call(asarray(x) * scale, asarray(y) * scale) / scale
    return found


def isclose(x: Any, y: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Array:
    """Whether elements differ by at most atol + rtol·|y|."""
    x, y = asarray(x), asarray(y)
    near = OPS["abs"].call(x - y) <= atol + rtol * OPS["abs"].call(y)
    found: Array = near | (x == y)
    return found | (OPS["isnan"].call(x) & OPS["isnan"].call(y)) if equal_nan else found


def allclose(x: Any, y: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are close; see `isclose`."""
    return reductions.all(isclose(x, y, rtol, atol, equal_nan)).item()


def array_equal(x: Any, y: Any, equal_nan: bool = False) -> Any:
    """Whether shapes and all elements are the same; with `equal_nan` NaN is the same as NaN."""
    x, y = asarray(x), asarray(y)
    if x.shape != y.shape:
        return False
    same = x == y
    return reductions.all(same | ((x != x) & (y != y)) if equal_nan else same).item()


def isscalar(x: Any) -> Any:
    """Whether `x` is a Python or NumPy number, not an array."""
    return isinstance(x, (int, float, complex, host.generic))


def iscomplex(x: Any) -> Array:
    """Whether each element has an imaginary part."""
    x = asarray(x)
    found: Array = OPS["imag"].call(x) != 0 if iscomplexobj(x) else OPS["isnan"].call(x) & OPS["isfinite"].call(x)
    return found


def isreal(x: Any) -> Array:
    """Whether each element has no imaginary part."""
    return ~iscomplex(x)


def array_equiv(x: Any, y: Any) -> Any:
    """Whether all elements are the same once the shapes are broadcast."""
    return reductions.all(asarray(x) == asarray(y)).item()


def fix(x: Any, /) -> Array:
    """The elements rounded towards zero."""
    found: Array = OPS["trunc"].call(asarray(x))
    return found


def modf(x: Any, /) -> tuple[Array, Array]:
    """The fractional part and the whole part, both with the sign of the element."""
    x = asarray(x)
    if x.dtype not in dtypes.INEXACT:
        x = x.astype(dtypes.get_default_dtype())
    whole = OPS["trunc"].call(x)
    endless = OPS["isinf"].call(x)
    rest = x - OPS["where"].call(endless, 0.0, whole)
    return OPS["copysign"].call(OPS["where"].call(endless, 0.0, rest), x.detach()), whole


def isposinf(x: Any, /) -> Array:
    """Whether each element is plus infinity."""
    return asarray(x) == math.inf


def isneginf(x: Any, /) -> Array:
    """Whether each element is minus infinity."""
    return asarray(x) == -math.inf
