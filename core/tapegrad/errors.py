"""What can go wrong, as types: each error is a `TapegradError` and also the built-in that a user would expect."""

from __future__ import annotations

__all__ = [
    "AnomalyError",
    "AxisError",
    "BackendError",
    "BackendUnavailableError",
    "DtypeError",
    "DynamicShapeError",
    "FileFormatError",
    "GradientEscapeError",
    "GraphError",
    "GraphFreedError",
    "MissingExtraError",
    "MixedBackendsError",
    "NoGradientError",
    "NotRecordedError",
    "RandomnessError",
    "ShapeError",
    "TapegradError",
    "UnknownArrayError",
    "UnknownBackendError",
    "ValueSemanticsError",
    "ValueSemanticsWarning",
]


class TapegradError(Exception):
    """Anything that tapegrad raises on purpose."""


class MissingExtraError(TapegradError, ImportError):
    """A part of tapegrad was asked for whose libraries are not installed; the message names the extra."""


class FileFormatError(TapegradError, ValueError):
    """A file is damaged, or not of a format that is read."""


class BackendError(TapegradError, RuntimeError):
    """An engine's plug-in does not keep its promises; the reason is the `__cause__` where there is one."""


class UnknownBackendError(BackendError, LookupError):
    """No plug-in brings a backend of that name."""


class UnknownArrayError(BackendError, TypeError):
    """No backend owns arrays of that type."""


class BackendUnavailableError(BackendError, ImportError):
    """The backend is known, but its engine is not installed or finds no device on this machine."""


class MixedBackendsError(TapegradError, TypeError):
    """Arrays of two engines met in one op."""


class GraphError(TapegradError, RuntimeError):
    """A gradient was asked for that the tape cannot give."""


class NotRecordedError(GraphError):
    """The value was computed outside `record()`, so there is nothing to differentiate."""


class GraphFreedError(GraphError):
    """An earlier sweep has already freed this graph."""


class NoGradientError(GraphError, NotImplementedError):
    """The op has no derivative in that input."""


class GradientEscapeError(GraphError, TypeError):
    """A tracked value was about to leave the tape unnoticed, and its gradient with it."""


class AnomalyError(GraphError, FloatingPointError):
    """A NaN or an infinity turned up while anomaly detection was on; the message says on which line."""


class DtypeError(TapegradError, TypeError):
    """A dtype that the function, the engine or a gradient cannot have."""


class RandomnessError(TapegradError, RuntimeError):
    """Random numbers were to be drawn where one draw would stand for several."""


class ShapeError(TapegradError, ValueError):
    """Shapes that do not go together; the message names them."""


class DynamicShapeError(ShapeError, TypeError):
    """The shape of a result depends on data, where shapes must be known: under vmap, in a compiled program."""


class ValueSemanticsError(TapegradError, TypeError):
    """A write would be lost: what it goes to is a value of its own that nothing else holds."""


class AxisError(ShapeError, IndexError):
    """An axis that the array does not have."""


class ValueSemanticsWarning(UserWarning):
    """A write went to a slice or reshape, which is a value of its own here and not a view of the array it came from."""
