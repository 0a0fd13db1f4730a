"""MXNet's error by its old name."""

from __future__ import annotations

from .errors import TapegradError as MXNetError

__all__ = ["MXNetError"]
__dir__ = __all__.copy
