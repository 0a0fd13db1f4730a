"""What a transform returns: a function like the one that it was given, which can go to another process."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from ..tape.tracebacks import fold

__all__ = ["Transformed", "name_of"]


class Transformed:
    """A function under a transform. It is called like the function, and pickled as `make(*arguments)`.

    So it can be pickled where the function can: if that is a name of a module, and not a lambda.
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

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, self._made


def name_of(fun: Callable[..., Any]) -> str:
    """What a function is called where it is shown: by its name, or as it shows itself what was made of it."""
    return fun.__name__ if isinstance(fun, (FunctionType, BuiltinFunctionType, MethodType)) else repr(fun)


def _made_again(make: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return make(*arguments, **options)
