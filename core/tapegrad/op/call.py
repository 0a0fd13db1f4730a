"""Calling an op: the slow path of operands that are not alike, and what the fast paths share.

The written function of an op computes with operands of one face, one engine and one dtype. All others come to
`slow_call`, which makes them so and calls the op again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import (
    BATCHED,
    Batched,
    engine_inside,
    engine_of,
    level_table,
    lift,
    place_beside,
    wrap,
)
from ..arrays.entering import company_of, enter_beside
from ..arrays.face import standard_face
from ..engines import registry
from ..engines.backend import Backend
from ..engines.extras import PROJECT
from ..engines.faults import first_line, kind_of_error, told
from ..engines.tables import OPS, RECORDED, EngineKernels, Kernels
from ..errors import (
    ArgumentError,
    ArgumentTypeError,
    AxisError,
    BoundsError,
    DtypeError,
    MixedBackendsError,
    NoGradientError,
    ShapeError,
    TapegradError,
    UnknownArrayError,
)
from ..tape.guards import check_thread
from ..tape.mode import ANOMALY, INSPECTED, LEVEL, MODE, RECORDING, Scope
from ..tape.nodes import TELLERS, Leaf, Node, Output, deposit, next_seq, note_level, set_level
from ..tape.observers import tell_recorded
from ..tape.sweep import forward_sweep, reverse_sweep

if TYPE_CHECKING:
    from .linking import OpNode
    from .record import Op

PLAIN = frozenset((int, float, bool, str, type(None), slice, type(...)))
"""What a keyword usually is, and certainly holds no array."""

NUMBERS = frozenset((bool, int, float, complex))
"""Python's numbers, which take the dtype of the array that they meet."""


def _face(op: Op, arrays: Sequence[Array]) -> type[Array]:
    # The core's own arrays take the face of those beside them.
    faces = {x.__class__._strong or x.__class__ for x in arrays} - {Array}
    if len(faces) > 1:
        # A face that is built on all of the others, as MXNet's NumPy edition is on two, has room for their arrays.
        faces = {face for face in faces if all(issubclass(face, other) for other in faces)} or faces
    if len(faces) > 1:
        names = " and ".join(sorted(face.__name__ for face in faces))
        raise ArgumentTypeError(
            f"{op.name}() got arrays of two faces, {names}; convert one with as_np_ndarray() or as_nd_ndarray()"
        )
    return faces.pop() if faces else Array if arrays else standard_face()


def arrays_in(parts: Any) -> Iterator[Array]:
    """The arrays of ours in nested lists and tuples."""
    for part in parts:
        if isinstance(part, Array):
            yield part
        elif isinstance(part, (list, tuple)):
            yield from arrays_in(part)


def _engine(op: Op, arrays: Sequence[Array]) -> EngineKernels | None:
    engines = list(dict.fromkeys(map(engine_of, arrays)))
    if len(engines) > 1:
        names = [engine.backend.name for engine in engines]
        places = [engine.place for engine in engines]
        if any(places) and len(set(names)) < len(names):
            where = " and ".join(
                place or engine.backend.devices()[0] for place, engine in zip(places, engines, strict=True)
            )
            raise MixedBackendsError(
                f"{op.name}() got arrays of two contexts, {where}; move one over with x.as_in_context(y.context)"
            )
        raise MixedBackendsError(
            f"{op.name}() got arrays of two backends, {' and '.join(map(repr, sorted(names)))}; "
            f'move one over with x.to("{names[0]}")'
        )
    return engines[0] if engines else None


def _is_foreign(x: Any) -> bool:
    """Whether a value is a raw array of an engine other than the host's, to which the other operands move."""
    return not isinstance(x, (np.ndarray, np.generic)) and hasattr(x, "dtype") and hasattr(x, "shape")


def slow_call(op: Op, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call `op` on operands that are not alike: numbers, raw arrays, other dtypes, batched and plain ones.

    Raises `TypeError` for anything that is not an array and for two faces, `MixedBackendsError` for two engines,
    `DtypeError` where dtypes have nothing in common.
    """
    names = op.inputs + (op.variadic or "",) * (len(args) - len(op.inputs))
    arrays = [*arrays_in(args)]
    cls = _face(op, arrays)
    engine = _engine(op, arrays)
    operands: list[Any] = list(args)
    borrowed = False
    if engine is None and len(args) > 1:
        engine = company_of(args).engine if any(_is_foreign(x) for x in args) else None
    for i, x in enumerate(args):
        if isinstance(x, Array) or x.__class__ in NUMBERS or (x is None and names[i] in op.optional):
            continue
        if isinstance(x, np.generic) and cls._face.weak_numpy_scalars:
            operands[i] = x.item()
            continue
        recording = bool(MODE.get() & RECORDING)
        what, device = f"{op.name}()", place_beside(arrays[0]) if arrays else None
        try:
            operands[i] = enter_beside(
                x, engine, cls, copy=recording, what=what, name=names[i], device=device, among=args
            )
        except UnknownArrayError as error:
            result = turn_of_foreign(op, args, i)
            if result is NotImplemented:
                raise error
            return result
        borrowed = not recording
        engine = engine or engine_of(operands[i])
    if not operands and op.variadic:
        raise ArgumentTypeError(f"{op.name}() needs at least one array")
    engine = engine or registry.get_backend().kernels  # type: ignore[assignment]
    assert engine is not None
    operands, xp = _on_one_level(operands, engine)
    common = _common_dtype(op, names, operands)
    if cls._weak is not None and _is_weak(op, names, operands):
        cls = cls._weak
    if op.floats and common is not None:
        if common in dtypes.INTEGER and op.name in cls._face.integer_ops:
            return OPS[cls._face.integer_ops[op.name]].call(*operands, **keywords)
        common = dtypes.default_float(common)
    out = op.call(*_of_one_dtype(op, names, operands, common, cls, xp, engine), **keywords)
    if borrowed and not op.kind.copies:
        for array in out if isinstance(out, list) else [out]:
            if not isinstance(array._value, Batched):
                array._value = engine.backend.exclusive(array._value)
    return out


def turn_of_foreign(op: Op, args: tuple[Any, ...], i: int) -> Any:
    """The result where an operand that no engine owns implements the operator that the op is, else NotImplemented."""
    x = args[i]
    if op.name in TAKES and hasattr(x, "shape"):
        result = TAKES[op.name](*args)
        if result is not NotImplemented:
            return result
    word = OPERATORS.get(op.name)
    if word is None or len(args) != 2 or isinstance(x, type):
        return NotImplemented
    mirrored = _MIRRORED.get(word, f"r{word}")
    method = getattr(type(x), f"__{mirrored if i else word}__", None)
    if method is None:
        return NotImplemented
    try:
        return method(x, args[1 - i])
    except TypeError as error:
        if isinstance(error, TapegradError):
            raise
        return NotImplemented


OPERATORS: dict[str, str] = {}
"""The word of Python's operator that an op is, as in `__add__`, by the op's name; filled where operators are bound."""

_MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}

TAKES: dict[str, Callable[..., Any]] = {}
"""By op, what takes operands that no engine owns, such as sparse matrices in `@`, or gives NotImplemented."""


def _on_one_level(operands: list[Any], engine: EngineKernels) -> tuple[list[Any], Kernels]:
    """The operands inside the innermost vmap that any of them is in, and the table of that level."""
    levels = [x._value.level for x in operands if isinstance(x, Array) and isinstance(x._value, Batched)]
    if not levels:
        return operands, engine
    level = max(levels)
    lifted = [
        lift(x, level)
        if isinstance(x, Array) and not (isinstance(x._value, Batched) and x._value.level == level)
        else x
        for x in operands
    ]
    return lifted, level_table(engine, level)


def _common_dtype(op: Op, names: Sequence[str], operands: Sequence[Any]) -> np.dtype[Any] | None:
    """The dtype to which the operands that promote are promoted, Python numbers last."""
    promoting = [x for x, name in zip(operands, names, strict=True) if name in op.promotes and x is not None]
    arrays = [x for x in promoting if isinstance(x, Array)]
    strong = [x for x in arrays if x._strong is None]
    common: np.dtype[Any] | None = None
    for x in strong or arrays:
        common = x._dtype if common is None else dtypes.promote(common, x._dtype)
    for x in promoting:
        if not isinstance(x, Array):
            common = dtypes.dtype_of_scalar(x, dtypes.BOOL if common is None else common)
        elif strong and x._strong is not None and common is not None:
            common = dtypes.dtype_of_scalar(_OF_KIND[x._dtype.kind], common)
    return common


_OF_KIND: dict[str, Any] = {"b": True, "i": 1, "u": 1, "f": 1.0, "c": 1j}
"""A Python number of the kind of a dtype."""


def _is_weak(op: Op, names: Sequence[str], operands: Sequence[Any]) -> bool:
    """Whether the result counts as a Python number under a transform, as all do that it is computed from."""
    arrays = [(x, name) for x, name in zip(operands, names, strict=True) if isinstance(x, Array)]
    deciding = [x for x, name in arrays if name in op.promotes] or [x for x, _ in arrays[:1]]
    return bool(deciding) and all(x._strong is not None for x in deciding)


def _of_one_dtype(
    op: Op,
    names: Sequence[str],
    operands: Sequence[Any],
    common: np.dtype[Any] | None,
    cls: type[Array],
    xp: Kernels,
    engine: EngineKernels,
) -> list[Any]:
    """The operands as arrays of one face and table, those that promote cast to the common dtype."""
    alike: list[Any] = []
    device = next((place_beside(x) for x in operands if isinstance(x, Array)), None)
    for x, name in zip(operands, names, strict=True):
        target = common if name in op.promotes else None
        if x is None:
            alike.append(None)
        elif not isinstance(x, Array):
            dtype = target or dtypes.dtype_of_scalar(x, dtypes.BOOL)
            alike.append(handle(cls, engine.number(x, dtype, device), None, xp))
        else:
            if target is not None and x._dtype != target:
                x = cast(x, target)
            alike.append(x if x._kernels is xp and x.__class__ is cls else handle(cls, x._value, x._node, xp))
    return alike


def cast(x: Array, dtype: np.dtype[Any]) -> Array:
    """`x` in another dtype, recorded where `x` is tracked."""
    result: Array = OPS["astype"].call(x, dtype=dtype)
    return result


def results(
    op: Op, cls: type[Array], xp: Kernels, out: Any, values: Sequence[Any], parents: Sequence[Any], keywords: Any
) -> list[Array]:
    """The arrays of an op of several outputs, recorded where an input is tracked. See `record`."""
    node = None
    if any(parents):
        if MODE.get() & RECORDING:
            node = record(op, xp, out, values, parents, keywords)
        else:
            check_thread(parents, f"{op.name}()")
    return outputs(cls, xp, out, node)


def outputs(cls: type[Array], xp: Kernels, values: Sequence[Any], node: Node | None) -> list[Array]:
    """The arrays of an op of several outputs; those of integers have no place on the tape."""
    arrays = [
        handle(cls, v, Output(node, i) if node and v.dtype in xp.inexact else None, xp) for i, v in enumerate(values)
    ]
    if node is None and MODE.get() & RECORDING:
        for array in arrays:
            array._constant = True
    return arrays


def plain_keyword(op: Op, name: str, value: Any) -> Any:
    """The value of a keyword, through which no derivative goes: arrays in it as numbers, tracked ones refused."""
    if isinstance(value, Array):
        if value._node is not None:
            check_thread((value._node,), f"{op.name}({name}=…)")
            if MODE.get() & RECORDING:
                raise NoGradientError(f"{op.name}() has no derivative in {name!r}; pass {name}.detach()")
        if isinstance(value._value, Batched):
            raise ArgumentTypeError(f"{op.name}() takes one number for {name!r}, not one for each element of a vmap")
        return value.item() if value.size == 1 else value._value
    if value.__class__ is tuple or value.__class__ is list:
        for part in value:
            if part.__class__ not in PLAIN and isinstance(part, (Array, tuple, list)):
                return value.__class__(plain_keyword(op, name, part) for part in value)
    return value


def refusal(op: Op) -> DtypeError:
    """The error for complex operands of an op of real numbers, even where the engine would take them."""
    return DtypeError(f"{op.name}() is a function of real numbers, not of complex ones; take the real part first")


def unlike(op: Op, *shapes: tuple[int, ...]) -> ShapeError:
    """The error for operands that must have one shape and have others."""
    found = " and ".join(f"{name} of {tuple(shape)}" for name, shape in zip(op.alike, shapes, strict=True))
    return ShapeError(f"{op.name}() takes arrays of one shape, not {found}; broadcast them first")


def explain(op: Op, args: Sequence[Any], keywords: dict[str, Any], error: Exception) -> Exception:
    """The error of a kernel, reworded to name the op and the shapes; errors of our own types pass."""
    unnamed = type(error) in _NAMELESS and op.name not in str(error)
    if isinstance(error, _PASSING) and not unnamed:
        return error
    shapes = [tuple(x.shape) for x in args if isinstance(x, Array)]
    text = first_line(error)
    if "gufunc signature" in text:
        text = "the axes that are summed over, the last of the first array and the last but one of the second, differ"
    elif "does not have enough dimensions" in text:
        text = "each array has one axis or more; a number multiplies by *"
    options = "".join(f", {name}={value!r}" for name, value in keywords.items() if value is not None)
    where = f"{op.name}({', '.join(map(str, shapes))}{options})"
    if unnamed:
        known = type(error)
    else:
        some = next((x for x in args if isinstance(x, Array)), None)
        kind = _kind_of_error(op, None if some is None else engine_of(some).backend, error, text)
        if kind is None:
            return error
        place = kind is AxisError or isinstance(error, IndexError)
        wrong = None if some is None else _axis_at_fault(keywords, place, some.ndim)
        known, text = wrong or (kind, text)
    if known is DtypeError:
        taken = " and ".join(dict.fromkeys(x._dtype.name for x in args if isinstance(x, Array)))
        reason = "" if "could not be safely coerced" in text else f": {text.removesuffix('.')}"
        return _caused(known(f"{op.name}() does not take {taken}{reason}; convert with astype()"), error)
    if known is MixedBackendsError:
        text = f"{text}; move one with x.to_device(y.device)"
    return _caused(known(f"{where}: {text}"), error)


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def explain_derivative(op: Op, value: Any, error: Exception) -> Exception | None:
    """The error of a kernel in a sweep, for that cotangent or tangent, reworded to name the op; None if it passes."""
    if isinstance(error, _PASSING):
        return None
    text = first_line(error)
    one = next(iter(value.values())) if value.__class__ is dict else value  # of several outputs
    kind = _kind_of_error(op, engine_inside(one).backend, error, text)
    return None if kind is None else kind(f"the derivative of {op.name}(): {text}")


def _explain_sum(g: Any, error: Exception) -> Exception | None:
    """The error of an engine that was to add a cotangent to what others have brought; None if it passes."""
    return told(engine_inside(g._value if isinstance(g, Array) else g).backend, error, "added up a gradient")


TELLERS.append(_explain_sum)

_PASSING = (TapegradError, RecursionError, MemoryError)
"""Errors that are worded already, or that say nothing of the op."""


def _kind_of_error(op: Op, backend: Backend | None, error: Exception, text: str) -> type[Exception] | None:
    """Our own type for the error of an engine's kernel; None if the error passes."""
    ours = op.module.startswith(f"{PROJECT}.")
    if isinstance(error, NotImplementedError) and not ours:
        return None
    picks = "key" in op.keywords or len(op.arrays) > 1
    if ours and not picks and isinstance(error, IndexError):
        return ShapeError  # there is nothing in it that an index could be beyond
    # A warning that the user has turned into an error, NumPy's or ours, and whatever a third-party op may raise.
    answered = isinstance(error, (Warning, ArithmeticError)) or type(error).__module__.startswith(f"{PROJECT}.")
    return kind_of_error(backend, error, text, breaks=ours and not answered)


def _axis_at_fault(keywords: dict[str, Any], place: bool, ndim: int) -> tuple[type[Exception], str] | None:
    """What is wrong with the axis of an op that an engine has refused, in words that are alike on every engine.

    `place`: whether the engine complains of a place out of bounds.
    """
    axis = keywords.get("axis", keywords.get("axes"))
    for one in axis if isinstance(axis, (tuple, list)) else () if axis is None else (axis,):
        if isinstance(one, (tuple, list)):
            return None
        if not hasattr(one, "__index__"):
            return ArgumentTypeError, f"an axis is an int, not {one!r}"
        if place and not -ndim <= one < ndim:
            return AxisError, f"axis {one} is out of range for an array of {ndim} axes"
    return None


_NAMELESS = (ShapeError, AxisError, BoundsError, ArgumentError, ArgumentTypeError)
"""Errors that bodies and rules raise without naming the op."""


def inspect_result(op: Op | None, node: Node, out: Any) -> None:
    """Called for each recorded op under vmap, and while anomaly detection is on."""
    mode = MODE.get()
    if mode >= LEVEL:
        note_level(node)
    if mode & ANOMALY:
        tell_recorded(node, out)


def record(op: Op, xp: Any, out: Any, values: Sequence[Any], parents: Sequence[Node | None], keywords: Any) -> Node:
    """The node of a result that was computed elsewhere, as by a write in place; not for ops that broadcast.

    `values` and `parents` are those of all operands, in order.
    """
    count = len(op.inputs)
    operands, nodes = list(values[:count]), list(parents[:count])
    if op.variadic:
        operands.append(values[count:])
        nodes.append(tuple(parents[count:]) if any(parents[count:]) else None)  # type: ignore[arg-type]
    recorded = sum((node is not None) << i for i, node in enumerate(nodes))
    tracked = [node for name, node in zip(op.arrays, nodes, strict=True) if name not in op.constant]
    first = out[0] if op.outs else out
    bits = recorded | (first.dtype in xp.complexes) << 2 * len(nodes)
    node: Node = op.recorder(bits)(xp, out, *operands, *tracked, **keywords)
    if MODE.get() >= INSPECTED:
        inspect_result(op, node, out)
    return node


def cotangents_of_outputs(
    g: dict[int, Any], shapes: Sequence[Any], xp: Any, needed: Collection[int] | None = None
) -> list[Any]:
    """The cotangents of all outputs of an op; one that no sweep has brought is zeros if it is needed, else None."""
    some = next(iter(g.values()))
    return [
        g[i] if i in g else None if needed is not None and i not in needed else xp.filled(some, shape=shape, value=0)
        for i, shape in enumerate(shapes)
    ]


# Sweeps over values of any sort.


def pull_back(
    seeds: Iterable[tuple[Node, Any]],
    recorded: bool = False,
    free: bool = True,
    since: int = 1,
    truncate: bool = False,
) -> dict[Node, Any]:
    """A reverse sweep with the kernels that it takes: the recorded ops over arrays, else kernels over raw values."""
    if recorded:
        with Scope(RECORDING):
            return reverse_sweep(seeds, free, since, truncate, RECORDED, wrap)
    return reverse_sweep(seeds, free, since, truncate, BATCHED if MODE.get() >= LEVEL else None)


def push_forward(
    heads: Sequence[Node | None], tangents: dict[Node, Any], *, recorded: bool = False, since: int = 1
) -> list[Any]:
    """A forward sweep with the kernels that it takes."""
    if recorded:
        return forward_sweep(heads, tangents, since=since, xp=RECORDED, wrap=wrap)
    return forward_sweep(heads, tangents, since=since, xp=BATCHED if MODE.get() >= LEVEL else None)


def pull_into(table: dict[Node, Any], node: Node, g: Any) -> dict[Node, Any]:
    """The cotangents of one node's parents, pulled back on arrays and added to `table`."""
    parent, cotangent = node.pull(g, table, [], None, RECORDED, wrap)
    if parent is not None:
        deposit(table, [], parent, cotangent)
    return table


def push_by_transpose(node: OpNode, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
    """The tangent of an op that only has a vjp: the vjp is linear in its cotangent, and its transpose is the jvp."""
    from ..arrays.batched import wrap as to_array

    if xp is None:
        xp = node.xp
    tangent_of = {parent: table[parent] for parent in node.parents() if parent in table}
    if not tangent_of:
        return None
    some = next(iter(tangent_of.values()))
    several = bool(node.op.outs)
    specs = (node.s_shape_out, node.s_dtype_out)  # type: ignore[attr-defined]
    outs = list(zip(*specs, strict=True)) if several else [specs]
    leaves: list[Node] = [Leaf() for _ in outs]
    for leaf in leaves:
        set_level(leaf, MODE.get() // LEVEL)
    since = next_seq()
    with Scope(RECORDING):
        example = (some if wrap else to_array(some, None, node.xp))._unplaced()
        zeros = [RECORDED.astype(RECORDED.filled(example, shape=shape, value=0), dtype=dtype) for shape, dtype in outs]
        heads = [to_array(z._value, leaf, z._kernels) for z, leaf in zip(zeros, leaves, strict=True)]
        pulled = pull_into({}, node, dict(enumerate(heads)) if several else heads[0])
    seeds = [(pulled[p]._node, d) for p, d in tangent_of.items() if p in pulled and pulled[p]._node is not None]
    seeds = [seed for seed in seeds if seed[0].seq >= since or seed[0] in leaves]
    cotangents = pull_back(seeds, recorded=wrap is not None, free=False, since=since)
    tangents = [cotangents.get(leaf) for leaf in leaves]
    filled = [
        xp.filled(some, shape=shape, value=0)
        if tangent is None
        # A real output of a complex input: the transpose has an imaginary part that no cotangent of it ever meets.
        else xp.real(tangent)
        if xp.isdtype(tangent.dtype, "complex floating") and not xp.isdtype(dtype, "complex floating")
        else tangent
        for tangent, (shape, dtype) in zip(tangents, outs, strict=True)
    ]
    return tuple(filled) if several else filled[0]
