"""A program as Python source: a function for each segment, straight-line, with every name resolved."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays.trees import unflatten
from ..tape.nodes import Leaf
from .leaving import Argument, Fixed, Given, Made, Raw, Variable
from .program import Branch, End, Ref, Segment, Step, fingerprint, live_values, refs_in

_written = 0


@dataclass(slots=True)
class Runner:
    """A segment ready to run: `run(handles, leaves, drawn, *live)` gives an outcome and the values that live on."""

    segment: Segment
    run: Callable[..., Any]
    ends: bool
    children: dict[Any, Runner]
    source: str


class Writer:
    """Writes the function of one segment. `names` are its globals."""

    def __init__(self, segment: Segment, taken: list[Ref], passed: list[Ref]) -> None:
        self.segment = segment
        self.taken = taken
        self.passed = passed
        self.names: dict[str, Any] = {"_fingerprint": fingerprint}
        self.known: dict[int, str] = {}
        self.lines: list[str] = []

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
        given = [self.text(a) for a in step.args] + [f"{n}={self.text(v)}" for n, v in step.keywords.items()]
        return f"{self.name(step.function, 'f_' + _word(step.name) + '_')}({', '.join(given)})"

    def step(self, step: Step) -> None:
        """The lines of a step."""
        results = ", ".join(map(repr, step.results))
        if step.name == "load":
            kind, number = step.args[0]
            self.lines.append(f"{results} = handles[{number}]._value" if kind == "handle" else f"{results} = leaves[{number}]")
        elif step.name == "constant":
            self.lines.append(f"{results} = {self.name(step.args[0])}")
        elif step.name == "draw":
            self.lines += [f"pair = {self.call(step)}", "drawn.append(pair)", f"{results} = pair[0]"]
        else:
            self.lines.append(f"{results}{',' * (step.several and len(step.results) == 1)} = {self.call(step)}")

    def end(self, end: End) -> None:
        """The lines that make the results and rebind handles. Nothing in them can fail."""
        raws: set[Ref] = {r for effect in end.effects for r in refs_in([effect.value])}
        raws |= {recipe.value for recipe in end.results if isinstance(recipe, Made)}
        owned = {r for step in self.segment.steps if step.owned for r in step.results}
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
        if end.structure is None:
            self.lines.append(f"return None, {results[0]}")
        else:
            self.names["_unflatten"] = unflatten
            self.lines.append(f"return None, _unflatten({self.name(end.structure)}, [{', '.join(results)}])")

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
            self.names["_Leaf"] = Leaf
            return f"_Leaf({'None' if recipe.cell is None else self.build(recipe.cell)}, {recipe.req!r})"
        if isinstance(recipe, Made):
            if recipe.again >= 0:
                return f"made{recipe.again}"
            made = f"made{self.count}"
            self.count += 1
            slots = {
                "_value": repr(recipe.value),
                "_node": "None",
                "_xp": self.name(recipe.xp),
                "_signature": self.name(recipe.signature),
            }
            for slot, part in recipe.more:
                slots[slot] = self.build(part)
            self.names["_new"] = object.__new__
            self.lines.append(f"{made} = _new({self.name(recipe.cls)})")
            self.lines += [f"{made}.{slot} = {text}" for slot, text in slots.items()]
            return made
        assert type(recipe) is tuple
        return f"({', '.join(map(self.build, recipe))},)" if recipe else "()"

    def source(self, specs: Any) -> str:
        """The function's source."""
        last: dict[Ref, int] = {}
        for i, step in enumerate(self.segment.steps):
            for r in step.operands():
                last[r] = i
        leaving = {*self.passed, *self.segment.exit_refs()}
        for i, step in enumerate(self.segment.steps):
            self.step(step)
            spent = [r for r in dict.fromkeys([*step.operands(), *step.results]) if last.get(r, i) == i and r not in leaving]
            spent = [r for r in spent if specs[r.number].size > 4096]
            if spent:
                self.lines.append(f"{' = '.join(map(repr, spent))} = None")
        exit_ = self.segment.exit
        if isinstance(exit_, End):
            self.end(exit_)
        elif isinstance(exit_, Branch):
            value = repr(exit_.value)
            seen = {"value": f"_fingerprint({value})", "shape": f"{value}.shape", "truth": f"bool({value})"}[exit_.at]
            passed = "".join(f"{r!r}, " for r in self.passed)
            self.lines.append(f"return {seen}, ({passed})")
        taken = "".join(f", {r!r}" for r in self.taken)
        body = "\n".join("    " + line for line in self.lines)
        return f"def segment(handles, leaves, drawn{taken}):\n{body}\n"


def own_copy(value: Any) -> Any:
    """A raw value that nobody else holds: NumPy's arrays can be written to, all others cannot."""
    return np.array(value) if type(value) is np.ndarray else value


def _word(name: str) -> str:
    return name if name.isidentifier() else "kernel"


def write(root: Segment, specs: Any) -> Runner:
    """The runners of a tree of segments."""
    live = live_values(root)
    runners: dict[Segment, Runner] = {}
    for segment in reversed(list(root.walk())):
        passed = sorted({r for child in segment.children.values() for r in live[child]})
        writer = Writer(segment, live[segment], passed)
        source = writer.source(specs)
        runners[segment] = Runner(segment, _execute(source, writer.names), isinstance(segment.exit, End), {}, source)
        for outcome, child in segment.children.items():
            # The child takes what it needs of all that is passed on.
            runner = runners[child]
            places = tuple([passed.index(r) for r in live[child]])
            runners[segment].children[outcome] = (runner, places)  # type: ignore[assignment]
    return runners[root]


def _execute(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    global _written
    _written += 1
    filename = f"<tapegrad program #{_written}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)
    return names["segment"]  # type: ignore[no-any-return]
