"""Steps of a program as operations on single elements: an op's body is run on symbols, down to what C has.

So an op that is composed of others, a stranger's too, needs no line here, as it needs none for any engine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial, partialmethod
from typing import Any

import numpy as np

from ...engines.tables import OPS, Kernels
from ..program import Ref, Spec, Step
from ..values import OPERATORS, UNARY
from . import SECANT
from .expressions import FORMS, FUNCTIONS, TYPES

UNIFORM = 10_000
"""Constants of up to so many elements are looked at: one number throughout is no memory."""

REDUCTIONS = frozenset(("sum", "max", "min", "any", "all"))


class Unsupported(Exception):
    """Something that has no C here."""


class Value:
    """A result of an operation, or what it comes from. One of name "view" shows the memory of another, `root`."""

    __array_ufunc__ = None

    def __init__(self, table: Lowering, name: str, operands: Sequence[Any], shape: Any, dtype: Any, info: Any = None):
        self.table, self.name, self.operands, self.info = table, name, tuple(operands), info
        self.shape: tuple[int, ...] = tuple(shape)
        self.dtype = np.dtype(dtype)
        self.inner, self.rowwise = table.layout(self.shape)
        self.root: Value = self
        self.offset, self.strides = 0, contiguous(self.inner)
        self.rowwise = self.rowwise or any(o.rowwise for o in operands if o.__class__ is Value)
        self.number = -1
        self.nest = -1
        self.stored = False
        self.final = False
        """Whether it is known only when all rows are done, so that nothing in the group may read it."""
        if any(o.final for o in operands if o.__class__ is Value):
            raise Unsupported("a total")

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def single(self) -> bool:
        """Whether a row of it is one number."""
        return math.prod(self.inner) == 1

    def shows_all(self) -> bool:
        """Whether it is its root, element for element."""
        return self.offset == 0 and self.inner == self.root.inner and self.strides == self.root.strides

    def __bool__(self) -> bool:
        raise Unsupported("a look at numbers")

    __iter__ = __len__ = None


def _operator(name: str, reflected: bool) -> Any:
    def method(x: Value, *others: Any) -> Any:
        return x.table.each(name, (*others, x) if reflected else (x, *others))

    return method


for _word, (_name, _) in (OPERATORS | UNARY).items():
    setattr(Value, f"__{_word}__", _operator(_name, False))
    if _word in OPERATORS and _word not in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(Value, f"__r{_word}__", _operator(_name, True))
Value.__hash__ = object.__hash__  # type: ignore[method-assign]


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides, in elements, of an array whose elements lie side by side."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


class Lowering(Kernels):
    """A kernel table over symbols. Subclasses say which shapes may meet, by `layout`.

    `values` are the operations, in order. `vectors`: whether the C library has vector mathematics.
    """

    whole = True
    """Whether a row is all there is, so that views and reductions of any sort are known."""
    has_axes = True
    """Whether a row has axes of its arrays, along which it can be reduced."""

    def __init__(self, vectors: bool) -> None:
        self.values: list[Value] = []
        self.inputs: dict[Any, Value] = {}
        self.known: dict[Ref, Any] = {}
        self.reducing: set[Ref] = set()
        """The results of steps that take elements together."""
        self.vectors = vectors

    def layout(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
        """The shape of a row of such an array, and whether rows differ. Raises `Unsupported`."""
        return shape, False

    # ---- steps

    def step(self, step: Step, specs: Any) -> None:
        """Take a step in; where it has no C, nothing is changed and `Unsupported` is raised."""
        values, inputs = len(self.values), len(self.inputs)
        try:
            args = [self._operand(a, specs) for a in step.args]
            if step.name.startswith("_") or any(True for value in step.keywords.values() if value.__class__ is Ref):
                raise Unsupported(step.name)
            with np.errstate(all="ignore"):
                out = getattr(self, step.name)(*args, **step.keywords)
            outs = out if step.several else [out]
            for value, r in zip(outs, step.results, strict=True):
                spec: Spec = specs[r.number]
                if value.__class__ is not Value or value.shape != spec.shape or value.dtype != spec.dtype:
                    raise Unsupported(step.name)
                if not (self.whole or value.rowwise):
                    raise Unsupported("the same in all rows")
        except Exception:
            # Whatever a body says of symbols: it is the engine's to run.
            del self.values[values:]
            for key in list(self.inputs)[inputs:]:
                del self.inputs[key]
            raise Unsupported(step.name) from None
        self.known.update(zip(step.results, outs, strict=True))
        if any(value.name in REDUCTIONS for value in self.values[values:]):
            self.reducing.update(step.results)

    def _operand(self, part: Any, specs: Any) -> Any:
        if part.__class__ is Ref:
            found = self.known.get(part)
            if found is None:
                spec = specs[part.number]
                if spec.shape is None:
                    raise Unsupported("a number of the host")
                found = self._input(part, spec.shape, spec.dtype, part)
            elif found.final:
                raise Unsupported("a total")
            return found
        if isinstance(part, (np.ndarray, np.generic)) and (
            part.size == 1 or (0 < part.size <= UNIFORM and part.tobytes() == part.flat[0].tobytes() * part.size)
        ):
            number = part.flat[0].item() if part.shape else part.item()
            return self._made("constant", (), part.shape, part.dtype, number)
        if hasattr(part, "shape") and hasattr(part, "dtype"):
            return self._input(id(part), part.shape, part.dtype, part)
        if part.__class__ in (tuple, list):
            return part.__class__([self._operand(p, specs) for p in part])
        return part

    def _input(self, key: Any, shape: Any, dtype: Any, info: Any) -> Value:
        if key not in self.inputs:
            self.inputs[key] = self._made("input", (), shape, dtype, info)
        return self.inputs[key]

    def _made(self, name: str, operands: Sequence[Any], shape: Any, dtype: Any, info: Any = None) -> Value:
        if 0 in shape or np.dtype(dtype).name not in TYPES or np.dtype(dtype).byteorder == ">":
            raise Unsupported(str(dtype))
        value = Value(self, name, operands, shape, dtype, info)
        self.values.append(value)
        return value

    def find(self, name: str) -> Any:
        if name in FORMS or name in ("abs", "bitwise_invert"):
            return lambda *args: self.each(name, args)
        op = OPS.get(name)
        if op is None or op.primitive:
            raise Unsupported(name)
        return lambda *args, **keywords: op.body(self, *args, **keywords)

    # ---- each element

    def each(self, name: str, args: Sequence[Any]) -> Value:
        """An operation on each element."""
        if name in FUNCTIONS and not self.vectors and any(a.__class__ is Value and a.inner != () for a in args):
            raise Unsupported(f"{name} without vector mathematics")
        own = args[1:] if name == "where" else args
        dtypes = {a.dtype for a in own if a.__class__ is Value}
        kinds = FORMS[name].kinds if name in FORMS else "biuf" if name == "bitwise_invert" else "iuf"
        if len(dtypes) != 1:
            raise Unsupported("operands of several dtypes")
        (dtype,) = dtypes
        weak = [a for a in own if a.__class__ is not Value]
        if dtype.kind not in kinds or any(
            a.__class__ not in ((int, float) if dtype.kind == "f" else (int,)) for a in weak
        ):
            raise Unsupported(f"{name} of {dtype}")
        if (dtype.kind == "b" and weak) or (name == "where" and getattr(args[0], "dtype", None) != np.bool_):
            raise Unsupported(f"{name} of {dtype}")
        short: Value | None = _small_power(self, *args) if name == "power" else None
        if short is not None:
            return short
        shape = np.broadcast_shapes(*[a.shape for a in args if a.__class__ is Value])
        result = FORMS[name].result if name in FORMS else ""
        return self._made(name, args, shape, result or dtype)

    def astype(self, x: Any, *, dtype: Any) -> Any:
        wanted = np.dtype(dtype)
        if x.dtype.kind == "f" and wanted.kind in "iu":
            raise Unsupported("a conversion of numbers that may not fit")
        return self._made("astype", (x,), x.shape, wanted)

    def round(self, x: Any, *, decimals: int = 0) -> Any:
        if decimals:
            raise Unsupported("round to decimals")
        return self.each("round", (x,))

    def sech_square(self, x: Any) -> Any:
        tanh = next((v for v in self.values if v.name == "tanh" and v.operands[0] is x), None)
        if tanh is not None and math.prod(x.shape) >= SECANT:
            return self.each("subtract", (1, self.each("square", (tanh,))))
        return OPS["sech_square"].body(self, x)

    def multiply_or_zero(self, x: Any, y: Any) -> Any:
        numbers = [o.info if o.__class__ is Value and o.name == "constant" else o for o in (x, y)]
        if any(o.__class__ in (int, float) and o != 0 and math.isfinite(o) for o in numbers):
            return self.each("multiply", (x, y))  # which is NaN for NaN alone
        real = all(o.__class__ is not Value or o.dtype.kind == "f" for o in (x, y))
        return self.each("multiply_or_zero", (x, y)) if real else OPS["multiply_or_zero"].body(self, x, y)

    def filled(self, x: Any, *, shape: Any, value: Any) -> Any:
        return self._made("constant", (), shape, x.dtype, value)

    def zeros_like(self, x: Any) -> Any:
        return self.filled(x, shape=x.shape, value=0)

    def ones_like(self, x: Any) -> Any:
        return self.filled(x, shape=x.shape, value=1)

    def real(self, x: Any) -> Any:
        return x

    conj = real

    def vector_norm(self, x: Any, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
        # In double, whose range the squares of no float leave.
        if ord != 2 or x.dtype != np.float32:
            raise Unsupported("vector_norm")
        wide = self.astype(x, dtype="float64")
        return self.astype(self.sqrt(self.sum(self.square(wide), axis=axis, keepdims=keepdims)), dtype="float32")

    def past_kink(self, pulled: Any, *others: Any, **keywords: Any) -> Any:
        return pulled

    # ---- reductions

    def reduce(self, name: str, x: Value, *, axis: Any = None, keepdims: bool = False) -> Value:
        """A reduction, of a row at most; or of all rows together, in which case nothing can read it before the end."""
        if x.__class__ is not Value or x.dtype.kind not in {"any": "b", "all": "b", "sum": "f"}.get(name, "iuf"):
            raise Unsupported(name)
        if axis is None:
            axes = tuple(range(x.ndim))
        else:
            axes = tuple(a + x.ndim if a < 0 else a for a in (axis if axis.__class__ is tuple else (axis,)))
        if not all(0 <= a < x.ndim for a in axes) or len(set(axes)) < len(axes) or 0 in x.shape:
            raise Unsupported("axes")
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
        front = x.ndim - len(x.inner)
        final = not self.whole and x.rowwise and all(i in axes or n == 1 for i, n in enumerate(x.shape))
        if name != "sum" if final else not self.has_axes or any(a < front for a in axes):
            raise Unsupported("a reduction of rows together")
        return self._reduced(name, x, tuple(shape), frozenset(a - front for a in axes if a >= front), final, keepdims)

    def _reduced(self, name: str, x: Value, shape: Any, axes: frozenset[int], final: bool, keepdims: bool) -> Value:
        if final:
            value = self._made(name, (x,), shape, x.dtype, frozenset(range(len(x.inner))))
            value.rowwise = value.final = True
            return value
        if not (self.whole or keepdims):
            raise Unsupported("a reduction that shifts axes")
        return self._made(name, (x,), shape, x.dtype, axes)

    sum, max, min, any, all = map(partial(partialmethod, reduce), ("sum", "max", "min", "any", "all"))

    def unbroadcast(self, x: Any, *, shape: Any) -> Any:
        extra = x.ndim - len(shape)
        axes = tuple([i for i, n in enumerate(x.shape) if i < extra or (shape[i - extra] == 1 and n != 1)])
        if not axes:
            return x
        return self.reshape(self.sum(x, axis=axes, keepdims=not extra), shape=shape)

    def mean(self, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        total = self.sum(x, axis=axis, keepdims=keepdims)
        divisor = math.prod(x.shape) // max(1, math.prod(total.shape))
        if total.final:
            total.operands = (*total.operands, divisor)
            return total
        return total / divisor

    # ---- views

    def view(self, x: Any, shape: Any, offset: int, strides: Sequence[int]) -> Value:
        """The memory of `x`, seen otherwise; strides are of a row."""
        value = Value(self, "view", (x,), shape, x.dtype)
        value.root, value.offset, value.strides = x.root, offset, tuple(strides)
        value.rowwise = x.rowwise
        self.values.append(value)
        return value

    def _views(self, x: Any) -> Any:
        if not self.whole or x.__class__ is not Value:
            raise Unsupported("views of rows")
        return x

    def broadcast_to(self, x: Any, *, shape: Any) -> Any:
        if x.name == "constant":
            return self.filled(x, shape=shape, value=x.info)
        inner, _ = self.layout(tuple(shape))
        if np.broadcast_shapes(x.shape, shape) != tuple(shape):
            raise Unsupported("broadcast")
        return self.view(x, shape, x.offset, aligned(x, inner))

    def reshape(self, x: Any, *, shape: Any) -> Any:
        if tuple(shape) == x.shape:
            return x
        x = self._views(x)
        if x.name == "constant":
            return self.filled(x, shape=shape, value=x.info)
        if x.strides != contiguous(x.inner) and not x.single:
            x = self.each("positive", (x,))
        return self.view(x, shape, x.offset, contiguous(shape))

    def item(self, x: Any, place: int = 0) -> Any:
        if place or math.prod(x.shape) != 1:
            raise Unsupported("a number of several")
        return self.reshape(x, shape=())

    def permute_dims(self, x: Any, *, axes: Any) -> Any:
        x = self._views(x)
        return self.view(x, [x.shape[a] for a in axes], x.offset, [x.strides[a] for a in axes])

    def matrix_transpose(self, x: Any) -> Any:
        last = range(x.ndim)
        return self.permute_dims(x, axes=(*last[:-2], *reversed(last[-2:])))

    def getitem(self, x: Any, *indices: Any, key: Any) -> Any:
        x = self._views(x)
        if indices:
            raise Unsupported("index arrays")
        if x.name == "constant":
            shape, _, _ = _picked(x, key)
            return self.filled(x, shape=shape, value=x.info)
        shape, offset, strides = _picked(x, key)
        return self.view(x, shape, x.offset + offset, strides)

    # ---- what is put together of parts

    def scatter_add(self, values: Any, *indices: Any, key: Any, shape: Any) -> Any:
        if indices:
            raise Unsupported("index arrays")
        return self._placed(0, shape, values.dtype, [(values, key)])

    def setitem(self, x: Any, values: Any, *indices: Any, key: Any) -> Any:
        if indices or x.dtype != values.dtype:
            raise Unsupported("index arrays")
        return self._placed(x, x.shape, x.dtype, [(values, key)])

    def concat(self, *arrays: Any, axis: int = 0) -> Any:
        axis = axis + arrays[0].ndim if axis < 0 else axis
        shape, parts, start = list(arrays[0].shape), [], 0
        for x in arrays:
            parts.append((x, (*[slice(None)] * axis, slice(start, start + x.shape[axis]))))
            start += x.shape[axis]
        shape[axis] = start
        if len({x.dtype for x in arrays}) > 1:
            raise Unsupported("dtypes")
        return self._placed(None, shape, arrays[0].dtype, parts)

    def _placed(self, fill: Any, shape: Any, dtype: Any, parts: Sequence[tuple[Any, Any]]) -> Value:
        """A new array: what is there from the beginning (None: nothing that is not written over), and parts at keys."""
        if not self.whole:
            raise Unsupported("parts of rows")
        operands = [fill, *[x for x, _ in parts]]
        value = self._made("place", operands, shape, dtype)
        value.info = [_picked(value, key) for _, key in parts]
        if any(
            np.broadcast_shapes(x.shape, there[0]) != there[0] for (x, _), there in zip(parts, value.info, strict=True)
        ):
            raise Unsupported("parts that do not fit")
        return value


def aligned(x: Value, inner: tuple[int, ...]) -> tuple[int, ...]:
    """The strides with which a row of `x` is read along a wider shape."""
    own = [0 if n == 1 else s for n, s in zip(x.inner, x.strides, strict=True)]
    return (*[0] * (len(inner) - len(own)), *own)


def _picked(x: Value, key: Any) -> tuple[tuple[int, ...], int, tuple[int, ...]]:
    """Shape, offset and strides of what a key of slices, numbers, None and `...` picks."""
    key = key if key.__class__ is tuple else (key,)
    if any(k.__class__ not in (int, slice, type(None), type(Ellipsis)) for k in key):
        raise Unsupported("index arrays")
    named = sum(k.__class__ in (int, slice) for k in key)
    at = next((i for i, k in enumerate(key) if k is Ellipsis), len(key))
    key = (*key[:at], *[slice(None)] * (x.ndim - named), *key[at + 1 :])
    shape: list[int] = []
    strides: list[int] = []
    offset, axis = 0, 0
    for k in key:
        if k is None:
            shape.append(1)
            strides.append(0)
            continue
        length, stride = x.shape[axis], x.strides[axis]
        axis += 1
        if k.__class__ is int:
            offset += range(length)[k] * stride
            continue
        places = range(length)[k]
        shape.append(len(places))
        strides.append(stride * places.step)
        offset += (places[0] if places else 0) * stride
    return tuple(shape), offset, tuple(strides)


def _small_power(table: Lowering, x: Any, y: Any) -> Any:
    """x², 1/x and x, which are not worth a function, and are exact so."""
    exponent = y.info if y.__class__ is Value and y.name == "constant" else y
    if x.__class__ is not Value or exponent.__class__ is Value or x.dtype.kind != "f":
        return None
    if y.__class__ is Value and np.broadcast_shapes(x.shape, y.shape) != x.shape:
        return None
    short: dict[Any, Callable[[], Any]] = {
        number: partial(table.each, name, (x,)) for number, name in ((2, "square"), (-1, "reciprocal"), (1, "positive"))
    }
    return short[exponent]() if exponent in short else None


class Flat(Lowering):
    """Large arrays of one shape, with single numbers beside them: a row is a run of elements."""

    whole = has_axes = False
    RUN = 2048
    """How many elements a run has: what is at hand of all arrays at once fits into the first cache."""

    def __init__(self, vectors: bool, shape: tuple[int, ...]) -> None:
        super().__init__(vectors)
        self.shape = shape

    def layout(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
        if shape == self.shape:
            return (self.RUN,), True
        if math.prod(shape) == 1:
            return (), False
        raise Unsupported("another shape")


class Rows(Lowering):
    """Large arrays that agree in their first axes: a row is what is left, and may be reduced and broadcast."""

    whole = False

    def __init__(self, vectors: bool, shape: tuple[int, ...], front: int) -> None:
        super().__init__(vectors)
        self.shape = shape
        self.front = front

    def layout(self, shape: tuple[int, ...]) -> tuple[tuple[int, ...], bool]:
        padded = (*[1] * (len(self.shape) - len(shape)), *shape)
        lead = padded[: self.front]
        if len(padded) > len(self.shape) or (lead != self.shape[: self.front] and any(n != 1 for n in lead)):
            raise Unsupported("another shape")
        return padded[self.front :], lead == self.shape[: self.front]
