"""The mode word: what ops do in this thread or task, as bits of one `ContextVar`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextvars import ContextVar, Token
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from threading import get_ident, local
from types import FrameType, TracebackType
from typing import Any

from .nodes import Node, next_seq
from .tracebacks import fold

RECORDING, TRAINING, JOURNALING, RULED, TOLD, PREDICTING, ANOMALY, LEVEL = 1, 2, 4, 8, 16, 32, 64, 128
"""Bits of the mode word; the depth of enclosing vmaps is counted from `LEVEL` up. `RULED` stands for the body of a
function with a rule of its own, in which nothing is recorded; `TOLD` says that the program itself has said whether to
record; `PREDICTING` is a backward whose rules behave as in prediction."""

INSPECTED = ANOMALY
"""Mode words from here up ask for a look at each node that is recorded."""

MODE: ContextVar[int] = ContextVar("tapegrad_mode", default=0)

LIVE: dict[Any, Sequence[Sequence[Node]] | None] = {}
"""What is being differentiated, in any thread: the variables of the transforms whose functions are running, by the
number that came before each, and None for an open `record()`, whose variables nobody has listed, by any other key.
While there is any, ops that are given a tracked array unrecorded ask `guards.check_thread`."""


class _Thread(local):
    """What is known of a thread: one that records by itself knows what it does when it does not."""

    has_recorded = False


THREAD = _Thread()


class Scope:
    """A stretch of a program in which bits of the mode word are set and others cleared; it may be entered again."""

    __slots__ = ("clear", "entered", "set")
    entered: Any
    """The token of the last entry and that of the entry before it, in pairs; None outside."""

    def __init__(self, set: int = 0, clear: int = 0) -> None:
        self.set = set
        self.clear = clear
        self.entered = None

    def __enter__(self) -> None:
        self.entered = MODE.set(MODE.get() & ~self.clear | self.set), self.entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        token, self.entered = self.entered
        restore_mode(token)
        if error is not None:
            fold(error)


class RecordScope(Scope):
    """`record()`: while it is open, a thread that has never been told to record may not drop a tracked array."""

    __slots__ = ()

    __init__ = object.__init__  # `record` fills the slots itself, which takes half the time

    def __enter__(self) -> None:
        self.entered = MODE.set(MODE.get() & ~self.clear | self.set), self.entered
        LIVE[self] = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        token, self.entered = self.entered
        if self.entered is None:
            del LIVE[self]
        restore_mode(token)
        THREAD.has_recorded = True
        if error is not None:
            fold(error)


class PauseScope(Scope):
    """`pause()`. What a generator opens holds for the generator alone.

    While that is suspended Python leaves the block open, but whoever takes from it has not said to pause.
    """

    __slots__ = ("frames",)

    def __init__(self, set: int, clear: int) -> None:
        super().__init__(set, clear)
        self.frames: list[FrameType | None] = []

    def __enter__(self) -> None:
        frame = generator_of(sys._getframe(1)) if MODE.get() & RECORDING else None
        self.frames.append(frame)
        super().__enter__()
        if frame is not None:
            MODE.set(MODE.get() & ~TOLD)
            PAUSED.set((*PAUSED.get(), frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        frame = self.frames.pop()
        if frame is not None:
            PAUSED.set(tuple([other for other in PAUSED.get() if other is not frame]))
        super().__exit__(kind, error, trace)


PAUSED: ContextVar[tuple[FrameType, ...]] = ContextVar("tapegrad_paused", default=())
"""The generators that have paused recording."""


def generator_of(frame: FrameType) -> FrameType | None:
    """The frame if it is a generator's, unless `contextlib` made a context of that, which is meant to hold outside."""
    if not frame.f_code.co_flags & (CO_GENERATOR | CO_ASYNC_GENERATOR):
        return None
    driver = frame.f_back
    return None if driver is not None and driver.f_globals.get("__name__") == "contextlib" else frame


def is_running(frame: FrameType) -> bool:
    """Whether a frame is among those that are running here, and not suspended."""
    caller: FrameType | None = sys._getframe(1)
    while caller is not None and caller is not frame:
        caller = caller.f_back
    return caller is not None


def restore_mode(token: Token[int]) -> None:
    """Put the mode word back to what it was, which may be that nobody had set it; in another context, to its value."""
    try:
        MODE.reset(token)
    except ValueError:
        MODE.set(0 if token.old_value is Token.MISSING else token.old_value)


def record(train_mode: bool = True) -> Scope:
    """Record ops within a `with` block, for `backward`. `train_mode` says whether `is_training()` holds in it.

    Blocks nest, and each thread and task has its own state. Recording keeps what the backward pass needs; where no
    gradient is wanted leave it out, or `pause()`.

    >>> from tapegrad import nd
    >>> x = nd.array([1, 2])
    >>> x.attach_grad()
    >>> with record():
    ...     y = x * x
    >>> y.backward()
    >>> x.grad.asnumpy().tolist()
    [2.0, 4.0]
    >>> with record(train_mode=False):
    ...     is_recording(), is_training()
    (True, False)
    """
    scope: Scope = RecordScope()
    scope.set, scope.clear = (RECORDING | TRAINING | TOLD, 0) if train_mode else (RECORDING | TOLD, TRAINING)
    scope.entered = None
    return scope


def pause(train_mode: bool = False) -> Scope:
    """Stop recording within a `with` block: what is computed there is a constant.

    `train_mode` says whether `is_training()` holds in it. For bookkeeping, updates of parameters and metrics inside a
    recorded block.

    >>> with record(), pause():
    ...     is_recording()
    False
    """
    if train_mode:
        return PauseScope(TRAINING | TOLD, RECORDING | RULED)
    return PauseScope(TOLD, RECORDING | TRAINING | RULED)


def train_mode() -> Scope:
    """Ops behave as in training (dropout drops) within a `with` block; recording stays as it is.

    >>> with train_mode():
    ...     is_recording(), is_training()
    (False, True)
    """
    return Scope(TRAINING)


def predict_mode() -> Scope:
    """Ops behave as in prediction (dropout passes) within a `with` block; recording stays as it is.

    >>> with record():
    ...     with predict_mode():
    ...         is_recording(), is_training()
    (True, False)
    """
    return Scope(0, TRAINING)


def is_recording() -> bool:
    """Whether ops are being recorded, in this thread or task.

    >>> is_recording()
    False
    >>> with record():
    ...     is_recording()
    True
    """
    return bool(MODE.get() & RECORDING)


def is_training() -> bool:
    """Whether ops behave as in training, in this thread or task.

    Dropout drops and batch normalization uses the batch's statistics where it holds. `record()` switches it on too.

    >>> with train_mode():
    ...     is_training()
    True
    """
    return bool(MODE.get() & TRAINING)


_SWITCHED: dict[int, int] = {}
"""The keys in `LIVE` of the threads that have switched recording on."""


def _switch(bit: int, on: bool) -> bool:
    mode = MODE.get()
    MODE.set(mode | bit if on else mode & ~bit)
    return bool(mode & bit)


def set_recording(is_recording: bool) -> bool:
    """Switch recording on or off and return what it was.

    Prefer `record()` and `pause()`, which end by themselves.

    >>> set_recording(True), set_recording(False), is_recording()
    (False, True, False)
    """
    THREAD.has_recorded = True
    number = _SWITCHED.pop(get_ident(), None)
    if number is not None:
        del LIVE[number]
    if is_recording:
        LIVE.setdefault(_SWITCHED.setdefault(get_ident(), next_seq()))
    return _switch(RECORDING, is_recording)


def set_training(train_mode: bool) -> bool:
    """Switch training behaviour on or off and return what it was.

    Prefer `train_mode()` and `predict_mode()`, which end by themselves.

    >>> set_training(True), set_training(False), is_training()
    (False, True, False)
    """
    return _switch(TRAINING, train_mode)
