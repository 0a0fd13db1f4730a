"""NumPy's own functions and ufuncs on our arrays: the function of `tapegrad.numpy` of the same meaning, or a refusal.

A function that tapegrad does not have is computed by NumPy on copies, and its result is NumPy's. A copy of an array
that is being differentiated would lose the gradient, so it raises `GradientEscapeError`. What NumPy would write to one
of our arrays, by `out=` or because that is what a function does, is computed and then written there.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import Batched, engine_of
from ..arrays.entering import enter_beside
from ..engines.tables import OPS
from ..errors import ArgumentTypeError, GradientEscapeError, UnknownArrayError, ValueSemanticsError
from ..ops.indexing import as_value
from . import special
from .names import like_numpy
from .package import package

__all__ = ["call_function", "call_ufunc"]

_REFLECTED = {
    "add": "__radd__",
    "bitwise_and": "__rand__",
    "bitwise_or": "__ror__",
    "bitwise_xor": "__rxor__",
    "divide": "__rtruediv__",
    "floor_divide": "__rfloordiv__",
    "left_shift": "__rlshift__",
    "matmul": "__rmatmul__",
    "multiply": "__rmul__",
    "power": "__rpow__",
    "remainder": "__rmod__",
    "right_shift": "__rrshift__",
    "subtract": "__rsub__",
}
"""What Python would call for an operator whose left operand is a NumPy array."""

_REDUCED = {
    "add": "sum",
    "logical_and": "all",
    "logical_or": "any",
    "maximum": "max",
    "minimum": "min",
    "multiply": "prod",
}
_ACCUMULATED = {"add": "cumsum", "multiply": "cumprod"}
_WRITTEN = frozenset({"fill_diagonal", "place", "put", "put_along_axis", "putmask"})
"""Functions that write to their first argument, which must be ours."""

_WRITES = frozenset({"copyto"})
_TELLING = frozenset({"iscomplexobj", "isrealobj", "ndim", "shape", "size"})
"""Functions that look at no element."""


def _handled(value: Any) -> bool:
    """Whether one of our arrays is in a value, at any depth of lists, tuples and dicts."""
    if isinstance(value, Array):
        return True
    if isinstance(value, (list, tuple)):
        return any(map(_handled, value))
    return isinstance(value, dict) and any(map(_handled, value.values()))


def _plain(value: Any, name: str) -> Any:
    """A value with NumPy copies in the places of our arrays. Raises for those that would lose something by it."""
    if isinstance(value, Array):
        shown = name if name.endswith(")") else f"{name}()"
        if isinstance(value._value, Batched):
            raise ArgumentTypeError(
                f"numpy.{shown} of an array inside vmap: NumPy has no batched values; use a function of tapegrad.numpy"
            )
        try:
            value._check_escape(f"numpy.{shown}")
        except GradientEscapeError as error:
            raise GradientEscapeError(f"{error}. {_instead(value, shown)}") from None
        return value.asnumpy()
    if isinstance(value, (list, tuple)):
        made = [_plain(part, name) for part in value]
        return type(value)(*made) if hasattr(value, "_fields") else type(value)(made)
    if isinstance(value, dict):
        return {key: _plain(part, name) for key, part in value.items()}
    return value


def _instead(x: Array, shown: str) -> str:
    if x._face.numpys_functions:
        return f"tapegrad has no differentiable {shown} of the same meaning"
    return (
        "NumPy's functions are differentiated on arrays of tapegrad.numpy and tapegrad.np alone: "
        f"use a function or method of the face of this {type(x).__name__}, or x.as_np_ndarray()"
    )


def _is_ours(values: Sequence[Any]) -> bool:
    """Whether all arrays of tapegrad among the values, at any depth, are of faces that have NumPy's functions."""
    for value in values:
        if isinstance(value, Array):
            if not value._face.numpys_functions:
                return False
        elif isinstance(value, (list, tuple)) and not _is_ours(value):
            return False
    return True


# ufuncs


@cache
def _ops_by_ufunc() -> Mapping[Any, Callable[..., Any]]:
    """The op for each ufunc of NumPy that has one of the same meaning."""
    space = package()
    calls = {id(op.call) for op in OPS.values()}
    calls |= {id(getattr(space, name)) for name in ("divmod", "float_power", "logaddexp2", "rint")}
    found = {}
    for name in dir(np):
        ufunc, function = getattr(np, name), getattr(space, name, None)
        if isinstance(ufunc, np.ufunc) and function is not None and id(function) in calls:
            found[ufunc] = function
    return found


def _scipy_op(ufunc: Any) -> Callable[..., Any] | None:
    """The function for a ufunc of `scipy.special`: of `tapegrad.numpy.special`, or that of NumPy's of the same name."""
    theirs = sys.modules.get("scipy.special")
    name = ufunc.__name__
    if theirs is None or getattr(theirs, name, None) is not ufunc:
        return None
    found: Callable[..., Any] | None = getattr(special, name, None)
    return found or _ops_by_ufunc().get(getattr(np, "rint" if name == "round" else name, None))


def call_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """`ufunc` of arguments some of which are arrays of tapegrad; see the module."""
    name = ufunc.__name__
    outs = keywords.get("out", ())
    if method == "at" and isinstance(inputs[0], Array):
        x, indices, *values = inputs
        if ufunc not in _AT or not hasattr(x, "at"):
            raise ValueSemanticsError(
                f"numpy.{name}.at() cannot write to this array of tapegrad; write x[indices] = values, or "
                "x = x.at[indices].apply(function) of an array of tapegrad.numpy"
            )
        x[...] = getattr(x.at[indices], _AT[ufunc])(*values)
        return None
    if any(isinstance(out, Array) for out in outs):
        rest = {key: value for key, value in keywords.items() if key not in ("out", "where")}
        found = getattr(ufunc, method)(*inputs, **rest)
        results = found if isinstance(found, tuple) else (found,)
        where = keywords.get("where", True)
        written = tuple(_written(out, made, where, name) for out, made in zip(outs, results, strict=True))
        return written if isinstance(found, tuple) else written[0]
    if keywords.get("where", True) is True:
        keywords = {key: value for key, value in keywords.items() if key != "where"}
    ours = _is_ours(inputs) and not outs
    space = package()
    if method == "__call__" and ours and not keywords:
        left = inputs[0]
        if name in _REFLECTED and len(inputs) == 2 and not isinstance(left, Array):
            return getattr(inputs[1], _REFLECTED[name])(left)
        found = _ops_by_ufunc().get(ufunc) or _scipy_op(ufunc)
        if found is not None:
            return found(*[x if isinstance(x, Array) else _operand(x) for x in inputs])
    if method == "reduce" and ours and name in _REDUCED and set(keywords) <= {"axis", "dtype", "keepdims"}:
        return getattr(space, _REDUCED[name])(*inputs, **{"axis": 0, **_without_none(keywords, "dtype")})
    if method == "outer" and ours and not keywords:
        found = _ops_by_ufunc().get(ufunc)
        if found is not None:
            left, right = (x if isinstance(x, Array) else space.asarray(x) for x in inputs)
            return found(left.reshape(*left.shape, *(1,) * right.ndim), right)
    if method == "accumulate" and ours and name in _ACCUMULATED and set(keywords) <= {"axis", "dtype"}:
        return getattr(space, _ACCUMULATED[name])(*inputs, **{"axis": 0, **_without_none(keywords, "dtype")})
    how = name if method == "__call__" else f"{name}.{method}"
    if keywords:
        how += "(" + ", ".join(f"{key}=…" for key in keywords) + ")"
    return getattr(ufunc, method)(*[_plain(x, how) for x in inputs], **keywords)


def _written(out: Any, result: Any, where: Any, name: str) -> Any:
    """What a function of NumPy has computed, written to `out`, or as it is where there is none."""
    if out is None:
        return result
    if not isinstance(out, Array):
        raise ArgumentTypeError(f"numpy.{name}() has outputs of ours and of NumPy's; give arrays of one kind")
    if isinstance(result, (bool, int, float, complex)):
        value = as_value(out, result)
    else:
        value = enter_beside(result, engine_of(out), out.__class__, copy=True, what=f"numpy.{name}()")
    if where is not True:
        value = OPS["where"].call(enter_beside(where, engine_of(out), out.__class__, copy=True, what=name), value, out)
    if value.shape != out.shape:
        value = OPS["broadcast_to"].call(value, shape=out.shape)
    return out._rebind(value)


def _operand(x: Any) -> Any:
    """Nested lists as an array; numbers and raw arrays are the op's own matter."""
    return np.asarray(x) if isinstance(x, (list, tuple)) else x


def _without_none(keywords: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in keywords.items() if not (key == name and value is None)}


# Functions


@cache
def _functions() -> Mapping[Any, Callable[..., Any]]:
    """Our function for each of NumPy's that has one of the same meaning."""
    space = package()
    found = {np.lib.stride_tricks.sliding_window_view: space.sliding_window_view}
    for theirs, ours in ((np, space), (np.linalg, space.linalg), (np.fft, space.fft)):
        found |= like_numpy(theirs, ours, but=_WRITES | _WRITTEN)
    return found


def _copyto(dst: Array, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    _written(dst, src, where, "copyto")


_AT = {
    np.add: "add",
    np.subtract: "subtract",
    np.multiply: "multiply",
    np.divide: "divide",
    np.power: "power",
    np.minimum: "min",
    np.maximum: "max",
}
"""What a ufunc's `at` is of `x.at`."""


def _understood(function: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(function).bind(*args, **keywords)
    except TypeError:
        return False
    return True


def call_function(function: Any, args: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """NumPy's `function` of arguments some of which are arrays of tapegrad; see the module."""
    name = function.__name__
    if name in _WRITTEN and _handled(args[:1]) and _is_ours(args) and not keywords.get("mode"):
        return getattr(package(), name)(*args, **keywords)
    if name == "copyto" and isinstance(args[0], Array):
        return _copyto(*args, **keywords)
    if name in _WRITES | _WRITTEN and _handled(args[:1]):
        raise ValueSemanticsError(
            f"numpy.{name}(), called like this, cannot write to an array of tapegrad; use x[...] = v"
        )
    out = keywords.get("out")
    if isinstance(out, Array):
        options = {key: value for key, value in keywords.items() if key != "out"}
        return _written(out, function(*args, **options), True, name)
    if _handled(out):
        raise ValueSemanticsError(f"numpy.{name}(out=…) takes one array of tapegrad, or arrays of NumPy's")
    if name in _TELLING and isinstance(args[0], Array):
        return getattr(package(), name)(*args, **keywords)
    found = _functions().get(function)
    given = {key: value for key, value in keywords.items() if not (key == "out" and value is None)}
    if found is not None and _is_ours((*args, *given.values())) and _understood(found, args, given):
        try:
            return found(*args, **given)
        except UnknownArrayError:
            pass  # None, or an array of objects, among the arguments: NumPy's own affair, unless a gradient is at stake
    if found is not None and given:
        name = f"{name}({', '.join(f'{key}=…' for key in given)})"
    return function(*_plain(tuple(args), name), **_plain(dict(keywords), name))
