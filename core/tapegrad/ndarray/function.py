"""`nd_function`: what every function of `nd` does with its arguments and its result, around what it computes."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from inspect import Parameter, Signature
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, TypeVar, overload

from ..op.words import Words
from .checks import need, need_all
from .ndarray import NDArray, give, give_all

R = TypeVar("R")

FUNCTIONS: set[Callable[..., Any]] = set()
"""The public functions of `nd`, those of `mechanical` included."""

KEYWORD, LISTED, EMPTY = Parameter.KEYWORD_ONLY, Parameter.VAR_POSITIONAL, Parameter.empty


def exported(module: ModuleType) -> dict[str, Any]:
    """The public functions that a module has, by their names in it."""
    return {name: value for name, value in vars(module).items() if inspect.isfunction(value) and value in FUNCTIONS}


def parameter(name: str, annotation: str, *default: Any) -> Parameter:
    """A parameter that is passed by position or by name, with a default or without."""
    return Parameter(
        name, Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=default[0] if default else EMPTY
    )


def described(
    body: Callable[..., R], name: str, parameters: Sequence[Parameter], doc: str, module: str
) -> Callable[..., R]:
    """A function `body(*values)` as one of that name, with these parameters: what `nd_function` makes public."""
    body.__name__ = body.__qualname__ = name
    body.__doc__, body.__module__ = inspect.cleandoc(doc), module
    body.__signature__ = Signature(list(parameters), return_annotation=body.__annotations__["return"])  # type: ignore[attr-defined]
    return body


@overload
def nd_function(body: Callable[..., R], /) -> Callable[..., R]: ...
@overload
def nd_function(
    *,
    out: bool = True,
    ahead_of: str = "",
    into: Callable[..., Any] | None = None,
    check: Callable[[NDArray, str, str], None] | None = None,
    words: str = "",
) -> Callable[[Callable[..., R]], Callable[..., R]]: ...
def nd_function(
    body: Callable[..., Any] | None = None,
    /,
    *,
    out: bool = True,
    ahead_of: str = "",
    into: Callable[..., Any] | None = None,
    check: Callable[[NDArray, str, str], None] | None = None,
    words: str = "",
) -> Any:
    """Make a public function of one that takes NDArrays and returns its result.

    A parameter annotated `NDArray` has to be one, and of `*data: NDArray` there is one at least: anything else is a
    `TypeError` that names the function and the argument. `check(x, where, name)` may ask more of each of them. In the
    public signature they are `Any`.

    The parameters `out` and `name`, which MXNet has nearly everywhere, are added at the end, or before the parameter
    that `ahead_of` names; `out=False` adds neither. `into(out, result, where)` writes the result to `out`, unless the
    function has an `out` of its own and does so itself.

    The docstring is completed by `explained`, with `words` for paragraphs that several functions share.
    """
    if body is None:
        return partial(nd_function, out=out, ahead_of=ahead_of, into=into, check=check, words=words)
    signature = inspect.signature(body)
    own = list(signature.parameters.values())
    arrays = [p.name for p in own if p.annotation == "NDArray"]
    public = [p.replace(annotation="Any") if p.name in arrays else p for p in own]
    if out:
        kind = KEYWORD if own[-1].kind in (KEYWORD, LISTED) else Parameter.POSITIONAL_OR_KEYWORD
        place = [p.name for p in own].index(ahead_of) if ahead_of else len(own)
        public[place:place] = [
            parameter(name, "Any", None).replace(kind=kind)
            for name in ("out", "name")
            if name not in signature.parameters
        ]
    gives = out and "out" not in signature.parameters
    code = _compiled(_source(own, public, arrays, check is not None, gives))
    # The code is that of all functions whose parameters differ in their names alone.
    names = {f"p{i}": p.name for i, p in enumerate(public)}
    code = code.replace(
        co_name=body.__name__,
        co_qualname=body.__qualname__,
        co_filename=body.__code__.co_filename,
        co_firstlineno=body.__code__.co_firstlineno,
        co_varnames=tuple(names.get(v, v) for v in code.co_varnames),
    )
    cells = {
        "_NDArray": NDArray,
        "_body": body,
        "_check": check,
        "_into": into or _into,
        "_names": list(names.values()),
        "_need": need,
        "_need_all": need_all,
        "_where": body.__name__,
    }
    defaults = [p for p in public if p.default is not EMPTY]
    function = FunctionType(
        code,
        vars(sys.modules[body.__module__]),
        body.__name__,
        tuple(p.default for p in defaults if p.kind is not KEYWORD),
        tuple(CellType(cells[name]) for name in code.co_freevars),
    )
    function.__kwdefaults__ = {p.name: p.default for p in defaults if p.kind is KEYWORD}
    function.__annotations__ = {p.name: p.annotation for p in public if p.annotation is not EMPTY}
    function.__annotations__["return"] = body.__annotations__["return"]
    several = any(p.kind is LISTED and p.name in arrays for p in own)
    function.__doc__ = explained(body.__doc__ or "", arrays, several, "out" in function.__annotations__, words)
    FUNCTIONS.add(function)
    return function


def _into(out: Any, result: Any, where: str) -> Any:
    return give_all(out, result, where) if isinstance(result, list) else give(out, result)


def _source(own: list[Parameter], public: list[Parameter], arrays: list[str], checks: bool, gives: bool) -> str:
    """A function of the public parameters that calls `_body` with its own: a call packs nothing, and checks in a look.

    Parameters are called by their places, `p0`, but for the keyword-only ones.
    """
    slots = {p.name: p.name if p.kind is KEYWORD else f"p{i}" for i, p in enumerate(public)}
    lines = []
    for i, p in enumerate(public):
        slot = slots[p.name]
        if p.name in arrays and p.kind is LISTED:
            lines.append(f"{slot} = _need_all({slot}, _where)")
        elif p.name in arrays:
            lines.append(f"if {slot}.__class__ is not _NDArray: _need({slot}, _where, _names[{i}])")
            if checks:
                lines.append(f"_check({slot}, _where, _names[{i}])")
    handed = [f"{'*' * (p.kind is LISTED)}{f'{p.name}=' * (p.kind is KEYWORD)}{slots[p.name]}" for p in own]
    call = f"_body({', '.join(handed)})"
    if gives:
        lines += [
            f"result = {call}",
            f"return result if {slots['out']} is None else _into({slots['out']}, result, _where)",
        ]
    else:
        lines.append(f"return {call}")
    plain = [
        p.replace(name=slots[p.name], annotation=EMPTY, default=p.default if p.default is EMPTY else None)
        for p in public
    ]
    return f"def wrapper{Signature(plain)}:\n " + "\n ".join(lines)


@cache
def _compiled(source: str) -> CodeType:
    free = "_NDArray, _body, _check, _into, _names, _need, _need_all, _where"
    nested = f"def bind({free}):\n " + source.replace("\n", "\n ") + "\n return wrapper"
    bind = next(c for c in compile(nested, "<nd_function>", "exec").co_consts if isinstance(c, CodeType))
    return next(c for c in bind.co_consts if isinstance(c, CodeType))


def explained(written: str, arrays: list[str], several: bool, out: bool, shared: str = "") -> str:
    """The docstring of a public function: its author's words, and what follows.

    Of the paragraphs `Shapes:`, `Dtypes:` and `Raises:` the author, or the `shared` words, say what does not follow.
    Without the first two the result has the shape and the dtype of the first array; `Raises:` is about what is raised
    besides. An example need not import `nd`.
    """
    words = Words(written)
    common = Words(shared)
    words.prose += [text for text in common.prose if text]
    words.own = common.own | words.own
    derived = [f"{head} any; the result has that of `{arrays[0]}`." for head in ("Shapes:", "Dtypes:") if arrays]
    if arrays:
        refused = "`TypeError` for an argument" + ", or an `out`," * out + " that is not an NDArray"
        refused += ", for a list of arrays (spread it) and for no arrays" * several
        more = words.own.pop("Raises:", "Raises: .").removeprefix("Raises: ")
        derived.append(f"Raises: {refused}{'' if more == '.' else ', '}{more}")
    elif out and "Raises:" in words.own:
        words.own["Raises:"] = words.own["Raises:"].rstrip(".") + ", `TypeError` for an `out` that is not an NDArray."
    if "nd." in words.example and "import nd" not in words.example and ", nd\n" not in words.example:
        words.example = f">>> from tapegrad import nd\n{words.margin}{words.example}"
    return words.joined([_filled(text, words.margin) for text in words.paragraphs(derived)], between="\n\n")


def _filled(paragraph: str, margin: str, width: int = 120) -> str:
    """A paragraph with its lines broken anew, if one has become too long."""
    if max(map(len, paragraph.split("\n"))) + len(margin) <= width:
        return paragraph
    lines = [""]
    for word in paragraph.split():
        if len(margin) + len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return f"\n{margin}".join(lines)
