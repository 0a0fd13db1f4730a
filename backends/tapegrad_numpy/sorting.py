"""Orders and unique elements: NumPy's own, in the standard's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["KERNELS"]


def _sort(x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    # Equal numbers are alike, so the quickest order of them will do; 0 and -0 are not.
    kind: Any = "stable" if stable and x.dtype.kind == "f" and _signed_zeros(x) else None
    if not descending:
        return np.sort(x, axis=axis, kind=kind)
    return np.flip(np.sort(np.flip(x, axis), axis=axis, kind=kind), axis)


def _signed_zeros(x: Any) -> bool:
    return bool(np.count_nonzero(x) < x.size)


def _argsort(x: Any, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Any:
    kind: Any = "stable" if stable else None
    if not descending:
        return np.argsort(x, axis=axis, kind=kind)
    # From behind, so that equal ones are in their own order once the whole is turned round.
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind=kind), axis)


def _nonzero(x: Any) -> Any:
    if not x.shape:
        raise ValueError("an array of 0 axes has no places")
    return x.nonzero()


def _unique_values(x: Any) -> Any:
    return np.unique(x, equal_nan=False)


KERNELS: Mapping[str, Callable[..., Any]] = {
    "argsort": _argsort,
    "nonzero": _nonzero,
    "sort": _sort,
    "unique_all": np.unique_all,
    "unique_counts": np.unique_counts,
    "unique_inverse": np.unique_inverse,
    "unique_values": _unique_values,
}
