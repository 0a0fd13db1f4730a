"""`tapegrad.ndarray` by its short name, for `import tapegrad.nd as nd`: the same module."""

import sys
from typing import TYPE_CHECKING

from . import ndarray

if TYPE_CHECKING:
    from .ndarray import *  # noqa: F403  (type checkers do not see the line below)

sys.modules[__name__] = ndarray
