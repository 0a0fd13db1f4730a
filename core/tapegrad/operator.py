"""MXNet's way to bring an operator of one's own: a `CustomOp`, its `CustomOpProp`, and `nd.Custom`.

`autograd.Function` does the same in one class. Here is the other one for programs that have it.

    >>> import tapegrad as mx
    >>> from tapegrad import nd
    >>> class Twice(mx.operator.CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], in_data[0] * 2)
    ...
    ...     def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
    ...         self.assign(in_grad[0], req[0], out_grad[0] * 2)
    >>> @mx.operator.register("twice")
    ... class TwiceProp(mx.operator.CustomOpProp):
    ...     def create_operator(self, ctx, shapes, dtypes):
    ...         return Twice()
    >>> print(nd.Custom(nd.ones(1), op_type="twice").asscalar())
    2.0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .autograd import Function
from .errors import ArgumentError
from .ndarray.checks import dtype_of, need_all
from .ndarray.ndarray import NDArray, zeros
from .tape.mode import is_training

__all__ = ["CustomOp", "CustomOpProp", "get_all_registered_operators", "register"]
__dir__ = __all__.copy

_PROPS: dict[str, Callable[..., CustomOpProp]] = {}


class CustomOp:
    """What an operator does. Subclasses write `forward` and `backward`, which put their results where they are told.

    The module's docstring has a whole operator.

    Shapes: what is assigned has that of where it goes.

    Dtypes: what is assigned is converted to that of where it goes.

    Raises: `NotImplementedError` without `forward` or `backward`, `ValueError` for an unknown `req`.

    >>> from tapegrad import nd
    >>> target = nd.ones(1)
    >>> CustomOp().assign(target, "add", nd.ones(1))
    >>> print(target.asscalar())
    2.0
    """

    def forward(
        self, is_train: bool, req: Sequence[str], in_data: list[Any], out_data: list[Any], aux: list[Any]
    ) -> None:
        """Put the outputs into `out_data`, with `assign`."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(
        self,
        req: Sequence[str],
        out_grad: list[Any],
        in_data: list[Any],
        out_data: list[Any],
        in_grad: list[Any],
        aux: list[Any],
    ) -> None:
        """Put the gradients of the inputs into `in_grad`, with `assign`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def assign(self, dst: Any, req: str, src: Any) -> None:
        """Put `src` into `dst` as `req` says: "write" or "inplace", "add" to what is there, "null" not at all."""
        if req in ("write", "inplace"):
            dst[:] = src
        elif req == "add":
            dst[:] = dst + src
        elif req != "null":
            raise ArgumentError(f"req is {req!r}; it is 'write', 'inplace', 'add' or 'null'")


class CustomOpProp:
    """What there is to know of an operator before it runs: its inputs, outputs, shapes and dtypes.

    Keywords of `nd.Custom` come as strings to its `__init__`.

    Shapes: `infer_shape` gives outputs that of the first input, unless it is overridden.

    Dtypes: `infer_type` gives outputs that of the first input, unless it is overridden.

    Raises: nothing itself.

    >>> CustomOpProp().infer_shape([[2, 3]])
    ([[2, 3]], ([2, 3],), ())
    """

    def __init__(self, need_top_grad: bool = True) -> None:
        self.need_top_grad_ = need_top_grad

    def list_arguments(self) -> list[str]:
        """The names of the inputs."""
        return ["data"]

    def list_outputs(self) -> list[str]:
        """The names of the outputs."""
        return ["output"]

    def list_auxiliary_states(self) -> list[str]:
        """The names of the states that stay between calls."""
        return []

    def infer_shape(self, in_shape: list[Any]) -> Any:
        """The shapes of inputs, outputs and states; outputs have that of the first input unless this says so."""
        return in_shape, (in_shape[0],) * len(self.list_outputs()), ()

    def infer_type(self, in_type: list[Any]) -> Any:
        """The dtypes of inputs, outputs and states; they are those of the first input unless this says otherwise."""
        return in_type, [in_type[0]] * len(self.list_outputs()), [in_type[0]] * len(self.list_auxiliary_states())

    def declare_backward_dependency(self, out_grad: list[int], in_data: list[int], out_data: list[int]) -> list[int]:
        """What `backward` needs; it is given everything."""
        return [*out_grad, *in_data, *out_data]

    def create_operator(self, ctx: Any, in_shapes: Any, in_dtypes: Any) -> CustomOp:
        """The operator, for inputs of these shapes and dtypes."""
        return CustomOp()


def register(reg_name: str) -> Callable[[type[CustomOpProp]], type[CustomOpProp]]:
    """Make a `CustomOpProp` known to `nd.Custom` under a name; for use as a decorator.

    A later registration under the same name takes the place of the earlier.

    Shapes: those of the operator.

    Dtypes: those of the operator.

    Raises: nothing; `nd.Custom` raises `ValueError` for a name that is not registered.

    >>> @register("nothing_but_a_name")
    ... class Prop(CustomOpProp):
    ...     pass
    >>> "nothing_but_a_name" in get_all_registered_operators()
    True
    """

    def enter(prop: type[CustomOpProp]) -> type[CustomOpProp]:
        _PROPS[reg_name] = prop
        return prop

    return enter


def get_all_registered_operators() -> list[str]:
    """The names under which operators are registered.

    >>> isinstance(get_all_registered_operators(), list)
    True
    """
    return sorted(_PROPS)


class _Run(Function):
    """One call of a custom operator."""

    def __init__(self, operator: CustomOp, outputs: list[NDArray], states: list[NDArray]) -> None:
        self.operator = operator
        self.blank: list[NDArray] = outputs
        self.specs = [(y.shape, y.context, y.dtype) for y in outputs]
        self.states = states

    def forward(self, *inputs: Any) -> Any:
        outputs, self.blank = self.blank or [zeros(*spec) for spec in self.specs], []
        self.operator.forward(is_training(), ["write"] * len(outputs), list(inputs), outputs, self.states)
        self.count = len(inputs)
        self.save_for_backward(*inputs, *outputs)
        return outputs

    def backward(self, *output_grads: Any) -> Any:
        saved = list(self.saved_tensors)
        inputs, outputs = saved[: self.count], saved[self.count :]
        gradients = [zeros(x.shape, x.context, x.dtype) for x in inputs]
        self.operator.backward(["write"] * self.count, list(output_grads), inputs, outputs, gradients, self.states)
        return gradients


def apply(op_type: str | None, data: Sequence[Any], options: dict[str, Any], out: Any) -> Any:
    """What `nd.Custom` does."""
    if op_type not in _PROPS:
        known = ", ".join(map(repr, sorted(_PROPS))) or "none is registered"
        raise ArgumentError(f"Custom(): there is no operator {op_type!r}; those registered: {known}")
    named = {key: value for key, value in options.items() if isinstance(value, NDArray)}
    prop = _PROPS[op_type](**{key: str(value) for key, value in options.items() if key not in named})
    names = [*prop.list_arguments(), *prop.list_auxiliary_states()]
    positional = iter(data)
    arrays = need_all([named[key] if key in named else next(positional, None) for key in names], "Custom")
    inputs, states = arrays[: len(prop.list_arguments())], arrays[len(prop.list_arguments()) :]
    # Both give lists for inputs, outputs and, where there are any, auxiliary states.
    shapes = prop.infer_shape([list(x.shape) for x in inputs])[1]
    dtypes = prop.infer_type([dtype_of(x).type for x in inputs])[1]
    context = inputs[0].context
    outputs = [zeros(tuple(shape), context, dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    operator = prop.create_operator(context, [x.shape for x in inputs], [x.dtype for x in inputs])
    results = _Run(operator, outputs, states)(*inputs)
    if out is not None:
        targets = [out] if isinstance(out, NDArray) else out
        results = [target._rebind(y) for target, y in zip(targets, results, strict=True)]
    return results[0] if len(results) == 1 else list(results)
