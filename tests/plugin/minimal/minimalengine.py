"""An engine with what docs/add-an-engine.md asks for, and nothing else.

Its arrays have `shape`, `dtype`, `ndim`, Python's operators, and a read at ints, slices of positive step, None and
`...`. They have no device, no methods, no way to the host but `float(x)` of one number, cannot be written to, and leave
no operator to an operand that they do not know. Places are counted in unsigned numbers. To look at a number costs a
computation, which is counted. There is no float64, nothing whose shape depends on numbers, and every error is of a type
of its own.
"""

import builtins as _builtins
import operator
import re as _re
from itertools import count

import numpy as _np

__version__ = "0.1"

LOOKS = count()
"""Counts how often a number was looked at: `next(LOOKS)`."""


class MinimalError(Exception):
    """What goes wrong here."""


class ShapeMismatch(MinimalError):
    """Shapes that do not go together."""


class DType:
    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"minimalengine.{self._name}"


_NAMES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "complex64")
_DTYPES = {_np.dtype(name): DType(name) for name in _NAMES} | {_np.dtype("bool"): DType("bool_")}
_HOSTS = {ours: theirs for theirs, ours in _DTYPES.items()}
globals().update({dtype._name: dtype for dtype in _DTYPES.values()})


class Array:
    __slots__ = ("_hidden",)

    def __init__(self, hidden):
        if hidden.dtype not in _DTYPES:
            raise MinimalError(f"there is no {hidden.dtype}")
        self._hidden = hidden

    @property
    def shape(self):
        return self._hidden.shape

    @property
    def ndim(self):
        return self._hidden.ndim

    @property
    def dtype(self):
        return _DTYPES[self._hidden.dtype]

    def __getitem__(self, key):
        for part in key if isinstance(key, tuple) else (key,):
            if isinstance(part, slice):
                if part.step is not None and part.step < 1:
                    raise MinimalError("steps are positive")
            elif not (part is None or part is Ellipsis or type(part) is int):
                raise MinimalError(f"a key may hold ints, slices, None and ..., not {type(part).__name__}")
        return _run(operator.getitem, self, key)

    def _number(self, kind):
        if self.ndim:
            raise MinimalError("only an array of no axes is a number")
        next(LOOKS)
        return kind(self._hidden)

    def __bool__(self):
        return self._number(bool)

    def __int__(self):
        return self._number(int)

    def __index__(self):
        return self._number(int)

    def __float__(self):
        return self._number(float)

    def __complex__(self):
        return self._number(complex)

    __hash__ = None
    __array__ = None
    __array_ufunc__ = None


def _run(function, *args, **keywords):
    """NumPy's function, its errors as errors of this engine, its results in no wider numbers than there are."""
    try:
        with _np.errstate(all="ignore"):
            out = function(*_inside(args), **{name: _inside(value) for name, value in keywords.items()})
    except Exception as error:
        about_shapes = isinstance(error, (ValueError, IndexError)) and not isinstance(error, _np.linalg.LinAlgError)
        raise (ShapeMismatch if about_shapes else MinimalError)(str(error)) from None
    return _outside(out)


def _inside(value):
    if isinstance(value, Array):
        return value._hidden
    if isinstance(value, DType):
        return _HOSTS[value]
    if type(value) in (list, tuple):
        return type(value)(map(_inside, value))
    if isinstance(value, (_np.ndarray, _np.generic)):
        raise MinimalError("an array of the host is not an array of this engine")
    return value


def _outside(out):
    if isinstance(out, (list, tuple)):
        made = [_outside(part) for part in out]
        return type(out)(*made) if hasattr(out, "_fields") else type(out)(made)
    out = _np.asarray(out)
    if out.dtype.name in ("float64", "complex128", "float16"):
        out = out.astype("float32" if out.dtype.kind == "f" else "complex64")
    return Array(out)


def _operator(name, reflected):
    function = getattr(operator, f"__{name}__")

    def known(y):
        if not isinstance(y, (Array, bool, int, float, complex)):
            raise MinimalError(f"no operand: {type(y).__name__}")
        return y

    def forward(x, y):
        return _run(function, x, known(y))

    def backward(x, y):
        return _run(function, known(y), x)

    setattr(Array, f"__{name}__", forward)
    if reflected:
        setattr(Array, f"__r{name}__", backward)


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
):
    _operator(_name, True)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _operator(_name, False)
Array.__neg__ = lambda x: _run(operator.neg, x)
Array.__pos__ = lambda x: x
Array.__abs__ = lambda x: _run(operator.abs, x)
Array.__invert__ = lambda x: _run(operator.invert, x)


def asarray(obj, /, *, dtype=None, copy=None):
    if isinstance(obj, Array):
        return obj if dtype is None else astype(obj, dtype)
    if dtype is None:
        raise MinimalError("say of which dtype")
    if isinstance(obj, _np.generic):
        raise MinimalError("a scalar of the host is not an array of the host")
    if _builtins.any(step < 0 for step in getattr(obj, "strides", ())):
        raise MinimalError("memory is read forwards")
    return Array(_np.array(obj, dtype=_HOSTS[dtype]))  # nested lists, or what has Python's buffers


def astype(x, dtype, /, *, copy=True):
    return Array(x._hidden.astype(_HOSTS[dtype]))


def _function(space, name):
    def call(*args, **keywords):
        return _run(getattr(space, name), *args, **keywords)

    call.__name__ = name
    return call


# The functions of the standard in which the shape of the result depends on nothing but shapes, and that NumPy spells
# alike. Left out besides: what the standard has had since 2023 only, and one that bodies need, `argsort`.
_FUNCTIONS = _re.findall(
    r"\w+",
    """
    abs acos acosh add all any arange asin asinh atan atan2 atanh bitwise_and bitwise_invert
    bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays broadcast_to ceil concat conj
    cos cosh divide empty equal exp expand_dims expm1 eye flip floor floor_divide full full_like greater
    greater_equal imag isfinite isinf isnan less less_equal linspace log log10 log1p log2 logaddexp logical_and
    logical_not logical_or logical_xor matmul matrix_transpose max mean meshgrid min moveaxis multiply negative
    not_equal ones ones_like permute_dims positive pow prod real remainder reshape roll round sign sin sinh sqrt
    square squeeze stack std subtract sum take tan tanh tensordot tril triu trunc var vecdot where zeros
    zeros_like
    """,
)
globals().update({_name: _function(_np, _name) for _name in _FUNCTIONS})


def sort(x, /, *, axis=-1):
    return _run(_np.sort, x, axis=axis, kind="stable")


def _unsigned(places):
    return astype(places, _DTYPES[_np.dtype("uint32")])


def searchsorted(x1, x2, /, *, side="left"):
    return _unsigned(_run(_np.searchsorted, x1, x2, side=side))


def argmax(x, /, *, axis=None, keepdims=False):
    return _unsigned(_run(_np.argmax, x, axis=axis, keepdims=keepdims))


def argmin(x, /, *, axis=None, keepdims=False):
    return _unsigned(_run(_np.argmin, x, axis=axis, keepdims=keepdims))


e, pi, inf, nan, newaxis = _np.e, _np.pi, _np.inf, _np.nan, None
