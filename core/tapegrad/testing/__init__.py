"""What judges ops and engines: samples, checks, the suite, and the pytest plug-in that runs it."""

from __future__ import annotations

from typing import Any

__all__ = ["GradientError", "check_grads", "check_jvp", "check_vjp"]


def __getattr__(name: str) -> Any:
    # Ops import their samples from here; the checks, which import the ops, come when they are asked for.
    if name in __all__:
        from . import checks

        return getattr(checks, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
