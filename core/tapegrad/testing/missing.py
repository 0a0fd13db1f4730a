"""What an engine lacks of the standard, and which ops wait for the host because of it."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from ..engines.registry import get_backend
from ..engines.tables import EngineKernels
from .generate import declared
from .judging import judged_ops, quick_dtypes
from .runs import as_target

__all__ = ["missing_functions"]


def missing_functions(backend: str, ops: Sequence[str] | None = None) -> dict[str, list[str]]:
    """The functions of the standard that the host computes for an engine, by name, each with the ops that need it.

    An op is run forward and back on its first sample, by a kernel table of its own, which notes what it had to take
    from the host. `ops`: only these.

    Raises: as `get_backend`. An op that fails altogether is left to `tapegrad conformance`.

    >>> missing_functions("numpy", ["svd", "sort"])
    {}
    """
    engine = get_backend(backend)
    found: defaultdict[str, list[str]] = defaultdict(list)
    dtype = quick_dtypes(engine)[0]
    for name, op in judged_ops().items():
        if ops is not None and name not in ops:
            continue
        kernels = EngineKernels(engine)
        for sample in declared(op)[:1]:
            with warnings.catch_warnings(), np.errstate(all="ignore"), engine.all_dtypes():
                warnings.simplefilter("ignore")
                try:
                    target = as_target(op, sample.arrays(dtype), sample.keywords, dtype)
                    run = target.record(kernels, [engine.from_numpy(x) for x in target.inputs()])
                    run.pull([kernels.ones_like(out._value) if out._node is not None else None for out in run.outs])
                except Exception:
                    pass  # not to be judged here; what it asked for before it failed is noted
        for function in kernels.hosted:
            found[function].append(name)
    return dict(sorted(found.items()))
