import tapegrad


class HollowBackend(tapegrad.Backend):
    name = "lacks_its_engine"
    engine = "no_such_engine"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(HollowBackend)
