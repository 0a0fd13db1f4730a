"""Linear algebra by MXNet's short names, those of LAPACK mostly; `nd.linalg_gemm2` is `nd.linalg.gemm2`."""

from __future__ import annotations

from .solving import linalg_det as det
from .solving import linalg_extractdiag as extractdiag
from .solving import linalg_extracttrian as extracttrian
from .solving import linalg_gelqf as gelqf
from .solving import linalg_gemm as gemm
from .solving import linalg_gemm2 as gemm2
from .solving import linalg_inverse as inverse
from .solving import linalg_makediag as makediag
from .solving import linalg_maketrian as maketrian
from .solving import linalg_potrf as potrf
from .solving import linalg_potri as potri
from .solving import linalg_slogdet as slogdet
from .solving import linalg_sumlogdiag as sumlogdiag
from .solving import linalg_syevd as syevd
from .solving import linalg_syrk as syrk
from .solving import linalg_trmm as trmm
from .solving import linalg_trsm as trsm

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
