"""The conformance command's face: a bar while engines are judged, a table when they have been. Needs rich."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from ..engines.registry import get_backend
from ..errors import ArgumentError
from .conformance import UNITS, Conformance, judge_op
from .judging import DTYPES, Check

__all__ = ["as_table", "import_modules", "judge_engines"]


SHORT = {"float64": "f64", "float32": "f32", "float16": "f16", "complex128": "c128", "complex64": "c64"}


def judge_engines(
    names: Sequence[str],
    *,
    quick: bool,
    ops: Sequence[str],
    jobs: int | None,
    console: Console,
    modules: Sequence[str] = (),
    dtypes: Sequence[str] | None = None,
    laws: Sequence[str] = (),
) -> list[Conformance]:
    """Judge one engine after the other by these ops and functions, and print a table of each.

    `modules` register ops of their own; each process imports them. `jobs`: how many processes; None for one a core, or
    a single one where the engine's arrays are on a GPU, of whose memory the first process may take all. `dtypes`: only
    these.
    """
    found = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    for name in names:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(name, total=len(ops))
            checks: list[Check] = []
            failed = 0
            for part in _work(name, ops, modules, quick, jobs, dtypes, laws):
                checks += part
                failed += sum(check.failed for check in part)
                progress.update(task, advance=1, description=f"{name}: {len(checks):,} checks, {failed} failed")
        verdict = Conformance.of(name, checks)
        console.print(as_table(verdict))
        for check in verdict.failures[:20]:
            # Brackets in a message are no markup.
            console.print(Text(f"{name}-{check.id}", style="bold"), Text(check.message), soft_wrap=True)
        if len(verdict.failures) > 20:
            console.print(f"… and {len(verdict.failures) - 20} more; --html and --json have them all")
        console.print(verdict.summary(), highlight=False)
        found.append(verdict)
    return found


def _work(
    name: str,
    ops: Sequence[str],
    modules: Sequence[str],
    quick: bool,
    jobs: int | None,
    dtypes: Sequence[str] | None,
    laws: Sequence[str],
) -> Iterator[list[Check]]:
    work = partial(judge_op, name, quick=quick, dtypes=dtypes, laws=laws)
    if jobs is None:
        on_host = next(iter(get_backend(name).devices())).startswith("cpu")
        jobs = min(os.cpu_count() or 1, len(ops)) if on_host else 1
    if jobs == 1:
        yield from map(work, ops)
        return
    import multiprocessing
    import tempfile

    with (
        tempfile.TemporaryDirectory(prefix="tapegrad-") as folder,
        multiprocessing.get_context("spawn").Pool(jobs, _begin, (name, folder, modules)) as pool,
    ):
        yield from pool.imap_unordered(work, ops)


def _begin(name: str, folder: str, modules: Sequence[str]) -> None:
    import_modules(modules)
    get_backend(name).share_compiled(folder)


def import_modules(names: Sequence[str]) -> None:
    """Import modules that register ops, from the current folder or from where Python finds them.

    Raises: `ArgumentError` for a module that cannot be imported, with the reason.
    """
    if "" not in sys.path:
        sys.path.insert(0, "")
    for name in names:
        try:
            import_module(name)
        except Exception as error:
            raise ArgumentError(f"--import {name}: {type(error).__name__}: {error}") from error


def as_table(verdict: Conformance) -> Table:
    """The judged ops with their classes, counts and worst distances by dtype; functions only where they fail."""
    present = {dtype for op in verdict.ops.values() for dtype in [*op.value, *op.gradient]}
    dtypes = [dtype for dtype in DTYPES if dtype in present]
    units = ", ".join(f"{name} in {unit}" for name, unit in UNITS.items())
    title = f"{verdict.backend} {verdict.version}: worst distance of value | gradient"
    table = Table(title=title, caption=f"distances of {units}", box=None, show_edge=False)
    for heading in ("op", "class", "samples", "checks", "failed", *(SHORT[dtype] for dtype in dtypes)):
        table.add_column(heading, justify="left" if heading in ("op", "class") else "right", no_wrap=True)
    for name, op in sorted(verdict.ops.items()):
        if not op.checks or (op.kind == "function" and not op.failures):
            continue
        cells = [f"{_figure(op.value.get(dtype))} | {_figure(op.gradient.get(dtype))}" for dtype in dtypes]
        failed = f"[red]{len(op.failures)}[/red]" if op.failures else "0"
        table.add_row(name, op.accuracy, str(len(op.samples)), f"{op.checks:,}", failed, *cells)
    return table


def _figure(distance: float | None) -> str:
    return "–" if distance is None else f"{distance:.2g}"
