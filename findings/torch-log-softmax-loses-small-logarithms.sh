#!/usr/bin/env bash
# PyTorch 2.13.0, CPU (CPython 3.11).
#
# `torch.log_softmax([0, -d])[0]` is -log(1 + exp(-d)), a small number where d is large. PyTorch takes the logarithm of
# 1 + exp(-d), in which exp(-d) is rounded beside 1, so in double precision the relative error is exp(d) times that of a
# double: at d = 30 the third digit is wrong, at d = 40 the result is 0. `log1p` would give all digits.
#
# Seen: 20: 3e-08 | 30: 1e-03 | 40: 1e+00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import math

import torch


def relative_error(d):
    found = torch.log_softmax(torch.tensor([0.0, -d], dtype=torch.float64), 0)[0].item()
    true = -math.log1p(math.exp(-d))
    return abs(found - true) / abs(true)


print(" | ".join(f"{d}: {relative_error(float(d)):.0e}" for d in (20, 30, 40)))
PYTHON
)
echo "$seen"
test "$seen" = "20: 3e-08 | 30: 1e-03 | 40: 1e+00"
