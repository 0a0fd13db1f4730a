"""Checkpoint: keep the inputs of a stretch of a program, not all its values, and compute it again in the sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays.array import Array, handle
from ..arrays.batched import wrap
from ..arrays.trees import callable_or_error, flatten, unflatten
from ..engines.tables import RECORDED
from ..errors import GraphError
from ..op.call import pull_back
from ..op.rules import Places, VmapLevel, attach
from ..tape.guards import Journal
from ..tape.mode import ANOMALY, LEVEL, MODE, RECORDING, RULED, TOLD, TRAINING, Scope
from ..tape.nodes import Entry, Node, Sweep, Wrap, deposit, freed, next_seq, note_level
from ..tape.sweep import forward_sweep
from ..tape.tracebacks import door
from .bodies import as_it_was, within_reach
from .draws import Draws
from .transformed import Transformed

if TYPE_CHECKING:
    from ..typing import Function

SMALL = 1 << 18
"""Up to so many bytes of a host array are copied, to tell whether they are still the same in the backward pass."""


class CheckpointNode(Node):
    """A stretch of a program that is recorded only when a sweep comes to it: its function and what it was given."""

    __slots__ = ("again", "inputs", "outputs")
    label = "checkpoint"

    def __init__(self, again: Callable[[list[Array]], list[Array]], inputs: list[Array], outputs: list[Array]) -> None:
        self.seq = next_seq()
        self.xp = outputs[0]._kernels
        self.again: Callable[[list[Array]], list[Array]] | None = again
        self.inputs: list[tuple[Any, Node | None, Any]] | None = [(x._value, x._node, x._kernels) for x in inputs]
        self.outputs = len(outputs)
        if MODE.get() >= LEVEL:
            note_level(self)

    def parents(self) -> tuple[Node, ...]:
        if self.inputs is None:
            raise freed(self)
        return tuple(node for _, node, _ in self.inputs if node is not None)

    def _replay(self) -> tuple[list[Node | None], list[Array], int]:
        """The stretch computed again, on fresh variables: these, the outputs, and where its part of the tape begins."""
        if self.inputs is None or self.again is None:
            raise freed(self)
        nodes: list[Node | None] = []
        arrays = []
        for value, node, xp in self.inputs:
            fresh = None if node is None else Entry(node)
            nodes.append(fresh)
            arrays.append(wrap(value, fresh, xp))
        since = next_seq()
        with Scope(RECORDING):
            outs = self.again(arrays)
        return nodes, outs, since

    def pull(
        self, g: Any, table: dict[Node, Any], met: list[Node], free: Sweep | None, xp: Any, wrap: Wrap | None
    ) -> tuple[Node | None, Any]:
        nodes, outs, since = self._replay()
        seeds = [(node, c) for i, c in g.items() if (node := outs[i]._node) is not None]
        # The sweep alone holds cotangents and values from here on, so that they go when it has passed.
        g.clear()
        del outs
        if free is not None:
            self.inputs = self.again = None
            self.xp = free
        cotangents = pull_back(_drained(seeds), recorded=wrap is not None, free=wrap is None, since=since)
        entries = {entry: entry.parent for entry in nodes if isinstance(entry, Entry)}
        for node, value in cotangents.items():
            target = entries.get(node, node) if isinstance(node, Entry) else node
            if target is not None:
                deposit(table, met, target, value)
        return None, None

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        nodes, outs, _ = self._replay()
        tangents = dict(table)
        for entry in nodes:
            if isinstance(entry, Entry) and entry.parent in table:
                tangents[entry] = table[entry.parent]
        pushed = forward_sweep([out._node for out in outs], tangents, xp=xp, wrap=wrap)
        if all(t is None for t in pushed):
            return None
        if any(t is None for t in pushed):
            zeros = [RECORDED.zeros_like(out._unplaced()) for out in outs]
            pushed = [(z if wrap else z._value) if t is None else t for t, z in zip(pushed, zeros, strict=True)]
        return tuple(pushed)


def _drained(seeds: list[tuple[Node, Any]]) -> Iterator[tuple[Node, Any]]:
    while seeds:
        yield seeds.pop()


class Replay:
    """What `attach` puts on the tape for a stretch of a program."""

    def __init__(self, again: Callable[[list[Array]], list[Array]]) -> None:
        self.again = again

    def node(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> CheckpointNode:
        """The node for these inputs and outputs."""
        return CheckpointNode(self.again, list(inputs), list(outputs))

    def outside(self, layer: VmapLevel) -> Replay:
        """The same stretch for the arrays outside a level of batching."""
        return Replay(lambda arrays: layer.take_off_outputs(self.again(layer.put_on_inputs(arrays))))


@door
def checkpoint(fun: Function) -> Function:
    """A function that keeps only its inputs for the backward pass and computes the rest again when it is needed.

    Arguments and results are pytrees; leaves that are not arrays are passed through. What the function reads from
    outside is differentiated too. When called again it draws the same random numbers, and arrays in its closure, among
    the globals it names and in the containers and objects there hold what they held; otherwise it must compute the same
    by itself. It may not write in place to arrays from outside, which raises `GraphError`. Nests.

    Memory falls to the inputs, time grows by one more forward pass: T. Chen et al. (2016), "Training deep nets with
    sublinear memory cost".

    Shapes: any; those of the function.

    Dtypes: any; those of the function.

    Raises: while recording, `GraphError` for a write in place to an array from outside and for a result that is not an
    array; in the backward pass, for a NumPy array of up to 256 KiB that has been written to meanwhile.

    >>> from tapegrad import grad
    >>> import tapegrad.numpy as tnp
    >>> def layers(x):
    ...     for _ in range(50):
    ...         x = tnp.sin(x)
    ...     return x
    >>> grad(checkpoint(layers))(1.0) == grad(layers)(1.0)
    True
    """

    callable_or_error("checkpoint", fun)

    @wraps(fun)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if not MODE.get() & RECORDING or MODE.get() & ANOMALY:  # who looks for a line wants the line within
            return fun(*args, **kwargs)
        leaves, structure = flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Array)]
        faces = [leaves[i].__class__ for i in places]
        fixed = [None if i in places else leaf for i, leaf in enumerate(leaves)]
        constants: list[Any] = []
        structures: list[Any] = []
        training, draws = MODE.get() & TRAINING, Draws()
        outside = [(x, x._held()) for x in within_reach([fun])]
        hosts = [x for x in (*leaves, *within_reach([fun], np.ndarray)) if isinstance(x, np.ndarray)]
        copies = [(x, x.copy()) for x in hosts if x.nbytes <= SMALL]

        def again(arrays: list[Array]) -> list[Array]:
            if any(x.tobytes() != copy.tobytes() for x, copy in copies):
                raise GraphError(
                    "a NumPy array that a checkpointed function reads was written to before the backward pass, in "
                    "which it is read again; hand over a copy, or tapegrad.numpy.asarray(array)"
                )
            filled = list(fixed)
            for i, x, face in zip(places, arrays, faces, strict=True):
                filled[i] = handle(face, x._value, x._node, x._kernels)
            inner_args, inner_kwargs = unflatten(structure, filled)
            with draws, as_it_was(outside), Scope(training, TRAINING ^ training):
                out_leaves, out_structure = flatten(fun(*inner_args, **inner_kwargs))
            constants[:] = [None if isinstance(leaf, Array) else leaf for leaf in out_leaves]
            structures[:] = [out_structure, [i for i, leaf in enumerate(out_leaves) if isinstance(leaf, Array)]]
            return [leaf for leaf in out_leaves if isinstance(leaf, Array)]

        inputs = [leaves[i] for i in places]
        with Scope(TOLD, RECORDING | RULED), Journal() as journal:
            outs = again([x._unplaced() for x in inputs])
        written = journal.survivors(outs)
        for x, held in written:
            x._hold(held)
        if written:
            raise GraphError(
                "a checkpointed function wrote in place to an array from outside, and would do so again in the "
                "backward pass; return the new value instead"
            )
        out_structure, out_places = structures
        leaves = list(constants)
        if outs:
            attached = attach(Replay(again), inputs, outs, Places(outs), always=True)
            for i, x in zip(out_places, attached, strict=True):
                leaves[i] = x
        return unflatten(out_structure, leaves)

    return Transformed(checkpointed, checkpoint, fun)
