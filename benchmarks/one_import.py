"""One import, timed: ``python -m benchmarks.one_import MODULE`` prints its CPU time and the engines it brought along.

Imports nothing that the measured module might import, NumPy above all.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

OTHER_ENGINES = ("jax", "torch", "cupy", "autograd", "array_api_strict", "dask")


def one_import(module: str) -> dict[str, object]:
    """Import `module` here: CPU milliseconds, and the array libraries that it loaded besides itself."""
    start = time.process_time_ns()
    importlib.import_module(module)
    spent = (time.process_time_ns() - start) / 1e6
    return {"ms": spent, "loaded": [name for name in OTHER_ENGINES if name in sys.modules and name != module]}


if __name__ == "__main__":
    print(json.dumps(one_import(sys.argv[1])))
