"""The methods of NDArray that are functions of `nd` called on the array; they are bound when the functions exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..transforms.program import ProgramArray

__all__ = ["METHODS", "Methods", "bind"]

METHODS = (
    *("abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "argmax", "argmax_channel", "argmin"),
    *("argsort", "broadcast_axes", "broadcast_like", "broadcast_to", "cbrt", "ceil", "clip", "cos", "cosh", "degrees"),
    *("depth_to_space", "diag", "exp", "expand_dims", "expm1", "fix", "flatten", "flip", "floor", "log", "log10"),
    *("log1p", "log2", "log_softmax", "max", "mean", "min", "nanprod", "nansum", "norm", "one_hot", "ones_like", "pad"),
    *("pick", "prod", "radians", "rcbrt", "reciprocal", "relu", "repeat", "reshape_like", "rint", "round", "rsqrt"),
    *("shape_array", "sigmoid", "sign", "sin", "sinh", "size_array", "slice", "slice_axis", "slice_like", "softmax"),
    *("softmin", "sort", "space_to_depth", "split", "split_v2", "sqrt", "square", "squeeze", "sum", "swapaxes", "take"),
    *("tan", "tanh", "tile", "topk", "transpose", "trunc", "zeros_like"),
)
"""The names that are methods as they are functions, the array in first place."""


class Methods(ProgramArray):
    """What `NDArray` has by way of `nd`: `x.exp()` is `nd.exp(x)`. Their signatures are in `methods.pyi`."""

    __slots__ = ()


def bind(functions: Mapping[str, Any]) -> None:
    """Make methods of the functions."""
    for name in METHODS:
        setattr(Methods, name, functions[name])
