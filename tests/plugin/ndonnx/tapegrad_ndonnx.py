import tapegrad


class NdonnxBackend(tapegrad.Backend):
    name = "ndonnx"
    engine = "ndonnx"


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(NdonnxBackend)
