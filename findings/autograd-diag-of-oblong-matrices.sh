#!/usr/bin/env bash
# autograd 1.9.1 (HIPS) with NumPy 2.4.6 and SciPy 1.17.1 (CPython 3.11).
#
# The gradient of a sum of diagonal elements is 1 there and 0 elsewhere, of the shape of the matrix. autograd's `diag` gives
# one that is square, whatever the shape of its argument, so a step of gradient descent raises or is broadcast; its
# `diagonal` raises. `triu` and `tril` of a vector, which NumPy repeats as rows, have gradients that are matrices.
#
# Seen: diag of (2, 3): (2, 2) | diag of (3, 2): (2, 2) | diagonal of (2, 3): NotImplementedError | triu of (3,): (3, 3) | tril of (3,): (3, 3)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check autograd==1.9.1 numpy==2.4.6 scipy==1.17.1
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import autograd.numpy as np
from autograd import grad


def shape_of_gradient(function, *shape):
    try:
        return grad(lambda x: np.sum(function(x)))(np.ones(shape)).shape
    except NotImplementedError as error:
        return type(error).__name__


print(
    f"diag of (2, 3): {shape_of_gradient(np.diag, 2, 3)}",
    f"diag of (3, 2): {shape_of_gradient(np.diag, 3, 2)}",
    f"diagonal of (2, 3): {shape_of_gradient(np.diagonal, 2, 3)}",
    f"triu of (3,): {shape_of_gradient(np.triu, 3)}",
    f"tril of (3,): {shape_of_gradient(np.tril, 3)}",
    sep=" | ",
)
PYTHON
)
echo "$seen"
test "$seen" = "diag of (2, 3): (2, 2) | diag of (3, 2): (2, 2) | diagonal of (2, 3): NotImplementedError | triu of (3,): (3, 3) | tril of (3,): (3, 3)"
