#!/usr/bin/env bash
# numexpr 2.14.2 with NumPy 2.4.6 (CPython 3.11).
#
# Numbers of uint64 from 2**63 on become negative integers in any expression, with no error: 2**63 is not greater than 5,
# and 2**63 times 1.0 is -2**63. uint32 is widened, to int64.
#
# Seen: [False, True] [-9.223372036854776e+18, 6.0] int64 numpy [True, True] uint32 [True, True]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numexpr==2.14.2 numpy==2.4.6
cat > "$folder/program.py" <<'PYTHON'
import numexpr
import numpy as np

x, y = np.array([2**63, 6], np.uint64), np.array([2**31, 6], np.uint32)
print(numexpr.evaluate("x > 5").tolist(), numexpr.evaluate("x * 1.0").tolist(), numexpr.evaluate("x + 0").dtype, end=" ")
print("numpy", (x > 5).tolist(), "uint32", numexpr.evaluate("y > 5").tolist())
PYTHON
seen=$("$folder/venv/bin/python" "$folder/program.py")
echo "$seen"
test "$seen" = "[False, True] [-9.223372036854776e+18, 6.0] int64 numpy [True, True] uint32 [True, True]"
