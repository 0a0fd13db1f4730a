"""Rules of one's own: a function with its derivative written beside it, in the grammar of the built-in ops.

The function is given arrays and its own computing is not recorded; what is recorded is one node that holds the rule.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

from .array import Array, wrap
from .batching import LEVELS, Batched, BatchedKernels, note_level, of_level
from .dispatch import handle
from .errors import ArgumentTypeError, DtypeError, NoGradientError, ShapeError, UnknownArrayError
from .kernels import OPS
from .layers import Layer, Places, attach, is_tracked
from .tape import LEVEL, MODE, RECORDING, Leaf, Node, Scope, freed, next_seq, reverse_sweep

__all__ = ["Custom", "OwnRule", "RuleNode", "custom"]

Saved = tuple[Any, Node | None, Any]


def _save(x: Array) -> Saved:
    return (x._value, x._node, x._xp)


def _restore(saved: Any) -> Any:
    return wrap(*saved) if saved.__class__ is tuple and len(saved) == 3 else saved


class RuleNode(Node):
    """The node of a function whose derivative is a rule over arrays: `pull` gets cotangents, `push` gets tangents.

    `pull_rule(cotangents)` returns a cotangent or None per input, `push_rule(tangents)` a tangent per output. Either
    may be None and is then had from the other by transposition.
    """

    __slots__ = ("inputs", "name", "outputs", "pull_rule", "push_rule", "specs")

    def __init__(
        self,
        name: str,
        inputs: Sequence[Array],
        outputs: Sequence[Array],
        pull_rule: Callable[[list[Array]], Sequence[Any]] | None,
        push_rule: Callable[[list[Array]], Sequence[Any]] | None,
    ) -> None:
        self.seq = next_seq()
        self.xp = outputs[0]._xp
        self.name = name
        self.inputs: tuple[Node | None, ...] | None = tuple(x._node for x in inputs)
        self.specs: list[tuple[tuple[int, ...], Any]] | None = [(x.shape, x._dtype) for x in inputs]
        self.outputs = [(y.shape, y._dtype) for y in outputs]
        self.pull_rule = pull_rule
        self.push_rule = push_rule
        if MODE.get() >= LEVEL:
            note_level(self)

    @property
    def label(self) -> str:  # type: ignore[override]
        """The name of the function."""
        return self.name

    def parents(self) -> tuple[Node, ...]:
        if self.inputs is None:
            raise freed(self)
        return tuple(node for node in self.inputs if node is not None)

    def _zeros(self, like: Array, spec: tuple[tuple[int, ...], Any]) -> Array:
        zeros = OPS["filled"].call(like.detach(), shape=spec[0], value=0)
        found: Array = zeros if zeros._dtype == spec[1] else OPS["astype"].call(zeros, dtype=spec[1])
        return found

    def _arrays(self, some: dict[int, Any], specs: Sequence[Any], recorded: bool) -> list[Array]:
        """All cotangents or tangents as arrays, zeros for the absent."""
        given = {i: v if recorded else wrap(v, None, _table(v, self.xp)) for i, v in some.items()}
        like = next(iter(given.values()))
        return [given[i] if i in given else self._zeros(like, spec) for i, spec in enumerate(specs)]

    def _pull(self, g: dict[int, Any], table: dict[Node, Any], fresh: list[Node], free: bool, recorded: bool) -> None:
        inputs, specs, rule = self.inputs, self.specs, self.pull_rule
        if inputs is None or specs is None:
            raise freed(self)
        cotangents = self._arrays(g, self.outputs, recorded)
        with Scope(RECORDING) if recorded else Scope(0, RECORDING):
            if rule is not None:
                pulled = list(rule(cotangents))
            else:
                pulled = _transpose(self._push_all, cotangents, specs, recorded)
        if len(pulled) != len(inputs):
            raise ArgumentTypeError(
                f"the rule of {self.name} gave {len(pulled)} cotangent(s) for {len(inputs)} input(s); "
                "give one for each, None where there is none"
            )
        if free:
            self.inputs = self.specs = self.pull_rule = self.push_rule = None
        for i, (node, value, spec) in enumerate(zip(inputs, pulled, specs, strict=True)):
            if node is None or value is None:
                continue
            if not isinstance(value, Array):
                value = self._given(value, f"input {i} a cotangent")
            if value.shape != spec[0]:
                raise ShapeError(
                    f"the rule of {self.name} gave input {i} a cotangent of shape {value.shape}, not {spec[0]}"
                )
            if value._dtype != spec[1]:
                raise DtypeError(
                    f"the rule of {self.name} gave input {i} a cotangent of {value._dtype.name}, not {spec[1].name}"
                )
            v = wrap(value._value, value._node, value._xp) if recorded else value._value
            known = table.get(node)
            if known is None:
                table[node] = v
                fresh.append(node)
            else:
                table[node] = known + v

    def _given(self, value: Any, what: str) -> Array:
        """A number or a raw array that a rule gave."""
        from .transforms import as_array

        try:
            return as_array(value)
        except UnknownArrayError as error:
            raise ArgumentTypeError(
                f"the rule of {self.name} gave {what} that is a {type(value).__name__}, not an array"
            ) from error

    def pull(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        self._pull(g, table, fresh, free, recorded=False)
        return None

    def pull_recorded(self, g: Any, table: dict[Node, Any], fresh: list[Node], free: bool) -> Node | None:
        self._pull(g, table, fresh, free, recorded=True)
        return None

    def _push_all(self, tangents: list[Array]) -> Sequence[Array]:
        if self.push_rule is None:
            raise NoGradientError(f"{self.name} has no rule: give it one with defvjp or defjvp")
        return self.push_rule(tangents)

    def push(self, xp: Any, wrap: Any, table: dict[Node, Any]) -> Any:
        if self.inputs is None or self.specs is None:
            raise freed(self)
        given = {i: table[node] for i, node in enumerate(self.inputs) if node is not None and node in table}
        if not given:
            return None
        recorded = wrap is not None
        tangents = self._arrays(given, self.specs, recorded)
        with Scope(RECORDING) if recorded else Scope(0, RECORDING):
            if self.push_rule is not None:
                pushed = list(self.push_rule(tangents))
            elif self.pull_rule is not None:
                pushed = _transpose(self.pull_rule, tangents, self.outputs, recorded)
            else:
                raise NoGradientError(f"{self.name} has no rule: give it one with defvjp or defjvp")
        if len(pushed) != len(self.outputs):
            raise ArgumentTypeError(
                f"the rule of {self.name} gave {len(pushed)} tangent(s) for {len(self.outputs)} output(s)"
            )
        pushed = [v if isinstance(v, Array) else self._given(v, f"output {i} a tangent") for i, v in enumerate(pushed)]
        for i, (value, spec) in enumerate(zip(pushed, self.outputs, strict=True)):
            if value.shape != spec[0]:
                raise ShapeError(
                    f"the rule of {self.name} gave output {i} a tangent of shape {value.shape}, not {spec[0]}"
                )
        return tuple(v if recorded else v._value for v in pushed)


class OwnRule:
    """A pull and a push for `attach`, each of which may be None."""

    def __init__(
        self,
        name: str,
        pull: Callable[[list[Array]], Sequence[Any]] | None,
        push: Callable[[list[Array]], Sequence[Any]] | None,
    ) -> None:
        self.name = name
        self.pull = pull
        self.push = push

    def node(self, inputs: Sequence[Array], outputs: Sequence[Array]) -> RuleNode:
        """The node for these inputs and outputs."""
        return RuleNode(self.name, inputs, outputs, self.pull, self.push)

    def outside(self, layer: Layer) -> OwnRule:
        """The same rule for the arrays outside a level of batching."""
        pull, push = self.pull, self.push
        return OwnRule(
            self.name,
            None if pull is None else lambda given: layer.take_off_inputs(pull(layer.put_on_outputs(given))),
            None if push is None else lambda given: layer.take_off_outputs(push(layer.put_on_inputs(given))),
        )


def _table(value: Any, xp: Any) -> Any:
    if isinstance(value, Batched):
        return of_level(value.level)
    if isinstance(xp, BatchedKernels):
        from .batching import engine_kernels

        return engine_kernels(value)
    return xp


def _transpose(
    linear: Callable[[list[Array]], Sequence[Any]], given: list[Array], specs: Sequence[Any], recorded: bool
) -> list[Array]:
    """The transpose of a linear map, applied: the map is recorded at zero, and `given` is carried back through it."""
    leaves = [Leaf() for _ in specs]
    depth = MODE.get() // LEVEL
    if depth:
        LEVELS.update(dict.fromkeys(leaves, depth))
    like = given[0].detach()
    since = next_seq()
    with Scope(RECORDING):
        zeros = []
        for leaf, (shape, dtype) in zip(leaves, specs, strict=True):
            zero = OPS["filled"].call(like, shape=shape, value=0)
            if zero._dtype != dtype:
                zero = OPS["astype"].call(zero, dtype=dtype)
            zeros.append(wrap(zero._value, leaf, zero._xp))
        outs = list(linear(zeros))
    seeds = []
    for out, g in zip(outs, given, strict=True):
        if isinstance(out, Array) and out._node is not None and (out._node.seq >= since or out._node in leaves):
            seeds.append((out._node, g if recorded else g._value))
    found = reverse_sweep(seeds, recorded=recorded, free=False, since=since)
    results = []
    for leaf, zero in zip(leaves, zeros, strict=True):
        value = found.get(leaf)
        if value is None:
            results.append(zero.detach())
        else:
            results.append(value if recorded else wrap(value, None, _table(value, zero._xp)))
    return results


class Custom:
    """A function with a rule of its own; made by `custom`, called like the function.

    Its rules are given by `defvjp` and `defjvp`; with one of them both modes work, by transposition.

    >>> @custom
    ... def f(x):
    ...     return x * x
    >>> type(f).__name__
    'Custom'
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        update_wrapper(self, fun)
        self.fun = fun
        self.signature = inspect.signature(fun)
        self.vjps: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {}
        self.jvps: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {}
        self.pair: tuple[Callable[..., Any], Callable[..., Any]] | None = None

    def __repr__(self) -> str:
        return f"<custom function {self.__name__}>"  # type: ignore[attr-defined]

    def _formulas(self, extra: str, given: dict[str, Callable[..., Any]]) -> dict[str, Any]:
        known = {*self.signature.parameters, "out", extra}
        made = {}
        for target, formula in given.items():
            if target not in self.signature.parameters:
                raise ArgumentTypeError(
                    f"{self!r} has no input {target!r}; its inputs are {', '.join(self.signature.parameters)}"
                )
            if not callable(formula):
                raise ArgumentTypeError(f"{self!r}: the formula for {target!r} is a function, not {formula!r}")
            names = tuple(inspect.signature(formula).parameters)
            unknown = [name for name in names if name not in known]
            if unknown:
                raise ArgumentTypeError(
                    f"{self!r}: the formula for {target!r} asks for {', '.join(map(repr, unknown))}; "
                    f"it can have {', '.join(sorted(known))}"
                )
            made[target] = (formula, names)
        return made

    def defvjp(self, *pair: Callable[..., Any], **formulas: Callable[..., Any]) -> Custom:
        """Give the reverse rule: a formula per input, called with what it names (`g`, `out`, inputs, keywords).

        Or a pair `fwd, bwd`: `fwd(*args)` returns the output and what to keep, `bwd(kept, g)` a cotangent per argument.
        Several outputs: `g` and `out` are tuples. Returns the function itself. Raises `TypeError` for an unknown name.

        >>> @custom
        ... def cube(x):
        ...     return x * x * x
        >>> _ = cube.defvjp(x=lambda g, x: 3 * g * x * x)
        >>> from tapegrad import grad
        >>> grad(cube)(2.0)
        12.0
        """
        if pair:
            if len(pair) != 2 or formulas:
                raise ArgumentTypeError("defvjp takes formulas by name, or a pair of functions fwd, bwd")
            self.pair = (pair[0], pair[1])
        else:
            self.vjps.update(self._formulas("g", formulas))
        return self

    def defjvp(self, **formulas: Callable[..., Any]) -> Custom:
        """Give the forward rule: a formula per input for what its tangent `d` adds to the tangent of the output.

        A formula is called with what it names: `d`, `out`, inputs, keywords. Returns the function itself.

        Raises: `TypeError` for a name that is no input, or a formula that asks for an unknown name.

        >>> @custom
        ... def cube(x):
        ...     return x * x * x
        >>> cube.defjvp(x=lambda d, x: 3 * x * x * d)
        <custom function cube>
        >>> from tapegrad import grad, jvp
        >>> grad(cube)(2.0), jvp(cube, (2.0,), (1.0,))
        (12.0, (8.0, 12.0))
        """
        self.jvps.update(self._formulas("d", formulas))
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; where an input is tracked, one node with the rule goes on the tape."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        name: str = self.__name__  # type: ignore[attr-defined]
        targets = [key for key, value in arguments.items() if isinstance(value, Array)]
        recording = MODE.get() & RECORDING and any(is_tracked(arguments[key]) for key in targets)
        kept: Any = None
        with Scope(0, RECORDING):
            if self.pair is not None and recording:
                given = self.pair[0](*args, **kwargs)
                if not isinstance(given, tuple) or len(given) != 2:
                    raise ArgumentTypeError(
                        f"{name}: fwd must return a pair, the output and what to keep for bwd, "
                        f"not a {type(given).__name__}"
                    )
                result, kept = given
            else:
                result = self.fun(*args, **kwargs)
        if not recording:
            return result
        several = isinstance(result, (tuple, list))
        outputs = list(result) if several else [result]
        for i, out in enumerate(outputs):
            if not isinstance(out, Array):
                raise ArgumentTypeError(f"{name}: output {i} is a {type(out).__name__}; return arrays")
        missing = [
            key
            for key in targets
            if is_tracked(arguments[key]) and key not in self.vjps and key not in self.jvps and self.pair is None
        ]
        if missing:
            raise NoGradientError(
                f"{name} has no rule for {', '.join(map(repr, missing))}; give it with defvjp or defjvp, "
                "or pass it through detach()"
            )
        stored = {key: _save(value) if isinstance(value, Array) else value for key, value in arguments.items()}
        places = Places(outputs)

        def environment() -> dict[str, Any]:
            env = {key: _restore(value) if key in targets else value for key, value in stored.items()}
            placed = tuple(places.output(i) for i in range(len(outputs)))
            env["out"] = placed if several else placed[0]
            return env

        rule = OwnRule(name, *self._rules(name, targets, args, environment, several, kept))
        found = attach(rule, [arguments[key] for key in targets], outputs, places)
        made = [handle(type(out), y._value, y._node, y._xp) for out, y in zip(outputs, found, strict=True)]
        return type(result)(made) if several else made[0]

    def _rules(
        self, name: str, targets: list[str], args: tuple[Any, ...], environment: Any, several: bool, kept: Any
    ) -> tuple[Any, Any]:
        """The pull and push of one call, over arrays, in the order of `targets`."""
        vjps, jvps = self.vjps, self.jvps
        pull_rule: Any = None
        push_rule: Any = None
        if self.pair is not None:
            bwd = self.pair[1]
            positions = [i for i, a in enumerate(args) if isinstance(a, Array)]
            count = len(args)
            stored = _keep(kept)

            def pull_pair(cotangents: list[Array]) -> list[Any]:
                pulled = bwd(_unkeep(stored), tuple(cotangents) if several else cotangents[0])
                pulled = pulled if isinstance(pulled, (tuple, list)) else (pulled,)
                if len(pulled) != count:
                    raise ArgumentTypeError(
                        f"the rule of {name} gave {len(pulled)} cotangent(s) for {count} argument(s)"
                    )
                return [pulled[i] for i in positions]

            return pull_pair, None
        if vjps:

            def pull_named(cotangents: list[Array]) -> list[Any]:
                env = environment()
                env["g"] = tuple(cotangents) if several else cotangents[0]
                return [vjps[key][0](*[env[a] for a in vjps[key][1]]) if key in vjps else None for key in targets]

            pull_rule = pull_named
        if jvps:

            def push_named(tangents: list[Array]) -> list[Any]:
                env = environment()
                total: Any = None
                for key, d in zip(targets, tangents, strict=True):
                    if key in jvps:
                        env["d"] = d
                        t = jvps[key][0](*[env[a] for a in jvps[key][1]])
                        if total is None:
                            total = t
                        else:
                            total = tuple(a + b for a, b in zip(total, t, strict=True)) if several else total + t
                return list(total) if several else [total]

            push_rule = push_named
        return pull_rule, push_rule


def _keep(tree: Any) -> Any:
    """A pytree of arrays as one of values with their nodes."""
    from .transforms import map_arrays

    return map_arrays(lambda x: _Kept(*_save(x)), tree)


def _unkeep(tree: Any) -> Any:
    from .transforms import map_leaves

    return map_leaves(lambda x: wrap(x.value, x.node, x.xp) if isinstance(x, _Kept) else x, tree)


class _Kept:
    """A value and its node, as a leaf of a pytree."""

    __slots__ = ("node", "value", "xp")

    def __init__(self, value: Any, node: Node | None, xp: Any) -> None:
        self.value, self.node, self.xp = value, node, xp


def custom(fun: Callable[..., Any]) -> Custom:
    """A function whose derivative you write yourself; see `Custom.defvjp` and `Custom.defjvp`.

    Arrays may be any of its arguments, other arguments are passed through. With one rule, the other mode follows by
    transposition.

    A derivative of one's own is for what is not differentiable as it stands, for a formula that is faster or more
    accurate, and for code that is no program over arrays.

    Shapes: any; a cotangent has that of its input, a tangent that of its output.

    Dtypes: any; a cotangent has that of its input.

    Raises: when differentiated `NoGradientError` for an input without a rule, `ShapeError` or `DtypeError` for a rule
    whose result does not fit, and `TypeError` for a function that returns anything but arrays.

    >>> import tapegrad, tapegrad.numpy as tnp
    >>> @custom
    ... def log1pexp(x):
    ...     return tnp.log1p(tnp.exp(x))
    >>> log1pexp.defvjp(x=lambda g, x: g * (1 - 1 / (1 + tnp.exp(x))))
    <custom function log1pexp>
    >>> tapegrad.grad(log1pexp)(50.0)
    1.0
    """
    return Custom(fun)
