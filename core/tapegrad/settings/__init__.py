"""Settings of a thread or task that `with` blocks make, each for its while.

A generator that is suspended within a block leaves it open, and Python ends the block with a `GeneratorExit` when it
collects the generator: at any time and in any context. On CPython before 3.12 that may be while a context variable is
being set, and to set another one then crashes.
"""

from __future__ import annotations

import gc
import sys
from contextvars import ContextVar
from types import TracebackType
from typing import Generic, TypeVar
from weakref import ref

__all__ = ["Setting"]

T = TypeVar("T")


class Setting(Generic[T]):
    """A value that blocks set, the innermost open one for all that runs within; else a default."""

    def __init__(self, name: str, default: T) -> None:
        self.default = default
        self.innermost: ContextVar[Block[T] | None] = ContextVar(name, default=None)

    def get(self) -> T:
        """The value that holds here."""
        block = self.open_block()
        return self.default if block is None else block.value

    def open_block(self) -> Block[T] | None:
        """The innermost block that is not over."""
        block = self.innermost.get()
        while block is not None and block.is_over:
            block = block.outer
        return block

    def hold(self, value: T) -> Block[T]:
        """A block in which the value holds; it is entered once."""
        return Block(self, value)

    def end(self, value: T, kind: type[BaseException] | None) -> None:
        """End the innermost block that holds this very value; `kind` is that of the error that ends it."""
        block = self.open_block()
        while block is not None and (block.is_over or block.value is not value):
            block = block.outer
        if block is not None:
            block.__exit__(kind, None, None)


class Block(Generic[T]):
    """A `with` block of a setting. What a collected generator ends is only marked as over."""

    __slots__ = ("is_over", "outer", "setting", "value")

    def __init__(self, setting: Setting[T], value: T) -> None:
        self.setting, self.value, self.is_over = setting, value, False

    def __enter__(self) -> None:
        self.outer = self.setting.open_block()
        self.setting.innermost.set(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is GeneratorExit:
            self.is_over, self.value = True, self.setting.default
        else:
            self.setting.innermost.set(self.outer)


class _Probe:
    """Garbage, once nobody else holds it."""

    def __init__(self) -> None:
        self.itself = self


def is_collecting() -> bool:
    """Whether this runs within a collection of garbage that may have come while a context variable was being set."""
    if sys.version_info >= (3, 12):
        return False
    probe = ref(_Probe())
    gc.collect(0)  # does nothing within another
    return probe() is not None
