"""Convolutions and pools by XLA's own, and composed ops of many steps compiled into one.

All are compiled once for each set of shapes. While they are traced, the op's own body is traced too, for its checks of
the shapes and nothing else: so the errors are the same as on any engine.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

import tapegrad
from tapegrad.op import registered

from .layouts import is_about_sharding, partition, sharding

__all__ = ["KERNELS", "precision"]

Pairs = tuple[tuple[int, int], ...]


def precision() -> Any:
    """Products in the dtype's full precision, unless the user has told JAX another: on a GPU its default is less."""
    return lax.Precision.HIGHEST if jax.config.jax_default_matmul_precision is None else None


def _body(name: str) -> Callable[..., Any]:
    op, xp = registered()[name], tapegrad.get_backend("jax").kernels
    return functools.partial(op.body, xp.standard if op.primitive else xp)


def _hashable(value: Any) -> Any:
    """A keyword as JAX can look it up: sequences as tuples, and every NaN, which equals nothing, as the same one."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_hashable, value))
    return math.nan if isinstance(value, float) and value != value else value


def _compiled(name: str, function: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """A kernel for the op of that name: `function` compiled, after the checks in the op's body; or that body itself."""

    @functools.cache
    def compile_once() -> Callable[..., Any]:
        body = _body(name)

        def traced(*args: Any, **keywords: Any) -> Any:
            if function is None:
                return body(*args, **keywords)
            plain = [None if x is None else jax.ShapeDtypeStruct(x.shape, x.dtype) for x in args]
            out = jax.eval_shape(functools.partial(body, **keywords), *plain)
            return function(*args, **keywords) if out.size else jnp.zeros(out.shape, out.dtype)

        compiled: Callable[..., Any] = jax.jit(traced, static_argnames=tuple(registered()[name].keywords))
        return compiled

    def kernel(*args: Any, **keywords: Any) -> Any:
        return compile_once()(*args, **{key: _hashable(value) for key, value in keywords.items()})

    kernel.__name__ = name
    return kernel


# Convolutions, of (n, c, *space) with (o, c / groups, *kernel)


def _ones(given: Any, ndim: int) -> tuple[int, ...]:
    return (1,) * ndim if given is None else tuple(given)


def _pairs(pad: Any, ndim: int) -> Pairs:
    if pad is None:
        return ((0, 0),) * ndim
    return tuple((p, p) if isinstance(p, int) else (p[0], p[1]) for p in pad)


def _convolved(x: Any, weight: Any, **options: Any) -> Any:
    try:
        return lax.conv_general_dilated(x, weight, precision=precision(), **options)
    except Exception as error:
        if not is_about_sharding(error):
            raise
    # As for products: what is summed over is had in full. In the gradient of a weight that is the samples.
    mesh, spec = partition(x)
    first = None if "batch_group_count" in options else spec[0]
    layout = sharding(mesh, (first, *(None,) * (x.ndim - 1)))
    return lax.conv_general_dilated(x, weight, precision=precision(), out_sharding=layout, **options)


def _convolution(x: Any, weight: Any, bias: Any = None, *, stride: Any, dilate: Any, pad: Any, groups: int) -> Any:
    ndim = x.ndim - 2
    out = _convolved(
        x,
        weight,
        window_strides=_ones(stride, ndim),
        padding=_pairs(pad, ndim),
        rhs_dilation=_ones(dilate, ndim),
        feature_group_count=groups,
    )
    return out if bias is None else out + jnp.reshape(bias, (-1, *(1,) * ndim))


def _deconvolution(x: Any, weight: Any, *, shape: Any, stride: Any, dilate: Any, pad: Any, groups: int) -> Any:
    ndim = x.ndim - 2
    kernel, counts = weight.shape[2:], x.shape[2:]
    steps, spread, around = _ones(stride, ndim), _ones(dilate, ndim), _pairs(pad, ndim)
    padding = []
    for n, k, m, s, d, (before, _) in zip(shape, kernel, counts, steps, spread, around, strict=True):
        low = d * (k - 1) - before
        padding.append((low, n - ((m - 1) * s + 1) - low + d * (k - 1)))
    o, inner = weight.shape[:2]
    turned = jnp.flip(weight, axis=tuple(range(2, weight.ndim))).reshape(groups, o // groups, inner, *kernel)
    turned = jnp.swapaxes(turned, 1, 2).reshape(groups * inner, o // groups, *kernel)
    return _convolved(
        x,
        turned,
        window_strides=(1,) * ndim,
        padding=padding,
        lhs_dilation=steps,
        rhs_dilation=spread,
        feature_group_count=groups,
    )


def _convolution_weight(x: Any, y: Any, *, kernel: Any, stride: Any, dilate: Any, pad: Any, groups: int) -> Any:
    ndim = x.ndim - 2
    steps, spread, around = _ones(stride, ndim), _ones(dilate, ndim), _pairs(pad, ndim)
    padding = [
        (before, d * (k - 1) + s * (m - 1) + 1 - n - before)
        for n, k, m, s, d, (before, _) in zip(x.shape[2:], kernel, y.shape[2:], steps, spread, around, strict=True)
    ]
    # The samples are what is summed over, so they take the place of the channels.
    space = "DHW"[3 - ndim :]
    return _convolved(
        x,
        y,
        window_strides=spread,
        padding=padding,
        rhs_dilation=steps,
        dimension_numbers=("CN" + space, "IO" + space, "CN" + space),
        batch_group_count=groups,
    )


# Pools, over the last axes


def _window(x: Any, kernel: Any, stride: Any, pad: Any, ceil: bool) -> tuple[Any, Any, Any]:
    """Windows, strides and padding for every axis of x, those that are not pooled included."""
    ndim = len(kernel)
    steps = tuple(kernel) if stride is None else tuple(stride)
    around = _pairs(pad, ndim)
    if ceil:  # so much more behind that a last window which only partly fits counts
        space = x.shape[x.ndim - ndim :]
        around = tuple(
            (before, after + -(n + before + after - k) % s)
            for n, k, s, (before, after) in zip(space, kernel, steps, around, strict=True)
        )
    front = x.ndim - ndim
    return (1,) * front + tuple(kernel), (1,) * front + steps, ((0, 0),) * front + around


def _max_pool(x: Any, *, kernel: Any, stride: Any, pad: Any, ceil: bool) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, *_window(x, kernel, stride, pad, ceil))


def _sum_pool(x: Any, *, kernel: Any, stride: Any, pad: Any, ceil: bool) -> Any:
    return lax.reduce_window(x, x.dtype.type(0), lax.add, *_window(x, kernel, stride, pad, ceil))


OF_MANY_STEPS = (
    *("average", "avg_pool", "cofactor", "cofactor_push", "cummax", "cummin", "depth_to_space", "diagflat"),
    *("diagonal", "diagonal_scatter", "diff", "fft", "fftn", "hfft", "ifft", "ifftn", "ihfft", "irfft", "irfftn"),
    *("log_softmax", "logsumexp", "max_pool_gather", "max_pool_spread", "median", "meshgrid", "multiply_or_zero"),
    *("nanmax", "nanmean", "nanmedian", "nanmin", "nanquantile", "nanstd", "nanvar", "normalize", "one_hot"),
    *("overlap_add", "pad", "patches", "power_below", "quantile", "repeat", "rfft", "rfftn", "roll"),
    *("root_of_squares", "softmax", "space_to_depth", "std", "tile", "trapezoid", "unstack", "var", "vector_norm"),
)
"""Ops whose bodies XLA compiles in one piece. They look at no value, and in those that promise bits nothing is added to
a product, which XLA would round once.
"""

KERNELS: Mapping[str, Callable[..., Any]] = {
    "convolution": _compiled("convolution", _convolution),
    "convolution_weight": _compiled("convolution_weight", _convolution_weight),
    "deconvolution": _compiled("deconvolution", _deconvolution),
    "max_pool": _compiled("max_pool", _max_pool),
    "sum_pool": _compiled("sum_pool", _sum_pool),
    **{name: _compiled(name) for name in OF_MANY_STEPS},
}
