#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# With the float exponents 0 and 1 a power is a constant and the argument itself. At the argument 0 JAX gives NaN for
# the slope of `x**0.0` and for the curvature of `x**1.0`; with the int exponents 0 and 1, and with 2.0 and 3.0,
# everything is right. So `jax.numpy.vander`, whose columns are such powers, has no gradient beside a 0.
#
# Seen: x**0.0: 1st nan | x**0: 1st 0 | x**1.0: 2nd nan | x**1: 2nd 0 | x**2.0: 2nd 2 | vander: [nan, 5, 7]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp


def first(exponent):
    return f"{jax.grad(lambda x: x**exponent)(0.0):g}"


def second(exponent):
    return f"{jax.grad(jax.grad(lambda x: x**exponent))(0.0):g}"


vander = ", ".join(f"{slope:g}" for slope in jax.grad(lambda x: jnp.vander(x).sum())(jnp.array([0.0, 2.0, 3.0])))
print(
    f"x**0.0: 1st {first(0.0)} | x**0: 1st {first(0)} | x**1.0: 2nd {second(1.0)} | x**1: 2nd {second(1)} | "
    f"x**2.0: 2nd {second(2.0)} | vander: [{vander}]"
)
PYTHON
)
echo "$seen"
test "$seen" = "x**0.0: 1st nan | x**0: 1st 0 | x**1.0: 2nd nan | x**1: 2nd 0 | x**2.0: 2nd 2 | vander: [nan, 5, 7]"
