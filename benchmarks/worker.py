"""A process that has imported one checkout of tapegrad: ``python -m benchmarks.worker``, started by `checkouts.py`.

It reads requests from its standard input and answers on its standard output, both as pickles: a request is a method of
`Worker` and its arguments, an answer is what the method returned or the exception's text.
"""

from __future__ import annotations

import gc
import os
import pickle
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from benchmarks.case import Case, Step, results
from benchmarks.measure import enough_repetitions, timed
from benchmarks.workloads import IN_PROCESS


class Worker:
    """One case at a time, in tapegrad's words, run as often as asked."""

    def __init__(self) -> None:
        self._cases: dict[bool, dict[str, Case]] = {}
        self._step: Step = tuple

    def origin(self) -> str:
        """The directory of the tapegrad that was imported."""
        import tapegrad

        return str(Path(tapegrad.__file__).parent)

    def prepare(self, name: str, tiny: bool) -> list[np.ndarray]:
        """Make ready the case of that name; what one step of its magnified problem returns."""
        gc.unfreeze()
        if tiny not in self._cases:
            self._cases[tiny] = {case.name: case for cases in IN_PROCESS.values() for case in cases(tiny)}
        case = self._cases[tiny][name]
        form = case.forms["tapegrad"]
        found = results("tapegrad", form(case.magnified(case.problem())))
        self._step = form(case.problem())
        self._step()
        gc.collect()
        # What has been imported so far is not to be walked by every collection that a burst brings about.
        gc.freeze()
        return found

    def repetitions(self, sample_ns: float) -> int:
        """How many steps take about `sample_ns`."""
        return enough_repetitions(self._step, sample_ns)

    def burst(self, repetitions: int) -> int:
        """The CPU time of that many steps, in nanoseconds, from an empty young generation and a warm cache."""
        gc.collect()
        timed(self._step, repetitions // 8)
        return timed(self._step, repetitions)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more."""
    worker = Worker()
    while True:
        try:
            method, arguments = pickle.load(requests)
        except EOFError:
            return
        answer: tuple[bool, Any]
        try:
            answer = True, getattr(worker, method)(*arguments)
        except Exception as error:
            answer = False, f"{type(error).__name__}: {error}"
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    # Whatever is printed by what is measured goes elsewhere.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, answers)
