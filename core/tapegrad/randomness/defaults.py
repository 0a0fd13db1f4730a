"""The two streams that the faces draw from, and the seed that starts both again."""

from __future__ import annotations

from typing import Any

from .philox import PhiloxStream
from .stream import as_integer
from .twisters import MXNetStream, NumPyStream

mxnet = MXNetStream()
"""The stream of the MXNet face."""

mxnet_numpy = NumPyStream(mxnet)
"""The stream of its NumPy edition."""

philox = PhiloxStream()
"""The stream of everything else."""


def seed(seed: int, ctx: Any = "all") -> None:
    """Start both streams again from `seed`, any integer. With a context, `ctx`, as MXNet's `seed(s, ctx=…)` does.

    >>> seed(0)
    >>> mxnet.normal()
    array(2.2122064, dtype=float32)
    """
    seed = as_integer("seed", seed)
    mxnet.seed(seed, device=ctx != "all")
    philox.seed(seed if seed >= 0 else seed % 2**64)
