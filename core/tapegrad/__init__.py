"""tapegrad: gradients of ordinary imperative array programs on any array engine.

* Functions: `grad`, `value_and_grad`, `vjp`, `jvp`, `jacobian`, `hessian`, `hvp`, `vmap`, `checkpoint`, `custom`.
* Programs: `record`, `pause`, `x.attach_grad()`, `y.backward()`; `compile` repeats the kernel calls of a function.
* Arrays: `tapegrad.numpy`, in NumPy's words; `tapegrad.nd`, `autograd` and `gluon`, in MXNet's; `tapegrad.nn`.
* Engines: `use_backend`, `set_backend`, `list_backends`; new arrays are float32, but for `set_default_dtype`.
* Looking: `draw`, `tape_summary`, `detect_anomaly`; `tapegrad.testing` judges gradients, ops and engines.

>>> import numpy, tapegrad
>>> tapegrad.grad(lambda x: numpy.sum(x**3))(numpy.array([1.0, 2.0]))
array([ 3., 12.])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import errors
from .arrays import keywords as _keywords  # noqa: F401  (errors pass it)
from .arrays.array import allow_escape
from .arrays.face import register_face
from .arrays.foreign import missing as refuse_missing
from .compile.compiled import compile
from .dtypes import get_default_dtype, set_default_dtype, use_default_dtype
from .engines.backend import Backend
from .engines.registry import BackendInfo, backend_of, get_backend, list_backends, set_backend, use_backend
from .engines.tables import Spec, load_ops, register_ops
from .tape.mode import is_recording, is_training, pause, predict_mode, record, train_mode
from .transforms.checkpoint import checkpoint
from .transforms.custom import custom
from .transforms.drawing import draw
from .transforms.gradients import elementwise_grad, grad, jvp, linearize, stop_gradient, value_and_grad, vjp
from .transforms.inspection import detect_anomaly, tape_summary
from .transforms.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from .transforms.vmap import vmap

if TYPE_CHECKING:
    from . import autograd, base, context, contrib, ndarray, ops
    from . import callback as callback
    from . import gluon as gluon
    from . import image as image
    from . import image as img  # noqa: F401
    from . import initializer as init  # noqa: F401
    from . import initializer as initializer
    from . import kvstore as kv  # noqa: F401
    from . import kvstore as kvstore
    from . import lr_scheduler as lr_scheduler
    from . import metric as metric
    from . import monitor as mon  # noqa: F401
    from . import monitor as monitor
    from . import name as name
    from . import ndarray as nd
    from . import nn as nn
    from . import np as np
    from . import npx as npx
    from . import operator as operator
    from . import optimizer as optimizer
    from . import optimizers as optimizers
    from . import profiler as profiler
    from . import random as random
    from . import random as rnd  # noqa: F401
    from . import recordio as recordio
    from . import test_utils as test_utils
    from . import tree as tree
    from . import typing as typing
    from . import util as util
    from .arrays.array import Array
    from .arrays.saving import load, save
    from .base import MXNetError
    from .context import Context, cpu, cpu_pinned, current_context, gpu
    from .engines.hookspecs import hookimpl
    from .ops.elementwise import where
    from .transforms.loops import cond, fori_loop, scan, while_loop
    from .transforms.profile import profile
    from .util import is_np_array as is_np_array
    from .util import is_np_shape as is_np_shape
    from .util import np_array as np_array
    from .util import np_shape as np_shape
    from .util import set_np_shape as set_np_shape
    from .util import use_np as use_np
    from .util import use_np_array as use_np_array
    from .util import use_np_shape as use_np_shape


def _load_standard() -> type[Array]:
    from .numpy.arrays import ndarray

    return ndarray


def _load_mxnets() -> type[Array]:
    from .ndarray.ndarray import NDArray

    return NDArray


def _load_mxnets_numpy() -> type[Array]:
    from .np.arrays import ndarray

    return ndarray


register_ops(lambda: import_module(".ops", __name__))
register_face("numpy", _load_standard)
register_face("nd", _load_mxnets)
register_face("np", _load_mxnets_numpy)

__all__ = [
    "Array",
    "Backend",
    "BackendInfo",
    "Context",
    "MXNetError",
    "Spec",
    "allow_escape",
    "autograd",
    "backend_of",
    "base",
    "checkpoint",
    "compile",
    "cond",
    "context",
    "contrib",
    "cpu",
    "cpu_pinned",
    "current_context",
    "custom",
    "detect_anomaly",
    "draw",
    "elementwise_grad",
    "errors",
    "fori_loop",
    "get_backend",
    "get_default_dtype",
    "gpu",
    "grad",
    "hessian",
    "hookimpl",
    "hvp",
    "is_recording",
    "is_training",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "list_backends",
    "load",
    "nd",
    "ndarray",
    "ops",
    "pause",
    "predict_mode",
    "profile",
    "record",
    "save",
    "scan",
    "set_backend",
    "set_default_dtype",
    "stop_gradient",
    "tape_summary",
    "train_mode",
    "use_backend",
    "use_default_dtype",
    "value_and_grad",
    "vjp",
    "vmap",
    "where",
    "while_loop",
]

__version__ = "0.1.0"

_MODULES = {
    "autograd": ".autograd",
    "base": ".base",
    "callback": ".callback",
    "context": ".context",
    "contrib": ".contrib",
    "gluon": ".gluon",
    "image": ".image",
    "img": ".image",
    "init": ".initializer",
    "initializer": ".initializer",
    "io": ".io",
    "kv": ".kvstore",
    "kvstore": ".kvstore",
    "lr_scheduler": ".lr_scheduler",
    "metric": ".metric",
    "mon": ".monitor",
    "monitor": ".monitor",
    "name": ".name",
    "nd": ".ndarray",
    "ndarray": ".ndarray",
    "nn": ".nn",
    "np": ".np",
    "npx": ".npx",
    "numpy": ".numpy",
    "operator": ".operator",
    "ops": ".ops",
    "optimizer": ".optimizer",
    "optimizers": ".optimizers",
    "profiler": ".profiler",
    "random": ".random",
    "recordio": ".recordio",
    "rnd": ".random",
    "sym": ".symbol",
    "symbol": ".symbol",
    "test_utils": ".test_utils",
    "testing": ".testing",
    "tree": ".tree",
    "typing": ".typing",
    "util": ".util",
}
"""The ops, the faces and other modules that `import tapegrad` does not load; they come when they are first named."""

_WITHIN = {
    "Array": ".arrays.array",
    "Context": ".context",
    "MXNetError": ".base",
    "cond": ".transforms.loops",
    "cpu": ".context",
    "cpu_pinned": ".context",
    "current_context": ".context",
    "fori_loop": ".transforms.loops",
    "gpu": ".context",
    **dict.fromkeys(("is_np_array", "is_np_shape", "np_array", "np_shape", "set_np_shape"), ".util"),
    **dict.fromkeys(("use_np", "use_np_array", "use_np_shape"), ".util"),
    "hookimpl": ".engines.hookspecs",
    "load": ".arrays.saving",
    "profile": ".transforms.profile",
    "save": ".arrays.saving",
    "scan": ".transforms.loops",
    "where": ".ops.elementwise",
    "while_loop": ".transforms.loops",
}
"""Names at the top, most of them MXNet's (`mx.cpu()`), and the modules that they come from."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        found = import_module(_MODULES[name], __name__)
    elif name in _WITHIN:
        if name == "Array":
            load_ops()  # which binds its operators
        found = getattr(import_module(_WITHIN[name], __name__), name)
    else:
        refuse_missing(__name__)(name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*__all__, *_MODULES, "__version__", "dtypes", "op"})
