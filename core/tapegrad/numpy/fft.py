"""Discrete Fourier transforms: the standard's `fft` extension."""

from __future__ import annotations

from typing import Any

import numpy as host

from ..array import Array
from ..kernels import OPS
from .creation import asarray, make

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _one(name: str, doc: str) -> Any:
    def transform(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
        found: Array = OPS[name].call(asarray(a), n=n, axis=axis, norm=norm or "backward")
        return found

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = doc
    return transform


def _many(name: str, doc: str) -> Any:
    def transform(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> Array:
        found: Array = OPS[name].call(
            asarray(a),
            s=None if s is None else tuple(s),
            axes=None if axes is None else tuple(axes),
            norm=norm or "backward",
        )
        return found

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = doc
    return transform


fft = _one("fft", "The discrete Fourier transform along an axis, of n elements.")
ifft = _one("ifft", "The inverse of `fft`.")
rfft = _one("rfft", "The first half of the transform of real numbers, which determines the other.")
irfft = _one("irfft", "The inverse of `rfft`: real numbers, n of them.")
hfft = _one("hfft", "The real transform of numbers whose other half is their conjugate.")
ihfft = _one("ihfft", "The inverse of `hfft`.")
fftn = _many("fftn", "The transform along several axes.")
ifftn = _many("ifftn", "The inverse of `fftn`.")
rfftn = _many("rfftn", "The transform of real numbers along several axes, halved along the last.")
irfftn = _many("irfftn", "The inverse of `rfftn`.")


def fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """The transform along two axes."""
    found: Array = fftn(a, s=s, axes=axes, norm=norm)
    return found


def ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """The inverse of `fft2`."""
    found: Array = ifftn(a, s=s, axes=axes, norm=norm)
    return found


def rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """The transform of real numbers along two axes, halved along the last."""
    found: Array = rfftn(a, s=s, axes=axes, norm=norm)
    return found


def irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None) -> Array:
    """The inverse of `rfft2`."""
    found: Array = irfftn(a, s=s, axes=axes, norm=norm)
    return found


def _shifted(x: Any, axes: Any, back: bool) -> Array:
    x = asarray(x)
    axes = tuple(range(x.ndim)) if axes is None else (axes,) if isinstance(axes, int) else tuple(axes)
    shift = tuple(-(x.shape[a] // 2) if back else x.shape[a] // 2 for a in axes)
    found: Array = OPS["roll"].call(x, shift=shift, axis=axes)
    return found


def fftshift(x: Any, axes: Any = None) -> Array:
    """The zero frequency moved to the middle."""
    return _shifted(x, axes, back=False)


def ifftshift(x: Any, axes: Any = None) -> Array:
    """The inverse of `fftshift`."""
    return _shifted(x, axes, back=True)


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Array:
    """The frequencies of `fft`, for samples `d` apart."""
    return make(host.fft.fftfreq(n, d), dtype or _default(), device)


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Array:
    """The frequencies of `rfft`, for samples `d` apart."""
    return make(host.fft.rfftfreq(n, d), dtype or _default(), device)


def _default() -> Any:
    from ..dtypes import get_default_dtype

    return get_default_dtype()
