#!/usr/bin/env bash
# ndonnx 0.23.0 with onnxruntime 1.32.0 and onnx 1.23.2 (CPython 3.11).
#
# Numbers of uint64 from 2**63 on are taken for negative by `ndonnx.sort`, which leaves [2**63, 5] as it is. Of
# `ndonnx.max` they lose what a double cannot hold: the largest of 2**63 + 1 and 5 is 2**63, without its last digit.
# Comparisons of the same numbers are right, and so is NumPy in all of it.
#
# Seen: sorted: False; max - 2**63: 0; 5 < x[0]: True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ndonnx==0.23.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import ndonnx
import numpy

x = ndonnx.asarray(numpy.array([2**63 + 1, 5], dtype="uint64"))
in_order = ndonnx.sort(x).unwrap_numpy().tolist() == sorted([2**63 + 1, 5])
largest = int(ndonnx.max(x).unwrap_numpy()) - 2**63
print(f"sorted: {in_order}; max - 2**63: {largest}; 5 < x[0]: {bool((x[0] > 5).unwrap_numpy())}")
PYTHON
)
echo "$seen"
test "$seen" = "sorted: False; max - 2**63: 0; 5 < x[0]: True"
