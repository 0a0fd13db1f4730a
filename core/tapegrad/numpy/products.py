"""Products of arrays: dot and its kin, einsum, convolution of sequences, interpolation."""

from __future__ import annotations

from typing import Any

from ..array import Array
from ..kernels import OPS
from ..ops import contraction
from .creation import asarray
from .info import result_type

__all__ = [
    "convolve",
    "correlate",
    "cross",
    "dot",
    "einsum",
    "gradient",
    "inner",
    "interp",
    "kron",
    "matmul",
    "outer",
    "polyval",
    "tensordot",
    "vander",
    "vdot",
    "vecdot",
]


def _one(name: str, *arrays: Any, **keywords: Any) -> Array:
    found: Array = OPS[name].call(*[asarray(a) for a in arrays], **keywords)
    return found


def dot(a: Any, b: Any) -> Array:
    """The sum of products over the last axis of `a` and the last but one of `b`, as `numpy.dot`."""
    a, b = asarray(a), asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return _one("multiply", a, b)
    if a.ndim <= 2 and b.ndim <= 2:
        return _one("matmul", a, b)
    return _one("tensordot", a, b, axes=((-1,), (-2 if b.ndim > 1 else -1,)))


def matmul(x: Any, y: Any, /) -> Array:
    """The matrix product x @ y."""
    return _one("matmul", x, y)


def inner(x: Any, y: Any, /) -> Array:
    """The sum of products over the last axes of both."""
    x, y = asarray(x), asarray(y)
    if x.ndim == 0 or y.ndim == 0:
        return _one("multiply", x, y)
    return _one("tensordot", x, y, axes=((-1,), (-1,)))


def outer(a: Any, b: Any) -> Array:
    """All products of an element of one with one of the other, both flattened."""
    return _one("outer", asarray(a).reshape(-1), asarray(b).reshape(-1))


def vdot(x: Any, y: Any, /) -> Array:
    """The dot product of both flattened, the first conjugated."""
    return _one("vecdot", asarray(x).reshape(-1), asarray(y).reshape(-1))


def vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Array:
    """The dot product of vectors along an axis, the first conjugated."""
    found = _one("vecdot", x, y, axis=axis)
    wanted = result_type(asarray(x), asarray(y))
    # Engines sum small integers in 64 bits; the standard's vecdot stays in the dtype of the two.
    return found if found.dtype == wanted else found.astype(wanted)


def tensordot(a: Any, b: Any, axes: Any = 2) -> Array:
    """The product summed over several axes: the last so many and the first, or pairs of axes."""
    return _one("tensordot", a, b, axes=axes)


def cross(a: Any, b: Any, *, axis: int = -1) -> Array:
    """The cross product of 3-vectors along an axis."""
    return _one("cross", a, b, axis=axis)


def kron(a: Any, b: Any) -> Array:
    """The Kronecker product: each element of `a` times all of `b`, in blocks."""
    found: Array = contraction.kron(asarray(a), asarray(b))
    return found


def einsum(subscripts: Any, /, *operands: Any, optimize: Any = True) -> Array:
    """Sums of products by Einstein's convention, `einsum("ij,jk->ik", x, y)` or `einsum(x, [0, 1], y, [1, 2])`.

    The order of the products is found by opt_einsum; `optimize` is its word for how, a path, or False: left to right.
    """
    arguments: list[Any] = [subscripts, *operands]
    if isinstance(subscripts, str):
        arguments[1:] = map(asarray, operands)
    else:
        # Arrays stand at the even places, the labels of their axes behind them; the result's labels may come last.
        for i in range(0, len(arguments) - len(arguments) % 2, 2):
            arguments[i] = asarray(arguments[i])
    found: Array = contraction.einsum(*arguments, optimize=optimize)
    return found


def convolve(a: Any, v: Any, mode: str = "full") -> Array:
    """The convolution of two sequences: "full", "same" or "valid"."""
    a, v = asarray(a), asarray(v)
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError(f"convolve takes two sequences, not arrays of shapes {a.shape} and {v.shape}")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"convolve: mode is {mode!r}; choose 'full', 'same' or 'valid'")
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    border = m - 1 if mode == "full" else 0 if mode == "valid" else None
    pads = ((m - 1) // 2 + (m - 1) % 2, (m - 1) // 2) if border is None else (border, border)
    padded = OPS["pad"].call(a, widths=(pads,), mode="constant", value=0) if any(pads) else a
    weight = OPS["flip"].call(v, axis=0).reshape(1, 1, m)
    found: Array = OPS["convolution"].call(padded.reshape(1, 1, n + sum(pads)), weight)
    return found.reshape(-1)


def correlate(a: Any, v: Any, mode: str = "valid") -> Array:
    """The cross-correlation of two sequences, the second conjugated."""
    a, v = asarray(a), OPS["conj"].call(OPS["flip"].call(asarray(v), axis=0))
    found = convolve(a, v, mode)
    return found


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Array:
    """Straight lines between the points (xp, fp), at `x`; beyond them the end values, or `left` and `right`."""
    x, knots, values = asarray(x), asarray(xp), asarray(fp)
    n = knots.shape[0]
    place = OPS["searchsorted"].call(knots.detach(), x.detach().astype(knots.dtype), side="right")
    i = OPS["clip"].call(place, 1, n - 1)
    x0, x1 = (OPS["take"].call(knots, j, axis=0) for j in (i - 1, i))
    y0, y1 = (OPS["take"].call(values, j, axis=0) for j in (i - 1, i))
    line = y0 + (x - x0) / (x1 - x0) * (y1 - y0)
    line = OPS["where"].call(x < knots[0], values[0] if left is None else left, line)
    found: Array = OPS["where"].call(x > knots[-1], values[-1] if right is None else right, line)
    return found


def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes by central differences inside and one-sided ones at the edges, along each axis; `spacing` is a number."""
    f = asarray(f)
    if edge_order != 1:
        raise ValueError(f"gradient: edge_order={edge_order} is not there; use 1")
    axes = tuple(range(f.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    steps = list(spacing) * len(axes) if len(spacing) == 1 else list(spacing) or [1.0] * len(axes)
    if len(steps) != len(axes):
        raise ValueError(f"gradient: {len(spacing)} spacings for {len(axes)} axes")
    found = []
    for a, h in zip(axes, steps, strict=True):
        n, before = f.shape[a], (slice(None),) * (a % f.ndim)

        def part(start: int, stop: int, before: tuple[slice, ...] = before) -> Array:
            found: Array = f[(*before, slice(start, stop))]
            return found

        if n < 2:
            raise ValueError(f"gradient: axis {a} has length {n}, and two elements are needed for a slope")
        middle = (part(2, n) - part(0, n - 2)) / (2.0 * h)
        first, last = (part(1, 2) - part(0, 1)) / h, (part(n - 1, n) - part(n - 2, n - 1)) / h
        found.append(OPS["concat"].call(first, middle, last, axis=a))
    return found[0] if len(found) == 1 else found


def polyval(p: Any, x: Any) -> Array:
    """A polynomial with coefficients `p`, the highest power first, at `x`."""
    p, x = asarray(p), asarray(x)
    total: Array = p[0] + OPS["zeros_like"].call(x.detach())
    for i in range(1, p.shape[0]):
        total = total * x + p[i]
    return total


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Array:
    """The powers of each element in a row."""
    x = asarray(x)
    n = x.shape[0] if N is None else N
    powers = [x**k if k else OPS["ones_like"].call(x.detach()) for k in range(n)]
    found: Array = OPS["stack"].call(*(powers if increasing else reversed(powers)), axis=-1)
    return found
