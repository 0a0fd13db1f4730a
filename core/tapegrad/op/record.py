"""What an op is: its body, its derivative, how it batches, and the samples that judge it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .kinds import Kind


@dataclass(frozen=True, slots=True)
class Formula:
    """A derivative formula, and the names it asks for. A plain number stands for a constant partial."""

    fn: Callable[..., Any] | None
    names: tuple[str, ...] = ()
    defaults: frozenset[str] = frozenset()
    constant: float | None = None

    @property
    def text(self) -> str:
        """The formula as an expression, if it was given as one; it then is part of a node's code as it stands."""
        return getattr(self.fn, "text", "")


@dataclass(slots=True, eq=False)
class Op:
    """One operation: its body, its derivative, how it batches, and the samples that judge it."""

    name: str
    kind: Kind
    body: Callable[..., Any]
    inputs: tuple[str, ...]
    variadic: str | None
    optional: frozenset[str]
    keywords: Mapping[str, Any]
    formulas: Mapping[str, Formula]
    constant: frozenset[str]
    outs: tuple[str, ...] | bool
    promotes: tuple[str, ...]
    alike: tuple[str, ...]
    floats: bool
    real: bool
    dynamic: bool
    primitive: bool
    path: tuple[str, ...]
    plain: frozenset[str]
    numpy: tuple[str, ...]
    batch: Callable[..., Any] | None
    jvp: Formula | None
    recorded: Callable[..., Any] | None
    same: str
    accuracy: str
    samples: Sequence[Any]
    errors: Sequence[Any]
    module: str
    call: Callable[..., Any] = field(init=False)
    """The public function, over arrays."""
    batched: Callable[..., Any] = field(init=False)
    """The op over values of which some are batched."""
    recorder: Callable[[int], Callable[..., Any]] = field(init=False)
    """What makes a node of the op, by the number of its variant."""

    def __repr__(self) -> str:
        return f"<{self.kind} op {self.name}>"

    @property
    def arrays(self) -> tuple[str, ...]:
        """The names of all array inputs, the variadic one last."""
        return self.inputs + ((self.variadic,) if self.variadic else ())
