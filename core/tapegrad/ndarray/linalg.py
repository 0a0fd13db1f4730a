"""Linear algebra by MXNet's short names, those of LAPACK mostly; `nd.linalg_gemm2` is `nd.linalg.gemm2`."""

from __future__ import annotations

from . import linalg_long
from .function import exported as _exported

globals().update({name.removeprefix("linalg_"): function for name, function in _exported(linalg_long).items()})
