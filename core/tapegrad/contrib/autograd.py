"""The interface to gradients that MXNet had before `mxnet.autograd`; new programs use that one.

>>> from tapegrad import nd
>>> from tapegrad.contrib import autograd
>>> gradients, loss = autograd.grad_and_loss(lambda x: x * x)(nd.array([3.0]))
>>> print(gradients[0].asscalar(), loss.asscalar())
6.0 9.0
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .. import autograd as _autograd
from ..autograd import mark_variables
from ..ndarray.checks import need
from ..ndarray.ndarray import zeros
from ..tape import mode as _tape

__all__ = [
    "backward",
    "compute_gradient",
    "grad",
    "grad_and_loss",
    "mark_variables",
    "set_is_training",
    "test_section",
    "train_section",
]
__dir__ = __all__.copy


def set_is_training(is_train: bool) -> bool:
    """Switch both recording and training behaviour on or off; return whether it was being recorded.

    >>> set_is_training(True), set_is_training(False)
    (False, True)
    """
    _tape.set_training(is_train)
    return _tape.set_recording(is_train)


def train_section() -> _tape.Scope:
    """A `with` block that is recorded, in training: `autograd.record()`.

    >>> from tapegrad.autograd import is_recording, is_training
    >>> with train_section():
    ...     is_recording(), is_training()
    (True, True)
    """
    return _autograd.record()


def test_section() -> _tape.Scope:
    """A `with` block that is not recorded, in prediction: `autograd.pause()`.

    >>> from tapegrad.autograd import is_recording, is_training
    >>> with train_section(), test_section():
    ...     is_recording(), is_training()
    (False, False)
    """
    return _autograd.pause()


def backward(outputs: Any, out_grads: Any = None, retain_graph: bool = False) -> None:
    """Put gradients into the variables: `autograd.backward`.

    Shapes: as `autograd.backward`.

    Dtypes: as `autograd.backward`.

    Raises: as `autograd.backward`.

    >>> from tapegrad import nd
    >>> x, g = nd.array([3]), nd.zeros(1)
    >>> mark_variables(x, g)
    >>> with train_section():
    ...     y = x * x
    >>> backward([y])
    >>> print(g.asscalar())
    6.0
    """
    _autograd.backward(outputs, out_grads, retain_graph)


def compute_gradient(outputs: Any) -> None:
    """Put gradients into the variables: `autograd.backward`.

    Shapes: as `autograd.backward`.

    Dtypes: as `autograd.backward`.

    Raises: as `autograd.backward`.

    >>> from tapegrad import nd
    >>> x, g = nd.array([3]), nd.zeros(1)
    >>> mark_variables(x, g)
    >>> with train_section():
    ...     y = x * x
    >>> compute_gradient([y])
    >>> print(g.asscalar())
    6.0
    """
    _autograd.backward(outputs)


def grad_and_loss(func: Callable[..., Any], argnum: int | Sequence[int] | None = None) -> Callable[..., Any]:
    """A function of the same arguments that returns the gradients in them, as a list, and what `func` returns.

    `argnum` says which arguments, an int or several; all if None.

    Shapes: gradients have those of the arguments.

    Dtypes: floating ones; gradients have those of the arguments.

    Raises: `TypeError` for an argument that is no NDArray, `NotRecordedError` where the result does not depend on any.

    >>> from tapegrad import nd
    >>> gradients, loss = grad_and_loss(lambda x, y: x * y, argnum=0)(nd.array([3]), nd.array([5]))
    >>> print(gradients[0].asscalar(), loss.asscalar())
    5.0 15.0
    """

    @functools.wraps(func)
    def wrapped(*args: Any) -> Any:
        chosen = range(len(args)) if argnum is None else [argnum] if isinstance(argnum, int) else argnum
        variables = [need(args[i], "grad_and_loss", f"argument {i}") for i in chosen]
        cells = [zeros(x.shape, x.context, x.dtype) for x in variables]
        mark_variables(variables, cells)
        with train_section():
            outputs = func(*args)
        _autograd.backward(outputs)
        return cells, outputs

    return wrapped


def grad(func: Callable[..., Any], argnum: int | Sequence[int] | None = None) -> Callable[..., Any]:
    """A function of the same arguments that returns the gradients in them, as a list.

    Shapes: gradients have those of the arguments.

    Dtypes: floating ones; gradients have those of the arguments.

    Raises: as `grad_and_loss`.

    >>> from tapegrad import nd
    >>> [g.asnumpy().tolist() for g in grad(lambda x, y: x * y)(nd.array([3]), nd.array([5]))]
    [[5.0], [3.0]]
    """
    both = grad_and_loss(func, argnum)

    @functools.wraps(both)
    def wrapped(*args: Any) -> Any:
        return both(*args)[0]

    return wrapped
