"""The intermediate form: straight-line calls of kernels, joined into a tree by what the host reads.

A `Segment` is a list of `Step`s that ends in a `Branch`, where the host looks at a value and goes on with the segment
of what it sees, or in an `End`, which says what the call returns and which handles it rebinds. Values are numbered, as
`Ref`s; each is given by one step, or comes in with the call. Whatever else stands among a step's arguments is a
constant. Every step on the way from the root to a segment has run when that segment begins, so it may refer to all of
their values.

Passes (`passes/`) take a tree to a tree that gives the same; `source.py` writes it as Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from ..engines.registry import backend_of

__all__ = ["Block", "Branch", "Effect", "End", "Ref", "Segment", "Spec", "Step"]


class Ref(NamedTuple):
    """A value of the program, by its number."""

    number: int

    def __repr__(self) -> str:
        return f"v{self.number}"


class Spec(NamedTuple):
    """What is known of a value before it is there: its class, dtype and shape; host numbers have neither of the two."""

    cls: type
    dtype: Any
    shape: tuple[int, ...] | None

    def __str__(self) -> str:
        if self.shape is None:
            return self.cls.__name__
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape or ():
            size *= length
        return size


@dataclass(slots=True, eq=False)
class Step:
    """One call of a kernel.

    `pure`: it may be left out where nobody asks for its result, and run once for two that ask the same; what is not
    draws random numbers, and is given the list of those of the call before its operands. `fresh`: its
    result shares memory with no operand. `looks`: it looks at values, and gives the call up where they are not as they
    were seen, so it stays. `owned`: its result is handed out to be written to, so nobody shares it.
    `pointwise`: it acts on each element by itself, with broadcasting. `engine`: whose kernel it is, if any's.
    """

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    keywords: dict[str, Any]
    results: tuple[Ref, ...]
    several: bool = False
    pure: bool = True
    fresh: bool = False
    looks: bool = False
    owned: bool = False
    pointwise: bool = False
    line: str = ""
    engine: Any = None
    _operands: tuple[Ref, ...] | None = field(default=None, init=False, repr=False)

    def operands(self) -> tuple[Ref, ...]:
        """The values that it reads, as often as it names them."""
        if self._operands is None:
            self._operands = (*refs_in(self.args), *refs_in(self.keywords))
        return self._operands

    def over(self, rename: Callable[[Ref], Any]) -> Step:
        """The step with other operands."""
        keywords = {name: substituted(value, rename) for name, value in self.keywords.items()}
        args, results = substituted(self.args, rename), self.results
        kind = self.several, self.pure, self.fresh, self.looks, self.owned, self.pointwise
        return Step(self.name, self.function, args, keywords, results, *kind, self.line, self.engine)

    def __str__(self) -> str:
        given = [_shown(a) for a in self.args] + [f"{n}={_shown(v)}" for n, v in self.keywords.items() if v is not None]
        return f"{', '.join(map(repr, self.results))} = {self.name}({', '.join(given)})"


class Branch(NamedTuple):
    """The host looks at a value: at its "truth", at its "shape", or at the "value", with which it may do anything."""

    value: Ref
    at: str
    line: str


class Effect(NamedTuple):
    """What becomes of a handle from outside: its new value (None: none), and what else changes about it, by slot."""

    handle: int
    value: Ref | None
    changes: tuple[tuple[str, Any], ...]


class Write(NamedTuple):
    """What a place of Python's state holds afterwards, or a list in addition: recipes for the leaves of a pytree."""

    place: Any
    leaves: tuple[Any, ...]
    structure: Any


class End(NamedTuple):
    """The end of a call. `results` are recipes for the leaves of what it returns (see `leaving.py`)."""

    effects: tuple[Effect, ...]
    results: tuple[Any, ...]
    structure: Any
    writes: tuple[Write, ...] = ()

    def refs(self) -> Iterator[Ref]:
        """The values that leave the program."""
        yield from refs_in([effect.value for effect in self.effects])
        yield from refs_in([part for effect in self.effects for _, part in effect.changes])
        yield from refs_in(self.results)
        yield from refs_in([write.leaves for write in self.writes])


@dataclass(slots=True, eq=False)
class Segment:
    """Steps, and where they lead."""

    steps: list[Step] = field(default_factory=list)
    exit: Branch | End | None = None
    children: dict[Any, Segment] = field(default_factory=dict)

    def walk(self) -> Iterator[Segment]:
        """This segment and all after it."""
        ahead = [self]
        while ahead:
            segment = ahead.pop()
            yield segment
            ahead.extend(segment.children.values())

    @property
    def ends(self) -> int:
        """How many ways through it there are."""
        return sum(isinstance(segment.exit, End) for segment in self.walk())

    def exit_refs(self) -> tuple[Ref, ...]:
        """The values that the exit looks at, or hands out."""
        if isinstance(self.exit, Branch):
            return (self.exit.value,)
        return () if self.exit is None else tuple(self.exit.refs())


class Block(NamedTuple):
    """A stretch of a program that is one engine's, as `Backend.compile` gets it.

    `steps` are calls of its kernels, in order. Of their results those in `needed` are wanted afterwards. Those in
    `lasting` outlive the segment, and may outlive the call: nothing may be written to them later. `often`: the program
    has run so often that it is worth the time of a compiler. `looked`: truth values that the host looks at and nothing
    else reads, for which Python's own will do.
    """

    steps: tuple[Step, ...]
    needed: frozenset[Ref]
    lasting: frozenset[Ref]
    specs: Mapping[int, Spec]
    often: bool = False
    looked: frozenset[Ref] = frozenset()

    def inputs(self) -> list[Ref]:
        """The values from before that the steps read."""
        made = {r for step in self.steps for r in step.results}
        return [r for r in dict.fromkeys([r for step in self.steps for r in step.operands()]) if r not in made]

    def outputs(self) -> list[Ref]:
        """The results that are wanted afterwards."""
        return [r for step in self.steps for r in step.results if r in self.needed]


def mapped(root: Segment, rewrite: Callable[[Segment], Segment]) -> Segment:
    """The tree with each segment rewritten, those before it first."""
    made = rewrite(root)
    made.children = {outcome: mapped(child, rewrite) for outcome, child in root.children.items()}
    return made


def live_values(root: Segment) -> dict[Segment, list[Ref]]:
    """The values that each segment takes over from those before it, in the order of their numbers."""
    live: dict[Segment, list[Ref]] = {}
    for segment in reversed(list(root.walk())):
        needed = {r for child in segment.children.values() for r in live[child]}
        needed.update(segment.exit_refs())
        for step in reversed(segment.steps):
            needed.difference_update(step.results)
            needed.update(step.operands())
        live[segment] = sorted(needed)
    return live


def refs_in(parts: Any) -> Iterator[Ref]:
    """The values named in nested lists, tuples and dictionaries."""
    if parts.__class__ is Ref:
        yield parts
    elif isinstance(parts, (list, tuple)):
        for part in parts:
            if part.__class__ is Ref:
                yield part
            elif isinstance(part, (list, tuple, dict)):
                yield from refs_in(part)
    elif isinstance(parts, dict):
        yield from refs_in(list(parts.values()))


def substituted(parts: Any, rename: Callable[[Any], Any], kind: type = Ref) -> Any:
    """Nested lists, tuples and dictionaries with each value, or what is of another kind, put through `rename`."""
    if parts.__class__ is kind:
        return rename(parts)
    if isinstance(parts, tuple) and hasattr(parts, "_fields"):
        return parts.__class__(*[substituted(part, rename, kind) for part in parts])
    if parts.__class__ is tuple or parts.__class__ is list:
        return parts.__class__([substituted(part, rename, kind) for part in parts])
    if parts.__class__ is dict:
        return {name: substituted(part, rename, kind) for name, part in parts.items()}
    return parts


def on_host(raw: Any) -> np.ndarray[Any, Any] | None:
    """The numbers of a constant; None where a lazy engine would have to compute them."""
    if isinstance(raw, (np.ndarray, np.generic, int, float, complex)):
        return np.asarray(raw)
    backend = backend_of(raw)
    return None if backend.lazy else np.asarray(backend.to_numpy(raw))


def fingerprint(value: Any) -> Any:
    """What is equal for two constants exactly where no kernel could tell them apart."""
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        return (value.__class__, array.dtype.str, array.shape, array.tobytes())
    if value.__class__ is Ref:
        return value
    if isinstance(value, (list, tuple)):
        return (value.__class__, *map(fingerprint, value))
    if value.__class__ is dict:
        return (dict, *[(name, fingerprint(part)) for name, part in value.items()])
    if value.__class__ is slice:
        return (slice, value.start, value.stop, value.step)
    if value.__class__ in (float, complex):
        return (value.__class__, repr(value))
    if not isinstance(value, type) and getattr(value, "__array__", None) is not None and hasattr(value, "dtype"):
        host = on_host(value)
        if host is not None:
            return (value.__class__, str(value.dtype), fingerprint(host))
    if isinstance(value, FunctionType):
        return value.__code__
    try:
        hash(value)
    except TypeError:
        return (value.__class__, id(value))
    return (value.__class__, value)


def unchanged(value: Any) -> Any:
    """What a constant is made by."""
    return value


def differ(x: Step, y: Step) -> bool:
    """Whether two steps do something else; what they call their results does not count."""
    return (
        x.name != y.name
        or len(x.results) != len(y.results)
        or fingerprint(x.args) != fingerprint(y.args)
        or fingerprint(x.keywords) != fingerprint(y.keywords)
    )


def _shown(part: Any) -> str:
    if isinstance(part, (np.ndarray, np.generic)) or (hasattr(part, "shape") and hasattr(part, "dtype")):
        return (
            repr(part.item())
            if hasattr(part, "item") and prod(part.shape) == 1
            else f"<{part.dtype}{list(part.shape)}>"
        )
    if part.__class__ in (list, tuple):
        inside = ", ".join(map(_shown, part))
        return f"[{inside}]" if part.__class__ is list else f"({inside}{',' * (len(part) == 1)})"
    if callable(part) and not isinstance(part, type):
        return getattr(part, "__name__", type(part).__name__)
    return repr(part)
