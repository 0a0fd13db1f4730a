#!/usr/bin/env bash
# MLX 0.32.4 on the CPU, Linux (CPython 3.11).
#
# MLX has float64 on the CPU, and `exp`, `sin` and `cos` of it have the digits of float32: the results are of float64
# and some 1e-8 off, beside 1e-16. Others, such as `tanh`, `log` and `sqrt`, have all digits; `softmax` and
# `logaddexp`, which go by `exp`, do not.
#
# Seen: mlx.core.float64 exp 1e-8, sin 1e-8, cos 1e-8, tanh True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "mlx[cpu]==0.32.4" numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import math

import mlx.core as mx

x = mx.array(1.0, dtype=mx.float64)
off = {name: abs(getattr(mx, name)(x).item() / getattr(math, name)(1.0) - 1) for name in ("exp", "sin", "cos", "tanh")}
print(mx.exp(x).dtype, ", ".join(f"{name} {'1e-8' if 1e-9 < error < 1e-7 else error < 1e-15}" for name, error in off.items()))
PYTHON
)
echo "$seen"
test "$seen" = "mlx.core.float64 exp 1e-8, sin 1e-8, cos 1e-8, tanh True"
