"""The mode word: what ops do in this thread or task, as bits of one `ContextVar`."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar, Token
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from sys import _getframe
from threading import get_ident, local
from types import FrameType, TracebackType
from typing import Any

from .nodes import Node, next_seq
from .tracebacks import fold, told

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


class Word(int):
    """A mode word that a block in a generator or coroutine has set: no other is the same object.

    Such a frame leaves its blocks open while it is suspended, and Python ends them when it collects the frame, at any
    time and in any context: so they must know whether their word is in force.
    """

    previous: int
    generator: FrameType | None
    """The generator that has paused recording by it, while the block is open."""


class Scope:
    """A stretch of a program in which bits of the mode word are set and others cleared; it may be entered again."""

    __slots__ = ("clear", "entered", "set")
    entered: Any
    """What ends the last entry, for `restore_mode`, and that of the entry before it, in pairs; None outside."""

    def __init__(self, set: int = 0, clear: int = 0) -> None:
        self.set = set
        self.clear = clear
        self.entered = None

    def __enter__(self) -> None:
        word = MODE.get() & ~self.clear | self.set
        suspends = _getframe(1).f_code.co_flags & SUSPENDS
        self.entered = set_word(word) if suspends else MODE.set(word), self.entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        entry, self.entered = self.entered
        restore_mode(entry, kind)
        if error is not None:
            fold(error)


class RecordScope(Scope):
    """`record()`: while it is open, a thread that has never been told to record may not drop a tracked array."""

    __slots__ = ()

    __init__ = object.__init__  # `record` fills the slots itself, which takes half the time

    def __enter__(self) -> None:
        word = MODE.get() & ~self.clear | self.set
        suspends = _getframe(1).f_code.co_flags & SUSPENDS
        self.entered = set_word(word) if suspends else MODE.set(word), self.entered
        LIVE[self] = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        entry, self.entered = self.entered
        if self.entered is None:
            del LIVE[self]
        restore_mode(entry, kind)
        THREAD.has_recorded = True
        if error is not None:
            fold(error)
            if (ours := told(error)) is not error:
                raise ours


class PauseScope(Scope):
    """`pause()`. What a generator opens holds for the generator alone.

    While that is suspended Python leaves the block open, but whoever takes from it has not said to pause.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        frame = _getframe(1)
        mode = MODE.get()
        word = mode & ~self.clear | self.set
        generator = generator_of(frame) if mode & RECORDING else None
        if generator is not None:
            paused = set_word(word & ~TOLD, generator)
            PAUSED.set((*[other for other in PAUSED.get() if other.generator is not None], paused))
            self.entered = paused, self.entered
        else:
            suspends = frame.f_code.co_flags & SUSPENDS
            self.entered = set_word(word) if suspends else MODE.set(word), self.entered


PAUSED: ContextVar[tuple[Word, ...]] = ContextVar("tapegrad_paused", default=())
"""The words by which generators have paused recording; those that are over have none."""

SUSPENDS = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
"""Flags of the code whose frames are suspended with their blocks open."""


def generator_of(frame: FrameType) -> FrameType | None:
    """The frame if it is a generator's, unless `contextlib` made a context of that, which is meant to hold outside."""
    if not frame.f_code.co_flags & (CO_GENERATOR | CO_ASYNC_GENERATOR):
        return None
    driver = frame.f_back
    return None if driver is not None and driver.f_globals.get("__name__") == "contextlib" else frame


def is_running(frame: FrameType) -> bool:
    """Whether a frame is among those that are running here, and not suspended."""
    caller: FrameType | None = _getframe(1)
    while caller is not None and caller is not frame:
        caller = caller.f_back
    return caller is not None


def set_word(word: int, generator: FrameType | None = None) -> Word:
    """Set the mode word to one that is told apart from all others, and return it."""
    entry = Word(word)
    entry.previous, entry.generator = MODE.get(), generator
    MODE.set(entry)
    return entry


def restore_mode(entry: Token[int] | Word, kind: type[BaseException] | None = None) -> None:
    """Put the mode word back to what it was, which may be that nobody had set it; in another context, to its value.

    A block in a frame that Python has collected, which `kind` then says, leaves any word but its own.
    """
    if isinstance(entry, Word):
        entry.generator = None
        if kind is not GeneratorExit or MODE.get() is entry:
            MODE.set(entry.previous)
        return
    try:
        MODE.reset(entry)
    except ValueError:
        MODE.set(0 if entry.old_value is Token.MISSING else entry.old_value)


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
