"""Running a function of arrays on a kernel table, with or without recording: what every check is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from ..arrays.array import Array, handle
from ..arrays.face import standard_face
from ..engines.registry import backend_of, use_backend
from ..engines.tables import EngineKernels
from ..errors import a_kind
from ..op import registered
from ..op.call import pull_back, push_forward
from ..op.record import Op
from ..tape.mode import RECORDING, Scope
from ..tape.nodes import Leaf, Node
from .wide import WideBackend

__all__ = ["Recording", "Target", "as_target"]


def _at_home(kernels: EngineKernels) -> AbstractContextManager[Any]:
    """New arrays are on that engine; the wide one has no name under which it could be the default."""
    return nullcontext() if isinstance(kernels.backend, WideBackend) else use_backend(kernels.backend)


class Target:
    """A function under test: what to call, with which arguments, and in which of them it is differentiated."""

    def __init__(
        self,
        name: str,
        call: Callable[..., Any],
        args: Sequence[Any],
        keywords: dict[str, Any],
        names: Sequence[str],
        tracked: Sequence[int],
        faces: Sequence[type[Array]],
        op: Op | None = None,
    ) -> None:
        self.name = name
        self.call = call
        self.args = list(args)
        self.keywords = keywords
        self.names = list(names)
        self.tracked = list(tracked)
        self.faces = list(faces)
        self.op = op

    def inputs(self) -> list[np.ndarray[Any, Any]]:
        """The arguments in which it is differentiated."""
        return [self.args[i] for i in self.tracked]

    def handles(self, kernels: EngineKernels, inputs: Sequence[Any], leaves: Sequence[Leaf] | None) -> list[Any]:
        """The arguments as handles on that engine, the differentiated ones from `inputs` (raw) and on `leaves`."""
        backend = kernels.backend
        made: list[Any] = []
        for i, x in enumerate(self.args):
            if i in self.tracked:
                at = self.tracked.index(i)
                made.append(handle(self.faces[i], inputs[at], None if leaves is None else leaves[at], kernels))
            elif isinstance(x, np.ndarray):
                made.append(handle(self.faces[i], backend.from_numpy(x), None, kernels))
            else:
                made.append(x)
        return made

    def outputs(self, handles: Sequence[Any]) -> list[Array]:
        """Call the function, and have its outputs as a list."""
        out = self.call(*handles, **self.keywords)
        if isinstance(out, Array):
            return [out]
        if isinstance(out, (list, tuple)) and all(isinstance(o, Array) for o in out):
            return list(out)
        raise TypeError(f"{self.name}: a function under test returns an array or a tuple of them, not {a_kind(out)}")

    def values(self, kernels: EngineKernels, inputs: Sequence[Any]) -> list[Any]:
        """The raw outputs, computed without recording; what the function makes anew is on that engine."""
        with _at_home(kernels):
            return [out._value for out in self.outputs(self.handles(kernels, inputs, None))]

    def record(self, kernels: EngineKernels, inputs: Sequence[Any]) -> Recording:
        """The function recorded on that engine."""
        leaves = [Leaf() for _ in inputs]
        handles = self.handles(kernels, inputs, leaves)
        with _at_home(kernels), Scope(RECORDING):
            outs = self.outputs(handles)
        return Recording(kernels, list(inputs), leaves, outs)


class Recording:
    """A recorded run: it can be swept, backward and forward, any number of times."""

    def __init__(self, kernels: EngineKernels, inputs: list[Any], leaves: list[Leaf], outs: list[Array]) -> None:
        self.kernels = kernels
        self.inputs = inputs
        self.leaves = leaves
        self.outs = outs

    def pull(self, cotangents: Sequence[Any]) -> list[Any]:
        """The raw cotangents of the inputs, zeros where nothing arrives. `None` stands for an absent cotangent."""
        seeds = [
            (o._node, g) for o, g in zip(self.outs, cotangents, strict=True) if o._node is not None and g is not None
        ]
        found = pull_back(seeds, free=False) if seeds else {}
        return [self._or_zeros(found.get(leaf), x) for leaf, x in zip(self.leaves, self.inputs, strict=True)]

    def push(self, tangents: Sequence[Any]) -> list[Any]:
        """The raw tangents of the outputs."""
        table: dict[Node, Any] = {leaf: d for leaf, d in zip(self.leaves, tangents, strict=True) if d is not None}
        found = push_forward([o._node for o in self.outs], table)
        return [self._or_zeros(t, o._value) for t, o in zip(found, self.outs, strict=True)]

    def pull_recorded(self, cotangents: Sequence[Any]) -> Recording:
        """The pull as a function of inputs and cotangents, itself recorded."""
        extra = [Leaf() for _ in cotangents]
        given = [handle(Array, g, leaf, self.kernels) for g, leaf in zip(cotangents, extra, strict=True)]
        seeds = [(o._node, g) for o, g in zip(self.outs, given, strict=True) if o._node is not None]
        with Scope(RECORDING):
            found = pull_back(seeds, recorded=True, free=False) if seeds else {}
        pulled = [
            found[leaf] if leaf in found else handle(Array, self._or_zeros(None, x), None, self.kernels)
            for leaf, x in zip(self.leaves, self.inputs, strict=True)
        ]
        return Recording(self.kernels, [*self.inputs, *cotangents], [*self.leaves, *extra], pulled)

    def push_recorded(self, tangents: Sequence[Any]) -> Recording:
        """The push as a function of inputs and tangents, itself recorded."""
        extra = [Leaf() for _ in tangents]
        given = [handle(Array, d, leaf, self.kernels) for d, leaf in zip(tangents, extra, strict=True)]
        table: dict[Node, Any] = dict(zip(self.leaves, given, strict=True))
        with Scope(RECORDING):
            found = push_forward([o._node for o in self.outs], table, recorded=True)
        pushed = [
            handle(Array, self._or_zeros(None, o._value), None, self.kernels) if t is None else t
            for t, o in zip(found, self.outs, strict=True)
        ]
        return Recording(self.kernels, [*self.inputs, *tangents], [*self.leaves, *extra], pushed)

    def _or_zeros(self, found: Any, like: Any) -> Any:
        if found is not None:
            return found
        return self.kernels.filled(like, shape=tuple(like.shape), value=0)


def as_target(
    f: Any, args: Sequence[Any], keywords: dict[str, Any] | None, dtype: Any, seed: int = 0, argnums: Any = None
) -> Target:
    """What a caller gave, as a target: an op, its function or any function of arrays, at drawn or given arguments."""
    from ..op.samples import Draw

    op = f if isinstance(f, Op) else getattr(f, "__tapegrad_op__", None)
    if isinstance(f, str):
        op = registered()[f]
    call = op.call if op is not None else f
    rng = np.random.default_rng(seed)
    dtype = np.dtype(dtype)
    drawn: list[Any] = []
    faces: list[type[Array]] = []
    for x in args:
        faces.append(x.__class__ if isinstance(x, Array) else standard_face())
        if isinstance(x, Draw):
            x = x.draw(rng, dtype)
        elif isinstance(x, Array):
            x = x.asnumpy()
        elif isinstance(x, (list, tuple, np.generic)) or (isinstance(x, float) and op is None):
            x = np.asarray(x)
        elif not isinstance(x, np.ndarray) and hasattr(x, "dtype"):
            x = backend_of(x).to_numpy(x)
        if isinstance(x, np.ndarray):
            if x.dtype.kind == "f":
                x = _in_place_order(x, dtype)
            elif x.dtype.kind == "c":
                x = _in_place_order(x, dtype if dtype.kind == "c" else np.result_type(dtype, np.complex64))
        drawn.append(x)
    if op is not None:
        names = [*op.inputs[: len(drawn)], *(f"{op.variadic}[{i}]" for i in range(len(drawn) - len(op.inputs)))]
        known = [*op.inputs, *([op.variadic or ""] * len(drawn))][: len(drawn)]
        able = [name in op.formulas for name in known]
    else:
        names = [f"argument {i}" for i in range(len(drawn))]
        able = [True] * len(drawn)
    wanted = range(len(drawn)) if argnums is None else [argnums] if isinstance(argnums, int) else argnums
    tracked = [i for i in wanted if able[i] and isinstance(drawn[i], np.ndarray) and drawn[i].dtype.kind in "fc"]
    label = op.name if op is not None else getattr(f, "__name__", repr(f))
    return Target(label, call, drawn, dict(keywords or {}), names, tracked, faces, op)


def _in_place_order(x: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """`x` in a dtype, its strides kept where nothing need be converted."""
    return x if x.dtype == dtype else x.astype(dtype)
