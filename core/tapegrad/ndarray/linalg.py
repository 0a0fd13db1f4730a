"""Linear algebra by MXNet's short names, those of LAPACK mostly; `nd.linalg_gemm2` is `nd.linalg.gemm2`."""

from __future__ import annotations

from .linalg_long import linalg_det as det
from .linalg_long import linalg_extractdiag as extractdiag
from .linalg_long import linalg_extracttrian as extracttrian
from .linalg_long import linalg_gelqf as gelqf
from .linalg_long import linalg_gemm as gemm
from .linalg_long import linalg_gemm2 as gemm2
from .linalg_long import linalg_inverse as inverse
from .linalg_long import linalg_makediag as makediag
from .linalg_long import linalg_maketrian as maketrian
from .linalg_long import linalg_potrf as potrf
from .linalg_long import linalg_potri as potri
from .linalg_long import linalg_slogdet as slogdet
from .linalg_long import linalg_sumlogdiag as sumlogdiag
from .linalg_long import linalg_syevd as syevd
from .linalg_long import linalg_syrk as syrk
from .linalg_long import linalg_trmm as trmm
from .linalg_long import linalg_trsm as trsm

__all__ = [
    "det",
    "extractdiag",
    "extracttrian",
    "gelqf",
    "gemm",
    "gemm2",
    "inverse",
    "makediag",
    "maketrian",
    "potrf",
    "potri",
    "slogdet",
    "sumlogdiag",
    "syevd",
    "syrk",
    "trmm",
    "trsm",
]
