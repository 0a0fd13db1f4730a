"""The law of compiled programs: a function that was compiled gives what it gives eagerly, values and gradients."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..arrays.array import Array, handle
from ..compile.compiled import Compiled
from ..errors import CompileWarning
from ..tape.mode import RECORDING, Scope
from ..transforms.variables import attach_grad, backward
from .checks import Judge
from .differences import flatten
from .laws import Case
from .runs import _at_home

__all__ = ["compiled"]


def compiled(case: Case, judge: Judge) -> None:
    """What is compiled gives the same, forward and backward: of the numbers it was traced with, and of others.

    Twice traced at most, then repeated; the others are the same numbers in reverse order, which stay in the domain.
    The bound of compiled programs (class I5) is 64 units in the last place of the largest number of each result, or of
    the terms that it is what is left of: sums are added up in another order, products and sums may be fused.
    """
    judge.report.count("compiled")
    target, kernels = case.target, case.kernels
    places = [i for i, x in enumerate(target.args) if isinstance(x, np.ndarray)]
    tracked = [places.index(i) for i in target.tracked] if case.inexact else []

    def step(arrays: Sequence[Array], cotangents: Sequence[Array]) -> tuple[list[Array], list[Any]]:
        given = list(target.args)
        for i, x in zip(places, arrays, strict=True):
            given[i] = x
        for i in tracked:
            attach_grad(arrays[i])
        with Scope(RECORDING):
            outs = target.outputs(given)
        heads = [(out, g) for i, g in zip(case.inexact, cotangents, strict=True) if (out := outs[i])._node is not None]
        if heads:
            backward([out for out, _ in heads], [g for _, g in heads])
        return [out.detach() for out in outs], [getattr(arrays[i], "_grad", None) for i in tracked]

    def run(fun: Any, hosts: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
        arrays = [
            handle(target.faces[i], kernels.backend.from_numpy(x), None, kernels)
            for i, x in zip(places, hosts, strict=True)
        ]
        cotangents = [handle(Array, g, None, kernels) for g in case.raw(case.cotangents)]
        outs, grads = fun(arrays, cotangents)
        return [case.host(x._value) for x in (*outs, *grads) if x is not None]

    hosts = [np.asarray(target.args[i]) for i in places]
    others = [np.ascontiguousarray(np.flip(x)) if x.dtype.kind in "fc" else x for x in hosts]
    program = Compiled(step, strict=False, max_programs=32)
    with _at_home(kernels), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        for number, numbers in enumerate((hosts, hosts, hosts, others, hosts)):
            try:
                wanted: Any = run(step, numbers)
            except Exception as error:
                wanted = type(error)
            try:
                got: Any = run(program, numbers)
            except Exception as error:
                got = type(error)
            if isinstance(wanted, type) or isinstance(got, type):
                if got is not wanted:
                    raise AssertionError(f"{judge.report.name}: call {number} gives {got}, eagerly {wanted}")
                continue
            for i, (x, y) in enumerate(zip(wanted, got, strict=True)):
                _compare(f"{judge.report.name}: result {i} of call {number}", x, y, partial(_terms, case))


def _terms(case: Case) -> float:
    """The largest sum of terms' sizes that a result of a case is made of, forward or backward."""
    if not case.inexact:
        return 0.0
    slopes = np.where(np.isfinite(case.first.value), np.abs(case.first.value), 0)
    inputs, cotangents = np.abs(flatten(case.truth.inputs)), np.abs(flatten(case.cotangents))
    return float(max(np.max(slopes @ inputs, initial=0), np.max(cotangents @ slopes, initial=0)))


def _compare(
    what: str, wanted: np.ndarray[Any, Any], got: np.ndarray[Any, Any], terms: Callable[[], float] = float
) -> None:
    if wanted.shape != got.shape or wanted.dtype != got.dtype:
        raise AssertionError(f"{what} is {got.dtype}{got.shape}, eagerly {wanted.dtype}{wanted.shape}")
    if wanted.dtype.kind not in "fc":
        if not np.array_equal(wanted, got):
            raise AssertionError(f"{what} is {got}, eagerly {wanted}")
        return
    limits = np.finfo(wanted.dtype)
    largest = float(np.max(np.abs(wanted[np.isfinite(wanted)]).astype(np.float64), initial=0))
    sizes: tuple[Callable[[], float], ...] = (lambda: largest), terms
    for size in sizes:
        bound = 64 * float(limits.eps) * size() + float(limits.tiny)
        if np.allclose(got, wanted, rtol=0, atol=bound, equal_nan=True):
            return
    raise AssertionError(f"{what} is {got}, eagerly {wanted}")
