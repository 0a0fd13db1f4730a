"""What a program holds while it is traced: a concrete value, and the number that it has in the program.

`Traced` stands for an array of an engine. Whatever the host may do with one is either noted as a step, or a branch
point: then the program that is being recorded holds for this outcome only, and nothing is ever frozen in silence.
`Host` is a traced array that was copied to the host, `Number` a single number on the host.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from ..arrays.batched import Batched
from .program import Ref

if TYPE_CHECKING:
    from ..engines.backend import Backend
    from .trace import Trace


class Untraceable(BaseException):
    """The trace cannot go on, and why; whatever catches exceptions in the traced function does not catch this one."""


class Value:
    """A concrete value and its place in the program."""

    __slots__ = ("__weakref__", "ref", "trace", "value")

    def __init__(self, trace: Trace, value: Any, ref: Ref) -> None:
        self.trace = trace
        self.value = value
        self.ref = ref

    def frozen(self) -> Any:
        """The concrete value, at the price of a branch point: the program holds only where it is the same again."""
        self.trace.look(self.ref, "value", self.value)
        return self.value

    def __bool__(self) -> bool:
        outcome = bool(self.value)
        self.trace.look(self.ref, "truth", outcome)
        return outcome

    def __float__(self) -> float:
        return float(self.frozen())

    def __int__(self) -> int:
        return int(self.frozen())

    def __complex__(self) -> complex:
        return complex(self.frozen())

    def __index__(self) -> int:
        return operator.index(self.frozen())

    def __hash__(self) -> int:
        return hash(self.frozen())

    def __repr__(self) -> str:
        return repr(self.frozen())

    def __str__(self) -> str:
        return str(self.frozen())

    def __format__(self, spec: str) -> str:
        return format(self.frozen(), spec)

    def __round__(self, digits: Any = None) -> Any:
        return round(self.frozen(), digits) if digits is not None else round(self.frozen())

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.frozen().__reduce_ex__(protocol)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.frozen(), dtype=dtype)


class Traced(Value):
    """An array of an engine. There is a subclass for each engine, by which its tracing backend knows it."""

    __slots__ = ()
    __array_ufunc__ = None
    engine: ClassVar[Backend]

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return self.value.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """The dtype, as the engine has it."""
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.value.shape:
            size *= length
        return size

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Any:
        return iter([_getitem(self, i) for i in range(len(self))])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # where ops look whether it is an array of tapegrad's, or what Python's protocols ask
            raise AttributeError(name)
        raise Untraceable(f"{name} of an array that is no array of tapegrad's is beyond its sight")

    def __dlpack__(self, *args: Any, **keywords: Any) -> Any:
        return self.frozen().__dlpack__(*args, **keywords)

    def __dlpack_device__(self) -> Any:
        return self.value.__dlpack_device__()

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise Untraceable("a write into an array that is no array of tapegrad's is beyond its sight")


class _Places:
    """`host.flat`, for the sake of `host.flat[0]`."""

    __slots__ = ("host",)

    def __init__(self, host: Host) -> None:
        self.host = host

    def __getitem__(self, key: Any) -> Any:
        return self.host.derived("item", _flat, key)


def _flat(array: Any, key: Any) -> Any:
    return array.flat[key]


def _item(number: Any) -> Any:
    return number.item()


class OnHost(Value):
    """A value on the host, whose functions of NumPy are steps."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        if any(isinstance(x, (Traced, Batched)) or hasattr(type(x), "_face") for x in inputs):
            return NotImplemented
        if method == "at" or "out" in keywords:
            raise Untraceable("a write into an array on the host is beyond its sight")
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}_{method}"
        return self.trace.host_step(name, getattr(ufunc, method), inputs, keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> Any:
        if function.__name__ in _WRITERS or keywords.get("out") is not None:
            raise Untraceable("a write into an array on the host is beyond its sight")
        if function.__name__ in _OF_SHAPE:
            return function(*[x.value if isinstance(x, OnHost) else x for x in args], **keywords)
        return self.trace.host_step(function.__name__, function, args, keywords, dynamic=True)


_WRITERS = frozenset(("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"))
_OF_SHAPE = frozenset(("iscomplexobj", "isrealobj", "ndim", "result_type", "shape", "size"))
_NAMES = """
    all any argmax argmin argsort astype clip conj copy cumprod cumsum diagonal dot flatten max mean min prod ravel
    repeat reshape round squeeze std sum swapaxes take trace transpose var
"""
_METHODS = frozenset(_NAMES.split())
"""Methods of NumPy's arrays that give something and change nothing."""


class Host(OnHost):
    """A NumPy array that was computed from traced ones."""

    __slots__ = ()

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return np.ndarray

    def derived(self, name: str, function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        """What a function gives of it, noted as a step."""
        return self.trace.host_step(name, function, (self, *args), keywords)

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    flat = property(_Places)
    T = property(lambda self: self.derived("T", np.transpose))
    real = property(lambda self: self.derived("real", np.real))
    imag = property(lambda self: self.derived("imag", np.imag))

    def __len__(self) -> int:
        return len(self.value)

    def item(self) -> Any:
        """The single element."""
        return self.derived("item", _item)

    def view(self, kind: Any) -> Any:
        """The same numbers as of another dtype; of another class they are what they are."""
        return (
            self
            if isinstance(kind, type) and issubclass(kind, np.ndarray)
            else self.derived("view", np.ndarray.view, kind)
        )

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def tolist(self) -> Any:
        """The elements as nested lists."""
        return self.item() if not self.value.ndim else self.frozen().tolist()

    def __getitem__(self, key: Any) -> Any:
        return self.trace.host_step("getitem", operator.getitem, (self, key), dynamic=True)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise Untraceable("a write into a copy on the host is beyond its sight")

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return partial(self.derived, name, getattr(np.ndarray, name))
        return getattr(self.frozen(), name)

    def __iter__(self) -> Any:
        return iter(self.frozen())


class Number(OnHost):
    """A number on the host that was computed from traced ones. Arithmetic with it is noted."""

    __slots__ = ()

    def __round__(self, digits: Any = None) -> Any:
        return self.trace.host_step("round", round, (self, digits))

    def __getitem__(self, key: Any) -> Any:
        return self.trace.host_step("getitem", operator.getitem, (self, key))  # number[...] is an array of it

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.value)

    shape = property(lambda self: self.value.shape)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)

    @property
    def dtype(self) -> Any:
        """The dtype of one of NumPy's numbers; Python's have none."""
        return self.value.dtype

    def item(self) -> Any:
        """The number as one of Python's."""
        return self.trace.host_step("item", _item, (self,))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not hasattr(self.value, name):
            raise AttributeError(f"{type(self.value).__name__!r} object has no attribute {name!r}")
        return getattr(self.frozen(), name)


def opened(parts: Any, met: list[Value]) -> Any:
    """Nested parts with concrete values in the place of traced ones, which go to `met`."""
    if isinstance(parts, Value):
        met.append(parts)
        return parts.value
    if type(parts) is tuple or type(parts) is list:
        return type(parts)([opened(part, met) for part in parts])
    return _plain_slice(parts) if type(parts) is slice else parts


def _plain_slice(part: slice) -> slice:
    """A slice without traced numbers: how long its result is depends on them."""
    return slice(*[p.frozen() if isinstance(p, Value) else p for p in (part.start, part.stop, part.step)])


def closed(parts: Any) -> Any:
    """Nested parts with numbers of the program in the place of traced values."""
    if isinstance(parts, Value):
        return parts.ref
    if type(parts) is tuple or type(parts) is list:
        return type(parts)([closed(part) for part in parts])
    return _plain_slice(parts) if type(parts) is slice else parts


NUMBERS = (bool, int, float, complex, np.generic)

OPERATORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("add", operator.add),
    "sub": ("subtract", operator.sub),
    "mul": ("multiply", operator.mul),
    "truediv": ("divide", operator.truediv),
    "floordiv": ("floor_divide", operator.floordiv),
    "mod": ("remainder", operator.mod),
    "pow": ("power", operator.pow),
    "matmul": ("matmul", operator.matmul),
    "and": ("bitwise_and", operator.and_),
    "or": ("bitwise_or", operator.or_),
    "xor": ("bitwise_xor", operator.xor),
    "lshift": ("bitwise_left_shift", operator.lshift),
    "rshift": ("bitwise_right_shift", operator.rshift),
    "lt": ("less", operator.lt),
    "le": ("less_equal", operator.le),
    "gt": ("greater", operator.gt),
    "ge": ("greater_equal", operator.ge),
    "eq": ("equal", operator.eq),
    "ne": ("not_equal", operator.ne),
}
"""Python's operators of two operands: the op's name, and the function."""

UNARY: dict[str, tuple[str, Callable[..., Any]]] = {
    "neg": ("negative", operator.neg),
    "pos": ("positive", operator.pos),
    "abs": ("abs", operator.abs),
    "invert": ("bitwise_invert", operator.invert),
}

_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


def _binary(name: str, function: Callable[..., Any], reflected: bool) -> Any:
    def method(x: Any, y: Any) -> Any:
        if type(y) is Batched or hasattr(type(y), "_face"):
            return NotImplemented
        if isinstance(x, OnHost):
            if not isinstance(y, (OnHost, np.ndarray, *NUMBERS)):
                return NotImplemented
            base, exponent = (y, x) if reflected else (x, y)
            if name == "power" and type(x) is Number and isinstance(exponent, int):
                bool(exponent >= 0)  # for the power of a whole number is whole here, and a fraction there
            return x.trace.host_step(name, function, (base, exponent))
        return x.trace.step(name, function, (y, x) if reflected else (x, y), {}, fresh=True, pointwise=name != "matmul")

    return method


def _unary(name: str, function: Callable[..., Any]) -> Any:
    def method(x: Any) -> Any:
        if isinstance(x, OnHost):
            return x.trace.host_step(name, function, (x,))
        return x.trace.step(name, function, (x,), {}, fresh=True, pointwise=True)

    return method


def _in_place(function: Callable[..., Any]) -> Any:
    def method(x: Any, y: Any) -> Any:
        if type(x) is Number:
            return function(x, y)
        raise Untraceable("a write in place to an array that is no array of tapegrad's is beyond its sight")

    return method


for _word, (_name, _function) in OPERATORS.items():
    for _cls in (Traced, Host, Number):
        setattr(_cls, f"__{_word}__", _binary(_name, _function, False))
        if _word not in _COMPARISONS:
            setattr(_cls, f"__r{_word}__", _binary(_name, _function, True))
            setattr(_cls, f"__i{_word}__", _in_place(_function))
for _word, (_name, _unary_function) in UNARY.items():
    for _cls in (Traced, Host, Number):
        setattr(_cls, f"__{_word}__", _unary(_name, _unary_function))


def _divmod(x: Any, y: Any) -> Any:
    return x // y, x % y


def _getitem(x: Traced, key: Any) -> Any:
    return x.trace.step("getitem", operator.getitem, (x, key), {})


for _cls, _word, _method in (
    (Number, "divmod", _divmod),
    (Traced, "getitem", _getitem),
    (Traced, "hash", None),
    (Host, "hash", None),
    (Number, "hash", Value.__hash__),
):
    setattr(_cls, f"__{_word}__", _method)
