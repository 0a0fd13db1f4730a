"""A batch of second derivatives is a loop of them, through the one batched sweep of each."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad

from .compositions import CASES, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_a_loop(case: Case) -> None:
    batch, v = case.batch(2), tuple(case.direction())
    n = tuple(range(len(batch)))
    product = lambda *xs: tapegrad.jvp(tapegrad.grad(case.scalar, n), xs, v)[1]
    rows = [product(*row) for row in zip(*batch, strict=True)]
    close(tapegrad.vmap(product)(*batch), [np.stack(column) for column in zip(*rows, strict=True)], 1e-9)
