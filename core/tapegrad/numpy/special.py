"""Special functions, in SciPy's names and calling conventions.

SciPy itself looks here for them when `SCIPY_ARRAY_API` is set: `scipy.special.erf(x)` of one of our arrays is `erf(x)`.
"""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes
from ..array import Array
from ..errors import DtypeError
from ..kernels import OPS
from .creation import asarray

__all__ = [
    "beta",
    "betainc",
    "betaln",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp10",
    "expit",
    "gamma",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "kl_div",
    "log_softmax",
    "logit",
    "logsumexp",
    "ndtr",
    "polygamma",
    "psi",
    "rel_entr",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]

erf, erfc, erfinv = (OPS[name].call for name in ("erf", "erfc", "erfinv"))
gamma, gammaln, digamma = (OPS[name].call for name in ("gamma", "gammaln", "digamma"))
gammainc, gammaincc = (OPS[name].call for name in ("gammainc", "gammaincc"))
betaln, betainc = (OPS[name].call for name in ("betaln", "betainc"))
i0, i0e, i1, i1e = (OPS[name].call for name in ("i0", "i0e", "i1", "i1e"))
xlogy, xlog1py, logit = (OPS[name].call for name in ("xlogy", "xlog1py", "logit"))
expit, psi = OPS["sigmoid"].call, OPS["digamma"].call


def _floats(*values: Any) -> list[Array]:
    return [x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype()) for x in map(asarray, values)]


def _reals(name: str, *values: Any) -> list[Array]:
    found = _floats(*values)
    if any(x.dtype in dtypes.COMPLEX for x in found):
        raise DtypeError(f"{name}() is a function of real numbers, not of complex ones; take the real part first")
    return found


def zeta(x: Any, q: Any = 1.0, /) -> Array:
    """The sum of 1 / (k + q)**x over k = 0, 1, …: Hurwitz's zeta function, or Riemann's without `q`."""
    found: Array = OPS["zeta"].call(asarray(x), q)
    return found


def polygamma(n: int, x: Any, /) -> Array:
    """The n-th derivative of `digamma`; `n` is one whole number."""
    if int(n) != n:
        raise ValueError(f"polygamma: n is {n}; choose one of the orders 0, 1, 2, …")
    found: Array = OPS["polygamma"].call(asarray(x), n=int(n))
    return found


def beta(a: Any, b: Any, /) -> Array:
    """Euler's beta function of positive numbers, the exponential of `betaln`."""
    found: Array = OPS["exp"].call(betaln(a, b))
    return found


def ndtr(x: Any, /) -> Array:
    """The part of a standard normal distribution that lies below `x`."""
    (x,) = _reals("ndtr", x)
    return 0.5 * erfc(x * -math.sqrt(0.5))  # type: ignore[no-any-return]


def exp10(x: Any, /) -> Array:
    """10 to the power of each element."""
    (x,) = _floats(x)
    return 10.0**x  # type: ignore[no-any-return]


def entr(x: Any, /) -> Array:
    """-x·log(x): 0 at 0, and minus infinity below."""
    (x,) = _reals("entr", x)
    safe = OPS["where"].call(x < 0, 1.0, x)
    found: Array = OPS["where"].call(x < 0, -math.inf, 0 - xlogy(safe, safe))
    return found


def rel_entr(x: Any, y: Any, /) -> Array:
    """x·log(x / y) of positive numbers; 0 where x is 0 and y is not negative, and elsewhere infinity."""
    x, y = _reals("rel_entr", x, y)
    inside = (x > 0) & (y > 0)
    a, b = (OPS["where"].call(inside, z, 1.0) for z in (x, y))
    apart = (a - b) / b
    near = OPS["abs"].call(apart.detach()) < 0.5
    # Beside 1 the logarithm of the ratio is that of 1 plus their distance, which is not rounded away.
    logs = OPS["where"].call(
        near, OPS["log1p"].call(OPS["where"].call(near, apart, 0.0)), OPS["log"].call(a) - OPS["log"].call(b)
    )
    outside = OPS["where"].call(OPS["isnan"].call(x) | OPS["isnan"].call(y), math.nan, math.inf)
    outside = OPS["where"].call((x == 0) & (y >= 0), 0.0, outside)
    found: Array = OPS["where"].call(inside, a * logs, outside)
    return found


def kl_div(x: Any, y: Any, /) -> Array:
    """x·log(x / y) - x + y of numbers that are not negative; elsewhere infinity."""
    x, y = _reals("kl_div", x, y)
    found: Array = OPS["where"].call((x >= 0) & (y >= 0), rel_entr(x, y) - x + y, rel_entr(x, y))
    return found


def logsumexp(x: Any, /, axis: Any = None, *, keepdims: bool = False) -> Array:
    """The logarithm of the sum of exponentials over `axis`, without overflow."""
    found: Array = OPS["logsumexp"].call(asarray(x), axis=axis, keepdims=keepdims)
    return found


def softmax(x: Any, /, axis: Any = None) -> Array:
    """The exponentials over `axis` (None: over all), as parts of their sum."""
    x = asarray(x)
    found: Array = OPS["softmax"].call(x, axis=tuple(range(x.ndim)) if axis is None else axis)
    return found


def log_softmax(x: Any, /, axis: Any = None) -> Array:
    """The logarithm of `softmax`."""
    x = asarray(x)
    found: Array = OPS["log_softmax"].call(x, axis=tuple(range(x.ndim)) if axis is None else axis)
    return found
