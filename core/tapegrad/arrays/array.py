"""Array: a handle that can be rebound, over a value that nobody else can see change, and its place on the tape."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from sys import getrefcount
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar
from weakref import ref

import numpy as np

from .. import dtypes
from ..engines.tables import OPS, Kernels, Signature
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    DtypeError,
    GradientEscapeError,
    GraphError,
    ShapeError,
    ValueSemanticsWarning,
)
from ..tape.guards import JOURNAL, check_thread
from ..tape.mode import JOURNALING, MODE, RECORDING
from ..tape.nodes import Leaf, Node
from .face import STANDARD, Face

SomeArray = TypeVar("SomeArray", bound="Array")


class Array:
    """An array of any engine: operators, a shape and a dtype, and a place on the tape.

    This is what rules and bodies of ops work on, and what the arrays of both faces are: `isinstance(x, tapegrad.Array)`
    holds of `tapegrad.numpy.ndarray` and of `tapegrad.nd.NDArray`. Arrays are made by the functions of a face and by
    ops, not by calling this class.

    Operators are ops, recorded where recording is on. A slice or reshape is a value of its own, never a view.

    Shapes: any.

    Dtypes: the standard's, and float16, as `numpy.dtype` objects on every engine; float32 is the default float. Python
    numbers take the dtype of the array that they meet.

    Raises: `ShapeError` for shapes that do not broadcast, `DtypeError` for dtypes with none in common,
    `MixedBackendsError` for arrays of two engines, `GradientEscapeError` where a gradient would be lost.

    >>> import tapegrad
    >>> import tapegrad.numpy as tnp
    >>> x = tnp.asarray([1.0, 2.0, 3.0])
    >>> isinstance(x, tapegrad.Array)
    True
    >>> x[1:] ** 2 + 1
    Array([ 5., 10.], dtype=float32)
    """

    __slots__ = ("__weakref__", "_constant", "_grad", "_node", "_origin", "_signature", "_value", "_xp")
    _value: Any
    _origin: tuple[Any, Any] | None
    _constant: bool
    _grad: Array | None
    _signature: Signature
    _node: Node | None
    _xp: Kernels
    _face: ClassVar[Face] = STANDARD
    """The conventions by which the core treats arrays of this class."""
    _weak: ClassVar[type[Array] | None] = None
    """The class of Python's numbers under a transform, which take the dtype of the arrays of this class beside them."""
    _strong: ClassVar[type[Array] | None] = None
    """Of such a class, that of the arrays that its numbers are when the transform is over."""

    @classmethod
    def _begin(cls) -> None:
        """Called before an engine has the first array of this class: the methods that are bound late must be there."""

    __array_ufunc__: Any = None  # so that NumPy's operators leave the work to ours

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return tuple(self._value.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self._value.shape:
            size *= length
        return size

    @property
    def dtype(self) -> Any:
        """The dtype, the same object on every engine (a `numpy.dtype`)."""
        return self._xp.dtype_of(self._value)

    @property
    def _dtype(self) -> np.dtype[Any]:
        """The dtype as the core has it, whatever a face says."""
        return self._xp.dtype_of(self._value)  # type: ignore[no-any-return]

    def detach(self) -> Self:
        """The same value as a constant.

        It shares memory with this array, which no write can be seen through.

        >>> import tapegrad
        >>> tapegrad.grad(lambda x: x * x.detach())(3.0)
        3.0
        """
        made = object.__new__(type(self))
        made._value, made._node, made._xp, made._signature = self._value, None, self._xp, self._signature
        return made

    def asnumpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, without gradients.

        The copy is writeable, and its own: nothing written to it is seen here.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([1.0, 2.0]).asnumpy()
        array([1., 2.], dtype=float32)
        """
        return self._xp.to_numpy(plain_value(self, "asnumpy()"))  # type: ignore[no-any-return]

    def item(self) -> Any:
        """The single element as a Python scalar.

        Raises: `ValueError` for any other size, `GradientEscapeError` where a gradient would be lost.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([2.5]).item()
        2.5
        """
        self._check_escape("item()")
        if self.size != 1:
            raise ArgumentError(f"item() needs an array of one element, not of shape {self.shape}")
        return self.asnumpy().item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python scalars.

        Raises: `GradientEscapeError` where a gradient would be lost.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        self._check_escape("tolist()")
        return self.asnumpy().tolist()

    def _check_escape(self, how: str) -> None:
        if self._node is None or _ESCAPE.get():
            return
        check_thread((self._node,), how)
        if MODE.get() & RECORDING:
            raise GradientEscapeError(
                f"{how} of an array that is being differentiated would lose its gradient; "
                "use x.detach() first if you mean it, or tapegrad.allow_escape() around code that you cannot change"
            )

    def __float__(self) -> float:
        self._check_escape("float()")
        return float(self._one("float()"))

    def __int__(self) -> int:
        self._check_escape("int()")
        return int(self._one("int()"))

    def __complex__(self) -> complex:
        self._check_escape("complex()")
        return complex(self._one("complex()"))

    def __index__(self) -> int:
        if not dtypes.is_dtype(self._dtype, "integral") or self.size != 1:
            raise ArgumentTypeError("only an integer array of one element can be used as an index")
        return int(self._one("an index"))

    def __bool__(self) -> bool:
        return bool(self._one("bool()"))

    def _one(self, how: str) -> Any:
        if self.size != 1:
            remedy = "; use any() or all()" if how == "bool()" else ""
            raise ArgumentError(f"{how} of an array needs one element, not shape {self.shape}{remedy}")
        return self._xp.to_numpy(plain_value(self, how)).reshape(())[()]

    def __len__(self) -> int:
        if not self._value.shape:
            raise ArgumentTypeError("len() of a 0-d array")
        return int(self._value.shape[0])

    def __iter__(self) -> Iterator[Self]:
        # Not a generator itself: whoever asks whether a 0-d array can be iterated over asks for the iterator only.
        if not self._value.shape:
            raise ArgumentTypeError("iteration over a 0-d array")
        return self._pieces()

    def _pieces(self) -> Iterator[Self]:
        if self._node is None or not MODE.get() & RECORDING:
            for i in range(len(self)):
                yield self[i]
            return
        # One node for all pieces: a node for each would pull back as many arrays of the size of this one.
        for i, piece in enumerate(OPS["unstack"].call(self, axis=0) if len(self) else ()):
            piece._origin = ref(self), (i,)
            yield piece

    def __format__(self, spec: str) -> str:
        return format(self._one("format()"), spec) if spec else str(self)

    def __repr__(self) -> str:
        try:
            text = np.array2string(self.asnumpy(), separator=", ", prefix="Array(")
        except Exception:
            return f"Array(shape={self.shape}, {self._value!r})"
        return f"Array({text}, dtype={self._dtype.name})"

    if TYPE_CHECKING:
        # Set on the class by operators.py, indexing.py and shape.py in ops/: an operator is its op, no call between.
        def __add__(self, other: Any, /) -> Self: ...
        def __radd__(self, other: Any, /) -> Self: ...
        def __iadd__(self, other: Any, /) -> Self: ...
        def __sub__(self, other: Any, /) -> Self: ...
        def __rsub__(self, other: Any, /) -> Self: ...
        def __isub__(self, other: Any, /) -> Self: ...
        def __mul__(self, other: Any, /) -> Self: ...
        def __rmul__(self, other: Any, /) -> Self: ...
        def __imul__(self, other: Any, /) -> Self: ...
        def __truediv__(self, other: Any, /) -> Self: ...
        def __rtruediv__(self, other: Any, /) -> Self: ...
        def __itruediv__(self, other: Any, /) -> Self: ...
        def __floordiv__(self, other: Any, /) -> Self: ...
        def __rfloordiv__(self, other: Any, /) -> Self: ...
        def __ifloordiv__(self, other: Any, /) -> Self: ...
        def __mod__(self, other: Any, /) -> Self: ...
        def __rmod__(self, other: Any, /) -> Self: ...
        def __imod__(self, other: Any, /) -> Self: ...
        def __divmod__(self, other: Any, /) -> tuple[Self, Self]: ...
        def __rdivmod__(self, other: Any, /) -> tuple[Self, Self]: ...
        def __pow__(self, other: Any, /) -> Self: ...
        def __rpow__(self, other: Any, /) -> Self: ...
        def __ipow__(self, other: Any, /) -> Self: ...
        def __matmul__(self, other: Any, /) -> Self: ...
        def __rmatmul__(self, other: Any, /) -> Self: ...
        def __imatmul__(self, other: Any, /) -> Self: ...
        def __and__(self, other: Any, /) -> Self: ...
        def __rand__(self, other: Any, /) -> Self: ...
        def __iand__(self, other: Any, /) -> Self: ...
        def __or__(self, other: Any, /) -> Self: ...
        def __ror__(self, other: Any, /) -> Self: ...
        def __ior__(self, other: Any, /) -> Self: ...
        def __xor__(self, other: Any, /) -> Self: ...
        def __rxor__(self, other: Any, /) -> Self: ...
        def __ixor__(self, other: Any, /) -> Self: ...
        def __lshift__(self, other: Any, /) -> Self: ...
        def __rlshift__(self, other: Any, /) -> Self: ...
        def __ilshift__(self, other: Any, /) -> Self: ...
        def __rshift__(self, other: Any, /) -> Self: ...
        def __rrshift__(self, other: Any, /) -> Self: ...
        def __irshift__(self, other: Any, /) -> Self: ...
        def __lt__(self, other: Any, /) -> Self: ...
        def __le__(self, other: Any, /) -> Self: ...
        def __gt__(self, other: Any, /) -> Self: ...
        def __ge__(self, other: Any, /) -> Self: ...
        def __eq__(self, other: Any, /) -> Self: ...  # type: ignore[override]
        def __ne__(self, other: Any, /) -> Self: ...  # type: ignore[override]
        def __neg__(self) -> Self: ...
        def __abs__(self) -> Self: ...
        def __invert__(self) -> Self: ...
        def __getitem__(self, key: Any, /) -> Self: ...
        def __setitem__(self, key: Any, value: Any, /) -> None: ...
        def reshape(self, *shape: int | tuple[int, ...]) -> Self: ...

    # Equality is by element, so arrays are told apart as dict keys by who they are.
    __hash__ = object.__hash__

    def __pos__(self) -> Self:
        return self.copy()

    def copy(self) -> Self:
        """The same value in a handle of its own, to be written to as one likes; gradients flow through.

        >>> import tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> y = x.copy()
        >>> y[0] = 9
        >>> x.tolist(), y.tolist()
        ([1.0, 2.0], [9.0, 2.0])
        """
        made: Self = object.__new__(type(self))
        made._value, made._node, made._xp, made._signature = self._held()
        if getattr(self, "_constant", False):
            made._constant = True
        return made

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        check_thread((self._node,), "copy.deepcopy()")
        return self.copy() if self._node is not None and MODE.get() & RECORDING else self.detach()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, for code that knows no better. Raises `GradientEscapeError` when tracked."""
        self._check_escape("numpy.asarray()")
        if copy is False:
            raise ArgumentError("an array of tapegrad becomes a NumPy array by a copy only; copy=False cannot be had")
        found = self.asnumpy()
        return found if dtype is None else found.astype(dtype, copy=False)

    def _check_rebind(self) -> None:
        """Refuse a write to a variable while recording: it would stop being the variable."""
        if self._node.__class__ is Leaf and MODE.get() & RECORDING and getattr(self, "_grad", None) is not None:
            raise GraphError(
                "an in-place write to a variable (attach_grad) while recording: it would stop being the variable; "
                "write to it under autograd.pause(), or work on a copy"
            )

    def _owns_value(self) -> bool:
        """Whether the value is this handle's alone, so that a write may reuse its buffer."""
        backend = self._xp.backend
        return backend is not None and not MODE.get() & JOURNALING and backend.may_write(self._value)

    def _lose_node(self) -> None:
        """What a write outside `record()` does to the place on the tape: variables stay, all else is a constant."""
        if self._node is not None and not (self._node.__class__ is Leaf and getattr(self, "_grad", None) is not None):
            self._node = None

    def _update(self, op: Callable[..., Any], other: Any, count: int) -> Self:
        """What an in-place operator does: the op, and its result into this handle."""
        origin = getattr(self, "_origin", None)
        # `x[0] += 1` puts the slice back where it came from; only a slice with a name of its own is written apart.
        named = _count_of_named is not None and count >= _count_of_named
        if named and origin is not None and origin[0]() is not None:
            warn_of_apart(self, stacklevel=4)
        return self._rebind(op(self, other))

    def _held(self) -> tuple[Any, Node | None, Kernels, Signature]:
        """What the handle holds, for `_hold` to give back to it."""
        return (self._value, self._node, self._xp, self._signature)

    def _hold(self, held: tuple[Any, Node | None, Kernels, Signature]) -> None:
        self._value, self._node, self._xp, self._signature = held

    def _rebind(self, new: Array) -> Self:
        """Give this handle a new value of the same shape and dtype; what was computed from the old one keeps that."""
        self._check_rebind()
        if tuple(new._value.shape) != tuple(self._value.shape):
            raise ShapeError(f"an in-place write cannot change the shape {self.shape} to {new.shape}")
        if new._value.dtype is not self._value.dtype and new._dtype != self._dtype:
            if _KINDS[new._dtype.kind] > _KINDS[self._dtype.kind]:
                raise DtypeError(
                    f"{new._dtype.name}, which an in-place operation gives, does not go into {self._dtype.name}; "
                    "convert the array first with astype"
                )
            new = OPS["astype"].call(new, dtype=self._dtype)
        mode = MODE.get()
        if mode & JOURNALING:
            journal = JOURNAL.get()
            assert journal is not None
            journal.note(self)
        self._value = new._value
        if new._xp is not self._xp:
            self._xp = new._xp
            self._signature = new._xp.signatures[type(self), new._value.dtype, new._value.shape]
        if not mode & RECORDING:
            check_thread((new._node,), "a write")
            self._lose_node()
        else:
            self._node = new._node
            if new._node is None:
                self._constant = True
        return self


_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
"""The kinds of dtypes by what goes into what without loss of kind."""

_ESCAPE: ContextVar[bool] = ContextVar("tapegrad_escape", default=False)


@contextmanager
def allow_escape() -> Iterator[None]:
    """Let tracked arrays leave for NumPy and other libraries within a `with` block; there they are constants.

    Without it `numpy.asarray(x)`, `float(x)` and DLPack raise `GradientEscapeError` for an array that is being
    differentiated while recording, since its gradient would be lost in silence.

    Shapes: any.

    Dtypes: any.

    Raises: nothing itself.

    >>> import numpy, tapegrad
    >>> x = tapegrad.numpy.asarray([1.0, 2.0])
    >>> x.attach_grad()
    >>> with tapegrad.record(), tapegrad.allow_escape():
    ...     numpy.asarray(x)
    array([1., 2.], dtype=float32)
    """
    token = _ESCAPE.set(True)
    try:
        yield
    finally:
        _ESCAPE.reset(token)


class _Origins:
    """The array that a slice of a slice was taken from: the nearest that still lives."""

    __slots__ = ("far", "near")

    def __init__(self, near: Callable[[], Any], far: Callable[[], Any]) -> None:
        self.near = near
        self.far = far

    def __call__(self) -> Any:
        found = self.near()
        return self.far() if found is None else found


def seen_from(x: Array) -> Callable[[], Any]:
    """For `_origin` of a slice, reshape or transpose of `x`: what finds the array that a write is perhaps meant for."""
    before = getattr(x, "_origin", None)
    return ref(x) if before is None else _Origins(ref(x), before[0])


def warn_of_apart(x: Array, stacklevel: int) -> None:
    """Warn, once for each array, of a write to a slice or reshape that was perhaps meant for its array."""
    warnings.warn(
        "this write does not reach the array that the slice or reshape was taken from: these are values, not views. "
        "Write to the array itself, x[key] = v; or, if the slice alone is meant, take a copy first, x[key].copy()",
        ValueSemanticsWarning,
        stacklevel=stacklevel,
    )
    x._origin = None


class _Probe:
    """Sees the reference count that an in-place operator sees of an array that has a name."""

    count = 0

    def __iadd__(self, other: Any) -> Self:
        return self._update(None, other, getrefcount(self))

    def _update(self, op: Any, other: Any, count: int) -> Self:
        self.__class__.count = count
        return self


def _measure() -> int | None:
    """The least count of an array with a name; None where it cannot be told from one without."""
    probes = [_Probe()]
    probes[0] += 1
    held = _Probe.count
    probe = _Probe()
    probe += 1
    named = _Probe.count
    del probe
    holder = type(
        "Holder", (), {"__getitem__": lambda self, key: _Probe(), "__setitem__": lambda self, key, value: None}
    )()
    holder[0] += 1
    return named if _Probe.count < named <= held else None


_count_of_named = _measure()


def plain_value(x: Array, how: str) -> Any:
    if x._xp.backend is None:
        raise ArgumentTypeError(
            f"{how} of an array inside vmap: it has no value of its own, but one for each element of the batch; "
            "choose between results with tapegrad.where, or return the array"
        )
    return x._value


def handle(cls: type[SomeArray], value: Any, node: Node | None, xp: Kernels) -> SomeArray:
    """A handle of face `cls` on a value."""
    made = object.__new__(cls)
    made._value = value
    made._node = node
    made._xp = xp
    made._signature = xp.signatures[cls, value.dtype, value.shape]
    return made
