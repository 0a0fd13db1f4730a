"""What to use here for a name of another library: foreign.txt, for errors, and for the migration pages made of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, reduce
from inspect import getattr_static
from opcode import opmap
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any, NoReturn

from ..tape.tracebacks import REWORDERS, users_frame

__all__ = ["Advice", "advise", "libraries", "missing", "shown", "told"]


@cache
def libraries() -> Mapping[str, Mapping[str, str]]:
    """The table by libraries: in Markdown, what to use here, by the names that mean it there."""
    tables: dict[str, dict[str, str]] = {}
    rows: dict[str, str] = {}
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        names, _, advice = line.partition(" = ")
        if line.startswith("# "):
            rows = tables[line.removeprefix("# ")] = {}
        elif advice:
            rows[names] = advice
    return tables


def _joined(advice: Mapping[str, str]) -> str:
    """One remedy as it is; several, each with its library."""
    libraries: dict[str, list[str]] = {}
    for library, words in advice.items():
        libraries.setdefault(words, []).append(library)
    if len(libraries) == 1:
        return next(iter(libraries))
    return "; ".join(f"for {' and '.join(names)}'s, {words}" for words, names in libraries.items())


@cache
def told(of: str = "") -> Mapping[str, Mapping[str, str]]:
    """What each library's users are told, by the last part of a name: of what stands for itself (`x`), or of modules.

    Of modules of the same last name, `torch.nn.functional` for our `nn`, the words come first.
    """
    words: dict[str, dict[str, str]] = {}
    for first in (True, False):
        for library, rows in libraries().items():
            for keys, advice in rows.items():
                for key in keys.split() if "(" not in keys else ():
                    owner, _, name = key.rpartition(".")
                    wanted = owner == of if of in OBJECTS else owner not in OBJECTS
                    if wanted and first == (owner.rpartition(".")[2] == of):
                        words.setdefault(name, {}).setdefault(library, advice.replace("`", ""))
    return words


OBJECTS = ("x", "net")
"""What names of attributes in the table begin with: an array, and a block of Gluon."""


def missing(module: str) -> Callable[[str], NoReturn]:
    """The `__getattr__` of a module: a name that it has not got is an error that says what to use instead.

    Where it is imported by name that is an ImportError, since Python would put its own words in the place of others.
    """

    def refuse(name: str) -> NoReturn:
        words = told(module.rpartition(".")[2])
        caller = users_frame()
        advice = f": {_joined(words[name])}" if name in words else _elsewhere(module, name, caller)
        if advice and caller is not None and caller.f_code.co_code[caller.f_lasti] == opmap["IMPORT_FROM"]:
            raise ImportError(f"cannot import name {name!r} from {module!r}{advice}", name=module)
        # With the module and the name in it, Python adds a public name that is spelled alike.
        raise AttributeError(
            f"module {module!r} has no attribute {name!r}{advice}", name=name, obj=sys.modules.get(module)
        )

    return refuse


PACKAGE = __name__.partition(".")[0]
SPACES = (
    "numpy",
    "nn",
    "numpy.linalg",
    "numpy.special",
    "numpy.random",
    "numpy.fft",
    "optimizers",
    "tree",
    "nn.initializers",
)
"""Where a name is looked for that a module has not got."""


def _elsewhere(module: str, name: str, caller: FrameType | None) -> str:
    """Where else there is a public name, in words; an import that looks for a module of that name gets none."""
    importing = caller is not None and caller.f_globals.get("__name__") == "importlib._bootstrap"
    if name[0] != "_" and not importing:
        for path in SPACES:
            space = reduce(getattr, path.split("."), sys.modules[PACKAGE])
            if space.__name__ != module and name in dir(space):
                return f": {space.__name__}.{name}"
    return ""


_REFUSED = re.compile(rf"(must be \w+, not|but got) (ndarray|NDArray)$|<class '{PACKAGE}\.")


def reword_refused(error: BaseException) -> None:
    """Let another library's refusal of an array of ours, such as a `Tensor` is asked for, say what to call instead."""
    text = str(error)
    if type(error) is TypeError and _REFUSED.search(text) and not text.endswith(_INSTEAD):
        error.args = (f"{text.rstrip('.')}{_INSTEAD}",)


_INSTEAD = (
    "; another library's functions do not take part: call the one of tapegrad.numpy in its place, or give it "
    "numpy.asarray(x.detach()) where a constant is meant"
)
REWORDERS.append(reword_refused)


class Advice:
    """An attribute that is not there, and says what to use."""

    def __init__(self, name: str, words: str) -> None:
        self.name, self.words = name, words

    def __get__(self, x: Any, cls: type) -> NoReturn:
        raise AttributeError(f"{cls.__name__!r} object has no attribute {self.name!r}: {self.words}")


class _Refusal(Advice):
    """The same of objects that take no attributes: what is set says it as well."""

    def __set__(self, x: Any, value: Any) -> NoReturn:
        self.__get__(x, type(x))


def advise(cls: type, of: str = "x", functions: Mapping[str, str] = MappingProxyType({})) -> None:
    """Let a class answer to the attributes of other libraries with what to use, or with the function of that name."""
    words = {**functions, **{name: _joined(advice) for name, advice in told(of).items() if name not in functions}}
    kind = Advice if cls.__dictoffset__ else _Refusal
    for name, advice in words.items():
        if not hasattr(cls, name):
            setattr(cls, name, kind(name, advice))


def shown(cls: type, names: Iterable[str]) -> list[str]:
    """Of the names of an array of that class, those that it has and that a user may use."""
    return sorted(
        name
        for name in names
        if (name[0] != "_" or name[:2] == "__") and not isinstance(getattr_static(cls, name, None), Advice)
    )
