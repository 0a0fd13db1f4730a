"""Initial values of parameters, drawn as MXNet draws them: a seed gives its weights."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from . import ndarray as nd
from .errors import ArgumentError, ArgumentTypeError, ShapeError
from .ndarray.ndarray import NDArray, edition

__all__ = [
    "Bilinear",
    "Constant",
    "FusedRNN",
    "InitDesc",
    "Initializer",
    "LSTMBias",
    "Load",
    "MSRAPrelu",
    "Mixed",
    "Normal",
    "One",
    "Orthogonal",
    "Uniform",
    "Xavier",
    "Zero",
    "alias",
    "create",
    "register",
]
__dir__ = __all__.copy

C = TypeVar("C", bound=type)

_REGISTERED: dict[str, Callable[..., Any]] = {}


def register(klass: C) -> C:
    """Enter a class under its name in lower case, for `create`. A decorator.

    >>> @register
    ... class Halves(Initializer):
    ...     def _init_weight(self, name, array):
    ...         array[:] = 0.5
    >>> create("halves").dumps()
    '["halves", {}]'
    """
    _REGISTERED[klass.__name__.lower()] = klass
    return klass


def alias(*aliases: str) -> Callable[[C], C]:
    """Enter a class under further names. A decorator.

    >>> create("gaussian").dumps()
    '["normal", {"sigma": 0.01}]'
    """

    def enter(klass: C) -> C:
        _REGISTERED.update({name.lower(): klass for name in aliases})
        return register(klass)

    return enter


def _stream() -> Any:
    """Where values are drawn from: MXNet has another order of numbers for `mx.np`."""
    if not edition.numpy:
        return nd.random
    from .np import random

    return random


def create(initializer: Any, **kwargs: Any) -> Any:
    """The initializer of a name, or of what `dumps` gave; an initializer stays what it is.

    Raises: `ValueError` for a name that nobody registered, `TypeError` for what is no initializer.

    >>> create("xavier", magnitude=2).dumps()
    '["xavier", {"rnd_type": "uniform", "factor_type": "avg", "magnitude": 2}]'
    """
    if not isinstance(initializer, str):
        if not callable(initializer):
            raise ArgumentTypeError(f"{initializer!r} is not an initializer; give one of mx.init, or its name")
        return initializer
    if initializer.startswith("["):
        initializer, kwargs = json.loads(initializer)
    if initializer.lower() not in _REGISTERED:
        raise ArgumentError(
            f"there is no initializer {initializer!r}; choose one of {', '.join(sorted(_REGISTERED))}, or register one"
        )
    return _REGISTERED[initializer.lower()](**kwargs)


class InitDesc(str):
    """The name of a parameter, with its attributes: `__init__` there is the initializer of its own.

    >>> InitDesc("dense0_weight", {"__init__": "zeros"}).attrs
    {'__init__': 'zeros'}
    """

    attrs: dict[str, Any]
    global_init: Any

    def __new__(cls, name: str, attrs: dict[str, Any] | None = None, global_init: Any = None) -> InitDesc:
        desc = super().__new__(cls, name)
        desc.attrs = attrs or {}
        desc.global_init = global_init
        return desc


class Initializer:
    """What writes initial values into an array. Subclass it and write `_init_weight(self, name, array)`.

    Called with an `InitDesc` it uses the initializer named there, else the method for the end of the name: weights,
    biases (0), gammas (1), betas (0).

    >>> from tapegrad import nd
    >>> x = nd.zeros(2)
    >>> One()(InitDesc("dense0_weight"), x)
    >>> x.asnumpy().tolist()
    [1.0, 1.0]
    """

    _ENDINGS: Mapping[str, str] = {
        "weight": "_init_weight",
        "bias": "_init_bias",
        "gamma": "_init_gamma",
        "beta": "_init_beta",
        "min": "_init_zero",
        "max": "_init_one",
        "mean": "_init_zero",
        "var": "_init_one",
    }

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs
        self._print_func: Callable[[NDArray], str] | None = None

    def set_verbosity(self, verbose: bool = False, print_func: Callable[[NDArray], str] | None = None) -> Initializer:
        """Log each array that is initialized, with what `print_func` says of it (the root mean square)."""
        rms = lambda x: str(float(np.sqrt(np.square(x.asnumpy()).mean())))
        self._print_func = (print_func or rms) if verbose else None
        return self

    def dumps(self) -> str:
        """The initializer as text, for `create`."""
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __call__(self, desc: str, arr: NDArray) -> None:
        own = getattr(desc, "attrs", {}).get("__init__")
        if own:
            create(own)._init_weight(desc, arr)
        else:
            endings = [method for end, method in self._ENDINGS.items() if desc.endswith(end)]
            getattr(self, endings[0] if endings else "_init_default")(desc, arr)
        if self._print_func is not None:
            import logging

            logging.info("Initialized %s: %s", desc, self._print_func(arr))

    def _init_weight(self, name: str, arr: NDArray) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no _init_weight(self, name, array)")

    def _init_zero(self, name: str, arr: NDArray) -> None:
        arr[:] = 0

    def _init_one(self, name: str, arr: NDArray) -> None:
        arr[:] = 1

    _init_bias = _init_beta = _init_zero
    _init_gamma = _init_one

    def _init_default(self, name: str, arr: NDArray) -> None:
        raise ArgumentError(
            f"nothing says how {name!r} is to be initialized; end its name in one of {', '.join(self._ENDINGS)}, or "
            "give it an init of its own"
        )

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._kwargs == getattr(other, "_kwargs", None)

    __hash__ = object.__hash__


class Load:
    """Arrays by name, from a file or a dictionary; `default_init` is for names that are not there.

    Raises: `ValueError` for a name that is not there without `default_init`, `ShapeError` for another shape.

    >>> from tapegrad import nd
    >>> x = nd.zeros(2)
    >>> Load({"arg:w": nd.ones(2)})("w", x)
    >>> x.asnumpy().tolist()
    [1.0, 1.0]
    """

    def __init__(self, param: Any, default_init: Any = None, verbose: bool = False) -> None:
        arrays: Any = param if isinstance(param, Mapping) else nd.load(param)
        self.param = {re.sub("^(arg|aux):", "", name): x for name, x in arrays.items()}
        self.default_init = default_init
        self.verbose = verbose

    def __call__(self, name: str, arr: NDArray) -> None:
        if name in self.param:
            if self.param[name].shape != arr.shape:
                raise ShapeError(f"{name!r} has shape {arr.shape}, and {self.param[name].shape} in what is loaded")
            arr[:] = self.param[name]
        elif self.default_init is None:
            raise ArgumentError(f"{name!r} is not in what is loaded; give default_init")
        else:
            self.default_init(name, arr)


class Mixed:
    """The first initializer whose regular expression matches the name. End with ".*" to have one for all others.

    Raises: `ValueError` for a name that no pattern matches.

    >>> from tapegrad import nd
    >>> x = nd.ones(2)
    >>> Mixed(["bias", ".*"], [Zero(), One()])("dense0_bias", x)
    >>> x.asnumpy().tolist()
    [0.0, 0.0]
    """

    def __init__(self, patterns: Sequence[str], initializers: Sequence[Any]) -> None:
        if len(patterns) != len(initializers):
            raise ArgumentError(f"{len(patterns)} patterns for {len(initializers)} initializers; give one for each")
        self.map = [(re.compile(p), i) for p, i in zip(patterns, initializers, strict=True)]

    def __call__(self, name: str, arr: NDArray) -> None:
        for pattern, initializer in self.map:
            if pattern.match(name):
                initializer(name, arr)
                return
        raise ArgumentError(f'no pattern matches {name!r}; add ".*" at the end')


@alias("zeros")
class Zero(Initializer):
    """Zeros.

    >>> Zero().dumps()
    '["zero", {}]'
    """

    def __init__(self) -> None:
        super().__init__()

    _init_weight = Initializer._init_zero


@alias("ones")
class One(Initializer):
    """Ones.

    >>> One().dumps()
    '["one", {}]'
    """

    def __init__(self) -> None:
        super().__init__()

    _init_weight = Initializer._init_one


@register
class Constant(Initializer):
    """One value, or an array of them.

    >>> Constant(3).dumps()
    '["constant", {"value": 3}]'
    """

    def __init__(self, value: Any) -> None:
        super().__init__(value=value)
        self.value = value

    def _init_weight(self, name: str, arr: NDArray) -> None:
        arr[:] = self.value

    def dumps(self) -> str:
        """The initializer as text, for `create`."""
        value = self.value.asnumpy().tolist() if isinstance(self.value, NDArray) else self.value
        return json.dumps(["constant", {"value": value.tolist() if isinstance(value, np.ndarray) else value}])


@register
class Uniform(Initializer):
    """Numbers spread evenly over [−scale, scale).

    >>> Uniform().dumps()
    '["uniform", {"scale": 0.07}]'
    """

    def __init__(self, scale: float = 0.07) -> None:
        super().__init__(scale=scale)
        self.scale = scale

    def _init_weight(self, name: str, arr: NDArray) -> None:
        _stream().uniform(-self.scale, self.scale, out=arr)


@alias("gaussian")
class Normal(Initializer):
    """Normal numbers of deviation sigma.

    >>> Normal(0.1).dumps()
    '["normal", {"sigma": 0.1}]'
    """

    def __init__(self, sigma: float = 0.01) -> None:
        super().__init__(sigma=sigma)
        self.sigma = sigma

    def _init_weight(self, name: str, arr: NDArray) -> None:
        _stream().normal(0, self.sigma, out=arr)


@register
class Orthogonal(Initializer):
    """A matrix with orthonormal rows or columns, times `scale`, of A. Saxe et al. (2013).

    >>> Orthogonal().dumps()
    '["orthogonal", {"scale": 1.414, "rand_type": "uniform"}]'
    """

    def __init__(self, scale: float = 1.414, rand_type: str = "uniform") -> None:
        super().__init__(scale=scale, rand_type=rand_type)
        if rand_type not in ("uniform", "normal"):
            raise ArgumentError(f"rand_type is {rand_type!r}; choose 'uniform' or 'normal'")
        self.scale = scale
        self.rand_type = rand_type

    def _init_weight(self, name: str, arr: NDArray) -> None:
        shape = (arr.shape[0], math.prod(arr.shape[1:]))
        draw = nd.random.uniform(-1, 1, shape) if self.rand_type == "uniform" else nd.random.normal(0, 1, shape)
        u, _, v = np.linalg.svd(draw.asnumpy(), full_matrices=False)
        arr[:] = (self.scale * (u if u.shape == shape else v)).reshape(arr.shape)


@register
class Xavier(Initializer):
    """Numbers of scale √(magnitude / fan), where fan is that of inputs, of outputs, or the mean of both.

    `rnd_type` is "uniform" or "gaussian"; `factor_type` is "in", "out" or "avg". X. Glorot and Y. Bengio (2010).

    Raises: `ShapeError` for an array of one axis, which has no fan.

    >>> from tapegrad import nd
    >>> x = nd.zeros((2, 4))
    >>> Xavier()(InitDesc("dense0_weight"), x)
    >>> abs(x.asnumpy()).max() < 1
    np.True_
    """

    def __init__(self, rnd_type: str = "uniform", factor_type: str = "avg", magnitude: float = 3) -> None:
        super().__init__(rnd_type=rnd_type, factor_type=factor_type, magnitude=magnitude)
        if rnd_type not in ("uniform", "gaussian"):
            raise ArgumentError(f"rnd_type is {rnd_type!r}; choose 'uniform' or 'gaussian'")
        if factor_type not in ("in", "out", "avg"):
            raise ArgumentError(f"factor_type is {factor_type!r}; choose 'in', 'out' or 'avg'")
        self.rnd_type = rnd_type
        self.factor_type = factor_type
        self.magnitude = float(magnitude)

    def _init_weight(self, name: str, arr: NDArray) -> None:
        shape = arr.shape
        if len(shape) < 2:
            raise ShapeError(
                f"Xavier takes fans from two axes at least, and {name!r} has shape {shape}; use Normal or Uniform"
            )
        window = math.prod(shape[2:])
        fan_in, fan_out = shape[1] * window, shape[0] * window
        fan = {"in": fan_in, "out": fan_out, "avg": (fan_in + fan_out) / 2}[self.factor_type]
        scale = math.sqrt(self.magnitude / fan)
        if self.rnd_type == "uniform":
            _stream().uniform(-scale, scale, out=arr)
        else:
            _stream().normal(0, scale, out=arr)


@register
class MSRAPrelu(Xavier):
    """`Xavier` with normal numbers and the magnitude 2 / (1 + slope²), of K. He et al. (2015).

    >>> MSRAPrelu().dumps()
    '["msraprelu", {"factor_type": "avg", "slope": 0.25}]'
    """

    def __init__(self, factor_type: str = "avg", slope: float = 0.25) -> None:
        super().__init__("gaussian", factor_type, 2.0 / (1 + slope**2))
        self._kwargs = {"factor_type": factor_type, "slope": slope}


@register
class Bilinear(Initializer):
    """The weights with which a transposed convolution interpolates.

    >>> Bilinear().dumps()
    '["bilinear", {}]'
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        half = math.ceil(arr.shape[3] / 2)
        centre = (2 * half - 1 - half % 2) / (2 * half)
        y, x = (1 - abs(np.arange(n) / half - centre) for n in arr.shape[2:])
        arr[:] = np.broadcast_to(y[:, None] * x, arr.shape).astype(np.float32)


@register
class LSTMBias(Initializer):
    """Biases of an LSTM: 0, but for the forget gate.

    >>> LSTMBias(2).dumps()
    '["lstmbias", {"forget_bias": 2}]'
    """

    def __init__(self, forget_bias: float = 1.0) -> None:
        super().__init__(forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def _init_weight(self, name: str, arr: NDArray) -> None:
        size = arr.shape[0] // 4
        arr[:] = 0
        arr[size : 2 * size] = self.forget_bias

    _init_bias = _init_weight


@register
class FusedRNN(Initializer):
    """Refused: the layers of `gluon.rnn` hold the weights of their gates apart, each with its initializer.

    >>> FusedRNN(None, 2, 1, "lstm")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: FusedRNN: ...
    """

    def __init__(self, init: Any, num_hidden: int, num_layers: int, mode: str, *options: Any, **further: Any) -> None:
        raise ArgumentError(
            "FusedRNN: parameters of gluon.rnn are not fused; give the layers initializers of their own"
        )
