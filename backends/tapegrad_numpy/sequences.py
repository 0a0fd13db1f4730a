"""Convolutions of one long sequence with another, on NumPy: without a copy of every window.

The windows of a sequence of n, all laid out, take n squared numbers where the other sequence is as long. NumPy's
`correlate` and `convolve` go along them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import tapegrad
from tapegrad.op import registered

__all__ = ["KERNELS"]

LONG = 64
"""From how many elements of a window on; shorter ones are faster in one product."""


def _body(name: str) -> Callable[..., Any]:
    def call(*args: Any, **keywords: Any) -> Any:
        return registered()[name].body(tapegrad.get_backend("numpy").kernels, *args, **keywords)

    return call


_convolution, _deconvolution, _convolution_weight = map(_body, ("convolution", "deconvolution", "convolution_weight"))


def _is_long(x: Any, length: int, keywords: Mapping[str, Any]) -> bool:
    """Whether one sequence of one channel meets a long window that goes along it by single steps."""
    steps = (keywords.get("stride"), keywords.get("dilate"))
    plain = keywords.get("groups", 1) == 1 and all(step in (None, (1,)) for step in steps)
    pad = keywords.get("pad")
    unpadded = pad in (None, (0,), ((0, 0),))
    return x.ndim == 3 and x.shape[:2] == (1, 1) and length >= LONG and plain and unpadded


def _correlated(x: Any, y: Any) -> Any:
    return np.correlate(x, y.conj() if y.dtype.kind == "c" else y, "valid")


def convolution(x: Any, weight: Any, bias: Any = None, **keywords: Any) -> Any:
    """`tapegrad.ops.nn.convolution`."""
    fits = weight.ndim == 3 and weight.shape[:2] == (1, 1) and weight.shape[-1] <= x.shape[-1]
    if not (fits and bias is None and _is_long(x, weight.shape[-1], keywords)):
        return _convolution(x, weight, bias, **keywords)
    return _correlated(x[0, 0], weight[0, 0])[None, None]


def deconvolution(x: Any, weight: Any, *, shape: tuple[int, ...], **keywords: Any) -> Any:
    """`tapegrad.ops.nn.deconvolution`."""
    fits = weight.ndim == 3 and weight.shape[:2] == (1, 1) and x.shape[-1] + weight.shape[-1] - 1 == shape[0]
    if not (fits and _is_long(x, weight.shape[-1], keywords)):
        return _deconvolution(x, weight, shape=shape, **keywords)
    return np.convolve(x[0, 0], weight[0, 0])[None, None]


def convolution_weight(x: Any, y: Any, *, kernel: tuple[int, ...], **keywords: Any) -> Any:
    """`tapegrad.ops.nn.convolution_weight`."""
    fits = y.ndim == 3 and y.shape[:2] == (1, 1) and y.shape[-1] + kernel[0] - 1 == x.shape[-1]
    if not (fits and _is_long(x, kernel[0], keywords)):
        return _convolution_weight(x, y, kernel=kernel, **keywords)
    return _correlated(x[0, 0], y[0, 0])[None, None]


KERNELS: Mapping[str, Callable[..., Any]] = {
    "convolution": convolution,
    "convolution_weight": convolution_weight,
    "deconvolution": deconvolution,
}
