"""Batching an op: one level of vmap is taken off its operands, the op's rule applied, and the level put back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import BATCHED, Batched, bare, engine_inside, engine_kernels, table_of, wrap
from ..engines.tables import RECORDED
from ..errors import DynamicShapeError, ShapeError
from ..tape.mode import MODE, RECORDING
from ..tape.nodes import Leaf, Node
from .call import pull_into, record
from .kinds import ELEMENTWISE, LOCALLY_CONSTANT
from .rules import OwnRule, Places, VmapLevel, attach_at, is_tracked, put_inside

if TYPE_CHECKING:
    from .record import Op

__all__ = ["aligns"]

FALLBACKS: Counter[str] = Counter()
"""How often each op was batched by a loop, because it has no rule of its own."""

Rule = Callable[["Op", int, Sequence[Any], Sequence[bool], dict[str, Any]], Any]


def applied(op: Op) -> Callable[..., Any]:
    """The function that applies an op to values of which some are batched."""
    if op.batch.__class__ is InFront and len(op.inputs) == 1 and not (op.variadic or op.outs):
        return partial(_apply_in_front, op)
    alone = op.kind is ELEMENTWISE and op.batch is None and not op.optional
    return partial(_apply_elementwise if alone else apply, op)


def _apply_elementwise(op: Op, /, *args: Any, **keywords: Any) -> Any:
    """`apply`, but straight to the engine's kernel where values are of one level and rank, and tracked nowhere."""
    first = args[0]
    if first.__class__ is not Batched or first.node is not None or (xp := first.xp).backend is None:
        return apply(op, *args, **keywords)
    level, rank, mapped = first.level, len(first.shape), first.mapped
    values = [first.value]
    for x in args[1:]:
        if x.__class__ is not Batched:
            if getattr(x, "shape", None) != ():
                return apply(op, *args, **keywords)
            values.append(x)
        elif x.level == level and x.node is None and x.xp is xp and len(x.shape) == rank:
            mapped = mapped or x.mapped
            values.append(x.value)
        else:
            return apply(op, *args, **keywords)
    return Batched(getattr(xp, op.name)(*values, **keywords), None, xp, level, mapped)


def _apply_in_front(op: Op, /, x: Any, **keywords: Any) -> Any:
    """`apply`, but straight to the engine's kernel where the one operand is tracked nowhere."""
    if x.__class__ is not Batched or x.node is not None or not x.mapped or (xp := x.xp).backend is None:
        return apply(op, x, **keywords)
    keywords = op.batch.keywords_of(x.value.shape[0], len(x.shape), {**op.keywords, **keywords})  # type: ignore[union-attr]
    return Batched(getattr(xp, op.name)(x.value, **keywords), None, xp, x.level)


def apply(op: Op, /, *args: Any, **keywords: Any) -> Any:
    """An op on values, some of them batched: one level is taken off, the op's rule applied, the level put back."""
    keywords = {**op.keywords, **keywords}
    level = max([x.level for x in args if x.__class__ is Batched], default=0)
    if level == 0:
        raw = [x for x in args if hasattr(x, "dtype")]
        # A Python scalar may have become the host's, beside arrays of another engine.
        raw.sort(key=lambda x: isinstance(x, np.generic))
        return getattr(engine_kernels(raw[0]), op.name)(*args, **keywords)
    inside: list[Any] = []
    batched: list[bool] = []
    size, engine = None, None
    for x in args:
        mapped = False
        if x.__class__ is Batched and x.level == level:
            inside.append(wrap(x.value, x.node, x.xp))
            if x.mapped:
                mapped, size = True, x.value.shape[0]
        elif hasattr(x, "dtype"):
            # A constant may be the host's, which the engine takes as it is although it is not one of its own arrays.
            if engine is None:
                engine = engine_inside(next(y for y in args if y.__class__ is Batched and y.level == level))
            inside.append(wrap(x, None, engine))
        else:
            inside.append(x)
        batched.append(mapped)
    if size is None:
        return _outside(op.call(*inside, **keywords), level, mapped=False)
    if op.dynamic:
        raise DynamicShapeError(
            f"{op.name}() under vmap: the shape of its result depends on the data, and would differ within the batch"
        )
    if op.batch is not None:
        out = op.batch(op, size, inside, batched, keywords)
    elif aligns(op):
        out = align(op, size, inside, batched, keywords)
    elif not op.primitive:
        if op.formulas and MODE.get() & RECORDING and any(isinstance(x, Array) and is_tracked(x) for x in inside):
            return by_rule(op, level, args, keywords)
        return _inside_level(op.body(BATCHED, *args, **keywords), level)
    else:
        out = loop(op, size, inside, batched, keywords)
    return _outside(out, level, mapped=True)


def _inside_level(out: Any, level: int) -> Any:
    """What a composed body returns, inside the batch even where it does not depend on what is mapped."""
    if isinstance(out, (list, tuple)):
        return tuple(_inside_level(o, level) for o in out)
    if isinstance(out, Batched) and out.level == level:
        return out
    return Batched(out, None, table_of(out, engine_inside(out)), level, mapped=False)


def by_rule(op: Op, level: int, args: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """A composed op on values that are tracked outside the vmap of that level: its own rule is what the outside sees.

    The derivative of its body may be another one where the rule knows better, as that of `det` does.
    """
    places = [i for i, x in enumerate(args) if hasattr(x, "dtype")]
    table = table_of(next(x for x in args if isinstance(x, Batched) and x.level == level), RECORDED)
    inputs = [put_inside(wrap(args[i], None, table), level) for i in places]
    out = _inside_level(op.body(BATCHED, *map(bare, args), **keywords), level)
    outputs = [wrap(o, None, table) for o in (out if op.outs else (out,))]
    results = Places(outputs)
    names = [op.inputs[i] if i < len(op.inputs) else op.variadic for i in places]
    tracked = [i for i, name in enumerate(names) if name not in op.constant and is_tracked(inputs[i])]
    leaves = {i: Leaf() for i in tracked}

    def node() -> Node:
        values = list(args)
        parents: list[Any] = [None] * len(args)
        for i, leaf in leaves.items():
            parents[places[i]] = leaf
        values_out = [results.output(i)._value for i in range(len(outputs))]
        return record(op, table, tuple(values_out) if op.outs else values_out[0], values, parents, keywords)

    def pull(cotangents: list[Array]) -> list[Any]:
        g = dict(enumerate(cotangents)) if op.outs else cotangents[0]
        pulled = pull_into({}, node(), g)
        return [pulled.get(leaves[i]) if i in leaves else None for i in range(len(inputs))]

    def push(tangents: list[Array]) -> list[Any]:
        tangents_of: dict[Node, Any] = {leaves[i]: t for i, t in enumerate(tangents) if i in leaves}
        pushed = node().push(RECORDED, wrap, tangents_of)
        return list(pushed) if op.outs else [pushed]

    batch = VmapLevel(level, inputs, outputs)
    rule = OwnRule(op.name, pull, push).outside(batch)
    attached = batch.put_on_outputs(attach_at(rule, batch.inputs, batch.outputs, results, False, level))
    return tuple(x._value for x in attached) if op.outs else attached[0]._value


def _outside(out: Any, level: int, *, mapped: bool) -> Any:
    if isinstance(out, (list, tuple)):
        return tuple(Batched(o._value, o._node, o._kernels, level, mapped) for o in out)
    return Batched(out._value, out._node, out._kernels, level, mapped)


def aligns(op: Op) -> bool:
    """Whether an op acts on each element by itself, so that a batch needs no more than aligned axes."""
    if op.batch is not None:
        return op.batch is align
    alone = op.primitive and not (op.keywords or op.outs)  # which of the locally constant ones do for certain
    return op.kind.aligns and (op.kind is not LOCALLY_CONSTANT or alone)


def align(op: Op, size: int, args: Sequence[Any], batched: Sequence[bool], keywords: dict[str, Any]) -> Any:
    """The rule of ops that broadcast: axes of length one go behind the batch axis until ranks agree."""
    rank = max(x.ndim - on for x, on in zip(args, batched, strict=True) if hasattr(x, "ndim"))
    aligned = []
    for x, on in zip(args, batched, strict=True):
        if on and x.ndim - 1 < rank:
            shape = tuple(x.shape)
            x = RECORDED.reshape(x, shape=shape[:1] + (1,) * (rank - len(shape) + 1) + shape[1:])
        aligned.append(x)
    return op.call(*aligned, **keywords)


def all_batched(size: int, args: Sequence[Any], batched: Sequence[bool]) -> list[Any]:
    """The operands, each with the batch axis in front."""
    return [
        x if on or x is None else RECORDED.broadcast_to(x, shape=(size, *x.shape))
        for x, on in zip(args, batched, strict=True)
    ]


class InFront:
    """The rule of ops that take a batch as one more axis, in front of the operands' own.

    `keywords_of(size, rank, keywords)` gives the keywords for the whole batch, where they name axes or shapes: `size`
    is the length of the batch axis, and `rank` counts the axes of the first operand without it.
    """

    __slots__ = ("keywords_of",)

    def __init__(self, keywords_of: Callable[[int, int, dict[str, Any]], dict[str, Any]]) -> None:
        self.keywords_of = keywords_of

    def __call__(
        self, op: Op, size: int, args: Sequence[Any], batched: Sequence[bool], keywords: dict[str, Any]
    ) -> Any:
        whole = all_batched(size, args, batched)
        return op.call(*whole, **self.keywords_of(size, whole[0].ndim - 1, keywords))


@InFront
def in_front(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    """The rule of ops on the last axes, whose keywords stay as they are."""
    return keywords


def loop(op: Op, size: int, args: Sequence[Any], batched: Sequence[bool], keywords: dict[str, Any]) -> Any:
    """The rule of last resort: the op on each element of the batch, results stacked. Counted in `FALLBACKS`."""
    FALLBACKS[op.name] += 1
    if size == 0:
        raise ShapeError(f"vmap over an empty batch: {op.name}() has no batching rule, only a loop")
    outs = []
    for i in range(size):
        outs.append(
            op.call(
                *[RECORDED.getitem(x, key=(i,)) if on else x for x, on in zip(args, batched, strict=True)], **keywords
            )
        )
    if isinstance(outs[0], (list, tuple)):
        return [RECORDED.stack(*column, axis=0) for column in zip(*outs, strict=True)]
    return RECORDED.stack(*outs, axis=0)
