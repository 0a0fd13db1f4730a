"""Groups of steps as machine code, on NumPy's arrays."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from sys import getrefcount
from typing import Any

import numpy as np

from tapegrad.compile.native.groups import Kernel, kernels
from tapegrad.compile.program import Block, Ref, Spec, Step

from .memory import LARGEST

__all__ = ["in_machine_code"]

APART = 1 << 17
"""From so many elements on a group is split over the cores."""


def in_machine_code(block: Block, written: Callable[[str, dict[str, Any]], Callable[..., Any]]) -> Sequence[Step]:
    """The steps of a stretch, groups of them as C functions; `written` makes a function of Python source."""
    return [part if isinstance(part, Step) else _step(block, part, written) for part in kernels(block)]


def _step(block: Block, kernel: Kernel, written: Any) -> Step:
    """The call of a kernel, with new arrays for its results."""
    names: dict[str, Any] = {"kernel": kernel.call, "empty": np.empty, "ndarray": np.ndarray, "asarray": np.asarray}
    names |= {"plain": _plain, "total": _total, "spread": _spread}
    refs = [part for part in kernel.inputs if part.__class__ is Ref]
    lines: list[str] = []
    given: list[str] = []
    for part in kernel.inputs:
        if part.__class__ is not Ref:
            names[f"c{len(names)}"] = _plain(part)
            given.append(f"c{len(names) - 1}")
            continue
        given.append(repr(part))
        if block.specs[part.number].shape == ():
            lines.append(f"if {part!r}.__class__ is not ndarray: {part!r} = asarray({part!r})")
    results: list[str] = []
    looked = [r for r, _, _ in kernel.outputs if r in block.looked and block.specs[r.number].shape == ()]
    names["looks"] = looks = np.empty(len(looked), bool)
    for i, (r, is_total, divisor) in enumerate(kernel.outputs):
        spec: Spec = block.specs[r.number]
        if r in looked:
            at = looked.index(r)
            names[f"o{i}"] = looks[at : at + 1]
            results.append(f"seen[{at}]")
            continue
        names[f"d{i}"] = spec.dtype
        array = spec.cls is np.ndarray
        if is_total:
            lines.append(f"o{i} = empty({kernel.rows})")
            results.append(f"total(o{i}, d{i}, {divisor}, {spec.shape!r}, {array})")
        else:
            if spec.size * spec.dtype.itemsize > LARGEST and _ALONE is not None:
                names[f"memory{i}"] = _Memory(spec.shape or (), spec.dtype).get
                lines.append(f"o{i} = memory{i}()")
            else:
                lines.append(f"o{i} = empty({spec.shape!r}, d{i})")
            results.append(f"o{i}" if array else f"o{i}[()]")
    outs = [f"o{i}" for i in range(len(results))]
    spread = kernel.rows > 1 and max(block.specs[r.number].size for s in kernel.steps for r in s.results) >= APART
    call = "spread(kernel, given, {rows})" if spread else "kernel(id(given), 0, {rows})"
    call = call.format(rows=kernel.rows)
    copies = ", ".join([*(f"plain({x})" for x in given), *outs])
    lines += [
        f"given = ({', '.join([*given, *outs])},)",
        f"if {call}:",
        f"    given = ({copies},)",
        f"    {call}",
        *["seen = looks.tolist()"] * bool(looked),
        f"return ({', '.join(results)},)",
    ]
    source = f"def block({', '.join(map(repr, refs))}):\n" + "".join(f"    {line}\n" for line in lines)
    run = written(source, names)
    outputs = tuple([r for r, _, _ in kernel.outputs])
    run.code = f"/* {', '.join(map(repr, outputs))}: of {', '.join(given)} */\n{kernel.source}"
    first = kernel.steps[0]
    return Step("native", run, tuple(refs), {}, outputs, True, fresh=True, line=first.line, engine=first.engine)


class _Memory:
    """The memory of a result so large that it does not come from the heap: that of an earlier call, once nobody has it.

    Else the system clears every page of it anew, which takes as long as the arithmetic.
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape, self.dtype = shape, dtype
        self.arrays: list[Any] = []

    def get(self) -> Any:
        for array in self.arrays:
            if getrefcount(array) == _ALONE:
                return array
        new = np.empty(self.shape, self.dtype)
        self.arrays = [*self.arrays[-1:], new]
        return new


def _weigh() -> int | None:
    """The count of references to an array that only a list holds, as a loop sees it; None where counts do not tell."""
    counts = [getrefcount(array) for array in [np.empty(1)]]
    return counts[0] if getattr(sys, "_is_gil_enabled", lambda: True)() else None


_ALONE = _weigh()


def _plain(x: Any) -> Any:
    return np.require(x, requirements=["C", "A"])


def _total(parts: Any, dtype: Any, divisor: int, shape: tuple[int, ...], array: bool) -> Any:
    """The sum of the sums of rows."""
    with np.errstate(all="ignore"):
        number = dtype.type(np.add.reduce(parts) / divisor)
    return np.full(shape, number, dtype) if array else number


@lru_cache(1)
def _cores() -> int:
    """How many threads are allowed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(asked) if asked.isdigit() and int(asked) else cores))


@lru_cache(1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores() - 1, "tapegrad")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not come along


def _spread(kernel: Any, given: tuple[Any, ...], rows: int) -> int:
    """Run a kernel, its rows split over the cores. Rows know nothing of each other, so it does not matter how."""
    cores = min(_cores(), rows)
    if cores == 1:
        return int(kernel(id(given), 0, rows))
    bounds = [rows * i // cores for i in range(cores + 1)]

    def run(i: int) -> int:
        return int(kernel(id(given), bounds[i], bounds[i + 1]))  # holds the arrays, whatever becomes of the caller

    others = [_pool().submit(run, i) for i in range(1, cores)]
    mine = run(0)
    return max(mine, *[other.result() for other in others])
