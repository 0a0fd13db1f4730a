#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# `polygamma(1, x)` of a negative number that is no pole is right down to about -6, and then loses two digits or more
# with each unit: at -7.5 the seventh digit is wrong, at -8.5 the first, at -9.5 it is -3e12, where the truth (by the
# reflection formula) is 9.77, and from about -20 on it is a small negative number. No warning, no NaN. It is the second
# derivative of `gammaln` and the first of `digamma`, whose own values are right there.
#
# Seen: -5.5: 9.703320 (truth 9.703320) | -7.5: 9.744759 (truth 9.744766) | -8.5: 6.79 (truth 9.76) | -9.5: -3e+12 (truth 9.77)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import math

import jax
from jax.scipy.special import digamma, polygamma


def truth(x):
    return math.pi**2 / math.sin(math.pi * x) ** 2 - float(polygamma(1, 1 - x))


def told(x, form):
    return f"{x}: {float(jax.grad(digamma)(x)):{form}}"


print(
    f"{told(-5.5, '.6f')} (truth {truth(-5.5):.6f}) | {told(-7.5, '.6f')} (truth {truth(-7.5):.6f}) | "
    f"{told(-8.5, '.2f')} (truth {truth(-8.5):.2f}) | {told(-9.5, '.0e')} (truth {truth(-9.5):.2f})"
)
PYTHON
)
echo "$seen"
test "$seen" = "-5.5: 9.703320 (truth 9.703320) | -7.5: 9.744759 (truth 9.744766) | -8.5: 6.79 (truth 9.76) | -9.5: -3e+12 (truth 9.77)"
