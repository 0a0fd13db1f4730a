"""Sums, extremes, norms, sorting and products of matrices, in MXNet's words."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays.array import Array
from ..errors import ArgumentError, ShapeError
from .checks import at_least_1d, axis_tuple, dtype_of, one_axis, one_int, ops
from .function import Field, fields_of, nd_function, public
from .ndarray import NDArray, give, make

if TYPE_CHECKING:
    from ..typing import Axes, DTypeLike

FLOAT32 = np.dtype("float32")


REDUCED = (
    "Shapes: any; the axes reduced over are left out, or have length 1 with `keepdims`. With none left, (1,).\n"
    "Raises: `AxisError` for an axis that does not exist."
)
_over_axes = nd_function(words=REDUCED)


def _reduction(name: str, doc: str) -> Callable[..., NDArray]:
    """The reduction that the op of that name is."""
    op: Callable[..., NDArray] = getattr(ops, name)
    widens = name in ("sum", "prod")

    def body(data: NDArray, axis: Any, keepdims: bool, exclude: bool) -> NDArray:
        ndim = data._value.ndim
        if axis is not None:
            axis = axis_tuple(axis, ndim, name, exclude)
            if not axis and ndim:
                return data.copy()
        # A vector is reduced to shape (1,), which is what keeping its axis gives.
        result = op(data, axis=axis, keepdims=ndim == 1 or bool(keepdims))
        if widens and result._signature.family is not data._signature.family:
            result = _in_dtype_of(data, result)
        return result if ndim == 1 or result._value.shape else at_least_1d(result)

    fields = (
        Field("data", "NDArray"),
        Field("axis", "Axes | None", None),
        Field("keepdims", "bool", False),
        Field("exclude", "bool", False),
    )
    return public(body, name, fields, cleandoc(doc), __name__, words=REDUCED)


def _in_dtype_of(data: NDArray, result: NDArray) -> NDArray:
    """A sum or product as MXNet has it: small integers are not widened."""
    return result if result._dtype == data._dtype else ops.astype(result, dtype=data._dtype)


sum = _reduction(
    "sum",
    """The sum over `axis` (an int, a tuple, None for all), with `exclude` over all others; (1,) instead of ().

    Dtypes: any; the sum has that of `data`, also where the standard's widens small integers.

    >>> x = nd.array([[1, 2], [3, 4], [5, 6]])
    >>> x.sum().shape, nd.sum(x, axis=0, exclude=True).asnumpy().tolist()
    ((1,), [3.0, 7.0, 11.0])
    """,
)
mean = _reduction(
    "mean",
    """The mean over `axis` (an int, a tuple, None for all), with `exclude` over all others; (1,) instead of ().

    Dtypes: floats; integers and booleans give the default float.

    >>> nd.mean(nd.array([[1, 2], [3, 6]]), axis=1).asnumpy().tolist()
    [1.5, 4.5]
    """,
)
prod = _reduction(
    "prod",
    """The product over `axis` (an int, a tuple, None for all), with `exclude` over all others; (1,) instead of ().

    Dtypes: any; the product has that of `data`, also where the standard's widens small integers.

    >>> nd.prod(nd.array([[1, 2], [3, 4]]), axis=0).asnumpy().tolist()
    [3.0, 8.0]
    """,
)
max = _reduction(
    "max",
    """The largest element over `axis`. Several that are equally large share the gradient.

    `axis` is an int, a tuple or None for all; `exclude` takes all others.

    Raises: `AxisError` for an axis that does not exist, `ShapeError` for an array without elements.

    >>> from tapegrad import autograd, nd
    >>> x = nd.array([[1, 5], [7, 7]])
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = nd.max(x, axis=1)
    >>> y.backward()
    >>> y.asnumpy().tolist(), x.grad.asnumpy().tolist()
    ([5.0, 7.0], [[0.0, 1.0], [0.5, 0.5]])
    """,
)
min = _reduction(
    "min",
    """The smallest element over `axis`. Several that are equally small share the gradient.

    `axis` is an int, a tuple or None for all; `exclude` takes all others.

    Raises: `AxisError` for an axis that does not exist, `ShapeError` for an array without elements.

    >>> nd.min(nd.array([[1, 5], [7, 3]]), axis=1).asnumpy().tolist()
    [1.0, 3.0]
    """,
)
sum_axis, max_axis, min_axis = sum, max, min


@_over_axes
def nansum(data: NDArray, axis: Axes | None = None, keepdims: bool = False, exclude: bool = False) -> NDArray:
    """The sum over `axis` of the elements that are not NaN.

    >>> print(nd.nansum(nd.array([1, float("nan"), 2])).asscalar())
    3.0
    """
    return sum(_without_nan(data, 0), axis, keepdims, exclude)


@_over_axes
def nanprod(data: NDArray, axis: Axes | None = None, keepdims: bool = False, exclude: bool = False) -> NDArray:
    """The product over `axis` of the elements that are not NaN.

    >>> print(nd.nanprod(nd.array([3, float("nan"), 2])).asscalar())
    6.0
    """
    return prod(_without_nan(data, 1), axis, keepdims, exclude)


def _without_nan(x: NDArray, value: float) -> NDArray:
    return ops.where(ops.isnan(x), ops.filled(x, shape=x.shape, value=value), x)


@_over_axes
def norm(
    data: NDArray, ord: int = 2, axis: Axes | None = None, out_dtype: Any = None, keepdims: bool = False
) -> NDArray:
    """The 1-norm or 2-norm over `axis` (an int or several, None for all).

    Over several axes `ord=1` is the sum of all absolute values and `ord=2` the root of all squares together, as in
    MXNet: these are not norms of matrices, for which see `tapegrad.numpy.linalg.norm`.

    Dtypes: that of `data` unless `out_dtype` says otherwise; the 2-norm of integers is the default float.
    Raises: `ValueError` for any other `ord`, `AxisError` for an axis that does not exist.

    >>> x = nd.array([[3, 4], [0, 5]])
    >>> nd.norm(x, axis=1).asnumpy().tolist(), nd.norm(x, ord=1, axis=(0, 1)).asnumpy().tolist()
    ([5.0, 5.0], [12.0])
    """
    if ord not in (1, 2):
        raise ArgumentError(f"norm(): ord is {ord!r}; choose 1 or 2")
    ndim = data._value.ndim
    if axis is not None:
        axis = axis_tuple(axis, ndim, "norm")
    keepdims = ndim == 1 or bool(keepdims)
    if ord == 2:
        result = ops.vector_norm(data, axis=axis, keepdims=keepdims)
    else:
        result = _in_dtype_of(data, ops.sum(ops.abs(data), axis=axis, keepdims=keepdims))
    if ndim != 1 and not result._value.shape:
        result = at_least_1d(result)
    return result if out_dtype is None else ops.astype(result, dtype=dtypes.to_dtype(out_dtype))


@nd_function
def L2Normalization(data: NDArray, eps: float = 1e-10, mode: str = "instance") -> NDArray:
    """Each sample divided by its 2-norm: over all of it ("instance"), its channels ("channel"), or space ("spatial").

    Shapes: (n, channels, *space); the result has that of `data`. "instance" goes over all axes but the first.
    Dtypes: floats; integers and booleans give the default float. `eps` is added under the root.
    Raises: `ValueError` for an unknown `mode`, `AxisError` where there is no axis of channels.

    >>> print(nd.L2Normalization(nd.array([[3, 4]])).asnumpy().round(3))
    [[0.6 0.8]]
    """
    choices = {"instance": range(1, data.ndim), "channel": (1,), "spatial": range(2, data.ndim)}
    if mode not in choices:
        raise ArgumentError(f"L2Normalization(): mode is {mode!r}; choose one of {', '.join(map(repr, choices))}")
    total = ops.sum(ops.square(data), axis=tuple(choices[mode]), keepdims=True)
    return data / ops.sqrt(total + eps)


@_over_axes
def moments(data: NDArray, axes: Axes | None = None, keepdims: bool = False) -> list[NDArray]:
    """The mean and the variance over `axes`.

    Dtypes: floats; integers and booleans give the default float.

    >>> mean, variance = nd.moments(nd.array([[1, 2], [3, 6]]), axes=(0,))
    >>> mean.asnumpy().tolist(), variance.asnumpy().tolist()
    ([2.0, 4.0], [1.0, 4.0])
    """
    over = axis_tuple(axes, data.ndim, "moments")
    middle = ops.mean(data, axis=over, keepdims=True)
    variance = ops.mean(ops.square(data - middle), axis=over, keepdims=bool(keepdims))
    return [at_least_1d(ops.mean(data, axis=over, keepdims=bool(keepdims))), at_least_1d(variance)]


@nd_function
def round(data: NDArray) -> NDArray:
    """The nearest integer, halves away from zero. There is no gradient.

    Dtypes: floats and integers; the result has that of `data`.

    >>> nd.round(nd.array([-1.5, 0.5, 2.4])).asnumpy().tolist()
    [-2.0, 1.0, 2.0]
    """
    finite = ops.where(ops.isfinite(data), data, 0)
    return ops.trunc(data) + ops.trunc((finite - ops.trunc(finite)) * 2)


@nd_function
def rint(data: NDArray) -> NDArray:
    """The nearest integer, halves downwards. There is no gradient.

    Dtypes: floats and integers; the result has that of `data`.

    >>> nd.rint(nd.array([-1.5, 0.5, 2.6])).asnumpy().tolist()
    [-2.0, 0.0, 3.0]
    """
    below = ops.floor(data)
    return ops.where(ops.greater(data - below, 0.5), below + 1, below)


# Places and orders.


_search = nd_function(
    words="Shapes: any; `axis` is left out, or kept with length 1 by `keepdims`. With none left, (1,).\n"
    "Dtypes: indices have that of `data`, as in MXNet: float32 is exact up to 2²⁴, float16 up to 2¹¹, int8 up to 127.\n"
    "Raises: `AxisError` for an axis that does not exist, `ValueError` for an array without elements."
)


def _place(op: Any, data: NDArray, axis: int | None, keepdims: bool, where: str) -> NDArray:
    if axis is not None:
        axis = one_axis(axis, data.ndim, where)
    indices = at_least_1d(op(data, axis=axis, keepdims=bool(keepdims)))
    dtype = dtype_of(data)
    if not dtypes.is_dtype(dtype, ("integral", "real floating")):
        dtype = FLOAT32
    return ops.astype(indices, dtype=dtype)


@_search
def argmax(data: NDArray, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The index of the largest element along `axis` or in the flat array, the first of several. There is no gradient.

    >>> x = nd.array([[1, 3, 2], [9, 0, 0]])
    >>> nd.argmax(x, axis=1).asnumpy().tolist(), nd.argmax(x).asnumpy().tolist()
    ([1.0, 0.0], [3.0])
    """
    return _place(ops.argmax, data, axis, keepdims, "argmax")


@_search
def argmin(data: NDArray, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The index of the smallest element along `axis` or in the flat array, the first of several. There is no gradient.

    >>> nd.argmin(nd.array([[1, 3, 2], [9, 0, 0]]), axis=1).asnumpy().tolist()
    [0.0, 1.0]
    """
    return _place(ops.argmin, data, axis, keepdims, "argmin")


@_search
def argmax_channel(data: NDArray) -> NDArray:
    """`argmax` along the last axis.

    Shapes: any with an axis; the last is left out.

    >>> nd.argmax_channel(nd.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]])).asnumpy().tolist()
    [1.0, 0.0]
    """
    return _place(ops.argmax, data, -1, False, "argmax_channel")


def _along(data: NDArray, axis: int | None, where: str) -> tuple[NDArray, int]:
    if axis is None:
        return ops.reshape(data, shape=(data.size,)), 0
    return data, one_axis(axis, data.ndim, where)


@nd_function
def sort(data: NDArray, axis: int | None = -1, is_ascend: bool = True) -> NDArray:
    """The elements sorted along `axis`, or those of the flat array if it is None.

    Gradients go back to where the elements came from. NaNs come last.

    Shapes: any; the result has that of `data`, or with `axis=None` one axis.
    Raises: `AxisError` for an axis that does not exist.

    >>> nd.sort(nd.array([3, 1, 2]), is_ascend=False).asnumpy().tolist()
    [3.0, 2.0, 1.0]
    """
    data, along = _along(data, axis, "sort")
    return ops.sort(data, axis=along, descending=not is_ascend)


@nd_function
def argsort(data: NDArray, axis: int | None = -1, is_ascend: bool = True, dtype: DTypeLike = "float32") -> NDArray:
    """The indices that sort the elements along `axis`, or the flat array if it is None. There is no gradient.

    Shapes: any; the result has that of `data`, or with `axis=None` one axis.
    Dtypes: float32 unless `dtype` says otherwise, whatever that of `data`; float32 is exact up to 2²⁴.
    Raises: `AxisError` for an axis that does not exist, `DtypeError` for anything that is not a dtype.

    >>> nd.argsort(nd.array([3, 1, 2]), is_ascend=False, dtype="int32").asnumpy().tolist()
    [0, 2, 1]
    """
    data, along = _along(data, axis, "argsort")
    places = ops.argsort(data, axis=along, descending=not is_ascend)
    return ops.astype(places, dtype=dtypes.to_dtype(dtype))


@nd_function
def topk(
    data: NDArray,
    axis: int | None = -1,
    k: int = 1,
    ret_typ: str = "indices",
    is_ascend: bool = False,
    dtype: DTypeLike = "float32",
) -> Any:
    """The `k` largest elements along `axis` (smallest with `is_ascend`; all if k < 1): their indices or values.

    `ret_typ`: "indices", "value", "both" (values, then indices), or "mask": ones where they are, zeros elsewhere.

    Shapes: `axis` gets length `k`, or stays for "mask"; with `axis=None` of the flat array.
    Dtypes: indices are float32 unless `dtype` says otherwise; values and the mask have that of `data`.
    Raises: `AxisError` for an axis that does not exist, `ValueError` for an unknown `ret_typ` or a `k` that exceeds the
    length of the axis.

    >>> values, places = nd.topk(nd.array([[3, 1, 2], [0, 5, 4]]), k=2, ret_typ="both")
    >>> values.asnumpy().tolist(), places.asnumpy().tolist()
    ([[3.0, 2.0], [5.0, 4.0]], [[0.0, 2.0], [1.0, 2.0]])
    """
    if ret_typ not in ("indices", "value", "both", "mask"):
        raise ArgumentError(f"topk(): ret_typ is {ret_typ!r}; choose 'indices', 'value', 'both' or 'mask'")
    whole = data
    data, along = _along(data, axis, "topk")
    length, k = data.shape[along], one_int(k, "topk", "k")
    if k > length:
        raise ArgumentError(f"topk(): k is {k}, and axis {along} has {length} elements")
    order = ops.argsort(data, axis=along, descending=not is_ascend)
    first = ops.getitem(order, key=(slice(None),) * along + (slice(0, k if k > 0 else length),))
    if ret_typ == "mask":
        ones = ops.filled(data, shape=first.shape, value=1)
        mask = ops.put_along_axis(ops.filled(data, shape=data.shape, value=0), first, ones, axis=along)
        return ops.reshape(mask, shape=whole.shape)
    places = ops.astype(first, dtype=dtypes.to_dtype(dtype))
    if ret_typ == "indices":
        return places
    values = ops.take_along_axis(data, first, axis=along)
    return values if ret_typ == "value" else [values, places]


@nd_function
def cumsum(a: NDArray, axis: int | None = None, dtype: DTypeLike | None = None) -> NDArray:
    """The cumulative sums along `axis`, or over the flat array if it is None.

    Shapes: any; the result has that of `a`, or with `axis=None` one axis.
    Dtypes: `dtype`, else that of `a`, also where the standard's widens small integers; booleans become int64.
    Raises: `AxisError` for an axis that does not exist.

    >>> nd.cumsum(nd.array([[1, 2], [3, 4]]), axis=1).asnumpy().tolist()
    [[1.0, 3.0], [3.0, 7.0]]
    """
    data, along = _along(a, axis, "cumsum")
    if dtype is not None:
        data = data.astype(dtype)
    sums = ops.cumulative_sum(data, axis=along)
    return _in_dtype_of(data, sums) if dtypes.is_dtype(dtype_of(data), "integral") else sums


@nd_function(out=False)
def histogram(a: NDArray, bins: Any = 10, range: Any = None) -> tuple[NDArray, NDArray]:
    """The number of elements in each bin, and the edges of the bins. There is no gradient.

    `bins` is the number of bins, evenly over `range` (the extent of the values if None), or the edges themselves, as
    numbers or an array. A bin includes its left edge; the last one includes both.

    Shapes: any `a`; (bins,) counts and (bins + 1,) edges.
    Dtypes: counts are int64, edges of the dtype of `a`, of integers the default float.
    Raises: `ValueError` for no bins, edges that decrease, or an empty range.

    >>> counts, edges = nd.histogram(nd.array([0, 1, 1, 2]), bins=2)
    >>> counts.asnumpy().tolist(), edges.asnumpy().tolist()
    ([1, 3], [0.0, 1.0, 2.0])
    """
    edges = bins.asnumpy() if isinstance(bins, Array) else bins
    try:
        counts, edges = np.histogram(a.asnumpy(), edges, range)
    except ValueError as error:
        raise ArgumentError(f"histogram(): {error}") from None
    dtype = dtypes.default_float(dtype_of(a))
    return make(counts.astype(np.int64), a.context), make(edges.astype(dtype), a.context)


# Sums of arrays and products of matrices.


@nd_function
def add_n(*args: NDArray) -> NDArray:
    """The sum of arrays of one shape.

    Shapes: all of one shape, which the sum has.
    Dtypes: those of all together.
    Raises: `ShapeError` for shapes that differ.

    >>> losses = [nd.array([1, 2]), nd.array([10, 20]), nd.array([100, 200])]
    >>> nd.add_n(*losses).asnumpy().tolist()
    [111.0, 222.0]
    """
    total, *rest = args
    for x in rest:
        _same_shape("add_n", total, x)
        total = total + x
    return total.copy() if not rest else total


ElementWiseSum = add_n


def _same_shape(where: str, lhs: NDArray, rhs: NDArray) -> None:
    if lhs.shape != rhs.shape:
        raise ShapeError(f"{where}() takes arrays of one shape, not {lhs.shape} and {rhs.shape}")


def _elementwise(
    name: str, what: str, operation: Callable[[NDArray, NDArray], NDArray], example: str, more: str = ""
) -> Callable[..., NDArray]:
    """An operation of two arrays of one shape."""

    def body(lhs: NDArray, rhs: NDArray) -> NDArray:
        _same_shape(f"elemwise_{name}", lhs, rhs)
        return operation(lhs, rhs)

    doc = f"""The {what} of two arrays of one shape, element by element.

    Shapes: both of one shape, which the result has; `nd.broadcast_{name}` takes others.
    Dtypes: that of both together{more}.
    Raises: `ShapeError` for shapes that differ.

    {example}
    """
    return public(body, f"elemwise_{name}", fields_of(body), cleandoc(doc), __name__)


elemwise_add = _elementwise(
    "add",
    "sum",
    operator.add,
    """>>> nd.elemwise_add(nd.ones(2), nd.ones(2)).asnumpy().tolist()
    [2.0, 2.0]""",
)
elemwise_sub = _elementwise(
    "sub",
    "difference",
    operator.sub,
    """>>> nd.elemwise_sub(nd.array([5, 7]), nd.ones(2)).asnumpy().tolist()
    [4.0, 6.0]""",
)
elemwise_mul = _elementwise(
    "mul",
    "product",
    operator.mul,
    """>>> nd.elemwise_mul(nd.array([5, 7]), nd.array([2, 3])).asnumpy().tolist()
    [10.0, 21.0]""",
)
elemwise_div = _elementwise(
    "div",
    "quotient",
    operator.truediv,
    """>>> nd.elemwise_div(nd.array([5, 7]), nd.array([2, 4])).asnumpy().tolist()
    [2.5, 1.75]""",
    more="; integers are divided towards zero, as in C",
)


@nd_function
def dot(
    lhs: NDArray, rhs: NDArray, transpose_a: bool = False, transpose_b: bool = False, forward_stype: str | None = None
) -> NDArray:
    """The sum of products over the last axis of `lhs` and the first of `rhs`; of two vectors of shape (1,).

    `transpose_a` sums over the first axis of `lhs` instead, `transpose_b` over the last of `rhs`.

    Shapes: (…, k) and (k, …) give what stands before the one k and behind the other; of two vectors (1,).
    Dtypes: that of both together; of integers they are summed in it, and may overflow.
    Raises: `ShapeError` where the two axes differ in length or there are none.

    >>> a, b = nd.array([[1, 2], [3, 4]]), nd.array([[1, 0], [1, 1]])
    >>> nd.dot(a, b).asnumpy().tolist(), nd.dot(a, b, transpose_b=True).asnumpy().tolist()
    ([[3.0, 2.0], [7.0, 4.0]], [[1.0, 3.0], [3.0, 7.0]])
    """
    shape, other = lhs._value.shape, rhs._value.shape
    if not shape or not other:
        raise ShapeError(f"dot() needs an axis to sum over in both arrays, of shapes {lhs.shape} and {rhs.shape}")
    left, right = 0 if transpose_a else len(shape) - 1, len(other) - 1 if transpose_b else 0
    if shape[left] != other[right]:
        raise ShapeError(
            f"dot() of shapes {lhs.shape} and {rhs.shape}: axis {left} of the one has length {shape[left]}, "
            f"axis {right} of the other {other[right]}"
        )
    if len(other) == 2 and (len(shape) == 2 or (len(shape) > 2 and not transpose_a)):
        if transpose_a:
            lhs = ops.matrix_transpose(lhs)
        if transpose_b:
            rhs = ops.matrix_transpose(rhs)
        return ops.matmul(lhs, rhs)
    return at_least_1d(ops.tensordot(lhs, rhs, axes=((left,), (right,))))


@nd_function
def batch_dot(
    lhs: NDArray, rhs: NDArray, transpose_a: bool = False, transpose_b: bool = False, forward_stype: str | None = None
) -> NDArray:
    """The product of matrices, the last two axes, for each of the leading axes, which agree.

    Shapes: (…, n, k) and (…, k, m), of three axes at least, give (…, n, m); `transpose_a` takes (…, k, n),
    `transpose_b` (…, m, k).
    Dtypes: that of both together.
    Raises: `ShapeError` for leading axes that differ, for matrices without them (see `nd.dot`), or where n × k does not
    meet k × m.

    >>> nd.batch_dot(nd.ones((5, 2, 3)), nd.ones((5, 3, 4))).shape
    (5, 2, 4)
    """
    if lhs.ndim < 3 or lhs.ndim != rhs.ndim or lhs.shape[:-2] != rhs.shape[:-2]:
        raise ShapeError(
            f"batch_dot() takes matrices over leading axes that agree, not shapes {lhs.shape} and {rhs.shape}"
        )
    if transpose_a:
        lhs = ops.matrix_transpose(lhs)
    if transpose_b:
        rhs = ops.matrix_transpose(rhs)
    return ops.matmul(lhs, rhs)


@nd_function
def khatri_rao(*args: NDArray) -> NDArray:
    """The Khatri-Rao product of matrices of equal width: the Kronecker product column by column.

    Shapes: (n, k) and (m, k), and more, give (n · m · …, k).
    Dtypes: those of all together.
    Raises: `ShapeError` for anything that is not a matrix, or of another width.

    >>> nd.khatri_rao(nd.array([[1, 2], [3, 4]]), nd.array([[1, 10]])).asnumpy().tolist()
    [[1.0, 20.0], [3.0, 40.0]]
    """
    product, *rest = args
    for x in rest:
        if x.ndim != 2 or product.ndim != 2 or x.shape[1] != product.shape[1]:
            raise ShapeError(f"khatri_rao() takes matrices of one width, not {product.shape} and {x.shape}")
        (n, width), (m, _) = product.shape, x.shape
        rows = ops.reshape(product, shape=(n, 1, width)) * ops.reshape(x, shape=(1, m, width))
        product = ops.reshape(rows, shape=(n * m, width))
    return product if rest else product.copy()


@nd_function
def all_finite(data: NDArray, init_output: bool = True, out: NDArray | None = None) -> NDArray:
    """One if no element is infinite or NaN, else zero; of shape (1,).

    `init_output=False` keeps a zero that `out` held. There is no gradient.

    Shapes: any; the result is (1,).
    Dtypes: any; the result is float32.

    >>> print(nd.all_finite(nd.array([1, float("nan")])).asscalar())
    0.0
    """
    return multi_all_finite(data, init_output=init_output, out=out)


@nd_function
def multi_all_finite(
    *data: NDArray,
    num_arrays: int | None = None,
    init_output: bool = True,
    out: NDArray | None = None,
) -> NDArray:
    """One if no element of any array is infinite or NaN, else zero; of shape (1,).

    `init_output=False` keeps a zero that `out` held. There is no gradient; `num_arrays` has no meaning here.

    Shapes: any, not of one shape; the result is (1,).
    Dtypes: any; the result is float32.

    >>> print(nd.multi_all_finite(nd.ones(1), nd.array([float("inf")])).asscalar())
    0.0
    """
    finite = builtins.all(bool(np.isfinite(x.asnumpy()).all()) for x in data)
    if out is not None and not init_output:
        finite = finite and bool(out)
    return give(out, make(np.full(1, finite, np.float32), data[0].context))


@nd_function
def multi_sum_sq(*data: NDArray, num_arrays: int | None = None) -> NDArray:
    """For each array the sum of its squares.

    One call then gives the norm of a model's gradients; `num_arrays` has no meaning here.

    Shapes: any, not of one shape; of k arrays the result is (k,).
    Dtypes: float32, in which float16 is summed, as in MXNet; float64 where an array is of float64.

    >>> nd.multi_sum_sq(nd.array([3, 4]), nd.ones((2, 3))).asnumpy().tolist()
    [25.0, 6.0]
    """
    wide = builtins.any(dtype_of(x) == np.dtype("float64") for x in data)
    arrays = [ops.astype(x, dtype=np.dtype("float64") if wide else FLOAT32) for x in data]
    sums = [ops.reshape(ops.sum(ops.square(x), axis=None), shape=(1,)) for x in arrays]
    return ops.concat(*sums, axis=0)
