"""The command line: which workloads and peers to run, and the tables or the JSON that come out."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks import (
    chain,
    control_flow,
    elementwise,
    imports,
    lenet,
    million,
    mlp,
    rosenbrock,
    step_memory,
    transformer,
)
from benchmarks.case import Goal
from benchmarks.measure import Row, measure
from benchmarks.peers import PEERS

IN_PROCESS = {
    "W1": chain.cases,
    "W2": control_flow.cases,
    "W3": elementwise.cases,
    "W4": mlp.cases,
    "W5": lenet.cases,
    "W6": transformer.cases,
    "W7": rosenbrock.cases,
}
"""Workloads timed in this process, peer beside peer."""

WORKLOADS = (*IN_PROCESS, "W8", "W9", "W10")
HEAVY = ("W3", "W8", "W10")
"""Workloads of seconds per step or hundreds of megabytes: a third of the rounds will do."""


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="tapegrad beside NumPy by hand, PyTorch, HIPS/autograd and JAX, as far as they are installed.",
    )
    parser.add_argument(
        "workloads", nargs="*", help=f"any of {', '.join(WORKLOADS)}; all when none is named", metavar="WORKLOAD"
    )
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), help="all by default")
    parser.add_argument("--rounds", type=int, default=9, help="how often each peer takes its turn (9)")
    parser.add_argument("--sample-ms", type=float, default=30, help="CPU time of one turn, at least one step (30)")
    parser.add_argument("--json", action="store_true", help="print JSON, all samples included, instead of tables")
    options = parser.parse_args(argv)
    unknown = [name for name in options.workloads if name not in WORKLOADS]
    if unknown:
        parser.error(f"unknown workload {unknown[0]!r}; choose from {', '.join(WORKLOADS)}")
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    options.workloads = options.workloads or list(WORKLOADS)
    return options


def measured(workload: str, options: argparse.Namespace) -> list[Row]:
    """Measure every case of one workload."""
    rounds = max(1, options.rounds // 3) if workload in HEAVY else options.rounds
    if workload == "W8":
        return million.measure(options.peers, rounds)
    if workload == "W9":
        return [imports.measure(options.peers, rounds)]
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


def run(argv: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it; progress goes to standard error."""
    options = arguments(argv)
    progress = Console(stderr=True)
    for peer in options.peers:
        if PEERS[peer].installed:
            PEERS[peer].prepare()
    rows: list[Row] = []
    for workload in options.workloads:
        # A line, not a spinner: that would redraw itself from a thread, on the CPU time being measured.
        progress.print(f"{workload} …")
        rows += measured(workload, options)
    if options.json:
        print(as_json(rows, options.peers))
        return
    # Wide enough for both tables wherever the output goes; a terminal that is narrower wraps.
    console = Console(width=None if sys.stdout.isatty() else 150)
    for table in tables(rows, options.peers):
        console.print(table)
    reasons = {(row.name, peer): reason for row in rows for peer, reason in row.absent.items()}
    for (name, peer), reason in reasons.items():
        console.print(f"{name}, {PEERS[peer].title}: {reason}", markup=False, highlight=False)
