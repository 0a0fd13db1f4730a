"""Write the reference, a page for each part of the public modules, from signatures and docstrings: conf.py runs it."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

SPACES = {
    "tapegrad": [
        "",
        "nn",
        "nn.initializers",
        "optimizers",
        "tree",
        "autograd",
        "random",
        "op",
        "einops",
        "testing",
        "errors",
        "dtypes",
        "typing",
        "context",
        "operator",
        "util",
    ],
    "tapegrad.numpy": ["", "linalg", "fft", "special", "random"],
    "tapegrad.ndarray": ["", "linalg", "random", "contrib"],
    "tapegrad.gluon": ["", "nn", "rnn", "loss", "data", "data.vision.datasets", "data.vision.transforms", "utils"],
    "tapegrad.": [
        "initializer",
        "optimizer",
        "lr_scheduler",
        "metric",
        "io",
        "image",
        "recordio",
        "kvstore",
        "callback",
        "monitor",
    ],
}
MODULES = [f"{package}.{name}".strip(".").replace("..", ".") for package, names in SPACES.items() for name in names]
"""The public modules, in the order of the site; what several have is described with the first."""

TOPICS = {
    "elementwise": "pointwise",
    "special": "pointwise",
    "activations": "pointwise",
    "indexing": "manipulation",
    "shape": "manipulation",
    "diagonals": "manipulation",
    "cumulative": "reductions",
    "sorting": "searching",
    "contraction": "products",
    "linalg": "products",
    "grids": "creation",
    "mechanical": "pointwise",
    "linalg_long": "linalg",
    "heads": "nn",
    "host": "files",
    "numpy": "info",
}
"""Modules of a package whose names stand on one page with those of another, where the package has its own pages."""
SPLIT = ("tapegrad.numpy", "tapegrad.ndarray")
HEAD = re.compile(r"^(Shapes|Dtypes|Derivative|Raises):", re.MULTILINE)
SESSION = re.compile(r"^(>>> .*?)(?=\n\s*\n(?!>>> )|\Z)", re.MULTILINE | re.DOTALL)


def text(thing: Any) -> str:
    """A docstring in Markdown."""
    said = HEAD.sub(r"\n**\1:**", inspect.getdoc(thing) or "")
    said = re.sub(r"^    (?=>>> )", "", said, flags=re.MULTILINE)
    return SESSION.sub(r"```pycon\n\1\n```", said)


class Words(str):
    """An annotation as it is written."""

    __repr__ = str.__str__


def signature(thing: Any, method: bool = False) -> str:
    """The parameters and the result, as they are written."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    result = found.return_annotation if isinstance(found.return_annotation, str) else "None"
    parameters = [
        p.replace(annotation=p.annotation if p.annotation is p.empty else Words(p.annotation))
        for p in list(found.parameters.values())[method:]
    ]
    return str(found.replace(parameters=parameters, return_annotation=Words(result)))


def described(kind: str, name: str, thing: Any, depth: int = 0) -> str:
    """The description of an object, with those of the members of a class within it."""
    fence = ":" * (5 - depth)
    words = "" if kind in ("property", "data") else signature(thing, method=kind == "method")
    body = text(thing) if kind != "data" else f"`{thing!r}`"
    if kind == "class":
        body += "\n\n" + "\n".join(members(thing, depth + 1))
    return f"{fence}{{py:{kind}}} {name}{words}\n\n{body}\n{fence}\n"


def members(cls: type, depth: int) -> Iterator[str]:
    """The public methods and properties of a class, not of its bases, that say what they are."""
    for name in sorted(vars(cls)):
        member = inspect.getattr_static(cls, name)
        if name[0] == "_" or not inspect.getdoc(member):
            continue
        if isinstance(member, property):
            yield described("property", name, member, depth)
        elif isinstance(member, (FunctionType, classmethod, staticmethod)):
            yield described("method", name, getattr(cls, name), depth)


def topic_of(thing: Any) -> str:
    """The page of a package on which a thing stands."""
    last = str(getattr(thing, "__module__", "")).rpartition(".")[2]
    return TOPICS.get(last, last)


def public(module: ModuleType) -> dict[str, Any]:
    """The public names of a module, modules aside."""
    named = {name: getattr(module, name) for name in sorted(dir(module)) if name[0] != "_"}
    return {name: thing for name, thing in named.items() if not inspect.ismodule(thing)}


def entries(space: str, things: dict[str, Any], first: dict[int, str]) -> Iterator[str]:
    """The descriptions of a page; of several names of one object the first has the words."""
    for name, thing in things.items():
        kind = "class" if inspect.isclass(thing) else "function" if callable(thing) else "data"
        theirs = not getattr(thing, "__module__", "tapegrad").startswith("tapegrad")
        if kind != "data" and (theirs or id(thing) in first):
            whose = f"{thing.__module__}.{getattr(thing, '__name__', name)}" if theirs else first[id(thing)]
            yield f":::::{{py:{kind}}} {space}.{name}\n\nThe same as `{whose}`.\n:::::\n"
        else:
            first[id(thing)] = f"{space}.{name}"
            yield described(kind, f"{space}.{name}", thing)


def meaning(module: ModuleType, part: str, names: list[str]) -> str:
    """What a page is about, in a line."""
    first = text(module).partition("\n\n")[0].replace("\n", " ")
    return ", ".join(f"`{name}`" for name in names[:8]) + ", …" * (len(names) > 8) if part else first


def write(folder: Path) -> None:
    """Write all pages into a folder, and an index of them."""
    folder.mkdir(exist_ok=True)
    pages: dict[str, str] = {}
    rows = ["# Reference", "", "| page | what |", "|---|---|"]
    first: dict[int, str] = {}
    for space in MODULES:
        module = import_module(space)
        parts: dict[str, dict[str, Any]] = {}
        for name, thing in public(module).items():
            parts.setdefault(topic_of(thing) if space in SPLIT else "", {})[name] = thing
        for part, things in sorted(parts.items()):
            path, title = f"{space}-{part}".strip("-"), f"{space}: {part}" if part else space
            said = "" if part else text(module)
            pages[path] = f"# {title}\n\n{said}\n\n" + "\n".join(entries(space, things, first))
            rows.append(f"| [{title}]({path}.md) | {meaning(module, part, list(things))} |")
    contents = ["", "```{toctree}", ":hidden:", "", *pages, "```", ""]
    for old in {path.stem for path in folder.glob("*.md")} - {*pages, "index"}:
        (folder / f"{old}.md").unlink()
    for path, page in {**pages, "index": "\n".join([*rows, *contents])}.items():
        file = folder / f"{path}.md"
        if not file.exists() or file.read_text(encoding="utf-8") != page:
            file.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent / "reference")
