"""A plug-in that registers a backend it has made, where the class is asked for."""

import tapegrad


class EagerBackend(tapegrad.Backend):
    name = "registers_an_instance"
    engine = "toyengine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(EagerBackend())
