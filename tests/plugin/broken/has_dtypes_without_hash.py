import toyengine

import tapegrad


class DType:
    __hash__ = None


def __getattr__(name):
    return getattr(toyengine, name)


float32 = DType()


class HashlessBackend(tapegrad.Backend):
    name = "has_dtypes_without_hash"
    engine = __name__


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    register(HashlessBackend)
