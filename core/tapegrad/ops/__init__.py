"""The ops, by family: each a body under its derivative, with the samples that judge it. One op, one place."""

from __future__ import annotations

from . import creation, elementwise, indexing, operators, reductions, shape  # noqa: F401
