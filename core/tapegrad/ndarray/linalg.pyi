"""Linear algebra. Written by tests/mxnet/stubs.py."""

from . import op

det = op.linalg_det
extractdiag = op.linalg_extractdiag
extracttrian = op.linalg_extracttrian
gelqf = op.linalg_gelqf
gemm = op.linalg_gemm
gemm2 = op.linalg_gemm2
inverse = op.linalg_inverse
makediag = op.linalg_makediag
maketrian = op.linalg_maketrian
potrf = op.linalg_potrf
potri = op.linalg_potri
slogdet = op.linalg_slogdet
sumlogdiag = op.linalg_sumlogdiag
syevd = op.linalg_syevd
syrk = op.linalg_syrk
trmm = op.linalg_trmm
trsm = op.linalg_trsm
