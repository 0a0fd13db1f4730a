"""Products summed over axes that two arrays share: matmul, tensordot, einsum and similar products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, AxisError, ShapeError
from ..op import multilinear, op
from ..op.samples import normal


def _pull_left(xp: Any, g: Any, y: Any, ndim: int) -> Any:
    if y.ndim == 1:
        # The length of a vector, the root of its product with itself, is flat at 0 as `norm` is.
        return xp.multiply_or_zero(g, y) if ndim == 1 else xp.multiply(xp.expand_dims(g, axis=-1), y)
    if ndim == 1:
        return xp.matmul(y, g) if y.ndim == 2 else xp.getitem(xp.matmul(y, xp.expand_dims(g, axis=-1)), key=(..., 0))
    if g.shape[-2:] == (1, 1):
        return xp.multiply_or_zero(g, xp.matrix_transpose(y))
    return xp.matmul(g, xp.matrix_transpose(y))


def _pull_right(xp: Any, g: Any, x: Any, ndim: int) -> Any:
    if x.ndim == 1 and ndim == 1:
        return xp.multiply_or_zero(g, x)
    if x.ndim == 1:
        return xp.multiply(xp.expand_dims(x, axis=-1), xp.expand_dims(g, axis=-2))
    if ndim == 1:
        return (
            xp.getitem(xp.matmul(xp.expand_dims(g, axis=-2), x), key=(..., 0, slice(None)))
            if x.ndim > 2
            else xp.matmul(g, x)
        )
    if g.shape[-2:] == (1, 1) and ndim == x.ndim:
        return xp.multiply_or_zero(g, xp.matrix_transpose(x))
    if ndim == 2 and x.ndim > 2:
        # One product over all leading axes at once, where the textbook's would make a stack of them only to add it up.
        rows = math.prod(x.shape[:-1])
        x, g = xp.reshape(x, shape=(rows, x.shape[-1])), xp.reshape(g, shape=(rows, g.shape[-1]))
    return xp.matmul(xp.matrix_transpose(x), g)


def _matrices(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of matmul: vectors become matrices of one row or column, and ranks are made to agree."""
    xp, (x, y) = RECORDED, args
    row, column = x.ndim - batched[0] == 1, y.ndim - batched[1] == 1
    if row and not batched[1] and y.ndim == 2:
        return op.call(x, y)
    if column and not batched[0] and x.ndim == 2:
        return op.call(y, xp.matrix_transpose(x))
    if row:
        x = xp.expand_dims(x, axis=-2)
    if column:
        y = xp.expand_dims(y, axis=-1)
    rank = max(x.ndim - batched[0], y.ndim - batched[1])
    x, y = (
        xp.reshape(z, shape=(size, *(1,) * (rank - z.ndim + 1), *z.shape[1:])) if on and z.ndim <= rank else z
        for z, on in ((x, batched[0]), (y, batched[1]))
    )
    out = op.call(x, y)
    if not (row or column):
        return out
    key = (..., 0, 0) if row and column else (..., 0, slice(None)) if row else (..., 0)
    return xp.getitem(out, key=key)


@multilinear(
    x=lambda xp, g, y, spec_x: _pull_left(xp, g, y, spec_x.ndim),
    y=lambda xp, g, x, spec_y: _pull_right(xp, g, x, spec_y.ndim),
    batch=_matrices,
    primitive=True,
    samples=[
        (normal(3, 4), normal(4, 2)),
        (normal(4), normal(4)),
        (normal(4), normal(4, 2)),
        (normal(3, 4), normal(4)),
        (normal(2, 3, 4), normal(4, 2)),
        (normal(3, 4), normal(2, 4, 2)),
        (normal(4), normal(2, 4, 2)),
        (normal(2, 3, 4), normal(4)),
        (normal(2, 1, 3, 4), normal(5, 4, 2)),
        (normal(2, 3, 4), normal(2, 4, 2)),
        (normal(2, 0), normal(0, 3)),
        (normal(0, 2), normal(2, 3)),
        (normal(1, 1), normal(1, 1)),
    ],
    errors=[(normal(3, 4), normal(3, 4)), (normal(), normal(3)), (normal(2, 3, 4), normal(3, 4, 2))],
)
def matmul(xp: Any, x: Any, y: Any) -> Any:
    """The matrix product x @ y over any leading axes; a vector counts as a row on the left, a column on the right.

    Shapes: (..., m, k) and (..., k, n) give (..., m, n), leading axes broadcast; a vector's axis of 1 is left out
    again.
    Raises: `ShapeError` for numbers without axes, for axes that differ in length or do not broadcast.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> a, x = tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), tnp.asarray([1.0, -1.0])
    >>> matmul(a, x)
    Array([-1., -1.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(a @ x))(x)
    Array([4., 6.], dtype=float32)
    """
    return xp.matmul(x, y)


def _contracted(x: Any, y: Any, axes: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of x and of y that go together, counted from the front. Raises `ShapeError` where they cannot."""
    if isinstance(axes, int):
        if not 0 <= axes <= min(x.ndim, y.ndim):
            raise ShapeError(f"tensordot over {axes} axes of arrays of shapes {tuple(x.shape)} and {tuple(y.shape)}")
        axes = tuple(range(x.ndim - axes, x.ndim)), tuple(range(axes))
    pair = [(a,) if isinstance(a, int) else tuple(a) for a in axes]
    if len(pair) != 2 or len(pair[0]) != len(pair[1]):
        raise ShapeError(f"tensordot takes as many axes of one array as of the other, not {axes!r}")
    found = []
    for z, several in zip((x, y), pair, strict=True):
        if any(not -z.ndim <= a < z.ndim for a in several) or len({a % z.ndim for a in several}) != len(several):
            raise ShapeError(f"tensordot: axes {several} of an array of shape {tuple(z.shape)}")
        found.append(tuple(a % z.ndim for a in several))
    for a, b in zip(*found, strict=True):
        if x.shape[a] != y.shape[b]:
            raise ShapeError(
                f"tensordot: axis {a} of shape {tuple(x.shape)} and axis {b} of shape {tuple(y.shape)} differ in length"
            )
    return found[0], found[1]


def _pull_tensordot(xp: Any, g: Any, other: Any, spec: Any, mine: tuple[int, ...], theirs: tuple[int, ...]) -> Any:
    """The transpose in an operand of which `g` has the free axes in front, and the other operand's behind them."""
    free = [a for a in range(spec.ndim) if a not in mine]
    others = [a for a in range(other.ndim) if a not in theirs]
    if math.prod(g.shape) == 1:
        turned = xp.permute_dims(
            other, axes=(*others, *(theirs[i] for i in sorted(range(len(mine)), key=mine.__getitem__)))
        )
        return xp.multiply_or_zero(xp.reshape(g, shape=()), xp.reshape(turned, shape=spec.shape))
    out = xp.tensordot(g, other, axes=(tuple(range(len(free), g.ndim)), tuple(others)))
    # What is left of `other` are its contracted axes, in its own order.
    source = [*free, *(mine[theirs.index(a)] for a in sorted(theirs))]
    return xp.permute_dims(out, axes=tuple(source.index(a) for a in range(spec.ndim)))


def _pull_tensordot_left(xp: Any, g: Any, y: Any, spec_x: Any, axes: Any) -> Any:
    mine, theirs = _contracted(spec_x, y, axes)
    return _pull_tensordot(xp, g, y, spec_x, mine, theirs)


def _pull_tensordot_right(xp: Any, g: Any, x: Any, spec_y: Any, axes: Any) -> Any:
    theirs, mine = _contracted(x, spec_y, axes)
    free = x.ndim - len(theirs)
    turned = xp.permute_dims(g, axes=(*range(free, g.ndim), *range(free)))
    return _pull_tensordot(xp, turned, x, spec_y, mine, theirs)


@multilinear(
    x=lambda xp, g, y, spec_x, axes: _pull_tensordot_left(xp, g, y, spec_x, axes),
    y=lambda xp, g, x, spec_y, axes: _pull_tensordot_right(xp, g, x, spec_y, axes),
    samples=[
        (normal(3, 4, 5), normal(4, 5, 2)),
        ((normal(3, 4), normal(4, 2)), {"axes": 1}),
        ((normal(3, 4), normal(2)), {"axes": 0}),
        ((normal(3, 4), normal(4, 3)), {"axes": ((0, 1), (1, 0))}),
        ((normal(2, 3, 4), normal(4, 5, 2)), {"axes": ((-1, 0), (0, 2))}),
        ((normal(2, 3), normal(2, 3)), {"axes": ((-1,), (-1,))}),
        ((normal(), normal()), {"axes": 0}),
        ((normal(2, 0), normal(0, 3)), {"axes": 1}),
    ],
    errors=[
        ((normal(3, 4), normal(3, 4)), {"axes": 1}),
        ((normal(3), normal(3)), {"axes": 2}),
        ((normal(3), normal(3)), {"axes": ((0,), (0, 1))}),
    ],
)
def tensordot(xp: Any, x: Any, y: Any, *, axes: Any = 2) -> Any:
    """Products summed over pairs of axes: `axes` is a number of last and first ones, or one tuple for each array.

    Shapes: the axes of `x` that are left, then those of `y`.
    Raises: `ShapeError` for axes that are not there, named twice, not as many, or differ in length.

    >>> tensordot(tnp.ones((2, 3, 4)), tnp.ones((4, 3, 5)), axes=((1, 2), (1, 0))).shape
    (2, 5)
    """
    mine, theirs = _contracted(x, y, axes)
    free = [a for a in range(x.ndim) if a not in mine]
    others = [a for a in range(y.ndim) if a not in theirs]
    inner = math.prod(x.shape[a] for a in mine)
    shape = (*(x.shape[a] for a in free), *(y.shape[a] for a in others))
    left = xp.reshape(xp.permute_dims(x, axes=(*free, *mine)), shape=(math.prod(x.shape[a] for a in free), inner))
    right = xp.reshape(
        xp.permute_dims(y, axes=(*theirs, *others)), shape=(inner, math.prod(y.shape[a] for a in others))
    )
    return xp.reshape(xp.matmul(left, right), shape=shape)


def _vecdot_axis(x: Any, y: Any, axis: int) -> int:
    """The axis counted from the back, where it means the same for both."""
    shapes = f"{tuple(x.shape)} and {tuple(y.shape)}"
    behind = axis - x.ndim if axis >= 0 and x.ndim == y.ndim else axis
    if not -min(x.ndim, y.ndim) <= behind < 0:
        raise AxisError(
            f"vecdot: axis {axis} is not one of both shapes, {shapes}; name one that both have, from behind"
        )
    if x.shape[behind] != y.shape[behind]:
        raise ShapeError(f"vecdot: axis {axis} of shapes {shapes} differs in length")
    return behind


@op(
    x=lambda xp, g, x, y, axis: xp.unbroadcast(
        xp.multiply_or_zero(xp.expand_dims(xp.conj(g), axis=axis), y), shape=tuple(x.shape)
    ),
    y=lambda xp, g, x, y, axis: xp.unbroadcast(
        xp.multiply_or_zero(xp.expand_dims(g, axis=axis), x), shape=tuple(y.shape)
    ),
    accuracy="I3",
    samples=[
        (normal(3, 4), normal(3, 4)),
        (normal(4), normal(4)),
        (normal(3, 4), normal(4)),
        (normal(4), normal(2, 1, 4)),
        ((normal(3, 4), normal(3, 4)), {"axis": 0}),
        ((normal(2, 3, 4), normal(2, 3, 1)), {"axis": -2}),
        (normal(3, 0), normal(3, 0)),
    ],
    errors=[(normal(3), normal(4)), (normal(), normal()), ((normal(3, 4), normal(4)), {"axis": -2})],
)
def vecdot(xp: Any, x: Any, y: Any, *, axis: int = -1) -> Any:
    """The dot products of the vectors along `axis`, the left one conjugated; other axes broadcast.

    Shapes: the shape that both broadcast to, without `axis`, which has the same length in both.
    Raises: `ShapeError` where lengths differ, `AxisError` for an axis that is not in both.

    >>> vecdot(tnp.asarray([1j, 2.0]), tnp.asarray([1.0, 1.0]))
    Array(2.-1.j, dtype=complex64)
    """
    axis = _vecdot_axis(x, y, axis)
    return xp.sum(xp.multiply(xp.conj(x), y), axis=(axis,), keepdims=False)


@multilinear(
    x=lambda xp, g, y, spec_x: xp.reshape(xp.matmul(g, xp.reshape(y, shape=(g.shape[1],))), shape=spec_x.shape),
    y=lambda xp, g, x, spec_y: xp.reshape(xp.matmul(xp.reshape(x, shape=(g.shape[0],)), g), shape=spec_y.shape),
    samples=[
        (normal(3), normal(4)),
        (normal(1), normal(4)),
        (normal(0), normal(4)),
        (normal(2, 2), normal(3)),
        (normal(), normal(3)),
        (normal(3), normal(1)),
    ],
)
def outer(xp: Any, x: Any, y: Any) -> Any:
    """The table of all products x[i] * y[j] of two vectors; other arrays are taken as the vector of their elements.

    Shapes: (m, n), for arrays of m and n elements.

    >>> outer(tnp.asarray([1.0, 2.0]), tnp.asarray([3.0, 4.0]))
    Array([[3., 4.],
           [6., 8.]], dtype=float32)
    """
    column = xp.reshape(x, shape=(math.prod(x.shape), 1))
    return xp.multiply(column, xp.reshape(y, shape=(1, math.prod(y.shape))))


def _regroup(xp: Any, x: Any, labels: str, groups: Sequence[str], sizes: dict[str, int]) -> Any:
    """The axes of x in the order of the groups, each group made one axis."""
    order = tuple(labels.index(label) for group in groups for label in group)
    if order != tuple(range(len(order))):
        x = xp.permute_dims(x, axes=order)
    shape = tuple(math.prod(sizes[label] for label in group) for group in groups)
    return x if tuple(x.shape) == shape else xp.reshape(x, shape=shape)


def _pull_contract(xp: Any, g: Any, other: Any, result: str, theirs: str, mine: str) -> Any:
    """The transpose in the operand of the labels `mine`.

    Where that sums over nothing it is a product by element, in which a zero wins over an infinite cotangent: the length
    of a vector, the root of its product with itself, is flat at 0 as `norm` is, also in each element of a batch.
    """
    if set(mine) != set(theirs):
        return xp.contract(g, other, labels=(result, theirs, mine))
    inside = [label for label in mine if label in result]
    turned = xp.permute_dims(g, axes=tuple(map(result.index, inside)))
    sizes = dict(zip(theirs, other.shape, strict=True))
    scale = xp.reshape(turned, shape=tuple(sizes[label] if label in result else 1 for label in mine))
    return xp.multiply_or_zero(scale, xp.permute_dims(other, axes=tuple(map(theirs.index, mine))))


@multilinear(
    x=lambda xp, g, y, labels: _pull_contract(xp, g, y, labels[2], labels[1], labels[0]),
    y=lambda xp, g, x, labels: _pull_contract(xp, g, x, labels[2], labels[0], labels[1]),
    samples=[
        ((normal(3, 4), normal(4, 2)), {"labels": ("ij", "jk", "ik")}),
        ((normal(2, 3, 4), normal(2, 4, 5)), {"labels": ("bij", "bjk", "bik")}),
        ((normal(2, 3, 4), normal(4, 5, 2)), {"labels": ("bij", "jkb", "kbi")}),
        ((normal(3), normal(4)), {"labels": ("i", "j", "ji")}),
        ((normal(3), normal(3)), {"labels": ("i", "i", "")}),
        ((normal(3, 4), normal(3, 4)), {"labels": ("ij", "ij", "ij")}),
        ((normal(), normal(2)), {"labels": ("", "i", "i")}),
        ((normal(2, 0), normal(0, 3)), {"labels": ("ij", "jk", "ik")}),
    ],
)
def contract(xp: Any, x: Any, y: Any, *, labels: tuple[str, str, str]) -> Any:
    """The einsum of two arrays where each label is met in at least two of x, y and the result, and once in each.

    Shapes: `labels` are one letter an axis, for `x`, for `y` and for the result.
    Raises: `ShapeError` where labels and shapes do not agree.

    >>> contract(tnp.ones((2, 3)), tnp.ones((3, 4)), labels=("ij", "jk", "ki")).shape
    (4, 2)
    """
    left, right, result = labels
    if len(left) != x.ndim or len(right) != y.ndim:
        raise ShapeError(f"labels {labels} are not one an axis of shapes {tuple(x.shape)} and {tuple(y.shape)}")
    sizes = {**dict(zip(left, x.shape, strict=True)), **dict(zip(right, y.shape, strict=True))}
    shared = "".join(label for label in left if label in right and label in result)
    inner = "".join(label for label in left if label in right and label not in result)
    rows = "".join(label for label in left if label not in right)
    columns = "".join(label for label in right if label not in left)
    out = xp.matmul(
        _regroup(xp, x, left, (shared, rows, inner), sizes), _regroup(xp, y, right, (shared, inner, columns), sizes)
    )
    made = shared + rows + columns
    out = xp.reshape(out, shape=tuple(sizes[label] for label in made))
    order = tuple(made.index(label) for label in result)
    return out if order == tuple(range(len(order))) else xp.permute_dims(out, axes=order)


def dot(x: Any, y: Any) -> Any:
    """NumPy's dot: the last axis of x with the last but one of y (its only one if it is a vector); scalars multiply.

    Shapes: the axes of `x` and then those of `y`, without the two that are summed over.
    Dtypes: `x` and `y` are promoted to one.
    Raises: `ShapeError` where the two axes differ in length.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.contraction import dot
    >>> dot(tnp.ones((2, 3)), tnp.ones((4, 3, 5))).shape
    (2, 4, 5)
    """
    if x.ndim == 0 or y.ndim == 0:
        return RECORDED.multiply(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul(x, y)
    return tensordot(x, y, axes=((x.ndim - 1,), (max(y.ndim - 2, 0),)))


def inner(x: Any, y: Any) -> Any:
    """Products summed over the last axis of each; scalars multiply.

    Shapes: the axes of `x` and then those of `y`, without the last of each.
    Dtypes: `x` and `y` are promoted to one.
    Raises: `ShapeError` where the last axes differ in length.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.contraction import inner
    >>> inner(tnp.asarray([[1.0, 2.0], [3.0, 4.0]]), tnp.asarray([1.0, 1.0]))
    Array([3., 7.], dtype=float32)
    """
    if x.ndim == 0 or y.ndim == 0:
        return RECORDED.multiply(x, y)
    return tensordot(x, y, axes=((x.ndim - 1,), (y.ndim - 1,)))


def vdot(x: Any, y: Any) -> Any:
    """The dot product of all elements of two arrays of one size, the left one conjugated.

    Shapes: any two of one size; the result is ().
    Dtypes: `x` and `y` are promoted to one.
    Raises: `ShapeError` where the sizes differ.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.contraction import vdot
    >>> vdot(tnp.asarray([1j, 2.0]), tnp.asarray([1j, 1.0]))
    Array(3.+0.j, dtype=complex64)
    """
    sizes = math.prod(x.shape), math.prod(y.shape)
    if sizes[0] != sizes[1]:
        raise ShapeError(f"vdot: arrays of shapes {tuple(x.shape)} and {tuple(y.shape)} have different sizes")
    return vecdot(RECORDED.reshape(x, shape=sizes[:1]), RECORDED.reshape(y, shape=sizes[:1]))


def kron(x: Any, y: Any) -> Any:
    """The Kronecker product: each element of x replaced by its product with the whole of y.

    Shapes: the products of the lengths, aligned from the back.
    Dtypes: `x` and `y` are promoted to one.
    Raises: `TypeError` for anything that is not an array.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.contraction import kron
    >>> kron(tnp.asarray([1.0, 10.0]), tnp.asarray([[1.0, 2.0], [3.0, 4.0]]))
    Array([[ 1.,  2., 10., 20.],
           [ 3.,  4., 30., 40.]], dtype=float32)
    """
    rank = max(x.ndim, y.ndim)
    left = (1,) * (rank - x.ndim) + tuple(x.shape)
    right = (1,) * (rank - y.ndim) + tuple(y.shape)
    product = RECORDED.multiply(
        RECORDED.reshape(x, shape=tuple(n for a in left for n in (a, 1))),
        RECORDED.reshape(y, shape=tuple(n for b in right for n in (1, b))),
    )
    return RECORDED.reshape(product, shape=tuple(a * b for a, b in zip(left, right, strict=True)))


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def einsum(*arguments: Any, optimize: Any = True) -> Any:
    """Sums of products in Einstein's notation, as in NumPy: `einsum("ij,jk->ik", x, y)` is a matrix product.

    Without `->` the result has the labels that are met once, in the order of the alphabet. `...` stands for axes that
    broadcast; an axis of length 1 broadcasts against its label too. NumPy's other form, `einsum(x, [0, 1], y, [1, 2])`,
    is understood. Three operands or more are contracted in pairs, in the order that opt_einsum finds cheapest
    (`optimize`: its name for how to look, or a path; False: from left to right).

    Shapes: as the labels say; axes of one label have one length, or 1.
    Dtypes: all operands are promoted to one.
    Raises: `ShapeError` where subscripts and shapes do not agree, `ValueError` for labels or an `optimize` that are
    none.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> from tapegrad.ops.contraction import einsum
    >>> x = tnp.asarray([[1.0, 2.0], [3.0, 4.0]])
    >>> einsum("ij,ij->i", x, x)
    Array([ 5., 25.], dtype=float32)
    >>> tapegrad.grad(lambda x: einsum("ii", x))(x)
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    subscripts, operands = _written_out(arguments)
    terms, result = _parse(subscripts, operands)
    sizes: dict[str, int] = {}
    for term, x in zip(terms, operands, strict=True):
        for label, n in zip(term, x.shape, strict=True):
            known = sizes.get(label, 1)
            if n not in (1, known) and known != 1:
                raise ShapeError(f"einsum {subscripts!r}: label {label!r} is an axis of {known} and one of {n}")
            sizes[label] = n if known == 1 else known
    pieces = [_narrowed(x, term, sizes) for x, term in zip(operands, terms, strict=True)]
    pieces = [
        _summed(x, labels, result + "".join(other for _, other in pieces[:i] + pieces[i + 1 :]))
        for i, (x, labels) in enumerate(pieces)
    ]
    for step in _path(pieces, result, optimize):
        chosen = [pieces.pop(i) for i in sorted(step, reverse=True)][::-1]
        while len(chosen) > 1:
            (x, left), (y, right) = chosen[:2]
            wanted = result + "".join(labels for _, labels in pieces + chosen[2:])
            kept = "".join(dict.fromkeys(label for label in left + right if label in wanted))
            if set(kept) == set(result):
                kept = result
            chosen[:2] = [(contract(x, y, labels=(left, right, kept)), kept)]
        pieces.append(chosen[0])
    ((out, labels),) = pieces
    order = tuple(labels.index(label) for label in result)
    if order == tuple(range(len(order))) and out is not operands[0]:
        return out
    return RECORDED.permute_dims(out, axes=order)


def _written_out(arguments: Sequence[Any]) -> tuple[str, Sequence[Any]]:
    """The subscripts as text, and the operands, from either of NumPy's forms."""
    if not arguments:
        raise ArgumentTypeError('einsum() needs subscripts and arrays: einsum("ij,jk->ik", x, y)')
    if isinstance(arguments[0], str):
        return arguments[0], arguments[1:]

    def text(labels: Any) -> str:
        wrong = [label for label in labels if label is not Ellipsis and label not in range(len(_LETTERS))]
        if wrong:
            raise ArgumentError(
                f"einsum: {wrong[0]!r} is not a label; choose numbers from 0 to {len(_LETTERS) - 1}, or ..."
            )
        return "".join("..." if label is Ellipsis else _LETTERS[label] for label in labels)

    operands = arguments[: len(arguments) // 2 * 2 : 2]
    written = ",".join(text(labels) for labels in arguments[1::2])
    return (f"{written}->{text(arguments[-1])}" if len(arguments) % 2 else written), operands


def _parse(subscripts: str, operands: Sequence[Any]) -> tuple[list[str], str]:
    """One label an axis for each operand and for the result; the axes of `...` get labels that are not in use."""
    text = subscripts.replace(" ", "")
    given, arrow, result = text.partition("->")
    terms = given.split(",")
    if len(terms) != len(operands):
        raise ShapeError(f"einsum {subscripts!r} is for {len(terms)} arrays, not {len(operands)}")
    spare = [label for label in _LETTERS if label not in text]
    count = 0
    for term, x in zip(terms, operands, strict=True):
        named = len(term.replace("...", ""))
        if (named > x.ndim or ("..." not in term and named != x.ndim)) or set(term.replace("...", "")) - set(_LETTERS):
            raise ShapeError(f"einsum {subscripts!r}: {term!r} does not name the axes of shape {tuple(x.shape)}")
        if "..." in term:
            count = max(count, x.ndim - named)
    rest = "".join(spare[:count])
    if not arrow:
        once = sorted(label for label in set(given) - set(",.") if given.count(label) == 1)
        result = ("..." if "..." in given else "") + "".join(once)
    if "..." in given and "..." not in result and count:
        raise ShapeError(f"einsum {subscripts!r}: the result lacks the axes of '...'; sum over them by sum()")
    expanded = []
    for term, x in zip(terms, operands, strict=True):
        own = x.ndim - len(term.replace("...", ""))
        expanded.append(term.replace("...", rest[len(rest) - own :]))
    result = result.replace("...", rest)
    unknown = [label for label in result if not any(label in term for term in expanded)]
    if unknown or len(set(result)) != len(result):
        raise ShapeError(f"einsum {subscripts!r}: the result must name labels of the operands, each once")
    return expanded, result


def _narrowed(x: Any, labels: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """An operand with each label once, diagonals taken, and without the axes that would only broadcast."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            a = labels.index(label)
            b = labels.index(label, a + 1)
            x = RECORDED.diagonal(x, offset=0, axis1=a, axis2=b)
            labels = labels[:a] + labels[a + 1 : b] + labels[b + 1 :] + label
    narrow = [i for i, label in enumerate(labels) if x.shape[i] == 1 and sizes[label] != 1]
    if narrow:
        x = RECORDED.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in narrow))
        labels = "".join(label for i, label in enumerate(labels) if i not in narrow)
    return x, labels


def _summed(x: Any, labels: str, wanted: str) -> tuple[Any, str]:
    """An operand summed over the axes that neither the result nor another operand has."""
    axis = tuple(i for i, label in enumerate(labels) if label not in wanted)
    if axis:
        x = RECORDED.sum(x, axis=axis)
    return x, "".join(label for label in labels if label in wanted)


def _path(pieces: Sequence[tuple[Any, str]], result: str, optimize: Any) -> list[tuple[int, ...]]:
    """Which pieces to contract with each other, in order."""
    if isinstance(optimize, (list, tuple)):
        path = [tuple(step) for step in optimize if step != "einsum_path"]
        left = len(pieces)
        for step in path:
            if not 0 < len(set(step)) == len(step) <= left or not all(0 <= i < left for i in step):
                raise ArgumentError(
                    f"einsum: {step} of the path {path} names pieces of which there are {left}, each once"
                )
            left -= len(step) - 1
        if left != 1:
            raise ArgumentError(f"einsum: the path {path} leaves {left} pieces of {len(pieces)}; it must leave one")
        return path
    if len(pieces) < 3 or optimize is False:
        return [(0, 1)] * (len(pieces) - 1)
    import opt_einsum

    text = ",".join(labels for _, labels in pieces) + "->" + result
    shapes = [tuple(x.shape) for x, _ in pieces]
    how = "auto" if optimize is True else optimize
    try:
        path, _ = opt_einsum.contract_path(text, *shapes, shapes=True, optimize=how)
    except KeyError as error:
        raise ArgumentError(f"einsum: optimize is {optimize!r}: {error.args[0]}") from None
    return list(path)
