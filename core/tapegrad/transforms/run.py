"""One run of a function under a transform: arguments become variables, results come out as the kind that went in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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
from ..errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, TapegradError, UnknownArrayError
from ..op.call import cast, pull_back, push_forward
from ..op.rules import OwnRule, Places, attach
from ..tape.guards import Journal, check_variables, is_unaware
from ..tape.mode import LEVEL, LIVE, MODE, RECORDING, RULED, TOLD, Scope
from ..tape.nodes import Entry, Leaf, Node, next_seq, set_level
from ..tape.tracebacks import told

UNMAPPED = object()


class Exit:
    """The way out of a transform: results as the kinds that came in, sharing no memory with inputs or each other."""

    __slots__ = ("arguments", "held", "more")

    def __init__(self, arguments: Collection[Argument], more: Sequence[Any] = ()) -> None:
        self.arguments = arguments
        self.more = more
        self.held: set[int] | None = None

    def __call__(self, x: Array, kind: str) -> Any:
        """A result as that kind; what is still tracked or batched stays an array."""
        if x._node is not None or isinstance(x._value, Batched):
            return x
        if kind is SCALAR and x.ndim == 0:
            return x.item()
        if x._strong is not None and not MODE.get() & RECORDING:
            x = as_strong(x)
        if kind is ARRAY:
            return x
        if self.held is None:
            self.held = {id(x._value) for argument in self.arguments for x in argument.outer}
            self.held.update([id(x._value if isinstance(x, Array) else x) for x in self.more])
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
        f"{name}: argument {position} holds a {type(leaf).__name__}, not an array; {remedy}, or, if it is a container, "
        f"make it known: {REGISTER}"
    )


class Argument:
    """A positional argument, flattened, with a fresh variable in the place of each array."""

    def __init__(self, name: str, value: Any, position: int, beside: Company, *, copy: bool = False) -> None:
        self.leaves, self.structure = flatten(value)
        self.kinds: list[str] = []
        self.nodes: list[Node] = []
        self.arrays: list[Array] = []
        self.outer: list[Array] = []
        depth = MODE.get() // LEVEL
        for leaf in self.leaves:
            try:
                x = leaf if isinstance(leaf, Array) else as_array(leaf, copy=copy, beside=beside, weak=True)
            except UnknownArrayError as error:
                raise not_an_array(name, position, leaf, "choose other argnums") from error
            except TapegradError as error:
                raise type(error)(f"{name}: argument {position}: {error}") from error.__cause__
            except Exception as error:
                reason = f"its engine fails with {type(error).__name__}: {error}; choose other argnums"
                raise not_an_array(name, position, leaf, reason) from error
            if not x._signature.inexact:
                raise DtypeError(
                    f"{name}: argument {position} is of {x._dtype.name}, and only floating or complex numbers have a "
                    "derivative; convert it to a float, or choose other argnums"
                )
            if depth:
                x = lift(x, depth)
            node: Node = Leaf() if x._node is None else Entry(x._node)
            if depth:
                set_level(node, depth)
            variable = x._unplaced()
            variable._node = node
            self.kinds.append(kind_of(leaf))
            self.outer.append(x)
            self.nodes.append(node)
            self.arrays.append(variable)

    def tree(self) -> Any:
        return unflatten(self.structure, self.arrays)


def entered(tree: Any) -> Any:
    """A tree with its raw arrays as arrays of ours, for engines whose arrays leave no operator to ours."""
    leaves, structure = flatten(tree)
    raw = [kind_of(leaf) is RAW and hasattr(leaf, "dtype") and not isinstance(leaf, np.generic) for leaf in leaves]
    return unflatten(structure, [as_array(leaf) if enters else leaf for leaf, enters in zip(leaves, raw, strict=True)])


def is_single(argnums: Any) -> bool:
    return hasattr(argnums, "__index__")


def positions_of(name: str, argnums: int | Sequence[int], count: int) -> list[int]:
    if argnums.__class__ is int and 0 <= argnums < count:
        return [argnums]
    try:
        wanted = [index(n) for n in ((argnums,) if is_single(argnums) else argnums)]  # type: ignore[union-attr, arg-type]
    except TypeError:
        raise ArgumentTypeError(f"{name}: argnums is an int or a tuple of them, not {argnums!r}") from None
    if any(not -count <= n < count for n in wanted):
        raise ArgumentError(
            f"{name}: argnums {argnums} is out of range for {count} positional argument(s); "
            "arguments given by keyword are not differentiated"
        )
    found = [n % count for n in wanted]
    if len(set(found)) < len(found):
        raise ArgumentError(f"{name}: argnums {argnums} names an argument twice")
    return found


class Run:
    """One call of a function under a transform: its variables, its result, whether an outer sweep will want more."""

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
        self.name = name
        self.outer = bool(MODE.get() & RECORDING)
        self.kind = common_kind(args)
        self.company = company_of(args)
        self.arguments = {n: Argument(name, args[n], n, self.company, copy=copy) for n in positions}
        self.leave = self.exit()
        self.since = next_seq()
        alone = not self.outer and is_unaware()
        if alone and LIVE:
            check_variables([x._node for argument in self.arguments.values() for x in argument.outer], name)
        LIVE[self.since] = [argument.nodes for argument in self.arguments.values()]
        journal = self.journal = Journal(RECORDING, borrows=not copy)
        try:
            with journal:
                self._keep_from_writes(copy)
                given = [self.arguments[n].tree() if n in self.arguments else a for n, a in enumerate(args)]
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

    def _take(self, out: Any, has_aux: bool, alone: bool) -> None:
        """Take what the function returned, and part with what it wrote to."""
        if self.journal.entries:
            for x, _ in self.journal.survivors(flatten(out)[0]):
                if x._node is not None and x._node.seq >= self.since:
                    expire_views(x)
                    x._node = None
        self.aux: Any = None
        if has_aux:
            if not isinstance(out, tuple) or len(out) != 2:
                raise ArgumentTypeError(
                    f"{self.name}: with has_aux the function returns a pair (value, aux), not {type(out).__name__}"
                )
            out, self.aux = out
            self.aux = convert_tree(self.aux, self.kind, self.outer, self.leave)
        self.out_leaves, self.out_structure = flatten(out)
        self.outs = [
            leaf if isinstance(leaf, Array) else as_result(self.name, leaf, self.company) for leaf in self.out_leaves
        ]
        if alone and LIVE:
            check_variables([x._node for x in self.outs], self.name, self._entries(), self.since)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.journal.release()

    def _keep_from_writes(self, copied: bool) -> None:
        """See to it that nobody writes to the host arrays among the arguments while they are part of a graph."""
        if copied:
            return
        for argument in self.arguments.values():
            if RAW not in argument.kinds:
                continue
            for leaf, x, variable in zip(argument.leaves, argument.outer, argument.arrays, strict=True):
                if isinstance(leaf, np.ndarray) and not isinstance(x._value, Batched):
                    variable._value = x._value = read_only(engine_of(x).backend, admitted(leaf)[1])

    def exit(self, more: Sequence[Array] = ()) -> Exit:
        """A way out that knows the inputs, and whatever else must not be aliased."""
        return Exit(self.arguments.values(), more)

    def value(self) -> Any:
        done = [self.leave(x if self.outer or x._node is None else x._unplaced(), self.kind) for x in self.outs]
        return unflatten(self.out_structure, done)

    def go_on_to_gradient(self) -> None:
        """Put the gradient of the one result, a scalar, in its place, on the tape, so that pushes are of it."""
        out = check_scalar(self)
        rows = self.pull([wrap(ones_of(out), None, out._kernels)], free=False, recorded=True)
        self.outs = [g for row in rows for g in row]

    def pull(
        self, cotangents: Sequence[Array], *, free: bool, recorded: bool = False, numbers: bool = False
    ) -> list[list[Any]]:
        """The cotangents of the arguments, leaf by leaf, as arrays; on the tape if `recorded` or if that is outside.

        With `numbers`, zeros of Python's numbers are such.
        """
        recorded |= self.outer
        seeds = []
        for out, seed in zip(self.outs, cotangents, strict=True):
            if out._node is not None and (out._node.seq >= self.since or out._node in self._entries()):
                seeds.append((out._node, wrap(seed._value, seed._node, seed._kernels) if recorded else seed._value))
        found = pull_back(seeds, recorded, free and not recorded, self.since)
        numbers = numbers and not MODE.get() // LEVEL
        return [
            [
                self._result(found.get(node), x, recorded, laid_out=True)
                if node in found or not (numbers and kind is SCALAR)
                else (0j if isinstance(leaf, complex) else 0.0)
                for node, x, kind, leaf in zip(
                    argument.nodes, argument.outer, argument.kinds, argument.leaves, strict=True
                )
            ]
            for argument in self.arguments.values()
        ]

    @staticmethod
    def _result(g: Any, x: Array, recorded: bool, *, laid_out: bool = False) -> Array:
        """What a sweep has brought to `x`, zeros if that is nothing, as an array of its face, and in its layout."""
        if g is None:
            zeros: Array = OPS["zeros_like"].call(x._unplaced())
            return zeros
        if laid_out and x._kernels.layouts:
            g = in_layout(g, x, recorded)
        if recorded:
            return handle(x.__class__, g._value, g._node, g._kernels)
        return handle(x.__class__, g, None, table_of(g, engine_of(x)))

    def pull_linear(self, cotangents: list[Array]) -> list[list[Array]]:
        """`pull`, once more or for the first time, for cotangents that may be tracked themselves."""
        if self._is_plain(cotangents):
            return self.pull(cotangents, free=False)
        with Scope(TOLD, RECORDING | RULED):
            rows = self.pull([g._detached() for g in cotangents], free=False)
        pulled = [g for row in rows for g in row]
        rule = OwnRule(
            f"the pull of {self.name}",
            lambda tangents: self.push_linear(self._in_rows(tangents)),
            lambda more: [g for row in self.pull_linear(list(more)) for g in row],
        )
        return self._in_rows(attach(rule, cotangents, pulled, Places(pulled)))

    def push_linear(self, rows: list[list[Array]]) -> list[Array]:
        """`push` for tangents that may be tracked themselves."""
        tangents = [t for row in rows for t in row]
        if self._is_plain(tangents):
            return self.push(rows)
        with Scope(TOLD, RECORDING | RULED):
            pushed = self.push([[t._detached() for t in row] for row in rows])
        rule = OwnRule(
            f"the push of {self.name}",
            lambda cotangents: [g for row in self.pull_linear(list(cotangents)) for g in row],
            lambda more: self.push_linear(self._in_rows(more)),
        )
        return attach(rule, tangents, pushed, Places(pushed))

    def _is_plain(self, given: Sequence[Array]) -> bool:
        """Whether the sweep itself sees to it that what is given, tracked or not, is recorded."""
        return self.outer or not MODE.get() & RECORDING or all(x._node is None for x in given)

    def _in_rows(self, flat: Sequence[Array]) -> list[list[Array]]:
        rest = iter(flat)
        return [[next(rest) for _ in argument.nodes] for argument in self.arguments.values()]

    def _entries(self) -> set[Node]:
        return {node for argument in self.arguments.values() for node in argument.nodes}

    def push(self, tangents: Sequence[Sequence[Array]]) -> list[Array]:
        """The tangents of the outputs, as arrays."""
        table: dict[Node, Any] = {}
        for argument, row in zip(self.arguments.values(), tangents, strict=True):
            for node, t in zip(argument.nodes, row, strict=True):
                table[node] = wrap(t._value, t._node, t._kernels) if self.outer else t._value
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
            f"{name}: the function returned a {type(leaf).__name__}, which is no array; return arrays, numbers and "
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
        if run.value() is None:
            raise ArgumentTypeError(
                f"{run.name}: the function returned None, and must return one scalar; is its `return` missing?"
            )
        raise ArgumentTypeError(
            f"{run.name}: the function must return one scalar, not {type(run.value()).__name__} "
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
) -> tuple[Run, Array]:
    """A run of a scalar function, and the cotangent to begin with."""
    run = Run("grad", fun, args, kwargs, positions_of("grad", argnums, len(args)), has_aux=has_aux)
    try:
        out = check_scalar(run)
    except Exception:
        run.journal.release()
        raise
    return run, wrap(ones_of(out), None, out._kernels)


def gradient_of(run: Run, head: Array, argnums: int | Sequence[int]) -> Any:
    with run:
        pulled = run.pull([head], free=True, numbers=True)
    trees = [
        unflatten(
            a.structure, [run.leave(g, k) if isinstance(g, Array) else g for g, k in zip(row, a.kinds, strict=True)]
        )
        for a, row in zip(run.arguments.values(), pulled, strict=True)
    ]
    return trees[0] if is_single(argnums) else tuple(trees)


def cotangents_for(name: str, run: Run, given: Any, what: str = "cotangent") -> list[Array]:
    leaves, structure = flatten(given)
    if len(leaves) != len(run.outs) or structure != run.out_structure:
        described = "one array" if run.out_structure is None else str(run.out_structure)
        raise ArgumentTypeError(f"{name}: the {what} must have the structure of the output, {described}")
    found = []
    for i, (leaf, out) in enumerate(zip(leaves, run.outs, strict=True)):
        g = fitting(leaf, out, f"{name}: the {what}")
        if g.shape != out.shape:
            raise ShapeError(f"{name}: {what} {i} has shape {g.shape}, its output {out.shape}")
        if g._dtype != out._dtype:
            raise DtypeError(f"{name}: {what} {i} is {g._dtype.name}, its output {out._dtype.name}")
        found.append(g)
    return found


def fitting(leaf: Any, x: Array, what: str) -> Array:
    """A cotangent or tangent as an array; Python scalars take the dtype of what they belong to."""
    if kind_of(leaf) is SCALAR:
        raw = engine_of(x).backend.from_numpy(np.asarray(leaf, dtype=x._dtype), device=place_beside(x))
        return wrap(raw, None, engine_of(x))
    found = enter_beside(leaf, engine_of(x), x.__class__, copy=False, what=what, device=place_beside(x))
    # What belongs to a number of Python's may be of any precision.
    fits = x._strong is None or found._dtype == x._dtype or found._dtype.kind != x._dtype.kind
    return found if fits else cast(found, x._dtype)


def tangents_for(name: str, run: Run, given: Sequence[Any], what: str = "tangent") -> list[list[Array]]:
    if not isinstance(given, (tuple, list)) or len(given) != len(run.arguments):
        raise ArgumentTypeError(f"{name}: {len(run.arguments)} primals need as many tangents, in a tuple or list")
    rows = []
    for argument, tangent in zip(run.arguments.values(), given, strict=True):
        leaves, structure = flatten(tangent)
        if structure != argument.structure:
            raise ArgumentTypeError(f"{name}: a {what} must have the structure of its primal")
        row = []
        for leaf, x in zip(leaves, argument.outer, strict=True):
            t = fitting(leaf, x, f"{name}: the {what}")
            if t._signature is not x._signature:
                if t.shape != x.shape:
                    raise ShapeError(f"{name}: a {what} of shape {t.shape} for a primal of shape {x.shape}")
                if t._dtype != x._dtype:
                    raise DtypeError(f"{name}: a {what} of {t._dtype.name} for a primal of {x._dtype.name}")
            row.append(t)
        rows.append(row)
    return rows
