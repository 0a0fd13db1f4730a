"""The road of operands not yet alike: adopt what is raw, agree on face, engine and dtype, call the op again.

An op's own code handles operands of one face, one engine and one dtype; it comes here with all others. Errors of
kernels come here too, to be put into words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import Batched, BatchedKernels, engine_of, lift, note_level, of_level
from ..arrays.entering import enter
from ..arrays.face import standard_face
from ..engines import registry
from ..engines.tables import OPS, EngineKernels, Kernels
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
)
from ..tape.guards import check_thread
from ..tape.mode import ANOMALY, LEVEL, MODE, RECORDING
from ..tape.nodes import Node
from ..tape.observers import tell_recorded

if TYPE_CHECKING:
    from .record import Op

SCALARS = (bool, int, float, complex)


def _face(op: Op, handles: Sequence[Array]) -> type[Array]:
    faces = {type(x) for x in handles} - {Array}  # the core's own arrays take the face of those beside them
    if len(faces) > 1:
        names = " and ".join(sorted(face.__name__ for face in faces))
        raise ArgumentTypeError(
            f"{op.name}() got arrays of two faces, {names}; convert one with as_np_ndarray() or as_nd_ndarray()"
        )
    return faces.pop() if faces else Array if handles else standard_face()


def _held(parts: Any) -> Iterator[Array]:
    """The arrays of ours in nested lists: an operand that is a list is of their engine."""
    for part in parts:
        if isinstance(part, Array):
            yield part
        elif isinstance(part, (list, tuple)):
            yield from _held(part)


def _table(op: Op, handles: Sequence[Array]) -> Kernels | None:
    tables = {x._xp for x in handles}
    batched = {t for t in tables if isinstance(t, BatchedKernels)}
    if batched and len(tables) > 1:
        engines = {engine_of(x) if x._xp in batched else x._xp for x in handles}
        if len(engines) == 1:
            return batched.pop()
        tables = engines
    if len(tables) > 1:
        names = sorted(t.backend.name for t in tables if t.backend is not None)
        raise MixedBackendsError(
            f"{op.name}() got arrays of two backends, {' and '.join(map(repr, names))}; "
            f'move one over with x.to("{names[0]}")'
        )
    return tables.pop() if tables else None


def _adopt(op: Op, name: str, raw: Any, cls: type[Array], engine: EngineKernels | None) -> Array:
    """A raw array as a handle of the face and engine of the other operands."""
    if isinstance(raw, np.generic):
        raw = np.asarray(raw)
    if isinstance(raw, (list, tuple)) and cls._face.takes_lists:
        with registry.use_backend(registry.get_backend() if engine is None else engine.backend):
            return enter(raw, face=cls)
    if isinstance(raw, (str, bytes, list, tuple, dict, set)) or raw is None:
        raise ArgumentTypeError(f"{op.name}() takes an array for {name!r}, not {type(raw).__name__}")
    backend = registry.backend_of(raw)
    copy = bool(MODE.get() & RECORDING)
    if engine is None or backend is engine.backend:
        return handle(cls, backend.adopt(raw, copy=copy), None, backend.kernels)
    if isinstance(raw, np.ndarray):
        return handle(cls, engine.backend.from_numpy(raw), None, engine)
    raise MixedBackendsError(
        f"{op.name}() got arrays of two backends, {engine.backend.name!r} and {backend.name!r}; "
        f'move one over with x.to("{engine.backend.name}")'
    )


def cast(x: Array, dtype: np.dtype[Any]) -> Array:
    """`x` in another dtype, recorded where `x` is tracked."""
    found: Array = OPS["astype"].call(x, dtype=dtype)
    return found


def general(op: Op, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Call `op` on operands that are not alike: scalars, raw arrays, other dtypes, batched and plain ones.

    Raises `TypeError` for what is no array or of two faces, `MixedBackendsError` for two engines, `DtypeError` where
    dtypes have nothing in common.
    """
    names = op.inputs + (op.variadic or "",) * (len(args) - len(op.inputs))
    handles = [x for x in args if isinstance(x, Array)]
    for x in args:
        if isinstance(x, (list, tuple)):
            handles.extend(_held(x))
    cls = _face(op, handles)
    xp = _table(op, handles)
    engine = engine_of(handles[0]) if handles else None
    operands: list[Any] = list(args)
    borrowed = False
    for i, x in enumerate(args):
        if isinstance(x, Array) or x.__class__ in SCALARS or (x is None and names[i] in op.optional):
            continue
        if isinstance(x, np.generic) and cls._face.weak_numpy_scalars:
            operands[i] = x.item()
            continue
        operands[i] = _adopt(op, names[i], x, cls, engine)
        borrowed = not MODE.get() & RECORDING
        engine = engine or engine_of(operands[i])
    if not operands and op.variadic:
        raise ArgumentTypeError(f"{op.name}() needs at least one array")
    engine = engine or registry.get_backend().kernels  # type: ignore[assignment]
    assert engine is not None
    xp = xp or engine
    if isinstance(xp, BatchedKernels):
        level = max(x._value.level for x in operands if isinstance(x, Array) and isinstance(x._value, Batched))
        xp = of_level(level)
        operands = [
            lift(x, level)
            if isinstance(x, Array) and not (isinstance(x._value, Batched) and x._value.level == level)
            else x
            for x in operands
        ]

    promoting = [i for i, name in enumerate(names) if name in op.promotes and operands[i] is not None]
    common = None
    for i in promoting:
        if isinstance(operands[i], Array):
            dtype = operands[i]._dtype
            common = dtype if common is None else dtypes.promote(common, dtype)
    for i in promoting:
        if not isinstance(operands[i], Array):
            common = dtypes.dtype_of_scalar(operands[i], dtypes.BOOL if common is None else common)
    if op.floats and common is not None:
        if common in dtypes.INTEGER and op.name in cls._face.integer_ops:
            return OPS[cls._face.integer_ops[op.name]].call(*operands, **keywords)
        common = dtypes.default_float(common)
    for i, x in enumerate(operands):
        if x is None:
            continue
        wanted = common if i in promoting else None
        if not isinstance(x, Array):
            dtype = wanted or dtypes.dtype_of_scalar(x, dtypes.BOOL)
            raw = engine.backend.from_numpy(np.asarray(x, dtype=dtype))
            operands[i] = handle(cls, raw, None, xp)
            continue
        if wanted is not None and x._dtype != wanted:
            x = cast(x, wanted)
        if x._xp is not xp or x.__class__ is not cls:
            x = handle(cls, x._value, x._node, xp)
        operands[i] = x
    out = op.call(*operands, **keywords)
    if borrowed and op.kind not in ("elementwise", "multilinear"):
        for made in out if isinstance(out, list) else [out]:
            if not isinstance(made._value, Batched):
                made._value = engine.backend.exclusive(made._value)
    return out


def refusal(op: Op) -> DtypeError:
    """The error of an op of real numbers that got complex ones, whatever its engine makes of them."""
    return DtypeError(f"{op.name}() is a function of real numbers, not of complex ones; take the real part first")


def number(op: Op, name: str, value: Any) -> Any:
    """A number that an op takes by keyword, and in which it has no derivative, out of an array of ours."""
    if not isinstance(value, Array):
        return value
    if value._node is not None:
        check_thread((value._node,), f"{op.name}({name}=…)")
        if MODE.get() & RECORDING:
            raise NoGradientError(f"{op.name}() has no derivative in {name!r}; pass {name}.detach()")
    if isinstance(value._value, Batched):
        raise ArgumentTypeError(f"{op.name}() takes one number for {name!r}, not one for each element of a vmap")
    return value.item() if value.size == 1 else value._value


def explain(op: Op, args: Sequence[Any], keywords: dict[str, Any], error: Exception) -> Exception:
    """The error of a kernel in words that name the op and the shapes; errors that are already ours pass."""
    unnamed = type(error) in _NAMELESS and op.name not in str(error)
    if isinstance(error, (TapegradError, NotImplementedError, RecursionError, MemoryError)) and not unnamed:
        return error
    shapes = [tuple(x.shape) for x in args if isinstance(x, Array)]
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    options = "".join(f", {name}={value!r}" for name, value in keywords.items() if value is not None)
    where = f"{op.name}({', '.join(map(str, shapes))}{options})"
    known: type[Exception]
    if unnamed:
        known = type(error)
    elif "out of bounds for array of dimension" in text:
        known = AxisError
    elif isinstance(error, IndexError):
        known = BoundsError
    elif isinstance(error, (ValueError, TypeError)) and _is_about(_DTYPE_WORDS, text):
        taken = " and ".join(dict.fromkeys(x._dtype.name for x in args if isinstance(x, Array)))
        known = DtypeError
        where, text = f"{op.name}() does not take {taken}", f"{text}; convert with astype()"
    elif isinstance(error, (ValueError, TypeError)) and _is_about(_SHAPE_WORDS, text):
        known = ShapeError
    elif isinstance(error, (ValueError, TypeError)):
        known = ArgumentTypeError if type(error) is TypeError else ArgumentError
    else:
        return error
    made = known(f"{where}: {text}")
    made.__cause__ = error
    return made


_NAMELESS = (ShapeError, AxisError, BoundsError, ArgumentError, ArgumentTypeError)
"""What a body or a rule raises without saying of which op."""

_SHAPE_WORDS = ("shape", "broadcast", "dimension", "axis", "axes", "size", "align", "ndim", "empty sequence")
_DTYPE_WORDS = (
    "dtypes are allowed",
    "accept dtype",
    "input types",
    "matching types",
    "numpy boolean",
    "complex-valued",
    "cannot cast array data",
)
"""How engines complain of shapes, and of dtypes."""


def _is_about(words: Sequence[str], text: str) -> bool:
    return any(word in text.lower() for word in words)


def inspect_result(op: Op, node: Node, out: Any) -> None:
    """Called for each recorded op under vmap, and while anomaly detection is on."""
    mode = MODE.get()
    if mode >= LEVEL:
        note_level(node)
    if mode & ANOMALY:
        tell_recorded(node, out)
