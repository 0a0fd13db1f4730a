"""All functions of arrays by their names, as MXNet has them in `nd.op`."""

# ruff: noqa: F403
from __future__ import annotations

from .densities import *
from .heads import *
from .mechanical import *
from .nn import *
from .reducing import *
from .sequences import *
from .shaping import *
from .solving import *
from .stochastic import *
from .updating import *
