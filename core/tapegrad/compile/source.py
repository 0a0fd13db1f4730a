"""A program as Python source: a function for each segment, straight-line, with every name resolved."""

from __future__ import annotations

import linecache
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np

from ..arrays.trees import flatten, unflatten
from ..arrays.views import share
from ..tape.nodes import Leaf
from .leaving import Argument, Fixed, Given, Made, Raw, Variable
from .program import Branch, End, Ref, Segment, Spec, Step, fingerprint, live_values, refs_in


class Missed(Exception):
    """The host saw something that it has not seen before."""


INFIX = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.truediv: "/",
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
}
"""Functions that Python has a symbol for, which is quicker."""

LARGE = 4096
"""Values of more elements are let go of as soon as nobody needs them."""

_written = 0


class Writer:
    """Writes the functions of a program, one for each course as far as it does not share another's beginning.

    `names` are their globals. A function follows the first outcome of each branch, and calls another's for any other.
    """

    def __init__(self, specs: Mapping[int, Spec]) -> None:
        self.specs = specs
        self.names: dict[str, Any] = {"Missed": Missed, "_fingerprint": fingerprint}
        self.known: dict[int, str] = {}
        self.lines: list[str] = []
        self.functions: list[str] = []
        self.made = 0

    def function(self, segment: Segment, live: Mapping[Segment, list[Ref]]) -> str:
        """Write the function of the courses that begin with a segment, and give its name."""
        outer, self.lines = self.lines, []
        name = f"course{self.made}"
        self.made += 1
        taken = "".join(f", {r!r}" for r in live[segment])
        at: Segment | None = segment
        while at is not None:
            at = self.segment(at, live)
        body = "\n".join("    " + line for line in self.lines)
        self.functions.append(f"def {name}(handles, leaves, drawn{taken}):\n{body}\n")
        self.lines = outer
        return name

    def segment(self, segment: Segment, live: Mapping[Segment, list[Ref]]) -> Segment | None:
        """Write the lines of a segment; what follows is the segment of its first outcome, if there is one."""
        passed = {r for child in segment.children.values() for r in live[child]}
        leaving = {*passed, *segment.exit_refs()}
        last: dict[Ref, int] = {}
        for i, step in enumerate(segment.steps):
            for r in step.operands():
                last[r] = i
        for i, step in enumerate(segment.steps):
            self.step(step)
            spent = [
                r
                for r in dict.fromkeys([*step.operands(), *step.results])
                if last.get(r, i) == i and r not in leaving and self.specs[r.number].size > LARGE
            ]
            if spent:
                self.lines.append(f"{' = '.join(map(repr, spent))} = None")
        if not isinstance(segment.exit, Branch):
            assert segment.exit is not None
            self.end(segment.exit, {r for step in segment.steps if step.owned for r in step.results})
            return None
        (outcome, first), *others = segment.children.items()
        if segment.exit.at == "truth":
            self.lines.append(f"if {'not ' if outcome else ''}{segment.exit.value!r}:")
        else:
            self.lines += [f"seen = {self.seen(segment.exit)}", f"if seen != {self.name(outcome)}:"]
        for other, child in others:
            call = (
                f"return {self.function(child, live)}(handles, leaves, drawn{''.join(f', {r!r}' for r in live[child])})"
            )
            if segment.exit.at == "truth":
                self.lines.append(f"    {call}")
                break
            self.lines += [f"    if seen == {self.name(other)}:", f"        {call}"]
        else:
            self.lines.append("    raise Missed")
        return first

    @staticmethod
    def seen(branch: Branch) -> str:
        """The expression for what the host sees."""
        value = repr(branch.value)
        return {"value": f"_fingerprint({value})", "shape": f"{value}.shape", "truth": f"bool({value})"}[branch.at]

    def name(self, thing: Any, prefix: str = "k") -> str:
        """A global name for an object."""
        if id(thing) not in self.known:
            self.known[id(thing)] = f"{prefix}{len(self.names)}"
            self.names[self.known[id(thing)]] = thing
        return self.known[id(thing)]

    def text(self, part: Any) -> str:
        """The expression for an operand."""
        if part.__class__ is Ref:
            return repr(part)
        if part is None or part is True or part is False or part is Ellipsis or part.__class__ in (int, str):
            return repr(part)
        if part.__class__ is tuple:
            inside = ", ".join(map(self.text, part))
            return f"({inside},)" if len(part) == 1 else f"({inside})"
        if part.__class__ is list:
            return f"[{', '.join(map(self.text, part))}]"
        return self.name(part)

    def call(self, step: Step) -> str:
        """The expression that calls a step's kernel."""
        if step.function in INFIX:
            x, y = map(self.text, step.args)
            return f"{x} {INFIX[step.function]} {y}"
        if step.function is operator.getitem and step.args[1:] == (0,):
            return f"{self.text(step.args[0])}[0]"
        given = ["drawn"] * (not step.pure) + [self.text(a) for a in step.args]
        given += [f"{n}={self.text(v)}" for n, v in step.keywords.items()]
        return f"{self.name(step.function, 'f_' + _word(step.name) + '_')}({', '.join(given)})"

    def step(self, step: Step) -> None:
        """The lines of a step."""
        results = ", ".join(map(repr, step.results))
        if step.name == "load":
            kind, number = step.args[0]
            self.lines.append(
                f"{results} = handles[{number}]._value" if kind == "handle" else f"{results} = leaves[{number}]"
            )
        elif step.name == "constant":
            self.lines.append(f"{results} = {self.name(step.args[0])}")
        else:
            self.lines.append(f"{results}{',' * (step.several and len(step.results) == 1)} = {self.call(step)}")

    def end(self, end: End, owned: set[Ref]) -> None:
        """The lines that make the results and rebind handles. Nothing in them can fail."""
        raws: set[Ref] = {r for effect in end.effects for r in refs_in([effect.value])}
        raws |= {recipe.value for recipe in end.results if isinstance(recipe, Made)}
        self.count = 0
        results = []
        for recipe in end.results:
            if isinstance(recipe, Raw):
                text = repr(recipe.value)
                if recipe.value in raws or recipe.value not in owned:
                    text = f"_own({text})"
                    self.names["_own"] = own_copy
                raws.add(recipe.value)
                results.append(text)
            else:
                results.append(self.build(recipe))
        changes: list[str] = []
        for effect in end.effects:
            h = f"handles[{effect.handle}]"
            if effect.value is not None:
                changes.append(f"{h}._value = {effect.value!r}")
            for slot, recipe in effect.changes:
                if slot == "fresh":
                    changes.append(f"{h}._node.fresh = True")
                else:
                    changes.append(f"{h}.{slot} = {self.build(recipe)}")
        self.lines += changes
        for place, recipes, structure in end.writes:
            parts = [self.build(recipe) for recipe in recipes]
            text = parts[0] if structure is None else self.tree(structure, parts)
            self.lines.append(place.assignment(self.name, text))
        if end.structure is None:
            self.lines.append(f"return {results[0]}")
        else:
            self.lines.append(f"return {self.tree(end.structure, results)}")

    def build(self, recipe: Any) -> str:
        """The expression for a recipe, after lines that make its parts."""
        if isinstance(recipe, Given):
            return f"handles[{recipe.number}]"
        if isinstance(recipe, Argument):
            return f"leaves[{recipe.place}]"
        if isinstance(recipe, Fixed):
            return self.name(recipe.value) if recipe.value is not None else "None"
        if isinstance(recipe, Ref):
            return repr(recipe)
        if isinstance(recipe, Variable):
            self.names["_variable"] = variable
            cell = "None" if recipe.cell is None else self.build(recipe.cell)
            return f"_variable({cell}, {recipe.req!r}, {recipe.fresh})"
        if isinstance(recipe, Made):
            if recipe.again >= 0:
                return f"made{recipe.again}"
            made = f"made{self.count}"
            self.count += 1
            slots = {
                "_value": repr(recipe.value),
                "_kernels": self.name(recipe.xp),
                "_signature": self.name(recipe.signature),
            }
            for slot, part in recipe.more:
                slots[slot] = self.build(part)
            self.names["_new"] = object.__new__
            self.lines.append(f"{made} = _new({self.name(recipe.cls)})")
            node = "None" if recipe.node is None else self.build(recipe.node)
            slots["_node"] = node if recipe.node.__class__ in (NoneType, Variable) else f"{node}._node"
            self.lines += [f"{made}.{slot} = {text}" for slot, text in slots.items()]
            if recipe.view is not None:
                base, step = recipe.view
                self.names["_share"] = share
                self.lines.append(f"_share({made}, {self.build(base)}, {self.name(step.value)})")
            return made
        assert type(recipe) is tuple
        return f"({', '.join(map(self.build, recipe))},)" if recipe else "()"

    def tree(self, structure: Any, leaves: list[str]) -> str:
        """The expression for a pytree with these leaves."""
        for cls, text in ((tuple, "({}{})"), (list, "[{}{}]")):
            if structure == flatten(cls(map(float, range(len(leaves)))))[1]:
                return text.format(", ".join(leaves), "," if len(leaves) == 1 else "")
        self.names["_unflatten"] = unflatten
        return f"_unflatten({self.name(structure)}, [{', '.join(leaves)}])"


def own_copy(value: Any) -> Any:
    """A raw value that nobody else holds: NumPy's arrays can be written to, all others cannot."""
    return np.array(value) if type(value) is np.ndarray else value


def variable(cell: Any, req: str, fresh: bool) -> Leaf:
    """The node of a new variable."""
    leaf = Leaf(cell, req)
    leaf.fresh = fresh
    return leaf


def _word(name: str) -> str:
    return name if name.isidentifier() else "kernel"


@dataclass(slots=True)
class Runner:
    """A program ready to run: `run(handles, leaves, drawn)` gives its results, or raises `Missed`."""

    run: Callable[..., Any]
    source: str


def write(root: Segment, specs: Mapping[int, Spec]) -> Runner:
    """A tree of segments as functions."""
    writer = Writer(specs)
    first = writer.function(root, live_values(root))
    source = "\n".join(writer.functions)
    return Runner(execute(source, writer.names, first), source)


def execute(source: str, names: dict[str, Any], wanted: str) -> Any:
    """Run source in which tracebacks can be followed; what it calls `wanted`."""
    global _written
    _written += 1
    filename = f"<tapegrad program #{_written}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)
    return names[wanted]
