"""What ops are in C: the one table from an op of each element to an expression."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

TYPES = {
    "bool": "bool",
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float",
    "float64": "double",
}
"""The C type of an element, by dtype. What is not here (float16, longdouble, complex numbers) stays with the engine."""


class Form(NamedTuple):
    """An expression over `{0}`, `{1}`, …, the kinds of dtypes that it is for, and the dtype of its result.

    `{s}` is the suffix of C's functions: `f` for float. An empty `result` is the operands' own dtype.
    """

    c: str
    kinds: str = "f"
    result: str = ""


TWO = ("atan2", "hypot", "pow")
"""The functions of two numbers."""

_ONE = """
    acos acosh asin asinh atan atanh cbrt cos cosh erf exp exp2 expm1 log log10 log1p log2 sin sinh tan tanh
"""

FUNCTIONS = {name: name for name in _ONE.split()} | {"atan2": "atan2", "hypot": "hypot", "power": "pow"}
"""Ops that the vectors of the C library have, to 4 units in the last place, and with NumPy's special values."""

_COMPARISONS = {
    **{"equal": "==", "not_equal": "!="},
    **{"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="},
}

FORMS: dict[str, Form] = {
    **{name: Form(f"{c}{{s}}({{0}}, {{1}})" if c in TWO else f"{c}{{s}}({{0}})") for name, c in FUNCTIONS.items()},
    **{name: Form(f"{{0}} {sign} {{1}}", "biuf", "bool") for name, sign in _COMPARISONS.items()},
    **{name: Form(f"__builtin_{name}{{s}}({{0}})") for name in ("ceil", "floor", "sqrt", "trunc")},
    "round": Form("__builtin_rint{s}({0})"),
    "copysign": Form("__builtin_copysign{s}({0}, {1})"),
    "add": Form("{0} + {1}", "iuf"),
    "subtract": Form("{0} - {1}", "iuf"),
    "multiply": Form("{0} * {1}", "iuf"),
    "divide": Form("{0} / {1}"),
    "multiply_or_zero": Form("OR_ZERO({0}, {1})"),
    "negative": Form("-{0}", "iuf"),
    "positive": Form("{0}", "biuf"),
    "square": Form("{0} * {0}", "iuf"),
    "reciprocal": Form("1 / {0}"),
    # Of two numbers of which one is NaN, that one; of two zeros the second, whatever its sign: as NumPy has it.
    "maximum": Form("{0} > {1} || {0} != {0} ? {0} : {1}", "iuf"),
    "minimum": Form("{0} < {1} || {0} != {0} ? {0} : {1}", "iuf"),
    "sign": Form("{0} > 0 ? 1 : {0} < 0 ? -1 : {0} == 0 ? 0 : {0}"),
    "isnan": Form("{0} != {0}", "f", "bool"),
    "isinf": Form("__builtin_fabs{s}({0}) == INFINITY", "f", "bool"),
    "isfinite": Form("__builtin_fabs{s}({0}) < INFINITY", "f", "bool"),
    "logical_and": Form("{0} & {1}", "b"),
    "logical_or": Form("{0} | {1}", "b"),
    "logical_xor": Form("{0} ^ {1}", "b"),
    "logical_not": Form("!{0}", "b"),
    "bitwise_and": Form("{0} & {1}", "biu"),
    "bitwise_or": Form("{0} | {1}", "biu"),
    "bitwise_xor": Form("{0} ^ {1}", "biu"),
    "where": Form("{0} ? {1} : {2}", "biuf"),
}
"""Each op of each element; those of other names are run by their bodies, down to these."""

ABSOLUTE = {"f": "__builtin_fabs{s}({0})", "i": "{0} < 0 ? -{0} : {0}", "u": "{0}", "b": "{0}"}
INVERT = {"i": "~{0}", "u": "~{0}", "b": "!{0}"}
"""Ops that C says differently for each kind of numbers."""


def expression(name: str, dtype: np.dtype[Any]) -> str:
    """The C expression of an op over operands of a dtype."""
    if name == "astype":
        return "{0} != 0" if dtype.kind == "b" else f"({TYPES[dtype.name]}){{0}}"
    if name == "abs":
        return ABSOLUTE[dtype.kind]
    return INVERT[dtype.kind] if name == "bitwise_invert" else FORMS[name].c


def literal(value: Any, dtype: np.dtype[Any]) -> str:
    """A number as C has it."""
    if dtype.kind == "b":
        return str(int(bool(value)))
    if dtype.kind in "iu":
        whole = int(value)
        suffix = "u" * (dtype.kind == "u") + "ll" * (dtype.itemsize == 8)
        return "INT64_MIN" if whole == -(1 << 63) else f"({whole}{suffix})"
    with np.errstate(over="ignore"):
        number = dtype.type(value)
    if number != number:
        return "NAN"
    if np.isinf(number):
        return "INFINITY" if number > 0 else "(-INFINITY)"
    text = str(number)
    text = (text if "." in text or "e" in text else f"{text}.0") + "f" * (dtype.itemsize == 4)
    return f"({text})" if text.startswith("-") else text
