"""Functions of each element that are more than an op: rounding, comparing, telling numbers apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.views import Part, share
from ..engines.tables import OPS
from ..errors import DtypeError, ShapeError
from . import reductions
from .arguments import asarray, is_batched, op
from .info import iscomplexobj

if TYPE_CHECKING:
    from ..typing import ArrayLike
    from .arrays import ndarray


def angle(z: ArrayLike, deg: bool = False) -> ndarray:
    """The angle of each complex number, from -pi to pi, or in degrees.

    Dtypes: any; the result is real, integers become the default float.

    >>> tnp.angle([1j, -1.0], deg=True)
    Array([ 90., 180.], dtype=float32)
    """
    found: ndarray = op.angle(asarray(z))
    return found * (180 / math.pi) if deg else found


def clip(
    a: ArrayLike,
    min: ArrayLike | None = None,
    max: ArrayLike | None = None,
    *,
    a_min: ArrayLike | None = None,
    a_max: ArrayLike | None = None,
) -> ndarray:
    """The elements kept between `min` and `max`, either of which may be missing; `a_min`, `a_max` are older words.

    Shapes: all broadcast; the result has the shape they have in common.
    Dtypes: real numbers, promoted to one; the result has it.
    Raises: `ShapeError` for shapes that do not broadcast.

    >>> tnp.clip([-1.0, 0.5, 2.0], 0.0, 1.0)
    Array([0. , 0.5, 1. ], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.clip(x, 0.0, 1.0)))(tnp.asarray([-1.0, 0.5, 1.0]))
    Array([0., 1., 1.], dtype=float32)
    """
    return op.clip(asarray(a), a_min if min is None else min, a_max if max is None else max)


def round(a: ArrayLike, decimals: int = 0) -> ndarray:
    """The elements rounded to so many decimals, halves to even.

    >>> tnp.round([0.5, 1.5, 2.25]), tnp.round([0.125], 2)
    (Array([0., 2., 2.], dtype=float32), Array([0.12], dtype=float32))
    """
    return op.round(asarray(a), decimals=decimals)


around = round


def rint(x: ArrayLike, /) -> ndarray:
    """The elements rounded to integers, halves to even.

    >>> tnp.rint([0.5, 1.5])
    Array([0., 2.], dtype=float32)
    """
    return round(x)


def divmod(x: ArrayLike, y: ArrayLike, /) -> tuple[ndarray, ndarray]:
    """The quotient rounded down, and the remainder.

    Dtypes: real numbers, promoted to one; the results have it.

    >>> tnp.divmod([7, -7], 2)
    (Array([ 3, -4], dtype=int64), Array([1, 1], dtype=int64))
    """
    return op.floor_divide(x, y), op.remainder(x, y)


def float_power(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """Powers in floating point, also of whole numbers.

    Dtypes: integers become the default float, then both are promoted to one.

    >>> tnp.float_power([2, 4], -1)
    Array([0.5 , 0.25], dtype=float32)
    """
    x = asarray(x)
    return op.power(x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype()), y)


def logaddexp2(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """The logarithm to base 2 of the sum of two powers of 2.

    Dtypes: real numbers, promoted to one, integers to a float; the result has it.

    >>> tnp.logaddexp2([0.0, 3.0], [0.0, 3.0])
    Array([1., 4.], dtype=float32)
    """
    scale = math.log(2.0)
    return op.logaddexp(asarray(x) * scale, asarray(y) * scale) / scale


def isclose(a: ArrayLike, b: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> ndarray:
    """Whether elements differ by at most atol + rtol·|b|.

    `equal_nan`: NaN is close to NaN.

    Dtypes: any, promoted to one; the result holds truth values, which are constants.

    >>> tnp.isclose([1.0, 2.0], [1.000001, 2.1])
    Array([ True, False], dtype=bool)
    """
    a, b = asarray(a), asarray(b)
    if a.dtype == dtypes.BOOL:
        a = a.astype("int8")
    # An infinity is close to nothing but itself, and infinities are not subtracted from each other.
    plain = op.isfinite(a) & op.isfinite(b)
    apart = op.where(plain, a, 0) - op.where(plain, b, 0)
    near = plain & (op.abs(apart) <= atol + rtol * op.abs(b))
    found: ndarray = near | (a == b)
    return found | (op.isnan(a) & op.isnan(b)) if equal_nan else found


def allclose(a: ArrayLike, b: ArrayLike, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are close; see `isclose`.

    Shapes: both broadcast.
    Dtypes: any; the result is a Python bool, under vmap an array.
    Raises: `ShapeError` for shapes that do not broadcast.

    >>> tnp.allclose([1.0, 2.0], [1.000001, 2.0])
    True
    """
    found = reductions.all(isclose(a, b, rtol, atol, equal_nan))
    return found if is_batched(found) else found.item()


def array_equal(a1: ArrayLike, a2: ArrayLike, equal_nan: bool = False) -> Any:
    """Whether shapes and all elements are the same; with `equal_nan` NaN is the same as NaN.

    Shapes: any.
    Dtypes: any; the result is a Python bool, under vmap an array.

    >>> tnp.array_equal([1, 2], [1, 2]), tnp.array_equal([1], [1, 1])
    (True, False)
    """
    a1, a2 = asarray(a1), asarray(a2)
    if a1.shape != a2.shape:
        return False
    same = a1 == a2
    found = reductions.all(same | ((a1 != a1) & (a2 != a2)) if equal_nan else same)
    return found if is_batched(found) else found.item()


def isscalar(element: ArrayLike) -> bool:
    """Whether `element` is a Python or NumPy number, not an array.

    Shapes: any.
    Dtypes: any; the result is a Python bool.
    Raises: nothing.

    >>> tnp.isscalar(3.0), tnp.isscalar(tnp.asarray(3.0))
    (True, False)
    """
    return isinstance(element, (int, float, complex, host.generic))


def iscomplex(x: ArrayLike) -> ndarray:
    """Whether each element has an imaginary part.

    Dtypes: any; the result holds truth values, which are constants.

    >>> tnp.iscomplex([1j, 1.0])
    Array([ True, False], dtype=bool)
    """
    x = asarray(x)
    return op.imag(x) != 0 if iscomplexobj(x) else op.isnan(x) & op.isfinite(x)


def isreal(x: ArrayLike) -> ndarray:
    """Whether each element has no imaginary part.

    Dtypes: any; the result holds truth values, which are constants.

    >>> tnp.isreal([1j, 1.0])
    Array([False,  True], dtype=bool)
    """
    return ~iscomplex(x)


def array_equiv(a1: ArrayLike, a2: ArrayLike) -> Any:
    """Whether all elements are the same once the shapes are broadcast.

    Shapes: both broadcast.
    Dtypes: any; the result is a Python bool.

    >>> tnp.array_equiv([1, 1], 1)
    True
    """
    a1, a2 = asarray(a1), asarray(a2)
    try:
        host.broadcast_shapes(a1.shape, a2.shape)
    except ValueError:
        return False
    found = reductions.all(a1 == a2)
    return found if is_batched(found) else found.item()


def fix(x: ArrayLike) -> ndarray:
    """The elements rounded towards zero.

    Dtypes: real numbers; the result has that of `x`.

    >>> tnp.fix([1.5, -1.5])
    Array([ 1., -1.], dtype=float32)
    """
    return op.trunc(asarray(x))


def modf(x: ArrayLike, /) -> tuple[ndarray, ndarray]:
    """The fractional part and the whole part, both with the sign of the element.

    Shapes: any; the results have that of `x`.
    Dtypes: real numbers; integers become the default float.

    >>> tnp.modf([1.5, -2.25])
    (Array([ 0.5 , -0.25], dtype=float32), Array([ 1., -2.], dtype=float32))
    >>> tapegrad.grad(lambda x: tnp.modf(x)[0])(1.5)
    1.0
    """
    x = asarray(x)
    if x.dtype not in dtypes.INEXACT:
        x = x.astype(dtypes.get_default_dtype())
    whole = op.trunc(x)
    endless = op.isinf(x)
    rest = x - op.where(endless, 0.0, whole)
    return op.copysign(op.where(endless, 0.0, rest), x._detached()), whole


def isposinf(x: ArrayLike) -> ndarray:
    """Whether each element is plus infinity.

    Dtypes: any; the result holds truth values, which are constants.

    >>> tnp.isposinf([1.0, tnp.inf])
    Array([False,  True], dtype=bool)
    """
    return asarray(x) == math.inf


def isneginf(x: ArrayLike) -> ndarray:
    """Whether each element is minus infinity.

    Dtypes: any; the result holds truth values, which are constants.

    >>> tnp.isneginf([1.0, -tnp.inf])
    Array([False,  True], dtype=bool)
    """
    return asarray(x) == -math.inf


def ldexp(x1: ArrayLike, x2: ArrayLike, /) -> ndarray:
    """x1 times 2 to the power of x2, whole numbers which have no derivative.

    Dtypes: `x1` as it is, integers become the default float; `x2` holds integers.
    Raises: `DtypeError` for an `x2` of other numbers.

    >>> tnp.ldexp([1.0, 3.0], [3, -1])
    Array([8. , 1.5], dtype=float32)
    """
    x1, exponent = asarray(x1), asarray(x2)._detached()
    if exponent.dtype not in dtypes.INTEGER:
        raise DtypeError(f"ldexp() takes whole exponents, not {exponent.dtype.name}; convert with astype()")
    if x1.dtype not in dtypes.INEXACT:
        x1 = x1.astype(dtypes.get_default_dtype())
    # In two steps, since a half of the power may be a number where the whole is none.
    half = exponent // 2
    found: ndarray = x1 * 2.0 ** half.astype(x1.dtype) * 2.0 ** (exponent - half).astype(x1.dtype)
    return found


def frexp(x: ArrayLike, /) -> tuple[ndarray, ndarray]:
    """The mantissa, of size 1/2 up to 1, and the exponent of 2, a whole number.

    Shapes: any; the results have that of `x`.
    Dtypes: real numbers; the mantissa has that of `x`, integers become the default float; the exponent is of int32.

    >>> tnp.frexp([6.0, -0.75])
    (Array([ 0.75, -0.75], dtype=float32), Array([3, 0], dtype=int32))
    """
    x = asarray(x)
    if x.dtype in dtypes.COMPLEX:
        raise DtypeError("frexp() is a function of real numbers, not of complex ones; take the real part first")
    x = x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype())
    size = op.abs(x._detached())
    plain = op.isfinite(size) & (size > 0)
    size = op.where(plain, size, 1.0)
    exponent = op.floor(op.log2(size)) + 1
    # The logarithm may be rounded to either side of a whole number.
    scaled = ldexp(size, -exponent.astype("int32"))
    exponent = op.where(plain, exponent + (scaled >= 1) - (scaled < 0.5), 0.0).astype("int32")
    return ldexp(x, -exponent), exponent


def _part(name: str, x: ndarray) -> ndarray:
    found: ndarray = OPS[name].call(x)
    if x._signature.complex:
        share(found, x, _PARTS[name])
    return found


_PARTS = {"real": Part("real"), "imag": Part("imag")}


def real(val: ArrayLike) -> ndarray:
    """The real parts, as a view of them.

    Shapes: any; the result has the same.
    Dtypes: any; of complex numbers the result is real.
    Raises: `TypeError` for anything that is not an array.

    >>> z = tnp.asarray([1 + 2j])
    >>> tnp.real(z)[0] = 5
    >>> z
    Array([5.+2.j], dtype=complex64)
    """
    val = asarray(val)
    return _part("real", val) if val._signature.complex else val[...]


def imag(val: ArrayLike) -> ndarray:
    """The imaginary parts, of complex numbers a view of them; of real numbers 0.

    Shapes: any; the result has the same.
    Dtypes: any; of complex numbers the result is real.
    Raises: `TypeError` for anything that is not an array.

    >>> tnp.imag(tnp.asarray([1 + 2j]))
    Array([2.], dtype=float32)
    """
    return _part("imag", asarray(val))


def real_if_close(a: ArrayLike, tol: float = 100) -> ndarray:
    """The real parts, where all imaginary ones are below `tol` machine precisions (below `tol` itself if under 1).

    Dtypes: any; the result is real, or that of `a` as it was.

    >>> tnp.real_if_close([1 + 1e-12j, 2.0]), tnp.real_if_close([1j])
    (Array([1., 2.], dtype=float32), Array([0.+1.j], dtype=complex64))
    """
    found: ndarray = asarray(a)
    if not iscomplexobj(found):
        return found
    imaginary = op.imag(found)
    least = tol * float(host.finfo(imaginary.dtype).eps) if tol > 1 else tol
    if bool(reductions.all(op.abs(imaginary._detached()) < least)):
        found = op.real(found)
    return found


def _of_integers(name: str, *arrays: Any) -> ndarray:
    """NumPy's function of host copies: whole numbers have no derivative."""
    found = [asarray(x) for x in arrays]
    for x in found:
        if x.dtype not in dtypes.INTEGER:
            raise DtypeError(f"{name}() takes whole numbers, not {x.dtype.name}; convert with astype()")
    try:
        host.broadcast_shapes(*(x.shape for x in found))
    except ValueError:
        shapes = " and ".join(str(x.shape) for x in found)
        raise ShapeError(f"{name}: the shapes {shapes} do not broadcast") from None
    made: ndarray = asarray(getattr(host, name)(*(x.asnumpy() for x in found)))
    return made.to(found[0].backend.name)


def gcd(x1: ArrayLike, x2: ArrayLike, /) -> ndarray:
    """The greatest common divisor of whole numbers.

    Dtypes: integers, promoted to one; the result has it, and is a constant.
    Raises: `DtypeError` for anything that is not a whole number.

    >>> tnp.gcd([12, 18], 8)
    Array([4, 2], dtype=int64)
    """
    return _of_integers("gcd", x1, x2)


def lcm(x1: ArrayLike, x2: ArrayLike, /) -> ndarray:
    """The least common multiple of whole numbers.

    Dtypes: integers, promoted to one; the result has it, and is a constant.
    Raises: `DtypeError` for anything that is not a whole number.

    >>> tnp.lcm([4, 6], 10)
    Array([20, 30], dtype=int64)
    """
    return _of_integers("lcm", x1, x2)


def bitwise_count(x: ArrayLike, /) -> ndarray:
    """How many bits of the magnitude of each whole number are set.

    Dtypes: integers; the result is of uint8, and a constant.
    Raises: `DtypeError` for anything that is not a whole number.

    >>> tnp.bitwise_count([7, -1])
    Array([3, 1], dtype=uint8)
    """
    return _of_integers("bitwise_count", x)


def spacing(x: ArrayLike, /) -> ndarray:
    """The distance of each element to the next floating-point number away from zero, which has no derivative.

    Dtypes: real numbers; integers become the default float.

    >>> tnp.spacing([1.0])
    Array([1.1920...e-07], dtype=float32)
    """
    x = asarray(x)
    away = op.copysign(math.inf, x._detached())
    found: ndarray = op.nextafter(x._detached(), away) - x._detached()
    return found


def unwrap(p: ArrayLike, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> ndarray:
    """Angles without jumps: multiples of `period` are added wherever neighbours differ by more than `discont`.

    Shapes: one axis or more; the result has that of `p`.
    Dtypes: real numbers; integers become the default float.

    >>> tnp.unwrap([0.0, 6.0], period=6.0)
    Array([0., 0.], dtype=float32)
    >>> tapegrad.grad(lambda p: tnp.unwrap(p, period=6.0)[1])(tnp.asarray([0.0, 6.0]))
    Array([0., 1.], dtype=float32)
    """
    p = asarray(p)
    p = p if p.dtype in dtypes.INEXACT else p.astype(dtypes.get_default_dtype())
    apart = op.diff(p._detached(), n=1, axis=axis)
    low = -period / 2
    near = (apart - low) % period + low
    near = op.where((near == low) & (apart > 0), -low, near)
    jumps = near - apart
    limit = period / 2 if discont is None else discont
    jumps = op.where(op.abs(apart) < limit, 0.0, jumps)
    total = op.cumulative_sum(jumps, axis=axis, include_initial=True)
    return p + total


def fabs(x: ArrayLike, /) -> ndarray:
    """The absolute value in floating point, also of whole numbers.

    Dtypes: integers become the default float; of complex numbers the magnitude, which is real.

    >>> tnp.fabs([-1, 2])
    Array([1., 2.], dtype=float32)
    """
    x = asarray(x)
    return op.abs(x if x.dtype in dtypes.INEXACT else x.astype(dtypes.get_default_dtype()))
