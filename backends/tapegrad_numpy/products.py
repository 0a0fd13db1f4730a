"""Matrix products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["KERNELS"]


def _matmul(x: Any, y: Any) -> Any:
    if x.ndim > 2 and y.ndim == 2 and x.flags.c_contiguous and x.size:
        # One large product; NumPy itself would make one for each of the leading indices.
        return np.matmul(x.reshape(-1, x.shape[-1]), y).reshape(*x.shape[:-1], y.shape[1])
    return np.matmul(x, y)


KERNELS: Mapping[str, Callable[..., Any]] = {"matmul": _matmul}
