"""Trainer: an optimizer applied to the parameters of a network, in every context."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import optimizer as opt
from ..errors import ArgumentError, ArgumentTypeError, StaleGradientError, a_kind
from .parameter import Parameter, ParameterDict

__all__ = ["Trainer"]


class Trainer:
    """Updates parameters by an optimizer, after a backward: `step(batch_size)`.

    `params` are a ParameterDict, such as `net.collect_params()`, or a list. Gradients are divided by the batch size;
    those of several contexts are added up. `kvstore` is accepted: all contexts are of this machine.

    Raises: `TypeError` for what are no parameters, `ValueError` for an unknown optimizer; `step` a
    `StaleGradientError` for gradients that no backward has written since the last step, unless `ignore_stale_grad`.

    >>> from tapegrad import autograd, gluon, nd
    >>> net = gluon.nn.Dense(1, in_units=1)
    >>> net.initialize("ones")
    >>> trainer = Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    >>> with autograd.record():
    ...     loss = net(nd.ones((2, 1))).sum()
    >>> loss.backward()
    >>> trainer.step(batch_size=2)
    >>> net.weight.data().asscalar()
    np.float32(0.5)
    """

    def __init__(
        self,
        params: Any,
        optimizer: str | opt.Optimizer,
        optimizer_params: Mapping[str, Any] | None = None,
        kvstore: Any = "device",
        compression_params: Any = None,
        update_on_kvstore: bool | None = None,
    ) -> None:
        if isinstance(params, (dict, ParameterDict)):
            params = [params[name] for name in sorted(params.keys())]
        if not isinstance(params, (list, tuple)) or not all(isinstance(p, Parameter) for p in params):
            raise ArgumentTypeError(
                f"Trainer() takes a ParameterDict, or a list of Parameters, not {a_kind(params)}; give "
                "net.collect_params()"
            )
        self._params = list(params)
        options = dict(optimizer_params or {})
        if isinstance(optimizer, opt.Optimizer):
            if options:
                raise ArgumentError("Trainer(): optimizer_params are for an optimizer by its name; leave them out")
            self._optimizer = optimizer
        else:
            self._optimizer = opt.create(optimizer, **options)
        self._optimizer.param_dict = dict(enumerate(self._params))
        self._scale = self._optimizer.rescale_grad
        self._updaters: list[opt.Updater] = []
        self._kvstore_type = kvstore
        self._update_on_kvstore = update_on_kvstore

    @property
    def optimizer(self) -> opt.Optimizer:
        """The optimizer."""
        return self._optimizer

    @property
    def learning_rate(self) -> float:
        """The rate of the optimizer now."""
        return self._optimizer.learning_rate

    def set_learning_rate(self, lr: float) -> None:
        """Set the rate of the optimizer."""
        self._optimizer.set_learning_rate(lr)

    def step(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Add up the gradients of all contexts, and update every parameter by them, divided by the batch size."""
        self.allreduce_grads()
        self.update(batch_size, ignore_stale_grad)

    def allreduce_grads(self) -> None:
        """Add up the gradients of all contexts, into each of them."""
        for parameter in self._params:
            if len(parameter._data) > 1 and parameter.grad_req != "null":
                gradients = parameter.list_grad()
                total = gradients[0]
                for g in gradients[1:]:
                    total = total + g.as_in_context(total.context)
                for g in gradients:
                    g[:] = total.as_in_context(g.context)

    def update(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Update every parameter by its gradients, divided by the batch size."""
        self._optimizer.rescale_grad = self._scale / batch_size
        for index, parameter in enumerate(self._params):
            if parameter.grad_req == "null":
                continue
            parameter._check()
            for device, array in enumerate(parameter._data):
                if not array._fresh_grad:
                    if not ignore_stale_grad:
                        for other in self._params:  # one that has no values says more
                            other._check()
                        raise StaleGradientError(
                            f"Gradient of Parameter `{parameter.name}` on context {array.context} has not been updated "
                            "by backward since last `step`. If only some of the parameters are used, say "
                            "step(..., ignore_stale_grad=True), which leaves the others as they are"
                        )
                    continue
                while len(self._updaters) <= device:
                    self._updaters.append(opt.get_updater(self._optimizer))
                self._optimizer._set_current_context(device)
                self._updaters[device](index, array.grad, array)
                array._fresh_grad = False

    def save_states(self, fname: str) -> None:
        """Write the states of the optimizer to a file."""
        updaters = self._updaters or [opt.get_updater(self._optimizer)]
        Path(fname).write_bytes(updaters[0].get_states())

    def load_states(self, fname: str) -> None:
        """Read what `save_states` wrote, for every context."""
        states = Path(fname).read_bytes()
        count = max((len(parameter.list_ctx()) for parameter in self._params), default=1)
        self._updaters = [opt.get_updater(self._optimizer) for _ in range(count)]
        for device, updater in enumerate(self._updaters):
            self._optimizer._set_current_context(device)
            updater.set_states(states)
            for index, state in updater.states.items():
                context = self._params[index].list_ctx()[device]
                updater.states[index] = _in_context(state, context)


def _in_context(state: Any, context: Any) -> Any:
    if isinstance(state, tuple):
        return tuple(_in_context(part, context) for part in state)
    return None if state is None else state.as_in_context(context)
