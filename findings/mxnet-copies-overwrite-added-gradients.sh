#!/usr/bin/env bash
# MXNet 1.9.1 with NumPy 1.23.5, the wheel for Linux on x86-64, CPU (CPython 3.11).
#
# With `attach_grad("add")` each `backward` adds to what `grad` holds. A gradient that arrives by `copy()`, `copyto()` or
# `astype()` is written over it instead, so all that was gathered before is lost without a word; by `identity`, `cast` or
# any other operator it is added. The buffer holds 100 before, and the gradient is 3.
#
# Seen: copy 3 copyto 3 astype 3 identity 103 cast 103 reshape 103
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mxnet==1.9.1 numpy==1.23.5 setuptools==65.5.0
cat > "$folder/added.py" <<'PYTHON'
import mxnet
from mxnet import autograd, nd

WAYS = {
    "copy": lambda x: x.copy(),
    "copyto": lambda x: x.copyto(mxnet.cpu()),
    "astype": lambda x: x.astype("float32"),
    "identity": nd.identity,
    "cast": lambda x: nd.cast(x, dtype="float32"),
    "reshape": lambda x: x.reshape((1,)),
}
for name, way in WAYS.items():
    x = nd.ones(1)
    x.attach_grad("add")
    x.grad[:] = 100
    with autograd.record():
        loss = (3 * way(x)).sum()
    loss.backward()
    print(name, int(x.grad.asscalar()), end=" ")
PYTHON
seen=$("$folder/venv/bin/python" -W ignore "$folder/added.py")
echo "$seen"
test "$seen" = "copy 3 copyto 3 astype 3 identity 103 cast 103 reshape 103 "
