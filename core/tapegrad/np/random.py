"""`np.random`, with the numbers that MXNet 1.9.1 draws for `mx.np.random`: equal seeds and calls, equal numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .. import ndarray as _nd
from .. import numpy as _standard
from ..arrays.array import Array
from ..arrays.foreign import missing
from ..errors import ArgumentError
from ..ndarray.distributions import drawn as _nd_drawn
from ..ndarray.ndarray import NDArray, give, maker, shape_of
from ..randomness.defaults import mxnet_numpy as stream
from ..transforms.draws import drawn
from .arrays import of_face

__all__ = [
    "bernoulli",
    "beta",
    "chisquare",
    "choice",
    "exponential",
    "gamma",
    "gumbel",
    "logistic",
    "lognormal",
    "multinomial",
    "multivariate_normal",
    "normal",
    "pareto",
    "power",
    "rand",
    "randint",
    "randn",
    "rayleigh",
    "shuffle",
    "uniform",
    "weibull",
]
__dir__ = __all__.copy
__getattr__ = missing(__name__)


def _drawn(method: str, *parameters: Any, ctx: Any = None, **named: Any) -> Any:
    return of_face(drawn(partial(getattr(stream, method), *parameters), maker(ctx), **named))


def _shaped(size: Any, out: Any, *parameters: Any) -> tuple[int, ...]:
    """The shape asked for, or that of `out`, or of the parameters together."""
    if size is None:
        size = _standard.broadcast_shapes(*map(_standard.shape, parameters)) if out is None else out.shape
    return shape_of(size)


def _scaled(method: str, doc: str, of: Callable[..., Any], **defaults: float) -> Callable[..., Any]:
    """A distribution that is made of uniform or normal numbers of the stream, differentiable in its parameters."""
    names = list(defaults)

    def function(
        *args: Any, size: Any = None, dtype: Any = None, ctx: Any = None, out: Any = None, **keywords: Any
    ) -> Any:
        values = dict(zip([*names, "size", "dtype", "ctx"], args, strict=False)) | keywords
        size, dtype, ctx = (values.pop(key, value) for key, value in (("size", size), ("dtype", dtype), ("ctx", ctx)))
        if unknown := values.keys() - defaults.keys():
            raise ArgumentError(f"random.{function.__name__}(): no parameter {sorted(unknown)}; there are {names}")
        parameters = [values.get(name, default) for name, default in defaults.items()]
        arrays = [x for x in parameters if isinstance(x, NDArray)]
        ctx = arrays[0].context if arrays else ctx
        unit = _drawn(method, shape=_shaped(size, out, *parameters), dtype=dtype, ctx=ctx)
        result = of(unit, *parameters)
        return result if out is None else give(out, result)

    function.__doc__ = f"{doc} Parameters: {', '.join(names)}, size, dtype, ctx, out."
    return function


def _minus_log(u: Any) -> Any:
    return -_standard.log(u)


uniform = _scaled("uniform", "Numbers evenly over [low, high).", lambda u, a, b: a + (b - a) * u, low=0.0, high=1.0)
normal = _scaled("normal", "Normal numbers.", lambda z, loc, scale: loc + scale * z, loc=0.0, scale=1.0)
exponential = _scaled("exponential", "Waiting times of mean `scale`.", lambda t, scale: t * scale, scale=1.0)
lognormal = _scaled(
    "normal", "Exponentials of normal numbers.", lambda z, m, s: _standard.exp(m + s * z), mean=0.0, sigma=1.0
)
logistic = _scaled(
    *("uniform", "Logistic numbers."),
    lambda u, loc, scale: loc + scale * (_standard.log(u) - _standard.log(1 - u)),
    loc=0.0,
    scale=1.0,
)
gumbel = _scaled(
    *("uniform", "Gumbel numbers."),
    lambda u, loc, scale: loc - scale * _standard.log(_minus_log(u)),
    loc=0.0,
    scale=1.0,
)
rayleigh = _scaled(
    "uniform", "Rayleigh numbers.", lambda u, scale: scale * _standard.sqrt(2 * _minus_log(u)), scale=1.0
)
weibull = _scaled("uniform", "Weibull numbers.", lambda u, a: _minus_log(u) ** (1.0 / a), a=1.0)
pareto = _scaled("uniform", "Pareto numbers.", lambda u, a: _standard.exp(_minus_log(u) / a) - 1, a=1.0)
power = _scaled("uniform", "Numbers of density a·x^(a − 1).", lambda u, a: (1 - u) ** (1.0 / a), a=1.0)


def rand(*size: int, **keywords: Any) -> Any:
    """Numbers evenly over [0, 1), of a shape whose lengths are given one by one."""
    return uniform(size=size, **keywords)


def randn(*size: int, **keywords: Any) -> Any:
    """Standard normal numbers, of a shape whose lengths are given one by one."""
    return normal(size=size, **keywords)


def randint(
    low: int, high: int | None = None, size: Any = None, dtype: Any = "int64", ctx: Any = None, out: Any = None
) -> Any:
    """Integers from `low` up to `high`, without it; with one number, from zero."""
    low, high = (0, low) if high is None else (low, high)
    return give(out, of_face(_nd_drawn("randint", low, high, shape=_shaped(size, out), dtype=dtype, ctx=ctx)))


def gamma(shape: Any, scale: Any = 1.0, size: Any = None, dtype: Any = None, ctx: Any = None, out: Any = None) -> Any:
    """Gamma variates; the numbers are those of `nd.random.gamma`, not those of MXNet's `np.random.gamma`."""
    size = _shaped(size, out, shape, scale)
    unit = _nd_drawn("gamma", ctx=ctx, shape=size, dtype=dtype, alpha=shape) if not isinstance(shape, Array) else None
    if unit is None:
        whole = _standard.broadcast_to(shape, size)
        unit = _nd_drawn("gamma", ctx=shape.context, shape=(), dtype=dtype, alpha=whole)
    result = of_face(unit) * scale
    return result if out is None else give(out, result)


def beta(a: Any, b: Any, size: Any = None, dtype: Any = None, ctx: Any = None) -> Any:
    """Beta variates, made of those of `gamma`."""
    size = _shaped(size, None, a, b)
    x, y = gamma(a, 1.0, size, dtype, ctx), gamma(b, 1.0, size, dtype, ctx)
    return x / (x + y)


def chisquare(df: Any, size: Any = None, dtype: Any = None, ctx: Any = None) -> Any:
    """Sums of `df` squares of normal numbers, made of those of `gamma`."""
    return gamma(df / 2, 2.0, size, dtype, ctx)


def bernoulli(prob: Any = 0.5, size: Any = None, dtype: Any = None, ctx: Any = None, out: Any = None) -> Any:
    """Ones with probability `prob`, else zeros."""
    unit = _drawn("uniform", shape=_shaped(size, out, prob), ctx=ctx)
    result = (unit < prob).astype(dtype or "float32")
    return result if out is None else give(out, result)


def multinomial(n: int, pvals: Any, size: Any = None) -> Any:
    """How often each outcome came in `n` draws of the probabilities `pvals`."""
    return _drawn("multinomial", n, shape=shape_of(() if size is None else size), pvals=pvals)


def multivariate_normal(mean: Any, cov: Any, size: Any = None, check_valid: Any = None, tol: Any = None) -> Any:
    """Normal vectors of the means `mean` and the covariances `cov`, which broadcast; differentiable in both."""
    if check_valid is not None or tol is not None:
        raise ArgumentError("multivariate_normal(): check_valid and tol have no meaning; leave them out")
    shape = _standard.broadcast_shapes(mean.shape, cov.shape[:-1])
    noise = normal(size=(*shape_of(() if size is None else size), *shape), dtype=mean.dtype, ctx=mean.context)
    return of_face(mean + (_standard.linalg.cholesky(cov) @ noise[..., None])[..., 0])


def choice(a: Any, size: Any = None, replace: bool = True, p: Any = None, ctx: Any = None, out: Any = None) -> Any:
    """Elements of `a`, or numbers below it, chosen with the probabilities `p`.

    Without `replace` the numbers are not those of MXNet.
    """
    count = a if isinstance(a, int) else a.shape[0]
    size = _shaped(size, out)
    if replace:
        chosen = _drawn("choice", count, shape=size, probs=p, ctx=ctx)
    elif p is None:
        chosen = of_face(_nd_drawn("permutation", count, ctx=ctx))[: _standard.prod(size).item()].reshape(size)
    else:
        keys = _standard.log(p) + gumbel(size=(count,), ctx=ctx)
        chosen = _standard.argsort(-keys)[: _standard.prod(size).item()].reshape(size)
    result = chosen if isinstance(a, int) else of_face(_standard.take(a, chosen, axis=0))
    return result if out is None else give(out, result)


def shuffle(x: Any) -> None:
    """Put an array's rows in random order, in place."""
    x[:] = _nd.random.shuffle(x)


for _name in __all__:
    globals()[_name].__name__ = globals()[_name].__qualname__ = _name
