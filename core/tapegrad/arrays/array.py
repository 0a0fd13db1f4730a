"""Array: a handle that can be rebound, over a value that nobody else can see change, and its place on the tape."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from sys import getrefcount
from typing import TYPE_CHECKING, Any, ClassVar, Self
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
from .methods import Methods

if TYPE_CHECKING:
    from ..engines.backend import Backend
    from ..ndarray import NDArray
    from ..transforms.inspection import Hook


class Array(Methods):
    """An array of any engine, with the semantics of the array API standard and a place on the tape.

    Arrays are made by the functions of `tapegrad.numpy` and by ops, not by calling this class.

    Operators, slices and methods are NumPy's, recorded where recording is on. A slice or reshape is a value of its own,
    never a view. NumPy's own functions work on arrays of any engine: `numpy.sin(x)` is `tapegrad.numpy.sin(x)`.

    Shapes: any.

    Dtypes: the standard's, and float16, as `numpy.dtype` objects on every engine; float32 is the default float. Python
    numbers take the dtype of the array that they meet.

    Raises: `ShapeError` for shapes that do not broadcast, `DtypeError` for dtypes with none in common,
    `MixedBackendsError` for arrays of two engines, `GradientEscapeError` where a gradient would be lost.

    >>> import tapegrad
    >>> import tapegrad.numpy as tnp
    >>> x = tnp.asarray([1.0, 2.0, 3.0])
    >>> x.attach_grad()
    >>> with tapegrad.record():
    ...     y = (x[1:] ** 2).sum()
    >>> y.backward()
    >>> y, x.grad
    (Array(13., dtype=float32), Array([0., 4., 6.], dtype=float32))
    """

    __slots__ = ("__weakref__", "_constant", "_grad", "_node", "_origin", "_signature", "_value", "_xp")
    _value: Any
    _origin: tuple[Any, Any] | None
    _constant: bool
    _grad: Array | None
    _signature: Signature
    _node: Node | None
    _xp: Kernels
    _weak_numpy_scalars: ClassVar[bool] = False
    _truncates: ClassVar[bool] = False
    """Whether what is computed from a freed graph has it for a constant, instead of an error in `backward`."""
    _integer_ops: ClassVar[Mapping[str, str]] = {}
    """The op that stands in, on integers, for one that would make them floats: a face's convention."""

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

    @property
    def backend(self) -> Backend:
        """The engine that holds the numbers."""
        from .batched import engine_of

        return engine_of(self).backend

    @property
    def grad(self) -> Self | None:
        """The gradient that `backward` fills in, zeros until then; None without `attach_grad`."""
        return getattr(self, "_grad", None)

    def attach_grad(self, grad_req: str = "write") -> None:
        """Make this a variable: from now on `backward` puts its gradient into `.grad`.

        `grad_req`: "write" replaces the gradient at each backward, "add" adds to it, "null" keeps none. On the result
        of a computation it cuts the graph: the array becomes a variable of its own.

        Raises: `DtypeError` for integers or booleans, `ValueError` for an unknown `grad_req`.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray(3.0)
        >>> x.attach_grad("add")
        >>> for _ in range(2):
        ...     with tapegrad.record():
        ...         y = x * x
        ...     y.backward()
        >>> x.grad
        Array(12., dtype=float32)
        """
        from ..transforms.variables import attach_grad

        attach_grad(self, grad_req)

    def backward(self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Put the gradients of this array into the `.grad` of the variables it was computed from.

        `out_grad`: the cotangent, of this array's shape and dtype; ones if None. `retain_graph`: keep the graph for
        another backward.

        Raises: `NotRecordedError` for a constant, `GraphFreedError` where an earlier backward has freed the graph,
        `ShapeError` or `DtypeError` for a cotangent that does not fit.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> x.attach_grad()
        >>> with tapegrad.record():
        ...     y = x * x
        >>> y.backward(tnp.asarray([1.0, 10.0]))
        >>> x.grad
        Array([ 2., 40.], dtype=float32)
        """
        from ..transforms.variables import backward

        backward([self], None if out_grad is None else [out_grad], retain_graph=retain_graph)

    def _fit_head_gradient(self, g: Array) -> Array:
        """A head gradient of another shape as one of this array's, if the face takes it for one; else `ShapeError`."""
        raise ShapeError(f"the head gradient has shape {g.shape}, its head {self.shape}")

    def register_hook(self, hook: Callable[[Any], Any]) -> Hook:
        """Call `hook` with the cotangent of this value in each sweep; as `tapegrad.transforms.inspection` does.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> x.attach_grad()
        >>> with tapegrad.record():
        ...     y = x * x
        ...     _ = y.register_hook(lambda g: g * 100)
        >>> y.backward()
        >>> x.grad
        Array([200., 400.], dtype=float32)
        """
        from ..transforms.inspection import register_hook

        return register_hook(self, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate value in `.grad`, without cutting the graph as `attach_grad` does.

        >>> import tapegrad, tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0])
        >>> x.attach_grad()
        >>> with tapegrad.record():
        ...     y = x * x
        ...     y.retain_grad()
        ...     z = (y * y).sum()
        >>> z.backward()
        >>> y.grad
        Array([2., 8.], dtype=float32)
        """
        from ..transforms.inspection import retain_grad

        retain_grad(self)

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
        return self._xp.to_numpy(_plain_value(self, "asnumpy()"))  # type: ignore[no-any-return]

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
        return self._xp.to_numpy(_plain_value(self, how)).reshape(())[()]

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

    @property
    def T(self) -> Self:
        """The array with its axes in reverse order."""
        return OPS["permute_dims"].call(self, axes=tuple(range(self.ndim))[::-1])  # type: ignore[no-any-return]

    @property
    def mT(self) -> Self:
        """The matrices in the last two axes, transposed. Raises `ShapeError` for fewer than two axes."""
        if self.ndim < 2:
            raise ShapeError(f"a matrix has two axes at least, an array of shape {self.shape} has not")
        return OPS["matrix_transpose"].call(self)  # type: ignore[no-any-return]

    @property
    def device(self) -> str:
        """The device that holds the numbers, in tapegrad's names: `cpu(0)`, `gpu(1)`."""
        from ..ops.transfer import device_of

        return device_of(self)

    def to_device(self, device: str, /, *, stream: Any = None) -> Self:
        """The array on another device of its engine. `stream` is the engine's affair and must be None."""
        if stream is not None:
            raise NotImplementedError("to_device() takes no stream; the engine chooses it")
        return self.to(device)

    def to(self, target: Any) -> Self:
        """The array on another engine (by its backend's name), on another device ("gpu(1)"), or both, as a pair.

        Differentiable: the cotangent makes the journey back, so that one graph may span engines. Raises
        `UnknownBackendError`, `BackendUnavailableError`, and `DtypeError` where the engine lacks the dtype.

        >>> import tapegrad
        >>> tapegrad.numpy.asarray([1.0, 2.0]).to("numpy").backend.name
        'numpy'
        """
        from ..ops.transfer import to

        return to(self, target)  # type: ignore[return-value]

    def astype(self, dtype: Any, /, *, copy: bool = True) -> Self:
        """The elements in another dtype; complex numbers lose their imaginary part where it is a real one.

        Raises: `DtypeError` for what is no dtype, or one that the engine does not have.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([1.7, -1.7]).astype("int32")
        Array([ 1, -1], dtype=int32)
        """
        if dtypes.to_dtype(dtype) == self._dtype:
            return self.copy() if copy else self
        return OPS["astype"].call(self, dtype=dtypes.to_dtype(dtype))  # type: ignore[no-any-return]

    def as_np_ndarray(self) -> Array:
        """The same value and place on the tape in the standard face, `tapegrad.numpy`: this array."""
        return self

    def as_nd_ndarray(self) -> NDArray:
        """The same value and place on the tape in the face of MXNet, `tapegrad.nd`.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([1.0, 2.0]).as_nd_ndarray()
        <BLANKLINE>
        [1. 2.]
        <NDArray 2 @cpu(0)>
        """
        from ..ndarray import NDArray
        from .array import handle

        return handle(NDArray, self._value, self._node, self._xp)  # type: ignore[return-value]

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
        return self.copy() if self._node is not None and MODE.get() & RECORDING else self.detach()

    def __reduce__(self) -> tuple[Any, ...]:
        self._check_escape("pickling")
        return _rebuilt, (type(self), self.asnumpy(), self.backend.name, self.device)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        """`numpy.sin(x)`, and operators with a NumPy array on the left: the op of the same meaning."""
        from ..numpy.protocols import call_ufunc

        return call_ufunc(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> Any:
        """`numpy.concatenate([x, y])`: the function of `tapegrad.numpy` of the same meaning."""
        from ..numpy.protocols import call_function

        return call_function(function, args, keywords)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, for code that knows no better. Raises `GradientEscapeError` when tracked."""
        self._check_escape("numpy.asarray()")
        if copy is False:
            raise ArgumentError("an array of tapegrad becomes a NumPy array by a copy only; copy=False cannot be had")
        found = self.asnumpy()
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The standard's functions for this array: `tapegrad.numpy`, with new arrays on this array's engine."""
        from ..numpy.bound import namespace_for

        if api_version not in (None, *API_VERSIONS):
            raise ArgumentError(f"api_version is {api_version!r}; choose one of {', '.join(API_VERSIONS)}")
        return namespace_for(self)

    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any:
        """The numbers for another library, as a DLPack capsule. Raises `GradientEscapeError` when tracked.

        What another library might write to is a copy; with `copy=False` it shares the memory, and must not write.
        """
        self._check_escape("DLPack")
        raw = _plain_value(self, "__dlpack__")
        shared: Any = raw if copy is False else self.backend.adopt(raw, copy=True)
        options = {"stream": stream, "max_version": max_version, "dl_device": dl_device}
        given = {name: option for name, option in options.items() if option is not None}
        if isinstance(shared, np.generic):
            shared = np.array(shared)
        return shared.__dlpack__(**given)

    def __dlpack_device__(self) -> tuple[int, int]:
        """The device, in DLPack's numbers."""
        raw = _plain_value(self, "__dlpack_device__")
        device: tuple[int, int] = (np.array(raw) if isinstance(raw, np.generic) else raw).__dlpack_device__()
        return device

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

API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")

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


def _plain_value(x: Array, how: str) -> Any:
    if x._xp.backend is None:
        raise ArgumentTypeError(
            f"{how} of an array inside vmap: it has no value of its own, but one for each element of the batch; "
            "choose between results with tapegrad.where, or return the array"
        )
    return x._value


def _rebuilt(cls: type[Array], values: np.ndarray[Any, Any], backend: str, device: str) -> Array:
    """An array out of a pickle: on the engine it was on."""
    from ..engines.registry import get_backend
    from .array import handle

    found = get_backend(backend)
    return handle(cls, found.from_numpy(values, device=device), None, found.kernels)


def handle(cls: type[Array], value: Any, node: Node | None, xp: Kernels) -> Array:
    """A handle of face `cls` on a value."""
    made = object.__new__(cls)
    made._value = value
    made._node = node
    made._xp = xp
    made._signature = xp.signatures[cls, value.dtype, value.shape]
    return made
