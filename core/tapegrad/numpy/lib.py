"""`numpy.lib`, as far as libraries look into it by an array's namespace: `lib.stride_tricks.sliding_window_view`."""

from __future__ import annotations

from types import SimpleNamespace

from .manipulation import sliding_window_view

__all__ = ["stride_tricks"]

stride_tricks = SimpleNamespace(sliding_window_view=sliding_window_view)
