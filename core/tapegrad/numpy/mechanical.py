"""The ops whose own calling convention is the standard's, and their other names; `mechanical.pyi` is made from this."""

from __future__ import annotations

from ..engines.tables import OPS

NAMES = (
    *("abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and", "bitwise_invert"),
    *("bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "cbrt", "ceil", "conj", "copysign"),
    *("cos", "cosh", "degrees", "divide", "equal", "exp", "exp2", "expm1", "floor", "floor_divide", "fmax", "fmin"),
    *("fmod", "greater", "greater_equal", "heaviside", "hypot", "i0", "imag", "isfinite", "isinf", "isnan", "less"),
    *("less_equal", "log", "log10", "log1p", "log2", "logaddexp", "logical_and", "logical_not", "logical_or"),
    *("logical_xor", "maximum", "minimum", "multiply", "nan_to_num", "negative", "nextafter", "not_equal"),
    *("positive", "power", "radians", "real", "reciprocal", "remainder", "sign", "signbit", "sin", "sinc", "sinh"),
    *("sqrt", "square", "subtract", "tan", "tanh", "trunc"),
)
"""The functions that are ops as they are."""

ALIASES = {
    "absolute": "abs",
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
    "invert": "bitwise_invert",
    "left_shift": "bitwise_left_shift",
    "mod": "remainder",
    "pow": "power",
    "rad2deg": "degrees",
    "right_shift": "bitwise_right_shift",
    "true_divide": "divide",
}
"""The standard's and NumPy's other names of ops."""

__all__ = [*NAMES, *ALIASES]  # noqa: PLE0604  (all of them are strings)

for _name in NAMES:
    globals()[_name] = OPS[_name].call
for _name, _op in ALIASES.items():
    globals()[_name] = OPS[_op].call
