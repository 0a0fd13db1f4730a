"""Forward over forward, against reverse."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, DYNAMIC, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES + DYNAMIC), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_the_quadratic_form(case: Case) -> None:
    v = tuple(case.direction())
    _, got = tapegrad.jvp(lambda *xs: tapegrad.jvp(case.scalar, xs, v)[1], tuple(case.inputs), v)
    _, hv = tapegrad.jvp(tapegrad.grad(case.scalar, tuple(range(len(v)))), tuple(case.inputs), v)
    close([got], [np.asarray(sum(np.vdot(a, b) for a, b in zip(hv, v, strict=True)))])
