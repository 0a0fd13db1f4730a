"""The JAX engine: eager on `jax.Array`, and traceable, since JAX's tracers are arrays of it as well."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np

import tapegrad
from tapegrad.dtypes import INEXACT, INTEGER
from tapegrad.engines.extras import pip_install
from tapegrad.errors import BackendError, BackendUnavailableError, DtypeError

__all__ = ["JaxBackend", "agree"]

WIDE = {"float64": "float32", "complex128": "complex64"}
"""What JAX has in place of the dtypes that it keeps switched off."""

MEASURED = {
    # Of positive numbers; between the poles below 0 these have zeros, where JAX's reflection cancels.
    "gammaln": 32.0,
    "betaln": 32.0,
    "digamma": 32.0,
    # exp(gammaln), whose error grows with the logarithm.
    "gamma": 180.0,
    "betainc": 100.0,
    "gammainc": 64.0,
    "gammaincc": 64.0,
    "polygamma": 32.0,
    "zeta": 32.0,
    # Polynomials in another arithmetic than SciPy's.
    "erf": 5.0,
    "erfc": 18.0,
    "erfinv": 21.0,
    "i0": 8.0,
    "i0e": 8.0,
    "i1": 10.0,
    "i1e": 10.0,
}
"""How many units in the last place JAX's special functions may be off.

gammaln, digamma and betaln are bounds on what was seen over 1,500 points a range beside mpmath, in float64 and
float32: 24 each, but for betaln near its zeros, where its terms cancel. gamma, erf and kin, and the Bessel functions
are bounds on what was seen over 40,000 points each, in float64 beside SciPy; those of two and three arguments,
polygamma and zeta are looser bounds on what samples showed.
"""


@cache
def _compile_in_one_context() -> None:
    """Give all that JAX lowers from now on one MLIR context, as long as this JAX makes them where it is known to.

    JAX makes one each time, all dialects included, which for an eager op is a quarter of what compiling it takes: of
    the suite's forty thousand, ten minutes. Contexts keep the types that they have met, so a long run grows a little.
    """
    lowering: Any = importlib.import_module("jax._src.interpreters.mlir")
    if hasattr(lowering, "make_ir_context"):
        lowering.make_ir_context = cache(lowering.make_ir_context)


class JaxBackend(tapegrad.Backend):
    """JAX: immutable arrays on any of its devices, sharded or not; none of its global settings is touched, but for
    those that `share_compiled` makes in the suite's own processes.

    While JAX has its 64-bit numbers switched off, float64 and complex128 are refused, and integers are 32 bits wide, on
    the condition that their values fit.
    """

    name = "jax"
    engine = "jax"
    install = pip_install("jax")
    layouts = True
    shares_constants = True  # they are NumPy scalars, which JAX takes to any device and into any trace

    @cached_property
    def module(self) -> Any:
        # While it is imported JAX draws from NumPy's global generator, whose numbers are the program's.
        state = np.random.get_state()
        try:
            return super().module
        finally:
            np.random.set_state(state)

    @cached_property
    def namespace(self) -> Any:
        _ = self.module
        return importlib.import_module("jax.numpy")

    @cached_property
    def _layouts(self) -> Any:
        return importlib.import_module("tapegrad_jax.layouts")

    def array_types(self) -> tuple[type, ...]:
        return (self.module.Array,)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        found: Mapping[str, Callable[..., Any]] = importlib.import_module("tapegrad_jax.kernels").KERNELS
        return found

    def compile(self, block: Any) -> Sequence[Any]:
        steps: Sequence[Any] = importlib.import_module("tapegrad_jax.compiled").compile_block(block)
        return steps

    def tolerance(self, dtype: Any, op: str = "") -> float:
        return MEASURED.get(op, 4.0)

    # ---- dtypes

    def all_dtypes(self) -> contextlib.AbstractContextManager[Any]:
        return self.module.enable_x64(True)  # type: ignore[no-any-return]

    def share_compiled(self, folder: str) -> None:
        jax = self.module
        _compile_in_one_context()
        if jax.config.jax_compilation_cache_dir is not None:
            return  # the user's own choice
        jax.config.update("jax_compilation_cache_dir", folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        # JAX decides at the first array that it compiles for whether there is such a folder.
        importlib.import_module("jax.experimental.compilation_cache.compilation_cache").reset_cache()

    @cached_property
    def dtypes(self) -> Mapping[Any, np.dtype[Any]]:
        return {dtype: dtype for dtype in (np.dtype("bool"), *INTEGER, *INEXACT)}

    def dtype_of(self, raw: Any) -> np.dtype[Any]:
        dtype: np.dtype[Any] = raw.dtype
        return dtype

    def native_dtype(self, dtype: Any) -> Any:
        wanted = np.dtype(dtype)
        if wanted.itemsize < 8 or wanted.name == "complex64" or self.module.config.jax_enable_x64:
            return wanted
        if wanted.name in WIDE:
            raise DtypeError(
                f"JAX has {wanted.name} switched off: set JAX_ENABLE_X64=1, or call "
                f"jax.config.update('jax_enable_x64', True) before the first array; or use {WIDE[wanted.name]}"
            )
        return np.dtype(wanted.name.replace("64", "32"))

    # ---- to and from the host

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        if not self._alone:
            self._processes.join(raw)
        return raw

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        try:
            return np.array(raw)
        except RuntimeError as error:
            if not self._processes.is_spread(raw):
                raise
            raise BackendError(
                f"parts of this array {raw.shape} are on devices of other processes, and cannot be read from this one; "
                "have every process call jax.experimental.multihost_utils.process_allgather(x, tiled=True), "
                "or tapegrad.save()"
            ) from error

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        dtype = self.native_dtype(array.dtype)
        if dtype != array.dtype and array.size:
            limits = np.iinfo(dtype)
            if array.min() < limits.min or array.max() > limits.max:
                raise DtypeError(
                    f"JAX has {array.dtype.name} switched off, and these integers do not fit {dtype.name}: "
                    "set JAX_ENABLE_X64=1, or call jax.config.update('jax_enable_x64', True) before the first array"
                )
        # A copy of the host's, since jnp.array would compile one for every shape. A trace knows its numbers too.
        with self.module.ensure_compile_time_eval():
            raw = self.module.device_put(np.array(array, dtype=dtype))
        return raw if device is None else self.to_device(raw, device)

    # ---- several processes

    @cached_property
    def _processes(self) -> Any:
        return importlib.import_module("tapegrad_jax.processes")

    @cached_property
    def _alone(self) -> bool:
        return bool(self.module.process_count() == 1)

    def parts(self, raw: Any) -> Sequence[tuple[Any, np.ndarray[Any, Any]]] | None:
        found: Sequence[tuple[Any, np.ndarray[Any, Any]]] | None = self._processes.parts(raw)
        return found

    def meet(self, where: str) -> int:
        agree(where, timeout=300)
        return int(self.module.process_index())

    def constant(self, scalar: Any, like: Any) -> Any:
        return np.asarray(scalar, dtype=like.dtype)[()]

    # ---- devices and layouts

    @cached_property
    def _devices(self) -> Mapping[str, Any]:
        """JAX's devices by tapegrad's names, those that arrays go to by default first."""
        jax = self.module
        try:
            found = list(jax.local_devices())
        except RuntimeError as error:
            raise BackendUnavailableError(f"backend 'jax' finds no device: {error}") from error
        if all(device.platform != "cpu" for device in found):
            with contextlib.suppress(RuntimeError):  # JAX_PLATFORMS may leave the host out
                found += jax.local_devices(backend="cpu")
        names: dict[str, Any] = {}
        for device in found:
            kind = device.platform if device.platform in ("cpu", "tpu") else "gpu"
            number = sum(name.startswith(kind) for name in names)
            names[f"{kind}({number})"] = device
        return names

    @cached_property
    def _names(self) -> Mapping[Any, str]:
        return {device: name for name, device in self._devices.items()}

    def devices(self) -> Sequence[str]:
        return list(self._devices)

    def beside(self, like: Any) -> Mapping[str, Any]:
        return {}  # what is made anew goes to any device, and into any trace

    def near(self, like: Any) -> str | None:
        return None

    def device_of(self, raw: Any) -> str:
        jax = self.module
        if isinstance(raw, jax.core.Tracer) or not isinstance(raw, jax.Array):
            return next(iter(self._devices))
        mine = [self._names[device] for device in raw.devices() if device in self._names]
        return min(mine, default=next(iter(self._devices)))

    def to_device(self, raw: Any, device: str) -> Any:
        if device not in self._devices:
            raise BackendUnavailableError(f"JAX has no device {device!r} here; it has {', '.join(self._devices)}")
        return self.module.device_put(raw, self._devices[device])

    def synchronize(self) -> None:
        jax = self.module
        jax.block_until_ready(jax.live_arrays())

    def spec(self, raw: Any) -> tapegrad.Spec:
        return tapegrad.Spec(raw.shape, raw.dtype, self._layouts.layout_of(raw))

    def like(self, raw: Any, spec: tapegrad.Spec) -> Any:
        return self._layouts.laid_out(raw, spec.layout)


def agree(what: Any, timeout: float = 60) -> None:
    """Make sure that all processes hold the like: pytrees of arrays, meshes and plain values.

    Each process calls it at the same place of its program, such as before the first step: a mesh whose devices come in
    another order, or an array laid out in another way, would make a program that waits for the others for ever. One
    process alone agrees with itself.

    Shapes, dtypes: any; they, the layouts and the meshes are compared, and not the numbers.

    Raises: `BackendError` if the processes differ, saying in what, or if one does not come here in `timeout` seconds.

    >>> import jax.numpy as jnp
    >>> agree({"w": jnp.ones(3)})
    """
    importlib.import_module("tapegrad_jax.processes").agree(what, timeout)


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    register(JaxBackend)
