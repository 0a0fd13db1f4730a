#!/usr/bin/env bash
# ml_dtypes 0.6.0 with NumPy 2.4.6 (CPython 3.11).
#
# With a NaN among bfloat16 numbers NumPy's `sort` leaves the others in disorder as well, and `argsort`, `partition` and
# `unique` with it: the dtype orders by `<` alone, for which NaN equals everything. The same numbers in float16 are
# sorted, NaN last. It is the same with the dtypes of eight bits.
#
# Seen: bfloat16 [3.0, nan, 1.0, 2.0] float8_e5m2 [3.0, nan, 1.0, 2.0] float16 [1.0, 2.0, 3.0, nan]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ml_dtypes==0.6.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import ml_dtypes
import numpy as np

for dtype in (ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, np.float16):
    x = np.array([3.0, np.nan, 1.0, 2.0], dtype)
    print(x.dtype.name, np.sort(x).astype(float).tolist(), end=" ")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "bfloat16 [3.0, nan, 1.0, 2.0] float8_e5m2 [3.0, nan, 1.0, 2.0] float16 [1.0, 2.0, 3.0, nan] "
