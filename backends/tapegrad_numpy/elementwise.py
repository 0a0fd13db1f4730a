"""NumPy's spellings of functions of each element: its own ufuncs, SciPy's, and selection without branches."""

from __future__ import annotations

from cmath import isfinite
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

import tapegrad
from tapegrad.op import registered
from tapegrad.ops.special import FROM_SCIPY, host_function

__all__ = ["KERNELS", "number", "vdot"]

_BITS = {np.dtype("float16"): np.int16, np.dtype("float32"): np.int32, np.dtype("float64"): np.int64}


@lru_cache(1000)
def number(value: int, dtype: np.dtype[Any]) -> Any:
    """An array of no axes. Beside one that has axes it takes half as long as a Python number."""
    return np.array(value, dtype)


def _where(condition: Any, x: Any, y: Any) -> Any:
    if condition.__class__ is np.bool_ and x.__class__ is y.__class__ and isinstance(x, np.generic):
        return x if condition else y
    # Rules select between a cotangent and 0 all the time. Bits times a truth value take a third of the time.
    if y.__class__ is int and y == 0:
        if condition.__class__ is np.bool_ and isinstance(x, np.floating):
            return x if condition else x.dtype.type(0)
        if x.size > 500 and x.__class__ is np.ndarray and condition.__class__ is np.ndarray:
            bits = _BITS.get(x.dtype)
            if bits is not None and condition.dtype == np.bool_:
                found = np.multiply(x.view(bits), condition)
                return found.view(x.dtype) if found.__class__ is np.ndarray else np.where(condition, x, y)
    return np.where(condition, x, y)


vdot: Callable[[Any, Any], Any] = getattr(np.vdot, "_implementation", np.vdot)
"""`np.vdot` itself, without the search for arrays of other libraries, which takes longer than the product."""


def _all_finite(x: Any) -> bool:
    return bool(np.count_nonzero(np.isfinite(x)) == x.size)


def _multiply_or_zero(x: Any, y: Any) -> Any:
    # Nearly always all is finite, and then it is a product. Sums of products tell: they are not finite if any number is
    # not, and `vdot` warns of nothing.
    if isfinite(vdot(x, y)) if x.size == y.size else isfinite(vdot(x, x)) and isfinite(vdot(y, y)):
        return x * y
    with np.errstate(invalid="ignore"):
        out = x * y
    if _all_finite(out):
        return out
    return np.where((out != out) & ((x == 0) | ((y == 0) & (x == x))), out.dtype.type(0), out)


def _divide_or_zero(x: Any, y: Any) -> Any:
    # A quotient, where no dividend is 0, or else no divisor is 0 or NaN: whichever is sooner known.
    if isinstance(y, np.generic):
        plain = y != 0 and y == y
    elif x.size < 1000:
        plain = np.count_nonzero(x) == x.size
    else:
        plain = x.all() if x.size == y.size else y.all() and not np.isnan(y).any()
    if plain:
        return x / y
    masked = (x == 0) & ((y == 0) | (y != y))
    return x / np.where(masked, 1, y) if np.any(masked) else x / y


def _divide_or_flat(x: Any, y: Any) -> Any:
    if not y.shape:
        return x / (y or np.inf)
    if np.count_nonzero(y) == y.size:
        return x / y
    return x / np.where(y == 0, y.dtype.type(np.inf), y)


def _power(x: Any, y: Any) -> Any:
    if not y.shape and y.dtype.kind == "f":
        exponent = float(y)
        if exponent == 2:
            return x * x
        if exponent == 1:
            return +x if x.shape else np.power(x, y)
    return np.power(x, y)


def _power_below(x: Any, y: Any) -> Any:
    # An exponent is one number, nearly always, and not 0.
    return _power(x, y - 1) if y.all() else _power(x, np.where((x == 0) & (y == 0), y, y - 1))


def _sign(x: Any) -> Any:
    # As the standard has it, bit for bit: of a zero 0, whatever the signs of its parts.
    if x.dtype.kind != "c":
        return np.sign(x)
    is_zero = x == 0
    return np.where(is_zero, x.dtype.type(0), x / np.where(is_zero, 1, np.abs(x)))


def _relu(x: Any) -> Any:
    # A row of zeros where rows are long: beside a single one NumPy does not take several elements at a time.
    return np.maximum(x, np.zeros(x.shape[-1:] if x.size > 1000 and x.shape[-1] > 16 else (), x.dtype))


def _sech_square(x: Any) -> Any:
    if x.dtype.kind == "c":
        return registered()["sech_square"].body(tapegrad.get_backend("numpy").kernels, x)
    if not x.shape:
        decay = np.exp(-2 * np.abs(x))
        half = 1 + decay
        return 4 * decay / (half * half)
    decay = np.abs(x)
    decay *= number(-2, x.dtype)
    np.exp(decay, out=decay)
    half = decay + number(1, x.dtype)
    half *= half
    decay *= number(4, x.dtype)
    decay /= half
    return decay


def _sigmoid(x: Any) -> Any:
    # Far below 0 the exponential overflows to infinity, whose reciprocal is the right 0.
    with np.errstate(over="ignore"):
        if not x.shape:
            return 1 / (1 + np.exp(-x))
        out = np.negative(x)
        np.exp(out, out=out)
    out += number(1, x.dtype)
    return np.reciprocal(out, out=out)


def _round(x: Any, *, decimals: int = 0) -> Any:
    return np.rint(x) if decimals == 0 and x.dtype.kind == "f" else np.round(x, decimals)


def _log1p(x: Any) -> Any:
    if x.dtype.kind != "c":
        return np.log1p(x)
    # NumPy's own forms |1 + x| first, and loses what is small beside 1.
    out = np.asarray(np.log1p(x))
    near = np.abs(x) < 0.5
    out.real = np.where(near, 0.5 * np.log1p(x.real * (2 + x.real) + x.imag * x.imag), out.real)
    return out[()]


def _reciprocal_cube_root(x: Any) -> Any:
    return 1 / np.cbrt(x)


def _on_host(name: str) -> Callable[..., Any]:
    """The core's function of host arrays, found when it is first called."""

    def kernel(*arrays: Any) -> Any:
        return host_function(name)(*arrays)

    kernel.__name__ = name
    return kernel


_SAME_NAME = """
    add abs bitwise_and bitwise_or bitwise_xor cbrt ceil conj copysign cos cosh divide equal exp exp2 expm1 floor
    floor_divide fmax fmin fmod greater greater_equal heaviside hypot isfinite isinf isnan less less_equal log log10
    log1p log2 logaddexp logical_and logical_not logical_or logical_xor maximum minimum multiply negative nextafter
    not_equal positive reciprocal remainder signbit sin sinh sqrt square subtract tan tanh trunc
"""

_UFUNCS = {
    **{name: name for name in _SAME_NAME.split()},
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "maximum_first": "maximum",
    "minimum_first": "minimum",
    "atanh": "arctanh",
    "bitwise_invert": "invert",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
}

KERNELS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(np, ufunc) for name, ufunc in _UFUNCS.items()},
    **{name: _on_host(name) for name in FROM_SCIPY},
    "divide_or_flat": _divide_or_flat,
    "divide_or_zero": _divide_or_zero,
    "log1p": _log1p,
    "multiply_or_zero": _multiply_or_zero,
    "power": _power,
    "power_below": _power_below,
    "rcbrt": _reciprocal_cube_root,
    "relu": _relu,
    "round": _round,
    "sech_square": _sech_square,
    "sigmoid": _sigmoid,
    "sign": _sign,
    "where": _where,
}
