"""What `nd` holds: to import this module is to give the package its names, and its arrays their methods."""

from __future__ import annotations

import sys

from . import contrib, files, linalg, ndarray, op, random  # noqa: F401  (the namespaces within become the package's)
from .function import exported
from .methods import bind

_package = vars(sys.modules[__package__])
for _module in (files, ndarray):
    _package.update({name: getattr(_module, name) for name in _module.__all__})
_package.update(exported(op), gen_op=op)
bind(exported(op))
