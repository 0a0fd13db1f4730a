#!/usr/bin/env bash
# autograd 1.9.1 (HIPS) with NumPy 2.4.6 and SciPy 1.17.1 (CPython 3.11).
#
# The logarithm of the chi-squared density has the slope (k - 2) / 2x - 1/2 by x, for every k > 0. autograd has it where the
# degrees of freedom k are a whole number; of any other k the slopes of `chi2.logpdf` and `chi2.pdf` are exactly 0, without
# a word, though their values are right. Its gamma density, of which this one is a case, has the slope everywhere.
#
# Seen: k = 3.0: -0.1429, pdf -0.0335, by gamma -0.1429 | k = 3.3: 0.0000, pdf 0.0000, by gamma -0.0357 | k = 4.0: 0.2143, pdf 0.0372, by gamma 0.2143
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check autograd==1.9.1 numpy==2.4.6 scipy==1.17.1
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import autograd.numpy as np
from autograd import grad
from autograd.scipy.stats import chi2, gamma

told = []
for degrees in (3.0, 3.3, 4.0):
    slope = grad(lambda x: chi2.logpdf(x, degrees))(1.4)
    density = grad(lambda x: chi2.pdf(x, degrees))(1.4)
    by_gamma = grad(lambda x: gamma.logpdf(x / 2, degrees / 2) - np.log(2))(1.4)
    told.append(f"k = {degrees}: {slope:.4f}, pdf {density:.4f}, by gamma {by_gamma:.4f}")
print(" | ".join(told))
PYTHON
)
echo "$seen"
test "$seen" = "k = 3.0: -0.1429, pdf -0.0335, by gamma -0.1429 | k = 3.3: 0.0000, pdf 0.0000, by gamma -0.0357 | k = 4.0: 0.2143, pdf 0.0372, by gamma 0.2143"
