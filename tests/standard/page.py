"""Write `docs/numpy.md`, the page of ops by family: `python tests/standard/page.py`. A test keeps it fresh."""

from importlib import import_module
from pathlib import Path

import tapegrad.numpy as tnp
from tapegrad.engines.tables import OPS
from tapegrad.op.kinds import LOCALLY_CONSTANT

PAGE = Path(__file__).parents[2] / "docs" / "numpy.md"

HEAD = """# NumPy functions: the standard's face

`tapegrad.numpy` is the Python array API standard, version 2024.12, and the NumPy and SciPy names that people expect
beyond it. Every function runs on every engine, on arrays of that engine or on `tapegrad.Array`, and has its gradient
wherever there is one.

```python
import numpy as np
import tapegrad
import tapegrad.numpy as tnp

x = np.linspace(0.0, 1.0, 5)  # or an array of JAX, CuPy, …
tapegrad.grad(lambda x: tnp.sum(tnp.tanh(x) ** 2))(x)
```

* **Somebody else's array-API code.** `x.__array_namespace__()` is `tapegrad.numpy`, and what it makes from nothing lies
  on x's engine. Hand the function our array, or let `tapegrad.grad` do it, and differentiate.
* **Code written for NumPy.** `numpy.sin(x)`, `numpy.concatenate([x, y])`, `scipy.special.erf(x)` and operators with a
  NumPy array on the left are the functions listed here. `out=` of ours, `numpy.copyto` and their like write to it, and
  are differentiated. What has no namesake here is computed by NumPy on a copy, and of an array that is being
  differentiated it raises instead: no gradient is lost in silence. [SciPy](scipy.md) has a page of its own.
* **NumPy's arrays and lists beside arrays of another engine** come over to that engine, in operators and in every
  function alike, in any place. Arrays of ours move by `x.to(...)` alone.
* **Python's numbers beside arrays**, alone or in lists, are as wide as the arrays: `x + [0.1, 0.2]` and
  `interp(0.1, x, y)` of float64 arrays are computed in float64. A function of such numbers alone, as `tnp.sqrt(2.0)`
  is one, gives the default dtype.
* **Sparse matrices** of SciPy's are constants of products: `s @ x`, `x @ s`. A `LinearOperator` is applied by
  `tapegrad.numpy.matmul(a, x)`, since its own `@` asks for NumPy's arrays.
* **einops**: `import tapegrad.einops`, once. xarray, scikit-learn's array-API functions, array-api-extra, Hypothesis'
  strategies, matplotlib and pandas take our arrays as they are; not so xarray's `interp` and an index by an array,
  which are SciPy's and NumPy's. A container on the right of an operator, such as a `DataArray`, gets its turn.
* **Keywords** of NumPy's are honoured, or refused by name with a `TypeError`. Results of integers are of the default
  dtype (`tapegrad.set_default_dtype`), where NumPy's are of float64. Lists, whose elements may be tracked, are taken
  for arrays everywhere.
* **The standard's own tests**: `python -m tests.standard CHECKOUT --backend numpy` runs them on `tapegrad.numpy` and on
  the bare engine, and names what fails on ours alone. On 2026-11-28, at commit 55fcc60 with seeds 1, 2 and 3, so many
  failed on `tapegrad.numpy` (on the engine itself): NumPy 2.4 26, 28, 27 (30, 29, 29); array-api-strict 2.6 27, 25, 30
  (27, 28, 29); JAX 0.10 in 64 bits 69, 68, 70 (76, 76, 77). None failed with every seed on ours and with none on it.

## Views

What is a view in NumPy is one here, on every engine: a write through it is a write to its array, is seen in all other
views, and is differentiated where it is recorded, under transforms too.

* **Views**: basic keys (integers, slices, `...`, `None`) that pick an array; `reshape`, `ravel`, `expand_dims`,
  `squeeze` and `atleast_1d` to `3d` wherever NumPy needs no copy; `.T`, `.mT`, `transpose`, `permute_dims`, `swapaxes`,
  `moveaxis`, `rollaxis`; `flip`, `fliplr`, `flipud`, `rot90`; the pieces of `split` and its kin, of `unstack` and of
  iteration; `real` and `imag`.
* **Views that cannot be written to** (`ReadOnlyError`): `broadcast_to`, `diagonal`, `diag` of a matrix.
* **Copies**: index arrays, masks, `take`, `flatten`, `copy`, `astype`, and what every other function gives.
* **Numbers**, as NumPy's scalars are: a key of integers alone that picks one element. `total = x[0]; total += 1` leaves
  `x` alone.
* **Values of their own where NumPy has views**: `sliding_window_view`, `einsum`, `meshgrid(copy=False)`.

What was recorded before a write keeps the values it had, so that no write corrupts a gradient. A write to a view of a
variable is a write to the variable: refused while recording, and outside it the variable stays the variable.

`x.at[key].set(values)`, `add`, `subtract`, `multiply`, `divide`, `power`, `min`, `max`, `apply` and `get` are JAX's:
they give a new array and leave `x` as it is.

## Ops by family

Functions that are not here are made of these. **Gradient in**: the inputs that have a derivative, to any order, in
reverse and in forward mode. A dash: constant between jumps, so that the result is no longer tracked. An input that is
in brackets has none: indices and conditions are constants, and any other raises `NoGradientError` when it is tracked.
**Class**: how exact, as [the page on conformance](conformance.md) explains. What happens at kinks and ties is on the
[page of conventions](conventions.md). All run on every engine; `eager` marks those whose shapes depend on data, which
`vmap` and `compile` refuse.
"""

FAMILIES = {
    "elementwise": "Functions of each element",
    "special": "Special functions",
    "activations": "Activations",
    "reductions": "Reductions",
    "cumulative": "Running sums and their kin",
    "shape": "Shape",
    "diagonals": "Diagonals and triangles",
    "indexing": "Indexing",
    "sorting": "Sorting, searching, sets",
    "contraction": "Products",
    "linalg": "Linear algebra",
    "fft": "Fourier transforms",
    "nn": "Neural networks",
}


def names(op):
    """The names under which an op is called in `tapegrad.numpy`."""
    spaces = {"": tnp, "linalg.": tnp.linalg, "fft.": tnp.fft, "special.": tnp.special}
    return [prefix + op.name for prefix, space in spaces.items() if op.name in space.__all__]


def row(op):
    """A line of the table."""
    with_gradient = [name for name in op.arrays if name in op.formulas]
    without = [f"({name})" for name in op.arrays if name not in op.formulas]
    inputs = "—" if op.kind is LOCALLY_CONSTANT else ", ".join(with_gradient + without)
    known = ", ".join(f"`{name}`" for name in names(op))
    meaning = (op.body.__doc__ or "").strip().splitlines()[0].replace("|", "\\|")
    grade = "exact" if op.kind is LOCALLY_CONSTANT else op.accuracy
    return f"| `{op.name}` | {meaning} | {known} | {inputs} | {grade}{', eager' if op.dynamic else ''} |"


def page():
    """The page."""
    lines = [HEAD]
    for module, title in FAMILIES.items():
        import_module(f"tapegrad.ops.{module}")
        ops = sorted((op for op in OPS.values() if op.module == f"tapegrad.ops.{module}"), key=lambda op: op.name)
        if ops:
            lines += [f"### {title}", "", "| op | meaning | function | gradient in | class |", "|---|---|---|---|---|"]
            lines += [*map(row, ops), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
