"""What `help()` says of an op: its author's words, and what its definition says already.

The author writes the meaning in a line, and an example, which need not import `tapegrad`, `tnp` and the op. Shapes,
dtypes, the derivative and errors follow from the kind and the inputs; where they do not, the author's own paragraph,
which begins with the same word, stands instead. To the author's errors those are added that are sure to be raised.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from .batching import aligns

if TYPE_CHECKING:
    from .record import Op

HEADS = ("Shapes:", "Dtypes:", "Derivative:", "Raises:")
"""How the paragraphs begin, in their order."""

ALONE = ("as ", "nothing", "only ", "what ", "whatever ")
"""How a paragraph about errors begins that is complete."""

WIDTH = 116
"""How long the lines of a paragraph may be."""

NAMED = re.compile(r"^ *(?:>>>|\.\.\.) (?!from |import ).*?(?<![\w.])(tapegrad\.)", re.MULTILINE)
"""Where an example names the package."""


def explained(op: Op) -> str:
    """The docstring of the public function of an op."""
    derived, errors = _derived(
        op.kind.name,
        op.arrays,
        tuple(op.formulas),
        op.constant,
        op.promotes,
        op.floats,
        op.real,
        op.dynamic,
        aligns(op),
        "keepdims" in op.keywords and op.keywords.get("axis", ...) is None,
        "dtype" in op.keywords and op.name == "astype",
    )
    words = Words(op.body.__doc__ or "")
    words.imports(op.name, op.module)
    words.raises(errors)
    return words.joined(words.paragraphs(derived))


class Words:
    """What an author wrote in a docstring: `prose`, paragraphs of `HEADS` by their heads (`own`), and the `example`."""

    def __init__(self, written: str) -> None:
        words, arrow, example = written.partition(">>>")
        self.margin = ""
        if "\n" in written:
            # Before Python 3.13 docstrings keep the margin of the source.
            self.margin = words[words.rfind("\n") + 1 :] if arrow else " " * (len(written) - len(written.rstrip(" ")))
        self.example = arrow + example
        self.prose: list[str] = []
        self.own: dict[str, str] = {}
        for text in words.rstrip().split(f"\n\n{self.margin}"):
            if not text.startswith(HEADS):
                self.prose.append(text)
                continue
            for line in text.split(f"\n{self.margin}"):
                if line.startswith(HEADS):
                    self.own[head := _head(line)] = line
                else:
                    self.own[head] += f"\n{self.margin}{line}"

    def paragraphs(self, derived: list[str]) -> list[str]:
        """The author's paragraphs, and those of the derived ones on which the author says nothing."""
        said = {_head(text): text if len(text) <= WIDTH else self._wrapped(text) for text in derived} | self.own
        return [said[head] for head in HEADS if head in said]

    def _wrapped(self, text: str) -> str:
        lines = []
        while len(text) > WIDTH:
            line, _, _ = text[: WIDTH + 1].rpartition(" ")
            lines.append(line)
            text = text[len(line) + 1 :]
        return f"\n{self.margin}".join([*lines, text])

    def raises(self, errors: Iterable[str]) -> None:
        """Add to what the author says of errors those of other types."""
        besides = self.own.get("Raises:", "")
        if besides and not besides.removeprefix("Raises: ").startswith(ALONE):
            more = [error for error in errors if error.partition(" ")[0] not in besides]
            text = ", ".join([" ".join(besides.removesuffix(".").split()), *more])
            self.own["Raises:"] = self._wrapped(f"{text}.")

    def imports(self, name: str = "", module: str = "") -> None:
        """Begin the example with the imports of what it names: `tapegrad`, `tnp`, and the function itself."""
        example = self.example
        lines = []
        if "tapegrad." in example and ">>> import tapegrad\n" not in example and NAMED.search(example):
            lines.append("import tapegrad")
        if "tnp." in example and "import tapegrad.numpy as tnp" not in example:
            lines.append("import tapegrad.numpy as tnp")
        if name and name in example and f".{name}" not in example and f" {name}\n" not in example:
            lines.append(f"from {module} import {name}")
        self.example = "".join([f">>> {line}\n{self.margin}" for line in lines]) + example

    def joined(self, paragraphs: list[str], between: str = "\n") -> str:
        """The docstring with these paragraphs, which stand one below the other unless `between` parts them."""
        parts = [*self.prose, f"{between}{self.margin}".join(paragraphs), *([self.example] if self.example else [])]
        return f"\n\n{self.margin}".join(parts)


def _head(text: str) -> str:
    return text[: text.index(":") + 1]


def listed(names: Iterable[str], link: str = "and") -> str:
    """Names as a sentence lists them."""
    *front, last = [f"`{name}`" for name in names]
    return f"{', '.join(front)} {link} {last}" if front else last


@cache
def _derived(
    kind: str,
    arrays: tuple[str, ...],
    ruled: tuple[str, ...],
    constant: frozenset[str],
    promotes: tuple[str, ...],
    floats: bool,
    real: bool,
    dynamic: bool,
    alone: bool,
    reduces: bool,
    recast: bool,
) -> tuple[list[str], list[str]]:
    """The lines that follow from a definition, and the errors that are sure to be raised."""
    paragraphs, raised = [], ["`ShapeError` for shapes that do not fit"]
    if alone and len(arrays) == 1:
        paragraphs.append(f"Shapes: any; the result has that of `{arrays[0]}`.")
        raised.clear()
    elif alone:
        paragraphs.append(f"Shapes: {listed(arrays)} broadcast; the result has the shape they have in common.")
        raised = ["`ShapeError` for shapes that do not broadcast"]
    elif reduces:
        paragraphs.append("Shapes: `axis` (an int, a tuple, None for all) goes, or keeps length 1 with `keepdims`.")
        raised = ["`ShapeError` for an axis that is not there or named twice"]
    kinds = "real numbers; " if real else ""
    if len(promotes) > 1:
        more = "integers to a float" if floats else "a Python number to that of the arrays"
        paragraphs.append(f"Dtypes: {kinds}{listed(promotes)} are promoted to one, {more}; the result has it.")
    elif floats:
        paragraphs.append(
            f"Dtypes: {kinds}the result has that of `{promotes[0]}`; integers become the default float first."
        )
    elif kind != "locally_constant" and not recast:
        paragraphs.append(f"Dtypes: {kinds or 'any; '}the result has that of `{arrays[0]}`.")
    unruled = [name for name in arrays if name not in ruled and name not in constant]
    if kind == "locally_constant":
        paragraphs.append("Derivative: 0 wherever there is one, so the result is a constant.")
    elif not ruled:
        paragraphs.append("Derivative: none.")
    else:
        aside = f"; {listed(n for n in arrays if n in constant)} counts as constant" if constant else ""
        paragraphs.append(f"Derivative: in {listed(ruled)}{aside}.")
    sure = ["`DtypeError` for complex numbers"] if real else []
    if unruled:
        sure.append(f"`NoGradientError` for a tracked {listed(unruled, 'or')}")
    if dynamic:
        sure.append("`DynamicShapeError` under `vmap`")
    sure.append("`TypeError` for anything that is not an array")
    if not real:
        raised.append("`DtypeError` for a dtype that it does not take")
    paragraphs.append(f"Raises: {', '.join(raised + sure)}.")
    return paragraphs, sure


class Declared:
    """What tells `inspect` how the public function of an op is called; bodies are written for arrays of engines."""

    def __init__(self, op: Op) -> None:
        self.op = op

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.op.call(*args, **keywords)

    @property
    def __signature__(self) -> inspect.Signature:
        op = self.op
        written = inspect.signature(partial(op.body, None))
        types = {name: "ArrayLike | None" if name in op.optional else "ArrayLike" for name in op.arrays}
        types |= {"dtype": "DTypeLike", "axis": "Axes", "axes": "Axes", "shape": "ShapeLike"}
        parameters = []
        for p in written.parameters.values():
            if p.annotation == "Any" and (annotation := types.get(p.name)):
                more = " | None" if p.default is None and "None" not in annotation else ""
                p = p.replace(annotation=annotation + more)
            parameters.append(p)
        result = "tuple[Array, ...]" if op.outs else "Array"
        return written.replace(
            parameters=parameters,
            return_annotation=result
            if written.return_annotation in ("Any", written.empty)
            else written.return_annotation,
        )
