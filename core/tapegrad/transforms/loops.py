"""Loops and branches as functions, in JAX's calling conventions: recorded and compiled as Python's own are.

What they add to Python's is batches: under `vmap` a condition may differ from element to element.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..arrays.array import Array
from ..arrays.batched import Batched
from ..arrays.entering import as_array
from ..arrays.trees import flatten, unflatten
from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, ShapeError, a_kind
from ..tape.mode import pause
from ..tape.tracebacks import open_doors
from .run import Exit, common_kind

if TYPE_CHECKING:
    from ..typing import ArrayLike, Function, Tree

__all__ = ["cond", "fori_loop", "scan", "while_loop"]


def scan(
    f: Callable[[Tree, Tree], tuple[Tree, Tree]],
    init: Tree,
    xs: Tree | None = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Tree, Tree]:
    """Run `carry, y = f(carry, x)` along the first axis of `xs`: the last carry, and the ys stacked.

    `xs`, the carry and the ys are pytrees; without `xs` say the `length`, and x is None. `reverse` begins at the end,
    and the ys still stand in the places of their xs.

    Shapes: leaves of `xs` have one length along their first axis; leaves of ys get it in front.
    Dtypes: any; those of what `f` returns.
    Raises: `ShapeError` for lengths that differ, `TypeError` where `f` does not return a pair, `ValueError` without a
    length, and where the structure of the carry changes.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> tapegrad.scan(lambda total, x: (total + x, total * x), 0.0, tnp.asarray([1.0, 2.0, 3.0]))
    (Array(6., dtype=float32), Array([0., 2., 9.], dtype=float32))
    """
    _check_functions("scan", f=f)
    leaves, structure = flatten(xs) if xs is not None else ([], None)
    arrays = [as_array(leaf) for leaf in leaves]
    lengths = {x.shape[0] if x.ndim else -1 for x in arrays} | (set() if length is None else {length})
    if -1 in lengths or len(lengths) > 1:
        shapes = ", ".join(str(x.shape) for x in arrays)
        raise ShapeError(
            f"scan goes along a first axis that all xs have alike; their shapes are {shapes}, length {length}"
        )
    if not lengths:
        raise ArgumentError("scan: there are no xs; say the length")
    (count,) = lengths
    kind, leave = common_kind(leaves), Exit(leaves)
    columns = [RECORDED.unstack(x, axis=0) for x in arrays]
    rows = [[leave(part, kind) for part in row] for row in zip(*columns, strict=True)] if columns else [[]] * count
    carry, ys = init, []
    if not count:
        with pause():
            shaped = [leave(RECORDED.filled(x, shape=x.shape[1:], value=0), kind) for x in arrays]
            ys = [_pair(f(init, None if xs is None else unflatten(structure, shaped)))[1]]
    for row in reversed(rows) if reverse else rows:
        before = carry
        carry, y = _pair(f(carry, None if xs is None else unflatten(structure, row)))
        _same("scan: the carry", before, carry)
        ys.append(y)
    return carry, _stacked(ys[::-1] if reverse else ys, count)


def _pair(returned: Any) -> Any:
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise ArgumentTypeError(f"scan: the function returns a pair, carry and y, not {a_kind(returned)}")
    return returned


def _stacked(ys: Sequence[Any], count: int) -> Any:
    """Trees of one structure as one, each leaf stacked along a new first axis; of none, the first tells the shapes."""
    for y in ys[1:]:
        _same("scan: y", ys[0], y)
    flat = [flatten(y) for y in ys]
    structure = flat[0][1]
    stacked = []
    for column in zip(*(leaves for leaves, _ in flat), strict=True):
        arrays = [as_array(leaf, beside=column) for leaf in column]
        x = RECORDED.stack(*arrays, axis=0)
        x = x if count else RECORDED.filled(x, shape=(0, *x.shape[1:]), value=0)
        stacked.append(Exit(column)(x, common_kind(column)))
    return None if ys[0] is None else unflatten(structure, stacked)


def _same(what: str, before: Any, after: Any) -> None:
    """Refuse a tree whose structure is not the one before."""
    first, second = flatten(before)[1], flatten(after)[1]
    if first != second:
        raise ArgumentError(f"{what} has the structure {second} and had {first}; it must stay as it is")


def cond(pred: ArrayLike, true_fun: Function, false_fun: Function, *operands: Tree) -> Tree:
    """What `true_fun(*operands)` returns if `pred`, else what `false_fun(*operands)` does.

    Under `vmap`, where `pred` differs from element to element, both are computed, and each element takes its own; the
    derivative of the other is 0 there.

    Shapes: `pred` has one element; in a batch both functions return the same shapes.
    Dtypes: any.
    Raises: `ValueError` for a `pred` of several elements, and in a batch for results of other structures.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> tent = lambda x: tapegrad.cond(x > 0.5, lambda x: 2 - 2 * x, lambda x: 2 * x, x)
    >>> tent(0.75), tapegrad.vmap(tent)(tnp.asarray([0.25, 0.75]))
    (0.5, Array([0.5, 0.5], dtype=float32))
    """
    if not _differs(pred):
        name, fun = ("true_fun", true_fun) if _holds("cond", pred) else ("false_fun", false_fun)
        _check_functions("cond", **{name: fun})
        return fun(*operands)
    _check_functions("cond", true_fun=true_fun, false_fun=false_fun)
    return _chosen("cond", pred, true_fun(*operands), false_fun(*operands))


def while_loop(cond_fun: Callable[[Tree], Tree], body_fun: Callable[[Tree], Tree], init_val: Tree) -> Tree:
    """Run `val = body_fun(val)` while `cond_fun(val)` holds.

    Under `vmap` it goes on until no element wants to; those that are done keep what they have, and its derivative.

    Shapes: `cond_fun` gives one element; in a batch the shapes of the value stay as they are.
    Dtypes: any.
    Raises: `ValueError` for a condition of several elements, and where the structure of the value changes.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> doubled = lambda x: tapegrad.while_loop(lambda x: x < 100, lambda x: 2 * x, x)
    >>> doubled(tnp.asarray(7.0)), tapegrad.vmap(doubled)(tnp.asarray([7.0, 50.0, 300.0]))
    (Array(112., dtype=float32), Array([112., 100., 300.], dtype=float32))
    """
    _check_functions("while_loop", cond_fun=cond_fun, body_fun=body_fun)
    value = init_val
    while True:
        going = cond_fun(value)
        batched = _differs(going)
        if not (_any(going) if batched else _holds("while_loop", going)):
            return value
        after = body_fun(value)
        _same("while_loop: the value", value, after)
        value = _chosen("while_loop", going, after, value) if batched else after


def fori_loop(lower: int | Array, upper: int | Array, body_fun: Callable[[Tree, Tree], Tree], init_val: Tree) -> Tree:
    """Run `val = body_fun(i, val)` for i from `lower` up to `upper`, without it.

    Shapes: bounds of one element; in a batch the shapes of the value stay as they are.
    Dtypes: bounds are integers; any for the value.
    Raises: `ValueError` where the structure of the value changes.

    >>> import tapegrad
    >>> tapegrad.fori_loop(1, 4, lambda i, x: x * i, 1)
    6
    """
    _check_functions("fori_loop", body_fun=body_fun)
    for name, bound in (("lower", lower), ("upper", upper)):
        if isinstance(bound, float) or getattr(getattr(bound, "dtype", None), "kind", "i") not in "iub":
            raise ArgumentTypeError(f"fori_loop: {name} is {bound!r}; it is a whole number")
    if _differs(lower) or _differs(upper):
        step = lambda pair: (pair[0] + 1, body_fun(pair[0], pair[1]))
        start = lower if isinstance(lower, Array) else as_array(lower, beside=[upper])
        return while_loop(lambda pair: pair[0] < upper, step, (start, init_val))[1]
    value = init_val
    for i in range(int(lower), int(upper)):
        after = body_fun(i, value)
        _same("fori_loop: the value", value, after)
        value = after
    return value


def _check_functions(what: str, **functions: Any) -> None:
    for name, function in functions.items():
        if not callable(function):
            raise ArgumentTypeError(f"{what}: {name} is a function, not {a_kind(function)}")


def _holds(what: str, pred: Any) -> bool:
    """What Python is to do, by a condition of one element."""
    shape = getattr(pred, "shape", ())
    if math.prod(shape) != 1:
        raise ArgumentError(
            f"{what}: the condition has shape {shape} and is to be one truth value; take tapegrad.numpy.all or any of "
            "it, or choose by element with tapegrad.where"
        )
    return bool(pred)


def _differs(x: Any) -> bool:
    """Whether a value differs from element to element of a vmap, so that Python cannot ask for it."""
    return isinstance(x, Array) and isinstance(x._value, Batched)


def _any(x: Array) -> bool:
    """Whether it holds for any element of the batch."""
    value, xp = x._value, x._kernels
    while isinstance(value, Batched):
        value, xp = value.value, value.xp
    return bool(xp.to_numpy(value).any())


def _chosen(what: str, pred: Any, yes: Any, no: Any) -> Any:
    """Leaf by leaf the first where the condition holds, else the second."""
    _same(f"{what}: what one branch returns", no, yes)
    (left, structure), (right, _) = flatten(yes), flatten(no)
    beside = [pred, *left, *right]
    pairs = [[as_array(leaf, beside=beside) for leaf in pair] for pair in zip(left, right, strict=True)]
    return unflatten(structure, [RECORDED.where(pred, first, second) for first, second in pairs])


open_doors(sys.modules[__name__])
