"""What a type checker must know of arrays: operators and methods keep the face. Read by pyright; never run."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np

import tapegrad
import tapegrad.numpy as tnp
from tapegrad.numpy import ndarray


class Face(ndarray):
    """An array of another face."""


def arithmetic(x: ndarray, y: ndarray, n: np.ndarray[tuple[int], np.dtype[np.float64]]) -> ndarray:
    """Operators give arrays, whatever stands beside them."""
    assert_type(x * 2 + y, ndarray)
    assert_type(1.0 - x / y, ndarray)
    assert_type(2**x, ndarray)
    assert_type(-abs(x) @ y, ndarray)
    assert_type(x * n, ndarray)
    assert_type((x > 0) & ~(y <= 1.0), ndarray)
    assert_type(x == y, ndarray)
    assert_type(x != 0, ndarray)
    assert_type(divmod(x, 2), tuple[ndarray, ndarray])
    assert_type(x[0], ndarray)
    assert_type(x[1:, None, ..., [0, 1]], ndarray)
    x += 1
    x **= 2
    x[x > 0] = 0.0
    x[0, 1:] = y
    return x


def face(x: Face) -> None:
    """What is computed from a face is of it."""
    assert_type(x * 2, Face)
    assert_type(x[0], Face)
    assert_type(x.T, Face)
    assert_type(x.reshape(2, -1), Face)
    assert_type(x.astype("float32"), Face)
    assert_type(x.to("numpy"), Face)
    assert_type(x.copy(), Face)
    assert_type(x.detach(), Face)
    assert_type(x.grad, Face | Any)


def methods(x: ndarray) -> None:
    """Methods say what they give."""
    assert_type(x.shape, tuple[int, ...])
    assert_type(x.device, str)
    assert_type(float(x), float)
    assert_type(len(x), int)
    assert_type(hash(x), int)
    assert_type(list(x), list[ndarray])
    with tapegrad.allow_escape():
        np.asarray(x)


def base(x: tapegrad.Array) -> tapegrad.Array:
    """What rules are handed has operators, a shape and a dtype."""
    assert_type(x.shape, tuple[int, ...])
    assert_type(x[0] * 2 + x.detach(), tapegrad.Array)
    return -x


def functions(x: ndarray) -> None:
    """Functions whose results depend on flags say what they give without them."""
    assert_type(tnp.where(x > 0, x, 0.0), ndarray)
    assert_type(tnp.where(x), tuple[ndarray, ...])
    assert_type(tnp.linspace(0.0, 1.0, 5), ndarray)
    assert_type(tnp.average(x, axis=0), ndarray)
    assert_type(tnp.unique(x), ndarray)
    assert_type(tnp.atleast_2d(x), ndarray)
    assert_type(tnp.linalg.svd(x).S, ndarray)
