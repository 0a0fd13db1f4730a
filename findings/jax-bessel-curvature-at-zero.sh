#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# The modified Bessel function I0 is 1 + x²/4 + …, so its second derivative at 0 is 1/2. JAX has the function twice, and
# at 0 neither is right: through `jax.numpy.i0` it is 0, through `jax.scipy.special.i0` it is 3/2; at 1e-3 both agree
# with the truth.
#
# Seen: numpy 0.0, scipy 1.5 at 0; numpy 0.5, scipy 0.5 at 0.001
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp
import jax.scipy.special


def curvature(function, x):
    return f"{jax.grad(jax.grad(function))(x):.1f}"


print(
    "; ".join(
        f"numpy {curvature(jnp.i0, x)}, scipy {curvature(jax.scipy.special.i0, x)} at {x:g}" for x in (0.0, 0.001)
    )
)
PYTHON
)
echo "$seen"
test "$seen" = "numpy 0.0, scipy 1.5 at 0; numpy 0.5, scipy 0.5 at 0.001"
