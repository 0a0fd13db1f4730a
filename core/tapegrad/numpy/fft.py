"""Discrete Fourier transforms: the standard's `fft` extension."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as host

from ..engines.tables import OPS
from ..errors import ArgumentError
from ..ops import fft as ops
from .arguments import asarray, make
from .names import publish

if TYPE_CHECKING:
    from ..typing import ArrayLike, Axes, Device, DTypeLike, ShapeLike
    from .arrays import ndarray


def _one(name: str, doc: str) -> Callable[..., ndarray]:
    def transform(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> ndarray:
        found: ndarray = OPS[name].call(asarray(a), n=n, axis=axis, norm=norm or "backward")
        return found

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = doc
    return transform


def _many(name: str, doc: str) -> Callable[..., ndarray]:
    def transform(a: Any, s: Any = None, axes: Any = None, norm: str | None = None) -> ndarray:
        found: ndarray = OPS[name].call(
            asarray(a),
            s=s if s is None or isinstance(s, int) else tuple(s),
            axes=axes if axes is None or isinstance(axes, int) else tuple(axes),
            norm=norm or "backward",
        )
        return found

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = doc
    return transform


fft = _one(
    "fft",
    """The discrete Fourier transform along an axis, of n elements.

    Shapes: that of `a` with n along `axis`.
    Dtypes: complex, of the precision of `a`; integers become the default float first.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for a length below 1, `ValueError` for another
    `norm`.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> tnp.fft.fft([1.0, 2.0])
    Array([ 3.+0.j, -1.+0.j], dtype=complex64)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.abs(tnp.fft.fft(x)) ** 2))(tnp.asarray([1.0, 2.0]))
    Array([4., 8.], dtype=float32)
    """,
)
ifft = _one(
    "ifft",
    """The inverse of `fft`.

    Shapes: as `fft`.
    Dtypes: as `fft`.
    Raises: as `fft`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.ifft([3.0, -1.0]).real
    Array([1., 2.], dtype=float32)
    """,
)
rfft = _one(
    "rfft",
    """The first half of the transform of real numbers, which determines the other.

    Shapes: that of `a` with n // 2 + 1 along `axis`.
    Dtypes: real; complex ones of that precision come out.
    Raises: as `fft`; `DtypeError` for complex numbers.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.rfft([1.0, 2.0, 3.0, 4.0])
    Array([10.+0.j, -2.+2.j, -2.+0.j], dtype=complex64)
    """,
)
irfft = _one(
    "irfft",
    """The inverse of `rfft`: real numbers, n of them.

    Shapes: that of `a` with n along `axis`, 2 (m - 1) if not given, for m elements.
    Dtypes: any; real numbers of that precision come out.
    Raises: as `fft`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.irfft([10.0, -2.0 + 2.0j, -2.0])
    Array([1., 2., 3., 4.], dtype=float32)
    """,
)
hfft = _one(
    "hfft",
    """The real transform of numbers whose other half is their conjugate.

    Shapes: that of `a` with n along `axis`, 2 (m - 1) if not given, for m elements.
    Dtypes: any; real numbers of that precision come out.
    Raises: as `fft`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.hfft([2.5, -0.5 - 0.5j, -0.5])
    Array([1., 2., 3., 4.], dtype=float32)
    """,
)
ihfft = _one(
    "ihfft",
    """The inverse of `hfft`.

    Shapes: that of `a` with n // 2 + 1 along `axis`.
    Dtypes: real; complex ones of that precision come out.
    Raises: as `fft`; `DtypeError` for complex numbers.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.ihfft([1.0, 2.0, 3.0, 4.0]).real
    Array([ 2.5, -0.5, -0.5], dtype=float32)
    """,
)
fftn = _many(
    "fftn",
    """The transform along several axes.

    Shapes: that of `a` with `s[i]` along `axes[i]`; `s` alone is about the last axes.
    Dtypes: complex, of the precision of `a`; integers become the default float first.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for one named twice or lengths that do not fit,
    `TypeError` for an int in the place of a tuple, `ValueError` for another `norm`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.fftn([[1.0, 2.0], [3.0, 4.0]]).real
    Array([[10., -2.],
           [-4.,  0.]], dtype=float32)
    """,
)
ifftn = _many(
    "ifftn",
    """The inverse of `fftn`.

    Shapes: as `fftn`.
    Dtypes: as `fftn`.
    Raises: as `fftn`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.ifftn([[10.0, -2.0], [-4.0, 0.0]]).real
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """,
)
rfftn = _many(
    "rfftn",
    """The transform of real numbers along several axes, halved along the last.

    Shapes: that of `a` with `s[i]` along `axes[i]`, and s // 2 + 1 along the last of them.
    Dtypes: real; complex ones of that precision come out.
    Raises: as `fftn`; `DtypeError` for complex numbers.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.rfftn(tnp.ones((4, 6))).shape
    (4, 4)
    """,
)
irfftn = _many(
    "irfftn",
    """The inverse of `rfftn`.

    Shapes: that of `a` with `s[i]` along `axes[i]`; along the last of them 2 (m - 1) if not given, for m elements.
    Dtypes: any; real numbers of that precision come out.
    Raises: as `fftn`.

    >>> import tapegrad.numpy as tnp
    >>> tnp.fft.irfftn(tnp.ones((4, 4))).shape
    (4, 6)
    """,
)


def fft2(a: ArrayLike, s: ShapeLike | None = None, axes: Axes = (-2, -1), norm: str | None = None) -> ndarray:
    """The transform along two axes.

    Shapes: as `fftn`, over `axes`.
    Dtypes: as `fftn`.
    Raises: as `fftn`.

    >>> tnp.fft.fft2([[1.0, 2.0], [3.0, 4.0]]).real
    Array([[10., -2.],
           [-4.,  0.]], dtype=float32)
    """
    return fftn(a, s=s, axes=axes, norm=norm)


def ifft2(a: ArrayLike, s: ShapeLike | None = None, axes: Axes = (-2, -1), norm: str | None = None) -> ndarray:
    """The inverse of `fft2`.

    Shapes: as `ifftn`, over `axes`.
    Dtypes: as `ifftn`.
    Raises: as `fftn`.

    >>> tnp.fft.ifft2([[10.0, -2.0], [-4.0, 0.0]]).real
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return ifftn(a, s=s, axes=axes, norm=norm)


def rfft2(a: ArrayLike, s: ShapeLike | None = None, axes: Axes = (-2, -1), norm: str | None = None) -> ndarray:
    """The transform of real numbers along two axes, halved along the last.

    Shapes: as `rfftn`, over `axes`.
    Dtypes: as `rfftn`.
    Raises: as `rfftn`.

    >>> tnp.fft.rfft2(tnp.ones((4, 6))).shape
    (4, 4)
    """
    return rfftn(a, s=s, axes=axes, norm=norm)


def irfft2(a: ArrayLike, s: ShapeLike | None = None, axes: Axes = (-2, -1), norm: str | None = None) -> ndarray:
    """The inverse of `rfft2`.

    Shapes: as `irfftn`, over `axes`.
    Dtypes: as `irfftn`.
    Raises: as `fftn`.

    >>> tnp.fft.irfft2(tnp.ones((4, 4))).shape
    (4, 6)
    """
    return irfftn(a, s=s, axes=axes, norm=norm)


def fftshift(x: ArrayLike, axes: Axes | None = None) -> ndarray:
    """The zero frequency moved to the middle.

    Raises: `AxisError` for an axis that is not there.

    >>> tnp.fft.fftshift([0, 1, 2, -2, -1])
    Array([-2, -1,  0,  1,  2], dtype=int64)
    """
    found: ndarray = ops.fftshift(asarray(x), axes)
    return found


def ifftshift(x: ArrayLike, axes: Axes | None = None) -> ndarray:
    """The inverse of `fftshift`.

    Raises: `AxisError` for an axis that is not there.

    >>> tnp.fft.ifftshift([-2, -1, 0, 1, 2])
    Array([ 0,  1,  2, -2, -1], dtype=int64)
    """
    found: ndarray = ops.ifftshift(asarray(x), axes)
    return found


def fftfreq(n: int, d: float = 1.0, *, dtype: DTypeLike | None = None, device: Device | None = None) -> ndarray:
    """The frequencies of `fft`, for samples `d` apart.

    Shapes: (n,).
    Raises: `ValueError` for no samples, or samples that fall together.

    >>> tnp.fft.fftfreq(4, d=0.5)
    Array([ 0. ,  0.5, -1. , -0.5], dtype=float32)
    """
    _check_samples("fftfreq", n, d)
    return make(host.fft.fftfreq(n, d), dtype or _default(), device)


def rfftfreq(n: int, d: float = 1.0, *, dtype: DTypeLike | None = None, device: Device | None = None) -> ndarray:
    """The frequencies of `rfft`, for samples `d` apart.

    Shapes: (n // 2 + 1,).
    Raises: `ValueError` for no samples, or samples that fall together.

    >>> tnp.fft.rfftfreq(4, d=0.5)
    Array([0. , 0.5, 1. ], dtype=float32)
    """
    _check_samples("rfftfreq", n, d)
    return make(host.fft.rfftfreq(n, d), dtype or _default(), device)


def _check_samples(name: str, n: int, d: float) -> None:
    if n < 1 or not d:
        raise ArgumentError(
            f"{name}: {n} samples, {d} apart; there must be at least one, and they must not fall together"
        )


def _default() -> Any:
    from ..dtypes import get_default_dtype

    return get_default_dtype()


publish(__name__)
