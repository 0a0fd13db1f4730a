#!/usr/bin/env bash
# Blosc2 4.14.1 with NumPy 2.4.6 (CPython 3.11).
#
# `blosc2.bitwise_right_shift` of uint64 brings in ones from the left where the highest bit is set, as a shift of
# signed integers does: 2**63 >> 1 is 3 * 2**62, larger than before. The dtype of the result is uint64 all the same.
#
# Seen: uint64 3.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check blosc2==4.14.1 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import blosc2
import numpy

x, one = (blosc2.asarray(numpy.array([value], dtype="uint64")) for value in (2**63, 1))
shifted = blosc2.bitwise_right_shift(x, one)[:]
print(shifted.dtype, int(shifted[0]) / 2**62)
PYTHON
)
echo "$seen"
test "$seen" = "uint64 3.0"
