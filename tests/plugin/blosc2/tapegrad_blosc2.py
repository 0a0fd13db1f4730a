import tapegrad


class Blosc2Backend(tapegrad.Backend):
    name = "blosc2"
    engine = "blosc2"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(Blosc2Backend)
