"""Pytrees: nested tuples, lists, dicts and registered containers, handled as one thing by optree.

Every function sees the containers that tapegrad's transforms see: Python's own, named tuples, dataclasses of
`optree.dataclasses`, and those registered in optree's namespace "tapegrad". None is a tree without leaves.
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import optree

from .arrays.entering import as_array, make
from .arrays.foreign import missing
from .arrays.trees import NAMESPACE
from .engines.tables import RECORDED
from .errors import ArgumentError, ArgumentTypeError, ShapeError, a_kind
from .tape.tracebacks import open_doors
from .transforms.run import Exit, common_kind

if TYPE_CHECKING:
    from .typing import Function, Tree

__all__ = ["all", "flatten", "leaves", "map", "ravel", "reduce", "structure", "unflatten"]
__dir__ = __all__.copy


def map(function: Function, tree: Tree, /, *rest: Tree) -> Tree:
    """The tree of `function(leaf, ...)`, of the leaves of one tree or of several that have the same structure.

    Shapes: any.
    Dtypes: any.
    Raises: `ValueError` for trees of other structures.

    >>> from tapegrad import tree
    >>> tree.map(lambda x, y: x + y, {"a": 1, "b": (2, 3)}, {"a": 10, "b": (20, 30)})
    {'a': 11, 'b': (22, 33)}
    """
    if not callable(function):
        raise ArgumentTypeError(f"tree.map takes a function and then trees; its first argument is {a_kind(function)}")
    parts, spec = flatten(tree)
    try:
        columns = [spec.flatten_up_to(other) for other in rest]
    except ValueError as error:
        raise ArgumentError(f"tree.map: trees of other structures: {error}") from error
    return unflatten(spec, [function(*row) for row in zip(parts, *columns, strict=True)])


def leaves(tree: Tree, /) -> list[Tree]:
    """The leaves of a tree, in order; those of dicts by their keys.

    Shapes: any.
    Dtypes: any.
    Raises: nothing.

    >>> from tapegrad import tree
    >>> tree.leaves({"b": 2, "a": (1, None)})
    [1, 2]
    """
    return optree.tree_leaves(tree, namespace=NAMESPACE)


def structure(tree: Tree, /) -> optree.PyTreeSpec:
    """What a tree is without its leaves; structures can be compared.

    Shapes: any.
    Dtypes: any.
    Raises: nothing.

    >>> from tapegrad import tree
    >>> tree.structure((1, [2])) == tree.structure((3, [4]))
    True
    """
    return optree.tree_structure(tree, namespace=NAMESPACE)


def flatten(tree: Tree, /) -> tuple[list[Tree], optree.PyTreeSpec]:
    """The leaves and the structure, of which `unflatten` makes the tree again.

    Shapes: any.
    Dtypes: any.
    Raises: nothing.

    >>> from tapegrad import tree
    >>> parts, spec = tree.flatten({"a": 1, "b": 2})
    >>> tree.unflatten(spec, [10 * leaf for leaf in parts])
    {'a': 10, 'b': 20}
    """
    return optree.tree_flatten(tree, namespace=NAMESPACE)


def unflatten(structure: optree.PyTreeSpec, leaves: Iterable[Tree], /) -> Tree:
    """The tree of a structure with these leaves.

    Shapes: any.
    Dtypes: any.
    Raises: `ValueError` for any other number of leaves.

    >>> from tapegrad import tree
    >>> tree.unflatten(tree.structure({"a": 0}), [1])
    {'a': 1}
    """
    if not isinstance(structure, optree.PyTreeSpec):
        raise ArgumentTypeError(f"tree.unflatten takes a structure and then its leaves, not {a_kind(structure)} first")
    try:
        return optree.tree_unflatten(structure, leaves)
    except ValueError as error:
        raise ArgumentError(f"tree.unflatten: {error}") from error


def reduce(function: Callable[[Tree, Tree], Tree], tree: Tree, /, initial: Tree | None = None) -> Tree:
    """The leaves taken together by a function of two, from left to right, beginning with `initial` unless it is None.

    Shapes: any.
    Dtypes: any.
    Raises: `ValueError` for a tree without leaves, and without `initial`.

    >>> from tapegrad import tree
    >>> tree.reduce(lambda total, x: total + x, {"a": 1, "b": (2, 3)})
    6
    """
    parts = leaves(tree) if initial is None else [initial, *leaves(tree)]
    if not parts:
        raise ArgumentError("tree.reduce: a tree without leaves; give `initial`")
    return functools.reduce(function, parts)


def all(tree: Tree, /) -> bool:
    """Whether every leaf is true.

    Shapes: leaves of one element.
    Dtypes: any.
    Raises: `ValueError` for a leaf of several elements.

    >>> from tapegrad import tree
    >>> tree.all({"a": True, "b": [1, 0]})
    False
    """
    return not [leaf for leaf in leaves(tree) if not leaf]


def ravel(tree: Tree, /) -> tuple[Any, Callable[[Any], Any]]:
    """The leaves one behind the other in one vector, and the function that makes the tree of such a vector again.

    Both ways are recorded. Leaves get back their shapes and dtypes. Arrays of an engine give an array of it, and
    arrays of tapegrad one of these.

    Shapes: (n,), where n elements are in the leaves altogether.
    Dtypes: that of all leaves together.
    Raises: `ShapeError` for a vector of another length, `TypeError` for leaves that are no arrays or numbers.

    >>> import numpy as np
    >>> from tapegrad import tree
    >>> vector, back = tree.ravel({"a": np.ones(2), "b": np.array(3.0)})
    >>> vector
    array([1., 1., 3.])
    >>> back(2 * vector)
    {'a': array([2., 2.]), 'b': array(6.)}
    """
    parts, spec = flatten(tree)
    arrays = [as_array(leaf, beside=parts) for leaf in parts]
    shapes, kinds = [x.shape for x in arrays], [x.dtype for x in arrays]
    ends = list(itertools.accumulate(math.prod(shape) for shape in shapes))
    size = ends[-1] if ends else 0

    def back(vector: Any) -> Any:
        x = as_array(vector)
        if x.shape != (size,):
            raise ShapeError(f"tree.ravel: a vector of shape {x.shape} for {size} elements; give ({size},)")
        leave, kind = Exit([vector]), common_kind([vector])
        pieces = []
        for shape, dtype, start, end in zip(shapes, kinds, [0, *ends], ends, strict=False):
            piece = RECORDED.reshape(RECORDED.getitem(x, key=(slice(start, end),)), shape=shape)
            pieces.append(leave(piece if piece.dtype == dtype else RECORDED.astype(piece, dtype=dtype), kind))
        return unflatten(spec, pieces)

    flat = [RECORDED.reshape(x, shape=(math.prod(x.shape),)) for x in arrays]
    return Exit(parts)(RECORDED.concat(*flat, axis=0) if flat else make(()), common_kind(parts)), back


open_doors(sys.modules[__name__])

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
