"""The guided tour: a page of the docs, run cell by cell as a notebook would."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

FENCE = re.compile(r"^```python\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """A block of Python in a page, and the prose that leads to it; the last one of a page may be prose alone."""

    prose: str
    source: str


@dataclass(frozen=True)
class Result:
    """What a cell did: what it printed, and its last expression, if that was not None."""

    stdout: str
    value: str | None


class Chapter(StrEnum):
    """What there is a tour of."""

    MXNET = "mxnet"
    TRANSFORMS = "transforms"
    ENGINES = "engines"
    COMPILE = "compile"


PAGES = {
    Chapter.MXNET: "tutorial.md",
    Chapter.TRANSFORMS: "transforms.md",
    Chapter.ENGINES: "choose-an-engine.md",
    Chapter.COMPILE: "compile.md",
}


def page(chapter: Chapter = Chapter.MXNET) -> str:
    """The text of a page of the docs: the copy that the wheel carries, else the checkout's own."""
    shipped = resources.files("tapegrad") / "tour" / PAGES[chapter]
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    return (Path(__file__).parents[3] / "docs" / PAGES[chapter]).read_text(encoding="utf-8")


def parse(markdown: str) -> list[Cell]:
    """The page's cells in order: each ```` ```python ```` block with what stands before it."""
    pieces = FENCE.split(markdown)
    return [Cell(prose.strip(), source) for prose, source in zip(pieces[::2], [*pieces[1::2], ""], strict=True)]


def run(cells: Iterable[Cell]) -> Iterator[Result]:
    """Run the cells one after another in one namespace, yielding as each is done; what they raise goes through."""
    names: dict[str, Any] = {"__name__": "__tour__"}
    for number, cell in enumerate(cells):
        block = ast.parse(cell.source, filename := f"<cell {number}>")
        last = block.body[-1] if block.body else None
        printed, value = io.StringIO(), None
        with redirect_stdout(printed):
            if isinstance(last, ast.Expr):
                block.body.pop()
            exec(compile(block, filename, "exec"), names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), filename, "eval"), names)
        yield Result(printed.getvalue(), None if value is None else repr(value))
