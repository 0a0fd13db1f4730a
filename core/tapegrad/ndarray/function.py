"""`nd_function`: what every function of `nd` does with its arguments and its result, around what it computes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple, TypeVar, overload

from ..op.words import HEADS, Words
from ..tape.mode import MODE, RECORDING
from ..tape.tracebacks import fold
from .checks import need, need_all
from .ndarray import NDArray, flat, give, give_all

R = TypeVar("R")

FUNCTIONS: set[Callable[..., Any]] = set()
"""The public functions of `nd`, those of `mechanical` included."""

REQUIRED: Any = object()

ADDED = {"out": "NDArray | None", "name": "str | None"}
"""The parameters that MXNet has nearly everywhere, with their types where the result is one array."""


class Field(NamedTuple):
    """A parameter. This module is run for each function when `nd` is imported, and `inspect` would take its time."""

    name: str
    annotation: str
    default: Any = REQUIRED
    kind: str = ""
    """"*" and "**" for those that take all further arguments, "=" for a keyword-only one."""


def fields_of(function: Callable[..., Any]) -> list[Field]:
    """The parameters of a function."""
    code, annotations = function.__code__, function.__annotations__
    count, last = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    names, keywords = code.co_varnames[:count], code.co_varnames[count:last]
    defaults = function.__defaults__ or ()
    values = (REQUIRED,) * (count - len(defaults)) + defaults
    fields = [Field(name, annotations[name], value) for name, value in zip(names, values, strict=True)]
    if code.co_flags & CO_VARARGS:
        fields.append(Field(code.co_varnames[last], annotations[code.co_varnames[last]], kind="*"))
    named = function.__kwdefaults__ or {}
    fields += [Field(name, annotations[name], named.get(name, REQUIRED), "=") for name in keywords]
    if code.co_flags & CO_VARKEYWORDS:
        rest = code.co_varnames[last + bool(code.co_flags & CO_VARARGS)]
        fields.append(Field(rest, annotations[rest], kind="**"))
    return fields


def exported(module: ModuleType) -> dict[str, Any]:
    """The public functions that a module has, by their names in it."""
    functions = {name: value for name, value in vars(module).items() if type(value) is FunctionType and name[0] != "_"}
    return {name: function for name, function in functions.items() if function in FUNCTIONS}


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
def nd_function(body: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a public function of one that takes NDArrays and returns its result; the options are those of `public`."""
    if body is None:
        return partial(nd_function, **options)
    return public(body, body.__name__, fields_of(body), body.__doc__ or "", body.__module__, **options)


def public(
    body: Callable[..., R],
    name: str,
    fields: Sequence[Field],
    doc: str,
    module: str,
    *,
    out: bool = True,
    ahead_of: str = "",
    into: Callable[..., Any] | None = None,
    check: Callable[[NDArray, str, str], None] | None = None,
    words: str = "",
) -> Callable[..., R]:
    """The public function of that name and these parameters, which a body takes in their order.

    A parameter annotated `NDArray` has to be one, and of `*data: NDArray` there is one at least: anything else is a
    `TypeError` that names the function and the argument. `check(x, where, name)` may ask more of each of them.

    The parameters `out` and `name`, which MXNet has nearly everywhere, are added at the end, or before the parameter
    that `ahead_of` names; `out=False` adds neither. `into(out, result, where)` writes the result to `out`, unless the
    body has an `out` of its own and does so itself.

    A result that depends on no variable, though an argument does, is recorded behind its arguments with zero gradients,
    as in MXNet, unless it is written to an `out` or `into` says how.

    The docstring is completed by `explained`, with `words` for paragraphs that several functions share.
    """
    own = [field.name for field in fields]
    shown = list(fields)
    if out:
        kind = "=" if fields[-1].kind in ("*", "=") else ""
        place = own.index(ahead_of) if ahead_of else len(own) - (fields[-1].kind == "**")
        types = ADDED if "list" not in body.__annotations__["return"] else ADDED | {"out": "Sequence[NDArray] | None"}
        shown[place:place] = [Field(added, types[added], None, kind) for added in ADDED if added not in own]
    names, kinds, arrays, defaults, named, annotations = [], [], [], [], {}, {}
    for i, (parameter, annotation, default, kind) in enumerate(shown):
        names.append(parameter)
        kinds.append(kind + parameter if kind == "=" else kind)
        if annotation == "NDArray":
            arrays.append(i)
        annotations[parameter] = annotation
        if kind == "=":
            named[parameter] = default
        elif default is not REQUIRED:
            defaults.append(default)
    annotations["return"] = body.__annotations__["return"]
    writes = names.index("out") if "out" in names else None
    added = [i for i, parameter in enumerate(names) if parameter not in own]
    code = _code(tuple(kinds), tuple(arrays), tuple(added), check is not None, writes, into is None)
    # The code is that of all functions whose parameters differ in their names alone.
    code = code.replace(
        co_name=name,
        co_qualname=name,
        co_filename=body.__code__.co_filename,
        co_firstlineno=body.__code__.co_firstlineno,
        co_varnames=tuple([names[int(v[1:])] if v[1:].isdigit() else v for v in code.co_varnames]),
    )
    cells = {
        "_NDArray": NDArray,
        "_body": body,
        "_check": check,
        "_flat": flat,
        "_fold": fold,
        "_into": into or _into,
        "_mode": MODE.get,
        "_names": names,
        "_need": need,
        "_need_all": need_all,
        "_where": name,
    }
    closure = tuple([CellType(cells[free]) for free in code.co_freevars])
    function = FunctionType(code, vars(sys.modules[module]), name, tuple(defaults), closure)
    function.__kwdefaults__ = {parameter: value for parameter, value in named.items() if value is not REQUIRED}
    function.__annotations__ = annotations
    listed = any(kinds[i] == "*" for i in arrays)
    function.__doc__ = explained(doc, [names[i] for i in arrays], listed, "out" in annotations, words)
    FUNCTIONS.add(function)
    return function


def _into(out: Any, result: Any, where: str) -> Any:
    return give_all(out, result, where) if isinstance(result, list) else give(out, result)


@cache
def _code(
    kinds: tuple[str, ...],
    arrays: tuple[int, ...],
    added: tuple[int, ...],
    checks: bool,
    out: int | None,
    records: bool,
) -> CodeType:
    """The code of a function of these kinds of parameters that calls `_body` with all but those `added`.

    It is written out: a call packs no arguments, and a check is a look at a class. Parameters are called by their
    places, `p0`, but for the keyword-only ones.
    """
    slots = [kind[1:] if kind[:1] == "=" else f"p{i}" for i, kind in enumerate(kinds)]
    head = [slot if kind[:1] == "=" else kind + slot for kind, slot in zip(kinds, slots, strict=True)]
    handed = [f"{x}={x}" if kinds[i][:1] == "=" else x for i, x in enumerate(head) if i not in added]
    lines = []
    for i in arrays:
        if kinds[i] == "*":
            lines.append(f"{slots[i]} = _need_all({slots[i]}, _where)")
        else:
            lines.append(f"if {slots[i]}.__class__ is not _NDArray: _need({slots[i]}, _where, _names[{i}])")
            if checks:
                lines.append(f"_check({slots[i]}, _where, _names[{i}])")
    lines.append(f"result = _body({', '.join(handed)})")
    if out is not None:
        written = f"_into({slots[out]}, result, _where)" if out in added else "result"
        lines.append(f"if {slots[out]} is not None: return {written}")
    if records:
        tracked = "result.__class__ is _NDArray and result._node is not None"
        sources = ", ".join(f"*{x}" if kinds[i] == "*" else x for i, x in enumerate(slots) if i not in added)
        lines.append(f"if not ({tracked}) and _mode() & {RECORDING}: result = _flat(result, {sources})")
    lines.append("return result")
    free = "_NDArray, _body, _check, _flat, _fold, _into, _mode, _names, _need, _need_all, _where"
    guarded = ["try:", *[f" {line}" for line in lines], "except Exception as _error:", " _fold(_error)", " raise"]
    inner = "\n  ".join([f"def function({', '.join(head)}):", *guarded])
    module = compile(f"def bind({free}):\n {inner}\n return function", "<nd_function>", "exec")
    return _nested(_nested(module))


def _nested(code: CodeType) -> CodeType:
    """The code of the function that is defined in another."""
    return next(constant for constant in code.co_consts if isinstance(constant, CodeType))


_parsed = cache(Words)


def explained(written: str, arrays: Sequence[str], listed: bool, out: bool, shared: str = "") -> str:
    """The docstring of a public function: its author's words, and what follows.

    Of the paragraphs `Shapes:`, `Dtypes:` and `Raises:` the author, or the `shared` words, say what does not follow.
    Without the first two the result has the shape and the dtype of the first array; `Raises:` is about what is raised
    besides. An example need not import `nd`.
    """
    words, common = Words(written), _parsed(shared)
    words.prose += [text for text in common.prose if text]
    own = common.own | words.own
    if arrays:
        for head in ("Shapes:", "Dtypes:"):
            own.setdefault(head, f"{head} any; the result has that of `{arrays[0]}`.")
    refused = ["`TypeError` for an argument" + ", or an `out`," * out + " that is not an NDArray"] if arrays else []
    if listed:
        refused.append("for a list of arrays (spread it) and for no arrays")
    if "Raises:" in own:
        refused.append(own["Raises:"].removeprefix("Raises: ").rstrip("."))
    if out and not arrays:
        refused.append("`TypeError` for an `out` that is not an NDArray")
    own["Raises:"] = f"Raises: {', '.join(refused)}."
    if "nd." in words.example and "import nd" not in words.example and ", nd\n" not in words.example:
        words.example = f">>> from tapegrad import nd\n{words.margin}{words.example}"
    return words.joined([_filled(own[head], words.margin) for head in HEADS if head in own], between="\n\n")


def _filled(paragraph: str, margin: str, width: int = 120) -> str:
    """A paragraph with its lines broken anew, if one has become too long."""
    width -= len(margin)
    if len(paragraph) <= width or max(map(len, paragraph.split("\n"))) <= width + len(margin):
        return paragraph
    rest, lines = " ".join(paragraph.split()), []
    while len(rest) > width:
        end = rest.rindex(" ", 0, width + 1)
        lines.append(rest[:end])
        rest = rest[end + 1 :]
    return f"\n{margin}".join([*lines, rest])
