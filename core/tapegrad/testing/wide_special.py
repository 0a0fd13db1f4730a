"""Special functions in longdouble, where NumPy has none: by series and continued fractions that need no tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FUNCTIONS"]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {}
