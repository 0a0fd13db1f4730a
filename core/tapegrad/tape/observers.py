"""Observers: what anomaly detection is told of while its bit of the mode word is set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .nodes import Node


class Observer:
    """What is told of each recorded op and of each result of a sweep. An exception that it raises ends both."""

    def recorded(self, node: Node, out: Any) -> None:
        """A node was made, and its op gave `out`: a raw value, or a tuple of them."""
        raise NotImplementedError

    def swept(self, cotangents: Mapping[Node, Any]) -> None:
        """A reverse sweep ended, and these are the cotangents of the leaves."""
        raise NotImplementedError

    def pushed(self, node: Node, tangent: Any) -> None:
        """A forward sweep made the tangent of a node's result."""
        raise NotImplementedError


OBSERVERS: list[Observer] = []
"""All who are told. Layers above add themselves, so that this one need not know them."""


def tell_recorded(node: Node, out: Any) -> None:
    """Tell every observer of a recorded op."""
    for observer in OBSERVERS:
        observer.recorded(node, out)


def tell_swept(cotangents: Mapping[Node, Any]) -> None:
    """Tell every observer of the end of a reverse sweep."""
    for observer in OBSERVERS:
        observer.swept(cotangents)


def tell_pushed(node: Node, tangent: Any) -> None:
    """Tell every observer of a tangent."""
    for observer in OBSERVERS:
        observer.pushed(node, tangent)
