"""The gradient of a sum over a batch is the batch of gradients."""

from __future__ import annotations

import pytest

import tapegrad
from tapegrad.engines.tables import RECORDED

from .compositions import CASES, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_the_batch_of_gradients(case: Case) -> None:
    batch = case.batch()
    n = tuple(range(len(batch)))
    got = tapegrad.grad(lambda *xs: RECORDED.sum(tapegrad.vmap(case.scalar)(*xs)), n)(*batch)
    close(got, tapegrad.vmap(tapegrad.grad(case.scalar, n))(*batch), 1e-10)
