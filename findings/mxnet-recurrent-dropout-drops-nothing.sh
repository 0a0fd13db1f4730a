#!/usr/bin/env bash
# MXNet 1.9.1 with NumPy 1.23.5, the wheel for Linux on x86-64, CPU (CPython 3.11).
#
# The dropout of Gluon's `rnn.RNN`, `LSTM` and `GRU` is between their layers while training. On the processor the wheel
# computes these layers by oneDNN, which leaves the dropout out without a word: 200 calls under `record()` give one and the
# same output, so a network is trained without what its program says. With MXNET_USE_MKLDNN_RNN=0 MXNet's own code runs,
# and drops; a `Dropout` layer drops either way.
#
# Seen: as installed: RNN 1 LSTM 1 GRU 1 Dropout 200 | without oneDNN: RNN 2+ LSTM 2+ GRU 2+ Dropout 200
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mxnet==1.9.1 numpy==1.23.5 setuptools==65.5.0
cat > "$folder/outputs.py" <<'PYTHON'
import mxnet
from mxnet import autograd, gluon, nd


def outputs(layer):
    """How many different outputs one input has in 200 calls."""
    layer.initialize()
    with autograd.record():
        return len({layer(nd.ones((4, 1, 30))).asnumpy().tobytes() for _ in range(200)})


mxnet.random.seed(1)
layers = [make(3, 2, dropout=0.5) for make in (gluon.rnn.RNN, gluon.rnn.LSTM, gluon.rnn.GRU)]
for layer in (*layers, gluon.nn.Dropout(0.5)):
    count = outputs(layer)
    print(type(layer).__name__, "2+" if 1 < count < 200 else count, end=" ")
PYTHON
first=$("$folder/venv/bin/python" -W ignore "$folder/outputs.py")
second=$(MXNET_USE_MKLDNN_RNN=0 "$folder/venv/bin/python" -W ignore "$folder/outputs.py")
seen="as installed: $first| without oneDNN: $second"
echo "$seen"
test "$seen" = "as installed: RNN 1 LSTM 1 GRU 1 Dropout 200 | without oneDNN: RNN 2+ LSTM 2+ GRU 2+ Dropout 200 "
