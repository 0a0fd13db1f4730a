#!/usr/bin/env bash
# PyTorch 2.13.0 with NumPy 2.4.6 (CPython 3.11, the CPU build, x86-64).
#
# The sign of the imaginary zero of −(1 + 0j) depends on how many numbers are negated at once: of one it is −0, as in
# NumPy, and of twelve the first has +0. A square root or a logarithm of the result lies on another side of the cut.
#
# Seen: one -1-0j twelve -1+0j numpy -1-0j | square roots -1j 1j
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import cmath

import numpy as np
import torch


def told(z):
    return f"{z.real:g}{'-' if np.signbit(z.imag) else '+'}0j"


x = torch.full((12,), 1 + 0j, dtype=torch.complex128)
one, twelve = (-x[:1])[0].item(), (-x)[0].item()
print("one", told(one), "twelve", told(twelve), "numpy", told((-np.full(12, 1 + 0j))[0]), end=" | ")
print("square roots", f"{cmath.sqrt(one).imag:g}j", f"{cmath.sqrt(twelve).imag:g}j")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "one -1-0j twelve -1+0j numpy -1-0j | square roots -1j 1j"
