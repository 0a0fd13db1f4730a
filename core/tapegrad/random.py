"""Random numbers, drawn on the host, so that a seed means the same numbers on every engine.

Two streams share one interface and hand out NumPy arrays:

* `MXNetStream` draws what MXNet 1.9.1 draws on a CPU, so that the numbers printed in books about MXNet come out again;
* `PhiloxStream` draws with NumPy's Philox, for everything else.

A stream belongs to nobody else: NumPy's global generator neither moves it nor is moved by it. Several threads may draw
from one stream; each call then gets numbers of its own, in whichever order the calls arrive.

    >>> MXNetStream(0).normal(shape=3)
    array([2.2122064, 0.7740038, 1.0434403], dtype=float32)
    >>> PhiloxStream(0).randint(10, shape=(2, 3)).shape
    (2, 3)
"""

from typing import TYPE_CHECKING, Any

from .arrays.foreign import missing
from .randomness.defaults import mxnet, philox, seed
from .randomness.philox import PhiloxStream
from .randomness.stream import Stream
from .randomness.twisters import MXNetStream

__all__ = ["MXNetStream", "PhiloxStream", "Stream", "mxnet", "philox", "seed"]
__dir__ = __all__.copy

if TYPE_CHECKING:
    from .ndarray.random import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        """MXNet's `mx.random.normal` and its kin, which make arrays: those of `tapegrad.nd.random`."""
        if not name.startswith("_"):
            from .ndarray import random

            if name in random.__all__:
                return getattr(random, name)
        missing(__name__)(name)
