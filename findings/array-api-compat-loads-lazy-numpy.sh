#!/usr/bin/env bash
# array-api-compat 1.16.0 with NumPy 2.4.6 (CPython 3.11).
#
# `import array_api_compat.numpy` asks for every public name of NumPy once, those included that NumPy itself loads only
# on request. So it imports numpy.f2py, numpy.testing, numpy.ma and numpy.polynomial, none of which is part of the array
# API standard, and none of which `import numpy` loads.
#
# Seen: before: none; after: f2py ma polynomial testing
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check array-api-compat==1.16.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import sys

import numpy

LAZY = ("f2py", "ma", "polynomial", "testing")


def loaded():
    return " ".join(name for name in LAZY if f"numpy.{name}" in sys.modules) or "none"


before = loaded()
import array_api_compat.numpy

print(f"before: {before}; after: {loaded()}")
PYTHON
)
echo "$seen"
test "$seen" = "before: none; after: f2py ma polynomial testing"
