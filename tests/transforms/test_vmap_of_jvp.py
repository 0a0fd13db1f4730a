"""A batch of forward derivatives is a loop of them."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_a_loop(case: Case) -> None:
    batch, v = case.batch(), tuple(case.direction())
    push = lambda *xs: tapegrad.jvp(case.scalar, xs, v)[1]
    rows = [push(*row) for row in zip(*batch, strict=True)]
    close([tapegrad.vmap(push)(*batch)], [np.stack(rows)], 1e-10)
