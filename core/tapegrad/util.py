"""What programs ask of MXNet itself: its switches for `mx.np`, which is not here, and the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .context import num_gpus
from .errors import ArgumentError

__all__ = [
    "get_gpu_count",
    "getenv",
    "is_np_array",
    "is_np_shape",
    "makedirs",
    "np_shape",
    "reset_np",
    "set_module",
    "set_np",
    "set_np_shape",
    "setenv",
    "use_np_shape",
]
__dir__ = __all__.copy

T = TypeVar("T")


def is_np_array() -> bool:
    """Whether arrays are those of `mx.np`: never.

    >>> is_np_array()
    False
    """
    return False


def is_np_shape() -> bool:
    """Whether arrays may have no axes or no elements: always.

    >>> is_np_shape()
    True
    """
    return True


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """Refused where `array` is wanted: there is no `mx.np` here.

    Raises: `ValueError` for `array=True`.

    >>> set_np(array=False)
    """
    if array:
        raise ArgumentError("set_np() is for mx.np, which is not here; use tapegrad.numpy, or nd")


def reset_np() -> None:
    """Nothing: arrays are those of `nd`.

    >>> reset_np()
    """


def set_np_shape(active: bool) -> bool:
    """Nothing: arrays may always have no axes or no elements.

    >>> set_np_shape(True)
    True
    """
    return True


@contextmanager
def np_shape(active: bool = True) -> Iterator[None]:
    """A block in which nothing is different.

    >>> with np_shape():
    ...     pass
    """
    yield


def use_np_shape(func: T) -> T:
    """A function or class as it is. A decorator.

    >>> use_np_shape(abs) is abs
    True
    """
    return func


def set_module(module: str) -> Callable[[T], T]:
    """A decorator that says in which module a function is.

    >>> set_module("mine")(lambda: 0).__module__
    'mine'
    """

    def decorate(func: T) -> T:
        func.__module__ = module
        return func

    return decorate


def getenv(name: str) -> str | None:
    """A variable of the environment.

    >>> getenv("nobody's")
    """
    return os.environ.get(name)


def setenv(name: str, value: str | None) -> None:
    """Set a variable of the environment, or take it away with None.

    >>> setenv("nobody's", None)
    """
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def makedirs(d: Any) -> None:
    """Make a folder and those above it, where they are not there.

    >>> makedirs(".")
    """
    os.makedirs(os.path.expanduser(d), exist_ok=True)


def get_gpu_count() -> int:
    """How many GPUs there are.

    >>> get_gpu_count() >= 0
    True
    """
    return num_gpus()


def __getattr__(name: str) -> Any:
    if name in ("use_np", "use_np_array", "np_array"):
        raise AttributeError(f"tapegrad.util has no {name!r}: it is for mx.np, which is not here; use nd")
    raise AttributeError(f"module 'tapegrad.util' has no attribute {name!r}")
