#!/usr/bin/env bash
# numexpr 2.14.2 with NumPy 2.4.6 (CPython 3.11).
#
# numexpr divides complex numbers, and takes their size, by the squares of their parts. So z / z is NaN where z is larger
# than 1e154 or smaller than 1e-162, and |z| is infinite or 0, of numbers that are in range, as are the results. NumPy
# has 1 and 1.41e+200. The size is a complex number besides.
#
# Seen: numexpr [(nan+nanj), (nan+nanj)] [inf, 0.0] complex128 | numpy [(1+0j), (1+0j)] ['1.41e+200', '1.41e-200']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numexpr==2.14.2 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import numexpr
import numpy as np

z = np.array([1e200 + 1e200j, 1e-200 + 1e-200j])
sizes = numexpr.evaluate("abs(z)")
print("numexpr", numexpr.evaluate("z / z").tolist(), sizes.real.tolist(), sizes.dtype, end=" | ")
print("numpy", (z / z).tolist(), [f"{size:.3g}" for size in np.abs(z)])
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "numexpr [(nan+nanj), (nan+nanj)] [inf, 0.0] complex128 | numpy [(1+0j), (1+0j)] ['1.41e+200', '1.41e-200']"
