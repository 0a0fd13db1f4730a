"""Python's operators on arrays are the ops themselves, set on the class so that nothing lies between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..arrays.array import Array
from ..engines.tables import OPS
from ..op.call import OPERATORS
from . import contraction, elementwise, linear_maps  # noqa: F401  (the ops that operators are)

ARITHMETIC = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}
COMMUTATIVE = {"add", "mul", "and", "or", "xor"}
COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
EQUALITIES = {"eq": "equal", "ne": "not_equal"}
UNARY = {"neg": "negative", "abs": "abs", "invert": "bitwise_invert"}


def _reflected(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(x: Any, y: Any) -> Any:
        return op(y, x)

    return method


def _in_place(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(x: Any, y: Any) -> Any:
        return x._update(op, y)

    return method


def _equality(op: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(x: Any, y: Any) -> Any:
        # Python answers where y is neither a number nor an array, so that `x == None` and `x in [...]` do not fail.
        return NotImplemented if y is None or isinstance(y, (str, bytes, type)) else op(x, y)

    return method


def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    return x // y, x % y


def _rdivmod(x: Any, y: Any) -> tuple[Any, Any]:
    return y // x, y % x


def _power(x: Any, y: Any, modulus: Any = None) -> Any:
    if modulus is not None:  # pow(x, y, modulus)
        return _power(x, y) % modulus
    # The square is an op of its own, and a cheaper one in every respect.
    if (y.__class__ is int or y.__class__ is float) and y == 2:
        return OPS["square"].call(x)
    return OPS["power"].call(x, y)


def _bind(cls: Any) -> None:
    """Give the array class its operators. Each is an op, so each is recorded, and each is where its op is."""
    OPERATORS.update({name: word for word, name in {**ARITHMETIC, **COMPARISONS, **EQUALITIES}.items()})
    for word, name in ARITHMETIC.items():
        op = OPS[name].call
        setattr(cls, f"__{word}__", op)
        setattr(cls, f"__r{word}__", op if word in COMMUTATIVE else _reflected(op))
        setattr(cls, f"__i{word}__", _in_place(op))
    for word, name in {**COMPARISONS, **UNARY}.items():
        setattr(cls, f"__{word}__", OPS[name].call)
    for word, name in EQUALITIES.items():
        setattr(cls, f"__{word}__", _equality(OPS[name].call))
    cls.__pow__ = _power
    cls.__ipow__ = _in_place(_power)
    cls.__divmod__ = _divmod
    cls.__rdivmod__ = _rdivmod


_bind(Array)
