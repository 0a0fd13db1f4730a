"""The Dask engine: arrays in chunks, of which nothing is computed before the user asks for it."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

import tapegrad
from tapegrad.dtypes import ALL, to_dtype
from tapegrad.engines.extras import pip_install
from tapegrad.errors import BackendError, ShapeError

__all__ = ["DaskBackend"]


_OPTIMIZES = "tapegrad.optimize-graph"
"""The name among Dask's settings of whether a graph is optimized before it is run."""


class DaskBackend(tapegrad.Backend):
    """Dask: functions and gradients are graphs of tasks over chunks, and `x.compute()` runs them.

    A gradient has the chunks of its input. What needs all of an array at once, such as a factorisation or a sort, is
    one task over all of it. Arrays of unknown chunk sizes are refused, and so are functions that make such.
    """

    name = "dask"
    engine = "dask.array"
    install = pip_install("dask")
    lazy = True
    layouts = True
    shares_constants = True  # they are NumPy scalars, which belong to no chunk

    @cached_property
    def namespace(self) -> Any:
        _ = self.module
        return importlib.import_module("array_api_compat.dask.array")

    def array_types(self) -> tuple[type, ...]:
        return (self.module.Array,)

    def fused(self) -> Mapping[str, Callable[..., Any]]:
        found: Mapping[str, Callable[..., Any]] = importlib.import_module("tapegrad_dask.kernels").KERNELS
        return found

    @contextmanager
    def all_dtypes(self) -> Iterator[None]:
        # For the suite, whose arrays are small: to start threads or to optimize graphs would take longer than to run
        # the tasks, and many chunks do no harm.
        small = {"scheduler": "synchronous", _OPTIMIZES: False}
        with importlib.import_module("dask").config.set(small), warnings.catch_warnings():
            warnings.simplefilter("ignore", self.module.PerformanceWarning)
            yield

    # ---- dtypes

    @cached_property
    def dtypes(self) -> Mapping[Any, np.dtype[Any]]:
        return {dtype: dtype for dtype in ALL}

    def native_dtype(self, dtype: Any) -> Any:
        return to_dtype(dtype)

    # ---- in and out

    def adopt(self, raw: Any, *, copy: bool) -> Any:
        if any(math.isnan(length) for length in raw.shape):
            raise ShapeError(
                f"the Dask array {raw.name} has chunks of unknown sizes, its shape is {raw.shape}; "
                "call x.compute_chunk_sizes() first"
            )
        return raw.copy() if copy else raw

    def exclusive(self, raw: Any) -> Any:
        return raw  # a write to it changes which tasks it stands for, and no memory

    def constant(self, scalar: Any, like: Any) -> Any:
        return like.dtype.type(scalar)

    def to_numpy(self, raw: Any) -> np.ndarray[Any, Any]:
        try:
            if not hasattr(raw, "compute"):
                return np.array(raw)
            return np.array(raw.compute(optimize_graph=importlib.import_module("dask").config.get(_OPTIMIZES, True)))
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "distributed":
                raise
            raise BackendError(f"the cluster has not computed {raw.name}: {type(error).__name__}: {error}") from error

    def from_numpy(self, array: np.ndarray[Any, Any], *, device: str | None = None) -> Any:
        return self.module.from_array(np.array(array), name=False)

    # ---- chunks

    def spec(self, raw: Any) -> tapegrad.Spec:
        return tapegrad.Spec(tuple(raw.shape), raw.dtype, getattr(raw, "chunks", None))

    def like(self, raw: Any, spec: tapegrad.Spec) -> Any:
        if spec.layout is None or getattr(raw, "chunks", spec.layout) == spec.layout or raw.shape != spec.shape:
            return raw
        source = getattr(raw, "source", None)
        return raw.rechunk(spec.layout) if source is None else self._broadcast(source, spec)

    def _broadcast(self, source: Any, spec: tapegrad.Spec) -> Any:
        """`source` broadcast chunk by chunk, where a whole would have to be cut."""
        chunks = spec.layout[len(spec.shape) - source.ndim :]
        stretched = [part if length > 1 else 1 for part, length in zip(chunks, source.shape, strict=True)]
        return self.module.broadcast_to(source.rechunk(tuple(stretched)), spec.shape, chunks=spec.layout)

    def beside(self, like: Any) -> Mapping[str, Any]:
        return {}

    def devices(self) -> Sequence[str]:
        return ["cpu(0)"]

    def device_of(self, raw: Any) -> str:
        return "cpu(0)"


@tapegrad.hookimpl
def tapegrad_register_backends(register: Callable[[type[tapegrad.Backend]], None]) -> None:
    register(DaskBackend)
