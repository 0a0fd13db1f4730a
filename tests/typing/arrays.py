"""What a type checker must know of arrays: operators and methods keep the face. Read by pyright; never run."""

from __future__ import annotations

from typing import assert_type

import numpy as np

import tapegrad
from tapegrad import Array


class Face(Array):
    """An array of another face."""


def arithmetic(x: Array, y: Array, n: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Array:
    """Operators give arrays, whatever stands beside them."""
    assert_type(x * 2 + y, Array)
    assert_type(1.0 - x / y, Array)
    assert_type(2**x, Array)
    assert_type(-abs(x) @ y, Array)
    assert_type(x * n, Array)
    assert_type((x > 0) & ~(y <= 1.0), Array)
    assert_type(x == y, Array)
    assert_type(x != 0, Array)
    assert_type(divmod(x, 2), tuple[Array, Array])
    assert_type(x[0], Array)
    assert_type(x[1:, None, ..., [0, 1]], Array)
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
    assert_type(x.grad, Face | None)


def methods(x: Array) -> None:
    """Methods say what they give."""
    assert_type(x.shape, tuple[int, ...])
    assert_type(x.device, str)
    assert_type(float(x), float)
    assert_type(len(x), int)
    assert_type(hash(x), int)
    assert_type(list(x), list[Array])
    with tapegrad.allow_escape():
        np.asarray(x)
