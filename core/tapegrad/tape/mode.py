"""The mode word: what ops do in this thread or task, as bits of one `ContextVar`."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from inspect import CO_ASYNC_GENERATOR, CO_GENERATOR
from sys import _getframe
from threading import get_ident, local
from types import FrameType, TracebackType
from typing import Any

from ..settings import is_collecting
from .nodes import Node, next_seq
from .tracebacks import fold, told

RECORDING, TRAINING, JOURNALING, RULED, TOLD, PREDICTING, ENTERED, ANOMALY, LEVEL = 1, 2, 4, 8, 16, 32, 512, 1024, 2048
"""Bits of the mode word; the depth of enclosing vmaps is counted from `LEVEL` up. `RULED` is set in the body of a
function with a custom rule, where nothing is recorded; `TOLD` where the program has said whether to record;
`PREDICTING` in a backward whose rules behave as in prediction. `ENTERED` is set within any scope: it makes the
word an int of which Python keeps no shared copy, as it does up to 256, so that each entry can know its own."""

INSPECTED = ANOMALY
"""From this value on the mode word asks that each recorded node be inspected."""

MODE: ContextVar[int] = ContextVar("tapegrad_mode", default=0)

LIVE: dict[Any, Sequence[Node] | None] = {}
"""What is being differentiated, in any thread: the variables of the transforms whose functions are running, by the node
number when each began, and None for an open `record()`, whose variables are not known, by any other key.
While there is any, ops that are given a tracked array unrecorded ask `guards.check_thread`."""


class _Thread(local):
    """The state of a thread: one that has recorded by itself is trusted where it does not record."""

    has_recorded = False


THREAD = _Thread()


class Scope:
    """A stretch of a program in which bits of the mode word are set and others cleared; it may be entered again.

    A generator or coroutine that is suspended leaves its blocks open, and Python ends them with a `GeneratorExit` when
    it collects it: at any time and in any context. Then the word is put back only if it is still that of the block.
    """

    __slots__ = ("clear", "entered", "set")
    entered: Any
    """The word before the last entry, the word since, and the same for the entry before; None outside."""

    def __init__(self, set: int = 0, clear: int = 0) -> None:
        self.set = set | ENTERED
        self.clear = clear
        self.entered = None

    def __enter__(self) -> None:
        before = MODE.get()
        word = before & ~self.clear | self.set
        MODE.set(word)
        self.entered = before, word, self.entered

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        before, word, self.entered = self.entered
        _put_back(before, word, kind)
        if error is not None:
            fold(error)


class RecordScope(Scope):
    """`record()`: while it is open, a thread that has never been told to record may not drop a tracked array."""

    __slots__ = ()

    __init__ = object.__init__  # `record` fills the slots itself, which takes half the time

    def __enter__(self) -> None:
        before = MODE.get()
        word = before & ~self.clear | self.set
        MODE.set(word)
        self.entered = before, word, self.entered
        LIVE[self] = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        before, word, self.entered = self.entered
        if self.entered is None:
            del LIVE[self]
        THREAD.has_recorded = True
        if error is None and not _LEFT:
            MODE.set(before)  # the usual case, at no call
            return
        _put_back(before, word, kind)
        if error is not None:
            fold(error)
            if (ours := told(error)) is not error:
                raise ours


class PauseScope(Scope):
    """`pause()`. A block that a generator opens holds for the generator alone.

    While it is suspended Python leaves the block open, but the code that draws values from it has not asked to pause.
    """

    __slots__ = ("pauses",)

    def __init__(self, set: int, clear: int) -> None:
        super().__init__(set, clear)
        self.pauses: list[Pause | None] = []

    def __enter__(self) -> None:
        generator = generator_of(_getframe(1)) if MODE.get() & RECORDING else None
        super().__enter__()
        pause = None
        if generator is not None:
            before, word, outer = self.entered
            word &= ~TOLD
            MODE.set(word)
            self.entered = before, word, outer
            pause = Pause(generator)
            PAUSED.set((*[other for other in PAUSED.get() if other.generator is not None], pause))
        self.pauses.append(pause)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pause, word = self.pauses.pop(), self.entered[1]
        super().__exit__(kind, error, trace)
        if pause is not None and MODE.get() is not word:  # else what it paused stays refused
            pause.generator = None


_LEFT: dict[int, tuple[int, int]] = {}
"""Words of closed generators that were not in force or could not be put back, each with that before, by identity."""


def _put_back(before: int, word: int, kind: type[BaseException] | None) -> None:
    """Put the word back to what it was before a block; `kind` is the type of the error that ends the block."""
    if kind is not GeneratorExit or (MODE.get() is word and not is_collecting()):
        MODE.set(before)
        # What closed generators have left does not outlive the block.
        while _LEFT and (left := _LEFT.get(id(MODE.get()))) is not None:
            MODE.set(left[0])
    else:
        _LEFT[id(word)] = before, word
        if len(_LEFT) > 1000:
            del _LEFT[next(iter(_LEFT))]


class Pause:
    """A block in which a generator has paused recording; None for the generator, once it is over."""

    __slots__ = ("generator",)

    def __init__(self, generator: FrameType) -> None:
        self.generator: FrameType | None = generator


PAUSED: ContextVar[tuple[Pause, ...]] = ContextVar("tapegrad_paused", default=())
"""The blocks in which generators have paused recording, some of which may be over."""


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


_TRAINED = RECORDING | TRAINING | TOLD | ENTERED, 0
_PREDICTED = RECORDING | TOLD | ENTERED, TRAINING


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
    scope.set, scope.clear = _TRAINED if train_mode else _PREDICTED
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
