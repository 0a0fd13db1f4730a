#!/usr/bin/env bash
# PyTorch 2.13.0, CPU, with NumPy 2.4.6 (CPython 3.11).
#
# The imaginary part of a conjugated tensor is a view with a negative bit: it lies in memory with the other sign. DLPack
# has no such bit. `numpy.asarray` refuses the view, and the conjugated tensor itself is refused by DLPack, but the view
# goes out by DLPack as it lies, so NumPy, and PyTorch itself, get every number with the wrong sign.
#
# Seen: tensor [-2.0, -4.0] numpy [2.0, 4.0] torch [2.0, 4.0] | asarray RuntimeError | conj BufferError | end
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import numpy as np
import torch

y = torch.tensor([1 + 2j, 3 + 4j]).conj().imag
print("tensor", y.tolist(), "numpy", np.from_dlpack(y).tolist(), "torch", torch.from_dlpack(y).tolist(), end=" | ")
for name, call in (("asarray", lambda: np.asarray(y)), ("conj", lambda: np.from_dlpack(torch.ones(1).mul(1j).conj()))):
    try:
        call()
    except (RuntimeError, BufferError) as error:
        print(name, type(error).__name__, end=" | ")
print("end")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "tensor [-2.0, -4.0] numpy [2.0, 4.0] torch [2.0, 4.0] | asarray RuntimeError | conj BufferError | end"
