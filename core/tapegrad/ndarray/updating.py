"""The update rules of optimizers, as MXNet's operators: they write their states in place and the weight into `out`.

`rescale_grad` multiplies the gradient, and `clip_gradient`, if not negative, bounds each of its elements. Nothing of
this is recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from inspect import cleandoc
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..op.words import listed
from ..ops.updates import adam_step, moved, rms_step
from ..tape.mode import is_training, pause
from .checks import dtype_of, ops
from .function import Field, fields_of, nd_function, public
from .ndarray import NDArray, give, give_all

SHARED = """Shapes: all of one shape, which the result has.
Dtypes: floating ones; the result has that of all together, and `out` keeps its own.
Raises: `ShapeError` for shapes that do not go together."""
TO_WEIGHT = "Give `out=weight` to update the weight itself; the result is not recorded."
Rule = Callable[..., tuple[NDArray, ...]]
WD, LAZY = Field("wd", "float", 0.0), Field("lazy_update", "bool", True)
RESCALE, CLIP = Field("rescale_grad", "float", 1.0), Field("clip_gradient", "float", -1.0)


def _write(*pairs: tuple[NDArray, NDArray]) -> None:
    """New values for states, whether or not a program is being recorded."""
    with pause(train_mode=is_training()):
        for state, value in pairs:
            state._rebind(value)


def _unrecorded(out: Any, result: Any, where: str) -> Any:
    with pause(train_mode=is_training()):
        return give_all(out, result, where) if isinstance(result, list) else give(out, result)


def _bounded(g: Any, bound: float) -> Any:
    return ops.clip(g, -bound, bound) if bound >= 0 else g


def _decayed(g: Any, weight: Any, wd: float) -> Any:
    """g + wd · w."""
    return g + weight * wd if wd else g


def update(
    *,
    decays: bool = False,
    linear: bool = False,
    common: Sequence[Field] = (RESCALE, CLIP),
    then: str = TO_WEIGHT,
) -> Callable[[Rule], Callable[..., NDArray]]:
    """Make a public function of a rule, which returns the new weight, or that and the new states.

    The rule takes constants: the weight, the gradient, and the states, which are its further parameters that are
    arrays. The gradient comes rescaled and bounded; if the rule `decays`, `wd` times the weight is added before it is
    bounded. A rule is `linear` if it is one of lr · (g + wd · w): where nothing is bounded, its rate and its decay are
    rescaled in the place of the gradient. Parameters that the updates have in `common` are put before the rule's
    keyword-only ones.
    """
    return partial(_public, decays=decays, linear=linear, common=common, then=then)


def _public(rule: Rule, decays: bool, linear: bool, common: Sequence[Field], then: str) -> Callable[..., NDArray]:
    own = fields_of(rule)
    arrays = [p.name for p in own if p.annotation == "NDArray"]
    states = arrays[2:]
    first = [p for p in own if not p.kind]
    last = [p._replace(kind="") for p in own if p.kind]
    parameters = [*first, *([WD] if decays else []), *common, *last]
    names, handed = [p.name for p in parameters], [p.name for p in own]
    bound = next(p.name for p in common if p.name.startswith("clip_"))

    def body(*values: Any) -> NDArray:
        named = dict(zip(names, values, strict=True))
        held = [named[name] for name in states]
        for name in arrays:
            named[name] = named[name]._detached()
        grad, scale = named["grad"], named["rescale_grad"]
        if linear and scale and named[bound] < 0:
            named["lr"] *= scale
            named["wd"] /= scale
        elif scale != 1:
            grad = grad * scale
        named["grad"] = _bounded(_decayed(grad, named["weight"], named["wd"]) if decays else grad, named[bound])
        result: NDArray
        result, *new = rule(**{name: named[name] for name in handed})
        _write(*zip(held, new, strict=True))
        return result

    written = f"{listed(states)} {'is' if len(states) == 1 else 'are'} written in place. " if states else ""
    words = f"{written}{then}\n\n{SHARED}"
    return public(body, rule.__name__, parameters, rule.__doc__ or "", __name__, into=_unrecorded, words=words)


@update(linear=True, common=(RESCALE, CLIP, LAZY))
def sgd_update(weight: NDArray, grad: NDArray, lr: float, wd: float = 0.0) -> tuple[NDArray, ...]:
    """w − lr · (g + wd · w).

    >>> print(nd.sgd_update(nd.ones(1), nd.ones(1), lr=0.5).asscalar())
    0.5
    """
    return ((weight * (1 - lr * wd) if wd else weight) - grad * lr,)


@update(linear=True, common=(RESCALE, CLIP, LAZY))
def sgd_mom_update(
    weight: NDArray, grad: NDArray, mom: NDArray, lr: float, momentum: float = 0.0, wd: float = 0.0
) -> tuple[NDArray, ...]:
    """w + m, where m becomes momentum · m − lr · (g + wd · w).

    >>> print(nd.sgd_mom_update(nd.ones(1), nd.ones(1), nd.ones(1), lr=0.5, momentum=0.5).asscalar())
    1.0
    """
    mom = mom * momentum - _decayed(grad, weight, wd) * lr
    return weight + mom, mom


@update(linear=True)
def nag_mom_update(
    weight: NDArray, grad: NDArray, mom: NDArray, lr: float, momentum: float = 0.0, wd: float = 0.0
) -> tuple[NDArray, ...]:
    """Nesterov's momentum: m becomes momentum · m − lr · d, w becomes w + momentum · m − lr · d, where d is g + wd · w.

    >>> print(nd.nag_mom_update(nd.ones(1), nd.ones(1), nd.zeros(1), lr=0.5, momentum=0.5).asscalar())
    0.25
    """
    step = _decayed(grad, weight, wd) * lr
    mom = mom * momentum - step
    return weight + mom * momentum - step, mom


@nd_function(into=_unrecorded, words=f"{TO_WEIGHT}\n\n{SHARED}")
def signsgd_update(
    weight: NDArray,
    grad: NDArray,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> NDArray:
    """w − lr · (sign(g) + wd · w), whatever the scale of g.

    J. Bernstein et al. (2018).

    >>> print(nd.signsgd_update(nd.ones(1), nd.array([-7]), lr=0.5).asscalar())
    1.5
    """
    return weight._detached() * (1 - lr * wd) - ops.sign(grad._detached()) * lr


@update()
def signum_update(
    weight: NDArray,
    grad: NDArray,
    mom: NDArray,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    *,
    wd_lh: float = 0.0,
) -> tuple[NDArray, ...]:
    """(1 − lr · wd_lh) · w + lr · sign(m), where m becomes momentum · m − (1 − momentum) · (g + wd · w).

    J. Bernstein et al. (2018).

    >>> print(nd.signum_update(nd.ones(1), nd.ones(1), nd.zeros(1), lr=0.5).asscalar())
    0.5
    """
    mom = mom * momentum - (grad + weight * wd) * (1 - momentum)
    return weight * (1 - lr * wd_lh) + ops.sign(mom) * lr, mom


def _means(grad: NDArray, mean: NDArray, var: NDArray, beta1: float, beta2: float) -> tuple[NDArray, NDArray]:
    """The moving means of g and g²."""
    return moved(mean, grad, beta1), moved(var, ops.square(grad), beta2)


@update(decays=True, common=(RESCALE, CLIP, LAZY))
def adam_update(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[NDArray, ...]:
    """w − lr · mean / (√var + epsilon), of the moving means of g and g²; for their bias the caller corrects `lr`.

    D. P. Kingma and J. Ba (2015).

    >>> w = nd.adam_update(nd.ones(1), nd.ones(1), nd.zeros(1), nd.zeros(1), lr=0.1, beta1=0.5, beta2=0.75)
    >>> print(w.asscalar().round(4))
    0.9
    """
    mean, var = _means(grad, mean, var, beta1, beta2)
    return weight - adam_step(mean, var, lr, epsilon), mean, var


@update(decays=True)
def rmsprop_update(
    weight: NDArray,
    grad: NDArray,
    n: NDArray,
    lr: float,
    gamma1: float = 0.95,
    epsilon: float = 1e-8,
    *,
    clip_weights: float = -1.0,
) -> tuple[NDArray, ...]:
    """w − lr · g / √(n + epsilon), where n is the moving mean of g².

    T. Tieleman and G. Hinton (2012).

    >>> print(nd.rmsprop_update(nd.ones(1), nd.ones(1), nd.ones(1), lr=0.5).asscalar().round(4))
    0.5
    """
    n = moved(n, ops.square(grad), gamma1)
    return _bounded(weight - rms_step(grad, n, lr, epsilon), clip_weights), n


@update(decays=True)
def rmspropalex_update(
    weight: NDArray,
    grad: NDArray,
    n: NDArray,
    g: NDArray,
    delta: NDArray,
    lr: float,
    gamma1: float = 0.95,
    gamma2: float = 0.9,
    epsilon: float = 1e-8,
    *,
    clip_weights: float = -1.0,
) -> tuple[NDArray, ...]:
    """w + d; d becomes gamma2 · d − lr · g / √(mean of g² − (mean of g)² + epsilon), after A. Graves (2013).

    >>> states = nd.ones(1), nd.zeros(1), nd.zeros(1)
    >>> nd.rmspropalex_update(nd.ones(1), nd.ones(1), *states, lr=0.5).shape
    (1,)
    """
    g, n = _means(grad, g, n, gamma1, gamma1)
    delta = delta * gamma2 - grad * lr / ops.sqrt(n - ops.square(g) + epsilon)
    return _bounded(weight + delta, clip_weights), n, g, delta


@update()
def ftrl_update(
    weight: NDArray,
    grad: NDArray,
    z: NDArray,
    n: NDArray,
    lr: float,
    lamda1: float = 0.01,
    beta: float = 1.0,
    wd: float = 0.0,
) -> tuple[NDArray, ...]:
    """Follow the regularized leader, after H. B. McMahan et al. (2013): zero where |z| is at most `lamda1`.

    >>> print(nd.ftrl_update(nd.zeros(1), nd.ones(1) * 0.001, nd.zeros(1), nd.zeros(1), lr=0.5).asscalar())
    0.0
    """
    total = n + ops.square(grad)
    z = z + grad - (ops.sqrt(total) - ops.sqrt(n)) * weight / lr
    result = (ops.sign(z) * lamda1 - z) / ((ops.sqrt(total) + beta) / lr + wd)
    return ops.where(ops.greater(ops.abs(z), lamda1), result, ops.zeros_like(result)), z, total


def _step(where: str, t: int | None) -> int:
    if t is None or t < 1:
        raise ArgumentError(f"{where}() needs t, the number of this step, counted from 1; it is {t}")
    return t


@update(decays=True, common=(RESCALE, CLIP._replace(name="clip_grad")))
def ftml_update(
    weight: NDArray,
    grad: NDArray,
    d: NDArray,
    v: NDArray,
    z: NDArray,
    lr: float,
    beta1: float = 0.6,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    t: int | None = None,
) -> tuple[NDArray, ...]:
    """Follow the moving leader, after S. Zheng and J. T. Kwok (2017); `t` counts the steps from 1.

    >>> nd.ftml_update(nd.ones(1), nd.ones(1), nd.zeros(1), nd.zeros(1), nd.zeros(1), lr=0.5, t=1).shape
    (1,)
    """
    t = _step("ftml_update", t)
    v = v * beta2 + ops.square(grad) * (1 - beta2)
    now = (ops.sqrt(v / (1 - beta2**t)) + epsilon) * ((1 - beta1**t) / lr)
    z = z * beta1 + grad * (1 - beta1) - (now - d * beta1) * weight
    return -z / now, now, v, z


@update(then="`lamb_update_phase2` makes the step; the result is not recorded.")
def lamb_update_phase1(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    t: int | None = None,
    bias_correction: bool = True,
    wd: float = 0.0,
) -> tuple[NDArray, ...]:
    """The direction of a step of LAMB, after Y. You et al. (2019): mean / (√var + epsilon) + wd · w; t counts from 1.

    >>> print(nd.lamb_update_phase1(nd.ones(1), nd.ones(1), nd.zeros(1), nd.zeros(1), t=1).asscalar().round(4))
    1.0
    """
    t = _step("lamb_update_phase1", t)
    mean, var = _means(grad, mean, var, beta1, beta2)
    unbiased = (mean / (1 - beta1**t), var / (1 - beta2**t)) if bias_correction else (mean, var)
    return unbiased[0] / (ops.sqrt(unbiased[1]) + epsilon) + weight * wd, mean, var


@nd_function(into=_unrecorded)
def lamb_update_phase2(
    weight: NDArray,
    g: NDArray,
    r1: NDArray,
    r2: NDArray,
    lr: float,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
) -> NDArray:
    """w − lr · r1 / r2 · g, where r1 is the norm of w, within the bounds that are positive, and r2 that of g.

    g is what `lamb_update_phase1` gave, r1 and r2 are `nd.norm` of weight and g. Where one of them is 0 their ratio
    counts as 1.

    Shapes: weight and g of one shape, which the result has; r1 and r2 (1,).
    Dtypes: floating ones; the result has that of all together, and `out` keeps its own.
    Raises: `ShapeError` for shapes that do not go together.

    >>> print(nd.lamb_update_phase2(nd.ones(1), nd.ones(1), nd.ones(1), nd.ones(1), lr=0.5).asscalar())
    0.5
    """
    weight, g, r1, r2 = (x._detached() for x in (weight, g, r1, r2))
    if lower_bound >= 0 or upper_bound >= 0:
        r1 = ops.clip(r1, lower_bound if lower_bound >= 0 else None, upper_bound if upper_bound >= 0 else None)
    usual = ops.logical_or(ops.equal(r1, 0), ops.equal(r2, 0))
    ones = ops.ones_like(r1)
    ratio = ops.where(usual, ones, r1 / ops.where(usual, ones, r2))
    return weight - g * ratio * lr


@nd_function(into=_unrecorded, words=SHARED)
def adamw_update(
    weight: NDArray,
    grad: NDArray,
    mean: NDArray,
    var: NDArray,
    rescale_grad: Any,
    lr: float,
    eta: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wd: float = 0.0,
    clip_gradient: float = -1.0,
) -> NDArray:
    """w − eta · (lr · mean / (√var + epsilon) + wd · w), of the moving means of g and g²: Adam whose decay is its own.

    `rescale_grad` is a number or an array of one element; where it is 0 or not finite, nothing changes.

    I. Loshchilov and F. Hutter (2019). mean and var are written in place.

    >>> states = nd.zeros(1), nd.zeros(1)
    >>> w = nd.contrib.adamw_update(nd.ones(1), nd.ones(1), *states, 1.0, lr=0.1, eta=1.0, wd=0.1, beta2=0.99)
    >>> print(w.asscalar().round(3))
    0.8
    """
    w = weight._detached()
    scale = float(rescale_grad.asscalar() if isinstance(rescale_grad, NDArray) else rescale_grad)
    if not scale or not math.isfinite(scale):
        return w
    g = _bounded(grad._detached() * scale, clip_gradient)
    m, v = _means(g, mean._detached(), var._detached(), beta1, beta2)
    _write((mean, m), (var, v))
    new: NDArray = w - (adam_step(m, v, lr, epsilon) + w * wd) * eta
    return new


def _in_float32(update: Callable[..., NDArray], example: str) -> Callable[..., NDArray]:
    """The update of a weight in low precision, computed on its float32 copy, which comes behind the states."""
    parameters = fields_of(update)[:-2]  # without out and name
    count = next(i for i, p in enumerate(parameters) if p.annotation != "NDArray" or p.name == "rescale_grad")
    states = [p.name for p in parameters[2:count]]
    arrays = [Field(name, "NDArray") for name in ("weight", "grad", *states, "weight32")]

    def body(weight: NDArray, grad: NDArray, *values: Any) -> NDArray:
        *held, master = values[: count - 1]
        new = update(master, ops.astype(grad, dtype=dtype_of(master)), *held, *values[count - 1 :])
        _write((master, new))
        return ops.astype(new, dtype=dtype_of(weight))

    name = update.__name__
    doc = f"""`{name}` of a weight in float16 by way of its copy in float32, `weight32`.

    {listed([*states, "weight32"])} {"are" if states else "is"} written in place. {TO_WEIGHT}

    Shapes: all of one shape, which the result has.
    Dtypes: weight and grad of any floating dtype, float16 mostly; {listed(["weight32", *states])} float32.
    Raises: `ShapeError` for shapes that do not go together.

    >>> w = nd.ones(1, dtype="float16")
    >>> {example}.dtype.__name__
    'float16'
    """
    return public(body, f"mp_{name}", [*arrays, *parameters[count:]], cleandoc(doc), __name__, into=_unrecorded)


mp_sgd_update = _in_float32(sgd_update, "nd.mp_sgd_update(w, w, nd.ones(1), lr=0.5)")
mp_sgd_mom_update = _in_float32(sgd_mom_update, "nd.mp_sgd_mom_update(w, w, nd.zeros(1), nd.ones(1), lr=0.5)")
mp_nag_mom_update = _in_float32(nag_mom_update, "nd.mp_nag_mom_update(w, w, nd.zeros(1), nd.ones(1), lr=0.5)")
mp_adamw_update = _in_float32(
    adamw_update, "nd.contrib.mp_adamw_update(w, w, nd.zeros(1), nd.zeros(1), nd.ones(1), 1.0, lr=0.1, eta=1.0)"
)


def _of_several(
    update: Callable[..., NDArray], per: int, beside: str, written: str, dtypes: str, example: str, preloaded: str
) -> tuple[Callable[..., list[NDArray]], Callable[..., list[NDArray]]]:
    """The updates of several weights, which stand in turn with the arrays `beside` them, `per` weight in all.

    The second takes the lrs and wds as its last two arrays.
    """
    name = f"multi_{update.__name__}"
    options = "momentum", "rescale_grad", "clip_gradient"
    common = [p._replace(kind="=") for p in fields_of(update) if p.name in options]
    arrays, count = Field("data", "NDArray", kind="*"), Field("num_weights", "int", 1, "=")

    def each(where: str, data: Any, lrs: Any, wds: Any, num_weights: int, **options: Any) -> list[NDArray]:
        rates = [x.asnumpy().tolist() if isinstance(x, NDArray) else list(x) for x in (lrs, wds)]
        if len(data) != per * num_weights or any(len(x) != num_weights for x in rates):
            raise ArgumentError(
                f"{where}(): {len(data)} arrays, {len(rates[0])} lrs and {len(rates[1])} wds for {num_weights} "
                f"weights; give {per} arrays, an lr and a wd for each"
            )
        sets = [data[i : i + per] for i in range(0, len(data), per)]
        return [update(*one, lr=lr, wd=wd, **options) for one, lr, wd in zip(sets, *rates, strict=True)]

    def body(*data: NDArray, lrs: Any, wds: Any, **options: Any) -> list[NDArray]:
        return each(name, data, lrs, wds, **options)

    def body_preloaded(*data: NDArray, **options: Any) -> list[NDArray]:
        if len(data) < 2:
            raise ArgumentError(
                f"preloaded_{name}() takes lrs and wds as its last two arrays; it got {len(data)} arrays"
            )
        *arrays, lrs, wds = data
        return each(f"preloaded_{name}", arrays, lrs, wds, **options)

    doc = """{}

    Each has an lr and a wd of its own. {}

    Shapes: the arrays that belong together of one shape, which their result has{}.
    Dtypes: {}
    Raises: `ValueError` for any other number of arrays, lrs or wds, `ShapeError` for shapes that do not go together.

    {}
    """
    meaning = f"`{update.__name__}` of several weights, given in turn with their {beside}."
    rates = [Field(rate, "Sequence[float]", kind="=") for rate in ("lrs", "wds")]
    listed_doc = cleandoc(doc.format(meaning, written, "", dtypes, example))
    meaning = f"`{name}` with the lrs and the wds as its last two arrays."
    loaded_doc = cleandoc(doc.format(meaning, written, "; lrs and wds are (num_weights,)", dtypes, preloaded))
    return (
        public(body, name, [arrays, *rates, *common, count], listed_doc, __name__, into=_unrecorded),
        public(body_preloaded, f"preloaded_{name}", [arrays, *common, count], loaded_doc, __name__, into=_unrecorded),
    )


multi_sgd_update, preloaded_multi_sgd_update = _of_several(
    sgd_update,
    2,
    "gradients",
    "",
    "floating ones; a result has that of its weight and gradient together.",
    """>>> pairs = nd.ones(1), nd.ones(1), nd.ones(2), nd.ones(2)
    >>> [w.asnumpy().tolist() for w in nd.multi_sgd_update(*pairs, lrs=(0.5, 0.25), wds=(0, 0), num_weights=2)]
    [[0.5], [0.75, 0.75]]""",
    """>>> w, g = nd.ones(1), nd.ones(1)
    >>> nd.preloaded_multi_sgd_update(w, g, nd.array([0.5]), nd.zeros(1))[0].asnumpy().tolist()
    [0.5]""",
)
multi_sgd_mom_update, preloaded_multi_sgd_mom_update = _of_several(
    sgd_mom_update,
    3,
    "gradients and momenta",
    "The momenta are written in place.",
    "floating ones; a result has that of its weight, gradient and momentum together.",
    """>>> w, g, m = nd.ones(1), nd.ones(1), nd.zeros(1)
    >>> nd.multi_sgd_mom_update(w, g, m, lrs=[0.5], wds=[0])[0].asnumpy().tolist()
    [0.5]""",
    """>>> w, g, m = nd.ones(1), nd.ones(1), nd.zeros(1)
    >>> nd.preloaded_multi_sgd_mom_update(w, g, m, nd.array([0.5]), nd.zeros(1))[0].asnumpy().tolist()
    [0.5]""",
)
multi_mp_sgd_update, preloaded_multi_mp_sgd_update = _of_several(
    mp_sgd_update,
    3,
    "gradients and float32 copies",
    "The copies are written in place.",
    "weights and gradients of any floating dtype, float16 mostly; copies float32.",
    """>>> w = nd.ones(1, dtype="float16")
    >>> nd.multi_mp_sgd_update(w, w, nd.ones(1), lrs=[0.5], wds=[0])[0].dtype.__name__
    'float16'""",
    """>>> w = nd.ones(1, dtype="float16")
    >>> nd.preloaded_multi_mp_sgd_update(w, w, nd.ones(1), nd.ones(1), nd.zeros(1))[0].dtype.__name__
    'float16'""",
)
multi_mp_sgd_mom_update, preloaded_multi_mp_sgd_mom_update = _of_several(
    mp_sgd_mom_update,
    4,
    "gradients, momenta and float32 copies",
    "The momenta and copies are written in place.",
    "weights and gradients of any floating dtype, float16 mostly; momenta and copies float32.",
    """>>> w = nd.ones(1, dtype="float16")
    >>> nd.multi_mp_sgd_mom_update(w, w, nd.zeros(1), nd.ones(1), lrs=[0.5], wds=[0])[0].dtype.__name__
    'float16'""",
    """>>> w, one = nd.ones(1, dtype="float16"), nd.ones(1)
    >>> nd.preloaded_multi_mp_sgd_mom_update(w, w, nd.zeros(1), one, one, nd.zeros(1))[0].dtype.__name__
    'float16'""",
)


@nd_function(into=_unrecorded)
def multi_lars(
    lrs: NDArray,
    weights_sum_sq: NDArray,
    grads_sum_sq: NDArray,
    wds: NDArray,
    eta: float,
    eps: float,
    rescale_grad: float = 1.0,
) -> NDArray:
    """The lr of each layer times eta · |weight| / (|gradient| + wd · |weight| + eps), as it is where a norm is 0.

    Layer-wise adaptive rate scaling, of Y. You et al. (2017). The sums of squares are those of `multi_sum_sq`;
    `rescale_grad` multiplies the norm of the gradient. The result is not recorded.

    Shapes: all (layers,), which the result has.
    Dtypes: that of all together.
    Raises: `ShapeError` for shapes that differ.

    >>> rates = nd.multi_lars(nd.ones(2), nd.array([4, 0]), nd.array([1, 1]), nd.zeros(2), eta=0.1, eps=0)
    >>> rates.asnumpy().round(3).tolist()
    [0.20000000298023224, 1.0]
    """
    arrays = {"lrs": lrs, "weights_sum_sq": weights_sum_sq, "grads_sum_sq": grads_sum_sq, "wds": wds}
    if len({x.shape for x in arrays.values()}) > 1:
        shapes = ", ".join(f"{name} {x.shape}" for name, x in arrays.items())
        raise ShapeError(f"multi_lars() takes arrays of one shape, not {shapes}")
    rates, weights, grads, decays = (x._detached() for x in arrays.values())
    norm = ops.sqrt(weights)
    below = ops.sqrt(grads) * rescale_grad + decays * norm + eps
    moves = ops.logical_and(ops.greater(norm, 0), ops.greater(grads, 0))
    scaled = rates * eta * norm / ops.where(moves, below, ops.ones_like(below))
    return ops.where(moves, scaled, rates)


@nd_function
def reset_arrays(*data: NDArray, num_arrays: int | None = None, out: NDArray | None = None) -> None:
    """Write zeros to arrays, in place.

    Shapes: any, not of one shape.
    Dtypes: any; they stay as they are.
    Raises: `ValueError` for any other `num_arrays`.

    >>> x = nd.ones(2)
    >>> nd.reset_arrays(x, num_arrays=1)
    >>> x.asnumpy().tolist()
    [0.0, 0.0]
    """
    if num_arrays not in (None, len(data)):
        raise ArgumentError(f"reset_arrays(): num_arrays is {num_arrays}, and there are {len(data)}")
    _write(*((x, ops.zeros_like(x._detached())) for x in data))
