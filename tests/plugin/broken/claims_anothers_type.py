import numpy

import tapegrad


class GreedyBackend(tapegrad.Backend):
    name = "claims_anothers_type"
    engine = "toyengine"

    def array_types(self):
        return (numpy.ndarray,)


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(GreedyBackend)
