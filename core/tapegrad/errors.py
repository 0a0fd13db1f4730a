"""What can go wrong, as types: each error is a `TapegradError` and also the built-in that a user would expect."""

from __future__ import annotations

import numpy.linalg

__all__ = [
    "AnomalyError",
    "ArgumentError",
    "ArgumentTypeError",
    "AxisError",
    "BackendError",
    "BackendUnavailableError",
    "BoundsError",
    "CompileError",
    "CompileWarning",
    "DeferredInitializationError",
    "DtypeError",
    "DynamicShapeError",
    "FileFormatError",
    "GradientEscapeError",
    "GraphError",
    "GraphFreedError",
    "LinAlgError",
    "MaskWarning",
    "MissingExtraError",
    "MixedBackendsError",
    "NoGradientError",
    "NotRecordedError",
    "ParameterError",
    "RandomnessError",
    "ReadOnlyError",
    "ShapeError",
    "StaleGradientError",
    "TapegradError",
    "UnknownArrayError",
    "UnknownBackendError",
    "ValueSemanticsError",
]
__dir__ = __all__.copy


def a_kind(x: object) -> str:
    """What an object is, for messages: `an int`, `a list`, `None`."""
    name = type(x).__name__
    return "None" if x is None else f"{'an' if name.startswith((*'aeioAEIO', 'nd', 'ND')) else 'a'} {name}"


class TapegradError(Exception):
    """Anything that tapegrad raises on purpose; `MXNetError` is another name for it.

    Catch it to tell tapegrad's refusals from errors of an engine or of Python. Each is also a built-in error, and says
    in its message what was found, what could be chosen, and what to do.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> try:
    ...     tnp.ones(2) + tnp.ones(3)
    ... except tapegrad.errors.TapegradError as error:
    ...     print(type(error).__name__, isinstance(error, ValueError))
    ShapeError True
    """


class ArgumentError(TapegradError, ValueError):
    """An argument of the right kind that is none of the choices, or outside of what the function takes.

    The message names the argument, what it is and what it could be.

    >>> from tapegrad import nd
    >>> nd.Activation(nd.ones(2), act_type="rellu")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: Activation(): act_type is 'rellu'; choose one of ...
    """


class LinAlgError(ArgumentError, numpy.linalg.LinAlgError):
    """A matrix that has no inverse, no factor, or for which an iteration found no end.

    Raised by `inv`, `solve`, `cholesky` and their like; it is NumPy's error of the name too. Engines that give NaN
    instead, because nothing may wait for the device, raise nothing. Add a little to the diagonal, or use `pinv` or
    `lstsq`.

    >>> import numpy, tapegrad.numpy as tnp
    >>> try:
    ...     tnp.linalg.cholesky(tnp.zeros((2, 2)))
    ... except numpy.linalg.LinAlgError as error:
    ...     print(type(error).__name__)
    LinAlgError
    """


class ArgumentTypeError(TapegradError, TypeError):
    """An argument of a kind that the function does not take, or one that is missing.

    The message names the argument, what it is and what to give or how to make it.

    >>> from tapegrad import nd
    >>> nd.exp([1.0, 2.0])
    Traceback (most recent call last):
    tapegrad.errors.ArgumentTypeError: exp() takes an NDArray for 'data', not a list; make one with nd.array()
    """


class BoundsError(TapegradError, IndexError):
    """A place that the array does not have, or a key that can be none.

    Raised by `x[key]` and functions that take indices; of an axis it is `AxisError`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.ones(3)[5]
    Traceback (most recent call last):
    tapegrad.errors.BoundsError: getitem((3,), key=(5,)): index 5 is out of bounds for axis 0 with size 3
    """


class MissingExtraError(TapegradError, ImportError):
    """A part of tapegrad was asked for whose libraries are not installed; the message says how to install them.

    Raised by the command line and by special functions that SciPy computes. `name` is the library, as of any
    ImportError, and `remedy` the command that installs it, where they are known.

    >>> raise MissingExtraError("gammainc() needs 'scipy': pip install 'scipy>=1.13'")
    Traceback (most recent call last):
    tapegrad.errors.MissingExtraError: gammainc() needs 'scipy': pip install 'scipy>=1.13'
    """

    remedy: str = ""


class FileFormatError(TapegradError, ValueError):
    """A file is damaged, or not of a format that is read.

    Raised by `nd.load` and `nd.load_frombuffer`, before memory is taken for what the file pretends to hold. Save the
    arrays anew, with `nd.save` or as `.npz` or safetensors.

    >>> from tapegrad import nd
    >>> nd.load_frombuffer(b"nonsense")
    Traceback (most recent call last):
    tapegrad.errors.FileFormatError: the buffer is none of MXNet's files, no .npz and no safetensors file
    """


class BackendError(TapegradError, RuntimeError):
    """An engine's plug-in does not keep its promises; the reason is the `__cause__` where there is one.

    Raised when the backend is asked for; `tapegrad backends` lists what is wrong with each. It is for the plug-in's
    author to mend.

    >>> import tapegrad
    >>> tapegrad.get_backend(tapegrad.Backend.__new__(type("Mine", (tapegrad.Backend,), {"name": "numpy"})))
    Traceback (most recent call last):
    tapegrad.errors.BackendError: ...Mine is not the backend 'numpy', which is tapegrad_numpy...
    """


class UnknownBackendError(BackendError, LookupError):
    """No plug-in brings a backend of that name.

    Raised by `get_backend`, `use_backend`, `set_backend` and `x.to(…)`. Choose a name that the message lists, or
    install the plug-in that brings it.

    >>> import tapegrad
    >>> tapegrad.set_backend("nunpy")
    Traceback (most recent call last):
    tapegrad.errors.UnknownBackendError: ...
    """


class UnknownArrayError(BackendError, TypeError):
    """No backend owns arrays of that type.

    Raised by `backend_of` and by ops that are given something they take for an array. Install the plug-in of its
    engine, or convert it: `numpy.asarray(a)`.

    >>> import tapegrad
    >>> tapegrad.backend_of("a string")
    Traceback (most recent call last):
    tapegrad.errors.UnknownArrayError: no backend owns arrays of type ...
    """


class BackendUnavailableError(BackendError, ImportError):
    """The backend is known, but its engine is not installed or finds no device on this machine.

    Raised when the backend is asked for. Install the engine as the message says, or choose another backend.

    >>> import tapegrad
    >>> class Elsewhere(tapegrad.Backend):
    ...     name, engine = "elsewhere", "an_engine_that_is_not_here"
    >>> Elsewhere().module
    Traceback (most recent call last):
    tapegrad.errors.BackendUnavailableError: backend 'elsewhere' needs 'an_engine_that_is_not_here': pip install ...
    """


class MixedBackendsError(TapegradError, TypeError):
    """Arrays of two engines, or on two devices, met in one op.

    Arrays never move by themselves. Say where they meet: `x.to(y.backend.name)`, `x.to_device(y.device)`.

    >>> raise MixedBackendsError("add() got arrays of two backends, 'mine' and 'numpy'; move one with x.to('mine')")
    Traceback (most recent call last):
    tapegrad.errors.MixedBackendsError: add() got arrays of two backends, 'mine' and 'numpy'; move one ...
    """


class GraphError(TapegradError, RuntimeError):
    """A gradient was asked for that the tape cannot give.

    Its kinds say why: `NotRecordedError`, `GraphFreedError`, `NoGradientError`, `GradientEscapeError`, `AnomalyError`.

    >>> from tapegrad import autograd, nd
    >>> x, other = nd.ones(1), nd.ones(1)
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = x * 2
    >>> autograd.grad(y, other)
    Traceback (most recent call last):
    tapegrad.errors.GraphError: ...
    """


class NotRecordedError(GraphError):
    """The value was computed outside `record()`, so there is nothing to differentiate.

    Raised by `backward` and `autograd.grad`. Compute the value inside `with tapegrad.record():`, from arrays that have
    an `attach_grad()`, and not through `detach()`.

    >>> from tapegrad import nd
    >>> x = nd.ones(1)
    >>> x.attach_grad()
    >>> (x * 2).backward()
    Traceback (most recent call last):
    tapegrad.errors.NotRecordedError: ...
    """


class GraphFreedError(GraphError):
    """An earlier sweep has already freed this graph.

    A backward frees what it has used, to save memory. Give the earlier one `retain_graph=True`, or compute the value
    again.

    >>> from tapegrad import autograd, nd
    >>> x = nd.ones(1)
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = x * x
    >>> y.backward()
    >>> y.backward()
    Traceback (most recent call last):
    tapegrad.errors.GraphFreedError: ...
    """

    node: object = None
    """The freed node that the sweep came to."""


class NoGradientError(GraphError, NotImplementedError):
    """The op has no derivative in that input.

    Raised when the input is tracked, before anything is computed. Pass the input through `detach()` if it is a
    constant, or give the function a derivative with `tapegrad.custom`.

    >>> import tapegrad
    >>> @tapegrad.custom
    ... def f(x):
    ...     return x * x
    >>> tapegrad.grad(f)(3.0)
    Traceback (most recent call last):
    tapegrad.errors.NoGradientError: f has no rule for 'x'; give it with defvjp or defjvp, or pass it through detach()
    """


class GradientEscapeError(GraphError, TypeError):
    """A tracked value was about to leave the tape unnoticed, and its gradient with it.

    Raised by `float(x)`, `numpy.asarray(x)`, SciPy's functions and their like. Use the function of the same name in
    `tapegrad.numpy`, or say that the value is a constant: `x.detach()`, or `with tapegrad.allow_escape():`.

    >>> import tapegrad
    >>> tapegrad.grad(lambda x: float(x) * x)(3.0)
    Traceback (most recent call last):
    tapegrad.errors.GradientEscapeError: float() of an array that is being differentiated would lose its gradient; ...
    """


class AnomalyError(GraphError, FloatingPointError):
    """A NaN or an infinity turned up while anomaly detection was on; the message says on which line.

    Raised within `with tapegrad.detect_anomaly():`, at the first op that makes one, forward or backward.

    >>> import tapegrad
    >>> with tapegrad.detect_anomaly():
    ...     tapegrad.grad(lambda x: x * float("nan"))(1.0)
    Traceback (most recent call last):
    tapegrad.errors.AnomalyError: multiply() made nan at index () of shape () (1 of 1 elements are not finite)
    ...
    """


class ParameterError(TapegradError, RuntimeError):
    """A parameter of Gluon was asked for what it does not have: values before `initialize()`, or in another context.

    >>> from tapegrad import gluon
    >>> gluon.nn.Dense(2, in_units=3).weight.data()
    Traceback (most recent call last):
    tapegrad.errors.ParameterError: Parameter 'dense..._weight' has not been initialized; ...
    """


class DeferredInitializationError(ParameterError):
    """The values of a parameter are not there yet, because its shape follows from the first data.

    Pass data through the network first, or say the sizes of inputs where it is built (`in_units`, `in_channels`).

    >>> from tapegrad import gluon
    >>> layer = gluon.nn.Dense(2)
    >>> layer.initialize()
    >>> layer.weight.data()
    Traceback (most recent call last):
    tapegrad.errors.DeferredInitializationError: Parameter 'dense..._weight' has not been initialized yet: ...
    """


class StaleGradientError(GraphError, UserWarning):
    """A trainer is to update a parameter whose gradient no backward has written since the last step.

    Say `step(..., ignore_stale_grad=True)` where only some of the parameters are used at a time.

    >>> from tapegrad import gluon
    >>> layer = gluon.nn.Dense(1, in_units=1)
    >>> layer.initialize()
    >>> gluon.Trainer(layer.collect_params(), "sgd").step(1)
    Traceback (most recent call last):
    tapegrad.errors.StaleGradientError: Gradient of Parameter `dense..._bias` on context cpu(0) has not been updated ...
    """


class DtypeError(TapegradError, TypeError):
    """A dtype that the function, the engine or a gradient cannot have.

    Raised for integers that are to be differentiated, dtypes that have none in common, names that are no dtype. Convert
    with `astype`.

    >>> import tapegrad
    >>> tapegrad.grad(lambda n: n * n)(3)
    Traceback (most recent call last):
    tapegrad.errors.DtypeError: ...
    """

    lacking: str = ""
    """The dtype that the engine has not got, where that is what is wrong."""


class RandomnessError(TapegradError, RuntimeError):
    """Random numbers were to be drawn where one draw would stand for several.

    Raised inside `vmap`, whose function runs once for all elements. Say what is meant: `vmap(f,
    randomness="different")` or "same", or draw before.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> tapegrad.vmap(lambda x: x + tnp.random.normal())(tnp.ones(3))
    Traceback (most recent call last):
    tapegrad.errors.RandomnessError: ...
    """


class ShapeError(TapegradError, ValueError):
    """Shapes that do not go together; the message names them.

    Raised for operands that do not broadcast, cotangents of another shape, gradients of what is no scalar.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> tapegrad.grad(lambda x: x * x)(tnp.ones(2))
    Traceback (most recent call last):
    tapegrad.errors.ShapeError: ...
    """


class DynamicShapeError(ShapeError, TypeError):
    """The shape of a result depends on data, where shapes must be known: under vmap, in a compiled program.

    Raised by `nonzero`, `unique`, masks as keys and their like. Use `where`, which keeps all elements, or do it
    outside.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> tapegrad.vmap(tnp.nonzero)(tnp.ones((2, 3)))
    Traceback (most recent call last):
    tapegrad.errors.DynamicShapeError: ...
    """


class ValueSemanticsError(TapegradError, TypeError):
    """A write would be lost: what it goes to is a copy, or an array that is not of tapegrad.

    Raised for a function of NumPy that would write to a copy of an array of ours, and for one of ours that is to write
    to an array of NumPy's. Write with a key: `x[0] = 5`.

    >>> import numpy, tapegrad.numpy as tnp
    >>> tnp.fill_diagonal(numpy.zeros((2, 2)), 1.0)
    Traceback (most recent call last):
    tapegrad.errors.ValueSemanticsError: ...
    """


class ReadOnlyError(TapegradError, ValueError):
    """A write to a view whose elements are not its own: what `broadcast_to` gives shows one element in many places.

    Write to the array that it was taken from, or to a copy.

    >>> import tapegrad.numpy as tnp
    >>> shown = tnp.broadcast_to(tnp.ones(3), (2, 3))
    >>> shown[0] = 5
    Traceback (most recent call last):
    tapegrad.errors.ReadOnlyError: ...
    """


class AxisError(ShapeError, IndexError):
    """An axis that the array does not have.

    Raised by reductions, joins and their like. Negative axes count from the end.

    >>> import tapegrad.numpy as tnp
    >>> tnp.sum(tnp.ones((2, 3)), axis=2)
    Traceback (most recent call last):
    tapegrad.errors.AxisError: ...
    """


class CompileError(TapegradError, RuntimeError):
    """With `strict=True`, a function that cannot be compiled, or that gives something else when it is; a compiled
    method of objects to which there are no weak references.

    The message says why, and at which line. Without `strict` such a function runs eagerly, with a `CompileWarning`.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> step = tapegrad.compile(lambda x: [print, x], strict=True)
    >>> step(tnp.ones(2))
    Traceback (most recent call last):
    tapegrad.errors.CompileError: ...
    """


class CompileWarning(UserWarning):
    """A function that was to be compiled runs eagerly instead; the message says why, and at which line.

    Warned of once for arguments of one sort. With `tapegrad.compile(fn, strict=True)` it is a `CompileError`.

    >>> import tapegrad, tapegrad.numpy as tnp, warnings
    >>> step = tapegrad.compile(lambda x: [print, x])
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     _ = step(tnp.ones(2))
    >>> seen[0].category.__name__
    'CompileWarning'
    """


class MaskWarning(UserWarning):
    """An NDArray of zeros and ones, of the shape of a mask, was taken for a list of places.

    What a comparison gives is a mask; what was computed from one is not, nor is its copy. For a mask compare last:
    `x[(a * b) == 1]`. For places say `astype("int64")` beforehand, which is not warned of.

    >>> import warnings
    >>> from tapegrad import nd
    >>> x = nd.array([5, 6, 7])
    >>> mask = (x > 5) * (x < 7)
    >>> with warnings.catch_warnings(record=True) as seen:
    ...     warnings.simplefilter("always")
    ...     places = x[mask].asnumpy().tolist()
    >>> seen[0].category.__name__, places, x[mask == 1].asnumpy().tolist()
    ('MaskWarning', [5.0, 6.0, 5.0], [6.0])
    """
