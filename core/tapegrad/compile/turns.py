"""Loops of which one trace of many turns tells all: turns may differ in what the host sees, and nothing is recorded.

Where Python's state at the head of each turn is the same but for numbers (`visits.py`), a turn is a tree: at each look
it goes where the host sees fit, and it ends where the next one begins, or leaves the loop. What the turns hand on is
what the places of that state hold (`slots`): local variables, arrays from outside, and what objects keep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from .passes.common import common
from .passes.dead import dead
from .passes.host import host
from .program import Branch, End, Ref, Segment, Spec, Step, fingerprint, substituted
from .source import Writer, execute


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
    """What the slots hold where a turn begins, and the values that it makes, by those of the turn that is the model."""

    slots: dict[Any, Ref]
    made: dict[Ref, Ref]


class Turns:
    """A stretch of a path that is a loop. Raises `Mixed` where it is none."""

    def __init__(self, path: Sequence[Any], specs: Sequence[Spec], places: Sequence[int], slots: Sequence[Any]) -> None:
        self.specs = list(specs)
        self.begin = places[0] + 1
        again = path[places[0]][1]
        self.outside: list[Step] = []
        """What depends on no turn, though one has come by it first."""
        self.same = same = self._constants(path)
        self.path = [over(item, lambda r: same.get(r, r)) for item in path]
        self.before = {r for step in (*self.path[: self.begin], *self.outside) for r in _results(step)}
        self.slots = self._slots(slots, same)
        self.root = Segment()
        self.signs: dict[tuple[Segment, int], Any] = {}
        self.rules: dict[tuple[Any, Any], set[Any]] = {}
        """What the operands of each item may be, as far as the turns agree; those of ends are by their slots."""
        self.leaves: dict[Segment, bool] = {}
        """The ends of turns: whether another one follows."""
        ends = zip(places[:-1], places[1:], self.slots[:-1], self.slots[1:], strict=True)
        for first, last, begun, after in ends:
            leaf, turn = self._walk(self.path[first + 1 : last + 1], begun)
            self.leaves[leaf] = path[last][1] == again
            for slot in self.varying:
                self._allow((leaf, slot), after[slot], turn)
        self.end, self.last = places[-1] + 1, turn
        if self.leaves[leaf]:  # it was left from within another turn
            rest = self.path[self.end :]
            leaf, self.last = self._walk(rest, self.slots[-1], leave=True)
            self.end += self.gone
        self.out = leaf
        if sum(self.leaves.values()) == 0 or self.leaves.get(leaf):
            raise Mixed

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

    def _slots(self, slots: Sequence[dict[Any, Ref]], same: dict[Ref, Ref]) -> list[dict[Any, Ref]]:
        """What the slots hold at the head of each turn; those of arrays from outside before they were met, too."""
        loads = {s.args[0]: s.results[0] for s in (*self.path, *self.outside) if _is(s, "load")}
        full = {("handle", n): r for (kind, n), r in loads.items() if kind == "handle"}
        held = [full | {slot: same.get(r, r) for slot, r in at.items()} for at in slots]
        alike = [[*at.values()].index(r) for at in held[:1] for r in at.values()]
        for at in held:
            values = [*at.values()]
            if at.keys() != held[0].keys() or [values.index(r) for r in values] != alike:
                raise Mixed
        firsts = [slot for i, slot in enumerate(held[0]) if alike[i] == i]
        self.varying = [slot for slot in firsts if any(at[slot] != held[0][slot] for at in held)]
        return [{slot: at[slot] for slot in self.varying} for at in held]

    def _walk(self, items: Sequence[Any], slots: dict[Any, Ref], leave: bool = False) -> tuple[Segment, _Turn]:
        """Go through the tree as a turn does, which grows where the turn is new; with `leave` it grows by one end."""
        node, place, turn = self.root, 0, _Turn(slots, {})
        for self.gone, item in enumerate(items, 1):
            if _is(item, "constant") or _is(item, "load"):
                continue
            if node.exit is None and not leave:
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
            elif leave and item[1] not in node.children:
                node.children[item[1]] = Segment()
                return node.children[item[1]], turn
            else:
                node, place = node.children.setdefault(item[1], Segment()), 0
        if leave:
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
        if r in turn.made:
            yield turn.made[r]
            return
        slots = [("slot", slot) for slot, held in turn.slots.items() if held == r]
        yield from slots
        if r in self.before and not slots:
            yield r

    # ---- the program

    def course(self, end: End) -> tuple[list[Any], list[Spec], End]:
        """The path with a loop, the specs of its values, and its end."""
        rest = [item for item in self.path[self.end :] if item not in self.outside]
        made = {r for item in rest for r in _results(item)}
        end = substituted(end, lambda r: self.same.get(r, r))
        read = dict.fromkeys([r for item in rest for r in operands(item)] + list(end.refs()))
        wanted = {r: next(self.choices(r, self.last), None) for r in read if r not in made}
        if None in wanted.values():
            raise Mixed
        self.carried: dict[Any, Ref] = {}
        out = {r: self.value(rule) for r, rule in wanted.items() if rule.__class__ is not Ref or r in self.last.made}
        body = self.body(self.root, tuple(out.values()))
        results = {r: self.fresh(self.specs[r.number]) for r in out}
        pure = all(step.pure for segment in body.walk() for step in segment.steps)
        function, given = self.function(body, tuple(out.values()), pure)
        line = next((s.line for s in self.root.steps), "")
        found = tuple(results.values())
        loop = Step("loop", function, given, {}, found, several=True, pure=pure, fresh=True, line=line)

        def renamed(r: Ref) -> Ref:
            return results.get(r, r)

        tail = [over(item, renamed) for item in rest]
        return [*self.path[: self.begin], *self.outside, loop, *tail], self.specs, substituted(end, renamed)

    def fresh(self, spec: Spec) -> Ref:
        self.specs.append(spec)
        return Ref(len(self.specs) - 1)

    def value(self, rule: Any) -> Ref:
        """The value that a rule says, within the loop."""
        if rule.__class__ is Ref:
            return rule
        slot = rule[1]
        if slot not in self.carried:
            self.carried[slot] = self.fresh(self.specs[self.slots[0][slot].number])
        return self.carried[slot]

    def body(self, node: Segment, out: tuple[Ref, ...]) -> Segment:
        """The tree with the operands that the rules say, and its ends."""
        while True:
            known = len(self.carried)
            made = self._body(node, out)
            if len(self.carried) == known:
                specs = dict(enumerate(self.specs))
                return dead(common(host(made, specs)))

    def _body(self, node: Segment, out: tuple[Ref, ...]) -> Segment:
        made = Segment()
        for place, step in enumerate(node.steps):
            refs = [self.operand(node, place, i) for i in range(len(step.operands()))]
            made.steps.append(step.over(dict(zip(step.operands(), refs, strict=True)).__getitem__))
        if node is self.out:
            made.exit = End((), out, None)
        elif node.exit is None:
            after = tuple([self.value(min(self.rules[node, slot], key=repr)) for slot in list(self.carried)])
            made.exit = End((), after, True)
        else:
            assert isinstance(node.exit, Branch)
            made.exit = node.exit._replace(value=self.operand(node, len(node.steps), 0))
        made.children = {outcome: self._body(child, out) for outcome, child in node.children.items()}
        return made

    def operand(self, node: Segment, place: int, i: int) -> Ref:
        """What an operand of the tree is."""
        return self.value(min(self.rules[node, (place, i)], key=repr))

    def function(self, body: Segment, out: tuple[Ref, ...], pure: bool) -> tuple[Callable[..., Any], tuple[Ref, ...]]:
        """The loop as a function, and what it is called with."""
        writer = Writer(dict(enumerate(self.specs)))
        lines = self.lines(body, writer, "        ")
        inside = {r for segment in body.walk() for step in segment.steps for r in step.results}
        read = [r for segment in body.walk() for step in segment.steps for r in step.operands()]
        read += [r for segment in body.walk() for r in segment.exit_refs()]
        fixed = [r for r in dict.fromkeys(read) if r not in inside and r not in self.carried.values()]
        parameters = ", ".join(["drawn"] * (not pure) + [*map(repr, [*self.carried.values(), *fixed])])
        source = "\n".join([f"def turns({parameters}):", "    while True:", *lines, ""])
        starts = [self.slots[0][slot] for slot in self.carried]
        return execute(source, writer.names, "turns"), (*starts, *fixed)

    def lines(self, segment: Segment, writer: Writer, indent: str) -> list[str]:
        """The lines of a turn from one look to the next, and of what follows each outcome."""
        writer.lines = []
        for step in segment.steps:
            writer.step(step)
        end = segment.exit
        if isinstance(end, End):
            refs = "".join(f"{r!r}, " for r in end.results)
            if end.structure and refs:
                writer.lines.append(f"{''.join(f'{r!r}, ' for r in self.carried.values())} = {refs}")
            writer.lines.append("continue" if end.structure else f"return ({refs})")
            return [indent + line for line in writer.lines]
        assert isinstance(end, Branch)
        made = [indent + line for line in [*writer.lines, f"seen = {writer.seen(end)}"]]
        for outcome, child in segment.children.items():
            made += [f"{indent}if seen == {writer.name(outcome)}:", *self.lines(child, writer, indent + "    ")]
        return [*made, f"{indent}raise Missed"]


def _is(item: Any, name: str) -> bool:
    return isinstance(item, Step) and item.name == name


def _results(item: Any) -> tuple[Ref, ...]:
    return item.results if isinstance(item, Step) else ()
