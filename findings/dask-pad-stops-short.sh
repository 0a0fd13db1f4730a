#!/usr/bin/env bash
# Dask 2026.8.0 with NumPy 2.4.6 (CPython 3.11).
#
# `pad` by reflection, or by repetition, takes less than one copy of the array for each side. Where the pad is wider than
# the array the result is shorter than was asked for, of shape (7,) or (8,) in place of (13,), and nothing is said.
# NumPy goes on reflecting.
#
# Seen: reflect (7,) (13,) symmetric (8,) (13,) wrap (8,) (13,) [3, 2, 1, 2, 3, 2, 1]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dask==2026.8.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import dask.array as da
import numpy as np

x = np.array([1, 2, 3])
for mode in ("reflect", "symmetric", "wrap"):
    print(mode, da.pad(da.from_array(x), 5, mode=mode).compute().shape, np.pad(x, 5, mode=mode).shape, end=" ")
print(da.pad(da.from_array(x), 5, mode="reflect").compute().tolist())
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "reflect (7,) (13,) symmetric (8,) (13,) wrap (8,) (13,) [3, 2, 1, 2, 3, 2, 1]"
