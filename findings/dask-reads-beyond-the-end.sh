#!/usr/bin/env bash
# Dask 2026.8.0 with NumPy 2.4.6 (CPython 3.11).
#
# An index array of Dask's own that leads beyond the end of an axis raises nothing, neither when the graph is made nor
# when it is computed: the result has the shape that was asked for, and in that place some other element. NumPy, and Dask
# with a NumPy index array, raise IndexError.
#
# Seen: numpy index: IndexError; dask index: shape (2,), an element of x where there is none
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "dask[array]==2026.8.0" numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import dask.array as da
import numpy

x = da.from_array(numpy.array([10.0, 20.0, 30.0]), chunks=3)
beyond = numpy.array([0, 7])
try:
    x[beyond].compute(scheduler="synchronous")
    told = "nothing"
except IndexError:
    told = "IndexError"
found = x[da.from_array(beyond)].compute(scheduler="synchronous")
place = "an element of x where there is none" if found[1] in (10.0, 20.0, 30.0) else "something else"
print(f"numpy index: {told}; dask index: shape {found.shape}, {place}")
PYTHON
)
echo "$seen"
test "$seen" = "numpy index: IndexError; dask index: shape (2,), an element of x where there is none"
