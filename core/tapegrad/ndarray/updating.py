"""The update rules of optimizers, as MXNet's operators: they write their states in place and the weight into `out`.

`rescale_grad` multiplies the gradient, and `clip_gradient`, if not negative, bounds each of its elements. Nothing of
this is recorded.
"""

from __future__ import annotations

import math
from typing import Any

from ..engines.tables import RECORDED as ops
from ..errors import ArgumentError, ShapeError
from ..tape.mode import is_training, pause
from .checks import dtype_of, need, need_all
from .ndarray import NDArray, give

__all__ = [
    "adam_update",
    "ftml_update",
    "ftrl_update",
    "lamb_update_phase1",
    "lamb_update_phase2",
    "mp_nag_mom_update",
    "mp_sgd_mom_update",
    "mp_sgd_update",
    "multi_lars",
    "multi_mp_sgd_mom_update",
    "multi_mp_sgd_update",
    "multi_sgd_mom_update",
    "multi_sgd_update",
    "nag_mom_update",
    "preloaded_multi_mp_sgd_mom_update",
    "preloaded_multi_mp_sgd_update",
    "preloaded_multi_sgd_mom_update",
    "preloaded_multi_sgd_update",
    "reset_arrays",
    "rmsprop_update",
    "rmspropalex_update",
    "sgd_mom_update",
    "sgd_update",
    "signsgd_update",
    "signum_update",
]


def _constants(where: str, **arrays: Any) -> list[Any]:
    return [need(x, where, name).detach() for name, x in arrays.items()]


def _step(where: str, t: int | None) -> int:
    if t is None or t < 1:
        raise ArgumentError(f"{where}() needs t, the number of this step, counted from 1; it is {t}")
    return t


def _scaled(grad: Any, rescale_grad: float, clip_gradient: float) -> Any:
    grad = grad if rescale_grad == 1 else grad * rescale_grad
    return ops.clip(grad, -clip_gradient, clip_gradient) if clip_gradient >= 0 else grad


def _write(*pairs: tuple[Any, Any]) -> None:
    """New values for states, whether or not a program is being recorded."""
    with pause(train_mode=is_training()):
        for state, value in pairs:
            state._rebind(value)


def _weight(out: Any, value: Any) -> NDArray:
    with pause(train_mode=is_training()):
        return give(out, value)


def sgd_update(
    weight: Any,
    grad: Any,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w − lr · (g + wd · w).

    Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.sgd_update(nd.ones(1), nd.ones(1), lr=0.5).asscalar())
    0.5
    """
    w, g = _constants("sgd_update", weight=weight, grad=grad)
    return _weight(out, w * (1 - lr * wd) - _scaled(g, rescale_grad, clip_gradient) * lr)


def sgd_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w + m, where m becomes momentum · m − lr · (g + wd · w).

    mom is written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.sgd_mom_update(nd.ones(1), nd.ones(1), nd.ones(1), lr=0.5, momentum=0.5).asscalar())
    1.0
    """
    w, g, m = _constants("sgd_mom_update", weight=weight, grad=grad, mom=mom)
    m = m * momentum - w * (lr * wd) - _scaled(g, rescale_grad, clip_gradient) * lr
    _write((mom, m))
    return _weight(out, w + m)


def nag_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Nesterov's momentum: m becomes momentum · m − lr · d, w becomes w + momentum · m − lr · d, where d is g + wd · w.

    mom is written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.nag_mom_update(nd.ones(1), nd.ones(1), nd.zeros(1), lr=0.5, momentum=0.5).asscalar())
    0.25
    """
    w, g, m = _constants("nag_mom_update", weight=weight, grad=grad, mom=mom)
    step = (_scaled(g, rescale_grad, clip_gradient) + w * wd) * lr
    m = m * momentum - step
    _write((mom, m))
    return _weight(out, w + m * momentum - step)


def _in_master_precision(
    update: Any, weight: Any, grad: Any, weight32: Any, out: Any, *states: Any, **named: Any
) -> NDArray:
    """An update computed on the float32 copy of a weight and written to both."""
    master = need(weight32, update.__name__, "weight32")
    low = need(weight, update.__name__, "weight")
    new = update(master, ops.astype(need(grad, update.__name__, "grad"), dtype=dtype_of(master)), *states, **named)
    _write((master, new))
    return _weight(out, ops.astype(new, dtype=dtype_of(low)))


def mp_sgd_update(
    weight: Any,
    grad: Any,
    weight32: Any,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """`sgd_update` of a weight in float16 by way of its copy in float32, `weight32`.

    weight32 is written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: weight and grad of any floating dtype, float16 mostly; weight32 float32.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> nd.mp_sgd_update(w, w, nd.ones(1), lr=0.5).dtype.__name__
    'float16'
    """
    options = {"lr": lr, "wd": wd, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _in_master_precision(sgd_update, weight, grad, weight32, out, **options)


def mp_sgd_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    weight32: Any,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """`sgd_mom_update` of a weight in float16 by way of its copy in float32, `weight32`.

    mom and weight32 are written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: weight and grad of any floating dtype, float16 mostly; weight32 and mom float32.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> nd.mp_sgd_mom_update(w, w, nd.zeros(1), nd.ones(1), lr=0.5).dtype.__name__
    'float16'
    """
    options = {"lr": lr, "momentum": momentum, "wd": wd, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _in_master_precision(sgd_mom_update, weight, grad, weight32, out, mom, **options)


def mp_nag_mom_update(
    weight: Any,
    grad: Any,
    mom: Any,
    weight32: Any,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """`nag_mom_update` of a weight in float16 by way of its copy in float32, `weight32`.

    mom and weight32 are written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: weight and grad of any floating dtype, float16 mostly; weight32 and mom float32.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> nd.mp_nag_mom_update(w, w, nd.zeros(1), nd.ones(1), lr=0.5).dtype.__name__
    'float16'
    """
    options = {"lr": lr, "momentum": momentum, "wd": wd, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _in_master_precision(nag_mom_update, weight, grad, weight32, out, mom, **options)


def signsgd_update(
    weight: Any,
    grad: Any,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w − lr · (sign(g) + wd · w).

    J. Bernstein et al. (2018). Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.signsgd_update(nd.ones(1), nd.array([-7]), lr=0.5).asscalar())
    1.5
    """
    w, g = _constants("signsgd_update", weight=weight, grad=grad)
    return _weight(out, w * (1 - lr * wd) - ops.sign(g) * lr)


def signum_update(
    weight: Any,
    grad: Any,
    mom: Any,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    wd_lh: float = 0.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """(1 − lr · wd_lh) · w + lr · sign(m), where m becomes momentum · m − (1 − momentum) · (g + wd · w).

    J. Bernstein et al. (2018). mom is written in place. Give `out=weight` to update the weight itself; the result is
    not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.signum_update(nd.ones(1), nd.ones(1), nd.zeros(1), lr=0.5).asscalar())
    0.5
    """
    w, g, m = _constants("signum_update", weight=weight, grad=grad, mom=mom)
    m = m * momentum - (_scaled(g, rescale_grad, clip_gradient) + w * wd) * (1 - momentum)
    _write((mom, m))
    return _weight(out, w * (1 - lr * wd_lh) + ops.sign(m) * lr)


def _decayed(w: Any, g: Any, wd: float, rescale_grad: float, clip_gradient: float) -> Any:
    """The gradient with weight decay, bounded after both."""
    g = g * rescale_grad + w * wd
    return ops.clip(g, -clip_gradient, clip_gradient) if clip_gradient >= 0 else g


def adam_update(
    weight: Any,
    grad: Any,
    mean: Any,
    var: Any,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w − lr · mean / (√var + epsilon), of the moving means of g and g²; for their bias the caller corrects `lr`.

    D. P. Kingma and J. Ba (2015). mean and var are written in place. Give `out=weight` to update the weight itself; the
    result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> w = nd.adam_update(nd.ones(1), nd.ones(1), nd.zeros(1), nd.zeros(1), lr=0.1, beta1=0.5, beta2=0.75)
    >>> print(w.asscalar().round(4))
    0.9
    """
    w, g, m, v = _constants("adam_update", weight=weight, grad=grad, mean=mean, var=var)
    g = _decayed(w, g, wd, rescale_grad, clip_gradient)
    m, v = m * beta1 + g * (1 - beta1), v * beta2 + ops.square(g) * (1 - beta2)
    _write((mean, m), (var, v))
    return _weight(out, w - m * lr / (ops.sqrt(v) + epsilon))


def rmsprop_update(
    weight: Any,
    grad: Any,
    n: Any,
    lr: float,
    gamma1: float = 0.95,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w − lr · g / √(n + epsilon), where n is the moving mean of g².

    T. Tieleman and G. Hinton (2012). n is written in place. Give `out=weight` to update the weight itself; the result
    is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.rmsprop_update(nd.ones(1), nd.ones(1), nd.ones(1), lr=0.5).asscalar().round(4))
    0.5
    """
    w, g, mean = _constants("rmsprop_update", weight=weight, grad=grad, n=n)
    g = _decayed(w, g, wd, rescale_grad, clip_gradient)
    mean = mean * gamma1 + ops.square(g) * (1 - gamma1)
    _write((n, mean))
    found = w - g * lr / ops.sqrt(mean + epsilon)
    return _weight(out, ops.clip(found, -clip_weights, clip_weights) if clip_weights >= 0 else found)


def rmspropalex_update(
    weight: Any,
    grad: Any,
    n: Any,
    g: Any,
    delta: Any,
    lr: float,
    gamma1: float = 0.95,
    gamma2: float = 0.9,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    clip_weights: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w + d; d becomes gamma2 · d − lr · g / √(mean of g² − (mean of g)² + epsilon), after A. Graves (2013).

    n, g, delta are written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> states = nd.ones(1), nd.zeros(1), nd.zeros(1)
    >>> nd.rmspropalex_update(nd.ones(1), nd.ones(1), *states, lr=0.5).shape
    (1,)
    """
    w, now, square, mean, step = _constants("rmspropalex_update", weight=weight, grad=grad, n=n, g=g, delta=delta)
    now = _decayed(w, now, wd, rescale_grad, clip_gradient)
    square = square * gamma1 + ops.square(now) * (1 - gamma1)
    mean = mean * gamma1 + now * (1 - gamma1)
    step = step * gamma2 - now * lr / ops.sqrt(square - ops.square(mean) + epsilon)
    _write((n, square), (g, mean), (delta, step))
    found = w + step
    return _weight(out, ops.clip(found, -clip_weights, clip_weights) if clip_weights >= 0 else found)


def ftrl_update(
    weight: Any,
    grad: Any,
    z: Any,
    n: Any,
    lr: float,
    lamda1: float = 0.01,
    beta: float = 1.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Follow the regularized leader, after H. B. McMahan et al. (2013): zero where |z| is at most `lamda1`.

    z and n are written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.ftrl_update(nd.zeros(1), nd.ones(1) * 0.001, nd.zeros(1), nd.zeros(1), lr=0.5).asscalar())
    0.0
    """
    w, g, leader, total = _constants("ftrl_update", weight=weight, grad=grad, z=z, n=n)
    g = _scaled(g, rescale_grad, clip_gradient)
    grown = total + ops.square(g)
    leader = leader + g - (ops.sqrt(grown) - ops.sqrt(total)) * w / lr
    _write((z, leader), (n, grown))
    found = (ops.sign(leader) * lamda1 - leader) / ((ops.sqrt(grown) + beta) / lr + wd)
    return _weight(out, ops.where(ops.greater(ops.abs(leader), lamda1), found, ops.zeros_like(found)))


def ftml_update(
    weight: Any,
    grad: Any,
    d: Any,
    v: Any,
    z: Any,
    lr: float,
    beta1: float = 0.6,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    t: int | None = None,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_grad: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """Follow the moving leader, after S. Zheng and J. T. Kwok (2017); `t` counts the steps from 1.

    d, v, z are written in place. Give `out=weight` to update the weight itself; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> nd.ftml_update(nd.ones(1), nd.ones(1), nd.zeros(1), nd.zeros(1), nd.zeros(1), lr=0.5, t=1).shape
    (1,)
    """
    t = _step("ftml_update", t)
    w, g, before, square, leader = _constants("ftml_update", weight=weight, grad=grad, d=d, v=v, z=z)
    g = _decayed(w, g, wd, rescale_grad, clip_grad)
    square = square * beta2 + ops.square(g) * (1 - beta2)
    now = (ops.sqrt(square / (1 - beta2**t)) + epsilon) * ((1 - beta1**t) / lr)
    leader = leader * beta1 + g * (1 - beta1) - (now - before * beta1) * w
    _write((d, now), (v, square), (z, leader))
    return _weight(out, -leader / now)


def lamb_update_phase1(
    weight: Any,
    grad: Any,
    mean: Any,
    var: Any,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    t: int | None = None,
    bias_correction: bool = True,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The direction of a step of LAMB, after Y. You et al. (2019): mean / (√var + epsilon) + wd · w; t counts from 1.

    mean and var are written in place. `lamb_update_phase2` makes the step; the result is not recorded.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.lamb_update_phase1(nd.ones(1), nd.ones(1), nd.zeros(1), nd.zeros(1), t=1).asscalar().round(4))
    1.0
    """
    t = _step("lamb_update_phase1", t)
    w, g, m, v = _constants("lamb_update_phase1", weight=weight, grad=grad, mean=mean, var=var)
    g = _scaled(g, rescale_grad, clip_gradient)
    m, v = m * beta1 + g * (1 - beta1), v * beta2 + ops.square(g) * (1 - beta2)
    _write((mean, m), (var, v))
    if bias_correction:
        m, v = m / (1 - beta1**t), v / (1 - beta2**t)
    return _weight(out, m / (ops.sqrt(v) + epsilon) + w * wd)


def lamb_update_phase2(
    weight: Any,
    g: Any,
    r1: Any,
    r2: Any,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w − lr · r1 / r2 · g, where r1 is the norm of w, within the bounds that are positive, and r2 that of g.

    g is what `lamb_update_phase1` gave, r1 and r2 are `nd.norm` of weight and g. Where one of them is 0 their ratio
    counts as 1.

    Shapes: weight and g of one shape, which the result has; r1 and r2 (1,).

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> print(nd.lamb_update_phase2(nd.ones(1), nd.ones(1), nd.ones(1), nd.ones(1), lr=0.5).asscalar())
    0.5
    """
    w, step, own, other = _constants("lamb_update_phase2", weight=weight, g=g, r1=r1, r2=r2)
    if lower_bound >= 0 or upper_bound >= 0:
        own = ops.clip(own, lower_bound if lower_bound >= 0 else None, upper_bound if upper_bound >= 0 else None)
    usual = ops.logical_or(ops.equal(own, 0), ops.equal(other, 0))
    ones = ops.ones_like(own)
    ratio = ops.where(usual, ones, own / ops.where(usual, ones, other))
    return _weight(out, w - step * ratio * lr)


def adamw_update(
    weight: Any,
    grad: Any,
    mean: Any,
    var: Any,
    rescale_grad: Any,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """w − eta · (lr · mean / (√var + epsilon) + wd · w), of the moving means of g and g²: Adam whose decay is its own.

    `rescale_grad` is a number or an array of one element; where it is 0 or no finite number, nothing changes.

    I. Loshchilov and F. Hutter (2019). mean and var are written in place.

    Shapes: all of one shape, which the result has.

    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that do not go together.

    >>> from tapegrad import nd
    >>> states = nd.zeros(1), nd.zeros(1)
    >>> w = nd.contrib.adamw_update(nd.ones(1), nd.ones(1), *states, 1.0, lr=0.1, eta=1.0, wd=0.1, beta2=0.99)
    >>> print(w.asscalar().round(3))
    0.8
    """
    w, g, m, v = _constants("adamw_update", weight=weight, grad=grad, mean=mean, var=var)
    scale = float(rescale_grad.asscalar() if isinstance(rescale_grad, NDArray) else rescale_grad)
    if not scale or not math.isfinite(scale):
        return _weight(out, w)
    g = _scaled(g, scale, clip_gradient)
    m, v = m * beta1 + g * (1 - beta1), v * beta2 + ops.square(g) * (1 - beta2)
    _write((mean, m), (var, v))
    return _weight(out, w - (m * lr / (ops.sqrt(v) + epsilon) + w * wd) * eta)


def mp_adamw_update(
    weight: Any,
    grad: Any,
    mean: Any,
    var: Any,
    weight32: Any,
    rescale_grad: Any,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """`adamw_update` of a weight in float16 by way of its copy in float32, `weight32`.

    mean, var and weight32 are written in place.

    Shapes: all of one shape, which the result has.

    Dtypes: weight and grad of any floating dtype, float16 mostly; weight32, mean and var float32.

    Raises: as `adamw_update`.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> states = nd.zeros(1), nd.zeros(1), nd.ones(1)
    >>> nd.contrib.mp_adamw_update(w, w, *states, 1.0, lr=0.1, eta=1.0).dtype.__name__
    'float16'
    """
    options = {"lr": lr, "eta": eta, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "wd": wd}
    options["clip_gradient"] = clip_gradient
    return _in_master_precision(adamw_update, weight, grad, weight32, out, mean, var, rescale_grad, **options)


def _each(
    where: str, update: Any, per: int, data: Any, lrs: Any, wds: Any, num_weights: int, out: Any, **options: Any
) -> list[NDArray]:
    """One update after another, of arrays that stand in turn: a weight with what belongs to it, the next weight, …"""
    arrays = need_all(data, where)
    rates = [x.asnumpy().tolist() if isinstance(x, NDArray) else list(x) for x in (lrs, wds)]
    if len(arrays) != per * num_weights or any(len(x) != num_weights for x in rates):
        raise ArgumentError(
            f"{where}(): {len(arrays)} arrays, {len(rates[0])} lrs and {len(rates[1])} wds for {num_weights} weights; "
            f"give {per} arrays, an lr and a wd for each"
        )
    targets = [None] * num_weights if out is None else [out] if isinstance(out, NDArray) else out
    return [
        update(*arrays[i * per : (i + 1) * per], lr=lr, wd=wd, out=target, **options)
        for i, (lr, wd, target) in enumerate(zip(*rates, targets, strict=True))
    ]


def multi_sgd_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`sgd_update` of several weights, given in turn with their gradients, each with an lr and a wd of its own.

    Shapes: each weight and its gradient of one shape, which its result has.

    Dtypes: floating ones; a result has that of its weight and gradient together.

    Raises: `TypeError` for what is no NDArray, `ValueError` for another number of arrays, lrs or wds, `ShapeError` for
    shapes that do not go together.

    >>> from tapegrad import nd
    >>> pairs = nd.ones(1), nd.ones(1), nd.ones(2), nd.ones(2)
    >>> [w.asnumpy().tolist() for w in nd.multi_sgd_update(*pairs, lrs=(0.5, 0.25), wds=(0, 0), num_weights=2)]
    [[0.5], [0.75, 0.75]]
    """
    options = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _each("multi_sgd_update", sgd_update, 2, data, lrs, wds, num_weights, out, **options)


def multi_sgd_mom_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`sgd_mom_update` of several weights, given in turn with their gradients and momenta.

    The momenta are written in place.

    Shapes: each weight, its gradient and momentum of one shape, which its result has.

    Dtypes: floating ones; a result has that of its weight, gradient and momentum together.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w, g, m = nd.ones(1), nd.ones(1), nd.zeros(1)
    >>> nd.multi_sgd_mom_update(w, g, m, lrs=[0.5], wds=[0])[0].asnumpy().tolist()
    [0.5]
    """
    options = {"momentum": momentum, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _each("multi_sgd_mom_update", sgd_mom_update, 3, data, lrs, wds, num_weights, out, **options)


def multi_mp_sgd_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`mp_sgd_update` of several weights, given in turn with their gradients and float32 copies.

    The float32 copies are written in place.

    Shapes: each weight, its gradient and copy of one shape, which its result has.

    Dtypes: weights and gradients of any floating dtype, float16 mostly; copies float32.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> nd.multi_mp_sgd_update(w, w, nd.ones(1), lrs=[0.5], wds=[0])[0].dtype.__name__
    'float16'
    """
    options = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _each("multi_mp_sgd_update", mp_sgd_update, 3, data, lrs, wds, num_weights, out, **options)


def multi_mp_sgd_mom_update(
    *data: Any,
    lrs: Any,
    wds: Any,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`mp_sgd_mom_update` of several weights, given in turn with their gradients, momenta and float32 copies.

    The momenta and float32 copies are written in place.

    Shapes: each weight, its gradient, momentum and copy of one shape, which its result has.

    Dtypes: weights and gradients of any floating dtype, float16 mostly; momenta and copies float32.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> nd.multi_mp_sgd_mom_update(w, w, nd.zeros(1), nd.ones(1), lrs=[0.5], wds=[0])[0].dtype.__name__
    'float16'
    """
    options = {"momentum": momentum, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _each("multi_mp_sgd_mom_update", mp_sgd_mom_update, 4, data, lrs, wds, num_weights, out, **options)


def multi_lars(
    lrs: Any,
    weights_sum_sq: Any,
    grads_sum_sq: Any,
    wds: Any,
    eta: float,
    eps: float,
    rescale_grad: float = 1.0,
    out: Any = None,
    name: Any = None,
) -> NDArray:
    """The lr of each layer times eta · |weight| / (|gradient| + wd · |weight| + eps), as it is where a norm is 0.

    Layer-wise adaptive rate scaling, of Y. You et al. (2017). The sums of squares are those of `multi_sum_sq`;
    `rescale_grad` multiplies the norm of the gradient. The result is not recorded.

    Shapes: all (layers,), which the result has.

    Dtypes: that of all together.

    Raises: `TypeError` for what is no NDArray, `ShapeError` for shapes that differ.

    >>> from tapegrad import nd
    >>> rates = nd.multi_lars(nd.ones(2), nd.array([4, 0]), nd.array([1, 1]), nd.zeros(2), eta=0.1, eps=0)
    >>> rates.asnumpy().round(3).tolist()
    [0.20000000298023224, 1.0]
    """
    arrays = {"lrs": lrs, "weights_sum_sq": weights_sum_sq, "grads_sum_sq": grads_sum_sq, "wds": wds}
    rates, weights, grads, decays = _constants("multi_lars", **arrays)
    if not rates.shape == weights.shape == grads.shape == decays.shape:
        shapes = ", ".join(f"{which} {x.shape}" for which, x in arrays.items())
        raise ShapeError(f"multi_lars() takes arrays of one shape, not {shapes}")
    norm = ops.sqrt(weights)
    below = ops.sqrt(grads) * rescale_grad + decays * norm + eps
    moves = ops.logical_and(ops.greater(norm, 0), ops.greater(grads, 0))
    scaled = rates * eta * norm / ops.where(moves, below, ops.ones_like(below))
    return _weight(out, ops.where(moves, scaled, rates))


def _preloaded(
    where: str, update: Any, per: int, data: Any, num_weights: int, out: Any, **options: Any
) -> list[NDArray]:
    """`_each`, with the lrs and the wds as the last two arrays."""
    if len(data) < 2:
        raise ArgumentError(f"{where}() takes lrs and wds as its last two arrays; it got {len(data)} arrays")
    *arrays, lrs, wds = need_all(data, where)
    return _each(where, update, per, arrays, lrs, wds, num_weights, out, **options)


def preloaded_multi_sgd_update(
    *data: Any,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`multi_sgd_update` with the lrs and the wds as its last two arrays.

    Shapes: each weight and its gradient of one shape, which its result has; lrs and wds are
    (num_weights,).

    Dtypes: as `multi_sgd_update`; lrs and wds are float32 mostly.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w, g = nd.ones(1), nd.ones(1)
    >>> nd.preloaded_multi_sgd_update(w, g, nd.array([0.5]), nd.zeros(1))[0].asnumpy().tolist()
    [0.5]
    """
    options = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _preloaded("preloaded_multi_sgd_update", sgd_update, 2, data, num_weights, out, **options)


def preloaded_multi_sgd_mom_update(
    *data: Any,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`multi_sgd_mom_update` with the lrs and the wds as its last two arrays.

    The momenta are written in place.

    Shapes: each weight, its gradient and momentum of one shape, which its result has; lrs and wds are
    (num_weights,).

    Dtypes: as `multi_sgd_mom_update`; lrs and wds are float32 mostly.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w, g, m = nd.ones(1), nd.ones(1), nd.zeros(1)
    >>> nd.preloaded_multi_sgd_mom_update(w, g, m, nd.array([0.5]), nd.zeros(1))[0].asnumpy().tolist()
    [0.5]
    """
    options = {"momentum": momentum, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _preloaded("preloaded_multi_sgd_mom_update", sgd_mom_update, 3, data, num_weights, out, **options)


def preloaded_multi_mp_sgd_update(
    *data: Any,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`multi_mp_sgd_update` with the lrs and the wds as its last two arrays.

    The float32 copies are written in place.

    Shapes: each weight, its gradient and copy of one shape, which its result has; lrs and wds are
    (num_weights,).

    Dtypes: as `multi_mp_sgd_update`; lrs and wds are float32 mostly.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w = nd.ones(1, dtype="float16")
    >>> nd.preloaded_multi_mp_sgd_update(w, w, nd.ones(1), nd.ones(1), nd.zeros(1))[0].dtype.__name__
    'float16'
    """
    options = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _preloaded("preloaded_multi_mp_sgd_update", mp_sgd_update, 3, data, num_weights, out, **options)


def preloaded_multi_mp_sgd_mom_update(
    *data: Any,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    out: Any = None,
    name: Any = None,
) -> list[NDArray]:
    """`multi_mp_sgd_mom_update` with the lrs and the wds as its last two arrays.

    The momenta and float32 copies are written in place.

    Shapes: each weight, its gradient, momentum and copy of one shape, which its result has; lrs and wds are
    (num_weights,).

    Dtypes: as `multi_mp_sgd_mom_update`; lrs and wds are float32 mostly.

    Raises: as `multi_sgd_update`.

    >>> from tapegrad import nd
    >>> w, one = nd.ones(1, dtype="float16"), nd.ones(1)
    >>> nd.preloaded_multi_mp_sgd_mom_update(w, w, nd.zeros(1), one, one, nd.zeros(1))[0].dtype.__name__
    'float16'
    """
    options = {"momentum": momentum, "rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return _preloaded("preloaded_multi_mp_sgd_mom_update", mp_sgd_mom_update, 4, data, num_weights, out, **options)


def reset_arrays(*data: Any, num_arrays: int | None = None, out: Any = None, name: Any = None) -> None:
    """Write zeros to arrays, in place.

    Shapes: any, not of one shape.

    Dtypes: any, and kept.

    Raises: `TypeError` for what is no NDArray, for a list (spread it) and for no arrays, `ValueError` for another
    `num_arrays`.

    >>> from tapegrad import nd
    >>> x = nd.ones(2)
    >>> nd.reset_arrays(x, num_arrays=1)
    >>> x.asnumpy().tolist()
    [0.0, 0.0]
    """
    arrays = need_all(data, "reset_arrays")
    if num_arrays not in (None, len(arrays)):
        raise ArgumentError(f"reset_arrays(): num_arrays is {num_arrays}, and there are {len(arrays)}")
    _write(*((x, ops.zeros_like(x.detach())) for x in arrays))
