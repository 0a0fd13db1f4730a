"""Which names are public, in this package and the namespaces within it: each is said once, beside what it names.

A function of the package's modules is public unless its name begins with an underscore. An op is public under the names
that `numpy=` gives it, and a primitive under that of the standard's function which it is, unless a module has a
function of that name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from types import FunctionType, ModuleType
from typing import Any

from ..arrays.foreign import missing
from ..engines.tables import OPS
from ..tape.tracebacks import door
from .placement import placed
from .words import explained

__all__ = ["like_numpy", "ops_of", "publish"]

PROJECT, FACE = "tapegrad", "tapegrad.numpy"


def ops_of(space: str) -> dict[str, Callable[..., Any]]:
    """The ops that are functions of a namespace of this face as they are, by their names there."""
    found = {}
    for op in OPS.values():
        for public in op.numpy if op.module.partition(".")[0] == PROJECT else ():
            path, _, name = f"{FACE}.{public}".rpartition(".")
            if path == space:
                found[name] = op.call
    return found


def _own(module: ModuleType) -> dict[str, Any]:
    """The public names of a module: its functions, objects of its own classes, and those that it lists."""
    listed = vars(module).get("NAMES", ())
    found = {}
    for name, value in vars(module).items():
        if name in listed:
            found[name] = value
        elif name[0] != "_" and isinstance(value, FunctionType):
            if value.__module__ == module.__name__:
                found[name] = value
        elif name[0] != "_" and type(value).__module__ == module.__name__:
            found[name] = value
    return found


def publish(space: str, *modules: ModuleType) -> None:
    """Give a namespace its public names: those of the modules, its own, and ops. Their docstrings are completed."""
    module = sys.modules[space]
    public = ops_of(space)
    for part in (*modules, module):
        own = _own(part)
        for function in {value for value in own.values() if isinstance(value, FunctionType)}:
            function.__doc__ = explained(function)
        meeting = [name for name, value in own.items() if isinstance(value, FunctionType)]
        own |= {name: placed(own[name]) for name in vars(part).get("PLACED", meeting)}
        own |= {name: door(own[name]) for name in vars(part).get("DOORS", ())}
        vars(part).update(own)
        vars(part)["__all__"] = sorted(own)
        public |= own
    vars(module).update(public, __all__=sorted(public), __dir__=lambda: sorted(public))
    vars(module).setdefault("__getattr__", missing(space))


def like_numpy(theirs: Any, space: ModuleType, but: frozenset[str] = frozenset()) -> Mapping[Any, Callable[..., Any]]:
    """Our function for each of a namespace of NumPy's that has the same name, except where the meaning differs."""
    names = [n for n in space.__all__ if n not in but and isinstance(getattr(space, n), FunctionType)]
    return {getattr(theirs, name): getattr(space, name) for name in names if hasattr(theirs, name)}
