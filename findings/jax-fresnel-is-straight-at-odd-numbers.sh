#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# The Fresnel integral C(x) has the slope cos(π x² / 2) and so the curvature -π x sin(π x² / 2), which is -π, 3π · (-1) and
# -5π at 1, 3 and 5. JAX finds the slope and, beside those numbers, the curvature; at odd whole numbers, where the slope
# is exactly 0, the curvature is 0, too: what makes that zero exact has no derivative of its own.
#
# Seen: 0.999: -3.14 | 1: 0.0 | 1.001: -3.14 | 3: 0.0 | 5: 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
from jax.scipy.special import fresnel

curvature = jax.grad(jax.grad(lambda x: fresnel(x)[1]))
told = [f"{x}: {curvature(x).item():.2f}" for x in (0.999, 1.001)]
told[1:1] = [f"1: {curvature(1.0).item()}"]
print(*told, *(f"{x}: {curvature(float(x)).item()}" for x in (3, 5)), sep=" | ")
PYTHON
)
echo "$seen"
test "$seen" = "0.999: -3.14 | 1: 0.0 | 1.001: -3.14 | 3: 0.0 | 5: 0.0"
