"""What `xp` is: the table of kernels that bodies and formulas are written against.

An engine's table runs on raw arrays. `RECORDED` is the ops themselves, so a formula run with it is on the tape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from .. import dtypes
from ..dtypes import CLASSES, is_dtype
from ..errors import BackendError
from .faults import looks
from .standard import OPTIONAL, Standard, host_function, on_host

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_keys, dict_values

    from ..arrays.array import Array
    from ..op.record import Op
    from .backend import Backend

_OP_LOADERS: list[Callable[[], object]] = []


def register_ops(load: Callable[[], object]) -> None:
    """Let `load` define tapegrad's own ops when they are first needed. They lie in layers above this one."""
    _OP_LOADERS.append(load)


def load_ops() -> None:
    """Define tapegrad's own ops, and bind the operators of arrays to them, unless that has been done."""
    for load in _OP_LOADERS:
        load()


class Ops(dict[str, "Op"]):
    """Ops by name. Tapegrad's own are defined before a name is missed and before all are listed; `get` defines none."""

    __slots__ = ()

    def __missing__(self, name: str) -> Op:
        load_ops()
        return self.copy()[name]  # in a plain dictionary, which knows what to raise

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        load_ops()
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        load_ops()
        return super().__iter__()

    def __len__(self) -> int:
        load_ops()
        return super().__len__()

    def keys(self) -> dict_keys[str, Op]:
        load_ops()
        return super().keys()

    def values(self) -> dict_values[str, Op]:
        load_ops()
        return super().values()

    def items(self) -> dict_items[str, Op]:
        load_ops()
        return super().items()


OPS = Ops()
"""Every op by its name, first-party and strangers' alike."""


class Spec(NamedTuple):
    """What a formula may know of an input that is not kept: its shape and dtype, and the engine's own layout.

    >>> Spec((2, 3), "float32").size
    6
    """

    shape: tuple[int, ...]
    dtype: Any
    layout: Any = None

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size


class Signature:
    """What arrays share that differ in nothing but their numbers: face, kernel table, dtype and shape.

    There is one object for each, so that a single `is` says that two arrays need neither conversion nor broadcasting.
    Arrays of one `family` differ in shape alone, by which it has their signatures; those of one `home` also in dtype.
    """

    __slots__ = (
        "cls",
        "complex",
        "dtype",
        "family",
        "home",
        "inexact",
        "ones",
        "pairs",
        "scalars",
        "shape",
        "spec",
        "xp",
    )
    spec: Spec | None
    """What nodes keep of such an array that formulas need no numbers of; None where the layout of each tells more."""

    def __init__(self, cls: type[Array], xp: Kernels, dtype: Any, shape: tuple[int, ...], home: Any, family: Any):
        self.cls = cls
        self.xp = xp
        self.dtype = dtype
        self.shape = shape
        self.spec = None if xp.layouts else Spec(shape, dtype)
        self.home = home
        self.family = family
        self.inexact = dtype in xp.inexact
        self.complex = 1 if dtype in xp.complexes else 0
        self.scalars: dict[float, Any] = {}
        self.pairs = Pairs(self)
        self.ones: Any = None

    def scalar(self, number: complex, value: Any) -> Any:
        """A Python number as a constant beside `value`, an array of this signature; None where its kind does not fit.

        Kept for the next time, unless it is zero (as keys 0.0 and -0.0 are the same), stands beside integers (as keys
        2 and 2.0 are the same) or is complex (as 2.0 and 2 + 0j are).
        """
        constant = self.xp.weak(number, value)
        kept = number and self.inexact and number.__class__ is not complex
        if kept and self.xp.shares_constants and len(self.scalars) < 1000:
            self.scalars[number] = constant  # type: ignore[index]
        return constant


class Pairs(dict[Signature, "tuple[Signature | None, int]"]):
    """What becomes of an operand of one signature beside one of another: the signature of an elementwise result, and
    which of the two is broadcast (1: the first, 2: the second). None where more than broadcasting is to be done.
    """

    __slots__ = ("first",)

    def __init__(self, first: Signature) -> None:
        self.first = first

    def __missing__(self, second: Signature) -> tuple[Signature | None, int]:
        first = self.first
        pair: tuple[Signature | None, int] = (None, 0)
        if first.family is second.family:
            try:
                shape = np.broadcast_shapes(first.shape, second.shape)
            except ValueError:
                return first, 0  # the kernel knows better what to say
            pair = (
                first.xp.signatures[first.cls, first.dtype, shape],
                (shape != first.shape) | (shape != second.shape) << 1,
            )
        if len(self) > 1000:
            self.clear()
        self[second] = pair
        return pair


class Family(dict["tuple[int, ...]", Signature]):
    """The signatures of arrays that differ in shape alone, each by its shape."""

    __slots__ = ("cls", "dtype", "xp")

    def __init__(self, cls: type[Array], xp: Kernels, dtype: Any) -> None:
        self.cls = cls
        self.xp = xp
        self.dtype = dtype

    def __missing__(self, shape: tuple[int, ...]) -> Signature:
        signature = self[shape] = self.xp.signatures[self.cls, self.dtype, shape]
        return signature


class Signatures(dict[Any, Signature]):
    """The signatures of one kernel table by face, dtype and shape, each made when it is first asked for."""

    __slots__ = ("families", "homes", "xp")
    kind: ClassVar[type[Signature]] = Signature

    def __init__(self, xp: Kernels) -> None:
        self.xp = xp
        self.homes: dict[Any, object] = {}
        self.families: dict[Any, Family] = {}

    def __missing__(self, key: tuple[type[Array], Any, tuple[int, ...]]) -> Signature:
        cls, dtype, shape = key
        if len(self) > 10_000:
            self.clear()  # arrays keep theirs; they only stop matching those of arrays made from now on
            for family in list(self.families.values()):
                family.clear()
        if self.xp.engine is not None and isinstance(dtype, np.dtype):
            self.xp.engine.check_own(dtype)
        if cls not in self.homes:
            cls._begin()
        home = self.homes.setdefault(cls, object())
        family = self.families.setdefault((cls, dtype), Family(cls, self.xp, dtype))
        signature = self[key] = self.kind(cls, self.xp, dtype, tuple(shape), home, family)
        return signature


class Kernels:
    """A kernel table: an attribute per op, found once and then kept."""

    backend: Backend | None
    engine: EngineKernels | None
    """The table of the engine that holds the numbers, through any batching; None in a table for any engine."""
    complexes: frozenset[Any]
    inexact: frozenset[Any]
    signatures: Signatures
    shares_constants = False
    """Whether one 0-d array may serve for every scalar of its value and dtype."""
    layouts = False
    """Whether gradients have to be brought into the layouts of their inputs, by `like`."""

    def like(self, g: Any, x: Any) -> Any:
        """A gradient in the layout of the value it belongs to, or of what is known of it."""
        return g

    def without_nodes(self, value: Any) -> Any:
        """A value without the nodes that it has inside a batch."""
        return value

    def node_within(self, value: Any) -> Any:
        """The node that a value has inside a batch, the nearest if there are several; None without any."""
        return None

    def find(self, name: str) -> Any:
        """The kernel for the op or function of that name."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kernel = self.find(name)
        setattr(self, name, kernel)
        return kernel

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """Whether `dtype` is of that kind, in the words of the array API standard."""
        return is_dtype(dtype if dtype.__class__ in CLASSES else self._our_dtype(dtype), kind)

    def finfo(self, dtype: Any) -> Any:
        """Machine limits of a floating dtype."""
        return _limits(dtypes.to_dtype(self._our_dtype(dtype)))

    def _our_dtype(self, dtype: Any) -> Any:
        """tapegrad's dtype for the engine's; what the engine does not know is for the reader to judge."""
        backend = self.backend
        return dtype if backend is None or isinstance(dtype, np.dtype) else backend.dtypes.get(dtype, dtype)


@cache
def _limits(dtype: np.dtype[Any]) -> Any:
    return np.finfo(dtype)


class EngineKernels(Kernels):
    """The kernels of one engine: its fused ones, then the standard's primitives, then the bodies of the ops."""

    backend: Backend
    engine: EngineKernels
    place = ""
    """The name of the context, of a table for arrays that keep to one."""

    def __init__(self, backend: Backend) -> None:
        load_ops()  # every array has such a table, so this is before there is any
        self.backend = backend
        self.engine = self
        self.signatures = Signatures(self)
        self.shares_constants = backend.shares_constants
        self.levels: dict[int, Kernels] = {}
        """The tables of batched values whose numbers this engine holds, by the level of their vmap."""
        self.fused = dict(backend.fused())
        self.complexes = frozenset(native for native, dtype in backend.dtypes.items() if dtype in dtypes.COMPLEX)
        self.inexact = frozenset(native for native, dtype in backend.dtypes.items() if dtype in dtypes.INEXACT)
        self.spec = backend.spec
        self.dtype_of = backend.dtype_of
        self.layouts = backend.layouts
        self.to_numpy = looks(backend)
        self.constants: dict[Any, Any] = {}
        self.hosted: set[str] = set()
        """The functions of the standard that were asked for and are the host's, as the engine lacks them."""
        self.standard = Standard(self, backend.namespace)

    def __repr__(self) -> str:
        return f"<kernels of backend {self.backend.name!r}>"

    def check_own(self, dtype: np.dtype[Any]) -> None:
        """Raise `BackendError` for an array of NumPy's that an engine gave whose own have other dtype objects."""
        if self.speaks_other_dtypes:
            raise BackendError(
                f"backend {self.backend.name!r} gave an array of NumPy's {dtype.name} in the place of one of its own"
            )

    @cached_property
    def speaks_other_dtypes(self) -> bool:
        """Whether none of the engine's dtype objects is NumPy's."""
        return not any(isinstance(native, (type, np.dtype)) for native in self.backend.dtypes)

    def like(self, g: Any, x: Any) -> Any:
        return self.backend.like(g, x if x.__class__ is Spec else self.spec(x)) if self.layouts else g

    def weak(self, scalar: Any, like: Any) -> Any:
        """A Python scalar as a 0-d array of the dtype of `like`, or None where its kind does not go into that dtype."""
        key = (scalar.__class__, scalar, like.dtype, like.__class__, like.ndim == 0)
        found = self.constants.get(key)
        if found is not None:
            return found
        kind = scalar.__class__
        if key[2] not in self.inexact and kind is not bool and not (kind is int and self.dtype_of(like) != dtypes.BOOL):
            return None
        if kind is complex and key[2] not in self.complexes:
            return None
        found = self.backend.constant(scalar, like)
        if self.shares_constants and scalar and (kind is not complex or (scalar.real and scalar.imag)):
            if len(self.constants) > 1000:
                self.constants.clear()
            self.constants[key] = found
        return found

    def toward(self, target: EngineKernels) -> EngineKernels:
        """The table of what goes from here to another engine."""
        return target

    def number(self, scalar: Any, dtype: np.dtype[Any], device: str | None = None) -> Any:
        """A Python number as a raw array of no axes, on the device of that name."""
        return self.backend.from_numpy(np.asarray(scalar, dtype=dtype), device=device)

    def find(self, name: str) -> Any:
        if name in self.fused:
            return self.fused[name]
        op = OPS.get(name)
        if op is None:
            raise AttributeError(f"xp.{name}: there is no op of that name, so a body or formula cannot use it")
        if not op.primitive:
            return partial(op.body, self)
        function = self.standard.lookup(op.path)
        if op.path and function is None:
            if host_function(op.path) is None:
                raise BackendError(
                    f"backend {self.backend.name!r} has no kernel for {name!r}: "
                    "its namespace lacks it, and its fused() does not give it"
                )
            function = self.on_host(op.path)
        plain = not (op.keywords or op.variadic) and len(op.path) == 1 and name not in OPTIONAL
        return function if plain else partial(op.body, self.standard)

    def on_host(self, path: tuple[str, ...]) -> Any:
        """A function of the standard that the engine lacks, of copies on the host; noted in `hosted`."""
        self.hosted.add(".".join(path))
        return on_host(self.backend, path)

    def is_own(self, path: tuple[str, ...]) -> bool:
        """Whether a function of the standard is not composed of others: no op is, or one whose body calls it."""
        op = OPS.get(path[-1])
        return len(path) > 1 or op is None or op.primitive


class Recorded(Kernels):
    """The ops themselves as a kernel table: a formula run with it works on arrays and is recorded."""

    backend = None
    engine = None

    def __repr__(self) -> str:
        return "<the recorded ops>"

    def find(self, name: str) -> Any:
        if name not in OPS:
            raise AttributeError(f"xp.{name}: there is no op of that name, so a formula cannot use it")
        return OPS[name].call

    def spec(self, x: Any) -> Spec:
        """Shape, dtype and layout of an array."""
        spec: Spec = x._kernels.spec(x._value)
        return spec


RECORDED = Recorded()
