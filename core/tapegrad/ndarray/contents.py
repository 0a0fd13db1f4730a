"""What `nd` holds: to import this module is to give the package its names, and its arrays their methods."""

from __future__ import annotations

import sys
from functools import partial

from ..arrays.foreign import advise
from . import contrib, files, linalg, ndarray, op, random
from .function import exported
from .methods import bind

_package = vars(sys.modules[__package__])
for _module in (files, ndarray):
    _package.update({name: getattr(_module, name) for name in _module.__all__})
_package.update(exported(op), gen_op=op)
_spaces = {"contrib": contrib, "linalg": linalg, "op": op, "random": random}
for _space in _spaces.values():
    vars(_space)["__dir__"] = partial(sorted, {*exported(_space), *vars(_space).get("__all__", ())})
_package["__all__"] = sorted({"Custom", "gen_op", *_spaces, *exported(op), *files.__all__, *ndarray.__all__})
bind(exported(op))
advise(ndarray.NDArray, functions={name: f"tapegrad.nd.{name}" for name in exported(op) if name[0] != "_"})
