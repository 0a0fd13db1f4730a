#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits, and NumPy 2.4.6 (CPython 3.11).
#
# The array API standard has `cumulative_sum` and `cumulative_prod` of small integers in the default integers, as `sum` and
# `prod` have them. JAX does so but for `cumulative_prod`: of uint8 it is uint8, and 200 · 2 is 144. NumPy has 400.
#
# Seen: numpy [200, 400] uint64 [200, 202] uint64 400 | jax [200, 144] uint8 [200, 202] uint64 400 | end
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
for name, xp in (("numpy", np), ("jax", jnp)):
    x = xp.asarray([200, 2], dtype="uint8")
    print(name, *(f"{f(x).tolist()} {f(x).dtype}" for f in (xp.cumulative_prod, xp.cumulative_sum)), xp.prod(x), end=" | ")
print("end")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "numpy [200, 400] uint64 [200, 202] uint64 400 | jax [200, 144] uint8 [200, 202] uint64 400 | end"
