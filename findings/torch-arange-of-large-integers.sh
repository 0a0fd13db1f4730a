#!/usr/bin/env bash
# PyTorch 2.13.0, CPU, with NumPy 2.4.6 (CPython 3.11).
#
# From 2**53 up to 2**53 + 3, given as integers, are three numbers. With a floating dtype `torch.arange` rounds the bounds
# before it counts and gives four, of which the last lies beyond the end. NumPy, by the same call, gives three.
#
# Seen: torch [0, 0, 2, 4] integers 3 numpy 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import numpy as np
import torch

start, stop = 2**53, 2**53 + 3
x, y = torch.arange(start, stop, dtype=torch.float64), np.arange(start, stop, dtype=np.float64)
print("torch", [int(n) - start for n in x.tolist()], "integers", torch.arange(start, stop).shape[0], "numpy", len(y))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "torch [0, 0, 2, 4] integers 3 numpy 3"
