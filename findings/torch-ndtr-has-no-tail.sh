#!/usr/bin/env bash
# PyTorch 2.13.0, CPU (CPython 3.11).
#
# `torch.special.ndtr`, in double precision, is one half of 1 + erf, so what is small is the difference of two numbers near
# 1: at -8 the second digit is wrong, from -8.4 down the result is 0, where the integral goes on to 1e-300. `log_ndtr` of
# the same module keeps its digits there. `Normal.cdf` has the same fault, and so the exact `gelu` ends in zeros: at -9 it
# is -0.0 for -1.0e-18.
#
# Seen: -7: 2e-06 | -8: 2e-02 | -9: 1e+00 | log_ndtr at -9 right: True | Normal.cdf at -9: 0.0 | gelu at -9: -0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import math

import torch


def double(number):
    return torch.tensor(number, dtype=torch.float64)


def off(at):
    true = math.erfc(-at / math.sqrt(2)) / 2
    return abs(torch.special.ndtr(double(at)).item() - true) / true


logarithm = math.log(math.erfc(9 / math.sqrt(2)) / 2)
told = [f"{at}: {off(at):.0e}" for at in (-7, -8, -9)]
told.append(f"log_ndtr at -9 right: {math.isclose(torch.special.log_ndtr(double(-9.0)).item(), logarithm)}")
told.append(f"Normal.cdf at -9: {torch.distributions.Normal(double(0.0), double(1.0)).cdf(double(-9.0)).item()}")
told.append(f"gelu at -9: {torch.nn.functional.gelu(double(-9.0)).item()}")
print(" | ".join(told))
PYTHON
)
echo "$seen"
test "$seen" = "-7: 2e-06 | -8: 2e-02 | -9: 1e+00 | log_ndtr at -9 right: True | Normal.cdf at -9: 0.0 | gelu at -9: -0.0"
