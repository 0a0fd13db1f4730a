"""What programs ask of MXNet itself: its switches for `mx.np`, and the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .context import num_gpus
from .np.switch import is_np_array, is_np_shape, np_array, reset_np, set_np, use_np, use_np_array

__all__ = [
    "get_gpu_count",
    "getenv",
    "is_np_array",
    "is_np_shape",
    "makedirs",
    "np_array",
    "np_shape",
    "reset_np",
    "set_module",
    "set_np",
    "set_np_shape",
    "setenv",
    "use_np",
    "use_np_array",
    "use_np_shape",
]
__dir__ = __all__.copy

T = TypeVar("T")


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
