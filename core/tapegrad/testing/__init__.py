"""What judges ops and engines: samples, checks, the suite, and the pytest plug-in that runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .checks import GradientError, check_grads, check_jvp, check_vjp
    from .conformance import backend_conformance

__all__ = ["GradientError", "backend_conformance", "check_grads", "check_jvp", "check_vjp"]


def __getattr__(name: str) -> Any:
    # Ops import their samples from here; the checks, which import the ops, come when they are asked for.
    if name == "backend_conformance":
        from . import conformance

        return conformance.backend_conformance
    if name in __all__:
        from . import checks

        return getattr(checks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
