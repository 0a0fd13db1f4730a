"""The ops, by family: each a body under its derivative, with the samples that judge it. One op, one place."""

from __future__ import annotations

from . import (  # noqa: F401
    activations,
    contraction,
    conventions,
    creation,
    cumulative,
    diagonals,
    elementwise,
    fft,
    indexing,
    kinks,
    linalg,
    nn,
    operators,
    reductions,
    shape,
    sorting,
    special,
)
