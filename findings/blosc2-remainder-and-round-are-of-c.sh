#!/usr/bin/env bash
# Blosc2 4.14.1 with NumPy 2.4.6 (CPython 3.11).
#
# Blosc2's functions bear the names of the array API standard, and two of them follow C. `remainder` has the sign of
# the dividend, where the standard (and Python) take the divisor's, so x == x // y * y + x % y fails beside
# `floor_divide`, which does round down. `round` takes halves away from zero, where the standard takes them to the
# even neighbour.
#
# Seen: remainder [-1.0, 1.0], floor_divide [-3.0, -3.0], round [1.0, 2.0, 3.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check blosc2==4.14.1 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import blosc2
import numpy

x, y = blosc2.asarray(numpy.array([-7.0, 7.0])), blosc2.asarray(numpy.array([3.0, -3.0]))
halves = blosc2.asarray(numpy.array([0.5, 1.5, 2.5]))
parts = [blosc2.remainder(x, y), blosc2.floor_divide(x, y), blosc2.round(halves)]
print("remainder {}, floor_divide {}, round {}".format(*(part[:].tolist() for part in parts)))
PYTHON
)
echo "$seen"
test "$seen" = "remainder [-1.0, 1.0], floor_divide [-3.0, -3.0], round [1.0, 2.0, 3.0]"
