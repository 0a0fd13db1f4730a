#!/usr/bin/env bash
# JAX 0.10.2 with NumPy 2.4.6 (CPython 3.11).
#
# `import jax` draws from NumPy's global generator: a decorator in jax/_src/clusters/k8s_cluster.py makes its waiting
# times with numpy.random.rand while the module is imported. So a program that seeds NumPy before its first import of
# JAX, which may be in a library, has other numbers than one that seeds it behind.
#
# Seen: seeded before: False; seeded behind: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jax==0.10.2 numpy==2.4.6
seen=$(JAX_PLATFORMS=cpu "$folder/venv/bin/python" - <<'PYTHON'
import numpy

numpy.random.seed(0)
expected = numpy.random.rand()

numpy.random.seed(0)
import jax

before = numpy.random.rand() == expected
numpy.random.seed(0)
behind = numpy.random.rand() == expected
print(f"seeded before: {before}; seeded behind: {behind}")
PYTHON
)
echo "$seen"
test "$seen" = "seeded before: False; seeded behind: True"
