"""The stand-in for an engine while it is traced: a backend and a kernel table that note what they are asked for."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..engines.backend import Backend
from ..engines.registry import adopt_type
from ..engines.tables import OPS, EngineKernels, Kernels, Signature, Signatures, Spec
from .doors import ACTIVE
from .values import Host, Number, Traced, Value, opened

if TYPE_CHECKING:
    from .trace import Trace


class TracedSignature(Signature):
    """A signature that keeps no constants, so that a traced number may stand for one."""

    __slots__ = ()

    class _None:
        def get(self, number: Any) -> None:
            return None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.scalars = self._None()  # type: ignore[assignment]

    def scalar(self, number: Any, value: Any) -> Any:
        return self.xp.weak(number, value)


class TracedSignatures(Signatures):
    """The signatures of a tracing table."""

    __slots__ = ()
    kind: ClassVar[type[Signature]] = TracedSignature


def _own(name: str) -> Any:
    """What the engine's own backend has of that name."""
    return property(lambda self: getattr(self.original, name))


class TracingBackend(Backend):
    """Stands for an engine's backend while it is traced. There is one for each engine, for all traces."""

    original: Backend
    traced: type[Traced]

    def __init__(self, real: Backend) -> None:
        self.original = real
        self.traced = type(f"Traced_{real.name}", (Traced,), {"__slots__": (), "engine": real})
        self.name = real.name  # type: ignore[misc]
        self.engine = real.engine  # type: ignore[misc]
        self.shares_constants = real.shares_constants  # type: ignore[misc]
        self.layouts = real.layouts  # type: ignore[misc]
        adopt_type(self.traced, self)

    module = _own("module")
    namespace = _own("namespace")
    dtypes = _own("dtypes")
    array_types = _own("array_types")
    version = _own("version")
    devices = _own("devices")
    synchronize = _own("synchronize")
    native_dtype = _own("native_dtype")
    errors = _own("errors")
    all_dtypes = _own("all_dtypes")

    @property
    def kernels(self) -> Kernels:
        trace = ACTIVE.get()
        return self.original.kernels if trace is None else trace.table(self.original.kernels)

    def device_of(self, raw: Any) -> str:
        return self.original.device_of(bare(raw))

    def to_device(self, raw: Any, device: str) -> Any:
        return noted(self.original, "to_device", raw, device)

    def dtype_of(self, raw: Any) -> np.dtype[Any]:
        return self.original.dtype_of(bare(raw))

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        return noted(self.original, "adopt", raw, owned=copy, copy=copy)

    def exclusive(self, raw: Any) -> Any:
        return noted(self.original, "exclusive", raw, owned=True)

    def may_write(self, raw: Any) -> bool:
        return False

    def like(self, raw: Any, spec: Spec) -> Any:
        return noted(self.original, "like", raw, spec)

    def spec(self, raw: Any) -> Spec:
        spec: Spec = self.original.kernels.spec(bare(raw))
        return spec

    def constant(self, scalar: Any, like: Any) -> Any:
        return self.original.constant(scalar, bare(like))

    def to_numpy(self, raw: Any) -> Any:
        if isinstance(raw, Traced):
            return raw.trace.host_step("to_numpy", self.original.to_numpy, (raw,), owned=True)
        return self.original.to_numpy(raw)

    def from_numpy(self, array: Any, *, device: str | None = None) -> Any:
        return noted(self.original, "from_numpy", array, device=device)

    def borrow(self, foreign: Any) -> Any:
        return None if isinstance(foreign, Traced) else self.original.borrow(foreign)


def bare(value: Any) -> Any:
    """The concrete value."""
    return value.value if isinstance(value, Value) else value


def noted(real: Backend, name: str, raw: Any, *args: Any, owned: bool = False, **keywords: Any) -> Any:
    """What a method of a backend gives, as a step of the program where it is of a traced array."""
    method = getattr(real, name)
    if type(raw) is Host or isinstance(raw, Traced):
        return raw.trace.step(name, method, (raw, *args), keywords, owned=owned, fresh=owned, real=real)
    return method(raw, *args, **keywords)


_BACKENDS: dict[Backend, TracingBackend] = {}


def tracing_backend(real: Backend) -> TracingBackend:
    """The one that stands for a backend."""
    found = _BACKENDS.get(real)
    return _BACKENDS.setdefault(real, TracingBackend(real)) if found is None else found


class TracingKernels(EngineKernels):
    """The kernels of an engine for one trace, which notes each call."""

    backend: TracingBackend

    def __init__(self, trace: Trace, kernels: EngineKernels) -> None:
        self._trace = trace
        self._real = kernels
        self.backend = tracing_backend(kernels.backend)
        self.place = kernels.place
        self.engine = self
        self.signatures = TracedSignatures(self)
        self.shares_constants = kernels.shares_constants
        self.levels = {}
        self.complexes = kernels.complexes
        self.inexact = kernels.inexact
        self.layouts = kernels.layouts
        self.spec = self.backend.spec
        self.dtype_of = self.backend.dtype_of
        self.to_numpy = self.backend.to_numpy

    def weak(self, scalar: Any, like: Any) -> Any:
        if type(scalar) is not Number:
            return self._real.weak(scalar, bare(like))
        if self._real.weak(scalar.value, bare(like)) is None:
            return None
        return self._trace.step("weak", self._real.weak, (scalar, like), {})

    def toward(self, target: EngineKernels) -> EngineKernels:
        return self._trace.table(target)

    def number(self, scalar: Any, dtype: np.dtype[Any], device: str | None = None) -> Any:
        if type(scalar) is not Number:
            return self._real.number(scalar, dtype, device)
        given = (scalar, dtype, device)
        return self._trace.step("number", self._real.number, given, {}, fresh=True, real=self._real.backend)

    def find(self, name: str) -> Any:
        kernel = getattr(self._real, name)
        op = OPS.get(name)
        step = self._trace.step
        known = op is not None
        pointwise = known and op.kind.aligns and not op.keywords  # type: ignore[union-attr]
        fresh = known and op.kind.copies  # type: ignore[union-attr]
        checked = not known or op.dynamic  # type: ignore[union-attr]

        def call(*args: Any, **keywords: Any) -> Any:
            return step(name, kernel, args, keywords, fresh=fresh, pointwise=pointwise, checked=checked)

        call.__name__ = name
        if name in _OF_SHAPE:

            def make(*args: Any, **keywords: Any) -> Any:
                met: list[Value] = []
                out = kernel(*opened(args, met), **{k: opened(v, met) for k, v in keywords.items()})
                if prod(out.shape) > 10_000 or any(not isinstance(x, Traced) for x in met):
                    return call(*args, **keywords)
                return self._trace.constant(out, self)

            return make

        return call


_OF_SHAPE = ("ones_like", "zeros_like", "filled")
"""Kernels whose results depend on the shape and dtype of an array alone, and so are constants where they are small."""
