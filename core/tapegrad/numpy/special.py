"""Special functions, in SciPy's names and calling conventions.

SciPy itself looks here for them when `SCIPY_ARRAY_API` is set: `scipy.special.erf(x)` of one of our arrays is `erf(x)`.
On engines that have no such functions of their own they are SciPy's, on the host; without it they raise
`MissingExtraError`, which says what to install.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, overload

from .. import dtypes
from ..arrays.array import Array
from ..errors import ArgumentError, DtypeError
from ..ops.indexing import axes_of
from .arguments import asarray, op
from .names import publish

if TYPE_CHECKING:
    from ..typing import ArrayLike, Axes
    from ._special import *  # noqa: F403
    from .arrays import ndarray


def _floats(*values: Any) -> list[ndarray]:
    """Arrays in floating point; a Python float takes the dtype of the arrays beside it."""
    beside = next((x.dtype for x in values if isinstance(x, Array) and x.dtype in dtypes.INEXACT), None)
    found = [asarray(x, beside if x.__class__ is float else None) for x in values]
    return [x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype()) for x in found]


def _reals(name: str, *values: Any) -> list[ndarray]:
    found = _floats(*values)
    if any(x.dtype in dtypes.COMPLEX for x in found):
        raise DtypeError(f"{name}() is a function of real numbers, not of complex ones; take the real part first")
    return found


def zeta(x: ArrayLike, q: ArrayLike = 1.0, /) -> ndarray:
    """The sum of 1 / (k + q)**x over k = 0, 1, …: Hurwitz's zeta function, or Riemann's without `q`.

    It has a derivative in `q` only.

    Shapes: both broadcast; the result has the shape they have in common.
    Dtypes: real numbers, promoted to one, integers to a float; the result has it.
    Raises: `ShapeError` for shapes that do not broadcast, `NoGradientError` for a tracked `x`.

    >>> tnp.special.zeta([2.0, 4.0])
    Array([1.6449..., 1.0823...], dtype=float32)
    >>> tapegrad.grad(lambda q: tnp.special.zeta(2.0, q))(1.0)
    -2.4041...
    """
    return op.zeta(*_floats(x, q))


def polygamma(n: int, x: ArrayLike, /) -> ndarray:
    """The n-th derivative of `digamma`; `n` is one whole number.

    Dtypes: real numbers; integers become the default float.
    Raises: `ValueError` for an `n` that is negative or no whole number.

    >>> tnp.special.polygamma(1, [1.0, 2.0])
    Array([1.6449..., 0.6449...], dtype=float32)
    """
    if int(n) != n:
        raise ArgumentError(f"polygamma: n is {n}; choose one of the orders 0, 1, 2, …")
    return op.polygamma(asarray(x), n=int(n))


def beta(a: ArrayLike, b: ArrayLike, /) -> ndarray:
    """Euler's beta function of positive numbers, the exponential of `betaln`.

    Dtypes: real numbers, promoted to one, integers to a float; the result has it.

    >>> tnp.special.beta(2.0, [1.0, 3.0])
    Array([0.5       , 0.0833...], dtype=float32)
    """
    return op.exp(op.betaln(a, b))


def ndtr(x: ArrayLike, /) -> ndarray:
    """The part of a standard normal distribution that lies below `x`.

    Dtypes: real numbers; integers become the default float.

    >>> tnp.special.ndtr([0.0, 1.0])
    Array([0.5      , 0.8413...], dtype=float32)
    """
    (x,) = _reals("ndtr", x)
    return 0.5 * op.erfc(x * -math.sqrt(0.5))


def huber(delta: ArrayLike, r: ArrayLike, /) -> ndarray:
    """Half the square of `r` up to the size `delta`, and from there on a straight line; infinite for a negative size.

    Shapes: both broadcast; the result has the shape they have in common.
    Dtypes: real numbers, promoted to one, integers to a float; the result has it.
    Raises: `ShapeError` for shapes that do not broadcast, `DtypeError` for complex numbers, `TypeError` for what is no
    array.

    >>> import tapegrad.numpy as tnp
    >>> tnp.special.huber(1.0, [0.5, -3.0])
    Array([0.125, 2.5  ], dtype=float32)
    """
    delta, r = _reals("huber", delta, r)
    size = op.abs(r)
    near = size <= delta
    middle, bound = op.where(near, r, 0.0), op.where(near, 0.0, delta)  # either may be infinite where it does not count
    loss = op.where(near, 0.5 * (middle * middle), bound * (size - 0.5 * bound))
    return op.where(delta < 0, math.inf, loss)


def multigammaln(a: ArrayLike, d: int) -> ndarray:
    """The logarithm of the gamma function of `d` dimensions, of numbers above (d - 1) / 2.

    Shapes: any; the result has that of `a`.
    Dtypes: real numbers; integers become the default float.
    Raises: `ValueError` for a `d` that is no whole number above 0, `DtypeError` for complex numbers, `TypeError` for
    what is no array.

    >>> import tapegrad.numpy as tnp
    >>> tnp.special.multigammaln([3.0], 2)
    Array([1.5501...], dtype=float32)
    """
    if int(d) != d or d < 1:
        raise ArgumentError(f"multigammaln: d is {d}; choose a whole number of dimensions, 1 or more")
    (a,) = _reals("multigammaln", a)
    total = op.gammaln(a)
    for j in range(1, int(d)):
        total = total + op.gammaln(a - 0.5 * j)
    return total + 0.25 * d * (d - 1) * math.log(math.pi)


def exp10(x: ArrayLike, /) -> ndarray:
    """10 to the power of each element.

    Dtypes: any; integers become the default float.

    >>> tnp.special.exp10([0, 2])
    Array([  1., 100.], dtype=float32)
    """
    (x,) = _floats(x)
    return 10.0**x


def entr(x: ArrayLike, /) -> ndarray:
    """-x·log(x): 0 at 0, and minus infinity below.

    Dtypes: real numbers; integers become the default float.

    >>> tnp.special.entr([0.0, 0.5, -1.0])
    Array([0.       , 0.3465...,      -inf], dtype=float32)
    """
    (x,) = _reals("entr", x)
    safe = op.where(x < 0, 1.0, x)
    return op.where(x < 0, -math.inf, 0 - op.xlogy(safe, safe))


def rel_entr(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """x·log(x / y) of positive numbers; 0 where x is 0 and y is not negative, and elsewhere infinity.

    Dtypes: real numbers, promoted to one, integers to a float; the result has it.

    >>> tnp.special.rel_entr([2.0, 0.0], [2.0, 1.0])
    Array([0., 0.], dtype=float32)
    >>> tapegrad.grad(tnp.special.rel_entr, argnums=(0, 1))(1.0, 2.0)
    (0.3068..., -0.5)
    """
    x, y = _reals("rel_entr", x, y)
    inside = (x > 0) & (y > 0)
    a, b = (op.where(inside, z, 1.0) for z in (x, y))
    apart = (a - b) / b
    near = op.abs(apart._detached()) < 0.5
    # Beside 1 the logarithm of the ratio is that of 1 plus their distance, which is not rounded away.
    logs = op.where(near, op.log1p(op.where(near, apart, 0.0)), op.log(a) - op.log(b))
    found = op.where(inside, a * logs, math.inf)
    found = op.where((x == 0) & (y >= 0), 0.0, found)
    return op.where(op.isnan(x) | op.isnan(y), math.nan, found)


def kl_div(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """x·log(x / y) - x + y of numbers that are not negative; elsewhere infinity.

    Dtypes: real numbers, promoted to one, integers to a float; the result has it.

    >>> tnp.special.kl_div([2.0, 0.0], [2.0, 1.0])
    Array([0., 1.], dtype=float32)
    >>> tapegrad.grad(tnp.special.kl_div, argnums=(0, 1))(1.0, 2.0)
    (-0.6931..., 0.5)
    """
    x, y = _reals("kl_div", x, y)
    return op.where((x >= 0) & (y >= 0), rel_entr(x, y) - x + y, rel_entr(x, y))


@overload
def logsumexp(
    x: ArrayLike,
    /,
    axis: Axes | None = None,
    b: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: Literal[False] = False,
    *,
    where: ArrayLike | None = None,
) -> ndarray: ...
@overload
def logsumexp(
    x: ArrayLike,
    /,
    axis: Axes | None = None,
    b: ArrayLike | None = None,
    keepdims: bool = False,
    *,
    return_sign: Literal[True],
    where: ArrayLike | None = None,
) -> tuple[ndarray, ndarray]: ...
def logsumexp(
    x: ArrayLike,
    /,
    axis: Axes | None = None,
    b: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
    *,
    where: ArrayLike | None = None,
) -> Any:
    """The logarithm of the sum of exponentials over `axis`, without overflow; of `b` times them, and of those `where`.

    A weight of 0 leaves its number out, whatever that is; the derivative in the weight is there all the same. Of a
    negative sum it is NaN; with `return_sign` it is that of the sum's size, and the sum's sign comes with it, which of
    complex numbers is a phase.

    Shapes: `axis` (an int, a tuple, None for all) goes, or keeps length 1 with `keepdims`; `b` and `where` broadcast
    with `x`.
    Dtypes: any; integers become the default float.

    >>> tnp.special.logsumexp([800.0, 0.0])
    Array(800., dtype=float32)
    """
    x = asarray(x)
    if where is not None:
        x = op.where(where, x, -math.inf)
    if b is None and not return_sign:
        return op.logsumexp(x, axis=axis, keepdims=keepdims)
    x, b = _floats(x, 1.0 if b is None else b)
    x = x + op.zeros_like(b)
    counted = op.where(b._detached() == 0, -math.inf, x._detached())
    top = op.max(op.real(counted), axis=axis, keepdims=True)
    top = op.where(op.isfinite(top), top, 0.0)
    # A weight of 0 wins over an infinite exponential.
    terms = op.multiply_or_zero(b, op.exp(x - top))
    total = op.sum(terms, axis=axis, keepdims=True)
    axes = () if keepdims else axes_of(axis, x.ndim)
    shape = tuple(n for i, n in enumerate(total.shape) if i not in axes)
    if not return_sign:
        return op.reshape(op.log(total) + top, shape=shape)
    size = op.abs(total)
    return op.reshape(op.log(size) + top, shape=shape), op.reshape(op.sign(total), shape=shape)


def softmax(x: ArrayLike, /, axis: Axes | None = None) -> ndarray:
    """The exponentials over `axis` (None: over all), as parts of their sum.

    Dtypes: real numbers; integers become the default float.

    >>> tnp.special.softmax([[0.0, 0.0], [800.0, 0.0]], axis=1)
    Array([[0.5, 0.5],
           [1. , 0. ]], dtype=float32)
    """
    x = asarray(x)
    return op.softmax(x, axis=tuple(range(x.ndim)) if axis is None else axis)


def log_softmax(x: ArrayLike, /, axis: Axes | None = None) -> ndarray:
    """The logarithm of `softmax`.

    Dtypes: real numbers; integers become the default float.

    >>> tnp.special.log_softmax([800.0, 0.0])
    Array([   0., -800.], dtype=float32)
    """
    x = asarray(x)
    return op.log_softmax(x, axis=tuple(range(x.ndim)) if axis is None else axis)


publish(__name__)
