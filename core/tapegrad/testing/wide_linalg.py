"""Linear algebra in longdouble, in the array API standard's words, for the small matrices of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["FUNCTIONS"]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {}
