#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits, and PyTorch 2.13.0, CPU (CPython 3.11).
#
# The logarithm of the normal distribution is concave, and far to the left its second derivative tends to -1. Both
# libraries differentiate a quotient whose terms cancel there, each in a way of its own: at -1e4 neither has a right digit
# after the point, at -1e5 JAX says +3170 and PyTorch -7403. First derivatives have six digits there and none at -1e8.
#
# Seen: -1e4: JAX -0.87, PyTorch -1.54 | -1e5: JAX 3170, PyTorch -7403
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 torch==2.13.0 numpy==2.4.6
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import torch
from jax.scipy.special import log_ndtr


def by_torch(at):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.special.log_ndtr(x), x, create_graph=True)
    return torch.autograd.grad(slope, x)[0].item()


def by_jax(at):
    return jax.grad(jax.grad(log_ndtr))(at).item()


print(
    f"-1e4: JAX {by_jax(-1e4):.2f}, PyTorch {by_torch(-1e4):.2f} | "
    f"-1e5: JAX {by_jax(-1e5):.0f}, PyTorch {by_torch(-1e5):.0f}"
)
PYTHON
)
echo "$seen"
test "$seen" = "-1e4: JAX -0.87, PyTorch -1.54 | -1e5: JAX 3170, PyTorch -7403"
