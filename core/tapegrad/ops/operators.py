"""Python's operators on arrays are the ops themselves."""

from __future__ import annotations

from typing import Any

from ..array import Array
from . import elementwise as e

__all__: list[str] = []


def _reflected(op: Any) -> Any:
    def method(x: Any, y: Any) -> Any:
        return op(y, x)

    return method


def _in_place(op: Any) -> Any:
    def method(x: Any, y: Any) -> Any:
        return x._rebind(op(x, y))

    return method


def _bind(cls: Any) -> None:
    for name, op in {"add": e.add, "sub": e.subtract, "mul": e.multiply, "truediv": e.divide}.items():
        setattr(cls, f"__{name}__", op)
        setattr(cls, f"__r{name}__", _reflected(op))
        setattr(cls, f"__i{name}__", _in_place(op))
    cls.__neg__ = e.negative


_bind(Array)
