"""Moving arrays between engines and devices: a linear map like any other, whose transpose is the journey back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import handle
from ..arrays.batched import Batched, engine_of, inner_array, innermost, table_of
from ..engines.backend import Backend
from ..engines.registry import get_backend
from ..engines.tables import EngineKernels
from ..errors import ArgumentTypeError, BackendError
from ..op.call import inspect_result
from ..tape.guards import check_thread
from ..tape.mode import INSPECTED, MODE, RECORDING
from ..tape.nodes import Node, Sweep, Wrap, freed, next_seq

if TYPE_CHECKING:
    from ..arrays.array import Array, SomeArray


def device_of(x: Array) -> str:
    """The device that holds the numbers of an array."""
    return engine_of(x).backend.device_of(innermost(x._value))


def carry(raw: Any, source: Backend, target: Backend, device: str | None) -> Any:
    """A raw array of one engine as one of another, on the device of that name or wherever the engine likes.

    In the same memory where the target can borrow it, else through DLPack where neither engine's arrays are the host's
    own, else through the host.
    """
    if source is target:
        return raw if device is None or device == source.device_of(raw) else target.to_device(raw, device)
    target.native_dtype(source.dtype_of(raw))  # raises, in words, where the target has no such dtype
    borrowed = target.borrow(raw)
    if borrowed is not None:
        return (
            borrowed if device is None or device == target.device_of(borrowed) else target.to_device(borrowed, device)
        )
    if isinstance(raw, (np.ndarray, np.generic)):
        return target.from_numpy(np.asarray(raw), device=device)
    if np.ndarray in (*target.array_types(), *source.array_types()):
        return target.from_numpy(source.to_numpy(raw), device=device)
    try:
        found = target.namespace.from_dlpack(source.adopt(raw, copy=True))
    except (AttributeError, BufferError, NotImplementedError, RuntimeError, TypeError, ValueError):
        # Devices that do not see each other's memory, and dtypes that DLPack lacks.
        return target.from_numpy(source.to_numpy(raw), device=device)
    return found if device is None or device == target.device_of(found) else target.to_device(found, device)


class Transfer(Node):
    """A recorded move: the cotangent makes the journey back, a tangent goes along."""

    __slots__ = ("device", "parent", "source", "source_device")
    label = "to"
    parent: Node | None
    source: EngineKernels
    source_device: str
    device: str | None

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        parent, target = self.parent, self.xp
        if parent is None:
            raise freed(self)
        if free is not None:
            self.parent = None
            self.xp = free
        if wrap is not None:
            return parent, move(g, self.source, self.source_device)
        return parent, _carry_value(g, target, self.source, self.source_device)

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        tangent = table.get(self.parents()[0])
        if tangent is None:
            return None
        if wrap is not None:
            return move(tangent, self.xp, self.device)
        return _carry_value(tangent, self.source, self.xp, self.device)

    def parents(self) -> tuple[Node, ...]:
        if self.parent is None:
            raise freed(self)
        return (self.parent,)


def _carry_value(value: Any, source: EngineKernels, target: EngineKernels, device: str | None) -> Any:
    """A raw value on another engine; of a batched one, what is inside, by a move of its own."""
    if isinstance(value, Batched):
        moved = move(inner_array(value), target, device)
        return Batched(moved._value, moved._node, moved._kernels, value.level, value.mapped)
    return carry(value, source.backend, target.backend, device)


def move(x: SomeArray, target: EngineKernels, device: str | None = None) -> SomeArray:
    """`x` with its numbers in another engine's arrays, or on another device; recorded where `x` is tracked."""
    source = engine_of(x)
    target = source.toward(target)
    value = _carry_value(x._value, source, target, device)
    node = None
    if x._node is not None and not MODE.get() & RECORDING:
        check_thread((x._node,), "a move to another engine")
    elif x._node is not None:
        node = Transfer()
        node.seq = next_seq()
        node.xp = target
        node.parent = x._node
        node.source = source
        node.source_device = device_of(x)
        node.device = device
        if MODE.get() >= INSPECTED:
            inspect_result(None, node, value)
    moved = handle(x.__class__, value, node, table_of(value, target))
    if x._node is None and MODE.get() & RECORDING:
        moved._constant = True
    return moved


def check_device(backend: Backend, device: Any) -> None:
    """Refuse the name of a device that an engine does not have. Raises `BackendError`."""
    if device is not None and str(device) not in (
        *backend.devices(),
        "cpu" if backend.devices()[0] == "cpu(0)" else "",
    ):
        raise BackendError(
            f"backend {backend.name!r} has no device {device}; choose one of {', '.join(backend.devices())}"
        )


DEVICES = ("cpu", "cuda", "gpu", "mps", "tpu", "xpu")
"""Words that mean a device and no backend, though no device is called so: the error lists those that are there."""


def to(x: SomeArray, target: Any) -> SomeArray:
    """What `x.to(target)` means: a backend by name or object, a device by name, or a pair of both.

    Shapes: that of `x`.
    Dtypes: that of `x`.
    Raises: `UnknownBackendError` for a backend that is not there, `BackendError` for a device that it does not have,
    `DtypeError` where it has no such dtype, `TypeError` for anything that is not a target.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> from tapegrad.ops.transfer import to
    >>> to(tnp.asarray([1.0, 2.0]), "numpy")
    Array([1., 2.], dtype=float32)
    >>> tapegrad.grad(lambda x: tnp.sum(x.to("numpy") ** 2))(tnp.asarray([1.0, 2.0]))
    Array([2., 4.], dtype=float32)
    >>> to(tnp.asarray([1.0, 2.0]), "cpu(7)")
    Traceback (most recent call last):
        ...
    tapegrad.errors.BackendError: backend 'numpy' has no device cpu(7); choose one of cpu(0)
    """
    name, device = target if isinstance(target, tuple) else (target, None)
    kernels = engine_of(x)
    word = name.partition(":")[0] if isinstance(name, str) else ""
    if device is None and ("(" in word or word in DEVICES or type(name).__name__ == "Context"):
        name, device = None, str(name)
    if not (name is None or isinstance(name, (str, Backend))):
        raise ArgumentTypeError(
            f"an array moves to a backend or a device, by name, or to a pair of both; not to {target!r}"
        )
    backend = kernels.backend if name is None else get_backend(name) if isinstance(name, str) else name
    if device is not None and device not in backend.devices():
        raise BackendError(
            f"backend {backend.name!r} has no device {device}; choose one of {', '.join(backend.devices())}"
        )
    return move(x, kernels if backend is kernels.backend else backend.kernels, device)  # type: ignore[arg-type]
