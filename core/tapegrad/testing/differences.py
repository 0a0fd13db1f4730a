"""Derivatives by central differences of eighth order, each with an honest estimate of its own error.

A complex number counts as two real ones, so everything here is real: a function takes a vector to a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Slopes", "flatten", "jacobian", "pieces", "real_size", "sizes_of", "slopes", "unflatten", "unflatten_bool"]

_EIGHTH = tuple(np.longdouble(a) / b for a, b in ((4, 5), (-1, 5), (4, 105), (-1, 280)))
_SIXTH = tuple(np.longdouble(a) / b for a, b in ((3, 4), (-3, 20), (1, 60)))


@dataclass(slots=True)
class Slopes:
    """Derivatives with the estimates of their errors. Where a function has a kink, the slopes to its left and right
    differ.
    """

    value: np.ndarray[Any, Any]
    doubt: np.ndarray[Any, Any]
    low: np.ndarray[Any, Any]
    high: np.ndarray[Any, Any]


def real_size(arrays: Sequence[np.ndarray[Any, Any]]) -> int:
    """How many real numbers the arrays hold."""
    return sum(x.size * (2 if x.dtype.kind == "c" else 1) for x in arrays)


def flatten(arrays: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Arrays as one real vector, each complex one as its real parts and then its imaginary parts."""
    parts: list[Any] = [np.zeros(0, np.longdouble)]
    for x in arrays:
        x = np.asarray(x)
        if x.dtype.kind == "c":
            parts += [x.real.ravel(), x.imag.ravel()]
        else:
            parts.append(x.ravel())
    return np.concatenate(parts).astype(np.longdouble)


def pieces(vector: Any, like: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Each array of `like` with the parts of a flat vector that stand for it: real, and imaginary or None."""
    at = 0
    for x in like:
        found = []
        for _ in range(2 if x.dtype.kind == "c" else 1):
            found.append(vector[at : at + x.size].reshape(x.shape))
            at += x.size
        yield x, found[0], found[1] if len(found) > 1 else None


def unflatten(vector: np.ndarray[Any, Any], like: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """The vector as arrays of the shapes and kinds of `like`, in their dtypes."""
    found = []
    for x, real, imaginary in pieces(vector, like):
        if imaginary is None:
            found.append(real.astype(x.dtype))
        else:
            whole = np.empty(x.shape, x.dtype)  # not by a sum: 1j times infinity has a real part, NaN
            whole.real, whole.imag = real, imaginary
            found.append(whole)
    return found


def unflatten_bool(vector: Any, like: Sequence[Any]) -> list[Any]:
    """A vector of truths as arrays; a complex number is one where both of its parts are."""
    return [real if imaginary is None else real & imaginary for _, real, imaginary in pieces(vector, like)]


_FORWARD = tuple(np.longdouble(a) / 12 for a in (-25, 48, -36, 16, -3))


def noise_of(f: Callable[[Any], Any], x: np.ndarray[Any, Any], eps: float) -> np.ndarray[Any, Any]:
    """How far rounding within f scatters each of its values about x: measured, for f may round what its values hide.

    So close to x the third differences of a smooth function are below eps, and what they show is noise (Moré and Wild,
    "Estimating computational noise", 2011). What is not finite has none. Inputs move together, by powers of two, which
    a double holds, lest their rounding be taken for that of f; zeros stay, where f may have a root.
    """
    moved = np.isfinite(x) & (x != 0)
    signs = np.where(moved, np.random.default_rng(7).choice([-1, 1], x.size), 0)
    step = np.ldexp(np.longdouble(signs), np.frexp(np.where(moved, x, 1))[1] + (int(np.log2(eps)) - 9) // 3)
    with np.errstate(all="ignore"):
        values = np.stack([f(x + k * step) for k in range(1, 11)])
        third = np.max(np.abs(np.diff(values, 3, axis=0)), axis=0)
    return np.where(np.isfinite(third), third / np.sqrt(20), 0)


def slopes(
    f: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]],
    x: np.ndarray[Any, Any],
    direction: np.ndarray[Any, Any],
    eps: float,
    *,
    kinks: bool = True,
    straight: bool = False,
    noise: np.ndarray[Any, Any] | None = None,
) -> Slopes:
    """The derivative of f at x along a direction, whose length sets the step.

    With `kinks` both sides are looked at even where the central differences agree, as those of a kink at x itself do.
    `straight`: f is known to be linear along the direction, so that one difference is exact. `noise`: what `noise_of`
    says, if it is known: the differences of two orders have a tenth of the noise that either has.
    """
    noise = noise_of(f, x, eps) if noise is None else noise
    wide = eps < 1e-16
    powers = (8, 13, 19) if wide else (5, 8, 12)
    goal = 1e-13 if wide else 1e-10
    nothing: np.ndarray[Any, Any] = np.zeros(0, np.longdouble)
    best = doubt = rounding = last = claimed = nothing
    with np.errstate(all="ignore"):
        if straight:
            up, down = f(x + direction), f(x - direction)
            value = (up - down) / 2
            error = 8 * (eps * np.maximum(np.abs(up), np.abs(down)) + noise)
            error = np.where(np.isfinite(value), error, np.inf)
            value = np.where(np.isfinite(value), value, 0)
            return Slopes(value, error, value, value)
        for power in powers:
            h = np.longdouble(2.0**-power)
            ups = [f(x + k * h * direction) for k in (1, 2, 3, 4)]
            downs = [f(x - k * h * direction) for k in (1, 2, 3, 4)]
            eighth = sum(c * (u - d) for c, u, d in zip(_EIGHTH, ups, downs, strict=True)) / h
            sixth = sum(c * (u - d) for c, u, d in zip(_SIXTH, ups, downs, strict=False)) / h
            rounding = eps * np.max(np.abs(np.stack(ups + downs)), axis=0) + noise
            error = np.abs(eighth - sixth) + 4 * rounding / h
            error = np.where(np.isfinite(error), error, np.inf)
            if power == powers[0]:
                best, doubt, claimed = eighth, error, error
            else:
                # Of a smooth function two steps differ by no more than both doubt; of any other by what is wrong.
                moved = np.abs(eighth - last)
                claimed, error = error, np.where(moved > 8 * (error + claimed), np.maximum(error, moved), error)
                better = error < doubt
                best, doubt = np.where(better, eighth, best), np.where(better, error, doubt)
            last = eighth
            if np.all(doubt <= goal * np.abs(best) + 64 * rounding * 2.0**8):
                break
        best = np.where(np.isfinite(doubt), best, 0)
        suspect = (doubt > 1e-6 * np.abs(best) + 64 * rounding * 2.0 ** powers[0]) | kinks
        if np.any(suspect & np.isfinite(doubt)):
            return _both_sides(f, x, direction, eps, suspect, best, doubt, noise)
    return Slopes(best, doubt, best, best)


def _both_sides(
    f: Callable[[Any], Any], x: Any, direction: Any, eps: float, suspect: Any, best: Any, doubt: Any, noise: Any
) -> Slopes:
    """The slopes to either side: where they differ there is a kink, and where the function jumps no derivative."""
    here = f(x)
    rounding = eps * np.abs(here) + noise

    def side(h: Any) -> Any:
        return sum(c * f(x + k * h * direction) for k, c in enumerate(_FORWARD)) / h

    h = np.longdouble(2.0**-13 if eps < 1e-16 else 2.0**-10)
    right, left = side(h), side(-h)
    # How far a step of twice the length is off says how far this one may be.
    coarse = np.abs(side(2 * h) - right) + np.abs(side(-2 * h) - left)
    wrong = 16 * rounding / h + 1e-12 * (np.abs(left) + np.abs(right)) + coarse
    known = suspect & np.isfinite(left) & np.isfinite(right)
    apart = np.abs(right - left)
    kink = known & (apart > 1e-8 * (np.abs(left) + np.abs(right)) + 30 * wrong)
    step = np.longdouble(2.0**-36)
    gap = np.abs(f(x + step * direction) - here) + np.abs(here - f(x - step * direction))
    sizes = np.abs(left) + np.abs(right) + np.abs(best)
    jump = known & (gap > 1e3 * step * sizes + 64 * rounding)
    middle = (left + right) / 2
    # Where only the curvature jumps, both sides agree with each other and the central difference with neither.
    bent = known & ~kink & (np.abs(best - middle) > 4 * (apart + wrong))
    value = np.where(kink | bent, middle, best)
    doubt = np.where(kink, wrong, np.where(bent, apart + wrong, doubt))
    # A slope that depends on the step, as a root's at 0 does, is none.
    wild = known & (coarse > 1e-3 * sizes + 1e3 * 16 * rounding / h)
    doubt = np.where(jump | wild | ~np.isfinite(here), np.inf, doubt)
    return Slopes(
        value, doubt, np.where(kink, np.minimum(left, right), value), np.where(kink, np.maximum(left, right), value)
    )


def sizes_of(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How large each number is; of zeros, infinities and NaN how large the largest other is, but at most 1."""
    size = np.abs(x)
    usual = np.isfinite(size) & (size != 0)
    return np.where(usual, size, min(np.max(size[usual], initial=0) or 1, 1))


def jacobian(
    f: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]],
    x: np.ndarray[Any, Any],
    eps: float,
    *,
    straight: bool = False,
    owners: Sequence[np.ndarray[Any, Any]] | None = None,
    columns: np.ndarray[Any, Any] | None = None,
) -> Slopes:
    """All derivatives of f at x: entry [j, i] is that of output j by input i. `straight`: f is linear in each input.

    `owners`: sets of inputs of which each output depends on one alone, so that one difference serves the set; each
    says for every output which input that is. `columns`: only these inputs; of the others the doubt is infinite.
    """
    sizes, counts = np.unique(np.abs(x), return_counts=True)
    tied = np.isin(np.abs(x), sizes[counts > 1])
    # A kink at x itself is where numbers are round or alike; elsewhere the differences see it by themselves.
    suspect = (x * 2 == np.round(x * 2)) | tied
    lengths = sizes_of(x)
    rows = f(x).size
    # What shares no input shares no rounding either, and an output's own size tells its own.
    noise = noise_of(f, x, eps) if owners is None else np.zeros(rows)
    parts = tuple(np.zeros((rows, x.size), np.longdouble) for _ in range(4))
    every = np.arange(rows)
    if owners is None:
        wanted = range(x.size) if columns is None else columns
        chosen = [(np.asarray([i]), np.full(rows, i)) for i in wanted]
        if columns is not None:
            parts[1][:] = np.inf
            parts[1][:, columns] = 0
    else:
        chosen = [(np.unique(owner), owner) for owner in owners]
    for moved, owner in chosen:
        if not moved.size:
            continue
        direction = np.zeros_like(x)
        direction[moved] = lengths[moved]
        found = slopes(f, x, direction, eps, kinks=bool(suspect[moved].any()), straight=straight, noise=noise)
        for part, slope in zip(parts, (found.value, found.doubt, found.low, found.high), strict=True):
            part[every, owner] = slope / lengths[owner]
    return Slopes(*parts)
