"""The door by which foreign values become arrays: raw arrays of any engine, numbers, and nested lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes
from ..engines.backend import Backend
from ..engines.registry import backend_of, default_device, get_backend, use_backend
from ..engines.tables import OPS, EngineKernels
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, MixedBackendsError, ShapeError, a_kind
from ..tape.guards import JOURNAL
from .array import Array, handle
from .batched import engine_of, place_beside
from .face import standard_face
from .trees import flatten

ARRAY, RAW, SCALAR = "array", "raw", "scalar"


def kind_of(leaf: Any) -> str:
    return _kind_of_class(leaf.__class__)


@cache
def _kind_of_class(cls: type) -> str:
    if issubclass(cls, Array):
        return ARRAY
    return SCALAR if issubclass(cls, (bool, int, float, complex)) and not issubclass(cls, np.generic) else RAW


def _array_of(scalar: Any) -> Any:
    """A scalar of NumPy's as an array of no axes, by an index, which a trace notes, where `numpy.asarray` is a look."""
    return scalar[...]


def as_array(leaf: Any, *, copy: bool = False, beside: Sequence[Any] | Company = (), weak: bool = False) -> Array:
    """An input of any kind as an array; a Python number gets the engine and the face of what it stands beside.

    A `weak` float or complex number keeps its digits where the engine can hold them, and takes the dtype of the arrays
    that it meets, as Python's numbers do.
    """
    kind = kind_of(leaf)
    if kind is ARRAY:
        array: Array = leaf
        return array
    if kind is SCALAR:
        face, engine, device = beside if isinstance(beside, Company) else company_of(beside)
        if weak and isinstance(leaf, (float, complex)) and face._weak is not None:
            return handle(face._weak, from_host(engine, np.asarray(leaf), device), None, engine)
        host = np.asarray(leaf, dtype=dtypes.dtype_of_scalar(leaf, dtypes.BOOL))
        return handle(face, engine.backend.from_numpy(host, device=device), None, engine)
    if isinstance(leaf, np.generic):
        leaf = _array_of(leaf)
    backend, raw = admitted(leaf)
    return handle(standard_face(), backend.adopt(raw, copy=copy), None, backend.kernels)


def read_only(backend: Backend, raw: Any) -> Any:
    """A raw array for the graph of what is running: borrowed where a transform is over when it returns, else copied."""
    journal = JOURNAL.get()
    if journal is not None and journal.borrows:
        release = backend.lock(raw)
        if release is not None:
            journal.releases.append(release)
            return backend.adopt(raw, copy=False)
    return backend.adopt(raw, copy=True)


def as_strong(x: Array) -> Array:
    """A Python number, or what was computed from such alone, as an array of the default dtype of its kind."""
    if x._strong is None:
        return x
    dtype = x._dtype
    if dtype in dtypes.INEXACT:
        dtype = dtypes.dtype_of_scalar(1j if dtype in dtypes.COMPLEX else 1.0, dtypes.get_default_dtype())
    cast = x if dtype == x._dtype else OPS["astype"].call(x, dtype=dtype)
    return handle(x._strong, cast._value, cast._node, cast._kernels)


def admitted(value: Any, what: str = "") -> tuple[Backend, Any]:
    """The backend of a foreign array, and the array itself with its numbers in the order of this machine.

    Every raw array comes in by here. Raises `UnknownArrayError` for one that no backend owns, `ArgumentTypeError` for
    one that means more than its numbers, `DtypeError` for a dtype that the library does not have.
    """
    backend = backend_of(value)
    dtype = value.dtype
    if dtype in _OURS if isinstance(dtype, np.dtype) else dtype in backend.dtypes:
        return backend, value
    if isinstance(value, np.ndarray) and dtype.newbyteorder("=") in _OURS:
        return backend, value.astype(dtype.newbyteorder("="))
    raise DtypeError(f"{what}{': ' if what else ''}{_unusable(dtype)}")


def host_numbers(value: Any, what: str) -> np.ndarray[Any, Any]:
    """A number, nested lists or a host array as NumPy's array. Raises as `admitted`, and for objects."""
    for part in _foreign_parts([value]):
        backend_of(part)
    host = np.asarray(value)
    if host.dtype.kind == "O":
        strange = next((x for x in host.ravel() if not isinstance(x, (bool, int, float, complex, np.generic))), None)
        if strange is not None or not host.size or None in host.ravel():
            raise ArgumentTypeError(f"{what} holds {a_kind(strange)}, which is not a number")
        host = np.asarray(host.tolist())
    return host


_OURS = frozenset(dtypes.ALL)


def _unusable(dtype: Any) -> str:
    """Why arrays of a dtype cannot come in, and what to do."""
    if getattr(dtype, "names", None):
        return f"a structured array has no one dtype: give its fields one by one, x[{dtype.names[0]!r}]"
    kind = getattr(dtype, "kind", "")
    if kind == "O":
        return "an array of Python objects is none of numbers; convert it with astype, to float64 for example"
    if kind in ("f", "c"):
        name, next_to = ("longdouble", "float64") if kind == "f" else ("clongdouble", "complex128")
        return f'{dtype.name} ({name}) is wider than what engines compute in; convert it with astype("{next_to}")'
    if kind in ("S", "U", "T", "m", "M"):
        return f"an array of {dtype} is none of numbers"
    return f"there is no dtype {dtype} in tapegrad; convert the array with astype, to float32 for example"


class Company(NamedTuple):
    """The face, the engine and the device that Python numbers take; None: wherever the engine puts them."""

    face: type[Array]
    engine: EngineKernels
    device: str | None = None


def company_of(beside: Sequence[Any]) -> Company:
    """The face and the engine that scalars take among these: an array's, else a raw one's, else the defaults."""
    if beside and isinstance(beside[0], Array):
        return Company(type(beside[0]), engine_of(beside[0]))
    leaves = [leaf for arg in beside for leaf in flatten(arg)[0]]
    for leaf in leaves:
        if isinstance(leaf, Array):
            return Company(leaf.__class__._strong or leaf.__class__, engine_of(leaf), place_beside(leaf))
    for leaf in leaves:
        if kind_of(leaf) is RAW and hasattr(leaf, "dtype") and not isinstance(leaf, (np.ndarray, np.generic)):
            backend = backend_of(leaf)
            return Company(standard_face(), backend.kernels, backend.near(leaf))  # type: ignore[arg-type]
    return Company(standard_face(), get_backend().kernels)  # type: ignore[arg-type]


def make(
    values: Any,
    dtype: Any = None,
    device: Any = None,
    backend: Backend | None = None,
    face: type[Array] | None = None,
) -> Array:
    """Host numbers as an array of that or the default backend, on the device."""
    backend = backend or get_backend()
    dtype = None if dtype is None else dtypes.to_dtype(dtype)
    values = np.asarray(values, dtype=dtype)
    if values.dtype not in _OURS:
        raise DtypeError(_unusable(values.dtype))
    raw = backend.from_numpy(values, device=default_device(backend) if device is None else str(device))
    return handle(face or standard_face(), raw, None, backend.kernels)


def enter(
    value: Any,
    dtype: Any = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    face: type[Array] | None = None,
    what: str = "asarray",
    borrow: bool = False,
) -> Array:
    """What `asarray` makes of a value: an array as it is, everything else as a constant of the standard or that face.

    Nested lists of numbers take the default dtypes; tracked arrays among their elements stay tracked. `what` is the
    function that errors name. `device` is for host numbers; what is an array already stays where it is. With `borrow`
    a running transform may read the memory of a raw array in the place of a copy.
    See `tapegrad.numpy.asarray` for the rest.
    """
    dtype = None if dtype is None else dtypes.to_dtype(dtype)
    if isinstance(value, Array):
        return _again(value, dtype, copy, what)
    if isinstance(value, (list, tuple)) and holds_arrays(value):
        return _again(_stacked(value, _first_array(value)), dtype, None, what)
    if isinstance(value, (bool, int, float, complex, list, tuple)) and not isinstance(value, np.generic):
        if copy is False:
            raise ArgumentError(f"{what}: Python numbers become an array by copying, and copy=False forbids it")
        for part in _foreign_parts(value):
            admitted(part, what)
        try:
            values = np.asarray(value)
        except ValueError:
            raise ShapeError(f"{what}: {value!r} is not an array: its rows differ in shape") from None
        if values.dtype.kind not in "biufc":
            raise ArgumentTypeError(f"{what}: {value!r} holds something that is not a number")
        if dtype is None:
            hosts = isinstance(value, (list, tuple)) and any(isinstance(p, np.generic | np.ndarray) for p in value)
            dtype = values.dtype if hosts else dtype_of_numbers(values)
        return make(values, dtype, device, face=face)
    if isinstance(value, np.generic):
        return make(_array_of(value), dtype, device, face=face)
    if isinstance(value, range):
        return make(np.asarray(value, dtype=np.int64), dtype, device, face=face)
    backend, admissible = admitted(value, what)
    if copy is False and admissible is not value:
        raise ArgumentError(f"{what}: numbers of another byte order are copied, and copy=False forbids it")
    if isinstance(value, np.ndarray) and get_backend().name != backend.name:
        return make(admissible, dtype, device, face=face)
    if copy is False:
        raw = admissible
    else:
        raw = read_only(backend, admissible) if borrow else backend.adopt(admissible, copy=True)
    return _again(handle(face or standard_face(), raw, None, backend.kernels), dtype, None, what)


def _again(x: Array, dtype: Any, copy: bool | None, what: str) -> Array:
    """An array in another dtype, or in a handle of its own."""
    if dtype is not None and dtype != x._dtype:
        if copy is False:
            raise ArgumentError(f"{what}: {x._dtype.name} as {dtype.name} needs a copy, and copy=False forbids it")
        x = OPS["astype"].call(x, dtype=dtype)
    elif copy:
        x = x.copy()
    return x


def dtype_of_numbers(values: np.ndarray[Any, Any]) -> np.dtype[Any]:
    """The dtype of an array made of Python numbers: floats and complex numbers take the default precision."""
    if values.dtype.kind == "f":
        return dtypes.get_default_dtype()
    if values.dtype.kind == "c":
        return dtypes.dtype_of_scalar(1j, dtypes.get_default_dtype())
    dtype: np.dtype[Any] = np.dtype("int64") if values.dtype.kind == "i" else values.dtype
    return dtype


_REAL: dict[Any, np.dtype[Any]] = {dtype: np.empty(0, dtype).real.dtype for dtype in dtypes.INEXACT}


def holds_floats(values: Iterable[Any]) -> bool:
    """Whether there are floats or complex numbers of Python's among these, in lists and slices too."""
    for value in values:
        cls = value.__class__
        if cls is float or cls is complex:
            return True
        if cls is slice:
            value, cls = (value.start, value.stop, value.step), tuple
        if (cls is tuple or cls is list) and holds_floats(value):
            return True
    return False


def floats_beside(values: Sequence[Any]) -> AbstractContextManager[None]:
    """A block in which Python's floats become as wide as the widest of the arrays among these, in lists too.

    Without it 0.1 beside float64 arrays would be 0.1 rounded to float32, the default.
    """
    widest = default = dtypes.get_default_dtype()
    remaining = [*values] if default.itemsize < 8 and holds_floats(values) else []
    while remaining:
        value = remaining.pop()
        if value.__class__ is list or value.__class__ is tuple:
            remaining += value
        elif isinstance(value, (Array, np.ndarray, np.generic)) and getattr(value, "_strong", None) is None:
            real = _REAL.get(value.dtype)
            widest = real if real is not None and real.itemsize > widest.itemsize else widest
    if widest is default:
        return nullcontext()
    try:
        get_backend().native_dtype(widest)
    except DtypeError:
        return nullcontext()
    return dtypes.use_default_dtype(widest)


def holds_arrays(value: Any) -> bool:
    return isinstance(value, Array) or (isinstance(value, (list, tuple)) and any(map(holds_arrays, value)))


def _foreign_parts(value: Any) -> Iterator[Any]:
    """The raw host arrays of other classes than NumPy's own in nested lists."""
    for part in value if isinstance(value, (list, tuple)) else ():
        if isinstance(part, (list, tuple)):
            yield from _foreign_parts(part)
        elif isinstance(part, np.ndarray) and part.__class__ is not np.ndarray:
            yield part


def _first_array(parts: Any) -> Array:
    for part in parts:
        if isinstance(part, Array):
            return part
        if holds_arrays(part):
            return _first_array(part)
    raise AssertionError("called only where there is an array")


def _stacked(value: Any, like: Array) -> Array:
    """Nested lists with arrays among their elements as one array, so that gradients reach the elements."""
    if isinstance(value, Array):
        return value
    if isinstance(value, (list, tuple)):
        parts = [_stacked(part, like) for part in value]
        shapes = {part.shape for part in parts}
        if len(shapes) > 1:
            raise ArgumentError(
                f"the elements of a nested list have different shapes: {', '.join(map(str, sorted(shapes)))}"
            )
        return OPS["stack"].call(*parts, axis=0)  # type: ignore[no-any-return]
    dtype = like._dtype if isinstance(value, (int, float)) and like._dtype in dtypes.INEXACT else None
    return make(value, dtype, place_beside(like), engine_of(like).backend, like.__class__)


def enter_beside(
    value: Any,
    engine: EngineKernels | None,
    face: type[Array],
    *,
    copy: bool,
    what: str,
    name: str = "",
    device: str | None = None,
    among: Sequence[Any] = (),
) -> Array:
    """A foreign value as an array of `face` on `engine`: those of the arrays that it stands beside.

    An array of ours passes if its engine is the same. A raw array of that engine is adopted, as a copy if `copy`. A
    host array moves over, to the device if one is given; where the engine lacks its dtype it is rounded to the next
    narrower one of its kind, and so are Python's floats in a list, which are as wide as the widest of the arrays
    `among` which it stands. With no engine given the value's own is taken. `what` takes the value, as its argument
    `name`, in the words of errors.
    """
    if isinstance(value, np.generic):
        value = _array_of(value)
    if isinstance(value, (list, tuple)) and face._face.takes_lists:
        with use_backend(get_backend() if engine is None else engine.backend), floats_beside(among):
            return enter(value, device=device, face=face, what=what)
    if value is None or isinstance(value, (str, bytes, dict, set, list, tuple)):
        raise ArgumentTypeError(f"{what} takes an array{f' for {name!r}' if name else ''}, not {a_kind(value)}")
    if isinstance(value, Array):
        if engine is None or engine_of(value) is engine:
            return value
        backend = engine_of(value).backend
    else:
        backend, raw = admitted(value, what)
        if engine is None or backend is engine.backend:
            return handle(
                face, read_only(backend, raw) if copy else backend.adopt(raw, copy=False), None, backend.kernels
            )
        if isinstance(value, np.ndarray):
            return handle(face, from_host(engine, raw, device), None, engine)
    raise MixedBackendsError(
        f"{what} got arrays of two backends, {engine.backend.name!r} and {backend.name!r}; "
        f'move one over with x.to("{engine.backend.name}")'
    )


def from_host(engine: EngineKernels, values: np.ndarray[Any, Any], device: str | None = None) -> Any:
    """A host array as a raw one of an engine, rounded where the engine has no numbers as wide."""
    try:
        return engine.backend.from_numpy(values, device=device)
    except DtypeError:
        narrower = {"float64": "float32", "complex128": "complex64"}.get(values.dtype.name)
        if narrower is None:
            raise
        return engine.backend.from_numpy(values.astype(narrower), device=device)
