#!/usr/bin/env bash
# Dask 2026.8.0 with NumPy 2.4.6 (CPython 3.11).
#
# `max` and `min` over the axis of length 2 of an array of shape (0, 2) raise ValueError for want of an identity, though
# no maximum of nothing is asked for. NumPy gives an empty array, and so do Dask's own `sum`, `prod` and `argmax`.
#
# Seen: numpy (0,) (0,) dask sum (0,) argmax (0,) max ValueError min ValueError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dask==2026.8.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import dask.array as da
import numpy as np


def shape(name):
    try:
        return getattr(da, name)(da.zeros((0, 2)), axis=1).compute().shape
    except ValueError as error:
        return type(error).__name__


print("numpy", np.zeros((0, 2)).max(axis=1).shape, np.zeros((0, 2)).min(axis=1).shape, "dask", end=" ")
print(*(f"{name} {shape(name)}" for name in ("sum", "argmax", "max", "min")))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "numpy (0,) (0,) dask sum (0,) argmax (0,) max ValueError min ValueError"
