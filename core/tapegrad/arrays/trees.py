"""Pytrees: nested containers of arrays, taken apart and put together by optree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.array import Array
from ..errors import ArgumentTypeError, a_kind

NAMESPACE = "tapegrad"
"""The namespace in which optree looks up custom containers, before its global ones."""


REGISTER = f'optree.register_pytree_node(..., namespace="{NAMESPACE}")'


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of a pytree and its structure; one array or number is its own leaf, with the structure None.

    None is a tree without leaves.
    """
    if isinstance(tree, (Array, float, np.ndarray)) or (
        not isinstance(tree, (tuple, list, dict)) and not is_container(tree)
    ):
        return [tree], None
    import optree

    leaves, structure = optree.tree_flatten(tree, namespace=NAMESPACE)
    return list(leaves), structure


def is_container(tree: Any) -> bool:
    if isinstance(tree, (bool, int, float, complex, str, np.ndarray, np.generic)):
        return False
    import optree

    return not optree.tree_is_leaf(tree, namespace=NAMESPACE)


def unflatten(structure: Any, leaves: Sequence[Any]) -> Any:
    """The pytree of a structure with these leaves."""
    if structure is None:
        return leaves[0]
    import optree

    return optree.tree_unflatten(structure, leaves)


def map_leaves(fun: Callable[[Any], Any], tree: Any) -> Any:
    """`fun` of each leaf of a pytree."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [fun(leaf) for leaf in leaves])


def map_arrays(fun: Callable[[Array], Any], tree: Any) -> Any:
    """`fun` of each array in a pytree; other leaves as they are."""
    return map_leaves(lambda leaf: fun(leaf) if isinstance(leaf, Array) else leaf, tree)


def callable_or_error(name: str, fun: Any) -> None:
    """Refuse anything that cannot be called when a transform is made, not when it is run."""
    if not callable(fun):
        raise ArgumentTypeError(f"{name} takes a function, not {a_kind(fun)}; call what it returns with the arguments")
