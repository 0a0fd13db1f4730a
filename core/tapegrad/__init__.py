"""tapegrad: gradients of ordinary imperative array programs on any array engine."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from . import (
    errors,
    ops,
)
from .array import Array
from .backend import Backend, Spec
from .dtypes import get_default_dtype, set_default_dtype, use_default_dtype
from .hookspecs import hookimpl
from .registry import BackendInfo, backend_of, get_backend, list_backends, set_backend, use_backend
from .tape import is_recording, is_training, pause, predict_mode, record, train_mode

__all__ = [
    "Array",
    "Backend",
    "BackendInfo",
    "Spec",
    "backend_of",
    "errors",
    "get_backend",
    "get_default_dtype",
    "hookimpl",
    "is_recording",
    "is_training",
    "list_backends",
    "ops",
    "pause",
    "predict_mode",
    "record",
    "set_backend",
    "set_default_dtype",
    "train_mode",
    "use_backend",
    "use_default_dtype",
]

__version__ = "0.1.0"
