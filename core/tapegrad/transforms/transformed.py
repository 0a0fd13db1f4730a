"""What a transform returns: a function like the one that it was given, which can go to another process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from ..tape.tracebacks import fold

__all__ = ["Transformed", "name_of", "place_of"]


class Transformed:
    """A function under a transform. It is called like the function, and pickled as `make(*arguments)`.

    So it can be pickled where the function can: if that is a name of a module, and not a lambda. What stands in a
    module in the place of the function, as a decorator has it, is pickled by its name.
    """

    def __init__(self, call: Callable[..., Any], make: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        update_wrapper(self, call)
        self._call = call
        self._made = make, arguments, options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._call(*args, **kwargs)
        except Exception as error:
            fold(error)
            raise

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        make, arguments, _ = self._made
        return f"<{make.__name__} of {name_of(arguments[0])}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return place_of(self) or (_made_again, self._made)


def place_of(made: Any) -> str | None:
    """By which name the module of a function has what a decorator made of it, if it has that."""
    name: str = getattr(made, "__qualname__", "")
    found: Any = sys.modules.get(getattr(made, "__module__", ""))
    for part in name.split("."):
        found = getattr(found, part, None)
    return name if found is made else None


def name_of(fun: Callable[..., Any]) -> str:
    """What a function is called where it is shown: by its name, or as it shows itself what was made of it."""
    return fun.__name__ if isinstance(fun, (FunctionType, BuiltinFunctionType, MethodType)) else repr(fun)


def _made_again(make: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return make(*arguments, **options)
