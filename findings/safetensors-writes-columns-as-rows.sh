#!/usr/bin/env bash
# safetensors 0.8.0 beside 0.7.0, with NumPy 2.4.6 (CPython 3.11).
#
# Since 0.8 `safetensors.numpy.save` writes the memory of an array as it lies, and the shape as if it lay row by row. An
# array that lies column by column, such as a transpose, comes back with its numbers in other places, and nothing is
# said. 0.7 lays them out in rows first.
#
# Seen: 0.7.0 [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] | 0.8.0 [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/program.py" <<'PYTHON'
import numpy as np
import safetensors
from safetensors.numpy import load, save

x = np.asfortranarray(np.arange(6.0).reshape(2, 3))
print(safetensors.__version__, load(save({"x": x}))["x"].tolist())
PYTHON
for version in 0.7.0 0.8.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "safetensors==$version" numpy==2.4.6
    "$folder/$version/bin/python" "$folder/program.py" >> "$folder/seen"
done
seen=$(paste -sd'|' "$folder/seen" | sed 's/|/ | /')
echo "$seen"
test "$seen" = "0.7.0 [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] | 0.8.0 [[0.0, 3.0, 1.0], [4.0, 2.0, 5.0]]"
