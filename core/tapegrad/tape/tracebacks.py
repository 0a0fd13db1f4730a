"""Tracebacks that show a user's lines: the library's own frames are left out where an error passes one of its doors.

What a door is (a transform, the end of a `with` block, a function of a face) stays as one frame, which Python adds
behind everything that runs there. `TAPEGRAD_TRACEBACK=full` leaves tracebacks as they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from itertools import pairwise
from types import TracebackType
from typing import Any, TypeVar, cast

from ..errors import GradientEscapeError, TapegradError

__all__ = ["REWORDERS", "door", "fold", "told"]

F = TypeVar("F", bound=Callable[..., Any])

REWORDERS: list[Callable[[BaseException], None]] = []
"""What lets an error say more where it passes a door; layers above add themselves."""

_FOLDER = os.path.dirname(os.path.dirname(__file__)) + os.sep


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
    users = [i for i, frame in enumerate(frames) if i == 0 or not _is_ours(frame)]
    if users and not isinstance(error, TapegradError):
        users += range(users[-1] + 1, len(frames))
    shown = [frames[i] for i in users]
    for before, after in pairwise([*shown, None]):
        if before is not None:
            before.tb_next = after


def _is_ours(trace: TracebackType) -> bool:
    file = trace.tb_frame.f_code.co_filename
    # Functions that are written at run time have names like <tapegrad sum #3>, and engines are modules like tapegrad_x.
    return file.startswith((_FOLDER, "<tapegrad ")) or str(trace.tb_frame.f_globals.get("__name__")).startswith(
        "tapegrad_"
    )


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
