"""All functions of arrays by their names, as MXNet has them in `nd.op`."""

from __future__ import annotations

from . import densities, heads, linalg_long, mechanical, nn, reductions, sequences, shape, stochastic, updating
from .function import exported as _exported

for _module in (densities, heads, linalg_long, mechanical, nn, reductions, sequences, shape, stochastic, updating):
    globals().update(_exported(_module))
del adamw_update, mp_adamw_update  # type: ignore[name-defined]  # noqa: F821  (MXNet has them in nd.contrib alone)
