"""Op and its kinds: a function of a kernel table, under the derivative that belongs to it.

The kind says what sort of function it is, and with it what a formula for an input `x` means:

==================  ======================================  ======================================================
kind                formula for input `x`                   derived by the framework
==================  ======================================  ======================================================
`@elementwise`      the partial ∂out/∂x, or, where it       vjp, jvp, unbroadcasting, batching
                    names `g`, the product g·∂out/∂x
`@linear`           the transpose, in the named inputs      jvp (the op itself); there `x` is only a `Spec`
                    together
`@multilinear`      one transpose per input                 jvp (the sum over inputs), unbroadcasting
`@op`               the vjp                                 jvp by transposing the vjp
`@locally_constant`  none: zero everywhere                  leaves no node
==================  ======================================  ======================================================

A body is composed of ops, over the kernel table `xp`. A primitive is not: its `xp` is the engine's namespace, in the
array API's own conventions. `primitive=True` says that it is the standard's function of the op's own name,
`primitive="linalg.det"` that it is that of another, and `standard=True` that it is written with several of them.

A formula is called with what it names: `xp`, `g`, `out`, inputs, keywords; of several outputs, their names and
`g_name`. It is a function, a number, or an expression over these names as text, such as `x="1 - out * out"`, which
costs no call.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any, Concatenate, NamedTuple, ParamSpec

from ..engines.tables import OPS, load_ops
from ..errors import ArgumentTypeError, ShapeError
from .batching import applied
from .kinds import ELEMENTWISE, GENERAL, LINEAR, LOCALLY_CONSTANT, MULTILINEAR, Kind
from .linking import public_function
from .record import Formula, Op
from .words import explained

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
P = ParamSpec("P")

__all__ = ["Formula", "Op", "elementwise", "linear", "locally_constant", "multilinear", "op", "registered"]
__dir__ = __all__.copy


PROJECT = __name__.partition(".")[0]


class _Parameters(NamedTuple):
    """What a body or formula asks for, by kind, and the defaults that it gives."""

    positional: tuple[str, ...]
    variadic: str | None
    keywords: tuple[str, ...]
    defaults: Mapping[str, Any]


def _parameters(function: Callable[..., Any]) -> _Parameters:
    """The parameters of a callable: of a plain function read off its code, since `import tapegrad` reads a thousand."""
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        code = function.__code__
        split, end = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
        positional, keywords = code.co_varnames[:split], code.co_varnames[split:end]
        values = function.__defaults__ or ()
        defaults = dict(zip(positional[split - len(values) :], values, strict=True)) | (function.__kwdefaults__ or {})
        return _Parameters(
            positional, code.co_varnames[end] if code.co_flags & inspect.CO_VARARGS else None, keywords, defaults
        )
    parameters = inspect.signature(function).parameters.values()
    variadic = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    return _Parameters(
        tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)),
        variadic[0] if variadic else None,
        tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
        {p.name: p.default for p in parameters if p.default is not p.empty},
    )


def _arrays(body: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a body's array inputs, the variadic one last."""
    asked = _parameters(body)
    return (*asked.positional[1:], *((asked.variadic,) if asked.variadic else ()))


def _function_of(text: str) -> Callable[..., Any]:
    """The function that an expression over names stands for; it keeps the expression as `text`."""
    names = dict.fromkeys(node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name))
    function = eval(f"lambda {', '.join(names)}: {text}")
    function.text = text
    return function  # type: ignore[no-any-return]


def _formula(op_name: str, target: str, value: Any, known: set[str]) -> Formula:
    if isinstance(value, (int, float)):
        return Formula(None, constant=float(value))
    if isinstance(value, str):
        value = _function_of(value)
    asked = _parameters(value)
    names = (*asked.positional, *asked.keywords)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ArgumentTypeError(
            f"op {op_name!r}: the formula for {target!r} asks for {', '.join(map(repr, unknown))}; "
            f"it can have {', '.join(sorted(known))}"
        )
    return Formula(value, names, frozenset(n for n, default in asked.defaults.items() if default is None))


def _held_to_shape(op_name: str, target: str, formula: Formula) -> Formula:
    """A third party's formula, of which a result of another shape than its input's is an error.

    Unnoticed it would be broadcast against what other paths bring, into a gradient that is wrong.
    """
    rule, count = formula.fn, len(formula.names)
    names = (*formula.names, "xp", "g", f"spec_{target}")

    def held(*args: Any) -> Any:
        result = rule(*args[:count])  # type: ignore[misc]
        xp, g, spec = args[count:]
        if result is None:
            return xp.filled(next(x for x in g if x is not None) if type(g) is list else g, shape=spec.shape, value=0)
        actual, shape = tuple(getattr(result, "shape", ())), tuple(spec.shape)
        if actual != shape:
            raise ShapeError(
                f"the formula of {op_name}() for {target!r} gave shape {actual}, and {target} has shape {shape}; "
                f"sum what was broadcast: xp.unbroadcast(..., shape=spec_{target}.shape)"
            )
        return result

    return replace(formula, fn=held, names=names)


def _define(
    kind: Kind,
    body: Callable[..., Any],
    /,
    *,
    samples: Sequence[Any] = (),
    errors: Sequence[Any] = (),
    constant: Iterable[str] = (),
    outs: tuple[str, ...] | bool = (),
    promotes: Iterable[str] | None = None,
    alike: Iterable[str] = (),
    floats: bool = False,
    real: bool = False,
    dynamic: bool = False,
    batch: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    recorded: Callable[..., Any] | None = None,
    same: str = "",
    accuracy: str = "I0",
    primitive: bool | str = False,
    standard: bool = False,
    plain: Iterable[str] = (),
    numpy: str = "",
    name: str | None = None,
    **formulas: Any,
) -> Callable[..., Any]:
    """The public function of an op. These are the options of every decorator.

    `alike`: inputs that have one shape, where the op would broadcast them and its formulas do not know of it.
    `numpy`: its names in `tapegrad.numpy`, with a space between them; a primitive has that of its function already.
    `plain`: keywords whose tuples are not searched for arrays, since the callers of the op have seen to that.
    """
    name = name or body.__name__
    if body.__module__.partition(".")[0] != PROJECT:
        load_ops()  # so that a name of ours is found to be taken
    taken = OPS.get(name)
    if taken is not None:
        raise ArgumentTypeError(f"op {name!r} is already defined in {taken.module}; choose another name")
    asked = _parameters(body)
    inputs, variadic = asked.positional[1:], asked.variadic
    keywords = {name: asked.defaults.get(name, inspect.Parameter.empty) for name in asked.keywords}
    arrays = _arrays(body)
    fixed = frozenset(constant)
    if promotes is None:
        promotes = [a for a in arrays if a not in fixed]
    if kind is LOCALLY_CONSTANT:
        if formulas:
            raise ArgumentTypeError(f"op {name!r} is locally constant: no formula for {', '.join(formulas)}")
        fixed = frozenset(arrays)
    if recorded is not None and (formulas or jvp is not None):
        raise ArgumentTypeError(
            f"op {name!r} is a function of its own where it is recorded, whose derivative is that of the ops it calls; "
            f"leave out {', '.join([*formulas, *(['jvp'] if jvp is not None else [])])}"
        )
    stray = (set(formulas) | fixed | set(alike)) - set(arrays)
    if stray:
        raise ArgumentTypeError(
            f"op {name!r} has no input {', '.join(map(repr, sorted(stray)))}; its inputs are {', '.join(arrays)}"
        )
    reserved = RESERVED & {*arrays, *keywords}
    if reserved:
        raise ArgumentTypeError(
            f"op {name!r}: the names {', '.join(sorted(reserved))} have a meaning of their own; choose others"
        )
    known = {"xp", "g", "out", *arrays, *keywords, *(f"spec_{a}" for a in arrays)}
    if isinstance(outs, tuple):
        known |= {*outs, *(f"g_{out}" for out in outs)}
    path = (name,) if primitive is True else tuple(primitive.split(".")) if primitive else ()
    rules = {target: _formula(name, target, value, known) for target, value in formulas.items()}
    if kind in (GENERAL, LINEAR) and body.__module__.partition(".")[0] != PROJECT:
        rules |= {t: _held_to_shape(name, t, rule) for t, rule in rules.items() if t in inputs and rule.fn is not None}
    new = Op(
        name=name,
        kind=kind,
        body=body,
        inputs=inputs,
        variadic=variadic,
        optional=frozenset(name for name in inputs if asked.defaults.get(name, ...) is None),
        keywords=keywords,
        formulas=rules,
        constant=fixed,
        outs=outs,
        promotes=tuple(promotes),
        alike=tuple(alike),
        floats=floats,
        real=real,
        dynamic=dynamic,
        primitive=standard or bool(primitive),
        path=path,
        plain=frozenset(plain),
        numpy=(*((".".join(path),) if path else ()), *numpy.split()),
        batch=batch,
        jvp=None if jvp is None else _formula(name, "jvp", jvp, known | {f"d_{a}" for a in arrays}),
        recorded=recorded,
        same=same,
        accuracy=accuracy,
        samples=samples,
        errors=errors,
        module=body.__module__,
    )
    OPS[name] = new
    new.call = public_function(new)
    new.call.__doc__ = explained(new)
    new.batched = applied(new)
    return new.call


RESERVED = frozenset(
    (
        "xp",
        "g",
        "out",
        "node",
        "made",
        "table",
        "met",
        "free",
        "own",
        "wrap",
        "known",
        "signature",
        "stretched",
        "flags",
    )
)
"""Names with a meaning of their own in the code that is written for an op."""


def _decorator(
    define: Callable[Concatenate[Kind, Callable[..., Any], P], Callable[..., Any]],
    kind: Kind,
    meaning: str,
    *,
    without: str,
    **defaults: Any,
) -> Callable[P, Decorator]:
    """The decorator for ops of a kind: `define` with other defaults, and without the options that it has no use for."""
    excluded = without.split()

    def decorator(*args: P.args, **options: P.kwargs) -> Decorator:
        if args:
            raise ArgumentTypeError(f"@{kind} is called, with a formula for each input: @{kind}(x=...), above the body")
        for name in excluded:
            if name in options:
                raise ArgumentTypeError(f"@{kind} takes no `{name}`; use another kind of op")
        for name, default in defaults.items():
            options.setdefault(name, default)
        return lambda body: define(kind, body, *args, **options)

    signature = inspect.signature(define)
    parameters = [p for p in signature.parameters.values() if p.kind != p.POSITIONAL_ONLY and p.name not in excluded]
    vars(decorator)["__signature__"] = inspect.Signature(
        [p.replace(default=defaults.get(p.name, p.default)) for p in parameters], return_annotation="Decorator"
    )
    decorator.__name__ = decorator.__qualname__ = kind.name
    decorator.__doc__ = meaning
    return decorator


elementwise = _decorator(
    _define,
    ELEMENTWISE,
    """Define an op that acts on each element by itself, with broadcasting. A formula is the partial ∂out/∂x.

    `floats`: integers become the default float first. `real`: complex numbers are refused. `constant`: inputs that have
    no derivative. `same`: the op of one input that this one is where both of its inputs are the same real array, and
    that is recorded in its place. The partial is taken to be holomorphic and conjugated once, here; functions that are
    not (abs, conj) are `@op` or `@linear`.
    """,
    without="outs dynamic alike batch jvp recorded",
)
linear = _decorator(
    _define,
    LINEAR,
    """Define an op linear in its inputs together. A formula is the transpose; an input in it is only a `Spec`.""",
    without="real dynamic jvp recorded same",
)
multilinear = _decorator(
    _define,
    MULTILINEAR,
    """Define an op that is linear in each input by itself. A formula is the transpose in that input.""",
    without="outs floats real dynamic alike jvp recorded same",
    accuracy="I3",
)
op = _decorator(
    _define,
    GENERAL,
    """Define an op of any other kind. A formula is the vjp; an input without one raises when it is tracked.

    `outs` names several outputs (`True`: a number of them that the arguments decide). `dynamic`: shapes depend on data.
    `recorded`: a function of arrays, composed of recorded ops, that the public function calls instead of leaving a node
    of its own; the body is for raw values only.
    """,
    without="same",
    accuracy="I2",
)
locally_constant = _decorator(
    _define,
    LOCALLY_CONSTANT,
    """Define an op whose derivative is zero wherever it has one (sign, comparisons, argmax): it leaves no node.""",
    without="constant alike jvp recorded same accuracy",
)


def registered() -> Mapping[str, Op]:
    """Every op by name."""
    return OPS
