"""Write the stubs of what is bound when `nd` is imported: `python tests/mxnet/stubs.py`. A test keeps them fresh."""

import inspect
import re
from collections.abc import Sequence
from pathlib import Path

import tapegrad
import tapegrad.ndarray.contents  # which binds the methods
from tapegrad import typing
from tapegrad.ndarray import files, linalg, methods, ndarray, op
from tapegrad.ndarray.function import exported

FOLDER = Path(tapegrad.__file__).parent / "ndarray"
WIDTH = 120


def signature(name: str, function: object, *, method: bool) -> str:
    """The declaration of a function, or of the method that it is, on as many lines as it takes."""
    given = inspect.signature(function)
    parameters = [p.replace(default=... if p.default is not p.empty else p.empty) for p in given.parameters.values()]
    words = [str(p).replace("Ellipsis", "...").replace("'", "") for p in parameters]
    if method:
        words[0] = "self"
    result = str(given.return_annotation).replace("'", "")
    pad = "    " if method else ""
    line = f"{pad}def {name}({', '.join(words)}) -> {result}: ..."
    if len(line) <= WIDTH:
        return line
    inner = f"{pad}    {', '.join(words)}"
    if len(inner) <= WIDTH:
        return f"{pad}def {name}(\n{inner}\n{pad}) -> {result}: ..."
    listed = "".join(f"{pad}    {word},\n" for word in words)
    return f"{pad}def {name}(\n{listed}{pad}) -> {result}: ..."


def head(doc: str, *imports: str, declared: Sequence[str] = ()) -> list[str]:
    """The beginning of a stub, which imports the types that the declarations name."""
    text = "\n".join(declared)
    used = lambda names: ", ".join([name for name in names if re.search(rf"\b{name}\b", text)])
    if kinds := used(("Callable", "Iterable", "Mapping", "Sequence")):
        imports = (f"from collections.abc import {kinds}", *imports)
    if types := used(typing.__all__):
        at = next((i for i, line in enumerate(imports) if line.startswith("from .nd")), len(imports))
        imports = (*imports[:at], f"from ..typing import {types}", *imports[at:])
    return [f'"""{doc} Written by tests/mxnet/stubs.py."""', "", *imports, ""]


def op_stub() -> str:
    """All functions of arrays."""
    imports = "from typing import Any", "", "from ..context import Context", "from .ndarray import NDArray"
    functions = sorted(exported(op).items())
    declared = [signature(name, function, method=False) for name, function in functions if name == function.__name__]
    lines = [*head("Functions of arrays.", *imports, declared=declared), *declared]
    lines += ["", *(f"{name} = {function.__name__}" for name, function in functions if name != function.__name__)]
    return "\n".join(lines) + "\n"


def linalg_stub() -> str:
    """The functions of linear algebra by their short names."""
    names = sorted(exported(linalg))
    return "\n".join(head("Linear algebra.", "from . import op") + [f"{n} = op.linalg_{n}" for n in names]) + "\n"


def package_stub() -> str:
    """What `nd` is: the functions of arrays, those that make or load one, and the namespaces."""
    lines = head("MXNet's imperative arrays.", "from typing import Any")
    lines += [f"from . import {space} as {space}" for space in ("contrib", "linalg", "op", "random")]
    for module, path in ((files, "files"), (ndarray, "ndarray")):
        lines += [f"from .{path} import {name} as {name}" for name in module.__all__]
    lines += [
        "from .op import *  # noqa: F403",
        "",
        "gen_op = op",
        "",
        signature("Custom", tapegrad.nd.Custom, method=False),
    ]
    return "\n".join(lines) + "\n"


def methods_stub() -> str:
    """Methods that are functions of `nd`."""
    declared = ["METHODS: tuple[str, ...]", "", "def bind(functions: Mapping[str, Any]) -> None: ...", ""]
    declared.append("class Methods(ProgramArray):")
    declared += [signature(name, getattr(methods.Methods, name), method=True) for name in methods.METHODS]
    lines = head(
        "Methods of NDArray that are functions of `nd`.",
        "from typing import Any",
        "",
        "from ..transforms.program import ProgramArray",
        "from .ndarray import NDArray",
        declared=declared,
    )
    # MXNet's reductions take other keywords than the standard's: a subclass in name and semantics, not in signatures.
    lines.insert(0, '# mypy: disable-error-code="override"')
    return "\n".join([*lines, *declared]) + "\n"


STUBS = {"__init__.pyi": package_stub, "linalg.pyi": linalg_stub, "methods.pyi": methods_stub, "op.pyi": op_stub}

if __name__ == "__main__":
    for name, write in STUBS.items():
        (FOLDER / name).write_text(write(), encoding="utf-8")
