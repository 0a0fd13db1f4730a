"""The CuPy engine: NumPy's functions on an NVIDIA GPU, or several."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

import tapegrad
from tapegrad.engines.extras import pip_install
from tapegrad.errors import BackendError, BackendUnavailableError

__all__ = ["CupyBackend"]


class CupyBackend(tapegrad.Backend):
    """CuPy: work goes to the current stream of the current device, as all of CuPy does, and waits only when asked.

    Moves (`x.to("gpu(1)")`) find their device by themselves; work on the arrays of another device than the current one
    belongs into `with cupy.cuda.Device(1):`.
    """

    name = "cupy"
    engine = "cupy"
    install = f"{pip_install('cupy12')} for CUDA 12, {pip_install('cupy13')} for CUDA 13"

    def array_types(self) -> tuple[type, ...]:
        self._count()
        return (self.module.ndarray,)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        found: Mapping[str, Callable[..., Any]] = importlib.import_module("tapegrad_cupy.kernels").KERNELS
        return found

    # ---- to and from the host

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        if not copy:
            return raw
        with raw.device:
            return raw.copy()

    def exclusive(self, raw: Any) -> Any:
        return raw if raw.base is None else self.adopt(raw, copy=True)

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        # Not only the copy but the work before it must be done: it is waited for on the array's own device and stream.
        with raw.device:
            found: np.ndarray[Any, Any] = self.module.asnumpy(raw)
        return found

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        if device is None:
            return self.module.array(array, copy=True)
        with self._device(device):
            return self.module.array(array, copy=True)

    def constant(self, scalar: Any, like: Any) -> Any:
        return like.dtype.type(scalar)

    def compile(self, block: Any) -> Sequence[Any]:
        found: Sequence[Any] = importlib.import_module("tapegrad_cupy.native").compile_block(block)
        return found

    # ---- devices

    def _count(self) -> int:
        """How many GPUs there are. Raises `BackendUnavailableError` where there is none, or no driver for it."""
        runtime = self.module.cuda.runtime
        try:
            count = int(runtime.getDeviceCount())
        except Exception as error:
            raise BackendUnavailableError(
                f"backend 'cupy' finds no GPU: {' '.join(str(error).split())}. It needs an NVIDIA GPU and its driver"
            ) from error
        if not count:
            raise BackendUnavailableError("backend 'cupy' finds no GPU: it needs an NVIDIA GPU and its driver")
        return count

    def _device(self, name: str) -> Any:
        known = self.devices()
        if name not in known:
            raise BackendError(f"backend 'cupy' has no device {name}; it has {', '.join(known)}")
        return self.module.cuda.Device(known.index(name))

    @cached_property
    def _names(self) -> list[str]:
        return [f"gpu({number})" for number in range(self._count())]

    def devices(self) -> Sequence[str]:
        return self._names

    def beside(self, like: Any) -> Mapping[str, Any]:
        return {}  # what is made anew is made on the current device

    def device_of(self, raw: Any) -> str:
        return f"gpu({raw.device.id})"

    def to_device(self, raw: Any, device: str) -> Any:
        target = self._device(device)
        if raw.device == target:
            return raw
        with target:
            return self.module.array(raw, copy=True)

    def synchronize(self) -> None:
        for number in range(self._count()):
            self.module.cuda.Device(number).synchronize()


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    register(CupyBackend)
