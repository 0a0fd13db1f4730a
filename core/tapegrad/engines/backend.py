"""What an engine says of itself. A plug-in subclasses `Backend` once; all it must give is `name` and `engine`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from .. import dtypes
from ..errors import BackendUnavailableError, DtypeError, ShapeError
from .extras import PROJECT
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
    classes: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """The accuracy classes of ops that this engine rounds in its own way, such as `"sqrt": ("I1", reason)`."""
    lacks: ClassVar[Mapping[str, str]] = {}
    """What this engine has in name only, each with the reason: dtypes, which are then refused, and functions of the
    standard (`linalg.qr`), which the host then computes."""
    lazy: ClassVar[bool] = False
    """Whether numbers are computed only when they are looked at: then bodies check no index against its bounds."""
    shares_constants: ClassVar[bool] = False
    """Whether one 0-d array may serve for every scalar of its value and dtype (not so where devices differ)."""
    adds_in_place: ClassVar[bool] = False
    """Whether `add_into` works, so that cotangents of many parts of an array are added up in one buffer."""
    machine_code: ClassVar[bool] = False
    """Whether `compile` makes machine code of small steps, which then cost so little that some may be in vain."""
    layouts: ClassVar[bool] = False
    """Whether arrays have layouts, such as shardings, into which `like` is to bring their gradients."""
    original: Backend | None = None
    """Of the one that notes what it is asked for while a program is traced: the backend whose work that is."""

    def __repr__(self) -> str:
        return f"<backend {self.name!r}, on {self.engine}>"

    @cached_property
    def module(self) -> Any:
        """The engine's module, imported now. Raises `BackendUnavailableError` with the remedy."""
        try:
            return importlib.import_module(self.engine)
        except ImportError as error:
            parent, _, name = self.engine.rpartition(".")
            try:  # it may be no module of its own, but what its parent makes when it is asked for
                return getattr(importlib.import_module(parent), name)
            except (ImportError, AttributeError, ValueError):
                pass
            remedy = self.install or f"pip install {self.engine.partition('.')[0]}"
            raise BackendUnavailableError(f"backend {self.name!r} needs {self.engine!r}: {remedy}") from error

    @cached_property
    def namespace(self) -> Any:
        """The functions of the array API standard over the engine's arrays; array-api-compat closes the gaps."""
        module = self.module
        compat = f"array_api_compat.{self.engine}"
        try:
            return importlib.import_module(compat)
        except ModuleNotFoundError as error:
            if not compat.startswith(f"{error.name}.") and compat != error.name:
                raise  # it knows the engine, and something that it needs is missing
            return module

    @cached_property
    def kernels(self) -> Kernels:
        """The kernel table `xp` of this engine."""
        return EngineKernels(self)

    def array_types(self) -> tuple[type, ...]:
        """The types of the engine's arrays."""
        return (type(Backend.from_numpy(self, np.zeros(1, self.trial_dtype))),)

    def refusal(self, array_type: type) -> str | None:
        """Why an array type that is built upon one of the engine's means something else, and what to do; else None."""
        return None

    def version(self) -> str:
        """The engine's version, or an empty string."""
        root = importlib.import_module(self.engine.partition(".")[0])
        return str(getattr(self.module, "__version__", "") or getattr(root, "__version__", ""))

    @cached_property
    def defers(self) -> bool:
        """Whether its arrays leave an operator to an operand that they do not know, as Python's protocol has it."""

        class Unknown:
            __array_ufunc__ = None

            def __rmatmul__(self, other: Any) -> Any:
                return self

            __radd__ = __rmatmul__

        try:
            sample, unknown = self.from_numpy(np.zeros((1, 1), self.trial_dtype)), Unknown()
            return (sample + unknown) is unknown and (sample @ unknown) is unknown
        except Exception:  # whatever the engine raises instead
            return False

    # ---- devices

    @cached_property
    def native_devices(self) -> Mapping[str, Any]:
        """The engine's own device objects by tapegrad's names, as the standard's `__array_namespace_info__` lists them.

        Empty where the engine says nothing of devices; its arrays are then all on `cpu(0)`.
        """
        try:
            listed = list(self.namespace.__array_namespace_info__().devices())
        except (AttributeError, NotImplementedError, TypeError):
            return {}
        found: dict[str, Any] = {}
        for device in listed:
            kind = "gpu" if any(word in str(device).lower() for word in ("gpu", "cuda", "mps", "xpu")) else "cpu"
            if device is not None and device not in found.values() and str(device) != "meta":  # which holds no numbers
                found[f"{kind}({sum(name.startswith(kind) for name in found)})"] = device
        return found

    def devices(self) -> Sequence[str]:
        """The devices that arrays can live on, in tapegrad's names: `cpu(0)`, `gpu(0)`, …"""
        return list(self.native_devices) or ["cpu(0)"]

    def device_name(self, native: Any) -> str:
        """tapegrad's name of one of the engine's own device objects."""
        return next((name for name, device in self.native_devices.items() if device == native), "cpu(0)")

    def device_of(self, raw: Any) -> str:
        """The name of the device on which `raw` lives; the first, where an array does not say on which."""
        native = getattr(raw, "device", None)
        return self.devices()[0] if native is None else self.device_name(native)

    def to_device(self, raw: Any, device: str) -> Any:
        """`raw` on the device of that name; `raw` itself, where arrays do not say on which they are."""
        native, where = self.native_devices.get(device), getattr(raw, "device", None)
        if native is None or where is None or where == native:
            return raw
        move = getattr(raw, "to_device", None)
        return importlib.import_module("array_api_compat").to_device(raw, native) if move is None else move(native)

    def beside(self, like: Any) -> Mapping[str, Any]:
        """The keywords that make the engine's creation functions put an array where `like` is."""
        try:
            return {"device": like.device}
        except AttributeError:
            return {}

    def near(self, like: Any) -> str | None:
        """The device on which numbers of the host are to stand beside `like`; None: where the engine puts them."""
        return self.device_of(like) if self.has_several_devices else None

    @cached_property
    def has_several_devices(self) -> bool:
        """Whether arrays may lie on one device or another."""
        return len(self.devices()) > 1

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
            native = None if dtype.name in self.lacks else self._named(dtype.name)
            if native is not None:
                found[native] = dtype
                # Only where the engine speaks NumPy's dtypes: others hash alike, and warn or lie when compared.
                if isinstance(native, (type, np.dtype)):
                    found[dtype] = dtype
        return found

    @property
    def trial_dtype(self) -> np.dtype[Any]:
        """The dtype of the small arrays on which an engine is tried: single precision, unless it has only double."""
        single, double = np.dtype("float32"), np.dtype("float64")
        return double if double in self.dtypes.values() and single not in self.dtypes.values() else single

    def dtype_of(self, raw: Any) -> np.dtype[Any]:
        """tapegrad's dtype of an array of the engine."""
        dtype = raw.dtype
        if isinstance(dtype, np.dtype):
            return dtype
        try:
            return self.dtypes[dtype]
        except KeyError:
            if reason := next((why for name, why in self.lacks.items() if dtype == self._named(name)), ""):
                raise DtypeError(f"backend {self.name!r} takes no arrays of {dtype!r}: {reason}") from None
            raise DtypeError(
                f"backend {self.name!r} has arrays of {dtype!r}, which is no dtype of tapegrad's; "
                "convert them first, or, if it is one, let the plug-in's `dtypes` say which"
            ) from None

    def _named(self, name: str) -> Any:
        """The dtype object of the namespace under the standard's name, or under that with an underscore, or None."""
        native = getattr(self.namespace, name, None)
        return getattr(self.namespace, f"{name}_", None) if native is None else native

    @property
    def translates_dtypes(self) -> bool:
        """Whether the engine's functions take dtype objects other than ours."""
        particular = type(self).native_dtype is not Backend.native_dtype
        return particular or any(not isinstance(dtype, (type, np.dtype)) for dtype in self.dtypes)

    def native_dtype(self, dtype: Any) -> Any:
        """The engine's own object for a dtype. Raises `DtypeError` where the engine has none."""
        name = dtypes.to_dtype(dtype).name
        native = None if name in self.lacks else self._named(name)
        if native is None:
            reason = f", since {self.lacks[name]}" if name in self.lacks else ""
            error = DtypeError(f"backend {self.name!r} has no dtype {name}{reason}; choose another with astype")
            error.lacking = name
            raise error
        return native

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        """`raw` as a value of ours; with `copy`, one that nobody else can write to."""
        if None in raw.shape:
            raise ShapeError(f"an array of shape {tuple(raw.shape)} has axes of unknown length; give each its length")
        return self.namespace.asarray(raw, copy=True) if copy else raw

    def add_into(self, buffer: Any, key: tuple[Any, ...], part: Any) -> bool:
        """Add `part` in place to what a key of ints and slices picks of a `buffer`; False where that cannot be done."""
        return False

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

    def is_within(self, part: Any, raw: Any) -> bool:
        """Whether `part`, made of `raw` by a key, a reshape or a permutation, certainly shares its memory."""
        return False

    def like(self, raw: Any, spec: Spec) -> Any:
        """A gradient in the layout of the input that `spec` tells of; asked of engines with `layouts` only."""
        return raw

    def spec(self, raw: Any) -> Spec:
        """Shape and dtype of `raw`, and on an engine with `layouts` its layout."""
        return Spec(tuple(raw.shape), raw.dtype)

    def constant(self, scalar: Any, like: Any) -> Any:
        """A Python scalar as a 0-d array of the dtype and device of `like`."""
        return self.namespace.asarray(scalar, dtype=like.dtype, **self.beside(like))

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        """A copy of `raw` on the host, writeable: by DLPack, `numpy.asarray`, or else number by number."""
        try:
            return np.array(np.from_dlpack(raw))
        except (TypeError, AttributeError, BufferError, RuntimeError):
            pass
        shape, dtype = tuple(raw.shape), self.dtype_of(raw)
        try:
            whole = np.array(raw)
        except Exception:  # whatever the engine's arrays say to being asked for what they have not
            whole = np.empty((), object)
        if whole.dtype == dtype and whole.shape == shape:
            return whole
        found = np.empty(shape, dtype)
        kind = {"b": bool, "c": complex, "f": float}.get(dtype.kind, int)
        for place in np.ndindex(shape):
            found[place] = kind(raw[place]) if place else kind(raw)
        return found

    def parts(self, raw: Any) -> Sequence[tuple[Any, np.ndarray[Any, Any]]] | None:
        """Of an array that processes hold together, what this one is to write of it, with the keys where it lies.

        None of an array that is all here, of which the first process writes its own.
        """
        return None

    def meet(self, where: str) -> int:
        """Wait until all processes have come here; the number of this one.

        Raises `BackendError` where one does not come, or comes with another word than `where`.
        """
        return 0

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        """`array` as one of the engine's, on the device of that name; the copy is the engine's own."""
        if not array.flags.forc:
            array = array.copy(order="C")  # not every engine takes strides that are negative
        raw = self.namespace.asarray(array, dtype=self.native_dtype(array.dtype), copy=True)
        return raw if device is None else self.to_device(raw, device)

    def compile(self, block: Any) -> Sequence[Any]:
        """The steps of a stretch of a compiled program, or others that give the same results.

        `block` is a `tapegrad.compile.program.Block`: calls of this engine's kernels, in order. An engine that can do
        better than to make them one by one gives steps of its own making; see docs/compile.md.
        """
        return block.steps  # type: ignore[no-any-return]

    def missing(self) -> Sequence[str]:
        """The functions of the standard that ops are and the engine lacks, such as `linalg.qr`: the host computes them.

        `tapegrad conformance NAME --missing` lists them with the ops that suffer.
        """
        from .standard import host_function
        from .tables import OPS

        kernels = self.kernels
        paths = {
            op.path or (name,)
            for name, op in OPS.items()
            if op.primitive and name not in kernels.fused and op.module.partition(".")[0] == PROJECT
            if op.path or name in op.body.__code__.co_names
        }
        return sorted(".".join(path) for path in paths if host_function(path) and kernels.standard.lookup(path) is None)

    def errors(self) -> Mapping[type[BaseException], type[Exception]]:
        """What the engine's own types of errors are in those of `tapegrad.errors`, by which users know them.

        An error of another type is told by its words, as `ValueError` is.
        """
        return {}

    def borrow(self, foreign: Any) -> Any:
        """An array of another engine as one of this, in the same memory; None where that cannot be.

        Say it only if nothing of this engine writes to such an array, and `exclusive` makes a copy of it.
        """
        return None

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
