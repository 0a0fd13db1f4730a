"""The array of `mx.np`: the standard's methods and operators, and MXNet's way with gradients, contexts and printing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, getattr_static, signature
from itertools import zip_longest
from types import FunctionType
from typing import Any, ClassVar, Self

import numpy as np

from .. import context as _context
from ..arrays.array import Array
from ..arrays.face import Face
from ..arrays.foreign import Advice
from ..context import Context
from ..engines.tables import RECORDED as ops
from ..ndarray.methods import METHODS
from ..ndarray.ndarray import MXNET, NDArray
from ..numpy.arrays import ndarray as Standard
from ..numpy.methods import Methods
from ..ops.indexing import put, read
from ..ops.transfer import move
from ..transforms.program import ProgramArray

__all__ = ["liberal", "ndarray", "of_face"]


class ndarray(Standard, NDArray):  # type: ignore[misc]  # of methods of one name the first class's count
    """An array as `mx.np` has it: NumPy's shapes and booleans, and MXNet's gradients, contexts and printed form.

    Arrays are made by the functions of `np`, and by operations on arrays. Functions of `nd`, which `npx` has by other
    names, take them too, and give such arrays.

    Shapes: any.

    Dtypes: float32 unless a function is told otherwise.

    Raises: `ShapeError` for shapes that do not broadcast, `DtypeError` for dtypes with none in common.

    >>> from tapegrad import autograd, np
    >>> x = np.arange(3)
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = x * x
    >>> y.backward()
    >>> x.grad, y > 0
    (array([0., 2., 4.]), array([False,  True,  True]))
    """

    __slots__ = ()
    _weak = None
    _face: ClassVar[Face] = Face(
        "np",
        weak_numpy_scalars=True,
        truncates=True,
        fit_head_gradient=MXNET.fit_head_gradient,
        contiguous_views=True,
    )

    def as_np_ndarray(self) -> Self:
        """This array."""
        return self

    def item(self, *args: Any) -> Any:
        """An element, the only one unless an index is given, as a Python scalar, without gradients."""
        return self.asnumpy().item(*args)

    def tolist(self) -> Any:
        """The elements as nested lists of Python scalars, without gradients."""
        return self.asnumpy().tolist()

    def __getitem__(self, key: Any) -> Self:
        return read(self, _places(key))  # type: ignore[return-value]

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, NDArray) and value._kernels is not self._kernels:
            value = value.as_in_context(self.context)
        if getattr(value, "size", 0) == 1 and value.ndim:
            value = value.reshape(())  # which fits an element too, where NumPy takes no array of several axes
        put(self, _places(key), value)

    def __repr__(self) -> str:
        text, dtype = np.array_repr(self.asnumpy()), self._dtype
        if self.size:  # NumPy 2.2 says the shape of an array that is not shown in full
            text = re.sub(r",\s*shape=\([\d, ]*\)", "", text)
        if "dtype=" in text:
            if dtype == np.float32:
                text = f"{text[: text.rindex(',')]})"
        elif dtype not in (np.float32, np.bool_):
            text = f"{text[:-1]}, dtype={dtype})"
        return text if self.context.device_type == "cpu" else f"{text[:-1]}, ctx={self.context})"

    def __str__(self) -> str:
        return str(self.asnumpy()) + (f" @{self.context}" if self.context.device_type != "cpu" else "")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return of_face(super().__array_ufunc__(ufunc, method, *inputs, **keywords))

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> Any:
        return of_face(super().__array_function__(function, types, args, keywords))

    astype = NDArray.astype  # type: ignore[assignment]
    __reduce__ = ProgramArray.__reduce__
    _pieces = ProgramArray._pieces
    __hash__ = object.__hash__


def of_face(result: Any, ctx: Context | None = None) -> Any:
    """A result with its arrays in this face. Those that were made of no array of it go to the context."""
    kind = result.__class__
    if kind is Standard or kind is NDArray:
        made = result._of_class(ndarray)
        return made if ctx is None and kind is NDArray else move(made, *_context.place(ctx))
    if isinstance(result, tuple):
        parts = [of_face(part, ctx) for part in result]
        return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
    return [of_face(part, ctx) for part in result] if kind is list else result


def _places(key: Any) -> Any:
    """A key in which floats may be indices, as in one of the standard."""
    if key.__class__ is tuple:
        return tuple(map(_places, key))
    if isinstance(key, Array) and key._dtype.kind == "f":
        return ops.astype(key, dtype=np.dtype("int64"))
    return key.astype(np.int64) if isinstance(key, np.ndarray) and key.dtype.kind == "f" else key


_WAYS: Mapping[str, Callable[[Any], Any]] = {
    "axis": lambda axis: tuple(axis) if axis.__class__ is list else axis,
    "ord": lambda ord: float(ord) if ord in ("inf", "-inf") else ord,
    "indices": _places,
    "obj": _places,
}
"""What MXNet's programs may give for a parameter beyond what the standard takes."""


def liberal(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function or method, called with axes in a tuple where they are listed, and with integers for indices."""
    parameters = list(signature(function).parameters.values())
    ways = [_WAYS.get(p.name) if p.kind is not Parameter.KEYWORD_ONLY else None for p in parameters]
    named = {p.name: _WAYS[p.name] for p in parameters if p.name in _WAYS}
    if not named:
        return function

    @wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        pairs = zip_longest(args, ways[: len(args)])
        for name in keywords.keys() & named:
            keywords[name] = named[name](keywords[name])
        return function(*[x if way is None else way(x) for x, way in pairs], **keywords)

    return call


Standard._begin()
NDArray._begin()
for _name, _method in vars(Methods).items():
    if isinstance(_method, FunctionType):
        setattr(ndarray, _name, liberal(getattr(Standard, _name)))
for _name in ("dtype", "reshape", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__ipow__"):
    setattr(ndarray, _name, getattr(Standard, _name))
for _name in METHODS:
    if _name not in vars(Methods):  # those of NumPy come first, then those of `nd`
        setattr(ndarray, _name, getattr(NDArray, _name))
for _name, _value in vars(Standard).items():
    if isinstance(_value, Advice):  # the standard's arrays say what to use where MXNet's have it
        setattr(ndarray, _name, getattr_static(NDArray, _name, _value))
ndarray.__module__ = __package__
