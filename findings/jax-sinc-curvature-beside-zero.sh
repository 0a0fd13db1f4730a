#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# The second derivative of `sinc` at 0 is -π²/3 = -3.29, and JAX, which treats that point by itself, finds it there.
# Beside it the quotient of sines and powers is differentiated twice and cancels: at 1e-8 it is -3.41, at 1e-10 it is
# twelve thousand. No warning.
#
# Seen: 0: -3.2899 | 1e-10: 1e+04 | 1e-08: -3.41 | 0.001: -3.2899
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp

curvature = jax.grad(jax.grad(jnp.sinc))
print(
    f"0: {curvature(0.0):.4f} | 1e-10: {curvature(1e-10):.0e} | 1e-08: {curvature(1e-8):.2f} | "
    f"0.001: {curvature(1e-3):.4f}"
)
PYTHON
)
echo "$seen"
test "$seen" = "0: -3.2899 | 1e-10: 1e+04 | 1e-08: -3.41 | 0.001: -3.2899"
