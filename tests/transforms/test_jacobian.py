"""The Jacobian row by row and column by column, in one batched sweep each."""

from __future__ import annotations

import pytest

import tapegrad

from .compositions import CASES, DYNAMIC, Case, close

pytestmark = [pytest.mark.parametrize("case", CASES + DYNAMIC), pytest.mark.filterwarnings("ignore::RuntimeWarning")]


def test_forward_is_reverse(case: Case) -> None:
    n = tuple(range(len(case.inputs)))
    first = lambda *xs: case.call(*xs)[0]
    close(tapegrad.jacfwd(first, n)(*case.inputs), tapegrad.jacrev(first, n)(*case.inputs), 1e-10)
