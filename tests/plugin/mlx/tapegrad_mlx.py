import tapegrad


class MlxBackend(tapegrad.Backend):
    name = "mlx"
    engine = "mlx.core"
    lacks = {"float64": "exp, sin and cos of MLX 0.32 have float32's digits in float64"}


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(MlxBackend)
