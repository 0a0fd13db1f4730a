"""W12: the first call of a compiled step, which traces it, and the second, which plans it, beside eager steps."""

from __future__ import annotations

import time
from collections.abc import Iterable

from benchmarks import mlp, transformer
from benchmarks.case import Case, Goal, results
from benchmarks.measure import Row
from benchmarks.peers import PEERS

CASES = {"W4": mlp.cases()[0], "W6": transformer.cases()[0]}
GOALS = (Goal("traced", "tapegrad", at_most=True, final=3.0), Goal("planned", "tapegrad", at_most=True))


def measure(peers: Iterable[str], rounds: int) -> list[Row]:
    """The milliseconds of an eager step, of the first compiled one and of the second."""
    rows = []
    for name, case in CASES.items():
        row = Row(f"W12 {name}", f"{case.what}: the first calls", "ms", goals=GOALS)
        if "compiled" in peers:
            for _ in range(rounds):
                for who, spent in _once(case).items():
                    row.samples.setdefault(who, []).append(spent)
        rows.append(row)
    return rows


def _once(case: Case) -> dict[str, float]:
    PEERS["compiled"].prepare()
    eager, compiled = (case.forms[peer](case.problem()) for peer in ("tapegrad", "compiled"))
    results("tapegrad", eager)
    found = {}
    for who, step in (("tapegrad", eager), ("traced", compiled), ("planned", compiled), ("compiled", compiled)):
        start = time.process_time()
        results("tapegrad", step)
        found[who] = (time.process_time() - start) * 1e3
    return found
