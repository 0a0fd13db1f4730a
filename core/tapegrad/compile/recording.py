"""A recording: the tree of programs that a function has for arguments of one sort, and what it takes for granted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..arrays.array import Array
from ..arrays.views import is_apart
from ..tape.nodes import Leaf
from .guards import SCALARS, Reach, same
from .leaving import Given
from .loops import DEEP, Course
from .program import Branch, End, Ref, Segment, Step, differ, substituted
from .running import Program
from .source import execute
from .trace import Trace
from .values import Untraceable


class Source(NamedTuple):
    """Where an array from outside is found at each call, and what must hold of it.

    `kind`: "argument" (`key`: which leaf), "fixed" (`key`: a weak reference), "grad" (`key`: the number of the array
    whose gradient it is), "cell" (that of a copy of the variable) or "part" (`key`: number, slot and place in a tuple).
    `copy_of`: the number of another array that is the same variable.
    """

    kind: str
    key: Any
    signature: Any
    req: str | None
    has_grad: bool
    mask: bool | None
    fresh: bool | None
    copy_of: int | None

    @property
    def where(self) -> tuple[str, Any]:
        """What tells the places apart; arrays behind references are not to be compared."""
        return self.kind, id(self.key) if self.kind == "fixed" else self.key


TRACKED = "recorded"
"""What stands for a `grad_req` under `record()`, where arrays differ in having a place on the tape or none."""


class Mismatch(Exception):
    """A trace and a program that should be the same are not; at which line."""


class Recording:
    """A tree of programs for one sort of arguments."""

    def __init__(self, reach: Reach, leaves: Sequence[Any]) -> None:
        self.reach = reach
        self.sources: list[Source] = []
        self.numbers: dict[tuple[str, Any], int] = {}
        """The numbers of the sources, by where they are."""
        self.program = Program(Segment(), {})
        self.enter: Callable[[Sequence[Any]], list[Array] | None] | None = None
        self.alone = True
        self.course: Course | None = None
        """The last trace, for the sake of one that takes another number of turns."""
        self.deep = False
        """Whether one way through it has so many branch points that it is no program, unless they become a loop."""
        self.has_loop = False
        """Whether it has a step that is a loop, whose turns no other trace can be compared with."""
        self.failures = 0
        """How often the program has failed where the function has not."""
        self.doubtful = False
        """Whether the next call is to be traced as well: does what this one could not tell of change the program?"""
        self.kept = [leaf for leaf in leaves if not hasattr(leaf, "dtype")]
        """Arguments that are told apart by who they are, which no other object may become."""

    def sources_of(self, trace: Trace, leaves: Sequence[Any]) -> list[Source]:
        """Where the arrays that a trace has met are found. Raises `Untraceable` for one of unknown origin."""
        arguments = {id(leaf): i for i, leaf in reversed(list(enumerate(leaves)))}
        found: list[Source] = []
        grads: dict[int, tuple[str, int]] = {}
        variables: dict[int, int] = {}
        parts: dict[int, tuple[int, str, int]] = {}
        for number, x in enumerate(trace.handles):
            before = trace.before[number]
            grad = before.get("_grad")
            if grad is not None:
                grads.setdefault(id(grad), ("grad", number))
            for slot, held in before.items():
                if type(held) is tuple:
                    for i, part in enumerate(held):
                        if isinstance(part, Array):
                            parts.setdefault(id(part), (number, slot, i))
            kind: str
            key: Any
            if id(x) in arguments:
                kind, key = "argument", arguments[id(x)]
            elif id(x) in self.reach.arrays:
                kind, key = "fixed", self.reach.arrays[id(x)]
            elif id(x) in grads:
                kind, key = grads[id(x)]
            elif id(x) in parts:
                kind, key = "part", parts[id(x)]
            else:
                raise Untraceable(f"an array of shape {x.shape} comes from a place that cannot be looked at again")
            node = before.get("_node")
            tracked = trace.since > 0
            copy_of = None
            if node.__class__ is Leaf and not tracked:
                grads.setdefault(id(node.cell()), ("cell", number))
                first = variables.setdefault(id(node), number)
                copy_of = None if first == number else first
            fresh = None if node is None else trace.leaves.get(id(node), (None, None))[1]
            mask = before.get("_mask")
            real = before["_kernels"]._real
            signature = real.signatures[type(x), before["_value"].dtype, before["_value"].shape]
            found.append(
                Source(
                    kind,
                    key,
                    signature,
                    None if node is None else TRACKED if tracked else node.req,
                    grad is not None,
                    None if mask is None else mask[0] is before["_value"],
                    fresh,
                    copy_of,
                )
            )
        return found

    def _numbered(self, sources: Sequence[Source]) -> list[int]:
        """The numbers that a trace's arrays have in the tree, where courses that part may meet others in turn."""
        numbers = list[int]()
        for source in sources:
            key, copy_of = source.key, source.copy_of
            if source.kind in ("grad", "cell"):
                key = numbers[key]
            elif source.kind == "part":
                key = numbers[key[0]], *key[1:]
            source = source._replace(key=key, copy_of=None if copy_of is None else numbers[copy_of])
            number = self.numbers.setdefault(source.where, len(self.sources))
            if number == len(self.sources):
                self.sources.append(source)
            known = self.sources[number]
            fresh = known.fresh if source.fresh is None else source.fresh
            if known._replace(key=key, fresh=fresh) != source._replace(fresh=fresh) or known.fresh not in (None, fresh):
                raise Mismatch("the arrays that are read")
            self.sources[number] = known._replace(fresh=fresh)
            numbers.append(number)
        return numbers

    @property
    def ends(self) -> int:
        """How many ways through it there are."""
        return self.program.root.ends

    def handles(self, leaves: Sequence[Any]) -> list[Array] | None:
        """The arrays from outside, in order; None where one, or Python's state, is not what the program is for."""
        if self.enter is None:
            self.enter = self._entrance()
        found: list[Array] | None = self.enter(leaves)
        return found

    def _entrance(self) -> Callable[[Sequence[Any]], list[Array] | None]:
        """The guards and sources as one function, straight-line."""
        names: dict[str, Any] = {"_same": same, "_Leaf": Leaf}
        lines: list[str] = []

        def name(thing: Any) -> str:
            names[f"k{len(names)}"] = thing
            return f"k{len(names) - 1}"

        for place in self.reach.places:
            now = place.text(name)
            if place.weak:
                lines.append(f"if {now} is not {name(place.held)}(): return None")
            elif isinstance(place.held, SCALARS):
                held = name(place.held)
                lines += [f"x = {now}", f"if x is not {held} and not _same(x, {held}): return None"]
            else:
                lines.append(f"if {now} is not {name(place.held)}: return None")
        for array, numbers in self.reach.hosts:
            lines.append(f"if {name(array)}.tobytes() != {name(numbers)}: return None")
        for i, (kind, key, signature, req, has_grad, mask, fresh, copy_of) in enumerate(self.sources):
            if kind == "argument":
                lines.append(f"h{i} = leaves[{key}]")
            elif kind == "fixed":
                lines.append(f"h{i} = {name(key)}()")
            elif kind == "grad":
                lines.append(f"h{i} = h{key}._grad")
            elif kind == "cell":
                lines.append(f"h{i} = h{key}._node.cell()")
            else:
                lines.append(f"h{i} = h{key[0]}.{key[1]}[{key[2]}]")
            lines.append(f"if h{i}._signature is not {name(signature)}: return None")
            if req == TRACKED:
                lines.append(f"if h{i}._node is None: return None")
            elif req is None:
                lines.append(f"if h{i}._node is not None: return None")
            else:
                lines += [f"n = h{i}._node", f"if n.__class__ is not _Leaf or n.req != {req!r}: return None"]
            if copy_of is not None:
                lines.append(f"if n is not h{copy_of}._node: return None")
            if fresh is not None:
                lines.append(f"if n.fresh is not {fresh}: return None")
            grad = f"getattr(h{i}, '_grad', None)"
            lines.append(f"if {grad} is {'None' if has_grad else 'not None'}: return None")
            if hasattr(signature.cls, "_mask"):
                lines += [
                    f"m = getattr(h{i}, '_mask', None)",
                    f"if m is {'None' if mask is not None else 'not None'}: return None",
                ]
                if mask is not None:
                    lines.append(f"if (m[0] is h{i}._value) is not {mask}: return None")
        ends = [segment.exit for segment in self.program.root.walk() if isinstance(segment.exit, End)]
        rebound = {effect.handle for end in ends for effect in end.effects if effect.value}
        names["_is_apart"] = is_apart
        for i in sorted(rebound):
            lines.append(f"if getattr(h{i}, '_shares', None) is not None and not _is_apart(h{i}): return None")
        found = ", ".join(f"h{i}" for i in range(len(self.sources)))
        if not self.alone and len(self.sources) > 1:
            ids = ", ".join(f"id(h{i})" for i in range(len(self.sources)))
            lines.append(f"if len({{{ids}}}) < {len(self.sources)}: return None")
        lines.append(f"return [{found}]")
        body = "\n".join(f"        {line}" for line in lines)
        errors = "AttributeError, IndexError, KeyError, TypeError, ValueError"
        source = f"def enter(leaves):\n    try:\n{body}\n    except ({errors}):\n        return None\n"
        return execute(source, names, "enter")  # type: ignore[no-any-return]

    def add(self, trace: Trace, course: Course, leaves: Sequence[Any]) -> None:
        """Make a trace one way through the tree. Raises `Mismatch` where it differs without a reason."""
        numbers = self._numbered(self.sources_of(trace, leaves))
        self.alone = all(source.kind == "fixed" for source in self.sources)
        segment, place = self.program.root, 0
        names: dict[Ref, Ref] = {}
        """The tree's numbers of the trace's values: those of two courses that part must not be mistaken."""
        for item in course.path:
            if isinstance(item, Step):
                step = item.over(names.__getitem__)
                if step.name == "load" and step.args[0][0] == "handle":
                    step.args = (("handle", numbers[step.args[0][1]]),)
                if segment.exit is None:
                    step.results = tuple([self._number(r, course) for r in item.results])
                    segment.steps.append(step)
                elif place == len(segment.steps) or differ(segment.steps[place], step):
                    there = f", where there was {segment.steps[place]}" if place < len(segment.steps) else ""
                    raise Mismatch(f"{step} (at {step.line}){there}")
                names.update(zip(item.results, segment.steps[place].results, strict=True))
                place += 1
                continue
            branch, outcome = item[0]._replace(value=names[item[0].value]), item[1]
            if segment.exit is None:
                segment.exit = branch
            elif not isinstance(segment.exit, Branch) or segment.exit[:2] != branch[:2] or place < len(segment.steps):
                raise Mismatch(f"a look at {branch.value!r} (at {branch.line})")
            segment, place = segment.children.setdefault(outcome, Segment()), 0
        end = substituted(course.end, lambda given: Given(numbers[given.number]), Given)
        end = substituted(end, names.__getitem__)
        end = end._replace(effects=tuple([e._replace(handle=numbers[e.handle]) for e in end.effects]))
        if segment.exit is None:
            segment.exit = end
        elif place < len(segment.steps) or not isinstance(segment.exit, End):
            raise Mismatch("the end")
        elif segment.exit.results != end.results or segment.exit.structure != end.structure:
            raise Mismatch("what is returned")
        self.program.renew()
        self.enter = None
        self.deep = self.deep or course.branches > DEEP
        self.has_loop = any(isinstance(item, Step) and item.name == "loop" for item in course.path)

    def _number(self, value: Ref, course: Course) -> Ref:
        """A number of the tree for a value of a trace."""
        made = Ref(len(self.program.specs))
        self.program.specs[made.number] = course.specs[value.number]
        return made
