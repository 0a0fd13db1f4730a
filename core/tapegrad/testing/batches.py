"""The laws of batching: vmap of an op, and of its pull, equals a loop over the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.array import handle
from ..engines.tables import EngineKernels
from ..op.kinds import ELEMENTWISE, LOCALLY_CONSTANT
from ..transforms.gradients import vjp
from ..transforms.vmap import vmap
from .checks import Judge, _random_like
from .generate import Sample
from .runs import Target

__all__ = ["batch", "batch_of_pull"]

SIZE = 2


def _rows(sample: Sample, target: Target, dtype: Any) -> list[list[Any]]:
    """The arguments of each element of the batch: the same draws, other numbers."""
    rows = [target.args]
    for extra in range(1, SIZE):
        again = sample.arrays(dtype, extra)
        rows.append([x if isinstance(x, np.ndarray) else y for x, y in zip(again, target.args, strict=True)])
    return rows


def _choices(target: Target) -> list[tuple[int, ...]]:
    """Which arguments are batched: all of them, and each by itself."""
    arrays = tuple(i for i, x in enumerate(target.args) if isinstance(x, np.ndarray))
    alone = [(i,) for i in arrays[:3]] if len(arrays) > 1 else []
    return [arrays, *alone] if arrays else []


def _both_ways(
    target: Target,
    rows: list[list[Any]],
    chosen: tuple[int, ...],
    kernels: EngineKernels,
    function: Callable[..., Any],
    extra: Sequence[Sequence[Any]],
) -> tuple[list[Any], list[Any]]:
    """What `function(args, *extra)` gives batched, and by a loop, on the host."""
    backend = kernels.backend

    def raise_to_handles(values: Sequence[Any]) -> list[Any]:
        return [
            handle(target.faces[0], backend.from_numpy(x), None, kernels) if isinstance(x, np.ndarray) else x
            for x in values
        ]

    first = rows[0]
    batched = [
        np.stack([row[i] for row in rows]) if i in chosen else first[i]
        for i in range(len(first))
        if isinstance(first[i], np.ndarray)
    ]
    where = [i for i in range(len(first)) if isinstance(first[i], np.ndarray)]
    axes = [0 if i in chosen else None for i in where]
    stacked = [np.stack([np.asarray(row[k]) for row in extra]) for k in range(len(extra[0]))] if extra else []

    def of_arrays(*given: Any) -> Any:
        arguments = list(first)
        for i, x in zip(where, given, strict=False):
            arguments[i] = x
        return function(arguments, given[len(where) :])

    with np.errstate(all="ignore"):
        together = vmap(of_arrays, in_axes=(*axes, *[0] * len(stacked)))(*raise_to_handles([*batched, *stacked]))
        singly = []
        for n in range(SIZE):
            single = [rows[n][i] if i in chosen else first[i] for i in where]
            singly.append(of_arrays(*raise_to_handles([*single, *(extra[n] if extra else ())])))
    whole = [x.asnumpy() for x in together]
    return whole, [np.stack([one[k].asnumpy() for one in singly]) for k in range(len(whole))]


def _alike(
    judge: Judge, law: str, names: Sequence[str], target: Target, got: Sequence[Any], loop: Sequence[Any]
) -> None:
    op = target.op
    assert op is not None
    judge.report.count(law)
    for name, x, y in zip(names, got, loop, strict=True):
        if x.shape != y.shape or x.dtype != y.dtype:
            raise AssertionError(
                f"{op.name}: batched, {name} is {x.dtype.name}{x.shape}; by a loop {y.dtype.name}{y.shape}"
            )
        if x.dtype.kind not in "fc":
            wrong = x != y
        else:
            eps = float(np.finfo(x.dtype).eps)
            finite = np.isfinite(y)
            with np.errstate(all="ignore"):
                size = np.abs(y) if op.kind in (ELEMENTWISE, LOCALLY_CONSTANT) else np.max(np.abs(y[finite]), initial=0)
                close = np.abs(x - y) <= (64 * eps if not op.accuracy.startswith("I0") else 8 * eps) * size
                wrong = ~np.where(finite, close, (x == y) | (np.isnan(x) & np.isnan(y)))
        if np.any(wrong):
            at = tuple(int(k) for k in np.argwhere(wrong)[0])
            judge.note(law, 0, f"batched {name}", at, x[at], y[at], int(wrong.sum()), x.size)


def batch(sample: Sample, target: Target, judge: Judge, kernels: EngineKernels, *, only_all: bool = False) -> None:
    """vmap of the op equals a loop, with all arguments batched and with each alone."""
    rows = _rows(sample, target, judge.dtype)
    for chosen in _choices(target)[: 1 if only_all else None]:

        def function(arguments: list[Any], _: Any) -> Any:
            return tuple(target.outputs(arguments))

        got, loop = _both_ways(target, rows, chosen, kernels, function, [])
        _alike(judge, "batch", [f"output {i}" for i in range(len(got))], target, got, loop)


def batch_of_pull(
    sample: Sample, target: Target, judge: Judge, kernels: EngineKernels, outs: Sequence[Any], inexact: Sequence[int]
) -> None:
    """vmap of the pull equals a loop over pulls."""
    rows = _rows(sample, target, judge.dtype)
    rng = np.random.default_rng(2)
    extra = [
        [
            g.astype(outs[i].dtype)
            for g, i in zip(_random_like([outs[i] for i in inexact], rng, judge.dtype), inexact, strict=True)
        ]
        for _ in range(SIZE)
    ]
    tracked = target.tracked

    def function(arguments: list[Any], cotangents: Any) -> Any:
        def of_tracked(*given: Any) -> Any:
            filled = list(arguments)
            for i, x in zip(tracked, given, strict=True):
                filled[i] = x
            found = target.outputs(filled)
            return tuple(found[i] for i in inexact)

        _, pull = vjp(of_tracked, *[arguments[i] for i in tracked])
        return tuple(pull(tuple(cotangents)))

    chosen = _choices(target)[0]
    got, loop = _both_ways(target, rows, chosen, kernels, function, extra)
    names = [f"gradient in {target.names[i]!r}" for i in tracked]
    _alike(judge, "batch of pull", names, target, got, loop)
