"""Where the parts of an array lie, on meshes with explicit axes, where JAX wants to be told, and others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import NamedSharding, PartitionSpec

__all__ = ["is_about_sharding", "laid_out", "layout_of", "partition", "sharding"]


def layout_of(raw: Any) -> Any:
    """Where the parts of an array lie: its sharding; inside a trace only one with explicit axes is known, else None."""
    if isinstance(raw, jax.core.Tracer):
        found = jax.typeof(raw).sharding
        return found if _has_explicit_axes(found) else None
    return getattr(raw, "sharding", None)


def _has_explicit_axes(layout: Any) -> bool:
    explicit = jax.sharding.AxisType.Explicit
    return isinstance(layout, NamedSharding) and explicit in layout.mesh.axis_types


def laid_out(raw: Any, layout: Any) -> Any:
    """The array in that layout, moved only if it is in another."""
    if layout is None:
        return raw
    if isinstance(raw, jax.core.Tracer):
        here = jax.typeof(raw).sharding
        return jax.sharding.reshard(raw, layout) if _has_explicit_axes(layout) and here != layout else raw
    here = getattr(raw, "sharding", None)
    if here is None or here == layout or here.is_equivalent_to(layout, raw.ndim):
        return raw
    if isinstance(layout, NamedSharding) and isinstance(layout.mesh, jax.sharding.AbstractMesh):
        return raw  # a layout seen inside a trace, met outside
    return jax.device_put(raw, layout)


def is_about_sharding(error: Exception) -> bool:
    """Whether JAX wants to be told how a result is to lie."""
    return type(error).__name__ == "ShardingTypeError"  # JAX does not export the type


def partition(x: Any) -> tuple[Any, tuple[Any, ...]]:
    """The mesh of an array, and over which of the mesh's axes each axis of the array is spread."""
    found = jax.typeof(x).sharding
    spec = tuple(found.spec)
    return found.mesh, spec + (None,) * (jnp.ndim(x) - len(spec))


def sharding(mesh: Any, spec: Sequence[Any]) -> NamedSharding:
    """A sharding in which no axis of the mesh is used twice; the first use counts."""
    used: set[Any] = set()
    parts: list[Any] = []
    for part in spec:
        names = () if part is None else part if isinstance(part, tuple) else (part,)
        parts.append(None if used & set(names) else part)
        used |= set(names) if parts[-1] is not None else set()
    return NamedSharding(mesh, PartitionSpec(*parts))
