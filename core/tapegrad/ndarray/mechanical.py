"""Functions of `nd` that differ from an op in nothing but name and signature."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array
from ..engines.tables import OPS
from .checks import need
from .function import FUNCTIONS, nd_function
from .ndarray import NDArray, _as_numbers, _comparison, flat, give

if TYPE_CHECKING:
    from ..typing import ArrayLike

UNARY = {
    "abs": ("abs", "[-1.5, 2]", "[1.5 2. ]"),
    "arccos": ("acos", "[-1, 0.5]", "[3.142 1.047]"),
    "arccosh": ("acosh", "[1, 2]", "[0.    1.317]"),
    "arcsin": ("asin", "[-1, 0.5]", "[-1.571  0.524]"),
    "arcsinh": ("asinh", "[-1, 2]", "[-0.881  1.444]"),
    "arctan": ("atan", "[-1, 2]", "[-0.785  1.107]"),
    "arctanh": ("atanh", "[-0.5, 0.5]", "[-0.549  0.549]"),
    "cbrt": ("cbrt", "[-8, 27]", "[-2.  3.]"),
    "ceil": ("ceil", "[-1.5, 1.2]", "[-1.  2.]"),
    "cos": ("cos", "[0, 2]", "[ 1.    -0.416]"),
    "cosh": ("cosh", "[0, 2]", "[1.    3.762]"),
    "degrees": ("degrees", "[0, 3.14159265]", "[  0. 180.]"),
    "erf": ("erf", "[-1, 2]", "[-0.843  0.995]"),
    "erfinv": ("erfinv", "[-0.5, 0.5]", "[-0.477  0.477]"),
    "exp": ("exp", "[0, 1]", "[1.    2.718]"),
    "expm1": ("expm1", "[0, 1]", "[0.    1.718]"),
    "fix": ("trunc", "[-1.5, 1.5]", "[-1.  1.]"),
    "floor": ("floor", "[-1.5, 1.5]", "[-2.  1.]"),
    "gamma": ("gamma", "[4, 0.5]", "[6.    1.772]"),
    "gammaln": ("gammaln", "[4, 0.5]", "[1.792 0.572]"),
    "log": ("log", "[1, 10]", "[0.    2.303]"),
    "log10": ("log10", "[1, 1000]", "[0. 3.]"),
    "log1p": ("log1p", "[0, 2]", "[0.    1.099]"),
    "log2": ("log2", "[1, 8]", "[0. 3.]"),
    "negative": ("negative", "[-3, 2]", "[ 3. -2.]"),
    "ones_like": ("ones_like", "[-3, 2]", "[1. 1.]"),
    "radians": ("radians", "[0, 180]", "[0.    3.142]"),
    "rcbrt": ("rcbrt", "[-8, 27]", "[-0.5    0.333]"),
    "reciprocal": ("reciprocal", "[2, -4]", "[ 0.5  -0.25]"),
    "relu": ("relu", "[-1, 2]", "[0. 2.]"),
    "rsqrt": ("rsqrt", "[4, 16]", "[0.5  0.25]"),
    "sigmoid": ("sigmoid", "[-1, 0]", "[0.269 0.5  ]"),
    "sign": ("sign", "[-3, 0, 2]", "[-1.  0.  1.]"),
    "sin": ("sin", "[0, 1]", "[0.    0.841]"),
    "sinh": ("sinh", "[0, 2]", "[0.    3.627]"),
    "softsign": ("softsign", "[-1, 3]", "[-0.5   0.75]"),
    "sqrt": ("sqrt", "[4, 9]", "[2. 3.]"),
    "square": ("square", "[-3, 2]", "[9. 4.]"),
    "tan": ("tan", "[0, 2]", "[ 0.    -2.185]"),
    "tanh": ("tanh", "[-1, 2]", "[-0.762  0.964]"),
    "trunc": ("trunc", "[-1.5, 1.5]", "[-1.  1.]"),
    "zeros_like": ("zeros_like", "[-3, 2]", "[0. 0.]"),
}
"""The op behind each function of one array, and its example: the elements and what becomes of them."""

BINARY = {
    "add": ("add", "[7, -8]", "[2, 3]", "[9.0, -5.0]"),
    "subtract": ("subtract", "[7, -8]", "[2, 3]", "[5.0, -11.0]"),
    "multiply": ("multiply", "[7, -8]", "[2, 3]", "[14.0, -24.0]"),
    "divide": ("divide", "[7, -8]", "[2, 4]", "[3.5, -2.0]"),
    "true_divide": ("divide", "[7, -8]", "[2, 4]", "[3.5, -2.0]"),
    "modulo": ("remainder", "[7, -8]", "[2, 3]", "[1.0, 1.0]"),
    "maximum": ("maximum_first", "[1, 4]", "[2, 3]", "[2.0, 4.0]"),
    "minimum": ("minimum_first", "[1, 4]", "[2, 3]", "[1.0, 3.0]"),
    "broadcast_add": ("add", "[[7], [0]]", "[2, 3]", "[[9.0, 10.0], [2.0, 3.0]]"),
    "broadcast_plus": ("add", "[[7], [0]]", "[2, 3]", "[[9.0, 10.0], [2.0, 3.0]]"),
    "broadcast_sub": ("subtract", "[[7], [0]]", "[2, 3]", "[[5.0, 4.0], [-2.0, -3.0]]"),
    "broadcast_minus": ("subtract", "[[7], [0]]", "[2, 3]", "[[5.0, 4.0], [-2.0, -3.0]]"),
    "broadcast_mul": ("multiply", "[[7], [0]]", "[2, 3]", "[[14.0, 21.0], [0.0, 0.0]]"),
    "broadcast_div": ("divide", "[[7], [0]]", "[2, 4]", "[[3.5, 1.75], [0.0, 0.0]]"),
    "broadcast_mod": ("remainder", "[[7], [-8]]", "[2, 3]", "[[1.0, 1.0], [0.0, 1.0]]"),
    "broadcast_power": ("power", "[[3], [-2]]", "[2, 3]", "[[9.0, 27.0], [4.0, -8.0]]"),
    "broadcast_maximum": ("maximum_first", "[[1], [4]]", "[2, 3]", "[[2.0, 3.0], [4.0, 4.0]]"),
    "broadcast_minimum": ("minimum_first", "[[1], [4]]", "[2, 3]", "[[1.0, 1.0], [2.0, 3.0]]"),
    "broadcast_hypot": ("hypot", "[[4], [0]]", "[0, 3]", "[[4.0, 5.0], [0.0, 3.0]]"),
}
"""The op behind each function of two arrays that broadcast, of which one may be a number, and its example."""

COMPARISONS = {
    "equal": ("equal", "[1.0, 0.0, 0.0]"),
    "not_equal": ("not_equal", "[0.0, 1.0, 1.0]"),
    "greater": ("greater", "[0.0, 0.0, 1.0]"),
    "greater_equal": ("greater_equal", "[1.0, 0.0, 1.0]"),
    "lesser": ("less", "[0.0, 1.0, 0.0]"),
    "lesser_equal": ("less_equal", "[1.0, 1.0, 0.0]"),
}
"""The op behind each comparison, and what it says of [1, 2, 3] and [1, 3, 2]; each also exists as `broadcast_…`."""

LOGICAL = {
    "logical_and": ("logical_and", "[0.0, 0.0, 1.0]"),
    "logical_or": ("logical_or", "[0.0, 1.0, 1.0]"),
    "logical_xor": ("logical_xor", "[0.0, 1.0, 0.0]"),
}
"""The op behind each logical function, and what it says of [0, 0, 3] and [0, 2, 1]; each also as `broadcast_…`."""

INTO = "`out` takes the result and is returned; `name` has no meaning here."

OF_ONE = f"""{INTO}

Shapes: any; the result, and `out`, has that of `data`.

Dtypes: {{dtypes}}.

Raises: `TypeError` for an argument, or an `out`, that is not an NDArray, `ShapeError` or `DtypeError` for an `out`
that cannot take the result."""
KEPT = "any; the result has that of `data`"
FLOATS = "floating and complex ones stay as they are, integers and booleans become the default float first"

OF_TWO = f"""Here x is `lhs` and y is `rhs`; one of them may be a number.
{INTO}

Shapes: any two that broadcast; `out` has the shape they have in common.

Dtypes: {{dtypes}}.

Raises: `TypeError` where neither is an NDArray, or one is neither an array nor a number, `ShapeError` for shapes that
do not broadcast, `DtypeError` for dtypes that have none in common (uint64 and int8) or for an `out` that cannot hold
the result."""
TOGETHER = "that of both together; a number takes the array's, but a float beside integers makes them default floats"
WHOLE = f"{TOGETHER}.\nOf integers the result is whole, rounded towards zero, and 0 where `rhs` is 0"
NUMBERS = "the result is ones and zeros, not booleans, in "


def _named(function: Callable[..., Any], name: str, op_name: str, more: str, example: tuple[str, ...]) -> None:
    """Make a function public. Its docstring is the op's meaning, what its kind has in common, and an example."""
    meaning = cleandoc(OPS[op_name].body.__doc__ or "").partition("\n\n")[0]
    *operands, result = example
    call = f"nd.{name}({', '.join(f'nd.array({values})' for values in operands)}).asnumpy()"
    shown = f"print({call}.round(3))" if len(operands) == 1 else f"{call}.tolist()"
    function.__doc__ = f"{meaning}\n\n{more}\n\n>>> from tapegrad import nd\n>>> {shown}\n{result}\n"
    function.__name__ = function.__qualname__ = name
    globals()[name] = function
    FUNCTIONS.add(function)


def _unary(name: str, op_name: str, *example: str) -> None:
    op, constant = OPS[op_name].call, op_name in ("ones_like", "zeros_like")

    def function(data: NDArray, out: NDArray | None = None, name: str | None = None) -> NDArray:
        if data.__class__ is not NDArray:
            need(data, function.__name__)
        result = op(data)
        if constant:
            result = flat(result, data)
        return result if out is None else give(out, result)

    _named(function, name, op_name, OF_ONE.format(dtypes=FLOATS if OPS[op_name].floats else KEPT), example)


def _both(lhs: Any, rhs: Any, where: str) -> None:
    for x, which in ((lhs, "lhs"), (rhs, "rhs")):
        if not isinstance(x, NDArray) and (isinstance(x, Array) or not isinstance(x, (bool, int, float, complex))):
            if hasattr(x, "__array__") and not isinstance(x, Array):
                continue
            need(x, where, which)
    if not isinstance(lhs, NDArray) and not isinstance(rhs, NDArray):
        need(lhs, where, "lhs")


def _binary(name: str, op_name: str, *example: str) -> None:
    op = OPS[op_name].call

    def function(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = None, name: str | None = None) -> NDArray:
        if lhs.__class__ is not NDArray or rhs.__class__ is not NDArray:
            _both(lhs, rhs, function.__name__)
        result = op(lhs, rhs)
        return result if out is None else give(out, result)

    dtypes = WHOLE if op_name in NDArray._face.integer_ops else TOGETHER
    _named(function, name, op_name, OF_TWO.format(dtypes=dtypes), example)


def _compared(name: str, op_name: str, result: str) -> None:
    compare = _comparison(op_name)
    mirror = op_name.replace("greater", "LESS").replace("less", "greater").replace("LESS", "less")
    mirrored: Callable[..., NDArray] = _comparison(mirror)

    def function(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = None, name: str | None = None) -> NDArray:
        _both(lhs, rhs, function.__name__)
        result = compare(lhs, rhs) if isinstance(lhs, NDArray) else mirrored(rhs, lhs)
        return result if out is None else give(out, result)

    more = OF_TWO.format(dtypes=f"{NUMBERS}the dtype of both together")
    _named(function, name, op_name, more, ("[1, 2, 3]", "[1, 3, 2]", result))


def _logical(name: str, op_name: str, result: str) -> None:
    op, nonzero = OPS[op_name].call, OPS["not_equal"].call

    def function(lhs: ArrayLike, rhs: ArrayLike, out: NDArray | None = None, name: str | None = None) -> NDArray:
        _both(lhs, rhs, function.__name__)
        booleans = op(*[nonzero(x, 0) if isinstance(x, Array) else np.asarray(x) != 0 for x in (lhs, rhs)])
        example: Any = lhs if isinstance(lhs, Array) else rhs
        result = _as_numbers(booleans, example._kernels.dtype_of(example._value), lhs, rhs)
        return result if out is None else give(out, result)

    more = OF_TWO.format(dtypes=f"{NUMBERS}the dtype of `lhs`, or of `rhs` where that is the array")
    _named(function, name, op_name, f"Anything but zero counts as true. {more}", ("[0, 0, 3]", "[0, 2, 1]", result))


@nd_function
def power(base: ArrayLike, exp: ArrayLike) -> NDArray:
    """`base` to the power of `exp`, of which one may be a number.

    Shapes: any two that broadcast.
    Dtypes: that of both together; a number takes the array's, but a float beside integers makes them default floats.
    Raises: `TypeError` where neither is an NDArray, `ShapeError` for shapes that do not broadcast.

    >>> nd.power(nd.array([3, -2]), 2).asnumpy().tolist()
    [9.0, 4.0]
    """
    _both(base, exp, "power")
    result: NDArray = OPS["power"].call(base, exp)
    return result


@nd_function
def logical_not(data: NDArray) -> NDArray:
    """One where an element is zero, else zero.

    Dtypes: any; the result is numbers, not booleans, of the dtype of `data`.

    >>> nd.logical_not(nd.array([0, 2, -1])).asnumpy().tolist()
    [1.0, 0.0, 0.0]
    """
    return data == 0


for _name in UNARY:
    _unary(_name, *UNARY[_name])
for _name in BINARY:
    _binary(_name, *BINARY[_name])
for _name in COMPARISONS:
    _compared(_name, *COMPARISONS[_name])
    _compared(f"broadcast_{_name}", *COMPARISONS[_name])
for _name in LOGICAL:
    _logical(_name, *LOGICAL[_name])
    _logical(f"broadcast_{_name}", *LOGICAL[_name])
