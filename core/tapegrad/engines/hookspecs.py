"""The one hook through which an engine comes in, and the marker for writing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pluggy

from .extras import PROJECT

if TYPE_CHECKING:
    from .backend import Backend

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def tapegrad_register_backends(register: Callable[[type[Backend]], None]) -> None:
    """Call `register` with each `Backend` subclass that the plug-in brings.

    tapegrad calls the hook once, when the plug-in is first asked for. The engine itself need not be imported
    for it, and should not be: `Backend.engine` names the module, and tapegrad imports it when it is needed.

    Example, the whole of a plug-in module::

        import tapegrad

        class StrictBackend(tapegrad.Backend):
            name = "strict"
            engine = "array_api_strict"

        @tapegrad.hookimpl
        def tapegrad_register_backends(register):
            register(StrictBackend)
    """
