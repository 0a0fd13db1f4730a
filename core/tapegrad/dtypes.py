"""Dtypes, decided here and not by the engine: names, the promotion table, and the default float.

A dtype is a `numpy.dtype` on every engine; an engine's own dtype objects are translated at its door (`Backend.dtypes`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from .errors import ArgumentError, DtypeError
from .settings import Setting

__all__ = [
    "ALL",
    "COMPLEX",
    "FLOATING",
    "INEXACT",
    "INTEGER",
    "default_dtype",
    "default_float",
    "dtype_of_scalar",
    "get_default_dtype",
    "is_dtype",
    "promote",
    "set_default_dtype",
    "to_dtype",
    "use_default_dtype",
]
__dir__ = __all__.copy

DType = np.dtype[Any]

BOOL = np.dtype("bool")
SIGNED = tuple(np.dtype(name) for name in ("int8", "int16", "int32", "int64"))
UNSIGNED = tuple(np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64"))
FLOATING = tuple(np.dtype(name) for name in ("float16", "float32", "float64"))
COMPLEX = tuple(np.dtype(name) for name in ("complex64", "complex128"))
INTEGER = SIGNED + UNSIGNED
INEXACT = FLOATING + COMPLEX
ALL = (BOOL, *INTEGER, *INEXACT)

_KINDS = {
    "bool": frozenset((BOOL,)),
    "signed integer": frozenset(SIGNED),
    "unsigned integer": frozenset(UNSIGNED),
    "integral": frozenset(INTEGER),
    "real floating": frozenset(FLOATING),
    "complex floating": frozenset(COMPLEX),
    "numeric": frozenset(INTEGER + INEXACT),
}
_KNOWN = frozenset(ALL)
CLASSES = frozenset(type(dtype) for dtype in ALL)
"""The classes of our dtypes. Another engine's dtype may hash like one of ours and warn when it is compared with it."""


@cache
def _to_dtype(spec: Any) -> DType:
    if spec is float:
        return np.dtype("float64")
    name: str = getattr(spec, "__name__", None) or getattr(spec, "name", None) or str(spec).rpartition(".")[2]
    for named in (spec, name):
        try:
            known: DType = np.dtype(named)
        except TypeError:
            continue
        # Dtypes that an engine adds to NumPy, such as bfloat16, are its own affair; of NumPy's, arrays have numbers.
        if known.kind in "biufc" or known.type.__module__ != "numpy":
            return known
    raise _no_dtype(repr(spec))


def _no_dtype(spec: str) -> DtypeError:
    return DtypeError(f"{spec} is no dtype of arrays; choose one of {', '.join(d.name for d in ALL)}")


def to_dtype(spec: Any) -> DType:
    """The dtype that `spec` names.

    `spec` is a name, a NumPy dtype or scalar type, a Python type, or an engine's dtype object.

    Raises: `DtypeError` for what names none, with the choices.

    >>> to_dtype("float32")
    dtype('float32')
    """
    if spec.__class__ in CLASSES and spec in _KNOWN:
        return spec
    if isinstance(spec, int):
        raise DtypeError(f"{spec} is no dtype; lengths of several axes are one argument, a tuple such as (3, {spec})")
    if not isinstance(spec, (str, type, np.dtype)):
        # An engine's own object is asked for its name at once: some warn when they are compared, as a cache would.
        spec = getattr(spec, "__name__", None) or getattr(spec, "name", None) or str(spec).rpartition(".")[2]
    try:
        return _to_dtype(spec)
    except TypeError:
        raise _no_dtype(repr(spec)) from None


def is_dtype(dtype: Any, kind: Any) -> bool:
    """Whether `dtype` is of a kind of the array API standard ("real floating", …), a dtype, or a tuple of those.

    Raises: `ValueError` for a kind that there is not, with the choices, `DtypeError` for no dtype.

    >>> is_dtype("float32", "real floating"), is_dtype("int8", ("bool", "unsigned integer"))
    (True, False)
    """
    if isinstance(kind, tuple):
        return any(is_dtype(dtype, one) for one in kind)
    if isinstance(kind, str):
        if kind in _KINDS:
            known = dtype.__class__ in CLASSES and dtype in _KNOWN
            return (dtype if known else to_dtype(dtype)) in _KINDS[kind]
        if " " in kind:
            raise ArgumentError(f"unknown dtype kind {kind!r}; choose one of {', '.join(map(repr, _KINDS))}")
    return to_dtype(dtype) == to_dtype(kind)


def _default_from_environment() -> DType:
    name = os.environ.get("TAPEGRAD_DEFAULT_DTYPE", "float32")
    if name not in ("float16", "float32", "float64"):
        raise DtypeError(f"TAPEGRAD_DEFAULT_DTYPE is {name!r}; choose float16, float32 or float64")
    return np.dtype(name)


_process_default = _default_from_environment()
_scoped_default: Setting[DType | None] = Setting("tapegrad_default_dtype", None)


def get_default_dtype() -> DType:
    """The floating dtype of arrays made from Python floats and by creation functions; float32 unless changed.

    >>> get_default_dtype().name
    'float32'
    """
    return _scoped_default.get() or _process_default


default_dtype = get_default_dtype


def _floating(dtype: Any) -> DType:
    found = to_dtype(dtype)
    if found not in FLOATING:
        raise DtypeError(f"the default dtype is a floating one, not {found.name}; choose float16, float32 or float64")
    return found


def set_default_dtype(dtype: Any) -> None:
    """Set the default floating dtype of every engine and thread: float16, float32 or float64.

    Arrays that exist are not changed. TAPEGRAD_DEFAULT_DTYPE does the same from outside, `use_default_dtype` for a
    while.

    Raises: `DtypeError` for any other.

    >>> import tapegrad.numpy as tnp
    >>> set_default_dtype("float64")
    >>> tnp.ones(2).dtype
    dtype('float64')
    """
    global _process_default
    _process_default = _floating(dtype)


@contextmanager
def use_default_dtype(dtype: Any) -> Iterator[None]:
    """The default floating dtype within a `with` block, in this thread or task.

    Raises: `DtypeError` for another than float16, float32 or float64.

    >>> with use_default_dtype("float64"):
    ...     get_default_dtype().name
    'float64'
    """
    with _scoped_default.hold(_floating(dtype)):
        yield


def default_float(dtype: DType) -> DType:
    """The dtype in which a function with real or complex values takes `dtype`: integers become the default.

    >>> default_float(np.dtype("int8")).name, default_float(np.dtype("float64")).name
    ('float32', 'float64')
    """
    return dtype if dtype in INEXACT else get_default_dtype()


def dtype_of_scalar(scalar: bool | int | float | complex, other: DType) -> DType:
    """The dtype of a Python scalar beside an array of dtype `other`: scalars are weak and raise only the kind.

    >>> dtype_of_scalar(2, np.dtype("float16")).name, dtype_of_scalar(2.5, np.dtype("int8")).name
    ('float16', 'float32')
    """
    if isinstance(scalar, bool):
        return other
    if isinstance(scalar, int):
        return np.dtype("int64") if other == BOOL else other
    if isinstance(scalar, float):
        return other if other.kind in "fc" else get_default_dtype()
    if other.kind == "c":
        return other
    return COMPLEX[1] if default_float(other) == FLOATING[2] else COMPLEX[0]


@cache
def promote(first: DType, second: DType) -> DType:
    """The dtype of the two together: the array API's table, and an integer with a float is that float.

    Raises: `DtypeError` where there is none (uint64 with a signed integer).

    >>> promote(np.dtype("int64"), np.dtype("float32")).name
    'float32'
    """
    if first == second:
        return first
    if first == BOOL:
        return second
    if second == BOOL:
        return first
    if first in INTEGER and second in INEXACT:
        return second
    if second in INTEGER and first in INEXACT:
        return first
    if (
        first in INTEGER
        and second in INTEGER
        and np.dtype("uint64") in (first, second)
        and (first in SIGNED or second in SIGNED)
    ):
        raise DtypeError(f"{first.name} and {second.name} have no common integer dtype; convert one with astype")
    return np.promote_types(first, second)
