"""The namespace of an array whose engine is not the default: the same functions, making new arrays on that engine."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from ..arrays.array import Array
from ..arrays.batched import engine_of
from ..engines.backend import Backend
from ..engines.registry import get_backend, use_backend
from ..engines.tables import OPS
from .package import package

__all__ = ["Namespace", "namespace_for", "namespace_of"]


class Namespace(ModuleType):
    """`tapegrad.numpy`, or a module within it, with one engine as the default for what its functions make from nothing.

    A name is looked up once. Ops are the module's own, since they stay on the engine of their operands anyway.

    >>> import tapegrad
    >>> namespace = namespace_of(tapegrad.get_backend("numpy"))
    >>> namespace
    <tapegrad.numpy on backend 'numpy'>
    >>> namespace.eye(2)
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, module: ModuleType, backend: Backend) -> None:
        super().__init__(module.__name__, module.__doc__)
        self._module = module
        self._backend = backend
        self._ops = {id(op.call) for op in OPS.values()}

    def __repr__(self) -> str:
        return f"<{self._module.__name__} on backend {self._backend.name!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self._module.__name__, self._backend.name)

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, ModuleType) and found.__name__.startswith(__package__):
            found = Namespace(found, self._backend)
        elif isinstance(found, FunctionType) and id(found) not in self._ops:
            found = _on(self._backend, found)
        setattr(self, name, found)
        return found


def _on(backend: Backend, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def bound(*args: Any, **keywords: Any) -> Any:
        with use_backend(backend):
            return function(*args, **keywords)

    return bound


def namespace_for(x: Array) -> ModuleType:
    """The namespace of an array: this package itself where the array is of the default engine.

    >>> import tapegrad.numpy as tnp
    >>> namespace_for(tnp.asarray([1.0])) is tnp
    True
    """
    backend = engine_of(x).backend
    return package() if backend is get_backend() else namespace_of(backend)


@functools.cache
def namespace_of(backend: Backend) -> Namespace:
    """The one namespace of an engine, so that two arrays of it have the same.

    >>> import tapegrad
    >>> backend = tapegrad.get_backend("numpy")
    >>> namespace_of(backend) is namespace_of(backend)
    True
    """
    return Namespace(package(), backend)


def _again(module: str, backend: str) -> Any:
    found: Any = namespace_of(get_backend(backend))
    for part in module.split(".")[2:]:
        found = getattr(found, part)
    return found
