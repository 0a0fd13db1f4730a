"""PyTorch's own spelling of ops: without the wrappers of the array API, and its index arrays, sums at repeated places,
products of windows and softmax.

None of them waits for the device but those whose shapes depend on numbers. Of several values written to one place any
may stay, and what CUDA makes of an index beyond the end is PyTorch's affair: it stops the process's work on the device.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

import tapegrad
from tapegrad.op import registered
from tapegrad.ops.indexing import AT

from . import nn

__all__ = ["KERNELS"]


def _body(name: str, *args: Any, **keywords: Any) -> Any:
    """The op's own body on tensors, for what PyTorch's function does not do."""
    kernels = tapegrad.get_backend("torch").kernels
    op = registered()[name]
    return op.body(kernels.standard if op.primitive else kernels, *args, **keywords)


# Functions of each element


def _of_two(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of two tensors, of which formulas may give one as a number."""

    def kernel(x: Any, y: Any) -> Any:
        if y.__class__ is not torch.Tensor and not isinstance(y, torch.Tensor):
            y = torch.tensor(y, dtype=x.dtype)
        elif x.__class__ is not torch.Tensor and not isinstance(x, torch.Tensor):
            x = torch.tensor(x, dtype=y.dtype)
        return function(x, y)

    kernel.__name__ = function.__name__
    return kernel


def _divide(x: Any, y: Any) -> Any:
    return torch.div(x, y)


def _power(x: Any, y: Any) -> Any:
    found = torch.pow(x, y)
    if found.is_complex() and isinstance(y, torch.Tensor):
        return torch.where(y == 0, 1, found)  # PyTorch's is not a number where x is 0 as well
    return found


def _round(x: Any, *, decimals: int = 0) -> Any:
    if decimals or not x.dtype.is_floating_point:
        return _body("round", x, decimals=decimals)
    return torch.round(x)


def _relu(x: Any) -> Any:
    return torch.relu(x)


def _sigmoid(x: Any) -> Any:
    return torch.sigmoid(x)


def _sech_square(x: Any) -> Any:
    if not x.dtype.is_floating_point:
        return _body("sech_square", x)
    decay = torch.abs(x).mul_(-2).exp_()  # in two pieces of memory
    half = decay + 1
    return decay.mul_(4).div_(half.mul_(half))


def _multiply_or_zero(x: Any, y: Any) -> Any:
    out = x * y
    if out.device.type != "cpu":  # there is no looking at numbers without waiting
        return torch.where((out != out) & ((x == 0) | ((y == 0) & (y == y) & (x == x))), 0, out)
    # Nearly always all is finite, and then it is a product.
    if math.isfinite(abs(out.sum().item())):
        return out
    return torch.where((out != out) & ((x == 0) | ((y == 0) & (x == x))), 0, out)


def _astype(x: Any, *, dtype: Any) -> Any:
    native = dtype if isinstance(dtype, torch.dtype) else tapegrad.get_backend("torch").native_dtype(dtype)
    if x.dtype is native:
        return x
    if x.is_complex() and not native.is_complex:
        x = x != 0 if native is torch.bool else torch.real(x)
    elif native is torch.bool:
        x = x != 0
    return x.to(native)


# Reductions


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that `axis` names, all for None. PyTorch lets 0 and -1 pass where there is none."""
    axes: tuple[int, ...] = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for one in axes:
        if not -ndim <= one < ndim:
            raise tapegrad.errors.AxisError(f"axis {one} is out of range for an array of {ndim} axes")
    return axes


def _sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if not (x.dtype.is_floating_point or x.is_complex()):
        return _body("sum", x, axis=axis, keepdims=keepdims)
    if axis is None and not keepdims:
        return x.sum()
    if axis == ():
        return x.clone()
    return torch.sum(x, _axes(axis, x.ndim), keepdim=keepdims)


def _mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    if axis == ():
        return x.clone()
    return x.mean() if axis is None and not keepdims else torch.mean(x, _axes(axis, x.ndim), keepdim=keepdims)


def _extreme(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def kernel(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        axes = _axes(axis, x.ndim)
        if any(not x.shape[a] for a in axes):
            raise tapegrad.errors.ShapeError(f"{name} of no elements: the shape is {tuple(x.shape)}, the axis {axis}")
        return function(x, axes, keepdim=keepdims) if axes else x.clone()

    kernel.__name__ = name
    return kernel


def _count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    filled = x != 0
    return filled.to(torch.int64) if axis == () else torch.sum(filled, _axes(axis, x.ndim), keepdim=keepdims)


def _unbroadcast(x: Any, *, shape: tuple[int, ...]) -> Any:
    return x if x.shape == shape else x.sum_to_size(shape)


def _matmul(x: Any, y: Any) -> Any:
    if not (x.ndim and y.ndim):
        raise tapegrad.errors.ShapeError(
            f"matmul takes arrays with axes, not of shapes {tuple(x.shape)}, {tuple(y.shape)}"
        )
    return torch.matmul(x, y)


# Shapes


def _reshape(x: Any, *, shape: tuple[int, ...]) -> Any:
    if min(shape, default=0) < 0:
        raise tapegrad.errors.ShapeError(f"the shape {tuple(shape)} has negative lengths")
    return x.reshape(shape)


def _broadcast_to(x: Any, *, shape: tuple[int, ...]) -> Any:
    return x.expand(shape)


def _permute_dims(x: Any, *, axes: tuple[int, ...]) -> Any:
    return x.permute(axes)


def _concat(*arrays: Any, axis: int = 0) -> Any:
    if any(not x.ndim for x in arrays):
        raise tapegrad.errors.ShapeError("arrays of no axes cannot be joined along one; stack them")
    if any(x.ndim != arrays[0].ndim for x in arrays):
        shapes = ", ".join(str(tuple(x.shape)) for x in arrays)
        raise tapegrad.errors.ShapeError(
            f"arrays that are joined have as many axes as each other; the shapes are {shapes}"
        )
    return torch.cat(arrays, dim=axis)


def _stack(*arrays: Any, axis: int = 0) -> Any:
    return torch.stack(arrays, dim=axis)


def _flip(x: Any, *, axis: Any = None) -> Any:
    return torch.flip(x, _axes(axis, x.ndim))


def _filled(x: Any, *, shape: Any, value: Any) -> Any:
    return torch.full(shape, value, dtype=x.dtype, device=x.device)


# Reading and writing at a key


def _is_plain(key: tuple[Any, ...]) -> bool:
    """Whether no slice goes backwards, which PyTorch's do not."""
    return not any(part.__class__ is slice and part.step is not None and part.step < 1 for part in key)


def _split(key: tuple[Any, ...], indices: Sequence[Any], like: Any, ndim: int) -> tuple[tuple[Any, ...], list[Any]]:
    """A key with index arrays as a read of what is none, and the index arrays for the axes of what that leaves.

    A whole number beside index arrays is one too, as NumPy has it.
    """
    counted = sum(part is not None and part is not Ellipsis for part in key)
    rest = (slice(None),) * (ndim - counted)
    if Ellipsis in [part for part in key if part is Ellipsis]:
        at = next(i for i, part in enumerate(key) if part is Ellipsis)
        key = (*key[:at], *rest, *key[at + 1 :])
    else:
        key = (*key, *rest)
    given = iter(indices)
    basic: list[Any] = []
    index: list[Any] = []
    for part in key:
        if part is AT:
            place = next(given)
            index.append(place if place.dtype is torch.int64 else place.to(torch.int64))
            basic.append(slice(None))
        elif part.__class__ is int:
            index.append(torch.tensor(part, device=like.device))
            basic.append(slice(None))
        else:
            index.append(None)
            basic.append(part)
    while index and index[-1] is None:
        index.pop()
    return tuple(basic), index


def _getitem(x: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    if not _is_plain(key):
        return _body("getitem", x, *indices, key=key)
    if not indices:
        return x[key]
    basic, index = _split(key, indices, x, x.ndim)
    return torch.ops.aten.index(x[basic], index)


def _scatter_add(values: Any, *indices: Any, key: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    if not _is_plain(key):
        return _body("scatter_add", values, *indices, key=key, shape=shape)
    out = torch.zeros(shape, dtype=values.dtype, device=values.device)
    if not indices:
        out[key] = values
        return out
    basic, index = _split(key, indices, values, len(shape))
    torch.ops.aten.index_put_(out[basic], index, values, True)
    return out


def _setitem(x: Any, values: Any, *indices: Any, key: tuple[Any, ...]) -> Any:
    if not _is_plain(key):
        return _body("setitem", x, values, *indices, key=key)
    out = x.clone(memory_format=torch.contiguous_format)
    if not indices:
        out[key] = values
        return out
    basic, index = _split(key, indices, x, x.ndim)
    while values.ndim and values.shape[0] == 1:
        values = values[0]  # which may have more axes than there is room for
    torch.ops.aten.index_put_(out[basic], index, values)
    return out


def _take(x: Any, indices: Any, *, axis: int) -> Any:
    return _getitem(x, indices, key=(*(slice(None),) * (axis % x.ndim if -x.ndim <= axis < x.ndim else axis), AT))


def _picked(index: Any, shape: tuple[int, ...], axis: int, mode: str) -> tuple[Any, int]:
    """The places that `pick` picks from an array of that shape, with that axis of length one."""
    if not -len(shape) <= axis < len(shape):
        raise tapegrad.errors.AxisError(f"axis {axis} is out of range for an array of {len(shape)} axes")
    if mode not in ("clip", "wrap"):
        raise tapegrad.errors.ArgumentError(f"mode is {mode!r}; choose 'clip' or 'wrap'")
    axis %= len(shape)
    places = index.to(torch.int64).reshape((*shape[:axis], 1, *shape[axis + 1 :]))
    return places % shape[axis] if mode == "wrap" else places.clamp(0, shape[axis] - 1), axis


def _pick(x: Any, index: Any, *, axis: int = -1, keepdims: bool = False, mode: str = "clip") -> Any:
    places, axis = _picked(index, x.shape, axis, mode)
    picked = torch.gather(x, axis, places)
    return picked if keepdims else picked.squeeze(axis)


def _pick_spread(
    values: Any, index: Any, *, shape: Any, axis: int = -1, keepdims: bool = False, mode: str = "clip"
) -> Any:
    places, axis = _picked(index, shape, axis, mode)
    out = torch.zeros(shape, dtype=values.dtype, device=values.device)
    return out.scatter_(axis, places, values.reshape(places.shape))


def _positions(x: Any, *, shape: tuple[int, ...]) -> Any:
    return torch.arange(math.prod(shape), device=x.device).reshape(shape)


def _index_table(x: Any, *, values: tuple[int, ...]) -> Any:
    return torch.tensor(values, dtype=torch.int64, device=x.device)


def _true_places(mask: Any) -> Any:
    return torch.nonzero(mask, as_tuple=True) if mask.ndim else ()


# Special functions: SciPy's for the host's memory, PyTorch's own on other devices


def _transform(name: str) -> Callable[..., Any]:
    """A Fourier transform, also of no rows, which PyTorch's refuses on the CPU."""

    def kernel(x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
        if x.numel() or not x.ndim or not x.shape[axis]:
            return _body(name, x, n=n, axis=axis, norm=norm)
        row = torch.zeros([length or 1 for length in x.shape], dtype=x.dtype, device=x.device)
        found = _body(name, row, n=n, axis=axis, norm=norm)
        at = axis % x.ndim
        shape = [length if i == at else x.shape[i] for i, length in enumerate(found.shape)]
        return found.new_zeros(shape)

    kernel.__name__ = name
    return kernel


def _special(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
    def kernel(*arrays: Any) -> Any:
        return _body(name, *arrays) if arrays[0].device.type == "cpu" else own(*arrays)

    kernel.__name__ = name
    return kernel


_SAME_NAME = (
    *("abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "exp", "exp2", "expm1"),
    *("floor", "isfinite", "isinf", "isnan", "log", "log10", "log2", "logical_not", "negative", "positive"),
    *("reciprocal", "rsqrt", "signbit", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc"),
)

_OF_TWO = {
    **{name: name for name in ("atan2", "copysign", "hypot", "logaddexp", "maximum", "minimum", "nextafter")},
    **{"fmax": "fmax", "fmin": "fmin"},
    "maximum_first": "maximum",
    "minimum_first": "minimum",
}

_OPERATORS = {
    **{"add": "add", "subtract": "sub", "multiply": "mul", "equal": "eq", "not_equal": "ne"},
    **{"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "where": "where"},
    **{"logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor"},
    **{"zeros_like": "zeros_like", "ones_like": "ones_like"},
}

KERNELS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(torch, name) for name in _SAME_NAME},
    **{name: _of_two(getattr(torch, own)) for name, own in _OF_TWO.items()},
    **{name: getattr(torch, own) for name, own in _OPERATORS.items()},
    "astype": _astype,
    "broadcast_to": _broadcast_to,
    "concat": _concat,
    "conj": torch.conj_physical,
    "divide": _divide,
    "filled": _filled,
    "flip": _flip,
    "getitem": _getitem,
    "index_table": _index_table,
    "matmul": _matmul,
    "count_nonzero": _count_nonzero,
    "max": _extreme("max", torch.amax),
    "mean": _mean,
    "min": _extreme("min", torch.amin),
    "multiply_or_zero": _multiply_or_zero,
    "permute_dims": _permute_dims,
    "pick": _pick,
    "pick_spread": _pick_spread,
    "positions": _positions,
    "power": _power,
    "relu": _relu,
    "reshape": _reshape,
    "round": _round,
    "scatter_add": _scatter_add,
    "sech_square": _sech_square,
    "setitem": _setitem,
    "sigmoid": _sigmoid,
    "stack": _stack,
    "sum": _sum,
    "take": _take,
    "true_places": _true_places,
    "unbroadcast": _unbroadcast,
    **{
        name: _special(name, own)
        for name, own in {
            "digamma": torch.special.digamma,
            "erf": torch.special.erf,
            "erfc": torch.special.erfc,
            "erfinv": torch.special.erfinv,
            "gammainc": torch.special.gammainc,
            "gammaincc": torch.special.gammaincc,
            "gammaln": torch.special.gammaln,
            "i0": torch.special.i0,
            "i0e": torch.special.i0e,
            "i1": torch.special.i1,
            "i1e": torch.special.i1e,
            "logit": torch.special.logit,
            "zeta": torch.special.zeta,
        }.items()
    },
    **{name: _transform(name) for name in ("fft", "ifft", "rfft", "irfft")},
    **nn.KERNELS,
}
