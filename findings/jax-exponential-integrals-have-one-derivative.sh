#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# `exp1` and `expn` of `jax.scipy.special` can be differentiated once. A second derivative, in either mode, ends in a
# TypeError that speaks of a constant and of a tracer and not of the function, although the first derivative of `expn(n,
# x)` is `-expn(n - 1, x)`, an elementary function where n is 1. `expi`, of the same family, can be differentiated at
# will.
#
# Seen: exp1: first -0.3679, second TypeError | expn: first -0.2194, second TypeError | expi: first 2.7183, second 0.0000
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
from jax.scipy.special import exp1, expi, expn


def told(function):
    try:
        second = f"{jax.grad(jax.grad(function))(1.0):.4f}"
    except Exception as error:
        second = type(error).__name__
    return f"first {jax.grad(function)(1.0):.4f}, second {second}"


print(f"exp1: {told(exp1)} | expn: {told(lambda x: expn(2, x))} | expi: {told(expi)}")
PYTHON
)
echo "$seen"
test "$seen" = "exp1: first -0.3679, second TypeError | expn: first -0.2194, second TypeError | expi: first 2.7183, second 0.0000"
