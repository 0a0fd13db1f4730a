#!/usr/bin/env bash
# JAX 0.10.2 with jaxlib 0.10.2, CPU, 64 bits (CPython 3.11).
#
# The best conditioned of all least squares problems, of orthogonal columns of one length, such as a two-level factorial
# design, has no gradient by its matrix: `jnp.linalg.lstsq` is differentiated through its singular values, which are equal
# there, and gives NaN, where the normal equations and `pinv` give numbers, and so does `lstsq` itself a thousandth beside
# them. By the right-hand side its gradients are right.
#
# Seen: lstsq: nan | normal equations: -1.625 | pinv: -0.500 | beside them: -1.625 | by b: 0.500
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 scipy==1.17.1
seen=$(JAX_PLATFORMS=cpu JAX_ENABLE_X64=1 "$folder/venv/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp

design = jnp.array([[1.0, 1.0], [1.0, -1.0], [1.0, 1.0], [1.0, -1.0]])
b = jnp.array([1.0, 2.0, 3.0, 5.0])


def first(function, x):
    return f"{jax.grad(lambda x: function(x).sum())(x).ravel()[0]:.3f}"


print(
    f"lstsq: {first(lambda a: jnp.linalg.lstsq(a, b)[0], design)}",
    f"normal equations: {first(lambda a: jnp.linalg.solve(a.T @ a, a.T @ b), design)}",
    f"pinv: {first(jnp.linalg.pinv, design)}",
    f"beside them: {first(lambda a: jnp.linalg.lstsq(a, b)[0], design.at[0, 0].add(0.001))}",
    f"by b: {first(lambda b: jnp.linalg.lstsq(design, b)[0], b)}",
    sep=" | ",
)
PYTHON
)
echo "$seen"
test "$seen" = "lstsq: nan | normal equations: -1.625 | pinv: -0.500 | beside them: -1.625 | by b: 0.500"
