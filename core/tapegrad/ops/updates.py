"""The arithmetic that updates of weights have in common, whichever face they belong to. These are no ops."""

from __future__ import annotations

from typing import Any

from ..engines.tables import RECORDED

__all__ = ["adam_step", "moved", "rms_step"]


def moved(mean: Any, new: Any, beta: float) -> Any:
    """A moving mean, moved by 1 - beta towards what is new."""
    return mean * beta + new * (1 - beta)


def adam_step(mean: Any, var: Any, rate: Any, epsilon: float) -> Any:
    """The rate times the mean over the root of the mean square."""
    return mean * rate / (RECORDED.sqrt(var) + epsilon)


def rms_step(grad: Any, var: Any, rate: Any, epsilon: float) -> Any:
    """The rate times the gradient over the root of its mean square."""
    return grad * rate / RECORDED.sqrt(var + epsilon)
