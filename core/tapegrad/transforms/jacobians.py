"""Whole Jacobians and Hessians, by one sweep with a batch of unit arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .. import dtypes
from ..arrays.array import Array
from ..arrays.batched import Batched, engine_of, wrap
from ..arrays.entering import RAW, SCALAR
from ..arrays.trees import callable_or_error, unflatten
from ..engines.tables import OPS, RECORDED
from ..errors import ArgumentTypeError, DtypeError
from .gradients import grad
from .run import Run, is_scalar, is_single, positions_of, tangents_for
from .vmap import VmapScope, open_batch


def _basis(x: Array) -> Array:
    """The unit arrays of the shape of `x`, along a new first axis."""
    engine = engine_of(x)
    eye = np.eye(x.size, dtype=x._dtype).reshape(x.size, *x.shape)
    return wrap(engine.backend.from_numpy(eye), None, engine)


def jacrev(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian by one reverse sweep that carries all cotangents at once: best where outputs are fewer than inputs.

    `jacobian` is another name for it; `jacfwd` does the same forward. See `value_and_grad` for `argnums` and `has_aux`.

    Shapes: of an output of shape `o` and an argument of shape `i`, `o + i`; pytrees give the output's tree of the
    argument's.

    Dtypes: floating or complex, as the argument's.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> jacrev(lambda x: x * x)(np.asarray([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    callable_or_error("jacrev", fun)

    @wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        run = Run("jacobian", fun, args, kwargs, positions_of("jacobian", argnums, len(args)), has_aux=has_aux)
        columns = []
        for i, out in enumerate(run.outs):
            if not dtypes.is_dtype(out._dtype, ("real floating", "complex floating")):
                raise DtypeError(f"jacobian: output {i} is of {out._dtype.name} and has no derivative")
            if out.ndim == 0:
                zeros = [
                    _zero(o) if o is not out else OPS["ones_like"].call(wrap(o._value, None, o._xp)) for o in run.outs
                ]
                rows = run.pull(zeros, free=False)
            else:
                size = out.size
                # One rule for all unit cotangents: what it draws, it draws once.
                with VmapScope(size, "same") as level:
                    seeds = [_zero(o) for o in run.outs]
                    basis = _basis(out)
                    seeds[i] = wrap(Batched(basis._value, None, basis._xp, level), None, basis._xp)
                    rows = run.pull(seeds, free=False)
                    rows = [[open_batch(g, level, size) for g in row] for row in rows]
                rows = [
                    [RECORDED.reshape(g, shape=out.shape + x.shape) for g, x in zip(row, argument.outer, strict=True)]
                    for row, argument in zip(rows, run.arguments.values(), strict=True)
                ]
            columns.append(_trees(run, rows, argnums))
        found = unflatten(run.out_structure, columns)
        return (found, run.aux) if has_aux else found

    return jacobian_of


def _zero(x: Array) -> Array:
    found: Array = OPS["zeros_like"].call(wrap(x._value, None, x._xp))
    return found


def _trees(run: Run, rows: Sequence[Sequence[Array]], argnums: int | Sequence[int]) -> Any:
    kinds = [RAW if kind is SCALAR and any(r.ndim for r in row) else kind for row in rows for kind in [run.kind]]
    trees = []
    for argument, row, kind in zip(run.arguments.values(), rows, kinds, strict=True):
        leaves = [run.leave(g, own if own is not SCALAR else kind) for g, own in zip(row, argument.kinds, strict=True)]
        trees.append(unflatten(argument.structure, leaves))
    return trees[0] if is_single(argnums) else tuple(trees)


def jacfwd(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian by one forward sweep that carries all tangents at once: best where inputs are fewer than outputs.

    See `value_and_grad` for `argnums` and `has_aux`.

    Shapes: of an output of shape `o` and an argument of shape `i`, `o + i`; pytrees give the output's tree of the
    argument's.

    Dtypes: floating or complex, as the argument's.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> jacfwd(lambda x: x * x)(np.asarray([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    callable_or_error("jacfwd", fun)

    @wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        run = Run("jacobian", fun, args, kwargs, positions_of("jacobian", argnums, len(args)), has_aux=has_aux)
        blocks: list[list[list[Array]]] = []
        for argument in run.arguments.values():
            per_leaf = []
            for k, x in enumerate(argument.outer):
                with VmapScope(x.size, "same") as level:
                    rows = [[_zero(y) for y in other.outer] for other in run.arguments.values()]
                    basis = _basis(x)
                    batch = wrap(Batched(basis._value, None, basis._xp, level), None, basis._xp)
                    rows[list(run.arguments.values()).index(argument)][k] = batch
                    pushed = [open_batch(t, level, x.size) for t in run.push(rows)]
                per_leaf.append(
                    [
                        RECORDED.reshape(RECORDED.moveaxis(t, source=0, destination=-1), shape=out.shape + x.shape)
                        for t, out in zip(pushed, run.outs, strict=True)
                    ]
                )
            blocks.append(per_leaf)
        columns = [
            _trees(run, [[leaf[i] for leaf in per_leaf] for per_leaf in blocks], argnums) for i in range(len(run.outs))
        ]
        found = unflatten(run.out_structure, columns)
        return (found, run.aux) if has_aux else found

    return jacobian_of


jacobian = jacrev


def hessian(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The matrix of second derivatives of a scalar function, by one batched sweep over its gradient.

    See `value_and_grad` for `argnums` and `has_aux`. Where a product with a vector is enough, `hvp` costs far less.

    Shapes: of an argument of shape `i`, `i + i`.

    Dtypes: floating or complex, as the argument's.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> hessian(lambda x: (x**3).sum())(np.asarray([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """

    callable_or_error("hessian", fun)

    @wraps(fun)
    def scalar(*args: Any, **kwargs: Any) -> Any:
        out = fun(*args, **kwargs)
        value, *aux = out if has_aux and isinstance(out, tuple) else (out,)
        if isinstance(value, Array) and value.ndim and is_scalar(value):
            value = RECORDED.reshape(value, shape=())
        return (value, *aux) if has_aux else value

    return jacrev(jacrev(scalar, argnums, has_aux), argnums, has_aux)


def hvp(fun: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The product of the Hessian of a scalar function with a vector, without the Hessian.

    The result is called with the arguments of `fun` and then the vector. It costs about as much as two gradients: B. A.
    Pearlmutter (1994), "Fast exact multiplication by the Hessian".

    Shapes: vector and product have that of the differentiated argument.

    Dtypes: floating, as the argument's.

    Raises: `ShapeError` and `DtypeError` for a vector that does not fit, `TypeError` without one, `ValueError` for
    `argnums` out of range.

    >>> import numpy as np
    >>> hvp(lambda x: (x**3).sum())(np.asarray([1.0, 2.0]), np.asarray([1.0, 0.0]))
    array([6., 0.])
    """
    gradient = grad(fun, argnums)

    if not is_single(argnums):
        raise ArgumentTypeError(
            f"hvp: argnums is an int, not {argnums!r}; put several arguments into a tuple that is one"
        )

    @wraps(fun)
    def hvp_of(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise ArgumentTypeError(
                f"hvp: give the arguments of the function and then the vector, not {len(args)} argument(s)"
            )
        *primals, vector = args
        (position,) = positions_of("hvp", argnums, len(primals))

        def at(x: Any) -> Any:
            return gradient(*primals[:position], x, *primals[position + 1 :], **kwargs)

        run = Run("hvp", at, [primals[position]], {}, [0])
        rows = tangents_for("hvp", run, [vector], "vector")
        pushed = run.push(rows)
        leave = run.exit(rows[0])
        (argument,) = run.arguments.values()
        return unflatten(argument.structure, [leave(t, kind) for t, kind in zip(pushed, argument.kinds, strict=True)])

    return hvp_of
