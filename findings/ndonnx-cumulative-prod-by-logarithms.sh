#!/usr/bin/env bash
# ndonnx 0.23.0 with onnxruntime 1.32.0 and onnx 1.23.2 (CPython 3.11).
#
# `ndonnx.cumulative_prod` is exp(cumulative_sum(log(x))). So whatever follows a negative number is NaN, and products
# of integers are cut off below the true ones: they begin with 2 where x begins with 3. The array API standard asks
# for the product; there is no warning.
#
# Seen: [1.0, nan, nan] int64 [2, 14, 104]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ndonnx==0.23.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import ndonnx
import numpy

floats = ndonnx.cumulative_prod(ndonnx.asarray(numpy.array([1.0, -2.0, 3.0]))).unwrap_numpy()
integers = ndonnx.cumulative_prod(ndonnx.asarray(numpy.array([3, 5, 7]))).unwrap_numpy()
print(floats.tolist(), integers.dtype, integers.tolist())
PYTHON
)
echo "$seen"
test "$seen" = "[1.0, nan, nan] int64 [2, 14, 104]"
