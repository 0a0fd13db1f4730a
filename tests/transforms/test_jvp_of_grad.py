"""Forward over reverse: the Hessian is symmetric, whichever direction comes first."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, DYNAMIC, Case

pytestmark = [pytest.mark.parametrize("case", CASES + DYNAMIC), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_symmetric(case: Case) -> None:
    gradient = tapegrad.grad(case.scalar, tuple(range(len(case.inputs))))
    v, w = case.direction(1), case.direction(2)
    _, hv = tapegrad.jvp(gradient, tuple(case.inputs), tuple(v))
    _, hw = tapegrad.jvp(gradient, tuple(case.inputs), tuple(w))
    first = sum(float(np.vdot(a, b)) for a, b in zip(hv, w, strict=True))
    second = sum(float(np.vdot(a, b)) for a, b in zip(hw, v, strict=True))
    size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(hv, w, strict=True))
    assert abs(first - second) <= 1e-9 * max(size, 1e-3)
