import tapegrad


class StrictBackend(tapegrad.Backend):
    name = "strict"
    engine = "array_api_strict"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(StrictBackend)
