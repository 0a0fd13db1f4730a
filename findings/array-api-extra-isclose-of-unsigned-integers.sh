#!/usr/bin/env bash
# array-api-extra 0.11.5 with array-api-strict 2.6.1 and NumPy 2.4.6 (CPython 3.11).
#
# For engines that have no `isclose` of their own, array-api-extra takes the absolute value of the difference, which goes
# round for unsigned integers. So 1 and 2 are not within 1 of one another, 2 and 1 are, and 0 and 255 are. NumPy's own,
# to which the same call leads for NumPy arrays, turns them into floats first.
#
# Seen: numpy 1~2 True 2~1 True 0~255 False | strict 1~2 False 2~1 True 0~255 True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check array-api-extra==0.11.5 array-api-strict==2.6.1 \
    numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import array_api_extra
import array_api_strict as strict
import numpy


def close(xp, a, b):
    found = array_api_extra.isclose(xp.asarray([a], dtype=xp.uint8), xp.asarray([b], dtype=xp.uint8), atol=1, xp=xp)
    return f"{a}~{b} {bool(found[0])}"


pairs = (1, 2), (2, 1), (0, 255)
print("numpy", *(close(numpy, *pair) for pair in pairs), "| strict", *(close(strict, *pair) for pair in pairs))
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "numpy 1~2 True 2~1 True 0~255 False | strict 1~2 False 2~1 True 0~255 True"
