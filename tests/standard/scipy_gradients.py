"""Measure `scipy_calls.py`: which calls of SciPy, as they are, have the right gradient in one of our arrays.

    python tests/standard/scipy_gradients.py

The verdicts are written to `docs/scipy.md`; `tests/standard/test_scipy.py` judges again and compares.

The truth is a difference quotient of the same call of NumPy arrays, along random directions. A call is `right`, or it
`raises` (the reason follows), or it is `WRONG`: it finishes without a word with another gradient, which is the loss
that must not happen.
"""

import os
import warnings
from pathlib import Path

os.environ.setdefault("SCIPY_ARRAY_API", "1")

import numpy as np
import scipy
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.ndimage
import scipy.signal
import scipy.spatial
import scipy.special
import scipy.stats
from scipy_calls import CALLS

import tapegrad
import tapegrad.numpy as tnp

_draw = np.random.default_rng(5)
ARRAYS = {
    "vector": _draw.standard_normal(9),
    "positive": _draw.uniform(0.5, 2.0, 9),
    "unit": _draw.uniform(0.1, 0.9, 5),
    "matrix": _draw.standard_normal((4, 4)),
    "three": _draw.uniform(0.2, 0.9, 3),
}


def height(xp, found):
    """One number out of a result: its elements, weighted unevenly."""
    weights = np.cos(np.arange(int(np.prod(found.shape))) + 0.3).reshape(found.shape)
    if np.dtype(str(np.dtype(found.dtype))).kind == "c":
        return xp.sum(xp.real(found) * weights) + xp.sum(xp.imag(found) * weights[::-1])
    return xp.sum(found * weights)


def judge(name):
    """What becomes of a call: "right", "WRONG: …" or "raises: …"."""
    kind, call = CALLS[name]
    x = ARRAYS[kind]

    def plain(z):
        return float(height(np, np.asarray(call(scipy, z))))

    value = plain(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # A result that is a NumPy array has lost the gradient; it is a constant here, with zeros for a gradient.
            found, gradient = tapegrad.value_and_grad(lambda z: height(tnp, tnp.asarray(call(scipy, z))))(x)
        except Exception as error:
            return f"raises: {type(error).__name__}: {str(error).splitlines()[0].partition(';')[0]}"
    if not np.isclose(found, value, rtol=1e-9, atol=1e-12):
        return f"WRONG: the value is {float(found)}, not {value}"
    step = 1e-6
    for direction in np.random.default_rng(0).standard_normal((4, *x.shape)):
        quotient = (plain(x + step * direction) - plain(x - step * direction)) / (2 * step)
        ours = float(np.vdot(gradient, direction))
        if not abs(ours - quotient) <= 1e-6 * (1 + abs(quotient) + np.abs(gradient).sum()):
            return f"WRONG: the slope is {ours}, not {quotient}"
    return "right"


REASONS = {
    "would lose its gradient": "compiled code of NumPy arrays",
    "Multiple namespaces": "SciPy makes a NumPy array of an argument that is a list",
    "no derivative in 'a'": "no derivative in the first parameter; pass a detached array",
}
"""Why a call raises, by what its error says."""


def table(verdicts):
    """The page of the docs."""
    right = sum(verdict == "right" for verdict in verdicts.values())
    lines = [
        "# SciPy functions",
        "",
        "SciPy's functions take arrays of any library when `SCIPY_ARRAY_API=1` is set before SciPy is imported, and",
        "then many of them can be differentiated as they are. Set the default dtype to `float64`, which SciPy expects.",
        "An array of NumPy's beside ours, SciPy refuses itself (`Multiple namespaces`): give it `tnp.asarray(w)`.",
        "",
        f"Of {len(verdicts)} calls, listed before any was tried, {right} have the right gradient, and none loses it in",
        "silence. Measured by `tests/standard/scipy_gradients.py`, which writes this page; the calls themselves are in",
        f"`tests/standard/scipy_calls.py`. This was SciPy {scipy.__version__}; others may do more.",
        "",
        "| call | gradient | why not |",
        "|---|---|---|",
    ]
    for name, verdict in verdicts.items():
        word, _, rest = verdict.partition(": ")
        reason = next((reason for part, reason in REASONS.items() if part in rest), rest)
        lines.append(f"| `{name}` | {word} | {reason} |")
    return "\n".join(lines) + "\n"


PAGE = Path(__file__).parents[2] / "docs" / "scipy.md"

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    tapegrad.set_default_dtype("float64")
    PAGE.write_text(table({name: judge(name) for name in CALLS}), encoding="utf-8")
