"""Shapes of parameters that follow from the data of the first forward."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import autograd
from .. import ndarray as nd
from ..arrays.trees import flatten
from ..errors import ShapeError
from ..ndarray.ndarray import NDArray
from ..randomness.defaults import mxnet
from ..tape.nodes import Node
from .parameter import PROBED, Parameter, ParameterDict, is_known

if TYPE_CHECKING:
    from .block import Block

Shapes = dict[str, tuple[int, ...]]


class Waiting:
    """A parameter whose shape is not known, in the place of its array."""

    def __init__(self, parameter: Parameter, among: ParameterDict) -> None:
        self.parameter = parameter
        self.among = among

    def refusal(self) -> ShapeError:
        """The error for a use from which no shape follows."""
        return ShapeError(
            f"the shape of parameter {self.parameter.name!r} is {self.parameter.shape}, and follows from data only "
            f"where it is an input of {', '.join(_RULES)}; give it, by in_units, in_channels and the like"
        )

    def __getattr__(self, name: str) -> Any:
        raise self.refusal()


def _fully_connected(x: NDArray, num_hidden: int = 0, flatten: bool = True, **_: Any) -> Shapes:
    return {"weight": (num_hidden, math.prod(x.shape[1:]) if flatten else x.shape[-1]), "bias": (num_hidden,)}


def _convolution(
    x: NDArray, kernel: Any = (), num_filter: int = 0, num_group: int = 1, layout: Any = None, **_: Any
) -> Shapes:
    if str(layout).endswith("C"):
        return {"weight": (num_filter, *kernel, x.shape[-1] // num_group), "bias": (num_filter,)}
    return {"weight": (num_filter, x.shape[1] // num_group, *kernel), "bias": (num_filter,)}


def _deconvolution(x: NDArray, kernel: Any = (), num_filter: int = 0, num_group: int = 1, **_: Any) -> Shapes:
    return {"weight": (x.shape[1], num_filter // num_group, *kernel), "bias": (num_filter,)}


def _along(axis: int) -> Callable[..., Shapes]:
    names = ("gamma", "beta", "moving_mean", "moving_var")
    return lambda x, axis=axis, **_: dict.fromkeys(names, (x.shape[axis],))


def _embedding(x: NDArray, input_dim: int = 0, output_dim: int = 0, **_: Any) -> Shapes:
    return {"weight": (input_dim, output_dim)}


def _leaky(x: NDArray, **_: Any) -> Shapes:
    return {"gamma": (x.shape[1] if x.ndim > 1 else x.shape[0],)}


_RULES: dict[str, tuple[Callable[..., Shapes], Sequence[str]]] = {
    "FullyConnected": (_fully_connected, ("weight", "bias")),
    "Convolution": (_convolution, ("weight", "bias")),
    "Deconvolution": (_deconvolution, ("weight", "bias")),
    "BatchNorm": (_along(1), ("gamma", "beta", "moving_mean", "moving_var")),
    "LayerNorm": (_along(-1), ("gamma", "beta")),
    "InstanceNorm": (_along(1), ("gamma", "beta")),
    "Embedding": (_embedding, ("weight",)),
    "LeakyReLU": (_leaky, ("gamma",)),
}
"""By the function of `nd`: the shapes of its parameters, from the data and the options, and its inputs behind the data.
"""


class Inferring:
    """`nd` for the forward in which shapes are found: parameters that wait get theirs from the function they meet."""

    __name__ = nd.__name__

    def __getattr__(self, name: str) -> Any:
        function = getattr(nd, name)
        if name not in _RULES:
            return function
        rule, inputs = _RULES[name]

        def infer(data: NDArray, *arrays: Any, **options: Any) -> Any:
            named = dict(zip(inputs, arrays, strict=False)) | {key: options[key] for key in inputs if key in options}
            waiting = {key: value for key, value in named.items() if isinstance(value, Waiting)}
            if waiting:
                shapes = rule(data, **{key: value for key, value in options.items() if key not in inputs})
                for key, value in waiting.items():
                    value.parameter.shape = shapes[key]
                for parameter in next(iter(waiting.values())).among.values():
                    if is_known(parameter.shape):
                        parameter._finish_deferred_init()
                resolved = {key: value.parameter._of(data) for key, value in waiting.items()}
                arrays = (
                    tuple(resolved.get(key, x) for key, x in zip(inputs, arrays, strict=False)) + arrays[len(inputs) :]
                )
                options |= {key: value for key, value in resolved.items() if key in options}
            return function(data, *arrays, **options)

        return infer


inferring = Inferring()


def _in_order(heads: Sequence[Node | None]) -> list[Node | None]:
    """The nodes that heads depend on, each behind its parents."""
    ordered: dict[Node | None, None] = {}
    waiting = [(node, False) for node in reversed(heads) if node is not None]
    while waiting:
        node, entered = waiting.pop()
        if entered:
            ordered[node] = None
        elif node not in ordered:
            waiting += [(node, True), *[(parent, False) for parent in reversed(node.parents())]]
    return list(ordered)


def draw_all(block: Block, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Draw the values of all parameters ahead of a forward, as MXNet does for a hybridized block.

    The shapes are found in a forward of their own, in which parameters are zeros and random numbers come from a copy of
    the stream. Its tape has the order of the draws, which is that of the inputs of MXNet's graph: from the outputs
    back, what an op takes first comes first.
    """
    token = PROBED.set([])
    stream = copy.deepcopy({key: value for key, value in vars(mxnet).items() if key != "_lock"})
    try:
        with autograd.record(train_mode=False):
            outputs = flatten(block.forward(*args, **kwargs))[0]
        order = {node: i for i, node in enumerate(_in_order([x._node for x in outputs if isinstance(x, NDArray)]))}
    finally:
        vars(mxnet).update(stream)
        probed = PROBED.get() or []
        PROBED.reset(token)
        nodes = {parameter: [array._node for array in parameter._data] for parameter in probed}
        for parameter in probed:
            parameter._data, parameter._ctx_list = [], []
    for parameter in sorted(probed, key=lambda p: min([order.get(node, len(order)) for node in nodes[p]])):
        parameter._finish_deferred_init()
