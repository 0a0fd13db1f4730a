"""W9: what importing a library costs, each in a fresh process, and which array libraries come along."""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.case import Goal
from benchmarks.measure import Row, in_own_process, take_turns
from benchmarks.peers import PEERS


def measure(peers: Iterable[str], rounds: int) -> Row:
    """The import time of each peer; tapegrad's goal counts from NumPy's own, measured in the same round."""
    row = Row("W9", "import, in a fresh process", "ms")
    able = []
    for peer in peers:
        if peer == "checkpoint":
            continue  # the same import
        try:
            if not PEERS[peer].installed:
                raise RuntimeError("not installed")
            loaded = in_own_process("benchmarks.one_import", PEERS[peer].module)["loaded"]
            if peer == "tapegrad" and loaded:
                raise RuntimeError(f"import tapegrad loads {', '.join(loaded)}")
            able.append(peer)
        except RuntimeError as error:
            row.absent[peer] = str(error)
    row.samples = take_turns(
        able, rounds, lambda peer: in_own_process("benchmarks.one_import", PEERS[peer].module)["ms"]
    )
    if "tapegrad" in row.samples and "hand" in row.samples:
        pairs = zip(row.samples["tapegrad"], row.samples["hand"], strict=True)
        row.samples["tapegrad less NumPy"] = [ours - numpy for ours, numpy in pairs]
    row.goals = (Goal("tapegrad less NumPy", None, True, 40, 30),)
    return row
