"""What an engine's own error means, as a type of ours: by the plug-in's table, by its type, else by its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    AxisError,
    BackendError,
    BoundsError,
    DtypeError,
    LinAlgError,
    MixedBackendsError,
    ShapeError,
    TapegradError,
)

if TYPE_CHECKING:
    from .backend import Backend

_SHAPE_WORDS = ("shape", "broadcast", "dim", "axis", "axes", "size", "align", "empty sequence", "at least", "scalars")
_DTYPE_WORDS = (
    "dtypes are allowed",
    "accept dtype",
    "input types",
    "matching types",
    "numpy boolean",
    "bool tensor",
    "boolean tensor",
    "boolean data type",
    "not implemented for",
    "unsupported operand type",
    "complex-valued",
    "cannot cast array data",
)
"""How engines complain of shapes, and of dtypes."""


def _is_about(words: Sequence[str], text: str) -> bool:
    return any(word in text.lower() for word in words)


def first_line(error: BaseException) -> str:
    """What an error says first; its type, if it says nothing, or cannot."""
    try:
        said = str(error)
    except Exception:
        said = ""
    return next(iter(said.strip().splitlines()), type(error).__name__)


def kind_of_error(
    backend: Backend | None, error: Exception, text: str, *, breaks: bool = False
) -> type[Exception] | None:
    """The type of ours for an error of an engine; None where it passes as it is.

    `breaks`: whether an error of no telling type means that the engine failed; else that holds of its own types alone.
    """
    table = {} if backend is None else backend.errors()
    told: type[Exception] = next((ours for theirs, ours in table.items() if isinstance(error, theirs)), type(error))
    if issubclass(told, TapegradError):
        return told
    if issubclass(told, np.linalg.LinAlgError):
        return LinAlgError
    if "out of bounds for array of dimension" in text:
        return AxisError
    if issubclass(told, IndexError):
        return BoundsError
    known = issubclass(told, (ValueError, TypeError, RuntimeError))
    # A type of the engine's own, of which nothing is known.
    foreign = (
        not known and backend is not None and told.__module__.partition(".")[0] == backend.engine.partition(".")[0]
    )
    breaks = breaks or foreign
    if not (known or breaks):
        return None
    if _is_about(("device",), text):
        return MixedBackendsError
    if _is_about(_DTYPE_WORDS, text):
        return DtypeError
    if _is_about(_SHAPE_WORDS, text):
        return ShapeError
    if issubclass(told, (ValueError, TypeError)):
        return ArgumentTypeError if told is TypeError else ArgumentError
    return BackendError if breaks else None


def told(backend: Backend, error: Exception, during: str) -> Exception | None:
    """An engine's error outside of any op as one of ours that says what the engine was at; None where it passes.

    Within a lazy engine's work may be that of a user, whose errors pass.
    """
    if isinstance(error, (TapegradError, Warning, ArithmeticError, RecursionError, MemoryError)):
        return None
    text = first_line(error)
    kind = kind_of_error(backend, error, text, breaks=not backend.lazy)
    return None if kind is None else kind(f"while backend {backend.name!r} {during}: {text}")


def looks(backend: Backend) -> Callable[[Any], np.ndarray[Any, Any]]:
    """An engine's way to the host, where errors come up that lazy arrays or busy devices have kept: typed here."""
    look = backend.to_numpy

    def to_numpy(raw: Any) -> np.ndarray[Any, Any]:
        """The numbers of a raw array, computed now."""
        try:
            return look(raw)
        except Exception as error:
            ours = told(backend, error, "computed the numbers")
            if ours is None:
                raise
            raise ours from error

    return to_numpy
