"""A compiled function under `record()`: one program forward, one back, and on the tape one node for both.

The function is traced together with a reverse sweep, whose cotangents are inputs. What is done before the sweep is the
program of the call, which also hands out what the sweep reads of it; what the sweep does is the program of the node.
So variables are found where the function reads them, and nothing is computed twice. Other sweeps (recorded ones,
forward ones, from fewer outputs) run the function itself on the tape, as those through a `checkpoint` do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import ref

from ..arrays.array import Array, handle
from ..arrays.trees import flatten, unflatten
from ..op.call import pull_back
from ..tape.mode import MODE, TRAINING, Scope
from ..tape.nodes import Leaf, Node, Output, Sweep, Wrap, deposit
from ..tape.sweep import WATCHERS
from ..transforms.checkpoint import CheckpointNode
from .leaving import Fixed, Given, Leaving, on_the_tape
from .passes.dead import dead
from .program import End, Ref, Segment, Spec, Step, differ
from .reaching import reachable
from .running import Program
from .settling import made_by, survivors
from .trace import Rehearsal, Trace
from .values import Traced, Untraceable


class Pull:
    """The reverse sweep of a call as a program, of what the call has kept and the cotangents of some of its outputs.

    `places` are those of the outputs that have a place on the tape, among the leaves of the result, `seeds` those of
    these that the sweep begins with.
    """

    def __init__(
        self, steps: Sequence[Step], inputs: Sequence[Ref], results: Sequence[Ref], specs: Sequence[Spec]
    ) -> None:
        names: dict[Ref, Ref] = {}
        known: dict[int, Spec] = {}

        def named(r: Ref) -> Ref:
            if r not in names:
                names[r] = Ref(len(names))
                known[names[r].number] = specs[r.number]
            return names[r]

        segment = Segment([Step("load", tuple, (("argument", i),), {}, (named(r),)) for i, r in enumerate(inputs)])
        for step in steps:
            renamed = step.over(named)
            renamed.results = tuple(map(named, step.results))
            segment.steps.append(renamed)
        segment.exit = End((), tuple(map(named, results)), flatten([0.0] * len(results))[1])
        self.program = Program(segment, known)
        self.places: list[int] = []
        self.seeds: list[int] = []

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pull):
            return False
        mine, others = self.program.root, other.program.root
        alike = mine.exit == others.exit and len(mine.steps) == len(others.steps)
        return alike and not any(map(differ, mine.steps, others.steps))

    __hash__ = None  # type: ignore[assignment]

    def fits(self, cotangents: dict[int, Any]) -> bool:
        """Whether the program is for these."""
        specs = self.program.specs
        loads = [step.results[0] for step in self.program.root.steps if step.name == "load"]
        first = len(loads) - len(self.seeds)
        return list(cotangents) == self.seeds and all(
            getattr(g, "dtype", None) == specs[r.number].dtype and g.shape == specs[r.number].shape
            for g, r in zip(cotangents.values(), loads[first:], strict=True)
        )


class Outcome(NamedTuple):
    """What a program gives for a call under `record()`: the result, and of what the node is made.

    `heads` are the results that get a place on the tape, `tracked` the arrays from outside that get cotangents.
    """

    result: Any
    pull: Pull
    kept: tuple[Any, ...]
    heads: tuple[Array, ...]
    tracked: tuple[Array, ...]


def swept(trace: Trace, leaving: Leaving, result: Any, only: Any) -> tuple[Any, End]:
    """Sweep back from what a traced function returned: the outcome of this call, and the end of the program.

    `only`: of which outputs there are cotangents; None: of all.
    """
    leaves = flatten(result)[0]
    heads = {id(x): i for i, x in reversed([*enumerate(leaves)]) if isinstance(x, Array) and _is_head(trace, x)}
    if survivors(lambda: [x for x in made_by(trace) if id(x) not in heads and on_the_tape(x)]):
        raise Untraceable("an array that is still being differentiated outlives the call")
    if WATCHERS.data:  # type: ignore[attr-defined]
        raise Untraceable("it has a hook called with a gradient")
    numbers: dict[Node, int] = {}
    for number, (x, before) in enumerate(zip(trace.handles, trace.before, strict=True)):
        node = before.get("_node")
        now = trace.states[id(x)].get("_node")  # type: ignore[union-attr]
        if now is not node and (node is not None or now.__class__ is not Leaf):
            raise Untraceable("an array from outside gets another place on the tape")
        if node is not None and numbers.setdefault(node, number) != number:
            raise Untraceable("two arrays from outside have one place on the tape")
    places = sorted(heads.values())
    outs = [leaves[i] for i in places]
    seeds = [i for i in range(len(outs)) if only is None or i in only]
    cut = len(trace.path)
    given = [trace.argument(i, outs[i]._value.value, outs[i]._value.engine) for i in seeds]
    found = pull_back([(outs[i]._node, g) for i, g in zip(seeds, given, strict=True)], since=trace.since)
    back = trace.path[cut + len(given) :]
    del trace.path[cut:]
    for x in outs:
        x._node = None
    if not all(isinstance(step, Step) and step.pure and step.name != "load" for step in back):
        raise Untraceable("its backward pass looks at numbers")
    if not all(isinstance(g, Traced) for g in found.values()) or not found.keys() <= numbers.keys():
        raise Untraceable("its backward pass comes to what it has made a variable")
    refs = [g.ref for g in found.values()]
    constants = [step for step in trace.path if isinstance(step, Step) and step.name == "constant"]
    segment = dead(Segment([*constants, *back], End((), tuple(refs), None)))  # type: ignore[list-item]
    made = {r for step in segment.steps for r in step.results}
    read = dict.fromkeys([*(r for step in segment.steps for r in step.operands()), *refs])
    cotangents = [g.ref for g in given]
    kept = [r for r in read if r not in made and r not in cotangents]
    pull = Pull(segment.steps, [*kept, *cotangents], refs, trace.specs)
    pull.places, pull.seeds = places, seeds
    tracked = [numbers[node] for node in found]
    end = leaving.end(result)
    more = Fixed(pull), tuple(kept), tuple([leaving.recipe(x) for x in outs]), tuple(map(Given, tracked))
    structure = flatten(Outcome(result, 0.0, 0.0, 0.0, 0.0))[1]  # type: ignore[arg-type]
    values = tuple([trace.concrete[r.number] for r in kept])
    outcome = Outcome(result, pull, values, tuple(outs), tuple([trace.handles[n] for n in tracked]))
    return outcome, end._replace(results=(*end.results, *more), structure=structure)


def _is_head(trace: Trace, x: Array) -> bool:
    _ = x._value  # which the trace meets here at the latest
    return trace.states.get(id(x)) is None and on_the_tape(x)


class CompiledNode(CheckpointNode):
    """A call of a compiled function on the tape."""

    __slots__ = ("kept", "only", "program")
    label = "compiled"

    def __init__(self, outcome: Outcome, again: Any, only: Callable[[list[int]], None]) -> None:
        super().__init__(again, list(outcome.tracked), list(outcome.heads))
        self.program = outcome.pull
        self.kept: tuple[Any, ...] | None = outcome.kept
        self.only = only

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        kept, inputs = self.kept, self.inputs
        if wrap is None and xp is None and kept is not None and inputs is not None:
            cotangents = dict(sorted(g.items()))
            if self.program.fits(cotangents):
                if free is not None:
                    self.inputs = self.again = self.kept = None
                    self.xp = free
                for (_, node, _), value in zip(
                    inputs, self.program.program.run((), (*kept, *cotangents.values()), []), strict=True
                ):
                    deposit(table, met, node, value)  # type: ignore[arg-type]
                return None, None
            if list(cotangents) != self.program.seeds:
                self.only(list(cotangents))
        return super().pull(g, table, met, free, xp, wrap)


class Again:
    """A call once more, on the tape, with the arrays from outside that are tracked, and nothing written."""

    def __init__(self, fun: Any, args: Any, keywords: Any, outcome: Outcome, drawn: Sequence[Any]) -> None:
        leaves, self.structure = flatten((args, keywords))
        places = {id(x): i for i, x in enumerate(outcome.tracked)}
        self.entering = [places.pop(id(leaf), None) for leaf in leaves]
        self.leaves = [leaf._unplaced() if isinstance(leaf, Array) else leaf for leaf in leaves]
        self.outside = [(i, ref(outcome.tracked[i])) for i in places.values()]
        self.fun = fun
        self.places = outcome.pull.places
        self.drawn = list(drawn)
        self.training = MODE.get() & TRAINING

    def __call__(self, arrays: list[Array]) -> list[Array]:
        leaves = list(self.leaves)
        for place, number in enumerate(self.entering):
            if number is not None:
                x = arrays[number]
                leaves[place] = handle(leaves[place].__class__, x._value, x._node, x._kernels)
        args, keywords = unflatten(self.structure, leaves)
        reach = reachable([self.fun])
        with Rehearsal(self.drawn) as rehearsal, Scope(self.training, TRAINING ^ self.training):
            for number, known in self.outside:
                x = arrays[number]
                rehearsal.stand_in(known(), {"_value": x._value, "_node": x._node, "_kernels": x._kernels})
            result = flatten(self.fun(*args, **keywords))[0]
        reach.restore()
        return [result[i] for i in self.places]


def attached(outcome: Outcome, again: Again, only: Callable[[list[int]], None]) -> Any:
    """The result of a call, with its node."""
    if outcome.tracked:
        node = CompiledNode(outcome, again, only)
        for i, x in enumerate(outcome.heads):
            x._node = Output(node, i)
    return outcome.result
