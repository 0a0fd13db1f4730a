"""Random draws, and the programs that run twice: what was drawn the first time is drawn again.

Every random function of every face goes through `drawn`, so that there is one place where a stretch of a program that
is computed again (`checkpoint`) finds the numbers it had, and one where a draw that cannot be right is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from ..arrays.array import Array, SomeArray, handle
from ..arrays.batched import Batched, level_table
from ..errors import ArgumentError, ArgumentTypeError, RandomnessError

Drawn = tuple[np.ndarray[Any, Any], tuple[int, ...]]
"""Numbers of the host, and the levels of the vmaps that they have an axis for."""


class Draws:
    """What was drawn within a `with` block, to be drawn again in the same order when the block is entered again."""

    __slots__ = ("outer", "place", "taken", "tokens")

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.place = 0
        self.outer: Draws | None = None
        self.tokens: list[Token[Draws | None]] = []

    def __enter__(self) -> None:
        self.place = 0
        self.outer = _DRAWS.get()
        self.tokens.append(_DRAWS.set(self))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _DRAWS.reset(self.tokens.pop())

    def take(self, draw: Callable[..., Any], parameters: dict[str, Any]) -> Drawn:
        """The next numbers: those of the first time, or else new ones, which an enclosing block takes note of too."""
        if self.place == len(self.taken):
            self.taken.append(
                draw_in(BATCHES.get(), draw, parameters) if self.outer is None else self.outer.take(draw, parameters)
            )
        found: Drawn = self.taken[self.place]
        self.place += 1
        return found

    def enter(self, numbers: np.ndarray[Any, Any], made: Array, make: Callable[..., Array]) -> None:
        """Learn which array was made of the numbers, and how; of interest to an enclosing block only."""
        if self.outer is not None:
            self.outer.enter(numbers, made, make)


_DRAWS: ContextVar[Draws | None] = ContextVar("tapegrad_draws", default=None)


class Batch(NamedTuple):
    """An enclosing vmap, as a draw sees it: its level, how many elements it has, and whether each draws its own."""

    level: int
    size: int
    randomness: str


BATCHES: ContextVar[tuple[Batch, ...]] = ContextVar("tapegrad_batches", default=())
RANDOMNESS = ("error", "same", "different")


def drawn(draw: Callable[..., Any], make: Callable[[np.ndarray[Any, Any]], SomeArray], **parameters: Any) -> SomeArray:
    """What `draw(**parameters)` gives on the host, made an array, or what it gave when this stretch ran first.

    Parameters that are arrays reach `draw` as NumPy's. Under a vmap with randomness="different" there is a draw for
    each element, in the order in which a loop would come to them. Raises `RandomnessError` under a vmap that does not
    say what a draw means.

    >>> import tapegrad.numpy as tnp
    >>> numbers = iter([3, 1, 4])
    >>> draws = Draws()
    >>> with draws:
    ...     first = drawn(lambda: next(numbers), tnp.asarray)
    >>> with draws:
    ...     drawn(lambda: next(numbers), tnp.asarray).item() == first.item()
    True
    """

    draws = _DRAWS.get()
    if draws is None:
        numbers, levels = draw_in(BATCHES.get(), draw, parameters)
        array = make(numbers)
    else:
        numbers, levels = draws.take(draw, parameters)
        array = make(numbers)
        draws.enter(numbers, array, make)
    for level in levels:
        array = handle(
            array.__class__,
            Batched(array._value, None, array._kernels, level),
            None,
            level_table(array._kernels, level),
        )
    return array


def draw_in(batches: tuple[Batch, ...], draw: Callable[..., Any], parameters: dict[str, Any]) -> Drawn:
    """New numbers, and the levels of the vmaps whose elements draw their own: an axis in front for each, in order."""
    if any(batch.randomness == "error" for batch in batches):
        raise RandomnessError(
            "a random draw under vmap: say vmap(..., randomness='different') for a draw of its own for each element, "
            "randomness='same' for one that all share; or draw before vmap and pass the numbers in"
        )
    own = [batch for batch in batches if batch.randomness == "different"]
    arguments = {name: _host(p) if isinstance(p, Array) else (p, None) for name, p in parameters.items()}
    for name, (_, levels) in arguments.items():
        if set(levels or ()) - {batch.level for batch in own}:
            raise RandomnessError(
                f"a random draw that all elements of a vmap share (randomness='same'), but its parameter {name!r} "
                "differs from one to the next; say randomness='different'"
            )

    def at(place: dict[int, int]) -> np.ndarray[Any, Any]:
        chosen = {
            name: p if levels is None else np.asarray(p[tuple(place[level] for level in levels)])
            for name, (p, levels) in arguments.items()
        }
        return np.asarray(draw(**chosen))

    if not own:
        return at({}), ()
    order = tuple(batch.level for batch in own)
    sizes = tuple(batch.size for batch in own)
    drawings = [at(dict(zip(order, place, strict=True))) for place in np.ndindex(*sizes)]
    if not drawings:
        raise RandomnessError("a random draw for each element of an empty batch: there is none to say its shape")
    return np.stack(drawings).reshape(*sizes, *drawings[0].shape), order


def _host(x: Array) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
    """The numbers of an array and the levels of the vmaps that it is batched in, whose axes come first, in order."""
    value, xp, levels = x._value, x._kernels, []
    while isinstance(value, Batched):
        if value.mapped:
            levels.append(value.level)
        value, xp = value.value, value.xp
    return xp.to_numpy(value), tuple(reversed(levels))


class HostGenerator:
    """One of NumPy's generators, called by the name of a method, with our errors; its draws go through `drawn`.

    >>> host = HostGenerator(np.random.default_rng(0))
    >>> bool(host.draw("normal", np.dtype("float64"), (), {}) == np.random.default_rng(0).normal())
    True
    """

    __slots__ = ("generator",)

    def __init__(self, generator: np.random.Generator) -> None:
        self.generator = generator

    def draw(
        self, name: str, dtype: Any, parameters: Sequence[Any], keywords: Mapping[str, Any]
    ) -> np.ndarray[Any, Any]:
        """What the method draws, as an array of that dtype, or as it is. NumPy's generators lock themselves."""
        try:
            return np.asarray(getattr(self.generator, name)(*parameters, **keywords), dtype=dtype)
        except np.linalg.LinAlgError:
            raise
        except ValueError as error:
            raise ArgumentError(f"{name}: {error}") from error
        except TypeError as error:
            raise ArgumentTypeError(f"{name}: {error}") from error
