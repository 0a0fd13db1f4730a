"""What every function of `np` does around one of `tapegrad.numpy`: its results are arrays of this face."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..context import Context
from ..ndarray.ndarray import flat, give
from .arrays import liberal, of_face

__all__ = ["faced"]

NUMBERS = (bool, int, float, complex, np.generic)


def faced(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of `np` that is this one of `tapegrad.numpy` or `nd`, with MXNet's `out` and `ctx`.

    Where it is a ufunc of NumPy's, numbers alone have NumPy's number for a result, and `out` may be given by place.
    """
    call = liberal(function)
    ufunc = getattr(np, function.__name__, None)

    @functools.wraps(function)
    def wrapped(*args: Any, out: Any = None, ctx: Context | None = None, **keywords: Any) -> Any:
        result = flat(of_face(call(*args, **keywords), ctx), *args)
        return result if out is None else give(out, result)

    if not isinstance(ufunc, np.ufunc):
        return wrapped

    @functools.wraps(function)
    def elementwise(*args: Any, **keywords: Any) -> Any:
        if args and isinstance(args[0], NUMBERS) and not keywords and all(isinstance(x, NUMBERS) for x in args):
            return ufunc(*args)
        if len(args) > ufunc.nin:
            *args, keywords["out"] = args  # type: ignore[assignment]
        return wrapped(*args, **keywords)

    return elementwise
