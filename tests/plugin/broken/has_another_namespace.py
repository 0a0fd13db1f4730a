import tapegrad


class StrangeBackend(tapegrad.Backend):
    name = "has_another_namespace"
    engine = "math"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(StrangeBackend)
