import tapegrad


class MinimalBackend(tapegrad.Backend):
    name = "minimal"
    engine = "minimalengine"

    def errors(self):
        return {self.module.ShapeMismatch: tapegrad.errors.ShapeError}


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(MinimalBackend)
