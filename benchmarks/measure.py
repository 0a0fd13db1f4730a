"""Measuring side by side: rounds in which every peer takes its turn, CPU time, ratios of the same round."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, TypeVar

from benchmarks.case import Case, Goal, Step, disagreements, results
from benchmarks.peers import PEERS

ROOT = Path(__file__).parent.parent
"""Where this package lies, from where the processes it starts can import it too."""


Sample = TypeVar("Sample")


@dataclass
class Row:
    """What was measured of one case: a figure per peer and round, the goals, and why a peer has no figure."""

    name: str
    what: str
    unit: str
    samples: dict[str, list[float]] = field(default_factory=dict)
    goals: Sequence[Goal] = ()
    absent: dict[str, str] = field(default_factory=dict)

    def figure(self, peer: str) -> float | None:
        """The median of a peer's rounds, None where it was not measured."""
        return median(self.samples[peer]) if self.samples.get(peer) else None

    def value(self, goal: Goal) -> float | None:
        """What `goal` is about, measured: the median of the ratios of each round, None where a peer is absent."""
        if goal.under is None:
            return self.figure(goal.over)
        ratios = self.ratios(goal.over, goal.under)
        return median(ratios) if ratios else None

    def ratios(self, over: str, under: str) -> list[float]:
        """The ratio of two peers in each round; none where one of them was not measured."""
        if not self.samples.get(over) or not self.samples.get(under):
            return []
        return [a / b for a, b in zip(self.samples[over], self.samples[under], strict=True)]

    def middle_half(self, goal: Goal) -> tuple[float, float] | None:
        """Between which ratios the middle half of the rounds lie, None where there are fewer than two."""
        ratios = self.ratios(goal.over, goal.under) if goal.under is not None else []
        if len(ratios) < 2:
            return None
        first, _, third = quantiles(ratios, n=4)
        return first, third


def take_turns(names: Sequence[str], rounds: int, sample: Callable[[str], Sample]) -> dict[str, list[Sample]]:
    """Take `rounds` samples of every name, one each per round, each round beginning with another name."""
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for turn in range(rounds):
        start = turn % len(names) if names else 0
        for name in (*names[start:], *names[:start]):
            samples[name].append(sample(name))
    return samples


def wait_for(arrays: Iterable[Any]) -> None:
    """Wait for arrays that their library, or tapegrad's engine, hands out before they are computed."""
    for array in arrays:
        if hasattr(array, "block_until_ready"):
            array.block_until_ready()
        elif hasattr(array, "backend"):
            array.backend.synchronize()


def timed(step: Step, repetitions: int) -> int:
    """The CPU time of `repetitions` steps, in nanoseconds, until what the last one returned is computed."""
    start = time.process_time_ns()
    for _ in range(repetitions - 1):
        step()
    wait_for(step())
    return time.process_time_ns() - start


def enough_repetitions(step: Step, sample_ns: float) -> int:
    """How many steps make a sample of about `sample_ns`, after first calls that import and compile.

    That is ten calls, as programs become machine code when they have run a few times, or what fits into three seconds.
    """
    calls, start = 0, time.process_time()
    while calls < 10 and (not calls or time.process_time() - start < 3):
        step()
        calls += 1
    repetitions = 1
    while (spent := timed(step, repetitions)) < sample_ns / 4:
        repetitions *= 2
    return max(1, round(repetitions * sample_ns / spent))


def measure(case: Case, peers: Iterable[str], rounds: int, sample_ms: float) -> Row:
    """Time one case for `peers`, after checking that all of them compute the same.

    A peer that is not installed, fails or disagrees is left out, with the reason; the others are measured.
    """
    row = Row(case.name, case.what, "µs", goals=case.goals)
    problem = case.problem()
    magnified = case.magnified(problem)
    reference = results("hand", case.forms["hand"](magnified))
    steps: dict[str, Step] = {}
    for name in peers:
        if name not in case.forms:
            continue
        if not PEERS[name].installed:
            row.absent[name] = "not installed"
            continue
        try:
            differences = disagreements(reference, results(name, case.forms[name](magnified)), case.rtol)
            steps[name] = case.forms[name](problem)
        except Exception as error:
            # A benchmark of one peer must not end for what another one cannot do.
            row.absent[name] = f"{type(error).__name__}: {error}"
            continue
        if differences:
            row.absent[name] = "disagrees with NumPy by hand: " + "; ".join(differences)
            del steps[name]
    repetitions = {name: enough_repetitions(step, sample_ms * 1e6) for name, step in steps.items()}
    gc.collect()

    def sample(name: str) -> float:
        return timed(steps[name], repetitions[name]) / repetitions[name] / case.per / 1000

    row.samples = take_turns(list(steps), rounds, sample)
    return row


def in_own_process(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run ``python -m module arguments``, in this process's environment or another, and read the JSON it prints."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return json.loads(done.stdout)
