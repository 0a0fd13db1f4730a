"""The docs' table of conventions, from the edge cases: `python tests/edge_cases/table.py > docs/conventions.md`."""

import sys
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).parent))

from cases import CASES, TYPED, run_expression

import tapegrad

HEAD = """# Conventions: where several answers are right

Some derivatives are a matter of convention: at ties, at kinks, and where a value is infinite, libraries disagree.
tapegrad has one answer for each, the same on every engine.

- **Kinks** have the subgradient of least norm: 0 for an absolute value, a norm or a singular value of 0.
- **Ties** share the gradient evenly. What is picked by its rank, as by `sort`, `median` and quantiles, gives it to the
  elements that a stable sort puts there.
- **Steps** (`floor`, `round`, `sign`, …) have a slope of 0 everywhere.
- **Zero wins over infinity**: a cotangent of zero over an infinite slope, in rules that have one (`sqrt`, `log`,
  `power`, norms), and a slope of zero over an infinite cotangent, in a power, an absolute value, a norm and a product
  of an array with itself. So √(x·x) is flat at 0, as a norm is. A product of two arrays has no such rule, and an array
  that is read twice, as in x[0] · x[0], or beside a view of itself, counts as two: write `square(x[0])`, and
  `xlogy(x, x)` where x log(x) is masked at 0.
- **Second derivatives.** A smooth function of a norm keeps its own second and third derivatives where the norm is 0:
  the Hessian of ‖x‖² is 2 I there, and that of ‖x‖, which has none, is 0. So it is with functions of eigenvalues and
  singular values that repeat. This holds for `hessian`, `hvp` and `jacfwd(grad)`, which pull; a push of a push
  differentiates the convention.
- **NaN.** A maximum or minimum of elements among which there is a NaN passes it on to all of them. The derivative of
  the logarithm of a determinant at a singular matrix is NaN.
- **Complex numbers.** Gradients are conjugated as PyTorch's are: that of a real function is ∂f/∂Re + i ∂f/∂Im.

`tests/edge_cases` runs these and {others} other cases on every engine; this page is made from them. A dash: no answer
was recorded. The last {last} rows are cases that none of the four has right.

| case | at | tapegrad | PyTorch | JAX | HIPS/autograd | MXNet |
|---|---|---|---|---|---|---|
"""


def shown(value):
    """A value in a few characters."""
    if isinstance(value, dict):
        return "error" if "error" in value else ", ".join(f"{k}: {shown(v)}" for k, v in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, str):
        return value
    return f"{value:.4g}"


def numbers(array):
    """An array as the file would have it."""
    if array.dtype.kind == "c":
        return numpy.stack([array.real, array.imag], axis=-1).tolist()
    return array.tolist()


def ours(case):
    """tapegrad's gradients for a case, on NumPy."""
    try:
        with tapegrad.use_backend("numpy"), tapegrad.dtypes.use_default_dtype("float64"):
            got = run_expression(case)
    except TYPED:
        return "error"
    return shown({name: numbers(got[name]) for name in case["wrt"]})


def rows():
    """A row for each convention, then for each case that no peer has right."""
    for tier in ("convention", "aspirational"):
        for case in CASES.values():
            if case["api"] == "expr" and case["tier"] == tier:
                at = ", ".join(f"{name} = {shown(given['value'])}" for name, given in case["inputs"].items())
                peers = [case["anchors"].get(peer) for peer in ("torch", "jax", "hips", "mxnet")]
                cells = [f"`{case['expr']}`", at, ours(case), *("–" if p is None else shown(p) for p in peers)]
                yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page():
    """The whole page."""
    found = list(rows())
    last = sum(case["tier"] == "aspirational" for case in CASES.values())
    return HEAD.format(others=len(CASES) - len(found), last=last) + "\n".join(found) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
