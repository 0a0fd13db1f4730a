"""NDArray: the core's array with MXNet's conventions, and the functions that make one."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from .. import context as _context
from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import engine_of
from ..arrays.entering import host_numbers
from ..arrays.face import Face, face_class
from ..arrays.views import ASIDE, share, transposed
from ..context import Context
from ..engines import registry
from ..engines.tables import RECORDED as ops
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    BoundsError,
    DtypeError,
    MaskWarning,
    MixedBackendsError,
    ShapeError,
    TapegradError,
    a_kind,
)
from ..op.rules import attach_zero, is_tracked
from ..ops.indexing import put, read
from ..ops.transfer import move
from ..tape.mode import MODE, RECORDING
from ..tape.nodes import Leaf
from ..transforms import variables as _variables
from .host import array as single
from .methods import Methods

if TYPE_CHECKING:
    from ..typing import ArrayLike, DTypeLike

__all__ = [
    "NDArray",
    "arange",
    "array",
    "empty",
    "eye",
    "from_dlpack",
    "from_numpy",
    "full",
    "linspace",
    "ones",
    "to_dlpack_for_read",
    "to_dlpack_for_write",
    "waitall",
    "zeros",
]

Sizes = int | Sequence[int]
INT = (int, np.integer)
"""What counts as an integer where one may stand for a tuple of them."""


def _fit_head_gradient(g: Array, head: Array) -> Array | None:
    """A head gradient that differs in axes of length 1 only, such as (4,) for (4, 1), is read in order."""
    mine, theirs = ([n for n in shape if n != 1] for shape in (head.shape, g.shape))
    return ops.reshape(g, shape=head.shape) if mine == theirs else None


MXNET = Face(
    "nd",
    takes_lists=False,
    weak_numpy_scalars=True,
    integer_ops={"divide": "quotient"},
    scalar_shapes=((), (1,)),
    truncates=True,
    fit_head_gradient=_fit_head_gradient,
    contiguous_views=True,
    numpys_functions=False,
)
"""MXNet's conventions."""


class NDArray(Methods):
    """An array as MXNet has it: reductions keep shape (1,), comparisons give 0 and 1 in the dtype of their operands.

    Arrays are made by `nd.array`, `nd.zeros` and similar functions, and by operations on arrays. Operators broadcast;
    Python and NumPy scalars take the dtype of the array. As in MXNet, a slice of elements that lie side by side is a
    view, and so are the results of the methods `reshape` and `detach`: a write to one is a write to its array.

    Shapes: any. Reductions give (1,) where the standard gives ().

    Dtypes: float32 unless a function is told otherwise; `dtype` is NumPy's scalar type, as in MXNet. Integers divide
    towards zero.

    Raises: `ShapeError` for shapes that do not broadcast, `DtypeError` for dtypes with none in common, `IndexError` for
    an index out of bounds.

    >>> from tapegrad import nd
    >>> x = nd.array([[1, 2], [3, 4]])
    >>> x * 2
    <BLANKLINE>
    [[2. 4.]
     [6. 8.]]
    <NDArray 2x2 @cpu(0)>
    >>> (x > 2).asnumpy().tolist(), x.sum().shape
    ([[0.0, 0.0], [1.0, 1.0]], (1,))
    """

    __slots__ = ("_mask",)
    _mask: tuple[Any, Array]
    _face: ClassVar[Face] = MXNET

    @classmethod
    def _begin(cls) -> None:
        import_module(".contents", __package__)  # which makes methods of its functions

    @property
    def dtype(self) -> Any:
        """The dtype as MXNet gives it: NumPy's scalar type."""
        return self._kernels.dtype_of(self._value).type

    @property
    def context(self) -> Context:
        """Where the array lives."""
        return _context.context_of(self)

    ctx = context

    @property
    def stype(self) -> str:
        """How the array is stored: always "default", which is dense."""
        return "default"

    @property
    def T(self) -> Self:
        """The array with its axes in reverse order."""
        return ops.permute_dims(self, axes=transposed(len(self._signature.shape)).axes)  # type: ignore[no-any-return]

    @property
    def _fresh_grad(self) -> int:
        """1 if a backward has written the gradient since this was last set to False, else 0."""
        return int(isinstance(self._node, Leaf) and self._node.fresh)

    @_fresh_grad.setter
    def _fresh_grad(self, fresh: bool) -> None:
        if isinstance(self._node, Leaf):
            self._node.fresh = bool(fresh)

    def attach_grad(self, grad_req: str = "write", stype: str | None = None) -> None:
        """Make this a variable: from now on `backward` puts its gradient into `.grad`.

        `grad_req`: "write" replaces the gradient at each backward, "add" adds to it, "null" keeps none. On the result
        of a computation it cuts the graph: the array becomes a variable of its own. Integers have a gradient of zeros.

        Raises: `ValueError` for an unknown `grad_req` or a `stype` other than "default".

        >>> from tapegrad import nd
        >>> x = nd.array([1, 2])
        >>> x.attach_grad()
        >>> x.grad.asnumpy().tolist()
        [0.0, 0.0]
        """
        _dense(stype)
        if not dtypes.is_dtype(self._dtype, ("real floating", "complex floating")) and grad_req in _variables.REQUESTS:
            _variables.attach_zeros(self)
        else:
            _variables.attach_grad(self, grad_req)

    def asnumpy(self) -> np.ndarray[Any, Any]:
        """A copy as a NumPy array, without gradients. One of shape (1,) is also a number, to `float` and to `"%f"`."""
        host = super().asnumpy()
        return host.view(single) if host.shape == (1,) else host

    def asscalar(self) -> Any:
        """The single element as a NumPy scalar, without gradients. Raises `ValueError` for any other size.

        >>> from tapegrad import nd
        >>> nd.array([2.5]).asscalar()
        np.float32(2.5)
        """
        host = self._kernels.to_numpy(self._value)
        if host.size != 1:
            raise ArgumentError(f"asscalar() needs an array of one element, not of shape {self.shape}")
        return host.flat[0]

    def copyto(self, other: Any) -> Any:
        """Copy into another array of the same shape, or to a context as a new array; the array copied to is returned.

        Raises `ShapeError` for a different shape, `TypeError` for anything but an array or a context.

        >>> import tapegrad as mx
        >>> from tapegrad import nd
        >>> target = nd.zeros(2)
        >>> nd.array([1, 2]).copyto(target) is target, target.asnumpy().tolist()
        (True, [1.0, 2.0])
        >>> target.copyto(mx.cpu(1)).context
        cpu(1)
        """
        if isinstance(other, Context):
            return self._moved(other)
        if isinstance(other, NDArray):
            return other._rebind(move(self, engine_of(other), None))
        raise ArgumentTypeError(f"copyto() takes an NDArray or a context, not {a_kind(other)}")

    def as_in_context(self, context: Context) -> Self:
        """This array if it lives in that context, else a copy there; differentiable.

        >>> import tapegrad as mx
        >>> from tapegrad import nd
        >>> nd.ones(1).as_in_context(mx.cpu(1)).context
        cpu(1)
        """
        return self if context == self.context else self._moved(context)

    as_in_ctx = as_in_context

    def as_np_ndarray(self) -> Array:
        """The same values and place on the tape in the standard face, or, after `npx.set_np()`, in that of `np`."""
        return self._in_face("np" if edition.numpy else "numpy")

    def _moved(self, context: Context) -> Self:
        return move(self, *_context.place(context))

    def detach(self) -> Self:
        """The same values as a constant that shares memory with this array, as in MXNet.

        What is written to it is seen in this array, whose gradients do not know of it.

        >>> import tapegrad
        >>> from tapegrad import nd
        >>> x = nd.zeros(2)
        >>> x.detach()[0] = 5
        >>> x.asnumpy().tolist()
        [5.0, 0.0]
        """
        made = self._detached()
        share(made, self, ASIDE)
        return made

    def astype(self, dtype: Any, copy: bool = True) -> Self:
        """The elements converted to a dtype, recorded; with `copy=False` this array itself if it has that dtype.

        >>> from tapegrad import nd
        >>> nd.array([1.7]).astype("int32").asnumpy().tolist()
        [1]
        """
        if not copy and dtypes.to_dtype(dtype) == self.dtype:
            return self
        return ops.astype(self, dtype=dtypes.to_dtype(dtype))  # type: ignore[no-any-return]

    def tostype(self, stype: str) -> Self:
        """This array; storage other than "default" is a `ValueError`."""
        _dense(stype)
        return self

    def slice_assign(self, rhs: Any, begin: Any, end: Any, step: Any = None) -> Self:
        """Write `rhs` to the elements from `begin` up to `end` in steps; the array itself is returned."""
        self[slices(self, begin, end, step, "slice_assign")] = rhs
        return self

    def slice_assign_scalar(self, value: float, begin: Any, end: Any, step: Any = None) -> Self:
        """Write a number to the elements from `begin` up to `end` in steps; the array itself is returned."""
        return self.slice_assign(value, begin, end, step)

    @property
    def writable(self) -> bool:
        """Whether the array can be written to: always."""
        return True

    def wait_to_read(self) -> None:
        """Wait until the values are there."""
        engine_of(self).backend.synchronize()

    wait_to_write = wait_to_read

    def to_dlpack_for_read(self) -> Any:
        """The values as a DLPack capsule, a copy."""
        return to_dlpack_for_read(self)

    def to_dlpack_for_write(self) -> Any:
        """The values as a DLPack capsule, a copy: writing to it does not write to this array."""
        return to_dlpack_for_write(self)

    if TYPE_CHECKING:
        # Set on the class by shaping.py.
        def reshape(self, *shape: Any, **kwargs: Any) -> Self: ...

    def __bool__(self) -> bool:
        size = self.size
        if size > 1:
            raise ArgumentError(f"the truth value of an array of shape {self.shape} is ambiguous")
        return size == 1 and bool(self._kernels.to_numpy(self._value).flat[0])

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        return f"\n{self.asnumpy()!s}\n<{type(self).__name__} {shape} @{self.context}>"

    __str__ = __repr__
    __hash__ = object.__hash__

    def __ipow__(self, other: Any) -> Any:
        return NotImplemented

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        """An operator with NumPy's number or array on the left is one of this face; other ufuncs give NumPy's arrays.

        Raises `GradientEscapeError` where that would lose a gradient.
        """
        mirrored = _MIRRORED.get(ufunc.__name__)
        if mirrored is not None and method == "__call__" and not keywords and not isinstance(inputs[0], Array):
            return getattr(inputs[1], mirrored)(inputs[0])
        from ..numpy.protocols import call_ufunc  # here, since programs of this face need not import the other

        return call_ufunc(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, args: Any, keywords: Any) -> Any:
        """NumPy's functions give NumPy's arrays. Raises `GradientEscapeError` where that would lose a gradient."""
        from ..numpy.protocols import call_function

        return call_function(function, args, keywords)

    def __getitem__(self, key: Any) -> Self:
        return read(self, _key(self, key))  # type: ignore[return-value]

    def _pieces(self) -> Iterator[Self]:
        # The elements of a vector are vectors of one element, as they are in brackets.
        is_split = self._node is not None and self.ndim == 1 and MODE.get() & RECORDING
        yield from super(NDArray, self.reshape((-1, 1)) if is_split else self)._pieces()

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, NDArray) and value._kernels is not self._kernels:
            value = value.as_in_context(self.context)
        put(self, _key(self, key), value)

    def __delitem__(self, key: Any) -> None:
        raise AttributeError("elements of an NDArray cannot be deleted")

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (self.asnumpy(), repr(self.context))


_MIRRORED = {
    "add": "__radd__",
    "subtract": "__rsub__",
    "multiply": "__rmul__",
    "divide": "__rtruediv__",
    "remainder": "__rmod__",
    "power": "__rpow__",
    "equal": "__eq__",
    "not_equal": "__ne__",
    "less": "__gt__",
    "less_equal": "__ge__",
    "greater": "__lt__",
    "greater_equal": "__le__",
}
"""The method of the right operand for an operator whose left one is NumPy's."""


def _comparison(name: str) -> Callable[[NDArray, Any], NDArray]:
    def compare(self: NDArray, other: Any) -> NDArray:
        booleans = getattr(ops, name)(self, other)
        dtype = self._kernels.dtype_of(self._value)
        if isinstance(other, Array):
            dtype = dtypes.promote(dtype, other._kernels.dtype_of(other._value))
        return _as_numbers(booleans, dtype, self, other)

    compare.__name__ = compare.__qualname__ = name
    return compare


def _as_numbers(booleans: Any, dtype: np.dtype[Any], *sources: Any) -> NDArray:
    """Booleans as 0 and 1. The result remembers them, so that as an index it is a mask and not a list of places.

    `sources` are what the booleans were computed from.
    """
    numbers: NDArray = flat(ops.astype(booleans, dtype=dtype), *sources)
    numbers._mask = (numbers._value, booleans)
    return numbers


def flat(result: Any, *sources: Any) -> Any:
    """A result without a derivative, recorded behind its sources: a backward from it gives them zeros, as in MXNet.

    The other faces leave nothing on the tape, and so do integers.
    """
    if not MODE.get() & RECORDING:
        return result
    if result.__class__ in (list, tuple):
        return result.__class__([flat(part, *sources) for part in result])
    if not isinstance(result, Array) or is_tracked(result):
        return result
    tracked = [x for x in sources if isinstance(x, Array) and is_tracked(x)]
    if not tracked:
        return result
    recorded: Any = attach_zero(result, tracked)
    recorded._mask = getattr(result, "_mask", (None, None))
    return recorded


def mask_of(x: Array) -> Array | None:
    """The booleans that an array of 0 and 1 was made of, if it was made by a comparison and not written to since."""
    value, booleans = getattr(x, "_mask", (None, None))
    return booleans if value is x._value else None


for _dunder, _name in {
    "__eq__": "equal",
    "__ne__": "not_equal",
    "__lt__": "less",
    "__le__": "less_equal",
    "__gt__": "greater",
    "__ge__": "greater_equal",
}.items():
    setattr(NDArray, _dunder, _comparison(_name))


def _key(x: NDArray, key: Any) -> Any:
    """A key in MXNet's conventions as one in the core's: a single element keeps an axis, floats may be indices."""
    kind = key.__class__
    if kind is slice:
        return key
    if kind is int:
        shape = x._value.shape
        if len(shape) != 1:
            return key
        return _one(key, shape[0], 0)
    parts = list(key) if kind is tuple else [key]
    for i, part in enumerate(parts):
        if part.__class__ is NDArray:
            _tell_masks(part, x._value.shape[i : i + len(part._value.shape)])
        parts[i] = _index(part)
    if all(part.__class__ is int for part in parts) and len(parts) == x.ndim and parts:
        parts[-1] = _one(parts[-1], x.shape[-1], x.ndim - 1)
    return tuple(parts)


def _tell_masks(part: NDArray, shape: tuple[int, ...]) -> None:
    """Warn of floats that are to be places and look like a mask: zeros and ones, as many as there are elements.

    Asked of host arrays only, since a device would have to be waited for.
    """
    value: Any = part._value
    if tuple(value.shape) != tuple(shape) or not isinstance(value, np.ndarray) or value.size < 3:
        return
    if value.dtype.kind == "f" and mask_of(part) is None and ((value == 0) | (value == 1)).all() and value.any():
        warnings.warn(
            f"an array of zeros and ones of shape {tuple(shape)} is taken for places, as no comparison made it; "
            "for a mask compare last, x[mask == 1], for places convert them with astype('int64')",
            MaskWarning,
            stacklevel=4,
        )


def _one(i: int, length: int, axis: int) -> slice:
    if not -length <= i < length:
        raise BoundsError(f"index {i} is out of bounds for axis {axis} with size {length}")
    i %= length
    return slice(i, i + 1)


def _index(part: Any) -> Any:
    """One part of a key: floating arrays of indices become integers, comparisons become masks."""
    if part is None or part is Ellipsis or isinstance(part, (slice, bool, np.bool_)):
        return part
    if isinstance(part, INT):
        return operator.index(part)
    if isinstance(part, NDArray):
        mask = mask_of(part)
        if mask is not None:
            return mask
        return part if part.dtype is np.bool_ else ops.astype(part, dtype=np.dtype("int64"))
    if isinstance(part, (list, tuple, np.ndarray, range)):
        indices = np.asarray(part)
        return indices if indices.dtype == bool else indices.astype(np.int64)
    raise ArgumentError(f"an NDArray cannot be indexed with {part!r} of type {type(part).__name__}")


def _revive(values: np.ndarray[Any, Any], context: str) -> NDArray:
    x = make(values)
    return x if repr(x.context) == context else x.as_in_context(_context._named(context))


def _dense(stype: str | None) -> None:
    if stype not in (None, "default"):
        raise ArgumentError(f"storage type {stype!r}: arrays are dense here, with stype 'default'")


def slices(x: NDArray, begin: Any, end: Any, step: Any, where: str) -> tuple[slice, ...]:
    """MXNet's begin, end and step as a key."""
    bounds = [(x,) if x is None or isinstance(x, INT) else tuple(x) for x in (begin, end)]
    steps = (None,) * len(bounds[0]) if step is None else (step,) if isinstance(step, INT) else tuple(step)
    steps = steps or (None,) * len(bounds[0])
    if not len(bounds[0]) == len(bounds[1]) == len(steps) <= x.ndim:
        raise ArgumentError(
            f"{where}(): begin {bounds[0]}, end {bounds[1]} and step {steps} are not as many as each other, or more "
            f"than the {x.ndim} axes"
        )
    return tuple(slice(*bound) for bound in zip(*bounds, steps, strict=True))


def shape_of(shape: Any) -> tuple[int, ...]:
    """A shape given as an int or a sequence of them. Raises `TypeError`, or `ShapeError` for negative lengths."""
    try:
        lengths = (operator.index(shape),) if isinstance(shape, INT) else tuple(map(operator.index, shape))
    except TypeError:
        raise ArgumentTypeError(f"a shape is an int or a tuple of them, not {shape!r}") from None
    if min(lengths, default=0) < 0:
        raise ShapeError(f"a shape has no negative lengths: {lengths}")
    return lengths


class Edition:
    """Which arrays programs of MXNet work with: those of `nd`, or, after `npx.set_np()`, those of `np`."""

    numpy = False

    def made(self) -> type[NDArray]:
        """The class of the arrays that are made of numbers."""
        return face_class("np") if self.numpy else NDArray  # type: ignore[return-value]


edition = Edition()


def maker(ctx: Context | None = None) -> Callable[[np.ndarray[Any, Any]], NDArray]:
    """`make` for a context that is looked for at once, so that nothing is drawn for a device that is not there."""
    xp, device = _context.place(ctx)
    return lambda values: handle(edition.made(), xp.backend.from_numpy(values, device=device), None, xp)


def make(values: np.ndarray[Any, Any], ctx: Context | None = None) -> NDArray:
    """Host values as an NDArray in a context, or as an array of `np` after `npx.set_np()`."""
    return maker(ctx)(values)


def dtype_or_default(dtype: DTypeLike | None) -> np.dtype[Any]:
    """The dtype given, or the default floating one."""
    return dtypes.get_default_dtype() if dtype is None else dtypes.to_dtype(dtype)


def give(out: Any, result: Any) -> NDArray:
    """A result, put into `out` if there is one. Raises `TypeError` for an `out` that is not an NDArray."""
    if out is None:
        return result  # type: ignore[no-any-return]
    if not isinstance(out, NDArray):
        raise ArgumentTypeError(
            f"out is an NDArray that takes the result, not {a_kind(out)}; leave it out, or make one"
        )
    if out._kernels is not result._kernels and engine_of(out) is not engine_of(result):
        raise MixedBackendsError(
            f"the result is on backend {result.backend.name!r}, and out on {out.backend.name!r}; "
            f"leave out away, or make one there"
        )
    return out._rebind(result)


def give_all(out: Any, results: Sequence[Any], where: str) -> list[NDArray]:
    """Several results, put into the arrays in `out` if there are any; `ValueError` for the wrong number of them."""
    if out is None:
        return list(results)
    outs = [out] if isinstance(out, Array) else list(out)
    if len(outs) != len(results):
        raise ArgumentError(f"{where}(): out has {len(outs)} arrays for {len(results)} results; give one for each")
    return [give(o, x) for o, x in zip(outs, results, strict=True)]


def array(source_array: ArrayLike, ctx: Context | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """An array of values, float32 unless `dtype` says otherwise, whatever the values were.

    `source_array` is nested lists, a NumPy array or an NDArray. It is copied; of an NDArray the copy is differentiable.

    Shapes: that of the source; a number gives ().

    Dtypes: float32 (the default float) also for NumPy's float64 and for integers, as in MXNet; an NDArray keeps its
    own.

    Raises: `TypeError` for anything that does not make an array, such as ragged lists or strings, `DtypeError` for
    anything that is not a dtype.

    >>> array([[1, 2], [3, 4]])
    <BLANKLINE>
    [[1. 2.]
     [3. 4.]]
    <NDArray 2x2 @cpu(0)>
    >>> array(np.arange(3)).dtype, array([1, 2], dtype="int32").dtype
    (<class 'numpy.float32'>, <class 'numpy.int32'>)
    """
    if isinstance(source_array, Array):
        own = source_array._dtype if dtype is None else dtypes.to_dtype(dtype)
        source = source_array._of_class(edition.made())
        copied: NDArray = move(ops.astype(source, dtype=own), *_context.place(ctx))
        return copied if copied._value is not source_array._value else copied.copy()
    wanted = dtype_or_default(dtype)
    try:
        host = host_numbers(source_array, "source_array")
        if host.dtype.kind == "c" and wanted.kind != "c":
            raise DtypeError(f"array() of complex numbers would lose a part as {wanted}; give dtype='complex64'")
        host = host.astype(wanted)
    except (ValueError, TypeError) as error:
        if isinstance(error, TapegradError):
            raise
        raise ArgumentTypeError(f"source_array must be array like: {error}") from error
    return make(host, ctx)


def zeros(
    shape: Sizes,
    ctx: Context | None = None,
    dtype: DTypeLike | None = None,
    stype: str | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Zeros of a shape, float32 unless `dtype` says otherwise.

    Shapes: an int or a tuple.

    Dtypes: the default float, float32 unless changed, or `dtype`.

    Raises: `TypeError` for anything that is not a shape, `ShapeError` for a negative length, `DtypeError` for anything
    that is not a dtype, `ValueError` for a `stype` that is not dense.

    >>> zeros((2, 3)).shape
    (2, 3)
    """
    _dense(stype)
    return give(out, make(np.zeros(shape_of(shape), dtype_or_default(dtype)), ctx))


def ones(
    shape: Sizes,
    ctx: Context | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Ones of a shape, float32 unless `dtype` says otherwise.

    Shapes: an int or a tuple.

    Dtypes: the default float, float32 unless changed, or `dtype`.

    Raises: `TypeError` for anything that is not a shape, `ShapeError` for a negative length, `DtypeError` for anything
    that is not a dtype.

    >>> ones(2).asnumpy().tolist()
    [1.0, 1.0]
    """
    return give(out, make(np.ones(shape_of(shape), dtype_or_default(dtype)), ctx))


def full(
    shape: Sizes,
    val: float,
    ctx: Context | None = None,
    dtype: DTypeLike | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """An array full of one value, float32 unless `dtype` says otherwise.

    Shapes: an int or a tuple.

    Dtypes: the default float, float32 unless changed, or `dtype`.

    Raises: `TypeError` for anything that is not a shape, `ShapeError` for a negative length, `DtypeError` for anything
    that is not a dtype, `ValueError` for a value that the dtype cannot hold.

    >>> full(2, 7).asnumpy().tolist()
    [7.0, 7.0]
    """
    wanted = dtype_or_default(dtype)
    try:
        host_numbers(val, "val")
        value = np.asarray(val, wanted)
    except (ValueError, TypeError, OverflowError):
        raise ArgumentError(f"full(): val is {val!r}, which {wanted} cannot hold; give a number that it can") from None
    sizes = shape_of(shape)
    if value.ndim and value.shape != sizes:
        raise ShapeError(f"full(): val has shape {value.shape}, which is not {sizes}; give a number")
    return give(out, make(np.full(sizes, value), ctx))


def empty(
    shape: Sizes, ctx: Context | None = None, dtype: DTypeLike | None = None, stype: str | None = None
) -> NDArray:
    """An array whose values do not matter; they are zeros.

    Shapes: an int or a tuple.

    Dtypes: the default float, float32 unless changed, or `dtype`.

    Raises: as `zeros`.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return zeros(shape, ctx, dtype, stype)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool | None = None,
    ctx: Context | None = None,
    dtype: DTypeLike | None = None,
) -> NDArray:
    """Numbers from `start` up to but not with `stop`, each `repeat` times; from 0 up to `start` if `stop` is None.

    `infer_range` has no meaning here.

    Shapes: ⌈(stop − start) / step⌉ · repeat.

    Dtypes: the default float, float32 unless changed, or `dtype`; for integers `start` and `step` lose their fractions
    first, as in MXNet and NumPy.

    Raises: `TypeError` for anything but numbers, `ValueError` for a step of 0, `DtypeError` for anything that is not a
    dtype.

    >>> arange(1, 3, repeat=2).asnumpy().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    if stop is None and not infer_range:
        start, stop = 0, start
    if stop is None:
        raise ArgumentError("arange(infer_range=True) takes its length from elsewhere; give stop")
    if not all(isinstance(x, (int, float, np.number)) for x in (start, stop, step)):
        raise ArgumentTypeError(f"arange() takes numbers, not {start!r}, {stop!r} and {step!r}")
    if not step or not np.isfinite([start, stop, step]).all():
        raise ArgumentError(f"arange(): no numbers go from {start} to {stop} by {step}; give finite ones, no step of 0")
    if not isinstance(repeat, INT) or repeat < 0:
        raise ArgumentError(f"arange(): repeat is {repeat!r}; give an integer from 0 up")
    wanted, numbers = dtype_or_default(dtype), np.arange(start, stop, step)
    if wanted.kind in "iu" and numbers.dtype.kind == "f":
        numbers = int(start) + int(step) * np.arange(len(numbers))
    return make(np.repeat(numbers, repeat).astype(wanted), ctx)


def linspace(
    start: float,
    stop: float,
    num: int,
    endpoint: bool = True,
    ctx: Context | None = None,
    dtype: DTypeLike | None = None,
) -> NDArray:
    """`num` numbers evenly from `start` to `stop`, which is among them if `endpoint`.

    Shapes: (num,).

    Dtypes: the default float, float32 unless changed, or `dtype`.

    Raises: `TypeError` for a `num` that is not an integer, `ShapeError` for a negative one, `DtypeError` for anything
    that is not a dtype.

    >>> linspace(0, 1, 5).asnumpy().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    (num,) = shape_of(num)
    if not all(isinstance(x, (int, float, np.number)) for x in (start, stop)):
        raise ArgumentTypeError(f"linspace() takes numbers, not {start!r} and {stop!r}")
    return make(np.linspace(start, stop, num, endpoint=endpoint).astype(dtype_or_default(dtype)), ctx)


def eye(N: int, M: int = 0, k: int = 0, ctx: Context | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """Ones on the `k`-th diagonal of an N × M matrix (N × N if M is 0), zeros elsewhere.

    Shapes: (N, M).

    Dtypes: the default float, float32 unless changed, or `dtype`.

    Raises: `TypeError` for lengths that are not integers, `ShapeError` for negative ones, `DtypeError` for anything
    that is not a dtype.

    >>> eye(2, 3, k=1).asnumpy().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    rows, columns = shape_of((N, M or N))
    return make(np.eye(rows, columns, k, dtype_or_default(dtype)), ctx)


def from_numpy(ndarray: np.ndarray[Any, Any], zero_copy: bool = True) -> NDArray:
    """A NumPy array as an NDArray of the same dtype.

    With `zero_copy` the NDArray is made of the same memory where its engine can read it, and the NumPy array can no
    longer be written to, as in MXNet. A write to the NDArray leaves it as it was.

    Shapes: that of the array.

    Dtypes: that of the array, unlike `array`.

    Raises: `TypeError` for anything but a NumPy array, `DtypeError` for strings, dates and objects, `ValueError` with
    `zero_copy` for an array that is not contiguous.

    >>> from_numpy(np.arange(3)).dtype
    <class 'numpy.int64'>
    """
    if not isinstance(ndarray, np.ndarray):
        raise ArgumentTypeError(f"from_numpy() takes a NumPy array, not {a_kind(ndarray)}; use array()")
    if ndarray.dtype not in dtypes.ALL:
        raise DtypeError(f"from_numpy(): {ndarray.dtype} is not a dtype of arrays here; convert it with astype")
    if not zero_copy:
        return make(ndarray)
    if not ndarray.flags.c_contiguous:
        raise ArgumentError("from_numpy(): the array is not contiguous; say zero_copy=False")
    ndarray.flags.writeable = False
    xp, _ = _context.place(None)
    if registry.backend_of(ndarray) is not xp.backend:
        return make(ndarray)
    return handle(NDArray, xp.backend.adopt(ndarray.view(), copy=False), None, xp)


def from_dlpack(dlpack: Any) -> NDArray:
    """A copy of what a DLPack capsule, or an object that gives one, holds.

    Shapes: that of the source.

    Dtypes: that of the source.

    Raises: `TypeError` for anything else, otherwise what NumPy's `from_dlpack` raises; the values are on the host.

    >>> from_dlpack(np.ones(2)).asnumpy().tolist()
    [1.0, 1.0]
    """
    if hasattr(dlpack, "__dlpack__"):
        return make(np.array(np.from_dlpack(dlpack)))
    if type(dlpack).__name__ != "PyCapsule":
        raise ArgumentTypeError(f"from_dlpack() takes a DLPack capsule, or what gives one, not {a_kind(dlpack)}")
    return make(np.array(np.from_dlpack(_Capsule(dlpack))))


class _Capsule:
    """A bare capsule of host memory as an object of the DLPack protocol."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


def to_dlpack_for_read(data: NDArray) -> Any:
    """The values of an array, copied to the host, as a DLPack capsule.

    Shapes: any.

    Dtypes: any that DLPack has.

    Raises: `GradientEscapeError` for what is being differentiated.

    >>> from_dlpack(to_dlpack_for_read(ones(2))).asnumpy().tolist()
    [1.0, 1.0]
    """
    data._check_escape("DLPack")
    return data.asnumpy().__dlpack__()


def to_dlpack_for_write(data: NDArray) -> Any:
    """The values of an array as a DLPack capsule, a copy: writing to it does not write to the array.

    Shapes: any.

    Dtypes: any that DLPack has.

    Raises: `GradientEscapeError` for what is being differentiated.

    >>> from_dlpack(to_dlpack_for_write(ones(2))).asnumpy().tolist()
    [1.0, 1.0]
    """
    data._check_escape("DLPack")
    return data.asnumpy().__dlpack__()


def waitall() -> None:
    """Wait until all work handed to the engines in use is done.

    >>> waitall()
    """
    for backend in registry.live_backends():
        backend.synchronize()
