"""MXNet's imperative arrays: `from tapegrad import nd` or `import tapegrad.ndarray as nd`."""

from __future__ import annotations

from collections.abc import Callable as _Callable
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING, Any

from ..arrays.foreign import missing as _missing

_entered: dict[str, _Callable[[], Any]] = {}
"""What `nd` has by these names since somebody above has entered them, and how each is loaded."""


def Custom(*data: Any, op_type: str | None = None, out: Any = None, name: Any = None, **options: Any) -> Any:
    """The operator registered under `op_type` with `mx.operator.register`, applied to arrays.

    Further keywords go to its `CustomOpProp`, as strings; arrays may also be passed by the names that its
    `list_arguments` has.

    Shapes: as the `infer_shape` of its `CustomOpProp` says.

    Dtypes: as the `infer_type` of its `CustomOpProp` says.

    Raises: `ValueError` for an unknown `op_type`, `TypeError` for an array that is missing or not an NDArray.

    >>> from tapegrad import nd
    >>> nd.Custom(nd.ones(1), op_type="nobody's")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: Custom(): there is no operator "nobody's"; those registered: ...
    """
    from .. import operator

    return operator.apply(op_type, data, options, out)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        # All functions are imported when somebody asks for the first; a module by itself, since modules ask for others.
        if name in _entered:
            return _entered[name]()
        if _find_spec(f"{__name__}.{name}") is not None:
            return _import_module(f".{name}", __name__)
        _import_module(".contents", __name__)
        if name in globals():
            return globals()[name]
        _missing(__name__)(name)


def __dir__() -> list[str]:
    _import_module(".contents", __name__)
    return list(globals()["__all__"])
