#!/usr/bin/env bash
# PyTorch 2.13.0 (CPU, CPython 3.11).
#
# cholesky_inverse(L) is the inverse of L L^T. Backwards its derivative is right; forwards (torch.func.jvp, jacfwd, and so
# Hessians by torch.func.hessian) it is wrong for every factor that is not diagonal, by much more than rounding, in
# whichever triangle the factor lies. Composed of matmul and inv the same derivative is right.
#
# Seen: forward: -0.20 0.22 -0.30 | difference: -0.10 0.22 -0.60 | backward agrees: True | diagonal factor: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import torch
from torch.func import jacrev, jvp

torch.set_default_dtype(torch.float64)
inverse = torch.cholesky_inverse
factor, step = torch.tensor([[2.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.1, 0.0], [0.2, 0.3]])


def by_difference(factor, h=1e-6):
    return (inverse(factor + h * step) - inverse(factor - h * step)) / (2 * h)


def forward(factor):
    return jvp(inverse, (factor,), (step,))[1]


def told(matrix):
    return " ".join(f"{matrix[i, j].item():.2f}" for i, j in ((0, 0), (0, 1), (1, 1)))


backward = torch.einsum("ijkl,kl->ij", jacrev(inverse)(factor), step)
diagonal = torch.diag(torch.tensor([2.0, 1.0]))
print(
    f"forward: {told(forward(factor))} | difference: {told(by_difference(factor))}"
    f" | backward agrees: {torch.allclose(backward, by_difference(factor))}"
    f" | diagonal factor: {torch.allclose(forward(diagonal), by_difference(diagonal))}"
)
PYTHON
)
echo "$seen"
test "$seen" = "forward: -0.20 0.22 -0.30 | difference: -0.10 0.22 -0.60 | backward agrees: True | diagonal factor: True"
