"""Contexts: where arrays live, in MXNet's words, `cpu(0)`, `gpu(1)`.

A context finds its engine: the chosen one if it has a device of that name, else the first that does. On the host a
number above the devices that exist is a label: `cpu(3)` behaves as a device of its own, as it does in MXNet.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import ClassVar

from .arrays.array import Array
from .arrays.batched import engine_of
from .engines import registry
from .engines.backend import Backend
from .engines.tables import EngineKernels
from .errors import ArgumentError, ArgumentTypeError, BackendUnavailableError
from .ops.transfer import device_of
from .settings import Setting

__all__ = ["Context", "context_of", "cpu", "cpu_pinned", "current_context", "gpu", "num_gpus", "place"]
__dir__ = __all__.copy


class Context:
    """A device by type and number. As a `with` block it is where arrays are made that name no other.

    `device_type` is "cpu", "gpu", "cpu_pinned" or "cpu_shared" (the last two are host memory like any other here); else
    `ValueError`. Whether the device exists shows when an array is made on it.

    NDArrays and functions of `nd` that make arrays take it as `ctx`.

    Raises: `ValueError` for another type, or a number that is not an integer from 0 up.

    >>> from tapegrad import nd
    >>> with Context("cpu", 3):
    ...     nd.ones(1).context
    cpu(3)
    """

    __slots__ = ("device_id", "device_type")
    devtype2str: ClassVar[Mapping[int, str]] = {1: "cpu", 2: "gpu", 3: "cpu_pinned", 5: "cpu_shared"}
    devstr2type: ClassVar[Mapping[str, int]] = {name: number for number, name in devtype2str.items()}

    device_type: str
    device_id: int

    def __init__(self, device_type: str | Context, device_id: int = 0) -> None:
        kind, number = (
            (device_type.device_type, device_type.device_id)
            if isinstance(device_type, Context)
            else (device_type, device_id)
        )
        if kind not in self.devstr2type:
            raise ArgumentError(f"unknown device type {kind!r}; choose one of {', '.join(self.devstr2type)}")
        if not isinstance(number, int) or number < 0:
            raise ArgumentError(f"the number of a device is an integer from 0 up, not {number!r}")
        self.device_type = kind
        self.device_id = number

    @property
    def device_typeid(self) -> int:
        """MXNet's number for the type of device."""
        return self.devstr2type[self.device_type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash((self.device_type, self.device_id))

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def __enter__(self) -> Context:
        _ENTERED.hold(self).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _ENTERED.end(self, kind)


_ENTERED: Setting[Context | None] = Setting("tapegrad_context", None)


def cpu(device_id: int = 0) -> Context:
    """The host. Numbers tell labels apart, as in MXNet.

    Raises: `ValueError` for a number that is not an integer from 0 up.

    >>> from tapegrad import nd
    >>> nd.ones(1, ctx=cpu(1)).context
    cpu(1)
    """
    return Context("cpu", device_id)


def cpu_pinned(device_id: int = 0) -> Context:
    """The host; memory is not pinned here.

    Raises: `ValueError` for a number that is not an integer from 0 up.

    >>> cpu_pinned()
    cpu_pinned(0)
    """
    return Context("cpu_pinned", device_id)


def gpu(device_id: int = 0) -> Context:
    """A GPU, of the chosen engine or of the first that has one. Making an array there raises where none has.

    Raises: `ValueError` for a number that is not an integer from 0 up.

    >>> gpu(1)
    gpu(1)
    """
    return Context("gpu", device_id)


def current_context() -> Context:
    """The context of the innermost `with` block, else the first device of the chosen engine.

    >>> current_context()
    cpu(0)
    """
    return _ENTERED.get() or _named(registry.get_backend().devices()[0])


def num_gpus() -> int:
    """How many GPUs the chosen engine has; no other is imported for it. `use_backend` and TAPEGRAD_BACKEND choose.

    >>> num_gpus() >= 0
    True
    """
    return sum(name.startswith("gpu") for name in registry.get_backend().devices())


class LabelledKernels(EngineKernels):
    """An engine's kernels under a label: what is computed from arrays of a context stays in that context."""

    def __init__(self, backend: Backend, context: Context) -> None:
        super().__init__(backend)
        self.place = str(context)


@cache
def _labelled(backend: Backend, context: Context) -> LabelledKernels:
    return LabelledKernels(backend, context)


@cache
def _named(device: str) -> Context:
    kind, _, number = device.rstrip(")").partition("(")
    return Context(kind, int(number or 0))


def place(context: Context | None = None) -> tuple[EngineKernels, str | None]:
    """The kernels that make arrays in a context, and the engine's name for its device (None: wherever it likes).

    Raises `BackendUnavailableError` where no engine has such a device, `TypeError` for what is no context.

    >>> kernels, device = place(cpu(0))
    >>> kernels.backend.name, device
    ('numpy', None)
    """
    chosen = registry.get_backend()
    if context is None:
        context = _ENTERED.get()
        if context is None:
            return chosen.kernels, None  # type: ignore[return-value]
    elif not isinstance(context, Context):
        raise ArgumentTypeError(f"ctx is {context!r}; give a context, such as mx.cpu() or mx.gpu(0)")
    device = repr(context)
    devices = chosen.devices()
    if device in devices:
        return chosen.kernels, None if device == devices[0] else device  # type: ignore[return-value]
    if context.device_type != "gpu":
        host = chosen if any(name.startswith("cpu") for name in devices) else registry.get_backend(registry.FALLBACK)
        if device in host.devices():
            return host.kernels, device  # type: ignore[return-value]
        return _labelled(host, context), next(name for name in host.devices() if name.startswith("cpu"))
    reasons = []
    for info in sorted(registry.list_backends()):
        if info.usable and device in info.devices:
            return registry.get_backend(info.name).kernels, device  # type: ignore[return-value]
        reasons.append(f"{info.name}: {info.reason or 'has ' + ', '.join(info.devices)}")
    raise BackendUnavailableError(
        f"no engine here has the device {device}; install one that does, or use mx.cpu() ({'; '.join(reasons)})"
    )


def context_of(x: Array) -> Context:
    """The context in which an array lives.

    >>> from tapegrad import nd
    >>> context_of(nd.ones(1))
    cpu(0)
    """
    xp = engine_of(x)
    return _named(xp.place or device_of(x))
