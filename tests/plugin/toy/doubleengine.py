"""An engine of double precision alone, which has a device without memory besides."""

import toyengine


class __array_namespace_info__:
    def devices(self):
        return ["cpu", "meta"]


def __getattr__(name):
    if name in ("float16", "float32", "complex64"):
        raise AttributeError(name)
    return getattr(toyengine, name)
