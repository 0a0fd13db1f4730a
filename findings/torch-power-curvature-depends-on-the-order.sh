#!/usr/bin/env bash
# PyTorch 2.13.0 (CPU, CPython 3.11).
#
# Of x to the power y, the mixed second derivative is (1 + y log x) x^(y-1), so 1/x where y is 0. PyTorch finds it where
# it differentiates by y first, and 0 where it differentiates by x first: a Hessian of both is not symmetric there. At a
# billionth beside 0 the two agree. The same holds of forwards over backwards, and of complex numbers.
#
# Seen: y = 0.0: x first 0.000, y first 0.500 | y = 1e-09: x first 0.500, y first 0.500 | y = 1.0: x first 1.693, y first 1.693 | complex: 0.000, 0.500 | hessian: [[0.0, 0.0], [0.5, 0.48]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import torch

torch.set_default_dtype(torch.float64)


def mixed(exponent, first, then, base=2.0):
    at = {"x": torch.tensor(base, requires_grad=True), "y": torch.tensor(exponent, requires_grad=True)}
    (slope,) = torch.autograd.grad((at["x"] ** at["y"]).real, at[first], create_graph=True)
    return torch.autograd.grad(slope.real, at[then])[0].real.item()


print(
    *(f"y = {y}: x first {mixed(y, 'x', 'y'):.3f}, y first {mixed(y, 'y', 'x'):.3f}" for y in (0.0, 1e-9, 1.0)),
    f"complex: {mixed(0j, 'x', 'y', 2 + 0j):.3f}, {mixed(0j, 'y', 'x', 2 + 0j):.3f}",
    f"hessian: {torch.func.hessian(lambda p: p[0] ** p[1])(torch.tensor([2.0, 0.0])).round(decimals=3).tolist()}",
    sep=" | ",
)
PYTHON
)
echo "$seen"
test "$seen" = "y = 0.0: x first 0.000, y first 0.500 | y = 1e-09: x first 0.500, y first 0.500 | y = 1.0: x first 1.693, y first 1.693 | complex: 0.000, 0.500 | hessian: [[0.0, 0.0], [0.5, 0.48]]"
