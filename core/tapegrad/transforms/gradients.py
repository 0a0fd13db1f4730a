"""Derivatives of a function: `grad`, `vjp`, `jvp` and their like."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from ..arrays.trees import callable_or_error, map_arrays, unflatten
from ..engines.tables import OPS
from ..errors import ArgumentTypeError
from ..tape.tracebacks import door
from .run import Run, argnums_or_error, check_differentiable, cotangents_for, scalar_run, tangents_for
from .transformed import Transformed

if TYPE_CHECKING:
    from ..typing import Function, Tree


@door
def value_and_grad(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The value of a scalar function together with its gradient, in one pass.

    `argnums`: which positional argument(s) to differentiate; a tuple gives a tuple of gradients. `has_aux`: the
    function returns `(value, aux)`, and so does the result.

    What goes in comes out: arrays of an engine give arrays of it, floats floats, pytrees pytrees.

    Shapes: gradients have those of the arguments. The value has one element; of an argument that it does not depend on
    the gradient is zeros.

    Dtypes: gradients have those of the arguments, which are floating or complex. The gradient in a complex one is that
    of PyTorch's convention, ∂/∂x + i ∂/∂y for z = x + iy and a real value.

    Raises: `ShapeError` for a value that is not a scalar, `DtypeError` for integer arguments, `ValueError` for
    `argnums` out of range, `TypeError` for arguments and values that are not arrays, and with `has_aux` for anything
    but a pair.

    >>> import numpy as np
    >>> value_and_grad(lambda x: (x * x).sum())(np.asarray([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    >>> value_and_grad(lambda p, x: p["slope"] * x + p["offset"], argnums=(0, 1))({"slope": 3.0, "offset": 1.0}, 2.0)
    (7.0, ({'slope': 2.0, 'offset': 1.0}, 3.0))
    """

    callable_or_error("value_and_grad", fun)
    argnums_or_error("value_and_grad", argnums)

    @wraps(fun)
    def value_and_grad_of(*args: Any, **kwargs: Any) -> Any:
        run = scalar_run(fun, args, kwargs, argnums, has_aux)
        value = run.value()
        gradient = run.gradient(argnums)
        return ((value, run.aux), gradient) if has_aux else (value, gradient)

    return Transformed(value_and_grad_of, value_and_grad, fun, argnums, has_aux)


@door
def grad(fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """The gradient of a scalar function, as a function of the same arguments. See `value_and_grad` for `argnums`.

    With `has_aux` the function returns `(value, aux)`, and the result is `(gradient, aux)`. For functions whose result
    is an array see `elementwise_grad`, `jacobian` and `vjp`.

    Shapes: the gradient has that of the argument; the value has one element.

    Dtypes: floating or complex; the gradient has that of the argument.

    Raises: as `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    """
    callable_or_error("grad", fun)
    argnums_or_error("grad", argnums)

    @wraps(fun)
    def grad_of(*args: Any, **kwargs: Any) -> Any:
        run = scalar_run(fun, args, kwargs, argnums, has_aux)
        gradient = run.gradient(argnums)
        return (gradient, run.aux) if has_aux else gradient

    return Transformed(grad_of, grad, fun, argnums, has_aux)


@door
def elementwise_grad(fun: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The gradient of the sum of a function's outputs: the derivative at each element of a function that acts on each.

    Shapes: any; the gradient has that of the argument.

    Dtypes: floating or complex; the gradient has that of the argument.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> import tapegrad.numpy as tnp
    >>> elementwise_grad(tnp.sqrt)(np.asarray([1.0, 4.0]))
    array([0.5 , 0.25])
    """

    callable_or_error("elementwise_grad", fun)
    argnums_or_error("elementwise_grad", argnums)

    @wraps(fun)
    def summed(*args: Any, **kwargs: Any) -> Any:
        return OPS["sum"].call(fun(*args, **kwargs))

    return Transformed(grad(summed, argnums), elementwise_grad, fun, argnums)


@door
def vjp(fun: Function, *primals: Tree, has_aux: bool = False) -> Tree:
    """The value of a function and its pull: from a cotangent of the output to the tuple of those of the arguments.

    The pull may be called any number of times. With `has_aux` the result is `(value, pull, aux)`.

    Shapes: any; a cotangent has that of the output, what is pulled back those of the arguments. Pytrees likewise.

    Dtypes: floating or complex, as those of outputs and arguments; a Python number takes the output's.

    Raises: `ShapeError` and `DtypeError` for a cotangent that does not fit, `DtypeError` for integer arguments and
    values.

    >>> import numpy as np
    >>> value, pull = vjp(lambda x: x * x, np.asarray([1.0, 2.0]))
    >>> pull(np.asarray([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    run = Run("vjp", fun, primals, {}, range(len(primals)), has_aux=has_aux, copy=True)
    check_differentiable(run)

    @door
    def pull(cotangent: Any) -> tuple[Any, ...]:
        cotangents = cotangents_for("vjp", run, cotangent)
        return tuple(run.returned(run.pull_linear(cotangents), cotangents))

    return (run.value(), pull, run.aux) if has_aux else (run.value(), pull)


@door
def jvp(fun: Function, primals: Sequence[Tree], tangents: Sequence[Tree], has_aux: bool = False) -> Tree:
    """The value of a function and its derivative in the direction of the tangents.

    `primals` and `tangents` are tuples of one entry an argument, of the same shapes and dtypes. With `has_aux` the
    result is `(value, tangent, aux)`.

    Shapes: tangents have those of the primals, the derivative that of the value.

    Dtypes: floating or complex, those of tangents equal to the primals'; a Python number takes the primal's.

    Raises: `TypeError` for primals and tangents that are not tuples of one length, `ShapeError` and `DtypeError` for a
    tangent that does not fit, `DtypeError` for values of integers.

    >>> jvp(lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    if not isinstance(primals, (tuple, list)):
        raise ArgumentTypeError("jvp: primals are a tuple or list with one entry an argument")
    run = Run("jvp", fun, primals, {}, range(len(primals)), has_aux=has_aux)
    with run:
        check_differentiable(run)
        vectors = tangents_for("jvp", run, tangents)
        pushed = run.push(vectors)
    leave = run.exit(vectors)
    out = unflatten(run.out_structure, [leave(t, run.kind) for t in pushed])
    return (run.value(), out, run.aux) if has_aux else (run.value(), out)


@door
def linearize(fun: Function, *primals: Tree) -> tuple[Tree, Function]:
    """The value of a function at the primals and the linear map of its tangents there, which may be called many times.

    Shapes: as `jvp`.

    Dtypes: as `jvp`.

    Raises: `ShapeError` and `DtypeError` for a tangent that does not fit, `DtypeError` for integer arguments and
    values.

    >>> value, push = linearize(lambda x: x * x, 3.0)
    >>> push(1.0), push(2.0)
    (6.0, 12.0)
    """
    run = Run("linearize", fun, primals, {}, range(len(primals)), copy=True)
    check_differentiable(run)

    @door
    def push(*tangents: Any) -> Any:
        vectors = tangents_for("linearize", run, tangents)
        pushed = run.push_linear(vectors)
        leave = run.exit(vectors)
        return unflatten(run.out_structure, [leave(t, run.kind) for t in pushed])

    return run.value(), push


def stop_gradient(x: Tree) -> Tree:
    """The same value as a constant, leaf by leaf of a pytree.

    Shapes: any, and kept.

    Dtypes: any, and kept.

    Raises: nothing; leaves that are not arrays are passed on.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return map_arrays(lambda leaf: leaf._detached(), x)
