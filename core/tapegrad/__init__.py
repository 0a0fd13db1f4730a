"""tapegrad: gradients of ordinary imperative array programs on any array engine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import errors, ops
from .arrays.array import Array, allow_escape
from .dtypes import get_default_dtype, set_default_dtype, use_default_dtype
from .engines.backend import Backend, Spec
from .engines.registry import BackendInfo, backend_of, get_backend, list_backends, set_backend, use_backend
from .ops.elementwise import where
from .tape.mode import is_recording, is_training, pause, predict_mode, record, train_mode
from .transforms.checkpoint import checkpoint
from .transforms.custom import custom
from .transforms.gradients import elementwise_grad, grad, jvp, linearize, stop_gradient, value_and_grad, vjp
from .transforms.inspection import detect_anomaly, draw, tape_summary
from .transforms.jacobians import hessian, hvp, jacfwd, jacobian, jacrev
from .transforms.vmap import vmap

if TYPE_CHECKING:
    from . import autograd, base, context, contrib, ndarray
    from . import ndarray as nd
    from . import operator as operator
    from . import random as random
    from .base import MXNetError
    from .context import Context, cpu, cpu_pinned, current_context, gpu
    from .engines.hookspecs import hookimpl

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
    "nd",
    "ndarray",
    "ops",
    "pause",
    "predict_mode",
    "record",
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
]

__version__ = "0.1.0"

_LAZY = {
    "autograd": ".autograd",
    "base": ".base",
    "context": ".context",
    "contrib": ".contrib",
    "hookspecs": ".engines.hookspecs",
    "nd": ".ndarray",
    "ndarray": ".ndarray",
    "numpy": ".numpy",
    "operator": ".operator",
    "random": ".random",
    "testing": ".testing",
}
"""The faces and other modules that `import tapegrad` does not load; they come when they are first named."""

_WITHIN = {
    "Context": "context",
    "MXNetError": "base",
    "cpu": "context",
    "cpu_pinned": "context",
    "current_context": "context",
    "gpu": "context",
    "hookimpl": "hookspecs",
}
"""Names at the top, most of them MXNet's (`mx.cpu()`), and the module of those above that each comes from."""

_MXNETS = frozenset(
    (
        *("callback", "gluon", "image", "init", "initializer", "io", "kv", "kvstore", "lr_scheduler", "metric", "mod"),
        *("model", "module", "mon", "monitor", "np", "npx", "optimizer", "profiler", "recordio", "rnn", "rtc"),
        *("runtime", "sym", "symbol", "test_utils", "util", "visualization", "viz"),
    )
)
"""Modules of MXNet that are not here, so that the error can say what is."""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        found = import_module(_LAZY[name], __name__)
    elif name in _WITHIN:
        found = getattr(import_module(_LAZY[_WITHIN[name]], __name__), name)
    elif name in _MXNETS:
        raise AttributeError(
            f"tapegrad has no {name!r}: of MXNet it has the imperative part, which is nd, autograd, context, random, "
            "contrib and operator; see docs/migrate-from-mxnet.md"
        )
    else:
        raise AttributeError(f"module 'tapegrad' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_WITHIN})
