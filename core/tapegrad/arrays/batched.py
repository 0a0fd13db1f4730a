"""Batching: a value that carries one more axis than the program sees, and the rules by which ops act on it.

A `Batched` value wraps a core value together with its node, so a batched value may be recorded outside (grad of vmap)
and may be saved by a node inside (vmap of grad). The batch axis is always the first. `BATCHED` is the kernel table of
such values; arrays carry one of their level (`table_of`), so that an op sees at a glance whether its operands are of
one level.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ..engines import registry
from ..engines.backend import Spec
from ..engines.tables import OPS, RECORDED, EngineKernels, Kernels, Likenesses
from ..errors import ArgumentTypeError, DynamicShapeError
from .array import Array, handle

if TYPE_CHECKING:
    from ..op.record import Op
    from ..tape.nodes import Node

FALLBACKS: Counter[str] = Counter()
"""How often each op was batched by a loop, because it has no rule of its own."""


class Batched:
    """A value with a batch axis in front that the program does not see, made by the vmap of that level.

    One that is not `mapped` has no such axis: it is the same for all of the batch, and is here for the sake of its
    node.
    """

    __slots__ = ("level", "mapped", "node", "value", "xp")
    __array_ufunc__ = None

    def __init__(self, value: Any, node: Node | None, xp: Kernels, level: int, mapped: bool = True) -> None:
        self.value = value
        self.node = node
        self.xp = xp
        self.level = level
        self.mapped = mapped

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape without the batch axis."""
        return tuple(self.value.shape[1:] if self.mapped else self.value.shape)

    @property
    def dtype(self) -> Any:
        """The dtype, as the engine has it."""
        return self.value.dtype

    @property
    def ndim(self) -> int:
        """The number of axes without the batch axis."""
        return len(self.value.shape) - self.mapped

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
    from ..engines.registry import backend_of

    return backend_of(value).kernels  # type: ignore[return-value]


class BatchedKernels(Kernels):
    """The kernels of batched values: each op by its batching rule, on the arrays inside."""

    backend = None

    def __init__(self) -> None:
        self.alike = Likenesses(self)

    def __repr__(self) -> str:
        return "<batched kernels>"

    @property
    def complexes(self) -> Any:  # type: ignore[override]
        """The complex dtypes of all engines."""
        return _AnyEngine("complexes")

    @property
    def inexact(self) -> Any:  # type: ignore[override]
        """The floating and complex dtypes of all engines."""
        return _AnyEngine("inexact")

    def spec(self, value: Any) -> Spec:
        """Shape and dtype as the program sees them."""
        return Spec(tuple(value.shape), value.dtype)

    def dtype_of(self, value: Any) -> Any:
        """tapegrad's dtype of a value."""
        while isinstance(value, Batched):
            value = value.value
        return engine_kernels(value).dtype_of(value)

    def weak(self, scalar: Any, like: Any) -> Any:
        """A Python scalar in the dtype of `like`, or None where its kind does not go into it."""
        while isinstance(like, Batched):
            like = like.value
        return engine_kernels(like).weak(scalar, like)

    def to_numpy(self, value: Any) -> Any:
        """Refuse: a batched array has no single value."""
        raise ArgumentTypeError(
            "vmap: a batched array has no single value to read back into Python (bool, float, asnumpy); "
            "choose between results with tapegrad.where, or return the array"
        )

    def find(self, name: str) -> Any:
        op = OPS[name]

        def kernel(*args: Any, **keywords: Any) -> Any:
            return apply(op, args, keywords)

        kernel.__name__ = name
        return kernel


class _AnyEngine:
    """A set of dtypes over whatever engine a dtype object belongs to."""

    def __init__(self, kind: str) -> None:
        self.kinds = ("complex floating",) if kind == "complexes" else ("real floating", "complex floating")

    def __contains__(self, dtype: Any) -> bool:
        from ..dtypes import is_dtype

        return is_dtype(dtype, self.kinds)


BATCHED = BatchedKernels()
_TABLES: dict[int, BatchedKernels] = {}


def of_level(level: int) -> BatchedKernels:
    """The kernel table that arrays inside the vmap of that level carry."""
    found = _TABLES.get(level)
    return _TABLES.setdefault(level, BatchedKernels()) if found is None else found


def table_of(value: Any, xp: Kernels) -> Kernels:
    """The kernel table that an array of this value carries: `xp`, unless it is batched."""
    return of_level(value.level) if value.__class__ is Batched else xp


Rule = Callable[["Op", int, Sequence[Any], Sequence[bool], dict[str, Any]], Any]


def apply(op: Op, args: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """An op on values, some of them batched: one level is taken off, the op's rule applied, the level put back."""
    keywords = {**op.keywords, **keywords}
    level = max((x.level for x in args if isinstance(x, Batched)), default=0)
    if level == 0:
        raw = [x for x in args if hasattr(x, "dtype")]
        # A Python scalar may have become the host's, beside arrays of another engine.
        raw.sort(key=lambda x: isinstance(x, np.generic))
        return getattr(engine_kernels(raw[0]), op.name)(*args, **keywords)
    here = [isinstance(x, Batched) and x.level == level for x in args]
    batched = [on and x.mapped for x, on in zip(args, here, strict=True)]
    inside: list[Any] = []
    engine = _engine_inside(args[here.index(True)])
    for x, on in zip(args, here, strict=True):
        if on:
            inside.append(inner_array(x))
        elif isinstance(x, Batched):
            inside.append(wrap(x, None, of_level(x.level)))
        elif hasattr(x, "dtype"):
            # A constant may be of the host's, which its engine takes as it is, and is not an array of that engine.
            inside.append(wrap(x, None, engine))
        else:
            inside.append(x)
    if not any(batched):
        return _outside(op.call(*inside, **keywords), level, mapped=False)
    if op.dynamic:
        raise DynamicShapeError(
            f"{op.name}() under vmap: the shape of its result depends on the data, and would differ within the batch"
        )
    size = next(x.value.shape[0] for x, on in zip(args, batched, strict=True) if on)
    if op.batch is not None:
        out = op.batch(op, size, inside, batched, keywords)
    elif op.kind in ("elementwise", "locally_constant") and _is_elementwise(op):
        out = align(op, size, inside, batched, keywords)
    elif not op.primitive:
        out = op.body(BATCHED, *args, **keywords)
        if isinstance(out, (list, tuple)):
            return tuple(_unmapped(o, level) for o in out)
        return _unmapped(out, level)
    else:
        out = loop(op, size, inside, batched, keywords)
    return _outside(out, level, mapped=True)


def _engine_inside(value: Any) -> EngineKernels:
    """The kernels of the engine that holds the numbers of a batched value."""
    while isinstance(value.value, Batched):
        value = value.value
    return value.xp if isinstance(value.xp, EngineKernels) else engine_kernels(value.value)


def _unmapped(out: Any, level: int) -> Any:
    """What a composed body returns, inside the batch even where it does not depend on what is mapped."""
    if isinstance(out, Batched) and out.level == level:
        return out
    xp = of_level(out.level) if isinstance(out, Batched) else engine_kernels(out)
    return Batched(out, None, xp, level, mapped=False)


def _outside(out: Any, level: int, *, mapped: bool) -> Any:
    if isinstance(out, (list, tuple)):
        return tuple(Batched(o._value, o._node, o._xp, level, mapped) for o in out)
    return Batched(out._value, out._node, out._xp, level, mapped)


LEVELS: WeakKeyDictionary[Node, int] = WeakKeyDictionary()
"""How many vmaps enclose the variables that a node depends on, for nodes recorded under vmap; all others have none."""


def note_level(node: Node) -> None:
    """Enter a node that was recorded under vmap into `LEVELS`."""
    level = max((LEVELS.get(parent, 0) for parent in node.parents()), default=0)
    if level:
        LEVELS[node] = level


def engine_of(x: Array) -> EngineKernels:
    """The kernels of the engine that holds the numbers of an array, through any batching."""
    value, xp = x._value, x._xp
    while isinstance(value, Batched):
        value, xp = value.value, value.xp
    if not isinstance(xp, EngineKernels):
        return registry.backend_of(value).kernels  # type: ignore[return-value]
    return xp


def lift(x: Array, level: int) -> Array:
    """A tracked array from outside the vmap of that level as one inside; its node stays known to the outside."""
    from .array import handle

    if x._node is None or LEVELS.get(x._node, 0) >= level:
        return x
    return handle(type(x), Batched(x._value, x._node, x._xp, level, mapped=False), None, of_level(level))


def _is_elementwise(op: Op) -> bool:
    return op.kind == "elementwise" or (op.primitive and not op.keywords)


def align(op: Op, size: int, args: Sequence[Any], batched: Sequence[bool], keywords: dict[str, Any]) -> Any:
    """The rule of ops that broadcast: axes of length one go behind the batch axis until ranks agree."""
    rank = max(x.ndim - on for x, on in zip(args, batched, strict=True) if hasattr(x, "ndim"))
    aligned = []
    for x, on in zip(args, batched, strict=True):
        if on and x.ndim - 1 < rank:
            shape = tuple(x.shape)
            x = RECORDED.reshape(x, shape=shape[:1] + (1,) * (rank - len(shape) + 1) + shape[1:])
        aligned.append(x)
    return op.call(*aligned, **keywords)


def loop(op: Op, size: int, args: Sequence[Any], batched: Sequence[bool], keywords: dict[str, Any]) -> Any:
    """The rule of last resort: the op on each element of the batch, results stacked. Counted in `FALLBACKS`."""
    FALLBACKS[op.name] += 1
    if size == 0:
        raise NotImplementedError(f"vmap over an empty batch: {op.name}() has no batching rule, only a loop")
    outs = []
    for i in range(size):
        outs.append(
            op.call(
                *[RECORDED.getitem(x, key=(i,)) if on else x for x, on in zip(args, batched, strict=True)], **keywords
            )
        )
    if isinstance(outs[0], (list, tuple)):
        return [RECORDED.stack(*column, axis=0) for column in zip(*outs, strict=True)]
    return RECORDED.stack(*outs, axis=0)


def wrap(value: Any, node: Node | None, xp: Kernels) -> Array:
    """A value as a core array; rules and transforms see no other face."""
    made = object.__new__(Array)
    made._value = value
    made._node = node
    if value.__class__ is Batched:
        made._xp = of_level(value.level)
        made._like = None
    else:
        made._xp = xp
        made._like = xp.alike[Array, value.dtype, value.shape]
    return made


def without_nodes(x: Array) -> Array:
    """`x` as a constant, without its nodes inside a batch too."""

    def bare(value: Any) -> Any:
        if isinstance(value, Batched):
            return Batched(bare(value.value), None, value.xp, value.level, value.mapped)
        return value

    return handle(type(x), bare(x._value), None, x._xp)
