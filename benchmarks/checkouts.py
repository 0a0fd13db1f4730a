"""Two checkouts of tapegrad beside each other: ``python -m benchmarks --against PATH``.

One process cannot import two packages of one name, so each checkout has a worker, a process that lives on and runs a
short burst of a case whenever it is its turn. The benchmarks themselves are this checkout's in both.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.case import Case, Goal, disagreements
from benchmarks.measure import ROOT, Row, in_own_process, take_turns
from benchmarks.workloads import IN_PROCESS

LEFT_OUT = ("W3",)
"""Workloads whose time is NumPy's."""

ROUNDS_OF_A_PAIR = 2
"""After how many rounds both workers are replaced.

Two processes that run the same program differ by some per cent for as long as they live, by where their memory happens
to lie. More rounds do not help against that; more processes do.
"""

LONG_CHAIN = ("W8 time", "W8 memory")
LONG_CHAIN_OPS = 200_000
LONG_CHAIN_LIMIT = 1.02


@dataclass(frozen=True)
class Start:
    """A program that a fresh process runs after importing NumPy, and the limit of its time."""

    what: str
    program: str
    limit: float | None = None


STARTS = {
    "W9 bare": Start("import tapegrad, after NumPy", "import tapegrad", 0.4),
    "W9 faces": Start(
        "the same and tapegrad.numpy, nd, autograd",
        "import tapegrad, tapegrad.numpy; from tapegrad import nd, autograd",
        0.4,
    ),
    "W9 gradient": Start(
        "import nd, autograd, and a first gradient",
        "from tapegrad import nd, autograd\n"
        "x = nd.array([1.0, 2.0])\n"
        "x.attach_grad()\n"
        "with autograd.record():\n"
        "    y = x * x\n"
        "y.backward()\n",
    ),
}


def environment(checkout: Path) -> dict[str, str]:
    """This process's environment, in which Python imports tapegrad from `checkout` and keeps what it compiles.

    Strings hash alike in all processes, so that dictionaries are laid out alike.
    """
    path = os.pathsep.join(str(checkout / folder) for folder in ("core", "backends"))
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"}


def stay_on_one_core() -> None:
    """Pin this process, and those it starts from now on, to one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


class Worker:
    """The worker of one checkout, as seen from here: ``worker.ask("burst", 100)``."""

    def __init__(self, checkout: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.worker"]
        self._checkout = checkout
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment(checkout)
        )
        try:
            origin = Path(self.ask("origin"))
            if origin.parent.resolve() != (checkout / "core").resolve():
                raise RuntimeError(f"the worker of {checkout} has imported tapegrad from {origin}")
        except BaseException:
            self.close()
            raise

    def ask(self, method: str, *arguments: Any) -> Any:
        """Have the worker call one of its methods; a failure there is a `RuntimeError` here."""
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None and answers is not None
        try:
            pickle.dump((method, arguments), requests)
            requests.flush()
            succeeded, answer = pickle.load(answers)
        except (EOFError, BrokenPipeError):
            raise RuntimeError(f"the worker of {self._checkout} has ended") from None
        if not succeeded:
            raise RuntimeError(answer)
        return answer

    def close(self) -> None:
        """End the worker."""
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def all_cases(tiny: bool = False) -> list[Case]:
    """The cases that workers run: those that tapegrad has a form of."""
    chosen = [case for name, cases in IN_PROCESS.items() if name not in LEFT_OUT for case in cases(tiny)]
    return [case for case in chosen if "tapegrad" in case.forms]


def all_names() -> list[str]:
    """The names of all cases, those included that take a process for each sample."""
    return [*(case.name for case in all_cases(tiny=True)), *LONG_CHAIN, *STARTS]


def named(words: Sequence[str]) -> list[str]:
    """The names of the cases that any of the words is, or is a word of; all of them where there are no words.

    Raises: `ValueError` for a word that is in no name.
    """
    names = all_names()
    for word in words:
        if not any(word == name or word in name.split() for name in names):
            raise ValueError(f"no case has {word!r} in its name; the cases are {', '.join(names)}")
    return [name for name in names if not words or any(word == name or word in name.split() for word in words)]


def empty_row(name: str, what: str, unit: str, limit: float | None) -> Row:
    """A row to be filled with samples of both checkouts; its goal is the ratio, and that it keeps `limit`."""
    return Row(name, what, unit, {"old": [], "new": []}, (Goal("new", "old", at_most=True, first=limit),))


def in_workers(
    cases: Sequence[Case],
    old: Path,
    rounds: int,
    sample_ms: float,
    progress: Callable[[str], object],
    tiny: bool = False,
) -> list[Row]:
    """Time each case `rounds` times in a worker of each checkout, with new workers after every `ROUNDS_OF_A_PAIR`.

    A case that fails on a checkout, or on whose results the two do not agree, is left out, with the reason.
    """
    rows = {case.name: empty_row(case.name, case.what, "µs", case.limit) for case in cases}
    repetitions: dict[str, int] = {}
    for first_round in range(0, rounds, ROUNDS_OF_A_PAIR):
        progress(f"rounds {first_round + 1} to {min(first_round + ROUNDS_OF_A_PAIR, rounds)} of {rounds} …")
        rounds_left = min(ROUNDS_OF_A_PAIR, rounds - first_round)
        with Worker(old) as old_worker, Worker(ROOT) as new_worker:
            workers = {"old": old_worker, "new": new_worker}
            for case in cases:
                row = rows[case.name]
                if not row.absent:
                    row.absent = prepared(case, workers, tiny)
                if row.absent:
                    row.samples = {}
                    continue
                if case.name not in repetitions:
                    repetitions[case.name] = old_worker.ask("repetitions", sample_ms * 1e6)
                steps = repetitions[case.name]

                def burst(side: str, workers=workers, steps=steps, per=case.per) -> float:
                    return workers[side].ask("burst", steps) / steps / per / 1000

                for side, samples in take_turns(list(workers), rounds_left, burst).items():
                    row.samples[side] += samples
    return list(rows.values())


def prepared(case: Case, workers: Mapping[str, Worker], tiny: bool) -> dict[str, str]:
    """Make a case ready in the workers of both checkouts; why it cannot be timed on one, empty when it can."""
    results, reasons = {}, {}
    for side, worker in workers.items():
        try:
            results[side] = worker.ask("prepare", case.name, tiny)
        except RuntimeError as error:
            reasons[side] = str(error)
    if not reasons and (differences := disagreements(results["old"], results["new"], case.rtol)):
        reasons["new"] = "disagrees with the old: " + "; ".join(differences)
    return reasons


def in_own_processes(names: Sequence[str], old: Path, rounds: int, progress: Callable[[str], object]) -> list[Row]:
    """Measure the long chain, and what a process takes to start, with fewer rounds: each sample is a process."""
    environments = {"old": environment(old), "new": environment(ROOT)}
    rows = []
    if any(name in names for name in LONG_CHAIN):
        progress("W8 …")
        what = f"chain of {LONG_CHAIN_OPS:,} ops"
        time = empty_row("W8 time", f"{what}, per op", "µs", LONG_CHAIN_LIMIT)
        memory = empty_row("W8 memory", f"{what}, peak bytes per op", "bytes", LONG_CHAIN_LIMIT)

        def run(side: str) -> dict[str, float]:
            return in_own_process("benchmarks.million", "tapegrad", str(LONG_CHAIN_OPS), environment=environments[side])

        results = take_turns(list(environments), max(5, rounds // 2), run)
        for row in (time, memory):
            row.samples = {side: [result[row.unit] for result in each] for side, each in results.items()}
        rows += [row for row in (time, memory) if row.name in names]
    for name in names:
        if name not in STARTS:
            continue
        progress(f"{name} …")
        begun = STARTS[name]
        row = empty_row(name, begun.what, "ms", begun.limit)

        def start(side: str, program: str = begun.program) -> float:
            return in_own_process("benchmarks.one_start", program, environment=environments[side])["ms"]

        try:
            for side in environments:
                start(side)  # the compiled modules are on disk from now on
            row.samples = take_turns(list(environments), max(5, rounds // 2), start)
        except RuntimeError as error:
            row.absent[side] = str(error)
        rows.append(row)
    return rows


def measure(
    names: Sequence[str], old: Path, rounds: int, sample_ms: float, progress: Callable[[str], object]
) -> list[Row]:
    """Measure the cases of these names, `old` beside this checkout."""
    old = old.resolve()
    cases = [case for case in all_cases() if case.name in names]
    rows = in_workers(cases, old, rounds, sample_ms, progress) if cases else []
    return rows + in_own_processes(names, old, rounds, progress)
