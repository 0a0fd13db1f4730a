import tapegrad


class ToyBackend(tapegrad.Backend):
    name = "toy"
    engine = "toyengine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(ToyBackend)
