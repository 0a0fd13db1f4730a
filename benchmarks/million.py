"""W8: the chain of W1 a million operations long, on arrays of one number: time and memory per op, and no recursion.

Each peer runs in a process of its own, ``python -m benchmarks.million PEER OPS``, so that memory is its own and the
cyclic collector (left on, as users have it) walks only what that peer allocated.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from benchmarks.case import Goal, beside_hand, faster_than
from benchmarks.chain import FORMS, chain
from benchmarks.measure import Row, in_own_process, take_turns, timed
from benchmarks.memory import PeakMemory
from benchmarks.peers import PEERS


def one_run(peer: str, ops: int) -> dict[str, float]:
    """Run the chain once, forward and backward: its CPU time and its peak memory per op."""
    PEERS[peer].prepare()
    form = FORMS[peer]
    form(chain((1,), 100, constants=True))()  # imports, first calls, and the allocator's first pages
    rounds = ops // 3
    step = form(chain((1,), rounds, constants=True))
    memory = PeakMemory()
    nanoseconds = timed(step, 1)
    return {"µs": nanoseconds / (3 * rounds) / 1000, "bytes": memory.grown() / (3 * rounds)}


def measure(peers: Iterable[str], rounds: int, ops: int = 1_000_000) -> list[Row]:
    """Time and memory per op, one row each, from processes that take turns."""
    goals = (
        (Goal("tapegrad", None, True, 4.0, 2.2), beside_hand(), faster_than("torch"), faster_than("hips")),
        (Goal("tapegrad", None, True, 450, 300), beside_hand(), faster_than("torch"), faster_than("hips")),
    )
    time = Row("W8 time", f"chain of {ops:,} ops, per op", "µs", goals=goals[0])
    memory = Row("W8 memory", f"chain of {ops:,} ops, peak bytes per op", "bytes", goals=goals[1])
    able = []
    for peer in peers:
        if peer not in FORMS:
            continue
        try:
            if not PEERS[peer].installed:
                raise RuntimeError("not installed")
            in_own_process("benchmarks.million", peer, "300")
            able.append(peer)
        except RuntimeError as error:
            time.absent[peer] = memory.absent[peer] = str(error)
    memory.samples = {peer: [] for peer in able}

    def sample(peer: str) -> float:
        result = in_own_process("benchmarks.million", peer, str(ops))
        memory.samples[peer].append(result["bytes"])
        return result["µs"]

    time.samples = take_turns(able, rounds, sample)
    return [time, memory]


if __name__ == "__main__":
    print(json.dumps(one_run(sys.argv[1], int(sys.argv[2]))))
