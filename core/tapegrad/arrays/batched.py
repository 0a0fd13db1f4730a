"""Batching: a value that carries one more axis than the program sees, and the rules by which ops act on it.

A `Batched` value wraps a core value together with its node, so a batched value may be recorded outside (grad of vmap)
and may be saved by a node inside (vmap of grad). The batch axis is always the first. `BATCHED` is the kernel table of
such values; arrays carry one of their level (`table_of`), so that an op sees at a glance whether its operands are of
one level.
"""

from __future__ import annotations

from typing import Any

from ..dtypes import is_dtype
from ..engines import registry
from ..engines.faults import told
from ..engines.tables import OPS, EngineKernels, Kernels, Signatures, Spec
from ..errors import ArgumentTypeError
from ..tape.nodes import Node, level_of
from .array import Array, handle


class Batched:
    """A value with a batch axis in front that the program does not see, made by the vmap of that level.

    One that is not `mapped` has no such axis: it is the same for all of the batch, and is wrapped for its node alone.
    """

    __slots__ = ("dtype", "level", "mapped", "node", "shape", "value", "xp")
    __array_ufunc__ = None
    dtype: Any
    """The dtype, as the engine has it."""
    shape: tuple[int, ...]
    """The shape without the batch axis."""

    def __init__(self, value: Any, node: Node | None, xp: Kernels, level: int, mapped: bool = True) -> None:
        self.value = value
        self.node = node
        self.xp = xp
        self.level = level
        self.mapped = mapped
        self.dtype = value.dtype
        self.shape = tuple(value.shape[1:] if mapped else value.shape)

    @property
    def ndim(self) -> int:
        """The number of axes without the batch axis."""
        return len(self.shape)

    def __add__(self, other: Any) -> Any:
        return BATCHED.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return BATCHED.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return BATCHED.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return BATCHED.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return BATCHED.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return BATCHED.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return BATCHED.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return BATCHED.divide(other, self)

    def __pow__(self, other: Any) -> Any:
        return BATCHED.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return BATCHED.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return BATCHED.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return BATCHED.matmul(other, self)

    def __neg__(self) -> Any:
        return BATCHED.negative(self)

    def __abs__(self) -> Any:
        return BATCHED.abs(self)

    def __invert__(self) -> Any:
        return BATCHED.bitwise_invert(self)

    def __and__(self, other: Any) -> Any:
        return BATCHED.bitwise_and(self, other)

    def __or__(self, other: Any) -> Any:
        return BATCHED.bitwise_or(self, other)

    def __rand__(self, other: Any) -> Any:
        return BATCHED.bitwise_and(other, self)

    def __ror__(self, other: Any) -> Any:
        return BATCHED.bitwise_or(other, self)

    def __lt__(self, other: Any) -> Any:
        return BATCHED.less(self, other)

    def __le__(self, other: Any) -> Any:
        return BATCHED.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return BATCHED.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return BATCHED.greater_equal(self, other)

    def __eq__(self, other: Any) -> Any:
        return BATCHED.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return BATCHED.not_equal(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __getitem__(self, key: Any) -> Any:
        return BATCHED.getitem(self, key=key)


def inner_array(value: Any) -> Array:
    """A value inside a batch, or a plain one, as a core array with its node."""
    if isinstance(value, Batched):
        return wrap(value.value, value.node, value.xp)
    return wrap(value, None, engine_kernels(value))


def engine_kernels(value: Any) -> EngineKernels:
    """The kernel table of the engine that holds a raw value."""
    return registry.backend_of(value).kernels  # type: ignore[return-value]


class BatchedKernels(Kernels):
    """The kernels of batched values: each op by its batching rule, on the arrays inside.

    Arrays inside a vmap carry the table of its level and of the engine that holds their numbers (`table_of`).
    """

    backend = None

    def __init__(self, engine: EngineKernels | None) -> None:
        self.engine = engine
        self.signatures = Signatures(self)
        if engine is None:
            self.complexes = _AnyEngine("complex floating")  # type: ignore[assignment]
            self.inexact = _AnyEngine("real floating", "complex floating")  # type: ignore[assignment]
        else:
            self.complexes = engine.complexes
            self.inexact = engine.inexact
            self.shares_constants = engine.shares_constants

    def __repr__(self) -> str:
        return "<batched kernels>" if self.engine is None else f"<batched kernels of {self.engine.backend.name!r}>"

    def spec(self, value: Any) -> Spec:
        """Shape and dtype as the program sees them."""
        return Spec(tuple(value.shape), value.dtype)

    def dtype_of(self, value: Any) -> Any:
        """tapegrad's dtype of a value."""
        return (self.engine or engine_inside(value)).dtype_of(innermost(value))

    def weak(self, scalar: Any, like: Any) -> Any:
        """A Python scalar in the dtype of `like`, or None where its kind does not go into it."""
        return (self.engine or engine_inside(like)).weak(scalar, innermost(like))

    def to_numpy(self, value: Any) -> Any:
        """Refuse: a batched array has no single value."""
        raise ArgumentTypeError(
            "vmap: a batched array has no single value to read back into Python (bool, float, asnumpy); "
            "choose between results with tapegrad.where, or return the array"
        )

    def without_nodes(self, value: Any) -> Any:
        return bare(value)

    def node_within(self, value: Any) -> Node | None:
        while value.__class__ is Batched:
            if value.node is not None:
                return value.node
            value = value.value
        return None

    def find(self, name: str) -> Any:
        return OPS[name].batched


class _AnyEngine:
    """A set of dtypes, those of every engine."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def __contains__(self, dtype: Any) -> bool:
        return is_dtype(dtype, self.kinds)


BATCHED = BatchedKernels(None)
"""For values of any level and engine, as they meet in a sweep."""


def level_table(xp: Kernels, level: int) -> Kernels:
    """The table that arrays inside the vmap of that level carry, where `xp` is that of the values in the batch."""
    engine = xp.engine
    assert engine is not None
    table = engine.levels.get(level)
    return engine.levels.setdefault(level, BatchedKernels(engine)) if table is None else table


def table_of(value: Any, xp: Kernels) -> Kernels:
    """The kernel table that an array of this value carries: `xp`, unless it is batched."""
    return level_table(value.xp, value.level) if value.__class__ is Batched else xp


def innermost(value: Any) -> Any:
    """The engine's array under any batching."""
    while value.__class__ is Batched:
        value = value.value
    return value


def place_beside(x: Array) -> str | None:
    """The device on which numbers of the host are to stand beside `x`; None: wherever its engine puts them."""
    return engine_of(x).backend.near(innermost(x._value))


def engine_inside(value: Any) -> EngineKernels:
    """The kernel table of the engine that holds the numbers of a value, batched or not."""
    if value.__class__ is Batched and value.xp.engine is not None:
        return value.xp.engine
    return engine_kernels(innermost(value))


def engine_of(x: Array) -> EngineKernels:
    """The kernels of the engine that holds the numbers of an array, through any batching."""
    return x._kernels.engine or engine_inside(x._value)


def lift(x: Array, level: int) -> Array:
    """A tracked array from outside the vmap of that level as one inside; its node stays known to the outside."""
    if x._node is None or level_of(x._node) >= level:
        return x
    return handle(
        x.__class__, Batched(x._value, x._node, x._kernels, level, mapped=False), None, level_table(x._kernels, level)
    )


def wrap(value: Any, node: Node | None, xp: Kernels) -> Array:
    """A value as a core array; rules and transforms see no other face."""
    if value.__class__ is Batched:
        xp = level_table(value.xp, value.level)
    return handle(Array, value, node, xp)


def ones_of(x: Array) -> Any:
    """A value of ones in the shape and dtype of an array, the same for all of a batch.

    Small ones are kept, since no value is ever changed.
    """
    signature = x._signature
    if signature.ones is None:
        value, engine = x._value, engine_of(x)
        try:
            if value.__class__ is Batched:
                same = engine.filled(innermost(value), shape=value.shape, value=1)
                ones = Batched(same, None, engine, value.level, mapped=False)
            else:
                ones = x._kernels.ones_like(value)
        except Exception as error:
            ours = told(engine.backend, error, "made the ones that a gradient begins with")
            if ours is None:
                raise
            raise ours from error
        if not x._kernels.shares_constants or x.size > 1000:
            return ones
        signature.ones = ones
    return signature.ones


def in_layout(g: Any, x: Array, recorded: bool) -> Any:
    """A gradient, an array or raw, in the layout of the array that it belongs to."""
    return wrap(x._kernels.like(g._value, x._value), g._node, g._kernels) if recorded else x._kernels.like(g, x._value)


def bare(value: Any) -> Any:
    """A value without the nodes inside a batch."""
    if isinstance(value, Batched):
        return Batched(bare(value.value), None, value.xp, value.level, value.mapped)
    return value
