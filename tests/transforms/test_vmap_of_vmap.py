"""A batch of batches is a loop in a loop."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_a_loop_in_a_loop(case: Case) -> None:
    batch = case.batch(2)
    twice = [np.stack([x, 1.01 * x, x]) for x in batch]
    got = tapegrad.vmap(tapegrad.vmap(case.scalar))(*twice)
    once = [tapegrad.vmap(case.scalar)(*row) for row in zip(*twice, strict=True)]
    close([got], [np.stack(once)], 1e-10)
