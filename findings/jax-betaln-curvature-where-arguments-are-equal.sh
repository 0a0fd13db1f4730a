#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# `betaln(a, b)` takes the larger and the smaller of its arguments, and a tie shares the slope between the two. The
# gradient is right, since the function is symmetric, but each entry of the Hessian becomes the mean of all four: at (2,
# 2) all are 0.0386, where the truth is [[0.3611, -0.2838], [-0.2838, 0.3611]], as it is at (2, 2.0001). So is the
# Hessian of `beta.logpdf` of a uniform or any symmetric distribution: singular, its diagonal -0.1775 for -1 at (1, 1).
#
# Seen: equal 0.0386 0.0386 | nearly 0.3611 -0.2838 | logpdf -0.1775 -0.1775
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp
from jax.scipy.special import betaln
from jax.scipy.stats import beta


def first_row(function, a, b):
    return " ".join(f"{entry:.4f}" for entry in jax.hessian(function)(jnp.array([a, b]))[0])


equal = first_row(lambda p: betaln(p[0], p[1]), 2.0, 2.0)
nearly = first_row(lambda p: betaln(p[0], p[1]), 2.0, 2.0001)
logpdf = first_row(lambda p: beta.logpdf(0.3, p[0], p[1]), 1.0, 1.0)
print(f"equal {equal} | nearly {nearly} | logpdf {logpdf}")
PYTHON
)
echo "$seen"
test "$seen" = "equal 0.0386 0.0386 | nearly 0.3611 -0.2838 | logpdf -0.1775 -0.1775"
