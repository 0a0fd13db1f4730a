#!/usr/bin/env bash
# MXNet 1.9.1 with NumPy 1.23.5, the wheel for Linux on x86-64, CPU (CPython 3.11).
#
# Gluon's `rnn.RNN`, `LSTM` and `GRU` made with `use_sequence_length=True` are documented to end each sequence of a batch
# at its own length: outputs behind it are zeros, and the last states are those of its last step. On the processor the
# wheel computes these layers by oneDNN, which takes the lengths and reads none of them: outputs and states are those of
# padded sequences, without a word. With MXNET_USE_MKLDNN_RNN=0 the same call is an error, for only cuDNN has lengths.
#
# Seen: as installed: RNN 0 of 2, LSTM 0 of 2, GRU 0 of 2 | without oneDNN: RNN refused, LSTM refused, GRU refused
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mxnet==1.9.1 numpy==1.23.5 setuptools==65.5.0
cat > "$folder/lengths.py" <<'PYTHON'
from mxnet import MXNetError, gluon, nd

said = []
for kind in (gluon.rnn.RNN, gluon.rnn.LSTM, gluon.rnn.GRU):
    layer = kind(3, input_size=2, use_sequence_length=True)
    layer.initialize("ones")
    x = nd.ones((4, 2, 2))  # 4 steps of 2 sequences, of which the first ends after 1
    try:
        outputs, states = layer(x, layer.begin_state(2), sequence_length=nd.array([1, 4]))
        zeros_behind = not outputs[1:, 0].asnumpy().any()
        own_last_state = bool((states[0][0, 0] == outputs[0, 0]).asnumpy().all())
        said.append(f"{kind.__name__} {zeros_behind + own_last_state} of 2")
    except MXNetError as error:
        said.append(f"{kind.__name__} {'refused' if 'use_sequence_length option is only' in str(error) else error}")
print(", ".join(said), end="")
PYTHON
first=$("$folder/venv/bin/python" -W ignore "$folder/lengths.py" 2> /dev/null)
second=$(MXNET_USE_MKLDNN_RNN=0 "$folder/venv/bin/python" -W ignore "$folder/lengths.py" 2> /dev/null)
seen="as installed: $first | without oneDNN: $second"
echo "$seen"
test "$seen" = "as installed: RNN 0 of 2, LSTM 0 of 2, GRU 0 of 2 | without oneDNN: RNN refused, LSTM refused, GRU refused"
