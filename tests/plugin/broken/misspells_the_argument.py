import tapegrad


class ToyBackend(tapegrad.Backend):
    name = "misspells_the_argument"
    engine = "toyengine"


@tapegrad.hookimpl
def tapegrad_register_backends(registry):
    registry(ToyBackend)
