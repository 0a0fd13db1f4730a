"""W10: peak memory of one training step: the perceptron of W4 at batch 8192, the blocks of W6 at batch 64.

Each peer runs in a process of its own, ``python -m benchmarks.step_memory WORKLOAD PEER``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from functools import partial

from benchmarks import mlp, transformer
from benchmarks.case import Case, Goal, beside_hand, faster_than
from benchmarks.measure import Row, in_own_process, take_turns
from benchmarks.memory import PeakMemory
from benchmarks.peers import PEERS


def compiled_beside_floor(megabytes: float, times: float) -> Goal:
    """The megabytes of the compiled step: at most so many times those of the activations."""
    return Goal("compiled", None, at_most=True, final=times * megabytes)


CASES = {
    "W4": Case(
        "W10",
        "W4",
        "peak memory, one step of the MLP, batch 8192",
        lambda: mlp.classification(8192, (784, 256, 256, 10)),
        mlp.FORMS,
        (beside_hand(), faster_than("torch"), faster_than("hips", final=1.0), compiled_beside_floor(17.0, 1.6)),
    ),
    "W6": Case(
        "W10",
        "W6",
        "peak memory, one step of two GPT blocks, batch 64",
        lambda: transformer.blocks(64, 64, 128, 4),
        transformer.FORMS | {"checkpoint": partial(transformer.by_tapegrad, in_stretches=True)},
        (
            beside_hand(),
            faster_than("torch"),
            faster_than("hips", final=1.0),
            Goal("checkpoint", "tapegrad", at_most=True, final=0.5),
            compiled_beside_floor(80.0, 1.5),
        ),
    ),
}
WARM_UP = {"W4": mlp.cases(tiny=True)[0], "W6": transformer.cases(tiny=True)[0]}


def one_step(workload: str, peer: str) -> dict[str, float]:
    """Run one step, the first of its size or of its program: the megabytes by which the process grew at most."""
    PEERS[peer].prepare()
    form = CASES[workload].forms[peer]
    warm = form(WARM_UP[workload].problem())
    for _ in range(3):
        warm()
    step = form(CASES[workload].problem())
    memory = PeakMemory()
    if peer == "compiled":
        step()  # which is traced, and so an eager one
        step()  # which plans the program; its buffers count
        memory.forget()
    step()
    return {"MB": memory.grown() / 1e6}


def measure(peers: Iterable[str], rounds: int) -> list[Row]:
    """Peak memory of both steps, from processes that take turns."""
    rows = []
    for workload, case in CASES.items():
        row = Row(case.name, case.what, "MB", goals=case.goals)
        able = []
        for peer in peers:
            if peer not in case.forms:
                continue
            try:
                if not PEERS[peer].installed:
                    raise RuntimeError("not installed")
                in_own_process("benchmarks.step_memory", workload, peer)
                able.append(peer)
            except RuntimeError as error:
                row.absent[peer] = str(error)

        def sample(peer: str, workload: str = workload) -> float:
            return in_own_process("benchmarks.step_memory", workload, peer)["MB"]

        row.samples = take_turns(able, rounds, sample)
        rows.append(row)
    return rows


if __name__ == "__main__":
    print(json.dumps(one_step(sys.argv[1], sys.argv[2])))
