"""Visits to branch points: whether Python will do again what it did when it was there before.

At a branch point in a loop the whole of Python's state is looked at: where the frame stands, its locals, and all that
the function reaches. If nothing of it differs from an earlier visit but the numbers in arrays, Python does the same
again for as long as it sees the same. Where locals that are numbers differ as well, such as a count of turns, these are
to be values of the program: in later traces they are from the first visit on.
"""

from __future__ import annotations

import ctypes
import dis
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import CodeType, FrameType
from typing import Any, NamedTuple

from ..arrays.array import Array
from ..arrays.trees import flatten
from ..tape.mode import MODE
from ..tape.nodes import Leaf, Sweep, next_seq
from .guards import SCALARS, Reach, same
from .liveness import in_loop, is_at_rest, live_locals
from .program import Ref
from .reaching import reachable
from .state import is_number
from .values import Value

MOST_STATES = 8
"""A place where Python's state is another more often is no head of a loop."""


class Stop(NamedTuple):
    """A visit: where in the path, at which place of the code, in which state of Python's, and what holds which value.

    States are told apart by anything but numbers; `state` is negative where it was none to come back to.
    """

    place: int
    key: tuple[CodeType, int]
    state: int
    slots: dict[Any, Ref]


class Visits:
    """How often, and where in a trace, its function has come to each branch point of its code."""

    def __init__(self) -> None:
        self.places: dict[tuple[CodeType, int], list[int]] = {}
        self.stops: list[Stop] = []
        """The visits to branch points in loops, in order."""
        self.states: dict[tuple[CodeType, int], list[int]] = {}
        self.numbers: dict[tuple[CodeType, int], list[float]] = {}
        """The numbers that nodes of the tape had reached at each visit."""
        self.frames: dict[tuple[CodeType, int], FrameType | None] = {}
        self.lost = set[tuple[CodeType, int]]()
        """The places that are no heads of loops, as another frame was there or a state was none to come back to."""
        self.snapshots: dict[tuple[CodeType, int], list[_Snapshot]] = {}
        self.free: dict[tuple[CodeType, int], bool] = {}
        """Whether nothing that was recorded on the tape was held by anybody at these visits."""
        self.met: dict[tuple[Any, ...], int] = {}
        """The state after what has been seen from a visit to the next, itself included, by the state before."""
        self.counters: dict[tuple[CodeType, int], list[str] | None] = {}
        """The locals that differ from visit to visit, where these are numbers and nothing else does; none by the call
        of a `range` whose `for` may be a loop, and None where it cannot be one, since its numbers are looked at."""
        self.known: dict[tuple[CodeType, int], list[str] | None] = {}
        """Those of earlier traces."""
        self.counting: dict[tuple[CodeType, int], Any] = {}
        """Of those whose numbers are values of the program, what goes through them."""
        self.ranges: dict[tuple[CodeType, int], bool] = {}
        """The calls of `range`, and whether their numbers are values of the program."""

    def visit(self, frame: FrameType, place: int, trace: Any) -> None:
        """Note a branch point, and the state of Python.

        That is looked at only where the host has seen since the last visit what it has not seen after one before.
        """
        key = frame.f_code, frame.f_lasti
        places = self.places.setdefault(key, [])
        places.append(place)
        self.numbers.setdefault(key, []).append(next_seq())
        if in_loop(*key) is None:
            return
        if self.known.get(key):
            _replace(frame, self.known[key] or (), trace.host_constant)
        around, states = self.around(frame), self.states.setdefault(key, [])
        if len(places) == 1:
            self.frames[key] = frame if all(map(self.ranges.get, around)) else None
            for call in around:
                if self.ranges.get(call) is False and call not in self.known:
                    self.counters[call] = []
        if self.frames.get(key) is not frame:
            self.frames[key] = None  # a new frame for each turn: what drives the loop is somewhere else
            return
        since = places[-2] if states else place
        seen = key, *states[-1:], *[item[1] for item in trace.path[since:place] if item.__class__ is tuple]
        if seen not in self.met:
            self.met[seen] = self.state(frame, key, [self.counting[call] for call in around])
        states.append(self.met[seen])
        trace.seen.clear()  # in the next turn a value that was looked at counts anew
        self.free[key] = self.free.get(key, True) and not any(map(_is_taped, trace.own.values()))
        slots: dict[Any, Ref] = {"look": trace.path[place][0].value}
        for call in around:
            ends = self.counting[call].next, self.counting[call].stop
            slots |= {(call, i): end.ref for i, end in enumerate(ends) if isinstance(end, Value)}
        slots |= dict(_held(frame, trace))
        if states[-1] >= 0:
            slots |= dict(self.snapshots[key][states[-1]].values())
        self.stops.append(Stop(place, key, states[-1], slots))

    def state(self, frame: FrameType, key: tuple[CodeType, int], counting: Sequence[Any]) -> int:
        """Which of the states of a place this is; -1 where only numbers are others than in one, or it has too many."""
        snapshots = self.snapshots.setdefault(key, [])
        for state, before in enumerate(snapshots):
            if before.holds(frame, counting):
                return state
        for before in snapshots:
            numbers = before.numbers(frame)
            if numbers and before.holds(frame, counting, numbers):
                if key not in self.known or self.known[key]:
                    known = (*(self.known.get(key) or ()), *(self.counters.get(key) or ()))
                    self.counters[key] = list(dict.fromkeys((*known, *numbers)))
                return -1
        if len(snapshots) == MOST_STATES:
            return -1
        snapshots.append(_Snapshot(frame, counting))
        return len(snapshots) - 1

    def repeats(self, key: tuple[CodeType, int]) -> bool:
        """Whether Python's state was the same at each visit to a place from the second on."""
        states = self.states.get(key, ())[1:]
        return len(states) > 1 and set(states) == {states[0]} != {-1}

    def turns(self) -> list[Stop]:
        """The visits to those places whose states are known at each of them, and where nothing is on the tape."""
        keys = {key for key in self.free if self.free[key] and key not in self.lost and is_at_rest(*key)}
        return [stop for stop in self.stops if stop.key in keys]

    def recorded(self, key: tuple[CodeType, int]) -> bool:
        """Whether the turns have made nodes of the tape, by which what comes later may depend on their number."""
        first, *_, last = self.numbers[key][1:]
        return last - first > len(self.numbers[key]) - 2

    def turns_at(self, frame: FrameType, traced: bool) -> tuple[CodeType, int] | None:
        """The place of a call of `range` whose numbers are to be values of the program; None where they are not.

        `traced`: whether it ends at one.
        """
        key = frame.f_code, _start(frame.f_code, frame.f_lasti)
        if traced and key[1] in _iterated(key[0]):
            self.known.setdefault(key, [])
        turns = self.ranges[key] = self.known.get(key) is not None
        return key if turns else None

    def around(self, frame: FrameType) -> list[tuple[CodeType, int]]:
        """The calls of `range` that drive the loops around a place; of any other `for` nobody knows how far it is."""
        return [(frame.f_code, call) for call in _fors(frame.f_code, frame.f_lasti)]

    def read(self, frame: FrameType) -> None:
        """Note that the host reads a number: where it is another one in each turn, these are no loop."""
        for key in self.around(frame):
            if self.ranges.get(key):
                self.counters[key] = None

    def close(self) -> None:
        """Let go of frames and what they hold."""
        self.lost = {key for key, frame in self.frames.items() if frame is None or -1 in self.states[key]}
        self.frames.clear()
        self.snapshots.clear()
        self.counting.clear()


class _Snapshot:
    """The state of Python as the code at a frame can see it."""

    def __init__(self, frame: FrameType, counting: Sequence[Any]) -> None:
        self.frame = frame
        self.ranges = _ranges(counting)
        self.mode = MODE.get()
        self.locals = _locals(frame)
        reached = [part for part in self.locals.values() if not isinstance(part, (Value, *SCALARS))]
        self.reach: Reach = reachable([*reached, *_functions(frame)])

    def numbers(self, frame: FrameType) -> list[str]:
        """The names of numbers that are others now."""
        now = _locals(frame)
        return [
            name
            for name, held in self.locals.items()
            if is_number(held.value if isinstance(held, Value) else held)
            and now.get(name).__class__ is held.__class__
            and not (isinstance(held, Value) and isinstance(now[name], Value))
            and not same(held, now[name])
        ]

    def values(self) -> Iterator[tuple[Any, Ref]]:
        """Which values of the program the places that are reached hold now."""
        for i, place in enumerate(self.reach.places):
            if (r := _ref_of(place.now())) is not None:
                yield ("place", i), r

    def holds(self, frame: FrameType, counting: Sequence[Any], but: Sequence[str] = ()) -> bool:
        """Whether nothing but the numbers in arrays, and under some names, is different now."""
        now = _locals(frame)
        return (
            frame is self.frame
            and _ranges(counting) == self.ranges
            and MODE.get() == self.mode
            and not self.reach.beyond
            and now.keys() == self.locals.keys()
            and all(_alike(held, now[name]) for name, held in self.locals.items() if name not in but)
            and _aliases(self.locals.values()) == _aliases(now.values())
            and all(
                (place.weak or isinstance(place.held, Value)) and isinstance(place.now(), (Array, Value))
                for place in self.reach.changed()
            )
            and self.reach.changed_host is None
        )


def _held(frame: FrameType, trace: Any) -> Iterator[tuple[Any, Ref]]:
    """Which values of the program local variables and arrays from outside hold now."""
    for name, held in _locals(frame).items():
        for i, leaf in enumerate(flatten(held)[0]):
            if (r := _ref_of(leaf)) is not None:
                yield ("local", name, i), r
    for number, x in enumerate(trace.handles):
        if (r := _ref_of(trace.states[id(x)]["_value"])) is not None:
            yield ("handle", number), r


def _ranges(counting: Sequence[Any]) -> list[Any]:
    """The ends and steps of what goes through a `range`, but for those that are values of the program."""
    return [end.__class__ if isinstance(end, Value) else end for x in counting for end in (x.stop, x.step)]


def _locals(frame: FrameType) -> dict[Any, Any]:
    """The locals of a frame that it may still read; those of the frames that called it stand still meanwhile."""
    live = live_locals(frame.f_code, frame.f_lasti)
    return {name: held for name, held in frame.f_locals.items() if name in live}


def _ref_of(x: Any) -> Ref | None:
    """The value of the program that an array which the trace has made, or a traced value, is."""
    held = getattr(x, "_value", None) if isinstance(x, Array) else x
    return held.ref if isinstance(held, Value) else None


def _is_taped(reference: Any) -> bool:
    """Whether an array is on the tape, where a sweep may come by."""
    node = getattr(reference(), "_node", None)
    return not (node is None or node.__class__ is Leaf or node.xp.__class__ is Sweep)


def _replace(frame: FrameType, names: Sequence[str], number: Callable[[Any], Any]) -> None:
    """Have locals be numbers of the program, as a debugger sets variables."""
    held = frame.f_locals
    for name in names:
        if is_number(held.get(name)) and not isinstance(held[name], Value):
            held[name] = number(held[name])
    if sys.version_info < (3, 13):
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), 0)


def _aliases(contents: Iterable[Any]) -> list[int]:
    """Which arrays among the contents of variables are one and the same."""
    places = [id(leaf) for part in contents for leaf in flatten(part)[0] if isinstance(leaf, Array)]
    return [places.index(place) for place in places]


def _functions(frame: FrameType) -> Iterator[Any]:
    """What the code of a frame finds in globals."""
    for name in frame.f_code.co_names:
        if name in frame.f_globals:
            yield frame.f_globals[name]


def _alike(x: Any, y: Any) -> bool:
    """Whether two contents of a variable differ in nothing but numbers of arrays."""
    if isinstance(x, (Value, Array)) or isinstance(y, (Value, Array)):
        if type(x) is not type(y) or x.__class__ is not y.__class__:
            return False
        if isinstance(x, Value):
            return True
        return x._signature is y._signature and (x._node is None) == (y._node is None)
    if x is y or same(x, y):
        return True
    if not (isinstance(x, (list, tuple, dict)) and x.__class__ is y.__class__):
        return False
    (mine, structure), (others, other) = flatten(x), flatten(y)
    return structure == other and all(map(_alike, mine, others))


@functools.cache
def _iterated(code: CodeType) -> dict[int, tuple[int, int]]:
    """Where each `for` in code begins and ends, by the step whose result it goes through."""
    steps, begin, found = list[dis.Instruction](), None, {}
    for step in dis.get_instructions(code):
        begin = step.offset if begin is None else begin
        if step.opname == "EXTENDED_ARG":
            continue  # which belongs to the step after it
        if step.opname == "FOR_ITER":
            found[steps[-2].offset] = begin, begin
        elif step.opname.startswith("JUMP_BACKWARD"):
            found |= {call: (first, step.offset) for call, (first, _) in found.items() if first == step.argval}
        steps.append(step)
        begin = None
    return found


@functools.cache
def _fors(code: CodeType, place: int) -> list[int]:
    """Each `for` that a place in code is in, by the step whose result it goes through."""
    return [call for call, (begin, end) in _iterated(code).items() if begin <= place <= end]


@functools.cache
def _start(code: CodeType, place: int) -> int:
    """Where the step begins that a place in code is in."""
    return max(step.offset for step in dis.get_instructions(code) if step.offset <= place)
