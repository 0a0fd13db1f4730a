#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# The Box-Cox transform (x^λ - 1) / λ is a smooth function of λ: at 0 its value is log(x), its slope log(x)² / 2, which is
# 0.2402 for x = 2. JAX gives the value there and takes the slope to be 0, since the branch for λ = 0 does not depend on
# λ; so a search for λ that starts at 0 stays there. Beside 0 the quotient of differences cancels: the second derivative
# (0.1110) is thousands off at 1e-10. `boxcox1p` is the same.
#
# Seen: slope at 0: 0.0, at 1e-5: 0.2402 | curvature at 1e-5: 0.111, at 1e-10 off by more than 1000: True | boxcox1p at 0: 0.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
from jax.scipy.special import boxcox, boxcox1p


def of_two(lmbda):
    return boxcox(2.0, lmbda)


slope = jax.grad(of_two)
curvature = jax.grad(slope)
print(
    f"slope at 0: {slope(0.0).item()}, at 1e-5: {slope(1e-5).item():.4f}",
    f"curvature at 1e-5: {curvature(1e-5).item():.3f}, at 1e-10 off by more than 1000: {abs(curvature(1e-10).item()) > 1000}",
    f"boxcox1p at 0: {jax.grad(lambda lmbda: boxcox1p(2.0, lmbda))(0.0).item()}",
    sep=" | ",
)
PYTHON
)
echo "$seen"
test "$seen" = "slope at 0: 0.0, at 1e-5: 0.2402 | curvature at 1e-5: 0.111, at 1e-10 off by more than 1000: True | boxcox1p at 0: 0.0"
