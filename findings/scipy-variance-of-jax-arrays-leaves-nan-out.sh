#!/usr/bin/env bash
# SciPy 1.18.1 with JAX 0.10.2, array-api-strict 2.6.1 and NumPy 2.4.6 (CPython 3.12), SCIPY_ARRAY_API=1, CPU.
#
# `scipy.stats.tvar`, and `tstd` and `tsem` with it, of a JAX array that holds NaN are those of the other numbers, though
# `nan_policy` says "propagate" where it is not given; the first `moment` is 0. The same calls give NaN for NumPy's
# arrays and array-api-strict's, and `tmean` does for JAX's as well.
#
# Seen: numpy nan nan nan nan nan | strict nan nan nan nan nan | jax 7.0 2.65 1.32 0.0 nan
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.12 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scipy==1.18.1 jax==0.10.2 jaxlib==0.10.2 \
    array-api-strict==2.6.1 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import array_api_strict
import jax.numpy
import numpy
from scipy import stats

engines = {"numpy": numpy, "strict": array_api_strict, "jax": jax.numpy}
print(*(
    f"{name} " + " ".join(
        str(round(float(function(xp.asarray([1.0, 2.0, numpy.nan, 4.0, 7.0]))), 2))
        for function in (stats.tvar, stats.tstd, stats.tsem, stats.moment, stats.tmean)
    )
    for name, xp in engines.items()
), sep=" | ")
PYTHON
seen=$(SCIPY_ARRAY_API=1 JAX_PLATFORMS=cpu "$folder/venv/bin/python" -W ignore "$folder/program.py")
echo "$seen"
test "$seen" = "numpy nan nan nan nan nan | strict nan nan nan nan nan | jax 7.0 2.65 1.32 0.0 nan"
