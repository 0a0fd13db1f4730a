"""Whole Jacobians and Hessians, by one sweep with a batch of unit arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import Batched, engine_of, place_beside, wrap
from ..arrays.entering import RAW, SCALAR
from ..arrays.trees import callable_or_error, unflatten
from ..engines.tables import OPS, RECORDED
from ..errors import ArgumentTypeError, DtypeError
from ..tape.tracebacks import door
from .run import Run, argnums_or_error, is_scalar, is_single, positions_of, tangents_for
from .transformed import Transformed
from .vmap import VmapScope, open_batch

if TYPE_CHECKING:
    from ..typing import Function


def _unit_arrays(x: Array, level: int) -> Array:
    """The unit arrays of the shape of `x`, as one of them in the vmap of that level."""
    engine = engine_of(x)
    eye = np.eye(x.size, dtype=x._dtype).reshape(x.size, *x.shape)
    return wrap(Batched(engine.backend.from_numpy(eye, device=place_beside(x)), None, engine, level), None, engine)


def _zero(x: Array) -> Array:
    zeros: Array = OPS["zeros_like"].call(wrap(x._value, None, x._kernels))
    return zeros


def _jacobian(
    name: str,
    fun: Callable[..., Any],
    argnums: int | Sequence[int],
    has_aux: bool,
    blocks_of: Callable[[Run], Iterable[Sequence[Array]]],
) -> Callable[..., Any]:
    """The Jacobian whose blocks `blocks_of` computes: for each output, one for each input."""
    callable_or_error(name, fun)
    argnums_or_error(name, argnums)

    @wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        run = Run("jacobian", fun, args, kwargs, positions_of("jacobian", argnums, len(args)), has_aux=has_aux)
        with run:
            jacobian = unflatten(run.out_structure, [_trees(run, blocks, argnums) for blocks in blocks_of(run)])
        return (jacobian, run.aux) if has_aux else jacobian

    return jacobian_of


def _trees(run: Run, blocks: Sequence[Array], argnums: int | Sequence[int]) -> Any:
    """What the blocks of one output are to the caller: a tree for each argument, and of the kinds that came in."""
    of_scalars = RAW if run.kind is SCALAR and any(block.ndim for block in blocks) else run.kind
    kinds = [of_scalars if kind is SCALAR else kind for kind in run.kinds]
    trees = run.trees([run.leave(block, kind) for block, kind in zip(blocks, kinds, strict=True)])
    return trees[0] if is_single(argnums) else tuple(trees)


def _check_inexact(i: int, out: Array) -> None:
    if not out._signature.inexact:
        raise DtypeError(f"jacobian: output {i} is of {out._dtype.name} and has no derivative")


def _blocks_by_pulling(run: Run) -> Iterator[list[Array]]:
    for i, out in enumerate(run.outs):
        _check_inexact(i, out)
        seeds = [_zero(o) for o in run.outs]
        if out.ndim == 0:
            seeds[i] = OPS["ones_like"].call(wrap(out._value, None, out._kernels))
            yield run.pull(seeds)
            continue
        # One rule for all unit cotangents: what it draws, it draws once.
        with VmapScope(out.size, "same") as level:
            seeds[i] = _unit_arrays(out, level)
            rows = [open_batch(g, level, out.size) for g in run.pull(seeds)]
        yield [RECORDED.reshape(g, shape=out.shape + x.shape) for g, x in zip(rows, run.inputs, strict=True)]


def _blocks_by_pushing(run: Run) -> list[list[Array]]:
    for i, out in enumerate(run.outs):
        _check_inexact(i, out)
    blocks: list[list[Array]] = [[] for _ in run.outs]
    for i, x in enumerate(run.inputs):
        with VmapScope(x.size, "same") as level:
            tangents = [_zero(y) for y in run.inputs]
            tangents[i] = _unit_arrays(x, level)
            pushed = [open_batch(t, level, x.size) for t in run.push(tangents)]
        for block, t, out in zip(blocks, pushed, run.outs, strict=True):
            last = RECORDED.moveaxis(t, source=0, destination=-1)
            block.append(RECORDED.reshape(last, shape=out.shape + x.shape))
    return blocks


@door
def jacrev(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
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
    return Transformed(_jacobian("jacrev", fun, argnums, has_aux, _blocks_by_pulling), jacrev, fun, argnums, has_aux)


@door
def jacfwd(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
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
    return Transformed(_jacobian("jacfwd", fun, argnums, has_aux, _blocks_by_pushing), jacfwd, fun, argnums, has_aux)


jacobian = jacrev


@door
def hessian(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
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

    return Transformed(jacrev(jacrev(scalar, argnums, has_aux), argnums, has_aux), hessian, fun, argnums, has_aux)


@door
def hvp(fun: Function, argnums: int = 0) -> Function:
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
    callable_or_error("hvp", fun)
    try:
        index(argnums)
    except TypeError:
        raise ArgumentTypeError(
            f"hvp: argnums is an int, not {argnums!r}; put several arguments into a tuple that is one, and call what "
            "hvp returns with the arguments and the vector"
        ) from None

    @wraps(fun)
    def hvp_of(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise ArgumentTypeError(
                f"hvp: give the arguments of the function and then the vector, not {len(args)} argument(s)"
            )
        *primals, vector = args
        (position,) = positions_of("hvp", argnums, len(primals))
        run = Run("hvp", fun, primals, kwargs, [position])
        with run:
            run.go_on_to_gradient()
            tangents = tangents_for("hvp", run, [vector], "vector")
            pushed = run.push(tangents)
        (product,) = run.returned(pushed, tangents)
        return product

    return Transformed(hvp_of, hvp, fun, argnums)
