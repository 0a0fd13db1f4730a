"""Array: a handle that can be rebound, over a value that nobody else can see change, and its place on the tape."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from . import dtypes
from .errors import DtypeError, GradientEscapeError, GraphError, ShapeError
from .kernels import OPS, Kernels, Likeness
from .tape import JOURNAL, JOURNALING, MODE, RECORDING, Leaf, Node

if TYPE_CHECKING:
    from .backend import Backend
    from .inspection import Hook

__all__ = ["Array", "wrap"]


class Array:
    """An array of any engine, with the semantics of the array API standard and a place on the tape.

    Arrays are made by the functions of `tapegrad.numpy` and by ops, not by calling this class.
    """

    __slots__ = ("__weakref__", "_constant", "_grad", "_like", "_node", "_origin", "_value", "_xp")
    _value: Any
    _like: Likeness | None
    _node: Node | None
    _xp: Kernels
    _weak_numpy_scalars: ClassVar[bool] = False
    __array_priority__ = 1000.0

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
    def backend(self) -> Backend:
        """The engine that holds the numbers."""
        from .dispatch import engine_of

        return engine_of(self).backend

    @property
    def grad(self) -> Self | None:
        """The gradient that `backward` fills in, zeros until then; None without `attach_grad`."""
        return getattr(self, "_grad", None)

    def attach_grad(self, grad_req: str = "write") -> None:
        """Make this a variable: from now on `backward` puts its gradient into `.grad`.

        `grad_req`: "write" replaces the gradient at each backward, "add" adds to it, "null" keeps none. On the result of a
        computation it cuts the graph: the array becomes a variable of its own. Raises `DtypeError` for an array of integers
        or booleans, `ValueError` for an unknown `grad_req`.
        """
        from .variables import attach_grad

        attach_grad(self, grad_req)

    def backward(self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Put the gradients of this array into the `.grad` of the variables it was computed from.

        `out_grad`: the cotangent, of this array's shape and dtype; ones if None. `retain_graph`: keep the graph for another
        backward. Raises `NotRecordedError`, `GraphFreedError`, `ShapeError` or `DtypeError`.
        """
        from .variables import backward

        backward([self], None if out_grad is None else [out_grad], retain_graph=retain_graph)

    def register_hook(self, hook: Callable[[Any], Any]) -> Hook:
        """Call `hook` with the cotangent of this value in each sweep; see `tapegrad.inspection.register_hook`."""
        from .inspection import register_hook

        return register_hook(self, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate value in `.grad`, without cutting the graph as `attach_grad` does."""
        from .inspection import retain_grad

        retain_grad(self)

    def detach(self) -> Self:
        """The same value as a constant."""
        from .dispatch import handle

        return handle(type(self), self._value, None, self._xp)  # type: ignore[return-value]

    def asnumpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, without gradients."""
        return self._xp.to_numpy(self._value)  # type: ignore[no-any-return]

    def item(self) -> Any:
        """The single element as a Python scalar. Raises `ValueError` for any other size."""
        self._check_escape("item()")
        if self.size != 1:
            raise ValueError(f"item() needs an array of one element, not of shape {self.shape}")
        return self.asnumpy().item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python scalars, without gradients."""
        return self.asnumpy().tolist()

    def _check_escape(self, how: str) -> None:
        if self._node is not None and MODE.get() & RECORDING:
            raise GradientEscapeError(
                f"{how} of an array that is being differentiated would lose its gradient; "
                "use x.detach() first if that is what you want"
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
        if not dtypes.is_dtype(self.dtype, "integral") or self.size != 1:
            raise TypeError("only an integer array of one element can be used as an index")
        return int(self._one("an index"))

    def __bool__(self) -> bool:
        return bool(self._one("bool()"))

    def _one(self, how: str) -> Any:
        if self.size != 1:
            raise ValueError(f"{how} of an array needs one element, not shape {self.shape}; use any() or all()")
        return self.asnumpy().reshape(())[()]

    def __len__(self) -> int:
        if not self._value.shape:
            raise TypeError("len() of a 0-d array")
        return int(self._value.shape[0])

    def __iter__(self) -> Iterator[Self]:
        for i in range(len(self)):
            yield self[i]

    def __repr__(self) -> str:
        try:
            text = np.array2string(self.asnumpy(), separator=", ", prefix="Array(")
        except Exception:
            return f"Array(shape={self.shape}, {self._value!r})"
        return f"Array({text}, dtype={self.dtype.name})"

    def __getitem__(self, key: Any) -> Self:
        from .ops.indexing import take_key

        return take_key(self, key)  # type: ignore[return-value]

    def __setitem__(self, key: Any, value: Any) -> None:
        from .ops.indexing import put_key

        self._rebind(put_key(self, key, value))

    def _held(self) -> tuple[Any, Node | None, Kernels, Likeness | None]:
        """What the handle holds, for `_hold` to give back to it."""
        return (self._value, self._node, self._xp, self._like)

    def _hold(self, held: tuple[Any, Node | None, Kernels, Likeness | None]) -> None:
        self._value, self._node, self._xp, self._like = held

    def _rebind(self, new: Array) -> Self:
        """Give this handle a new value of the same shape and dtype; what was computed from the old one keeps the old one."""
        mode = MODE.get()
        recording = mode & RECORDING
        variable = self._node.__class__ is Leaf
        if variable and recording:
            raise GraphError(
                "an in-place write to a variable (attach_grad) while recording: it would stop being the variable; "
                "write to it under autograd.pause(), or work on a copy"
            )
        if tuple(new._value.shape) != tuple(self._value.shape):
            raise ShapeError(f"an in-place write cannot change the shape {self.shape} to {new.shape}")
        if new.dtype != self.dtype:
            if dtypes.promote(new.dtype, self.dtype) != self.dtype and dtypes.is_dtype(self.dtype, "integral"):
                raise DtypeError(
                    f"an in-place write of {new.dtype.name} into an array of {self.dtype.name}; "
                    "convert the array first with astype"
                )
            new = OPS["astype"].call(new, dtype=self.dtype)
        if mode & JOURNALING:
            journal = JOURNAL.get()
            assert journal is not None
            journal.note(self)
        self._value = new._value
        self._xp = new._xp
        self._like = new._like if new.__class__ is self.__class__ else None
        if not variable:
            self._node = new._node if recording else None
        return self


def wrap(value: Any, node: Node | None, xp: Kernels) -> Array:
    """A value as a core array; rules and transforms see no other face."""
    made = object.__new__(Array)
    made._value = value
    made._node = node
    made._xp = BATCHED if value.__class__ is Batched else xp
    made._like = None
    return made


from .batching import BATCHED, Batched  # noqa: E402  (batching needs wrap)
