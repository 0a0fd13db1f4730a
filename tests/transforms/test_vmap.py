"""A batch is a loop."""

from __future__ import annotations

import numpy as np
import pytest

import tapegrad
from tapegrad.transforms import as_array

from .compositions import CASES, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_is_a_loop(case: Case) -> None:
    batch = case.batch()
    got = tapegrad.vmap(lambda *xs: tuple(case.call(*xs)))(*batch)
    rows = [[np.asarray(o.asnumpy()) for o in case.call(*map(as_array, row))] for row in zip(*batch, strict=True)]
    close(got, [np.stack(column) for column in zip(*rows, strict=True)], 1e-12)


def test_the_gradient_is_a_loop(case: Case) -> None:
    batch = case.batch()
    gradient = tapegrad.grad(case.scalar, tuple(range(len(batch))))
    rows = [gradient(*row) for row in zip(*batch, strict=True)]
    close(tapegrad.vmap(gradient)(*batch), [np.stack(column) for column in zip(*rows, strict=True)], 1e-10)
