"""`tapegrad.ndarray` by its short name, for `import tapegrad.nd as nd`: the same module."""

import sys

from .ndarray import *  # noqa: F403  (for type checkers, which do not see the line below)

sys.modules[__name__] = sys.modules[f"{__package__}.ndarray"]
