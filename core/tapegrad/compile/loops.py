"""Loops whose number of turns depends on the data: a stretch of a trace that repeats becomes a loop of the program.

That a body repeats is not guessed from what it computes, but follows from Python's state (`visits.py`). How a backward
pass depends on the number of turns is read off two traces that took different numbers: what is repeated there as often
may read, turn by turn, what the turns of the first loop have left, in the same order or in reverse.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Sequence
from types import CodeType
from typing import Any, NamedTuple

from .passes.common import common
from .passes.dead import dead
from .passes.host import host
from .program import Branch, End, Ref, Segment, Spec, Step, substituted
from .source import Writer, execute
from .turns import Mixed, Turns, operands, over, sign
from .visits import Visits

MANY, OFTEN, LONG = 8, 24, 2000
"""From so many courses, branch points or steps in one, loops are looked for: as a tree, few and short ones are quicker.
"""

DEEP = 200
"""More branch points than that on one way through a tree are a loop, or nothing that a tree is good for."""

FEWEST = 3
"""A body is looked for in traces that have come to its branch point so often at least."""


class Course(NamedTuple):
    """One trace: its path, the specs of its values, its end, and where it came to branch points."""

    path: list[Any]
    specs: Sequence[Spec]
    end: End
    visits: Visits
    both: bool = False
    """Whether it stands for two traces."""

    @property
    def branches(self) -> int:
        """At how many branch points it has come by."""
        return sum(not isinstance(item, Step) for item in self.path)


def rolled(a: Course | None, b: Course) -> Course | None:
    """A course with a loop for two that differ in its number of turns, or for one of many; None where there is none."""
    try:
        path, specs, end = Turns(b.path, b.specs, b.visits.turns()).course(b.end)
        return Course(path, specs, end, Visits())
    except Mixed:
        pass
    for key, places in b.visits.places.items():
        others = () if a is None else a.visits.places.get(key, ())
        if not b.visits.repeats(key):
            continue
        if not _ended_there(b, places):
            continue
        pairs = []
        if a is not None and len(others) >= FEWEST and len(others) != len(places) and _ended_there(a, others):
            pairs.append((a, b) if len(others) < len(places) else (b, a))
        if len(places) > OFTEN:
            pairs.append((b, b))
        for short, long in pairs:
            try:
                return _Roll(_Side(short, key), _Side(long, key)).course()._replace(both=short is not long)
            except Mixed:
                continue
    return None


def _ended_there(course: Course, places: Sequence[int]) -> bool:
    """Whether the host saw the same at each visit but for the last."""
    seen = [course.path[place][1] for place in places]
    return seen[-1] not in seen[:-1] and len(set(seen)) == 2


class _At(NamedTuple):
    """Where a value was made: in which part, in which turn of it, by which item of a turn, as which of its results."""

    part: str
    turn: int
    item: int
    result: int


class _Part(NamedTuple):
    """A part of a path: where it begins, how many items a turn has, and how many turns there are."""

    name: str
    begin: int
    length: int
    turns: int


class _Rule(NamedTuple):
    """Where an operand comes from, in words that hold for every turn and every number of turns.

    `how`: "fixed" (`ref`), "now" or "last" (of this turn, or of the one `at` turns before), or of a turn of another
    loop, counted by `at`: "mirror" (from its end as this one goes on), "order" (as this one goes on), "end" and "start"
    (always the same).
    """

    how: str
    ref: Ref
    at: int = 0
    part: str = ""


class _Side:
    """One of the two traces, in parts."""

    def __init__(self, course: Course, key: tuple[CodeType, int]) -> None:
        places = course.visits.places[key]
        self.course = course
        self.path = course.path
        self.recorded = course.visits.recorded(key)
        self.first, self.turns = places[1] + 1, len(places) - 2
        self.length = places[2] - places[1]
        self.after = places[-1] + 1
        self.moved = set[Ref]()
        """What places of Python's state hold when a loop ends that have held something else in it."""
        stops = [stop for stop in course.visits.stops if stop.place >= places[1]]
        for here in {stop.key for stop in stops}:
            held = [stop.slots for stop in stops if stop.key == here]
            self.moved |= {r for slot, r in held[-1].items() if any(at.get(slot, r) != r for at in held)}
            states = [stop.state for stop in stops if stop.key == here and stop.place > places[-1]]
            if len(set(states[1:])) > 1:
                raise Mixed  # turns of a later loop are not all alike
        self.parts: dict[str, _Part] = {}
        self.made: dict[int, _At] = {}

    def divide(self, begin: int, length: int, extra: int) -> None:
        """Divide the path: before the loop, the loop, between, a second loop, the rest."""
        second, turns = self.after + begin, self.turns + extra if length else 0
        rest = second + length * turns
        if turns < 0 or rest > len(self.path):
            raise Mixed
        parts = (
            _Part("before", 0, self.first, 1),
            _Part("loop", self.first, self.length, self.turns),
            _Part("between", self.after, begin, 1),
            _Part("back", second, length, turns),
            _Part("rest", rest, len(self.path) - rest, 1),
        )
        self.parts = {part.name: part for part in parts}

    def remember(self) -> None:
        """Note where each value is made."""
        self.made = {
            r.number: _At(part.name, turn, item, i)
            for part in self.parts.values()
            for turn in range(part.turns)
            for item, step in enumerate(self.items(part, turn))
            if isinstance(step, Step)
            for i, r in enumerate(step.results)
        }

    def items(self, part: _Part, turn: int) -> list[Any]:
        """The items of a turn of a part."""
        return self.path[part.begin + turn * part.length :][: part.length]


class _Roll:
    """Two traces of one function, whose loop at a branch point took different numbers of turns, or twice one trace."""

    def __init__(self, short: _Side, long: _Side) -> None:
        self.short, self.long = short, long
        self.specs: list[Spec] = list(long.course.specs)
        self.single = False
        """Whether both are one and the same trace."""
        self.extra = 0
        self.fewest = 1
        self.lists: dict[str, dict[Ref, Ref]] = {"loop": {}, "back": {}}
        """Of each loop the values, by their number in its second turn, and the list of those of all turns."""
        self.lengths: dict[Ref, int | None] = {}
        """How many of the last values a list keeps; None: all."""
        self.taken: dict[tuple[str, Ref, int], Ref] = {}
        self.rules: dict[tuple[str, int, int], tuple[_Rule, list[_Rule]]] = {}

    def fresh(self, spec: Spec) -> Ref:
        self.specs.append(spec)
        return Ref(len(self.specs) - 1)

    # ---- that the traces match

    def match(self) -> None:
        """Divide both traces alike, and find the rules for all operands; raises `Mixed` where that cannot be."""
        short, long = self.short, self.long
        more = long.turns - short.turns
        grown = (len(long.path) - long.after) - (len(short.path) - short.after)
        if short.length != long.length or short.first != long.first or grown < 0 or (more and grown % more):
            raise Mixed
        most = (len(long.path) - long.after) // long.turns
        self.single = not more
        numbers: dict[Any, int] = {}
        self.signs = {
            side: [numbers.setdefault(sign(item, side.course.specs), len(numbers)) for item in side.path]
            for side in (short, long)
        }
        mine, others = self.signs[short][short.after :], self.signs[long][long.after :]
        alike = next((i for i, (x, y) in enumerate(zip(mine, others, strict=False)) if x != y), len(mine))
        for length in [grown // more] if more else [0, most, most - 1]:
            for begin in range(alike - self.single * length * (long.turns - 2) + 1) if length > 0 else [len(mine)]:
                for extra in (0, -1, 1, -2, 2) if length > 0 else [0]:
                    try:
                        self.divide(begin, max(length, 0), extra)
                        return
                    except Mixed:
                        continue
        raise Mixed

    def divide(self, begin: int, length: int, extra: int) -> None:
        sides = (self.short, self.long)
        for side in sides:
            side.divide(begin, length, extra)
        self.extra = extra
        for name, part in reversed(self.long.parts.items()):  # what depends on the division comes first
            if length and name == "back" and min(side.parts[name].turns for side in sides) < 2:
                raise Mixed
            model = self.signs[self.long][part.begin : part.begin + part.length]
            for side in sides:
                for turn in range(side.parts[name].turns):
                    own = side.parts[name]
                    signs = self.signs[side][own.begin + turn * own.length :][: own.length]
                    last = name == "loop" and turn == own.turns - 1  # where it saw something else, and ended
                    if own.length != part.length or signs[: len(signs) - last] != model[: len(model) - last]:
                        raise Mixed
        for side in sides:
            side.remember()
        self.rules = {}
        for name, part in self.long.parts.items():
            for item, step in enumerate(self.long.items(part, 0)):
                for i in range(len(operands(step))):
                    self.rules[name, item, i] = self.rule(name, item, i)
        ends = [list(side.course.end.refs()) for side in sides]
        shapes = [repr(substituted(side.course.end, lambda r: None)) for side in sides]
        if shapes[0] != shapes[1]:
            raise Mixed
        self.ends = {
            y: self.found([(self.short, "rest", 0, x), (self.long, "rest", 0, y)]) for x, y in zip(*ends, strict=True)
        }

    def rule(self, name: str, item: int, operand: int) -> tuple[_Rule, list[_Rule]]:
        """The rule for an operand, and where it is of an earlier turn those for the first turns, which have none."""
        where = [
            (side, name, turn, operands(side.items(side.parts[name], turn)[item])[operand])
            for side in (self.short, self.long)
            for turn in range(side.parts[name].turns)
        ]
        for depth in range(1, FEWEST + 1):
            later = [place for place in where if place[2] >= depth]
            if not later:
                break
            try:
                rule = self.found(later)
            except Mixed:
                continue
            if rule.how != "last":
                break
            if rule.at == depth:
                return rule, [self.found([p for p in where if p[2] == turn]) for turn in range(depth)]
        return self.found(where), []

    def found(self, where: list[tuple[_Side, str, int, Ref]]) -> _Rule:
        """What the places have in common."""
        ats = [side.made[r.number] for side, _, _, r in where]
        part, _, item, result = ats[-1]
        if any((at.part, at.item, at.result) != (part, item, result) for at in ats):
            raise Mixed
        here = self.long.parts[part]
        if here.turns < 2 or part not in self.lists:
            if any(name != "loop" and r in side.moved for side, name, _, r in where):
                raise Mixed  # after another number of turns they may hold something else again
            return _Rule("fixed", where[-1][3])
        ref = self.long.items(here, 1)[item].results[result]
        behind = {turn - at.turn for (_, name, turn, _), at in zip(where, ats, strict=True) if name == part}
        if where[-1][1] == part:
            if len(behind) > 1:
                raise Mixed
            return _Rule("last" if max(behind) else "now", ref, max(behind))
        left = [
            (side.parts[part].turns - 1 - at.turn, at.turn, turn)
            for (side, _, turn, _), at in zip(where, ats, strict=True)
        ]
        for how, counts in (
            ("end", {after for after, _, _ in left}),
            ("mirror", {after - turn for after, _, turn in left}),
            ("order", {before - turn for _, before, turn in left}),
            ("start", {before for _, before, _ in left}),
        ):
            if len(counts) == 1:
                (at,) = counts
                if self.single and (at > FEWEST if how in ("end", "start") else len({t for _, _, t in left}) == 1):
                    continue  # which says nothing of other numbers of turns
                if how in ("end", "start"):
                    self.fewest = max(self.fewest, at + 1)
                return _Rule(how, ref, at, part)
        raise Mixed

    # ---- the program

    def course(self) -> Course:
        """The long one, with loops."""
        self.match()
        long = self.long
        self.count = self.fresh(Spec(int, None, None))
        tail = self.plain("rest")
        end = substituted(long.course.end, lambda r: self.value(self.ends[r]))
        back = self.loop("back") if long.parts["back"].length else []
        between = self.plain("between")
        before = long.items(long.parts["before"], 0)
        path = [*before, *self.loop("loop"), *between, *back, *tail]
        return Course(path, self.specs, end, Visits())

    def plain(self, name: str) -> list[Any]:
        """The items of a part that is no loop."""
        made = []
        for item, step in enumerate(self.long.items(self.long.parts[name], 0)):
            refs = [self.value(self.rules[name, item, i][0]) for i in range(len(operands(step)))]
            made.append(over(step, dict(zip(operands(step), refs, strict=True)).__getitem__))
        return made

    def value(self, rule: _Rule) -> Ref:
        """The value that a rule says, outside of loops."""
        if rule.how == "fixed":
            return rule.ref
        key = rule.part, rule.ref, -1 - rule.at if rule.how == "end" else rule.at
        self.listed(rule, -key[2] if rule.how == "end" else None)
        if key not in self.taken:
            self.taken[key] = self.fresh(self.specs[rule.ref.number])
        return self.taken[key]

    def listed(self, rule: _Rule, last: int | None = None) -> Ref:
        """The list of the values of all turns, or of the last few."""
        lists = self.lists[rule.part]
        if rule.ref not in lists:
            lists[rule.ref] = self.fresh(Spec(list, None, None))
            self.lengths[lists[rule.ref]] = 0
        length = self.lengths[lists[rule.ref]]
        self.lengths[lists[rule.ref]] = None if last is None or length is None else max(length, last)
        return lists[rule.ref]

    def loop(self, name: str) -> list[Any]:
        """A part that is a loop, as one step, and steps for those values of single turns that are asked for."""
        model = self.long.items(self.long.parts[name], 1)
        given: list[Ref] = [] if name == "loop" else [self.count]
        carried: dict[tuple[Ref, int], Ref] = {}
        """The variables for values of so many turns before."""
        starts: dict[Ref, Ref] = {}
        """What they are at the start."""
        reads: list[str] = []
        root = at = Segment()
        ending: list[Ref] = []
        for item, step in enumerate(model):
            refs = []
            for i in range(len(operands(step))):
                rule, first = self.rules[name, item, i]
                if rule.how == "now":
                    refs.append(rule.ref)
                elif rule.how == "last":
                    for turn, start in enumerate(first):
                        key = rule.ref, rule.at - turn
                        if key not in carried:
                            carried[key] = self.fresh(self.specs[rule.ref.number])
                        if starts.setdefault(carried[key], self.value(start)) != self.value(start):
                            raise Mixed
                    refs.append(carried[rule.ref, rule.at])
                elif rule.how in ("mirror", "order"):
                    held, read = self.listed(rule), self.fresh(self.specs[rule.ref.number])
                    given.append(held)
                    place = f"{self.count!r} - 1 - k - {rule.at}" if rule.how == "mirror" else f"k + {rule.at}"
                    reads.append(f"{read!r} = {held!r}[{place}]")
                    refs.append(read)
                else:
                    refs.append(self.value(rule))
                    given.append(refs[-1])
            step = over(step, dict(zip(operands(step), refs, strict=True)).__getitem__)
            if isinstance(step, Step):
                at.steps.append(step)
            elif name == "loop" and item == len(model) - 1:
                ending = [step[0].value]  # which says whether there is another turn
            else:
                at.exit, outcome = step
                at.children[outcome] = at = Segment()
        lists = self.lists[name]
        specs = dict(enumerate(self.specs))
        wanted = tuple(dict.fromkeys([*lists, *[r for r, _ in carried], *ending]))
        at.exit = End((), wanted, None)
        writer = Writer(specs)
        writer.names["deque"] = deque
        writer.lines = list(reads)
        pure = True
        for at in dead(common(host(root, specs))).walk():
            for step in at.steps:
                writer.step(step)
                pure = pure and step.pure
            if isinstance(at.exit, Branch):
                (outcome,) = at.children
                writer.lines.append(f"if {writer.seen(at.exit)} != {writer.name(outcome)}: raise Missed")
        assert isinstance(at.exit, End)
        now = dict(zip(wanted, at.exit.results, strict=True))
        writer.lines += [f"{held!r}_.append({now[r]!r})" for r, held in lists.items()] + ["k += 1"]
        if name == "loop":
            again = self.long.items(self.long.parts[name], 0)[-1][1]
            writer.lines.append(f"if bool({now[ending[0]]!r}) is not {again}: break")
        else:
            writer.lines.append(f"if k == {self.count!r} + {self.extra}: break")
        if carried:
            after = [repr(now[r] if depth == 1 else carried[r, depth - 1]) for r, depth in carried]
            writer.lines.append(f"{', '.join(map(repr, carried.values()))} = {', '.join(after)}")
        given = list(dict.fromkeys(given))
        parameters = ["drawn"] * (not pure) + [*map(repr, given), *map(repr, starts)]
        check = f"k < {self.fewest}" if name == "loop" else f"{self.count!r} + {self.extra} < 1"
        if name == "loop" and self.single and self.long.recorded:
            check = f"k != {self.long.turns}"  # nobody knows what a sweep back would do after others
        body = "\n".join(f"        {line}" for line in writer.lines)
        results = [f"{held!r}_" for held in lists.values()]
        source = "\n".join(
            (
                f"def turns({', '.join(parameters)}):",
                "    k = 0",
                *([f"    if {check}: raise Missed"] if name == "back" else []),
                *[f"    {held!r}_ = deque(maxlen={self.lengths[held]})" for held in lists.values()],
                "    while True:",
                body,
                *([f"    if {check}: raise Missed"] if name == "loop" else []),
                f"    return k, {', '.join(results)}" if results else "    return k,",
            )
        )
        function = execute(source + "\n", writer.names, "turns")
        made = (self.count if name == "loop" else self.fresh(Spec(int, None, None)), *lists.values())
        args = (*given, *starts.values())
        line = model[0].line if isinstance(model[0], Step) else ""
        looks = check != "k < 1" or root.children != {}  # a turn ends before its number is looked at
        done: list[Any] = [
            Step("loop", function, args, {}, made, several=True, pure=pure, fresh=True, looks=looks, line=line)
        ]
        for (part, ref, turn), result in self.taken.items():
            if part == name:
                done.append(Step("getitem", operator.getitem, (lists[ref], turn), {}, (result,), line=line))
        return done
