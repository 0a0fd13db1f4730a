"""Learning rates that follow the number of updates."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from .errors import ArgumentError

__all__ = ["CosineScheduler", "FactorScheduler", "LRScheduler", "MultiFactorScheduler", "PolyScheduler"]
__dir__ = __all__.copy


class LRScheduler:
    """A learning rate for each number of updates: `scheduler(num_update)`, written by the subclass.

    In the first `warmup_steps` updates it goes from `warmup_begin_lr` to `base_lr`, in a line, or stays ("constant").

    Raises: `ValueError` for a warm-up of fewer than 0 steps, one that begins above `base_lr`, an unknown `warmup_mode`.

    >>> LRScheduler(1.0, warmup_steps=4).get_warmup_lr(1)
    0.25
    """

    def __init__(
        self, base_lr: float = 0.01, warmup_steps: int = 0, warmup_begin_lr: float = 0, warmup_mode: str = "linear"
    ) -> None:
        if warmup_steps < 0:
            raise ArgumentError(f"warmup_steps is {warmup_steps}; give a number from 0 up")
        if warmup_begin_lr > base_lr:
            raise ArgumentError(f"warmup_begin_lr {warmup_begin_lr} is more than base_lr {base_lr}")
        if warmup_mode not in ("linear", "constant"):
            raise ArgumentError(f"warmup_mode is {warmup_mode!r}; choose 'linear' or 'constant'")
        self.base_lr = base_lr
        self.warmup_steps = warmup_steps
        self.warmup_begin_lr = warmup_begin_lr
        self.warmup_final_lr = base_lr
        self.warmup_mode = warmup_mode

    def get_warmup_lr(self, num_update: int) -> float:
        """The rate at an update of the warm-up."""
        if self.warmup_mode == "constant":
            return self.warmup_begin_lr
        return self.warmup_begin_lr + (self.warmup_final_lr - self.warmup_begin_lr) * num_update / self.warmup_steps

    def __call__(self, num_update: int) -> float:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(num_update)")


class FactorScheduler(LRScheduler):
    """The rate times `factor` after every `step` updates, and never below `stop_factor_lr`.

    >>> scheduler = FactorScheduler(step=10, factor=0.5, base_lr=1.0)
    >>> [scheduler(n) for n in (1, 11, 21)]
    [1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        step: int,
        factor: float = 1,
        stop_factor_lr: float = 1e-8,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if step < 1 or factor > 1:
            raise ArgumentError(
                f"FactorScheduler: step is {step} and factor {factor}; give a step from 1, a factor to 1"
            )
        self.step = step
        self.factor = factor
        self.stop_factor_lr = stop_factor_lr
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while num_update > self.count + self.step:
            self.count += self.step
            self.base_lr = max(self.base_lr * self.factor, self.stop_factor_lr)
            logging.info("Update[%d]: learning rate is changed to %0.5e", num_update, self.base_lr)
        return self.base_lr


class MultiFactorScheduler(LRScheduler):
    """The rate times `factor` after each of the numbers of updates in `step`.

    >>> scheduler = MultiFactorScheduler(step=[5, 8], factor=0.1, base_lr=1.0)
    >>> [scheduler(n) for n in (5, 6, 9)]
    [1.0, 0.1, 0.010000000000000002]
    """

    def __init__(
        self,
        step: Sequence[int],
        factor: float = 1,
        base_lr: float = 0.01,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(base_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        if not list(step) or list(step) != sorted(set(step)) or step[0] < 1 or factor > 1:
            raise ArgumentError(
                f"MultiFactorScheduler: step is {step} and factor {factor}; give rising steps, a factor to 1"
            )
        self.step = step
        self.factor = factor
        self.cur_step_ind = 0
        self.count = 0

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        while self.cur_step_ind < len(self.step) and num_update > self.step[self.cur_step_ind]:
            self.count = self.step[self.cur_step_ind]
            self.cur_step_ind += 1
            self.base_lr *= self.factor
            logging.info("Update[%d]: learning rate is changed to %0.5e", num_update, self.base_lr)
        return self.base_lr


class _Falling(LRScheduler):
    """What falls from `base_lr` to `final_lr` in `max_update` updates; `_left` says how much of the way is left."""

    def __init__(self, max_update: int, base_lr: float, final_lr: float, *warmup: object) -> None:
        super().__init__(base_lr, *warmup)  # type: ignore[arg-type]
        if max_update < 1:
            raise ArgumentError(f"max_update is {max_update}; give a number of updates from 1 up")
        self.max_update = max_update
        self.base_lr_orig = base_lr
        self.final_lr = final_lr
        self.max_steps = max_update - self.warmup_steps

    def _left(self, part: float) -> float:
        raise NotImplementedError

    def __call__(self, num_update: int) -> float:
        if num_update < self.warmup_steps:
            return self.get_warmup_lr(num_update)
        if num_update <= self.max_update:
            part = (num_update - self.warmup_steps) / self.max_steps
            self.base_lr = self.final_lr + (self.base_lr_orig - self.final_lr) * self._left(part)
        return self.base_lr


class PolyScheduler(_Falling):
    """The rate falls as a power of what is left of `max_update`.

    >>> PolyScheduler(10, base_lr=1.0, pwr=2)(5)
    0.25
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        pwr: float = 2,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)
        self.power = pwr

    def _left(self, part: float) -> float:
        return (1 - part) ** self.power  # type: ignore[no-any-return]


class CosineScheduler(_Falling):
    """The rate falls as a half wave of the cosine.

    >>> round(CosineScheduler(10, base_lr=1.0)(5), 6)
    0.5
    """

    def __init__(
        self,
        max_update: int,
        base_lr: float = 0.01,
        final_lr: float = 0,
        warmup_steps: int = 0,
        warmup_begin_lr: float = 0,
        warmup_mode: str = "linear",
    ) -> None:
        super().__init__(max_update, base_lr, final_lr, warmup_steps, warmup_begin_lr, warmup_mode)

    def _left(self, part: float) -> float:
        return (1 + math.cos(math.pi * part)) / 2
