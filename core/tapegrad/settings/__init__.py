"""Settings of a thread or task that `with` blocks make, each for its while."""

from __future__ import annotations

from contextvars import ContextVar
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Setting(Generic[T]):
    """A value that blocks set, the innermost open one for all that runs within; else a default."""

    def __init__(self, name: str, default: T) -> None:
        self.default = default
        self.innermost: ContextVar[Block[T] | None] = ContextVar(name, default=None)

    def get(self) -> T:
        """The value that holds here."""
        block = self.innermost.get()
        return self.default if block is None else block.value

    def hold(self, value: T) -> Block[T]:
        """A block in which the value holds; it is entered once."""
        return Block(self, value)


class Block(Generic[T]):
    """A `with` block of a setting.

    A generator that is suspended within a block leaves it open, and Python ends the block when it collects the
    generator: at any time and in any context. Then it changes nothing unless it is still the innermost.
    """

    __slots__ = ("outer", "setting", "value")

    def __init__(self, setting: Setting[T], value: T) -> None:
        self.setting, self.value = setting, value

    def __enter__(self) -> None:
        self.outer = self.setting.innermost.get()
        self.setting.innermost.set(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not GeneratorExit or self.setting.innermost.get() is self:
            self.setting.innermost.set(self.outer)
