"""What every function of `np` does around one of `tapegrad.numpy`: its results are arrays of this face."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import context as _context
from ..context import Context
from ..ndarray.ndarray import NDArray, flat, give
from ..numpy.arrays import ndarray as Standard
from ..ops.transfer import move
from .arrays import liberal, ndarray

__all__ = ["faced", "of_face"]


def of_face(result: Any, ctx: Context | None = None) -> Any:
    """A result with its arrays in this face. Those that were made of no array of it go to the context."""
    kind = result.__class__
    if kind is Standard or kind is NDArray:
        made = result._of_class(ndarray)
        return made if ctx is None and kind is NDArray else move(made, *_context.place(ctx))
    if isinstance(result, tuple):
        parts = [of_face(part, ctx) for part in result]
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    return [of_face(part, ctx) for part in result] if kind is list else result


def faced(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of `np` that is this one of `tapegrad.numpy` or `nd`, with MXNet's `out` and `ctx`."""
    call = liberal(function)

    @functools.wraps(function)
    def wrapped(*args: Any, out: Any = None, ctx: Context | None = None, **keywords: Any) -> Any:
        result = flat(of_face(call(*args, **keywords), ctx), *args)
        return result if out is None else give(out, result)

    return wrapped
