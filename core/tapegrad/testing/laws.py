"""The laws that an op obeys on an engine, each a comparison that a `Judge` makes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..engines.tables import RECORDED, EngineKernels
from ..op.kinds import ELEMENTWISE, LINEAR
from .accuracy_classes import accuracy_class
from .checks import Judge, Truth, _between, _floor, _random_like
from .differences import Slopes, flatten, pieces, sizes_of, unflatten, unflatten_bool
from .runs import Recording, Target
from .wide import widen

__all__ = ["Case", "check_everything"]


class Case:
    """A target on an engine, with its truth, its cotangents and tangents; each computed once, when a law wants it."""

    def __init__(
        self, target: Target, dtype: Any, kernels: EngineKernels, *, scale: float = 1.0, seed: int = 0
    ) -> None:
        self.target = target
        self.dtype = np.dtype(dtype)
        self.kernels = kernels
        self.backend = kernels.backend
        self.scale = scale
        self.rng = np.random.default_rng([seed, 1])
        self.before = [np.array(x) for x in target.inputs()]
        self.inputs = [self.backend.from_numpy(x) for x in target.inputs()]

    @cached_property
    def truth(self) -> Truth:
        return Truth(self.target, self.dtype, like=self.out)

    @cached_property
    def recording(self) -> Recording:
        with np.errstate(all="ignore"):
            return self.target.record(self.kernels, self.inputs)

    @cached_property
    def out(self) -> list[np.ndarray[Any, Any]]:
        """The outputs, on the host."""
        return [self.host(o._value) for o in self.recording.outs]

    def host(self, raw: Any) -> np.ndarray[Any, Any]:
        return np.asarray(self.backend.to_numpy(raw))

    @cached_property
    def inexact(self) -> list[int]:
        return [i for i, out in enumerate(self.out) if out.dtype.kind in "fc"]

    @cached_property
    def cotangents(self) -> list[np.ndarray[Any, Any]]:
        """For each floating output, on the host, in its dtype."""
        found = _random_like([self.out[i] for i in self.inexact], self.rng, self.dtype)
        return [
            (g * g.dtype.type(self.scale)).astype(self.out[i].dtype) for g, i in zip(found, self.inexact, strict=True)
        ]

    @cached_property
    def tangents(self) -> list[np.ndarray[Any, Any]]:
        """For each input, about as large as its elements are."""
        found = _random_like(self.before, self.rng, self.dtype)
        sized = []
        for d, x in zip(found, self.before, strict=True):
            sized.append((d * sizes_of(x)).astype(x.dtype))
        return sized

    @cached_property
    def back(self) -> list[np.ndarray[Any, Any]]:
        """Cotangents of the pull, for the second order."""
        return _random_like(self.before, self.rng, self.dtype)

    def raw(self, arrays: Sequence[np.ndarray[Any, Any]]) -> list[Any]:
        return [self.backend.from_numpy(np.asarray(x)) for x in arrays]

    def all_cotangents(self, given: Sequence[Any]) -> list[Any]:
        """One for each output, None for those that are not floating."""
        left = iter(given)
        return [next(left) if i in self.inexact else None for i in range(len(self.recording.outs))]

    @cached_property
    def first(self) -> Slopes:
        return self.truth.first()

    @cached_property
    def pulled_raw(self) -> list[Any]:
        with np.errstate(all="ignore"):
            return self.recording.pull(self.all_cotangents(self.raw(self.cotangents)))

    @cached_property
    def pulled(self) -> list[np.ndarray[Any, Any]]:
        return [self.host(p) for p in self.pulled_raw]

    @cached_property
    def pushed(self) -> list[np.ndarray[Any, Any]]:
        with np.errstate(all="ignore"):
            return [
                self.host(t) for i, t in enumerate(self.recording.push(self.raw(self.tangents))) if i in self.inexact
            ]

    @cached_property
    def pull_recording(self) -> Recording:
        keep = self.inexact
        with np.errstate(all="ignore"):
            base = Recording(
                self.kernels, self.recording.inputs, self.recording.leaves, [self.recording.outs[i] for i in keep]
            )
            return base.pull_recorded(self.raw(self.cotangents))

    @cached_property
    def wide_cotangents(self) -> list[Any]:
        wide = (
            [widen(g) for g in self.cotangents]
            if self.truth.is_wide
            else [np.asarray(g, g.dtype) for g in self.cotangents]
        )
        if not self.truth.is_wide:
            wide = [g.astype(np.complex128 if g.dtype.kind == "c" else np.float64) for g in wide]
        return wide

    @cached_property
    def pull_truth(self) -> tuple[Truth, list[Any]]:
        """What runs the pull for its differences, and the cotangents: the truth, unless its pull is not the engine's.

        A function of a caller may refuse longdouble on its way back, and give zeros: then it is differenced in double.
        """
        cotangents = self.all_cotangents(self.wide_cotangents)
        wide, here = flatten(self.truth.pull(self.truth.inputs, cotangents)), flatten(self.pulled)
        with np.errstate(invalid="ignore"):
            alike = ~(np.abs(wide - here) > 0.1 * np.max(np.abs(here), initial=0))
        if self.target.op is not None or alike.all():
            return self.truth, cotangents
        double = [g.astype(np.complex128 if g.dtype.kind == "c" else np.float64) for g in self.cotangents]
        return Truth(self.target, self.dtype, wide=False), self.all_cotangents(double)

    @cached_property
    def second(self) -> Slopes:
        truth, cotangents = self.pull_truth
        found = truth.second(cotangents)
        # On a kink the first derivative jumps, and there is no second one.
        jumps = (self.kinked[:, None] | self.kinked[None, :]) & (found.value != 0)
        return Slopes(found.value, np.where(jumps, np.inf, found.doubt), found.low, found.high)

    @cached_property
    def wide_pull(self) -> Any:
        """The rule's own result in longdouble, and how much of it moves when the inputs are rounded."""
        cotangents = self.all_cotangents(self.wide_cotangents)
        with np.errstate(all="ignore"):
            base = flatten(self.truth.pull(self.truth.inputs, cotangents))
            moved = np.zeros_like(base)
            rng = np.random.default_rng(5)
            tilt = np.longdouble(2.0**-30)
            for _ in range(2):
                inputs = [x * (1 + tilt * rng.choice([-1.0, 1.0], x.shape)) for x in self.truth.inputs]
                change = np.abs(flatten(self.truth.pull(inputs, cotangents)) - base) / tilt
                moved = np.maximum(moved, np.where(np.isfinite(change), change, np.inf))
        return base, moved

    @cached_property
    def kinked(self) -> Any:
        """Which inputs (real by real) sit on a kink, where a convention decides."""
        return (self.first.low != self.first.high).any(axis=0)

    @cached_property
    def overflowed(self) -> Any:
        """Which inputs (real by real) an output depends on that has left the range of the dtype."""
        out = flatten([self.out[i] for i in self.inexact])
        gone = ~np.isfinite(out) & np.isfinite(flatten([self.truth.out[i] for i in self.truth.inexact]))
        return (gone[:, None] & (self.first.value != 0)).any(axis=0)

    @cached_property
    def second_along(self) -> Slopes:
        """The derivative of the pull along the tangents."""
        truth, cotangents = self.pull_truth
        found = truth.second_along(cotangents, [widen(d) for d in self.tangents])
        doubt = np.where(self.kinked.any() & (found.value != 0), np.inf, found.doubt)
        return Slopes(found.value, doubt, found.low, found.high)

    @cached_property
    def absolute(self) -> bool:
        return self.target.op is not None and accuracy_class(self.target.op, self.backend).absolute

    def grain(self, judge: Judge, sizes: Any, weights: Any) -> Any:
        """Where numbers are summed, the rounding of the largest of them is in all."""
        op = self.target.op
        if op is not None and op.kind is ELEMENTWISE:
            return 0.0
        known = sizes[np.isfinite(sizes)]
        unit = np.sum(np.abs(weights)) if self.absolute else 0
        factor = 16 if judge.eps < 1e-10 else 4
        if op is not None and op.accuracy.startswith("I4"):
            factor *= 16 if judge.eps < 1e-10 else 4  # in single, 1e-5 is to be seen
        return factor * judge.eps * (np.max(known, initial=0) + unit)

    def smallest(self, weights: Any) -> float:
        """What numbers below the normal range of the dtype may be off, with terms of these weights."""
        return float(np.finfo(self.dtype).smallest_normal) * (16 + 16 * float(np.sum(np.abs(weights))))

    def input_names(self) -> list[str]:
        return [f"gradient in {self.target.names[i]!r}" for i in self.target.tracked]

    def output_names(self, what: str) -> list[str]:
        several = len(self.inexact) > 1
        return [f"{what} {i}" if several else what for i in self.inexact]


def value(case: Case, judge: Judge) -> None:
    """The outputs are those of the body in wider precision, as far as the conditioning of the problem lets them be."""
    truth = case.truth
    wide = flatten([truth.out[i] for i in truth.inexact])
    first = case.first
    x = flatten(truth.inputs)
    with np.errstate(invalid="ignore", over="ignore"):
        terms = np.where(np.isfinite(first.value), np.abs(first.value * x[None, :]), 0).sum(axis=1)
        allowed = judge.rtol * (np.abs(wide) + terms) + float(np.finfo(case.dtype).smallest_normal)
        allowed += case.grain(judge, np.abs(wide) + terms, [1.0])
    finite = np.isfinite(wide) & (np.abs(wide) < float(np.finfo(case.dtype).max) * 0.99)
    allowed = np.where(finite, allowed, np.inf)
    judge.compare("value", 0, case.output_names("output"), [case.out[i] for i in case.inexact], wide, wide, allowed)
    for i, (got, expected) in enumerate(zip(case.out, truth.out, strict=True)):
        if i not in truth.inexact and not np.array_equal(got, expected):
            at = tuple(int(k) for k in np.argwhere(got != expected)[0]) if got.shape == expected.shape else ()
            judge.note(
                "value",
                0,
                f"output {i}",
                at,
                got[at] if at or got.ndim == 0 else np.nan,
                expected[at] if at or got.ndim == 0 else np.nan,
            )


def shapes(case: Case, judge: Judge) -> None:
    """Outputs have the shapes and kinds that the body gives, gradients the shapes and dtypes of their inputs."""
    judge.report.count("shapes")
    for i, (got, expected) in enumerate(zip(case.out, case.truth.out, strict=True)):
        if got.shape != expected.shape:
            raise_shape(judge, f"output {i} has shape {got.shape}, but should have {expected.shape}")
        if got.dtype.kind != expected.dtype.kind:
            raise_shape(judge, f"output {i} is {got.dtype.name}, but should be of the kind of {expected.dtype.name}")
    for name, got, x in zip(case.input_names(), case.pulled, case.before, strict=True):
        if got.shape != x.shape or got.dtype != x.dtype:
            raise_shape(
                judge,
                f"{name} has shape {got.shape} and dtype {got.dtype.name}, its input {x.shape} and {x.dtype.name}",
            )
    for i, t in zip(case.inexact, case.pushed, strict=True):
        if t.shape != case.out[i].shape or t.dtype != case.out[i].dtype:
            raise_shape(
                judge,
                f"tangent {i} has shape {t.shape} and dtype {t.dtype.name}, "
                f"its output {case.out[i].shape} and {case.out[i].dtype.name}",
            )


def raise_shape(judge: Judge, text: str) -> None:
    """A shape or dtype is wrong, so that nothing else can be compared."""
    raise AssertionError(f"{judge.report.name}: {text}")


def pull(case: Case, judge: Judge) -> None:
    """The pull is the transpose of the difference quotients."""
    _transposed(case, judge, "pull", case.cotangents, case.pulled)


def apart(case: Case, judge: Judge) -> None:
    """The pull of each of several outputs by itself is, too: a cotangent that does not come counts as zero."""
    if len(case.inexact) == 1:
        return
    for at in case.inexact:
        given = [g if i == at else None for i, g in enumerate(case.all_cotangents(case.raw(case.cotangents)))]
        alone = [g if i == at else g * 0 for i, g in zip(case.inexact, case.cotangents, strict=True)]
        with np.errstate(all="ignore"):
            pulled = [case.host(p) for p in case.recording.pull(given)]
        _transposed(case, judge, "outputs apart", alone, pulled)


def _transposed(case: Case, judge: Judge, law: str, cotangents: Sequence[Any], pulled: Sequence[Any]) -> None:
    g = flatten(cotangents)
    low, high, size, doubt = _between(g, case.first)
    out = flatten([case.truth.out[i] for i in case.truth.inexact])
    floor = _floor(g, out, flatten(case.truth.inputs), case.first)
    allowed = judge.rtol * size + 2 * doubt + 4 * judge.eps * floor + case.smallest(g)
    allowed += case.grain(judge, size, g)
    allowed = np.where(case.overflowed, np.inf, allowed)
    judge.compare(law, 1, case.input_names(), pulled, low, high, allowed)


def shared(case: Case, judge: Judge) -> None:
    """Where inputs tie, what they get is right together: along a direction in which there is no kink.

    All growing alike, in proportion or by the same number, stay tied.
    """
    if not case.kinked.any():
        return
    x = flatten(case.truth.inputs)
    for direction in (np.where(np.isfinite(x), x, 0), np.ones_like(x)):
        along = case.truth.first_along(direction)
        smooth = (along.low == along.high) & np.isfinite(along.doubt)
        parts = unflatten_bool(smooth, [case.out[i] for i in case.inexact])
        given = [np.where(part, g, np.zeros_like(g)) for g, part in zip(case.cotangents, parts, strict=True)]
        with np.errstate(all="ignore"):
            pulled = flatten([case.host(p) for p in case.recording.pull(case.all_cotangents(case.raw(given)))])
            g = flatten(given)
            terms = pulled * direction
            expected = np.where(g != 0, g * along.value, 0)
            size = np.abs(terms).sum() + np.abs(expected).sum()
            doubt = np.where(g != 0, np.abs(g) * along.doubt, 0).sum()
        if not np.isfinite(size) or size > 0.25 * float(np.finfo(case.dtype).max) or case.overflowed.any():
            continue
        one = np.asarray([expected.sum()])
        allowed = np.asarray([judge.rtol * size + 2 * doubt + case.smallest(g)])
        judge.compare("shared at ties", 1, ["<pull g, dx>"], [np.asarray(terms.sum())], one, one, allowed)


def push(case: Case, judge: Judge) -> None:
    """The push is the difference quotient along the tangents."""
    d = flatten(case.tangents)
    first = case.first
    turned = Slopes(first.value.T, first.doubt.T, first.low.T, first.high.T)
    low, high, size, doubt = _between(d, turned)
    out = flatten([case.truth.out[i] for i in case.truth.inexact])
    allowed = judge.rtol * size + 2 * doubt + 4 * judge.eps * np.where(np.isfinite(out), np.abs(out), 0)
    allowed += case.smallest(d) + case.grain(judge, size, d)
    got_out = flatten([case.out[i] for i in case.inexact])
    allowed = np.where(np.isfinite(got_out) | ~np.isfinite(out), allowed, np.inf)
    judge.compare("push", 1, case.output_names("tangent"), case.pushed, low, high, allowed)


def transposition(case: Case, judge: Judge) -> None:
    """⟨g, push dx⟩ = ⟨pull g, dx⟩, with nothing but the engine's own numbers."""
    g, d = flatten(case.cotangents), flatten(case.tangents)
    t, p = flatten(case.pushed), flatten(case.pulled)
    with np.errstate(invalid="ignore", over="ignore"):
        left, right = (g * t).sum(), (p * d).sum()
        size = np.abs(g * t).sum() + np.abs(p * d).sum()
        size += np.abs(_between(g, case.first)[2] * d).sum() if np.all(np.isfinite(case.first.doubt)) else 0
    if not np.isfinite(size) or size > 0.25 * float(np.finfo(case.dtype).max) or case.overflowed.any():
        return
    one = np.asarray([right])
    judge.compare("transposition", 1, ["<g, push dx>"], [np.asarray(left)], one, one, np.asarray([judge.rtol * size]))


def untouched(case: Case, judge: Judge) -> None:
    """No input was written to, by the op, its pull or its push."""
    judge.report.count("untouched")
    for i, (raw, x) in enumerate(zip(case.inputs, case.before, strict=True)):
        if not _same(case.host(raw), x):
            raise AssertionError(f"{judge.report.name}: {case.target.names[case.target.tracked[i]]!r} was written to")


def _same(x: Any, y: Any) -> bool:
    return bool(x.shape == y.shape and np.array_equal(x, y, equal_nan=x.dtype.kind in "fc"))


def reverse_over_reverse(case: Case, judge: Judge) -> None:
    """The pull of the pull, in the inputs and in the cotangents."""
    recording = case.pull_recording
    with np.errstate(all="ignore"):
        found = [case.host(x) for x in recording.pull(case.raw(case.back))]
    count = len(case.inputs)
    c = flatten(case.back)
    low, high, size, doubt = _between(c, case.second)
    floor = _floor(c, flatten(case.pulled), flatten(case.truth.inputs), case.second)
    allowed = judge.rtol * size + 2 * doubt + 16 * judge.eps * floor + case.smallest(c)
    allowed += case.grain(judge, size, flatten(case.cotangents)) * (1 + np.max(np.abs(c), initial=0))
    allowed = np.where(case.overflowed | case.overflowed.any(), np.inf, allowed)
    judge.compare("reverse over reverse", 2, case.input_names(), found[:count], low, high, allowed)
    turned = Slopes(case.first.value.T, case.first.doubt.T, case.first.low.T, case.first.high.T)
    low, high, size, doubt = _between(c, turned)
    out = flatten([case.truth.out[i] for i in case.truth.inexact])
    inverse = np.max(
        np.abs(c) / np.where(flatten(case.truth.inputs) == 0, 1, np.abs(flatten(case.truth.inputs))), initial=0
    )
    allowed = judge.rtol * size + 2 * doubt + 4 * judge.eps * np.abs(out) * inverse + case.smallest(c)
    allowed += case.grain(judge, size, c)
    judge.compare(
        "reverse over reverse", 2, case.output_names("gradient in the cotangent"), found[count:], low, high, allowed
    )


def forward_over_reverse(case: Case, judge: Judge) -> None:
    """The push of the pull along tangents of the inputs."""
    recording = case.pull_recording
    tangents = [*case.raw(case.tangents), *[None] * len(case.cotangents)]
    with np.errstate(all="ignore"):
        found = [case.host(t) for t in recording.push(tangents)]
    along = case.second_along
    size = np.abs(along.value) + np.abs(flatten(case.pulled))
    allowed = judge.rtol * np.abs(along.value) + 2 * along.doubt + 16 * judge.eps * np.abs(flatten(case.pulled))
    allowed += case.smallest(flatten(case.tangents))
    reach = 1 + np.max(np.abs(flatten(case.tangents)), initial=0)
    allowed += case.grain(judge, size, flatten(case.cotangents)) * reach
    low, high = along.low, along.high
    judge.compare("forward over reverse", 2, case.input_names(), found, low, high, allowed)


def forward_over_forward(case: Case, judge: Judge) -> None:
    """The push of the push equals the transpose of what reverse over reverse gives: ⟨g, push² dx⟩ = ⟨P dx, dx⟩."""
    recording = case.recording
    base = Recording(case.kernels, recording.inputs, recording.leaves, [recording.outs[i] for i in case.inexact])
    with np.errstate(all="ignore"):
        pushed = base.push_recorded(case.raw(case.tangents))
        found = [case.host(t) for t in pushed.push([*case.raw(case.tangents), *[None] * len(case.tangents)])]
    d, g = flatten(case.tangents), flatten(case.cotangents)
    with np.errstate(invalid="ignore", over="ignore"):
        left = (g * flatten(found)).sum()
        along = case.second_along
        terms = d * along.value
        doubt = (np.abs(d) * along.doubt).sum()
        size = np.abs(terms).sum() + np.abs(g * flatten(case.pushed)).sum() * 16 * judge.eps / judge.rtol
        size += (np.abs(g) * np.abs(flatten(found))).sum()
        if case.absolute:
            size += np.abs(g).sum() * np.max(np.abs(d), initial=0) ** 2 * 16 * judge.eps / judge.rtol
    if np.any(along.low != along.high) or not np.isfinite(doubt + size):
        return
    one = np.asarray([terms.sum()])
    allowed = judge.rtol * np.asarray([size]) + 2 * doubt
    judge.compare("forward over forward", 2, ["<g, push of push>"], [np.asarray(left)], one, one, allowed)


def past_kinks(case: Case, judge: Judge) -> None:
    """The square of what has a kink at 0 is smooth there, and its pull has the derivatives of a smooth function."""
    if len(case.out) > 1 or not case.kinked.any() or case.out[0].dtype.kind != "f":
        return
    target = case.target

    def squared(*args: Any, **keywords: Any) -> Any:
        return RECORDED.square(target.call(*args, **keywords))

    names = (target.names, target.tracked, target.faces)
    whole = Case(Target(target.name, squared, target.args, target.keywords, *names), case.dtype, case.kernels)
    second, along = whole.second.value @ flatten(whole.tangents), whole.second_along.value
    if whole.kinked.any() or not np.allclose(np.asarray(second, float), np.asarray(along, float), rtol=1e-6):
        return  # a maximum at a tie has a kink that its square has as well, and the square of a 3/2-norm is not smooth
    reverse_over_reverse(whole, judge)
    forward_over_reverse(whole, judge)


def deterministic(case: Case, judge: Judge) -> None:
    """The same again gives the same bits, forward and backward."""
    judge.report.count("deterministic")
    with np.errstate(all="ignore"):
        again = case.target.record(case.kernels, case.inputs)
        outs = [case.host(o._value) for o in again.outs]
        pulled = (
            [case.host(p) for p in again.pull(case.all_cotangents(case.raw(case.cotangents)))] if case.inexact else []
        )
    if not all(
        _same(x, y) for x, y in zip([*outs, *pulled], [*case.out, *(case.pulled if pulled else [])], strict=True)
    ):
        raise AssertionError(f"{judge.report.name}: run again, it gives other bits")


def zero_cotangent(case: Case, judge: Judge) -> None:
    """The pull of zeros is zeros, wherever in- and outputs are finite: no 0 · ∞ in the rule."""
    judge.report.count("zero cotangent")
    with np.errstate(all="ignore"):
        pulled = case.recording.pull(case.all_cotangents(case.raw([g * 0 for g in case.cotangents])))
    gone = unflatten(case.overflowed, case.before)
    for name, p, lost in zip(case.input_names(), map(case.host, pulled), gone, strict=True):
        p = np.where(lost != 0, 0, p)
        if np.any(p != 0):
            at = tuple(int(k) for k in np.argwhere(p != 0)[0])
            judge.note("zero cotangent", 1, name, at, p[at], 0.0, int((p != 0).sum()), p.size)


def linear(case: Case, judge: Judge) -> None:
    """What is said to be linear is: f(2x) = 2 f(x) to the bit, and f(x + d) = f(x) + f(d)."""
    op = case.target.op
    assert op is not None
    inputs = case.target.inputs()
    scaled = (
        [x * x.dtype.type(2) for x in inputs]
        if op.kind is LINEAR
        else [inputs[0] * inputs[0].dtype.type(2), *inputs[1:]]
    )
    moved = case.tangents if op.kind is LINEAR else [case.tangents[0], *inputs[1:]]
    total = (
        [x + d for x, d in zip(inputs, case.tangents, strict=True)]
        if op.kind is LINEAR
        else [inputs[0] + case.tangents[0], *inputs[1:]]
    )
    with np.errstate(all="ignore"):
        double, apart, whole = (
            [case.host(v) for v in case.target.values(case.kernels, case.raw(x))] for x in (scaled, moved, total)
        )
    judge.report.count("linear")
    x = flatten(case.truth.inputs)
    terms = np.abs(case.first.value) @ (np.abs(x) + np.abs(flatten(case.tangents)))
    terms = unsized(terms, [case.out[i] for i in case.inexact])
    for i, size in zip(case.inexact, terms, strict=True):
        finite = np.isfinite(double[i]) & (np.abs(double[i]) > 64 * np.finfo(double[i].dtype).smallest_normal)
        if np.any(finite & (double[i] != case.out[i] * case.out[i].dtype.type(2))):
            raise AssertionError(f"{judge.report.name} is not linear: f(2x) is not 2 f(x)")
        with np.errstate(all="ignore"):
            off = np.abs(widen(whole[i]) - widen(case.out[i]) - widen(apart[i])) > 64 * judge.eps * size
        if np.any(off & np.isfinite(whole[i])):
            raise AssertionError(f"{judge.report.name} is not linear: f(x + d) is not f(x) + f(d)")


def unsized(vector: np.ndarray[Any, Any], like: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """Sizes of real parts (and imaginary ones, taken together) in the shapes of `like`."""
    return [real if imaginary is None else real + imaginary for _, real, imaginary in pieces(vector, like)]


def check_everything(
    target: Target,
    judge: Judge,
    kernels: EngineKernels,
    *,
    orders: int,
    modes: Sequence[str],
    scale: float = 1.0,
    seed: int = 0,
) -> None:
    """Every law that the orders and modes ask for; the judge keeps what is wrong."""
    case = Case(target, judge.dtype, kernels, scale=scale, seed=seed)
    judge.narrow([out.dtype for out in case.out])
    value(case, judge)
    if not target.tracked or not case.inexact:
        untouched(case, judge)
        return
    shapes(case, judge)
    if "rev" in modes:
        pull(case, judge)
    if "fwd" in modes:
        push(case, judge)
    if "rev" in modes and "fwd" in modes:
        transposition(case, judge)
    if orders == 2:
        if "rev" in modes:
            reverse_over_reverse(case, judge)
        if "fwd" in modes:
            forward_over_reverse(case, judge)
    untouched(case, judge)
