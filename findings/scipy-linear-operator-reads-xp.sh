#!/usr/bin/env bash
# SciPy 1.18.1 beside 1.17.1, with NumPy 2.5.0 (CPython 3.12).
#
# Since 1.18 a LinearOperator asks what it is multiplied by for an attribute `_xp`, before anything else, and takes what
# it finds for the operand's namespace. An array whose own class happens to keep something else under that private name
# (here a subclass of numpy.ndarray) is refused with a TypeError about mismatched namespaces; 1.17 multiplies it.
#
# Seen: 1.17.1: plain [1. 5.], with _xp [1. 5.] | 1.18.1: plain [1. 5.], with _xp TypeError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/program.py" <<'PYTHON'
import numpy as np
import scipy
from scipy.sparse.linalg import aslinearoperator


class Plain(np.ndarray):
    pass


class Named(np.ndarray):
    _xp = "of my own"


def product(kind):
    try:
        return np.asarray(aslinearoperator(np.array([[1.0, 0.0], [1.0, 2.0]])) @ np.array([1.0, 2.0]).view(kind))
    except Exception as error:
        return type(error).__name__


print(f"{scipy.__version__}: plain {product(Plain)}, with _xp {product(Named)}")
PYTHON
for version in 1.17.1 1.18.1; do
    python3.12 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "scipy==$version" numpy==2.5.0
    "$folder/$version/bin/python" "$folder/program.py" >>"$folder/seen"
done
seen=$(paste -sd'|' "$folder/seen" | sed 's/|/ | /')
echo "$seen"
test "$seen" = "1.17.1: plain [1. 5.], with _xp [1. 5.] | 1.18.1: plain [1. 5.], with _xp TypeError"
