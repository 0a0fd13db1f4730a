"""What MXNet kept in `mxnet.contrib`."""

from __future__ import annotations

from . import autograd

__all__ = ["autograd"]
