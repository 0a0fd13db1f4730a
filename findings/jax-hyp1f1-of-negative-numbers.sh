#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# `hyp1f1(1.5, 2.5, x)` lies between 0 and 1 for every negative x. JAX sums the series where its terms cancel, in double
# precision too: at -30 the fourth digit is wrong, at -49 the result is 319, at -60 it is fifteen million. No warning.
# The asymptotic series that it turns to beyond 50 serves positive numbers alone. SciPy has every digit.
#
# Seen: -30: 0.00809209 (SciPy 0.00809011) | -49: 3.2e+02 (SciPy 0.00388) | -60: 1.5e+07 (SciPy 0.00286)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import scipy.special
from jax.scipy.special import hyp1f1


def both(x, form):
    return format(float(hyp1f1(1.5, 2.5, x)), form), scipy.special.hyp1f1(1.5, 2.5, x)


told = []
for x, form, digits in ((-30, ".6g", 6), (-49, ".1e", 3), (-60, ".1e", 3)):
    theirs, truth = both(float(x), form)
    told.append(f"{x}: {theirs} (SciPy {truth:.{digits}g})")
print(" | ".join(told))
PYTHON
)
echo "$seen"
test "$seen" = "-30: 0.00809209 (SciPy 0.00809011) | -49: 3.2e+02 (SciPy 0.00388) | -60: 1.5e+07 (SciPy 0.00286)"
