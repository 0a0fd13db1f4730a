"""Optimizers as pure functions over pytrees, in optax's protocol: `init(params)`, `update(grads, state, params)`.

What is here and optax's own transformations may stand in one chain, `optax.chain` or this module's. Leaves are arrays
of tapegrad, of an engine, or floats, and come back as what they are; updates are recorded like anything else. States
are dicts and tuples, so that `tapegrad.save` takes them. `tapegrad.optimizer` has MXNet's optimizers.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from . import dtypes, tree
from .arrays.batched import engine_of
from .arrays.entering import as_array, make
from .arrays.foreign import missing as refuse_missing
from .engines.extras import missing_extra
from .engines.tables import RECORDED
from .errors import ArgumentError, ArgumentTypeError, a_kind
from .ops.updates import adam_step, moved, rms_step
from .tape.tracebacks import open_doors
from .transforms.gradients import value_and_grad
from .transforms.run import Exit, common_kind

if TYPE_CHECKING:
    from .typing import Function, Tree

__all__ = [
    "Transformation",
    "adam",
    "adamw",
    "add_decayed_weights",
    "apply_updates",
    "chain",
    "clip",
    "clip_by_global_norm",
    "constant_schedule",
    "cosine_decay_schedule",
    "exponential_decay",
    "global_norm",
    "lbfgs",
    "linear_schedule",
    "lion",
    "minimize",
    "piecewise_constant_schedule",
    "rmsprop",
    "scale",
    "scale_by_adam",
    "scale_by_learning_rate",
    "scale_by_rms",
    "sgd",
    "trace",
    "warmup_cosine_decay_schedule",
]
__dir__ = __all__.copy

Schedule: TypeAlias = Callable[[Any], Any]
Rate: TypeAlias = float | Schedule


class Transformation(NamedTuple):
    """Two functions: `init(params)` is the first state, `update(grads, state, params)` the updates and the next state.

    Shapes: updates have those of the gradients.

    Dtypes: updates have those of the gradients and the state together.

    Raises: `TypeError` where parameters are needed and not given, `ValueError` for trees of other structures.

    >>> optimizer = sgd(0.5)
    >>> state = optimizer.init({"w": 1.0})
    >>> updates, state = optimizer.update({"w": 4.0}, state)
    >>> apply_updates({"w": 1.0}, updates)
    {'w': -1.0}
    """

    init: Callable[[Any], Any]
    update: Callable[..., tuple[Any, Any]]


def _each(rule: Callable[..., Any], first: Any, *rest: Any) -> Any:
    """The tree of a rule over arrays, of the leaves of one tree or several; results are of the kind of their leaves."""

    def of_leaves(*leaves: Any) -> Any:
        kind, leave = common_kind(leaves), Exit(leaves)
        return leave(rule(*(as_array(leaf, beside=leaves, weak=True) for leaf in leaves)), kind)

    return tree.map(of_leaves, first, *rest)


def _count(params: Any) -> Any:
    """The number of updates so far, of the kind and on the engine of the first parameter."""
    for leaf in tree.leaves(params):
        return _each(lambda x: RECORDED.astype(RECORDED.filled(x, shape=(), value=0), dtype="int32"), leaf)
    return 0


def _zeros(params: Any) -> Any:
    return _each(RECORDED.zeros_like, params)


def _stateless(rule: Callable[..., Any]) -> Transformation:
    return Transformation(lambda params: (), lambda grads, state, params=None: (rule(grads, params), state))


def _needed(name: str, params: Any) -> Any:
    if params is None:
        raise ArgumentTypeError(f"{name} needs the parameters: update(grads, state, params)")
    return params


def apply_updates(params: Tree, updates: Tree) -> Tree:
    """The parameters plus the updates, each in the dtype that it has.

    Shapes: those of the parameters.
    Dtypes: those of the parameters.
    Raises: `ValueError` for trees of other structures.

    >>> apply_updates([1.0, 2.0], [0.5, -0.5])
    [1.5, 1.5]
    """

    def added(x: Any, update: Any) -> Any:
        new = x + update
        return new if new.dtype == x.dtype else RECORDED.astype(new, dtype=x.dtype)

    return _each(added, params, updates)


def chain(*transformations: Transformation) -> Transformation:
    """The transformations one after the other, each fed with the updates of the one before it.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the states together.
    Raises: what the transformations raise.

    >>> optimizer = chain(clip(1.0), scale(-0.5))
    >>> optimizer.update([8.0], optimizer.init([0.0]))[0]
    [-0.5]
    """

    for transformation in transformations:
        if not hasattr(transformation, "update"):
            raise ArgumentTypeError(
                f"chain takes transformations such as sgd(0.1), with `init` and `update`, not {transformation!r}"
            )

    def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        if not isinstance(state, tuple) or len(state) != len(transformations):
            raise ArgumentTypeError(
                f"the state is what init(params) gave, and then what the last update did, not {a_kind(state)}: "
                "updates, state = optimizer.update(grads, state, params)"
            )
        states = []
        for transformation, before in zip(transformations, state, strict=True):
            grads, after = transformation.update(grads, before, params)
            states.append(after)
        return grads, tuple(states)

    return Transformation(lambda params: tuple(t.init(params) for t in transformations), update)


def scale(factor: float) -> Transformation:
    """Each update times a factor.

    Shapes: those of the gradients.
    Dtypes: those of the gradients.
    Raises: nothing.

    >>> scale(2.0).update([1.0], ())[0]
    [2.0]
    """
    return _stateless(lambda grads, params: _each(lambda g: g * factor, grads))


def scale_by_learning_rate(learning_rate: Rate) -> Transformation:
    """Each update times minus the rate, which is a number or a schedule: a function of the number of updates so far.

    Shapes: those of the gradients.
    Dtypes: those of the gradients.
    Raises: nothing.

    >>> optimizer = scale_by_learning_rate(linear_schedule(1.0, 0.0, 2))
    >>> state = optimizer.init([0.0])
    >>> for _ in range(3):
    ...     updates, state = optimizer.update([1.0], state)
    ...     print(updates)
    [-1.0]
    [-0.5]
    [-0.0]
    """
    if learning_rate is None or isinstance(learning_rate, str):
        raise ArgumentTypeError(f"learning_rate is {learning_rate!r}; give a number, or a function of the count")
    if not callable(learning_rate):
        return scale(-learning_rate)

    def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        rate = as_array(learning_rate(state["count"]), beside=tree.leaves(grads), weak=True)
        stepped = _each(lambda g: g * -RECORDED.astype(rate, dtype=g.dtype), grads)
        return stepped, {"count": _each(lambda n: n + 1, state["count"])}

    return Transformation(lambda params: {"count": _count(params)}, update)


def clip(max_delta: float) -> Transformation:
    """Each element of an update bounded by -max_delta and max_delta.

    Shapes: those of the gradients.
    Dtypes: those of the gradients.
    Raises: nothing.

    >>> clip(1.0).update([-3.0, 0.5], ())[0]
    [-1.0, 0.5]
    """
    return _stateless(lambda grads, params: _each(lambda g: RECORDED.clip(g, -max_delta, max_delta), grads))


def global_norm(grads: Tree) -> Tree:
    """The root of the sum of the squares of all elements of all leaves, without overflow.

    Shapes: ().
    Dtypes: that of the leaves together.
    Raises: `TypeError` for leaves that are no arrays or numbers.

    >>> global_norm({"a": 3.0, "b": 4.0})
    5.0
    """
    norms = [_each(RECORDED.vector_norm, leaf) for leaf in tree.leaves(grads)]
    return tree.reduce(lambda x, y: _each(RECORDED.hypot, x, y), norms)


def clip_by_global_norm(max_norm: float) -> Transformation:
    """All updates times the factor that brings their norm together down to max_norm, where it is above.

    Shapes: those of the gradients.
    Dtypes: those of the gradients.
    Raises: nothing.

    >>> clip_by_global_norm(1.0).update([3.0, 4.0], ())[0]
    [0.6..., 0.8...]
    """

    def clipped(grads: Any, params: Any) -> Any:
        norm = as_array(global_norm(grads), weak=True)
        above = norm > max_norm
        factor = RECORDED.where(above, max_norm / RECORDED.where(above, norm, 1.0), 1.0)
        return _each(lambda g: g * RECORDED.astype(factor, dtype=g.dtype), grads)

    return _stateless(clipped)


def add_decayed_weights(weight_decay: float, mask: Tree | Function | None = None) -> Transformation:
    """Each update plus weight_decay times its parameter; `mask`, a tree of booleans or a function that gives one of the
    parameters, says of which.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: `TypeError` without parameters.

    >>> add_decayed_weights(0.5, mask=[True, False]).update([1.0, 1.0], (), [2.0, 2.0])[0]
    [2.0, 1.0]
    """

    def decayed(grads: Any, params: Any) -> Any:
        params = _needed("weight decay", params)
        if mask is None:
            return _each(lambda g, x: g + weight_decay * x, grads, params)
        chosen = mask(params) if callable(mask) else mask
        step = lambda g, x, on: _each(lambda g, x: g + weight_decay * x, g, x) if on else g
        return tree.map(step, grads, params, chosen)

    return _stateless(decayed)


def trace(decay: float, nesterov: bool = False) -> Transformation:
    """Momentum: the sum of all updates so far, each weighted with decay to the power of its age.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: nothing.

    >>> momentum = trace(0.5)
    >>> state = momentum.init([0.0])
    >>> for _ in range(3):
    ...     updates, state = momentum.update([1.0], state)
    >>> updates
    [1.75]
    """

    def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        add = lambda g, m: g + decay * m
        new = _each(add, grads, state["momentum"])
        return (_each(add, grads, new) if nesterov else new), {"momentum": new}

    return Transformation(lambda params: {"momentum": _zeros(params)}, update)


def scale_by_adam(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Transformation:
    """The moving mean of an update over the root of that of its squares, both without their bias towards 0.

    D. P. Kingma and J. Ba (2015).

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: nothing.

    >>> adaptive = scale_by_adam()
    >>> adaptive.update([8.0], adaptive.init([0.0]))[0]
    [0.99...]
    """

    def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        count = _each(lambda n: n + 1, state["count"])
        mean = _each(lambda g, m: moved(m, g, b1), grads, state["mean"])
        var = _each(lambda g, v: moved(v, RECORDED.square(g), b2), grads, state["var"])
        steps = as_array(count, beside=tree.leaves(grads))

        def step(m: Any, v: Any) -> Any:
            n = RECORDED.astype(steps, dtype=m.dtype)
            # 1 - b^n, of which a difference would have few digits.
            first, second = (-RECORDED.expm1(n * math.log(b)) if b else 1.0 for b in (b1, b2))
            return adam_step(m / first, v / second, 1.0, eps)

        return _each(step, mean, var), {"count": count, "mean": mean, "var": var}

    return Transformation(
        lambda params: {"count": _count(params), "mean": _zeros(params), "var": _zeros(params)}, update
    )


def scale_by_rms(decay: float = 0.9, eps: float = 1e-8) -> Transformation:
    """An update over the root of the moving mean of its squares (T. Tieleman and G. Hinton, 2012).

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: nothing.

    >>> adaptive = scale_by_rms(0.75)
    >>> adaptive.update([8.0], adaptive.init([0.0]))[0]
    [1.99...]
    """

    def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        var = _each(lambda g, v: moved(v, RECORDED.square(g), decay), grads, state["var"])
        return _each(lambda g, v: rms_step(g, v, 1.0, eps), grads, var), {"var": var}

    return Transformation(lambda params: {"var": _zeros(params)}, update)


def sgd(learning_rate: Rate, momentum: float | None = None, nesterov: bool = False) -> Transformation:
    """Steps against the gradient, with momentum if one is given.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: nothing.

    >>> sgd(0.1).update([1.0], sgd(0.1).init([0.0]))[0]
    [-0.1]
    """
    rate = scale_by_learning_rate(learning_rate)
    return chain(rate) if momentum is None else chain(trace(momentum, nesterov), rate)


def rmsprop(
    learning_rate: Rate, decay: float = 0.9, eps: float = 1e-8, momentum: float | None = None
) -> Transformation:
    """`scale_by_rms`, then momentum if one is given, then the rate.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: nothing.

    >>> rmsprop(0.5, decay=0.0).update([8.0], rmsprop(0.5).init([0.0]))[0]
    [-0.499...]
    """
    parts = [scale_by_rms(decay, eps)] + ([] if momentum is None else [trace(momentum)])
    return chain(*parts, scale_by_learning_rate(learning_rate))


def adam(learning_rate: Rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> Transformation:
    """`scale_by_adam`, then the rate.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: nothing.

    >>> import tapegrad
    >>> optimizer, w = adam(0.1), 1.0
    >>> state = optimizer.init(w)
    >>> for _ in range(200):
    ...     updates, state = optimizer.update(tapegrad.grad(lambda w: (w - 3.0) ** 2)(w), state)
    ...     w = apply_updates(w, updates)
    >>> abs(w - 3.0) < 0.01
    True
    """
    return chain(scale_by_adam(b1, b2, eps), scale_by_learning_rate(learning_rate))


def adamw(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 1e-4,
    mask: Tree | Function | None = None,
) -> Transformation:
    """Adam whose weight decay is its own (I. Loshchilov and F. Hutter, 2019); `mask` says of which parameters.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: `TypeError` without parameters.

    >>> optimizer = adamw(0.1, weight_decay=0.5)
    >>> optimizer.update([0.0], optimizer.init([2.0]), [2.0])[0]
    [-0.1]
    """
    decay = add_decayed_weights(weight_decay, mask)
    return chain(scale_by_adam(b1, b2, eps), decay, scale_by_learning_rate(learning_rate))


def lion(
    learning_rate: Rate,
    b1: float = 0.9,
    b2: float = 0.99,
    weight_decay: float = 1e-3,
    mask: Tree | Function | None = None,
) -> Transformation:
    """Steps by the sign of a moving mean (X. Chen and others, 2023), with weight decay.

    Shapes: those of the gradients.
    Dtypes: those of the gradients and the parameters together.
    Raises: `TypeError` without parameters.

    >>> optimizer = lion(0.1, weight_decay=0.0)
    >>> optimizer.update([8.0, -0.1], optimizer.init([0.0, 0.0]), [0.0, 0.0])[0]
    [-0.1, 0.1]
    """

    def update(grads: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        signs = _each(lambda g, m: RECORDED.sign(moved(m, g, b1)), grads, state["mean"])
        return signs, {"mean": _each(lambda g, m: moved(m, g, b2), grads, state["mean"])}

    signed = Transformation(lambda params: {"mean": _zeros(params)}, update)
    return chain(signed, add_decayed_weights(weight_decay, mask), scale_by_learning_rate(learning_rate))


def _schedule(rule: Callable[[Any], Any]) -> Schedule:
    """A schedule of a rule over an array of floats: a number of steps gives a number, an array an array."""

    def rate(count: Any) -> Any:
        n = as_array(float(count) if isinstance(count, int) else count, weak=True)
        n = n if n.dtype in dtypes.FLOATING else RECORDED.astype(n, dtype=dtypes.get_default_dtype())
        return Exit([count])(rule(n), common_kind([count]))

    return rate


def _part(n: Any, steps: float) -> Any:
    """Which part of so many steps is over."""
    return RECORDED.clip(n / max(steps, 1), 0.0, 1.0)


def _cosine(part: Any, alpha: float) -> Any:
    return (1 - alpha) * 0.5 * (1 + RECORDED.cos(math.pi * part)) + alpha


def constant_schedule(value: float) -> Schedule:
    """The same rate at all times.

    Shapes: ().
    Dtypes: floats.
    Raises: nothing.

    >>> constant_schedule(0.1)(7)
    0.1
    """
    return lambda count: value


def linear_schedule(init_value: float, end_value: float, transition_steps: int) -> Schedule:
    """From one rate to another in equal steps, such as to warm up.

    Shapes: ().
    Dtypes: floats.
    Raises: nothing.

    >>> [linear_schedule(0.0, 1.0, 4)(n) for n in (0, 1, 9)]
    [0.0, 0.25, 1.0]
    """
    return _schedule(lambda n: init_value + (end_value - init_value) * _part(n, transition_steps))


def cosine_decay_schedule(init_value: float, decay_steps: int, alpha: float = 0.0) -> Schedule:
    """Down to alpha times the first rate along half a wave (I. Loshchilov and F. Hutter, 2017).

    Shapes: ().
    Dtypes: floats.
    Raises: nothing.

    >>> [round(cosine_decay_schedule(1.0, 4)(n), 6) for n in (0, 2, 4, 9)]
    [1.0, 0.5, 0.0, 0.0]
    """
    return _schedule(lambda n: init_value * _cosine(_part(n, decay_steps), alpha))


def exponential_decay(init_value: float, transition_steps: int, decay_rate: float, staircase: bool = False) -> Schedule:
    """The first rate times decay_rate to the power of count / transition_steps, which `staircase` rounds down.

    Shapes: ().
    Dtypes: floats.
    Raises: nothing.

    >>> [exponential_decay(1.0, 2, 0.25, staircase=stairs)(3) for stairs in (False, True)]
    [0.125, 0.25]
    """
    rounded = RECORDED.floor if staircase else lambda n: n
    return _schedule(lambda n: init_value * decay_rate ** rounded(n / transition_steps))


def piecewise_constant_schedule(init_value: float, boundaries_and_scales: Mapping[int, float]) -> Schedule:
    """A rate that is multiplied by a number at each of several counts.

    Shapes: ().
    Dtypes: floats.
    Raises: nothing.

    >>> [piecewise_constant_schedule(1.0, {2: 0.5, 5: 0.5})(n) for n in (1, 2, 7)]
    [1.0, 0.5, 0.25]
    """

    if not isinstance(boundaries_and_scales, Mapping):
        raise ArgumentTypeError(
            f"boundaries_and_scales are a dict of factors by counts, {{100: 0.1}}, not {boundaries_and_scales!r}"
        )

    def rule(n: Any) -> Any:
        factors = [RECORDED.where(n >= start, by, 1.0) for start, by in boundaries_and_scales.items()]
        return init_value * math.prod(factors, start=RECORDED.ones_like(n))

    return _schedule(rule)


def warmup_cosine_decay_schedule(
    init_value: float, peak_value: float, warmup_steps: int, decay_steps: int, end_value: float = 0.0
) -> Schedule:
    """Linearly up to the peak, then down along half a wave until decay_steps, those of the warm-up included.

    Shapes: ().
    Dtypes: floats.
    Raises: `ValueError` for a warm-up that is not shorter than the whole.

    >>> schedule = warmup_cosine_decay_schedule(0.0, 1.0, 2, 6, end_value=0.5)
    >>> [round(schedule(n), 6) for n in (0, 1, 2, 4, 6)]
    [0.0, 0.5, 1.0, 0.75, 0.5]
    """
    if not 0 <= warmup_steps < decay_steps:
        raise ArgumentError(f"a warm-up of {warmup_steps} steps of {decay_steps}; give it fewer")

    def rule(n: Any) -> Any:
        rise = init_value + (peak_value - init_value) * _part(n, warmup_steps)
        fall = _cosine(
            _part(n - warmup_steps, decay_steps - warmup_steps), end_value / peak_value if peak_value else 0.0
        )
        return RECORDED.where(n < warmup_steps, rise, peak_value * fall)

    return _schedule(rule)


def minimize(fun: Function, init: Tree, *args: Tree, method: str = "L-BFGS-B", **options: Any) -> tuple[Tree, Tree]:
    """The tree of parameters that SciPy finds to minimize `fun(params, *args)`, and SciPy's own result.

    The gradient is tapegrad's; further keywords are those of `scipy.optimize.minimize` (`tol`, `options`, `callback`,
    `bounds`, …), for which the parameters are one vector in the order of `tapegrad.tree.ravel`.

    Shapes: those of `init`; `fun` returns one number.
    Dtypes: those of `init`; SciPy computes in float64.
    Raises: `ImportError` without SciPy, what `tapegrad.grad` raises, and what SciPy does.

    >>> import numpy as np
    >>> def rosenbrock(p):
    ...     return (1 - p["x"]) ** 2 + 100 * (p["y"] - p["x"] ** 2) ** 2
    >>> params, result = minimize(rosenbrock, {"x": np.float64(-1.0), "y": np.float64(2.0)})
    >>> result.success, params["x"].round(3), params["y"].round(3)
    (True, np.float64(1.0), np.float64(1.0))
    """
    try:
        from scipy import optimize
    except ImportError as error:
        raise missing_extra("minimize()", "scipy", "special") from error
    vector, back = tree.ravel(init)
    start = as_array(vector)
    backend, dtype, leave = engine_of(start).backend, start.dtype, Exit([vector])

    def objective(x: Any) -> tuple[float, Any]:
        value, gradient = value_and_grad(lambda v: fun(back(v), *args))(make(x, dtype, backend=backend))
        return float(value), as_array(gradient).asnumpy().astype("float64")

    found = optimize.minimize(objective, start.asnumpy().astype("float64"), jac=True, method=method, **options)
    return back(leave(make(found.x, dtype, backend=backend), common_kind([vector]))), found


def lbfgs(fun: Function, init: Tree, *args: Tree, steps: int = 15000, **options: Any) -> tuple[Tree, Tree]:
    """`minimize` by the limited-memory method of Broyden, Fletcher, Goldfarb and Shanno, in at most so many steps.

    Shapes: those of `init`; `fun` returns one number.
    Dtypes: those of `init`; SciPy computes in float64.
    Raises: as `minimize`.

    >>> import numpy as np
    >>> params, _ = lbfgs(lambda x: ((x - 3.0) ** 2).sum(), np.zeros(2))
    >>> params
    array([3., 3.])
    """
    return minimize(fun, init, *args, **{**options, "options": {"maxiter": steps, **options.get("options", {})}})


open_doors(sys.modules[__name__])

if not TYPE_CHECKING:
    __getattr__ = refuse_missing(__name__)
