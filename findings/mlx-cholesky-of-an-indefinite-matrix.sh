#!/usr/bin/env bash
# MLX 0.32.4 on the CPU, Linux (CPython 3.11).
#
# `mx.linalg.cholesky` of a symmetric matrix that is not positive definite raises nothing, and what it returns is no
# factor: the last pivot, negative before its root was to be taken, stands on the diagonal as it is. `inv` and `solve`
# of a singular matrix do raise.
#
# Seen: [[1.0, 0.0], [2.0, -3.0]] its product [[1.0, 2.0], [2.0, 13.0]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "mlx[cpu]==0.32.4" numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import mlx.core as mx

a = mx.array([[1.0, 2.0], [2.0, 1.0]])
factor = mx.linalg.cholesky(a, stream=mx.cpu)
print(factor.tolist(), "its product", (factor @ factor.T).tolist())
PYTHON
)
echo "$seen"
test "$seen" = "[[1.0, 0.0], [2.0, -3.0]] its product [[1.0, 2.0], [2.0, 13.0]]"
