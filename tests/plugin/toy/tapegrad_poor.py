import tapegrad


class PoorBackend(tapegrad.Backend):
    name = "poor"
    engine = "poorengine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(PoorBackend)
