#!/usr/bin/env bash
# MXNet 1.9.1 with NumPy 1.23.5, the wheel for Linux on x86-64, CPU with AVX2 (CPython 3.11).
#
# A transposed convolution from 8, 16 or 64 channels to a single one, the last layer of many a generator of gray images,
# runs forwards, and its backward to data and weight fails in oneDNN. With 7 channels, with two filters, or with
# MXNET_MKLDNN_ENABLED=0 the gradients are there.
#
# Seen: (7, 1) 3150 3150 | (8, 1) could not create a primitive descriptor for a reorder primitive | (8, 2) 7200 7200 | …
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mxnet==1.9.1 numpy==1.23.5 setuptools==65.5.0
cat > "$folder/gradients.py" <<'PYTHON'
from mxnet import MXNetError, autograd, nd

for channels, filters in (7, 1), (8, 1), (8, 2), (16, 1), (64, 1), (64, 3):
    x, w = nd.ones((2, channels, 5, 5)), nd.ones((channels, filters, 3, 3))
    x.attach_grad()
    w.attach_grad()
    with autograd.record():
        loss = nd.Deconvolution(x, w, kernel=(3, 3), num_filter=filters).sum()
    loss.backward()
    try:
        print((channels, filters), int(x.grad.sum().asscalar()), int(w.grad.sum().asscalar()))
    except MXNetError as error:
        print((channels, filters), str(error).strip().rpartition(": ")[2])
PYTHON
failed="could not create a primitive descriptor for a reorder primitive"
seen=$("$folder/venv/bin/python" -W ignore "$folder/gradients.py" 2>/dev/null)
echo "$seen"
test "$seen" = "(7, 1) 3150 3150
(8, 1) $failed
(8, 2) 7200 7200
(16, 1) $failed
(64, 1) $failed
(64, 3) 86400 86400"
plain=$(MXNET_MKLDNN_ENABLED=0 "$folder/venv/bin/python" -W ignore "$folder/gradients.py" 2>/dev/null)
echo "$plain"
test "$plain" = "(7, 1) 3150 3150
(8, 1) 3600 3600
(8, 2) 7200 7200
(16, 1) 7200 7200
(64, 1) 28800 28800
(64, 3) 86400 86400"
