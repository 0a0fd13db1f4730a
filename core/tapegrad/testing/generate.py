"""From an op's own samples to at least twenty: varied in numbers, layout and repetition, over the pool of shapes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..op.kinds import ELEMENTWISE, LOCALLY_CONSTANT
from ..op.record import Op
from ..op.samples import BROADCASTS, SHAPES, Draw

__all__ = ["AT_LEAST", "LAYOUTS", "Sample", "declared", "samples_of"]

AT_LEAST = 20
LAYOUTS = ("plain", "reversed", "transposed", "strided", "repeated")
"""How arrays lie in memory: as they come, with negative strides, by columns, with gaps; or one array for all arguments.
"""


@dataclass(frozen=True)
class Sample:
    """One sample of an op: what it declares, and how that is varied."""

    op: str
    number: int
    draws: tuple[Any, ...]
    keywords: dict[str, Any]
    variation: str = "plain"
    layout: str = "plain"

    @property
    def id(self) -> str:
        """`tanh-3`."""
        return f"{self.op}-{self.number}"

    def __str__(self) -> str:
        how = [word for word in (self.variation, self.layout) if word != "plain"]
        options = [f"{name}={value!r}" for name, value in self.keywords.items()]
        return f"{self.op}({', '.join([*map(repr, self.draws), *options])})" + (f" [{', '.join(how)}]" if how else "")

    def arrays(self, dtype: Any, extra_seed: int = 0) -> list[Any]:
        """The arguments, in that dtype: the same numbers whenever they are drawn."""
        rng = np.random.default_rng([zlib.crc32(self.id.encode()), extra_seed])
        drawn: list[Any] = []
        for x in self.draws:
            if isinstance(x, Draw):
                # float16 has no room for magnitudes: squares of small numbers are already nothing there.
                narrow = np.dtype(dtype) == np.float16 and self.variation in ("tiny", "large")
                x = x.draw(rng, dtype, self.variation if x.bears(self.variation) and not narrow else "plain")
            elif isinstance(x, np.ndarray) and x.dtype.kind in "fc":
                x = x.astype(dtype)
            drawn.append(x)
        if self.layout == "repeated":
            return [drawn[0]] * len(drawn)
        return [lay(x, self.layout) for x in drawn]


def lay(x: Any, layout: str) -> Any:
    """The same numbers in another layout; only what has enough axes or elements changes."""
    if not isinstance(x, np.ndarray) or x.ndim == 0 or layout == "plain":
        return x
    if layout == "reversed":
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "transposed":
        return np.asfortranarray(x)
    spaced = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    spaced[..., ::2] = x
    return spaced[..., ::2]


def declared(op: Op) -> list[Sample]:
    """The samples that stand beside the op."""
    found = []
    for number, sample in enumerate(op.samples):
        with_keywords = len(sample) == 2 and isinstance(sample[0], tuple) and isinstance(sample[1], dict)
        draws, keywords = sample if with_keywords else (sample, {})
        if not isinstance(draws, tuple) or any(isinstance(x, dict) for x in draws):
            raise TypeError(
                f"sample {number} of {op.name} is {sample!r}; a sample is a tuple of arrays, "
                "or a pair of such a tuple and a dict of keywords: ((normal(3),), {...})"
            )
        found.append(Sample(op.name, number, tuple(draws), dict(keywords)))
    return found


def _reshaped(op: Op, sample: Sample) -> Iterator[Sample]:
    """An elementwise sample in the shapes of the pool that are not there yet."""
    if op.kind not in (ELEMENTWISE, LOCALLY_CONSTANT) or not all(
        isinstance(x, Draw) and x.kind != "exactly" and not x.steps for x in sample.draws
    ):
        return
    if op.kind is LOCALLY_CONSTANT and op.keywords:
        return
    if len(sample.draws) == 1:
        for shape in SHAPES:
            yield Sample(op.name, 0, (sample.draws[0].of_shape(*shape),), sample.keywords)
    elif len(sample.draws) == 2:
        for a, b in BROADCASTS:
            yield Sample(op.name, 0, (sample.draws[0].of_shape(*a), sample.draws[1].of_shape(*b)), sample.keywords)


def _variations(op: Op, base: list[Sample]) -> Iterator[Sample]:
    """Every base sample in each variation and layout that changes it, the most telling first."""
    base = sorted(base, key=lambda s: -max((int(np.prod(x.shape)) for x in s.draws if isinstance(x, Draw)), default=0))
    ways = [("zeros", "plain"), ("ties", "plain"), ("tiny", "plain"), ("large", "plain"), ("plain", "reversed")]
    ways += [("plain", "repeated"), ("plain", "strided"), ("plain", "transposed"), ("zeros", "reversed")]
    ways += [("ties", "repeated"), ("tiny", "strided"), ("large", "transposed"), ("ties", "reversed")]
    for round_ in range(2):
        for turn, (variation, layout) in enumerate(ways):
            # Each way with another base in turn, so that all are varied before one is varied twice.
            for sample in base[turn % len(base) :] + base[: turn % len(base)]:
                if _changes(op, sample, variation, layout):
                    yield Sample(op.name, 0, sample.draws, sample.keywords, variation, layout)
                    if round_ == 0:
                        break
    while True:
        # Where nothing more can be varied, other numbers from the same draws are a sample of their own.
        fresh = [sample for sample in base if any(isinstance(x, Draw) and x.kind != "exactly" for x in sample.draws)]
        if not fresh:
            return
        for sample in fresh:
            yield Sample(op.name, 0, sample.draws, sample.keywords, "other numbers")


def _changes(op: Op, sample: Sample, variation: str, layout: str) -> bool:
    draws = [x for x in sample.draws if isinstance(x, Draw)]
    sized = [x for x in draws if np.prod(x.shape) > 0]
    if variation in ("zeros", "ties") and op.accuracy.startswith("I4"):
        return False  # degenerate matrices, of which decompositions have no derivative
    if variation != "plain" and not any(x.bears(variation) for x in sized):
        return False
    if layout == "repeated":
        alike = {(x.kind, x.shape, x.low, x.high, x.steps) for x in draws}
        return len(sample.draws) > 1 and len(draws) == len(sample.draws) and len(alike) == 1 and not op.constant
    return layout == "plain" or any(_lies_otherwise(x.shape, layout) for x in sized)


def _lies_otherwise(shape: tuple[int, ...], layout: str) -> bool:
    """Whether an array of that shape lies differently in that layout: along axes of length 1 there is no order."""
    if layout == "transposed":
        return sum(length > 1 for length in shape) > 1
    return bool(shape) and shape[0 if layout == "reversed" else -1] > 1


def samples_of(op: Op, at_least: int = AT_LEAST) -> list[Sample]:
    """The op's own samples, and as many generated ones as make `at_least`, six at the least; all distinct, numbered."""
    base = declared(op)
    found = list(base)
    if not base:
        return []
    seen = {_key(sample) for sample in found}
    wanted = max(at_least, len(base) + 6)
    for sample in _reshaped(op, base[0]):
        if _key(sample) not in seen:
            seen.add(_key(sample))
            found.append(sample)
    varied = _variations(op, base)
    wanted = max(wanted, len(found) + 6)
    while len(found) < wanted:
        further = next(varied, None)
        if further is None:
            break
        if further.variation == "other numbers" or _key(further) not in seen:
            seen.add(_key(further))
            found.append(further)
    return [Sample(op.name, number, s.draws, s.keywords, s.variation, s.layout) for number, s in enumerate(found)]


def _key(sample: Sample) -> str:
    return repr((sample.draws, sample.keywords, sample.variation, sample.layout))
