"""Functions of functions: gradients, products with Jacobians, and batching.

What goes in comes out: raw arrays of an engine give raw arrays of it, Python floats give floats, our arrays give our
arrays, and pytrees give pytrees: tuples, lists, dicts, None (without leaves), and what optree has been told of. Each
transform hands the function fresh handles on fresh variables, so transforms nest
in any order; a sweep is itself recorded when an outer transform or `record()` was active as the transform was entered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from functools import wraps
from operator import index
from types import TracebackType
from typing import Any

import numpy as np

from . import dtypes
from .array import Array, wrap
from .batching import BATCHED, LEVELS, Batched, BatchedKernels, lift, of_level, table_of
from .custom import OwnRule
from .dispatch import engine_of, handle
from .draws import BATCHES, RANDOMNESS, Batch
from .errors import ArgumentError, ArgumentTypeError, DtypeError, ShapeError, UnknownArrayError
from .kernels import OPS, RECORDED, EngineKernels, Kernels
from .layers import Places, attach
from .registry import backend_of, get_backend
from .tape import (
    LEVEL,
    LIVE,
    MODE,
    RECORDING,
    Entry,
    Journal,
    Leaf,
    Node,
    Scope,
    check_variables,
    forward_sweep,
    is_fresh,
    next_seq,
    restore_mode,
    reverse_sweep,
)

__all__ = [
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]

ARRAY, RAW, SCALAR = "array", "raw", "scalar"
AS_IT_IS = nullcontext()
UNMAPPED = object()
NAMESPACE = "tapegrad"
"""Where optree looks for the containers of one's own, before those that it knows everywhere."""
REGISTER = f'optree.register_pytree_node(..., namespace="{NAMESPACE}")'


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of a pytree and its structure; one array or number is its own leaf, with the structure None.

    None is a tree without leaves.
    """
    if isinstance(tree, (Array, float, np.ndarray)) or (
        not isinstance(tree, (tuple, list, dict)) and not _is_container(tree)
    ):
        return [tree], None
    import optree

    leaves, structure = optree.tree_flatten(tree, namespace=NAMESPACE)
    return list(leaves), structure


def _is_container(tree: Any) -> bool:
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
    """Refuse what is no function, where it is given and not where it is called."""
    if not callable(fun):
        raise ArgumentTypeError(
            f"{name} takes a function, not a {type(fun).__name__}; call what it returns with the arguments"
        )


def _kind(leaf: Any) -> str:
    if isinstance(leaf, Array):
        return ARRAY
    return SCALAR if isinstance(leaf, (bool, int, float, complex)) and not isinstance(leaf, np.generic) else RAW


def as_array(leaf: Any, *, copy: bool = False, beside: Sequence[Any] = ()) -> Array:
    """An input of any kind as an array; a Python scalar gets the engine and the face of what it stands beside."""
    kind = _kind(leaf)
    if kind is ARRAY:
        found: Array = leaf
        return found
    if kind is SCALAR:
        dtype = dtypes.dtype_of_scalar(leaf, dtypes.BOOL)
        face, engine = _company(beside)
        return handle(face, engine.backend.from_numpy(np.asarray(leaf, dtype=dtype)), None, engine)
    if isinstance(leaf, np.generic):
        leaf = np.asarray(leaf)
    backend = backend_of(leaf)
    return wrap(backend.adopt(leaf, copy=copy), None, backend.kernels)


def _company(beside: Sequence[Any]) -> tuple[type[Array], EngineKernels]:
    """The face and the engine that scalars take among these: an array's, else a raw one's, else the defaults."""
    leaves = [leaf for arg in beside for leaf in flatten(arg)[0]]
    for leaf in leaves:
        if isinstance(leaf, Array):
            return type(leaf), engine_of(leaf)
    for leaf in leaves:
        if _kind(leaf) is RAW and hasattr(leaf, "dtype") and not isinstance(leaf, (np.ndarray, np.generic)):
            return Array, backend_of(leaf).kernels  # type: ignore[return-value]
    return Array, get_backend().kernels  # type: ignore[return-value]


class _Exit:
    """The way out of a transform: results as the kinds that came in, sharing no memory with inputs or each other."""

    __slots__ = ("arguments", "held", "more")

    def __init__(self, arguments: Collection[_Argument], more: Sequence[Any] = ()) -> None:
        self.arguments = arguments
        self.more = more
        self.held: set[int] | None = None

    def __call__(self, x: Array, kind: str) -> Any:
        """A result as that kind; what is still tracked or batched stays an array."""
        if kind is ARRAY or x._node is not None or isinstance(x._value, Batched):
            return x
        if kind is SCALAR and x.ndim == 0:
            return x.item()
        if self.held is None:
            self.held = {id(x._value) for argument in self.arguments for x in argument.outer}
            self.held.update([id(x._value if isinstance(x, Array) else x) for x in self.more])
        raw = x._value
        backend = engine_of(x).backend
        raw = backend.adopt(raw, copy=True) if id(raw) in self.held else backend.exclusive(raw)
        self.held.add(id(raw))
        return raw


def _common_kind(args: Sequence[Any]) -> str:
    """The kind in which results are returned: arrays if any argument holds one, else raw arrays, else scalars."""
    for arg in args:
        if isinstance(arg, Array):
            return ARRAY
    kinds = {_kind(leaf) for arg in args for leaf in flatten(arg)[0]}
    return ARRAY if ARRAY in kinds else RAW if RAW in kinds else SCALAR


def _convert_tree(tree: Any, kind: str, outer: bool, leave: _Exit) -> Any:
    leaves, structure = flatten(tree)
    done = []
    for leaf in leaves:
        if isinstance(leaf, Array):
            leaf = leaf if outer else leaf.detach()
            leaf = leave(leaf, kind)
        done.append(leaf)
    return unflatten(structure, done)


def _no_array(name: str, position: int, leaf: Any, remedy: str) -> TypeError:
    return ArgumentTypeError(
        f"{name}: argument {position} holds a {type(leaf).__name__}, not an array; {remedy}, or, if it is a container, "
        f"make it known: {REGISTER}"
    )


class _Argument:
    """A positional argument, flattened, with a fresh variable in the place of each array."""

    def __init__(self, name: str, value: Any, position: int, beside: Sequence[Any], *, copy: bool = False) -> None:
        self.leaves, self.structure = flatten(value)
        self.kinds = [_kind(leaf) for leaf in self.leaves]
        self.nodes: list[Node] = []
        self.arrays: list[Array] = []
        self.outer: list[Array] = []
        depth = MODE.get() // LEVEL
        for leaf in self.leaves:
            try:
                x = leaf if isinstance(leaf, Array) else as_array(leaf, copy=copy, beside=beside)
            except Exception as error:
                raise _no_array(name, position, leaf, "choose other argnums") from error
            if x._like is None and x._dtype not in dtypes.INEXACT:
                raise DtypeError(
                    f"{name}: argument {position} is of {x._dtype.name}, and only floating or complex numbers have a "
                    "derivative; convert it to a float, or choose other argnums"
                )
            if depth:
                x = lift(x, depth)
            node: Node = Leaf() if x._node is None else Entry(x._node)
            if depth:
                LEVELS[node] = depth
            variable = x.detach()
            variable._node = node
            self.outer.append(x)
            self.nodes.append(node)
            self.arrays.append(variable)

    def tree(self) -> Any:
        return unflatten(self.structure, self.arrays)


def _is_one(argnums: Any) -> bool:
    return hasattr(argnums, "__index__")


def _positions(name: str, argnums: int | Sequence[int], count: int) -> list[int]:
    if argnums.__class__ is int and 0 <= argnums < count:
        return [argnums]
    try:
        wanted = [index(n) for n in ((argnums,) if _is_one(argnums) else argnums)]  # type: ignore[union-attr, arg-type]
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


class _Run:
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
        self.kind = _common_kind(args)
        self.arguments = {n: _Argument(name, args[n], n, args, copy=copy) for n in positions}
        self.leave = self.exit()
        self.since = next_seq()
        alone = is_fresh()
        if alone and LIVE:
            check_variables([x._node for argument in self.arguments.values() for x in argument.outer], name)
        LIVE[self.since] = [argument.nodes for argument in self.arguments.values()]
        try:
            with Journal(RECORDING) as journal:
                given = [self.arguments[n].tree() if n in self.arguments else a for n, a in enumerate(args)]
                out = fun(*given, **kwargs)
        finally:
            del LIVE[self.since]
        if journal.entries:
            for x, _ in journal.survivors(flatten(out)[0]):
                if x._node is not None and x._node.seq >= self.since:
                    x._node = None
        self.aux: Any = None
        if has_aux:
            if not isinstance(out, tuple) or len(out) != 2:
                raise ArgumentTypeError(
                    f"{name}: with has_aux the function returns a pair (value, aux), not {type(out).__name__}"
                )
            out, self.aux = out
            self.aux = _convert_tree(self.aux, self.kind, self.outer, self.leave)
        self.out_leaves, self.out_structure = flatten(out)
        self.outs = [_returned(name, leaf, args) for leaf in self.out_leaves]
        if alone and LIVE:
            check_variables([x._node for x in self.outs], name)

    def exit(self, more: Sequence[Array] = ()) -> _Exit:
        """A way out that knows the inputs, and whatever else must not be aliased."""
        return _Exit(self.arguments.values(), more)

    def value(self) -> Any:
        done = [self.leave(x if self.outer or x._node is None else x.detach(), self.kind) for x in self.outs]
        return unflatten(self.out_structure, done)

    def pull(self, cotangents: Sequence[Array], *, free: bool) -> list[list[Array]]:
        """The cotangents of the arguments, leaf by leaf, as arrays."""
        seeds = []
        for out, seed in zip(self.outs, cotangents, strict=True):
            if out._node is not None and (out._node.seq >= self.since or out._node in self._entries()):
                seeds.append((out._node, wrap(seed._value, seed._node, seed._xp) if self.outer else seed._value))
        with Scope(RECORDING) if self.outer else AS_IT_IS:
            found: dict[Node, Any] = reverse_sweep(
                seeds, recorded=self.outer, free=free and not self.outer, since=self.since
            )
        results = []
        for argument in self.arguments.values():
            row = []
            for node, x in zip(argument.nodes, argument.outer, strict=True):
                g: Any = found.get(node)
                if g is None:
                    row.append(OPS["zeros_like"].call(x.detach()))
                elif self.outer:
                    row.append(handle(type(x), x._xp.like(g._value, x._value), g._node, g._xp))
                else:
                    g = x._xp.like(g, x._value)
                    row.append(handle(type(x), g, None, table_of(g, _plain(x))))
            results.append(row)
        return results

    def pull_linear(self, cotangents: list[Array]) -> list[list[Array]]:
        """`pull`, once more or for the first time, for cotangents that may be tracked themselves."""
        if self._is_plain(cotangents):
            return self.pull(cotangents, free=False)
        with Scope(0, RECORDING):
            rows = self.pull([stop_gradient(g) for g in cotangents], free=False)
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
        with Scope(0, RECORDING):
            pushed = self.push([[stop_gradient(t) for t in row] for row in rows])
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
                table[node] = wrap(t._value, t._node, t._xp) if self.outer else t._value
        batched = BATCHED if MODE.get() >= LEVEL else None
        with Scope(RECORDING) if self.outer else AS_IT_IS:
            pushed = forward_sweep(
                [out._node for out in self.outs],
                table,
                wrap=wrap if self.outer else None,
                batched_xp=batched,
                since=self.since,
            )
        results = []
        for out, t in zip(self.outs, pushed, strict=True):
            if t is None:
                results.append(OPS["zeros_like"].call(out.detach()))
            elif self.outer:
                results.append(handle(type(out), t._value, t._node, t._xp))
            else:
                results.append(handle(type(out), t, None, table_of(t, _plain(out))))
        return results


def _returned(name: str, leaf: Any, beside: Sequence[Any]) -> Array:
    """What a function under a transform returned, as an array."""
    try:
        return as_array(leaf, beside=beside)
    except UnknownArrayError as error:
        raise ArgumentTypeError(
            f"{name}: the function returned a {type(leaf).__name__}, which is no array; return arrays, numbers and "
            f"containers of them, and make a container of your own known: {REGISTER}"
        ) from error


def _plain(x: Array) -> Kernels:
    return engine_of(x) if isinstance(x._xp, BatchedKernels) else x._xp


def _is_scalar(x: Array) -> bool:
    """Whether an array counts as a scalar: of no axes, or of the shape (1,) that a face's reductions have."""
    return x._value.shape == () or (x._value.shape == (1,) and type(x) is not Array)


def _check_scalar(run: _Run) -> Array:
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
    if not _is_scalar(out):
        raise ShapeError(
            f"{run.name}: the function must return a scalar, not an array of shape {out.shape}; "
            "sum it, or use vjp or jacobian"
        )
    if out._dtype not in dtypes.FLOATING:
        remedy = (
            "use vjp for complex ones" if out._dtype in dtypes.COMPLEX else "integers and booleans have no derivative"
        )
        raise DtypeError(
            f"{run.name}: the function must return a real floating number, not {out._dtype.name}; {remedy}"
        )
    return out


def value_and_grad(
    fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The value of a scalar function together with its gradient, in one pass.

    `argnums`: which positional argument(s) to differentiate; a tuple gives a tuple of gradients. `has_aux`: the
    function returns `(value, aux)`, and so does the result.

    What goes in comes out: arrays of an engine give arrays of it, floats floats, pytrees pytrees.

    Shapes: gradients have those of the arguments. The value has one element; of an argument that it does not depend on
    the gradient is zeros.

    Dtypes: gradients have those of the arguments, which are floating or complex. The gradient in a complex one is that
    of PyTorch's convention, ∂/∂x + i ∂/∂y for z = x + iy and a real value.

    Raises: `ShapeError` for a value that is no scalar, `DtypeError` for integer arguments, `ValueError` for `argnums`
    out of range, `TypeError` for arguments and values that are no arrays, and with `has_aux` for no pair.

    >>> import numpy as np
    >>> value_and_grad(lambda x: (x * x).sum())(np.asarray([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    >>> value_and_grad(lambda p, x: p["slope"] * x + p["offset"], argnums=(0, 1))({"slope": 3.0, "offset": 1.0}, 2.0)
    (7.0, ({'slope': 2.0, 'offset': 1.0}, 3.0))
    """

    callable_or_error("grad", fun)

    @wraps(fun)
    def value_and_grad_of(*args: Any, **kwargs: Any) -> Any:
        run, head = _scalar_run(fun, args, kwargs, argnums, has_aux)
        value = run.value()
        found = _gradient(run, head, argnums)
        return ((value, run.aux), found) if has_aux else (value, found)

    return value_and_grad_of


def _scalar_run(
    fun: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], argnums: int | Sequence[int], has_aux: bool
) -> tuple[_Run, Array]:
    """A run of a scalar function, and the cotangent to begin with."""
    run = _Run("grad", fun, args, kwargs, _positions("grad", argnums, len(args)), has_aux=has_aux)
    out = _check_scalar(run)
    return run, wrap(out._xp.ones_like(out._value), None, out._xp)


def _gradient(run: _Run, head: Array, argnums: int | Sequence[int]) -> Any:
    pulled = run.pull([head], free=True)
    trees = [
        unflatten(a.structure, [run.leave(g, kind) for g, kind in zip(row, a.kinds, strict=True)])
        for a, row in zip(run.arguments.values(), pulled, strict=True)
    ]
    return trees[0] if _is_one(argnums) else tuple(trees)


def grad(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function of the same arguments. See `value_and_grad` for `argnums`.

    With `has_aux` the function returns `(value, aux)`, and the result is `(gradient, aux)`. For functions whose result
    is an array see `elementwise_grad`, `jacobian` and `vjp`.

    Shapes: the gradient has that of the argument; the value has one element.

    Dtypes: floating or complex; the gradient has that of the argument.

    Raises: as `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
    (12.0, 12.0)
    """
    callable_or_error("grad", fun)

    @wraps(fun)
    def grad_of(*args: Any, **kwargs: Any) -> Any:
        run, head = _scalar_run(fun, args, kwargs, argnums, has_aux)
        found = _gradient(run, head, argnums)
        return (found, run.aux) if has_aux else found

    return grad_of


def elementwise_grad(fun: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """The gradient of the sum of a function's outputs: the derivative at each element of a function that acts on each.

    Shapes: any; the gradient has that of the argument.

    Dtypes: floating or complex; the gradient has that of the argument.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> import tapegrad.numpy as tnp
    >>> elementwise_grad(tnp.sqrt)(np.asarray([1.0, 4.0]))
    array([0.5 , 0.25])
    """

    callable_or_error("elementwise_grad", fun)

    @wraps(fun)
    def summed(*args: Any, **kwargs: Any) -> Any:
        return OPS["sum"].call(fun(*args, **kwargs))

    return grad(summed, argnums)


def _cotangents(name: str, run: _Run, given: Any, what: str = "cotangent") -> list[Array]:
    leaves, structure = flatten(given)
    if len(leaves) != len(run.outs) or structure != run.out_structure:
        described = "one array" if run.out_structure is None else str(run.out_structure)
        raise ArgumentTypeError(f"{name}: the {what} must have the structure of the output, {described}")
    found = []
    for i, (leaf, out) in enumerate(zip(leaves, run.outs, strict=True)):
        g = _like(leaf, out)
        if g.shape != out.shape:
            raise ShapeError(f"{name}: {what} {i} has shape {g.shape}, its output {out.shape}")
        if g._dtype != out._dtype:
            raise DtypeError(f"{name}: {what} {i} is {g._dtype.name}, its output {out._dtype.name}")
        found.append(g)
    return found


def _like(leaf: Any, x: Array) -> Array:
    """A cotangent or tangent as an array; Python scalars take the dtype of what they belong to."""
    if _kind(leaf) is SCALAR:
        raw = engine_of(x).backend.from_numpy(np.asarray(leaf, dtype=x._dtype))
        return wrap(raw, None, engine_of(x))
    return as_array(leaf)


def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function and its pull: from a cotangent of the output to the tuple of those of the arguments.

    The pull may be called any number of times. With `has_aux` the result is `(value, pull, aux)`.

    Shapes: any; a cotangent has that of the output, what is pulled back those of the arguments. Pytrees likewise.

    Dtypes: floating or complex, as those of outputs and arguments; a Python number takes the output's.

    Raises: `ShapeError` and `DtypeError` for a cotangent that does not fit, `DtypeError` for integer arguments.

    >>> import numpy as np
    >>> value, pull = vjp(lambda x: x * x, np.asarray([1.0, 2.0]))
    >>> pull(np.asarray([1.0, 10.0]))
    (array([ 2., 40.]),)
    """
    run = _Run("vjp", fun, primals, {}, range(len(primals)), has_aux=has_aux, copy=True)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        cotangents = _cotangents("vjp", run, cotangent)
        pulled = run.pull_linear(cotangents)
        leave = run.exit(cotangents)
        return tuple(
            unflatten(a.structure, [leave(g, kind) for g, kind in zip(row, a.kinds, strict=True)])
            for a, row in zip(run.arguments.values(), pulled, strict=True)
        )

    return (run.value(), pull, run.aux) if has_aux else (run.value(), pull)


def _tangents(name: str, run: _Run, given: Sequence[Any], what: str = "tangent") -> list[list[Array]]:
    if not isinstance(given, (tuple, list)) or len(given) != len(run.arguments):
        raise ArgumentTypeError(f"{name}: {len(run.arguments)} primals need as many tangents, in a tuple or list")
    rows = []
    for argument, tangent in zip(run.arguments.values(), given, strict=True):
        leaves, structure = flatten(tangent)
        if structure != argument.structure:
            raise ArgumentTypeError(f"{name}: a {what} must have the structure of its primal")
        row = []
        for leaf, x in zip(leaves, argument.outer, strict=True):
            t = _like(leaf, x)
            if t._like is None or t._like is not x._like:
                if t.shape != x.shape:
                    raise ShapeError(f"{name}: a {what} of shape {t.shape} for a primal of shape {x.shape}")
                if t._dtype != x._dtype:
                    raise DtypeError(f"{name}: a {what} of {t._dtype.name} for a primal of {x._dtype.name}")
            row.append(t)
        rows.append(row)
    return rows


def jvp(fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The value of a function and its derivative in the direction of the tangents.

    `primals` and `tangents` are tuples of one entry an argument, of the same shapes and dtypes. With `has_aux` the
    result is `(value, tangent, aux)`.

    Shapes: tangents have those of the primals, the derivative that of the value.

    Dtypes: floating or complex, those of tangents equal to the primals'; a Python number takes the primal's.

    Raises: `TypeError` for primals and tangents that are no tuples of one length, `ShapeError` and `DtypeError` for a
    tangent that does not fit.

    >>> jvp(lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    if not isinstance(primals, (tuple, list)):
        raise ArgumentTypeError("jvp: primals are a tuple or list with one entry an argument")
    run = _Run("jvp", fun, primals, {}, range(len(primals)), has_aux=has_aux)
    rows = _tangents("jvp", run, tangents)
    pushed = run.push(rows)
    leave = run.exit([t for row in rows for t in row])
    out = unflatten(run.out_structure, [leave(t, run.kind) for t in pushed])
    return (run.value(), out, run.aux) if has_aux else (run.value(), out)


def linearize(fun: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of a function at the primals and the linear map of its tangents there, which may be called many times.

    Shapes: as `jvp`.

    Dtypes: as `jvp`.

    Raises: `ShapeError` and `DtypeError` for a tangent that does not fit, `DtypeError` for integer arguments.

    >>> value, push = linearize(lambda x: x * x, 3.0)
    >>> push(1.0), push(2.0)
    (6.0, 12.0)
    """
    run = _Run("linearize", fun, primals, {}, range(len(primals)), copy=True)

    def push(*tangents: Any) -> Any:
        rows = _tangents("linearize", run, tangents)
        pushed = run.push_linear(rows)
        leave = run.exit([t for row in rows for t in row])
        return unflatten(run.out_structure, [leave(t, run.kind) for t in pushed])

    return run.value(), push


def _basis(x: Array) -> Array:
    """The unit arrays of the shape of `x`, along a new first axis."""
    engine = engine_of(x)
    eye = np.eye(x.size, dtype=x._dtype).reshape(x.size, *x.shape)
    return wrap(engine.backend.from_numpy(eye), None, engine)


class _Level(Scope):
    """One more enclosing vmap, of so many elements, with what a random draw means in it."""

    def __init__(self, size: int, randomness: str) -> None:
        super().__init__()
        self.size, self.randomness = size, randomness

    def __enter__(self) -> int:  # type: ignore[override]
        mode = MODE.get()
        level = mode // LEVEL + 1
        self.token = BATCHES.set((*BATCHES.get(), Batch(level, self.size, self.randomness)))
        self.previous.append(MODE.set(mode + LEVEL))
        return level

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        restore_mode(self.previous.pop())
        BATCHES.reset(self.token)


def _open(x: Array, level: int, size: int) -> Array:
    """What came out of the vmap of that level, with the batch axis in front."""
    value = x._value
    if isinstance(value, Batched) and value.level == level:
        inner = handle(type(x), value.value, value.node, value.xp)
        if value.mapped:
            return inner
        x = inner
    elif x._node is not None and LEVELS.get(x._node, 0) >= level:
        x = x.detach()
    found: Array = RECORDED.broadcast_to(x, shape=(size, *x.shape))
    return found


def jacrev(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian by one reverse sweep that carries all cotangents at once: best where outputs are fewer than inputs.

    `jacobian` is another name for it; `jacfwd` does the same forward. See `value_and_grad` for `argnums` and `has_aux`.

    Shapes: of an output of shape `o` and an argument of shape `i`, `o + i`; pytrees give the output's tree of the
    argument's.

    Dtypes: floating or complex, as the argument's.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> jacrev(lambda x: x * x)(np.asarray([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    callable_or_error("jacrev", fun)

    @wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        run = _Run("jacobian", fun, args, kwargs, _positions("jacobian", argnums, len(args)), has_aux=has_aux)
        columns = []
        for i, out in enumerate(run.outs):
            if not dtypes.is_dtype(out._dtype, ("real floating", "complex floating")):
                raise DtypeError(f"jacobian: output {i} is of {out._dtype.name} and has no derivative")
            if out.ndim == 0:
                zeros = [
                    _zero(o) if o is not out else OPS["ones_like"].call(wrap(o._value, None, o._xp)) for o in run.outs
                ]
                rows = run.pull(zeros, free=False)
            else:
                size = out.size
                # One rule for all unit cotangents: what it draws, it draws once.
                with _Level(size, "same") as level:
                    seeds = [_zero(o) for o in run.outs]
                    basis = _basis(out)
                    seeds[i] = wrap(Batched(basis._value, None, basis._xp, level), None, basis._xp)
                    rows = run.pull(seeds, free=False)
                    rows = [[_open(g, level, size) for g in row] for row in rows]
                rows = [
                    [RECORDED.reshape(g, shape=out.shape + x.shape) for g, x in zip(row, argument.outer, strict=True)]
                    for row, argument in zip(rows, run.arguments.values(), strict=True)
                ]
            columns.append(_trees(run, rows, argnums))
        found = unflatten(run.out_structure, columns)
        return (found, run.aux) if has_aux else found

    return jacobian_of


def _zero(x: Array) -> Array:
    found: Array = OPS["zeros_like"].call(wrap(x._value, None, x._xp))
    return found


def _trees(run: _Run, rows: Sequence[Sequence[Array]], argnums: int | Sequence[int]) -> Any:
    kinds = [RAW if kind is SCALAR and any(r.ndim for r in row) else kind for row in rows for kind in [run.kind]]
    trees = []
    for argument, row, kind in zip(run.arguments.values(), rows, kinds, strict=True):
        leaves = [run.leave(g, own if own is not SCALAR else kind) for g, own in zip(row, argument.kinds, strict=True)]
        trees.append(unflatten(argument.structure, leaves))
    return trees[0] if _is_one(argnums) else tuple(trees)


jacobian = jacrev


def jacfwd(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian by one forward sweep that carries all tangents at once: best where inputs are fewer than outputs.

    See `value_and_grad` for `argnums` and `has_aux`.

    Shapes: of an output of shape `o` and an argument of shape `i`, `o + i`; pytrees give the output's tree of the
    argument's.

    Dtypes: floating or complex, as the argument's.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> jacfwd(lambda x: x * x)(np.asarray([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    callable_or_error("jacfwd", fun)

    @wraps(fun)
    def jacobian_of(*args: Any, **kwargs: Any) -> Any:
        run = _Run("jacobian", fun, args, kwargs, _positions("jacobian", argnums, len(args)), has_aux=has_aux)
        blocks: list[list[list[Array]]] = []
        for argument in run.arguments.values():
            per_leaf = []
            for k, x in enumerate(argument.outer):
                with _Level(x.size, "same") as level:
                    rows = [[_zero(y) for y in other.outer] for other in run.arguments.values()]
                    basis = _basis(x)
                    batch = wrap(Batched(basis._value, None, basis._xp, level), None, basis._xp)
                    rows[list(run.arguments.values()).index(argument)][k] = batch
                    pushed = [_open(t, level, x.size) for t in run.push(rows)]
                per_leaf.append(
                    [
                        RECORDED.reshape(RECORDED.moveaxis(t, source=0, destination=-1), shape=out.shape + x.shape)
                        for t, out in zip(pushed, run.outs, strict=True)
                    ]
                )
            blocks.append(per_leaf)
        columns = [
            _trees(run, [[leaf[i] for leaf in per_leaf] for per_leaf in blocks], argnums) for i in range(len(run.outs))
        ]
        found = unflatten(run.out_structure, columns)
        return (found, run.aux) if has_aux else found

    return jacobian_of


def hessian(fun: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The matrix of second derivatives of a scalar function, by one batched sweep over its gradient.

    See `value_and_grad` for `argnums` and `has_aux`. Where a product with a vector is enough, `hvp` costs far less.

    Shapes: of an argument of shape `i`, `i + i`.

    Dtypes: floating or complex, as the argument's.

    Raises: `DtypeError` for integer arguments, `ValueError` for `argnums` out of range.

    >>> import numpy as np
    >>> hessian(lambda x: (x**3).sum())(np.asarray([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """

    callable_or_error("hessian", fun)

    @wraps(fun)
    def scalar(*args: Any, **kwargs: Any) -> Any:
        out = fun(*args, **kwargs)
        value, *aux = out if has_aux and isinstance(out, tuple) else (out,)
        if isinstance(value, Array) and value.ndim and _is_scalar(value):
            value = RECORDED.reshape(value, shape=())
        return (value, *aux) if has_aux else value

    return jacrev(jacrev(scalar, argnums, has_aux), argnums, has_aux)


def hvp(fun: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The product of the Hessian of a scalar function with a vector, without the Hessian.

    The result is called with the arguments of `fun` and then the vector. It costs about as much as two gradients: B. A.
    Pearlmutter (1994), "Fast exact multiplication by the Hessian".

    Shapes: vector and product have that of the differentiated argument.

    Dtypes: floating, as the argument's.

    Raises: `ShapeError` and `DtypeError` for a vector that does not fit, `TypeError` without one, `ValueError` for
    `argnums` out of range.

    >>> import numpy as np
    >>> hvp(lambda x: (x**3).sum())(np.asarray([1.0, 2.0]), np.asarray([1.0, 0.0]))
    array([6., 0.])
    """
    gradient = grad(fun, argnums)

    if not _is_one(argnums):
        raise ArgumentTypeError(
            f"hvp: argnums is an int, not {argnums!r}; put several arguments into a tuple that is one"
        )

    @wraps(fun)
    def hvp_of(*args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:
            raise ArgumentTypeError(
                f"hvp: give the arguments of the function and then the vector, not {len(args)} argument(s)"
            )
        *primals, vector = args
        (position,) = _positions("hvp", argnums, len(primals))

        def at(x: Any) -> Any:
            return gradient(*primals[:position], x, *primals[position + 1 :], **kwargs)

        run = _Run("hvp", at, [primals[position]], {}, [0])
        rows = _tangents("hvp", run, [vector], "vector")
        pushed = run.push(rows)
        leave = run.exit(rows[0])
        (argument,) = run.arguments.values()
        return unflatten(argument.structure, [leave(t, kind) for t, kind in zip(pushed, argument.kinds, strict=True)])

    return hvp_of


def stop_gradient(x: Any) -> Any:
    """The same value as a constant, leaf by leaf of a pytree.

    Shapes: any, and kept.

    Dtypes: any, and kept.

    Raises: nothing; leaves that are no arrays are passed on.

    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    return map_arrays(_stop, x)


def _stop(x: Array) -> Array:
    """`x` without its nodes, those inside a batch included."""

    def bare(value: Any) -> Any:
        if isinstance(value, Batched):
            return Batched(bare(value.value), None, value.xp, value.level, value.mapped)
        return value

    return handle(type(x), bare(x._value), None, x._xp)


def vmap(
    fun: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    *,
    axis_size: int | None = None,
    randomness: str = "error",
) -> Callable[..., Any]:
    """A function of one example as a function of a batch of them.

    `in_axes`: which axis of each argument is the batch, an int or None (not batched) for all, or one for each, or a
    pytree prefix of an argument. `out_axes`: where the batch axis goes in the results, or None for a result that is the
    same for all. `axis_size`: the size of the batch, for when no argument has one. `randomness`: what a random draw in
    `fun` is: an error, the "same" for all elements, or "different", one for each. Transforms nest in any order.

    Shapes: in `fun` arrays lack the batch axis; results have it at `out_axes`.

    Dtypes: any, as in `fun`.

    Raises: `ValueError` for axes that do not fit, batches of different sizes or none, `RandomnessError` for a draw,
    `DynamicShapeError` where a shape depends on values, `TypeError` for writes into arrays from outside.

    >>> import numpy as np
    >>> vmap(grad(lambda x: x**3))(np.asarray([1.0, 2.0]))
    array([ 3., 12.])
    >>> import tapegrad.numpy as tnp
    >>> len(set(vmap(lambda: tnp.random.normal(), axis_size=9, randomness="different")().tolist()))
    9
    """
    callable_or_error("vmap", fun)
    if randomness not in RANDOMNESS:
        raise ArgumentError(f"vmap: randomness is {randomness!r}; choose one of {', '.join(map(repr, RANDOMNESS))}")

    @wraps(fun)
    def vmap_of(*args: Any, **kwargs: Any) -> Any:
        outer = bool(MODE.get() & RECORDING)
        per_argument = in_axes if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(per_argument) != len(args):
            raise ArgumentError(f"vmap: in_axes has {len(per_argument)} entries for {len(args)} arguments")
        beside = [leaf for arg in (*args, *kwargs.values()) for leaf in flatten(arg)[0]]
        kind = _common_kind([leaf for leaf in beside if _kind(leaf) is not SCALAR])
        flat = [(flatten(arg), _spread(axes, arg)) for arg, axes in zip(args, per_argument, strict=True)]
        for_keywords = [(name, flatten(value)) for name, value in kwargs.items()]
        sizes: dict[int, str] = {} if axis_size is None else {axis_size: "axis_size"}
        moved: list[list[Any]] = []
        for n, ((leaves, _), axes) in enumerate(flat):
            row = []
            for leaf, axis in zip(leaves, axes, strict=True):
                if axis is None:
                    row.append((leaf, False))
                    continue
                try:
                    x = as_array(leaf)
                except UnknownArrayError as error:
                    raise _no_array("vmap", n, leaf, "say None for it in in_axes") from error
                if not -x.ndim <= axis < x.ndim:
                    raise ArgumentError(
                        f"vmap: axis {axis} of argument {n} is out of range for shape {x.shape}; "
                        "say None in in_axes for what all elements share"
                    )
                if axis % x.ndim:
                    x = RECORDED.moveaxis(x, source=axis, destination=0)
                sizes.setdefault(x.shape[0], f"argument {n}")
                row.append((x, True))
            moved.append(row)
        keyword_rows = []
        for name, (leaves, _) in for_keywords:
            row = []
            for leaf in leaves:
                if _kind(leaf) is SCALAR or not hasattr(leaf, "shape") or not leaf.shape:
                    row.append((leaf, False))
                else:
                    x = as_array(leaf)
                    sizes.setdefault(x.shape[0], f"keyword {name}")
                    row.append((x, True))
            keyword_rows.append(row)
        if len(sizes) > 1:
            described = ", ".join(f"{size} in {where}" for size, where in sizes.items())
            raise ArgumentError(f"vmap: the batch axes have different lengths: {described}")
        if not sizes:
            raise ArgumentError("vmap: no argument is batched; give at least one an axis in in_axes, or give axis_size")
        size = next(iter(sizes))
        with _Level(size, randomness) as level:

            def enter(x: Any, on: bool) -> Any:
                if not on:
                    return x
                return handle(type(x), Batched(x._value, x._node, x._xp, level), None, of_level(level))

            inner = [
                unflatten(structure, [enter(x, on) for x, on in row])
                for ((_, structure), _), row in zip(flat, moved, strict=True)
            ]
            named = {
                name: unflatten(structure, [enter(x, on) for x, on in row])
                for (name, (_, structure)), row in zip(for_keywords, keyword_rows, strict=True)
            }
            with Journal() as journal:
                out = fun(*inner, **named)
            leaves, structure = flatten(out)
            for x, held in journal.survivors(leaves):
                if isinstance(x._value, Batched) and x._value.level >= level:
                    x._hold(held)
                    raise ArgumentTypeError(
                        "vmap: the function wrote batched values in place into an array from outside, which has no "
                        "room for a batch; return them instead"
                    )
            results = [_returned("vmap", leaf, beside) for leaf in leaves]
            axes = _spread(out_axes, out)
            for i, (x, axis) in enumerate(zip(results, axes, strict=True)):
                if axis is None and isinstance(x._value, Batched) and x._value.level == level and x._value.mapped:
                    raise ArgumentError(
                        f"vmap: result {i} differs within the batch, so its out_axes cannot be None; give it an axis"
                    )
                if axis is not None and not -x.ndim - 1 <= axis <= x.ndim:
                    raise ArgumentError(
                        f"vmap: axis {axis} in out_axes is out of range for result {i}, "
                        f"which has {x.ndim} axes beside that of the batch"
                    )
            arrays = [_open(x, level, 1 if axis is None else size) for x, axis in zip(results, axes, strict=True)]
        leave = _Exit((), [x for row in moved for x, _ in row])
        done = []
        for x, axis in zip(arrays, axes, strict=True):
            if axis is None:
                x = RECORDED.getitem(x, key=(0,))
            elif axis:
                x = RECORDED.moveaxis(x, source=0, destination=axis)
            done.append(leave(x if outer else x.detach(), kind))
        return unflatten(structure, done)

    return vmap_of


def _spread(axes: Any, tree: Any) -> list[Any]:
    """The axis of each leaf of `tree`, from an int, None, or a prefix of the tree."""
    leaves, structure = flatten(tree)
    if axes is None or isinstance(axes, int):
        return [axes] * len(leaves)
    if structure is None:
        raise ArgumentError(f"vmap: axes {axes!r} do not fit an argument that is one array")
    import optree

    # In the axes None is a leaf that stands for a whole branch, in the tree a branch without leaves.
    known = optree.tree_map(lambda a: UNMAPPED if a is None else a, axes, none_is_leaf=True, namespace=NAMESPACE)
    try:
        spread = optree.broadcast_prefix(known, tree, namespace=NAMESPACE)
    except ValueError as error:
        raise ArgumentError(f"vmap: axes {axes!r} are no prefix of the tree that they are for: {error}") from error
    for axis in spread:
        if axis is not UNMAPPED and not isinstance(axis, int):
            raise ArgumentTypeError(f"vmap: an axis is an int or None, not {axis!r}")
    return [None if axis is UNMAPPED else axis for axis in spread]
