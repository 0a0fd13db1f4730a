"""Random draws, and the programs that run twice: what was drawn the first time is drawn again.

Every random function of every face goes through `drawn`, so that there is one place where a stretch of a program that
is computed again (`checkpoint`) finds the numbers it had, and one where a draw that cannot be right is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, TypeVar

from .errors import RandomnessError
from .tape import LEVEL, MODE

__all__ = ["Draws", "drawn"]

T = TypeVar("T")


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

    def take(self, draw: Callable[[], T]) -> T:
        """The next numbers: those of the first time, or else new ones, which an enclosing block takes note of too."""
        if self.place == len(self.taken):
            self.taken.append(draw() if self.outer is None else self.outer.take(draw))
        found: T = self.taken[self.place]
        self.place += 1
        return found


_DRAWS: ContextVar[Draws | None] = ContextVar("tapegrad_draws", default=None)


def drawn(draw: Callable[[], T]) -> T:
    """The numbers that `draw()` gives, or gave when this stretch of the program ran first.

    Raises `RandomnessError` under vmap, where one draw would serve for the whole batch.

    >>> draws = Draws()
    >>> numbers = iter([3, 1, 4])
    >>> with draws:
    ...     first = drawn(lambda: next(numbers))
    >>> with draws:
    ...     drawn(lambda: next(numbers)) == first
    True
    """
    if MODE.get() >= LEVEL:
        raise RandomnessError(
            "a random draw under vmap: it would be the same for the whole batch; draw before vmap, pass the numbers in"
        )
    draws = _DRAWS.get()
    return draw() if draws is None else draws.take(draw)
