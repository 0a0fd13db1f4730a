import tapegrad


class VagueBackend(tapegrad.Backend):
    name = "claims_no_type"
    engine = "toyengine"

    def array_types(self):
        return ["toyengine.Array"]


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(VagueBackend)
