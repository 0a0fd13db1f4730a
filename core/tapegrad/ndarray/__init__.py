"""MXNet's imperative arrays: `from tapegrad import nd` or `import tapegrad.ndarray as nd`."""

# ruff: noqa: F403
from __future__ import annotations

from typing import Any

from . import contrib as contrib
from . import linalg as linalg
from . import op as gen_op  # noqa: F401
from . import op as op
from . import random as random
from .densities import *
from .files import *
from .heads import *
from .mechanical import *
from .methods import bind
from .ndarray import *
from .nn import *
from .reducing import *
from .sequences import *
from .shaping import *
from .solving import *
from .stochastic import *
from .updating import *

bind(vars(op))


def Custom(*data: Any, op_type: str | None = None, out: Any = None, name: Any = None, **options: Any) -> Any:
    """The operator registered under `op_type` with `mx.operator.register`, applied to arrays."""
    from .. import operator

    return operator.Custom(*data, op_type=op_type, out=out, name=name, **options)
