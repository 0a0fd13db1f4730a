"""The PyTorch engine: tensors on the CPU, on CUDA and on Apple's GPUs, outside of PyTorch's own tape."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

import tapegrad
from tapegrad.dtypes import to_dtype
from tapegrad.engines.extras import pip_install
from tapegrad.errors import ArgumentTypeError, BackendError, DtypeError
from tapegrad.settings import Setting

__all__ = ["TorchBackend", "detaching"]

_DETACHES: Setting[bool] = Setting("tapegrad_torch_detaches", False)

_KINDS = {"cpu": "cpu", "cuda": "gpu", "mps": "gpu", "xpu": "gpu"}
"""tapegrad's words for PyTorch's types of devices."""

_ONE_UNIT = "PyTorch's vectorised square root is off by one unit in the last place at some numbers"


_WIDER = "PyTorch multiplies half precision by a number of Python in single precision"


def detaching() -> AbstractContextManager[None]:
    """Within it, tensors that require grad come in as the numbers they hold; PyTorch's own tape does not go on.

    Raises: nothing; outside of it such a tensor is an `ArgumentTypeError`.

        with tapegrad_torch.detaching():
            tapegrad.grad(loss)(model.weight)
    """
    return _DETACHES.hold(True)


class TorchBackend(tapegrad.Backend):
    """PyTorch: work goes to the current stream of a tensor's own device, and waits only when asked.

    PyTorch's tape and tapegrad's are two. A tensor that requires grad is refused, since what is computed from it would
    be recorded twice and freed by neither: pass `x.detach()`, or ask for that with `detaching()`.
    """

    name = "torch"
    engine = "torch"
    install = pip_install("torch")
    shares_constants = True  # numbers of no axes on the CPU, which PyTorch takes to any device
    classes: ClassVar[Mapping[str, tuple[str, str]]] = {
        "sqrt": ("I1", _ONE_UNIT),
        "negative": ("I0 real", "PyTorch gives zeros in complex numbers one sign or the other, by how many there are"),
        **dict.fromkeys(("degrees", "radians", "leaky_relu", "hard_sigmoid"), ("I0 wide", _WIDER)),
    }

    def array_types(self) -> tuple[type, ...]:
        return (self.module.Tensor,)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        found: Mapping[str, Callable[..., Any]] = importlib.import_module("tapegrad_torch.kernels").KERNELS
        return found

    def errors(self) -> Mapping[type[BaseException], type[Exception]]:
        return {self.module.linalg.LinAlgError: tapegrad.errors.LinAlgError}

    # ---- dtypes

    @cached_property
    def _natives(self) -> Mapping[Any, Any]:
        return {dtype: native for native, dtype in self.dtypes.items() if not isinstance(native, (type, np.dtype))}

    def dtype_of(self, raw: Any) -> np.dtype[Any]:
        try:
            return self.dtypes[raw.dtype]
        except KeyError:
            raise DtypeError(
                f"backend 'torch' has tensors of {raw.dtype}, which NumPy has not got; convert them with x.float()"
            ) from None

    def native_dtype(self, dtype: Any) -> Any:
        native = self._natives.get(dtype)
        return self._natives[to_dtype(dtype)] if native is None else native

    # ---- in and out

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        if raw.requires_grad:
            if not _DETACHES.get():
                raise ArgumentTypeError(
                    f"a tensor of shape {tuple(raw.shape)} that requires grad is on PyTorch's own tape; "
                    "pass x.detach(), or use `with tapegrad_torch.detaching():`"
                )
            raw = raw.detach()
        self.dtype_of(raw)  # raises where tapegrad has no such dtype
        return raw.clone() if copy else raw

    def exclusive(self, raw: Any) -> Any:
        # Memory that PyTorch has not got from itself cannot be made larger: it is another engine's.
        return raw.clone() if raw._is_view() or not raw.untyped_storage().resizable() else raw

    def borrow(self, foreign: Any) -> Any:
        try:
            if not isinstance(foreign, np.ndarray) and foreign.__dlpack_device__()[0] == 1:
                foreign = np.from_dlpack(foreign)  # whose strides can be looked at
            if min(getattr(foreign, "strides", None) or (0,)) < 0:
                return None  # PyTorch has no steps backwards
            return self.module.from_dlpack(foreign)
        except (AttributeError, BufferError, RuntimeError, TypeError, ValueError):
            return None

    def constant(self, scalar: Any, like: Any) -> Any:
        return self.module.tensor(scalar, dtype=like.dtype)

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        return np.array(raw.detach().resolve_conj().resolve_neg().cpu().numpy())

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        raw = self.module.tensor(np.asarray(array, order="C"), dtype=self.native_dtype(array.dtype))
        return raw if device is None else self.to_device(raw, device)

    # ---- devices

    @cached_property
    def native_devices(self) -> Mapping[str, Any]:
        torch = self.module
        found = {"cpu(0)": torch.device("cpu")}
        if torch.cuda.is_available():
            found |= {f"gpu({number})": torch.device("cuda", number) for number in range(torch.cuda.device_count())}
        elif torch.backends.mps.is_available():
            found["gpu(0)"] = torch.device("mps", 0)
        return found

    def devices(self) -> Sequence[str]:
        return list(self.native_devices)

    def device_of(self, raw: Any) -> str:
        device = raw.device
        return f"{_KINDS.get(device.type, device.type)}({device.index or 0})"

    def to_device(self, raw: Any, device: str) -> Any:
        native = self.native_devices.get(device)
        if native is None:
            raise BackendError(f"backend 'torch' has no device {device}; it has {', '.join(self.native_devices)}")
        return raw.to(native)

    def synchronize(self) -> None:
        torch = self.module
        if torch.cuda.is_available():
            for number in range(torch.cuda.device_count()):
                torch.cuda.synchronize(number)
        elif torch.backends.mps.is_available():
            torch.mps.synchronize()


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    register(TorchBackend)
