import tapegrad


class Imaginary:
    """A type of which the engine never makes an array."""


class LyingBackend(tapegrad.Backend):
    name = "makes_another_type"
    engine = "toyengine"

    def array_types(self):
        return (Imaginary,)


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(LyingBackend)
