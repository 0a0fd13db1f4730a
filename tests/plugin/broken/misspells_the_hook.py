import tapegrad


class ToyBackend(tapegrad.Backend):
    name = "misspells_the_hook"
    engine = "toyengine"


@tapegrad.hookimpl
def tapegrad_register_backend(register):
    register(ToyBackend)
