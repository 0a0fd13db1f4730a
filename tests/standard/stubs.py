"""Write the stubs of what is bound when `tapegrad.numpy` is imported: `python tests/standard/stubs.py`.

A test keeps them fresh.
"""

import inspect
import re
import textwrap
from itertools import groupby
from pathlib import Path

import tapegrad
import tapegrad.numpy as tnp
from tapegrad import typing
from tapegrad.numpy import methods
from tapegrad.numpy.names import ops_of

FOLDER = Path(tapegrad.__file__).parent
WIDTH = 120


def declared(name, function, *, result, method=False):
    """The declaration of a function, or of the method that it is, on as many lines as it takes."""
    parameters = [
        p.replace(default=... if p.default is not p.empty else p.empty)
        for p in inspect.signature(function).parameters.values()
    ]
    words = [str(p).replace("Ellipsis", "...").replace("'", "") for p in parameters]
    kinds = [p.kind for p in parameters]
    if method:
        words[0] = "self"
    firm = kinds.count(inspect.Parameter.POSITIONAL_ONLY)
    if firm:
        words.insert(firm, "/")
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        words.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY) + bool(firm), "*")
    pad = "    " if method else ""
    line = f"{pad}def {name}({', '.join(words)}) -> {result}: ..."
    if len(line) <= WIDTH:
        return line
    inner = f"{pad}    {', '.join(words)}"
    if len(inner) > WIDTH:
        inner = "\n".join(f"{pad}    {word}," for word in words)
    return f"{pad}def {name}(\n{inner}\n{pad}) -> {result}: ..."


def head(words, *imports, declared=()):
    """The beginning of a stub, which imports the types that the declarations name."""
    types = [name for name in typing.__all__ if re.search(rf"\b{name}\b", "\n".join(declared))]
    if types:
        at = next((i for i, line in enumerate(imports) if line.startswith("from .")), len(imports))
        imports = [*imports[:at], f"from ..typing import {', '.join(types)}", *imports[at:]]
    return [f'"""{words} Written by tests/standard/stubs.py."""', "", *imports, ""]


def listed(names, around):
    """Names on as few lines as they take."""
    return textwrap.indent(textwrap.fill(", ".join(names), WIDTH - 4), "    ").join(
        (f"{around[0]}\n", f"\n{around[1]}")
    )


def public_stub():
    """What `tapegrad.numpy` takes from its modules, and the ops that are its functions."""
    modules = {}
    for module in (getattr(tnp, name) for name in tnp.PARTS):
        for name in module.__all__:
            if getattr(tnp, name) is getattr(module, name):
                modules[name] = module.__name__.rpartition(".")[2]
    functions = [
        declared(name, function, result="ndarray")
        for name, function in sorted(ops_of(tnp.__name__).items())
        if name not in modules
    ]
    imports = "from collections.abc import Sequence", "from typing import Any", "", "from .arrays import ndarray"
    lines = ["# ruff: noqa", "# fmt: off", *head("The names of `tapegrad.numpy`.", *imports, declared=functions)]
    for module, names in groupby(sorted(modules, key=lambda n: (modules[n], n)), key=modules.get):
        lines.append(listed([f"{n} as {n}" for n in names], (f"from .{module} import (", ")")))
    lines += ["", *functions]
    lines += ["", listed([f'"{name}"' for name in tnp.__all__ if name not in tnp.NAMES], ("__all__ = [", "]"))]
    return "\n".join(lines) + "\n"


def special_stub():
    """The ops that are functions of `tapegrad.numpy.special`."""
    functions = [declared(name, op, result="ndarray") for name, op in sorted(ops_of("tapegrad.numpy.special").items())]
    lines = head("Special functions that are ops.", "from .arrays import ndarray", declared=functions)
    return "\n".join([*lines, *functions]) + "\n"


def methods_stub():
    """Methods that are functions."""
    lines = ["def methods_among(functions: Mapping[str, Any]) -> list[str]: ..."]
    lines += ["def bind(functions: Mapping[str, Any]) -> None: ...", "", "class Methods:"]
    lines += ["    @property", "    def real(self) -> Self: ...", "    @property", "    def imag(self) -> Self: ..."]
    for name in methods.methods_among(vars(tnp)):
        result = "tuple[Self, ...]" if name == "nonzero" else "Self"
        lines.append(declared(name, getattr(tnp, name), result=result, method=True))
    for name in ("compress", "fill", "flatten", "partition", "put", "sort", "transpose"):
        result = "Self" if name in ("compress", "flatten", "transpose") else "None"
        lines.append(declared(name, getattr(methods.Methods, name), result=result, method=True))
    imports = "from collections.abc import Iterable, Mapping, Sequence", "from typing import Any, Self", ""
    words = "Functions of `tapegrad.numpy` as methods of `ndarray`."
    return "\n".join(head(words, *imports, declared=lines) + lines) + "\n"


STUBS = {
    "numpy/_public.pyi": public_stub,
    "numpy/_special.pyi": special_stub,
    "numpy/methods.pyi": methods_stub,
}

if __name__ == "__main__":
    for name, write in STUBS.items():
        (FOLDER / name).write_text(write(), encoding="utf-8")
