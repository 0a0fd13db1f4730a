import tapegrad


class DoubleBackend(tapegrad.Backend):
    name = "double"
    engine = "doubleengine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(DoubleBackend)
