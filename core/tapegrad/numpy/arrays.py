"""The standard's array: NumPy's methods and protocols over the core's operators."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Self

import numpy as host

from .. import dtypes
from ..arrays.array import handle
from ..arrays.views import share, transposed, transposed_matrices
from ..engines.tables import OPS
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError
from ..transforms.program import ProgramArray
from .arguments import check_kind
from .at import Updates
from .bound import namespace_for
from .methods import Methods
from .protocols import call_function, call_ufunc

__all__ = ["API_VERSIONS", "ndarray"]

API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


class ndarray(Methods, ProgramArray):
    """An array of any engine, with the semantics of the array API standard and a place on the tape.

    Arrays are made by the functions of `tapegrad.numpy` and by ops, not by calling this class.

    Operators, slices and methods are NumPy's, recorded where recording is on. What is a view in
    NumPy is one here. NumPy's own functions work on arrays of any engine: `numpy.sin(x)` is `tapegrad.numpy.sin(x)`.

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
    (Array(13., dtype=float32, tracked=sum), Array([0., 4., 6.], dtype=float32))
    """

    __slots__ = ()

    @classmethod
    def _begin(cls) -> None:
        import_module(".contents", __package__)  # which makes methods of its functions

    @property
    def T(self) -> Self:
        """The array with its axes in reverse order."""
        step = transposed(len(self._signature.shape))
        made: Self = OPS["permute_dims"].call(self, axes=step.axes)
        share(made, self, step)
        return made

    @property
    def mT(self) -> Self:
        """The matrices in the last two axes, transposed. Raises `ShapeError` for fewer than two axes."""
        rank = len(self._signature.shape)
        if rank < 2:
            raise ShapeError(f"mT takes an array of two axes or more, not of shape {self.shape}")
        made: Self = OPS["matrix_transpose"].call(self)
        share(made, self, transposed_matrices(rank))
        return made

    @property
    def at(self) -> Updates:
        """Writes that give a new array and leave this one as it is, in JAX's words: `x.at[key].set(values)`.

        `set`, `add`, `subtract`, `multiply`, `divide`, `power`, `min`, `max`, `apply` and `get`. Differentiable, on
        every engine.

        >>> import tapegrad.numpy as tnp
        >>> x = tnp.asarray([1.0, 2.0, 3.0])
        >>> x.at[1:].multiply(10.0)
        Array([ 1., 20., 30.], dtype=float32)
        """
        return Updates(self)

    @property
    def nbytes(self) -> int:
        """The memory that the elements take."""
        return self.size * self.itemsize

    @property
    def itemsize(self) -> int:
        """The memory that one element takes."""
        return int(self._dtype.itemsize)

    @property
    def strides(self) -> tuple[int, ...]:
        """The distance of neighbours along each axis in bytes, as NumPy lays out a new array; engines may differ."""
        steps = [self.itemsize]
        for length in self.shape[:0:-1]:
            steps.insert(0, steps[0] * length)
        return tuple(steps) if self.shape else ()

    @property
    def flat(self) -> Self:
        """The elements in the order of rows, to go over, to index and to write to: a view where `reshape` gives one."""
        return self.reshape(-1)

    def fill(self, value: Any) -> None:
        """Write one value to all elements.

        >>> import tapegrad.numpy as tnp
        >>> x = tnp.zeros(2)
        >>> x.fill(3)
        >>> x
        Array([3., 3.], dtype=float32)
        """
        self[...] = value

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
        """Sort the elements along an axis, in place; `tapegrad.numpy.sort` returns them.

        >>> import tapegrad.numpy as tnp
        >>> x = tnp.asarray([3.0, 1.0, 2.0])
        >>> x.sort()
        >>> x
        Array([1., 2., 3.], dtype=float32)
        """
        if order is not None:
            raise ArgumentError("sort(): order names fields, which arrays of numbers do not have")
        check_kind("sort", kind)
        self[...] = OPS["sort"].call(self, axis=axis)

    def view(self, dtype: Any = None) -> Self:
        """The same elements, by another handle. Raises `ArgumentError` for another dtype, whose bits nobody can see."""
        if isinstance(dtype, (int, tuple)):
            raise ArgumentTypeError("view() takes a dtype, as in NumPy; x.reshape(...) shows another shape")
        if dtype is not None and dtypes.to_dtype(dtype) != self._dtype:
            raise ArgumentError("view(dtype) would read the bits of an array as other numbers; use x.astype(dtype)")
        return self.reshape(self.shape)

    def __round__(self, digits: int | None = None) -> Self:
        return OPS["round"].call(self, decimals=digits or 0)  # type: ignore[no-any-return]

    def to_device(self, device: str, /, *, stream: Any = None) -> Self:
        """The array on another device of its engine. `stream` is the engine's affair and must be None."""
        if stream is not None:
            raise NotImplementedError("to_device() takes no stream; the engine chooses it")
        return self.to(device)

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", *, copy: bool = True) -> Self:
        """The elements in another dtype; complex numbers lose their imaginary part where it is a real one.

        `casting` may forbid what loses numbers, as in NumPy; `order` is the engine's matter.

        Raises: `DtypeError` for anything that is not a dtype, one that the engine does not have, or a forbidden cast.

        >>> import tapegrad.numpy as tnp
        >>> tnp.asarray([1.7, -1.7]).astype("int32")
        Array([ 1, -1], dtype=int32)
        """
        if dtypes.to_dtype(dtype) == self._dtype:
            return self.copy() if copy else self
        if casting != "unsafe" and not host.can_cast(self._dtype, dtypes.to_dtype(dtype), casting):  # type: ignore[arg-type]
            raise DtypeError(f"astype(): {self._dtype.name} to {dtypes.to_dtype(dtype).name} is no {casting!r} cast")
        return OPS["astype"].call(self, dtype=dtypes.to_dtype(dtype))  # type: ignore[no-any-return]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        """`numpy.sin(x)`, and operators with a NumPy array on the left: the op of the same meaning."""
        return call_ufunc(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> Any:
        """`numpy.concatenate([x, y])`: the function of `tapegrad.numpy` of the same meaning."""
        return call_function(function, args, keywords)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The standard's functions for this array: `tapegrad.numpy`, with new arrays on this array's engine."""
        if api_version not in (None, *API_VERSIONS):
            raise ArgumentError(f"api_version is {api_version!r}; choose one of {', '.join(API_VERSIONS)}")
        return namespace_for(self)


class Number(ndarray):
    """A Python float under a transform, and what is computed from such floats alone.

    It is of float64, where the engine has that, and takes the dtype of the arrays that it meets, as the float would.
    """

    __slots__ = ()

    def astype(self, dtype: Any, order: str = "K", casting: str = "unsafe", *, copy: bool = True) -> Any:
        """As of any array; the result is one, and no number any more."""
        found = super().astype(dtype, order, casting, copy=copy)
        return handle(ndarray, found._value, found._node, found._kernels)


ndarray._weak, Number._strong = Number, ndarray
ndarray.__module__ = __package__  # where programs and pickles find it
