"""Several processes that compute as one: what each holds, and that they are at the same place of the same program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import jax
import numpy as np
from jax._src.distributed import global_state  # JAX exports neither the store of keys nor the barriers

from tapegrad.errors import BackendError

__all__ = ["agree", "exchange", "is_spread", "join", "parts"]

_TURNS = count()
_JOINED: set[Any] = {None}
"""The meshes that all processes have been found to have."""


def exchange(text: str, timeout: float) -> list[str]:
    """What each process says here, by their numbers. Raises `BackendError` if one says nothing in so many seconds."""
    client = global_state.client
    if client is None or jax.process_count() == 1:
        return [text]
    turn = next(_TURNS)
    client.key_value_set(f"tapegrad/{turn}/{jax.process_index()}", text)
    said: list[str] = []
    for process in range(jax.process_count()):
        try:
            said.append(client.blocking_key_value_get(f"tapegrad/{turn}/{process}", int(timeout * 1000)))
        except Exception as error:  # JAX's own, whose type depends on what went wrong
            raise BackendError(
                f"process {process} of {jax.process_count()} has not come within {timeout:g} seconds to where process "
                f"{jax.process_index()} waits for it, at {text}; it has ended, or runs another program"
            ) from error
    return said


def agree(what: Any, timeout: float) -> None:
    """Raise `BackendError` where processes differ in what they hold."""
    mine = _described(what)
    told = [text.split("\n") for text in exchange("\n".join(mine), timeout)]
    for process, theirs in enumerate(told):
        if theirs == told[0]:
            continue
        first, other = next(
            ((a, b) for a, b in zip(told[0], theirs, strict=False) if a != b),
            (f"{len(told[0])} of them", f"{len(theirs)} of them"),
        )
        raise BackendError(
            f"the processes disagree: process 0 has {first}, process {process} has {other}; "
            "each must make the same mesh and the same arrays, in the same order"
        )


def join(raw: Any) -> None:
    """Make sure that processes have made the same mesh, before the first array on it is computed with."""
    if is_spread(raw) and getattr(raw.sharding, "mesh", None) not in _JOINED:
        agree(raw.sharding.mesh, timeout=60)
        _JOINED.add(raw.sharding.mesh)


def _described(what: Any) -> list[str]:
    """A line for each leaf: meshes, arrays with their layouts, and plain values."""
    leaves = jax.tree_util.tree_leaves_with_path(what, is_leaf=lambda x: isinstance(x, jax.sharding.Mesh))
    return [f"{jax.tree_util.keystr(path)} {_line(leaf)}".strip() for path, leaf in leaves]


def _line(leaf: Any) -> str:
    leaf = getattr(leaf, "_value", leaf) if not isinstance(leaf, jax.Array) else leaf
    if isinstance(leaf, jax.sharding.Mesh):
        axes = ", ".join(f"{name}: {length}" for name, length in leaf.shape.items())
        return f"a mesh ({axes}) of the devices {', '.join(str(d.id) for d in leaf.devices.flat)}"
    if not hasattr(leaf, "dtype"):
        return repr(leaf)
    layout = getattr(leaf, "sharding", None)
    laid = f" as {layout.spec} on {_line(layout.mesh)}" if isinstance(layout, jax.sharding.NamedSharding) else ""
    return f"{leaf.dtype}{list(leaf.shape)}{laid}"


def is_spread(raw: Any) -> bool:
    """Whether parts of an array are on devices of other processes only."""
    concrete = isinstance(raw, jax.Array) and not isinstance(raw, jax.core.Tracer)
    return concrete and not raw.is_fully_addressable


def parts(raw: Any) -> Sequence[tuple[Any, np.ndarray[Any, Any]]] | None:
    if not is_spread(raw):
        return None
    return [(part.index, np.asarray(part.data)) for part in raw.addressable_shards if part.replica_id == 0]
