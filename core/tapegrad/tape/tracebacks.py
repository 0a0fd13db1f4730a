"""Tracebacks that show a user's lines: the library's own frames are left out where an error passes one of its doors.

What a door is (a transform, the end of a `with` block, a function of a face) stays as one frame, which Python adds
behind everything that runs there. `TAPEGRAD_TRACEBACK=full` leaves tracebacks as they are.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from itertools import pairwise
from types import FrameType, FunctionType, ModuleType
from typing import Any, TypeVar, cast

from ..errors import GradientEscapeError, TapegradError

__all__ = ["FOLDER", "REWORDERS", "door", "fold", "is_ours", "open_doors", "told", "users_frame"]

F = TypeVar("F", bound=Callable[..., Any])

REWORDERS: list[Callable[[BaseException], None]] = []
"""What lets an error say more where it passes a door; layers above add themselves."""

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""Where the library lies."""


def is_ours(frame: FrameType) -> bool:
    """Whether a frame runs code of the library or of an engine, and not of the user's program."""
    # Functions that are written at run time have names like <tapegrad sum #3>, and engines are modules like tapegrad_x.
    return frame.f_code.co_filename.startswith((FOLDER, "<tapegrad ")) or str(
        frame.f_globals.get("__name__")
    ).startswith("tapegrad_")


def users_frame() -> FrameType | None:
    """The frame of the user's program that has come into the library, by whatever doors."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_ours(frame):
        frame = frame.f_back
    return frame


def fold(error: BaseException) -> None:
    """Leave the library's frames out of the traceback of an error, and of those that it was raised from.

    An error that is not of our own types keeps the frames below the user's last line, where the fault lies.
    """
    for reword in REWORDERS:
        reword(error)
    if os.environ.get("TAPEGRAD_TRACEBACK") == "full":
        return
    met: set[int] = set()
    each: BaseException | None = error
    while each is not None and id(each) not in met:
        met.add(id(each))
        _fold_one(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def told(error: BaseException) -> BaseException:
    """The error to raise: ours, where NumPy has replaced it by one that says less, as `a[0] = x` does."""
    cause = error.__cause__
    if isinstance(error, ValueError) and isinstance(cause, GradientEscapeError):
        cause.__suppress_context__ = True
        return cause.with_traceback(error.__traceback__)
    return error


def _fold_one(error: BaseException) -> None:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    users = [i for i, frame in enumerate(frames) if i == 0 or not is_ours(frame.tb_frame)]
    if users and not isinstance(error, TapegradError):
        users += range(users[-1] + 1, len(frames))
    shown = [frames[i] for i in users]
    for before, after in pairwise([*shown, None]):
        if before is not None:
            before.tb_next = after


def door(function: F) -> F:
    """The function, with the library's frames left out of the tracebacks of its errors."""

    @wraps(function)
    def passing(*args: Any, **keywords: Any) -> Any:
        try:
            return function(*args, **keywords)
        except Exception as error:
            fold(error)
            raise

    return cast(F, passing)


def open_doors(owner: ModuleType | type) -> None:
    """Make doors of the public functions of a module, or of the public methods of a class."""
    public = owner.__all__ if isinstance(owner, ModuleType) else [name for name in vars(owner) if name[0] != "_"]
    for name in public:
        if isinstance(function := vars(owner).get(name), FunctionType):
            setattr(owner, name, door(function))
