"""W14: what the C compiler takes for the kernel of W1, what the cache takes, and W3 on one core and on two.

Each figure comes from a process of its own, ``python -m benchmarks.machine_code WHAT``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from statistics import median
from typing import Any

from benchmarks import chain, elementwise
from benchmarks.case import Case, Goal
from benchmarks.measure import Row, in_own_process, take_turns


def measure(peers: Iterable[str], rounds: int) -> list[Row]:
    """The milliseconds of a kernel that is compiled and of one that is loaded, and of a step on one core and on two."""
    goals = Goal("cold", None, at_most=True, final=500), Goal("cached", None, at_most=True, final=2)
    kernel = Row("W14 kernel", "the kernel of W1 (10,), processor time", "ms", goals=goals)
    cores = Row(
        "W14 cores", "a step of W3, on the wall", "ms", goals=(Goal("one core", "two cores", False, final=1.8),)
    )
    if "compiled" not in peers:
        return []
    try:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:  # the first fills the cache, from which the second loads
                for who in ("cold", "cached"):
                    kernel.samples.setdefault(who, []).append(_figure("kernel", XDG_CACHE_HOME=folder))
        counts = {"one core": "1", "two cores": "2"}
        cores.samples = take_turns(list(counts), rounds, lambda who: _figure("step", OMP_NUM_THREADS=counts[who]))
    except RuntimeError as error:
        kernel.absent["compiled"] = cores.absent["compiled"] = str(error)
    return [kernel, cores]


def _figure(what: str, **environment: str) -> float:
    found: float = in_own_process(
        "benchmarks.machine_code", what, environment=os.environ | {"TAPEGRAD_NATIVE": "1"} | environment
    )["ms"]
    return found


def kernel() -> float:
    """The milliseconds of this process and its children in which the chain's kernel is had; another is had before."""
    from tapegrad.compile.native import compiler

    load, spent = compiler.load, 0.0

    def timed(source: str) -> Any:
        nonlocal spent
        start = _processors()
        library = load(source)
        spent = _processors() - start
        return library

    compiler.load = timed
    for cases in (chain.cases(tiny=True), chain.cases()):
        _ready(next(case for case in cases if case.name == "W1 (10,)"))
    if compiler.why_not():
        raise RuntimeError(compiler.why_not())
    return spent * 1e3


def _processors() -> float:
    return time.process_time() + sum(os.times()[2:4])


def _ready(case: Case) -> Any:
    step = case.forms["compiled"](case.problem())
    for _ in range(3):
        step()
    return step


def step() -> float:
    """The milliseconds of a step of W3."""
    run, spent = _ready(elementwise.cases()[0]), []
    for _ in range(7):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return median(spent) * 1e3


if __name__ == "__main__":
    print(json.dumps({"ms": {"kernel": kernel, "step": step}[sys.argv[1]]()}))
