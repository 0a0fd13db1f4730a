"""What judges ops and engines: samples, checks, the suite, and the pytest plug-in that runs it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import GradientError
    from .conformance import backend_conformance
    from .grads import check_grads, check_jvp, check_vjp

__all__ = ["GradientError", "backend_conformance", "check_grads", "check_jvp", "check_vjp"]
__dir__ = __all__.copy

_MODULES = {
    "GradientError": "checks",
    "backend_conformance": "conformance",
    "check_grads": "grads",
    "check_jvp": "grads",
    "check_vjp": "grads",
}
"""The module that each public name comes from, when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
