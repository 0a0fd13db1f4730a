"""The command line: which workloads and peers to run, and the tables or the JSON that come out."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import checkouts, first_call, imports, loading, machine_code, million, step_memory
from benchmarks.case import LIMITS_BESIDE, Goal
from benchmarks.measure import ROOT, Row, measure
from benchmarks.page import page
from benchmarks.peers import PEERS
from benchmarks.workloads import IN_PROCESS

WORKLOADS = (
    *(name for name in IN_PROCESS if name not in ("W11", "W13")),
    "W8",
    "W9",
    "W10",
    "W11",
    "W12",
    "W13",
    "W14",
    "W15",
)
BY_LIBRARY = {"torch": ("torch", "torch.compile"), "jax": ("jax",), "autograd": ("hips",)}
"""Peers by the names of their libraries."""
HEAVY = ("W3", "W8", "W10", "W14", "W15")
"""Workloads of seconds per step or hundreds of megabytes: a third of the rounds will do."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="tapegrad beside NumPy by hand, PyTorch, HIPS/autograd and JAX, as far as they are installed.",
    )
    parser.add_argument(
        "workloads",
        nargs="*",
        help=f"any of {', '.join(WORKLOADS)}; with --against also a case or a word of its name; all by default",
        metavar="WORKLOAD",
    )
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), help="all by default")
    parser.add_argument("--vs", metavar="NAMES", help="tapegrad and NumPy by hand beside these only, by commas")
    parser.add_argument("--rounds", type=int, help="how often each takes its turn (9; 20 with --against)")
    parser.add_argument(
        "--sample-ms", type=float, help="CPU time of one turn, at least one step (30; 8 with --against)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, all samples included, instead of tables")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with a plot of the ratios as well")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="PATH",
        help="no peers, but this checkout of tapegrad beside the one at PATH",
    )
    parser.add_argument(
        "--limits",
        action="store_true",
        help=f"with --against: the ratios to be kept beside {LIMITS_BESIDE}, as a column",
    )
    options = parser.parse_args(argv)
    if options.vs is not None:
        others = [BY_LIBRARY.get(name) for name in options.vs.split(",") if name]
        if None in others:
            parser.error(f"--vs {options.vs}: choose from {', '.join(BY_LIBRARY)}")
        options.peers = ["hand", "tapegrad", "compiled", "checkpoint", *(p for peers in others for p in peers or ())]
    if options.against is None:
        unknown = [name for name in options.workloads if name not in WORKLOADS]
        if unknown:
            parser.error(f"unknown workload {unknown[0]!r}; choose from {', '.join(WORKLOADS)}")
        options.workloads = options.workloads or list(WORKLOADS)
    else:
        if not (options.against / "core" / "tapegrad").is_dir():
            parser.error(f"{options.against} is no checkout of tapegrad: it has no core/tapegrad")
        try:
            options.workloads = checkouts.named(options.workloads)
        except ValueError as error:
            parser.error(str(error))
    if options.rounds is None:
        options.rounds = 9 if options.against is None else 20
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if options.sample_ms is None:
        options.sample_ms = 30 if options.against is None else 8
    return options


def measured(workload: str, options: argparse.Namespace) -> list[Row]:
    """Measure every case of one workload."""
    rounds = max(1, options.rounds // 3) if workload in HEAVY else options.rounds
    if workload == "W8":
        return million.measure(options.peers, rounds)
    if workload == "W9":
        return [imports.measure(options.peers, rounds)]
    if workload == "W12":
        return first_call.measure(options.peers, rounds)
    if workload == "W14":
        return machine_code.measure(options.peers, rounds)
    if workload == "W15":
        return loading.measure(options.peers, rounds)
    if workload == "W10":
        return step_memory.measure(options.peers, rounds)
    return [measure(case, options.peers, rounds, options.sample_ms) for case in IN_PROCESS[workload]()]


def rounded(value: float | None) -> str:
    """Three digits, or a dash for what was not measured."""
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def bound(goal: Goal, limit: float | None, value: float | None) -> str:
    """A goal as the table shows it, with a mark where it was measured: green and kept, or red and missed."""
    if limit is None:
        return ""
    text = f"{'≤' if goal.at_most else '≥'} {limit:g}"
    if value is None:
        return text
    return f"[green]{text} ✓[/]" if goal.met(value, limit) else f"[red]{text} ✗[/]"


def tables(rows: Sequence[Row], peers: Sequence[str]) -> list[Table]:
    """Two tables: what each peer took, and the ratios beside their goals."""
    figures = Table("workload", "what", "unit", *(PEERS[peer].title for peer in peers), title="Medians")
    ratios = Table("workload", "ratio", "measured", "first release", "goal", title="Ratios, each within its round")
    for row in rows:
        figures.add_row(row.name, row.what, row.unit, *(rounded(row.figure(peer)) for peer in peers))
        for goal in row.goals:
            value = row.value(goal)
            name = goal.title if goal.under else f"{goal.title} ({row.unit})"
            ratios.add_row(
                row.name, name, rounded(value), bound(goal, goal.first, value), bound(goal, goal.final, value)
            )
    for table in (figures, ratios):
        for column in table.columns[2:]:
            column.justify = "right"
    figures.columns[2].justify = "left"
    return [figures, ratios]


def surroundings(peers: Sequence[str]) -> dict[str, object]:
    """What the figures depend on: Python, the machine, how busy it is, the peers' versions."""
    distributions = {PEERS[peer].module for peer in peers if PEERS[peer].installed}
    versions = {}
    for name in sorted(distributions):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not a distribution"
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def as_json(rows: Sequence[Row], peers: Sequence[str]) -> str:
    """Everything measured, as JSON: samples, medians, ratios, goals."""
    cases = [
        {
            "name": row.name,
            "what": row.what,
            "unit": row.unit,
            "medians": {peer: row.figure(peer) for peer in row.samples},
            "samples": row.samples,
            "absent": row.absent,
            "ratios": [
                {
                    "ratio": goal.title,
                    "measured": row.value(goal),
                    "bound": "at most" if goal.at_most else "at least",
                    "first_release": goal.first,
                    "goal": goal.final,
                }
                for goal in row.goals
            ],
        }
        for row in rows
    ]
    return json.dumps({"surroundings": surroundings(peers), "cases": cases}, indent=1)


def ratios_table(rows: Sequence[Row], old: Path, *, limits: bool) -> Table:
    """What two checkouts took, and the ratios, beside their limits if asked."""
    titles = ["case", "unit", "old", "new", "new/old", "middle half"]
    if limits:
        titles.append(f"limit beside {LIMITS_BESIDE}")
    table = Table(*titles, title=f"Old: {old}; new: {ROOT}")
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        (goal,) = row.goals
        ratio, middle = row.value(goal), row.middle_half(goal)
        cells = [
            *(row.name, row.unit, rounded(row.figure("old")), rounded(row.figure("new"))),
            "–" if ratio is None else f"{ratio:.3f}",
            "" if middle is None else f"{middle[0]:.2f} to {middle[1]:.2f}",
        ]
        table.add_row(*cells, *([bound(goal, goal.first, ratio)] if limits else []))
    return table


def print_reasons(console: Console, rows: Sequence[Row], titles: Mapping[str, str]) -> None:
    """Why something was not measured, a line each."""
    for row in rows:
        for name, reason in row.absent.items():
            console.print(f"{row.name}, {titles.get(name, name)}: {reason}", markup=False, highlight=False)


def run_against(options: argparse.Namespace, progress: Console) -> None:
    """Measure this checkout beside another one and print the ratios."""
    checkouts.stay_on_one_core()
    rows = checkouts.measure(options.workloads, options.against, options.rounds, options.sample_ms, progress.print)
    if options.json:
        print(as_json(rows, ["hand"]))
        return
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(ratios_table(rows, options.against, limits=options.limits))
    print_reasons(console, rows, {})


def run(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it; progress goes to standard error."""
    options = arguments(argv)
    progress = Console(stderr=True)
    if options.against is not None:
        run_against(options, progress)
        return
    for peer in options.peers:
        if PEERS[peer].installed:
            PEERS[peer].prepare()
    rows: list[Row] = []
    # Drawn between workloads only: a bar that redraws itself does so from a thread, on the CPU time being measured.
    with Progress(console=progress, auto_refresh=False) as bar:
        task = bar.add_task("", total=len(options.workloads))
        for workload in options.workloads:
            bar.update(task, description=workload, refresh=True)
            rows += measured(workload, options)
            bar.advance(task)
        bar.refresh()
    if options.html is not None:
        titles = {name: PEERS[name].title for name in options.peers}
        options.html.write_text(page(rows, titles, surroundings(options.peers)), encoding="utf-8")
    if options.json:
        print(as_json(rows, options.peers))
        return
    # Wide enough for both tables wherever the output goes; a terminal that is narrower wraps.
    console = Console(width=None if sys.stdout.isatty() else 150)
    for table in tables(rows, options.peers):
        console.print(table)
    print_reasons(console, rows, {name: peer.title for name, peer in PEERS.items()})
