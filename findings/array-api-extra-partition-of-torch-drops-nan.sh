#!/usr/bin/env bash
# array-api-extra 0.11.5 with PyTorch 2.13.0 and array-api-compat 1.16.0 (CPython 3.11, CPU).
#
# `partition` of a tensor that holds one NaN gives back other numbers than it was given: what stands behind the kth place
# is picked by `>`, for which NaN is nowhere, and one number that is left over fills all the places there. With two NaN
# and two numbers behind it raises RuntimeError about shapes. NumPy arrays, array-api-strict's and JAX's keep every
# element; without NaN PyTorch's do, too.
#
# Seen: numpy [1.0, 2.0, 3.0, nan] strict [1.0, 2.0, 3.0, nan] torch [1.0, 2.0, 3.0, 3.0] two NaN RuntimeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check array-api-extra==0.11.5 array-api-compat==1.16.0 \
    array-api-strict==2.6.1 torch==2.13.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import array_api_compat.torch as torch
import array_api_extra
import array_api_strict as strict
import numpy

nan = numpy.nan
for xp in (numpy, strict, torch):
    parts = array_api_extra.partition(xp.asarray([3.0, 1.0, nan, 2.0]), 1, xp=xp)
    print(xp.__name__.rpartition("_")[2].rpartition(".")[2], [float(parts[i]) for i in range(4)], end=" ")
try:
    print(array_api_extra.partition(torch.asarray([3.0, 1.0, nan, nan, 2.0, 4.0]), 1, xp=torch))
except RuntimeError as error:
    print("two NaN", type(error).__name__)
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "numpy [1.0, 2.0, 3.0, nan] strict [1.0, 2.0, 3.0, nan] torch [1.0, 2.0, 3.0, 3.0] two NaN RuntimeError"
