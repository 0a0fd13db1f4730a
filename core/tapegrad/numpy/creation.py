"""Making arrays: from data, and from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as host

from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import engine_of, place_beside
from ..arrays.entering import dtype_of_numbers, enter
from ..arrays.face import standard_face
from ..arrays.views import is_laid_out
from ..engines.registry import backend_of, get_backend
from ..errors import ArgumentError, ArgumentTypeError, ShapeError
from ..ops.indexing import axis_of
from ..ops.transfer import check_device, device_of, to
from .arguments import as_shape, make, op

if TYPE_CHECKING:
    from ..typing import ArrayLike, Device, DTypeLike, ShapeLike
    from .arrays import ndarray

PLACED = ("arange", "full", "full_like", "geomspace", "linspace", "logspace")
"""The functions whose arguments may be arrays that meet; the others make one of each, or look at none."""


DOORS = ("array", "empty", "empty_like", "eye", "ones", "ones_like", "zeros", "zeros_like")
"""Of these, those that take longer than to pass a door."""


def asarray(
    a: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str | None = None,
    *,
    device: Device | None = None,
    copy: bool | None = None,
) -> ndarray:
    """`a` as an array: an array of tapegrad or of any engine, Python numbers, or nested lists of these.

    Arrays keep their engine and dtype; Python floats take the default dtype. Tracked elements stay tracked.
    `copy=False` shares the memory of a raw array, which must not be written to then; where a copy cannot be avoided it
    raises `ValueError`. How elements lie in memory is the engine's own matter; `order`, "C" or "F", makes a view a copy
    where NumPy would copy it for that order.

    Shapes: that of `a`; nested lists of one shape at each level.
    Dtypes: that of an array; Python integers become int64, floats the default float, or `dtype`.
    Raises: `ShapeError` for rows that differ, `TypeError` for anything that is not a number, `UnknownArrayError` for
    other objects.

    >>> tnp.asarray([1.0, 2.0])
    Array([1., 2.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(tnp.asarray([x, 2 * x])))(3.0)
    3.0
    """
    if isinstance(a, Array) and dtype is None and device is None and copy is None and order is None:
        return a  # type: ignore[return-value]
    foreign = not isinstance(a, Array) and device is not None
    if foreign:
        check_device(get_backend(), device)
    x: ndarray = enter(a, dtype, device=device, copy=copy)  # type: ignore[assignment]
    if order in ("C", "F") and x is a and not is_laid_out(x, order):
        x = x.copy()
    return x if device is None or foreign or device_of(x) == str(device) else to(x, str(device))


def array(
    object: ArrayLike, dtype: DTypeLike | None = None, *, copy: bool | None = True, order: str = "K", ndmin: int = 0
) -> ndarray:
    """`object` as a new array of at least `ndmin` axes, as `numpy.array` makes it. See `asarray`.

    Shapes: that of `object`, with 1 in front until there are `ndmin` axes.
    Dtypes: as `asarray`.
    Raises: as `asarray`.

    >>> tnp.array([1, 2], ndmin=2)
    Array([[1, 2]], dtype=int64)
    """
    found = asarray(object, dtype, copy=copy or None)
    return found.reshape((1,) * (ndmin - found.ndim) + found.shape) if found.ndim < ndmin else found


def ascontiguousarray(a: ArrayLike, dtype: DTypeLike | None = None) -> ndarray:
    """`a` as an array, a copy where it is a view whose elements do not lie side by side. See `asarray`.

    Shapes: as `asarray`.
    Dtypes: as `asarray`.
    Raises: as `asarray`.

    >>> tnp.ascontiguousarray([1, 2])
    Array([1, 2], dtype=int64)
    """
    return asarray(a, dtype, "C")


def asanyarray(a: ArrayLike, dtype: DTypeLike | None = None, order: str | None = None) -> ndarray:
    """`a` as an array. See `asarray`.

    Shapes: as `asarray`.
    Dtypes: as `asarray`.
    Raises: as `asarray`.

    >>> tnp.asanyarray([1, 2])
    Array([1, 2], dtype=int64)
    """
    return asarray(a, dtype, order)


def asfortranarray(a: ArrayLike, dtype: DTypeLike | None = None) -> ndarray:
    """`a` as an array, a copy unless its elements would lie column by column in NumPy's memory. See `asarray`.

    Shapes: as `asarray`.
    Dtypes: as `asarray`.
    Raises: as `asarray`.

    >>> tnp.asfortranarray([1, 2])
    Array([1, 2], dtype=int64)
    """
    return asarray(a, dtype, "F")


def copy(a: ArrayLike, order: str = "K") -> ndarray:
    """A copy of an array, recorded where `a` is tracked.

    Raises: as `asarray`.

    >>> x = tnp.asarray([1, 2])
    >>> y = tnp.copy(x)
    >>> y[0] = 9
    >>> x
    Array([1, 2], dtype=int64)
    """
    return asarray(a, copy=True)


def from_dlpack(x: ArrayLike, /, *, device: Device | None = None, copy: bool | None = None) -> ndarray:
    """An array of any library that speaks DLPack; of one that no backend knows, by the default.

    It is a copy, unless `copy=False` has it share the memory, to which nobody must write then.

    Raises: `UnknownArrayError` for an object that does not speak DLPack.

    >>> import numpy
    >>> tnp.from_dlpack(numpy.ones(2))
    Array([1., 1.], dtype=float64)
    """
    try:
        backend = backend_of(x)
    except TypeError:
        if not hasattr(x, "__dlpack__"):
            raise
        backend = get_backend()
        x = backend.namespace.from_dlpack(x)
    raw = backend.adopt(x, copy=copy is not False)
    return asarray(handle(standard_face(), raw, None, backend.kernels), device=device)


def _new_shape(shape: Any) -> tuple[int, ...]:
    found = as_shape(shape)
    if min(found, default=0) < 0:
        raise ShapeError(f"a shape has no negative lengths: {found}")
    return found


def full(
    shape: ShapeLike,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "C",
    *,
    device: Device | None = None,
) -> ndarray:
    """An array full of one number, or of an array that is broadcast; without `dtype`, of its kind.

    Dtypes: `dtype`, or that of the number: int64 for integers, the default float for floats.
    Raises: `ShapeError` for negative lengths, and for an array that does not broadcast.

    >>> tnp.full((2,), 7)
    Array([7, 7], dtype=int64)
    """
    if isinstance(fill_value, (Array, host.ndarray, list, tuple)):
        return op.broadcast_to(asarray(fill_value, dtype), shape=_new_shape(shape))
    values = host.asarray(fill_value)
    wanted = (
        dtypes.to_dtype(dtype)
        if dtype is not None
        else (dtype_of_numbers(values) if not isinstance(fill_value, host.generic) else values.dtype)
    )
    return make(host.full(_new_shape(shape), fill_value, dtype=wanted), None, device)


def zeros(
    shape: ShapeLike, dtype: DTypeLike | None = None, order: str = "C", *, device: Device | None = None
) -> ndarray:
    """Zeros, of the default dtype unless given.

    >>> tnp.zeros(2)
    Array([0., 0.], dtype=float32)
    """
    return make(host.zeros(_new_shape(shape), dtypes.to_dtype(dtype or dtypes.get_default_dtype())), None, device)


def ones(
    shape: ShapeLike, dtype: DTypeLike | None = None, order: str = "C", *, device: Device | None = None
) -> ndarray:
    """Ones, of the default dtype unless given.

    >>> tnp.ones((2, 2), dtype=tnp.int32)
    Array([[1, 1],
           [1, 1]], dtype=int32)
    """
    return make(host.ones(_new_shape(shape), dtypes.to_dtype(dtype or dtypes.get_default_dtype())), None, device)


def empty(
    shape: ShapeLike, dtype: DTypeLike | None = None, order: str = "C", *, device: Device | None = None
) -> ndarray:
    """An array of arbitrary numbers; here they are zeros.

    >>> tnp.empty((2, 3)).shape
    (2, 3)
    """
    return zeros(shape, dtype, device=device)


def full_like(
    a: ArrayLike,
    fill_value: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    *,
    shape: ShapeLike | None = None,
    device: Device | None = None,
) -> ndarray:
    """An array of the shape, dtype and device of `a`, full of one number, or of an array that is broadcast.

    Shapes: that of the array, or `shape`.
    Dtypes: that of the array, or `dtype`.
    Raises: `TypeError` for a `shape` that is not one.

    >>> tnp.full_like(tnp.asarray([1.0, 2.0]), 7)
    Array([7., 7.], dtype=float32)
    """
    a = asarray(a)
    like = a._detached() if dtype is None else op.astype(a._detached(), dtype=dtypes.to_dtype(dtype))
    size = a.shape if shape is None else _new_shape(shape)
    if isinstance(fill_value, (Array, host.ndarray, list, tuple)):
        made: ndarray = op.broadcast_to(asarray(fill_value, like.dtype), shape=size)
    else:
        made = op.filled(like, shape=size, value=fill_value)
    return made if device is None else made.to_device(device)


def zeros_like(
    a: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    *,
    shape: ShapeLike | None = None,
    device: Device | None = None,
) -> ndarray:
    """Zeros of the shape, dtype and device of `a`.

    Shapes: that of the array, or `shape`.
    Dtypes: that of the array, or `dtype`.
    Raises: as `full_like`.

    >>> tnp.zeros_like(tnp.asarray([1, 2]))
    Array([0, 0], dtype=int64)
    """
    return full_like(a, 0, dtype, shape=shape, device=device)


def ones_like(
    a: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    *,
    shape: ShapeLike | None = None,
    device: Device | None = None,
) -> ndarray:
    """Ones of the shape, dtype and device of `a`.

    Shapes: that of the array, or `shape`.
    Dtypes: that of the array, or `dtype`.
    Raises: as `full_like`.

    >>> tnp.ones_like(tnp.asarray([1, 2]))
    Array([1, 1], dtype=int64)
    """
    return full_like(a, 1, dtype, shape=shape, device=device)


def empty_like(
    prototype: ArrayLike,
    dtype: DTypeLike | None = None,
    order: str = "K",
    *,
    shape: ShapeLike | None = None,
    device: Device | None = None,
) -> ndarray:
    """An array of the shape, dtype and device of `prototype`; here its numbers are zeros.

    Shapes: that of the array, or `shape`.
    Dtypes: that of the array, or `dtype`.
    Raises: as `full_like`.

    >>> tnp.empty_like(tnp.ones((2, 3))).shape
    (2, 3)
    """
    return full_like(prototype, 0, dtype, shape=shape, device=device)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, Array) else value


def arange(
    start: ArrayLike,
    /,
    stop: ArrayLike | None = None,
    step: ArrayLike = 1,
    *,
    dtype: DTypeLike | None = None,
    device: Device | None = None,
) -> ndarray:
    """Numbers from `start` up to `stop`, without it, `step` apart; with one number, from zero up to it.

    Shapes: (n,), for n numbers.
    Dtypes: `dtype`, or int64 for integers and the default float for floats.
    Raises: `ValueError` for a step of 0.

    >>> tnp.arange(3)
    Array([0, 1, 2], dtype=int64)
    >>> tnp.arange(1.0, 2.0, 0.5)
    Array([1. , 1.5], dtype=float32)
    """
    if stop is None:
        start, stop = 0, start
    if step == 0:
        raise ArgumentError("arange: the step is 0; it must lead from start to stop")
    values = host.arange(_plain(start), _plain(stop), _plain(step))
    return make(values, dtype or dtype_of_numbers(values), device)


def _count(num: Any) -> int:
    """A number of numbers, which is not negative."""
    if not hasattr(num, "__index__"):
        raise ArgumentTypeError(f"num is {num!r}; choose how many numbers, an int")
    if num < 0:
        raise ArgumentError(f"num is {num}; choose how many numbers, 0 or more")
    return int(num)


def _steps(start: Any, stop: Any, num: int, endpoint: bool, axis: int) -> tuple[Any, Any, ndarray]:
    """The two ends as arrays that broadcast against weights between 0 and 1, which run along a new axis."""
    tracked: Any = next((z for z in (start, stop) if isinstance(z, Array)), None)
    ends: list[Any] = [asarray(z) if isinstance(z, (host.ndarray, list, tuple)) else z for z in (start, stop)]
    like: Any = tracked if tracked is not None else next(z for z in ends if isinstance(z, Array))
    ndim = max(z.ndim if isinstance(z, Array) else 0 for z in ends)
    place = axis_of(axis, ndim + 1)
    kind = dtypes.default_float(like.dtype)
    num = _count(num)
    numbers = host.linspace(0.0, 1.0, num, endpoint=endpoint).astype(host.result_type(kind, host.float32))
    shape = tuple(num if i == place else 1 for i in range(ndim + 1))
    weights = host.asarray(numbers.real, dtype=host.finfo(kind).dtype).reshape(shape)
    raw = like.backend.from_numpy(weights, device=place_beside(like))
    weight: ndarray = handle(like.__class__, raw, None, engine_of(like))
    first, last = (op.expand_dims(_widened(z, ndim), axis=place) if isinstance(z, Array) else z for z in ends)
    return first, last, weight


def _widened(x: Any, ndim: int) -> ndarray:
    found: ndarray = x.reshape((1,) * (ndim - x.ndim) + x.shape)
    return found


@overload
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: Literal[False] = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
    *,
    device: Device | None = None,
) -> ndarray: ...
@overload
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
    *,
    device: Device | None = None,
) -> Any: ...
def linspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike | None = None,
    axis: int = 0,
    *,
    device: Device | None = None,
) -> Any:
    """`num` numbers evenly spaced from `start` to `stop`, with it if `endpoint`; differentiable in both ends.

    Ends that are arrays give a new axis. `retstep`: the distance of neighbours comes with it.

    Shapes: `num` numbers along `axis`, of ends that broadcast.
    Dtypes: `dtype`, or the default float, or that of the ends.
    Raises: `ValueError` for a negative number.

    >>> tnp.linspace(0.0, 1.0, 3)
    Array([0. , 0.5, 1. ], dtype=float32)
    >>> tapegrad.grad(lambda stop: tnp.sum(tnp.linspace(0.0, stop, 3)))(1.0)
    1.5
    """
    if any(isinstance(z, (Array, host.ndarray, list, tuple)) for z in (start, stop)):
        first, last, weight = _steps(start, stop, num, endpoint, axis)
        found = first * (1.0 - weight) + last * weight
        found = found if dtype is None else asarray(found, dtype)
        ends: list[Any] = [asarray(z) if isinstance(z, (list, tuple)) else z for z in (start, stop)]
        step = (ends[1] - ends[0]) / (num - 1 if endpoint else num) if retstep else None
    else:
        values, step = host.linspace(
            host.asarray(start), host.asarray(stop), _count(num), endpoint=endpoint, retstep=True
        )
        found = make(values, dtype or dtype_of_numbers(values), device)
    return (found, step) if retstep else found


def logspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    base: ArrayLike = 10.0,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> ndarray:
    """`num` numbers from base**start to base**stop, even on a logarithmic scale; differentiable in all three.

    Shapes: `num` numbers along `axis`, of ends that broadcast.
    Dtypes: `dtype`, or the default float, or that of the ends.
    Raises: `ValueError` for a negative number.

    >>> tnp.logspace(0, 2, 3)
    Array([  1.,  10., 100.], dtype=float32)
    """
    if any(isinstance(z, (Array, host.ndarray, list, tuple)) for z in (start, stop, base)):
        found: ndarray = op.power(base, linspace(start, stop, num, endpoint, axis=axis))
        return found if dtype is None else asarray(found, dtype)
    values = host.logspace(
        host.asarray(start), host.asarray(stop), _count(num), endpoint=endpoint, base=host.asarray(base)
    )
    return make(values, dtype or dtype_of_numbers(values))


def geomspace(
    start: ArrayLike,
    stop: ArrayLike,
    num: int = 50,
    endpoint: bool = True,
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> ndarray:
    """`num` numbers from `start` to `stop`, each the same multiple of the one before; differentiable in both ends.

    Shapes: `num` numbers along `axis`, of ends that broadcast.
    Dtypes: `dtype`, or the default float, or that of the ends.
    Raises: `ValueError` for a negative number, or an end that is 0.

    >>> tnp.geomspace(1, 4, 3)
    Array([1., 2., 4.], dtype=float32)
    """
    if any(isinstance(z, (Array, host.ndarray, list, tuple)) for z in (start, stop)):
        first, last, weight = _steps(start, stop, num, endpoint, axis)
        found = first * (asarray(last) / first) ** weight
        return found if dtype is None else asarray(found, dtype)
    values = host.geomspace(host.asarray(start), host.asarray(stop), _count(num), endpoint=endpoint)
    return make(values, dtype or dtype_of_numbers(values))


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None, *, device: Device | None = None
) -> ndarray:
    """Ones on the k-th diagonal, zeros elsewhere.

    Shapes: (N, M), square if M is not given.
    Raises: `ValueError` for negative lengths.

    >>> tnp.eye(2, k=1)
    Array([[0., 1.],
           [0., 0.]], dtype=float32)
    """
    if min(N, N if M is None else M) < 0:
        raise ShapeError(f"eye: lengths are not negative; they are {N} and {N if M is None else M}")
    return make(host.eye(N, M, k=k), dtype or dtypes.get_default_dtype(), device)


def identity(n: int, dtype: DTypeLike | None = None) -> ndarray:
    """The unit matrix.

    Shapes: (n, n).
    Raises: `ValueError` for a negative length.

    >>> tnp.identity(2)
    Array([[1., 0.],
           [0., 1.]], dtype=float32)
    """
    return eye(n, dtype=dtype)


def _window(values: host.ndarray[Any, Any]) -> ndarray:
    return make(values, dtypes.get_default_dtype())


def bartlett(M: int) -> ndarray:
    """The triangular window of M points, zero at both ends.

    Shapes: (M,).
    Dtypes: the default float.
    Raises: `TypeError` for anything that is not a number.

    >>> tnp.bartlett(3)
    Array([0., 1., 0.], dtype=float32)
    """
    return _window(host.bartlett(M))


def blackman(M: int) -> ndarray:
    """Blackman's window of M points.

    Shapes: (M,).
    Dtypes: the default float.
    Raises: `TypeError` for anything that is not a number.

    >>> tnp.round(tnp.abs(tnp.blackman(3)), 4)
    Array([0., 1., 0.], dtype=float32)
    """
    return _window(host.blackman(M))


def hamming(M: int) -> ndarray:
    """Hamming's window of M points.

    Shapes: (M,).
    Dtypes: the default float.
    Raises: `TypeError` for anything that is not a number.

    >>> tnp.round(tnp.hamming(3), 4)
    Array([0.08, 1.  , 0.08], dtype=float32)
    """
    return _window(host.hamming(M))


def hanning(M: int) -> ndarray:
    """The window of M points that is one arch of a cosine, zero at both ends.

    Shapes: (M,).
    Dtypes: the default float.
    Raises: `TypeError` for anything that is not a number.

    >>> tnp.hanning(3)
    Array([0., 1., 0.], dtype=float32)
    """
    return _window(host.hanning(M))


def kaiser(M: int, beta: float) -> ndarray:
    """Kaiser's window of M points; the greater `beta`, the narrower.

    Shapes: (M,).
    Dtypes: the default float.
    Raises: `TypeError` for anything that is not a number.

    >>> tnp.kaiser(3, 0.0)
    Array([1., 1., 1.], dtype=float32)
    """
    return _window(host.kaiser(M, _plain(beta)))
