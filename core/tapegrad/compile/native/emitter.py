"""Operations on single elements as C: one function for a group, in which a row at a time goes through a few loops.

An operation joins the first loop over its shape in which all that it reads is known. What is read in its own loop alone
is a variable of that loop; what later loops read, in a row of its own, or hands out, is stored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .expressions import FUNCTIONS, TWO, TYPES, expression, literal
from .lowering import REDUCTIONS, Flat, Lowering, Unsupported, Value, aligned, contiguous
from .rolling import elements, rolled

__all__ = ["Emitter", "Function", "emit", "file"]

MOST = 4000
"""How many operations a loop has at most: compilers take more than twice as long for twice as many."""

SCRATCH = 1 << 17
"""How many bytes the rows of one group may take on the stack."""

CHUNK = 128
"""So many terms are added up by the lanes of a vector, before their sum is added, compensated, to the total."""

VECTOR = 32
"""How many bytes a vector has that compilers like best."""

LONG = 100
"""From so many lines on a loop is worth a thought of what compiling it costs."""

MACROS = """\
/* The total and what it lacks, which is far below its last place. */
#define ADD(total, lack, term) do { const double sum = (total) + (term), part = sum - (total); \\
    (lack) += ((total) - (sum - part)) + ((term) - part); (total) = sum; } while (0)
#define TOTAL(total, lack) ((lack) - (lack) == 0 ? (total) + (lack) : (total))
/* A product that is 0, and not NaN, where x is 0, or y is 0 and x infinite. */
#define PRODUCT(x, y) (x) * (y)
#define OR_ZERO(x, y) (((x) * (y) != (x) * (y)) & (((x) == 0) | (((y) == 0) & ((x) == (x)))) ? 0 : (x) * (y))
"""
"""What lines are made of, in any language."""

PRELUDE = """\
#include <stdbool.h>
#include <stdint.h>
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize ("no-tree-pre")  /* which turns conditions into branches, in which nothing is vectorised */
#endif
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
#define PART(args, i) (((void ***)(args))[ITEMS + (i)])
#define MEMORY(args, i) (PART(args, i)[DATA])
/* C-contiguous and aligned; anything else is copied by whoever calls. */
#define PLAIN(args, i) ((*(int *)&PART(args, i)[DATA + 6] & 0x101) == 0x101)
"""
"""What every file begins with. `args` is a tuple of arrays, as CPython and NumPy lay them out."""


@dataclass
class Loop:
    """Operations over one shape, or a reduction of a few axes, or what is put together of parts."""

    shape: tuple[int, ...]
    kind: str = "each"
    values: list[Value] = field(default_factory=list)
    reduces: bool = False


@dataclass
class Function:
    """A group in C: `source`, its `name`, and what the tuple of its arguments holds, inputs before outputs."""

    name: str
    source: str
    inputs: list[Any]
    outputs: list[Value]
    functions: set[tuple[str, str]]


def emit(table: Lowering, name: str, wanted: Sequence[Value], rows: int, size: int) -> Function:
    """The C function of a group; `wanted` are the values that it hands out, `size` the elements of a flat one."""
    return Emitter(table, name, wanted, rows, size).function()


def file(functions: Sequence[Function]) -> str:
    """A file of functions."""
    pairs = sorted({pair for f in functions for pair in f.functions})
    lines = [f"SIMD {t} {c}({', '.join([t] * (1 + (c.removesuffix('f') in TWO)))});" for c, t in pairs]
    return "\n".join([PRELUDE + MACROS, *lines, "", *[f.source for f in functions]])


class Emitter:
    """A group in C, written loop by loop. Another language says how it goes through rows and loops, and begins."""

    scratch, most = "", SCRATCH
    """What stands before the memory of a row, and how many bytes there are of it."""

    def __init__(self, table: Lowering, name: str, wanted: Sequence[Value], rows: int, size: int) -> None:
        self.table, self.name, self.rows, self.size = table, name, rows, size
        self.loops: list[Loop] = []
        self.memory: dict[Value, str] = {}
        self.functions: set[tuple[str, str]] = set()
        self.outputs: list[Value] = []
        for value in wanted:
            plain = value.root is value and value.name not in ("input", "constant") and value not in set(self.outputs)
            self.outputs.append(value if plain else table._made("positive", (value,), value.shape, value.dtype))
        self.live = self._live()
        self.inputs = [v for v in table.inputs.values() if v in self.live]
        for number, value in enumerate(v for v in table.values if v in self.live):
            value.number = number
        self._arrange()

    def _live(self) -> set[Value]:
        live: set[Value] = set()
        ahead = list(self.outputs)
        while ahead:
            value = ahead.pop()
            if value not in live:
                live.add(value)
                ahead += [o for o in (*value.operands, value.root) if o.__class__ is Value]
        return live

    # ---- which loop does what

    def _arrange(self) -> None:
        """Give each operation its loop, and find out what must be stored."""
        firsts: dict[tuple[int, ...], list[int]] = {}
        for value in self.table.values:
            if value not in self.live or value.name in ("input", "constant", "view"):
                continue
            operands = [o for o in value.operands if o.__class__ is Value and o.name != "constant"]
            kind, shape = "each", value.inner
            if value.name in REDUCTIONS:
                (x,) = operands
                shape = x.inner
                if value.info != frozenset(range(len(shape))) and not all(
                    shape[a] == 1 or a in value.info for a in range(len(shape))
                ):
                    kind = "part"
            elif value.name == "place":
                kind = "place"
            if math.prod(shape) == 1 and kind == "each":
                shape = ()
            least = max([self._after(o, shape, kind) for o in operands], default=0)
            places = [
                i
                for i in firsts.get(shape, ())
                if i >= least and (shape == () or len(self.loops[i].values) < self._most_of(value, self.loops[i]))
            ]
            if kind == "each" and places:
                value.nest = places[0]
            else:
                value.nest = len(self.loops)
                self.loops.append(Loop(shape, kind))
                if kind == "each":
                    firsts.setdefault(shape, []).append(value.nest)
            loop = self.loops[value.nest]
            loop.values.append(value)
            loop.reduces = loop.reduces or value.name in REDUCTIONS
            for o in operands:
                if not self._in_hand(o, value.nest) and not (o.root.single and o.root.name != "place"):
                    o.root.stored = True
        for value in self.outputs:
            value.stored = True

    def _most_of(self, value: Value, loop: Loop) -> int:
        """How long a loop may be that a value is put into: a long one is without reductions, and so can be rolled."""
        return LONG if self.rows == 1 and (loop.reduces or value.name in REDUCTIONS) else MOST

    def _after(self, operand: Value, shape: tuple[int, ...], kind: str) -> int:
        """The first loop in which a value is known."""
        root = operand.root
        if root.nest < 0:
            return 0
        loop = self.loops[root.nest]
        alike = loop.kind == kind == "each" and loop.shape == shape and root.name not in REDUCTIONS
        return root.nest if alike and ((operand.shows_all() and root.inner == shape) or shape == ()) else root.nest + 1

    def _in_hand(self, operand: Value, nest: int) -> bool:
        """Whether a value is a variable of a loop."""
        return operand.root.nest == nest

    # ---- C

    def function(self) -> Function:
        """The group as a function over some of the rows."""
        table, rows = self.table, self.rows
        parameters, body, scratch = list[tuple[str, str]](), list[str](), 0
        for i, value in enumerate([*self.inputs, *self.outputs]):
            held = "" if value.name != "input" else "const "
            pointer = f"{held}{'double' if value.final else TYPES[value.dtype.name]} *restrict const"
            self.memory[value] = name = f"m{value.number}"
            if value.rowwise and rows > 1:
                step = 1 if value.final else (self.size and Flat.RUN) or math.prod(value.inner)
                body.append(f"{pointer} {name} = a{i} + row * {step};")
                name = f"a{i}"
            parameters.append((pointer, name))
        for value in table.values:
            if value in self.live and value.stored and value not in self.memory:
                count = math.prod(value.inner)
                scratch += count * value.dtype.itemsize
                self.memory[value] = f"m{value.number}"
                body.append(f"{self.scratch}{TYPES[value.dtype.name]} m{value.number}[{count}];")
        if scratch > self.most:
            raise Unsupported("rows that do not fit on the stack")
        if self.size:
            body.append(f"const long n = row < {rows - 1} ? {Flat.RUN} : {self.size - (rows - 1) * Flat.RUN};")
        for nest, loop in enumerate(self.loops):
            body += self._loop(loop, nest)
        body += [
            f"m{v.number}[0] = x{v.number};" for v in self.outputs if v.single and not v.final and v.name != "place"
        ]
        source = "\n".join([*self.over_rows(parameters, body), ""])
        return Function(self.name, source, [value.info for value in self.inputs], self.outputs, self.functions)

    def over_rows(self, parameters: Sequence[tuple[str, str]], body: Sequence[str]) -> list[str]:
        """The lines of the function whose body is that of a row."""
        checks = " && ".join(f"PLAIN(args, {i})" for i in range(len(self.inputs))) or "true"
        head = [f"{pointer} {name} = MEMORY(args, {i});" for i, (pointer, name) in enumerate(parameters)]
        if self.rows > 1:
            body = ["for (long row = first; row < last; row++) {", *indented(body), "}"]
        inside = [f"if (!({checks})) return 1;", *head, *body, "return 0;"]
        return [f"int {self.name}(void **args, long first, long last) {{", *indented(inside), "}"]

    def through(self, axes: Sequence[tuple[str, Any]], lines: Sequence[str], simd: bool = False) -> list[str]:
        """Lines for each place along some axes, which are a name and a length each."""
        heads = [f"for (long {name} = 0; {name} < {length}; {name}++)" for name, length in axes]
        if not heads:
            return [*lines]
        *outer, last = [f"{'    ' * depth}{head}" for depth, head in enumerate(heads)]
        pad = "    " * len(outer)
        return [*outer, *[f"{pad}#pragma omp simd"] * simd, f"{last} {{", *indented(lines, pad), f"{pad}}}"]

    def each(self, axes: Sequence[tuple[str, Any]], lines: Sequence[str], width: int) -> list[str]:
        """Lines for each element, of `width` bytes at most.

        Where they are many, and vectors leave a rest, the last vector overlaps the one before: compilers write a copy
        of all lines for the rest else, which takes as long again. What repeats becomes a loop.
        """
        *outer, (at, length) = axes
        if len(lines) < LONG or self.size:
            return self.through(axes, lines, simd=True)
        lanes = min(VECTOR // width, length)
        short = rolled(lines, at, lanes, self.most // width)
        if short is None and length % lanes == 0:
            return self.through(axes, lines, simd=True)
        first = f"const long b = o + {lanes} < {length} ? o : {length - lanes};"
        runs = [first, *(short or elements(lines, at, lanes))]
        return self.through(outer, [f"for (long o = 0; o < {length}; o += {lanes}) {{", *indented(runs), "}"])

    def reduced(self, axes: Sequence[tuple[str, Any]], lines: Sequence[str], values: Sequence[Value]) -> list[str]:
        """Lines for each place along some axes that gather what is reduced, and then its results."""
        *outer, (at, bound) = axes
        clauses = "".join(f" reduction({_CLAUSE[v.name]})".format(n=v.number) for v in values)
        chunk = [
            f"const long e = b + {CHUNK} < {bound} ? b + {CHUNK} : {bound};",
            *[_BEGIN[v.name].format(**names(v)) for v in values],
            f"#pragma omp simd{clauses}",
            f"for (long {at} = b; {at} < e; {at}++) {{",
            *indented(lines),
            "}",
            *[_JOIN[v.name].format(**names(v)) for v in values],
        ]
        chunks = [f"for (long b = 0; b < {bound}; b += {CHUNK}) {{", *indented(chunk), "}"]
        return [*[_START[v.name].format(**names(v)) for v in values], *self.through(outer, chunks)]

    def _loop(self, loop: Loop, nest: int) -> list[str]:
        if loop.kind == "place":
            return self._place(loop.values[0])
        if loop.kind == "part":
            return self._part(loop.values[0])
        if loop.shape == ():
            lines = []
            for value in loop.values:
                if value.name in REDUCTIONS:  # of one number
                    text = self._read(value.operands[0], (), nest, _no_index)
                    lines.append(f"m{value.number}[0] = {text};" if value.final else _variable(value, text))
                else:
                    lines.append(_variable(value, self._text(value, (), nest, _no_index)))
            return lines
        reads: list[tuple[int, ...]] = [contiguous(loop.shape)]
        for value in loop.values:
            for o in value.operands:
                if o.__class__ is Value:
                    reads.append(aligned(o, loop.shape))
        axes, index = _axes(loop.shape, list(dict.fromkeys(reads)))
        if self.size:
            axes = [(axes[0][0], "n")]
        reductions = [v for v in loop.values if v.name in REDUCTIONS]
        inner: list[str] = []
        for value in loop.values:
            if value.name in REDUCTIONS:
                text = self._read(value.operands[0], loop.shape, nest, index)
                inner.append(_GATHER[value.name].format(n=value.number, x=text))
                continue
            inner.append(_variable(value, self._text(value, loop.shape, nest, index)))
            if value.stored:
                inner.append(f"m{value.number}[{index(contiguous(loop.shape), 0)}] = x{value.number};")

        def written(inner: Sequence[str]) -> list[str]:
            if reductions:
                return self.reduced(axes, inner, reductions)
            return self.each(axes, inner, max(v.dtype.itemsize for v in loop.values))

        lines = written(inner)
        telling = self.telling(loop.values)
        if telling:
            # A product of 0 and infinity is rare: where there is none, nothing has to be looked at one by one.
            count = axes[0][1] if self.size else math.prod(loop.shape)
            again = [re.sub(r"\w+ (?=[tw]\d+ = )", "", line) for line in lines[: len(reductions)]]
            again += lines[len(reductions) :]
            lines = written([line.replace("OR_ZERO(", "PRODUCT(") for line in inner])
            for v in telling:
                lines += [
                    f"{TYPES[v.dtype.name]} lost{v.number} = 0;",
                    f"#pragma omp simd reduction(+: lost{v.number})",
                    f"for (long i = 0; i < {count}; i++) lost{v.number} += 0 * m{v.number}[i];",
                ]
            lost = " || ".join(f"lost{v.number} != lost{v.number}" for v in telling)
            lines += [f"if ({lost}) {{", *indented(again), "}"]
        for v in reductions:
            lines.append(f"m{v.number}[0] = {_result(v)};" if v.final else _variable(v, _result(v)))
        return lines

    def telling(self, values: Sequence[Value]) -> list[Value]:
        """Stored values of a loop, one of which is NaN wherever a product is 0 times infinity; none if not all show."""
        hidden = {v for v in values if v.name == "multiply_or_zero"} if self.rows > 1 else set()
        shown: dict[Value, set[Value]] = {}
        for v in values:
            passed = v.name in ("add", "subtract", "multiply", "multiply_or_zero", "negative", "square")
            parts = [shown[o] for o in v.operands if o.__class__ is Value and o in shown] if passed else []
            shown[v] = (hidden & {v}).union(*parts)
        found = []
        for v in reversed(values):
            if v.stored and not hidden.isdisjoint(shown[v]):
                hidden -= shown[v]
                found.append(v)
        return [] if hidden else found

    def _text(self, value: Value, shape: tuple[int, ...], nest: int, index: Callable[..., str]) -> str:
        """The expression of an operation."""
        dtype = next((o.dtype for o in value.operands[value.name == "where" :] if o.__class__ is Value), value.dtype)
        form = expression(value.name, value.dtype if value.name == "astype" else dtype)
        suffix = "f" if dtype == np.float32 else ""
        if value.name in FUNCTIONS:
            self.functions.add((FUNCTIONS[value.name] + suffix, TYPES[dtype.name]))
        given = [
            self._read(o, shape, nest, index) if o.__class__ is Value else literal(o, dtype) for o in value.operands
        ]
        return form.format(*given, s=suffix)

    def _read(self, operand: Value, shape: tuple[int, ...], nest: int, index: Any) -> str:
        """The expression that reads a value in a loop."""
        root = operand.root
        if root.name == "constant":
            return literal(root.info, root.dtype)
        if root.nest == nest or (root.single and root.name not in ("input", "place")):
            return f"x{root.number}"
        if shape == ():
            return f"m{root.number}[{operand.offset}]"
        return f"m{root.number}[{index(aligned(operand, shape), operand.offset)}]"

    def _part(self, value: Value) -> list[str]:
        """A reduction of a few axes of a row, each result by itself."""
        x, axes = value.operands[0], value.info
        kept = [i for i in range(len(x.inner)) if i not in axes]
        order = [*kept, *sorted(axes)]
        name = {axis: f"i{axis}" for axis in order}
        outward = contiguous([x.inner[a] for a in kept])
        place = _index({name[a]: s for a, s in zip(kept, outward, strict=True)}, 0)
        strides = aligned(x, x.inner)
        read = f"m{x.root.number}[{_index({name[a]: strides[a] for a in order}, x.offset)}]"
        if x.root.name == "constant":
            read = literal(x.root.info, x.dtype)
        elif x.root.single and x.root.name not in ("input", "place"):
            read = f"x{x.root.number}"
        gather = _GATHER[value.name].format(n=value.number, x=read)
        if value.name == "sum":
            gather = f"ADD(t{value.number}, c{value.number}, (double){read});"
        lines = [
            _START[value.name].format(**names(value)),
            _BEGIN[value.name].format(**names(value)),
            *Emitter.through(self, [(name[a], x.inner[a]) for a in sorted(axes)], [gather]),
            _JOIN[value.name].format(**names(value)),
            f"m{value.number}[{place}] = {_result(value)};",
        ]
        return self.through([(name[a], x.inner[a]) for a in kept], lines)

    def _place(self, value: Value) -> list[str]:
        """An array that is put together of parts."""
        fill, *parts = value.operands
        lines = []
        sources = [] if fill is None else [(fill, (value.inner, 0, contiguous(value.inner)))]
        for source, (shape, offset, strides) in [*sources, *zip(parts, value.info, strict=True)]:
            towards = tuple(strides)
            if source.__class__ is Value:
                axes, index = _axes(shape, [towards, aligned(source, shape)])
                text = self._read(source, shape, -2, index)
            else:
                axes, index = _axes(shape, [towards])
                text = literal(source, value.dtype)
            lines += self.through(axes, [f"m{value.number}[{index(towards, offset)}] = {text};"])
        return lines


def indented(lines: Sequence[str], pad: str = "") -> list[str]:
    """Lines one level further in, in a place that is already so far in."""
    return [f"{pad}    {line}" for line in lines]


def names(value: Value) -> dict[str, Any]:
    """What stands in the lines of a reduction: its number, the type of an element, and what any is as good as."""
    return {"n": value.number, "t": TYPES[value.dtype.name], "low": _lowest(value)}


def _variable(value: Value, text: str) -> str:
    return f"const {TYPES[value.dtype.name]} x{value.number} = {text};"


def _no_index(strides: Any, offset: int) -> str:
    return str(offset)


def _axes(
    shape: Sequence[int], accesses: Sequence[tuple[int, ...]]
) -> tuple[list[tuple[str, Any]], Callable[..., str]]:
    """The fewest loops that go through a shape: axes of one number fall away, those that lie side by side are one."""
    groups: list[list[int]] = []
    for axis, length in enumerate(shape):
        if length == 1:
            continue
        if groups and all(s[groups[-1][-1]] == s[axis] * length for s in accesses):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    if not groups:
        groups = [[len(shape) - 1]] if len(shape) else []
    steps = [f"i{k}" if k else "i" for k in range(len(groups))]
    last = {tuple(s): [s[g[-1]] if shape[g[-1]] > 1 else 0 for g in groups] for s in accesses}

    def index(strides: Sequence[int], offset: int) -> str:
        return _index(dict(zip(steps, last[tuple(strides)], strict=True)), offset)

    return [(step, math.prod(shape[a] for a in g)) for step, g in zip(steps, groups, strict=True)], index


def _index(strides: dict[str, int], offset: int) -> str:
    parts = [name if s == 1 else f"{name} * {s}" for name, s in strides.items() if s]
    return " + ".join([*parts, *([str(offset)] if offset or not parts else [])])


def _lowest(value: Value) -> str:
    """What every number is at least, or at most where the smallest is looked for."""
    low = value.name == "max"
    if value.dtype.kind == "f":
        return "-INFINITY" if low else "INFINITY"
    bounds = np.iinfo(value.dtype) if value.dtype.kind in "iu" else None
    return literal(bounds.min if low else bounds.max, value.dtype) if bounds else "0"


def _result(value: Value) -> str:
    exact = value.name in ("max", "min") and value.dtype.kind != "f"
    return f"t{value.number}" if exact else _RESULT[value.name].format(n=value.number)


# Of each reduction: what stands before its loops, begins a chunk, takes an element in, ends the chunk, is the result.
_START = {
    "sum": "double t{n} = 0, c{n} = 0;",
    "max": "{t} t{n} = {low}; int w{n} = 0;",
    "min": "{t} t{n} = {low}; int w{n} = 0;",
    "any": "int t{n} = 0;",
    "all": "int t{n} = 1;",
}
_BEGIN = {
    "sum": "{t} s{n} = 0;",
    "max": "{t} s{n} = {low}; int u{n} = 0;",
    "min": "{t} s{n} = {low}; int u{n} = 0;",
    "any": "int s{n} = 0;",
    "all": "int s{n} = 1;",
}
_GATHER = {
    "sum": "s{n} += {x};",
    "max": "s{n} = {x} > s{n} ? {x} : s{n}; u{n} |= {x} != {x};",
    "min": "s{n} = {x} < s{n} ? {x} : s{n}; u{n} |= {x} != {x};",
    "any": "s{n} |= {x};",
    "all": "s{n} &= {x};",
}
_CLAUSE = {
    "sum": "+: s{n}",
    "max": "max: s{n}) reduction(|: u{n}",
    "min": "min: s{n}) reduction(|: u{n}",
    "any": "|: s{n}",
    "all": "&: s{n}",
}
_JOIN = {
    "sum": "ADD(t{n}, c{n}, s{n});",
    "max": "t{n} = s{n} > t{n} ? s{n} : t{n}; w{n} |= u{n};",
    "min": "t{n} = s{n} < t{n} ? s{n} : t{n}; w{n} |= u{n};",
    "any": "t{n} |= s{n};",
    "all": "t{n} &= s{n};",
}
_RESULT = {
    "sum": "TOTAL(t{n}, c{n})",
    "max": "w{n} ? NAN : t{n}",
    "min": "w{n} ? NAN : t{n}",
    "any": "t{n} != 0",
    "all": "t{n} != 0",
}
