"""Faces: what a library's programs expect of arrays, beyond the numbers.

A face is a class of arrays that programs hold, and a `Face` of conventions by which the core treats them. The classes
lie in layers above this one, so the core has them by name: whoever puts the library together registers their loaders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .array import Array


class Face(NamedTuple):
    """The conventions of one face. The defaults are those of the array API standard."""

    name: str
    """What `face_class` knows its class by."""

    takes_lists: bool = True
    """Whether a nested list beside an array is an operand."""

    weak_numpy_scalars: bool = False
    """Whether NumPy's scalars take the dtype of the array that they meet, as Python's numbers do."""

    integer_ops: Mapping[str, str] = MappingProxyType({})
    """The op that stands in, on integers, for one that would make them floats."""

    scalar_shapes: tuple[tuple[int, ...], ...] = ((),)
    """The shapes of what counts as a scalar where a function must return one."""

    truncates: bool = False
    """Whether what is computed from a freed graph has it for a constant, instead of an error in `backward`."""

    fit_head_gradient: Callable[[Any, Any], Any] | None = None
    """The head gradient for a head, from one of another shape; None where it does not fit. Called with the gradient and
    the head."""


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
