#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# The slope of `jax.scipy.special.spence(z)` is log(z) / (1 - z). Up to 1 and beyond 2 JAX finds it; between them, where
# the function's own values are right, it is NaN, and at 1 itself 0 instead of -1.
#
# Seen: 0.5: -1.3863 | 1.0: 0.0000 | 1.5: nan | 2.0: nan | 3.0: -0.5493
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
from jax.scipy.special import spence

slope = jax.grad(spence)
print(" | ".join(f"{z}: {slope(z):.4f}" for z in (0.5, 1.0, 1.5, 2.0, 3.0)))
PYTHON
)
echo "$seen"
test "$seen" = "0.5: -1.3863 | 1.0: 0.0000 | 1.5: nan | 2.0: nan | 3.0: -0.5493"
