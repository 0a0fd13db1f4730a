#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits, and PyTorch 2.13.0, CPU (CPython 3.11).
#
# `erfcx` exists so that nothing underflows or cancels where x is large: it is about 0.56 / x. Both libraries take its slope
# as 2 x erfcx(x) - 2 / √π, two numbers near 1.13 whose difference is -0.56 / x², and differentiate that once more. So the
# second derivative, 1.1 / x³, is 3.4 times too large at 1e4 (1.1e-12), has the wrong sign and 5e7 times the size at 1e6
# (1.1e-18), and at 1e8 the slope itself (-5.6e-17) is 0.
#
# Seen: JAX: 1e4 3.8e-12, 1e6 -5.2e-11, 1e8 slope 0.0 | PyTorch: 1e4 3.8e-12, 1e6 -5.2e-11, 1e8 slope 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 torch==2.13.0 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import torch
from jax.scipy.special import erfcx


def by_torch(at):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.special.erfcx(x), x, create_graph=True)
    return slope.item(), torch.autograd.grad(slope, x)[0].item()


def by_jax(at):
    return jax.grad(erfcx)(at).item(), jax.grad(jax.grad(erfcx))(at).item()


def told(name, both):
    return f"{name}: 1e4 {both(1e4)[1]:.1e}, 1e6 {both(1e6)[1]:.1e}, 1e8 slope {both(1e8)[0]}"


print(told("JAX", by_jax), "|", told("PyTorch", by_torch))
PYTHON
)
echo "$seen"
test "$seen" = "JAX: 1e4 3.8e-12, 1e6 -5.2e-11, 1e8 slope 0.0 | PyTorch: 1e4 3.8e-12, 1e6 -5.2e-11, 1e8 slope 0.0"
