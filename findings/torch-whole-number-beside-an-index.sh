#!/usr/bin/env bash
# PyTorch 2.13.0, CPU, beside NumPy 2.4.6 (CPython 3.11).
#
# In `x[0, :, index]` NumPy counts the whole number among the index arrays, which a slice stands between, so their axis
# comes first: (2, 3). PyTorch takes the number by itself, before, and leaves the index where it stands: (3, 2). An array
# of one element in the place of the number gives NumPy's shape, one of no axes does not.
#
# Seen: numpy (2, 3), torch (3, 2), torch with tensor([0]) (2, 3)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import numpy
import torch

host = numpy.arange(24).reshape(2, 3, 4)[0, :, numpy.array([0, 1])]
x = torch.arange(24).reshape(2, 3, 4)
index = torch.tensor([0, 1])
shapes = [tuple(a.shape) for a in (host, x[0, :, index], x[torch.tensor([0]), :, index])]
print("numpy {}, torch {}, torch with tensor([0]) {}".format(*shapes))
PYTHON
)
echo "$seen"
test "$seen" = "numpy (2, 3), torch (3, 2), torch with tensor([0]) (2, 3)"
