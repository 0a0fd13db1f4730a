"""An engine that never learned to multiply."""

import toyengine


def __getattr__(name):
    if name in ("multiply", "sum"):
        raise AttributeError(name)
    return getattr(toyengine, name)
