"""Fourier transforms: linear, and nearly their own transposes.

`norm` says where the factor 1/n goes: "backward" (into the inverse), "forward", or "ortho" (its root into both).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..engines.tables import RECORDED
from ..errors import ArgumentError, ArgumentTypeError, AxisError, DtypeError, ShapeError
from ..op import linear
from ..op.batching import InFront
from ..op.samples import Draw, normal
from .indexing import axis_of, over_axes

_OTHER_NORM = {"backward": "forward", "ortho": "ortho", "forward": "backward", None: "forward"}
_FLOAT_BITS = 32


def _real_draw(*shape: int) -> Draw:
    """Real numbers, whatever the dtype that is judged."""
    return normal(*shape).then(lambda x: x.real)


def _length(name: str, x: Any, n: int | None, axis: int) -> int:
    """The length of a transform. Raises `ShapeError` for a missing axis or a length below 1."""
    if not -x.ndim <= axis < x.ndim:
        raise AxisError(f"{name}(): an array of shape {tuple(x.shape)} has no axis {axis}")
    length = int(x.shape[axis]) if n is None else n
    if length < 1:
        raise ShapeError(f"{name}() of length {length} along axis {axis} of shape {tuple(x.shape)}")
    return length


def _check_norm(norm: Any) -> str:
    if norm not in _OTHER_NORM:
        raise ArgumentError(f"norm is {norm!r}; choose 'backward', 'ortho' or 'forward'")
    return norm or "backward"


def _complex(xp: Any, x: Any) -> Any:
    """x as complex numbers of its precision, in the engine's own words."""
    if xp.isdtype(x.dtype, "complex floating"):
        return x
    return xp.astype(x, xp.complex64 if xp.finfo(x.dtype).bits <= _FLOAT_BITS else xp.complex128)


def _single(xp: Any, x: Any) -> Any:
    """Real numbers in single precision at the least, in the engine's own words: half is transformed by NumPy in single
    and by few other engines at all.
    """
    return x if xp.finfo(x.dtype).bits >= _FLOAT_BITS else xp.astype(x, xp.float32)


def _whole(xp: Any, half: Any, n: int, axis: int) -> Any:
    """The spectrum of real numbers from its half, of which the other is the mirror; in the engine's own words."""
    before = (slice(None),) * (axis % half.ndim)
    mirrored = half[(*before, slice(1, n - n // 2), ...)]
    return xp.concat([half, xp.flip(xp.conj(mirrored), axis=axis)], axis=axis)


def _real_only(xp: Any, name: str, x: Any) -> Any:
    if xp.isdtype(x.dtype, "complex floating"):
        raise DtypeError(f"{name}() takes real numbers, not {x.dtype}; use fft, or take the real part first")
    return x


def _resized(xp: Any, x: Any, axis: int, length: int) -> Any:
    """x cut or filled up with zeros behind, along an axis."""
    axis %= x.ndim
    if x.shape[axis] > length:
        return xp.getitem(x, key=(*(slice(None),) * axis, slice(0, length)))
    if x.shape[axis] < length:
        shape = (*x.shape[:axis], length - x.shape[axis], *x.shape[axis + 1 :])
        return xp.concat(x, xp.filled(x, shape=shape, value=0), axis=axis)
    return x


def _of_kind(xp: Any, g: Any, spec: Any) -> Any:
    """A cotangent as one of an input that is real or complex."""
    if xp.isdtype(spec.dtype, "complex floating"):
        return g
    g = xp.real(g)
    return g if xp.isdtype(g.dtype, spec.dtype) else xp.astype(g, dtype=spec.dtype)


def _transposed(name: str) -> Callable[..., Any]:
    """The transpose of fft or ifft: the same on as many elements, cut or filled up to those that went in."""

    def transpose(xp: Any, g: Any, x: Any, n: Any, axis: int, norm: Any) -> Any:
        # A real g is the tangent's mirror of a real x where the sweep goes forward through the transpose.
        found = getattr(xp, name)(g, n=None, axis=axis, norm=norm)
        return _of_kind(xp, _resized(xp, found, axis, x.shape[axis]), x)

    return transpose


_ALONG = [
    (normal(4),),
    ((normal(3, 5),), {"axis": 0}),
    ((normal(3, 4),), {"n": 6}),
    ((normal(2, 5),), {"n": 3, "norm": "ortho"}),
    ((normal(2, 3, 2),), {"axis": -2, "norm": "forward"}),
    (normal(1),),
    (normal(0, 3),),
]
_BAD_ALONG = [(normal(),), ((normal(3),), {"axis": 1}), ((normal(3),), {"n": 0}), (normal(0),)]


@linear(
    x=_transposed("fft"),
    floats=True,
    batch=over_axes,
    accuracy="I3",
    primitive="fft.fft",
    samples=_ALONG,
    errors=_BAD_ALONG,
)
def fft(xp: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """The Fourier transform along an axis, of n elements: x cut, or filled up with zeros.

    Shapes: that of `x` with n along `axis`.
    Dtypes: complex, of the precision of `x`; integers become the default float first.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for a length below 1, `ValueError` for another
    `norm`.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> fft(tnp.asarray([1.0, 2.0]))
    Array([ 3.+0.j, -1.+0.j], dtype=complex64)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.abs(fft(x)) ** 2))(tnp.asarray([1.0, 2.0]))
    Array([4., 8.], dtype=float32)
    """
    n = _length("fft", x, n, axis)
    norm = _check_norm(norm)
    if not xp.isdtype(x.dtype, "complex floating"):
        return _whole(xp, xp.fft.rfft(_single(xp, x), n=n, axis=axis, norm=norm), n, axis)
    return xp.fft.fft(x, n=n, axis=axis, norm=norm)


@linear(
    x=_transposed("ifft"),
    floats=True,
    batch=over_axes,
    accuracy="I3",
    primitive="fft.ifft",
    samples=_ALONG,
    errors=_BAD_ALONG,
)
def ifft(xp: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """The inverse of the Fourier transform along an axis.

    Shapes: that of `x` with n along `axis`.
    Dtypes: complex, of the precision of `x`; integers become the default float first.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for a length below 1, `ValueError` for another
    `norm`.

    >>> tnp.real(ifft(tnp.asarray([3.0, -1.0])))
    Array([1., 2.], dtype=float32)
    """
    n = _length("ifft", x, n, axis)
    norm = _check_norm(norm)
    if not xp.isdtype(x.dtype, "complex floating"):
        half = xp.fft.rfft(_single(xp, x), n=n, axis=axis, norm=_OTHER_NORM[norm])
        return _whole(xp, xp.conj(half), n, axis)
    return xp.fft.ifft(x, n=n, axis=axis, norm=norm)


def _rfft_transpose(xp: Any, g: Any, x: Any, n: Any, axis: int, norm: Any) -> Any:
    """The rows of the Fourier matrix that rfft keeps, on as many elements; what comes out is real."""
    length = x.shape[axis] if n is None else n
    found = _resized(xp, xp.fft(g, n=length, axis=axis, norm=norm), axis, x.shape[axis])
    return _of_kind(xp, found, x)


_REAL_ALONG = [
    (_real_draw(4),),
    ((_real_draw(3, 5),), {"axis": 0}),
    ((_real_draw(3, 4),), {"n": 7}),
    ((_real_draw(2, 5),), {"n": 2, "norm": "ortho"}),
    ((_real_draw(2, 3, 2),), {"axis": -2, "norm": "forward"}),
    ((_real_draw(5, 3),), {"axis": 0, "n": 2}),
    (_real_draw(1),),
    (_real_draw(0, 3),),
]


@linear(
    x=_rfft_transpose,
    floats=True,
    batch=over_axes,
    accuracy="I3",
    primitive="fft.rfft",
    samples=_REAL_ALONG,
    errors=_BAD_ALONG,
)
def rfft(xp: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """The first n // 2 + 1 elements of the Fourier transform of real numbers, which determine the others.

    Shapes: that of `x` with n // 2 + 1 along `axis`.
    Dtypes: real; complex ones of that precision come out.
    Raises: `DtypeError` for complex numbers, `AxisError` for an axis that is not there, `ShapeError` for a length below
    1, `ValueError` for another `norm`.

    >>> rfft(tnp.asarray([1.0, 2.0, 3.0, 4.0]))
    Array([10.+0.j, -2.+2.j, -2.+0.j], dtype=complex64)
    """
    n = _length("rfft", x, n, axis)
    return xp.fft.rfft(_single(xp, _real_only(xp, "rfft", x)), n=n, axis=axis, norm=_check_norm(norm))


def _twice_but_ends(xp: Any, x: Any, axis: int, n: int) -> Any:
    """x doubled, but for the elements of a half spectrum that mirror themselves: the first, for even n the last."""
    axis %= x.ndim
    length = x.shape[axis]
    ends = 1 if n % 2 else 2
    pieces = [xp.filled(x, shape=(count,), value=value) for count, value in ((1, 1), (length - ends, 2)) if count]
    if ends == 2:
        pieces.append(xp.filled(x, shape=(1,), value=1))
    weights = xp.concat(*pieces, axis=0)
    return x * xp.reshape(weights, shape=(length, *(1,) * (x.ndim - axis - 1)))


def _irfft_length(x: Any, n: int | None, axis: int) -> int:
    return 2 * (int(x.shape[axis]) - 1) if n is None else n


def _irfft_transpose(xp: Any, g: Any, x: Any, n: Any, axis: int, norm: Any) -> Any:
    """Every element of the half spectrum stands for its mirror too, but for those that are their own."""
    half = xp.rfft(g, n=None, axis=axis, norm=_OTHER_NORM[norm])
    return _of_kind(xp, _resized(xp, _twice_but_ends(xp, half, axis, g.shape[axis]), axis, x.shape[axis]), x)


_HALF_ALONG = [
    (normal(4),),
    ((normal(3, 5),), {"axis": 0}),
    ((normal(3, 4),), {"n": 5}),
    ((normal(2, 5),), {"n": 4, "norm": "ortho"}),
    ((normal(2, 3, 2),), {"axis": -2, "norm": "forward", "n": 7}),
    ((normal(5, 3),), {"axis": 0, "n": 2}),
    ((normal(1),), {"n": 1}),
    (normal(0, 3),),
]
_BAD_HALF = [(normal(),), ((normal(3),), {"axis": 1}), ((normal(3),), {"n": 0}), (normal(1),)]


@linear(
    x=_irfft_transpose,
    floats=True,
    batch=over_axes,
    accuracy="I3",
    primitive="fft.irfft",
    samples=_HALF_ALONG,
    errors=_BAD_HALF,
)
def irfft(xp: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """The inverse of rfft: n real numbers, 2 (m - 1) if not given, from the m elements of a half spectrum.

    Shapes: that of `x` with n along `axis`.
    Dtypes: any; real numbers of that precision come out.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for a length below 1, `ValueError` for another
    `norm`.

    >>> irfft(tnp.asarray([10.0, -2.0 + 2.0j, -2.0]))
    Array([1., 2., 3., 4.], dtype=float32)
    """
    if -x.ndim <= axis < x.ndim:
        n = _irfft_length(x, n, axis)
    n = _length("irfft", x, n, axis)
    return xp.fft.irfft(_complex(xp, x), n=n, axis=axis, norm=_check_norm(norm))


@linear(
    x=lambda xp, g, x, n, axis, norm: xp.conj(_irfft_transpose(xp, g, x, n, axis, _OTHER_NORM[norm])),
    floats=True,
    accuracy="I3",
    batch=over_axes,
    samples=_HALF_ALONG,
    errors=_BAD_HALF,
)
def hfft(xp: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """The Fourier transform, real, of n numbers of which the later half mirrors the conjugate of the first, x.

    Shapes: that of `x` with n along `axis`, 2 (m - 1) if not given, for m elements.
    Dtypes: any; real numbers of that precision come out.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for a length below 1, `ValueError` for another
    `norm`.

    >>> hfft(tnp.asarray([2.5, -0.5 - 0.5j, -0.5]))
    Array([1., 2., 3., 4.], dtype=float32)
    """
    return xp.irfft(xp.conj(x), n=n, axis=axis, norm=_OTHER_NORM[_check_norm(norm)])


@linear(
    x=lambda xp, g, x, n, axis, norm: _rfft_transpose(xp, xp.conj(g), x, n, axis, _OTHER_NORM[norm]),
    floats=True,
    accuracy="I3",
    batch=over_axes,
    samples=_REAL_ALONG,
    errors=_BAD_ALONG,
)
def ihfft(xp: Any, x: Any, *, n: int | None = None, axis: int = -1, norm: str = "backward") -> Any:
    """The inverse of hfft: the first n // 2 + 1 elements of the inverse Fourier transform of real numbers.

    Shapes: that of `x` with n // 2 + 1 along `axis`.
    Dtypes: real; complex ones of that precision come out.
    Raises: `DtypeError` for complex numbers, `AxisError` for an axis that is not there, `ShapeError` for a length below
    1, `ValueError` for another `norm`.

    >>> ihfft(tnp.asarray([1.0, 2.0, 3.0, 4.0])).real
    Array([ 2.5, -0.5, -0.5], dtype=float32)
    """
    return xp.conj(xp.rfft(_real_only(xp, "ihfft", x), n=n, axis=axis, norm=_OTHER_NORM[_check_norm(norm)]))


# Several axes.


def _axes(name: str, x: Any, s: Any, axes: Any) -> tuple[int, ...]:
    """The axes that NumPy's arguments mean, from the front. Raises `ShapeError` for one that is named twice."""
    for word, value in (("s", s), ("axes", axes)):
        if isinstance(value, int):
            raise ArgumentTypeError(f"{name}(): {word} is {value}; it must be a tuple, ({value},)")
    if axes is None:
        axes = range(x.ndim) if s is None else range(max(x.ndim - len(s), 0), x.ndim)
    axes = tuple(axes)
    if any(not -x.ndim <= a < x.ndim for a in axes):
        raise AxisError(f"{name}(): an array of shape {tuple(x.shape)} does not have all of the axes {axes}")
    if len({a % x.ndim for a in axes}) != len(axes):
        raise ShapeError(f"{name}(): axes {axes} of shape {tuple(x.shape)} name an axis twice")
    return tuple(a % x.ndim for a in axes)


def _pairs(name: str, x: Any, s: Any, axes: Any) -> tuple[tuple[int, int], ...]:
    """Pairs of an axis and the length of the transform along it. Raises `ShapeError` where they do not agree."""
    along = _axes(name, x, s, axes)
    sizes = [x.shape[a] for a in along] if s is None else list(s)
    if len(sizes) != len(along):
        raise ShapeError(f"{name}(): {len(sizes)} lengths for {len(along)} axes")
    return tuple((a, int(x.shape[a] if n == -1 else n)) for a, n in zip(along, sizes, strict=True))


@InFront
def _axes_behind(size: int, rank: int, keywords: dict[str, Any]) -> dict[str, Any]:
    axes, s = keywords["axes"], keywords["s"]
    if axes is None:
        axes = range(rank) if s is None else range(rank - len(s), rank)
    return {**keywords, "axes": tuple([axis_of(a, rank) + 1 for a in axes])}


def _over(xp: Any, name: str, x: Any, pairs: Sequence[tuple[int, int]], norm: Any) -> Any:
    for axis, n in pairs:
        x = getattr(xp, name)(x, n=n, axis=axis, norm=norm)
    return x


def _over_transposed(xp: Any, name: str, g: Any, shape: Sequence[int], axes: Sequence[int], norm: Any) -> Any:
    for axis in reversed(axes):
        g = _resized(xp, getattr(xp, name)(g, n=None, axis=axis, norm=norm), axis, shape[axis])
    return g


_SEVERAL: list[Any] = [
    (normal(3, 4),),
    ((normal(2, 3, 4),), {"axes": (0, 2)}),
    ((normal(2, 3, 4),), {"s": (2, 5)}),
    ((normal(3, 4),), {"s": (4, 2), "axes": (1, 0), "norm": "ortho"}),
    ((normal(3),), {"norm": "forward"}),
    (normal(1, 1),),
    ((normal(3, 4),), {"s": (-1, 3)}),
]
_REAL_SEVERAL: list[Any] = [
    (_real_draw(3, 4),),
    ((_real_draw(2, 3, 4),), {"axes": (0, 2)}),
    ((_real_draw(2, 3, 4),), {"s": (2, 5)}),
    ((_real_draw(3, 4),), {"s": (4, 2), "axes": (1, 0), "norm": "ortho"}),
    ((_real_draw(3),), {"norm": "forward"}),
    (_real_draw(1, 1),),
    ((_real_draw(3, 4),), {"s": (-1, 3)}),
    ((_real_draw(3, 4),), {"s": (2, -1)}),
]
_HALF_SEVERAL: list[Any] = [
    (normal(3, 4),),
    ((normal(2, 3, 4),), {"axes": (0, 2)}),
    ((normal(2, 3, 4),), {"s": (2, 5), "axes": (1, 2)}),
    ((normal(3, 4),), {"s": (4, 2), "axes": (1, 0), "norm": "ortho"}),
    ((normal(3),), {"norm": "forward"}),
    ((normal(2, 1),), {"s": (2, 1), "axes": (0, 1)}),
    ((normal(3, 3),), {"s": (-1, 7)}),
    ((normal(3, 4),), {"s": (2, -1)}),
]
_BAD_SEVERAL = [((normal(3, 3),), {"axes": (0, 0)}), ((normal(3),), {"s": (2, 2), "axes": (0,)})]


@linear(
    x=lambda xp, g, x, s, axes, norm: _of_kind(
        xp, _over_transposed(xp, "fft", g, x.shape, _axes("fftn", x, s, axes), norm), x
    ),
    floats=True,
    batch=_axes_behind,
    accuracy="I3",
    samples=_SEVERAL,
    errors=_BAD_SEVERAL,
)
def fftn(xp: Any, x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    """The Fourier transform along several axes, all of them if none are named; `s` are their lengths.

    Shapes: that of `x` with `s[i]` along `axes[i]`; `s` alone is about the last axes.
    Dtypes: complex, of the precision of `x`; integers become the default float first.
    Raises: `AxisError` for an axis that is not there, `ShapeError` for one named twice, another number of lengths, or
    lengths below 1; `TypeError` for an int in the place of a tuple, `ValueError` for another `norm`.

    >>> fftn(tnp.asarray([[1.0, 2.0], [3.0, 4.0]])).real
    Array([[10., -2.],
           [-4.,  0.]], dtype=float32)
    """
    return _over(xp, "fft", x, _pairs("fftn", x, s, axes), norm)


@linear(
    x=lambda xp, g, x, s, axes, norm: _of_kind(
        xp, _over_transposed(xp, "ifft", g, x.shape, _axes("ifftn", x, s, axes), norm), x
    ),
    floats=True,
    batch=_axes_behind,
    accuracy="I3",
    samples=_SEVERAL,
    errors=_BAD_SEVERAL,
)
def ifftn(xp: Any, x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    """The inverse of the Fourier transform along several axes.

    Shapes: that of `x` with `s[i]` along `axes[i]`; `s` alone is about the last axes.
    Dtypes: complex, of the precision of `x`; integers become the default float first.
    Raises: as `fftn`.

    >>> ifftn(tnp.asarray([[10.0, -2.0], [-4.0, 0.0]])).real
    Array([[1., 2.],
           [3., 4.]], dtype=float32)
    """
    return _over(xp, "ifft", x, _pairs("ifftn", x, s, axes), norm)


def _rfftn_transpose(xp: Any, g: Any, x: Any, s: Any, axes: Any, norm: Any) -> Any:
    *others, last = _axes("rfftn", x, s, axes)
    n = _pairs("rfftn", x, s, axes)[-1][1]
    g = _over_transposed(xp, "fft", g, x.shape, others, norm)
    found = _resized(xp, xp.fft(g, n=n, axis=last, norm=norm), last, x.shape[last])
    return _of_kind(xp, found, x)


@linear(
    x=_rfftn_transpose,
    floats=True,
    batch=_axes_behind,
    accuracy="I3",
    samples=_REAL_SEVERAL,
    errors=[*_BAD_SEVERAL, (normal(),)],
)
def rfftn(xp: Any, x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    """The half spectrum of real numbers along several axes: rfft along the last of them, fft along the others.

    Shapes: that of `x` with `s[i]` along `axes[i]`, and s // 2 + 1 along the last of them.
    Dtypes: real; complex ones of that precision come out.
    Raises: as `fftn`; `DtypeError` for complex numbers, `ShapeError` for no axis at all.

    >>> rfftn(tnp.ones((4, 6))).shape
    (4, 4)
    """
    pairs = _pairs("rfftn", _real_only(xp, "rfftn", x), s, axes)
    if not pairs:
        raise ShapeError(f"rfftn() needs an axis; an array of shape {tuple(x.shape)} with axes {axes} has none")
    last, n = pairs[-1]
    return _over(xp, "fft", xp.rfft(x, n=n, axis=last, norm=norm), pairs[:-1], norm)


def _half_axes(name: str, x: Any, s: Any, axes: Any) -> tuple[tuple[int, int], ...]:
    """Pairs of an axis and its length in the result, where the last is that of a half spectrum."""
    pairs = _pairs(name, x, s, axes)
    if not pairs:
        raise ShapeError(f"{name}() needs an axis; an array of shape {tuple(x.shape)} with axes {axes} has none")
    if s is None or tuple(s)[-1] == -1:
        last = pairs[-1][0]
        pairs = (*pairs[:-1], (last, 2 * (int(x.shape[last]) - 1)))
    return pairs


def _irfftn_transpose(xp: Any, g: Any, x: Any, s: Any, axes: Any, norm: Any) -> Any:
    *others, last = _axes("irfftn", x, s, axes)
    half = xp.rfft(g, n=None, axis=last, norm=_OTHER_NORM[norm])
    half = _resized(xp, _twice_but_ends(xp, half, last, g.shape[last]), last, x.shape[last])
    # Real numbers came out, so the transpose of the complex transforms is taken on conjugates, as the framework would.
    found = xp.conj(_over_transposed(xp, "ifft", xp.conj(half), x.shape, others, norm))
    return _of_kind(xp, found, x)


@linear(
    x=_irfftn_transpose,
    floats=True,
    batch=_axes_behind,
    accuracy="I3",
    samples=_HALF_SEVERAL,
    errors=[*_BAD_SEVERAL, (normal(),)],
)
def irfftn(xp: Any, x: Any, *, s: Any = None, axes: Any = None, norm: str = "backward") -> Any:
    """The inverse of rfftn: real numbers from a half spectrum along several axes.

    Shapes: that of `x` with `s[i]` along `axes[i]`; along the last of them 2 (m - 1) if not given, for m elements.
    Dtypes: any; real numbers of that precision come out.
    Raises: as `fftn`; `ShapeError` for no axis at all.

    >>> irfftn(tnp.ones((4, 4))).shape
    (4, 6)
    """
    *others, (last, n) = _half_axes("irfftn", x, s, axes)
    return xp.irfft(_over(xp, "ifft", x, others, norm), n=n, axis=last, norm=norm)


def _shift_axes(x: Any, axes: Any) -> tuple[int, ...]:
    if axes is None:
        return tuple(range(x.ndim))
    return tuple(axis_of(a, x.ndim) for a in ((axes,) if isinstance(axes, int) else axes))


def fftshift(x: Any, axes: Any = None) -> Any:
    """The zero frequency moved to the middle, along `axes` (all if None).

    Shapes: that of `x`.
    Dtypes: any; the result has that of `x`.
    Raises: `AxisError` for an axis that is not there.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.fft import fftshift
    >>> fftshift(tnp.asarray([0, 1, 2, -2, -1]))
    Array([-2, -1,  0,  1,  2], dtype=int64)
    """
    found = _shift_axes(x, axes)
    return RECORDED.roll(x, shift=tuple(x.shape[a] // 2 for a in found), axis=found)


def ifftshift(x: Any, axes: Any = None) -> Any:
    """The inverse of fftshift.

    Shapes: that of `x`.
    Dtypes: any; the result has that of `x`.
    Raises: `AxisError` for an axis that is not there.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.fft import ifftshift
    >>> ifftshift(tnp.asarray([-2, -1, 0, 1, 2]))
    Array([ 0,  1,  2, -2, -1], dtype=int64)
    """
    found = _shift_axes(x, axes)
    return RECORDED.roll(x, shift=tuple(-(x.shape[a] // 2) for a in found), axis=found)
