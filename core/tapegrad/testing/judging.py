"""All laws on one sample of one op on one engine, in every dtype that both have: each is one check."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from ..engines.backend import Backend
from ..errors import ArgumentError, DtypeError, DynamicShapeError, MissingExtraError, TapegradError
from ..op import registered
from ..op.kinds import LINEAR, MULTILINEAR
from ..op.record import Op
from ..op.samples import Draw
from . import accuracy, batches, laws
from .accuracy_classes import accuracy_class
from .checks import Judge, engine
from .compiled import compiled
from .functions import Call
from .generate import Sample, samples_of
from .laws import Case
from .runs import Target, as_target
from .wide import has_longdouble

__all__ = [
    "DTYPES",
    "Check",
    "chosen_names",
    "differentiable",
    "judge_call",
    "judge_errors",
    "judge_sample",
    "judged_ops",
    "quick_dtypes",
    "quick_samples",
]

DTYPES = ("float64", "float32", "float16", "complex128", "complex64")
EVERY = {"float64": 1, "float32": 1, "complex128": 2, "float16": 4, "complex64": 4}
"""Of every so many samples one is tried in that dtype: an engine may compile each op anew for each shape and dtype."""

Law = Callable[[Case, Judge], Any]

ALWAYS: dict[str, Law] = {"value": laws.value, "deterministic": laws.deterministic}
FIRST: dict[str, Law] = {
    "shapes": laws.shapes,
    "verified rule": accuracy.verified_rule,
    "pull": laws.pull,
    "push": laws.push,
    "transposition": laws.transposition,
    "zero cotangent": laws.zero_cotangent,
    "accurate pull": accuracy.accurate_pull,
}
SECOND: dict[str, Law] = {
    "reverse over reverse": laws.reverse_over_reverse,
    "forward over reverse": laws.forward_over_reverse,
    "forward over forward": laws.forward_over_forward,
}
ASKED: dict[str, Law] = {"compiled": compiled}
"""Laws that are tried when they are named only."""

_HIGHER = {"reverse over reverse", "forward over reverse", "forward over forward"}
LEFT_OUT: dict[str, set[str]] = {
    "float32": {"forward over reverse", "forward over forward", "verified rule", "deterministic", "linear"},
    "float16": _HIGHER | {"verified rule", "push", "transposition", "deterministic", "accurate pull", "accurate value"},
    "complex64": _HIGHER | {"verified rule", "deterministic"},
}
"""What a narrower dtype need not repeat: one rule serves all dtypes, and is verified in the widest."""


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one law on one sample in one dtype; `distance` is in the class's unit, of laws that measure.

    `skipped` says what is not installed that it would have needed; such a check has neither passed nor failed.
    """

    op: str
    sample: str
    dtype: str
    law: str
    passed: bool
    message: str = ""
    distance: float | None = None
    skipped: str = ""

    @property
    def id(self) -> str:
        """`tanh-3:float32:pull`."""
        return f"{self.sample}:{self.dtype}:{self.law}"

    @property
    def failed(self) -> bool:
        """Whether it was tried and did not pass."""
        return not self.passed and not self.skipped


def _absence(error: Exception) -> str:
    """What is not there, without who wanted it: one reason for all that wait for it. Empty for any other error."""
    if isinstance(error, MissingExtraError):
        return f"{error.name} is not installed ({error.remedy})" if error.name else str(error)
    if isinstance(error, DynamicShapeError):
        return "a shape would depend on numbers that are not computed yet"
    lacking = error.lacking if isinstance(error, DtypeError) else ""
    return f"the engine has no {lacking}" if lacking else ""


def differentiable(op: Op) -> bool:
    """Whether the op has a derivative in some input."""
    return bool(op.formulas)


def judged_ops() -> dict[str, Op]:
    """Every registered op by name: tapegrad's and those that plug-ins and programs have added."""
    import tapegrad.ops  # noqa: F401

    return dict(sorted(registered().items()))


def chosen_names(names: Sequence[str] | None, among: Sequence[str]) -> list[str]:
    """The names, or all of `among` if there are none. Raises `ArgumentError` for one that is not among them."""
    for name in names or ():
        if name not in among:
            close = get_close_matches(name, among, n=1)
            raise ArgumentError(
                f"there is no {name!r} to judge{f' (did you mean {close[0]!r}?)' if close else ''}; "
                "an op of your own is known once its module is imported, by the tests or by "
                "`tapegrad conformance --import MODULE`"
            )
    return list(names or among)


def quick_samples(op: Op) -> list[Sample]:
    """Two samples of an op, of the same shapes: its first, and that with other numbers or in another layout."""
    found = samples_of(op)
    alike = [sample for sample in found[1:] if str(sample.draws) == str(found[0].draws)]
    return [*found[:1], *alike[:1]]


def quick_dtypes(backend: Backend) -> list[str]:
    """The first dtype of `DTYPES` that the engine has."""
    with backend.all_dtypes():
        return [dtype for dtype in DTYPES if has_dtype(backend, dtype)][:1]


def has_dtype(backend: Backend, dtype: str) -> bool:
    """Whether the engine has arrays of that dtype."""
    try:
        backend.from_numpy(np.zeros(1, dtype))
    except Exception:
        return False
    return True


def _takes(target: Target, dtype: str) -> bool:
    """Whether the op takes that dtype at all, which NumPy says. Of float64 and float32 there is no question."""
    if dtype in ("float64", "float32"):
        return True
    try:
        with np.errstate(all="ignore"):
            numpy = engine("numpy")
            outs = target.values(numpy, [numpy.backend.from_numpy(x) for x in target.inputs()])
            return all(np.asarray(o).dtype != object for o in outs)
    except Exception:
        return False


def judge_sample(
    backend: Backend,
    op: Op,
    sample: Sample,
    dtypes: Sequence[str] = DTYPES,
    *,
    quick: bool = False,
    laws: Sequence[str] = (),
) -> list[Check]:
    """Every law in every dtype, or those of `laws`; a law that fails does not stop the next. What NumPy warns of is
    left to the laws.
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"), backend.all_dtypes():
        warnings.simplefilter("ignore", RuntimeWarning)
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        return list(_judge_sample(backend, op, sample, dtypes, quick, laws))


def _judge_sample(
    backend: Backend, op: Op, sample: Sample, dtypes: Sequence[str], quick: bool, only: Sequence[str]
) -> Iterator[Check]:
    floating = any(isinstance(x, Draw) and x.draw(np.random.default_rng(0)).dtype.kind in "fc" for x in sample.draws)
    for dtype in dtypes if floating else dtypes[:1]:
        if not has_dtype(backend, dtype) or (sample.number % EVERY[dtype] and len(dtypes) > 1):
            continue
        target = as_target(op, sample.arrays(dtype), sample.keywords, dtype)
        if not _takes(target, dtype):
            continue
        yield from _judge_dtype(backend, op, sample, target, dtype, quick, only)


def _judge_dtype(
    backend: Backend, op: Op, sample: Sample, target: Target, dtype: str, quick: bool, only: Sequence[str]
) -> Iterator[Check]:
    kernels = engine(backend)
    left_out = LEFT_OUT.get(dtype, set())
    wide = ("accurate pull", "accurate value", "verified rule")

    def run(name: str, law: Callable[[], Any], judge: Judge) -> Check:
        distance = None
        try:
            found = law()
            distance = found if isinstance(found, float) else None
            judge.verdict()
        except Exception as error:
            if absent := _absence(error):
                return Check(op.name, sample.id, dtype, name, False, skipped=absent)
            words = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
            return Check(op.name, sample.id, dtype, name, False, f"{sample}: {words}", distance)
        return Check(op.name, sample.id, dtype, name, True, "", distance)

    def judge() -> Judge:
        made = Judge(op.name, dtype)
        made.narrow([out.dtype for out in case.out])
        return made

    if set(only) <= set(ASKED) and only:
        for name in only:
            asked = Judge(op.name, dtype)
            yield run(name, lambda law=ASKED[name], asked=asked: law(Case(target, dtype, kernels), asked), asked)  # type: ignore[misc]
        return
    try:
        case = Case(target, dtype, kernels)
        _ = case.out, case.truth
    except Exception as error:
        absent = _absence(error)
        words = "" if absent else f"{sample}: {type(error).__name__}: {error}"
        yield Check(op.name, sample.id, dtype, "value", False, words, skipped=absent)
        return
    if has_longdouble() and not case.truth.is_wide and op.body.__module__.startswith(__package__.partition(".")[0]):
        # A stranger's op may have no truth but in double. Ours have: else they would pass for exact unseen.
        words = f"{sample}: does not run in longdouble: {case.truth.reason}"
        yield Check(op.name, sample.id, dtype, "accurate value", False, words)
    derivative = bool(target.tracked and case.inexact)
    chosen: dict[str, Law] = dict(ALWAYS)
    if case.truth.is_wide and case.truth.inexact:
        chosen["accurate value"] = accuracy.accurate_value
    if accuracy_class(op, backend).has_bits(np.dtype(dtype)):
        chosen["bitwise"] = accuracy.bitwise
    if derivative:
        chosen |= FIRST
        chosen |= SECOND
        if op.kind in (LINEAR, MULTILINEAR):
            chosen["linear"] = laws.linear
        if len(case.inexact) > 1:
            chosen["outputs apart"] = laws.apart
        if case.kinked.any():
            chosen["shared at ties"] = laws.shared
            if dtype == "float64":
                chosen["past kinks"] = laws.past_kinks
    chosen["untouched"] = laws.untouched
    if only:
        chosen = {name: law for name, law in {**chosen, **ASKED}.items() if name in only}
    for name, law in chosen.items():
        if name in left_out or (name in wide and not case.truth.is_wide):
            continue
        one = judge()
        yield run(name, lambda law=law, one=one: law(case, one), one)  # type: ignore[misc]
    if dtype == "float64" and not op.dynamic and _choosable(target) and not only:
        one = judge()
        yield run("batch", lambda: batches.batch(sample, target, one, kernels, only_all=quick), one)
        if derivative:
            two = judge()
            yield run(
                "batch of pull",
                lambda: batches.batch_of_pull(sample, target, two, kernels, case.out, case.inexact),
                two,
            )


COMPOSED: dict[str, Law] = {
    "value": laws.value,
    "shapes": laws.shapes,
    "pull": laws.pull,
    "push": laws.push,
    "transposition": laws.transposition,
    "zero cotangent": laws.zero_cotangent,
    "reverse over reverse": laws.reverse_over_reverse,
    "forward over reverse": laws.forward_over_reverse,
    "deterministic": laws.deterministic,
    "untouched": laws.untouched,
}


def judge_call(backend: Backend, call: Call, dtypes: Sequence[str] = DTYPES, only: Sequence[str] = ()) -> list[Check]:
    """The laws that hold of any function of arrays, on one sample of a function that is composed of ops."""
    chosen = COMPOSED if not only else {n: law for n, law in {**COMPOSED, **ASKED}.items() if n in only}
    with warnings.catch_warnings(), np.errstate(all="ignore"), backend.all_dtypes():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = []
        for dtype in dtypes:
            if dtype not in ("float64", "float32") or not has_dtype(backend, dtype):
                continue
            target = as_target(call.call, call.arrays(dtype), call.keywords, dtype)
            target.name = call.function
            try:
                case = Case(target, dtype, engine(backend))
            except Exception as error:
                skipped = _absence(error)
                words = "" if skipped else f"{call}: {type(error).__name__}: {error}"
                found.append(Check(call.function, call.id, dtype, "value", False, words, skipped=skipped))
                continue
            for name, law in chosen.items():
                if name in LEFT_OUT.get(dtype, set()):
                    continue
                words = skipped = ""
                try:
                    judge = Judge(call.function, dtype)
                    judge.narrow([out.dtype for out in case.out])
                    law(case, judge)
                    judge.verdict()
                except Exception as error:
                    skipped = _absence(error)
                    told = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
                    words = "" if skipped else f"{call}: {told}"
                passed = not words and not skipped
                found.append(Check(call.function, call.id, dtype, name, passed, words, skipped=skipped))
        return found


def _choosable(target: Target) -> bool:
    return any(isinstance(x, np.ndarray) for x in target.args)


def judge_errors(backend: Backend, op: Op) -> list[Check]:
    """Each error sample raises one typed error: one of tapegrad's own, or one that names the op."""
    with backend.all_dtypes():
        return list(_judge_errors(backend, op))


def _judge_errors(backend: Backend, op: Op) -> Iterator[Check]:
    kernels = engine(backend)
    samples = list(op.errors)
    for number, sample in enumerate(samples):
        with_keywords = len(sample) == 2 and isinstance(sample[0], tuple) and isinstance(sample[1], dict)
        draws, keywords = sample if with_keywords else (sample, {})
        name = f"{op.name}-e{number}"
        made = Sample(op.name, number, tuple(draws), dict(keywords))
        target = as_target(op, made.arrays("float64"), made.keywords, "float64")
        try:
            raws = [kernels.backend.from_numpy(x) for x in target.inputs()]
            for raw in target.values(kernels, raws):
                kernels.backend.to_numpy(raw)  # a lazy engine finds it out when the numbers are looked at
        except MissingExtraError as error:
            yield Check(op.name, name, "float64", "error", False, skipped=_absence(error))
        except (TapegradError, TypeError, ValueError, IndexError) as error:
            # A lazy engine finds it out in the middle of its own work.
            named = op.name in str(error) or isinstance(error, TapegradError) or kernels.backend.lazy
            yield Check(
                op.name, name, "float64", "error", named, "" if named else f"{made}: does not name the op: {error}"
            )
        except Exception as error:
            yield Check(op.name, name, "float64", "error", False, f"{made}: raised {type(error).__name__}: {error}")
        else:
            yield Check(op.name, name, "float64", "error", False, f"{made}: raised nothing")
