"""A pull and a push belong together: ⟨g, push v⟩ = ⟨pull g, v⟩."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, Case

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_are_transposes(case: Case) -> None:
    v = tuple(case.direction())
    outs, pull = tapegrad.vjp(lambda *xs: tuple(case.call(*xs)), *case.inputs)
    _, pushed = tapegrad.jvp(lambda *xs: tuple(case.call(*xs)), tuple(case.inputs), v)
    rng = np.random.default_rng(3)
    g = tuple(np.asarray(rng.standard_normal(np.shape(out))) for out in outs)
    pulled = pull(g)
    left = sum(float(np.vdot(a, b)) for a, b in zip(g, pushed, strict=True))
    right = sum(float(np.vdot(a, b)) for a, b in zip(pulled, v, strict=True))
    size = sum(float(np.sum(np.abs(a * b))) for a, b in zip(g, pushed, strict=True))
    assert abs(left - right) <= 1e-10 * max(size, 1e-3)
