"""How a call ends: recipes for what it returns, and for what becomes of the arrays that it has rebound.

A recipe names values of the program by number. `Made` is a new array, `Given` an array from outside, `Raw` a value of
the engine or of the host; tuples are recipes for tuples, and `Fixed` is what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays.array import Array
from ..arrays.batched import Batched
from ..arrays.trees import flatten, unflatten
from ..arrays.views import taken_from
from ..errors import a_kind
from ..tape.nodes import Leaf, Sweep
from .doors import slots_of
from .program import Effect, End, Ref, Write
from .trace import Trace
from .values import Traced, Untraceable, Value


class Made(NamedTuple):
    """A new array, or (`again`) the one of an earlier recipe of that number.

    `view`: the recipe of the array that it is a view of, and the step from there. `node`: its place on the tape, as a
    variable, or the array that is the same one.
    """

    cls: type[Array]
    value: Ref
    xp: Any
    signature: Any
    more: tuple[tuple[str, Any], ...]
    again: int
    view: tuple[Any, Any] | None
    node: Any


class Given(NamedTuple):
    """An array that the function reads or rebinds, by its number."""

    number: int


class Argument(NamedTuple):
    """A leaf of the arguments, as it came in."""

    place: int


class Raw(NamedTuple):
    """A value as it is; never one that somebody else holds."""

    value: Ref


class Fixed(NamedTuple):
    """A Python value that is the same each time."""

    value: Any


class Variable(NamedTuple):
    """The node of a new variable: its gradient's array, what is done with gradients, and whether there has been one."""

    cell: Any
    req: str
    fresh: bool


def on_the_tape(x: Array) -> bool:
    """Whether a gradient may still be asked for through an array: a graph that a sweep has freed is none any more, and
    a variable of its own is the beginning of one only.
    """
    return not (x._node is None or x._node.__class__ is Leaf or x._node.xp.__class__ is Sweep)


_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic)
_BASIC = frozenset(("_value", "_kernels", "_signature", "_node", "_grad", "_shares", "_constant"))


class Leaving:
    """Makes the end of a program of a trace that is still under way."""

    def __init__(self, trace: Trace, leaves: Sequence[Any], changes: Sequence[Any]) -> None:
        self.trace = trace
        self.leaves = leaves
        self.changes = changes
        """What knows which of Python's state has changed, and is asked for it by `writes(leaving)`."""
        self.arguments = {id(leaf): i for i, leaf in enumerate(leaves)}
        self.made: dict[int, int] = {}
        self.variables: dict[int, Made | Given] = {
            id(node): Given(i)
            for i, held in reversed([*enumerate(trace.before)])
            if (node := held.get("_node")).__class__ is Leaf
        }
        """Of the nodes of variables, who has them."""
        self.returned: set[int] = set()
        self.expected: set[int] = set()
        """Who may live on: what is returned, and the gradients of new variables."""

    def end(self, result: Any) -> End:
        """The recipes for what the function returned, and what it did to arrays from outside and to Python's state."""
        leaves, structure = flatten(result)
        self.returned = {id(leaf) for leaf in leaves}
        results = tuple([self.recipe(leaf, owned=True) for leaf in leaves])
        effects = tuple([effect for i in range(len(self.trace.handles)) if (effect := self.effect(i)) is not None])
        writes = [write for change in self.changes for write in change.writes(self)]
        return End(effects, results, structure, tuple(writes))

    def written(self, place: Any, value: Any) -> tuple[Write, Any]:
        """What is written to a place, and the same with plain values."""
        leaves, structure = flatten(value)
        plain = unflatten(structure, [x.value if isinstance(x, Value) else x for x in leaves])
        return Write(place, tuple([self.recipe(leaf) for leaf in leaves]), structure), plain

    def recipe(self, x: Any, *, owned: bool = False) -> Any:
        """The recipe for a part of a result, or for what a slot holds."""
        trace = self.trace
        if isinstance(x, Value):
            self.expected.add(id(x))
            return Raw(x.ref) if owned else x.ref
        if isinstance(x, Array):
            value = x._value  # which the trace meets here at the latest
            number = trace.numbers.get(id(x))
            if number is not None and trace.states.get(id(x)) is not None:
                return Given(number)
            if isinstance(value, Batched) or not isinstance(value, Traced):
                raise Untraceable("an array inside a vmap leaves it")
            if on_the_tape(x):
                raise Untraceable("an array that is still being differentiated is returned")
            self.expected.add(id(x))
            if id(x) in self.made:
                return Made(type(x), value.ref, None, None, (), self.made[id(x)], None, None)
            number = self.made[id(x)] = len(self.made)
            real = trace.table(x._kernels)._real
            node: Any = self.variables.get(id(x._node))
            more = [(n, self.recipe(part)) for n, part in _extras(x)]
            if (grad := getattr(x, "_grad", None)) is not None:
                more.append(("_grad", self.recipe(grad)))
            if node is None and x._node.__class__ is Leaf:
                node = self.variable(x._node)
                self.variables[id(x._node)] = Made(type(x), value.ref, None, None, (), number, None, None)
            signature = real.signatures[type(x), value.dtype, value.shape]
            return Made(type(x), value.ref, real, signature, tuple(more), -1, self.view(x), node)
        if id(x) in self.arguments and not isinstance(x, _PLAIN):
            return Argument(self.arguments[id(x)])
        if type(x) is tuple:
            return tuple([self.recipe(part) for part in x])
        if isinstance(x, _PLAIN) or callable(x):
            if callable(x):
                raise Untraceable(f"{a_kind(x)} is returned")
            return Fixed(x)
        raise Untraceable(f"{a_kind(x)} is returned, which is no array, number, or container of them")

    def variable(self, node: Leaf) -> Variable:
        """The recipe for the node of a new variable."""
        cell = node.cell()
        return Variable(None if cell is None else self.recipe(cell), node.req, node.fresh)

    def view(self, x: Array) -> tuple[Any, Any] | None:
        """What a new array is to be a view of: an array from outside; others are gone when the call is over."""
        source = taken_from(x)
        if source is None:
            return None
        base, step = source
        _ = base._value  # which the trace meets here at the latest
        if self.trace.states.get(id(base)) is None:
            if id(base) in self.returned:
                raise Untraceable("an array is returned together with a view of it")
            return None
        if step is None:
            raise Untraceable("a view of a view of an array from outside is returned")
        return Given(self.trace.numbers[id(base)]), Fixed(step)

    def effect(self, number: int) -> Effect | None:
        """What becomes of an array from outside."""
        trace = self.trace
        x, before = trace.handles[number], trace.before[number]
        after = trace.states[id(x)]
        assert after is not None
        value = after["_value"]
        if isinstance(value, Batched):
            raise Untraceable("an array from outside is given a value inside a vmap")
        changes: list[tuple[str, Any]] = []
        if after["_signature"] is not before["_signature"]:
            real = after["_kernels"]._real
            changes += [
                ("_kernels", Fixed(real)),
                ("_signature", Fixed(real.signatures[type(x), value.dtype, value.shape])),
            ]
        grad = after.get("_grad")
        if grad is not before.get("_grad"):
            changes.append(("_grad", Fixed(None) if grad is None else self.recipe(grad)))
        node = after.get("_node")
        if node is not before.get("_node"):
            if node is None or node.xp.__class__ is Sweep:
                changes.append(("_node", Fixed(None)))
            elif node.__class__ is Leaf:
                changes.append(("_node", self.variable(node)))
            else:
                raise Untraceable("an array from outside is left with a place on the tape")
        elif node is not None and trace.leaves.get(id(node), (None, None, None))[2]:
            changes.append(("fresh", Fixed(True)))
        for name in after.keys() - _BASIC:
            if after[name] is not before.get(name):
                changes.append((name, self.recipe(after[name])))
        if after.get("_constant") and not before.get("_constant"):
            changes.append(("_constant", Fixed(True)))
        if value is before["_value"]:
            return Effect(number, None, tuple(changes)) if changes else None
        return Effect(number, value.ref, tuple(changes))


def _extras(x: Array) -> list[tuple[str, Any]]:
    """What a face's own slots hold."""
    found = []
    for name in slots_of(type(x)):
        if name == "_shares" and getattr(x, name, True) is None:
            found.append((name, None))  # the array of a gradient, of which every backward asks this
        elif name not in _BASIC:
            try:
                found.append((name, getattr(x, name)))
            except AttributeError:
                continue
    return found
