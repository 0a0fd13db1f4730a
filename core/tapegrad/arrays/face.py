"""Faces: what a library's programs expect of arrays, beyond the numbers.

A face is a class of arrays that programs hold, and a `Face` of conventions by which the core treats them. The classes
lie in layers above this one, so the core has them by name: `tapegrad/__init__.py` registers their loaders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .array import Array


class Face:
    """The conventions of one face. The defaults are those of the array API standard.

    `name`: what `face_class` knows its class by. `takes_lists`: a nested list beside an array is an operand.
    `weak_numpy_scalars`: NumPy's scalars take the dtype of the array that they meet, as Python's numbers do.
    `integer_ops`: the op that stands in, on integers, for one that would make them floats. `scalar_shapes`: the shapes
    of what counts as a scalar where a function must return one. `truncates`: what is computed from a freed graph has it
    for a constant, instead of an error in `backward`. `fit_head_gradient`: called with a gradient of another shape than
    its head's, and the head; gives the gradient in the head's shape, or None where it does not fit.
    `contiguous_views`: a slice is a view only if its elements lie side by side, else a copy. `numpys_functions`:
    NumPy's own functions are those of the face; else they give NumPy's arrays.
    """

    __slots__ = (
        "contiguous_views",
        "fit_head_gradient",
        "integer_ops",
        "name",
        "numpys_functions",
        "scalar_shapes",
        "takes_lists",
        "truncates",
        "weak_numpy_scalars",
    )

    def __init__(
        self,
        name: str,
        *,
        takes_lists: bool = True,
        weak_numpy_scalars: bool = False,
        integer_ops: Mapping[str, str] = MappingProxyType({}),
        scalar_shapes: tuple[tuple[int, ...], ...] = ((),),
        truncates: bool = False,
        fit_head_gradient: Callable[[Any, Any], Any] | None = None,
        contiguous_views: bool = False,
        numpys_functions: bool = True,
    ) -> None:
        self.name = name
        self.takes_lists = takes_lists
        self.weak_numpy_scalars = weak_numpy_scalars
        self.integer_ops = integer_ops
        self.scalar_shapes = scalar_shapes
        self.truncates = truncates
        self.fit_head_gradient = fit_head_gradient
        self.contiguous_views = contiguous_views
        self.numpys_functions = numpys_functions

    def __repr__(self) -> str:
        return f"<face {self.name!r}>"


STANDARD = Face("numpy")
"""The conventions of `tapegrad.numpy`, and of the core's own arrays."""

_LOADERS: dict[str, Callable[[], type[Array]]] = {}
_CLASSES: dict[str, type[Array]] = {}


def register_face(name: str, load: Callable[[], type[Array]]) -> None:
    """Let `face_class(name)` be what `load` returns when it is first needed."""
    _LOADERS[name] = load


def face_class(name: str) -> type[Array]:
    """The class of the arrays of a face; its module is imported the first time."""
    cls = _CLASSES.get(name)
    if cls is None:
        cls = _CLASSES[name] = _LOADERS[name]()
    return cls


def standard_face() -> type[Array]:
    """The class of arrays that come from outside, and belong to no face yet."""
    return face_class("numpy")
