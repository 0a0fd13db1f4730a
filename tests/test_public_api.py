"""The public names, and how they are called, are listed: `python tests/test_public_api.py` writes the list anew."""

import inspect
from importlib import import_module
from pathlib import Path

LIST = Path(__file__).parent / "data" / "public_api.txt"
PARTS = {
    "tapegrad": "autograd dtypes errors initializer io kvstore lr_scheduler metric nn op optimizer optimizers random "
    "testing tree",
    "tapegrad.gluon": "data loss nn rnn utils",
    "tapegrad.ndarray": "contrib linalg random",
    "tapegrad.numpy": "fft linalg random special",
}
SPACES = [name for package, parts in PARTS.items() for name in [package, *(f"{package}.{p}" for p in parts.split())]]


def called(thing):
    """The names of the parameters of a function, as they may be given."""
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return ""
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return f"({', '.join(marks.get(p.kind, '') + p.name + '=' * (p.default is not p.empty) for p in parameters)})"


def public():
    """A line for each public name."""
    for space in SPACES:
        module = import_module(space)
        for name in dir(module):
            thing = getattr(module, name)
            if name[0] != "_" and not inspect.ismodule(thing):
                ours = inspect.isroutine(thing) and thing.__module__.startswith("tapegrad.")
                yield f"{space}.{name}{called(thing) if ours else ''}"


def test_public_names_are_those_that_are_listed():
    now, then = [*public()], LIST.read_text(encoding="utf-8").splitlines()
    gone, new = sorted({*then} - {*now}), sorted({*now} - {*then})
    assert not gone, "gone or called differently: deprecate first, see CONTRIBUTING.md"
    assert not new, "new: run python tests/test_public_api.py"


if __name__ == "__main__":
    LIST.write_text("".join(f"{line}\n" for line in public()), encoding="utf-8")
