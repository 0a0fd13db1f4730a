"""MXNet's imperative arrays. Written by tests/mxnet/stubs.py."""

from typing import Any

from . import contrib as contrib
from . import linalg as linalg
from . import op as op
from . import random as random
from .files import load as load
from .files import load_frombuffer as load_frombuffer
from .files import save as save
from .ndarray import NDArray as NDArray
from .ndarray import arange as arange
from .ndarray import array as array
from .ndarray import empty as empty
from .ndarray import eye as eye
from .ndarray import from_dlpack as from_dlpack
from .ndarray import from_numpy as from_numpy
from .ndarray import full as full
from .ndarray import linspace as linspace
from .ndarray import ones as ones
from .ndarray import to_dlpack_for_read as to_dlpack_for_read
from .ndarray import to_dlpack_for_write as to_dlpack_for_write
from .ndarray import waitall as waitall
from .ndarray import zeros as zeros
from .op import *  # noqa: F403

gen_op = op

def Custom(*data: Any, op_type: str | None = ..., out: Any = ..., name: Any = ..., **options: Any) -> Any: ...
