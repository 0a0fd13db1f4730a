"""Optimizers: how weights follow from gradients. What `nd` has as an update is used from there."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from . import ndarray as nd
from .arrays.keywords import unexpected
from .errors import ArgumentError, ArgumentTypeError, FileFormatError
from .lr_scheduler import LRScheduler
from .ndarray.ndarray import NDArray

__all__ = [
    "DCASGD",
    "FTML",
    "LAMB",
    "LARS",
    "NAG",
    "SGD",
    "SGLD",
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "Adamax",
    "Ftrl",
    "Nadam",
    "Optimizer",
    "RMSProp",
    "Signum",
    "Test",
    "Updater",
    "ccSGD",
    "create",
    "get_updater",
    "register",
]
__dir__ = __all__.copy

C = TypeVar("C", bound=type)


class Optimizer:
    """What turns gradients into updates: subclass it, and write `create_state` and `update`.

    `update(index, weight, grad, state)` writes to `weight` and `state` in place. It says `_update_count(index)`, and
    asks `_get_lr(index)` and `_get_wd(index)` for the rate and the decay of that weight.

    Raises: `TypeError` for a `lr_scheduler` that is none.

    >>> from tapegrad import nd
    >>> weight, optimizer = nd.ones(1), SGD(learning_rate=0.5)
    >>> optimizer.update(0, weight, nd.ones(1), optimizer.create_state(0, weight))
    >>> weight.asscalar()
    np.float32(0.5)
    """

    opt_registry: dict[str, type[Optimizer]] = {}  # noqa: RUF012

    def __init__(
        self,
        rescale_grad: float = 1.0,
        param_idx2name: Mapping[int, str] | None = None,
        wd: float = 0.0,
        clip_gradient: float | None = None,
        learning_rate: float | None = None,
        lr_scheduler: Callable[[int], float] | None = None,
        sym: Any = None,
        begin_num_update: int = 0,
        multi_precision: bool = False,
        param_dict: Mapping[Any, Any] | None = None,
        **foreign: Any,
    ) -> None:
        for keyword in foreign:
            raise unexpected(type(self), type(self).__name__, keyword)
        if lr_scheduler is not None and not callable(lr_scheduler):
            raise ArgumentTypeError(f"lr_scheduler is a function of the number of updates, not {lr_scheduler!r}")
        self.rescale_grad = rescale_grad
        self.wd = wd
        self.clip_gradient = clip_gradient
        self.lr_scheduler = lr_scheduler
        self.lr = 0.01 if learning_rate is None else learning_rate
        if isinstance(lr_scheduler, LRScheduler) and learning_rate not in (None, lr_scheduler.base_lr):
            print("learning rate from ``lr_scheduler`` has been overwritten by ``learning_rate`` in optimizer.")
            lr_scheduler.base_lr = learning_rate
        self.begin_num_update = begin_num_update
        self.num_update = begin_num_update
        self.multi_precision = multi_precision
        self.idx2name = dict(param_idx2name or {})
        self.param_dict = dict(param_dict or {})
        self.lr_mult: dict[Any, float] = {}
        self.wd_mult: dict[Any, float] = {}
        self._counts: dict[Any, dict[Any, int]] = {}
        self._device: Any = 0
        self.set_lr_mult({})
        self.set_wd_mult({})

    @staticmethod
    def register(klass: C) -> C:
        """Enter a class under its name in lower case, for `create`. A decorator."""
        Optimizer.opt_registry[klass.__name__.lower()] = klass
        return klass

    @staticmethod
    def create_optimizer(name: str, **kwargs: Any) -> Optimizer:
        """The optimizer registered under a name."""
        if name.lower() not in Optimizer.opt_registry:
            raise ArgumentError(
                f"there is no optimizer {name!r}; choose one of {', '.join(sorted(Optimizer.opt_registry))}, or "
                "register one"
            )
        return Optimizer.opt_registry[name.lower()](**kwargs)

    @property
    def learning_rate(self) -> float:
        """The rate now, before the multiplier of a weight."""
        return self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)

    def set_learning_rate(self, lr: float) -> None:
        """Set the rate. Raises `ValueError` beside a scheduler, which says it."""
        if self.lr_scheduler is not None:
            raise ArgumentError("the learning rate follows lr_scheduler; change that, or leave it out")
        self.lr = lr

    def set_lr_mult(self, args_lr_mult: Mapping[Any, float]) -> None:
        """Multiply the rates of weights, by index or name."""
        self.lr_mult = dict(args_lr_mult)

    def set_wd_mult(self, args_wd_mult: Mapping[Any, float]) -> None:
        """Multiply the decays of weights, by index or name; those of names that are no weights or gammas are 0."""
        plain = {name: 0.0 for name in self.idx2name.values() if not name.endswith(("_weight", "_gamma"))}
        self.wd_mult = {**plain, **args_wd_mult}

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """What the optimizer keeps beside a weight: None, an array, or a tuple of those."""

    def create_state_multi_precision(self, index: Any, weight: NDArray) -> Any:
        """`create_state`, for a float16 weight with `multi_precision` beside a float32 copy of it."""
        if self.multi_precision and weight.dtype == np.float16:
            master = weight.detach().astype("float32")
            return self.create_state(index, master), master
        return self.create_state(index, weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """Update a weight and its state in place. To be written by the subclass."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def update_multi_precision(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """`update`, for a float16 weight with `multi_precision` by way of its float32 copy."""
        if self.multi_precision and weight.dtype == np.float16:
            inner, master = state
            self.update(index, master, grad.astype("float32"), inner)
            weight[:] = master.astype("float16")
        else:
            self.update(index, weight, grad, state)

    def _set_current_context(self, device_id: Any) -> None:
        """Count the updates of a device by themselves, as each has a copy of the weights."""
        self._device = device_id

    @property
    def _index_update_count(self) -> dict[Any, int]:
        return self._counts.setdefault(self._device, {})

    def _update_count(self, index: Any) -> None:
        counts = self._index_update_count
        for i in index if isinstance(index, (list, tuple)) else (index,):
            number = counts[i] = counts.get(i, self.begin_num_update) + 1
            if number > self.num_update:
                self.num_update = number

    def _get_lr(self, index: Any) -> float:
        rate = self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)
        parameter = self.param_dict.get(index)
        return rate * (self._own(self.lr_mult, index) if parameter is None else parameter.lr_mult)

    def _get_lrs(self, indices: Any) -> list[float]:
        return [self._get_lr(index) for index in indices]

    def _get_wd(self, index: Any) -> float:
        parameter = self.param_dict.get(index)
        return self.wd * (self._own(self.wd_mult, index) if parameter is None else parameter.wd_mult)

    def _get_wds(self, indices: Any) -> list[float]:
        return [self._get_wd(index) for index in indices]

    def _own(self, multipliers: Mapping[Any, float], index: Any) -> float:
        """The multiplier of an index, or of the name that it has."""
        return multipliers.get(index, multipliers.get(self.idx2name.get(index), 1.0))

    def _begin(self, index: Any) -> tuple[float, float, int]:
        """Count an update: its rate, its decay and its number."""
        self._update_count(index)
        return self._get_lr(index), self._get_wd(index), self._index_update_count[index]

    def _options(self) -> dict[str, Any]:
        """What every update of `nd` is told of gradients."""
        return {
            "rescale_grad": self.rescale_grad,
            "clip_gradient": -1.0 if self.clip_gradient is None else self.clip_gradient,
        }

    def _scaled(self, grad: NDArray, decay: Any = None) -> NDArray:
        """The gradient, scaled, plus a decay, and then bounded."""
        scaled = grad * self.rescale_grad
        scaled = scaled if decay is None else scaled + decay
        bound = self.clip_gradient
        return scaled if bound is None else nd.clip(scaled, -bound, bound)


register = Optimizer.register
create = Optimizer.create_optimizer


def _like(weight: NDArray) -> NDArray:
    return nd.zeros_like(weight.detach())


@register
class SGD(Optimizer):
    """Steps against the gradient, with momentum: `nd.sgd_update`, `nd.sgd_mom_update`.

    >>> create("sgd", momentum=0.9).momentum
    0.9
    """

    def __init__(self, momentum: float = 0.0, lazy_update: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The momentum."""
        return _like(weight) if self.momentum else None

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        self._step(weight, grad, state, lr, wd)

    def _step(self, weight: NDArray, grad: NDArray, state: Any, lr: float, wd: float) -> None:
        if state is None:
            nd.sgd_update(weight, grad, lr=lr, wd=wd, out=weight, **self._options())
        else:
            nd.sgd_mom_update(weight, grad, state, lr=lr, wd=wd, momentum=self.momentum, out=weight, **self._options())


@register
class ccSGD(SGD):
    """`SGD`, by an older name.

    >>> create("ccsgd").momentum
    0.0
    """


@register
class NAG(SGD):
    """`SGD` with the momentum of Y. Nesterov (1983): `nd.nag_mom_update`.

    >>> create("nag", momentum=0.9).momentum
    0.9
    """

    def __init__(self, momentum: float = 0.0, **kwargs: Any) -> None:
        super().__init__(momentum, **kwargs)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        if state is None:
            super().update(index, weight, grad, state)
        else:
            lr, wd, _ = self._begin(index)
            nd.nag_mom_update(weight, grad, state, lr=lr, wd=wd, momentum=self.momentum, out=weight, **self._options())


@register
class SGLD(Optimizer):
    """`SGD` of half the rate, with normal noise of deviation √lr, of M. Welling and Y. W. Teh (2011).

    >>> create("sgld").lr
    0.01
    """

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        noise = nd.random.normal(0, math.sqrt(lr), shape=weight.shape, dtype=weight.dtype, ctx=weight.context)
        weight[:] = weight - lr / 2 * (self._scaled(grad) + wd * weight) + noise


@register
class Signum(SGD):
    """Steps by the sign of the gradient, or of its momentum: `nd.signsgd_update`, `nd.signum_update`.

    >>> create("signum").momentum
    0.9
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.9, wd_lh: float = 0.0, **kwargs: Any) -> None:
        super().__init__(momentum, learning_rate=learning_rate, **kwargs)
        self.wd_lh = wd_lh

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        if state is None:
            nd.signsgd_update(weight, grad, lr=lr, wd=wd, out=weight, **self._options())
        else:
            own: dict[str, Any] = {"momentum": self.momentum, "wd_lh": self.wd_lh}
            nd.signum_update(weight, grad, state, lr=lr, wd=wd, out=weight, **own, **self._options())


@register
class DCASGD(Optimizer):
    """`SGD` that makes up for a delay of the gradient, of S. Zheng et al. (2016).

    >>> create("dcasgd").lamda
    0.04
    """

    def __init__(self, momentum: float = 0.0, lamda: float = 0.04, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.lamda = lamda

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The momentum, and the weight before."""
        return (_like(weight) if self.momentum else None), weight.detach().copy()

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        g, (momentum, previous) = self._scaled(grad), state
        step = -lr * (g + wd * weight + self.lamda * g * g * (weight - previous))
        if momentum is not None:
            step = momentum * self.momentum + step
            momentum[:] = step
        previous[:] = weight.detach()
        weight[:] = weight + step


@register
class Adam(Optimizer):
    """Steps by means of the gradient and of its square: `nd.adam_update`. D. P. Kingma and J. Ba (2014).

    >>> create("adam").lr
    0.001
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        lazy_update: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """Both means."""
        return _like(weight), _like(weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, t = self._begin(index)
        lr *= math.sqrt(1 - self.beta2**t) / (1 - self.beta1**t)
        own: dict[str, Any] = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon}
        mean, var = state
        nd.adam_update(weight, grad, mean, var, lr=lr, wd=wd, out=weight, **own, **self._options())


@register
class Adamax(Adam):
    """`Adam` with the largest gradient instead of the mean of squares.

    >>> create("adamax").lr
    0.002
    """

    def __init__(self, learning_rate: float = 0.002, beta1: float = 0.9, beta2: float = 0.999, **kwargs: Any) -> None:
        super().__init__(learning_rate, beta1, beta2, **kwargs)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, t = self._begin(index)
        g, (mean, largest) = self._scaled(grad, wd * weight), state
        mean[:] = self.beta1 * mean + (1 - self.beta1) * g
        largest[:] = nd.maximum(self.beta2 * largest, nd.abs(g))
        weight[:] = weight - lr / (1 - self.beta1**t) * mean / largest


@register
class Nadam(Adam):
    """`Adam` with the momentum of Nesterov, of T. Dozat (2016).

    >>> create("nadam").schedule_decay
    0.004
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        schedule_decay: float = 0.004,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, **kwargs)
        self.schedule_decay = schedule_decay
        self.m_schedule = 1.0

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, t = self._begin(index)
        g, (mean, var) = self._scaled(grad, wd * weight), state
        now, then = (self.beta1 * (1 - 0.5 * 0.96 ** (n * self.schedule_decay)) for n in (t, t + 1))
        self.m_schedule *= now
        mean[:] = self.beta1 * mean + (1 - self.beta1) * g
        var[:] = self.beta2 * var + (1 - self.beta2) * g * g
        ahead = (1 - now) * g / (1 - self.m_schedule) + then * mean / (1 - self.m_schedule * then)
        weight[:] = weight - lr * ahead / (nd.sqrt(var / (1 - self.beta2**t)) + self.epsilon)


@register
class AdaGrad(Optimizer):
    """Steps divided by the root of the sum of all squares, of J. Duchi et al. (2011).

    >>> create("adagrad").float_stable_eps
    1e-07
    """

    def __init__(self, eps: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.float_stable_eps = eps

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The sum of squares."""
        return _like(weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        g = self._scaled(grad)
        state[:] = state + g * g
        weight[:] = weight - lr * (g / nd.sqrt(state + self.float_stable_eps) + wd * weight)


@register
class AdaDelta(Optimizer):
    """Steps as long as those before, by means of squares of both; without a rate. M. D. Zeiler (2012).

    >>> create("adadelta").rho
    0.9
    """

    def __init__(self, rho: float = 0.90, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rho = rho
        self.epsilon = epsilon

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The means of squares of gradients and of steps."""
        return _like(weight), _like(weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        _, wd, _ = self._begin(index)
        g, (of_gradients, of_steps) = self._scaled(grad), state
        of_gradients[:] = self.rho * of_gradients + (1 - self.rho) * g * g
        step = nd.sqrt(of_steps + self.epsilon) / nd.sqrt(of_gradients + self.epsilon) * g
        of_steps[:] = self.rho * of_steps + (1 - self.rho) * step * step
        weight[:] = weight - (step + wd * weight)


@register
class RMSProp(Optimizer):
    """Steps divided by the root of a mean of squares: `nd.rmsprop_update`, `centered` `nd.rmspropalex_update`.

    >>> create("rmsprop").gamma1
    0.9
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        gamma1: float = 0.9,
        gamma2: float = 0.9,
        epsilon: float = 1e-8,
        centered: bool = False,
        clip_weights: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.gamma1 = gamma1
        self.gamma2 = gamma2
        self.epsilon = epsilon
        self.centered = centered
        self.clip_weights = clip_weights

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The mean of squares; `centered` also the mean, and the step."""
        return tuple(_like(weight) for _ in range(3 if self.centered else 1))

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        own: dict[str, Any] = {"gamma1": self.gamma1, "epsilon": self.epsilon, **self._options()}
        own |= {} if self.clip_weights is None else {"clip_weights": self.clip_weights}
        if self.centered:
            n, g, delta = state
            nd.rmspropalex_update(weight, grad, n, g, delta, lr=lr, wd=wd, gamma2=self.gamma2, out=weight, **own)
        else:
            (n,) = state
            nd.rmsprop_update(weight, grad, n, lr=lr, wd=wd, out=weight, **own)


@register
class Ftrl(Optimizer):
    """Follow the regularized leader: `nd.ftrl_update`. H. B. McMahan et al. (2013).

    >>> create("ftrl").lr
    0.1
    """

    def __init__(self, lamda1: float = 0.01, learning_rate: float = 0.1, beta: float = 1, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.lamda1 = lamda1
        self.beta = beta

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """Both of its sums."""
        return _like(weight), _like(weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        own: dict[str, Any] = {"lamda1": self.lamda1, "beta": self.beta}
        z, n = state
        nd.ftrl_update(weight, grad, z, n, lr=lr, wd=wd, out=weight, **own, **self._options())


@register
class FTML(Optimizer):
    """Follow the moving leader: `nd.ftml_update`. S. Zheng and J. T. Kwok (2017).

    >>> create("ftml").beta1
    0.6
    """

    def __init__(self, beta1: float = 0.6, beta2: float = 0.999, epsilon: float = 1e-8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """Its three means."""
        return _like(weight), _like(weight), _like(weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, t = self._begin(index)
        own: dict[str, Any] = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon, "t": t}
        options = self._options()
        own |= {"rescale_grad": options["rescale_grad"], "clip_grad": options["clip_gradient"]}
        d, v, z = state
        nd.ftml_update(weight, grad, d, v, z, lr=lr, wd=wd, out=weight, **own)


@register
class LAMB(Adam):
    """`Adam` whose steps are as long as the weights of a layer: `nd.lamb_update_phase1` and `2`. Y. You et al. (2019).

    >>> create("lamb").epsilon
    1e-06
    """

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-6,
        lower_bound: float | None = None,
        upper_bound: float | None = None,
        bias_correction: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, **kwargs)
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound
        self.bias_correction = bias_correction

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, t = self._begin(index)
        own: dict[str, Any] = {"beta1": self.beta1, "beta2": self.beta2, "epsilon": self.epsilon, **self._options()}
        mean, var = state
        step = nd.lamb_update_phase1(weight, grad, mean, var, t=t, bias_correction=self.bias_correction, wd=wd, **own)
        bounds = {"lower_bound": self.lower_bound, "upper_bound": self.upper_bound}
        named: dict[str, Any] = {key: value for key, value in bounds.items() if value}
        nd.lamb_update_phase2(weight, step, weight.norm(), step.norm(), lr=lr, out=weight, **named)


@register
class LARS(SGD):
    """`SGD` with a rate for each weight by its norm and that of its gradient, of Y. You et al. (2017).

    Weights that `param_idx2name` calls a bias, a gamma or a beta have the rate as it is.

    >>> create("lars").eta
    0.001
    """

    def __init__(
        self,
        momentum: float = 0.0,
        lazy_update: bool = True,
        eta: float = 0.001,
        eps: float = 0,
        momentum_correction: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(momentum, lazy_update, **kwargs)
        self.eta = eta
        self.eps = eps
        self.momentum_correction = momentum_correction

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        lr, wd, _ = self._begin(index)
        if not self.idx2name.get(index, "").endswith(("gamma", "beta", "bias")):
            size = weight.norm().asscalar().item()
            slope = self._scaled(grad).norm().asscalar().item()
            if size > 0 and slope > 0:
                lr *= self.eta * size / (slope + wd * size + self.eps)
        self._step(weight, grad, state, lr, wd)


@register
class LBSGD(SGD):
    """`SGD` by the mean of `batch_scale` gradients, with a rate that grows to as many times it.

    It grows through `warmup_epochs` of `updates_per_epoch`, by the `warmup_strategy` "linear", "power2" or "sqrt"; with
    "lars" it is the rate times the norm of the weight by that of its gradient, from 0.01 to 100.

    >>> create("lbsgd", batch_scale=4).batch_scale
    4
    """

    def __init__(
        self,
        momentum: float = 0.0,
        multi_precision: bool = False,
        warmup_strategy: str = "linear",
        warmup_epochs: int = 5,
        batch_scale: int = 1,
        updates_per_epoch: int = 32,
        begin_epoch: int = 0,
        num_epochs: int = 60,
        **kwargs: Any,
    ) -> None:
        super().__init__(momentum, multi_precision=multi_precision, **kwargs)
        self.warmup_strategy = warmup_strategy
        self.warmup_updates = warmup_epochs * updates_per_epoch
        self.batch_scale = batch_scale
        self.init_updates = begin_epoch * updates_per_epoch
        self._sums: dict[Any, tuple[int, Any]] = {}

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One gradient more, and one step behind the last of `batch_scale`."""
        lr, wd = self._get_lr(index), self._get_wd(index)
        self._update_count(index)
        count, total = self._sums.get(index, (self.init_updates, 0))
        count, total = count + 1, grad + total
        full = count % self.batch_scale == 0
        self._sums[index] = count, 0 if full else total
        if full:
            mean = total / self.batch_scale
            self._step(weight, mean, state, lr * self._factor(count, weight, mean, wd), wd)

    def _factor(self, count: int, weight: NDArray, grad: NDArray, wd: float) -> float:
        """What the rate is multiplied by."""
        if self.warmup_strategy == "lars":
            size, slope = ((x * x).sum().asscalar().item() for x in (weight, grad))
            return min(max(math.sqrt(size / (slope + wd * size + 1e-18)), 0.01), 100)
        share = min(count / self.warmup_updates, 1.0) if self.warmup_updates else 1.0
        power = {"linear": 1.0, "power2": 2.0, "sqrt": 0.5}.get(self.warmup_strategy)
        return 1 + (self.batch_scale - 1) * (share**power if power else float(share == 1))


@register
class Test(Optimizer):
    """The gradient added to the weight, for tests.

    >>> create("test").lr
    0.01
    """

    __test__ = False

    def create_state(self, index: Any, weight: NDArray) -> Any:
        """The weight as it was."""
        return _like(weight)

    def update(self, index: Any, weight: NDArray, grad: NDArray, state: Any) -> None:
        """One step."""
        weight[:] = weight + grad * self.rescale_grad
        state[:] = weight.detach()


class Updater:
    """An optimizer with the states of the weights that it has met: `updater(index, grad, weight)`.

    >>> from tapegrad import nd
    >>> weight, updater = nd.ones(1), get_updater(SGD(learning_rate=0.5))
    >>> updater(0, nd.ones(1), weight)
    >>> weight.asscalar()
    np.float32(0.5)
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.states: dict[Any, Any] = {}

    def __call__(self, index: Any, grad: Any, weight: Any) -> None:
        if isinstance(index, (list, tuple)):
            for one in zip(index, grad, weight, strict=True):
                self(*one)
            return
        if index not in self.states:
            self.states[index] = self.optimizer.create_state_multi_precision(index, weight)
        self.optimizer.update_multi_precision(index, weight, grad, self.states[index])

    def get_states(self, dump_optimizer: bool = False) -> bytes:
        """The states as bytes, which hold arrays and how they are nested; `dump_optimizer` has no meaning."""
        arrays: dict[str, np.ndarray[Any, Any]] = {}

        def noted(state: Any) -> Any:
            if isinstance(state, (list, tuple)):
                return [noted(part) for part in state]
            if state is None:
                return None
            arrays[f"array{len(arrays)}"] = state.asnumpy()
            return len(arrays) - 1

        states = [[index, noted(state)] for index, state in self.states.items()]
        layout = {"states": states, "counts": list(self.optimizer._index_update_count.items())}
        buffer = io.BytesIO()
        np.savez(buffer, layout=np.frombuffer(json.dumps(layout).encode(), np.uint8), **arrays)  # type: ignore[arg-type]
        return buffer.getvalue()

    def set_states(self, states: bytes) -> None:
        """Take over what `get_states` gave. Raises `FileFormatError` for anything else."""
        arrays = nd.load_frombuffer(states)
        if not isinstance(arrays, dict) or "layout" not in arrays:
            raise FileFormatError("these are not the states of an optimizer as get_states() gives them")

        def read(state: Any) -> Any:
            if isinstance(state, list):
                return tuple(read(part) for part in state)
            return None if state is None else arrays[f"array{state}"]

        try:
            layout = json.loads(arrays["layout"].asnumpy().tobytes())
            read_states = {index: read(state) for index, state in layout["states"]}
            counts = {index: int(count) for index, count in layout["counts"]}
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise FileFormatError(f"the states of the optimizer are damaged: {error}") from error
        self.states = read_states
        self.optimizer._index_update_count.update(counts)
        known = self.optimizer._index_update_count.values()
        self.optimizer.num_update = max([self.optimizer.begin_num_update, *known])


def get_updater(optimizer: Optimizer) -> Updater:
    """An updater of an optimizer.

    >>> get_updater(SGD()).states
    {}
    """
    return Updater(optimizer)
