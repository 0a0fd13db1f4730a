"""One program, timed, in a process that has imported NumPy: ``python -m benchmarks.one_start PROGRAM``.

Prints its CPU time; what it costs is what it adds to ``import numpy``.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np  # noqa: F401


def one_start(program: str) -> dict[str, float]:
    """Run `program` here, the first of its process: CPU milliseconds."""
    code = compile(program, "<program>", "exec")
    start = time.process_time_ns()
    exec(code, {})
    return {"ms": (time.process_time_ns() - start) / 1e6}


if __name__ == "__main__":
    print(json.dumps(one_start(sys.argv[1])))
