#!/usr/bin/env bash
# PyTorch 2.13.0 (CPU, CPython 3.11).
#
# The derivative of a determinant is the trace of the adjugate times the step, of singular matrices too. `torch.linalg.det`
# has it backwards; forwards it is 0 at a singular matrix whose factorization meets an exact 0, though the slope is -1
# there. Forwards over backwards, which is how `torch.func.hessian` goes, its second derivative is NaN at the identity and
# at diagonal matrices with equal elements; backwards over backwards it is right.
#
# Seen: forwards: 0.00 | backwards: -1.00 | difference: -1.00 | at the identity: forwards over backwards [nan, nan, nan], backwards twice [2.0, -1.0, -1.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import torch
from torch.func import grad, jvp

torch.set_default_dtype(torch.float64)
det = torch.linalg.det
singular = torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]])
step = torch.ones(3, 3)
difference = (det(singular + 1e-6 * step) - det(singular - 1e-6 * step)) / 2e-6
forwards = jvp(det, (singular,), (step,))[1]
backwards = (grad(det)(singular) * step).sum()
print(f"forwards: {abs(forwards):.2f} | backwards: {backwards:.2f} | difference: {difference:.2f}", end=" | ")

identity = torch.eye(3)
mixed = jvp(grad(det), (identity,), (step,))[1]
twice = torch.autograd.functional.hvp(det, identity, step)[1]
print(f"at the identity: forwards over backwards {mixed[0].tolist()}, backwards twice {twice[0].round(decimals=6).tolist()}")
PYTHON
)
echo "$seen"
test "$seen" = "forwards: 0.00 | backwards: -1.00 | difference: -1.00 | at the identity: forwards over backwards [nan, nan, nan], backwards twice [2.0, -1.0, -1.0]"
