"""Inputs beside the ops, said briefly and drawn only when they are used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Draw", "normal", "positive"]


@dataclass(frozen=True, eq=False)
class Draw:
    """An array still to be drawn: of a shape, from a distribution, through further steps."""

    kind: str
    shape: tuple[int, ...]
    steps: tuple[Any, ...] = field(default=())

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
        """The numbers, of that dtype where they are real or complex."""
        x = rng.standard_normal(self.shape)
        if np.issubdtype(dtype, np.complexfloating):
            x = x + 1j * rng.standard_normal(self.shape)
        if self.kind == "positive":
            x = np.abs(x) + 0.5
        x = np.asarray(x, dtype=dtype)
        for step in self.steps:
            x = step(x)
        return x

    def then(self, step: Any) -> Draw:
        """The same with a further step applied to the numbers."""
        return Draw(self.kind, self.shape, (*self.steps, step))

    def __gt__(self, other: float) -> Draw:
        return self.then(lambda x: x.real > other)


def normal(*shape: int) -> Draw:
    """Standard normal numbers of that shape."""
    return Draw("normal", shape)


def positive(*shape: int) -> Draw:
    """Positive numbers, at least a half, of that shape."""
    return Draw("positive", shape)
