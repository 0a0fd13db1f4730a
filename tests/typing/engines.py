"""What a type checker must know of engines. Read by pyright in its strict mode; never run."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_type

import tapegrad
from tapegrad.engines.registry import BackendInfo
from tapegrad.errors import BackendError, TapegradError, UnknownBackendError


class StrictBackend(tapegrad.Backend):
    """A plug-in as the page on engines writes it."""

    name = "strict"
    engine = "array_api_strict"


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    """Register it."""
    register(StrictBackend)


assert_type(tapegrad.get_backend(), tapegrad.Backend)
assert_type(tapegrad.get_backend("strict").name, str)
assert_type(tapegrad.set_backend(StrictBackend()), None)
assert_type(tapegrad.list_backends(), list[BackendInfo])
assert_type(tapegrad.list_backends()[0].devices, tuple[str, ...])
assert_type(tapegrad.list_backends()[0].reason, str | None)

with tapegrad.use_backend("strict") as backend:
    assert_type(backend, tapegrad.Backend)

try:
    tapegrad.get_backend("abacus")
except UnknownBackendError as error:
    as_lookup: LookupError = error
    as_backend: BackendError = error
    as_ours: TapegradError = error

tapegrad.get_backend(3)  # pyright: ignore[reportArgumentType]
