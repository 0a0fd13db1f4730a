"""Linear algebra on stacks of matrices: the last two axes are the matrix, those before them the stack.

Gradients of complex functions follow PyTorch's convention, pull(g) = Jᴴ g. The formulas are those of M. B. Giles,
"Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008), carried over to
complex matrices, unless an op says otherwise. Conventions where several answers are legitimate:

* `cholesky`, `eigh` and `eigvalsh` are functions of the Hermitian part of their argument, so that their gradients are
  Hermitian, and exact for any change of the argument.
* Eigenvectors and singular vectors are determined up to a phase. Their gradients are those of vectors that turn as
  little as they can, so they are right for every function that does not depend on the phase. Those of `eig` are held by
  their largest element, which is real.
* Where eigenvalues or singular values are equal, their own gradient is well defined as long as they are used alike;
  that of the vectors does not exist, and is NaN.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays.batched import Batched
from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, AxisError, DtypeError, NoGradientError, ShapeError
from ..op import locally_constant, multilinear, op
from ..op.batching import InFront, in_front
from ..op.samples import Draw, distinct, exactly, normal, symmetric
from .contraction import matmul
from .elementwise import conjugated
from .indexing import check_matrix
from .kinks import near
from .reductions import HUGE, TINY, dropped


def dense(*shape: int) -> Draw:
    """Matrices of numbers up to about 1 without zeros or symmetry, so that no result is zero by its structure."""

    def fill(x: Any) -> Any:
        x = x * (1 / max(abs(x).max(initial=0), 1))
        for i in range(shape[-2]):
            for j in range(shape[-1]):
                x[..., i, j] += 0.11 + (3 * i + 5 * j) % 7 * 0.02
        return x

    return normal(*shape).then(fill)


def real_weights(*shape: int) -> Draw:
    """Weights of eigenvalues or singular values, which are real for complex matrices too."""
    return normal(*shape).then(lambda x: x.real)


def regular(*shape: int) -> Draw:
    """Dense matrices that are far from singular."""

    def lift(x: Any) -> Any:
        for i in range(min(shape[-2:])):
            x[..., i, i] += 2 + i / 2
        return x

    return dense(*shape).then(lift)


def spread(*shape: int) -> Draw:
    """Hermitian matrices whose eigenvalues are well apart."""

    def part(x: Any) -> Any:
        x = (x + x.conj().swapaxes(-1, -2)) / 4
        for i in range(shape[-1]):
            x[..., i, i] += i * 1.5
        return x

    return dense(*shape).then(part)


def _spectra(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of matrices beside values, which are the weights and `s`: their stacks broadcast."""
    ends = [1 if name in ("weights", "s") else 2 for name in op.inputs]
    stacks = [
        0 if z is None else z.ndim - on - end for z, on, end in zip(args, batched, ends[: len(args)], strict=True)
    ]
    rank = max(stacks)
    aligned = [
        RECORDED.reshape(z, shape=(size, *(1,) * (rank - stack), *z.shape[1:])) if on and stack < rank else z
        for z, on, stack in zip(args, batched, stacks, strict=True)
    ]
    return op.call(*aligned, **keywords)


def _adjoint(xp: Any, x: Any) -> Any:
    """The conjugate transpose."""
    return conjugated(xp, xp.matrix_transpose(x))


def _real(xp: Any, x: Any) -> Any:
    return xp.real(x) if xp.isdtype(x.dtype, "complex floating") else x


def _hermitian(xp: Any, x: Any) -> Any:
    """The Hermitian part."""
    return (x + _adjoint(xp, x)) / 2


def _rows(xp: Any, x: Any) -> Any:
    """Vectors as the columns' weights: (..., n) as (..., 1, n)."""
    return xp.expand_dims(x, axis=-2)


def _columns(xp: Any, x: Any) -> Any:
    """Vectors as the rows' weights: (..., n) as (..., n, 1)."""
    return xp.expand_dims(x, axis=-1)


def _eye(xp: Any, like: Any, n: int) -> Any:
    return xp.tril(xp.triu(xp.filled(like, shape=(n, n), value=1), k=0), k=0)


def _on_diagonal(xp: Any, x: Any) -> Any:
    """Vectors as diagonal matrices."""
    return _rows(xp, x) * _eye(xp, x, x.shape[-1])


def _diagonal(xp: Any, x: Any) -> Any:
    return xp.diagonal(x, offset=0, axis1=-2, axis2=-1)


def _as(xp: Any, x: Any, like: Any) -> Any:
    return x if x.dtype == like.dtype else xp.astype(x, dtype=like.dtype)


def _check_square(name: str, x: Any) -> None:
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{name}() takes square matrices in the last two axes, not shape {tuple(x.shape)}")


_SQUARE = [
    (regular(3, 3),),
    (regular(2, 3, 3),),
    (regular(1, 1),),
    (regular(2, 1, 2, 2),),
    (regular(4, 4),),
    (normal(0, 3, 3),),
    (normal(0, 0),),
]
_NOT_SQUARE = [(normal(2, 3),), (normal(3),)]


# Determinants.


def _products(xp: Any, s: Any, count: int) -> Any:
    """The products of all singular values but one (count 1), or but each two different ones (2; zero for the same)."""
    n = s.shape[-1]
    left_out = _eye(xp, s, n)
    if count == 2:
        left_out = xp.expand_dims(left_out, axis=1) + xp.expand_dims(left_out, axis=0)
    one = xp.filled(s, shape=(1,), value=1)
    terms = xp.reshape(s, shape=(*s.shape[:-1], *(1,) * count, n))
    found = xp.prod(xp.where(xp.greater(left_out, xp.zeros_like(left_out)), one, terms), axis=(-1,), keepdims=False)
    return found if count == 1 else found * (1 - _eye(xp, s, n))


def _bases(xp: Any, x: Any) -> tuple[Any, Any, Any, Any]:
    """Singular vectors and values, and the determinant of the former."""
    u, s, vh = xp.svd(x, full_matrices=False)
    phase = xp.det(u) * xp.det(vh)
    return conjugated(xp, u), s, conjugated(xp, vh), xp.expand_dims(phase, axis=(-2, -1))


@op(
    x=lambda xp, g, x: conjugated(xp, xp.cofactor_push(x, conjugated(xp, g))),
    jvp=lambda xp, d_x, x: xp.cofactor_push(x, d_x),
    floats=True,
    accuracy="I4",
    samples=_SQUARE,
    errors=_NOT_SQUARE,
)
def cofactor(xp: Any, x: Any) -> Any:
    """The matrices of cofactors, ∂det(x)/∂x, the transposed adjugate; also right where x is singular.

    By the singular value decomposition x = u s vᴴ it is det(u) det(vᴴ) ū cof(s) vᵀ, and the cofactors of the diagonal s
    are the products of all other elements: Stewart (1998), "On the adjugate matrix".

    Shapes: (..., n, n), and so is the result.
    Raises: `ShapeError` for a matrix that is not square.

    >>> cofactor(tnp.asarray([[1.0, 0.0], [0.0, 0.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    _check_square("cofactor", x)
    if x.shape[-1] == 1:
        return xp.ones_like(x)
    u, s, vh, phase = _bases(xp, x)
    return phase * xp.matmul(u * _as(xp, _rows(xp, _products(xp, s, 1)), u), vh)


@op(
    x=lambda xp, g, x, h: xp.unbroadcast(conjugated(xp, _third(xp, x, h, conjugated(xp, g))), shape=x.shape),
    h=lambda xp, g, x, spec_h: xp.unbroadcast(
        conjugated(xp, xp.cofactor_push(x, conjugated(xp, g))), shape=spec_h.shape
    ),
    floats=True,
    accuracy="I4",
    samples=[
        *[(x[0], normal(*x[0].shape)) for x in _SQUARE],
        *((regular(3, 3), normal(2, 3, 3)), (regular(2, 3, 3), normal(3, 3)), (regular(2, 1, 1), normal(1, 1))),
        # Far along one element, nearly, the largest number is not what two others leave.
        (regular(3, 3), exactly([[80.0, 0.5, 0.3], [0.4, 0.2, 0.6], [0.5, 0.3, 0.7]])),
    ],
    errors=[(normal(2, 3), normal(2, 3))],
)
def cofactor_push(xp: Any, x: Any, h: Any) -> Any:
    """How the cofactors of x change along h: the second derivative of det, also where x is singular.

    In the bases of singular vectors, with m = uᴴ h v and p the products of all singular values but two, it is diag(p
    diag(m)) - p * mᵀ. Its own derivative in x, the third of det, is written with the inverse, which x must have.

    Shapes: (..., n, n) both, stacks broadcast.
    Raises: `ShapeError` for a matrix that is not square, or shapes that do not broadcast.

    >>> cofactor_push(tnp.eye(2), tnp.asarray([[0.0, 0.0], [0.0, 5.0]]))
    Array([[5., 0.],
           [0., 0.]], dtype=float32)
    """
    if x.shape[-1] == 1:
        return xp.filled(h, shape=np.broadcast_shapes(tuple(x.shape), tuple(h.shape)), value=0)
    u, s, vh, phase = _bases(xp, x)
    m = xp.matmul(xp.matmul(xp.matrix_transpose(u), h), xp.matrix_transpose(vh))
    p = _as(xp, _products(xp, s, 2), m)
    middle = _on_diagonal(xp, _only_column(xp, xp.matmul(p, _columns(xp, _diagonal(xp, m)))))
    middle = xp.subtract(middle, xp.multiply(p, xp.matrix_transpose(m)))
    return xp.multiply(phase, xp.matmul(xp.matmul(u, middle), vh))


def _only_column(xp: Any, x: Any) -> Any:
    return xp.reshape(x, shape=tuple(x.shape[:-1]))


def _third(xp: Any, x: Any, h: Any, k: Any) -> Any:
    """The third derivative of det along h and k, as a matrix: by the product rule from det(x) x⁻ᵀ."""
    if x.shape[-1] < 3:
        return xp.zeros_like(k)
    inverse = xp.inv(x)
    a, b = xp.matmul(inverse, h), xp.matmul(inverse, k)
    ab, ba = xp.matmul(a, b), xp.matmul(b, a)

    def trace(z: Any) -> Any:
        return xp.expand_dims(xp.sum(_diagonal(xp, z), axis=(-1,), keepdims=False), axis=(-2, -1))

    ta, tb = trace(a), trace(b)
    whole = xp.multiply(xp.subtract(xp.multiply(ta, tb), trace(ab)), _eye(xp, x, x.shape[-1]))
    inner = xp.subtract(xp.add(ab, ba), xp.add(xp.multiply(ta, b), xp.multiply(tb, a)))
    determinant = xp.expand_dims(xp.det(x), axis=(-2, -1))
    return xp.multiply(determinant, xp.matrix_transpose(xp.matmul(xp.add(whole, inner), inverse)))


@op(
    x=lambda xp, g, x: xp.multiply(xp.expand_dims(g, axis=(-2, -1)), conjugated(xp, xp.cofactor(x))),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.det",
    samples=[*_SQUARE, (exactly([[1.0, 2.0], [2.0, 4.0]]),), (exactly([[0.0, 0.0], [0.0, 0.0]]),)],
    errors=_NOT_SQUARE,
)
def det(xp: Any, x: Any) -> Any:
    """The determinants; their first and second derivatives exist, and are right, at singular matrices too.

    Shapes: (..., n, n) gives (...).
    Raises: `ShapeError` for a matrix that is not square.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> det(tnp.asarray([[1.0, 2.0], [0.0, 3.0]]))
    Array(3., dtype=float32)
    >>> tapegrad.grad(det)(tnp.asarray([[1.0, 0.0], [0.0, 0.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    _check_square("det", x)
    return xp.linalg.det(x)


def _slogdet_pull(xp: Any, x: Any, sign: Any, g_sign: Any, g_logabsdet: Any) -> Any:
    """The logarithm moves by Re tr(x⁻¹ dx), and the phase, where it is not just a sign, by the imaginary part."""
    total = None if g_logabsdet is None else _as(xp, g_logabsdet, x)
    if g_sign is not None and xp.isdtype(x.dtype, "complex floating"):
        turn = g_sign * xp.conj(sign)
        turn = (turn - xp.conj(turn)) / 2
        total = turn if total is None else total + turn
    if total is None:
        return xp.zeros_like(x)
    # A singular matrix has no slope; beside it in a stack others have.
    singular = xp.expand_dims(sign == 0, axis=(-2, -1))
    inverse = xp.where(singular, math.nan, xp.inv(xp.where(singular, _eye(xp, x, x.shape[-1]), x)))
    return xp.multiply_or_zero(xp.expand_dims(total, axis=(-2, -1)), _adjoint(xp, inverse))


@op(
    outs=("sign", "logabsdet"),
    x=lambda xp, x, sign, g_sign=None, g_logabsdet=None: _slogdet_pull(xp, x, sign, g_sign, g_logabsdet),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.slogdet",
    samples=[*_SQUARE, (exactly([[0.0, 1.0], [2.0, 0.0]]),)],
    errors=_NOT_SQUARE,
)
def slogdet(xp: Any, x: Any) -> Any:
    """The sign (or phase) of the determinants, and the logarithms of their sizes, which cannot overflow.

    Shapes: (..., n, n) gives (...) twice.
    Dtypes: the sign has that of `x`, the logarithm is real; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square; a gradient at a singular matrix raises as `inv`.

    >>> slogdet(tnp.asarray([[-1.0, 2.0], [0.0, 1.0]]))
    [Array(-1., dtype=float32), Array(0., dtype=float32)]
    """
    _check_square("slogdet", x)
    return tuple(xp.linalg.slogdet(x))


# Inverses and systems of equations.


@op(
    x=lambda xp, g, out: -xp.matmul(xp.matmul(_adjoint(xp, out), g), _adjoint(xp, out)),
    jvp=lambda xp, d_x, out: -xp.matmul(xp.matmul(out, d_x), out),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.inv",
    samples=_SQUARE,
    errors=[*_NOT_SQUARE, (exactly([[1.0, 2.0], [2.0, 4.0]]),)],
)
def inv(xp: Any, x: Any) -> Any:
    """The inverses; a singular matrix is an error where the engine can tell.

    Shapes: (..., n, n), and so is the result.
    Raises: `ShapeError` for a matrix that is not square, `ValueError` for a singular matrix.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> inv(tnp.asarray([[2.0, 0.0], [0.0, 4.0]]))
    Array([[0.5 , 0.  ],
           [0.  , 0.25]], dtype=float32)
    >>> tapegrad.grad(lambda x: inv(x)[0, 0])(tnp.asarray([[2.0, 0.0], [0.0, 4.0]]))
    Array([[-0.25, -0.  ],
           [-0.  , -0.  ]], dtype=float32)
    """
    _check_square("inv", x)
    return xp.linalg.inv(x)


def _solve_columns(xp: Any, a: Any, b: Any, vector: bool) -> Any:
    """The solutions for a stack of matrices b, or of vectors."""
    return _only_column(xp, xp.solve(a, _columns(xp, b))) if vector else xp.solve(a, b)


def _solve_matrix_pull(xp: Any, back: Any, out: Any, vector: bool, shape: tuple[int, ...]) -> Any:
    """What the cotangent of the right-hand sides says of the matrices."""
    out = conjugated(xp, out)
    if vector:
        product = xp.multiply(_columns(xp, back), _rows(xp, out))
    else:
        product = xp.matmul(back, xp.matrix_transpose(out))
    return xp.unbroadcast(-product, shape=shape)


def _systems(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    """The batching rule of systems of equations: a vector becomes a matrix of one column, and ranks agree."""
    a, b = args
    vector = b.ndim - batched[1] == 1
    if vector:
        b = RECORDED.expand_dims(b, axis=-1)
    rank = max(a.ndim - batched[0], b.ndim - batched[1])
    a, b = (
        RECORDED.reshape(z, shape=(size, *(1,) * (rank - z.ndim + 1), *z.shape[1:])) if on else z
        for z, on in ((a, batched[0]), (b, batched[1]))
    )
    out = op.call(a, b, **keywords)
    return RECORDED.reshape(out, shape=tuple(out.shape[:-1])) if vector else out


@op(
    a=lambda xp, g, a, b, out: _solve_matrix_pull(
        xp, _solve_columns(xp, _adjoint(xp, a), g, b.ndim == 1), out, b.ndim == 1, tuple(a.shape)
    ),
    b=lambda xp, g, a, spec_b: xp.unbroadcast(
        _solve_columns(xp, _adjoint(xp, a), g, spec_b.ndim == 1), shape=tuple(spec_b.shape)
    ),
    floats=True,
    batch=_systems,
    accuracy="I4",
    primitive="linalg.solve",
    samples=[
        (regular(3, 3), normal(3)),
        (regular(3, 3), normal(3, 2)),
        (regular(2, 3, 3), normal(2, 3, 2)),
        (regular(2, 3, 3), normal(3)),
        (regular(3, 3), normal(2, 3, 2)),
        (regular(2, 1, 2, 2), normal(3, 2, 1)),
        (regular(1, 1), normal(1)),
        (normal(0, 3, 3), normal(3, 2)),
    ],
    errors=[
        (normal(2, 3), normal(2)),
        (regular(3, 3), normal(2)),
        (exactly([[1.0, 2.0], [2.0, 4.0]]), normal(2)),
    ],
)
def solve(xp: Any, a: Any, b: Any) -> Any:
    """The x with a x = b. A b of one axis is a vector, any other a stack of matrices; stacks broadcast.

    Shapes: `a` (..., n, n), `b` (n,) or (..., n, k), and so is the result.
    Raises: `ShapeError` where they do not go together, `ValueError` for a singular matrix.

    >>> solve(tnp.asarray([[2.0, 0.0], [1.0, 1.0]]), tnp.asarray([2.0, 4.0]))
    Array([1., 3.], dtype=float32)
    """
    _check_square("solve", a)
    if b.ndim == 0 or b.shape[-1 if b.ndim == 1 else -2] != a.shape[-1]:
        raise ShapeError(f"solve() of matrices {tuple(a.shape)} with a right-hand side of shape {tuple(b.shape)}")
    return xp.linalg.solve(a, b)


def _triangle(xp: Any, x: Any, upper: bool, unit: bool) -> Any:
    """The triangle that counts, with ones on its diagonal where it is said to have them."""
    k = 1 if unit else 0
    part = xp.triu(x, k=k) if upper else xp.tril(x, k=-k)
    return part + _eye(xp, x, x.shape[-1]) if unit else part


def _strict_triangle(xp: Any, x: Any, upper: bool, unit: bool) -> Any:
    k = 1 if unit else 0
    return xp.triu(x, k=k) if upper else xp.tril(x, k=-k)


def _solve_triangle(xp: Any, a: Any, b: Any, vector: bool, upper: bool, unit: bool) -> Any:
    if vector:
        return _only_column(xp, xp.solve_triangular(a, _columns(xp, b), upper=upper, unit=unit))
    return xp.solve_triangular(a, b, upper=upper, unit=unit)


@op(
    a=lambda xp, g, a, b, out, upper, unit: _strict_triangle(
        xp,
        _solve_matrix_pull(
            xp,
            _solve_triangle(xp, _adjoint(xp, a), g, b.ndim == 1, not upper, unit),
            out,
            b.ndim == 1,
            tuple(a.shape),
        ),
        upper,
        unit,
    ),
    b=lambda xp, g, a, spec_b, upper, unit: xp.unbroadcast(
        _solve_triangle(xp, _adjoint(xp, a), g, spec_b.ndim == 1, not upper, unit), shape=tuple(spec_b.shape)
    ),
    floats=True,
    batch=_systems,
    accuracy="I4",
    samples=[
        (regular(3, 3), normal(3)),
        ((regular(3, 3), normal(3, 2)), {"upper": True}),
        ((regular(2, 3, 3), normal(2, 3, 2)), {"unit": True}),
        ((regular(2, 3, 3), normal(3)), {"upper": True, "unit": True}),
        (regular(3, 3), normal(2, 3, 2)),
        (regular(1, 1), normal(1)),
        (normal(0, 3, 3), normal(3, 2)),
    ],
    errors=[(normal(2, 3), normal(2)), (regular(3, 3), normal(2))],
)
def solve_triangular(xp: Any, a: Any, b: Any, *, upper: bool = False, unit: bool = False) -> Any:
    """The x with t x = b, where t is the lower (or upper) triangle of a, with ones on its diagonal if `unit`.

    Shapes: `a` (..., n, n), of which only the triangle is read, `b` (n,) or (..., n, k), and so is the result.
    Raises: `ShapeError` where they do not go together, `ValueError` for a singular triangle.

    >>> solve_triangular(tnp.asarray([[2.0, 9.0], [1.0, 4.0]]), tnp.asarray([2.0, 9.0]))
    Array([1., 2.], dtype=float32)
    """
    _check_square("solve_triangular", a)
    return xp.solve(_triangle(xp, a, upper, unit), b)


def _pinv_pull(xp: Any, g: Any, x: Any, out: Any) -> Any:
    """Golub and Pereyra (1973), for matrices that keep their rank; of those brought to size 1 by a power of two."""
    if not x.shape[-1] or not x.shape[-2]:
        return xp.zeros_like(x)
    top = xp.max(xp.abs(out), axis=(-2, -1), keepdims=True)
    by = xp.exp2(xp.round(xp.log2(xp.where(top > 0, top, 1)), decimals=0))
    by = _as(xp, by, x)
    return _pinv_pull_of_size_1(xp, g, x * by, out / by) * by * by


def _pinv_pull_of_size_1(xp: Any, g: Any, x: Any, out: Any) -> Any:
    gh, ph = _adjoint(xp, g), _adjoint(xp, out)
    total = -xp.matmul(xp.matmul(ph, g), ph)
    left = xp.matmul(gh, xp.matmul(out, ph))
    total = total + (left - xp.matmul(x, xp.matmul(out, left)))
    right = xp.matmul(xp.matmul(ph, out), gh)
    return total + (right - xp.matmul(xp.matmul(right, out), x))


@op(
    x=lambda xp, g, x, out: _pinv_pull(xp, g, x, out),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.pinv",
    samples=[
        (regular(3, 2),),
        (regular(2, 4),),
        (regular(3, 3),),
        (regular(2, 4, 3),),
        (regular(1, 3),),
        (regular(3, 1),),
        (normal(0, 3, 2),),
        (normal(3, 0),),
    ],
    errors=[(normal(3),)],
)
def pinv(xp: Any, x: Any, *, rtol: float | None = None) -> Any:
    """The pseudo-inverses; singular values up to `rtol` times the largest count as zero.

    The derivative is that of Golub and Pereyra (1973), for matrices that keep their rank.

    Shapes: (..., m, n) gives (..., n, m).
    Raises: `ShapeError` for fewer than two axes.

    >>> pinv(tnp.asarray([[2.0, 0.0], [0.0, 0.0], [0.0, 4.0]]))
    Array([[0.5 , 0.  , 0.  ],
           [0.  , 0.  , 0.25]], dtype=float32)
    """
    check_matrix("pinv", x)
    return xp.linalg.pinv(x, rtol=rtol)


# Decompositions.


def _cholesky_pull(xp: Any, g: Any, out: Any, upper: bool) -> Any:
    """Murray (2016), "Differentiation of the Cholesky decomposition", made Hermitian."""
    lower, g = (_adjoint(xp, out), _adjoint(xp, g)) if upper else (out, g)
    middle = xp.matmul(_adjoint(xp, lower), g)
    diagonal = _real(xp, _diagonal(xp, middle)) / 2
    middle = xp.tril(middle, k=-1) + _as(xp, _on_diagonal(xp, diagonal), middle)
    turned = _adjoint(xp, lower)
    half = xp.solve_triangular(turned, middle, upper=True, unit=False)
    whole = _adjoint(xp, xp.solve_triangular(turned, _adjoint(xp, half), upper=True, unit=False))
    return _hermitian(xp, whole)


@op(
    x=lambda xp, g, out, upper: _cholesky_pull(xp, g, out, upper),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.cholesky",
    samples=[
        (symmetric(3),),
        ((symmetric(3),), {"upper": True}),
        (symmetric(1),),
        (symmetric(4),),
        (regular(2, 3, 3).then(lambda x: x @ x.conj().swapaxes(-1, -2)),),
        (normal(0, 2, 2),),
    ],
    errors=[*_NOT_SQUARE, (exactly([[1.0, 2.0], [2.0, 1.0]]),)],
)
def cholesky(xp: Any, x: Any, *, upper: bool = False) -> Any:
    """The lower triangular l with l lᴴ the Hermitian part of x, which must be positive definite; or the upper lᴴ.

    The derivative is that of Murray (2016), "Differentiation of the Cholesky decomposition", made Hermitian.

    Shapes: (..., n, n), and so is the result.
    Raises: `ShapeError` for a matrix that is not square, `ValueError` for a matrix that is not positive definite.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> x = tnp.asarray([[4.0, 2.0], [2.0, 5.0]])
    >>> cholesky(x)
    Array([[2., 0.],
           [1., 2.]], dtype=float32)
    >>> tapegrad.grad(lambda x: cholesky(x)[1, 1])(x)
    Array([[ 0.0625, -0.125 ],
           [-0.125 ,  0.25  ]], dtype=float32)
    """
    _check_square("cholesky", x)
    return xp.linalg.cholesky(_hermitian(xp, x), upper=upper)


def _by_gaps(xp: Any, z: Any, w: Any, turned: bool = False) -> Any:
    """z[i, j] / (w[j] - w[i]) off the diagonal, and 0 on it and where z is 0: what asks for nothing has no gap."""
    eye = _eye(xp, w, w.shape[-1])
    gaps = _rows(xp, w) - _columns(xp, w) + eye
    return xp.divide_or_zero(z * _as(xp, 1 - eye, z), _as(xp, xp.conj(gaps) if turned else gaps, z))


def _steepness(xp: Any, g: Any, w: Any, slopes: Any) -> Any:
    """(g[j] - g[i]) / (w[j] - w[i]), where w repeats by what it tends to, if that is known; 0 on the diagonal."""
    apart, gaps = _rows(xp, g) - _columns(xp, g), _rows(xp, w) - _columns(xp, w)
    eye = _eye(xp, w, w.shape[-1])
    if slopes is None:
        return xp.divide_or_zero(apart, gaps + eye)
    # Of values nearly alike the difference is rounding. Weights that are not alike then are no function's gradient that
    # has a second derivative, and the quotient says so.
    same = xp.logical_and(near(xp, w, w.shape[-1]), near(xp, g, w.shape[-1]))
    return xp.where(same, xp.multiply(slopes, 1 - eye), apart / xp.where(same, 1, gaps))


def _spectral_pull(xp: Any, g: Any, x: Any, weights: Any, slopes: Any) -> Any:
    values, vectors = xp.eigh(x)
    inner = xp.matmul(xp.matmul(_adjoint(xp, vectors), _hermitian(xp, g)), vectors)
    inner = inner * _as(xp, _steepness(xp, weights, values, slopes), inner)
    return _hermitian(xp, xp.matmul(xp.matmul(vectors, inner), _adjoint(xp, vectors)))


def _check_weights(xp: Any, name: str, weights: Any) -> None:
    if xp.isdtype(weights.dtype, "complex floating"):
        raise DtypeError(f"{name}() takes real weights, one for each value, not complex ones; take the real part first")
    if not weights.ndim:
        raise ShapeError(f"{name}() takes one weight for each value, in an axis; these have shape ()")


def _spectral_weights(xp: Any, g: Any, x: Any) -> Any:
    _, vectors = xp.eigh(x)
    inner = xp.matmul(_hermitian(xp, g), vectors)
    return xp.sum(_real(xp, conjugated(xp, vectors) * inner), axis=-2, keepdims=False)


@op(
    x=lambda xp, g, x, weights, slopes: xp.unbroadcast(_spectral_pull(xp, g, x, weights, slopes), shape=x.shape),
    weights=lambda xp, g, x, spec_weights: xp.unbroadcast(_spectral_weights(xp, g, x), shape=spec_weights.shape),
    slopes=lambda xp, slopes: xp.zeros_like(slopes),
    constant=("vectors",),
    promotes=("x",),
    batch=_spectra,
    accuracy="I4",
    samples=[(spread(3, 3), real_weights(3)), (spread(2, 2, 2), real_weights(2, 2))],
)
def spectral(xp: Any, x: Any, weights: Any, slopes: Any = None, vectors: Any = None) -> Any:
    """V diag(weights) Vᴴ, of the eigenvectors of x: the gradient of a function of eigenvalues, with that for weights.

    Its derivative in x has quotients of the differences of weights and of eigenvalues. For eigenvalues that repeat
    `slopes` has what these tend to.

    Shapes: (..., n, n) and weights (..., n) give (..., n, n); slopes are (..., n, n).
    Dtypes: the weights are real, the result has the dtype of `x`.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import spectral
    >>> spectral(tnp.eye(2), tnp.asarray([3.0, 3.0]))
    Array([[3., 0.],
           [0., 3.]], dtype=float32)
    """
    _check_weights(xp, "spectral", weights)
    if vectors is None:
        vectors = xp.eigh(x)[1]
    return _hermitian(xp, xp.matmul(xp.multiply(vectors, _as(xp, _rows(xp, weights), vectors)), _adjoint(xp, vectors)))


def _eigh_pull(xp: Any, x: Any, values: Any, vectors: Any, g_values: Any, g_vectors: Any) -> Any:
    turned = _adjoint(xp, vectors)
    total = None
    if g_values is not None:
        total = xp.spectral(x, g_values, xp.slopes_at_repeats(g_values, values), vectors)
    if g_vectors is not None:
        # Vectors do not change as they turn among themselves alike, so of that nothing is left to divide.
        among = xp.matmul(turned, g_vectors)
        inner = _by_gaps(xp, (among - _adjoint(xp, among)) / 2, values)
        asked = xp.sum(xp.abs(g_vectors), axis=-2, keepdims=False) > 0
        repeated = xp.equal(_rows(xp, values), _columns(xp, values)) & xp.less(_eye(xp, values, values.shape[-1]), 1)
        lost = xp.logical_and(repeated, xp.logical_or(_rows(xp, asked), _columns(xp, asked)))
        inner = xp.where(lost, math.nan, inner)
        part = xp.matmul(xp.matmul(vectors, inner), turned)
        total = part if total is None else total + part
    return xp.zeros_like(x) if total is None else _hermitian(xp, total)


_HERMITIAN = [
    (spread(3, 3),),
    (spread(2, 2),),
    (spread(1, 1),),
    (spread(2, 3, 3),),
    (spread(4, 4),),
    (normal(0, 2, 2),),
]


@op(
    outs=("values", "vectors"),
    x=lambda xp, x, values, vectors, g_values=None, g_vectors=None: _eigh_pull(
        xp, x, values, vectors, g_values, g_vectors
    ),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.eigh",
    samples=_HERMITIAN,
    errors=_NOT_SQUARE,
)
def eigh(xp: Any, x: Any) -> Any:
    """The eigenvalues, rising, and eigenvectors of the Hermitian part of x.

    The derivative is that of Giles (2008), made Hermitian; that of the vectors is NaN where eigenvalues are equal.

    Shapes: (..., n, n) gives (..., n) and (..., n, n), with the vectors as columns.
    Dtypes: the values are real, the vectors have the dtype of `x`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> values, vectors = eigh(tnp.asarray([[2.0, 0.0], [0.0, 3.0]]))
    >>> values
    Array([2., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: eigh(x)[0][1])(tnp.asarray([[2.0, 0.0], [0.0, 3.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    _check_square("eigh", x)
    return tuple(xp.linalg.eigh(_hermitian(xp, x)))


@op(
    x=lambda xp, g, x, out: xp.spectral(x, g, xp.slopes_at_repeats(g, out)),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.eigvalsh",
    samples=_HERMITIAN,
    errors=_NOT_SQUARE,
)
def eigvalsh(xp: Any, x: Any) -> Any:
    """The eigenvalues of the Hermitian part of x, rising.

    The derivative in an eigenvalue is v vᴴ, of its eigenvector: Giles (2008).

    Shapes: (..., n, n) gives (..., n).
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square.

    >>> eigvalsh(tnp.asarray([[0.0, 2.0], [2.0, 0.0]]))
    Array([-2.,  2.], dtype=float32)
    """
    _check_square("eigvalsh", x)
    return xp.linalg.eigvalsh(_hermitian(xp, x))


def _complex_of(xp: Any, dtype: Any) -> Any:
    return xp.complex64 if dtype in (xp.float32, xp.complex64) else xp.complex128


def _held(xp: Any, vectors: Any) -> Any:
    """True for the element of each eigenvector that LAPACK makes real: the largest, of several the first."""
    size = xp.abs(vectors)
    zero = xp.zeros_like(size)
    size = xp.where(xp.equal(xp.imag(vectors), zero), size, size * (1 - 1e-6))
    place = xp.argmax(size, axis=-2, keepdims=True)
    return xp.equal(xp.positions(place, shape=(vectors.shape[-2], 1)), place)


def _eig_pull(xp: Any, x: Any, values: Any, vectors: Any, g_values: Any, g_vectors: Any) -> Any:
    """Boeddeker et al. (2017), for eigenvectors of length one whose largest element is real, as LAPACK's are."""
    turned = _adjoint(xp, vectors)
    inner = None if g_values is None else _on_diagonal(xp, g_values)
    if g_vectors is not None:
        along = _rows(xp, _diagonal(xp, xp.matmul(turned, g_vectors)))
        held = _held(xp, vectors)
        safe = xp.where(held, vectors, xp.ones_like(vectors))
        turn = xp.where(held, (along - xp.conj(along)) / (2 * safe), xp.zeros_like(vectors))
        among = xp.matmul(turned, g_vectors - turn)
        among = among - xp.multiply(xp.matmul(turned, vectors), _rows(xp, _diagonal(xp, among)))
        part = _by_gaps(xp, among, values, turned=True)
        inner = part if inner is None else inner + part
    if inner is None:
        return xp.zeros_like(x)
    found = xp.solve(turned, xp.matmul(inner, turned))
    return found if xp.isdtype(x.dtype, "complex floating") else xp.astype(xp.real(found), dtype=x.dtype)


_APART = [(spread(3, 3).then(lambda x: x + _skew(x)),), (spread(2, 2),), (spread(1, 1),), (spread(2, 3, 3),)]


def _skew(x: Any) -> Any:
    """A little that is not symmetric."""
    y = x * 0
    y[..., 0, -1] += 0.3
    return y


@op(
    outs=("values", "vectors"),
    x=lambda xp, x, values, vectors, g_values=None, g_vectors=None: _eig_pull(
        xp, x, values, vectors, g_values, g_vectors
    ),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.eig",
    samples=_APART,
    errors=_NOT_SQUARE,
)
def eig(xp: Any, x: Any) -> Any:
    """The eigenvalues and eigenvectors of any square matrices; complex, also where they happen to be real.

    The derivative is that of Boeddeker et al. (2017), "On the computation of complex-valued gradients with application
    to statistically optimum beamforming", for vectors of length one whose largest element is real.

    Shapes: (..., n, n) gives (..., n) and (..., n, n), with the vectors as columns.
    Dtypes: complex, of the precision of `x`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `BackendError` on an engine that has no such function.

    >>> eig(tnp.asarray([[2.0, 0.0], [0.0, 3.0]]))[0]
    Array([2.+0.j, 3.+0.j], dtype=complex64)
    """
    _check_square("eig", x)
    dtype = _complex_of(xp, x.dtype)
    values, vectors = xp.linalg.eig(x)
    return xp.astype(values, dtype), xp.astype(vectors, dtype)


def _eigvals_pull(xp: Any, g: Any, x: Any) -> Any:
    values, vectors = xp.eig(x)
    return _eig_pull(xp, x, values, vectors, g, None)


@op(
    x=lambda xp, g, x: _eigvals_pull(xp, g, x),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.eigvals",
    samples=_APART,
    errors=_NOT_SQUARE,
)
def eigvals(xp: Any, x: Any) -> Any:
    """The eigenvalues of any square matrices, complex.

    Shapes: (..., n, n) gives (..., n).
    Dtypes: complex, of the precision of `x`; integers become the default float first.
    Raises: `ShapeError` for a matrix that is not square, `BackendError` on an engine that has no such function.

    >>> eigvals(tnp.asarray([[0.0, -1.0], [1.0, 0.0]]))
    Array([0.+1.j, 0.-1.j], dtype=complex64)
    """
    _check_square("eigvals", x)
    return xp.astype(xp.linalg.eigvals(x), _complex_of(xp, x.dtype))


def _singular_pull(xp: Any, g: Any, x: Any, weights: Any, slopes: Any) -> Any:
    """With m = uᴴ g v: its Hermitian part by the steepness of the weights, the other by their sums over those of s."""
    u, s, vh = xp.svd(x, full_matrices=False)
    v = _adjoint(xp, vh)
    m = xp.matmul(xp.matmul(_adjoint(xp, u), g), v)
    even, odd = _hermitian(xp, m), (m - _adjoint(xp, m)) / 2
    sums = _rows(xp, s) + _columns(xp, s)
    level = (_rows(xp, weights) + _columns(xp, weights)) / xp.where(sums == 0, 1, sums)
    single = weights / xp.where(s == 0, 1, s)
    at_zero = xp.zeros_like(s) if slopes is None else _diagonal(xp, slopes)
    level = xp.where(sums == 0, _rows(xp, at_zero), level)
    single = xp.where(s == 0, at_zero, single)
    steep = _steepness(xp, weights, s, slopes) + _on_diagonal(xp, xp.where(s == 0, at_zero, 0))
    inner = even * _as(xp, steep, m) + odd * _as(xp, level, m)
    total = xp.matmul(xp.matmul(u, inner), vh)
    rows, columns = x.shape[-2:]
    if rows > columns:
        rest = xp.matmul(g, v)
        rest = (rest - xp.matmul(u, xp.matmul(_adjoint(xp, u), rest))) * _as(xp, _rows(xp, single), m)
        total = total + xp.matmul(rest, vh)
    if columns > rows:
        rest = xp.matmul(_adjoint(xp, u), g)
        rest = (rest - xp.matmul(xp.matmul(rest, v), vh)) * _as(xp, _columns(xp, single), m)
        total = total + xp.matmul(u, rest)
    return total


def _singular_weights(xp: Any, g: Any, x: Any) -> Any:
    u, s, vh = xp.svd(x, full_matrices=False)
    found = xp.sum(_real(xp, conjugated(xp, u) * xp.matmul(g, _adjoint(xp, vh))), axis=-2, keepdims=False)
    return xp.where(s == 0, 0, found)


@op(
    x=lambda xp, g, x, weights, slopes: xp.unbroadcast(_singular_pull(xp, g, x, weights, slopes), shape=x.shape),
    weights=lambda xp, g, x, spec_weights: xp.unbroadcast(_singular_weights(xp, g, x), shape=spec_weights.shape),
    slopes=lambda xp, slopes: xp.zeros_like(slopes),
    constant=("u", "s", "vh"),
    promotes=("x",),
    batch=_spectra,
    accuracy="I4",
    samples=[
        (regular(3, 3), real_weights(3)),
        (regular(2, 3, 2), real_weights(2, 2)),
        (regular(2, 4), real_weights(2)),
    ],
)
def singular_spectral(
    xp: Any, x: Any, weights: Any, slopes: Any = None, u: Any = None, s: Any = None, vh: Any = None
) -> Any:
    """u diag(weights) vᴴ, of the singular vectors of x: the gradient of a function of singular values.

    Where one is 0 it has a kink, as a size has, and the derivative there is 0. For the derivative in x see `spectral`.

    Shapes: (..., m, n) and weights (..., k), with k = min(m, n), give (..., m, n); slopes are (..., k, k).
    Dtypes: the weights are real, the result has the dtype of `x`.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import singular_spectral
    >>> singular_spectral(tnp.eye(2), tnp.asarray([3.0, 3.0]))
    Array([[3., 0.],
           [0., 3.]], dtype=float32)
    """
    _check_weights(xp, "singular_spectral", weights)
    if u is None:
        u, s, vh = xp.svd(x, full_matrices=False)
    weights = xp.where(s == 0, 0, weights)
    return xp.matmul(xp.multiply(u, _as(xp, _rows(xp, weights), u)), vh)


def _svd_pull(xp: Any, x: Any, u: Any, s: Any, vh: Any, g_u: Any, g_s: Any, g_vh: Any) -> Any:
    """Townsend (2016), "Differentiating the singular value decomposition"; the longer vectors take the phases.

    `turn` is what a change of the singular vectors among themselves asks for. Vectors beyond the singular values, where
    all are asked for, turn against the others only.
    """
    rows, columns = x.shape[-2:]
    k = min(rows, columns)
    is_complex = xp.isdtype(x.dtype, "complex floating")
    u1, v = xp.getitem(u, key=(..., slice(0, k))), _adjoint(xp, vh)
    v1 = xp.getitem(v, key=(..., slice(0, k)))
    values = _as(xp, s, u)
    inner = None if g_s is None else _on_diagonal(xp, _as(xp, g_s, u))
    if g_u is None and g_vh is None:
        return xp.singular_spectral(
            x, g_s, xp.slopes_at_repeats(g_s, s), u1, s, xp.getitem(vh, key=(..., slice(0, k), slice(None)))
        )
    # s[j] / (s[j]² - s[i]²), without squares, which may leave the range.
    sums = _rows(xp, s) + _columns(xp, s)
    parts = _as(xp, _rows(xp, s) / xp.where(sums == 0, 1, sums), u)
    total = None
    for first, side, others, g, along in (
        (True, u1, u, g_u, rows),
        (False, v1, v, None if g_vh is None else _adjoint(xp, g_vh), columns),
    ):
        if g is None:
            continue
        g1 = xp.getitem(g, key=(..., slice(0, k)))
        among = xp.matmul(_adjoint(xp, side), g1)
        turn = xp.multiply(among - _adjoint(xp, among), parts if first else xp.matrix_transpose(parts))
        part = _by_gaps(xp, turn, s)
        if is_complex and first == (rows >= columns):
            phase = _diagonal(xp, among)
            phase = xp.divide_or_zero(phase - xp.conj(phase), 2 * values)
            part = part + _on_diagonal(xp, phase if first else -phase)
        inner = part if inner is None else inner + part
        if along > k:
            if others.shape[-1] > k:
                rest = xp.getitem(others, key=(..., slice(k, None)))
                g2 = xp.getitem(g, key=(..., slice(k, None)))
                away = xp.matmul(_adjoint(xp, rest), g1) - xp.matmul(_adjoint(xp, g2), side)
                away = xp.matmul(rest, away)
            else:
                away = g1 - xp.matmul(side, among)
            away = xp.divide_or_zero(away, _rows(xp, values))
            # There are fewer of the one side than of the other, so this is reached once.
            total = xp.matmul(away, _adjoint(xp, v1)) if first else xp.matmul(u1, _adjoint(xp, away))
    part = xp.matmul(xp.matmul(u1, inner), _adjoint(xp, v1))
    return part if total is None else total + part


_RECTANGLES = [
    (regular(3, 2),),
    (regular(2, 4),),
    (regular(3, 3),),
    (regular(2, 3, 2),),
    (regular(1, 1),),
    (normal(0, 3, 2),),
]


@op(
    outs=("u", "s", "vh"),
    x=lambda xp, x, u, s, vh, g_u=None, g_s=None, g_vh=None: _svd_pull(xp, x, u, s, vh, g_u, g_s, g_vh),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.svd",
    samples=[
        *[(x, {"full_matrices": False}) for x in _RECTANGLES],
        (regular(3, 3),),
        (regular(2, 2, 2),),
        (regular(3, 2),),
        (regular(2, 3),),
    ],
    errors=[(normal(3),)],
)
def svd(xp: Any, x: Any, *, full_matrices: bool = True) -> Any:
    """The u, s and vh with x = u s vh: singular vectors, and the singular values, falling, between them.

    The derivative is that of Townsend (2016), "Differentiating the singular value decomposition"; that of the vectors
    is NaN where singular values are equal.

    Shapes: (..., m, n) gives (..., m, k), (..., k) and (..., k, n) with k = min(m, n); u and vh are square if
    `full_matrices`.
    Dtypes: s is real, the vectors have the dtype of `x`; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes, `ValueError` where it does not converge.

    >>> u, s, vh = svd(tnp.asarray([[3.0, 0.0], [0.0, 4.0]]))
    >>> s
    Array([4., 3.], dtype=float32)
    """
    check_matrix("svd", x)
    return tuple(xp.linalg.svd(x, full_matrices=full_matrices))


@op(
    x=lambda xp, g, x, out: xp.singular_spectral(x, g, xp.slopes_at_repeats(g, out)),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.svdvals",
    samples=_RECTANGLES,
    errors=[(normal(3),)],
)
def svdvals(xp: Any, x: Any) -> Any:
    """The singular values, falling.

    The derivative in a singular value is u vᴴ, of its vectors: Giles (2008).

    Shapes: (..., m, n) gives (..., min(m, n)).
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes, `ValueError` where it does not converge.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> svdvals(tnp.asarray([[3.0, 0.0], [0.0, 4.0]]))
    Array([4., 3.], dtype=float32)
    >>> tapegrad.grad(lambda x: svdvals(x)[0])(tnp.asarray([[3.0, 0.0], [0.0, 4.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    check_matrix("svdvals", x)
    return xp.linalg.svdvals(x)


def _qr_pull(xp: Any, x: Any, q: Any, r: Any, g_q: Any, g_r: Any, mode: str) -> Any:
    """Roberts and Roberts (2020), "QR and LQ decomposition matrix backpropagation algorithms"."""
    rows, columns = x.shape[-2:]
    if mode == "complete" and rows > columns:
        raise NoGradientError(
            "qr(mode='complete') of a matrix with more rows than columns has no derivative: nothing determines the "
            "further columns of q; use mode='reduced'"
        )
    if g_q is None and g_r is None:
        return xp.zeros_like(x)
    if rows < columns:
        left, right = (..., slice(0, rows)), (..., slice(rows, None))
        if g_r is None:
            second = xp.zeros_like(xp.getitem(x, key=right))
        else:
            g_right = xp.getitem(g_r, key=right)
            second = xp.matmul(q, g_right)
            more = xp.matmul(xp.getitem(x, key=right), _adjoint(xp, g_right))
            g_q = more if g_q is None else g_q + more
            g_r = xp.getitem(g_r, key=left)
        first = _qr_square_pull(xp, q, xp.getitem(r, key=left), g_q, g_r)
        return xp.concat(first, second, axis=-1)
    return _qr_square_pull(xp, q, r, g_q, g_r)


def _qr_square_pull(xp: Any, q: Any, r: Any, g_q: Any, g_r: Any) -> Any:
    inner = None
    if g_r is not None:
        inner = xp.matmul(g_r, _adjoint(xp, r))
    if g_q is not None:
        part = -xp.matmul(_adjoint(xp, q), g_q)
        inner = part if inner is None else inner + part
    above = xp.triu(inner, k=1)
    diagonal = _as(xp, _on_diagonal(xp, _real(xp, _diagonal(xp, inner))), above)
    total = xp.matmul(q, above + _adjoint(xp, above) + diagonal)
    total = total if g_q is None else total + g_q
    return _adjoint(xp, xp.solve_triangular(r, _adjoint(xp, total), upper=True, unit=False))


@op(
    outs=("q", "r"),
    x=lambda xp, x, q, r, mode, g_q=None, g_r=None: _qr_pull(xp, x, q, r, g_q, g_r, mode),
    floats=True,
    batch=in_front,
    accuracy="I4",
    primitive="linalg.qr",
    samples=[
        (regular(3, 3),),
        (regular(4, 2),),
        (regular(2, 3),),
        (regular(2, 3, 2),),
        ((regular(2, 2),), {"mode": "complete"}),
        (regular(1, 1),),
        (normal(0, 3, 2),),
    ],
    errors=[(normal(3),)],
)
def qr(xp: Any, x: Any, *, mode: str = "reduced") -> Any:
    """The q with orthonormal columns and the upper triangular r with x = q r; `mode` is "reduced" or "complete".

    The derivative is that of Roberts and Roberts (2020), "QR and LQ decomposition matrix backpropagation algorithms".

    Shapes: (..., m, n) gives (..., m, k) and (..., k, n) with k = min(m, n), or k = m where complete.
    Raises: `ShapeError` for fewer than two axes, `ValueError` for another mode, `NoGradientError` where complete and m
    > n.

    >>> q, r = qr(tnp.asarray([[3.0, 0.0], [4.0, 5.0]]))
    >>> tnp.round(abs(r), 4), tnp.round(q @ r, 4)
    (Array([[5., 4.],
           [0., 3.]], dtype=float32), Array([[3., 0.],
           [4., 5.]], dtype=float32))
    """
    check_matrix("qr", x)
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f"mode is {mode!r}; choose 'reduced' or 'complete'")
    return tuple(xp.linalg.qr(x, mode=mode))


# Functions of matrices.

_PADE = tuple(
    b / 64764752532480000.0
    for b in (
        *(64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0),
        *(10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0),
    )
)
"""The coefficients of the diagonal approximant of order 13 to exp, lowest first."""

_WITHIN = 5.371920351148152
"""The norm up to which that approximant is exact to double precision: Higham (2005), table 2.3."""

_HALVINGS = 32


def _expm_pull(xp: Any, g: Any, x: Any) -> Any:
    """The derivative along g at xᴴ is the corner of exp of a block matrix: Mathias (1996), theorem 2.1."""
    turned = _adjoint(xp, x)
    zero = xp.zeros_like(turned)
    n = x.shape[-1]
    blocks = xp.concat(xp.concat(turned, g, axis=-1), xp.concat(zero, turned, axis=-1), axis=-2)
    return xp.getitem(xp.expm(blocks), key=(..., slice(0, n), slice(n, None)))


@op(
    x=lambda xp, g, x: _expm_pull(xp, g, x),
    floats=True,
    accuracy="I4",
    samples=[
        (dense(3, 3),),
        (dense(2, 2, 2),),
        (dense(1, 1),),
        (exactly([[0.0, 1.0], [0.0, 0.0]]),),
        (dense(2, 2).then(lambda x: x * 8),),
        (normal(0, 2, 2),),
        (exactly([[0.0, 0.0], [0.0, 0.0]]),),
    ],
    errors=_NOT_SQUARE,
)
def expm(xp: Any, x: Any) -> Any:
    """The exponentials of square matrices, by Padé approximation of x / 2ˢ and s squarings.

    Matrices of a stack are halved as often as each needs, at most 32 times: Higham (2005), "The scaling and squaring
    method for the matrix exponential revisited". The derivative is a corner of the exponential of a block matrix:
    Mathias (1996), theorem 2.1.

    Shapes: (..., n, n), and so is the result.
    Raises: `ShapeError` for a matrix that is not square.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> expm(tnp.asarray([[0.0, 1.0], [0.0, 0.0]]))
    Array([[1., 1.],
           [0., 1.]], dtype=float32)
    >>> tapegrad.grad(lambda x: expm(x)[0, 1])(tnp.zeros((2, 2)))
    Array([[0., 1.],
           [0., 0.]], dtype=float32)
    """
    _check_square("expm", x)
    n = x.shape[-1]
    if n == 0:
        return x
    size = xp.max(xp.sum(xp.abs(x), axis=(-2,), keepdims=True), axis=(-1,), keepdims=True)
    squarings = xp.zeros_like(size)
    for i in range(_HALVINGS):
        halve = xp.greater(size, xp.filled(size, shape=(), value=_WITHIN * 2.0**i))
        squarings = squarings + xp.astype(halve, dtype=size.dtype)
    small = x / _as(xp, 2**squarings, x)
    eye = _eye(xp, x, n)
    b = _PADE
    x2 = xp.matmul(small, small)
    x4 = xp.matmul(x2, x2)
    x6 = xp.matmul(x4, x2)
    odd = xp.matmul(x6, b[13] * x6 + b[11] * x4 + b[9] * x2) + b[7] * x6 + b[5] * x4 + b[3] * x2 + b[1] * eye
    odd = xp.matmul(small, odd)
    even = xp.matmul(x6, b[12] * x6 + b[10] * x4 + b[8] * x2) + b[6] * x6 + b[4] * x4 + b[2] * x2 + b[0] * eye
    out = xp.solve(even - odd, even + odd)
    for i in range(_HALVINGS):
        more = xp.greater(squarings, xp.filled(size, shape=(), value=i))
        base = xp.where(more, out, xp.zeros_like(out))
        out = xp.where(more, xp.matmul(base, base), out)
    return out


def matrix_power(x: Any, n: int) -> Any:
    """The n-th power of square matrices by repeated squaring; of their inverses where n is negative.

    Shapes: (..., n, n), and so is the result.
    Dtypes: that of `x`; for a negative power integers become the default float.
    Raises: `ShapeError` for a matrix that is not square, `TypeError` for a power that is not an integer, `ValueError`
    for a negative power of a singular matrix.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import matrix_power
    >>> matrix_power(tnp.asarray([[1, 1], [1, 0]]), 10)
    Array([[89, 55],
           [55, 34]], dtype=int64)
    """
    _check_square("matrix_power", x)
    try:
        n = operator.index(n)
    except TypeError:
        raise ArgumentTypeError(f"matrix_power(): the power is {n!r}; it must be an integer") from None
    if n < 0:
        x, n = inv(x), -n
    if n == 0:
        eye = RECORDED.filled(x._detached(), shape=tuple(x.shape[-2:]), value=1)
        eye = RECORDED.tril(RECORDED.triu(eye, k=0), k=0)
        return RECORDED.broadcast_to(eye, shape=tuple(x.shape))
    found = None
    while True:
        if n & 1:
            found = x if found is None else matmul(found, x)
        n >>= 1
        if not n:
            return found
        x = matmul(x, x)


def multi_dot(arrays: Sequence[Any]) -> Any:
    """The product of two or more matrices in the cheapest order; the first and the last may be vectors.

    Shapes: (m, k), (k, l), ..., (p, n) give (m, n); the axis of a vector is left out.
    Dtypes: all are promoted to one.
    Raises: `ShapeError` where shapes do not go together, `ValueError` for fewer than two arrays.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import multi_dot
    >>> multi_dot([tnp.ones(2), tnp.ones((2, 3)), tnp.ones((3, 2))])
    Array([6., 6.], dtype=float32)
    """
    parts = list(arrays)
    if len(parts) < 2:
        raise ArgumentError(f"multi_dot() takes two arrays or more, not {len(parts)}")
    ends = parts[0].ndim == 1, parts[-1].ndim == 1
    if ends[0]:
        parts[0] = RECORDED.expand_dims(parts[0], axis=0)
    if ends[1]:
        parts[-1] = RECORDED.expand_dims(parts[-1], axis=1)
    if any(x.ndim != 2 for x in parts):
        raise ShapeError(f"multi_dot() takes matrices, not shapes {', '.join(str(tuple(x.shape)) for x in arrays)}")
    if any(x.shape[1] != y.shape[0] for x, y in itertools.pairwise(parts)):
        shapes = ", ".join(str(tuple(x.shape)) for x in arrays)
        raise ShapeError(f"multi_dot() of shapes {shapes}: the columns of each must be the rows of the next")
    sizes = [parts[0].shape[0], *(x.shape[1] for x in parts)]
    cheapest: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(parts))}
    for length in range(1, len(parts)):
        for i in range(len(parts) - length):
            j = i + length
            cheapest[i, j] = min(
                (cheapest[i, k][0] + cheapest[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        k = cheapest[i, j][1]
        return parts[i] if i == j else matmul(product(i, k), product(k + 1, j))

    out = product(0, len(parts) - 1)
    shape = (*(() if ends[0] else out.shape[:1]), *(() if ends[1] else out.shape[1:]))
    return RECORDED.reshape(out, shape=shape) if any(ends) else out


def _cross_axis(x: Any, y: Any, axis: int) -> int:
    """The axis counted from the back, where it means the same for both."""
    behind = axis - x.ndim if axis >= 0 and x.ndim == y.ndim else axis
    if not -min(x.ndim, y.ndim) <= behind < 0:
        raise AxisError(f"cross(): axis {axis} of shapes {tuple(x.shape)} and {tuple(y.shape)} is not in both")
    if x.shape[behind] != 3 or y.shape[behind] != 3:
        raise ShapeError(
            f"cross() takes an axis of length 3 that both arrays have; axis {axis} of shapes {tuple(x.shape)} "
            f"and {tuple(y.shape)} is not one"
        )
    return behind


@multilinear(
    x=lambda xp, g, y, axis: xp.cross(y, g, axis=axis),
    y=lambda xp, g, x, axis: xp.cross(g, x, axis=axis),
    accuracy="I3",
    samples=[
        (normal(3), normal(3)),
        (normal(2, 3), normal(2, 3)),
        ((normal(3, 2), normal(3, 2)), {"axis": 0}),
        (normal(2, 3), normal(3)),
        (normal(2, 1, 3), normal(4, 3)),
        ((normal(3, 1), normal(3, 4)), {"axis": -2}),
        (normal(0, 3), normal(3)),
    ],
    errors=[(normal(2), normal(2)), ((normal(2, 3), normal(2, 3)), {"axis": 0})],
)
def cross(xp: Any, x: Any, y: Any, *, axis: int = -1) -> Any:
    """The cross products of vectors of length 3 along `axis`; other axes broadcast.

    Shapes: the shape that both broadcast to, with 3 along `axis`.
    Raises: `ShapeError` for an axis that is not there or of another length.

    >>> cross(tnp.asarray([1.0, 0.0, 0.0]), tnp.asarray([0.0, 1.0, 0.0]))
    Array([0., 0., 1.], dtype=float32)
    """
    axis = _cross_axis(x, y, axis)
    tail = (slice(None),) * (-axis - 1)

    def part(z: Any, i: int) -> Any:
        return xp.getitem(z, key=(..., i, *tail))

    a, b = [part(x, i) for i in range(3)], [part(y, i) for i in range(3)]
    found = [xp.subtract(xp.multiply(a[i], b[j]), xp.multiply(a[j], b[i])) for i, j in ((1, 2), (2, 0), (0, 1))]
    return xp.stack(*found, axis=found[0].ndim + 1 + axis)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """NumPy's least squares: the shortest x that makes a x - b shortest, then what it needs to be judged.

    These are the squared lengths of a x - b, the rank, and the singular values. The lengths are empty where the rank is
    not full or a has no more rows than columns; under vmap they are NaN for a rank that is not full. For matrices that
    keep their rank every output has its derivative, by that of `pinv`: Golub and Pereyra (1973).

    Shapes: `a` (m, n), `b` (m,) or (m, k); x is (n,) or (n, k), the lengths (k,), the rank (), the values (min(m, n),).
    Dtypes: `a` and `b` are promoted to one; the rank is an integer.
    Raises: `ShapeError` where they do not go together.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import lstsq
    >>> x, squares, rank, s = lstsq(tnp.asarray([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), tnp.asarray([1.0, 3.0, 5.0]))
    >>> tnp.round(x, 4), rank
    (Array([1., 2.], dtype=float32), Array(2, dtype=int64))
    """
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ShapeError(f"lstsq() of a matrix {tuple(a.shape)} with a right-hand side of shape {tuple(b.shape)}")
    if rcond is None:
        rcond = float(RECORDED.finfo(a.dtype).eps) * max(a.shape)
    found = matmul(pinv(a, rtol=rcond), b)
    rank = matrix_rank(a, rtol=rcond)
    rest = matmul(a, found) - b
    squares = RECORDED.sum(RECORDED.square(RECORDED.abs(rest)), axis=(0,))
    batched = isinstance(rank._value, Batched)
    if batched and a.shape[0] > a.shape[1]:
        # One shape for the whole batch: what would be empty by itself is NaN.
        squares = RECORDED.where(rank == a.shape[1], squares, math.nan)
        squares = RECORDED.reshape(squares, shape=(1,)) if b.ndim == 1 else squares
    elif a.shape[0] <= a.shape[1] or int(rank.item()) < a.shape[1]:
        squares = RECORDED.filled(squares._detached(), shape=(0,), value=0)
    elif b.ndim == 1:
        squares = RECORDED.reshape(squares, shape=(1,))
    return found, squares, rank, svdvals(a)


@locally_constant(
    floats=True,
    batch=in_front,
    primitive="linalg.matrix_rank",
    samples=[
        (regular(3, 3),),
        (exactly([[1.0, 2.0], [2.0, 4.0]]),),
        (regular(2, 3, 2),),
        (exactly([[0.0, 0.0], [0.0, 0.0]]),),
        ((regular(2, 2),), {"rtol": 0.5}),
        (normal(0, 2, 2),),
    ],
)
def matrix_rank(xp: Any, x: Any, *, rtol: float | None = None) -> Any:
    """The number of singular values above `rtol` times the largest.

    Shapes: (..., m, n) gives (...).
    Dtypes: real or complex; the result is an integer.
    Raises: `ShapeError` for fewer than two axes.

    >>> matrix_rank(tnp.asarray([[1.0, 2.0], [2.0, 4.0]]))
    Array(1, dtype=int64)
    """
    check_matrix("matrix_rank", x)
    return xp.linalg.matrix_rank(x, rtol=rtol)


def cond(x: Any, p: Any = None) -> Any:
    """The condition number: the norm of x times that of its inverse, in the spectral norm or the one that `p` names.

    Shapes: (..., m, n) gives (...); square but for p of None, 2 and -2.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for another shape, `ValueError` for an unknown norm, or a singular matrix where it is
    inverted.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import cond
    >>> cond(tnp.asarray([[2.0, 0.0], [0.0, 8.0]]))
    Array(4., dtype=float32)
    """
    check_matrix("cond", x)
    if p in (None, 2, -2):
        s = svdvals(x)
        largest, smallest = RECORDED.getitem(s, key=(..., 0)), RECORDED.getitem(s, key=(..., -1))
        return smallest / largest if p == -2 else largest / smallest
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)


# Norms.


def _norm_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    several = (axis,) if isinstance(axis, int) else tuple(axis)
    if any(not -ndim <= a < ndim for a in several):
        raise AxisError(f"an array of {ndim} axes has no axis {axis}")
    return tuple(a % ndim for a in several)


@InFront
def _over_norm_axes(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    return {**keywords, "axis": tuple([a + 1 for a in _norm_axes(keywords["axis"], rank)])}


def _kept(xp: Any, z: Any, x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if keepdims:
        return z
    return xp.reshape(z, shape=tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def _vector_norm_pull(xp: Any, g: Any, x: Any, out: Any, axis: Any, keepdims: bool, ord: float) -> Any:
    """The direction of steepest rise; 0 where the norm has a kink, the mean where several elements tie."""
    axes = _norm_axes(axis, x.ndim)
    given = g, out
    if out.shape:
        g, out = _kept(xp, g, x, axes, keepdims), _kept(xp, out, x, axes, keepdims)
    if ord == 0:
        return xp.multiply(xp.zeros_like(x), _as(xp, g, x))
    if ord == 1:
        return xp.multiply(_as(xp, g, x), xp.sign(x))
    if ord == 2:
        # Not by g / out, which may leave the range where the direction does not.
        pulled = xp.multiply(xp.divide_or_flat(x, _as(xp, out, x)), _as(xp, g, x))
        return xp.past_kink(pulled, *given, x, kept=tuple(out.shape) or (1,) * x.ndim)
    size = xp.abs(x)
    if ord in (math.inf, -math.inf):
        hits = xp.astype(xp.equal(size, out), dtype=out.dtype)
        parts = xp.multiply(hits, xp.divide(g, xp.sum(hits, axis=axes, keepdims=True)))
        return xp.multiply(xp.sign(x), _as(xp, parts, x))
    # x |x|^(p-2) / out^(p-1), written with the ratio, which neither overflows nor loses small elements.
    flat = xp.equal(out, xp.zeros_like(out))
    whole = xp.where(flat, xp.ones_like(out), out)
    ratio = size / whole
    still = xp.equal(ratio, xp.zeros_like(ratio))
    safe = xp.where(still, xp.ones_like(ratio), ratio)
    if xp.isdtype(x.dtype, "complex floating"):
        # Not by the sign, which turns without end about 0, where from order 2 on there is a second derivative.
        power = xp.where(still, xp.zeros_like(ratio), safe ** (ord - 2))
        return xp.multiply(xp.divide(x, _as(xp, whole, x)), _as(xp, xp.multiply(g, power), x))
    power = xp.where(still, xp.zeros_like(ratio), safe ** (ord - 1))
    return xp.multiply(xp.sign(x), xp.multiply(g, power))


def _vector_norm_push(xp: Any, d_x: Any, x: Any, out: Any, axis: Any, keepdims: bool, ord: float) -> Any:
    # Not by transposing the pull: products of changes and elements may leave the range where their quotients do not.
    slope = _vector_norm_pull(xp, xp.ones_like(out), x, out, axis, keepdims, ord)
    return xp.sum(_real(xp, d_x * conjugated(xp, slope)), axis=_norm_axes(axis, x.ndim), keepdims=keepdims)


@op(
    x=lambda xp, g, x, out, axis, keepdims, ord: _vector_norm_pull(xp, g, x, out, axis, keepdims, ord),
    jvp=lambda xp, d_x, x, out, axis, keepdims, ord: _vector_norm_push(xp, d_x, x, out, axis, keepdims, ord),
    floats=True,
    batch=_over_norm_axes,
    accuracy="I3",
    samples=[
        (normal(3, 4),),
        ((normal(3, 4),), {"axis": 0}),
        ((normal(2, 3, 4),), {"axis": (0, -1), "keepdims": True}),
        ((normal(3, 4),), {"axis": 1, "ord": 1}),
        ((distinct(3, 4),), {"axis": -1, "ord": math.inf}),
        ((distinct(3, 4),), {"ord": -math.inf}),
        ((exactly([[1.0, -1.0, 2.0], [3.0, 2.0, 2.0]]),), {"axis": 1, "ord": -math.inf}),
        ((normal(3, 4),), {"axis": 1, "ord": 3}),
        ((normal(3, 4),), {"axis": 1, "ord": 0}),
        ((distinct(3, 4),), {"ord": 1.5}),
        ((exactly([[3.0, 0.0, -2.0], [0.0, 0.0, 0.0]]),), {"axis": 1, "ord": 1.5}),  # at 0 it has no second derivative
        ((exactly([[3.0, 0.0, -2.0], [0.0, 0.0, 0.0]]),), {"ord": 3}),
        (normal(),),
        ((normal(3, 0),), {"axis": 1}),
        (exactly([0.0, 0.0, 0.0]),),
        *[((x,), {"axis": 1, "ord": order}) for x in (HUGE, TINY) for order in (2, 3)],
    ],
    errors=[((normal(3),), {"axis": 1})],
)
def vector_norm(xp: Any, x: Any, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    """The p-norm over `axis` (all axes if None), where p is `ord`: a number, 0 (how many are not zero), inf or -inf.

    At 0 the gradient is 0; elements that tie for the largest share it evenly.

    Dtypes: real; integers become the default float first.
    Raises: `AxisError` for an axis that is not there, `ValueError` for an `ord` of matrices.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> vector_norm(tnp.asarray([3.0, 4.0]))
    Array(5., dtype=float32)
    >>> tapegrad.grad(vector_norm)(tnp.asarray([0.0, 0.0]))
    Array([0., 0.], dtype=float32)
    """
    axes = _norm_axes(axis, x.ndim)
    if isinstance(ord, str):
        raise ArgumentError(f"ord is {ord!r}, and vectors are measured by a number; choose one, or inf or -inf")
    if ord == 2:
        return xp.root_of_squares(x, axis=axes, keepdims=keepdims)
    size = xp.abs(x)
    if ord == math.inf:
        return xp.max(size, axis=axes, keepdims=keepdims)
    if ord == -math.inf:
        return xp.min(size, axis=axes, keepdims=keepdims)
    if ord == 1:
        return xp.sum(size, axis=axes, keepdims=keepdims)
    if ord == 0:
        counted = xp.astype(xp.not_equal(size, xp.zeros_like(size)), dtype=size.dtype)
        return xp.sum(counted, axis=axes, keepdims=keepdims)
    if not math.prod(x.shape[a] for a in axes):
        return xp.sum(size**ord, axis=axes, keepdims=keepdims) ** (1 / ord)
    top = xp.max(size, axis=axes, keepdims=True)
    # By a power of two, so that nothing is rounded: powers leave the range long before their sum's root does.
    by = xp.exp2(xp.round(xp.log2(xp.where((top > 0) & xp.isfinite(top), top, 1)), decimals=0))
    out = xp.sum((size / by) ** ord, axis=axes, keepdims=True) ** (1 / ord) * by
    return dropped(xp, out, tuple(x.shape), axes, keepdims)


def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norms of matrices: "fro", "nuc" (all singular values), 2 and -2 (the extremes), 1, -1, inf and -inf.

    Shapes: (..., m, n) gives (...), or (..., 1, 1) with `keepdims`.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for fewer than two axes, `ValueError` for another `ord`.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import matrix_norm
    >>> matrix_norm(tnp.asarray([[3.0, 0.0], [0.0, 4.0]]), ord="nuc")
    Array(7., dtype=float32)
    >>> tapegrad.grad(lambda x: matrix_norm(x, ord=2))(tnp.asarray([[3.0, 0.0], [0.0, 4.0]]))
    Array([[0., 0.],
           [0., 1.]], dtype=float32)
    """
    check_matrix("matrix_norm", x)
    if ord in ("fro", None):
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        s = svdvals(x)
        if ord == "nuc" and s.shape[-1]:
            # Numbers that are nothing but rounding have vectors that mean nothing: flat, as where they are 0.
            largest = RECORDED.max(s._detached(), axis=(-1,), keepdims=True)
            least = max(x.shape[-2:]) * float(RECORDED.finfo(s.dtype).eps)
            s = RECORDED.where(RECORDED.greater(s, RECORDED.multiply(largest, least)), s, s._detached())
        reduce = {"nuc": RECORDED.sum, 2: RECORDED.max, -2: RECORDED.min}[ord]
        found = reduce(s, axis=(-1,), keepdims=False)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = RECORDED.sum(RECORDED.abs(x), axis=(-2,) if abs(ord) == 1 else (-1,), keepdims=False)
        found = (RECORDED.max if ord > 0 else RECORDED.min)(sums, axis=(-1,), keepdims=False)
    else:
        raise ArgumentError(f"matrix_norm(): ord is {ord!r}; choose 'fro', 'nuc', 1, -1, 2, -2, inf or -inf")
    return RECORDED.reshape(found, shape=(*found.shape, 1, 1)) if keepdims else found


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """NumPy's norm: of all elements, of vectors along an axis, or, for a pair of axes or an `ord`, of matrices.

    Shapes: the axes that are measured go, or keep length 1 with `keepdims`.
    Dtypes: real; integers become the default float first.
    Raises: `ShapeError` for axes that do not fit, `AxisError` for one that is not there, `ValueError` for another
    `ord`.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.linalg import norm
    >>> norm(tnp.asarray([[3.0, 4.0], [0.0, 0.0]]), axis=1)
    Array([5., 0.], dtype=float32)
    """
    if axis is None and ord is None:
        return vector_norm(x, axis=None, keepdims=keepdims)
    if axis is None:
        if x.ndim not in (1, 2):
            raise ShapeError(f"norm(ord={ord!r}) takes one or two axes, not shape {tuple(x.shape)}; give axis")
        axis = tuple(range(x.ndim))
    axes = _norm_axes(axis, x.ndim)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ArgumentError(f"norm(): ord {ord!r} is for matrices, not for vectors")
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ShapeError(f"norm() of matrices takes two different axes, not {axis}")
    order = (*(a for a in range(x.ndim) if a not in axes), *axes)
    found = matrix_norm(RECORDED.permute_dims(x, axes=order), ord=ord)
    if keepdims:
        shape = tuple(1 if a in axes else n for a, n in enumerate(x.shape))
        found = RECORDED.reshape(found, shape=shape)
    return found
