"""Dtypes, constants, and what the namespace says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..engines.backend import Backend
from ..engines.registry import get_backend
from ..errors import ArgumentError, DtypeError

if TYPE_CHECKING:
    import builtins
    from typing import Literal

    from ..typing import ArrayLike, ArrayOfAnyEngine, DTypeLike
    from .arrays import ndarray

NAMES = (
    *("__array_api_version__", "__array_namespace_info__", "complexfloating", "dtype", "e", "errstate"),
    *("euler_gamma", "floating", "generic", "get_printoptions", "geterr", "inexact", "inf", "integer"),
    *("issubdtype", "iterable", "nan", "ndenumerate", "ndindex", "newaxis", "number", "pi", "printoptions"),
    *("set_printoptions", "seterr", "signedinteger", "unsignedinteger"),
)
"""The public names here that are neither functions nor dtypes."""

PLACED = ()
"""No function here computes with arrays that meet in it."""

__array_api_version__ = "2024.12"


class Kind(type):
    """The kind of `float32` and its like: a dtype, equal to NumPy's, that also makes arrays, `float32(0.5)`."""

    dtype: host.dtype[Any]

    def __call__(cls, x: Any = 0, /) -> ndarray:
        """`x` as an array of this dtype."""
        from .creation import asarray

        return asarray(x, cls.dtype)

    def __hash__(cls) -> int:
        return hash(cls.dtype)

    def __eq__(cls, other: object) -> Any:
        return cls.dtype == other

    def __ne__(cls, other: object) -> Any:
        return cls.dtype != other

    def __instancecheck__(cls, x: Any) -> Any:
        return isinstance(x, cls.dtype.type)

    def __repr__(cls) -> str:
        return f"tapegrad.numpy.{cls.dtype.name}"

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls.dtype, name)


def _kind(dtype: host.dtype[Any]) -> Kind:
    name = dtype.name
    return Kind(name, (), {"dtype": dtype, "__module__": __name__, "__doc__": f"The dtype {name}, or an array of it."})


bool = bool_ = _kind(dtypes.BOOL)
int8, int16, int32, int64 = map(_kind, dtypes.SIGNED)
uint8, uint16, uint32, uint64 = map(_kind, dtypes.UNSIGNED)
float16, float32, float64 = map(_kind, dtypes.FLOATING)
complex64, complex128 = map(_kind, dtypes.COMPLEX)
half, single, double, csingle, cdouble = float16, float32, float64, complex64, complex128
int_ = intp = int64
uint = uintp = uint64

generic, number, integer, inexact = host.generic, host.number, host.integer, host.inexact
signedinteger, unsignedinteger = host.signedinteger, host.unsignedinteger
floating, complexfloating = host.floating, host.complexfloating
dtype, issubdtype = host.dtype, host.issubdtype
errstate, geterr, seterr = host.errstate, host.geterr, host.seterr
get_printoptions, printoptions, set_printoptions = host.get_printoptions, host.printoptions, host.set_printoptions
iterable, ndenumerate, ndindex = host.iterable, host.ndenumerate, host.ndindex

e, pi, inf, nan, euler_gamma, newaxis = host.e, host.pi, host.inf, host.nan, host.euler_gamma, None


class _Limits:
    """Machine limits of a dtype, as attributes."""

    def __init__(self, dtype: host.dtype[Any], **fields: Any) -> None:
        self.dtype = dtype
        self.__dict__.update(fields)

    def __repr__(self) -> str:
        return (
            f"<limits of {self.dtype.name}: {', '.join(f'{k}={v}' for k, v in self.__dict__.items() if k != 'dtype')}>"
        )


def _dtype_of(value: Any) -> host.dtype[Any]:
    return value.dtype if isinstance(value, Array) else dtypes.to_dtype(getattr(value, "dtype", value))


def finfo(type: DTypeLike | ArrayOfAnyEngine, /) -> Any:
    """Machine limits of a floating or complex dtype, or of an array's: bits, eps, max, min, smallest_normal.

    Shapes: a dtype, or an array of any.
    Dtypes: floating or complex; those of a complex one are of its parts.
    Raises: `DtypeError` for another dtype.

    >>> tnp.finfo(tnp.float32).eps
    1.1920928955078125e-07
    """
    dtype = _dtype_of(type)
    if dtype not in dtypes.INEXACT:
        raise DtypeError(f"finfo: {dtype.name} is not a floating dtype; use iinfo for integers")
    found = host.finfo(dtype)
    return _Limits(
        host.dtype(found.dtype),
        bits=int(found.bits),
        eps=float(found.eps),
        max=float(found.max),
        min=float(found.min),
        smallest_normal=float(found.smallest_normal),
        tiny=float(found.tiny),
        resolution=float(found.resolution),
    )


def iinfo(type: DTypeLike | ArrayOfAnyEngine, /) -> Any:
    """Machine limits of an integer dtype, or of an array's: bits, max, min.

    Shapes: a dtype, or an array of any.
    Dtypes: integers.
    Raises: `DtypeError` for another dtype.

    >>> tnp.iinfo(tnp.int8)
    <limits of int8: bits=8, max=127, min=-128>
    """
    dtype = _dtype_of(type)
    if dtype not in dtypes.INTEGER:
        raise DtypeError(f"iinfo: {dtype.name} is not an integer dtype; use finfo for floating ones")
    found = host.iinfo(dtype)
    return _Limits(dtype, bits=found.bits, max=found.max, min=found.min)


def isdtype(dtype: DTypeLike, kind: DTypeLike | tuple[DTypeLike, ...]) -> builtins.bool:
    """Whether a dtype is of a kind of the standard ("real floating", …), another dtype, or among a tuple of those.

    Shapes: none.
    Dtypes: any.
    Raises: `DtypeError` for anything that names neither a dtype nor a kind.

    >>> tnp.isdtype(tnp.float32, ("integral", "real floating"))
    True
    """
    return dtypes.is_dtype(dtype, kind)


def result_type(*arrays_and_dtypes: ArrayLike | DTypeLike) -> host.dtype[Any]:
    """The dtype that arrays, dtypes and Python scalars have together; scalars are weak.

    Shapes: any.
    Dtypes: any.
    Raises: `DtypeError` for dtypes that have none in common, `ValueError` for nothing at all.

    >>> tnp.result_type(tnp.float32, 1j)
    dtype('complex64')
    """
    found: Any = None
    scalars = []
    for item in arrays_and_dtypes:
        if isinstance(item, (int, float, complex)) and not isinstance(item, host.generic):
            scalars.append(item)
            continue
        dtype = _dtype_of(item)
        found = dtype if found is None else dtypes.promote(found, dtype)
    if found is None and not scalars:
        raise ArgumentError("result_type needs at least one array or dtype")
    for scalar in scalars:
        found = dtypes.dtype_of_scalar(scalar, dtypes.BOOL if found is None else found)
    return found  # type: ignore[no-any-return]


_SAFE = {dtype: {other for other in dtypes.ALL if host.can_cast(dtype, other, "safe")} for dtype in dtypes.ALL}


def can_cast(
    from_: DTypeLike | ArrayOfAnyEngine,
    to: DTypeLike,
    casting: Literal["no", "equiv", "safe", "same_kind", "unsafe"] = "safe",
) -> builtins.bool:
    """Whether every value of one dtype, or of an array's, goes into the other.

    Shapes: a dtype, or an array of any.
    Dtypes: any.
    Raises: `DtypeError` for a `dtype` that is not one.

    >>> tnp.can_cast(tnp.int32, tnp.float64), tnp.can_cast(tnp.int32, tnp.float32)
    (True, False)
    """
    if casting != "safe":
        return host.can_cast(_dtype_of(from_), dtypes.to_dtype(to), casting)
    return dtypes.to_dtype(to) in _SAFE[_dtype_of(from_)]


def promote_types(type1: DTypeLike, type2: DTypeLike) -> host.dtype[Any]:
    """The dtype that two dtypes have together.

    Shapes: none.
    Dtypes: any; those of arrays are asked of `result_type`.
    Raises: `DtypeError` for a `dtype` that is not one, and for two that have none in common.

    >>> tnp.promote_types("uint8", "int8")
    dtype('int16')
    """
    return dtypes.promote(dtypes.to_dtype(type1), dtypes.to_dtype(type2))


def array_str(a: ArrayLike, *args: Any, **keywords: Any) -> str:
    """The elements as text. Takes the options of `numpy.array_str`.

    Shapes: any.
    Dtypes: any.
    Raises: what `numpy.array_str` does.

    >>> tnp.array_str([1.0, 2.0])
    '[1. 2.]'
    """
    return host.array_str(a.asnumpy() if isinstance(a, Array) else host.asarray(a), *args, **keywords)


def array_repr(arr: ArrayLike) -> str:
    """An array as text that says its dtype too.

    Shapes: any.
    Dtypes: any.

    >>> tnp.array_repr([1.0, 2.0])
    'Array([1., 2.], dtype=float32)'
    """
    from .creation import asarray

    return repr(asarray(arr))


def array2string(a: ArrayLike, *args: Any, **keywords: Any) -> str:
    """The elements as text. Takes the options of `numpy.array2string`.

    Shapes: any.
    Dtypes: any.
    Raises: what `numpy.array2string` does.

    >>> tnp.array2string(tnp.asarray([1.0, 2.0]), separator=", ")
    '[1., 2.]'
    """
    return host.array2string(a.asnumpy() if isinstance(a, Array) else host.asarray(a), *args, **keywords)


def isrealobj(x: ArrayLike) -> builtins.bool:
    """Whether an array is of a real dtype.

    Shapes: any.
    Dtypes: any.
    Raises: nothing of its own.

    >>> tnp.isrealobj([1.0, 2.0])
    True
    """
    return not iscomplexobj(x)


def iscomplexobj(x: ArrayLike) -> builtins.bool:
    """Whether an array is of a complex dtype.

    Shapes: any.
    Dtypes: any.
    Raises: nothing of its own.

    >>> tnp.iscomplexobj([1j, 2.0])
    True
    """
    return host.asarray(x).dtype.kind == "c" if not isinstance(x, Array) else x.dtype in dtypes.COMPLEX


class _Info:
    """What `__array_namespace_info__` tells, of one backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def capabilities(self) -> dict[str, Any]:
        """What the namespace can do, by the standard's names."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The device of new arrays."""
        return str(self._backend.devices()[0])

    def devices(self) -> list[str]:
        """The devices there are."""
        return list(self._backend.devices())

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes of arrays made from Python numbers."""
        real = dtypes.get_default_dtype()
        return {
            "real floating": real,
            "complex floating": host.result_type(real, host.complex64),
            "integral": dtypes.SIGNED[3],
            "indexing": dtypes.SIGNED[3],
        }

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The dtypes by name, those of a kind if one is given."""
        backend = self._backend
        known = [dtype for dtype in dtypes.ALL if dtype in backend.dtypes and dtype.name != "float16"]
        return {dtype.name: dtype for dtype in known if kind is None or dtypes.is_dtype(dtype, kind)}


def __array_namespace_info__() -> _Info:
    """What the standard lets one ask of a namespace: capabilities, devices, dtypes; of the default backend.

    >>> import tapegrad.numpy as tnp
    >>> tnp.__array_namespace_info__().default_dtypes()["integral"]
    dtype('int64')
    """
    return _Info(get_backend())
