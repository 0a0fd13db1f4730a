#!/usr/bin/env bash
# PyTorch 2.13.0, CPU, with NumPy 2.4.6 (CPython 3.11).
#
# `torch.sort` puts NaN behind all numbers, as NumPy does. `torch.searchsorted` and `bucketize` on what it sorted put 3
# behind the NaN, where it is out of order, and NaN behind all NaNs on the left side too. NumPy puts 3 before the NaN.
#
# Seen: [1.0, 2.0, nan] torch [3, 3] [3, 3] numpy [2, 2]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import numpy as np
import torch

x = torch.tensor([2.0, float("nan"), 1.0]).sort().values
wanted = torch.tensor([3.0, float("nan")])
print(x.tolist(), "torch", torch.searchsorted(x, wanted).tolist(), torch.bucketize(wanted, x).tolist(), end=" ")
print("numpy", np.searchsorted(x.numpy(), wanted.numpy()).tolist())
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "[1.0, 2.0, nan] torch [3, 3] [3, 3] numpy [2, 2]"
