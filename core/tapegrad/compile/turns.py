"""Loops of which one trace of many turns tells all: turns may differ in what the host sees, and nothing is recorded.

Where the code comes to a place again at which Python's state is the same but for numbers (`visits.py`), what follows is
the same for as long as the host sees the same. So such places are the heads of turns, and the trace is a walk from head
to head: through loops, loops inside loops, and loops one after the other. What turns hand on is what the places of
Python's state hold (`slots`): local variables, arrays from outside, and what objects keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .passes.common import common
from .passes.dead import dead
from .passes.host import host
from .program import Branch, End, Ref, Segment, Spec, Step, fingerprint, substituted
from .source import Writer, execute
from .visits import Stop

TURNS = 12
"""So many turns at least, before a trace is believed to be a loop."""


class Mixed(Exception):
    """What was traced is no loop."""


def sign(item: Any, specs: Sequence[Spec]) -> Any:
    """What an item of a path is, apart from which values it reads and makes."""
    if not isinstance(item, Step):
        return (item[0].at, item[1])
    made = [specs[r.number] for r in item.results]
    given = item.over(lambda r: None)
    return (item.name, item.pure, fingerprint(given.args), fingerprint(given.keywords), fingerprint(made))


def operands(item: Any) -> tuple[Ref, ...]:
    """The values that an item of a path reads, as often as it names them."""
    return item.operands() if isinstance(item, Step) else (item[0].value,)


def over(item: Any, rename: Callable[[Ref], Any]) -> Any:
    """An item of a path with other operands."""
    if isinstance(item, Step):
        return item.over(rename) if item.operands() else item
    return item[0]._replace(value=rename(item[0].value)), item[1]


class _Turn(NamedTuple):
    """What slots hold where a turn begins, those that vary and the others, and what it makes, as its model has it."""

    slots: dict[Any, Ref]
    held: set[Ref]
    made: dict[Ref, Ref]


class Turns:
    """A stretch of a path that is loops. Raises `Mixed` where it is none.

    Places of the code where Python's state is the same are one head. From a head a turn goes through a tree of looks,
    the first of which is the one at the head, to the next head.
    """

    def __init__(self, path: Sequence[Any], specs: Sequence[Spec], stops: Sequence[Stop]) -> None:
        self.specs = list(specs)
        loads = {s.args[0]: s.results[0] for s in path if _is(s, "load")}
        full = {("handle", n): r for (kind, n), r in loads.items() if kind == "handle"}
        held: list[dict[Any, Ref]] = [full | stop.slots for stop in stops]
        """What the slots hold at each visit; those of arrays from outside before they were met, too."""
        heads = [(stop.key, stop.state, frozenset(at)) for stop, at in zip(stops, held, strict=True)]
        counts = Counter(heads)
        again = [i for i, head in enumerate(heads) if counts[head] > 1]
        if len(again) <= TURNS:
            raise Mixed
        loop = slice(again[0], again[-1] + 1)
        stops, heads, held = stops[loop], heads[loop], held[loop]
        self.begin = stops[0].place
        self.outside: list[Step] = []
        """What depends on no turn, though one has come by it first."""
        self.same = self._constants(path)
        self.path = list(path)
        self.before = {r for step in (*self.path[: self.begin], *self.outside) for r in _results(step)}
        self.slots: dict[Any, dict[Any, Ref]] = {}
        """Of each head the slots whose values vary, of those that always hold the same the first, and what it holds."""
        self.fixed: dict[Any, list[Any]] = {}
        """Of each head the slots whose values do not."""
        values: dict[Any, set[Ref]] = {}
        for at in held:
            for slot, ref in at.items():
                values.setdefault(slot, set()).add(self.same.get(ref, ref))
        always = {slot for slot, refs in values.items() if len(refs) == 1 and refs <= self.before}
        always.intersection_update(*held)
        for head in dict.fromkeys(heads):
            self._divide(head, [at for at, other in zip(held, heads, strict=True) if other == head], always)
        self.roots = {head: Segment() for head in self.slots}
        self.signs: dict[tuple[Segment, int], Any] = {}
        self.rules: dict[tuple[Any, Any], set[Any]] = {}
        """What the operands of each item may be, as far as the turns agree; those of ends are by their slots."""
        self.leaves: dict[Segment, Any] = {}
        """The ends of turns: the head that follows."""
        for i, head in enumerate(heads[:-1]):
            leaf, turn = self._walk(head, held[i], self.path[stops[i].place : stops[i + 1].place])
            if self.leaves.setdefault(leaf, heads[i + 1]) != heads[i + 1]:
                raise Mixed
            for slot in (*self.slots[heads[i + 1]], *self.fixed[heads[i + 1]]):
                self._allow((leaf, slot), held[i + 1][slot], turn)
        for leaf, head in self.leaves.items():
            if any(not self.rules[leaf, slot] <= self.before for slot in self.fixed[head]):
                raise Mixed  # another slot has held the same, and this one may have been given it
        self.first = heads[0]
        self.out, self.last = self._walk(heads[-1], held[-1], self.path[stops[-1].place :], leave=True)
        self.end = stops[-1].place + self.gone

    def _constants(self, path: Sequence[Any]) -> dict[Ref, Ref]:
        """Of equal constants, and of what is loaded, the first; those of the loop stand before it."""
        known: dict[Any, Ref] = {}
        same: dict[Ref, Ref] = {}
        for i, item in enumerate(path):
            if isinstance(item, Step) and item.name in ("constant", "load"):
                (result,) = item.results
                same[result] = known.setdefault((item.name, fingerprint(item.args)), result)
                if i >= self.begin and same[result] == result:
                    self.outside.append(item)
        return same

    def _divide(self, head: Any, held: Sequence[dict[Any, Ref]], always: set[Any]) -> None:
        """Tell the slots of a head that always hold what they held before the loop from others, of those alike one."""
        firsts = {tuple([at[slot] for at in held]): slot for slot in reversed(held[0]) if slot not in always}
        self.fixed[head] = [slot for slot in held[0] if slot in always]
        self.slots[head] = {slot: held[0][slot] for slot in firsts.values()}

    def _walk(
        self, head: Any, held: dict[Any, Ref], items: Sequence[Any], leave: bool = False
    ) -> tuple[Segment, _Turn]:
        """Go through the tree as a turn does, which grows where the turn is new; with `leave` it grows by one end."""
        slots = {slot: held[slot] for slot in self.slots[head]}
        turn = _Turn(slots, {held[slot] for slot in self.fixed[head]}, {})
        node, place = self.roots[head], 0
        new = not node.steps and node.exit is None
        for self.gone, item in enumerate(items, 1):
            if _is(item, "constant") or _is(item, "load"):
                turn.made.update({r: self.same[r] for r in item.results})
                continue
            if new and not leave:
                model, self.signs[node, place] = item, sign(item, self.specs)
                if isinstance(item, Step):
                    node.steps.append(item)
                else:
                    node.exit = item[0]
            elif place > len(node.steps) or self._other(node, place, item):
                raise Mixed
            else:
                model = node.steps[place] if place < len(node.steps) else node.exit
            for i, r in enumerate(operands(item)):
                self._allow((node, (place, i)), r, turn)
            if isinstance(item, Step):
                turn.made.update(zip(item.results, model.results, strict=True))
                place += 1
                continue
            new = item[1] not in node.children
            node, place = node.children.setdefault(item[1], Segment()), 0
            if leave and new:
                return node, turn
        if leave or place < len(node.steps) or node.exit is not None:
            raise Mixed
        return node, turn

    def _other(self, node: Segment, place: int, item: Any) -> bool:
        """Whether an item is another than the one that stands in the tree."""
        known = self.signs.get((node, place))
        mine = sign(item, self.specs)
        return known is None or (mine != known if isinstance(item, Step) else mine[0] != known[0] or len(known) != 2)

    def _allow(self, key: Any, r: Ref, turn: _Turn) -> None:
        """Note what an operand may be, by one more turn."""
        may = set(self.choices(r, turn))
        self.rules[key] = self.rules.get(key, may) & may
        if not self.rules[key]:
            raise Mixed

    def choices(self, r: Ref, turn: _Turn) -> Iterator[Any]:
        """What a value may be for a turn: one of its own, what a slot holds, or one from before the loop."""
        slots = [("slot", slot) for slot, held in turn.slots.items() if held == r]
        other = turn.made.get(r, self.same.get(r, r))
        yield from slots
        if (not slots or r in turn.held) and (r in turn.made or other in self.before):
            yield other

    # ---- the program

    def course(self, end: End) -> tuple[list[Any], list[Spec], End]:
        """The path with a loop, the specs of its values, and its end."""
        rest = [item for item in self.path[self.end :] if item not in self.outside]
        made = {r for item in rest for r in _results(item)}
        read = dict.fromkeys([r for item in rest for r in operands(item)] + list(end.refs()))
        wanted = {r: list(self.choices(r, self.last)) for r in read if r not in made}
        if any(len(rules) != 1 for rules in wanted.values()):
            raise Mixed
        self.carried: dict[Any, dict[Any, Ref]] = {head: {} for head in self.roots}
        """By head and slot the variables of the loop."""
        last = self.head_of(self.out)
        out = {r: self.value(last, rule) for r, (rule,) in wanted.items() if rule not in self.before}
        bodies = self.bodies(tuple(out.values()))
        results = {r: self.fresh(self.specs[r.number]) for r in out}
        steps = [step for body in bodies.values() for segment in body.walk() for step in segment.steps]
        pure = all(step.pure for step in steps)
        function, given = self.function(bodies, pure)
        line = next((s.line for s in steps), "")
        found = tuple(results.values())
        loop = Step("loop", function, given, {}, found, several=True, pure=pure, fresh=True, looks=True, line=line)

        def renamed(r: Ref) -> Ref:
            return results.get(r, self.same.get(r, r))

        tail = [over(item, renamed) for item in rest]
        return [*self.path[: self.begin], *self.outside, loop, *tail], self.specs, substituted(end, renamed)

    def head_of(self, leaf: Segment) -> Any:
        """The head of the turn that has an end."""
        return next(head for head, root in self.roots.items() if leaf in root.walk())

    def fresh(self, spec: Spec) -> Ref:
        self.specs.append(spec)
        return Ref(len(self.specs) - 1)

    def value(self, head: Any, rule: Any) -> Ref:
        """The value that a rule says, within a turn that begins at a head."""
        if rule.__class__ is Ref:
            return rule
        slot = rule[1]
        if slot not in self.carried[head]:
            self.carried[head][slot] = self.fresh(self.specs[self.slots[head][slot].number])
        return self.carried[head][slot]

    def bodies(self, out: tuple[Ref, ...]) -> dict[Any, Segment]:
        """The trees with the operands that the rules say, and their ends."""
        while True:
            known = sum(map(len, self.carried.values()))
            made = {head: self._body(head, root, out) for head, root in self.roots.items()}
            if sum(map(len, self.carried.values())) == known:
                specs = dict(enumerate(self.specs))
                return {head: dead(common(host(body, specs))) for head, body in made.items()}

    def _body(self, head: Any, node: Segment, out: tuple[Ref, ...]) -> Segment:
        made = Segment()

        def operand(place: Any) -> Ref:
            rule, *others = self.rules[node, place]
            if others:
                raise Mixed  # these were always the same, but need not be
            return self.value(head, rule)

        for place, step in enumerate(node.steps):
            refs = [operand((place, i)) for i in range(len(step.operands()))]
            made.steps.append(step.over(dict(zip(step.operands(), refs, strict=True)).__getitem__))
        if node is self.out:
            made.exit = End((), out, None)
        elif node.exit is None:
            made.exit = End(
                (), tuple([operand(slot) for slot in list(self.carried[self.leaves[node]])]), self.leaves[node]
            )
        else:
            assert isinstance(node.exit, Branch)
            made.exit = node.exit._replace(value=operand((len(node.steps), 0)))
        made.children = {outcome: self._body(head, child, out) for outcome, child in node.children.items()}
        return made

    def function(self, bodies: dict[Any, Segment], pure: bool) -> tuple[Callable[..., Any], tuple[Ref, ...]]:
        """The loop as a function, and what it is called with."""
        writer = Writer(dict(enumerate(self.specs)))
        numbers = {head: i for i, head in enumerate(bodies)}
        lines = list[str]()
        for head, body in bodies.items():
            lines += [f"        while at == {numbers[head]}:", *self.lines(body, writer, numbers, " " * 12)]
        segments = [segment for body in bodies.values() for segment in body.walk()]
        inside = {r for segment in segments for step in segment.steps for r in step.results}
        inside.update(r for held in self.carried.values() for r in held.values())
        read = [r for segment in segments for step in segment.steps for r in step.operands()]
        read += [r for segment in segments for r in segment.exit_refs()]
        fixed = [r for r in dict.fromkeys(read) if r not in inside]
        begun = self.carried[self.first]
        parameters = ", ".join(["drawn"] * (not pure) + [*map(repr, [*begun.values(), *fixed])])
        head = [f"def turns({parameters}):", f"    at = {numbers[self.first]}", "    while True:"]
        starts = [self.same.get(r, r) for r in (self.slots[self.first][slot] for slot in begun)]
        return execute("\n".join([*head, *lines, ""]), writer.names, "turns"), (*starts, *fixed)

    def lines(self, segment: Segment, writer: Writer, numbers: dict[Any, int], indent: str) -> list[str]:
        """The lines of a turn from one look to the next, and of what follows each outcome."""
        writer.lines = []
        for step in segment.steps:
            writer.step(step)
        end = segment.exit
        if isinstance(end, End):
            refs = "".join(f"{r!r}, " for r in end.results)
            if end.structure is None:
                writer.lines.append(f"return ({refs})")
            else:
                if refs:
                    writer.lines.append(f"{''.join(f'{r!r}, ' for r in self.carried[end.structure].values())} = {refs}")
                writer.lines += [f"at = {numbers[end.structure]}", "continue"]
            return [indent + line for line in writer.lines]
        assert isinstance(end, Branch)
        made = [indent + line for line in [*writer.lines, f"seen = {writer.seen(end)}"]]
        for outcome, child in segment.children.items():
            made += [
                f"{indent}if seen == {writer.name(outcome)}:",
                *self.lines(child, writer, numbers, indent + "    "),
            ]
        return [*made, f"{indent}raise Missed"]


def _is(item: Any, name: str) -> bool:
    return isinstance(item, Step) and item.name == name


def _results(item: Any) -> tuple[Ref, ...]:
    return item.results if isinstance(item, Step) else ()
