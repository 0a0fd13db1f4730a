"""What an engine says of itself. A plug-in subclasses `Backend` once; all it must give is `name` and `engine`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .. import dtypes
from ..errors import BackendUnavailableError, DtypeError
from .tables import EngineKernels, Kernels, Spec


class Backend:
    """An array engine: where its functions are, and what it does differently from the array API standard.

    The smallest complete one names itself and its module::

        class StrictBackend(tapegrad.Backend):
            name = "strict"
            engine = "array_api_strict"

    It is complete because the standard supplies the primitives and the bodies of the ops supply the rest. Everything
    else is an improvement that an engine may make; each method says what it is for.

    Shapes: as the engine's; a raw array has at least `shape`, `dtype` and `ndim`.

    Dtypes: `dtype_of` and `native_dtype` translate between the engine's own objects and ours, which are NumPy's.

    Raises: `BackendUnavailableError` where the engine is not installed, `DtypeError` where it has no such dtype.

    >>> import numpy
    >>> from tapegrad import get_backend
    >>> backend = get_backend("numpy")
    >>> backend.dtype_of(numpy.zeros(2)), backend.device_of(numpy.zeros(2)), backend.devices()
    (dtype('float64'), 'cpu(0)', ['cpu(0)'])
    """

    name: ClassVar[str]
    engine: ClassVar[str]
    install: ClassVar[str] = ""
    xfails: ClassVar[Mapping[str, str]] = {}
    """Samples of the conformance suite that are expected to fail, by id (`conv2d-1`), each with its reason."""
    shares_constants: ClassVar[bool] = False
    """Whether one 0-d array may serve for every scalar of its value and dtype (not so where devices differ)."""
    layouts: ClassVar[bool] = False
    """Whether arrays have layouts, such as shardings, into which `like` is to bring their gradients."""

    @cached_property
    def module(self) -> Any:
        """The engine's module, imported now. Raises `BackendUnavailableError` with the remedy."""
        try:
            return importlib.import_module(self.engine)
        except ImportError as error:
            remedy = self.install or f"pip install {self.engine}"
            raise BackendUnavailableError(f"backend {self.name!r} needs {self.engine!r}: {remedy}") from error

    @cached_property
    def namespace(self) -> Any:
        """The functions of the array API standard over the engine's arrays; array-api-compat closes the gaps."""
        module = self.module
        compat = f"array_api_compat.{self.engine}"
        return importlib.import_module(compat) if importlib.util.find_spec(compat) else module

    @cached_property
    def kernels(self) -> Kernels:
        """The kernel table `xp` of this engine."""
        return EngineKernels(self)

    def array_types(self) -> tuple[type, ...]:
        """The types of the engine's arrays."""
        return (type(self.namespace.zeros(1)),)

    def refusal(self, array_type: type) -> str | None:
        """Why an array type that is built upon one of the engine's means something else, and what to do; else None."""
        return None

    def version(self) -> str:
        """The engine's version, or an empty string."""
        return str(getattr(self.module, "__version__", ""))

    def devices(self) -> Sequence[str]:
        """The devices that arrays can live on, in tapegrad's names: `cpu(0)`, `gpu(0)`, …"""
        return ["cpu(0)"]

    def device_of(self, raw: Any) -> str:
        """The name of the device on which `raw` lives."""
        return "cpu(0)"

    def to_device(self, raw: Any, device: str) -> Any:
        """`raw` on the device of that name."""
        return raw

    def synchronize(self) -> None:
        """Wait until all work that was handed to the engine is done."""

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        """Kernels by op name, for the ops that this engine does better than their bodies would.

        A kernel is called as the op is: raw arrays positional, the rest by keyword.
        """
        return {}

    @cached_property
    def dtypes(self) -> Mapping[Any, np.dtype[Any]]:
        """tapegrad's dtype for each dtype object of the engine."""
        found: dict[Any, np.dtype[Any]] = {}
        for dtype in dtypes.ALL:
            native = getattr(self.namespace, dtype.name, None)
            if native is not None:
                found[native] = dtype
                # Only where the engine speaks NumPy's dtypes: others hash alike, and warn or lie when compared.
                if isinstance(native, (type, np.dtype)):
                    found[dtype] = dtype
        return found

    def dtype_of(self, raw: Any) -> np.dtype[Any]:
        """tapegrad's dtype of an array of the engine."""
        dtype = raw.dtype
        return dtype if isinstance(dtype, np.dtype) else self.dtypes[dtype]

    @property
    def translates_dtypes(self) -> bool:
        """Whether the engine's functions take dtype objects other than ours."""
        particular = type(self).native_dtype is not Backend.native_dtype
        return particular or any(not isinstance(dtype, (type, np.dtype)) for dtype in self.dtypes)

    def native_dtype(self, dtype: Any) -> Any:
        """The engine's own object for a dtype. Raises `DtypeError` where the engine has none."""
        dtype = dtypes.to_dtype(dtype)
        native = getattr(self.namespace, dtype.name, None)
        if native is None:
            raise DtypeError(f"backend {self.name!r} has no dtype {dtype.name}; choose another with astype")
        return native

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        """`raw` as a value of ours; with `copy`, one that nobody else can write to."""
        return self.namespace.asarray(raw, copy=True) if copy else raw

    def lock(self, raw: Any) -> Callable[[], None] | None:
        """Keep `raw` from being written to, for a transform that reads it without a copy until it is over.

        Returns what unlocks it; None where a copy is cheaper, or there is no such lock.
        """
        return None

    def exclusive(self, raw: Any) -> Any:
        """`raw`, or a copy of it if somebody else may hold the same memory; immutable arrays need none."""
        return self.adopt(raw, copy=True)

    def may_write(self, raw: Any) -> bool:
        """Whether `raw` is certainly shared with nobody, so that an in-place write may reuse its buffer."""
        return False

    def like(self, raw: Any, spec: Spec) -> Any:
        """A gradient in the layout of the input that `spec` tells of; asked of engines with `layouts` only."""
        return raw

    def spec(self, raw: Any) -> Spec:
        """Shape, dtype and layout of `raw`."""
        return Spec(tuple(raw.shape), raw.dtype)

    def constant(self, scalar: Any, like: Any) -> Any:
        """A Python scalar as a 0-d array of the dtype and device of `like`."""
        return self.namespace.asarray(scalar, dtype=like.dtype)

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        """A copy of `raw` on the host, writeable."""
        try:
            return np.array(np.from_dlpack(raw))
        except (TypeError, AttributeError, BufferError, RuntimeError):
            return np.array(raw)

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        """`array` as one of the engine's, on the device of that name; the copy is the engine's own."""
        raw = self.namespace.asarray(array, dtype=self.native_dtype(array.dtype), copy=True)
        return raw if device is None else self.to_device(raw, device)

    def all_dtypes(self) -> AbstractContextManager[Any]:
        """A context in which all dtypes of the engine can be had, for the suite; some engines hide a few."""
        return nullcontext()

    def share_compiled(self, folder: str) -> None:
        """From now on keep in `folder` what the engine compiles, and look there first, so that the processes of one run
        of the suite do not compile the same things twice. An engine may do here whatever else makes its compiling
        cheaper and changes no number; one that compiles nothing has nothing to do.
        """

    def tolerance(self, dtype: Any, op: str = "") -> float:
        """How many ulps the engine may be off the correctly rounded value of an elementary or special function.

        4 is what the suite asks of every engine; say more for single ops, by name, and only as measured.
        """
        return 4.0
