"""Programs that say `import mxnet`, unchanged: `install()` has that name mean tapegrad."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import ArgumentError

__all__ = ["install", "run"]

NAME, HOME = "mxnet", __package__


class _Door(MetaPathFinder, Loader):
    """Finds `mxnet.x` where `tapegrad.x` is, and hands out the same module."""

    def __init__(self) -> None:
        self._specs: dict[str, Any] = {}

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        root, _, rest = fullname.partition(".")
        if root != NAME:
            return None
        if self._module(rest) is None:
            owner, _, name = rest.rpartition(".")
            try:
                getattr(self._module(owner), name)
            except AttributeError as error:  # which says what to use
                raise ModuleNotFoundError(f"No module named {fullname!r}: {error}", name=fullname) from None
            return None
        return ModuleSpec(fullname, self)

    @staticmethod
    def _module(path: str) -> ModuleType | None:
        module: Any = sys.modules[HOME]
        for part in path.split(".") if path else ():
            module = getattr(module, part, None) or _import(f"{module.__name__}.{part}")
            if not isinstance(module, ModuleType):
                return None
        return module  # type: ignore[no-any-return]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module = self._module(spec.name.partition(".")[2])
        self._specs[spec.name] = getattr(module, "__spec__", None)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has written its spec into the module, which keeps the one it was loaded by.
        written = module.__spec__
        if written is not None and written.name in self._specs:
            module.__spec__ = self._specs.pop(written.name)


def _import(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


def install() -> None:
    """Have `import mxnet`, and all below it, mean tapegrad from now on.

    Raises `ValueError` where MXNet itself has been imported already.

    >>> install()
    >>> import mxnet, mxnet.gluon.nn, tapegrad
    >>> mxnet is tapegrad, mxnet.gluon.nn is tapegrad.gluon.nn
    (True, True)
    """
    there = sys.modules.get(NAME)
    if there is not None and there is not sys.modules[HOME]:
        raise ArgumentError("install(): MXNet itself is imported already; call this first")
    if not any(isinstance(finder, _Door) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Door())


def run(script: str, args: Sequence[str] = ()) -> None:
    """Run a program that says `import mxnet`, as `python -m tapegrad mxnet SCRIPT [ARGS]` does.

    Raises what the program raises, `OSError` for one that is not there.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
    ...     _ = file.write("from mxnet import nd; print(nd.ones(1).asscalar())")
    ...     file.flush()
    ...     run(file.name)
    1.0
    """
    install()
    before = sys.argv, sys.path[:]
    sys.argv = [script, *args]
    sys.path.insert(0, str(Path(script).resolve().parent))
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        sys.argv, sys.path[:] = before
