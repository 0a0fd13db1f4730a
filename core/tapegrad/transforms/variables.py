"""Variables: what `attach_grad` makes of an array, and the two calls that ask for gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import engine_of, in_layout, ones_of, place_beside, table_of, wrap
from ..arrays.entering import enter_beside
from ..engines.tables import OPS
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, GraphError, NotRecordedError, ShapeError, a_kind
from ..op.call import pull_back
from ..tape.guards import JOURNAL, check_sweep
from ..tape.mode import JOURNALING, LEVEL, MODE, PREDICTING, RECORDING, RULED, TOLD, Scope
from ..tape.nodes import Leaf, Node, set_level
from ..tape.sweep import cotangents_at

REQUESTS = ("write", "add", "null")


def attach_grad(x: Array, grad_req: str = "write") -> None:
    """Make `x` a variable with a gradient of zeros. See `Array.attach_grad`."""
    mark_variable(x, OPS["zeros_like"].call(x._detached()), grad_req)


def attach_zeros(x: Array) -> None:
    """Give `x`, of a dtype that has no derivative, a gradient of zeros, which stays: nothing is computed from it."""
    x._node = None
    x._grad = OPS["zeros_like"].call(x._detached())


def mark_variable(x: Array, cell: Array, grad_req: str = "write") -> None:
    """Make `x` a variable with its gradient in `cell`, of the same shape and dtype; else `ShapeError`, `DtypeError`."""
    if grad_req not in REQUESTS:
        raise ArgumentError(f"grad_req is {grad_req!r}; choose one of {', '.join(map(repr, REQUESTS))}")
    if not x._signature.inexact:
        raise DtypeError(f"an array of {x._dtype.name} has no gradient; convert it with astype, to float32 for example")
    if cell.shape != x.shape:
        raise ShapeError(f"the gradient of a variable of shape {x.shape} cannot have shape {cell.shape}")
    if cell._dtype != x._dtype:
        raise DtypeError(f"the gradient of a variable of {x._dtype.name} cannot be {cell._dtype.name}")
    depth = MODE.get() // LEVEL
    if depth and (journal := JOURNAL.get()) is not None:
        journal.note(x)
    x._value = x._kernels.without_nodes(x._value)
    if grad_req == "null":
        x._node = None
        x._grad = cell
        return
    x._node = leaf = Leaf(cell, grad_req)
    if depth:
        set_level(leaf, depth)
    x._grad = cell
    cell._shares = getattr(cell, "_shares", None)  # each backward asks for it, and a slot that is set answers sooner


def _seeds(
    heads: Sequence[Array], head_grads: Sequence[Any] | None, recorded: bool, how: str
) -> list[tuple[Node, Any]]:
    """The nodes of the heads with their head gradients. Within a transform, gradients of what depends on its variables
    are refused unless they are recorded.
    """
    if not heads:
        raise GraphError("backward needs at least one head")
    if head_grads is not None and len(heads) != len(head_grads):
        raise ArgumentError(f"{len(heads)} heads but {len(head_grads)} head gradients; give one for each (None: ones)")
    seeds: list[tuple[Node, Any]] = []
    for head in heads:
        if not isinstance(head, Array):
            raise ArgumentTypeError(f"head {len(seeds)} is {a_kind(head)}, not an array")
        node = head._node
        if node is None:
            raise NotRecordedError(_why_not_recorded(head))
        g = None if head_grads is None else head_grads[len(seeds)]
        if g is None:
            ones = head._signature.ones
            if ones is None:
                ones = ones_of(head)
            seeds.append((node, wrap(ones, None, head._kernels) if recorded else ones))
        else:
            cotangent = _checked_head_gradient(g, head)
            place = (cotangent._value, cotangent._node, cotangent._kernels)
            seeds.append((node, wrap(*place) if recorded else cotangent._value))
    if not recorded and (mode := MODE.get()) & JOURNALING and mode & RECORDING:
        check_sweep([node for node, _ in seeds], how)
    return seeds


def _checked_head_gradient(g: Any, head: Array) -> Array:
    """A head gradient as an array of the engine, the shape and the dtype of its head."""
    if isinstance(g, (bool, int, float, complex, list, tuple, str)):
        raise ArgumentTypeError(f"the head gradient is {a_kind(g)}; give an array of shape {head.shape}, or none")
    cotangent = enter_beside(g, engine_of(head), Array, copy=True, what="the head gradient", device=place_beside(head))
    if cotangent.shape != head.shape:
        cotangent = _fitted(cotangent, head)
    if cotangent._dtype != head._dtype:
        raise DtypeError(
            f"the head gradient is {cotangent._dtype.name}, its head {head._dtype.name}; convert it with astype"
        )
    return cotangent


def _fitted(g: Array, head: Array) -> Array:
    """A head gradient of another shape as one of its head's, where the face takes it for one."""
    fit = head._face.fit_head_gradient
    fitted: Array | None = None if fit is None else fit(g, head)
    if fitted is None:
        raise ShapeError(f"the head gradient has shape {g.shape}, its head {head.shape}")
    return fitted


def _why_not_recorded(head: Array) -> str:
    if getattr(head, "_constant", False):
        return (
            "this array was recorded, but no gradient leads from it to a variable: nothing that it was computed from "
            "is one (call attach_grad() on the arrays whose gradient you want, before record()), or everything on the "
            "way has zero gradient, as argmax, comparisons and one_hot have"
        )
    if not dtypes.is_dtype(head._dtype, ("real floating", "complex floating")):
        return f"this array is of {head._dtype.name}, which has no gradient: take it before it is converted or compared"
    return "this array was not recorded: compute it inside `with autograd.record():`, from arrays with attach_grad()"


def backward(
    heads: Sequence[Array],
    head_grads: Sequence[Any] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
    train_mode: bool = True,
) -> None:
    """Put the gradients of `heads`, together, into the variables they were computed from.

    All gradients are computed before any is written, so an error leaves every `.grad` as it was. A head listed twice
    counts twice. With `create_graph` the gradients are on the tape themselves. `train_mode`: what `is_training()` is in
    rules of the program's own.
    """
    if not train_mode:
        with Scope(PREDICTING):
            return backward(heads, head_grads, retain_graph, create_graph)
    seeds = _seeds(heads, head_grads, create_graph, "backward()")
    free = not (create_graph or retain_graph)
    cotangents: dict[Any, Any] = pull_back(seeds, create_graph, free, 1, heads[0]._face.truncates)
    sums: dict[int, Any] = {}
    for leaf, g in cotangents.items():
        if leaf.plain or (cell := leaf.cell()) is None:
            continue
        if cell._kernels.layouts:
            g = in_layout(g, cell, create_graph)
        if leaf.req == "add":
            # Variables may share a cell, so what another has added to it in this backward counts.
            before = sums.get(id(cell))
            if before is None:
                before = wrap(cell._value, cell._node, cell._kernels) if create_graph else cell._value
            sums[id(cell)] = g = before + g
        cotangents[leaf] = g
    try:
        _write(cotangents, create_graph)
    except BaseException:
        # Only an interrupt comes here, half way: to finish is the one way to all or nothing.
        _write(cotangents, create_graph)
        raise


def _write(gradients: dict[Leaf, Any], recorded: bool) -> None:
    """Rebind the cells of leaves, each to its gradient; the same again if called again."""
    is_batch = MODE.get() >= LEVEL
    for leaf, g in gradients.items():
        leaf.fresh = True
        cell = leaf.cell()
        if cell is None:
            continue
        if not (recorded or is_batch or cell._shares is not None):
            cell._value = g
            cell._node = None
            continue
        new = g if recorded else handle(cell.__class__, g, None, table_of(g, engine_of(cell)))
        if cell._shares is not None:
            with Scope(RECORDING) if recorded else Scope(TOLD, RECORDING | RULED):
                cell._rebind(new)
        else:
            cell._value, cell._node, cell._kernels = new._value, new._node, new._kernels
            cell._signature = cell._kernels.signatures[cell.__class__, cell._value.dtype, cell._value.shape]


def gradients(
    heads: Sequence[Array],
    variables: Sequence[Array],
    head_grads: Sequence[Any] | None = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
) -> list[Array]:
    """The gradients of `heads`, together, with respect to `variables`; `.grad` is left alone.

    A variable here is one that `attach_grad` made, or any recorded array between those and the heads. `retain_graph` is
    `create_graph` unless given. A variable that the heads do not depend on has a gradient of zeros,
    and so has, with `create_graph`, a gradient that does not depend on the variable.
    """
    if not variables:
        raise ArgumentError("variables cannot be an empty list")
    seeds = _seeds(heads, head_grads, create_graph, "autograd.grad()")
    nodes: list[Node] = []
    for i, x in enumerate(variables):
        if not isinstance(x, Array):
            raise ArgumentTypeError(f"variable {i} is {a_kind(x)}, not an array")
        if x._node is None:
            raise GraphError(
                f"variable {i} is no variable: call attach_grad() on it before record(), or compute it there from "
                "variables"
            )
        nodes.append(x._node)
    between = [node for node in nodes if node.__class__ is not Leaf]
    # Where no variable lies further back, the sweep ends at the oldest.
    since = 1 if len(between) < len(nodes) else int(min(node.seq for node in between)) + 1
    retain = create_graph if retain_graph is None else retain_graph
    with cotangents_at(between) as met:
        cotangents = pull_back(seeds, create_graph, not retain, since, heads[0]._face.truncates)
    cotangents.update(met)
    results = []
    for x, node in zip(variables, nodes, strict=True):
        g = cotangents.get(node)
        if g is None:
            zeros = OPS["zeros_like"].call(x._detached())
            results.append(_after(x, zeros) if create_graph else zeros)
            continue
        if x._kernels.layouts:
            g = in_layout(g, x, create_graph)
        gradient = handle(x.__class__, *((g._value, g._node, g._kernels) if create_graph else (g, None, x._kernels)))
        results.append(_after(x, gradient) if create_graph and g._node is None else gradient)
    return results


def _after(x: Array, g: Any) -> Any:
    """A constant gradient as a value on the tape behind `x`, so that its own gradient is zeros and not an error."""
    never = OPS["not_equal"].call(OPS["zeros_like"].call(x._detached()), 0)
    with Scope(RECORDING):
        return OPS["where"].call(never, x, g)
