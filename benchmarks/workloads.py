"""Which workloads there are: each module's cases, under the workload's name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks import chain, control_flow, elementwise, lenet, mlp, overheads, reported, rosenbrock, transformer
from benchmarks.case import Case

IN_PROCESS: dict[str, Callable[..., list[Case]]] = {
    "W1": chain.cases,
    "W2": control_flow.cases,
    "W3": elementwise.cases,
    "W4": mlp.cases,
    "W5": lenet.cases,
    "W6": transformer.cases,
    "W7": rosenbrock.cases,
    "W11": overheads.cases,
    "W13": reported.cases,
}
"""Workloads timed in one process, as functions of whether they are to be tiny."""
