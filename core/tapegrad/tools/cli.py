"""The commands, a function each; needs the extra `cli`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from os import environ
from pathlib import Path
from typing import Annotated

import typer
from pygments.token import Comment, Keyword, String, Token
from rich.console import Console
from rich.markdown import Markdown
from rich.padding import Padding
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.table import Table
from rich.theme import Theme

from .. import __version__
from ..compile.native.compiler import describe
from ..engines.registry import get_backend, list_backends
from ..errors import ArgumentError, BackendError
from . import tour as guide
from .doctor import examine

app = typer.Typer(
    name="tapegrad",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# The terminal's own colours on its own background, and of those only what can be read on a light and on a dark one.
PAGE = Theme(
    {"markdown.code": "bold", "markdown.link": "none", "markdown.link_url": "underline", "markdown.hr": "none"}
    | dict.fromkeys(["markdown.item.bullet", "markdown.item.number"], "bold")
)
CODE = ANSISyntaxTheme(
    {Token: Style(), Keyword: Style(color="magenta"), String: Style(color="green"), Comment: Style(italic=True)}
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tapegrad {__version__}")
        raise typer.Exit


@app.callback()
def command(
    version: Annotated[
        bool, typer.Option("--version", help="Say the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Differentiate ordinary array programs, on any array engine."""


@contextmanager
def mistakes_of_usage(parameter: str | None = None) -> Iterator[None]:
    """Within it, a name that is not there is told as a mistake in that parameter, not with a traceback."""
    try:
        yield
    except (ArgumentError, BackendError) as error:
        raise typer.BadParameter(str(error), param_hint=parameter) from None


def _listed(names: str) -> list[str]:
    return [name for name in names.split(",") if name]


BLOCK = re.compile(r"^```(\w*).*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _print_prose(console: Console, prose: str) -> None:
    """Text in Markdown, its blocks of code in the terminal's own colours."""
    pieces = BLOCK.split(prose)
    for text, language, code in zip(pieces[::3], [*pieces[1::3], ""], [*pieces[2::3], ""], strict=True):
        console.print(Markdown(text, hyperlinks=False))
        if code:
            console.print()
            _print_code(console, code, language or "text")
    console.print()


def _print_code(console: Console, code: str, language: str) -> None:
    console.print(Padding(Syntax(code.rstrip(), language, theme=CODE, word_wrap=True), (0, 4)))


@app.command()
def tour(
    chapter: Annotated[guide.Chapter, typer.Argument(help="What to see.")] = guide.Chapter.MXNET,
) -> None:
    """Run a page of the docs: its text, its code, and what the code prints."""
    console = Console(theme=PAGE)
    cells = guide.parse(guide.page(chapter))
    for cell, result in zip(cells, guide.run(cells), strict=True):
        _print_prose(console, cell.prose)
        if cell.source:
            _print_code(console, cell.source, "python")
            console.file.flush()
            # Results as they are, neither wrapped nor coloured: the numbers are the point.
            sys.stdout.write(result.stdout if result.value is None else f"{result.stdout}{result.value}\n")
            console.print()
    others = [f"tapegrad tour {other}" for other in guide.Chapter if other is not chapter]
    console.print(
        f"Next: {', '.join(others)}; tapegrad doctor says what is here; docs/index.md has the rest.", style="bold"
    )


@app.command(context_settings={"ignore_unknown_options": True})
def mxnet(
    script: Annotated[str, typer.Argument(help="A program that says `import mxnet`.")],
    args: Annotated[list[str] | None, typer.Argument(help="What the program is told.")] = None,
) -> None:
    """Run a program written for MXNet, unchanged, on tapegrad."""
    from ..mxnet import run

    run(script, args or [])


def _on_the_host(functions: tuple[str, ...]) -> str:
    """A few of the functions that an engine lacks, and how many more there are."""
    if not functions:
        return ""
    more = f" and {len(functions) - 4} more" if len(functions) > 4 else ""
    return f"on the host: {', '.join(functions[:4])}{more}"


@app.command()
def backends(
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """List every declared engine: usable or not, its version, its devices, who brought it, or why it is broken."""
    infos = list_backends()
    if json:
        typer.echo(dumps([info._asdict() for info in infos], indent=1))
        return
    heads = ("backend", "usable", "version", "devices", "distribution", "reason")
    rows = [
        (
            info.name + (" (default)" if info.is_default else ""),
            "yes" if info.usable else "no",
            info.version or "",
            ", ".join(info.devices),
            info.distribution,
            info.reason or _on_the_host(info.on_the_host),
        )
        for info in infos
    ]
    # Brackets in a reason, such as a distribution's extra, are not rich's markup.
    console = Console(markup=False)
    if not console.is_terminal:
        # Each engine is one whole line.
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        for row in (heads, *rows):
            typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        typer.echo(f"\n{_machine_code()}")
        return
    if console.width < 100:  # too narrow for a reason beside the rest
        for row in rows:
            entry = Table.grid(padding=(0, 2))
            for head, cell in zip(heads, row, strict=True):
                if cell:
                    entry.add_row(head, cell)
            console.print(entry, "")
        console.print(_machine_code(), highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print("", _machine_code(), sep="\n", highlight=False)


def _machine_code() -> str:
    """What programs on the NumPy engine are compiled with, in a line or two."""
    about = describe()
    if about["without"]:
        return f"machine code: none ({about['without']})"
    return (
        f"machine code: {about['compiler']}, {about['version']}, vectors of {about['vector mathematics']}, "
        f"{about['flags']}; cached in {about['cache']}"
    )


@app.command()
def doctor(
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say what is here: versions, engines and devices, threads, libraries; and of known problems the remedies."""
    found = examine()
    if json:
        typer.echo(dumps(found, indent=1))
        return
    console = Console(markup=False, highlight=False)
    for name, value in found.items():
        if name == "engines":
            for engine, said in value.items():
                devices = f", {', '.join(said['devices'])}" if said["devices"] else ""
                usable = f"{said['version']}{devices}" if said["usable"] else "not usable"
                console.print(
                    f"engine {engine}: {usable}; from {said['distribution']}", soft_wrap=not console.is_terminal
                )
        elif name != "problems":
            words = ", ".join(f"{k} {v}" for k, v in value.items() if v != "") if isinstance(value, dict) else value
            console.print(f"{name}: {words or 'none'}", soft_wrap=not console.is_terminal)
    console.print()
    for problem in found["problems"]:
        console.print(f"- {problem}", soft_wrap=not console.is_terminal)
    if not found["problems"]:
        console.print("no known problems")


@app.command()
def conformance(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="The engines to judge.")],
    quick: Annotated[bool, typer.Option("--quick", help="Two samples an op, in one dtype.")] = False,
    ops: Annotated[str, typer.Option(help="Only these ops, separated by commas.")] = "",
    laws: Annotated[str, typer.Option(help="Only these laws, separated by commas; 'compiled' if named only.")] = "",
    modules: Annotated[str, typer.Option("--import", help="Modules whose ops are judged too, by commas.")] = "",
    jobs: Annotated[int | None, typer.Option(help="Processes; else one for each core, on a GPU one.", min=1)] = None,
    dtypes: Annotated[str, typer.Option(help="Only these dtypes, separated by commas.")] = "",
    missing: Annotated[
        bool, typer.Option("--missing", help="Only list what the engine lacks, and who needs it.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with the heat map here.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write every number here.")] = None,
) -> None:
    """Judge engines: every law on every op, with the worst distances from the truth. Exits with 1 if a check fails."""
    from ..testing.conformance import judged_names
    from ..testing.judging import DTYPES, chosen_names
    from ..testing.report import import_modules, judge_engines

    for path in (html, json):
        if path is not None and not path.parent.is_dir():
            raise typer.BadParameter(f"there is no folder {str(path.parent)!r} to write {path.name!r} to")
    with mistakes_of_usage("NAME"):
        for name in names:
            get_backend(name)
    with mistakes_of_usage():
        import_modules(_listed(modules))
    with mistakes_of_usage("--ops"):
        chosen = chosen_names(_listed(ops), judged_names())
    with mistakes_of_usage("--dtypes"):
        wanted = chosen_names(_listed(dtypes), DTYPES) if dtypes else None
    if missing:
        for name in names:
            _print_missing(name, chosen)
        return
    console = Console(width=None if sys.stdout.isatty() else 120)
    verdicts = judge_engines(
        names,
        quick=quick,
        ops=chosen,
        modules=_listed(modules),
        jobs=jobs,
        console=console,
        dtypes=wanted,
        laws=_listed(laws),
    )
    if html is not None:
        from ..testing.conformance import as_page

        html.write_text(as_page(verdicts), encoding="utf-8")
    if json is not None:
        json.write_text(dumps([verdict.as_json() for verdict in verdicts], indent=1), encoding="utf-8")
    if any(verdict.failures for verdict in verdicts):
        raise typer.Exit(1)


@app.command()
def bench(
    workloads: Annotated[list[str] | None, typer.Argument(metavar="W...", help="Of W1 to W15; else all.")] = None,
    engine: Annotated[str, typer.Option(help="The engine that tapegrad computes with; else the default.")] = "",
    vs: Annotated[str, typer.Option(help="Other libraries to compare with, by commas; else all that are there.")] = "",
    rounds: Annotated[int, typer.Option(help="How often each takes its turn.", min=1)] = 9,
    html: Annotated[Path | None, typer.Option(help="Write a page with a plot of the ratios here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Time tapegrad, eager and compiled, beside NumPy by hand and other libraries, on one thread of this machine."""
    with mistakes_of_usage("--engine"):
        name = get_backend(engine or None).name
    root = Path(__file__).parents[3]
    if not (root / "benchmarks" / "command.py").is_file():
        raise typer.BadParameter(
            "the workloads are in tapegrad's repository and not in what is installed; run this in a clone of it, "
            'after pip install -e ".[bench,cli]"'
        )
    options = ["--rounds", str(rounds), *(["--vs", vs] if vs else []), *["--json"] * json]
    options += [] if html is None else ["--html", str(html.absolute())]
    command = [sys.executable, "-m", "benchmarks", *(workloads or []), *options]
    done = subprocess.run(command, cwd=root, env={**environ, "TAPEGRAD_BACKEND": name}, check=False)
    raise typer.Exit(done.returncode)


def _print_missing(name: str, ops: list[str]) -> None:
    """A line for each function of the standard that the host computes for the engine, with the ops that wait for it."""
    from ..testing.missing import missing_functions

    found = missing_functions(name, ops)
    if not found:
        typer.echo(f"{name} lacks nothing that these ops are built on")
        return
    typer.echo(f"{name} lacks these functions of the array API standard; the host computes them, on copies:")
    width = max(map(len, found))
    for function, sufferers in found.items():
        typer.echo(f"{function.ljust(width)}  {', '.join(sufferers)}")


@app.command()
def mutate(
    ops: Annotated[str, typer.Option(help="Only these ops, separated by commas.")] = "",
    jobs: Annotated[int | None, typer.Option(help="Processes; else one for each core.", min=1)] = None,
) -> None:
    """Damage the rules of ops on purpose and count what the suite catches. Exits with 1 below 99%."""
    from ..testing import mutation

    with mistakes_of_usage("--ops"):
        names = mutation.damaged_names(_listed(ops))
    shared = [] if jobs is None else ["--jobs", str(jobs)]
    raise typer.Exit(mutation.main(["--ops", ",".join(names), *shared]))
