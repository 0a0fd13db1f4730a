"""Arrays still to be drawn, from which the samples of an op are made."""

from __future__ import annotations

from ..op.samples import (
    Draw,
    alone,
    booleans,
    distinct,
    exactly,
    integers,
    normal,
    positive,
    symmetric,
    together,
    uniform,
)

__all__ = [
    "Draw",
    "alone",
    "booleans",
    "distinct",
    "exactly",
    "integers",
    "normal",
    "positive",
    "symmetric",
    "together",
    "uniform",
]
