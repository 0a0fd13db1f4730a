"""An engine's namespace as the bodies of primitives see it, with what it lacks computed on the host.

A body that calls the function of its own name is a primitive: it says in which words the standard has it. Dtypes of
ours are translated on the way in, keywords that only repeat the standard's defaults are left out where the engine does
not know them, and a function that the engine has not got is the host's, on copies.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes

if TYPE_CHECKING:
    from .backend import Backend
    from .tables import EngineKernels

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "argsort": {"descending": False, "stable": True},
    "cumulative_prod": {"include_initial": False},
    "cumulative_sum": {"include_initial": False},
    "linalg.pinv": {"rtol": None},
    "linalg.qr": {"mode": "reduced"},
    "linalg.svd": {"full_matrices": True},
    "searchsorted": {"side": "left", "sorter": None},
    "sort": {"descending": False, "stable": True},
}
"""Keywords that bodies say although they are the standard's defaults, as some engines know the defaults alone."""

OPTIONAL = frozenset(("nonzero", "repeat", "unique_all", "unique_counts", "unique_inverse", "unique_values", *DEFAULTS))
"""What a namespace may have and still not be able to do: functions of data-dependent shapes, and keywords."""

PLACES = ("argmax", "argmin", "argsort", "count_nonzero", "searchsorted")
"""What gives places or counts. Some engines take other integers for them than the standard, even unsigned ones."""

SPACES = ("linalg", "fft")
"""The extensions of the standard, which are namespaces of their own."""

DTYPE_NAMES = frozenset(dtype.name for dtype in dtypes.ALL)


class Standard:
    """The functions of the standard over the arrays of one engine, an attribute each; other names are kernels."""

    def __init__(self, kernels: EngineKernels, space: Any, path: tuple[str, ...] = ()) -> None:
        self._kernels = kernels
        self._space = space
        self._path = path
        self._foreign = kernels.backend.translates_dtypes
        self.beside = kernels.backend.beside
        self.lazy = kernels.backend.lazy

    def lookup(self, path: tuple[str, ...]) -> Any:
        """The engine's own function at a path like ("linalg", "qr"), or None."""
        space = self._space
        for part in path:
            space = getattr(space, part, None)
        return None if ".".join((*self._path, *path)) in self._kernels.backend.lacks else space

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = self._find(name)
        setattr(self, name, found)
        return found

    def _find(self, name: str) -> Any:
        found = self.lookup((name,))
        if not self._path:
            if name in SPACES and not callable(found):
                return Standard(self._kernels, found, (name,))
            if name in DTYPE_NAMES and self._foreign:
                return self._kernels.backend.native_dtype(name)
        path = (*self._path, name)
        if found is None:
            return self._kernels.on_host(path) if self._is_missing(path) else getattr(self._kernels, name)
        if not callable(found) or isinstance(found, type):
            return found
        if self._foreign:
            found = partial(self._translated, found)
        if self._path or name in OPTIONAL:
            found = partial(self._leniently, path, found)
        return partial(self._as_places, found) if self._foreign and name in PLACES else found

    def _is_missing(self, path: tuple[str, ...]) -> bool:
        """Whether a name that the namespace lacks is a function of the standard, and not a kernel that is a body."""
        kernels, name = self._kernels, path[-1]
        known = name in kernels.fused or hasattr(type(kernels), name)
        return not known and host_function(path) is not None and kernels.is_own(path)

    def _translated(self, function: Any, *args: Any, **keywords: Any) -> Any:
        native = self._kernels.backend.native_dtype
        positional = [native(a) if isinstance(a, np.dtype) else a for a in args]
        named = {k: native(v) if isinstance(v, np.dtype) else v for k, v in keywords.items()}
        return function(*positional, **named)

    def _as_places(self, function: Any, *args: Any, **keywords: Any) -> Any:
        found = function(*args, **keywords)
        wanted = self._kernels.backend.native_dtype("int64")
        return found if found.dtype == wanted else self.astype(found, wanted)

    def _leniently(self, path: tuple[str, ...], function: Any, *args: Any, **keywords: Any) -> Any:
        """Call `function`; without the keywords that say nothing, or on the host, where the engine cannot as asked."""
        try:
            return function(*args, **keywords)
        except NotImplementedError:
            return self._kernels.on_host(path)(*args, **keywords)
        except Exception as error:
            defaults = DEFAULTS.get(".".join(path), {})
            fewer = {k: v for k, v in keywords.items() if k not in defaults or not _is_same(v, defaults[k])}
            failure = error
            if len(fewer) < len(keywords):
                try:
                    return function(*args, **fewer)
                except Exception as again:
                    failure = again
            if isinstance(failure, TypeError) and defaults.keys() & fewer.keys():
                return self._kernels.on_host(path)(*args, **keywords)
            if self._path and any(getattr(a, "dtype", None) in self._kernels.complexes for a in args):
                return self._kernels.on_host(path)(*args, **keywords)  # some linear algebra is of real numbers alone
            raise failure from None


def _is_same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, (bool, str)) and value == default)


@cache
def host_function(path: tuple[str, ...]) -> Callable[..., Any] | None:
    """The standard's function of that path on host arrays, or None."""
    found: Any = importlib.import_module("array_api_compat.numpy")
    for part in path:
        found = getattr(found, part, None)
    return found if callable(found) and not isinstance(found, type) else None


def on_host(backend: Backend, path: tuple[str, ...]) -> Callable[..., Any]:
    """A function of the standard that an engine lacks: NumPy's, of copies on the host, with results of the engine."""
    function = host_function(path)
    assert function is not None
    types = backend.array_types()
    ours = backend.dtypes

    def compute(*args: Any, **keywords: Any) -> Any:
        beside: list[Any] = []

        def fetched(value: Any) -> Any:
            if isinstance(value, types):
                beside.append(value)
                return backend.to_numpy(value)
            if value.__class__ is tuple or value.__class__ is list:
                return value.__class__(map(fetched, value))
            try:
                return ours.get(value, value)
            except TypeError:  # what has no hash is no dtype
                return value

        def brought(value: Any) -> Any:
            if isinstance(value, (tuple, list)):
                return tuple(map(brought, value))
            where = device if device is not None else backend.near(beside[0]) if beside else None
            return backend.from_numpy(np.asarray(value), device=where)

        native = keywords.pop("device", None)
        device = None if native is None else backend.device_name(native)
        with np.errstate(all="ignore"):
            return brought(function(*map(fetched, args), **{name: fetched(v) for name, v in keywords.items()}))

    compute.__name__ = compute.__qualname__ = f"{'.'.join(path)} on the host"
    return compute
