"""MXNet's symbols are not here. The module is, so that programs that import it and ask whether `x` is one run."""

from __future__ import annotations

from typing import NoReturn

from .errors import ArgumentTypeError

__all__ = ["Symbol"]
__dir__ = __all__.copy


class Symbol:
    """What no value is: `isinstance(x, mx.sym.Symbol)` is False.

    Shapes: none.

    Dtypes: none.

    Raises: `TypeError`, always: there are no symbols here.

    >>> from tapegrad import nd, sym
    >>> isinstance(nd.ones(1), sym.Symbol)
    False
    """

    def __init__(self) -> None:
        raise ArgumentTypeError("Symbol: there are no symbols here; build the network in Python, of gluon's layers")


def __getattr__(name: str) -> NoReturn:
    raise AttributeError(
        f"tapegrad.symbol has no {name!r}: there are no symbols here; build the network in Python, of gluon's layers, "
        "and call it on arrays"
    )
