"""Functions of `nd` that differ from an op in nothing but name and signature; `mechanical.pyi` is made from this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..array import Array
from ..kernels import OPS
from .checks import need
from .ndarray import NDArray, _as_numbers, _comparison

UNARY = {
    "abs": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctanh": "atanh",
    "cbrt": "cbrt",
    "ceil": "ceil",
    "cos": "cos",
    "cosh": "cosh",
    "degrees": "degrees",
    "erf": "erf",
    "erfinv": "erfinv",
    "exp": "exp",
    "expm1": "expm1",
    "fix": "trunc",
    "floor": "floor",
    "gamma": "gamma",
    "gammaln": "gammaln",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "negative": "negative",
    "ones_like": "ones_like",
    "radians": "radians",
    "rcbrt": "rcbrt",
    "reciprocal": "reciprocal",
    "relu": "relu",
    "rsqrt": "rsqrt",
    "sigmoid": "sigmoid",
    "sign": "sign",
    "sin": "sin",
    "sinh": "sinh",
    "softsign": "softsign",
    "sqrt": "sqrt",
    "square": "square",
    "tan": "tan",
    "tanh": "tanh",
    "trunc": "trunc",
    "zeros_like": "zeros_like",
}
"""The op behind each function of one array."""

BINARY = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "true_divide": "divide",
    "modulo": "remainder",
    "power": "power",
    "maximum": "maximum_first",
    "minimum": "minimum_first",
    "broadcast_add": "add",
    "broadcast_plus": "add",
    "broadcast_sub": "subtract",
    "broadcast_minus": "subtract",
    "broadcast_mul": "multiply",
    "broadcast_div": "divide",
    "broadcast_mod": "remainder",
    "broadcast_power": "power",
    "broadcast_maximum": "maximum_first",
    "broadcast_minimum": "minimum_first",
    "broadcast_hypot": "hypot",
}
"""The op behind each function of two arrays that broadcast, of which one may be a number."""

COMPARISONS = {
    "equal": "equal",
    "not_equal": "not_equal",
    "greater": "greater",
    "greater_equal": "greater_equal",
    "lesser": "less",
    "lesser_equal": "less_equal",
}
"""The op behind each comparison; each also exists as `broadcast_…`."""

LOGICAL = {"logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor"}
"""The op behind each logical function; each also exists as `broadcast_…`."""

__all__ = ["logical_not"]


def _named(function: Callable[..., Any], name: str, meaning: str) -> None:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = meaning
    globals()[name] = function
    __all__.append(name)


def _unary(name: str, op_name: str) -> None:
    op = OPS[op_name].call

    def function(data: Any, out: Any = None, name: Any = None) -> NDArray:
        if data.__class__ is not NDArray:
            need(data, function.__name__)
        found = op(data)
        return found if out is None else out._rebind(found)

    _named(function, name, f"{op.__doc__}\n\n`out` takes the result; `name` has no meaning here.")


def _both(lhs: Any, rhs: Any, where: str) -> None:
    for x, which in ((lhs, "lhs"), (rhs, "rhs")):
        if not isinstance(x, NDArray) and (isinstance(x, Array) or not isinstance(x, (bool, int, float, complex))):
            if hasattr(x, "__array__") and not isinstance(x, Array):
                continue
            need(x, where, which)
    if not isinstance(lhs, NDArray) and not isinstance(rhs, NDArray):
        need(lhs, where, "lhs")


def _binary(name: str, op_name: str) -> None:
    op = OPS[op_name].call

    def function(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
        if lhs.__class__ is not NDArray or rhs.__class__ is not NDArray:
            _both(lhs, rhs, function.__name__)
        found = op(lhs, rhs)
        return found if out is None else out._rebind(found)

    _named(function, name, f"{op.__doc__}\n\n`out` takes the result; `name` has no meaning here.")


def _compared(name: str, op_name: str) -> None:
    compare = _comparison(op_name)
    mirrored = _comparison(op_name.replace("greater", "LESS").replace("less", "greater").replace("LESS", "less"))

    def function(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
        _both(lhs, rhs, function.__name__)
        found = compare(lhs, rhs) if isinstance(lhs, NDArray) else mirrored(rhs, lhs)
        return found if out is None else out._rebind(found)

    _named(function, name, f"{OPS[op_name].call.__doc__}\n\nOnes and zeros in the dtype of the operands.")


def _logical(name: str, op_name: str) -> None:
    op, nonzero = OPS[op_name].call, OPS["not_equal"].call

    def function(lhs: Any, rhs: Any, out: Any = None, name: Any = None) -> NDArray:
        _both(lhs, rhs, function.__name__)
        booleans = op(*[nonzero(x, 0) if isinstance(x, Array) else bool(x) for x in (lhs, rhs)])
        example = lhs if isinstance(lhs, Array) else rhs
        found = _as_numbers(booleans, example._xp.dtype_of(example._value))
        return found if out is None else out._rebind(found)

    _named(function, name, f"{op.__doc__}\n\nOnes and zeros in the dtype of the operands.")


def logical_not(data: Any, out: Any = None, name: Any = None) -> NDArray:
    """One where an element is zero, else zero, in the dtype of the array."""
    found = need(data, "logical_not") == 0
    return found if out is None else out._rebind(found)


for _name, _op in UNARY.items():
    _unary(_name, _op)
for _name, _op in BINARY.items():
    _binary(_name, _op)
for _name, _op in COMPARISONS.items():
    _compared(_name, _op)
    _compared(f"broadcast_{_name}", _op)
for _name, _op in LOGICAL.items():
    _logical(_name, _op)
    _logical(f"broadcast_{_name}", _op)
