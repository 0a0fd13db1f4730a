"""Guards against lost gradients: in threads, in the bodies of custom rules, and in handles that a function under a
transform rebinds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from weakref import ref

from ..errors import GradientEscapeError, GraphFreedError
from .mode import JOURNALING, LIVE, MODE, PAUSED, RECORDING, RULED, THREAD, TOLD, Scope, is_running
from .nodes import Node, next_seq


def is_unaware() -> bool:
    """Whether recording is off although the program has not asked for that: in a new thread, or in a rule's body."""
    mode = MODE.get()
    return bool(mode & RULED) or not mode & (TOLD | RECORDING)


def check_thread(nodes: Iterable[Node | None], how: str) -> None:
    """Refuse what a thread, or the body of a rule, does unrecorded to values that are being differentiated outside.

    A new thread starts in an empty context, in which nothing is recorded, and so does the body of a custom rule.
    `pause()` asks for that, and passes, unless a generator has asked and is suspended within its block.
    """
    if LIVE and is_unaware():
        check_variables(nodes, how)


def check_variables(
    nodes: Iterable[Node | None], how: str, own: Collection[Node] = (), since: float = math.inf
) -> None:
    """`check_thread` where recording is off and the program has not asked for that.

    `own`: the variables of a transform that has run here; `since`: the node number when it began.
    """
    tracked = [node for node in nodes if node is not None]
    body = BODY.get() if MODE.get() & RULED else None
    if body is not None:
        name, first = body
        if _leads_outside(tracked, first, own):
            raise GradientEscapeError(
                f"{name} reads an array that is being differentiated and is not one of its arguments, in {how}: its "
                "rule speaks of arguments alone, so this gradient would be lost. Pass the array as an argument of its "
                "own, not within a list or dict, and give it a rule; or read x.detach(), if you mean a constant"
            )
        return
    paused = [pause.generator for pause in PAUSED.get() if pause.generator is not None]
    if paused:
        if tracked and not any(map(is_running, paused)):
            raise GradientEscapeError(
                f"{how} of an array that is being differentiated would lose its gradient: a generator has paused "
                "recording and was suspended within, by a `yield`. End its pause() before it yields"
            )
        return
    recorded = not THREAD.has_recorded and None in dict(LIVE).values()
    if (recorded and _leads_outside(tracked, since, own)) or _meets_transform(tracked):
        raise GradientEscapeError(
            f"{how} in a thread of its own, of an array that is being differentiated, would lose its gradient: a "
            "new thread starts without recording. Make a contextvars.copy_context() for each thread and call its "
            "run there, or use x.detach() if you mean it"
        )


def check_sweep(nodes: Sequence[Node], how: str) -> None:
    """Refuse a sweep that is not recorded, within a transform, over what depends on the transform's variables."""
    if _meets_transform(nodes):
        raise GradientEscapeError(
            f"{how} within a transform, of what depends on the variables of that, gives constants, and their gradient "
            "would be lost. Use tapegrad.grad, or autograd.grad(create_graph=True); where constants are meant, pause()"
        )


def _meets_transform(nodes: Sequence[Node]) -> bool:
    """Whether any of the nodes depends on a variable of a transform whose function is running."""
    live = dict(LIVE)
    variables = {node for nodes in live.values() for node in nodes or ()}
    oldest = min((number for number, nodes in live.items() if nodes is not None), default=math.inf)
    return _meets(nodes, variables, oldest)


def _leads_outside(nodes: Sequence[Node], first: float, own: Collection[Node]) -> bool:
    """Whether any of the nodes was made before that number or comes from one that was, apart from `own`."""
    return _leads_to(nodes, lambda node: node.seq < first and node not in own, lambda node: node in own)


def _meets(nodes: Sequence[Node], variables: Collection[Node], first: float) -> bool:
    """Whether any of the nodes is one of the variables or comes from one; none that was made before `first` does."""
    return _leads_to(nodes, lambda node: node in variables, lambda node: node.seq < first)


def _leads_to(nodes: Sequence[Node], sought: Callable[[Node], bool], ends: Callable[[Node], bool]) -> bool:
    """Whether a node that is sought is among these or among what they come from, not looking behind those that end."""
    met: set[Node] = set()
    ahead = list(nodes)
    while ahead:
        node = ahead.pop()
        if sought(node):
            return True
        if node in met or ends(node):
            continue
        met.add(node)
        try:
            ahead.extend(node.parents())
        except GraphFreedError:
            continue
    return False


class BodyScope(Scope):
    """The body of a function with a rule of its own: nothing is recorded, and tracked values from outside are refused.

    `name`: the function, as errors call it.
    """

    __slots__ = ("name", "number", "token")

    def __init__(self, name: str) -> None:
        super().__init__(RULED, RECORDING)
        self.name = name

    def __enter__(self) -> None:
        self.number = next_seq()
        LIVE[self.number] = ()
        self.token = BODY.set((self.name, self.number))
        super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        BODY.reset(self.token)
        del LIVE[self.number]


BODY: ContextVar[tuple[str, int] | None] = ContextVar("tapegrad_body", default=None)
"""The function whose body is running, and the node number when it began."""


class Journal:
    """The handles that a function under a transform rebinds, so that the transform can deal with those that outlive it.

    Bits of the mode word named in `set` are set meanwhile. A transform that is over when it returns `borrows`: arrays
    of the host that meet the graph are not copied but locked until then, and `releases` is what unlocks them.
    """

    __slots__ = ("borrows", "entries", "mode", "outer", "releases", "set")

    def __init__(self, set: int = 0, borrows: bool | None = None) -> None:
        self.set = set
        self.borrows = borrows
        self.outer: Journal | None = None
        self.entries: dict[int, tuple[Any, tuple[Any, ...]]] = {}
        self.releases: list[Callable[[], None]] = []

    def __enter__(self) -> Journal:
        mode, self.outer = MODE.get(), JOURNAL.get()
        if self.outer is not None and mode & RECORDING:
            # What is recorded here may be part of an outer graph, so it is borrowed for as long as that is.
            self.borrows = self.borrows is not False and self.outer.borrows
            self.releases = self.outer.releases
        elif mode & RECORDING:
            self.borrows = False
        JOURNAL.set(self)
        self.mode = mode
        MODE.set(mode | self.set | JOURNALING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        JOURNAL.set(self.outer)
        MODE.set(self.mode)

    def release(self) -> None:
        """Unlock what was borrowed, unless an outer transform's graph still reads it."""
        if self.outer is None or self.releases is not self.outer.releases:
            while self.releases:
                self.releases.pop()()

    def note(self, x: Any) -> None:
        """Note a handle that is about to be rebound, with what it holds now."""
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
