"""Recording and gradients, in the words of `mxnet.autograd`.

>>> from tapegrad import autograd, nd
>>> x = nd.array([1.0, 2.0])
>>> x.attach_grad()
>>> with autograd.record():
...     y = x * x
>>> y.backward()
>>> x.grad
<BLANKLINE>
[2. 4.]
<NDArray 2 @cpu(0)>
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from .arrays.array import Array, handle
from .arrays.foreign import Advice, missing
from .errors import ArgumentError, ArgumentTypeError, GraphError, ShapeError, a_kind
from .op.call import cast
from .op.rules import OwnRule, Places, attach, is_tracked
from .tape.mode import (
    MODE,
    PREDICTING,
    RECORDING,
    TRAINING,
    Scope,
    is_recording,
    is_training,
    pause,
    predict_mode,
    record,
    set_recording,
    set_training,
    train_mode,
)
from .tape.tracebacks import door
from .transforms import variables as _variables
from .transforms.bodies import Body, arrays_within, unplaced

__all__ = [
    "Function",
    "NDArray",
    "backward",
    "get_symbol",
    "grad",
    "is_recording",
    "is_training",
    "mark_variables",
    "pause",
    "predict_mode",
    "record",
    "set_recording",
    "set_training",
    "train_mode",
]
__dir__ = __all__.copy

if TYPE_CHECKING:
    from .ndarray import NDArray
else:

    def __getattr__(name: str) -> Any:
        # MXNet's module has the class besides; it is built on this one.
        if name == "NDArray":
            return import_module(".ndarray", __package__).NDArray
        missing(__name__)(name)


def _listed(arrays: Any, what: str) -> list[Any]:
    if isinstance(arrays, Array):
        return [arrays]
    try:
        each = iter(arrays)
    except TypeError:
        raise ArgumentTypeError(f"{what} is an array, or a list of them, not {a_kind(arrays)}") from None
    return list(each)


def mark_variables(variables: Any, gradients: Any, grad_reqs: str | Sequence[str] = "write") -> None:
    """Make arrays variables whose gradients go into arrays of the caller's.

    `variables` and `gradients` are an array each or as many of both; `grad_reqs` is "write", "add" or "null", for all
    or one for each.

    Shapes: a gradient has that of its variable.

    Dtypes: floating ones, a gradient that of its variable.

    Raises: `ShapeError` or `DtypeError` where a gradient does not fit, `ValueError` for other numbers of them or
    another `grad_req`, `TypeError` for what is no array.

    >>> from tapegrad import nd
    >>> x, g = nd.array([3.0]), nd.zeros(1)
    >>> mark_variables(x, g)
    >>> with record():
    ...     y = x * x
    >>> y.backward()
    >>> print(g.asscalar())
    6.0
    """
    xs, cells = _listed(variables, "variables"), _listed(gradients, "gradients")
    reqs = [grad_reqs] * len(xs) if isinstance(grad_reqs, str) else list(grad_reqs)
    if not len(xs) == len(cells) == len(reqs):
        raise ArgumentError(
            f"{len(xs)} variables, {len(cells)} gradients and {len(reqs)} grad_reqs; give as many of each"
        )
    for x, cell, req in zip(xs, cells, reqs, strict=True):
        for array, what in ((x, "a variable"), (cell, "a gradient")):
            if not isinstance(array, Array):
                raise ArgumentTypeError(f"{what} is an array, not {a_kind(array)}")
        _variables.mark_variable(x, cell, req)


def _parse_heads(heads: Any, head_grads: Any) -> tuple[list[Any], list[Any] | None]:
    if isinstance(heads, Array):
        return [heads], None if head_grads is None else [head_grads] if isinstance(head_grads, Array) else head_grads
    return _listed(heads, "heads"), None if head_grads is None else _listed(head_grads, "head_grads")


@door
def backward(heads: Any, head_grads: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
    """Put the gradients of the heads, together, into the `.grad` of the variables they were computed from.

    `heads` is an array or several; `head_grads` their cotangents (None: ones), of their shapes and dtypes. The graph is
    freed unless `retain_graph`. `train_mode` says what `is_training()` is inside `Function.backward`. All gradients are
    computed before any is written.

    Shapes: any heads, not only one number: a head of several elements counts as their sum unless `head_grads` weighs
    them.

    Dtypes: floating ones; gradients have those of their variables.

    Raises: `NotRecordedError` for a constant, `GraphFreedError` where an earlier backward has freed the graph,
    `ShapeError` or `DtypeError` for a cotangent that does not fit.

    >>> from tapegrad import nd
    >>> x = nd.array([1.0, 2.0])
    >>> x.attach_grad()
    >>> with record():
    ...     a, b = x * 2, x * x
    >>> backward([a, b])
    >>> x.grad.asnumpy().tolist()
    [4.0, 6.0]
    """
    listed, cotangents = _parse_heads(heads, head_grads)
    _variables.backward(listed, cotangents, retain_graph, train_mode=train_mode)


@door
def grad(
    heads: Any,
    variables: Any,
    head_grads: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    train_mode: bool = True,
) -> list[Any]:
    """The gradients of the heads, together, with respect to variables, as a list; every `.grad` is left alone.

    `variables` is an array with `attach_grad`, or several; arrays that were computed from such under `record()` are as
    good, as the weights after a step of descent. With `create_graph` the gradients are on the tape, to be
    differentiated again; `retain_graph` is then True unless given.

    Shapes: a gradient has that of its variable; of one that the heads do not depend on it is zeros.

    Dtypes: a gradient has that of its variable.

    Raises: as `backward` does, `GraphError` for a constant, `ValueError` for no variable at all.

    >>> from tapegrad import nd
    >>> x = nd.array([2.0])
    >>> x.attach_grad()
    >>> with record():
    ...     y = x * x * x
    ...     dy = grad(y, [x], create_graph=True)[0]
    >>> dy.backward()
    >>> print(x.grad.asscalar())
    12.0
    """
    listed, cotangents = _parse_heads(heads, head_grads)
    with Scope(*(0, PREDICTING) if train_mode else (PREDICTING, 0)):
        return _variables.gradients(
            listed, _listed(variables, "variables"), cotangents, retain_graph=retain_graph, create_graph=create_graph
        )


def get_symbol(x: Any) -> NoReturn:
    """Not available: tapegrad keeps a tape of what was done, and no symbols.

    `tapegrad.draw` and `tapegrad.tape_summary` show the tape.

    Shapes: any.

    Dtypes: any.

    Raises: always `GraphError`.

    >>> from tapegrad import nd
    >>> get_symbol(nd.ones(1))
    Traceback (most recent call last):
    tapegrad.errors.GraphError: tapegrad keeps no symbolic graphs, so there is no symbol to get
    """
    raise GraphError("tapegrad keeps no symbolic graphs, so there is no symbol to get")


class Function:
    """A function with a derivative of your own: subclass it, write `forward` and `backward`, call an instance, once.

    `forward` takes and returns arrays, unrecorded; `backward` takes a cotangent for each output and returns a
    gradient for each input, of its shape (None: no gradient). What `backward` needs is given to `save_for_backward`
    and found in `saved_tensors`. Under `create_graph` `backward` is recorded, so that second derivatives are right:
    inputs and outputs that were saved keep their place on the tape, and where anything else was kept, in
    `saved_tensors` or as an attribute, `forward` is computed again on the tape, with the same random draws. An array
    that is being differentiated and is no input is refused in `forward`.

    Shapes: a gradient has that of its input.

    Dtypes: a gradient is converted to that of its input.

    Raises: `GraphError` for an instance that is called twice, and for another number of gradients than inputs,
    `ShapeError` for one of another shape, `TypeError` for inputs and outputs that are no arrays.

    >>> from tapegrad import nd
    >>> class sigmoid(Function):
    ...     def forward(self, x):
    ...         y = 1 / (1 + nd.exp(-x))
    ...         self.save_for_backward(y)
    ...         return y
    ...
    ...     def backward(self, dy):
    ...         (y,) = self.saved_tensors
    ...         return dy * y * (1 - y)
    >>> x = nd.array([0.0])
    >>> x.attach_grad()
    >>> with record():
    ...     y = sigmoid()(x)
    >>> y.backward()
    >>> print(x.grad.asscalar())
    0.25
    """

    _used = False
    _saved: Any = ()

    if TYPE_CHECKING:
        # Subclasses name their inputs and outputs, which a checker would hold against `*inputs`.
        forward: Callable[..., Any]
        backward: Callable[..., Any]
    else:

        def forward(self, *inputs: Any) -> Any:
            """The outputs from the inputs: an array, or a list or tuple of them. To be written by the subclass."""
            raise NotImplementedError(f"{type(self).__name__} has no forward")

        def backward(self, *output_grads: Any) -> Any:
            """The gradients of the inputs from those of the outputs. To be written by the subclass."""
            raise NotImplementedError(f"{type(self).__name__} has no backward")

        apply = Advice("apply", "an instance is called, F()(x), and `self` stands for PyTorch's `ctx`")

    def save_for_backward(self, *args: Any) -> None:
        """Keep arrays until `backward`, where they are `saved_tensors`.

        Whatever `forward` computes may be saved; None and numbers too.
        """
        self._saved = args

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was given to `save_for_backward`."""
        saved = self._saved
        return saved.open() if isinstance(saved, _Saved) else saved

    def __call__(self, *inputs: Any) -> Any:
        name = type(self).__name__
        if self._used:
            raise GraphError(f"an instance of {name} can be called only once; create another")
        for i, x in enumerate(inputs):
            if not isinstance(x, Array):
                raise ArgumentTypeError(f"input {i} of {name} is {a_kind(x)}, not an array")
        self._used = True
        mode = MODE.get()
        body, had = Body(name), {id(x) for x in self._attributes()}
        result = body.first(self.forward, inputs, {}, inputs)
        outputs = _listed(result, f"what {name}.forward returns")
        for i, y in enumerate(outputs):
            if not isinstance(y, Array):
                raise ArgumentTypeError(f"{name}.forward returned {a_kind(y)} as output {i}, not an array")
        if mode & RECORDING and any(map(is_tracked, inputs)):
            face = inputs[0].__class__
            specs = [(x._dtype, x.shape) for x in inputs]
            places = Places(outputs)
            saved = self._saved = _Saved(places, self._saved, outputs)
            kept = saved.unplaced or unplaced(x for x in self._attributes() if id(x) not in had)

            def pull(cotangents: Sequence[Array]) -> list[Array | None]:
                if kept and MODE.get() & RECORDING:
                    self._saved = ()
                    body.again(self.forward)
                    self._saved = saved.renewed(self._saved)
                return self._pulled(face, specs, cotangents)

            rule = OwnRule(name, pull, None)
            made = attach(rule, inputs, outputs, places)
        else:
            self._saved = ()
            made = [handle(y.__class__, y._value, None, y._kernels) for y in outputs]
        if isinstance(result, Array):
            return made[0]
        return made if isinstance(result, list) else tuple(made)

    def _attributes(self) -> list[Array]:
        """The arrays among the attributes, which `forward` may have left there for `backward`."""
        kept = [value for name, value in vars(self).items() if name != "_saved"]
        return [x for value in kept for x in arrays_within(value)]

    def _pulled(self, face: type[Array], specs: Sequence[Any], cotangents: Sequence[Array]) -> list[Array | None]:
        """What `backward` makes of cotangents: one gradient for each input, in the input's dtype."""
        name = type(self).__name__
        given = [handle(face, g._value, g._node, g._kernels) for g in cotangents]
        training = 0 if MODE.get() & PREDICTING else TRAINING
        with Scope(training, TRAINING ^ training):
            result = self.backward(*given)
            gradients = [None] if result is None else _listed(result, f"what {name}.backward returns")
            if len(gradients) != len(specs):
                raise GraphError(
                    f"{name}.backward returned {len(gradients)} gradient(s), and {name}.forward has {len(specs)} "
                    "input(s); return one for each, None where there is none"
                )
            for i, (g, (dtype, shape)) in enumerate(zip(gradients, specs, strict=True)):
                if g is None:
                    continue
                if not isinstance(g, Array):
                    raise ArgumentTypeError(f"{name}.backward returned {a_kind(g)} for input {i}, not an array")
                if g.shape != shape:
                    raise ShapeError(
                        f"{name}.backward returned a gradient of shape {g.shape} for input {i}, of shape {shape}"
                    )
                if g._kernels.dtype_of(g._value) != dtype:
                    gradients[i] = cast(g, dtype)
        return gradients


class _Saved:
    """What a `Function` saved, as values with their places on the tape: no handles, and no way back to the outputs."""

    __slots__ = ("entries", "places", "unplaced")

    def __init__(self, places: Places, saved: Sequence[Any], outputs: Sequence[Array]) -> None:
        self.places = places
        self.entries: list[Any] = []
        numbers = {id(y._value): i for i, y in enumerate(outputs)}
        apart = []
        for x in saved:
            if not isinstance(x, Array):
                self.entries.append((None, x, None, None))
                continue
            place = None if is_tracked(x) else numbers.get(id(x._value))
            if place is None:
                apart.append(x)
            self.entries.append((x.__class__, x._value, x._node if place is None else place, x._kernels))
        self.unplaced = unplaced(apart)

    def renewed(self, again: Sequence[Any]) -> _Saved:
        """The same after `forward` was computed again, on the tape; outputs stay in their own places."""
        made = _Saved(self.places, again, ())
        for i, (known, new) in enumerate(zip(self.entries, made.entries, strict=True)):
            if new[0] is not None and isinstance(known[2], int):
                made.entries[i] = known
        return made

    def open(self) -> tuple[Any, ...]:
        """The arrays again, each in its place on the tape."""
        found = []
        for cls, value, place, xp in self.entries:
            if cls is None:
                found.append(value)
            elif isinstance(place, int):
                y = self.places.output(place)
                found.append(handle(cls, y._value, y._node, y._kernels))
            else:
                found.append(handle(cls, value, place, xp))
        return tuple(found)
