#!/usr/bin/env bash
# ml_dtypes 0.6.0 with NumPy 2.4.6 (CPython 3.11).
#
# NumPy's `mean` adds float16 up in float32. For bfloat16 it does not: the sum stands still where one more is lost by
# rounding, at 256, and the mean of 3,000 ones is 0.085. `dot` of the same arrays adds up in float32 and is right, and so
# is `mean` when it is told `dtype=numpy.float32`.
#
# Seen: float16 1.0 bfloat16 0.08544921875 told float32 1.0 dot 3008.0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ml_dtypes==0.6.0 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import ml_dtypes
import numpy as np

ones = np.ones(3000, ml_dtypes.bfloat16)
print("float16", float(np.ones(3000, np.float16).mean()), "bfloat16", float(ones.mean()), end=" ")
print("told float32", float(ones.mean(dtype=np.float32)), "dot", float(np.dot(ones, ones)))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "float16 1.0 bfloat16 0.08544921875 told float32 1.0 dot 3008.0"
