#!/usr/bin/env bash
# Dask 2026.8.0 with NumPy 2.4.6 (CPython 3.11).
#
# NumPy adds float16 up in float32 to take a mean. Dask's `mean` adds each chunk up in float16, though the result is
# float16 either way, so the mean of a thousand times 100, in two chunks or in one, is infinite.
#
# Seen: numpy 100.0 float16 dask inf float16 | numpy 100.0 float16 dask inf float16 | end
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check dask==2026.8.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import warnings

import dask.array as da
import numpy as np

warnings.simplefilter("ignore")
x = np.full(1000, 100, np.float16)
for chunks in (500, 1000):
    mean = da.from_array(x, chunks=chunks).mean().compute()
    print("numpy", x.mean(), x.mean().dtype, "dask", mean, mean.dtype, end=" | ")
print("end")
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "numpy 100.0 float16 dask inf float16 | numpy 100.0 float16 dask inf float16 | end"
