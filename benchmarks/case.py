"""A case: one workload at one size, written once per peer, with the ratios it is meant to reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from benchmarks.peers import PEERS

Step = Callable[[], tuple[Any, ...]]
"""One run of a workload, forward and backward; returns the arrays that every peer must agree on."""

Form = Callable[[Any], Step]
"""A workload in one peer's own words: takes the problem (NumPy arrays), returns the step to be run."""


@dataclass(frozen=True)
class Goal:
    """A ratio between two peers (or a plain figure of one, when `under` is None) and the bound it should keep.

    `first` is the milestone of the first release, `final` the goal beyond it; a `factor` of at most is a ceiling
    ("no more than 1.7 times hand"), otherwise a floor ("at least 3.5 times faster than torch").
    """

    over: str
    under: str | None
    at_most: bool
    first: float | None = None
    final: float | None = None

    @property
    def title(self) -> str:
        """The ratio's name, as the tables print it."""
        return self.over if self.under is None else f"{self.over}/{self.under}"

    def met(self, value: float, bound: float | None) -> bool | None:
        """Whether `value` keeps `bound`; None where there is no bound."""
        if bound is None:
            return None
        return value <= bound if self.at_most else value >= bound


def beside_hand(first: float | None = None, final: float | None = None) -> Goal:
    """Tapegrad's time over that of hand-written NumPy: a ceiling."""
    return Goal("tapegrad", "hand", True, first, final)


def faster_than(peer: str, first: float | None = None, final: float | None = None) -> Goal:
    """A peer's time over tapegrad's: a floor."""
    return Goal(peer, "tapegrad", False, first, final)


def compiled_beside_hand(final: float | None = None) -> Goal:
    """A compiled program's time over that of hand-written NumPy: a ceiling."""
    return Goal("compiled", "hand", True, final=final)


def as_compiled(form: Form) -> Form:
    """Tapegrad's form of a workload, compiled."""

    def compiled(problem: Any) -> Step:
        import tapegrad

        return tapegrad.compile(form(problem))

    return compiled


def compiled_faster_than(peer: str, final: float | None = None) -> Goal:
    """A peer's time over that of a compiled program: a floor."""
    return Goal(peer, "compiled", False, final=final)


def descent_by_jax(objective: Callable[[Any], Any], parameters: Any, rate: float) -> Step:
    """One `jax.jit` of a value, its gradients and a step against them; the parameters are donated."""
    import jax

    @partial(jax.jit, donate_argnums=0)
    def update(parameters: Any) -> tuple[Any, Any]:
        value, gradients = jax.value_and_grad(objective)(parameters)
        return value, jax.tree.map(lambda p, g: p - rate * g, parameters, gradients)

    held = [jax.tree.map(jax.numpy.array, parameters)]

    def step() -> tuple[Any, ...]:
        value, held[0] = jax.block_until_ready(update(held[0]))
        return value, *jax.tree.leaves(held[0])

    return step


LIMITS_BESIDE = "708adec"
"""The commit beside which a case's `limit` counts."""


@dataclass(frozen=True)
class Case:
    """One workload at one size.

    `per` is the number of operations in a step, so that times read per operation. Peers are compared within `rtol` on
    ``magnified(problem())``: a training step takes a huge learning rate there, lest a wrong gradient hide behind the
    parameters it is subtracted from. `limit` is a ceiling of tapegrad's time over its time at `LIMITS_BESIDE`.
    """

    workload: str
    label: str
    what: str
    problem: Callable[[], Any]
    forms: Mapping[str, Form]
    goals: tuple[Goal, ...] = ()
    per: int = 1
    rtol: float = 1e-9
    magnified: Callable[[Any], Any] = lambda problem: problem
    limit: float | None = None

    @property
    def name(self) -> str:
        """The case's name in tables and in test ids."""
        return f"{self.workload} {self.label}".strip()


def results(peer: str, step: Step) -> list[np.ndarray]:
    """Run `step` once and read what it returns as NumPy arrays (copies: a step may reuse its buffers)."""
    return [np.array(PEERS[peer].to_numpy(array)) for array in step()]


def disagreements(reference: Iterable[np.ndarray], other: Iterable[np.ndarray], rtol: float) -> list[str]:
    """What differs between two peers' results, one line per array; empty when they agree.

    Differences count relative to the largest entry of each array: entries that cancel to nearly zero carry no
    more digits than their neighbours.
    """
    found = []
    for position, (expected, actual) in enumerate(zip(reference, other, strict=True)):
        actual = actual.reshape(expected.shape) if actual.size == expected.size == 1 else actual
        if expected.shape != actual.shape:
            found.append(f"result {position}: shape {actual.shape}, expected {expected.shape}")
            continue
        scale = float(np.max(np.abs(expected), initial=0.0))
        difference = float(np.max(np.abs(expected - 1.0 * actual), initial=0.0))  # 1.0: booleans too
        if not difference <= rtol * scale:
            found.append(f"result {position}: off by {difference:.3g} where entries reach {scale:.3g}")
    return found
