"""Write the stubs of what is bound when `tapegrad.numpy` is imported: `python tests/standard/stubs.py`.

A test keeps them fresh.
"""

import inspect
from pathlib import Path

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.numpy import mechanical, methods

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


def mechanical_stub():
    """Functions that are ops."""
    lines = ['"""Functions of `tapegrad.numpy` that are ops. Written by tests/standard/stubs.py."""', ""]
    lines += ["from typing import Any", "", "from .array import ndarray", ""]
    lines += ["NAMES: tuple[str, ...]", "ALIASES: dict[str, str]", "__all__: list[str]", ""]
    lines += [declared(name, getattr(mechanical, name), result="ndarray") for name in sorted(mechanical.__all__)]
    return "\n".join(lines) + "\n"


def methods_stub():
    """Methods that are functions."""
    lines = ['"""Functions of `tapegrad.numpy` as methods of `ndarray`. Written by tests/standard/stubs.py."""', ""]
    lines += ["from typing import Any, Self", "", "METHODS: tuple[str, ...]", ""]
    lines += ["def bind(functions: Any) -> None: ...", "", "class Methods:"]
    lines += ["    @property", "    def real(self) -> Self: ...", "    @property", "    def imag(self) -> Self: ..."]
    for name in methods.METHODS:
        result = "tuple[Self, ...]" if name == "nonzero" else "Self"
        lines.append(declared(name, getattr(tnp, name), result=result, method=True))
    for name in ("flatten", "transpose"):
        lines.append(declared(name, getattr(methods.Methods, name), result="Self", method=True))
    return "\n".join(lines) + "\n"


STUBS = {"numpy/mechanical.pyi": mechanical_stub, "numpy/methods.pyi": methods_stub}

if __name__ == "__main__":
    for name, write in STUBS.items():
        (FOLDER / name).write_text(write(), encoding="utf-8")
