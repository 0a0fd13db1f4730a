"""Functions tracked as a whole, at every level of batching: `custom`, `Function` and `checkpoint` inside a vmap.

A batched value wraps an array together with its node, and that array's value may be batched again. A node goes to each
level at which an input is tracked; the node of an outer level applies the same rule, with the batch put around what it
gets and taken off what it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from weakref import ref

from .array import Array, wrap
from .batching import Batched, as_array, lift, of_level
from .dtypes import is_dtype
from .kernels import RECORDED
from .tape import ANOMALY, MODE, RECORDING, Node, Output

__all__ = ["Layer", "Places", "Rule", "attach", "is_tracked"]


def is_tracked(x: Array) -> bool:
    """Whether an array has a place on the tape, be it inside the batch or outside."""
    if x._node is not None:
        return True
    value = x._value
    while isinstance(value, Batched):
        if value.node is not None:
            return True
        value = value.value
    return False


def _level(arrays: Sequence[Array]) -> int:
    return max((x._value.level for x in arrays if isinstance(x._value, Batched)), default=0)


def _inside(x: Array, level: int) -> Array:
    """An array inside the vmap of a level, as one that is not mapped where its place outside counts."""
    if isinstance(x._value, Batched) and x._value.level == level:
        return x
    lifted = lift(x, level)
    if lifted is x and is_tracked(wrap(x._value, None, x._xp)):
        return wrap(Batched(x._value, None, x._xp, level, mapped=False), x._node, of_level(level))
    return lifted


class Layer:
    """One level of batching around the inputs and outputs of a function: puts it on, and takes it off.

    `inputs` and `outputs` are the arrays outside the batch. A flag says of each whether it has the batch axis; None, of
    an input, that it is not in the batch and stays as it is.
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
            return as_array(value), value.mapped
        return wrap(value, x._node, x._xp), None

    def put_on(self, x: Array, flag: bool | None) -> Array:
        """An array outside the batch as one inside."""
        if flag is None:
            return x
        return wrap(Batched(x._value, x._node, x._xp, self.level, flag), None, of_level(self.level))

    def put_on_inputs(self, arrays: Sequence[Array]) -> list[Array]:
        """Inputs, or their tangents, inside the batch."""
        return [self.put_on(x, flag) for x, flag in zip(arrays, self.input_flags, strict=True)]

    def put_on_outputs(self, arrays: Sequence[Array]) -> list[Array]:
        """Outputs, or their cotangents, inside the batch."""
        return [self.put_on(y, flag) for y, flag in zip(arrays, self.output_flags, strict=True)]

    def take_off_inputs(self, given: Sequence[Any]) -> list[Array | None]:
        """Cotangents of the inputs outside the batch: summed over it where the input has no part in it."""
        found: list[Array | None] = []
        for g, x, flag in zip(given, self.inputs, self.input_flags, strict=True):
            if g is None or flag is None:
                found.append(None)
                continue
            array, on = self._off(g)
            if flag and not on:
                array = RECORDED.broadcast_to(array, shape=x.shape)
            elif on and not flag:
                array = RECORDED.sum(array, axis=0)
            found.append(array)
        return found

    def take_off_outputs(self, given: Sequence[Array]) -> list[Array]:
        """Outputs, or their tangents, outside the batch, with its axis where the output has it."""
        found = []
        for y, like, flag in zip(given, self.outputs, self.output_flags, strict=True):
            array, on = self._off(y)
            found.append(RECORDED.broadcast_to(array, shape=like.shape) if flag and not on else array)
        return found


class Rule(Protocol):
    """What `attach` puts on the tape: it makes its node, and knows what it is one level further out."""

    def node(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> Node:
        """The node for these inputs and outputs."""

    def outside(self, layer: Layer) -> Rule:
        """The same rule for the arrays outside a level of batching."""


class Places:
    """Where the outputs of a rule are on the tape; the nodes are known weakly, so that a rule may keep this."""

    def __init__(self, outputs: Sequence[Array]) -> None:
        self.values = [(y._value, y._xp) for y in outputs]
        self.nodes: dict[int, Callable[[], Node | None]] = {}

    def enter(self, level: int, node: Node) -> None:
        """Note the node that stands at a level; 0 is that of the arrays themselves."""
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
    rule: Rule,
    inputs: Sequence[Array],
    outputs: Sequence[Array],
    places: Places,
    *,
    always: bool = False,
    at: int = 0,
) -> list[Array]:
    """The outputs, computed unrecorded, with the rule's nodes at every level at which an input is tracked.

    `places` is told of the nodes. `always` puts a node at every level, for rules that read more than their inputs. `at`
    is the level that this is called for, 0 from outside.
    """
    level = _level([*inputs, *outputs] if always else inputs)
    found = [wrap(y._value, None, y._xp) for y in outputs]
    if level:
        inputs = [_inside(x, level) for x in inputs]
        layer = Layer(level, inputs, found)
        inside = [x for x, flag in zip(layer.inputs, layer.input_flags, strict=True) if flag is not None]
        if always or any(map(is_tracked, inside)):
            outer = attach(rule.outside(layer), layer.inputs, layer.outputs, places, always=always, at=level)
            found = layer.put_on_outputs(outer)
    if MODE.get() & RECORDING and (always or any(x._node is not None for x in inputs)):
        node = rule.node(inputs, found)
        places.enter(at, node)
        if MODE.get() & ANOMALY:
            from .inspection import note_origin

            note_origin(node, tuple(y._value for y in found))
        for i, y in enumerate(found):
            if is_dtype(y._dtype, ("real floating", "complex floating")):
                y._node = Output(node, i)
    return found
