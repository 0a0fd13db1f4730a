"""`vmap`: a function of one element, for a batch of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..arrays.array import Array, handle
from ..arrays.batched import Batched, engine_of, level_table, table_of
from ..arrays.entering import SCALAR, as_array, kind_of
from ..arrays.trees import NAMESPACE, callable_or_error, flatten, unflatten
from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, UnknownArrayError
from ..tape.guards import Journal
from ..tape.mode import LEVEL, MODE, RECORDING, Scope
from ..tape.nodes import Leaf, level_of, set_level
from ..tape.tracebacks import door
from .draws import BATCHES, RANDOMNESS, Batch
from .run import UNMAPPED, Exit, as_result, common_kind, not_an_array
from .transformed import Transformed

if TYPE_CHECKING:
    from ..typing import Function, Tree

_Tree = tuple[list[tuple[Any, bool]], Any]
"""Leaves, each with whether it is an array with the batch axis in front, and the structure of their tree."""


class VmapScope(Scope):
    """One more enclosing vmap, of so many elements, with what a random draw means in it."""

    def __init__(self, size: int, randomness: str) -> None:
        super().__init__()
        self.size, self.randomness = size, randomness

    def __enter__(self) -> int:  # type: ignore[override]
        mode = MODE.get()
        level = mode // LEVEL + 1
        self.token = BATCHES.set((*BATCHES.get(), Batch(level, self.size, self.randomness)))
        self.entered = mode
        MODE.set(mode + LEVEL)
        return level

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        MODE.set(self.entered)
        BATCHES.reset(self.token)


def open_batch(x: Array, level: int, size: int) -> Array:
    """What came out of the vmap of that level, with the batch axis in front."""
    value = x._value
    if isinstance(value, Batched) and value.level == level:
        inner = handle(x.__class__, value.value, value.node, value.xp)
        if value.mapped:
            return inner
        x = inner
    elif x._node is not None and level_of(x._node) >= level:
        x = x._unplaced()
    # A constant may have met the batch without taking part in it: outside it is the engine's alone.
    x = handle(x.__class__, x._value, x._node, table_of(x._value, engine_of(x)))
    whole: Array = RECORDED.broadcast_to(x, shape=(size, *x.shape))
    return whole


@door
def vmap(
    fun: Function,
    in_axes: Tree = 0,
    out_axes: Tree = 0,
    *,
    axis_size: int | None = None,
    randomness: str = "error",
) -> Function:
    """A function of one example as a function of a batch of them.

    `in_axes`: which axis of each argument is the batch, an int or None (not batched) for all, or one for each, or a
    pytree prefix of an argument. `out_axes`: where the batch axis goes in the results, or None for a result that is the
    same for all. `axis_size`: the size of the batch, for when no argument has one. `randomness`: what a random draw in
    `fun` is: an error, the "same" for all elements, or "different", one for each. Transforms nest in any order.

    Shapes: in `fun` arrays lack the batch axis; results have it at `out_axes`.

    Dtypes: any, as in `fun`.

    Raises: `ValueError` for axes that do not fit, batches of different sizes or none, `RandomnessError` for a draw,
    `DynamicShapeError` where a shape depends on values, `TypeError` for writes into arrays from outside.

    >>> import numpy as np
    >>> import tapegrad
    >>> vmap(tapegrad.grad(lambda x: x**3))(np.asarray([1.0, 2.0]))
    array([ 3., 12.])
    >>> import tapegrad.numpy as tnp
    >>> len(set(vmap(lambda: tnp.random.normal(), axis_size=9, randomness="different")().tolist()))
    9
    """
    callable_or_error("vmap", fun)
    if randomness not in RANDOMNESS:
        raise ArgumentError(f"vmap: randomness is {randomness!r}; choose one of {', '.join(map(repr, RANDOMNESS))}")

    @wraps(fun)
    def vmap_of(*args: Any, **kwargs: Any) -> Any:
        outer = bool(MODE.get() & RECORDING)
        inputs = _Inputs(axis_size)
        per_argument = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(per_argument) != len(args):
            raise ArgumentError(f"vmap: in_axes has {len(per_argument)} entries for {len(args)} arguments")
        trees = [inputs.argument(n, arg, axes) for n, (arg, axes) in enumerate(zip(args, per_argument, strict=True))]
        named = {name: inputs.keyword(name, value) for name, value in kwargs.items()}
        size = inputs.size()
        with VmapScope(size, randomness) as level:
            inside = [_enter(tree, level) for tree in trees]
            keywords = {name: _enter(tree, level) for name, tree in named.items()}
            with Journal() as journal:
                out = fun(*inside, **keywords)
            leaves, structure = flatten(out)
            if journal.entries:
                _refuse_writes(journal, leaves, level)
            results = [x if isinstance(x, Array) else as_result("vmap", x, inputs.leaves) for x in leaves]
            axes = spread_axes(out_axes, out, leaves, structure)
            arrays = []
            for i, (x, axis) in enumerate(zip(results, axes, strict=True)):
                _check_out_axis(i, x, axis, level)
                arrays.append(open_batch(x, level, 1 if axis is None else size))
        kind = common_kind([leaf for leaf in inputs.leaves if kind_of(leaf) is not SCALAR])
        leave = Exit(inputs.entered)
        done = []
        for x, axis in zip(arrays, axes, strict=True):
            if axis is None:
                x = RECORDED.getitem(x, key=(0,))
            elif axis:
                x = RECORDED.moveaxis(x, source=0, destination=axis)
            done.append(leave(x if outer else x._unplaced(), kind))
        return unflatten(structure, done)

    return Transformed(vmap_of, vmap, fun, in_axes, out_axes, axis_size=axis_size, randomness=randomness)


class _Inputs:
    """What a function under vmap is given: its `leaves`, as they are once `entered`, and the lengths of batch axes."""

    def __init__(self, size: int | None) -> None:
        self.sizes = {} if size is None else {size: "axis_size"}
        self.leaves: list[Any] = []
        self.entered: list[Any] = []

    def argument(self, n: int, value: Any, axes: Any) -> _Tree:
        leaves, structure = flatten(value)
        self.leaves += leaves
        row = []
        for leaf, axis in zip(leaves, spread_axes(axes, value, leaves, structure), strict=True):
            if axis is None:
                self.entered.append(leaf)
                row.append((leaf, False))
                continue
            try:
                x = as_array(leaf)
            except UnknownArrayError as error:
                raise not_an_array("vmap", n, leaf, "say None for it in in_axes") from error
            rank = len(x._signature.shape)
            if not -rank <= axis < rank:
                raise ArgumentError(
                    f"vmap: axis {axis} of argument {n} is out of range for shape {x.shape}; "
                    "say None in in_axes for what all elements share"
                )
            if axis % rank:
                x = RECORDED.moveaxis(x, source=axis, destination=0)
            row.append((self._batched(x, f"argument {n}"), True))
        return row, structure

    def keyword(self, name: str, value: Any) -> _Tree:
        """The tree of a keyword: every array in it has the batch axis in front."""
        leaves, structure = flatten(value)
        self.leaves += leaves
        row = []
        for leaf in leaves:
            on = kind_of(leaf) is not SCALAR and bool(getattr(leaf, "shape", ()))
            row.append((self._batched(as_array(leaf), f"keyword {name}") if on else leaf, on))
        return row, structure

    def _batched(self, x: Array, where: str) -> Array:
        self.sizes.setdefault(x._signature.shape[0], where)
        self.entered.append(x)
        return x

    def size(self) -> int:
        """The length of the batch axes."""
        if len(self.sizes) > 1:
            described = ", ".join(f"{size} in {where}" for size, where in self.sizes.items())
            raise ArgumentError(f"vmap: the batch axes have different lengths: {described}")
        for size in self.sizes:
            return size
        raise ArgumentError("vmap: no argument is batched; give at least one an axis in in_axes, or give axis_size")


def _enter(tree: _Tree, level: int) -> Any:
    """A tree as the function under the vmap of that level sees it."""
    leaves, structure = tree
    inside = []
    for x, on in leaves:
        if on:
            value = Batched(x._value, x._node, x._kernels, level)
            x = handle(x.__class__, value, None, level_table(x._kernels, level))
        inside.append(x)
    return unflatten(structure, inside)


def _refuse_writes(journal: Journal, results: Sequence[Any], level: int) -> None:
    """Undo and refuse writes of batched values into arrays from outside; what became a variable is one there too."""
    written = []
    for x, held in journal.survivors(results):
        is_new = x._node.__class__ is Leaf and level_of(x._node) >= level
        if is_new:
            set_level(x._node, level - 1)
        seen = (x, x._grad) if is_new else (x,)
        if any(isinstance(y._value, Batched) and y._value.level >= level for y in seen):
            written.append((x, held))
    for x, held in written:
        x._hold(held)
    if written:
        raise ArgumentTypeError(
            "vmap: the function wrote batched values in place into an array from outside, which has no "
            "room for a batch; return them instead"
        )


def _check_out_axis(i: int, x: Array, axis: int | None, level: int) -> None:
    if axis is None and isinstance(x._value, Batched) and x._value.level == level and x._value.mapped:
        raise ArgumentError(
            f"vmap: result {i} differs within the batch, so its out_axes cannot be None; give it an axis"
        )
    if axis and not -x.ndim - 1 <= axis <= x.ndim:
        raise ArgumentError(
            f"vmap: axis {axis} in out_axes is out of range for result {i}, "
            f"which has {x.ndim} axes beside that of the batch"
        )


def spread_axes(axes: Any, tree: Tree, leaves: Sequence[Tree], structure: Any) -> list[Tree]:
    """The axis of each leaf of `tree`, flattened beside it, from an int, None, or a prefix of the tree."""
    if axes is None or isinstance(axes, int):
        return [axes] * len(leaves)
    if structure is None:
        raise ArgumentError(f"vmap: axes {axes!r} do not fit an argument that is one array")
    import optree

    # In the axes None is a leaf that stands for a whole branch, in the tree a branch without leaves.
    known = optree.tree_map(lambda a: UNMAPPED if a is None else a, axes, none_is_leaf=True, namespace=NAMESPACE)
    try:
        spread = optree.broadcast_prefix(known, tree, namespace=NAMESPACE)
    except ValueError as error:
        raise ArgumentError(f"vmap: axes {axes!r} are no prefix of the tree that they are for: {error}") from error
    for axis in spread:
        if axis is not UNMAPPED and not isinstance(axis, int):
            raise ArgumentTypeError(f"vmap: an axis is an int or None, not {axis!r}")
    return [None if axis is UNMAPPED else axis for axis in spread]
