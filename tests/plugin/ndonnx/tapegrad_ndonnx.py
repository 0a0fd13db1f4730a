import tapegrad


class NdonnxBackend(tapegrad.Backend):
    name = "ndonnx"
    engine = "ndonnx"
    lazy = True
    lacks = {
        "float64": "cos, tan and 8 more of onnxruntime 1.32 are computed in float32",
        "cumulative_prod": "of ndonnx 0.23 it goes by logarithms",
    }
    xfails = {"where-10": "the where of ndonnx 0.23 gives 0.0 in the place of -0.0"}

    def to_numpy(self, raw):
        return raw.unwrap_numpy()


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(NdonnxBackend)
