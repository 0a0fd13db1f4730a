"""The derivative of a batch is the batch of derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_the_batch_of_derivatives(case: Case) -> None:
    batch = case.batch()
    v = tuple(np.ones_like(x) for x in batch)
    _, got = tapegrad.jvp(tapegrad.vmap(case.scalar), tuple(batch), v)
    wanted = tapegrad.vmap(lambda *both: tapegrad.jvp(case.scalar, both[: len(v)], both[len(v) :])[1])(*batch, *v)
    close([got], [wanted], 1e-10)
