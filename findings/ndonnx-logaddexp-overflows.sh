#!/usr/bin/env bash
# ndonnx 0.23.0 with onnxruntime 1.32.0 and onnx 1.23.2 (CPython 3.11).
#
# `ndonnx.logaddexp` takes the exponentials of its arguments and then the logarithm of their sum, which is what the
# function is there to avoid: it is infinite from 710 on and minus infinite from -746 down. NumPy gives 1000.0 and
# -999.306….
#
# Seen: [inf, -inf]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ndonnx==0.23.0 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import ndonnx
import numpy

x, y = (ndonnx.asarray(numpy.array(values)) for values in ([1000.0, -1000.0], [0.0, -1000.0]))
print(ndonnx.logaddexp(x, y).unwrap_numpy().tolist())
PYTHON
)
echo "$seen"
test "$seen" = "[inf, -inf]"
