"""How accurate is it? The classes I0 to I4: what each promises, and the numbers that are published.

Everything is measured against the rule that has been verified, run in longdouble. A number is as exact as its problem
lets it be: where rounding the inputs by half a unit would move the truth by more, that much is allowed besides.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op.kinds import ELEMENTWISE, GENERAL
from .accuracy_classes import accuracy_class
from .checks import Judge, _between, engine
from .differences import flatten, sizes_of, unflatten, unflatten_bool
from .laws import Case
from .wide import widen

__all__ = ["accurate_pull", "accurate_value", "bitwise", "verified_rule"]


def _terms(case: Case) -> tuple[Any, Any]:
    """For each output the sizes |J_ji x_i| of the terms it is the sum of, together, and how many there are."""
    x = np.abs(flatten(case.truth.inputs))
    with np.errstate(all="ignore"):
        terms = np.abs(case.first.value) * x[None, :]
        size = np.where(np.isfinite(terms), terms, 0).sum(axis=1)
        out = np.abs(flatten([case.truth.out[i] for i in case.truth.inexact]))
        size = np.maximum(size, np.where(np.isfinite(out), out, 0))
    assert case.target.op is not None
    if accuracy_class(case.target.op, case.backend).absolute:
        size = np.maximum(size, 1)
    return size, (terms != 0).sum(axis=1)


def _matrix_condition(case: Case) -> tuple[float, int]:
    """The condition number of the first matrix among the inputs, and its larger side."""
    for x in case.target.inputs():
        if x.ndim >= 2 and x.size:
            with np.errstate(all="ignore"):
                wide = x.astype(np.complex128 if x.dtype.kind == "c" else np.float64)
                return float(np.max(np.linalg.cond(wide), initial=1.0)), max(x.shape[-2:])
    return 1.0, 1


def _limits(case: Case, wide: Any, got: Any, allowed: Any) -> Any:
    """No promise where numbers leave the range of the dtype: subnormals, and what overflows."""
    info = np.finfo(case.dtype)
    with np.errstate(invalid="ignore"):
        inside = np.isfinite(wide) & (np.abs(wide) < 0.5 * float(info.max))
    return np.where(inside, allowed + _underflow(case), np.inf)


def _underflow(case: Case) -> float:
    """By how much any number may be off where subnormals are zero."""
    return 4 * float(np.finfo(case.dtype).smallest_normal)


def accurate_value(case: Case, judge: Judge) -> float:
    """The outputs are as near to the truth as the op's class says. Returns the worst distance in its unit."""
    op = case.target.op
    assert op is not None
    name = accuracy_class(op, case.backend).name
    if name == "I1" and not op.primitive:
        name = "I2"  # a body around library functions is judged as a rule around them is
    keep = case.truth.inexact
    wide = flatten([case.truth.out[i] for i in keep])
    got = flatten([case.out[i] for i in keep])
    eps = judge.eps
    unit = _units([case.truth.out[i] for i in keep], judge)
    terms, count = _terms(case)
    reduction = eps / 2 * (4 + np.log2(np.maximum(count, 1))) * terms
    if name in ("I0", "I1"):
        # The size of a complex number is a library function, so what is divided by it is off as one may be.
        exact = 4.0 if case.dtype.kind == "c" else 2.0
        k = max(1.0, float(case.backend.tolerance(case.dtype, op.name))) if name == "I1" else exact
        # With several inputs the value may be what is left of two that cancel.
        allowed, measure = k * unit + (eps * terms if len(case.inputs) > 1 and name == "I1" else 0), unit
    elif name == "I3":
        allowed, measure = reduction + unit, np.maximum(eps / 2 * terms, unit / 2)
    elif name == "I4":
        condition, n = _matrix_condition(case)
        size = np.maximum(np.max(np.abs(wide), initial=0), terms)
        allowed, measure = 16 * n * eps * condition * size, eps * condition * np.maximum(size, 1e-300)
    else:
        k = 2 * max(4.0, float(case.backend.tolerance(case.dtype, op.name)))
        allowed, measure = k * unit + k * eps * terms, np.maximum(unit, eps * terms)
    allowed = _limits(case, wide, got, allowed)
    judge.compare("accurate value", 0, case.output_names("output"), [case.out[i] for i in keep], wide, wide, allowed)
    return _worst(case, got, wide, measure, allowed)


def _units(arrays: Any, judge: Judge) -> Any:
    """One unit in the last place of each number, real and imaginary parts by the size of both together."""
    sized = [np.abs(x) + 1j * np.abs(x) if x.dtype.kind == "c" else x for x in map(widen, arrays)]
    size = np.maximum(np.abs(flatten(sized)), np.longdouble(np.finfo(np.float64).tiny) if judge.eps < 1e-10 else 1e-37)
    with np.errstate(all="ignore"):
        return np.ldexp(np.longdouble(judge.eps), np.frexp(size)[1] - 1)


def _worst(case: Case, got: Any, wide: Any, measure: Any, allowed: Any) -> float:
    with np.errstate(all="ignore"):
        beyond = np.maximum(np.abs(got - wide) - _underflow(case), 0)
        distance = np.where(np.isfinite(allowed), beyond / measure, 0)
    return float(np.max(np.where(np.isnan(distance), np.inf, distance), initial=0))


def accurate_pull(case: Case, judge: Judge) -> float:
    """The gradients are as near to the rule in longdouble as the class says. Returns the worst distance."""
    op = case.target.op
    assert op is not None
    judged = accuracy_class(op, case.backend)
    name, bound = judged.name, judged.rule_ulps * max(1.0, case.backend.tolerance(case.dtype, op.name) / 4)
    wide, moved = case.wide_pull
    got = flatten(case.pulled)
    _, _, size, _ = _between(flatten(case.cotangents), case.first)
    count = (case.first.value != 0).sum(axis=0)
    eps = judge.eps
    unit = _units(_as_inputs(case, wide), judge)
    if op.kind is GENERAL:
        # An entry of the Jacobian may be what is left of two that cancel, each as large as the largest beside it.
        largest = np.max(np.where(np.isfinite(case.first.value), np.abs(case.first.value), 0), axis=1, initial=0)
        size = np.maximum(size, np.abs(flatten(case.cotangents)) @ largest)
    if judged.absolute:
        size = size + np.sum(np.abs(flatten(case.cotangents)))
    sums = np.where(count > 1, eps / 2 * (4 + np.log2(np.maximum(count, 1))) * size, 0)
    if name == "I4":
        condition, n = _matrix_condition(case)
        whole = np.maximum(np.max(np.abs(wide), initial=0), size)
        allowed = 16 * n * eps * condition * whole + 8 * eps * moved
        measure = eps * condition * np.maximum(whole, 1e-300)
    else:
        allowed = bound * unit + 8 * eps * moved + sums
        measure = np.maximum(np.maximum(unit, eps * moved), np.where(count > 1, eps / 2 * size, 0))
    allowed = np.where(_overflows(case), np.inf, _limits(case, np.maximum(np.abs(wide), size), got, allowed))
    low = np.where(case.kinked, np.minimum(wide, got), wide)
    judge.compare("accurate pull", 1, case.input_names(), case.pulled, low, np.maximum(low, wide), allowed)
    return _worst(case, got, wide, measure, np.where(case.kinked, np.inf, allowed))


def _as_inputs(case: Case, vector: Any) -> Any:
    return unflatten(vector, case.truth.inputs)


def _overflows(case: Case) -> Any:
    """For each input, whether an output that depends on it has left the range of the dtype."""
    gone = ~np.isfinite(flatten([case.out[i] for i in case.inexact]))
    return (gone[:, None] & (case.first.value != 0)).any(axis=0) | bool(
        gone.any() and not np.all(np.isfinite(case.first.doubt))
    )


def verified_rule(case: Case, judge: Judge) -> None:
    """The rule in longdouble is the transpose of the difference quotients, to 1e-11, whatever the scale."""
    wide, _ = case.wide_pull
    low, high, size, doubt = _between(flatten(case.cotangents), case.first)
    out = np.abs(flatten([case.truth.out[i] for i in case.truth.inexact]))
    x = flatten(case.truth.inputs)
    with np.errstate(all="ignore"):
        unit = np.nansum(np.where(np.isfinite(out), np.abs(flatten(case.cotangents)) * out, 0))
        floor = unit / sizes_of(x)
    allowed = 1e-11 * size + 2 * doubt + 16 * case.truth.eps * floor + case.smallest(flatten(case.cotangents))
    if op_sums(case):
        allowed += 64 * case.truth.eps * np.max(size[np.isfinite(size)], initial=0)
    judge.compare("verified rule", 1, case.input_names(), _as_inputs(case, wide), low, high, allowed)


def op_sums(case: Case) -> bool:
    """Whether the op sums numbers up, so that what is left of them may be smaller than their rounding."""
    return case.target.op is None or case.target.op.kind is not ELEMENTWISE


def bitwise(case: Case, judge: Judge) -> None:
    """An I0 op gives on this engine the bits that it gives on NumPy, forward, and backward where no sums are taken."""
    numpy = engine("numpy")
    judge.report.count("bitwise")
    other = Case(case.target, case.dtype, numpy)
    other.cotangents = case.cotangents
    assert case.target.op is not None
    unsigned = accuracy_class(case.target.op, case.backend).unsigned
    for i, (x, y) in enumerate(zip(case.out, other.out, strict=True)):
        which = np.ones(x.shape, bool)
        if unsigned and x.shape == y.shape:
            which = (x != 0) | (y != 0)
        _same_bits(judge, f"output {i}", x, y, which)
    if not case.inexact:
        return
    # On a kink that is its own mirror the middle of the slopes is 0, though a number arrives.
    arrives = (case.first.value != 0) | (case.first.low != case.first.high)
    single = unflatten_bool(arrives.sum(axis=0) <= 1, case.truth.inputs)
    for name, x, y, one in zip(case.input_names(), case.pulled, other.pulled, single, strict=True):
        _same_bits(judge, name, x, y, one)


def _same_bits(judge: Judge, where: str, got: Any, expected: Any, which: Any) -> None:
    if got.shape != expected.shape or got.dtype != expected.dtype:
        raise AssertionError(
            f"{judge.report.name}: {where} is {got.dtype.name}{got.shape}, "
            f"on numpy {expected.dtype.name}{expected.shape}"
        )
    with np.errstate(all="ignore"):
        if got.dtype.kind in "fc":
            tiny = np.finfo(got.dtype).smallest_normal
            same = _equal(got.real, expected.real, tiny) & _equal(got.imag, expected.imag, tiny)
        else:
            same = got == expected
    wrong = which & ~same
    if np.any(wrong):
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        judge.note(
            "bitwise", 0, f"{where} (numpy's bits differ)", at, got[at], expected[at], int(wrong.sum()), got.size
        )


def _equal(x: Any, y: Any, tiny: Any) -> Any:
    """Equal to the bit, signed zeros too; but for what NaNs carry, and what an engine makes of subnormals."""
    small = (np.abs(x) < tiny) & (np.abs(y) < tiny) & ((x != 0) | (y != 0))
    return ((x == y) & (np.signbit(x) == np.signbit(y))) | (np.isnan(x) & np.isnan(y)) | small
