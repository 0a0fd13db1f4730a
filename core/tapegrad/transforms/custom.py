"""Custom rules: a function with its derivative written beside it, in the grammar of the built-in ops.

The function is given arrays and its own computing is not recorded; what is recorded is one node that holds the rule.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from ..arrays.array import Array, handle
from ..arrays.trees import flatten, unflatten
from ..errors import ArgumentTypeError, NoGradientError, a_kind
from ..op.call import cast
from ..op.rules import OwnRule, Places, attach, is_tracked
from ..tape.mode import MODE, RECORDING
from ..tape.tracebacks import door
from .bodies import Body, Saved, unplaced, within_reach

if TYPE_CHECKING:
    from ..typing import Function


def _in_faces(arrays: Sequence[Array], faces: Sequence[type[Array]]) -> list[Array]:
    """Arrays of the core, as a sweep has them, in the faces that the function was called with or returned."""
    return [handle(face, x._value, x._node, x._kernels) for x, face in zip(arrays, faces, strict=True)]


class Custom:
    """A function with a custom rule; made by `custom`, called like the function.

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

    def _formulas(self, extra: str, formulas: dict[str, Callable[..., Any]]) -> dict[str, Any]:
        known = {*self.signature.parameters, "out", extra}
        checked = {}
        for target, formula in formulas.items():
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
            checked[target] = (formula, names)
        return checked

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

        Raises: `TypeError` for a name that is not an input, or a formula that asks for an unknown name.

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

    @door
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; where an input is tracked, one node with the rule goes on the tape."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        name: str = self.__name__  # type: ignore[attr-defined]
        targets = [key for key, value in arguments.items() if isinstance(value, Array)]
        # A pair speaks of positional arguments, formulas of those that have a name of their own.
        named = self.pair is None
        inputs = [arguments[key] for key in targets] if named else [x for x in args if isinstance(x, Array)]
        recording = MODE.get() & RECORDING and any(map(is_tracked, inputs))
        kept: Any = None
        body = Body(name)
        if self.pair is not None and recording:
            both = body.first(self.pair[0], args, kwargs, inputs, paired=True)
            if not isinstance(both, tuple) or len(both) != 2:
                raise ArgumentTypeError(
                    f"{name}: fwd must return a pair, the output and what to keep for bwd, not {a_kind(both)}"
                )
            result, kept = both
        else:
            formulas = [formula for formula, _ in (*self.vjps.values(), *self.jvps.values())] if recording else []
            before = within_reach(formulas)
            result = body.first(self.fun, args, kwargs, inputs)
        if not recording:
            return result
        several = isinstance(result, (tuple, list))
        outputs = list(result) if several else [result]
        for i, out in enumerate(outputs):
            if not isinstance(out, Array):
                raise ArgumentTypeError(f"{name}: output {i} is {a_kind(out)}; return arrays")
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
        stored = {key: Saved(value) if isinstance(value, Array) else value for key, value in arguments.items()}
        places = Places(outputs)
        faces = [x.__class__ for x in inputs], [out.__class__ for out in outputs]

        def environment() -> dict[str, Any]:
            env = {key: value.array() if isinstance(value, Saved) else value for key, value in stored.items()}
            placed = tuple(_in_faces([places.output(i) for i in range(len(outputs))], faces[1]))
            env["out"] = placed if several else placed[0]
            return env

        if self.pair is not None:
            keeping = _Kept(kept, outputs, places)
            fwd = self.pair[0]
            again = (lambda: body.again(fwd)[1]) if keeping.unplaced else None
            rules = self._pair(name, faces[1], args, several, lambda: keeping.tree(again))
        else:
            had = {id(x) for x in before}
            stashed = unplaced(x for x in within_reach(formulas) if id(x) not in had)

            def renewed() -> dict[str, Any]:
                if stashed and MODE.get() & RECORDING:
                    body.again(self.fun)
                return environment()

            rules = self._named(targets, faces, renewed, several)
        rule = OwnRule(name, _fitted(rules[0], inputs), _fitted(rules[1], outputs))
        attached = attach(rule, inputs, outputs, places)
        return type(result)(attached) if several else attached[0]

    def _pair(
        self, name: str, faces: list[type[Array]], args: tuple[Any, ...], several: bool, kept: Callable[[], Any]
    ) -> tuple[Any, Any]:
        """The pull of one call by the pair of functions, over arrays. `faces`: the outputs'."""
        assert self.pair is not None
        bwd = self.pair[1]
        positions = [i for i, a in enumerate(args) if isinstance(a, Array)]
        count = len(args)

        def pull(cotangents: list[Array]) -> list[Any]:
            shown = _in_faces(cotangents, faces)
            pulled = bwd(kept(), tuple(shown) if several else shown[0])
            pulled = pulled if isinstance(pulled, (tuple, list)) else (pulled,)
            if len(pulled) != count:
                raise ArgumentTypeError(f"the rule of {name} gave {len(pulled)} cotangent(s) for {count} argument(s)")
            return [pulled[i] for i in positions]

        return pull, None

    def _named(
        self,
        targets: list[str],
        faces: tuple[list[type[Array]], list[type[Array]]],
        environment: Callable[[], dict[str, Any]],
        several: bool,
    ) -> tuple[Any, Any]:
        """The pull and push of one call by formulas, in the order of `targets`. `faces`: theirs, and the outputs'."""
        vjps, jvps = self.vjps, self.jvps
        pull_rule: Any = None
        push_rule: Any = None
        if vjps:

            def pull_named(cotangents: list[Array]) -> list[Any]:
                env = environment()
                shown = _in_faces(cotangents, faces[1])
                env["g"] = tuple(shown) if several else shown[0]
                return [vjps[key][0](*[env[a] for a in vjps[key][1]]) if key in vjps else None for key in targets]

            pull_rule = pull_named
        if jvps:

            def push_named(tangents: list[Array]) -> list[Any]:
                env = environment()
                total: Any = None
                for key, d in zip(targets, _in_faces(tangents, faces[0]), strict=True):
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


def _fitted(rule: Callable[[list[Array]], Sequence[Any]] | None, likes: Sequence[Array]) -> Any:
    """A rule whose results for Python's numbers are of the precision of those, whatever arrays they have met."""
    dtypes = [x._dtype if x._strong is not None else None for x in likes]
    if rule is None or not any(dtypes):
        return rule

    def fitted(arrays: list[Array]) -> list[Any]:
        results = rule(arrays)
        if len(results) != len(dtypes):
            return list(results)
        return [
            cast(x, dtype) if dtype and isinstance(x, Array) and x._dtype.kind == dtype.kind else x
            for x, dtype in zip(results, dtypes, strict=True)
        ]

    return fitted


class _Kept:
    """What the forward half of a pair keeps, without handles: outputs by number, other arrays with their places."""

    def __init__(self, kept: Any, outputs: Sequence[Array], places: Places) -> None:
        leaves, self.structure = flatten(kept)
        numbers = {id(y._value): i for i, y in enumerate(outputs)}
        self.faces = [y.__class__ for y in outputs]
        self.outputs = [
            numbers.get(id(x._value)) if isinstance(x, Array) and not is_tracked(x) else None for x in leaves
        ]
        self.places = places if any(i is not None for i in self.outputs) else None
        self.leaves = [Saved(x) if isinstance(x, Array) else x for x in leaves]
        self.unplaced = unplaced(x for x, i in zip(leaves, self.outputs, strict=True) if i is None)

    def tree(self, again: Callable[[], Any] | None) -> Any:
        """The whole tree, with handles; where a rule is recorded itself, `again` computes what is not on the tape."""
        leaves = [x.array() if isinstance(x, Saved) else x for x in self.leaves]
        if again is not None and MODE.get() & RECORDING:
            leaves = flatten(again())[0]
        for place, i in enumerate(self.outputs):
            if i is not None and self.places is not None:
                leaves[place] = _in_faces([self.places.output(i)], self.faces[i : i + 1])[0]
        return unflatten(self.structure, leaves)


def custom(fun: Function) -> Custom:
    """A function whose derivative you write yourself; see `Custom.defvjp` and `Custom.defjvp`.

    Arrays may be any of its arguments, other arguments are passed through. With one rule, the other mode follows by
    transposition.

    A custom derivative is for functions that are not differentiable as they stand, for formulas that are faster or more
    accurate, and for code that does not compute with arrays.

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
