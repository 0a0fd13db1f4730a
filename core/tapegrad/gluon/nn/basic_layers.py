"""Sequences of blocks, and the layers that are no convolutions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import dtypes
from ... import ndarray as nd
from ...errors import ArgumentError, ArgumentTypeError, a_kind
from ..block import Block, HybridBlock, Layer, indented
from .activations import Activation

if TYPE_CHECKING:
    from ...initializer import Initializer
    from ...ndarray.ndarray import NDArray
    from ...typing import Axes, DTypeLike

__all__ = [
    "BatchNorm",
    "BatchNormReLU",
    "Dense",
    "Dropout",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "HybridLambda",
    "HybridSequential",
    "InstanceNorm",
    "Lambda",
    "LayerNorm",
    "Sequential",
]


class _Sequence(Block):
    """What both kinds of sequences share."""

    is_sequence = True

    def add(self, *blocks: Block) -> None:
        """Put blocks at the end."""
        for block in blocks:
            if not callable(block):
                raise ArgumentTypeError(f"{type(self).__name__}.add() takes blocks, not {a_kind(block)}")
            self.register_child(block)

    def _run(self, x: Any) -> Any:
        for block in self._children.values():
            x = block(x)
        return x

    def __repr__(self) -> str:
        lines = "\n".join(f"  ({key}): {indented(repr(block), 2)}" for key, block in self._children.items())
        return f"{type(self).__name__}(\n{lines}\n)"

    def __getitem__(self, key: Any) -> Any:
        blocks = list(self._children.values())[key]
        if not isinstance(blocks, list):
            return blocks
        part = type(self)(prefix=self._prefix)
        part.add(*blocks)
        return part

    def __len__(self) -> int:
        return len(self._children)

    def __iter__(self) -> Iterator[Block]:
        return iter(self._children.values())


class Sequential(_Sequence):
    """Blocks one after the other.

    >>> net = Sequential()
    >>> net.add(Dense(4, activation="relu"), Dense(1))
    >>> net
    Sequential(
      (0): Dense(None -> 4, Activation(relu))
      (1): Dense(None -> 1, linear)
    )
    """

    def forward(self, x: NDArray) -> Any:
        return self._run(x)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        if len(self) and all(isinstance(block, HybridBlock) for block in self):
            warnings.warn(
                f"All children of this Sequential layer '{self.prefix}' are HybridBlocks. Consider using "
                "HybridSequential for the best performance.",
                stacklevel=2,
            )
        super().hybridize(active, **kwargs)


class HybridSequential(_Sequence, HybridBlock):
    """HybridBlocks one after the other.

    >>> net = HybridSequential()
    >>> net.add(Dense(1))
    >>> len(net)
    1
    """

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        return self._run(x)


class Dense(Layer):
    """`nd.FullyConnected`: x · weightᵀ + bias, then an activation. All axes but the first are laid flat if `flatten`.

    Shapes: (n, …) gives (n, units); with `flatten=False` the last axis becomes `units`.

    Dtypes: `dtype`.

    >>> Dense(3, in_units=2, activation="relu")
    Dense(2 -> 3, Activation(relu))
    """

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        flatten: bool = True,
        dtype: DTypeLike = "float32",
        weight_initializer: Initializer | str | None = None,
        bias_initializer: Initializer | str = "zeros",
        in_units: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._flatten = flatten
        self._units = units
        self._in_units = in_units
        with self.name_scope():
            late = {"dtype": dtype, "allow_deferred_init": True}
            self.weight = self.params.get("weight", shape=(units, in_units), init=weight_initializer, **late)
            self.bias = self.params.get("bias", shape=(units,), init=bias_initializer, **late) if use_bias else None
            self.act = None if activation is None else Activation(activation, prefix=activation + "_")

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        y = F.FullyConnected(x, weight, bias, no_bias=bias is None, num_hidden=self._units, flatten=self._flatten)
        return y if self.act is None else self.act(y)

    def __repr__(self) -> str:
        units, inputs = self.weight.shape  # type: ignore[misc]
        return f"{type(self).__name__}({inputs or None} -> {units}, {self.act or 'linear'})"


class Dropout(Layer):
    """`nd.Dropout`: elements set to zero with a probability, in training.

    >>> Dropout(0.5)
    Dropout(p = 0.5, axes=())
    """

    def __init__(self, rate: float, axes: Axes = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._rate = rate
        self._axes = axes

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.Dropout(x, p=self._rate, axes=self._axes) if self._rate > 0 else x

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p = {self._rate}, axes={self._axes})"


class _Norm(Layer):
    """What all normalizations share: options of the function, and parameters for each channel.

    For each parameter there is its initializer, whether it is learned, and whether it may be.
    """

    def __init__(
        self, count: int, options: dict[str, Any], parameters: dict[str, tuple[Any, bool, bool]], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._kwargs = options
        with self.name_scope():
            for name, (init, learned, may_be) in parameters.items():
                own: dict[str, Any] = {"init": init, "grad_req": "write" if learned else "null"}
                own |= {"shape": (count,), "allow_deferred_init": True, "differentiable": may_be}
                setattr(self, name, self.params.get(name, **own))

    def _shown(self) -> dict[str, Any]:
        return {**self._kwargs, "in_channels": self.params.get("gamma").shape[0]}  # type: ignore[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self._shown().items())})"


class BatchNorm(_Norm):
    """`nd.BatchNorm`: each channel normalized by the batch, or by running statistics.

    Shapes: any data with the axis; the result has that of the data.

    Dtypes: float16 data are normalized with statistics of float32.

    >>> BatchNorm(in_channels=3)
    BatchNorm(axis=1, eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, in_channels=3)
    """

    def __init__(
        self,
        axis: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Initializer | str = "zeros",
        gamma_initializer: Initializer | str = "ones",
        running_mean_initializer: Initializer | str = "zeros",
        running_variance_initializer: Initializer | str = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        parameters = {
            "gamma": (gamma_initializer, scale, scale),
            "beta": (beta_initializer, center, center),
            "running_mean": (running_mean_initializer, False, False),
            "running_var": (running_variance_initializer, False, False),
        }
        options = {"axis": axis, "eps": epsilon, "momentum": momentum, "fix_gamma": not scale}
        super().__init__(in_channels, {**options, "use_global_stats": use_global_stats}, parameters, **kwargs)

    def cast(self, dtype: DTypeLike) -> None:
        """Convert the parameters to a dtype; for float16 they stay float32."""
        super().cast("float32" if dtypes.to_dtype(dtype) == np.float16 else dtype)

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
        return F.BatchNorm(x, gamma, beta, running_mean, running_var, **self._kwargs)

    def _shown(self) -> dict[str, Any]:
        shown = super()._shown()
        return {**shown, "in_channels": shown["in_channels"] or None}


class BatchNormReLU(BatchNorm):
    """`BatchNorm`, then the larger of the result and 0.

    >>> BatchNormReLU(in_channels=3).name[:-1]
    'batchnormrelu'
    """

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
        return F.relu(super().hybrid_forward(F, x, gamma, beta, running_mean, running_var))


class _Affine(_Norm):
    """What the normalizations by gamma and beta alone share."""

    def __init__(
        self, count: int, options: Any, center: bool, scale: bool, beta: Any, gamma: Any, **kwargs: Any
    ) -> None:
        super().__init__(count, options, {"gamma": (gamma, scale, True), "beta": (beta, center, True)}, **kwargs)
        self._learned = {"center": center, "scale": scale}

    def _shown(self) -> dict[str, Any]:
        return {**self._kwargs, **self._learned, "in_channels": super()._shown()["in_channels"]}


class LayerNorm(_Affine):
    """`nd.LayerNorm`: the elements along an axis normalized.

    >>> LayerNorm(in_channels=3)
    LayerNorm(eps=1e-05, axis=-1, center=True, scale=True, in_channels=3)
    """

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Initializer | str = "zeros",
        gamma_initializer: Initializer | str = "ones",
        in_channels: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        options, initial = {"eps": epsilon, "axis": axis}, (beta_initializer, gamma_initializer)
        super().__init__(in_channels, options, center, scale, *initial, prefix=prefix, params=params)

    def hybrid_forward(self, F: Any, data: Any, gamma: Any, beta: Any) -> Any:
        return F.LayerNorm(data, gamma, beta, **self._kwargs)


class InstanceNorm(_Affine):
    """`nd.InstanceNorm`: each channel of each image normalized.

    >>> InstanceNorm(in_channels=3)
    InstanceNorm(eps=1e-05, axis=1, center=True, scale=False, in_channels=3)
    """

    def __init__(
        self,
        axis: int = 1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = False,
        beta_initializer: Initializer | str = "zeros",
        gamma_initializer: Initializer | str = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        options = {"eps": epsilon, "axis": axis}
        super().__init__(in_channels, options, center, scale, beta_initializer, gamma_initializer, **kwargs)

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any) -> Any:
        eps, axis = self._kwargs.values()
        if axis == 1:
            return F.InstanceNorm(x, gamma, beta, eps=eps)
        return F.swapaxes(F.InstanceNorm(F.swapaxes(x, 1, axis), gamma, beta, eps=eps), 1, axis)


class GroupNorm(_Affine):
    """`nd.GroupNorm`: groups of channels of each image normalized.

    >>> GroupNorm(2)
    GroupNorm(eps=1e-05, num_groups=2, center=True, scale=True)
    """

    def __init__(
        self,
        num_groups: int = 1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Initializer | str = "zeros",
        gamma_initializer: Initializer | str = "ones",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        options, initial = {"eps": epsilon, "num_groups": num_groups}, (beta_initializer, gamma_initializer)
        super().__init__(num_groups, options, center, scale, *initial, prefix=prefix, params=params)

    def _shown(self) -> dict[str, Any]:
        return {**self._kwargs, **self._learned}

    def hybrid_forward(self, F: Any, data: Any, gamma: Any, beta: Any) -> Any:
        return F.GroupNorm(data, gamma, beta, **self._kwargs)


class Embedding(Layer):
    """`nd.Embedding`: rows of a matrix by their numbers.

    >>> Embedding(3, 4)
    Embedding(3 -> 4, float32)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        dtype: DTypeLike = "float32",
        weight_initializer: Initializer | str | None = None,
        sparse_grad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._input_dim = input_dim
        self._output_dim = output_dim
        self._dtype = dtype
        shape = (input_dim, output_dim)
        self.weight = self.params.get(
            "weight", shape=shape, init=weight_initializer, dtype=dtype, allow_deferred_init=True
        )

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        return F.Embedding(x, weight, input_dim=self._input_dim, output_dim=self._output_dim, dtype=self._dtype)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._input_dim} -> {self._output_dim}, {self._dtype})"


class Flatten(Layer):
    """All axes but the first laid flat.

    >>> Flatten()
    Flatten
    """

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return F.flatten(x)

    def __repr__(self) -> str:
        return type(self).__name__


class _Lambda(Block):
    """What blocks of a function share: that may be one of `nd`, by its name."""

    def __init__(self, function: Any, prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        kind = type(self).__name__
        if not isinstance(function, str) and not callable(function):
            raise ArgumentTypeError(f"{kind} takes a function or the name of one of nd, not {a_kind(function)}")
        if isinstance(function, str) and not hasattr(nd, function):
            raise ArgumentError(f"{kind}: nd has no function {function!r}")
        self._func_name = function if isinstance(function, str) else function.__name__
        self._func = self._named(function) if isinstance(function, str) else function

    def _named(self, name: str) -> Callable[..., Any]:
        return getattr(nd, name)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._func_name})"


class Lambda(_Lambda):
    """A function, or one of `nd` by its name, as a block.

    >>> Lambda("tanh")
    Lambda(tanh)
    """

    def forward(self, *args: Any) -> Any:
        return self._func(*args)


class HybridLambda(_Lambda, HybridBlock):
    """A function of `F` and arrays, or one of `nd` by its name, as a block.

    >>> HybridLambda(lambda F, x: F.relu(x))
    HybridLambda(<lambda>)
    """

    def _named(self, name: str) -> Callable[..., Any]:
        return lambda F, *args: getattr(F, name)(*args)

    def hybrid_forward(self, F: Any, x: Any, *args: Any) -> Any:
        return self._func(F, x, *args)
