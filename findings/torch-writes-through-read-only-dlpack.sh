#!/usr/bin/env bash
# PyTorch 2.13.0, CPU, with NumPy 2.4.6 (CPython 3.11).
#
# NumPy hands a read-only array out by DLPack 1 with the flag that says so, and takes such a flag in as a read-only array.
# `torch.from_dlpack` takes the array in without an error and without a warning, and the tensor can be written to: the
# numbers of the read-only array change. `torch.from_numpy` of the same array warns.
#
# Seen: numpy takes it in read-only: True; from_numpy warns: True; from_dlpack warns: False; the read-only array is now [9.0, 1.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import warnings

import numpy
import torch

x = numpy.array([0.0, 1.0])
x.flags.writeable = False


def warns(function):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(x)
    return bool(caught)


kept = not numpy.from_dlpack(x).flags.writeable
told = warns(torch.from_numpy), warns(torch.from_dlpack)
torch.from_dlpack(x)[0] = 9
print(
    f"numpy takes it in read-only: {kept}; from_numpy warns: {told[0]}; from_dlpack warns: {told[1]}; "
    f"the read-only array is now {x.tolist()}"
)
PYTHON
)
echo "$seen"
test "$seen" = "numpy takes it in read-only: True; from_numpy warns: True; from_dlpack warns: False; the read-only array is now [9.0, 1.0]"
