"""Stretches of compiled programs on NumPy: numbers as Python floats, large arrays in blocks, results into old buffers.

Three things take time beside the arithmetic: NumPy's scalars, whose every operation is a search for its loop; arrays
larger than the caches, which each kernel reads from memory and writes back; and new memory for each result.
"""

from __future__ import annotations

import linecache
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from tapegrad.compile.native import SECANT
from tapegrad.compile.program import Block, Ref, Step

from .elementwise import KERNELS as ELEMENTWISE
from .products import KERNELS as PRODUCTS
from .reductions import KERNELS

__all__ = ["compile_block"]

FEWEST = 4
"""So many operations at least make it worth while to write a function for them."""

LARGE = 1 << 16
"""From so many elements on arrays are taken in blocks."""

BLOCK_BYTES = 1 << 17
"""How many bytes of each array are in hand at a time: some of them are to fit into a core's own cache together."""

empty, float32, sqrt = np.empty, np.float32, math.sqrt

UFUNCS: dict[Any, np.ufunc] = {
    operator.add: np.add,
    operator.sub: np.subtract,
    operator.mul: np.multiply,
    operator.truediv: np.divide,
    operator.neg: np.negative,
    operator.abs: np.absolute,
    operator.lt: np.less,
    operator.le: np.less_equal,
    operator.gt: np.greater,
    operator.ge: np.greater_equal,
}
"""Operators as ufuncs, which can be told where to put their result."""


def compile_block(block: Block) -> Sequence[Step]:
    """The steps of a stretch, those that can be made quicker by others."""
    if block.often:
        from .native import in_machine_code

        block = block._replace(steps=tuple(in_machine_code(block, _written)))
    return _into_buffers(block, _in_blocks(block, _as_floats(block, _respelt(block))))


def _ufunc(step: Step) -> np.ufunc | None:
    """The ufunc that a step is, if it is one."""
    if step.keywords or step.several:
        return None
    found = UFUNCS.get(step.function, step.function)
    return found if isinstance(found, np.ufunc) and found.nout == 1 and found.nin == len(step.args) else None


_numbers = count(1)


def _written(source: str, names: dict[str, Any]) -> Callable[..., Any]:
    filename = f"<tapegrad block #{next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), names)
    return names["block"]  # type: ignore[no-any-return]


def _composite(
    name: str, function: Callable[..., Any], inputs: Sequence[Ref], outputs: Sequence[Ref], like: Step
) -> Step:
    return Step(name, function, tuple(inputs), {}, tuple(outputs), True, fresh=True, line=like.line, engine=like.engine)


def _used_outside(block: Block, steps: Sequence[Step], inside: Sequence[Step]) -> list[Ref]:
    """The results of some steps that others read, or that are wanted afterwards."""
    mine = set(map(id, inside))
    wanted = set(block.needed)
    for step in steps:
        if id(step) not in mine:
            wanted.update(step.operands())
    return [r for step in inside for r in step.results if r in wanted]


# Quicker spellings


def _respelt(block: Block) -> list[Step]:
    """The steps, a few of them in words that are right for these shapes."""
    specs = block.specs
    tanhs: dict[Any, Ref] = {}
    done: list[Step] = []
    for step in block.steps:
        spec = specs[step.results[0].number]
        operand = step.args[0] if step.args else None
        if step.name == "tanh":
            tanhs[operand] = step.results[0]
        elif step.name == "sech_square" and spec.size >= SECANT and operand in tanhs and spec.dtype.kind == "f":
            # Exact to the last place of 1, not of the result; and a third of the time.
            square = Ref(len(specs))
            specs[square.number] = spec  # type: ignore[index]
            tanh = tanhs[operand]
            done.append(_with(step, "square", np.square, (tanh,), (square,)))
            done.append(_with(step, "subtract", np.subtract, (np.array(1, spec.dtype), square), step.results))
            continue
        elif step.name == "relu" and spec.size > 1000 and step.function is ELEMENTWISE["relu"]:
            last = (spec.shape or ())[-1:]
            row = np.zeros(last if last > (16,) else (), spec.dtype)
            step = _with(step, "relu", np.maximum, (operand, row), step.results)
        elif step.name == "where" and _is_masking(step, specs):
            step = _with(step, "where", _masked, step.args[:2], step.results)
        elif step.name == "negative" and step.function is operator.neg:
            step = _with(step, "negative", np.negative, step.args, step.results)
        elif step.name == "vector_norm" and _is_short(specs[operand.number]) and step.keywords == _WHOLE:  # type: ignore[union-attr]
            step = _with(step, "vector_norm", _short_norm, step.args, step.results)
        done.append(step)
    return done


_WHOLE = {"axis": None, "keepdims": True, "ord": 2}


def _is_short(spec: Any) -> bool:
    return spec.cls is np.ndarray and len(spec.shape) == 1 and 0 < spec.size <= 8 and spec.dtype == np.float32


def _short_norm(x: Any) -> Any:
    """The norm of a few numbers, as an array of one."""
    squares = x.dot(x)
    if 1e-30 < squares < 1e38:
        out = empty(1, float32)
        out[0] = sqrt(squares)
        return out
    return KERNELS["vector_norm"](x, **_WHOLE)


_BITS = {np.dtype("float32"): np.int32, np.dtype("float64"): np.int64}


def _is_masking(step: Step, specs: Any) -> bool:
    """Whether a step selects between an array of floats and 0."""
    if len(step.args) != 3 or step.args[2].__class__ is not int or step.args[2] != 0:
        return False
    mask, x = (specs[a.number] if a.__class__ is Ref else None for a in step.args[:2])
    if mask is None or x is None or x.dtype not in _BITS or mask.dtype != np.bool_:
        return False
    return bool(mask.shape == x.shape and x.size > 500 and mask.cls is x.cls is np.ndarray)


def _masked(mask: Any, x: Any, out: Any = None) -> Any:
    """x where the mask holds, and 0 elsewhere: a product of bits and truth values, which is quicker than a choice."""
    if out is None:
        out = empty(x.shape, x.dtype)
    bits = _BITS[x.dtype]
    np.multiply(x.view(bits), mask, out.view(bits))
    return out


def _with(step: Step, name: str, function: Any, args: tuple[Any, ...], results: tuple[Ref, ...]) -> Step:
    return replace(step, name=name, function=function, args=args, results=results, keywords={})


# Numbers


_FLOATS = {
    **dict.fromkeys(["add"], "({} + {})"),
    **dict.fromkeys(["subtract"], "({} - {})"),
    **dict.fromkeys(["multiply"], "({} * {})"),
    **dict.fromkeys(["divide"], "({} / {})"),
    "negative": "(-{})",
    "square": "({0} * {0})",
    **{name: f"{name}({{}})" for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh")},
    **dict.fromkeys(("broadcast_to", "reshape", "unbroadcast", "sum", "mean", "squeeze", "expand_dims"), "{}"),
}
"""What a step of numbers is in Python, by its name. Where Python raises, NumPy is asked."""


def _as_floats(block: Block, steps: list[Step]) -> list[Step]:
    """Runs of operations on single float64 numbers, each as a function of Python's floats."""
    specs = block.specs

    def is_number(part: Any) -> bool:
        if part.__class__ is Ref:
            spec = specs[part.number]
            return spec.shape is not None and spec.size == 1 and spec.dtype == np.float64
        if isinstance(part, (np.ndarray, np.generic)):
            return part.size == 1 and part.dtype == np.float64
        return part.__class__ in (int, float)

    def fits(step: Step) -> bool:
        if step.name not in _FLOATS or step.several or not all(map(is_number, step.results)):
            return False
        if _FLOATS[step.name] == "{}":
            return is_number(step.args[0])
        return not step.keywords and all(map(is_number, step.args))

    done: list[Step] = []
    run: list[Step] = []
    for step in [*steps, None]:
        if step is not None and fits(step):
            run.append(step)
            continue
        done += run if len(run) < FEWEST else [_floats(block, steps, run)]
        run = []
        if step is not None:
            done.append(step)
    return done


def _floats(block: Block, steps: Sequence[Step], run: Sequence[Step]) -> Step:
    inputs = [r for r in dict.fromkeys([r for s in run for r in s.operands()]) if all(r not in s.results for s in run)]
    outputs = _used_outside(block, steps, run)
    names: dict[str, Any] = {n: getattr(math, n) for n in ("sin", "cos", "tan", "exp", "log", "sqrt")}
    names |= {n: getattr(math, n) for n in ("sinh", "cosh", "tanh")}
    names |= {"float64": np.float64, "full": np.full, "inf": math.inf, "nan": math.nan}

    def text(part: Any) -> str:
        if part.__class__ is Ref:
            return inlined.get(part, repr(part))
        return f"({float(part)!r})"

    uses: dict[Ref, int] = {}
    for step in run:
        for r in step.operands():
            uses[r] = uses.get(r, 0) + 1
    inlined: dict[Ref, str] = {}
    lines = [f"{r!r} = {r!r}.item()" for r in inputs]
    for step in run:
        args = step.args[:1] if step.keywords else step.args
        expression = _FLOATS[step.name].format(*map(text, args))
        (result,) = step.results
        # What is used once stands where it is used, as long as that stays legible to the compiler's stack.
        if uses.get(result) == 1 and result not in outputs and step.name != "square" and len(expression) < 80:
            inlined[result] = expression
        else:
            lines.append(f"{result!r} = {expression}")
    given = ", ".join(map(repr, inputs))
    kept = "".join(
        f"full({block.specs[r.number].shape}, {inlined.get(r, repr(r))}), "
        if block.specs[r.number].cls is np.ndarray
        else f"float64({inlined.get(r, repr(r))}), "
        for r in outputs
    )
    names["plainly"] = _plainly(run, inputs, outputs)
    body = "\n".join(f"        {line}" for line in lines)
    source = (
        f"def block({given}):\n    given = ({given}{',' * bool(inputs)})\n    try:\n{body}\n        return ({kept})\n"
        "    except (ArithmeticError, ValueError):\n        return plainly(*given)\n"
    )
    return _composite("floats", _written(source, names), inputs, outputs, run[0])


def _plainly(steps: Sequence[Step], inputs: Sequence[Ref], outputs: Sequence[Ref]) -> Callable[..., Any]:
    """The steps one by one, without any writing of code: for when that has failed."""

    def run(*given: Any) -> tuple[Any, ...]:
        values: dict[Ref, Any] = dict(zip(inputs, given, strict=True))
        for step in steps:
            called = step.over(values.__getitem__)
            values[step.results[0]] = called.function(*called.args, **called.keywords)
        return tuple([values[r] for r in outputs])

    return run


# Blocks


def _in_blocks(block: Block, steps: list[Step]) -> list[Step]:
    """Groups of operations on each element of large arrays of one shape, each as a loop over blocks of elements."""
    done: list[Step] = []
    while steps:
        start = next((i for i, step in enumerate(steps) if _shape_of_group(block, step) is not None), None)
        if start is None:
            return [*done, *steps]
        done += steps[:start]
        shape = _shape_of_group(block, steps[start]) or ()
        group: list[Step] = []
        later: list[Step] = []
        before: list[Step] = []
        mine: set[Ref] = set()
        theirs: set[Ref] = set()
        for step in steps[start:]:
            operands = set(step.operands())
            if theirs.isdisjoint(operands) and _joins(block, step, shape, mine):
                group.append(step)
                mine.update(step.results)
            elif theirs.isdisjoint(operands) and mine.isdisjoint(operands):
                before.append(step)
            else:
                later.append(step)
                theirs.update(step.results)
        if len(group) < 3:
            done.append(steps[start])
            steps = steps[start + 1 :]
            continue
        done += [*before, _loop(block, [*group, *later], group, shape)]
        steps = later
    return done


def _size(shape: Any) -> int:
    return math.prod(shape) if shape is not None else 0


def _shape_of_group(block: Block, step: Step) -> tuple[int, ...] | None:
    """The shape of the group that a step may begin."""
    spec = block.specs[step.results[0].number]
    if spec.size < LARGE or not _joins(block, step, spec.shape, set()) or step.name in ("sum", "mean"):
        return None
    return spec.shape


def _joins(block: Block, step: Step, shape: Any, mine: set[Ref]) -> bool:
    """Whether a step may be in a group of that shape."""
    if step.several:
        return False
    spec = block.specs[step.results[0].number]
    operands = [a for a in step.args if a.__class__ is Ref]
    shapes = [block.specs[r.number].shape for r in operands]
    if step.name in ("sum", "mean"):
        whole = step.keywords.get("axis") is None and shapes == [shape] and operands[0] in mine
        return whole and spec.dtype.kind == "f" and spec.dtype == block.specs[operands[0].number].dtype
    if spec.shape != shape:
        return False
    if step.name == "broadcast_to":
        return _size(shapes[0] if shapes else np.shape(step.args[0])) == 1
    if not step.pointwise or step.keywords or len(operands) != len(step.operands()):
        return False
    constants = [a for a in step.args if a.__class__ is not Ref]
    return all(s == shape or _size(s) == 1 for s in shapes) and all(np.size(c) == 1 for c in constants)


def _loop(block: Block, steps: Sequence[Step], group: list[Step], shape: tuple[int, ...]) -> Step:
    specs = block.specs
    made = {r for step in group for r in step.results}
    inputs = [r for r in dict.fromkeys([r for s in group for r in s.operands()]) if r not in made]
    outputs = _used_outside(block, steps, group)
    size = _size(shape)
    names: dict[str, Any] = {"empty": np.empty}
    large = [r for r in inputs if specs[r.number].shape == shape]
    single: dict[Ref, str] = {r: repr(r) for r in inputs if r not in large}
    last: dict[Ref, int] = {}
    for i, step in enumerate(group):
        for r in step.operands():
            last[r] = i
    free: dict[Any, list[str]] = {}
    buffers: dict[str, Any] = {}
    held: dict[Ref, str] = {}
    body: list[str] = []
    sums: list[tuple[Ref, Step]] = []

    def text(part: Any) -> str:
        if part.__class__ is Ref:
            return single.get(part) or repr(part)
        key = f"c{len(names)}"
        names[key] = part
        return key

    for i, step in enumerate(group):
        (result,) = step.results
        spec = specs[result.number]
        if step.name == "broadcast_to":
            if result in outputs:
                body.append(f"o_{result!r}[:] = {text(step.args[0])}")
            single[result] = text(step.args[0])
            continue
        if step.name in ("sum", "mean"):
            names["reduce"] = np.add.reduce
            body.append(f"t_{result!r}.append(reduce({text(step.args[0])}))")
            sums.append((result, step))
            continue
        ufunc = _ufunc(step)
        given = ", ".join(map(text, step.args))
        kernel = f"f{len(names)}"
        names[kernel] = step.function if ufunc is None else ufunc
        dying = [r for r in dict.fromkeys(step.operands()) if last.get(r) == i and r in held]
        if ufunc is None:
            body.append(f"{result!r} = {kernel}({given})")
            if result in outputs:
                body.append(f"o_{result!r}[:] = {result!r}")
        elif result in outputs:
            body.append(f"{result!r} = {kernel}({given}, o_{result!r})")
        else:
            for r in dying:
                free.setdefault(specs[r.number].dtype, []).append(held.pop(r))
            dying = []
            spare = free.setdefault(spec.dtype, [])
            if not spare:
                spare.append(f"b{len(buffers)}")
                buffers[spare[-1]] = spec.dtype
            held[result] = spare.pop()
            body.append(f"{result!r} = {kernel}({given}, {held[result]})")
        for r in dying:
            free.setdefault(specs[r.number].dtype, []).append(held.pop(r))
    blocked = [r for r in outputs if r not in {s for s, _ in sums}]
    width = max(1, BLOCK_BYTES // max(specs[r.number].dtype.itemsize for r in made))
    parameters = [*(repr(r) for r in large), *(f"o_{r!r}" for r in blocked), *buffers]
    slices = [*(f"{r!r}[i:j]" for r in large), *(f"o_{r!r}[i:j]" for r in blocked)]
    outer = [f"{r!r} = {r!r}.reshape(-1)" for r in inputs if specs[r.number].cls is np.ndarray]
    inner = [f"    {line}" for line in body]
    names |= {f"d_{r!r}": specs[r.number].dtype for r in [*blocked, *(s for s, _ in sums)]}
    names |= {f"d_{b}": dtype for b, dtype in buffers.items()}
    lines = [
        *outer,
        *[f"o_{r!r} = empty({size}, d_{r!r})" for r in blocked],
        *[f"t_{r!r} = []" for r, _ in sums],
        *[f"{b} = empty({min(width, size)}, d_{b})" for b in buffers],
        f"def body({', '.join(parameters)}):",
        *inner,
        f"for i in range(0, {size - size % width}, {width}):",
        f"    j = i + {width}",
        f"    body({', '.join([*slices, *buffers])})",
    ]
    if size % width:
        lines += [f"i, j = {size - size % width}, {size}"]
        lines += [f"body({', '.join([*slices, *(f'{b}[: j - i]' for b in buffers)])})"]
    finished = []
    for r in outputs:
        found = next((step for s, step in sums if s == r), None)
        if found is None:
            finished.append(f"o_{r!r}.reshape({shape!r})")
        else:
            names["total"] = _total
            divisor = size if found.name == "mean" else 1
            finished.append(
                f"total(t_{r!r}, d_{r!r}, {divisor}, {specs[r.number].shape!r}, {specs[r.number].cls is np.ndarray})"
            )
    source = f"def block({', '.join(map(repr, inputs))}):\n"
    source += "".join(f"    {line}\n" for line in lines) + f"    return ({', '.join(finished)},)\n"
    return _composite("blocks", _written(source, names), inputs, outputs, group[0])


def _total(parts: list[Any], dtype: Any, divisor: int, shape: tuple[int, ...], array: bool) -> Any:
    """The sum of the sums of blocks."""
    total = math.fsum(parts) if all(map(math.isfinite, parts)) else float(np.sum(parts))
    with np.errstate(over="ignore"):
        number = dtype.type(total / divisor)
    return np.full(shape, number, dtype) if array else number


# Buffers


def _into_buffers(block: Block, steps: list[Step]) -> list[Step]:
    """Results that nobody sees once the stretch is over are written into buffers that the program keeps."""
    specs = block.specs
    last: dict[Ref, int] = {}
    seen: set[Ref] = set(block.needed)
    for i in range(len(steps) - 1, -1, -1):
        step = steps[i]
        for r in step.operands():
            last.setdefault(r, i)
            if not (step.fresh or _ufunc(step)):
                # The result may be a view: it lives as long, and is seen by as many.
                last[r] = max(last[r], *(last.get(o, i) for o in step.results))
                if not seen.isdisjoint(step.results):
                    seen.add(r)
    free: dict[Any, list[Any]] = {}
    held: dict[Ref, Any] = {}
    ends: dict[int, list[Ref]] = {}
    done: list[Step] = []
    for i, step in enumerate(steps):
        ufunc = _ufunc(step)
        result = step.results[0]
        spec = specs[result.number]
        key = spec.shape, spec.dtype
        product = step.function is PRODUCTS["matmul"] and all(
            a.__class__ is Ref and len(specs[a.number].shape or ()) == 2 for a in step.args
        )
        plain = spec.cls is np.ndarray and spec.shape and spec.size > 1 and result not in seen and not step.several
        if ufunc is not None and plain and step.fresh:
            dying = ends.pop(i, [])
            for r in dying:
                free.setdefault((specs[r.number].shape, specs[r.number].dtype), []).append(held.pop(r))
            spare = free.setdefault(key, [])
            held[result] = spare.pop() if spare else np.empty(*key)
            beside = specs[step.operands()[0].number] if step.operands() else None
            given, into = tuple(map(_constant(beside), step.args)), {"out": held[result]}
            by_name = ufunc in (np.maximum, np.minimum)  # of which NumPy does not want it by place
            step = replace(step, function=ufunc, args=given if by_name else (*given, held[result]))
            done.append(replace(step, keywords=into) if by_name else step)
        elif (product or step.function is _masked) and plain:
            spare = free.setdefault(key, [])
            held[result] = spare.pop() if spare else np.empty(*key)
            function = np.matmul if product else _masked
            done.append(replace(step, function=function, args=(*step.args, held[result])))
        else:
            done.append(step)
        if result in held:
            ends.setdefault(last.get(result, i), []).append(result)
        for r in ends.pop(i, []):
            free.setdefault((specs[r.number].shape, specs[r.number].dtype), []).append(held.pop(r))
    return done


def _constant(spec: Any) -> Callable[[Any], Any]:
    """Python's numbers as arrays of no axes, which ufuncs take in half the time."""

    def of(part: Any) -> Any:
        if part.__class__ in (int, float) and spec is not None and spec.dtype.kind == "f":
            return np.array(part, spec.dtype)
        return part

    return of
