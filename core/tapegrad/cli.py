"""The commands, a function each; needs the extra `cli`."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table

from . import tour as guide
from .registry import list_backends

app = typer.Typer(
    name="tapegrad",
    help="Differentiate ordinary array programs, on any array engine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.command()
def tour() -> None:
    """Run the tutorial of the docs: its text, its code, and what the code prints."""
    console = Console()
    cells = guide.parse(guide.page())
    for cell, result in zip(cells, guide.run(cells), strict=True):
        console.print(Markdown(cell.prose))
        console.print()
        if cell.source:
            console.print(Padding(Syntax(cell.source.rstrip(), "python", background_color="default"), (0, 4)))
            console.file.flush()
            # Results as they are, neither wrapped nor coloured: the numbers are the point.
            sys.stdout.write(result.stdout if result.value is None else f"{result.stdout}{result.value}\n")
            console.print()


@app.command()
def backends() -> None:
    """List every declared engine: usable or not, its version, its devices, who brought it, or why it is broken."""
    table = Table("backend", "usable", "version", "devices", "distribution", "reason", box=None, pad_edge=False)
    for info in list_backends():
        table.add_row(
            info.name + (" (default)" if info.is_default else ""),
            "yes" if info.usable else "no",
            info.version or "",
            ", ".join(info.devices),
            info.distribution,
            info.reason or "",
        )
    # Piped, each engine is one whole line; on a terminal a long reason wraps in its column.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
