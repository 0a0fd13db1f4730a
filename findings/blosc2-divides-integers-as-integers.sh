#!/usr/bin/env bash
# Blosc2 4.14.1 with NumPy 2.4.6 (CPython 3.11).
#
# `a / b` of two arrays of integers is an array of float64 that holds the quotients of a division of integers: 1 / 2
# is 0.0 and 7 / 2 is 3.0. The dtype says that the true quotients are there, which NumPy gives.
#
# Seen: float64 [0.0, 3.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check blosc2==4.14.1 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import blosc2
import numpy

a, b = blosc2.asarray(numpy.array([1, 7])), blosc2.asarray(numpy.array([2, 2]))
quotient = (a / b)[:]
print(quotient.dtype, quotient.tolist())
PYTHON
)
echo "$seen"
test "$seen" = "float64 [0.0, 3.0]"
