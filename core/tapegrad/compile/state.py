"""Python's state that changes: what a function finds elsewhere than in its arguments, and replaces from call to call.

A count of updates, a learning rate, the hidden state of a network are first taken for granted, as all of Python's state
is (`guards.py`). Once such a place has held another number, array, or container of these, its contents are from then on
what arguments are: leaves of each call. Numbers are values of the program, and what is left in the place is an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..arrays.trees import flatten, unflatten
from .guards import Place
from .values import Value

if TYPE_CHECKING:
    from .leaving import Leaving
    from .program import Write
    from .trace import Trace

MOST = 1000
"""Containers of more leaves are no state that a program keeps up."""

_NUMBERS = frozenset((int, float, complex))


def is_number(x: Any) -> bool:
    """Whether it is a number that may be a value of a program; truth values are branches instead."""
    return x.__class__ in _NUMBERS or (isinstance(x, np.number) and not isinstance(x, Value))


def may_vary(place: Place) -> bool:
    """Whether a place may be written to, and has held numbers and arrays alone, before and now."""
    return place.writable and (place.weak or _is_values(place.held)) and _is_values(place.now())


def _is_values(x: Any) -> bool:
    if is_number(x) or isinstance(x, Array):
        return True
    if not isinstance(x, (tuple, list, dict)) or len(x) > MOST:
        return False
    leaves = flatten(x)[0]
    return 0 < len(leaves) <= MOST and all(is_number(leaf) or isinstance(leaf, Array) for leaf in leaves)


class State:
    """The places of Python's state that vary, for arguments of one sort."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def now(self) -> list[Any]:
        """What the places hold."""
        return [place.now() for place in self.places]

    def put(self, contents: Sequence[Any]) -> None:
        """Give the places something else to hold."""
        for place, held in zip(self.places, contents, strict=True):
            place.put(held)

    def add(self, places: Sequence[Place]) -> bool:
        """Take up those places that may vary; whether there is one that is new."""
        known = set(self.places)
        new = [place for place in places if place not in known and may_vary(place)]
        self.places += new
        return bool(new)


class StandIns:
    """While it is entered, numbers in the places of a state are those of a trace.

    What the function has left in the places is an effect of the program (`writes`), and is there afterwards as plain
    values; after an exception the places hold what they held before.
    """

    def __init__(self, state: State, trace: Trace, first: int) -> None:
        self.state = state
        self.trace = trace
        self.first = first
        """The place among the leaves of the call where those of the state begin."""

    def __enter__(self) -> StandIns:
        self.before = self.state.now()
        self.entered: list[Any] = []
        self.leaves: list[Any] = []
        number = self.first
        for held in self.before:
            leaves, structure = flatten(held)
            made = [self.trace.number(number + i, x) if is_number(x) else x for i, x in enumerate(leaves)]
            number += len(leaves)
            self.leaves += leaves
            same = all(x is y for x, y in zip(made, leaves, strict=True))
            self.entered.append(held if same else unflatten(structure, made))
        self.state.put(self.entered)
        return self

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        if error is not None:
            self.state.put(self.before)

    def writes(self, leaving: Leaving) -> tuple[Write, ...]:
        """What becomes of the places that hold something else than they did, which hold plain values from now on."""
        from .program import Write

        found: list[Write] = []
        for place, then, entered in zip(self.state.places, self.before, self.entered, strict=True):
            now = place.now()
            if now is entered:
                place.put(then)
                continue
            leaves, structure = flatten(now)
            found.append(Write(place, tuple([leaving.recipe(leaf) for leaf in leaves]), structure))
            if any(isinstance(leaf, Value) for leaf in leaves):
                place.put(unflatten(structure, [x.value if isinstance(x, Value) else x for x in leaves]))
        return tuple(found)
