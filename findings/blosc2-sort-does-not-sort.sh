#!/usr/bin/env bash
# Blosc2 4.14.1 with NumPy 2.4.6 (CPython 3.11).
#
# `blosc2.sort` of an array of numbers is the array as it was, whether of one axis or two, with no error and no
# warning; only fields of structured arrays that `order=` names are sorted by. `blosc2.argsort` of the same array is
# right.
#
# Seen: sort [3.0, 1.0, 2.0] argsort [1, 2, 0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check blosc2==4.14.1 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import blosc2
import numpy

x = blosc2.asarray(numpy.array([3.0, 1.0, 2.0]))
print("sort", blosc2.sort(x)[:].tolist(), "argsort", blosc2.argsort(x)[:].tolist())
PYTHON
)
echo "$seen"
test "$seen" = "sort [3.0, 1.0, 2.0] argsort [1, 2, 0]"
