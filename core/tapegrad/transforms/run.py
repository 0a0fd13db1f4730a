"""One run of a function under a transform: arguments become variables, results come out as the kind that went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from operator import index
from types import TracebackType
from typing import Any
from weakref import finalize

import numpy as np

from .. import dtypes
from ..arrays.array import Array, handle
from ..arrays.batched import (
    Batched,
    engine_of,
    in_layout,
    lift,
    ones_of,
    place_beside,
    table_of,
    wrap,
)
from ..arrays.entering import (
    ARRAY,
    RAW,
    SCALAR,
    Company,
    admitted,
    as_array,
    as_strong,
    company_of,
    enter_beside,
    kind_of,
    read_only,
)
from ..arrays.trees import REGISTER, flatten, unflatten
from ..arrays.views import expire_views
from ..engines.tables import OPS
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, TapegradError, UnknownArrayError, a_kind
from ..op.call import cast, pull_back, push_forward
from ..op.rules import OwnRule, Places, attach
from ..tape.guards import Journal, check_variables, is_unaware
from ..tape.mode import LEVEL, LIVE, MODE, RECORDING, RULED, TOLD, Scope
from ..tape.nodes import Entry, Leaf, Node, next_seq, set_level
from ..tape.tracebacks import told

UNMAPPED = object()


class Exit:
    """The way out of a transform: results as the kinds that came in, sharing no memory with inputs or each other."""

    __slots__ = ("held", "inputs")

    def __init__(self, inputs: Sequence[Any]) -> None:
        self.inputs = inputs
        self.held: set[int] | None = None

    def __call__(self, x: Array, kind: str) -> Any:
        """A result as that kind; what is still tracked or batched stays an array."""
        if x._node is not None or x._value.__class__ is Batched:
            return x
        if kind is SCALAR and x.ndim == 0:
            return x.item()
        if x._strong is not None and not MODE.get() & RECORDING:
            x = as_strong(x)
        if kind is ARRAY:
            return x
        if self.held is None:
            self.held = {id(x._value if isinstance(x, Array) else x) for x in self.inputs}
        raw = x._value
        backend = engine_of(x).backend
        raw = backend.adopt(raw, copy=True) if id(raw) in self.held else backend.exclusive(raw)
        self.held.add(id(raw))
        return raw


def common_kind(args: Sequence[Any]) -> str:
    """The kind in which results are returned: arrays if any argument holds one, else raw arrays, else scalars."""
    for arg in args:
        if isinstance(arg, Array):
            return ARRAY
    kinds = {kind_of(leaf) for arg in args for leaf in flatten(arg)[0]}
    return ARRAY if ARRAY in kinds else RAW if RAW in kinds else SCALAR


def convert_tree(tree: Any, kind: str, outer: bool, leave: Exit) -> Any:
    leaves, structure = flatten(tree)
    done = []
    for leaf in leaves:
        if isinstance(leaf, Array):
            leaf = leaf if outer else leaf._unplaced()
            leaf = leave(leaf, kind)
        done.append(leaf)
    return unflatten(structure, done)


def not_an_array(name: str, position: int, leaf: Any, remedy: str) -> TypeError:
    return ArgumentTypeError(
        f"{name}: argument {position} holds {a_kind(leaf)}, not an array; {remedy}, or, if it is a container, "
        f"make it known: {REGISTER}"
    )


def _as_input(name: str, leaf: Any, position: int, beside: Company, copy: bool) -> Array:
    """What stands in an argument that is differentiated, as an array."""
    try:
        return as_array(leaf, copy=copy, beside=beside, weak=True)
    except UnknownArrayError as error:
        raise not_an_array(name, position, leaf, "choose other argnums") from error
    except TapegradError as error:
        raise type(error)(f"{name}: argument {position}: {error}") from error.__cause__
    except Exception as error:
        reason = f"its engine fails with {type(error).__name__}: {error}; choose other argnums"
        raise not_an_array(name, position, leaf, reason) from error


def entered(tree: Any) -> Any:
    """A tree with its raw arrays as arrays of ours, for engines whose arrays leave no operator to ours."""
    leaves, structure = flatten(tree)
    raw = [kind_of(leaf) is RAW and hasattr(leaf, "dtype") and not isinstance(leaf, np.generic) for leaf in leaves]
    return unflatten(structure, [as_array(leaf) if enters else leaf for leaf, enters in zip(leaves, raw, strict=True)])


def is_single(argnums: Any) -> bool:
    return hasattr(argnums, "__index__")


def argnums_or_error(name: str, argnums: Any) -> None:
    """Refuse what names no arguments when a transform is made, such as the arguments themselves."""
    try:
        _ = [index(n) for n in ((argnums,) if is_single(argnums) else argnums)]
    except TypeError:
        raise ArgumentTypeError(
            f"{name}: argnums is an int or a tuple of them, not {argnums!r}; "
            f"call what {name} returns with the arguments"
        ) from None


def positions_of(name: str, argnums: int | Sequence[int], count: int) -> list[int]:
    if argnums.__class__ is int and 0 <= argnums < count:
        return [argnums]
    positions = [index(n) for n in ((argnums,) if is_single(argnums) else argnums)]  # type: ignore[union-attr, arg-type]
    if any(not -count <= n < count for n in positions):
        raise ArgumentError(
            f"{name}: argnums {argnums} is out of range for {count} positional argument(s); "
            "arguments given by keyword are not differentiated"
        )
    positions = [n % count for n in positions]
    if len(set(positions)) < len(positions):
        raise ArgumentError(f"{name}: argnums {argnums} names an argument twice")
    return positions


class Run:
    """One call of a function under a transform: its variables, its result, whether an outer sweep will want more.

    `inputs` are the arrays among the arguments that are differentiated, one after the other, whichever argument they
    are of; `leaves`, `kinds` and `nodes` say of each what it was, and the variable that took its place.
    """

    def __init__(
        self,
        name: str,
        fun: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        positions: Sequence[int],
        *,
        has_aux: bool = False,
        copy: bool = False,
    ) -> None:
        mode = MODE.get()
        self.name = name
        self.outer = bool(mode & RECORDING)
        self.level = mode // LEVEL
        self.kind = common_kind(args)
        self.company = company_of(args)
        self.structures: list[tuple[Any, int]] = []
        self.inputs: list[Array] = []
        self.leaves: list[Any] = []
        self.kinds: list[str] = []
        self.nodes: list[Node] = []
        given = list(args)
        variables: list[Array] = []
        for position in positions:
            leaves, structure = flatten(args[position])
            for leaf in leaves:
                x = leaf if isinstance(leaf, Array) else _as_input(name, leaf, position, self.company, copy)
                variables.append(self._variable(x, leaf, position))
            given[position] = unflatten(structure, variables[-len(leaves) :] if leaves else [])
            self.structures.append((structure, len(leaves)))
        self.leave = Exit(self.inputs)
        self.since = next_seq()
        alone = not self.outer and is_unaware()
        if alone and LIVE:
            check_variables([x._node for x in self.inputs], name)
        LIVE[self.since] = self.nodes
        journal = self.journal = Journal(RECORDING, borrows=not copy)
        try:
            with journal:
                if RAW in self.kinds and not copy:
                    self._keep_from_writes(variables)
                if not self.company.engine.backend.defers:
                    given, kwargs = entered(given), entered(kwargs)
                out = fun(*given, **kwargs)
            del LIVE[self.since]
            self._take(out, has_aux, alone)
            if journal.releases:
                finalize(self, journal.release)
        except BaseException as error:
            LIVE.pop(self.since, None)
            journal.release()
            if (ours := told(error)) is not error:
                raise ours from None
            raise

    def _variable(self, x: Array, leaf: Any, position: int) -> Array:
        """A fresh variable in the place of a leaf, which is `x` as an array."""
        if not x._signature.inexact:
            raise DtypeError(
                f"{self.name}: argument {position} is of {x._dtype.name}, and only floating or complex numbers have a "
                "derivative; convert it to a float, or choose other argnums"
            )
        if self.level:
            x = lift(x, self.level)
        node: Node = Leaf() if x._node is None else Entry(x._node)
        if self.level:
            set_level(node, self.level)
        self.inputs.append(x)
        self.leaves.append(leaf)
        self.kinds.append(kind_of(leaf))
        self.nodes.append(node)
        variable = x._unplaced()
        variable._node = node
        return variable

    def _keep_from_writes(self, variables: Sequence[Array]) -> None:
        """Lock or copy the host arrays among the arguments, so that no write changes the graph they are in."""
        for leaf, x, variable in zip(self.leaves, self.inputs, variables, strict=True):
            if isinstance(leaf, np.ndarray) and not isinstance(x._value, Batched):
                variable._value = x._value = read_only(engine_of(x).backend, admitted(leaf)[1])

    def _take(self, out: Any, has_aux: bool, alone: bool) -> None:
        """Take what the function returned, and leave untracked what it wrote to from outside."""
        if self.journal.entries:
            for x, _ in self.journal.survivors(flatten(out)[0]):
                if x._node is not None and x._node.seq >= self.since:
                    expire_views(x)
                    x._node = None
        self.aux: Any = None
        if has_aux:
            if not isinstance(out, tuple) or len(out) != 2:
                raise ArgumentTypeError(
                    f"{self.name}: with has_aux the function returns a pair (value, aux), not {a_kind(out)}"
                )
            out, self.aux = out
            self.aux = convert_tree(self.aux, self.kind, self.outer, self.leave)
        if out is None:
            raise ArgumentTypeError(f"{self.name}: the function returned None; is its `return` missing?")
        self.out_leaves, self.out_structure = flatten(out)
        self.outs = [
            leaf if isinstance(leaf, Array) else as_result(self.name, leaf, self.company) for leaf in self.out_leaves
        ]
        if alone and LIVE:
            check_variables([x._node for x in self.outs], self.name, self.nodes, self.since)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.journal.release()

    def value(self) -> Any:
        done = [self.leave(x if self.outer or x._node is None else x._unplaced(), self.kind) for x in self.outs]
        return unflatten(self.out_structure, done)

    def trees(self, leaves: Sequence[Any]) -> list[Any]:
        """What belongs to the inputs, one leaf each, as a tree for each argument."""
        if len(self.structures) == 1:
            return [unflatten(self.structures[0][0], leaves)]
        rest = iter(leaves)
        return [unflatten(structure, list(islice(rest, count))) for structure, count in self.structures]

    def exit(self, more: Sequence[Array]) -> Exit:
        """A way out that knows the inputs, and what else must not be aliased."""
        return Exit([*self.inputs, *more])

    def returned(self, results: Sequence[Array], more: Sequence[Array]) -> list[Any]:
        """Arrays that belong to the inputs, as trees and of the kinds that came in; they do not alias `more`."""
        leave = self.exit(more)
        return self.trees([leave(x, kind) for x, kind in zip(results, self.kinds, strict=True)])

    def gradient(self, argnums: int | Sequence[int]) -> Any:
        """The gradient of the one result, a scalar, in the arguments."""
        leaves = []
        with self:
            (out,) = self.outs
            seed = ones_of(out)
            table = self._sweep([wrap(seed, None, out._kernels) if self.outer else seed], not self.outer, self.outer)
            for node, x, kind, leaf in zip(self.nodes, self.inputs, self.kinds, self.leaves, strict=True):
                g = table.get(node)
                if g is None and kind is SCALAR and not self.level:
                    leaves.append(0j if isinstance(leaf, complex) else 0.0)
                else:
                    leaves.append(self.leave(self._cotangent(g, x, self.outer), kind))
        trees = self.trees(leaves)
        return trees[0] if is_single(argnums) else tuple(trees)

    def go_on_to_gradient(self) -> None:
        """Put the gradient of the one result, a scalar, in its place, on the tape, so that pushes are of it."""
        (out,) = self.outs
        self.outs = self.pull([wrap(ones_of(out), None, out._kernels)], recorded=True)

    def pull(self, cotangents: Sequence[Array], *, recorded: bool = False) -> list[Array]:
        """The cotangents of the inputs, as arrays; on the tape if `recorded` or if that is outside."""
        recorded |= self.outer
        seeds = [wrap(g._value, g._node, g._kernels) if recorded else g._value for g in cotangents]
        table = self._sweep(seeds, False, recorded)
        return [self._cotangent(table.get(node), x, recorded) for node, x in zip(self.nodes, self.inputs, strict=True)]

    def _sweep(self, seeds: Sequence[Any], free: bool, recorded: bool) -> dict[Node, Any]:
        """What cotangents of the results, arrays if `recorded`, bring to the variables, by their nodes."""
        heads = []
        for out, seed in zip(self.outs, seeds, strict=True):
            node = out._node
            if node is not None and (node.seq >= self.since or node in self.nodes):
                heads.append((node, seed))
        return pull_back(heads, recorded, free, self.since)

    def _cotangent(self, g: Any, x: Array, recorded: bool) -> Array:
        """What a sweep has brought to an input as an array of its face, and in its layout."""
        if g is not None and x._kernels.layouts:
            g = in_layout(g, x, recorded)
        return self._result(g, x, recorded)

    @staticmethod
    def _result(g: Any, x: Array, recorded: bool) -> Array:
        """What a sweep has brought to `x`, zeros if nothing, as an array of its face."""
        if g is None:
            zeros: Array = OPS["zeros_like"].call(x._unplaced())
            return zeros
        if recorded:
            return handle(x.__class__, g._value, g._node, g._kernels)
        return handle(x.__class__, g, None, table_of(g, engine_of(x)))

    def pull_linear(self, cotangents: Sequence[Array]) -> list[Array]:
        """`pull`, once more or for the first time, for cotangents that may be tracked themselves."""
        if self._is_plain(cotangents):
            return self.pull(cotangents)
        with Scope(TOLD, RECORDING | RULED):
            pulled = self.pull([g._detached() for g in cotangents])
        rule = OwnRule(f"the pull of {self.name}", self.push_linear, self.pull_linear)
        return attach(rule, cotangents, pulled, Places(pulled))

    def push_linear(self, tangents: Sequence[Array]) -> list[Array]:
        """`push` for tangents that may be tracked themselves."""
        if self._is_plain(tangents):
            return self.push(tangents)
        with Scope(TOLD, RECORDING | RULED):
            pushed = self.push([t._detached() for t in tangents])
        rule = OwnRule(f"the push of {self.name}", self.pull_linear, self.push_linear)
        return attach(rule, tangents, pushed, Places(pushed))

    def _is_plain(self, given: Sequence[Array]) -> bool:
        """Whether the sweep needs no rule to be recorded: it records itself, or nothing that it is given is tracked."""
        return self.outer or not MODE.get() & RECORDING or all(x._node is None for x in given)

    def push(self, tangents: Sequence[Array]) -> list[Array]:
        """The tangents of the outputs, as arrays."""
        values = [wrap(t._value, t._node, t._kernels) if self.outer else t._value for t in tangents]
        table = dict(zip(self.nodes, values, strict=True))
        heads = [out._node for out in self.outs]
        if self.outer:
            with Scope(RECORDING):
                pushed = push_forward(heads, table, recorded=True, since=self.since)
        else:
            pushed = push_forward(heads, table, since=self.since)
        return [self._result(t, out, self.outer) for out, t in zip(self.outs, pushed, strict=True)]


def as_result(name: str, leaf: Any, beside: Company | Sequence[Any]) -> Array:
    """What a function under a transform returned, as an array."""
    try:
        return as_array(leaf, beside=beside, weak=True)
    except UnknownArrayError as error:
        raise ArgumentTypeError(
            f"{name}: the function returned {a_kind(leaf)}, which is not an array; return arrays, numbers and "
            f"containers of them, and make a container of your own known: {REGISTER}"
        ) from error


def check_differentiable(run: Run) -> None:
    """Refuse a function none of whose results has a derivative; integers beside floats have zeros."""
    if run.outs and not any(out._signature.inexact for out in run.outs):
        raise DtypeError(
            f"{run.name}: the function returned {run.outs[0]._dtype.name}, and integers and booleans have no "
            "derivative; return floating or complex numbers"
        )


def is_scalar(x: Array) -> bool:
    """Whether an array counts as a scalar: that is for its face to say."""
    return x._value.shape in x._face.scalar_shapes


def check_scalar(run: Run) -> Array:
    if len(run.outs) != 1 or run.out_structure is not None:
        raise ArgumentTypeError(
            f"{run.name}: the function must return one scalar, not {a_kind(run.value())} "
            f"of {len(run.outs)} array(s); use vjp or jacobian for several outputs, has_aux for extra ones"
        )
    (out,) = run.outs
    if not is_scalar(out):
        raise ShapeError(
            f"{run.name}: the function must return a scalar, not an array of shape {out.shape}; "
            "sum it, or use vjp or jacobian"
        )
    if not out._signature.inexact or out._signature.complex:
        remedy = (
            "use vjp for complex ones" if out._dtype in dtypes.COMPLEX else "integers and booleans have no derivative"
        )
        raise DtypeError(
            f"{run.name}: the function must return a real floating number, not {out._dtype.name}; {remedy}"
        )
    return out


def scalar_run(
    fun: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], argnums: int | Sequence[int], has_aux: bool
) -> Run:
    """A run of a scalar function."""
    run = Run("grad", fun, args, kwargs, positions_of("grad", argnums, len(args)), has_aux=has_aux)
    try:
        check_scalar(run)
    except Exception:
        run.journal.release()
        raise
    return run


def cotangents_for(name: str, run: Run, given: Any) -> list[Array]:
    """Cotangents of the results, in a tree as those are, as arrays."""
    leaves, structure = flatten(given)
    if len(leaves) != len(run.outs) or structure != run.out_structure:
        described = "one array" if run.out_structure is None else str(run.out_structure)
        raise ArgumentTypeError(f"{name}: the cotangent must have the structure of the output, {described}")
    return [_fitting(name, "cotangent", leaf, "an output", x) for leaf, x in zip(leaves, run.outs, strict=True)]


def tangents_for(name: str, run: Run, given: Sequence[Any], what: str = "tangent") -> list[Array]:
    """Tangents of the arguments, a tree each, as arrays that belong to the inputs."""
    if not isinstance(given, (tuple, list)) or len(given) != len(run.structures):
        raise ArgumentTypeError(f"{name}: {len(run.structures)} primals need as many tangents, in a tuple or list")
    leaves = []
    for (primal, _), tangent in zip(run.structures, given, strict=True):
        more, structure = flatten(tangent)
        if structure != primal:
            raise ArgumentTypeError(f"{name}: a {what} must have the structure of its primal")
        leaves += more
    return [_fitting(name, what, leaf, "a primal", x) for leaf, x in zip(leaves, run.inputs, strict=True)]


def _fitting(name: str, what: str, leaf: Any, whose: str, x: Array) -> Array:
    """A cotangent or tangent as an array like that which it belongs to, whose dtype Python scalars take."""
    if kind_of(leaf) is SCALAR:
        raw = engine_of(x).backend.from_numpy(np.asarray(leaf, dtype=x._dtype), device=place_beside(x))
        t = wrap(raw, None, engine_of(x))
    else:
        where = f"{name}: the {what}"
        t = enter_beside(leaf, engine_of(x), x.__class__, copy=False, what=where, device=place_beside(x))
        # What belongs to a number of Python's may be of any precision.
        if x._strong is not None and t._dtype != x._dtype and t._dtype.kind == x._dtype.kind:
            t = cast(t, x._dtype)
    if t._signature is not x._signature:
        if t.shape != x.shape:
            raise ShapeError(f"{name}: a {what} of shape {t.shape} for {whose} of shape {x.shape}")
        if t._dtype != x._dtype:
            raise DtypeError(f"{name}: a {what} of {t._dtype.name} for {whose} of {x._dtype.name}")
    return t
