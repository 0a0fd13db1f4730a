"""NumPy's longdouble: how fine it is here, and arrays of it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["WIDE_EPS", "has_longdouble", "widen"]

WIDE_EPS = float(np.finfo(np.longdouble).eps)


def has_longdouble() -> bool:
    """Whether this machine's longdouble is wider than a double (on some it is the same)."""
    return WIDE_EPS < 1e-17


def widen(x: Any) -> Any:
    """An array with its floats as longdouble and its complex numbers as clongdouble; others as they are."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return x.astype(np.clongdouble)
    return x.astype(np.longdouble) if x.dtype.kind == "f" else x
