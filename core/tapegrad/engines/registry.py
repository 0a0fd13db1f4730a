"""Who is there: which engines are declared, which of them work, whose array this is, and which one is the default.

Engines come in by entry points of the group `tapegrad.backends`, ours by the same door as a stranger's. A plug-in is
imported when somebody asks for it, or for arrays that might be its own; its engine is imported later still. Whatever a
plug-in does wrong is kept with it: it is one line of `tapegrad backends`, the cause of the error that whoever asks for
it gets, and nobody else's business.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import Context
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from ..errors import ArgumentTypeError, BackendError, BackendUnavailableError, UnknownArrayError, UnknownBackendError
from ..settings import Setting
from ..tape.tracebacks import door
from .backend import Backend
from .extras import PROJECT

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "tapegrad.backends"

FALLBACK = "numpy"  # the engine of the host's own arrays: the default where nobody has chosen another


class BackendInfo(NamedTuple):
    """One line of `tapegrad backends`: a declared engine, and whether it can be used here.

    `reason` says why it cannot, in one line; `version` and `devices` are the engine's own words for itself.
    `on_the_host` names the functions of the standard that the engine lacks, which are computed on copies on the host.

    >>> from tapegrad import list_backends
    >>> (numpy,) = [info for info in list_backends() if info.name == "numpy"]
    >>> numpy.usable, numpy.devices, numpy.distribution, numpy.reason
    (True, ('cpu(0)',), 'tapegrad', None)
    """

    name: str
    usable: bool
    version: str | None
    devices: tuple[str, ...]
    distribution: str
    reason: str | None
    is_default: bool
    on_the_host: tuple[str, ...] = ()


class BackendList(list[BackendInfo]):
    """What `list_backends()` gives, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        from html import escape

        said = [
            ["" if cell is None else ", ".join(cell) if isinstance(cell, tuple) else str(cell) for cell in info]
            for info in self
        ]
        rows = "".join("<tr><td>" + "</td><td>".join(map(escape, row)) + "</td></tr>" for row in said)
        return f"<table><tr><th>{'</th><th>'.join(BackendInfo._fields)}</th></tr>{rows}</table>"


class _Plugin:
    """A declared entry point and what became of it."""

    def __init__(self, entry_point: EntryPoint) -> None:
        self.entry_point = entry_point
        self.name = entry_point.name
        self.distribution = entry_point.dist.name if entry_point.dist else "an unnamed distribution"
        self.blocked = False
        self.loaded = False
        self.backends: dict[str, type[Backend]] = {}
        self.error: BackendError | None = None

    def __str__(self) -> str:
        return f"plug-in {self.name!r} of {self.distribution}"


class Registry:
    """The engines that `declared()` finds, loaded one by one as they are asked for.

    The library uses the one instance behind this module's functions; a test makes its own, from entry points and an
    environment of its own.
    """

    def __init__(self, declared: Callable[[], Iterable[EntryPoint]], environ: Mapping[str, str]) -> None:
        self._declared = declared
        self._disabled = environ.get("TAPEGRAD_DISABLE_PLUGINS", "")
        self._chosen = environ.get("TAPEGRAD_BACKEND", "")
        self._default: str | None = None
        self._local: Setting[tuple[str | None, str | None]] = Setting("tapegrad_backend", (None, None))
        self._lock = threading.RLock()
        self._live: dict[str, Backend] = {}
        self._claims: dict[str, tuple[type, ...]] = {}
        self._types: dict[type, Backend] = {}
        self._several = False

    # ---- names

    def default_name(self) -> str:
        """The name of the backend that new arrays go to: this context's, else the process's."""
        return self._local.get()[0] or self._default or self._chosen or FALLBACK

    def get(self, name: str | Backend | None = None) -> Backend:
        """The one live backend of that name; see `get_backend`."""
        if isinstance(name, Backend):
            return self._known(name)
        wanted = self.default_name() if name is None else name
        live = self._live.get(wanted)
        if live is not None:
            return live
        try:
            return self._open(wanted)
        except BackendError as error:
            if name is None and wanted == self._chosen:
                raise type(error)(f"TAPEGRAD_BACKEND={wanted}: {error}") from error.__cause__
            raise

    def _known(self, backend: Backend) -> Backend:
        """The backend itself if it came in by the door; one made by hand stands for the live one of its class."""
        live = self.get(backend.name)
        if type(live) is not type(backend) and backend.original is not live:
            raise BackendError(
                f"{_qualified(type(backend))} is not the backend {backend.name!r}, which is {_qualified(type(live))}"
            )
        return live

    def live(self) -> list[Backend]:
        """The backends that have been opened so far, of which there may be arrays."""
        with self._lock:
            return list(self._live.values())

    def set_default(self, name: str | Backend) -> None:
        """Make `name` the default of the process, once it is known to work."""
        self._default = self.get(name).name

    @contextmanager
    def default(self, name: str | Backend, device: str | None = None) -> Iterator[Backend]:
        """Make `name`, and a device of it, the default of this thread or task for a while."""
        backend = self.get(name)
        with self._local.hold((backend.name, device)):
            yield backend

    def default_device(self, backend: Backend) -> str | None:
        """The device on which host numbers become arrays of that backend here; None: where the engine puts them."""
        name, device = self._local.get()
        return device if name == backend.name else None

    def several_places(self) -> bool:
        """Whether arrays of more than one engine, or of more than one device, may be about."""
        return self._several

    # ---- arrays

    def of(self, raw: Any) -> Backend:
        """The backend whose array `raw` is; see `backend_of`."""
        backend = self._types.get(type(raw))
        return backend if backend is not None else self._recognise(raw)

    def adopt(self, cls: type, backend: Backend) -> None:
        """Know a type for a backend's without asking anybody."""
        self._types[cls] = backend

    def _recognise(self, raw: Any) -> Backend:
        """Ask the engines that are already imported, first the one named like the type's own module."""
        lineage = type(raw).__mro__
        home = _root(type(raw).__module__)
        doubt: BackendError | None = None
        matches: list[tuple[int, str]] = []
        for plugin in sorted(self._plugins, key=lambda p: p.name != home):
            backends = self._load(plugin)
            if plugin.name == home and not backends:
                doubt = self._refusal(plugin)
            for name in [name for name, made in backends.items() if _root(made.engine) in sys.modules]:
                try:
                    self.get(name)
                except BackendError as error:
                    doubt = error if name == home else doubt
                    continue
                if isinstance(raw, claims := self._claims[name]):
                    # How far up the type's lineage the claim lies: an array type may be built upon another's.
                    matches.append(
                        (min((lineage.index(t) for t in claims if t in lineage), default=len(lineage)), name)
                    )
            if (0, plugin.name) in matches:
                break  # nobody can claim it more exactly, so nobody else need be loaded
        if matches:
            backend = self.get(min(matches)[1])
            refusal = backend.refusal(type(raw))
            if refusal is not None:
                raise ArgumentTypeError(refusal)
            return self._types.setdefault(type(raw), backend)
        raise UnknownArrayError(
            f"no backend owns arrays of type {_qualified(type(raw))}; registered: {self._choices()}. "
            + (str(doubt) if doubt else _conversion(raw))
        ) from doubt

    # ---- the list

    def infos(self) -> list[BackendInfo]:
        """Every declared engine, by name; see `list_backends`."""
        return sorted((row for plugin in self._plugins for row in self._rows(plugin)), key=lambda row: row.name)

    def _rows(self, plugin: _Plugin) -> Iterator[BackendInfo]:
        for name in self._load(plugin) or (plugin.name,):
            version: str | None = None
            devices: tuple[str, ...] = ()
            reason: str | None = None
            lacking: tuple[str, ...] = ()
            try:
                if plugin.error is not None or plugin.blocked:
                    raise self._refusal(plugin)
                backend = self.get(name)
                version, devices = backend.version(), tuple(map(str, backend.devices()))
                lacking = tuple(backend.missing())
            except Exception as error:
                reason = _short(error)
            yield BackendInfo(
                name,
                reason is None,
                version,
                devices,
                plugin.distribution,
                reason,
                name == self.default_name(),
                lacking,
            )

    def _choices(self) -> str:
        names = {name for plugin in self._plugins if not plugin.blocked for name in plugin.backends or (plugin.name,)}
        return ", ".join(sorted(names)) or "none"

    # ---- plug-ins

    @cached_property
    def _plugins(self) -> list[_Plugin]:
        """The declared plug-ins, sorted: nothing depends on the order in which distributions lie on the path."""
        blocked = {_normal(word) for word in self._disabled.split(",") if word.strip()}
        plugins = sorted(map(_Plugin, self._declared()), key=lambda p: (p.name, p.distribution, p.entry_point.value))
        for plugin in plugins:
            plugin.blocked = not blocked.isdisjoint({_normal(plugin.name), _normal(plugin.distribution)})
        for plugin in plugins:
            rivals = [p for p in plugins if p is not plugin and p.name == plugin.name and not p.blocked]
            # Of several with one name tapegrad keeps its own; among strangers there is no telling whom to believe.
            if rivals and not plugin.blocked and _normal(plugin.distribution) != PROJECT:
                plugin.loaded = True
                plugin.error = BackendError(
                    f"{plugin} is refused: its name is taken by {' and '.join(p.distribution for p in rivals)}. "
                    "Uninstall one of them, or list its distribution in TAPEGRAD_DISABLE_PLUGINS"
                )
        return plugins

    def _load(self, plugin: _Plugin) -> dict[str, type[Backend]]:
        """Import the plug-in, once, and take what it registers; what goes wrong is remembered, never raised."""
        if plugin.loaded or plugin.blocked:
            return plugin.backends
        error: BackendError | None = None
        brought: dict[str, type[Backend]] = {}
        try:
            # Not under the lock: an import may wait for another thread's import, and that one for this lock.
            # In a context of its own: whatever the program has entered, a trace above all, is no business of an import.
            module = Context().run(plugin.entry_point.load)
        except (Exception, SystemExit) as cause:
            error = BackendError(f"{plugin} fails at import: {_short(cause)}")
            error.__cause__ = cause
        with self._lock:
            if not plugin.loaded:
                if error is None:
                    try:
                        brought = self._ask(plugin, module)
                    except BackendError as refused:
                        error = refused
                plugin.backends, plugin.error, plugin.loaded = brought, error, True
        return plugin.backends

    def _ask(self, plugin: _Plugin, module: object) -> dict[str, type[Backend]]:
        """Call the plug-in's hook and check what it hands over."""
        brought: dict[str, type[Backend]] = {}

        def register(backend_class: type[Backend]) -> None:
            if isinstance(backend_class, Backend):
                its_class = type(backend_class).__name__
                raise BackendError(f"{plugin} registers an instance; register the class itself: register({its_class})")
            if not (isinstance(backend_class, type) and issubclass(backend_class, Backend)):
                raise BackendError(f"{plugin} registers {backend_class!r}, which is no subclass of tapegrad.Backend")
            for attribute in ("name", "engine"):
                value = getattr(backend_class, attribute, None)
                if not (isinstance(value, str) and value):
                    raise BackendError(f"{plugin}: {backend_class.__name__}.{attribute} is {value!r}, not a name")
            name = backend_class.name
            # A name belongs to the plug-in declared under it, loaded or not: so the order of asking cannot matter.
            owners = [p for p in self._plugins if p.name == name and not p.blocked]
            if name in brought or (owners and plugin.name != name):
                owner = owners[0] if owners and plugin.name != name else plugin
                raise BackendError(f"{plugin} registers the name {name!r}, which is taken by {owner}")
            brought[name] = backend_class

        import pluggy

        from . import hookspecs

        # A manager for each: what is wrong with one plug-in is then never found while asking another.
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(hookspecs)
        try:
            manager.register(module)
            manager.check_pending()
            manager.hook.tapegrad_register_backends(register=register)
        except BackendError:
            raise
        except pluggy.PluginValidationError as cause:
            raise BackendError(
                f"{plugin} has a hook that tapegrad does not know ({_short(cause)}); "
                "the one hook is tapegrad_register_backends(register)"
            ) from cause
        except Exception as cause:
            raise BackendError(f"{plugin} fails when asked to register: {_short(cause)}") from cause
        if not brought:
            raise BackendError(
                f"{plugin} registers no Backend: it needs a function tapegrad_register_backends(register), "
                "marked @tapegrad.hookimpl, that calls register(YourBackend)"
            )
        return brought

    # ---- from a name to a live backend

    def _open(self, name: str) -> Backend:
        """Find who brings the name, import its engine and check its promises; every failure is one typed error."""
        if not isinstance(name, str):
            raise ArgumentTypeError(f"a backend is asked for by name, or is a Backend; not {name!r}")
        namesakes = [plugin for plugin in self._plugins if plugin.name == name]
        owners = [plugin for plugin in namesakes if name in self._load(plugin)]
        if not owners:  # a plug-in may bring more than the backend it is declared as
            owners = [plugin for plugin in self._plugins if name in self._load(plugin)]
        if len(owners) == 1:
            return self._start(owners[0].backends[name])
        if owners:
            raise BackendError(
                f"backend {name!r} is registered by {' and by '.join(map(str, owners))}: no telling which is meant. "
                "Uninstall one of them, or list its distribution in TAPEGRAD_DISABLE_PLUGINS"
            )
        for plugin in namesakes:
            if plugin.error is not None or plugin.blocked:
                raise self._refusal(plugin)
        from difflib import get_close_matches  # here, because `import tapegrad` has no need of it

        close = get_close_matches(name, self._choices().split(", "), n=1)
        raise UnknownBackendError(
            f"unknown backend {name!r}{f' (did you mean {close[0]!r}?)' if close else ''}; "
            f"declared: {self._choices()}. `tapegrad backends` says which of them work"
        )

    def _refusal(self, plugin: _Plugin) -> BackendError:
        """Why that plug-in brings nothing, as an error of its own to raise."""
        if plugin.blocked:
            return BackendUnavailableError(
                f"{plugin} is blocked by TAPEGRAD_DISABLE_PLUGINS={self._disabled}: take it off that list to use it"
            )
        assert plugin.error is not None
        refusal = type(plugin.error)(str(plugin.error))
        refusal.__cause__ = plugin.error.__cause__
        return refusal

    def _start(self, backend_class: type[Backend]) -> Backend:
        """Import the engine, make the backend, and see that it does what every backend must."""
        name = backend_class.name
        try:
            backend = backend_class()
            _ = backend.module
        except BackendError:
            raise
        except Exception as cause:
            raise BackendUnavailableError(f"backend {name!r}: its engine fails at import: {_short(cause)}") from cause
        try:
            types = backend.array_types()
            sample = backend.from_numpy(numpy.zeros(2, backend.trial_dtype))
            several = backend.has_several_devices
        except BackendError:
            raise
        except Exception as cause:
            standard = not isinstance(cause, AttributeError) or hasattr(backend.namespace, "asarray")
            no_asarray = f"{backend.engine} has no asarray; name the module that has the array API standard's functions"
            told = _short(cause) if standard else no_asarray
            raise BackendUnavailableError(f"backend {name!r} can make no array here: {told}") from cause
        self._check_types(backend, types, sample)
        _check_way_to_the_host(backend)
        with self._lock:
            self._claims.setdefault(name, types)
            live = self._live.setdefault(name, backend)
            self._several = len(self._live) > 1 or several
            return live

    def _check_types(self, backend: Backend, types: tuple[type, ...], sample: object) -> None:
        """Raise where the types that a backend calls its own are no types, another's, or not what it makes."""
        name = backend.name
        if not (isinstance(types, tuple) and types and all(isinstance(claimed, type) for claimed in types)):
            raise BackendError(f"backend {name!r}: array_types() must give a tuple of types, not {types!r}")
        for claimed in types:
            home = _root(claimed.__module__)
            # As with names: a type belongs to the plug-in declared under its module's name, loaded or not.
            owners = [p.name for p in self._plugins if p.name == home != name and not p.blocked]
            owners += [other for other, theirs in self._claims.items() if other != name and claimed in theirs]
            if owners or home == "builtins":
                raise BackendError(
                    f"backend {name!r}: array_types() claims {_qualified(claimed)}, which belongs to "
                    + (f"backend {owners[0]!r}" if owners else "Python")
                )
        if not isinstance(sample, types):
            raise BackendError(
                f"backend {name!r}: array_types() says {', '.join(map(_qualified, types))}, "
                f"but the engine makes {_qualified(type(sample))}"
            )


def _check_way_to_the_host(backend: Backend) -> None:
    """Raise where an array that was brought to the engine does not come back as it was."""
    sent = numpy.asarray([[1.0], [2.0]], backend.trial_dtype)
    try:
        back = backend.to_numpy(backend.from_numpy(sent))
        told = f"{back!r}"
        same = back.dtype == sent.dtype and back.shape == sent.shape and bool((back == sent).all())
        cause = None
    except Exception as error:
        told, same, cause = _short(error), False, error
    if not same:
        raise BackendError(
            f"backend {backend.name!r}: {sent.tolist()} of {sent.dtype} comes back from the engine as {told}; "
            "the plug-in must give to_numpy(raw) or from_numpy(array)"
        ) from cause


def _conversion(raw: Any) -> str:
    """How the numbers of an object that is no array come in."""
    if raw is None:
        return "Is a `return` missing in what gave it?"
    if isinstance(raw, (str, bytes)):
        return "Make a number of it: float(a)"
    if hasattr(raw, "to_numpy"):
        held = "data" if hasattr(raw, "data") else "to_numpy()"
        return f"Give its numbers, {type(raw).__name__}.{held}, or call NumPy's function, which leaves it to that type"
    if hasattr(raw, "toarray"):
        return "Give it as a dense array, a.toarray()"
    if isinstance(raw, Iterable) and not hasattr(raw, "shape"):
        return f"Make a list of its numbers: list(a{'.values()' if isinstance(raw, Mapping) else ''})"
    if not hasattr(raw, "shape") and hasattr(raw, "__float__"):
        return "Give its value as a Python number, float(a)"
    return "Install the plug-in of its engine, or convert it first: numpy.asarray(a)"


def _root(module: str) -> str:
    return module.partition(".")[0]


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution.strip()).lower()


def _qualified(of: type) -> str:
    return f"{of.__module__}.{of.__qualname__}"


def _short(error: BaseException) -> str:
    """The error in one line, its type named unless it is one of ours."""
    words = " ".join(str(error).split())
    if isinstance(error, BackendError):
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _declared() -> Iterable[EntryPoint]:
    from importlib.metadata import entry_points  # here, because `import tapegrad` has no need of it

    return entry_points(group=ENTRY_POINT_GROUP)


_registry = Registry(_declared, os.environ)


def get_backend(name: str | Backend | None = None) -> Backend:
    """The live backend of that name, of which there is one; None means the default.

    Of a `Backend` it is the live one of the same class. The plug-in and the engine are imported if they have not been
    yet. Raises `UnknownBackendError` where no plug-in brings the name, `BackendUnavailableError` where the engine is
    not installed or has no device here, `BackendError` where the plug-in is broken, with its own error as the cause.

    >>> get_backend("numpy").name
    'numpy'
    """
    return _registry.get(name)


def backend_of(raw: Any) -> Backend:
    """The backend that a raw array belongs to, found by its type.

    Only engines that are already imported are asked.

    Shapes: any.

    Dtypes: any.

    Raises: `UnknownArrayError`, which lists the registered ones.

    >>> import numpy
    >>> backend_of(numpy.zeros(3)).name
    'numpy'
    """
    return _registry.of(raw)


def adopt_type(cls: type, backend: Backend) -> None:
    """Let `backend_of` give that backend for raw values of a class of our own, which stands for an engine's arrays."""
    _registry.adopt(cls, backend)


@door
def set_backend(name: str | Backend) -> None:
    """Make new arrays go to that backend, in the whole process; see `use_backend` for a while only.

    The environment variable TAPEGRAD_BACKEND does the same from outside. Raises what `get_backend` raises, and then
    leaves the default as it was.

    >>> set_backend("numpy")
    """
    _registry.set_default(name)


@door
def use_backend(name: str | Backend) -> AbstractContextManager[Backend]:
    """A context in which new arrays go to that backend, in this thread or asyncio task alone.

    Raises what `get_backend` raises.

    >>> with use_backend("numpy") as backend:
    ...     backend.name
    'numpy'
    """
    return _registry.default(name)


def list_backends() -> list[BackendInfo]:
    """Every declared engine, by name: usable or not, and why not.

    This imports every plug-in and every engine that is installed, for only they know their devices. Blocked plug-ins
    (TAPEGRAD_DISABLE_PLUGINS) are listed without being imported.

    `tapegrad backends` prints it.

    >>> [info.usable for info in list_backends() if info.name == "numpy"]
    [True]
    """
    return BackendList(_registry.infos())


def live_backends() -> list[Backend]:
    """The backends that have been opened so far, of which there may be arrays; asking opens none.

    >>> _ = get_backend("numpy")
    >>> "numpy" in [backend.name for backend in live_backends()]
    True
    """
    return _registry.live()


def several_places() -> bool:
    """Whether arrays of more than one engine, or of more than one device, may be about.

    >>> several_places() or len(live_backends()) == 1
    True
    """
    return _registry.several_places()


def use_place(backend: Backend, device: str | None) -> AbstractContextManager[Backend]:
    """A context in which new arrays go to that backend, and numbers of the host to that device of it.

    >>> with use_place(get_backend("numpy"), "cpu(0)") as backend:
    ...     default_device(backend)
    'cpu(0)'
    """
    return _registry.default(backend, device)


def default_device(backend: Backend) -> str | None:
    """The device on which host numbers become arrays of that backend here; None: where the engine puts them.

    >>> default_device(get_backend("numpy"))
    """
    return _registry.default_device(backend)
