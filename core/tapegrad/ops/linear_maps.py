"""Linear maps that are constants: sparse matrices and operators of other libraries, applied on the host.

They are known by what they have: `tocoo`, as SciPy's sparse arrays, or `matmat` and `rmatmat`, as its `LinearOperator`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.array import Array, handle
from ..arrays.batched import Batched, inner_array, level_table
from ..engines.tables import RECORDED
from ..errors import ShapeError
from ..op.call import TAKES
from ..op.rules import OwnRule, Places, attach, is_tracked
from ..tape.mode import MODE, RECORDING, RULED, TOLD, Scope

__all__ = ["apply_map"]


class _Transposed:
    """The transpose of a linear map; that of a transpose is the map again."""

    def __init__(self, of: Any) -> None:
        self.of = of
        self.shape = of.shape[::-1]


def _transposed(a: Any) -> Any:
    return a.of if isinstance(a, _Transposed) else _Transposed(a)


def _times(a: Any, columns: Any) -> Any:
    """The product of a map with the columns of a host matrix."""
    if isinstance(a, _Transposed):
        of = a.of
        return of.T @ columns if hasattr(of, "tocoo") else np.conj(of.rmatmat(np.conj(columns)))
    return a @ columns if hasattr(a, "tocoo") else a.matmat(columns)


def apply_map(a: Any, x: Array) -> Array:
    """A constant linear map of the vectors along the last axis of `x`, differentiated in `x`.

    Shapes: (..., n) gives (..., m), for a map of shape (m, n).
    Raises: `ShapeError` for vectors of another length.
    """
    if not x.ndim or x.shape[-1] != a.shape[1]:
        raise ShapeError(f"a linear map of shape {a.shape} does not go with vectors along the last axis of {x.shape}")
    with Scope(TOLD, RECORDING | RULED):
        out = _unrecorded(a, x._detached())
    if not (MODE.get() & RECORDING and is_tracked(x)):
        return out
    rule = OwnRule(
        "a linear map",
        lambda cotangents: [apply_map(_transposed(a), cotangents[0])],
        lambda tangents: [apply_map(a, tangents[0])],
    )
    return attach(rule, [x], [out], Places([out]))[0]


def _unrecorded(a: Any, x: Array) -> Array:
    value = x._value
    if isinstance(value, Batched):
        out = _unrecorded(a, inner_array(value))
        made = Batched(out._value, None, out._kernels, value.level, value.mapped)
        return handle(type(x), made, None, level_table(out._kernels, value.level))
    backend = x._kernels.backend
    assert backend is not None
    rows = backend.to_numpy(value)
    found = np.asarray(_times(a, rows.reshape(-1, a.shape[1]).T)).T
    if rows.dtype.kind in "fc":
        found = found.astype(np.result_type(rows.dtype, np.complex64) if found.dtype.kind == "c" else rows.dtype)
    found = np.ascontiguousarray(found.reshape(*rows.shape[:-1], a.shape[0]))
    raw = backend.from_numpy(found, device=backend.near(value))
    return handle(type(x), raw, None, x._kernels)


def _is_map(value: Any) -> bool:
    known = hasattr(value, "tocoo") or (hasattr(value, "matmat") and hasattr(value, "rmatmat"))
    return known and len(value.shape) == 2


def _product(x: Any, y: Any) -> Any:
    """x @ y, where one of them is a linear map, whose vectors lie along the last axis but one on the right."""
    if isinstance(y, Array) and _is_map(x):
        if y.ndim == 1:
            return apply_map(x, y)
        return RECORDED.matrix_transpose(apply_map(x, RECORDED.matrix_transpose(y)))
    if isinstance(x, Array) and _is_map(y):
        return apply_map(_transposed(y), x)
    return NotImplemented


TAKES["matmul"] = _product
