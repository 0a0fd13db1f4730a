"""What a kink takes part in: the first derivative there is a convention, higher ones belong to the composed function.

|x|, a norm, a deviation and a root have a kink at 0, where their derivative is 0 by convention. A function of them may
be smooth all the same: |x|² has the second derivative 2, which is not what comes of differentiating that convention.
Its gradient is (g / r) x, where g = f'(r) is the cotangent of the size r, and g / r has a limit at r = 0: dg/dr. A pull
that is itself on the tape can have it, by one more sweep, from g back to r; there it takes the place of the quotient,
for derivatives of the second and third order. As x is 0 where r is, first derivatives are the same either way.

Only pulls know it. The tangent of r in a push knows nothing of f, so a push of a push differentiates the convention.
"""

from __future__ import annotations

import math
from typing import Any

from ..arrays.array import Array
from ..arrays.batched import Batched, engine_kernels, lift, wrap
from ..engines.tables import OPS, RECORDED
from ..op import op
from ..op.batching import apply
from ..op.call import plain_keyword
from ..op.samples import exactly, normal, positive, together, uniform
from ..tape.mode import MODE, RECORDING
from ..tape.nodes import Output
from ..tape.sweep import reverse_sweep

__all__ = ["near", "past_kink", "power_below", "slopes_at_repeats"]


def _past_kinks_of_a_batch(op: Any, size: int, args: Any, batched: Any, keywords: Any) -> Any:
    pulled, cotangent, of_size, x = (*args, None)[:4]
    kept = keywords["kept"]
    if batched[2]:
        slope = _limit(cotangent, of_size)
    elif not batched[1]:
        slope = _limit(cotangent, of_size)
        slope = None if slope is None else RECORDED.expand_dims(slope, axis=0)
    else:
        # One size for the whole batch, and a cotangent for each element.
        each = [_limit(RECORDED.getitem(cotangent, key=(i,)), of_size) for i in range(size)]
        if all(slope is None for slope in each):
            return pulled
        each = [RECORDED.zeros_like(of_size) if slope is None else slope for slope in each]
        slope = RECORDED.stack(*each, axis=0)
    if slope is None:
        return pulled
    if kept is not None:
        slope = RECORDED.reshape(slope, shape=(slope.shape[0], *kept))
    if x is not None and batched[3] and x.ndim < slope.ndim:
        x = RECORDED.reshape(x, shape=(size, *(1,) * (slope.ndim - x.ndim), *x.shape[1:]))
    return _with_slope(pulled, slope, x, keywords["factor"])


def _is_anywhere(condition: Array) -> bool:
    """Whether a condition holds for any element; also True where that cannot be known at no cost, as in a trace."""
    value = condition._value
    while isinstance(value, Batched):
        value = value.value
    xp = engine_kernels(value)
    if xp.backend.lazy:
        return True
    try:
        return bool(xp.to_numpy(xp.any(value)))
    except Exception:
        return True


def _limit(g: Array, r: Array) -> Any:
    """dg/dr where r is 0, and 0 elsewhere, on the tape; None where it is 0 everywhere.

    One sweep serves all elements: where a function of several sizes is smooth at their zeros, its derivative in the
    one does not depend on the other there.
    """
    if g._node is None or r._node is None or not MODE.get() & RECORDING or g._node.seq < r._node.seq:
        return None
    zero = RECORDED.equal(r, 0)
    if not _is_anywhere(zero):
        return None
    seed = RECORDED.astype(zero, dtype=g._dtype)
    found = reverse_sweep([(g._node, seed)], free=False, xp=RECORDED, wrap=wrap, since=int(r._node.seq) + 1).get(
        r._node
    )
    return None if found is None else RECORDED.where(zero, found, 0)


def _with_slope(pulled: Array, slope: Array, x: Array | None, factor: float) -> Any:
    if factor != 1:
        slope = RECORDED.multiply(slope, factor)
    if slope._dtype != pulled._dtype:
        slope = RECORDED.astype(slope, dtype=pulled._dtype)
    return RECORDED.add(pulled, slope if x is None else RECORDED.multiply(slope, x))


def _past_kink_recorded(
    pulled: Array, cotangent: Array, size: Array, x: Array | None = None, *, factor: float = 1.0, kept: Any = None
) -> Any:
    factor = plain_keyword(OPS["past_kink"], "factor", factor)
    slope = _limit(cotangent, size)
    if slope is not None:
        if kept is not None:
            slope = RECORDED.reshape(slope, shape=kept)
        return _with_slope(pulled, slope, x, factor)
    if cotangent._node is None and isinstance(cotangent._value, Batched):
        # It may have come of the size on a tape outside the vmap; then what comes of it is a constant inside.
        level = cotangent._value.level
        zeros, *others = (
            z if z is None else lift(z, level)._value
            for z in (RECORDED.zeros_like(pulled._detached()), cotangent, size, x)
        )
        outside = apply(OPS["past_kink"], zeros, *others, factor=factor, kept=kept)
        if outside.node is not None:
            return RECORDED.add(pulled, wrap(outside, None, pulled._kernels))
    return pulled


def near(xp: Any, values: Any, n: int) -> Any:
    """(..., n, n): which of n values are so near each other that the quotient of differences is less than the limit."""
    size = xp.max(xp.abs(values), axis=-1, keepdims=True) * math.sqrt(float(xp.finfo(values.dtype).eps))
    apart = xp.abs(xp.expand_dims(values, axis=-1) - xp.expand_dims(values, axis=-2))
    return apart <= xp.expand_dims(size, axis=-1)


def _slopes_recorded(weights: Array, values: Array) -> Any:
    none = OPS["slopes_at_repeats"].body(RECORDED, weights._detached(), values)
    node = values._node
    if node is None or weights._node is None or not MODE.get() & RECORDING:
        return none
    source = node.source if isinstance(node, Output) else node
    if source is None or weights._node.seq < source.seq:
        return none
    n = values.shape[-1]
    apart = RECORDED.tril(RECORDED.astype(near(RECORDED, values._detached(), n), dtype=values._dtype), k=-1)
    if not _is_anywhere(RECORDED.greater(apart, 0)) and not _is_anywhere(RECORDED.equal(values, 0)):
        return none
    ones, rows = RECORDED.ones_like(weights._detached()), []
    for i in range(n):
        seed = RECORDED.multiply(
            ones, RECORDED.astype(RECORDED.equal(RECORDED.positions(ones, shape=(n,)), i), dtype=ones._dtype)
        )
        found = reverse_sweep(
            [(weights._node, seed)], free=False, xp=RECORDED, wrap=wrap, since=int(source.seq) + 1
        ).get(source)
        if isinstance(node, Output) and found is not None:
            found = found.get(node.index)
        rows.append(RECORDED.zeros_like(ones) if found is None else found)
    whole = RECORDED.stack(*rows, axis=-2)
    # f[i, i] - f[i, j] where i and j differ; on the diagonal f[i, i], for values that are 0.
    own = RECORDED.expand_dims(RECORDED.diagonal(whole, offset=0, axis1=-2, axis2=-1), axis=-1)
    off = RECORDED.subtract(whole, RECORDED.triu(RECORDED.tril(whole, k=0), k=0))
    slopes = RECORDED.subtract(own, off)
    return RECORDED.divide(RECORDED.add(slopes, RECORDED.matrix_transpose(slopes)), 2)


def _power_recorded(x: Array, y: Array) -> Any:
    if _is_anywhere(RECORDED.equal(y, 0)):
        return OPS["power_below"].body(RECORDED, x, y)
    return RECORDED.power(x, RECORDED.subtract(y, 1))


@op(
    samples=[
        (normal(3, 4), normal(3, 4), positive(3, 4), normal(3, 4)),
        ((exactly([0.0, 2.0]), exactly([2.0, 2.0]), exactly([0.0, 3.0]), None), {"factor": 0.5}),
    ],
    promotes=(),
    batch=_past_kinks_of_a_batch,
    recorded=_past_kink_recorded,
    accuracy="I0",
)
def past_kink(
    xp: Any, pulled: Any, cotangent: Any, size: Any, x: Any = None, *, factor: float = 1.0, kept: Any = None
) -> Any:
    """`pulled`, what a size of x sends back for its cotangent: for rules of functions with a kink where the size is 0.

    Recorded, it has there the derivatives of the composed function, whose derivative in the size the cotangent is: that
    of the cotangent, times x and a factor, takes the place of what is 0 there. With the shape `kept` the size
    broadcasts with x.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.kinks import past_kink
    >>> past_kink(tnp.asarray([0.0, 3.0]), tnp.asarray([1.0, 3.0]), tnp.asarray([0.0, 2.0]), tnp.asarray([0.0, 2.0]))
    Array([0., 3.], dtype=float32)
    """
    return pulled


@op(samples=[(normal(2, 3), positive(2, 3))], recorded=_slopes_recorded, accuracy="I0")
def slopes_at_repeats(xp: Any, weights: Any, values: Any) -> Any:
    """(..., n, n): what the differences of weights over those of values tend to, where two of n values are equal.

    It is the difference of the derivatives of one weight in the two values, as far as the weights are on the tape and
    came of the values; for mere numbers 0.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.kinks import slopes_at_repeats
    >>> slopes_at_repeats(tnp.asarray([3.0, 3.0]), tnp.asarray([1.0, 1.0]))
    Array([[0., 0.],
           [0., 0.]], dtype=float32)
    """
    return xp.filled(weights, shape=(*weights.shape, weights.shape[-1]), value=0)


@op(
    samples=[
        *together(positive(), uniform(low=-2.0, high=2.0)),
        (exactly([0.0, 0.0, 2.0]), exactly([2.0, 0.0, 0.0])),
    ],
    recorded=_power_recorded,
)
def power_below(xp: Any, x: Any, y: Any) -> Any:
    """x ** (y - 1), of which the derivative of x ** y is a multiple; of 0 ** 0, where the multiple is 0, it is 1.

    >>> import tapegrad.numpy as tnp
    >>> from tapegrad.ops.kinks import power_below
    >>> power_below(tnp.asarray([0.0, 2.0]), tnp.asarray([0.0, 3.0]))
    Array([1., 4.], dtype=float32)
    """
    return xp.power(x, xp.where((x == 0) & (y == 0), y, y - 1))
