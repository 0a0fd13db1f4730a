"""Names for what a program leaves unnamed: a hint and a number that counts how often it was asked for."""

from __future__ import annotations

from types import TracebackType

from .settings import Setting

__all__ = ["NameManager", "Prefix"]
__dir__ = __all__.copy


class NameManager:
    """Counts names by their hint: `dense0`, `dense1`, … As a `with` block it is the one that is asked.

    >>> with NameManager():
    ...     NameManager.current().get(None, "dense"), NameManager.current().get("mine", "dense")
    ('dense0', 'mine')
    """

    def __init__(self) -> None:
        self._counters: dict[str, int] = {}

    @staticmethod
    def current() -> NameManager:
        """The innermost manager that was entered, else the program's."""
        return _CURRENT.get()

    def get(self, name: str | None, hint: str) -> str:
        """The name itself if there is one, else the next for the hint."""
        if name:
            return name
        number = self._counters.get(hint, 0)
        self._counters[hint] = number + 1
        return f"{hint}{number}"

    def __enter__(self) -> NameManager:
        _CURRENT.hold(self).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _CURRENT.end(self, kind)


class Prefix(NameManager):
    """A manager that begins every name, given or made, with a prefix.

    >>> with Prefix("left_"):
    ...     NameManager.current().get(None, "dense")
    'left_dense0'
    """

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def get(self, name: str | None, hint: str) -> str:
        """The name behind the prefix."""
        return self._prefix + super().get(name, hint)


_CURRENT: Setting[NameManager] = Setting("tapegrad_names", NameManager())
