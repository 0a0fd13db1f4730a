"""Does the suite see it? Rules damaged on purpose, one at a time, over the whole registry of ops, and counted.

    python -m tapegrad.testing.mutation [--ops A,B] [--jobs N]

Every derivative formula of every op is damaged in what it returns (scaled by 1 + 1e-9 in float64 and by 1 + 1e-5 in
float32, sign, nothing at all, the wrong axis, an index off by one, a missing conjugate) and in what its source says (a
dropped term, a plus for a minus, an integer off by one, another axis, no conjugate). Each is judged at output scales
from 1e-12 to 1e12, and is caught only if the laws see it at every one of them.
"""

from __future__ import annotations

import argparse
import ast
import copy
import inspect
import linecache
import os
import sys
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from ..op.linking import public_function
from ..op.record import Formula, Op
from ..op.samples import VARIATIONS
from ..ops.elementwise import is_complex
from . import accuracy, laws
from .checks import Judge, engine
from .generate import Sample, samples_of
from .judging import chosen_names, judged_ops
from .laws import Case
from .runs import as_target

__all__ = ["SCALES", "Mutant", "References", "caught", "damaged_names", "main", "mutants", "run"]

SCALES = (1e-12, 1e-4, 1.0, 1e4, 1e12)


@dataclass(frozen=True)
class Mutant:
    """One damaged formula: of which op, for which input, in which way, judged in which dtype."""

    op: str
    target: str
    way: str
    detail: str
    dtype: str
    formula: Formula
    acted: Acted | None = None

    def __str__(self) -> str:
        return f"{self.op}.{self.target}: {self.way}{f' ({self.detail})' if self.detail else ''}, {self.dtype}"


class Acted:
    """Whether a damage has found something to act on: a vector has no other axis, a real number no conjugate."""

    seen = False


# ---- damage to what a formula returns


def _each(value: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_each(part, function) for part in value]
    return value if value is None else function(value)


def _roll(xp: Any, value: Any) -> Any:
    for axis, length in enumerate(value.shape):
        if length > 1:
            whole = (slice(None),) * axis
            last = xp.getitem(value, key=(*whole, slice(length - 1, length)))
            rest = xp.getitem(value, key=(*whole, slice(0, length - 1)))
            return xp.concat(last, rest, axis=axis)
    return value


def _turn(xp: Any, value: Any) -> Any:
    """The wrong axis: two axes of one length exchanged, or else the elements dealt out along another axis."""
    shape = tuple(value.shape)
    for i in range(len(shape)):
        for j in range(i + 1, len(shape)):
            if shape[i] == shape[j] > 1:
                order = list(range(len(shape)))
                order[i], order[j] = j, i
                return xp.permute_dims(value, axes=tuple(order))
    if len([n for n in shape if n > 1]) > 1:
        return xp.reshape(xp.permute_dims(value, axes=tuple(reversed(range(len(shape))))), shape=shape)
    return value


RETURNED: dict[str, Callable[[Any, Any], Any]] = {
    "sign": lambda xp, value: -value,
    "nothing": lambda xp, value: value * 0,
    "wrong axis": _turn,
    "off by one": _roll,
    "conjugate": lambda xp, value: xp.conj(value) if is_complex(xp, value) else value,
}


def _around(formula: Formula, damage: Callable[[Any, Any], Any], acted: Acted) -> Formula:
    """The formula with `damage` done to what it returns."""
    original, names = formula.fn, formula.names

    def done(xp: Any, value: Any) -> Any:
        found = damage(xp, value)
        acted.seen = acted.seen or found is not value
        return found

    if original is None:
        number = formula.constant

        def of_constant(xp: Any, g: Any) -> Any:
            return done(xp, g * number)

        return Formula(of_constant, ("xp", "g"))
    asked = names if "xp" in names else ("xp", *names)

    def damaged(*values: Any) -> Any:
        given = dict(zip(asked, values, strict=True))
        found = original(*[given[name] for name in names])
        return _each(found, lambda part: done(given["xp"], part))

    return Formula(damaged, asked, formula.defaults)


# ---- damage to what a formula's source says


@cache
def _tree(filename: str) -> ast.Module | None:
    try:
        with open(filename, encoding="utf-8") as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError):
        return None


def _node_of(function: Any) -> ast.Lambda | ast.FunctionDef | None:
    """The node of a function's definition: the one that holds the code's first instruction that stands somewhere."""
    code = function.__code__
    tree = _tree(code.co_filename)
    if tree is None:
        return None
    places = [p for p in code.co_positions() if p[0] is not None and p[2] is not None and p[0] >= code.co_firstlineno]
    wanted = inspect.getfullargspec(function)
    names = [*wanted.args, *wanted.kwonlyargs]
    found: list[ast.Lambda | ast.FunctionDef] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Lambda, ast.FunctionDef)) and node.lineno >= code.co_firstlineno - 0:
            has = [a.arg for a in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
            if has == names and node.lineno == _first_line(node, code):
                found.append(node)
    if len(found) > 1 and places:
        line, _, column, _ = places[-1]
        within = [n for n in found if (n.lineno, n.col_offset) <= (line, column) <= (n.end_lineno, n.end_col_offset)]
        found = within or found
    return found[0] if len(found) == 1 else None


def _first_line(node: ast.Lambda | ast.FunctionDef, code: types.CodeType) -> int:
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        return node.lineno if node.decorator_list[0].lineno == code.co_firstlineno else -1
    return code.co_firstlineno


class _Damage(ast.NodeTransformer):
    """Damages the `at`-th place that can be damaged, and says what it was and became; with -1 it only counts them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0
        self.way = ""
        self.change = ""
        self.line = 0

    def _here(self, way: str, old: ast.AST, new: ast.AST) -> bool:
        self.count += 1
        if self.count - 1 == self.at:
            self.way = way
            self.change = f"{ast.unparse(old)} → {ast.unparse(new)}"
            self.line = getattr(old, "lineno", 0)
            return True
        return False

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, (ast.Add, ast.Sub)) and not _is_index(node):
            plus = isinstance(node.op, ast.Add)
            right: ast.expr = node.right if plus else ast.UnaryOp(ast.USub(), node.right)
            turned = ast.BinOp(node.left, ast.Sub() if plus else ast.Add(), node.right)
            ways = (("dropped term", node.left), ("dropped first term", right), ("plus for minus", turned))
            for way, new in ways:
                if self._here(way, node, new):
                    return new
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        if (
            isinstance(node.op, ast.USub)
            and not isinstance(node.operand, ast.Constant)
            and self._here("sign", node, node.operand)
        ):
            return node.operand
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            new = ast.Constant(node.value + 1)
            if self._here("number off by one", node, new):
                return new
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg == "axis" and isinstance(node.value, ast.Name):
            new = ast.keyword("axis", ast.parse(f"_other_axis({node.value.id})", mode="eval").body)
            if self._here("wrong axis", node.value, new.value):
                return new
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if (
            isinstance(node.func, ast.Attribute)
            and node.func.attr in ("conj", "matrix_transpose")
            and len(node.args) == 1
            and self._here(f"no {node.func.attr}", node, node.args[0])
        ):
            return node.args[0]
        return self.generic_visit(node)


def _is_index(node: ast.BinOp) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr in ("ndim", "size") for part in ast.walk(node))


def _other_axis(axis: Any) -> Any:
    if isinstance(axis, tuple):
        return tuple(_other_axis(a) for a in axis)
    return 0 if axis is None else axis + 1 if axis >= 0 else axis - 1


def _sources(function: Any) -> Iterator[tuple[Any, bool]]:
    """The function itself and the private helpers of its module that it calls."""
    yield function, False
    for name in function.__code__.co_names:
        helper = function.__globals__.get(name)
        if (
            isinstance(helper, types.FunctionType)
            and name.startswith("_")
            and helper.__globals__ is function.__globals__
        ):
            yield helper, True


def _rewritten(formula: Formula) -> Iterator[tuple[str, str, Formula]]:
    function = formula.fn
    if not isinstance(function, types.FunctionType) or function.__closure__:
        return
    for source, is_helper in _sources(function):
        node = _node_of(source)
        if node is None or source.__closure__:
            continue
        counter = _Damage(-1)
        counter.visit(copy.deepcopy(node))
        for at in range(counter.count):
            damage = _Damage(at)
            changed = damage.visit(copy.deepcopy(node))
            space = dict(function.__globals__)
            space["_other_axis"] = _other_axis
            try:
                made = _compiled(changed, source, space)
            except (SyntaxError, ValueError):
                continue
            if is_helper:
                space[source.__name__] = made
                whole = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__)
                whole.__kwdefaults__ = function.__kwdefaults__
            else:
                whole = made
            line = linecache.getline(source.__code__.co_filename, damage.line).strip()
            told = f"{damage.change} in line {damage.line}: {line}"
            yield damage.way, " ".join(told.split())[:200], Formula(whole, formula.names, formula.defaults)


def _compiled(node: Any, source: Any, space: dict[str, Any]) -> Any:
    ast.fix_missing_locations(node)
    if isinstance(node, ast.Lambda):
        made = eval(compile(ast.Expression(node), "<mutant>", "eval"), space)
    else:
        node.decorator_list = []
        exec(compile(ast.Module([node], []), "<mutant>", "exec"), space)
        made = space[node.name]
    made.__defaults__, made.__kwdefaults__ = source.__defaults__, source.__kwdefaults__
    return made


def mutants(op: Op) -> Iterator[Mutant]:
    """Every way in which the rules of an op are damaged."""
    targets = dict(op.formulas)
    if op.jvp is not None:
        targets["jvp"] = op.jvp
    for target, formula in targets.items():
        if formula.constant is not None:
            told = f"{formula.constant:g} → {formula.constant + 1:g}"
            made = Formula(None, constant=formula.constant + 1)
            yield Mutant(op.name, target, "number off by one", told, "float64", made)
            if formula.constant == 0:
                continue  # zero is zero, wherever it is put
        for dtype, factor in (("float64", 1 + 1e-9), ("float32", 1 + 1e-5)):

            def scaled(xp: Any, value: Any, factor: float = factor) -> Any:
                return value * factor

            yield Mutant(op.name, target, "scale", f"{factor:.10g}", dtype, _around(formula, scaled, Acted()))
        for way, damage in RETURNED.items():
            dtype = "complex128" if way == "conjugate" else "float64"
            acted = Acted()
            yield Mutant(op.name, target, way, "result", dtype, _around(formula, damage, acted), acted)
        for way, detail, made in _rewritten(formula):
            dtype = "complex128" if way == "no conj" else "float64"
            yield Mutant(op.name, target, way, detail, dtype, made)


def _damaged(op: Op, mutant: Mutant) -> Op:
    if mutant.target == "jvp":
        made = replace(op, jvp=mutant.formula)
    else:
        made = replace(op, formulas={**op.formulas, mutant.target: mutant.formula})
    made.call = public_function(made)
    return made


LAWS: tuple[Callable[[Case, Judge], Any], ...] = (
    laws.pull,
    laws.push,
    laws.shapes,
    laws.transposition,
    laws.zero_cotangent,
    laws.apart,
    laws.shared,
    accuracy.verified_rule,
)
CAUGHT, SURVIVED, SAME, NOT_JUDGED = "caught", "survived", "same", "not judged"
FURTHER = 4
"""How many further draws of each sample, variation and dtype are tried on what no sample tells from its rule."""


class References:
    """An op's samples on NumPy with its own rules, made as they are wanted: what all its mutants are compared with."""

    def __init__(self, op: Op) -> None:
        self.op = op
        self.samples = samples_of(op)
        self.found: dict[tuple[str, int], Case | None] = {}

    def of(self, dtype: str) -> Iterator[tuple[Sample, Case]]:
        """The samples that the op takes in that dtype, and has a derivative at, with their cases."""
        for sample in self.samples:
            key = (dtype, sample.number)
            if key not in self.found:
                self.found[key] = self._case(sample, dtype)
            case = self.found[key]
            if case is not None:
                yield sample, case

    def _case(self, sample: Sample, dtype: str) -> Case | None:
        try:
            target = as_target(self.op, sample.arrays(dtype), sample.keywords, dtype)
            case = Case(target, dtype, engine("numpy"))
            if not target.tracked or not case.inexact:
                return None
            _ = case.pulled, case.pushed, case.first
        except Exception:
            return None  # this dtype is not for this op, or not with this sample: the suite says so, not the mutant
        return case


def caught(references: References, mutant: Mutant, scales: Sequence[float] = SCALES) -> str:
    """Whether the laws see a mutant at every scale, with some sample of the op's.

    "same": they do not, and on no sample is any number of its pulls and pushes another than that of the rule itself;
    `further` then looks beyond the samples.
    "not judged": the op does not take the mutant's dtype, or there is nothing to damage.
    """
    damaged = _damaged(references.op, mutant)
    left = set(scales)
    differs = judged = False
    for sample, reference in references.of(mutant.dtype):
        judged = True
        target = as_target(damaged, reference.target.args, sample.keywords, mutant.dtype)
        for scale in sorted(left):
            case = Case(target, mutant.dtype, reference.kernels, scale=scale)
            case.first = reference.first
            judge = Judge(damaged.name, mutant.dtype)
            try:
                judge.narrow([out.dtype for out in case.out])
                for law in LAWS:
                    if mutant.dtype == "float32" and law is accuracy.verified_rule:
                        continue  # float32 is to be seen with float32's own eyes
                    law(case, judge)
                    if judge.found:
                        break
                differs = differs or _differs(case, reference, scale)
            except Exception:
                left.discard(scale)
                continue
            if judge.found:
                left.discard(scale)
        if not left:
            return CAUGHT
    if not judged:
        return NOT_JUDGED
    return SURVIVED if differs else SAME


def _differs(case: Case, reference: Case, scale: float) -> bool:
    return scale == 1.0 and not _alike([*case.pulled, *case.pushed], [*reference.pulled, *reference.pushed])


_WIDER = {"float64": ("complex128",), "float32": ("complex64",)}


def further(references: References, mutant: Mutant) -> tuple[int, str]:
    """On how many inputs beyond the samples a mutant is its rule to the bit, and the first on which it is not.

    They are the samples with other numbers, in every variation that their draws bear, in double and in complex numbers.
    """
    damaged = _damaged(references.op, mutant)
    tried = 0
    for sample in references.samples:
        for seed in range(1, FURTHER + 1):
            for variation in VARIATIONS:
                for dtype in ("float64", "complex128"):
                    made = replace(sample, variation=variation)
                    args = made.arrays(dtype, seed)
                    expected = _pulled_and_pushed(references.op, made, args, dtype)
                    if expected is None:
                        continue
                    tried += 1
                    found = _pulled_and_pushed(damaged, made, args, dtype)
                    if found is None or not _alike(found, expected):
                        return tried, f"{made} in {dtype}, draw {seed}"
    return tried, ""


def _pulled_and_pushed(op: Op, sample: Sample, args: Sequence[Any], dtype: str) -> list[Any] | None:
    try:
        case = Case(as_target(op, args, sample.keywords, dtype), dtype, engine("numpy"))
        return [*case.pulled, *case.pushed] if case.target.tracked and case.inexact else None
    except Exception:
        return None


def _alike(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(found, expected, strict=True))


def judge_op_mutants(name: str) -> list[tuple[str, str, str]]:
    """The fate of every mutant of one op: its words, its way, and what became of it."""
    op = judged_ops()[name]
    found = []
    references = References(op)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for mutant in mutants(op):
            fate = caught(references, mutant)
            for other in _WIDER.get(mutant.dtype, ()):
                if fate == SAME or (fate == SURVIVED and mutant.dtype == "float64"):
                    # Some of a rule is there for complex numbers alone.
                    again = caught(references, replace(mutant, dtype=other))
                    fate = fate if again in (NOT_JUDGED, SAME) else again
            told = str(mutant)
            if fate == SAME and mutant.acted is not None and not mutant.acted.seen:
                fate = NOT_JUDGED
            if fate == SAME:
                tried, apart = further(references, mutant)
                fate = SURVIVED if apart else SAME
                told += f": apart on {apart}" if apart else f": bit for bit the rule on {tried:,} further inputs"
            found.append((told, mutant.way, fate))
    return found


def damaged_names(ops: Sequence[str] | None = None) -> list[str]:
    """The ops that have rules to damage: those named, or all."""
    return chosen_names(ops, [name for name, op in judged_ops().items() if op.formulas])


def run(
    ops: Sequence[str] | None = None, jobs: int | None = None
) -> tuple[Counter[tuple[str, str]], list[str], list[str]]:
    """All mutants of the ops: counts by way and fate, those that survived, and those that no sample tells apart.

    `jobs`: how many processes; None for one a core.
    """
    names = damaged_names(ops)
    if jobs is None:
        jobs = min(os.cpu_count() or 1, len(names))
    if jobs > 1:
        import multiprocessing

        with multiprocessing.get_context("spawn").Pool(jobs) as pool:
            results = pool.map(judge_op_mutants, names, chunksize=1)
    else:
        results = [judge_op_mutants(name) for name in names]
    counts: Counter[tuple[str, str]] = Counter()
    survived, same = [], []
    for rows in results:
        for words, way, fate in rows:
            counts[way, fate] += 1
            if fate == SURVIVED:
                survived.append(words)
            elif fate == SAME:
                same.append(words)
    return counts, survived, same


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the score: of the mutants that differ from their rules on some input, how many are caught."""
    parser = argparse.ArgumentParser(prog="tapegrad.testing.mutation", description="Mutation testing of the suite.")
    parser.add_argument("--ops", help="only these, separated by commas")
    parser.add_argument("--jobs", type=int, help="processes; else one for each core")
    options = parser.parse_args(arguments)
    counts, survived, same = run(options.ops.split(",") if options.ops else None, options.jobs)
    ways = sorted({way for way, _ in counts})
    print(f"{'damage':<22}{'made':>7}{'caught':>8}{'survived':>10}{'equivalent':>12}")
    for way in ways:
        made = sum(counts[way, fate] for fate in (CAUGHT, SURVIVED, SAME))
        print(f"{way:<22}{made:>7}{counts[way, CAUGHT]:>8}{counts[way, SURVIVED]:>10}{counts[way, SAME]:>12}")
    for words in survived:
        print(f"survived: {words}")
    for words in same:
        print(f"equivalent: {words}")
    hit = sum(count for (_, fate), count in counts.items() if fate == CAUGHT)
    made = hit + len(survived)
    whole = made + len(same)
    print(
        f"{hit} of {made} mutants caught at every scale of {', '.join(f'{s:g}' for s in SCALES)}: "
        f"{100 * hit / max(made, 1):.2f}%. {len(same)} more are their rules, bit for bit, on all that was tried; "
        f"with these counted as missed {100 * hit / max(whole, 1):.2f}%."
    )
    idle = sum(count for (_, fate), count in counts.items() if fate == NOT_JUDGED)
    print(f"{idle} had nothing to damage: no other axis, no complex numbers, or no derivative in that dtype.")
    return 0 if hit >= 0.99 * made else 1


if __name__ == "__main__":
    sys.exit(main())
