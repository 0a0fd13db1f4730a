#!/usr/bin/env bash
# PyTorch 2.13.0 with NumPy 2.4.6 (CPython 3.11, CPU).
#
# Zero to the power of zero is NaN for complex tensors where both are tensors, and 1 where the exponent is a number, as
# it is for real tensors and in NumPy and Python.
#
# Seen: tensors (nan+nanj) number (1+0j) real 1.0 numpy (1+0j)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import numpy as np
import torch

z, x = torch.zeros(1, dtype=torch.complex128), torch.zeros(1)
print("tensors", (z**z)[0].item(), "number", (z**0)[0].item(), "real", (x**x)[0].item(), end=" ")
print("numpy", complex((np.zeros(1, complex) ** np.zeros(1, complex))[0]))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "tensors (nan+nanj) number (1+0j) real 1.0 numpy (1+0j)"
