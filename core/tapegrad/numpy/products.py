"""Products of arrays: dot and similar products, einsum, convolution of sequences, interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..engines.tables import OPS
from ..errors import ArgumentError, ShapeError
from ..ops import contraction
from ..ops.indexing import axes_of, axis_of
from .arguments import asarray, op
from .info import result_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..typing import ArrayLike, Axes
    from .arrays import ndarray


def _one(name: str, *arrays: Any, **keywords: Any) -> ndarray:
    found: ndarray = OPS[name].call(*[a if _is_foreign(a) else asarray(a) for a in arrays], **keywords)
    return found


def _is_foreign(a: Any) -> bool:
    """Whether an operand has a shape and is no array of any engine: a linear map, or what has operators of its own."""
    return (
        not isinstance(a, (Array, host.ndarray, host.generic))
        and hasattr(a, "shape")
        and not hasattr(a, "__array_namespace__")
    )


def dot(a: ArrayLike, b: ArrayLike) -> ndarray:
    """The sum of products over the last axis of `a` and the last but one of `b`, as `numpy.dot`.

    Shapes: the axes of `a` and then those of `b`, without the two that are summed over; scalars multiply.
    Raises: `ShapeError` where the two axes differ in length.

    >>> tnp.dot([[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0])
    Array([-1., -1.], dtype=float32)
    """
    a, b = asarray(a), asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return _one("multiply", a, b)
    if a.ndim <= 2 and b.ndim <= 2:
        return _one("matmul", a, b)
    return _one("tensordot", a, b, axes=((-1,), (-2 if b.ndim > 1 else -1,)))


def matmul(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """The matrix product x @ y.

    Shapes: (..., m, k) and (..., k, n) give (..., m, n); a vector is a row on the left, a column on the right.
    Raises: `ShapeError` where they do not go together.

    >>> tnp.matmul(tnp.eye(2), [[1.0], [2.0]])
    Array([[1.],
           [2.]], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.matmul([[1.0, 2.0], [3.0, 4.0]], x)))(tnp.asarray([1.0, 1.0]))
    Array([4., 6.], dtype=float32)
    """
    return _one("matmul", x, y)


def inner(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """The sum of products over the last axes of both.

    Shapes: the axes of `x` and then those of `y`, without the last of each; scalars multiply.
    Raises: `ShapeError` where the last axes differ in length.

    >>> tnp.inner([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    Array([3., 7.], dtype=float32)
    """
    x, y = asarray(x), asarray(y)
    if x.ndim == 0 or y.ndim == 0:
        return _one("multiply", x, y)
    return _one("tensordot", x, y, axes=((-1,), (-1,)))


def outer(a: ArrayLike, b: ArrayLike) -> ndarray:
    """All products of an element of one with one of the other, both flattened.

    Shapes: (m, n), for m and n elements.

    >>> tnp.outer([1.0, 2.0], [3.0, 4.0])
    Array([[3., 4.],
           [6., 8.]], dtype=float32)
    """
    return _one("outer", asarray(a).reshape(-1), asarray(b).reshape(-1))


def vdot(x: ArrayLike, y: ArrayLike, /) -> ndarray:
    """The dot product of both flattened, the first conjugated.

    Shapes: any two of one size; the result is ().
    Raises: `ShapeError` where sizes differ.

    >>> tnp.vdot([1j, 2.0], [1j, 1.0])
    Array(3.+0.j, dtype=complex64)
    """
    return _one("vecdot", asarray(x).reshape(-1), asarray(y).reshape(-1))


def vecdot(x: ArrayLike, y: ArrayLike, /, *, axis: int = -1) -> ndarray:
    """The dot product of vectors along an axis, the first conjugated.

    Shapes: that which both broadcast to, without `axis`.
    Raises: `ShapeError` where lengths differ, `AxisError` for an axis that is not in both.

    >>> tnp.vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    Array([3., 7.], dtype=float32)
    """
    found = _one("vecdot", x, y, axis=axis)
    wanted = result_type(asarray(x), asarray(y))
    # Engines sum small integers in 64 bits; the standard's vecdot stays in the dtype of the two.
    return found if found.dtype == wanted else found.astype(wanted)


def tensordot(a: ArrayLike, b: ArrayLike, axes: int | Sequence[int | Sequence[int]] = 2) -> ndarray:
    """The product summed over several axes: the last so many and the first, or pairs of axes.

    Shapes: the axes of `a` that are left, then those of `b`.
    Raises: `ShapeError` for axes that are not there, named twice, not as many, or differ in length.

    >>> tnp.tensordot(tnp.ones((2, 3, 4)), tnp.ones((4, 3, 5)), axes=((1, 2), (1, 0))).shape
    (2, 5)
    """
    return _one("tensordot", a, b, axes=axes)


def cross(
    a: ArrayLike, b: ArrayLike, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> ndarray:
    """The cross product of 3-vectors along an axis, or along `axisa` and `axisb`, with the result along `axisc`.

    Shapes: that which both broadcast to, with 3 along `axis`.
    Raises: `ShapeError` for an axis of another length.

    >>> tnp.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    Array([0., 0., 1.], dtype=float32)
    """
    if axis is not None or axisa == axisb == axisc:
        return _one("cross", a, b, axis=axisa if axis is None else axis)
    first, second = (op.moveaxis(asarray(z), source=s, destination=-1) for z, s in ((a, axisa), (b, axisb)))
    return op.moveaxis(_one("cross", first, second, axis=-1), source=-1, destination=axisc)


def matvec(x1: ArrayLike, x2: ArrayLike, /) -> ndarray:
    """The products of matrices with vectors, in the last axes.

    Shapes: (..., m, n) and (..., n) give (..., m).
    Raises: `ShapeError` where they do not go together.

    >>> tnp.matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0])
    Array([-1., -1.], dtype=float32)
    """
    return _one("matmul", x1, op.expand_dims(asarray(x2), axis=-1))[..., 0]


def vecmat(x1: ArrayLike, x2: ArrayLike, /) -> ndarray:
    """The products of vectors, conjugated, with matrices, in the last axes.

    Shapes: (..., m) and (..., m, n) give (..., n).
    Raises: `ShapeError` where they do not go together.

    >>> tnp.vecmat([1.0, -1.0], [[1.0, 2.0], [3.0, 4.0]])
    Array([-2., -2.], dtype=float32)
    """
    matrices = asarray(x2)
    if matrices.ndim < 2:
        raise ShapeError(f"vecmat takes matrices in the last two axes of x2, not shape {matrices.shape}")
    row = op.expand_dims(op.conj(asarray(x1)), axis=-2)
    return _one("matmul", row, matrices)[..., 0, :]


def kron(a: ArrayLike, b: ArrayLike) -> ndarray:
    """The Kronecker product: each element of `a` times all of `b`, in blocks.

    Shapes: the products of the lengths, aligned from the back.

    >>> tnp.kron([1.0, 10.0], [1.0, 2.0])
    Array([ 1.,  2., 10., 20.], dtype=float32)
    """
    found: ndarray = contraction.kron(asarray(a), asarray(b))
    return found


def einsum(subscripts: str, /, *operands: ArrayLike, optimize: bool | str = True) -> ndarray:
    """Sums of products by Einstein's convention, `einsum("ij,jk->ik", x, y)` or `einsum(x, [0, 1], y, [1, 2])`.

    The order of the products is found by opt_einsum; `optimize` is its word for how, a path, or False: left to right.

    Shapes: as the labels say; axes of one label have one length, or 1.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where subscripts and shapes do not agree, `ValueError` for labels or an `optimize` that are
    none.

    >>> tnp.einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0])
    Array([-1., -1.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.einsum("ii", x))(tnp.ones((2, 2)))
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    arguments: list[Any] = [subscripts, *operands]
    if isinstance(subscripts, str):
        arguments[1:] = map(asarray, operands)
    else:
        # Arrays stand at the even places, the labels of their axes behind them; the result's labels may come last.
        for i in range(0, len(arguments) - len(arguments) % 2, 2):
            arguments[i] = asarray(arguments[i])
    found: ndarray = contraction.einsum(*arguments, optimize=optimize)
    return found


def convolve(a: ArrayLike, v: ArrayLike, mode: str = "full") -> ndarray:
    """The convolution of two sequences: "full", "same" or "valid".

    Shapes: (n,) and (m,) give (n + m - 1,); "same" as long as the longer, "valid" where both overlap in full.
    Raises: `ShapeError` for anything that is not a sequence, `ValueError` for another mode.

    >>> tnp.convolve([1.0, 2.0, 3.0], [1.0, 1.0])
    Array([1., 3., 5., 3.], dtype=float32)
    """
    a, v = (z.reshape(1) if z.ndim == 0 else z for z in map(asarray, (a, v)))
    if a.ndim != 1 or v.ndim != 1 or 0 in (*a.shape, *v.shape):
        raise ShapeError(f"convolve takes two sequences that are not empty, not shapes {a.shape} and {v.shape}")
    if mode not in ("full", "same", "valid"):
        raise ArgumentError(f"convolve: mode is {mode!r}; choose 'full', 'same' or 'valid'")
    if v.shape[0] > a.shape[0]:
        a, v = v, a
    n, m = a.shape[0], v.shape[0]
    border = m - 1 if mode == "full" else 0 if mode == "valid" else None
    pads = ((m - 1) // 2 + (m - 1) % 2, (m - 1) // 2) if border is None else (border, border)
    padded = op.pad(a, widths=(pads,), mode="constant", value=0) if any(pads) else a
    weight = op.flip(v, axis=0).reshape(1, 1, m)
    found: ndarray = op.convolution(padded.reshape(1, 1, n + sum(pads)), weight)
    return found.reshape(-1)


def correlate(a: ArrayLike, v: ArrayLike, mode: str = "valid") -> ndarray:
    """The cross-correlation of two sequences, the second conjugated.

    Shapes: as `convolve`.
    Raises: as `convolve`.

    >>> tnp.correlate([1.0, 2.0, 3.0], [0.0, 1.0])
    Array([2., 3.], dtype=float32)
    """
    a, v = asarray(a), op.conj(op.flip(asarray(v), axis=0))
    found = convolve(a, v, mode)
    return found


def interp(
    x: ArrayLike,
    xp: ArrayLike,
    fp: ArrayLike,
    left: ArrayLike | None = None,
    right: ArrayLike | None = None,
    period: float | None = None,
) -> ndarray:
    """Straight lines between the points (xp, fp), at `x`; beyond them the end values, or `left` and `right`.

    `period`: places that far apart are the same, and the points need no order.

    Shapes: that of `x`; `xp`, rising, and `fp` are as many numbers.
    Dtypes: all are promoted to one, integers to the default float.
    Raises: `ShapeError` for points that are not two rows of the same length.

    >>> tnp.interp([0.5, 3.0], [0.0, 1.0], [1.0, 3.0])
    Array([2., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.interp(x, [0.0, 1.0], [1.0, 3.0]))(0.5)
    2.0
    """
    x, knots, values = (
        z if z.dtype in dtypes.INEXACT else z.astype(dtypes.get_default_dtype()) for z in map(asarray, (x, xp, fp))
    )
    if knots.ndim != 1 or knots.shape != values.shape or not knots.shape[0]:
        raise ShapeError(f"interp: points of shapes {knots.shape} and {values.shape}; they must be as many numbers")
    if period is not None:
        x, knots = x % period, knots % period
        order = op.argsort(knots._detached(), axis=-1)
        knots, values = (op.take(z, order, axis=0) for z in (knots, values))
        knots = op.concat(knots[-1:] - period, knots, knots[:1] + period, axis=0)
        values = op.concat(values[-1:], values, values[:1], axis=0)
        left = right = None
    n = knots.shape[0]
    place = op.searchsorted(knots._detached(), x._detached().astype(knots.dtype), side="right")
    i = op.clip(place, 1, n - 1)
    x0, x1 = (op.take(knots, j, axis=0) for j in (i - 1, i))
    y0, y1 = (op.take(values, j, axis=0) for j in (i - 1, i))
    line = y0 + (x - x0) / (x1 - x0) * (y1 - y0)
    line = op.where(x < knots[0], values[0] if left is None else left, line)
    return op.where(x > knots[-1], values[-1] if right is None else right, line)


def gradient(f: ArrayLike, *varargs: ArrayLike, axis: Axes | None = None, edge_order: int = 1) -> Any:
    """Slopes by central differences inside and one-sided ones at the edges, along each axis, in both orders 1 and 2.

    `varargs`: how far neighbours are apart, a number for all axes or for each, or the places along it.

    Shapes: that of `f`; of several axes a list.
    Dtypes: that of `f`; integers become the default float.
    Raises: `ValueError` for fewer than two elements, other numbers of spacings than axes, or another `edge_order`.

    >>> tnp.gradient([1.0, 2.0, 4.0])
    Array([1. , 1.5, 2. ], dtype=float32)
    """
    f = asarray(f)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order is {edge_order}; choose 1 or 2")
    if f.dtype not in dtypes.INEXACT:
        f = f.astype(dtypes.get_default_dtype())
    axes = tuple(range(f.ndim)) if axis is None else axes_of(axis, f.ndim)
    steps = list(varargs) * len(axes) if len(varargs) == 1 else list(varargs) or [1.0] * len(axes)
    if len(steps) != len(axes):
        raise ArgumentError(f"gradient: {len(varargs)} spacings for {len(axes)} axes")
    found = [_slopes(f, axis_of(a, f.ndim), h, edge_order) for a, h in zip(axes, steps, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slopes(f: ndarray, axis: int, spacing: Any, edge_order: int) -> ndarray:
    """The slopes along one axis."""
    n, before = f.shape[axis], (slice(None),) * axis
    if n < edge_order + 1:
        raise ArgumentError(
            f"gradient: axis {axis} has length {n}, and {edge_order + 1} elements are needed for a slope"
        )

    def part(start: int, stop: int) -> ndarray:
        return f[(*before, slice(start, stop))]

    h: Any = asarray(spacing) if isinstance(spacing, (Array, host.ndarray, list, tuple)) else spacing
    even = not isinstance(h, Array) or h.ndim == 0
    if not even:
        if h.shape != (n,):
            raise ShapeError(f"gradient: places of shape {h.shape} along axis {axis} of length {n}")
        h = h[1:] - h[:-1]
        h = h.reshape(tuple(-1 if i == axis else 1 for i in range(f.ndim)))

    def step(i: int, stop: int) -> Any:
        """The distances from the i-th neighbours on."""
        return h if even else h[(*before, slice(i, stop))]

    left, right = step(0, n - 2), step(1, n - 1)
    # The weights of the parabola through three neighbours; on even steps those of the central difference.
    middle = (
        (part(2, n) - part(0, n - 2)) / (2.0 * h)
        if even
        else part(0, n - 2) * (-right / (left * (left + right)))
        + part(1, n - 1) * ((right - left) / (left * right))
        + part(2, n) * (left / (right * (left + right)))
    )
    if edge_order == 1:
        first = (part(1, 2) - part(0, 1)) / step(0, 1)
        last = (part(n - 1, n) - part(n - 2, n - 1)) / step(n - 2, n - 1)
    else:
        a, b = step(0, 1), step(1, 2)
        first = (
            part(0, 1) * (-(2.0 * a + b) / (a * (a + b)))
            + part(1, 2) * ((a + b) / (a * b))
            - part(2, 3) * (a / (b * (a + b)))
        )
        a, b = step(n - 3, n - 2), step(n - 2, n - 1)
        last = (
            part(n - 3, n - 2) * (b / (a * (a + b)))
            - part(n - 2, n - 1) * ((a + b) / (a * b))
            + part(n - 1, n) * ((2.0 * b + a) / (b * (a + b)))
        )
    return op.concat(first, middle, last, axis=axis)
