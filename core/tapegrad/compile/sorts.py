"""Sorts of arguments: what programs are kept apart by, and what is known of the arguments of one sort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..arrays.trees import flatten
from ..dtypes import get_default_dtype
from ..engines.registry import backend_of, get_backend
from ..errors import ArgumentTypeError, UnknownArrayError
from ..tape.mode import JOURNALING, MODE, RECORDING, TRAINING
from .guards import Place, same
from .recording import Recording
from .state import State, is_number

ATTEMPTS = 3
"""How often a function may change what it reads of Python's state before it is taken for one that always does."""


class Sort:
    """What is known of arguments of one sort: recordings, or why there are none.

    `told_apart` are the places of numbers among the leaves each of whose values has programs of its own. A number that
    was another in some later call is none of them any more, and becomes a value of the program, as does what varies of
    Python's `state`.
    """

    def __init__(self, leaves: Sequence[Any]) -> None:
        self.programs: dict[Any, list[Recording]] = {}
        self.refusal = ""
        self.attempts = 0
        self.told_apart = [i for i, leaf in enumerate(leaves) if is_number(leaf)]
        self.first = [leaves[i] for i in self.told_apart]
        self.state = State()
        self.seeds: list[int] | None = None
        """Under `record()`: with which outputs backward passes begin, once that is not all."""
        self.written = False
        """Whether there is a program that writes to lists or dictionaries among the arguments."""
        self.counters: dict[Any, list[str] | None] = {}
        """Of branch points in loops, the locals that count their turns, and are values of the program."""
        self.fixed = False
        """Whether numbers stay what they are, since the function cannot be traced with those of a trace."""

    def seed(self, outputs: list[int]) -> None:
        """Learn that backward passes begin with these outputs only; where they differ there is no program."""
        self.programs.clear()
        self.attempts += 1
        if self.attempts >= ATTEMPTS:
            self.refusal = "its backward passes begin with other outputs each time"
        self.seeds = outputs

    @property
    def recordings(self) -> list[Recording]:
        """The programs for these arguments, whatever the numbers among them."""
        return [recording for recordings in self.programs.values() for recording in recordings]

    def with_state(self, leaves: list[Any]) -> tuple[list[Any], Any]:
        """The leaves of a call, with those of the state, and what tells the programs for them apart."""
        numbers = tuple([repr(leaves[i]) for i in self.told_apart])
        if not self.state.places:
            return leaves, numbers
        contents, structure = flatten(self.state.now())
        return leaves + contents, (numbers, sort_of(leaves + contents, structure))

    def vary(self, leaves: Sequence[Any], numbers: Any) -> None:
        """Let numbers be values of the program that have not always been the same."""
        if self.fixed or numbers in self.programs:
            return
        changed = [i for i, x in zip(self.told_apart, self.first, strict=True) if not same(x, leaves[i])]
        if changed:
            self.told_apart = [i for i in self.told_apart if i not in changed]
            self.first = [leaves[i] for i in self.told_apart]
            self.programs.clear()

    def take_up(self, places: Sequence[Place]) -> bool:
        """Make what has changed of Python's state a part of the program's; whether there is any that was not before."""
        if self.fixed or not self.state.add(places):
            return False
        self.programs.clear()
        return True

    def count(self, counters: dict[Any, list[str] | None]) -> bool:
        """Make what counts turns a value of the program, or none any more; whether that is news."""
        if self.fixed or counters.items() <= self.counters.items():
            return False
        self.counters.update(counters)
        self.programs.clear()
        return True

    def fix(self, leaves: Sequence[Any]) -> bool:
        """Have numbers and state be what they are; whether they were not."""
        was, self.fixed = self.fixed, True
        varied = bool(self.state.places or self.counters) or len(self.told_apart) < sum(map(is_number, leaves))
        self.state, self.told_apart = State(), [i for i, leaf in enumerate(leaves) if is_number(leaf)]
        self.counters.clear()
        self.programs.clear()
        return varied and not was


PLAIN_ARGUMENTS = (Array, float, int, np.ndarray)
"""What positional arguments are as a rule, and which no container is."""


def sort_of(leaves: Sequence[Any], structure: Any) -> Any:
    """What programs are kept apart by, beside numbers; None where arguments cannot be told apart."""
    parts: list[Any] = [
        structure,
        MODE.get() & (RECORDING | TRAINING | JOURNALING),
        get_default_dtype(),
        get_backend().name,
    ]
    arrays: list[int] = []
    for leaf in leaves:
        if isinstance(leaf, Array):
            parts.append(leaf._signature)
            arrays.append(id(leaf))
        elif is_number(leaf):
            parts.append(leaf.__class__)
        elif leaf.__class__ in _PLAIN or isinstance(leaf, np.generic):
            parts.append((leaf.__class__, leaf))
        elif is_raw(leaf):
            parts.append((leaf.__class__, str(leaf.dtype), tuple(leaf.shape)))
            arrays.append(id(leaf))
        else:
            parts.append((leaf.__class__, id(leaf)))
    if len(arrays) > 1 and len(set(arrays)) < len(arrays):
        parts.append(tuple([arrays.index(a) for a in arrays]))
    key = tuple(parts)
    try:
        hash(key)
    except TypeError:
        return None
    return key


_PLAIN = frozenset((bool, str, bytes, type(None)))


def is_raw(leaf: Any) -> bool:
    """Whether it is an array of an engine."""
    if not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
        return False
    try:
        backend_of(leaf)
    except (UnknownArrayError, ArgumentTypeError):
        return False
    return not isinstance(leaf, np.ndarray) or leaf.dtype.kind in "biufc"
