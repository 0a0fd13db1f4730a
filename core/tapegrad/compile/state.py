"""Python's state that changes: what a function finds elsewhere than in its arguments, and replaces from call to call.

A count of updates, a learning rate, the hidden state of a network are first taken for granted, as all of Python's state
is (`guards.py`). Once such a place has held another number, array, or container of these, its contents are from then on
what arguments are: leaves of each call. Numbers are values of the program, and what is left in the place is an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arrays.array import Array
from ..arrays.trees import flatten, unflatten
from .guards import Place, Reach, length
from .values import Untraceable, Value

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


class Inside(NamedTuple):
    """A place in a list or dictionary among the arguments, which is one of the leaves that the program gets."""

    number: int
    key: Any

    def assignment(self, name: Callable[[Any], str], value: str) -> str:
        """The statement that gives it something else to hold."""
        return f"leaves[{self.number}][{name(self.key)}] = {value}"


def containers(tree: Any) -> Iterator[Any]:
    """The lists and dictionaries of a pytree."""
    if isinstance(tree, (list, dict)):
        yield tree
    if isinstance(tree, (list, tuple, dict)):
        for part in [tree[key] for key in sorted(tree, key=repr)] if isinstance(tree, dict) else tree:
            yield from containers(part)


class Copies:
    """Lists and dictionaries among the arguments, of which a traced function gets copies, and what it does to these."""

    def __init__(self, given: Any = (), entered: Any = ()) -> None:
        self.pairs = [(x, y, _contents(y)) for x, y in zip(containers(given), containers(entered), strict=True)]
        self.entered, self.leaves = entered, flatten(entered)[0]

    def writes(self, leaving: Leaving) -> Iterator[Write]:
        """What is to be written to the originals, which are the last leaves of a call, once the run is settled."""
        leaves = flatten(self.entered)[0]
        if len(leaves) == len(self.leaves) and all(x is y for x, y in zip(leaves, self.leaves, strict=True)):
            return
        for number, (given, copy, before) in enumerate(self.pairs, len(leaving.leaves)):
            after, most = _contents(copy), min(len(before), len(copy))
            changed = [(key, x) for key, x in after.items() if key not in before or before[key] is not x]
            if isinstance(copy, dict) and not before.keys() <= after.keys():
                raise Untraceable("it takes something out of a dictionary among its arguments")
            if isinstance(copy, list) and len(copy) != len(before):
                changed = [*((key, x) for key, x in changed if key < most), (slice(most, None), copy[most:])]
            for key, value in changed:
                write, plain = leaving.written(Inside(number, key), value)
                leaving.trace.later.append(partial(given.__setitem__, key, plain))
                yield write


def _contents(x: Any) -> dict[Any, Any]:
    return dict(x) if isinstance(x, dict) else dict(enumerate(x))


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

    def writes(self, leaving: Leaving) -> Iterator[Write]:
        """What becomes of the places that hold something else than they did, which hold plain values from now on."""
        for place, then, entered in zip(self.state.places, self.before, self.entered, strict=True):
            now = place.now()
            if now is entered:
                place.put(then)
                continue
            write, plain = leaving.written(place, now)
            place.put(plain)
            yield write


class Appended:
    """What lists gain that the function reaches and only appends to."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.places = [place for place in reach.places if place.get is length and isinstance(place.holder, list)]

    def writes(self, leaving: Leaving) -> Iterator[Write]:
        """What each call appends: arrays and numbers of the program, and what stands among them."""
        for place in self.places:
            before: Any = place.held
            more = place.holder[before:]
            if any(isinstance(x, (Array, Value)) for x in flatten(more)[0]) and self.reach.only_written(place):
                write, place.holder[before:] = leaving.written(place, more)
                self.reach.appended.add(id(place.holder))
                yield write
