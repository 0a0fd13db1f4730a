"""MXNet's imperative arrays: `from tapegrad import nd` or `import tapegrad.ndarray as nd`."""

# ruff: noqa: F403
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import contrib as contrib
from . import linalg as linalg
from . import op as gen_op  # noqa: F401
from . import op as op
from . import random as random
from .files import *
from .function import exported as _exported
from .methods import bind
from .ndarray import *

globals().update(_exported(op))
bind(_exported(op))


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


_OTHERS = {
    **dict.fromkeys(
        ("sparse", "csr_matrix", "row_sparse_array", "CSRNDArray"), "arrays are dense here, with stype 'default'"
    ),
    **dict.fromkeys(("Correlation", "IdentityAttachKLSparseReg"), "compose it of other functions, or write a Function"),
    **dict.fromkeys(("imdecode", "image"), "read images with an image library, and pass the numbers to nd.array()"),
    **dict.fromkeys(
        ("mp_lamb_update_phase1", "mp_lamb_update_phase2"),
        "lamb_update_phase1 and lamb_update_phase2 are here",
    ),
    "CachedOp": "there are no symbols here",
}
"""What else MXNet has in `nd`, and what to use instead."""


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        why = _OTHERS.get(name)
        raise AttributeError(f"nd has no {name!r}" + (f": {why}" if why else ""))
