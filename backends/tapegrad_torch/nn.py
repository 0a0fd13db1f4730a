"""Convolutions, and functions of rows, by PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch

import tapegrad
from tapegrad.op import registered

__all__ = ["KERNELS"]

_ROOM = {1: "conv1d", 2: "conv2d", 3: "conv3d"}


def _ones(given: Any, ndim: int) -> list[int]:
    return [1] * ndim if given is None else list(given)


def _even(pad: Any, ndim: int) -> list[int] | None:
    """How much lies around on each axis, where that is as much in front as behind; else None."""
    if pad is None:
        return [0] * ndim
    pairs = [(p, p) if isinstance(p, int) else tuple(p) for p in pad]
    return [before for before, _ in pairs] if all(before == behind for before, behind in pairs) else None


def _body(name: str, *args: Any, **keywords: Any) -> Any:
    return registered()[name].body(tapegrad.get_backend("torch").kernels, *args, **keywords)


def _fits(x: Any, weight: Any, groups: int) -> bool:
    """Whether it is a convolution that PyTorch knows; the op's body says what is wrong with any other."""
    return (
        x.dtype.is_floating_point
        and x.ndim == weight.ndim
        and x.ndim - 2 in _ROOM
        and x.numel() > 0
        and weight.numel() > 0
        and x.shape[1] == weight.shape[1] * groups
        and weight.shape[0] % groups == 0
    )


def _convolution(x: Any, weight: Any, bias: Any = None, **how: Any) -> Any:
    stride, dilate, pad, groups = how["stride"], how["dilate"], how["pad"], how["groups"]
    ndim = x.ndim - 2
    around = _even(pad, ndim)
    if around is None or not _fits(x, weight, groups):
        return _body("convolution", x, weight, bias, **how)
    try:
        convolve = getattr(torch.nn.functional, _ROOM[ndim])
        return convolve(x, weight, bias, _ones(stride, ndim), around, _ones(dilate, ndim), groups)
    except RuntimeError:
        return _body("convolution", x, weight, bias, **how)  # which says what is wrong in words of its own


def _backward(grad: Any, x: Any, weight: Any, how: Mapping[str, Any], around: Any, which: int) -> Any:
    ndim = grad.ndim - 2
    mask = [which == 0, which == 1, False]
    return torch.ops.aten.convolution_backward(
        grad,
        x,
        weight,
        None,
        _ones(how["stride"], ndim),
        around,
        _ones(how["dilate"], ndim),
        False,
        [0] * ndim,
        how["groups"],
        mask,
    )[which]


def _agrees(shape: Any, kernel: Any, counts: Any, around: Any, how: Mapping[str, Any]) -> bool:
    """Whether windows of that kernel over a space of that shape are as many as counted."""
    ndim = len(counts)
    facts = zip(shape, kernel, counts, around, _ones(how["stride"], ndim), _ones(how["dilate"], ndim), strict=True)
    return all((n + 2 * p - d * (k - 1) - 1) // s + 1 == m for n, k, m, p, s, d in facts)


def _deconvolution(x: Any, weight: Any, *, shape: Any, **how: Any) -> Any:
    ndim = x.ndim - 2
    around = _even(how["pad"], ndim)
    fits = around is not None and x.dtype.is_floating_point and ndim in _ROOM and x.numel() > 0 and weight.numel() > 0
    if not fits or x.shape[1] != weight.shape[0] or not _agrees(shape, weight.shape[2:], x.shape[2:], around, how):
        return _body("deconvolution", x, weight, shape=shape, **how)
    whole = torch.empty((x.shape[0], weight.shape[1] * how["groups"], *shape), dtype=x.dtype, device=x.device)
    return _backward(x, whole, weight, how, around, 0)


def _convolution_weight(x: Any, y: Any, *, kernel: Any, **how: Any) -> Any:
    ndim = x.ndim - 2
    around = _even(how["pad"], ndim)
    groups = how["groups"]
    fits = around is not None and x.dtype.is_floating_point and ndim in _ROOM and x.numel() > 0 and y.numel() > 0
    fits = fits and x.shape[0] == y.shape[0] and not x.shape[1] % groups
    if not fits or not _agrees(x.shape[2:], kernel, y.shape[2:], around, how):
        return _body("convolution_weight", x, y, kernel=kernel, **how)
    weight = torch.empty((y.shape[1], x.shape[1] // groups, *kernel), dtype=x.dtype, device=x.device)
    return _backward(y, x, weight, how, around, 1)


# Rows


def _of_rows(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """PyTorch's own over one axis of real numbers, in one pass over memory; else the op's body."""

    def kernel(x: Any, *, axis: Any = -1) -> Any:
        if axis.__class__ is int and -x.ndim <= axis < x.ndim and x.dtype.is_floating_point:
            return function(x, axis)
        return _body(name, x, axis=axis)

    kernel.__name__ = name
    return kernel


KERNELS: Mapping[str, Callable[..., Any]] = {
    "convolution": _convolution,
    "convolution_weight": _convolution_weight,
    "deconvolution": _deconvolution,
    "softmax": _of_rows("softmax", torch.softmax),
}
