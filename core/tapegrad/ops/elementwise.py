"""Functions of each element by itself.

A masked branch sends a zero cotangent back. A rule whose partial can be infinite there (a root, a logarithm, a
quotient, a power, an overflown exponential) lets that zero win, by `multiply_or_zero` and `divide_or_zero`, so that no
0·∞ comes of it; and in a power the zero of the partial wins over an infinite cotangent, as in √(x²) at 0.
"""

from __future__ import annotations

import math
from typing import Any

from ..op import elementwise, linear, locally_constant, op
from ..op import samples as draws
from ..op.batching import align
from ..op.samples import alone, exactly, normal, together, uniform

_NUMBER = normal()
_POSITIVE = draws.positive()
_WITHIN = uniform(low=-0.9, high=0.9)
_STEPS = uniform(low=-5.0, high=5.0)
_OFF_AXES = normal().then(lambda x: x + (0.3 + 0.2j if x.dtype.kind == "c" else 0.3))
"""Numbers that no variation brings to 0 or ±1 or ±i, where a sign or an angle jumps."""


# Arithmetic


@elementwise(x=1, y=1, primitive=True, samples=together(_NUMBER, _NUMBER))
def add(xp: Any, x: Any, y: Any) -> Any:
    """The sum x + y.

    >>> tnp.add(tnp.asarray([[1.0], [2.0]]), tnp.asarray([10.0, 20.0]))
    Array([[11., 21.],
           [12., 22.]], dtype=float32)
    """
    return xp.add(x, y)


@elementwise(x=1, y=-1, primitive=True, samples=together(_NUMBER, _NUMBER))
def subtract(xp: Any, x: Any, y: Any) -> Any:
    """The difference x - y.

    >>> tnp.subtract(tnp.asarray([3.0, 4.0]), 1)
    Array([2., 3.], dtype=float32)
    """
    return xp.subtract(x, y)


@elementwise(x="y", y="x", same="square", accuracy="I0 real", primitive=True, samples=together(_NUMBER, _NUMBER))
def multiply(xp: Any, x: Any, y: Any) -> Any:
    """The product x * y; x * x is recorded as the square of x.

    >>> tnp.multiply(tnp.asarray([1, 2]), tnp.asarray([0.5, 0.25]))
    Array([0.5, 0.5], dtype=float32)
    """
    return xp.multiply(x, y)


@elementwise(
    x="xp.divide_or_zero(g, y)",
    y=lambda xp, g, out, y: -xp.divide_or_zero(xp.multiply_or_zero(g, out), y),
    floats=True,
    accuracy="I0 real",
    primitive=True,
    numpy="true_divide",
    samples=together(_NUMBER, _POSITIVE),
)
def divide(xp: Any, x: Any, y: Any) -> Any:
    """The quotient x / y.

    Integers are divided as default floats. A zero cotangent stays 0 whatever y is: a quotient behind a mask sends
    nothing back.

    >>> tnp.divide(tnp.asarray([1, 2, 3]), 4)
    Array([0.25, 0.5 , 0.75], dtype=float32)
    """
    return xp.divide(x, y)


@elementwise(
    x="xp.multiply_or_zero(g, y)",
    y="xp.multiply_or_zero(g, x)",
    accuracy="I0 real",
    samples=together(_NUMBER, _NUMBER),
)
def multiply_or_zero(xp: Any, x: Any, y: Any) -> Any:
    """x * y, and 0 where x is 0, whatever y is, and where y is 0 and x infinite: for rules, whose cotangent is x.

    >>> import math
    >>> multiply_or_zero(tnp.asarray([0.0, 2.0]), math.inf)
    Array([ 0., inf], dtype=float32)
    """
    out = x * y
    return xp.where((out != out) & ((x == 0) | ((y == 0) & (x == x))), 0, out)


@elementwise(
    x="xp.divide_or_zero(g, y)",
    y=lambda xp, g, out, y: -xp.divide_or_zero(xp.multiply_or_zero(g, out), y),
    floats=True,
    accuracy="I0 real",
    samples=together(_NUMBER, _POSITIVE),
)
def divide_or_zero(xp: Any, x: Any, y: Any) -> Any:
    """x / y, and 0 where x is 0, whatever y is there: for rules, whose cotangent x a mask may have zeroed.

    >>> divide_or_zero(tnp.asarray([0.0, 1.0]), tnp.asarray([0.0, 2.0]))
    Array([0. , 0.5], dtype=float32)
    """
    return x / xp.where((x == 0) & ((y == 0) | (y != y)), 1, y)


@elementwise(
    x=lambda xp, g, y: xp.divide_or_flat(g, y),
    y=lambda xp, g, out, y: -xp.divide_or_flat(xp.multiply_or_zero(g, out), y),
    floats=True,
    accuracy="I0 real",
    samples=together(_NUMBER, _POSITIVE),
)
def divide_or_flat(xp: Any, x: Any, y: Any) -> Any:
    """x / y, and 0 where y is 0, flat there: for rules of functions with a kink where y, their size, is 0.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.elementwise import divide_or_flat
    >>> divide_or_flat(tnp.asarray([1.0, 1.0]), tnp.asarray([0.0, 2.0]))
    Array([0. , 0.5], dtype=float32)
    """
    return x / xp.where(y == 0, math.inf, y)


@elementwise(x=-1, primitive=True, samples=alone(_NUMBER))
def negative(xp: Any, x: Any) -> Any:
    """The negative -x.

    >>> tnp.negative(tnp.asarray([1.0, -2.0]))
    Array([-1.,  2.], dtype=float32)
    """
    return xp.negative(x)


@elementwise(x=1, primitive=True, samples=alone(_NUMBER))
def positive(xp: Any, x: Any) -> Any:
    """x itself, as `+x` has it.

    >>> tnp.positive(tnp.asarray([1.0, -2.0]))
    Array([ 1., -2.], dtype=float32)
    """
    return xp.positive(x)


@elementwise(
    x="xp.twice_product(g, y)",
    y="xp.twice_product(g, x)",
    accuracy="I0 real",
    samples=together(_NUMBER, _NUMBER),
)
def twice_product(xp: Any, x: Any, y: Any) -> Any:
    """2xy, and 0 where x is 0, whatever y is, and where y is 0 and x infinite: a square carries a cotangent x back so.

    >>> import math
    >>> twice_product(tnp.asarray([0.0, 2.0]), tnp.asarray([math.inf, 5.0]))
    Array([ 0., 20.], dtype=float32)
    """
    return xp.multiply_or_zero(x, y + y)


@elementwise(x="xp.twice_product(g, x)", accuracy="I0 real", primitive=True, samples=alone(_NUMBER))
def square(xp: Any, x: Any) -> Any:
    """The square x * x.

    >>> tnp.square(tnp.asarray([1.0, -3.0]))
    Array([1., 9.], dtype=float32)
    >>> tapegrad.grad(tnp.square)(3.0)
    6.0
    """
    return xp.square(x)


@elementwise(
    x=lambda xp, g, out: -xp.multiply_or_zero(g, out * out),
    floats=True,
    accuracy="I0 real",
    primitive=True,
    samples=alone(_POSITIVE),
)
def reciprocal(xp: Any, x: Any) -> Any:
    """The reciprocal 1 / x.

    >>> tnp.reciprocal(tnp.asarray([2, 4]))
    Array([0.5 , 0.25], dtype=float32)
    """
    return xp.reciprocal(x)


@elementwise(x=lambda x: -2 * x, accuracy="I0 real", samples=alone(_NUMBER))
def one_minus_square(xp: Any, x: Any) -> Any:
    """1 - x², which the derivatives of inverse functions divide by; accurate near ±1, and its derivative near 0.

    >>> one_minus_square(tnp.asarray([0.5, 1.0, 2.0]))
    Array([ 0.75,  0.  , -3.  ], dtype=float32)
    """
    return (1 - x) * (1 + x)


def _power_of_base(xp: Any, g: Any, x: Any, y: Any) -> Any:
    return xp.multiply_or_zero(g * y, xp.power_below(x, y))


def _power_of_exponent(xp: Any, g: Any, out: Any, x: Any, y: Any) -> Any:
    # At base 0 the power is flat in an exponent that is not negative; the logarithm alone would make it 0·∞.
    flat = x == 0
    if not xp.isdtype(y.dtype, "complex floating"):
        flat = flat & (y >= 0)
    log = xp.log(xp.where(flat, 1, x))
    slope = xp.multiply_or_zero(out, log)
    if not xp.isdtype(y.dtype, "complex floating"):
        # The power may be infinite where its derivative is not: of bases below e that is smaller.
        slope = xp.where(out == math.inf, xp.multiply_or_zero(xp.power_below(x, y), xp.multiply_or_zero(x, log)), slope)
    return xp.multiply_or_zero(g, slope)


@elementwise(
    x=_power_of_base,
    y=_power_of_exponent,
    accuracy="I1",
    standard=True,
    numpy="power pow",
    samples=[
        *together(_POSITIVE, uniform(low=-2.0, high=2.0)),
        (exactly([0.0, 1.0, 2.0]), exactly([2.0, 3.0, 1.5])),
        (exactly([0.0, 0.0]), exactly([0.5, 0.0])),
        (normal(3, 4), exactly(2.0)),
        (normal(3, 4), exactly(3.0)),
        (exactly([-2.0, -1.0, 0.5, 3.0]), exactly([2.0, -3.0, 0.5, 0.0])),
    ],
)
def power(xp: Any, x: Any, y: Any) -> Any:
    """The power x ** y. Its derivative at base 0 is the limit, of every order; in y it is 0 there where y ≥ 0.

    Raises: `ShapeError` for shapes that do not broadcast, the engine's `ValueError` or `TypeError` for integers to a
    negative power, `TypeError` for anything that is not an array.

    >>> tnp.power(tnp.asarray([1.0, 2.0, 3.0]), 2)
    Array([1., 4., 9.], dtype=float32)
    >>> tapegrad.grad(tnp.power, argnums=(0, 1))(0.0, 2.0)
    (0.0, 0.0)
    """
    return xp.pow(x, y)


@elementwise(
    x=1,
    y=lambda xp, g, x, y: -g * xp.floor_divide(x, y),
    primitive=True,
    numpy="mod",
    samples=together(_STEPS, uniform(low=0.5, high=2.0)),
    real=True,
)
def remainder(xp: Any, x: Any, y: Any) -> Any:
    """The remainder of x / y, with the sign of y.

    >>> tnp.remainder(tnp.asarray([5.0, -5.0]), 3)
    Array([2., 1.], dtype=float32)
    """
    return xp.remainder(x, y)


@elementwise(
    x=1,
    y=lambda xp, g, x, y: -g * xp.trunc(x / y),
    numpy="fmod",
    samples=together(_STEPS, uniform(low=0.5, high=2.0)),
    real=True,
)
def fmod(xp: Any, x: Any, y: Any) -> Any:
    """The remainder of x / y, with the sign of x.

    >>> tnp.fmod(tnp.asarray([5.0, -5.0]), 3)
    Array([ 2., -2.], dtype=float32)
    """
    rest = xp.remainder(xp.abs(x), xp.abs(y))
    return xp.where(x < 0, -rest, rest)


@elementwise(x=0, y=0, primitive=True, samples=together(_STEPS, uniform(low=0.5, high=2.0)), real=True)
def floor_divide(xp: Any, x: Any, y: Any) -> Any:
    """The quotient x / y, rounded down.

    >>> tnp.floor_divide(tnp.asarray([5, -5]), 3)
    Array([ 1, -2], dtype=int64)
    """
    return xp.floor_divide(x, y)


# Roots, exponentials, logarithms


def _root_pull(xp: Any, g: Any, out: Any) -> Any:
    pulled = xp.divide_or_zero(g, out + out)
    return pulled if is_complex(xp, out) else xp.past_kink(pulled, g, out, factor=0.5)


@elementwise(
    x=lambda xp, g, out: _root_pull(xp, g, out),
    floats=True,
    accuracy="I0 real",
    primitive=True,
    samples=alone(_POSITIVE),
)
def sqrt(xp: Any, x: Any) -> Any:
    """The square root.

    >>> tnp.sqrt(tnp.asarray([4.0, 9.0]))
    Array([2., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.where(x > 0, tnp.sqrt(x), 0.0))(0.0)
    0.0
    """
    return xp.sqrt(x)


@elementwise(
    x=lambda xp, g, out: xp.multiply_or_zero(g, -0.5 * out * out * out),
    floats=True,
    accuracy="I1",
    samples=alone(_POSITIVE),
)
def rsqrt(xp: Any, x: Any) -> Any:
    """The reciprocal of the square root.

    >>> rsqrt(tnp.asarray([4.0, 16.0]))
    Array([0.5 , 0.25], dtype=float32)
    """
    return 1 / xp.sqrt(x)


@elementwise(
    x=lambda xp, g, out: xp.divide_or_zero(xp.divide_or_zero(g, out), 3 * out),
    floats=True,
    accuracy="I1",
    numpy="cbrt special.cbrt",
    samples=[*alone(_POSITIVE), (uniform(3, 4, low=-2.0, high=-0.5),)],
    real=True,
)
def cbrt(xp: Any, x: Any) -> Any:
    """The real cube root, negative where x is.

    >>> tnp.cbrt(tnp.asarray([8.0, -64.0]))
    Array([ 2., -4.], dtype=float32)
    """
    size = xp.abs(x)
    # One step of Newton's method mends what the rounded exponent 1/3 costs; it has nothing to say at 0 and infinity.
    plain = (size == 0) | ~xp.isfinite(size)
    root = size ** (1 / 3)
    safe = xp.where(plain, 1, root)
    root = xp.where(plain, root, safe - (safe - size / (safe * safe)) / 3)
    return xp.copysign(root, x)


@elementwise(
    x=lambda xp, g, out: xp.multiply_or_zero(g, out * out * out * out / -3),
    floats=True,
    accuracy="I1",
    samples=alone(_POSITIVE),
    real=True,
)
def rcbrt(xp: Any, x: Any) -> Any:
    """The reciprocal of the real cube root.

    >>> rcbrt(tnp.asarray([8.0, -64.0]))
    Array([ 0.5 , -0.25], dtype=float32)
    """
    return 1 / xp.cbrt(x)


def _share_of_length(xp: Any, g: Any, x: Any, out: Any) -> Any:
    # At 0 a part of an infinite length: flat, and so is its derivative.
    return xp.past_kink(xp.multiply(g, xp.divide(x, xp.where(out == 0, math.inf, out))), g, out, x)


@elementwise(
    x=lambda xp, g, x, out: _share_of_length(xp, g, x, out),
    y=lambda xp, g, y, out: _share_of_length(xp, g, y, out),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=together(_NUMBER, _POSITIVE),
    real=True,
)
def hypot(xp: Any, x: Any, y: Any) -> Any:
    """The length of the vector (x, y), without overflow; its derivative at (0, 0) is 0.

    >>> tnp.hypot(tnp.asarray([3.0, 0.0]), tnp.asarray([4.0, 2.0]))
    Array([5., 2.], dtype=float32)
    >>> tapegrad.grad(tnp.hypot)(0.0, 0.0)
    0.0
    """
    return xp.hypot(x, y)


@elementwise(
    x="xp.multiply_or_zero(g, out)",
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=alone(_NUMBER),
)
def exp(xp: Any, x: Any) -> Any:
    """The exponential function.

    >>> tnp.exp(tnp.asarray([0.0, 1.0]))
    Array([1.      , 2.7182...], dtype=float32)
    """
    return xp.exp(x)


@elementwise(
    # From the next lower power: the power itself may be infinite where its derivative is not.
    x=lambda xp, g, x: xp.multiply_or_zero(g, (2 * math.log(2)) * xp.exp2(x - 1)),
    floats=True,
    accuracy="I1",
    numpy="exp2 special.exp2",
    samples=alone(_NUMBER),
)
def exp2(xp: Any, x: Any) -> Any:
    """2 to the power of x.

    >>> tnp.exp2(tnp.asarray([0, 3]))
    Array([1., 8.], dtype=float32)
    """
    return xp.power(xp.filled(x, shape=(), value=2), x)


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.exp(x)),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=alone(_NUMBER),
)
def expm1(xp: Any, x: Any) -> Any:
    """exp(x) - 1, accurate near 0.

    >>> tnp.expm1(tnp.asarray([0.0, 1e-8]))
    Array([0.e+00, 1.e-08], dtype=float32)
    """
    return xp.expm1(x)


@elementwise(x="xp.divide_or_zero(g, x)", floats=True, accuracy="I1", primitive=True, samples=alone(_POSITIVE))
def log(xp: Any, x: Any) -> Any:
    """The natural logarithm.

    >>> tnp.log(tnp.asarray([1.0, 10.0]))
    Array([0.       , 2.3025...], dtype=float32)
    """
    return xp.log(x)


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, 1 + x),
    floats=True,
    accuracy="I1",
    standard=True,
    numpy="log1p",
    samples=alone(uniform(low=-0.9, high=3.0)),
)
def log1p(xp: Any, x: Any) -> Any:
    """log(1 + x), accurate near 0.

    >>> tnp.log1p(tnp.asarray([0.0, 1e-8]))
    Array([0.e+00, 1.e-08], dtype=float32)
    """
    plain = xp.log1p(x)
    if not is_complex(xp, x):
        return plain
    # Many engines form |1 + x| first, which loses the real part where it is small beside 1.
    a, b = xp.real(x), xp.imag(x)
    near = xp.astype(0.5 * xp.log1p(a * (2 + a) + b * b), x.dtype) + xp.astype(xp.imag(plain), x.dtype) * 1j
    return xp.where(xp.abs(x) < 0.5, near, plain)


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, math.log(2) * x),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=alone(_POSITIVE),
)
def log2(xp: Any, x: Any) -> Any:
    """The logarithm to base 2.

    >>> tnp.log2(tnp.asarray([1.0, 8.0]))
    Array([0., 3.], dtype=float32)
    """
    return xp.log2(x)


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, math.log(10) * x),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=alone(_POSITIVE),
)
def log10(xp: Any, x: Any) -> Any:
    """The logarithm to base 10.

    >>> tnp.log10(tnp.asarray([1.0, 10.0]))
    Array([0., 1.], dtype=float32)
    """
    return xp.log10(x)


@elementwise(
    x=lambda xp, x, y: xp.sigmoid(x - y),
    y=lambda xp, x, y: xp.sigmoid(y - x),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=together(_NUMBER, _NUMBER),
    real=True,
)
def logaddexp(xp: Any, x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)), without overflow. The derivative is NaN where both are the same infinity.

    >>> tnp.logaddexp(tnp.asarray([0.0, 100.0]), tnp.asarray([0.0, 100.0]))
    Array([  0.6931..., 100.6931...], dtype=float32)
    >>> tapegrad.grad(tnp.logaddexp, argnums=(0, 1))(1000.0, 1000.0)
    (0.5, 0.5)
    """
    return xp.logaddexp(x, y)


# Trigonometric and hyperbolic functions


@elementwise(x="xp.cos(x)", floats=True, accuracy="I1", primitive=True, samples=alone(_NUMBER))
def sin(xp: Any, x: Any) -> Any:
    """The sine of x, in radians.

    >>> import math
    >>> tnp.sin(tnp.asarray([0.0, math.pi / 2]))
    Array([0., 1.], dtype=float32)
    """
    return xp.sin(x)


@elementwise(x=lambda xp, x: -xp.sin(x), floats=True, accuracy="I1", primitive=True, samples=alone(_NUMBER))
def cos(xp: Any, x: Any) -> Any:
    """The cosine of x, in radians.

    >>> tnp.cos(tnp.asarray([0.0, 1.0]))
    Array([1.       , 0.5403...], dtype=float32)
    """
    return xp.cos(x)


@elementwise(
    # Far from the real line the tangent is nearly ±i, and 1 + tan² nothing but rounding.
    x=lambda xp, x, out: xp.sech_square(x * 1j) if is_complex(xp, x) else 1 + out * out,
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=[*alone(uniform(low=-1.3, high=1.3)), (exactly([0.5 + 20j, 1 - 400j]),)],
)
def tan(xp: Any, x: Any) -> Any:
    """The tangent of x, in radians.

    >>> tnp.tan(tnp.asarray([0.0, 1.0]))
    Array([0.       , 1.5574...], dtype=float32)
    """
    return xp.tan(x)


def _root_of_one_minus_square(xp: Any, x: Any) -> Any:
    # Far out the square of a complex number is infinite; no real number has an inverse sine there.
    return xp.sqrt(1 - x) * xp.sqrt(1 + x) if is_complex(xp, x) else xp.sqrt(xp.one_minus_square(x))


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, _root_of_one_minus_square(xp, x)),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arcsin",
    samples=alone(_WITHIN),
)
def asin(xp: Any, x: Any) -> Any:
    """The inverse sine, in radians.

    >>> tnp.asin(tnp.asarray([0.0, 1.0]))
    Array([0.       , 1.5707...], dtype=float32)
    """
    return xp.asin(x)


@elementwise(
    x=lambda xp, g, x: -xp.divide_or_zero(g, _root_of_one_minus_square(xp, x)),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arccos",
    samples=alone(_WITHIN),
)
def acos(xp: Any, x: Any) -> Any:
    """The inverse cosine, in radians.

    >>> tnp.acos(tnp.asarray([1.0, 0.0]))
    Array([0.       , 1.5707...], dtype=float32)
    """
    return xp.acos(x)


@elementwise(
    x=lambda xp, g, x: (
        xp.divide_or_zero(xp.divide_or_zero(g, 1 + 1j * x), 1 - 1j * x)
        if is_complex(xp, x)
        else xp.divide_or_zero(g, 1 + x * x)
    ),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arctan",
    samples=alone(_OFF_AXES),
)
def atan(xp: Any, x: Any) -> Any:
    """The inverse tangent, in radians.

    >>> tnp.atan(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.7853...], dtype=float32)
    """
    return xp.atan(x)


@elementwise(
    x=lambda xp, g, x, y: xp.multiply(g, xp.divide_or_zero(xp.divide_or_zero(y, xp.hypot(x, y)), xp.hypot(x, y))),
    y=lambda xp, g, x, y: -xp.multiply(g, xp.divide_or_zero(xp.divide_or_zero(x, xp.hypot(x, y)), xp.hypot(x, y))),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arctan2",
    samples=together(_NUMBER, _POSITIVE),
    real=True,
)
def atan2(xp: Any, x: Any, y: Any) -> Any:
    """The angle of the point with ordinate x and abscissa y, in radians; its derivative at the origin is 0.

    >>> tnp.atan2(tnp.asarray([1.0, -1.0]), tnp.asarray([0.0, -1.0]))
    Array([ 1.5707..., -2.3561...], dtype=float32)
    >>> tapegrad.grad(tnp.atan2)(0.0, 0.0)
    0.0
    """
    return xp.atan2(x, y)


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.cosh(x)),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=alone(_NUMBER),
)
def sinh(xp: Any, x: Any) -> Any:
    """The hyperbolic sine.

    >>> tnp.sinh(tnp.asarray([0.0, 1.0]))
    Array([0.       , 1.1752...], dtype=float32)
    """
    return xp.sinh(x)


@elementwise(
    x=lambda xp, g, x: xp.multiply_or_zero(g, xp.sinh(x)),
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=alone(_NUMBER),
)
def cosh(xp: Any, x: Any) -> Any:
    """The hyperbolic cosine.

    >>> tnp.cosh(tnp.asarray([0.0, 1.0]))
    Array([1.       , 1.5430...], dtype=float32)
    """
    return xp.cosh(x)


@elementwise(
    x="xp.sech_square(x)",
    floats=True,
    accuracy="I1",
    primitive=True,
    samples=[*alone(_NUMBER), (exactly([400.0 + 1j, -800.0 + 2j, 25.0 - 3j]),)],
)
def tanh(xp: Any, x: Any) -> Any:
    """The hyperbolic tangent. Its derivative keeps its accuracy in the tails, where 1 - tanh² has none.

    >>> tnp.tanh(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.7615...], dtype=float32)
    >>> tapegrad.grad(tnp.tanh)(10.0)
    8.2446...e-09
    """
    return xp.tanh(x)


@elementwise(x=lambda xp, x, out: -2 * out * xp.tanh(x), floats=True, accuracy="I1", samples=alone(_NUMBER))
def sech_square(xp: Any, x: Any) -> Any:
    """The square of the hyperbolic secant, the derivative of tanh.

    >>> sech_square(tnp.asarray([0.0, 1.0]))
    Array([1.       , 0.4199...], dtype=float32)
    """
    if xp.isdtype(x.dtype, "complex floating"):
        # Where the cosine would overflow, by what decays; where that is near -1, the cosine is near 0, and exact.
        far = xp.abs(xp.real(x)) > 20
        secant = 1 / xp.cosh(xp.where(far, 0, x))
        decay = xp.exp(xp.where(far, -2 * xp.where(xp.real(x) < 0, -x, x), 0))
        return xp.where(far, 4 * decay / xp.square(1 + decay), secant * secant)
    decay = xp.exp(-2 * xp.abs(x))
    half = 1 + decay
    return 4 * decay / (half * half)


def _root_of_one_plus_square(xp: Any, x: Any) -> Any:
    return xp.sqrt(1 + 1j * x) * xp.sqrt(1 - 1j * x) if is_complex(xp, x) else xp.hypot(x, 1)


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, _root_of_one_plus_square(xp, x)),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arcsinh",
    samples=alone(_OFF_AXES),
)
def asinh(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic sine.

    >>> tnp.asinh(tnp.asarray([0.0, 1.0]))
    Array([0.       , 0.8813...], dtype=float32)
    """
    return xp.asinh(x)


@elementwise(
    x=lambda xp, g, x: xp.divide_or_zero(g, xp.multiply_or_zero(xp.sqrt(x - 1), xp.sqrt(x + 1))),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arccosh",
    samples=alone(uniform(low=1.1, high=4.0)),
)
def acosh(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic cosine.

    >>> tnp.acosh(tnp.asarray([1.0, 2.0]))
    Array([0.      , 1.3169...], dtype=float32)
    """
    return xp.acosh(x)


@elementwise(
    x=lambda xp, g, x: (
        xp.divide_or_zero(xp.divide_or_zero(g, 1 + x), 1 - x)
        if is_complex(xp, x)
        else xp.divide_or_zero(g, xp.one_minus_square(x))
    ),
    floats=True,
    accuracy="I1",
    primitive=True,
    numpy="arctanh",
    samples=alone(_WITHIN),
)
def atanh(xp: Any, x: Any) -> Any:
    """The inverse hyperbolic tangent.

    >>> tnp.atanh(tnp.asarray([0.0, 0.5]))
    Array([0.        , 0.5493...], dtype=float32)
    """
    return xp.atanh(x)


@elementwise(x=180 / math.pi, floats=True, accuracy="I0 real", numpy="degrees rad2deg", samples=alone(_NUMBER))
def degrees(xp: Any, x: Any) -> Any:
    """Radians as degrees.

    >>> import math
    >>> tnp.degrees(tnp.asarray([0.0, math.pi]))
    Array([  0., 180.], dtype=float32)
    """
    return x * (180 / math.pi)


@elementwise(x=math.pi / 180, floats=True, accuracy="I0 real", numpy="radians deg2rad", samples=alone(_NUMBER))
def radians(xp: Any, x: Any) -> Any:
    """Degrees as radians.

    >>> tnp.radians(tnp.asarray([0.0, 180.0]))
    Array([0.       , 3.1415...], dtype=float32)
    """
    return x * (math.pi / 180)


# Signs, parts and rounding


def is_complex(xp: Any, x: Any) -> bool:
    """Whether an array is of complex numbers."""
    return bool(xp.isdtype(x.dtype, "complex floating"))


def conjugated(xp: Any, x: Any) -> Any:
    """The complex conjugate, which a real array is itself."""
    return xp.conj(x) if is_complex(xp, x) else x


def _direction(xp: Any, x: Any, out: Any) -> Any:
    """x / |x|, and at 0 flat at 0, where the sign of a complex number turns without end."""
    if not is_complex(xp, x):
        return xp.sign(x)
    flat = out == 0
    return xp.where(flat, 0, x / xp.astype(xp.where(flat, 1, out), dtype=x.dtype))


def _abs_push(xp: Any, d_x: Any, x: Any, out: Any) -> Any:
    direction = _direction(xp, x, out)
    return xp.real(d_x * xp.conj(direction)) if is_complex(xp, x) else d_x * direction


@op(
    x=lambda xp, g, x, out: xp.past_kink(xp.multiply_or_zero(g, _direction(xp, x, out)), g, out, x),
    jvp=lambda xp, d_x, x, out: _abs_push(xp, d_x, x, out),
    batch=align,
    accuracy="I0 real",
    primitive=True,
    numpy="absolute",
    samples=alone(_NUMBER),
)
def abs(xp: Any, x: Any) -> Any:
    """The absolute value; its derivative at 0 is 0.

    Dtypes: any; of complex numbers the result is real.

    >>> tnp.abs(tnp.asarray([3 + 4j, -2.0]))
    Array([5., 2.], dtype=float32)
    >>> tapegrad.grad(tnp.abs)(0.0)
    0.0
    """
    return xp.abs(x)


def _turn(xp: Any, d: Any, x: Any, out: Any) -> Any:
    """What a change `d` of x does to its direction x / |x|: the part across it counts. The map is its own transpose."""
    if not is_complex(xp, x):
        return xp.zeros_like(d)
    across = d - xp.astype(xp.real(d * xp.conj(out)), dtype=out.dtype) * out
    return xp.divide_or_zero(across, xp.astype(xp.abs(x), dtype=out.dtype))


@op(
    x=lambda xp, g, x, out: _turn(xp, g, x, out),
    jvp=lambda xp, d_x, x, out: _turn(xp, d_x, x, out),
    batch=align,
    accuracy="I0 real",
    primitive=True,
    samples=alone(_OFF_AXES),
)
def sign(xp: Any, x: Any) -> Any:
    """-1, 0 or 1 as x is negative, zero or positive; of a complex number x / |x|, and 0 at 0.

    >>> tnp.sign(tnp.asarray([-2.0, 0.0, 5.0]))
    Array([-1.,  0.,  1.], dtype=float32)
    >>> tnp.sign(tnp.asarray([3 + 4j]))
    Array([0.6+0.8j], dtype=complex64)
    """
    return xp.sign(x)


@op(
    x=lambda xp, g, x: (
        xp.divide_or_zero(g * 1j * xp.sign(x), xp.astype(xp.abs(x), dtype=x.dtype))
        if is_complex(xp, x)
        else xp.zeros_like(g)
    ),
    jvp=lambda xp, d_x, x: (
        xp.divide_or_zero(xp.imag(d_x * xp.conj(xp.sign(x))), xp.abs(x)) if is_complex(xp, x) else xp.zeros_like(d_x)
    ),
    floats=True,
    batch=align,
    accuracy="I1",
    samples=alone(_OFF_AXES),
)
def angle(xp: Any, x: Any) -> Any:
    """The angle of a complex number, in radians; of a real one 0 or π.

    Dtypes: any; the result is real, and integers become the default float first.

    >>> tnp.angle(tnp.asarray([1j, -1.0]))
    Array([1.5707..., 3.1415...], dtype=float32)
    """
    if is_complex(xp, x):
        return xp.atan2(xp.imag(x), xp.real(x))
    return xp.atan2(xp.zeros_like(x), x)


@linear(x="xp.conj(g)", batch=align, primitive=True, numpy="conjugate", samples=alone(_NUMBER))
def conj(xp: Any, x: Any) -> Any:
    """The complex conjugate; real numbers as they are.

    >>> tnp.conj(tnp.asarray([1 + 2j]))
    Array([1.-2.j], dtype=complex64)
    """
    return xp.conj(x)


@linear(
    x=lambda xp, g, x: xp.astype(g, dtype=x.dtype), batch=align, numpy="real", samples=alone(_NUMBER), standard=True
)
def real(xp: Any, x: Any) -> Any:
    """The real part.

    Dtypes: any; of complex numbers the result is real.

    >>> tnp.real(tnp.asarray([1 + 2j]))
    Array([1.], dtype=float32)
    """
    return xp.real(x) if is_complex(xp, x) else x


@linear(
    x=lambda xp, g, x: xp.astype(g, dtype=x.dtype) * 1j if is_complex(xp, x) else xp.zeros_like(g),
    batch=align,
    numpy="imag",
    samples=alone(_NUMBER),
    standard=True,
)
def imag(xp: Any, x: Any) -> Any:
    """The imaginary part; of real numbers 0.

    Dtypes: any; of complex numbers the result is real.

    >>> tnp.imag(tnp.asarray([1 + 2j]))
    Array([2.], dtype=float32)
    """
    return xp.imag(x) if is_complex(xp, x) else xp.zeros_like(x)


@elementwise(
    x=lambda xp, g, x, y, out: xp.past_kink(
        xp.where(x == 0, 0, xp.where(xp.signbit(x) == xp.signbit(y), g, -g)), g, out, x
    ),
    constant=("y",),
    promotes=("x", "y"),
    floats=True,
    primitive=True,
    samples=[*together(_NUMBER, _NUMBER), (exactly([0.0, -0.0, 2.0]), exactly([1.0, 1.0, -1.0]))],
    real=True,
)
def copysign(xp: Any, x: Any, y: Any) -> Any:
    """The size of x with the sign of y; its derivative at 0 is 0, as that of the size is.

    >>> tnp.copysign(tnp.asarray([1.0, 2.0]), tnp.asarray([-1.0, 1.0]))
    Array([-1.,  2.], dtype=float32)
    >>> tapegrad.grad(tnp.copysign)(1.0, -1.0)
    -1.0
    """
    return xp.copysign(x, y)


@locally_constant(primitive=True, samples=alone(_NUMBER), real=True)
def signbit(xp: Any, x: Any) -> Any:
    """Whether the sign bit is set: of negative numbers and of -0.

    Dtypes: real numbers; the result holds truth values.

    >>> tnp.signbit(tnp.asarray([1.0, -0.0]))
    Array([False,  True], dtype=bool)
    """
    return xp.signbit(x)


@elementwise(x=0, primitive=True, samples=alone(_STEPS), real=True)
def floor(xp: Any, x: Any) -> Any:
    """The greatest integer that is not above x.

    Dtypes: real numbers; the result has that of `x`.

    >>> tnp.floor(tnp.asarray([1.5, -1.5]))
    Array([ 1., -2.], dtype=float32)
    """
    return xp.floor(x)


@elementwise(x=0, primitive=True, samples=alone(_STEPS), real=True)
def ceil(xp: Any, x: Any) -> Any:
    """The smallest integer that is not below x.

    Dtypes: real numbers; the result has that of `x`.

    >>> tnp.ceil(tnp.asarray([1.5, -1.5]))
    Array([ 2., -1.], dtype=float32)
    """
    return xp.ceil(x)


@elementwise(x=0, primitive=True, samples=alone(_STEPS), real=True)
def trunc(xp: Any, x: Any) -> Any:
    """The nearest integer towards zero.

    Dtypes: real numbers; the result has that of `x`.

    >>> tnp.trunc(tnp.asarray([1.5, -1.5]))
    Array([ 1., -1.], dtype=float32)
    """
    return xp.trunc(x)


@elementwise(
    x=0,
    # Between the hundredths, and so small that no step of a difference quotient leads to the next of them.
    accuracy="I0 real",
    primitive=True,
    samples=[
        *alone(_STEPS),
        ((uniform(3, 4, low=-0.2, high=0.2).then(lambda x: x.round(2) + 0.001),), {"decimals": 2}),
    ],
)
def round(xp: Any, x: Any, *, decimals: int = 0) -> Any:
    """The nearest number of so many decimals, halves to the even one.

    Dtypes: any; the result has that of `x`.

    >>> round(tnp.asarray([0.125, 0.5]), decimals=2)
    Array([0.12, 0.5 ], dtype=float32)
    """
    if decimals == 0:
        return xp.round(x)
    scale = 10.0 ** math.fabs(decimals)
    return xp.round(x * scale) / scale if decimals > 0 else xp.round(x / scale) * scale


@op(primitive=True, samples=together(_NUMBER, _NUMBER), accuracy="I0", batch=align, real=True)
def nextafter(xp: Any, x: Any, y: Any) -> Any:
    """The next floating-point number from x towards y. It has no derivative: it is made of rounding alone.

    Dtypes: real floating-point numbers; `x` and `y` are promoted to one; the result has it.

    >>> tnp.nextafter(tnp.asarray([1.0]), 2.0) - 1.0
    Array([1.1920...e-07], dtype=float32)
    """
    return xp.nextafter(x, y)


# Selection


@elementwise(
    x=lambda xp, g, condition: xp.where(condition, g, 0),
    y=lambda xp, g, condition: xp.where(condition, 0, g),
    constant=("condition",),
    primitive=True,
    samples=[
        (draws.booleans(*c), normal(*a), normal(*b))
        for c, a, b in (
            ((3, 4), (3, 4), (3, 4)),
            ((4,), (3, 1), (3, 4)),
            ((), (3, 4), (3, 1)),
            ((3, 4), (), ()),
            ((3, 1), (4,), (1, 4)),
            ((), (), ()),
            ((5,), (1,), (5,)),
            ((0,), (1,), (0,)),
            ((2, 3, 4), (3, 1), (4,)),
        )
    ],
)
def where(xp: Any, condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y.

    >>> x = tnp.asarray([-1.0, 4.0])
    >>> tnp.where(x > 0, x, 0.0)
    Array([0., 4.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.where(x > 0, tnp.sqrt(x), 0.0)))(tnp.asarray([0.0, 4.0]))
    Array([0.  , 0.25], dtype=float32)
    """
    return xp.where(condition, x, y)


def _larger_share(xp: Any, g: Any, x: Any, y: Any) -> Any:
    return xp.where(x == y, g * 0.5, xp.where(x > y, g, 0))


@elementwise(
    x=lambda xp, g, x, y: _larger_share(xp, g, x, y),
    y=lambda xp, g, x, y: _larger_share(xp, g, y, x),
    accuracy="I0 unsigned",
    primitive=True,
    samples=together(_NUMBER, _NUMBER),
    real=True,
)
def maximum(xp: Any, x: Any, y: Any) -> Any:
    """The larger of x and y; NaN where one is. At a tie the derivative is one half in each.

    >>> tnp.maximum(tnp.asarray([1.0, 5.0]), 2.0)
    Array([2., 5.], dtype=float32)
    >>> tapegrad.grad(tnp.maximum, argnums=(0, 1))(2.0, 2.0)
    (0.5, 0.5)
    """
    return xp.maximum(x, y)


@elementwise(
    x=lambda xp, g, x, y: _larger_share(xp, g, y, x),
    y=lambda xp, g, x, y: _larger_share(xp, g, x, y),
    accuracy="I0 unsigned",
    primitive=True,
    samples=together(_NUMBER, _NUMBER),
    real=True,
)
def minimum(xp: Any, x: Any, y: Any) -> Any:
    """The smaller of x and y; NaN where one is. At a tie the derivative is one half in each.

    >>> tnp.minimum(tnp.asarray([1.0, 5.0]), 2.0)
    Array([1., 2.], dtype=float32)
    >>> tapegrad.grad(tnp.minimum, argnums=(0, 1))(2.0, 2.0)
    (0.5, 0.5)
    """
    return xp.minimum(x, y)


@elementwise(
    x=lambda xp, g, x, y: xp.where(x >= y, g, 0),
    y=lambda xp, g, x, y: xp.where(x < y, g, 0),
    accuracy="I0 unsigned",
    samples=together(_NUMBER, _NUMBER),
    real=True,
)
def maximum_first(xp: Any, x: Any, y: Any) -> Any:
    """The larger of x and y; at a tie the derivative is all the first's.

    >>> tapegrad.grad(maximum_first, argnums=(0, 1))(2.0, 2.0)
    (1.0, 0.0)
    """
    return xp.maximum(x, y)


@elementwise(
    x=lambda xp, g, x, y: xp.where(x <= y, g, 0),
    y=lambda xp, g, x, y: xp.where(x > y, g, 0),
    accuracy="I0 unsigned",
    samples=together(_NUMBER, _NUMBER),
    real=True,
)
def minimum_first(xp: Any, x: Any, y: Any) -> Any:
    """The smaller of x and y; at a tie the derivative is all the first's.

    >>> tapegrad.grad(minimum_first, argnums=(0, 1))(2.0, 2.0)
    (1.0, 0.0)
    """
    return xp.minimum(x, y)


@elementwise(
    x=lambda xp, g, x, y: xp.where(xp.isnan(y), g, _larger_share(xp, g, x, y)),
    y=lambda xp, g, x, y: xp.where(xp.isnan(x) & ~xp.isnan(y), g, _larger_share(xp, g, y, x)),
    accuracy="I0 unsigned",
    numpy="fmax",
    samples=[*together(_NUMBER, _NUMBER), (exactly([math.nan, 1.0, math.nan]), exactly([2.0, math.nan, math.nan]))],
    real=True,
)
def fmax(xp: Any, x: Any, y: Any) -> Any:
    """The larger of x and y, and the other where one is NaN. At a tie the derivative is one half in each.

    >>> import math
    >>> tnp.fmax(tnp.asarray([1.0, math.nan]), 0.5)
    Array([1. , 0.5], dtype=float32)
    """
    return xp.where(xp.isnan(x), y, xp.where(xp.isnan(y), x, xp.maximum(x, y)))


@elementwise(
    x=lambda xp, g, x, y: xp.where(xp.isnan(y), g, _larger_share(xp, g, y, x)),
    y=lambda xp, g, x, y: xp.where(xp.isnan(x) & ~xp.isnan(y), g, _larger_share(xp, g, x, y)),
    accuracy="I0 unsigned",
    numpy="fmin",
    samples=[*together(_NUMBER, _NUMBER), (exactly([math.nan, 1.0, math.nan]), exactly([2.0, math.nan, math.nan]))],
    real=True,
)
def fmin(xp: Any, x: Any, y: Any) -> Any:
    """The smaller of x and y, and the other where one is NaN. At a tie the derivative is one half in each.

    >>> import math
    >>> tnp.fmin(tnp.asarray([1.0, math.nan]), 0.5)
    Array([0.5, 0.5], dtype=float32)
    """
    return xp.where(xp.isnan(x), y, xp.where(xp.isnan(y), x, xp.minimum(x, y)))


def _clip_inside(xp: Any, g: Any, x: Any, low: Any, high: Any) -> Any:
    if low is not None:
        g = xp.where(x >= low, g, 0)
    return g if high is None else xp.where(x <= high, g, 0)


def _clip_low(xp: Any, g: Any, x: Any, low: Any, high: Any) -> Any:
    g = xp.where(x < low, g, 0)
    return g if high is None else xp.where(low <= high, g, 0)


def _clip_high(xp: Any, g: Any, x: Any, low: Any, high: Any) -> Any:
    beyond = x > high
    return xp.where(beyond if low is None else beyond | (low > high), g, 0)


@elementwise(
    x=_clip_inside,
    low=_clip_low,
    high=_clip_high,
    accuracy="I0 unsigned",
    samples=[
        *[(x, None, y) for x, y in together(_NUMBER, uniform(low=0.2, high=0.5))],
        *[(x, y, None) for x, y in together(_NUMBER, uniform(low=-0.5, high=-0.2))],
        (normal(3, 4), exactly(-0.5), exactly(0.5)),
        (normal(3, 4), uniform(4, low=-1, high=-0.2), uniform(3, 1, low=0.2, high=1)),
        (normal(3, 4), exactly(0.5), exactly(-0.5)),
        (normal(3, 4), None, None),
    ],
    real=True,
)
def clip(xp: Any, x: Any, low: Any = None, high: Any = None) -> Any:
    """x, but at least `low` and at most `high`. At a bound that x just reaches, the derivative is x's.

    >>> clip(tnp.asarray([-1.0, 0.5, 2.0]), 0.0, 1.0)
    Array([0. , 0.5, 1. ], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(clip(x, 0.0, 1.0)))(tnp.asarray([-1.0, 0.5, 1.0]))
    Array([0., 1., 1.], dtype=float32)
    """
    if low is not None:
        x = xp.maximum(x, low)
    if high is not None:
        x = xp.minimum(x, high)
    return xp.positive(x) if low is None and high is None else x


@elementwise(
    y=lambda xp, g, x: xp.where(x == 0, g, 0),
    constant=("x",),
    promotes=("x", "y"),
    numpy="heaviside",
    samples=[*together(_NUMBER, _NUMBER), (exactly([[0.0, 0.0], [1.0, 0.0], [-2.0, 0.0]]), normal(3, 2))],
    real=True,
)
def heaviside(xp: Any, x: Any, y: Any) -> Any:
    """The unit step: 0 where x is negative, 1 where it is positive, y where it is 0.

    >>> tnp.heaviside(tnp.asarray([-1.5, 0.0, 2.0]), 0.5)
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    step = xp.where(x > 0, xp.ones_like(y), xp.zeros_like(y))
    return xp.where(x == 0, y, xp.where(xp.isnan(x), x, step))


def _where_finite(xp: Any, d: Any, x: Any) -> Any:
    """A change of x where x is a number, part by part. The map is its own transpose."""
    if not is_complex(xp, x):
        return xp.where(xp.isfinite(x), d, 0)
    return xp.where(xp.isfinite(xp.real(x)), xp.real(d), 0) + xp.where(xp.isfinite(xp.imag(x)), xp.imag(d), 0) * 1j


@op(
    x=lambda xp, g, x: _where_finite(xp, g, x),
    jvp=lambda xp, d_x, x: _where_finite(xp, d_x, x),
    batch=align,
    accuracy="I0",
    numpy="nan_to_num",
    samples=[
        *alone(_NUMBER),
        (exactly([1.0, math.nan, math.inf, -math.inf]),),
        ((exactly([1.0, math.nan, math.inf, -math.inf]),), {"nan": 0.5, "posinf": 2.0, "neginf": -3.0}),
        (
            (
                exactly(
                    [complex(1.0, math.nan), complex(math.inf, 2.0), complex(0.5, -math.inf), complex(math.nan, 1.0)]
                ),
            ),
            {"nan": 0.5, "posinf": 2.0, "neginf": -3.0},
        ),
        (exactly([complex(1.0, math.nan), complex(math.inf, 2.0), complex(0.5, -math.inf), complex(math.nan, 1.0)]),),
    ],
)
def nan_to_num(xp: Any, x: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """x with NaN and the infinities replaced; the infinities by the largest numbers unless others are given.

    >>> import math
    >>> x = tnp.asarray([1.0, math.nan, math.inf])
    >>> tnp.nan_to_num(x, posinf=9.0)
    Array([1., 0., 9.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.nan_to_num(x)))(x)
    Array([1., 0., 0.], dtype=float32)
    """
    if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
        return xp.positive(x)
    limits = xp.finfo(x.dtype)
    high = float(limits.max) if posinf is None else posinf
    low = float(limits.min) if neginf is None else neginf

    def mend(part: Any) -> Any:
        part = xp.where(xp.isnan(part), nan, part)
        return xp.where(part == math.inf, high, xp.where(part == -math.inf, low, part))

    return mend(xp.real(x)) + mend(xp.imag(x)) * 1j if is_complex(xp, x) else mend(x)


# Comparisons, logic, bits


@locally_constant(primitive=True, samples=together(_NUMBER, _NUMBER))
def equal(xp: Any, x: Any, y: Any) -> Any:
    """Whether x == y.

    Dtypes: `x` and `y` are promoted to one; the result holds truth values.

    >>> tnp.equal(tnp.asarray([1, 2, 3]), 2)
    Array([False,  True, False], dtype=bool)
    """
    return xp.equal(x, y)


@locally_constant(primitive=True, samples=together(_NUMBER, _NUMBER))
def not_equal(xp: Any, x: Any, y: Any) -> Any:
    """Whether x != y.

    Dtypes: `x` and `y` are promoted to one; the result holds truth values.

    >>> tnp.not_equal(tnp.asarray([1, 2, 3]), 2)
    Array([ True, False,  True], dtype=bool)
    """
    return xp.not_equal(x, y)


@locally_constant(primitive=True, samples=together(_NUMBER, _NUMBER), real=True)
def less(xp: Any, x: Any, y: Any) -> Any:
    """Whether x < y.

    Dtypes: real numbers; `x` and `y` are promoted to one; the result holds truth values.

    >>> tnp.less(tnp.asarray([1, 2, 3]), 2)
    Array([ True, False, False], dtype=bool)
    """
    return xp.less(x, y)


@locally_constant(primitive=True, samples=together(_NUMBER, _NUMBER), real=True)
def less_equal(xp: Any, x: Any, y: Any) -> Any:
    """Whether x <= y.

    Dtypes: real numbers; `x` and `y` are promoted to one; the result holds truth values.

    >>> tnp.less_equal(tnp.asarray([1, 2, 3]), 2)
    Array([ True,  True, False], dtype=bool)
    """
    return xp.less_equal(x, y)


@locally_constant(primitive=True, samples=together(_NUMBER, _NUMBER), real=True)
def greater(xp: Any, x: Any, y: Any) -> Any:
    """Whether x > y.

    Dtypes: real numbers; `x` and `y` are promoted to one; the result holds truth values.

    >>> tnp.greater(tnp.asarray([1, 2, 3]), 2)
    Array([False, False,  True], dtype=bool)
    """
    return xp.greater(x, y)


@locally_constant(primitive=True, samples=together(_NUMBER, _NUMBER), real=True)
def greater_equal(xp: Any, x: Any, y: Any) -> Any:
    """Whether x >= y.

    Dtypes: real numbers; `x` and `y` are promoted to one; the result holds truth values.

    >>> tnp.greater_equal(tnp.asarray([1, 2, 3]), 2)
    Array([False,  True,  True], dtype=bool)
    """
    return xp.greater_equal(x, y)


_SPECIAL_VALUES = [(exactly([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf]),)]


@locally_constant(primitive=True, samples=[*alone(_NUMBER), *_SPECIAL_VALUES])
def isfinite(xp: Any, x: Any) -> Any:
    """Whether x is neither infinite nor NaN.

    Dtypes: any; the result holds truth values.

    >>> import math
    >>> tnp.isfinite(tnp.asarray([1.0, math.inf, math.nan]))
    Array([ True, False, False], dtype=bool)
    """
    return xp.isfinite(x)


@locally_constant(primitive=True, samples=[*alone(_NUMBER), *_SPECIAL_VALUES])
def isinf(xp: Any, x: Any) -> Any:
    """Whether x is infinite.

    Dtypes: any; the result holds truth values.

    >>> import math
    >>> tnp.isinf(tnp.asarray([1.0, math.inf, math.nan]))
    Array([False,  True, False], dtype=bool)
    """
    return xp.isinf(x)


@locally_constant(primitive=True, samples=[*alone(_NUMBER), *_SPECIAL_VALUES])
def isnan(xp: Any, x: Any) -> Any:
    """Whether x is NaN.

    Dtypes: any; the result holds truth values.

    >>> import math
    >>> tnp.isnan(tnp.asarray([1.0, math.inf, math.nan]))
    Array([False, False,  True], dtype=bool)
    """
    return xp.isnan(x)


_TRUTHS = together(draws.booleans(), draws.booleans())
_BITS = together(draws.integers(low=-8, high=8), draws.integers(low=-8, high=8))
_SHIFTS = together(draws.integers(low=-8, high=8), draws.integers(low=0, high=5))


@locally_constant(primitive=True, samples=_TRUTHS)
def logical_and(xp: Any, x: Any, y: Any) -> Any:
    """Whether both hold.

    Dtypes: truth values; what an engine makes of numbers is its own.

    >>> tnp.logical_and(tnp.asarray([True, True]), tnp.asarray([True, False]))
    Array([ True, False], dtype=bool)
    """
    return xp.logical_and(x, y)


@locally_constant(primitive=True, samples=_TRUTHS)
def logical_or(xp: Any, x: Any, y: Any) -> Any:
    """Whether one of them holds, or both.

    Dtypes: truth values; what an engine makes of numbers is its own.

    >>> tnp.logical_or(tnp.asarray([True, False]), tnp.asarray([False, False]))
    Array([ True, False], dtype=bool)
    """
    return xp.logical_or(x, y)


@locally_constant(primitive=True, samples=_TRUTHS)
def logical_xor(xp: Any, x: Any, y: Any) -> Any:
    """Whether one of them holds, and not both.

    Dtypes: truth values; what an engine makes of numbers is its own.

    >>> tnp.logical_xor(tnp.asarray([True, True]), tnp.asarray([True, False]))
    Array([False,  True], dtype=bool)
    """
    return xp.logical_xor(x, y)


@locally_constant(primitive=True, samples=alone(draws.booleans()))
def logical_not(xp: Any, x: Any) -> Any:
    """Whether it does not hold.

    Dtypes: truth values; what an engine makes of numbers is its own.

    >>> tnp.logical_not(tnp.asarray([True, False]))
    Array([False,  True], dtype=bool)
    """
    return xp.logical_not(x)


@locally_constant(primitive=True, samples=[*_BITS, *_TRUTHS])
def bitwise_and(xp: Any, x: Any, y: Any) -> Any:
    """The bits that are set in both.

    Dtypes: integers or truth values, promoted to one; the result has it.

    >>> tnp.bitwise_and(tnp.asarray([6, 3]), 5)
    Array([4, 1], dtype=int64)
    """
    return xp.bitwise_and(x, y)


@locally_constant(primitive=True, samples=[*_BITS, *_TRUTHS])
def bitwise_or(xp: Any, x: Any, y: Any) -> Any:
    """The bits that are set in one of them, or both.

    Dtypes: integers or truth values, promoted to one; the result has it.

    >>> tnp.bitwise_or(tnp.asarray([6, 3]), 5)
    Array([7, 7], dtype=int64)
    """
    return xp.bitwise_or(x, y)


@locally_constant(primitive=True, samples=[*_BITS, *_TRUTHS])
def bitwise_xor(xp: Any, x: Any, y: Any) -> Any:
    """The bits that are set in one of them, and not both.

    Dtypes: integers or truth values, promoted to one; the result has it.

    >>> tnp.bitwise_xor(tnp.asarray([6, 3]), 5)
    Array([3, 6], dtype=int64)
    """
    return xp.bitwise_xor(x, y)


@locally_constant(primitive=True, numpy="bitwise_not invert", samples=alone(draws.integers(low=-8, high=8)))
def bitwise_invert(xp: Any, x: Any) -> Any:
    """The bits turned over; of truth values, their negation.

    Dtypes: integers or truth values; the result has that of `x`.

    >>> tnp.bitwise_invert(tnp.asarray([0, 5]))
    Array([-1, -6], dtype=int64)
    """
    return xp.bitwise_invert(x)


@locally_constant(primitive=True, numpy="left_shift", samples=_SHIFTS)
def bitwise_left_shift(xp: Any, x: Any, y: Any) -> Any:
    """The bits of x moved y places up.

    Dtypes: integers, promoted to one; the result has it.

    >>> tnp.bitwise_left_shift(tnp.asarray([1, 3]), 2)
    Array([ 4, 12], dtype=int64)
    """
    return xp.bitwise_left_shift(x, y)


@locally_constant(primitive=True, numpy="right_shift", samples=_SHIFTS)
def bitwise_right_shift(xp: Any, x: Any, y: Any) -> Any:
    """The bits of x moved y places down, with the sign kept.

    Dtypes: integers, promoted to one; the result has it.

    >>> tnp.bitwise_right_shift(tnp.asarray([8, -8]), 2)
    Array([ 2, -2], dtype=int64)
    """
    return xp.bitwise_right_shift(x, y)
