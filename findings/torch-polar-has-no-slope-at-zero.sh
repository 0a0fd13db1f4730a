#!/usr/bin/env bash
# PyTorch 2.13.0 (CPU, CPython 3.11).
#
# polar(r, t) is r (cos t + i sin t), so its derivative by r is cos t + i sin t whatever r is. PyTorch finds it by the sign
# of r: at r = 0, where a filter or a spectrum is silent, it is 0, and nothing that is 0 is ever learnt; of negative r,
# for which the values are right, the derivative has the wrong sign.
#
# Seen: 1.0: 0.878 by hand 0.878 | 0.0: 0.000 by hand 0.878 | -1.0: -0.878 by hand 0.878
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import torch

torch.set_default_dtype(torch.float64)


def slope(function, radius):
    r = torch.tensor(radius, requires_grad=True)
    return torch.autograd.grad(function(r, torch.tensor(0.5)).real, r)[0].item()


def by_hand(r, t):
    return torch.complex(r * torch.cos(t), r * torch.sin(t))


print(" | ".join(f"{r}: {slope(torch.polar, r):.3f} by hand {slope(by_hand, r):.3f}" for r in (1.0, 0.0, -1.0)))
PYTHON
)
echo "$seen"
test "$seen" = "1.0: 0.878 by hand 0.878 | 0.0: 0.000 by hand 0.878 | -1.0: -0.878 by hand 0.878"
