import tapegrad


class SparseBackend(tapegrad.Backend):
    name = "sparse"
    engine = "sparse"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(SparseBackend)
