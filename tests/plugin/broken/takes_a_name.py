import tapegrad


class NumpyBackend(tapegrad.Backend):
    name = "numpy"
    engine = "toyengine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(NumpyBackend)
