"""Inputs beside the ops, said briefly and drawn only when they are used.

A sample of an op is a tuple of draws, one per array input, or `(draws, keywords)`. Where a draw stands, an array, a
Python scalar or None may stand too, and is taken as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

VARIATIONS = ("plain", "tiny", "large", "ties", "zeros")
"""How a draw may be varied where its kind bears it: scaled down and up, rounded so that elements tie, some elements
zero.
"""


# Not frozen, which would make each of the two thousand that an import makes three times as dear.
@dataclass(slots=True, eq=False)
class Draw:
    """An array still to be drawn: of a shape, from a distribution, through further steps."""

    kind: str
    shape: tuple[int, ...]
    steps: tuple[Callable[[Any], Any], ...] = field(default=())
    low: float = 0.0
    high: float = 1.0
    values: Any = None

    def draw(self, rng: np.random.Generator, dtype: Any = np.float64, variation: str = "plain") -> Any:
        """The numbers, of that dtype where they are real or complex, in one of the `VARIATIONS` that the kind bears."""
        dtype = np.dtype(dtype)
        x = self._base(rng, dtype, variation)
        if x.dtype.kind in "fc":
            x = x.astype(dtype if dtype.kind == "c" or x.dtype.kind == "f" else np.result_type(dtype, np.complex64))
        for step in self.steps:
            x = step(x)
        x = np.asarray(x)
        return x.astype(dtype) if x.dtype.kind == "f" and dtype.kind == "f" else x

    def _base(self, rng: np.random.Generator, dtype: np.dtype[Any], variation: str) -> Any:
        if self.kind == "exactly":
            return np.asarray(self.values)
        if self.kind == "integers":
            return rng.integers(int(self.low), int(self.high), self.shape)
        if self.kind == "booleans":
            return rng.random(self.shape) < 0.5
        if self.kind == "distinct":
            size = int(np.prod(self.shape))
            spaced = np.arange(size) - (size - 1) / 2 + rng.uniform(-0.25, 0.25, size)
            return rng.permutation(spaced).reshape(self.shape)
        if self.kind == "uniform":
            x = np.asarray(rng.uniform(self.low, self.high, self.shape))
            if dtype.kind == "c":
                # Off the real line, where a function of complex numbers is more than one of real ones.
                x = x + 0.5j * rng.uniform(-1.0, 1.0, self.shape)
            if variation == "tiny" and self.low <= 0 <= self.high:
                x = np.asarray(x * 1e-3)
            return x
        x = np.asarray(rng.standard_normal(self.shape))
        if dtype.kind == "c":
            x = x + 1j * rng.standard_normal(self.shape)
        if self.kind == "positive":
            sizes = np.abs(x) + 0.5
            # Complex ones have a positive real part, which keeps them off the cuts of logarithms and roots.
            x = sizes + 0.5j * x.imag if dtype.kind == "c" else sizes
            return np.round(x * 2) / 2 if variation == "ties" else x * {"tiny": 1e-3, "large": 1e2}.get(variation, 1)
        if variation == "ties":
            return np.round(x)
        if variation == "zeros":
            return np.where(rng.random(self.shape) < 0.4, 0, x)
        return np.asarray(x * {"tiny": 1e-4, "large": 30.0}.get(variation, 1))

    def bears(self, variation: str) -> bool:
        """Whether the variation changes this draw and leaves its numbers within its kind."""
        if variation == "plain":
            return True
        if self.kind == "normal":
            return True
        if self.kind == "positive":
            return variation in ("tiny", "large", "ties")
        return self.kind == "uniform" and variation == "tiny" and self.low <= 0 <= self.high

    def then(self, step: Callable[[Any], Any]) -> Draw:
        """The same with a further step applied to the numbers."""
        return replace(self, steps=(*self.steps, step))

    def of_shape(self, *shape: int) -> Draw:
        """The same distribution in another shape."""
        # Not by `replace`, whose bookkeeping two thousand samples would pay for at every import.
        return Draw(self.kind, shape, self.steps, self.low, self.high, self.values)

    def __gt__(self, other: float) -> Draw:
        return self.then(lambda x: x.real > other)

    def __repr__(self) -> str:
        return f"{self.kind}{self.shape if self.kind != 'exactly' else np.asarray(self.values).tolist()}"


def normal(*shape: int) -> Draw:
    """Standard normal numbers of that shape; complex where the dtype is."""
    return Draw("normal", shape)


def positive(*shape: int) -> Draw:
    """Numbers of at least a half, of that shape; where the dtype is complex, that is their real part."""
    return Draw("positive", shape)


def uniform(*shape: int, low: float = -1.0, high: float = 1.0) -> Draw:
    """Numbers between `low` and `high`, for ops that are only defined there; of complex ones that is the real part."""
    return Draw("uniform", shape, low=low, high=high)


def distinct(*shape: int) -> Draw:
    """Real numbers about 1 apart, in random order: no ties and no near ties, for maxima and sorts."""
    return Draw("distinct", shape)


def integers(*shape: int, low: int = 0, high: int) -> Draw:
    """int64 numbers from `low` up to, not including, `high`: indices, classes, counts."""
    return Draw("integers", shape, low=low, high=high)


def booleans(*shape: int) -> Draw:
    """True or False, evenly."""
    return Draw("booleans", shape)


def exactly(values: Any) -> Draw:
    """These values: floats become the dtype that is being judged, integers and booleans stay what they are."""
    return Draw("exactly", np.asarray(values).shape, values=values)


def symmetric(n: int, *, definite: bool = True) -> Draw:
    """A symmetric (Hermitian) n × n matrix; `definite`: with eigenvalues of at least a half."""

    def mirror(x: Any) -> Any:
        turned = np.conj(x.T)
        return x @ turned / n + np.eye(n) / 2 if definite else (x + turned) / 2

    return Draw("normal", (n, n), (mirror,))


SHAPES = ((3, 4), (), (1,), (5,), (1, 4), (3, 1), (2, 3, 4), (0,), (3, 0))
"""The small pool of shapes that ops of one array are tried on; each new shape costs an eager JAX some 40 ms."""

BROADCASTS = (
    ((3, 4), (3, 4)),
    ((3, 1), (4,)),
    ((), (3, 4)),
    ((3, 4), ()),
    ((1,), (5,)),
    ((2, 1, 4), (3, 1)),
    ((1, 1), (3, 4)),
    ((), ()),
    ((0,), (1,)),
    ((3, 0), (1, 1)),
)
"""Pairs of shapes that broadcast, of every sort."""


def alone(draw: Draw) -> list[tuple[Draw]]:
    """Samples of an op of one array: the draw in every shape of the pool."""
    return [(draw.of_shape(*shape),) for shape in SHAPES]


def together(first: Draw, second: Draw) -> list[tuple[Draw, Draw]]:
    """Samples of an op of two arrays that broadcast: the draws in every pair of shapes."""
    return [(first.of_shape(*a), second.of_shape(*b)) for a, b in BROADCASTS]
