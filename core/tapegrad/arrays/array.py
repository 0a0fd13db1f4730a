"""Array: a handle that can be rebound, over a value that nobody else can see change, and its place on the tape."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

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
)
from ..settings import Setting
from ..tape.guards import JOURNAL, check_thread
from ..tape.mode import JOURNALING, MODE, RECORDING, generator_of, is_running
from ..tape.nodes import Leaf, Node
from . import views
from .face import STANDARD, Face
from .foreign import shown
from .remedies import remedy_for

SomeArray = TypeVar("SomeArray", bound="Array")


class Array:
    """An array of any engine: operators, a shape and a dtype, and a place on the tape.

    This is what rules and bodies of ops work on, and what the arrays of both faces are: `isinstance(x, tapegrad.Array)`
    holds of `tapegrad.numpy.ndarray` and of `tapegrad.nd.NDArray`. Arrays are made by the functions of a face and by
    ops, not by calling this class.

    Operators are ops, recorded where recording is on. A slice is a view: a write to it is a write to its array.

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

    __slots__ = ("__weakref__", "_constant", "_grad", "_kernels", "_node", "_shares", "_signature", "_value")
    _value: Any
    _shares: Any
    """What links views and what they are views of: see `views.py`. Most arrays have none."""
    _constant: bool
    _grad: Array | None
    _signature: Signature
    _node: Node | None
    _kernels: Kernels
    _face: ClassVar[Face] = STANDARD
    """The conventions by which the core treats arrays of this class."""
    _weak: ClassVar[type[Array] | None] = None
    """The class of Python's numbers under a transform, which take the dtype of arrays of this class beside them."""
    _strong: ClassVar[type[Array] | None] = None
    """Of such a class: the class of the arrays that its numbers become when the transform is over."""

    @classmethod
    def _begin(cls) -> None:
        """Called before an engine has the first array of this class: the methods that are bound late must be there."""

    def __dir__(self) -> list[str]:
        return shown(self.__class__, super().__dir__())

    __array_ufunc__: Any = None  # so that NumPy's operators leave the work to ours

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self._signature.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._signature.shape)

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
        return self._kernels.dtype_of(self._value)

    @property
    def _dtype(self) -> np.dtype[Any]:
        """The dtype as the core has it, whatever a face says."""
        return self._kernels.dtype_of(self._value)  # type: ignore[no-any-return]

    def detach(self) -> Self:
        """The same value as a constant.

        >>> import tapegrad
        >>> tapegrad.grad(lambda x: x * x.detach())(3.0)
        3.0
        """
        return self._detached()

    def _detached(self) -> Self:
        """The same value as a constant at every level of batching, in a handle that has nothing to do with this one."""
        constant = self._unplaced()
        constant._value = constant._kernels.without_nodes(constant._value)
        return constant

    def _unplaced(self) -> Self:
        """The same value in a handle without a place on the tape, but for those that the value has inside a batch."""
        bare = object.__new__(self.__class__)
        bare._value, bare._node, bare._kernels, bare._signature = self._value, None, self._kernels, self._signature
        return bare

    def asnumpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, without gradients.

        The copy is writeable, and its own: nothing written to it is seen here.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([1.0, 2.0]).asnumpy()
        array([1., 2.], dtype=float32)
        """
        return self._kernels.to_numpy(plain_value(self, "asnumpy()"))  # type: ignore[no-any-return]

    def item(self, *place: int) -> Any:
        """The single element, or the one at that place, as a Python scalar; of one number, counted row by row.

        Raises: `ValueError` for any other size, `IndexError` for no such place, `GradientEscapeError` where a gradient
        would be lost.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([2.5]).item(), tnp.asarray([[1.0, 2.5]]).item(0, 1)
        (2.5, 2.5)
        """
        if place:
            element: Array = (self if len(place) > 1 else self.reshape(-1))[place]
            return element.item()
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
        if self._node is None:
            return
        allowed = _ESCAPE.get()
        if allowed is True or (allowed and is_running(allowed)):
            return
        check_thread((self._node,), how)
        if MODE.get() & RECORDING:
            raise GradientEscapeError(
                f"{how} of an array that is being differentiated would lose its gradient; {remedy_for(how)}. Where a "
                "constant is meant use x.detach() first, or tapegrad.allow_escape() around code that you cannot change"
            )

    def __float__(self) -> float:
        return float(self._scalar("float()"))

    def __int__(self) -> int:
        return int(self._scalar("int()"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex()"))

    def __index__(self) -> int:
        if not dtypes.is_dtype(self._dtype, "integral") or self.size != 1:
            raise ArgumentTypeError("only an integer array of one element can be used as an index")
        return int(self._one("an index"))

    def __bool__(self) -> bool:
        return bool(self._one("bool()"))

    def _scalar(self, how: str) -> Any:
        self._check_escape(how)
        return self._one(how)

    def _one(self, how: str) -> Any:
        if self.size != 1:
            remedy = "; use any() or all()" if how == "bool()" else ""
            raise ArgumentError(f"{how} of an array needs one element, not shape {self.shape}{remedy}")
        return self._kernels.to_numpy(plain_value(self, how)).flat[0]

    def __len__(self) -> int:
        if not self._value.shape:
            raise ArgumentTypeError("len() of a 0-d array")
        return int(self._value.shape[0])

    def __iter__(self) -> Iterator[Self]:
        # Not a generator itself: to ask whether a 0-d array can be iterated over is to ask for the iterator only.
        if not self._value.shape:
            raise ArgumentTypeError("iteration over a 0-d array")
        return self._pieces()

    def _pieces(self) -> Iterator[Self]:
        if self._node is None or not MODE.get() & RECORDING:
            for i in range(len(self)):
                yield self[i]
            return
        # One node for all pieces: a node for each would pull back as many arrays of the size of this one.
        pieces = OPS["unstack"].call(self, axis=0) if len(self) else ()
        if self.ndim > 1:
            for i, piece in enumerate(pieces):
                views.share(piece, self, (i,))
            yield from pieces
            return
        node, value, is_written = self._node, self._value, False
        for i, piece in enumerate(pieces):  # numbers, which are no views: once the array is written to, read anew
            if not is_written and (value is not self._value or node is not self._node):
                is_written, value = True, None
            yield self[i] if is_written else piece

    def __format__(self, spec: str) -> str:
        return format(self._one("format()"), spec) if spec else str(self)

    def __repr__(self) -> str:
        try:
            text = np.array2string(np.asarray(self.asnumpy()), separator=", ", prefix="Array(")
        except Exception:
            return f"Array(shape={self.shape}, {self._value!r})"
        tracked = "" if self._node is None else f", tracked={self._node.label}"
        return f"Array({text}, dtype={self._dtype.name}{tracked})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the numbers as they are printed, and what the array is."""
        from html import escape

        state = "a constant" if self._node is None else f"tracked by {self._node.label}"
        what = f"{self._dtype.name}{list(self.shape)} on {getattr(self, 'device', 'no device')}, {state}"
        return f"<pre style='font-family: monospace'>{escape(repr(self).strip())}</pre><small>{escape(what)}</small>"

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
        def reshape(self, *shape: int | tuple[int, ...], order: str = "C", copy: bool | None = None) -> Self: ...
        def _put(self, key: Any, value: Any) -> None: ...
        def _put_within(self, steps: Any, key: Any, value: Any) -> bool: ...

    # Equality is by element, so arrays are told apart as dict keys by who they are.
    __hash__ = object.__hash__

    def __pos__(self) -> Self:
        return self.copy()

    def copy(self, order: str = "C") -> Self:
        """The same value in a handle of its own, to be written to as one likes. In which order is the engine's matter.

        It is recorded as any op is: gradients flow through a copy made while recording, and one made outside is a
        constant, such as the earlier value of a weight.

        >>> import tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> y = x.copy()
        >>> y[0] = 9
        >>> x.tolist(), y.tolist()
        ([1.0, 2.0], [9.0, 2.0])
        """
        if self._node is not None:
            recorded: Self = OPS["astype"].call(self, dtype=self._dtype)
            return recorded
        copy: Self = object.__new__(self.__class__)
        copy._value, copy._node, copy._kernels, copy._signature = self._held()
        if getattr(self, "_constant", False):
            copy._constant = True
        return copy

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        check_thread((self._node,), "copy.deepcopy()")
        return self.copy() if MODE.get() & RECORDING else self._detached()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, for code that knows no better. Raises `GradientEscapeError` when tracked."""
        if (self._node is not None or self._kernels.backend is None) and _asked_by_sparse(sys._getframe(1)):
            return _UNKNOWN
        self._check_escape("numpy.asarray()")
        if copy is False:
            raise ArgumentError("an array of tapegrad becomes a NumPy array by a copy only; copy=False cannot be had")
        return np.asarray(self.asnumpy(), dtype=dtype)

    def _check_rebind(self) -> None:
        """Refuse a write to a variable while recording: it would stop being the variable."""
        if MODE.get() & RECORDING and self._node.__class__ is Leaf and getattr(self, "_grad", None) is not None:
            raise GraphError(
                "an in-place write to a variable (attach_grad) while recording: it would stop being the variable; "
                "write to it under autograd.pause(), or work on a copy"
            )

    def _owns_value(self) -> bool:
        """Whether the value is this handle's alone, so that a write may reuse its buffer."""
        backend = self._kernels.backend
        return backend is not None and not MODE.get() & JOURNALING and backend.may_write(self._value)

    def _lose_node(self) -> None:
        """Give up the place on the tape, as a write outside `record()` does; variables stay variables."""
        if self._node is not None and not (self._node.__class__ is Leaf and getattr(self, "_grad", None) is not None):
            self._node = None

    def _update(self, op: Callable[..., Any], other: Any) -> Self:
        """What an in-place operator does: the op, and its result into this handle."""
        return self._rebind(op(self, other))

    def _held(self) -> tuple[Any, Node | None, Kernels, Signature]:
        """What the handle holds, for `_hold` to give back to it."""
        return (self._value, self._node, self._kernels, self._signature)

    def _hold(self, held: tuple[Any, Node | None, Kernels, Signature]) -> None:
        views.expire_views(self)
        self._value, self._node, self._kernels, self._signature = held

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
        value, node, xp = new._value, new._node, new._kernels
        shares = getattr(self, "_shares", None)
        if shares is not None and len(shares) > 1:  # else it is the list of a base whose views are all gone or stale
            link = views.link_of(self)
            if link is not None:
                views.write_through(self, link, new)
                return self
            views.expire_views(self)  # of which the new value may be one
        if MODE.get() & JOURNALING:
            journal = JOURNAL.get()
            assert journal is not None
            journal.note(self)
        self._take(value, node, xp)
        if (
            xp.layouts
            and self._node.__class__ is Leaf
            and (cell := self._node.cell()) is not None
            and cell._kernels is xp
        ):
            cell._value = xp.like(cell._value, value)  # gradients lie where their variables do
        return self

    def _take(self, value: Any, node: Node | None, xp: Kernels) -> None:
        """Hold this from now on: the last step of a write."""
        self._value = value
        if xp is not self._kernels:
            self._kernels = xp
            self._signature = xp.signatures[self.__class__, value.dtype, value.shape]
        if not MODE.get() & RECORDING:
            check_thread((node,), "a write")
            self._lose_node()
        else:
            self._node = node
            if node is None:
                self._constant = True

    def _of_class(self, cls: type[SomeArray]) -> SomeArray:
        """The same value and place on the tape in a handle of that face, which is not a view."""
        return handle(cls, self._value, self._node, self._kernels)


def _asked_by_sparse(frame: Any) -> bool:
    """Whether a sparse matrix asks for the numbers of an operand that implements the operator itself."""
    module = str(frame.f_globals.get("__name__", ""))
    return module.startswith("scipy.sparse") and frame.f_code.co_name in ("_matmul_dispatch", "_rmatmul_dispatch")


_UNKNOWN: np.ndarray[Any, Any] = np.array(None, dtype=object)
"""What SciPy's sparse matrices do not take for an array, so that they leave the operator to the other operand."""

_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}
"""The kinds of dtypes, in the order in which each goes into the next."""

_ESCAPE: Setting[FrameType | bool] = Setting("tapegrad_escape", False)
"""Whether tracked arrays may leave: True, or the frame of a generator that allows it for itself alone."""


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
    with _ESCAPE.hold(generator_of(sys._getframe(2)) or True):
        yield


def plain_value(x: Array, how: str) -> Any:
    if x._kernels.backend is None:
        raise ArgumentTypeError(
            f"{how} of an array inside vmap: it has no value of its own, but one for each element of the batch; "
            f"{'look a NumPy table up as tapegrad.numpy.asarray(table)[i], ' * (x._dtype.kind in 'iu')}"
            "choose between results with tapegrad.where, or return the array"
        )
    return x._value


def handle(cls: type[SomeArray], value: Any, node: Node | None, xp: Kernels) -> SomeArray:
    """A handle of face `cls` on a value."""
    array = object.__new__(cls)
    array._value = value
    array._node = node
    array._kernels = xp
    array._signature = xp.signatures[cls, value.dtype, value.shape]
    return array
