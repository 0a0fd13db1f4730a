"""Derivatives by central differences of eighth order, each with an honest estimate of its own error.

A complex number counts as two real ones, so everything here is real: a function takes a vector to a vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Slopes", "flatten", "jacobian", "real_size", "slopes", "unflatten"]

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


def unflatten(vector: np.ndarray[Any, Any], like: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """The vector as arrays of the shapes and kinds of `like`, in their dtypes."""
    found = []
    at = 0
    for x in like:
        part = vector[at : at + x.size].reshape(x.shape)
        at += x.size
        if x.dtype.kind == "c":
            imaginary = vector[at : at + x.size].reshape(x.shape)
            at += x.size
            found.append((part + 1j * imaginary).astype(x.dtype))
        else:
            found.append(part.astype(x.dtype))
    return found


def slopes(
    f: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]],
    x: np.ndarray[Any, Any],
    direction: np.ndarray[Any, Any],
    eps: float,
    *,
    kinks: bool = True,
) -> Slopes:
    """The derivative of f at x along a direction, whose length sets the step.

    With `kinks` both sides are looked at even where the central differences agree, as those of a kink at x itself do.
    """
    wide = eps < 1e-17
    powers = (8, 13, 19) if wide else (5, 8, 12)
    goal = 1e-13 if wide else 1e-10
    best, doubt = np.zeros(0, np.longdouble), np.zeros(0, np.longdouble)
    with np.errstate(all="ignore"):
        for power in powers:
            h = np.longdouble(2.0**-power)
            ups = [f(x + k * h * direction) for k in (1, 2, 3, 4)]
            downs = [f(x - k * h * direction) for k in (1, 2, 3, 4)]
            eighth = sum(c * (u - d) for c, u, d in zip(_EIGHTH, ups, downs, strict=True)) / h
            sixth = sum(c * (u - d) for c, u, d in zip(_SIXTH, ups, downs, strict=False)) / h
            size = np.max(np.abs(np.stack(ups + downs)), axis=0)
            error = np.abs(eighth - sixth) + 4 * eps * size / h
            error = np.where(np.isfinite(error), error, np.inf)
            if power == powers[0]:
                best, doubt = eighth, error
            else:
                better = error < doubt
                best, doubt = np.where(better, eighth, best), np.where(better, error, doubt)
            if np.all(doubt <= goal * np.abs(best) + 64 * eps * size * 2.0**8):
                break
        best = np.where(np.isfinite(doubt), best, 0)
        low = high = best
        suspect = (doubt > 1e-6 * np.abs(best)) | kinks
        if np.any(suspect & np.isfinite(doubt)):
            low, high, best, doubt = _kinks(f, x, direction, eps, suspect, best, doubt)
    return Slopes(best, doubt, low, high)


def _kinks(
    f: Callable[[Any], Any], x: Any, direction: Any, eps: float, suspect: Any, best: Any, doubt: Any
) -> tuple[Any, Any, Any, Any]:
    """Slopes to either side where the central difference does not converge."""
    h = np.longdouble(2.0**-20 if eps < 1e-17 else 2.0**-16)
    here = f(x)
    right = (-3 * here + 4 * f(x + h * direction) - f(x + 2 * h * direction)) / (2 * h)
    left = (3 * here - 4 * f(x - h * direction) + f(x - 2 * h * direction)) / (2 * h)
    noise = 16 * eps * np.abs(here) / h + 1e-9 * (np.abs(left) + np.abs(right))
    kink = suspect & np.isfinite(left) & np.isfinite(right) & (np.abs(right - left) > 1e3 * noise)
    low = np.where(kink, np.minimum(left, right), best)
    high = np.where(kink, np.maximum(left, right), best)
    return low, high, np.where(kink, (left + right) / 2, best), np.where(kink, noise, doubt)


def jacobian(f: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]], x: np.ndarray[Any, Any], eps: float) -> Slopes:
    """All derivatives of f at x: entry [j, i] is that of output j by input i."""
    columns = []
    sizes, counts = np.unique(np.abs(x), return_counts=True)
    tied = set(sizes[counts > 1])
    typical = np.max(np.abs(x), initial=0) or np.longdouble(1)
    for i in range(x.size):
        direction = np.zeros_like(x)
        direction[i] = np.abs(x[i]) or typical
        # A kink at x itself is where numbers are round or alike; elsewhere the differences see it by themselves.
        found = slopes(f, x, direction, eps, kinks=bool(x[i] * 2 == np.round(x[i] * 2)) or np.abs(x[i]) in tied)
        length = direction[i]
        columns.append((found.value / length, found.doubt / length, found.low / length, found.high / length))
    if not columns:
        nothing = np.zeros((f(x).size, 0), np.longdouble)
        return Slopes(nothing, nothing, nothing, nothing)
    return Slopes(*(np.stack(part, axis=1) for part in zip(*columns, strict=True)))
