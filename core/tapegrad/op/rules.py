"""Functions tracked as a whole, at every level of batching: `custom`, `Function` and `checkpoint` inside a vmap.

A batched value wraps an array together with its node, and that array's value may be batched again. Each level at which
an input is tracked gets a node of its own. The node of an outer level applies the same rule: it wraps what it gets as
batched values, and unwraps what the rule gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from weakref import ref

import numpy as np

from ..arrays.array import Array, handle
from ..arrays.batched import (
    Batched,
    engine_kernels,
    engine_of,
    inner_array,
    level_table,
    lift,
    place_beside,
    table_of,
    wrap,
)
from ..arrays.entering import as_array, enter_beside
from ..arrays.views import place_of
from ..engines.tables import OPS, RECORDED, Kernels
from ..errors import ArgumentTypeError, DtypeError, NoGradientError, ShapeError, UnknownArrayError, a_kind
from ..tape.mode import ANOMALY, LEVEL, MODE, RECORDING, RULED, TOLD, Scope
from ..tape.nodes import Flat, Leaf, Node, Output, Sweep, Wrap, deposit, freed, next_seq, note_level, set_level
from ..tape.observers import tell_recorded
from .call import pull_back


def is_tracked(x: Array) -> bool:
    """Whether an array has a place on the tape, be it inside the batch or outside."""
    return place_of(x) is not None


def _level_of(x: Array) -> int:
    return x._value.level if x._value.__class__ is Batched else 0


def _level(arrays: Sequence[Array]) -> int:
    return max(map(_level_of, arrays), default=0)


def put_inside(x: Array, level: int) -> Array:
    """An array inside the vmap of a level; one from outside is wrapped, unmapped, if it is tracked there."""
    if isinstance(x._value, Batched) and x._value.level == level:
        return x
    lifted = lift(x, level)
    if lifted is x and is_tracked(wrap(x._value, None, x._kernels)):
        return wrap(Batched(x._value, None, x._kernels, level, mapped=False), x._node, level_table(x._kernels, level))
    return lifted


class VmapLevel:
    """One level of batching around the inputs and outputs of a function: wraps and unwraps them.

    `inputs` and `outputs` are the arrays outside the batch. The flags say which of them have the batch axis; None
    stands for an input that is not in the batch and stays as it is.
    """

    def __init__(self, level: int, inputs: Sequence[Array], outputs: Sequence[Array]) -> None:
        self.level = level
        self.inputs: list[Array] = []
        self.input_flags: list[bool | None] = []
        for x in inputs:
            array, flag = self._off(x)
            self.inputs.append(array)
            self.input_flags.append(flag)
        self.outputs: list[Array] = []
        self.output_flags: list[bool] = []
        for y in outputs:
            array, on = self._off(y)
            self.outputs.append(array)
            self.output_flags.append(bool(on))

    def _off(self, x: Array) -> tuple[Array, bool | None]:
        value = x._value
        if isinstance(value, Batched) and value.level == self.level:
            return inner_array(value), value.mapped
        return wrap(value, x._node, x._kernels), None

    def put_on(self, x: Array, flag: bool | None) -> Array:
        """An array outside the batch as one inside."""
        if flag is None:
            return x
        return wrap(Batched(x._value, x._node, x._kernels, self.level, flag), None, level_table(x._kernels, self.level))

    def put_on_inputs(self, arrays: Sequence[Array]) -> list[Array]:
        """Inputs, or their tangents, inside the batch."""
        return [self.put_on(x, flag) for x, flag in zip(arrays, self.input_flags, strict=True)]

    def put_on_outputs(self, arrays: Sequence[Array]) -> list[Array]:
        """Outputs, or their cotangents, inside the batch."""
        return [self.put_on(y, flag) for y, flag in zip(arrays, self.output_flags, strict=True)]

    def take_off_inputs(self, cotangents: Sequence[Any]) -> list[Array | None]:
        """Cotangents of the inputs outside the batch: summed over it where the input has no part in it."""
        outside: list[Array | None] = []
        for g, x, flag in zip(cotangents, self.inputs, self.input_flags, strict=True):
            if g is None or flag is None:
                outside.append(None)
                continue
            array, on = self._off(g)
            if flag and not on:
                array = RECORDED.broadcast_to(array, shape=x.shape)
            elif on and not flag:
                array = RECORDED.sum(array, axis=0)
            outside.append(array)
        return outside

    def take_off_outputs(self, outputs: Sequence[Array]) -> list[Array]:
        """Outputs, or their tangents, outside the batch, with its axis where the output has it."""
        outside = []
        for y, like, flag in zip(outputs, self.outputs, self.output_flags, strict=True):
            array, on = self._off(y)
            outside.append(RECORDED.broadcast_to(array, shape=like.shape) if flag and not on else array)
        return outside


class Rule(Protocol):
    """What `attach` puts on the tape: it makes the node, and the rule for one level further out."""

    def node(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Node:
        """The node for these inputs and outputs."""

    def outside(self, layer: VmapLevel) -> Rule:
        """The same rule for the arrays outside a level of batching."""


class Places:
    """The places of a rule's outputs on the tape. Nodes are held weakly, so that a rule may keep this."""

    def __init__(self, outputs: Sequence[Array]) -> None:
        self.values = [(y._value, y._kernels) for y in outputs]
        self.nodes: dict[int, Callable[[], Node | None]] = {}

    def enter(self, level: int, node: Node) -> None:
        """Note the node of a level; 0 is the level of the arrays themselves."""
        self.nodes[level] = ref(node)

    def output(self, i: int) -> Array:
        """Output `i` in its place."""
        value, xp = self.values[i]
        return wrap(self._placed(value, i), self._place(0, i), xp)

    def _place(self, level: int, i: int) -> Node | None:
        known = self.nodes.get(level)
        node = known() if known is not None else None
        return None if node is None else Output(node, i)

    def _placed(self, value: Any, i: int) -> Any:
        if not isinstance(value, Batched):
            return value
        return Batched(self._placed(value.value, i), self._place(value.level, i), value.xp, value.level, value.mapped)


def attach(
    rule: Rule, inputs: Sequence[Array], outputs: Sequence[Array], places: Places, *, always: bool = False
) -> list[Array]:
    """The outputs, computed unrecorded, with the rule's nodes at every level at which an input is tracked.

    `places` is told of the nodes. `always` puts a node at every level, for rules that read more than their inputs. The
    rule is given arrays of the core; what is returned has the faces of the outputs.
    """
    attached = attach_at(rule, inputs, outputs, places, always, 0)
    return [handle(y.__class__, x._value, x._node, x._kernels) for x, y in zip(attached, outputs, strict=True)]


def attach_at(
    rule: Rule, inputs: Sequence[Array], outputs: Sequence[Array], places: Places, always: bool, at: int
) -> list[Array]:
    """`attach` at one level; 0 is the level of the arrays themselves."""
    level = _level([*inputs, *outputs] if always else inputs)
    results = [wrap(y._value, None, y._kernels) for y in outputs]
    if level:
        inputs = [put_inside(x, level) for x in inputs]
        layer = VmapLevel(level, inputs, results)
        inside = [x for x, flag in zip(layer.inputs, layer.input_flags, strict=True) if flag is not None]
        if always or any(map(is_tracked, inside)):
            outer = attach_at(rule.outside(layer), layer.inputs, layer.outputs, places, always, level)
            results = layer.put_on_outputs(outer)
    if MODE.get() & RECORDING and (always or any(x._node is not None for x in inputs)):
        node = rule.node(inputs, results)
        places.enter(at, node)
        if MODE.get() & ANOMALY:
            tell_recorded(node, tuple(y._value for y in results))
        for i, y in enumerate(results):
            if y._signature.inexact:
                y._node = Output(node, i)
    return results


def attach_zero(output: Array, inputs: Sequence[Array]) -> Array:
    """The output, computed unrecorded, with zero gradient in the inputs, at every level at which one is tracked."""
    value, level, node = output._value, _level_of(output), None
    here = [x for x in inputs if x._node is not None and _level_of(x) == level]
    if here:
        node = Flat([x._node for x in here if x._node], [(x.shape, x._dtype) for x in here], output._kernels)
        if MODE.get() >= LEVEL:
            note_level(node)
    if level:
        outside = [inner_array(x._value) if _level_of(x) == level else x for x in inputs]
        within = attach_zero(inner_array(value), outside)
        value = Batched(within._value, within._node, value.xp, level, value.mapped)
    return handle(output.__class__, value, node, output._kernels)


class RuleNode(Node):
    """The node of a function whose derivative is a rule over arrays: `pull` gets cotangents, `push` gets tangents.

    `pull_rule(cotangents)` returns a cotangent or None per input, `push_rule(tangents)` a tangent per output. Either
    may be None, and then follows from the other by transposition.
    """

    __slots__ = ("inputs", "name", "outputs", "pull_rule", "push_rule", "specs")

    def __init__(
        self,
        name: str,
        inputs: Sequence[Array],
        outputs: Sequence[Array],
        pull_rule: Callable[[list[Array]], Sequence[Any]] | None,
        push_rule: Callable[[list[Array]], Sequence[Any]] | None,
    ) -> None:
        self.seq = next_seq()
        self.xp = outputs[0]._kernels
        self.name = name
        self.inputs: tuple[Node | None, ...] | None = tuple(x._node for x in inputs)
        self.specs: list[tuple[tuple[int, ...], Any]] | None = [(x.shape, x._dtype) for x in inputs]
        self.outputs = [(y.shape, y._dtype) for y in outputs]
        self.pull_rule = pull_rule
        self.push_rule = push_rule
        if MODE.get() >= LEVEL:
            note_level(self)

    @property
    def label(self) -> str:  # type: ignore[override]
        """The name of the function."""
        return self.name

    def parents(self) -> tuple[Node, ...]:
        if self.inputs is None:
            raise freed(self)
        return tuple(node for node in self.inputs if node is not None)

    def _zeros(self, like: Array, spec: tuple[tuple[int, ...], Any]) -> Array:
        zeros = OPS["filled"].call(like._detached(), shape=spec[0], value=0)
        typed: Array = zeros if zeros._dtype == spec[1] else OPS["astype"].call(zeros, dtype=spec[1])
        return typed

    def _entered(self, value: Any, beside: Array, what: str) -> Array:
        """What a rule gave, as an array of the engine of its arguments."""
        if isinstance(value, Array):
            return value
        if isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic):
            return as_array(value, beside=(beside,))
        try:
            engine, device, rule = engine_of(beside), place_beside(beside), f"the rule of {self.name}"
            return enter_beside(value, engine, Array, copy=False, what=rule, device=device)
        except (UnknownArrayError, ArgumentTypeError) as error:
            raise ArgumentTypeError(f"{rule} gave {what} that is {a_kind(value)}, not an array") from error

    def _arrays(self, some: dict[int, Any], specs: Sequence[Any], recorded: bool) -> list[Array]:
        """All cotangents or tangents as arrays, zeros for the absent."""
        arrays = {i: v if recorded else wrap(v, None, _table(v, self.xp)) for i, v in some.items()}
        like = next(iter(arrays.values()))
        return [arrays[i] if i in arrays else self._zeros(like, spec) for i, spec in enumerate(specs)]

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        inputs, specs, rule = self.inputs, self.specs, self.pull_rule
        if inputs is None or specs is None:
            raise freed(self)
        recorded = wrap is not None
        cotangents = self._arrays(g, self.outputs, recorded)
        with Scope(RECORDING) if recorded else Scope(TOLD, RECORDING | RULED):
            if rule is not None:
                pulled = list(rule(cotangents))
            else:
                pulled = _transpose(self._push_all, cotangents, specs, recorded)
        if len(pulled) != len(inputs):
            raise ArgumentTypeError(
                f"the rule of {self.name} gave {len(pulled)} cotangent(s) for {len(inputs)} input(s); "
                "give one for each, None where there is none"
            )
        if free is not None:
            self.inputs = self.specs = self.pull_rule = self.push_rule = None
            self.xp = free
        for i, (node, value, spec) in enumerate(zip(inputs, pulled, specs, strict=True)):
            if node is None or value is None:
                continue
            value = self._entered(value, cotangents[0], f"input {i} a cotangent")
            if value.shape != spec[0]:
                raise ShapeError(
                    f"the rule of {self.name} gave input {i} a cotangent of shape {value.shape}, not {spec[0]}"
                )
            if value._dtype != spec[1]:
                raise DtypeError(
                    f"the rule of {self.name} gave input {i} a cotangent of {value._dtype.name}, not {spec[1].name}"
                )
            deposit(table, met, node, value._value if wrap is None else wrap(value._value, value._node, value._kernels))
        return None, None

    def _push_all(self, tangents: list[Array]) -> Sequence[Array]:
        if self.push_rule is None:
            raise NoGradientError(f"{self.name} has no rule: give it one with defvjp or defjvp")
        return self.push_rule(tangents)

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        if self.inputs is None or self.specs is None:
            raise freed(self)
        tangent_of = {i: table[node] for i, node in enumerate(self.inputs) if node is not None and node in table}
        if not tangent_of:
            return None
        recorded = wrap is not None
        tangents = self._arrays(tangent_of, self.specs, recorded)
        with Scope(RECORDING) if recorded else Scope(TOLD, RECORDING | RULED):
            if self.push_rule is not None:
                pushed = list(self.push_rule(tangents))
            elif self.pull_rule is not None:
                pushed = _transpose(self.pull_rule, tangents, self.outputs, recorded)
            else:
                raise NoGradientError(f"{self.name} has no rule: give it one with defvjp or defjvp")
        if len(pushed) != len(self.outputs):
            raise ArgumentTypeError(
                f"the rule of {self.name} gave {len(pushed)} tangent(s) for {len(self.outputs)} output(s)"
            )
        pushed = [self._entered(v, tangents[0], f"output {i} a tangent") for i, v in enumerate(pushed)]
        for i, (value, spec) in enumerate(zip(pushed, self.outputs, strict=True)):
            if value.shape != spec[0]:
                raise ShapeError(
                    f"the rule of {self.name} gave output {i} a tangent of shape {value.shape}, not {spec[0]}"
                )
        return tuple(v if recorded else v._value for v in pushed)


class OwnRule:
    """A pull and a push for `attach`, each of which may be None."""

    def __init__(
        self,
        name: str,
        pull: Callable[[list[Array]], Sequence[Any]] | None,
        push: Callable[[list[Array]], Sequence[Any]] | None,
    ) -> None:
        self.name = name
        self.pull = pull
        self.push = push

    def node(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> RuleNode:
        """The node for these inputs and outputs."""
        return RuleNode(self.name, inputs, outputs, self.pull, self.push)

    def outside(self, layer: VmapLevel) -> OwnRule:
        """The same rule for the arrays outside a level of batching."""
        pull, push = self.pull, self.push
        return OwnRule(
            self.name,
            None if pull is None else lambda arrays: layer.take_off_inputs(pull(layer.put_on_outputs(arrays))),
            None if push is None else lambda arrays: layer.take_off_outputs(push(layer.put_on_inputs(arrays))),
        )


def _table(value: Any, xp: Kernels) -> Kernels:
    """The kernel table of a value that a sweep brought to a node of table `xp`, which may be of another level."""
    return table_of(value, xp.engine or engine_kernels(value))


def _transpose(
    linear: Callable[[list[Array]], Sequence[Any]], cotangents: list[Array], specs: Sequence[Any], recorded: bool
) -> list[Array]:
    """The transpose of a linear map, applied: the map is recorded at zero, and cotangents are carried back through."""
    leaves = [Leaf() for _ in specs]
    depth = MODE.get() // LEVEL
    for leaf in leaves if depth else ():
        set_level(leaf, depth)
    like = cotangents[0]._detached()
    since = next_seq()
    with Scope(RECORDING):
        zeros = []
        for leaf, (shape, dtype) in zip(leaves, specs, strict=True):
            zero = OPS["filled"].call(like, shape=shape, value=0)
            if zero._dtype != dtype:
                zero = OPS["astype"].call(zero, dtype=dtype)
            zeros.append(wrap(zero._value, leaf, zero._kernels))
        outs = list(linear(zeros))
    seeds = []
    for out, g in zip(outs, cotangents, strict=True):
        if isinstance(out, Array) and out._node is not None and (out._node.seq >= since or out._node in leaves):
            seeds.append((out._node, g if recorded else g._value))
    table = pull_back(seeds, recorded=recorded, free=False, since=since)
    results = []
    for leaf, zero in zip(leaves, zeros, strict=True):
        value = table.get(leaf)
        if value is None:
            results.append(zero._detached())
        else:
            results.append(value if recorded else wrap(value, None, _table(value, zero._kernels)))
    return results
