"""MXNet's NumPy edition, `mx.np`: the functions of `tapegrad.numpy`, giving arrays with MXNet's conventions."""

from __future__ import annotations

from functools import wraps as _wraps
from importlib import import_module as _import_module
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as _host

from .. import dtypes
from .. import numpy as _standard
from ..arrays.foreign import missing as _missing

if TYPE_CHECKING:
    from .arrays import ndarray as ndarray


def array(object: Any, dtype: Any = None, ctx: Any = None) -> Any:
    """An array of values: of lists and numbers float32, of an array a copy in its dtype, unless `dtype` says otherwise.

    Shapes: that of the values.

    Dtypes: float32 (the default float) of lists and numbers, else that of the array, or `dtype`.

    Raises: as `tapegrad.numpy.asarray`.

    >>> from tapegrad import np
    >>> np.array([1, 2]), np.array(3, dtype="int32")
    (array([1., 2.]), array(3, dtype=int32))
    """
    wanted = dtypes.get_default_dtype() if dtype is None and not hasattr(object, "dtype") else dtype
    return _faced()(_standard.array)(object, wanted, ctx=ctx)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, ctx: Any = None) -> Any:
    """Numbers from `start` up to `stop`, without it; from 0 up to `start` if `stop` is None.

    Shapes: ⌈(stop − start) / step⌉.

    Dtypes: float32 (the default float), or `dtype`.

    Raises: as `tapegrad.numpy.arange`.

    >>> from tapegrad import np
    >>> np.arange(3)
    array([0., 1., 2.])
    """
    return _faced()(_standard.arange)(start, stop, step, dtype=dtype or dtypes.get_default_dtype(), ctx=ctx)


def full(shape: Any, fill_value: Any, dtype: Any = None, ctx: Any = None, out: Any = None) -> Any:
    """An array full of one value.

    Shapes: an int or a tuple.

    Dtypes: float32 (the default float), or `dtype`.

    Raises: as `tapegrad.numpy.full`.

    >>> from tapegrad import np
    >>> np.full(2, 7)
    array([7., 7.])
    """
    dtype = dtype or dtypes.get_default_dtype()
    return _faced()(_standard.full)(shape, fill_value, dtype=dtype, ctx=ctx, out=out)


def genfromtxt(*args: Any, **kwargs: Any) -> Any:
    """The table of a text file, as NumPy's `genfromtxt` reads it.

    Shapes: (rows, columns), or one axis for a single row or column.

    Dtypes: float64, or `dtype`.

    Raises: what NumPy raises, `OSError` for a file that is not there.

    >>> from tapegrad import np
    >>> np.genfromtxt(["1,2", "3,4"], delimiter=",", dtype="float32")
    array([[1., 2.],
           [3., 4.]])
    """
    return array(_host.genfromtxt(*args, **kwargs))


_RENAMED = {
    "NAN": "nan",
    "NaN": "nan",
    "PINF": "inf",
    "alltrue": "all",
    "product": "prod",
    "round_": "round",
    "sometrue": "any",
    "trapz": "trapezoid",
}
"""Names that NumPy has given up since MXNet 1.9, and those that it has now."""


def _faced() -> Any:
    from .faced import faced

    return faced


class _Space(ModuleType):
    """A module within `tapegrad.numpy`, such as `linalg`, with functions of this face."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(f"{__name__}.{module.__name__.rpartition('.')[2]}", module.__doc__)
        self._module = module

    def __dir__(self) -> list[str]:
        return dir(self._module)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        return _entered(vars(self), name, _real(value) if name in ("eig", "eigvals") else value)


def _real(function: Any) -> Any:
    """A function with complex results that are real where all imaginary parts are 0, which is all that MXNet has."""

    @_wraps(function)
    def called(a: Any) -> Any:
        result = function(a)
        parts = result if isinstance(result, tuple) else (result,)
        for part in parts:  # `any` may be that of this face by now
            if _standard.any(_standard.imag(part) != 0):
                return result
        reals = [_standard.real(part) for part in parts]
        return type(result)(*reals) if isinstance(result, tuple) else reals[0]

    return called


def _entered(space: dict[str, Any], name: str, value: Any) -> Any:
    """A name of `tapegrad.numpy` as it is in this face, looked up once."""
    if isinstance(value, ModuleType):
        value = _Space(value)
    elif isinstance(value, type):  # such as float32 and errstate
        value = getattr(_host, name)
    elif isinstance(value, FunctionType):
        value = _faced()(value)
    space[name] = value
    return value


def __getattr__(name: str) -> Any:
    if name == "random":
        return _import_module(".random", __name__)
    if name == "ndarray":
        from .arrays import ndarray

        return ndarray
    theirs = _RENAMED.get(name, name)
    if name[:2] == "__" or not hasattr(_standard, theirs):
        _missing(__name__)(name)
    return _entered(globals(), name, getattr(_standard, theirs))


def __dir__() -> list[str]:
    return dir(_standard)
