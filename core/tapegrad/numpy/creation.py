"""Making arrays: from data, and from nothing."""

from __future__ import annotations

from typing import Any

import numpy as host

from .. import dtypes
from ..array import Array
from ..backend import Backend
from ..dispatch import engine_of, handle
from ..kernels import OPS
from ..registry import backend_of, get_backend

__all__ = [
    "arange",
    "array",
    "asarray",
    "ascontiguousarray",
    "copy",
    "empty",
    "empty_like",
    "eye",
    "from_dlpack",
    "full",
    "full_like",
    "geomspace",
    "identity",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


def make(values: Any, dtype: Any = None, device: Any = None, backend: Backend | None = None) -> Array:
    """Host numbers as an array of the chosen or default backend, on the device."""
    backend = backend or get_backend()
    values = host.asarray(values, dtype=None if dtype is None else dtypes.to_dtype(dtype))
    return handle(
        Array, backend.from_numpy(values, device=None if device is None else str(device)), None, backend.kernels
    )


def _kind_of(values: host.ndarray[Any, Any]) -> host.dtype[Any]:
    """The dtype of an array made of Python numbers: floats and complex numbers take the default precision."""
    kind: host.dtype[Any] = values.dtype
    if kind.kind == "f":
        return dtypes.get_default_dtype()
    if kind.kind == "c":
        return dtypes.dtype_of_scalar(1j, dtypes.get_default_dtype())
    return host.dtype("int64") if kind.kind == "i" else kind


def _holds_arrays(obj: Any) -> bool:
    return isinstance(obj, Array) or (isinstance(obj, (list, tuple)) and any(map(_holds_arrays, obj)))


def _stacked(obj: Any, like: Array) -> Array:
    """Nested lists with arrays among their elements as one array, so that gradients reach the elements."""
    if isinstance(obj, Array):
        return obj
    if isinstance(obj, (list, tuple)):
        parts = [_stacked(part, like) for part in obj]
        shapes = {part.shape for part in parts}
        if len(shapes) > 1:
            raise ValueError(
                f"the elements of a nested list have different shapes: {', '.join(map(str, sorted(shapes)))}"
            )
        return OPS["stack"].call(*parts, axis=0)  # type: ignore[no-any-return]
    return make(
        obj, like.dtype if isinstance(obj, (int, float)) and like.dtype in dtypes.INEXACT else None, None, like.backend
    )


def _some_array(obj: Any) -> Array:
    if isinstance(obj, Array):
        return obj
    for part in obj:
        if _holds_arrays(part):
            return _some_array(part)
    raise AssertionError("called only where there is an array")


def asarray(obj: Any, dtype: Any = None, *, device: Any = None, copy: bool | None = None) -> Array:
    """`obj` as an array: an array of ours or of any engine, Python numbers, or nested lists of these.

    Arrays keep their engine and dtype; Python floats take the default dtype. Tracked elements stay tracked.
    `copy=False` shares the memory of a raw array, which must not be written to then; where a copy cannot be avoided it
    raises `ValueError`.

    >>> asarray([1.0, 2.0])
    Array([1., 2.], dtype=float32)
    """
    wanted = None if dtype is None else dtypes.to_dtype(dtype)
    if isinstance(obj, Array):
        found = obj
        if wanted is not None and wanted != found.dtype:
            if copy is False:
                raise ValueError(
                    f"asarray: {found.dtype.name} as {wanted.name} needs a copy, and copy=False forbids it"
                )
            found = OPS["astype"].call(found, dtype=wanted)
        elif copy:
            found = handle(type(obj), obj._value, obj._node, obj._xp)
        return found if device is None else found.to_device(device)
    if isinstance(obj, (list, tuple)) and _holds_arrays(obj):
        return asarray(_stacked(obj, _some_array(obj)), wanted, device=device)
    if isinstance(obj, (bool, int, float, complex, list, tuple)) and not isinstance(obj, host.generic):
        if copy is False:
            raise ValueError("asarray: Python numbers become an array by copying, and copy=False forbids it")
        values = host.asarray(obj)
        if values.dtype == object:
            raise TypeError(f"asarray: {obj!r} holds something that is no number")
        if (
            wanted is None
            and isinstance(obj, (list, tuple))
            and any(isinstance(p, host.generic | host.ndarray) for p in obj)
        ):
            wanted = values.dtype
        return make(values, wanted or _kind_of(values), device)
    if isinstance(obj, host.generic):
        return make(host.asarray(obj), wanted, device)
    if isinstance(obj, range):
        return make(host.asarray(obj, dtype=host.int64), wanted, device)
    backend = backend_of(obj)
    if isinstance(obj, host.ndarray) and get_backend().name != backend.name:
        return make(obj, wanted, device)
    raw = obj if copy is False else backend.adopt(obj, copy=True)
    return asarray(handle(Array, raw, None, backend.kernels), wanted, device=device)


def array(obj: Any, dtype: Any = None, *, copy: bool = True, ndmin: int = 0) -> Array:
    """`obj` as a new array of `ndmin` axes at least, as `numpy.array` makes it. See `asarray`."""
    found = asarray(obj, dtype, copy=copy or None)
    return found.reshape((1,) * (ndmin - found.ndim) + found.shape) if found.ndim < ndmin else found


def ascontiguousarray(x: Any, dtype: Any = None) -> Array:
    """`x` as an array; the order of elements in memory is the engine's own matter."""
    return asarray(x, dtype)


def copy(x: Any) -> Array:
    """A copy of an array, recorded where `x` is tracked."""
    return asarray(x, copy=True)


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Array:
    """An array of any library that speaks DLPack; of one that no backend knows, by the default."""
    try:
        backend = backend_of(x)
    except TypeError:
        backend = get_backend()
        raw = backend.namespace.from_dlpack(x)
        return asarray(handle(Array, backend.adopt(raw, copy=True), None, backend.kernels), device=device)
    return asarray(handle(Array, backend.adopt(x, copy=copy is not False), None, backend.kernels), device=device)


def _shape(shape: Any) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, (int, host.integer)) else tuple(int(n) for n in shape)


def full(shape: Any, fill_value: Any, dtype: Any = None, *, device: Any = None) -> Array:
    """An array full of one number; without `dtype`, of the kind of the number."""
    if isinstance(fill_value, Array):
        filled: Array = OPS["broadcast_to"].call(asarray(fill_value, dtype), shape=_shape(shape))
        return filled
    values = host.asarray(fill_value)
    wanted = (
        dtypes.to_dtype(dtype)
        if dtype is not None
        else (_kind_of(values) if not isinstance(fill_value, host.generic) else values.dtype)
    )
    return make(host.full(_shape(shape), fill_value, dtype=wanted), None, device)


def zeros(shape: Any, dtype: Any = None, *, device: Any = None) -> Array:
    """Zeros, of the default dtype unless given."""
    return make(host.zeros(_shape(shape), dtypes.to_dtype(dtype or dtypes.get_default_dtype())), None, device)


def ones(shape: Any, dtype: Any = None, *, device: Any = None) -> Array:
    """Ones, of the default dtype unless given."""
    return make(host.ones(_shape(shape), dtypes.to_dtype(dtype or dtypes.get_default_dtype())), None, device)


def empty(shape: Any, dtype: Any = None, *, device: Any = None) -> Array:
    """An array of arbitrary numbers; here they are zeros."""
    return zeros(shape, dtype, device=device)


def full_like(x: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None, device: Any = None) -> Array:
    """An array of the shape, dtype and device of `x`, full of one number."""
    x = asarray(x)
    like = x.detach() if dtype is None else OPS["astype"].call(x.detach(), dtype=dtypes.to_dtype(dtype))
    if isinstance(fill_value, Array):
        fill_value = fill_value.item()
    made: Array = OPS["filled"].call(like, shape=x.shape if shape is None else _shape(shape), value=fill_value)
    return made if device is None else made.to_device(device)


def zeros_like(x: Any, dtype: Any = None, *, shape: Any = None, device: Any = None) -> Array:
    """Zeros of the shape, dtype and device of `x`."""
    return full_like(x, 0, dtype, shape=shape, device=device)


def ones_like(x: Any, dtype: Any = None, *, shape: Any = None, device: Any = None) -> Array:
    """Ones of the shape, dtype and device of `x`."""
    return full_like(x, 1, dtype, shape=shape, device=device)


def empty_like(x: Any, dtype: Any = None, *, shape: Any = None, device: Any = None) -> Array:
    """An array of the shape, dtype and device of `x`; here its numbers are zeros."""
    return full_like(x, 0, dtype, shape=shape, device=device)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, Array) else value


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Array:
    """Numbers from `start` up to `stop`, without it, `step` apart; with one number, from zero up to it."""
    if stop is None:
        start, stop = 0, start
    values = host.arange(_plain(start), _plain(stop), _plain(step))
    return make(values, dtype or _kind_of(values), device)


def linspace(
    start: Any, stop: Any, /, num: int = 50, *, dtype: Any = None, device: Any = None, endpoint: bool = True
) -> Array:
    """`num` numbers evenly spaced from `start` to `stop`, with it if `endpoint`; differentiable in both ends."""
    if isinstance(start, Array) or isinstance(stop, Array):
        like = start if isinstance(start, Array) else stop
        steps = host.linspace(0.0, 1.0, num, endpoint=endpoint, dtype=dtypes.default_float(like.dtype))
        weight = handle(type(like), like.backend.from_numpy(steps), None, engine_of(like))
        found = start * (1.0 - weight) + stop * weight
        return found if dtype is None else asarray(found, dtype)
    values = host.linspace(start, stop, num, endpoint=endpoint)
    return make(
        values.astype(dtypes.to_dtype(dtype)) if dtype is not None else values, dtype or _kind_of(values), device
    )


def logspace(start: float, stop: float, num: int = 50, *, base: float = 10.0, dtype: Any = None) -> Array:
    """`num` numbers evenly spaced on a logarithmic scale, from base**start to base**stop."""
    values = host.logspace(start, stop, num, base=base)
    return make(values, dtype or _kind_of(values))


def geomspace(start: float, stop: float, num: int = 50, *, dtype: Any = None) -> Array:
    """`num` numbers from `start` to `stop`, each the same multiple of the one before."""
    values = host.geomspace(start, stop, num)
    return make(values, dtype or _kind_of(values))


def eye(n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: Any = None) -> Array:
    """Ones on the k-th diagonal, zeros elsewhere."""
    return make(host.eye(n_rows, n_cols, k=k), dtype or dtypes.get_default_dtype(), device)


def identity(n: int, dtype: Any = None) -> Array:
    """The unit matrix."""
    return eye(n, dtype=dtype)
