"""Guards of a running transform: threads that would lose its gradient, and the handles that its function rebinds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from weakref import ref

from ..errors import GradientEscapeError, GraphFreedError
from .mode import JOURNALING, MODE, restore_mode
from .nodes import Node

LIVE: dict[int, Sequence[Sequence[Node]]] = {}
"""The variables of the transforms whose functions are running, in any thread, by the number that came before them."""


def is_fresh() -> bool:
    """Whether this thread or task has never been told to record or to pause, as a thread just started."""
    return MODE.get(None) is None


def check_thread(nodes: Iterable[Node | None], how: str) -> None:
    """Refuse what a thread does unrecorded to values that a transform in another thread is differentiating.

    A new thread starts in an empty context, in which nothing is recorded; `pause()` says so on purpose, and passes.
    """
    if LIVE and is_fresh():
        check_variables(nodes, how)


def check_variables(nodes: Iterable[Node | None], how: str) -> None:
    """`check_thread` in a fresh context while some transform is running."""
    first = min(list(LIVE), default=None)
    if first is None:
        return
    variables = {node for rows in list(LIVE.values()) for row in rows for node in row}
    met: set[Node] = set()
    ahead = [node for node in nodes if node is not None]
    while ahead:
        node = ahead.pop()
        if node in variables:
            raise GradientEscapeError(
                f"{how} in a thread of its own, of an array that is being differentiated, would lose its gradient: a "
                "new thread starts without recording. Make a contextvars.copy_context() for each thread and call its "
                "run there, or use x.detach() if you mean it"
            )
        if node in met or node.seq < first:
            continue
        met.add(node)
        try:
            ahead.extend(node.parents())
        except GraphFreedError:
            continue


class Journal:
    """The handles that a function under a transform rebinds, so that the transform can see to those that outlive it.

    Bits of the mode word named in `set` are set meanwhile.
    """

    __slots__ = ("entries", "mode", "outer", "set")

    def __init__(self, set: int = 0) -> None:
        self.set = set
        self.entries: dict[int, tuple[Any, tuple[Any, ...]]] = {}

    def __enter__(self) -> Journal:
        self.outer = JOURNAL.get()
        JOURNAL.set(self)
        self.mode = MODE.set(MODE.get() | self.set | JOURNALING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        JOURNAL.set(self.outer)
        restore_mode(self.mode)

    def note(self, x: Any) -> None:
        """Enter a handle that is about to be rebound, with what it holds now."""
        if id(x) not in self.entries:
            self.entries[id(x)] = (ref(x), x._held())
        if self.outer is not None:
            self.outer.note(x)

    def survivors(self, results: Iterable[Any]) -> list[tuple[Any, tuple[Any, ...]]]:
        """The handles that still live, apart from the results, each with what it held before."""
        if not self.entries:
            return []
        returned = {id(x) for x in results}
        alive = [(reference(), held) for reference, held in self.entries.values()]
        return [(x, held) for x, held in alive if x is not None and id(x) not in returned]


JOURNAL: ContextVar[Journal | None] = ContextVar("tapegrad_journal", default=None)
