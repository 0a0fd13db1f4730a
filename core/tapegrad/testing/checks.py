"""What a check is made of: the truth about a function in wider precision, a judge, and its report.

All comparisons are free of scale: a number is judged by the sizes of the terms that it is the sum of, so that a
gradient of 1e-12 that is off by a billionth is seen as one of 1e12 is.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..dtypes import use_default_dtype
from ..engines.registry import get_backend
from ..engines.tables import EngineKernels
from ..errors import MissingExtraError
from ..op.kinds import ELEMENTWISE, LINEAR, MULTILINEAR
from .differences import Slopes, flatten, jacobian, sizes_of, slopes, unflatten
from .runs import Target
from .wide import WIDE_EPS, has_longdouble, wide_kernels, widen
from .wide_linalg import follow, forget
from .wide_special import FUNCTIONS as SPECIAL
from .wide_special import SPECIAL_EPS

__all__ = ["Discrepancy", "GradientError", "Judge", "Report", "Truth", "engine", "ulps"]

TOLERANCE = {"float64": 1e-10, "float32": 5e-6, "float16": 4e-2, "complex128": 1e-10, "complex64": 5e-6}
"""How far a derivative may be from its difference quotient, relative to the sizes of its terms."""

MOST_COLUMNS = 12
"""Of how many inputs second derivatives are checked one by one; along one direction through all they are besides."""

Arrays = list[np.ndarray[Any, Any]]


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is wrong: of which law, in which argument or output, at which element, and both numbers."""

    law: str
    order: int
    where: str
    index: tuple[int, ...]
    got: complex
    expected: complex
    ulps: float
    wrong: int
    of: int

    def __str__(self) -> str:
        place = f" at {list(self.index)}" if self.index else ""
        count = f"; {self.wrong} of {self.of} elements are off" if self.of > 1 else ""
        return (
            f"order {self.order}, {self.law}: {self.where}{place} is {_number(self.got)}, "
            f"but should be {_number(self.expected)} ({self.ulps:.3g} ulps apart{count})"
        )


def _number(x: complex) -> str:
    return repr(complex(x)) if isinstance(x, complex) and x.imag else repr(float(np.real(x)))


class GradientError(AssertionError):
    """A derivative is wrong. `discrepancies` says where, each with both numbers and their distance in ulps.

    Raised by `check_grads` and its kin. Look at the rule of the op that is named, or, where the function has a kink, at
    the arguments.

    >>> import numpy, tapegrad, tapegrad.testing
    >>> @tapegrad.custom
    ... def square(x):
    ...     return x * x
    >>> _ = square.defvjp(x=lambda g, x: g * x)
    >>> try:
    ...     tapegrad.testing.check_vjp(square, [numpy.array([3.0])])
    ... except tapegrad.testing.GradientError as error:
    ...     print(str(error).splitlines()[0])
    the derivatives of square are wrong:
    """

    def __init__(self, name: str, discrepancies: Sequence[Discrepancy]) -> None:
        self.discrepancies = list(discrepancies)
        lines = "\n  ".join(map(str, discrepancies))
        super().__init__(f"the derivatives of {name} are wrong:\n  {lines}")


@dataclass(slots=True)
class Report:
    """What a check found right: how many numbers were compared, how many had no derivative, and the largest distance.

    `worst` is relative to the sizes of the terms that a number is the sum of; `laws` counts how often each was checked.
    """

    name: str
    compared: int = 0
    without_derivative: int = 0
    worst: float = 0.0
    laws: dict[str, int] = field(default_factory=dict)

    def count(self, law: str) -> None:
        """Note that a law was checked."""
        self.laws[law] = self.laws.get(law, 0) + 1


def ulps(got: Any, expected: Any, dtype: Any) -> Any:
    """The distance of numbers of `dtype` from a wider truth, in units of the last place of the truth.

    >>> float(ulps(1 + 2**-52, 1.0, "float64"))
    1.0
    """
    info = np.finfo(np.dtype(dtype))
    expected = widen(expected)
    size = np.maximum(np.abs(expected), np.longdouble(info.smallest_normal))
    with np.errstate(all="ignore"):
        unit = np.ldexp(np.longdouble(info.eps), np.frexp(size)[1] - 1)
        return np.abs(widen(got) - expected) / unit


def engine(backend: Any) -> EngineKernels:
    """The kernel table of a backend, asked for by name or at hand; None is the default one."""
    kernels = get_backend(backend).kernels
    assert isinstance(kernels, EngineKernels)
    return kernels


class Truth:
    """What the outputs and derivatives of a target really are, in the widest precision that it runs in.

    `like`: what an engine gave, whose signs and phases it takes where any are right.
    """

    def __init__(self, target: Target, dtype: Any, *, wide: bool | None = None, like: Arrays | None = None) -> None:
        self.target = target
        self.dtype = np.dtype(dtype)
        self.real_dtype = np.finfo(self.dtype).dtype
        self.kernels: EngineKernels = wide_kernels(self.real_dtype.name)
        self.inputs: Arrays = [widen(x) for x in target.inputs()]
        self.eps = WIDE_EPS
        if target.op is not None and target.op.name in SPECIAL:
            self.eps = SPECIAL_EPS
        self.is_wide = True
        self.reason = ""
        forget()
        if like is not None and target.op is not None:
            follow(target.op.name, like)
        if wide is None:
            wide = has_longdouble()
        if wide:
            try:
                with np.errstate(all="ignore"):
                    self.out = self._values(self.inputs)
                return
            except MissingExtraError:
                raise
            except Exception as error:
                self.reason = f"{type(error).__name__}: {error}"
        self.kernels = engine("numpy")
        self.eps = 2.3e-16
        self.is_wide = False
        self.inputs = [x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) for x in target.inputs()]
        with np.errstate(all="ignore"):
            self.out = self._values(self.inputs)

    def _values(self, inputs: Sequence[Any]) -> Arrays:
        # A Python number beside a longdouble would be of the default dtype: of the fewest digits, if that is float32.
        with use_default_dtype("float64"):
            return [np.asarray(v) for v in self.target.values(self.kernels, inputs)]

    @property
    def inexact(self) -> list[int]:
        """Which outputs have a derivative at all: those of floating or complex numbers."""
        return [i for i, out in enumerate(self.out) if out.dtype.kind in "fc"]

    def _flat(self, run: Callable[[Sequence[Any]], Sequence[Any]]) -> Callable[[Any], Any]:
        return lambda vector: flatten(run(unflatten(vector, self.inputs)))

    def first(self) -> Slopes:
        """The Jacobian of the floating outputs, real by real."""
        keep = self.inexact
        return jacobian(
            self._flat(lambda inputs: [self._values(inputs)[i] for i in keep]),
            flatten(self.inputs),
            self.eps,
            straight=self._straight,
            owners=self._owners(),
        )

    def first_along(self, direction: np.ndarray[Any, Any]) -> Slopes:
        """The derivative of the floating outputs along a direction."""
        keep = self.inexact
        return slopes(
            self._flat(lambda inputs: [self._values(inputs)[i] for i in keep]),
            flatten(self.inputs),
            direction,
            self.eps,
            straight=self._straight,
        )

    def _owners(self) -> list[np.ndarray[Any, Any]] | None:
        """Of an elementwise op, for each input (real and imaginary apart): the element each output depends on."""
        op = self.target.op
        if op is None or op.kind is not ELEMENTWISE or len(self.out) != 1 or not self.inexact:
            return None
        out = self.out[0]
        found = []
        at = 0
        for x in self.inputs:
            places = np.broadcast_to(np.arange(x.size).reshape(x.shape), out.shape).ravel()
            owner = np.concatenate([places, places]) if out.dtype.kind == "c" else places
            for _ in range(2 if x.dtype.kind == "c" else 1):
                found.append(owner + at)
                at += x.size
        return found

    def _pull_owners(self) -> list[np.ndarray[Any, Any]] | None:
        """Of an elementwise op without broadcasting: which element of each input an element of the pull depends on."""
        owners = self._owners()
        if owners is None or any(x.shape != self.out[0].shape for x in self.inputs):
            return None
        halves = sum(2 if x.dtype.kind == "c" else 1 for x in self.inputs)
        size = self.out[0].size
        return [np.tile(np.arange(size) + n * size, halves) for n in range(halves)]

    @property
    def _straight(self) -> bool:
        """Whether the op is linear in each number that goes in, so that its differences are exact, and its pull's."""
        return self.target.op is not None and self.target.op.kind in (LINEAR, MULTILINEAR)

    def pull(self, inputs: Sequence[Any], cotangents: Sequence[Any]) -> list[Any]:
        """The recorded pull at other inputs, in wide precision."""
        with use_default_dtype("float64"):
            return self.target.record(self.kernels, inputs).pull(cotangents)

    def second(self, cotangents: Sequence[Any]) -> Slopes:
        """The Jacobian of the pull at fixed cotangents."""
        return jacobian(
            self._flat(lambda inputs: self.pull(inputs, cotangents)),
            flatten(self.inputs),
            self.eps,
            straight=self._straight,
            owners=self._pull_owners(),
            columns=self._some_columns(),
        )

    def _some_columns(self) -> np.ndarray[Any, Any] | None:
        """Of many inputs a few, another few at each sample: enough for the second order, which costs the most."""
        size = flatten(self.inputs).size
        if size <= MOST_COLUMNS:
            return None
        seed = zlib.crc32(repr([x.tolist() for x in self.target.inputs()]).encode())
        return np.random.default_rng(seed).choice(size, MOST_COLUMNS, replace=False)

    def second_along(self, cotangents: Sequence[Any], tangents: Sequence[Any]) -> Slopes:
        """The derivative of the pull at fixed cotangents, along tangents."""
        return slopes(
            self._flat(lambda inputs: self.pull(inputs, cotangents)), flatten(self.inputs), flatten(tangents), self.eps
        )


def _random_like(arrays: Sequence[Any], rng: np.random.Generator, dtype: Any) -> Arrays:
    """Numbers away from zero, real or complex as the arrays are, in the precision of `dtype`."""
    real = np.finfo(np.dtype(dtype)).dtype

    def numbers(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        return np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape))

    found: Arrays = []
    for x in map(np.asarray, arrays):
        if x.dtype.kind == "c":
            found.append((numbers(x.shape) + 1j * numbers(x.shape)).astype(np.result_type(real, np.complex64)))
        else:
            found.append(numbers(x.shape).astype(real))
    return found


class Judge:
    """Compares, law by law, what an engine computes with what is true, and gathers what is wrong."""

    def __init__(self, name: str, dtype: Any, rtol: float | None = None, limit: int = 8) -> None:
        self.dtype = np.dtype(dtype)
        self.given = rtol
        self.rtol = TOLERANCE[self.dtype.name] if rtol is None else rtol
        self.eps = float(np.finfo(self.dtype).eps)
        self.report = Report(name)
        self.found: list[Discrepancy] = []
        self.limit = limit

    def narrow(self, dtypes: Sequence[np.dtype[Any]]) -> None:
        """Judge by the narrowest of the dtypes that take part: what passes through float32 is as exact as float32."""
        for dtype in dtypes:
            if dtype.kind in "fc" and np.finfo(dtype).eps > self.eps:
                self.eps = float(np.finfo(dtype).eps)
                self.rtol = max(self.rtol, TOLERANCE[dtype.name]) if self.given is None else self.given

    def compare(
        self,
        law: str,
        order: int,
        names: Sequence[str],
        got: Sequence[Any],
        low: np.ndarray[Any, Any],
        high: np.ndarray[Any, Any],
        allowed: np.ndarray[Any, Any],
    ) -> None:
        """Each number of `got` is between `low` and `high`, give or take `allowed`; infinity excuses it."""
        self.report.count(law)
        with np.errstate(invalid="ignore"):
            # What leaves the range of the dtype has no right answer in it.
            outside = np.maximum(np.abs(low), np.abs(high)) > 0.25 * float(np.finfo(self.dtype).max)
        allowed = np.where(outside, np.inf, allowed)
        at = 0
        for name, array in zip(names, got, strict=True):
            array = np.asarray(array)
            size = array.size * (2 if array.dtype.kind == "c" else 1)
            part = slice(at, at + size)
            at += size
            numbers = flatten([array])
            known = np.isfinite(allowed[part])
            with np.errstate(invalid="ignore"):
                distance = np.maximum(np.maximum(low[part] - numbers, numbers - high[part]), 0)
                wrong = known & ~(distance <= allowed[part])
                relative = np.where(known & (allowed[part] > 0), distance / allowed[part], 0) * self.rtol
                self.report.worst = max(self.report.worst, float(np.max(relative, initial=0)))
                self.report.compared += int(known.sum())
                self.report.without_derivative += int((~known).sum())
            if not np.any(wrong):
                continue
            severity = np.where(wrong, np.where(np.isfinite(distance), distance, np.inf) / (allowed[part] + 1e-300), -1)
            worst = int(np.argmax(severity))
            middle = (low[part] + high[part]) / 2
            index = tuple(int(i) for i in np.unravel_index(worst % max(array.size, 1), array.shape))
            if array.dtype.kind == "c":
                name += " (real part)" if worst < array.size else " (imaginary part)"
            self.note(law, order, name, index, numbers[worst], middle[worst], int(wrong.sum()), size)

    def note(
        self,
        law: str,
        order: int,
        where: str,
        index: tuple[int, ...],
        got: Any,
        expected: Any,
        wrong: int = 1,
        of: int = 1,
    ) -> None:
        """Something is wrong."""
        apart = float(np.max(ulps(got, expected, np.finfo(self.dtype).dtype), initial=0))
        self.found.append(Discrepancy(law, order, where, index, _plain(got), _plain(expected), apart, wrong, of))

    def verdict(self) -> Report:
        """The report, or `GradientError` if something was found."""
        if self.found:
            raise GradientError(self.report.name, self.found[: self.limit])
        return self.report


def _plain(x: Any) -> complex:
    x = np.asarray(x)
    return complex(x) if x.dtype.kind == "c" else float(x)


def _between(weights: np.ndarray[Any, Any], found: Slopes) -> tuple[Any, Any, Any, Any]:
    """The least and the greatest of Σ_j w_j J_ji, the sum of its terms' sizes, and its doubt."""
    w = weights[:, None]
    with np.errstate(invalid="ignore"):
        a, b = w * found.low, w * found.high
        return (
            np.minimum(a, b).sum(axis=0),
            np.maximum(a, b).sum(axis=0),
            np.maximum(np.abs(a), np.abs(b)).sum(axis=0),
            np.where(w == 0, 0, np.abs(w) * found.doubt).sum(axis=0),
        )


def _floor(weights: Any, out: Any, x: Any, found: Slopes) -> Any:
    """The size that a derivative has when it is neither large nor small for its function: |g|·|f| / |x|.

    Summed over the outputs that depend on the input; over all where none does.
    """
    depends = (found.value != 0) | ~np.isfinite(found.doubt)
    depends = depends | ~depends.any(axis=0)
    with np.errstate(invalid="ignore", over="ignore"):
        total = np.where(np.isfinite(out), np.abs(weights * out), 0) @ depends.astype(np.longdouble)
    return total / sizes_of(x)
