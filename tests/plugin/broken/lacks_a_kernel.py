import tapegrad


class PoorBackend(tapegrad.Backend):
    name = "lacks_a_kernel"
    engine = "poorengine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(PoorBackend)
